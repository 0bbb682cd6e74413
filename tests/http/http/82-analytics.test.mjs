// Looking back over days.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { all, bearer, newConfig, newKey, newTenant, push, sql, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const item = (key, value) => ({ category: 'c', key, value });

test('what drifts, what drifts most and how alerts were worked on', async () => {
  const who = newTenant(), admin = await bearer(who);
  const c = await newConfig(admin, { rule_packs: [] }), key = withKey((await newKey(admin)).key);
  const empty = (await admin('GET', '/api/drift/analytics?days=7')).json;
  assert.deepEqual([empty.days, empty.by_day.length, empty.anomalies, empty.acknowledge, empty.open_alerts.by_severity.total],
    [7, 7, null, null, 0]);

  const send = (a, b) => push(key, c, [item('k1', { a }), item('k2', { b })]);
  await send(1, 1);
  await send(2, 1);
  const { report } = await send(3, 2);
  const changes = await all(admin, `/api/drift/reports/${report.id}/changes`);
  await admin('PUT', `/api/drift/changes/${changes[1].id}`, { body: { status: 'accepted', reason: 'r', expires_at: new Date(Date.now() + 3600000).toISOString() } });
  const [alert] = await all(admin, '/api/drift/alerts');
  await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'acknowledged' } });

  const a = (await admin('GET', '/api/drift/analytics?days=2&top=1')).json;
  const sum = (f) => a.by_day.reduce((n, d) => n + f(d), 0);
  assert.deepEqual([sum((d) => d.findings.total), sum((d) => d.findings.medium), sum((d) => d.changes.total), sum((d) => d.changes.high)], [3, 3, 3, 0]);
  assert.deepEqual(a.noisiest_resources, [{ config_id: c.id, category: 'c', key: 'k1', findings: 2 }]);
  assert.deepEqual(a.noisiest_rules, [{ rule: 'default', findings: 3, changes: 3 }]);
  assert.equal(a.acknowledge.alerts, 1);
  assert.ok(a.acknowledge.mean_s < 60 && a.acknowledge.mean_s === a.acknowledge.median_s);
  assert.equal(a.resolve, null);
  assert.deepEqual([a.open_alerts.by_severity.medium, a.open_alerts.by_age.under_1h], [1, 1]);
  assert.deepEqual(a.acceptances, { total: 1, without_end: 0, expiring: 1, expired: 0 });
  assert.equal(a.until, new Date().toISOString().slice(0, 10));

  assert.equal((await admin('GET', `/api/drift/analytics?config_id=${c.id}`)).json.days, 30);
  const other = await newConfig(admin, { rule_packs: [] });
  assert.deepEqual((await admin('GET', `/api/drift/analytics?config_id=${other.id}`)).json.noisiest_rules, []);
});

test('a day that stands out is named, once there are enough days', async () => {
  const who = newTenant(), admin = await bearer(who);
  const c = await newConfig(admin, { rule_packs: [] });
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`);
  sql(`UPDATE ${schema}.drift_configs SET created_at = NOW(3) - INTERVAL 20 DAY;
    INSERT INTO ${schema}.drift_daily SELECT 'severity', TO_DAYS(UTC_DATE()) - 719528 - seq, UNHEX(REPLACE('${c.id}', '-', '')), UNHEX(MD5('high')), '', 'high', 9,
      IF(seq = 4, 60, 10 + seq % 3) FROM seq_0_to_12`);
  assert.equal((await admin('GET', '/api/drift/analytics?days=9')).json.anomalies, null, 'nine days are too few');
  const { anomalies, by_day: days } = (await admin('GET', '/api/drift/analytics?days=13')).json;
  assert.deepEqual([anomalies.median, anomalies.mad, anomalies.threshold], [11, 1, 14]);
  assert.deepEqual(anomalies.days, [{ day: days.at(-5).day, findings: 60 }]);
});

test('what is asked wrongly is 422, a config that is not there 404, and nobody 401', async () => {
  const admin = await bearer(), stranger = await bearer(newTenant()), c = await newConfig(admin);
  for (const query of ['days=0', 'days=366', 'days=x', 'top=0', 'top=101', 'config_id=x', 'who=1'])
    assert.ok([400, 422].includes((await admin('GET', `/api/drift/analytics?${query}`)).status), query);
  assert.equal((await admin('GET', `/api/drift/analytics?config_id=${nobody}`)).status, 404);
  assert.equal((await stranger('GET', `/api/drift/analytics?config_id=${c.id}`)).status, 404);
  assert.equal((await call('GET', '/api/drift/analytics')).status, 401);
});
