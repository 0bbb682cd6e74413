// What a tenant's settings do: a row for each member of the contract, with an effect that a request sees before and after,
// in two tenants with different values at once; and from where a tenant may be used.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { credentials, sql, until } from '../lib/env.mjs';
import { enrol } from '../lib/authenticator.mjs';
import { call, send } from '../lib/client.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { ahead, all, bearer, browser, bsxctl, login, newChannel, newConfig, newKey, newTenant, policy, push, unique, withKey } from '../lib/people.mjs';
import { openapi } from '../lib/spec.mjs';

const platform = await bearer(credentials.platform), password = 'twenty-five characters ok';
const party = async () => {
  const owner = newTenant(), admin = await bearer(owner);
  return { ...owner, admin, id: admin.session.tenant.id };
};
const put = (p, settings, by = p.admin) => by('PUT', `/api/tenants/${p.id}`, { body: { settings } });
const set = async (...args) => {
  const a = await put(...args);
  assert.equal(a.status, 200, a.text);
  return a.json.settings;
};
const newUser = (p, role = 'viewer') => p.admin('POST', '/api/users', { body: { email: `${unique('u')}@settings.example`, display_name: 'U', password, role } });
const seconds = (text) => Math.round((Date.parse(text) - Date.now()) / 60000) * 60; // to the minute
// What is left of eight snapshots, seven of three days ago, and of their reports, as if those were five days old; reports
// are looked at with every eighth.
const history = async (p) => {
  const config = await newConfig(p.admin), key = withKey((await newKey(p.admin)).key), day = 86400000;
  const add = (i, ago) => push(key, config, [{ category: 'c', key: 'k', value: i }], { collected_at: new Date(Date.now() - ago).toISOString() });
  for (let i = 1; i < 8; i++)
    await add(i, 3 * day - i * 1000);
  sql(`UPDATE drift_reports SET finished_at = finished_at - INTERVAL 5 DAY WHERE config_id = UNHEX('${config.id.replaceAll('-', '')}')`,
    sql(`SELECT schema_name FROM tenants WHERE slug = '${p.tenant}'`));
  await add(8, 0);
  const count = async (what) => (await all(p.admin, what)).length;
  return { snapshots: await count(`/api/drift/configs/${config.id}/snapshots`), reports: await count(`/api/drift/reports?config_id=${config.id}`) };
};
// The next mail of the tenant, which goes to somebody new.
const box = await new Mailbox().start();
after(() => box.stop());
const mailOf = async (p) => {
  const to = `${unique('m')}@settings.example`;
  assert.equal((await p.admin('POST', '/api/users', { body: { email: to, display_name: 'M', role: 'viewer' } })).status, 201);
  const got = await box.wait(to, /./, 30);
  assert.equal(got.from, got.mail.from.address, 'whatever a tenant says, the sender is the installation');
  return got;
};
const session = async (p) => (await login(p, { delivery: 'body' })).json;

