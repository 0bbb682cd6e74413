// Entity tags and their conditions: every resource of the OpenAPI document that has one, in every spelling that a web
// server which compresses may make of it, through the four of them.
//
// What they do to a tag "X" of ours, as it was seen: nginx sends W/"X" and passes that back as it comes; Apache sends
// "X-gzip" or "X-br", lighttpd also "X-deflate" and "X-zstd", and answers If-None-Match itself with its own form; Caddy 2.6
// changes nothing. None of them touches what has a coding already.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { startFronts } from '../lib/fronts.mjs';
import { newProvider } from '../lib/idp.mjs';
import { all, bearer, login, newConfig, newKey, newTenant, policy, push, unique } from '../lib/people.mjs';
import { openapi } from '../lib/spec.mjs';

const issuer = 'https://id.example.org';
let fronts, admin, document, auth, tenant;
before(async () => {
  [fronts, { document }] = [await startFronts(), await openapi()];
  const mine = newTenant();
  tenant = mine.tenant;
  admin = await bearer(mine);
  auth = { Authorization: `Bearer ${admin.token}` };
});
after(() => fronts.stop());

const made = async (target, body) => {
  const a = await admin('POST', target, { body });
  assert.equal(a.status, 201, a.text);
  return `${target}/${a.json.id}`;
};
async function alert() {
  const c = await newConfig(admin);
  await push(admin, c, [policy(1)]);
  await push(admin, c, [policy(1, { state: 'disabled' })]);
  return `/api/drift/alerts/${(await all(admin, `/api/drift/alerts?config_id=${c.id}`))[0].id}`;
}
const page = async () => (await call('GET', '/')).text;

// Where one of each is had, and a body that changes it. A resource that nobody has written down here fails.
const resources = {
  '/': { make: () => '/' },
  '/console/{build}/{file}': { make: async () => `/${/console\/[0-9a-f]+\/[a-z]+\.js/.exec(await page())[0]}` },
  '/api/openapi.json': { make: () => '/api/openapi.json' },
  '/api/docs': { make: () => '/api/docs' },
  '/api/roles/{id}': { make: () => made('/api/roles', { name: unique('r'), permissions: ['read:drift'] }), change: () => ({ description: unique('d') }) },
  '/api/tenants/{id}': { make: async () => `/api/tenants/${(await all(admin, '/api/tenants'))[0].id}`, change: () => ({ name: unique('tenant') }) },
  '/api/users/{id}': { make: () => made('/api/users', { email: `${unique('u')}@etag.example`, display_name: 'U', password: 'a long enough password' }),
    change: () => ({ display_name: unique('name') }) },
  '/api/identity-providers/{id}': { make: async () => `/api/identity-providers/${(await newProvider(admin, { name: unique('p'), kind: 'oidc',
    client_id: 'c', client_secret: 'hush-hush-hush', issuer })).id}`, change: () => ({ client_id: unique('c') }) },
  '/api/drift/configs/{id}': { make: () => made('/api/drift/configs', { name: unique('c'), source: { kind: 'push' } }), change: () => ({ name: unique('c') }) },
  '/api/drift/golden-baselines/{id}': { make: () => made('/api/drift/golden-baselines', { name: unique('g'), resources: [{ category: 'c', key: 'k', value: 1 }] }),
    change: () => ({ description: unique('d') }) },
  '/api/drift/templates/{id}': { make: () => made('/api/drift/templates', { name: unique('t'), config: { name: 'c', source: { kind: 'push' } } }),
    change: () => ({ description: unique('d') }) },
  '/api/drift/alerts/{id}': { make: alert, change: () => ({ note: unique('n') }) },
};

const operations = () => Object.entries(document.paths).flatMap(([template, item]) => Object.entries(item)
  .map(([method, op]) => ({ template, method: method.toUpperCase(), op,
    tagged: op.responses['200']?.headers.ETag !== undefined,
    conditional: op.parameters.some((p) => p.$ref === '#/components/parameters/IfMatch') })));
const tagged = () => operations().filter((o) => o.tagged).map((o) => o.template);
const conditional = (method) => operations().filter((o) => o.conditional && o.method === method).map((o) => o.template);

