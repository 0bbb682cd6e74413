// People sign in by a provider whatever becomes of the process that asks it: it is killed before, meanwhile and after,
// told of other ranges, and started for a single request of plain CGI.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Idp, addressOf, begin, comeBack, newProvider, outcome, patient, signIn } from '../lib/idp.mjs';
import { alive, build, child, children, fetcher, Log, renewWorkers, sleep, state, until, workers } from '../lib/env.mjs';
import { bearer, newTenant } from '../lib/people.mjs';

const who = newTenant(), domain = `${who.tenant}.example`, idp = new Idp();
const person = { sub: 'p', email: `p@${domain}`, email_verified: true, name: 'P', groups: ['v'] };
const conf = path.join(state, 'etc', 'blindspotx.conf');
let asked = 0;

before(async () => {
  await idp.start();
  idp.userinfo = () => person; // asked where the token is without groups
  await newProvider(await bearer(who), { name: 'corp', kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret,
    allowed_domains: [domain], auto_provision: true, role_map: { v: 'viewer' } });
  await signIn(idp, who.tenant, 'corp', person);
});
after(() => idp.stop());

const there = (not = 0) => until('the fetcher', () => fetcher() !== not && fetcher());
const enters = async (as = person) => assert.equal(outcome(await signIn(idp, who.tenant, 'corp', as)), '');

// What the token endpoint answers waits until it is let go; `asked` says that it was asked.
function held() {
  const waiting = {};
  waiting.asked = new Promise((resolve) => {
    idp.answer = (q, a, kind) => {
      if (kind !== 'token' || q.late)
        return false;
      q.late = true;
      waiting.closed = new Promise((done) => q.socket.once('close', done));
      waiting.go = () => { idp.answer = null; idp.server.emit('request', q, a); };
      idp.answer = null;
      resolve();
      return true;
    };
  });
  return waiting;
}

async function come() {
  const flow = await begin(who.tenant, 'corp');
  return patient(() => comeBack('corp', { code: flow.code ??= idp.grant(flow.location, person), state: flow.state }, flow.cookie));
}

test('a fetcher that is killed before a sign-in is started again for it', async () => {
  const old = await there();
  process.kill(old, 'SIGKILL');
  await enters();
  await there(old);
});

test('one that is killed meanwhile takes nothing with it: the provider goes on being asked', async () => {
  const old = await there(), waiting = held(), answer = come();
  await waiting.asked;
  process.kill(old, 'SIGKILL');
  await there(old);
  waiting.go();
  assert.equal(outcome(await answer), '');
});

test('the process that asks for one sign-in is killed: that one is refused and told to the operator, the next enters', async () => {
  const log = new Log(), waiting = held(), answer = come();
  await waiting.asked;
  const transfers = children(await there());
  assert.equal(transfers.length, 1);
  process.kill(transfers[0], 'SIGKILL');
  assert.equal(outcome(await answer), 'oidc_unavailable');
  assert.ok(log.lines().some((l) => /the fetch process ended before it answered/.test(l['error.message'] ?? l['bsx.details'] ?? '')), log.text());
  await waiting.closed;
  await enters();
});

test('a worker that is killed while it asks hangs up on the provider, and the fetcher is well', async () => {
  const one = await there(), waiting = held(), answer = come().then(() => 0, () => 0);
  await waiting.asked;
  for (const pid of workers())
    process.kill(pid, 'SIGKILL');
  await answer;
  await waiting.closed;
  await until('the transfer to be over', () => children(one).length === 0);
  await until('new workers', () => workers().length >= 2);
  await enters();
  assert.equal(fetcher(), one);
});

test('a fetcher that is killed after a sign-in costs the next one nothing', async () => {
  await enters();
  process.kill(await there(), 'SIGKILL');
  await enters();
});

test('HUP brings other ranges into force, and what they were before again', async () => {
  const text = fs.readFileSync(conf, 'utf8'), closed = text.replace(/allow = \["127[^\]]*\]/, 'allow = ["127.9.9.9/32"]');
  assert.notEqual(closed, text);
  let old = await there();
  try {
    fs.writeFileSync(conf, closed);
    await renewWorkers();
    old = await there(old);
    asked = idp.seen.token;
    assert.match(outcome(await signIn(idp, who.tenant, 'corp', person)), /^oidc_(unavailable|failed)$/);
    assert.equal(idp.seen.token, asked, 'it was asked where nobody may be asked');
  } finally {
    fs.writeFileSync(conf, text);
    await renewWorkers();
  }
  await there(old);
  await enters();
});

// The parent waits longer each time: up to a second is waited for, more is not.
test('a fetcher that keeps ending is not waited for: a sign-in is refused at once, and enters when it is there again', async () => {
  const log = new Log();
  let last, ms, shut;
  for (let i = 0; i < 9 && !shut; i++) {
    const old = await there();
    process.kill(old, 'SIGKILL');
    await until('its end', () => !alive(old));
    const began = Date.now();
    last = outcome(await signIn(idp, who.tenant, 'corp', person));
    ms = Date.now() - began;
    shut = log.lines().some((l) => /the fetch process keeps ending/.test(l['error.message'] ?? l['bsx.details'] ?? ''));
    await until('the next one', () => fetcher(), 60);
  }
  assert.equal(last, 'oidc_unavailable');
  assert.ok(ms < 5000, `${ms} ms`);
  await enters();
});

// The program as a CGI server starts it; what it answers, and the processes that it leaves.
function cgi(target, cookie, around = []) {
  const [command, ...args] = [...around, path.join(build, 'blindspotx.fcgi')];
  const program = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {
    GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1', REMOTE_ADDR: '127.0.0.1', REQUEST_METHOD: 'GET', BSX_CONF: conf,
    REQUEST_URI: target, QUERY_STRING: target.split('?')[1] ?? '', HTTP_COOKIE: cookie, HTTP_HOST: 'localhost' } });
  const started = new Set(), look = setInterval(() => children(program.pid).forEach((pid) => started.add(pid)), 5);
  let out = '';
  program.stdout.on('data', (d) => { out += d; });
  return new Promise((resolve) => {
    program.on('close', (code) => { clearInterval(look); resolve({ code, out, started: [...started] }); });
  });
}

