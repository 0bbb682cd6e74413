// Golden baselines: what there has to be, with variables and declared differences, and what follows from it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { build, credentials, until } from '../lib/env.mjs';
import { all, bearer, newConfig, newKey, newTenant, push, unique, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
const base = '/api/drift/golden-baselines';
const item = (category, key, value) => ({ category, key, value });
const pointers = (a) => (a.json.errors ?? []).map((e) => e.pointer);

async function newGolden(admin, resources, more = {}) {
  const a = await admin('POST', base, { body: { name: unique('golden'), ...(resources && { resources }), ...more } });
  assert.equal(a.status, 201, a.text);
  return a.json;
}

// A config, a way to push to it, to bind it, and to look at what a push found.
async function watched(admin, more = {}) {
  const c = await newConfig(admin, { rule_packs: [], ...more }), key = withKey((await newKey(admin)).key);
  const place = `/api/drift/configs/${c.id}/baseline`;
  const send = async (...resources) => (await push(key, c, resources)).report;
  return { c, key, send,
    set: (body) => admin('PUT', place, { body }),
    bind: async (g, rest = {}) => {
      const a = await admin('PUT', place, { body: { golden: { id: g.id, ...rest } } });
      assert.equal(a.status, 200, a.text);
      return a.json;
    },
    baseline: async () => (await admin('GET', place)).json,
    changes: async (report) => (await all(admin, `/api/drift/reports/${report.id}/changes`))
      .map((x) => [x.op, x.resource.category, x.resource.key, x.path]) };
}

test('a template is made, shown, changed in versions, and dropped', async () => {
  const admin = await bearer(), name = unique('golden');
  const resources = [item('c', 'k-%place%', { size: '%size%', text: 'in %place%', all: '100%', n: 1.50 })];
  const variables = [{ name: 'place' }, { name: 'size', description: 'How large.', default: { a: [1, null] } }];
  const text = JSON.stringify({ name, description: 'What for.', resources, variables }).replace('"n":1.5', '"n":9007199254740993');
  const made = await admin('POST', base, { body: Buffer.from(text), headers: { 'Content-Type': 'application/json' } });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.json.version, made.json.owner, made.json.shared, made.json.resource_count], [1, 'tenant', false, 1]);
  const target = `${base}/${made.json.id}`;

  const got = await admin('GET', target);
  assert.equal(got.status, 200);
  assert.deepEqual(got.json.resources[0].value, { ...resources[0].value, n: 9007199254740992 });
  assert.match(got.text, /"n": ?9007199254740993/, 'a number is exact');
  assert.deepEqual(got.json.variables, variables);
  assert.deepEqual(got.json.history.map((v) => v.version), [1]);
  const [listed] = (await all(admin, base)).filter((g) => g.id === made.json.id);
  assert.deepEqual([listed.resources, listed.variables, listed.history], [undefined, undefined, undefined]);

  const tag = got.headers.etag;
  const renamed = await admin('PUT', target, { body: { name: `${name}-2`, description: null }, headers: { 'If-Match': tag } });
  assert.equal(renamed.status, 200, renamed.text);
  assert.deepEqual([renamed.json.version, renamed.json.description, renamed.json.name], [1, '', `${name}-2`]);
  assert.equal((await admin('PUT', target, { body: { name }, headers: { 'If-Match': tag } })).status, 412);
  assert.equal((await admin('PUT', target, { body: { variables } })).json.version, 1, 'nothing changed');
  const changed = await admin('PUT', target, { body: { resources: [item('c', 'k', 'now %place%')] } });
  assert.deepEqual([changed.json.version, changed.json.history.map((v) => v.version)], [2, [2, 1]]);
  assert.deepEqual(changed.json.variables, variables, 'what is not named stays');
  assert.deepEqual((await admin('GET', `${target}?version=1`)).json.resources[0].key, 'k-%place%');
  assert.equal((await admin('GET', `${target}?version=2`)).json.resources[0].value, 'now %place%');
  assert.equal((await admin('GET', `${target}?version=3`)).status, 404);

  const entries = (await admin('GET', '/api/audit?action=golden_baseline.update')).json.items;
  assert.ok(entries.some((x) => x.target_id === made.json.id && x.details.version === 2));
  assert.equal((await admin('DELETE', target, { headers: { 'If-Match': tag } })).status, 412);
  assert.equal((await admin('DELETE', target)).status, 204);
  for (const method of ['GET', 'PUT', 'DELETE'])
    assert.equal((await admin(method, target, { body: method === 'PUT' ? {} : undefined })).status, 404);
});

