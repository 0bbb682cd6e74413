// A provider's word is one factor: who has a second one here shows it too, unless the tenant trusts the provider's.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { enrol } from '../lib/authenticator.mjs';
import { call } from '../lib/client.mjs';
import { Log, sql } from '../lib/env.mjs';
import { Idp, cookieOf, newProvider, now, outcome, signIn } from '../lib/idp.mjs';
import { bearer, newKey, newTenant, origin, unique, withToken } from '../lib/people.mjs';

const mine = newTenant(), domain = `${mine.tenant}.example`;
const person = { sub: 'p1', email: mine.email, email_verified: true };
let idp, admin, app;

before(async () => {
  idp = await new Idp().start();
  admin = await bearer(mine);
  ({ app } = await enrol(admin));
});
after(() => idp.stop());

const rules = (more = {}) => ({ name: unique('p'), kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret,
  allowed_domains: [domain], ...more });

async function withProvider(more, f) {
  const made = await newProvider(admin, rules(more));
  try {
    return await f(made.name, made);
  } finally {
    await admin('DELETE', `/api/identity-providers/${made.id}`);
  }
}

const verify = (body, headers = {}) => call('POST', '/api/auth/2fa/verify', { body, headers });

// The browser is sent to the page that asks, with nothing that opens a session.
function waits(answer) {
  assert.equal(answer.status, 302, answer.text);
  assert.match(answer.headers.location, /^\/\?mfa=1&sign_in=[0-9a-f]{12}$/);
  for (const name of ['bsx_access', 'bsx_refresh'])
    assert.equal(cookieOf(answer, name), undefined, name);
  assert.match(answer.cookies.find((c) => c.startsWith('bsx_mfa=')), /^bsx_mfa=[\w-]{54}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
  return cookieOf(answer, 'bsx_mfa');
}

const cookiesOf = (answer) => answer.cookies.map((c) => c.split(';')[0]).join('; ');

test('a sign-in by a provider goes on by the second factor, and its session is the provider\'s', async () => {
  await withProvider({}, async (name) => {
    const log = new Log(), cookie = waits(await signIn(idp, mine.tenant, name, person, { return_to: '/drift' }));
    const asked = log.lines().find((l) => l['event.action'] === 'factor.challenge');
    assert.deepEqual(JSON.parse(asked['bsx.details']), { method: 'oidc', provider: name, subject: person.sub });
    assert.ok(!log.lines().some((l) => l['event.action'] === 'session.start'));
    assert.equal((await verify({ code: app.wrong() }, { Cookie: cookie, Origin: origin })).json.code, 'invalid_code');
    const a = await verify({ code: await app.next() }, { Cookie: cookie, Origin: origin });
    assert.equal(a.status, 200, a.text);
    assert.equal(a.json.return_to, '/drift', 'where it was to lead to');
    const me = await call('GET', '/api/auth/me', { headers: { Cookie: cookiesOf(a) } });
    assert.equal(me.json.user.email, mine.email);
    assert.equal(me.json.session.aal, 2);
    assert.ok(Date.now() - Date.parse(me.json.session.auth_time) < 60000);
    const list = await call('GET', '/api/auth/sessions', { headers: { Cookie: cookiesOf(a) } });
    assert.equal(list.json.items.find((s) => s.id === me.json.session.id).provider, name);
  });
});

test('the provider\'s own second factor is enough where the tenant trusts it, and only when it was shown', async () => {
  const two = { ...person, amr: ['pwd', 'mfa'] };
  await withProvider({ trust_mfa: true }, async (name) => {
    const a = await signIn(idp, mine.tenant, name, two);
    assert.equal(outcome(a), '');
    assert.equal((await call('GET', '/api/auth/me', { headers: { Cookie: cookieOf(a, 'bsx_access') } })).json.session.aal, 2);
    waits(await signIn(idp, mine.tenant, name, { ...person, amr: ['pwd'] }));
  });
  await withProvider({}, async (name) => waits(await signIn(idp, mine.tenant, name, two)));
});

test('google-login answers with what is still to be shown; the credential counts once all the same', async () => {
  await withProvider({ kind: 'google' }, async (name) => {
    const credential = () => idp.sign({ iss: idp.issuer, aud: idp.clientId, iat: now(), exp: now() + 300, jti: crypto.randomUUID(), hd: domain, ...person });
    const send = (token, more = {}) => call('POST', '/api/auth/google-login', { body: { tenant: mine.tenant, credential: token, ...more } });
    const token = await credential(), a = await send(token, { delivery: 'body' });
    assert.equal(a.status, 200, a.text);
    assert.deepEqual([a.json.mfa_required, a.json.methods], [true, ['totp', 'recovery_code']]);
    assert.deepEqual(Object.keys(a.json).sort(), ['methods', 'mfa_required', 'mfa_token']);
    assert.equal(a.cookies.length, 0);
    assert.equal((await send(token)).json.code, 'invalid_credentials');
    const b = await verify({ mfa_token: a.json.mfa_token, code: await app.next() });
    assert.equal(b.status, 200, b.text);
    assert.equal(b.json.return_to, undefined, 'a page of its own asked');
    const session = withToken(b.json.access_token);
    assert.equal((await session('GET', '/api/auth/sessions')).json.items.find((s) => s.current).provider, name);
    assert.match(cookieOf(await send(await credential()), 'bsx_mfa'), /^bsx_mfa=[\w-]{54}$/);
  });
});

test('what waits ends with its provider', async () => {
  const cookie = await withProvider({}, async (name) => waits(await signIn(idp, mine.tenant, name, person)));
  app.age(mine);
  const a = await verify({ code: await app.next() }, { Cookie: cookie, Origin: origin });
  assert.equal(a.status, 401, a.text);
  assert.equal(a.json.code, 'unauthenticated');
});

test('who has only a provider proves it there again, before identity providers are changed', async () => {
  await withProvider({ auto_provision: true, role_map: { '*': 'admin' } }, async (name, made) => {
    const newcomer = { sub: 'n1', email: `n1@${domain}`, email_verified: true };
    const first = await signIn(idp, mine.tenant, name, newcomer);
    assert.equal(outcome(first), '');
    const asBrowser = async (answer) => {
      const Cookie = cookieOf(answer, 'bsx_access'), me = await call('GET', '/api/auth/me', { headers: { Cookie } });
      const headers = { Cookie, 'Sec-Fetch-Site': 'same-origin', 'X-CSRF-Token': me.json.csrf_token };
      return (method, target, body) => call(method, target, { body, headers });
    };
    const old = await asBrowser(first), one = `/api/identity-providers/${made.id}`;
    for (const [method, target, body] of [['POST', '/api/identity-providers', rules()], ['PUT', one, { trust_mfa: true }], ['DELETE', one]]) {
      const a = await old(method, target, body);
      assert.equal(a.status, 403, a.text);
      assert.equal(a.json.code, 'step_up_required');
      assert.deepEqual(a.json.methods, ['provider']);
    }
    assert.equal((await old('POST', '/api/auth/step-up', { password: 'none' })).status, 401, 'there is none');
    const again = await asBrowser(await signIn(idp, mine.tenant, name, { ...newcomer, auth_time: now() }, { prompt: 'login' }));
    const extra = await again('POST', '/api/identity-providers', rules());
    assert.equal(extra.status, 201, extra.text);
    assert.equal((await again('DELETE', `/api/identity-providers/${extra.json.id}`)).status, 204);
  });
});

test('the last administrator stays one, whatever groups the provider tells; that it tried is on record', async () => {
  const there = newTenant(), first = await bearer(there), owner = first.session.user.id;
  const boss = { sub: 'boss', email: `boss@${there.tenant}.example`, email_verified: true };
  const { name } = await newProvider(first, { ...rules({ auto_provision: true, role_map: { bosses: 'admin', staff: 'viewer' } }),
    allowed_domains: [`${there.tenant}.example`] });
  const enter = async (groups) => {
    const a = await signIn(idp, there.tenant, name, { ...boss, groups });
    assert.equal(outcome(a), '');
    return (await call('GET', '/api/auth/me', { headers: { Cookie: cookieOf(a, 'bsx_access') } })).json.user;
  };
  const { id, roles } = await enter(['bosses']);
  assert.deepEqual(roles, ['admin']);
  const key = withToken((await bearer(there)).token);
  assert.equal((await key('PUT', `/api/users/${owner}`, { body: { roles: ['auditor'] } })).status, 200);
  assert.deepEqual((await enter(['staff'])).roles, ['admin'], 'the only one that is left');
  const trail = async () => (await (await bearer(there))('GET', '/api/audit?action=identity.roles')).json.items.map((x) => [x.target_id, x.outcome]);
  assert.deepEqual(await trail(), [[id, 'failure']]);
  const refused = await signIn(idp, there.tenant, name, { ...boss, groups: [] });
  assert.equal(outcome(refused), 'no_role', 'without a group nobody gets in');
  assert.deepEqual((await trail()).length, 2);
  const schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${there.tenant}'`);
  sql(`UPDATE ${schema}.user_roles SET role_id = (SELECT id FROM ${schema}.roles WHERE name = 'admin')
    WHERE user_id = UNHEX(REPLACE('${owner}', '-', ''))`);
  const made = await newKey(await bearer(there), ['update:drift']);
  sql(`UPDATE ${schema}.api_keys SET created_by = UNHEX(REPLACE('${id}', '-', ''))`);
  assert.deepEqual((await enter(['staff'])).roles, ['viewer'], 'with another one there it may go');
  assert.deepEqual((await trail())[0], [id, 'success']);
  const [entry] = (await (await bearer(there))('GET', '/api/audit?action=identity.roles&limit=1')).json.items;
  assert.deepEqual(entry.details.keys.narrowed.map((k) => k.id), [made.id], 'and the keys that may do less are named');
});
