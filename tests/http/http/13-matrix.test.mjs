// Who may call what: every route of the OpenAPI document by every built-in role of /api/roles, in every situation of the
// table below, against the permission that the document names.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { credentials, sql, until } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { administrativeKey, ahead, all, bearer, newChannel, newConfig, newOnboarding, newTenant, policy, push, unique, withKey } from '../lib/people.mjs';

const password = 'a long enough password';

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
      const also = /Needs also ([a-z:_, ]+)\./.exec(JSON.stringify(op))?.[1].split(/, | and /) ?? [];
      if (permission)
        list.push({ method: method.toUpperCase(), template, permission, also });
    }
  }
  assert.ok(list.length > 60, `${list.length} routes with a permission`);
  return list;
}

// ---- what is asked --------------------------------------------------------------------------------

const nobodys = (template) => template.replaceAll(/\{[^}]+\}/g, () => crypto.randomUUID());
// A body that fits no route: who may call gets past the access step and is told so, and nothing is done.
const unfit = (method) => (method === 'POST' || method === 'PUT' ? { no_such_member: 1 } : undefined);

// One of everything, for its id to stand in another tenant's paths.
async function neighbour() {
  const owner = newTenant(), admin = await bearer(owner), ids = {};
  const made = async (target, body) => {
    const a = await admin('POST', target, { body });
    assert.equal(a.status, 201, `${target} ${a.text}`);
    return a.json.id;
  };
  ids.channels = (await newChannel(admin, 'https://hooks.example.org/x')).id;
  const config = await newConfig(admin, { alerts: [{ channel_id: ids.channels, min_severity: 'low' }] });
  await push(admin, config, [policy(1)]);
  const second = await push(admin, config, [policy(1, { state: 'disabled' })]);
  Object.assign(ids, { configs: config.id, snapshots: second.snapshot_id, reports: second.report.id });
  [ids.changes] = (await all(admin, `/api/drift/reports/${second.report.id}/changes`)).map((c) => c.id);
  [ids.alerts] = (await all(admin, '/api/drift/alerts')).map((a) => a.id);
  await admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { settings: { four_eyes: { accept_from: 'low' } } } });
  ids.acceptances = (await admin('PUT', `/api/drift/changes/${ids.changes}`, { body: { status: 'ignored' } })).json.pending[0].id;
  ids.routes = await made('/api/drift/routes', { name: unique('r'), channels: [ids.channels] });
  ids.intents = await made('/api/drift/intents', { config_id: config.id, category: 'c', key: 'k', path: '/a', expect: 'any', reason: 'x', ends_at: ahead(1) });
  ids.silences = await made('/api/drift/silences', { matcher: { severity: 'low' }, reason: 'Work.', expires_at: ahead(1) });
  ids['silence-series'] = await made('/api/drift/silence-series', { matcher: { severity: 'low' }, reason: 'Work.', rule: 'FREQ=WEEKLY;COUNT=9', duration_s: 3600 });
  ids['golden-baselines'] = await made('/api/drift/golden-baselines', { name: unique('g'), resources: [policy(1)] });
  ids.templates = await made('/api/drift/templates', { name: unique('t'), config: { name: 'c', source: { kind: 'push' } } });
  ids.onboarding = await made('/api/drift/onboarding', newOnboarding(owner.tenant));
  ids['identity-providers'] = await made('/api/identity-providers', { name: unique('p'), kind: 'oidc', client_id: 'c', issuer: 'https://id.example.org' });
  ids.users = await made('/api/users', { email: 'u@neighbour.example', display_name: 'U', password, roles: ['viewer'] });
  ids.roles = await made('/api/roles', { name: unique('r'), permissions: [] });
  ids['api-keys'] = await made('/api/api-keys', { name: unique('k'), scopes: ['read:drift'] });
  ids.tenants = admin.session.tenant.id;
  const polled = { name: unique('c'), source: { kind: 'http', parameters: { base_url: 'https://api.invalid' }, collections: [{ category: 'rules', path: '/rules', items: '/value', key: 'id' }] } };
  ids.runs = (await admin('POST', `/api/drift/configs/${await made('/api/drift/configs', polled)}/run`)).json.run_id;
  ids.deliveries = crypto.randomUUID(); // an attempt at what that drift has told
  sql(`INSERT INTO deliveries (id, outbox_id, channel_id, attempt, at, outcome, took_ms, detail) SELECT UNHEX(REPLACE('${ids.deliveries}', '-', '')), id, channel_id, 100, NOW(3), 'failed', 1, '' FROM outbox LIMIT 1`,
    sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`));
  // what it comes to is written before anybody looks
  await admin('DELETE', `/api/drift/runs/${ids.runs}`);
  await until('the run is over', async () => !['queued', 'running'].includes((await admin('GET', `/api/drift/runs/${ids.runs}`)).json.state), 30);
  return { slug: owner.tenant, ids };
}
// What such a request must say besides.
const QUERIES = { 'DELETE /api/drift/snapshots/{id}': '?reason=Over.', 'GET /api/drift/configs/{id}/history': '?category=c&key=k' };
// Not an id of a tenant: a pack belongs to the installation.
const EVERYBODYS = ['sources'];
const kindOf = (template) => template.split('/').at(template.split('/').findIndex((part) => part.startsWith('{')) - 1);

// ---- the situations ---------------------------------------------------------------------------------

const got = (a) => [a.status, a.status === 403 ? a.json.code : undefined];
const passed = { what: 'past the access step', fits: (a) => [200, 400, 404, 406, 409, 422].includes(a.status) && a.json?.code !== 'forbidden' };
const forbidden = { what: '403 forbidden', fits: (a) => got(a).join() === '403,forbidden' };
const missing = { what: '404', fits: (a) => a.status === 404 };
const untouched = { what: '404 or 422', fits: (a) => a.status === 404 || a.status === 422 };
const unknown = { what: '401', fits: (a) => a.status === 401 };

// Nothing that gives power, or outlives the grant.
const lent = (permission) => /:(drift|snapshots|alerts)$/.test(permission) || (/^read:/.test(permission) && permission !== 'read:metrics');
const there = (caller, r, tenant) => caller(r.method, nobodys(r.template), { body: unfit(r.method), headers: { 'X-Acting-Tenant': tenant } });

// Of each: who asks for what, and what is to come of it, by whether the role holds the permission.
const situations = {
  'its own tenant': { ask: (w, role, r) => w.people.get(role.name)(r.method, nobodys(r.template), { body: unfit(r.method) }), expect: (may) => (may ? passed : forbidden) },
  "another tenant's ids": { only: (w, r) => w.ids !== undefined && r.template.includes('{') && !EVERYBODYS.includes(kindOf(r.template)),
    ask: (w, role, r) => w.people.get(role.name)(r.method, r.template.replace(/\{[^}]+\}/, () => w.ids[kindOf(r.template)] ?? assert.fail(`${r.template}: an id of the neighbour's`)).replaceAll(/\{[^}]+\}/g, () => crypto.randomUUID()) + (QUERIES[`${r.method} ${r.template}`] ?? ''),
      { body: r.method === 'POST' || r.method === 'PUT' ? {} : undefined }),
    expect: (may, r) => (!may ? forbidden : ['GET', 'DELETE'].includes(r.method) ? missing : untouched) },
  'a key, with the scope or without': { ask: (w, role, r) => w.keys.get(role.name)(r.method, nobodys(r.template), { body: unfit(r.method) }),
    expect: (may, r) => (may && r.permission !== 'create:api_keys' ? passed : forbidden) },
  'a role that has ended': { ask: (w, role, r) => w.ended.get(role.name)(r.method, nobodys(r.template), { body: unfit(r.method) }), expect: () => forbidden },
  'a grant of that role, to who may everything at home': { only: (w) => w.guests !== undefined, ask: (w, role, r) => there(w.guests.get(role.name), r, w.lender),
    expect: (may, r) => (may && lent(r.permission) ? passed : forbidden) },
  'a grant to who has that role at home': { only: (w, r) => w.guests !== undefined && r.method === 'GET', ask: (w, role, r) => there(w.people.get(role.name), r, w.lender),
    expect: (may, r) => (may && lent(r.permission) ? passed : forbidden) },
  'a grant that has ended': { only: (w, r, role) => w.guests !== undefined && role === w.roles[0], ask: (w, role, r) => there(w.late, r, w.lender), expect: () => forbidden },
  'nobody': { only: (w, r, role) => role === w.roles[0], ask: (w, role, r) => call(r.method, nobodys(r.template), { body: unfit(r.method) }), expect: () => unknown },
};
const suspended = {
  'a suspended tenant': { ask: (w, role, r) => w.people.get(role.name)(r.method, nobodys(r.template), { body: unfit(r.method) }), expect: () => unknown },
  'a key of a suspended tenant': { only: (w, r) => r.method === 'GET', ask: (w, role, r) => w.keys.get(role.name)(r.method, nobodys(r.template)), expect: () => unknown },
};

