// responder.mjs BUILD [PART...] - the responder seen from outside.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { open, request } from './fastcgi.mjs';
import { alive, asleep, check, children, fetchers, finish, root, sleep, start, stop, test, ticks, until, work, write } from './lib.mjs';
import { freePort } from '../lib/ports.mjs';
import { fetching } from './fetching.mjs';
import { lanes, records } from './records.mjs';
import { webServers } from './servers.mjs';

const build = path.resolve(process.argv[2] ?? 'build');
// A copy where an account of the web server's own may run it, with what it starts beside it.
const program = path.join(work, 'blindspotx.fcgi');
for (const name of ['blindspotx.fcgi', 'bsx-fetch']) {
  fs.copyFileSync(path.join(build, name), path.join(work, name));
  fs.chmodSync(path.join(work, name), 0o755);
}
const hold = path.join(build, 'tests/fcgi/hold');
const LIVE = '/api/health/live';
let serial = 0;

// An installation without a database: what is tested here needs none, and must not.
function installation(settings = '') {
  const dir = `i${++serial}`;
  fs.mkdirSync(path.join(work, dir), { mode: 0o711 });
  write(`${dir}/keyring`, `1 ${crypto.randomBytes(32).toString('base64')}\n`, 0o600);
  const it = { dir: path.join(work, dir), socket: path.join(work, dir, 's.sock'), conf: path.join(work, dir, 'c.conf') };
  it.base = `public_url = "http://127.0.0.1";\nstate_dir = "${it.dir}";\nkeyring = "${it.dir}/keyring";\n`
    // They ask more often than people do. In one line with the next: the tests know where their own lines are.
    + `rate: { classes: { open: { per_minute = 0; }; }; }; db: { socket = "${it.dir}/none.sock"; };\n`;
  it.configure = (text) => fs.writeFileSync(it.conf, it.base + text);
  it.configure(settings);
  return it;
}

async function ready(it) {
  await until('the socket', () => fs.existsSync(it.socket));
  await until('an answer', async () => (await request(it.socket, LIVE)).status === 200);
}

async function responder(it, ...args) {
  const child = start(program, ['-c', it.conf, '-s', it.socket, ...args]);
  it.pid = child.pid;
  await Promise.race([ready(it), child.ended.then(() => { throw new Error(child.text); })]);
  return child;
}

const lines = (child, what) => child.text.split('\n').filter((l) => l.includes(what)).map((l) => JSON.parse(l));
const login = { method: 'POST', length: 20, params: { REMOTE_ADDR: '192.0.2.1' } };

// Connections that the responder and its workers have taken: connected (03) ends of its socket that belong to a
// process. Whose they are is not for everybody to read: the programs let nobody but root look into them.
const taken = (it) => fs.readFileSync('/proc/net/unix', 'utf8').split('\n')
  .map((line) => line.split(/ +/)).filter(([, , , , , state, inode, path]) => path === it.socket && state === '03' && inode !== '0').length;

// Their number once it no longer moves: what was answered before is closed.
async function calm(it) {
  let n = -1, same = 0;
  await until('the responder to be at rest', () => {
    const now = taken(it);
    same = now === n ? same + 1 : 0;
    n = now;
    return same >= 4;
  });
  return n;
}

// A request that holds a worker until its second half is sent; whole, it is answered with 422.
async function half(it, address = '192.0.2.1') {
  const before = await calm(it);
  const x = open(it.socket, '/api/auth/login', { ...login, params: { REMOTE_ADDR: address } });
  x.head();
  x.body('{"unknown"');
  await new Promise((resolve) => x.socket.write('', resolve));
  // It has read what there is when it sleeps.
  await until('a worker to wait for the rest', () => taken(it) > before && [it.pid, ...children(it.pid)].every(asleep));
  x.rest = () => { x.body(':true    }'); x.end(); };
  return x;
}

