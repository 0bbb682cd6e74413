// Flapping, volume anomaly, what ends by the clock, and what-if with every threshold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, bearer, newChannel, newConfig, newKey, newTenant, push, withKey } from '../lib/people.mjs';
import { until } from '../lib/env.mjs';
import { Receiver } from '../lib/receiver.mjs';

const later = (ms) => new Date(Date.now() + ms).toISOString();

async function watched(more = {}) {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [], ...more });
  const key = withKey((await newKey(admin)).key);
  const put = (body) => admin('PUT', `/api/drift/configs/${c.id}`, { body });
  return { admin, c, put, send: (value) => push(key, c, [{ category: 'c', key: 'k', value }]),
    many: (n, value) => push(key, c, Array.from({ length: n }, (_, i) => ({ category: 'c', key: `k${i}`, value }))),
    fail: () => push(key, c, [], { collections: { c: 'failed' } }),
    whatIf: async (body = {}) => {
      const a = await admin('POST', `/api/drift/configs/${c.id}/what-if`, { body: { days: 1, ...body } });
      assert.equal(a.status, 200, a.text);
      return a.json;
    },
    alerts: (kind = 'drift') => all(admin, `/api/drift/alerts?config_id=${c.id}&kind=${kind}`) };
}

test('what comes and goes is told once as flapping, and as it is when it has calmed', async () => {
  const receiver = await new Receiver().start(), admin = await bearer();
  const channel = await newChannel(admin, receiver.url());
  const { send, alerts, c } = await watched({ thresholds: { flapping: { low: 25, high: 50 } }, alerts: [{ channel_id: channel.id }] });
  assert.deepEqual(c.thresholds.flapping, { low: 25, high: 50 });
  await send({ a: 1 });
  for (let i = 0; i < 8; i++)
    await send({ a: i % 2 ? 1 : 2 });
  assert.equal((await alerts('flapping')).length, 0);
  assert.equal((await send({ a: 2 })).report.not_alerted.code, 'flapping');
  assert.equal((await alerts('flapping')).length, 1);
  await receiver.wait('the notice', (d) => d.body?.type === 'drift.alert.opened' && d.body.data.alert.kind === 'flapping');
  await send({ a: 1 });
  const again = (await send({ a: 2 })).report.not_alerted.held_back.find((h) => h.code === 'flapping');
  assert.equal(again.changes, 1);
  assert.ok(again.percent >= 25 && again.times >= 9 && again.low === 25 && again.high === 50, JSON.stringify(again));
  assert.match(again.reason, /^1 finding is flapping: up to \d+ changes of state in 21 checks, weighed \d+ %; told when below 25 %\.$/);
  const [open] = (await alerts()).filter((a) => a.status !== 'resolved');
  assert.equal(open.suppressed_by, 'flapping');
  for (let i = 0; i < 20; i++)
    await send({ a: 2 });
  assert.deepEqual((await alerts('flapping')).map((a) => [a.status, a.severity, a.changes]), [['resolved', 'high', 1]]);
  assert.deepEqual((await alerts()).filter((a) => a.status !== 'resolved').map((a) => [a.changes, a.suppressed_by]), [[1, null]]);
  await receiver.wait('the end', (d) => d.body?.type === 'drift.alert.resolved' && d.body.data.alert.kind === 'flapping');
  await receiver.wait('the state', () => receiver.got.filter((d) => d.body.data.alert.id === open.id && d.body.type === 'drift.alert.opened').length > 0);
  assert.equal(receiver.got.filter((d) => d.body.type === 'drift.alert.opened' && d.body.data.alert.kind === 'flapping').length, 1, 'one notice');
  await receiver.stop();
});

