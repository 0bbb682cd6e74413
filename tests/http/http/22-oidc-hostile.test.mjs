// Providers and browsers that mean harm: each row an attack, the code that the browser gets, and the word of
// the trail that says which check caught it.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { SignJWT, exportSPKI, generateKeyPair } from 'jose';
import { call } from '../lib/client.mjs';
import { Log, sleep } from '../lib/env.mjs';
import { Idp, begin, comesAgain, comeBack, cookieOf, detailsIn, makeKey, now, outcome, patient, signIn, stage } from '../lib/idp.mjs';
import { bearer, newTenant, unique } from '../lib/people.mjs';

const mine = newTenant(), domain = `${mine.tenant}.example`;
const person = { sub: 'p1', email: mine.email, email_verified: true };
const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
let idp, admin, foreign, foreignPss, withProvider, withIssuer;

before(async () => {
  // Made here: a provider that answers only after it has made a key is slow, and is not asked for a while.
  [foreign, foreignPss] = [await makeKey('RS256'), await makeKey('PS256')];
  idp = await new Idp().start(['RS256', 'ES256', 'PS256']);
  admin = await bearer(mine);
  ({ withProvider, withIssuer } = stage(idp, admin, domain));
});
after(() => idp.stop());

const signInWith = (flow, name, claims) => comeBack(name, { code: idp.grant(flow.location, claims), state: flow.state }, flow.cookie);

const reasonIn = (log, id) => detailsIn(log, id)?.reason;

test('the honest way works, by RSA, by EC and by RSA-PSS, and by the secret in the body', async () => {
  for (const change of [{}, { token: (c) => idp.sign(c, idp.keys[1]) }, { token: (c) => idp.sign(c, idp.keys[2]) },
    { discovery: (d) => ({ ...d, token_endpoint_auth_methods_supported: ['client_secret_post'] }) }])
    await withIssuer(change, async (name) => assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), ''));
});

// ---- tokens -----------------------------------------------------------------------------------

const raw = (header, claims, key = idp.keys[0]) => {
  const text = `${b64(header)}.${b64(claims)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), key.privateKey).toString('base64url')}`;
};
const pss = (header, claims, key = idp.keys[2], saltLength = 32) => {
  const text = `${b64({ alg: 'PS256', kid: key.kid, ...header })}.${b64(claims)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), { key: key.privateKey,
    padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength }).toString('base64url')}`;
};
const head = (more = {}) => ({ alg: 'RS256', kid: idp.keys[0].kid, typ: 'JWT', ...more });

