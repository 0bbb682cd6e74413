// A responder whose log goes into a pipe that nobody reads for 10 s: no request fails or waits, drops are counted.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { parseMetrics, sleep, total, until } from '../lib/env.mjs';
import { Second } from '../lib/second.mjs';
import { bearer } from '../lib/people.mjs';

const STOPPED_MS = 10000;
const there = new Second('log-test');
let reader, token;

before(async () => {
  token = (await bearer()).token;
  execFileSync('mkfifo', [there.file('fifo')]);
  reader = there.spawn('cat', [there.file('fifo')], ['ignore', fs.openSync(there.file('read.log'), 'w'), 'ignore']);
  await there.start({ stderr: fs.openSync(there.file('fifo'), 'w') });
});

after(async () => {
  reader.kill('SIGCONT');
  await there.stop();
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 8, timeout: 2000 });

async function get(target) {
  const began = performance.now();
  const a = await there.send('GET', target, { agent, timeout: 20000, headers: { Authorization: `Bearer ${token}` } });
  return { status: a.status, text: a.text, ms: performance.now() - began };
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
const readLines = () => fs.readFileSync(there.file('read.log'), 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l));
const accessed = (lines) => lines.filter((l) => l['event.dataset'] === 'bsx.access').length;

test('while nobody reads the log for 10 s no request fails or waits; what is lost is counted and told', async () => {
  const calm = await load(1500);
  assert.equal(await dropped(), 0);
  await until('the reader to have caught up', () => accessed(readLines()) >= calm.length);
  const lines = accessed(readLines());

  reader.kill('SIGSTOP');
  const blind = await load(STOPPED_MS);
  const lost = await dropped();
  reader.kill('SIGCONT');

  assert.ok(blind.length > 500, `${blind.length} requests`);
  assert.deepEqual(blind.filter((a) => a.status !== 200).map((a) => a.status), []);
  const slowest = Math.max(...blind.map((a) => a.ms));
  assert.ok(slowest < STOPPED_MS / 2, `one waited ${slowest.toFixed(0)} ms`);
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
