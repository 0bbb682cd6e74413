// Users, roles and sessions: what may be done, by whom, and how soon it holds.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import { call, send } from '../lib/client.mjs';
import { sql } from '../lib/env.mjs';
import { administrativeKey, all, bearer, browser, login, newKey, newTenant, unique, withKey, withToken } from '../lib/people.mjs';

let owner, admin;

before(async () => {
  owner = newTenant();
  admin = await bearer(owner);
});

const password = () => crypto.randomBytes(15).toString('base64');

async function newUser(by, roles = ['viewer'], more = {}) {
  const who = { tenant: owner.tenant, email: `${unique('u')}@people.example`, password: password() };
  const a = await by('POST', '/api/users', { body: { email: who.email, display_name: 'A person', password: who.password, roles, ...more } });
  assert.equal(a.status, 201, a.text);
  return { ...who, id: a.json.id, made: a.json };
}

const me = async (caller) => (await caller('GET', '/api/auth/me')).status;

// ---- users ----------------------------------------------------------------------------------------

test('a user is made with roles and a password, signs in, is shown, changed and deleted', async () => {
  const who = await newUser(admin, ['analyst', 'viewer']);
  assert.deepEqual(who.made.roles, ['analyst', 'viewer']);
  assert.equal(who.made.role, 'analyst');
  assert.equal(who.made.status, 'active');
  assert.equal(who.made.password, undefined);
  const caller = await bearer(who);
  assert.deepEqual(caller.session.user.roles, ['analyst', 'viewer']);

  const got = await admin('GET', `/api/users/${who.id}`);
  assert.equal(got.status, 200);
  const changed = await admin('PUT', `/api/users/${who.id}`, { body: { display_name: 'Another', role: 'viewer' },
    headers: { 'If-Match': got.headers.etag } });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.json.display_name, 'Another');
  assert.deepEqual(changed.json.roles, ['viewer']);
  assert.equal(changed.json.email, who.email);

  assert.equal((await admin('DELETE', `/api/users/${who.id}`)).status, 204);
  assert.equal(await me(caller), 401);
  assert.equal((await login(who)).status, 401);
  for (const [method, target] of [['GET', ''], ['PUT', ''], ['DELETE', ''], ['POST', '/sessions/revoke'],
    ['POST', '/unlock'], ['POST', '/2fa/reset']])
    assert.equal((await admin(method, `/api/users/${who.id}${target}`, { body: method === 'PUT' ? {} : undefined })).status, 404);
});

test('the entity tag: a stale If-Match is 412, a sign-in is no change, the same content is 304', async () => {
  const who = await newUser(admin);
  const first = (await admin('GET', `/api/users/${who.id}`)).headers.etag;
  assert.equal((await admin('GET', `/api/users/${who.id}`, { headers: { 'If-None-Match': first } })).status, 304);
  await bearer(who);
  assert.equal((await admin('GET', `/api/users/${who.id}`, { headers: { 'If-None-Match': first } })).status, 200);
  assert.equal((await admin('PUT', `/api/users/${who.id}`, { body: { display_name: 'One' }, headers: { 'If-Match': first } })).status, 200);
  const stale = await admin('PUT', `/api/users/${who.id}`, { body: { display_name: 'Two' }, headers: { 'If-Match': first } });
  assert.equal(stale.status, 412);
  assert.equal(stale.json.code, 'precondition_failed');
  assert.equal((await admin('DELETE', `/api/users/${who.id}`, { headers: { 'If-Match': first } })).status, 412);
  assert.equal((await admin('GET', `/api/users/${who.id}`)).json.display_name, 'One');
});

