import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { credentials, parseMetrics, total } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { bearer, newConfig, policy, push } from '../lib/people.mjs';

test('health, live and ready say ok, to everybody', async () => {
  for (const target of ['/api/health', '/api/health/live', '/api/health/ready']) {
    const a = await call('GET', target);
    assert.equal(a.status, 200, a.text);
    assert.deepEqual(a.json, { status: 'ok' });
  }
});

test('the details show versions, ages and counts', async () => {
  const d = (await call('GET', '/api/health/details')).json;
  assert.equal(d.database, 'ok');
  assert.ok(d.control_schema >= 1 && d.tenant_schema >= 1);
  assert.ok(d.tenants >= 2);
  assert.equal(d.tenants_behind, 0);
  assert.ok(d.driftd_count >= 1);
  assert.ok(d.driftd_heartbeat_age_ms >= 0 && d.driftd_heartbeat_age_ms < 30000);
});

test('metrics are accepted by promtool', async () => {
  const admin = await bearer(), config = await newConfig(admin);
  await push(admin, config, [policy(1)]);
  const a = await call('GET', '/metrics');
  assert.equal(a.status, 200);
  assert.match(a.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const tool = spawnSync('promtool', ['check', 'metrics'], { input: a.text, encoding: 'utf8' });
  assert.ok(!tool.error, `promtool: ${tool.error?.message} (package prometheus)`);
  assert.equal(tool.status, 0, tool.stdout + tool.stderr);
  const series = parseMetrics(a.text);
  for (const name of ['bsx_build_info', 'bsx_http_requests_total', 'bsx_http_request_duration_seconds_count', 'bsx_auth_attempts_total',
    'bsx_drift_runs_total', 'bsx_cache_hits_total', 'bsx_cache_misses_total'])
    assert.ok(total(series, name) > 0, name);
  for (const name of ['bsx_errors_total', 'bsx_workers_died_total', 'bsx_log_dropped_total', 'bsx_outbox_pending', 'bsx_driftd_heartbeat_age_seconds',
    'bsx_deliveries_total', 'bsx_db_query_duration_seconds', 'bsx_db_connections', 'bsx_drift_changes_total', 'bsx_rate_limited_total'])
    assert.match(a.text, new RegExp(`^# TYPE ${name} `, 'm'), name);
});

test('metrics are the same whichever worker answers', async () => {
  const one = async () => total(parseMetrics((await call('GET', '/metrics', { agent: false, headers: { Connection: 'close' } })).text), 'bsx_http_requests_total');
  let last = await one();
  for (let i = 0; i < 10; i++) {
    const now = await one();
    assert.equal(now, last + 1, 'each counts the one before, made elsewhere');
    last = now;
  }
});

test('no request so far was an internal error', async () => {
  const text = (await call('GET', '/metrics')).text;
  const errors = text.split('\n').filter((l) => /^bsx_errors_total\{|^bsx_http_requests_total\{.*status="500"/.test(l));
  assert.deepEqual(errors, []);
});

test('the OpenAPI document is valid OpenAPI 3.1 and describes every route with one sentence', async () => {
  const a = await call('GET', '/api/openapi.json');
  const document = a.json;
  assert.match(document.openapi, /^3\.1\./);
  const result = await new Validator().validate(structuredClone(document));
  assert.ok(result.valid, JSON.stringify(result.errors));
  const ids = new Set();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, op] of Object.entries(item)) {
      assert.ok(op.summary?.endsWith('.'), `${method} ${path}`);
      assert.ok(!ids.has(op.operationId), op.operationId);
      ids.add(op.operationId);
      assert.ok(Object.keys(op.responses).some((s) => /^[23]/.test(s)), `${method} ${path}`);
    }
  }
  assert.ok(ids.size >= 30);
});

test('the document is answered once to who has it', async () => {
  const a = await call('GET', '/api/openapi.json');
  const again = await call('GET', '/api/openapi.json', { headers: { 'If-None-Match': a.headers.etag } });
  assert.equal(again.status, 304);
});

test('the docs page shows every route and loads nothing but the installation\'s own files', async () => {
  const a = await call('GET', '/api/docs');
  assert.equal(a.status, 200);
  assert.match(a.headers['content-type'], /^text\/html/);
  assert.match(a.headers['content-security-policy'], /default-src 'none'/);
  assert.doesNotMatch(a.headers['content-security-policy'], /unsafe|https?:|\*/);
  assert.doesNotMatch(a.text, /<script>|<style|@import|url\(|<iframe|javascript:|\son[a-z]+=/i);
  for (const [, href] of a.text.matchAll(/\s(?:src|href)="([^"]*)"/g))
    assert.match(href, /^(#[\w-]+|openapi\.json|\.\.\/|\.\.\/console\/[0-9a-f]{16}\/[a-z]+\.(js|css|svg))$/, href);
  const document = (await call('GET', '/api/openapi.json')).json;
  for (const path of Object.keys(document.paths))
    assert.ok(a.text.includes(path), path);
});

test('metrics and details need an address or the platform’s permission', async () => {
  // Loopback is allowed here; what a stranger gets is tested where addresses can be chosen. A bad credential is then not asked for.
  assert.equal((await call('GET', '/metrics', { headers: { Authorization: 'Bearer x' } })).status, 200);
  const operator = await bearer(credentials.platform);
  assert.equal((await operator('GET', '/api/health/details')).status, 200);
});

test('the programs say their version', async () => {
  const version = (await call('GET', '/api/health/details')).json.version;
  const said = execFileSync(`${process.env.BSX_BUILD}/bsxctl`, ['--version'], { encoding: 'utf8' });
  assert.ok(said.includes(version), said);
});
