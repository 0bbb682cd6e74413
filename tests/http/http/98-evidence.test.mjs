// The evidence of an alert: one signed file, which bsx-audit-verify checks with the public key alone.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { build, until } from '../lib/env.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newKey, newTenant, push, withKey } from '../lib/people.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-evidence.')), at = (name) => path.join(folder, name);
const needed = ['read:alerts', 'read:drift', 'read:snapshots', 'read:audit'];
let hooks, admin, config, alert, channel;

const thing = (state, more = {}) => ({ category: 'things', key: 'one', value: { id: 'one', state, client_secret: `hush-${state}`, ...more } });
const evidence = (ask, id = alert.id) => ask('GET', `/api/drift/alerts/${id}/evidence`);
const linesOf = (text) => text.split('\n\n')[0].split('\n').slice(1).map((l) => JSON.parse(l));
const of = (text, kind) => linesOf(text).filter((l) => l[kind] !== undefined).map((l) => l[kind]);
const entries = (text) => linesOf(text).filter((l) => l.seq !== undefined);
const alertOf = (c) => all(admin, `/api/drift/alerts?config_id=${c.id}`).then((rows) => rows[0]);
function verify(text) {
  fs.writeFileSync(at('evidence'), text);
  const run = spawnSync(path.join(build, 'bsx-audit-verify'), ['--key', at('keys'), '--evidence', at('evidence')], { encoding: 'utf8' });
  return { status: run.status, text: run.stdout + run.stderr };
}
async function good(id) {
  const a = await evidence(admin, id);
  assert.equal(a.status, 200, a.text);
  const { status, text } = verify(a.text);
  assert.equal(status, 0, text);
  return { text: a.text, said: text };
}

before(async () => {
  hooks = await new Receiver().start();
  admin = await bearer(newTenant());
  channel = await newChannel(admin, hooks.url('/hook'));
  config = await newConfig(admin, { alerts: [{ channel_id: channel.id, min_severity: 'info' }], rules: [], rule_packs: [] });
  await push(admin, config, [thing('on')]);
  await push(admin, config, [thing('off')]);
  alert = await alertOf(config);
  await until('a delivery', () => all(admin, `/api/drift/channels/${channel.id}/deliveries`).then((rows) => rows.length > 0));
  await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'acknowledged', note: 'Looked at.' } });
  const { keys } = (await call('GET', '/.well-known/audit-keys.json')).json;
  fs.writeFileSync(at('keys'), keys.map((k) => `${k.key}\n`).join(''));
});
after(() => { hooks.stop(); fs.rmSync(folder, { recursive: true }); });

