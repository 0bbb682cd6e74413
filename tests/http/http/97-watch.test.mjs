// What the log of a source tells of is read soon, whatever the schedule says: those collections alone, once, and nothing is lost.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { child, children, configured, renewDaemon, root, until } from '../lib/env.mjs';
import { all, bearer, newTenant, unique, withKey } from '../lib/people.mjs';
import { CHANGES, deed } from '../../sim/lib/changes.mjs';
import { Sim } from '../../sim/lib/sim.mjs';

const WATCH_S = 1, LOG = 'auditLogs/directoryAudits', READ = 'AuditLog.Read.All', CA = 'identity/conditionalAccess/policies';
const sim = new Sim(), there = {};
const pack = JSON.parse(fs.readFileSync(path.join(root, 'etc', 'sources', 'entra.json'), 'utf8'));
const permissions = [...new Set(pack.collections.flatMap((c) => [c, ...(c.each ?? [])]).map((c) => c.permission))];
const over = ['done', 'failed', 'dead'];

before(async () => {
  await sim.start();
  there.tenant = newTenant();
  there.admin = await bearer(there.tenant);
});
after(() => sim.stop());

const runsOf = (config, kind) => all(there.admin, `/api/drift/runs?config_id=${config.id}&kind=${kind}`);
const changesOf = (run) => all(there.admin, `/api/drift/reports/${run.report_id}/changes`);
const ended = (config, kind, least = 1) => until(`${least} of kind ${kind} to be over`, async () => {
  const list = (await runsOf(config, kind)).filter((r) => over.includes(r.state));
  return list.length >= least && list;
}, 120, 250);

// A directory that is read every six hours, and has been once.
async function directory(more = [READ]) {
  const t = sim.add({ tenantId: crypto.randomUUID(), users: 130, policies: 8, roles: 15, apps: 6, limits: false });
  t.reader.permissions = [...permissions, ...more];
  const made = await there.admin('POST', '/api/drift/configs', { body: { name: unique('directory'), schedule: { interval_s: 21600 }, source: { kind: 'entra',
    parameters: { tenant_id: t.tenantId, graph_url: sim.url, login_url: sim.url }, credential: { client_id: t.reader.clientId, client_secret: t.reader.secrets[0].secret } } } });
  assert.equal(made.status, 201, made.text);
  const [first] = await ended(made.json, 'scheduled');
  assert.equal(first.state, 'done', JSON.stringify(first));
  return { t, config: made.json };
}