// member: the values that two tenants get, what is seen, and what it is before and in each of them
const rows = {
  'session.access_s': { values: [60, 3600], seen: async (p) => seconds((await session(p)).expires_at), before: 600 },
  'session.idle_s': { values: [300, 7200], seen: async (p) => seconds((await session(p)).idle_expires_at), before: 1800 },
  'session.absolute_s': { values: [3600, 10800], seen: async (p) => seconds((await session(p)).absolute_expires_at), before: 43200 },
  'password.min_length': { values: [20, 30], seen: async (p) => (await newUser(p)).status, before: 201, after: [201, 422] },
  'mfa.required_for': { values: [['operator'], ['viewer']], before: false, after: [false, true], seen: async (p) => {
    const who = { tenant: p.tenant, email: `${unique('v')}@settings.example`, password: `${password} and more` };
    assert.equal((await p.admin('POST', '/api/users', { body: { email: who.email, display_name: 'V', password: who.password, role: 'viewer' } })).status, 201);
    return (await session(who)).mfa_enrollment_required === true;
  } },
  'cors.allowed_origins': { values: [['https://one.example'], ['https://two.example']], before: undefined, after: ['https://one.example', undefined],
    seen: async (p) => (await p.admin('GET', '/api/auth/me', { headers: { Origin: 'https://one.example' } })).headers['access-control-allow-origin'] },
  allowed_addresses: { values: [['127.0.0.0/30'], ['127.0.0.0/29']], before: 200, after: [403, 200],
    seen: async (p) => (await p.admin('GET', '/api/auth/me', { localAddress: '127.0.0.5' })).status },
  rate_limits: { values: [{ 'GET /api/roles': { per_minute: 600, burst: 70 } }, { 'GET /api/roles': { per_minute: 600, burst: 80 } }],
    before: '1000000', after: ['70', '80'], seen: async (p) => /q=(\d+)/.exec((await p.admin('GET', '/api/roles')).headers['ratelimit-policy'])?.[1] },
  'retention.snapshots_s': { values: [86400, 345600], seen: async (p) => (await history(p)).snapshots, before: 8, after: [2, 8] },
  'retention.reports_s': { values: [259200, 1000000], seen: async (p) => (await history(p)).reports, before: 8, after: [2, 8] },
  // what is older than a quarter of a year is not made here: tests/store/test_trail_end moves the clock
  'retention.audit_s': { values: [7776000, 15552000], seen: async (p) => (await p.admin('GET', '/api/audit/verify')).json.kept_s, before: 0 },
  'notifications.from': { values: ['answers@one.example', 'answers@two.example'], seen: async (p) => (await mailOf(p)).mail.replyTo?.[0].address, before: undefined },
  'notifications.from_name': { values: ['One Ltd', 'Zwei & Söhne'], seen: async (p) => (await mailOf(p)).mail.from.name, before: 'BlindSpotX', after: ['One Ltd via BlindSpotX', 'Zwei & Söhne via BlindSpotX'] },
  'notifications.security': { make: async (p, i) => [{ channel_id: (await newChannel(p.admin, 'http://127.0.0.1:9/x')).id, min_severity: ['medium', 'critical'][i] }],
    before: [], after: [[true], [false]], seen: async (p) => (await p.admin('POST', '/api/drift/routes/try', { body: { alert: { severity: 'high', kind: 'system' } } })).json.items[0].channels.map((c) => c.told) },
  alert_links: { values: ['off', 'acknowledge'], before: 'not whole', after: ['switched off', 'not whole'], seen: async (p) => {
    const config = await newConfig(p.admin);
    await push(p.admin, config, [policy(1)]);
    await push(p.admin, config, [policy(1, { state: 'disabled' })]);
    const [alert] = await all(p.admin, `/api/drift/alerts?config_id=${config.id}`);
    return /switched off|not whole/.exec((await p.admin('POST', `/api/drift/alerts/${alert.id}/answer`, { body: { token: 'x' } })).json.detail)?.[0];
  } },
  'four_eyes.accept_from': { values: ['high', 'critical'], before: 200, after: [202, 200], seen: async (p) => {
    const config = await newConfig(p.admin, { rule_packs: [], rules: [{ path: '/a', severity: 'high', reason: 'x' }] });
    await push(p.admin, config, [{ category: 'c', key: 'k', value: { a: 1 } }]);
    const { report } = await push(p.admin, config, [{ category: 'c', key: 'k', value: { a: 2 } }]);
    const [change] = await all(p.admin, `/api/drift/reports/${report.id}/changes`);
    return (await p.admin('PUT', `/api/drift/changes/${change.id}`, { body: { status: 'accepted', reason: 'x' } })).status;
  } },
};