const tokens = [
  ['another issuer', (c) => idp.sign({ ...c, iss: 'https://evil.example' }), 'token_issuer'],
  ['the issuer with a slash more', (c) => idp.sign({ ...c, iss: `${c.iss}/` }), 'token_issuer'],
  ['no issuer', (c) => idp.sign({ ...c, iss: undefined }), 'token_issuer'],
  ['for another client', (c) => idp.sign({ ...c, aud: 'somebody-else' }), 'token_audience'],
  ['for two clients without azp', (c) => idp.sign({ ...c, aud: [c.aud, 'other'] }), 'token_audience'],
  ['with azp of another client', (c) => idp.sign({ ...c, azp: 'other' }), 'token_audience'],
  ['for nobody', (c) => idp.sign({ ...c, aud: [] }), 'token_audience'],
  ['expired', (c) => idp.sign({ ...c, exp: now() - 61 }), 'token_time'],
  ['without an end', (c) => idp.sign({ ...c, exp: undefined }), 'token_time'],
  ['an end that is no number', (c) => idp.sign({ ...c, exp: '9999999999' }), 'token_time'],
  ['made in the future', (c) => idp.sign({ ...c, iat: now() + 120 }), 'token_time'],
  ['made long ago', (c) => idp.sign({ ...c, iat: now() - 7200 }), 'token_time'],
  ['not valid yet', (c) => idp.sign({ ...c, nbf: now() + 120 }), 'token_time'],
  ['auth_time in the future', (c) => idp.sign({ ...c, auth_time: now() + 600 }), 'token_time'],
  ['nonce of another sign-in', (c) => idp.sign({ ...c, nonce: 'x'.repeat(43) }), 'token_nonce'],
  ['no nonce', (c) => idp.sign({ ...c, nonce: undefined }), 'token_nonce'],
  ['no subject', (c) => idp.sign({ ...c, sub: undefined }), 'token_subject'],
  ['an empty subject', (c) => idp.sign({ ...c, sub: '' }), 'token_subject'],
  ['a subject of 256 bytes', (c) => idp.sign({ ...c, sub: 'x'.repeat(256) }), 'token_subject'],
  ['a subject with a control', (c) => idp.sign({ ...c, sub: 'p1\u0001x' }), 'token_subject'],
  ['a subject with a NUL', (c) => idp.sign({ ...c, sub: 'p1\u0000x' }), 'token_subject'],
  ['alg none', (c) => `${b64({ alg: 'none' })}.${b64(c)}.`, 'token_algorithm'],
  ['alg none with a signature', async (c) => `${b64({ alg: 'none', kid: idp.keys[0].kid })}.${(await idp.sign(c)).split('.').slice(1).join('.')}`, 'token_algorithm'],
  ['alg nOnE', (c) => `${b64({ alg: 'nOnE', kid: idp.keys[0].kid })}.${b64(c)}.${b64('x'.repeat(64))}`, 'token_algorithm'],
  ['HS256 with the public key (PEM) as secret', async (c) => new SignJWT(c).setProtectedHeader({ alg: 'HS256', kid: idp.keys[0].kid })
    .sign(new TextEncoder().encode(await exportSPKI(idp.keys[0].publicKey))), 'token_algorithm'],
  ['HS256 with the modulus as secret', (c) => new SignJWT(c).setProtectedHeader({ alg: 'HS256', kid: idp.keys[0].kid })
    .sign(Buffer.from(idp.keys[0].jwk.n, 'base64url')), 'token_algorithm'],
  ['RS512 by the right key', (c) => idp.sign(c, { ...idp.keys[0], alg: 'RS256' }).then(() => raw(head({ alg: 'RS512' }), c)), 'token_key'],
  ['RS256 with the kid of the EC key', (c) => raw(head({ kid: idp.keys[1].kid }), c), 'token_key'],
  ['a key of its own under the right kid', (c) => idp.sign(c, { ...foreign, kid: idp.keys[0].kid }), 'token_signature'],
  ['an unknown kid', (c) => idp.sign(c, foreign), 'token_key'],
  ['a key in the header', (c) => idp.sign(c, { ...foreign, kid: idp.keys[0].kid }, { jwk: foreign.jwk }), 'token_signature'],
  ['PS256 with a salt of 20 bytes', (c) => pss({}, c, idp.keys[2], 20), 'token_signature'],
  ['PS256 without a salt', (c) => pss({}, c, idp.keys[2], 0), 'token_signature'],
  ['PS256 with the longest salt', (c) => pss({}, c, idp.keys[2], crypto.constants.RSA_PSS_SALTLEN_MAX_SIGN), 'token_signature'],
  ['PS256 by the older padding', (c) => raw({ alg: 'PS256', kid: idp.keys[2].kid }, c, idp.keys[2]), 'token_signature'],
  ['PS256 by a key that is for RS256', (c) => pss({}, c, idp.keys[0]), 'token_key'],
  ['RS256 by a key that is for PS256', (c) => pss({ alg: 'RS256' }, c), 'token_key'],
  ['PS256 by a key of its own under the right kid', (c) => pss({}, c, { ...foreignPss, kid: idp.keys[2].kid }), 'token_signature'],
  ['PS256 with claims changed after signing', (c) => { const [h, , s] = pss({}, c).split('.'); return `${h}.${b64({ ...c, sub: 'p2' })}.${s}`; }, 'token_signature'],
  ['PS256 cut short', (c) => pss({}, c).slice(0, -14), 'token_signature'],
  ['PS384', (c) => pss({ alg: 'PS384' }, c), 'token_key'],
  ['a critical extension', (c) => raw(head({ crit: ['exp'] }), c), 'token_form'],
  ['an access token', (c) => raw(head({ typ: 'at+jwt' }), c), 'token_form'],
  ['alg twice in the header', (c) => raw(`{"alg":"none","alg":"RS256","kid":"${idp.keys[0].kid}"}`, c), 'token_form'],
  ['nonce twice in the claims', (c) => raw(head(), `${JSON.stringify(c).slice(0, -1)},"nonce":"x"}`), 'token_form'],
  ['claims changed after signing', async (c) => { const [h, , s] = (await idp.sign(c)).split('.'); return `${h}.${b64({ ...c, sub: 'p2' })}.${s}`; }, 'token_signature'],
  ['a fourth part', async (c) => `${await idp.sign(c)}.x`, 'token_form'],
  ['base64 with padding', async (c) => `${await idp.sign(c)}==`, 'token_form'],
  ['a signature cut short', async (c) => (await idp.sign(c)).slice(0, -14), 'token_signature'],
  ['a token of 17 KiB', (c) => idp.sign({ ...c, pad: 'x'.repeat(17000) }), 'token_form'],
  ['claims that are no object', () => raw(head(), '["x"]'), 'token_form'],
  ['no token at all', () => undefined, 'token_form'],
  ['a token that is a number', () => 7, 'token_form'],
];

