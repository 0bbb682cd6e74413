// What a document may cost: long names, long keys and very many values, in CPU, memory and rows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renewWorkers, sql, watched } from '../lib/env.mjs';
import { bearer, newConfig, newKey, newTenant, push, withKey } from '../lib/people.mjs';

const MIB = 1024 * 1024;
const LIMITS = { any: { seconds: 2, mib: 200 }, push: { seconds: 10, mib: 640 } };
const BODY_MAX = 16 * MIB;
const json = { 'Content-Type': 'application/json' };

const members = (n, v) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`m${i}`, i + v]));
const inside = (name, levels, value) => (levels === 0 ? value : { [name]: inside(name, levels - 1, value) });
// As many of make(0), make(1), ... as one body holds.
function list(make, most = Infinity) {
  const all = [];
  for (let size = 0, i = 0; i < most; i++) {
    const one = make(i);
    size += one.length + 1;
    if (size > BODY_MAX - 4096)
      break;
    all.push(one);
  }
  return all.join(',');
}

// The request, with what the worker that took it spent on it held against a limit.
async function cost(t, what, limit, f) {
  const { value, seconds, mib } = await watched(f);
  t.diagnostic(`${what}: ${value.status}, ${seconds.toFixed(2)} s of CPU, ${mib.toFixed(0)} MiB, answer ${value.bytes.length} bytes`);
  assert.ok(seconds < limit.seconds, `${what}: ${seconds} s of CPU`);
  assert.ok(mib < limit.mib, `${what}: ${mib} MiB`);
  return value;
}

// ---- long names and keys -----------------------------------------------------------------------

const long = 'x'.repeat(100000);
const documents = {
  'a name of 100 kB above 10,000 changes': (v) => ({ [long]: members(10000, v) }),
  'a key of 100 kB above 10,000 changes': (v) => [{ id: long, ...members(10000, v) }],
  'the key of an element among 50,000 members': (v) => [{ ...members(50000, v), id: 'k' }],
  '120 levels of names of 1 KiB above 50,000 changes': (v) => inside('y'.repeat(1024), 120, members(50000, v)),
};

