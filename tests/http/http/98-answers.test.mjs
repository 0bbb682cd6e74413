// Alerts answered from where they were read: by the links of mails and messages, which count once, for whom they were meant.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { base, sql, state, until } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { ahead, all, bearer, newChannel, newConfig, newTenant, policy, push, unique } from '../lib/people.mjs';

const PASSWORD = 'a long enough password';
let owner, admin, other, mailbox, receiver, schema, n = 0;

const newUser = async (role = 'operator') => {
  const email = `${unique('reader')}@answers.example`;
  const made = await admin('POST', '/api/users', { body: { email, display_name: 'R', password: PASSWORD, role } });
  assert.equal(made.status, 201, made.text);
  return { ...made.json, email, tenant: owner.tenant, password: PASSWORD };
};
const mailTo = async (to) => {
  const made = await admin('POST', '/api/drift/channels', { body: { name: unique('mail'), kind: 'email', to } });
  assert.equal(made.status, 201, made.text);
  return made.json;
};
// A config that tells these channels, drifted: its alert.
async function drifted(channels, more = {}) {
  const made = await newConfig(admin, { alerts: channels.map((c) => ({ channel_id: c.id, min_severity: 'info' })), ...more });
  await push(admin, made, [policy(++n)]);
  await push(admin, made, [policy(n, { state: 'disabled' })]);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${made.id}`);
  return { config: made, alert };
}
const look = async (alert) => (await admin('GET', `/api/drift/alerts/${alert.id}`)).json;
// { Acknowledge: URL, ... } of a mail's text.
const linksOf = (m) => Object.fromEntries([...m.mail.text.matchAll(/^(Acknowledge|Resolve|Accept until a day): (\S+)$/gm)].map(([, name, url]) => [name.split(' ')[0], url]));
async function mailed(user, more) {
  const channel = await mailTo(user.email), made = await drifted([channel], more);
  const links = linksOf(await mailbox.wait(user.email, /Critical/));
  return { ...made, channel, links };
}
const token = (url) => /[?&]t=([\w-]+)$/.exec(url)[1];
const target = (url) => url.slice(base.origin.length);
const hidden = (page, name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1];
const confirm = (t, form, headers = {}) => call('POST', '/answer', { body: String(new URLSearchParams({ t, ...(form === undefined ? {} : { form }) })),
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin', ...headers } });
const open = (url) => call('GET', target(url));
const said = (answer, status, words) => {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^text\/html/);
  assert.match(answer.text, words);
};

before(async () => {
  mailbox = await new Mailbox().start();
  receiver = await new Receiver().start();
  receiver.usual = { status: 200, body: 'ok' };
  owner = newTenant();
  admin = await bearer(owner);
  other = await bearer();
  schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`);
});
after(() => Promise.all([mailbox.stop(), receiver.stop()]));

