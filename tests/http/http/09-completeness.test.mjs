// What was not read, what did not come, and what is gone all at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, bearer, newConfig, newKey, push, withKey } from '../lib/people.mjs';

const item = (key, value = { v: 1 }) => ({ category: 'c', key, value });
const items = (n) => Array.from({ length: n }, (_, i) => item(`k${i}`));

async function watched(more = {}) {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [], ...more });
  const key = withKey((await newKey(admin)).key);
  return { admin, c, send: (resources, extra = {}) => push(key, c, resources, extra),
    alerts: (kind) => all(admin, `/api/drift/alerts?config_id=${c.id}&kind=${kind}`),
    state: async () => (await admin('GET', `/api/drift/configs/${c.id}`)).json.state };
}

async function until(what, ms = 60000) {
  for (const end = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (await what())
      return;
    assert.ok(Date.now() < end, 'it did not happen in time');
  }
}

test('three incomplete snapshots in a row make one blind alert; a complete one ends it', async () => {
  const { send, alerts, state } = await watched();
  await send(items(3));
  const failed = { collections: { c: 'failed' } };
  for (let i = 1; i <= 4; i++) {
    assert.equal((await send([], failed)).report.status, 'incomplete');
    assert.equal((await alerts('blind')).length, i < 3 ? 0 : 1, `after ${i}`);
  }
  assert.equal(await state(), 'blind');
  const back = await send(items(3));
  assert.equal(back.report.status, 'clean');
  const [blind] = await alerts('blind');
  assert.deepEqual([blind.status, blind.resolved_by, blind.severity], ['resolved', 'system', 'high']);
  assert.equal(await state(), 'ok');
  assert.equal((await alerts('drift')).length, 0);
});

test('silence is blindness: driftd says so once, the next complete snapshot ends it', async () => {
  const { admin, c, send, alerts, state } = await watched({ expect_every_s: 1 });
  assert.equal(c.expect_every_s, 1);
  await send(items(2));
  await until(async () => (await alerts('blind')).length > 0);
  assert.equal(await state(), 'blind');
  await send([], { collections: { c: 'failed' } });
  assert.equal((await alerts('blind'))[0].status, 'open', 'an incomplete one does not end it');
  await send(items(2));
  const found = await alerts('blind');
  assert.deepEqual(found.map((a) => a.status), ['resolved']);
  assert.equal(await state(), 'ok');
  const off = await admin('PUT', `/api/drift/configs/${c.id}`, { body: { expect_every_s: null } });
  assert.equal(off.json.expect_every_s, undefined);
  await new Promise((resolve) => setTimeout(resolve, 4500));
  assert.equal((await alerts('blind')).length, 1, 'nothing is awaited any more');
  for (const bad of [0, -5, 1.5, 'x', 99999999])
    assert.equal((await admin('PUT', `/api/drift/configs/${c.id}`, { body: { expect_every_s: bad } })).status, 422);
});

test('more than half of a collection gone at once is held, and confirmed by the next push', async () => {
  const { admin, send, alerts } = await watched();
  await send(items(10));
  const gone = await send(items(4));
  assert.deepEqual(gone.report.held, [{ category: 'c', removed: 6, of: 10 }]);
  assert.deepEqual(gone.report.not_alerted.held_back.map((h) => [h.code, h.changes]), [['suspicious_collection', 6]]);
  assert.deepEqual((await alerts('suspicious_collection')).map((a) => a.status), ['open']);
  assert.equal((await alerts('drift')).length, 0);
  assert.deepEqual((await admin('GET', `/api/drift/reports/${gone.report.id}`)).json.held, gone.report.held);

  const still = await send(items(4));
  assert.equal(still.report.held, undefined);
  assert.deepEqual((await alerts('suspicious_collection')).map((a) => a.status), ['resolved']);
  assert.deepEqual((await alerts('drift')).map((a) => [a.status, a.changes]), [['open', 6]]);
});

test('what is back with the next push never was drift; few, or a set percentage, are not held', async () => {
  const one = await watched();
  await one.send(items(10));
  await one.send(items(2));
  assert.equal((await one.send(items(10))).report.status, 'clean');
  assert.deepEqual((await one.alerts('suspicious_collection')).map((a) => a.status), ['resolved']);
  assert.equal((await one.alerts('drift')).length, 0);
  assert.equal((await one.send(items(5))).report.held, undefined, 'half is not more than half');

  const few = await watched();
  await few.send(items(6));
  assert.equal((await few.send(items(2))).report.held, undefined, 'four');

  const never = await watched({ thresholds: { max_removed_percent: 100 } });
  await never.send(items(10));
  assert.equal((await never.send([], { collections: { c: 'complete' } })).report.held, undefined);
  assert.deepEqual((await never.alerts('drift')).map((a) => a.changes), [10]);
});
