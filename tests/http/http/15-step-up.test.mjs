// What gives power asks a session for a proof of the last five minutes: every route that changes something, and every
// list that can be had whole, stands in one table here.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { credentials, sql, until } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { administrativeKey, ahead, all, bearer, newChannel, newKey, newOnboarding, newOperation, newTenant, unique, withKey } from '../lib/people.mjs';

const hook = () => ({ url: `https://hooks.example.org/${unique('h')}` });
const provider = () => ({ name: unique('p'), kind: 'oidc', client_id: 'c', client_secret: 'hush-hush-hush', issuer: 'https://id.example.org' });

// A request that is right but for the proof: {target?, body?, headers?}, made anew for each try.
const power = (make, done) => ({ when: 'always', tries: [{ make, done }] });
const members = (tries) => ({ when: 'members', members: Object.keys(tries), tries: Object.values(tries) });
const no = (why) => ({ when: 'never', why });

const user = async (w) => ({ target: `/api/users/${await w.user()}` });
const userDeed = (deed) => power(async (w) => ({ target: `/api/users/${await w.user()}/${deed}` }), 204);
const change = (body) => ({ make: async (w) => ({ ...await user(w), body: await body(w) }), done: 200 });

const deeds = {
  'POST /api/users': power(() => ({ body: { email: `${unique('u')}@step.example`, display_name: 'U', password: w0.password, roles: ['viewer'] } }), 201),
  'PUT /api/users/{id}': members({
    email: change(() => ({ email: `${unique('u')}@step.example` })),
    status: change(() => ({ status: 'disabled' })),
    role: change(() => ({ role: 'auditor' })),
    roles: change(() => ({ roles: ['auditor'] })),
    assignments: change(() => ({ assignments: [{ role: 'auditor' }] })),
  }),
  'DELETE /api/users/{id}': power(user, 204),
  'POST /api/roles/{id}/preview': no('it says what would be'),
  'POST /api/users/{id}/preview': no('it says what would be'),
  'GET /api/access-review': { when: 'whole', type: 'text/csv', tries: [{ make: () => ({ headers: { Accept: 'text/csv' } }), done: 200 }] },
  'POST /api/roles': power(() => ({ body: { name: unique('r'), permissions: ['read:drift'] } }), 201),
  'PUT /api/roles/{id}': power(async (w) => ({ target: `/api/roles/${await w.role()}`, body: { permissions: ['read:alerts'] } }), 200),
  'DELETE /api/roles/{id}': power(async (w) => ({ target: `/api/roles/${await w.role()}` }), 204),
  'POST /api/users/{id}/sessions/revoke': userDeed('sessions/revoke'),
  'POST /api/users/{id}/unlock': userDeed('unlock'),
  'POST /api/users/{id}/2fa/reset': userDeed('2fa/reset'),
  'POST /api/tenants': { when: 'always', tries: [] }, // of the platform alone, as the next two: 98
  'DELETE /api/tenants/{id}': { when: 'always', tries: [] },
  'POST /api/tenants/{id}/undelete': { when: 'always', tries: [] },
  'PUT /api/tenants/{id}': power((w) => ({ target: `/api/tenants/${w.tenantId}`, body: { settings: { session: { idle_s: 1800 } } } }), 200),
  'POST /api/tenants/{id}/grants': power((w) => ({ target: `/api/tenants/${w.tenantId}/grants`,
    body: { grantee_tenant: credentials.platform.tenant, roles: ['viewer'], reason: 'Work.', expires_at: ahead(1) } }), 201),
  'DELETE /api/tenants/{id}/grants/{id2}': no('it takes away what others may'),
  'DELETE /api/operations/{id}': power((w) => ({ target: `/api/operations/${newOperation(w.tenantId)}` }), 202),
  'POST /api/api-keys': power(() => ({ body: { name: unique('k'), scopes: ['read:drift'] } }), 201),
  'DELETE /api/api-keys/{id}': power(async (w) => ({ target: `/api/api-keys/${await w.key()}` }), 204), // a collector that falls silent
  'POST /api/identity-providers': power(() => ({ body: provider() }), 201),
  'PUT /api/identity-providers/{id}': power(async (w) => ({ target: `/api/identity-providers/${await w.provider()}`, body: { trust_mfa: true } }), 200),
  'DELETE /api/identity-providers/{id}': power(async (w) => ({ target: `/api/identity-providers/${await w.provider()}` }), 204),
  'POST /api/drift/routes': power(() => ({ body: { name: unique('r'), channels: [] } }), 201), // nobody is told
  'PUT /api/drift/routes/{id}': power(async (w) => ({ target: `/api/drift/routes/${await w.route()}`, body: { channels: [] } }), 200),
  'DELETE /api/drift/routes/{id}': power(async (w) => ({ target: `/api/drift/routes/${await w.route()}` }), 204),
  'PUT /api/drift/routes/order': power(async (w) => ({ body: { ids: await w.routes() } }), 204),
  'POST /api/drift/routes/try': no('it says what would be'),
  'POST /api/drift/channels': power(() => ({ body: { name: unique('c'), kind: 'webhook', ...hook() } }), 201),
  'POST /api/drift/onboarding': power(() => ({ body: newOnboarding(owner.tenant) }), 201),
  'POST /api/drift/templates/{id}/apply': power(async (w) => ({ target: `/api/drift/templates/${await w.template()}/apply`, body: { tenants: [{ tenant: 'nowhere' }] } }), 202),
  'POST /api/drift/templates/{id}/undo': power(async (w) => ({ target: `/api/drift/templates/${await w.template()}/undo`, body: { tenants: [{ tenant: 'nowhere' }] } }), 202),
  'PUT /api/drift/channels/{id}': members({
    url: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { ...hook(), secret: null } }), done: 200 },
    to: { make: async (w) => ({ target: `/api/drift/channels/${await w.mailed()}`, body: { to: 'another@example.org' } }), done: 200 },
    secret: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { secret: null } }), done: 200 },
    former_secret_s: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { former_secret_s: 0 } }), done: 200 },
    status: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { status: 'active' } }), done: 200 },
    ca: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { ca: null } }), done: 200 },
    digest: { make: async (w) => ({ target: `/api/drift/channels/${await w.mailed()}`, body: { digest: { every: 'day', at: '07:00' } } }), done: 200 },
    headers: { make: async (w) => ({ target: `/api/drift/channels/${await w.templated()}`, body: { headers: [] } }), done: 200 },
    rate: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { rate: null } }), done: 200 },
    kinds: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { kinds: [] } }), done: 200 },
    values: { make: async (w) => ({ target: `/api/drift/channels/${await w.channel()}`, body: { values: true } }), done: 200 },
  }),
  'DELETE /api/drift/channels/{id}': power(async (w) => ({ target: `/api/drift/channels/${await w.channel()}` }), 204), // nobody is told
  'POST /api/drift/channels/{id}/test': no('a message that tells nothing, to a target that was set with a proof'),
  'POST /api/drift/channels/{id}/replay': no('what was told, to a target that was set with a proof'),
  'POST /api/drift/deliveries/{id}/replay': no('what was told, to a target that was set with a proof'),
  'GET /api/audit': { when: 'whole', type: 'application/x-ndjson',
    tries: [{ make: () => ({ headers: { Accept: 'application/x-ndjson' } }), done: 200 }] },
  'GET /api/drift/register': { when: 'whole', type: 'text/csv', tries: [{ make: () => ({ headers: { Accept: 'text/csv' } }), done: 200 }] },
  'GET /api/drift/reports/{id}/changes': no('one report, as a table or a patch, is no export'),

  // oneself
  'PUT /api/auth/me': { when: 'handler', tries: [{ make: () => ({ body: { email: `${unique('me')}@step.example` } }), done: 200 }] },
  'DELETE /api/auth/sessions/{id}': { when: 'handler',
    tries: [{ make: async (w) => ({ target: `/api/auth/sessions/${await w.session()}` }), done: 204 }] },
  'POST /api/auth/2fa/setup': power(() => ({}), 200),
  'POST /api/auth/2fa/disable': power(() => ({ body: { password: w0.password, code: '123456' } }), 409),
  'POST /api/auth/2fa/recovery-codes': power(() => ({}), 409),
  'POST /api/auth/2fa/enable': no('a code of what was set up with a proof'),
  'POST /api/auth/step-up': no('it is the proof'),
  'PUT /api/auth/password': no('asks for the password itself'),
  'POST /api/auth/logout': no('takes power away'),

  // without a session
  'POST /api/auth/login': no('open'),
  'POST /api/auth/refresh': no('open'),
  'POST /api/auth/google-login': no('open'),
  'POST /api/auth/2fa/verify': no('open'),
  'POST /api/auth/password/forgot': no('open'),
  'POST /api/auth/password/reset': no('open'),
  'POST /api/auth/email/confirm': no('open'),

  // the work that roles are for
  'PUT /api/drift/alerts/{id}': no('drift work'),
  'POST /api/drift/alerts/{id}/answer': no('drift work'),
  'POST /api/drift/alerts/{id}/accept': no('drift work'),
  'POST /answer': no('open'),
  'PUT /api/drift/alerts': no('drift work'),
  'PUT /api/drift/configs/{id}/baseline': no('drift work'),
  'POST /api/drift/compare': no('drift work'),
  'POST /api/drift/configs': no('drift work'),
  'PUT /api/drift/configs/{id}': no('drift work'),
  'DELETE /api/drift/configs/{id}': no('drift work'),
  'PUT /api/drift/changes/{id}': no('drift work'),
  'PUT /api/drift/changes': no('drift work'),
  'POST /api/drift/golden-baselines': no('drift work'),
  'PUT /api/drift/golden-baselines/{id}': no('drift work'),
  'DELETE /api/drift/golden-baselines/{id}': no('drift work'),
  'POST /api/drift/templates': no('drift work'),
  'DELETE /api/drift/onboarding/{id}': no('it takes a link back'),
  'PUT /api/drift/templates/{id}': no('drift work'),
  'DELETE /api/drift/templates/{id}': no('drift work'),
  'DELETE /api/drift/configs/{id}/template': no('drift work'),
  'POST /api/drift/templates/{id}/preview': no('it says what would be'),
  'POST /api/drift/reports/{id}/accept': no('drift work'),
  'POST /api/drift/acceptances/{id}/confirm': no('drift work, and of another than who asked'),
  'POST /api/drift/acceptances/{id}/decline': no('drift work'),
  'DELETE /api/drift/acceptances/{id}': no('drift work'),
  'POST /api/drift/intents': no('drift work'),
  'POST /api/drift/intents/{id}/confirm': no('drift work, and of another than who announced it'),
  'DELETE /api/drift/intents/{id}': no('drift work'),
  'POST /api/drift/silences': no('drift work'),
  'DELETE /api/drift/silences/{id}': no('drift work'),
  'POST /api/drift/silence-series': no('drift work'),
  'POST /api/drift/silence-series/try': no('it says what would be'),
  'PUT /api/drift/silence-series/{id}': no('drift work'),
  'DELETE /api/drift/silence-series/{id}': no('drift work'),
  'POST /api/drift/configs/{id}/snapshots': no('drift work'),
  'POST /api/drift/configs/{id}/documents': no('drift work'),
  'DELETE /api/drift/snapshots/{id}': no('drift work'),
  'POST /api/drift/configs/{id}/what-if': no('drift work'),
  'POST /api/drift/configs/{id}/run': no('drift work'),
  'POST /api/drift/configs/{id}/try': no('drift work'),
  'DELETE /api/drift/runs/{id}': no('drift work'),
};

