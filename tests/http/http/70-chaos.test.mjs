// What happens when a worker, driftd and the database are killed: nothing that was answered is lost.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, test } from 'node:test';
import { alive, child, credentials, Log, parseMetrics, running, sleep, sql, state, ticks, total, until, workers } from '../lib/env.mjs';
import { call, newId, send } from '../lib/client.mjs';
import { Receiver, verify } from '../lib/receiver.mjs';
import { all, bearer, login, newChannel, newConfig, newKey, policy, withKey } from '../lib/people.mjs';

const metrics = async () => parseMetrics((await send('GET', '/metrics')).text);
const supervisor = (service) => Number(fs.readFileSync(path.join(state, 'run', `${service}.pid`), 'utf8'));

const ready = () => until('readiness', async () => (await call('GET', '/api/health/ready')).status === 200, 40, 250);

// Each begins with everything there, also when the one before has failed.
beforeEach(ready);

// Kills the program of a service and gives the pid of the next one.
async function kill(service) {
  const old = child(service);
  process.kill(old, 'SIGKILL');
  return until(`${service} to be started again`, () => {
    const now = child(service);
    return now !== old && alive(now) && now;
  }, 40);
}

test('a worker killed in the middle of a request is reported with request and route, and replaced', async () => {
  const admin = await bearer(), config = await newConfig(admin);
  const before = await metrics(), log = new Log(), id = newId();
  const body = JSON.stringify({ document: Array.from({ length: 60000 }, (_, i) => ({ id: i, text: 'x'.repeat(120) })) });
  const atRest = new Map(workers().map((pid) => [pid, ticks(pid)]));
  assert.ok(atRest.size >= 2);

  const answer = admin('POST', `/api/drift/configs/${config.id}/snapshots`, { id, body, headers: { 'Content-Type': 'application/json' }, agent: false })
    .then((a) => a.status, () => 0);
  const victim = await until('a worker to be busy', () =>
    [...atRest].find(([pid, n]) => ticks(pid) > n + 2 && running(pid))?.[0], 20, 5);
  process.kill(victim, 'SIGKILL');
  const status = await answer;
  assert.ok(status === 0 || status >= 500, `the client is told: ${status}`);

  const line = await until('the report', () => log.lines().find((l) => l['event.action'] === 'worker-died'));
  assert.equal(line['bsx.worker.pid'], victim);
  assert.equal(line['http.request.id'], id);
  assert.equal(line['rule.name'], 'POST /api/drift/configs/{id}/snapshots');
  assert.equal(line['process.exit_code'], 128 + 9);
  await until('a new worker', () => workers().length === atRest.size);
  const after = await metrics();
  assert.equal(total(after, 'bsx_workers_died_total', 'signal="9"'), total(before, 'bsx_workers_died_total', 'signal="9"') + 1);
  assert.ok(total(after, 'bsx_errors_total', 'worker_died') > total(before, 'bsx_errors_total', 'worker_died'));
  assert.equal((await admin('GET', `/api/drift/configs/${config.id}/snapshots`)).json.items.length, 0, 'nothing half-written');
});

test('the connections that are open are those the database has, also after a worker was killed', async () => {
  const admin = await bearer();
  const shown = async () => {
    const series = await metrics();
    return ['control', 'tenant'].map((kind) => total(series, 'bsx_db_connections', `kind="${kind}"`));
  };
  const there = () => ["user = 'bsx'", "user LIKE 'bsxt%'"].map((who) =>
    Number(sql(`SELECT COUNT(*) FROM information_schema.processlist WHERE ${who}`)));
  const equal = (least) => until('the same numbers', async () => {
    await Promise.all(Array.from({ length: 8 }, () => admin('GET', '/api/drift/configs')));
    const before = there(), now = await shown();
    return String(before) === String(now) && now.every((n) => n >= least);
  });
  await equal(2);
  const [victim] = workers();
  process.kill(victim, 'SIGKILL');
  await until('its successor', () => workers().length >= 2 && !workers().includes(victim));
  await equal(1);
});

test('without its database every answer is 503 with Retry-After, liveness stays, and all works again when it is back', async () => {
  const admin = await bearer(), config = await newConfig(admin);
  const responder = child('responder'), guard = supervisor('database');
  // A worker that was started just now has read the keys too, or it could not tell a bad token.
  await Promise.all(Array.from({ length: 32 }, () => admin('GET', '/api/auth/me')));
  const json = { 'Content-Type': 'application/json' };
  process.kill(guard, 'SIGSTOP'); // it cannot start the database again
  try {
    const log = new Log();
    const database = child('database');
    process.kill(database, 'SIGKILL');
    await until('its end', () => !alive(database));
    const id = newId();
    for (const [method, target, body] of [['GET', '/api/drift/configs'], ['GET', '/api/health/ready'], ['POST', `/api/drift/configs/${config.id}/snapshots`, { resources: [policy(1)] }],
      ['POST', '/api/drift/configs', { name: 'while it is away', source: { kind: 'push' } }], ['GET', `/api/drift/configs/${config.id}`]]) {
      const a = await admin(method, target, { body, headers: body ? json : {}, id: target.endsWith('ready') ? id : undefined });
      assert.equal(a.status, 503, `${method} ${target}: ${a.text}`);
      assert.equal(a.json.code, 'unavailable');
      assert.match(a.headers['retry-after'], /^\d+$/);
      assert.doesNotMatch(a.text, /mysql|mariadb|socket|\/tmp|errno/i, 'the cause is for the log');
    }
    const signIn = await login(credentials.demo);
    assert.equal(signIn.status, 503, signIn.text);
    // A worker that has just begun has no keys yet to say that a token is bad.
    assert.ok([401, 503].includes((await call('GET', '/api/auth/me', { headers: { Authorization: 'Bearer x' } })).status));
    assert.equal((await call('GET', '/api/health')).status, 503, 'it says so');
    assert.equal((await call('GET', '/api/health/live')).status, 200);
    assert.equal((await call('GET', '/metrics')).status, 200);
    const details = await call('GET', '/api/health/details');
    assert.equal(details.status, 200, details.text);
    assert.equal(details.json.database, 'unavailable');
    assert.equal(log.access(id).length, 1);
    assert.equal(log.access(id)[0]['log.level'], 'error');
  } finally {
    process.kill(guard, 'SIGCONT');
  }
  await ready();
  assert.equal(child('responder'), responder, 'the responder was not started again');
  assert.equal((await admin('GET', '/api/drift/configs')).status, 200, 'the same session');
  assert.deepEqual(await all(admin, `/api/drift/configs/${config.id}/snapshots`), []);
  assert.equal((await login(credentials.demo)).status, 200);
});

