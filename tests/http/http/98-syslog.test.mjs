// Channels of the kind syslog: a real rsyslog gets findings over TLS and UDP, one line each, whatever is in them.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { freePort } from '../../lib/ports.mjs';
import { rowsOf, walk } from '../lib/answers.mjs';
import { build, sql, until } from '../lib/env.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { all, bearer, newConfig, policy, push, serviceKey, unique, withKey } from '../lib/people.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-syslog.'));
const at = (name) => path.join(folder, name);
const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
let admin, port, ca, rsyslog;

// An authority, and a host of the address 127.0.0.1 that it vouches for.
function certificates() {
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=Own authority', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=siem', '-keyout', 'host.key', '-out', 'host.csr');
  fs.writeFileSync(at('host.ext'), 'subjectAltName=IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', 'host.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'host.ext', '-out', 'host.pem');
  return fs.readFileSync(at('ca.pem'), 'utf8');
}

const property = (outname, name, more = '') => `property(outname="${outname}" name="${name}" format="jsonf"${more})`;
const conf = () => `
global(workDirectory="${folder}" maxMessageSize="8k" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${at('ca.pem')}"
  defaultNetstreamDriverCertFile="${at('host.pem')}" defaultNetstreamDriverKeyFile="${at('host.key')}")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
module(load="imudp")
input(type="imtcp" address="127.0.0.1" port="${port}")
input(type="imudp" address="127.0.0.1" port="${port}")
template(name="line" type="list" option.jsonf="on") { ${property('pri', 'pri')} ${property('host', 'hostname')} ${property('app', 'app-name')} ${property('id', 'msgid')}
  ${property('sd', 'structured-data')} ${property('at', 'timereported', ' dateFormat="rfc3339"')} ${property('version', 'protocol-version')} ${property('msg', 'msg')} ${property('raw', 'rawmsg')} }
action(type="omfile" file="${at('got')}" template="line" asyncWriting="off")
`;

async function start() {
  fs.writeFileSync(at('conf'), conf());
  rsyslog = spawn('rsyslogd', ['-n', '-f', at('conf'), '-i', at('pid')], { stdio: 'ignore' });
  await until('rsyslog listens', () => new Promise((done) => {
    const s = net.connect(port, '127.0.0.1', () => { s.destroy(); done(true); }).on('error', () => done(false));
  }));
}
async function stop(signal = 'SIGTERM') {
  if (!rsyslog)
    return;
  const gone = new Promise((done) => rsyslog.on('exit', done));
  rsyslog.kill(signal);
  await gone;
  rsyslog = undefined;
}
// What it has written, of one tenant's config: each line of its file is one message.
const lines = () => (fs.existsSync(at('got')) ? fs.readFileSync(at('got'), 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l)) : [])
  .filter((l) => l.app === 'BlindSpotX').map((l) => ({ ...l, finding: JSON.parse(l.msg) }));

before(async () => {
  admin = await bearer();
  port = await freePort(build);
  ca = certificates();
  await start();
});
after(async () => {
  await stop();
  fs.rmSync(folder, { recursive: true });
});

const secure = () => `tcp+tls://127.0.0.1:${port}`, plain = () => `udp://127.0.0.1:${port}`;
const made = (body) => admin('POST', '/api/drift/channels', { body: { name: unique('siem'), kind: 'syslog', ...body } });
const channelOf = async (body) => {
  const a = await made(body);
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const deliveries = (channel) => all(admin, `/api/drift/channels/${channel.id}/deliveries`);
const attempts = (channel, n) => until(`${n} attempts`, async () => {
  const rows = await deliveries(channel);
  return rows.length >= n && rows;
});
const tried = async (channel, n = 1) => {
  const a = await admin('POST', `/api/drift/channels/${channel.id}/test`);
  assert.equal(a.status, 202, a.text);
  return (await attempts(channel, n))[0];
};
// A config that tells one channel, with so many resources.
async function watched(channel, n = 1) {
  const config = await newConfig(admin, { name: unique('a "quoted]\\ name= '), alerts: [{ channel_id: channel.id }] });
  const state = (change) => push(admin, config, [...Array(n).keys()].map((i) => policy(i + 1, change)));
  await state();
  return { ...config, state };
}
const of = (config) => lines().filter((l) => l.finding.resources[0]?.uid === config.id);
const came = (config, n) => until(`${n} messages`, () => of(config).length >= n && of(config));

test('a channel says what it needs, and leads nowhere that another could not lead', async () => {
  for (const [body, pointer] of [
    [{}, '/url'], [{ url: 'https://siem.example/' }, '/url'], [{ url: 'tcp+tls://' }, '/url'], [{ url: 'tcp+tls://siem.example/x' }, '/url'],
    [{ url: 'tcp+tls://u@siem.example' }, '/url'], [{ url: 'tcp+tls://10.1.2.3' }, '/url'], [{ url: 'udp://169.254.169.254:514' }, '/url'],
    [{ url: 'tcp+tls://[::ffff:10.0.0.1]:6514' }, '/url'], [{ url: 'tcp+tls://127.1:6514' }, '/url'], [{ url: 'tcp+tls://a:99999' }, '/url'],
    [{ url: secure(), to: 'a@example.org' }, '/to'], [{ url: secure(), secret: 'x' }, '/secret'], [{ url: secure(), ca: 'nothing' }, '/ca'],
    [{ url: secure(), ca: ca.replace(/[A-Z]/g, 'A') }, '/ca'], [{ kind: 'webhook', url: 'https://a.example/', ca }, '/ca'],
    ...['PRIVATE KEY', 'RSA PRIVATE KEY', 'X509 CRL'].map((what) => [{ url: secure(), ca: `${ca}\n-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n` }, '/ca'])]) {
    const a = await made(body);
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer === pointer), `${JSON.stringify(body)}: ${a.text}`);
  }
  for (const url of ['tcp+tls://siem.example', 'tcp+tls://siem.example:6514/', 'tcp+tls://[2606:4700::1]:6514', 'udp://siem.example'])
    assert.equal((await channelOf({ url })).url, url);
});

