// What ends what: every credential is tried after every event, for real, and does what the program's own table says.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { Authenticator, enrol } from '../lib/authenticator.mjs';
import { call as callOnce } from '../lib/client.mjs';
import { credentials, sql, until } from '../lib/env.mjs';
import { Idp, begin, comeBack, cookieOf, newProvider, signIn } from '../lib/idp.mjs';
import { Mailbox, linkOf } from '../lib/mailbox.mjs';
import { bearer, bsxctl, newConfig, newKey, newTenant, policy, push, serviceKey, unique, withKey, withToken } from '../lib/people.mjs';
import { openapi } from '../lib/spec.mjs';

// ---- the table ----------------------------------------------------------------------------------

const lines = bsxctl('ends').split('\n'), names = lines[0].trim().split(/ +/);
const table = new Map(lines.slice(1, lines.indexOf('')).map((line) => {
  const [event, ...cells] = line.split(/ +/);
  return [event, Object.fromEntries(names.map((n, i) => [n, cells[i]]))];
}));

// ---- the world ----------------------------------------------------------------------------------

const box = new Mailbox();
let idp;
before(async () => { await box.start(); idp = await new Idp().start(); });
after(async () => { await box.stop(); await idp.stop(); });

// Passwords are hashed a few at a time: who is told so asks again.
const patient = (f) => (...x) => until('a place', async () => { const a = await f(...x); return a.status !== 503 && a; });
const call = patient(callOnce);
const login = (p, more = {}) => call('POST', '/api/auth/login', { body: { tenant: p.tenant, email: p.email, password: p.password, ...more } });

const secret = () => crypto.randomBytes(15).toString('base64url');
const ok = (answer, status = 200) => { assert.equal(answer.status, status, answer.text); return answer; };
const rules = (slug) => ({ name: unique('p'), kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret,
  allowed_domains: [`${slug}.example`] });

// A tenant, its administrator and two providers.
async function newPlace() {
  const who = newTenant(), admin = await bearer(who);
  return { who, admin, slug: who.tenant, id: admin.session.tenant.id, providers: [await newProvider(admin, rules(who.tenant)), await newProvider(admin, rules(who.tenant))] };
}

// ---- what somebody holds ------------------------------------------------------------------------

const open = async (p, more = {}) => ok(await login(p, { delivery: 'body', recovery_code: p.codes.pop(), ...more })).json;
const waits = async (p) => ok(await login(p, { delivery: 'body' })).json.mfa_token;
const deviceOf = (answer) => cookieOf(answer, 'bsx_device');
const idOf = (cookie) => Buffer.from(cookie.split('=')[1], 'base64url').subarray(20, 36).toString('hex');

// Answers of a provider are waited for by few at a time: one by one here.
let last = Promise.resolve();
const oneByOne = (f) => { const mine = last.then(f); last = mine.catch(() => {}); return mine; };

// By a provider as far as the second factor, then the session.
async function byProvider(p, provider) {
  let a;
  // on a busy machine an answer may have been slow, and the provider is let be for a while
  await until('a sign-in by the provider', async () => {
    a = await oneByOne(() => signIn(idp, p.tenant, provider.name, p.claims));
    return !a.headers.location?.includes('error=oidc_unavailable');
  }, 30);
  assert.match(a.headers.location, /^\/\?mfa=1&/, a.text);
  return cookieOf(a, 'bsx_mfa').split('=')[1];
}
const finish = (p, token) => call('POST', '/api/auth/2fa/verify', { body: { mfa_token: token, recovery_code: p.codes.pop() } });
const flows = async (p, provider) => [await begin(p.tenant, provider.name), await begin(p.tenant, provider.name)];

