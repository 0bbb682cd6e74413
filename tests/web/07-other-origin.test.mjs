// A page of another origin, in a browser: where its tenant allows it, it signs in, calls and stays signed in with tokens
// in bodies; where not, its scripts see nothing at all.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { base, renewWorkers } from '../http/lib/env.mjs';
import { newTenant, sql } from '../http/lib/people.mjs';
import { startChromium } from './lib/browser.mjs';

const who = newTenant();
let chromium, server, allowed, refused;

before(async () => {
  server = http.createServer((q, a) => { a.writeHead(200, { 'Content-Type': 'text/html' }); a.end('<title>A page of somebody else</title>'); });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  // of another site, as the browser counts; and of the same one by another port
  [allowed, refused] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
  sql(`UPDATE tenants SET settings = '${JSON.stringify({ cors: { allowed_origins: [allowed] } })}' WHERE slug = '${who.tenant}'`);
  await renewWorkers(); // those that have answered a page before keep the list for 20 s
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  server.closeAllConnections();
  server.close();
});

async function onPage(origin, f) {
  const context = await chromium.newContext();
  try {
    const page = await context.newPage();
    await page.goto(origin);
    // What a script of that page gets: the answer as far as it may see it, or the browser's refusal.
    const ask = (method, target, { body, token, credentials = 'same-origin' } = {}) => page.evaluate(async ([url, init]) => {
      try {
        const a = await fetch(url, init), h = (n) => a.headers.get(n);
        return { status: a.status, json: a.status === 204 ? null : await a.json(), id: h('X-Request-Id'), wait: h('Retry-After') };
      } catch (e) {
        return { refused: e.name };
      }
    }, [new URL(target, base.origin).href, { method, credentials, body: body && JSON.stringify(body),
      headers: { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) } }]);
    await f(ask, context);
  } finally {
    await context.close();
  }
}

test('a page of an allowed origin signs in, calls, refreshes and signs out, without a cookie', () => onPage(allowed, async (ask, context) => {
  const a = await ask('POST', '/api/auth/login', { body: { ...who, delivery: 'body' } });
  assert.equal(a.status, 200, JSON.stringify(a));
  const me = await ask('GET', '/api/auth/me', { token: a.json.access_token });
  assert.equal(me.json.user.email, who.email);
  const b = await ask('POST', '/api/auth/refresh', { body: { refresh_token: a.json.refresh_token } });
  assert.equal(b.status, 200, JSON.stringify(b));
  assert.equal((await ask('PUT', '/api/auth/me', { token: b.json.access_token, body: { display_name: 'From elsewhere' } })).json.user.display_name, 'From elsewhere');
  assert.equal((await ask('POST', '/api/auth/logout', { token: b.json.access_token })).status, 204);
  assert.equal((await ask('GET', '/api/auth/me', { token: b.json.access_token })).status, 401);
  assert.deepEqual(await context.cookies(), []);
}));

test('it can read why it was refused; with cookies it is refused', () => onPage(allowed, async (ask, context) => {
  const wrong = await ask('POST', '/api/auth/login', { body: { ...who, password: 'wrong', delivery: 'body' } });
  assert.deepEqual([wrong.status, wrong.json.code, typeof wrong.id], [401, 'invalid_credentials', 'string']);
  const cookie = await ask('POST', '/api/auth/login', { body: who });
  assert.deepEqual([cookie.status, cookie.json.code], [403, 'csrf_failed']);
  // a page that insists on credentials: the browser does not let it see the answer, and nothing was set
  assert.deepEqual(await ask('POST', '/api/auth/login', { body: who, credentials: 'include' }), { refused: 'TypeError' });
  assert.deepEqual(await context.cookies(), []);
  let last = {};
  for (let i = 0; i < 12 && last.status !== 429; i++)
    last = await ask('POST', '/api/auth/login', { body: { ...who, email: 'waits@acme.example', password: 'wrong', delivery: 'body' } });
  assert.equal(last.status, 429);
  assert.ok(Number(last.wait) > 0, 'Retry-After is for its eyes too');
}));

test('a page of an origin that nobody allows sees nothing', () => onPage(refused, async (ask, context) => {
  for (const [target, body] of [['/api/auth/login', { ...who, delivery: 'body' }], ['/api/auth/refresh', { refresh_token: 'x' }], ['/api/auth/login', who]])
    assert.deepEqual(await ask('POST', target, { body }), { refused: 'TypeError' });
  assert.deepEqual(await ask('GET', '/api/health'), { refused: 'TypeError' });
  assert.deepEqual(await context.cookies(), []);
}));
