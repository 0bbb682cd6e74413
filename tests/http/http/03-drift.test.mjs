import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { all, bearer, newConfig, newKey, policy, push, unique, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';

const changesOf = (caller, report, query = '') => all(caller, `/api/drift/reports/${report.id}/changes?${query}`);

test('a config is made, read, listed, changed and deleted', async () => {
  const admin = await bearer();
  const name = unique('config');
  const made = await admin('POST', '/api/drift/configs', { body: { name, source: { kind: 'push' },
    rule_packs: ['entra'], thresholds: { min_severity: 'medium' },
    rules: [{ path: '/note', severity: 'info', reason: 'A note.' }] } });
  assert.equal(made.status, 201, made.text);
  const c = made.json;
  assert.equal(c.name, name);
  assert.equal(c.config_id, c.id);
  assert.equal(c.state, 'new');
  assert.equal(c.last_snapshot_at, null);
  assert.deepEqual(c.rule_packs, ['entra']);

  const got = await admin('GET', `/api/drift/configs/${c.id}`);
  assert.equal(got.status, 200);
  assert.deepEqual(got.json, c);
  assert.ok((await all(admin, '/api/drift/configs')).some((x) => x.id === c.id));

  const renamed = await admin('PUT', `/api/drift/configs/${c.id}`, { body: { name: `${name} two`, rules: null } });
  assert.equal(renamed.status, 200, renamed.text);
  assert.equal(renamed.json.name, `${name} two`);
  assert.deepEqual(renamed.json.rule_packs, ['entra'], 'PUT changes only what it names');
  assert.ok(!renamed.json.rules || renamed.json.rules.length === 0, 'null clears');
  assert.ok(renamed.json.updated_at >= c.updated_at);

  assert.equal((await admin('DELETE', `/api/drift/configs/${c.id}`)).status, 204);
  assert.equal((await admin('GET', `/api/drift/configs/${c.id}`)).status, 404);
  assert.equal((await admin('DELETE', `/api/drift/configs/${c.id}`)).status, 404);
});

test('a name is taken once: 409', async () => {
  const admin = await bearer(), c = await newConfig(admin), d = await newConfig(admin);
  const again = await admin('POST', '/api/drift/configs', { body: { name: c.name, source: { kind: 'push' } } });
  assert.equal(again.status, 409);
  assert.equal(again.json.code, 'conflict');
  assert.equal((await admin('PUT', `/api/drift/configs/${d.id}`, { body: { name: c.name } })).status, 409);
});

test('an entity tag guards a change and spares an answer', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const target = `/api/drift/configs/${c.id}`;
  const first = await admin('GET', target);
  const tag = first.headers.etag;
  assert.match(tag, /^"[^"]+"$/);
  assert.equal((await admin('GET', target, { headers: { 'If-None-Match': tag } })).status, 304);
  assert.equal((await admin('GET', target, { headers: { 'If-None-Match': '"other"' } })).status, 200);

  const change = await admin('PUT', target, { body: { name: unique('n') }, headers: { 'If-Match': tag } });
  assert.equal(change.status, 200, change.text);
  assert.notEqual((await admin('GET', target)).headers.etag, tag);
  const stale = await admin('PUT', target, { body: { name: unique('n') }, headers: { 'If-Match': tag } });
  assert.equal(stale.status, 412);
  assert.equal(stale.json.code, 'precondition_failed');
  assert.equal((await admin('GET', target)).json.name, change.json.name, 'a refused change changes nothing');
  assert.equal((await admin('DELETE', target, { headers: { 'If-Match': tag } })).status, 412);
  assert.equal((await admin('GET', target, { headers: { 'If-None-Match': tag } })).status, 200);
});

