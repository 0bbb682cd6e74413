// A directory that driftd reads by itself: everything that is done to it is found with its severity, and what could not be read,
// or is told by a replica that has not heard yet, is no drift.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { configured, renewDaemon, root, state, until } from '../lib/env.mjs';
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
    }, 90, 200);
    if (run.report_id === null)
      return { run, changes: [] };
    return { run, report: (await admin('GET', `/api/drift/reports/${run.report_id}`)).json, changes: await all(admin, `/api/drift/reports/${run.report_id}/changes`) };
  };
  const renew = async () => {
    t.reader.secrets.push({ ...t.reader.secrets[0], secret: unique('secret') });
    const credential = { client_id: t.reader.clientId, client_secret: t.reader.secrets[1].secret };
    assert.equal((await admin('PUT', `/api/drift/configs/${config.id}`, { body: { source: { ...source, credential } } })).status, 200);
  };
  return { t, config, read, renew, alerts: async (kind) => (await all(admin, `/api/drift/alerts?config_id=${config.id}&kind=${kind}`)) };
}

const categoryOf = (change) => change.at.replace('/{id}', ''); // in the pack
const gone = (changes) => changes.filter((x) => x.op === 'deleted' && x.path === '');
// The deeds that are not told with their severity, by a rule.
const seenIn = (d) => [categoryOf(d), ...(d.so ? [d.so] : [])];
const untold = (changes) => CHANGES.filter((d) => !seenIn(d).every((category) => changes.some((x) => x.resource.category === category && x.severity === d.severity && x.rule))).map((d) => d.name);

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
  assert.deepEqual([run.progress.done, run.progress.of, run.progress.requests], [37, 37, t.counts.requests + t.counts.tokens]);
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
  ['there is too much of it for as long as nobody waits', { kind: 'throttled', retry_after: 1000000000000 }, 'throttled', { anew: true }],
  ['the service has an error', { kind: 'unavailable', status: 503 }, 'failed'],
  ['connections break off', { kind: 'reset' }, 'failed'],
  ['bodies of a length that nobody told end too soon', { kind: 'cut' }, 'failed'],
  ['answers come when nobody waits for them any more', { kind: 'slow', ms: 3000 }, 'failed', { paths: [...new Set(CHANGES.map((d) => d.at.split('/{id}')[0]))] }],
  ['second pages are not there', { kind: 'unavailable', status: 503, page: 2 }, 'failed', { page: 4 }],
  ['a page is lost, and the link of its retry leads nowhere, each time', { kind: 'poisoned_page', page: 2 }, 'failed', { page: 4 }],
  ['a page is served twice', { kind: 'page_twice', page: 2 }, 'partial', { page: 4 }],
  ['a replica has not heard', { kind: 'stale' }, 'complete'],
  ['a replica has not heard, nor of what was made before', { kind: 'stale' }, 'complete', { lacks: POLICIES }],
];

async function cell([, fault, how, { lacks, paths = ['*'], anew = false, ...options } = {}]) {
  const { t, read, alerts, renew } = await watched({ ...small, ...options });
  assert.equal((await read()).report?.status, 'baseline');
  const behind = t.copy(), missing = lacks === undefined ? [] : behind[lacks].splice(0, 2).map((o) => o.id).sort();
  for (const path of paths)
    t.faults.add({ path, ...fault }, () => behind);
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
  if (anew)
    await renew();
  const seeing = await read();
  assert.deepEqual(gone(seeing.changes), []);
  assert.deepEqual(untold(seeing.changes), []);
  assert.deepEqual((await alerts('blind')).map((a) => a.status), lost.map(() => 'resolved'));
}

// Lists that have every page, and lack some of what there is without any sign of it.
const THIN = [
  ['lists end too early', { kind: 'fewer' }],
  ['most of a list is not in it', { kind: 'fewer', rows: 3 }],
  ['what moves while a list is read is in none of its pages', { kind: 'moving' }],
];

// What is not among them is held until it is missing a second time, what hangs on it as well; all else is told at once.
async function thin([, fault]) {
  const { t, read, alerts } = await watched({ ...small, page: 4 });
  assert.equal((await read()).report?.status, 'baseline');
  t.faults.add({ path: '*', ...fault });
  for (const change of CHANGES)
    deed(t, change.name);
  const { report, changes } = await read(), lost = gone(changes), [alert, ...others] = await alerts('drift');
  assert.ok(lost.length > 0, 'it came to it');
  const held = report.not_alerted?.held_back?.filter((h) => h.code === 'unconfirmed');
  assert.deepEqual(held.map((h) => h.changes), [lost.length]);
  assert.match(held[0].reason, /missing from one reading only; a second one/);
  assert.deepEqual([alert.changes, others], [changes.length - lost.length, []]);
  t.faults.remove();
  const whole = await read();
  assert.deepEqual([gone(whole.changes), untold(whole.changes), whole.report.incomplete, await alerts('suspicious_collection')], [[], [], [], []]);
}

const ahead = (s) => new Date(Math.ceil(Date.now() / 1000) * 1000 + s * 1000).toUTCString();
// What passes while it is read: it is waited for as long as is said, and the run is whole.
const PASSING = [
  ['it is too much for two seconds', () => ({ kind: 'throttled', retry_after: 2, times: 4 }), { least_s: 2, throttled: true }],
  ['it is too much until an instant', () => ({ kind: 'throttled', retry_after: ahead(3), times: 4 }), { least_s: 2, throttled: true }],
  ['it is too much until an instant that is over', () => ({ kind: 'throttled', retry_after: ahead(-86400), times: 4 }), { throttled: true }],
  ['it is too much for less than no time', () => ({ kind: 'throttled', retry_after: -1000000000000, times: 4 }), { throttled: true }],
  ['the service has an error, and says for how long', () => ({ kind: 'unavailable', retry_after: 2, times: 4 }), { least_s: 2 }],
  ['it is too much, and is called an error', () => ({ kind: 'throttled_as_500', times: 4 }), { throttled: true }],
  ['tokens of pages are over', () => ({ kind: 'expired_page', page: 2, times: 2 }), { page: 4 }],
  ['the token is over in the middle', () => ({ kind: 'expired_token', after: 9, times: 3 }), {}],
  ['pages are empty and go on', () => ({ kind: 'empty_page', every: 3, times: 6 }), { page: 4 }],
];

async function passing([, fault, { least_s = 0, throttled = false, ...options }]) {
  const { t, read } = await watched({ ...small, ...options });
  assert.equal((await read()).report?.status, 'baseline');
  for (const change of CHANGES)
    deed(t, change.name);
  const made = t.faults.add({ path: '*', ...fault() }), { run, report, changes } = await read(), took_s = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  assert.ok(made.hits > 0, 'it came to it');
  assert.deepEqual([run.state, run.attempts, report?.incomplete], ['done', 1, []], JSON.stringify(run));
  assert.deepEqual([gone(changes), untold(changes)], [[], []]);
  assert.equal(run.progress.throttled > 0, throttled);
  assert.ok(took_s >= least_s, `${took_s} s`);
}

test('what passes while a directory is read is waited for, and all that was done is found by the same run', { concurrency: true }, async (x) => {
  await Promise.all(PASSING.map((row) => x.test(row[0], () => passing(row))));
});

test('what is done while a directory cannot be read is no deletion, and is found with its severity when it can', { concurrency: true }, async (x) => {
  await configured('source: { timeout_s = 1; };', renewDaemon, () => Promise.all([...FAULTS.map((row) => x.test(row[0], () => cell(row))), ...THIN.map((row) => x.test(row[0], () => thin(row)))]));
});
