// The kinds of channels: what each is made of, what its receiver gets and may answer, and what stays secret of it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as cards from 'adaptivecards';
import { HTTP } from 'cloudevents';
import { freePort } from '../../lib/ports.mjs';
import { base, build, smtpPort, sql, until } from '../lib/env.mjs';
import { rowsOf, walk } from '../lib/answers.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { Receiver, verify } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, policy, push, serviceKey, unique, withKey } from '../lib/people.mjs';

const KEY = '0123456789abcdefABCDEF0123456789';
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
// As Teams has them: what is behind sig= is the secret, and every byte of the rest is needed.
const FLOW = '/powerautomate/automations/direct/workflows/0af1/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a-b_c';

// kind: where its receiver listens, what else a channel is made with, and what the receiver answers when all is well.
const KINDS = {
  webhook: { path: '/hook', more: {}, good: { status: 204 } },
  slack: { path: '/services/T000/B000/secretsecret', more: {}, good: { status: 200, body: 'ok' } },
  teams: { path: FLOW, more: {}, good: { status: 202 } },
  pagerduty: { path: '/v2/enqueue', more: { secret: KEY }, good: { status: 202, body: '{"status":"success"}' } },
  cloudevents: { path: '/events', more: {}, good: { status: 200 } },
  alertmanager: { path: '/am', at: '/am/api/v2/alerts', more: {}, good: { status: 200 } },
};

let receiver, admin, schema;

before(async () => {
  receiver = await new Receiver().start();
  admin = await bearer();
  schema = sql("SELECT schema_name FROM tenants WHERE slug = 'demo'");
});
after(() => receiver.stop());

const make = (kind, more = {}) => newChannel(admin, receiver.url(KINDS[kind].path), { kind, ...KINDS[kind].more, ...more });
const listed = async (channel) => (await all(admin, '/api/drift/channels')).find((c) => c.id === channel.id);
const deliveries = (channel) => all(admin, `/api/drift/channels/${channel.id}/deliveries`);
const attempts = (channel, n) => until(`${n} attempts`, async () => {
  const rows = await deliveries(channel);
  return rows.length >= n && rows;
});

// A config that tells one channel, with a baseline; drift(state) pushes.
async function watched(channel) {
  const config = await newConfig(admin, { alerts: [{ channel_id: channel.id }] });
  await push(admin, config, [policy(1)]);
  config.drift = (state) => push(admin, config, [policy(1, state)]);
  return config;
}

// The bodies that came for a channel of that kind, from its opening to its end.
async function life(kind, more = { values: true }) {
  receiver.usual = KINDS[kind].good;
  const channel = await make(kind, more);
  const config = await watched(channel);
  const from = receiver.got.length;
  const came = (n) => until(`${n} messages of ${kind}`, () => receiver.got.length >= from + n && receiver.got.slice(from));
  await config.drift({ state: 'disabled', displayName: '<!channel> [a](http://x) \u202e @here' });
  await came(1);
  await config.drift({});
  const got = await came(2);
  const rows = await attempts(channel, 2);
  return { channel, config, got, rows };
}

test('each kind says what it needs, and what it has no use for', async () => {
  const url = receiver.url('/x');
  const refused = [
    [{ kind: 'slack' }, '/url'],
    [{ kind: 'teams', to: 'x@example.org' }, '/to'],
    [{ kind: 'slack', url, secret: KEY }, '/secret'],
    [{ kind: 'teams', url, secret: SECRET }, '/secret'],
    [{ kind: 'alertmanager', url, secret: SECRET }, '/secret'],
    [{ kind: 'alertmanager', url: `${url}?a=1` }, '/url'],
    [{ kind: 'pagerduty' }, '/secret'],
    [{ kind: 'pagerduty', secret: KEY.slice(1) }, '/secret'],
    [{ kind: 'pagerduty', secret: `${KEY.slice(1)}-` }, '/secret'],
    [{ kind: 'webhook', url, secret: KEY }, '/secret'],
    [{ kind: 'cloudevents', url, secret: 'whsec_c2hvcnQ=' }, '/secret'],
    [{ kind: 'slack', url: 'ftp://example.org/' }, '/url'],
    [{ kind: 'teams', url: 'http://169.254.169.254/latest' }, '/url'],
    [{ kind: 'opsgenie', url }, '/kind'],
  ];
  for (const [body, pointer] of refused) {
    const a = await admin('POST', '/api/drift/channels', { body: { name: unique('c'), ...body } });
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer === pointer), `${JSON.stringify(body)}: ${a.text}`);
  }
  const theirs = await admin('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'pagerduty', secret: KEY } });
  assert.equal(theirs.json.url, 'https://events.pagerduty.com/v2/enqueue');
  assert.equal((await make('alertmanager')).url, receiver.url('/am/api/v2/alerts'));
});

