// How a body may be written: content codings, byte order marks, UTF-16 and charsets. The routes come from the OpenAPI
// document: those that carry configuration take gzip and zstd, all others none; a BOM is ignored by all.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { credentials, watched } from '../lib/env.mjs';
import { startFronts } from '../lib/fronts.mjs';
import { bearer, newConfig, newTenant, policy, unique } from '../lib/people.mjs';
import { openapi } from '../lib/spec.mjs';

const gzip = (body, options) => zlib.gzipSync(body, options);
const zstd = (body, ...args) => execFileSync('zstd', ['-q', '-c', ...args], { input: body, maxBuffer: 1 << 26, stdio: ['pipe', 'pipe', 'pipe'] });
const id = '01890a5d-ac96-774b-bcce-b302099a8057';
let admin, platform, document, config, golden, fronts;
before(async () => {
  ({ document } = await openapi());
  [admin, fronts] = [await bearer(newTenant()), await startFronts({ inflating: true })];
  platform = await bearer(credentials.platform);
  config = await newConfig(admin, { source: { kind: 'push' } });
  golden = (await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('golden'), snapshot_id: (await send(plain)).json.snapshot_id } })).json;
});
after(() => fronts.stop());

// Every change of the document, with what its row says of its body.  What a large body is for is looked for before it.
const there = (template) => (template.includes('golden-baselines') ? golden.id : config.id);
const operations = () => Object.entries(document.paths).flatMap(([template, item]) => Object.entries(item)
  .filter(([method]) => method !== 'get').map(([method, op]) => [method, op, op.parameters.some((p) => p.$ref === '#/components/parameters/ContentEncoding')])
  .map(([method, op, large]) => ({
    name: `${method.toUpperCase()} ${template}`, method: method.toUpperCase(), large,
    target: template.replace(/\{id\d*\}/g, large ? there(template) : id) + (op.parameters.some((p) => p.required && p.in === 'query') ? '?reason=x' : ''),
    types: Object.keys(op.requestBody?.content ?? {}) })));
const isDocument = (o) => o.types.includes('application/octet-stream');
const FORM = 'application/x-www-form-urlencoded', isForm = (o) => o.types.includes(FORM);
const ask = (o, body, headers = {}) => (o.name === 'POST /api/tenants' ? platform : admin)(o.method, o.target, { body, headers: { 'Content-Type': isForm(o) ? FORM : 'application/json', ...headers } });

const documents = () => `/api/drift/configs/${config.id}/documents`;
const send = (body, headers = {}) => admin('POST', documents(), { body, headers: { 'Content-Type': 'application/json', ...headers } });
// From now on the same document is unchanged.
const settle = async () => { await send(plain); assert.equal((await send(plain)).status, 201); };
const plain = Buffer.from(JSON.stringify({ value: [policy(1).value], 'Grüße': '𝄞' }));

// ---- content codings ----------------------------------------------------------------------------------------------