test('what a config may not hold is 422 with its place, and nothing is made', async () => {
  const admin = await bearer();
  const good = { name: unique('config'), source: { kind: 'push' } };
  const before = (await all(admin, '/api/drift/configs')).length;
  for (const [change, pointer] of [[{ name: '' }, '/name'], [{ name: 'x'.repeat(201) }, '/name'], [{ name: 5 }, '/name'],
    [{ name: 'a\u0000b' }, '/name'], [{ source: { kind: 'psychic' } }, '/source/kind'], [{ source: {} }, '/source/kind'],
    [{ nonsense: 1 }, '/nonsense'], [{ source: { kind: 'push', extra: 1 } }, '/source/extra'],
    [{ rule_packs: ['no-such-pack'] }, '/rule_packs/0'], [{ rule_packs: ['../entra'] }, '/rule_packs/0'],
    [{ rules: [{ path: '/x', severity: 'apocalyptic' }] }, '/rules/0/severity'], [{ rules: 5 }, '/rules'],
    [{ alerts: [{ channel_id: 'x' }] }, '/alerts/0/channel_id'],
    [{ thresholds: { min_severity: 'x' } }, '/thresholds/min_severity'],
    [{ compare: { arrays: [{ path: '/a', mode: 'psychic' }] } }, '/compare/arrays/0/mode']]) {
    const a = await admin('POST', '/api/drift/configs', { body: { ...good, ...change } });
    assert.equal(a.status, 422, `${JSON.stringify(change)}: ${a.text}`);
    assert.equal(a.json.code, 'validation_failed');
    assert.ok(a.json.errors.some((e) => e.pointer.startsWith(pointer)), `${JSON.stringify(change)}: ${a.text}`);
  }
  const two = await admin('POST', '/api/drift/configs', { body: { x: 1, y: 2 } });
  assert.ok(two.json.errors.length >= 4, 'one entry for each fault');
  assert.equal((await all(admin, '/api/drift/configs')).length, before);
});

test('a config that names a channel of nobody is 422', async () => {
  const a = await (await bearer())('POST', '/api/drift/configs',
    { body: { name: unique('c'), source: { kind: 'push' }, alerts: [{ channel_id: nobody }] } });
  assert.equal(a.status, 422, a.text);
  assert.equal(a.json.errors[0].pointer, '/alerts/0/channel_id');
});

test('the first push is the baseline, the same again is clean, a changed one has drifted', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const key = withKey((await newKey(admin)).key);
  const first = await push(key, c, [policy(1), policy(2)]);
  assert.equal(first.report.status, 'baseline');
  assert.equal(first.report.config_id, c.id);
  const same = await push(key, c, [policy(1), policy(2)]);
  assert.ok(['clean', 'baseline'].includes(same.report.status), same.report.status);
  assert.notEqual(same.snapshot_id, first.snapshot_id);

  const bad = await push(key, c, [policy(1, { state: 'disabled' }), policy(3)], { actor: 'mallory@demo.example' });
  const r = bad.report;
  assert.equal(r.status, 'drifted');
  assert.deepEqual([r.summary.created, r.summary.modified, r.summary.deleted], [1, 1, 1]);
  assert.equal(r.max_severity, 'critical');
  assert.ok(r.score >= 64 * 2 + 4);
  assert.equal((await admin('GET', `/api/drift/configs/${c.id}`)).json.state, 'drifted');

  const stored = await admin('GET', `/api/drift/reports/${r.id}`);
  assert.equal(stored.status, 200);
  assert.deepEqual(stored.json, r);
  const changes = await changesOf(admin, r);
  assert.equal(changes.length, 3);
  const modified = changes.find((x) => x.op === 'modified');
  assert.deepEqual(modified.resource, { category: 'conditionalAccessPolicies', key: policy(1).key });
  assert.equal(modified.path, '/state');
  assert.deepEqual([modified.old_value, modified.new_value], ['enabled', 'disabled']);
  assert.equal(modified.severity, 'critical');
  assert.equal(modified.status, 'detected');
  assert.match(modified.rule, /state-left-enabled/);
  assert.equal(modified.attribution.actor, 'mallory@demo.example');
  const deleted = changes.find((x) => x.op === 'deleted'), created = changes.find((x) => x.op === 'created');
  assert.equal(deleted.path, '');
  assert.equal(deleted.old_value.displayName, 'CA2');
  assert.equal(created.new_value.displayName, 'CA3');

  const back = await push(key, c, [policy(1), policy(2)]);
  assert.equal(back.report.status, 'clean');
  // what the packs would call high in a first reading waits for somebody who has seen it
  assert.equal((await admin('GET', `/api/drift/configs/${c.id}`)).json.state, 'unreviewed');
});

test('other order of resources, members and elements is no change; volatile members are none', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  await push(admin, c, [policy(1), policy(2)]);
  const p = policy(1), q = policy(2);
  p.value.conditions.users.excludeGroups.reverse();
  const turned = Object.fromEntries(Object.entries(p.value).reverse());
  const same = await push(admin, c, [q, { ...p, value: { ...turned, modifiedDateTime: '2026-11-21T00:00:00Z',
    '@odata.context': 'https://graph.microsoft.com/x' } }]);
  assert.deepEqual([same.report.summary.created, same.report.summary.modified, same.report.summary.deleted], [0, 0, 0]);
  assert.deepEqual(await all(admin, `/api/drift/alerts?config_id=${c.id}`), []);
});

