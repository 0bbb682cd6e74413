// A second person: what takes a severe change out of what is told waits until somebody else confirms it. Every way by which a
// state is accepted, or its severity falls, stands in one table here.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { credentials, sql, until } from '../lib/env.mjs';
import { ahead, all, bearer, newConfig, newKey, newTenant, push, serviceKey, unique, withKey } from '../lib/people.mjs';

const SEVERITIES = ['low', 'medium', 'high', 'critical'], password = 'twenty-five characters ok';
const ok = (a, status = 200) => { assert.equal(a.status, status, a.text); return status === 204 ? null : a.json; };
const rules = SEVERITIES.map((severity) => ({ path: `/${severity}`, op: 'modified', severity, reason: `${severity} it is.` }));
const value = (n) => Object.fromEntries(SEVERITIES.map((s) => [s, `${s} ${n}`]));
const item = (v) => ({ category: 'c', key: 'k', value: v });
let owner, id, first, second, reader, schema;

async function person(permissions) {
  const who = { tenant: owner.tenant, email: `${unique('p')}@second.example`, password }, name = unique('role');
  ok(await first('POST', '/api/roles', { body: { name, description: 'x', permissions } }), 201);
  ok(await first('POST', '/api/users', { body: { email: who.email, display_name: 'P', password, role: name } }), 201);
  return Object.assign(await bearer(who), { email: who.email });
}
// Less is decided by two in the tenant, which has its own tests below; the platform is above that.
const operator = await bearer(credentials.platform);
const settle = (accept_from, by = operator) => by('PUT', `/api/tenants/${id}`, { body: { settings: { four_eyes: { accept_from } } } });

