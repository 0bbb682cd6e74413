// Google and Entra ID as their documentation describes them, on this machine by the `issuer` setting.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { Entra, personal } from '../lib/entra.mjs';
import { Log } from '../lib/env.mjs';
import { Idp, begin, makeKey, me, newProvider, now, outcome, signIn } from '../lib/idp.mjs';
import { bearer, newTenant, withToken } from '../lib/people.mjs';

const mine = newTenant(), domain = `${mine.tenant}.example`;
const tid = crypto.randomUUID();
let google, entra, admin, log;

before(async () => {
  admin = await bearer(mine);
  log = new Log();
  google = await new Idp().start();
  entra = await new Entra(tid).start();
  entra.keys.push(await makeKey('RS256', { issuer: 'https://login.elsewhere.example/{tenantid}/v2.0' }));
});
after(() => Promise.all([google.stop(), entra.stop()]));

async function withProvider(body, f) {
  const made = await newProvider(admin, body);
  try {
    return await f(made);
  } finally {
    assert.equal((await admin('DELETE', `/api/identity-providers/${made.id}`)).status, 204);
  }
}

const reasonOf = (id) => {
  const line = log.lines().find((l) => l['event.action'] === 'session.fail' && l['http.request.id'] === id);
  return line && JSON.parse(line['bsx.details']).reason;
};

// ---- Google -----------------------------------------------------------------------------------

const goo = (more = {}) => ({ name: 'goo', kind: 'google', issuer: google.issuer, client_id: google.clientId, client_secret: google.secret,
  allowed_domains: [domain], ...more });
const worker = { sub: '110169484474386276334', email: mine.email, email_verified: true, hd: domain, name: 'Ada' };

test('Google: the account of the expected Workspace domain signs in; a hint goes along', async () => {
  await withProvider(goo(), async () => {
    const flow = await begin(mine.tenant, 'goo');
    assert.equal(new URL(flow.location).searchParams.get('hd'), domain);
    const a = await signIn(google, mine.tenant, 'goo', worker);
    assert.equal(outcome(a), '');
    assert.equal((await me(a)).user.email, mine.email);
    // both spellings of its issuer are one
    google.token = (c) => google.sign({ ...c, iss: google.issuer.replace('http://', '') });
    assert.equal(outcome(await signIn(google, mine.tenant, 'goo', worker)), '');
    google.token = null;
  });
});

test('Google: another domain, none, or an address that is not verified does not', async () => {
  await withProvider(goo(), async () => {
    for (const [what, change, reason] of [['another domain', { hd: 'evil.example' }, 'other_domain'], ['no domain', { hd: undefined }, 'other_domain'],
      ['a personal account with such an address', { hd: undefined, email: mine.email }, 'other_domain'],
      ['not verified', { email_verified: false, sub: '2' }, 'email_not_verified']]) {
      const a = await signIn(google, mine.tenant, 'goo', { ...worker, ...change });
      assert.notEqual(outcome(a), '', what);
      assert.equal(reasonOf(a.id), reason, what);
    }
  });
});

const credential = (claims = {}, key = google.keys[0]) => google.sign({ iss: google.issuer, aud: google.clientId, azp: google.clientId, iat: now(), exp: now() + 300,
  jti: crypto.randomUUID(), ...worker, ...claims }, key);
const googleLogin = (token, more = {}) => call('POST', '/api/auth/google-login', { body: { tenant: mine.tenant, credential: token, ...more } });

test('google-login: a credential opens a session once', async () => {
  await withProvider(goo(), async () => {
    const token = await credential();
    const a = await googleLogin(token, { delivery: 'body' });
    assert.equal(a.status, 200, a.text);
    assert.equal(a.json.user.email, mine.email);
    assert.equal(a.cookies.length, 0);
    assert.equal((await withToken(a.json.access_token)('GET', '/api/auth/me')).status, 200);
    const again = await googleLogin(token);
    assert.equal(again.status, 401);
    assert.equal(again.json.code, 'invalid_credentials');
    const many = await credential();
    const answers = await Promise.all(Array.from({ length: 10 }, () => googleLogin(many)));
    assert.deepEqual(answers.map((x) => x.status).sort(), [200, ...Array(9).fill(401)]);
    const page = await googleLogin(await credential());
    assert.equal(page.status, 200);
    assert.ok(page.cookies.some((c) => c.startsWith('bsx_access=')));
  });
});

test('google-login: what is wrong with a credential is not told', async () => {
  await withProvider(goo(), async () => {
    const other = await makeKey('RS256', { kid: google.keys[0].kid }), bodies = new Set();
    for (const [what, token, more] of [['another issuer', await credential({ iss: 'https://accounts.google.com' })], ['another audience', await credential({ aud: 'x' })],
      ['expired', await credential({ exp: now() - 100 })], ['another key', await credential({}, other)], ['rubbish', 'x.y.z'],
      ['a nonce that nobody gave', await credential({ nonce: 'n1' })], ['another nonce', await credential({ nonce: 'n1' }), { nonce: 'n2' }], ['no nonce', await credential(), { nonce: 'n1' }],
      ['another tenant', await credential(), { tenant: 'demo' }], ['no tenant', await credential(), { tenant: 'no-such-tenant' }], ['another domain', await credential({ hd: 'evil.example' })]]) {
      const a = await googleLogin(token, more);
      assert.equal(a.status, 401, `${what}: ${a.text}`);
      bodies.add(`${a.json.code} ${a.json.detail}`);
    }
    assert.equal(bodies.size, 1, [...bodies].join('; '));
    assert.equal((await googleLogin(await credential({ nonce: 'n1' }), { nonce: 'n1' })).status, 200);
  });
});

