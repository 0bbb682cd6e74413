// Masked values are nowhere, sealed ones in no table, file or log: a search of everything there is for the plain text.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { sql, state, until } from '../lib/env.mjs';
import { send } from '../lib/client.mjs';
import { bearer, newChannel, newConfig, newKey, newTenant, withKey } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';

// All of a kind begin with the same word, so that one search finds any of them; the rest says which.
const word = (kind) => kind + crypto.randomBytes(9).toString('hex');
const MASKED = word('zm'), SEALED = word('zs'), SHOWN = word('zp');
const DIGITS = '918' + crypto.randomInt(1e12, 9e12) + '7';
let made = 0;
const masked = (what) => `${MASKED}-${what}-${++made}`;
const sealed = (what) => `${SEALED}-${what}-${++made}`;

const NAMES = ['password', 'secret', 'secretText', 'clientSecret', 'client_secret', 'privateKey', 'private_key',
  'connectionString', 'accessToken', 'refreshToken'];

function value() {
  const named = Object.fromEntries(NAMES.flatMap((n) => [[n, masked(n)], [n.toUpperCase() + (n === n.toUpperCase() ? '2' : ''), masked(`upper ${n}`)]]));
  return { [SHOWN]: sealed('note'), words: [sealed('one'), sealed('two')], wide: { text: sealed('x').repeat(1000), more: [[sealed('deep')]] },
    named, nested: { deep: [{ list: [{ password: masked('in lists') }], secret: [masked('listed'), [masked('deeper')], { token: masked('further below') }] }] },
    texts: { url: `amqp://u:${masked('url')}@h`, header: `Bearer ${masked('header')}`, pairs: `Server=x;Password=${masked('pair')};Y=1`, key: `ghp_${masked('key')}`,
      hash: `$6$salt$${masked('hash')}`, signed: `https://x/?sig=${masked('signature')}&a=1`, env: [{ name: 'API_TOKEN', value: masked('env') }] },
    object: { kind: 'Secret', data: { any: masked('data') }, stringData: { any: masked('string data') } }, 'my-API.Key': masked('folded name'),
    numbers: { pin: Number(DIGITS) }, accounts: [{ password: masked('keyed a'), role: 'r1' }, { password: masked('keyed b'), role: 'r2' }],
    counted: [{ token: [{ accessToken: masked('multiset') }] }, { token: [{ accessToken: masked('multiset') }] }],
    embedded: JSON.stringify({ password: masked('embedded'), inner: { clientSecret: masked('embedded deeper') }, note: sealed('embedded') }),
    own: { any: masked('own path'), list: [masked('own list')] }, folded: { secret: masked('folded'), word: sealed('folded') },
    scopes: `${sealed('scope')} ${sealed('scope')}`, listed: [sealed('listed'), { secret: masked('listed') }] };
}
const spec = { source: { kind: 'push' }, rule_packs: ['generic', 'entra'],
  compare: { arrays: [{ path: '/accounts', mode: 'keyed', keys: ['password'] }, { path: '/listed', mode: 'list' }, { path: '/words', mode: 'set' }],
    normalise: [{ how: 'embedded_json', path: '/embedded' }, { how: 'mask', path: '/own' }, { how: 'mask', path: '/numbers' }, { how: 'casefold', path: '/folded/*' },
      { how: 'split', path: '/scopes' }] } };

// ---- where to look ------------------------------------------------------------------------------

const inBase64 = (text) => [0, 1, 2].map((n) => {
  const t = Buffer.concat([Buffer.alloc(n, 'x'), Buffer.from(text)]).toString('base64').replace(/=+$/, '');
  return t.slice(n === 0 ? 0 : n + 1, -2); // what stands beside it decides about the outermost characters
});
const forms = (text) => [Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(Buffer.from(text).toString('hex')),
  Buffer.from(Buffer.from(text).toString('hex').toUpperCase()), ...inBase64(text).map((t) => Buffer.from(t))];

function find(bytes, text) {
  for (const form of forms(text)) {
    const at = bytes.indexOf(form);
    if (at >= 0)
      return JSON.stringify(bytes.subarray(Math.max(0, at - 60), at + 100).toString('latin1'));
  }
  return null;
}

function* files(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory())
      yield* files(name);
    else if (entry.isFile())
      yield name;
  }
}

// Of the database's files those that were written since: what was made before has nothing of it.
const written = (folder, since) => [...files(folder)].filter((name) => fs.statSync(name).mtimeMs >= since);

function dump(schemas, ...more) {
  const [, socket] = /socket = "([^"]+db\.sock)"/.exec(fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8'));
  return execFileSync('mariadb-dump', ['--no-defaults', `--socket=${socket}`, '--skip-lock-tables', '--routines', ...more, '--databases', ...schemas],
    { maxBuffer: 1 << 30 });
}

// ---- what is done -------------------------------------------------------------------------------