test('a secret is shown once where we made it, and never where it was given', async () => {
  for (const kind of Object.keys(KINDS)) {
    const channel = await make(kind);
    assert.equal(channel.secret !== undefined, kind === 'webhook' || kind === 'cloudevents', kind);
    assert.equal((await listed(channel)).secret, undefined);
  }
  const own = await make('webhook', { secret: SECRET });
  assert.equal(own.secret, undefined);
  const null_ = await admin('PUT', `/api/drift/channels/${(await make('pagerduty')).id}`, { body: { secret: null } });
  assert.equal(null_.status, 422, null_.text);
});

test('a url that is a secret is kept sealed: nobody reads it, and messages go to every byte of it', async () => {
  for (const kind of ['slack', 'teams']) {
    receiver.usual = KINDS[kind].good;
    const channel = await make(kind);
    const host = receiver.url('');
    assert.match(channel.url, new RegExp(`^${host}/#[0-9a-f]{16}$`));
    assert.equal((await listed(channel)).url, channel.url);
    const row = sql(`SELECT target, HEX(secret) FROM ${schema}.channels WHERE id = UNHEX(REPLACE('${channel.id}', '-', ''))`);
    assert.ok(!row.includes('secretsecret') && !row.includes('sig='), row);
    const entries = sql(`SELECT details FROM ${schema}.audit ORDER BY seq DESC LIMIT 20`);
    assert.ok(!entries.includes('secretsecret') && !entries.includes('a-b_c'), entries);
    // What was shown, given back, is that url; another is another.
    for (const [url, there] of [[channel.url, KINDS[kind].path], [receiver.url('/moved?sig=2'), '/moved?sig=2']]) {
      const put = await admin('PUT', `/api/drift/channels/${channel.id}`, { body: { url } });
      assert.equal(put.status, 200, put.text);
      const from = receiver.got.length;
      assert.equal((await admin('POST', `/api/drift/channels/${channel.id}/test`)).status, 202);
      await until('the test', () => receiver.got.length > from);
      assert.equal(receiver.got[from].path, there);
    }
  }
});

test('slack gets blocks in which nothing from outside is a mention or a link', async () => {
  const { got: [opened, resolved], rows } = await life('slack');
  const text = (m) => m.body.blocks.map((b) => b.text?.text ?? '').join('\n');
  assert.match(opened.body.text, /^Critical · .* · /);
  assert.ok(!/[<>]/.test(opened.body.text), opened.body.text);
  assert.match(text(opened), /"enabled" -> "disabled"/);
  assert.equal(opened.body.blocks.filter((b) => b.text?.type === 'mrkdwn').length, 1, 'the link, which is ours');
  assert.ok(opened.body.blocks.every((b) => b.text === undefined || b.text.type === 'mrkdwn' || b.text.emoji === false));
  assert.match(resolved.body.text, /^Resolved · /);
  assert.ok(rows.every((d) => d.outcome === 'delivered'), JSON.stringify(rows));
});

test('teams gets an Adaptive Card 1.4 that its own library takes, and 202 is no proof', async () => {
  const { got, rows } = await life('teams');
  for (const { body } of got) {
    assert.equal(body.type, 'message');
    assert.equal(body.attachments[0].contentType, 'application/vnd.microsoft.card.adaptive');
    const context = new cards.SerializationContext(cards.Versions.v1_4);
    const card = new cards.AdaptiveCard();
    card.parse(body.attachments[0].content, context);
    const events = [...Array(context.eventCount).keys()].map((i) => context.getEventAt(i).message);
    assert.deepEqual(events, []);
    assert.deepEqual(card.validateProperties().validationEvents.map((v) => v.message), []);
  }
  const runs = (m) => m.body.attachments[0].content.body.flatMap((p) => p.inlines.map((r) => r.text)).join('\n');
  assert.match(runs(got[0]), /"enabled" -> "disabled"/);
  assert.match(runs(got[1]), /^Resolved · /);
  assert.ok(rows.every((d) => d.outcome === 'accepted' && d.state === 'delivered'), JSON.stringify(rows));
});