// Name, Content-Encoding, bytes: what stands for the same as the plain body.
const codings = (body) => [
  ['gzip', 'gzip', gzip(body)], ['GZip', 'GZip', gzip(body)], ['x-gzip', 'x-gzip', gzip(body)], ['zstd', 'zstd', zstd(body)],
  ['zstd at its best', 'zstd', zstd(body, '-19')], ['zstd without a checksum', 'zstd', zstd(body, '--no-check')],
  ['gzip stored', 'gzip', gzip(body, { level: 0 })], ['identity', 'identity', body], ['identity, gzip', 'identity, gzip', gzip(body)],
  ['gzip members', 'gzip', Buffer.concat([gzip(body.subarray(0, 7)), gzip(''), gzip(body.subarray(7))])],
  ['zstd frames', 'zstd', Buffer.concat([zstd(body.subarray(0, 7)), zstd(''), zstd(body.subarray(7))])],
  ['blanks', ' , gzip ,', gzip(body)],
];
const BOTH = 'gzip, zstd';
// Name, Content-Encoding, bytes, status, Accept-Encoding.
const refused = () => {
  const [g, z] = [gzip(plain), zstd(plain)];
  const flipped = Buffer.from(g);
  flipped[g.length - 6] ^= 1;
  return [
    ...['deflate', 'br', 'compress', 'aes128gcm', 'gzip;q=1', 'gzip zstd', '*', 'utf-8'].map((c) => [c, c, g, 415, BOTH]),
    ['deflate in truth', 'deflate', zlib.deflateSync(plain), 415, BOTH], ['br in truth', 'br', zlib.brotliCompressSync(plain), 415, BOTH],
    ['twice gzip', 'gzip, gzip', gzip(g), 415, BOTH], ['gzip and zstd', 'gzip, zstd', zstd(g), 415, BOTH],
    ['plain called gzip', 'gzip', plain, 400], ['plain called zstd', 'zstd', plain, 400], ['zstd called gzip', 'gzip', z, 400],
    ['gzip called zstd', 'zstd', g, 400], ['gzip without a name', undefined, g, 400], ['gzip of gzip', 'gzip', gzip(g), 400],
    ['cut gzip', 'gzip', g.subarray(0, -1), 400], ['half of gzip', 'gzip', g.subarray(0, g.length / 2), 400],
    ['cut zstd', 'zstd', z.subarray(0, -1), 400], ['something behind gzip', 'gzip', Buffer.concat([g, Buffer.from('x')]), 400],
    ['zeros behind gzip', 'gzip', Buffer.concat([g, Buffer.alloc(512)]), 400], ['something behind zstd', 'zstd', Buffer.concat([z, Buffer.from('xxxx')]), 400],
    ['a wrong checksum', 'gzip', flipped, 400], ['gzip of nothing', 'gzip', gzip(''), 400], ['nothing at all', 'gzip', Buffer.alloc(0), 400],
    ['two documents', 'gzip', Buffer.concat([g, g]), 400], ['a window of 16 MiB', 'zstd', zstd(Buffer.alloc(1 << 20, ' '), '--long=24', '--no-content-size'), 400],
  ];
};

test('a compressed body is the body, on every route that carries configuration', async () => {
  const large = operations().filter((o) => o.large);
  assert.deepEqual(large.map((o) => o.name).sort(), ['POST /api/drift/compare', 'POST /api/drift/configs/{id}/documents',
    'POST /api/drift/configs/{id}/snapshots', 'POST /api/drift/golden-baselines', 'PUT /api/drift/golden-baselines/{id}']);
  for (const o of large) {
    // What is wrong in it is found where it is, which is behind the coding.
    const body = Buffer.from(isDocument(o) ? '{"a":1}' : '{"no such member":1}'), as = await ask(o, body);
    for (const [what, coding, bytes] of codings(body)) {
      const a = await ask(o, bytes, { 'Content-Encoding': coding });
      assert.deepEqual([a.status, a.json.code, a.json.errors], [as.status, as.json.code, as.json.errors], `${o.name} ${what}: ${a.text}`);
    }
  }
  await settle();
  for (const [what, coding, bytes] of codings(plain)) {
    const a = await send(bytes, { 'Content-Encoding': coding });
    assert.equal(a.status, 201, `${what}: ${a.text}`);
    assert.equal(a.json.unchanged, true, what);
  }
});

test('a coding that is not taken is 415 with those that are; what is not what it is called is 400', async () => {
  for (const [what, coding, bytes, status, accept] of refused()) {
    const a = await send(bytes, { 'Content-Encoding': coding });
    assert.deepEqual([a.status, a.headers['accept-encoding']], [status, accept], `${what}: ${a.text}`);
    assert.ok(a.json.detail.length > 20, what);
  }
  const type = await send('{}', { 'Content-Type': 'image/png' });
  assert.deepEqual([type.status, type.headers['accept-encoding']], [415, undefined], 'not because of the coding');
});