test('no forged, foreign, stale or malformed ID token opens a session', async (t) => {
  const log = new Log();
  await withProvider({}, async (name) => {
    for (const [what, token, reason] of tokens) {
      await t.test(what, async () => {
        idp.token = token;
        const a = await signIn(idp, mine.tenant, name, person);
        assert.equal(outcome(a), 'oidc_failed');
        assert.equal(reasonIn(log, a.id), reason);
      });
    }
    idp.token = null;
    assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), '');
  });
  assert.doesNotMatch(log.text(), /eyJ[\w-]{20}/, 'no token is in the log');
});

test('a key that does not say PS256 is for RS256: what the token says changes nothing', async () => {
  await withIssuer({ jwks: (set) => ({ keys: set.keys.map(({ alg, ...k }) => k) }), token: (c) => pss({}, c) },
    async (name) => assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), 'oidc_failed'));
});

// ---- documents --------------------------------------------------------------------------------

const only = (kind, f) => (q, a, k) => k === kind && (f(a), true);
const redirect = (a) => { a.writeHead(302, { Location: `${idp.url}/elsewhere` }); a.end(); };

const documents = [
  ['of another issuer', { discovery: (d) => ({ ...d, issuer: 'https://accounts.google.com' }) }],
  ['without an issuer', { discovery: (d) => ({ ...d, issuer: undefined }) }],
  ['that is no JSON', { answer: only('discovery', (a) => a.end('<html>')) }],
  ['with a member twice', { discovery: (d) => `{"issuer":"x",${JSON.stringify(d).slice(1)}` }],
  ['of 200 KiB', { discovery: (d) => ({ ...d, pad: 'x'.repeat(200000) }) }],
  ['behind a redirect', { answer: only('discovery', redirect) }],
  ['with keys behind a redirect', { answer: only('jwks', redirect) }],
  ['with keys at the metadata address', { discovery: (d) => ({ ...d, jwks_uri: 'http://169.254.169.254/latest/meta-data/' }) }],
  ['with keys in a file', { discovery: (d) => ({ ...d, jwks_uri: 'file:///etc/passwd' }) }],
  ['with a line break in an address', { discovery: (d) => ({ ...d, authorization_endpoint: `${idp.url}/a\r\nSet-Cookie: x=y` }) }],
  ['with javascript as address', { discovery: (d) => ({ ...d, authorization_endpoint: 'javascript:alert(1)' }) }],
  ['with keys of 200 KiB', { jwks: (s) => ({ ...s, pad: 'x'.repeat(200000) }) }],
  ['with keys that are no set', { jwks: () => ({ keys: {} }) }],
  ['with HTTP 500', { answer: only('discovery', (a) => { a.writeHead(500); a.end(); }) }],
];

test('a description or keys that cannot be used send nobody anywhere', async (t) => {
  for (const [what, change] of documents) {
    await t.test(what, () => withIssuer(change, async (name) => {
      const a = await call('GET', `/api/auth/oidc/${name}/start?tenant=${mine.tenant}`);
      assert.equal(outcome(a), 'oidc_unavailable');
      assert.equal(a.cookies.length, 0);
    }));
  }
  assert.equal(idp.seen.other ?? 0, 0, 'a redirect is not followed');
});

