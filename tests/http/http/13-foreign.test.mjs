// Whatever of another tenant's is named, in a body or a query, is answered as what is nowhere is, word for word; nothing of the
// other tenant is seen or changed. Every member of the contract that names something stands in the table. And of two tenants
// that ask at once, each gets its own.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import { credentials } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { ahead, all, bearer, newChannel, newConfig, newKey, newTemplate, newTenant, push, unique, withKey } from '../lib/people.mjs';

const MARK = `only-there-${crypto.randomBytes(8).toString('hex')}`, HERE = MARK.replace('there', 'here');
const ok = (a) => { assert.ok(a.status < 300, a.text); return a.json; };
let mine, theirs, operator;

// A tenant in which there is one of everything, each with the mark in its name or value.
async function world(mark) {
  const who = newTenant(), admin = await bearer(who), item = (n) => ({ category: mark, key: `k ${mark}`, value: { [mark]: n } });
  const make = async (target, body) => ok(await admin('POST', target, { body }));
  const user = await make('/api/users', { email: `${unique('u')}@${mark}.example`, display_name: mark, role: 'viewer', password: who.password });
  const channel = await newChannel(admin, `http://127.0.0.1:9/${mark}`, { name: unique(mark) });
  const config = await newConfig(admin, { name: unique(mark), rule_packs: [] }), key = await newKey(admin, ['write:snapshots'], { name: unique(mark) });
  const { snapshot_id } = await push(withKey(key.key), config, [item(1)]), { report } = await push(withKey(key.key), config, [item(2)]);
  const [change] = await all(admin, `/api/drift/reports/${report.id}/changes`), [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  const golden = await make('/api/drift/golden-baselines', { name: unique(mark), resources: [item(1)] });
  const route = await make('/api/drift/routes', { name: unique(mark), channels: [channel.id] });
  const series = await make('/api/drift/silence-series', { matcher: { config: config.id }, reason: mark, rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 });
  const template = await newTemplate(admin, { name: unique(mark) });
  return { who, admin, tenant: admin.session.tenant.id, user: user.id, channel: channel.id, config: config.id, snapshot: snapshot_id, report: report.id, change: change.id, alert: alert.id,
    golden: golden.id, route: route.id, series: series.id, template: template.id, key: key.id };
}

before(async () => {
  operator = await bearer(credentials.platform);
  [mine, theirs] = [await world(HERE), await world(MARK)];
});

// What names it in a request of the tenant `mine`: [what kind it is, target, body].
const B = (target, body) => ({ target, body }), config = (more) => ({ name: unique('c'), source: { kind: 'push' }, rule_packs: [], ...more });
const route = (more) => ({ name: unique('r'), channels: [], ...more }), tell = (id) => [{ channel_id: id, min_severity: 'low' }];
const notifications = (id) => ({ settings: { notifications: { security: [{ channel_id: id, min_severity: 'low' }] } } });
const series = (id) => ({ matcher: { config: id }, reason: 'x', rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 });
const put = (of, body) => (id) => B(`/api/drift/${of}s/${mine[of]}`, body(id)), query = (target) => (id) => B(`${target}${id}`);
const compare = (side, what) => (id) => B('/api/drift/compare', { left: { value: 1 }, right: { value: 1 }, [side]: what === 'golden' ? { golden: { id } } : { snapshot_id: id } });
const table = {
  'POST /api/tenants /settings/notifications/security/*/channel_id': ['channel', (id) => B('/api/tenants', { slug: unique('made'), name: 'T', ...notifications(id) }), () => operator],
  'PUT /api/tenants/{id} /settings/notifications/security/*/channel_id': ['channel', (id) => B(`/api/tenants/${mine.tenant}`, notifications(id))],
  'POST /api/tenants/{id}/grants /grantee_user': ['user', (id) => B(`/api/tenants/${mine.tenant}/grants`, { grantee_tenant: 'platform', grantee_user: id, roles: ['viewer'], reason: 'x', expires_at: ahead(1) })],
  'POST /api/api-keys /config_ids/*': ['config', (id) => B('/api/api-keys', { name: unique('k'), scopes: ['write:snapshots'], config_ids: [id] })],
  'GET /api/api-keys ?created_by': ['user', query('/api/api-keys?created_by=')],
  'POST /api/drift/configs /alerts/*/channel_id': ['channel', (id) => B('/api/drift/configs', config({ alerts: tell(id) }))],
  'PUT /api/drift/configs/{id} /alerts/*/channel_id': ['channel', put('config', (id) => ({ alerts: tell(id) }))],
  'PUT /api/drift/configs/{id}/baseline /snapshot_id': ['snapshot', (id) => B(`/api/drift/configs/${mine.config}/baseline`, { snapshot_id: id })],
  'PUT /api/drift/configs/{id}/baseline /golden/id': ['golden', (id) => B(`/api/drift/configs/${mine.config}/baseline`, { golden: { id } })],
  'POST /api/drift/golden-baselines /snapshot_id': ['snapshot', (id) => B('/api/drift/golden-baselines', { name: unique('g'), snapshot_id: id })],
  'PUT /api/drift/golden-baselines/{id} /snapshot_id': ['snapshot', (id) => B(`/api/drift/golden-baselines/${mine.golden}`, { snapshot_id: id })],
  'GET /api/drift/templates/{id}/results ?operation': ['config', (id) => B(`/api/drift/templates/${mine.template}/results?operation=${id}`)],
  'GET /api/drift/reports ?config_id': ['config', query('/api/drift/reports?config_id=')],
  'POST /api/drift/compare /left/snapshot_id': ['snapshot', compare('left', 'snapshot')],
  'POST /api/drift/compare /left/golden/id': ['golden', compare('left', 'golden')],
  'POST /api/drift/compare /right/snapshot_id': ['snapshot', compare('right', 'snapshot')],
  'POST /api/drift/compare /right/golden/id': ['golden', compare('right', 'golden')],
  'PUT /api/drift/changes/{id} /assigned_to': ['user', put('change', (id) => ({ status: 'in_progress', assigned_to: id }))],
  'PUT /api/drift/changes /ids/*': ['change', (id) => B('/api/drift/changes', { status: 'acknowledged', ids: [id] })],
  'PUT /api/drift/changes /filter/report_id': ['report', (id) => B('/api/drift/changes', { status: 'acknowledged', filter: { report_id: id } })],
  'PUT /api/drift/changes /assigned_to': ['user', (id) => B('/api/drift/changes', { status: 'in_progress', ids: [mine.change], assigned_to: id })],
  'GET /api/drift/intents ?config_id': ['config', query('/api/drift/intents?config_id=')],
  'POST /api/drift/intents /config_id': ['config', (id) => B('/api/drift/intents', { config_id: id, category: 'c', key: 'k', path: '/a', expect: 'any', reason: 'x', ends_at: ahead(1) })],
  'GET /api/drift/acceptances ?config_id': ['config', query('/api/drift/acceptances?config_id=')],
  'GET /api/drift/canary ?config_id': ['config', query('/api/drift/canary?config_id=')],
  'GET /api/drift/analytics ?config_id': ['config', query('/api/drift/analytics?config_id=')],
  'GET /api/drift/runs ?config_id': ['config', query('/api/drift/runs?config_id=')],
  'POST /api/drift/silences /matcher/config': ['config', (id) => B('/api/drift/silences', { matcher: { config: id }, reason: 'x', expires_at: ahead(1) })],
  'POST /api/drift/silence-series /matcher/config': ['config', (id) => B('/api/drift/silence-series', series(id))],
  'PUT /api/drift/silence-series/{id} /matcher/config': ['config', (id) => B(`/api/drift/silence-series/${mine.series}`, { matcher: { config: id } })],
  'GET /api/drift/alerts ?config_id': ['config', query('/api/drift/alerts?config_id=')],
  'GET /api/drift/alerts ?report_id': ['report', query('/api/drift/alerts?report_id=')],
  'GET /api/drift/alerts ?assigned_to': ['user', query('/api/drift/alerts?assigned_to=')],
  'PUT /api/drift/alerts /ids/*': ['alert', (id) => B('/api/drift/alerts', { status: 'acknowledged', ids: [id] })],
  'PUT /api/drift/alerts /filter/config_id': ['config', (id) => B('/api/drift/alerts', { status: 'acknowledged', filter: { config_id: id } })],
  'PUT /api/drift/alerts /assigned_to': ['user', (id) => B('/api/drift/alerts', { status: 'in_progress', ids: [mine.alert], assigned_to: id })],
  'PUT /api/drift/alerts/{id} /assigned_to': ['user', put('alert', (id) => ({ status: 'in_progress', assigned_to: id }))],
  // by a link, of which the server has told none here: 98-answers
  'POST /api/drift/alerts/{id}/accept /report_id': ['report', (id) => B(`/api/drift/alerts/${mine.alert}/accept`, { token: 'x', reason: 'x', expires_at: ahead(1), report_id: id })],
  'POST /api/drift/channels/{id}/replay /from': ['alert', (id) => B(`/api/drift/channels/${mine.channel}/replay`, { from: id })],
  'POST /api/drift/routes /before': ['route', (id) => B('/api/drift/routes', route({ before: id }))],
  'POST /api/drift/routes /match/configs/*': ['config', (id) => B('/api/drift/routes', route({ match: { configs: [id] } }))],
  'POST /api/drift/routes /channels/*': ['channel', (id) => B('/api/drift/routes', route({ channels: [id] }))],
  'POST /api/drift/routes /escalate/*/channels/*': ['channel', (id) => B('/api/drift/routes', route({ escalate: [{ after_s: 60, channels: [id] }] }))],
  'PUT /api/drift/routes/{id} /before': ['route', put('route', (id) => ({ before: id }))],
  'PUT /api/drift/routes/{id} /match/configs/*': ['config', put('route', (id) => ({ match: { configs: [id] } }))],
  'PUT /api/drift/routes/{id} /channels/*': ['channel', put('route', (id) => ({ channels: [id] }))],
  'PUT /api/drift/routes/{id} /escalate/*/channels/*': ['channel', put('route', (id) => ({ escalate: [{ after_s: 60, channels: [id] }] }))],
  'PUT /api/drift/routes/order /ids/*': ['route', (id) => B('/api/drift/routes/order', { ids: [id] })],
  'POST /api/drift/routes/try /alert_id': ['alert', (id) => B('/api/drift/routes/try', { alert_id: id })],
  'POST /api/drift/routes/try /alert/config_id': ['config', (id) => B('/api/drift/routes/try', { alert: { severity: 'low', config_id: id } })],
};

// Members and parameters that name something: by their format, or, lists of texts, by their name.
async function naming() {
  const { document } = await openapi(), found = [];
  const deref = (x) => (x?.$ref ? x.$ref.slice(2).split('/').reduce((o, k) => o[k], document) : x);
  const walk = (schema, at, seen, put_) => {
    const s = deref(schema);
    if (!s || seen.includes(s))
      return;
    if (s.format === 'uuid' || (s.type === 'string' && /\/(ids|config_ids|channels|configs)\/\*$/.test(at)))
      put_(at);
    for (const [name, part] of Object.entries(s.properties ?? {}))
      walk(part, `${at}/${name}`, [...seen, s], put_);
    for (const part of [s.items && [s.items, '/*'], ...['oneOf', 'anyOf', 'allOf'].flatMap((k) => (s[k] ?? []).map((p) => [p, '']))].filter(Boolean))
      walk(part[0], `${at}${part[1]}`, [...seen, s], put_);
  };
  for (const [target, operations] of Object.entries(document.paths))
    for (const [method, o] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${target}`;
      walk(o.requestBody?.content?.['application/json']?.schema, '', [], (at) => found.push(`${name} ${at}`));
      for (const p of (o.parameters ?? []).map(deref))
        if (p.in === 'query' && deref(p.schema).format === 'uuid')
          found.push(`${name} ?${p.name}`);
    }
  return [...new Set(found)];
}

test('each member that names something is in the table', async () => {
  assert.deepEqual((await naming()).sort(), Object.keys(table).sort());
});

// An answer without what differs of itself: the name that was asked for, its own numbers and times.
const bare = (text) => text.replace(/"request_id":"[^"]*"/, '').replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'AT')
  .replace(/(?:r|c|k|g|made)-[0-9a-f]{10}/g, 'NAME').replace(/"cursor":"[^"]*"|"_?since":"[^"]*"|"revision":\d+/g, '');
// What people decide; what is on its way to a channel goes on by itself.
const decided = ({ id, name, status, revision, assigned_to, matcher, channels, match, alerts }) => ({ id, name, status, revision, assigned_to, matcher, channels, match, alerts });
const snapshotOf = async (w) => JSON.stringify((await Promise.all(['users', 'drift/configs', 'drift/alerts', 'drift/routes', 'drift/silences', 'drift/intents', 'drift/silence-series', 'drift/golden-baselines', 'api-keys']
  .map((of) => all(w.admin, `/api/${of}`)).concat(w.admin('GET', `/api/drift/changes/${w.change}`).then((a) => [a.json])))).map((list) => list.map(decided)));

test('what is another tenant\'s is answered as what is nowhere is, and nothing of it is seen or changed', async () => {
  const there = await snapshotOf(theirs), faults = [];
  for (const [name, [kind, request, as]] of Object.entries(table)) {
    const ask = async (id) => { const { target, body } = request(id); return (as?.() ?? mine.admin)(name.split(' ')[0], target, body ? { body } : {}); };
    const foreign = await ask(theirs[kind]), nowhere = await ask('01a00000-0000-7000-8000-000000000001'), own = await ask(mine[kind]);
    assert.match(theirs[kind], /^[0-9a-f-]{36}$/, kind);
    if (foreign.status !== nowhere.status || (foreign.status >= 300 && bare(foreign.text) !== bare(nowhere.text)))
      faults.push(`${name}: ${foreign.status} ${foreign.text} but ${nowhere.status} ${nowhere.text}`);
    if (foreign.text.includes(MARK))
      faults.push(`${name} shows what is theirs: ${foreign.text}`);
    // the table asks what it means to: one's own is taken
    if (own.status >= 300 && own.status !== 409 && !/platform|order|grantee_user|replay|before|accept \/report_id/.test(`${name}${own.text}`))
      faults.push(`${name} refuses one's own: ${own.status} ${own.text}`);
  }
  assert.deepEqual(faults, []);
  assert.equal(await snapshotOf(theirs), there);
});

