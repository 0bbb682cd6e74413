// What every rule of a config has met, and which are dead: an ignore rule that does nothing says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '../lib/env.mjs';
import { bearer, newConfig, newKey, newTenant, policy, push, withKey } from '../lib/people.mjs';

const DEAD_AFTER = 20;
const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';

async function watched(more = {}) {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [], ...more });
  const key = withKey((await newKey(admin)).key), target = `/api/drift/configs/${config.id}`;
  return { admin, config, target,
    send: (value, extra) => push(key, config, [{ category: 'c', key: 'k', value }], extra),
    set: async (body) => {
      const a = await admin('PUT', target, { body });
      assert.equal(a.status, 200, a.text);
    },
    rules: async (query = '') => {
      const a = await admin('GET', `${target}/rules${query}`);
      assert.equal(a.status, 200, a.text);
      return a.json.items;
    },
    dead: async () => (await admin('GET', target)).json.dead_rules };
}
const row = (config) => sql(`SELECT CONCAT(seq, ' ', hits) FROM ${schemaOf(config)}.config_rules WHERE config_id = ${hexOf(config)}`);
const hexOf = (config) => `0x${config.id.replaceAll('-', '')}`;
const schemaOf = (config) => sql(`SELECT schema_name FROM tenants WHERE id = 0x${config.tenant_id.replaceAll('-', '')}`);

test('a rule that is added and matches at once shows it, and one that does not shows that', async () => {
  const { rules, send, set, target, admin } = await watched();
  await send({ a: 1, stamp: 1, deep: [{ stamp: 1 }, { stamp: 1 }] });
  assert.deepEqual(await rules(), []);
  await set({ compare: { normalise: [{ how: 'ignore', names: ['stamp'] }, { how: 'ignore', path: '/deep/stamp' }] },
    rules: [{ path: '/a', severity: 'ignore' }, { path: '/b', severity: 'low', name: 'b' }] });
  for (const r of await rules())
    assert.deepEqual([r.snapshots, r.matches, r.since, r.last_matched_at, r.quiet_snapshots, r.dead], [0, 0, null, null, -1, false]);
  const { report } = await send({ a: 2, b: 1, stamp: 2, deep: [{ stamp: 2 }, { stamp: 2 }] });
  assert.deepEqual([report.summary.created, report.summary.modified], [1, 0]);
  const [names, path, ignored, low] = await rules();
  assert.deepEqual([names.kind, names.source, names.position, names.does, names.names, names.path], ['normalise', 'config', 0, 'ignore', ['stamp'], undefined]);
  assert.equal(names.matches, 3 + 3, 'three in the snapshot, three in what it was compared with');
  assert.equal(names.quiet_snapshots, 0);
  assert.equal(names.snapshots, 1);
  assert.deepEqual([path.position, path.path, path.matches, path.last_matched_at, path.quiet_snapshots], [1, '/deep/stamp', 0, null, -1]);
  assert.deepEqual([ignored.kind, ignored.does, ignored.name, ignored.matches], ['severity', 'ignore', 'config:1', 1]);
  assert.deepEqual([low.does, low.name, low.matches, low.rule.severity], ['low', 'config:b', 1, 'low']);
  assert.equal((await admin('GET', target)).json.dead_rules, undefined, 'one snapshot proves nothing');
});

test('after 20 snapshots without a match an ignore rule is dead, until it matches or is changed', async () => {
  const { config, rules, send, set, dead } = await watched({
    compare: { normalise: [{ how: 'ignore', path: '/alive' }, { how: 'ignore', path: '/typo' }, { how: 'mask', path: '/none' }] },
    rules: [{ path: '/never', severity: 'ignore' }, { path: '/never', severity: 'critical' }] });
  for (let i = 1; i < DEAD_AFTER; i++)
    await send({ alive: i, x: 1 });
  assert.equal(await dead(), undefined);
  const written = row(config);
  await send({ alive: 'again', x: 1 });
  assert.equal(row(config), written, 'a snapshot that meets the same writes nothing');
  assert.equal(await dead(), 3);
  const all = await rules();
  assert.deepEqual(all.map((r) => [r.path, r.does, r.dead]), [['/alive', 'ignore', false], ['/typo', 'ignore', true],
    ['/none', 'mask', true], ['/never', 'ignore', true], ['/never', 'critical', false]]);
  assert.deepEqual([all[0].snapshots, all[0].quiet_snapshots, all[1].snapshots], [DEAD_AFTER, 0, DEAD_AFTER]);
  assert.deepEqual((await rules('?dead=true')).map((r) => r.path), ['/typo', '/none', '/never']);

  await send({ alive: 1, x: 1, typo: 1 });
  assert.equal(await dead(), 2, 'it matched');
  assert.equal((await rules())[1].matches, 1);
  await set({ compare: { normalise: [{ how: 'mask', path: '/none' }, { how: 'ignore', path: '/alive' }, { how: 'ignore', path: '/other' }] } });
  await send({ alive: 1, x: 1 });
  const [mask, alive, other] = await rules();
  assert.deepEqual([mask.path, mask.dead, mask.snapshots], ['/none', true, DEAD_AFTER + 2], 'put elsewhere it is the same rule');
  assert.deepEqual([alive.snapshots, alive.dead], [DEAD_AFTER + 2, false]);
  assert.deepEqual([other.snapshots, other.dead], [1, false], 'a changed one begins anew');
});