// ---- the tenant that it is tried in -------------------------------------------------------------

const owner = newTenant(), w0 = { password: 'a long enough password' };
const schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${owner.tenant}'`);

// What the deeds of the table are done to, made by a session that may.
async function world() {
  const admin = await bearer(owner);
  const made = async (target, body) => {
    const a = await admin('POST', target, { body });
    assert.equal(a.status, 201, a.text);
    return a.json.id;
  };
  const person = (roles) => ({ email: `${unique('u')}@step.example`, display_name: 'U', password: w0.password, roles });
  const tenantId = (await admin('GET', '/api/tenants')).json.items[0].id;
  return { admin, tenantId, user: () => made('/api/users', person(['viewer'])), provider: () => made('/api/identity-providers', provider()),
    role: () => made('/api/roles', { name: unique('r'), permissions: [] }),
    template: () => made('/api/drift/templates', { name: unique('t'), config: { name: 'of-it', source: { kind: 'push' } } }),
    route: async () => (await admin('POST', '/api/drift/routes', { body: { name: unique('r'), channels: [] } })).json.id,
    routes: async () => (await all(admin, '/api/drift/routes')).map((r) => r.id),
    channel: async () => (await newChannel(admin, hook().url)).id,
    templated: async () => (await newChannel(admin, hook().url, { kind: 'template', template: '{}' })).id,
    mailed: async () => (await newChannel(admin, undefined, { kind: 'email', to: 'one@example.org' })).id, key: async () => (await newKey(admin)).id,
    session: async () => {
      const who = person(['viewer']);
      await made('/api/users', who);
      return (await (await bearer({ tenant: owner.tenant, email: who.email, password: w0.password }))('GET', '/api/auth/me')).json.session.id;
    } };
}

