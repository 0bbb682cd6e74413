// When a config is collected: its schedule, runs that are asked for, and what is answered of them; what
// is done with a run is tests/store/test_runs.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import { sql, until } from '../lib/env.mjs';
import { all, bearer, newConfig, newKey, newTenant, unique, withKey } from '../lib/people.mjs';
import { openapi } from '../lib/spec.mjs';

const owner = newTenant(), other = newTenant();
let admin, stranger, schema;

before(async () => {
  admin = await bearer(owner);
  stranger = await bearer(other);
  schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${owner.tenant}'`);
});

const http = { kind: 'http', parameters: { base_url: 'https://api.invalid' }, collections: [{ category: 'rules', path: '/rules', items: '/value', key: 'id' }] };
const hex = (id) => id.replaceAll('-', '');
// A run that nobody comes for.
const waiting = (config, kind = 'manual') => {
  const id = crypto.randomUUID();
  sql(`INSERT INTO runs (id, config_id, kind, slot, due_at, state) VALUES (UNHEX('${hex(id)}'), UNHEX('${hex(config)}'), '${kind}', NOW(3), NOW(3), 'queued')`, schema);
  return id;
};

// As if another host had it: what is asked for waits.
const held = (config) => sql(`REPLACE INTO run_index (schema_name, ref, next_due, lease_owner, lease_host, lease_until, fence)
  VALUES ('${schema}', UNHEX('${hex(config)}'), NOW(3), UNHEX('${hex(crypto.randomUUID())}'), 'another', NOW(3) + INTERVAL 1 HOUR, 1)`);

test('a schedule is kept and answered, and the config says when it is collected next', async () => {
  const config = await newConfig(admin, { source: http, schedule: { interval_s: 3600 } });
  const seen = (await admin('GET', `/api/drift/configs/${config.id}`)).json;
  assert.equal(seen.schedule.interval_s, 3600);
  assert.ok(Date.parse(seen.next_run_at) - Date.now() <= 3600000);
  assert.equal(seen.collecting.failures, 0);
  const runs = await all(admin, `/api/drift/runs?config_id=${config.id}`);
  assert.equal(runs.length, 1, 'the first is made with the config');
  assert.equal(runs[0].kind, 'scheduled');

  // and in lists, beside one that is pushed to, also while a run goes on
  const pushed = await newConfig(admin, {}), { id: run } = runs[0], told = ({ collecting, next_run_at }) => ({ collecting, next_run_at });
  await until('the run to be over or put off', async () => (await admin('GET', `/api/drift/runs/${run}`)).json.attempts > 0);
  held(config.id);
  sql(`UPDATE runs SET state = 'running', started_at = NOW(3), finished_at = NULL WHERE id = UNHEX('${hex(run)}')`, schema);
  const listed = await all(admin, '/api/drift/configs'), one = (await admin('GET', `/api/drift/configs/${config.id}`)).json;
  assert.deepEqual([one.collecting.run_id, one.collecting.state], [run, 'running']);
  assert.deepEqual(told(listed.find((c) => c.id === config.id)), told(one));
  assert.deepEqual(told(listed.find((c) => c.id === pushed.id)), { collecting: undefined, next_run_at: undefined });
  sql(`UPDATE runs SET state = 'failed', finished_at = NOW(3) WHERE id = UNHEX('${hex(run)}')`, schema);
  const waits = waiting(config.id, 'notify');
  assert.equal((await all(admin, '/api/drift/configs')).find((c) => c.id === config.id).next_run_at, (await admin('GET', `/api/drift/runs/${waits}`)).json.due_at, 'what waits comes first');
  sql(`DELETE FROM runs WHERE id = UNHEX('${hex(waits)}')`, schema);

  const weekly = await admin('PUT', `/api/drift/configs/${config.id}`, { body: { schedule: { cron: '30 3 * * SUN', timezone: 'Europe/Berlin' } } });
  assert.equal(weekly.status, 200, weekly.text);
  assert.deepEqual([weekly.json.schedule.cron, weekly.json.schedule.timezone], ['30 3 * * SUN', 'Europe/Berlin']);
  assert.deepEqual(told(weekly.json), { collecting: undefined, next_run_at: undefined }, 'what was before a change is not said with it');
  const never = await admin('PUT', `/api/drift/configs/${config.id}`, { body: { schedule: null } });
  assert.equal(never.status, 200, never.text);
  assert.equal(never.json.schedule, undefined);
});