// A user with a second factor and a session; then one who has one of everything, twice where an event may be about
// one of them.
async function newUser(place) {
  const email = `${unique('u')}@${place.slug}.example`, p = { tenant: place.slug, email, password: secret(), place };
  p.claims = { sub: unique('s'), email, email_verified: true };
  p.id = ok(await place.admin('POST', '/api/users', { body: { email, display_name: 'One', password: p.password, roles: ['admin'] } }), 201).json.id;
  ({ codes: p.codes, app: p.app } = await enrol(withToken(ok(await login(p, { delivery: 'body' })).json.access_token)));
  p.first = await open(p);
  p.own = patient(withToken(p.first.access_token));
  p.next = `${unique('n')}@${place.slug}.example`;
  return p;
}

async function newPerson(place) {
  const p = await newUser(place), own = p.first, other = await open(p), cookies = ok(await login(p, { recovery_code: p.codes.pop() }));
  await byProvider(p, place.providers[0]); // known to both from now on
  await byProvider(p, place.providers[1]);
  p.has = {
    session: [own, other], refresh_token: [own, other], known_device: [deviceOf(cookies)],
    personal_key: [await newKey(p.own, ['read:drift']), await newKey(p.own, ['read:drift'])],
    service_key: [await serviceKey(p.own, ['read:drift']), await serviceKey(p.own, ['read:drift'])],
    oidc_state: [await flows(p, place.providers[0])], recovery_code: [[...p.codes.splice(0, 2)]],
  };
  return p;
}

async function withAddressLink(p) {
  ok(await p.own('PUT', '/api/auth/me', { body: { email: p.next } }));
  p.has.address_link = [linkOf(await box.wait(p.next, /Confirm your new address/), 'email').token];
}
async function withResetLink(p) {
  ok(await call('POST', '/api/auth/password/forgot', { body: { tenant: p.tenant, email: p.email } }), 202);
  p.has = { reset_link: [linkOf(await box.wait(p.email, /Reset your password/), 'reset').token] };
}
// A mail that tells them of drift acknowledges it without signing in.
async function withAnswerLink(p) {
  const { admin } = p.place, channel = ok(await admin('POST', '/api/drift/channels', { body: { name: unique('mail'), kind: 'email', to: p.email } }), 201).json;
  const config = await newConfig(admin, { alerts: [{ channel_id: channel.id, min_severity: 'info' }] });
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, { state: 'disabled' })]);
  p.has.answer_link = [/\/answer\?t=[\w-]+/.exec((await box.wait(p.email, /Critical/)).mail.text)[0]];
}
async function newInvited(place) {
  const email = `${unique('i')}@${place.slug}.example`, p = { tenant: place.slug, email, place };
  p.id = ok(await place.admin('POST', '/api/users', { body: { email, display_name: 'Two', roles: ['viewer'] } }), 201).json.id;
  p.has = { invitation: [linkOf(await box.wait(email, /You are invited/), 'invite').token] };
  return p;
}

// ---- does it work? ------------------------------------------------------------------------------

const reset = async (token) => (await call('POST', '/api/auth/password/reset', { body: { token, new_password: secret() } })).status === 204;
const reads = async (key) => (await withKey(key.key)('GET', '/api/drift/configs')).status === 200;

