// Channels whose body their tenant writes: what is filled in, what is refused, and what lets us in there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql, until } from '../lib/env.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newKey, policy, push, unique, withKey } from '../lib/people.mjs';

// As their documents have them.
const OPSGENIE = { path: '/v2/alerts', headers: [{ name: 'Authorization', value: 'GenieKey eb243592-faa2-4ba2-a551q-1afdf565c889' }],
  answer: { status: 202, body: '{"result":"Request will be processed","took":0.302,"requestId":"43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}' },
  template: '{"message": "%alert.headline%", "alias": "%alert.id%", "description": "%changes.text%", "entity": "%config.name%", "source": "%tenant.name%", "tags": ["%alert.severity%", "%alert.state%"], "details": {"link": "%link%"}, "priority": "P2"}' };
const SPLUNK = { path: '/services/collector/event', headers: [{ name: 'Authorization', value: 'Splunk B5A79AAD-D822-46CC-80D1-819F80D7BFB0' }],
  answer: { status: 200, body: '{"text":"Success","code":0}' },
  template: '{"time": %event.time_s%, "source": "blindspotx", "sourcetype": "_json", "event": {"id": %event.id%, "type": %event.type%, "severity": %alert.severity%, "before": %alert.severity_before%, "title": %alert.title%, "changes": %changes.total%, "text": "100%% of it:\\n%changes.text%"}}' };
const HOSTILE = 'a "quoted" \\ <b> %alert.id% \u202e é';

let hooks, admin, schema;

before(async () => {
  hooks = await new Receiver().start();
  admin = await bearer();
  schema = sql("SELECT schema_name FROM tenants WHERE slug = 'demo'");
});
after(() => hooks.stop());

const make = (of, more = {}) => newChannel(admin, hooks.url(of.path), { kind: 'template', template: of.template, headers: of.headers, ...more });
async function lived(of, more) {
  hooks.usual = of.answer;
  const channel = await make(of, more), from = hooks.got.length;
  const config = await newConfig(admin, { name: unique('a "config" \\'), alerts: [{ channel_id: channel.id, min_severity: 'info' }] });
  const came = (n) => until(`${n} messages`, () => hooks.got.length >= from + n && hooks.got.slice(from));
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, { state: 'disabled', displayName: HOSTILE })]);
  await came(1);
  await push(admin, config, [policy(1)]);
  const got = await came(2);
  const rows = await until('two attempts', () => all(admin, `/api/drift/channels/${channel.id}/deliveries`).then((r) => r.length === 2 && r));
  for (const d of got) {
    assert.ok(d.body !== null, d.text);
    assert.deepEqual([d.path, d.headers.authorization, d.headers['content-type']], [of.path, of.headers[0].value, 'application/json']);
  }
  return { channel, config, bodies: got.map((d) => d.body), rows };
}

test('Opsgenie gets the body that it documents, with the key that lets us in, and 202 is no more than accepted', async () => {
  const { bodies: [opened, over], rows, config } = await lived(OPSGENIE, { values: true });
  assert.ok(opened.message.length <= 130 && opened.message.startsWith('Critical · '), opened.message);
  assert.equal(opened.alias, over.alias);
  assert.match(opened.alias, /^[0-9a-f-]{36}$/);
  assert.deepEqual([opened.entity, opened.tags[1], over.tags[1]], [config.name.replace('\\', '\\\\'), 'Opened', 'Resolved']);
  assert.match(opened.description, /^critical: .*"enabled" -> "disabled"/m);
  assert.match(opened.description, /a \\+"quoted\\+" .*<b> %alert\.id%/); // on one line, and filled in once
  assert.match(opened.details.link, /^http/);
  assert.deepEqual(rows.map((r) => [r.outcome, r.state]), Array(2).fill(['accepted', 'delivered']));
});

test("Splunk's collector gets numbers as numbers, nothing as null, and texts that stay texts", async () => {
  const { bodies: [opened], rows } = await lived(SPLUNK);
  assert.ok(Math.abs(opened.time - Date.now() / 1000) < 600);
  assert.match(opened.event.id, /^msg_/);
  assert.deepEqual([opened.event.type, opened.event.severity, opened.event.before, opened.event.changes], ['drift.alert.opened', 'critical', null, 2]);
  assert.ok(opened.event.text.startsWith('100% of it:\ncritical: '), opened.event.text);
  assert.ok(opened.event.text.includes('[withheld]') && !JSON.stringify(opened).includes('quoted'), opened.event.text);
  assert.deepEqual(rows.map((r) => r.outcome), ['delivered', 'delivered']);
});