// Each spelling of a tag, and whether it is one (else 400). The tag comes as a web server gave it.
const opaque = (tag) => /"(.*)"/.exec(tag)[1];
const spellings = {
  'as it came': (t) => [t, true], 'weak': (t) => [`W/"${opaque(t)}"`, true], 'strong': (t) => [`"${opaque(t)}"`, true],
  ...Object.fromEntries(['gzip', 'br', 'zstd', 'deflate', '-gzip'].map((c) => [`-${c}`, (t) => [`"${opaque(t)}-${c}"`, true]])),
  'weak and -gzip': (t) => [`W/"${opaque(t)}-gzip"`, true], 'last of a list': (t) => [`"0", W/"1,2" ,${t}`, true],
  'first of a list': (t) => [`${t},"0"`, true], 'with empty elements': (t) => [`,, ${t} ,`, true],
  'without quotes': (t) => [opaque(t), false], 'with one quote': (t) => [`"${opaque(t)}`, false], 'in single quotes': (t) => [`'${opaque(t)}'`, false],
  'w/': (t) => [`w/"${opaque(t)}"`, false], 'with something behind': (t) => [`${t} x`, false], 'without a comma': (t) => [`${t} "0"`, false],
  'the coding outside': (t) => [`"${opaque(t)}"-gzip`, false], 'with a star': (t) => [`${t}, *`, false],
};

test('every entity tag of the document is given, and known again through each web server in each coding', async () => {
  const missing = tagged().filter((t) => !resources[t]);
  assert.deepEqual(missing, [], 'a resource with an entity tag that this test does not know');
  assert.equal(tagged().length, Object.keys(resources).length);
  let rows = 0, compressed = new Set();
  for (const template of tagged()) {
    const target = await resources[template].make();
    const plain = (await admin('GET', target)).headers.etag;
    assert.match(plain, /^"[0-9a-f]+(-[0-9a-f]+)?"$/, template);
    assert.equal((await admin('GET', target, { headers: { 'If-None-Match': plain } })).status, 304, template);
    for (const f of fronts.all)
      for (const coding of ['identity', ...f.codings, f.codings.join(', ')]) {
        const headers = { ...auth, 'Accept-Encoding': coding }, what = `${f.name} ${coding} ${template}`;
        const a = await f.send('GET', target, { headers });
        assert.equal(a.status, 200, what);
        if (a.headers['content-encoding'])
          compressed.add(`${f.name} ${a.headers['content-encoding']}`);
        const known = (value, method = 'GET') => f.send(method, target, { headers: { ...headers, 'If-None-Match': value } });
        // In one coding every spelling, in the others that which came.
        for (const [spelling, make] of Object.entries(spellings).slice(0, coding === f.codings[0] ? undefined : 1)) {
          const [value, good] = make(a.headers.etag);
          if (!good)
            continue;
          const again = await known(value);
          assert.equal(again.status, 304, `${what} ${spelling}: ${value}`);
          assert.equal(again.bytes.length, 0, what);
          rows++;
        }
        assert.equal((await known(`"0", W/"0-gzip", "0${opaque(a.headers.etag)}"`, 'HEAD')).status, 200, what);
        assert.equal((await known('*', 'HEAD')).status, 304, what);
      }
    // What is no list is as if nothing had been asked.
    for (const [value, good] of Object.values(spellings).map((make) => make(plain)))
      assert.equal((await admin('HEAD', target, { headers: { 'If-None-Match': value } })).status, good ? 304 : 200, `${template} ${value}`);
  }
  // Each of them did compress: else nothing was tried.
  for (const f of fronts.all)
    for (const coding of f.codings)
      assert.ok(compressed.has(`${f.name} ${coding}`), `${f.name} did not compress with ${coding}`);
  console.log(`${tagged().length} resources, ${rows} rows`);
});

test('If-Match takes every spelling of the present tag, refuses every one of an old, and garbage with a sentence', async () => {
  const missing = conditional('PUT').filter((t) => !resources[t]?.change);
  assert.deepEqual(missing, [], 'a change that may be conditional which this test does not know');
  let rows = 0;
  for (const template of conditional('PUT')) {
    const target = await resources[template].make(), { change } = resources[template];
    const put = (f, value) => f.send('PUT', target, { body: change(), headers: { ...auth, 'If-Match': value } });
    for (const f of fronts.all) {
      const tag = async () => (await f.send('GET', target, { headers: { ...auth, 'Accept-Encoding': 'gzip' } })).headers.etag;
      const old = await tag();
      const first = await put(f, old);
      assert.equal(first.status, 200, `${f.name} ${template}: ${first.text}`);
      for (const [spelling, make] of Object.entries(spellings)) {
        const what = `${f.name} ${template} ${spelling}`;
        let [value, good] = make(old), a = await put(f, value);
        assert.equal(a.status, good ? 412 : 400, `${what}: old ${value}: ${a.text}`);
        assert.equal(a.json.code, good ? 'precondition_failed' : 'bad_request', what);
        if (!good)
          assert.match(a.json.detail, /^If-Match must be \* or entity tags/, what);
        [value, good] = make(await tag());
        a = await put(f, value);
        assert.equal(a.status, good ? 200 : 400, `${what}: ${value}: ${a.text}`);
        rows += 2;
      }
      assert.equal((await put(f, '*')).status, 200);
      const create = await f.send('PUT', target, { body: change(), headers: { ...auth, 'If-None-Match': '*' } });
      assert.equal(create.status, 412, `${f.name} ${template}: ${create.text}`);
    }
    assert.equal((await admin('PUT', target, { body: change(), headers: { 'If-Match': '"0"' } })).status, 412);
  }
  console.log(`${conditional('PUT').length} resources, ${rows} rows`);
});