test('what a template may not hold is 422 with its place', async () => {
  const admin = await bearer();
  const g = await newGolden(admin, [item('c', 'k', 1)]);
  const one = [item('c', 'k', 1)];
  const bad = [
    [{}, ['/name']], [{ name: 'x' }, ['']], [{ name: 'x', resources: [] }, ['/resources']],
    [{ name: 'x', resources: one, snapshot_id: nobody }, ['']], [{ name: 'x', snapshot_id: nobody }, ['/snapshot_id']],
    [{ name: 'x', resources: [item('c', 'k', { a: ['%who%'] })] }, ['/resources/0/value/a/0']],
    [{ name: 'x', resources: [item('c', '%who%', 1)] }, ['/resources/0/key']],
    [{ name: 'x', resources: [item('c', 'k', 1), item('c', 'k', 2)] }, ['/resources/1']],
    [{ name: 'x', resources: [item('', 'k', 1)] }, ['/resources/0/category']],
    [{ name: 'x', resources: one, variables: [{ name: '1x' }] }, ['/variables/0/name']],
    [{ name: 'x', resources: one, variables: [{ name: 'a' }, { name: 'a' }] }, ['/variables/1/name']],
    [{ name: 'x', resources: one, variables: [{ name: 'a'.repeat(65) }] }, ['/variables/0/name']],
    [{ name: 'x', resources: one, variables: Array.from({ length: 1001 }, (_, i) => ({ name: `v${i}` })) }, ['/variables']],
    [{ name: 'x', resources: [item('c', 'k', 'a %v%')], variables: [{ name: 'v', default: [1] }] }, ['/resources/0/value']],
    [{ name: 'x', resources: [item('c', 'k', 'a\u0000b')] }, ['/resources/0/value']],
    [{ name: 'x', resources: [item('c', 'k', { p: '[masked]' })] }, ['/resources/0/value/p']],
    [{ name: 'x', resources: one, variables: [{ name: 'v', default: '\u0000masked:' }] }, ['/variables/0/default']],
    [{ name: 'x', resources: one, shared: true }, ['/shared']], [{ name: 'x', resources: one, nonsense: 1 }, ['/nonsense']],
  ];
  for (const [body, want] of bad) {
    const a = await admin('POST', base, { body });
    assert.equal(a.status, 422, `${JSON.stringify(body).slice(0, 200)}: ${a.text}`);
    assert.deepEqual(pointers(a).slice(0, 1), want.slice(0, 1), a.text);
  }
  const twice = await admin('POST', base, { body: { name: g.name, resources: one } });
  assert.equal(twice.status, 409, twice.text);
  const put = await admin('PUT', `${base}/${g.id}`, { body: { variables: [], resources: [item('c', 'k', '%gone%')] } });
  assert.deepEqual([put.status, pointers(put)], [422, ['/resources/0/value']]);
  const deep = `{"name":"x","resources":[{"category":"c","key":"k","value":1e9999999999}]}`;
  const number = await admin('POST', base, { body: Buffer.from(deep), headers: { 'Content-Type': 'application/json' } });
  assert.equal(number.status, 422, number.text);
});