test('what stopped matching is quiet from the snapshot on in which it did, and dead 20 later', async () => {
  const { rules, send, dead } = await watched({ compare: { normalise: [{ how: 'ignore', path: '/gone' }] } });
  await send({ x: 1, gone: 1 });
  await send({ x: 1, gone: 2 });
  await send({ x: 1, gone: 3 });
  const [before] = await rules();
  assert.deepEqual([before.quiet_snapshots, before.matches], [0, 1]);
  for (let i = 1; i <= DEAD_AFTER; i++) {
    assert.equal(await dead(), undefined);
    await send({ x: 1 });
    const [r] = await rules();
    assert.deepEqual([r.quiet_snapshots, r.matches, r.last_matched_at], [i, 0, before.last_matched_at]);
  }
  assert.equal(await dead(), 1);
});

test('what only the baseline still has is met when it is compared', async () => {
  const { rules, send, set } = await watched();
  await send({ x: 1, old: 1 });
  await set({ compare: { normalise: [{ how: 'ignore', path: '/old' }] } });
  const { report } = await send({ x: 1 });
  assert.equal(report.status, 'clean');
  assert.equal((await rules())[0].matches, 1);
  await send({ x: 1 });
  assert.deepEqual([(await rules())[0].matches, (await rules())[0].quiet_snapshots], [1, 0]);
});

test('a severity rule behind one that takes all its changes is dead, a late snapshot counts nowhere', async () => {
  const { rules, send } = await watched({ rules: [{ path: '/a', severity: 'low' }, { path: '/a', severity: 'ignore' }] });
  await send({ a: 1 });
  await send({ a: 2 });
  await send({ a: 3 }, { collected_at: '2020-01-02T03:04:05Z' });
  assert.deepEqual((await rules()).map((r) => [r.matches, r.quiet_snapshots]), [[1, 0], [0, -1]]);
  for (let i = 0; i < DEAD_AFTER; i++)
    await send({ a: 2 });
  assert.deepEqual((await rules()).map((r) => [r.matches, r.quiet_snapshots, r.dead]), [[1, 0, false], [0, -1, true]]);
});

test("a pack's rules are listed with their source and are never dead", async () => {
  const { admin, config, rules } = await watched({ rule_packs: ['entra'] });
  const key = withKey((await newKey(admin)).key);
  await push(key, config, [policy(1)]);
  await push(key, config, [policy(1, { state: 'disabled' })]);
  const all = await rules(), met = all.filter((r) => r.matches > 0);
  assert.ok(all.length > 100 && all.every((r) => r.source === 'entra' && !r.dead));
  assert.deepEqual(met.map((r) => [r.kind, r.name ?? r.names]), [['normalise', met[0].names], ['severity', 'entra:ca-state-left-enabled']]);
});

test('rules of a config that is not there, or of another tenant, are 404; the query is checked; the row goes with the config', async () => {
  const { admin, config, target, send } = await watched({ compare: { normalise: [{ how: 'ignore', path: '/a' }] } });
  assert.equal((await admin('GET', `/api/drift/configs/${nobody}/rules`)).status, 404);
  const other = await bearer(newTenant());
  assert.equal((await other('GET', `${target}/rules`)).status, 404);
  for (const query of ['?dead=maybe', '?alive=true'])
    assert.ok([400, 422].includes((await admin('GET', `${target}/rules${query}`)).status));
  await send({ a: 1 });
  assert.notEqual(row(config), '');
  assert.equal((await admin('DELETE', target)).status, 204);
  assert.equal(row(config), '');
});

test('a stored config that no longer compiles can be looked at and mended', async () => {
  const { admin, config, target } = await watched();
  const spec = JSON.stringify({ source: { kind: 'push', selector: { resources: '/r', key: 'password' } } });
  sql(`UPDATE ${schemaOf(config)}.drift_configs SET spec = '${spec}', version = version + 1 WHERE id = ${hexOf(config)}`);
  assert.equal((await admin('GET', target)).status, 200);
  assert.equal((await admin('GET', `${target}/rules`)).status, 503);
  const refused = await admin('POST', `${target}/snapshots`, { body: { resources: [] } });
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.json.detail, /^This version does not understand the config/);
  assert.equal((await admin('PUT', target, { body: { source: { kind: 'push' } } })).status, 200);
  assert.equal((await admin('POST', `${target}/snapshots`, { body: { resources: [] } })).status, 201);
});
