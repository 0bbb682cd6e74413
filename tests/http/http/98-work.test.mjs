// What people do with alerts, told: each event of an alert's life, to each kind of channel, as its config asks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../lib/env.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newTenant, policy, push, unique } from '../lib/people.mjs';

const KEY = '0123456789abcdefABCDEF0123456789', NOTE = 'on <b>it</b> @here *now*';
const LIFE = ['opened', 'assigned', 'acknowledged', 'reopened', 'in_progress', 'resolved'];
const SHORT = ['opened', 'updated', 'resolved'];
// What comes first of a message for people is its severity and this.
const LINES = { opened: /^(?!Resolved)\w+ · /, updated: /^\w+, (was|worse)/, assigned: /^Medium, assigned by admin@/, acknowledged: /^Medium, acknowledged by admin@/,
  reopened: /^Critical, reopened · /, in_progress: /^Critical, in progress by admin@/, resolved: /^Resolved · / };
const line = (text) => Object.keys(LINES).find((word) => word !== 'updated' && LINES[word].test(text)) ?? (LINES.updated.test(text) ? 'updated' : text);
const last = (type) => type.split('.').at(-1);
const runs = (body) => body.attachments[0].content.body.flatMap((p) => p.inlines.map((r) => r.text));

// kind: what its channel is made with, what of its message says which event it is, what of it people read, and what it
// hears where nobody says otherwise, always and never.
const ACTIONS = { opened: 'trigger', updated: 'trigger', acknowledged: 'acknowledge', reopened: 'trigger', in_progress: 'acknowledge', resolved: 'resolve' };
const incident = (life) => life.map((step) => ACTIONS[step]);
const TAKEN = LIFE.filter((step) => step !== 'assigned');
const KINDS = {
  webhook: { event: (m) => last(m.body.type), heard: { absent: SHORT, always: LIFE, never: SHORT } },
  cloudevents: { event: (m) => last(m.body.type), heard: { absent: SHORT, always: LIFE } },
  template: { more: { template: '{"type": "%event.type%", "by": %event.by%, "note": %event.note%}' }, event: (m) => last(m.body.type),
    heard: { absent: SHORT, always: LIFE } },
  alertmanager: { at: '/api/v2/alerts', event: (m) => line(m.body[0].annotations.summary), heard: { absent: SHORT, always: LIFE } },
  pagerduty: { more: { secret: KEY }, event: (m) => m.body.event_action, heard: { absent: incident(TAKEN), never: incident(SHORT) } },
  slack: { event: (m) => line(m.body.text), heard: { absent: LIFE, never: SHORT } },
  teams: { event: (m) => line(runs(m.body)[0]), heard: { absent: LIFE } },
  email: { mail: true, event: (m) => line(m.mail.subject), heard: { absent: LIFE } },
};

let hooks, pages, mailbox, admin;
before(async () => {
  hooks = await new Receiver().start();
  pages = await new Receiver().start();
  mailbox = await new Mailbox().start();
  hooks.usual = { status: 200, body: 'ok' };
  pages.usual = 202;
  admin = await bearer(newTenant());
});
after(() => Promise.all([hooks.stop(), pages.stop(), mailbox.stop()]));

async function listener(kind, tell) {
  const { more = {}, at = '', mail, event } = KINDS[kind], name = unique(kind), by = kind === 'pagerduty' ? pages : hooks;
  const to = `${name}@example.org`;
  const channel = mail ? (await admin('POST', '/api/drift/channels', { body: { name, kind, to } })).json
    : await newChannel(admin, by.url(`/${name}`), { kind, ...more });
  const messages = () => (mail ? mailbox.to(to) : by.got.filter((m) => m.path === `/${name}${at}`));
  return { kind, tell, name, channel, messages, heard: () => messages().map(event), want: KINDS[kind].heard[tell] };
}