test('a bound config is compared both ways, and answers what it is bound to', async () => {
  const admin = await bearer(), w = await watched(admin);
  const g = await newGolden(admin, [item('c', 'k-%place%', { size: '%size%', text: 'in %place%: 100%', list: '%list%' })],
    { variables: [{ name: 'place' }, { name: 'size', default: 3 }, { name: 'list', default: ['a'] }] });
  const value = { size: 3, text: 'in %x%: 100%', list: ['a'] };
  const b = await w.bind(g, { variables: { place: '%x%' } });
  assert.deepEqual([b.mode, b.approved, b.golden.id, b.golden.name, b.golden.version, b.golden.newest_version, b.golden.owner],
    ['golden', true, g.id, g.name, 1, 1, 'tenant']);
  assert.deepEqual([b.golden.variables, b.golden.differences, b.golden.other_categories, b.golden.stale],
    [{ place: '%x%' }, [], 'report', null]);
  assert.deepEqual(b.history.map((h) => [h.from, h.to]), [['pinned', 'golden']]);
  assert.equal((await admin('GET', `/api/drift/configs/${w.c.id}`)).json.baseline.mode, 'golden');

  const clean = await w.send(item('c', 'k-%x%', value));
  assert.equal(clean.status, 'clean', JSON.stringify(clean));
  const drifted = await w.send(item('c', 'k-%x%', { ...value, size: '3', more: 1 }), item('c', 'new', 1), item('d', '', 1));
  assert.deepEqual((await w.changes(drifted)).sort(), [['created', 'c', 'k-%x%', '/more'], ['created', 'c', 'new', ''],
    ['created', 'd', '', ''], ['modified', 'c', 'k-%x%', '/size']]);
  assert.deepEqual([drifted.status, (await admin('GET', `/api/drift/configs/${w.c.id}`)).json.state], ['drifted', 'drifted']);
  const patch = await admin('GET', `/api/drift/reports/${drifted.id}/changes`, { headers: { Accept: 'application/json-patch+json' } });
  const run = spawnSync(path.join(build, 'tests/drift/patch'), { encoding: 'utf8',
    input: `${JSON.stringify({ doc: { c: { 'k-%x%': value } }, patch: JSON.parse(patch.text) })}\n` });
  assert.deepEqual(JSON.parse(run.stdout).doc, { c: { 'k-%x%': { ...value, size: '3', more: 1 }, new: 1 }, d: { '': 1 } });

  const shown = await admin('GET', `/api/drift/snapshots/${b.snapshot_id}?category=c&key=k-%25x%25`);
  assert.deepEqual([shown.json.rendered, shown.json.contents[0].value], [true, value]);
  assert.ok(!(await all(admin, `/api/drift/configs/${w.c.id}/snapshots`)).some((s) => s.id === b.snapshot_id));
  const gone = await admin('DELETE', `/api/drift/snapshots/${b.snapshot_id}?reason=x`);
  assert.deepEqual([gone.status, gone.json.code], [409, 'in_use']);
  assert.equal((await w.set({ snapshot_id: b.snapshot_id })).status, 422, 'what is rendered is no snapshot');

  await w.bind(g, { variables: { place: '%x%' }, other_categories: 'ignore' });
  assert.deepEqual((await w.changes(await w.send(item('c', 'k-%x%', value), item('c', 'new', 1), item('d', '', 1)))),
    [['created', 'c', 'new', '']]);
  const what = await admin('POST', `/api/drift/configs/${w.c.id}/what-if`, { body: { days: 1 } });
  assert.equal(what.status, 200, what.text);
});

