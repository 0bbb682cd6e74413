// API keys: what each kind may do on every route, and what becomes of them when something happens to who made them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import path from 'node:path';
import { build, state } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { administrativeKey, ahead, all, bearer, newConfig, newKey, newTenant, policy, serviceKey, sql, unique, withKey } from '../lib/people.mjs';

let owner, admin, config;
before(async () => {
  owner = newTenant();
  admin = await bearer(owner);
  config = await newConfig(admin);
});

// Only administrators make keys.
async function newMaker() {
  const who = { tenant: owner.tenant, email: `${unique('m')}@keys.example`, password: crypto.randomBytes(15).toString('base64') };
  const a = await admin('POST', '/api/users', { body: { email: who.email, display_name: 'Maker', password: who.password, roles: ['admin'] } });
  assert.equal(a.status, 201, a.text);
  return { id: a.json.id, call: await bearer(who) };
}

const snapshots = (c) => `/api/drift/configs/${c.id}/snapshots`;
const pushes = async (key, c = config) => (await withKey(key.key)('POST', snapshots(c), { body: { resources: [policy(1)] } })).status;
const reads = async (key) => (await withKey(key.key)('GET', '/api/drift/configs')).status;
const listed = async (key) => (await all(admin, `/api/api-keys?created_by=${key.created_by}`)).find((k) => k.id === key.id);

// ---- kind x route -------------------------------------------------------------------------------

const power = ['users', 'roles', 'api_keys', 'tenants', 'settings'];

async function routes() {
  const { document } = await openapi(), list = [];
  for (const [template, item] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(item)) {
      const text = JSON.stringify(op), [, action, resource] = /Needs the permission ([a-z]+):([a-z_]+)/.exec(text) ?? [];
      // its handler asks for the permission of what it finds: nothing is found here
      const open = op.security.length === 0 || /Open to the addresses of|Needs the permission of the deed/.test(text);
      assert.ok(open || action || /API keys cannot do this/.test(text), `${method} ${template}: may a key do this?`);
      if (!open)
        list.push({ method: method.toUpperCase(), template, action, resource,
          target: template.replaceAll(/\{[^}]+\}/g, '01890a5d-ac96-774b-bcce-b302099a8057') });
    }
  return list;
}

const ask = (key, { method, target }) => withKey(key.key)(method, target,
  { body: method === 'POST' || method === 'PUT' ? { no_such_member: 1 } : undefined });
const isForbidden = (a) => a.status === 403 && a.json.code === 'forbidden';

test('of every route a key may do what its kind can: power is for administrative keys, and none makes keys', { timeout: 60000 }, async () => {
  const list = await routes(), maker = await newMaker(), kinds = {
    personal: await newKey(maker.call, ['*:*']), service: await serviceKey(maker.call, ['*:*']),
    administrative: await administrativeKey(maker.call, ['*:*']),
  };
  const refused = { personal: 0, service: 0, administrative: 0 };
  for (const [kind, key] of Object.entries(kinds))
    for (const route of list) {
      const { action, resource } = route, a = await ask(key, route), platform = resource === 'metrics' || `${action}:${resource}` === 'create:tenants';
      const may = action && !platform && `${action}:${resource}` !== 'create:api_keys' &&
        (kind === 'administrative' || action === 'read' || !power.includes(resource));
      assert.equal(isForbidden(a), !may, `${kind} ${route.method} ${route.template} (${action}:${resource}): ${a.status} ${a.text.slice(0, 200)}`);
      refused[kind] += !may;
    }
  assert.ok(list.length > 70 && refused.personal === refused.service && refused.personal > refused.administrative);
  console.log(`# ${list.length} routes x 3 kinds, refused ${JSON.stringify(refused)}`);
});

