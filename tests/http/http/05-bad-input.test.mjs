import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { base, front, Log, until } from '../lib/env.mjs';
import { abort, call, newId, raw, text } from '../lib/client.mjs';
import { checkHeaders, checkProblem } from '../lib/spec.mjs';
import { all, bearer, newConfig, policy, unique } from '../lib/people.mjs';

let admin, config, auth;

before(async () => {
  admin = await bearer();
  config = await newConfig(admin);
  auth = { Authorization: `Bearer ${admin.token}` };
});

const json = { 'Content-Type': 'application/json' };
const count = async () => (await all(admin, '/api/drift/configs')).length + (await all(admin, '/api/drift/channels')).length +
  (await all(admin, '/api/api-keys')).length + (await all(admin, `/api/drift/configs/${config.id}/snapshots`)).length;

// The problem, the one log line, and nothing half-written.
async function refuses(what, f, status, code) {
  const id = newId(), log = new Log(), before = await count();
  const a = await f(id);
  assert.equal(a.status, status, `${what}: ${a.text.slice(0, 300)}`);
  assert.ok(a.ours, `${what}: the answer is the web server's`);
  assert.equal(a.id, id, what);
  checkHeaders(a, what);
  const p = await checkProblem(a, what);
  assert.equal(p.code, code, what);
  const [line] = await until(`a log line: ${what}`, () => {
    const l = log.access(id);
    return l.length > 0 && l;
  });
  assert.equal(line['http.response.status_code'], status, what);
  assert.equal(line['error.code'], code, what);
  assert.equal(log.access(id).length, 1, what);
  assert.equal(await count(), before, `${what}: something was written`);
  return p;
}

const post = (target, body, headers = json) => (id) => admin('POST', target, { id, body, headers });

test('malformed JSON is 400 and says where', async () => {
  const name = '{"name":"x","source":{"kind":"push"}';
  const bodies = { 'cut': name, 'nothing': '', 'spaces': ' \n', 'a trailing comma': `${name},}`, 'a comment': `${name}/**/}`,
    'single quotes': "{'name':'x'}", 'NaN': '{"name":NaN}', 'Infinity': '{"name":-Infinity}', 'leading zero': '{"name":01}',
    'a bare point': '{"name":1.}', 'hex': '{"name":0x10}', 'a raw control character': '{"name":"a\nb"}', 'two values': `${name}} {}`,
    'a bad escape': '{"name":"\\x41"}', 'a lone surrogate': '{"name":"\\ud800"}', 'a reversed pair': '{"name":"\\udc00\\ud800"}',
    'a duplicate member': '{"name":"x","name":"y"}', 'a duplicate member by escape': '{"name":"x","\\u006eame":"y"}',
    'too deep': `{"name":${'['.repeat(129)}${']'.repeat(129)}}`, 'far too deep': '['.repeat(200000), 'a word': 'hello' };
  for (const [what, body] of Object.entries(bodies)) {
    const p = await refuses(what, post('/api/drift/configs', body), 400, 'malformed_json');
    assert.ok(p.detail.length > 0);
  }
});

test('128 levels are taken, 129 are not', async () => {
  const deep = (n) => `{"document":${'['.repeat(n - 1)}${']'.repeat(n - 1)}}`;
  const target = `/api/drift/configs/${config.id}/snapshots`;
  assert.equal((await post(target, deep(128))(newId())).status, 201);
  await refuses('129 levels', post(target, deep(129)), 400, 'malformed_json');
});

test('what is not UTF-8 is 400', async () => {
  const wrap = (...bytes) => Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')]);
  for (const [what, body] of [['Latin-1', wrap(0xe4)], ['overlong', wrap(0xc0, 0xaf)], ['a coded surrogate', wrap(0xed, 0xa0, 0x80)],
    ['beyond U+10FFFF', wrap(0xf4, 0x90, 0x80, 0x80)], ['a cut sequence', wrap(0xe2, 0x82)]]) // UTF-16 and BOMs: 29-encodings
    await refuses(what, post('/api/drift/configs', body), 400, 'malformed_json');
});