test('a mail to one user is acknowledged by its link without signing in, once, in the name of that user', async () => {
  const user = await newUser(), { alert, links } = await mailed(user);
  assert.deepEqual(Object.keys(links), ['Acknowledge', 'Resolve', 'Accept']);
  assert.ok(links.Acknowledge.startsWith(`${base.origin}/answer?t=`), links.Acknowledge);
  for (const name of ['Resolve', 'Accept'])
    assert.match(links[name], new RegExp(`/\\?tenant=${owner.tenant}#/alerts/${alert.id}\\?answer=${name.toLowerCase()}&t=`));

  // who only looks changes nothing: a person, a mail scanner, a browser that looks ahead
  for (const [method, headers] of [['GET', {}], ['HEAD', {}], ['GET', { 'Sec-Purpose': 'prefetch' }], ['GET', { 'User-Agent': 'scanner' }]])
    assert.equal((await call(method, target(links.Acknowledge), { headers })).status, 200);
  assert.equal((await look(alert)).status, 'open');

  const page = await open(links.Acknowledge), t = token(links.Acknowledge), form = hidden(page, 'form');
  assert.match(page.text, new RegExp(user.email));
  assert.ok(!/<script|disabled&quot;/.test(page.text), 'no script, no value');
  assert.equal(page.headers['content-security-policy'], "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  assert.match(page.text, /<meta name="referrer" content="strict-origin">/);
  assert.equal(hidden(page, 't'), t);

  // a form that was not seen, or is another link's, a page of another site
  said(await confirm(t, 'x'.repeat(28)), 403, /open for too long/);
  said(await confirm(t, form, { 'Sec-Fetch-Site': 'cross-site' }), 403, /does not come from this installation/);
  said(await confirm(t), 422, /<h1>Validation failed/);
  assert.equal((await look(alert)).status, 'open');

  said(await confirm(t, form), 200, /<h1>Acknowledged/);
  const now = await look(alert);
  assert.deepEqual([now.status, now.acknowledged_by], ['acknowledged', user.email]);
  const [entry] = await all(admin, `/api/audit?action=alert.update&target_id=${alert.id}`);
  assert.deepEqual([entry.actor_id, entry.actor_kind, entry.details], [user.id, 'user', { status: 'acknowledged', link: 'acknowledge' }]);
  said(await open(links.Acknowledge), 409, new RegExp(`used before, by ${user.email}`));
  said(await confirm(t, form), 409, /used before/);

  // nothing keeps what the link said
  const logs = ['blindspotx.log', 'driftd.log'].map((f) => path.join(state, 'log', f)).filter((f) => fs.existsSync(f)).map((f) => fs.readFileSync(f, 'utf8')).join('');
  assert.ok(!logs.includes(t) && !sql(`SELECT details FROM ${schema}.audit`).includes(t));
});

test('what is no link of ours, or has ended, is answered with a sentence', async () => {
  const user = await newUser(), { alert, links } = await mailed(user), t = token(links.Acknowledge);
  const flip = (at) => t.slice(0, at) + (t[at] === 'A' ? 'B' : 'A') + t.slice(at + 1);
  for (const at of [15, 20, 30, 60, 90, 105])
    said(await open(`${base.origin}/answer?t=${flip(at)}`), 404, /not whole, or none of ours/);
  for (const bad of ['x', flip(1), t.slice(0, -1), `${t}A`])
    said(await open(`${base.origin}/answer?t=${bad}`), 404, /not whole, or none of ours/);
  said(await open(`${base.origin}/answer`), 422, /Validation failed/);
  said(await open(links.Resolve.replace(/\/\?.*&t=/, '/answer?t=')), 403, /confirmed after signing in/);

  // later than the alert
  assert.equal((await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'resolved' } })).status, 200);
  said(await open(links.Acknowledge), 409, new RegExp(`nothing left to acknowledge: the alert is resolved, by ${owner.email}`));
});

test('a link ends with its user, with what ends other links of theirs, and with the right to use it', async () => {
  const deeds = {
    disabled: [(u) => admin('PUT', `/api/users/${u.id}`, { body: { status: 'disabled' } }), 403, /may not sign in any more/],
    'enabled again': [async (u) => {
      await admin('PUT', `/api/users/${u.id}`, { body: { status: 'disabled' } });
      return admin('PUT', `/api/users/${u.id}`, { body: { status: 'active' } });
    }, 404, /ended with the sessions of its account/],
    deleted: [(u) => admin('DELETE', `/api/users/${u.id}`), 403, /is not there any more/],
    password: [async (u) => (await bearer(u))('PUT', '/api/auth/password', { body: { current_password: PASSWORD, new_password: `${PASSWORD} now` } }), 404, /ended with the sessions of its account/],
    role: [(u) => admin('PUT', `/api/users/${u.id}`, { body: { roles: ['viewer'] } }), 403, /may not work on alerts/],
  };
  const users = await Promise.all(Object.keys(deeds).map(() => newUser())), channels = [];
  for (const u of users)
    channels.push(await mailTo(u.email));
  const { alert } = await drifted(channels);
  for (const [i, [name, [deed, status, words]]] of Object.entries(deeds).entries()) {
    const { Acknowledge } = linksOf(await mailbox.wait(users[i].email, /Critical/));
    assert.equal((await open(Acknowledge)).status, 200, name);
    const done = await deed(users[i]);
    assert.ok(done.status < 300, `${name}: ${done.text}`);
    said(await open(Acknowledge), status, words);
  }
  assert.equal((await look(alert)).status, 'open');
});

