// An alert that nobody acknowledges goes on to others, step by step, until somebody does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql, until } from '../lib/env.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newKey, newTenant, policy, push, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
let hooks, admin, schema, made = 0;

before(async () => {
  hooks = await new Receiver().start();
  hooks.usual = { status: 200, body: 'ok' };
  admin = await bearer(newTenant());
  schema = sql(`SELECT schema_name FROM tenants WHERE id = UNHEX('${admin.session.tenant.id.replaceAll('-', '')}')`);
});
after(() => hooks.stop());

const answer = (a, status) => { assert.equal(a.status, status, a.text); return a.json; };
const channel = async (more) => { const path = `/to${++made}`; return { ...await newChannel(admin, hooks.url(path), more), path }; };
const at = (c) => hooks.got.filter((d) => d.path === c.path);
const types = (c) => at(c).map((d) => d.body.type.split('.').at(-1));
const heard = (c, want) => until(`${want} at ${c.path}`, () => types(c).length >= want.length).then(() => assert.deepEqual(types(c), want, c.path));
const route = async (body) => answer(await admin('POST', '/api/drift/routes', { body: { name: `night ${++made}`, channels: [], ...body } }), 201);
async function during(body, f) {
  const r = await route(body);
  try {
    await f(r);
  } finally {
    assert.equal((await admin('DELETE', `/api/drift/routes/${r.id}`)).status, 204);
  }
}
async function watched() {
  const config = await newConfig(admin, { rule_packs: [], rules: [{ path: '/state', severity: 'critical' }, { path: '/displayName', severity: 'medium' }] });
  await push(admin, config, [policy(1)]);
  const alert = async () => (await all(admin, `/api/drift/alerts?config_id=${config.id}`))[0];
  return { config, drift: (more) => push(admin, config, [policy(1, more)]), alert,
    put: async (body) => answer(await admin('PUT', `/api/drift/alerts/${(await alert()).id}`, { body }), 200),
    history: async () => answer(await admin('GET', `/api/drift/alerts/${(await alert()).id}`), 200).history.map((h) => h.note) };
}
// So many seconds go by for what waits.
const waiting = () => sql(`SELECT COUNT(*) FROM schedules WHERE kind = 'escalation' AND schema_name = '${schema}'`);
function pass(s) {
  sql(`UPDATE alert_escalations SET begun_at = begun_at - INTERVAL ${s} SECOND`, schema);
  sql(`UPDATE schedules SET next_due = next_due - INTERVAL ${s} SECOND, fence = fence + 1, lease_owner = NULL, lease_until = NULL WHERE kind = 'escalation' AND schema_name = '${schema}'`);
}
const over = () => until('nothing is due', () => waiting() === '0');

test('nobody acknowledges: each step tells its channels once and again as it says, with the findings and for how long, until somebody does', async () => {
  const [a, b, c] = [await channel(), await channel({ values: true }), await channel()];
  const w = await watched();
  await during({ channels: [a.id], match: { configs: [w.config.id] }, escalate: [{ after_s: 900, channels: [b.id] },
    { after_s: 1800, channels: [b.id, c.id], min_severity: 'high', repeat_s: 600, repeats: 1 }, { after_s: 90000, channels: [a.id] }] }, async (r) => {
    await w.drift({ state: 'disabled' });
    await heard(a, ['opened']);
    pass(800);
    await push(admin, w.config, [policy(1, { state: 'disabled' })]);
    assert.deepEqual([types(b), waiting()], [[], '1']);
    pass(100);
    await heard(b, ['opened']);
    const first = at(b)[0].body.data;
    assert.deepEqual([first.escalation.route, first.escalation.step, first.escalation.steps, first.escalation.again], [r.name, 1, 3, 0]);
    assert.ok(first.escalation.waited_s >= 900 && first.escalation.waited_s < 1000, `${first.escalation.waited_s}`);
    assert.deepEqual([first.changes_total, first.changes[0].new_value, first.alert.status], [1, 'disabled', 'open']);
    pass(900);
    await heard(b, ['opened', 'unacknowledged']);
    await heard(c, ['opened']);
    assert.equal(at(c)[0].body.data.changes[0].new_value, '[withheld]', 'each as it may be told');
    pass(600);
    await heard(c, ['opened', 'unacknowledged']);
    assert.equal(at(c)[1].body.data.escalation.again, 1);
    await heard(b, ['opened', 'unacknowledged', 'unacknowledged']);
    pass(87600);
    await heard(a, ['opened', 'unacknowledged']);
    assert.equal(waiting(), '0', 'it was the last');
    assert.deepEqual((await w.history()).map((note) => /for (.*): step (\d) of 3 of the route ".*" told (.*)\./.exec(note)?.slice(1)),
      [['15 minutes', '1', '1 channel'], ['30 minutes', '2', '2 channels'], ['40 minutes', '2', '2 channels'], ['25 hours', '3', '1 channel']]);
    await w.drift({ state: 'disabled', displayName: 'another' });
    await heard(c, ['opened', 'unacknowledged', 'updated']);
    assert.equal(waiting(), '0', 'what was gone through is not begun again');
    await w.put({ status: 'resolved' });
    for (const x of [a, b, c])
      await until(`the end at ${x.path}`, () => types(x).at(-1) === 'resolved');
  });
});

