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
import { all, bearer, newConfig, newTenant, policy, push, unique } from '../lib/people.mjs';
import { openapi } from '../lib/spec.mjs';

const issuer = 'https://id.example.org';
let fronts, admin, document, auth;
before(async () => {
  [fronts, { document }] = [await startFronts(), await openapi()];
  admin = await bearer(newTenant());
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
  '/api/roles/{id}': { make: async () => `/api/roles/${(await all(admin, '/api/roles'))[0].id}` },
  '/api/tenants/{id}': { make: async () => `/api/tenants/${(await all(admin, '/api/tenants'))[0].id}`, change: () => ({ name: unique('tenant') }) },
  '/api/users/{id}': { make: () => made('/api/users', { email: `${unique('u')}@etag.example`, display_name: 'U', password: 'a long enough password' }),
    change: () => ({ display_name: unique('name') }) },
  '/api/identity-providers/{id}': { make: async () => `/api/identity-providers/${(await newProvider(admin, { name: unique('p'), kind: 'oidc',
    client_id: 'c', client_secret: 'hush-hush-hush', issuer })).id}`, change: () => ({ client_id: unique('c') }) },
  '/api/drift/configs/{id}': { make: () => made('/api/drift/configs', { name: unique('c'), source: { kind: 'push' } }), change: () => ({ name: unique('c') }) },
  '/api/drift/golden-baselines/{id}': { make: () => made('/api/drift/golden-baselines', { name: unique('g'), resources: [{ category: 'c', key: 'k', value: 1 }] }),
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
  const templates = conditional('DELETE');
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
