// What people decide about findings, and how it follows them from report to report.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { all, bearer, newConfig, newKey, push, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const item = (key, value) => ({ category: 'c', key, value });
const changesOf = (caller, report, query = '') => all(caller, `/api/drift/reports/${report.id}/changes?${query}`);

// A config with a baseline {a: 1} in k1 and {b: 2} in k2.
async function watched(more = {}) {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [], ...more });
  const key = withKey((await newKey(admin)).key);
  const send = (a, b, extra = []) => push(key, c, [item('k1', { a }), item('k2', { b }), ...extra]);
  await send(1, 2);
  const alerts = () => all(admin, `/api/drift/alerts?config_id=${c.id}`);
  const decide = (id, body) => admin('PUT', `/api/drift/changes/${id}`, { body });
  return { admin, c, key, send, alerts, decide };
}

test('an accepted value is not counted again; another value alerts again', async () => {
  const { admin, send, alerts, decide } = await watched();
  const first = await send(7, 2);
  const [change] = await changesOf(admin, first.report);
  const done = await decide(change.id, { status: 'accepted', reason: 'Agreed with the owner.' });
  assert.equal(done.status, 200, done.text);
  assert.equal(done.json.status, 'accepted');
  assert.equal(done.json.acceptance.reason, 'Agreed with the owner.');
  assert.equal(done.json.acceptance.expires_at, null);
  assert.deepEqual(done.json.history.map((h) => [h.from, h.to, h.note]),
    [['detected', 'accepted', 'Agreed with the owner.']]);
  assert.equal((await changesOf(admin, first.report, 'status=accepted')).length, 1);
  assert.equal((await changesOf(admin, first.report, 'status=detected')).length, 0);

  const again = await send(7, 2);
  assert.equal(again.report.status, 'clean');
  assert.deepEqual([again.report.accepted, again.report.summary.modified, again.report.score], [1, 0, 0]);
  assert.equal((await changesOf(admin, again.report))[0].status, 'accepted');
  assert.equal((await alerts())[0].status, 'resolved');

  const other = await send(8, 2);
  assert.equal(other.report.status, 'drifted');
  assert.deepEqual([other.report.accepted, other.report.summary.modified], [0, 1]);
  assert.equal((await changesOf(admin, other.report))[0].status, 'detected');
  assert.equal((await alerts())[0].status, 'open');
  const back = await send(7, 2);
  assert.equal(back.report.status, 'clean', 'the acceptance of the value stands');
});

test('an acceptance that has expired reopens at the next push, changed or not', async () => {
  const { admin, send, alerts, decide } = await watched();
  const [change] = await changesOf(admin, (await send(7, 2)).report);
  const end = Date.now() + 4000;
  assert.equal((await decide(change.id, { status: 'accepted', reason: 'For now.', expires_at: new Date(end).toISOString() })).status, 200);
  assert.equal((await send(7, 2)).report.status, 'clean');
  await new Promise((resolve) => setTimeout(resolve, end + 200 - Date.now()));
  const after = await send(7, 2);
  assert.equal(after.report.status, 'drifted');
  assert.equal((await alerts())[0].status, 'open');
  const shown = await admin('GET', `/api/drift/changes/${change.id}`);
  assert.equal(shown.status, 200);
  assert.equal(shown.json.status, 'detected');
  assert.deepEqual(shown.json.history.map((h) => [h.actor === 'system', h.from, h.to]),
    [[false, 'detected', 'accepted'], [true, 'accepted', 'detected']]);
});

test('a status follows the finding; what is gone is resolved by system; what comes back is reopened', async () => {
  const { admin, send, decide } = await watched();
  const first = await send(7, 2);
  const [change] = await changesOf(admin, first.report);
  assert.equal((await decide(change.id, { status: 'in_progress', reason: 'Looking.', assigned_to: admin.session.user.id })).status, 200);
  const second = await send(7, 3);
  assert.notEqual(second.report.id, first.report.id);
  const later = await changesOf(admin, second.report);
  assert.deepEqual(later.map((x) => x.status), ['in_progress', 'detected']);
  assert.equal((await admin('GET', `/api/drift/changes/${later[0].id}`)).json.assigned_to, admin.session.user.id);

  await send(1, 2);
  assert.equal((await admin('GET', `/api/drift/changes/${change.id}`)).json.status, 'resolved');
  const third = await send(7, 2);
  const [again] = await changesOf(admin, third.report);
  assert.equal(again.status, 'detected');
  const history = (await admin('GET', `/api/drift/changes/${again.id}`)).json.history;
  assert.deepEqual(history.map((h) => [h.actor, h.from, h.to]).slice(1),
    [['system', 'in_progress', 'resolved'], ['system', 'resolved', 'detected']]);
  assert.equal(history[0].to, 'in_progress');
});

test('resolved by hand while it is still there: the next push reopens it', async () => {
  const { admin, send, decide } = await watched();
  const [change] = await changesOf(admin, (await send(7, 2)).report);
  assert.equal((await decide(change.id, { status: 'resolved', reason: 'Set back.' })).status, 200);
  const next = await send(7, 2);
  assert.equal((await changesOf(admin, next.report))[0].status, 'detected');
});

