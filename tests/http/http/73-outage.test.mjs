// A database that stands still, or that takes no changes: what clients see meanwhile, and that all heals by itself.
import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { child, Log, sleep, sql, state, until, workers } from '../lib/env.mjs';
import { call, send } from '../lib/client.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { bearer, newChannel, newConfig, newKey, policy, withKey } from '../lib/people.mjs';

const CLIENTS = 20;
const json = { 'Content-Type': 'application/json' };
const ready = () => until('readiness', async () => (await call('GET', '/api/health/ready')).status === 200, 40, 250);

beforeEach(ready);
afterEach(async () => {
  process.kill(child('database'), 'SIGCONT');
  sql('SET GLOBAL read_only = 0');
  await ready();
});

const at = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
const figures = (list) => {
  const ms = list.map((a) => a.ms).sort((x, y) => x - y);
  return `${ms.length} answers, p50 ${at(ms, 0.5)} ms, p99 ${at(ms, 0.99)} ms, longest ${ms.at(-1)} ms`;
};

// Clients that ask one thing after the other until `on` is false; what each answer was.
function clients(n, ask, answers, on) {
  return Promise.all(Array.from({ length: n }, async (_, i) => {
    while (on()) {
      const began = Date.now();
      const a = await ask(i).catch((e) => ({ status: e.code ?? 'lost', headers: {} }));
      answers.push({ at: began, ms: Date.now() - began, end: Date.now(), status: a.status, retry: a.headers['retry-after'] });
      await sleep(5);
    }
  }));
}

test('while the database stands still it is found out once, and then everybody is refused at once', async (t) => {
  const admin = await bearer(), config = await newConfig(admin), key = withKey((await newKey(admin)).key);
  const push = { resources: [policy(1)] };
  assert.equal((await key('POST', `/api/drift/configs/${config.id}/snapshots`, { body: push, headers: json })).status, 201);
  const before = workers(), logs = [new Log(), new Log(path.join(state, 'log', 'driftd.log'))], answers = [], live = [], health = [];
  let on = true;
  const asking = [
    clients(CLIENTS - 4, (i) => (i % 4 === 0 ? key('POST', `/api/drift/configs/${config.id}/snapshots`, { body: push, headers: json })
      : admin('GET', i % 4 === 1 ? `/api/drift/configs/${config.id}` : '/api/drift/alerts')), answers, () => on),
    clients(2, () => send('GET', '/api/health/live'), live, () => on),
    clients(2, (i) => send('GET', i ? '/api/health' : '/api/health/ready'), health, () => on),
  ];
  await sleep(500);
  const stopped = Date.now();
  process.kill(child('database'), 'SIGSTOP');
  try {
    await until('the first refusal', () => answers.some((a) => a.at >= stopped - 1000 && a.status === 503), 10);
    await sleep(6000);
    const details = await call('GET', '/api/health/details');
    assert.ok([200, 503].includes(details.status), details.text); // the caller may have to be looked up
  } finally {
    process.kill(child('database'), 'SIGCONT');
  }
  const continued = Date.now();
  on = false;
  await Promise.all(asking);

  const found = Math.min(...answers.filter((a) => a.end > stopped && a.status === 503).map((a) => a.end));
  const during = (list) => list.filter((a) => a.at > found && a.end < continued);
  t.diagnostic(`found out ${found - stopped} ms after it stood still`);
  t.diagnostic(`requests that were there already: ${figures(answers.filter((a) => a.at <= found && a.end > stopped))}`);
  t.diagnostic(`requests after that: ${figures(during(answers))}`);
  t.diagnostic(`/api/health/live meanwhile: ${figures(live.filter((a) => a.end > stopped && a.at < continued))}`);
  t.diagnostic(`/api/health and ready meanwhile: ${figures(during(health))}`);
  for (const a of answers.filter((x) => x.end > stopped && x.at < continued))
    assert.ok(a.ms < 8000, `none waits for a time-out of ten seconds: ${a.ms} ms`);
  for (const a of during(answers)) {
    assert.equal(a.status, 503);
    assert.match(a.retry, /^[1-9]\d*$/);
  }
  assert.ok(during(answers).length > CLIENTS, 'many were refused');
  assert.ok(at(during(answers).map((a) => a.ms).sort((x, y) => x - y), 0.5) < 1000);
  assert.ok(live.every((a) => a.status === 200), 'it lives');
  assert.ok(during(health).length > 0 && during(health).every((a) => a.status === 503 && a.retry), 'and says how it is');
  await ready();
  assert.deepEqual(workers(), before, 'no worker was replaced');
  assert.equal((await admin('GET', '/api/drift/configs')).status, 200);
  assert.equal((await key('POST', `/api/drift/configs/${config.id}/snapshots`, { body: push, headers: json })).status, 201);
  // one process of the host finds out for all, whichever asks first
  for (const action of ['db.silent', 'db.answers'])
    await until(`a log has ${action}`, () => logs.some((log) => log.lines().some((l) => l['event.action'] === action)), 10);
});

