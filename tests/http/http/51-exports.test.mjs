// Answers about as much as a report can hold: few statements however much there is, an end when the client goes, and
// workers that hold no more afterwards than an idle one may.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Log, front, ownKib, renewWorkers, sql, state, until, workers } from '../lib/env.mjs';
import { abort, newId, text } from '../lib/client.mjs';
import { bearer, newConfig, push } from '../lib/people.mjs';

// What a front could change (a client that goes, an answer that breaks off) shows with less through the second one.
const FEW = 1000, MANY = front === 'nginx' ? 50000 : 20000, IDLE_KIB = 8 * 1024;
const EACH_THOUSAND = 4; // statements that a thousand changes more may take
const PATCH = 'application/json-patch+json', TABLE = 'text/csv';
const conf = path.join(state, 'etc', 'blindspotx.conf');
const held = () => workers().map(ownKib);
const resources = (n, v) => Array.from({ length: n }, (_, i) => ({ category: 'c', key: `resource-${i}`, value: { v: v + i, t: `${i}${'x'.repeat(60)}` } }));
let admin, was;
const reports = new Map();

async function drifted(n) {
  const config = await newConfig(admin, { rule_packs: [] });
  const first = await push(admin, config, resources(n, 0)), second = await push(admin, config, resources(n, 1));
  assert.equal(second.report.status, 'drifted');
  return { target: `/api/drift/reports/${second.report.id}/changes`, snapshots: [first.snapshot_id, second.snapshot_id] };
}

// Every request's line in the log tells its statements.
before(async () => {
  was = fs.readFileSync(conf);
  fs.appendFileSync(conf, '\nlog: { slow_ms = 0; };\n');
  await renewWorkers();
  admin = await bearer();
  for (const n of [FEW, MANY])
    reports.set(n, await drifted(n));
});
after(async () => {
  fs.writeFileSync(conf, was);
  await renewWorkers();
});

async function lineOf(log, id) {
  await until('its line in the log', () => log.access(id).length > 0);
  return log.access(id)[0];
}

async function statements(method, target, options) {
  const log = new Log(), id = newId();
  const answer = await admin(method, target, { id, ...options });
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  return { answer, n: (await lineOf(log, id))['bsx.db.statements'] };
}

const kinds = {
  'a patch': (r) => statements('GET', r.target, { headers: { Accept: PATCH } }),
  'a table': (r) => statements('GET', r.target, { headers: { Accept: TABLE } }),
  'a comparison': ({ snapshots: [a, b] }) => statements('POST', '/api/drift/compare', { body: { left: { snapshot_id: a }, right: { snapshot_id: b } } }),
};
const counted = {
  'a patch': (a) => a.json.length,
  'a table': (a) => a.text.split('\r\n').length - 2,
  'a comparison': (a) => a.json.summary.modified,
};

for (const [name, ask] of Object.entries(kinds))
  test(`${name} of ${MANY} changes takes at most ${EACH_THOUSAND} statements more for each thousand than one of ${FEW}`, async (t) => {
    const few = await ask(reports.get(FEW)), many = await ask(reports.get(MANY));

    assert.equal(counted[name](few.answer), FEW);
    assert.equal(counted[name](many.answer), MANY);
    t.diagnostic(`${FEW}: ${few.n} statements, ${MANY}: ${many.n}`);
    assert.ok(many.n <= few.n + EACH_THOUSAND * (MANY - FEW) / 1000, `${few.n} and ${many.n} statements`);
  });

for (const accept of [PATCH, TABLE])
  test(`an export as ${accept} ends when its client goes`, async (t) => {
    const whole = await statements('GET', reports.get(MANY).target, { headers: { Accept: accept } });
    const log = new Log(), id = newId();

    await abort(text('GET', reports.get(MANY).target, { Accept: accept, Authorization: `Bearer ${admin.token}`, 'X-Request-Id': id }), { wait: 20 });
    const line = await lineOf(log, id);
    t.diagnostic(`${line['bsx.db.statements']} of ${whole.n} statements`);
    assert.equal(line['http.response.status_code'], 499);
    assert.ok(line['bsx.db.statements'] < whole.n / 2, `${line['bsx.db.statements']} of ${whole.n} statements`);
  });

test('an export that breaks off on its way is no complete document and says so in its last line', async () => {
  const schema = sql("SELECT schema_name FROM tenants WHERE slug = 'demo'");
  sql("DELETE c FROM resources r JOIN resource_versions v ON v.resource_id = r.id JOIN contents c ON c.address = v.address WHERE r.`key` = 'resource-9999'", schema);
  const log = new Log(), id = newId();
  const answer = await admin('GET', reports.get(MANY).target, { id, headers: { Accept: PATCH } });
  assert.equal(answer.status, 200);
  assert.throws(() => JSON.parse(answer.text), SyntaxError);
  assert.deepEqual(JSON.parse(answer.text.trimEnd().split('\n').at(-1)).error, { code: 'internal', request_id: id });
  assert.ok(log.lines().some((l) => l.message === 'an answer broke off'));
});

test(`after pushes, exports and comparisons of ${MANY} resources no idle worker holds more than 8 MiB`, async (t) => {
  await until(`at most ${IDLE_KIB} KiB in each worker`, () => held().every((n) => n <= IDLE_KIB));
  t.diagnostic(`KiB: ${held().join(' ')}`);
});
