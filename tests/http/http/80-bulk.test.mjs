// Deciding about many findings, and working on many alerts, at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { all, bearer, newConfig, newKey, newTenant, push, unique, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const item = (key, value) => ({ category: 'c', key, value });
const changesOf = (caller, report, query = '') => all(caller, `/api/drift/reports/${report.id}/changes?${query}`);

// A config with k1..kN at {a: 0}, and a push that sets them.
async function watched(n, admin) {
  admin ??= await bearer();
  const c = await newConfig(admin, { rule_packs: [] }), key = withKey((await newKey(admin)).key);
  const send = (value) => push(key, c, Array.from({ length: n }, (_, i) => item(`k${i + 1}`, { a: value })));
  await send(0);
  const bulk = (body) => admin('PUT', '/api/drift/changes', { body });
  return { admin, c, send, bulk, alerts: () => all(admin, `/api/drift/alerts?config_id=${c.id}`) };
}

const entries = async (admin, action) => (await admin('GET', `/api/audit?action=${action}&limit=5`)).json.items;

test('many changes are accepted with one call, one audit entry and a line of history each', async () => {
  const { admin, send, bulk, alerts } = await watched(5);
  const { report } = await send(1);
  const ids = (await changesOf(admin, report)).map((x) => x.id);
  const done = await bulk({ ids: [...ids.slice(0, 4), ids[0]], status: 'accepted', reason: 'Agreed.' });
  assert.equal(done.status, 200, done.text);
  assert.deepEqual(done.json, { matched: 4, changed: 4, unchanged: 0 });
  const [entry] = await entries(admin, 'change.update');
  assert.deepEqual([entry.details.matched, entry.details.changed, entry.details.status], [4, 4, 'accepted']);
  assert.deepEqual([...entry.details.changes].sort(), ids.slice(0, 4).sort());
  for (const id of ids.slice(0, 4)) {
    const { json } = await admin('GET', `/api/drift/changes/${id}`);
    assert.deepEqual([json.status, json.acceptance.reason, json.history.length], ['accepted', 'Agreed.', 1]);
  }
  assert.deepEqual((await bulk({ ids, status: 'accepted', reason: 'Agreed.' })).json, { matched: 5, changed: 1, unchanged: 4 });
  assert.equal((await send(1)).report.status, 'clean');
  assert.equal((await alerts())[0].status, 'resolved');
});

test('a filter decides about what it names in a report', async () => {
  const { admin, send, bulk } = await watched(3);
  const { report } = await send(1);
  const [first] = await changesOf(admin, report);
  const filter = { report_id: report.id };
  for (const [more, matched] of [[{ severity: 'high' }, 0], [{ category: 'd' }, 0], [{ status: 'accepted' }, 0],
    [{ fingerprint: first.fingerprint }, 1], [{ severity: 'medium', category: 'c', status: 'detected' }, 2]]) {
    const a = await bulk({ filter: { ...filter, ...more }, status: 'acknowledged' });
    assert.deepEqual(a.json, { matched, changed: matched, unchanged: 0 }, JSON.stringify(more));
  }
  const me = admin.session.user.id, stranger = (await bearer(newTenant())).session.user.id;
  const gone = (await admin('POST', '/api/users', { body: { email: `${unique('gone')}@a.example`, display_name: 'Gone', password: 'a long enough password', roles: ['viewer'] } })).json.id;
  assert.equal((await admin('PUT', `/api/users/${gone}`, { body: { status: 'disabled' } })).status, 200);
  for (const id of [nobody, stranger, gone]) {
    const refused = await bulk({ filter, assigned_to: id });
    assert.deepEqual([refused.status, refused.json.errors[0].pointer], [422, '/assigned_to']);
    assert.equal((await admin('PUT', `/api/drift/changes/${first.id}`, { body: { assigned_to: id } })).status, 422);
  }
  const assigned = await bulk({ filter, assigned_to: me });
  assert.deepEqual(assigned.json, { matched: 3, changed: 3, unchanged: 0 });
  assert.equal((await admin('GET', `/api/drift/changes/${first.id}`)).json.assigned_to, me);
  const [entry] = await entries(admin, 'change.update');
  assert.deepEqual(entry.details.filter, filter);
});

