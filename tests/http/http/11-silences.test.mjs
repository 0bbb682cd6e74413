// Silences: what they cover is in the list and in the report, and is not sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { all, bearer, newConfig, newKey, push, withKey } from '../lib/people.mjs';

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