// In this order: what is tried last changes the account.
const tries = {
  session: async (s) => (await withToken(s.access_token)('GET', '/api/auth/me')).status === 200,
  refresh_token: async (s) => {
    const a = await call('POST', '/api/auth/refresh', { body: { refresh_token: s.refresh_token } });
    if (a.status === 200)
      Object.assign(s, a.json);
    return a.status === 200;
  },
  personal_key: reads, service_key: reads,
  oidc_state: async (two, p) => {
    const flow = two.pop(), name = /\/oidc\/([^/]+)\/callback/.exec(new URL(flow.location).searchParams.get('redirect_uri'))[1];
    const a = await oneByOne(() => comeBack(name, { code: idp.grant(flow.location, p.claims), state: flow.state }, flow.cookie));
    return a.status === 302 && (a.headers.location.startsWith('/?mfa=1&') || cookieOf(a, 'bsx_access') !== undefined);
  },
  mfa_token: async (token, p) => (await finish(p, token)).status === 200,
  known_device: async (cookie, p) => {
    const a = await call('POST', '/api/auth/login', { headers: { Cookie: cookie },
      body: { tenant: p.tenant, email: p.email, password: p.password, ...(p.codes.length > 0 ? { recovery_code: p.codes.pop() } : {}) } });
    return a.status === 200 && idOf(deviceOf(a)) === idOf(cookie);
  },
  recovery_code: async (two, p) => {
    const a = await login(p, { delivery: 'body', recovery_code: two.pop() });
    return a.status === 200 && (await withToken(a.json.access_token)('GET', '/api/auth/me')).json.session.aal === 2;
  },
  reset_link: reset, invitation: reset,
  answer_link: async (target) => (await call('GET', target)).status === 200,
  address_link: async (token) => (await call('POST', '/api/auth/email/confirm', { body: { token } })).status === 204,
};

// ---- events -------------------------------------------------------------------------------------

const session = async (s) => (await withToken(s.access_token)('GET', '/api/auth/me')).json.session.id;
const put = (p, body) => p.place.admin('PUT', `/api/users/${p.id}`, { body });
const platform = () => bearer(credentials.platform);
const status = async (p, word) => ok(await (await platform())('PUT', `/api/tenants/${p.place.id}`, { body: { status: word } }));
const newCodes = (p, answer) => { p.codes = answer.json.recovery_codes; };
// What only happens to somebody with a session: who is invited has none, and no password to reset.
const own = (f) => Object.assign(f, { own: true });

// What was begun by the provider is what it is about.
async function hasBegun(p) {
  const provider = p.place.providers[0];
  p.has.session = p.has.refresh_token = [ok(await finish(p, await byProvider(p, provider))).json, p.has.session[1]];
  p.has.mfa_token = [await byProvider(p, provider), await waits(p)];
  p.has.oidc_state = [p.has.oidc_state[0], await flows(p, p.place.providers[1])];
}
const alone = (f) => Object.assign(f, { alone: true, own: true }); // it touches others: a place of its own