test('what cannot be done to one is done to none, and the answer says why', async () => {
  const { admin, send, bulk } = await watched(3);
  const { report } = await send(1);
  const changes = await changesOf(admin, report), ids = changes.map((x) => x.id);
  assert.equal((await admin('PUT', `/api/drift/changes/${ids[1]}`, { body: { status: 'resolved' } })).status, 200);
  const refused = await bulk({ ids, status: 'in_progress' });
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.json.detail, new RegExp(`${ids[1]} is resolved\\. What is resolved is reopened with detected first`));
  const one = await admin('PUT', `/api/drift/changes/${ids[1]}`, { body: { status: 'acknowledged' } });
  assert.equal(one.status, 409, 'the same with one');
  const other = newTenant(), stranger = await watched(1, await bearer(other));
  const [theirs] = await changesOf(stranger.admin, (await stranger.send(1)).report);
  const foreign = await bulk({ ids: [ids[0], theirs.id, nobody], status: 'acknowledged' });
  assert.equal(foreign.status, 422);
  assert.deepEqual(foreign.json.errors.map((x) => x.pointer), ['/ids/1', '/ids/2']);
  assert.deepEqual((await changesOf(admin, report)).map((x) => x.status), ['detected', 'resolved', 'detected']);
  assert.equal((await changesOf(stranger.admin, { id: theirs.report_id }))[0].status, 'detected');
});

test('a body that names nothing, both, too many or nonsense is 422 with its place', async () => {
  const { admin, send, bulk } = await watched(1);
  const { report } = await send(1), [change] = await changesOf(admin, report), ids = [change.id];
  for (const [body, pointer] of [[{}, ''], [{ status: 'resolved' }, ''], [{ ids }, ''],
    [{ ids, filter: { report_id: report.id }, status: 'resolved' }, ''],
    [{ ids: [], status: 'resolved' }, '/ids'], [{ ids: 'x', status: 'resolved' }, '/ids'],
    [{ ids: ['x'], status: 'resolved' }, '/ids/0'], [{ ids: [null], status: 'resolved' }, '/ids/0'],
    [{ ids: Array(1001).fill(change.id), status: 'resolved' }, '/ids'], [{ ids, status: 'lost' }, '/status'],
    [{ ids, status: 'accepted' }, '/reason'], [{ ids, status: 'ignored', expires_at: '2090-01-01T00:00:00.000Z' }, '/expires_at'],
    [{ filter: {}, status: 'resolved' }, '/filter/report_id'], [{ filter: { report_id: nobody }, status: 'resolved' }, '/filter/report_id'],
    [{ filter: { report_id: report.id, severity: 'bad' }, status: 'resolved' }, '/filter/severity'],
    [{ filter: { report_id: report.id, fingerprint: 'z'.repeat(64) }, status: 'resolved' }, '/filter/fingerprint'],
    [{ filter: { report_id: report.id, who: 1 }, status: 'resolved' }, '/filter/who'], [{ ids, status: 'resolved', x: 1 }, '/x']]) {
    const a = await bulk(body);
    assert.equal(a.status, 422, `${JSON.stringify(body).slice(0, 200)}: ${a.text}`);
    assert.ok(a.json.errors.some((x) => x.pointer === pointer), a.text);
  }
  assert.equal((await call('PUT', '/api/drift/changes', { body: { ids, status: 'resolved' } })).status, 401);
  assert.equal((await admin('GET', `/api/drift/changes/${change.id}`)).json.status, 'detected');
});

