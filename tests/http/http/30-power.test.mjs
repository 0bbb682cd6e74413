// Nobody gives what they lack: every route by which power can move stands in one table here, and each is tried by
// somebody who may call it, and by it would give, keep or take what they do not hold themselves.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import { newId } from '../lib/client.mjs';
import { credentials, sql } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { administrativeKey, all, bearer, newTenant, unique, withKey } from '../lib/people.mjs';

const password = 'a long enough password';
const owner = newTenant();
const schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${owner.tenant}'`);
let admin, w;

const soon = (ms) => new Date(Date.now() + ms).toISOString();
const person = () => ({ email: `${unique('u')}@power.example`, display_name: 'U' });
const provider = (more = {}) => ({ name: unique('p'), kind: 'oidc', client_id: 'c', issuer: 'https://id.example.org', ...more });
const made = async (target, body) => {
  const a = await admin('POST', target, { body });
  assert.equal(a.status, 201, a.text);
  return a.json;
};

// ---- the table ------------------------------------------------------------------------------------

// moves(permissions beside the route's own, {name: request}): each is refused to who holds these and read:drift, and
// done by who holds all (done: the status).
const moves = (more, tries, done = 200) => ({ more, tries, done });
const no = (why) => ({ why });

const lending = (roles) => ({ target: `/api/tenants/${admin.session.tenant.id}/grants`,
  body: { grantee_tenant: credentials.platform.tenant, roles, reason: 'Work.', expires_at: soon(3600000) } });
const user = (body, rest = '') => async () => ({ target: `/api/users/${(await w.boss()).id}${rest}`, body });
const making = (body) => () => ({ body: body() });

