// 200 clients at once, each asking who it is, pushing snapshots and signing in. The argument is how many seconds (10).
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { argument, credentials, Log, parseMetrics, ownKib, sleep, total, until, workers } from '../lib/env.mjs';
import { newId, send } from '../lib/client.mjs';
import { all, bearer, newConfig, newKey, policy, withKey } from '../lib/people.mjs';

const CLIENTS = 200, SECONDS = Number(argument || 10), CONFIGS = 20;
const metrics = async () => parseMetrics((await send('GET', '/metrics')).text);
const quantile = (list, q) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))] ?? 0;

test(`${CLIENTS} clients for ${SECONDS} s: no 5xx but "busy" at sign-in, no request lost, memory steady`, async (t) => {
  const admin = await bearer();
  const key = withKey((await newKey(admin)).key).key;
  const configs = [];
  for (let i = 0; i < CONFIGS; i++)
    configs.push(await newConfig(admin));
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS, timeout: 4000 });
  const pushes = configs.map(() => []);
  const stats = new Map(), lost = [], bad = [];
  const json = { 'Content-Type': 'application/json' };
  const signIn = JSON.stringify({ ...credentials.demo, delivery: 'body' });

  const kinds = {
    me: () => ['GET', '/api/auth/me', { Authorization: `Bearer ${admin.token}` }],
    push: (i, n) => ['POST', `/api/drift/configs/${configs[i % CONFIGS].id}/snapshots`, { 'X-API-Key': key, ...json },
      JSON.stringify({ resources: [policy(1, { displayName: `v${n % 7 === 0 ? n : 0}` })] })],
    login: () => ['POST', '/api/auth/login', json, signIn],
  };
  const pick = (i, n) => ((i + n) % 40 === 0 ? 'login' : (i + n) % 5 === 0 ? 'push' : 'me');

  let on = true;
  const client = async (i) => {
    for (let n = 0; on; n++) {
      const kind = pick(i, n), [method, target, headers, body] = kinds[kind](i, n);
      const began = performance.now();
      const a = await send(method, target, { headers, body, agent, id: newId() }).catch((e) => {
        lost.push(`${kind}: ${e.message}`);
        return null;
      });
      if (a === null)
        continue;
      const s = stats.get(kind) ?? { ms: [], statuses: {} };
      stats.set(kind, s);
      s.ms.push(performance.now() - began);
      s.statuses[a.status] = (s.statuses[a.status] ?? 0) + 1;
      if (a.status === 201)
        pushes[i % CONFIGS].push(a.json.snapshot_id);
      if (a.status >= 500 && !(kind === 'login' && a.status === 503 && a.json.code === 'busy'))
        bad.push(`${kind} ${a.status} ${a.text.slice(0, 200)}`);
    }
  };

  const before = await metrics(), log = new Log();
  const clients = Array.from({ length: CLIENTS }, (_, i) => client(i));
  const memory = [];
  for (let s = 0; s < SECONDS; s++) {
    await sleep(1000);
    memory.push(Math.max(...workers().map(ownKib)));
  }
  on = false;
  await Promise.all(clients);
  agent.destroy();
  let requests = 0, after = before;
  for (const [kind, s] of stats) {
    requests += s.ms.length;
    t.diagnostic(`${kind}: ${s.ms.length} (${(s.ms.length / SECONDS).toFixed(0)}/s) ${JSON.stringify(s.statuses)} ` +
      `p50 ${quantile(s.ms, 0.5).toFixed(0)} p99 ${quantile(s.ms, 0.99).toFixed(0)} max ${quantile(s.ms, 1).toFixed(0)} ms`);
  }
  t.diagnostic(`${requests} requests; largest worker's own memory, KiB, by second: ${memory.join(' ')}`);
  assert.deepEqual(lost, [], 'requests without an answer');
  assert.deepEqual(bad.slice(0, 10), []);
  for (const kind of ['me', 'push'])
    assert.deepEqual(Object.keys(stats.get(kind).statuses), [kind === 'me' ? '200' : '201']);
  assert.ok(requests > 100 * SECONDS, `${requests} requests`);

  const counted = (series) => total(series, 'bsx_http_requests_total') - total(series, 'bsx_http_requests_total', 'route="GET /metrics"');
  await until('every request to be counted', async () => { after = await metrics(); return counted(after) - counted(before) >= requests; });
  assert.equal(counted(after) - counted(before), requests, 'counted');
  await until('the log', () => log.access().length >= requests, 20, 500);
  for (const [i, config] of configs.entries()) {
    const stored = new Set((await all(admin, `/api/drift/configs/${config.id}/snapshots`)).map((x) => x.id));
    assert.deepEqual(pushes[i].filter((id) => !stored.has(id)), []);
  }
  // What is lost for each request piles up: the last third of the time is held against the third before it. The most that
  // any worker holds varies by a few hundred KiB with what it is doing at the moment; a median does not.
  const third = Math.floor(memory.length / 3);
  const early = quantile(memory.slice(third, 2 * third), 0.5), late = quantile(memory.slice(2 * third), 0.5);
  const served = requests / 3 / workers().length;
  assert.ok((late - early) * 1024 <= 512 * served, `a worker grew from ${early} to ${late} KiB in ${served.toFixed(0)} requests`);
  assert.equal(total(after, 'bsx_workers_died_total'), total(before, 'bsx_workers_died_total'));
});
