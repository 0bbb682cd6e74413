// Templates: one config for many tenants, by what each of them grants; tried before, told of each, kept where a tenant says
// otherwise, taken back, and never made twice.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { child, children, credentials, sql, state, until } from '../lib/env.mjs';
import { ahead, all, bearer, bsxctl, newConfig, newTenant, serviceKey, unique, withKey } from '../lib/people.mjs';

const base = '/api/drift/templates', password = 'a long enough password';
const hex = (id) => `UNHEX('${id.replaceAll('-', '')}')`;
const platform = await bearer(credentials.platform);
const party = async (slug = unique('t')) => {
  const owner = newTenant(slug), admin = await bearer(owner), { id } = admin.session.tenant;
  return { ...owner, slug, admin, id, schema: sql(`SELECT schema_name FROM tenants WHERE id = ${hex(id)}`) };
};
// A tenant without people, in which the firm may work: made with a schema of the pool.
const customer = async (roles = ['operator'], slug = unique('c')) => {
  const a = await platform('POST', '/api/tenants', { body: { slug, name: `Customer ${slug}` } });
  assert.equal(a.status, 201, a.text);
  const c = { slug, id: a.json.id, schema: sql(`SELECT schema_name FROM tenants WHERE id = ${hex(a.json.id)}`) };
  if (roles.length > 0)
    c.grant = await grant(c, roles);
  return c;
};
const grant = async (c, roles) => {
  const a = await platform('POST', `/api/tenants/${c.id}/grants`, { body: { grantee_tenant: firm.slug, roles, reason: 'They look after us.', expires_at: ahead(1) } });
  assert.equal(a.status, 201, a.text);
  return a.json;
};
// A session of the database that holds rows until it ends.
async function hold(p, text) {
  const socket = /socket = "([^"]+db\.sock)"/.exec(fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8'))[1];
  const run = spawn('mariadb', ['--no-defaults', `--socket=${socket}`, '-N', '-B', '-n', p.schema], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  run.unref();
  run.stdin.unref();
  run.stdout.unref();
  run.stdout.on('data', (d) => { out += d; });
  run.stdin.write(`BEGIN; ${text}; SELECT 'held';\n`);
  await until('rows are held', () => out.includes('held'));
  return { end: () => new Promise((ok) => { run.ref(); run.on('exit', ok); run.stdin.end('ROLLBACK;\n'); }) };
}
const firm = await party();
bsxctl('tenant', 'work', '--pool', '26');
const there = (c, caller = firm.admin) => (method, target, options = {}) => caller(method, target, { ...options, headers: { 'X-Acting-Tenant': c.slug } });
const configs = (c) => all(there(c), '/api/drift/configs');
const trail = (c, action) => sql(`SELECT COUNT(*) FROM audit WHERE action = '${action}'`, c.schema);
const says = (name = unique('watch'), more = {}) => ({ name, source: { kind: 'push' }, expect_every_s: 3600, rule_packs: ['entra'],
  thresholds: { min_severity: 'medium', blind_after: 4 }, rules: [{ category: '%kind%', path: '/**', severity: 'high' }], ...more });
