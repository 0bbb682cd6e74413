// Roles that a tenant makes, several for a user, with an end: what may be made, who may give it, and how soon it holds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import path from 'node:path';
import { before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { build, sql, state, until } from '../lib/env.mjs';
import { administrativeKey, all, bearer, newKey, newTenant, unique, withKey } from '../lib/people.mjs';

const password = 'a long enough password';
const owner = newTenant();
const schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${owner.tenant}'`);
let admin;

before(async () => { admin = await bearer(owner); });

const ok = (a, status = 200) => { assert.equal(a.status, status, a.text); return a.json; };
const refused = (a, status, code) => { assert.deepEqual([a.status, a.json?.code], [status, code], a.text); return a.json; };
const newRole = async (permissions, by = admin) => ok(await by('POST', '/api/roles', { body: { name: unique('role'), permissions } }), 201);
async function newUser(roles, by = admin) {
  const who = { tenant: owner.tenant, email: `${unique('u')}@roles.example`, password };
  const body = { email: who.email, display_name: 'U', password, ...(Array.isArray(roles) ? { roles } : roles) };
  return { ...who, ...ok(await by('POST', '/api/users', { body }), 201) };
}
// Somebody with exactly these permissions, signed in.
async function holder(...permissions) {
  const role = await newRole(permissions), who = await newUser([role.name]), caller = await bearer(who);
  return Object.assign(caller, { role, id: who.id, who });
}
const soon = (ms) => new Date(Date.now() + ms).toISOString();

// ---- making, changing, deleting --------------------------------------------------------------------

test('a role is made, shown, changed and deleted, and counts for who has it; wildcards stand for what they say', async () => {
  const made = ok(await admin('POST', '/api/roles', { body: { name: '  Night shift ', description: 'Weekends', permissions: ['read:*', 'manage:channels'] } }), 201);
  assert.deepEqual([made.name, made.description, made.built_in, made.permissions], ['Night shift', 'Weekends', false, ['manage:channels', 'read:*']]);
  const who = await bearer(await newUser([made.name, 'viewer']));
  const mine = who.session.permissions;
  assert.ok(['read:users', 'read:audit', 'delete:channels', 'write:channels'].every((p) => mine.includes(p)), mine.join());
  assert.ok(!mine.includes('read:metrics') && !mine.includes('update:drift'), 'metrics are the platform\'s');
  const got = await admin('GET', `/api/roles/${made.id}`), tag = got.headers.etag;
  assert.deepEqual(got.json, made);
  assert.equal((await admin('GET', `/api/roles/${made.id}`, { headers: { 'If-None-Match': tag } })).status, 304);
  const changed = await admin('PUT', `/api/roles/${made.id}`, { body: { permissions: ['read:drift'] }, headers: { 'If-Match': tag } });
  assert.deepEqual(ok(changed).permissions, ['read:drift']);
  assert.equal(changed.json.description, 'Weekends', 'what is not named stays');
  refused(await admin('PUT', `/api/roles/${made.id}`, { body: { permissions: [] }, headers: { 'If-Match': tag } }), 412, 'precondition_failed');
  refused(await admin('DELETE', `/api/roles/${made.id}`, { headers: { 'If-Match': tag } }), 412, 'precondition_failed');
  assert.deepEqual((await who('GET', '/api/auth/me')).json.permissions, ['read:drift', 'read:alerts']);
  assert.match(refused(await admin('DELETE', `/api/roles/${made.id}`), 409, 'in_use').detail, /Users with it: 1;/);
  ok(await admin('PUT', `/api/users/${who.session.user.id}`, { body: { roles: [] } }));
  assert.equal((await admin('DELETE', `/api/roles/${made.id}`)).status, 204);
  assert.equal((await admin('GET', `/api/roles/${made.id}`)).status, 404);
  const told = (await all(admin, '/api/audit')).filter((x) => x.target_id === made.id);
  assert.deepEqual(told.map((x) => x.action), ['role.delete', 'role.update', 'role.create']);
  assert.deepEqual(told.map((x) => x.details.permissions), [{ from: ['read:drift'], to: [] },
    { from: ['manage:channels', 'read:*'], to: ['read:drift'] }, { from: [], to: ['read:*', 'manage:channels'] }]);
});

test('what cannot be a role is refused with the member at fault', async () => {
  const good = () => ({ name: unique('r'), permissions: ['read:drift'] });
  const bidi = String.fromCodePoint(0x202e), wide = [...'admin'].map((c) => String.fromCodePoint(c.codePointAt(0) + 0xfee0)).join('');
  for (const [pointer, more] of [['/name', { name: '' }], ['/name', { name: ' \t' }], ['/name', { name: `a${String.fromCharCode(7)}b` }], ['/name', { name: 'two\nlines' }],
    ['/name', { name: bidi }], ['/name', { name: 'x'.repeat(65) }], ['/name', { name: 'Admin' }], ['/name', { name: ' VIEWER' }], ['/name', { name: wide }], ['/name', { name: 'ad\u00admin' }],
    ['/name', { name: 'platform_admin' }], ['/description', { description: 'x'.repeat(501) }], ['/permissions/0', { permissions: ['read'] }], ['/permissions/1', { permissions: ['read:drift', 'fly:drift'] }],
    ['/permissions/1', { permissions: ['read:drift', 'read:drift'] }], ['/permissions', { permissions: Array.from({ length: 101 }, () => 'read:drift') }],
    ['/built_in', { built_in: true }], ['/permissions', { permissions: undefined }]]) {
    const a = refused(await admin('POST', '/api/roles', { body: { ...good(), ...more } }), 422, 'validation_failed');
    assert.equal(a.errors[0].pointer, pointer, JSON.stringify(more));
  }
  const role = await newRole([]);
  refused(await admin('POST', '/api/roles', { body: { ...good(), name: role.name.toUpperCase() } }), 409, 'conflict');
  refused(await admin('PUT', `/api/roles/${(await newRole([])).id}`, { body: { name: role.name } }), 409, 'conflict');
  ok(await admin('PUT', `/api/roles/${role.id}`, { body: { name: role.name.toUpperCase() } }));
  for (const r of (await all(admin, '/api/roles')).filter((x) => x.built_in)) {
    refused(await admin('PUT', `/api/roles/${r.id}`, { body: { description: 'Mine' } }), 409, 'built_in_role');
    refused(await admin('DELETE', `/api/roles/${r.id}`), 409, 'built_in_role');
  }
});

test('an Idempotency-Key makes one role, and there are no more of them than a tenant may have', { timeout: 60000 }, async () => {
  const headers = { 'Idempotency-Key': unique('key') }, body = { name: unique('once'), permissions: [] };
  const answers = await Promise.all(Array.from({ length: 5 }, () => admin('POST', '/api/roles', { body, headers })));
  assert.deepEqual(answers.map((a) => a.status), Array(5).fill(201), answers.map((a) => a.text).join('\n'));
  assert.equal(new Set(answers.map((a) => a.json.id)).size, 1);
  refused(await admin('POST', '/api/roles', { body: { ...body, name: unique('other') }, headers }), 409, 'conflict');
  const have = Number(sql('SELECT COUNT(*) FROM roles WHERE NOT built_in', schema));
  sql(`INSERT INTO roles (id, name, description, created_at) SELECT UNHEX(MD5(CONCAT('filler', seq))), CONCAT('filler', seq), '', NOW(3) FROM seq_1_to_${198 - have}`, schema);
  const more = await Promise.all(Array.from({ length: 6 }, () => admin('POST', '/api/roles', { body: { name: unique('r'), permissions: [] } })));
  assert.deepEqual(more.map((a) => a.status).sort(), [201, 201, 403, 403, 403, 403]);
  assert.equal(more.find((a) => a.status === 403).json.code, 'quota_exceeded');
  sql("DELETE FROM roles WHERE name LIKE 'filler%'", schema);
});

// ---- an end -----------------------------------------------------------------------------------------

test('a role with an end counts until then: session, token and personal key lose it at that instant, the trail is told once', { timeout: 30000 }, async () => {
  const end = soon(4000);
  const who = await newUser({ assignments: [{ role: 'viewer' }, { role: 'auditor', until: end }] });
  assert.deepEqual(who.roles, ['viewer', 'auditor']);
  assert.deepEqual(who.assignments.map((a) => [a.role, a.until, a.given_by, a.given_by_name]),
    [['viewer', null, admin.session.user.id, owner.email], ['auditor', end, admin.session.user.id, owner.email]]);
  const caller = await bearer(who), writer = await holder('create:api_keys', 'read:users');
  ok(await admin('PUT', `/api/users/${writer.id}`, { body: { assignments: [{ role: writer.role.name }, { role: 'auditor', until: end }] } }));
  const key = withKey((await newKey(writer, ['read:audit'])).key);
  const reads = async () => (await Promise.all([caller('GET', '/api/audit?limit=1'), key('GET', '/api/audit?limit=1')])).map((a) => a.status);
  assert.deepEqual(await reads(), [200, 200]);
  assert.ok(Date.parse(end) > Date.now(), 'the machine is too busy for this');
  // asked without a pause: from some answer on, each is refused
  const seen = [];
  await until('the end', async () => { const at = Date.now(), a = await reads(); seen.push([at, ...a]); return a.every((s) => s === 403); }, 20);
  assert.ok(seen.every(([at, ...a]) => at < Date.parse(end) || a.every((s) => s === 403)), JSON.stringify(seen.slice(-3)));
  const now = ok(await admin('GET', `/api/users/${who.id}`));
  assert.deepEqual([now.roles, now.assignments.map((a) => a.role)], [['viewer'], ['viewer']]);
  assert.deepEqual((await all(admin, `/api/users?role=auditor&q=${who.email}`)), []);
  const fresh = await call('POST', '/api/auth/refresh', { body: { refresh_token: caller.session.refresh_token } });
  assert.deepEqual(fresh.json.permissions, ['read:drift', 'read:alerts']);
  for (let i = 0; i < 2; i++)
    execFileSync(path.join(build, 'driftd'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), '--once', '--max-time', '1']);
  const told = (await all(admin, '/api/audit?action=user.role_end')).filter((x) => x.target_id === who.id);
  assert.deepEqual(told.map((x) => [x.actor_name, x.details.role, x.details.until]), [['driftd', 'auditor', end]]);
  assert.equal(sql(`SELECT COUNT(*) FROM user_roles WHERE ends_at <= NOW(3)`, schema), '0');
});