test('every other route takes a plain body only, and says so', async () => {
  const others = operations().filter((o) => !o.large);
  assert.ok(others.length > 30, `${others.length}`);
  for (const o of others)
    for (const [coding, bytes] of [['gzip', gzip('{"no such member":1}')], ['zstd', zstd('{"no such member":1}')], ['br', Buffer.from('{}')]]) {
      const a = await ask(o, bytes, { 'Content-Encoding': coding });
      assert.deepEqual([a.status, a.headers['accept-encoding']], [415, 'identity'], `${o.name} ${coding}: ${a.text}`);
    }
  console.log(`${others.length} routes`);
});

test('one key stands for one body, however it is written', async () => {
  const key = unique('key'), push = (body, headers) => send(body, { 'Idempotency-Key': key, ...headers });
  const body = Buffer.from(JSON.stringify({ n: unique('n') })), first = await push(body);
  assert.equal(first.status, 201, first.text);
  for (const [what, coding, bytes] of codings(body)) {
    const a = await push(bytes, { 'Content-Encoding': coding });
    assert.deepEqual([a.status, a.json.snapshot_id], [201, first.json.snapshot_id], what);
  }
  assert.equal((await push(gzip('{}'), { 'Content-Encoding': 'gzip' })).status, 409);
});

test('... and in whatever encoding', async () => {
  const key = unique('key'), text = JSON.stringify({ n: unique('n'), 'Grüße': '𝄞' });
  const all = [['UTF-8', Buffer.from(text)], ['UTF-8 with BOM', Buffer.concat([BOM, Buffer.from(text)])],
    ...encodings.filter(([, , good]) => good).map(([what, encode]) => [what, encode(text)])];
  const ids = new Set();
  for (const [what, bytes] of all)
    for (const packed of [false, true]) {
      const a = await send(packed ? gzip(bytes) : bytes, { 'Idempotency-Key': key, 'Content-Encoding': packed ? 'gzip' : undefined });
      assert.equal(a.status, 201, `${what}: ${a.text}`);
      ids.add(a.json.snapshot_id);
    }
  assert.equal(ids.size, 1);
  assert.equal((await send(utf16le('{}', true), { 'Idempotency-Key': key })).status, 409);
  // A snapshot is UTF-8, with a BOM or without.
  const snapshot = Buffer.from(JSON.stringify({ resources: [policy(1)] })), other = unique('key');
  const push = (body) => admin('POST', `/api/drift/configs/${config.id}/snapshots`, { body, headers: { 'Content-Type': 'application/json', 'Idempotency-Key': other } });
  const first = await push(snapshot), again = await push(Buffer.concat([BOM, snapshot]));
  assert.deepEqual([first.status, again.status, again.json.snapshot_id], [201, 201, first.json.snapshot_id]);
});

test('the limit of the route holds for the text, whatever encoding it comes in', async () => {
  const limit = 16 << 20, cjk = (n) => `{"a":"${'中'.repeat(n)}"}`, least = Math.floor(limit / 3);
  // 8 bytes and three for each character; in UTF-16 two.
  for (const [what, encode] of [['UTF-8', (t) => Buffer.from(t)], ...encodings.filter(([, , good]) => good)])
    for (const [n, status] of [[1000, 201], [least, 413], [least * 1.4 | 0, 413]]) {
      const bytes = encode(cjk(n)), a = await send(gzip(bytes), { 'Content-Encoding': 'gzip' });
      assert.equal(a.status, status, `${what} ${bytes.length}: ${a.text}`);
      assert.ok(status !== 413 || a.json.code === 'payload_too_large');
    }
});