test('numbers keep every digit; 1, 1.0 and 1e0 are equal', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const one = (text) => admin('POST', `/api/drift/configs/${c.id}/snapshots`, { headers: { 'Content-Type': 'application/json' },
    body: `{"resources":[{"category":"n","key":"k","value":{"v":${text}}}]}` });
  assert.equal((await one('9007199254740993')).status, 201);
  const other = await one('9007199254740992');
  assert.equal(other.json.report.status, 'drifted');
  const raw = await admin('GET', `/api/drift/reports/${other.json.report.id}/changes`);
  assert.match(raw.text, /"old_value":9007199254740993\b/);
  const d = await newConfig(admin);
  const two = (text) => admin('POST', `/api/drift/configs/${d.id}/snapshots`, { headers: { 'Content-Type': 'application/json' },
    body: `{"resources":[{"category":"n","key":"k","value":{"v":${text}}}]}` });
  await two('1');
  assert.notEqual((await two('1.0')).json.report.status, 'drifted');
  assert.notEqual((await two('1e0')).json.report.status, 'drifted');
  assert.equal((await two('true')).json.report.status, 'drifted');
});

test('a collection that was not read is never taken for deletions', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const other = { category: 'namedLocations', key: 'n1', value: { displayName: 'HQ' } };
  await push(admin, c, [policy(1), other]);
  const partly = await push(admin, c, [policy(1)], { collections: { namedLocations: 'forbidden' } });
  assert.equal(partly.report.status, 'incomplete');
  assert.equal(partly.report.summary.deleted, 0);
  assert.equal(partly.report.incomplete[0].category, 'namedLocations');
  const silent = await push(admin, c, [policy(1)]);
  assert.equal(silent.report.status, 'clean', 'what a push does not speak of was not in it');
  const empty = await push(admin, c, [policy(1)], { collections: { namedLocations: 'complete' } });
  assert.equal(empty.report.status, 'drifted');
  assert.equal(empty.report.summary.deleted, 1);
});

test('changes are filtered and paged in a steady order', async () => {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [], rules: [
    { path: '/loud', severity: 'high', reason: 'Loud.' }] });
  const resource = (i, v, loud) => ({ category: i % 2 ? 'odd' : 'even', key: `k${String(i).padStart(2, '0')}`, value: { v, loud } });
  const list = (v) => Array.from({ length: 30 }, (_, i) => resource(i, v, i < 5 ? v : 0));
  await push(admin, c, list(1));
  const { report } = await push(admin, c, list(2));
  assert.equal(report.summary.modified, 35);
  assert.equal(report.summary.by_severity.high, 5);
  assert.equal(report.summary.by_severity.medium, 30);
  const whole = await changesOf(admin, report);
  const paged = await all(admin, `/api/drift/reports/${report.id}/changes`, 4);
  assert.deepEqual(paged, whole);
  assert.equal((await changesOf(admin, report, 'severity=high')).length, 5);
  assert.equal((await changesOf(admin, report, 'category=odd')).length, 17);
  assert.equal((await changesOf(admin, report, 'category=odd&severity=high')).length, 2);
  assert.equal((await changesOf(admin, report, 'status=accepted')).length, 0);
  assert.equal((await admin('GET', `/api/drift/reports/${report.id}/changes?severity=x`)).status, 422);
});

test('lists are newest first, paged, filtered, and refuse what they do not know', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  for (let i = 0; i < 5; i++)
    await push(admin, c, [policy(1, { displayName: `version ${i}` })]);
  for (const target of [`/api/drift/configs/${c.id}/snapshots`, `/api/drift/reports?config_id=${c.id}`]) {
    const whole = await all(admin, target);
    assert.equal(whole.length, 5, target);
    assert.deepEqual(await all(admin, target, 2), whole);
    assert.deepEqual(whole.map((x) => x.id), whole.map((x) => x.id).sort().reverse());
  }
  assert.equal((await all(admin, `/api/drift/reports?config_id=${c.id}&status=drifted`)).length, 4);
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'nonsense=1', 'status=x', 'config_id=x'])
    assert.equal((await admin('GET', `/api/drift/reports?${query}`)).status, 422, query);
  for (const query of ['cursor=!', 'limit=1&limit=2', 'limit=%zz', '=1', 'limit=%00'])
    assert.equal((await admin('GET', `/api/drift/reports?${query}`)).status, 400, query);
});