const made = async (config = says(), more = {}, by = firm.admin) => {
  const a = await by('POST', base, { body: { name: unique('template'), config, variables: [{ name: 'kind', default: 'users' }], ...more } });
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const done = async (t, what, body, by = firm.admin) => {
  const a = await by('POST', `${base}/${t.id}/${what}`, { body });
  assert.equal(a.status, 202, a.text);
  const o = await over(a.json.operation_id, by);
  const rows = await all(by, `${base}/${t.id}/results?operation=${o.id}`);
  assert.equal(rows.length, a.json.tenants);
  return { ...o, rows, of: (c) => rows.find((x) => x.tenant_id === c.id) ?? rows.find((x) => x.tenant === c.slug) };
};
const over = (id, caller = firm.admin) => until('the operation is over', async () => {
  const o = (await caller('GET', `/api/operations/${id}`)).json;
  return o.state !== 'running' && o;
}, 20);
const outcome = (o, ...cs) => cs.map((c) => o.of(c).outcome);
const named = (...cs) => ({ tenants: cs.map((c) => ({ tenant: c.slug })) });
const change = async (t, body) => {
  const a = await firm.admin('PUT', `${base}/${t.id}`, { body });
  assert.equal(a.status, 200, a.text);
  return a.json;
};
const uses = async (t) => Object.fromEntries((await all(firm.admin, `${base}/${t.id}/tenants`)).map((x) => [x.tenant_id, x]));

test('a template is made, shown, changed in versions and dropped, and what it may not hold is told', async () => {
  const t = await made(says('w', { baseline: { mode: 'previous' } }), { description: 'For all.' }), at = `${base}/${t.id}`;
  assert.deepEqual([t.version, t.author, t.variables, t.config.baseline], [1, firm.email, [{ name: 'kind', default: 'users' }], { mode: 'previous' }]);
  assert.deepEqual((await firm.admin('PUT', at, { body: { description: null } })).json.version, 1);
  const second = await change(t, { config: says('w2') });
  assert.deepEqual([second.version, second.config.name, second.name], [2, 'w2', t.name]);
  assert.equal((await firm.admin('GET', `${at}?version=1`)).json.config.name, 'w');
  assert.equal((await firm.admin('GET', `${at}?version=3`)).status, 404);
  assert.equal((await firm.admin('POST', base, { body: { name: t.name, config: says(), variables: t.variables } })).json.code, 'conflict');
  const wrong = async (body, ...pointers) => {
    const a = await firm.admin('POST', base, { body: { name: unique('t'), config: says(), variables: [{ name: 'kind' }], ...body } });
    assert.deepEqual([a.status, (a.json.errors ?? []).map((x) => x.pointer)], [422, pointers], a.text);
  };
  await wrong({ config: [] }, '/config');
  await wrong({ config: { name: 'x' } }, '/config/source');
  await wrong({ config: says('x', { source: { kind: 'push', credential: { kind: 'bearer', token: 't' } } }) }, '/config/source/credential');
  await wrong({ config: says('x', { colour: 'red' }) }, '/config/colour');
  await wrong({ config: says('x', { baseline: { mode: 'golden' } }) }, '/config/baseline/mode');
  await wrong({ variables: [] }, '/config/rules/0/category');
  await wrong({ variables: [{ name: 'kind' }, { name: 'kind' }] }, '/variables/1/name');
  await wrong({ config: says('x', { expect_every_s: 'often' }), variables: [{ name: 'kind', default: 'users' }] }, '/config/expect_every_s');
  for (const [table, of] of [['config_templates', 'id'], ['config_template_versions', 'version = 2 AND template_id']])
    sql(`UPDATE ${table} SET version = 50 WHERE ${of} = ${hex(t.id)}`, firm.schema);
  await change(t, { config: says('w51') });
  assert.deepEqual((await Promise.all([1, 50, 51].map((n) => firm.admin('GET', `${at}?version=${n}`)))).map((x) => x.status), [404, 200, 200], 'the newest 50 are kept');
  assert.equal((await firm.admin('DELETE', at)).status, 204);
  assert.equal((await firm.admin('GET', at)).status, 404);
});

test('it is tried first, made in every tenant, and each is told of; a later version follows, and what a tenant says otherwise stays', async () => {
  const a = await customer(), b = await customer(), c = await customer(), t = await made();
  const body = { tenants: [{ tenant: a.slug }, { tenant: b.id, variables: { kind: 'groups' } }, { tenant: c.slug }] };
  const tried = await done(t, 'preview', body);
  assert.deepEqual([tried.state, outcome(tried, a, b, c), tried.result], ['done', ['made', 'made', 'made'], { made: 3 }]);
  assert.deepEqual([await configs(a), await uses(t)], [[], {}], 'nothing was done');
  const first = await done(t, 'apply', body);
  assert.deepEqual([first.state, first.done, first.total, outcome(first, a, b, c)], ['done', 3, 3, ['made', 'made', 'made']]);
  const [of] = await configs(b), [one] = await configs(a);
  assert.deepEqual([of.name, of.rules[0].category, one.rules[0].category, of.thresholds.blind_after], [t.config.name, 'groups', 'users', 4]);
  const [who, from, target, details] = sql("SELECT actor_name, HEX(acting_tenant), target_id, details FROM audit WHERE action = 'template.applied'", b.schema).split('\t');
  const bare = (id) => id.replaceAll('-', '').toUpperCase(), told = JSON.parse(details);
  assert.deepEqual([who, from, target, told.template, told.version, told.operation], [firm.email, bare(firm.id), of.id, t.name, 1, first.id]);
  const [asked] = (await all(firm.admin, '/api/audit?action=template.apply')).filter((x) => x.target_id === t.id);
  assert.deepEqual([asked.actor_name, asked.details.tenants, asked.details.operation], [firm.email, 3, first.id]);
  await until('the firm hears of each', async () => (await all(firm.admin, '/api/audit?action=grant.act')).filter((x) => x.details.action === 'template.applied').length >= 3);
  const again = await done(t, 'apply', body);
  assert.deepEqual(outcome(again, a, b, c), ['unchanged', 'unchanged', 'unchanged']);

  // a tenant changes one place that the template will, and one that it will not
  assert.equal((await there(b)('PUT', `/api/drift/configs/${of.id}`, { body: { thresholds: { min_severity: 'high', blind_after: 4 }, retention_s: 86400 } })).status, 200);
  await change(t, { config: { ...t.config, thresholds: { min_severity: 'low', blind_after: 9 }, expect_every_s: 7200 } });
  const trial = await done(t, 'preview', {});
  assert.deepEqual([trial.total, outcome(trial, a, b, c)], [3, ['changed', 'changed', 'changed']]);
  const places = (x) => Object.fromEntries(x.changes.map((p) => [p.path, [p.how, p.was, p.now]]));
  assert.deepEqual(places(trial.of(b)), { '/expect_every_s': ['changed', 3600, 7200], '/thresholds/min_severity': ['kept', 'medium', 'low'],
    '/thresholds/blind_after': ['changed', 4, 9], '/retention_s': ['kept', null, null] });
  assert.ok(!JSON.stringify(trial.rows).includes('86400'), 'no value of the tenant');
  assert.deepEqual((await uses(t))[b.id].kept.toSorted(), ['/retention_s', '/thresholds/min_severity']);

  // the first of them, then the rest
  const few = await done(t, 'apply', { first: 1 });
  assert.deepEqual([few.total, few.rows[0].outcome], [1, 'changed']);
  const rest = await done(t, 'apply', {});
  assert.equal(rest.total, 2, 'only those that have another version');
  const now = (await configs(b))[0], state = await uses(t);
  assert.deepEqual([now.thresholds, now.expect_every_s, now.retention_s], [{ min_severity: 'high', blind_after: 9 }, 7200, 86400]);
  assert.deepEqual([a, b, c].map((x) => state[x.id].version), [2, 2, 2]);
  const bound = (await there(b)('GET', `/api/drift/configs/${of.id}/template`)).json;
  assert.deepEqual([bound.template_id, bound.owner, bound.version, bound.applied_by], [t.id, firm.slug, 2, `tenant:${firm.slug}/${firm.email}`]);
  assert.deepEqual(bound.deviations.toSorted((x, y) => x.path.localeCompare(y.path)), [{ path: '/retention_s', template: null, own: 86400 }, { path: '/thresholds/min_severity', template: 'low', own: 'high' }]);
  assert.equal((await firm.admin('GET', `/api/drift/configs/${(await newConfig(firm.admin)).id}/template`)).status, 404);
  const none = await firm.admin('POST', `${base}/${t.id}/apply`, { body: {} });
  assert.deepEqual([none.status, none.json.errors[0].pointer], [422, '/tenants']);

  // the way back: as it was before, but for what the tenant has changed since
  assert.equal((await there(c)('PUT', `/api/drift/configs/${(await configs(c))[0].id}`, { body: { expect_every_s: 60 } })).status, 200);
  const undone = await done(t, 'undo', {});
  assert.deepEqual(outcome(undone, a, b, c), ['changed', 'changed', 'changed']);
  const before = (await configs(b))[0];
  assert.deepEqual([before.thresholds, before.expect_every_s, before.retention_s], [{ min_severity: 'high', blind_after: 4 }, 3600, 86400]);
  assert.deepEqual([(await configs(c))[0].expect_every_s, (await configs(c))[0].thresholds.blind_after], [60, 4]);
  const twice = await done(t, 'undo', named(a));
  assert.deepEqual([twice.rows[0].outcome, twice.rows[0].detail], ['failed', 'There is no step back from here: apply an earlier version of the template.']);
  // what was made by it is dropped by it, where the tenant has left it as it was
  const other = await made(says());
  await done(other, 'apply', named(a, c));
  const id = (await configs(c)).find((x) => x.name === other.config.name).id;
  await there(c)('PUT', `/api/drift/configs/${id}`, { body: { expect_every_s: 61 } });
  const gone = await done(other, 'undo', {});
  assert.deepEqual([outcome(gone, a, c), gone.of(c).detail], [['removed', 'kept'], 'The tenant has changed the config since: it stays.']);
  assert.equal((await configs(a)).length, 1);
  assert.deepEqual([trail(a, 'template.undone'), trail(a, 'template.applied')], ['2', '3']);
  // a config that the tenant has dropped stays dropped
  assert.equal((await there(c)('DELETE', `/api/drift/configs/${id}`)).status, 204);
  const left = await done(other, 'apply', named(c));
  assert.deepEqual([left.rows[0].outcome, left.rows[0].detail], ['kept', 'The tenant has dropped the config: it stays dropped.']);
  // until it is taken back, which lets go of it
  const freed = await done(other, 'undo', named(c));
  assert.deepEqual([freed.rows[0].outcome, (await uses(other))[c.id]], ['removed', undefined], JSON.stringify(freed.rows));
  assert.deepEqual(outcome(await done(other, 'apply', named(c)), c), ['made']);
  // the tenant itself lets go: of a config that stays, and of one that it has dropped
  const kept = (await configs(c)).find((x) => x.name === other.config.name).id, bind = (i) => `/api/drift/configs/${i}/template`;
  assert.deepEqual([(await there(c)('DELETE', bind(kept))).status, (await there(c)('DELETE', bind(kept))).status, (await there(c)('GET', bind(kept))).status], [204, 404, 404]);
  const met = await done(other, 'apply', named(c));
  assert.deepEqual([met.rows[0].outcome, met.rows[0].detail], ['failed', 'A config of that name exists.']);
  assert.equal((await there(c)('DELETE', `/api/drift/configs/${kept}`)).status, 204);
  await done(other, 'apply', named(c));
  const dropped = (await configs(c)).find((x) => x.name === other.config.name).id;
  assert.deepEqual([(await there(c)('DELETE', `/api/drift/configs/${dropped}`)).status, (await there(c)('DELETE', bind(dropped))).status], [204, 204]);
  assert.deepEqual(outcome(await done(other, 'apply', named(c)), c), ['made']);
  assert.equal(trail(c, 'template.let_go'), '2');
});

test('what is taken back tells nothing that only the tenant has said', async () => {
  const a = await customer(), t = await made(says('first')), rename = async (name) => {
    assert.equal((await there(a)('PUT', `/api/drift/configs/${(await configs(a))[0].id}`, { body: { name } })).status, 200);
  };
  await done(t, 'apply', named(a));
  await rename('their own word');
  await change(t, { config: { ...t.config, expect_every_s: 7200 } });
  await done(t, 'apply', {});
  await rename('and another');
  const undone = await done(t, 'undo', {}), told = Object.fromEntries(undone.rows[0].changes.map((x) => [x.path, x]));
  assert.deepEqual([undone.rows[0].outcome, told['/expect_every_s']], ['changed', { path: '/expect_every_s', how: 'changed', was: 7200, now: 3600 }]);
  assert.deepEqual(told['/name'], { path: '/name', how: 'kept' });
  assert.equal((await configs(a))[0].name, 'and another');
});

test('a preview is refused what the application would be: a name that is taken, a quota', async () => {
  const taken = await customer(), full = await customer(), t = await made();
  await newConfig(there(taken), { name: t.config.name });
  const q = await platform('PUT', `/api/tenants/${full.id}`, { body: { quota: { drift_configs: 1 } } });
  assert.equal(q.status, 200, q.text);
  await newConfig(there(full));
  for (const what of ['preview', 'apply']) {
    const o = await done(t, what, named(taken, full));
    assert.deepEqual([outcome(o, taken, full), o.of(taken).detail], [['failed', 'failed'], 'A config of that name exists.'], what);
    assert.match(o.of(full).detail, /^The quota is used up/);
  }
  assert.equal((await configs(full)).length, 1);
});

test('a tenant that cannot be worked in comes last, is tried again, and has failed then; the others are done', async () => {
  const broken = await customer(), well = await customer(), t = await made();
  sql('RENAME TABLE config_template_bindings TO config_template_away', broken.schema);
  const a = await firm.admin('POST', `${base}/${t.id}/apply`, { body: named(broken, well) }), id = a.json.operation_id;
  const rows = async () => Object.fromEntries((await all(firm.admin, `${base}/${t.id}/results?operation=${id}`)).map((x) => [x.tenant, [x.outcome, x.detail]]));
  await until('the other is made', async () => (await rows())[well.slug][0] === 'made');
  assert.deepEqual((await rows())[broken.slug], ['waiting', 'It could not be done there, and is tried again.']);
  const o = await until('it is over', async () => {
    sql(`UPDATE operations SET next_due = NOW(3) WHERE id = ${hex(id)} AND lease_owner IS NULL`);
    const now = (await firm.admin('GET', `/api/operations/${id}`)).json;
    return now.state !== 'running' && now;
  }, 20);
  assert.deepEqual([o.state, o.result, (await rows())[broken.slug]], ['done', { failed: 1, made: 1 }, ['failed', 'It could not be done there, though it was tried again.']]);
  assert.equal(sql(`SELECT COUNT(*) FROM operations WHERE input IS NOT NULL AND id = ${hex(id)}`), '0');
  sql('RENAME TABLE config_template_away TO config_template_bindings', broken.schema);
  assert.deepEqual(outcome(await done(t, 'apply', named(broken)), broken), ['made']);
});

test('no more is done in a tenant than whoever asked may do there when its turn comes, and what fails in one is its sentence alone', async () => {
  const well = await customer(), reader = await customer(['viewer']), stranger = await customer([]), taken = await customer(), c0 = await customer(), t = await made();
  await newConfig(there(taken), { name: t.config.name });
  const body = { tenants: [{ tenant: reader.slug }, { tenant: stranger.slug }, { tenant: 'no-such-tenant' }, { tenant: taken.slug }, { tenant: firm.slug },
    { tenant: well.slug, variables: { kind: 7 } }] };
  const o = await done(t, 'apply', body), why = (c) => o.of(c).detail;
  assert.deepEqual(o.rows.map((x) => x.outcome).toSorted(), ['failed', 'failed', 'failed', 'failed', 'failed', 'made'], JSON.stringify(o.rows));
  assert.deepEqual([why(reader), why(stranger), why({ slug: 'no-such-tenant' }), why(taken)], ['It needs create:drift in that tenant.', 'You may not act in that tenant.',
    'You may not act in that tenant.', 'A config of that name exists.']);
  assert.match(why(well), /^\/rules\/0\/category: must be/);
  assert.equal(o.of(stranger).tenant_id, null, 'not told from one that is not there');
  assert.equal(o.of(firm).outcome, 'made', 'one\'s own is one of them');
  assert.deepEqual([o.state, o.result], ['done', { failed: 5, made: 1 }]);
  assert.equal(sql('SELECT COUNT(*) FROM drift_configs', stranger.schema), '0');
  // a grant that is over, a tenant that is suspended, somebody who may not any more
  await done(t, 'apply', named(well));
  await change(t, { config: { ...t.config, expect_every_s: 60 } });
  assert.equal((await platform('DELETE', `/api/tenants/${well.id}/grants/${well.grant.id}`)).status, 204);
  assert.deepEqual(outcome(await done(t, 'apply', named(well)), well), ['failed']);
  assert.deepEqual([(await uses(t))[well.id].outcome, (await uses(t))[well.id].version], ['failed', 1]);
  const asks = await firm.admin('POST', '/api/users', { body: { email: `${unique('u')}@rollout.example`, display_name: 'U', password, roles: ['operator'] } });
  const worker = await bearer({ tenant: firm.slug, email: asks.json.email, password }), next = await customer(), held = await hold(c0, 'SELECT * FROM config_template_bindings FOR UPDATE');
  const late = await worker('POST', `${base}/${t.id}/apply`, { body: named(c0, next) });
  assert.equal(late.status, 202, late.text);
  sql(`UPDATE users SET status = 'disabled' WHERE id = ${hex(asks.json.id)}`, firm.schema);
  await held.end();
  const lost = await over(late.json.operation_id);
  assert.deepEqual([lost.state, lost.error, lost.result.cancelled > 0], ['failed', 'Who asked for it may not do it any more.', true]);
  assert.equal(trail(next, 'template.applied'), '0');
  // the routes themselves: who reads does not apply; nor who acts in another tenant; a key does what its maker may
  const viewer = withKey((await serviceKey(firm.admin, ['read:drift'])).key), key = withKey((await serviceKey(firm.admin, ['read:drift', 'update:drift', 'create:drift'])).key);
  assert.equal((await viewer('POST', `${base}/${t.id}/apply`, { body: named(next) })).status, 403);
  assert.equal((await there(next)('POST', `${base}/${t.id}/apply`, { body: named(next) })).status, 403);
  assert.deepEqual(outcome(await done(t, 'apply', named(next), key), next), ['made']);
  // what cannot be meant
  const wrong = async (b, pointer) => {
    const a = await firm.admin('POST', `${base}/${t.id}/apply`, { body: b });
    assert.deepEqual([a.status, a.json.errors?.[0].pointer], [422, pointer], a.text);
  };
  await wrong({ tenants: [{ tenant: next.slug, variables: { size: 1 } }] }, '/tenants/0/variables/size');
  await wrong({ tenants: [{ tenant: next.slug, variables: [] }] }, '/tenants/0/variables');
  await wrong(named(next, next), '/tenants/1/tenant');
  await wrong({ tenants: [] }, '/tenants');
  await wrong({ credential: 'x' }, '/credential');
  assert.equal((await firm.admin('POST', `${base}/${t.id}/apply`, { body: { ...named(next), version: 99 } })).status, 404);
});

test('killed between what was done in a tenant and the note of it, it goes on, and nothing is made twice', async () => {
  const cs = [];
  for (let i = 0; i < 6; i++)
    cs.push(await customer());
  const t = await made(), body = named(...cs);
  const blocked = await hold(cs[3], 'SELECT * FROM config_template_bindings FOR UPDATE');
  const a = await firm.admin('POST', `${base}/${t.id}/apply`, { body }), count = () => cs.filter((c) => sql('SELECT COUNT(*) FROM drift_configs', c.schema) === '1').length;
  assert.equal(a.status, 202, a.text);
  const row = sql(`SELECT HEX(id) FROM config_template_results WHERE operation = ${hex(a.json.operation_id)} AND tenant = '${cs[4].slug}'`, firm.schema);
  const held = await hold(firm, `SELECT * FROM config_template_results WHERE id = UNHEX('${row}') FOR UPDATE`);
  await until('half of it is done', () => count() >= 3, 20);
  const kill = async () => {
    const old = children(child('driftd'));
    for (const pid of old)
      process.kill(pid, 'SIGKILL');
    await until('others are there', () => children(child('driftd')).some((pid) => !old.includes(pid)), 20);
  };
  await kill();
  await blocked.end();
  await until('the fifth is made, and not noted', () => count() >= 5, 40);
  await kill();
  await held.end();
  const o = await over(a.json.operation_id);
  assert.deepEqual([o.state, o.done, o.result], ['done', 6, { made: 6 }]);
  for (const c of cs)
    assert.deepEqual([sql('SELECT COUNT(*) FROM drift_configs', c.schema), trail(c, 'template.applied')], ['1', '1']);
  assert.equal(Object.keys(await uses(t)).length, 6);

  // two at the same time: the one that was asked for later holds, everywhere
  const v2 = await change(t, { config: { ...t.config, expect_every_s: 111 } }), v3 = await change(t, { config: { ...t.config, expect_every_s: 222 } });
  const [x, y] = await Promise.all([done(t, 'apply', { ...body, version: v2.version }), done(t, 'apply', { ...body, version: v3.version })]);
  assert.deepEqual([x.state, y.state], ['done', 'done']);
  const last = x.id < y.id ? 222 : 111; // ids are in the order in which they came
  for (const c of cs)
    assert.equal((await configs(c))[0].expect_every_s, last);

  // it is cancelled: what is done stays, the rest is not begun
  const stop = await hold(cs[0], 'SELECT * FROM config_template_bindings FOR UPDATE');
  const b = await firm.admin('POST', `${base}/${t.id}/apply`, { body: { ...body, version: 1 } });
  assert.equal((await firm.admin('DELETE', `/api/operations/${b.json.operation_id}`)).status, 202);
  // no more than ten wait for each other
  const more = [];
  for (let i = 0; i < 10; i++)
    more.push(await firm.admin('POST', `${base}/${t.id}/preview`, { body: named(cs[0]) }));
  assert.deepEqual([...new Set(more.slice(0, 9).map((x) => x.status)), more[9].status], [202, 409], more[9].text);
  assert.match(more[9].json.detail, /^10 operations of templates are running/);
  await stop.end();
  for (const x of more.slice(0, 9))
    assert.equal((await over(x.json.operation_id)).state, 'done');
  const ended = await over(b.json.operation_id);
  assert.equal(ended.state, 'cancelled');
  assert.ok(ended.result.cancelled >= 5, JSON.stringify(ended.result));
});

test('a credential is given where it is applied: shown to the source, answered nowhere, and a tenant\'s own stays', async () => {
  const a = await customer(), b = await customer(), secret = crypto.randomBytes(12).toString('hex');
  const source = { kind: 'http', parameters: { base_url: 'https://%host%' }, collections: [{ category: 'rules', path: '/r', items: '/value', key: 'id' }] };
  const t = await made({ name: unique('w'), source }, { variables: [{ name: 'host' }] });
  const tenants = [{ tenant: a.slug, variables: { host: 'fw.example.org' } }, { tenant: b.slug, variables: { host: 'fw.example.net' } }];
  const credential = (token) => ({ kind: 'bearer', token });
  const first = await done(t, 'apply', { tenants, credential: credential(secret) });
  assert.deepEqual(outcome(first, a, b), ['made', 'made'], JSON.stringify(first.rows));
  const digest = (c) => sql('SELECT HEX(digest) FROM source_credentials', c.schema), was = [digest(a), digest(b)];
  const id = (await configs(b))[0].id;
  assert.equal((await there(b)('PUT', `/api/drift/configs/${id}`, { body: { source: { ...source, parameters: { base_url: 'https://fw.example.net' }, credential: credential('their own') } } })).status, 200);
  const own = digest(b), second = await done(t, 'apply', { ...named(a, b), credential: credential(`${secret}2`) });
  assert.deepEqual([outcome(second, a, b), second.of(b).detail], [['changed', 'unchanged'], 'The tenant has given the source a credential of its own: that stays.']);
  assert.notEqual(digest(a), was[0]);
  assert.equal(digest(b), own);
  assert.notEqual(own, was[1]);
  // nor is it given where the tenant says where that leads, or what is asked there
  const elsewhere = await customer(), asks = await customer(), put = async (c, more) => {
    const r = await there(c)('PUT', `/api/drift/configs/${(await configs(c))[0].id}`, { body: { source: { ...source, parameters: { base_url: 'https://fw.example.org' }, credential: null, ...more } } });
    assert.equal(r.status, 200, r.text);
  };
  const both = { tenants: [elsewhere, asks].map((c) => ({ tenant: c.slug, variables: { host: 'fw.example.org' } })) };
  await done(t, 'apply', { ...both, credential: credential(secret) });
  assert.ok(digest(elsewhere) !== '' && digest(asks) !== '');
  await put(elsewhere, { parameters: { base_url: 'https://evil.example' } });
  await put(asks, { collections: [{ ...source.collections[0], path: '/drop', method: 'POST' }] });
  const refused = await done(t, 'apply', { ...named(elsewhere, asks), credential: credential(secret) });
  for (const c of [elsewhere, asks])
    assert.deepEqual([refused.of(c).detail, digest(c)], ['The tenant asks elsewhere than the template says: the credential was not given.', '']);
  await put(asks, {}); // as the template says again
  const given = await done(t, 'apply', { ...named(asks), credential: credential(secret) });
  assert.deepEqual([given.rows[0].outcome, given.rows[0].detail, digest(asks) !== ''], ['changed', null, true]);
  for (const target of [`${base}/${t.id}`, `${base}/${t.id}/results`, `${base}/${t.id}/tenants`, `/api/operations/${first.id}`, '/api/audit?limit=200'])
    assert.ok(!(await firm.admin('GET', target)).text.includes(secret), target);
  assert.equal(sql(`SELECT COUNT(*) FROM operations WHERE input IS NOT NULL AND id = ${hex(first.id)}`), '0');
});