test('what cannot be a user is 422 with the member at fault, a taken address 409', async () => {
  const good = { email: 'x@people.example', display_name: 'X', password: password() };
  for (const [pointer, body] of [['/email', { ...good, email: 'no address' }], ['/display_name', { ...good, display_name: ' ' }],
    ['/roles/0', { ...good, roles: ['no_such_role'] }], ['/roles/1', { ...good, roles: ['viewer', 'viewer'] }],
    ['/role', { ...good, role: 'viewer', roles: ['viewer'] }], ['/password', { ...good, password: 'short' }],
    ['/status', { ...good, status: 'active' }],
    ['/id', { ...good, id: crypto.randomUUID() }], ['/2fa_enabled', { ...good, '2fa_enabled': true }]]) {
    const a = await admin('POST', '/api/users', { body });
    assert.equal(a.status, 422, `${pointer}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, pointer);
  }
  const who = await newUser(admin), other = await newUser(admin);
  const taken = await admin('POST', '/api/users', { body: { ...good, email: who.email.toUpperCase() } });
  assert.equal(taken.status, 409);
  assert.equal(taken.json.code, 'conflict');
  assert.equal((await admin('PUT', `/api/users/${other.id}`, { body: { email: who.email } })).status, 409);
  assert.equal((await admin('PUT', `/api/users/${other.id}`, { body: { status: 'invited' } })).status, 422);
});

test('an Idempotency-Key makes one user, also in parallel; with another body it is 409', async () => {
  const body = { email: `${unique('once')}@people.example`, display_name: 'Once', password: password() };
  const headers = { 'Idempotency-Key': unique('key') };
  const answers = await Promise.all(Array.from({ length: 6 }, () => admin('POST', '/api/users', { body, headers })));
  assert.deepEqual(answers.map((a) => a.status), Array(6).fill(201), answers.map((a) => a.text).join('\n'));
  assert.equal(new Set(answers.map((a) => a.json.id)).size, 1);
  assert.equal((await all(admin, `/api/users?q=${body.email}`)).length, 1);
  const other = await admin('POST', '/api/users', { body: { ...body, display_name: 'Twice' }, headers });
  assert.equal(other.status, 409);
  // another sender's key is another key
  const second = await bearer(await newUser(admin, ['user_manager']));
  const apart = await second('POST', '/api/users', { body: { ...body, email: `${unique('apart')}@people.example` }, headers });
  assert.equal(apart.status, 201, apart.text);
  assert.equal((await admin('POST', '/api/users', { body, headers: { 'Idempotency-Key': 'x'.repeat(129) } })).status, 400);
});

test('lists filter by text, role and status', async () => {
  const word = unique('Zoë').toLowerCase();
  const a = await newUser(admin, ['analyst'], { display_name: `${word.toUpperCase()} One` });
  const b = await newUser(admin, ['viewer'], { display_name: `${word} two` });
  await admin('PUT', `/api/users/${b.id}`, { body: { status: 'disabled' } });
  const ids = async (query) => (await all(admin, `/api/users?${query}`)).map((u) => u.id).sort();
  const q = `q=${encodeURIComponent(word)}`;
  assert.deepEqual(await ids(q), [a.id, b.id].sort());
  assert.deepEqual(await ids(`${q}&role=analyst`), [a.id]);
  assert.deepEqual(await ids(`${q}&status=disabled`), [b.id]);
  assert.deepEqual(await ids(`${q}&role=analyst&status=disabled`), []);
  assert.deepEqual(await ids(`q=${a.email}`), [a.id]);
  assert.deepEqual(await ids('q=%25'), []);
  assert.deepEqual(await ids('q=_'), []);
  assert.deepEqual(await ids('role=nobody'), []);
  assert.equal((await admin('GET', '/api/users?status=none')).status, 422);
  assert.equal((await admin('GET', '/api/users?cursor=x')).status, 400);
});

test('a list of 500 users is complete and stable while users come and go', { timeout: 300000 }, async () => {
  const mine = newTenant(), by = await bearer(mine);
  const make = async (n) => {
    const a = await by('POST', '/api/users', { body: { email: `u${n}@many.example`, display_name: `U ${n}`, password: 'a long enough password' } });
    assert.equal(a.status, 201, a.text);
    return a.json.id;
  };
  // 499 of them without a password, which would be a second's work for each twenty
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${mine.tenant}'`);
  sql(`INSERT INTO users (id, email, display_name, status, created_at, updated_at)
    SELECT UNHEX(CONCAT(LPAD(HEX(FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)), 12, '0'), '7', LPAD(HEX(seq), 3, '0'), '8', LEFT(MD5(seq), 15))),
      CONCAT('u', seq, '@many.example'), CONCAT('U ', seq), 'active', NOW(3), NOW(3) FROM seq_1_to_499`, schema);
  await make(0);
  const made = new Set(sql('SELECT LOWER(HEX(id)) FROM users', schema).split('\n').map((id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')));
  for (const limit of [7, 200]) {
    const seen = (await all(by, '/api/users', limit)).map((u) => u.id);
    assert.equal(seen.length, 501);
    assert.deepEqual(new Set(seen), made);
    assert.deepEqual(seen, [...seen].sort().reverse(), 'newest first');
  }
  // between pages one is made (not seen: it is newer) and one not yet seen is deleted (not seen)
  const seen = [];
  let cursor = '';
  for (let page = 0; ; page++) {
    const a = await by('GET', `/api/users?limit=50${cursor && `&cursor=${cursor}`}`);
    seen.push(...a.json.items.map((u) => u.id));
    cursor = a.json.next_cursor;
    if (!cursor)
      break;
    if (page === 2) {
      const oldest = [...made].sort().find((id) => id !== by.session.user.id);
      await make(1000);
      assert.equal((await by('DELETE', `/api/users/${oldest}`)).status, 204);
      made.delete(oldest);
    }
  }
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(new Set(seen), made);
});

// ---- rights ---------------------------------------------------------------------------------------

test('nobody grants what they do not hold, nor changes who may do more', async () => {
  const managerUser = await newUser(admin, ['user_manager']);
  const manager = await bearer(managerUser), boss = await newUser(admin, ['admin']);
  const body = { email: `${unique('x')}@people.example`, display_name: 'X', password: password() };
  for (const roles of [['admin'], ['auditor'], ['operator'], ['viewer', 'admin']]) {
    const a = await manager('POST', '/api/users', { body: { ...body, roles } });
    assert.equal(a.status, 403, `${roles}: ${a.text}`);
    assert.equal(a.json.code, 'privilege_escalation');
  }
  const plain = await manager('POST', '/api/users', { body: { ...body, roles: ['user_manager'] } });
  assert.equal(plain.status, 201, plain.text);
  const target = `/api/users/${plain.json.id}`;
  assert.equal((await manager('PUT', target, { body: { roles: ['admin'] } })).json.code, 'privilege_escalation');
  assert.equal((await manager('PUT', `/api/users/${managerUser.id}`, { body: { roles: ['user_manager', 'admin'] } })).status, 403);
  assert.equal((await manager('PUT', target, { body: { roles: [] } })).status, 200);
  for (const change of [{ email: 'mine@people.example' }, { status: 'disabled' }, { roles: [] }, { display_name: 'Q' }]) {
    const a = await manager('PUT', `/api/users/${boss.id}`, { body: change });
    assert.equal(a.status, 403, JSON.stringify(change));
    assert.equal(a.json.code, 'privilege_escalation');
  }
  const open = await bearer(boss), [session] = (await all(open, '/api/auth/sessions'));
  for (const [method, deed] of [['DELETE', `/api/users/${boss.id}`], ['POST', `/api/users/${boss.id}/sessions/revoke`],
    ['POST', `/api/users/${boss.id}/2fa/reset`], ['POST', `/api/users/${boss.id}/unlock`], ['DELETE', `/api/auth/sessions/${session.id}`]]) {
    const a = await manager(method, deed);
    assert.deepEqual([a.status, a.json?.code], [403, 'privilege_escalation'], `${method} ${deed}`);
  }
  assert.equal(await me(open), 200, 'its session goes on');
  assert.equal((await admin('GET', `/api/users/${boss.id}`)).json.status, 'active');
});

test('roles need assign:roles beside create:users and update:users', async () => {
  const key = withKey((await administrativeKey(admin, ['read:users', 'create:users', 'update:users'])).key);
  const body = { email: `${unique('k')}@people.example`, display_name: 'K', password: password() };
  assert.equal((await key('POST', '/api/users', { body: { ...body, roles: ['viewer'] } })).status, 403);
  const made = await key('POST', '/api/users', { body });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(made.json.roles, []);
  assert.equal(made.json.role, null);
  assert.equal((await key('PUT', `/api/users/${made.json.id}`, { body: { roles: ['viewer'] } })).status, 403);
  assert.equal((await key('PUT', `/api/users/${made.json.id}`, { body: { display_name: 'L', roles: [] } })).status, 200);
  assert.equal((await key('DELETE', `/api/users/${made.json.id}`)).status, 403);
});

test('the last administrator stays', async () => {
  const mine = newTenant(), by = await bearer(mine), id = by.session.user.id;
  for (const [method, body] of [['PUT', { status: 'disabled' }], ['PUT', { roles: ['viewer'] }], ['PUT', { roles: [] }], ['DELETE']]) {
    const a = await by(method, `/api/users/${id}`, { body });
    assert.equal(a.status, 409, a.text);
    assert.equal(a.json.code, 'last_admin');
  }
  assert.equal(await me(by), 200);
});

test('of administrators who take each other away at the same time one stays', async () => {
  for (let round = 0; round < 6; round++) {
    const mine = newTenant(), first = await bearer(mine);
    const secret = password();
    const made = await first('POST', '/api/users', { body: { email: 'b@two.example', display_name: 'B', password: secret, roles: ['admin'] } });
    assert.equal(made.status, 201, made.text);
    const second = await bearer({ tenant: mine.tenant, email: 'b@two.example', password: secret });
    const deed = round % 3;
    const away = (by, id) => (deed === 0 ? by('PUT', `/api/users/${id}`, { body: { status: 'disabled' } })
      : deed === 1 ? by('PUT', `/api/users/${id}`, { body: { roles: ['viewer'] } }) : by('DELETE', `/api/users/${id}`));
    const both = await Promise.all([away(first, first.session.user.id), away(second, made.json.id)]);
    const ok = both.filter((a) => a.status === 200 || a.status === 204);
    assert.equal(ok.length, 1, both.map((a) => a.text).join('\n'));
    const left = both.find((a) => !ok.includes(a));
    assert.equal(left.status, 409);
    assert.equal(left.json.code, 'last_admin');
    const rest = both[0] === left ? first : second;
    assert.equal((await all(rest, '/api/users?role=admin&status=active')).length, 1);
  }
});

test('a change of rights holds for the open session, on every worker', async () => {
  const who = await newUser(admin, ['viewer']), caller = await bearer(who);
  const may = async (target) => (await Promise.all(Array.from({ length: 8 }, () => caller('GET', target)))).map((a) => a.status);
  assert.deepEqual(await may('/api/users'), Array(8).fill(403));
  await admin('PUT', `/api/users/${who.id}`, { body: { roles: ['auditor'] } });
  assert.deepEqual(await may('/api/users'), Array(8).fill(200));
  assert.ok((await caller('GET', '/api/auth/me')).json.permissions.includes('read:audit'));
  await admin('PUT', `/api/users/${who.id}`, { body: { roles: ['viewer'], display_name: 'New name' } });
  assert.deepEqual(await may('/api/users'), Array(8).fill(403));
  assert.equal((await caller('GET', '/api/auth/me')).json.user.display_name, 'New name');
});

test('who is disabled is out at once, and in again with a new sign-in only', async () => {
  const who = await newUser(admin), caller = await bearer(who);
  const token = caller.session.refresh_token;
  assert.equal(await me(caller), 200);
  assert.equal((await admin('PUT', `/api/users/${who.id}`, { body: { status: 'disabled' } })).status, 200);
  assert.deepEqual(await Promise.all(Array.from({ length: 8 }, () => me(caller))), Array(8).fill(401));
  assert.equal((await call('POST', '/api/auth/refresh', { body: { refresh_token: token } })).status, 401);
  assert.equal((await login(who)).status, 401);
  assert.equal((await admin('PUT', `/api/users/${who.id}`, { body: { status: 'active' } })).status, 200);
  assert.equal(await me(caller), 401);
  assert.equal((await login(who)).status, 200);
});

// ---- locked out -----------------------------------------------------------------------------------

test('an administrator ends the delay that failed sign-ins brought on; others and lesser ones do not', async () => {
  const who = await newUser(admin, ['auditor']), manager = await bearer(await newUser(admin, ['user_manager']));
  const stranger = await bearer(await newUser(admin, ['viewer'])), target = `/api/users/${who.id}/unlock`;
  for (let i = 0; i < 10; i++)
    assert.equal((await login({ ...who, password: 'not the password' })).status, 401);
  const shut = await login(who);
  assert.equal(shut.status, 429, shut.text);
  assert.equal(shut.json.code, 'too_many_attempts');
  assert.equal((await stranger('POST', target)).json.code, 'forbidden');
  assert.equal((await manager('POST', target)).json.code, 'privilege_escalation');
  assert.equal((await login(who)).status, 429);
  assert.equal((await admin('POST', target)).status, 204);
  assert.equal((await login(who)).status, 200);
  assert.equal((await admin('POST', target)).status, 204, 'who is not locked may be unlocked too');
  const entries = (await all(admin, '/api/audit?action=user.unlock')).filter((x) => x.target_id === who.id);
  assert.deepEqual(entries.map((x) => [x.outcome, x.actor_name]), Array(2).fill(['success', owner.email]));
});

// ---- roles and permissions ------------------------------------------------------------------------

test('the built-in roles and the catalogue of permissions', async () => {
  const roles = await all(admin, '/api/roles', 3);
  assert.deepEqual(roles.map((r) => r.name).sort(), ['admin', 'analyst', 'auditor', 'operator', 'user_manager', 'viewer']);
  const role = roles.find((r) => r.name === 'admin');
  assert.deepEqual(role.permissions, ['*:*']);
  assert.equal(role.built_in, true);
  const one = await admin('GET', `/api/roles/${role.id}`);
  assert.deepEqual(one.json, role);
  assert.match(one.headers.etag, /^"/);
  assert.equal((await admin('GET', `/api/roles/${crypto.randomUUID()}`)).status, 404);
  const catalogue = (await admin('GET', '/api/permissions')).json.items;
  assert.equal(catalogue.length, 88);
  assert.ok(catalogue.every((p) => /^[a-z]+:[a-z_]+$/.test(p.permission) && p.description.endsWith('.')));
  for (const held of admin.session.permissions)
    assert.ok(catalogue.some((p) => p.permission === held), held);
});

// ---- sessions -------------------------------------------------------------------------------------

test('own sessions are listed and ended one by one', async () => {
  const who = await newUser(admin), a = await bearer(who), b = await bearer(who), page = await browser(who);
  const items = await all(a, '/api/auth/sessions', 2);
  assert.equal(items.length, 3);
  assert.equal(items.filter((s) => s.current).length, 1);
  const current = items.find((s) => s.current), [other] = (await all(b, '/api/auth/sessions')).filter((s) => s.current);
  assert.notEqual(current.id, other.id);
  assert.equal(current.address, '127.0.0.1');
  assert.equal(current.provider, 'password');
  assert.equal((await a('DELETE', `/api/auth/sessions/${other.id}`)).status, 204);
  assert.equal(await me(b), 401);
  assert.equal((await a('DELETE', `/api/auth/sessions/${other.id}`)).status, 404);
  const gone = await page.change('DELETE', `/api/auth/sessions/${(await all(page, '/api/auth/sessions')).find((s) => s.current).id}`);
  assert.equal(gone.status, 204);
  assert.equal(gone.cookies.filter((c) => /Max-Age=0/.test(c)).length, 2);
  assert.equal((await all(a, '/api/auth/sessions')).length, 1);
  assert.equal(await me(a), 200);
});

test('sessions of others: 404 without update:users; administrators end one or all', async () => {
  const who = await newUser(admin), a = await bearer(who), b = await bearer(who);
  const stranger = await bearer(await newUser(admin, ['auditor']));
  const [id] = (await all(a, '/api/auth/sessions')).filter((s) => s.current).map((s) => s.id);
  assert.equal((await stranger('DELETE', `/api/auth/sessions/${id}`)).status, 404);
  assert.equal((await stranger('POST', `/api/users/${who.id}/sessions/revoke`)).status, 403);
  assert.equal(await me(a), 200);
  assert.equal((await admin('DELETE', `/api/auth/sessions/${id}`)).status, 204);
  assert.equal(await me(a), 401);
  assert.equal(await me(b), 200);
  assert.equal((await admin('POST', `/api/users/${who.id}/sessions/revoke`)).status, 204);
  assert.equal(await me(b), 401);
  assert.equal((await login(who)).status, 200);
  const keys = withKey((await administrativeKey(admin, ['*:users'])).key);
  assert.equal((await keys('GET', '/api/auth/sessions')).status, 403);
  assert.equal((await keys('DELETE', `/api/auth/sessions/${id}`)).status, 403);
});

test('twenty parallel refreshes of one token log nobody out', async () => {
  const who = await newUser(admin), caller = await bearer(who);
  const refresh = (token) => send('POST', '/api/auth/refresh', { body: { refresh_token: token } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(caller.session.refresh_token)));
  assert.deepEqual(answers.map((a) => a.status), Array(20).fill(200));
  assert.equal(new Set(answers.map((a) => a.json.refresh_token)).size, 1);
  for (const a of answers)
    assert.equal(await me(withToken(a.json.access_token)), 200);
  assert.equal((await refresh(answers[0].json.refresh_token)).status, 200);
  assert.equal(await me(caller), 200);
});

// ---- another tenant -------------------------------------------------------------------------------

test('users, roles, sessions and tenants of another tenant are 404 and in no list', async () => {
  const theirs = await bearer(newTenant());
  const who = await newUser(admin), caller = await bearer(who);
  const [role] = await all(admin, '/api/roles');
  const [session] = await all(caller, '/api/auth/sessions');
  for (const [method, target, body] of [['GET', `/api/users/${who.id}`], ['PUT', `/api/users/${who.id}`, { display_name: 'X' }],
    ['DELETE', `/api/users/${who.id}`], ['POST', `/api/users/${who.id}/sessions/revoke`], ['GET', `/api/roles/${role.id}`],
    ['POST', `/api/users/${who.id}/unlock`], ['POST', `/api/users/${who.id}/2fa/reset`],
    ['DELETE', `/api/auth/sessions/${session.id}`], ['GET', `/api/tenants/${who.made.tenant_id}`],
    ['PUT', `/api/tenants/${who.made.tenant_id}`, { name: 'X' }]]) {
    const a = await theirs(method, target, { body });
    assert.equal(a.status, 404, `${method} ${target}: ${a.text}`);
  }
  assert.ok(!(await all(theirs, '/api/users')).some((u) => u.id === who.id));
  assert.ok(!(await all(theirs, '/api/audit')).some((x) => x.target_id === who.id));
  assert.equal(await me(caller), 200);
});

test('without a credential every route here is 401', async () => {
  const id = crypto.randomUUID();
  for (const [method, target] of [['GET', '/api/users'], ['POST', '/api/users'], ['GET', `/api/users/${id}`], ['PUT', `/api/users/${id}`],
    ['DELETE', `/api/users/${id}`], ['POST', `/api/users/${id}/sessions/revoke`], ['POST', `/api/users/${id}/unlock`], ['POST', `/api/users/${id}/2fa/reset`], ['GET', '/api/roles'], ['GET', `/api/roles/${id}`],
    ['GET', '/api/permissions'], ['GET', '/api/auth/sessions'], ['DELETE', `/api/auth/sessions/${id}`], ['GET', '/api/tenants'],
    ['GET', `/api/tenants/${id}`], ['PUT', `/api/tenants/${id}`], ['GET', '/api/audit'], ['GET', '/api/audit/verify']])
    assert.equal((await call(method, target)).status, 401, `${method} ${target}`);
});
