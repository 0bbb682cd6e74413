// Pages of other origins: what CORS and the headers are to be, one by one.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { credentials, renewWorkers, sleep, until } from '../lib/env.mjs';
import { call, newId, raw, send, text } from '../lib/client.mjs';
import { checkHeaders, checkProblem } from '../lib/spec.mjs';
import { bearer, browser, login, newKey, newTenant, origin, sql, unique } from '../lib/people.mjs';

const page = 'https://console.acme.example', theirs = 'http://tools.globex.example:8443';
let mine, other;

function allow(slug, origins) {
  const settings = JSON.stringify({ cors: { allowed_origins: origins } }).replaceAll("'", "''");
  sql(`UPDATE tenants SET settings = '${settings}' WHERE slug = '${slug}'`);
}

before(async () => {
  const a = newTenant(), b = newTenant();
  allow(a.tenant, [page, '*', 'null', 'https://*.acme.example']);
  allow(b.tenant, [theirs]);
  mine = await bearer(a);
  other = await bearer(b);
  mine.who = a;
  await renewWorkers(); // those that have answered a page before keep the list for 20 s
});

const preflight = (target, from, method = 'PUT', more = {}) => send('OPTIONS', target,
  { headers: { Origin: from, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization,content-type', ...more } });

const cors = (a) => Object.keys(a.headers).filter((n) => n.startsWith('access-control-'));

function exposes(a, from) {
  assert.equal(a.headers['access-control-allow-origin'], from);
  assert.deepEqual(a.headers['access-control-expose-headers'].split(', ').sort(),
    ['ETag', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id']);
  assert.equal(a.headers['access-control-allow-credentials'], undefined, 'cross-site pages use bearer tokens');
  assert.match(a.headers.vary, /\bOrigin\b/);
}

test('a preflight is answered from the union of all tenants’ origins, with the route’s methods', async () => {
  for (const from of [page, theirs]) {
    const a = await preflight('/api/drift/configs/01890a5d-ac96-774b-bcce-b302099a8057', from);
    assert.equal(a.status, 204, a.text);
    checkHeaders(a, 'preflight');
    assert.equal(a.headers['access-control-allow-origin'], from);
    assert.deepEqual(a.headers['access-control-allow-methods'].split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PUT']);
    assert.match(a.headers['access-control-allow-headers'], /Authorization, Content-Type/);
    assert.ok(Number(a.headers['access-control-max-age']) > 0);
    assert.match(a.headers.vary, /\bOrigin\b/);
    assert.equal(a.headers['access-control-allow-credentials'], undefined);
  }
  assert.deepEqual((await preflight('/api/auth/login', page, 'POST')).headers['access-control-allow-methods'], 'POST');
});

test('an origin that no tenant allows gets nothing; never *, never null', async () => {
  for (const from of ['https://evil.example', `${page}.evil.example`, `${page}:8443`, page.replace('https', 'http'), 'null', '*',
    'https://a.acme.example', 'https://*.acme.example', `${page}/path`, `${page}, ${theirs}`, 'x'.repeat(3000)]) {
    const a = await preflight('/api/auth/me', from, 'GET');
    assert.ok(a.status === 403 || a.status === 405, `${from}: ${a.status}`);
    assert.deepEqual(cors(a), [], from);
    const b = await mine('GET', '/api/auth/me', { headers: { Origin: from } });
    assert.deepEqual(cors(b), [], from);
    assert.match(b.headers.vary, /\bOrigin\b/);
  }
});

test('the path of a preflight must exist; OPTIONS without its headers is no preflight', async () => {
  assert.equal((await preflight('/api/nothing', page)).status, 404);
  const plain = await send('OPTIONS', '/api/auth/me', { headers: { Origin: page } });
  assert.equal(plain.status, 204);
  exposes(plain, page);
  assert.equal((await send('OPTIONS', '/api/auth/me')).status, 204);
});

test('the request itself is held against the caller’s tenant', async () => {
  exposes(await mine('GET', '/api/auth/me', { headers: { Origin: page } }), page);
  assert.deepEqual(cors(await mine('GET', '/api/auth/me', { headers: { Origin: theirs } })), []);
  exposes(await other('GET', '/api/auth/me', { headers: { Origin: theirs } }), theirs);
  assert.deepEqual(cors(await other('GET', '/api/auth/me', { headers: { Origin: page } })), []);
  const key = await newKey(mine, ['read:drift']);
  exposes(await call('GET', '/api/drift/configs', { headers: { Origin: page, 'X-API-Key': key.key } }), page);
});

test('a page can read why it was refused', async () => {
  exposes(await mine('GET', '/api/drift/configs/01890a5d-ac96-774b-bcce-b302099a8057', { headers: { Origin: page } }), page);
  const a = await call('GET', '/api/auth/me', { headers: { Origin: page, Authorization: 'Bearer x' } });
  assert.equal(a.status, 401);
  exposes(a, page);
  exposes(await call('GET', '/api/nothing', { headers: { Origin: page } }), page);
});

test('a setting taken back counts for requests at once, for preflights soon', async () => {
  const who = newTenant(), from = 'https://soon.example';
  allow(who.tenant, [from]);
  const caller = await bearer(who);
  await renewWorkers();
  exposes(await caller('GET', '/api/auth/me', { headers: { Origin: from } }), from);
  allow(who.tenant, []);
  await sleep(2500); // a registry row lives for 2 s
  assert.deepEqual(cors(await caller('GET', '/api/auth/me', { headers: { Origin: from } })), []);
  const tries = () => Promise.all(Array.from({ length: 12 }, () => preflight('/api/auth/me', from, 'GET')));
  await until('every worker refuses preflights', async () => (await tries()).every((a) => a.status === 403), 20, 500);
});

test('CSRF: an allowed origin is as good as our own for a change by cookie, where no Sec-Fetch-Site speaks', async () => {
  const tab = await browser(mine.who);
  const token = { 'X-CSRF-Token': tab.csrf };
  const change = (headers) => tab('POST', '/api/api-keys', { body: {}, headers: { ...token, ...headers } });
  assert.equal((await change({ Origin: page })).status, 422);
  assert.equal((await change({ Origin: theirs })).status, 403, 'of another tenant');
  assert.equal((await change({ Origin: page, 'Sec-Fetch-Site': 'cross-site' })).status, 403);
  assert.equal((await change({ Origin: page, 'X-CSRF-Token': '' })).status, 403, 'the token is needed all the same');
  assert.equal((await change({ Origin: 'null' })).status, 403);
});

test('CSRF: sign-in and refresh by cookies take our own origin only, an allowed one too is refused', async () => {
  assert.equal((await login(mine.who, {})).status, 200);
  for (const more of [{}, { delivery: 'cookie' }])
    assert.equal((await checkProblem(await call('POST', '/api/auth/login', { headers: { Origin: page }, body: { ...mine.who, ...more } }))).code, 'csrf_failed');
  const tab = await browser(mine.who);
  const b = await tab('POST', '/api/auth/refresh', { headers: { Origin: page } });
  assert.equal((await checkProblem(b)).code, 'csrf_failed');
  assert.equal((await tab('POST', '/api/auth/refresh', { headers: { Origin: origin } })).status, 200);
});

test('every kind of answer has the security headers', async () => {
  const demo = await bearer(credentials.demo);
  const json = { 'Content-Type': 'application/json' };
  const rows = [
    ['200', 200, () => demo('GET', '/api/auth/me')],
    ['HEAD', 200, () => demo('HEAD', '/api/auth/me')],
    ['201', 201, () => demo('POST', '/api/api-keys', { body: { name: unique('k'), scopes: ['read:drift'] } })],
    ['204', 204, async () => (await bearer(credentials.demo))('POST', '/api/auth/logout')],
    ['preflight', 204, () => preflight('/api/auth/me', page, 'GET')],
    ['a refused preflight', 403, () => preflight('/api/auth/me', 'https://evil.example', 'GET')],
    ['304', 304, async () => send('GET', '/api/openapi.json',
      { headers: { 'If-None-Match': (await send('GET', '/api/openapi.json')).headers.etag } })],
    ['a page', 200, () => send('GET', '/api/docs')],
    ['keys', 200, () => send('GET', '/.well-known/jwks.json')],
    ['metrics', 200, () => send('GET', '/metrics')],
    ['400', 400, () => demo('POST', '/api/api-keys', { body: '{', headers: json })],
    ['401', 401, () => send('GET', '/api/auth/me')],
    ['401 at sign-in', 401, () => send('POST', '/api/auth/login', { body: { tenant: 'none', email: 'a@b.example', password: 'x' } })],
    ['403', 403, () => send('POST', '/api/auth/login', { body: {}, headers: { Origin: 'https://evil.example' } })],
    ['404', 404, () => send('GET', '/nothing')],
    ['404 of a resource', 404, () => demo('GET', '/api/drift/configs/01890a5d-ac96-774b-bcce-b302099a8057')],
    ['405', 405, () => send('DELETE', '/api/health')],
    ['413', 413, () => demo('POST', '/api/api-keys', { body: `"${'x'.repeat(1100000)}"`, headers: json })],
    ['415', 415, () => demo('POST', '/api/api-keys', { body: 'x', headers: { 'Content-Type': 'text/plain' } })],
    ['422', 422, () => demo('POST', '/api/api-keys', { body: {} })],
    ['twice the same field', 400, () => raw(text('GET', '/api/health', [['X-Request-Id', newId()], ['X_Request_Id', 'a'], ['Cookie', 'a=b']])), true],
  ];
  for (const [what, status, f, maybe] of rows) {
    const a = await f();
    if (maybe && a.status !== status)
      continue; // the web server in front drops one of the two
    assert.equal(a.status, status, `${what}: ${a.text.slice(0, 200)}`);
    checkHeaders(a, what);
    assert.match(a.headers.vary ?? '', /\bOrigin\b/, `${what}: Vary`);
    assert.match(a.headers['content-security-policy'], /frame-ancestors 'none'/, what);
    if (status >= 400 && what !== 'HEAD')
      await checkProblem(a, what);
  }
});