// Somebody with each role, somebody who had it, and a key that may what it may.
async function world(admin, tenant, ids) {
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${tenant}'`);
  const roles = (await all(admin, '/api/roles')).filter((r) => r.built_in), w = { tenant, roles, ids, people: new Map(), ended: new Map(), keys: new Map() };
  const person = async (name, body) => {
    const who = { tenant, email: `${unique(name)}@matrix.example`, password };
    const a = await admin('POST', '/api/users', { body: { email: who.email, display_name: name, password, ...body } });
    assert.equal(a.status, 201, a.text);
    return who;
  };
  for (const { name, permissions } of roles) {
    w.people.set(name, await bearer(await person(name, { roles: [name] })));
    const over = await person(`${name}-ended`, { assignments: [{ role: name, until: ahead(1) }] });
    sql(`UPDATE user_roles ur JOIN users u ON u.id = ur.user_id SET ur.ends_at = NOW(3) - INTERVAL 1 SECOND WHERE u.email = '${over.email}'`, schema);
    w.ended.set(name, await bearer(over));
    w.keys.set(name, withKey((await administrativeKey(admin, permissions)).key));
  }
  return w;
}

// Another tenant, that lends: each role to somebody who may everything at home, and everything to all of those who have one.
async function lend(w, admin) {
  const owner = newTenant(), giver = await bearer(owner), target = `/api/tenants/${giver.session.tenant.id}/grants`;
  const guest = async () => {
    const who = { tenant: w.tenant, email: `${unique('guest')}@matrix.example`, password };
    const a = await admin('POST', '/api/users', { body: { email: who.email, display_name: 'G', password, roles: ['admin'] } });
    return { id: a.json.id, caller: await bearer(who) };
  };
  const give = async (id, role) => {
    const a = await giver('POST', target, { body: { grantee_tenant: w.tenant, grantee_user: id, roles: [role], reason: 'Work.', expires_at: ahead(1) } });
    assert.equal(a.status, 201, a.text);
    return a.json.id;
  };
  w.guests = new Map();
  for (const { name } of w.roles) {
    const g = await guest();
    await give(g.id, name);
    await give(w.people.get(name).session.user.id, 'admin');
    w.guests.set(name, g.caller);
  }
  const late = await guest();
  sql(`UPDATE grants SET expires_at = NOW(3) - INTERVAL 1 SECOND WHERE id = UNHEX('${(await give(late.id, 'admin')).replaceAll('-', '')}')`);
  Object.assign(w, { late: late.caller, lender: owner.tenant });
}

