// deliveries.mjs - the storm that deliveries asks for (see there): all messages of all channels due at once.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pidOf, send, ticks } from './installation.mjs';
import { item, sql, times } from './world.mjs';

const [TENANTS, CHANNELS, ALERTS] = (process.argv[2] ?? '10x5x40').split('x').map(Number);
const ROUNDS = Number(process.env.ROUNDS ?? 3), AT_ONCE = 16, LINE = 15;
const state = process.env.BSX_STATE, taken = process.env.BSX_TAKEN;
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const rest = (ms) => new Promise((done) => setTimeout(done, ms));

async function ask(who, method, target, body) {
  const a = await send(method, target, { body, token: who.token });
  if (a.status >= 300)
    throw new Error(`${method} ${target}: ${a.status} ${a.text().slice(0, 300)}`);
  return a.status === 204 ? null : JSON.parse(a.text());
}
async function each(list, f) {
  const left = [...list];
  await Promise.all(times(AT_ONCE, async () => {
    while (left.length > 0)
      await f(left.shift());
  }));
}

// ---- what there is ----------------------------------------------------------------------------

async function newTenant(n) {
  const slug = `bench${n}`, email = `admin@${slug}.example`;
  const password = crypto.randomBytes(15).toString('base64'), file = path.join(state, 'run', `${slug}.password`);
  fs.writeFileSync(file, password, { mode: 0o600 });
  execFileSync(path.join(process.env.BSX_BUILD, 'bsxctl'), ['-c', path.join(state, 'etc', 'blindspotx.conf'),
    'tenant', 'create', slug, '--name', slug, '--admin', email, '--password-file', file], { stdio: 'ignore' });
  const who = { login: { tenant: slug, email, password } };
  await signIn(who);
  who.channels = [];
  for (let i = 0; i < CHANNELS; i++)
    who.channels.push(await ask(who, 'POST', '/api/drift/channels', { name: `c${i}`, kind: 'webhook', url: `${process.env.BSX_RECEIVER}/${slug}/${i}` }));
  return who;
}
async function signIn(who) {
  who.token = JSON.parse((await send('POST', '/api/auth/login', { body: { ...who.login, delivery: 'body' } })).text()).access_token;
}
async function newAlert(who) {
  const c = await ask(who, 'POST', '/api/drift/configs', { name: `config ${who.n = (who.n ?? 0) + 1}`, source: { kind: 'push' }, rule_packs: ['entra'],
    alerts: who.channels.map((channel) => ({ channel_id: channel.id, min_severity: 'info' })) });
  const value = (v) => ({ resources: [item('p1', { id: 'p1', displayName: 'Require MFA', state: v }, 'conditionalAccessPolicies')] });
  await ask(who, 'POST', `/api/drift/configs/${c.id}/snapshots`, value('enabled'));
  await ask(who, 'POST', `/api/drift/configs/${c.id}/snapshots`, value('disabled'));
}

// ---- what is measured -------------------------------------------------------------------------

const arrived = () => fs.statSync(taken).size / LINE;
const left = () => Number(sql('bsx', 'SELECT COUNT(*) FROM outbox_index'));
const daemons = () => [pidOf('driftd'), ...fs.readFileSync(`/proc/${pidOf('driftd')}/task/${pidOf('driftd')}/children`, 'utf8').trim().split(' ').map(Number)];
const line = (pid, what) => Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const sum = (list) => list.reduce((a, b) => a + b, 0);
const counters = () => Object.fromEntries(sql('bsx', `SHOW GLOBAL STATUS WHERE variable_name IN ('Questions', 'Connections', 'Com_stmt_prepare',
  'Innodb_data_fsyncs', 'Handler_commit')`).split('\n').map((l) => l.split('\t')).map(([k, v]) => [k.toLowerCase(), Number(v)]));
function now() {
  const pids = daemons();
  return { driftd: sum(pids.map(ticks)), mariadb: ticks(pidOf('database')), waits: sum(pids.map((pid) => line(pid, 'voluntary_ctxt_switches'))), ...counters() };
}