test('a bomb is 413 after the limit of the route, not after what it would come to', async () => {
  const limit = 16 << 20, blanks = Buffer.alloc(1 << 26, ' '), mine = gzip(blanks, { level: 9 }), theirs = zstd(blanks, '-19');
  const bombs = [['gzip', Buffer.concat(Array(16).fill(mine))], ['zstd', Buffer.concat(Array(16).fill(theirs))]];
  assert.ok(bombs[0][1].length > 1_000_000, 'one MB of gzip is one GB');
  for (const [coding, bytes] of bombs) {
    const { value: a, seconds, taken: mib } = await watched(() => send(bytes, { 'Content-Encoding': coding }));
    assert.deepEqual([a.status, a.json.code], [413, 'payload_too_large'], a.text);
    assert.match(a.json.detail, /once it is unpacked/);
    assert.ok(seconds < 1 && mib < 64, `${coding}: ${seconds} s, ${mib} MiB`);
    console.log(`${coding} bomb of ${bytes.length} bytes: ${seconds} s, ${mib.toFixed(0)} MiB`);
  }
  const full = Buffer.from(`{"a":1${' '.repeat(limit - 7)}}`);
  assert.equal(full.length, limit);
  assert.equal((await send(gzip(full), { 'Content-Encoding': 'gzip' })).status, 201);
  assert.equal((await send(gzip(Buffer.concat([full, Buffer.from(' ')])), { 'Content-Encoding': 'gzip' })).status, 413);
});

test('what gives nothing for its bytes ends', async () => {
  const empty = { gzip: gzip(''), zstd: zstd(''), skippable: Buffer.from('502a4d1800000000', 'hex') };
  for (const [what, piece] of Object.entries(empty)) {
    const bytes = Buffer.concat(Array(Math.floor((4 << 20) / piece.length)).fill(piece));
    const { value: a, seconds } = await watched(() => send(bytes, { 'Content-Encoding': what === 'gzip' ? 'gzip' : 'zstd' }));
    assert.ok([400, 422].includes(a.status), `${what}: ${a.status} ${a.text}`);
    assert.ok(seconds < 2.5, `${what}: ${seconds} s`);
  }
});

test('compressed bodies pass each web server, with and without a length', async () => {
  const auth = { Authorization: `Bearer ${admin.token}`, 'Content-Type': 'application/json' };
  await settle();
  for (const f of fronts.all)
    for (const [coding, bytes] of [['gzip', gzip(plain)], ['zstd', zstd(plain)]])
      for (const more of [{}, { 'Transfer-Encoding': 'chunked' }]) {
        const what = `${f.name} ${coding} ${JSON.stringify(more)}`;
        const a = await f.send('POST', documents(), { body: bytes, headers: { ...auth, 'Content-Encoding': coding, ...more } });
        assert.equal(a.status, 201, `${what}: ${a.text}`);
        assert.equal(a.json.unchanged, true, what);
      }
  // Apache's input filter unpacks gzip by itself; then it is a plain body.
  for (const f of fronts.all.filter((x) => x.name !== 'apache-inflating')) {
    const a = await f.send('POST', documents(), { body: plain, headers: { ...auth, 'Content-Encoding': 'br' } });
    assert.deepEqual([a.status, a.headers['accept-encoding']], [415, 'gzip, zstd'], f.name);
  }
});

// ---- encodings of text ----------------------------------------------------------------------------------------------

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const utf16le = (text, bom) => Buffer.from((bom ? '\ufeff' : '') + text, 'utf16le');
const utf16be = (text, bom) => utf16le(text, bom).swap16();
const utf32 = (text, big) => Buffer.concat([...text].map((c) => {
  const b = Buffer.alloc(4);
  b[big ? 'writeUInt32BE' : 'writeUInt32LE'](c.codePointAt(0));
  return b;
}));
// Name, the function, and whether a document may be so.
const encodings = [['UTF-16LE with BOM', (t) => utf16le(t, true), true], ['UTF-16BE with BOM', (t) => utf16be(t, true), true],
  ['UTF-16LE', (t) => utf16le(t, false), true], ['UTF-16BE', (t) => utf16be(t, false), true], ['UTF-32LE', (t) => utf32(t, false), false],
  ['UTF-32BE', (t) => utf32(t, true), false], ['UTF-32LE with BOM', (t) => utf32(`\ufeff${t}`, false), false], ['UTF-32BE with BOM', (t) => utf32(`\ufeff${t}`, true), false]];

