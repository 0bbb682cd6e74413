// Behind proxies that are named: who counts as the client in every place that an address decides, and what the log says once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Log, credentials, until } from '../lib/env.mjs';
import { newId } from '../lib/client.mjs';
import { Second } from '../lib/second.mjs';
import { bearer, newKey, newTenant, unique } from '../lib/people.mjs';

const client = '203.0.113.9', lie = '198.51.100.66';
const headers = { 'X-Forwarded-For': (text) => text, Forwarded: (text) => text.split(', ').map((a) => `for="${a}";proto=https`).join(', ') };
const there = {};

before(async () => {
  for (const header of Object.keys(headers)) {
    const it = there[header] = new Second(`for-${header.toLowerCase()}`);
    await it.start({ drop: ['trusted_proxies', 'log'], add: `trusted_proxies = [ "127.0.0.1", "192.0.2.0/24" ];
      forwarded_header = "${header}";\nworkers = 2;\nlog: { target = "${it.file('json')}"; };` });
    it.log = new Log(it.file('json'));
  }
});
after(() => Promise.all(Object.values(there).map((it) => it.stop())));

// The address that a request with this header is logged with.
async function address(header, value) {
  const id = newId(), it = there[header];
  assert.equal((await it.send('GET', '/api/health/live', { id, headers: value === null ? {} : { [header]: value } })).status, 200);
  await until('its line', () => it.log.access(id).length === 1);
  return it.log.access(id)[0]['source.ip'];
}

for (const [header, write] of Object.entries(headers)) {
  test(`${header}: ports, brackets and mapped addresses are read, from the right, past who is trusted`, async () => {
    const rows = [[null, '127.0.0.1'], [client, client], [`${client}:51234`, client], ['[2001:db8::7]:443', '2001:db8::7'], ['2001:db8::7', '2001:db8::7'],
      ['fe80::1%eth0', 'fe80::1'], [`::ffff:${client}`, client], [`${lie}, ${client}:80`, client], [`${lie}, ${client}, 192.0.2.7:1`, client],
      [`evil, ${client}`, client], [`${client}, evil`, '127.0.0.1'], ['unknown', '127.0.0.1'], [`${lie}, _hidden`, '127.0.0.1'],
      [`${lie}, unknown, 192.0.2.7`, '192.0.2.7'], ['192.0.2.7', '192.0.2.7']];
    for (const [text, want] of rows)
      assert.equal(await address(header, text === null ? null : write(text)), want, text);
  });

  test(`${header}: what cannot be read is in the log once for each proxy, and the other header is named once`, async () => {
    const other = Object.keys(headers).find((h) => h !== header), it = there[header];
    for (let i = 0; i < 20; i++) {
      assert.equal(await address(header, write(`${lie}, no address ${i}`)), '127.0.0.1');
      const id = newId();
      await it.send('GET', '/api/health/live', { id, headers: { [other]: headers[other](lie) } });
      await until('its line', () => it.log.access(id).length === 1);
      assert.equal(it.log.access(id)[0]['source.ip'], '127.0.0.1', 'the other one is not believed');
    }
    const told = (action) => it.log.lines().filter((l) => l['event.action'] === action).map((l) => [l['log.level'], l['source.ip'], l['bsx.value']]);
    // 192.0.2.7 from the rows above; another hour may have begun
    const unread = told('proxy.unread'), named = told('proxy.header');
    assert.ok(unread.length >= 2 && unread.length <= 4, JSON.stringify(unread));
    assert.deepEqual(new Set(unread.map((l) => l[1])), new Set(['127.0.0.1', '192.0.2.7']));
    assert.ok(named.length >= 1 && named.length <= 2, JSON.stringify(named));
    assert.deepEqual(named[0], ['warn', '127.0.0.1', other]);
  });

  test(`${header}: a key for some addresses works for them alone, whatever is written left of it or in the other header`, async () => {
    const admin = await bearer(newTenant()), { key } = await newKey(admin, ['read:drift'], { allowed_addresses: [`${client}/32`] });
    const other = Object.keys(headers).find((h) => h !== header);
    const use = async (value, more = {}) => (await there[header].send('GET', '/api/drift/configs', { headers: { 'X-API-Key': key, [header]: value, ...more } })).status;
    assert.equal(await use(write(`${client}:4711`)), 200);
    assert.equal(await use(write(`${lie}, ${client}`), { [other]: headers[other](lie) }), 200);
    for (const value of [write(`${client}, ${lie}`), write(lie), write('unknown'), write(`${client}, unknown`), 'for="', `${write(client)}, ;`])
      for (const more of [{}, { [other]: headers[other](client) }])
        assert.equal(await use(value, more), 401, `${value} ${JSON.stringify(more)}`);
  });
}