test('variables that do not fit are 422, and what they bring is looked at once', async () => {
  const admin = await bearer(), w = await watched(admin);
  const g = await newGolden(admin, [item('c', 'k', { a: '%any%', t: 'a %text% b', k: '%d%' })],
    { variables: [{ name: 'any' }, { name: 'text', default: 'T' }, { name: 'd', default: null }] });
  const bad = [[{}, '/golden/variables/any'], [{ any: 1, other: 2 }, '/golden/variables/other'],
    [{ any: 1, text: [1] }, '/golden/variables/text'], [{ any: 1, text: null }, '/golden/variables/text'],
    [{ any: { x: '\u0000' } }, '/golden/variables/any/x'], [[1], '/golden/variables'], ['any', '/golden/variables'],
    [{ any: { n: 1, 'a/b': '[masked]' } }, '/golden/variables/any/a~1b']];
  for (const [variables, pointer] of bad) {
    const a = await w.set({ golden: { id: g.id, variables } });
    assert.deepEqual([a.status, pointers(a)[0]], [422, pointer], `${JSON.stringify(variables)}: ${a.text}`);
  }
  for (const body of [{}, { snapshot_id: nobody, golden: { id: g.id } }, { snapshot_id: null }])
    assert.equal((await w.set(body)).status, 422);
  assert.deepEqual(pointers(await w.set({ golden: { id: nobody } })), ['/golden/id']);
  assert.equal((await w.baseline()).mode, 'pinned', 'nothing was bound');
  await w.bind(g, { variables: { any: { deep: ['%text%', '%%'] }, text: '%any%' } });
  assert.equal((await w.send(item('c', 'k', { a: { deep: ['%text%', '%%'] }, t: 'a %any% b', k: null }))).status, 'clean');

  const two = await newGolden(admin, [item('c', '%x%', 1), item('c', '%y%', 2)], { variables: [{ name: 'x' }, { name: 'y' }] });
  const same = await w.set({ golden: { id: two.id, variables: { x: 'k', y: 'k' } } });
  assert.deepEqual([same.status, pointers(same)], [422, ['/golden/variables']], same.text);
  assert.match(same.text, /resources\/1 has the category .*c.* and key .*k.* of \/resources\/0/);
  const long = await w.set({ golden: { id: two.id, variables: { x: 'k', y: 'k'.repeat(513) } } });
  assert.deepEqual([long.status, pointers(long)], [422, ['/golden/variables']]);
  const bomb = await newGolden(admin, [item('c', 'k', Array.from({ length: 100 }, () => '%x%'))], { variables: [{ name: 'x' }] });
  const grown = await w.set({ golden: { id: bomb.id, variables: { x: 'y'.repeat(500000) } } });
  assert.deepEqual([grown.status, pointers(grown)], [422, ['/golden/variables/x']]);
});

