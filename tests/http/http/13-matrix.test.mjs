// Who may call what: every route of the OpenAPI document against every built-in role of /api/roles.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { credentials } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { all, bearer, newTenant } from '../lib/people.mjs';

// What a role's permissions stand for. Outside the tenant platform nobody reads metrics or makes tenants.
function holds(role, permission, platform) {
  const [action, resource] = permission.split(':');
  if (!platform && (resource === 'metrics' || permission === 'create:tenants'))
    return false;
  return role.permissions.some((p) => {
    const [a, r] = p.split(':');
    return (a === '*' || a === 'manage' || a === action) && (r === '*' || r === resource);
  });
}

async function routes() {
  const { document } = await openapi(), list = [];
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const permission = /Needs the permission ([a-z]+:[a-z_]+)\./.exec(JSON.stringify(op))?.[1];
      if (permission)
        list.push({ method: method.toUpperCase(), target: template.replaceAll(/\{[^}]+\}/g, () => crypto.randomUUID()), permission });
    }
  }
  return list;
}

// Bodies that fit no route: whoever may call gets past the access step and is told so, and nothing is done.
async function matrix(admin, tenant, platform) {
  const list = await routes(), roles = await all(admin, '/api/roles');
  assert.ok(list.length > 30, `${list.length} routes with a permission`);
  let allowed = 0, refused = 0;
  for (const role of roles.filter((r) => r.built_in)) {
    const who = { tenant, email: `${role.name}@matrix.example`, password: 'a long enough password' };
    const made = await admin('POST', '/api/users', { body: { email: who.email, display_name: role.name, password: who.password, roles: [role.name] } });
    assert.ok(made.status === 201 || made.status === 409, made.text);
    const caller = await bearer(who);
    for (const { method, target, permission } of list) {
      const body = method === 'POST' || method === 'PUT' ? { no_such_member: 1 } : undefined;
      const a = await caller(method, target, { body });
      const may = holds(role, permission, platform), what = `${role.name} ${method} ${target} (${permission}): ${a.text.slice(0, 200)}`;
      assert.equal(a.status === 403 && a.json.code === 'forbidden', !may, what);
      if (may)
        assert.ok([200, 400, 404, 422].includes(a.status), what);
      may ? allowed++ : refused++;
    }
    const permissions = (await caller('GET', '/api/auth/me')).json.permissions;
    const catalogue = roles.length && (await admin('GET', '/api/permissions')).json.items.map((p) => p.permission);
    assert.deepEqual([...permissions].sort(), catalogue.filter((p) => holds(role, p, platform)).sort(), role.name);
  }
  assert.ok(allowed > 50 && refused > 50, `${allowed} allowed, ${refused} refused`);
}

test('each built-in role may call exactly the routes whose permission it holds', { timeout: 180000 }, async () => {
  const owner = newTenant();
  await matrix(await bearer(owner), owner.tenant, false);
});

test('the same in the tenant platform, with its platform_admin', { timeout: 180000 }, async () => {
  const admin = await bearer(credentials.platform);
  assert.ok((await all(admin, '/api/roles')).some((r) => r.name === 'platform_admin'));
  await matrix(admin, credentials.platform.tenant, true);
});