test('every route ignores a BOM, and all but documents refuse UTF-16 and UTF-32 with what to do', async () => {
  let rows = 0;
  for (const o of operations().filter((one) => !isForm(one))) { // a form is no JSON: 98-answers
    const text = '{"no such member":1}', body = Buffer.from(text), as = isDocument(o) ? 201 : 422;
    for (const bytes of [body, Buffer.concat([BOM, body]), ...o.large ? [gzip(Buffer.concat([BOM, body]))] : []]) {
      const a = await ask(o, bytes, { 'Content-Encoding': bytes[0] === 0x1f ? 'gzip' : undefined });
      assert.equal(a.status, as, `${o.name}: ${a.text}`);
      rows++;
    }
    assert.equal((await ask(o, Buffer.concat([BOM, BOM, body]))).status, 400, `${o.name}: one BOM is one`);
    for (const [what, encode, good] of encodings) {
      const a = await ask(o, encode(text));
      rows++;
      if (good && isDocument(o)) {
        assert.equal(a.status, as, `${o.name} ${what}: ${a.text}`);
        continue;
      }
      assert.equal(a.status, 415, `${o.name} ${what}: ${a.text}`);
      assert.match(a.json.detail, /is UTF-(16|32): convert it to UTF-8 \(in PowerShell: -Encoding utf8\)/);
    }
  }
  console.log(`${operations().length} routes, ${rows} rows`);
});

test('a document in any encoding is the same document, also compressed, whatever charset is named', async () => {
  const text = plain.toString('utf8');
  await settle();
  for (const [what, encode, good] of [['UTF-8', (t) => Buffer.from(t), true], ['UTF-8 with BOM', (t) => Buffer.concat([BOM, Buffer.from(t)]), true], ...encodings])
    for (const charset of ['', '; charset=utf-16', '; charset="UTF-16LE"', ';charset=utf-16be', '; charset=UTF-8'])
      for (const packed of [false, true]) {
        const bytes = encode(text), headers = { 'Content-Type': `application/json${charset}`, 'Content-Encoding': packed ? 'gzip' : undefined };
        const a = await send(packed ? gzip(bytes) : bytes, headers);
        assert.equal(a.status, good ? 201 : 415, `${what} ${charset}: ${a.text}`);
        if (good)
          assert.equal(a.json.unchanged, true, `${what} ${charset}`);
      }
  for (const [what, bytes] of [['an odd length', Buffer.concat([utf16le('{}', true), Buffer.from([0x20])])], ['half a pair', utf16le('{"a":"\ud834"}', true)],
    ['a pair turned round', utf16be('{"a":"\udd1e\ud834"}', false)], ['a BOM alone', utf16le('', true)]])
    assert.deepEqual([(await send(bytes)).json.code, what], ['malformed_json', what]);
});

test('utf-8 may be named in any case and in quotes; another charset is refused with a sentence', async () => {
  const body = Buffer.from('{"no such member":1}'), config = operations().find((o) => o.name === 'POST /api/drift/configs');
  for (const charset of ['utf-8', 'UTF-8', '"utf-8"', '"Utf-8"', 'utf8'])
    assert.equal((await ask(config, body, { 'Content-Type': `application/json; charset=${charset}` })).status, 422, charset);
  for (const charset of ['utf-16', 'latin1', 'ISO-8859-1', 'windows-1252', '"utf-16le"', 'utf-7', 'utf-32', '', '"'])
    for (const call of [(h) => ask(config, body, h), ...charset.includes('utf-16') ? [] : [(h) => send(body, h)]]) {
      const a = await call({ 'Content-Type': `application/json; charset=${charset}` });
      assert.equal(a.status, 415, `${charset}: ${a.text}`);
      assert.match(a.json.detail, /^The body must be UTF-8.*: convert it, and name no other charset\.$/);
    }
});
