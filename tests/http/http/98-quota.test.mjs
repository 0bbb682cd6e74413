// What the platform allows a tenant: said, shown, and never exceeded, however many ask at the same time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentials, sleep, sql, until } from '../lib/env.mjs';
import { bearer, newConfig, newKey, newTenant, policy, serviceKey, unique, withKey } from '../lib/people.mjs';

const platform = await bearer(credentials.platform);
const tenantOf = (admin) => admin.session.user.tenant_id;
const get = async (id) => (await platform('GET', `/api/tenants/${id}`)).json;
const put = (id, quota) => platform('PUT', `/api/tenants/${id}`, { body: { quota } });
const known = () => sleep(2100); // another worker may still hold the row that it has read
async function allow(id, quota) {
  const a = await put(id, quota);
  assert.equal(a.status, 200, a.text);
  await known();
  return a.json;
}
const push = (admin, config, resources) => admin('POST', `/api/drift/configs/${config.id}/snapshots`, { body: { resources } });
const crowd = async (n, ask) => (await Promise.all(Array.from({ length: n }, (_, i) => ask(i))));
const statuses = (answers) => answers.map((a) => a.status).sort().join(' ');

const person = () => ({ email: `${unique('p')}@x.example`, display_name: 'P', roles: ['viewer'], password: 'a long enough password' });
const makers = {
  users: (admin) => admin('POST', '/api/users', { body: person() }),
  api_keys: (admin) => admin('POST', '/api/api-keys', { body: { name: unique('k'), scopes: ['read:drift'] } }),
  drift_configs: (admin) => admin('POST', '/api/drift/configs', { body: { name: unique('c'), source: { kind: 'push' } } }),
};
const removers = { users: '/api/users', api_keys: '/api/api-keys', drift_configs: '/api/drift/configs' };

for (const [kind, make] of Object.entries(makers))
  test(`a quota of 10 ${kind} ends at exactly 10 when 50 ask at once, and what is removed makes room`, async () => {
    const admin = await bearer(newTenant()), id = tenantOf(admin);
    await allow(id, { [kind]: 10 });
    const had = (await get(id)).usage[kind], answers = await crowd(kind === 'users' ? 20 : 50, () => make(admin));
    const made = answers.filter((a) => a.status === 201), refused = answers.filter((a) => a.status !== 201);
    assert.equal(made.length + had, 10, statuses(answers));
    for (const a of refused) {
      assert.deepEqual([a.status, a.json.code], [403, 'quota_exceeded'], a.text);
      assert.match(a.json.detail, /may have 10 /);
    }
    const full = await get(id);
    assert.deepEqual([full.usage[kind], full.usage.near], [10, [kind]]);
    assert.equal((await admin('DELETE', `${removers[kind]}/${made[0].json.id}`)).status, 204);
    assert.equal((await make(admin)).status, 201);
    assert.equal((await make(admin)).status, 403);
    // a limit below what there is takes nothing away
    await allow(id, { [kind]: 5 });
    assert.equal((await get(id)).usage[kind], 10);
    assert.equal((await make(admin)).status, 403);
    await allow(id, { [kind]: null });
    assert.deepEqual((await get(id)).quota, {});
    assert.equal((await make(admin)).status, 201);
  });

test('snapshots of a day: 10 of 50 at once are taken, unchanged ones count, and nothing else is stopped by it', async () => {
  const admin = await bearer(newTenant()), id = tenantOf(admin), configs = await crowd(5, () => newConfig(admin));
  await allow(id, { snapshots_per_day: 10 });
  const answers = await crowd(50, (i) => push(admin, configs[i % 5], [policy(i % 5)]));
  assert.equal(answers.filter((a) => a.status === 201).length, 10, statuses(answers));
  assert.ok(answers.every((a) => a.status === 201 || a.json.code === 'quota_exceeded'));
  assert.deepEqual([(await get(id)).usage.snapshots_today, (await get(id)).usage.near], [10, ['snapshots_per_day']]);
  assert.equal((await admin('GET', '/api/drift/configs')).status, 200);
  assert.equal((await admin('DELETE', `/api/drift/configs/${configs[0].id}`)).status, 204);
});