test('a snapshot tells what it held', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const one = await push(admin, c, [policy(1), policy(2)]);
  await push(admin, c, [policy(1, { state: 'disabled' })]);
  const a = await admin('GET', `/api/drift/snapshots/${one.snapshot_id}`);
  assert.equal(a.status, 200, a.text);
  assert.equal(a.json.id, one.snapshot_id);
  assert.equal(a.json.config_id, c.id);
  const item = await admin('GET', `/api/drift/snapshots/${one.snapshot_id}?category=conditionalAccessPolicies&key=${policy(1).key}`);
  assert.equal(item.status, 200, item.text);
  assert.match(item.text, /"state":"enabled"/);
  assert.doesNotMatch(item.text, /"disabled"/);
});

test('another snapshot can be made the baseline', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const target = `/api/drift/configs/${c.id}/baseline`;
  const one = await push(admin, c, [policy(1)]);
  const before = await admin('GET', target);
  assert.equal(before.status, 200, before.text);
  assert.equal(before.json.snapshot_id, one.snapshot_id);
  assert.equal(before.json.approved, false);
  const two = await push(admin, c, [policy(1, { state: 'disabled' })]);
  assert.equal(two.report.status, 'drifted');
  assert.equal((await admin('PUT', target, { body: { snapshot_id: two.snapshot_id } })).status, 409);
  const set = await admin('PUT', target, { body: { snapshot_id: two.snapshot_id, approve: { reviewed: true } } });
  assert.equal(set.status, 200, set.text);
  assert.equal(set.json.snapshot_id, two.snapshot_id);
  assert.equal(set.json.approved, true);
  const same = await push(admin, c, [policy(1, { state: 'disabled' })]);
  assert.notEqual(same.report.status, 'drifted');
  assert.equal((await push(admin, c, [policy(1)])).report.status, 'drifted');
  assert.ok([404, 422].includes((await admin('PUT', target, { body: { snapshot_id: nobody } })).status));
  const other = await newConfig(admin);
  const foreign = await push(admin, other, [policy(1)]);
  assert.ok([404, 422].includes((await admin('PUT', target, { body: { snapshot_id: foreign.snapshot_id } })).status));
});

test('an alert is opened, told once, acknowledged, and resolved when the value is back', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const alerts = () => all(admin, `/api/drift/alerts?config_id=${c.id}`);
  await push(admin, c, [policy(1)]);
  assert.deepEqual(await alerts(), []);
  const { report } = await push(admin, c, [policy(1, { state: 'disabled' })]);
  const [alert, ...more] = await alerts();
  assert.equal(more.length, 0);
  assert.equal(alert.kind, 'drift');
  assert.equal(alert.severity, 'critical');
  assert.equal(alert.status, 'open');
  assert.equal(alert.report_id, report.id);
  assert.equal(alert.config_id, c.id);
  await push(admin, c, [policy(1, { state: 'disabled' })]);
  assert.equal((await alerts()).length, 1, 'the same finding is the same alert');

  const target = `/api/drift/alerts/${alert.id}`;
  const put = await admin('PUT', target, { body: { status: 'acknowledged', note: 'Looking at it.' } });
  assert.equal(put.status, 200, put.text);
  assert.equal(put.json.status, 'acknowledged');
  assert.equal((await admin('GET', target)).json.acknowledged_by, 'admin@demo.example');
  assert.equal((await admin('PUT', target, { body: { status: 'sleepy' } })).status, 422);
  assert.equal((await admin('PUT', target, { body: { severity: 'low' } })).status, 422);

  await push(admin, c, [policy(1)]);
  const done = (await admin('GET', target)).json;
  assert.equal(done.status, 'resolved');
  assert.ok(done.resolved_at);
  await push(admin, c, [policy(1, { state: 'disabled' })]);
  assert.equal((await alerts()).length, 2, 'it came back: a new alert');
  assert.equal((await all(admin, `/api/drift/alerts?config_id=${c.id}&status=open`)).length, 1);
});