// What leaves nobody told, for each of the two: the proxy's own address opens nothing then.
const untold = { 'X-Forwarded-For': [null, '', ',', ' , ,', 'unknown', '_hidden', '203.0.113.9x', '203.0.113.9 127.0.0.1', '"203.0.113.9', `${client}, unknown, 127.0.0.1`],
  Forwarded: [null, '', ',,', 'for=unknown', 'for=_x', 'for=', 'proto=https', `for=${client};host=a,b`, `for=${client};for=${client}`, `for="${client}`, 'for=127.0.0.1x',
    `for=${client}, for=unknown, for=127.0.0.1`] };
for (const [header, values] of Object.entries(untold))
  test(`${header}: a proxy that does not say for whom it asks opens no key that is for its own address; named, it does`, async () => {
    const admin = await bearer(newTenant()), keys = [];
    for (const allowed_addresses of [['127.0.0.1/32'], ['0.0.0.0/0', '::/0'], []])
      keys.push((await newKey(admin, ['read:drift'], { allowed_addresses })).key);
    // a whole tenant that is for every address that is known
    const bound = await bearer(newTenant());
    keys.push((await newKey(bound, ['read:drift'])).key);
    assert.equal((await bound('PUT', `/api/tenants/${bound.session.tenant.id}`, { body: { settings: { allowed_addresses: ['::/0'] } } })).status, 200);
    const use = async (key, value) => (await there[header].send('GET', '/api/drift/configs', { headers: { 'X-API-Key': key, ...(value === null ? {} : { [header]: value }) } })).status;
    for (const value of values) {
      const seen = [];
      for (const key of keys)
        seen.push(await use(key, value));
      assert.deepEqual(seen, [401, 401, 200, 403], `${value}`);
      const id = newId();
      const metrics = await there[header].send('GET', '/metrics', { id, headers: value === null ? {} : { [header]: value } });
      if (/[^, ]/.test(value ?? '')) {
        assert.equal(metrics.status, 403, `${value}: ${metrics.text}`);
        assert.match(metrics.json.detail, /does not say for whom it asks/, value);
      }
    }
    const own = headers[header]('127.0.0.1');
    for (const value of [own, `${own}, `, `,${own},,`])
      assert.deepEqual([await use(keys[0], value), await use(keys[1], value), await use(keys[3], value)], [200, 200, 200], value);
    assert.equal(await use(keys[0], headers[header](client)), 401);
    const log = there[header].log.lines();
    assert.equal(log.filter((l) => l['event.action'] === 'proxy.unknown').length, 0, 'it is named in trusted_proxies');
    assert.ok(log.filter((l) => l['event.action'] === 'proxy.unread').every((l) => l['bsx.value'].length > 0), 'what could not be read is told');
  });

test('the trail has the address of the client', async () => {
  const email = `${unique('nobody')}@front.example`;
  const a = await there.Forwarded.send('POST', '/api/auth/login', { headers: { Forwarded: `for=${lie}, for="[2001:db8::99]:5"` },
    body: { tenant: credentials.demo.tenant, email, password: 'wrong' } });
  assert.equal(a.status, 401, a.text);
  const admin = await bearer(credentials.demo), trail = await admin('GET', `/api/audit?limit=20`);
  assert.equal(trail.json.items.find((x) => x.actor_name === email)?.address ?? JSON.stringify(trail.json.items[0]), '2001:db8::99');
});
