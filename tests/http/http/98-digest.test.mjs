// The digest of a mailbox: when it is due, what is in it, who may have it, and that there is one of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sql, until } from '../lib/env.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { ahead, all, bearer, newConfig, newTenant, policy, push, serviceKey, unique, withKey } from '../lib/people.mjs';

let mailbox, admin, schema, zoned;

before(async () => {
  mailbox = await new Mailbox().start();
  const who = newTenant(unique('digest'));
  admin = await bearer(who);
  schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`);
});
after(() => mailbox.stop());

const digest = (more = {}) => ({ every: 'day', at: '07:00', timezone: 'Asia/Kolkata', ...more });
const made = (more = {}, as = admin) => as('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'email', to: `${unique('to')}@example.org`, digest: digest(), ...more } });
const channelOf = async (more = {}) => {
  const a = await made(more);
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const row = (channel) => `kind = 'digest' AND schema_name = '${schema}' AND ref = UNHEX(REPLACE('${channel.id}', '-', ''))`;
const due = (channel) => sql(`SELECT next_due FROM schedules WHERE ${row(channel)}`);
// It is due now; once it was seen to, it is due at another time.
const hurry = async (channel, slot = '2026-01-01 00:00:00') => {
  sql(`UPDATE schedules SET next_due = '${slot}' WHERE ${row(channel)}`);
  await until('the digest was seen to', () => due(channel) > new Date().toISOString().replace('T', ' '));
};
const put = (channel, body) => admin('PUT', `/api/drift/channels/${channel.id}`, { body });
const mails = (channel) => mailbox.to(channel.to);

test('a digest says when it is due, by the clocks of a place, and only a mailbox has one', async () => {
  for (const [more, pointer] of [
    [{ digest: digest({ at: '24:00' }) }, '/digest/at'], [{ digest: digest({ at: '7:00 ' }) }, '/digest/at'], [{ digest: digest({ timezone: 'Mars/Base' }) }, '/digest/timezone'],
    [{ digest: digest({ every: 'hour' }) }, '/digest/every'], [{ digest: digest({ weekday: 'someday' }) }, '/digest/weekday'], [{ digest: digest({ more: 1 }) }, '/digest/more'],
    [{ digest: { every: 'day' } }, '/digest/at'], [{ kind: 'webhook', to: undefined, url: 'https://a.example/' }, '/digest']]) {
    const a = await made(more);
    assert.equal(a.status, 422, `${JSON.stringify(more)}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer === pointer), `${JSON.stringify(more)}: ${a.text}`);
  }
  zoned = await channelOf();
  assert.deepEqual(zoned.digest, digest());
  assert.match(due(zoned), / 01:30:00/, 'seven in the morning in India');
  const weekly = digest({ every: 'week', weekday: 'thu', at: '18:15', timezone: undefined });
  assert.equal((await put(zoned, { digest: weekly })).status, 200);
  const at = new Date(`${due(zoned).replace(' ', 'T')}Z`);
  assert.deepEqual([at.getUTCDay(), at.getUTCHours(), at.getUTCMinutes()], [4, 18, 15]);
  assert.equal((await put(zoned, { digest: null })).json.digest, undefined);
  assert.equal(due(zoned), '');
});

test('where there is nothing to say nothing is sent, unless that was asked for', async () => {
  const quiet = await channelOf(), always = await channelOf({ digest: digest({ empty: true }) });
  await hurry(quiet);
  await hurry(always);
  await until('the one that was asked for', () => mails(always).length === 1);
  assert.equal(mails(quiet).length, 0);
  assert.equal((await all(admin, `/api/drift/channels/${quiet.id}/deliveries`)).length, 0);
  assert.match(mails(always)[0].mail.subject, /^Digest · .* · 0 new findings, 0 open alerts$/);
});

