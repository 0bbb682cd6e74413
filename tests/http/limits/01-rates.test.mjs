// Rate limits with their defaults, behind a proxy that is trusted: each test comes from addresses of its own.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { credentials, Log, parseMetrics, sleep, sql, total, until } from '../lib/env.mjs';
import { call, newId, raw, send, text } from '../lib/client.mjs';
import { enrol } from '../lib/authenticator.mjs';
import { newConfig, newKey, newTenant, policy, push, unique, withToken } from '../lib/people.mjs';

const demo = credentials.demo;
let last = 0;
const address = () => `198.18.${++last >> 8}.${last & 255}`;
const from = (a, more = {}) => ({ 'X-Forwarded-For': a, ...more });
const get = (target, a, more) => call('GET', target, { headers: from(a, more) });
const fields = (answer) => [answer.headers['ratelimit-policy'], answer.headers.ratelimit];
const signIn = (who, a, more = {}) => call('POST', '/api/auth/login',
  { body: { tenant: who.tenant, email: who.email, password: who.password, delivery: 'body' }, headers: from(a), ...more });

async function token(who = demo) {
  const answer = await signIn(who, address());
  assert.equal(answer.status, 200, answer.text);
  return { Authorization: `Bearer ${answer.json.access_token}` };
}

test('an answer names the budget of its class and what is left of it', async () => {
  const a = address();
  assert.deepEqual(fields(await get('/api/health', a)), ['"open";q=2000;w=20', '"open";r=1999;t=0']);
  assert.match((await get('/api/health', a)).headers.ratelimit, /^"open";r=199[89];t=0$/);
  const me = await get('/api/auth/me', address(), await token());
  assert.deepEqual(fields(me), ['"read";q=600;w=30', '"read";r=599;t=0']);
});

test('of several budgets the tightest is told: at sign-in the account\'s', async () => {
  const who = newTenant();
  assert.deepEqual(fields(await signIn(who, address())), ['"login";q=20;w=60', '"login";r=19;t=0']);
  const refused = await call('POST', '/api/auth/refresh', { body: { refresh_token: 'x' }, headers: from(address()) });
  assert.deepEqual([refused.status, ...fields(refused)], [401, '"refresh";q=60;w=30', '"refresh";r=59;t=0']);
});

test('refusals have the fields too: 400, 401, 404, 405, 413, 415, 422', async () => {
  const json = { 'Content-Type': 'application/json' };
  for (const [method, target, status, options] of [
    ['GET', '/api/auth/me', 401], ['GET', '/api/nowhere', 404], ['PUT', '/api/health', 405],
    ['POST', '/api/auth/login', 400, { body: '{"a":', headers: json }], ['POST', '/api/auth/login', 422, { body: {} }],
    ['POST', '/api/auth/login', 415, { body: 'a=b', headers: { 'Content-Type': 'text/plain' } }],
    ['POST', '/api/auth/login', 413, { body: `{"a":"${'x'.repeat(1100000)}"}`, headers: json }],
  ]) {
    const answer = await call(method, target, { ...options, headers: from(address(), options?.headers) });
    assert.equal(answer.status, status, `${method} ${target}: ${answer.text}`);
    assert.match(answer.headers['ratelimit-policy'], /^"(open|read|login)";q=\d+;w=\d+$/);
    assert.match(answer.headers.ratelimit, /^"(open|read|login)";r=\d+;t=0$/);
  }
  const head = await raw(text('GET', `/${'x'.repeat(5000)}`));
  if (head.ours) // the web server may refuse it itself
    assert.match(head.headers['ratelimit-policy'], /^"open"/);
});

test('what is too much is 429 with Retry-After, the problem names the budget, and log and metrics have it', async () => {
  const a = address(), log = new Log(), id = newId();
  const before = total(parseMetrics((await send('GET', '/metrics', { headers: from('127.0.0.1') })).text), 'bsx_rate_limited_total', 'open');
  assert.deepEqual(fields(await get('/api/docs', a)), ['"GET /api/docs";q=2;w=20', '"GET /api/docs";r=1;t=0']);
  const [policy, left] = fields(await get('/api/docs', a));
  assert.equal(policy, '"GET /api/docs";q=2;w=20');
  assert.match(left, /^"GET \/api\/docs";r=0;t=([5-9]|10)$/, 'ten seconds after the first, however long that took');
  const refused = await call('GET', '/api/docs', { headers: from(a), id });
  assert.equal(refused.status, 429);
  const wait = Number(refused.headers['retry-after']);
  assert.ok(wait >= 1 && wait <= 10, String(wait));
  assert.deepEqual(fields(refused), ['"GET /api/docs";q=2;w=20', `"GET /api/docs";r=0;t=${wait}`]);
  assert.equal(refused.json.code, 'rate_limited');
  assert.deepEqual(refused.json['violated-policies'], ['GET /api/docs']);
  assert.equal((await get('/api/docs', address())).status, 200, 'another address has its own budget');
  assert.equal((await get('/api/health', a)).status, 200, 'and so has another class');
  const line = await until('the security event', () => log.lines().find((l) => l['event.action'] === 'rate.limit' && l['http.request.id'] === id));
  assert.equal(line['event.dataset'], 'bsx.security');
  assert.equal(line['source.ip'], a);
  assert.equal(line['rule.name'], 'GET /api/docs');
  const after = total(parseMetrics((await send('GET', '/metrics', { headers: from('127.0.0.1') })).text), 'bsx_rate_limited_total', 'open');
  assert.equal(after, before + 1);
});