test('alerts are tailed from a cursor, oldest first', async () => {
  const admin = await bearer();
  const raise = async () => {
    const c = await newConfig(admin);
    await push(admin, c, [policy(1)]);
    await push(admin, c, [policy(1, { state: 'disabled' })]);
    return (await all(admin, `/api/drift/alerts?config_id=${c.id}`))[0].id;
  };
  const first = await raise();
  let cursor = '', seen = [];
  const tail = async () => {
    for (;;) {
      const a = await admin('GET', `/api/drift/alerts?since=${encodeURIComponent(cursor)}&limit=200`);
      assert.equal(a.status, 200, a.text);
      seen.push(...a.json.items.map((x) => x.id));
      if (a.json.next_cursor)
        cursor = a.json.next_cursor;
      if (a.json.items.length < 200)
        return;
    }
  };
  const newest = await admin('GET', '/api/drift/alerts?limit=1');
  assert.equal(newest.json.items[0].id, first);
  cursor = Buffer.from(first.replaceAll('-', ''), 'hex').toString('base64url');
  await tail();
  assert.deepEqual(seen, []);
  const second = await raise(), third = await raise();
  await tail();
  assert.deepEqual(seen, [second, third]);
});

// ---- the push itself ------------------------------------------------------------------------------

test('the same Idempotency-Key and body give the first answer again; another body is 409', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const headers = { 'Idempotency-Key': unique('push') };
  const first = await push(admin, c, [policy(1)], {}, headers);
  const again = await push(admin, c, [policy(1)], {}, headers);
  assert.deepEqual(again, first);
  assert.equal((await all(admin, `/api/drift/configs/${c.id}/snapshots`)).length, 1);
  const other = await admin('POST', `/api/drift/configs/${c.id}/snapshots`, { body: { resources: [policy(2)] }, headers });
  assert.equal(other.status, 409);
  assert.equal(other.json.code, 'conflict');
  const many = await Promise.all(Array.from({ length: 6 }, () => push(admin, c, [policy(5)], {}, { 'Idempotency-Key': 'same' })));
  assert.equal(new Set(many.map((x) => x.snapshot_id)).size, 1, 'also when they come at once');
  assert.equal((await all(admin, `/api/drift/configs/${c.id}/snapshots`)).length, 2);
  const long = await admin('POST', `/api/drift/configs/${c.id}/snapshots`,
    { body: { resources: [policy(1)] }, headers: { 'Idempotency-Key': 'x'.repeat(300) } });
  assert.ok(long.status >= 400 && long.status < 500, long.text);
});

test('pushes at once to one config all count, each in its turn', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  await push(admin, c, [policy(1)]);
  const some = await Promise.all(Array.from({ length: 16 }, (_, i) => push(admin, c, [policy(1, { displayName: `v${i}` })])));
  const ids = (await all(admin, `/api/drift/configs/${c.id}/snapshots`)).map((s) => s.id);
  assert.equal(ids.length, 17);
  for (const one of some)
    assert.ok(ids.includes(one.snapshot_id));
});

test('a snapshot from the past is stored and reported, but changes no state; one from the future is 422', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const at = (ms) => ({ collected_at: new Date(Date.now() + ms).toISOString() });
  await push(admin, c, [policy(1)], at(-60000));
  await push(admin, c, [policy(1, { state: 'disabled' })], at(-30000));
  const state = (await admin('GET', `/api/drift/configs/${c.id}`)).json.state;
  const late = await push(admin, c, [policy(1)], at(-50000));
  assert.ok(late.report.id);
  assert.equal((await admin('GET', `/api/drift/configs/${c.id}`)).json.state, state);
  const early = await admin('POST', `/api/drift/configs/${c.id}/snapshots`, { body: { resources: [policy(1)], ...at(600000) } });
  assert.equal(early.status, 422, early.text);
  assert.equal(early.json.errors[0].pointer, '/collected_at');
});

