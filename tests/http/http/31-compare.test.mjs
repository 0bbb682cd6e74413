// Comparing any two things, the patch that applies, the table, going back in time, and dropping snapshots.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { build } from '../lib/env.mjs';
import { all, bearer, newConfig, newKey, newTenant, policy, push, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const item = (category, key, value) => ({ category, key, value });

// A stored snapshot as {category: {key: value}}, the document that a report's patch is for.
async function documentOf(caller, id) {
  const snapshot = (await caller('GET', `/api/drift/snapshots/${id}`)).json;
  const out = {};
  for (const category of Object.keys(snapshot.collections)) {
    const list = await caller('GET', `/api/drift/snapshots/${id}?category=${encodeURIComponent(category)}`);
    for (const { key } of list.json.contents) {
      const one = await caller('GET', `/api/drift/snapshots/${id}?category=${encodeURIComponent(category)}&key=${encodeURIComponent(key)}`);
      (out[category] ??= {})[key] = one.json.contents[0].value;
    }
  }
  return out;
}

function applied(doc, patch) {
  const run = spawnSync(path.join(build, 'tests/drift/patch'), { input: JSON.stringify({ doc, patch }) + '\n', encoding: 'utf8' });
  const answer = JSON.parse(run.stdout);
  assert.equal(answer.error, undefined, run.stdout);
  return answer.doc;
}

const changesAs = (caller, report, accept, query = '') =>
  caller('GET', `/api/drift/reports/${report.id}/changes${query}`, { headers: { Accept: accept } });

async function drifted(admin) {
  const config = await newConfig(admin), key = withKey((await newKey(admin)).key);
  const before = [policy(1), policy(2), item('a/b', 'x~y', { list: [3, 1, 2], word: 'one', password: 'p1' }), item('a/b', 'gone', 1)];
  const after = [policy(1, { state: 'disabled' }), policy(3), item('a/b', 'x~y', { list: [2, 5], word: '=1+1', password: 'p2' }),
    item('a/b', '', [1])];
  const first = await push(key, config, before);
  const second = await push(key, config, after);
  assert.equal(second.report.status, 'drifted');
  return { config, key, first, second };
}

test('a report as a JSON Patch turns the baseline into the snapshot', async () => {
  const admin = await bearer(), { first, second } = await drifted(admin);
  const answer = await changesAs(admin, second.report, 'application/json-patch+json');
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['content-type'], 'application/json-patch+json');
  assert.ok(!answer.text.includes('p2') && /"\[masked:[0-9a-f]{16}\]"/.test(answer.text), 'a masked value has a name');
  const got = applied(await documentOf(admin, first.snapshot_id), JSON.parse(answer.text.replace(/\[masked:[0-9a-f]{16}\]/g, '[masked]')));
  const want = await documentOf(admin, second.snapshot_id);
  got['a/b']['x~y'].list.sort();
  want['a/b']['x~y'].list.sort();
  assert.deepEqual(got, want);
  const none = await changesAs(admin, first.report, 'application/json-patch+json');
  assert.deepEqual(none.json, []);
});

test('a report as a table has a row for each change, and no cell is a formula', async () => {
  const admin = await bearer(), { second } = await drifted(admin);
  const answer = await changesAs(admin, second.report, 'text/csv;q=0.9, application/json;q=0.1');
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers['content-type'], /^text\/csv/);
  const lines = answer.text.trimEnd().split('\r\n');
  const changes = await all(admin, `/api/drift/reports/${second.report.id}/changes`);
  assert.equal(lines.length, changes.length + 1);
  assert.match(lines[0], /^id,at,category,key,op,path,/);
  for (const c of changes)
    assert.ok(lines.some((l) => l.startsWith(c.id) && l.includes(c.severity) && l.includes(c.op)));
  assert.ok(answer.text.includes('"""=1+1"""') || answer.text.includes("'=1+1") || answer.text.includes('=1+1"""'));
  assert.doesNotMatch(answer.text, /(^|,)"?=/m);
  const critical = await changesAs(admin, second.report, 'text/csv', '?severity=critical');
  assert.equal(critical.text.trimEnd().split('\r\n').length - 1, changes.filter((c) => c.severity === 'critical').length);
  assert.equal((await changesAs(admin, second.report, 'text/html, */*')).headers['content-type'], 'application/json');
});

