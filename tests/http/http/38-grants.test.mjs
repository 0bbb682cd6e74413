// What one tenant lets people of another do in it: by a grant with roles, a reason and an end, never more than they may
// at home, told in both trails, and over at once.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import os from 'node:os';
import { beforeEach, test } from 'node:test';
import { credentials, sql, until } from '../lib/env.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { ahead, all, bearer, bsxctl, newConfig, newKey, newTenant, policy, push, serviceKey, unique, withKey } from '../lib/people.mjs';

const password = 'a long enough password';
const hex = (id) => `UNHEX('${id.replaceAll('-', '')}')`;
const platform = await bearer(credentials.platform);
const party = async () => {
  const owner = newTenant(), admin = await bearer(owner), { id } = admin.session.tenant;
  return { ...owner, slug: owner.tenant, admin, id, schema: sql(`SELECT schema_name FROM tenants WHERE id = ${hex(id)}`) };
};
const customer = await party(), firm = await party(), stranger = await party();
const person = async (p, roles) => {
  const who = { tenant: p.slug, email: `${unique('u')}@grants.example`, password };
  const a = await p.admin('POST', '/api/users', { body: { email: who.email, display_name: 'U', password, roles } });
  assert.equal(a.status, 201, a.text);
  return Object.assign(await bearer(who), { id: a.json.id, email: who.email });
};
const body = (more = {}) => ({ grantee_tenant: firm.slug, roles: ['operator'], reason: 'They look after us.', expires_at: ahead(1), ...more });
const give = (more = {}, by = customer.admin, of = customer) => by('POST', `/api/tenants/${of.id}/grants`, { body: body(more) });
const given = async (...args) => {
  const a = await give(...args);
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const back = (grant, by = customer.admin, of = customer) => by('DELETE', `/api/tenants/${of.id}/grants/${grant.id}`);
const acting = (caller, slug = customer.slug) => (method, target, options = {}) => caller(method, target, { ...options, headers: { 'X-Acting-Tenant': slug, ...options.headers } });
const entries = (p, action, fits) => until(`${action} in ${p.slug}`, async () => {
  const found = (await all(p.admin, `/api/audit?action=${action}`)).filter(fits);
  return found.length > 0 && found;
});
const refused = async (a, code = 'forbidden') => assert.deepEqual([a.status, a.json?.code], [403, code], a.text);
// None counts when a test begins.
beforeEach(() => sql(`UPDATE grants SET revoked_at = NOW(3) WHERE revoked_at IS NULL`));

test('people of the other tenant do what is lent, in its data alone, and both trails and its administrators know', async (t) => {
  const box = await new Mailbox().start();
  t.after(() => box.stop());
  const config = await newConfig(customer.admin), own = await newConfig(firm.admin), there = acting(firm.admin);
  await refused(await there('GET', '/api/drift/configs'));
  const grant = await given();
  assert.deepEqual([grant.tenant, grant.grantee_tenant, grant.grantee_user, grant.roles, grant.state, grant.given_by, grant.used_at],
    [customer.slug, firm.slug, null, ['operator'], 'active', customer.email, null]);
  const { text } = (await box.wait(customer.email, /may work in/)).mail;
  assert.match(text, new RegExp(`${firm.slug}[^]*until ${grant.expires_at.slice(0, 10)}`));
  assert.deepEqual((await all(there, '/api/drift/configs')).map((c) => c.id), [config.id]);
  assert.equal((await there('GET', `/api/drift/configs/${own.id}`)).status, 404);
  assert.equal((await firm.admin('GET', `/api/drift/configs/${config.id}`)).status, 404);
  const me = (await there('GET', '/api/auth/me')).json;
  assert.deepEqual([me.tenant.slug, me.acting_tenant.slug, me.user.email], [firm.slug, customer.slug, firm.email]);
  assert.ok(me.permissions.includes('create:drift') && !me.permissions.includes('manage:channels') && !me.permissions.includes('create:users'));
  assert.deepEqual((await acting(firm.admin, customer.id)('GET', '/api/auth/me')).json, me, 'by its number too');
  assert.equal((await acting(firm.admin, firm.slug)('GET', '/api/auth/me')).json.acting_tenant, null, "one's own is no other");
  const made = await newConfig(there);
  const mine = (await firm.admin('GET', '/api/auth/me')).json.user.id, theirs = (await stranger.admin('GET', '/api/auth/me')).json.user.id;
  const fault = async (caller, id) => (await caller('PUT', '/api/drift/alerts', { body: { ids: [made.id], assigned_to: id } })).json.errors[0].pointer;
  assert.deepEqual([await fault(there, mine), await fault(there, theirs), await fault(customer.admin, mine)], ['/ids/0', '/assigned_to', '/assigned_to'],
    'who acts here can take something on');
  const [done] = await entries(customer, 'drift_config.create', (x) => x.target_id === made.id);
  assert.deepEqual([done.acting_tenant, done.actor_name], [firm.id, firm.email]);
  const [told] = await entries(firm, 'grant.act', (x) => x.details.target_id === made.id);
  assert.deepEqual([told.target_id, told.details.tenant, told.details.action, told.details.entry, told.acting_tenant], [customer.id, customer.slug, 'drift_config.create', done.id, null]);
  for (const p of [customer, firm]) {
    const [x] = await entries(p, 'grant.create', (one) => one.target_id === grant.id);
    assert.deepEqual([x.details.roles, x.details.reason, x.details.grantee_tenant], [['operator'], 'They look after us.', firm.slug]);
  }
  const [use] = await entries(customer, 'grant.use', (x) => x.target_id === grant.id);
  assert.equal(use.acting_tenant, firm.id);
  assert.ok((await customer.admin('GET', `/api/tenants/${customer.id}/grants`)).json.items[0].used_at);
  assert.deepEqual((await all(firm.admin, `/api/tenants/${firm.id}/grants?direction=received`)).map((g) => g.id), [grant.id]);
  assert.equal((await stranger.admin('GET', `/api/tenants/${customer.id}/grants`)).status, 404);
  assert.equal((await back(grant, stranger.admin)).status, 404);
  assert.equal((await back(grant, stranger.admin, stranger)).status, 404);
  assert.equal((await back(grant)).status, 204);
  await refused(await there('GET', '/api/drift/configs'));
  assert.equal((await back(grant)).status, 409);
  await box.wait(customer.email, /no longer works/);
  await entries(firm, 'grant.revoke', (x) => x.target_id === grant.id);
});

test('bsxctl lists them and takes them back, and both trails name who ran it', async () => {
  const grant = await given({ roles: ['viewer', 'auditor'] }), line = () => bsxctl('grant', 'list', customer.slug).split('\n').find((x) => x.startsWith(grant.id));
  assert.match(line(), new RegExp(`active .*${customer.slug} -> ${firm.slug} +viewer auditor$`));
  assert.ok(bsxctl('grant', 'list').includes(grant.id));
  const seen = bsxctl('grant', 'list', customer.slug, '--json').trimEnd().split('\n').map((x) => JSON.parse(x)).find((x) => x.id === grant.id);
  assert.deepEqual([seen.state, seen.from, seen.roles], ['active', customer.slug, ['viewer', 'auditor']]);
  bsxctl('grant', 'revoke', grant.id);
  await refused(await acting(firm.admin)('GET', '/api/drift/configs'));
  assert.match(line(), /revoked /);
  for (const p of [customer, firm])
    for (const x of await entries(p, 'grant.revoke', (one) => one.target_id === grant.id))
      assert.deepEqual([x.actor_kind, x.actor_name], ['system', `bsxctl:${os.userInfo().username}`]);
  for (const wrong of [['revoke', 'x'], ['revoke'], ['list', '-x'], ['list', 'no-such-tenant'], ['revoke', grant.id], ['revoke', crypto.randomUUID()], []])
    assert.throws(() => bsxctl('grant', ...wrong), wrong.join(' '));
});

test('who was given it gives it up, and who gave it is told', async (t) => {
  const box = await new Mailbox().start(), grant = await given();
  t.after(() => box.stop());
  assert.equal((await back(grant, firm.admin, firm)).status, 204);
  await refused(await acting(firm.admin)('GET', '/api/drift/configs'));
  const [x] = await entries(customer, 'grant.revoke', (one) => one.target_id === grant.id);
  assert.equal(x.acting_tenant, firm.id);
  await box.wait(customer.email, /no longer works/);
});

test('nobody does there what they may not at home, nor what is not lent', async () => {
  const grant = await given({ roles: ['admin'] }), viewer = acting(await person(firm, ['viewer'])), admin = acting(firm.admin);
  assert.equal((await viewer('GET', '/api/drift/configs')).status, 200);
  await refused(await viewer('POST', '/api/drift/configs', { body: { name: unique('c'), source: { kind: 'push' } } }));
  const config = await newConfig(customer.admin);
  await push(customer.admin, config, [policy(1)]);
  const { report } = await push(customer.admin, config, [policy(1, { state: 'disabled' })]);
  const [shown] = (await all(admin, `/api/drift/reports/${report.id}/changes`)), [hidden] = (await all(viewer, `/api/drift/reports/${report.id}/changes`));
  assert.deepEqual([shown.new_value, hidden.new_value], ['disabled', '[withheld]']);
  // power, and what would outlive the grant
  const user = await person(customer, ['viewer']);
  const tries = { 'POST /api/users': { email: 'x@grants.example', display_name: 'X', password, roles: ['viewer'] }, [`PUT /api/users/${user.id}`]: { roles: ['admin'] },
    [`POST /api/users/${user.id}/2fa/reset`]: undefined, [`DELETE /api/users/${user.id}`]: undefined,
    'POST /api/roles': { name: unique('r'), permissions: ['read:drift'] }, 'POST /api/api-keys': { name: unique('k'), scopes: ['read:drift'] },
    'POST /api/identity-providers': { name: unique('p'), kind: 'oidc', client_id: 'c', issuer: 'https://id.example.org' },
    'POST /api/drift/channels': { name: unique('c'), kind: 'webhook', url: 'https://hooks.example.org/x' },
    [`PUT /api/tenants/${customer.id}`]: { name: 'Ours' }, [`POST /api/tenants/${customer.id}/grants`]: body({ grantee_tenant: stranger.slug }),
    [`DELETE /api/tenants/${customer.id}/grants/${grant.id}`]: undefined, 'PUT /api/auth/me': { display_name: 'X' }, 'POST /api/auth/2fa/setup': undefined, 'POST /api/auth/logout': undefined };
  const before = sql('CHECKSUM TABLE users, user_roles, roles, api_keys, identity_providers, channels', customer.schema);
  for (const [key, b] of Object.entries(tries))
    await refused(await admin(...key.split(' '), { body: b }));
  assert.equal(sql('CHECKSUM TABLE users, user_roles, roles, api_keys, identity_providers, channels', customer.schema), before);
  assert.equal((await firm.admin('GET', '/api/auth/me')).status, 200, 'still signed in');
  assert.deepEqual((await all(admin, '/api/tenants')).map((x) => x.id), [customer.id]);
  assert.equal((await admin('GET', `/api/tenants/${firm.id}`)).status, 404);
  await refused(await acting(platform)('GET', '/api/tenants')); // the platform needs one too
  await back(grant);
});

test('it is for one user, or for all with their keys, and over when its time is', async () => {
  const one = await person(firm, ['operator']), grant = await given({ grantee_user: one.id });
  assert.equal((await acting(one)('GET', '/api/drift/configs')).status, 200);
  await refused(await acting(firm.admin)('GET', '/api/drift/configs'));
  const key = withKey((await serviceKey(firm.admin, ['read:drift', 'read:alerts'])).key);
  await refused(await acting(key)('GET', '/api/drift/configs'));
  await back(grant);
  const second = await given({ roles: ['viewer'] });
  assert.equal((await acting(key)('GET', '/api/drift/configs')).status, 200);
  await refused(await acting(key)('GET', '/api/channels'.replace('/api', '/api/drift')));
  const bound = withKey((await newKey(firm.admin, ['write:snapshots'], { config_ids: [(await newConfig(firm.admin)).id] })).key);
  assert.equal((await acting(bound)('GET', '/api/drift/configs')).status, 404);
  // behind the back of every cache, as another host would do it
  sql(`UPDATE grants SET expires_at = NOW(3) WHERE id = ${hex(second.id)}`);
  for (const caller of [key, firm.admin])
    await refused(await acting(caller)('GET', '/api/drift/configs'));
  assert.equal((await all(customer.admin, `/api/tenants/${customer.id}/grants`)).find((g) => g.id === second.id).state, 'ended');
  // of a tenant that no other test asks: each process hears of its status in its own time
  const giver = await party(), there = acting(key, giver.slug);
  await given({ roles: ['viewer'] }, giver.admin, giver);
  sql(`UPDATE tenants SET status = 'suspended' WHERE id = ${hex(giver.id)}`);
  await until('the suspension is known', async () => (await there('GET', '/api/drift/configs')).status === 403, 5);
  assert.equal((await give({ grantee_tenant: giver.slug }, stranger.admin, stranger)).status, 422, 'to one that is suspended');
  sql(`UPDATE tenants SET status = 'active' WHERE id = ${hex(giver.id)}`);
  await until('it is active again', async () => (await there('GET', '/api/drift/configs')).status === 200, 5);
});

test('a role that is lent counts as it is now, and is in use', async () => {
  const name = unique('lent'), role = (await customer.admin('POST', '/api/roles', { body: { name, permissions: ['read:drift', 'read:alerts'] } })).json;
  const grant = await given({ roles: [name] }), there = acting(firm.admin), alter = (permissions, by = customer.admin) => by('PUT', `/api/roles/${role.id}`, { body: { permissions } });
  assert.equal((await there('GET', '/api/drift/alerts')).status, 200);
  assert.equal((await alter(['read:drift'])).status, 200);
  await refused(await there('GET', '/api/drift/alerts'));
  assert.deepEqual([(await customer.admin('DELETE', `/api/roles/${role.id}`)).status], [409]);
  const maker = unique('maker');
  assert.equal((await customer.admin('POST', '/api/roles', { body: { name: maker, permissions: ['update:roles', 'read:roles', 'read:drift', 'read:snapshots'] } })).status, 201);
  await refused(await alter(['read:drift', 'read:snapshots'], await person(customer, [maker])));
  await back(grant);
  assert.equal((await customer.admin('DELETE', `/api/roles/${role.id}`)).status, 204);
});

test('who lends holds it themselves that long, and what is asked for makes sense', async () => {
  const roles = unique('giver');
  assert.equal((await customer.admin('POST', '/api/roles', { body: { name: roles, permissions: ['manage:tenants', 'read:drift', 'read:alerts'] } })).status, 201);
  const giver = await person(customer, [roles]);
  await refused(await give({}, giver), 'privilege_escalation');
  await back(await given({ roles: ['viewer'] }, giver));
  const wrong = { grantee_tenant: [customer.slug, unique('nobody'), 'x', 'a'.repeat(64), '../x'], roles: [[], ['no such role'], ['platform_admin'], Array(11).fill('viewer')],
    reason: ['', undefined, 'x'.repeat(401), 'a\u0000b'], expires_at: [undefined, null, ahead(-1), ahead(367), 'soon'], grantee_user: ['me'], extra: [1] };
  const n = () => sql('SELECT COUNT(*) FROM grants'), had = n();
  for (const [member, values] of Object.entries(wrong))
    for (const value of values)
      assert.equal((await give({ [member]: value })).status, 422, `${member}: ${JSON.stringify(value)}`);
  await refused(await give({}, await person(customer, ['operator'])));
  assert.equal((await give({}, stranger.admin)).status, 404);
  assert.equal(n(), had);
  for (const named of ['', ' ', unique('nobody'), '../x', 'ä', 'x'.repeat(300), crypto.randomUUID()])
    if (named.trim() !== '')
      await refused(await acting(firm.admin, encodeURIComponent(named))('GET', '/api/drift/configs'));
  const [x] = await entries(firm, 'request.refuse', (one) => one.details.acting !== undefined);
  assert.equal(x.details.route, 'GET /api/drift/configs');
});

test('the platform gives in the name of a tenant, and all three trails say so', async () => {
  const grant = await given({ grantee_tenant: credentials.platform.tenant, roles: ['viewer'] }, platform), there = acting(platform);
  assert.equal((await there('GET', '/api/drift/configs')).status, 200);
  assert.deepEqual((await all(there, '/api/tenants').catch(() => [])).map((x) => x.id), []);
  const own = { admin: platform, slug: 'platform' };
  for (const p of [customer, own])
    await entries(p, 'grant.create', (x) => x.target_id === grant.id);
  assert.equal((await back(grant, platform)).status, 204);
  for (const p of [customer, own])
    await entries(p, 'grant.revoke', (x) => x.target_id === grant.id);
});

test('a tenant that asks for a second factor asks it of those who act there', async () => {
  const set = (names) => customer.admin('PUT', `/api/tenants/${customer.id}`, { body: { settings: { mfa: { required_for: names } } } });
  const grant = await given({ roles: ['viewer'] });
  assert.equal((await set(['viewer'])).status, 200);
  await refused(await acting(firm.admin)('GET', '/api/drift/configs'));
  assert.equal((await set([])).status, 200);
  assert.equal((await acting(firm.admin)('GET', '/api/drift/configs')).status, 200);
  await back(grant);
});

test('an entry that was carried before whoever carried it could say so is not there twice', async () => {
  const grant = await given({ roles: ['viewer'] }), [x] = await entries(firm, 'grant.create', (one) => one.target_id === grant.id);
  await until('the inbox is empty', () => sql('SELECT COUNT(*) FROM audit_inbox') === '0');
  sql(`INSERT INTO audit_inbox (id, tenant_id, from_tenant, action, outcome, actor_kind, actor_name, address, user_agent, request_id, details, at)
    VALUES (${hex(x.id)}, ${hex(firm.id)}, ${hex(customer.id)}, 'grant.create', 'success', 'user', 'again', '', '', '', '{}', NOW(3))`);
  await until('it is taken away', () => sql('SELECT COUNT(*) FROM audit_inbox') === '0');
  const again = await entries(firm, 'grant.create', (one) => one.target_id === grant.id);
  assert.deepEqual(again.map((one) => one.id), [x.id]);
  assert.equal((await firm.admin('GET', '/api/audit/verify')).json.ok, true);
  await back(grant);
});

test('who is called as somebody here is told by the tenant that they are of, wherever a name stands alone', async () => {
  const twin = { tenant: firm.slug, email: customer.email, password };
  assert.equal((await firm.admin('POST', '/api/users', { body: { email: twin.email, display_name: 'Twin', password, roles: ['operator'] } })).status, 201);
  const there = acting(await bearer(twin)), config = await newConfig(customer.admin), name = `tenant:${firm.slug}/${twin.email}`;
  await given();
  const config_id = config.id, drift = (v) => push(there, config, [policy(1, { state: v })]);
  await drift('on');
  await drift('off');
  const [alert] = (await all(customer.admin, `/api/drift/alerts?config_id=${config_id}`));
  assert.equal((await there('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'acknowledged' } })).status, 200);
  const now = (await customer.admin('GET', `/api/drift/alerts/${alert.id}`)).json;
  assert.equal(now.acknowledged_by, name);
  assert.ok(now.history.every((h) => h.actor !== twin.email), JSON.stringify(now.history));
  assert.ok((await all(customer.admin, `/api/drift/configs/${config_id}/snapshots`)).every((s) => s.pushed_by === name));
  const silence = await there('POST', '/api/drift/silences', { body: { matcher: { config: config_id }, reason: 'Work.', expires_at: ahead(1) } });
  assert.deepEqual([silence.status, silence.json.owner], [201, name], silence.text);
});

test('the platform lends what its own people hold, and nobody learns by giving what other tenants are called', async () => {
  const p = { slug: 'platform', admin: platform }, keeper = await person(p, ['platform_admin']);
  await refused(await give({}, keeper), 'privilege_escalation');
  const grant = await given();
  assert.equal(grant.grantee_name, null);
  assert.ok((await all(firm.admin, `/api/tenants/${firm.id}/grants?direction=received`)).find((g) => g.id === grant.id).grantee_name);
  assert.equal((await give({}, platform)).status, 201);
});

test('of grants to one tenant twenty count, and what is done by them counts with the requests of who gave them', async () => {
  const answers = [];
  for (let i = 0; i < 21; i++)
    answers.push(await give({ expires_at: ahead(1 + i) }));
  assert.deepEqual(answers.map((a) => a.status), [...Array(20).fill(201), 409], answers.at(-1).text);
  const there = acting(firm.admin);
  assert.equal((await platform('PUT', `/api/tenants/${customer.id}`, { body: { quota: { requests_per_minute: 6, requests_burst: 6 } } })).status, 200);
  await until('the limit', async () => (await there('GET', '/api/drift/configs')).status === 429, 60, 100);
  assert.equal((await firm.admin('GET', '/api/drift/configs')).status, 200);
  assert.equal((await platform('PUT', `/api/tenants/${customer.id}`, { body: { quota: { requests_per_minute: null, requests_burst: null } } })).status, 200);
});

test('the access review has the grants that count among people and keys, with what they come to', async () => {
  const owner = await party(), viewer = await person(owner, ['viewer']), gone = (await owner.admin('POST', '/api/roles', { body: { name: 'gone', permissions: ['read:audit'] } })).json;
  const first = await given({ roles: ['operator', 'gone'] }, owner.admin, owner), over = await given({}, owner.admin, owner);
  const key = await newKey(owner.admin, ['read:*']), last = await given({ roles: ['viewer'], grantee_user: firm.admin.session.user.id }, owner.admin, owner);
  assert.equal((await back(over, owner.admin, owner)).status, 204);
  sql(`DELETE FROM \`${owner.schema}\`.roles WHERE id = ${hex(gone.id)}`);
  const list = await all(owner.admin, '/api/access-review', 2), shown = list.find((x) => x.id === first.id);
  assert.deepEqual(list.map((x) => x.id), [last.id, key.id, first.id, viewer.id, owner.admin.session.user.id], JSON.stringify(list));
  assert.deepEqual([shown.kind, shown.name, shown.display_name, shown.status, shown.until, shown.last_used, shown.scopes], ['grant', firm.slug, null, 'active', first.expires_at, null, []]);
  assert.deepEqual([shown.only_user, list.find((x) => x.id === last.id).only_user, list.find((x) => x.id === key.id).only_user], [null, firm.admin.session.user.id, null]);
  assert.deepEqual(shown.assignments.map((a) => [a.role, a.until, a.given_by, a.given_by_name, a.since]), [['operator', first.expires_at, owner.admin.session.user.id, owner.email, first.created_at]]);
  assert.ok(shown.permissions.includes('update:drift') && !shown.permissions.includes('create:users') && !shown.permissions.includes('read:audit'), shown.permissions.join());
  assert.deepEqual((await all(owner.admin, '/api/access-review?kind=grant', 1)).map((x) => x.id), [last.id, first.id]);
  assert.ok(!(await all(owner.admin, '/api/access-review?kind=user')).some((x) => x.kind === 'grant'));
  const table = await owner.admin('GET', '/api/access-review?kind=grant', { headers: { Accept: 'text/csv' } });
  assert.deepEqual(table.text.split('\r\n').slice(1).map((l) => l.split(',').slice(0, 3).join()), [`${last.id},grant,${firm.slug}`, `${first.id},grant,${firm.slug}`, '']);
  const role = await owner.admin('POST', '/api/roles', { body: { name: 'reviewer', permissions: ['read:roles'] } });
  assert.equal(role.status, 201, role.text);
  const bare = await (await person(owner, ['reviewer']))('GET', '/api/access-review?kind=grant');
  assert.ok(!bare.text.includes(firm.slug) && !bare.text.includes('@') && bare.json.items.length === 2, bare.text);
});
