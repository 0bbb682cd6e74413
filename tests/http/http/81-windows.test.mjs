// Maintenance windows, and silences that end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { all, bearer, newConfig, newKey, newTenant, push, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const day = 86400000;
const later = (ms) => new Date(Date.now() + ms).toISOString();

async function watched() {
  const admin = await bearer(), c = await newConfig(admin, { rule_packs: [] });
  const key = withKey((await newKey(admin)).key);
  const send = (value) => push(key, c, [{ category: 'c', key: 'k', value }]);
  await send({ a: 1, b: 1 });
  const silence = (more) => admin('POST', '/api/drift/silences',
    { body: { matcher: { config: c.id }, reason: 'Work on it.', expires_at: later(60000), ...more } });
  return { admin, c, send, silence, alerts: () => all(admin, `/api/drift/alerts?config_id=${c.id}`) };
}

test('a maintenance window keeps findings quiet, says so everywhere, and its end is heard', async () => {
  const { admin, c, send, silence, alerts } = await watched();
  const made = await silence({ kind: 'maintenance' });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.json.kind, made.json.state, made.json.covers], ['maintenance', 'active', 0]);
  const by = `maintenance:${made.json.id}`;
  const { report } = await send({ a: 2, b: 2 });
  assert.deepEqual(report.suppressed, [{ by, changes: 2 }]);
  assert.deepEqual((await all(admin, `/api/drift/reports/${report.id}/changes`)).map((x) => x.suppressed_by), [by, by]);
  assert.deepEqual((await alerts()).map((a) => a.suppressed_by), [by]);
  assert.equal((await all(admin, `/api/drift/alerts?config_id=${c.id}&suppressed=true`)).length, 1);
  assert.equal((await admin('GET', `/api/drift/silences/${made.json.id}`)).json.covers, 2);
  assert.equal((await all(admin, '/api/drift/silences?state=active&kind=maintenance')).find((s) => s.id === made.json.id).covers, 2);

  assert.equal((await admin('DELETE', `/api/drift/silences/${made.json.id}`)).status, 204);
  const ended = (await admin('GET', `/api/drift/silences/${made.json.id}`)).json;
  assert.deepEqual([ended.state, ended.covers, ended.ended_by !== null, ended.ended_at !== null], ['expired', 0, true, true]);
  assert.equal((await admin('DELETE', `/api/drift/silences/${made.json.id}`)).status, 404, 'it ends once');
  const heard = await send({ a: 2, b: 2 });
  assert.equal(heard.report.suppressed, undefined);
  assert.equal(heard.report.not_alerted.code, 'no_channel', 'it would be sent');
  const [alert] = await alerts();
  assert.equal(alert.suppressed_by, null);
  assert.deepEqual((await admin('GET', `/api/drift/alerts/${alert.id}`)).json.history.map((h) => [h.from, h.to, h.note]),
    [['open', 'suppressed', by], ['suppressed', 'open', 'Nothing suppresses it any more.']]);
});

test('silences are listed by state and kind', async () => {
  const { admin, silence } = await watched();
  const [now, ahead] = [await silence({}), await silence({ kind: 'maintenance', starts_at: later(3 * day), expires_at: later(4 * day) })];
  assert.equal(ahead.json.state, 'scheduled');
  const ids = async (query) => (await all(admin, `/api/drift/silences?${query}`)).map((s) => s.id);
  assert.ok((await ids('state=active')).includes(now.json.id));
  assert.ok((await ids('state=scheduled')).includes(ahead.json.id));
  assert.ok(!(await ids('state=expired')).includes(now.json.id));
  assert.ok(!(await ids('kind=silence')).includes(ahead.json.id));
  assert.equal((await admin('GET', '/api/drift/silences?state=lost')).status, 422);
  for (const s of [now, ahead])
    assert.equal((await admin('DELETE', `/api/drift/silences/${s.json.id}`)).status, 204);
  assert.ok((await ids('state=expired')).includes(ahead.json.id));
});

test('a silence ends within 30 days, a window is at most 7 days long, and none is for ever', async () => {
  const { admin, silence } = await watched();
  for (const [body, pointer, sentence] of [[{ expires_at: later(31 * day) }, '/expires_at', /a silence ends.*accepted/],
    [{ expires_at: '9999-12-31T23:59:59.999Z' }, '/expires_at', /a silence ends/], [{ expires_at: null }, '/expires_at', /./],
    [{ kind: 'maintenance', expires_at: later(8 * day) }, '/expires_at', /window longer than 604800 s/],
    [{ kind: 'maintenance', starts_at: later(20 * day), expires_at: later(28 * day) }, '/expires_at', /window longer/],
    [{ kind: 'maintenance', starts_at: later(367 * day), expires_at: later(368 * day) }, '/starts_at', /366 days/],
    [{ kind: 'holiday' }, '/kind', /./], [{ kind: 'maintenance', starts_at: later(60000), expires_at: later(50000) }, '/expires_at', /after starts_at/]]) {
    const a = await silence(body);
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(a.json.errors.some((x) => x.pointer === pointer && sentence.test(x.detail)), a.text);
  }
  for (const body of [{ expires_at: later(29 * day) }, { kind: 'maintenance', starts_at: later(20 * day), expires_at: later(26 * day) }]) {
    const a = await silence(body);
    assert.equal(a.status, 201, a.text);
    assert.equal((await admin('DELETE', `/api/drift/silences/${a.json.id}`)).status, 204);
  }
});

test('a silence of another tenant is not there', async () => {
  const { admin, silence } = await watched();
  const made = await silence({}), stranger = await bearer(newTenant());
  for (const method of ['GET', 'DELETE'])
    assert.equal((await stranger(method, `/api/drift/silences/${made.json.id}`)).status, 404);
  assert.equal((await call('GET', `/api/drift/silences/${nobody}`)).status, 401);
  assert.equal((await admin('DELETE', `/api/drift/silences/${made.json.id}`)).status, 204);
});