test('two snapshots, two documents, or one of each are compared without anything being stored', async () => {
  const admin = await bearer(), { config, first, second } = await drifted(admin);
  const compare = (body) => admin('POST', '/api/drift/compare', { body });
  const two = await compare({ left: { snapshot_id: first.snapshot_id }, right: { snapshot_id: second.snapshot_id } });
  assert.equal(two.status, 200, two.text);
  // a masked place is told by the report alone
  const { by_severity, modified, ...counts } = second.report.summary;
  assert.deepEqual(two.json.summary, { ...counts, modified: modified - 1, by_severity: { ...by_severity, medium: by_severity.medium - 1 } });
  assert.equal(two.json.score, second.report.score - 4);
  assert.deepEqual(two.json.not_compared, [{ resource: { category: 'a/b', key: 'x~y' }, path: '/password', why: 'masked' }]);
  assert.equal(two.json.more, false);
  assert.deepEqual(two.json.incomplete, []);
  const stored = await all(admin, `/api/drift/reports/${second.report.id}/changes`);
  assert.deepEqual(two.json.changes.map((c) => [c.path, c.rule, c.severity, c.fingerprint]).sort(),
    stored.filter((c) => c.path !== '/password').map((c) => [c.path, c.rule, c.severity, c.fingerprint]).sort());
  const back = await compare({ left: { snapshot_id: second.snapshot_id }, right: { snapshot_id: first.snapshot_id } });
  assert.equal(back.json.summary.created, two.json.summary.deleted);

  const sides = { left: { snapshot_id: first.snapshot_id }, right: { snapshot_id: second.snapshot_id } }, one = two.json.changes[0].resource, only = await compare({ ...sides, resource: one });
  assert.deepEqual(only.json.changes, two.json.changes.filter((c) => c.resource.category === one.category && c.resource.key === one.key));
  assert.ok(only.json.changes.length < two.json.changes.length);
  assert.deepEqual((await compare({ ...sides, resource: { category: one.category, key: 'nobody' } })).json.changes, []);

  const docs = await compare({ left: { value: { a: [1, 2], password: 'x1y' } }, right: { value: { a: [2, 1], password: 'x2y' } } });
  assert.equal(docs.json.changes.length, 1);
  assert.equal(docs.json.changes[0].path, '/password');
  assert.ok(!docs.text.includes('x2y'));
  const listed = await compare({ left: { value: [1, 2] }, right: { value: [2, 1] },
    compare: { arrays: [{ path: '', mode: 'list' }] }, rules: [{ path: '/**', severity: 'critical', reason: 'Order.' }] });
  assert.equal(listed.json.changes.length, 2);
  assert.equal(listed.json.score, 128);
  assert.equal(listed.json.changes[0].reason, 'Order.');
  const mixed = await compare({ left: { snapshot_id: first.snapshot_id }, right: { value: null } });
  assert.deepEqual([mixed.json.summary.created, mixed.json.summary.deleted], [1, 4]);
  assert.equal((await all(admin, `/api/drift/configs/${config.id}/snapshots`)).length, 2);
});

test('a comparison of nothing, of somebody else\'s, or by a wrong spec is refused', async () => {
  const admin = await bearer(), { first } = await drifted(admin);
  const compare = (body) => admin('POST', '/api/drift/compare', { body });
  for (const [body, pointer] of [[{ left: {}, right: { value: 1 } }, '/left'], [{ left: { value: 1 } }, '/right'],
    [{ left: { value: 1, snapshot_id: nobody }, right: { value: 1 } }, '/left'],
    [{ left: { value: 1 }, right: { value: 2 }, rules: [{ path: 'x', severity: 'high' }] }, '/rules/0/path'],
    [{ left: { value: 1 }, right: { value: 2 }, compare: { arrays: [{ path: '', mode: 'odd' }] } }, '/compare/arrays/0/mode'],
    [{ left: { value: 1 }, right: { value: 2 }, rule_packs: ['none'] }, '/rule_packs/0']]) {
    const a = await compare(body);
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer.startsWith(pointer)), a.text);
  }
  assert.equal((await compare({ left: { snapshot_id: nobody }, right: { value: 1 } })).status, 404);
  const other = await bearer(newTenant());
  const theirs = await other('POST', '/api/drift/compare', { body: { left: { snapshot_id: first.snapshot_id }, right: { value: 1 } } });
  assert.equal(theirs.status, 404);
});