test('pagerduty gets one incident that opens and ends', async () => {
  const { got: [opened, resolved], config } = await life('pagerduty');
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  for (const m of [opened, resolved]) {
    assert.equal(m.body.routing_key, KEY);
    assert.equal(m.body.dedup_key, alert.id);
    assert.equal(m.body.payload.source, 'demo');
    assert.ok(['critical', 'error', 'warning', 'info'].includes(m.body.payload.severity));
  }
  assert.deepEqual([opened.body.event_action, resolved.body.event_action], ['trigger', 'resolve']);
  assert.equal(opened.body.payload.severity, 'critical');
  assert.equal(opened.body.links.length, 1);
});

test('cloudevents gets events that their own library takes, signed', async () => {
  const { channel, got, config } = await life('cloudevents');
  for (const m of got) {
    const event = HTTP.toEvent({ headers: m.headers, body: m.text });
    assert.ok(event.validate());
    assert.equal(event.source, '/blindspotx/tenants/demo');
    assert.equal(event.id, m.headers['webhook-id']);
    assert.equal(event.data.config.id, config.id);
    assert.ok(verify(channel.secret, m));
  }
  assert.deepEqual(got.map((m) => m.body.type), ['blindspotx.drift.alert.opened', 'blindspotx.drift.alert.resolved']);
});

