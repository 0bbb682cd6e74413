// The whole way of a browser through oidc-provider, a certified OpenID provider that is not ours: its pages,
// its forms, its cookies, PKCE required.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { Browser as Person } from '../lib/browser.mjs';
import { call } from '../lib/client.mjs';
import { Log, base, credentials } from '../lib/env.mjs';
import { cookieOf, newProvider } from '../lib/idp.mjs';
import { bearer, newTenant } from '../lib/people.mjs';
import { clientId, startProvider } from '../lib/provider.mjs';

const mine = newTenant(), domain = `${mine.tenant}.example`, clientSecret = 'a secret: with/odd &characters+';
const people = {
  admin: { email: mine.email, email_verified: true, name: 'Ada Admin', groups: [] },
  stranger: { email: 'stranger@elsewhere.example', email_verified: true, name: 'Stranger', groups: ['staff'] },
  unverified: { email: mine.email, email_verified: false, name: 'Not Ada', groups: [] },
  newcomer: { email: `newcomer@${domain}`, email_verified: true, name: 'Nora Newcomer', groups: ['staff', 'nobody-maps-this'] },
};
let op, issuer, admin, provider;

before(async () => {
  op = await startProvider(people, 'basic', clientSecret);
  ({ issuer } = op);
  admin = await bearer(mine);
  provider = await newProvider(admin, { name: 'basic', kind: 'oidc', issuer, client_id: clientId, client_secret: clientSecret,
    allowed_domains: [domain], role_map: { staff: 'analyst' } });
});
after(() => op.stop());

class Browser extends Person {
  constructor() { super(mine.tenant); }
}

test('a user with a verified address in the trusted domain signs in and is who they were', async () => {
  const log = new Log(), b = new Browser(), page = await b.signIn('basic', 'admin', { return_to: '/drift?view=open' });
  assert.equal(page.url.pathname + page.url.search, '/drift?view=open');
  const who = await b.me();
  assert.equal(who.status, 200);
  assert.equal(who.json.user.email, mine.email);
  assert.deepEqual(who.json.user.roles, ['admin'], 'a linked user keeps the roles given here');
  assert.equal(who.json.session.aal, 1);
  assert.ok(Date.now() - Date.parse(who.json.session.auth_time) > 300000, 'nothing said when: it does not count as fresh');
  const actions = log.lines().map((l) => l['event.action']);
  assert.ok(actions.includes('identity.link') && actions.includes('session.start'), actions.join());
});

test('the same person is known again by the subject, and not linked a second time', async () => {
  people.admin.email = 'renamed@elsewhere.example';
  const log = new Log(), b = new Browser();
  await b.signIn('basic', 'admin');
  assert.equal((await b.me()).json.user.email, mine.email);
  assert.ok(!log.lines().some((l) => l['event.action'] === 'identity.link'));
  people.admin.email = mine.email;
});

test('prompt=login makes the provider ask again and counts as a fresh sign-in', async () => {
  const b = new Browser();
  await b.signIn('basic', 'admin');
  const page = await b.signIn('basic', 'admin', { prompt: 'login' });
  assert.equal(page.url.pathname, '/');
  assert.equal(page.url.search, '');
  assert.ok(Date.now() - Date.parse((await b.me()).json.session.auth_time) < 60000);
});

test('a stranger, and a bare e-mail claim, do not get in', async () => {
  for (const login of ['stranger', 'unverified']) {
    const page = await new Browser().signIn('basic', login);
    assert.equal(page.url.searchParams.get('error'), 'not_linked', login);
  }
});

test('with auto_provision a newcomer gets an account with the mapped role, and groups go on deciding', async () => {
  assert.equal((await new Browser().signIn('basic', 'newcomer')).url.searchParams.get('error'), 'not_linked');
  assert.equal((await admin('PUT', `/api/identity-providers/${provider.id}`, { body: { auto_provision: true } })).status, 200);
  const b = new Browser();
  await b.signIn('basic', 'newcomer');
  const who = (await b.me()).json;
  assert.equal(who.user.email, people.newcomer.email);
  assert.equal(who.user.display_name, 'Nora Newcomer');
  assert.deepEqual(who.user.roles, ['analyst']);
  people.newcomer.groups = [];
  assert.equal((await new Browser().signIn('basic', 'newcomer')).url.searchParams.get('error'), 'no_role');
  const old = await b.me();
  assert.deepEqual(old.json.permissions, [], 'what was open has lost the role too');
  people.newcomer.groups = ['staff'];
  await new Browser().signIn('basic', 'newcomer');
  assert.deepEqual((await b.me()).json.user.roles, ['analyst']);
});

test('a wrong client secret is a refusal that the trail explains', async () => {
  const log = new Log();
  await admin('PUT', `/api/identity-providers/${provider.id}`, { body: { client_secret: 'wrong' } });
  assert.equal((await new Browser().signIn('basic', 'admin')).url.searchParams.get('error'), 'oidc_failed');
  const line = log.lines().find((l) => l['event.action'] === 'session.fail');
  assert.match(line['bsx.details'], /"reason":"code_refused"/);
  await admin('PUT', `/api/identity-providers/${provider.id}`, { body: { client_secret: clientSecret } });
});