test('a key that is bound to configs finds nothing but its pushes', async () => {
  const list = await routes(), other = await newConfig(admin), key = await serviceKey(admin, ['write:snapshots'], { config_ids: [config.id] });
  let cases = 0;
  assert.ok(list.length > 70);
  for (const route of list) {
    const a = await ask(key, route);
    assert.equal(a.status, route.action ? 404 : 403, `${route.method} ${route.template}: ${a.text}`);
    const mine = await ask(key, { ...route, target: route.template.replaceAll(/\{[^}]+\}/g, config.id) });
    if (route.action === 'write' && route.resource === 'snapshots')
      assert.match(route.template, /^\/api\/drift\/configs\/\{id\}\/[a-z]+$/, 'a push names its config');
    else
      assert.equal(mine.status, route.action ? 404 : 403, `${route.method} ${route.template}: ${mine.text}`);
    cases += 2;
  }
  assert.equal(await pushes(key), 201);
  const document = await withKey(key.key)('POST', `/api/drift/configs/${config.id}/documents`, { body: { a: 1 } });
  assert.equal(document.status, 201, document.text);
  assert.equal(await pushes(key, other), 404);
  assert.deepEqual((await listed(key)).config_ids, [config.id]);
  console.log(`# ${cases} cases`);
});

test('a key bound to a config that is deleted later is of no use there', async () => {
  const gone = await newConfig(admin), key = await serviceKey(admin, ['write:snapshots'], { config_ids: [gone.id, config.id] });
  assert.equal(await pushes(key, gone), 201);
  assert.equal((await admin('DELETE', `/api/drift/configs/${gone.id}`)).status, 204);
  assert.equal(await pushes(key, gone), 404);
  assert.equal(await pushes(key), 201);
});

// ---- kind x event x scope -----------------------------------------------------------------------

const change = (body) => (m) => admin('PUT', `/api/users/${m.id}`, { body });
const events = {
  'a new name': { happens: change({ display_name: 'Another' }), personal: [201, 200], service: [201, 200] },
  'a role lost': { happens: change({ roles: ['viewer'] }), personal: [403, 200], service: [201, 200], names: { narrowed: ['push'] } },
  'all roles lost': { happens: change({ roles: [] }), personal: [403, 403], service: [201, 200], names: { narrowed: ['push', 'read'] } },
  'signed out everywhere': { happens: (m) => m.call('POST', '/api/auth/logout?all=true'), personal: [201, 200], service: [201, 200] },
  'sessions ended by an administrator': { happens: (m) => admin('POST', `/api/users/${m.id}/sessions/revoke`), personal: [201, 200], service: [201, 200] },
  disabled: { happens: change({ status: 'disabled' }), personal: [401, 401], service: [201, 200], orphaned: true,
    names: { ended: ['push', 'read'], orphaned: ['service push', 'service read'] } },
  'disabled and enabled again': { happens: async (m) => { await change({ status: 'disabled' })(m); return change({ status: 'active' })(m); },
    personal: [401, 401], service: [201, 200] },
  deleted: { happens: (m) => admin('DELETE', `/api/users/${m.id}`), personal: [401, 401], service: [201, 200], orphaned: true,
    names: { ended: ['push', 'read'], orphaned: ['service push', 'service read'] } },
};
const named = (keys) => Object.fromEntries(Object.entries(keys ?? {}).map(([what, list]) => [what, list.map((k) => k.name).sort()]));

