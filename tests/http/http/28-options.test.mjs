// What a resource can be asked: OPTIONS at every route, the same list with a refusal, and what is not there.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { newId, raw, send, text } from '../lib/client.mjs';
import { base } from '../lib/env.mjs';
import { checkHeaders, checkProblem, openapi } from '../lib/spec.mjs';

const all = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'];
const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';
let paths;

before(async () => {
  const { document } = await openapi();
  // One address of each template; the methods that its document says, HEAD with GET, and OPTIONS.
  paths = Object.entries(document.paths).map(([template, item]) => {
    const known = new Set(Object.keys(item).map((m) => m.toUpperCase()).filter((m) => all.includes(m)));
    if (known.has('GET'))
      known.add('HEAD');
    known.add('OPTIONS');
    return { template, target: template.replace(/\{id\d*\}/g, uuid).replace(/\{\w+\}/g, 'x'), known };
  });
});

// A word of a template stands where another template has a name: there both answer.
// A number stands for itself alone: "order" is none.
const shapeOf = (name) => (/^\{id\d?\}$/.test(name) ? '[0-9a-f-]{36}' : '[^/]+');
const knownAt = (target) => new Set(paths.filter((p) => new RegExp(`^${p.template.replace(/[.]/g, '\\$&').replace(/\{\w+\}/g, shapeOf)}$`).test(target))
  .flatMap((p) => [...p.known]));

const listOf = (a) => a.headers.allow.split(', ');
const sorted = (list) => [...list].sort();

test('OPTIONS tells the methods of every route, without a credential and without a body', async () => {
  for (const { target } of paths) {
    const a = await send('OPTIONS', target);
    assert.equal(a.status, 204, `${target}: ${a.text}`);
    assert.equal(a.bytes.length, 0, target);
    assert.deepEqual(sorted(listOf(a)), sorted(knownAt(target)), target);
    assert.equal(new Set(listOf(a)).size, listOf(a).length, target);
    checkHeaders(a, target);
    assert.match(a.headers.vary, /\bOrigin\b/, target);
    assert.deepEqual(Object.keys(a.headers).filter((n) => n.startsWith('access-control-')), [], target);
  }
  assert.ok(paths.length >= 70, `${paths.length} paths`);
  console.log(`# ${paths.length} paths`);
});

test('what a route does not know is 405 with the same list, whatever method it is', async () => {
  let tried = 0;
  for (const { target } of paths) {
    const known = knownAt(target);
    for (const method of [...all, 'PATCH'].filter((m) => !known.has(m))) {
      const a = await send(method, target);
      if (!a.ours)
        continue; // PATCH, at a web server that does not know it
      assert.equal(a.status, 405, `${method} ${target}`);
      assert.deepEqual(sorted(listOf(a)), sorted(known), `${method} ${target}`);
      if (method !== 'HEAD')
        assert.equal((await checkProblem(a, `${method} ${target}`)).code, 'method_not_allowed');
      tried++;
    }
  }
  assert.ok(tried > 200, `${tried} tried`);
  console.log(`# ${tried} methods at ${paths.length} paths`);
});

test('what the list says is true: each of its methods is answered by the resource', async () => {
  for (const { target } of paths)
    for (const method of listOf(await send('OPTIONS', target)))
      assert.notEqual((await send(method, target)).status, 405, `${method} ${target}`);
});

test('OPTIONS of what is not there is 404, of what is malformed 400', async () => {
  for (const target of ['/nothing', '/api', '/api/', '/api/nothing', '/api/drift/configs/', '/api/drift/configs/1', `/api/users/${uuid}/x`, '/*', '/api/*']) {
    const a = await send('OPTIONS', target);
    assert.equal((await checkProblem(a, target)).code, 'not_found');
    assert.equal(a.headers.allow, undefined, target);
  }
  for (const target of ['/api/%2e%2e/health', '/api/health%00', '/api//health']) {
    const a = await raw(text('OPTIONS', target, { 'X-Request-Id': newId() }));
    assert.ok([400, 404].includes(a.status), `${target}: ${a.status}`);
  }
});

test('OPTIONS of the server itself is answered, by us or by the web server in front', async () => {
  const a = await send('OPTIONS', '*');
  if (a.ours)
    assert.deepEqual([a.status, a.headers.allow], [204, all.join(', ')]);
  else
    assert.ok([200, 204, 400, 405].includes(a.status), `${a.status}`);
});

test('a page that is ours, or says no method it wants, asks like everybody', async () => {
  for (const headers of [{ Origin: base.origin }, { Origin: base.origin, 'Access-Control-Request-Method': 'PUT' }, { Origin: 'https://evil.example' },
    { Origin: 'null' }, { 'Access-Control-Request-Method': 'PUT' }]) {
    const a = await send('OPTIONS', '/api/auth/me', { headers });
    assert.equal(a.status, 204, JSON.stringify(headers));
    assert.deepEqual(sorted(listOf(a)), ['GET', 'HEAD', 'OPTIONS', 'PUT']);
    assert.equal(a.headers['access-control-allow-origin'], undefined);
  }
  assert.equal((await send('OPTIONS', '/api/auth/me', { headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'PUT' } })).status, 403,
    'a preflight is held against the origins that are allowed');
});
