// The fleet: who reads which tenants, and what of them, at the instant of asking; and how soon a deed is to be seen there.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, test } from 'node:test';
import { credentials, sql, until } from '../lib/env.mjs';
import { ahead, all, bearer, newConfig, newTenant, policy, push, serviceKey, unique, withKey } from '../lib/people.mjs';

const password = 'a long enough password';
const hex = (id) => `UNHEX('${id.replaceAll('-', '')}')`;
const platform = await bearer(credentials.platform);
const party = async () => {
  const owner = newTenant(), admin = await bearer(owner), { id } = admin.session.tenant;
  return { ...owner, slug: owner.tenant, admin, id, schema: sql(`SELECT schema_name FROM tenants WHERE id = ${hex(id)}`) };
};
const person = async (p, roles) => {
  const who = { tenant: p.slug, email: `${unique('u')}@fleet.example`, password };
  const a = await p.admin('POST', '/api/users', { body: { email: who.email, display_name: 'U', password, roles } });
  assert.equal(a.status, 201, a.text);
  return Object.assign(await bearer(who), { id: a.json.id });
};
const role = async (p, permissions) => {
  const a = await p.admin('POST', '/api/roles', { body: { name: unique('role'), permissions } });
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const give = async (p, roles, more = {}) => {
  const a = await p.admin('POST', `/api/tenants/${p.id}/grants`, { body: { grantee_tenant: firm.slug, roles, reason: 'They look after us.', expires_at: ahead(1), ...more } });
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const back = async (p, grant) => assert.equal((await p.admin('DELETE', `/api/tenants/${p.id}/grants/${grant.id}`)).status, 204);
const rows = async (caller, query = '', headers = {}) => {
  const a = await caller('GET', `/api/fleet${query}`, { headers });
  assert.equal(a.status, 200, a.text);
  return a.json.items;
};
const slugs = async (...args) => (await rows(...args)).map((x) => x.slug);
const row = async (caller, p, headers = {}) => (await rows(caller, '?limit=200', headers)).find((x) => x.slug === p.slug);
const comes = (what, caller, p, fits) => until(what, async () => {
  const x = await row(caller, p);
  return fits(x) ? [x] : false;
}, 20);
const drift = async (p) => {
  const config = await newConfig(p.admin);
  await push(p.admin, config, [policy(1)]);
  await push(p.admin, config, [policy(1, { state: 'disabled' })]);
  return config;
};

const firm = await party(), worse = await party(), bad = await party(), well = await party(), stranger = await party();
const everywhere = [worse, bad, well, stranger];
await push(well.admin, await newConfig(well.admin), [policy(1)]);
const told = Date.now();
for (const p of [worse, worse, bad])
  await drift(p);
for (const p of [worse, bad, well])
  await give(p, ['viewer']);
await comes('the worse is counted', firm.admin, worse, (x) => x?.alerts?.critical === 2);
console.log(`# from the deed to the row: ${Date.now() - told} ms, with three pushes and four grants`);
await comes('the other is counted', firm.admin, bad, (x) => x?.alerts?.critical === 1);
await comes('the well one is counted', firm.admin, well, (x) => x?.configs?.last_snapshot_at);
await comes("the firm's own is counted", firm.admin, firm, (x) => x.counted_at);

test('a row has what there is, the worst is first, and it says how to go there', async () => {
  const [first, second] = await rows(firm.admin);
  assert.deepEqual([first.slug, second.slug], [worse.slug, bad.slug]);
  assert.deepEqual([first.status, first.alerts.critical, first.configs.all, first.configs.blind, first.quota, first.usage], ['active', 2, 2, 0, null, null]);
  // those of kind security are for who may read the trail, and counted by themselves
  const alerts = (await all(worse.admin, '/api/drift/alerts?status=open')).filter((x) => x.kind !== 'security'), oldest = alerts.map((x) => x.opened_at).sort()[0];
  assert.equal(first.alerts.oldest_untaken_at, oldest);
  assert.ok(Date.parse(first.counted_at) >= told && Date.parse(first.configs.last_snapshot_at) >= told - 60000);
  const there = { 'X-Acting-Tenant': first.links.acting_tenant };
  assert.deepEqual((await firm.admin('GET', first.links.alerts, { headers: there })).json.items.map((x) => x.id), alerts.map((x) => x.id));
  assert.equal((await firm.admin('GET', first.links.configs, { headers: there })).json.items.length, 2);
  const own = await row(firm.admin, firm);
  assert.deepEqual([own.links.acting_tenant, own.quota], [null, {}]);
  assert.ok(own.usage.users >= 1);
  assert.doesNotMatch(JSON.stringify(await rows(firm.admin)), /policy|state|disabled|conditional/i, 'no values, no paths, no titles');
});

const alertsOf = async (caller, query = '', headers = {}) => {
  const items = [];
  for (let cursor = '';;) {
    const a = await caller('GET', `/api/fleet/alerts?limit=1${query}${cursor}`, { headers });
    assert.equal(a.status, 200, a.text);
    items.push(...a.json.items);
    if (a.json.next_cursor === null)
      return items;
    cursor = `&cursor=${a.json.next_cursor}`;
  }
};
const inOne = async (caller, headers = {}) => (await caller('GET', '/api/fleet/alerts?limit=200', { headers })).json.items;

test('the alerts of all tenants are a list, the worst first, each with the way to it and without a title or a value', async () => {
  const items = await alertsOf(firm.admin), theirs = await all(worse.admin, '/api/drift/alerts?status=open');
  const bare = (list) => list.map(({ counted_at, ...x }) => x); // which goes on meanwhile
  assert.deepEqual(bare(items), bare(await inOne(firm.admin)), 'page by page, or at once');
  assert.deepEqual(items.map((x) => x.slug).sort(), [bad.slug, worse.slug, worse.slug].sort());
  const x = items.find((one) => one.slug === worse.slug), same = theirs.find((a) => a.id === x.alert_id);
  assert.deepEqual([x.kind, x.severity, x.status, x.opened_at, x.taken, x.name], [same.kind, same.severity, same.status, same.opened_at, false, `Tenant ${worse.slug}`]);
  const there = await firm.admin('GET', x.links.alert, { headers: { 'X-Acting-Tenant': x.links.acting_tenant } });
  assert.deepEqual([there.status, there.json.id], [200, x.alert_id]);
  assert.doesNotMatch(JSON.stringify(items), /policy|state|disabled|conditional|config/i);
  assert.deepEqual(items.map((one) => one.opened_at), items.map((one) => one.opened_at).sort(), 'as severe: the oldest first');
  assert.equal((await alertsOf(firm.admin, '&severity=critical')).length, 3);
  assert.equal((await firm.admin('GET', '/api/fleet/alerts?severity=none')).status, 422);
});

// ---- who, and which ---------------------------------------------------------------------------------

const single = await person(firm, ['analyst']), weak = await person(firm, [(await role(firm, ['read:alerts'])).name]);
const key = withKey((await serviceKey(firm.admin, ['read:alerts'])).key), powerless = await person(firm, [(await role(firm, ['read:drift'])).name]);
const mine = [worse, bad, well, firm];
// Of each: who asks, and which of the tenants they see; refused: nothing at all.
const whose = {
  'its own, and what is lent to all of its people': { caller: firm.admin, sees: mine },
  'the same with fewer permissions at home': { caller: weak, sees: mine },
  'a key of it': { caller: key, sees: mine },
  'who lends sees its own': { caller: worse.admin, sees: [worse] },
  'who was lent nothing sees its own': { caller: stranger.admin, sees: [stranger] },
  'the platform sees all': { caller: platform, sees: [...mine, stranger], others: true },
  'who may not read alerts at home': { caller: powerless, sees: null },
  'acting in one, that one': { caller: firm.admin, sees: [bad], headers: { 'X-Acting-Tenant': bad.slug } },
  'acting in one without a grant': { caller: stranger.admin, sees: null, headers: { 'X-Acting-Tenant': bad.slug } },
};
// And what is asked, with what of them fits: worst first.
const asked = {
  '': () => true,
  '?severity=critical': (p) => [worse, bad].includes(p),
  '?severity=info': (p) => [worse, bad].includes(p),
  '?status=active': () => true,
  '?status=suspended': () => false,
};
for (const [who, { caller, sees, headers, others }] of Object.entries(whose))
  for (const [query, fits] of Object.entries(asked))
    for (const limit of [1, 200])
      test(`${who}: ${query || 'all'}, ${limit} a page`, async () => {
        const a = await caller('GET', `/api/fleet${query}${query ? '&' : '?'}limit=${limit}`, { headers });
        if (sees === null)
          return assert.deepEqual([a.status, a.json.code], [403, 'forbidden'], a.text);
        const seen = [];
        for (let next = a; ; next = await caller('GET', `/api/fleet${query}${query ? '&' : '?'}limit=${limit}&cursor=${next.json.next_cursor}`, { headers })) {
          assert.equal(next.status, 200, next.text);
          assert.ok(next.json.items.length <= limit);
          seen.push(...next.json.items.map((x) => x.slug));
          if (next.json.next_cursor === null)
            break;
        }
        const ours = [...everywhere, firm].map((p) => p.slug), wanted = [worse, bad, well, firm, stranger].filter((p) => sees.includes(p) && fits(p)).map((p) => p.slug);
        assert.equal(new Set(seen).size, seen.length, 'each once');
        assert.deepEqual(seen.filter((x) => ours.includes(x)).sort(), [...wanted].sort());
        assert.ok(others || seen.length === wanted.length, `${seen}: of others`);
        assert.deepEqual(seen.filter((x) => [worse, bad].some((p) => p.slug === x)), wanted.slice(0, 2).filter((x) => [worse, bad].some((p) => p.slug === x)), 'worst first');
        return undefined;
      });

for (const [who, { caller, sees, headers }] of Object.entries(whose))
  test(`${who}: the alerts of the same tenants, along the list and along each`, async () => {
    const a = await caller('GET', '/api/fleet/alerts', { headers });
    if (sees === null)
      return assert.deepEqual([a.status, a.json.code], [403, 'forbidden'], a.text);
    const ours = [...everywhere, firm].map((p) => p.slug), of = (items) => [...new Set(items.map((x) => x.slug).filter((x) => ours.includes(x)))].sort();
    const wanted = [worse, bad].filter((p) => sees.includes(p)).map((p) => p.slug).sort();
    assert.deepEqual(of(await inOne(caller, headers)), wanted);
    const seen = (await alertsOf(caller, '', headers)).map((x) => `${x.slug} ${x.alert_id}`);
    assert.equal(new Set(seen).size, seen.length, 'each once');
    assert.deepEqual([...new Set(seen.map((x) => x.split(' ')[0]).filter((x) => ours.includes(x)))].sort(), wanted);
    return undefined;
  });

// ---- how a grant ends -------------------------------------------------------------------------------

const ends = {
  'it is revoked': { end: back, undo: async (p, grant) => sql(`UPDATE grants SET revoked_at = NULL WHERE id = ${hex(grant.id)}`) },
  'its time is over': { end: (p, grant) => sql(`UPDATE grants SET expires_at = NOW(3) WHERE id = ${hex(grant.id)}`), undo: (p, grant) => sql(`UPDATE grants SET expires_at = NOW(3) + INTERVAL 1 DAY WHERE id = ${hex(grant.id)}`) },
};
for (const [how, { end, undo }] of Object.entries(ends))
  test(`a tenant is gone from the fleet at once when ${how}, and a cursor that names it tells nothing`, async () => {
    const grant = await give(stranger, ['viewer']);
    await drift(stranger);
    await comes('it is counted', firm.admin, stranger, (x) => x?.alerts?.critical > 0);
    const alerts = async () => (await alertsOf(firm.admin)).map((x) => x.slug), has = await alerts();
    assert.ok(has.includes(stranger.slug));
    await end(stranger, grant);
    assert.ok(!(await slugs(firm.admin)).includes(stranger.slug));
    assert.deepEqual(await alerts(), has.filter((x) => x !== stranger.slug), 'nor are its alerts');
    const named = (id) => rows(firm.admin, `?cursor=${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}`);
    assert.deepEqual(await named(stranger.id), await named(crypto.randomUUID()));
    assert.deepEqual(await named(stranger.id), await rows(firm.admin));
    await undo(stranger, grant);
    assert.ok((await slugs(firm.admin)).includes(stranger.slug));
    sql(`UPDATE grants SET revoked_at = NOW(3) WHERE id = ${hex(grant.id)}`);
  });

test('what a role lends is as the role is now: less of it is gone at once, and comes back when it is counted', async () => {
  const lent = await role(stranger, ['read:alerts', 'read:drift', 'read:tenants']), grant = await give(stranger, [lent.name]);
  const alter = async (permissions) => assert.equal((await stranger.admin('PUT', `/api/roles/${lent.id}`, { body: { permissions } })).status, 200);
  const shown = (x) => x && [x.alerts, x.configs, x.quota].map((m) => m !== null);
  await comes('all of it', firm.admin, stranger, (x) => x?.quota);
  assert.deepEqual(shown(await row(weak, stranger)), [true, false, false], 'no more than at home');
  assert.deepEqual(shown(await row(key, stranger)), [true, false, false]);
  await alter(['read:alerts']);
  assert.notDeepEqual(shown(await row(firm.admin, stranger)), [true, true, true]);
  const [x] = await comes('the rest', firm.admin, stranger, (one) => one !== undefined);
  assert.deepEqual(shown(x), [true, false, false]);
  await alter(['read:drift']);
  assert.equal(await row(firm.admin, stranger), undefined);
  const [own] = await comes('it is counted', stranger.admin, stranger, (one) => Date.parse(one.counted_at) > Date.parse(x.counted_at));
  assert.ok(own);
  assert.equal(await row(firm.admin, stranger), undefined, 'nobody reads alerts there');
  await back(stranger, grant);
});

test('who needs a second factor there sees it with one alone, and a grant to one person is theirs', async () => {
  assert.equal((await stranger.admin('PUT', `/api/tenants/${stranger.id}`, { body: { settings: { mfa: { required_for: ['viewer'] } } } })).status, 200);
  const strict = await give(stranger, ['viewer']);
  await comes('a key sees it', key, stranger, (x) => x !== undefined);
  assert.equal(await row(firm.admin, stranger), undefined);
  assert.equal((await stranger.admin('PUT', `/api/tenants/${stranger.id}`, { body: { settings: { mfa: { required_for: [] } } } })).status, 200);
  await comes('so do they', firm.admin, stranger, (x) => x !== undefined);
  await back(stranger, strict);
  const one = await give(stranger, ['viewer'], { grantee_user: single.id });
  await comes('who it is for', single, stranger, (x) => x !== undefined);
  for (const other of [firm.admin, key, weak])
    assert.equal(await row(other, stranger), undefined);
  await back(stranger, one);
});

test('one that is suspended or deleted is there as that, and lends nothing', async () => {
  const status = (word) => sql(`UPDATE tenants SET status = '${word}' WHERE id = ${hex(bad.id)}`);
  after(() => status('active'));
  for (const word of ['suspended', 'deleting']) {
    status(word);
    const x = await row(firm.admin, bad), seen = await row(platform, bad);
    assert.deepEqual([x.status, x.alerts, x.configs, x.quota, x.links.acting_tenant], [word, null, null, null, null]);
    assert.deepEqual([seen.status, seen.alerts.critical, seen.links.acting_tenant, seen.links.alerts], [word, 1, null, null]);
    assert.deepEqual(await slugs(firm.admin, `?status=${word}`), [bad.slug]);
    assert.ok(!(await slugs(firm.admin, '?severity=critical')).includes(bad.slug), 'nor does a filter tell');
    assert.ok((await alertsOf(firm.admin)).every((one) => one.slug !== bad.slug), 'nor a list of alerts');
    const known = (await inOne(platform)).find((one) => one.slug === bad.slug);
    assert.deepEqual([known.links.acting_tenant, known.links.alert], [null, null]);
  }
  status('active');
});

test('a deed is to be seen within seconds, a silence holds its alert back, and reading leaves one entry nowhere', async () => {
  const config = await drift(well), came = Date.now();
  await comes('an alert', firm.admin, well, (x) => x.alerts.critical === 1);
  console.log(`# from the deed to the row: ${Date.now() - came} ms`);
  const [alert] = await all(well.admin, '/api/drift/alerts?status=open');
  assert.equal((await well.admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'acknowledged' } })).status, 200);
  await comes('it is taken', firm.admin, well, (x) => x.alerts.critical === 1 && x.alerts.oldest_untaken_at === null);
  const listed = (await alertsOf(firm.admin)).filter((x) => x.slug === well.slug);
  assert.deepEqual(listed.map((x) => [x.alert_id, x.status, x.taken]), [[alert.id, 'acknowledged', true]]);
  assert.equal((await well.admin('DELETE', `/api/drift/configs/${config.id}`)).status, 204);
  await comes('it is over', firm.admin, well, (x) => x.alerts.critical === 0 && x.configs.all === 1);
  assert.ok((await alertsOf(firm.admin)).every((x) => x.slug !== well.slug));
  const trail = () => [firm, well].map((p) => sql(`SELECT COUNT(*) FROM ${p.schema}.audit`)), had = trail();
  await rows(firm.admin);
  assert.deepEqual(trail(), had, 'a list is read without an entry, as the others are');
});

test('a config that is blind no more is not blind in the fleet either, though no alert ended with it', async () => {
  const p = await party(), config = await newConfig(p.admin), blind = (x) => x?.configs?.blind;
  await push(p.admin, config, [policy(1)]);
  sql(`UPDATE \`${p.schema}\`.config_state SET state = 'blind' WHERE config_id = ${hex(config.id)}`);
  sql(`UPDATE fleet SET marked = marked + 1, due_at = NOW(3) WHERE schema_name = '${p.schema}'`);
  await comes('it is blind', p.admin, p, (x) => blind(x) === 1);
  await push(p.admin, config, [policy(1)]);
  await comes('it is not', p.admin, p, (x) => blind(x) === 0);
});