test('each state of an alert is told to each kind of channel as it can show it, and to nobody who did not ask', async () => {
  const listeners = [];
  for (const [kind, { heard }] of Object.entries(KINDS))
    for (const tell of Object.keys(heard))
      listeners.push(await listener(kind, tell));
  assert.equal(listeners.length, 15);
  const config = await newConfig(admin, { rule_packs: [], rules: [{ path: '/state', severity: 'critical' }, { path: '/displayName', severity: 'medium' }],
    alerts: listeners.map((l) => ({ channel_id: l.channel.id, ...(l.tell === 'absent' ? {} : { tell_work: l.tell }) })) });
  const drift = (more) => push(admin, config, [policy(1, more)]);
  const alert = async () => (await all(admin, `/api/drift/alerts?config_id=${config.id}`))[0];
  const put = async (body) => assert.equal((await admin('PUT', `/api/drift/alerts/${(await alert()).id}`, { body })).status, 200);
  const deeds = { opened: () => drift({ displayName: 'another' }), assigned: () => put({ assigned_to: admin.session.user.id }),
    acknowledged: () => put({ status: 'acknowledged', note: NOTE }), reopened: () => drift({ displayName: 'another', state: 'disabled' }),
    in_progress: () => put({ status: 'in_progress' }), resolved: () => put({ status: 'resolved', note: NOTE }) };
  await push(admin, config, [policy(1)]);
  for (const [i, step] of LIFE.entries()) {
    await deeds[step]();
    const due = (l) => {
      const done = LIFE.slice(0, i + 1), life = l.want.length === LIFE.length ? LIFE : l.want.length === TAKEN.length ? TAKEN : LIFE.filter((s) => ['opened', 'reopened', 'resolved'].includes(s));
      return l.want.slice(0, life.filter((s) => done.includes(s)).length);
    };
    for (const l of listeners)
      await until(`${step} at ${l.name}`, () => l.heard().length >= due(l).length);
    for (const l of listeners)
      assert.deepEqual(l.heard(), due(l), `${l.kind}, ${l.tell}, ${step}`);
  }

  // Who, from where, with which words: in every form, in which they are nothing but text.
  const at = (kind, tell, step) => { const l = listeners.find((x) => x.kind === kind && x.tell === tell); return l.messages()[(l.want.length === LIFE.length ? LIFE : TAKEN).indexOf(step)]; };
  const me = (await alert()).acknowledged_by;
  assert.deepEqual(at('webhook', 'always', 'acknowledged').body.data.work, { by: me, via: 'session', status_before: 'open', note: NOTE });
  assert.deepEqual(at('webhook', 'always', 'assigned').body.data.work, { by: me, via: 'session', status_before: 'open', assigned_to: me });
  assert.deepEqual(at('webhook', 'always', 'resolved').body.data.work, { by: me, via: 'session', status_before: 'in_progress', note: NOTE });
  assert.equal(at('webhook', 'always', 'reopened').body.data.work, undefined);
  assert.deepEqual(at('template', 'always', 'acknowledged').body, { type: 'drift.alert.acknowledged', by: me, note: NOTE });
  const fields = at('slack', 'absent', 'acknowledged').body.blocks.flatMap((b) => b.fields ?? []);
  assert.ok(fields.length <= 10 && fields.every((f) => f.type === 'plain_text' && f.emoji === false));
  assert.ok(fields.some((f) => f.text === `Comment: ${NOTE}`) && fields.some((f) => f.text === `Acknowledged by: ${me}`), JSON.stringify(fields));
  assert.ok(runs(at('teams', 'absent', 'acknowledged').body).includes(NOTE));
  const thread = listeners.find((l) => l.kind === 'email').messages();
  assert.deepEqual([...new Set(thread.map((m) => m.mail.headers.find((h) => h.key === 'references').value.split('@')[0]))].length, 1, 'one thread');
  assert.ok(!/<b>it/.test(thread[2].mail.html) && thread[2].mail.text.includes(`Comment: ${NOTE}`), thread[2].mail.text);
  const page = listeners.find((l) => l.kind === 'pagerduty').messages();
  assert.equal(new Set(page.map((m) => m.body.dedup_key)).size, 1, 'one incident');
});

test('who was not told of an alert hears nothing of the work on it', async () => {
  const high = await listener('slack', 'absent'), low = await listener('slack', 'absent');
  const config = await newConfig(admin, { rule_packs: [], rules: [{ path: '/displayName', severity: 'medium' }],
    alerts: [{ channel_id: high.channel.id, min_severity: 'high' }, { channel_id: low.channel.id }] });
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, { displayName: 'another' })]);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  for (const status of ['acknowledged', 'resolved'])
    assert.equal((await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status } })).status, 200);
  await until('the end', () => low.heard().includes('resolved'));
  assert.deepEqual(high.messages(), []);
});

test('what is no choice of telling is refused', async () => {
  const { channel } = await listener('webhook', 'absent');
  const config = await newConfig(admin);
  for (const tell_work of ['sometimes', true, '']) {
    const a = await admin('PUT', `/api/drift/configs/${config.id}`, { body: { alerts: [{ channel_id: channel.id, tell_work }] } });
    assert.deepEqual([a.status, a.json.errors[0].pointer], [422, '/alerts/0/tell_work'], a.text);
  }
});