test('a database that takes no changes: changes and readiness are 503 with Retry-After, reading goes on, and it heals', async () => {
  const receiver = await new Receiver().start();
  const admin = await bearer(), key = withKey((await newKey(admin)).key), channel = await newChannel(admin, receiver.url());
  const config = await newConfig(admin, { alerts: [{ channel_id: channel.id }] });
  const push = (state) => key('POST', `/api/drift/configs/${config.id}/snapshots`, { body: { resources: [policy(1, { state })] }, headers: json });
  assert.equal((await push('enabled')).status, 201);
  const before = workers();
  sql('SET GLOBAL read_only = 1');
  for (let i = 0; i < 6; i++) {
    for (const a of [await push('disabled'), await call('GET', '/api/health/ready'), await call('GET', '/api/health')]) {
      assert.equal(a.status, 503, a.text);
      assert.equal(a.json.code, 'unavailable');
      assert.match(a.headers['retry-after'], /^[1-9]\d*$/);
      assert.match(a.json.detail, /takes no changes/);
    }
    assert.equal((await call('GET', '/api/health/live')).status, 200);
    assert.equal((await admin('GET', `/api/drift/configs/${config.id}`)).status, 200);
  }
  sql('SET GLOBAL read_only = 0');
  await until('a push', async () => (await push('disabled')).status === 201);
  await ready();
  assert.deepEqual(workers(), before);
  const told = () => receiver.got.filter((d) => d.body?.type === 'drift.alert.opened');
  await until('the alert to be delivered', () => told().length > 0, 60);
  assert.equal(new Set(told().map((d) => d.id)).size, 1);
  await receiver.stop();
});

test('driftd waits for a database that stands still, and delivers once when it is back', async () => {
  const receiver = await new Receiver().start();
  const admin = await bearer(), key = withKey((await newKey(admin)).key), channel = await newChannel(admin, receiver.url());
  const configs = [];
  for (let i = 0; i < 3; i++)
    configs.push(await newConfig(admin, { alerts: [{ channel_id: channel.id }] }));
  const push = (c, state) => key('POST', `/api/drift/configs/${c.id}/snapshots`, { body: { resources: [policy(1, { state })] }, headers: json });
  for (const c of configs)
    assert.equal((await push(c, 'enabled')).status, 201);
  const daemon = child('driftd');
  for (const c of configs)
    assert.equal((await push(c, 'disabled')).status, 201);
  process.kill(child('database'), 'SIGSTOP');
  await until('the refusal', async () => (await call('GET', '/api/health/ready')).status === 503);
  await sleep(3000);
  process.kill(child('database'), 'SIGCONT');
  await ready();
  const told = () => receiver.got.filter((d) => d.body?.type === 'drift.alert.opened');
  await until('all of them to be delivered', () => new Set(told().map((d) => d.body.data.alert.id)).size === configs.length, 90);
  assert.equal(new Set(told().map((d) => d.id)).size, configs.length, 'each under one id');
  assert.equal(child('driftd'), daemon, 'driftd was not started again');
  await receiver.stop();
});

test('a database of another version: readiness says which is to be brought up to date, and it heals', async () => {
  const [version, name, sum] = sql('SELECT version, name, HEX(sha256) FROM schema_migrations ORDER BY version DESC LIMIT 1').split('\t');
  const insert = (v, n) => sql(`INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES (${v}, '${n}', UNHEX('${sum}'), NOW(3))`);
  const says = async (what) => {
    for (const target of ['/api/health/ready', '/api/health']) {
      const a = await call('GET', target);
      assert.equal(a.status, 503, `${target}: ${a.text}`);
      assert.match(a.json.detail, what);
      assert.match(a.headers['retry-after'], /^[1-9]\d*$/);
    }
  };
  insert(9999, 'control/9999_to_come.sql');
  try {
    await says(/9999_to_come.sql is newer than this program/);
  } finally {
    sql('DELETE FROM schema_migrations WHERE version = 9999');
  }
  await ready();
  sql(`DELETE FROM schema_migrations WHERE version = ${version}`);
  try {
    await says(/run bsxctl migrate/);
  } finally {
    insert(version, name);
  }
});