test('after the time that was told the next one is admitted', async () => {
  const a = address(), caller = await token();
  for (let i = 0; i < 3; i++)
    assert.equal((await get('/api/drift/configs', a, caller)).status, 200);
  const refused = await get('/api/drift/configs', a, caller);
  assert.equal(refused.status, 429);
  await sleep(Number(refused.headers['retry-after']) * 1000);
  assert.equal((await get('/api/drift/configs', a, caller)).status, 200);
});

test('X-Forwarded-For of a peer that is not trusted changes nothing', async () => {
  const untrusted = { localAddress: '127.0.0.7', agent: new http.Agent() };
  const ask = (a) => call('GET', '/api/docs', { headers: from(a), ...untrusted });
  assert.deepEqual([(await ask('192.0.2.1')).status, (await ask('192.0.2.2')).status, (await ask('192.0.2.3')).status], [200, 200, 429]);
  const me = new Log();
  await ask('192.0.2.4');
  await until('the line', () => me.access().some((l) => l['source.ip'] === '127.0.0.7'));
});

test('behind a trusted proxy two clients have two budgets, whatever they wrote into the header before', async () => {
  const a = address(), b = address();
  for (const forwarded of [a, `10.1.1.1, ${a}`, b, `${a}, ${b}`])
    assert.equal((await get('/api/docs', forwarded)).status, 200, forwarded);
  for (const forwarded of [`10.2.2.2, ${a}`, `${a}, ${b}`, a, b, `${a}, 127.0.0.1`])
    assert.equal((await get('/api/docs', forwarded)).status, 429, forwarded);
});

test('an IPv6 subscriber (/64) is one client, and the two spellings of an IPv4 address are one', async () => {
  const ask = async (a) => (await get('/api/docs', a)).status;
  assert.deepEqual([await ask('2001:db8:7:1::1'), await ask('2001:db8:7:1:ffff::2'), await ask('2001:db8:7:1::3')], [200, 200, 429]);
  assert.equal(await ask('2001:db8:7:2::1'), 200);
  const a = address();
  assert.deepEqual([await ask(a), await ask(`::ffff:${a}`), await ask(a), await ask(`::ffff:${a}`)], [200, 200, 429, 429]);
});

test('a caller has one budget from all addresses', async () => {
  const caller = await token(newTenant()), statuses = [];
  for (let i = 0; i < 4; i++)
    statuses.push((await get('/api/drift/configs', address(), caller)).status);
  assert.deepEqual(statuses, [200, 200, 200, 429]);
});

test('a valid API key is charged to itself and not to its address; a bad one to its address', async () => {
  const admin = await token(), a = address();
  const asAdmin = (method, target, options = {}) => call(method, target, { ...options, headers: from(address(), admin) });
  const keys = [(await newKey(asAdmin, ['read:drift'])).key, (await newKey(asAdmin, ['read:drift'])).key];
  const ask = async (key) => (await get('/api/drift/configs', a, { 'X-API-Key': key })).status;
  for (const key of keys)
    assert.deepEqual([await ask(key), await ask(key), await ask(key), await ask(key)], [200, 200, 200, 429]);
  const bad = `${keys[0].slice(0, -8)}00000000`;
  assert.deepEqual([await ask(bad), await ask('bsx_nonsense'), await ask(bad), await ask(bad)], [401, 401, 401, 429], 'the keys had left the address its budget');
  const fresh = (await newKey(asAdmin, ['read:drift'])).key;
  assert.equal(await ask(fresh), 200, 'an address without budget does not stop a valid key');
  assert.equal((await get('/api/drift/configs', a, { Authorization: `Bearer ${bad}` })).status, 429);
});

// A burst is admitted, then one more each `everyS` seconds: what was admitted until the first 429 is that and no more.
async function exactly(burst, everyS, status, ask) {
  const began = performance.now();
  for (let admitted = 0; ; admitted++) {
    const got = await ask();
    if (got === 429) {
      assert.ok(admitted >= burst, `refused after ${admitted}`);
      return;
    }
    assert.equal(got, status);
    assert.ok(admitted < burst + 1 + (performance.now() - began) / 1000 / everyS, `${admitted + 1} were admitted`);
  }
}

