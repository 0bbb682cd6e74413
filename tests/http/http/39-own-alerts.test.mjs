// Alerts of the tenant itself: what its audit trail says and what is so with what is its own, on the road of all alerts, and who sees them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { credentials, until } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { administrativeKey, all, bearer, bsxctl, newChannel, newConfig, newTenant, policy, push, unique } from '../lib/people.mjs';

let hooks, owner, admin, id, channel, blind, alert;

const ok = (a, status = 200) => { assert.equal(a.status, status, a.text); return status === 204 ? null : a.json; };
const settings = (by, security) => by('PUT', `/api/tenants/${id}`, { body: { settings: { notifications: { security } } } });
const alerts = (by, filter = '') => all(by, `/api/drift/alerts?kind=security${filter}`);
const titled = (words, more = 'kind=security') => until(words, async () => (await all(admin, `/api/drift/alerts?${more}`)).find((a) => a.title.includes(words)));
const told = (of) => hooks.got.filter((d) => d.body.data.alert?.id === of.id).map((d) => d.body.type.split('.').at(-1));

// A refresh token of two generations ago: somebody has a copy.
async function reuse() {
  const first = (await bearer(owner)).session.refresh_token, renew = (token) => call('POST', '/api/auth/refresh', { body: { refresh_token: token } });
  await renew((await renew(first)).json.refresh_token);
  assert.equal((await renew(first)).json.code, 'refresh_token_reused');
}

before(async () => {
  hooks = await new Receiver().start();
  owner = newTenant();
  admin = await bearer(owner);
  id = admin.session.tenant.id;
  channel = await newChannel(admin, hooks.url('/own'));
  // all but the trail
  const permissions = ['read:alerts', 'update:alerts', 'manage:channels', 'read:drift', 'update:drift', 'read:settings', 'update:settings', 'read:tenants', 'update:tenants'];
  ok(await admin('POST', '/api/roles', { body: { name: 'blind', description: 'x', permissions } }), 201);
  const who = { tenant: owner.tenant, email: `${unique('b')}@own.example`, password: 'twenty-five characters ok' };
  ok(await admin('POST', '/api/users', { body: { email: who.email, display_name: 'B', password: who.password, role: 'blind' } }), 201);
  blind = await bearer(who);
});
after(() => hooks.stop());

test('what the trail says becomes one alert that counts, told where the setting says, and ended where somebody ends it', async () => {
  ok(await settings(admin, [{ channel_id: channel.id, min_severity: 'high' }]));
  await reuse();
  alert = await titled('refresh token');
  assert.deepEqual([alert.kind, alert.severity, alert.status, alert.config_id, alert.report_id, alert.changes], ['security', 'high', 'open', null, null, 1]);
  await until('the channel hears', () => told(alert).length === 1);
  await reuse();
  const twice = await until('it counts', async () => { const a = ok(await admin('GET', `/api/drift/alerts/${alert.id}`)); return a.changes === 2 && a; });
  assert.match(twice.title, /, 2 times; last by /);
  assert.equal((await alerts(admin, '&status=open')).filter((a) => a.title.includes('refresh token')).length, 1);
  ok(await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'resolved', note: 'It was me.' } }));
  await until('its end', () => told(alert).at(-1) === 'resolved');
  assert.deepEqual(hooks.got.find((d) => d.body.data.alert?.id === alert.id).body.data.config, undefined);
});