async function sockets() {
  await test('a socket of its own has the permissions asked for', async () => {
    const it = installation('listen: { mode = "0640"; };');
    const r = await responder(it, '-w', '1');
    const mode = fs.statSync(it.socket).mode & 0o777;
    const { code } = await stop(r);
    check(mode === 0o640, `mode ${mode.toString(8)}`);
    check(code === 0 && !fs.existsSync(it.socket), `exit ${code}, the socket file is still there`);
  });
  await test('what a killed responder left is replaced; a living one and a plain file are not', async () => {
    const it = installation();
    const first = await responder(it, '-w', '1');
    const second = start(program, ['-c', it.conf, '-s', it.socket]);
    check((await second.ended).code === 1 && second.text.includes('another process listens'), second.text);
    const orphans = children(first.pid);
    await stop(first, 'SIGKILL');
    await until('no worker', () => orphans.every((pid) => !alive(pid)));
    check(fs.existsSync(it.socket), 'a killed one cannot clean up');
    await stop(await responder(it, '-w', '1'));
    const file = write('plain', 'x');
    const third = start(program, ['-c', it.conf, '-s', file]);
    check((await third.ended).code === 1 && fs.readFileSync(file, 'utf8') === 'x', third.text);
  });
  await test('it listens on HOST:PORT', async () => {
    const it = installation();
    const port = await freePort(build);
    const r = start(program, ['-c', it.conf, '-w', '1', '-s', `127.0.0.1:${port}`]);
    await until('an answer', async () => (await request({ host: '127.0.0.1', port }, LIVE)).status === 200);
    check((await stop(r)).code === 0, r.text);
  });
  await test('a TCP socket that other machines can reach is refused, inherited or not, unless listen.remote says so', async () => {
    const it = installation();
    const port = await freePort(build);
    const inherits = (host) => ['systemd-socket-activate', ['-l', `${host}:${port}`, program, '-c', it.conf, '-w', '1']];
    const own = (host) => [program, ['-c', it.conf, '-w', '1', '-s', `${host}:${port}`]];
    const refused = async (r) => {
      // An activated program begins when somebody knocks.
      await until('it to end', async () => { net.connect(port, '127.0.0.1').on('error', () => {}).end(); return r.exitCode !== null; });
      check(r.text.includes('listen.remote'), r.text);
    };
    for (const host of ['0.0.0.0', '[::]', '[::ffff:0.0.0.0]'])
      await refused(start(...own(host)));
    await refused(start(...inherits('0.0.0.0')));
    for (const [host, address] of [['127.0.0.2', '127.0.0.2'], ['[::1]', '::1'], ['[::ffff:127.0.0.1]', '127.0.0.1']]) {
      const r = start(...own(host));
      await until('an answer', async () => (await request({ host: address, port }, LIVE)).status === 200);
      check((await stop(r)).code === 0, r.text);
    }
    it.configure('listen: { remote = true; };');
    const r = start(...own('0.0.0.0'));
    await until('an answer', async () => (await request({ host: '127.0.0.1', port }, LIVE)).status === 200);
    check((await stop(r)).code === 0, r.text);
  });
  await test('it takes the socket of LISTEN_FDS', async () => {
    const it = installation();
    const r = start('systemd-socket-activate', ['-l', it.socket, program, '-c', it.conf, '-w', '1']);
    await ready(it);
    check((await stop(r)).code === 0 && fs.existsSync(it.socket), 'a socket that is not ours stays');
  });
  await test('it takes the socket on descriptor 0, and what is queued there waits for the next process', async () => {
    const it = installation();
    const h = start(hold, [it.socket, program, '-c', it.conf, '-w', '1'], { stdio: ['pipe', 'pipe', 'pipe'] });
    await ready(it);
    const pid = Number(/started (\d+)/.exec(h.text)[1]);
    it.pid = pid;
    const x = await half(it);
    const queued = Array.from({ length: 20 }, () => request(it.socket, LIVE));
    await sleep(100);
    process.kill(pid, 'SIGTERM');
    await sleep(200);
    x.rest();
    check((await x.answer).status === 422, 'the running request');
    for (const answer of await Promise.all(queued))
      check(answer.status === 200, `a queued request got ${answer.status} ${answer.error ?? ''}`);
    check(h.text.match(/^started \d/gm).length === 2, h.text);
    h.stdin.end();
    await h.ended;
  });
}