// Signed in six minutes ago, for every worker.
async function stale(who) {
  const caller = await bearer(who), id = (await caller('GET', '/api/auth/me')).json.session.id;
  sql(`UPDATE user_sessions SET auth_time = auth_time - INTERVAL 6 MINUTE, epoch = epoch + 1 WHERE id = UNHEX('${id.replaceAll('-', '')}')`, schema);
  await until('an old session', async () => (await caller('POST', '/api/auth/2fa/recovery-codes')).status === 403, 10);
  return caller;
}

const split = (key) => key.split(' ');
const request = async (w, key, make) => {
  const [method, template] = split(key), { target = template, ...options } = await make(w);
  return [method, target, options];
};
const asksForProof = (a, what) => {
  assert.equal(a.status, 403, `${what}: ${a.status} ${a.text}`);
  assert.equal(a.json.code, 'step_up_required', what);
  assert.deepEqual([a.json.methods, a.json.max_age_s], [['password'], 300], what);
};
const tried = Object.entries(deeds).flatMap(([key, d]) => (d.tries ?? []).map((t, i) => [key, t, d.members?.[i]]));

// ---- the table ------------------------------------------------------------------------------------

const sentence = /(A session[^.]*) must have proved who it is within the last 300 s \(POST \/api\/auth\/step-up\), else 403 step_up_required\./;

