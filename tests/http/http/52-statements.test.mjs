// No answer runs a statement for each of its rows: every GET of our own OpenAPI document, in each of its media types,
// about 10 rows and about 1,000.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { credentials, Log, renewWorkers, sql, state, until } from '../lib/env.mjs';
import { newId, send } from '../lib/client.mjs';
import { all, bearer, newChannel, newConfig, newKey, newOnboarding, newOperation, newTemplated, newTenant, push } from '../lib/people.mjs';
import { openapi } from '../lib/spec.mjs';

const FEW = 10, MANY = 1000, MORE = 12; // statements: a page of 200 may be read in some parts
const conf = path.join(state, 'etc', 'blindspotx.conf');
const resources = (n, v) => Array.from({ length: n }, (_, i) => ({ category: 'c', key: `r${i}`, value: { v, i } }));
// Without rows, or asked with what only a sign-in under way has.
const elsewhere = /^\/api\/auth\/oidc\/|^\/metrics$|^\/api\/health|^\/console\/|^\/answer$/;
// A table that is had whole.
const whole = ['/api/access-review as text/csv', '/api/drift/register as text/csv'];
let was, admin, platform, schema, templated;

async function world(n) {
  const config = await newConfig(admin, { rule_packs: [], rules: Array.from({ length: Math.min(n, 900) }, (_, i) => ({ path: `/x${i}`, severity: 'low' })) });
  await push(admin, config, resources(n, 0));
  const second = await push(admin, config, resources(n, 1));
  const changes = await admin('GET', `/api/drift/reports/${second.report.id}/changes?limit=1`);
  const golden = await admin('POST', '/api/drift/golden-baselines', { body: { name: `golden ${n}`, snapshot_id: second.snapshot_id } });
  assert.equal(golden.status, 201, golden.text);
  templated ??= await newTemplated(admin, 'demo'); // of which the config was made, too
  sql(`UPDATE config_template_bindings SET config_id = UNHEX('${config.id.replaceAll('-', '')}')`, schema);
  const alerts = await admin('GET', `/api/drift/alerts?config_id=${config.id}`);
  return { alerts: alerts.json.items[0].id, configs: config.id, reports: second.report.id, snapshots: second.snapshot_id, changes: changes.json.items[0].id, 'golden-baselines': golden.json.id, templates: templated.template };
}

// Rows beside the one that is there, by SQL: each with a number of its own, and what must differ.
function grow(table, where, different) {
  const columns = sql(`SELECT GROUP_CONCAT(CONCAT('\`', column_name, '\`')) FROM information_schema.columns WHERE table_schema = '${schema}'
    AND table_name = '${table}' AND is_generated = 'NEVER'`).split(',');
  const value = (c) => different[c.slice(1, -1)] ?? `t.${c}`;
  sql(`INSERT INTO ${table} (${columns.join()}) SELECT ${columns.map(value).join()} FROM (SELECT seq AS n FROM seq_1_to_${MANY}) x JOIN (SELECT * FROM ${table} WHERE ${where} LIMIT 1) t`, schema);
}

function growAll() {
  const id = (p) => `UNHEX(CONCAT('0190${p}000000700080', LPAD(HEX(n), 12, '0')))`;
  grow('users', "email = 'admin@demo.example'", { id: id('01'), email: "CONCAT('u', n, '@demo.example')" });
  grow('user_sessions', 'revoked_at IS NULL', { id: id('02') });
  grow('api_keys', '1', { id: id('03') });
  grow('channels', '1', { id: id('04'), name: "CONCAT('channel ', n)" });
  grow('silences', '1', { id: id('05') });
  grow('drift_intents', '1', { id: id('0f') });
  grow('silence_series', '1', { id: id('0a'), ended_at: 'NOW(3)' });
  grow('config_templates', '1', { id: id('0b'), name: "CONCAT('template ', n)" });
  grow('config_template_uses', '1', { id: id('0c'), tenant_id: id('0c') });
  grow('config_template_results', '1', { id: id('0d') });
  grow('onboardings', '1', { id: id('0e') });
  grow('drift_configs', '1', { id: id('06'), name: "CONCAT('config ', n)" });
  grow('config_state', '1', { config_id: id('06'), snapshot_id: 'NULL', report_id: 'NULL' });
  grow('alerts', '1', { id: id('07'), open_key: 'NULL', title_values: 'NULL' });
  grow('drift_reports', '1', { id: id('08') });
  grow('golden_baselines', '1', { id: id('09'), name: "CONCAT('golden ', n, ' of many')" });
}

before(async () => {
  was = fs.readFileSync(conf);
  fs.appendFileSync(conf, '\nlog: { slow_ms = 0; };\n');
  await renewWorkers();
  admin = await bearer();
  platform = await bearer(credentials.platform);
  schema = sql("SELECT schema_name FROM tenants WHERE slug = 'demo'");
});
after(async () => {
  sql("DELETE FROM users WHERE email LIKE 'u%@demo.example'; DELETE FROM drift_configs WHERE name LIKE 'config %' AND id < UNHEX('0191'); DELETE FROM config_state WHERE config_id < UNHEX('0191');" +
    "DELETE FROM channels WHERE id < UNHEX('0191'); DELETE FROM alerts WHERE id < UNHEX('0191'); DELETE FROM drift_reports WHERE id < UNHEX('0191');" +
    "DELETE FROM user_sessions WHERE id < UNHEX('0191'); DELETE FROM api_keys WHERE id < UNHEX('0191'); DELETE FROM silences WHERE id < UNHEX('0191'); DELETE FROM silence_series WHERE id < UNHEX('0191'); DELETE FROM drift_intents; DELETE FROM config_templates WHERE id < UNHEX('0191'); DELETE FROM config_template_uses WHERE id < UNHEX('0191'); DELETE FROM config_template_results WHERE id < UNHEX('0191'); DELETE FROM onboardings; DELETE FROM golden_baselines WHERE id < UNHEX('0191')", schema);
  fs.writeFileSync(conf, was);
  await renewWorkers();
});

