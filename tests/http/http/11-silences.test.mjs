// Silences: what they cover is in the list and in the report, and is not sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { all, bearer, newConfig, newKey, newTenant, push, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const later = (ms) => new Date(Date.now() + ms).toISOString();

async function watched() {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [] });
  const key = withKey((await newKey(admin)).key);
  const send = (value) => push(key, c, [{ category: 'c', key: 'k', value }]);
  await send({ a: 1, b: 1 });
  const silence = (matcher, ms, more = {}) => admin('POST', '/api/drift/silences',
    { body: { matcher: { config: c.id, ...matcher }, reason: 'Work on it.', expires_at: later(ms), ...more } });
  return { admin, c, send, silence, alerts: () => all(admin, `/api/drift/alerts?config_id=${c.id}`) };
}

test('a finding under a silence makes an alert that says so; the end of the silence makes it heard', async () => {
  const { admin, send, silence, alerts } = await watched();
  const made = await silence({ category: 'c', path: '/*' }, 60000);
  assert.equal(made.status, 201, made.text);
  assert.ok((await all(admin, '/api/drift/silences')).some((s) => s.id === made.json.id && s.reason === 'Work on it.'));
  const quiet = await send({ a: 2, b: 1 });
  assert.equal(quiet.report.status, 'drifted');
  assert.equal(quiet.report.not_alerted.code, 'silence');
  assert.deepEqual(quiet.report.not_alerted.held_back.map((h) => [h.code, h.changes]), [['silence', 1]]);
  assert.deepEqual((await alerts()).map((a) => [a.status, a.suppressed_by]), [['open', `silence:${made.json.id}`]]);

  assert.equal((await admin('DELETE', `/api/drift/silences/${made.json.id}`)).status, 204);
  assert.equal((await admin('DELETE', `/api/drift/silences/${made.json.id}`)).status, 404);
  const heard = await send({ a: 2, b: 1 });
  assert.equal(heard.report.not_alerted.code, 'no_channel', 'it would be sent');
  assert.deepEqual((await alerts()).map((a) => [a.status, a.suppressed_by]), [['open', null]]);
});

test('a silence goes on when the value that it keeps quiet becomes another', async () => {
  const { send, silence, alerts } = await watched();
  const made = await silence({ category: 'c', path: '/a' }, 60000);
  for (const a of [2, 3, 400]) {
    const quiet = await send({ a, b: 1 });
    assert.equal(quiet.report.not_alerted.code, 'silence', `${a}: ${JSON.stringify(quiet.report)}`);
    assert.deepEqual((await alerts()).map((x) => [x.status, x.suppressed_by]), [['open', `silence:${made.json.id}`]]);
  }
});

test('a silence covers what it names and nothing else, and ends by itself', async () => {
  const { send, silence, alerts } = await watched();
  assert.equal((await silence({ path: '/a', severity: 'medium' }, 1500)).status, 201);
  const both = await send({ a: 2, b: 2 });
  assert.deepEqual(both.report.not_alerted.held_back.map((h) => [h.code, h.changes]), [['silence', 1]]);
  assert.deepEqual((await alerts()).map((a) => [a.changes, a.suppressed_by]), [[1, null]]);
  await new Promise((resolve) => setTimeout(resolve, 1700));
  await send({ a: 2, b: 2 });
  assert.deepEqual((await alerts()).map((a) => [a.changes, a.suppressed_by]), [[2, null]]);
});

test('a silence of the future, of another config or of another severity covers nothing', async () => {
  const { admin, send, silence, alerts } = await watched();
  await silence({}, 60000, { starts_at: later(30000) });
  await silence({ config: nobody }, 60000);
  await silence({ severity: 'critical' }, 60000);
  await silence({ category: 'd*' }, 60000);
  await silence({ path: '/a/b' }, 60000);
  await send({ a: 2, b: 1 });
  assert.deepEqual((await alerts()).map((a) => a.suppressed_by), [null]);
  for (const s of (await all(admin, '/api/drift/silences')))
    await admin('DELETE', `/api/drift/silences/${s.id}`);
});

test('a silence needs a reason, an end and something to cover', async () => {
  const admin = await bearer();
  const good = { matcher: { category: 'x' }, reason: 'r', expires_at: later(60000) };
  for (const [change, pointer] of [[{ matcher: {} }, '/matcher'], [{ matcher: undefined }, '/matcher'], [{ reason: undefined }, '/reason'],
    [{ expires_at: undefined }, '/expires_at'], [{ expires_at: null }, '/expires_at'], [{ expires_at: later(-1000) }, '/expires_at'],
    [{ expires_at: later(400 * 86400000) }, '/expires_at'], [{ starts_at: later(90000) }, '/expires_at'],
    [{ matcher: { path: 'a' } }, '/matcher/path'], [{ matcher: { severity: 'x' } }, '/matcher/severity'],
    [{ matcher: { who: 'x' } }, '/matcher/who']]) {
    const a = await admin('POST', '/api/drift/silences', { body: { ...good, ...change } });
    assert.equal(a.status, 422, `${JSON.stringify(change)}: ${a.text}`);
    assert.ok(a.json.errors.some((x) => x.pointer === pointer), a.text);
  }
  for (const [method, target] of [['GET', '/api/drift/silences'], ['POST', '/api/drift/silences'], ['DELETE', `/api/drift/silences/${nobody}`]])
    assert.equal((await call(method, target, method === 'POST' ? { body: good } : {})).status, 401);
});

