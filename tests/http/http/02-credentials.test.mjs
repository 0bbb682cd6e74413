import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { credentials, sleep } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { openapi } from '../lib/spec.mjs';
import { all, bearer, browser, newChannel, newConfig, newKey, newTenant, policy, push, unique, withKey, withToken }
  from '../lib/people.mjs';

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const unb64 = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());

async function refused(caller, what) {
  const a = await caller('GET', '/api/auth/me');
  assert.equal(a.status, 401, `${what}: ${a.text}`);
  assert.equal(a.json.code, 'unauthenticated', what);
}

test('forged and altered access tokens are 401', async () => {
  const good = (await bearer()).token;
  const [head, claims, signature] = good.split('.');
  const header = unb64(head), payload = unb64(claims);
  assert.equal(header.alg, 'ES256');
  assert.equal(header.typ, 'at+jwt');

  const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const sign = (h, p) => {
    const text = `${b64(h)}.${b64(p)}`;
    return `${text}.${crypto.sign('sha256', Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const mac = (h, p, key) => {
    const text = `${b64(h)}.${b64(p)}`;
    return `${text}.${crypto.createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  const raised = { ...payload, sub: crypto.randomUUID() };
  const bytes = Buffer.from(signature, 'base64url');
  bytes[10] ^= 1;
  const forged = {
    'alg none, no signature': `${b64({ ...header, alg: 'none' })}.${claims}.`,
    'alg none, the old signature': `${b64({ ...header, alg: 'none' })}.${claims}.${signature}`,
    'alg None': `${b64({ ...header, alg: 'None' })}.${claims}.`,
    'HS256 with the kid as its key': mac({ ...header, alg: 'HS256' }, payload, header.kid),
    'HS256 with an empty key': mac({ ...header, alg: 'HS256' }, payload, ''),
    'another key, the same kid': sign(header, payload),
    'another key, another kid': sign({ ...header, kid: 'mine' }, payload),
    'a key in the header': sign({ ...header, jwk: pair.publicKey.export({ format: 'jwk' }) }, payload),
    'a kid like SQL': sign({ ...header, kid: "' OR 1=1 -- " }, payload),
    'a kid like a path': sign({ ...header, kid: '../../../dev/null' }, payload),
    'other claims': `${head}.${b64(raised)}.${signature}`,
    'another type': `${b64({ ...header, typ: 'JWT' })}.${claims}.${signature}`,
    'one bit of the signature': `${head}.${claims}.${bytes.toString('base64url')}`,
    'padding': `${good}=`,
    'no signature': `${head}.${claims}`,
    'an empty signature': `${head}.${claims}.`,
    'four parts': `${good}.${signature}`,
    'a zero signature': `${head}.${claims}.${Buffer.alloc(64).toString('base64url')}`,
    'garbage': 'garbage',
    'far too long': 'a'.repeat(6000),
  };
  for (const [what, token] of Object.entries(forged))
    await refused(withToken(token), what);
  assert.equal((await withToken(good)('GET', '/api/auth/me')).status, 200);
});

test('a present but bad credential is 401, never a fall-through to another one', async () => {
  const page = await browser();
  const key = (await newKey(await bearer(), ['read:drift'])).key;
  const bad = [{ Authorization: 'Bearer x' }, { Authorization: 'Bearer ' + 'bsx_x' }, { 'X-API-Key': 'bsx_x' },
    { Authorization: 'Basic YTpi' }, { Authorization: 'Bearer' }];
  for (const headers of bad)
    assert.equal((await page('GET', '/api/auth/me', { headers })).status, 401, JSON.stringify(headers));
  assert.equal((await call('GET', '/api/drift/configs', { headers: { Authorization: 'Bearer x', 'X-API-Key': key } })).status, 401);
  assert.equal((await call('GET', '/api/auth/me', { headers: { Cookie: 'bsx_access=x' } })).status, 401);
  const twice = `bsx_access=${page.jar.bsx_access}; bsx_access=x`;
  assert.equal((await call('GET', '/api/auth/me', { headers: { Cookie: twice } })).status, 401);
});

test('routes open to everybody ignore credentials', async () => {
  for (const target of ['/api/health', '/api/openapi.json', '/api/docs'])
    assert.equal((await call('GET', target, { headers: { Authorization: 'Bearer x', Cookie: 'bsx_access=x' } })).status, 200);
});

// ---- tenants --------------------------------------------------------------------------------------

test('what belongs to another tenant is 404, never 403, and in no list', async () => {
  const mine = await bearer(), theirs = await bearer(newTenant());
  const config = await newConfig(mine), channel = await newChannel(mine, 'http://127.0.0.1:9/x');
  const key = await newKey(mine);
  const pushed = await push(mine, config, [policy(1)]);
  await push(mine, config, [policy(1, { state: 'disabled' })]);
  const report = pushed.report.id;
  const [alert] = await all(mine, `/api/drift/alerts?config_id=${config.id}`);
  assert.ok(alert);

  const tries = [['GET', `/api/drift/configs/${config.id}`], ['PUT', `/api/drift/configs/${config.id}`, { name: 'mine now' }],
    ['DELETE', `/api/drift/configs/${config.id}`], ['GET', `/api/drift/configs/${config.id}/snapshots`],
    ['POST', `/api/drift/configs/${config.id}/snapshots`, { resources: [policy(1)] }],
    ['POST', `/api/drift/configs/${config.id}/documents`, { a: 1 }],
    ['GET', `/api/drift/configs/${config.id}/baseline`],
    ['PUT', `/api/drift/configs/${config.id}/baseline`, { snapshot_id: pushed.snapshot_id }],
    ['GET', `/api/drift/snapshots/${pushed.snapshot_id}`], ['GET', `/api/drift/reports/${report}`],
    ['GET', `/api/drift/reports/${report}/changes`], ['GET', `/api/drift/alerts/${alert.id}`],
    ['PUT', `/api/drift/alerts/${alert.id}`, { status: 'resolved' }],
    ['PUT', `/api/drift/channels/${channel.id}`, { name: 'mine now' }], ['DELETE', `/api/drift/channels/${channel.id}`],
    ['POST', `/api/drift/channels/${channel.id}/test`], ['GET', `/api/drift/channels/${channel.id}/deliveries`],
    ['DELETE', `/api/api-keys/${key.id}`]];
  for (const [method, target, body] of tries) {
    const a = await theirs(method, target, { body });
    assert.equal(a.status, 404, `${method} ${target}: ${a.text}`);
    assert.equal(a.json.code, 'not_found');
  }
  for (const list of ['configs', 'reports', 'alerts', 'channels'])
    assert.deepEqual(await all(theirs, `/api/drift/${list}`), [], list);
  assert.deepEqual(await all(theirs, `/api/drift/reports?config_id=${config.id}`), []);
  assert.equal((await mine('GET', `/api/drift/configs/${config.id}`)).json.name, config.name);
  assert.equal((await mine('GET', `/api/drift/alerts/${alert.id}`)).json.status, 'open');
});

test('X-Acting-Tenant without a grant is 403', async () => {
  const mine = await bearer(), theirs = await bearer(newTenant());
  for (const id of [mine.session.tenant.id, 'platform', 'x'])
    assert.equal((await theirs('GET', '/api/drift/configs', { headers: { 'X-Acting-Tenant': id } })).status, 403);
  assert.equal((await mine('GET', '/api/drift/configs', { headers: { 'X-Acting-Tenant': mine.session.tenant.id } })).status, 200);
});

// ---- API keys -------------------------------------------------------------------------------------

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function crc32(bytes) {
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let i = 0; i < 8; i++)
      c = (c >>> 1) ^ (0xedb88320 & -(c & 1));
  }
  return ~c >>> 0;
}