test('a responder that starts without its database answers 503, and works once it is there', async () => {
  const guard = supervisor('database');
  process.kill(guard, 'SIGSTOP');
  try {
    process.kill(child('database'), 'SIGKILL');
    const pid = await kill('responder');
    await until('an answer', async () => (await send('GET', '/api/health/live').catch(() => ({}))).status === 200, 20, 200);
    assert.equal((await call('GET', '/api/health/ready')).status, 503);
    assert.equal((await login(credentials.demo)).status, 503);
    process.kill(guard, 'SIGCONT');
    await ready();
    assert.equal(child('responder'), pid);
    assert.equal((await login(credentials.demo)).status, 200);
  } finally {
    process.kill(guard, 'SIGCONT');
  }
});

test('while snapshots are pushed a worker, driftd and the database are killed: what was answered is there, what was alerted is delivered', async (t) => {
  const CONFIGS = 5, receiver = await new Receiver().start();
  const admin = await bearer(), key = withKey((await newKey(admin)).key);
  const channel = await newChannel(admin, receiver.url());
  const configs = [];
  for (let i = 0; i < CONFIGS; i++)
    configs.push(await newConfig(admin, { alerts: [{ channel_id: channel.id }] }));

  const answered = configs.map(() => []), refused = new Map();
  let on = true;
  t.after(() => { on = false; });
  const client = async (i) => {
    // The first client repeats each push with its Idempotency-Key until it is answered.
    for (let n = 0; on; n = i === 0 ? answered[0].length : n + 1) {
      const body = { resources: [policy(1, { state: n % 2 ? 'disabled' : 'enabled' }), policy(2)] };
      const a = await send('POST', `/api/drift/configs/${configs[i].id}/snapshots`,
        { body, headers: { 'X-API-Key': key.key, ...(i === 0 && { 'Idempotency-Key': `push-${n}` }) }, timeout: 30000 }).catch((e) => ({ status: e.code ?? 'lost' }));
      if (a.status === 201) {
        answered[i].push(a.json.snapshot_id);
      } else {
        refused.set(a.status, (refused.get(a.status) ?? 0) + 1);
        await sleep(100);
      }
      await sleep(20);
    }
  };
  const clients = configs.map((_, i) => client(i));
  for (let round = 0; round < 3; round++) {
    await sleep(700);
    process.kill(workers()[round % 2], 'SIGKILL');
    if (round < 2)
      await kill('driftd');
  }
  await kill('database');
  await until('pushes to be taken again', async () => {
    const n = answered.flat().length;
    await sleep(500);
    return answered.flat().length > n + 3;
  }, 60);
  process.kill(workers()[0], 'SIGKILL');
  await kill('driftd');
  await sleep(700);
  on = false;
  await Promise.all(clients);

  for (const status of refused.keys())
    assert.ok(['ECONNRESET', 'lost', 500, 502, 503, 504].includes(status), `answer ${status}`);
  let pushes = 0, alerts = [];
  for (const [i, config] of configs.entries()) {
    const stored = new Set((await all(admin, `/api/drift/configs/${config.id}/snapshots`)).map((s) => s.id));
    for (const id of answered[i])
      assert.ok(stored.has(id), `snapshot ${id} was answered and is not there`);
    if (i === 0)
      assert.ok(stored.size - new Set(answered[0]).size <= 1, 'a push repeated with its key is stored once');
    pushes += answered[i].length;
    alerts.push(...await all(admin, `/api/drift/alerts?config_id=${config.id}`));
  }
  assert.ok(pushes >= 50, `${pushes} pushes`);
  assert.ok(alerts.length >= 10, `${alerts.length} alerts`);

  // A message that was under way when its sender died is taken up when the lease of a minute is over.
  const got = (event, alert) => receiver.got.filter((d) => d.body?.type === event && d.body.data.alert.id === alert.id);
  // One that was over before anything was sent is told once, by its end.
  const untold = () => alerts.filter((a) => got(a.status === 'resolved' ? 'drift.alert.resolved' : 'drift.alert.opened', a).length === 0);
  await until('every alert to be delivered', () => untold().length === 0, 120, 250)
    .catch((e) => { throw new Error(`${e.message}: ${untold().length} of ${alerts.length} are not`); });
  const bodies = new Map();
  for (const d of receiver.got) {
    assert.ok(verify(channel.secret, d));
    assert.equal(bodies.get(d.id) ?? d.text, d.text, 'a repeat is the same message');
    bodies.set(d.id, d.text);
  }
  for (const a of alerts)
    for (const event of ['drift.alert.opened', 'drift.alert.resolved'])
      assert.ok(new Set(got(event, a).map((d) => d.id)).size <= 1, `${event} of ${a.id} under two ids`);
  await receiver.stop();
});