async function requests() {
  const it = installation();
  const r = await responder(it, '-w', '1');
  await test('a silent connection holds a worker for 5 s at most', async () => {
    const silent = net.connect(it.socket);
    await sleep(100);
    const began = Date.now();
    const answer = await request(it.socket, LIVE);
    check(answer.status === 200 && Date.now() - began < 9000, `${answer.status} after ${Date.now() - began} ms`);
    silent.destroy();
  });
  await test('a kept connection (FCGI_KEEP_CONN) is closed after its answer and holds nobody up', async () => {
    const began = Date.now();
    const kept = await request(it.socket, LIVE, { keep: true });
    const next = await request(it.socket, LIVE);
    check(kept.status === 200 && kept.ended && next.status === 200, JSON.stringify(kept));
    check(Date.now() - began < 4500, `${Date.now() - began} ms`);
  });
  await test('a body that arrives in two parts is whole; one shorter than CONTENT_LENGTH is refused', async () => {
    const x = await half(it);
    x.rest();
    check((await x.answer).status === 422, 'whole');
    const y = await half(it);
    y.end();
    check((await y.answer).status === 400, 'short');
  });
  await test('a client that goes away is accounted as 499, in one line', async () => {
    const before = lines(r, '/api/auth/login').length;
    const x = await half(it);
    x.socket.destroy();
    await until('the line', () => lines(r, '/api/auth/login').length > before);
    await sleep(100);
    const got = lines(r, '/api/auth/login').slice(before);
    check(got.length === 1 && got[0]['http.response.status_code'] === 499, JSON.stringify(got));
  });
  await test('so is one that went away while its request was waiting', async () => {
    const x = await half(it);
    const before = lines(r, LIVE).length;
    const y = open(it.socket, LIVE);
    y.head();
    y.end();
    await sleep(100);
    y.socket.destroy();
    await sleep(100);
    x.rest();
    await x.answer;
    await until('the line', () => lines(r, LIVE).length > before);
    check(lines(r, LIVE).at(-1)['http.response.status_code'] === 499, JSON.stringify(lines(r, LIVE).at(-1)));
  });
  await test('an unwanted body of 4 MiB does not lose the answer', async () => {
    const x = open(it.socket, '/api/auth/login', { method: 'POST', length: 4 << 20 });
    x.head();
    for (let i = 0; i < 128; i++)
      x.body(' '.repeat(32768));
    x.end();
    const answer = await x.answer;
    check(answer.status === 413 && answer.ended, `${answer.status} ${answer.error ?? ''}`);
  });
  await test('cgi-fcgi gets its answer', () => {
    const out = execFileSync('cgi-fcgi', ['-bind', '-connect', it.socket], { encoding: 'utf8', input: '',
      env: { PATH: process.env.PATH, REQUEST_METHOD: 'GET', REQUEST_URI: LIVE, REMOTE_ADDR: '127.0.0.1' } });
    check(out.startsWith('Status: 200'), out);
  });
  await test('what is no FastCGI at all is closed and harms nobody', async () => {
    for (const junk of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(64), crypto.randomBytes(4096)]) {
      const s = net.connect(it.socket);
      s.on('error', () => {});
      s.end(junk);
      await new Promise((resolve) => { s.on('close', resolve); s.resume(); });
    }
    check((await request(it.socket, LIVE)).status === 200, 'the next one');
  });
  await test('an idle worker has at most 8 MiB of memory of its own', () => {
    for (const pid of children(r.pid)) {
      const kib = Number(/^RssAnon:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
      console.log(`# ${kib} KiB of its own`);
      check(kib <= 8192, `${kib} KiB`);
    }
  });
  await test('waiting costs no processor time', async () => {
    const all = [r.pid, ...children(r.pid), ...fetchers(r.pid)];
    const before = all.map(ticks);
    await sleep(2000);
    const used = all.map((pid, i) => ticks(pid) - before[i]);
    check(used.every((n) => n <= 3), `ticks in 2 s: ${used}`);
  });
  await stop(r);
}

