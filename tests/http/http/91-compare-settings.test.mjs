// Each way to compare an array and each normaliser, set for a place by the API, with what it does to a push.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, bearer, newConfig, newKey, push, withKey } from '../lib/people.mjs';

const admin = await bearer(), key = withKey((await newKey(admin)).key);

// The changes from one value to another: "op path" each.
async function changes(compare, before, after, category = 'c') {
  const config = await newConfig(admin, { rule_packs: [], ...(compare && { compare }) });
  const one = (value) => push(key, config, [{ category, key: 'k', value }]);
  await one(before);
  const { report } = await one(after);
  const list = await all(admin, `/api/drift/reports/${report.id}/changes`);
  return list.map((c) => `${c.op} ${c.canonical_path.replace(/#[0-9a-f]{16}/, '#')}`).sort();
}

const pair = (a, b) => [{ t: 'x', n: 1, v: a }, { t: 'x', n: 2, v: 1 }, { t: 'y', n: 1, v: b }];
const modes = [
  ['auto', {}, [{ id: 1, v: 1 }, { id: 2, v: 1 }], [{ id: 2, v: 2 }, { id: 1, v: 1 }], ['modified /l/[id=2]/v']],
  ['auto', {}, [3, 1, 1], [1, 3, 4], ['created /l/[#]', 'deleted /l/[#]']],
  ['set', {}, [1, 1, 2], [2, 1], []],
  ['set', {}, [1, 1, 2], [2, 1, 3, 3], ['created /l/[#]']],
  ['multiset', {}, [1, 2, 1], [2, 1, 1], []],
  ['multiset', {}, [1, 1, 2], [2, 1], ['deleted /l/[#]']],
  ['multiset', {}, [{ id: 1, v: 1 }], [{ id: 1, v: 2 }], ['created /l/[#]', 'deleted /l/[#]']],
  ['list', {}, [1, 2, 3], [1, 2, 3], []],
  ['list', {}, [1, 2, 3], [3, 1, 2], ['created /l/[#]', 'deleted /l/[#]']],
  ['keyed', { keys: ['n'] }, [{ n: 'a', v: 1 }, { n: 'b', v: 1 }], [{ n: 'b', v: 2 }, { n: 'c', v: 1 }],
    ['created /l/[n="c"]', 'deleted /l/[n="a"]', 'modified /l/[n="b"]/v']],
  ['keyed', { keys: ['t', 'n'] }, pair(1, 1), pair(1, 2).reverse(), ['modified /l/[t="y",n=1]/v']],
];

for (const [mode, more, before, after, want] of modes)
  test(`an array compared as ${mode} ${JSON.stringify(more)}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`, async () => {
    assert.deepEqual(await changes({ arrays: [{ path: '/l', mode, ...more }] }, { l: before }, { l: after }), want);
  });

test('an array mode goes by place, by name and by category; the first that speaks of a place decides', async () => {
  const lists = (x) => ({ a: x, b: { deep: x }, c: x });
  const moved = (which) => which.flatMap((p) => [`created ${p}/[#]`, `deleted ${p}/[#]`]).sort();
  const compare = async (arrays, category) => changes({ arrays }, lists([1, 2, 3]), lists([3, 1, 2]), category);
  assert.deepEqual(await compare([{ path: '/*', mode: 'list' }]), moved(['/a', '/c']));
  assert.deepEqual(await compare([{ path: '/**', mode: 'list' }]), moved(['/a', '/b/deep', '/c']));
  assert.deepEqual(await compare([{ names: ['d*', 'c'], except: ['c'], mode: 'list' }]), moved(['/b/deep']));
  assert.deepEqual(await compare([{ path: '/a', mode: 'set' }, { path: '/**', mode: 'list' }]), moved(['/b/deep', '/c']));
  assert.deepEqual(await compare([{ path: '/**', category: ['x*', 'other'], mode: 'list' }], 'c'), []);
  assert.deepEqual(await compare([{ path: '/**', category: ['x*', 'OTHER'], mode: 'list' }], 'other'), moved(['/a', '/b/deep', '/c']));
});

