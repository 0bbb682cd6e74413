// Who stands as having done it: a key passes neither for a person nor for the program, whatever it is called.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { credentials, until } from '../lib/env.mjs';
import { all, ahead, bearer, newConfig, newTenant, push, sql, unique, withKey } from '../lib/people.mjs';

const owner = newTenant(), schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${owner.tenant}'`);
const item = (key, value) => ({ category: 'c', key, value });
let admin, operator;
before(async () => { [admin, operator] = [await bearer(owner), await bearer(credentials.platform)]; });

async function called(name) {
  const a = await admin('POST', '/api/api-keys', { body: { name, scopes: ['*:*'] } });
  assert.equal(a.status, 201, a.text);
  return withKey(a.json.key);
}
const done = async (caller, method, target, body, status = 200) => {
  const a = await caller(method, target, { body });
  assert.equal(a.status, status, `${method} ${target}: ${a.text}`);
  return a.status === 204 ? null : a.json;
};

// Everything that leaves the name of who did it somewhere, once; what the answers say of it.
async function doAll(caller) {
  const c = await newConfig(caller, { rule_packs: [] }), said = {};
  await push(caller, c, [item('k1', { a: 1 }), item('k2', { b: 1 })]);
  const { report } = await push(caller, c, [item('k1', { a: 2 }), item('k2', { b: 2 })]);
  assert.equal((await caller('POST', `/api/drift/configs/${c.id}/snapshots`, { body: { resources: [{ category: 'c' }] } })).status, 422);
  const read = await newConfig(caller, { source: { kind: 'http', parameters: { base_url: 'https://fw.example' }, collections: [{ category: 'c', path: '/x', key: 'id' }] } });
  await done(caller, 'POST', `/api/drift/configs/${read.id}/run`, undefined, 202);
  const [change] = await all(caller, `/api/drift/reports/${report.id}/changes`);
  const decided = await done(caller, 'PUT', `/api/drift/changes/${change.id}`, { status: 'accepted', reason: 'r' });
  Object.assign(said, { owner: decided.acceptance.owner, actor: decided.history.at(-1).actor });
  const whole = await newConfig(caller, { rule_packs: [] });
  await push(caller, whole, [item('k1', { a: 1 })]);
  const drifted = (await push(caller, whole, [item('k1', { a: 2 })])).report;
  await done(caller, 'POST', `/api/drift/reports/${drifted.id}/accept`, { reason: 'r' });
  const [accepted] = await all(caller, `/api/drift/reports/${drifted.id}/changes`);
  said.accepted_by = (await done(caller, 'GET', `/api/drift/changes/${accepted.id}`)).acceptance.owner;
  const [alert] = await all(caller, `/api/drift/alerts?config_id=${c.id}`), target = `/api/drift/alerts/${alert.id}`;
  said.acknowledged_by = (await done(caller, 'PUT', target, { status: 'acknowledged' })).acknowledged_by;
  said.resolved_by = (await done(caller, 'PUT', target, { status: 'resolved' })).resolved_by;
  const silence = await done(caller, 'POST', '/api/drift/silences',
    { matcher: { config: c.id }, expires_at: ahead(1), reason: 'r' }, 201);
  said.silenced_by = silence.owner;
  await done(caller, 'DELETE', `/api/drift/silences/${silence.id}`, undefined, 204);
  const intent = await done(caller, 'POST', '/api/drift/intents', { config_id: c.id, category: 'c', key: 'k', path: '/a', expect: 'any', reason: 'r', ends_at: ahead(1) }, 201);
  said.announced_by = intent.owner;
  await done(caller, 'DELETE', `/api/drift/intents/${intent.id}`, undefined, 204);
  const g = await done(caller, 'POST', '/api/drift/golden-baselines', { name: unique('golden'), resources: [item('k1', { a: 1 })] }, 201);
  const bound = await done(caller, 'PUT', `/api/drift/configs/${c.id}/baseline`,
    { golden: { id: g.id, differences: [{ category: 'c', key: 'k1', path: '/a', op: 'replace', value: 2, reason: 'r' }] } });
  Object.assign(said, { bound_by: bound.golden.bound_by, declared_by: bound.golden.differences[0].owner });
  const series = await done(caller, 'POST', '/api/drift/silence-series', { matcher: { config: c.id }, reason: 'r', rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 }, 201);
  said.series_by = series.owner;
  await done(caller, 'DELETE', `/api/drift/silence-series/${series.id}`, undefined, 204);
  const t = await done(caller, 'POST', '/api/drift/templates', { name: unique('template'), config: { name: unique('of-it'), source: { kind: 'push' } } }, 201);
  await done(caller, 'POST', `/api/drift/templates/${t.id}/apply`, { tenants: [{ tenant: owner.tenant }] }, 202);
  await until('the template is applied', async () => (await all(caller, `/api/drift/templates/${t.id}/tenants`)).length > 0);
  // what waits for a second person
  const four = (accept_from) => done(operator, 'PUT', `/api/tenants/${admin.session.tenant.id}`, { settings: { four_eyes: { accept_from } } });
  const later = await newConfig(caller, { rule_packs: [] });
  await push(caller, later, [item('k1', { a: 1 })]);
  const [severe] = await all(caller, `/api/drift/reports/${(await push(caller, later, [item('k1', { a: 2 })])).report.id}/changes`);
  await four('low');
  said.asked_by = (await done(caller, 'PUT', `/api/drift/changes/${severe.id}`, { status: 'accepted', reason: 'r' }, 202)).pending[0].by;
  await four(null);
  return said;
}