test('ends that are past or no ends are refused; names alone keep the ends, assignments set them', async () => {
  const who = await newUser({ assignments: [{ role: 'analyst', until: soon(3600000) }] }), target = `/api/users/${who.id}`;
  for (const [pointer, body] of [['/assignments/0/until', { assignments: [{ role: 'viewer', until: soon(-1000) }] }], ['/assignments/0/until', { assignments: [{ role: 'viewer', until: '1970-01-01T00:00:00Z' }] }],
    ['/assignments/1/role', { assignments: [{ role: 'viewer' }, { role: 'viewer', until: soon(9000) }] }],
    ['/assignments/0/role', { assignments: [{ role: 'nobody' }] }], ['/assignments/0/role', { assignments: [{ until: soon(9000) }] }], ['/assignments/0/given_by', { assignments: [{ role: 'viewer', given_by: crypto.randomUUID() }] }],
    ['/assignments', { roles: ['viewer'], assignments: [] }], ['/role', { role: 'viewer', assignments: [] }], ['/assignments/0/until', { assignments: [{ role: 'viewer', until: 'tomorrow' }] }]])
    assert.equal(refused(await admin('PUT', target, { body }), 422, 'validation_failed').errors[0].pointer, pointer, JSON.stringify(body));
  const kept = ok(await admin('PUT', target, { body: { roles: ['viewer', 'analyst'] } }));
  assert.deepEqual(kept.assignments.map((a) => [a.role, a.until]), [['viewer', null], ['analyst', who.assignments[0].until]]);
  const tag = (await admin('GET', target)).headers.etag;
  const lasting = ok(await admin('PUT', target, { body: { assignments: [{ role: 'analyst' }] } }));
  assert.deepEqual(lasting.assignments.map((a) => [a.role, a.until]), [['analyst', null]]);
  refused(await admin('PUT', target, { body: { display_name: 'X' }, headers: { 'If-Match': tag } }), 412, 'precondition_failed');
  const [entry] = (await all(admin, '/api/audit?action=user.update')).filter((x) => x.target_id === who.id);
  assert.equal(entry.details.ends.from.at(-1).until, who.assignments[0].until);
});

