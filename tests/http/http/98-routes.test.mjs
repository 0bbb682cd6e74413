// Routes: which alerts go where, the order of them, and a dry run that says so before.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql, until } from '../lib/env.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newKey, newTenant, policy, push, withKey } from '../lib/people.mjs';

const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
let hooks, admin, own;

before(async () => {
  hooks = await new Receiver().start();
  admin = await bearer(newTenant());
  own = await newChannel(admin, hooks.url('/own'));
});
after(() => hooks.stop());

let made = 0;
const channel = async (more) => ({ ...await newChannel(admin, hooks.url(`/to${++made}`), more), path: `/to${made}` });
const types = (path) => hooks.got.filter((d) => d.path === path).map((d) => d.body.type.split('.').at(-1));
const heard = (path, want) => until(`${want} at ${path}`, () => types(path).length >= want.length && types(path)).then((got) => assert.deepEqual(got, want, path));
const routes = () => all(admin, '/api/drift/routes');
const answer = (a, status) => { assert.equal(a.status, status, a.text); return status === 204 ? null : a.json; };
const route = async (body) => answer(await admin('POST', '/api/drift/routes', { body: { name: `route ${++made}`, ...body } }), 201);
const tried = async (body) => answer(await admin('POST', '/api/drift/routes/try', { body }), 200).items;
// What a test has made ends with it: routes are of the whole tenant.
async function during(list, f) {
  const there = [];
  for (const one of list)
    there.push(await route(one));
  try {
    await f(...there);
  } finally {
    for (const r of await routes())
      answer(await admin('DELETE', `/api/drift/routes/${r.id}`), 204);
  }
}
async function watched(more = {}) {
  const config = await newConfig(admin, { alerts: [{ channel_id: own.id, min_severity: 'info' }], rules: [
    { path: '/state', severity: 'critical' }, { path: '/displayName', severity: 'medium' }], rule_packs: [], ...more });
  await push(admin, config, [policy(1)]);
  return { config, drift: (state) => push(admin, config, [policy(1, state)]), alert: async () => (await all(admin, `/api/drift/alerts?config_id=${config.id}`))[0] };
}
const deliveries = (c, n) => until(`${n} attempts`, () => all(admin, `/api/drift/channels/${c.id}/deliveries`).then((rows) => rows.length >= n && rows));

test('an alert takes the first route that it fits, goes on where that says so, and comes to its config\'s own channels behind all', async () => {
  const [a, b, c] = [await channel(), await channel(), await channel()];
  const w = await watched(), other = await watched();
  await during([
    { channels: [a.id], match: { min_severity: 'critical', configs: [w.config.id] }, continue: true },
    { channels: [b.id], match: { configs: [w.config.id] } },
    { channels: [c.id], match: { configs: [w.config.id] } },
  ], async (first, second, third) => {
    assert.match(third.warning, new RegExp(`taken by the route "${second.name}"`));
    assert.equal(second.warning, undefined);
    await w.drift({ displayName: 'another' });
    await heard(b.path, ['opened']);
    await w.drift({ displayName: 'another', state: 'disabled' });
    await heard(a.path, ['opened']); // it rose so far: to who hears of it now it opens
    await heard(b.path, ['opened', 'updated']);
    await w.drift({ displayName: 'another' });
    await heard(a.path, ['opened', 'updated']); // it has fallen below, and that is all
    await deliveries(a, 2); // once it is known that this has arrived
    await w.drift();
    await heard(b.path, ['opened', 'updated', 'updated', 'resolved']);
    assert.deepEqual([types(a.path), types(c.path)], [['opened', 'updated'], []]);
    assert.equal(hooks.got.filter((d) => d.path === a.path)[1].body.data.alert.below_min_severity ?? hooks.got.filter((d) => d.path === a.path)[1].body.data.below_min_severity, true);
    assert.deepEqual([...new Set((await deliveries(b, 4)).map((d) => d.route_id))], [second.id]);
    assert.deepEqual([...new Set((await deliveries(a, 2)).map((d) => d.route_id))], [first.id]);

    const before = types('/own').length;
    await other.drift({ state: 'disabled' });
    await until('the config\'s own channel', () => types('/own').length > before);
    assert.equal((await deliveries(own, 1))[0].route_id, undefined);
  });
});

