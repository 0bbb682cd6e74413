// As an installation begins, not as the trial does: https in front, below a path, behind a proxy, guard and second factor on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { credentials, Log, until } from '../lib/env.mjs';
import { newId } from '../lib/client.mjs';
import { Second } from '../lib/second.mjs';
import { bearer, newKey, unique } from '../lib/people.mjs';

const site = 'https://drift.example';
const there = new Second('installed-test');
let admin;

before(async () => {
  admin = await bearer();
  await there.start({ drop: ['public_url', 'base_path', 'mfa', 'outbound', 'metrics', 'trusted_proxies'], alive: '/bsx/api/health',
    add: `public_url = "${site}";\nbase_path = "/bsx";\ntrusted_proxies = ["127.0.0.1"];\nmetrics: { allow = ["192.0.2.0/24"]; };` });
});
after(() => there.stop());

const login = (who = credentials.demo, headers = {}, more = {}) => there.send('POST', '/bsx/api/auth/login',
  { body: { tenant: who.tenant, email: who.email, password: who.password, ...more }, headers });

test('cookies have their prefixes, Secure and the path below the base', async () => {
  const a = await login();
  assert.equal(a.status, 200, a.text);
  const cookies = Object.fromEntries(a.cookies.map((c) => [c.split('=')[0], c]));
  assert.deepEqual(Object.keys(cookies).sort(), ['__Host-bsx_access', '__Secure-bsx_device', '__Secure-bsx_refresh']);
  for (const c of Object.values(cookies))
    assert.match(c, /; HttpOnly; SameSite=Lax; Secure$/);
  assert.match(cookies['__Host-bsx_access'], /; Path=\/;/);
  assert.match(cookies['__Secure-bsx_refresh'], /; Path=\/bsx\/api\/auth;/);
  assert.match(cookies['__Secure-bsx_device'], /; Path=\/bsx\/api\/auth\/login;/);
});

test('a cookie counts only under its prefixed name', async () => {
  const [access] = (await login()).cookies.filter((c) => c.startsWith('__Host-'));
  const token = access.split(';')[0].split('=')[1];
  const me = (cookie) => there.send('GET', '/bsx/api/auth/me', { headers: { Cookie: cookie } });
  assert.equal((await me(`__Host-bsx_access=${token}`)).status, 200);
  assert.equal((await me(`bsx_access=${token}`)).status, 401);
});

test('answers carry HSTS', async () => {
  assert.match((await there.send('GET', '/bsx/api/health')).headers['strict-transport-security'], /^max-age=\d{7,}/);
});

test('only what is below the base path is there', async () => {
  for (const target of ['/api/health', '/bsxapi/health', '/', '/bsx/bsx/api/health'])
    assert.equal((await there.send('GET', target)).status, 404, target);
  const document = (await there.send('GET', '/bsx/api/openapi.json')).json;
  assert.equal(document.servers[0].url, '/bsx');
});

test('the origin is that of public_url, whatever Host and X-Forwarded-Proto say', async () => {
  const from = (headers) => login(credentials.demo, headers);
  assert.equal((await from({ Origin: site })).status, 200);
  assert.equal((await from({ Origin: 'http://drift.example' })).status, 403);
  assert.equal((await from({ Origin: 'https://evil.example', Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' })).status, 403);
  const a = await from({ 'X-Forwarded-Proto': 'http', Host: 'evil.example' });
  assert.ok(a.cookies.every((c) => c.endsWith('Secure')));
});

test('a token of another issuer is 401', async () => {
  assert.equal((await there.send('GET', '/bsx/api/auth/me', { headers: { Authorization: `Bearer ${admin.token}` } })).status, 401);
});

test('an administrator without a second factor may only look at himself and leave', async () => {
  const a = await login(credentials.demo, {}, { delivery: 'body' });
  assert.equal(a.json.mfa_enrollment_required, true);
  const headers = { Authorization: `Bearer ${a.json.access_token}` };
  assert.equal((await there.send('GET', '/bsx/api/auth/me', { headers })).status, 200);
  for (const [method, target] of [['GET', '/bsx/api/drift/configs'], ['POST', '/bsx/api/drift/configs'], ['GET', '/bsx/api/api-keys'], ['GET', '/bsx/metrics']]) {
    const b = await there.send(method, target, { headers });
    assert.equal(b.status, 403, `${method} ${target}: ${b.text}`);
    assert.equal(b.json.code, 'mfa_enrollment_required');
  }
  assert.equal((await there.send('POST', '/bsx/api/auth/logout', { headers })).status, 204);
});

test('metrics and details are for the listed addresses; others need read:metrics of the platform', async () => {
  const ask = (headers) => there.send('GET', '/bsx/metrics', { headers });
  assert.equal((await ask({})).status, 401);
  assert.equal((await ask({ 'X-Forwarded-For': '192.0.2.9' })).status, 200);
  assert.equal((await ask({ 'X-Forwarded-For': '192.0.2.9, 203.0.113.1' })).status, 401);
  const demo = await newKey(admin, ['*:*']);
  assert.equal((await ask({ 'X-API-Key': demo.key })).status, 403);
  const operator = await newKey(await bearer(credentials.platform), ['read:metrics']);
  assert.equal((await ask({ 'X-API-Key': operator.key })).status, 200);
  assert.equal((await there.send('GET', '/bsx/api/health/details', { headers: { 'X-API-Key': operator.key } })).status, 200);
  assert.equal((await there.send('GET', '/bsx/api/health/details')).status, 401);
});

test('the client behind a trusted proxy is the last hop that is not trusted', async () => {
  const key = await newKey(admin, ['read:drift'], { allowed_addresses: ['198.51.100.0/24', '2001:db8::/64'] });
  const use = (from, id = newId()) => there.send('GET', '/bsx/api/drift/configs', { id, headers: { 'X-API-Key': key.key, 'X-Forwarded-For': from } });
  const log = new Log(there.file('log'));
  for (const [from, status, address] of [['198.51.100.7', 200, '198.51.100.7'], ['203.0.113.9, 198.51.100.7', 200, '198.51.100.7'],
    ['198.51.100.7, 203.0.113.9', 401, '203.0.113.9'], ['198.51.100.7, 127.0.0.1', 200, '198.51.100.7'], ['::ffff:198.51.100.7', 200, '198.51.100.7'],
    ['2001:db8::7', 200, '2001:db8::7'], ['nonsense', 401, '127.0.0.1'], ['198.51.100.7, nonsense', 401, '127.0.0.1'], ['', 401, '127.0.0.1']]) {
    const id = newId();
    assert.equal((await use(from, id)).status, status, from);
    const [line] = await until('its line', () => { const l = log.access(id); return l.length > 0 && l; });
    assert.equal(line['source.ip'], address, from);
  }
});

test('loopback and plain http are no place for a channel', async () => {
  const key = await newKey(admin, ['manage:channels']);
  for (const url of ['http://127.0.0.1:8080/hook', 'https://127.0.0.1/hook', 'https://[::1]/', 'http://hooks.example/x', 'https://10.0.0.1/']) {
    const a = await there.send('POST', '/bsx/api/drift/channels', { headers: { 'X-API-Key': key.key }, body: { name: unique('c'), kind: 'webhook', url } });
    assert.equal(a.status, 422, `${url}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, '/url');
  }
});