test('a key fares by its kind when something happens to its maker, and the answer and the trail name it', { timeout: 60000 }, async () => {
  let cases = 0;
  for (const [event, x] of Object.entries(events)) {
    const maker = await newMaker(), make = (kind) => Promise.all([['push', 'write:snapshots'], ['read', 'read:drift']].map(([name, scope]) =>
      (kind === 'service' ? serviceKey : newKey)(maker.call, [scope], { name: kind === 'service' ? `service ${name}` : name })));
    const keys = { personal: await make('personal'), service: await make('service') };
    const state = async ([p, r]) => [await pushes(p), await reads(r)];
    for (const kind of ['personal', 'service'])
      assert.deepEqual(await state(keys[kind]), [201, 200]);
    const answer = await x.happens(maker);
    assert.ok(answer.status < 300, answer.text);
    for (const kind of ['personal', 'service'])
      assert.deepEqual(await state(keys[kind]), x[kind], `${event}, ${kind}`);
    for (const k of keys.service)
      assert.equal((await listed(k)).orphaned, x.orphaned === true, event);
    if (answer.status === 200)
      assert.deepEqual(named(answer.json.keys), x.names ?? {}, `${event}: the answer`);
    if (x.names) {
      const [entry] = (await admin('GET', `/api/audit?action=user.${event === 'deleted' ? 'delete' : 'update'}&limit=1`)).json.items;
      assert.deepEqual(named(entry.details.keys), x.names, `${event}: the trail`);
    }
    cases += 4;
  }
  console.log(`# ${cases} cases: 2 kinds, 2 scopes, ${Object.keys(events).length} events`);
});

test('who may not read keys is told which end by their numbers only', async () => {
  const maker = await newMaker(), key = await newKey(maker.call);
  assert.equal((await admin('PUT', `/api/users/${maker.id}`, { body: { roles: ['viewer'] } })).status, 200);
  const blind = withKey((await administrativeKey(admin, ['update:users', 'read:drift', 'read:alerts'])).key);
  const a = await blind('PUT', `/api/users/${maker.id}`, { body: { status: 'disabled' } });
  assert.equal(a.status, 200, a.text);
  assert.deepEqual(a.json.keys, { ended: [{ id: key.id }] });
});

test('the keys of one maker are listed alone, with all that is to be known of each', async () => {
  const maker = await newMaker(), key = await serviceKey(maker.call, ['write:snapshots'], { config_ids: [config.id] });
  const personal = await newKey(maker.call);
  assert.deepEqual((await all(admin, `/api/api-keys?created_by=${maker.id}`)).map((k) => k.id).sort(), [key.id, personal.id].sort());
  const seen = await listed(key);
  assert.deepEqual([seen.kind, seen.administrative, seen.config_ids, seen.orphaned, seen.created_by], ['service', false, [config.id], false, maker.id]);
  assert.deepEqual([personal.kind, personal.expires_at, personal.config_ids], ['personal', null, []]);
  assert.deepEqual(await all(admin, `/api/api-keys?created_by=${crypto.randomUUID()}`), []);
  assert.equal((await admin('GET', '/api/api-keys?created_by=x')).status, 422);
});

test('the end of a service key is told by the daemon, once', async () => {
  const key = await serviceKey(admin, ['write:snapshots'], { expires_at: ahead(300) });
  const schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${owner.tenant}'`);
  const round = () => execFileSync(path.join(build, 'driftd'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), '--once', '--max-time', '1']);
  const told = async () => (await admin('GET', '/api/audit?action=api_key.ending')).json.items.filter((x) => x.target_id === key.id);
  round();
  assert.deepEqual(await told(), []);
  sql(`UPDATE ${schema}.api_keys SET expires_at = NOW(3) + INTERVAL 6 DAY WHERE id = UNHEX(REPLACE('${key.id}', '-', ''))`);
  round();
  round();
  const [entry, ...more] = await told();
  assert.deepEqual([entry.actor_kind, entry.actor_name, entry.details.days, entry.details.orphaned, more], ['system', 'driftd', 7, false, []]);
});