async function endings() {
  for (const signal of ['SIGTERM', 'SIGUSR1', 'SIGINT']) {
    await test(`${signal}: the running request and the queue are answered, exit status 0`, async () => {
      const it = installation();
      const r = await responder(it, '-w', '2');
      const a = await half(it), b = await half(it, '192.0.2.2');
      const queued = Array.from({ length: 20 }, () => request(it.socket, LIVE));
      await sleep(100);
      const end = stop(r, signal);
      await sleep(500);
      a.rest();
      b.rest();
      check((await a.answer).status === 422 && (await b.answer).status === 422, 'a running request was cut short');
      for (const answer of await Promise.all(queued))
        check(answer.status === 200, `a queued request got ${answer.status} ${answer.error ?? ''}`);
      const { code, ms } = await end;
      check(code === 0 && ms < 8000, `exit ${code} after ${ms} ms`);
    });
  }
  await test('an idle responder ends at once', async () => {
    const r = await responder(installation(), '-w', '4');
    const { code, ms } = await stop(r);
    check(code === 0 && ms < 5000, `exit ${code} after ${ms} ms`);
  });
  await test('a request that never ends does not keep it for 8 s', async () => {
    const it = installation();
    const r = await responder(it, '-w', '1');
    const x = await half(it);
    const { code, ms } = await stop(r);
    // 8 s, and what a busy machine needs to notice.
    check(code === 1 && ms < 10000, `exit ${code} after ${ms} ms`);
    check(lines(r, 'did not end in time').length === 1, r.text);
    x.socket.destroy();
  });
  await test('workers end when their parent is killed', async () => {
    const r = await responder(installation(), '-w', '3');
    const workers = children(r.pid);
    r.kill('SIGKILL');
    await until('the workers are gone', () => workers.every((pid) => !alive(pid)));
  });
}

// Requests one after another on n lines until told to end; what was not answered with 200 (or 429) is counted.
function load(it, n) {
  const state = { sent: 0, bad: [], stop: false };
  const line = async () => {
    while (!state.stop) {
      const answer = await request(it.socket, LIVE);
      state.sent++;
      if (answer.status !== 200 && answer.status !== 429)
        state.bad.push(`${answer.status} ${answer.error ?? ''}`);
    }
  };
  state.done = Promise.all(Array.from({ length: n }, line));
  state.end = async () => {
    state.stop = true;
    await state.done;
    check(state.bad.length === 0, `${state.bad.length} of ${state.sent} failed: ${state.bad.slice(0, 3)}`);
    console.log(`# ${state.sent} requests`);
  };
  return state;
}

// Has this worker a SIGTERM (15) that it has not looked at?
const told = (pid) => alive(pid) && (BigInt(`0x${/^ShdPnd:\s*([0-9a-f]+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]}`) & (1n << 14n)) !== 0n;

