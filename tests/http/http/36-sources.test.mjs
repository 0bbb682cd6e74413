// Source packs as they are shown, and configs that name them: what is taken, what is refused and where, and what comes back.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { bearer, unique } from '../lib/people.mjs';

const there = {};
before(async () => { there.admin = await bearer(); });

const base = { base_url: 'https://fw.example/api' };
const rules = { category: 'rules', path: '/rules', items: '/value', key: 'id', next: { pointer: '/next' } };
const http = (more = {}) => ({ kind: 'http', parameters: base, collections: [rules], ...more });
const make = (source) => there.admin('POST', '/api/drift/configs', { body: { name: unique('s'), source } });
const only = (more) => http({ collections: [{ ...rules, ...more }] });

test('the packs of the installation are listed, and one says what it wants to know and what it reads', async () => {
  const list = (await there.admin('GET', '/api/sources')).json.items;
  for (const name of ['http', 'entra', 'github'])
    assert.equal(list.find((p) => p.name === name)?.broken, undefined, name);
  const entra = (await there.admin('GET', '/api/sources/entra')).json;
  assert.ok(entra.parameters.find((p) => p.name === 'tenant_id').required);
  assert.equal(entra.auth.kind, 'oauth2_client_credentials');
  assert.ok(entra.collections.every((c) => c.permission));
  assert.ok(entra.documents.length > 0);
  for (const name of ['none', '..entra', 'entra.json'])
    assert.equal((await there.admin('GET', `/api/sources/${name}`)).status, 404, name);
});

test('what was given comes back as it was given, and can be written again', async () => {
  const source = http({ parameters: { ...base, headers: { 'X-Site': '7' } }, collections: [rules,
    { category: 'users', path: '/u', key: ['a', '/b/c'], query: { max: 50 }, headers: { ConsistencyLevel: 'eventual' },
      next: { page: 'p', size: 10, from_zero: true }, each: [{ name: 'groups', path: '/u/{/a}/groups', items: '/value' }],
      volatile: ['/seen'], drop: ['photo'], compare: { arrays: [{ path: '/x', mode: 'set' }] }, when_missing: 'empty', restart_on: [410, 'Old'] }] });
  const made = await make(source);
  assert.equal(made.status, 201, JSON.stringify(made.json));
  assert.deepEqual(made.json.source, source);
  const again = await there.admin('PUT', `/api/drift/configs/${made.json.id}`, { body: { source: made.json.source } });
  assert.equal(again.status, 200, JSON.stringify(again.json));
  assert.deepEqual(again.json.source, source);
});

test('a credential is taken, and never shown', async () => {
  const made = await make(http({ credential: { kind: 'bearer', token: 'tell-nobody' } }));
  assert.equal(made.status, 201, JSON.stringify(made.json));
  for (const answer of [made, await there.admin('GET', `/api/drift/configs/${made.json.id}`)])
    assert.doesNotMatch(JSON.stringify(answer.json), /tell-nobody/);
});

test('what a source cannot be is refused by its place', async () => {
  const rows = [
    [{ kind: 'nosuchpack' }, '/source/kind'],
    [{ kind: 'self', parameters: {} }, '/source/parameters'],
    [{ kind: 'http', parameters: base }, '/source/collections'],
    [http({ parameters: {} }), '/source/parameters/base_url'],
    [http({ parameters: { base_url: 'ftp://fw.example' } }), '/source/parameters/base_url'],
    [http({ parameters: { base_url: 'https://u:p@fw.example' } }), '/source/parameters/base_url'],
    [http({ parameters: { ...base, other: '1' } }), '/source/parameters'],
    [http({ parameters: { ...base, headers: { Authorization: 'x' } } }), '/source/parameters/headers'],
    [http({ parameters: { ...base, headers: { 'X-A': 'a\nb: c' } } }), '/source/parameters/headers'],
    [http({ credential: { token: 'x' } }), '/source/credential/kind'],
    [http({ collections: [rules, rules] }), '/source/collections/1/category'],
    [only({ category: 'a*' }), '/source/collections/0/category'],
    [only({ path: '/../x' }), '/source/collections/0/path'],
    [only({ path: '/a/%2E%2e/x' }), '/source/collections/0/path'],
    [only({ path: '/a?b=c' }), '/source/collections/0/path'],
    [only({ path: '/{nothing}' }), '/source/collections/0/path'],
    [only({ path: '/{/id}' }), '/source/collections/0/path'],
    [only({ path: '/{base_url' }), '/source/collections/0/path'],
    [only({ key: undefined }), '/source/collections/0/key'],
    [only({ items: 'value' }), '/source/collections/0/items'],
    [only({ next: {} }), '/source/collections/0/next'],
    [only({ next: { pointer: '/n', link_header: true } }), '/source/collections/0/next'],
    [only({ next: { page: 'p' } }), '/source/collections/0/next/size'],
    [only({ over: 'later' }), '/source/collections/0/over'],
    [only({ bucket: 'b' }), '/source/collections/0/bucket'],
    [only({ host: 'b' }), '/source/collections/0/host'],
    [only({ body: {} }), '/source/collections/0/body'],
    [only({ single: true }), '/source/collections/0/next'],
    [only({ headers: { Cookie: 'x' } }), '/source/collections/0/headers'],
    [only({ volatile: ['x'] }), '/source/collections/0/volatile'],
    [only({ compare: { arrays: [{ path: '/x', mode: 'sets' }] } }), '/source/collections/0/compare/arrays/0/mode'],
    [only({ compare: { normalise: [{ how: 'unmask', path: '/x' }] } }), '/source/collections/0/compare'],
    [only({ surplus: 1 }), '/source/collections/0/surplus'],
    [{ kind: 'entra', parameters: {} }, '/source/parameters/tenant_id'],
    [{ kind: 'entra', parameters: { tenant_id: 't', cloud: 'mars' } }, '/source/parameters/cloud'],
    [{ kind: 'entra', parameters: { tenant_id: 't' }, collections: [rules] }, '/source/collections'],
    [{ kind: 'entra', parameters: { tenant_id: 't' }, credential: { client_id: 'c' } }, '/source/credential/client_secret'],
  ];
  for (const [source, place] of rows) {
    const answer = await make(source);
    assert.equal(answer.status, 422, `${place}: ${JSON.stringify(source)} ${JSON.stringify(answer.json)}`);
    assert.ok(answer.json.errors.some((e) => e.pointer === place), `${place}: ${JSON.stringify(answer.json.errors)}`);
  }
});
