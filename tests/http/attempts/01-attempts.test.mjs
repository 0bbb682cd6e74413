// Failed sign-ins: an attack from many networks, and the owner of the account meanwhile.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { Log, parseMetrics, sql, total, until } from '../lib/env.mjs';
import { call, newId, send } from '../lib/client.mjs';
import { enrol } from '../lib/authenticator.mjs';
import { bearer, newTenant, unique } from '../lib/people.mjs';

let last = 0;
const network = () => `198.18.${++last >> 8}.${last & 255}`;
const login = (who, from, { cookie, id, ...change } = {}) => call('POST', '/api/auth/login', { id,
  body: { tenant: who.tenant, email: who.email, password: who.password, ...change },
  headers: { 'X-Forwarded-For': from, ...(cookie ? { Cookie: cookie } : {}) } });
const wrong = (who, from, more) => login(who, from, { password: 'not the password', ...more });
const deviceOf = (answer) => answer.cookies.find((c) => c.startsWith('bsx_device=')).split(';')[0];
const hashes = async () => total(parseMetrics((await send('GET', '/metrics', { headers: { 'X-Forwarded-For': '127.0.0.1' } })).text),
  'bsx_password_hashes_total', 'for="login"');
const schema = (who) => sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`);
// Every delay and lock of every account ends, as if so much time had passed.
const pass = (seconds) => sql(`UPDATE login_failures SET last_at = last_at - INTERVAL ${seconds} SECOND, until_at = until_at - INTERVAL ${seconds} SECOND`);

const idOf = (cookie) => Buffer.from(cookie.split('=')[1], 'base64url').subarray(20, 36).toString('hex');

async function fail(who, from, times, more) {
  for (let i = 0; i < times; i++) {
    const a = await wrong(who, from, more);
    assert.equal(a.status, 401, `failure ${i + 1}: ${a.text}`);
  }
}

// As a hundred failures do: one is made, and counted a hundred times.
async function lock(who) {
  const before = sql('SELECT COALESCE(MAX(last_at), 0) FROM login_failures');
  await fail(who, network(), 1);
  sql(`UPDATE login_failures SET failures = 100 WHERE last_at > '${before}'`);
  isDelayed(await login(who, network()), 86390, 86400);
}

function isDelayed(answer, from, to) {
  assert.equal(answer.status, 429, answer.text);
  assert.equal(answer.json.code, 'too_many_attempts');
  const wait = Number(answer.headers['retry-after']);
  assert.ok(wait >= from && wait <= to, `Retry-After ${wait}, not ${from} to ${to}`);
  return wait;
}

test('nine failures in a row cost nothing, and a success clears them', async () => {
  const who = newTenant(), from = network();
  for (let i = 0; i < 3; i++) {
    await fail(who, from, 9);
    assert.equal((await login(who, from)).status, 200);
  }
});

test('after the tenth its network waits 30 s, then twice as long each time, and no password is looked at', async () => {
  const who = newTenant(), from = network();
  await fail(who, from, 10);
  const before = await hashes(), began = performance.now();
  isDelayed(await login(who, from), 28, 30);
  assert.ok(performance.now() - began < 10000, 'nobody sleeps');
  assert.equal(await hashes(), before, 'no password was hashed');
  for (const [passed, wait] of [[30, 60], [60, 120], [120, 240], [240, 480], [480, 960], [960, 1920], [1920, 3600], [3600, 3600]]) {
    pass(passed);
    assert.equal((await wrong(who, from)).status, 401);
    isDelayed(await login(who, from), wait - 2, wait);
  }
  pass(3600);
  assert.equal((await login(who, from)).status, 200, 'the right password ends it');
  await fail(who, from, 9);
});

test('a delayed attempt is in the trail as session.delay and in the log as a security event', async () => {
  const who = newTenant(), from = network(), log = new Log(), id = newId();
  await fail(who, from, 10);
  isDelayed(await wrong(who, from, { id }), 28, 30);
  const row = sql(`SELECT actor_name, address, details FROM audit WHERE action = 'session.delay'`, schema(who)).split('\t');
  assert.deepEqual(row.slice(0, 2), [who.email, from]);
  const details = JSON.parse(row[2]);
  assert.deepEqual([details.reason, details.failures], ['network', 10]);
  assert.ok(details.wait_s >= 28 && details.wait_s <= 30);
  const failed = JSON.parse(sql(`SELECT details FROM audit WHERE action = 'session.fail' ORDER BY seq DESC LIMIT 1`, schema(who)));
  assert.deepEqual(failed, { reason: 'wrong_password', failures: 10, delay_s: 30 });
  const line = await until('the event', () => log.lines().find((l) => l['event.action'] === 'session.delay' && l['http.request.id'] === id));
  assert.equal(line['event.dataset'], 'bsx.security');
  assert.equal(line['source.ip'], from);
});

test('an IPv6 /64 is one network', async () => {
  const who = newTenant();
  for (let i = 1; i <= 10; i++)
    assert.equal((await wrong(who, `2001:db8:77:1::${i}`)).status, 401);
  isDelayed(await login(who, '2001:db8:77:1:ffff::1'), 28, 30);
  assert.equal((await login(who, '2001:db8:77:2::1')).status, 200);
});

test('unknown tenants and users are delayed and answered like known ones', async () => {
  const real = newTenant(), seen = [];
  for (const who of [{ ...real, password: 'wrong' }, { ...real, email: `${unique('no')}@nowhere.example`, password: 'wrong' },
    { tenant: unique('no'), email: real.email, password: 'wrong' }, { tenant: unique('no'), email: 'no address', password: 'wrong' }]) {
    const from = network();
    await fail(who, from, 10);
    const a = await wrong(who, from);
    isDelayed(a, 28, 30);
    const { request_id: _, ...problem } = a.json;
    seen.push(JSON.stringify(problem));
  }
  assert.equal(new Set(seen).size, 1, seen.join('\n'));
});

test('other spellings of the address are the same account', async () => {
  const who = newTenant(), from = network();
  for (let i = 0; i < 10; i++)
    assert.equal((await wrong(who, from, { email: i % 2 ? ` ${who.email.toUpperCase()} ` : who.email })).status, 401);
  isDelayed(await login(who, from), 28, 30);
});

test('many attempts at once are counted one by one', async () => {
  const who = newTenant(), from = network();
  await fail(who, from, 5);
  const answers = await Promise.all(Array.from({ length: 30 }, () => wrong(who, from)));
  const tried = answers.filter((a) => a.status === 401).length;
  assert.equal(tried, 5, `${tried} of 30 were looked at, not the five that were left`);
  for (const a of answers)
    assert.ok(a.status === 401 || a.json.code === 'too_many_attempts', a.text);
});

test('an attack from many networks: who attacks is slowed, the owner signs in, and after 100 only a known device', async () => {
  const who = newTenant(), home = network();
  const device = deviceOf(await login(who, home));
  // Below 100 the owner is not locked by others' failures: neither at home nor elsewhere, with or without a device.
  const bots = Array.from({ length: 9 }, network);
  for (const bot of bots) {
    await fail(who, bot, 10);
    isDelayed(await login(who, bot), 28, 30); // even with the right password
  }
  assert.equal((await login(who, home)).status, 200);
  assert.equal((await login(who, network())).status, 200);
  assert.equal((await login(who, bots[0], { cookie: device })).status, 200, 'a known device even from an attacker\'s network');
  // that success cleared one bot's ten
  await fail(who, bots[0], 10);
  await fail(who, network(), 9);
  assert.equal((await login(who, home)).status, 200, 'after 99');
  await fail(who, network(), 1);
  // 100: the account takes known devices only, for a day.
  for (const from of [home, network(), bots[3]])
    isDelayed(await login(who, from), 86390, 86400);
  assert.equal((await login(who, home, { cookie: device })).status, 200);
  assert.equal((await login(who, network(), { cookie: device })).status, 200);
  const fromDevice = await wrong(who, home, { cookie: device });
  assert.equal(fromDevice.status, 401, 'it has to know the password as ever');
  pass(86395);
  isDelayed(await login(who, home), 1, 6);
  pass(10);
  assert.equal((await login(who, home)).status, 200, 'a day later all is as before');
  await fail(who, bots[5], 9);
});

test('a known device is one user\'s in one tenant, and bears five wrong passwords', async () => {
  const who = newTenant(), other = newTenant(), from = network();
  const device = deviceOf(await login(who, network()));
  for (const [victim, cookie] of [[other, device], [who, `${device.slice(0, -4)}AAAA`], [who, 'bsx_device=x'], [who, `${device}; ${device}`]]) {
    const bot = network();
    await fail(victim, bot, 10, { cookie });
    isDelayed(await login(victim, bot, { cookie }), 28, 30);
  }
  await fail(who, from, 4, { cookie: device });
  assert.equal((await login(who, from, { cookie: device })).status, 200, 'a success clears them');
  await fail(who, network(), 5, { cookie: device });
  const details = JSON.parse(sql(`SELECT details FROM audit WHERE action = 'session.fail' ORDER BY seq DESC LIMIT 1`, schema(who)));
  assert.equal(details.no_longer, 'known_device');
  await fail(who, from, 10, { cookie: device });
  isDelayed(await login(who, from, { cookie: device }), 28, 30);
  await lock(who);
  isDelayed(await login(who, network(), { cookie: device }), 86000, 86400);
  pass(86401); // a pause of a day makes a device no less a stranger
  const renewed = deviceOf(await login(who, network(), { cookie: device }));
  assert.notEqual(idOf(renewed), idOf(device), 'the browser is known as another one');
  await lock(who);
  isDelayed(await login(who, network(), { cookie: device }), 86000, 86400);
  assert.equal((await login(who, network(), { cookie: renewed })).status, 200);
});

// A recovery code that could be one.
const noCode = 'abcde-fghjk-mnpqr-stvwx-yz012';

test('while strangers wait a recovery code passes with the right password, and nothing else is told', async () => {
  const who = newTenant(), { codes } = await enrol(await bearer(who, { delivery: 'body' }));
  const ghost = { ...who, email: `${unique('no')}@nowhere.example` };
  await lock(who);
  await lock(ghost);
  const told = async (victim, more, costs) => {
    const before = await hashes(), a = await login(victim, network(), more);
    isDelayed(a, 86000, 86400);
    assert.equal(await hashes() - before, costs, 'passwords hashed');
    const { request_id: _, ...problem } = a.json;
    return JSON.stringify([problem, Object.keys(a.headers).sort()]);
  };
  const answers = [await told(who, {}, 0), await told(who, { recovery_code: noCode }, 1),
    await told(who, { recovery_code: codes[0], password: 'wrong' }, 1), await told(who, { recovery_code: noCode, password: 'wrong' }, 1),
    await told(who, { recovery_code: 'x' }, 1), await told(ghost, { recovery_code: codes[0] }, 1)];
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
  const passed = await login(who, network(), { recovery_code: codes[0].toUpperCase() });
  assert.equal(passed.status, 200, passed.text);
  assert.equal(passed.json.mfa_required, undefined);
  const session = await call('GET', '/api/auth/me', { headers: { Cookie: passed.cookies.map((c) => c.split(';')[0]).join('; ') } });
  assert.equal(session.json.session.aal, 2);
  await told(who, { recovery_code: codes[0] }, 1); // used up
  const known = await login(who, network(), { cookie: deviceOf(passed) });
  assert.equal(known.json.mfa_required, true, 'the device is known from now on');
  const used = sql(`SELECT COUNT(*) FROM audit WHERE action = 'factor.recovery_used'`, schema(who));
  assert.equal(used, '1');
});

test('a recovery code bears five wrong passwords, and passes its network\'s delay too', async () => {
  const who = newTenant(), { codes } = await enrol(await bearer(who)), from = network();
  await fail(who, from, 10);
  isDelayed(await login(who, from), 28, 30);
  for (let i = 0; i < 5; i++)
    isDelayed(await wrong(who, from, { recovery_code: codes[0] }), 25, 30);
  isDelayed(await login(who, from, { recovery_code: codes[0] }), 20, 30);
  assert.equal((await login(who, from, { recovery_code: codes[1] })).status, 200);
  assert.equal((await login(who, from)).json.mfa_required, true, 'the success ended the network\'s row');
});

test('without a lock a recovery code is the second factor at once, and a wrong one is said to be', async () => {
  const who = newTenant(), plain = newTenant(), { codes } = await enrol(await bearer(who));
  const a = await login(who, network(), { recovery_code: noCode });
  assert.equal(a.status, 401, a.text);
  assert.equal(a.json.code, 'invalid_code');
  assert.equal((await wrong(who, network(), { recovery_code: codes[0] })).json.code, 'invalid_credentials');
  const both = await Promise.all([1, 2, 3, 4].map(() => login(who, network(), { recovery_code: codes[0] })));
  assert.deepEqual(both.map((x) => x.status).sort(), [200, 401, 401, 401], 'it counts once');
  assert.equal((await login(plain, network(), { recovery_code: noCode })).status, 200, 'who has none needs none');
});

test('a new password makes known devices strangers, but for the one that changed it', async () => {
  const who = newTenant(), first = await login(who, network()), other = deviceOf(await login(who, network()));
  const mine = deviceOf(first), next = crypto.randomBytes(15).toString('base64url');
  const changed = await call('PUT', '/api/auth/password', { body: { current_password: who.password, new_password: next },
    headers: { Cookie: first.cookies.map((c) => c.split(';')[0]).join('; '), 'X-CSRF-Token': first.json.csrf_token, 'Sec-Fetch-Site': 'same-origin' } });
  assert.equal(changed.status, 204, changed.text);
  const now = { ...who, password: next };
  await lock(now);
  for (const cookie of [other, mine])
    isDelayed(await login(now, network(), { cookie }), 86000, 86400);
  assert.equal((await login(now, network(), { cookie: deviceOf(changed) })).status, 200);
});

test('the cookie is renewed with each sign-in and keeps its device', async () => {
  const who = newTenant();
  const first = deviceOf(await login(who, network()));
  const second = deviceOf(await login(who, network(), { cookie: first }));
  const third = deviceOf(await login(who, network()));
  assert.equal(idOf(first), idOf(second));
  assert.notEqual(idOf(first), idOf(third));
  assert.equal((await login(who, network(), { delivery: 'body' })).cookies.length, 0);
});