test('a provider that never answers costs seconds, once, and not a worker', async () => {
  const slow = newTenant();
  await withIssuer({ answer: (q, a, kind) => kind === 'discovery' }, async (name) => {
    const from = Date.now(), target = `/api/auth/oidc/${name}/start?tenant=${slow.tenant}`;
    assert.equal(outcome(await call('GET', target)), 'oidc_unavailable');
    assert.ok(Date.now() - from < 20000);
    const asked = idp.seen.discovery;
    assert.equal(outcome(await call('GET', target)), 'oidc_unavailable');
    assert.equal(idp.seen.discovery, asked, 'the cool-down answers, and nobody is asked');
  }, await bearer(slow));
});

test('a tenant whose provider is slow waits, before the workers that all share do', async () => {
  const slow = newTenant(), owner = await bearer(slow), who = { sub: 'p1', email: slow.email, email_verified: true };
  await withIssuer({}, async (name) => {
    await begin(slow.tenant, name); // its description is known
    idp.answer = only('token', () => {});
    const flows = [await begin(slow.tenant, name), await begin(slow.tenant, name)];
    assert.equal(outcome(await signInWith(flows[0], name, who)), 'oidc_unavailable');
    const asked = { ...idp.seen };
    comesAgain(await signInWith(flows[1], name, who));
    // nor by another provider of its own
    idp.answer = null;
    idp.base = `/${unique('i')}`;
    await withProvider({}, async (second) => {
      comesAgain(await call('GET', `/api/auth/oidc/${second}/start?tenant=${slow.tenant}`));
    }, owner);
    assert.deepEqual([idp.seen.token, idp.seen.discovery], [asked.token, asked.discovery], 'neither has asked');
    await withProvider({}, async (third) => assert.equal(outcome(await signIn(idp, mine.tenant, third, person)), '', 'other tenants do not wait'));
  }, owner);
});

test('a token endpoint that fails, redirects or floods is a refusal', async () => {
  const answers = [['oidc_unavailable', (a) => { a.writeHead(500); a.end(); }], ['oidc_failed', redirect], ['oidc_failed', (a) => a.end('{}')],
    ['oidc_failed', (a) => a.end('[')], ['oidc_unavailable', (a) => a.end(`{"id_token":"${'x'.repeat(100000)}"}`)]];
  await withIssuer({}, async (name) => {
    for (const [code, answer] of answers) {
      idp.answer = only('token', answer);
      assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), code);
    }
    idp.answer = null;
    assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), '');
    assert.equal(idp.seen.other ?? 0, 0, 'a redirect is not followed');
  });
});

// ---- states -----------------------------------------------------------------------------------

test('a sign-in is ended by the browser that began it, once', async () => {
  await withIssuer({}, async (name) => {
    const flow = await begin(mine.tenant, name), code = () => idp.grant(flow.location, person);
    const other = await begin(mine.tenant, name);
    const under = (cookie) => `${flow.cookie.split('=')[0]}=${cookie.split('=')[1]}`; // by the name that is looked for
    const attacks = {
      'without a cookie': [{ code: code(), state: flow.state }, undefined],
      'with the cookie of another browser': [{ code: code(), state: flow.state }, other.cookie],
      'with the cookie of another browser under the name of this one': [{ code: code(), state: flow.state }, under(other.cookie)],
      'with the cookie of another browser under the name that all once had': [{ code: code(), state: flow.state }, `bsx_oidc=${other.cookie.split('=')[1]}`],
      'with another state': [{ code: code(), state: other.state }, flow.cookie],
      'without a state': [{ code: code() }, flow.cookie],
      'with a changed cookie': [{ code: code(), state: flow.state }, flow.cookie.replace(/.$/, (c) => (c === 'A' ? 'E' : 'A'))],
      'with two cookies': [{ code: code(), state: flow.state }, `${flow.cookie}; ${under(other.cookie)}`],
      'with the same cookie twice': [{ code: code(), state: flow.state }, `${flow.cookie}; ${flow.cookie}`],
      'with a session cookie in its place': [{ code: code(), state: flow.state }, under('bsx_oidc=AAAA')],
    };
    for (const [what, [query, cookie]] of Object.entries(attacks))
      assert.equal(outcome(await comeBack(name, query, cookie)), 'oidc_state', what);
    assert.equal(outcome(await comeBack(name, { code: code(), state: flow.state }, flow.cookie)), '', 'those attempts did not use it up');
    assert.equal(outcome(await comeBack(name, { code: code(), state: flow.state }, flow.cookie)), 'oidc_state', 'a second time');
  });
});