async function reloads() {
  const it = installation('workers = 3;\nlog: { access = "off"; };');
  const r = await responder(it);
  await test('HUP replaces the workers and loses no request', async () => {
    await until('3 workers', () => children(r.pid).length === 3);
    const l = load(it, 16);
    for (let i = 0; i < 3; i++) {
      const old = children(r.pid);
      await sleep(300);
      r.kill('SIGHUP');
      await until('new workers', () => {
        const now = children(r.pid);
        return now.length === 3 && now.every((pid) => !old.includes(pid));
      });
    }
    await l.end();
  });
  // A worker in a request leaves the signal pending: the kernel says who was told.
  await test('HUP replaces the workers one after another', async () => {
    const old = children(r.pid);
    const requests = [];
    for (let i = 1; i <= 3; i++)
      requests.push(await half(it, `192.0.2.${i}`));
    r.kill('SIGHUP');
    await until('the first is told', () => old.some(told));
    await sleep(500);
    check(old.filter(told).length === 1, `told at once: ${old.filter(told).length} of 3`);
    for (const x of requests)
      x.rest();
    for (const x of requests)
      check((await x.answer).status === 422, 'a running request was cut short');
    await until('new workers', () => {
      const now = children(r.pid);
      return now.length === 3 && now.every((pid) => !old.includes(pid));
    });
  });
  await test('HUP applies a changed setting, the number of workers too', async () => {
    it.configure('workers = 5;\nlog: { access = "off"; };');
    r.kill('SIGHUP');
    await until('5 workers', () => children(r.pid).length === 5);
    const five = children(r.pid);
    it.configure('workers = 2;\nlog: { access = "off"; };');
    r.kill('SIGHUP');
    await until('2 workers', () => {
      const now = children(r.pid);
      return now.length === 2 && now.every((pid) => !five.includes(pid));
    });
  });
  await test('a bad configuration is refused with file and line, and the old one stays', async () => {
    const before = children(r.pid);
    it.configure('workers = 3;\nnonsense = 1;');
    r.kill('SIGHUP');
    const line = await until('the sentence', () => lines(r, 'refused; the old one stays')[0]);
    check(line['error.message'].includes(`${it.conf}:6`), line['error.message']);
    await sleep(300);
    check(String(children(r.pid)) === String(before), 'the workers were replaced');
  });
  await test('a budget for a route that is not there is refused, and the old configuration stays', async () => {
    const before = children(r.pid);
    fs.writeFileSync(it.conf, `${it.base.replace('rate: {', 'rate: { routes = [ "GET /api/nowhere 6 2" ];')}workers = 3;`);
    r.kill('SIGHUP');
    await until('the sentence', () => lines(r, 'refused; the old one stays')
      .find((l) => l['error.message'].includes('there is no route "GET /api/nowhere"')));
    await sleep(300);
    check(String(children(r.pid)) === String(before), 'the workers were replaced');
  });
  await test('HUP does not load a keyring in which a loaded version is another key', async () => {
    const keyring = path.join(it.dir, 'keyring');
    const right = fs.readFileSync(keyring);
    const before = children(r.pid);
    fs.writeFileSync(keyring, `1 ${crypto.randomBytes(32).toString('base64')}\n`);
    r.kill('SIGHUP');
    const line = await until('the sentence', () => lines(r, 'refused; the old one stays')
      .find((l) => l['error.message'].includes('version 1 is another key than the one that is loaded')));
    check(!line['error.message'].includes(right.toString().split(' ')[1].trim()), 'it tells the key');
    check(String(children(r.pid)) === String(before), 'the workers were replaced');
    fs.writeFileSync(keyring, right);
  });
  await test('a changed setting that needs a restart is named and keeps its value', async () => {
    it.configure('workers = 2;\ncache: { entries = 64; };');
    r.kill('SIGHUP');
    const line = await until('the sentence', () => lines(r, 'needs a restart')[0]);
    check(line['bsx.setting'] === 'cache.entries', JSON.stringify(line));
  });
  await test('a keyring that a command prints is loaded at the start, and again on HUP', async () => {
    const k = installation('workers = 1;\n');
    const command = path.join(k.dir, 'unwrap');
    const script = (text) => fs.writeFileSync(command, `#!/bin/sh\n${text}\n`, { mode: 0o700 });
    fs.renameSync(path.join(k.dir, 'keyring'), path.join(k.dir, 'wrapped'));
    k.configure(`workers = 1;\nkeyring_command = [ "${command}", "${k.dir}/wrapped" ];\n`);
    script('exit 7');
    const failed = start(program, ['-c', k.conf, '-s', k.socket]);
    await failed.ended;
    check(failed.text.includes('ended with status 7'), failed.text);
    script('echo run >>"${1%/*}/runs"; exec cat "$1"');
    const p = await responder(k);
    const runs = () => fs.readFileSync(path.join(k.dir, 'runs'), 'utf8').length / 4;
    check(runs() === 1, `it was run ${runs()} times`);
    p.kill('SIGHUP');
    await until('another run', () => runs() === 2);
    await until('its end', () => p.text.includes('configuration reloaded'));
    script('kill -9 $$');
    p.kill('SIGHUP');
    await until('the sentence', () => lines(p, 'refused; the old one stays')
      .find((l) => l['error.message'].includes('was ended by signal 9')));
    check((await request(k.socket, LIVE)).status === 200, 'it does not go on');
    await stop(p);
  });
  await stop(r);
  await test('HUP opens the log file again', async () => {
    const log = path.join(it.dir, 'log');
    it.configure(`workers = 1;\nlog: { target = "${log}"; };`);
    const f = await responder(it);
    fs.renameSync(log, `${log}.1`);
    f.kill('SIGHUP');
    await until('a new file', () => fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('reloaded'));
    await stop(f);
  });
}