// The members of the contract, down to where there are no further ones.
async function members() {
  const { document } = await openapi(), found = {};
  const walk = (schema, name) => {
    const at = schema.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema;
    const object = at.properties ? at : (at.anyOf ?? at.allOf ?? []).find((s) => s.$ref || s.properties);
    if (object && object !== at)
      return walk(object, name);
    for (const [member, s] of Object.entries(object?.properties ?? {}))
      if (!/^Set by the service/.test(s.description)) // what is no setting: 41-second
        walk(s, name ? `${name}.${member}` : member);
    if (!object && name)
      found[name] = schema.description ?? '';
  };
  walk({ $ref: '#/components/schemas/TenantSettings' }, '');
  return found;
}
const nest = (name, value) => name.split('.').reduceRight((inner, part) => ({ [part]: inner }), value);
const merge = (a, b) => Object.fromEntries([...Object.entries(a), ...Object.entries(b).map(([k, v]) => [k, k in a && typeof v === 'object' && !Array.isArray(v) ? merge(a[k], v) : v])]);

test('every member of the settings has a row here, and is acted upon, by each tenant as it is there', async () => {
  const names = Object.keys(await members());
  assert.ok(names.length >= 8, names.join());
  assert.deepEqual(Object.keys(rows).sort(), names.sort());
  const two = [await party(), await party()];
  const look = (p) => Promise.all(Object.values(rows).map((row) => row.seen(p)));
  for (const p of two)
    for (const [i, seen] of (await look(p)).entries())
      assert.deepEqual(seen, Object.values(rows)[i].before, `${Object.keys(rows)[i]} before`);
  for (const row of Object.values(rows).filter((r) => r.make)) // what is of one tenant alone
    row.values = await Promise.all(two.map(row.make));
  for (const [i, p] of two.entries())
    await set(p, Object.entries(rows).map(([name, row]) => nest(name, row.values[i])).reduce(merge));
  // the origins of all tenants are kept for a moment by each process
  await Promise.all(two.flatMap((p, i) => Object.entries(rows).map(([name, row]) =>
    until(`${name} = ${JSON.stringify(row.values[i])}`, async () => isDeepStrictEqual(await row.seen(p), (row.after ?? row.values)[i])))));
});

test('no name of a sender looks like an address, hides what it is or ends a header', async () => {
  const p = await party();
  for (const name of ['ceo@bank.example', 'A <a@b.example>', 'ceo＠bank.example', 'A\r\nBcc: x@y.example', 'a\nb', '=?utf-8?q?x?=', 'A", <x@y.z>', 'a, b', 'x: y', '\u202Eknab', 'a\u200Bb', '\u061Cnab', 'a\u00ADb', 'a\u2028b', 'a\u{E0041}b', ' ', '', 'n'.repeat(65)]) {
    const a = await put(p, { notifications: { from_name: name } });
    assert.deepEqual([a.status, a.json.errors?.[0].pointer], [422, '/settings/notifications/from_name'], JSON.stringify(name));
  }
  for (const from of ['no address', 'a@b.example, c@d.example', 'a@b.example\r\nBcc: c@d.example', 'A <a@b.example>', 'a@', '=?utf-8?q?a?=@b.example>', 'ä@b.example', 'a@ö.example'])
    assert.deepEqual((await put(p, { notifications: { from } })).status, 422, from);
});

// ---- from where ---------------------------------------------------------------------------------

const inside = ['127.0.0.0/30'], outside = { localAddress: '127.0.0.9' };
const refused = (a) => assert.deepEqual([a.status, a.json.code], [403, 'address_not_allowed'], a.text);
const entries = (p, action) => all(p.admin, `/api/audit?action=${action}`);