test('of changes at once that hold the same tag one is done', async () => {
  for (const template of conditional('PUT')) {
    const target = await resources[template].make(), { change } = resources[template];
    for (let i = 0; i < 4; i++) {
      const tag = (await admin('GET', target)).headers.etag, headers = { 'If-Match': tag };
      const all = await Promise.all(Array.from({ length: 6 }, () => admin('PUT', target, { body: change(), headers, agent: false })));
      const statuses = all.map((x) => x.status);
      assert.equal(statuses.filter((x) => x === 200).length, 1, `${template}: ${statuses}`);
      assert.ok(statuses.every((x) => [200, 409, 412].includes(x)), `${template}: ${statuses}`);
    }
  }
});

test('what is deleted on condition is there until its tag comes, in whichever form', async () => {
  const templates = conditional('DELETE').filter((template) => template !== '/api/tenants/{id}'); // the platform alone deletes it: 98
  assert.ok(templates.length >= 4, `${templates}`);
  for (const template of templates)
    for (const f of fronts.all) {
      const target = await resources[template].make(), headers = { ...auth, 'Accept-Encoding': 'gzip' };
      const tag = (await f.send('GET', target, { headers })).headers.etag;
      const drop = (value) => f.send('DELETE', target, { headers: { ...auth, 'If-Match': value } });
      assert.equal((await f.send('PUT', target, { body: resources[template].change(), headers })).status, 200);
      assert.equal((await drop(tag)).status, 412, `${f.name} ${template}`);
      assert.equal((await drop(opaque(tag))).status, 400, `${f.name} ${template}`);
      const now = (await f.send('GET', target, { headers })).headers.etag;
      assert.equal((await drop(now)).status, 204, `${f.name} ${template} ${now}`);
      assert.equal((await admin('GET', target)).status, 404);
    }
});

test('what has no entity tag gives none, and is not changed on condition', async () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  let gets = 0, changes = 0;
  for (const o of operations()) {
    const target = o.template.replace(/\{id\d*\}/g, id);
    if (o.method === 'GET' && !o.tagged && !/\{|start|callback/.test(o.template)) {
      assert.equal((await admin('GET', target)).headers.etag, undefined, o.template);
      gets++;
    }
    if (['PUT', 'DELETE'].includes(o.method) && !o.conditional) {
      const body = o.op.requestBody?.content['application/json'].example;
      const query = o.op.parameters.filter((p) => p.in === 'query' && p.required).map((p) => `${p.name}=x`).join('&');
      const a = await admin(o.method, `${target}?${query}`.replace(/\?$/, ''), { body, headers: { 'If-Match': '"1"' } });
      assert.equal(a.status, 412, `${o.method} ${o.template}: ${a.text}`);
      assert.match(a.json.detail, /leave If-Match out/);
      changes++;
    }
  }
  assert.ok(gets > 20 && changes > 7, `${gets} ${changes}`);
});

// ---- what is shown, and its tag ----------------------------------------------------------------------------

const put = (target, body) => async () => assert.equal((await admin('PUT', target, { body })).status, 200, `${target} ${JSON.stringify(body)}`);
const post = (target, body) => async () => assert.ok((await admin('POST', target, { body })).status < 300, target);
const template = (value = 1) => made('/api/drift/golden-baselines', { name: unique('g'), resources: [{ category: 'c', key: 'k', value }] });
const idOf = (target) => target.split('/').at(-1);
const user = { email: () => `${unique('u')}@etag.example`, password: 'a long enough password' };

