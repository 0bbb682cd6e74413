// bsxctl source try: a config by the collectors, a pack's file from here, with a table of collections; and what is recorded.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { build, sql, state } from '../lib/env.mjs';
import { bearer, newConfig, newTenant } from '../lib/people.mjs';

const owner = newTenant(), token = 'tried-token-7f3a91', asked = [];
const folder = path.join(state, 'run', 'tries');
let admin, server, url;

// Rules on two pages; hooks that may not be read; and a token endpoint.
function answer(q, a) {
  const say = (status, body) => { a.writeHead(status, { 'Content-Type': 'application/json' }); a.end(JSON.stringify(body)); };
  asked.push(q.url);
  if (q.url === '/echo')
    return say(200, { value: [{ id: 'a', ...spelled(q) }] });
  if (q.url === '/token')
    return say(200, { access_token: token, token_type: 'Bearer' });
  if (q.headers.authorization !== `Bearer ${token}`)
    return say(401, {});
  if (q.url === '/hooks')
    return say(403, { code: 'Denied' });
  const last = q.url.includes('p=2');
  return say(200, { value: [{ id: last ? 'b' : 'a', password: 'p4ssw0rd-of-it', echo: `was ${token}`, n: 1 }], next: last ? undefined : `${url}/rules?p=2` });
}

// What a server may give back of a request, in the spellings that there are.
function spelled({ headers }) {
  const sent = (headers.authorization ?? '').replace(/^\w+ /, ''), basic = Buffer.from(sent, 'base64').toString('utf8');
  return { [`name ${sent}`]: 1, sent, quoted: JSON.stringify({ sent }), link: `https://x.example/?t=${encodeURIComponent(sent)}`,
    small: encodeURIComponent(sent).replace(/%../g, (x) => x.toLowerCase()), base64: Buffer.from(sent).toString('base64'), project: `of ${headers['x-proj'] ?? ''}`,
    ...(/^[\x20-\x7e]+:/.test(basic) && { basic, parts: basic.split(':'), flag: true }) };
}

before(async () => {
  admin = await bearer(owner);
  server = http.createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  fs.mkdirSync(folder);
});
after(() => server.close());

// Beside the server that it asks, which is of this process: { status, out, err }.
const run = (args, input = '') => new Promise((resolve) => {
  const child = spawn(path.join(build, 'bsxctl'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), 'source', 'try', ...args]), said = { out: '', err: '' };
  child.stdout.on('data', (d) => { said.out += d; });
  child.stderr.on('data', (d) => { said.err += d; });
  child.on('close', (status) => resolve({ status, ...said }));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
});

const rules = { category: 'rules', path: '/rules', items: '/value', key: 'id', next: { pointer: '/next' } };
const hooks = { category: 'hooks', path: '/hooks', items: '/value', key: 'id', permission: 'Hooks.Read' };
const pack = (name, more = {}) => {
  const file = path.join(folder, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify({ name, title: 'Tried', documents: ['https://vendor.example/docs'],
    parameters: [{ name: 'base_url', doc: 'Where it is.', format: 'url', required: true }], hosts: [{ name: 'main', parameter: 'base_url' }],
    auth: { kind: 'bearer' }, collections: [rules, hooks], ...more }));
  return file;
};
const row = (text, category) => new RegExp(`^${category} +(\\w+) +(\\d+) +(\\d+) +(\\d+) +\\d+$`, 'm').exec(text)?.slice(1);
const credential = { kind: 'bearer', token };