test('whoever was told of an alert hears of its end, whatever has become of the routes', async () => {
  const [a, b] = [await channel(), await channel()], w = await watched();
  await during([{ channels: [a.id], match: { configs: [w.config.id] } }], async () => {
    await w.drift({ state: 'disabled' });
    await heard(a.path, ['opened']);
  });
  await during([{ channels: [b.id], match: { configs: [w.config.id] } }], async () => {
    await w.drift({ state: 'disabled', displayName: 'another' });
    await heard(a.path, ['opened', 'updated']);
    await heard(b.path, ['opened']);
  });
  assert.equal((await admin('DELETE', `/api/drift/channels/${b.id}`)).status, 204, 'no route names it any more');
  answer(await admin('PUT', `/api/drift/alerts/${(await w.alert()).id}`, { body: { status: 'resolved' } }), 200);
  await heard(a.path, ['opened', 'updated', 'resolved']);
});

test('a route by the hour tells who is on duty, and one without channels keeps it from everybody', async () => {
  const [a, b] = [await channel(), await channel()], w = await watched(), quiet = await watched();
  const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'], today = day[new Date().getUTCDay()], tomorrow = day[(new Date(Date.now() + 36e5).getUTCDay())];
  const now = [...new Set([today, tomorrow])].map((d) => `${d} 00:00-24:00`);
  await during([
    { channels: [a.id], match: { configs: [w.config.id], outside: now } },
    { channels: [b.id], match: { configs: [w.config.id], hours: now } },
    { channels: [], match: { configs: [quiet.config.id] } },
  ], async (x, y, none) => {
    assert.match(none.warning, /names no channel/);
    const before = types('/own').length;
    const { report } = await quiet.drift({ state: 'disabled' });
    assert.equal(report.not_alerted.code, 'no_channel');
    await w.drift({ state: 'disabled' });
    await heard(b.path, ['opened']);
    assert.deepEqual([types(a.path), types('/own').length], [[], before]);
  });
});

test('a dry run says of an alert that there is, of the newest and of one that is imagined where it would go and why', async () => {
  const [a, b] = [await channel(), await channel()], w = await watched();
  await w.drift({ state: 'disabled' });
  const alert = await w.alert();
  await during([
    { channels: [a.id], match: { categories: ['nowhere'] } },
    { channels: [b.id], match: { categories: [policy(1).category], min_severity: 'high' }, continue: true },
    { channels: [a.id], match: { kinds: ['blind'] } },
  ], async (one, two, three) => {
    const [was] = await tried({ alert_id: alert.id });
    assert.deepEqual([was.alert_id, was.severity, was.unrouted], [alert.id, 'critical', true]);
    assert.deepEqual(was.routes.map((r) => [r.route_id, r.fits, r.stops, r.misfit]),
      [[one.id, false, false, 'categories'], [two.id, true, false, undefined], [three.id, false, false, 'kinds']]);
    assert.deepEqual(was.channels.map((c) => [c.channel_id, c.route_id, c.told]), [[b.id, two.id, true], [own.id, null, true]]);
    assert.deepEqual((await tried({ last: 1 }))[0], was);
    const [blind] = await tried({ alert: { severity: 'high', kind: 'blind' } });
    assert.deepEqual([blind.alert_id, blind.unrouted, blind.channels.map((c) => c.channel_id)], [null, false, [a.id]]);
    answer(await admin('PUT', `/api/drift/channels/${a.id}`, { body: { status: 'disabled' } }), 200);
    const [dead] = await tried({ alert: { severity: 'low', categories: ['nowhere', 'x'] } });
    assert.deepEqual(dead.channels.map((c) => [c.told, c.status, c.why]), [[false, 'disabled', 'The channel is disabled.']]);
    for (const body of [{}, { last: 1, alert_id: alert.id }, { last: 51 }, { alert: {} }, { alert: { severity: 'high', kind: 'lost' } }])
      assert.equal((await admin('POST', '/api/drift/routes/try', { body })).status, 422, JSON.stringify(body));
    assert.equal((await admin('POST', '/api/drift/routes/try', { body: { alert_id: nobody } })).status, 404);
    const keeper = withKey((await newKey(admin, ['manage:channels'])).key);
    assert.equal((await keeper('POST', '/api/drift/routes/try', { body: { last: 1 } })).status, 403);
    assert.equal((await keeper('POST', '/api/drift/routes/try', { body: { alert: { severity: 'low' } } })).status, 200);
  });
});