// Those that hold an address for what it is, or are the trail's, which has actor_kind beside the name.
const addresses = ['audit.actor_name', 'mail_tokens.email', 'users.email'];
const told = ['config_snapshots.actor', // what the collector says of the product's own log
  'drift_intents.confirmed_by', // a person, and never a key: 42-intents
  'alert_answers.name', 'onboardings.asked_name', // a link that answers, and one for a customer: 98-answers, 55-onboarding
  'user_roles.given_name']; // roles are given by administrative keys, which are no key of these deeds; "API key" then
const unused = ['alerts.suppressed_by'];
const columns = () => sql(`SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = '${schema}' AND COLUMN_TYPE = 'varchar(254)' ORDER BY 1`).split('\n');

for (const name of ['system', 'driftd', 'bsxctl', owner.email, 'key:other'])
  test(`what a key called ${name === owner.email ? 'like a person' : name} does is done by key:NAME, in answers and in every column`, async () => {
    const count = (column, text) => Number(sql(`SELECT COUNT(*) FROM ${schema}.${column.split('.')[0]} WHERE \`${column.split('.')[1]}\` = '${text}'`));
    const key = await called(name), list = columns().filter((c) => !addresses.includes(c));
    const bare = Object.fromEntries(list.map((c) => [c, count(c, name)]));
    const said = await doAll(key);
    assert.deepEqual([...new Set(Object.values(said))], [`key:${name}`], JSON.stringify(said));
    const silent = list.filter((c) => count(c, `key:${name}`) === 0);
    assert.deepEqual(silent.sort(), [...unused, ...told].sort().filter((c) => list.includes(c)), 'columns that nobody has classified');
    if (name !== 'system') // which the program writes beside it
      for (const c of list)
        assert.equal(count(c, name), bare[c], `${c} names a person`);
    const [entry] = await all(admin, '/api/audit?action=alert.update');
    assert.deepEqual([entry.actor_kind, entry.actor_name], ['api_key', name], 'the trail has the kind beside the name');
  });

test('nobody has an address that reads like a key, or like the program', async () => {
  for (const email of ['key:ci@demo.example', 'KEY:ci@demo.example', 'key\uff1aci@demo.example', 'system', 'driftd', 'bsxctl', 'key:ci']) {
    const person = { email, display_name: 'X', password: 'a long enough password', roles: ['viewer'] };
    const made = await admin('POST', '/api/users', { body: person });
    assert.equal(made.status, 422, `${email}: ${made.text}`);
    const mine = await admin('PUT', '/api/auth/me', { body: { email } });
    assert.equal(mine.status, 422, `${email}: ${mine.text}`);
  }
  const { id } = await done(admin, 'POST', '/api/users', { email: `${unique('u')}@a.example`, display_name: 'key:ci', password: 'a long enough password', roles: ['viewer'] }, 201);
  const a = await admin('PUT', `/api/users/${id}`, { body: { email: 'key:ci@demo.example' } });
  assert.equal(a.status, 422, a.text);
});