test('nobody gives for longer than they hold: not to themselves, nor by another user, a key, a role or a map', async () => {
  const end = soon(3600000), late = soon(7200000), early = soon(1800000);
  const person = await newUser({ assignments: [{ role: 'admin', until: end }, { role: 'viewer' }] }), who = await bearer(person);
  const other = await newUser(['viewer']), held = await newRole(['read:users']), lasting = (role, until_) => ({ assignments: [{ role, ...(until_ && { until: until_ }) }] });
  await newUser([held.name]);
  const over = [
    ['PUT', `/api/users/${person.id}`, lasting('admin')], ['PUT', `/api/users/${person.id}`, lasting('admin', late)], ['PUT', `/api/users/${other.id}`, { roles: ['admin'] }],
    ['PUT', `/api/users/${other.id}`, lasting('admin', late)], ['POST', '/api/users', { email: `${unique('u')}@roles.example`, display_name: 'U', password, roles: ['operator'] }],
    ['POST', '/api/api-keys', { name: unique('k'), scopes: ['*:*'], kind: 'service', administrative: true, expires_at: late }],
    ['POST', '/api/api-keys', { name: unique('k'), scopes: ['write:snapshots'], kind: 'service', expires_at: late }],
    ['PUT', `/api/roles/${held.id}`, { permissions: ['*:*'] }],
    ['POST', '/api/identity-providers', { name: 'lasting', kind: 'oidc', client_id: 'c', issuer: 'https://idp.example', role_map: { g: 'admin' } }],
  ];
  for (const [method, target, body] of over)
    refused(await who(method, target, { body }), 403, 'privilege_escalation');
  ok(await who('PUT', `/api/users/${other.id}`, { body: lasting('operator', early) }));
  ok(await who('PUT', `/api/users/${other.id}`, { body: lasting('viewer') }));
  ok(await who('POST', '/api/api-keys', { body: { name: unique('k'), scopes: ['write:snapshots'], kind: 'service', expires_at: early } }), 201);
  const own = withKey((await newKey(who, ['write:snapshots'])).key);
  assert.notEqual((await own('GET', '/api/drift/configs')).status, 401, 'a personal key ends with its maker anyway');
});

