// cost.mjs - measures one request after the other (see cost, which starts it): what each took of the worker and of the
// database, and a table with the costliest of each route.
import fs from 'node:fs';
import { lineOf, logSize, pidOf, send, ticks, worker } from './installation.mjs';
import { bodiesFor, queriesFor } from './worst.mjs';
import { World } from './world.mjs';

const args = process.argv.slice(2), all = args.includes('-a'), words = args.filter((a) => a !== '-a');
const LIMITS = { cpu_s: 2, mb: 200 }, PUSH_LIMITS = { cpu_s: 10, mb: 640 };
const isPush = (route) => /^POST .*\/(snapshots|documents)$/.test(route);

// ---- processes ----------------------------------------------------------------------------------

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

async function measure(route, name, method, target, options) {
  const pid = await clearPeak(), db = pidOf('database'), from = logSize();
  const before = { own: ticks(pid), db: ticks(db) };
  let answer;
  try {
    answer = await send(method, target, options);
  } catch (e) {
    answer = { status: e.code ?? e.message, sent: 0, got: 0, text: () => '' };
  }
  const line = answer.id ? await lineOf(answer.id, from) : null, n = line === null ? NaN : line['bsx.db.statements'] ?? 0;
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