const events = {
  signed_out: own(async (p) => ok(await p.own('POST', '/api/auth/logout'), 204)),
  signed_out_everywhere: own(async (p) => ok(await p.own('POST', '/api/auth/logout?all=true'), 204)),
  session_ended: own(async (p) => {
    const by = withToken((await open(p)).access_token);
    ok(await by('DELETE', `/api/auth/sessions/${await session(p.first)}`), 204);
  }),
  session_ended_by_admin: own(async (p) => ok(await p.place.admin('DELETE', `/api/auth/sessions/${await session(p.first)}`), 204)),
  sessions_ended_by_admin: async (p) => ok(await p.place.admin('POST', `/api/users/${p.id}/sessions/revoke`), 204),
  refresh_token_reused: own(async (p) => {
    const used = p.first.refresh_token;
    for (let i = 0; i < 2; i++)
      p.first.refresh_token = ok(await call('POST', '/api/auth/refresh', { body: { refresh_token: p.first.refresh_token } })).json.refresh_token;
    assert.equal((await call('POST', '/api/auth/refresh', { body: { refresh_token: used } })).json.code, 'refresh_token_reused');
  }),
  wrong_proofs: own(async (p) => {
    for (let i = 0; i < 6; i++)
      await p.own('POST', '/api/auth/step-up', { body: { code: p.app.wrong() } });
  }),
  sessions_shortened: alone(async (p) => {
    const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${p.tenant}'`), id = (await session(p.first)).replaceAll('-', '');
    sql(`UPDATE user_sessions SET created_at = created_at - INTERVAL 2 HOUR WHERE id = UNHEX('${id}')`, schema);
    ok(await p.place.admin('PUT', `/api/tenants/${p.place.id}`, { body: { settings: { session: { absolute_s: 3600 } } } }));
  }),
  password_changed: own(async (p) => {
    const next = secret();
    ok(await p.own('PUT', '/api/auth/password', { body: { current_password: p.password, new_password: next } }), 204);
    p.password = next;
  }),
  password_reset: own(async (p) => {
    ok(await call('POST', '/api/auth/password/forgot', { body: { tenant: p.tenant, email: p.email } }), 202);
    const links = () => box.to(p.email).filter((m) => /Reset your password/.test(m.mail.subject)).map((m) => linkOf(m, 'reset').token);
    const token = await until('a link to reset the password', () => links().find((t) => t !== p.has.reset_link?.[0]));
    p.password = secret();
    ok(await call('POST', '/api/auth/password/reset', { body: { token, new_password: p.password } }), 204);
  }),
  address_change_asked: own(async (p) => ok(await p.own('PUT', '/api/auth/me', { body: { email: `newer-${p.next}` } }))),
  address_kept: own(async (p) => ok(await p.own('PUT', '/api/auth/me', { body: { email: p.email } }))),
  address_changed: own(async (p) => {
    const to = `moved-${p.next}`;
    ok(await p.own('PUT', '/api/auth/me', { body: { email: to } }));
    ok(await call('POST', '/api/auth/email/confirm', { body: { token: linkOf(await box.wait(to, /Confirm/), 'email').token } }), 204);
    p.email = to;
  }),
  address_set_by_admin: async (p) => {
    const was = p.email;
    ok(await put(p, { email: `set-${was}` }));
    ok(await put(p, { email: was })); // there and back: what has ended stays ended
  },
  name_changed: async (p) => ok(await put(p, { display_name: 'Another' })),
  factor_added: own(async (p) => {
    const app = new Authenticator(ok(await p.own('POST', '/api/auth/2fa/setup')).json.secret);
    newCodes(p, ok(await p.own('POST', '/api/auth/2fa/enable', { body: { code: await app.next() } })));
  }),
  factor_removed: own(async (p) => {
    ok(await p.own('POST', '/api/auth/2fa/disable', { body: { password: p.password, code: await p.app.next() } }), 204);
    p.codes = [];
  }),
  factor_reset_by_admin: own(async (p) => { ok(await p.place.admin('POST', `/api/users/${p.id}/2fa/reset`), 204); p.codes = []; }),
  recovery_codes_renewed: own(async (p) => newCodes(p, ok(await p.own('POST', '/api/auth/2fa/recovery-codes')))),
  roles_changed: async (p) => ok(await put(p, { roles: ['analyst'] })),
  user_disabled: Object.assign(async (p) => ok(await put(p, { status: 'disabled' })), { undo: (p) => put(p, { status: 'active' }) }),
  user_deleted: async (p) => ok(await p.place.admin('DELETE', `/api/users/${p.id}`), 204),
  key_deleted: own(async (p) => {
    for (const kind of ['personal_key', 'service_key'])
      if (p.has[kind])
        ok(await p.own('DELETE', `/api/api-keys/${p.has[kind][0].id}`), 204);
  }),
  provider_removed: alone(async (p) => ok(await p.place.admin('DELETE', `/api/identity-providers/${p.place.providers[0].id}`), 204)),
  provider_renamed: alone(async (p) => ok(await p.place.admin('PUT', `/api/identity-providers/${p.place.providers[0].id}`, { body: { name: unique('q') } }))),
  tenant_suspended: Object.assign((p) => status(p, 'suspended'), { undo: (p) => status(p, 'active'), alone: true }),
};
// Seen when what came before them is undone; an invitation that is accepted is the invited's own event.
const undone = { user_disabled: 'user_enabled', tenant_suspended: 'tenant_resumed' };
const begunByProvider = ['provider_removed', 'provider_renamed'];

// ---- the walk -----------------------------------------------------------------------------------