test('a config is tried by the collectors: a table of its collections, and nothing is stored', async () => {
  const source = { kind: 'http', parameters: { base_url: url }, credential, collections: [rules, hooks] };
  const config = await newConfig(admin, { source });
  const idle = newTenant(); // is passed over where no tenant is named
  sql(`UPDATE tenants SET status = 'suspended' WHERE slug = '${idle.tenant}'`);
  const one = await run([config.id, '--tenant', owner.tenant]), any = await run([config.id]);
  for (const said of [one, any]) {
    assert.equal(said.status, 1, said.err);
    assert.deepEqual(row(said.out, 'rules'), ['complete', '2', '2', '2'], said.out);
    assert.deepEqual(row(said.out, 'hooks'), ['forbidden', '0', '0', '1'], said.out);
    assert.match(said.out, /missing permission: Hooks\.Read/);
    assert.match(said.out, /^2 of 2 collections, 3 requests/m);
  }
  const schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${owner.tenant}'`);
  assert.equal(sql(`SELECT COUNT(*) FROM config_snapshots WHERE config_id = UNHEX('${config.id.replaceAll('-', '')}')`, schema), '0');
  assert.equal(sql(`SELECT COUNT(*) FROM audit WHERE action = 'drift_run.try' AND actor_name LIKE 'bsxctl:%'`, schema), '2');
  const whole = await newConfig(admin, { source: { ...source, collections: [rules] } });
  assert.equal((await run([whole.id])).status, 0);
});

test('a config that cannot be tried is told with the reason', async () => {
  const refused = await newConfig(admin, { source: { kind: 'http', parameters: { base_url: url }, credential: { kind: 'bearer', token: 'another' }, collections: [rules] } });
  const pushed = await newConfig(admin, {}), rows = [[[refused.id], /failed: .*does not accept the credential \(401\)[^]*Check the credential/],
    [[pushed.id], /pushed to it/], [['0198c0de-0000-7000-8000-000000000001'], /No tenant has such a config/],
    [[pushed.id, '--tenant', 'nobody'], /tenant nobody/]];
  for (const [args, says] of rows) {
    const said = await run(args);
    assert.equal(said.status, 1, said.out);
    assert.match(said.err, says);
  }
});

test('the file of a pack is tried from here, and what is answered is kept without secrets', async () => {
  const record = path.join(folder, 'record'), at = ['--param', `base_url=${url}`];
  const said = await run([pack('tried'), ...at, '--credential-file', '-', '--record', record], JSON.stringify(credential));
  assert.equal(said.status, 1, said.err);
  assert.deepEqual(row(said.out, 'rules'), ['complete', '2', '2', '2'], said.out);
  assert.match(said.out, /missing permission: Hooks\.Read/);
  const kept = fs.readdirSync(record).sort(), pages = kept.map((name) => JSON.parse(fs.readFileSync(path.join(record, name), 'utf8')));
  assert.deepEqual(kept, ['0001.json', '0002.json', '0003.json']);
  const first = pages.find((p) => p.url === `${url}/rules`);
  assert.deepEqual([first.status, first.body], [200, { value: [{ id: 'a', password: '[masked]', echo: 'was [masked]', n: 1 }], next: `${url}/rules?p=2` }]);
  assert.deepEqual(pages.find((p) => p.url === `${url}/hooks`).body, { code: 'Denied' });
  for (const secret of [token, 'p4ssw0rd-of-it'])
    assert.equal(kept.some((name) => fs.readFileSync(path.join(record, name), 'utf8').includes(secret)), false, secret);
  assert.equal(fs.statSync(path.join(record, kept[0])).mode & 0o777, 0o600);
  const again = await run([pack('tried'), ...at, '--credential-file', '-', '--record', record], JSON.stringify(credential));
  assert.equal(again.status, 1);
  assert.match(again.err, /name a new one/);
});