test('an account has 20 sign-ins from everywhere, also one that does not exist', async () => {
  const nobody = { tenant: unique('no'), email: 'nobody@nowhere.example', password: 'wrong' };
  const real = newTenant();
  for (const who of [nobody, { ...real, password: 'wrong' }]) {
    await exactly(20, 3, 401, async () => (await signIn(who, address())).status);
  }
});

test('strangers who use up an account\'s budget do not keep a known device out', async () => {
  const who = newTenant();
  const cookie = (await call('POST', '/api/auth/login', { body: { tenant: who.tenant, email: who.email, password: who.password },
    headers: from(address()) })).cookies.find((c) => c.startsWith('bsx_device=')).split(';')[0];
  let refused = 0;
  for (let i = 0; i < 30; i++)
    refused += (await signIn({ ...who, password: 'wrong' }, address())).status === 429;
  assert.ok(refused > 0);
  assert.equal((await signIn(who, address(), { headers: from(address(), { Cookie: cookie }) })).status, 200);
});

test('... nor who shows a recovery code', async () => {
  const who = newTenant(), { codes } = await enrol(withToken((await token(who)).Authorization.slice(7)));
  for (let i = 0; i < 30; i++)
    await signIn({ ...who, password: 'wrong' }, address());
  const body = { tenant: who.tenant, email: who.email, password: who.password };
  assert.equal((await call('POST', '/api/auth/login', { body, headers: from(address()) })).status, 429);
  assert.equal((await call('POST', '/api/auth/login', { body: { ...body, recovery_code: codes[0] }, headers: from(address()) })).status, 200);
});

test('60 sign-ins a minute from one address, whoever is named', async () => {
  const a = address();
  await exactly(60, 1, 422, async () => (await call('POST', '/api/auth/login', { body: {}, headers: from(a) })).status);
});

test('a tenant may lower its budgets, not raise them; the platform\'s quota sets its total', async () => {
  const who = newTenant();
  const set = async (settings, quota) => {
    sql(`UPDATE tenants SET settings = '${JSON.stringify(settings)}', quota = '${JSON.stringify(quota)}' WHERE slug = '${who.tenant}'`);
    await sleep(2500); // a process remembers the row for 2 s
  };
  const caller = await token(who);
  const me = async () => fields(await get('/api/auth/me', address(), caller));
  await set({ rate_limits: { read: { per_minute: 60, burst: 30 } } }, {});
  assert.deepEqual(await me(), ['"read";q=30;w=30', '"read";r=29;t=0']);
  await set({ rate_limits: { 'GET /api/auth/me': { per_minute: 6, burst: 5 } } }, {});
  assert.deepEqual(await me(), ['"read";q=5;w=50', '"read";r=4;t=0']);
  await set({ rate_limits: { read: { per_minute: 999999, burst: 999999 }, tenant: { burst: 0 }, nonsense: 7 } }, {});
  assert.equal((await me())[0], '"read";q=600;w=30');
  await set({}, { requests_per_minute: 60, requests_burst: 2 });
  assert.deepEqual(await me(), ['"tenant";q=2;w=2', '"tenant";r=1;t=0']);
  await set({ rate_limits: { tenant: { per_minute: 6, burst: 1 } } }, { requests_per_minute: 60, requests_burst: 2 });
  assert.deepEqual(await me(), ['"tenant";q=1;w=10', '"tenant";r=0;t=10']);
  const refused = await get('/api/auth/me', address(), caller);
  assert.deepEqual([refused.status, refused.json['violated-policies']], [429, ['tenant']]);
  await set({ rate_limits: 'nonsense' }, { requests_per_minute: 'many' });
  assert.equal((await get('/api/auth/me', address(), caller)).status, 200);
});

test('invitations and forgotten passwords of one account share its budget of mails', async () => {
  const who = newTenant(), bearer = await token(who), email = `${unique('i')}@mail.example`, here = address();
  const invite = (to) => call('POST', '/api/users', { body: { email: to, display_name: 'I' }, headers: from(here, bearer) });
  assert.equal((await invite(email)).status, 201);
  assert.equal((await call('POST', '/api/auth/password/forgot', { body: { tenant: who.tenant, email }, headers: from(address()) })).status, 202);
  assert.equal((await invite(email.toUpperCase())).status, 409);
  const refused = await invite(email);
  assert.equal(refused.status, 429, refused.text);
  assert.deepEqual([refused.json.code, fields(refused)[0]], ['rate_limited', '"mail";q=3;w=60']);
  assert.equal((await invite(`${unique('j')}@mail.example`)).status, 201, 'another account has its own');
});

// ---- large bodies ---------------------------------------------------------------------------------------------------