test('wrong types, unknown members and values out of range are 422, one entry for each', async () => {
  const p = await refuses('many', post('/api/drift/configs', { name: 5, source: [], colour: 'red', rule_packs: [1], rules: null }), 422, 'validation_failed');
  assert.deepEqual(p.errors.map((e) => e.pointer).sort(), ['/colour', '/name', '/rule_packs/0', '/source']);
  for (const e of p.errors)
    assert.ok(e.detail.length > 5);
  for (const [what, body] of [['an array', '[]'], ['a string', '"x"'], ['null', 'null'], ['a name too long', { name: 'x'.repeat(300), source: { kind: 'push' } }],
    ['U+0000', '{"name":"a\\u0000b","source":{"kind":"push"}}'], ['a control character', '{"name":"a\\u001bb","source":{"kind":"push"}}']])
    await refuses(what, post('/api/drift/configs', body), 422, 'validation_failed');
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`m${i}`, i]));
  const flood = await refuses('a flood of members', post('/api/drift/configs', many), 422, 'validation_failed');
  assert.ok(flood.errors.length < 1000, 'bounded');
});

test('a body where none is expected is 422, and {} is none', async () => {
  const channel = '/api/drift/channels/01890a5d-ac96-774b-bcce-b302099a8057/test';
  await refuses('a body', post(channel, { a: 1 }), 422, 'validation_failed');
  await refuses('{}', post(channel, '{}'), 404, 'not_found');
});

test('another media type is 415', async () => {
  const body = JSON.stringify({ name: 'x', source: { kind: 'push' } });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'application/json; charset=latin1',
    'multipart/form-data; boundary=x', 'text/json', '*/*'])
    await refuses(type, post('/api/drift/configs', body, { 'Content-Type': type }), 415, 'unsupported_media_type');
  await refuses('none', post('/api/drift/configs', body, {}), 415, 'unsupported_media_type');
  for (const type of ['application/json; charset=UTF-8', 'Application/JSON;charset="utf-8"'])
    assert.equal((await post('/api/drift/configs', { name: unique('c'), source: { kind: 'push' } }, { 'Content-Type': type })(newId())).status, 201);
});

test('an unknown path is 404, a known one with another method 405 with Allow', async () => {
  for (const target of ['/api/nothing', '/api', '/api/', '/nothing', '/api/drift/configs/', '/api/drift/configs/x', '/api/drift/configs/1',
    `/api/drift/configs/${config.id}x`, `/api/drift/configs/${config.id}/nothing`, '/API/health', '/api/health/x'])
    await refuses(target, (id) => admin('GET', target, { id }), 404, 'not_found');
  for (const [method, target, allow] of [['PUT', '/api/drift/configs', ['GET', 'POST']], ['DELETE', '/api/health', ['GET']],
    ['POST', `/api/drift/configs/${config.id}`, ['DELETE', 'GET', 'PUT']], ['PATCH', `/api/drift/configs/${config.id}`, ['DELETE', 'GET', 'PUT']],
    ['GET', '/api/auth/login', ['POST']]]) {
    const id = newId();
    const a = await admin(method, target, { id });
    assert.equal(a.status, 405, `${method} ${target}: ${a.text}`);
    if (!a.ours)
      continue; // PATCH at a web server that does not know it
    assert.equal((await checkProblem(a)).code, 'method_not_allowed');
    const listed = a.headers.allow.split(/, */);
    for (const m of allow)
      assert.ok(listed.includes(m), `${method} ${target}: ${a.headers.allow}`);
    assert.ok(!listed.includes(method));
  }
});

test('HEAD answers like GET without a body', async () => {
  const get = await call('GET', '/api/health'), head = await call('HEAD', '/api/health');
  assert.equal(head.status, 200);
  assert.equal(head.bytes.length, 0);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
});

// ---- the request target: as bytes, because client libraries repair it ----------------------------------

const plain = (id, target, headers = {}, method = 'GET', body = '') =>
  raw(text(method, target, { ...auth, 'X-Request-Id': id, ...headers }, body));