test('a person who says no at the provider comes back with that', async () => {
  const b = new Browser();
  let page = await b.go(`${base.origin}/api/auth/oidc/basic/start?tenant=${mine.tenant}`);
  const abort = /href="([^"]*\/abort)"/.exec(page.text)?.[1];
  assert.ok(abort);
  page = await b.go(new URL(abort, page.url));
  assert.equal(page.url.searchParams.get('error'), 'access_denied');
});

test('the cookie of a sign-in under way is HttpOnly, Lax, and lives ten minutes', async () => {
  const a = await call('GET', `/api/auth/oidc/basic/start?tenant=${mine.tenant}`);
  const [cookie] = a.cookies;
  assert.match(cookie, /^bsx_oidc_[0-9a-f]{12}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
  for (const part of ['state', 'nonce', 'code_challenge'])
    assert.ok(!cookie.includes(new URL(a.headers.location).searchParams.get(part)), 'sealed');
  assert.equal(cookieOf(a, 'bsx_access'), undefined);
});

// OpenID Connect Core section 5.4 as it is written: with a code, what the scopes ask for is at the UserInfo endpoint only.
test('a provider that keeps to the letter tells who somebody is by UserInfo, plain or signed', async () => {
  for (const [name, more] of [['letter', {}], ['signed', { client: { userinfo_signed_response_alg: 'RS256' }, config: { features: { jwtUserinfo: { enabled: true } } } }]]) {
    const strict = await startProvider(people, name, clientSecret, { client: more.client, config: { conformIdTokenClaims: true, ...more.config } });
    try {
      await newProvider(admin, { name, kind: 'oidc', issuer: strict.issuer, client_id: clientId, client_secret: clientSecret, allowed_domains: [domain],
        auto_provision: true, role_map: { staff: 'analyst' } });
      const b = new Browser();
      assert.equal((await b.signIn(name, 'admin')).url.searchParams.get('error'), null, name);
      assert.equal((await b.me()).json.user.email, mine.email);
      people[name] = { email: `${name}@${domain}`, email_verified: true, name: `From ${name}`, groups: ['staff'] };
      for (let i = 0; i < 2; i++) {
        const c = new Browser();
        await c.signIn(name, name);
        const { user } = (await c.me()).json;
        assert.deepEqual([user.email, user.display_name, user.roles], [people[name].email, people[name].name, ['analyst']]);
      }
      assert.equal((await new Browser().signIn(name, 'unverified')).url.searchParams.get('error'), 'not_linked', name);
    } finally {
      await strict.stop();
    }
  }
});

test('signed by other families of algorithms, with keys for encryption beside, people sign in all the same', async () => {
  const jwk = (type, kid, options, more = {}) => ({ ...crypto.generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, ...more });
  const keys = [jwk('rsa', 'r', { modulusLength: 2048 }, { use: 'enc' }), jwk('rsa', 'r', { modulusLength: 2048 }, { use: 'sig' }),
    jwk('ec', 'r', { namedCurve: 'P-521' }), jwk('ec', 'e', { namedCurve: 'P-384' }, { use: 'sig' }), jwk('ed25519', 'd', {})];
  const first = issuer;
  for (const alg of ['EdDSA', 'ES384', 'ES512', 'PS384', 'RS512']) {
    const name = `by-${alg.toLowerCase()}`;
    const one = await startProvider(people, name, clientSecret, { client: { id_token_signed_response_alg: alg },
      config: { jwks: { keys }, features: { encryption: { enabled: true } }, enabledJWA: { idTokenSigningAlgValues: ['RS256', alg] } } });
    ({ issuer } = one);
    try {
      await newProvider(admin, { name, kind: 'oidc', issuer, client_id: clientId, client_secret: clientSecret, allowed_domains: [domain] });
      const b = new Browser(), page = await b.signIn(name, 'admin');
      assert.equal(page.url.search, '', `${alg} ${page.url}`);
      assert.equal((await b.me()).json.user.email, mine.email, alg);
    } finally {
      issuer = first;
      await one.stop();
    }
  }
});

test('from where the tenant may not be used nobody signs in by a provider either', async () => {
  const platform = await bearer(credentials.platform), { id } = admin.session.tenant;
  const set = async (allowed_addresses) => assert.equal((await platform('PUT', `/api/tenants/${id}`, { body: { settings: { allowed_addresses } } })).status, 200);
  await set(['203.0.113.0/24']);
  const b = new Browser(), page = await b.signIn('basic', 'admin');
  assert.equal(page.url.searchParams.get('error'), 'address_not_allowed');
  assert.equal((await b.me()).status, 401);
  await set(null);
  await b.signIn('basic', 'admin');
  assert.equal((await b.me()).status, 200);
});