test('routes stand in the order that they are given, change member by member, and what is wrong with one is said', async () => {
  const a = await channel();
  await during([{ channels: [a.id], match: { kinds: ['drift'] } }, { channels: [a.id], match: { kinds: ['blind'] } }], async (one, two) => {
    const ids = async () => (await routes()).map((r) => r.id);
    const three = await route({ channels: [a.id], match: { kinds: ['system'] }, before: one.id });
    assert.deepEqual([await ids(), three.position], [[three.id, one.id, two.id], 0]);
    const order = (list) => admin('PUT', '/api/drift/routes/order', { body: { ids: list } });
    answer(await order([two.id, three.id, one.id]), 204);
    assert.deepEqual(await ids(), [two.id, three.id, one.id]);
    const page = answer(await admin('GET', '/api/drift/routes?limit=2'), 200);
    assert.deepEqual((await admin('GET', `/api/drift/routes?limit=2&cursor=${page.next_cursor}`)).json.items.map((r) => [r.id, r.position]), [[one.id, 2]]);
    for (const list of [[two.id, three.id], [two.id, three.id, three.id], [two.id, three.id, one.id, nobody]])
      assert.equal((await order(list)).status, 422, list.join());
    const put = (body) => admin('PUT', `/api/drift/routes/${one.id}`, { body });
    const changed = answer(await put({ match: null, repeat_min_s: 60, before: two.id }), 200);
    assert.deepEqual([changed.match, changed.repeat_min_s, changed.name, changed.channels, changed.position], [null, 60, one.name, [a.id], 0]);
    assert.match((await routes())[1].warning, /No alert comes so far/);
    for (const [body, pointer] of [[{ channels: [nobody] }, '/channels/0'], [{ channels: ['x'] }, '/channels/0'],
      [{ match: { configs: [nobody] } }, '/match/configs/0'], [{ match: { hours: ['always'] } }, '/match/hours/0'],
      [{ match: { outside: ['mon 08:00-18:00 Europe/Atlantis'] } }, '/match/outside/0'], [{ match: { min_severity: 'high', max_severity: 'low' } }, '/match/max_severity'],
      [{ match: { kinds: ['lost'] } }, '/match/kinds/0'], [{ before: nobody }, '/before'], [{ name: ' ' }, '/name']]) {
      const bad = await put(body);
      assert.deepEqual([bad.status, bad.json.errors?.[0].pointer], [422, pointer], bad.text);
    }
    assert.equal((await admin('DELETE', `/api/drift/channels/${a.id}`)).status, 409, 'a route names it');
    assert.equal((await admin('PUT', `/api/drift/routes/${nobody}`, { body: {} })).status, 404);
  });
});

test('there are fifty routes at most, and whoever changes them at the same time loses nothing', async () => {
  const a = await channel();
  await during([], async () => {
    // Who was outrun too often is told to ask again.
    const insist = async (name) => {
      for (let i = 0; i < 20; i++) {
        const one = await admin('POST', '/api/drift/routes', { body: { name, channels: [a.id] } });
        if (one.status !== 503)
          return answer(one, 201);
      }
      throw new Error('outrun again and again');
    };
    const made = await Promise.all(Array.from({ length: 12 }, (_, i) => insist(`at the same time ${i}`)));
    assert.deepEqual((await routes()).map((r) => r.id).sort(), made.map((r) => r.id).sort());
    for (let n = 12; n < 50; n++)
      await route({ channels: [] });
    assert.equal((await admin('POST', '/api/drift/routes', { body: { name: 'more', channels: [] } })).status, 409);
  });
});

test('what the routes cost each alert that is told is bounded: hours of all, texts, and their length together', async () => {
  const hours = Array.from({ length: 50 }, (_, i) => `mon-fri 0${i % 10}:00-1${i % 10}:00 Europe/Berlin`), send = (match) => admin('POST', '/api/drift/routes', { body: { name: 'r', channels: [], match } });
  const refused = (a, pointer) => assert.deepEqual([a.status, a.json?.errors?.[0].pointer], [422, pointer], a.text);
  for (const [member, text] of [['categories', 'c'.repeat(129)], ['controls', 'c'.repeat(65)], ['actors', 'a'.repeat(201)], ['hours', `mon ${' '.repeat(200)}`], ['outside', 'x'.repeat(161)]])
    refused(await send({ [member]: [member === 'hours' || member === 'outside' ? hours[0] : 'x', text] }), `/match/${member}/1`);
  await during([{ channels: [], match: { hours, outside: hours } }, { channels: [], match: { hours, outside: hours } }], async (first) => {
    refused(await send({ hours: hours.slice(0, 1) }), '/match');
    answer(await admin('PUT', `/api/drift/routes/${first.id}`, { body: { match: { hours } } }), 200);
    answer(await send({ hours: hours.slice(0, 1) }), 201);
  });
  await during([], async () => {
    let n = 0, a = { status: 201 };
    for (; n < 50 && a.status === 201; n++)
      a = await send({ actors: Array.from({ length: 50 }, (_, i) => `${n}-${i}-`.padEnd(200, 'a')) });
    refused(a, '/match');
    assert.ok(n > 20 && n < 30, `${n}`);
  });
});