test('an ignored finding counts and does not alert, and the report says so', async () => {
  const { admin, send, alerts, decide } = await watched();
  const [change] = await changesOf(admin, (await send(7, 2)).report);
  assert.equal((await decide(change.id, { status: 'ignored' })).status, 200);
  const next = await send(7, 2);
  assert.equal(next.report.status, 'drifted');
  assert.equal(next.report.summary.modified, 1);
  assert.deepEqual(next.report.not_alerted?.held_back?.map((h) => [h.code, h.changes]), [['ignored', 1]]);
  assert.equal((await alerts())[0].status, 'resolved');
});

test('what a decision may not hold is 422 or 404', async () => {
  const { admin, send, decide } = await watched();
  const [change] = await changesOf(admin, (await send(7, 2)).report);
  for (const [body, pointer] of [[{ status: 'accepted' }, '/reason'], [{ status: 'lost' }, '/status'], [{}, ''],
    [{ status: 'accepted', reason: 'x', expires_at: '2020-01-01T00:00:00.000Z' }, '/expires_at'],
    [{ status: 'ignored', expires_at: '2090-01-01T00:00:00.000Z' }, '/expires_at'], [{ nonsense: 1 }, '/nonsense']]) {
    const a = await decide(change.id, body);
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(a.json.errors.some((x) => x.pointer === pointer), a.text);
  }
  assert.equal((await decide(nobody, { status: 'ignored' })).status, 404);
  assert.equal((await admin('GET', `/api/drift/changes/${nobody}`)).status, 404);
  assert.equal((await admin('POST', `/api/drift/reports/${nobody}/accept`, { body: { reason: 'x' } })).status, 404);
  for (const [method, target] of [['GET', `/api/drift/changes/${nobody}`], ['PUT', `/api/drift/changes/${nobody}`],
    ['POST', `/api/drift/reports/${nobody}/accept`]])
    assert.equal((await call(method, target, method === 'GET' ? {} : { body: {} })).status, 401);
});

test('accepting a report moves the baseline, keeps the history and ends the alert', async () => {
  const { admin, c, send, alerts } = await watched();
  const drifted = await send(7, 3, [item('k3', { c: 1 })]);
  const target = `/api/drift/reports/${drifted.report.id}/accept`;
  assert.equal((await admin('POST', target, { body: {} })).status, 422);
  const done = await admin('POST', target, { body: { reason: 'The change of the month.' } });
  assert.equal(done.status, 200, done.text);
  const baseline = await admin('GET', `/api/drift/configs/${c.id}/baseline`);
  assert.equal(baseline.json.snapshot_id, drifted.snapshot_id);
  assert.equal(baseline.json.approved, true);
  assert.equal((await admin('GET', `/api/drift/configs/${c.id}`)).json.state, 'ok');
  const [alert] = await alerts();
  assert.equal(alert.status, 'resolved');
  const shown = await admin('GET', `/api/drift/alerts/${alert.id}`);
  assert.deepEqual(shown.json.history.map((h) => [h.from, h.to, h.note]), [['open', 'resolved', 'The change of the month.']]);
  for (const change of await changesOf(admin, drifted.report)) {
    assert.equal(change.status, 'accepted');
    const { history } = (await admin('GET', `/api/drift/changes/${change.id}`)).json;
    assert.deepEqual(history.map((h) => h.to), ['accepted']);
  }
  assert.equal((await send(7, 3, [item('k3', { c: 1 })])).report.status, 'clean');
  const back = await send(1, 2);
  assert.equal(back.report.summary.modified, 2, 'the old values are drift now');
  assert.equal(back.report.summary.deleted, 1);
});

test('a report that is incomplete, or of a moving baseline, is not promoted: 409', async () => {
  const { admin, key, c } = await watched();
  const half = await push(key, c, [], { collections: { c: 'failed' } });
  assert.equal((await admin('POST', `/api/drift/reports/${half.report.id}/accept`, { body: { reason: 'x' } })).status, 409);
  const moving = await watched({ baseline: { mode: 'previous' } });
  const r = (await moving.send(7, 2)).report;
  assert.equal((await admin('POST', `/api/drift/reports/${r.id}/accept`, { body: { reason: 'x' } })).status, 409);
});

test('an alert tells its history', async () => {
  const { admin, send, alerts } = await watched();
  await send(7, 2);
  const [alert] = await alerts(), target = `/api/drift/alerts/${alert.id}`;
  await admin('PUT', target, { body: { status: 'acknowledged', note: 'Mine.' } });
  await admin('PUT', target, { body: { status: 'in_progress' } });
  await send(1, 2);
  const shown = await admin('GET', target);
  assert.deepEqual(shown.json.history.map((h) => [h.actor === 'system', h.from, h.to, h.note]),
    [[false, 'open', 'acknowledged', 'Mine.'], [false, 'acknowledged', 'in_progress', ''],
      [true, 'in_progress', 'resolved', 'No finding is left.']]);
});
