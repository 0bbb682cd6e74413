// env.mjs - the installation under test: its address, accounts, processes, log and metrics.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

function need(name) {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: start these tests by tests/http/run`);
  return value;
}

export const base = new URL(need('BSX_URL'));
export const state = need('BSX_STATE');
export const front = need('BSX_FRONT');
export const root = need('BSX_ROOT');
export const build = need('BSX_BUILD');
export const smtpPort = Number(need('BSX_SMTP'));
export const argument = process.env.BSX_ARGUMENT ?? '';
export const credentials = JSON.parse(fs.readFileSync(path.join(state, 'credentials.json'), 'utf8'));

function mariadb(text, schema) {
  const socket = /socket = "([^"]+db\.sock)"/.exec(fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8'))[1];
  return execFileSync('mariadb', ['--no-defaults', `--socket=${socket}`, '-N', '-B', '-e', text, schema], { encoding: 'utf8' }).trim();
}

// Where one account does everything (BSX_ISOLATION=schema) a tenant's schema stands elsewhere than its name says.
const hosted = process.env.BSX_ISOLATION === 'schema';
const TENANT = /\bbsxt[0-9a-f]{16}\b/, QUALIFIER = /(`?)\b(bsxt[0-9a-f]{16})\1(?=\.)/g;
const placeOf = (schema) => mariadb(`SELECT place FROM schema_places WHERE schema_name = '${schema}'`, 'bsx');

// SQL in the installation's database, as root: for what no request can bring about (time that has passed).
export function sql(text, schema = 'bsx') {
  if (!hosted)
    return mariadb(text, schema);
  const own = TENANT.test(schema) ? placeOf(schema) : '';
  return mariadb((own && `SET @bsx_schema = '${schema}', @bsx_place = '${own}'; `) + text.replace(QUALIFIER, (_, q, name) => placeOf(name)),
    own || schema);
}

// What a quiet machine does within a time may take a busy or a slow one this many times as long.
const PATIENCE = 4;

// Waits until f() gives something true; the error names what was waited for.
export async function until(what, f, seconds = 10, pause = 50) {
  const end = Date.now() + seconds * 1000 * PATIENCE;
  for (;;) {
    const value = await f();
    if (value)
      return value;
    if (Date.now() >= end)
      throw new Error(`waited ${seconds * PATIENCE} s in vain: ${what}`);
    await sleep(pause);
  }
}

// ---- processes --------------------------------------------------------------------------------

// The program that the supervisor of a service runs now.
export function child(service) {
  try {
    return Number(fs.readFileSync(path.join(state, 'run', `${service}.child`), 'utf8'));
  } catch {
    return 0;
  }
}

function stat(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = text.lastIndexOf(')'), f = text.slice(end + 2).split(' ');
    return { name: text.slice(text.indexOf('(') + 1, end), state: f[0], parent: Number(f[1]), ticks: Number(f[11]) + Number(f[12]) };
  } catch {
    return { name: '', state: 'X', parent: 0, ticks: 0 };
  }
}

export const alive = (pid) => pid > 0 && !'XZ'.includes(stat(pid).state);
export const running = (pid) => stat(pid).state === 'R';
export const ticks = (pid) => stat(pid).ticks;

export function children(pid) {
  return fs.readdirSync('/proc').filter((n) => /^\d+$/.test(n)).map(Number)
    .filter((n) => { const s = stat(n); return s.parent === pid && !'XZ'.includes(s.state); });
}

const isFetcher = (pid) => stat(pid).name === 'bsx-fetch';
export const workers = () => children(child('responder')).filter((pid) => !isFetcher(pid));
export const fetcher = () => children(child('responder')).find(isFetcher) ?? 0;

// New workers, which remember nothing.
export async function renewWorkers() {
  const old = workers();
  process.kill(child('responder'), 'SIGHUP');
  await until('new workers', () => {
    const now = workers();
    return now.length >= old.length && now.every((pid) => !old.includes(pid));
  });
}

