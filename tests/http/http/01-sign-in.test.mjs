import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentials, parseMetrics, total } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { checkProblem } from '../lib/spec.mjs';
import { bearer, browser, login, newTenant, origin, withToken } from '../lib/people.mjs';

const demo = credentials.demo;

test('the right password opens a session with cookies', async () => {
  const a = await login(demo);
  assert.equal(a.status, 200, a.text);
  assert.equal(a.json.user.email, demo.email);
  assert.equal(a.json.tenant.slug, demo.tenant);
  assert.ok(a.json.permissions.length > 0);
  assert.ok(a.json.csrf_token.length >= 20);
  assert.equal(a.json.access_token, undefined);
  assert.equal(a.json.refresh_token, undefined);
  const session = a.json;
  for (const name of ['expires_at', 'idle_expires_at', 'absolute_expires_at'])
    assert.match(session[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('cookies of a plain http trial are HttpOnly, SameSite=Lax, unprefixed, and the refresh one has its path', async () => {
  const cookies = Object.fromEntries((await login(demo)).cookies.map((c) => [c.split('=')[0], c]));
  assert.deepEqual(Object.keys(cookies).sort(), ['bsx_access', 'bsx_device', 'bsx_refresh']);
  for (const c of Object.values(cookies)) {
    assert.match(c, /; HttpOnly(;|$)/);
    assert.match(c, /; SameSite=Lax(;|$)/);
    assert.doesNotMatch(c, /Secure|Domain=/);
  }
  assert.match(cookies.bsx_access, /; Path=\/;/);
  const age = (c) => Number(/; Max-Age=(\d+);/.exec(c)[1]);
  assert.ok(age(cookies.bsx_access) > 3600, 'as long as the session');
  assert.equal(age(cookies.bsx_access), age(cookies.bsx_refresh));
  assert.match(cookies.bsx_refresh, /; Path=\/api\/auth;/);
  assert.match(cookies.bsx_device, /; Path=\/api\/auth\/login; Max-Age=34560000;/);
});

test('delivery "body" gives the tokens in the answer and no cookie', async () => {
  const a = await login(demo, { delivery: 'body' });
  assert.equal(a.status, 200);
  assert.equal(a.cookies.length, 0);
  assert.match(a.json.access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.match(a.json.refresh_token, /^[\w-]{20,}$/);
  assert.equal((await withToken(a.json.access_token)('GET', '/api/auth/me')).status, 200);
});

test('a wrong password, an unknown user and an unknown tenant answer alike', async () => {
  const bodies = [];
  for (const change of [{ password: 'not it at all' }, { email: 'nobody@demo.example' }, { tenant: 'no-such-tenant' },
    { tenant: 'platform' }, { email: 'not an address' }, { tenant: '../x' }, { password: 'x' }]) {
    const a = await login({ ...demo, ...change });
    assert.equal(a.status, 401, JSON.stringify(change));
    assert.equal(a.cookies.length, 0);
    const p = await checkProblem(a);
    assert.equal(p.code, 'invalid_credentials');
    delete p.request_id;
    bodies.push(JSON.stringify(p));
  }
  assert.equal(new Set(bodies).size, 1, bodies.join('\n'));
});

test('the address of an account is found in any case', async () => {
  assert.equal((await login({ ...demo, email: demo.email.toUpperCase() })).status, 200);
});

test('"me" tells who is signed in, where, with what, by token and by cookie', async () => {
  const api = await bearer(), page = await browser();
  for (const [caller, session] of [[api, api.session], [page, page.session]]) {
    const a = await caller('GET', '/api/auth/me');
    assert.equal(a.status, 200, a.text);
    assert.equal(a.json.user.email, demo.email);
    assert.equal(a.json.user.id, session.user.id);
    assert.equal(a.json.tenant.slug, demo.tenant);
    assert.equal(a.json.acting_tenant, null);
    assert.equal(a.json.csrf_token, session.csrf_token);
    assert.deepEqual(a.json.permissions, session.permissions);
    assert.equal(a.json.session.aal, 1);
    assert.doesNotMatch(a.text, /argon2|password|secret/i);
  }
  assert.notEqual(api.session.csrf_token, page.session.csrf_token, 'each session has its own');
});

test('without a credential "me" is 401 with a challenge', async () => {
  const a = await call('GET', '/api/auth/me');
  assert.equal(a.status, 401);
  assert.equal(a.json.code, 'unauthenticated');
  assert.equal(a.headers['www-authenticate'], 'Bearer');
});

// Every worker must know at once, so each request is a connection of its own.
async function everyWhere(caller, status, times = 24) {
  const answers = await Promise.all(Array.from({ length: times }, () =>
    caller('GET', '/api/auth/me', { headers: { Connection: 'close' }, agent: false })));
  for (const a of answers)
    assert.equal(a.status, status, a.text);
}

test('signing out ends the session at once on every worker, and clears the cookies', async () => {
  const page = await browser();
  await everyWhere(page, 200);
  const a = await page.change('POST', '/api/auth/logout');
  assert.equal(a.status, 204, a.text);
  assert.deepEqual(a.cookies.map((c) => c.replace(/; HttpOnly.*/, '')).sort(),
    ['bsx_access=; Path=/; Max-Age=0', 'bsx_refresh=; Path=/api/auth; Max-Age=0']);
  await everyWhere(page, 401);
  const again = await page('POST', '/api/auth/refresh', { headers: { 'Sec-Fetch-Site': 'same-origin' } });
  assert.equal(again.status, 401);
});

test('signing out by token ends that session only; ?all=true ends all of the user', async () => {
  const who = newTenant();
  const [one, two, three] = [await bearer(who), await bearer(who), await bearer(who)];
  assert.equal((await one('POST', '/api/auth/logout')).status, 204);
  await everyWhere(one, 401, 6);
  await everyWhere(two, 200, 6);
  assert.equal((await two('POST', '/api/auth/logout?all=true')).status, 204);
  await everyWhere(two, 401, 6);
  await everyWhere(three, 401, 6);
  assert.equal((await login(who)).status, 200);
});

test('a refresh token counts once; the one before it in time gives the same successor', async () => {
  const first = (await bearer()).session.refresh_token;
  const renew = (token) => call('POST', '/api/auth/refresh', { body: { refresh_token: token } });
  const b = await renew(first);
  assert.equal(b.status, 200, b.text);
  assert.equal(b.cookies.length, 0);
  assert.equal((await withToken(b.json.access_token)('GET', '/api/auth/me')).status, 200);
  const twin = await renew(first);
  assert.equal(twin.status, 200, 'two tabs at once');
  assert.equal(twin.json.refresh_token, b.json.refresh_token);
  const c = await renew(b.json.refresh_token);
  assert.equal(c.status, 200);
  assert.notEqual(c.json.refresh_token, b.json.refresh_token);
});

test('a refresh token used again later ends the session', async () => {
  const api = await bearer();
  const renew = (token) => call('POST', '/api/auth/refresh', { body: { refresh_token: token } });
  const b = (await renew(api.session.refresh_token)).json;
  const c = (await renew(b.refresh_token)).json;
  const stolen = await renew(api.session.refresh_token);
  assert.equal(stolen.status, 401);
  assert.equal(stolen.json.code, 'refresh_token_reused');
  await everyWhere(withToken(c.access_token), 401, 6);
  assert.equal((await renew(c.refresh_token)).status, 401);
});

test('a refresh by cookie comes from the page itself, and sets cookies anew', async () => {
  const page = await browser();
  const a = await page('POST', '/api/auth/refresh', { headers: { 'Sec-Fetch-Site': 'same-origin' } });
  assert.equal(a.status, 200, a.text);
  assert.equal(a.json.access_token, undefined);
  assert.deepEqual(a.cookies.map((c) => c.split('=')[0]).sort(), ['bsx_access', 'bsx_refresh']);
});

test('bad refresh tokens are 401: none, garbage, altered, of another kind', async () => {
  const { refresh_token: good, access_token: access } = (await bearer()).session;
  const flipped = good.slice(0, -2) + (good.at(-2) === 'A' ? 'B' : 'A') + good.at(-1);
  for (const token of ['x', 'A'.repeat(good.length), flipped, good + 'A', access.slice(0, 200)]) {
    const a = await call('POST', '/api/auth/refresh', { body: { refresh_token: token } });
    assert.equal(a.status, 401, token);
    assert.equal(a.json.code, 'unauthenticated');
  }
  assert.equal((await call('POST', '/api/auth/refresh', { body: {} })).status, 401);
});

// ---- CSRF: sentence by sentence -------------------------------------------------------------------

// An empty body is refused with 422, but only after these checks.
const attempt = (page, headers) => page('POST', '/api/api-keys', { body: {}, headers });

async function refused(answer) {
  assert.equal(answer.status, 403, answer.text);
  assert.equal((await checkProblem(answer)).code, 'csrf_failed');
}

test('a change by cookie needs X-CSRF-Token', async () => {
  const page = await browser(), other = await browser();
  const site = { 'Sec-Fetch-Site': 'same-origin' };
  await refused(await attempt(page, site));
  await refused(await attempt(page, { ...site, 'X-CSRF-Token': '' }));
  await refused(await attempt(page, { ...site, 'X-CSRF-Token': page.csrf + 'x' }));
  await refused(await attempt(page, { ...site, 'X-CSRF-Token': other.csrf }));
  assert.equal((await attempt(page, { ...site, 'X-CSRF-Token': page.csrf })).status, 422);
});

test('a change by cookie must come from the same origin: Sec-Fetch-Site, or Origin when that is absent', async () => {
  const page = await browser();
  const token = { 'X-CSRF-Token': page.csrf };
  for (const site of ['cross-site', 'same-site', 'none', 'x'])
    await refused(await attempt(page, { ...token, 'Sec-Fetch-Site': site }));
  await refused(await attempt(page, { ...token, 'Sec-Fetch-Site': 'cross-site', Origin: origin }));
  for (const from of ['null', 'https://evil.example', `${origin}.evil.example`, 'http://127.0.0.1:1', origin.replace('http', 'https')])
    await refused(await attempt(page, { ...token, Origin: from }));
  await refused(await attempt(page, token));
  assert.equal((await attempt(page, { ...token, Origin: origin })).status, 422);
});

test('reading by cookie needs neither; bearer tokens and API keys need neither', async () => {
  const page = await browser(), api = await bearer();
  assert.equal((await page('GET', '/api/auth/me', { headers: { 'Sec-Fetch-Site': 'cross-site' } })).status, 200);
  assert.equal((await api('POST', '/api/api-keys', { body: {}, headers: { Origin: 'https://evil.example' } })).status, 422);
});

test('sign-in needs no token; a present foreign origin is refused, none is taken', async () => {
  const from = (headers) => call('POST', '/api/auth/login', { body: { ...demo, delivery: 'body' }, headers });
  assert.equal((await from({})).status, 200);
  assert.equal((await from({ Origin: origin })).status, 200);
  assert.equal((await from({ 'Sec-Fetch-Site': 'same-origin' })).status, 200);
  await refused(await from({ Origin: 'https://evil.example' }));
  await refused(await from({ Origin: 'null' }));
  await refused(await from({ 'Sec-Fetch-Site': 'cross-site' }));
});

test('a refresh by cookie is refused when no header says where it comes from; by body it is taken', async () => {
  const page = await browser(), api = await bearer();
  await refused(await page('POST', '/api/auth/refresh'));
  await refused(await page('POST', '/api/auth/refresh', { headers: { Origin: 'https://evil.example' } }));
  assert.equal((await page('POST', '/api/auth/refresh', { headers: { Origin: origin } })).status, 200);
  assert.equal((await call('POST', '/api/auth/refresh', { body: { refresh_token: api.session.refresh_token } })).status, 200);
});

test('every failing sign-in computes one password hash, so that its time tells nothing', async () => {
  const hashes = async () => total(parseMetrics((await call('GET', '/metrics')).text), 'bsx_password_hashes_total', 'for="login"');
  for (const change of [{ password: 'not it at all' }, { email: 'nobody@demo.example' }, { tenant: 'no-such-tenant' }, { email: 'not an address' },
    { password: '\u00ff'.repeat(500) }]) {
    const before = await hashes();
    assert.equal((await login({ ...demo, ...change })).status, 401);
    assert.equal(await hashes(), before + 1, JSON.stringify(change).slice(0, 60));
  }
});

test('what no sign-in form sends is 422, and computes nothing', async () => {
  const hashes = async () => total(parseMetrics((await call('GET', '/metrics')).text), 'bsx_password_hashes_total');
  const before = await hashes();
  for (const [change, pointer] of [[{ password: undefined }, '/password'], [{ tenant: 5 }, '/tenant'], [{ password: '' }, '/password'],
    [{ password: 'x'.repeat(1025) }, '/password'], [{ delivery: 'pigeon' }, '/delivery'], [{ extra: 1 }, '/extra'], [{ email: ['a'] }, '/email']]) {
    const a = await call('POST', '/api/auth/login', { body: { ...demo, ...change } });
    assert.equal(a.status, 422, JSON.stringify(change).slice(0, 60));
    assert.deepEqual(a.json.errors.map((e) => e.pointer), [pointer]);
  }
  assert.equal(await hashes(), before);
});