const MIB = 1 << 20, nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
// 16 MiB that are unpacked and parsed in no time; and the same of 450,000 resources, which take their time.
const blanks = zlib.gzipSync(`{"a":1${' '.repeat(16 * MIB - 7)}}`);
const one = '{"category":"c","key":"k","value":1}', many = (n) => zlib.gzipSync(`{"resources":[${`${one},`.repeat(n)}${one}]}`);

// A config, and what pushes to it (or to a path of another) with a key of its own.
async function pusher() {
  const admin = withToken((await token(newTenant())).Authorization.slice(7)), config = await newConfig(admin, { source: { kind: 'push' } });
  const fresh = async () => (await newKey(admin, ['write:snapshots'])).key;
  const to = (key, body, path = `${config.id}/documents`) => call('POST', `/api/drift/configs/${path}`,
    { body, headers: { 'X-API-Key': key, 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' } });
  return { admin, config, fresh, to };
}
const leftOf = (answer) => Number(/^"snapshot";r=(\d+);/.exec(answer.headers.ratelimit)[1]);

test('tests of channels by mail share the budget of mails to their address, and those of others have none', async () => {
  const as = async (method, target, body) => call(method, target, { body, headers: { ...await admin, ...from(address()) } });
  const admin = token(newTenant()), to = `${unique('victim')}@elsewhere.example`;
  const make = async (more) => (await as('POST', '/api/drift/channels', { name: unique('c'), ...more })).json;
  const mails = [await make({ kind: 'email', to }), await make({ kind: 'email', to })], hook = await make({ kind: 'webhook', url: 'http://127.0.0.1:9/x' });
  const tries = [];
  for (const c of [...mails, ...mails, ...mails])
    tries.push((await as('POST', `/api/drift/channels/${c.id}/test`)).status);
  assert.deepEqual(tries, [202, 202, 202, 429, 429, 429]);
  for (let i = 0; i < 5; i++)
    assert.equal((await as('POST', `/api/drift/channels/${hook.id}/test`)).status, 202);
});

test('each further MiB of a body, as it is unpacked, is a request more, also of one that is refused', async () => {
  const { config, fresh, to } = await pusher();
  const wrong = Buffer.from(blanks);
  wrong[wrong.length - 6] ^= 1; // its checksum
  for (const [what, body, path, status, cost] of [
    ['small', zlib.gzipSync('{"a":1}'), undefined, 201, 1], ['16 MiB', blanks, undefined, 201, 16],
    ['too much', zlib.gzipSync(' '.repeat(16 * MIB + 1)), undefined, 413, 16], ['broken at its end', wrong, undefined, 400, 16],
    ['no such member', blanks, `${config.id}/snapshots`, 422, 16], ['no such config', blanks, `${nobody}/documents`, 404, 1],
    ['no such config', blanks, `${nobody}/snapshots`, 404, 1]]) {
    const key = await fresh(), began = performance.now(), answer = await to(key, body, path), n = leftOf(answer);
    assert.equal(answer.status, status, `${what}: ${answer.text}`);
    assert.ok(n >= 600 - cost && n <= 600 - cost + (performance.now() - began) / 50, `${what}: ${n} of 600 are left, ${cost} were used`);
  }
});

test('what is beyond the budget is owed: the next requests wait for it, and cost nothing', async () => {
  const { fresh, to } = await pusher(), key = await fresh();
  await exactly(38, 0.8, 201, async () => (await to(key, blanks)).status);
  const refused = await to(key, blanks);
  assert.equal(refused.status, 429);
  assert.match(fields(refused)[1], /^"snapshot";r=0;t=1$/);
});

test('who pushes large bodies on all connections keeps no other tenant waiting', async (t) => {
  const { admin, config, fresh, to } = await pusher(), here = address();
  for (const [what, body] of [['16 MiB', many(450000)], ['3.9 MiB', many(107000)]]) {
    const key = await fresh(), other = await token(newTenant()), got = {}, end = Date.now() + 1500;
    const flood = async () => {
      while (Date.now() < end) {
        const { status } = await to(key, body, `${config.id}/snapshots`);
        got[status] = (got[status] ?? 0) + 1;
      }
    };
    let asked = 0;
    // It stays below its own budget of 600, however fast it is answered.
    const watch = async () => {
      for (; Date.now() < end; asked++, await sleep(3))
        assert.equal((await get('/api/auth/me', here, other)).status, 200);
    };
    await Promise.all([...Array.from({ length: 8 }, flood), watch()]);
    t.diagnostic(`${what}: ${JSON.stringify(got)}, of another tenant ${asked}`);
    assert.ok(got[422] > 0 && got[503] > 0, `${what}: some are looked at, the others told to come again`);
    assert.ok(asked > 3 * got[422], `${what}: ${asked} of another tenant were answered beside ${got[422]}`);
  }
  await push(admin, config, [policy(1)]);
});
