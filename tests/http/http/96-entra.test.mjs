// A directory that driftd reads by itself: everything that is done to it is found with its severity, and what could not be read,
// or is told by a replica that has not heard yet, is no drift.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root, state, until } from '../lib/env.mjs';
import { all, bearer, newTenant, unique } from '../lib/people.mjs';
import { CHANGES, deed } from '../../sim/lib/changes.mjs';
import { Sim } from '../../sim/lib/sim.mjs';

const small = { users: 130, policies: 8, roles: 15, apps: 6, limits: false };
const sim = new Sim();
// What the pack asks the administrator for, and nothing else.
const pack = JSON.parse(fs.readFileSync(path.join(root, 'etc', 'sources', 'entra.json'), 'utf8'));
const permissions = [...new Set(pack.collections.flatMap((c) => [c, ...(c.each ?? [])]).map((c) => c.permission))];
let admin;

before(async () => {
  await sim.start();
  admin = await bearer(newTenant());
});
after(() => sim.stop());

// A directory of its own, the config that reads it, and a run of it: { run, report, changes }.
async function watched(options = {}, certificate = null) {
  const t = sim.add({ tenantId: crypto.randomUUID(), ...options });
  t.reader.permissions = permissions;
  t.reader.certificates = certificate ? [certificate.certificate] : [];
  const source = { kind: 'entra', parameters: { tenant_id: t.tenantId, graph_url: sim.url, login_url: sim.url },
    credential: { client_id: t.reader.clientId, ...(certificate ?? { client_secret: t.reader.secrets[0].secret }) } };
  const made = await admin('POST', '/api/drift/configs', { body: { name: unique('directory'), source } });
  assert.equal(made.status, 201, made.text);
  const config = made.json;
  const read = async () => {
    const asked = await admin('POST', `/api/drift/configs/${config.id}/run`);
    assert.equal(asked.status, 202, asked.text);
    const run = await until('the run to be over', async () => {
      const one = (await admin('GET', `/api/drift/runs/${asked.json.run_id}`)).json;
      return ['done', 'failed', 'dead'].includes(one.state) && one;
    }, 40, 200);
    if (run.report_id === null)
      return { run, changes: [] };
    return { run, report: (await admin('GET', `/api/drift/reports/${run.report_id}`)).json, changes: await all(admin, `/api/drift/reports/${run.report_id}/changes`) };
  };
  return { t, config, read, alerts: async (kind) => (await all(admin, `/api/drift/alerts?config_id=${config.id}&kind=${kind}`)) };
}

const categoryOf = (change) => change.at.replace('/{id}', ''); // in the pack
const gone = (changes) => changes.filter((x) => x.op === 'deleted' && x.path === '');
// The deeds that are not told with their severity, by a rule.
const untold = (changes) => CHANGES.filter((d) => !changes.some((x) => x.resource.category === categoryOf(d) && x.severity === d.severity && x.rule)).map((d) => d.name);

function certificateOf() {
  const file = (end) => path.join(state, 'run', `entra.${end}`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', '/CN=reader', '-keyout', file('key'), '-out', file('pem')], { stdio: 'ignore' });
  const made = { certificate: fs.readFileSync(file('pem'), 'utf8'), private_key: fs.readFileSync(file('key'), 'utf8') };
  fs.rmSync(file('key'));
  return made;
}

test('a whole directory is read by a certificate, with the least permissions, within the limits of its vendor, and twice the same is no drift', async (x) => {
  const { t, read } = await watched({}, certificateOf());
  const { run, report } = await read();
  assert.deepEqual([run.state, report?.status, report?.incomplete], ['done', 'baseline', []], JSON.stringify(run));
  assert.deepEqual([run.progress.done, run.progress.of, run.progress.requests], [36, 36, t.counts.requests + t.counts.tokens]);
  assert.equal(t.counts.throttled, 0);
  x.diagnostic(`${run.progress.requests} requests, ${run.progress.bytes} bytes, ${Date.parse(run.finished_at) - Date.parse(run.started_at)} ms for 300 users, 80 policies, 40 roles`);
  assert.equal((await read()).report.status, 'clean');
});

const POLICIES = 'identity/conditionalAccess/policies';
// What goes wrong while the deeds are done, how far a collection is read then, and what is said of its directory.
const FAULTS = [
  ['the permission is withdrawn', { kind: 'denied' }, 'forbidden'],
  ['a gateway refuses', { kind: 'denied', family: 'gateway' }, 'failed'],
  ['there is too much of it', { kind: 'throttled', retry_after: 1 }, 'throttled'],
  ['there is too much of it, and nobody says for how long', { kind: 'throttled' }, 'throttled'],
  ['the service has an error', { kind: 'unavailable', status: 503 }, 'failed'],
  ['connections break off', { kind: 'reset' }, 'failed'],
  ['second pages are not there', { kind: 'unavailable', status: 503, page: 2 }, 'failed', { page: 4 }],
  ['a replica has not heard', { kind: 'stale' }, 'complete'],
  ['a replica has not heard, nor of what was made before', { kind: 'stale' }, 'complete', { lacks: POLICIES }],
];

async function cell([, fault, how, { lacks, ...options } = {}]) {
  const { t, read, alerts } = await watched({ ...small, ...options });
  assert.equal((await read()).report?.status, 'baseline');
  const behind = t.copy(), missing = lacks === undefined ? [] : behind[lacks].splice(0, 2).map((o) => o.id).sort();
  t.faults.add({ path: '*', ...fault }, () => behind);
  for (const change of CHANGES)
    deed(t, change.name);
  const blind = await read(), lost = await alerts('blind'), unread = new Map(blind.report?.incomplete.map((c) => [c.category, c.why])), told = blind.changes.map((c) => c.resource.category);
  assert.deepEqual(gone(blind.changes).map((x) => x.resource.key).sort(), missing);
  assert.deepEqual((blind.report.not_alerted?.held_back ?? []).filter((h) => h.code === 'unconfirmed').map((h) => h.changes), missing.length > 0 ? [missing.length] : []);
  assert.deepEqual(told.filter((category) => unread.has(category)), []);
  if (fault.page === undefined)
    assert.deepEqual([told.length, await alerts('drift')], [missing.length, []]);
  // a permission that is lost is told at once, by its name, and ends when all is read again
  assert.deepEqual(lost.map((a) => [a.severity, a.status]), how === 'forbidden' ? [['high', 'open']] : []);
  if (how === 'forbidden')
    assert.match(lost[0].title, /may not be read any more \(missing: \S*\.Read\S*.*read completely last: .* 20\d\d-/);
  // what is asked for each item of a list that was not read has failed with it
  assert.deepEqual([...unread].filter(([, why]) => why !== how && why !== 'failed'), []);
  assert.deepEqual(CHANGES.filter((d) => !unread.has(categoryOf(d)) && !told.includes(categoryOf(d)) && fault.kind !== 'stale').map((d) => d.name), []);
  t.faults.remove();
  const seeing = await read();
  assert.deepEqual(gone(seeing.changes), []);
  assert.deepEqual(untold(seeing.changes), []);
  assert.deepEqual((await alerts('blind')).map((a) => a.status), lost.map(() => 'resolved'));
}

test('what is done while a directory cannot be read is no deletion, and is found with its severity when it can', { concurrency: true }, async (x) => {
  await Promise.all(FAULTS.map((row) => x.test(row[0], () => cell(row))));
});