// Of each resource: every route that changes what its GET shows, in this order.
const changes = {
  '/api/roles/{id}': async (t) => [['PUT name', put(t, { name: unique('r') })], ['PUT description', put(t, { description: unique('d') })],
    ['PUT permissions', put(t, { permissions: ['read:alerts'] })]],
  '/api/tenants/{id}': async (t) => {
    let key, config;
    return [['PUT name', put(t, { name: unique('t') })], ['PUT settings', put(t, { settings: { session: { idle_s: 901 } } })],
      ['a user', post('/api/users', { email: user.email(), display_name: 'U', password: user.password })],
      ['a key', async () => { key = (await newKey(admin, ['read:drift'])).id; }],
      ['a key less and a config more', async () => { assert.equal((await admin('DELETE', `/api/api-keys/${key}`)).status, 204); config = await newConfig(admin); }],
      ['a config less and a user more', async () => {
        assert.equal((await admin('DELETE', `/api/drift/configs/${config.id}`)).status, 204);
        await post('/api/users', { email: user.email(), display_name: 'U', password: user.password })();
      }]];
  },
  '/api/users/{id}': async (t) => [['PUT display_name', put(t, { display_name: unique('n') })], ['PUT email', put(t, { email: user.email() })],
    ['PUT roles', put(t, { roles: ['viewer'] })],
    ['a sign-in', async () => { const { email } = (await admin('GET', t)).json; assert.equal((await login({ tenant, email, password: user.password })).status, 200); }],
    ['PUT status', put(t, { status: 'disabled' })], ['PUT status again', put(t, { status: 'active' })]],
  '/api/identity-providers/{id}': async (t) => [['PUT client_id', put(t, { client_id: unique('c') })], ['PUT allowed_domains', put(t, { allowed_domains: ['etag.example'] })],
    ['PUT auto_provision', put(t, { auto_provision: true, role_map: { '*': 'viewer' } })]],
  '/api/drift/configs/{id}': async (t) => {
    const one = idOf(await template()), config = { id: idOf(t) };
    let snapshot;
    return [['PUT name', put(t, { name: unique('c') })], ['PUT thresholds', put(t, { thresholds: { min_severity: 'high' } })],
      ['PUT expect_every_s', put(t, { expect_every_s: 86400 })],
      ['a first snapshot', async () => { snapshot = (await push(admin, config, [policy(1)])).snapshot_id; }],
      ['drift', async () => push(admin, config, [policy(1, { state: 'disabled' })])],
      ['PUT baseline: golden', put(`${t}/baseline`, { golden: { id: one } }), 'state'],
      ['PUT baseline: a snapshot', put(`${t}/baseline`, { snapshot_id: snapshot ?? (await newSnapshot(config)) }), 'state']];
  },
  '/api/drift/golden-baselines/{id}': async (t) => [['PUT description', put(t, { description: unique('d') })],
    ['PUT resources', put(t, { resources: [{ category: 'c', key: 'k', value: 2 }] })], ['PUT name', put(t, { name: unique('g') })]],
  '/api/drift/templates/{id}': async (t) => [['PUT description', put(t, { description: unique('d') })],
    ['PUT config', put(t, { config: { name: 'other', source: { kind: 'push' } } })], ['PUT name', put(t, { name: unique('t') })]],
  '/api/drift/alerts/{id}': async (t) => {
    const { config_id } = (await admin('GET', t)).json, me = (await admin('GET', '/api/auth/me')).json;
    return [['PUT note', put(t, { note: unique('n') })], ['PUT assigned_to', put(t, { assigned_to: me.user?.id ?? me.id })],
      ['PUT status of many', put('/api/drift/alerts', { ids: [idOf(t)], status: 'acknowledged' })],
      ['a snapshot with more of it', () => push(admin, { id: config_id }, [policy(1, { state: 'disabled' }), policy(2)])],
      ['PUT status', put(t, { status: 'resolved' })]];
  },
};
const newSnapshot = async (config) => (await push(admin, config, [policy(1)])).snapshot_id;

test('whatever changes what a GET shows changes its tag: of each resource, by each route', async () => {
  let rows = 0;
  for (const t of tagged().filter((x) => /\{id\}$/.test(x))) {
    assert.ok(changes[t], `${t}: what changes it`);
    const target = await resources[t].make();
    for (const [what, change, state] of await changes[t](target)) {
      const before = await admin('GET', target);
      assert.equal((await admin('GET', target)).headers.etag, before.headers.etag, `${t}: nothing has changed`);
      await change();
      const after = await admin('GET', target), known = await admin('GET', target, { headers: { 'If-None-Match': before.headers.etag } });
      assert.notEqual(after.text, before.text, `${t} ${what}: it changes what is shown`);
      assert.deepEqual([known.status, known.headers.etag], [200, after.headers.etag], `${t} ${what}: ${before.headers.etag}`);
      if (state) { // a change by somebody, which a form from before must not write over
        const old = await admin('PUT', target, { body: resources[t].change(), headers: { 'If-Match': before.headers.etag } });
        assert.equal(old.status, 412, `${t} ${what}: ${old.text}`);
      }
      rows++;
    }
  }
  console.log(`# ${rows} rows`);
  assert.ok(rows >= 26, `${rows}`);
});