test('declared differences apply, are named, and end', async () => {
  const admin = await bearer(), w = await watched(admin);
  const g = await newGolden(admin, [item('c', 'a', { n: 1, l: [1, 2] }), item('c', 'b', 1), item('e', '', 1)]);
  const soon = new Date(Date.now() + 2500).toISOString();
  const differences = [
    { category: 'c', key: 'a', path: '/n', op: 'replace', value: '%n%', reason: 'An older machine.', expires_at: soon },
    { category: 'c', key: 'a', path: '/l/-', op: 'add', value: null, reason: 'One more.' },
    { category: 'c', key: 'b', path: '', op: 'remove', reason: 'Not here.' },
    { category: 'd', key: 'x', path: '', op: 'add', value: { y: 1 }, reason: 'Only here.' },
    { category: 'd', key: 'x', path: '/y', op: 'remove', reason: 'Or rather not.' },
    { category: 'e', key: '', path: '', op: 'remove', reason: 'None of these.' }];
  const here = [item('c', 'a', { n: '%n%', l: [1, 2, null] }), item('d', 'x', {})];
  const b = await w.bind(g, { differences, other_categories: 'ignore' });
  assert.deepEqual(b.golden.differences.map((d) => [d.reason, d.owner === admin.session.user.email, d.expires_at, d.why]),
    differences.map((d) => [d.reason, b.golden.differences[0].owner === admin.session.user.email, d.expires_at ?? null, null]));
  assert.ok(b.golden.differences.every((d) => d.owner === b.golden.bound_by && d.declared_at === b.golden.bound_at));
  assert.equal((await w.send(...here)).status, 'clean');
  assert.deepEqual(await w.changes(await w.send(...here, item('e', '', 1))), [['created', 'e', '', '']],
    'a category that a difference has emptied is still one of the template');
  assert.equal((await w.send(...here)).status, 'clean');

  await until('the difference has expired', () => Date.now() > Date.parse(soon) + 50);
  const after = await w.send(...here);
  assert.deepEqual(await w.changes(after), [['modified', 'c', 'a', '/n']]);
  const now = await w.baseline();
  assert.deepEqual(now.golden.differences.map((d) => d.why === null), [false, true, true, true, true, true]);
  assert.match(now.golden.differences[0].why, /expired/);
  assert.deepEqual(now.history.map((h) => h.actor === 'system'), [false, true]);

  for (const [d, pointer] of [
    [{ category: 'c', key: 'z', path: '/n', op: 'add', value: 1 }, '/golden/differences/0/path'],
    [{ category: 'c', key: 'a', path: '/nope', op: 'replace', value: 1 }, '/golden/differences/0/path'],
    [{ category: 'c', key: 'a', path: 'n', op: 'replace', value: 1 }, '/golden/differences/0/path'],
    [{ category: 'c', key: 'a', path: '/n', op: 'add' }, '/golden/differences/0/value'],
    [{ category: 'c', key: 'a', path: '/n', op: 'remove', value: 1 }, '/golden/differences/0/value'],
    [{ category: 'c', key: 'a', path: '/n', op: 'move', value: 1 }, '/golden/differences/0/op'],
    [{ category: 'c', key: 'a', path: '/n', op: 'add', value: '\u0000' }, '/golden/differences/0/value'],
    [{ category: 'c', key: 'a', path: '/n', op: 'add', value: 1, expires_at: '2020-01-01T00:00:00.000Z' }, '/golden/differences/0/expires_at'],
    [{ category: 'c', key: 'a', path: '/n', op: 'remove', reason: null }, '/golden/differences/0/reason'],
    [{ category: 'c', key: 'a', op: 'remove' }, '/golden/differences/0/path']]) {
    const a = await w.set({ golden: { id: g.id, differences: [{ reason: 'r', ...d }] } });
    assert.deepEqual([a.status, pointers(a)[0]], [422, pointer], `${JSON.stringify(d)}: ${a.text}`);
  }
  const many = Array.from({ length: 101 }, () => ({ category: 'c', key: 'a', path: '/n', op: 'add', value: 1, reason: 'r' }));
  assert.deepEqual(pointers(await w.set({ golden: { id: g.id, differences: many } })), ['/golden/differences']);
});

test('a new version is taken by the next push; what cannot be taken is said', async () => {
  const admin = await bearer(), w = await watched(admin), target = (g) => `${base}/${g.id}`;
  const g = await newGolden(admin, [item('c', 'k', 1), item('c', 'l', 1)]);
  await w.bind(g, { differences: [{ category: 'c', key: 'l', path: '', op: 'replace', value: 2, reason: 'r' }] });
  const here = [item('c', 'k', 1), item('c', 'l', 2)];
  assert.equal((await w.send(...here)).status, 'clean');
  assert.equal((await admin('PUT', target(g), { body: { resources: [item('c', 'k', 3)] } })).status, 200);
  assert.deepEqual([(await w.baseline()).golden.version, (await w.baseline()).golden.newest_version], [1, 2]);
  assert.deepEqual(await w.changes(await w.send(...here)), [['modified', 'c', 'k', ''], ['created', 'c', 'l', '']]);
  const b = await w.baseline();
  assert.equal(b.golden.version, 2);
  assert.match(b.golden.differences[0].why, /not there/, 'the difference speaks of what the template no longer has');
  assert.match(b.history.at(-1).note, /Version 2 of golden baseline .* is in force; it was version 1/);

  const needs = await admin('PUT', target(g), { body: { resources: [item('c', 'k', '%v%')], variables: [{ name: 'v' }] } });
  assert.equal(needs.status, 200, needs.text);
  assert.equal((await w.send(...here)).status, 'drifted');
  assert.equal((await w.send(...here)).status, 'drifted');
  const stuck = await w.baseline();
  assert.deepEqual([stuck.golden.version, stuck.golden.newest_version], [2, 3]);
  assert.match(stuck.golden.stale, /\/golden\/variables\/v/);
  assert.equal(stuck.history.filter((h) => /cannot be taken/.test(h.note)).length, 1);
  const told = () => all(admin, `/api/drift/alerts?config_id=${w.c.id}&kind=system`);
  assert.deepEqual((await told()).map((x) => [x.status, /golden baseline/.test(x.title)]), [['open', true]]);
  await w.bind(g, { variables: { v: 1 } });
  assert.deepEqual((await told()).map((x) => [x.status, x.resolved_by]), [['resolved', 'system']]);
  assert.equal((await w.send(item('c', 'k', 1))).status, 'clean');
  assert.equal((await w.baseline()).golden.stale, null);
});

