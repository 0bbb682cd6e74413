// idp.mjs - an identity provider of our own, that says whatever a test wants it to say.
//
// Tokens are made by jose, an implementation that is not ours. The authorization endpoint is not visited: a
// test plays the person and calls grant() with what the browser was sent there with.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { call } from './client.mjs';
import { unique } from './people.mjs';

const s256 = (text) => crypto.createHash('sha256').update(text).digest('base64url');
export const now = () => Math.floor(Date.now() / 1000);

export async function makeKey(alg = 'RS256', more = {}) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { modulusLength: 2048, extractable: true });
  const kid = more.kid ?? crypto.randomBytes(8).toString('hex');
  return { kid, alg, privateKey, publicKey, jwk: { ...await exportJWK(publicKey), kid, alg, use: 'sig', ...more } };
}

export class Idp {
  constructor() {
    this.keys = [];
    this.codes = new Map();
    this.seen = { discovery: 0, jwks: 0, token: 0 };
    this.clientId = 'client-1';
    this.secret = 'secret & very/secret:one';
    this.base = ''; // path below which it answers
    this.mark = ''; // what stands before every answer
    this.discovery = (document) => document; // tests replace these
    this.jwks = (set) => set;
    this.token = null;
    this.userinfo = null; // (the claims of the code, request): a value, or the text of a signed one; null: there is no such endpoint
    this.access = new Map(); // access token: the code that it was given for
    this.answer = null; // (request, response, path): true when it has answered
    this.server = http.createServer({ maxHeaderSize: 65536 }, (q, a) => this.#serve(q, a).catch((e) => a.destroy(e)));
  }

  async start(keys = ['RS256']) {
    for (const alg of keys)
      this.keys.push(await makeKey(alg));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  get issuer() { return this.url + this.base; }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  document() {
    return this.discovery({ issuer: this.issuer, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/keys`, ...(this.userinfo && { userinfo_endpoint: `${this.url}/userinfo` }), response_types_supported: ['code'], subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'] });
  }

  async #serve(q, a) {
    const path = q.url.split('?')[0];
    const send = (status, value) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      a.writeHead(status, { 'Content-Type': 'application/json' });
      a.end(this.mark + text);
    };
    const kind = path.endsWith('/.well-known/openid-configuration') ? 'discovery' : path === '/keys' ? 'jwks' : path === '/token' ? 'token' :
      path === '/userinfo' ? 'userinfo' : 'other';
    this.seen[kind] = (this.seen[kind] ?? 0) + 1;
    if (this.answer?.(q, a, kind))
      return;
    if (kind === 'discovery')
      send(200, this.document());
    else if (kind === 'jwks')
      send(200, this.jwks({ keys: this.keys.map((k) => k.jwk) }));
    else if (kind === 'token' && q.method === 'POST')
      send(...await this.#exchange(q));
    else if (kind === 'userinfo' && this.userinfo)
      send(...await this.#userinfo(q));
    else if (!this.other(q, a))
      send(404, {});
  }

  other() { return false; } // what else a kind of provider answers: true when it has

  // RFC 6749 section 4.1.3 and RFC 7636, strictly: what a provider must check, it checks.
  async #exchange(q) {
    const parts = [];
    for await (const d of q)
      parts.push(d);
    const form = new URLSearchParams(Buffer.concat(parts).toString());
    assert.equal(q.headers['content-type'], 'application/x-www-form-urlencoded');
    const basic = /^Basic (.+)$/.exec(q.headers.authorization ?? '');
    if (basic) {
      const [id, secret] = Buffer.from(basic[1], 'base64').toString().split(':').map(decodeURIComponent);
      if (id !== this.clientId || secret !== this.secret)
        return [401, { error: 'invalid_client' }];
    } else if (this.secret !== null && form.get('client_secret') !== this.secret)
      return [401, { error: 'invalid_client' }];
    const code = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    if (!code || form.get('grant_type') !== 'authorization_code' || form.get('redirect_uri') !== code.redirect_uri ||
        form.get('client_id') !== this.clientId || s256(form.get('code_verifier') ?? '') !== code.code_challenge)
      return [400, { error: 'invalid_grant' }];
    const claims = this.claims(code), access = crypto.randomBytes(16).toString('base64url');
    this.access.set(access, code);
    return [200, { access_token: access, token_type: 'Bearer', expires_in: 300,
      id_token: await (this.token ?? ((c) => this.sign(c)))(claims, code), ...code.answer }];
  }

  // Whose the access token is (RFC 6750).
  bearer(q) { return this.access.get(/^Bearer ([\w-]+)$/.exec(q.headers.authorization ?? '')?.[1]); }

  // OpenID Connect Core section 5.3.
  async #userinfo(q) {
    const code = this.bearer(q);
    return code && q.method === 'GET' ? [200, await this.userinfo(code.claims, q)] : [401, { error: 'invalid_token' }];
  }

  claims(code) {
    return { iss: this.issuer, aud: this.clientId, iat: now(), exp: now() + 300, nonce: code.nonce, ...code.claims };
  }

  sign(claims, key = this.keys[0], header = {}) {
    return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }).sign(key.privateKey);
  }

  // The person agrees: a code for what the browser was sent here with.
  grant(location, claims, answer = {}) {
    const q = new URL(location).searchParams;
    assert.equal(q.get('response_type'), 'code');
    assert.equal(q.get('client_id'), this.clientId);
    assert.equal(q.get('code_challenge_method'), 'S256');
    assert.match(q.get('code_challenge'), /^[\w-]{43}$/);
    assert.match(q.get('nonce'), /^[\w-]{43}$/);
    assert.match(q.get('state'), /^[\w-]{43}$/);
    assert.ok(q.get('scope').split(' ').includes('openid'));
    const code = crypto.randomBytes(16).toString('hex');
    this.codes.set(code, { redirect_uri: q.get('redirect_uri'), code_challenge: q.get('code_challenge'), nonce: q.get('nonce'), scope: q.get('scope'), claims, answer });
    return code;
  }
}

// ---- the browser's side ------------------------------------------------------------------------

export const cookieOf = (answer, name) => answer.cookies.map((c) => c.split(';')[0]).find((c) => c.startsWith(`${name}=`));

// The cookie of a sign-in under way: one for each tab, named by its state.
export const stateCookie = (answer) => answer.cookies.map((c) => c.split(';')[0]).find((c) => /^bsx_oidc_[0-9a-f]{12}=./.test(c));

// Where the provider is to send the browser back to, as the request for it says.
export const addressOf = (location) => new URL(new URL(location).searchParams.get('redirect_uri')).pathname;
const addresses = new Map(); // by state

export async function begin(tenant, provider, query = {}) {
  const answer = await patient(() => call('GET', `/api/auth/oidc/${provider}/start?${new URLSearchParams({ tenant, ...query })}`));
  assert.equal(answer.status, 302, answer.text);
  const location = answer.headers.location, state = new URL(location).searchParams.get('state');
  addresses.set(state, addressOf(location));
  return { answer, location, cookie: stateCookie(answer), state };
}

// To the address of the request with that state, under the name of `provider`.
export const comeBack = (provider, query, cookie) => {
  const address = (addresses.get(query.state) ?? '/api/auth/oidc/x/callback').replace(/oidc\/[^/]+/, `oidc/${provider}`);
  return call('GET', `${address}?${new URLSearchParams(query)}`, { headers: cookie ? { Cookie: cookie } : {} });
};

// The whole way, coming again while there is no place; the answer of the callback.
export async function signIn(idp, tenant, provider, claims, query = {}, more = {}) {
  const flow = await begin(tenant, provider, query);
  const answer = { code: idp.grant(flow.location, claims, more), state: flow.state, session_state: 'extra', foo: 'bar' };
  return patient(() => comeBack(provider, answer, flow.cookie));
}

// "" when it ended in a session; else the code of the error.
export function outcome(answer) {
  assert.equal(answer.status, 302, answer.text);
  const to = new URL(answer.headers.location, 'http://here');
  const access = cookieOf(answer, 'bsx_access');
  if (to.searchParams.has('error')) {
    assert.equal(to.pathname, '/');
    assert.equal(to.searchParams.get('request_id'), answer.id);
    assert.equal(access, undefined, 'a refusal gives no session');
    return to.searchParams.get('error');
  }
  assert.ok(access, 'a session');
  assert.ok(!answer.cookies.some((c) => c.startsWith('bsx_oidc')), 'the state stays, as where to go when it comes again');
  return '';
}

// There was no place to ask the provider in: nothing is used up, and the browser comes again by itself.
export function comesAgain(answer) {
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.json.code, 'busy');
  assert.match(answer.headers.refresh, /^(10|[1-9])$/);
  assert.ok(Number(answer.headers['retry-after']) >= 1);
  assert.deepEqual(answer.cookies, [], 'the state stays with the browser');
}

// As a browser does, only sooner.
export async function patient(ask) {
  for (;;) {
    const a = await ask();
    if (a.status !== 503)
      return a;
    comesAgain(a);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function me(answer) {
  const who = await call('GET', '/api/auth/me', { headers: { Cookie: cookieOf(answer, 'bsx_access') } });
  assert.equal(who.status, 200, who.text);
  return who.json;
}

export async function newProvider(admin, body) {
  const answer = await admin('POST', '/api/identity-providers', { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

// ---- providers for as long as a test needs them --------------------------------------------------

// withProvider(more, f): a provider of these rules; withIssuer(change, f): one whose documents and tokens are
// changed so, under an issuer that nobody has asked yet.
export function stage(idp, admin, domain) {
  const rules = (more = {}) => ({ name: unique('p'), kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret,
    allowed_domains: [domain], ...more });
  const withProvider = async (more, f, owner = admin) => {
    const made = await newProvider(owner, rules(more));
    try {
      return await f(made.name, made);
    } finally {
      assert.equal((await owner('DELETE', `/api/identity-providers/${made.id}`)).status, 204);
    }
  };
  const withIssuer = async (change, f, owner = admin, more = {}) => {
    const keep = { base: idp.base, discovery: idp.discovery, jwks: idp.jwks, answer: idp.answer, token: idp.token, mark: idp.mark };
    Object.assign(idp, { base: `/${unique('i')}` }, change);
    try {
      return await withProvider(more, f, owner);
    } finally {
      Object.assign(idp, keep);
    }
  };
  return { withProvider, withIssuer };
}

// What the trail says of a refused sign-in.
export function detailsIn(log, id) {
  const line = log.lines().find((l) => l['event.action'] === 'session.fail' && l['http.request.id'] === id);
  return line && JSON.parse(line['bsx.details']);
}
