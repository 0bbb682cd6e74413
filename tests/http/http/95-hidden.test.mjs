// What a source is asked with is found nowhere: each kind of secret is looked for wherever something is kept, told or left,
// among what really is there (a mark that is found says that the search works).
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, child, children, configured, logFile, renewDaemon, renewWorkers, state, until } from '../lib/env.mjs';
import { all, bearer, newChannel, newTenant, unique } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';

const secretOf = (what) => `${what}-${crypto.randomBytes(18).toString('hex')}`;
const MARK = unique('to-be-found'), driftdLog = path.join(state, 'log', 'driftd.log'), folder = path.join(state, 'run', 'hidden');
const owner = newTenant(), receiver = new Receiver(), said = [], began = {};
let admin, server, url, channel, holds = null, held = 0, version = 1;

// PEM of a certificate, and of its key.
function pair() {
  const file = (end) => path.join(folder, `pair.${end}`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', '/CN=reader', '-keyout', file('key'), '-out', file('pem')], { stdio: 'ignore' });
  const made = { certificate: fs.readFileSync(file('pem'), 'utf8'), private_key: fs.readFileSync(file('key'), 'utf8') };
  fs.rmSync(file('key'));
  return made;
}

// Each kind: what a config is given, how it is tried from here, and what must not be found of it.
function kindsOf() {
  const s = { bearer: secretOf('bearer'), password: secretOf('password'), key: secretOf('apikey'), client: secretOf('client'), tokenOfClient: secretOf('granted'), tokenOfKey: secretOf('granted') };
  const { certificate, private_key } = pair(), lines = private_key.split('\n').filter((l) => l.length === 64);
  const granted = (name, token, more) => ({ name, token, tells: 'client_id', credential: { client_id: 'reader', ...more }, asks: { kind: 'oauth2_client_credentials', token_url: `${url}/${name}/token` },
    auth: { kind: 'oauth2_client_credentials', host: 'main', path: `/${name}/token`, forms: ['client_secret', 'certificate'] } });
  return [
    { name: 'bearer', credential: { token: s.bearer }, asks: { kind: 'bearer' }, auth: { kind: 'bearer' }, tells: 'token', secrets: [s.bearer] },
    { name: 'basic', credential: { user: 'reader', password: s.password }, asks: { kind: 'basic' }, auth: { kind: 'basic' }, tells: 'password', secrets: [s.password] },
    { name: 'header', credential: { value: s.key }, asks: { kind: 'header', name: 'X-Vendor-Key' }, auth: { kind: 'header', header: 'X-Vendor-Key' }, tells: 'value', secrets: [s.key] },
    { ...granted('client', s.tokenOfClient, { client_secret: s.client }), secrets: [s.client, s.tokenOfClient] },
    { ...granted('certificate', s.tokenOfKey, { certificate, private_key }), secrets: [lines[1], lines.at(-2), s.tokenOfKey] },
  ];
}

// Gives back whatever it was sent, where a source that is no friend would: in fields, codes and sentences of its refusals.
function answer(q, a) {
  const parts = [];
  q.on('data', (d) => parts.push(d)).on('end', async () => {
    const [, name, what] = q.url.split('?')[0].split('/'), kind = began.kinds?.find((k) => k.name === name), body = Buffer.concat(parts).toString();
    const sent = (q.headers.authorization ?? q.headers['x-vendor-key'] ?? '').replace(/^\w+ /, '') || body, say = (status, value) => {
      a.writeHead(status, { 'Content-Type': 'application/json', 'WWW-Authenticate': `Bearer error="${sent.slice(0, 4000)}"` });
      a.end(JSON.stringify(value));
    };
    if (what === 'token')
      return say(200, { access_token: kind.token, token_type: 'Bearer', expires_in: 3600 });
    if (what === 'rules' && holds) {
      held++;
      await holds;
    }
    if (what === 'rules')
      return say(200, { value: [{ id: 'a', n: version, mark: MARK }] });
    return say(what === 'refused' ? 401 : what === 'denied' ? 403 : 400, { error: { code: sent.slice(0, 64), message: `${MARK} ${sent}` }, code: sent });
  });
}

before(async () => {
  fs.mkdirSync(folder);
  server = http.createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  await receiver.start();
  const who = await bearer(owner);
  admin = async (...args) => { const one = await who(...args); said.push(one.text); return one; };
  began.kinds = kindsOf();
  channel = await newChannel(admin, receiver.url(), { values: true });
});
after(async () => {
  server.closeAllConnections();
  await Promise.all([receiver.stop(), new Promise((resolve) => server.close(resolve))]);
});

// The spellings in which a text may stand somewhere.
const spellings = (text) => [text, encodeURIComponent(text), Buffer.from(text).toString('hex'), ...[0, 1, 2].map((pad) => Buffer.from(' '.repeat(pad) + text).toString('base64').slice(pad === 0 ? 0 : 4, -4))];
const SECRETS = () => began.kinds.flatMap((k) => k.secrets.map((s) => [k.name, s]));

// The mark is there, and no secret is.
function search(place, bytes, mark = MARK) {
  const where = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  assert.ok(where.includes(mark), `${place}: what is there is found`);
  for (const [kind, secret] of SECRETS())
    for (const spelled of spellings(secret))
      assert.equal(where.includes(spelled), false, `${place} has the secret of ${kind}`);
}

// `other`: shown with something that tells it apart, so that others do not wait for what is refused.
async function make(kind, what, other = {}) {
  const source = { kind: 'http', parameters: { base_url: url }, credential: { ...kind.asks, ...kind.credential, ...other },
    collections: what.map((category) => ({ category, path: `/${kind.name}/${category}`, items: '/value', key: 'id' })) };
  const made = await admin('POST', '/api/drift/configs', { body: { name: unique(MARK), source, alerts: [{ channel_id: channel.id }] } });
  assert.equal(made.status, 201, made.text);
  return made.json;
}

async function read(config) {
  const asked = await admin('POST', `/api/drift/configs/${config.id}/run`);
  assert.equal(asked.status, 202, asked.text);
  return asked.json.run_id;
}
const over = (run) => until('the run to be over', async () => {
  const { json } = await admin('GET', `/api/drift/runs/${run}`);
  return ['done', 'failed', 'dead'].includes(json.state) && json;
}, 20);

// All that has to do with this installation, and whatever else runs here.
function processes() {
  const each = (name) => fs.readdirSync('/proc').filter((n) => /^\d+$/.test(n)).map((pid) => { try { return fs.readFileSync(`/proc/${pid}/${name}`); } catch { return Buffer.alloc(0); } });
  return Buffer.concat([...each('cmdline'), ...each('environ')]);
}

// What root can see of a process; its own user may not look into it, nor has it a core (core/base/secret.h).
function memory(pid) {
  const maps = fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').map((l) => /^(\w+)-(\w+) rw/.exec(l)).filter(Boolean);
  const fd = fs.openSync(`/proc/${pid}/mem`, 'r'), parts = [];
  for (const [, from, to] of maps) {
    const part = Buffer.alloc(Number(BigInt(`0x${to}`) - BigInt(`0x${from}`)));
    try { fs.readSync(fd, part, 0, part.length, Number(BigInt(`0x${from}`))); parts.push(part); } catch { /* of a device */ }
  }
  fs.closeSync(fd);
  return Buffer.concat(parts);
}
const mayLook = process.getuid() === 0;
const tree = () => [child('driftd'), ...children(child('driftd')), child('responder'), ...children(child('responder'))];

function dump() {
  const socket = /socket = "([^"]+db\.sock)"/.exec(fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8'))[1];
  return execFileSync('mariadb-dump', ['--no-defaults', `--socket=${socket}`, '--all-databases', '--hex-blob', '--skip-extended-insert', '--skip-lock-tables'], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });
}

