// Source packs as they are shown, and configs that name them: what is taken, what is refused and where, and what comes back.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { bearer, newKey, unique, withKey } from '../lib/people.mjs';

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
  assert.ok(entra.collections.every((c) => c.permission || c.made_of?.length > 1));
  assert.ok(entra.documents.length > 0);
  assert.deepEqual(entra.attribution, { category: 'auditLogs/directoryAudits', permission: 'AuditLog.Read.All', window_s: 5400 });
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
  const made = await make(http({ credential: { kind: 'bearer', token: 'tell-nobody', expires_at: '2099-01-02T03:04:05Z' } }));
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
    ...['Cookie', 'X-Api-Key', 'apikey', 'PRIVATE-TOKEN', 'X-Client-Secret', 'Proxy-Authorization', 'X_Auth_Token', 'Expect', 'Connection', 'Host',
      'X-Forwarded-Host', 'Forwarded', 'X-HTTP-Method-Override', 'X-HTTP-Method', 'X_Http_Method', 'X-Method-Override', 'X-Original-URL']
      .flatMap((name) => [[http({ parameters: { ...base, headers: { [name]: 'x' } } }), '/source/parameters/headers', /credential/],
        [only({ headers: { [name]: 'x' } }), '/source/collections/0/headers', /credential/]]),
    ...['/..%2f..%2fadmin', '/a/..;/b', '/a/..;v=1', '/a%5c..%5cb', '/a\\..\\b', '/a\\b', '/a/.%2e/b', '/%252e%252E/x', '/%25252525252525252e', '/%00', '/a%0db',
      '/%c0%ae%c0%ae/x', '/a/%2e%2e%2fx'].flatMap((path) => [[only({ path }), '/source/collections/0/path'],
      [http({ parameters: { base_url: `https://fw.example${path}` } }), '/source/parameters/base_url']]),
    [http({ credential: { token: 'x' } }), '/source/credential/kind'],
    [http({ credential: { kind: 'bearer', token: 'x', expires_at: 'soon' } }), '/source/credential/expires_at'],
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
    ...['https://169.254.169.254', 'https://10.0.0.1:8443/x', 'https://[fd00::1]', 'https://[::ffff:192.168.0.1]', 'http://0.0.0.0'].flatMap((url) => [
      [http({ parameters: { base_url: url } }), '/source/parameters/base_url', /(169|10|fd00|ffff|0\.0\.0).*must not be connected to.*outbound\.allow/],
      [http({ credential: { kind: 'oauth2_client_credentials', client_id: 'c', client_secret: 's', token_url: url } }), '/source/credential/token_url', /outbound\.allow/],
      [{ kind: 'entra', parameters: { tenant_id: 't', graph_url: url } }, '/source/parameters/graph_url', /outbound\.allow/]]),
    [{ kind: 'entra', parameters: {} }, '/source/parameters/tenant_id'],
    [{ kind: 'entra', parameters: { tenant_id: 't', cloud: 'mars' } }, '/source/parameters/cloud'],
    [{ kind: 'entra', parameters: { tenant_id: 't' }, collections: [rules] }, '/source/collections'],
    [{ kind: 'entra', parameters: { tenant_id: 't' }, credential: { client_id: 'c' } }, '/source/credential/client_secret'],
  ];
  for (const [source, place, says = /./] of rows) {
    const answer = await make(source);
    assert.equal(answer.status, 422, `${place}: ${JSON.stringify(source)} ${JSON.stringify(answer.json)}`);
    assert.ok(answer.json.errors.some((e) => e.pointer === place && says.test(e.detail)), `${place}: ${JSON.stringify(answer.json.errors)}`);
  }
});

test('names that only look like steps of dots are paths', async () => {
  for (const path of ['/a/...', '/.well-known/x', '/a/..b', '/a%20b', '/a;v=1', '/a%2Fb', '/ä'])
    assert.equal((await make(only({ path }))).status, 201, path);
});

const drift = ['create:drift', 'read:drift', 'update:drift', 'execute:drift'];
const holder = async (...more) => withKey((await newKey(there.admin, [...drift, ...more])).key);
const put = (who, id, source) => who('PUT', `/api/drift/configs/${id}`, { body: { source } });