// how, its settings, a value, another that it makes the same, one that it leaves different (and by which changes)
const normalisers = [
  ['ignore', {}, 1, 2, null],
  ['mask', {}, 'one', 'one', 'two', ['modified /v']],
  ['mask', {}, { a: ['x', 1, null, true] }, { a: ['x', 1, null, true] }, { a: ['x', 2, null, true] }, ['created /v/a/[#]', 'deleted /v/a/[#]']],
  ['empty_is_absent', {}, null, undefined, 0, ['created /v']],
  ['empty_is_absent', {}, [], '', ' ', ['created /v']],
  ['empty_is_absent', {}, {}, null, { a: null }, ['created /v']],
  ['casefold', {}, 'Straße ＡＢＣ', 'STRASSE abc', 'strasse abd', ['modified /v']],
  ['nfc', {}, 'é', 'e\u0301', 'É', ['modified /v']],
  ['split', {}, 'a b  a', 'b a', 'a c', ['created /v/[#]', 'deleted /v/[#]']],
  ['split', { separator: ', ' }, 'x y, z', 'z, x y', 'z', ['deleted /v/[#]']],
  ['embedded_json', {}, '{"a":1,"b":[1,2]}', ' {"b":[2,1.0], "a":1e0}', '{"a":2,"b":[1,2]}', ['modified /v/a']],
  ['round', {}, 1.4, 0.6, 1.5, ['modified /v']],
  ['round', { digits: 2 }, 1.004, 0.995, 1.006, ['modified /v']],
  ['round', { seconds: 60 }, '2026-03-02T10:01:07Z', '2026-03-02T11:01:59.9+01:00', '2026-03-02T10:02:00Z', ['modified /v']],
];

for (const [how, more, value, same, other, want] of normalisers)
  test(`${how} ${JSON.stringify(more)}: ${JSON.stringify(value)} is ${JSON.stringify(same)}`, async () => {
    const compare = { normalise: [{ path: '/v', how, ...more }] }, of = (v) => ({ v, stays: 1 });
    assert.deepEqual(await changes(compare, of(value), of(same)), []);
    if (how !== 'mask') {
      assert.ok((await changes(undefined, of(value), of(same))).length > 0, 'without it they differ');
      assert.ok((await changes({ normalise: [{ path: '/v', how, ...more, category: 'x' }] }, of(value), of(same))).length > 0, 'in another category too');
    }
    if (want)
      assert.deepEqual(await changes(compare, of(value), of(other)), want);
  });

test('normalisers go by names too, with exceptions and in any case, and all that speak of a place apply', async () => {
  const by = (names, more) => ({ normalise: [{ how: 'ignore', names, ...more }] });
  const before = { Stamp: 1, deep: [{ stamp: 1, stamped: 1 }] }, after = { Stamp: 2, deep: [{ stamp: 2, stamped: 2 }] };
  assert.deepEqual(await changes(by(['stamp*', 'Stamp']), before, after), []);
  assert.deepEqual(await changes(by('stamp*'), before, after), ['modified /Stamp']);
  assert.deepEqual(await changes(by(['STAMP*'], { casefold: true, except: ['stamped'] }), before, after),
    ['created /deep/[#]', 'deleted /deep/[#]']);
  const chain = { normalise: [{ how: 'embedded_json', path: '/t' }, { how: 'split', path: '/t/scope' }, { how: 'casefold', path: '/t/name' },
    { how: 'round', path: '/t/n' }, { how: 'ignore', path: '/t/etag' }] };
  const text = (o) => ({ t: JSON.stringify(o) });
  assert.deepEqual(await changes(chain, text({ scope: 'a b', name: 'X', n: 1.2, etag: 1 }), text({ etag: 2, n: 0.9, name: 'x', scope: 'b a' })), []);
});

test('a masked value is shown as that wherever it is', async () => {
  const config = await newConfig(admin, { rule_packs: [], compare: { normalise: [{ how: 'mask', path: '/pin/**' }] } });
  const one = (pin) => push(key, config, [{ category: 'c', key: 'k', value: { pin } }]);
  await one({ a: 1234, b: [true, null] });
  const { report, snapshot_id: id } = await one({ a: 4321, b: [true, null] });
  const [change] = await all(admin, `/api/drift/reports/${report.id}/changes`);
  assert.deepEqual([change.path, change.old_value, change.new_value], ['/pin/a', '[masked]', '[masked]']);
  const stored = await admin('GET', `/api/drift/snapshots/${id}?category=c&key=k`);
  assert.deepEqual(stored.json.contents[0].value, { pin: { a: '[masked]', b: ['[masked]', null] } });
});