// A pack's file tried from here, recorded; what is in argv and environment of that process is looked at beside it.
function tried(kind) {
  const file = path.join(folder, `${kind.name}.json`), record = path.join(folder, `record-${kind.name}`);
  fs.writeFileSync(file, JSON.stringify({ name: kind.name, title: 'Tried', documents: ['https://vendor.example/docs'], parameters: [{ name: 'base_url', doc: 'Where it is.', format: 'url', required: true }],
    hosts: [{ name: 'main', parameter: 'base_url' }], auth: kind.auth, collections: ['rules', 'denied'].map((category) => ({ category, path: `/${kind.name}/${category}`, items: '/value', key: 'id' })) }));
  const p = spawn(path.join(build, 'bsxctl'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), 'source', 'try', file, '--param', `base_url=${url}`, '--credential-file', '-', '--record', record]);
  let out = '';
  for (const stream of [p.stdout, p.stderr])
    stream.on('data', (d) => { out += d; });
  p.stdin.end(JSON.stringify(kind.credential));
  return new Promise((resolve) => { p.on('close', () => resolve({ out, record: fs.existsSync(record) ? fs.readdirSync(record).map((n) => fs.readFileSync(path.join(record, n), 'utf8')).join('\n') : '' })); });
}

test('what a source is asked with is in no table, log, answer, reason, message, record, command or environment, and no core is left', async () => configured('log: { level = "debug"; };', () => Promise.all([renewWorkers(), renewDaemon()]), async () => {
  const kinds = began.kinds, whole = [], bad = [], logs = [logFile, driftdLog].map((file) => fs.statSync(file).size);
  for (const kind of kinds) {
    whole.push(await make(kind, ['rules', 'denied'])); // some of it is read, some may not be
    bad.push(await make(kind, ['refused'], { [kind.tells]: `${kind.credential[kind.tells] ?? kind.secrets[0]}-2` }), await make(kind, ['wrong']));
    const config = whole.at(-1);
    for (const credential of [{ ...kind.asks, ...kind.credential, surplus: 1 }, { ...kind.asks, ...kind.credential, kind: Object.values(kind.credential).at(-1) }, { kind: 'bearer', token: `${kind.secrets[0]}\nX: y` }]) {
      const refused = await admin('PUT', `/api/drift/configs/${config.id}`, { body: { source: { kind: 'http', parameters: { base_url: url }, collections: [{ category: 'rules', path: '/x', key: 'id' }], credential } } });
      assert.equal(refused.status, 422, refused.text);
    }
    await admin('GET', `/api/drift/configs/${config.id}`);
  }
  let release;
  holds = new Promise((resolve) => { release = resolve; });
  const first = await Promise.all([...whole, ...bad].map(read)), tries = kinds.map(tried);
  await until('each kind to be asked, by driftd and from here', () => held === 2 * kinds.length, 5);
  search('commands and environments during a run', processes(), 'blindspotx.conf');
  if (mayLook) // who collects has what it shows; who starts it never had
    search('the memory of driftd', memory(child('driftd')), 'driftd');
  else
    assert.throws(() => memory(child('driftd')), /EACCES|EPERM/);
  holds = null;
  release();
  const runs = await Promise.all(first.map(over));
  assert.deepEqual(runs.map((r) => r.state), [...whole.map(() => 'done'), ...bad.map((_, i) => i % 2 === 0 ? 'failed' : 'done')], JSON.stringify(runs.map((r) => r.reason)));
  for (const { out, record } of await Promise.all(tries)) {
    assert.match(out, /^rules +complete/m);
    assert.match(out, /^denied +forbidden/m);
    search('a recorded trial', record);
    search('what a trial says', out, 'forbidden');
  }
  version = 2;
  for (const run of await Promise.all((await Promise.all(whole.map(read))).map(over)))
    assert.equal((await admin('GET', `/api/drift/reports/${run.report_id}/changes`)).json.items[0].path, '/n');
  await until('the changes and refusals to be told', () => kinds.length * 2 <= receiver.got.length, 20);
  for (const list of ['configs', 'runs', 'alerts', 'reports', 'findings'])
    await all(admin, `/api/drift/${list}`).catch(() => []);
  await admin('GET', '/api/audit?limit=200');

  search('the database', dump());
  search('answers, with reasons of runs', said.join('\n'));
  search('what is delivered', receiver.got.map((d) => `${JSON.stringify(d.headers)}\n${d.text}`).join('\n'));
  for (const [i, [file, mark]] of [[logFile, '"log.level":"info"'], [driftdLog, 'a source could not be read']].entries())
    search(file, fs.readFileSync(file).subarray(logs[i]), mark);
  for (const pid of tree())
    assert.match(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m, `${pid} leaves a core`);
}));