test('a run with far more changes than usual is an anomaly, one more change is not', async () => {
  const { many, alerts } = await watched({ thresholds: { min_severity: 'critical', anomaly: { k: 3.5, runs: 10, floor: 4 } } });
  for (let i = 0; i < 12; i++)
    await many(20, 1);
  const one = await many(21, 1);
  assert.deepEqual([one.report.anomaly.anomalous, one.report.anomaly.changes, one.report.anomaly.median, one.report.anomaly.mad,
    one.report.anomaly.limit], [false, 1, 0, 0, 4]);
  const odd = await many(20, 2);
  assert.deepEqual([odd.report.anomaly.anomalous, odd.report.anomaly.changes, odd.report.anomaly.runs], [true, 20, 10]);
  assert.equal(odd.report.anomaly.reason, '20 changes; unusual above 4, from a median of 0 and a MAD of 0 in the 10 runs before.');
  const [a] = await alerts('anomaly');
  assert.deepEqual([a.status, a.changes], ['open', 20]);
  assert.match(a.title, /: 20 changes in one run, unusual above 4 \(median 0, MAD 0 of 10 runs\)$/);
  assert.equal((await alerts()).length, 0, 'min_severity is for the changes');
  await many(20, 1);
  assert.deepEqual((await alerts('anomaly')).map((x) => [x.status, x.resolved_by]), [['resolved', 'system']]);
  const first = await watched({ thresholds: { anomaly: {} } });
  await first.send({ a: 1 });
  assert.deepEqual((await first.send({ a: 2 })).report.anomaly,
    { anomalous: false, changes: 1, runs: 0, needs: 10, reason: 'Nothing is unusual yet: 0 of the 10 runs needed.' });
});

test('blind_after says after how many incomplete snapshots a config is blind', async () => {
  const { send, fail, alerts, put } = await watched({ thresholds: { blind_after: 1 } });
  await send({ a: 1 });
  const one = await fail();
  assert.deepEqual([one.report.not_alerted.incomplete_runs, one.report.not_alerted.blind_after], [1, 1]);
  assert.match(one.report.not_alerted.reason, /This is incomplete snapshot 1 in a row; from 1 on the config is blind \(blind_after\)\.$/);
  assert.equal((await alerts('blind')).length, 1);
  assert.equal((await put({ thresholds: { blind_after: 50 } })).status, 200);
  await send({ a: 1 });
  assert.deepEqual((await alerts('blind')).map((a) => a.status), ['resolved'], 'whatever the threshold is now');
});

test('an acceptance that expires reopens by itself', async () => {
  const { admin, c, send, alerts } = await watched();
  await send({ a: 1 });
  const first = await send({ a: 2 });
  const [change] = await all(admin, `/api/drift/reports/${first.report.id}/changes`);
  const accepted = await admin('PUT', `/api/drift/changes/${change.id}`,
    { body: { status: 'accepted', reason: 'For a moment.', expires_at: later(2500) } });
  assert.equal(accepted.status, 200, accepted.text);
  assert.equal((await send({ a: 2 })).report.status, 'clean');
  assert.deepEqual((await alerts()).map((a) => a.status), ['resolved']);
  await until('an alert by the clock', async () => (await alerts()).length === 2, 15);
  const [open] = (await alerts()).filter((a) => a.status === 'open');
  const config = (await admin('GET', `/api/drift/configs/${c.id}`)).json;
  assert.equal(config.state, 'drifted');
  const report = (await admin('GET', `/api/drift/reports/${open.report_id}`)).json;
  assert.deepEqual([report.status, report.summary.modified, report.accepted], ['drifted', 1, 0]);
  assert.equal((await all(admin, `/api/drift/configs/${c.id}/snapshots`)).length, 3, 'nothing was pushed');
  const [now] = await all(admin, `/api/drift/reports/${report.id}/changes`);
  assert.deepEqual([now.status, now.old_value, now.new_value], ['detected', 1, 2]);
  const history = (await admin('GET', `/api/drift/changes/${now.id}`)).json.history;
  assert.ok(history.some((h) => h.actor === 'system' && h.note === 'The acceptance has expired.'), JSON.stringify(history));
});

test('what a silence kept is told when the silence is over', async () => {
  const { admin, c, send, alerts } = await watched();
  await send({ a: 1 });
  const made = await admin('POST', '/api/drift/silences',
    { body: { matcher: { config: c.id }, reason: 'Work on it.', expires_at: later(2500) } });
  assert.equal(made.status, 201, made.text);
  const quiet = await send({ a: 2 });
  const [held] = quiet.report.not_alerted.held_back;
  assert.deepEqual([held.code, held.changes, held.suppressed_by], ['silence', 1, `silence:${made.json.id}`]);
  assert.equal((await alerts())[0].suppressed_by, `silence:${made.json.id}`);
  await until('the end of the silence', async () => (await alerts())[0].suppressed_by === null, 15);
  assert.deepEqual((await alerts()).map((a) => [a.status, a.changes]), [['open', 1]]);
});