test('what is no schedule is refused with its place, and so is one of a config that is pushed to', async () => {
  const bad = [[{ interval_s: 59 }, '/schedule/interval_s'], [{}, '/schedule'], [{ cron: '0 0 30 2 *' }, '/schedule/cron'],
    [{ cron: '61 * * * *' }, '/schedule/cron'], [{ cron: '@daily', timezone: 'Mars/Olympus' }, '/schedule/timezone'],
    [{ interval_s: 600, cron: '@daily' }, '/schedule'], [{ interval_s: 600, timezone: 'UTC' }, '/schedule/timezone']];
  for (const [schedule, pointer] of bad) {
    const a = await admin('POST', '/api/drift/configs', { body: { name: unique('c'), source: http, schedule } });
    assert.equal(a.status, 422, `${JSON.stringify(schedule)}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, pointer, a.text);
  }
  const pushed = await admin('POST', '/api/drift/configs', { body: { name: unique('c'), source: { kind: 'push' }, schedule: { interval_s: 600 } } });
  assert.equal(pushed.status, 422);
  assert.match(pushed.json.errors[0].detail, /source that is collected/);
});

test('a run is asked for, joined while it waits, listed by what is asked of it and cancelled', async () => {
  const config = await newConfig(admin, { source: http }), run = waiting(config.id);
  held(config.id);
  const asked = await admin('POST', `/api/drift/configs/${config.id}/run`);
  assert.equal(asked.status, 202, asked.text);
  assert.equal(asked.json.run_id, run, 'the one that waits');
  const one = await admin('GET', `/api/drift/runs/${run}`);
  assert.equal(one.status, 200, one.text);
  assert.deepEqual([one.json.config_id, one.json.kind], [config.id, 'manual']);
  // a try stands beside it, and what waits is no second one
  const tried = await admin('POST', `/api/drift/configs/${config.id}/try`);
  assert.equal(tried.status, 202, tried.text);
  assert.notEqual(tried.json.run_id, run);
  assert.equal((await admin('POST', `/api/drift/configs/${config.id}/try`)).json.run_id, tried.json.run_id);
  assert.equal((await admin('GET', `/api/drift/runs/${tried.json.run_id}`)).json.kind, 'try');

  const second = await newConfig(admin, { source: http }), cancelled = waiting(second.id);
  held(second.id);
  assert.equal((await admin('DELETE', `/api/drift/runs/${cancelled}`)).status, 204);
  assert.equal((await admin('GET', `/api/drift/runs/${cancelled}`)).json.state, 'cancelled');
  const again = await admin('DELETE', `/api/drift/runs/${cancelled}`);
  assert.equal(again.status, 409, again.text);
  const ids = async (query) => (await all(admin, `/api/drift/runs?${query}`)).map((r) => r.id);
  assert.deepEqual(await ids(`config_id=${second.id}`), [cancelled]);
  assert.ok((await ids('state=cancelled')).includes(cancelled) && !(await ids('state=done')).includes(cancelled));
  assert.ok((await ids('kind=manual')).includes(cancelled) && !(await ids('kind=scheduled')).includes(cancelled));
  assert.equal((await admin('GET', '/api/drift/runs?state=over')).status, 422);
  const page = await admin('GET', '/api/drift/runs?limit=1');
  assert.equal(page.json.items.length, 1);
  assert.ok(page.json.next_cursor);

  const pushed = await newConfig(admin, {}), none = await admin('POST', `/api/drift/configs/${pushed.id}/run`);
  assert.equal((await admin('POST', `/api/drift/configs/${pushed.id}/try`)).status, 409);
  assert.equal(none.status, 409, none.text);
  assert.match(none.json.detail, /pushed/);
});

test('who may run is asked for each of them, and another tenant sees nothing', async () => {
  const config = await newConfig(admin, { source: http }), run = waiting(config.id);
  const reader = withKey((await newKey(admin, ['read:drift'])).key), runner = withKey((await newKey(admin, ['execute:drift'])).key);
  assert.equal((await reader('GET', `/api/drift/runs/${run}`)).status, 200);
  assert.equal((await reader('POST', `/api/drift/configs/${config.id}/run`)).status, 403);
  assert.equal((await reader('DELETE', `/api/drift/runs/${run}`)).status, 403);
  assert.equal((await runner('GET', '/api/drift/runs')).status, 403);
  assert.equal((await reader('POST', `/api/drift/configs/${config.id}/try`)).status, 403);
  assert.equal((await runner('POST', `/api/drift/configs/${config.id}/run`)).status, 202);
  for (const [method, target] of [['GET', `/api/drift/runs/${run}`], ['DELETE', `/api/drift/runs/${run}`], ['POST', `/api/drift/configs/${config.id}/run`], ['POST', `/api/drift/configs/${config.id}/try`]])
    assert.equal((await stranger(method, target)).status, 404, `${method} ${target}`);
  assert.deepEqual(await all(stranger, '/api/drift/runs'), []);
});

test('the contract describes a schedule and a run', async () => {
  const { components } = (await openapi()).document;
  assert.ok(components.schemas.DriftSchedule.properties.cron && components.schemas.DriftRun.properties.progress);
  assert.deepEqual(components.schemas.DriftRunAsked.required ?? ['run_id'], ['run_id']);
});