test('who takes it on stops it, and a worse finding begins it anew', async () => {
  const [a, b] = [await channel(), await channel()], w = await watched();
  await during({ channels: [a.id], match: { configs: [w.config.id] }, escalate: [{ after_s: 60, channels: [b.id] }] }, async () => {
    await w.drift({ displayName: 'another' });
    await heard(a, ['opened']);
    await w.put({ status: 'acknowledged' });
    pass(60);
    await over();
    await w.drift({ displayName: 'another', state: 'disabled' });
    await heard(a, ['opened', 'updated']);
    assert.deepEqual([types(b), waiting()], [[], '1']);
    pass(60);
    await heard(b, ['opened']);
    assert.deepEqual((await w.history()).filter((note) => /step/.test(note)).length, 1);
    await w.put({ status: 'resolved' });
    await heard(b, ['opened', 'resolved']);
  });
});

test('a step for worse alerts passes by, one whose route is gone tells nobody, and a route may tell nobody at first', async () => {
  const [a, b] = [await channel(), await channel()], w = await watched(), gone = await watched();
  await during({ match: { configs: [w.config.id] }, escalate: [{ after_s: 60, channels: [a.id], min_severity: 'high' }, { after_s: 120, channels: [b.id] }] }, async (r) => {
    assert.equal(r.warning, undefined);
    await w.drift({ displayName: 'another' });
    await during({ match: { configs: [gone.config.id] }, escalate: [{ after_s: 60, channels: [a.id] }] }, () => gone.drift({ state: 'disabled' }));
    await until('both wait', () => waiting() === '2');
    pass(60);
    await until('one is over', () => waiting() === '1');
    pass(60);
    await heard(b, ['opened']);
    assert.deepEqual([types(a), at(b)[0].body.data.escalation.step], [[], 2]);
    await over();
  });
});

test('people read for how long nobody has, where a screen is locked too', async () => {
  const [hook, page] = [await channel({ kind: 'slack' }), await channel({ kind: 'pagerduty', secret: '0123456789abcdefABCDEF0123456789' })];
  const w = await watched();
  await during({ match: { configs: [w.config.id] }, escalate: [{ after_s: 7200, channels: [hook.id, page.id] }] }, async (r) => {
    await w.drift({ state: 'disabled' });
    await until('it waits', () => waiting() === '1');
    pass(7200);
    await until('both', () => hooks.got.some((d) => d.body.dedup_key !== undefined) && hooks.got.some((d) => /not acknowledged/.test(d.body.text)));
    const said = hooks.got.find((d) => /not acknowledged/.test(d.body.text)).body;
    assert.match(said.text, /^Critical, not acknowledged for 2 hours · /);
    assert.ok(said.blocks.flatMap((x) => x.fields ?? []).some((f) => f.text === `Acknowledged: nobody has for 2 hours: step 1 of 1 of the route ${r.name}`), JSON.stringify(said.blocks));
    assert.equal(hooks.got.find((d) => d.body.dedup_key !== undefined).body.event_action, 'trigger');
  });
});

