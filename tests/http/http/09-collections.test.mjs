// Each collection of a config for itself: read, left out, blind, in the baseline.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../lib/env.mjs';
import { all, bearer, newConfig, newKey, push, unique, withKey } from '../lib/people.mjs';

const item = (category, key, value = 1) => ({ category, key, value });

async function watched(more = {}) {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [], ...more });
  const caller = async () => {
    const key = withKey((await newKey(admin)).key);
    return (resources, collections) => push(key, c, resources, collections ? { collections } : {});
  };
  const config = async () => (await admin('GET', `/api/drift/configs/${c.id}`)).json;
  return { admin, c, caller, config,
    alerts: async (kind) => (await all(admin, `/api/drift/alerts?config_id=${c.id}&kind=${kind}`)).map((a) => a.status),
    collection: async (name) => (await config()).collections.find((x) => x.category === name) };
}

test('a collection that is forbidden from the first push on costs the others nothing, until it is named as unread', async () => {
  const { admin, c, caller, config, alerts, collection } = await watched();
  const send = await caller();
  assert.equal((await send([item('a', 'k')], { b: 'forbidden' })).report.status, 'baseline');
  assert.equal((await send([item('a', 'k', 2)], { b: 'forbidden' })).report.status, 'drifted');
  assert.deepEqual(await alerts('drift'), ['open']);
  const back = (await send([item('a', 'k')], { b: 'forbidden' })).report;
  assert.deepEqual([back.status, back.incomplete], ['incomplete', [{ category: 'b', why: 'forbidden' }]]);
  assert.deepEqual(await alerts('drift'), ['resolved'], 'its findings are over, whatever else is unread');
  assert.deepEqual(await alerts('blind'), ['open']);
  assert.equal((await config()).state, 'blind');
  const b = await collection('b');
  assert.deepEqual([b.state, b.blind, b.incomplete_runs, b.complete_at, b.baseline_id], ['forbidden', true, 3, null, null]);
  assert.match(b.blind_since, /^20/);

  const unread = [{ category: 'b', reason: 'No licence.' }];
  const named = await admin('PUT', `/api/drift/configs/${c.id}`, { body: { unread } });
  assert.equal(named.status, 200, named.text);
  assert.deepEqual((await config()).unread, unread);
  const quiet = (await send([item('a', 'k')], { b: 'forbidden' })).report;
  assert.deepEqual([quiet.status, quiet.incomplete], ['clean', []]);
  assert.deepEqual(quiet.collections.find((x) => x.category === 'b'), { category: 'b', state: 'forbidden', unread: true });
  assert.deepEqual(await alerts('blind'), ['resolved']);
  assert.equal((await config()).state, 'ok');
  assert.deepEqual([(await collection('b')).unread, (await collection('b')).blind], ['No licence.', false]);
});

test('an alert of one collection ends while another is not read', async () => {
  const { caller, alerts, config } = await watched();
  const send = await caller();
  await send([item('a', 'k'), item('b', 'k')]);
  await send([item('a', 'k', 2), item('b', 'k')]);
  assert.deepEqual(await alerts('drift'), ['open']);
  await send([], { a: 'failed', b: 'failed' });
  assert.deepEqual(await alerts('drift'), ['open'], 'nobody has seen its end');
  assert.equal((await config()).state, 'drifted');
  await send([item('a', 'k')], { b: 'throttled' });
  assert.deepEqual(await alerts('drift'), ['resolved']);
});