// The same key with other text, and the checksum that belongs to it.
function reseal(text) {
  let n = crc32(Buffer.from(text)), out = '';
  for (let i = 0; i < 6; i++, n = Math.floor(n / 62))
    out = digits[n % 62] + out;
  return text + out;
}

test('an API key is shown once, may do what its scopes say, by both headers, and nothing else', async () => {
  const admin = await bearer();
  const config = await newConfig(admin);
  const made = await newKey(admin, ['write:snapshots']);
  assert.match(made.key, /^bsx_[0-9A-Za-z]{71}$/);
  const [listed] = (await all(admin, '/api/api-keys')).filter((k) => k.id === made.id);
  assert.ok(listed);
  assert.equal(listed.key, undefined);
  assert.ok(made.key.startsWith(listed.prefix));

  const key = withKey(made.key), asBearer = withToken(made.key);
  await push(key, config, [policy(1)]);
  await push(asBearer, config, [policy(1)]);
  for (const [method, target, body] of [['GET', '/api/drift/configs'], ['GET', `/api/drift/configs/${config.id}`],
    ['POST', '/api/drift/configs', { name: 'x', source: { kind: 'push' } }], ['GET', '/api/drift/alerts'],
    ['DELETE', `/api/drift/configs/${config.id}`], ['GET', '/api/api-keys']]) {
    const a = await key(method, target, { body });
    assert.equal(a.status, 403, `${method} ${target}: ${a.text}`);
    assert.equal(a.json.code, 'forbidden');
  }
  const reader = withKey((await newKey(admin, ['read:drift'])).key);
  assert.equal((await reader('GET', '/api/drift/configs')).status, 200);
  assert.equal((await reader('POST', `/api/drift/configs/${config.id}/snapshots`, { body: { resources: [] } })).status, 403);
});

