// What is told of a change: the lines by which two texts differ, and titles, with values for those who may see them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../lib/env.mjs';
import { all, bearer, newChannel, newConfig, newKey, newTenant, push, withKey } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';

let admin, blind, hooks, told, untold;
before(async () => {
  admin = await bearer(newTenant());
  blind = withKey((await newKey(admin, ['read:drift', 'read:alerts'])).key);
  hooks = await new Receiver().start();
  told = await newChannel(admin, hooks.url('/told'), { values: true });
  untold = await newChannel(admin, hooks.url('/untold'));
});
after(() => hooks.stop());

const lines = (n, change = {}) => Array.from({ length: n }, (_, i) => change[i] ?? `option ${i} on`).join('\n') + '\n';

// The change from one text to the other: for who sees values, for who does not, and as both channels are told.
async function changed(from, to) {
  const config = await newConfig(admin, { rule_packs: [], alerts: [told, untold].map((c) => ({ channel_id: c.id, min_severity: 'info' })) });
  const of = (value) => [{ category: 'file', key: 'sshd_config', value: { text: value } }], seen = hooks.got.length;
  await push(admin, config, of(from));
  const { report } = await push(admin, config, of(to)), path = `/api/drift/reports/${report.id}/changes`;
  const [[open], [hidden]] = [await all(admin, path), await all(blind, path)];
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`), seenBlind = await blind('GET', `/api/drift/alerts/${alert.id}`);
  const at = (p) => hooks.got.slice(seen).find((d) => d.path === p);
  await until('both channels', () => at('/told') && at('/untold'));
  const [body, plain] = ['/told', '/untold'].map((p) => at(p).body.data);
  return { open, hidden, alert, blindAlert: seenBlind.json, body, plain };
}

test('of a text of several lines the lines that differ are told', async () => {
  const { open, body } = await changed(lines(50), lines(50, { 20: 'PermitRootLogin yes' }));
  const want = '@@ -19,5 +19,5 @@\n option 18 on\n option 19 on\n-option 20 on\n+PermitRootLogin yes\n option 21 on\n option 22 on';
  assert.equal(open.text_diff, want);
  assert.equal(body.changes[0].text_diff, want);
  assert.equal((await admin('GET', `/api/drift/changes/${open.id}`)).json.text_diff, want);
});

test('of a text that is too long to be kept with the change they are told too', async () => {
  const { open, body } = await changed(lines(5000), lines(5000, { 4000: 'MaxAuthTries 99\r' }));
  assert.deepEqual([open.old_value, open.new_value, open.old_value_truncated, open.new_value_truncated], [undefined, undefined, true, true]);
  assert.match(open.text_diff, /^@@ -3999,5 \+3999,5 @@\n[^]*\n-option 4000 on\n\+MaxAuthTries 99\r\n/);
  assert.equal(body.changes[0].text_diff, open.text_diff);
});

test('who may not see values gets no line of it, and a title without values', async () => {
  const { open, hidden, alert, blindAlert, body, plain } = await changed(lines(30), lines(30, { 3: 'Banner none' }));
  assert.ok(open.text_diff && body.changes[0].text_diff);
  assert.deepEqual([hidden.text_diff, hidden.old_value, plain.changes[0].text_diff], [undefined, '[withheld]', undefined]);
  for (const shown of [hidden, blindAlert, plain])
    assert.doesNotMatch(JSON.stringify(shown), /Banner|option 3/);
  assert.match(blindAlert.title, /^sshd_config: text changed/);
  assert.equal(plain.alert.title, blindAlert.title);
  assert.notEqual(alert.title, blindAlert.title);
  assert.equal(body.alert.title, alert.title);
});

test('a text of one line has none, and neither has what is masked', async () => {
  const { open } = await changed('PermitRootLogin no', 'PermitRootLogin yes');
  assert.equal(open.text_diff, undefined);
  const secret = await changed('host=a\nPassword=hunter2secret;\nuser=x\n', 'host=b\nPassword=other3secret;\nuser=x\n');
  assert.match(secret.open.text_diff, /-host=a\n\+host=b\n/);
  assert.match(secret.open.text_diff, /\[masked\]/);
  assert.doesNotMatch(JSON.stringify([secret.open, secret.body]), /hunter2|other3/);
});

test('an alert that was over before anything could be sent counts the channels that were not told', async () => {
  hooks.refuse = '/down';
  const down = await newChannel(admin, hooks.url('/down'));
  const config = await newConfig(admin, { rule_packs: [], alerts: [{ channel_id: down.id, min_severity: 'info' }] });
  const of = (value) => [{ category: 'file', key: 'sshd_config', value }];
  for (const value of ['no', 'yes'])
    await push(admin, config, of(value));
  await until('a refused attempt', () => hooks.got.some((d) => d.path === '/down'));
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`), show = async () => (await admin('GET', `/api/drift/alerts/${alert.id}`)).json;
  assert.equal((await show()).untold, undefined);
  await push(admin, config, of('no'));
  const over = await until('the end', async () => { const a = await show(); return a.untold > 0 && a; });
  assert.deepEqual([over.status, over.severity, over.untold], ['resolved', 'medium', 1]);
});