test('the register has what was decided not to be told of: in its order, with who, why and until when, as a list and as a table', async () => {
  const admin = await bearer(newTenant()), config = await newConfig(admin, { name: 'Watched, "so"', rule_packs: [] }), from = later(-1000);
  const send = (a, b) => push(admin, config, [{ category: 'c', key: 'k', value: { a, list: [{ id: 'secret name', b }] } }]);
  await send(1, 1);
  const { report } = await send(2, 2), changes = await all(admin, `/api/drift/reports/${report.id}/changes`), decide = async (change, body) => {
    const a = await admin('PUT', `/api/drift/changes/${change.id}`, { body });
    assert.equal(a.status, 200, a.text);
  };
  const plain = changes.find((c) => c.path === '/a'), deep = changes.find((c) => c !== plain), end = later(86400000);
  await decide(plain, { status: 'accepted', reason: '=Planned,\n"so"', expires_at: end });
  await decide(deep, { status: 'accepted', reason: 'Meant.' });
  const made = await admin('POST', '/api/drift/silences', { body: { matcher: { config: config.id, category: 'c', path: '/x' }, reason: 'Work.', expires_at: end } });
  assert.equal(made.status, 201, made.text);
  await decide(deep, { status: 'detected' });
  const old = await admin('POST', '/api/drift/silences', { body: { kind: 'maintenance', matcher: { config: config.id }, reason: 'Weekend.', expires_at: end } });
  assert.equal((await admin('DELETE', `/api/drift/silences/${old.json.id}`)).status, 204);
  const list = await all(admin, '/api/drift/register', 2), brief = (e) => [e.kind, e.state, e.reason, e.config, e.category, e.key, e.path];
  assert.deepEqual(list.slice(0, 3).map(brief), [['acceptance', 'active', '=Planned,\n"so"', 'Watched, "so"', 'c', 'k', '/a'], ['acceptance', 'over', 'Meant.', 'Watched, "so"', 'c', 'k', deep.path],
    ['silence', 'active', 'Work.', 'Watched, "so"', 'c', null, '/x']]);
  assert.deepEqual([list[3].kind, list[3].state, list[3].status, list[3].path], ['acceptance_end', 'over', 'detected', deep.path]);
  assert.deepEqual([list[4].kind, list[4].state, list[4].ended_by, list[4].config_id], ['maintenance', 'over', list[4].who, config.id]);
  assert.equal(list.length, 5);
  assert.deepEqual([list[0].ends_at, list[1].ends_at, list[0].who], [end, null, list[2].who]);
  assert.deepEqual((await all(admin, '/api/drift/register?kind=silence')).map((e) => e.id), [made.json.id]);
  for (const [kind, at] of [['acceptance', [0, 1]], ['acceptance_end', [3]], ['maintenance', [4]]])
    assert.deepEqual((await all(admin, `/api/drift/register?kind=${kind}`, 1)).map((e) => e.id), at.map((i) => list[i].id));
  assert.deepEqual(await all(admin, `/api/drift/register?until=${encodeURIComponent(from)}`), []);
  assert.equal((await all(admin, `/api/drift/register?since=${encodeURIComponent(from)}`)).length, 5);
  assert.deepEqual((await all(admin, `/api/drift/register?since=${encodeURIComponent(later(3600000))}&until=${encodeURIComponent(later(7200000))}`)).map((e) => e.id), [made.json.id], 'what is in force then');
  const table = await admin('GET', '/api/drift/register', { headers: { Accept: 'text/csv' } });
  assert.match(table.headers['content-type'], /^text\/csv/);
  assert.equal(table.text.match(/\r\n/g).length, 6);
  assert.doesNotMatch(table.text, /(^|,)"?=/m, 'no formula');
  const viewer = withKey((await newKey(admin, ['read:drift', 'read:alerts'])).key), seen = await all(viewer, '/api/drift/register');
  assert.equal(seen.length, 5);
  assert.ok(!JSON.stringify(seen).includes('secret name'), 'a name in a path may be a value');
  assert.equal((await withKey((await newKey(admin, ['read:drift'])).key)('GET', '/api/drift/register')).status, 403);
});