async function walk(ids) {
  const { document } = await openapi(), log = new Log(), asked = new Map(), bad = [];
  for (const [template, item] of Object.entries(document.paths)) {
    if (!item.get || elsewhere.test(template))
      continue;
    let target = template;
    if (template.includes('{id}')) {
      const kind = template.split('/').at(template.split('/').indexOf('{id}') - 1);
      const list = kind in ids ? null : await (template.startsWith('/api/tenants') ? platform : admin)('GET', template.slice(0, template.indexOf('/{id}')));
      target = template.replace('{id}', ids[kind] ?? list.json.items[0].id);
    }
    target = target.replace('{pack}', 'entra');
    const parameters = (item.get.parameters ?? []).map((p) => p.name);
    const query = template === '/api/drift/snapshots/{id}' ? '?category=c' : template.endsWith('/history') ? '?category=c&key=k' : parameters.includes('limit') ? '?limit=200'
      : parameters.includes('tenant') ? '?tenant=demo' : '';
    for (const type of Object.keys(item.get.responses['200']?.content ?? {})) {
      const id = newId(), caller = template.startsWith('/api/tenants') ? platform : admin;
      const a = await send('GET', type === 'application/x-ndjson' || whole.includes(`${template} as ${type}`) ? target : target + query, { id, headers: { Accept: type, Authorization: `Bearer ${caller.token}` } });
      if (a.status !== 200)
        bad.push(`${template} as ${type}: ${a.status} ${a.text.slice(0, 200)}`);
      asked.set(`${template} as ${type}`, id);
    }
  }
  assert.deepEqual(bad, []);
  await until('all lines of the log', () => { const seen = new Set(log.access().map((l) => l['http.request.id'])); return [...asked.values()].every((id) => seen.has(id)); });
  const lines = new Map(log.access().map((l) => [l['http.request.id'], l['bsx.db.statements'] ?? 0]));
  return new Map([...asked].map(([what, id]) => [what, lines.get(id)]));
}

test(`every GET runs as many statements about ${MANY} rows as about ${FEW}, but for ${MORE}`, async (t) => {
  await newKey(admin);
  await newChannel(admin, 'http://127.0.0.1:9/hook');
  assert.equal((await admin('POST', '/api/drift/onboarding', { body: newOnboarding('demo') })).status, 201);
  newOperation(sql("SELECT LOWER(HEX(id)) FROM tenants WHERE slug = 'demo'"));
  const silence = await admin('POST', '/api/drift/silences', { body: { matcher: { category: 'nothing' }, reason: 'a row', expires_at: new Date(Date.now() + 3600000).toISOString() } });
  assert.equal(silence.status, 201, silence.text);
  const intent = await admin('POST', '/api/drift/intents', { body: { config_id: (await newConfig(admin)).id, category: 'nothing', key: 'k', path: '/a', value: 1, reason: 'a row', ends_at: new Date(Date.now() + 3600000).toISOString() } });
  assert.equal(intent.status, 201, intent.text);
  // all configs are looked at again for the silence: on a busy machine the largest of them keeps its state for long
  const series = await until('a place among those', async () => { const a = await admin('POST', '/api/drift/silence-series', { body: { matcher: { category: 'nothing' }, reason: 'a row', rule: 'FREQ=WEEKLY;COUNT=9', duration_s: 3600 } }); return a.status !== 503 && a; }, 60);
  assert.equal(series.status, 201, series.text);
  const provider = await admin('POST', '/api/identity-providers', { body: { name: 'walk', kind: 'oidc', client_id: 'c', issuer: 'https://idp.example' } });
  assert.equal(provider.status, 201, provider.text);
  const collected = await newConfig(admin, { source: { kind: 'http', parameters: { base_url: 'https://fw.example' }, collections: [{ category: 'c', path: '/x', key: 'id' }] } });
  const run = await admin('POST', `/api/drift/configs/${collected.id}/run`);
  assert.equal(run.status, 202, run.text);
  const few = await walk(await world(FEW));
  growAll();
  const many = await walk(await world(MANY));
  await admin('DELETE', `/api/identity-providers/${provider.json.id}`);

  assert.ok(few.size > 30, `${few.size} were asked for`);
  const over = [...many].filter(([what, n]) => n > few.get(what) + MORE).map(([what, n]) => `${what}: ${few.get(what)} and ${n}`);
  t.diagnostic(`${many.size} answers; at most ${Math.max(...many.values())} statements`);
  assert.deepEqual(over, []);
});

test('a page of configs that say much is shorter than asked for, and page by page all of them come', async (t) => {
  const other = await bearer(newTenant()), rules = Array.from({ length: 990 }, (_, i) => ({ path: '/a', severity: 'low', name: `r${i}`,
    reason: 'x'.repeat(450), key: Array.from({ length: 5 }, (_v, j) => `${i}-${j}-${'y'.repeat(80)}`) }));
  const made = [];
  for (let i = 0; i < 60; i++)
    made.push((await newConfig(other, { rule_packs: [], rules })).id);
  const page = await other('GET', '/api/drift/configs?limit=200');
  assert.equal(page.status, 200);
  t.diagnostic(`${page.json.items.length} of ${made.length}, ${page.bytes.length} bytes`);
  assert.ok(page.json.items.length < made.length && page.json.next_cursor !== null);
  assert.deepEqual((await all(other, '/api/drift/configs')).map((c) => c.id).sort(), made.sort());
});
