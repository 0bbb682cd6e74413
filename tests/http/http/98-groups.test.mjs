// Alerts of a route that have something in common are told in one message; a critical one waits for nobody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql, until } from '../lib/env.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newTenant, policy, push } from '../lib/people.mjs';

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
async function during(body, f) {
  const r = answer(await admin('POST', '/api/drift/routes', { body: { name: `group ${++made}`, channels: [], ...body } }), 201);
  try {
    await f(r);
  } finally {
    assert.equal((await admin('DELETE', `/api/drift/routes/${r.id}`)).status, 204);
  }
}
async function watched() {
  const config = await newConfig(admin, { rule_packs: [], rules: [{ path: '/state', severity: 'critical' }, { path: '/displayName', severity: 'medium' }, { path: '/note', severity: 'high' }] });
  await push(admin, config, [policy(1)]);
  const alert = async () => (await all(admin, `/api/drift/alerts?config_id=${config.id}`))[0];
  return { config, drift: (more) => push(admin, config, [policy(1, more)]), alert,
    put: async (status) => answer(await admin('PUT', `/api/drift/alerts/${(await alert()).id}`, { body: { status } }), 200) };
}
const several = (n) => Promise.all(Array.from({ length: n }, () => watched()));
// So many seconds go by for what waits.
const due = (kind = 'group') => sql(`SELECT COUNT(*) FROM schedules WHERE kind = '${kind}' AND schema_name = '${schema}'`);
function pass(s) {
  sql(`UPDATE alert_groups SET due_at = due_at - INTERVAL ${s} SECOND, told_at = told_at - INTERVAL ${s} SECOND`, schema);
  sql(`UPDATE schedules SET next_due = next_due - INTERVAL ${s} SECOND, fence = fence + 1, lease_owner = NULL, lease_until = NULL WHERE kind IN ('group', 'repeat') AND schema_name = '${schema}'`);
}

test('alerts that have it in common are told in one message, what comes later after a while, and what is still open again', async () => {
  const [hook, chat] = [await channel(), await channel({ kind: 'slack' })], w = await several(4);
  const configs = w.map((x) => x.config.id);
  await during({ channels: [hook.id, chat.id], match: { configs }, group_by: ['kind', 'severity'], group_wait_s: 60, group_interval_s: 600, repeat_interval_s: 3600 }, async (r) => {
    assert.deepEqual([r.group_by, r.group_wait_s, r.group_interval_s, r.repeat_interval_s], [['kind', 'severity'], 60, 600, 3600]);
    await w[0].drift({ displayName: 'a' });
    await w[1].drift({ displayName: 'b' });
    pass(50);
    await w[2].drift({ displayName: 'c' });
    assert.deepEqual([at(hook).length, due()], [0, '2']);
    pass(15);
    await heard(hook, ['summary']);
    const { summary } = at(hook)[0].body.data;
    assert.deepEqual([summary.reason, summary.route, summary.alerts_total, summary.by_severity], ['group', r.name, 3, { medium: 3 }]);
    assert.deepEqual(summary.alerts.map((a) => [a.config.id, a.event, a.severity]), configs.slice(0, 3).map((id) => [id, 'drift.alert.opened', 'medium']));
    await until('the chat', () => at(chat).length === 1);
    assert.match(at(chat)[0].body.text, /^Medium · .* · 3 alerts: 3 medium$/);
    assert.ok(at(chat)[0].body.blocks.flatMap((x) => x.fields ?? []).some((f) => f.text === `Route: ${r.name}`), JSON.stringify(at(chat)[0].body.blocks));

    await w[3].drift({ displayName: 'd' });
    await w[0].drift();
    pass(500);
    assert.deepEqual([types(hook), due()], [['summary'], '2']);
    pass(110);
    await heard(hook, ['summary', 'summary']);
    const later = at(hook)[1].body.data.summary;
    assert.deepEqual([later.alerts_total, later.resolved, later.alerts.map((a) => [a.config.id, a.event])],
      [2, 1, [[configs[3], 'drift.alert.opened'], [configs[0], 'drift.alert.resolved']]]);

    await w[1].put('acknowledged'); // which the chat is told, alone
    pass(610);
    await until('the chat', () => at(chat).length === 3);
    assert.match(at(chat)[2].body.text, /^Medium, acknowledged by /);
    pass(3600);
    await until('it is told again', () => types(hook).length === 3);
    const again = at(hook)[2].body.data.summary;
    assert.deepEqual([again.reason, again.alerts_total, again.alerts.map((a) => [a.config.id, a.status])], ['repeat', 2, [[configs[2], 'open'], [configs[3], 'open']]]);
    for (const x of w.slice(1))
      await x.put('resolved');
    pass(610);
    await until('their end', () => types(hook).length === 4);
    assert.equal(at(hook)[3].body.data.summary.resolved, 3);
    pass(3600);
    await until('nothing is told again', () => due('repeat') === '0');
    assert.equal(types(hook).length, 4);
    const of = await all(admin, `/api/drift/channels/${hook.id}/deliveries`);
    assert.equal(of.filter((d) => d.event === 'drift.alert.opened' && d.outcome === 'delivered').length, 4, 'each is in the log');
  });
});

