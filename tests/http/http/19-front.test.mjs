// What stands before the responder: proxies that nobody has named, and headers that are written with underscores.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Log, build, credentials, state } from '../lib/env.mjs';
import { send } from '../lib/client.mjs';
import { Second } from '../lib/second.mjs';
import { bearer, browser, newKey, newTenant, unique } from '../lib/people.mjs';

const local = ['/metrics', '/api/health/details'];

// ---- a proxy on this machine ------------------------------------------------------------------------

test('what is for this machine is not for who stands behind a proxy on it', async () => {
  const log = Object.assign(new Log(), { from: 0 }), operator = (await bearer(credentials.platform)).token; // told once an hour, by whoever came first
  for (const target of local) {
    const get = (headers, method = 'GET') => send(method, target, { headers });
    for (const headers of [{}, { 'X-Forwarded-For': '127.0.0.1' }, { 'X-Forwarded-For': '127.0.0.1, ::1', 'X-Real-IP': '127.0.0.1' }])
      assert.equal((await get(headers)).status, 200, JSON.stringify(headers));
    for (const headers of [{ 'X-Forwarded-For': '203.0.113.1' }, { 'X-Forwarded-For': '127.0.0.1, 203.0.113.1' },
      { 'X-Forwarded-For': '203.0.113.1, 127.0.0.1' }, { 'X-Forwarded-For': 'unknown' }, { 'X-Real-IP': '203.0.113.1' },
      { Forwarded: 'for=203.0.113.1' }, { Forwarded: 'for=127.0.0.1', 'X-Forwarded-For': '127.0.0.1' }]) {
      const a = await get(headers), what = `${target} ${JSON.stringify(headers)}: ${a.text}`;
      assert.deepEqual([a.status, a.json.code], [403, 'forbidden'], what);
      assert.match(a.json.detail, /trusted_proxies/, what);
      assert.equal((await get(headers, 'HEAD')).status, 403, what);
      assert.equal((await get({ ...headers, Authorization: `Bearer ${operator}` })).status, 200, 'an operator may sign in');
      assert.equal((await get({ ...headers, Authorization: 'Bearer a.b.c' })).status, 401, 'a bad credential is one');
    }
  }
  const told = log.lines().filter((l) => l['event.action'] === 'proxy.unknown' && l['source.ip'] === '127.0.0.1');
  assert.ok(told.length >= 1 && told.length <= 2, `${told.length} lines, once an hour`);
});

// ---- underscores ---------------------------------------------------------------------------------------

// Every way to write it with at least one underscore.
function underscored(name) {
  const [first, ...rest] = name.split('-');
  return rest.reduce((all, part) => all.flatMap((a) => [`${a}-${part}`, `${a}_${part}`]), [first]).filter((n) => n.includes('_'));
}

test('a header that is written with an underscore is not taken for the one with a hyphen', async () => {
  const admin = await bearer(newTenant()), { key } = await newKey(admin, ['read:drift']);
  let tried = 0;
  const each = async (name, f) => {
    for (const n of underscored(name).flatMap((v) => [v, v.toLowerCase(), v.toUpperCase()])) {
      await f(n);
      tried++;
    }
  };
  assert.equal((await send('GET', '/api/drift/configs', { headers: { 'X-API-Key': key } })).status, 200);
  await each('X-API-Key', async (n) => assert.equal((await send('GET', '/api/drift/configs', { headers: { [n]: key } })).status, 401, n));
  await each('X-Request-Id', async (n) => assert.notEqual((await send('GET', '/api/health/live', { headers: { 'X-Request-Id': null, [n]: 'planted' } })).id, 'planted', n));
  await each('X-Forwarded-For', async (n) => assert.equal((await send('GET', '/metrics', { headers: { [n]: '203.0.113.1' } })).status, 200, n));
  await each('X-Real-IP', async (n) => assert.equal((await send('GET', '/metrics', { headers: { [n]: '203.0.113.1' } })).status, 200, n));
  await each('X-Acting-Tenant', async (n) => assert.equal((await admin('GET', '/api/drift/configs', { headers: { [n]: 'x' } })).status, 200, n));
  const page = await browser(credentials.demo), put = (headers) => page('PUT', '/api/auth/me', { body: {}, headers });
  await each('X-CSRF-Token', async (n) => assert.equal((await put({ 'Sec-Fetch-Site': 'same-origin', [n]: page.csrf })).status, 403, n));
  await each('Sec-Fetch-Site', async (n) => assert.equal((await put({ 'X-CSRF-Token': page.csrf, [n]: 'same-origin' })).status, 403, n));
  const user = () => ({ email: `${unique('u')}@front.example`, display_name: 'U', password: 'a long enough password' });
  await each('Idempotency-Key', async (n) => {
    for (let i = 0; i < 2; i++)
      assert.equal((await admin('POST', '/api/users', { body: user(), headers: { [n]: 'one-key' } })).status, 201, n);
  });
  await each('If-Match', async (n) => assert.equal((await admin('PUT', `/api/users/${admin.session.user.id}`,
    { body: { display_name: unique('n') }, headers: { [n]: '"of-another"' } })).status, 200, n));
  assert.ok(tried >= 60, `${tried} tried`);
});

test('beside the one with the hyphen it changes nothing', async () => {
  const admin = await bearer(newTenant()), good = (await newKey(admin, ['read:drift'])).key;
  for (const n of underscored('X-API-Key'))
    for (const headers of [[n, 'bsx_other', 'X-API-Key', good], ['X-API-Key', good, n, 'bsx_other']])
      assert.equal((await send('GET', '/api/drift/configs', { headers: Object.fromEntries([headers.slice(0, 2), headers.slice(2)]) })).status, 200, `${headers}`);
});

// ---- what doctor says of it ---------------------------------------------------------------------------

const doctor = (conf) => new Promise((resolve) => {
  execFile(path.join(build, 'bsxctl'), ['-c', conf, 'doctor'], (error, stdout, stderr) => resolve(stdout + stderr));
});

const there = new Second('front');
let proxy;
before(async () => {
  proxy = http.createServer((q, s) => {
    const asked = http.request({ host: '127.0.0.1', port: there.port, method: q.method, path: q.url,
      headers: { ...q.headers, 'x-forwarded-for': '203.0.113.9' } }, (a) => { s.writeHead(a.statusCode, a.headers); a.pipe(s); });
    asked.on('error', () => s.destroy());
    q.pipe(asked);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  await there.start({ drop: ['public_url'], add: `public_url = "http://127.0.0.1:${proxy.address().port}";` });
});
after(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await there.stop();
});

test('doctor asks the web server in front, and says what it lets pass', async () => {
  const good = await doctor(path.join(state, 'etc', 'blindspotx.conf'));
  assert.match(good, /^ok +the web server at http:\/\/127\.0\.0\.1:\d+ keeps headers with underscores back$/m);
  assert.doesNotMatch(good, /^WRONG .*(underscore|proxy|X_Request_Id)/m);
  const bad = await doctor(there.file('bsx.conf'));
  assert.match(bad, /^WRONG .* passes X_Request_Id for X-Request-Id/m);
  assert.match(bad, /^WRONG .* come through a proxy that trusted_proxies does not name/m);
});