test('routes that lead to a channel that is told values are changed by those alone who may see them', async () => {
  const a = await channel({ values: true }), plain = await channel();
  const keeper = withKey((await newKey(admin, ['read:channels', 'manage:channels', 'read:drift', 'update:drift'])).key);
  const make = (caller, channels) => caller('POST', '/api/drift/routes', { body: { name: 'mine', channels } });
  await during([], async () => {
    const mine = answer(await make(keeper, [plain.id]), 201);
    assert.equal((await make(keeper, [a.id])).status, 403);
    assert.equal((await keeper('PUT', `/api/drift/routes/${mine.id}`, { body: { channels: [a.id] } })).status, 403);
    const theirs = await route({ channels: [a.id] });
    for (const [method, target, body] of [['DELETE', `/api/drift/routes/${mine.id}`], ['PUT', `/api/drift/routes/${mine.id}`, { match: null }],
      ['PUT', '/api/drift/routes/order', { ids: [theirs.id, mine.id] }]])
      assert.equal((await keeper(method, target, body === undefined ? {} : { body })).status, 403, `${method} ${target}`);
  });
});

test('nobody decides by channels alone where alerts go', async () => {
  const plain = await channel(), keeper = withKey((await newKey(admin, ['read:channels', 'manage:channels'])).key);
  await during([{ channels: [plain.id] }], async (one) => {
    for (const [method, target, body] of [['POST', '/api/drift/routes', { name: 'mine', channels: [] }], ['PUT', `/api/drift/routes/${one.id}`, { channels: [] }],
      ['PUT', '/api/drift/routes/order', { ids: [one.id] }], ['DELETE', `/api/drift/routes/${one.id}`]])
      assert.equal((await keeper(method, target, body === undefined ? {} : { body })).status, 403, `${method} ${target}`);
    assert.deepEqual((await routes()).map((r) => [r.id, r.channels]), [[one.id, [plain.id]]]);
    const none = await admin('PUT', '/api/drift/routes/order', { body: { ids: [] } });
    assert.deepEqual([none.status, none.json?.errors], [422, [{ pointer: '/ids', detail: 'must have all routes: there are 1' }]]);
  });
});

test('a channel that is dropped while a route is made for it is in none, or is still there', async () => {
  const ends = [];
  for (let i = 0; i < 12; i++) {
    const a = await channel();
    const [made, gone] = await Promise.all([admin('POST', '/api/drift/routes', { body: { name: `race ${i}`, channels: [a.id] } }), admin('DELETE', `/api/drift/channels/${a.id}`)]);
    ends.push(`${made.status} ${gone.status}`);
    if (made.status === 201)
      answer(await admin('DELETE', `/api/drift/routes/${made.json.id}`), 204);
  }
  assert.deepEqual(ends.filter((x) => !['201 409', '422 204'].includes(x)), []);
});

test('a list that this version cannot read keeps no alert from those whom its config names, and is not taken for none', async () => {
  const schema = sql(`SELECT schema_name FROM tenants WHERE id = UNHEX('${admin.session.tenant.id.replaceAll('-', '')}')`), heardOf = () => types('/own').length;
  const was = sql('SELECT IFNULL(HEX(routes), \'\') FROM alert_routing WHERE id = 1', schema);
  for (const text of ['{"routes":[{"id":7}]}', '{"routes":', '[]']) {
    sql(`UPDATE alert_routing SET version = version + 1, routes = '${text}' WHERE id = 1`, schema);
    const { drift } = await watched(), before = heardOf();
    await drift('disabled');
    await until('the config\'s own channel', () => heardOf() > before);
    assert.equal((await admin('GET', '/api/drift/routes')).status, 500, text);
    assert.equal((await admin('POST', '/api/drift/routes', { body: { name: 'over it', channels: [] } })).status, 500, text);
  }
  sql(`UPDATE alert_routing SET version = version + 1, routes = ${was === '' ? 'NULL' : `UNHEX('${was}')`} WHERE id = 1`, schema);
});
