// The page for people and what it loads: types, policy, entity tags, compressed or not. What they do is shown in tests/web.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { call, send } from '../lib/client.mjs';

const page = () => call('GET', '/');
const links = (text) => [...text.matchAll(/(?:src|href)="(console\/[^"]+)"/g)].map((m) => `/${m[1]}`);

test('the page has a strict policy and is asked for again each time', async () => {
  const a = await page(), csp = a.headers['content-security-policy'];
  assert.equal(a.status, 200);
  assert.equal(a.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(a.headers['cache-control'], 'no-cache');
  assert.doesNotMatch(csp, /unsafe|\*|https?:/);
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"])
    assert.ok(csp.includes(part), csp);
  assert.doesNotMatch(a.text, /<script(?![^>]* src=)|<style|style=| on\w+=/, 'nothing stands in the page itself');
  assert.match(a.headers.vary, /Accept-Encoding/);
  const again = await call('GET', '/', { headers: { 'If-None-Match': a.headers.etag } });
  assert.equal(again.status, 304);
  assert.equal(again.headers['cache-control'], 'no-cache');
});

test('the page is there whatever its address says', async () => {
  for (const query of ['mfa=1', 'error=x&request_id=y', 'error=a&error=b', `tenant=${'a'.repeat(3000)}`, 'utm_source=mail'])
    assert.equal((await call('GET', `/?${query}`)).status, 200, query);
});

test('everything that the page and its modules load is there, for ever, and of the right type', async () => {
  const types = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };
  const all = new Set(links((await page()).text)), ofPage = all.size;
  for (const link of all) {
    const a = await call('GET', link);
    assert.equal(a.status, 200, link);
    assert.equal(a.headers['content-type'], types[link.split('.').pop()], link);
    assert.equal(a.headers['cache-control'], 'public, max-age=31536000, immutable');
    // what is loaded when it is wanted, with all that it needs beside it: nothing is found out one after another
    const of = (pattern) => [...a.text.matchAll(pattern)].map(([, name]) => name), needed = of(/^import [^(].*'\.\/([^']+)';$/gm);
    assert.deepEqual(needed.filter((name) => !['app.js', 'common.js'].includes(name)), [], link);
    for (const name of of(/\bimport\('\.\/([^']+)'\)/g))
      all.add(link.replace(/[^/]+$/, name));
  }
  assert.ok(ofPage <= 4, `the first page needs ${ofPage} files`);
  assert.ok(all.size >= 20, [...all].join());
});

test('a client that takes gzip gets it, as a representation of its own', async () => {
  for (const target of ['/', links((await page()).text).find((l) => l.endsWith('.css'))]) {
    const plain = await call('GET', target), ask = (coding, more = {}) => send('GET', target, { headers: { 'Accept-Encoding': coding, ...more } });
    assert.equal(plain.headers['content-encoding'], undefined);
    for (const coding of ['gzip', 'br, gzip;q=0.5', '*', 'GZIP ; q=1.0', 'gzip;q=0.001, *;q=0']) {
      const a = await ask(coding);
      assert.equal(a.headers['content-encoding'], 'gzip', coding);
      assert.deepEqual(gunzipSync(a.bytes), plain.bytes, coding);
      assert.ok(a.bytes.length < plain.bytes.length);
      assert.notEqual(a.headers.etag, plain.headers.etag);
      assert.equal((await ask(coding, { 'If-None-Match': a.headers.etag })).status, 304);
      assert.equal((await ask(coding, { 'If-None-Match': plain.headers.etag })).status, 200);
    }
    for (const coding of ['', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.000', '*;q=0', 'gzip;q=0, *', 'gzip;q=x', 'gzipped', 'x-gzip2']) {
      const a = await ask(coding);
      assert.equal(a.headers['content-encoding'], undefined, coding);
      assert.deepEqual(a.bytes, plain.bytes);
    }
  }
});

test('HEAD is as GET without a body; other methods and names are refused', async () => {
  const [file] = links((await page()).text).filter((l) => l.endsWith('.js')), get = await call('GET', file);
  const head = await call('HEAD', file);
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  assert.equal((await call('POST', '/', { body: {} })).status, 405);
  assert.equal((await call('PUT', file, { body: {} })).headers.allow, 'GET, HEAD, OPTIONS');
  for (const target of [file.replace(/\/[0-9a-f]{16}\//, '/0000000000000000/'), file.replace(/[^/]+$/, 'nothing.js'), file.replace(/[^/]+$/, 'index.html'),
    '/console', '/console/', `${file}/x`, '/index.html', '/favicon.ico'])
    assert.equal((await call('GET', target)).status, 404, target);
});
