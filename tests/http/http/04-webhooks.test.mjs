import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../lib/env.mjs';
import { Receiver, verify } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, policy, push, sql, unique } from '../lib/people.mjs';

let receiver, admin;

before(async () => {
  receiver = await new Receiver().start();
  admin = await bearer();
});
after(() => receiver.stop());

const deliveries = (channel) => all(admin, `/api/drift/channels/${channel.id}/deliveries`);
const told = (event, config) => (d) => d.body?.type === event && d.body.data.config?.id === config.id;

async function watched(more = {}) {
  const channel = await newChannel(admin, receiver.url(), { values: true });
  const config = await newConfig(admin, { alerts: [{ channel_id: channel.id }], ...more });
  await push(admin, config, [policy(1), policy(2)]);
  return { channel, config };
}

test('a channel shows its secret once, and is listed, changed and deleted', async () => {
  const channel = await newChannel(admin, receiver.url());
  assert.match(channel.secret, /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/);
  const listed = (await all(admin, '/api/drift/channels')).find((c) => c.id === channel.id);
  assert.equal(listed.secret, undefined);
  assert.equal(listed.status, 'active');
  const put = await admin('PUT', `/api/drift/channels/${channel.id}`, { body: { name: unique('renamed') } });
  assert.equal(put.status, 200, put.text);
  assert.equal(put.json.url, channel.url);
  assert.equal(put.json.secret, undefined);
  assert.equal((await admin('DELETE', `/api/drift/channels/${channel.id}`)).status, 204);
  assert.equal((await admin('DELETE', `/api/drift/channels/${channel.id}`)).status, 404);
});

test('the kind of a channel never changes: messages on their way were made for it', async () => {
  const channel = await newChannel(admin, receiver.url());
  const put = (body) => admin('PUT', `/api/drift/channels/${channel.id}`, { body });
  const refused = async (kind, detail) => {
    const a = await put({ kind });
    assert.equal(a.status, 422, a.text);
    const fault = a.json.errors.find((e) => e.pointer === '/kind');
    assert.ok(fault, a.text);
    assert.match(fault.detail, detail);
  };
  assert.equal((await put({ kind: 'webhook', name: unique('same') })).status, 200);
  await refused('mail', /webhook/);
  await refused('slack', /webhook/);
  const schema = sql("SELECT schema_name FROM tenants WHERE slug = 'demo'");
  sql(`UPDATE ${schema}.channels SET kind = 'another' WHERE id = UNHEX(REPLACE('${channel.id}', '-', ''))`);
  await refused('webhook', /^cannot change: it is another; make another channel$/);
  assert.equal((await all(admin, '/api/drift/channels')).find((c) => c.id === channel.id).kind, 'another');
  assert.equal((await put({ url: receiver.url('/moved'), secret: null })).status, 409, 'a kind that this version does not know');
  assert.equal((await admin('DELETE', `/api/drift/channels/${channel.id}`)).status, 204);
});

test('a test message arrives, signed', async () => {
  const channel = await newChannel(admin, receiver.url('/test'));
  const a = await admin('POST', `/api/drift/channels/${channel.id}/test`);
  assert.equal(a.status, 202, a.text);
  const d = await receiver.wait('the test', (x) => x.path === '/test');
  assert.equal(d.body.type, 'channel.test');
  assert.equal(d.headers['content-type'], 'application/json');
  assert.ok(verify(channel.secret, d), 'signature');
  assert.ok(!verify((await newChannel(admin, receiver.url())).secret, d), 'another secret does not fit');
  const [row] = await until('the delivery log', async () => {
    const rows = await deliveries(channel);
    return rows.length > 0 && rows;
  });
  assert.equal(row.outcome, 'delivered');
  assert.equal(row.http_status, 200);
});