test('a config that ignores less than before sees what its template always said', async () => {
  const admin = await bearer();
  const w = await watched(admin, { compare: { normalise: [{ how: 'ignore', path: '/b' }] } });
  await w.bind(await newGolden(admin, [item('c', 'k', { a: 1, b: 2 })]));
  assert.equal((await w.send(item('c', 'k', { a: 1, b: 3 }))).status, 'clean');
  assert.equal((await admin('PUT', `/api/drift/configs/${w.c.id}`, { body: { compare: null } })).status, 200);
  assert.deepEqual(await w.changes(await w.send(item('c', 'k', { a: 1, b: 3 }))), [['modified', 'c', 'k', '/b']]);
});

test('bound and let go: the modes, and when a template is in use', async () => {
  const admin = await bearer(), w = await watched(admin), g = await newGolden(admin, [item('c', 'k', 1)]);
  const target = `/api/drift/configs/${w.c.id}`;
  const make = await admin('POST', '/api/drift/configs', { body: { name: unique('c'), source: { kind: 'push' }, baseline: { mode: 'golden' } } });
  assert.deepEqual([make.status, pointers(make)], [422, ['/baseline/mode']]);
  assert.deepEqual(pointers(await admin('PUT', target, { body: { baseline: { mode: 'golden' } } })), ['/baseline/mode']);
  const first = (await push(w.key, w.c, [item('c', 'k', 2)])).snapshot_id;
  await w.bind(g);
  for (const baseline of [{ mode: 'pinned' }, { mode: 'previous' }, null])
    assert.equal((await admin('PUT', target, { body: { baseline } })).status, 409);
  const kept = await admin('PUT', target, { body: { baseline: { mode: 'golden' }, expect_every_s: null } });
  assert.deepEqual([kept.status, kept.json.baseline.mode], [200, 'golden']);
  const report = await w.send(item('c', 'k', 2));
  assert.equal(report.status, 'drifted');
  const promoted = await admin('POST', `/api/drift/reports/${report.id}/accept`, { body: { reason: 'x' } });
  assert.equal(promoted.status, 409, promoted.text);
  const used = await admin('DELETE', `${base}/${g.id}`);
  assert.deepEqual([used.status, used.json.code], [409, 'in_use']);

  const back = await w.set({ snapshot_id: first });
  assert.equal(back.status, 200, back.text);
  assert.deepEqual([back.json.mode, back.json.snapshot_id, back.json.golden, back.json.approved], ['pinned', first, undefined, true]);
  assert.equal((await w.send(item('c', 'k', 2))).status, 'clean');
  assert.equal((await admin('GET', target)).json.baseline.mode, 'pinned');
  assert.deepEqual(back.json.history.map((h) => [h.from, h.to]).at(-1), ['golden', 'pinned']);
  await w.bind(g);
  const again = await w.bind(g);
  assert.equal((await admin('GET', `/api/drift/snapshots/${again.snapshot_id}`)).status, 200);
  assert.equal((await admin('DELETE', target)).status, 204);
  assert.equal((await admin('GET', `/api/drift/snapshots/${again.snapshot_id}`)).status, 404);
  assert.equal((await admin('DELETE', `${base}/${g.id}`)).status, 204);
  const moving = await watched(admin, { baseline: { mode: 'previous' } });
  assert.equal((await moving.set({ golden: { id: (await newGolden(admin, [item('c', 'k', 1)])).id } })).status, 409);
});