test('addresses and ranges are kept in one form; what is none, or comes twice, or would lock out who sets it, is refused', async () => {
  const p = await party(), bad = async (list, pointer, words) => {
    const a = await put(p, { allowed_addresses: list });
    assert.equal(a.status, 422, a.text);
    assert.equal(a.json.errors[0].pointer, `/settings/allowed_addresses${pointer}`);
    assert.match(a.json.errors[0].detail, words);
  };
  const kept = await set(p, { allowed_addresses: ['127.0.0.1', '::ffff:10.0.0.0/104', 'FD00:0::/8', '2001:DB8::1'] });
  assert.deepEqual(kept.allowed_addresses, ['127.0.0.1/32', '10.0.0.0/8', 'fd00::/8', '2001:db8::1/128']);
  for (const text of ['10.0.0.0/33', '10.0.0.1/8', 'localhost', '10.0.0.1 ', '', '10.0.0.0/8,11.0.0.0/8', '[::1]', 'fe80::1%eth0', '1.2.3', '010.0.0.1', '::/129'])
    await bad(['127.0.0.1', text], '/1', /./);
  await bad(['127.0.0.1', '127.0.0.1/32'], '/1', /twice/);
  await bad(['10.0.0.0/8', '::ffff:a00:0/104', '127.0.0.1'], '/1', /twice/);
  for (const list of [['10.0.0.0/8'], ['127.0.0.2', '::1']])
    await bad(list, '', /would lock you out: your own address, 127\.0\.0\.1, is in none/);
  await bad(Array(257).fill('127.0.0.1'), '', /./);
  assert.deepEqual((await set(p, { session: { idle_s: 600 } })).allowed_addresses, kept.allowed_addresses, 'nobody has touched them');
  for (const none of [[], null])
    assert.deepEqual((await set(p, { allowed_addresses: none })).allowed_addresses ?? [], []);
  assert.equal((await p.admin('GET', '/api/auth/me', outside)).status, 200);
});

test('whatever stands for somebody works from inside alone, at once, and no sign-in gets round it', async () => {
  const p = await party(), key = (await newKey(p.admin, ['read:drift'])).key, page = await browser(p), tokens = await session(p);
  const other = { tenant: p.tenant, email: `${unique('o')}@settings.example`, password };
  assert.equal((await p.admin('POST', '/api/users', { body: { email: other.email, display_name: 'O', password, role: 'viewer' } })).status, 201);
  const { app } = await enrol(await bearer(other)), challenge = (await login(other, { delivery: 'body' })).json;
  const ways = [(o) => p.admin('GET', '/api/auth/me', o), (o) => call('GET', '/api/drift/configs', { headers: { 'X-API-Key': key }, ...o }),
    (o) => call('GET', '/api/drift/configs', { headers: { Authorization: `Bearer ${key}` }, ...o }), (o) => page('GET', '/api/auth/me', o),
    (o) => p.admin('GET', '/api/nowhere/x', o), (o) => p.admin('POST', '/api/auth/step-up', { body: { password: p.password }, ...o })];
  for (const way of ways)
    assert.notEqual((await way(outside)).status, 403);
  await set(p, { allowed_addresses: inside });
  for (const [i, way] of ways.entries())
    if (i !== 4) // a path that nobody has says nothing about a tenant
      refused(await way(outside));
  const signIn = (who, more, o) => call('POST', '/api/auth/login', { body: { tenant: who.tenant, email: who.email, password: who.password, delivery: 'body', ...more }, ...o });
  refused(await signIn(p, {}, outside));
  refused(await signIn(other, {}, outside));
  assert.equal((await signIn(p, { password: 'not this one at all' }, outside)).status, 401, 'who does not know the password learns nothing');
  const code = await app.next();
  refused(await call('POST', '/api/auth/2fa/verify', { body: { mfa_token: challenge.mfa_token, code }, ...outside }));
  const renew = (o) => call('POST', '/api/auth/refresh', { body: { refresh_token: tokens.refresh_token }, ...o });
  refused(await renew(outside));
  refused(await renew(outside));
  assert.equal((await renew({})).status, 200, 'the token was not used up');
  assert.equal((await call('POST', '/api/auth/2fa/verify', { body: { mfa_token: challenge.mfa_token, code } })).status, 200, 'nor was the code');
  for (const way of ways)
    assert.notEqual((await way({})).status, 403);
  assert.equal((await send('POST', '/api/auth/password/forgot', { body: { tenant: p.tenant, email: p.email }, ...outside })).status, 202);
});