// Some at a time; a fault tells who, what and how.
async function walk(w, rows, list, platform) {
  const asked = [], wrong = [], counts = {};
  for (const [name, s] of Object.entries(rows))
    for (const role of w.roles)
      for (const r of list.filter((x) => s.only?.(w, x, role) ?? true))
        asked.push({ name, s, role, r });
  for (let i = 0; i < asked.length; i += 16)
    await Promise.all(asked.slice(i, i + 16).map(async ({ name, s, role, r }) => {
      const want = s.expect([r.permission, ...r.also].every((p) => holds(role, p, platform)), r), a = await s.ask(w, role, r);
      counts[`${name}: ${want.what}`] = (counts[`${name}: ${want.what}`] ?? 0) + 1;
      if (!want.fits(a))
        wrong.push(`${name}: ${role.name} ${r.method} ${r.template} (${r.permission}): ${a.status} in place of ${want.what}: ${a.text.slice(0, 120)}`);
    }));
  assert.deepEqual(wrong, []);
  return counts;
}

async function shown(w, admin, platform) {
  const catalogue = (await admin('GET', '/api/permissions')).json.items.map((p) => p.permission);
  for (const role of w.roles) {
    const { permissions } = (await w.people.get(role.name)('GET', '/api/auth/me')).json;
    assert.deepEqual([...permissions].sort(), catalogue.filter((p) => holds(role, p, platform)).sort(), role.name);
    assert.deepEqual((await w.ended.get(role.name)('GET', '/api/auth/me')).json.permissions, [], `${role.name} that has ended`);
  }
}

test('each built-in role may call exactly the routes whose permission it holds, in its own tenant, by its own session or key, and as long as it lasts', { timeout: 180000 }, async (t) => {
  const owner = newTenant(), admin = await bearer(owner), list = await routes(), other = await neighbour();
  const theirs = sql(`SELECT schema_name FROM tenants WHERE slug = '${other.slug}'`);
  const state = () => sql('CHECKSUM TABLE users, user_roles, roles, api_keys, identity_providers, channels, alert_routing, drift_configs, config_snapshots, drift_reports, drift_changes, alerts, silences, silence_series, drift_intents, audit', theirs);
  const w = await world(admin, owner.tenant, other.ids), before = state();
  await shown(w, admin, false);
  await lend(w, admin);
  const counts = await walk(w, situations, list, false);
  assert.equal(state(), before, "nothing of the neighbour's was changed, and nothing of it was told there");
  const platform = await bearer(credentials.platform);
  assert.equal((await platform('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { status: 'suspended' } })).status, 200);
  Object.assign(counts, await walk(w, suspended, list, false));
  for (const [what, n] of Object.entries(counts))
    assert.ok(n >= 30, `${what}: ${n}`);
  assert.equal(Object.keys(counts).length, 16, JSON.stringify(counts));
  t.diagnostic(JSON.stringify(counts));
});

test('the same in the tenant platform, with its platform_admin', { timeout: 180000 }, async () => {
  const admin = await bearer(credentials.platform), list = await routes(), w = await world(admin, credentials.platform.tenant);
  assert.ok(w.roles.some((r) => r.name === 'platform_admin'));
  await shown(w, admin, true);
  await walk(w, situations, list, true);
});
