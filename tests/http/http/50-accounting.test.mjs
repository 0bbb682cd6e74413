// Every request has exactly one line in the log and one sample in the histogram, also when its client went away.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { credentials, Log, parseMetrics, total, until } from '../lib/env.mjs';
import { abort, newId, send, text } from '../lib/client.mjs';
import { bearer, newConfig, newKey, policy } from '../lib/people.mjs';

const REQUESTS = 10000, CLIENTS = 24, ABORT_EVERY = 20;

const metrics = async () => parseMetrics((await send('GET', '/metrics')).text);
// Our own looks at the numbers are not among what is counted.
const counted = (series, name) => total(series, name) - total(series, name, 'route="GET /metrics"');

test('10,000 mixed requests, some from clients that leave: one log line and one sample each', async () => {
  const admin = await bearer(), config = await newConfig(admin);
  const { key } = await newKey(admin);
  const token = { Authorization: `Bearer ${admin.token}` };
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS, timeout: 2000 });
  const pushed = JSON.stringify({ resources: [policy(1)] });
  const json = { 'Content-Type': 'application/json' };

  const kinds = [
    () => ['GET', '/api/auth/me', token], () => ['GET', '/api/auth/me', {}], () => ['GET', '/api/health', {}],
    () => ['GET', '/api/drift/configs?limit=5', token], () => ['GET', '/api/nowhere', {}], () => ['PUT', '/api/health', {}],
    () => ['POST', '/api/drift/configs', { ...token, ...json }, '{"name":'], () => ['POST', '/api/drift/configs', { ...token, ...json }, '{}'],
    () => ['GET', '/api/drift/configs/%2e%2e/x', {}], () => ['GET', `/api/drift/configs/${config.id}`, token],
    () => ['GET', '/api/docs', {}], () => ['HEAD', '/api/health', {}], () => ['GET', '/api/drift/alerts', { 'X-API-Key': key }],
    (i) => (i % 4 === 0 ? ['POST', `/api/drift/configs/${config.id}/snapshots`, { 'X-API-Key': key, ...json }, pushed] : ['GET', '/api/health/live', {}]),
    (i) => (i % 16 === 0 ? ['POST', '/api/auth/login', json, JSON.stringify({ ...credentials.demo, delivery: 'body' })] : ['GET', '/api/health/ready', {}]),
  ];
  const answered = new Map(), left = new Set(), failed = [];

  const one = async (i) => {
    const [method, target, headers, body] = kinds[i % kinds.length](Math.floor(i / kinds.length));
    const id = newId();
    if (i % ABORT_EVERY === 0) {
      left.add(id);
      const all = { ...headers, 'X-Request-Id': id, 'Content-Length': Buffer.byteLength(body ?? '') };
      const bytes = text(method, target, all, body);
      const cut = i % 3 === 0 && body ? bytes.length - 2 : bytes.length;
      await abort(bytes.subarray(0, cut), { wait: i % 5, reset: i % 2 === 0 });
      return;
    }
    try {
      answered.set(id, (await send(method, target, { id, headers, body, agent })).status);
    } catch (e) {
      failed.push(`${method} ${target}: ${e.message}`);
    }
  };

  const before = await metrics(), log = new Log();
  let next = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (next < REQUESTS)
      await one(next++);
  }));
  agent.destroy();
  assert.deepEqual(failed, []);

  // Those of clients that left may still be under way: until nothing moves any more.
  const grown = (name) => counted(after, name) - counted(before, name);
  let lines = [], last = -1, after = before;
  await until('the responder to be done', async () => {
    after = await metrics();
    lines = log.access().filter((l) => l['url.path'] !== '/metrics');
    const done = lines.length === last && lines.length >= answered.size && grown('bsx_http_requests_total') >= lines.length;
    last = lines.length;
    return done;
  }, 30, 700);

  const perId = new Map();
  for (const line of lines)
    perId.set(line['http.request.id'], [...perId.get(line['http.request.id']) ?? [], line]);
  for (const [id, status] of answered) {
    const its = perId.get(id) ?? [];
    assert.equal(its.length, 1, `${id} (${status}): ${its.length} lines`);
    assert.equal(its[0]['http.response.status_code'], status);
  }
  let reached = 0;
  for (const id of left) {
    const its = perId.get(id) ?? [];
    assert.ok(its.length <= 1, `${id}: ${its.length} lines`);
    reached += its.length;
  }
  assert.equal(perId.size, answered.size + reached, 'no line of a request that nobody made');
  assert.ok(reached > 50, `only ${reached} of ${left.size} that left had got through`);

  assert.equal(grown('bsx_http_requests_total'), lines.length);
  assert.equal(grown('bsx_http_request_duration_seconds_count'), lines.length);
  assert.equal(total(after, 'bsx_errors_total'), total(before, 'bsx_errors_total'), 'no internal error');
  assert.equal(total(after, 'bsx_log_dropped_total'), total(before, 'bsx_log_dropped_total'), 'no line dropped');
  assert.equal(lines.filter((l) => l['http.response.status_code'] >= 500).length, 0);
});