const seen = [];

// own: the one that the event is about, or the doer's own; other: another one of the same kind.
const expected = (word, which) => ({ lives: true, ends: false, this: which > 0, others: which === 0, sleeps: false })[word];

async function look(p, event, after = null) {
  for (const [credential, works] of Object.entries(tries))
    for (const [i, it] of (p.has[credential] ?? []).entries()) {
      const word = table.get(event)[credential];
      const want = after ? word !== 'ends' && table.get(after)[credential] === 'lives' : expected(word, i);
      seen.push({ event: after ?? event, credential, which: i, want, got: await works(it, p) });
    }
}

async function walk(event, people) {
  const f = events[event];
  await f(people[0]);
  for (const p of people)
    await look(p, event);
  if (!f.undo)
    return;
  ok(await f.undo(people[0]));
  for (const p of people)
    await look(p, event, undone[event]);
}

async function holders(event, shared) {
  const f = events[event], place = f.alone ? await newPlace() : shared;
  const list = [async () => {
    const p = await newPerson(place);
    await withAddressLink(p);
    await withAnswerLink(p);
    if (begunByProvider.includes(event))
      await hasBegun(p);
    else
      p.has.mfa_token = [await waits(p)];
    return p;
  }];
  list.push(async () => {
    const p = await newUser(place);
    await withResetLink(p);
    return p;
  });
  if (!f.own)
    list.push(() => newInvited(place));
  // all are made before the event happens to any of them
  const made = await Promise.all(list.map((make) => make()));
  // what is alone happens to all of them at once
  await Promise.all(f.alone ? [walk(event, made)] : made.map((p) => walk(event, [p])));
}

test('every credential is tried after every event, and lives or has ended as the table says', { timeout: 400000 }, async () => {
  const shared = await newPlace();
  const todo = Object.keys(events);
  await Promise.all(Array.from({ length: 4 }, async () => {
    while (todo.length > 0)
      await holders(todo.shift(), shared);
  }));
  // an invitation that was accepted
  const p = await newInvited(shared), again = p.has.invitation[0];
  assert.equal(await reset(again), true);
  seen.push({ event: 'invitation_accepted', credential: 'invitation', which: 0, want: false, got: await reset(again) });

  const wrong = seen.filter((x) => x.want !== x.got);
  assert.deepEqual(wrong.map((x) => `${x.event} x ${x.credential}[${x.which}]: ${x.got ? 'works' : 'does not work'}`), []);
  const cells = new Set(seen.map((x) => `${x.event} ${x.credential}`));
  for (const event of table.keys())
    for (const credential of names) {
      const none = event === 'invitation_accepted' ? credential !== 'invitation' : credential === 'invitation' && events[event]?.own;
      assert.equal(cells.has(`${event} ${credential}`), !none, `${event} x ${credential}`);
    }
  console.log(`# ${table.size} events x ${names.length} credentials: ${cells.size} cells, ${seen.length} tries`);
});

// ---- nothing is left out ------------------------------------------------------------------------