test('a document is split by the selector, or is one resource', async () => {
  const admin = await bearer();
  const c = await newConfig(admin, { source: { kind: 'push', selector: { resources: '/value', key: 'id', category: 'ca' } } });
  const doc = (state) => ({ '@odata.context': 'x', value: [policy(1).value, { ...policy(2).value, state }] });
  const send = (body) => admin('POST', `/api/drift/configs/${c.id}/snapshots`, { body: { document: body } });
  assert.equal((await send(doc('enabled'))).status, 201);
  const { report } = (await send(doc('disabled'))).json;
  const [change] = await changesOf(admin, report);
  assert.deepEqual(change.resource, { category: 'ca', key: policy(2).value.id });
  assert.equal((await send({ value: 5 })).status, 422);
  assert.equal((await send({ value: [{ no: 'id' }] })).status, 422);

  const d = await newConfig(admin);
  const whole = (v) => admin('POST', `/api/drift/configs/${d.id}/snapshots`, { body: { document: v } });
  await whole({ a: [1, 2] });
  const [one] = await changesOf(admin, (await whole({ a: [1, 3] })).json.report);
  assert.equal(one.resource.category, 'document');
  assert.equal(one.resource.key, '');
  assert.equal((await admin('POST', `/api/drift/configs/${d.id}/snapshots`, { body: { document: 1, resources: [] } })).status, 422);
  assert.equal((await admin('POST', `/api/drift/configs/${d.id}/snapshots`, { body: {} })).status, 422);
});

const utf16 = (text, big) => {
  const b = Buffer.from(`\ufeff${text}`, 'utf16le');
  return big ? b.swap16() : b;
};

test('documents come in UTF-8, with a BOM, and in UTF-16 of both orders: the same value is no change', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const value = JSON.stringify({ name: 'Größe 😀', n: [1, 2, 3] });
  const send = (body, type) => admin('POST', `/api/drift/configs/${c.id}/documents`, { body, headers: { 'Content-Type': type } });
  const first = await send(value, 'application/json');
  assert.equal(first.status, 201, first.text);
  assert.equal(first.json.report.status, 'baseline');
  for (const [bytes, type] of [[Buffer.from(`\ufeff${value}`), 'application/json'], [utf16(value, false), 'application/octet-stream'],
    [utf16(value, true), 'text/plain'], [utf16(value, false), 'application/x-www-form-urlencoded'], [utf16(value, true), undefined]]) {
    const a = await send(bytes, type);
    assert.equal(a.status, 201, `${type}: ${a.text}`);
    assert.notEqual(a.json.report.status, 'drifted');
  }
  const changed = await send(utf16(value.replace('Größe', 'Masse'), false), 'application/octet-stream');
  assert.equal(changed.json.report.summary.modified, 1);
  assert.equal((await send(value, 'image/png')).status, 415);
});

test('UTF-16 is refused where JSON is asked for, and a BOM ignored', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const text = JSON.stringify({ resources: [policy(1)] });
  for (const [body, status] of [[utf16(text, false), 415], [utf16(text, true), 415], [Buffer.from(`\ufeff${text}`), 201]]) {
    const a = await admin('POST', `/api/drift/configs/${c.id}/snapshots`, { body, headers: { 'Content-Type': 'application/json' } });
    assert.equal(a.status, status, a.text);
  }
});

test('documents that are cut, half a surrogate or no JSON are 400', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const good = utf16('{"a":"bc"}', false);
  const lone = Buffer.concat([utf16('{"a":"', false), Buffer.from([0x00, 0xd8]), Buffer.from('"}', 'utf16le')]);
  for (const body of [good.subarray(0, -1), lone, utf16('{', false), Buffer.from(''), Buffer.from([0xff, 0xfe]), Buffer.from([0xff])]) {
    const a = await admin('POST', `/api/drift/configs/${c.id}/documents`, { body, headers: { 'Content-Type': 'application/octet-stream' } });
    assert.equal(a.status, 400, `${body.toString('hex')}: ${a.text}`);
    assert.equal(a.json.code, 'malformed_json');
  }
  assert.deepEqual(await all(admin, `/api/drift/configs/${c.id}/snapshots`), []);
});

test('faults of a push name their place, and nothing of it is stored', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const r = { category: 'c', key: 'k', value: 1 };
  for (const [body, pointer] of [[{ resources: [r, r] }, '/resources'], [{ resources: [{ ...r, category: '' }] }, '/resources/0/category'],
    [{ resources: [{ ...r, category: 'x'.repeat(129) }] }, '/resources/0/category'],
    [{ resources: [r, { ...r, key: 'x'.repeat(513) }] }, '/resources/1/key'], [{ resources: [{ category: 'c', key: 'k' }] }, '/resources/0/value'],
    [{ resources: 5 }, '/resources'], [{ resources: [5] }, '/resources/0'], [{ resources: [r], collections: { c: 'maybe' } }, '/collections/c'],
    [{ resources: [r], nonsense: 1 }, '/nonsense'], [{ resources: [r], collected_at: 'yesterday' }, '/collected_at'],
    [{ resources: [r], actor: 'x'.repeat(300) }, '/actor']]) {
    const a = await admin('POST', `/api/drift/configs/${c.id}/snapshots`, { body });
    assert.equal(a.status, 422, a.text);
    assert.ok(a.json.errors.some((e) => e.pointer.startsWith(pointer)), `${pointer}: ${a.text}`);
  }
  assert.deepEqual(await all(admin, `/api/drift/configs/${c.id}/snapshots`), []);
  assert.equal((await admin('GET', `/api/drift/configs/${c.id}`)).json.state, 'new');
});