test('ten answers to one sign-in at once open one session', async () => {
  await withIssuer({}, async (name) => {
    const flow = await begin(mine.tenant, name), codes = Array.from({ length: 10 }, () => idp.grant(flow.location, person));
    const answers = await Promise.all(codes.map((code) => patient(() => comeBack(name, { code, state: flow.state }, flow.cookie))));
    assert.deepEqual(answers.map(outcome).sort(), ['', ...Array(9).fill('oidc_state')]);
  });
});

test('a sign-in begun at one provider or tenant is not ended at another', async () => {
  await withIssuer({}, async (name) => withProvider({}, async (second) => {
    const flow = await begin(mine.tenant, name);
    assert.equal(outcome(await comeBack(second, { code: idp.grant(flow.location, person), state: flow.state }, flow.cookie)), 'oidc_state');
    assert.equal(outcome(await comeBack('no-such', { code: 'x', state: flow.state }, flow.cookie)), 'oidc_state');
    // the tenant is the sealed one, whatever else is in the address
    const a = await comeBack(name, { code: idp.grant(flow.location, person), state: flow.state, tenant: 'demo' }, flow.cookie);
    assert.equal(outcome(a), '');
    const who = await call('GET', '/api/auth/me', { headers: { Cookie: cookieOf(a, 'bsx_access') } });
    assert.equal(who.json.tenant.slug, mine.tenant);
  }));
});

test('the issuer of the answer must be the one asked (mix-up)', async () => {
  await withIssuer({ discovery: (d) => ({ ...d, authorization_response_iss_parameter_supported: true }) }, async (name) => {
    for (const [iss, code] of [['https://evil.example', 'oidc_failed'], [undefined, 'oidc_failed'], [idp.issuer, '']]) {
      const flow = await begin(mine.tenant, name);
      const query = { code: idp.grant(flow.location, person), state: flow.state, ...(iss ? { iss } : {}) };
      assert.equal(outcome(await comeBack(name, query, flow.cookie)), code, iss);
    }
  });
});

test('a code without its verifier, or of another sign-in, is refused by the provider and by us', async () => {
  await withIssuer({}, async (name) => {
    const one = await begin(mine.tenant, name), two = await begin(mine.tenant, name);
    const a = await comeBack(name, { code: idp.grant(one.location, person), state: two.state }, two.cookie);
    assert.equal(outcome(a), 'oidc_failed');
  });
});

test('return_to is a path of this installation and nothing else', async () => {
  await withIssuer({}, async (name) => {
    for (const path of ['//evil.example', 'https://evil.example', '/\\evil.example', '\\/evil', 'evil', '/a b', '/a\r\nSet-Cookie:x=y', '/a\tb', '/ä', `/${'x'.repeat(1100)}`]) {
      const a = await call('GET', `/api/auth/oidc/${name}/start?${new URLSearchParams({ tenant: mine.tenant, return_to: path })}`);
      assert.ok([400, 422].includes(a.status), `${JSON.stringify(path)} ${a.status}`);
      assert.equal(a.headers.location, undefined);
    }
    const a = await signIn(idp, mine.tenant, name, person, { return_to: '/a/b?c=d&e=%2F#f' });
    assert.equal(a.headers.location, '/a/b?c=d&e=%2F#f');
  });
});

test('people are linked by rules, never by a bare e-mail claim', async () => {
  const cases = [
    ['not verified', { sub: 's1', email: mine.email, email_verified: false }, {}, 'not_linked'],
    ['verified by nobody', { sub: 's2', email: mine.email }, {}, 'not_linked'],
    ['"verified" by a word', { sub: 's3', email: mine.email, email_verified: 'yes' }, {}, 'not_linked'],
    ['verified, in a domain that is not trusted', { sub: 's4', email: mine.email, email_verified: true }, { allowed_domains: [] }, 'not_linked'],
    ['verified, in a subdomain', { sub: 's5', email: mine.email.replace('@', '@x.'), email_verified: true }, {}, 'not_linked'],
    ['two addresses in one', { sub: 's6', email: `${mine.email},x@evil.example`, email_verified: true }, {}, 'not_linked'],
    ['verified and trusted', { sub: 's7', email: mine.email.toUpperCase(), email_verified: true }, {}, ''],
  ];
  for (const [what, claims, more, code] of cases)
    await withProvider(more, async (name) => assert.equal(outcome(await signIn(idp, mine.tenant, name, claims)), code, what));
  // a second person with the address of the first, at the same provider
  await withProvider({}, async (name) => {
    assert.equal(outcome(await signIn(idp, mine.tenant, name, { ...person, sub: 'first' })), '');
    assert.equal(outcome(await signIn(idp, mine.tenant, name, { ...person, sub: 'second' })), 'not_linked');
    assert.equal(outcome(await signIn(idp, mine.tenant, name, { sub: 'first' })), '', 'known by the subject');
  });
});

