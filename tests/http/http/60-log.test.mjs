// A responder whose log goes into a pipe that nobody reads for 10 s: no request fails or waits, drops are counted.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, parseMetrics, sleep, state, total, until } from '../lib/env.mjs';
import { bearer } from '../lib/people.mjs';

const STOPPED_MS = 10000;
const dir = path.join(state, 'run', 'log-test');
const procs = [];
let port, reader, token;

function start(command, args, options = {}) {
  const p = spawn(command, args, { stdio: 'ignore', ...options });
  procs.push(p);
  return p;
}

async function freePort() {
  const s = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => s.on('listening', resolve));
  const n = s.address().port;
  await new Promise((resolve) => s.close(resolve));
  return n;
}

before(async () => {
  token = (await bearer()).token;
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  port = await freePort();
  const conf = fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8')
    .replace(/^(state_dir = ).*$/m, `$1"${dir}";`)
    .replace(/^listen: .*$/m, `listen: { socket = "${dir}/s"; mode = "0600"; };`);
  fs.writeFileSync(path.join(dir, 'bsx.conf'), conf, { mode: 0o600 });
  fs.writeFileSync(path.join(dir, 'lighttpd.conf'), `
server.modules = ("mod_fastcgi")
server.document-root = "${dir}"
server.bind = "127.0.0.1"
server.port = ${port}
server.errorlog = "${dir}/lighttpd.log"
server.listen-backlog = 1024
fastcgi.server = ("/" => (("socket" => "${dir}/s", "check-local" => "disable", "fix-root-scriptname" => "enable")))
`);
  execFileSync('mkfifo', [path.join(dir, 'fifo')]);
  reader = start('cat', [path.join(dir, 'fifo')], { stdio: ['ignore', fs.openSync(path.join(dir, 'read.log'), 'w'), 'ignore'] });
  const fifo = fs.openSync(path.join(dir, 'fifo'), 'w');
  start(path.join(build, 'blindspotx.fcgi'), ['-c', path.join(dir, 'bsx.conf')], { stdio: ['ignore', 'ignore', fifo] });
  fs.closeSync(fifo);
  await until('its socket', () => fs.existsSync(path.join(dir, 's')));
  start(fs.existsSync('/usr/sbin/lighttpd') ? '/usr/sbin/lighttpd' : 'lighttpd', ['-D', '-f', path.join(dir, 'lighttpd.conf')]);
  await until('its answer', () => get('/api/health').then((a) => a.status === 200, () => false));
});

after(async () => {
  reader.kill('SIGCONT');
  for (const p of procs.reverse())
    p.kill('SIGTERM');
  await until('their end', () => procs.every((p) => p.exitCode !== null || p.signalCode !== null), 15);
  fs.rmSync(dir, { recursive: true, force: true });
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 8, timeout: 2000 });

function get(target) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const r = http.get({ host: '127.0.0.1', port, path: target, agent, timeout: 20000, headers: { Authorization: `Bearer ${token}` } }, (a) => {
      const parts = [];
      a.on('data', (d) => parts.push(d));
      a.on('end', () => resolve({ status: a.statusCode, text: Buffer.concat(parts).toString(), ms: performance.now() - began }));
    });
    r.on('timeout', () => r.destroy(new Error('no answer')));
    r.on('error', reject);
  });
}

async function load(ms) {
  const end = Date.now() + ms, all = [];
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (Date.now() < end)
      all.push(await get(all.length % 2 ? '/api/auth/me' : '/api/health'));
  }));
  return all;
}

const dropped = async () => total(parseMetrics((await get('/metrics')).text), 'bsx_log_dropped_total');
const readLines = () => fs.readFileSync(path.join(dir, 'read.log'), 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l));
const accessed = (lines) => lines.filter((l) => l['event.dataset'] === 'bsx.access').length;

test('while nobody reads the log for 10 s no request fails or waits; what is lost is counted and told', async () => {
  const calm = await load(1500);
  const quick = calm.map((a) => a.ms).sort((a, b) => a - b);
  assert.equal(await dropped(), 0);
  await until('the reader to have caught up', () => accessed(readLines()) >= calm.length);
  const lines = accessed(readLines());

  reader.kill('SIGSTOP');
  const blind = await load(STOPPED_MS);
  const lost = await dropped();
  reader.kill('SIGCONT');

  assert.ok(blind.length > 500, `${blind.length} requests`);
  assert.deepEqual(blind.filter((a) => a.status !== 200).map((a) => a.status), []);
  const slow = blind.map((a) => a.ms).sort((a, b) => a - b);
  const at = (list, q) => list[Math.floor(list.length * q)];
  assert.ok(at(slow, 0.99) < at(quick, 0.99) * 3 + 50, `p99 ${at(slow, 0.99).toFixed(1)} ms, with a reader ${at(quick, 0.99).toFixed(1)} ms`);
  assert.ok(slow.at(-1) < 2000, `the slowest took ${slow.at(-1).toFixed(0)} ms`);
  assert.ok(lost > 0 && lost <= blind.length + 1, `${lost} lost of ${blind.length}`);

  // A worker tells with its next line that gets through; one that was recycled meanwhile has only counted.
  await sleep(300);
  const more = await load(500);
  const told = () => readLines().filter((l) => l['event.action'] === 'log-lines-dropped').reduce((n, l) => n + l['bsx.log.dropped'], 0);
  const all = await dropped();
  await until('what was lost to be told', () => told() > 0 && told() <= all, 10);
  // Two requests for /metrics since the count of lines, and one before it that had not been read yet at most.
  const expected = blind.length + more.length + 2;
  await until('every other line', () => Math.abs(accessed(readLines()) - lines - (expected - all)) <= 1, 10);
});
