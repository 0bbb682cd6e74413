// Values need read:snapshots: every route of the OpenAPI document, in every media type, by every role, and what comes
// back searched for values that were planted. A route that nobody has classified fails.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { newId } from '../lib/client.mjs';
import { until } from '../lib/env.mjs';
import { all, bearer, newChannel, newConfig, newKey, newOnboarding, newOperation, newTemplate, newTemplated, newTenant, push, unique, withKey } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { openapi } from '../lib/spec.mjs';

const PATCH = 'application/json-patch+json';

// ---- what is planted ----------------------------------------------------------------------------------------------

// One text for each way a value may come back; `n` tells the old ones from the new.
const kinds = ['scalar', 'element', 'keyed', 'label', 'href', 'named', 'line', 'inner', 'whole', 'golden', 'variable', 'difference', 'intent'];
const mark = (kind, n) => `MARK${kind}${n}MARK`;
const number = (n) => Number(`73105${n}90210`);
const document = (n) => ({
  scalar: mark('scalar', n), number: number(n), set: ['same', mark('element', n)], keyed: [{ id: 'known', held: mark('keyed', n) }],
  values: [{ value: 'same' }, { value: mark('label', n) }], links: [{ href: 'same' }, { href: mark('href', n) }],
  pins: [{ pin: 'same', n: 1 }, { pin: mark('named', n), n: 2 }],
  text: Array.from({ length: 40 }, (_, i) => `line ${i} ${i === 20 ? mark('line', n) : ''}`).join('\n'), [`inner${n}`]: { deep: [mark('inner', n)] },
});
const snapshot = (n) => [{ category: 'planted', key: 'one', value: document(n) }, { category: 'planted', key: `only-${n}`, value: mark('whole', n) }];
const spec = { rule_packs: [], compare: { arrays: [{ path: '/pins', mode: 'keyed', keys: ['pin'] }, { path: '/links', mode: 'keyed', keys: ['href'] },
  { path: '/values', mode: 'keyed', keys: ['value'] }] } };

let admin, hooks, told, untold, w, markers, waiting;

async function bind(id) {
  const bound = await newConfig(admin, spec), difference = { category: 'planted', key: 'one', path: '/other', op: 'replace', value: mark('difference', 1), reason: 'here' };
  const put = await admin('PUT', `/api/drift/configs/${bound.id}/baseline`, { body: { golden: { id, variables: { v: mark('variable', 1) }, differences: [difference] } } });
  assert.equal(put.status, 200, put.text);
  return [bound, put.json.snapshot_id];
}

async function golden() {
  const made = await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('golden'),
    resources: [{ category: 'planted', key: 'one', value: { fixed: mark('golden', 0), given: '%v%', other: 1 } }],
    variables: [{ name: 'v', default: mark('variable', 0) }] } });
  assert.equal(made.status, 201, made.text);
  const [bound] = await bind(made.json.id), [kept, rendered] = await bind(made.json.id); // the one is bound anew by the walk
  const pushed = await push(admin, kept, [{ category: 'planted', key: 'one', value: { fixed: mark('golden', 1), given: 'x', other: 2 } }]);
  return { golden: made.json.id, bound: bound.id, boundReport: pushed.report.id, rendered };
}

