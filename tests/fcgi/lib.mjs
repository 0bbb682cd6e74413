// lib.mjs - sentences, processes and waiting.
import { spawn, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };
export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
// Web servers run under accounts of their own; what is secret gets its mode by name.
process.umask(0o022);
export const work = fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-fcgi.'));
fs.chmodSync(work, 0o711);

let passed = 0, failed = 0;
const running = new Set();

export async function test(sentence, body) {
  try {
    await body();
    passed++;
    console.log(`ok - ${sentence}`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${sentence}`);
    console.log(String(error.stack ?? error).split('\n').slice(0, 6).map((l) => `  # ${l}`).join('\n'));
  }
}

export function finish() {
  for (const child of running)
    child.kill('SIGKILL');
  fs.rmSync(work, { recursive: true, force: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

export function check(condition, text) {
  if (!condition)
    throw new Error(text);
}

// The limit is for what never comes; a busy machine takes its time.
export async function until(what, f, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await f();
    if (value)
      return value;
    check(Date.now() < end, `waited ${seconds} s in vain: ${what}`);
    await sleep(20);
  }
}

// A child process with its output in .text and its end in .ended ({code, signal, ms}).
export function start(command, args = [], options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  child.text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (d) => { child.text += d; });
  running.add(child);
  child.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: -1, error }));
    child.on('close', (code, signal) => { running.delete(child); resolve({ code, signal }); });
  });
  return child;
}

export async function stop(child, signal = 'SIGTERM') {
  const began = Date.now();
  child.kill(signal);
  return { ...await child.ended, ms: Date.now() - began };
}

export function alive(pid) {
  try {
    return !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export function asleep(pid) {
  try {
    return /^\d+ \(.*\) S/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function descend(pid, zombies, is) {
  const out = [];
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry))
      continue;
    let stat;
    try {
      stat = fs.readFileSync(`/proc/${entry}/stat`, 'utf8');
    } catch {
      continue;
    }
    const end = stat.lastIndexOf(')'), [state, parent] = stat.slice(end + 2).split(' ');
    if (Number(parent) === pid && (state === 'Z') === zombies && is(stat.slice(stat.indexOf('(') + 1, end)))
      out.push(Number(entry));
  }
  return out.sort((a, b) => a - b);
}

// Process ids of the live children, but for the fetcher; zombies: of the dead ones that nobody asked after.
export const children = (pid, zombies = false) => descend(pid, zombies, (name) => name !== 'bsx-fetch');
export const fetchers = (pid) => descend(pid, false, (name) => name === 'bsx-fetch');

// Ticks of processor time a process has used.
export function ticks(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(f[11]) + Number(f[12]);
}

export function has(program) {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function write(name, text, mode = 0o644) {
  const file = path.join(work, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode });
  return file;
}