test('an API key is no user: it cannot use /api/auth nor make or end keys', async () => {
  const admin = await bearer();
  const key = withKey((await newKey(admin, ['*:*'])).key);
  assert.equal((await key('GET', '/api/auth/me')).status, 403);
  assert.equal((await key('POST', '/api/auth/logout')).status, 403);
  assert.equal((await key('POST', '/api/api-keys', { body: { name: 'x', scopes: ['read:drift'] } })).status, 403);
  const other = await newKey(admin);
  assert.equal((await key('DELETE', `/api/api-keys/${other.id}`)).status, 403);
});

test('a mistyped, a guessed and another tenant’s key are 401', async () => {
  const { key } = await newKey(await bearer(), ['read:drift']);
  const body = key.slice(0, -6);
  assert.equal(reseal(body), key, 'the checksum of the contract');
  const at = body.length - 5;
  const other = body.slice(0, at) + (body[at] === 'A' ? 'B' : 'A') + body.slice(at + 1);
  const swap = (c) => (c === 'x' ? 'y' : 'x');
  for (const bad of [key.slice(0, -1) + swap(key.at(-1)), other + key.slice(-6), reseal(other), reseal(`bsx_${'0'.repeat(65)}`),
    key.slice(0, -1), `${key}0`, key.toLowerCase(), 'bsx_', `bsx_${'A'.repeat(5000)}`]) {
    const a = await withKey(bad)('GET', '/api/drift/configs');
    assert.equal(a.status, 401, bad.slice(0, 90));
  }
  assert.equal((await withKey(key)('GET', '/api/drift/configs')).status, 200);
});

test('a deleted key ends at once, also where it was just used', async () => {
  const admin = await bearer();
  const made = await newKey(admin, ['read:drift']);
  const use = () => Promise.all(Array.from({ length: 12 }, () =>
    withKey(made.key)('GET', '/api/drift/configs', { agent: false, headers: { Connection: 'close' } })));
  for (const a of await use())
    assert.equal(a.status, 200);
  assert.equal((await admin('DELETE', `/api/api-keys/${made.id}`)).status, 204);
  for (const a of await use())
    assert.equal(a.status, 401);
  assert.equal((await admin('DELETE', `/api/api-keys/${made.id}`)).status, 404);
});

test('a key ends when it says so', async () => {
  const admin = await bearer();
  const end = Date.now() + 5000;
  const made = await newKey(admin, ['read:drift'], { expires_at: new Date(end).toISOString() });
  const use = () => withKey(made.key)('GET', '/api/drift/configs');
  assert.equal((await use()).status, 200);
  await sleep(end + 200 - Date.now());
  assert.equal((await use()).status, 401);
  const late = await admin('POST', '/api/api-keys',
    { body: { name: 'late', scopes: ['read:drift'], expires_at: '2020-01-01T00:00:00Z' } });
  assert.equal(late.status, 422);
  assert.equal(late.json.errors[0].pointer, '/expires_at');
});

test('a key bound to addresses works from these only, whatever X-Forwarded-For says', async () => {
  const admin = await bearer();
  const here = await newKey(admin, ['read:drift'], { allowed_addresses: ['127.0.0.0/8'] });
  const there = await newKey(admin, ['read:drift'], { allowed_addresses: ['10.1.0.0/16', '2001:db8::/32'] });
  const use = (k) => withKey(k.key)('GET', '/api/drift/configs', { headers: { 'X-Forwarded-For': '10.1.2.3' } });
  assert.equal((await use(here)).status, 200);
  assert.equal((await use(there)).status, 401);
  const bad = await admin('POST', '/api/api-keys', { body: { name: 'x', scopes: ['read:drift'], allowed_addresses: ['10.0.0.0/33'] } });
  assert.equal(bad.status, 422);
  assert.equal(bad.json.errors[0].pointer, '/allowed_addresses/0');
});

test('scopes that are no permissions are 422 with their place', async () => {
  const a = await (await bearer())('POST', '/api/api-keys', { body: { name: unique('k'), scopes: ['read:drift', 'fly:high', ''] } });
  assert.equal(a.status, 422);
  assert.deepEqual(a.json.errors.map((e) => e.pointer), ['/scopes/1', '/scopes/2']);
});

test('the platform’s administrator has no way into a tenant’s drift', async () => {
  const config = await newConfig(await bearer());
  const operator = await bearer(credentials.platform);
  assert.equal((await operator('GET', `/api/drift/configs/${config.id}`)).status, 404);
});

test('no route that needs a caller answers without one, whatever else is sent', async () => {
  const { document } = await openapi();
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, op] of Object.entries(item)) {
      if (op.security.length === 0 || op.security.some((s) => Object.keys(s).length === 0))
        continue;
      const target = template.replaceAll(/\{\w+\}/g, '01890a5d-ac96-774b-bcce-b302099a8057');
      const a = await call(method.toUpperCase(), target, { body: method === 'get' ? undefined : {} });
      assert.equal(a.status, 401, `${method} ${target}: ${a.text}`);
    }
  }
});