test('a session is ended from anywhere: by leaving, and by a refresh token that is shown twice', async () => {
  const p = await party(), page = await browser(p), [kept, stolen] = [await session(p), await session(p)];
  const renew = (token, o) => call('POST', '/api/auth/refresh', { body: { refresh_token: token }, ...o }), me = (token) => call('GET', '/api/auth/me', { headers: { Authorization: `Bearer ${token}` } });
  const second = (await renew(stolen.refresh_token)).json, third = (await renew(second.refresh_token)).json;
  await set(p, { allowed_addresses: inside });
  assert.equal((await call('POST', '/api/auth/logout', { headers: { Authorization: `Bearer ${kept.access_token}` }, body: {}, ...outside })).status, 204);
  assert.equal((await me(kept.access_token)).status, 401);
  const left = await page.change('POST', '/api/auth/logout', { body: {}, ...outside });
  assert.equal(left.status, 204, left.text);
  assert.equal((await page('GET', '/api/auth/me')).status, 401);
  const again = await renew(stolen.refresh_token, outside);
  assert.deepEqual([again.status, again.json?.code], [401, 'refresh_token_reused'], again.text);
  assert.equal((await me(third.access_token)).status, 401);
  assert.equal((await entries(p, 'session.reuse')).length, 1);
});

test('who is refused for the address is in the trail, seldom', async () => {
  const p = await party();
  await set(p, { allowed_addresses: inside });
  for (let i = 0; i < 12; i++) {
    refused(await p.admin('GET', '/api/auth/me', outside));
    refused(await login(p, {}).then(() => call('POST', '/api/auth/login', { body: { tenant: p.tenant, email: p.email, password: p.password }, ...outside })));
  }
  for (const [action, fits] of [['request.refuse', (x) => x.details.code], ['session.fail', (x) => x.details.reason]]) {
    const found = (await entries(p, action)).filter((x) => fits(x) === 'address_not_allowed');
    assert.deepEqual(found.map((x) => [x.outcome, x.address, x.details.times]), [['failure', '127.0.0.9', 10], ['failure', '127.0.0.9', 1]], action);
  }
});

test('who acts in another tenant is held against that tenant\'s list too; the platform is not, and has the way back', async () => {
  const customer = await party(), firm = await party();
  const a = await customer.admin('POST', `/api/tenants/${customer.id}/grants`, { body: { grantee_tenant: firm.tenant, roles: ['operator'], reason: 'They look after us.', expires_at: ahead(1) } });
  assert.equal(a.status, 201, a.text);
  const there = (o = {}) => firm.admin('GET', '/api/drift/configs', { ...o, headers: { 'X-Acting-Tenant': customer.tenant } });
  assert.equal((await there(outside)).status, 200);
  await set(customer, { allowed_addresses: inside });
  refused(await there(outside));
  assert.equal((await there()).status, 200);
  assert.equal((await firm.admin('GET', '/api/drift/configs', outside)).status, 200, 'at home it counts for nothing');
  const told = (await entries(customer, 'request.refuse')).find((x) => x.details.code === 'address_not_allowed');
  assert.equal(told.acting_tenant, firm.id);
  await set(firm, { allowed_addresses: inside });
  await set(customer, { allowed_addresses: [] });
  refused(await there(outside));
  // from where the platform's administrators come is no matter of a tenant
  await set(customer, { allowed_addresses: ['203.0.113.0/24'] }, platform);
  refused(await customer.admin('GET', '/api/auth/me'));
  assert.match(bsxctl('tenant', 'addresses', customer.tenant), /^203\.0\.113\.0\/24$/m);
  await set(customer, { allowed_addresses: null }, platform);
  assert.equal((await customer.admin('GET', '/api/auth/me')).status, 200);
});
