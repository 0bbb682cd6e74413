// Announced changes: what comes with the value, by the actor and in the window that was announced is filed; all else of that
// object is told as usual, and says what was announced.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { credentials, sql, until } from '../lib/env.mjs';
import { ahead, all, bearer, newChannel, newConfig, newKey, newTenant, push, serviceKey, unique, withKey } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';

const password = 'twenty-five characters ok';
const ok = (a, status = 200) => { assert.equal(a.status, status, a.text); return status === 204 ? null : a.json; };
const receiver = new Receiver();
const item = (value, key = 'k', category = 'c') => ({ category, key, value });
let owner, admin, id, schema;

async function person(permissions) {
  const who = { tenant: owner.tenant, email: `${unique('p')}@intents.example`, password }, name = unique('role');
  ok(await admin('POST', '/api/roles', { body: { name, description: 'x', permissions } }), 201);
  const user = ok(await admin('POST', '/api/users', { body: { email: who.email, display_name: 'P', password, role: name } }), 201);
  return Object.assign(await bearer(who), { email: who.email, id: user.id });
}

before(async () => {
  await receiver.start();
  owner = newTenant();
  admin = Object.assign(await bearer(owner), { email: owner.email });
  id = admin.session.tenant.id;
  schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`);
});
after(() => receiver.stop());

// A config that stands at limit 20 and mode "on", and is told in a channel with values, and in one without.
async function watched(more = {}) {
  const name = unique('/hook');
  const [full, plain] = [await newChannel(admin, receiver.url(`${name}-full`), { values: true }), await newChannel(admin, receiver.url(`${name}-plain`))];
  const config = await newConfig(admin, { rule_packs: [], alerts: [{ channel_id: full.id }, { channel_id: plain.id }], ...more });
  const send = (value, actor, key) => push(admin, config, [item({ limit: 20, mode: 'on', list: ['a'], ...value }, key)], actor === undefined ? {} : { actor });
  await send({});
  const announce = (body = {}, by = admin) => by('POST', '/api/drift/intents', { body: { config_id: config.id, category: 'c', key: 'k', path: '/limit', value: 30,
    actor: 'ada@example.org', ticket: 'CHG-1', reason: 'More room.', ends_at: ahead(1), ...body } });
  return { config, send, announce,
    changes: async (a) => all(admin, `/api/drift/reports/${a.report.id}/changes`),
    alerts: () => all(admin, `/api/drift/alerts?config_id=${config.id}&kind=drift`),
    told: (which) => receiver.got.filter((g) => g.path === `${name}-${which}`).map((g) => g.body) };
}
const intent = async (made) => ok(await admin('GET', `/api/drift/intents/${made.id}`));

test('what comes as announced is accepted and not told; what announced it is fulfilled by it, and what comes else is told as before', async () => {
  const w = await watched(), made = ok(await w.announce(), 201);
  assert.deepEqual([made.state, made.value, made.expect, made.owner, made.changes, made.confirmed_by], ['open', 30, 'value', owner.email, 0, null]);
  const came = await w.send({ limit: 30 }, 'Ada@Example.org');
  assert.equal(came.report.status, 'clean');
  assert.deepEqual(came.report.not_alerted.held_back?.map((h) => [h.code, h.changes]), [['announced', 1]]);
  assert.deepEqual(await w.alerts(), []);
  const [change] = await w.changes(came), whole = ok(await admin('GET', `/api/drift/changes/${change.id}`));
  assert.deepEqual([change.status, change.announced], ['accepted', { intent_id: made.id, verdict: 'as_announced' }]);
  assert.deepEqual([whole.acceptance.reason, whole.acceptance.owner], ['More room.', owner.email]);
  assert.deepEqual(whole.history.map((h) => [h.actor, h.to, h.note]), [['system', 'accepted', `As announced by ${owner.email}, CHG-1: More room.`]]);
  const now = await intent(made);
  assert.deepEqual([now.state, now.changes, now.report_id], ['fulfilled', 1, came.report.id]);
  assert.deepEqual((await all(admin, `/api/drift/intents?config_id=${w.config.id}&state=fulfilled`)).map((i) => i.id), [made.id]);
  ok(await admin('DELETE', `/api/drift/intents/${made.id}`), 404);
  // an unchanged push says the same; another value is told, and says what was announced
  assert.equal((await w.send({ limit: 30 }, 'eve')).report.id, came.report.id);
  const other = await w.send({ limit: 300 }, 'ada@example.org');
  assert.deepEqual((await w.changes(other)).map((c) => [c.status, c.announced?.verdict]), [['detected', 'other_value']]);
  assert.match((await w.alerts())[0].title, /limit.* 20 -> 300 \(announced 30\)$/);
});

// How it comes -> the verdict, and what the title says where values are told, and where they are not.
const OTHERWISE = [
  ['another value', {}, [{ limit: 300 }, 'ada@example.org'], 'other_value', '20 -> 300 (announced 30)', 'changed (not as announced)'],
  ['a text in the place of a number', {}, [{ limit: '30' }, 'ada@example.org'], 'other_value', null, 'changed (not as announced)'],
  ['by somebody else', {}, [{ limit: 30 }, 'eve'], 'other_actor', '20 -> 30 (announced by ada@example.org, came by another)', 'changed (announced by ada@example.org, came by another)'],
  ['by nobody who is named', {}, [{ limit: 30 }], 'unknown_actor', '20 -> 30 (announced by ada@example.org, came by nobody known)', null],
  ['somewhere else of the object', {}, [{ mode: 'off' }, 'ada@example.org'], 'other_place', 'on -> off (something else of it was announced)', null],
  ['and what was announced is long', { path: '/mode', value: 'x'.repeat(300) }, [{ mode: 'off' }, 'ada@example.org'], 'other_value', 'on -> off (not as announced)', null],
  ['there, and was to be gone', { expect: 'gone', value: undefined }, [{ limit: 30 }, 'ada@example.org'], 'other_value', '20 -> 30 (announced to be gone)', null],
];
for (const [what, body, came, verdict, title, plain] of OTHERWISE)
  test(`what comes otherwise, ${what}, is told and says what was announced`, async () => {
    const w = await watched(), made = ok(await w.announce(body), 201);
    const a = await w.send(...came);
    assert.deepEqual((await w.changes(a)).map((c) => [c.status, c.announced]), [['detected', { intent_id: made.id, verdict }]]);
    assert.equal((await intent(made)).state, 'open');
    const [full, hidden] = await Promise.all(['full', 'plain'].map((which) => until(`the ${which} one`, () => w.told(which)[0])));
    if (title !== null)
      assert.ok(full.data.alert.title.endsWith(title), full.data.alert.title);
    if (plain !== null)
      assert.ok(hidden.data.alert.title.endsWith(plain), hidden.data.alert.title);
    const said = (e) => e.data.changes[0].announced;
    const shown = body.expect || verdict === 'other_place' || body.value !== undefined && body.value.length > 256 ? undefined : 30;
    assert.deepEqual([said(full).intent, said(full).verdict, said(full).ticket, said(full).value], [made.id, verdict, 'CHG-1', shown]);
    assert.equal(said(hidden).value, shown && '[withheld]');
  });

// What is announced, and what comes of it: as announced.
const AS = {
  'any value': [{ expect: 'any', value: undefined }, { limit: 77 }],
  'that it is gone': [{ expect: 'gone', value: undefined }, { limit: undefined }],
  'an element of a set': [{ path: '/list/*', value: 'b' }, { list: ['b', 'a'] }],
  'a list in another order': [{ path: '/more', value: ['x', 'y'] }, { more: ['y', 'x'] }],
  'a number written otherwise': [{ value: 30 }, { limit: 3e1 }],
  'by a key with a star': [{ key: '*' }, { limit: 30 }],
  'by a pattern, of whatever': [{ path: '/**', expect: 'any', value: undefined }, { limit: 5, mode: 'off' }],
  'by anybody': [{ actor: undefined }, { limit: 30 }],
};
for (const [what, [body, value]] of Object.entries(AS))
  test(`announced is ${what}, and so it comes`, async () => {
    const w = await watched(), made = ok(await w.announce(body), 201), came = await w.send(value, 'ada@example.org');
    const verdicts = (await w.changes(came)).map((c) => c.announced?.verdict);
    assert.deepEqual([...new Set(verdicts)], ['as_announced']);
    assert.equal((await intent(made)).changes, verdicts.length);
    assert.deepEqual(await w.alerts(), []);
  });

test('however much is said of why, what comes as announced is filed, and the push is taken', async () => {
  const w = await watched(), reason = 'wörd '.repeat(166).trim();
  ok(await w.announce({ reason, ticket: 't'.repeat(200) }), 201);
  const [change] = await w.changes(await w.send({ limit: 30 }, 'ada@example.org')), whole = ok(await admin('GET', `/api/drift/changes/${change.id}`));
  assert.deepEqual([whole.status, whole.acceptance.reason], ['accepted', reason]);
  assert.ok(whole.history.at(-1).note.startsWith(`As announced by ${owner.email}, ttt`));
});

test('however much is announced of an object, and whatever comes of it, the push is taken, and what is silenced is not told', async () => {
  const w = await watched(), value = Object.fromEntries(Array.from({ length: 1000 }, (x, i) => [`m${i}`, i]));
  for (let i = 0; i < 100; i++)
    ok(await w.announce({ path: '/*', value }), 201);
  ok(await admin('POST', '/api/drift/silences', { body: { matcher: { config: w.config.id }, reason: 'x', expires_at: ahead(1) } }), 201);
  const came = await w.send(Object.fromEntries(Array.from({ length: 2000 }, (x, i) => [`new${i}`, { v: i }])), 'ada@example.org');
  assert.deepEqual(came.report.not_alerted.held_back.map((h) => [h.code, h.changes]), [['silence', 2000]]);
});

test('a value is held against the place where it came, whose rules are not those of all that a star stands for', async () => {
  const w = await watched({ compare: { arrays: [{ path: '/order', mode: 'list' }] } });
  await w.send({ order: ['c'], other: ['c'] });
  for (const which of ['order', 'other'])
    ok(await w.announce({ path: '/*', value: ['x', 'y'] }), 201);
  const came = await w.send({ order: ['y', 'x'], other: ['y', 'x'] }, 'ada@example.org');
  assert.deepEqual((await w.changes(came)).map((c) => [c.path, c.announced?.verdict]), [['/order', 'other_value'], ['/other', 'as_announced']]);
});

test('what turns out to be masked where it is, by what stands beside it, is told by no message as it was announced', async () => {
  const w = await watched(), env = (value, mode) => ({ env: { name: 'DB_PASSWORD', value }, mode });
  const { report } = await w.send(env('first-secret', 'on'));
  ok(await admin('POST', `/api/drift/reports/${report.id}/accept`, { body: { reason: 'x' } }));
  ok(await w.announce({ path: '/env/value', value: 'announced-secret' }), 201);
  await w.send(env('second-secret', 'off'), 'ada@example.org');
  const full = await until('it is told', () => w.told('full').find((e) => e.data.changes.some((c) => c.path === '/mode')));
  assert.deepEqual(full.data.changes.map((c) => [c.path, c.announced.verdict]).sort(), [['/env/value', 'other_value'], ['/mode', 'other_place']]);
  assert.doesNotMatch(JSON.stringify(w.told('full')), /announced-secret/);
});

test('what is of another object, was there before, or comes outside of the window, is no concern of it', async () => {
  const w = await watched();
  await w.send({ limit: 30 }, 'ada@example.org');
  const made = ok(await w.announce(), 201), later = ok(await w.announce({ path: '/mode', value: 'off', starts_at: ahead(0.5) }), 201);
  ok(await w.announce({ key: 'other' }), 201);
  const gone = ok(await w.announce({ path: '/mode', value: 'off' }), 201);
  ok(await admin('DELETE', `/api/drift/intents/${gone.id}`), 204);
  ok(await admin('DELETE', `/api/drift/intents/${gone.id}`), 404);
  const over = ok(await w.announce({ path: '/mode', value: 'off' }), 201);
  sql(`UPDATE ${schema}.drift_intents SET ends_at = NOW(3) - INTERVAL 1 SECOND WHERE id = UNHEX(REPLACE('${over.id}', '-', ''))`);
  ok(await admin('DELETE', `/api/drift/intents/${made.id}`), 204);
  const came = await w.send({ limit: 30, mode: 'off' }, 'ada@example.org');
  assert.deepEqual((await w.changes(came)).map((c) => [c.status, c.announced]), [['detected', undefined], ['detected', undefined]]);
  assert.deepEqual([(await intent(made)).state, (await intent(later)).state, (await intent(gone)).ended_by, (await intent(over)).state], ['withdrawn', 'scheduled', owner.email, 'unfulfilled']);
});

test('what cannot be announced is refused, and says why', async () => {
  const w = await watched(), nobody = crypto.randomUUID();
  const bad = [['/config_id', { config_id: nobody }], ['/path', { path: 'limit' }], ['/path', { path: '/**' }], ['/key', { key: 'a*', expect: 'any', value: undefined }],
    ['/value', { value: undefined }], ['/value', { expect: 'any' }], ['/value', { value: '[withheld]' }], ['/value', { path: '/password', value: 'hunter2' }], ['/value', { value: 'x'.repeat(17000) }],
    ['/ends_at', { ends_at: ahead(-1) }], ['/ends_at', { ends_at: ahead(8) }], ['/starts_at', { starts_at: ahead(-0.1) }], ['/starts_at', { starts_at: ahead(367), ends_at: ahead(368) }],
    ['/reason', { reason: undefined }], ['/expect', { expect: 'maybe' }], ['/other', { other: 1 }], ['/category', { category: '' }]];
  for (const [pointer, body] of bad) {
    const a = await w.announce(body);
    assert.equal(a.status, 422, `${JSON.stringify(body).slice(0, 100)}: ${a.text}`);
    assert.deepEqual(a.json.errors.map((x) => x.pointer), [pointer]);
  }
  // who may not see values announces none, since what comes of it would tell; and who may not decide announces nothing
  const { key } = await newKey(admin, ['read:drift', 'update:drift']), blind = withKey(key);
  ok(await w.announce({}, blind), 403);
  const made = ok(await w.announce({ expect: 'any', value: undefined }, blind), 201);
  const named = ok(await w.announce(), 201);
  assert.equal(ok(await blind('GET', `/api/drift/intents/${named.id}`)).value, '[withheld]');
  assert.equal(ok(await blind('GET', `/api/drift/intents/${made.id}`)).value, undefined);
  ok(await w.announce({ expect: 'any', value: undefined }, withKey((await newKey(admin, ['read:drift'])).key)), 403);
  // one that is masked since is shown to nobody, and matches nothing
  const soft = ok(await w.announce({ path: '/mode', value: 'soft' }), 201);
  ok(await admin('PUT', `/api/drift/configs/${w.config.id}`, { body: { compare: { normalise: [{ how: 'mask', path: '/mode' }] } } }));
  assert.equal((await intent(soft)).value, '[masked]');
});

test('in a day no more is announced in a tenant than is kept of it, whatever became of that', async () => {
  const w = await watched(), made = ok(await w.announce(), 201), hex = made.id.replaceAll('-', '');
  const columns = sql(`SELECT GROUP_CONCAT(CONCAT('\`', column_name, '\`')) FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name = 'drift_intents'`).split(',');
  const value = { id: `UNHEX(CONCAT('${hex.slice(0, 16)}', LPAD(HEX(seq), 16, '0')))`, ended_at: 'NOW(3)' };
  sql(`INSERT INTO drift_intents (${columns}) SELECT ${columns.map((c) => value[c.slice(1, -1)] ?? `t.${c}`)} FROM seq_1_to_2000 JOIN (SELECT * FROM drift_intents WHERE id = UNHEX('${hex}')) t`, schema);
  const a = await w.announce();
  assert.deepEqual([a.status, a.json?.code], [403, 'quota_exceeded'], a.text);
  assert.match(a.json.detail, /2,000 of a tenant in a day/);
  sql(`UPDATE drift_intents SET id = UNHEX(CONCAT('0190', SUBSTR(HEX(id), 5))) WHERE ended_at IS NOT NULL AND LEFT(id, 8) = UNHEX('${hex.slice(0, 16)}') AND id <> UNHEX('${hex}')`, schema);
  ok(await w.announce(), 201);
});

test('where accepting needs a second person, an announcement that none has confirmed takes nothing out; confirmed, it does', async () => {
  const operator = await bearer(credentials.platform);
  const settle = (accept_from) => operator('PUT', `/api/tenants/${id}`, { body: { settings: { four_eyes: { accept_from } } } });
  const second = await person(['read:drift', 'update:drift', 'read:snapshots', 'read:alerts']);
  const confirm = (by, made) => by('POST', `/api/drift/intents/${made.id}/confirm`);
  ok(await settle('high'));
  const w = await watched({ rules: [{ path: '/limit', severity: 'high', reason: 'x' }] });
  const made = ok(await w.announce(), 201), slight = ok(await w.announce({ path: '/mode', value: 'off' }), 201);
  const came = await w.send({ limit: 30, mode: 'off' }, 'ada@example.org');
  const verdicts = async (a) => Object.fromEntries((await w.changes(a)).map((c) => [c.path, [c.status, c.announced?.verdict]]));
  assert.deepEqual(await verdicts(came), { '/limit': ['detected', 'unconfirmed'], '/mode': ['accepted', 'as_announced'] });
  assert.match((await w.alerts())[0].title, /no second person has confirmed it/);
  assert.equal((await intent(slight)).state, 'fulfilled');
  ok(await confirm(admin, made), 403);
  ok(await confirm(withKey((await newKey(admin, ['read:drift', 'update:drift'])).key), made), 403);
  assert.equal(ok(await confirm(second, made)).confirmed_by, second.email);
  ok(await confirm(second, made), 409);
  await until('it is filed', async () => (await intent(made)).state === 'fulfilled');
  assert.deepEqual((await verdicts(came))['/limit'], ['accepted', 'as_announced']);
  await w.send({ limit: 30, mode: 'off', list: ['a'] }, 'x');
  await until('its alert is over', async () => (await w.alerts())[0].status === 'resolved');
  // behind a service key there is no first person
  const { key } = await serviceKey(admin, ['read:drift', 'update:drift', 'read:snapshots']);
  ok(await confirm(second, ok(await w.announce({ value: 31 }, withKey(key)), 201)), 409);
  ok(await settle(null));
});

test('the audit trail says who it was, and so does an announcement, to those who may read that', async () => {
  const config = ok(await admin('POST', '/api/drift/configs', { body: { name: unique('self'), source: { kind: 'self' } } }), 201), other = await newConfig(admin);
  const blind = withKey((await newKey(admin, ['read:drift', 'read:snapshots'])).key);
  for (const [id, shown] of [[config.id, '[withheld]'], [other.id, 'ada']]) {
    const made = ok(await admin('POST', '/api/drift/intents', { body: { config_id: id, category: 'users', key: 'x', path: '/a', expect: 'any', actor: 'ada', reason: 'x', ends_at: ahead(1) } }), 201);
    for (const [by, is] of [[blind, shown], [admin, 'ada']])
      assert.deepEqual([ok(await by('GET', `/api/drift/intents/${made.id}`)).actor, (await all(by, `/api/drift/intents?config_id=${id}`))[0].actor], [is, is]);
  }
});

// How somebody comes to be one who may accept nothing; null: they may.
const ENDS = {
  'nothing of them': null,
  'another role': (p) => admin('PUT', `/api/users/${p.id}`, { body: { roles: ['viewer'] } }),
  'being disabled': (p) => admin('PUT', `/api/users/${p.id}`, { body: { status: 'disabled' } }),
  'being deleted': (p) => admin('DELETE', `/api/users/${p.id}`),
};
test('what was announced with a service key is accepted while there is one of its name with as much power', async () => {
  const w = await watched(), first = await serviceKey(admin, ['read:drift', 'update:drift', 'read:snapshots']), values = [30, 31, 32, 33];
  for (const value of values)
    ok(await w.announce({ value }, withKey(first.key)), 201);
  const verdict = async (limit) => (await w.changes(await w.send({ limit }, 'ada@example.org')))[0].announced?.verdict, again = (scopes) => serviceKey(admin, scopes, { name: first.name });
  const verdicts = [await verdict(30)];
  ok(await admin('DELETE', `/api/api-keys/${first.id}`), 204);
  verdicts.push(await verdict(31));
  await again(['read:drift']);
  verdicts.push(await verdict(32));
  await again(['update:drift']);
  verdicts.push(await verdict(33));
  assert.deepEqual(verdicts, ['as_announced', 'lapsed', 'lapsed', 'as_announced']);
});

for (const [what, end] of Object.entries(ENDS))
  test(`what was announced by who has since become one who may not accept it, by ${what}, is told`, async () => {
    const w = await watched(), by = await person(['read:*', 'update:drift', 'create:api_keys']), made = ok(await w.announce({}, by), 201), key = withKey((await newKey(by, ['read:drift', 'update:drift', 'read:snapshots'])).key);
    ok(await w.announce({ path: '/mode', value: 'off' }, key), 201);
    if (end !== null)
      assert.ok((await end(by)).status < 300);
    const came = await w.send({ limit: 30, mode: 'off' }, 'ada@example.org'), is = end === null ? ['accepted', 'as_announced'] : ['detected', 'lapsed'];
    assert.deepEqual((await w.changes(came)).map((c) => [c.status, c.announced?.verdict]), [is, is]);
    assert.equal((await intent(made)).state, end === null ? 'fulfilled' : 'open');
    if (end !== null)
      assert.match((await w.alerts())[0].title, /announced by somebody who may accept nothing any more/);
  });

test('what was announced by a grant is accepted while that counts, lends as much, and no longer', async () => {
  const firm = newTenant(), there = await bearer(firm);
  const acting = (method, target, options = {}) => there(method, target, { ...options, headers: { 'X-Acting-Tenant': owner.tenant, ...options.headers } });
  const give = async (roles) => ok(await admin('POST', `/api/tenants/${id}/grants`, { body: { grantee_tenant: firm.tenant, roles, reason: 'x', expires_at: ahead(1) } }), 201);
  const grant = await give(['operator']), w = await watched();
  const { json: { key } } = await there('POST', '/api/api-keys', { body: { name: unique('k'), kind: 'service', expires_at: ahead(30), scopes: ['read:*', 'update:drift'] } });
  const byKey = (method, target, options = {}) => withKey(key)(method, target, { ...options, headers: { 'X-Acting-Tenant': owner.tenant } });
  const values = [30, 31, 32];
  for (const value of values)
    ok(await w.announce({ value }, acting), 201);
  ok(await w.announce({ path: '/mode', expect: 'any', value: undefined }, byKey), 201);
  const verdicts = async (value) => (await w.changes(await w.send(value, 'ada@example.org'))).map((c) => c.announced?.verdict);
  assert.deepEqual(await verdicts({ limit: 30, mode: 'a' }), ['as_announced', 'as_announced']);
  ok(await admin('DELETE', `/api/tenants/${id}/grants/${grant.id}`), 204);
  assert.deepEqual(await verdicts({ limit: 31, mode: 'b' }), ['lapsed', 'lapsed']);
  await give(['viewer']);
  assert.deepEqual(await verdicts({ limit: 32, mode: 'c' }), ['lapsed', 'lapsed']);
});

test('what has not come at the end of its window is told once, by the trail and an alert of the tenant', async () => {
  const w = await watched(), made = ok(await w.announce(), 201), kept = ok(await w.announce({ path: '/mode', value: 'off' }), 201);
  await w.send({ mode: 'off' }, 'ada@example.org');
  for (const i of [made, kept])
    sql(`UPDATE ${schema}.drift_intents SET starts_at = NOW(3) - INTERVAL 2 HOUR, ends_at = NOW(3) - INTERVAL 1 HOUR WHERE id = UNHEX(REPLACE('${i.id}', '-', ''))`);
  const entries = async () => (await all(admin, '/api/audit?action=intent.unfulfilled')).filter((e) => [made.id, kept.id].includes(e.target_id ?? e.target.id));
  for (const i of [made, kept])
    sql(`UPDATE schedules SET next_due = NOW(3) WHERE kind = 'intent' AND ref = UNHEX(REPLACE('${i.id}', '-', ''))`);
  const [entry] = await until('the trail has it', async () => { const e = await entries(); return e.length > 0 && e; });
  assert.deepEqual([entry.target_id ?? entry.target?.id, entry.details.owner, entry.details.ticket], [made.id, owner.email, 'CHG-1']);
  assert.equal((await intent(made)).state, 'unfulfilled');
  await until('an alert says it', async () => (await all(admin, '/api/drift/alerts?kind=security')).some((a) => /announced has not come/.test(a.title)));
  assert.equal((await entries()).length, 1);
});

test('what needs a second person is not held back until a log says who made it', async () => {
  const operator = await bearer(credentials.platform), settle = async (accept_from) => ok(await operator('PUT', `/api/tenants/${id}`, { body: { settings: { four_eyes: { accept_from } } } }));
  const config = ok(await admin('POST', '/api/drift/configs', { body: { name: unique('self'), source: { kind: 'self' }, rule_packs: [], rules: [{ path: '/display_name', severity: 'critical', reason: 'x' }] } }), 201);
  const user = ok(await admin('POST', '/api/users', { body: { email: `${unique('u')}@intents.example`, display_name: 'Ada', roles: ['viewer'] } }), 201);
  const read = async () => {
    const asked = ok(await admin('POST', `/api/drift/configs/${config.id}/run`), 202);
    return until('the run is over', async () => { const r = ok(await admin('GET', `/api/drift/runs/${asked.run_id}`)); return r.state === 'done' && r; });
  };
  await settle('high');
  await read();
  ok(await admin('POST', '/api/drift/intents', { body: { config_id: config.id, category: 'users', key: user.id, path: '/display_name', value: 'Eve', actor: crypto.randomUUID(), reason: 'x', ends_at: ahead(1) } }), 201);
  ok(await admin('PUT', `/api/users/${user.id}`, { body: { display_name: 'Eve' } }));
  const run = await read(), report = ok(await admin('GET', `/api/drift/reports/${run.report_id}`));
  assert.deepEqual((report.not_alerted?.held_back ?? []).filter((h) => h.code === 'announced_waiting'), []);
  assert.equal((await all(admin, `/api/drift/alerts?config_id=${config.id}&kind=drift`)).length, 1);
  await settle(null);
});

test('of a source with a log it is held until that has said who made it, and then it is filed or told', async () => {
  const config = ok(await admin('POST', '/api/drift/configs', { body: { name: unique('self'), source: { kind: 'self' } } }), 201);
  const read = async () => {
    const asked = ok(await admin('POST', `/api/drift/configs/${config.id}/run`), 202);
    const run = await until('the run is over', async () => { const r = ok(await admin('GET', `/api/drift/runs/${asked.run_id}`)); return r.state === 'done' && r; });
    return all(admin, `/api/drift/reports/${run.report_id}/changes`);
  };
  const user = async (n) => ok(await admin('POST', '/api/users', { body: { email: `${unique('u')}@intents.example`, display_name: n, roles: ['viewer'] } }), 201);
  const [good, bad] = [await user('Ada'), await user('Bob')];
  await read();
  const announce = (body, by = admin) => by('POST', '/api/drift/intents', { body: { config_id: config.id, category: 'users', path: '/display_name', value: 'Eve', reason: 'x', ends_at: ahead(1), ...body } });
  assert.deepEqual((await announce({ key: good.id })).json.errors.map((x) => x.pointer), ['/actor']);
  ok(await announce({ key: good.id, actor: 'x' }, withKey((await newKey(admin, ['read:drift', 'update:drift', 'read:snapshots'])).key)), 403);
  const one = ok(await announce({ key: good.id, actor: admin.session.user.id }), 201), two = ok(await announce({ key: bad.id, actor: crypto.randomUUID() }), 201);
  for (const u of [good, bad])
    ok(await admin('PUT', `/api/users/${u.id}`, { body: { display_name: 'Eve' } }));
  const found = (await read()).filter((c) => c.path === '/display_name');
  const now = async () => Object.fromEntries(await Promise.all(found.map(async (c) => { const x = ok(await admin('GET', `/api/drift/changes/${c.id}`)); return [x.resource.key, [x.status, x.announced?.verdict, x.announced?.intent_id]]; })));
  await until('both are known', async () => Object.values(await now()).every((x) => x[1] !== 'waiting'));
  assert.deepEqual(await now(), { [good.id]: ['accepted', 'as_announced', one.id], [bad.id]: ['detected', 'other_actor', two.id] });
  const [alert] = await until('what came otherwise is told', async () => { const a = await all(admin, `/api/drift/alerts?config_id=${config.id}&kind=drift`); return a.length > 0 && a; });
  assert.ok(alert.changes > 0);
});