test('a role with a permission of a newer program is given by who holds everything only', async () => {
  const role = await newRole(['read:drift']), manager = await bearer(await newUser(['user_manager']));
  sql(`INSERT INTO ${schema}.role_permissions (role_id, permission) VALUES (UNHEX(REPLACE('${role.id}', '-', '')), 'erase:everything')`);
  const body = { email: `${unique('u')}@roles.example`, display_name: 'U', password, roles: [role.name] };
  refused(await manager('POST', '/api/users', { body }), 403, 'privilege_escalation');
  ok(await admin('POST', '/api/users', { body }), 201);
});

test('the last administrator is one whose role does not end', async () => {
  const mine = newTenant(), first = await bearer(mine), me = `/api/users/${first.session.user.id}`;
  const made = await first('POST', '/api/users', { body: { email: 'b@two.example', display_name: 'B', password, assignments: [{ role: 'admin', until: soon(3600000) }] } });
  ok(made, 201);
  for (const body of [{ roles: ['viewer'] }, { status: 'disabled' }, { assignments: [{ role: 'admin', until: soon(3600000) }] }])
    refused(await first('PUT', me, { body }), 409, 'last_admin');
  refused(await first('DELETE', me), 409, 'last_admin');
  ok(await first('PUT', `/api/users/${made.json.id}`, { body: { assignments: [{ role: 'admin' }] } }));
  ok(await first('PUT', me, { body: { assignments: [{ role: 'admin', until: soon(3600000) }] } }));
});