const answers = [];
const watching = (caller) => async (method, target, options) => {
  const a = await caller(method, target, options);
  answers.push({ what: `${method} ${target} -> ${a.status}`, bytes: Buffer.concat([Buffer.from(JSON.stringify(a.headers)), a.bytes]) });
  return a;
};

async function badPushes(admin, config, second) {
  const p = () => masked('bad push'), s = () => sealed('bad push');
  const bodies = [
    `{"resources":[{"category":"c","key":"k","value":{"password":"${p()}","password":"${p()}"}}]}`,
    `{"resources":[{"category":"c","key":"k","value":{"password":"${p()}"}}`,
    `{"resources":[{"category":"c","key":"k","value":{"password":"${p()}\u0001"}}]}`,
    `{"resources":"${p()}"}`, `{"resources":[{"category":"c","key":"k","value":1}],"password":"${p()}"}`,
    `{"resources":[{"category":"c","key":"k","value":1,"secret":{"a":"${p()}"}}]}`,
    `{"resources":[{"category":"c","key":"k","value":1}],"collected_at":"${p()}"}`,
    `{"resources":[{"category":"c","key":"k","value":1}],"collections":{"c":"${p()}"}}`,
    `{"resources":[{"category":"c","key":["${p()}"],"value":1}]}`,
    `{"resources":[{"category":"c","key":"k","value":{"note":"${s()}","n":1e99999999999}}]}`,
    `{"document":{"password":"${p()}"},"resources":[]}`, `["${p()}","${s()}"]`, `"${p()}"`, `${p()}`];
  for (const body of bodies)
    for (const target of [`${config.id}/snapshots`, `${second.id}/documents`]) {
      const a = await admin('POST', `/api/drift/configs/${target}`, { body, headers: { 'Content-Type': 'application/json' } });
      assert.ok([400, 422].includes(a.status), `${a.status} ${a.text}`);
    }
}

async function pushes(admin, key, config, second) {
  const put = async (body, headers = {}, route = 'snapshots', who = key, c = config) => {
    const a = await who('POST', `/api/drift/configs/${c.id}/${route}`, { body, headers });
    assert.equal(a.status, 201, a.text);
    return a.json;
  };
  const one = () => ({ resources: [{ category: `cat-${SHOWN}`, key: `key-${SHOWN}`, value: value() },
    { category: 'plain', key: 'text', value: sealed('whole resource') }] });
  await put(one());
  const repeated = one();
  const drifted = await put(repeated, { 'Idempotency-Key': `id-${made}` });
  await put(repeated, { 'Idempotency-Key': `id-${made}` });
  const clash = await key('POST', `/api/drift/configs/${config.id}/snapshots`, { body: one(), headers: { 'Idempotency-Key': `id-${made}` } });
  assert.ok([201, 409].includes(clash.status));
  for (let i = 0; i < 2; i++)
    await put({ items: [{ id: 'a', ...value() }, { id: 'b', password: masked('selected') }] }, {}, 'documents', admin, second);
  await put(Buffer.from(`\ufeff${JSON.stringify({ items: [{ id: 'a', ...value() }] })}`, 'utf16le'), { 'Content-Type': 'text/plain' }, 'documents', admin, second);
  return { drifted, latest: await put(one(), {}, 'snapshots') };
}

async function readEverything(admin, config, report, snapshot) {
  const get = (target, accept) => admin('GET', target, { headers: accept ? { Accept: accept } : {} });
  const changes = await get(`/api/drift/reports/${report.id}/changes?limit=200`);
  const list = await get(`/api/drift/snapshots/${snapshot}?category=cat-${SHOWN}&key=key-${SHOWN}`);
  for (const type of ['text/csv', 'application/json-patch+json'])
    await get(`/api/drift/reports/${report.id}/changes`, type);
  for (const target of ['configs', `configs/${config.id}`, `configs/${config.id}/rules`, `configs/${config.id}/snapshots`, `configs/${config.id}/baseline`,
    'reports', `reports/${report.id}`, 'alerts', 'channels', `snapshots/${snapshot}`])
    assert.equal((await get(`/api/drift/${target}`)).status, 200, target);
  const doc = () => ({ value: { ...value(), same: 1 } });
  const compared = await admin('POST', '/api/drift/compare', { body: { left: doc(), right: doc(), compare: spec.compare } });
  assert.equal(compared.status, 200, compared.text);
  assert.ok(compared.text.includes('[masked]'));
  const replay = await admin('POST', `/api/drift/configs/${config.id}/what-if`, { body: { days: 1, rules: [{ path: '/**', severity: 'high' }] } });
  assert.equal(replay.status, 200, replay.text);
  const change = changes.json.items.find((c) => c.path.includes('password'));
  const put = await admin('PUT', `/api/drift/changes/${change.id}`, { body: { status: 'accepted', reason: 'known' } });
  assert.equal(put.status, 200, put.text);
  assert.equal((await admin('POST', `/api/drift/reports/${report.id}/accept`, { body: { reason: 'all of it' } })).status, 200);
  await get('/api/audit?limit=200');
  return { changes, list };
}