test('many alerts are worked on at once, forwards only', async () => {
  const admin = await bearer(), configs = [await watched(1, admin), await watched(1, admin), await watched(1, admin)];
  const ids = [];
  for (const x of configs) {
    await x.send(1);
    ids.push((await x.alerts())[0].id);
  }
  const bulk = (body) => admin('PUT', '/api/drift/alerts', { body }), me = admin.session.user.id;
  for (const id of [nobody, (await bearer(newTenant())).session.user.id]) {
    assert.equal((await bulk({ ids, assigned_to: id })).json.errors[0].pointer, '/assigned_to');
    assert.equal((await admin('PUT', `/api/drift/alerts/${ids[0]}`, { body: { assigned_to: id } })).status, 422);
  }
  assert.deepEqual((await bulk({ ids: [ids[0], ids[1], ids[0]], status: 'in_progress', note: 'Ours.', assigned_to: me })).json,
    { matched: 2, changed: 2, unchanged: 0 });
  const [entry] = await entries(admin, 'alert.update');
  assert.deepEqual([entry.details.changed, [...entry.details.alerts].sort()], [2, ids.slice(0, 2).sort()]);
  const shown = (await admin('GET', `/api/drift/alerts/${ids[0]}`)).json;
  assert.deepEqual([shown.status, shown.assigned_to, shown.history.map((h) => [h.from, h.to, h.note])],
    ['in_progress', me, [['open', 'in_progress', 'Ours.']]]);
  assert.deepEqual((await bulk({ ids: ids.slice(0, 2), status: 'in_progress' })).json, { matched: 2, changed: 0, unchanged: 2 });
  const back = await bulk({ ids: [ids[2], ids[0]], status: 'acknowledged' });
  assert.equal(back.status, 409);
  assert.match(back.json.detail, /never back/);
  assert.equal((await admin('GET', `/api/drift/alerts/${ids[2]}`)).json.status, 'open', 'nothing was changed');
  assert.equal((await admin('PUT', `/api/drift/alerts/${ids[0]}`, { body: { status: 'acknowledged' } })).status, 409);
  assert.deepEqual((await bulk({ filter: { config_id: configs[2].c.id, status: 'open', severity: 'medium', kind: 'drift' }, status: 'resolved' })).json,
    { matched: 1, changed: 1, unchanged: 0 });
  assert.deepEqual((await bulk({ ids, status: 'resolved' })).json, { matched: 3, changed: 2, unchanged: 1 });
  assert.equal((await bulk({ ids, status: 'in_progress' })).status, 409, 'what is resolved stays so');
  assert.equal((await admin('PUT', `/api/drift/alerts/${ids[0]}`, { body: { status: 'resolved' } })).status, 409);
  for (const x of configs)
    assert.equal((await x.send(2)).report.status, 'drifted');
  assert.deepEqual((await configs[2].alerts()).map((a) => a.status), ['open', 'resolved'], 'what is still there opens another');
});

test('a body for alerts that does not fit is 422 with its place', async () => {
  const { admin, send, alerts } = await watched(1);
  await send(1);
  const [alert] = await alerts(), ids = [alert.id];
  for (const [body, pointer] of [[{}, ''], [{ ids }, ''], [{ status: 'resolved' }, ''], [{ filter: {}, status: 'resolved' }, '/filter'],
    [{ ids, filter: { kind: 'drift' }, status: 'resolved' }, ''], [{ ids, status: 'open' }, '/status'],
    [{ ids: [alert.id, nobody], status: 'resolved' }, '/ids/1'], [{ ids: ['x'], status: 'resolved' }, '/ids/0'],
    [{ filter: { kind: 'none' }, status: 'resolved' }, '/filter/kind'], [{ filter: { config_id: 'x' }, note: 'n' }, '/filter/config_id']]) {
    const a = await admin('PUT', '/api/drift/alerts', { body });
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(a.json.errors.some((x) => x.pointer === pointer), a.text);
  }
  const stranger = await bearer(newTenant());
  assert.equal((await stranger('PUT', '/api/drift/alerts', { body: { ids, status: 'resolved' } })).status, 422);
  assert.equal((await admin('GET', `/api/drift/alerts/${alert.id}`)).json.status, 'open');
  assert.equal((await call('PUT', '/api/drift/alerts', { body: { ids, status: 'resolved' } })).status, 401);
});

test('alerts are found by who works on them, the report they stand on, and whether they are quiet', async () => {
  const { admin, c, send, alerts } = await watched(1);
  const { report } = await send(1), [alert] = await alerts();
  const found = async (query) => (await all(admin, `/api/drift/alerts?config_id=${c.id}&${query}`)).length;
  const me = admin.session.user.id;
  assert.equal(await found(`assigned_to=${me}`), 0);
  await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { assigned_to: me } });
  assert.deepEqual([await found(`assigned_to=${me}`), await found(`report_id=${report.id}`), await found(`report_id=${nobody}`),
    await found('suppressed=false'), await found('suppressed=true')], [1, 1, 0, 1, 0]);
  for (const query of ['suppressed=maybe', 'assigned_to=x', 'report_id=1'])
    assert.ok([400, 422].includes((await admin('GET', `/api/drift/alerts?${query}`)).status), query);
  const tail = await admin('GET', `/api/drift/alerts?since=&config_id=${c.id}`);
  assert.deepEqual(tail.json.items.map((a) => a.id), [alert.id]);
  await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'resolved' } });
  await send(2);
  const more = await admin('GET', `/api/drift/alerts?config_id=${c.id}&since=${tail.json.next_cursor}`);
  assert.deepEqual(more.json.items.map((a) => a.status), ['open']);
});