// ---- nobody gives what they lack ---------------------------------------------------------------------

const escalation = (a) => refused(a, 403, 'privilege_escalation');

test('to widen a role that somebody has needs assign:roles: it is given to them', async () => {
  const by = await holder('create:roles', 'update:roles', 'read:drift', 'read:alerts'), role = await newRole(['read:drift']);
  ok(await by('PUT', `/api/roles/${role.id}`, { body: { permissions: ['read:drift', 'read:alerts'] } }));
  await newUser([role.name]);
  ok(await by('PUT', `/api/roles/${role.id}`, { body: { permissions: ['read:drift'] } }));
  assert.match(refused(await by('PUT', `/api/roles/${role.id}`, { body: { permissions: ['read:drift', 'read:alerts'] } }), 403, 'forbidden').detail, /assign:roles/);
  const assigner = await holder('update:roles', 'assign:roles', 'read:drift', 'read:alerts');
  ok(await assigner('PUT', `/api/roles/${role.id}`, { body: { permissions: ['read:drift', 'read:alerts'] } }));
});

test('what a group map or a policy names by its name is neither deleted nor renamed', async () => {
  const role = await newRole(['read:audit']), target = `/api/roles/${role.id}`, tenant = `/api/tenants/${admin.session.tenant.id}`;
  const required = (names) => admin('PUT', tenant, { body: { settings: { mfa: { required_for: names } } } });
  ok(await required([role.name]));
  assert.match(refused(await admin('DELETE', target), 409, 'in_use').detail, /mfa\.required_for/);
  refused(await admin('PUT', target, { body: { name: unique('r') } }), 409, 'in_use');
  ok(await required([]));
  const provider = ok(await admin('POST', '/api/identity-providers', { body: { name: unique('p'), kind: 'oidc', client_id: 'c', issuer: 'https://id.example.org', role_map: { g: role.name } } }), 201);
  assert.match(refused(await admin('DELETE', target), 409, 'in_use').detail, /names it: 1/);
  refused(await admin('PUT', target, { body: { name: unique('r') } }), 409, 'in_use');
  assert.equal((await admin('DELETE', `/api/identity-providers/${provider.id}`)).status, 204);
  assert.equal((await admin('DELETE', target)).status, 204);
});

test('an administrative key gives no more than its scopes, and not to who made it', async () => {
  const key = withKey((await administrativeKey(admin, ['*:roles', '*:users', 'read:drift'])).key);
  escalation(await key('POST', '/api/roles', { body: { name: unique('r'), permissions: ['update:drift'] } }));
  const role = ok(await key('POST', '/api/roles', { body: { name: unique('r'), permissions: ['read:drift'] } }), 201);
  const made = await newUser([role.name], key);
  assert.equal(made.assignments[0].given_by_name, 'API key', 'what it is called is for those with read:api_keys');
  refused(await key('PUT', `/api/users/${admin.session.user.id}`, { body: { roles: [role.name] } }), 403, 'forbidden');
});

// ---- at once ----------------------------------------------------------------------------------------

test('a change of a role holds at once for all of 10,000 who have it, on every worker', { timeout: 60000 }, async (t) => {
  const role = await newRole(['read:drift', 'read:users']), who = await bearer(await newUser([role.name]));
  const raw = role.id.replaceAll('-', '');
  sql(`INSERT INTO users (id, email, display_name, status, created_at, updated_at) SELECT UNHEX(MD5(CONCAT('m', seq))), CONCAT('m', seq, '@many.example'), 'M', 'active', NOW(3), NOW(3) FROM seq_1_to_10000;
    INSERT INTO user_roles (user_id, position, role_id) SELECT UNHEX(MD5(CONCAT('m', seq))), 0, UNHEX('${raw}') FROM seq_1_to_10000`, schema);
  const may = async () => (await Promise.all(Array.from({ length: 8 }, () => who('GET', '/api/users?limit=1')))).map((a) => a.status);
  assert.deepEqual(await may(), Array(8).fill(200));
  const began = Date.now();
  ok(await admin('PUT', `/api/roles/${role.id}`, { body: { permissions: ['read:drift'] } }));
  t.diagnostic(`10,001 holders: ${Date.now() - began} ms`);
  assert.deepEqual(await may(), Array(8).fill(403));
  assert.equal(sql("SELECT COUNT(*) FROM users WHERE email LIKE 'm%@many.example' AND epoch = 1", schema), '10000', 'other hosts learn of it');
  assert.match(refused(await admin('DELETE', `/api/roles/${role.id}`), 409, 'in_use').detail, /Users with it: 10001;/);
});