test('an Alertmanager has the alert until it is over', async () => {
  const port = await freePort(build), folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-am.'));
  fs.writeFileSync(path.join(folder, 'am.yml'), 'route: {receiver: none}\nreceivers: [{name: none}]\n');
  const am = spawn('prometheus-alertmanager', [`--config.file=${folder}/am.yml`, `--storage.path=${folder}`,
    `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='], { stdio: 'ignore' });
  const at = `http://127.0.0.1:${port}`;
  const there = async () => (await fetch(`${at}/api/v2/alerts?active=true`)).json();
  try {
    await until('alertmanager', () => fetch(`${at}/-/ready`).then((a) => a.ok, () => false));
    const channel = await newChannel(admin, `${at}/`, { kind: 'alertmanager', values: true });
    const config = await watched(channel);
    await config.drift({ state: 'disabled' });
    const [alert] = await until('the alert', async () => (await there()).length > 0 && there());
    assert.equal(alert.labels.tenant, 'demo');
    assert.equal(alert.labels.config_id, config.id);
    assert.equal(alert.annotations.severity, 'critical');
    assert.match(alert.annotations.description, /"enabled" -> "disabled"/);
    await config.drift({});
    await until('its end', async () => (await there()).length === 0);
    assert.ok((await deliveries(channel)).every((d) => d.outcome === 'delivered'));
  } finally {
    am.kill();
    await new Promise((done) => (am.exitCode !== null ? done() : am.on('exit', done)));
    fs.rmSync(folder, { recursive: true });
  }
});

test('a channel that is told no values gets none, of any kind', async () => {
  for (const kind of Object.keys(KINDS)) {
    const { got } = await life(kind, { values: false });
    for (const m of got)
      assert.ok(!/\\?"(enabled|disabled)\\?"|channel>/.test(m.text), `${kind}: ${m.text}`);
  }
});

// What is silent keeps a sender for as long as a request may take: make check-receivers has that.
test('whatever a receiver answers, and whatever happens to the connection, leads where its kind says, and the tenant reads why', async () => {
  const nobody = await freePort(build);
  for (const kind of [...Object.keys(KINDS), 'template']) {
    const { path: at, at: there = at, more } = KINDS[kind] ?? { path: '/own', more: { template: '{"text": %alert.headline%}' } };
    let n = 0;
    await walk(admin, schema, rowsOf(kind).filter((r) => r.answer !== 'silent'), (row) => {
      if (row.answer === 'closed')
        return { url: `http://127.0.0.1:${nobody}${at}`, ...more };
      receiver.answers.set(`/${++n}${there}`, row.status ? { status: row.status, body: row.body, headers: row.headers } : row.answer);
      return { url: receiver.url(`/${n}${at}`), ...more };
    });
  }
});

test('whatever a mail server says, a mailbox that it does not know is given up, and what may be put right is tried again', async () => {
  const rows = rowsOf('email'), of = (row) => row.answer.split(' '), to = () => ({ to: `${unique('x')}@codes.example` });
  const served = async (some, start, target = to) => {
    const server = await start();
    try {
      await walk(admin, schema, some, target);
    } finally {
      await server.stop();
    }
  };
  const codes = new Map(), late = rows.filter((r) => ['RCPT', 'text'].includes(of(r)[1]));
  await served(late, () => new Mailbox().start({ answer: (stage, address) => codes.get(`${stage} ${address}`) ?? 0 }), (row) => {
    const [code, stage] = of(row), made = to();
    codes.set(`${stage} ${made.to}`, Number(code));
    return made;
  });
  for (const row of rows.filter((r) => !late.includes(r))) {
    const [code, stage] = of(row);
    await served([row], stage ? () => new Mailbox().start({ answer: (at) => (at === stage ? Number(code) : 0) })
      : code === 'closed' ? () => ({ stop() {} })
        : () => new Promise((done) => { const s = net.createServer((c) => c.resetAndDestroy()).listen(smtpPort, '127.0.0.1', () => done({ stop: () => new Promise((end) => s.close(end)) })); }));
  }
});

test('the same target in other words is no other target', async () => {
  const { key } = await serviceKey(admin, ['manage:channels']);
  for (const [kind, url] of [['alertmanager', receiver.url('/am/')], ['slack', receiver.url(KINDS.slack.path)], ['teams', receiver.url(FLOW)]]) {
    const put = await withKey(key)('PUT', `/api/drift/channels/${(await make(kind, { values: true })).id}`, { body: { url } });
    assert.equal(put.status, 200, `${kind}: ${put.text}`);
  }
});

test('who may not read values moves no channel that is told them, neither by its url nor by its key', async () => {
  const { key } = await serviceKey(admin, ['manage:channels']);
  const machine = withKey(key);
  const put = (channel, body) => machine('PUT', `/api/drift/channels/${channel.id}`, { body });
  for (const [kind, body] of [['pagerduty', { secret: [...KEY].reverse().join('') }], ['slack', { url: receiver.url('/mine') }],
    ['teams', { url: receiver.url('/mine') }], ['alertmanager', { url: receiver.url('/mine') }]]) {
    assert.equal((await put(await make(kind, { values: true }), body)).status, 403, kind);
    const blind = await put(await make(kind), body);
    assert.equal(blind.status, 200, `${kind}: ${blind.text}`);
  }
});

test('email is a thread of mails in text and HTML, in which nothing is asked for from elsewhere', async () => {
  const mailbox = await new Mailbox().start();
  try {
    const to = `${unique('analyst')}@example.org`;
    const channel = (await admin('POST', '/api/drift/channels', { body: { name: '<b>Night & day</b>', kind: 'email', to, values: true } })).json;
    assert.deepEqual([channel.to, channel.url], [to, null]);
    const config = await watched(channel);
    await config.drift({ state: 'disabled', displayName: '<img src=http://x.example/y>' });
    await until('the opening', () => mailbox.to(to).length >= 1);
    await config.drift({});
    await until('the end', () => mailbox.to(to).length >= 2);
    const [opened, resolved] = mailbox.to(to), [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
    const field = (m, name) => m.mail.headers.find((h) => h.key === name)?.value;
    assert.match(opened.mail.subject, /^Critical · .* · .*: state /);
    assert.match(resolved.mail.subject, /^Resolved · /);
    for (const m of [opened, resolved]) {
      assert.ok(field(m, 'references').startsWith(`<alert-${alert.id}@`), 'one thread');
      assert.ok(field(m, 'list-id').startsWith(`<alerts-${channel.id}.`));
      assert.equal(field(m, 'auto-submitted'), 'auto-generated');
      const links = [...m.mail.html.matchAll(/(?:href|src)="([^"]*)"/g)].map((x) => x[1]);
      assert.equal(links.length, m === opened ? 4 : 1, 'the one to look, and those to answer as long as there is something');
      assert.ok(links.every((link) => link.startsWith(base.origin) && m.mail.text.includes(link.replaceAll('&amp;', '&'))), 'the same links in both');
      assert.ok(!/<img|<script|<b>/i.test(m.mail.html), m.mail.html);
    }
    assert.notEqual(opened.mail.messageId, resolved.mail.messageId);
    assert.match(opened.mail.text, /"enabled" -> "disabled"/);
    assert.ok((await attempts(channel, 2)).every((d) => d.outcome === 'delivered' && d.http_status === undefined));
    const put = await admin('PUT', `/api/drift/channels/${channel.id}`, { body: { to: 'another@example.org' } });
    assert.equal(put.json?.to, 'another@example.org', put.text);
  } finally {
    await mailbox.stop();
  }
  for (const [body, pointer] of [[{}, '/to'], [{ to: 'nobody' }, '/to'], [{ to: 'a@b.example\r\nBcc: c@d.example' }, '/to'],
    [{ to: 'a@b.example,c@d.example' }, '/to'], [{ to: 'a@b.example', url: receiver.url('/x') }, '/url'], [{ to: 'a@b.example', secret: SECRET }, '/secret']]) {
    const a = await admin('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'email', ...body } });
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer === pointer), `${JSON.stringify(body)}: ${a.text}`);
  }
});