test('every route that changes something or can be had whole is classified, and documented so', async () => {
  const { document } = await openapi(), found = [];
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const key = `${method.toUpperCase()} ${template}`, types = Object.keys(op.responses['200']?.content ?? {});
      if (method !== 'get' || (types.includes('application/json') && types.length > 1))
        found.push(key);
      const d = deeds[key] ?? no('it only reads'), said = sentence.exec(op.description)?.[1];
      const want = { always: 'A session', whole: `A session that asks for ${d.type}`,
        members: `A session whose body has one of ${d.members?.join(', ')}` }[d.when];
      assert.equal(said, want, `${key}: ${op.description}`);
      if (d.when !== 'never')
        assert.ok(op.responses['403'], `${key} does not list 403`);
      if (d.when === 'handler')
        assert.match(JSON.stringify([op, document.components.schemas[op.requestBody?.content['application/json'].schema.$ref.split('/').at(-1)]]),
          /step-up|sign-in of the last five minutes/, key);
    }
  }
  assert.deepEqual(found.filter((key) => !deeds[key]), [], 'routes that nobody has classified');
  assert.deepEqual(Object.keys(deeds).filter((key) => !found.includes(key)), [], 'routes that are not there any more');
});

test('an old session does none of the deeds that give power, and nothing has happened', { timeout: 60000 }, async () => {
  const w = await world(), old = await stale(owner), requests = [];
  for (const [key, t, member] of tried)
    requests.push([`${key} ${member ?? ''}`, await request(w, key, t.make)]);
  const state = () => sql(`CHECKSUM TABLE users, user_roles, roles, role_permissions, recovery_codes, api_keys, identity_providers, channels, mail_tokens;
    SELECT COUNT(*) FROM user_sessions WHERE revoked_at IS NOT NULL; SELECT settings FROM bsx.tenants WHERE slug = '${owner.tenant}'`, schema);
  const before = state();
  for (const [what, r] of requests)
    asksForProof(await old(...r), what);
  assert.equal(state(), before);
  const head = await old('HEAD', '/api/audit', { headers: { Accept: 'application/x-ndjson' } });
  assert.equal(head.status, 403, 'HEAD asks as GET does');
  assert.ok(requests.length >= 20, `${requests.length} tried`);
});

test('what gives no power asks an old session for nothing', { timeout: 60000 }, async () => {
  const old = await stale(owner);
  let n = 0;
  for (const [key, d] of Object.entries(deeds)) {
    if (d.when === 'always' || key === 'POST /api/auth/logout')
      continue;
    const [method, template] = split(key), target = template.replaceAll(/\{[^}]+\}/g, () => crypto.randomUUID());
    const a = await old(method, target, { body: ['POST', 'PUT'].includes(method) ? { no_such_member: 1 } : undefined });
    assert.ok(a.status !== 403 || !a.text.includes('step_up_required'), `${key}: ${a.text}`);
    n++;
  }
  const w = await world(), id = await w.user(), channel = await w.channel();
  for (const [target, body] of [[`/api/users/${id}`, { display_name: 'Another name' }], ['/api/auth/me', { display_name: 'Mine' }],
    [`/api/drift/channels/${channel}`, { name: unique('c') }]])
    assert.equal((await old('PUT', target, { body })).status, 200, target);
  assert.equal((await old('GET', '/api/audit')).status, 200);
  const own = await bearer(owner), mine = (await own('GET', '/api/auth/me')).json.session.id;
  assert.equal((await old('DELETE', `/api/auth/sessions/${mine}`)).status, 204, "one's own session");
  assert.ok(n >= 30, `${n} tried`);
});