test('of two tenants that ask in no order, through the same workers, each gets its own', async (t) => {
  const targets = (w) => [`/api/drift/configs/${w.config}`, `/api/drift/alerts?config_id=${w.config}`, `/api/drift/changes/${w.change}`, `/api/drift/reports/${w.report}/changes`, '/api/drift/channels', '/api/users',
    '/api/drift/routes', '/api/drift/golden-baselines', '/api/drift/silence-series', `/api/drift/snapshots/${w.snapshot}`, '/api/api-keys', '/api/audit?limit=5'];
  const sides = [[mine, HERE, MARK], [theirs, MARK, HERE]], rounds = Number(process.env.BSX_ARGUMENT || 1000);
  let asked = 0;
  const one = async () => {
    while (asked < rounds) {
      asked++;
      const [w, own, other] = sides[crypto.randomInt(2)], all_ = targets(w), i = crypto.randomInt(all_.length);
      const a = await w.admin('GET', all_[i]);
      assert.equal(a.status, 200, `${all_[i]} ${a.text}`);
      assert.ok(!a.text.includes(other), `${all_[i]} of ${own} shows ${other}`);
      assert.ok(i === all_.length - 1 || a.text.includes(own), `${all_[i]} shows nothing of ${own}`);
      // what is the other's by its number
      if (asked % 10 === 0)
        assert.equal((await w.admin('GET', `/api/drift/changes/${sides.find(([x]) => x !== w)[0].change}`)).status, 404);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  t.diagnostic(`${asked} requests`);
});