test('two collectors take turns on one config; one that stops is told of', async () => {
  const { caller, alerts, config, collection } = await watched();
  const one = await caller(), other = await caller();
  await one([item('a', 'k')]);
  const entered = (await other([item('b', 'k')])).report;
  assert.deepEqual([entered.status, entered.incomplete, entered.collections], ['clean', [],
    [{ category: 'b', state: 'complete', entered: true }]]);
  for (let i = 0; i < 4; i++) {
    assert.equal((await one([item('a', 'k', 2)])).report.status, 'drifted');
    assert.equal((await other([item('b', 'k')])).report.status, 'clean');
    assert.deepEqual([await alerts('drift'), await alerts('blind'), (await config()).state], [['open'], [], 'drifted']);
  }
  await one([item('a', 'k')]);
  assert.deepEqual([await alerts('drift'), (await config()).state], [['resolved'], 'ok']);
  for (let i = 1; i <= 3; i++)
    assert.equal((await other([item('z', 'k')])).report.status, i < 3 ? 'clean' : 'incomplete', `left out ${i}`);
  assert.deepEqual([(await collection('b')).state, (await collection('b')).left_out, (await collection('a')).state], ['failed', 3, 'complete']);
  assert.deepEqual(await alerts('blind'), ['open']);
  assert.equal((await one([item('a', 'k')])).report.status, 'clean', 'that is nothing of the other collector');
  await other([item('b', 'k')]);
  assert.deepEqual(await alerts('blind'), ['resolved']);
});

test('a new collection of 300 resources enters the baseline: no alert, a line in its history', async () => {
  const { admin, c, caller, alerts } = await watched();
  const send = await caller(), many = Array.from({ length: 300 }, (_, i) => item('b', `k${i}`, i));
  await send([item('a', 'k')]);
  const { report, snapshot_id } = await send([item('a', 'k'), ...many]);
  assert.deepEqual([report.status, report.summary.created], ['clean', 0]);
  assert.deepEqual(await alerts('drift'), []);
  const { history } = (await admin('GET', `/api/drift/configs/${c.id}/baseline`)).json;
  assert.deepEqual(history.map((h) => h.note), ['Collection b was read completely for the first time: it is in the baseline as it was then.']);
  const next = (await send([item('a', 'k', 2), ...many.slice(1), item('b', 'new')])).report;
  assert.deepEqual([next.summary.created, next.summary.modified, next.summary.deleted], [1, 1, 1]);
  assert.equal(next.collections.find((x) => x.category === 'b').baseline_id, snapshot_id);
  const patch = await admin('GET', `/api/drift/reports/${next.id}/changes`, { headers: { Accept: 'application/json-patch+json' } });
  assert.equal(patch.json.length, 3, 'each with the baseline that it was compared with');
});

test('a loss is confirmed by the next reading of that collection, and by no other', async () => {
  const { caller, alerts, collection } = await watched();
  const one = await caller(), other = await caller();
  await one(Array.from({ length: 10 }, (_, i) => item('a', `k${i}`)));
  await other([item('b', 'k')]);
  assert.deepEqual((await one([item('a', 'k0')])).report.held, [{ category: 'a', removed: 9, of: 10 }]);
  await other([item('b', 'k')]);
  assert.deepEqual([await alerts('suspicious_collection'), await alerts('drift'), (await collection('a')).held], [['open'], [], true]);
  await one([item('a', 'k0')]);
  assert.deepEqual([await alerts('suspicious_collection'), await alerts('drift'), (await collection('a')).held], [['resolved'], ['open'], undefined]);
});

test('what is not read is named once, with a reason', async () => {
  const { admin, c } = await watched();
  for (const [unread, pointer] of [[[{ category: 'b' }], '/unread/0/reason'], [[{ category: '', reason: 'x' }], '/unread/0/category'], [5, '/unread'],
    [[{ category: 'b', reason: 'x' }, { category: 'c', reason: 'x' }, { category: 'b', reason: 'y' }], '/unread/0/category'],
    [[{ category: 'b', reason: 'x', until: 1 }], '/unread/0/until']]) {
    const a = await admin('PUT', `/api/drift/configs/${c.id}`, { body: { unread } });
    assert.equal(a.status, 422, a.text);
    assert.ok(a.json.errors.some((e) => e.pointer === pointer), a.text);
  }
  const gone = [{ category: 'b', reason: 'No licence any more.', retired: true }];
  assert.deepEqual((await admin('PUT', `/api/drift/configs/${c.id}`, { body: { unread: gone } })).json.unread, gone);
  assert.equal((await admin('PUT', `/api/drift/configs/${c.id}`, { body: { unread: null } })).status, 200);
});