// Every request that changes something about people, keys and tenants: the events that it is.
const nothing = [];
const deeds = {
  'POST /answer': nothing,
  'POST /api/api-keys': nothing, 'DELETE /api/api-keys/{id}': ['key_deleted'],
  'POST /api/auth/login': nothing, 'POST /api/auth/google-login': nothing, 'POST /api/auth/2fa/verify': nothing,
  'POST /api/auth/refresh': ['refresh_token_reused'], 'POST /api/auth/step-up': ['wrong_proofs'],
  'PUT /api/auth/me': ['address_change_asked', 'address_kept', 'name_changed'],
  'POST /api/auth/logout': ['signed_out', 'signed_out_everywhere'], 'DELETE /api/auth/sessions/{id}': ['session_ended', 'session_ended_by_admin'],
  'PUT /api/auth/password': ['password_changed'], 'POST /api/auth/password/forgot': nothing,
  'POST /api/auth/password/reset': ['password_reset', 'invitation_accepted'], 'POST /api/auth/email/confirm': ['address_changed'],
  'POST /api/auth/2fa/setup': nothing, 'POST /api/auth/2fa/enable': ['factor_added'], 'POST /api/auth/2fa/disable': ['factor_removed'],
  'POST /api/auth/2fa/recovery-codes': ['recovery_codes_renewed'],
  'POST /api/identity-providers': nothing, 'PUT /api/identity-providers/{id}': ['provider_renamed'],
  'DELETE /api/identity-providers/{id}': ['provider_removed'],
  'DELETE /api/operations/{id}': nothing, 'POST /api/roles/{id}/preview': nothing, 'POST /api/users/{id}/preview': nothing,
  'POST /api/tenants': nothing, 'POST /api/tenants/{id}/grants': nothing, 'DELETE /api/tenants/{id}/grants/{id2}': nothing,
  'POST /api/roles': nothing, 'PUT /api/roles/{id}': ['roles_changed'], 'DELETE /api/roles/{id}': nothing,
  'POST /api/users': nothing, 'PUT /api/users/{id}': ['address_set_by_admin', 'name_changed', 'roles_changed', 'user_disabled', 'user_enabled'],
  'DELETE /api/users/{id}': ['user_deleted'], 'POST /api/users/{id}/sessions/revoke': ['sessions_ended_by_admin'],
  'POST /api/users/{id}/unlock': nothing, 'POST /api/users/{id}/2fa/reset': ['factor_reset_by_admin'],
  'PUT /api/tenants/{id}': ['sessions_shortened', 'tenant_suspended', 'tenant_resumed'],
  'DELETE /api/tenants/{id}': ['tenant_suspended'], 'POST /api/tenants/{id}/undelete': ['tenant_resumed'],
};
// Every member of a request that is secret: the credential that it is, or "" for what only its owner knows.
const secrets = { password: '', new_password: '', current_password: '', code: '', client_secret: '', recovery_code: 'recovery_code',
  refresh_token: 'refresh_token', mfa_token: 'mfa_token', token: 'reset_link', credential: '' };
const schemes = { accessToken: 'session', apiKey: 'personal_key', cookie: 'session' };

test('no deed, no event and no credential stands outside the table', async () => {
  const { document } = await openapi(), left = new Set(Object.keys(deeds)), told = new Set();
  const resolve = (x) => (x?.$ref ? x.$ref.slice(2).split('/').reduce((o, k) => o[k], document) : x);
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(item)) {
      const name = `${method.toUpperCase()} ${path}`;
      if (method === 'get' || path.startsWith('/api/drift'))
        continue;
      assert.ok(deeds[name], `${name}: what does it end?`);
      left.delete(name);
      deeds[name].forEach((event) => told.add(event));
      const body = resolve(resolve(op.requestBody)?.content?.['application/json']?.schema);
      for (const [member, schema] of Object.entries(body?.properties ?? {}))
        if (resolve(schema).writeOnly || resolve(schema).format === 'password')
          assert.ok(member in secrets, `${name}: ${member}: which credential is it?`);
    }
  assert.deepEqual([...left], []);
  assert.deepEqual([...table.keys()].filter((event) => !told.has(event)), []);
  assert.deepEqual([...told].filter((event) => !table.has(event)), []);
  for (const credential of [...Object.values(secrets).filter(Boolean), ...Object.values(schemes), ...Object.keys(tries)])
    assert.ok(names.includes(credential), credential);
  assert.deepEqual(Object.keys(tries).sort(), [...names].sort());
  assert.deepEqual(Object.keys(document.components.securitySchemes).sort(), Object.keys(schemes).sort());
  assert.deepEqual([...Object.keys(events), ...Object.values(undone), 'invitation_accepted'].sort(), [...table.keys()].sort());
});
