// Cookies that were planted, and leaving when the access token has run out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { bearer, browser, newKey, newTenant, origin, withKey } from '../lib/people.mjs';

const who = newTenant(), page = { 'Sec-Fetch-Site': 'same-origin' };
const cookie = (jar) => Object.entries(jar).filter(([, v]) => v).map(([k, v]) => `${k}=${v}`).join('; ');
const post = (target, jar, headers = page) => call('POST', target, { headers: { ...headers, Cookie: typeof jar === 'string' ? jar : cookie(jar) } });
const refresh = (...args) => post('/api/auth/refresh', ...args);
const logout = (...args) => post('/api/auth/logout', ...args);

// The same claims, and no longer valid: to the responder like one that has run out.
const over = (token) => token.replace(/.{10}$/, 'AAAAAAAAAA');
const lives = async (b) => (await call('GET', '/api/auth/me', { headers: { Cookie: `bsx_access=${b.jar.bsx_access}` } })).status === 200;
const refused = (a, code = 'unauthenticated', status = 401) => assert.deepEqual([a.status, a.json?.code], [status, code], a.text);

test('a refresh cookie counts beside the access cookie of its session only', async () => {
  const mine = await browser(who), other = await browser(who);
  const { bsx_access, bsx_refresh } = mine.jar;
  for (const [what, jar] of [['of another session', { bsx_access, bsx_refresh: other.jar.bsx_refresh }],
    ['the same, the access token run out', { bsx_access: over(bsx_access), bsx_refresh: other.jar.bsx_refresh }],
    ['alone', { bsx_refresh }], ['beside an access cookie that is none', { bsx_access: 'x.y.z', bsx_refresh }],
    ['twice', `bsx_access=${bsx_access}; bsx_refresh=${other.jar.bsx_refresh}; bsx_refresh=${bsx_refresh}`],
    ['the same twice', `bsx_access=${bsx_access}; bsx_refresh=${bsx_refresh}; bsx_refresh=${bsx_refresh}`],
    ['the access cookie twice', `bsx_access=${bsx_access}; bsx_access=${other.jar.bsx_access}; bsx_refresh=${bsx_refresh}`]]) {
    const a = await refresh(jar);
    assert.deepEqual([a.status, a.json.code, a.cookies], [401, 'unauthenticated', []], what);
  }
  assert.ok(await lives(mine) && await lives(other), 'nothing has happened to either');
  const a = await refresh({ bsx_access: over(bsx_access), bsx_refresh });
  assert.equal(a.status, 200, a.text);
  assert.equal(a.cookies.length, 2);
});

test('signing out with a run-out access token ends the session that the refresh cookie names', async () => {
  for (const [what, left] of [['run out', (jar) => ({ ...jar, bsx_access: over(jar.bsx_access) })], ['gone', (jar) => ({ bsx_refresh: jar.bsx_refresh })]]) {
    const mine = await browser(who), other = await browser(who);
    const a = await logout(left(mine.jar));
    assert.equal(a.status, 204, `${what}: ${a.text}`);
    assert.deepEqual(a.cookies.map((c) => c.replace(/; HttpOnly.*/, '')).sort(), ['bsx_access=; Path=/; Max-Age=0', 'bsx_refresh=; Path=/api/auth; Max-Age=0']);
    assert.equal(await lives(mine), false, what);
    assert.ok(await lives(other), what);
    refused(await logout(left(mine.jar)));
    refused(await refresh(mine.jar));
  }
  const [one, two] = [await browser(who), await browser(who)];
  assert.equal((await post('/api/auth/logout?all=true', { bsx_refresh: one.jar.bsx_refresh })).status, 204);
  assert.equal(await lives(two), false, 'all of the user');
  const [entry] = (await (await bearer(who))('GET', '/api/audit?action=session.end')).json.items;
  assert.deepEqual([entry.actor_name, entry.outcome], [who.email, 'success']);
});

test('signing out by the refresh cookie is asked by a page of ours, for its own session, by nothing else', async () => {
  const mine = await browser(who), other = await browser(who), { bsx_access, bsx_refresh } = mine.jar, late = { bsx_access: over(bsx_access), bsx_refresh };
  refused(await logout(late, {}), 'csrf_failed', 403);
  refused(await logout(late, { 'Sec-Fetch-Site': 'cross-site' }), 'csrf_failed', 403);
  refused(await logout(late, { 'Sec-Fetch-Site': 'same-site' }), 'csrf_failed', 403);
  refused(await logout(late, { Origin: 'https://evil.example' }), 'csrf_failed', 403);
  refused(await logout({ ...late, bsx_refresh: other.jar.bsx_refresh }));
  refused(await logout(`${cookie(late)}; bsx_refresh=${other.jar.bsx_refresh}`));
  refused(await logout({ bsx_access: over(bsx_access) }));
  refused(await logout({ bsx_refresh: 'x' }));
  refused(await logout({}));
  const key = withKey((await newKey(await bearer(who), ['read:drift'])).key);
  // a credential that was presented is not passed over for the cookie
  refused(await logout({ bsx_refresh }, { ...page, Authorization: 'Bearer a.b.c' }));
  refused(await logout({ bsx_refresh }, { ...page, Authorization: 'Basic eDp5' }));
  refused(await logout({ bsx_refresh }, { ...page, 'X-API-Key': `${key.key.slice(0, -1)}_` }));
  refused(await logout({ bsx_refresh }, { ...page, 'X-API-Key': key.key }), 'forbidden', 403);
  refused(await logout(mine.jar, page), 'csrf_failed', 403); // a valid access cookie wants its token, as ever
  assert.ok(await lives(mine) && await lives(other));
  assert.equal((await logout(late, { Origin: origin })).status, 204);
});