test('secrets of a snapshot are masked: a change is seen, the value is nowhere', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const secret = (s) => [{ category: 'apps', key: 'a', value: { clientSecret: s, name: 'x' } }];
  const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
  await push(admin, c, secret(a));
  const { report } = await push(admin, c, secret(b));
  assert.equal(report.summary.modified, 1);
  const answer = await admin('GET', `/api/drift/reports/${report.id}/changes`);
  assert.match(answer.text, /\[masked\]/);
  assert.ok(!answer.text.includes(a) && !answer.text.includes(b));
});

test('a large snapshot is taken, and its change found', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const list = (x) => Array.from({ length: 3000 }, (_, i) => ({ category: 'big', key: `k${i}`,
    value: { i, text: 'x'.repeat(400), changed: i === 1777 ? x : 0 } }));
  await push(admin, c, list(1));
  const { report } = await push(admin, c, list(2));
  assert.equal(report.summary.modified, 1);
});

test('a document takes its actor and time from the query', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const when = new Date(Date.now() - 1000).toISOString();
  const a = await admin('POST', `/api/drift/configs/${c.id}/documents?actor=mallory&collected_at=${encodeURIComponent(when)}`, { body: { a: 1 } });
  assert.equal(a.status, 201, a.text);
  const s = (await admin('GET', `/api/drift/snapshots/${a.json.snapshot_id}`)).json;
  assert.equal(s.actor, 'mallory');
  assert.equal(s.collected_at, when);
  const headers = { 'Idempotency-Key': unique('doc') };
  const one = await admin('POST', `/api/drift/configs/${c.id}/documents`, { body: { a: 2 }, headers });
  const two = await admin('POST', `/api/drift/configs/${c.id}/documents`, { body: { a: 2 }, headers });
  assert.deepEqual(two.json, one.json);
  assert.equal((await admin('POST', `/api/drift/configs/${c.id}/documents`, { body: { a: 3 }, headers })).status, 409);
});

test('with the baseline "previous" each snapshot is compared with the one before', async () => {
  const admin = await bearer(), c = await newConfig(admin, { baseline: { mode: 'previous' } });
  await push(admin, c, [policy(1)]);
  assert.equal((await push(admin, c, [policy(1, { state: 'disabled' })])).report.status, 'drifted');
  const { report } = await push(admin, c, [policy(1, { state: 'disabled', displayName: 'x' })]);
  assert.equal(report.summary.modified, 1);
  assert.equal((await admin('PUT', `/api/drift/configs/${c.id}/baseline`, { body: { snapshot_id: report.snapshot_id } })).status, 409);
});