test('history is replayed with any threshold, and says what held back how much', async () => {
  const { send, fail, whatIf, alerts, c } = await watched();
  for (const value of [{ a: 1, n: 10 }, { a: 2, n: 11 }, { a: 1, n: 10 }, { a: 2, n: 11 }, { a: 2, n: 11 }, { a: 1, n: 10 }, { a: 1, n: 11 }])
    await send(value);
  await fail();
  const now = await whatIf();
  assert.deepEqual(now.before, now.after);
  assert.deepEqual([now.before.opened, now.before.updated, now.before.resolved], [3, 0, 2]);
  assert.equal((await alerts()).length, 3, 'as it really was');
  assert.deepEqual(now.before.opened_by_severity, { info: 0, low: 0, medium: 3, high: 0, critical: 0 });
  assert.deepEqual(now.before.conditions, { blind: 0, suspicious_collection: 0, flapping: 0, anomaly: 0 });
  assert.deepEqual(now.before.held_back, {});
  assert.deepEqual(now.not_replayed, ['silences']);
  const cases = [
    [{ min_changes: 2 }, { below_min_changes: 1 }, [2, 0, 2]],
    [{ min_score: 8 }, { below_min_score: 1 }, [2, 0, 2]],
    [{ min_severity: 'high' }, { below_min_severity: 7 }, [0, 0, 0]],
    [{ tolerance: [{ path: '/n', abs: 1 }] }, { tolerance: 4 }, [2, 0, 2]],
    [{ for_runs: 2 }, { for_runs: 5 }, [1, 0, 1]],
    [{ clear_runs: 2 }, { clear_runs: 2 }, [1, 0, 0]],
    [{ flapping: { low: 5, high: 10 } }, null, [1, 0, 0]],
    [{ blind_after: 1 }, {}, [3, 0, 2]],
  ];
  for (const [thresholds, held, counts] of cases) {
    const { before, after } = await whatIf({ thresholds });
    assert.deepEqual(before, now.before);
    assert.deepEqual([after.opened, after.updated, after.resolved], counts, JSON.stringify([thresholds, after]));
    if (held)
      assert.deepEqual(after.held_back, held, JSON.stringify(thresholds));
    else
      assert.ok(after.held_back.flapping > 0 && after.conditions.flapping === 1, JSON.stringify(after));
    assert.equal(after.conditions.blind, thresholds.blind_after ? 1 : 0);
  }
  const others = await bearer(newTenant());
  assert.equal((await others('POST', `/api/drift/configs/${c.id}/what-if`, { body: { days: 1 } })).status, 404);
});

test('thresholds that make no sense are refused with their place; null clears', async () => {
  const { put, whatIf, admin, c } = await watched({ thresholds: { flapping: {}, anomaly: { k: 2 }, blind_after: 5 } });
  for (const [thresholds, pointer] of [[{ flapping: { low: 60, high: 50 } }, '/thresholds/flapping/low'],
    [{ flapping: { low: 0 } }, '/thresholds/flapping/low'], [{ flapping: { high: 'x' } }, '/thresholds/flapping/high'],
    [{ flapping: { odd: 1 } }, '/thresholds/flapping/odd'], [{ anomaly: { k: 0 } }, '/thresholds/anomaly/k'],
    [{ anomaly: { k: 100.5 } }, '/thresholds/anomaly/k'], [{ anomaly: { k: [] } }, '/thresholds/anomaly/k'],
    [{ anomaly: { runs: 5 } }, '/thresholds/anomaly/runs'], [{ anomaly: { floor: -1 } }, '/thresholds/anomaly/floor'],
    [{ blind_after: 0 }, '/thresholds/blind_after'], [{ blind_after: 1.5 }, '/thresholds/blind_after'], [{ blind_after: '3' }, '/thresholds/blind_after']]) {
    for (const a of [await put({ thresholds }), await admin('POST', `/api/drift/configs/${c.id}/what-if`, { body: { days: 1, thresholds } })]) {
      assert.equal(a.status, 422, `${JSON.stringify(thresholds)}: ${a.text}`);
      assert.ok(a.json.errors.some((x) => x.pointer === pointer), a.text);
    }
  }
  const kept = (await admin('GET', `/api/drift/configs/${c.id}`)).json.thresholds;
  assert.deepEqual(kept, { min_severity: 'low', blind_after: 5, flapping: {}, anomaly: { k: 2 } });
  const cleared = await put({ thresholds: { flapping: null, anomaly: null, blind_after: null } });
  assert.equal(cleared.status, 200, cleared.text);
  assert.deepEqual(cleared.json.thresholds, { min_severity: 'low' });
  assert.deepEqual((await put({ thresholds: null })).json.thresholds, { min_severity: 'low' });
  assert.equal((await whatIf({ thresholds: null })).runs, 0);
});