test('who may not see values makes no keys of others', async () => {
  const source = http(), { id } = (await make(source)).json, blind = await holder(), seeing = await holder('read:snapshots');
  const changes = { key: 'password', path: '/others', items: '', next: undefined };
  for (const [member, value] of Object.entries(changes)) {
    const changed = only({ [member]: value });
    const refused = await put(blind, id, changed);
    assert.equal(refused.status, 403, `${member}: ${refused.text}`);
    assert.match(refused.json.detail, /read:snapshots/);
    assert.equal((await put(seeing, id, changed)).status, 200, member);
    assert.equal((await put(seeing, id, source)).status, 200, member);
  }
  assert.equal((await put(blind, id, http({ parameters: { base_url: 'https://other.example' } }))).status, 403);
  assert.equal((await put(blind, id, { ...source, credential: { kind: 'bearer', token: 'anew' } })).status, 200, 'the credential alone is no choice');
  assert.equal((await put(blind, id, { kind: 'push' })).status, 200);
  assert.equal((await put(blind, id, { kind: 'push', selector: { resources: '/a', key: '/b' } })).status, 403);
});

test('a credential that is kept is asked with as it was meant', async () => {
  const credential = { kind: 'bearer', token: 'kept' };
  const { id } = (await make(http({ credential }))).json, sees = await holder('read:snapshots');
  const each = [{ name: 'm', path: '/u/{/id}', method: 'POST', items: '' }];
  const asks = { method: 'POST', path: '/users/17', query: { action: 'delete' }, headers: { 'X-Site': '7' }, next: { pointer: '/more' }, each };
  const reads = { key: 'name', items: '/rows', category: 'rulez', drop: ['seen'] };
  for (const [member, value] of Object.entries(asks)) {
    const refused = await put(sees, id, only({ [member]: value }));
    assert.equal(refused.status, 422, `${member}: ${refused.text}`);
    assert.equal(refused.json.errors[0].pointer, '/source/credential', member);
  }
  assert.equal((await put(sees, id, only({ method: 'POST', body: { q: 'mutation' } }))).status, 422);
  assert.equal((await put(sees, id, http({ collections: [rules, { ...rules, category: 'more' }] }))).status, 422, 'one more');
  for (const [member, value] of Object.entries(reads))
    assert.equal((await put(sees, id, only({ [member]: value }))).status, 200, member);
  assert.equal((await put(sees, id, { ...only({ method: 'POST', body: { q: 'query' } }), credential })).status, 200, 'named anew');
});

test('what reads the tenant itself is made, changed and run by those alone who may read all that it reads', async () => {
  const guards = ['users', 'roles', 'tenants', 'settings', 'channels', 'api_keys'].map((r) => `read:${r}`);
  const source = { kind: 'self' }, schedule = { interval_s: 86400 };
  const own = await there.admin('POST', '/api/drift/configs', { body: { name: unique('self'), source, schedule } });
  assert.equal(own.status, 201, own.text);
  const other = (await make({ kind: 'push' })).json.id;
  const deeds = [['POST', '/api/drift/configs', 201, () => ({ name: unique('self'), source, schedule })], ['PUT', `/api/drift/configs/${other}`, 200, () => ({ source })],
    ['PUT', `/api/drift/configs/${own.json.id}`, 200, () => ({ schedule: { interval_s: 43200 } })], ...['run', 'try'].map((deed) => ['POST', `/api/drift/configs/${own.json.id}/${deed}`, 202, () => undefined])];
  const tell = async (who, name, lacks) => {
    for (const [method, path, status, body] of deeds) {
      const answer = await who(method, path, { body: body() });
      assert.equal(answer.status, lacks ? 403 : status, `${name} ${method} ${path}: ${answer.text}`);
      if (lacks)
        assert.ok(answer.json.detail.includes(lacks), answer.json.detail);
    }
  };
  for (const lacks of guards)
    await tell(await holder('read:snapshots', ...guards.filter((g) => g !== lacks)), `without ${lacks}`, lacks);
  await tell(await holder(...guards), 'with all of them', null);
});