test('a template made of a snapshot renders to what that held: percent signs and masked values too', async () => {
  const admin = await bearer(), w = await watched(admin), other = await watched(admin);
  const held = [item('c', '100%-%k%', { text: '%not% a %%variable%%', password: 'hunter2', l: [1.0, '%'] })];
  const { snapshot_id } = await push(w.key, w.c, held);
  const g = await newGolden(admin, null, { snapshot_id });
  assert.equal(g.resources[0].value.password, '[masked]');
  assert.ok(!JSON.stringify(g).includes('hunter2'));
  await other.bind(g);
  assert.equal((await other.send(...held)).status, 'clean');
  const left = [{ resource: { category: 'c', key: '100%-%k%' }, path: '/password', why: 'masked' }];
  assert.deepEqual((await other.baseline()).golden.not_compared, left, 'whoever pushed it knew it');
  assert.equal((await other.send({ ...held[0], value: { ...held[0].value, password: 'hunter3' } })).status, 'clean');
  assert.deepEqual(await other.changes(await other.send({ ...held[0], value: { ...held[0].value, password: 'hunter4', l: [] } })),
    [['deleted', 'c', '100%-%k%', '/l/0'], ['deleted', 'c', '100%-%k%', '/l/1']]);
  const half = await push(w.key, w.c, held, { collections: { d: 'failed' } });
  const refused = await admin('POST', base, { body: { name: unique('g'), snapshot_id: half.snapshot_id } });
  assert.deepEqual([refused.status, pointers(refused)], [422, ['/snapshot_id']]);

  const secret = await newGolden(admin, [item('c', 'k', { password: '%pw%', clientSecret: 'plain' })], { variables: [{ name: 'pw' }] });
  assert.deepEqual(secret.resources[0].value, { password: '[masked]', clientSecret: '[masked]' });
  await other.bind(secret, { variables: { pw: 'hunter2' } });
  assert.equal((await other.send(item('c', 'k', { password: 'hunter2', clientSecret: 'plain' }))).status, 'clean');
  assert.equal((await other.send(item('c', 'k', { password: 'x', clientSecret: 'other' }))).status, 'clean');
  assert.deepEqual((await other.baseline()).golden.not_compared.map((p) => p.path), ['/password', '/clientSecret']);
  assert.equal((await other.send(item('c', 'k', { password: 'x' }))).status, 'drifted', 'that it is there is no value');
});

