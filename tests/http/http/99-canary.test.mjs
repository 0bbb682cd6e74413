// A canary: an object of our own that is another at each reading, and what is known by it of those who are told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql, until } from '../lib/env.mjs';
import { all, bearer, newChannel, newConfig, newTenant, unique } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';

const owner = newTenant();
let admin, hooks;

before(async () => {
  admin = await bearer(owner);
  hooks = new Receiver();
  await hooks.start();
});
after(() => hooks.stop());

const canaryOf = async (config, more = '') => admin('GET', `/api/drift/canary?config_id=${config.id}${more}`);
// One reading, to its end.
async function read(config) {
  const asked = await admin('POST', `/api/drift/configs/${config.id}/run`);
  assert.equal(asked.status, 202, asked.text);
  await until('the run to be over', async () => (await admin('GET', `/api/drift/runs/${asked.json.run_id}`)).json.state === 'done');
}
const types = (path) => hooks.got.filter((d) => d.path === path).map((d) => d.body.type.split('.').at(-1));

test('each second reading of a canary is told of and the next resolves it, and what arrived when is measured of each channel', async () => {
  const heard = await newChannel(admin, hooks.url('/canary')), lost = await newChannel(admin, 'http://127.0.0.1:9/nobody'), apart = await newChannel(admin, hooks.url('/apart'));
  const config = await newConfig(admin, { source: { kind: 'canary' }, rules: [{ path: '/state', severity: 'low', reason: 'A canary.' }],
    alerts: [{ channel_id: heard.id, min_severity: 'info' }, { channel_id: lost.id, min_severity: 'info' }] });
  const empty = await canaryOf(config);
  assert.deepEqual(empty.json, { config_id: config.id, within_s: 60, changes: 0, missed: 0, changed_at: null, detected: null, channels: [] }, empty.text);

  await read(config);
  assert.deepEqual(types('/canary'), [], 'the first is what it is held against');
  for (let n = 1; n <= 3; n++) {
    await read(config);
    await until('it is told', () => types('/canary').length === 2 * n - 1);
    await read(config);
    await until('its end is told', () => types('/canary').length === 2 * n);
  }
  assert.deepEqual(types('/canary'), ['opened', 'resolved', 'opened', 'resolved', 'opened', 'resolved']);
  assert.deepEqual(types('/apart'), [], 'nobody else hears of it');
  const alerts = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  assert.deepEqual(alerts.map((a) => [a.severity, a.status]), [['low', 'resolved'], ['low', 'resolved'], ['low', 'resolved']]);

  await until('the attempts are recorded', async () => (await all(admin, `/api/drift/channels/${heard.id}/deliveries`)).length === 6);
  const seen = (await canaryOf(config)).json, of = (channel) => seen.channels.find((c) => c.channel_id === channel.id);
  assert.deepEqual([seen.changes, seen.detected.n, seen.channels.length], [3, 3, 2]);
  const apartMs = Date.parse(alerts[0].opened_at) - Date.parse(seen.changed_at); // of the newest
  assert.ok(apartMs >= 0 && apartMs <= seen.detected.worst_ms, `${apartMs}`);
  assert.ok(seen.detected.p50_ms <= seen.detected.p99_ms && seen.detected.p99_ms <= seen.detected.worst_ms);
  assert.deepEqual([of(heard).arrived.n, of(heard).missed, of(lost).arrived, of(lost).last_at], [3, 0, null, null]);
  assert.ok(of(heard).arrived.p50_ms >= seen.detected.p50_ms);
  assert.equal(seen.missed, of(lost).missed);

  // What has not come in time is missed, however late it may come.
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`);
  sql("UPDATE alerts SET opened_at = opened_at - INTERVAL 5 MINUTE WHERE kind = 'drift'", schema);
  sql('UPDATE config_snapshots SET collected_at = collected_at - INTERVAL 5 MINUTE', schema);
  const late = (await canaryOf(config)).json;
  assert.deepEqual([late.missed, ...late.channels.map((c) => c.missed)], [3, 3, 3]);
  const patient = (await canaryOf(config, '&within_s=86400')).json;
  assert.deepEqual([patient.missed, ...patient.channels.map((c) => c.missed)], [0, 0, 0]);
});

test('only of a canary, and only to who may see drift', async () => {
  const other = await newConfig(admin, { name: unique('pushed') });
  assert.equal((await canaryOf(other)).status, 409);
  assert.equal((await canaryOf({ id: '01890a5d-ac96-774b-bcce-b302099a8057' })).status, 404);
  const canary = await admin('GET', '/api/drift/canary'), read = (await all(admin, '/api/drift/configs')).find((c) => c.source.kind === 'canary');
  assert.equal(canary.json.config_id, read.id);
  const none = await bearer(newTenant());
  assert.deepEqual((await none('GET', '/api/drift/canary')).json, { config_id: null, within_s: 60, changes: 0, missed: 0, changed_at: null, detected: null, channels: [] });
  const pushed = await admin('POST', '/api/drift/configs', { body: { name: unique('c'), source: { kind: 'canary', parameters: {} } } });
  assert.deepEqual([pushed.status, pushed.json.errors[0].pointer], [422, '/source/parameters']);
});