test('links that were sent do nothing where the tenant has taken them away, and messages carry none', async () => {
  const user = await newUser(), { alert, links, channel } = await mailed(user), put = (alert_links) => admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { settings: { alert_links } } });
  const form = hidden(await open(links.Acknowledge), 'form');
  assert.equal((await put('off')).status, 200);
  said(await open(links.Acknowledge), 403, /switched off here/);
  said(await confirm(token(links.Acknowledge), form), 403, /switched off here/);
  const signed = await admin('POST', `/api/drift/alerts/${alert.id}/answer`, { body: { token: token(links.Resolve) } });
  assert.deepEqual([signed.status, signed.json.code], [403, 'forbidden'], signed.text);
  const before_ = mailbox.to(user.email).length;
  await drifted([channel]);
  const [, quiet] = await until('the next mail', () => mailbox.to(user.email).length > before_ && mailbox.to(user.email));
  assert.deepEqual(linksOf(quiet), {});
  assert.match(quiet.mail.text, /Open the alert: /);
  assert.equal((await put(null)).json.settings.alert_links, 'acknowledge');
  assert.equal((await open(links.Acknowledge)).status, 200);
});

test('links of chat, of a list and of programs are answered by whoever signs in, with what they may', async () => {
  const kinds = { slack: (m) => m.body.blocks.at(-1).text.text.replaceAll('&amp;', '&'), teams: (m) => m.body.attachments[0].content.actions.map((a) => a.url).join('|'),
    webhook: (m) => Object.values(m.body.data.answers).join('|'), cloudevents: (m) => Object.values(m.body.data.data?.answers ?? m.body.data.answers).join('|') };
  const channels = {};
  for (const kind of Object.keys(kinds))
    channels[kind] = await newChannel(admin, receiver.url(`/${kind}`), { kind });
  channels.list = await mailTo('everybody@lists.example');
  const { alert } = await drifted(Object.values(channels)), found = {};
  for (const [kind, read] of Object.entries(kinds)) {
    const got = await until(kind, () => receiver.got.find((m) => m.path === `/${kind}`));
    found[kind] = [...read(got).matchAll(/#\/alerts\/[0-9a-f-]+\?answer=(\w+)&t=([\w-]+)/g)].map(([, deed, t]) => [deed, t]);
  }
  found.list = Object.values(linksOf(await mailbox.wait('everybody@lists.example', /Critical/))).map((url) => [/answer=(\w+)/.exec(url)?.[1], token(url)]);
  for (const [kind, links] of Object.entries(found))
    assert.deepEqual(links.map(([deed]) => deed), ['acknowledge', 'resolve', 'accept'], kind);
  const tokens = Object.values(found).flat().map(([, t]) => t);
  assert.equal(new Set(tokens).size, tokens.length, 'each is one of its own');

  const of_ = (kind, deed) => found[kind].find(([d]) => d === deed)[1], at = `/api/drift/alerts/${alert.id}`;
  const answer = (by, t, more = {}, path_ = 'answer') => by('POST', `${at}/${path_}`, { body: { token: t, ...more } });
  const refused = (a, status, words) => {
    assert.equal(a.status, status, a.text);
    assert.match(a.text, words);
  };
  const viewer = await bearer(await newUser('viewer'));
  refused(await answer(viewer, of_('slack', 'acknowledge')), 403, /permission/);
  refused(await answer(admin, of_('slack', 'accept')), 422, /for another deed/);
  refused(await answer(admin, of_('slack', 'resolve'), { reason: 'x', expires_at: ahead(3) }, 'accept'), 422, /for another deed/);
  const second = await drifted([]);
  refused(await admin('POST', `/api/drift/alerts/${second.alert.id}/answer`, { body: { token: of_('slack', 'resolve') } }), 422, /of another alert/);
  const theirs = await other('POST', `${at}/answer`, { body: { token: of_('slack', 'resolve') } });
  refused(theirs, 403, /of another organisation/);
  said(await open(`${base.origin}/answer?t=${of_('slack', 'acknowledge')}`), 403, /confirmed after signing in/);

  assert.equal((await answer(admin, of_('slack', 'acknowledge'))).json.status, 'acknowledged');
  refused(await answer(admin, of_('slack', 'acknowledge')), 409, /used before/);
  const [one, two] = await Promise.all([1, 2].map(() => answer(admin, of_('teams', 'accept'), { reason: 'it is right', expires_at: ahead(3) }, 'accept')));
  assert.deepEqual([one.status, two.status].sort(), [200, 409], `${one.text} ${two.text}`);
  const [change] = await all(admin, `/api/drift/reports/${alert.report_id}/changes`);
  const seen = (await admin('GET', `/api/drift/changes/${change.id}`)).json;
  assert.deepEqual([seen.status, seen.acceptance.reason], ['accepted', 'it is right']);
  assert.ok(Math.abs(Date.parse(seen.acceptance.expires_at) - Date.parse(ahead(3))) < 60000);
  refused(await answer(admin, of_('slack', 'accept'), { reason: 'again', expires_at: ahead(3) }, 'accept'), 409, /Nothing of this alert waits|resolved already/);
  assert.ok((await look(alert)).history.some((h) => h.to === 'acknowledged' && h.actor === owner.email));
});

test('by a link nothing is accepted or acknowledged but what was shown', async () => {
  const user = await newUser(), channel = await newChannel(admin, receiver.url('/shown'), {}), { config: made, alert } = await drifted([channel, await mailTo(user.email)]);
  const got = await until('the message', () => receiver.got.find((m) => m.path === '/shown')), t = token(got.body.data.answers.accept);
  const { Acknowledge } = linksOf(await mailbox.wait(user.email, /Critical/)), form = hidden(await open(Acknowledge), 'form');
  await push(admin, made, [policy(n, { state: 'disabled' }), policy(++n)]);
  const later = await until('another report', async () => (await look(alert)).report_id !== alert.report_id && look(alert));
  const accept = (more = {}) => admin('POST', `/api/drift/alerts/${alert.id}/accept`, { body: { token: t, reason: 'x', expires_at: ahead(2), ...more } });
  for (const more of [{}, { report_id: alert.report_id }]) {
    const a = await accept(more);
    assert.equal(a.status, 409, a.text);
    assert.match(a.text, /another report than the one that was shown/);
  }
  assert.ok((await all(admin, `/api/drift/reports/${later.report_id}/changes`)).every((c) => c.status === 'detected'));
  said(await confirm(token(Acknowledge), form), 409, /has changed since this page was opened/);
  assert.equal((await look(alert)).status, 'open');
  said(await confirm(token(Acknowledge), hidden(await open(Acknowledge), 'form')), 200, /<h1>Acknowledged/);
  assert.equal((await accept({ report_id: later.report_id })).status, 200);
});

test('an acceptance by link of what needs a second person waits for one', async () => {
  const put = (accept_from) => admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { settings: { four_eyes: { accept_from } } } });
  const channel = await newChannel(admin, receiver.url('/four'), {}), { alert } = await drifted([channel]);
  const got = await until('the message', () => receiver.got.find((m) => m.path === '/four'));
  assert.equal((await put('high')).status, 200);
  const a = await admin('POST', `/api/drift/alerts/${alert.id}/accept`, { body: { token: token(got.body.data.answers.accept), reason: 'x', expires_at: ahead(2) } });
  assert.equal(a.status, 202, a.text);
  assert.equal(a.json.pending.findings, 1);
  assert.equal((await look(alert)).status, 'open');
  assert.equal((await put(null)).status, 200);
});