const table = {
  'POST /api/users': moves(['assign:roles'], {
    'a stronger role': making(() => ({ ...person(), password, roles: [w.strong.name] })),
    'a stronger role, by invitation': making(() => ({ ...person(), roles: [w.strong.name] })),
    'the role of administrators': making(() => ({ ...person(), password, role: 'admin' })),
    'a stronger role for a minute': making(() => ({ ...person(), password, assignments: [{ role: w.strong.name, until: soon(60000) }] })),
  }, 201),
  'PUT /api/users/{id}': moves(['assign:roles'], {
    'a stronger role': async () => ({ target: `/api/users/${(await w.weak()).id}`, body: { roles: ['viewer', w.strong.name] } }),
    'a later end of a stronger role': user({ assignments: [{ role: 'admin', until: soon(7200000) }] }),
    'no end any more': async () => ({ target: `/api/users/${(await w.boss({ assignments: [{ role: w.strong.name, until: soon(3600000) }] })).id}`, body: { assignments: [{ role: w.strong.name }] } }),
    'an address that mail for a stronger user goes to': user({ email: person().email }),
    'a stronger user out': user({ status: 'disabled' }),
    'a stronger user without roles': user({ roles: [] }),
    'a stronger user by another name': user({ display_name: 'Somebody' }),
  }),
  'DELETE /api/users/{id}': moves([], { 'a stronger user': user() }, 204),
  'POST /api/users/{id}/sessions/revoke': moves([], { 'a stronger user': user(undefined, '/sessions/revoke') }, 204),
  'POST /api/users/{id}/unlock': moves([], { 'a stronger user': user(undefined, '/unlock') }, 204),
  'POST /api/users/{id}/2fa/reset': moves([], { 'a stronger user': user(undefined, '/2fa/reset') }, 204),
  'DELETE /api/auth/sessions/{id}': moves(['update:users'], { 'a stronger user\'s': async () => {
    const boss = await w.boss({ password }), own = await bearer({ tenant: owner.tenant, email: boss.email, password });
    return { target: `/api/auth/sessions/${(await own('GET', '/api/auth/me')).json.session.id}` };
  } }, 204),
  'POST /api/roles': moves([], {
    'everything': making(() => ({ name: unique('r'), permissions: ['*:*'] })),
    'a wildcard of which one is lacking': making(() => ({ name: unique('r'), permissions: ['read:*'] })),
    'a resource whole': making(() => ({ name: unique('r'), permissions: ['manage:drift'] })),
  }, 201),
  'PUT /api/roles/{id}': moves(['assign:roles'], {
    'more in a role that others have': async () => ({ target: `/api/roles/${w.shared.id}`, body: { permissions: ['read:drift', 'read:audit'] } }),
    'less in a stronger role': async () => ({ target: `/api/roles/${(await w.role(['read:audit'])).id}`, body: { permissions: [] } }),
    'another name of a stronger role': async () => ({ target: `/api/roles/${(await w.role(['read:audit'])).id}`, body: { name: unique('r') } }),
  }),
  'DELETE /api/roles/{id}': moves([], { 'a stronger role': async () => ({ target: `/api/roles/${(await w.role(['read:audit'])).id}` }) }, 204),
  'POST /api/api-keys': moves([], {
    'a scope that is lacking': making(() => ({ name: unique('k'), scopes: ['read:audit'] })),
    'a wildcard': making(() => ({ name: unique('k'), scopes: ['read:*'] })),
    'a service key that goes on without its maker': making(() => ({ name: unique('k'), kind: 'service', administrative: true, scopes: ['update:users'], expires_at: soon(86400000) })),
  }, 201),
  'DELETE /api/api-keys/{id}': no('what a key could do nobody gains'),
  'POST /api/identity-providers': moves(['assign:roles', 'create:users'], {
    'a stronger role to a group': making(() => provider({ role_map: { all: w.strong.name } })),
    'whose word signs in as anybody of a domain': making(() => provider({ allowed_domains: ['power.example'] })),
    'accounts with a stronger role': making(() => provider({ kind: 'entra', issuer: undefined, entra_tenant_id: crypto.randomUUID(), auto_provision: true, role_map: { '*': w.strong.name } })),
  }, 201),
  'PUT /api/identity-providers/{id}': moves(['assign:roles', 'create:users'], {
    'a stronger role to a group': async () => ({ target: `/api/identity-providers/${(await made('/api/identity-providers', provider())).id}`, body: { role_map: { all: w.strong.name }, allowed_domains: ['power.example'] } }),
    'a second factor that somebody else says was shown': async () => ({ target: `/api/identity-providers/${(await made('/api/identity-providers', provider({ allowed_domains: ['power.example'] }))).id}`, body: { trust_mfa: true } }),
  }),
  'DELETE /api/identity-providers/{id}': no('whose word counted counts no more: nobody gains'),
  'PUT /api/tenants/{id}': moves(['update:settings'], { 'a stronger role without a second factor': async () => {
    const target = `/api/tenants/${admin.session.tenant.id}`, set = (names) => ({ settings: { mfa: { required_for: names } } });
    assert.equal((await admin('PUT', target, { body: set([w.strong.name]) })).status, 200);
    return { target, body: set(['viewer']) };
  } }),
  'POST /api/tenants/{id}/grants': moves([], {
    'a stronger role to another tenant': () => lending([w.strong.name]),
    'everything to another tenant': () => lending(['admin']),
  }, 201),
  'DELETE /api/tenants/{id}/grants/{id2}': no('what others might do nobody gains'),
  'POST /api/tenants': no('the platform makes it, and whoever is its administrator holds nothing elsewhere'),
  'DELETE /api/tenants/{id}': no('of the platform alone'),
  'POST /api/tenants/{id}/undelete': no('of the platform alone; who could sign in before can again'),
  'POST /api/roles/{id}/preview': no('it does nothing'),
  'POST /api/users/{id}/preview': no('it does nothing'),
};
// Routes that change something, of who may be somebody else: all of these are in the table.
const POWER = /^(users|roles|api_keys|tenants|settings)$/;

test('every route by which power can move is in the table', async () => {
  const { document } = await openapi(), found = [];
  for (const [template, item] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(item)) {
      const resource = /Needs the permission [a-z]+:([a-z_]+)\./.exec(JSON.stringify(op))?.[1];
      if (method !== 'get' && resource && POWER.test(resource))
        found.push(`${method.toUpperCase()} ${template}`);
    }
  assert.deepEqual(found.filter((key) => !table[key]), [], 'routes that nobody has classified');
  const rows = Object.keys(table).filter((key) => key !== 'DELETE /api/auth/sessions/{id}'); // of oneself, or of others
  assert.deepEqual(rows.filter((key) => !found.includes(key)), [], 'routes that are not there any more');
});