test('as plain CGI a sign-in starts a fetcher of its own, which ends with it; another request starts none', async () => {
  const flow = await begin(who.tenant, 'corp'), waiting = held();
  const query = new URLSearchParams({ code: idp.grant(flow.location, person), state: flow.state });
  const answer = cgi(`${addressOf(flow.location)}?${query}`, flow.cookie);
  await waiting.asked;
  waiting.go();
  const { code, out, started } = await answer;
  assert.equal(code, 0);
  assert.match(out, /^Status: 302/);
  assert.match(out, /bsx_access=/);
  assert.equal(started.length, 1);
  await until('its end', () => !started.some(alive));
  const other = await cgi('/api/health/live', '');
  assert.match(other.out, /^Status: 200/);
  assert.deepEqual(other.started, []);
});

// A namespace of its own, where /proc is hidden.
const without = ['unshare', ...process.getuid() === 0 ? ['-m'] : ['-rm'], 'sh', '-c', 'mount -t tmpfs none /proc && exec "$1"', 'sh'];

test('as plain CGI where /proc is not mounted, only what asks a provider fails', async () => {
  const other = await cgi('/api/health/live', '', without);
  assert.match(other.out, /^Status: 200/);
  const flow = await begin(who.tenant, 'corp');
  const query = new URLSearchParams({ code: idp.grant(flow.location, person), state: flow.state });
  const { out } = await cgi(`${addressOf(flow.location)}?${query}`, flow.cookie, without);
  assert.doesNotMatch(out, /bsx_access=/);
  assert.doesNotMatch(out, /^Status: 200/);
  await enters();
});

// How often a text stands in what a process has written; the segment, which is everybody's, apart.
function copies(pid, text) {
  const fd = fs.openSync(`/proc/${pid}/mem`, 'r'), needle = Buffer.from(text);
  let n = 0;
  for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const area = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (!area || /segment|\[v/.test(line))
      continue;
    const from = BigInt(`0x${area[1]}`), bytes = Buffer.alloc(Number(BigInt(`0x${area[2]}`) - from));
    let got = 0;
    try {
      got = fs.readSync(fd, bytes, 0, bytes.length, from);
    } catch { /* it is gone, or nobody may look */ }
    for (let i = bytes.indexOf(needle); i >= 0 && i + needle.length <= got; i = bytes.indexOf(needle, i + 1))
      n++;
  }
  fs.closeSync(fd);
  return n;
}

test('neither workers nor the fetcher keep a secret of a provider, or what was got for it', async () => {
  const seen = new Map([[idp.secret, 'the secret']]), answer = idp.answer;
  idp.answer = (q, a, kind) => {
    if (kind === 'token' || kind === 'userinfo')
      seen.set(q.headers.authorization.replace(/^\w+ /, ''), kind);
    return false;
  };
  try {
    for (let i = 0; i < 20; i++)
      await enters({ sub: person.sub });
  } finally {
    idp.answer = answer;
  }
  assert.equal(seen.size, 22);
  assert.ok(copies(process.pid, idp.secret) > 0, 'memory can be looked into');
  for (const pid of [...workers(), fetcher(), child('responder')]) {
    if (process.getuid() !== 0) // nobody else may look
      assert.throws(() => copies(pid, ''), { code: 'EACCES' });
    else
      for (const [text, what] of seen)
        assert.equal(copies(pid, text), 0, `${what} in ${pid}`);
  }
});

for (const whom of ['the parent alone', 'all of its group, as a terminal and a unit may send it'])
  test(`TERM to ${whom} cuts no sign-in under way`, async () => {
    await there();
    const waiting = held(), answer = come(), parent = child('responder');
    await waiting.asked;
    const all = [...children(parent).flatMap(children), ...children(parent), parent]; // the parent last: it passes it on
    for (const pid of whom.startsWith('all') ? all : [parent])
      process.kill(pid, 'SIGTERM');
    await sleep(300);
    waiting.go();
    assert.equal(outcome(await answer), '');
    await until('the next responder', () => child('responder') > 0 && child('responder') !== parent && fetcher());
    await until('a sign-in', async () => { try { await enters(); return true; } catch { return false; } });
  });

test('nobody is left unburied, and the responder is well', () => {
  assert.ok(alive(child('responder')));
  assert.equal(children(child('responder')).length, workers().length + 1);
});