test('a dry run says where it would go on to, and what is wrong with a step is said where it stands', async () => {
  const [a, b] = [await channel(), await channel()];
  const escalate = [{ after_s: 900, channels: [a.id], repeat_s: 300, repeats: 2 }, { after_s: 3600, channels: [a.id, b.id], min_severity: 'critical' }];
  await during({ channels: [a.id], escalate }, async (r) => {
    assert.deepEqual(r.escalate, escalate);
    const [trial] = answer(await admin('POST', '/api/drift/routes/try', { body: { alert: { severity: 'high' } } }), 200).items;
    assert.deepEqual(trial.escalate.map((s) => [s.route_id, s.after_s, s.repeats, s.channels.map((c) => [c.channel_id, c.told, c.why])]), [
      [r.id, 900, 2, [[a.id, true, undefined]]],
      [r.id, 3600, undefined, [[a.id, false, 'The step is for worse alerts.'], [b.id, false, 'The step is for worse alerts.']]]]);
    const put = (steps) => admin('PUT', `/api/drift/routes/${r.id}`, { body: { escalate: steps } });
    const step = (more) => ({ after_s: 900, channels: [a.id], ...more });
    for (const [steps, pointer] of [[[step({ after_s: 59 })], '/escalate/0/after_s'], [[step({ after_s: 604801 })], '/escalate/0/after_s'],
      [[step({ channels: [] })], '/escalate/0/channels'], [[step({ channels: ['x'] })], '/escalate/0/channels/0'],
      [[step({ channels: [a.id, nobody] })], '/escalate/0/channels/1'], [[step({ repeat_s: 60 })], '/escalate/0/repeats'],
      [[step({ repeats: 2 })], '/escalate/0/repeat_s'], [[step({ repeat_s: 60, repeats: 25 })], '/escalate/0/repeats'],
      [[step({ min_severity: 'worst' })], '/escalate/0/min_severity'], [[step(), step()], '/escalate/1/after_s'],
      [[step({ repeat_s: 300, repeats: 3 }), step({ after_s: 1800 })], '/escalate/1/after_s'],
      [Array.from({ length: 6 }, (_, i) => step({ after_s: 60 + i })), '/escalate']]) {
      const bad = await put(steps);
      assert.deepEqual([bad.status, bad.json.errors?.[0].pointer], [422, pointer], bad.text);
    }
    assert.equal((await admin('DELETE', `/api/drift/channels/${b.id}`)).status, 409, 'a step names it');
    answer(await put([]), 200);
    assert.equal((await admin('DELETE', `/api/drift/channels/${b.id}`)).status, 204);
  });
});

test('a step leads to a channel that is told values by those alone who may see them', async () => {
  const secret = await channel({ values: true }), keeper = withKey((await newKey(admin, ['read:channels', 'manage:channels', 'read:drift', 'update:drift'])).key);
  await during({}, async (r) => {
    const put = (caller) => caller('PUT', `/api/drift/routes/${r.id}`, { body: { escalate: [{ after_s: 60, channels: [secret.id] }] } });
    assert.equal((await put(keeper)).status, 403);
    answer(await put(admin), 200);
    assert.equal((await keeper('PUT', `/api/drift/routes/${r.id}`, { body: { match: null } })).status, 403);
  });
});

test('all routes name a hundred channels at most, those of their steps too', async () => {
  const a = await channel(), ten = Array(10).fill(a.id), steps = (n) => Array.from({ length: n }, (_, i) => ({ after_s: 60 + i, channels: ten }));
  await during({ channels: ten, escalate: steps(5) }, () => during({ escalate: steps(4) }, async () => {
    const more = await admin('POST', '/api/drift/routes', { body: { name: 'more', channels: [], escalate: [{ after_s: 60, channels: [a.id] }] } });
    assert.deepEqual([more.status, more.json.errors?.[0].pointer], [422, '/channels'], more.text);
  }));
});