test('a body that is no JSON, a variable that there is not, and headers that are not for others to set are refused where they stand', async () => {
  const url = hooks.url('/x'), template = '{}';
  const refused = [
    [{ url }, '/template', /required/],
    [{ url, template: '{"a": "%alert.titel%"}' }, '/template', /%alert\.titel% is no variable/],
    [{ url, template: '{"a": %alert.title}' }, '/template', /no JSON/],
    [{ url, template: '{"a": "%alert.title%}' }, '/template', /no JSON/],
    [{ url, template: '{"a": 1%alert.title%}' }, '/template', /no JSON/],
    [{ url, template: '{"a": 5%changes.total%%changes.total%}' }, '/template', /./, true],
    [{ url, template: `[${Array(65).fill('%link%').join()}]` }, '/template', /64/],
    [{ url, template: '{"%config.name%": 1, "b": 2}' }, '/template', /a variable cannot be a member's name/],
    [{ url, template: '{"b": [{"a \\" %alert.id%b" \n : 1}]}' }, '/template', /a variable cannot be a member's name/],
    [{ url, template: '{"a": ["%link%"], "%%link%%": ": %link%", "b:": %link%}' }, '/template', /./, true],
    [{ url, template, headers: [{ name: 'hOST', value: 'x' }] }, '/headers/0/name', /set by us/],
    [{ url, template, headers: [{ name: 'X-A', value: 'x' }, { name: 'x-a', value: 'y' }] }, '/headers/1/name', /twice/],
    [{ url, template, headers: [{ name: 'X A', value: 'x' }] }, '/headers/0/name', /letters/],
    [{ url, template, headers: [{ name: 'X-A', value: 'x\r\nX-B: y' }] }, '/headers/0/value', /./],
    [{ url, template, headers: [{ name: 'X-A', value: 'x'.repeat(2000) }, { name: 'X-B', value: 'x'.repeat(2000) }] }, '/headers', /together/],
    [{ url, template, secret: 'x' }, '/secret', /none/],
    [{ url, kind: 'webhook', template }, '/template', /none/],
    [{ url, kind: 'slack', headers: [{ name: 'X-A', value: 'x' }] }, '/headers', /none/],
  ];
  for (const [body, pointer, sentence, fits] of refused) {
    const a = await admin('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'template', ...body } });
    assert.equal(a.status, fits ? 201 : 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(fits || a.json.errors.some((e) => e.pointer === pointer && sentence.test(JSON.stringify(e))), `${JSON.stringify(body)}: ${a.text}`);
  }
});

test('headers are nowhere to be read, and go to no other url than they were given for', async () => {
  const channel = await make(SPLUNK), key = SPLUNK.headers[0].value;
  const put = (body, caller = admin) => caller('PUT', `/api/drift/channels/${channel.id}`, { body });
  const listed = (await all(admin, '/api/drift/channels')).find((c) => c.id === channel.id);
  assert.deepEqual([listed.template, listed.has_headers, listed.headers], [SPLUNK.template, true, undefined]);
  assert.ok(!sql(`SELECT CONCAT(template, target, HEX(secret)) FROM ${schema}.channels WHERE name = '${channel.name}'`).includes('B5A79AAD'));

  const moved = await put({ url: hooks.url('/elsewhere') });
  assert.equal(moved.status, 422, moved.text);
  assert.ok(moved.json.errors.some((e) => e.pointer === '/headers'), moved.text);
  assert.equal((await put({ template: '{"a": "%nobody%"}' })).status, 422);
  assert.equal((await put({ template: '{"b": "%alert.title%"}' })).status, 200);
  hooks.usual = SPLUNK.answer;
  const from = hooks.got.length;
  await admin('POST', `/api/drift/channels/${channel.id}/test`);
  await until('a test', () => hooks.got.length > from);
  assert.equal(hooks.got[from].headers.authorization, key);
  assert.equal(typeof hooks.got[from].body.b, 'string');

  const none = await put({ url: hooks.url('/elsewhere'), headers: [] });
  assert.deepEqual([none.status, none.json.has_headers], [200, undefined], none.text);
  const told = JSON.stringify((await all(admin, '/api/audit?action=channel.update')).filter((a) => a.target_id === channel.id).map((a) => a.details));
  assert.ok(!told.includes('B5A79AAD') && told.includes('"template":"new"') && told.includes('"secret":"new"'), told);

  // Who may not see values says not where they are told: another account at the same receiver is another place.
  assert.equal((await put({ values: true })).status, 200);
  const keeper = withKey((await newKey(admin, ['read:channels', 'manage:channels'])).key);
  assert.equal((await put({ headers: SPLUNK.headers }, keeper)).status, 403);
  assert.equal((await put({ template: '{"c": 1}' }, keeper)).status, 200);
});