test('a second factor of the provider counts only where the tenant says so', async () => {
  for (const [trust, aal] of [[false, 1], [true, 2]]) {
    await withProvider({ trust_mfa: trust }, async (name) => {
      const a = await signIn(idp, mine.tenant, name, { ...person, amr: ['pwd', 'mfa'] });
      const who = await call('GET', '/api/auth/me', { headers: { Cookie: cookieOf(a, 'bsx_access') } });
      assert.equal(who.json.session.aal, aal);
    });
  }
});

test('prompt=login with an old sign-in at the provider is not fresh', async () => {
  await withProvider({}, async (name) => {
    const old = { ...person, auth_time: now() - 1000 };
    assert.equal(outcome(await signIn(idp, mine.tenant, name, old, { prompt: 'login' })), 'not_fresh');
    assert.equal(outcome(await signIn(idp, mine.tenant, name, old)), '');
    assert.equal(outcome(await signIn(idp, mine.tenant, name, { ...person, auth_time: now() - 5 }, { prompt: 'login' })), '');
  });
});

// ---- the kid flood ----------------------------------------------------------------------------

test('many unknown kids over all workers make one fetch, and good keys go on working', async () => {
  await withIssuer({}, async () => withProvider({ kind: 'google', allowed_domains: [] }, async () => {
    const before = { ...idp.seen }, strange = await generateKeyPair('RS256');
    const forged = (i) => new SignJWT({ iss: idp.issuer, aud: idp.clientId, sub: 'x', iat: now(), exp: now() + 300, jti: `${i}` })
      .setProtectedHeader({ alg: 'RS256', kid: `kid-${i}-${crypto.randomBytes(4).toString('hex')}` }).sign(strange.privateKey);
    const flood = async (n, from) => Promise.all(Array.from({ length: n }, async (_, i) => call('POST', '/api/auth/google-login',
      { body: { tenant: mine.tenant, credential: await forged(from + i) }, agent: false, headers: { Connection: 'close' } })));
    for (const a of await flood(20, 0))
      assert.ok(a.status === 401 || a.status === 503, a.text);
    for (const a of await flood(20, 20))
      assert.equal(a.status, 401, a.text);
    assert.equal(idp.seen.discovery - before.discovery, 1, 'one refresher, one cool-down');
    assert.equal(idp.seen.jwks - before.jwks, 1);
  }));
});

test('an issuer that fails is asked once, however many come', async () => {
  await withIssuer({ answer: only('discovery', (a) => { a.writeHead(500); a.end(); }) }, async (name) => {
    const before = idp.seen.discovery;
    const answers = await Promise.all(Array.from({ length: 30 }, () => patient(() => call('GET', `/api/auth/oidc/${name}/start?tenant=${mine.tenant}`,
      { agent: false, headers: { Connection: 'close' } }))));
    for (const a of answers)
      assert.equal(outcome(a), 'oidc_unavailable');
    await sleep(200);
    assert.equal(idp.seen.discovery - before, 1);
  });
});

test('keys that are known are kept while the provider cannot be asked', async () => {
  await withIssuer({}, async (name) => {
    assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), '');
    idp.answer = (q, a, kind) => kind !== 'token' && (a.writeHead(500), a.end(), true);
    idp.token = (c) => idp.sign(c, foreign);
    assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), 'oidc_failed', 'an unknown kid asks in vain');
    idp.token = null;
    assert.equal(outcome(await signIn(idp, mine.tenant, name, person)), '');
    idp.answer = null;
  });
});