test('a template of the platform is every tenant’s to bind, and the platform’s alone to change', async () => {
  const operator = await bearer(credentials.platform), mine = await bearer(), theirs = await bearer(newTenant());
  const g = await newGolden(operator, [item('c', 'k', 'at %place%')], { shared: true, variables: [{ name: 'place', default: 'home' }] });
  const quiet = await newGolden(operator, [item('c', 'k', 1)]);
  const own = await newGolden(theirs, [item('c', 'k', 1)]);
  const target = `${base}/${g.id}`;
  for (const admin of [mine, theirs]) {
    const list = await all(admin, base, 1);
    assert.deepEqual(list.map((x) => x.id), list.map((x) => x.id).sort().reverse(), 'one order over both');
    const found = list.find((x) => x.id === g.id);
    assert.deepEqual([found.owner, found.shared, found.name, found.resources], ['platform', true, g.name, undefined]);
    assert.equal(list.some((x) => x.id === own.id), admin === theirs);
    assert.ok(!list.some((x) => x.id === quiet.id));
    const shown = await admin('GET', target);
    assert.deepEqual([shown.status, shown.json.resources, shown.json.history], [200, g.resources, undefined]);
    assert.equal((await admin('GET', `${target}?version=9`)).status, 404);
    for (const a of [await admin('PUT', target, { body: { name: 'mine' } }), await admin('DELETE', target)])
      assert.deepEqual([a.status, a.json.code], [403, 'forbidden']);
    for (const [method, body] of [['GET'], ['PUT', { name: 'mine' }], ['DELETE']])
      assert.equal((await admin(method, `${base}/${quiet.id}`, { body })).status, 404);
  }
  for (const [method, body] of [['GET'], ['PUT', { name: 'mine' }], ['DELETE']])
    assert.equal((await mine(method, `${base}/${own.id}`, { body })).status, 404);
  const w = await watched(theirs), here = await watched(mine);
  assert.deepEqual(pointers(await here.set({ golden: { id: own.id } })), ['/golden/id']);
  assert.deepEqual(pointers(await here.set({ golden: { id: quiet.id } })), ['/golden/id']);

  const b = await w.bind(g);
  await here.bind(g, { variables: { place: 'work' } });
  assert.deepEqual([b.golden.owner, b.golden.name, b.golden.version], ['platform', g.name, 1]);
  assert.equal((await w.send(item('c', 'k', 'at home'))).status, 'clean');
  assert.equal((await here.send(item('c', 'k', 'at work'))).status, 'clean');
  assert.equal((await operator('PUT', target, { body: { resources: [item('c', 'k', 'in %place%')] } })).json.version, 2);
  assert.equal((await w.send(item('c', 'k', 'at home'))).status, 'drifted');
  assert.equal((await w.baseline()).golden.version, 2);
  assert.equal((await here.send(item('c', 'k', 'in work'))).status, 'clean');

  for (const a of [await operator('DELETE', target), await operator('PUT', target, { body: { shared: false } })])
    assert.deepEqual([a.status, a.json.code], [409, 'in_use'], a.text);
  assert.equal((await theirs('DELETE', `/api/drift/configs/${w.c.id}`)).status, 204);
  assert.equal((await operator('PUT', target, { body: { shared: false } })).status, 409);
  const snapshot = (await push(here.key, here.c, [item('c', 'k', 1)])).snapshot_id;
  assert.equal((await here.set({ snapshot_id: snapshot })).status, 200);
  assert.equal((await operator('PUT', target, { body: { shared: false } })).status, 200);
  assert.equal((await mine('GET', target)).status, 404);
  assert.equal((await operator('PUT', target, { body: { shared: true } })).status, 200);
  assert.equal((await mine('GET', target)).status, 200);
  assert.equal((await operator('DELETE', target)).status, 204);
  assert.equal((await mine('GET', target)).status, 404);

  const masked = await watched(operator);
  const held = (await push(masked.key, masked.c, [item('c', 'k', { password: 'x' })])).snapshot_id;
  const refused = await operator('POST', base, { body: { name: unique('g'), snapshot_id: held, shared: true } });
  assert.deepEqual([refused.status, pointers(refused)], [422, ['/shared']]);
});

test('a golden baseline is a side of a comparison', async () => {
  const admin = await bearer(), w = await watched(admin);
  const g = await newGolden(admin, [item('c', 'k', { a: '%v%' }), item('c', 'l', 1)], { variables: [{ name: 'v' }] });
  const { snapshot_id } = await push(w.key, w.c, [item('c', 'k', { a: 2 })]);
  const compare = (left, right) => admin('POST', '/api/drift/compare', { body: { left, right } });
  const a = await compare({ golden: { id: g.id, variables: { v: 1 } } }, { snapshot_id });
  assert.equal(a.status, 200, a.text);
  assert.deepEqual(a.json.changes.map((x) => [x.op, x.resource.key, x.path]), [['modified', 'k', '/a'], ['deleted', 'l', '']]);
  const same = await compare({ golden: { id: g.id, variables: { v: [1] } } }, { golden: { id: g.id, variables: { v: [1] } } });
  assert.deepEqual(same.json.changes, []);
  assert.deepEqual(pointers(await compare({ snapshot_id }, { golden: { id: g.id } })), ['/right/golden/variables/v']);
  assert.equal((await compare({ snapshot_id }, { golden: { id: nobody } })).status, 404);
  assert.equal((await compare({ snapshot_id, golden: { id: g.id } }, { snapshot_id })).status, 422);
});