async function deaths() {
  const it = installation('workers = 1;\nmetrics: { allow = [ "127.0.0.1" ]; };');
  const r = await responder(it);
  await test('a worker killed by a signal is replaced and reported with its request and route', async () => {
    const [pid] = children(r.pid);
    const x = await half(it);
    process.kill(pid, 'SIGKILL');
    const line = await until('the line', () => lines(r, 'killed by a signal')[0]);
    check(line['http.request.id'] && line['rule.name']?.includes('/api/auth/login'), JSON.stringify(line));
    check((await request(it.socket, LIVE)).status === 200, 'the next request');
    const { body } = await request(it.socket, '/metrics');
    check(/^bsx_workers_died_total\{signal="9"\} 1$/m.test(body), 'bsx_workers_died_total');
    check(/^bsx_errors_total\{code="worker_died"[^}]*\} 1$/m.test(body), 'bsx_errors_total');
    x.socket.destroy();
  });
  await test('a worker that keeps dying is started later and later', async () => {
    const waits = [];
    for (let i = 0; i < 4; i++) {
      const [pid] = await until('a worker', () => children(r.pid).length === 1 && children(r.pid));
      process.kill(pid, 'SIGKILL');
      const began = Date.now();
      await until('its successor', () => children(r.pid).some((p) => p !== pid));
      waits.push(Date.now() - began);
    }
    console.log(`# restarts after ${waits} ms`);
    check(waits.every((ms, i) => ms >= 90 * 2 ** (i + 1)), `waits ${waits}`);
  });
  await test('nobody is left unburied', () => check(children(r.pid, true).length === 0, 'zombies'));
  await stop(r);
  await test('workers are replaced after max_requests and lose no request', async () => {
    const m = installation('workers = 2;\nmax_requests = 50;\nlog: { access = "off"; };');
    const s = await responder(m);
    const first = children(s.pid);
    const l = load(m, 8);
    await until('other workers', () => children(s.pid).every((pid) => !first.includes(pid)));
    await l.end();
    await stop(s);
  });
  await test('-w 0 serves without children and ends well', async () => {
    const m = installation();
    const s = await responder(m, '-w', '0');
    check(children(s.pid).length + fetchers(s.pid).length === 0, 'children');
    const x = await half(m);
    const end = stop(s);
    await sleep(200);
    x.rest();
    check((await x.answer).status === 422 && (await end).code === 0, 'drain');
  });
}