// Messages are made due while their channels are paused.
async function prepare(whos) {
  let n = 0;
  await each(whos, async (who) => {
    await signIn(who);
    for (const c of who.channels) {
      await ask(who, 'PUT', `/api/drift/channels/${c.id}`, { status: 'paused' });
      for (let next = null; ;) {
        const a = await ask(who, 'POST', `/api/drift/channels/${c.id}/replay`, { state: 'all', ...(next && { from: next }) });
        n += a.messages;
        next = a.next;
        if (!next)
          break;
      }
    }
  });
  return n;
}
async function round(whos) {
  const n = await prepare(whos), from = arrived(), before = now();
  sql(`bsx`, whos.map((who) => `UPDATE ${who.schema}.channels SET paused_at = NULL; `).join('') + 'UPDATE outbox_index SET next_due = NOW(3), lease_until = NULL, lease_owner = NULL');
  while (arrived() - from < n)
    await rest(20);
  while (left() > 0)
    await rest(100);
  const after = now(), at = fs.readFileSync(taken, 'utf8').split('\n').slice(from, from + n).map(Number).sort((a, b) => a - b);
  const of = (key) => (after[key] - before[key]) / n;
  return { n, rate: n / (at.at(-1) - at[0]), driftd: of('driftd') * 1000, mariadb: of('mariadb') * 1000, waits: of('waits'), statements: of('questions'),
    prepared: of('com_stmt_prepare'), connections: of('connections'), commits: of('handler_commit'), fsyncs: of('innodb_data_fsyncs') };
}
function bare(n) {
  const [ms, rate] = execFileSync(path.join(process.env.BSX_BUILD, 'tests/bench/bare_post'), [`${process.env.BSX_RECEIVER}/bare`, String(n), '16', '1500'], { encoding: 'utf8' })
    .split(' ').map(Number);
  return { ms, rate };
}

const whos = [];
for (let i = 0; i < TENANTS; i++)
  whos.push(await newTenant(i));
for (const who of whos)
  who.schema = sql('bsx', `SELECT schema_name FROM tenants WHERE slug = '${who.login.tenant}'`);
await each(whos.flatMap((who) => times(ALERTS, () => who)), newAlert);
while (left() > 0)
  await rest(100);
if (process.env.BENCH_PAUSE)
  console.log(JSON.stringify({ driftd: daemons(), database: pidOf('database') }));
const rounds = [], bares = [];
for (let i = 0; i < ROUNDS; i++) {
  bares.push(bare(TENANTS * CHANNELS * ALERTS));
  rounds.push(await round(whos));
}
const of = (list, key) => median(list.map((r) => r[key])), cpu = median(rounds.map((r) => r.driftd + r.mariadb));
console.log(`${rounds[0].n} messages due at once, ${TENANTS * CHANNELS} channels of ${TENANTS} tenants: ${of(rounds, 'rate').toFixed(0)} deliveries/s (wanted: 500)`);
console.log(`a delivery: ${cpu.toFixed(2)} ms of CPU (driftd ${of(rounds, 'driftd').toFixed(2)}, MariaDB ${of(rounds, 'mariadb').toFixed(2)}); driftd waits ${of(rounds, 'waits').toFixed(1)} times; ` +
  `${of(rounds, 'statements').toFixed(1)} statements, ${of(rounds, 'prepared').toFixed(2)} prepared, ${of(rounds, 'connections').toFixed(3)} connections, ${of(rounds, 'commits').toFixed(1)} commits, ${of(rounds, 'fsyncs').toFixed(2)} fsyncs`);
console.log(`bare loop of libcurl: ${of(bares, 'ms').toFixed(3)} ms of CPU, ${of(bares, 'rate').toFixed(0)} requests/s; ratio of CPU ${(cpu / of(bares, 'ms')).toFixed(1)}`);