// ---- before it is done, and who has what --------------------------------------------------------------

test('a preview says who gains and who loses what, page by page, whether it would be refused, and does nothing', async () => {
  const role = await newRole(['read:drift', 'read:audit']), people = [];
  for (const more of [[], ['viewer'], ['auditor']])
    people.push(await newUser([role.name, ...more]));
  const owns = await bearer(people[0]), by = await holder('read:*', 'update:roles', 'update:users', 'assign:roles', 'create:api_keys');
  ok(await admin('PUT', `/api/users/${people[0].id}`, { body: { roles: [role.name, by.role.name] } }));
  await newKey(owns, ['read:drift']);
  ok(await admin('PUT', `/api/users/${people[0].id}`, { body: { roles: [role.name] } }));
  const see = async (caller, body, query = '') => ok(await caller('POST', `/api/roles/${role.id}/preview${query}`, { body }));
  const change = await see(by, { permissions: ['read:drift', 'read:settings'] });
  assert.deepEqual([change.gains, change.loses, change.users, change.refused], [['read:settings'], ['read:audit'], 3, null]);
  assert.deepEqual(change.items.map((i) => [i.email, i.gains, i.loses, i.personal_keys]), [
    [people[2].email, [], [], 0], [people[1].email, ['read:settings'], ['read:audit'], 0], [people[0].email, ['read:settings'], ['read:audit'], 1]]);
  const seen = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await see(by, { delete: true }, `?limit=1${cursor && `&cursor=${cursor}`}`);
    assert.equal(page.refused, 'in_use');
    seen.push(...page.items);
    cursor = page.next_cursor;
  }
  assert.deepEqual(seen.map((i) => [i.email, i.loses]), [[people[2].email, []], [people[1].email, ['read:audit']], [people[0].email, ['read:drift', 'read:audit']]]);
  assert.equal((await see(by, { permissions: ['*:*'] })).refused, 'privilege_escalation');
  const blind = await holder('update:roles');
  assert.deepEqual((await see(blind, { permissions: [] })).items.map((i) => [i.email, i.display_name]), Array(3).fill([null, null]), 'names are for those with read:users');
  const [built] = (await all(admin, '/api/roles')).filter((r) => r.name === 'viewer');
  assert.equal(ok(await admin('POST', `/api/roles/${built.id}/preview`, { body: { permissions: [] } })).refused, 'built_in_role');
  refused(await by('POST', `/api/roles/${role.id}/preview`, { body: { permissions: ['x'] } }), 422, 'validation_failed');
  refused(await by('POST', `/api/roles/${role.id}/preview`, { body: { delete: true, permissions: [] } }), 422, 'validation_failed');
  assert.deepEqual(ok(await admin('GET', `/api/roles/${role.id}`)).permissions, ['read:audit', 'read:drift'], 'nothing was done');

  const user = (caller, id, body) => caller('POST', `/api/users/${id}/preview`, { body });
  const end = soon(3600000), one = ok(await user(by, people[1].id, { assignments: [{ role: 'viewer', until: end }, { role: 'auditor' }] }));
  assert.ok(one.gains.includes('read:users') && !one.gains.includes('read:drift') && one.refused === null, JSON.stringify(one));
  assert.deepEqual([one.loses, one.assignments.map((a) => [a.role, a.until])], [[], [['viewer', end], ['auditor', null]]]);
  assert.equal(ok(await user(by, people[1].id, { roles: ['admin'] })).refused, 'privilege_escalation');
  assert.equal(ok(await user(by, admin.session.user.id, { roles: [] })).refused, 'privilege_escalation');
  assert.equal(ok(await user(await holder('update:users'), people[0].id, { roles: [] })).refused, 'privilege_escalation');
  const alone = newTenant(), self = await bearer(alone);
  assert.equal(ok(await user(self, self.session.user.id, { roles: [] })).refused, 'last_admin');
  refused(await user(by, people[1].id, {}), 422, 'validation_failed');
  refused(await user(by, crypto.randomUUID(), { roles: [] }), 404, 'not_found');
  assert.deepEqual(ok(await admin('GET', `/api/users/${people[1].id}`)).roles, [role.name, 'viewer']);
});