test('google-login from another site is refused', async () => {
  await withProvider(goo(), async () => {
    const a = await call('POST', '/api/auth/google-login', { body: { tenant: mine.tenant, credential: await credential() }, headers: { Origin: 'https://evil.example' } });
    assert.equal(a.status, 403);
    assert.equal(a.json.code, 'csrf_failed');
  });
});

// ---- Entra ------------------------------------------------------------------------------------

const ms = (more = {}) => ({ name: 'ms', kind: 'entra', issuer: entra.url, entra_tenant_id: tid, client_id: entra.clientId, client_secret: entra.secret,
  auto_provision: true, role_map: { 'g-analysts': 'analyst', 'App.Viewer': 'viewer' }, ...more });
let made = 0;
const employee = (more = {}) => ({ oid: crypto.randomUUID(), upn: `e${++made}@${domain}`, name: `Employee ${made}`, groups: ['g-analysts'], ...more });

test('Entra: people of the expected directory get an account by group or application role, keyed on tid and oid', async () => {
  await withProvider(ms(), async () => {
    const one = employee();
    const a = await signIn(entra, mine.tenant, 'ms', one);
    assert.equal(outcome(a), '');
    const first = await me(a);
    assert.deepEqual(first.user.roles, ['analyst']);
    // another sub, another address, another name: the same person
    const again = await signIn(entra, mine.tenant, 'ms', { ...one, sub: 'another', upn: `married@${domain}`, name: 'New Name' });
    assert.equal((await me(again)).user.id, first.user.id);
    // the same address by another oid: somebody else, who does not get in
    const b = await signIn(entra, mine.tenant, 'ms', employee({ upn: one.upn }));
    assert.equal(outcome(b), 'not_linked');
    assert.equal(reasonOf(b.id), 'email_taken');
    const app = await signIn(entra, mine.tenant, 'ms', employee({ groups: undefined, roles: ['App.Viewer'] }));
    assert.deepEqual((await me(app)).user.roles, ['viewer']);
  });
});

test('Entra: another directory, personal accounts, other versions and foreign keys are refused', async () => {
  const other = crypto.randomUUID(), cases = [
    ['another directory', employee({ tid: other }), null, 'token_issuer'],
    ['another directory under the expected issuer', employee({ tid: other, iss: `${entra.url}/${tid}/v2.0` }), null, 'other_directory'],
    ['the expected directory under another issuer', employee({ iss: `${entra.url}/${other}/v2.0` }), null, 'token_issuer'],
    ['the template itself as issuer', employee({ iss: `${entra.url}/{tenantid}/v2.0` }), null, 'token_issuer'],
    ['a personal account', employee({ tid: personal }), 1, 'token_key'],
    ['the key of personal accounts for the expected directory', employee(), 1, 'token_key'],
    ['a key of another cloud', employee(), 3, 'token_key'],
    ['version 1', employee({ ver: '1.0', iss: `https://sts.windows.net/${tid}/` }), null, 'token_issuer'],
    ['version 1 under a version 2 issuer', employee({ ver: '1.0' }), null, 'token_version'],
    ['no version', employee({ ver: undefined }), null, 'token_version'],
    ['no tid', employee({ tid: undefined, iss: `${entra.url}/${tid}/v2.0` }), null, 'other_directory'],
    ['no oid', employee({ oid: undefined }), null, 'token_subject'],
    ['an oid that is no GUID', employee({ oid: 'x' }), null, 'token_subject'],
  ];
  await withProvider(ms(), async () => {
    for (const [what, claims, key, reason] of cases) {
      entra.token = key === null ? null : (c) => entra.sign(c, entra.keys[key]);
      const a = await signIn(entra, mine.tenant, 'ms', claims);
      assert.notEqual(outcome(a), '', what);
      assert.equal(reasonOf(a.id), reason, what);
    }
    entra.token = (c) => entra.sign(c, entra.keys[2]);
    assert.equal(outcome(await signIn(entra, mine.tenant, 'ms', employee())), '', 'a key of the directory itself');
    entra.token = null;
  });
});

test('Entra: an address is a claim (nOAuth): only one whose domain owner was verified links, in a trusted domain', async () => {
  for (const [what, claims, domains, code] of [['email alone', { email: mine.email }, [domain], 'not_linked'], ['preferred_username', { upn: mine.email }, [domain], 'not_linked'],
    ['preferred_username with xms_edov', { upn: mine.email, xms_edov: true }, [domain], 'not_linked'],
    ['verified, domain not trusted', { email: mine.email, xms_edov: true }, [], 'not_linked'], ['verified and trusted', { email: mine.email, xms_edov: true }, [domain], '']])
    await withProvider(ms({ auto_provision: false, allowed_domains: domains }), async () =>
      assert.equal(outcome(await signIn(entra, mine.tenant, 'ms', employee(claims))), code, what));
});

test('Entra: the document may name the expected issuer itself, and no other', async () => {
  const keep = entra.discovery;
  for (const [issuer, code] of [['', ''], [`/${crypto.randomUUID()}/v2.0`, 'oidc_unavailable'], ['/common/v2.0', 'oidc_unavailable']]) {
    const directory = crypto.randomUUID();
    entra.discovery = (d) => ({ ...d, issuer: entra.url + (code === '' ? `/${directory}/v2.0` : issuer) });
    await withProvider(ms({ entra_tenant_id: directory }), async () =>
      assert.equal(new URL((await call('GET', `/api/auth/oidc/ms/start?tenant=${mine.tenant}`)).headers.location, entra.url).searchParams.get('error') ?? '', code));
  }
  entra.discovery = keep;
});

test('no request here was an internal error', async () => {
  const errors = log.lines().filter((l) => l['http.response.status_code'] === 500 || l['error.code'] === 'internal');
  assert.deepEqual(errors, []);
});