test('targets with two readings are refused', async () => {
  const deep = `/api/drift/configs/${config.id}`;
  const targets = ['/api/drift%2Fconfigs', '/api%2fhealth', '/api/health%00', '/api/%00health', '/api/./health', '/api/../api/health',
    '/api/x/%2e%2e/health', '/api/%2E/health', '/api//health', '//api/health', '/api/health//', '/api\\health', '/api/%5chealth',
    '/api/health%', '/api/health%4', '/api/health%zz', '/api/health%ff', '/api/health%0a', '/api/health%7f', '/api/%c0%afhealth',
    `${deep}/%2e%2e/${config.id}`];
  for (const target of targets) {
    const id = newId(), log = new Log();
    const a = await plain(id, target);
    assert.ok(a.status === 400 || a.status === 404, `${target}: ${a.status} ${a.text.slice(0, 200)}`);
    assert.doesNotMatch(a.text, /"status":"ok"/, target);
    if (!a.ours)
      continue; // refused in front already
    assert.equal(a.status, 400, `${target}: ${a.text.slice(0, 200)}`);
    assert.equal((await checkProblem(a, target)).code, 'bad_request', target);
    await until(`a log line: ${target}`, () => log.access(id).length === 1);
  }
});

test('a percent-encoded letter is the letter', async () => {
  assert.equal((await plain(newId(), '/api/%68ealth')).status, 200);
});

test('two header fields that become one parameter: of ours that with underscores is dropped, others are refused', async () => {
  const id = newId();
  const ours = await raw(text('GET', '/api/health', [['X-Request-Id', id], ['X_Request_Id', 'evil']]));
  assert.equal(ours.status, 200, ours.text);
  assert.equal(ours.id, id);
  const log = new Log();
  const other = await raw(text('GET', '/api/health', [['X-Elsewhere', 'a'], ['X_Elsewhere', 'b']]));
  if (front === 'lighttpd') {
    assert.equal(other.status, 400, other.text);
    assert.equal((await checkProblem(other)).code, 'bad_request');
    await until('a log line', () => log.access().length === 1);
  } else {
    assert.equal(other.status, 200, 'nginx drops the one with underscores');
  }
});

test('a request id is taken when it is well formed, else made', async () => {
  assert.equal((await plain('Good.id_1-x', '/api/health')).id, 'Good.id_1-x');
  for (const bad of ['x'.repeat(64), 'a b', 'a"b', '<script>', 'a,b', 'ä'])
    assert.match((await plain(bad, '/api/health')).id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/, bad);
});

// ---- bodies --------------------------------------------------------------------------------------------

const config_body = () => JSON.stringify({ name: unique('raw'), source: { kind: 'push' } });

test('a chunked body without a length is taken like any other', async () => {
  const body = config_body();
  const chunks = [body.slice(0, 7), body.slice(7)].map((c) => `${Buffer.byteLength(c).toString(16)}\r\n${c}\r\n`).join('');
  const a = await plain(newId(), '/api/drift/configs', { ...json, 'Transfer-Encoding': 'chunked' }, 'POST', `${chunks}0\r\n\r\n`);
  assert.equal(a.status, 201, a.text);
  const big = Buffer.from(JSON.stringify({ resources: [policy(9, { pad: 'x'.repeat(300000) })] }));
  const b = await plain(newId(), `/api/drift/configs/${config.id}/snapshots`, { ...json, 'Transfer-Encoding': 'chunked' }, 'POST',
    Buffer.concat([Buffer.from(`${big.length.toString(16)}\r\n`), big, Buffer.from('\r\n0\r\n\r\n')]));
  assert.equal(b.status, 201, b.text);
});

test('a body shorter than its Content-Length makes nothing', async () => {
  const before = await count(), log = new Log(), id = newId();
  const body = config_body();
  const bytes = text('POST', '/api/drift/configs', { ...auth, ...json, 'X-Request-Id': id, 'Content-Length': body.length + 100 }, body);
  await abort(bytes, { wait: 300 });
  await abort(text('POST', '/api/drift/configs', { ...auth, ...json, 'Content-Length': body.length }, body.slice(0, 10)), { reset: true });
  await abort(text('POST', '/api/drift/configs', { ...auth, ...json, 'Transfer-Encoding': 'chunked' }, '20\r\n{"name"'), { wait: 50 });
  assert.equal((await call('GET', '/api/health')).status, 200);
  assert.ok(log.access(id).length <= 1);
  assert.equal(await count(), before);
});

test('a body longer than its Content-Length is cut there: 400, and the rest is no second request', async () => {
  const before = await count(), body = config_body(), log = new Log();
  const a = await raw(text('POST', '/api/drift/configs', { ...auth, ...json, 'Content-Length': body.length - 1 },
    `${body}GET /api/nothing-smuggled HTTP/1.1\r\nHost: x\r\n\r\n`));
  assert.equal(a.status, 400, a.text);
  assert.equal(await count(), before);
  assert.equal(log.text().includes('smuggled'), false);
});