test('the snapshot in force at an instant is found', async () => {
  const admin = await bearer(), config = await newConfig(admin), key = withKey((await newKey(admin)).key);
  const at = (hour) => `2026-01-02T${hour}:00:00.000Z`;
  const ids = {};
  for (const hour of ['03', '05', '04'])
    ids[hour] = (await push(key, config, [item('c', 'k', hour)], { collected_at: at(hour) })).snapshot_id;
  const inForce = async (when) =>
    (await admin('GET', `/api/drift/configs/${config.id}/snapshots?at=${when}`)).json.items.map((s) => s.id);
  assert.deepEqual(await inForce(at('02')), []);
  assert.deepEqual(await inForce(at('03')), [ids['03']]);
  assert.deepEqual(await inForce('2026-01-02T04:30:00Z'), [ids['04']]);
  assert.deepEqual(await inForce(at('23')), [ids['05']]);
  const late = await admin('GET', `/api/drift/snapshots/${ids['04']}?category=c&key=k`);
  assert.equal(late.json.contents[0].value, '04');
  assert.equal((await admin('GET', `/api/drift/configs/${nobody}/snapshots?at=${at('02')}`)).status, 404);
});

test('a snapshot is dropped with its reason in the audit, the baseline and the newest are not', async () => {
  const admin = await bearer(), config = await newConfig(admin), key = withKey((await newKey(admin)).key);
  const ids = [];
  for (const value of [1, 2, 3])
    ids.push((await push(key, config, [item('c', 'k', value)])).snapshot_id);
  const drop = (id, query = '?reason=held+a+secret') => admin('DELETE', `/api/drift/snapshots/${id}${query}`);
  assert.equal((await drop(ids[0])).status, 409);
  assert.equal((await drop(ids[0])).json.code, 'in_use');
  assert.equal((await drop(ids[2])).status, 409);
  assert.equal((await drop(ids[1], '')).status, 422);
  assert.equal((await drop(ids[1])).status, 204);
  assert.equal((await drop(ids[1])).status, 404);
  assert.equal((await admin('GET', `/api/drift/snapshots/${ids[1]}`)).status, 404);
  assert.equal((await admin('GET', `/api/drift/snapshots/${ids[0]}?category=c&key=k`)).json.contents[0].value, 1);
  assert.equal((await key('DELETE', `/api/drift/snapshots/${ids[1]}?reason=x`)).status, 403);
  const report = (await all(admin, `/api/drift/reports?config_id=${config.id}`)).find((r) => r.snapshot_id === ids[1]);
  assert.equal((await changesAs(admin, report, 'application/json-patch+json')).status, 404);
});

test('snapshots older than retention_s are dropped by the next push', async () => {
  const admin = await bearer(), config = await newConfig(admin, { retention_s: 3600 });
  assert.equal(config.retention_s, 3600);
  const key = withKey((await newKey(admin)).key);
  const ids = [];
  for (const [i, ago] of [5, 4, 3, 0].entries())
    ids.push((await push(key, config, [item('c', 'k', i)],
      { collected_at: new Date(Date.now() - ago * 3600e3).toISOString() })).snapshot_id);
  const left = (await all(admin, `/api/drift/configs/${config.id}/snapshots`)).map((s) => s.id);
  assert.deepEqual(left, [ids[3], ids[0]], 'the newest and the baseline');
  for (const [i, id] of [[0, ids[0]], [3, ids[3]]])
    assert.equal((await admin('GET', `/api/drift/snapshots/${id}?category=c&key=k`)).json.contents[0].value, i);
  const kept = await admin('PUT', `/api/drift/configs/${config.id}`, { body: { retention_s: null } });
  assert.equal(kept.json.retention_s, undefined);
  for (const wrong of [0, -1, 1.5, 'x'])
    assert.equal((await admin('PUT', `/api/drift/configs/${config.id}`, { body: { retention_s: wrong } })).status, 422);
});

