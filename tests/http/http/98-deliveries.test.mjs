// What was sent goes out again, waits while a channel is paused, and is signed by two secrets while one replaces the other.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { credentials, parseMetrics, sql, total, until } from '../lib/env.mjs';
import { Receiver, verify } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newKey, newTenant, policy, push, withKey } from '../lib/people.mjs';

let hooks, admin, owner, schema;

before(async () => {
  hooks = await new Receiver().start();
  owner = newTenant();
  admin = await bearer(owner);
  schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`);
});
after(() => hooks.stop());

let made = 0;
async function watched(more = {}) {
  const path = `/hook${++made}`;
  const channel = await newChannel(admin, hooks.url(path), more);
  const config = await newConfig(admin, { alerts: [{ channel_id: channel.id, min_severity: 'info' }] });
  await push(admin, config, [policy(1)]);
  const got = () => hooks.got.filter((d) => d.path === path);
  return {
    channel, config, got,
    drift: (state = {}) => push(admin, config, [policy(1, state)]),
    came: (n) => until(`${n} messages at ${path}`, () => got().length >= n && got()),
    put: async (body) => { const a = await admin('PUT', `/api/drift/channels/${channel.id}`, { body }); assert.equal(a.status, 200, a.text); return a.json; },
    replay: (body = {}) => admin('POST', `/api/drift/channels/${channel.id}/replay`, { body }),
    deliveries: (n = 0) => until(`${n} attempts`, () => all(admin, `/api/drift/channels/${channel.id}/deliveries`).then((rows) => rows.length >= n && rows)),
  };
}
const replayOne = (row, caller = admin) => caller('POST', `/api/drift/deliveries/${row.id}/replay`);
const types = (list) => list.map((d) => d.body.type.split('.').at(-1));

// Opened, worse, over; each delivered.
async function lived(more) {
  const w = await watched(more);
  await w.drift({ displayName: 'another' });
  await w.came(1);
  await w.drift({ displayName: 'another', state: 'disabled' });
  await w.came(2);
  await w.drift();
  await w.came(3);
  await w.deliveries(3);
  return w;
}

test('a message that was delivered goes out again under its id, byte for byte, and what its alert had after it follows in order', async () => {
  const w = await lived({ values: true }), first = w.got().slice(0, 3), rows = (await w.deliveries(3)).reverse();
  assert.deepEqual(types(first), ['opened', 'updated', 'resolved']);
  assert.deepEqual(rows.map((r) => r.request_bytes), first.map((d) => d.bytes.length));

  const last = await replayOne(rows[2]);
  assert.deepEqual([last.status, last.json], [202, { messages: 1, next: null }], last.text);
  await w.came(4);
  await w.deliveries(4);
  const whole = await replayOne(rows[0]);
  assert.equal(whole.json.messages, 3, whole.text);
  const again = (await w.came(7)).slice(3);
  assert.deepEqual(again.map((d) => d.id), [first[2], ...first].map((d) => d.id));
  assert.deepEqual(again.map((d) => d.text), [first[2], ...first].map((d) => d.text));
  assert.ok(again.every((d) => verify(w.channel.secret, d)));
  assert.deepEqual((await w.deliveries(7)).map((r) => r.attempt), [3, 2, 2, 2, 1, 1, 1]);
});

test('what was given up goes out again when that is asked for, all of it or that of a time, and nothing twice', async () => {
  const w = await watched();
  hooks.plan = [410];
  await w.drift({ state: 'disabled' });
  await w.came(1);
  await until('the channel is disabled', async () => (await all(admin, '/api/drift/channels')).find((c) => c.id === w.channel.id).status === 'disabled');
  assert.equal((await w.replay()).status, 409);
  assert.equal((await replayOne((await w.deliveries(1))[0])).status, 409);
  await w.put({ status: 'active' });
  const later = new Date(Date.now() + 60000).toISOString();
  assert.deepEqual((await w.replay({ since: later })).json, { messages: 0, next: null });
  assert.deepEqual((await w.replay({ until: '2020-01-01T00:00:00Z' })).json, { messages: 0, next: null });
  assert.deepEqual((await w.replay({ until: later })).json, { messages: 1, next: null });
  const [, again] = await w.came(2);
  assert.equal(again.id, w.got()[0].id);
  await until('it is delivered', async () => (await w.deliveries(2)).every((r) => r.state === 'delivered'));
  assert.deepEqual((await w.replay()).json, { messages: 0, next: null });
  assert.deepEqual((await w.replay({ state: 'all' })).json, { messages: 1, next: null });
  await w.came(3);
});

test('a failed attempt begins a round of its own: it is tried again as if it were the first', async () => {
  const w = await lived(), [row] = await w.deliveries(3);
  sql("UPDATE outbox SET attempts = 10 WHERE state = 'delivered'", schema);
  hooks.plan = [500];
  assert.equal((await replayOne(row)).json.messages, 1);
  await w.came(4);
  const [failed] = await w.deliveries(4);
  assert.deepEqual([failed.attempt, failed.outcome, failed.state], [11, 'failed', 'pending']);
  assert.equal((await replayOne(failed)).json.messages, 0); // it waits, and is due now
  await w.came(5);
  assert.equal((await w.deliveries(5))[0].state, 'delivered');
});

test('many are sent in parts, each of which says where to go on', async () => {
  const w = await lived();
  const [row] = await w.deliveries(3);
  const hex = (id) => id.replaceAll('-', '');
  sql(`INSERT INTO outbox (id, channel_id, kind, event, body, state, attempts, created_at, done_at, template)
      SELECT UNHEX(CONCAT('0190f1000000700080', LPAD(HEX(seq), 14, '0'))), channel_id, kind, 'channel.test', '', 'delivered', 1, created_at, done_at, 0
      FROM outbox, seq_1_to_450 WHERE id = (SELECT outbox_id FROM deliveries WHERE id = UNHEX('${hex(row.id)}'));
    INSERT INTO deliveries (id, outbox_id, channel_id, attempt, at, outcome, took_ms, detail)
      SELECT id, id, channel_id, 1, created_at, 'delivered', 1, '' FROM outbox WHERE id < UNHEX('0190f2')`, schema);
  await w.put({ status: 'paused' });
  const asked = { state: 'all', until: '2024-12-31T00:00:00Z' }, counts = [];
  for (let from = null; ;) {
    const a = await w.replay({ ...asked, ...(from && { from }) });
    assert.equal(a.status, 202, a.text);
    counts.push(a.json.messages);
    from = a.json.next;
    if (!from)
      break;
  }
  assert.deepEqual(counts, [200, 200, 50]);
  sql("DELETE FROM deliveries WHERE id < UNHEX('0190f2'); DELETE FROM outbox WHERE id < UNHEX('0190f2')", schema);
});

test('a replay tells no more than may be told now, and is for who may read alerts of that tenant', async () => {
  const w = await lived({ values: true }), rows = (await w.deliveries(3)).reverse();
  assert.ok(w.got()[1].text.includes('"disabled"'));
  await w.put({ values: false });
  assert.equal((await w.replay({ state: 'all' })).json.messages, 3);
  const again = (await w.came(6)).slice(3);
  assert.ok(again.every((d) => !d.text.includes('"disabled"') && !d.text.includes('another')), again.map((d) => d.text).join('\n'));
  assert.ok(again[1].text.includes('[withheld]'));

  const keeper = withKey((await newKey(admin, ['manage:channels'])).key);
  const reader = withKey((await newKey(admin, ['read:channels', 'read:alerts'])).key);
  for (const caller of [keeper, reader])
    assert.equal((await replayOne(rows[0], caller)).status, 403);
  assert.equal((await keeper('POST', `/api/drift/channels/${w.channel.id}/replay`, { body: {} })).status, 403);
  const both = withKey((await newKey(admin, ['manage:channels', 'read:alerts'])).key);
  assert.equal((await replayOne(rows[2], both)).status, 202);
  assert.equal((await replayOne(rows[0], await bearer())).status, 404); // of another tenant
  const entries = await all(admin, '/api/audit?action=channel.replay');
  assert.ok(entries.some((a) => a.target_id === w.channel.id && a.details.messages === 3 && a.details.state === 'all'), JSON.stringify(entries));
});

test('a message to a user is no delivery of a channel: nobody sends it again', async () => {
  const id = '0190f300-0000-7000-8000-000000000001';
  sql(`INSERT INTO outbox (id, channel_id, kind, event, body, state, attempts, created_at, template) VALUES (UNHEX(REPLACE('${id}', '-', '')), REPEAT(0x00, 16), 'mail', 'mail.reset', '', 'dead', 10, NOW(3), 0);
    INSERT INTO deliveries (id, outbox_id, channel_id, attempt, at, outcome, took_ms, detail) VALUES (UNHEX(REPLACE('${id}', '-', '')), UNHEX(REPLACE('${id}', '-', '')), REPEAT(0x00, 16), 1, NOW(3), 'failed', 1, '')`, schema);
  assert.equal((await replayOne({ id })).status, 404);
});

test('what comes while a channel is paused waits, is told in one message, and comes when it goes on', async () => {
  const w = await watched();
  const paused = await w.put({ status: 'paused' });
  assert.deepEqual([paused.status, paused.status_reason], ['paused', 'Paused by a user.']);
  assert.equal((await admin('POST', `/api/drift/channels/${w.channel.id}/test`)).status, 409);
  await w.drift({ displayName: 'another' });
  await w.drift({ displayName: 'another', state: 'disabled' });
  await until('a sender has put it off', () => sql(`SELECT COUNT(*) FROM outbox_index i JOIN ${schema}.outbox o ON o.id = i.id
    WHERE o.channel_id = UNHEX(REPLACE('${w.channel.id}', '-', '')) AND i.next_due > NOW() + INTERVAL 1 MINUTE`) === '1');
  assert.equal(w.got().length, 0);
  assert.equal((await w.deliveries()).length, 0);
  const from = Date.now();
  assert.equal((await w.put({ status: 'active' })).status, 'active');
  const [one] = await w.came(1);
  assert.ok(Date.now() - from < 5000);
  assert.deepEqual([one.body.type, one.body.data.folded, one.body.data.changes.length], ['drift.alert.opened', 1, 2]);

  // And what was disabled in place of that is given up, at once.
  await w.put({ status: 'paused' });
  await w.drift({});
  await w.put({ status: 'disabled' });
  const rows = await w.deliveries(2);
  assert.deepEqual([rows[0].state, rows[0].detail, rows[0].request_bytes], ['dead', 'The channel is disabled.', undefined]);
  const told = (await all(admin, '/api/audit?action=channel.update')).filter((a) => a.target_id === w.channel.id).map((a) => a.details.status);
  assert.deepEqual(told.reverse(), [{ from: 'active', to: 'paused' }, { from: 'paused', to: 'active' }, { from: 'active', to: 'paused' }, { from: 'paused', to: 'disabled' }]);
});

test('while a secret replaces another both sign, until the time is over, that is taken back, or the channel leads elsewhere', async () => {
  const w = await watched(), old = w.channel.secret;
  let n = 0;
  const signed = async () => {
    assert.equal((await admin('POST', `/api/drift/channels/${w.channel.id}/test`)).status, 202);
    return (await w.came(++n))[n - 1];
  };
  const fault = async (body, sentence) => {
    const a = await admin('PUT', `/api/drift/channels/${w.channel.id}`, { body });
    assert.equal(a.status, 422, a.text);
    assert.ok(a.json.errors.some((e) => e.pointer === '/former_secret_s' && sentence.test(e.detail ?? e.message)), a.text);
  };
  await fault({ former_secret_s: 60 }, /give a new one/);
  await fault({ former_secret_s: 60, secret: null, url: hooks.url('/elsewhere') }, /another url/);
  await fault({ former_secret_s: 604801, secret: null }, /./);

  const now = await w.put({ secret: null, former_secret_s: 3600 });
  assert.ok(Math.abs(Date.parse(now.former_secret_until) - Date.now() - 3600000) < 60000);
  const both = await signed();
  assert.equal(both.headers['webhook-signature'].split(' ').length, 2);
  assert.ok(verify(old, both) && verify(now.secret, both));
  sql(`UPDATE channels SET former_until = NOW() - INTERVAL 1 SECOND WHERE name = '${w.channel.name}'`, schema);
  const over = await signed();
  assert.ok(!verify(old, over) && verify(now.secret, over));

  const third = await w.put({ secret: null, former_secret_s: 3600 });
  assert.equal((await w.put({ former_secret_s: 0 })).former_secret_until, undefined);
  const taken = await signed();
  assert.ok(!verify(now.secret, taken) && verify(third.secret, taken));
  await w.put({ secret: null, former_secret_s: 3600 });
  const moved = await w.put({ secret: third.secret, url: hooks.url(`/moved${made}`) });
  assert.equal(moved.former_secret_until, undefined);
  assert.equal(sql(`SELECT former_secret IS NULL FROM channels WHERE name = '${w.channel.name}'`, schema), '1');

  const slack = await newChannel(admin, hooks.url('/s'), { kind: 'slack' });
  const none = await admin('PUT', `/api/drift/channels/${slack.id}`, { body: { former_secret_s: 60, secret: null } });
  assert.equal(none.status, 422, none.text);
});

test('deliveries are counted by kind and outcome', async () => {
  const platform = await bearer(credentials.platform), a = await platform('GET', '/metrics');
  const series = parseMetrics(a.text);
  for (const outcome of ['delivered', 'failed', 'dead'])
    assert.ok(total(series, 'bsx_deliveries_total', `kind="webhook",outcome="${outcome}"`) > 0, outcome);
});

test('a channel is told at its own rate, that of its kind or as fast as it answers; what is faster is told together, each in a row of the log', async () => {
  const w = await watched(), path = `/api/drift/channels/${w.channel.id}`;
  assert.equal(w.channel.rate, undefined);
  const chat = await admin('POST', '/api/drift/channels', { body: { name: 'paced chat', kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/x' } });
  assert.deepEqual(chat.json.rate, { per_minute: 20, burst: 10 });
  for (const [rate, fault] of [[{ per_minute: 0, burst: 1 }, '/rate/per_minute'], [{ per_minute: 6001, burst: 1 }, '/rate/per_minute'],
    [{ per_minute: 1, burst: 1001 }, '/rate/burst'], [{ per_minute: 1 }, '/rate/burst']]) {
    const answer = await admin('PUT', path, { body: { rate } });
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.errors[0].pointer, fault, answer.text);
  }
  const mail = await admin('POST', '/api/drift/channels', { body: { name: 'paced mail', kind: 'email', to: 'soc@paced.example', rate: { per_minute: 7, burst: 10 } } });
  assert.deepEqual([mail.status, mail.json.errors?.[0].pointer], [422, '/rate/per_minute'], mail.text);
  assert.deepEqual((await w.put({ rate: { per_minute: 60, burst: 1 } })).rate, { per_minute: 60, burst: 1 });

  const others = [];
  for (let i = 0; i < 3; i++)
    others.push(await newConfig(admin, { alerts: [{ channel_id: w.channel.id, min_severity: 'info' }] }));
  for (const config of others) await push(admin, config, [policy(1)]);
  await w.drift({ state: 'disabled' });
  const [first] = await w.came(1);
  for (const config of others) await push(admin, config, [policy(1, { state: 'disabled' })]);
  const [, told] = await w.came(2);
  assert.deepEqual([first.body.type, told.body.type], ['drift.alert.opened', 'drift.alerts.summary']);
  assert.ok(verify(w.channel.secret, told));
  const { summary, links } = told.body.data, ids = summary.alerts.map((a) => a.id);
  assert.deepEqual([summary.reason, summary.alerts_total, summary.resolved, new Set(ids).size], ['rate', 3, 0, 3]);
  assert.deepEqual(new Set(summary.alerts.map((a) => a.config.name)), new Set(others.map((c) => c.name)));
  assert.match(links.alerts, /\/api\/drift\/alerts$/);

  const rows = await w.deliveries(5), together = rows.filter((r) => r.message_id === told.id.slice('msg_'.length));
  assert.deepEqual(new Set(together.filter((r) => r.alert_id).map((r) => r.alert_id)), new Set(ids));
  assert.ok(together.every((r) => r.outcome === 'delivered' && r.state === 'delivered'));
  assert.equal((await replayOne(together.find((r) => r.alert_id))).json.messages, 1);
  const [, , alone] = await w.came(3); // by itself
  assert.equal(alone.body.type, 'drift.alert.opened');
  assert.equal((await w.put({ rate: null })).rate, undefined);
  await admin('DELETE', `/api/drift/channels/${chat.json.id}`);
});

test('what waits for its turn does not wait by a rate that counts no more', async () => {
  const waits = (w) => until('a turn given', () => sql(`SELECT COUNT(*) FROM channel_paces p JOIN channels c ON c.id = p.channel_id WHERE c.name = '${w.channel.name}' AND p.held_until > NOW(3) + INTERVAL 20 SECOND`, schema) === '1');
  for (const [what, body] of [['a faster rate', { rate: { per_minute: 6000, burst: 1000 } }], ['none', { rate: null }], ['another address', null]]) {
    const w = await watched();
    await w.put({ rate: { per_minute: 1, burst: 1 } });
    await w.drift({ state: 'disabled' });
    await w.came(1);
    await w.drift({ state: 'disabled', displayName: what });
    await waits(w);
    await w.put(body ?? { secret: null, url: hooks.url(`/begins-anew${++made}`) });
    if (body !== null)
      await w.came(2);
    else
      await until('the message elsewhere', () => hooks.got.some((d) => d.path === `/begins-anew${made}`));
  }
});

test('whoever sets a rate or an address again and again is told no faster by it', async () => {
  const c = (await admin('POST', '/api/drift/channels', { body: { name: 'paced again', kind: 'email', to: 'soc@paced.example' } })).json, id = `UNHEX('${c.id.replaceAll('-', '')}')`;
  const put = async (body) => { const a = await admin('PUT', `/api/drift/channels/${c.id}`, { body }); assert.equal(a.status, 200, a.text); };
  const had = () => Number(sql(`SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_at) FROM channel_paces WHERE channel_id = ${id}`, schema));
  sql(`INSERT INTO channel_paces (channel_id, next_at) VALUES (${id}, NOW(3) + INTERVAL 100 SECOND)`, schema); // ten messages of six a minute
  for (const body of [{ rate: { per_minute: 6, burst: 1 } }, { rate: { per_minute: 6, burst: 10 } }, { rate: null }, { to: 'other@paced.example' }, { to: 'soc@paced.example' }, { rate: { per_minute: 6, burst: 9 } }]) {
    await put(body);
    assert.ok(had() > 80, `${JSON.stringify(body)}: ${had()} s`);
  }
  await put({ rate: { per_minute: 1, burst: 9 } });
  assert.ok(had() > 480, `${had()} s`); // as many messages, each a minute
  await put({ rate: null });
  assert.ok(had() > 70 && had() < 101, `${had()} s`);
});