before(async () => {
  owner = newTenant();
  first = Object.assign(await bearer(owner), { email: owner.email });
  id = first.session.tenant.id;
  schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`);
  second = await person(['read:drift', 'update:drift', 'read:snapshots', 'read:alerts', 'update:alerts']);
  reader = await person(['read:drift', 'read:alerts']);
});

// A config that drifts in the severities named, each one change.
async function drifted(severities = SEVERITIES, more = {}) {
  const config = await newConfig(first, { rule_packs: [], rules, ...more });
  const base = await push(first, config, [item(value(1))]);
  const { report, snapshot_id } = await push(first, config, [item({ ...value(1), ...Object.fromEntries(severities.map((s) => [s, `${s} 2`])) })]);
  const changes = Object.fromEntries((await all(first, `/api/drift/reports/${report.id}/changes`)).map((c) => [c.severity, c]));
  return { config, report, changes, snapshot: snapshot_id, base: base.snapshot_id };
}
const decide = (by, change, body = {}) => by('PUT', `/api/drift/changes/${change.id}`, { body: { status: 'accepted', reason: 'It is meant.', ...body } });
const change = async (c) => ok(await first('GET', `/api/drift/changes/${c.id}`));
const waiting = () => all(first, '/api/drift/acceptances');
const answer = (by, pending, way, body) => by('POST', `/api/drift/acceptances/${pending.id}/${way}`, body ? { body } : {});
const alertOf = async (w) => {
  const [a] = await all(first, `/api/drift/alerts?config_id=${w.config.id}&kind=drift`);
  return ok(await first('GET', `/api/drift/alerts/${a.id}`));
};
const baseline = async (w) => ok(await first('GET', `/api/drift/configs/${w.config.id}/baseline`));
const entries = async (action) => all(first, `/api/audit?action=${action}`);

for (const from of [null, ...SEVERITIES])
  test(`with accept_from ${from} a change waits that is as severe, however it is taken out, and no other`, async () => {
    ok(await settle(from));
    const w = await drifted();
    for (const severity of SEVERITIES)
      for (const status of ['accepted', 'ignored']) {
        const waits = from !== null && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(from);
        const done = ok(await decide(first, w.changes[severity], { status }), waits ? 202 : 200);
        assert.equal(done.status, waits ? 'detected' : status, `${severity} ${status}`);
        assert.deepEqual((done.pending ?? []).map((p) => [p.by, p.status, p.reason, p.severity, p.own, p.findings]), waits ? [[owner.email, status, 'It is meant.', severity, true, 1]] : []);
        if (waits)
          ok(await first('DELETE', `/api/drift/acceptances/${done.pending[0].id}`), 204);
        ok(await decide(first, w.changes[severity], { status: 'detected', reason: 'Again.' }));
      }
    assert.deepEqual(await waiting(), []);
  });

test('somebody else confirms it, and then it is accepted in the name of who asked; who asked cannot, nor can a key of theirs', async () => {
  ok(await settle('high'));
  const w = await drifted(), mine = withKey((await newKey(first, ['read:drift', 'update:drift'])).key);
  const { pending: [p] } = ok(await decide(first, w.changes.critical), 202);
  assert.ok(Date.parse(p.until) - Date.parse(p.at) === 7 * 86400000);
  assert.equal((await decide(second, w.changes.critical)).status, 409);
  for (const [by, status] of [[first, 403], [mine, 403], [reader, 403]])
    assert.equal((await answer(by, p, 'confirm')).status, status);
  assert.equal((await answer(mine, p, 'decline', { reason: 'no' })).status, 403);
  assert.equal((await second('DELETE', `/api/drift/acceptances/${p.id}`)).status, 403);
  assert.equal((await change(w.changes.critical)).status, 'detected');
  const alert = await alertOf(w);
  assert.deepEqual([alert.status, alert.severity, alert.pending.map((x) => x.id)], ['open', 'critical', [p.id]]);
  assert.deepEqual(ok(await reader('GET', `/api/drift/alerts/${alert.id}`)).pending.map((x) => x.own), [false]);
  assert.equal((await baseline(w)).snapshot_id, w.base);
  assert.deepEqual(ok(await answer(second, p, 'confirm')), { id: p.id, outcome: 'confirmed', changed: 1 });
  const now = await change(w.changes.critical);
  assert.deepEqual([now.status, now.acceptance.owner, now.acceptance.reason, now.pending], ['accepted', owner.email, 'It is meant.', undefined]);
  assert.deepEqual(now.history.slice(-2).map((h) => [h.actor, h.to]), [[owner.email, 'detected'], [second.email, 'accepted']]);
  assert.equal((await answer(second, p, 'confirm')).status, 404);
  for (const action of ['acceptance.ask', 'acceptance.confirm'])
    assert.ok((await entries(action)).some((x) => x.target_id === p.id && x.details.asked_by === owner.email && x.details.kind === 'changes'), action);
});

test('a key that asks is the person who made it, a service key is nobody, and no key confirms or declines', async () => {
  ok(await settle('high'));
  const w = await drifted(), mine = withKey((await newKey(first, ['read:drift', 'update:drift'])).key);
  const { pending: [p] } = ok(await decide(mine, w.changes.high), 202);
  assert.match(p.by, /^key:/);
  assert.equal((await answer(first, p, 'confirm')).status, 403);
  const other = await person(['read:drift', 'update:drift', 'create:api_keys', 'read:api_keys']);
  const theirs = withKey((await newKey(other, ['read:drift', 'update:drift'])).key), service = withKey((await serviceKey(other, ['read:drift', 'update:drift'])).key);
  for (const key of [mine, theirs, service])
    for (const [way, body] of [['confirm'], ['decline', { reason: 'no' }]])
      assert.equal((await answer(key, p, way, body)).status, 403, way);
  // who has it could confirm what it asks; what needs nobody it does
  for (const by of [(c) => decide(service, c), (c) => decide(service, c, { status: 'ignored' }), () => service('POST', `/api/drift/reports/${w.report.id}/accept`, { body: { reason: 'x' } })]) {
    const a = await by(w.changes.critical);
    assert.deepEqual([a.status, /service key/.test(a.json.detail)], [403, true], a.text);
  }
  ok(await decide(service, w.changes.low));
  assert.equal(ok(await answer(other, p, 'confirm')).changed, 1);
});

test('who declines says why; who asked takes it back; both leave it as it was', async () => {
  ok(await settle('high'));
  const w = await drifted(), ask = async () => ok(await decide(first, w.changes.high), 202).pending[0];
  ok(await answer(second, await ask(), 'decline', { reason: 'Not at all.' }));
  ok(await first('DELETE', `/api/drift/acceptances/${(await ask()).id}`), 204);
  const now = await change(w.changes.high);
  assert.equal(now.status, 'detected');
  assert.match(now.history.map((h) => h.note).join('\n'), /Declined to accept it: Not at all\.[^]*Took back/);
  assert.ok((await entries('acceptance.decline')).some((x) => x.details.why === 'Not at all.'));
  assert.ok((await entries('acceptance.end')).some((x) => x.details.why === 'taken back'));
});

test('of many, those that are severe wait together and the others are done; longer is asked again, shorter is not', async () => {
  ok(await settle('high'));
  const w = await drifted();
  const body = { filter: { report_id: w.report.id }, status: 'accepted', reason: 'All.', expires_at: ahead(2) };
  const done = ok(await first('PUT', '/api/drift/changes', { body }), 202);
  assert.deepEqual([done.matched, done.changed, done.unchanged, done.pending.findings, done.pending.severity], [4, 2, 0, 2, 'critical']);
  assert.equal(ok(await answer(second, done.pending, 'confirm')).changed, 2);
  ok(await decide(first, w.changes.critical, { expires_at: ahead(1) }));
  const { pending: [p] } = ok(await decide(first, w.changes.critical, { expires_at: ahead(3) }), 202);
  assert.equal(Date.parse((await change(w.changes.critical)).acceptance.expires_at) < Date.parse(ahead(1.1)), true);
  ok(await answer(second, p, 'confirm'));
  assert.equal(Date.parse((await change(w.changes.critical)).acceptance.expires_at) > Date.parse(ahead(2)), true);
});

test('all of a report, and a snapshot as the baseline, wait; one at a time for a config', async () => {
  ok(await settle('high'));
  for (const [make, kind] of [
    [(w) => first('POST', `/api/drift/reports/${w.report.id}/accept`, { body: { reason: 'New.' } }), 'report'],
    [(w) => first('PUT', `/api/drift/configs/${w.config.id}/baseline`, { body: { snapshot_id: w.snapshot, reason: 'New.' } }), 'baseline'],
  ]) {
    const w = await drifted(), { pending } = ok(await make(w), 202);
    assert.deepEqual([pending.kind, pending.severity, pending.snapshot_id, pending.reason], [kind, 'critical', w.snapshot, 'New.']);
    assert.equal((await make(w)).status, 409);
    const still = await baseline(w);
    assert.deepEqual([still.snapshot_id, still.pending.id], [w.base, pending.id]);
    assert.deepEqual([(await alertOf(w)).status, (await alertOf(w)).pending.length, (await change(w.changes.high)).pending.length], ['open', 1, 1]);
    assert.equal((await answer(first, pending, 'confirm')).status, 403);
    ok(await answer(second, pending, 'confirm'));
    const now = await baseline(w);
    assert.deepEqual([now.snapshot_id, now.approved, now.pending], [w.snapshot, true, undefined]);
    // back to what was before is not held against the present one: nobody knows how severe it is
    assert.equal(ok(await first('PUT', `/api/drift/configs/${w.config.id}/baseline`, { body: { snapshot_id: w.base } }), 202).pending.severity, 'critical');
  }
  const mild = await drifted(['low', 'medium']);
  ok(await first('POST', `/api/drift/reports/${mild.report.id}/accept`, { body: { reason: 'Mild.' } }));
});

test('what two have accepted until a day one person does not accept for longer, whichever way', async () => {
  ok(await settle('high'));
  for (const [what, make, status] of [
    ['report', (w) => first('POST', `/api/drift/reports/${w.report.id}/accept`, { body: { reason: 'x' } }), 202],
    ['baseline', (w) => first('PUT', `/api/drift/configs/${w.config.id}/baseline`, { body: { snapshot_id: w.snapshot } }), 202],
    ['a golden baseline', async (w) => bound(w, await template()), 409],
    ['rules', (w) => put(w, { rules: [] }), 409],
  ]) {
    const w = await drifted(['critical']), { pending: [p] } = ok(await decide(first, w.changes.critical, { expires_at: ahead(1) }), 202);
    ok(await answer(second, p, 'confirm'));
    const { report, snapshot_id: snapshot } = await push(first, w.config, [item({ ...value(1), critical: 'critical 2', low: 'low 2' })]);
    assert.equal(report.max_severity, 'low', what);
    const done = await make({ ...w, report, snapshot });
    assert.deepEqual([done.status, done.json.pending?.severity], [status, status === 202 ? 'critical' : undefined], `${what} ${done.text}`);
    assert.ok((await change(w.changes.critical)).acceptance.expires_at, what);
  }
});

test('what is another by now is not confirmed, and ends by itself, as what nobody confirms in time does', async () => {
  ok(await settle('high'));
  const hex = (x) => `UNHEX('${x.replaceAll('-', '')}')`;
  const moved = await drifted(['critical']), { pending: [p] } = ok(await decide(first, moved.changes.critical), 202);
  await push(first, moved.config, [item({ ...value(1), critical: 'critical 3' })]);
  assert.equal((await answer(second, p, 'confirm')).status, 409);
  const late = await drifted(['critical']), { pending: [q] } = ok(await decide(first, late.changes.critical), 202);
  sql(`UPDATE drift_acceptances SET ends_at = NOW(3) - INTERVAL 1 SECOND WHERE id = ${hex(q.id)}`, schema);
  assert.equal((await answer(second, q, 'confirm')).status, 404);
  sql(`UPDATE schedules SET next_due = NOW(3) WHERE kind = 'acceptance'`);
  await until('both have ended', async () => (await waiting()).every((x) => x.id !== p.id && x.id !== q.id));
  const ended = await entries('acceptance.end');
  assert.deepEqual([p, q].map((x) => ended.find((y) => y.target_id === x.id).details.why), ['the value is another', 'nobody has confirmed it in time']);
});

// ---- every way ------------------------------------------------------------------------------------

const put = (w, body) => first('PUT', `/api/drift/configs/${w.config.id}`, { body });
const template = async () => ok(await first('POST', '/api/drift/golden-baselines', { body: { name: unique('g'), resources: [item({ ...value(1), critical: 'critical 2' })] } }), 201).id;
const bound = async (w, g) => first('PUT', `/api/drift/configs/${w.config.id}/baseline`, { body: { golden: { id: g } } });
// way: what comes of it while something severe is there that nobody has decided about, and whether one person may do it, loudly.
const ways = {
  'a change is accepted': [202, (w) => decide(first, w.changes.critical)],
  'a change is accepted until then': [202, (w) => decide(first, w.changes.critical, { expires_at: ahead(1) })],
  'a change is ignored': [202, (w) => decide(first, w.changes.critical, { status: 'ignored' })],
  'changes are accepted by id': [202, (w) => first('PUT', '/api/drift/changes', { body: { ids: [w.changes.critical.id], status: 'accepted', reason: 'x' } })],
  'changes are ignored by a filter': [202, (w) => first('PUT', '/api/drift/changes', { body: { filter: { report_id: w.report.id }, status: 'ignored' } })],
  'a report is accepted': [202, (w) => first('POST', `/api/drift/reports/${w.report.id}/accept`, { body: { reason: 'x' } })],
  'a snapshot becomes the baseline': [202, (w) => first('PUT', `/api/drift/configs/${w.config.id}/baseline`, { body: { snapshot_id: w.snapshot } })],
  'the config is bound to a template': [409, async (w) => bound(w, await template())],
  'rules': [409, (w) => put(w, { rules: [] })],
  'rule packs': [409, (w) => put(w, { rule_packs: ['generic'] })],
  'compare': [409, (w) => put(w, { compare: { normalise: [{ path: '/critical', how: 'ignore' }] } })],
  'thresholds': [409, (w) => put(w, { thresholds: { min_severity: 'critical', min_changes: 50 } })],
  'the mode of the baseline': [409, (w) => put(w, { baseline: { mode: 'previous' } })],
  'what is not read': [409, (w) => put(w, { unread: [{ category: 'c', reason: 'x' }] })],
  'the selector of the source': [409, (w) => put(w, { source: { kind: 'push', selector: { resources: '/x', key: 'id' } } })],
  'its name': [200, (w) => put(w, { name: unique('renamed') })],
  'a silence': [201, (w) => first('POST', '/api/drift/silences', { body: { matcher: { config: w.config.id }, reason: 'x', expires_at: ahead(1) } }), true],
  'windows by a rule': [201, (w) => first('POST', '/api/drift/silence-series', { body: { matcher: { config: w.config.id }, reason: 'x', rule: 'FREQ=DAILY;COUNT=2', starts_at: ahead(1), duration_s: 3600, timezone: 'UTC' } }), true],
  'the alert is resolved': [200, async (w) => first('PUT', `/api/drift/alerts/${(await alertOf(w)).id}`, { body: { status: 'resolved' } })],
  'a change is resolved': [200, (w) => decide(first, w.changes.critical, { status: 'resolved' })],
  'the config is dropped': [204, (w) => first('DELETE', `/api/drift/configs/${w.config.id}`), true],
};
for (const [way, [status, make, loud]] of Object.entries(ways))
  test(`one person, something critical, and ${way}: ${status}`, async () => {
    ok(await settle('critical'));
    const w = await drifted(['critical']), done = await make(w);
    assert.equal(done.status, status, done.text);
    if (status === 409)
      assert.match(done.json.detail, /second person/);
    if (loud) {
      const action = { 'a silence': 'silence.create', 'windows by a rule': 'silence_series.create' }[way] ?? 'drift_config.delete';
      assert.ok((await entries(action)).every((x) => x.details.one_person === true), action);
    }
    if (status === 204)
      return;
    // whatever was done: it is there, and nobody has decided about it
    const c = await change(w.changes.critical);
    assert.ok(['detected', 'resolved'].includes(c.status), c.status);
    const { report } = await push(first, w.config, [item({ ...value(1), critical: 'critical 2', low: unique('n') })]);
    assert.equal(report.max_severity, 'critical');
  });

test('the template of a bound config is not changed while something severe is there, and is once it was decided about', async () => {
  ok(await settle(null));
  const w = await drifted([]), g = ok(await first('POST', '/api/drift/golden-baselines', { body: { name: unique('g'), resources: [item(value(1))] } }), 201).id;
  ok(await bound(w, g));
  const { report } = await push(first, w.config, [item({ ...value(1), critical: 'critical 2' })]);
  ok(await settle('critical'));
  const alter = () => first('PUT', `/api/drift/golden-baselines/${g}`, { body: { resources: [item({ ...value(1), critical: 'critical 2' })] } });
  assert.equal((await alter()).status, 409);
  const [c] = await all(first, `/api/drift/reports/${report.id}/changes`);
  ok(await answer(second, ok(await decide(first, c), 202).pending[0], 'confirm'));
  ok(await alter());
});

test('what decides is changed by one person where nothing severe is there, and an alert says so', async () => {
  ok(await settle('critical'));
  const w = await drifted(['low']);
  ok(await put(w, { rules: [] }));
  await until('an alert', async () => (await all(first, '/api/drift/alerts?kind=security')).some((a) => a.title.includes('One person changed')));
});

test('one person changes by a template, and by golden baselines, what decides: it is in the trail, and an alert counts it', async () => {
  const alone = newTenant(), by = await bearer(alone), made = async (target, body) => ok(await by('POST', target, { body }), 201);
  ok(await by('PUT', `/api/tenants/${by.session.tenant.id}`, { body: { settings: { four_eyes: { accept_from: 'critical' } } } }));
  const done = async (t, what) => {
    const { operation_id } = ok(await by('POST', `/api/drift/templates/${t.id}/${what}`, { body: { tenants: [{ tenant: alone.tenant }] } }), 202);
    const o = await until('it is done', async () => { const x = ok(await by('GET', `/api/operations/${operation_id}`)); return x.state !== 'running' && x; }, 20);
    return Object.keys(o.result).join();
  };
  const source = { kind: 'push' }, says = (more) => ({ name: unique('c'), source, rule_packs: [], rules, ...more });
  const config = says(), t = await made('/api/drift/templates', { name: unique('t'), config }), other = await made('/api/drift/templates', { name: unique('t'), config: says() });
  assert.deepEqual([await done(t, 'apply'), await done(other, 'apply')], ['made', 'made']);
  ok(await by('PUT', `/api/drift/templates/${t.id}`, { body: { config: { ...config, rules: [] } } }));
  assert.deepEqual([await done(t, 'apply'), await done(t, 'undo'), await done(other, 'undo')], ['changed', 'changed', 'removed']);
  const g = await made('/api/drift/golden-baselines', { name: unique('g'), resources: [item(value(1))] }), c = await newConfig(by, { rule_packs: [], rules });
  const golden = (body) => by('PUT', `/api/drift/golden-baselines/${g.id}`, { body });
  ok(await golden({ resources: [item(value(2))] }));
  ok(await by('PUT', `/api/drift/configs/${c.id}/baseline`, { body: { golden: { id: g.id } } }));
  ok(await golden({ description: 'Of all.' }));
  ok(await golden({ resources: [item(value(3))] }));
  const told = async (action) => (await all(by, `/api/audit?action=${action}`)).map((x) => x.details.one_person ?? false).toSorted();
  assert.deepEqual(await Promise.all(['template.applied', 'template.undone', 'golden_baseline.update', 'baseline.set'].map(told)),
    [[false, false, true], [true, true], [false, false, true], [true]]);
  await until('an alert counts five', async () => (await all(by, '/api/drift/alerts?kind=security')).some((a) => /One person changed.*, 5 times/.test(a.title)));
});

test('the setting is changed by who gives power, and an alert says so; no more wait than may', async () => {
  ok(await settle('critical'));
  const without = await person(['read:tenants', 'update:tenants', 'read:settings', 'update:settings', 'update:drift', 'read:drift']);
  assert.equal((await settle(null, without)).status, 403);
  await until('an alert', async () => (await all(first, '/api/drift/alerts?kind=security')).some((a) => a.title.includes('need a second person was changed')));
  const w = await drifted(['critical']), have = (await waiting()).length;
  sql(`INSERT INTO drift_acceptances (id, kind, status, reason, reviewed, severity, findings, asked_name, asked_at, ends_at)
    SELECT UNHEX(LPAD(HEX(seq), 32, '0')), 'changes', 'accepted', 'x', 0, 'high', 0, 'x', NOW(3), NOW(3) + INTERVAL 1 DAY FROM seq_1_to_${100 - have}`, schema);
  const full = await decide(first, w.changes.critical);
  assert.deepEqual([full.status, full.json.code], [403, 'quota_exceeded']);
  sql("DELETE FROM drift_acceptances WHERE severity = 'high' AND reason = 'x'", schema);
  ok(await settle(null));
});

test('less is asked for by one, and is so when another who may has set the same, signed in', async () => {
  ok(await settle('medium'));
  const holder = ['read:tenants', 'update:tenants', 'read:settings', 'update:settings', 'assign:roles', 'read:roles'];
  const other = await person(holder), third = await person(holder), by = (who, accept_from) => settle(accept_from, who);
  const state = async () => ok(await first('GET', `/api/tenants/${id}`));
  const put = (who, settings) => who('PUT', `/api/tenants/${id}`, { body: { settings } });
  const key = withKey((await serviceKey(first, ['update:tenants', 'update:settings', 'assign:roles'], { administrative: true })).key);
  assert.equal((await by(key, null)).status, 403, 'a key asks for nothing');
  for (const to of ['high', null]) {
    const { settings: { four_eyes }, four_eyes_pending: asked } = ok(await by(first, to));
    assert.deepEqual([four_eyes, asked.accept_from, asked.asked_name, asked.asked_by], [{ accept_from: 'medium' }, to, owner.email, first.session.user.id]);
    ok(await by(first, to));
    const now = await state();
    assert.deepEqual([now.settings.four_eyes, now.four_eyes_pending], [four_eyes, asked], 'who has asked does not confirm');
    // what was read is put back by who may not change it
    const without = await person(holder.filter((x) => x !== 'assign:roles'));
    assert.deepEqual(ok(await put(without, now.settings)).four_eyes_pending, asked);
    assert.equal((await by(without, 'low')).status, 403);
  }
  // still two are needed
  const w = await drifted(['medium']);
  ok(await decide(first, w.changes.medium), 202);
  // a wish for something else takes its place; more strict is so at once, and is the end of it
  assert.equal(ok(await by(other, 'critical')).four_eyes_pending.asked_name, other.email);
  const shown = ({ settings, four_eyes_pending }) => [settings.four_eyes.accept_from, four_eyes_pending];
  assert.deepEqual(shown(ok(await by(third, 'medium'))), ['medium', null]);
  ok(await by(first, null));
  assert.deepEqual(shown(ok(await by(third, 'low'))), ['low', null]);
  // who has asked, and may it no more, has asked for nothing
  const fourth = await person(holder);
  for (const gone of [{ roles: [] }, { status: 'disabled' }]) {
    ok(await by(fourth, null));
    ok(await first('PUT', `/api/users/${fourth.session.user.id}`, { body: gone }));
    const a = ok(await by(other, null));
    assert.deepEqual([a.settings.four_eyes.accept_from, a.four_eyes_pending.asked_name], ['low', other.email]);
    ok(await first('PUT', `/api/users/${fourth.session.user.id}`, { body: { status: 'active', roles: fourth.session.user.roles } }));
    ok(await by(other, 'low'));
  }
  // what a newer program keeps in the settings is nobody's end here, and stays
  sql(`UPDATE tenants SET settings = JSON_INSERT(settings, '$.newer', 1, '$.four_eyes.newer', JSON_OBJECT('a', 1), '$.retention', JSON_OBJECT('newer', 1)) WHERE slug = '${owner.tenant}'`);
  await bearer(owner);
  assert.equal((await state()).settings.newer, undefined);
  ok(await put(other, { session: { idle_s: 900 } }));
  assert.equal(sql(`SELECT JSON_VALUE(settings, '$.four_eyes.newer.a') FROM tenants WHERE slug = '${owner.tenant}'`), '1');
  await drifted(['medium']);
  // what has waited too long is asked anew
  ok(await by(first, null));
  sql(`UPDATE tenants SET settings_pending = JSON_SET(settings_pending, '$.asked_at', '2026-01-01T00:00:00.000Z') WHERE slug = '${owner.tenant}'`);
  await until('it is over', async () => (await state()).four_eyes_pending === null);
  assert.equal(ok(await by(third, null)).four_eyes_pending.asked_name, third.email);
  // nor by leaving all of it away, beside something else, or by saying who has asked
  assert.equal(ok(await put(third, { four_eyes: null, session: { idle_s: 900 } })).settings.four_eyes.accept_from, 'low');
  assert.equal((await put(third, { four_eyes: { accept_from: null, pending: { accept_from: null, asked_by: first.session.user.id } } })).status, 422);
  assert.equal((await by(key, null)).status, 403, 'no key confirms');
  assert.deepEqual(ok(await put(other, { four_eyes: null })).settings.four_eyes, { accept_from: null });
  const told = (await entries('settings.update')).map((x) => x.details.four_eyes_pending?.to?.asked_name).filter(Boolean);
  assert.ok([owner.email, other.email, third.email].every((name) => told.includes(name)));
  ok(await decide(first, w.changes.medium));
});
