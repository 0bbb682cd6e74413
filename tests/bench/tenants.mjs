// tenants.mjs - see tenants.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { endedTicks, pidOf, send, ticks } from './installation.mjs';
import { World, sql } from './world.mjs';

const count = Number(process.argv[2]), BATCH = 100, ROUND = 200, ROUNDS = 5, IDLE_S = 60;
const world = new World(send), slug = (n) => `bench-${n}`;
const bsxctl = (...args) => execFileSync(path.join(process.env.BSX_BUILD, 'bsxctl'), ['-c', process.env.BSX_CONF, ...args], { encoding: 'utf8' });
const now = () => performance.now(), median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const say = (what, text) => console.log(`${what.padEnd(10)} ${text}`);
const ms = (n) => `${n.toFixed(1)} ms`;

const server = Number(fs.readFileSync(path.join(process.env.BSX_STATE, 'run', 'mariadbd.pid'), 'utf8'));
const memoryKib = () => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${server}/status`, 'utf8'))[1]);
const diskKib = () => Number(execFileSync('du', ['-sk', process.env.BSX_DATA], { encoding: 'utf8' }).split('\t')[0]);

// ---- making ---------------------------------------------------------------------------------------

async function make() {
  const took = [], pool = [], was = [memoryKib(), diskKib()];
  for (let made = 0; made < count; made += BATCH) {
    const n = Math.min(BATCH, count - made), from = now();
    bsxctl('tenant', 'work', '--pool', String(n));
    pool.push((now() - from) / n);
    for (let i = made; i < made + n; i++) {
      const at = now();
      await world.api('platform', 'POST', '/api/tenants', { slug: slug(i), name: `Tenant ${i}` });
      took.push(now() - at);
    }
  }
  const near = (at) => ms(median(took.slice(Math.max(0, at - 10), at + 10)));
  say('make', [0, Math.floor(count / 4), Math.floor(count / 2), count - 1].map((at) => `at ${at + 1}: ${near(at)}`).join(', '));
  say('', `a schema of the pool: ${ms(pool[0])} each of the first ${Math.min(BATCH, count)}, ${ms(pool.at(-1))} of the last`);
  say('database', `${((memoryKib() - was[0]) / count).toFixed(0)} KiB of mariadbd, ${((diskKib() - was[1]) / count).toFixed(0)} KiB on disk for each tenant`);
}

// ---- working --------------------------------------------------------------------------------------

// By one person whom each of them has granted it.
async function lend() {
  const ids = new Map();
  for (let cursor = ''; cursor !== null;) {
    const page = await world.api('platform', 'GET', `/api/tenants?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    page.items.forEach((t) => ids.set(t.slug, t.id));
    cursor = page.next_cursor;
  }
  for (let i = 0; i < count; i++)
    await world.api('platform', 'POST', `/api/tenants/${ids.get(slug(i))}/grants`, { grantee_tenant: world.credentials.demo.tenant, roles: ['viewer'],
      reason: 'A benchmark.', expires_at: new Date(Date.now() + 86400000).toISOString() });
}

async function requests() {
  await lend();
  const one = [], many = [], first = [], ask = async (list, n, which) => {
    const token = await world.token('admin');
    for (let i = 0; i < n; i++) {
      const headers = { 'X-Acting-Tenant': slug(which(i)) }, at = now();
      const a = await send('GET', '/api/drift/configs', { token, headers });
      if (a.status !== 200)
        throw new Error(`${a.status} ${a.text()}`);
      list.push(now() - at);
    }
  };
  await ask([], ROUND, () => 0); // warmth
  for (let at = 0; at < count; at += BATCH)
    await ask(first, Math.min(BATCH, count - at), (i) => at + i);
  for (let round = 0; round < ROUNDS; round++) {
    await ask(one, ROUND, () => 0);
    await ask(many, ROUND, () => Math.floor(Math.random() * count));
  }
  const mean = (list) => list.reduce((a, b) => a + b) / list.length;
  say('requests', `in one tenant ${ms(median(one))} (mean ${ms(mean(one))}), in ${count} at random ${ms(median(many))} (mean ${ms(mean(many))}): ratio ${(median(many) / median(one)).toFixed(2)}, of the means ${(mean(many) / mean(one)).toFixed(2)}`);
  say('', `for the first time in each: ${ms(median(first))} (mean ${ms(mean(first))})`);
  say('database', `${memoryKib() >> 10} MiB of mariadbd with all of them in use`);
}

// ---- keeping --------------------------------------------------------------------------------------

// All of a service: its supervisor's child, the processes of that and those that have ended.
function cpu(pid) {
  const below = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return ticks(pid) + endedTicks(pid) + below.reduce((sum, p) => sum + cpu(p), 0);
}

async function idle() {
  const pid = pidOf('driftd'), was = [cpu(pid), ticks(server)];
  await new Promise((r) => setTimeout(r, IDLE_S * 1000));
  const per = (s) => `${(s * 1000 / count / (IDLE_S / 60)).toFixed(2)} ms`;
  say('driftd', `${per(cpu(pid) - was[0])} of its CPU and ${per(ticks(server) - was[1])} of mariadbd's a minute for each tenant`);
}

// ---- migrating ------------------------------------------------------------------------------------

function migrate() {
  const timed = (text) => { const at = now(); bsxctl('migrate'); say('migrate', `${text}: ${((now() - at) / count).toFixed(2)} ms a schema`); };
  timed('nothing to do');
  const schemas = sql('bsx', "SELECT schema_name FROM tenants WHERE slug LIKE 'bench-%'").split('\n'), newest = Number(sql('bsx', 'SELECT MAX(schema_version) FROM tenants'));
  // The newest one may be repeated, as each.
  sql('bsx', `${schemas.map((s) => `DELETE FROM ${s}.schema_migrations WHERE version = ${newest}`).join(';')}; UPDATE tenants SET schema_version = ${newest - 1} WHERE slug LIKE 'bench-%'`);
  timed(`migration ${newest}`);
  const left = Number(sql('bsx', `SELECT COUNT(*) FROM tenants WHERE schema_version <> ${newest}`));
  if (left > 0)
    throw new Error(`${left} schemas were not migrated`);
}

console.log(`# ${count} tenants, ${sql('bsx', 'SELECT VERSION()')}`);
await make();
await requests();
await idle();
migrate();