test('opened, updated and resolved are delivered, signed, with the changes', async () => {
  const { channel, config } = await watched();
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  const opened = await receiver.wait('opened', told('drift.alert.opened', config));
  assert.ok(verify(channel.secret, opened));
  const { data } = opened.body;
  assert.equal(data.tenant.slug, 'demo');
  assert.equal(data.config.name, config.name);
  assert.equal(data.alert.severity, 'critical');
  assert.equal(data.changes.length, 1);
  assert.equal(data.changes[0].path, '/state');
  assert.equal(data.changes[0].new_value, 'disabled');

  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2, { state: 'disabled' })]);
  const updated = await receiver.wait('updated', told('drift.alert.updated', config));
  assert.ok(verify(channel.secret, updated));
  assert.equal(updated.body.data.alert.id, data.alert.id);

  await push(admin, config, [policy(1), policy(2)]);
  const resolved = await receiver.wait('resolved', told('drift.alert.resolved', config));
  assert.ok(verify(channel.secret, resolved));
  assert.equal(resolved.body.data.alert.id, data.alert.id);
  assert.equal(resolved.body.data.alert.status, 'resolved');
  const ours = receiver.got.filter((d) => d.body?.data?.config?.id === config.id);
  assert.equal(ours.length, 3, 'the unchanged push told nothing');
  assert.equal(new Set(ours.map((d) => d.id)).size, 3);
});

test('a push that changes only volatile members, and one below the least severity, tell nothing', async () => {
  const { config } = await watched({ thresholds: { min_severity: 'high' }, rules: [{ path: '/displayName', severity: 'low', reason: 'A name.' }] });
  await push(admin, config, [policy(1, { modifiedDateTime: '2030-01-01T00:00:00Z' }), policy(2)]);
  const { report } = await push(admin, config, [policy(1, { displayName: 'another' }), policy(2)]);
  assert.equal(report.status, 'drifted');
  assert.ok(report.not_alerted?.reason, 'what a threshold held back says so');
  assert.deepEqual(await all(admin, `/api/drift/alerts?config_id=${config.id}`), []);
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  await receiver.wait('the real one', told('drift.alert.opened', config));
  assert.equal(receiver.got.filter((d) => d.body?.data?.config?.id === config.id).length, 1);
});

test('a receiver that fails is asked again with the same webhook-id and a new signature', async () => {
  const { channel, config } = await watched();
  receiver.plan.push(500);
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  await until('two attempts', () => receiver.got.filter(told('drift.alert.opened', config)).length >= 2, 30);
  const [one, two] = receiver.got.filter(told('drift.alert.opened', config));
  assert.deepEqual([one.status, two.status], [500, 200]);
  assert.equal(one.id, two.id);
  assert.equal(one.text, two.text);
  assert.ok(verify(channel.secret, one) && verify(channel.secret, two));
  const rows = await until('both in the log', async () => {
    const r = await deliveries(channel);
    return r.length === 2 && r;
  });
  assert.deepEqual(rows.map((r) => [r.outcome, r.http_status, r.attempt]).sort(),
    [['delivered', 200, 2], ['failed', 500, 1]]);
});

test('a receiver that answers 410 is never asked again: the channel is disabled', async () => {
  const { channel, config } = await watched();
  receiver.plan.push(410);
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  await receiver.wait('the attempt', told('drift.alert.opened', config));
  const now = await until('the channel to be disabled', async () => {
    const c = (await all(admin, '/api/drift/channels')).find((x) => x.id === channel.id);
    return c.status === 'disabled' && c;
  });
  assert.match(now.status_reason, /410/);
  await push(admin, config, [policy(1), policy(2)]);
  const again = await newChannel(admin, receiver.url('/later'));
  await admin('POST', `/api/drift/channels/${again.id}/test`);
  await receiver.wait('a later one', (d) => d.path === '/later');
  assert.equal(receiver.got.filter((d) => d.body?.data?.config?.id === config.id).length, 1);
});

test('a redirect is no delivery and is not followed', async () => {
  const { channel, config } = await watched();
  receiver.plan.push(302);
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  await until('the second attempt', () => receiver.got.filter(told('drift.alert.opened', config)).length >= 2, 30);
  assert.equal(receiver.got.filter((d) => d.path === '/elsewhere').length, 0);
  assert.ok((await deliveries(channel)).some((r) => r.http_status === 302 && r.outcome !== 'delivered'));
});