test('history is replayed with other rules before they are switched on', async () => {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [], thresholds: { min_severity: 'high' },
    rules: [{ path: '/door', severity: 'high' }] });
  const key = withKey((await newKey(admin)).key);
  for (const [door, note] of [['shut', 1], ['open', 2], ['open', 3], ['shut', 4], ['ajar', 5], ['open', 6]])
    await push(key, config, [item('c', 'k', { door, note })]);
  const target = `/api/drift/configs/${config.id}/what-if`;
  const same = await admin('POST', target, { body: { days: 1 } });
  assert.equal(same.status, 200, same.text);
  assert.equal(same.json.runs, 6);
  assert.deepEqual(same.json.before, same.json.after);
  const { opened, updated, resolved } = same.json.before;
  assert.deepEqual([opened, updated, resolved], [2, 1, 1]);
  const alerts = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  assert.equal(alerts.length, opened, 'as it really was');

  const loud = await admin('POST', target, { body: { days: 1, rules: [{ path: '/note', severity: 'critical' }] } });
  assert.deepEqual(loud.json.before, same.json.before);
  assert.deepEqual([loud.json.after.opened, loud.json.after.updated, loud.json.after.resolved], [1, 4, 0]);
  assert.equal(loud.json.after.by_severity.critical, 5);
  const quiet = await admin('POST', target, { body: { days: 1, compare: { normalise: [{ how: 'ignore', path: '/door' }] } } });
  assert.equal(quiet.json.after.opened, 0);
  const low = await admin('POST', target, { body: { days: 1, thresholds: { min_severity: 'low' } } });
  assert.deepEqual([low.json.after.opened, low.json.after.updated], [1, 4]);
  assert.deepEqual((await admin('GET', `/api/drift/configs/${config.id}`)).json.rules, [{ path: '/door', severity: 'high' }]);
  for (const [body, pointer] of [[{}, '/days'], [{ days: 0 }, '/days'], [{ days: 1, thresholds: { for_runs: 0 } }, '/thresholds/for_runs'],
    [{ days: 1, rules: [{}] }, '/rules/0/path']]) {
    const a = await admin('POST', target, { body });
    assert.equal(a.status, 422, a.text);
    assert.ok(a.json.errors.some((x) => x.pointer.startsWith(pointer)), a.text);
  }
  assert.equal((await admin('POST', `/api/drift/configs/${nobody}/what-if`, { body: { days: 1 } })).status, 404);
});

// The worst bodies are made by a program of the engine's tests.
const costly = (...args) => JSON.parse(spawnSync(path.join(build, 'tests/lib/costly'), ['body', ...args],
  { encoding: 'utf8', maxBuffer: 64 << 20 }).stdout);

test('a comparison that costs more than a request may is refused and says what to reduce', async () => {
  const admin = await bearer();
  for (const [name, n, what] of [['places', 200000, /rules/], ['stars', 400000, /normalise/], ['split', 2000000, /normalise/]]) {
    const a = await admin('POST', '/api/drift/compare', { body: costly(name, n) });
    assert.equal(a.status, 422, `${name}: ${a.text.slice(0, 300)}`);
    assert.equal(a.json.code, 'too_costly');
    assert.equal(a.headers['retry-after'], undefined);
    assert.match(a.json.detail, what);
    assert.match(a.json.detail, /Use fewer/);
  }
  for (const [name, n] of [['where', 50000], ['match-fold', 2000000], ['paths', 100000]]) {
    const a = await admin('POST', '/api/drift/compare', { body: costly(name, n) });
    assert.equal(a.status, 200, `${name}: ${a.text.slice(0, 300)}`);
  }
});

test('what if comes out of one budget, however many snapshots are replayed', async () => {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [] }), key = withKey((await newKey(admin)).key);
  const many = (v) => Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, v]));
  for (let i = 0; i < 12; i++)
    await push(key, config, [item('c', 'k', many(i))]);
  const rules = Array.from({ length: 900 }, (_, i) => ({ path: `/**/x${i}`, severity: 'low' }));
  const a = await admin('POST', `/api/drift/configs/${config.id}/what-if`, { body: { days: 1, rules } });
  assert.equal(a.status, 200, 'one comparison is 5,400,000 steps: twelve of them are within it');
  for (let i = 0; i < 24; i++)
    await push(key, config, [item('c', 'k', many(-i - 1))]);
  const b = await admin('POST', `/api/drift/configs/${config.id}/what-if`, { body: { days: 1, rules } });
  assert.equal(b.status, 422, b.text);
  assert.equal(b.json.code, 'too_costly');
  assert.match(b.json.detail, /fewer days/);
});