test('a search of all tables, files, logs, deliveries and answers finds no masked value, and sealed ones only where they are shown', async () => {
  const receiver = await new Receiver().start(), began = Date.now() - 1000;
  const who = newTenant(), admin = watching(await bearer(who));
  const channel = await newChannel(admin, receiver.url(), { values: true });
  const config = await newConfig(admin, { ...spec, name: `watched ${SHOWN}`, alerts: [{ channel_id: channel.id }] });
  const second = await newConfig(admin, { ...spec, source: { kind: 'push', selector: { resources: '/items', key: 'id' } }, alerts: [{ channel_id: channel.id }] });
  const key = watching(withKey((await newKey(admin)).key));
  const wrong = await admin('PUT', `/api/drift/configs/${second.id}`, { body: { source: { kind: 'push', selector: { resources: '/items', key: 'clientSecret' } } } });
  assert.equal(wrong.status, 422, 'a masked member is no key');
  assert.deepEqual(wrong.json.errors.map((x) => x.pointer), ['/source/selector/key']);

  const { drifted, latest } = await pushes(admin, key, config, second);
  await badPushes(admin, config, second);
  const { changes, list } = await readEverything(admin, config, drifted.report, latest.snapshot_id);
  await receiver.wait('of the alert', (d) => d.body?.type === 'drift.alert.opened' && d.body.data.config.id === config.id);
  await until('all deliveries', () => sql(`SELECT COUNT(*) FROM outbox_index o JOIN tenants t ON t.schema_name = o.schema_name WHERE t.slug = '${who.tenant}'`) === '0', 20);
  answers.push({ what: 'metrics', bytes: (await send('GET', '/metrics')).bytes });

  // It was there, and is shown as what it is.
  const shown = changes.json.items.filter((c) => c.new_value === '[masked]');
  assert.ok(shown.length >= 2 * NAMES.length, `${shown.length} masked changes`);
  assert.ok(list.text.includes(SEALED) && list.text.includes('[masked]'), 'ordinary values are shown');
  assert.equal((list.text.match(/\[masked\]/g) ?? []).length >= 2 * NAMES.length + 10, true);
  assert.ok(changes.json.items.some((c) => /\/\[password=#[0-9a-f]{16}\]/.test(c.canonical_path)), 'a masked key has a name of its own');

  const hidden = [MASKED, DIGITS];
  for (const { what, bytes } of answers)
    for (const text of hidden)
      assert.equal(find(bytes, text), null, `${what} has a masked value`);
  for (const { what, bytes } of answers.filter((a) => a.what === 'metrics' || /\/(configs|audit|channels|baseline|rules|reports)([?/][^/]*)? -> /.test(a.what) && !/snapshots|documents|changes/.test(a.what)))
    assert.equal(find(bytes, SEALED), null, `${what} shows a value`);
  for (const d of receiver.got)
    for (const text of hidden)
      assert.equal(find(Buffer.concat([Buffer.from(JSON.stringify(d.headers)), d.bytes]), text), null, 'a delivery has a masked value');
  assert.ok(receiver.got.some((d) => find(d.bytes, SEALED)), 'a delivery tells values');

  sql('SET GLOBAL innodb_max_dirty_pages_pct = 0; SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0; FLUSH TABLES');
  await until('pages on disk', () => Number(sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_BUFFER_POOL_PAGES_DIRTY'")) <= 5, 20).catch(() => {});
  sql('SET GLOBAL innodb_max_dirty_pages_pct = 90');
  const data = sql('SELECT @@datadir'), disk = written(data, began);
  const schemas = sql('SHOW DATABASES').split('\n').filter((name) => disk.some((file) => file.includes(`/${name}/`)));
  const mine = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`);
  assert.ok(['bsx', mine].every((name) => schemas.includes(name)), schemas.join(' '));
  const tables = [dump(schemas), dump(schemas, '--hex-blob')];
  assert.ok(tables.every((t) => find(t, SHOWN)), 'the search finds what is there');
  for (const bytes of tables)
    for (const text of [...hidden, SEALED])
      assert.equal(find(bytes, text), null, 'a table has it');
  let seen = 0, known = 0;
  for (const name of [...[...files(state)].filter((file) => !file.startsWith(data)), ...disk]) {
    const bytes = fs.readFileSync(name);
    seen++;
    known += find(bytes, SHOWN) !== null;
    for (const text of [...hidden, SEALED])
      assert.equal(find(bytes, text), null, `the file ${name} has it`);
  }
  assert.ok(seen > 100 && known >= 2, `${seen} files, ${known} with what is not hidden`);
  await receiver.stop();
});