// driftd with other processes, which have the configuration as it is.
export async function renewDaemon() {
  const old = children(child('driftd'));
  process.kill(child('driftd'), 'SIGHUP');
  await until('other processes of driftd', () => {
    const now = children(child('driftd'));
    return now.length >= old.length && now.every((pid) => !old.includes(pid));
  });
}

// More lines of the configuration hold while something is done; `renew` brings them, and what was before, into force.
export async function configured(lines, renew, does) {
  const file = path.join(state, 'etc', 'blindspotx.conf'), text = fs.readFileSync(file, 'utf8');
  const hold = async (now) => { fs.writeFileSync(file, now); await renew(); };
  await hold(`${text}\n${lines}\n`);
  try {
    return await does();
  } finally {
    await hold(text);
  }
}

// Memory that is a process' own, in KiB. Not "private" by the kernel's count: that has the pages of the
// shared segment and of the password scratch that only this process has touched so far.
export function ownKib(pid) {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}

// Only root may have a peak forgotten (the workers are not dumpable); others look at what is held now, often.
const forgets = process.getuid() === 0;

// The most memory that a process has held at once since its peak was forgotten, in KiB; 0: it is gone.
function peakKib(pid) {
  const line = forgets ? /^VmHWM:\s+(\d+)/m : /^VmRSS:\s+(\d+)/m;
  try {
    return Number(line.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

// Does something: its value, the CPU seconds and the most memory of the worker that did most for it, and how much of that it took for it alone.
export async function watched(f) {
  const pids = workers(), before = pids.map(ticks), after = [...before], peaks = pids.map(() => 0);
  const look = () => pids.forEach((pid, i) => {
    peaks[i] = Math.max(peaks[i], peakKib(pid));
    after[i] = Math.max(after[i], ticks(pid));
  });

  for (const pid of forgets ? pids : [])
    fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const held = pids.map(peakKib);
  const timer = setInterval(look, 10); // a worker that holds too much in the end goes
  try {
    const value = await f();
    look();
    return { value, seconds: Math.max(...after.map((n, i) => n - before[i])) / 100, mib: Math.max(...peaks) / 1024, taken: Math.max(...peaks.map((n, i) => n - held[i])) / 1024 };
  } finally {
    clearInterval(timer);
  }
}

// ---- log --------------------------------------------------------------------------------------

export const logFile = path.join(state, 'log', 'responder.log');

// What a service writes to its log from now on.
export class Log {
  constructor(file = logFile) {
    this.file = file;
    this.from = fs.existsSync(file) ? fs.statSync(file).size : 0;
  }

  text() {
    const fd = fs.openSync(this.file, 'r');
    try {
      const n = fs.fstatSync(fd).size - this.from;
      const bytes = Buffer.alloc(Math.max(n, 0));
      fs.readSync(fd, bytes, 0, bytes.length, this.from);
      return bytes.toString('utf8');
    } finally {
      fs.closeSync(fd);
    }
  }

  // Complete lines; those that are no JSON object are the supervisor's.
  lines() {
    const text = this.text();
    return text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
      .filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
  }

  access(id) {
    return this.lines().filter((l) => l['event.dataset'] === 'bsx.access' &&
      (id === undefined || l['http.request.id'] === id));
  }
}

// ---- metrics ----------------------------------------------------------------------------------

// Series of Prometheus' text format, with the labels as they stand there.
export function parseMetrics(text) {
  const series = new Map();
  for (const line of text.split('\n')) {
    const m = /^([a-z_]+)(\{.*\})? (\S+)$/.exec(line);
    if (m)
      series.set(m[1] + (m[2] ?? ''), Number(m[3]));
  }
  return series;
}

export function total(series, name, has = '') {
  let sum = 0;
  for (const [key, value] of series)
    if ((key === name || key.startsWith(`${name}{`)) && key.includes(has))
      sum += value;
  return sum;
}
