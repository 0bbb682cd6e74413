// deeds.mjs - the deeds that deeds asks for (see there), one after the other, and a row for each.
import { endedTicks, lineOf, logSize, pidOf, send, ticks, worker } from './installation.mjs';
import { World, item, sql, times } from './world.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3), COUNT = Number(process.env.COUNT ?? 200);
const PUSHES = Number(process.env.PUSHES ?? 20000), PAST = 100000, TINY = 50000;
const world = new World(send);
let made = 0;

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const value = (v) => ({ resources: [item('a', { id: 'a', state: 'enabled', limit: v }, 'policies'), item('b', { id: 'b' }, 'policies')] });
const fresh = () => `${process.pid}-${++made}`;
const tiny = (v) => Buffer.from(JSON.stringify({ resources: times(TINY, (i) => item(`resource-${i}`, { n: i, state: v })) }));

// Rows that the database has read so far, entries of an index that it only looked at among them; asking reads some too.
const rowsRead = () => Number(sql('bsx', `SELECT SUM(variable_value) FROM information_schema.global_status
  WHERE variable_name LIKE 'HANDLER_READ%' OR variable_name = 'HANDLER_ICP_ATTEMPTS'`));
const asking = (() => { const a = rowsRead(); return rowsRead() - a; })();

// A worker that has ended was waited for by its parent.
const cpu = () => ({ own: ticks(worker()) + endedTicks(pidOf('responder')), db: ticks(pidOf('database')) });

async function ask(request) {
  const a = await send(request.method ?? 'POST', request.target, request);
  if (a.status >= 300)
    throw new Error(`${request.target}: ${a.status} ${a.text().slice(0, 300)}`);
  return a;
}

// n of a deed: what each of them took.
async function took(n, make) {
  const before = cpu(), rows = rowsRead();
  let last;
  for (let i = 0; i < n; i++)
    last = await make();
  const after = cpu(), read = rowsRead() - rows - asking, line = await lineOf(last.id, Math.max(0, logSize() - (1 << 20)));
  return { worker: (after.own - before.own) / n * 1000, db: (after.db - before.db) / n * 1000, rows: read / n,
    trips: line?.['bsx.db.trips'] ?? NaN, statements: line?.['bsx.db.statements'] ?? NaN };
}

const head = () => console.log(`${'deed'.padEnd(44)} ${'trips'.padStart(6)} ${'stmts'.padStart(6)} ${'rows read'.padStart(10)} ` +
  `${'worker ms'.padStart(10)} ${'MariaDB ms'.padStart(11)} ${'CPU ms'.padStart(9)}   target`);
function show(name, all, target) {
  const of = (key) => median(all.map((r) => r[key])), both = median(all.map((r) => r.worker + r.db));
  console.log(`${name.padEnd(44)} ${String(of('trips')).padStart(6)} ${String(of('statements')).padStart(6)} ` +
    `${of('rows').toFixed(0).padStart(10)} ${of('worker').toFixed(2).padStart(10)} ${of('db').toFixed(2).padStart(11)} ${both.toFixed(2).padStart(9)}   ${target}`);
  return both;
}

// ---- the deeds ----------------------------------------------------------------------------------

const token = await world.token('admin');
const key = (await world.api('admin', 'POST', '/api/api-keys', { name: 'Bench', scopes: ['write:snapshots'] })).key;
const headers = { 'X-API-Key': key };
const place = async () => `/api/drift/configs/${(await world.config()).id}/snapshots`;
const push = (target, body) => ask({ target, headers, body });

async function withPast() {
  const target = await place(), id = `X'${target.split('/')[4].replaceAll('-', '')}'`;
  await push(target, value('0'));
  await push(target, value('1'));
  sql(world.schema(), `SET @r = (SELECT resource_id FROM resource_versions WHERE config_id = ${id} AND until_seq IS NULL ORDER BY from_seq DESC LIMIT 1),
      @f = (SELECT MAX(seq) FROM config_snapshots WHERE config_id = ${id});
    INSERT INTO drift_findings (config_id, fingerprint, value_hash, status, present, runs, promoted, created_at, updated_at)
      SELECT f.config_id, f.fingerprint, UNHEX(SHA2(q.seq, 256)), 'resolved', FALSE, 0, FALSE, NOW(3), NOW(3) FROM seq_1_to_${PAST} q
      JOIN (SELECT * FROM drift_findings WHERE config_id = ${id} AND status = 'detected' LIMIT 1) f;
    UPDATE resource_versions SET from_seq = from_seq + ${PAST} WHERE resource_id = @r AND until_seq IS NULL;
    INSERT INTO resource_versions (resource_id, from_seq, until_seq, span, config_id, address)
      SELECT @r, @f + q.seq - 1, @f + q.seq, 1, ${id}, UNHEX(SHA2(q.seq, 256)) FROM seq_1_to_${PAST} q;
    UPDATE config_state SET seq = seq + ${PAST} WHERE config_id = ${id};
    ANALYZE TABLE drift_findings, resource_versions;`);
  return target;
}