// Hashes are what a dictionary could be held against, so they are searched for like the values themselves.
function hashes(changes) {
  const labels = changes.flatMap((c) => c.canonical_path.match(/\[#[0-9a-f]{16}\]/g) ?? []);
  return [...changes.map((c) => c.value_hash), ...labels,
    ...changes.filter((c) => /\/\[(#|value=|href=|pin=)/.test(c.canonical_path)).map((c) => c.fingerprint)];
}

before(async () => {
  const owner = newTenant();
  admin = await bearer(owner);
  admin.tenant = owner.tenant;
  hooks = await new Receiver().start();
  hooks.refuse = '/waits';
  waiting = outrun();
  told = await newChannel(admin, hooks.url('/told'), { values: true });
  untold = await newChannel(admin, hooks.url('/untold'));
  const config = await newConfig(admin, { ...spec, alerts: [told, untold].map((c) => ({ channel_id: c.id, min_severity: 'info' })) });
  const first = await push(admin, config, snapshot(1)), second = await push(admin, config, snapshot(2));
  const changes = await all(admin, `/api/drift/reports/${second.report.id}/changes`);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  const accepted = await admin('PUT', `/api/drift/changes/${changes[0].id}`, { body: { status: 'accepted', reason: 'planted' } });
  assert.equal(accepted.status, 200, accepted.text);
  const silence = await admin('POST', '/api/drift/silences', { body: { matcher: { category: 'planted', path: '/scalar' }, reason: 'planted',
    expires_at: new Date(Date.now() + 3600000).toISOString() } });
  assert.equal(silence.status, 201, silence.text);
  const intent = await admin('POST', '/api/drift/intents', { body: { config_id: config.id, category: 'planted', key: 'one', path: '/note', value: mark('intent', 1), reason: 'planted', ends_at: half(1) } });
  assert.equal(intent.status, 201, intent.text);
  const series = await admin('POST', '/api/drift/silence-series', { body: { matcher: { category: 'nothing' }, reason: 'planted', rule: 'FREQ=WEEKLY;COUNT=9', duration_s: 3600 } });
  assert.equal(series.status, 201, series.text);
  const provider = await admin('POST', '/api/identity-providers', { body: { name: 'walk', kind: 'oidc', client_id: 'c', issuer: 'https://idp.example' } });
  assert.equal(provider.status, 201, provider.text);
  const collected = await newConfig(admin, { source: { kind: 'http', parameters: { base_url: 'https://api.invalid' }, collections: [{ category: 'rules', path: '/rules', items: '/value', key: 'id' }] } });
  const run = await admin('POST', `/api/drift/configs/${collected.id}/run`);
  assert.equal(run.status, 202, run.text);
  await newKey(admin);
  const link = await admin('POST', '/api/drift/onboarding', { body: newOnboarding(owner.tenant) });
  assert.equal(link.status, 201, link.text);
  w = { onboarding: link.json.id, templated: await newTemplated(admin, owner.tenant), operation: newOperation((await admin('GET', '/api/tenants')).json.items[0].id), config: config.id, first: first.snapshot_id, second: second.snapshot_id, report: second.report.id, change: changes[0].id, alert: alert.id,
    silence: silence.json.id, intent: intent.json.id, series: series.json.id, collected: collected.id, run: run.json.run_id, provider: provider.json.id, changes, ...await golden() };
  untold.delivery = (await until('an attempt', () => all(admin, `/api/drift/channels/${untold.id}/deliveries`).then((rows) => rows[0]))).id;
  markers = [...kinds.map((k) => `MARK${k}`), ...[1, 2].map((n) => String(number(n))), ...hashes(changes)];
});
after(() => hooks.stop());

// The first attempt fails; before the second somebody who may not see values takes the flag away, and then the target.
async function outrun() {
  const made = await newChannel(admin, hooks.url('/waits'), { values: true });
  const config = await newConfig(admin, { ...spec, alerts: [{ channel_id: made.id, min_severity: 'info' }] });
  const keeper = withKey((await newKey(admin, ['manage:channels'])).key), at = (path) => hooks.got.find((d) => d.path === path);
  await push(admin, config, snapshot(1));
  await push(admin, config, snapshot(2));
  const first = await until('a first attempt', () => at('/waits'));
  const put = await keeper('PUT', `/api/drift/channels/${made.id}`, { body: { values: false, secret: null, url: hooks.url('/moved') } });
  assert.equal(put.status, 200, put.text);
  return { first, moved: await until('a second attempt', () => at('/moved')) };
}

const found = (answer) => {
  const text = `${JSON.stringify(answer.headers)}\n${answer.text}`;
  return markers.filter((m) => text.includes(m));
};

// ---- who asks -----------------------------------------------------------------------------------------------------

// Each built-in role by somebody who has it, and what no built-in role has by keys: everything but to read snapshots, and
// one thing alone.
async function callers() {
  const roles = (await all(admin, '/api/roles')).filter((r) => r.built_in).map((r) => r.name), list = [];
  const most = (await admin('GET', '/api/permissions')).json.items.map((p) => p.permission)
    .filter((p) => /:(drift|snapshots|alerts|channels|audit)$/.test(p) && !/^(read|manage):snapshots$/.test(p));
  const scopes = [most, ['read:drift', 'read:alerts', 'read:snapshots'], ...['read:drift', 'read:alerts', 'read:channels', 'read:audit', 'update:drift',
    'update:alerts', 'manage:channels', 'write:snapshots', 'create:drift'].map((p) => [p])];
  for (const name of roles) {
    const who = { tenant: admin.tenant, email: `${name}@values.example`, password: 'a long enough password' };
    const made = await admin('POST', '/api/users', { body: { email: who.email, display_name: name, password: who.password, roles: [name] } });
    assert.equal(made.status, 201, made.text);
    const ask = await bearer(who);
    list.push({ name, ask, values: ask.session.permissions.includes('read:snapshots') });
  }
  for (const one of scopes)
    list.push({ name: `a key with ${one.length > 3 ? 'all but read:snapshots' : one}`, ask: withKey((await newKey(admin, one)).key), values: one.includes('read:snapshots') });
  return list;
}

// ---- what is asked ------------------------------------------------------------------------------------------------

// By "METHOD path": bodies, the query and whether values are shown to those who may see them. What is not here and has no
// id is asked as it is, and shows none to anybody.
const half = (n) => new Date(Date.now() + n * 1800000).toISOString();
const doc = (marker) => ({ value: { one: marker } });
const ASKED = {
  'GET /api/drift/reports/{id}/changes': { ids: () => [w.report, w.boundReport], values: true },
  'GET /api/drift/changes/{id}/revert': { ids: () => w.changes.map((c) => c.id) },
  'GET /api/drift/changes/{id}': { ids: () => w.changes.map((c) => c.id), values: true },
  'GET /api/drift/snapshots/{id}': { ids: () => [w.first, w.rendered], query: '?category=planted&key=one', values: true },
  'GET /api/drift/golden-baselines/{id}': { ids: () => [w.golden], values: true },
  'GET /api/drift/configs/{id}/baseline': { ids: () => [w.bound, w.config], values: true },
  'PUT /api/drift/configs/{id}/baseline': { ids: () => [w.bound], values: true, bodies: () => [{ golden: { id: w.golden, variables: { v: mark('variable', 1) } } }] },
  'POST /api/drift/golden-baselines': { values: true, bodies: () => [{ name: unique('copy'), snapshot_id: w.first },
    { name: unique('own'), resources: [{ category: 'c', key: 'k', value: 1 }] }] },
  'PUT /api/drift/golden-baselines/{id}': { ids: () => [w.golden], values: true, bodies: () => [{ description: unique('other') }] },
  'PUT /api/drift/changes/{id}': { ids: () => [w.changes[1].id, w.changes[2].id], values: true, bodies: () => [{ reason: 'looked at', assigned_to: null }, { status: 'acknowledged' }] },
  'GET /api/drift/configs/{id}/history': { ids: () => [w.config], query: '?category=planted&key=one' },
  'POST /api/drift/compare': { values: true, bodies: () => [
    { left: { snapshot_id: w.first }, right: { value: {} } }, { left: { value: [] }, right: { snapshot_id: w.second } },
    { left: { snapshot_id: w.first }, right: { snapshot_id: w.second } }, { left: { snapshot_id: w.first }, right: { snapshot_id: w.second }, resource: { category: 'planted', key: 'one' } }, { left: { golden: { id: w.golden } }, right: { value: {} } },
    { left: { golden: { id: w.golden } }, right: { snapshot_id: w.rendered } },
    { left: { snapshot_id: w.rendered }, right: { golden: { id: w.golden, variables: { v: 'guess' } } } },
    { left: { snapshot_id: w.first }, right: doc('guess') }, { left: doc('guess'), right: doc('other') },
    { left: { snapshot_id: w.first }, right: { snapshot_id: w.second }, rules: [{ path: '/scalar', from: 'guess', severity: 'critical' }] },
    { left: { snapshot_id: w.first }, right: { snapshot_id: w.second }, compare: spec.compare }] },
  'POST /api/drift/configs/{id}/what-if': { ids: () => [w.config], bodies: () => [{ days: 1 }, { days: 1, rules: [] }, { days: 1, thresholds: { min_severity: 'low' } }] },
  'GET /api/drift/onboarding/{id}': { ids: () => [w.onboarding] },
  'POST /api/drift/onboarding': { bodies: () => [newOnboarding(admin.tenant)] },
  'POST /api/drift/templates': { bodies: () => [{ name: unique('walk'), config: { name: 'walk', source: { kind: 'push' } } }] },
  'PUT /api/drift/templates/{id}': { ids: () => [w.templated.template], bodies: () => [{ description: unique('other') }] },
  ...Object.fromEntries(['preview', 'apply', 'undo'].map((what) => [`POST /api/drift/templates/{id}/${what}`, { ids: () => [w.templated.template], bodies: () => [{ tenants: [{ tenant: 'nowhere' }] }] }])),
  'GET /api/drift/configs/{id}/template': { ids: () => [w.templated.config] },
  'GET /api/drift/runs/{id}': { ids: () => [w.run] },
  'GET /api/operations/{id}': { ids: () => [w.operation], filtered: true },
  'DELETE /api/operations/{id}': { ids: () => [crypto.randomUUID()], filtered: true },
  'GET /api/sources/{pack}': { ids: () => ['entra'] },
  'POST /api/drift/configs/{id}/run': { ids: () => [w.collected] },
  'POST /api/drift/configs/{id}/try': { ids: () => [w.collected] },
  'PUT /api/drift/changes': { bodies: () => [{ filter: { report_id: w.report }, status: 'acknowledged' }, { ids: [w.change], status: 'acknowledged' }] },
  'PUT /api/drift/alerts': { bodies: () => [{ ids: [w.alert], note: 'seen' }] },
  'GET /api/drift/alerts': { values: true },
  'GET /api/drift/alerts/{id}': { ids: () => [w.alert], values: true },
  'GET /api/drift/alerts/{id}/evidence': { ids: () => [w.alert], values: true },
  'PUT /api/drift/alerts/{id}': { ids: () => [w.alert], values: true, bodies: () => [{ note: 'seen' }] },
  'POST /api/drift/alerts/{id}/answer': { ids: () => [w.alert], filtered: true, bodies: () => [{ token: 'none' }] },
  'POST /api/drift/alerts/{id}/accept': { ids: () => [w.alert], filtered: true, bodies: () => [{ token: 'none', reason: 'x', expires_at: half(9) }] },
  'POST /api/drift/reports/{id}/accept': { ids: () => [w.report], bodies: () => [{ reason: 'all of it' }] },
  'POST /api/drift/acceptances/{id}/confirm': { ids: () => [crypto.randomUUID()], filtered: true, bodies: () => [undefined] },
  'POST /api/drift/acceptances/{id}/decline': { ids: () => [crypto.randomUUID()], filtered: true, bodies: () => [{ reason: 'no' }] },
  'GET /api/drift/intents/{id}': { ids: () => [w.intent], values: true },
  'POST /api/drift/intents': { bodies: () => [{ config_id: w.config, category: 'planted', key: 'nothing', path: '/note', expect: 'any', reason: 'of the walk', ends_at: half(1) }] },
  'POST /api/drift/intents/{id}/confirm': { ids: () => [crypto.randomUUID()], filtered: true, bodies: () => [undefined] },
  'POST /api/drift/silences': { bodies: () => [{ matcher: { category: 'nothing' }, reason: 'of the walk', expires_at: half(1) }] },
  'POST /api/drift/silence-series': { bodies: () => [{ matcher: { category: 'nothing' }, reason: 'of the walk', rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 }] },
  'POST /api/drift/silence-series/try': { bodies: () => [{ rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 }] },
  'PUT /api/drift/silence-series/{id}': { ids: () => [w.series], bodies: () => [{ reason: 'another' }] },
  'POST /api/drift/routes': { bodies: () => [{ name: unique('walk'), channels: [] }] },
  'PUT /api/drift/routes/{id}': { ids: () => [crypto.randomUUID()], filtered: true, bodies: () => [{ name: unique('renamed') }] },
  'PUT /api/drift/routes/order': { bodies: () => [{ ids: [crypto.randomUUID()] }], filtered: true },
  'POST /api/drift/routes/try': { bodies: () => [{ alert_id: w.alert }, { last: 10 }, { alert: { severity: 'high' } }] },
  'POST /api/drift/channels': { bodies: () => [{ name: unique('walk'), kind: 'webhook', url: hooks.url('/walk') }] },
  'PUT /api/drift/channels/{id}': { ids: () => [untold.id], bodies: () => [{ name: unique('renamed') }] },
  'POST /api/drift/channels/{id}/test': { ids: () => [untold.id] },
  'POST /api/drift/channels/{id}/replay': { ids: () => [untold.id], bodies: () => [{ state: 'all' }] },
  'POST /api/drift/deliveries/{id}/replay': { ids: () => [untold.delivery] },
  'POST /api/drift/configs': { bodies: () => [{ name: unique('walk'), source: { kind: 'push' } }] },
  'PUT /api/drift/configs/{id}': { ids: () => [w.bound], bodies: () => [{ name: unique('walk') }] },
  'POST /api/drift/configs/{id}/snapshots': { ids: () => [w.config], bodies: () => [{ resources: snapshot(2) }], headers: () => ({ 'Idempotency-Key': 'again' }) },
  'POST /api/drift/configs/{id}/documents': { ids: () => [w.config], bodies: () => [document(1)] },
};
// Where {id} stands in a GET that shows none.
const IDS = { configs: () => [w.config, w.bound], reports: () => [w.report, w.boundReport], alerts: () => [w.alert], silences: () => [w.silence], templates: () => [w.templated.template], onboarding: () => [w.onboarding], 'silence-series': () => [w.series],
  channels: () => [told.id, untold.id], 'identity-providers': () => [w.provider] };
const LISTS = ['users', 'roles', 'tenants']; // of the list above them the first
// Who somebody is, not what is watched: no body of theirs is asked for here.
const ELSEWHERE = /^(POST|PUT) \/api\/(auth|users|roles|api-keys|tenants|identity-providers)(\/|$)|^DELETE \/api\/tenants\/|^(GET|POST) \/answer$|^GET \/(api\/auth\/oidc|console)\//;

// Each filter and switch of a list by itself, with the first value it may have.
const queries = (op) => (op.parameters ?? []).filter((p) => p.in === 'query' && !['limit', 'cursor', 'since'].includes(p.name)).flatMap(({ name, schema }) => {
  const value = schema.enum?.[0] ?? { boolean: true, integer: 1 }[schema.type];
  return value === undefined ? [] : [`?${name}=${value}`];
});

async function requests() {
  const { document: described } = await openapi(), list = [], unknown = [], rest = new Set(Object.keys(ASKED));
  for (const [template, item] of Object.entries(described.paths)) {
    for (const [word, op] of Object.entries(item)) {
      const method = word.toUpperCase(), name = `${method} ${template}`, asked = ASKED[name];
      const types = Object.entries(op.responses ?? {}).filter(([s]) => s < '300').flatMap(([, r]) => Object.keys(r.content ?? {}));
      rest.delete(name);
      if (types.length === 0 || ELSEWHERE.test(name))
        continue;
      const kind = template.split('/').at(template.split('/').indexOf('{id}') - 1);
      if ((!asked && method !== 'GET') || (template.includes('{') && !asked?.ids && !IDS[kind] && !LISTS.includes(kind))) {
        unknown.push(name);
        continue;
      }
      const ids = !template.includes('{') ? [''] : asked?.ids?.() ?? IDS[kind]?.() ?? [(await admin('GET', template.slice(0, template.indexOf('/{')))).json.items[0].id];
      for (const type of types)
        for (const id of ids)
          for (const query of [asked?.query ?? '', ...(method === 'GET' ? queries(op) : [])])
            list.push({ name, method, type, target: template.replace(/\{[^}]+\}/, id) + query, asked: query === (asked?.query ?? '') ? asked ?? {} : { ...asked, filtered: true } });
    }
  }
  assert.deepEqual(unknown, [], 'routes that nobody has classified');
  assert.deepEqual([...rest], [], 'classified, and not there');
  return list;
}

// ---- the walk -----------------------------------------------------------------------------------------------------

test('no role without read:snapshots gets a value, whatever it asks for, and every place that has values shows them with it', { timeout: 120000 }, async (t) => {
  const list = await requests(), people = await callers(), shown = new Map(), leaks = [];
  const seen = { answers: 0, refused: 0, with: 0, without: 0 };
  assert.ok(people.filter((p) => p.values).length > 2 && people.filter((p) => !p.values).length > 5);
  for (const { name, ask, values } of people) {
    for (const q of list) {
      for (const body of q.asked.bodies?.() ?? [undefined]) {
        const a = await ask(q.method, q.target, { body, id: newId(), headers: { Accept: q.type, ...q.asked.headers?.() } });
        const has = found(a), what = `${q.name} as ${q.type}`;
        seen.answers++;
        seen.refused += a.status === 403;
        seen[has.length > 0 ? 'with' : 'without'] += a.status < 300;
        assert.ok(a.status < 500 && (a.status !== 404 || q.asked.filtered), `${name} ${what}: ${a.text}`);
        if (has.length > 0 && (!values || !q.asked.values))
          leaks.push(`${name} ${what} ${JSON.stringify(body)?.slice(0, 120)}: ${has.slice(0, 3)} ${a.text.slice(0, 300)}`);
        if (values && q.asked.values && !q.asked.filtered)
          shown.set(what, (shown.get(what) ?? 0) + has.length);
        if (!values && q.type === PATCH)
          assert.equal(a.status, 403, `${name} ${what}`);
      }
    }
  }
  t.diagnostic(`${people.length} callers, ${new Set(list.map((q) => q.name)).size} routes, ${list.length} ways to ask, ${seen.answers} answers: ${seen.with} with values, ` +
    `${seen.without} without, ${seen.refused} refused; ${markers.length} markers; ${shown.size} places that show values`);
  assert.deepEqual(leaks, []);
  assert.deepEqual([...shown].filter(([, n]) => n === 0).map(([what]) => what), [], 'asked for values, and none came: the search would find no leak there');
});

// ---- ways of finding out without being shown ----------------------------------------------------------------------

const refusal = async (answer) => {
  assert.equal(answer.status, 403, answer.text);
  assert.match(answer.json.detail, /read:snapshots/);
};

// Each side of a comparison by what it is. Who has written it may be in one hand with who asks, whatever that one may do.
const SIDES = {
  'a snapshot': () => ({ snapshot_id: w.first }), 'another of its config': () => ({ snapshot_id: w.second }), 'one of another config': () => ({ snapshot_id: w.elsewhere }),
  'a rendered one': () => ({ snapshot_id: w.rendered }), 'a template': () => ({ golden: { id: w.golden } }),
  'a template with variables': () => ({ golden: { id: w.golden, variables: { v: 'guess' } } }), 'a document': () => ({ value: document(1) }),
  'a text': () => ({ value: 'guess' }), 'a number': () => ({ value: 1 }), 'an object': () => ({ value: { one: {} } }), 'an array': () => ({ value: [1] }),
  'nothing': () => ({ value: {} }), 'no element': () => ({ value: [] }),
};
const SNAPSHOT = ['a snapshot', 'another of its config', 'one of another config'], TEMPLATE = ['a template', 'a rendered one'];
const EMPTY = ['nothing', 'no element'], OWN = ['a document', 'a text', 'a number', 'an object', 'an array', ...EMPTY];
function allowed(left, right) {
  const stored = (s) => SNAPSHOT.includes(s) || TEMPLATE.includes(s), said = (s) => !EMPTY.includes(s);
  if ([left, right].includes('a template with variables'))
    return false;
  if ([left, right].every((s) => ['a snapshot', 'another of its config'].includes(s)) || (left === right && left === 'one of another config'))
    return true;
  return !(stored(left) && said(right)) && !(stored(right) && said(left));
}

test('without read:snapshots nothing stored is held against what somebody says or has written for it', async (t) => {
  const other = await newConfig(admin, spec), counts = { allowed: 0, refused: 0 };
  w.elsewhere = (await push(admin, other, snapshot(1))).snapshot_id;
  for (const scopes of [[], ['update:drift'], ['create:drift'], ['write:snapshots'], ['update:drift', 'write:snapshots']]) {
    const key = withKey((await newKey(admin, ['read:drift', ...scopes])).key);
    for (const left of Object.keys(SIDES)) {
      for (const right of Object.keys(SIDES)) {
        const a = await key('POST', '/api/drift/compare', { body: { left: SIDES[left](), right: SIDES[right]() } }), may = allowed(left, right);
        assert.equal(a.status, may ? 200 : 403, `${scopes}: ${left} and ${right}: ${a.text.slice(0, 300)}`);
        counts[may ? 'allowed' : 'refused']++;
        if (!OWN.includes(left) || !OWN.includes(right))
          assert.deepEqual(found(a), [], `${scopes}: ${left} and ${right}`);
      }
    }
  }
  t.diagnostic(`${counts.allowed} pairs of sides compared, ${counts.refused} refused`);
});

test('without read:snapshots nobody asks by rules, tolerances or ways of comparing of their own', async () => {
  const viewer = withKey((await newKey(admin, ['read:drift'])).key);
  const compare = (left, right, more = {}) => viewer('POST', '/api/drift/compare', { body: { left, right, ...more } });
  const stored = { snapshot_id: w.first }, other = { snapshot_id: w.second };
  await refusal(await compare(stored, other, { rules: [{ path: '/scalar', from: mark('scalar', 1), severity: 'critical' }] }));
  await refusal(await compare(stored, other, { compare: spec.compare }));
  await refusal(await compare(stored, other, { rule_packs: ['entra'] }));
  for (const more of [{ rules: [{ path: '/**', to: 'guess', severity: 'critical' }] }, { rule_packs: ['entra'] }, { compare: {} }, { thresholds: { tolerance: [{ path: '/number', abs: 5 }] } }])
    await refusal(await viewer('POST', `/api/drift/configs/${w.config}/what-if`, { body: { days: 1, ...more } }));
  assert.equal((await compare(stored, other, { rules: null, compare: null })).status, 200);
  for (const scope of ['create:drift', 'update:drift']) {
    const writer = withKey((await newKey(admin, ['read:drift', scope])).key), ask = (config) => writer('POST', `/api/drift/configs/${config}/what-if`, { body: { days: 1 } });
    await refusal(await ask(w.bound));
    assert.equal((await ask(w.config)).status, 200);
  }

  const shown = await compare(stored, other);
  assert.equal(shown.status, 200, shown.text);
  assert.equal(shown.json.changes.length, w.changes.length);
  const places = (changes) => changes.map((c) => [c.op, c.path, c.severity, c.rule].join(' ')).sort();
  assert.deepEqual(places(shown.json.changes), places(w.changes));
  assert.ok(shown.json.changes.every((c) => (c.op === 'created' || c.old_value === '[withheld]') && (c.op === 'deleted' || c.new_value === '[withheld]')));
  const own = await compare({ value: { mine: 'before' } }, { value: { mine: 'after' } }, { rules: [{ path: '/mine', to: 'after', severity: 'critical' }] });
  assert.deepEqual(own.json.changes.map((c) => [c.old_value, c.new_value, c.severity]), [['before', 'after', 'critical']]);
});

test('what is shown without values is not taken back as the values', async () => {
  const writer = withKey((await newKey(admin, ['read:drift', 'update:drift'])).key), target = `/api/drift/golden-baselines/${w.golden}`;
  const got = await writer('GET', target);
  assert.deepEqual(got.json.resources.map((r) => r.value), ['[withheld]']);
  for (const body of [{ resources: got.json.resources }, { variables: got.json.variables }])
    assert.equal((await writer('PUT', target, { body })).status, 422);
  const bound = await writer('GET', `/api/drift/configs/${w.bound}/baseline`);
  assert.deepEqual(bound.json.golden.variables, { v: '[withheld]' });
  const back = await writer('PUT', `/api/drift/configs/${w.bound}/baseline`, { body: { golden: { id: w.golden, variables: bound.json.golden.variables } } });
  assert.equal(back.status, 422, back.text);
});

test('who may not see values holds nothing that is watched against a template', async () => {
  const writer = withKey((await newKey(admin, ['read:drift', 'create:drift', 'update:drift'])).key);
  const body = { name: unique('guess'), variables: [{ name: 'v' }], resources: [{ category: 'c', key: 'k', value: { scalar: '%v%' } }] };
  const mine = await writer('POST', '/api/drift/golden-baselines', { body }), config = await newConfig(admin, { source: { kind: 'push' } });
  assert.equal(mine.status, 201, mine.text);
  await push(admin, config, [{ category: 'c', key: 'k', value: { scalar: 'x' } }]);
  const put = (who, variables) => who('PUT', `/api/drift/configs/${config.id}/baseline`, { body: { golden: { id: mine.json.id, variables } } });
  const change = (more) => writer('PUT', `/api/drift/golden-baselines/${mine.json.id}`, { body: more });
  await refusal(await put(writer, { v: 'guess' }));
  assert.equal((await change({ resources: body.resources })).status, 200);
  assert.equal((await put(admin, { v: 'wanted' })).status, 200);
  await refusal(await change({ resources: [{ category: 'c', key: 'k', value: { scalar: 'guess' } }] }));
  await refusal(await change({ variables: [{ name: 'v', default: 'guess' }] }));
  assert.equal((await change({ description: 'no values' })).status, 200);
});

// ---- channels -----------------------------------------------------------------------------------------------------

test('a channel is told values only when somebody who may see them has said so', async () => {
  const seen = (path) => hooks.got.filter((d) => d.path === path && d.body.type.startsWith('drift.alert.'));
  await until('both channels are told', () => seen('/told').length > 0 && seen('/untold').length > 0);
  assert.ok(seen('/told').some((d) => markers.some((m) => d.text.includes(m))));
  for (const d of seen('/untold')) {
    assert.deepEqual(markers.filter((m) => d.text.includes(m)), []);
    assert.ok(d.body.data.changes.every((c) => c.path !== undefined && c.severity !== undefined && !('new_value_truncated' in c)));
  }
  assert.ok(seen('/untold').some((d) => d.body.data.changes.some((c) => c.new_value === '[withheld]')));
});

test('who may not see values sends them nowhere: not by a new channel, a flag or another target', async () => {
  const keeper = withKey((await newKey(admin, ['read:channels', 'manage:channels'])).key), made = await newChannel(admin, hooks.url('/kept'), { values: true });
  const put = (body) => keeper('PUT', `/api/drift/channels/${made.id}`, { body });
  const state = async () => (await all(admin, '/api/drift/channels')).find((c) => c.id === made.id);
  await refusal(await keeper('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'webhook', url: hooks.url('/mine'), values: true } }));
  await refusal(await put({ url: hooks.url('/mine') }));
  await refusal(await put({ url: hooks.url('/mine'), values: true }));
  assert.deepEqual([(await state()).url, (await state()).values], [hooks.url('/kept'), true]);
  assert.equal((await put({ name: unique('renamed'), url: hooks.url('/kept'), values: true })).status, 200); // as it is
  assert.equal((await put({ url: hooks.url('/mine'), secret: null, values: false })).status, 200);
  await refusal(await put({ values: true }));
  assert.equal((await put({ url: hooks.url('/other'), secret: null })).status, 200);
  assert.equal((await state()).values, false);
  assert.equal((await admin('PUT', `/api/drift/channels/${made.id}`, { body: { values: true } })).json.values, true);
  assert.equal((await newChannel(keeper, hooks.url('/mine'))).values, false);
});

test('who may not see values lets no channel be told those of another config, and makes no keys or templates of them', async () => {
  const writer = withKey((await newKey(admin, ['read:drift', 'create:drift', 'update:drift'])).key), alerts = [{ channel_id: told.id }];
  const config = await newConfig(admin, { source: { kind: 'push', selector: { resources: '/users', key: 'id' } } });
  const put = (body) => writer('PUT', `/api/drift/configs/${config.id}`, { body });
  await refusal(await writer('POST', '/api/drift/configs', { body: { name: unique('c'), source: { kind: 'push' }, alerts } }));
  await refusal(await put({ alerts }));
  await refusal(await put({ source: { kind: 'push', selector: { resources: '/users', key: 'pin' } } }));
  await refusal(await writer('POST', '/api/drift/golden-baselines', { body: { name: unique('copy'), snapshot_id: w.first } }));
  assert.equal((await put({ alerts: [{ channel_id: crypto.randomUUID() }] })).status, 422);
  assert.equal((await put({ alerts: [{ channel_id: untold.id }] })).status, 200);
  assert.equal((await put({ source: { selector: { key: 'id', resources: '/users' }, kind: 'push' } })).status, 200);
  assert.equal((await admin('PUT', `/api/drift/configs/${config.id}`, { body: { alerts } })).status, 200);
  assert.equal((await put({ name: unique('renamed'), alerts: [...alerts, { channel_id: untold.id }] })).status, 200); // it was named before
  assert.equal((await put({ source: { kind: 'push' } })).status, 200);
});

test('who may not see values changes no rule about those that are watched already', async () => {
  const scopes = ['read:drift', 'create:drift', 'update:drift'], writer = withKey((await newKey(admin, scopes)).key);
  const looks = { rules: [{ path: '/scalar', to: { match: '4*' }, severity: 'critical' }], rule_packs: ['entra'], thresholds: { tolerance: [{ path: '/number', abs: 5 }] },
    compare: { normalise: [{ how: 'ignore', path: '/scalar' }] } };
  const config = await newConfig(admin, { source: { kind: 'push' }, rule_packs: [] }), put = (body, who = writer) => who('PUT', `/api/drift/configs/${config.id}`, { body });
  for (const [member, value] of Object.entries(looks)) {
    await refusal(await put({ [member]: value }));
    assert.equal((await put({ [member]: value }, admin)).status, 200, member);
    assert.equal((await put({ [member]: value, name: unique('same') })).status, 200, member);
    await refusal(await put({ [member]: null }));
  }
  assert.equal((await put({ thresholds: { ...looks.thresholds, min_severity: 'high' } })).status, 200);
  assert.equal((await writer('POST', '/api/drift/configs', { body: { name: unique('own'), source: { kind: 'push' }, ...looks } })).status, 201);
});

test('a message that waits is told by what its channel has become', async () => {
  const { first, moved } = await waiting;
  assert.ok(markers.some((m) => first.text.includes(m)));
  assert.equal(moved.id, first.id);
  assert.deepEqual(markers.filter((m) => moved.text.includes(m)), []);
});