const CELLS = {
  'a change is told soon and of its collections alone, with who made it': async (x) => {
    const { t, config } = await directory();
    const began = Date.now();
    deed(t, 'policy-disabled');
    const [run] = await ended(config, 'notify');
    x.diagnostic(`told after ${Date.parse(run.finished_at) - began} ms, with ${WATCH_S} s between readings of the log`);
    assert.deepEqual([run.state, run.categories], ['done', [CA]], JSON.stringify(run));
    assert.deepEqual(run.progress.collections.map((c) => c.category), [CA]);
    const [who] = run.activity.actors;
    assert.deepEqual([run.activity.confidence, who.kind, who.id, who.activity], ['object', 'user', t.state.users[2].id, 'Update conditional access policy']);
    const changes = await changesOf(run);
    assert.deepEqual(changes.map((c) => [c.resource.category, c.path, c.severity, c.op]), [[CA, '/state', 'critical', 'modified']]);
    const report = (await there.admin('GET', `/api/drift/reports/${run.report_id}`)).json;
    assert.deepEqual([report.status, report.incomplete], ['drifted', []], JSON.stringify(report));
    const alerts = await all(there.admin, `/api/drift/alerts?config_id=${config.id}`);
    assert.deepEqual(alerts.map((a) => [a.kind, a.severity]), [['drift', 'critical']]);
    // whoever may not read values does not learn by it who it was
    const { key } = (await there.admin('POST', '/api/api-keys', { body: { name: unique('reader'), scopes: ['read:drift'] } })).json;
    const shown = await withKey(key)('GET', `/api/drift/runs/${run.id}`);
    assert.equal(shown.json.activity.actors[0].id, '[withheld]', shown.text);
    // the same entry is read again and again, and told once; what was not touched is not left out however often that happens
    for (let i = 0; i < 3; i++) {
      const before = (await runsOf(config, 'notify')).length;
      deed(t, i % 2 ? 'policy-excludes' : 'policy-without-mfa', { by: 'app' });
      await ended(config, 'notify', before + 1);
    }
    const [last] = await runsOf(config, 'notify');
    assert.deepEqual((await there.admin('GET', `/api/drift/reports/${last.report_id}`)).json.incomplete, []);
    assert.deepEqual((await all(there.admin, `/api/drift/alerts?config_id=${config.id}`)).map((a) => a.kind), ['drift']);
    assert.deepEqual((await runsOf(config, 'scheduled')).length, 1);
    assert.deepEqual((await runsOf(config, 'watch')).filter((r) => over.includes(r.state) && r.state !== 'done'), []);
  },
  'what comes together is one run, what touches nothing none': async () => {
    const { t, config } = await directory();
    t.state[LOG].push({ ...structuredClone(t.state[LOG][0] ?? {}), id: unique('x'), result: 'success', activityDisplayName: 'Change user password', activityDateTime: t.when.toISOString(), visibleFrom: t.now, initiatedBy: { user: null, app: null }, targetResources: [], additionalDetails: [], correlationId: unique('c'), category: 'UserManagement' });
    deed(t, 'any-address-trusted');
    deed(t, 'administrator-added');
    deed(t, 'app-owner', { by: 'app' });
    const [run, ...others] = await ended(config, 'notify');
    assert.deepEqual([others.length, run.state], [0, 'done'], JSON.stringify(run));
    assert.deepEqual([...run.categories].sort(), ['applications/owners', 'directoryRoles', 'directoryRoles/members', 'identity/conditionalAccess/namedLocations', 'roleManagement/directory/roleAssignments', 'roleManagement/directory/roleAssignmentsThroughGroups']);
    assert.equal(run.activity.actors.length, 3);
    const severe = ['any-address-trusted', 'administrator-added', 'app-owner'].map((name) => CHANGES.find((d) => d.name === name));
    const changes = await changesOf(run);
    assert.deepEqual(severe.filter((d) => !changes.some((c) => c.resource.category === d.at.replace('/{id}', '') && c.severity === d.severity)).map((d) => d.name), []);
  },
  'what is gone is read once more before anybody is told, and no more than was touched': async () => {
    const { t, config } = await directory();
    const [gone] = t.state[CA];
    t.drop(CA, gone.id);
    deed(t, 'policy-excludes');
    const [run] = await ended(config, 'notify');
    const changes = await changesOf(run);
    assert.deepEqual(changes.filter((c) => c.op === 'deleted').map((c) => c.resource.key), [gone.id]);
    const [again] = (await runsOf(config, 'scheduled')).filter((r) => r.state === 'queued');
    assert.deepEqual(again?.categories, [CA], JSON.stringify(again));
    // whoever asks for all of it meanwhile gets all of it, by that run
    const { json } = await there.admin('POST', `/api/drift/configs/${config.id}/run`);
    assert.equal(json.run_id, again.id);
    const whole = await until('it to be over', async () => { const r = (await there.admin('GET', `/api/drift/runs/${again.id}`)).json; return over.includes(r.state) && r; }, 120, 250);
    assert.deepEqual([whole.state, whole.categories, whole.progress.of > 20], ['done', null, true]);
  },
  'a log that may not be read is named with its permission, and the config is read as ever': async () => {
    const { config } = await directory([]);
    const [watch] = await ended(config, 'watch');
    assert.equal(watch.state, 'failed', JSON.stringify(watch));
    assert.match(`${watch.reason} ${watch.remedy}`, /AuditLog\.Read\.All/);
    const { json } = await there.admin('POST', `/api/drift/configs/${config.id}/run`);
    await until('the run', async () => (await there.admin('GET', `/api/drift/runs/${json.run_id}`)).json.state === 'done', 120, 250);
  },
  'a log that answers too much says so, and the config is read as ever': async () => {
    const { t, config } = await directory();
    t.faults.add({ path: LOG, kind: 'throttled', retry_after: 3600, times: 1 }, () => t.copy());
    const [watch] = await ended(config, 'watch');
    assert.equal(watch.state, 'failed', JSON.stringify(watch));
    assert.ok(watch.reason.length > 10);
    const { json } = await there.admin('POST', `/api/drift/configs/${config.id}/run`);
    await until('the run', async () => (await there.admin('GET', `/api/drift/runs/${json.run_id}`)).json.state === 'done', 120, 250);
  },
  'what was done while the log could not be read is told when it can': async () => {
    const { t, config } = await directory();
    t.faults.add({ path: LOG, kind: 'denied', times: 2 }, () => t.copy());
    deed(t, 'break-glass-disabled', { by: 'app' });
    const failed = await ended(config, 'watch');
    const [run] = await ended(config, 'notify');
    assert.deepEqual([run.categories, run.activity.actors[0].kind], [['users'], 'app']);
    assert.equal(failed.at(-1).state, 'failed');
  },
};

test('the log of a source is read on, and what it tells of is read soon', { concurrency: true }, async (x) => {
  await configured(`source: { watch_s = ${WATCH_S}; };`, renewDaemon, async () => {
    await Promise.all(Object.entries(CELLS).map(([name, cell]) => x.test(name, cell)));
    await x.test('whoever is killed between the log and the run loses nothing, and tells nothing twice', async () => {
      const { t, config } = await directory();
      const names = ['policy-disabled', 'any-address-trusted', 'break-glass-disabled'];
      for (const name of names) {
        deed(t, name);
        for (let i = 0; i < 2; i++) {
          await new Promise((done) => { setTimeout(done, 150 + Math.floor(Math.random() * 500)); });
          for (const pid of children(child('driftd')))
            try { process.kill(pid, 'SIGKILL'); } catch { /* it has just ended */ }
        }
      }
      const wanted = names.map((name) => CHANGES.find((d) => d.name === name));
      const found = await until('all of it to be found', async () => {
        const runs = (await runsOf(config, 'notify')).filter((r) => r.state === 'done');
        const seen = (await Promise.all(runs.map(changesOf))).flat();
        return wanted.every((d) => seen.some((c) => c.resource.category === d.at.replace('/{id}', '') && c.severity === d.severity)) && runs;
      }, 240, 250);
      assert.ok(found.length <= names.length, JSON.stringify(found));
    });
  });
});