test('a critical alert waits for nobody and takes with it what waits, and neither does one that becomes worse', async () => {
  const hook = await channel(), [a, b, c] = await several(3);
  await during({ channels: [hook.id], match: { configs: [a, b, c].map((x) => x.config.id) }, group_by: ['all'], group_wait_s: 3600 }, async () => {
    await a.drift({ displayName: 'a' });
    assert.deepEqual([at(hook).length, due()], [0, '1']);
    await b.drift({ state: 'disabled' });
    await heard(hook, ['summary']);
    assert.deepEqual(at(hook)[0].body.data.summary.alerts.map((x) => x.severity), ['critical', 'medium']);
    await c.drift({ displayName: 'c' });
    await b.drift({ state: 'disabled', displayName: 'b' });
    assert.deepEqual([types(hook), due()], [['summary'], '1'], 'nothing worse than what was told');
    await a.drift({ state: 'disabled', displayName: 'a' });
    await heard(hook, ['summary', 'summary']);
    assert.deepEqual(at(hook)[1].body.data.summary.alerts.map((x) => [x.severity, x.event.split('.').at(-1)]),
      [['critical', 'updated'], ['critical', 'updated'], ['medium', 'opened']]);
    for (const x of [a, b, c])
      await x.put('resolved');
    pass(3600);
    await heard(hook, ['summary', 'summary', 'summary']);
  });
});

test('what is over before its group is due is told only where it was high, as never sent; and one that is left is told alone', async () => {
  const hook = await channel(), [a, b, c] = await several(3);
  await during({ channels: [hook.id], match: { configs: [a, b, c].map((x) => x.config.id) }, group_by: ['all'], group_wait_s: 600 }, async () => {
    await a.drift({ displayName: 'a' });
    await a.drift();
    pass(600);
    await until('its group is seen to', () => due() === '0');
    assert.equal(at(hook).length, 0);
    await a.drift({ note: 'a' }); // as bad as any that comes
    pass(600);
    await heard(hook, ['opened']);
    assert.equal(at(hook)[0].body.data.changes_total, 1, 'with its changes');
    await b.drift({ note: 'n' });
    await b.drift();
    await c.drift({ displayName: 'c' });
    await c.drift();
    await a.drift();
    pass(600);
    await heard(hook, ['opened', 'summary']);
    assert.deepEqual(at(hook)[1].body.data.summary.alerts.map((x) => [x.config.id, x.event.split('.').at(-1), x.never_sent]),
      [[b.config.id, 'resolved', true], [a.config.id, 'resolved', undefined]]);
  });
});

test('kinds of channels for which one alert is one incident are told each, at once', async () => {
  const page = await channel({ kind: 'pagerduty', secret: '0123456789abcdefABCDEF0123456789' });
  const own = await channel({ kind: 'template', template: '{"type":"%event.type%","alert":"%alert.id%"}' });
  const w = await several(3);
  const pages = () => hooks.got.filter((d) => d.body.dedup_key !== undefined);
  await during({ channels: [page.id, own.id], match: { configs: w.map((x) => x.config.id) }, group_by: ['all'], group_wait_s: 3600 }, async () => {
    for (const x of w)
      await x.drift({ displayName: 'a' });
    await until('each incident', () => pages().length >= 3 && at(own).length >= 3);
    assert.deepEqual([new Set(pages().map((d) => d.body.dedup_key)).size, due()], [3, '0']);
    const [trial] = answer(await admin('POST', '/api/drift/routes/try', { body: { alert: { severity: 'low', config_id: w[0].config.id } } }), 200).items;
    assert.deepEqual(trial.channels.map((c) => [c.told, c.group_by, c.wait_s]), [[true, undefined, undefined], [true, undefined, undefined]]);
  });
});

