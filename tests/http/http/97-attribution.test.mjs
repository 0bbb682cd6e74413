// Who made a change: of what driftd reads by itself, from the log of the system or our own trail, with how sure it is.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root, until } from '../lib/env.mjs';
import { all, bearer, newChannel, newTenant, unique, withKey } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { CHANGES, deed } from '../../sim/lib/changes.mjs';
import { Sim } from '../../sim/lib/sim.mjs';

const there = {}, sim = new Sim(), receiver = new Receiver();
after(() => Promise.all([sim.stop(), receiver.stop()]));
before(async () => {
  await sim.start();
  await receiver.start();
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
  // when it was done may be asked of our own trail, who did it may not: whoever sees severities need not read the trail
  const rules = (more) => there.admin('PUT', `/api/drift/configs/${made.json.id}`, { body: { rules: [{ path: '/display_name', severity: 'critical', ...more }] } });
  assert.deepEqual((await rules({ actor_not_in: [who.id] })).json.errors.map((x) => x.pointer), ['/rules/0/actor_not_in']);
  const today = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7];
  assert.equal((await rules({ name: 'hours', outside: `${today} 00:00-24:00` })).status, 200);
  assert.equal((await there.admin('PUT', `/api/users/${user.id}`, { body: { display_name: 'Mallory', roles: ['viewer', 'analyst'] } })).status, 200);
  await runOf(made.json);
  await until('its rise, in a report of its own', async () => {
    const [{ id }] = await all(there.admin, `/api/drift/reports?config_id=${made.json.id}`);
    return (await all(there.admin, `/api/drift/reports/${id}/changes`)).some((c) => c.path === '/display_name' && c.rule === 'config:hours');
  }, 40, 250);
  const pushed = await there.admin('POST', '/api/drift/configs', { body: { name: unique('p'), source: { kind: 'push' }, rules: [{ path: '/a', severity: 'high', outside: 'mon 08:00-09:00' }] } });
  assert.deepEqual(pushed.json.errors?.map((x) => x.pointer), ['/rules/0/outside'], pushed.text);
  // who it was is what the trail guards: without read:audit nobody reads it here, whatever else they may read
  const { key } = (await there.admin('POST', '/api/api-keys', { body: { name: unique('reader'), scopes: ['read:drift', 'read:snapshots', 'read:alerts'] } })).json;
  for (const accept of ['application/json', 'text/csv']) {
    const shown = await withKey(key)('GET', `/api/drift/reports/${run.report_id}/changes`, { headers: { Accept: accept } });
    assert.equal(shown.status, 200, shown.text);
    assert.ok(!shown.text.includes(who.id) && !shown.text.includes(who.email), shown.text);
    assert.match(shown.text, /user\.update/);
  }
  // so it is with the alert, in its list too; and who may not read changes is not told by it who made them
  const [alert] = await all(there.admin, `/api/drift/alerts?config_id=${made.json.id}`);
  assert.deepEqual([alert.attribution.confidence, alert.attribution.actors.map((x) => [x.id, x.name])], ['object', [[who.id, who.email]]], JSON.stringify(alert));
  const { key: alone } = (await there.admin('POST', '/api/api-keys', { body: { name: unique('alerts'), scopes: ['read:alerts', 'read:audit', 'read:snapshots'] } })).json;
  for (const path of [`/api/drift/alerts/${alert.id}`, `/api/drift/alerts?config_id=${made.json.id}`]) {
    const one = async (k) => { const a = (await withKey(k)('GET', path)).json; return (a.items?.[0] ?? a).attribution; };
    const shown = await one(key);
    assert.deepEqual([shown.actors[0].id, shown.actors[0].name], ['[withheld]', '[withheld]']);
    assert.equal(await one(alone), null);
  }
});

// ---- a directory's log ------------------------------------------------------------------------------------------------

const pack = JSON.parse(fs.readFileSync(path.join(root, 'etc', 'sources', 'entra.json'), 'utf8'));
const permissions = [...new Set(pack.collections.flatMap((c) => [c, ...(c.each ?? [])]).map((c) => c.permission))];
const LOG = 'auditLogs/directoryAudits';
const EXACT = ['policy-disabled', 'policy-excludes', 'policy-without-mfa', 'principal-disabled', 'break-glass-disabled'];
// What the log has no key of, and no activity that says so by its name.
const UNKNOWN = ['security-defaults-off', 'admin-consent-off', 'app-restrictions-off', 'licence-suspended'];

async function directory(more = [], alerts = []) {
  const t = sim.add({ tenantId: crypto.randomUUID(), users: 130, policies: 8, roles: 15, apps: 6, limits: false });
  t.reader.permissions = [...permissions, ...more];
  const made = await there.admin('POST', '/api/drift/configs', { body: { name: unique('directory'), alerts, source: { kind: 'entra',
    parameters: { tenant_id: t.tenantId, graph_url: sim.url, login_url: sim.url }, credential: { client_id: t.reader.clientId, client_secret: t.reader.secrets[0].secret } } } });
  assert.equal(made.status, 201, made.text);
  await runOf(made.json);
  return { t, config: made.json };
}
const READ = 'AuditLog.Read.All';
const logRuns = async (config) => (await all(there.admin, `/api/drift/runs?config_id=${config.id}&kind=attribution`)).filter((r) => over.includes(r.state));
const of = (changes, d) => changes.find((c) => c.resource.category === d.at.replace('/{id}', '') && c.severity === d.severity);
async function found(report, test) {
  return until('it to be known who did it', async () => {
    const changes = await all(there.admin, `/api/drift/reports/${report}/changes`);
    return test(changes) && changes;
  }, 100, 500);
}