// A CGI program is started by the web server for each request.
function cgi(it, env, { body = '', args = [], conf = it.conf } = {}) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: {
    GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1', REMOTE_ADDR: '127.0.0.1', REQUEST_METHOD: 'GET',
    BSX_CONF: conf, ...env } });
  return new Promise((resolve) => {
    let out = '', err = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { err += d; });
    child.stdin.on('error', () => {});
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(body);
  });
}

async function plainCgi() {
  const it = installation();
  await test('plain CGI: one request from the environment and standard input', async () => {
    const get = await cgi(it, { REQUEST_URI: LIVE });
    check(get.code === 0 && get.out.startsWith('Status: 200') && get.out.includes('{"status":"ok"}'), get.out + get.err);
    const post = await cgi(it, { REQUEST_URI: '/api/auth/login', REQUEST_METHOD: 'POST', CONTENT_LENGTH: '13',
      CONTENT_TYPE: 'application/json' }, { body: '{"unknown":1}and what does not belong to it' });
    check(post.out.startsWith('Status: 422'), post.out + post.err);
  });
  await test('plain CGI: arguments, which a server may make of the query, are not options', async () => {
    const got = await cgi(it, { REQUEST_URI: LIVE }, { args: ['--version', '-c', '/etc/passwd'] });
    check(got.out.startsWith('Status: 200'), got.out + got.err);
  });
  await test('plain CGI: keys or configuration inside the document root are refused', async () => {
    const link = path.join(work, `link${serial}`);
    fs.symlinkSync(it.dir, link);
    for (const env of [{ DOCUMENT_ROOT: it.dir }, { DOCUMENT_ROOT: work }, { DOCUMENT_ROOT: link },
      { DOCUMENT_ROOT: '/' }, { CONTEXT_DOCUMENT_ROOT: it.dir }]) {
      const got = await cgi(it, { REQUEST_URI: LIVE, ...env });
      check(got.code === 1 && got.out.startsWith('Status: 503'), JSON.stringify(env) + got.out);
      check(got.err.includes('lies inside the document root') && !got.out.includes(work), got.err);
    }
    const near = await cgi(it, { REQUEST_URI: LIVE, DOCUMENT_ROOT: it.dir.slice(0, -1) });
    check(near.out.startsWith('Status: 200'), 'a directory whose name only begins so');
  });
}

async function options() {
  await test('--help, --version and --check say what they should', async () => {
    const it = installation();
    const run = async (...args) => { const c = start(program, args); const { code } = await c.ended; return { code, text: c.text }; };
    check((await run('--help')).text.startsWith('usage:'), 'help');
    check(/^blindspotx\.fcgi \d+\.\d+\.\d+\n$/.test((await run('--version')).text), 'version');
    check((await run('--check', '-c', it.conf)).code === 0, 'a good configuration');
    it.configure('workers = "many";');
    const bad = await run('--check', '-c', it.conf);
    check(bad.code === 1 && bad.text.includes(`${it.conf}:5`), bad.text);
    check((await run('-w', 'many')).code === 2 && (await run('--nonsense')).code === 2, 'wrong use');
  });
  await test('more connections than the database allows are an error that names both numbers', async () => {
    const it = installation();
    const db = path.join(work, 'db');
    const sh = (...args) => execFileSync('sh', [path.join(root, 'tests/lib/mariadb.sh'), ...args], { stdio: 'pipe' });
    sh('start', db, '--max-connections=40');
    try {
      execFileSync('mariadb', ['--no-defaults', `--socket=${db}/mariadb.sock`, '-uroot', '-e',
        'CREATE DATABASE bsx; CREATE USER bsx@localhost IDENTIFIED BY "test-only"; GRANT SELECT ON bsx.* TO bsx@localhost']);
      write('password', 'test-only\n', 0o600);
      it.base = it.base.replace(`${it.dir}/none.sock";`, `${db}/mariadb.sock"; password_file = "${work}/password";`);
      it.configure('');
      const r = start(program, ['-c', it.conf, '-s', it.socket, '-w', '8']);
      check((await r.ended).code === 1 && r.text.includes('may open 45 connections') && r.text.includes('is 40'), r.text);
      await stop(await responder(it, '-w', '7'));
    } finally {
      sh('stop', db);
    }
  });
}

