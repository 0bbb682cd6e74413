// A worker that took the largest of requests holds what an idle one may hold soon after.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownKib, until, workers } from '../lib/env.mjs';
import { bearer, newConfig, push } from '../lib/people.mjs';

const IDLE_KIB = 8 * 1024;
const resources = (n, v) => Array.from({ length: n }, (_, i) => ({ category: 'c', key: `resource-${i}`, value: { v: v + i, t: 'x'.repeat(60) } }));
const held = () => workers().map(ownKib);

test('after pushes, an export and a comparison of 20,000 resources no idle worker holds more than 8 MiB', async (t) => {
  const admin = await bearer(), config = await newConfig(admin);

  await push(admin, config, resources(20000, 0));
  const drifted = await push(admin, config, resources(20000, 1));
  assert.equal(drifted.report.status, 'drifted');
  const patch = await admin('GET', `/api/drift/reports/${drifted.report.id}/changes`, { headers: { Accept: 'application/json-patch+json' } });
  assert.equal(patch.status, 200);
  const compared = await admin('POST', '/api/drift/compare', { body: {
    left: { snapshot_id: (await admin('GET', `/api/drift/reports/${drifted.report.id}`)).json.baseline_id },
    right: { snapshot_id: drifted.snapshot_id } } });
  assert.equal(compared.status, 200, compared.text.slice(0, 300));
  t.diagnostic(`KiB at once: ${held().join(' ')}`);
  await until(`at most ${IDLE_KIB} KiB in each worker`, () => held().every((n) => n <= IDLE_KIB));
  t.diagnostic(`KiB idle: ${held().join(' ')}`);
});