const CELLS = {
  'what the log says is found with how sure it is, each deed with who did it': async () => {
    const { t, config } = await directory([READ]);
    CHANGES.forEach((d, i) => deed(t, d.name, { by: i % 2 ? 'app' : 'user' }));
    const { run, changes } = await runOf(config);
    assert.ok(changes.every((c) => ['pending', 'object', 'exact'].includes(c.attribution?.confidence)), JSON.stringify(changes.map((c) => c.attribution)));
    const known = await found(run.report_id, (list) => list.some((c) => c.attribution.confidence === 'exact'));
    const wrong = CHANGES.filter((d) => !known.some((c) => c.resource.category === d.at.replace('/{id}', '')
      && c.attribution.confidence === (EXACT.includes(d.name) ? 'exact' : UNKNOWN.includes(d.name) ? 'pending' : 'object')));
    assert.deepEqual(wrong.map((d) => [d.name, known.filter((c) => c.resource.category === d.at.replace('/{id}', '')).map((c) => c.attribution.confidence)]), []);
    const one = known.find((c) => c.resource.category === CHANGES[0].at && c.path === '/state').attribution;
    assert.deepEqual([one.actors.length, one.actors[0].kind, one.actors[0].id, one.actors[0].address], [1, 'user', t.state.users[2].id, '203.0.113.7']);
    const later = await runOf(config);
    assert.deepEqual(of(later.changes, CHANGES[0]).attribution.confidence, 'exact');
  },
  'an entry that comes late is found by the clock, nobody asking': async () => {
    const { t, config } = await directory([READ]);
    t.state[LOG].length = 0;
    deed(t, 'policy-disabled');
    t.state[LOG][0].visibleFrom = t.now + 8000;
    const { run, changes } = await runOf(config);
    assert.equal(changes[0].attribution.confidence, 'pending');
    await found(run.report_id, ([c]) => c.attribution.confidence === 'exact');
  },
  'who is told of an alert hears once, where it wants to, who made it when that is known': async () => {
    const channels = await Promise.all(['/told', '/untold'].map((path) => newChannel(there.admin, receiver.url(path), { values: true })));
    const { t, config } = await directory([READ], channels.map((c, i) => ({ channel_id: c.id, tell_attributed: i === 0 })));
    t.state[LOG].length = 0;
    deed(t, 'policy-disabled');
    t.state[LOG][0].visibleFrom = t.now + 4000;
    const { run, changes: [policy] } = await runOf(config);
    const told = (path) => receiver.got.filter((m) => m.path === path && m.body.data.config?.id === config.id);
    await until('the opening on both', () => told('/told').length > 0 && told('/untold').length > 0);
    await found(run.report_id, ([c]) => c.attribution.confidence === 'exact');
    const [opened, attributed] = await until('who made it to be told', () => told('/told').length > 1 && told('/told'));
    assert.deepEqual([opened.body.type, attributed.body.type], ['drift.alert.opened', 'drift.alert.attributed']);
    assert.equal(opened.body.data.alert.attribution.confidence, 'pending');
    const { alert, changes } = attributed.body.data, who = t.state.users[2].id;
    assert.deepEqual([alert.id, alert.attribution.confidence, alert.attribution.actors[0].id], [opened.body.data.alert.id, 'exact', who]);
    assert.deepEqual(changes.map((c) => [c.path, c.attribution.actors[0].id]), [['/state', who]]);
    const shown = (await there.admin('GET', `/api/drift/alerts/${alert.id}`)).json;
    assert.deepEqual([shown.attribution, shown.history.at(-1).note], [alert.attribution, 'It has become known who made changes of it.']);
    // what ends it comes next on both: nothing was told twice, and the other heard nothing in between
    t.patch('identity/conditionalAccess/policies', policy.resource.key, { state: 'enabled' });
    await runOf(config);
    for (const path of ['/told', '/untold'])
      await until(`the end on ${path}`, () => told(path).at(-1).body.type === 'drift.alert.resolved');
    assert.deepEqual(['/told', '/untold'].map((path) => told(path).length), [3, 2]);
  },
  'a rule that asks who did it raises the alert when that is known, and the newest report says so': async () => {
    const channel = await newChannel(there.admin, receiver.url('/raised'), { values: true });
    const { t, config } = await directory([READ], [{ channel_id: channel.id }]);
    const who = t.state.users[2].id, rule = { category: 'identity/conditionalAccess/policies', path: '/state', severity: 'critical', name: 'strangers', reason: 'Not by one of us.', actor_not_in: [crypto.randomUUID()] };
    const set = (rules) => there.admin('PUT', `/api/drift/configs/${config.id}`, { body: { rules } });
    const mild = { category: rule.category, path: '/state', severity: 'low' };
    for (const [bad, pointer] of [[{ actor_not_in: [] }, 'actor_not_in'], [{ outside: ['mon 08:00-18:00 Nowhere'] }, 'outside/0'], [{ severity: 'ignore' }, 'severity']]) {
      const a = await set([mild, { ...rule, ...bad }]);
      assert.deepEqual([a.status, a.json.errors?.map((x) => x.pointer)], [422, [`/rules/1/${pointer}`]], a.text);
    }
    assert.equal((await set([mild, rule, { ...rule, name: 'ours', severity: 'high', actor_not_in: [who.toUpperCase()] }])).status, 200);
    t.state[LOG].length = 0;
    deed(t, 'policy-disabled');
    t.state[LOG][0].visibleFrom = t.now + 3000;
    const { changes: [before] } = await runOf(config);
    assert.deepEqual([before.severity, before.rule], ['low', 'config:1']);
    const told = () => receiver.got.filter((m) => m.path === '/raised' && m.body.data.config?.id === config.id).map((m) => m.body);
    const [opened, raised] = await until('the rise to be told', () => told().length > 1 && told(), 100, 500);
    assert.deepEqual([opened.type, opened.data.alert.severity], ['drift.alert.opened', 'low']);
    assert.deepEqual([raised.type, raised.data.alert.severity, raised.data.alert.severity_before, raised.data.changes[0].rule, raised.data.changes[0].attribution.actors[0].id],
      ['drift.alert.updated', 'critical', 'low', 'config:strangers', who]);
    const [alert] = await all(there.admin, `/api/drift/alerts?config_id=${config.id}`);
    const [now] = await all(there.admin, `/api/drift/reports/${alert.report_id}/changes`);
    assert.deepEqual([alert.severity, now.severity, now.rule, now.reason], ['critical', 'critical', 'config:strangers', 'Not by one of us.']);
    // the next reading knows it from the beginning, and tells nothing new
    deed(t, 'principal-disabled');
    const later = await runOf(config);
    assert.deepEqual(later.changes.find((c) => c.path === '/state').rule, 'config:strangers');
    const whatIf = await there.admin('POST', `/api/drift/configs/${config.id}/what-if`, { body: { days: 1 } });
    assert.deepEqual(whatIf.json.not_replayed, ['silences', 'attribution'], whatIf.text);
  },
  'an alert that is over when it becomes known says who made it, and nobody is told': async () => {
    const channel = await newChannel(there.admin, receiver.url('/over'), { values: true });
    const { t, config } = await directory([READ], [{ channel_id: channel.id, tell_attributed: true }]);
    t.state[LOG].length = 0;
    deed(t, 'policy-disabled');
    t.state[LOG][0].visibleFrom = t.now + 4000;
    await runOf(config);
    const [alert] = await all(there.admin, `/api/drift/alerts?config_id=${config.id}`);
    assert.equal((await there.admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'resolved' } })).status, 200);
    const over = await until('the alert to say it', async () => {
      const a = (await there.admin('GET', `/api/drift/alerts/${alert.id}`)).json;
      return a.attribution.confidence === 'exact' && a;
    }, 100, 500);
    assert.deepEqual([over.status, over.attribution.actors.length], ['resolved', 1]);
    await until('its end to be told', () => receiver.got.some((m) => m.path === '/over' && m.body.type === 'drift.alert.resolved'));
    assert.deepEqual(receiver.got.filter((m) => m.path === '/over' && m.body.type === 'drift.alert.attributed'), []);
  },
  'a log that may not be read fails nothing, and the permission is named': async () => {
    const { t, config } = await directory();
    deed(t, 'policy-disabled');
    const { changes } = await runOf(config);
    const [log] = await until('the log to have been asked for', async () => { const runs = await logRuns(config); return runs.length > 0 && runs; }, 60, 250);
    assert.equal(log.state, 'done', JSON.stringify(log));
    assert.deepEqual(log.progress.collections.map((c) => [c.category, c.permission]), [[LOG, READ]]);
    assert.equal(changes[0].attribution.confidence, 'pending');
    assert.equal((await runOf(config)).run.state, 'done');
  },
  'a log that answers too much is asked again': async () => {
    const { t, config } = await directory([READ]);
    t.faults.add({ path: LOG, kind: 'throttled', retry_after: 1, times: 2 }, () => t.copy());
    deed(t, 'break-glass-disabled', { by: 'app' });
    const { run } = await runOf(config);
    const [c] = await found(run.report_id, ([one]) => one.attribution.confidence === 'exact');
    assert.deepEqual([c.attribution.actors[0].kind, c.attribution.actors[0].id !== null], ['app', true]);
  },
};

test('who changed a directory stands in its log', { concurrency: true }, async (x) => {
  await Promise.all(Object.entries(CELLS).map(([name, cell]) => x.test(name, cell)));
});