test('its numbers are those of analytics, and what is told to nobody is counted by why', async () => {
  const channel = await channelOf({ digest: digest({ at: '00:00', timezone: 'UTC' }) });
  const config = await newConfig(admin, { name: '<b>Bold</b> config', alerts: [] });
  await push(admin, config, [1, 2, 3, 4].map((n) => policy(n)));
  const silence = await admin('POST', '/api/drift/silences', { body: { reason: 'Work on it.', expires_at: ahead(1), matcher: { config: config.id, key: policy(3).key } } });
  assert.equal(silence.status, 201, silence.text);
  const drift = [1, 2, 3].map((n) => policy(n, { state: 'disabled' }));
  await push(admin, config, [...drift, policy(4)]);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  sql(`UPDATE drift_daily SET day = day - 1`, schema);
  sql(`UPDATE alerts SET opened_at = opened_at - INTERVAL 3 DAY WHERE id = UNHEX(REPLACE('${alert.id}', '-', ''))`, schema);
  sql(`INSERT INTO alerts (id, config_id, kind, severity, title, status, opened_at, updated_at, open_key)
    VALUES (UNHEX(REPLACE(UUID(), '-', '')), UNHEX(REPLACE('${config.id}', '-', '')), 'blind', 'high', 'blind', 'open', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 'blind:test')`, schema);
  await push(admin, config, [...drift, policy(4, { state: 'disabled' })]); // of the day that has just begun
  const today = new Date().toISOString().slice(0, 10);
  await hurry(channel, `${today} 00:00:03`); // the database's clock is another one
  await until('the digest', () => mails(channel).length === 1);
  const n = (await admin('GET', '/api/drift/analytics?days=2')).json, { mail } = mails(channel)[0];
  const [yesterday] = n.by_day;
  assert.ok(yesterday.findings.total > 0, JSON.stringify(n.by_day));
  const words = (c) => ['critical', 'high', 'medium', 'low', 'info'].filter((s) => c[s] > 0).map((s) => `${c[s]} ${s}`).join(', ') || 'none';
  const ages = { older: 'for more than 30 days', under_30d: 'for less than 30 days', under_7d: 'for less than 7 days', under_1d: 'for less than a day', under_1h: 'for less than an hour' };
  const open = n.open_alerts;
  for (const line of [`New findings: ${words(yesterday.findings)}`, `Changes in reports: ${words(yesterday.changes)}`, `Open alerts: ${words(open.by_severity)}`,
    `Open: ${Object.entries(ages).filter(([k]) => open.by_age[k] > 0).map(([k, text]) => `${open.by_age[k]} ${text}`).join(', ')}`,
    'Blind configs: <b>Bold</b> config', ...n.noisiest_resources.filter((r) => r.key !== policy(4).key).map((r) => `<b>Bold</b> config: ${r.category}/${r.key}`)])
    assert.ok(mail.text.split('\n').some((l) => l.trimEnd() === line), `${line}\n${mail.text}`);
  assert.ok(n.noisiest_resources.some((r) => r.key === policy(4).key) && !mail.text.includes(`/${policy(4).key}`), 'not of today');
  assert.match(mail.text, /^Told to nobody: [1-9]\d* by silence$/m);
  assert.match(mail.text, new RegExp(`What drifted from ${yesterday.day} to ${yesterday.day} `));
  assert.ok(open.by_age.under_7d === 1 && open.by_age.under_1h === 1, JSON.stringify(open.by_age));
  assert.match(mail.subject, new RegExp(`${yesterday.findings.total} new findings?, ${open.by_severity.total} open alerts`));
  assert.ok(!/disabled|enabled/.test(mail.text), 'no value');
  assert.ok(!/<b>|<img|<script/i.test(mail.html));
  assert.equal([...mail.html.matchAll(/(?:href|src)="/g)].length, 1);
  const rows = await all(admin, `/api/drift/channels/${channel.id}/deliveries`);
  assert.deepEqual(rows.map((d) => [d.event, d.outcome, d.state]), [['drift.digest', 'delivered', 'delivered']]);
  assert.equal(mails(channel).length, 1, 'once');
  fits(mail.html);
});

// In Chromium: no wider than a telephone, and light on dark where that is wanted.
function fits(html) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-digest.')), page = path.join(folder, 'page.html');
  fs.writeFileSync(page, `<!DOCTYPE html><body><iframe id=f width=320 height=2000 srcdoc="${html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"></iframe>
    <script>onload = () => { const d = f.contentDocument; document.title = 'seen ' + d.documentElement.scrollWidth + ' ' + f.contentWindow.getComputedStyle(d.body).color; }</script>`);
  try {
    const dom = execFileSync('chromium', ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`, '--blink-settings=preferredColorScheme=0',
      '--virtual-time-budget=2000', '--dump-dom', `file://${page}`], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const [, width, seen] = /<title>seen (\d+) (rgb\([^)]*\))/.exec(dom);
    assert.ok(Number(width) <= 320, `${width} px`);
    assert.equal(seen, 'rgb(255, 255, 255)');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test('who may not read what is in it asks for none, and sends none elsewhere', async () => {
  const machine = withKey((await serviceKey(admin, ['manage:channels', 'read:channels', 'read:drift'])).key), channel = await channelOf(), plain = await channelOf({ digest: null });
  assert.equal((await made({}, machine)).status, 403);
  const asked = (on, body) => machine('PUT', `/api/drift/channels/${on.id}`, { body });
  assert.equal((await asked(plain, { digest: digest({ at: 'never' }) })).status, 403, 'before what is wrong with it');
  assert.equal((await asked(channel, { to: 'mine@example.org' })).status, 403);
  assert.equal((await asked(plain, { to: 'mine@example.org' })).status, 200);
  assert.equal((await asked(channel, { digest: null })).status, 200);
});

test('one that is disabled gets none, and is due again; one that is deleted is due no more', async () => {
  const channel = await channelOf({ digest: digest({ empty: true }) });
  assert.equal((await put(channel, { status: 'disabled' })).status, 200);
  await hurry(channel);
  assert.match(due(channel), / 01:30:00/);
  assert.equal((await admin('DELETE', `/api/drift/channels/${channel.id}`)).status, 204);
  sql(`UPDATE schedules SET next_due = '2026-01-01 00:00:00' WHERE ${row(channel)}`);
  await until('its end', () => due(channel) === '');
  assert.equal(mails(channel).length, 0);
});

test('one that is made late is of the days before it was planned, whatever the clocks say, and is due next at its time', async () => {
  const day = (n) => new Date(Date.now() - n * 86400000).toISOString().slice(0, 10);
  for (const [every, at, first] of [['day', '00:00:02', 5], ['day', '00:00:00', 5], ['week', '23:59:58', 11]]) {
    const weekday = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][new Date(`${day(4)}T00:00:00Z`).getUTCDay()];
    const channel = await channelOf({ digest: { every, at: '00:00', empty: true, ...(every === 'week' ? { weekday } : {}) } });
    await hurry(channel, `${day(at > '12' ? 5 : 4)} ${at}`);
    await until('it', () => mails(channel).length === 1);
    assert.match(mails(channel)[0].mail.text, new RegExp(`What drifted from ${day(first)} to ${day(5)} `), `${every} ${at}`);
    assert.match(due(channel), / 00:00:0/);
    assert.equal(mails(channel).length, 1);
  }
});

test('a tenant has twenty of them at most, also of those who ask at the same time', async () => {
  const as = await bearer(newTenant(unique('many'))), one = () => made({}, as);
  const answers = (await Promise.all(Array.from({ length: 12 }, one))).concat(await Promise.all(Array.from({ length: 12 }, one)));
  assert.deepEqual([201, 422].map((s) => answers.filter((a) => a.status === s).length), [20, 4], answers.map((a) => a.text).join('\n'));
  assert.match(answers.find((a) => a.status === 422).text, /20 channels have one/);
  const plain = await made({ digest: undefined }, as), set = (id, body) => as('PUT', `/api/drift/channels/${id}`, { body });
  assert.equal(plain.status, 201, plain.text);
  assert.equal((await set(plain.json.id, { digest: digest() })).status, 422);
  const had = answers.find((a) => a.status === 201).json;
  assert.equal((await set(had.id, { digest: digest({ at: '08:00' }) })).status, 200);
  assert.equal((await set(had.id, { digest: null })).status, 200);
  assert.equal((await set(plain.json.id, { digest: digest() })).status, 200);
});