async function small() {
  const steady = await place(), one = await place(), many = await Promise.all(times(16, place)), past = await withPast();
  const login = { target: '/api/auth/login', body: { ...world.credentials.demo, delivery: 'body' } };
  let refresh = JSON.parse((await ask(login)).text()).refresh_token, turn = 0;
  const deeds = [
    ['sign-in', 'none; <= 4 trips', Math.ceil(COUNT / 4), () => ask(login)],
    ['refresh', 'none', COUNT, async () => {
      const a = await ask({ target: '/api/auth/refresh', body: { refresh_token: refresh } });
      refresh = JSON.parse(a.text()).refresh_token;
      return a;
    }],
    ['GET /api/auth/me', 'none', COUNT, () => ask({ method: 'GET', target: '/api/auth/me', token })],
    ['push, unchanged', '<= 0.8 ms, <= 3 trips', COUNT, () => push(steady, value('steady'))],
    ['push, changed, 16 configs', '<= 2.5 ms, <= 6 trips', COUNT, () => push(many[turn++ % 16], value(fresh()))],
    ['push, changed, one config', '<= 2.5 ms, <= 6 trips', COUNT, () => push(one, value(fresh()))],
    [`push, changed, after ${PAST} values`, '<= 1.2 of that', COUNT, () => push(past, value(fresh()))],
  ];
  const rows = deeds.map(() => []);
  for (let round = -1; round < ROUNDS; round++)
    for (const [i, [, , n, make]] of deeds.entries()) {
      const r = await took(round < 0 ? 20 : n, make);
      if (round >= 0)
        rows[i].push(r);
    }
  head();
  const ms = deeds.map(([name, target], i) => show(name, rows[i], target));
  console.log(`after ${PAST} values against a fresh config: ratio ${(ms.at(-1) / ms.at(-2)).toFixed(2)}`);
}

// What the pushes before have left to clean up in the database is theirs.
async function tidied() {
  const left = () => sql('bsx', "SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'");
  for (let before = '', now = left(); now !== before; now = left()) {
    before = now;
    await new Promise((r) => setTimeout(r, 2000));
  }
}

// What driftd writes after an answer: no request's.
async function written() {
  while (sql(world.schema(), 'SELECT COUNT(*) FROM drift_decision_lines') !== '0')
    await new Promise((r) => setTimeout(r, 100));
  return ask({ method: 'GET', target: '/api/auth/me', token: await world.token('admin') });
}

async function large() {
  const target = await place(), config = target.split('/')[4];
  const one = async (name, wish, make) => show(name, [await took(1, make)], wish);
  await one(`push, ${TINY} tiny, the first`, 'none', () => push(target, tiny(0)));
  await one(`push, ${TINY} tiny, unchanged`, 'none', () => push(target, tiny(0)));
  await one(`push, ${TINY} tiny, all changed`, '<= 1500 ms', () => push(target, tiny(1)));
  await one(`push, ${TINY} tiny, all changed again`, 'none', () => push(target, tiny(2)));
  const report = (await world.api('admin', 'GET', `/api/drift/reports?config_id=${config}&limit=1`)).items[0].id;
  await tidied();
  await one(`accept ${TINY} changes`, '<= 2000 ms', async () => ask({ target: `/api/drift/reports/${report}/accept`,
    body: { reason: 'All of it.' }, token: await world.token('admin') }));
  await one('its lines of history, by driftd', 'none', () => written());
}

async function pushes() {
  const target = await place();
  await took(20, () => push(target, value(fresh())));
  head();
  for (let i = 1; i <= 10; i++)
    show(`${PUSHES / 10} pushes, ${i} of 10`, [await took(PUSHES / 10, () => push(target, value(fresh())))], 'as the first');
}

const parts = { small: [small], large: [large], pushes: [pushes] };
for (const part of parts[process.argv[2]] ?? [small, large])
  await part();