test('contradicting lengths and malformed ones are refused', async () => {
  const before = await count(), body = config_body();
  for (const headers of [[['Content-Length', '5'], ['Content-Length', String(body.length)]], [['Content-Length', '-1']], [['Content-Length', '0x20']],
    [['Content-Length', '99999999999999999999']], [['Content-Length', 'abc']],
    [['Transfer-Encoding', 'chunked'], ['Content-Length', '3']]]) {
    const a = await raw(text('POST', '/api/drift/configs', [...Object.entries({ ...auth, ...json }), ...headers], body), { timeout: 8000, end: true })
      .catch(() => ({ status: 0 }));
    assert.ok(a.status === 0 || (a.status >= 400 && a.status < 500), `${JSON.stringify(headers)}: ${a.status}`);
  }
  assert.equal(await count(), before);
});

test('a client that leaves before the answer leaves one log line', async () => {
  const log = new Log(), ids = [];
  for (let i = 0; i < 20; i++) {
    const id = newId();
    ids.push(id);
    await abort(text('GET', '/api/auth/me', { ...auth, 'X-Request-Id': id }), { wait: i % 3, reset: i % 2 === 0 });
  }
  await call('GET', '/api/health');
  await until('quiet', () => ids.every((id) => log.access(id).length <= 1));
  for (const line of log.access().filter((l) => ids.includes(l['http.request.id'])))
    assert.ok([200, 499].includes(line['http.response.status_code']));
});

test('a body over the limit is 413', async () => {
  const a = await refuses('a config of 1.1 MB', post('/api/drift/configs', JSON.stringify({ name: 'x'.repeat(1100000) })), 413, 'payload_too_large');
  assert.ok(a.detail);
  const over = Buffer.alloc(17 * 1024 * 1024, 0x20);
  await refuses('a document of 17 MiB', post(`/api/drift/configs/${config.id}/documents`, over), 413, 'payload_too_large');
  const near = Buffer.concat([Buffer.from('{"a":1}'), Buffer.alloc(15 * 1024 * 1024, 0x20)]);
  assert.equal((await post(`/api/drift/configs/${config.id}/documents`, near)(newId())).status, 201);
});

test('headers and targets beyond the limits are refused, below them taken', async () => {
  const long = await plain(newId(), `/api/health?x=${'y'.repeat(5000)}`);
  assert.equal(long.status, 414, long.text);
  assert.equal((await plain(newId(), '/api/health', { 'X-Long': 'y'.repeat(4000) })).status, 200);
  const one = await plain(newId(), '/api/health', { 'X-Long': 'y'.repeat(9000) });
  assert.ok([400, 413, 431].includes(one.status), String(one.status));
  const many = await plain(newId(), '/api/health', Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`X-H${i}`, 'y'.repeat(700)])));
  assert.ok([400, 413, 431].includes(many.status), String(many.status));
  const flood = await plain(newId(), '/api/health', Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`X-H${i}`, 'y'])));
  assert.ok([400, 413, 431].includes(flood.status), String(flood.status));
  const params = Array.from({ length: 70 }, (_, i) => `a${i}=1`).join('&');
  await refuses('70 query parameters', (id) => admin('GET', `/api/drift/configs?${params}`, { id }), 400, 'bad_request');
});

test('what is no HTTP ends no worker', async () => {
  for (const bytes of ['\r\n\r\n', 'GET\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00', 'GET /api/health HTTP/9.9\r\n\r\n', 'A'.repeat(100000),
    'GET /api/health HTTP/1.1\r\n\r\n', `GET /api/health HTTP/1.1\r\nHost: ${base.host}\r\nX: a\0b\r\n\r\n`])
    await raw(Buffer.from(bytes, 'latin1'), { timeout: 3000, end: true }).catch(() => {});
  assert.equal((await call('GET', '/api/health')).status, 200);
});

test('methods nobody knows are refused', async () => {
  for (const method of ['BREW', 'get', 'TRACE', 'CONNECT']) {
    const a = await raw(text(method, '/api/health', {}));
    assert.ok(a.status >= 400 && a.status <= 501, `${method}: ${a.status}`);
  }
});