test('rsyslog gets an alert over TLS from its opening to its end, one line each, by RFC 5424', async () => {
  const channel = await channelOf({ url: secure(), ca, values: true }), config = await watched(channel);
  assert.equal(channel.ca, ca);
  await config.state({ state: 'disabled', displayName: 'x\n<13>1 - - forged - - - \u2028"]\u202e' });
  const [opened] = await came(config, 1);
  await config.state();
  const [, resolved] = await came(config, 2);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  assert.deepEqual([opened.pri, resolved.pri], [String(16 * 8 + 2), String(16 * 8 + 6)]);
  assert.deepEqual([opened.id, resolved.id], ['drift.alert.opened', 'drift.alert.resolved']);
  assert.equal(opened.version, '1');
  assert.equal(Date.parse(opened.at), opened.finding.time);
  assert.equal(opened.host, '127.0.0.1', 'the host that people open');
  assert.match(opened.sd, new RegExp(`^\\[origin software="BlindSpotX"\\]\\[alert@32473 tenant="demo" id="${alert.id}" kind="drift" severity="critical" status="open" config="`));
  const name = /config="((?:[^"\\\]\\]|\\.)*)"\]$/.exec(opened.sd)[1];
  assert.equal(name.replace(/\\(["\]\\])/g, '$1'), opened.finding.resources[0].name, 'a value ends where its quote does');
  for (const [l, activity, status] of [[opened, 1, 1], [resolved, 3, 4]]) {
    const f = l.finding;
    assert.deepEqual([f.class_uid, f.category_uid, f.activity_id, f.type_uid, f.severity_id, f.status_id], [2004, 2, activity, 200400 + activity, 5, status]);
    assert.equal(f.finding_info.uid, alert.id);
    assert.equal(f.metadata.tenant_uid, 'demo');
    assert.ok(f.metadata.version && f.metadata.product.name && f.finding_info.title && f.finding_info.src_url.includes(alert.id));
    assert.deepEqual(f.resources, [{ uid: config.id, name: config.name.trim().replace('\\', '\\\\'), type: 'config' }]);
  }
  assert.ok(opened.finding.unmapped.changes.some((c) => c.what === '"enabled" -> "disabled"'), opened.msg);
  assert.equal(of(config).length, 2, 'no name has made a line');
  assert.ok(!lines().some((l) => l.app === 'forged'));
  assert.ok((await deliveries(channel)).every((d) => d.outcome === 'accepted' && d.state === 'delivered' && d.request_bytes > 500));
});

test('whatever becomes of the connection, the tenant reads it, and it is tried again', async () => {
  const nobody = await freePort(build), breaks = { reset: (s) => s.resetAndDestroy(), short: (s) => s.end() }, urls = { closed: `tcp+tls://127.0.0.1:${nobody}`, 'datagram closed': `udp://127.0.0.1:${nobody}`, untrusted: secure() };
  const servers = await Promise.all(Object.entries(breaks).map(([how, does]) => new Promise((done) => {
    const server = net.createServer((s) => s.on('error', () => {}).once('data', () => does(s))).listen(0, '127.0.0.1', () => { urls[how] = `tcp+tls://127.0.0.1:${server.address().port}`; done(server); });
  })));
  try {
    await walk(admin, sql("SELECT schema_name FROM tenants WHERE slug = 'demo'"), rowsOf('syslog'), ({ answer }) => ({ url: urls[answer] }));
  } finally {
    for (const s of servers)
      s.close();
  }
});

test('who is not vouched for gets nothing, and the tenant reads why', async () => {
  const channel = await channelOf({ url: secure() });
  const row = await tried(channel);
  assert.deepEqual([row.outcome, row.state], ['failed', 'pending']);
  assert.match(row.detail, /authority that is not believed/);
  const put = await admin('PUT', `/api/drift/channels/${channel.id}`, { body: { ca } });
  assert.equal(put.status, 200, put.text);
  await until('what waited', async () => (await deliveries(channel))[0].outcome === 'accepted');
});

test('a receiver that dies and comes back gets what came meanwhile, in order', async () => {
  const channel = await channelOf({ url: secure(), ca }), config = await watched(channel);
  await config.state({ state: 'disabled' });
  await came(config, 1);
  await attempts(channel, 1); // what is there and not yet known to be comes twice
  await stop('SIGKILL');
  await config.state();
  const rows = await attempts(channel, 2);
  assert.equal(rows[0].outcome, 'failed', JSON.stringify(rows[0]));
  await start();
  // what waits is sent now, however many attempts were in vain meanwhile
  const again = await admin('POST', `/api/drift/deliveries/${(await deliveries(channel))[0].id}/replay`);
  assert.equal(again.status, 202, again.text);
  const got = await came(config, 2);
  assert.deepEqual(got.map((l) => l.id), ['drift.alert.opened', 'drift.alert.resolved']);
});

test('over UDP a message fits a datagram, says how much it left out, and a port where nobody listens is noticed', async () => {
  const channel = await channelOf({ url: plain(), values: true }), config = await watched(channel, 30);
  await config.state({ state: 'disabled', displayName: '"'.repeat(300) });
  const [l] = await came(config, 1);
  assert.ok(Buffer.byteLength(l.raw) <= 2048, `${Buffer.byteLength(l.raw)} bytes`);
  assert.ok(l.finding.unmapped.changes_total >= 30 && l.finding.unmapped.changes.length < 20, l.msg);
  assert.equal((await attempts(channel, 1))[0].outcome, 'accepted');
  const nobody = await channelOf({ url: `udp://127.0.0.1:${await freePort(build)}` });
  assert.deepEqual([(await tried(nobody)).outcome, (await deliveries(nobody))[0].detail], ['failed', 'Nobody listens there.']);
});

test('a channel that is told no values gets none, and who may not read them names no other authority', async () => {
  const blind = await channelOf({ url: secure(), ca }), config = await watched(blind);
  await config.state({ state: 'disabled' });
  const [l] = await came(config, 1);
  assert.ok(!/enabled|disabled/.test(l.msg), l.msg);
  const machine = withKey((await serviceKey(admin, ['manage:channels'])).key);
  const open = await channelOf({ url: secure(), ca, values: true });
  for (const body of [{ ca: null }, { url: `tcp+tls://127.0.0.1:${port + 1}` }]) {
    assert.equal((await machine('PUT', `/api/drift/channels/${open.id}`, { body })).status, 403, JSON.stringify(body));
    assert.equal((await machine('PUT', `/api/drift/channels/${blind.id}`, { body })).status, 200, JSON.stringify(body));
  }
});

test('a connection is kept for the next message, and one that says nothing delays nobody else', async () => {
  const secrets = { key: fs.readFileSync(at('host.key')), cert: fs.readFileSync(at('host.pem')) };
  const connections = [], texts = [];
  const kept = tls.createServer(secrets, (s) => {
    connections.push(s);
    s.on('data', (d) => texts.push(d)).on('error', () => {});
  });
  const silent = net.createServer((s) => { s.on('error', () => {}); connections.push(s); });
  const listen = (s) => new Promise((done) => { s.listen(0, '127.0.0.1', () => done(s.address().port)); });
  const receiver = await new Receiver().start();
  try {
    const channel = await channelOf({ url: `tcp+tls://127.0.0.1:${await listen(kept)}`, ca });
    const mute = await channelOf({ url: `tcp+tls://127.0.0.1:${await listen(silent)}`, ca });
    for (let n = 1; n <= 6; n++)
      assert.equal((await tried(channel, n)).outcome, 'accepted');
    assert.ok(connections.length <= 4, `${connections.length} connections: one for each sender at most`);
    assert.equal(texts.length, 6, 'a message is one record');
    for (const t of texts)
      assert.equal(Number(/^\d+/.exec(t.toString())[0]), t.length - /^\d+ /.exec(t.toString())[0].length, 'octets are counted');
    assert.equal((await admin('POST', `/api/drift/channels/${mute.id}/test`)).status, 202);
    await until('somebody is kept waiting', () => connections.some((s) => !(s instanceof tls.TLSSocket)));
    const other = (await admin('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'webhook', url: receiver.url() } })).json;
    assert.equal((await admin('POST', `/api/drift/channels/${other.id}/test`)).status, 202);
    await receiver.wait('beside it', () => true, 4);
    assert.equal((await deliveries(mute)).length, 0, 'while that one still waits');
  } finally {
    for (const s of connections)
      s.destroy();
    kept.close();
    silent.close();
    await receiver.stop();
  }
});