test('no key touches who made it, whatever its scopes', async () => {
  const maker = await newMaker(), key = withKey((await administrativeKey(maker.call, ['*:*'])).key), target = `/api/users/${maker.id}`;
  for (const [method, path, body] of [['PUT', target, { email: `${unique('x')}@keys.example` }], ['PUT', target, { roles: ['viewer'] }],
    ['PUT', target, { status: 'disabled' }], ['PUT', target, { display_name: 'By a key' }], ['DELETE', target],
    ['POST', `${target}/sessions/revoke`], ['POST', `${target}/unlock`]]) {
    const a = await key(method, path, { body });
    assert.ok(isForbidden(a), `${method} ${path} ${JSON.stringify(body)}: ${a.status} ${a.text}`);
    assert.match(a.json.detail, /cannot change the user who made it/);
  }
  assert.equal((await key('POST', `${target}/2fa/reset`)).status, 409);
  // another administrator may make keys, and so may do more than any key; a viewer may not
  const other = (await newMaker()).id, rename = () => key('PUT', `/api/users/${other}`, { body: { display_name: 'By a key' } });
  assert.equal((await rename()).json.code, 'privilege_escalation');
  assert.equal((await admin('PUT', `/api/users/${other}`, { body: { roles: ['viewer'] } })).status, 200);
  assert.equal((await rename()).status, 200);
  assert.equal((await key('PUT', `/api/users/${other}`, { body: { roles: ['admin'] } })).json.code, 'privilege_escalation');
});

// ---- bad input ----------------------------------------------------------------------------------

test('what a key cannot be is 422 at its place, with what to do', async () => {
  const foreign = await newConfig(await bearer()), gone = await newConfig(admin), service = { kind: 'service', expires_at: ahead(1) };
  assert.equal((await admin('DELETE', `/api/drift/configs/${gone.id}`)).status, 204);
  const cases = [
    [{ kind: 'service', scopes: ['read:drift'] }, '/expires_at', /at most 400 days ahead/],
    [{ kind: 'service', scopes: ['read:drift'], expires_at: null }, '/expires_at', /is required/],
    [{ kind: 'service', scopes: ['read:drift'], expires_at: ahead(400.01) }, '/expires_at', /within 400 days/],
    [{ kind: 'service', scopes: ['read:drift'], expires_at: ahead(-1) }, '/expires_at', /in the future/],
    [{ scopes: ['read:drift'], administrative: true }, '/administrative', /kind service/],
    [{ scopes: ['update:users'] }, '/scopes/0', /administrative true/],
    [{ ...service, scopes: ['read:drift', 'manage:tenants'] }, '/scopes/1', /administrative true/],
    [{ ...service, administrative: true, scopes: ['create:api_keys'] }, '/scopes/0', /no key makes keys/],
    [{ ...service, scopes: ['write:snapshots', 'read:drift'], config_ids: [config.id] }, '/scopes/1', /only scope is write:snapshots/],
    [{ ...service, scopes: ['write:snapshots'], config_ids: [config.id, foreign.id] }, '/config_ids/1', /no such drift config/],
    [{ ...service, scopes: ['write:snapshots'], config_ids: [gone.id] }, '/config_ids/0', /no such drift config/],
    [{ ...service, scopes: ['write:snapshots'], config_ids: ['x'] }, '/config_ids/0', /UUID/],
    [{ ...service, scopes: ['write:snapshots'], config_ids: [config.id, config.id] }, '/config_ids/1', /twice/],
    [{ ...service, scopes: ['write:snapshots'], config_ids: Array.from({ length: 17 }, () => crypto.randomUUID()) }, '/config_ids', /16/],
    [{ kind: 'robot', scopes: ['read:drift'] }, '/kind', /./],
  ];
  const before = (await all(admin, '/api/api-keys')).length;
  for (const [body, pointer, detail] of cases) {
    const a = await admin('POST', '/api/api-keys', { body: { name: 'bad', ...body } });
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.deepEqual(a.json.errors.map((e) => e.pointer), [pointer], a.text);
    assert.match(a.json.errors[0].detail, detail);
  }
  assert.equal((await all(admin, '/api/api-keys')).length, before);
  assert.equal((await admin('POST', '/api/api-keys', { body: { name: 'edge', scopes: ['read:drift'], kind: 'service', expires_at: ahead(399.99) } })).status, 201);
});