test('a channel may not point where the guard forbids: 422', async () => {
  const before = (await all(admin, '/api/drift/channels')).length;
  for (const url of ['http://169.254.169.254/latest/meta-data/', 'http://[fd00:ec2::254]/', 'file:///etc/passwd', 'gopher://127.0.0.1/',
    'http://user:secret@127.0.0.1/', 'http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/', 'http://0.0.0.0/', 'http://192.168.1.1/hook',
    'http://127.0.0.1@10.0.0.1/', 'http://0x0a000001/', 'http://100.64.0.1/', 'not a url', 'http://', '//127.0.0.1/x',
    `http://127.0.0.1/${'x'.repeat(3000)}`]) {
    const a = await admin('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'webhook', url } });
    assert.equal(a.status, 422, `${url}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer === '/url'), a.text);
  }
  const channel = await newChannel(admin, receiver.url());
  const moved = await admin('PUT', `/api/drift/channels/${channel.id}`, { body: { url: 'http://169.254.169.254/' } });
  assert.equal(moved.status, 422);
  assert.equal((await all(admin, '/api/drift/channels')).length, before + 1);
});

// The form of a body comes first, whatever it is about; then what the path names; then what else the body says.
test('what is not there is 404, and not a fault of what was to be made of it', async () => {
  const nowhere = '00000000-0000-7000-8000-000000000000';
  const channel = await newChannel(admin, receiver.url()), config = await newConfig(admin);
  await push(admin, config, [policy(1)]);
  const report = (await push(admin, config, [policy(2)])).report;
  const [change] = await all(admin, `/api/drift/reports/${report.id}/changes`);
  const rows = [ // [resource, one that is there, a body that it refuses, where]
    ['/api/drift/channels', channel, { url: 'http://169.254.169.254/', secret: null }, '/url'],
    ['/api/drift/channels', channel, { secret: 'whsec_short' }, '/secret'],
    ['/api/drift/configs', config, { alerts: [{ channel_id: nowhere }] }, '/alerts/0/channel_id'],
    ['/api/drift/configs', config, { rule_packs: ['none'] }, '/rule_packs/0'],
    ['/api/drift/changes', change, { status: 'accepted' }, '/reason'],
  ];
  for (const [resource, one, body, pointer] of rows) {
    const there = await admin('PUT', `${resource}/${one.id}`, { body });
    assert.equal(there.status, 422, `${resource} ${JSON.stringify(body)}: ${there.text}`);
    assert.deepEqual(there.json.errors.map((e) => e.pointer), [pointer], there.text);
    assert.equal((await admin('PUT', `${resource}/${nowhere}`, { body })).status, 404, `${resource} ${JSON.stringify(body)}`);
    assert.equal((await admin('PUT', `${resource}/${nowhere}`, { body: { ...body, unheard: 1 } })).status, 422, resource);
  }
  const decide = async (filter) => {
    const a = await admin('PUT', '/api/drift/changes', { body: { filter, status: 'accepted', reason: 'r' } });
    assert.equal(a.status, 422, a.text);
    return a.json.errors.map((e) => e.pointer);
  };
  for (const fingerprint of ['z'.repeat(64), 'f'.repeat(63)])
    for (const report_id of [nowhere, report.id])
      assert.deepEqual(await decide({ report_id, fingerprint }), ['/filter/fingerprint']);
  assert.deepEqual(await decide({ report_id: nowhere, fingerprint: 'f'.repeat(64) }), ['/filter/report_id']);
});

test('a channel that a config names stays: 409', async () => {
  const { channel, config } = await watched();
  const a = await admin('DELETE', `/api/drift/channels/${channel.id}`);
  assert.equal(a.status, 409);
  assert.equal(a.json.code, 'in_use');
  assert.equal((await admin('PUT', `/api/drift/configs/${config.id}`, { body: { alerts: [] } })).status, 200);
  assert.equal((await admin('DELETE', `/api/drift/channels/${channel.id}`)).status, 204);
});

test('an alert resolved by hand is told too', async () => {
  const { config } = await watched();
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  assert.equal((await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'resolved' } })).status, 200);
  await receiver.wait('resolved', told('drift.alert.resolved', config));
});

test('a disabled channel is told nothing until it is active again', async () => {
  const { channel, config } = await watched();
  const set = (status) => admin('PUT', `/api/drift/channels/${channel.id}`, { body: { status } });
  assert.equal((await set('disabled')).json.status, 'disabled');
  assert.equal((await admin('POST', `/api/drift/channels/${channel.id}/test`)).status, 409);
  await push(admin, config, [policy(1, { state: 'disabled' }), policy(2)]);
  await push(admin, config, [policy(1), policy(2)]);
  assert.equal((await set('active')).json.status, 'active');
  await push(admin, config, [policy(1), policy(2, { state: 'disabled' })]);
  await receiver.wait('the one after', told('drift.alert.opened', config));
});