// ---- who tries ------------------------------------------------------------------------------------

before(async () => {
  admin = await bearer(owner);
  const role = (permissions) => made('/api/roles', { name: unique('role'), permissions });
  const strong = await role(['read:audit', 'read:drift']), shared = await role(['read:drift']);
  await made('/api/users', { ...person(), roles: [shared.name] });
  w = { role, strong, shared,
    weak: () => made('/api/users', { ...person(), roles: ['viewer'] }),
    boss: (more) => made('/api/users', { ...person(), ...(more?.assignments ? {} : { assignments: [{ role: 'admin', until: soon(3600000) }] }), ...more }) };
});

const permissionOf = async (key) => {
  const [method, template] = key.split(' '), op = (await openapi()).document.paths[template][method.toLowerCase()];
  return /Needs the permission ([a-z]+:[a-z_]+)\./.exec(JSON.stringify(op))?.[1];
};
const send = async (caller, key, make) => {
  const [method, template] = key.split(' '), { target = template, body } = await make();
  return caller(method, target, { body, id: newId() });
};

test('none of them gives more than who calls it holds, and whoever holds it does', { timeout: 120000 }, async (t) => {
  const state = () => sql(`CHECKSUM TABLE users, user_roles, roles, role_permissions, identity_providers; SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL;
    SELECT COUNT(*) FROM user_sessions WHERE revoked_at IS NOT NULL; SELECT settings FROM bsx.tenants WHERE slug = '${owner.tenant}'`, schema);
  let n = 0;
  for (const [key, row] of Object.entries(table).filter(([, r]) => r.tries)) {
    const permission = await permissionOf(key), has = [...new Set([...(permission ? [permission] : []), ...row.more, 'read:drift', 'read:alerts'])];
    const role = await w.role(has), who = { ...person(), password };
    await made('/api/users', { ...who, roles: [role.name] });
    const caller = await bearer({ ...who, tenant: owner.tenant });
    const callers = [['a user', caller]];
    if (permission && permission !== 'create:api_keys')
      callers.push(['an administrative key', withKey((await administrativeKey(admin, has)).key)]);
    for (const [name, make] of Object.entries(row.tries)) {
      const request = await make(), before = state();
      for (const [kind, by] of callers) {
        const a = await send(by, key, () => request);
        assert.deepEqual([a.status, a.json?.code], [403, 'privilege_escalation'], `${kind}: ${key}: ${name}: ${a.text}`);
        n++;
      }
      assert.equal(state(), before, `${key}: ${name}: nothing has happened`);
      const a = await send(admin, key, () => request);
      assert.equal(a.status, row.done, `${key}: ${name}, by who holds it: ${a.text}`);
    }
  }
  t.diagnostic(`${n} refused`);
  assert.ok(n > 50, `${n}`);
});

test('a role that was widened, or lost, a moment ago counts as it is now', async () => {
  const role = await w.role(['read:drift']), has = await w.role(['update:users', 'assign:roles', 'read:drift', 'read:audit']);
  const who = { ...person(), password }, id = (await made('/api/users', { ...who, roles: [has.name] })).id, caller = await bearer({ ...who, tenant: owner.tenant });
  const weak = (await w.weak()).id, give = () => caller('PUT', `/api/users/${weak}`, { body: { roles: [role.name] } });
  await admin('PUT', `/api/roles/${role.id}`, { body: { permissions: ['read:drift', 'read:settings'] } });
  assert.equal((await give()).json.code, 'privilege_escalation');
  await admin('PUT', `/api/roles/${role.id}`, { body: { permissions: ['read:audit'] } });
  assert.equal((await caller('GET', '/api/auth/me')).json.user.id, id);
  // behind the back of every cache, as another host would do it
  sql(`DELETE FROM role_permissions WHERE permission = 'read:audit' AND role_id = UNHEX('${has.id.replaceAll('-', '')}')`, schema);
  assert.equal((await give()).json.code, 'privilege_escalation');
  assert.deepEqual((await all(admin, '/api/audit?action=user.update')).filter((x) => x.target_id === weak), []);
});
