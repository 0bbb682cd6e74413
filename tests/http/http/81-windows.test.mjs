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
  for (const more of [{ rule: 'FREQ=DAILY;COUNT=400', timezone: 'UTC', duration_s: 86340 }, { rule: 'FREQ=DAILY;COUNT=1', duration_s: 7 * 86400 }]) {
    const a = await admin('POST', '/api/drift/silence-series/try', { body: more });
    assert.equal(a.status, 200, `${JSON.stringify(more)}: ${a.text}`);
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

// ---- that come again ----------------------------------------------------------------------------

const series = (admin, more = {}) => admin('POST', '/api/drift/silence-series', { body: { matcher: { category: 'c' }, reason: 'Patching.',
  rule: 'FREQ=DAILY;COUNT=30', timezone: 'Europe/Berlin', starts_at: later(-60000), duration_s: 3600, ...more } });
const windows = async (admin, id) => (await all(admin, '/api/drift/silences')).filter((s) => s.series_id === id);

test('a series makes its windows of the next days, each a silence by itself, and shows what is to come', async () => {
  const { admin, send, alerts } = await watched();
  const made = await series(admin), { json } = made;
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([json.state, json.next.length, json.ended_at, json.timezone], ['active', 10, null, 'Europe/Berlin']);
  const mine = await windows(admin, json.id);
  assert.equal(mine.length, 9, 'one that is running, and those of eight days');
  assert.deepEqual(mine.map((s) => [s.starts_at, s.expires_at]).sort(), json.next.slice(0, 9).map((n) => [n.starts_at, n.expires_at]));
  assert.deepEqual(mine.map((s) => s.kind), mine.map(() => 'maintenance'));
  const running = mine.find((s) => s.state === 'active');
  const { report } = await send({ a: 2, b: 2 });
  assert.deepEqual(report.suppressed, [{ by: `maintenance:${running.id}`, changes: 2 }]);

  // what is changed is what is to come: the one that is running goes on as it is
  const shorter = await admin('PUT', `/api/drift/silence-series/${json.id}`, { body: { duration_s: 600, reason: 'Patching faster.' } });
  assert.equal(shorter.status, 200, shorter.text);
  const after = await windows(admin, json.id), lengths = (list) => list.map((s) => Date.parse(s.expires_at) - Date.parse(s.starts_at));
  assert.deepEqual([after.length, after.find((s) => s.id === running.id).reason], [9, 'Patching.']);
  assert.deepEqual(lengths(after.filter((s) => s.id !== running.id)), Array(8).fill(600000));
  assert.deepEqual(new Set(after.map((s) => s.reason)), new Set(['Patching.', 'Patching faster.']));

  // one is left out, and then no more begin
  const left = after.find((s) => s.state === 'scheduled');
  assert.equal((await admin('DELETE', `/api/drift/silences/${left.id}`)).status, 204);
  assert.equal((await admin('GET', `/api/drift/silences/${left.id}`)).json.state, 'expired');
  assert.equal((await admin('DELETE', `/api/drift/silence-series/${json.id}`)).status, 204);
  assert.deepEqual((await windows(admin, json.id)).map((s) => s.id), [running.id]);
  const over = (await admin('GET', `/api/drift/silence-series/${json.id}`)).json;
  assert.deepEqual([over.state, over.next, over.ended_by !== null], ['over', [], true]);
  assert.equal((await admin('DELETE', `/api/drift/silence-series/${json.id}`)).status, 404, 'it ends once');
  assert.equal((await admin('PUT', `/api/drift/silence-series/${json.id}`, { body: { duration_s: 60 } })).status, 409);
  assert.equal((await alerts())[0].suppressed_by, `maintenance:${running.id}`);
  assert.equal((await admin('DELETE', `/api/drift/silences/${running.id}`)).status, 204);
  for (const [state, there] of [['active', false], ['over', true]])
    assert.equal((await all(admin, `/api/drift/silence-series?state=${state}`)).some((s) => s.id === json.id), there);
});

test('a rule is tried before it is saved, by the clocks of its place', async () => {
  const admin = await bearer(), at = new Date(Date.now() + 30 * day).toISOString().slice(0, 10);
  const tried = await admin('POST', '/api/drift/silence-series/try', { body: { rule: 'FREQ=MONTHLY;BYDAY=1SU;COUNT=12', timezone: 'Europe/Berlin',
    starts_at: `${at}T02:30:00+01:00`, duration_s: 5400 } });
  assert.equal(tried.status, 200, tried.text);
  assert.equal(tried.json.next.length, 10);
  const wall = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', weekday: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
  const times = new Set();
  for (const { starts_at: from, expires_at: until } of tried.json.next) {
    const said = Object.fromEntries(wall.formatToParts(new Date(from)).map((p) => [p.type, p.value]));
    assert.deepEqual([said.weekday, Number(said.day) <= 7, Date.parse(until) - Date.parse(from)], ['Sun', true, 5400000], from);
    times.add(`${said.hour}:${said.minute}`);
  }
  assert.equal(times.size, 1, 'the same time of day, in summer and in winter');
});

test('a series has an end, a day and a place', async () => {
  const admin = await bearer();
  for (const [more, pointer, sentence] of [[{ rule: 'FREQ=DAILY' }, '/rule', /must end, by COUNT or UNTIL, at most 1096 days/],
    [{ rule: 'FREQ=WEEKLY;COUNT=1000' }, '/rule', /more than 1096 days/], [{ rule: 'FREQ=HOURLY;COUNT=2' }, '/rule', /FREQ must be DAILY/],
    [{ rule: 'FREQ=DAILY;UNTIL=20200101' }, '/rule', /no day/], [{ rule: 'FREQ=DAILY;COUNT=2', starts_at: later(-9 * day) }, '/rule', /still to come/],
    [{ timezone: 'Europe/Atlantis' }, '/timezone', /no such time zone/], [{ timezone: '../../etc/passwd' }, '/timezone', /no such time zone/],
    [{ starts_at: later(367 * day) }, '/starts_at', /366 days/], [{ duration_s: 8 * 86400 }, '/duration_s', /window longer than 604800 s/],
    ...[[2, 86400], [1096, 86400], [9, 7 * 86400]].map(([n, duration_s]) => [{ rule: `FREQ=DAILY;COUNT=${n}`, timezone: 'UTC', duration_s }, '/duration_s', /over before the next begins/]),
    [{ rule: 'FREQ=DAILY;COUNT=400', duration_s: 86340 }, '/duration_s', /clocks set forward/],
    [{ duration_s: 59 }, '/duration_s', /./], [{ matcher: {} }, '/matcher', /name something/], [{ matcher: { path: 'a' } }, '/matcher/path', /./],
    [{ reason: undefined }, '/reason', /./], [{ kind: 'silence' }, '/kind', /./]]) {
    const a = await series(admin, more);
    assert.equal(a.status, 422, `${JSON.stringify(more)}: ${a.text}`);
    assert.ok(a.json.errors.some((x) => x.pointer === pointer && sentence.test(x.detail)), a.text);
  }
});

test('there are fifty series at most, and those of another tenant are not there', async () => {
  const stranger = await bearer(newTenant()), admin = await bearer();
  const made = [];
  for (let i = 0; i < 50; i++)
    made.push(await series(stranger, { rule: 'FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=9', starts_at: later(day) }));
  assert.deepEqual(new Set(made.map((a) => a.status)), new Set([201]));
  const more = await series(stranger);
  assert.deepEqual([more.status, more.json.code], [409, 'conflict']);
  for (const method of ['GET', 'PUT', 'DELETE'])
    assert.equal((await admin(method, `/api/drift/silence-series/${made[0].json.id}`, method === 'PUT' ? { body: { duration_s: 60 } } : {})).status, 404);
});