test('storage: what does not fit is refused and leaves nothing, people sign in and resolve', async () => {
  const who = newTenant(), admin = await bearer(who), id = tenantOf(admin), config = await newConfig(admin);
  const big = (v) => [policy(1, { text: Array.from({ length: 3000 }, (_, i) => `${v}-${i * 7919}`).join(' ') })];
  assert.equal((await push(admin, config, big('a'))).status, 201);
  const used = (await get(id)).usage.storage_bytes;
  assert.ok(used > 2000, `${used} bytes`);
  await allow(id, { storage_bytes: used + 1000 });
  assert.deepEqual((await get(id)).usage.near, ['storage_bytes']);
  const a = await push(admin, config, big('b'));
  assert.deepEqual([a.status, a.json.code], [403, 'quota_exceeded'], a.text);
  assert.match(a.json.detail, /bytes of storage/);
  assert.equal((await get(id)).usage.storage_bytes, used);
  assert.equal((await admin('GET', `/api/drift/configs/${config.id}/snapshots`)).json.items.length, 1);
  assert.equal((await push(admin, config, big('a'))).status, 201); // nothing is stored for it
  await bearer(who);
  // what is taken away makes room, soon
  const other = await newConfig(admin);
  await allow(id, { storage_bytes: used + 4000 });
  assert.equal((await push(admin, other, big('c'))).status, 403);
  assert.equal((await admin('DELETE', `/api/drift/configs/${config.id}`)).status, 204);
  // who is refused meanwhile does not put it off
  const due = () => sql("SELECT next_due FROM schedules WHERE kind = 'storage'"), first = due();
  assert.equal((await push(admin, other, big('c'))).status, 403);
  assert.deepEqual([first.length > 0, due()], [true, first]);
  await until('its place in the order', () => {
    sql("UPDATE schedules SET next_due = NOW(3) WHERE kind = 'storage' AND lease_until IS NULL");
    return sql("SELECT COUNT(*) FROM schedules WHERE kind = 'storage'") === '0';
  });
  assert.ok((await get(id)).usage.storage_bytes < used, `${(await get(id)).usage.storage_bytes} of ${used}`);
  assert.equal((await push(admin, other, big('c'))).status, 201);
  await allow(id, { storage_bytes: null });
  assert.equal((await push(admin, other, big('d'))).status, 201);
});

test('what is no limit is refused with its place, only the platform says it, and both trails have it', async () => {
  const who = newTenant(), admin = await bearer(who), id = tenantOf(admin);
  for (const [pointer, quota] of [['/quota/users', { users: 0 }], ['/quota/users', { users: -1 }], ['/quota/users', { users: '5' }],
    ['/quota/users', { users: 1.5 }], ['/quota/api_keys', { api_keys: 1e12 }], ['/quota/what', { what: 1 }], ['/quota/what', { what: null }],
    ['/quota', 5], ['/quota', []]]) {
    const a = await put(id, quota);
    assert.equal(a.status, 422, `${JSON.stringify(quota)}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, pointer);
  }
  assert.equal((await admin('PUT', `/api/tenants/${id}`, { body: { quota: { users: 500 } } })).status, 403);
  const operator = withKey((await serviceKey(admin, ['update:tenants'], { administrative: true })).key);
  assert.equal((await operator('PUT', `/api/tenants/${id}`, { body: { quota: { users: 500 } } })).status, 403);
  assert.deepEqual((await get(id)).quota, {});

  const both = await crowd(2, (i) => put(id, i === 0 ? { users: 7 } : { api_keys: 8 }));
  assert.ok(both.some((a) => a.status === 200) && both.every((a) => a.status === 200 || a.status === 409), statuses(both));
  await allow(id, { users: 7, api_keys: 8, requests_per_minute: 100000 });
  assert.deepEqual((await get(id)).quota, { users: 7, api_keys: 8, requests_per_minute: 100000 });
  for (const [caller, target] of [[platform, id], [admin, id]]) {
    const entries = (await caller('GET', `/api/audit?action=tenant.update&limit=50`)).json.items.filter((x) => x.target_id === target);
    assert.ok(entries.some((x) => JSON.stringify(x.details).includes('"users":7')), JSON.stringify(entries));
  }
  assert.deepEqual((await admin('GET', `/api/tenants/${id}`)).json.quota.users, 7);
  assert.equal((await newKey(admin)).key.length > 20, true);
});

test('two tenants have two quotas', async () => {
  const one = await bearer(newTenant()), two = await bearer(newTenant());
  await put(tenantOf(one), { drift_configs: 1 });
  await allow(tenantOf(two), { drift_configs: 2 });
  const made = async (admin) => (await crowd(4, () => makers.drift_configs(admin))).filter((a) => a.status === 201).length;
  assert.deepEqual([await made(one), await made(two)], [1, 2]);
});