for (const [what, make] of Object.entries(documents))
  test(`comparing ${what} is answered, within what a request may cost`, async (t) => {
    const admin = await bearer();
    await renewWorkers();
    const answer = await cost(t, what, LIMITS.any, () => admin('POST', '/api/drift/compare',
      { body: { left: { value: make(0) }, right: { value: make(1) } } }));
    assert.equal(answer.status, 200, answer.text.slice(0, 300));
    const { changes, summary, shortened, more } = answer.json;
    assert.ok(more && summary.modified >= 10000 && answer.bytes.length < 12 * MIB);
    for (const c of changes)
      assert.ok(c.path.length <= 8192 && c.canonical_path.length <= 8192, c.path.slice(0, 200));
    // What is shortened says so, is no JSON Pointer, and still tells one change from another.
    assert.equal(changes.some((c) => /\u2026~#[0-9a-f]{16}/.test(c.canonical_path)), shortened > 0);
    assert.equal(new Set(changes.map((c) => c.canonical_path)).size, changes.length);
    assert.equal(new Set(changes.map((c) => c.fingerprint)).size, changes.length);
  });

// Bytes of every text and blob of every table of a tenant.
function bytesOf(slug) {
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${slug}'`);
  const columns = sql(`SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '${schema}'
    AND (data_type LIKE '%text' OR data_type LIKE '%blob' OR data_type LIKE '%char' OR data_type LIKE '%binary')`);
  const parts = columns.split('\n').map((l) => l.split('\t')).map(([table, column]) =>
    `SELECT '${table}' AS t, COALESCE(SUM(LENGTH(\`${column}\`)), 0) AS n FROM \`${table}\``);
  assert.ok(parts.length > 100);
  return Object.fromEntries(sql(`SELECT t, SUM(n) FROM (${parts.join(' UNION ALL ')}) x GROUP BY t`, schema)
    .split('\n').map((l) => l.split('\t')).map(([t, n]) => [t, Number(n)]));
}

test('pushes with names of 20 kB above 3,000 changes are taken, and make little', async (t) => {
  const who = newTenant(), admin = await bearer(who);
  const config = await newConfig(admin), key = withKey((await newKey(admin)).key);
  const name = 'n'.repeat(20000), one = (v) => [{ category: 'c', key: 'k', value: { [name]: members(3000, v) } }];

  await push(key, config, one(0));
  const before = bytesOf(who.tenant);
  for (let v = 1; v <= 2; v++) {
    const { report } = await push(key, config, one(v));
    assert.equal(report.summary.modified, 3000);
    assert.equal(report.shortened, 3000);
  }
  const after = bytesOf(who.tenant);
  const grown = Object.entries(after).map(([table, n]) => [table, n - (before[table] ?? 0)]).filter(([, n]) => n > 0);
  const sum = grown.reduce((s, [, n]) => s + n, 0);
  t.diagnostic(`bytes more: ${sum}: ${grown.map(([table, n]) => `${table} ${n}`).join(', ')}`);
  assert.ok(sum < 6000 * 1500, `${sum} bytes for 6,000 changes`);
});

// ---- very many values -----------------------------------------------------------------------------

const large = {
  'masked texts': (v) => `[${list((i) => `{"password":"${v}${i % 1000}"}`)}]`,
  'numbers without order': (v) => `[${list((i) => `${v === 'a' ? '' : '-'}${i}`, 1990000)}]`,
  'values below 120 arrays': (v) => `${'[0,'.repeat(120)}${list((i) => `${v === 'a' ? '' : '-'}${i}`, 1900000)}${']'.repeat(120)}`,
};

for (const [what, make] of Object.entries(large))
  test(`the largest push of ${what} is taken, within what a push may cost`, async (t) => {
    const admin = await bearer(), config = await newConfig(admin);
    await renewWorkers();
    for (const v of ['a', 'b']) {
      const answer = await cost(t, `${what}, ${v}`, LIMITS.push, () => admin('POST', `/api/drift/configs/${config.id}/snapshots`,
        { body: `{"document":${make(v)}}`, headers: json, timeout: 300000 }));
      assert.equal(answer.status, 201, answer.text.slice(0, 300));
    }
  });

for (const [what, make] of Object.entries(large))
  test(`the largest comparison of ${what} is answered or refused, within what a request may cost`, async (t) => {
    const admin = await bearer();
    const [left, right] = ['a', 'b'].map((v) => JSON.parse(make(v)));
    const cut = (a) => (Array.isArray(a) && a.length === 2 && Array.isArray(a[1]) ? [a[0], cut(a[1])] : a.slice(0, a.length >> 1));
    const body = JSON.stringify({ left: { value: cut(left) }, right: { value: cut(right) } });
    await renewWorkers();
    const answer = await cost(t, what, LIMITS.any, () => admin('POST', '/api/drift/compare', { body, headers: json }));
    if (answer.status === 200)
      return assert.ok(answer.json.summary.created > 0);
    assert.equal(answer.status, 422, answer.text.slice(0, 300));
    assert.equal(answer.json.code, 'too_costly');
    assert.equal(answer.headers['retry-after'], undefined);
    assert.match(answer.json.detail, /fewer|smaller|less/);
  });

test('an answer of a comparison has room for so much, and says that there is more', async (t) => {
  const admin = await bearer();
  const make = (c) => Object.fromEntries(Array.from({ length: 450 }, (_, i) => [`m${i}`, c.repeat(16000)]));
  const answer = await cost(t, 'values of 16 kB', LIMITS.any, () => admin('POST', '/api/drift/compare',
    { body: { left: { value: make('a') }, right: { value: make('b') } } }));
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  assert.equal(answer.json.summary.modified, 450);
  assert.ok(answer.json.more && answer.json.changes.length < 450 && answer.bytes.length < 9 * MIB);
});

// ---- heavy pushes -----------------------------------------------------------------------------------

test('heavy pushes at once are taken or told to come again, and small ones go through meanwhile', async (t) => {
  const admin = await bearer();
  const configs = await Promise.all(Array.from({ length: 6 }, () => newConfig(admin)));
  const resources = Array.from({ length: 20000 }, (_, i) => ({ category: 'c', key: `resource-${i}`, value: { v: i, t: 'x'.repeat(200) } }));
  const body = JSON.stringify({ resources });
  assert.ok(body.length > 4 * MIB);
  const heavy = (config) => admin('POST', `/api/drift/configs/${config.id}/snapshots`, { body, headers: json });
  const small = await newConfig(admin);
  const first = Promise.all(configs.map(heavy));
  for (let v = 0; v < 3; v++)
    await push(admin, small, [{ category: 'c', key: 'k', value: v }]);
  const answers = await first;
  t.diagnostic(answers.map((a) => a.status).join(' '));
  assert.ok(answers.some((a) => a.status === 201));
  for (const [i, a] of answers.entries()) {
    if (a.status === 201)
      continue;
    assert.equal(a.status, 503, a.text);
    assert.equal(a.json.code, 'busy');
    assert.ok(Number(a.headers['retry-after']) > 0);
    assert.equal((await heavy(configs[i])).status, 201);
  }
});