test('the access review: who has what, since when, until when, by whom, last used; hostile names stay in their cells', async () => {
  const mine = newTenant(), boss = await bearer(mine), end = soon(3600000), evil = '=HYPERLINK("http://x","y"),\u2028z';
  const made = ok(await boss('POST', '/api/users', { body: { email: `e@${mine.tenant}.example`, display_name: evil, password, assignments: [{ role: 'viewer', until: end }, { role: 'auditor' }] } }), 201);
  const who = { tenant: mine.tenant, email: made.email, password }, caller = await bearer(who);
  const key = await newKey(boss, ['read:*', 'write:snapshots'], { name: '@SUM(1)\n+evil' });
  assert.equal((await withKey(key.key)('GET', '/api/drift/configs')).status, 200);
  const list = await all(caller, '/api/access-review', 1), of = (id) => list.find((x) => x.id === id);
  assert.deepEqual(list.map((x) => x.id), [...list.map((x) => x.id)].sort().reverse(), 'newest first');
  assert.deepEqual(list.map((x) => x.kind), ['personal_key', 'user', 'user']);
  const person = of(made.id);
  assert.deepEqual(person.assignments.map((a) => [a.role, a.until, a.given_by, a.given_by_name]), [['viewer', end, boss.session.user.id, mine.email], ['auditor', null, boss.session.user.id, mine.email]]);
  assert.ok(Math.abs(Date.parse(person.assignments[0].since) - Date.parse(made.created_at)) < 5000 && person.last_used > made.created_at && person.permissions.includes('read:audit'));
  assert.deepEqual(of(boss.session.user.id).assignments.map((a) => [a.role, a.given_by, a.given_by_name.split(':')[0]]), [['admin', null, 'bsxctl']]);
  const used = of(key.id);
  assert.deepEqual([used.scopes, used.given_by, used.given_by_name, used.until], [['read:*', 'write:snapshots'], boss.session.user.id, mine.email, null]);
  assert.ok(used.last_used !== null && used.permissions.includes('write:snapshots') && !used.permissions.includes('read:metrics'));
  assert.deepEqual((await all(caller, '/api/access-review?kind=service_key')), []);
  assert.deepEqual((await all(caller, '/api/access-review?kind=user')).length, 2);
  const table = await caller('GET', '/api/access-review', { headers: { Accept: 'text/csv' } });
  assert.equal(table.status, 200, table.text);
  const lines = table.text.split('\r\n');
  assert.equal(lines.length, 6, table.text);
  assert.ok(lines.slice(1, -1).every((l) => !/(^|,|")[=@+]/.test(l.replaceAll("\"'=", '').replaceAll("\"'@", ''))), table.text);
  // without read:users and read:api_keys there are no names
  const role = ok(await boss('POST', '/api/roles', { body: { name: 'r', permissions: ['read:roles'] } }), 201);
  const bare = ok(await boss('POST', '/api/users', { body: { email: `b@${mine.tenant}.example`, display_name: 'B', password, roles: [role.name] } }), 201);
  const sees = await (await bearer({ ...who, email: bare.email }))('GET', '/api/access-review');
  assert.equal(sees.json.items.length, 4);
  assert.ok(!/@|evil/.test(sees.text), sees.text);
});
