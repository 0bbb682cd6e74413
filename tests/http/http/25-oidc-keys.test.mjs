// Keys, algorithms, instants and descriptions as providers have them: legal if odd, each naming its document.
// A row either ends in a session or says what the browser and the trail are told.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { Log } from '../lib/env.mjs';
import { Idp, detailsIn, makeKey, me, now, outcome, signIn, stage } from '../lib/idp.mjs';
import { bearer, newTenant, unique } from '../lib/people.mjs';

const mine = newTenant(), person = { sub: 'p1', email: mine.email, email_verified: true };
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
const number = (bytes) => { const m = crypto.randomBytes(bytes); m[0] |= 128; m[bytes - 1] |= 1; return m.toString('base64url'); };
let idp, admin, withIssuer, withProvider, log, keys, rsa, ec, other, short;

const rsaKey = (more = {}) => ({ kty: 'RSA', use: 'sig', alg: 'RS256', e: 'AQAB', n: number(256), kid: unique('k'), ...more });
const signed = (head, claims) => { // by RSA, whatever the header says
  const text = `${b64(head)}.${b64(claims)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), rsa.privateKey).toString('base64url')}`;
};

before(async () => {
  keys = Object.fromEntries(await Promise.all(algorithms.map(async (alg) => [alg, await makeKey(alg)])));
  [rsa, ec, other] = [keys.RS256, keys.ES256, await makeKey('ES256')];
  const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 });
  short = { kid: 'short', alg: 'RS256', ...pair, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid: 'short', alg: 'RS256', use: 'sig' } };
  idp = await new Idp().start([]);
  idp.keys = [rsa, ec];
  admin = await bearer(mine);
  ({ withIssuer, withProvider } = stage(idp, admin, `${mine.tenant}.example`));
  log = new Log();
});
after(() => idp.stop());

async function judge(name, reason, more = {}) {
  const a = await signIn(idp, mine.tenant, name, person);
  if (reason === '')
    return assert.equal(outcome(a), '', JSON.stringify(detailsIn(log, a.id)));
  assert.equal(outcome(a), 'oidc_failed');
  const told = detailsIn(log, a.id);
  assert.deepEqual({ ...told, subject: undefined, provider: undefined }, { method: 'oidc', reason, provider: undefined, subject: undefined, ...more });
}

// ---- algorithms -------------------------------------------------------------------------------

test('every algorithm of RFC 7518, 8037 and 9864 signs people in, by a key that says it and by one that does not', async (t) => {
  const bare = ({ alg, ...jwk }) => jwk;
  for (const says of [true, false])
    await withIssuer({ jwks: () => ({ keys: algorithms.map((a) => (says ? keys[a].jwk : bare(keys[a].jwk))) }),
      discovery: (d) => ({ ...d, id_token_signing_alg_values_supported: [...algorithms, 'HS256', 'none'] }) }, async (name) => {
      for (const alg of algorithms) {
        await t.test(`${alg}, ${says ? 'said' : 'not said'}`, async () => {
          idp.token = (c) => idp.sign(c, keys[alg]);
          await judge(name, '');
        });
      }
    });
});

// ---- sets of keys -----------------------------------------------------------------------------

