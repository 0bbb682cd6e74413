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

let asked = 0; // requests, each of which has a line in the log or is counted as lost

async function get(target) {
  asked++;
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

// Nothing is under way: each request so far has been read or is counted. The one that asks is not in yet.
async function settled() {
  let lost = 0;
  await until('every line to be read or counted', async () => {
    lost = await dropped();
    return Math.abs(accessed(readLines()) + lost - asked) <= 1;
  });
  return lost;
}

test('while nobody reads the log for 10 s no request fails or waits; what is lost is counted and told', async () => {
  // Counted from the first request on; a busy machine may lose lines before its reader is stopped.
  await load(1500);
  const before = await settled();

  reader.kill('SIGSTOP');
  const blind = await load(STOPPED_MS);
  const lost = await dropped() - before;
  reader.kill('SIGCONT');

  assert.ok(blind.length > 300, `${blind.length} requests`);
  assert.deepEqual(blind.filter((a) => a.status !== 200).map((a) => a.status), []);
  const slowest = Math.max(...blind.map((a) => a.ms));
  assert.ok(slowest < STOPPED_MS / 2, `one waited ${slowest.toFixed(0)} ms`);
  assert.ok(lost > 0 && lost <= blind.length + 1, `${lost} lost of ${blind.length}`);

  // A worker tells with its next line that gets through; one that was recycled meanwhile has only counted.
  await sleep(300);
  await load(500);
  const all = await settled();
  const told = readLines().filter((l) => l['event.action'] === 'log-lines-dropped').reduce((n, l) => n + l['bsx.log.dropped'], 0);
  assert.ok(told > 0 && told <= all, `${told} told of ${all}`);
});
