// cost.mjs - measures one request after the other (see cost, which starts it): what each took of the worker and of the
// database, and a table with the costliest of each route.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { bodiesFor, queriesFor } from './worst.mjs';
import { World } from './world.mjs';

const base = new URL(process.env.BSX_URL), state = process.env.BSX_STATE;
const args = process.argv.slice(2), all = args.includes('-a'), words = args.filter((a) => a !== '-a');
const TICK_MS = 10; // of /proc/PID/stat
const LIMITS = { cpu_s: 2, mb: 200 }, PUSH_LIMITS = { cpu_s: 10, mb: 640 };
const isPush = (route) => /^POST .*\/(snapshots|documents)$/.test(route);

// ---- requests -----------------------------------------------------------------------------------

const agent = new http.Agent({ keepAlive: false });
let made = 0;

// One request; `body` is bytes or a value to send as JSON.
function send(method, target, { headers = {}, body, token } = {}) {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const id = `cost-${process.pid}-${++made}`;
  const h = { 'X-Request-Id': id, ...(token && { Authorization: `Bearer ${token}` }),
    ...(bytes && { 'Content-Type': 'application/json', 'Content-Length': bytes.length }), ...headers };
  if (!bytes && method !== 'GET')
    h['Content-Length'] = 0;
  return new Promise((resolve, reject) => {
    const r = http.request({ host: base.hostname, port: base.port, method, path: target, headers: h, agent, timeout: 900000 }, (a) => {
      const parts = [];
      let n = 0;
      a.on('data', (d) => { n += d.length; if (n < 1 << 20 || a.headers['content-type'] === 'application/json') parts.push(d); });
      a.on('error', reject);
      a.on('end', () => resolve({ id, status: a.statusCode, sent: bytes?.length ?? 0, got: n, text: () => Buffer.concat(parts).toString() }));
    });
    r.on('timeout', () => r.destroy(new Error('no answer')));
    r.on('error', reject);
    r.end(bytes);
  });
}

// ---- processes ----------------------------------------------------------------------------------

const pidOf = (service) => Number(fs.readFileSync(path.join(state, 'run', `${service}.child`), 'utf8'));
const worker = () => Number(fs.readFileSync(`/proc/${pidOf('responder')}/task/${pidOf('responder')}/children`, 'utf8').trim().split(' ')
  .find((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'bsx-fetch\n'));
const ticks = (pid) => {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8'), f = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(f[11]) + Number(f[12])) * TICK_MS / 1000;
};
const kib = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);

// What is a process' own at its highest since the last clearing, in MB: not libraries, segment and password scratch.
function peakMb(pid) {
  const s = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.max(0, kib(s, 'VmHWM') - kib(s, 'RssFile') - kib(s, 'RssShmem')) / 1024;
}

// Of a process that hides from others' eyes the owner cannot clear it either: then a new worker begins.
async function clearPeak() {
  const pid = worker();
  try {
    fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return pid;
  } catch {
    process.kill(pid, 'SIGTERM');
    while (!(worker() > 0 && worker() !== pid))
      await new Promise((r) => setTimeout(r, 20));
    return worker();
  }
}

const logFile = path.join(state, 'log', 'responder.log');
const logSize = () => fs.statSync(logFile).size;

// The request's line in the log, which is written after its answer.
async function statements(id, from) {
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) {
    const fd = fs.openSync(logFile, 'r'), bytes = Buffer.alloc(logSize() - from);
    fs.readSync(fd, bytes, 0, bytes.length, from);
    fs.closeSync(fd);
    const line = bytes.toString().split('\n').find((l) => l.includes(`"${id}"`) && l.includes('bsx.access') && l.endsWith('}'));
    if (line)
      return JSON.parse(line)['bsx.db.statements'] ?? 0;
  }
  return NaN;
}

async function measure(route, name, method, target, options) {
  const pid = await clearPeak(), db = pidOf('database'), from = logSize();
  const before = { own: ticks(pid), db: ticks(db) };
  let answer;
  try {
    answer = await send(method, target, options);
  } catch (e) {
    answer = { status: e.code ?? e.message, sent: 0, got: 0, text: () => '' };
  }
  const n = answer.id ? await statements(answer.id, from) : NaN;
  const died = worker() !== pid;
  const row = { route, name, status: answer.status, sent: answer.sent, got: answer.got, statements: n,
    cpu_s: died ? NaN : ticks(pid) - before.own, db_s: ticks(db) - before.db, mb: died ? NaN : peakMb(pid), died };
  const limits = isPush(route) ? PUSH_LIMITS : LIMITS;
  row.over = [died && 'DIED', row.cpu_s > limits.cpu_s && 'CPU', row.db_s > limits.cpu_s && 'DB', row.mb > limits.mb && 'MEM',
    !(answer.status < 500) && 'BROKE'].filter(Boolean).join(' ');
  if (process.env.COST_VERBOSE && answer.status >= 400)
    console.error(route, name, answer.text().slice(0, 300));
  return row;
}

// ---- the table ----------------------------------------------------------------------------------

const size = (n) => (n < 10000 ? `${n}` : n < 1e6 ? `${Math.round(n / 1000)}k` : `${(n / 1e6).toFixed(1)}M`);
const show = (r) => console.log(`${r.over.padEnd(9)} ${r.cpu_s.toFixed(2).padStart(6)} ${r.db_s.toFixed(2).padStart(6)} ${r.mb.toFixed(0).padStart(5)} ` +
  `${String(r.statements).padStart(6)} ${String(r.status).padStart(4)} ${size(r.sent).padStart(6)} ${size(r.got).padStart(6)}  ${r.route}: ${r.name}`);

const world = new World(send);
const document = JSON.parse((await send('GET', '/api/openapi.json')).text());
console.log(`${'over'.padEnd(9)} ${'CPU s'.padStart(6)} ${'db s'.padStart(6)} ${'MB'.padStart(5)} ${'stmts'.padStart(6)} code   sent    got  request`);

// What takes something away comes last, and the heaviest of it at the very end.
const order = { get: 0, post: 1, put: 2, delete: 3 };
const routes = Object.entries(document.paths).flatMap(([template, item]) => Object.keys(item).filter((m) => m in order)
  .map((m) => ({ route: `${m.toUpperCase()} ${template}`, method: m.toUpperCase(), template, op: item[m], rank: order[m] })));
let over = 0;
for (const r of routes.sort((a, b) => a.rank - b.rank)) {
  if (words.length > 0 && !words.some((w) => r.route.includes(w)))
    continue;
  const rows = [];
  for (const c of [...queriesFor(r, world, document), ...bodiesFor(r, world, document)]) {
    const request = await c.make();
    let row = await measure(r.route, c.name, r.method, request.target, request);
    if (row.status === 401) { // a request before it ended the session
      world.forget();
      row = await measure(r.route, c.name, r.method, request.target, await c.make());
    }
    if (row.status === 403)
      row = await measure(r.route, c.name, r.method, request.target, { ...request, token: await world.token('admin') });
    rows.push(row);
    if (all)
      show(rows.at(-1));
  }
  over += rows.filter((x) => x.over).length;
  if (all || rows.length === 0)
    continue;
  rows.sort((a, b) => b.cpu_s + b.db_s / 2 + b.mb / 200 - a.cpu_s - a.db_s / 2 - a.mb / 200);
  for (const [i, row] of rows.entries())
    if (i === 0 || row.over)
      show(row);
}
console.log(`${over} over what a request may cost`);
