// Who made a change: of what driftd reads by itself, from the log of the system or our own trail, with how sure it is.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from '../lib/env.mjs';
import { all, bearer, newTenant, unique } from '../lib/people.mjs';

const there = {};
before(async () => {
  there.tenant = newTenant();
  there.admin = await bearer(there.tenant);
});

const over = ['done', 'failed', 'dead'];
async function runOf(config) {
  const asked = await there.admin('POST', `/api/drift/configs/${config.id}/run`);
  assert.equal(asked.status, 202, asked.text);
  const run = await until('the run to be over', async () => {
    const one = (await there.admin('GET', `/api/drift/runs/${asked.json.run_id}`)).json;
    return over.includes(one.state) && one;
  }, 40, 200);
  assert.equal(run.state, 'done', JSON.stringify(run));
  return { run, changes: await all(there.admin, `/api/drift/reports/${run.report_id}/changes`) };
}

test('who changed our own administration stands in our own trail: exactly where the entry says the value', async () => {
  const made = await there.admin('POST', '/api/drift/configs', { body: { name: unique('self'), source: { kind: 'self' } } });
  assert.equal(made.status, 201, made.text);
  const email = `${unique('u')}@demo.example`;
  const user = (await there.admin('POST', '/api/users', { body: { email, display_name: 'Ada', roles: ['viewer'] } })).json;
  await runOf(made.json);
  assert.equal((await there.admin('PUT', `/api/users/${user.id}`, { body: { display_name: 'Eve', roles: ['viewer', 'analyst'] } })).status, 200);
  assert.equal((await there.admin('PUT', `/api/tenants/${there.admin.session.tenant?.id ?? there.admin.session.user.tenant_id}`, { body: { settings: { session: { idle_s: 1234 } } } })).status, 200);
  const second = (await there.admin('POST', '/api/users', { body: { email: `${unique('v')}@demo.example`, display_name: 'New', roles: ['viewer'] } })).json;
  const { run, changes } = await runOf(made.json);
  const told = (path, key) => changes.find((c) => c.path === path && (key === undefined || c.resource.key === key))?.attribution;
  const who = there.admin.session.user;
  const name = told('/display_name', user.id);
  assert.equal(name?.confidence, 'exact', JSON.stringify(changes));
  assert.deepEqual([name.actors[0].kind, name.actors[0].id, name.actors[0].name, name.actors[0].activity], ['user', who.id, who.email, 'user.update']);
  assert.equal(changes.find((c) => c.path.startsWith('/roles')).attribution.confidence, 'exact');
  assert.equal(changes.find((c) => c.resource.category === 'settings').attribution.confidence, 'exact');
  const created = told('', second.id);
  assert.deepEqual([created.confidence, created.actors.map((x) => x.activity)], ['object', ['user.create']]);
  // a later report says the same, though it asks nobody
  const again = await runOf(made.json);
  assert.deepEqual(again.changes.find((c) => c.path === '/display_name').attribution, name);
  const table = (await there.admin('GET', `/api/drift/reports/${run.report_id}/changes`, { headers: { Accept: 'text/csv' } })).text.split('\r\n');
  assert.match(table[0], /,attribution$/);
  assert.match(table.find((line) => line.includes('/display_name')), /""confidence"":""exact""/);
});