const beside = (...odd) => ({ jwks: (set) => ({ keys: [...odd, ...set.keys] }) });
const sets = [
  ['RFC 7518 3.3: RSA of 1,024 bits', () => beside(short.jwk)],
  ['RFC 7518 6.3.1: RSA without its numbers', () => beside({ kty: 'RSA', kid: 'a', alg: 'RS256' })],
  ['RFC 7517 4.7: a certificate only', () => beside({ kty: 'RSA', kid: 'a', x5c: ['MIIB'], x5t: 'x' })],
  ['RFC 7517 4.5: a kid of 4,000 bytes', () => beside(rsaKey({ kid: 'x'.repeat(4000) }))],
  ['RFC 7517 4.5: a kid that is a number', () => beside(rsaKey({ kid: 7 }))],
  ['RFC 7517 4.5: one kid, two kinds', () => ({ jwks: () => ({ keys: [{ ...ec.jwk, kid: rsa.kid }, rsa.jwk] }) })],
  ['RFC 7517 4.5: one kid, for encryption and for signatures', () => beside(rsaKey({ kid: 'x', use: 'enc', alg: 'RSA-OAEP' }))],
  ['the same key twice', () => ({ jwks: () => ({ keys: [rsa.jwk, rsa.jwk] }) })],
  ['one key for RS512 and for RS256', () => ({ jwks: () => ({ keys: [{ ...rsa.jwk, alg: 'RS512' }, rsa.jwk] }) })],
  ['another key of the same kid', () => beside(rsaKey({ kid: rsa.kid }))],
  ['RFC 7517 5: kinds, curves and uses of other worlds', () => beside({ kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' }, { kty: 'oct', k: 'AAAA' },
    { kty: 'OKP', crv: 'X25519', x: 'AAAA' }, { kty: 'EC', crv: 'secp256k1', x: 'A', y: 'A' }, rsaKey({ key_ops: ['encrypt'] }), rsaKey({ use: 'tls' }))],
  ['RFC 7517 5: what is no key', () => beside(null, 7, 'x', [], {})],
  ['RFC 7517 4.4: without alg and use', () => ({ jwks: (set) => ({ keys: set.keys.map(({ alg, use, ...k }) => k) }) })],
  ['RFC 7517 4.5: without a kid, and the token has one', () => ({ jwks: (set) => ({ keys: set.keys.map(({ kid, ...k }) => k) }) })],
  ['RFC 7515 4.1.4: a token without a kid', () => ({ token: (c) => idp.sign(c, rsa, { kid: undefined }) })],
  ['RFC 7518 6.3.1.1: a modulus with a nought in front', () => ({ jwks: () => ({ keys: [{ ...rsa.jwk, e: 'AAEAAQ',
    n: Buffer.concat([Buffer.alloc(1), Buffer.from(rsa.jwk.n, 'base64url')]).toString('base64url') }] }) })],
  ['40 keys', () => ({ jwks: (set) => ({ keys: [...set.keys, ...Array.from({ length: 38 }, () => rsaKey())] }) })],
  ['40 keys of 4,096 bits', () => ({ jwks: (set) => ({ keys: [...set.keys, ...Array.from({ length: 38 }, () => rsaKey({ n: number(512) }))] }) })],
  ['200 keys that are of no use before it', () => beside(...Array.from({ length: 200 }, () => ({ kty: 'RSA', n: 'AA' })))],
  ['RFC 7517 5: further members of the set', () => ({ jwks: (set) => ({ ...set, issuer: 7, keys_too: [] }) })],
];

test('an odd key is passed over, and its set signs people in', async (t) => {
  for (const [what, change] of sets)
    await t.test(what, () => withIssuer(change(), (name) => judge(name, '')));
});

test('what is signed by a key that is of no use, or by none, is refused with its kid and algorithm', async (t) => {
  const rows = [
    ['by a key that is too short', (c) => { const text = `${b64({ alg: 'RS256', kid: 'short' })}.${b64(c)}`;
      return `${text}.${crypto.sign('sha256', Buffer.from(text), short.privateKey).toString('base64url')}`; }, 'key_unusable', { alg: 'RS256', kid: 'short' }],
    ['by a key that is for something else', (c) => signed({ alg: 'RS256', kid: 'odd' }, c), 'key_unusable', { alg: 'RS256', kid: 'odd' }],
    ['by a key that is not there', (c) => signed({ alg: 'RS256', kid: 'gone' }, c), 'token_key', { alg: 'RS256', kid: 'gone' }],
    ['by an algorithm that the key does not say', (c) => signed({ alg: 'RS512', kid: rsa.kid }, c), 'token_key', { alg: 'RS512' }],
    ['by the kid of the other kind', (c) => signed({ alg: 'RS256', kid: ec.kid }, c), 'token_key', { alg: 'RS256' }],
    ['by an algorithm that is not taken', (c) => signed({ alg: 'ES256K', kid: rsa.kid }, c), 'token_algorithm', { alg: 'ES256K' }],
    ['by a secret', (c) => signed({ alg: 'HS256' }, c), 'token_algorithm', { alg: 'HS256' }],
    ['by words that would do harm in a log', (c) => signed({ alg: 'x\u001b[2J', kid: `\r\n\u202e"<b>${'y'.repeat(3000)}` }, c), 'token_algorithm', { alg: 'x\u001b[2J' }],
    ['by another key under the right kid', async (c) => { const [h, p] = (await idp.sign(c, ec)).split('.'); return `${h}.${p}.${(await idp.sign(c, other)).split('.')[2]}`; },
      'token_signature', { alg: 'ES256' }],
  ];
  await withIssuer(beside(short.jwk, rsaKey({ kid: 'odd', alg: 'ES256' })), async (name) => {
    for (const [what, token, reason, words] of rows) {
      await t.test(what, async () => {
        idp.token = token;
        const a = await signIn(idp, mine.tenant, name, person);
        assert.equal(outcome(a), 'oidc_failed');
        const told = detailsIn(log, a.id);
        assert.equal(told.reason, reason);
        assert.deepEqual({ ...told, ...words }, told);
        assert.ok(Buffer.byteLength(told.kid ?? '') <= 64);
      });
    }
  });
  assert.doesNotMatch(log.text(), /[\u001b\u202e]/, 'no control character is in the log');
  const line = log.lines().find((l) => l['bsx.keys']?.includes('"short": RSA of less than 2,048 bits'));
  assert.equal(line['log.level'], 'warn');
});

test('of a provider without a key that is of use everything is refused, and the trail says so', async (t) => {
  const rows = [['no key', []], ['RSA of 1,024 bits', [{ ...short.jwk, kid: rsa.kid }]], ['RFC 8017 3.1: the exponent 1', [{ ...rsa.jwk, e: 'AQ' }]],
    ['a point off the curve', [{ kty: 'EC', crv: 'P-256', kid: 'k', x: number(32), y: number(32) }]], ['symmetric keys', [{ kty: 'oct', kid: 'k', alg: 'HS256', k: 'AAAA' }]],
    ['keys for encryption', [{ ...rsa.jwk, use: 'enc' }]]];
  for (const [what, set] of rows)
    await t.test(what, () => withIssuer({ jwks: () => ({ keys: set }) }, (name) => judge(name, 'key_unusable', { alg: 'RS256', kid: rsa.kid })));
});

// ---- instants ---------------------------------------------------------------------------------

const exponent = (s) => `${s / 1e9}e+09`, fraction = (s) => `${s}.25`;
const instants = [
  ['RFC 7519 2: with fractions', (t) => [fraction(t), fraction(t + 300)], ''],
  ['RFC 7519 2: with exponents', (t) => [exponent(t), exponent(t + 300)], ''],
  ['nbf 0 and auth_time 0', (t) => [t, t + 300, ',"nbf":0,"auth_time":0'], ''],
  ['nbf and auth_time null', (t) => [t, t + 300, ',"nbf":null,"auth_time":null'], ''],
  ['nbf and auth_time with fractions', (t) => [t, t + 300, `,"nbf":${fraction(t - 5)},"auth_time":${exponent(t - 5)}`], ''],
  ['claims that are larger than 64 bits', (t) => [t, t + 300, ',"big":123456789012345678901234567890,"far":1e400'], ''],
  ['exp as a text', (t) => [t, `"${t + 300}"`], 'token_time'],
  ['exp without an end', (t) => [t, '1e999999999'], 'token_time'],
  ['exp in milliseconds', (t) => [t, (t + 300) * 1000], 'token_time'],
  ['exp null', (t) => [t, 'null'], 'token_time'],
  ['exp with a fraction, past', (t) => [t, fraction(t - 62)], 'token_time'],
  ['iat null', (t) => ['null', t + 300], 'token_time'],
  ['iat 0', (t) => [0, t + 300], 'token_time'],
  ['iat negative', (t) => [-1, t + 300], 'token_time'],
  ['nbf as a text', (t) => [t, t + 300, ',"nbf":"NaN"'], 'token_time'],
  ['nbf in the future, with an exponent', (t) => [t, t + 300, `,"nbf":${exponent(t + 120)}`], 'token_time'],
];

test('an instant may be written in every way that JSON has', async (t) => {
  await withProvider({}, async (name) => {
    for (const [what, times, reason] of instants) {
      await t.test(what, async () => {
        const [iat, exp, more = ''] = times(now());
        idp.token = ({ iat: i, exp: e, ...c }) => signed({ alg: 'RS256', kid: rsa.kid }, `${JSON.stringify(c).slice(0, -1)},"iat":${iat},"exp":${exp}${more}}`);
        await judge(name, reason, reason && { alg: 'RS256', kid: rsa.kid });
      });
    }
    idp.token = null;
  });
});

// ---- descriptions -----------------------------------------------------------------------------

const as = (type) => ({ answer: (q, a, kind) => {
  if (kind !== 'discovery' && kind !== 'jwks')
    return false;
  a.writeHead(200, { 'Content-Type': type });
  a.end(JSON.stringify(kind === 'jwks' ? { keys: [rsa.jwk] } : idp.document()));
  return true;
} });
const methods = (value) => ({ discovery: (d) => ({ ...d, token_endpoint_auth_methods_supported: value }) });
const descriptions = [
  ['RFC 8259 8.1: a byte order mark before every answer', { mark: '\ufeff' }],
  ['a charset', as('application/json; charset=utf-8')],
  ['RFC 7517 8.5: the type of a set', as('application/jwk-set+json;charset=UTF-8')],
  ['as text', as('text/plain')],
  ['Discovery 3: without the optional members', { discovery: ({ issuer, authorization_endpoint, token_endpoint, jwks_uri }) => ({ issuer, authorization_endpoint, token_endpoint, jwks_uri }) }],
  ['Discovery 3: algorithms that are not ours too', { discovery: (d) => ({ ...d, id_token_signing_alg_values_supported: ['HS256', 'ES256K', 7, null] }) }],
  ['Discovery 3: a text for a list of algorithms', { discovery: (d) => ({ ...d, id_token_signing_alg_values_supported: 'RS256' }) }],
  ['Discovery 3: the secret in the header or the body', methods(['client_secret_post', 'client_secret_basic'])],
  ['Discovery 3: the secret in the body', methods(['client_secret_post', 'private_key_jwt'])],
  ['Discovery 3: a text for a list', methods('client_secret_post')],
  ['Discovery 3: no method', methods([])],
  ['Discovery 3: methods that are not ours', methods(['private_key_jwt', 'tls_client_auth'])],
  ['Discovery 3: null', methods(null)],
];

test('a description may be written and sent in every legal way', async (t) => {
  for (const [what, change] of descriptions)
    await t.test(what, () => withIssuer(change, (name) => judge(name, '')));
});

test('an issuer ends in a slash where its provider has one, and only there', async () => {
  await withIssuer({ base: `/${unique('i')}/` }, (name) => judge(name, ''));
  await withIssuer({}, async (name) => {
    idp.base += '/'; // it calls itself so, and is set up without
    assert.equal(outcome(await call('GET', `/api/auth/oidc/${name}/start?tenant=${mine.tenant}`)), 'oidc_unavailable');
    assert.ok(log.lines().some((l) => l['error.message']?.includes(`another issuer: ${idp.issuer}`)), 'the log says what it calls itself');
  });
});

// ---- whom it was asked for by -------------------------------------------------------------------

test('a token that another application of the same people asked for us is taken where the tenant says so', async () => {
  const rows = [[{}, { azp: 'phone' }, 'token_audience'], [{ authorized_parties: ['phone'] }, { azp: 'phone' }, ''],
    [{ authorized_parties: ['phone'] }, { azp: 'watch' }, 'token_audience'], [{ authorized_parties: ['phone'] }, { aud: 'phone', azp: 'phone' }, 'token_audience'],
    [{ authorized_parties: ['phone'] }, { aud: ['phone', 'client-1'], azp: 'phone' }, ''], [{ authorized_parties: ['phone'] }, { aud: ['phone', 'client-1'] }, 'token_audience']];
  for (const [more, claims, reason] of rows)
    await withProvider(more, async (name) => {
      idp.token = (c) => idp.sign({ ...c, ...claims });
      await judge(name, reason, reason && { alg: 'RS256', kid: rsa.kid });
    });
  idp.token = null;
});

// ---- second factors -----------------------------------------------------------------------------

test('what the tenant says is a second factor counts as one, and only for a provider that it trusts with that', async () => {
  const own = { trust_mfa: true, mfa_amr: ['hwk'], mfa_acr: ['phrh'] };
  const rows = [[{ trust_mfa: true }, { amr: 'mfa' }, 2], [{ trust_mfa: true }, { amr: ['hwk'] }, 1], [own, { amr: ['hwk'] }, 2], [own, { amr: ['mfa'] }, 1],
    [own, { acr: 'phrh' }, 2], [own, { acr: 'phr' }, 1], [own, {}, 1], [{ ...own, trust_mfa: false }, { acr: 'phrh', amr: ['hwk'] }, 1],
    [{ trust_mfa: true, mfa_amr: [] }, { amr: ['mfa'], acr: 'mfa' }, 1]];
  for (const [more, claims, aal] of rows)
    await withProvider(more, async (name) => {
      const a = await signIn(idp, mine.tenant, name, { ...person, ...claims });
      assert.equal(outcome(a), '');
      assert.equal((await me(a)).session.aal, aal, JSON.stringify([more, claims]));
    });
});