test('a deleted config takes its reports and snapshots along, and resolves its alerts', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const one = await push(admin, c, [policy(1)]);
  const { report } = await push(admin, c, [policy(1, { state: 'disabled' })]);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${c.id}`);
  assert.equal((await admin('DELETE', `/api/drift/configs/${c.id}`)).status, 204);
  for (const target of [`/api/drift/snapshots/${one.snapshot_id}`, `/api/drift/reports/${report.id}`, `/api/drift/reports/${report.id}/changes`,
    `/api/drift/configs/${c.id}/snapshots`, `/api/drift/configs/${c.id}/baseline`])
    assert.equal((await admin('GET', target)).status, 404, target);
  assert.equal((await admin('POST', `/api/drift/configs/${c.id}/snapshots`, { body: { resources: [policy(1)] } })).status, 404);
  assert.equal((await admin('GET', `/api/drift/alerts/${alert.id}`)).json.status, 'resolved');
});

test('an alert is assigned, guarded by its tag, and resolved once by hand', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  await push(admin, c, [policy(1)]);
  await push(admin, c, [policy(1, { state: 'disabled' })]);
  const target = `/api/drift/alerts/${(await all(admin, `/api/drift/alerts?config_id=${c.id}`))[0].id}`;
  const tag = (await admin('GET', target)).headers.etag;
  const put = (body, headers = {}) => admin('PUT', target, { body, headers });
  const user = admin.session.user.id;
  assert.equal((await put({ assigned_to: user }, { 'If-Match': tag })).json.assigned_to, user);
  assert.equal((await put({ status: 'resolved' }, { 'If-Match': tag })).status, 412);
  assert.equal((await put({ assigned_to: null })).json.assigned_to, null);
  const done = await put({ status: 'resolved', note: 'It was planned.' });
  assert.equal(done.json.status, 'resolved');
  assert.equal(done.json.resolved_by, 'admin@demo.example');
  assert.equal((await put({ status: 'acknowledged' })).status, 409);
  assert.equal((await put({ status: 'open' })).status, 422);
});

test('alerts are filtered by status, severity, kind and config', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  await push(admin, c, [policy(1)]);
  await push(admin, c, [policy(1, { state: 'disabled' })]);
  const n = async (query) => (await all(admin, `/api/drift/alerts?config_id=${c.id}&${query}`)).length;
  assert.deepEqual([await n('status=open'), await n('severity=critical'), await n('kind=drift')], [1, 1, 1]);
  assert.deepEqual([await n('status=resolved'), await n('severity=low'), await n('kind=blind')], [0, 0, 0]);
  assert.equal((await admin('GET', '/api/drift/alerts?severity=x')).status, 422);
});

test('of changes at once that hold the same tag one wins; of configs at once with one name one is made', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const target = `/api/drift/configs/${c.id}`, tag = (await admin('GET', target)).headers.etag;
  const names = Array.from({ length: 8 }, () => unique('n'));
  const puts = await Promise.all(names.map((name) => admin('PUT', target, { body: { name }, headers: { 'If-Match': tag }, agent: false })));
  assert.equal(puts.filter((a) => a.status === 200).length, 1);
  assert.ok(puts.every((a) => [200, 409, 412].includes(a.status)), puts.map((a) => a.status).join());
  assert.equal((await admin('GET', target)).json.name, puts.find((a) => a.status === 200).json.name);
  const name = unique('same');
  const posts = await Promise.all(names.map(() => admin('POST', '/api/drift/configs', { body: { name, source: { kind: 'push' } }, agent: false })));
  assert.deepEqual(posts.map((a) => a.status).sort(), [201, 409, 409, 409, 409, 409, 409, 409]);
});

test('another entity tag and a list without the present one do not match; what is no list of tags is 400; * matches', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const target = `/api/drift/configs/${c.id}`, tag = (await admin('GET', target)).headers.etag;
  const put = (match) => admin('PUT', target, { body: {}, headers: { 'If-Match': match } });
  for (const match of ['"x"', 'W/"x"', '"x", "y"'])
    assert.equal((await put(match)).status, 412, match);
  assert.equal((await put('x')).status, 400);
  assert.equal((await put(`"x", ${tag}`)).status, 200);
  assert.equal((await put('*')).status, 200);
});

test('1e400 is not 1e500; numbers beyond the limits are 422; a member name may hold U+0000', async () => {
  const admin = await bearer(), c = await newConfig(admin);
  const send = (value) => admin('POST', `/api/drift/configs/${c.id}/snapshots`, { headers: { 'Content-Type': 'application/json' },
    body: `{"resources":[{"category":"n","key":"k","value":${value}}]}` });
  await send('1e400');
  assert.equal((await send('1e500')).json.report.status, 'drifted');
  for (const value of ['1e99999999999', '1'.repeat(5000), '-1E-9999999999999999999'])
    assert.equal((await send(value)).status, 422, value.slice(0, 30));
  const d = await newConfig(admin);
  const two = (v) => push(admin, d, [{ category: 'n', key: 'k', value: { 'a\u0000b': v } }]);
  await two(1);
  const [change] = await changesOf(admin, (await two(2)).report);
  assert.equal(change.path, '/a\\u0000b');
});

test('long names and values are cut in the list, not lost', async () => {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [] });
  const one = (v) => push(admin, c, [{ category: 'n', key: 'k', value: { ['n'.repeat(70000)]: v, big: `${'v'.repeat(20000)}${v}` } }]);
  await one(1);
  const changes = await changesOf(admin, (await one(2)).report);
  assert.equal(changes.length, 2);
  const big = changes.find((x) => x.path === '/big');
  assert.equal(big.new_value_truncated, true);
  assert.equal(big.new_value, undefined);
});