test('no secret is left in a record, however it is spelled, and a record is JSON whatever a secret is', async () => {
  const parameters = [{ name: 'base_url', doc: 'Where it is.', format: 'url', required: true }, { name: 'headers', doc: 'Fields.', format: 'headers' }];
  const echo = { parameters, collections: [{ category: 'e', path: '/echo', items: '/value', key: 'id' }] };
  const cases = [
    [{ auth: { kind: 'bearer' } }, { kind: 'bearer', token: 'ab"cd\\ef12+/=gh' }, ['cd\\ef12', 'ab"cd', 'ab\\"cd', 'ab%22cd', 'YWIiY2RcZWYxMisv']],
    [{ auth: { kind: 'bearer' } }, { kind: 'bearer', token: 'true' }, []],
    [{ auth: { kind: 'basic' } }, { kind: 'basic', user: 'value', password: 'true' }, ['value:true', 'dmFsdWU6dHJ1ZQ']],
    [{ auth: { kind: 'basic' } }, { kind: 'basic', user: 'somebody', password: 'p:w' }, ['somebody', '"p:w"', 'c29tZWJvZHk6cDp3']],
    [{ auth: { kind: 'bearer' } }, { kind: 'bearer', token: 'an-ordinary-token' }, ['secret-in-a-header-1'], ['--param', 'headers={"X-Proj":"secret-in-a-header-1"}']],
  ];
  for (const [i, [more, secret, gone, params = []]] of cases.entries()) {
    const record = path.join(folder, `spelled-${i}`);
    const said = await run([pack(`echo${i}`, { ...echo, ...more }), '--param', `base_url=${url}`, ...params, '--credential-file', '-', '--record', record], JSON.stringify(secret));
    assert.match(said.out, /^e +complete/m, said.err + said.out);
    for (const name of fs.readdirSync(record)) {
      const text = fs.readFileSync(path.join(record, name), 'utf8');
      assert.equal(JSON.parse(text).status, 200, text);
      assert.match(text, /\[masked\]/);
      for (const word of gone)
        assert.equal(text.includes(word), false, `${word}: ${text}`);
    }
  }
});

test('of what gives a token nothing is kept', async () => {
  const record = path.join(folder, 'tokens'), secret = 'tried-secret-5512', file = path.join(folder, 'credential');
  fs.writeFileSync(file, JSON.stringify({ client_id: 'tried-client', client_secret: secret }), { mode: 0o600 });
  const auth = { kind: 'oauth2_client_credentials', host: 'main', path: '/token' };
  const said = await run([pack('granted', { auth, collections: [rules] }), '--param', `base_url=${url}`, '--credential-file', file, '--record', record]);
  assert.equal(said.status, 0, said.err + said.out);
  const text = fs.readdirSync(record).map((name) => fs.readFileSync(path.join(record, name), 'utf8')).join('');
  assert.match(text, /"text":"\[masked\]"/);
  for (const word of [secret, 'tried-client', token])
    assert.equal(text.includes(word), false, word);
});

test('what is wrong with a pack, its parameters or its credential is said before anybody is asked', async () => {
  const good = pack('good'), broken = pack('broken', { collections: [{ ...rules, path: '/../x' }] }), at = ['--param', `base_url=${url}`], before = asked.length;
  const rows = [[[broken, ...at], '', /broken\.json:\/collections\/0\/path/], [[path.join(folder, 'none.json')], '', /none\.json/],
    [['nosuchpack'], '', /source\/kind/], [['push'], '', /tried as a config/], [[good], '', /base_url: is required/], [[good, ...at], '', /needs a credential/],
    [[good, '--param', 'other=1', ...at], '', /no parameter/], [[good, '--param', 'base_url=http://192.0.2.1', '--credential-file', '-'], '{"token":"x"}', /./],
    [[good, ...at, '--credential-file', '-'], '{"user":"x"}', /not one that its kind takes/], [[good, ...at, '--credential-file', path.join(folder, 'none')], '', /cannot be read/],
    [[good, ...at, '--credential-file', '-'], '', /is empty/]];
  for (const [args, input, says] of rows) {
    const said = await run(args, input);
    assert.equal(said.status, 1, `${args}: ${said.out}`);
    assert.match(said.err + said.out, says, args.join(' '));
  }
  assert.equal(asked.length, before);
});
