// Pages of other origins that sign in and stay signed in with tokens in bodies: origin x what the browser says of the
// site x route x delivery x tenant, every one of them; a page of a tenant that does not allow it gets nothing.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import { enrol } from '../lib/authenticator.mjs';
import { call, send } from '../lib/client.mjs';
import { renewWorkers, sql } from '../lib/env.mjs';
import { checkProblem, openapi } from '../lib/spec.mjs';
import { bearer, browser, newTenant, origin as own } from '../lib/people.mjs';

const pages = { A: 'https://console.acme.example', B: 'http://tools.globex.example:8443' };
const origins = [undefined, own, pages.A, pages.B, 'https://evil.example', 'null'];
const sites = [undefined, 'same-origin', 'same-site', 'cross-site', 'none'];
const tenants = {}, gone = newTenant();

const allow = (slug, list) => sql(`UPDATE tenants SET settings = '${JSON.stringify({ cors: { allowed_origins: list } })}' WHERE slug = '${slug}'`);

before(async () => {
  for (const name of ['A', 'B']) {
    const who = newTenant();
    allow(who.tenant, [pages[name]]);
    const tag = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`).slice(4);
    tenants[name] = { who, tag: Buffer.from(tag, 'hex') };
  }
  allow(gone.tenant, [pages.A]);
  sql(`UPDATE tenants SET status = 'suspended' WHERE slug = '${gone.tenant}'`);
  await renewWorkers(); // those that have answered a page before keep the list for 20 s
  for (const t of Object.values(tenants)) {
    t.tab = await browser(t.who);
    t.refresh = (await call('POST', '/api/auth/login', { body: { ...t.who, delivery: 'body' } })).json.refresh_token;
  }
});

// A token that is nobody's, of that tenant by its first bytes.
const tokenOf = (t, bytes) => Buffer.concat([t.tag, crypto.randomBytes(bytes - t.tag.length)]).toString('base64url');
const cookies = (t) => Object.entries({ ...t.tab.jar, bsx_mfa: tokenOf(t, 40) }).map(([k, v]) => `${k}=${v}`).join('; ');
const byCookie = (d) => d !== 'body';

// The open routes that change something: the body for a tenant by a way to deliver, and what is answered to whom may ask.
// `always`: cookies have no part in it, however it is asked.
const routes = {
  'POST /api/auth/login': { body: (t, d) => ({ ...t.who, delivery: d }), ways: ['body', 'cookie', undefined], status: 200 },
  'POST /api/auth/google-login': { body: (t, d) => ({ tenant: t.who.tenant, credential: 'a.b.c', delivery: d }), ways: ['body', 'cookie', undefined], status: 401 },
  'POST /api/auth/refresh': { body: (t, d) => (byCookie(d) ? {} : { refresh_token: t.refresh }), ways: ['body', 'cookie'], cookie: true, status: 200 },
  'POST /api/auth/2fa/verify': { body: (t, d) => ({ code: '000000', ...(byCookie(d) ? {} : { mfa_token: tokenOf(t, 40) }) }), ways: ['body', 'cookie'], cookie: true, status: 401 },
  'POST /api/auth/password/forgot': { body: (t) => ({ tenant: t.who.tenant, email: 'nobody@nowhere.example' }), ways: ['body'], always: true, status: 202 },
  'POST /api/auth/password/reset': { body: (t) => ({ token: tokenOf(t, 44), new_password: 'correct horse battery staple' }), ways: ['body'], always: true, status: 422 },
  'POST /api/auth/email/confirm': { body: (t) => ({ token: tokenOf(t, 44) }), ways: ['body'], always: true, status: 422 },
};

const OWN_FORM = 'POST /answer'; // of a page of ours alone (98-answers)

// What must come of it, told in words of the contract and not in those of the program.
function expected(route, origin, site, way, name) {
  const ours = site !== undefined ? site === 'same-origin' : origin === undefined || origin === own;
  const foreign = origin !== undefined && origin !== own;
  const known = origin === pages.A || origin === pages.B, allowed = origin === pages[name];
  if (ours) {
    // Where a cookie is what signs in, the browser must have said whose page it is.
    const unsaid = route.cookie && byCookie(way) && site === undefined && origin === undefined;
    return { status: unsaid ? 403 : route.status, readable: foreign && known };
  }
  if (!foreign || !known)
    return { status: 403, readable: false };
  if (byCookie(way) && route.cookie)
    return { status: 403, readable: true }; // it names no tenant
  if (!allowed)
    return { status: 403, readable: false };
  return { status: byCookie(way) && !route.always ? 403 : route.status, readable: true };
}

test('every origin, site, route, delivery and tenant: who may sign in, who may read it, who gets a cookie', async () => {
  let tried = 0, passed = 0;
  for (const [label, route] of Object.entries(routes))
    for (const origin of origins)
      for (const site of sites)
        for (const way of route.ways)
          for (const name of ['A', 'B']) {
            const t = tenants[name], what = `${label} ${way} of ${name}, Origin ${origin}, Sec-Fetch-Site ${site}`;
            const [method, target] = label.split(' ');
            // Our cookies come along with each: they count where cookies are asked for, and nowhere else.
            const a = await call(method, target, { body: route.body(t, way), headers: { Origin: origin, 'Sec-Fetch-Site': site, Cookie: cookies(t) } });
            const want = expected(route, origin, site, way, name);
            assert.equal(a.status, want.status, `${what}: ${a.text}`);
            if (a.status === 403)
              assert.equal(a.json.code, 'csrf_failed', what);
            assert.equal(a.headers['access-control-allow-origin'], want.readable ? origin : undefined, what);
            assert.equal(a.headers['access-control-allow-credentials'], undefined, what);
            assert.match(a.headers.vary, /\bOrigin\b/, what);
            const set = a.cookies.map((c) => c.split('=')[0]).sort();
            assert.deepEqual(set, a.status === 200 && byCookie(way) ? (target.endsWith('login') ? ['bsx_access', 'bsx_device', 'bsx_refresh'] : ['bsx_access', 'bsx_refresh']) : [], what);
            if (a.status === 200 && !byCookie(way)) {
              assert.ok(a.json.access_token && a.json.refresh_token, what);
              t.refresh = a.json.refresh_token;
            }
            if (a.status === 200 && byCookie(way))
              for (const c of a.cookies)
                t.tab.jar[c.split('=')[0]] = c.split(';')[0].split(/=(.*)/s)[1];
            tried++;
            passed += a.status !== 403;
          }
  console.log(`# ${tried} tried, ${passed} passed the gate`);
  assert.ok(tried >= 700 && passed >= 200, `${tried}, ${passed}`);
});

test('a preflight that lets a page ask is followed by a request that is not refused for its origin', async () => {
  const { document } = await openapi();
  const open = Object.entries(document.paths).flatMap(([target, item]) => ['post', 'put', 'delete'].filter((m) => item[m]?.security?.length === 0)
    .map((m) => `${m.toUpperCase()} ${target}`)).filter((label) => label !== OWN_FORM);
  assert.ok(!/Pages of other origins/.test(document.paths['/answer'].post.description));
  assert.deepEqual(open.sort(), Object.keys(routes).sort(), 'every open route that changes something has its rows above');
  for (const label of open) {
    const [method, target] = label.split(' ');
    const a = await send('OPTIONS', target, { headers: { Origin: pages.A, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'content-type' } });
    assert.deepEqual([a.status, a.headers['access-control-allow-origin']], [204, pages.A], label);
    assert.match(document.paths[target][method.toLowerCase()].description, /Pages of other origins that the tenant allows/, label);
  }
});

const page = (name) => {
  const f = (target, body, headers = {}) => call('POST', target, { body, headers: { Origin: pages[name], 'Sec-Fetch-Site': 'cross-site', ...headers } });
  f.get = (target, token) => call('GET', target, { headers: { Origin: pages[name], 'Sec-Fetch-Site': 'cross-site', Authorization: `Bearer ${token}` } });
  return f;
};
const readable = (a, name) => assert.equal(a.headers['access-control-allow-origin'], pages[name], a.text);

test('a page signs in, calls, refreshes and signs out', async () => {
  const ask = page('A'), a = await ask('/api/auth/login', { ...tenants.A.who, delivery: 'body' });
  assert.equal(a.status, 200, a.text);
  readable(a, 'A');
  assert.equal((await ask.get('/api/auth/me', a.json.access_token)).json.user.email, tenants.A.who.email);
  const b = await ask('/api/auth/refresh', { refresh_token: a.json.refresh_token });
  assert.equal(b.status, 200, b.text);
  assert.notEqual(b.json.refresh_token, a.json.refresh_token);
  assert.equal((await ask('/api/auth/logout', undefined, { Authorization: `Bearer ${b.json.access_token}` })).status, 204);
  const c = await ask('/api/auth/refresh', { refresh_token: b.json.refresh_token });
  assert.equal(c.status, 401, c.text);
  readable(c, 'A');
});

test('a refresh token of another tenant is not rotated for a page of this one', async () => {
  const a = await page('B')('/api/auth/login', { ...tenants.B.who, delivery: 'body' });
  const b = await page('A')('/api/auth/refresh', { refresh_token: a.json.refresh_token });
  assert.equal((await checkProblem(b)).code, 'csrf_failed');
  assert.equal(b.headers['access-control-allow-origin'], undefined);
  assert.equal((await page('B')('/api/auth/refresh', { refresh_token: a.json.refresh_token })).status, 200, 'it counts still');
});

test('no tenant of that name, one that is not active, and one that does not allow the page look alike', async () => {
  const answers = [];
  for (const tenant of ['no-such-tenant', tenants.B.who.tenant, gone.tenant]) {
    const a = await page('A')('/api/auth/login', { tenant, email: 'x@x.example', password: 'x', delivery: 'body' });
    answers.push([a.status, a.json.code, a.json.detail, a.headers['access-control-allow-origin']]);
  }
  assert.deepEqual(answers, Array(3).fill([403, 'csrf_failed', 'Pages of this origin may not use this tenant.', undefined]));
});

test('the page can read why it was refused, and when to come again', async () => {
  const ask = page('A'), { who } = tenants.A;
  for (const [status, body, headers] of [[401, { ...who, password: 'wrong', delivery: 'body' }], [422, { ...who, delivery: 'body', more: 1 }], [422, {}],
    [400, '{', { 'Content-Type': 'application/json' }], [415, 'x', { 'Content-Type': 'text/plain' }], [403, who]]) {
    const a = await ask('/api/auth/login', body, headers);
    assert.equal(a.status, status, a.text);
    readable(a, 'A');
  }
  for (let i = 0; i < 12; i++) { // wrong ones in a row: the account waits
    const a = await ask('/api/auth/login', { ...who, email: 'waits@acme.example', password: 'wrong', delivery: 'body' });
    readable(a, 'A');
    if (a.status === 429) {
      assert.ok(Number(a.headers['retry-after']) > 0);
      assert.match(a.headers['access-control-expose-headers'], /\bRetry-After\b/);
      return;
    }
  }
  assert.fail('it never had to wait');
});

test('a second factor is shown by the page that began with bodies; a sign-in begun with cookies is not ended by another page', async () => {
  const ask = page('A'), { who } = tenants.A;
  const { app } = await enrol(await bearer(who));
  const a = await ask('/api/auth/login', { ...who, delivery: 'body' });
  assert.equal(a.json.mfa_required, true, a.text);
  assert.equal(a.cookies.length, 0);
  const wrong = await ask('/api/auth/2fa/verify', { mfa_token: a.json.mfa_token, code: app.wrong() });
  assert.deepEqual([wrong.status, wrong.json.code], [401, 'invalid_code']);
  readable(wrong, 'A');
  // of a sign-in elsewhere, as somebody would plant it who wants others to be signed in as them
  const theirs = await call('POST', '/api/auth/login', { body: who }), code = await app.next();
  const planted = await ask('/api/auth/2fa/verify', { mfa_token: theirs.json.mfa_token, code });
  assert.equal((await checkProblem(planted)).code, 'csrf_failed');
  assert.equal(planted.cookies.length, 0);
  assert.equal((await page('B')('/api/auth/2fa/verify', { mfa_token: a.json.mfa_token, code })).json.code, 'csrf_failed');
  const b = await ask('/api/auth/2fa/verify', { mfa_token: a.json.mfa_token, code });
  assert.equal(b.status, 200, b.text);
  assert.equal(b.cookies.length, 0);
  const me = await ask.get('/api/auth/me', b.json.access_token);
  assert.equal(me.json.session.aal, 2);
  readable(me, 'A');
});

test('a setting taken back ends signing in and refreshing there', async () => {
  const ask = page('B'), { who } = tenants.B, a = await ask('/api/auth/login', { ...who, delivery: 'body' });
  assert.equal(a.status, 200, a.text);
  allow(who.tenant, []);
  await renewWorkers();
  assert.equal((await ask('/api/auth/login', { ...who, delivery: 'body' })).status, 403);
  assert.equal((await ask('/api/auth/refresh', { refresh_token: a.json.refresh_token })).status, 403);
  assert.equal((await call('POST', '/api/auth/refresh', { body: { refresh_token: a.json.refresh_token } })).status, 200, 'without a page it counts still');
});
