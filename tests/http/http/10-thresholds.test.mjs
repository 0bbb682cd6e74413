// What thresholds hold back, and that the report says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, bearer, newConfig, newKey, push, withKey } from '../lib/people.mjs';

async function watched(thresholds) {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [], thresholds });
  const key = withKey((await newKey(admin)).key);
  const send = (value) => push(key, c, [{ category: 'c', key: 'k', value }]);
  return { admin, c, send, alerts: () => all(admin, `/api/drift/alerts?config_id=${c.id}&kind=drift`) };
}
const code = (answer) => answer.report.not_alerted?.code;
const held = (answer) => answer.report.not_alerted?.held_back?.map((h) => [h.code, h.changes]);

test('min_changes and min_score open no alert below them', async () => {
  const few = await watched({ min_changes: 2 });
  await few.send({ a: 1, b: 1 });
  const one = await few.send({ a: 2, b: 1 });
  assert.equal(one.report.status, 'drifted');
  assert.equal(code(one), 'below_min_changes');
  assert.equal((await few.alerts()).length, 0);
  assert.equal(code(await few.send({ a: 2, b: 2 })), 'no_channel');
  assert.equal((await few.alerts()).length, 1);
  await few.send({ a: 2, b: 1 });
  assert.equal((await few.alerts())[0].status, 'open', 'an open one goes on');

  const low = await watched({ min_score: 8 });
  await low.send({ a: 1, b: 1 });
  assert.equal(code(await low.send({ a: 2, b: 1 })), 'below_min_score');
  await low.send({ a: 2, b: 2 });
  assert.equal((await low.alerts()).length, 1);
});

test('for_runs: a finding alerts once it is in so many reports in a row', async () => {
  const { send, alerts } = await watched({ for_runs: 3 });
  await send({ a: 1 });
  assert.deepEqual(held(await send({ a: 2 })), [['for_runs', 1]]);
  assert.deepEqual(held(await send({ a: 2 })), [['for_runs', 1]]);
  assert.equal((await alerts()).length, 0);
  assert.equal((await send({ a: 2 })).report.not_alerted.code, 'no_channel');
  assert.equal((await alerts()).length, 1);
  await send({ a: 1 });
  assert.deepEqual(held(await send({ a: 2 })), [['for_runs', 1]], 'gone in between: from the start');
});

test('clear_runs: an alert ends after so many clean snapshots, and what comes back is not told again', async () => {
  const { send, alerts } = await watched({ clear_runs: 3 });
  await send({ a: 1 });
  await send({ a: 2 });
  assert.equal(code(await send({ a: 1 })), 'clear_runs');
  assert.equal(code(await send({ a: 1 })), 'clear_runs');
  assert.equal(code(await send({ a: 2 })), 'nothing_new');
  for (let i = 0; i < 3; i++) {
    assert.equal((await alerts())[0].status, 'open');
    await send({ a: 1 });
  }
  assert.deepEqual((await alerts()).map((a) => a.status), ['resolved']);
});

test('a number may move about the baseline, not creep away from it', async () => {
  const { send, alerts } = await watched({ tolerance: [{ path: '/n', abs: 5 }, { path: '/**/p', category: 'c', pct: 10 }] });
  await send({ n: 100, x: { p: 200 }, other: 1 });
  const within = await send({ n: 104, x: { p: 220 }, other: 1 });
  assert.equal(within.report.status, 'drifted');
  assert.equal(within.report.summary.modified, 2, 'counted all the same');
  assert.deepEqual(held(within), [['tolerance', 2]]);
  assert.equal((await alerts()).length, 0);
  const creep = await send({ n: 108, x: { p: 220 }, other: 1 });
  assert.deepEqual(held(creep), [['tolerance', 1]], 'each step was small, the way is not');
  assert.equal((await alerts())[0].changes, 1);
  const text = await send({ n: '104', x: { p: 200 }, other: 2 });
  assert.equal(held(text), undefined, 'text is no number, and the other has no tolerance');
  assert.equal((await alerts())[0].changes, 2);
});

test('thresholds that make no sense are 422 with their place', async () => {
  const { admin, c } = await watched({});
  for (const [thresholds, pointer] of [[{ min_changes: 0 }, '/thresholds/min_changes'], [{ for_runs: 101 }, '/thresholds/for_runs'],
    [{ clear_runs: -1 }, '/thresholds/clear_runs'], [{ min_score: 'x' }, '/thresholds/min_score'],
    [{ tolerance: [{ path: 'n', abs: 1 }] }, '/thresholds/tolerance/0/path'], [{ tolerance: [{ path: '/n' }] }, '/thresholds/tolerance/0/path'],
    [{ tolerance: [{ path: '/n', abs: -1 }] }, '/thresholds/tolerance/0/abs'], [{ tolerance: [{ path: '/n', pct: 'x' }] }, '/thresholds/tolerance/0/pct'],
    [{ flapping: true }, '/thresholds/flapping'], [{ anomaly: 3 }, '/thresholds/anomaly']]) {
    const a = await admin('PUT', `/api/drift/configs/${c.id}`, { body: { thresholds } });
    assert.equal(a.status, 422, `${JSON.stringify(thresholds)}: ${a.text}`);
    assert.ok(a.json.errors.some((x) => x.pointer.startsWith(pointer)), a.text);
  }
  const kept = { min_severity: 'low', min_changes: 2, min_score: 3, for_runs: 2, clear_runs: 2, max_removed_percent: 70,
    tolerance: [{ path: '/n', abs: 1.5 }] };
  const set = await admin('PUT', `/api/drift/configs/${c.id}`, { body: { thresholds: kept } });
  assert.equal(set.status, 200, set.text);
  assert.deepEqual(set.json.thresholds, kept);
});