async function installing() {
  await test('MariaDB starts with etc/mariadb.cnf and heeds it', async () => {
    const data = path.join(work, 'mariadb'), socket = `${work}/m.sock`;
    const user = process.getuid() === 0 ? ['--user=root'] : [];
    execFileSync('mariadb-install-db', ['--no-defaults', ...user, `--datadir=${data}`, `--tmpdir=${work}`, '--skip-test-db',
      '--auth-root-authentication-method=normal'], { stdio: 'pipe' });
    const db = start('mariadbd', [`--defaults-file=${root}/etc/mariadb.cnf`, ...user, `--datadir=${data}`,
      `--socket=${socket}`, `--pid-file=${work}/m.pid`, '--skip-networking']);
    const ask = (sql) => spawnSync('mariadb', ['--no-defaults', `--socket=${socket}`, '-uroot', '-N', '-e', sql],
      { encoding: 'utf8' }).stdout.trim();
    await until('the server', () => ask('SELECT 1') === '1', 60);
    check(ask('SELECT @@table_definition_cache') === '12000', ask('SELECT @@table_definition_cache'));
    check(ask('SELECT @@collation_server') === 'utf8mb4_nopad_bin', 'collation');
    await stop(db);
    check(!/\[(Warning|ERROR)\]/.test(db.text.replace(/.*open.files.*\n/gi, '')), db.text);
  });
  await test('make install with PREFIX and DESTDIR; systemd-analyze verify finds nothing', () => {
    // As whoever built it called it: by another name of the folder it would be linked anew, under who runs it meanwhile.
    const make = (...args) => execFileSync('make', ['-s', '-C', root, `BUILD=${path.relative(root, build)}`, ...args, 'install'], { stdio: 'pipe', maxBuffer: 1 << 26 });
    const prefix = path.join(work, 'usr');
    make(`PREFIX=${prefix}`);
    for (const file of ['sbin/blindspotx.fcgi', 'sbin/bsx-fetch', 'sbin/driftd', 'bin/bsxctl', 'share/man/man8/blindspotx.fcgi.8',
      'share/man/man5/blindspotx.conf.5', 'share/doc/blindspotx/examples/nginx.conf', 'lib/systemd/system/driftd.service'])
      check(fs.existsSync(path.join(prefix, file)), `${file} is missing`);
    check(fs.readdirSync(path.join(prefix, 'share/blindspotx/rules')).length > 0, 'no rule packs');
    const units = ['blindspotx.socket', 'blindspotx.service', 'driftd.service'].map((n) => path.join(prefix, 'lib/systemd/system', n));
    const verify = spawnSync('systemd-analyze', ['verify', ...units],
      { encoding: 'utf8', env: { ...process.env, MANPATH: path.join(prefix, 'share/man') } });
    check(verify.status === 0 && verify.stderr === '', verify.stderr);
    make('PREFIX=/usr', `DESTDIR=${path.join(work, 'dest')}`);
    const unit = fs.readFileSync(path.join(work, 'dest/usr/lib/systemd/system/blindspotx.service'), 'utf8');
    check(unit.includes('ExecStart=/usr/sbin/blindspotx.fcgi\n'), unit);
  });
}

const shared = { build, program, installation, responder, lines, stop, LIVE };
const parts = { sockets, requests, records: () => records(shared), lanes: () => lanes(shared), endings, reloads, deaths, fetching: () => fetching(shared), plainCgi, options, installing,
  servers: () => webServers(shared) };
for (const [name, part] of Object.entries(parts))
  if (process.argv.length <= 3 || process.argv.slice(3).includes(name))
    await part();
finish();