test('what the operator does to people is told as what anybody does; that the tenant was made with its first administrator is not', async () => {
  const about = async (words) => (await alerts(admin)).filter((a) => a.title.startsWith(words)), given = 'Somebody was made an administrator', opened = "Somebody else set a user's password";
  // the one that may change settings, and not the first administrator
  const [blinds, ...more] = await until('blind is told', async () => { const a = await about(given); return a.length > 0 && a; });
  assert.deepEqual([more, await about(opened)], [[], []]);
  const second = `${unique('s')}@own.example`, third = ok(await admin('POST', '/api/users', { body: { email: `${unique('t')}@own.example`, display_name: 'T', password: 'twenty-five characters ok', role: 'viewer' } }), 201);
  bsxctl('user', 'create', owner.tenant, second, '--role', 'admin');
  bsxctl('user', 'roles', owner.tenant, third.email, '--add', 'admin');
  bsxctl('user', 'password', owner.tenant, third.email, '--link');
  const made = await until('both are told', async () => { const a = (await about(given)).filter((x) => x.id !== blinds.id); return a.length === 2 && a; });
  const set = await until('so is the link', async () => (await about(opened))[0]);
  for (const a of [...made, set]) assert.deepEqual([a.kind, a.severity, / by \w/.test(a.title)], ['security', 'high', true], a.title);
  await until('the channel hears of each', () => [...made, set].every((a) => told(a).includes('opened')));
});

test('what is undone at once is told as opened, says so, and stands until somebody resolves it', async () => {
  const key = await administrativeKey(admin, ['read:users']);
  ok(await admin('DELETE', `/api/api-keys/${key.id}`), 204);
  const made = await titled('API key was made', 'status=open'), undone = await until('it says so', async () => { const a = ok(await admin('GET', `/api/drift/alerts/${made.id}`)); return /\. The key was revoked\.$/.test(a.title) && a; });
  assert.match(undone.history.at(-1).note, /^The key was revoked\. It was done by /);
  assert.deepEqual([undone.status, undone.resolved_by], ['open', null]);
  await until('the channel hears', () => told(made).length > 0);
  assert.equal(told(made)[0], 'opened');
  ok(await admin('PUT', `/api/drift/alerts/${made.id}`, { body: { status: 'resolved' } }));
  await until('its end', () => told(made).at(-1) === 'resolved');
});

test('who may not read the trail finds none of it, by no road', async () => {
  const seen = await alerts(admin);
  assert.ok(seen.length >= 2);
  const of = seen[0].id, nowhere = (a) => assert.ok(!a.text.includes(of), a.text);
  for (const list of ['', '?kind=security', '?status=resolved', '?since=', '?severity=high'])
    assert.deepEqual((await all(blind, `/api/drift/alerts${list}`)).filter((a) => a.kind === 'security'), [], list);
  for (const [method, path, body] of [['GET', `/api/drift/alerts/${of}`], ['PUT', `/api/drift/alerts/${of}`, { note: 'x' }]])
    assert.equal((await blind(method, path, { body })).status, 404, method);
  assert.equal((await blind('PUT', '/api/drift/alerts', { body: { ids: [of], note: 'x' } })).status, 422);
  assert.deepEqual(ok(await blind('PUT', '/api/drift/alerts', { body: { filter: { kind: 'security' }, note: 'x' } })), { matched: 0, changed: 0, unchanged: 0 });
  nowhere(await blind('POST', '/api/drift/routes/try', { body: { last: 50 } }));
  assert.equal((await blind('POST', '/api/drift/routes/try', { body: { alert_id: of } })).status, 404);
  const row = async (by) => ok(await by('GET', '/api/fleet')).items.find((x) => x.tenant_id === id);
  await reuse();
  await until('the fleet counts it', async () => (await row(admin))?.security?.open > 0);
  assert.equal((await row(blind)).security, null);
  assert.deepEqual((await row(blind)).alerts, (await row(admin)).alerts);
});