test('settings that cannot be are 422 with their place, and nothing is made', async () => {
  const array = (x) => ({ compare: { arrays: [{ mode: 'set', path: '/a', ...x }] } });
  const normal = (x) => ({ compare: { normalise: [{ how: 'ignore', path: '/a', ...x }] } });
  const rule = (x) => ({ rules: [{ path: '/a', severity: 'low', ...x }] });
  const a = (x) => `/compare/arrays/0${x}`, n = (x) => `/compare/normalise/0${x}`, r = (x) => `/rules/0${x}`;
  const cases = [[{ compare: [] }, '/compare'], [{ compare: { colour: 1 } }, '/compare/colour'], [array({ colour: 1 }), a('/colour')],
    [array({ mode: 'bag' }), a('/mode')], [array({ mode: undefined }), a('/mode')], [array({ keys: ['id'] }), a('/keys')],
    [array({ mode: 'keyed' }), a('/keys')], [array({ mode: 'keyed', keys: [] }), a('/keys')], [array({ mode: 'keyed', keys: [1] }), a('/keys/0')],
    [array({ mode: 'keyed', keys: Array(9).fill('k') }), a('/keys')], [array({ names: ['x'] }), a('')], [array({ path: undefined }), a('')],
    [array({ path: 'a' }), a('/path')], [array({ path: '/a~2' }), a('/path')], [array({ path: `/${'a/'.repeat(60)}` }), a('/path')],
    [array({ path: '/a'.repeat(513) }), a('/path')], [array({ path: `/${'x'.repeat(257)}` }), a('/path')], [array({ path: 1 }), a('/path')],
    [{ compare: { arrays: Array(501).fill({ mode: 'set', path: '/a' }) } }, '/compare/arrays'],
    [{ rule_packs: ['entra'], compare: { arrays: Array(490).fill({ mode: 'set', path: '/a' }) } }, '/rule_packs/entra/compare'],
    [normal({ how: 'shred' }), n('/how')], [normal({ names: ['x'] }), n('')], [normal({ except: ['x'] }), n('/except')],
    [normal({ path: undefined, names: [] }), n('/names')], [normal({ path: undefined, names: Array(1001).fill('x') }), n('/names')],
    [normal({ path: undefined, names: ['x'.repeat(257)] }), n('/names')], [normal({ path: undefined, names: [1] }), n('/names')],
    [{ compare: { normalise: [0, 1].map(() => ({ how: 'ignore', names: Array(501).fill('x') })) } }, '/compare/normalise/1/names'],
    [normal({ category: {} }), n('/category')], [normal({ separator: ',' }), n('/separator')], [normal({ how: 'split', separator: '' }), n('/separator')],
    [normal({ how: 'split', separator: 'x'.repeat(17) }), n('/separator')], [normal({ digits: 1 }), n('')],
    [normal({ how: 'round', digits: 1, seconds: 1 }), n('/digits')], [normal({ how: 'round', digits: 31 }), n('/digits')],
    [normal({ how: 'round', seconds: 0 }), n('/seconds')], [normal({ keys: ['a'] }), n('/keys')],
    [{ rules: {} }, '/rules'], [{ rules: Array(1001).fill({ path: '', severity: 'low' }) }, '/rules'],
    [{ rules: Array(10000).fill({ path: '/**/**', severity: 'low' }) }, '/rules'], [rule({ path: '/**'.repeat(61) }), r('/path')],
    [rule({ severity: 'worst' }), r('/severity')], [rule({ to: { like: 'x' } }), r('/to')], [rule({ direction: 'up' }), r('/direction')],
    [rule({ op: 'vanished' }), r('/op')], [rule({ where: { a: 1 } }), r('/where')], [rule({ casefold: 'yes' }), r('/casefold')],
    [rule({ colour: 1 }), r('/colour')]];
  const before = (await all(admin, '/api/drift/configs')).length;
  const wrong = [];
  for (const [body, pointer] of cases) {
    const answer = await admin('POST', '/api/drift/configs', { body: { name: 'never made', source: { kind: 'push' }, ...body } });
    if (answer.status !== 422 || !answer.json.errors.some((e) => e.pointer === pointer))
      wrong.push(`${pointer}: ${answer.text.slice(0, 300)}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal((await all(admin, '/api/drift/configs')).length, before);
});

test('the widest settings that may be are taken and compare in time', async () => {
  const config = await newConfig(admin, { rule_packs: [], rules: Array(1000).fill({ path: '/**'.repeat(59) + '/x', severity: 'low', to: 'no' }),
    compare: { normalise: Array(400).fill({ how: 'casefold', path: `${'/**/a'.repeat(29)}/b` }) } });
  const nest = (n, v) => (n === 0 ? v : { a: nest(n - 1, v), x: n });
  const one = (v) => push(key, config, [{ category: 'c', key: 'k', value: nest(60, v) }]);
  await one(1);
  const { report } = await one({ x: 2, wide: Array(500).fill({ x: 1 }) });
  assert.equal(report.summary.modified, 1);
});