test('what is retired or named as unread is over with that deed, though no snapshot comes after it', async () => {
  const { admin, c, caller, config, alerts, collection } = await watched({ baseline: { mode: 'pinned' } });
  const send = await caller(), many = (v) => Array.from({ length: 10 }, (_, i) => item('b', `k${i}`, i === 0 ? v : 1));
  const say = async (unread) => assert.equal((await admin('PUT', `/api/drift/configs/${c.id}`, { body: { unread } })).status, 200);
  const last = async () => (await all(admin, `/api/drift/alerts?config_id=${c.id}&kind=drift`)).at(-1);
  const retired = { category: 'b', reason: 'It was sold.', retired: true };
  await send([item('a', 'k'), ...many(1)]);
  for (let i = 0; i < 3; i++)
    await send([item('a', 'k'), ...many(2)], { d: 'forbidden' });
  await send([item('a', 'k'), item('b', 'k0', 2)], { d: 'forbidden' });
  for (const kind of ['drift', 'blind', 'suspicious_collection'])
    assert.deepEqual(await alerts(kind), ['open'], kind);

  await say([{ category: 'd', reason: 'No licence.' }]);
  await until('it is not blind', async () => (await alerts('blind'))[0] === 'resolved');
  assert.deepEqual([await alerts('drift'), await alerts('suspicious_collection'), (await config()).state], [['open'], ['open'], 'drifted']);
  await say([{ category: 'd', reason: 'No licence.' }, retired]);
  await until('nothing is left of it', async () => (await alerts('drift'))[0] === 'resolved');
  assert.deepEqual([await alerts('suspicious_collection'), (await config()).state, (await collection('b')).held], [['resolved'], 'ok', undefined]);
  const { history } = (await admin('GET', `/api/drift/alerts/${(await last()).id}`)).json;
  assert.equal(history.at(-1).note, 'No finding is left. Retired: b.');
  const back = (await send([item('a', 'k'), ...many(2)], { d: 'forbidden' })).report;
  assert.deepEqual([back.summary.modified, (await alerts('drift')).sort()], [1, ['open', 'resolved']], 'it is read all the same');
});

test('a snapshot with something unread becomes the baseline of what it has read', async () => {
  const { admin, c, caller, collection } = await watched();
  const send = await caller();
  const first = await send([item('a', 'k'), item('b', 'k')]);
  const second = await send([item('a', 'k', 2)], { b: 'failed' });
  const none = await send([], { a: 'failed', b: 'failed' });
  const set = (id) => admin('PUT', `/api/drift/configs/${c.id}/baseline`, { body: { snapshot_id: id } });
  assert.equal((await set(none.snapshot_id)).status, 422);
  const done = await set(second.snapshot_id);
  assert.deepEqual([done.status, done.json.approved, done.json.snapshot_id], [200, true, second.snapshot_id]);
  assert.deepEqual([(await collection('a')).baseline_id, (await collection('b')).baseline_id], [second.snapshot_id, first.snapshot_id]);
  assert.equal((await send([item('a', 'k', 2), item('b', 'k')])).report.status, 'clean');
  assert.equal((await admin('DELETE', `/api/drift/snapshots/${first.snapshot_id}?reason=x`)).status, 409, 'that of b stands on it');
});

test('what a template has and nobody reads is blind, and keeps nobody from pushing', async () => {
  const { admin, c, caller, alerts, collection } = await watched();
  const send = await caller();
  const template = async (resources) => {
    const made = await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('golden'), resources } });
    assert.equal(made.status, 201, made.text);
    const bound = await admin('PUT', `/api/drift/configs/${c.id}/baseline`, { body: { golden: { id: made.json.id } } });
    assert.equal(bound.status, 200, bound.text);
  };
  await template([item('a', 'k'), item('b', 'k'), item('z', 'k')]);
  for (let i = 1; i <= 4; i++)
    assert.deepEqual((await send([item('b', 'k')])).report.summary.deleted, 0, `push ${i}`);
  assert.deepEqual([(await collection('a')).state, (await collection('z')).blind], ['failed', true]);
  assert.deepEqual([await alerts('blind'), await alerts('drift')], [['open'], []]);
  await send([item('a', 'k'), item('b', 'k'), item('z', 'k')]);
  assert.deepEqual(await alerts('blind'), ['resolved']);

  await template(Array.from({ length: 9999 }, (_, i) => item(`c${i}`, 'k')));
  await assert.rejects(send([item('b', 'k')]), /at most 10000 collections; with this snapshot there would be 10002/);
});