test('a dry run says who waits for whom and how fast a channel is told, and what is wrong with a group is said where it stands', async () => {
  const hook = await channel({ rate: { per_minute: 90, burst: 7 } });
  await during({ channels: [hook.id], group_by: ['config', 'actor'], group_interval_s: 60 }, async (r) => {
    const tried = async (severity) => answer(await admin('POST', '/api/drift/routes/try', { body: { alert: { severity } } }), 200).items[0].channels[0];
    const medium = await tried('medium'), critical = await tried('critical');
    assert.deepEqual([medium.group_by, medium.wait_s, medium.rate_per_minute, medium.rate_burst], [['config', 'actor'], 30, 90, 7]);
    assert.deepEqual([critical.group_by, critical.wait_s], [['config', 'actor'], undefined]);
    const put = (body) => admin('PUT', `/api/drift/routes/${r.id}`, { body });
    for (const [body, pointer] of [[{ group_by: ['colour'] }, '/group_by/0'], [{ group_by: ['kind', 'kind'] }, '/group_by/1'], [{ group_by: ['all', 'kind'] }, '/group_by'],
      [{ group_wait_s: 3601 }, '/group_wait_s'], [{ group_interval_s: 9 }, '/group_interval_s'], [{ repeat_interval_s: 299 }, '/repeat_interval_s'],
      [{ group_interval_s: 900, repeat_interval_s: 600 }, '/repeat_interval_s'], [{ group_by: [], group_wait_s: 30 }, '/group_wait_s']]) {
      const bad = await put(body);
      assert.deepEqual([bad.status, bad.json.errors?.[0].pointer], [422, pointer], bad.text);
    }
    const plain = answer(await put({ group_by: [] }), 200);
    assert.deepEqual([plain.group_by, plain.group_interval_s], [undefined, undefined]);
  });
});

test('what comes in quiet hours is held and told as one digest at their end, but what is worse', async () => {
  const hook = await channel(), own = await channel({ kind: 'template', template: '{"type":"%event.type%","alert":"%alert.id%"}' }), [a, b, c, d] = await several(4);
  const clock = (ms) => new Date(Date.now() + ms).toISOString().slice(11, 16), hour = 36e5;
  const quiet = { from: clock(-hour), to: clock(2 * hour), but_from: 'high' };
  await during({ channels: [hook.id, own.id], match: { configs: [a, b, c, d].map((x) => x.config.id) }, group_by: ['all'], group_wait_s: 1, quiet }, async (r) => {
    assert.deepEqual(r.quiet, quiet);
    await a.drift({ displayName: 'a' });
    await b.drift({ displayName: 'b' });
    await b.drift();
    await c.drift({ note: 'c' });
    await heard(hook, ['opened']);
    await heard(own, ['opened']);
    assert.equal(at(hook)[0].body.data.alert.severity, 'high');
    await d.drift({ displayName: 'd' });
    const [trial] = answer(await admin('POST', '/api/drift/routes/try', { body: { alert: { severity: 'low', config_id: a.config.id } } }), 200).items;
    const until_ms = Date.parse(trial.channels[0].quiet_until);
    assert.ok(until_ms > Date.now() + hour && until_ms <= Date.now() + 2 * hour, trial.channels[0].quiet_until);
    await until('only what is held is left', () => sql("SELECT COUNT(*) FROM alert_groups WHERE NOT quiet AND due_at IS NOT NULL", schema) === '0');
    assert.deepEqual([types(hook), types(own), due()], [['opened'], ['opened'], '2']);
    pass(7200);
    await heard(hook, ['opened', 'summary']);
    const { summary } = at(hook)[1].body.data;
    assert.deepEqual([summary.reason, summary.route, summary.alerts.map((x) => x.config.id)], ['quiet', r.name, [a.config.id, d.config.id]]);
    // Of a kind that is told each alert also what is over: one may be the end of what the other began.
    const told = ['a opened', 'b opened', 'b resolved', 'c opened', 'd opened'];
    await until('each', () => at(own).length >= told.length);
    const names = new Map(await Promise.all([a, b, c, d].map(async (x, i) => [(await x.alert()).id, 'abcd'[i]])));
    assert.deepEqual(at(own).map((x) => `${names.get(x.body.alert)} ${x.body.type.split('.').at(-1)}`).sort(), told);
    const put = (body) => admin('PUT', `/api/drift/routes/${r.id}`, { body });
    for (const body of [{ from: '25:00', to: '06:00' }, { from: '06:00', to: '06:00' }, { from: '22:00', to: '06:00', timezone: 'Europe/Atlantis' }, { from: '22:00', to: '06:00', days: ['today'] }]) {
      const bad = await put({ quiet: body });
      assert.deepEqual([bad.status, bad.json.errors?.[0].pointer.slice(0, 6)], [422, '/quiet'], bad.text);
    }
    assert.equal(answer(await put({ quiet: null }), 200).quiet, undefined);
  });
});