test('nobody says where it is told who may not read it', async () => {
  const forbidden = (a) => assert.deepEqual([a.status, a.json.code], [403, 'forbidden'], a.text) || assert.match(a.json.detail, /read:audit/), other = await newChannel(admin, hooks.url('/other'));
  forbidden(await settings(blind, [{ channel_id: other.id, min_severity: 'info' }]));
  forbidden(await settings(blind, []));
  forbidden(await blind('POST', '/api/drift/routes', { body: { name: 'all', channels: [other.id], match: { kinds: ['drift', 'security'] } } }));
  forbidden(await blind('PUT', `/api/drift/channels/${channel.id}`, { body: { url: hooks.url('/mine'), secret: 'x'.repeat(32) } }));
  const plain = ok(await blind('POST', '/api/drift/routes', { body: { name: 'plain', channels: [other.id] } }), 201);
  forbidden(await blind('PUT', `/api/drift/routes/${plain.id}`, { body: { match: { kinds: ['security'] } } }));
  const named = ok(await admin('POST', '/api/drift/routes', { body: { name: 'named', channels: [other.id], match: { kinds: ['security'] }, before: plain.id } }), 201);
  for (const body of [{ match: { kinds: ['drift'] } }, { channels: [] }, { name: 'x' }])
    forbidden(await blind('PUT', `/api/drift/routes/${named.id}`, { body }));
  forbidden(await blind('DELETE', `/api/drift/routes/${named.id}`));
  const later = await newChannel(admin, hooks.url('/later'));
  ok(await admin('PUT', `/api/drift/routes/${named.id}`, { body: { escalate: [{ after_s: 60, channels: [later.id] }] } }));
  forbidden(await blind('PUT', `/api/drift/channels/${later.id}`, { body: { url: hooks.url('/mine'), secret: 'x'.repeat(32) } }));
  forbidden(await blind('PUT', `/api/drift/channels/${other.id}`, { body: { url: hooks.url('/mine'), secret: 'x'.repeat(32) } }));
  for (const body of [{ status: 'paused' }, { status: 'disabled' }, { rate: { per_minute: 1, burst: 1 } }])
    for (const one of [channel, other])
      forbidden(await blind('PUT', `/api/drift/channels/${one.id}`, { body }));
  ok(await blind('PUT', `/api/drift/channels/${other.id}`, { body: { name: 'another name' } }));
  // a channel that is named is not dropped
  for (const one of [channel, other])
    assert.equal((await admin('DELETE', `/api/drift/channels/${one.id}`)).json.code, 'in_use');

  // without the route that names them, alerts of the trail take none: they go where the setting says
  const where = async () => ok(await admin('POST', '/api/drift/routes/try', { body: { alert: { severity: 'critical', kind: 'security' } } })).items[0].channels.map((c) => c.channel_id);
  assert.deepEqual(await where(), [other.id]);
  ok(await admin('DELETE', `/api/drift/routes/${named.id}`), 204);
  assert.deepEqual(await where(), [channel.id]);
  ok(await admin('DELETE', `/api/drift/routes/${plain.id}`), 204);
  const none = await settings(admin, [{ channel_id: id, min_severity: 'info' }]);
  assert.deepEqual([none.status, none.json.errors[0].pointer], [422, '/settings/notifications/security/0/channel_id']);
});

test('a quota that is full opens one alert of kind system, seen by who reads alerts, and ends with it', async () => {
  const platform = await bearer(credentials.platform), config = await newConfig(admin), state = (n) => push(admin, config, [policy(1, { displayName: `${n} `.repeat(300) })]);
  await state(1);
  ok(await platform('PUT', `/api/tenants/${id}`, { body: { quota: { storage_bytes: 1 } } }));
  await until('a push is refused', async () => (await admin('POST', `/api/drift/configs/${config.id}/snapshots`, { body: { resources: [policy(2)] } })).json.code === 'quota_exceeded');
  const full = await until('it is told', async () => (await all(blind, '/api/drift/alerts?kind=system')).find((a) => a.severity === 'high'));
  assert.match(full.title, /quota of storage_bytes is used up/);
  assert.equal((await all(blind, '/api/drift/alerts?kind=system')).length, 1);
  ok(await platform('PUT', `/api/tenants/${id}`, { body: { quota: { storage_bytes: null } } }));
  await until('it is over', async () => ok(await admin('GET', `/api/drift/alerts/${full.id}`)).status === 'resolved');
});