// Somebody takes over a tenant in which nothing asks for a second factor.
const policy = (state) => item('conditionalAccess', 'Require MFA', { displayName: 'Require MFA', state, grantControls: { builtInControls: ['mfa'] } });

test('a tenant that is taken over as it should not be does not read ok until somebody says that it was seen', async () => {
  const { admin, c, caller, alerts, config } = await watched({ rule_packs: ['entra'] });
  const send = await caller(), at = `/api/drift/configs/${c.id}/baseline`;
  const first = await send([policy('disabled'), item('a', 'k')]);
  assert.equal(first.report.status, 'baseline');
  const { first_look: look } = first.report;
  assert.ok(look.critical + look.high > 0, JSON.stringify(look));
  assert.deepEqual([look.changes[0].category, look.changes[0].key, look.changes[0].path, look.more], ['conditionalAccess', 'Require MFA', '/state', 0]);
  assert.deepEqual(await all(admin, `/api/drift/alerts?config_id=${c.id}`), [], 'nobody is alerted');
  assert.equal((await config()).state, 'unreviewed');
  assert.deepEqual((await admin('GET', `/api/drift/reports/${first.report.id}`)).json.first_look, look);
  const shown = (await admin('GET', at)).json;
  assert.deepEqual([shown.approved, shown.first_look], [false, look]);
  assert.equal((await send([policy('disabled'), item('a', 'k')])).report.first_look, undefined, 'it is told once');
  assert.equal((await config()).state, 'unreviewed', 'it is so for as long as nobody has seen it');

  const set = (approve, snapshot_id = first.snapshot_id) => admin('PUT', at, { body: { snapshot_id, ...(approve ? { approve } : {}) } });
  for (const approve of [undefined, { reviewed: false }]) {
    const refused = await set(approve);
    assert.equal(refused.status, 409, refused.text);
    assert.match(refused.json.detail, /would be high or critical: look at it \(first_look of GET/);
  }
  assert.equal((await set({})).status, 422);
  assert.equal((await admin('POST', `/api/drift/reports/${first.report.id}/accept`, { body: { reason: 'As it came.' } })).status, 409);
  assert.equal((await admin('GET', at)).json.approved, false, 'what was refused has changed nothing');
  const done = await set({ reviewed: true });
  assert.deepEqual([done.status, done.json.approved, done.json.first_look], [200, true, undefined], done.text);
  assert.equal((await config()).state, 'ok');
  assert.ok(done.json.history.some((h) => h.note === 'A snapshot was set, and what was read first was reviewed.'), done.text);
  const trail = (await all(admin, '/api/audit?action=baseline.set')).filter((x) => JSON.stringify(x).includes(c.id));
  assert.equal(trail.length, 1, 'what was refused was not done');
  assert.equal((await set()).status, 200, 'there is nothing more to review');
  assert.deepEqual(await alerts('drift'), []);
});

test('a collection that comes later has a first look of its own, which is accepted with its report', async () => {
  const { admin, c, caller, config } = await watched({ rule_packs: ['entra'] });
  const send = await caller(), at = `/api/drift/configs/${c.id}/baseline`;
  const first = await send([item('a', 'k')]);
  assert.deepEqual([first.report.first_look, (await config()).state], [undefined, 'ok']);
  assert.equal((await admin('PUT', at, { body: { snapshot_id: first.snapshot_id } })).status, 200, 'where there is nothing, nothing is asked');
  const later = await send([item('a', 'k'), policy('disabled')]);
  assert.deepEqual([later.report.status, later.report.first_look.changes[0].path, (await config()).state], ['clean', '/state', 'unreviewed']);
  assert.deepEqual((await admin('GET', at)).json.first_look, later.report.first_look);
  const accept = (approve) => admin('POST', `/api/drift/reports/${later.report.id}/accept`, { body: { reason: 'Seen.', ...approve } });
  assert.equal((await accept({})).status, 409);
  assert.equal((await accept({ approve: { reviewed: true } })).status, 200);
  assert.deepEqual([(await config()).state, (await admin('GET', at)).json.first_look], ['ok', undefined]);
});

test('of much that is wrong the worst hundred is listed, and how much more there is', async () => {
  const rules = [{ path: '/open', to: true, severity: 'critical' }, { path: '/mfa', to: false, severity: 'high' }, { path: '/*', severity: 'low' }];
  const { admin, c, caller, alerts } = await watched({ rules });
  const send = await caller();
  const items = Array.from({ length: 150 }, (_, i) => item(i % 2 ? 'a' : 'b', `k${i}`, { mfa: false, open: i % 3 === 0, secret: `value-${i}` }));
  const { report } = await send(items), { first_look: look } = report;
  assert.deepEqual([look.critical, look.high, look.changes.length, look.more], [50, 150, 100, 100]);
  assert.deepEqual(look.changes.map((x) => x.severity), [...Array(50).fill('critical'), ...Array(50).fill('high')]);
  assert.ok(!JSON.stringify(look).includes('value-'), 'it has places and rules and no values');
  assert.deepEqual((await admin('GET', `/api/drift/configs/${c.id}/baseline`)).json.first_look, look);
  assert.deepEqual(await alerts('drift'), []);
});

test('a push that is refused is shown with the config, and told of when it goes on', async () => {
  const { admin, c, caller, config, alerts } = await watched({ thresholds: { blind_after: 1 } });
  const send = await caller(), key = withKey((await newKey(admin)).key), at = `/api/drift/configs/${c.id}/snapshots`;
  await send([item('a', 'k')]);
  assert.equal((await config()).last_refused, undefined);
  const twice = await key('POST', at, { body: { resources: [item('a', 'S3cret'), item('a', 'S3cret')] } });
  assert.equal(twice.status, 422, twice.text);
  const { at: when, pushed_by, ...seen } = (await config()).last_refused;
  assert.deepEqual(seen, { code: 'validation_failed', why: 'The request has invalid members. /resources/1 has the category', runs: 1 });
  assert.ok(Date.parse(when) > Date.now() - 60000 && pushed_by.startsWith('key:'), pushed_by);
  assert.deepEqual([await alerts('blind'), (await config()).state], [['open'], 'ok']);
  assert.equal((await key('POST', at, { body: '{"resources":[' })).status, 415, 'one in ten seconds is counted');
  assert.equal((await config()).last_refused.code, 'validation_failed');
  await send([item('a', 'k')]);
  assert.deepEqual(await alerts('blind'), ['open'], 'of another key');
  assert.equal((await key('POST', at, { body: { resources: [item('a', 'k')] } })).status, 201);
  assert.deepEqual([await alerts('blind'), (await config()).last_refused.runs], [['resolved'], 0]);
  assert.equal((await key('POST', `/api/drift/configs/${c.id.replace(/.$/, (last) => (last === 'f' ? 'e' : 'f'))}/snapshots`, { body: {} })).status, 404);
});

test('what is accepted does not say of a config that all of it was read and reviewed', async () => {
  const { admin, caller, config } = await watched({ rules: [{ path: '/mfa', from: true, severity: 'high' }] });
  const send = await caller();
  await send([item('a', 'k'), item('b', 'k'), item('c', 'k', { mfa: false })]);
  let last;
  for (let i = 0; i < 3; i++) last = await send([item('a', 'k', 2)], { b: 'failed', c: 'partial' });
  assert.equal((await config()).state, 'drifted');
  const done = await admin('POST', `/api/drift/reports/${last.report.id}/accept`, { body: { reason: 'As wanted.' } });
  assert.equal(done.status, 200, done.text);
  assert.equal((await config()).state, 'blind');
});
