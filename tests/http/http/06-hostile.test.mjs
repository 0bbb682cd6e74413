// One set of hostile strings through every way in; none comes out of any sink raw.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Log, state, until } from '../lib/env.mjs';
import { call, newId, raw, text } from '../lib/client.mjs';
import { Receiver, verify } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, push, unique } from '../lib/people.mjs';

const visible = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE users; --", '=cmd|\' /C calc\'!A0', '@SUM(1)', '+1', '-1',
  '{{7*7}}', '${jndi:ldap://x/}', '%s%n%x', '\\', '"', '</style><script>', 'a&b<c>d', '\u202egnp.exe', '\u2028\u2029', '\ufeffx', '😀', 'é e\u0301',
  '../../etc/passwd', '%0d%0aSet-Cookie: x=y', 'null', '__proto__', 'x'.repeat(150)];
const control = ['a\r\nSet-Cookie: x=y', 'a\nb\r', 'a\u0000b', '\u001b[31mred', '\u0085', '\u007f'];

let admin, receiver, log;

before(async () => {
  admin = await bearer();
  receiver = await new Receiver().start();
  log = new Log();
});
after(() => receiver.stop());

// A file of lines: nothing that a terminal or a line reader would act on.
function isClean(bytes, what) {
  assert.doesNotMatch(bytes, /[\u0000-\u0008\u000b-\u001f\u007f]/, `${what}: a control character`);
  assert.doesNotMatch(bytes, /[\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/, `${what}: a control character of Unicode`);
}

test('names come back as they were given, in NFC, encoded as JSON, under application/json', async () => {
  for (const word of visible) {
    const name = `${word} ${unique('n')}`;
    const c = await newConfig(admin, { name });
    const a = await admin('GET', `/api/drift/configs/${c.id}`);
    assert.equal(a.json.name, name.normalize('NFC'));
    assert.equal(a.headers['content-type'], 'application/json');
    assert.equal(a.headers['x-content-type-options'], 'nosniff');
    const key = await admin('POST', '/api/api-keys', { body: { name, scopes: ['read:drift'] } });
    assert.equal(key.status, 201, key.text);
    assert.equal(key.json.name, name.normalize('NFC'));
  }
});

test('control characters in a name are refused', async () => {
  for (const word of control) {
    if (word.includes('\n') && !/[\r\0]/.test(word))
      continue;
    const a = await admin('POST', '/api/drift/configs', { body: { name: word, source: { kind: 'push' } } });
    assert.equal(a.status, 422, JSON.stringify(word));
    assert.equal(a.json.errors[0].pointer, '/name');
  }
});

test('keys and values of a snapshot come back as they were pushed', async () => {
  const c = await newConfig(admin, { rule_packs: [] });
  const list = (v) => visible.map((word, i) => ({ category: 'hostile', key: `${i} ${word}`, value: { [word]: word, v } }));
  await push(admin, c, list(1));
  const { report } = await push(admin, c, list(2), { actor: visible[0] });
  const changes = await all(admin, `/api/drift/reports/${report.id}/changes`);
  assert.deepEqual(new Set(changes.map((x) => x.resource.key)), new Set(visible.map((w, i) => `${i} ${w}`)));
  const renamed = visible.map((word, i) => ({ category: 'hostile', key: `${i} ${word}`, value: { [word]: `${word}!`, v: 1 } }));
  const next = (await push(admin, c, renamed)).report;
  const values = await all(admin, `/api/drift/reports/${next.id}/changes`);
  for (const [i, word] of visible.entries()) {
    const change = values.find((x) => x.resource.key === `${i} ${word}`);
    assert.equal(change.new_value, `${word}!`);
    assert.equal(change.path, `/${word.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
});

test('pushed values may hold control characters and U+0000; keys may not hold U+0000', async () => {
  const c = await newConfig(admin, { rule_packs: [] });
  await push(admin, c, [{ category: 'c', key: 'k', value: control }]);
  const { report } = await push(admin, c, [{ category: 'c', key: 'k', value: control.map((w) => `${w}!`) }]);
  const changes = await all(admin, `/api/drift/reports/${report.id}/changes`);
  const seen = new Set(changes.map((x) => x.old_value).filter((x) => x !== undefined));
  for (const word of control)
    assert.ok(seen.has(word), JSON.stringify(word));
  const a = await admin('POST', `/api/drift/configs/${c.id}/snapshots`, { body: { resources: [{ category: 'c', key: 'a\u0000b', value: 1 }] } });
  assert.equal(a.status, 422);
});

test('U+0000 in a name is shown as \\u0000 by every way out, and nothing is cut off at it', async () => {
  const channel = await newChannel(admin, receiver.url(), { values: true });
  const spec = { rule_packs: [], compare: { arrays: [{ path: '/list', mode: 'keyed', keys: ['id'] }] } };
  const c = await newConfig(admin, { ...spec, alerts: [{ channel_id: channel.id, min_severity: 'info' }] });
  const value = (v) => ({ 'a\u0000b': { 'c\u0000': v }, list: [{ id: 'd\u0000e', v }], 'plain\u0000': [{ x: v, y: 1, z: 2 }, { x: v, y: 1, z: 3 }] });
  const one = (v) => [{ category: 'c', key: 'k', value: value(v) }];
  await push(admin, c, one(1));
  const { report } = await push(admin, c, one(2)), at = `/api/drift/reports/${report.id}`;
  const places = ['/a\\u0000b/c\\u0000', '/list/0/v', '/plain\\u0000/0/x', '/plain\\u0000/1/x'];
  const holds = (text, what) => assert.ok(['a\\u0000b/c\\u0000', 'plain\\u0000/1/x'].every((x) => text.includes(x)), `${what}: ${text}`);

  const changes = await all(admin, `${at}/changes`), named = changes.find((x) => x.path === '/list/0/v');
  assert.deepEqual(changes.map((x) => x.path).sort(), places);
  assert.equal(named.canonical_path, '/list/[id="d\\u0000e"]/v');
  assert.equal((await admin('GET', `/api/drift/changes/${named.id}`)).json.canonical_path, named.canonical_path);
  const csv = await admin('GET', `${at}/changes`, { headers: { Accept: 'text/csv' } });
  holds(csv.text, 'CSV');
  isClean(csv.text.replaceAll('\r\n', '\n'), 'CSV');
  const patch = await admin('GET', `${at}/changes`, { headers: { Accept: 'application/json-patch+json' } });
  assert.ok(patch.json.some((x) => x.path.endsWith('/a\u0000b/c\u0000')), `a patch is exact: ${patch.text}`);
  const notes = (await admin('GET', at)).json.notes.map((n) => n.path);
  assert.deepEqual(notes, ['/plain\\u0000']);

  const [alert] = await all(admin, `/api/drift/alerts?config_id=${c.id}`);
  assert.equal(alert.title, 'k: a\\u0000b/c\\u0000 1 -> 2 and 3 more');
  const d = await receiver.wait('the alert', (x) => x.body?.data?.config?.id === c.id);
  assert.deepEqual(d.body.data.changes.map((x) => x.path).sort(), places.map((p) => p.replaceAll('\\u0000', '\u0000')).sort());
  assert.ok(d.text.includes('"/a\\u0000b/c\\u0000"'), 'a webhook has it in the spelling of JSON');
  assert.equal(d.body.data.alert.title, alert.title);

  const compared = await admin('POST', '/api/drift/compare', { body: { left: { value: value(1) }, right: { value: value(2) }, compare: spec.compare } });
  assert.deepEqual(compared.json.changes.map((x) => x.path).sort(), places);
  assert.ok(compared.json.changes.some((x) => x.canonical_path === named.canonical_path), compared.text);
  assert.deepEqual(compared.json.notes.map((n) => n.path), notes);
});

test('a webhook carries them encoded, signed and parseable', async () => {
  const channel = await newChannel(admin, receiver.url(), { values: true, name: `${visible[0]} ${unique('c')}` });
  const name = `${visible.slice(0, 6).join(' ')} ${unique('w')}`.slice(0, 200);
  const c = await newConfig(admin, { name, rule_packs: [], alerts: [{ channel_id: channel.id }] });
  const list = (x) => [{ category: visible[0], key: visible[19], value: { x, [visible[14]]: x } }];
  await push(admin, c, list('quiet'));
  await push(admin, c, list(`${visible[14]}\r\nX-Evil: 1\u0000`));
  const d = await receiver.wait('the alert', (x) => x.body?.data?.config?.id === c.id);
  assert.ok(verify(channel.secret, d));
  assert.equal(d.body.data.config.name, name);
  assert.equal(d.headers['x-evil'], undefined);
  assert.ok(d.body.data.changes.some((x) => x.new_value === `${visible[14]}\r\nX-Evil: 1\u0000`));
  isClean(d.text, 'the webhook');
});

test('user agents and paths stand escaped in the log, on one line', async () => {
  for (const word of [...visible, 'tab\there', 'high \u0080\u009b', 'bad utf-8 \u00ff']) {
    const id = newId();
    await raw(text('GET', '/api/health', { 'X-Request-Id': id, 'User-Agent': Buffer.from(word).toString('latin1') }));
    const [line] = await until(`a log line for ${word}`, () => {
      const l = log.access(id);
      return l.length === 1 && l;
    });
    assert.equal(typeof line['user_agent.original'], 'string');
  }
  const id = newId();
  await raw(text('GET', '/api/%3Cscript%3E', { 'X-Request-Id': id, 'User-Agent': '\xff\xfe' }));
  await until('a log line', () => log.access(id).length === 1);
});

test('the sign-in form’s words stand escaped in the log', async () => {
  for (const word of visible.slice(0, 12))
    await call('POST', '/api/auth/login', { body: { tenant: word.slice(0, 60), email: word, password: word } });
  const lines = log.lines();
  assert.ok(lines.length > 12);
});

test('no log holds a raw control character, a broken line, or a password', async () => {
  const secret = `Passw0rd-${unique('never')}`;
  await call('POST', '/api/auth/login', { body: { tenant: 'demo', email: 'admin@demo.example', password: secret } });
  await admin('GET', '/api/auth/me');
  for (const name of ['responder.log', 'driftd.log']) {
    const bytes = fs.readFileSync(path.join(state, 'log', name), 'utf8');
    isClean(bytes, name);
    assert.ok(!bytes.includes(secret), `${name} has a password`);
    assert.ok(!bytes.includes(admin.token.split('.')[2]), `${name} has a token`);
    assert.doesNotMatch(bytes, /bsx_[0-9A-Za-z]{71}|whsec_[0-9A-Za-z+\/]/, name);
    for (const line of bytes.split('\n'))
      if (line.startsWith('{'))
        JSON.parse(line);
  }
});

test('metrics hold no word of a client', async () => {
  const a = await call('GET', '/metrics');
  isClean(a.text, '/metrics');
  assert.doesNotMatch(a.text, /script|jndi|DROP|BREW/);
});

test('a header value cannot be smuggled into the answer', async () => {
  const a = await raw(text('GET', '/api/nothing%0d%0aSet-Cookie:%20x=y?a=%0d%0aX:1', { 'X-Request-Id': 'x%0d%0aY: 1' }));
  assert.equal(a.headers['set-cookie'], undefined);
  assert.equal(a.headers.x, undefined);
  assert.equal(a.headers.y, undefined);
});
