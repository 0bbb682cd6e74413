// 01-hosted - a host whose panel has made one account and some schemas: they are taken, given back, and the last one is the last.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { call } from '../lib/client.mjs';
import { build, credentials, sql, state, until } from '../lib/env.mjs';
import { bearer, bsxctl as ctl, login, newTenant, unique } from '../lib/people.mjs';

const platform = await bearer(credentials.platform), password = 'correct horse of a panel';
const body = (slug = unique('h')) => ({ slug, name: `Tenant ${slug}`, admin: { email: `admin@${slug}.example`, password } });
const post = (b) => platform('POST', '/api/tenants', { body: b });
const schemas = () => JSON.parse(ctl('schema', 'list', '--json'));
const refused = (...args) => {
  const r = spawnSync(path.join(build, 'bsxctl'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), ...args], { encoding: 'utf8' });
  assert.notEqual(r.status, 0);
  return r.stderr;
};

test('every tenant stands in a schema that the panel has made, and nothing was made beside them', () => {
  const made = sql("SELECT GROUP_CONCAT(SCHEMA_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT REGEXP '^(bsx|u4711_T[0-9]+|mysql|sys|information_schema|performance_schema)$'");
  assert.equal(made, 'NULL');
  assert.equal(sql("SELECT GROUP_CONCAT(user) FROM mysql.user WHERE user LIKE 'bsx%'"), 'bsx');
  assert.equal(sql("SELECT COUNT(*) FROM tenants t LEFT JOIN schema_places p ON p.schema_name = t.schema_name WHERE p.place IS NULL"), '0');
});

test('the admin tool says what is lost, and finds nothing wrong', () => {
  const said = ctl('doctor');
  assert.match(said, /db\.isolation is "schema": .* this program alone/);
  assert.match(said, /ok +schemas: \d+ ready for tenants to come, 0 empty/);
  assert.doesNotMatch(said, /WRONG/);
});

test('tenants are made until none is left; the next one is refused with what to do, and nothing of it stays', async () => {
  const two = newTenant();
  // the pool is as good as empty: what is ready is out of reach for now
  sql("UPDATE schema_pool SET state = 'held' WHERE state = 'ready' ORDER BY schema_name LIMIT 1000");
  try {
    const b = body(), a = await post(b);
    assert.deepEqual([a.status, a.json.code], [403, 'quota_exceeded'], a.text);
    assert.match(a.json.detail, /bsxctl schema add/);
    assert.equal(sql(`SELECT COUNT(*) FROM tenants WHERE slug = '${b.slug}'`), '0');
    assert.match(refused('tenant', 'create', b.slug, '--name', 'One more', '--admin', 'a@b.example'), /bsxctl schema add/);
    assert.equal(sql(`SELECT COUNT(*) FROM tenants WHERE slug = '${b.slug}'`), '0');
  } finally {
    sql("UPDATE schema_pool SET state = 'ready' WHERE state = 'held'");
  }
  const before = schemas().ready, b = body(), a = await post(b);
  assert.equal(a.status, 201, a.text);
  assert.equal(schemas().ready, before - 1);
  assert.equal((await login({ tenant: b.slug, email: b.admin.email, password })).status, 200);
  assert.equal((await bearer(two)).session.tenant.slug, two.tenant);
});

test('one that is erased gives its schema back, without a table of it', async () => {
  const who = newTenant(), { session } = await bearer(who), id = session.tenant.id, hex = id.replaceAll('-', '');
  const place = sql(`SELECT p.place FROM tenants t JOIN schema_places p USING (schema_name) WHERE t.id = UNHEX('${hex}')`);
  const a = await platform('DELETE', `/api/tenants/${id}?now=true&reason=Asked%20for`);
  assert.equal(a.status, 202, a.text);
  await until('its end', async () => {
    ctl('tenant', 'work', '--pool', '0');
    return (await platform('GET', `/api/operations/${a.json.operation_id}`)).json.state === 'done';
  }, 20, 500);
  assert.equal(sql(`SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${place}'`), '0');
  assert.equal(sql(`SELECT COALESCE(schema_name, 'empty') FROM schema_places WHERE place = '${place}'`), 'empty');
  assert.equal(schemas().empty, 1);
  ctl('tenant', 'work', '--pool', '1000');
  assert.deepEqual([schemas().empty, sql(`SELECT COUNT(*) FROM schema_pool p JOIN schema_places s USING (schema_name) WHERE s.place = '${place}'`)], [0, '1']);
});

test('a tenant is carried over as an archive, and going back to one is refused with the way that there is', () => {
  const who = newTenant(), file = path.join(state, 'run', `${who.tenant}.bsx`), phrase = path.join(state, 'run', 'phrase');
  writeFileSync(phrase, 'a phrase that is long enough for an archive\n', { mode: 0o600 });
  ctl('tenant', 'export', who.tenant, file, '--passphrase-file', phrase);
  const there = unique('i');
  ctl('tenant', 'import', file, there, '--passphrase-file', phrase);
  assert.equal(sql(`SELECT status FROM tenants WHERE slug = '${there}'`), 'active');
  assert.match(refused('tenant', 'restore', who.tenant, file, '--passphrase-file', phrase), /db\.isolation "account".*import the archive/);
  assert.equal(sql(`SELECT status FROM tenants WHERE slug = '${who.tenant}'`), 'active');
});

test('what this host cannot do is refused before anything is done', () => {
  assert.match(refused('schema', 'add', '3'), /name those/);
  assert.match(refused('schema', 'add', 'nowhere_at_all'), /nowhere_at_all cannot be used/);
  assert.match(refused('schema', 'add', 'bsx'), /not that of the control schema/);
  ctl('migrate');
  ctl('keys', 'rotate', '--keyring');
});

test('a trail is checked there as elsewhere', async () => {
  const who = newTenant(), api = await bearer(who);
  assert.equal((await api('GET', '/api/audit/verify')).status, 200);
  assert.match(ctl('audit', 'verify', who.tenant), /ok/);
  assert.equal((await call('GET', '/api/health/ready')).status, 200);
});