test('it holds before and after, rule, decisions, deliveries and the entries with their proof, and masked places stay masked', async () => {
  const { text, said } = await good(alert.id);
  assert.match(said, /^ok {4}blindspotx\.evidence\/[0-9a-f-]{36}: as it was signed; changes 2, entries (\d+), of them \1 in the trail's checkpoint of \d+\n$/);
  const [shown] = of(text, 'alert'), changes = of(text, 'change'), state = changes.find((c) => c.path === '/state');
  assert.equal(shown.id, alert.id);
  assert.ok(shown.history.some((h) => h.note === 'Looked at.'));
  assert.deepEqual([state.old_value, state.new_value, state.rule], ['on', 'off', 'default']);
  assert.deepEqual(of(text, 'resource').map((r) => r.value.state), ['on', 'off']);
  assert.deepEqual(new Set(of(text, 'snapshot').map((s) => s.id)), new Set(of(text, 'resource').map((r) => r.snapshot_id)));
  assert.equal(of(text, 'delivery')[0].outcome, 'delivered');
  assert.equal(of(text, 'report')[0].id, state.report_id);
  assert.ok(!text.includes('hush-'), 'a masked value came out');
  assert.deepEqual(entries(text).map((l) => l.action).filter((a) => /^alert/.test(a)), ['alert.update', 'alert.evidence']);
  assert.deepEqual([of(text, 'trail')[0].chain, Date.parse(of(text, 'trail')[0].from) < Date.parse(alert.opened_at)], [1, true]);
  assert.deepEqual(of(text, 'left_out'), [{ changes: 0, history: 0, deliveries: 0, entries: 0, resources: 0 }]);
});

test('each time is an entry of its own, and an alert that is over keeps what it told of', async () => {
  const downloads = (text) => entries(text).filter((l) => l.action === 'alert.evidence').length;
  const before = downloads((await good(alert.id)).text);
  await push(admin, config, [thing('on')]);
  assert.equal((await alertOf(config)).status, 'resolved');
  const { text } = await good(alert.id);
  assert.equal(downloads(text), before + 1);
  assert.equal(of(text, 'alert')[0].status, 'resolved');
  assert.equal(of(text, 'change').find((c) => c.path === '/state').new_value, 'off');
});

test('what is changed, taken out or put together anew is no evidence', async () => {
  const { text } = await good(alert.id), lines = text.split('\n');
  const entry = lines.findIndex((l) => l.startsWith('{"seq"'));
  for (const [what, changed] of Object.entries({
    value: text.replace('"new_value":"off"', '"new_value":"on"'),
    actor: text.replace(/"actor_name":"[^"]+"/, '"actor_name":"somebody@else.example"'),
    entry: lines.filter((l, i) => i !== entry && i !== entry + 1).join('\n'),
    tail: text.split('\n\n')[0],
    alert: text.replaceAll(alert.id, config.id),
  })) {
    assert.notEqual(changed, text, what);
    const { status, text: said } = verify(changed);
    assert.equal(status, 1, `${what}: ${said}`);
    assert.match(said, /^WRONG /, what);
  }
  assert.equal(verify('').status, 1);
});

test('it needs all of its permissions, and the alert to be there', async () => {
  for (const without of [null, ...needed]) {
    const key = withKey((await newKey(admin, needed.filter((p) => p !== without))).key), a = await evidence(key);
    assert.equal(a.status, without === null ? 200 : 403, `without ${without}: ${a.text.slice(0, 300)}`);
    if (without === null)
      assert.deepEqual([of(a.text, 'delivery').length, of(a.text, 'left_out')[0].deliveries > 0], [0, true], 'no delivery without read:channels');
    if (without !== null)
      assert.equal((await evidence(key, config.id)).status, 403, 'what is missing is not told to who may not ask');
  }
  assert.equal((await evidence(admin, config.id)).status, 404);
  const stranger = await bearer(newTenant());
  assert.equal((await evidence(stranger)).status, 404);
});

test('an alert about a collector that is blind has evidence too', async () => {
  const quiet = await newConfig(admin, { alerts: [{ channel_id: channel.id, min_severity: 'info' }], rules: [], thresholds: { blind_after: 1 } });
  await push(admin, quiet, [thing('on')], { collections: { things: 'complete' } });
  await push(admin, quiet, [], { collections: { things: 'failed' } });
  const blind = await alertOf(quiet);
  assert.equal(blind.kind, 'blind');
  const { text, said } = await good(blind.id);
  assert.match(said, /changes 0, entries 1, of them 1 /);
  assert.equal(of(text, 'alert')[0].kind, 'blind');
});

test('of what is long it has what fits, and says how much it leaves out', async () => {
  const wide = await newConfig(admin, { rules: [], rule_packs: [] }), big = 'x'.repeat(300000);
  const many = (state) => Array.from({ length: 230 }, (_, i) => ({ category: 'things', key: `k${i}`, value: { state, pad: i < 40 ? big : '' } }));
  await push(admin, wide, many('on'));
  await push(admin, wide, many('off'));
  const { text, said } = await good((await alertOf(wide)).id);
  const [left] = of(text, 'left_out');
  assert.match(said, /changes 200, /);
  assert.ok(left.changes > 0 && left.resources > 0, JSON.stringify(left));
  assert.ok(text.length < 17 * 1024 * 1024, `${text.length} bytes`);

  for (let i = 0; i < 201; i++)
    await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { note: `once more ${i}` } });
  const noted = (await good(alert.id)).text;
  assert.equal(entries(noted).length, 200);
  assert.ok(of(noted, 'left_out')[0].entries > 0);
});