test('a fresh session does each of them', { timeout: 60000 }, async () => {
  const w = await world();
  for (const [key, t, member] of tried) {
    if (key === 'PUT /api/auth/me')
      continue; // it needs a mail server: 08-passwords
    const r = await request(w, key, t.make), a = await w.admin(...r);
    assert.equal(a.status, t.done, `${key} ${member ?? ''}: ${a.text}`);
  }
});

// ---- oneself ----------------------------------------------------------------------------------------

test("one's own address does not change through the users' route, for an administrator or a user_manager", async () => {
  const w = await world(), manager = { tenant: owner.tenant, email: `${unique('m')}@step.example`, password: w0.password };
  assert.equal((await w.admin('POST', '/api/users', { body: { email: manager.email, display_name: 'M', password: manager.password, roles: ['user_manager'] } })).status, 201);
  for (const who of [owner, manager]) {
    const self = await bearer(who), { id } = self.session.user, target = `/api/users/${id}`;
    const a = await self('PUT', target, { body: { email: `${unique('x')}@step.example`, display_name: 'New' } });
    assert.equal(a.status, 422, a.text);
    assert.deepEqual(a.json.errors.map((e) => e.pointer), ['/email']);
    assert.match(a.json.errors[0].detail, /PUT \/api\/auth\/me/);
    const same = await self('PUT', target, { body: { email: who.email.toUpperCase(), display_name: 'New' } });
    assert.deepEqual([same.status, same.json.email, same.json.display_name], [200, who.email, 'New'], same.text);
  }
  const other = (await all(w.admin, '/api/users')).find((u) => u.email === manager.email);
  const moved = `${unique('y')}@step.example`;
  assert.equal((await w.admin('PUT', `/api/users/${other.id}`, { body: { email: moved } })).json.email, moved, "another's is an administrator's word");
});

// ---- API keys: no proof, but the scope; for users, roles, keys, tenants and settings an administrative one ----------------

test('each of them by a key: without the scope, a personal one, an administrative service key', { timeout: 60000 }, async () => {
  const w = await world(), { document } = await openapi(), made = [['none', ['read:drift']], ['personal', ['*:*']]];
  const keys = await Promise.all(made.map(async ([kind, scopes]) => [kind, withKey((await newKey(w.admin, scopes)).key)]));
  keys.push(['administrative', withKey((await administrativeKey(w.admin, ['*:*'])).key)]);
  const counts = {};
  for (const [key, t, member] of tried) {
    const [method, template] = split(key), { description } = document.paths[template][method.toLowerCase()];
    const ofDeed = description.startsWith('Needs the permission of the deed'); // who has it not does not see it
    const resource = ofDeed ? 'tenants' : /^Needs the permission \w+:(\w+)\./.exec(description)?.[1];
    const may = { none: false, personal: Boolean(resource) && (/^Needs the permission read:/.test(description) || !['users', 'roles', 'api_keys', 'tenants', 'settings'].includes(resource)),
      administrative: Boolean(resource) && key !== 'POST /api/api-keys' };
    for (const [kind, caller] of keys) {
      const a = await caller(...await request(w, key, t.make)), what = `${kind}: ${key} ${member ?? ''}: ${a.status} ${a.text}`;
      assert.equal(a.status, may[kind] ? t.done : ofDeed ? 404 : 403, what);
      if (!may[kind])
        assert.equal(a.json.code, ofDeed ? 'not_found' : 'forbidden', what);
      counts[`${kind} ${may[kind]}`] = (counts[`${kind} ${may[kind]}`] ?? 0) + 1;
    }
  }
  assert.ok(counts['personal true'] >= 5 && counts['administrative true'] >= 15, JSON.stringify(counts));
});

test("a key does not change its maker's address", async () => {
  const w = await world(), key = withKey((await administrativeKey(w.admin, ['update:users'])).key);
  const a = await key('PUT', `/api/users/${w.admin.session.user.id}`, { body: { email: `${unique('x')}@step.example` } });
  assert.ok(a.status === 422 || a.status === 403, a.text);
});
