// A tenant's settings: who may change what, what is refused, and that sessions follow at once.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { credentials, sleep } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { administrativeKey, all, bearer, login, newKey, newTenant, unique, withKey } from '../lib/people.mjs';

async function tenantOf(caller) {
  const items = await all(caller, '/api/tenants');
  return items.find((t) => t.id === caller.session.user.tenant_id);
}

const put = (caller, id, body, headers = {}) => caller('PUT', `/api/tenants/${id}`, { body, headers });
const me = async (caller) => (await caller('GET', '/api/auth/me')).status;

test('a tenant sees itself only, with all settings filled in and what it has', async () => {
  const admin = await bearer(newTenant());
  const list = await all(admin, '/api/tenants');
  assert.equal(list.length, 1);
  assert.equal(list[0].usage, null);
  const one = (await admin('GET', `/api/tenants/${list[0].id}`)).json;
  assert.equal(one.tenant_id, one.id);
  assert.deepEqual(one.usage, { users: 1, api_keys: 0, drift_configs: 0, snapshots_today: 0, storage_bytes: 0, near: [] });
  assert.deepEqual(one.settings.session, { access_s: 600, idle_s: 1800, absolute_s: 43200 });
  assert.deepEqual(one.settings.retention, { snapshots_s: 0, reports_s: 0, audit_s: 0 });
  assert.deepEqual(one.quota, {});
  assert.equal((await admin('GET', `/api/tenants/${crypto.randomUUID()}`)).status, 404);
  assert.equal((await admin('GET', '/api/tenants?cursor=AZAAAAAAAAAAAAAAAAAAAA')).json.items.length, 0);
});

test('settings: members named are changed, null takes one back, the rest stays', async () => {
  const admin = await bearer(newTenant()), { id } = await tenantOf(admin);
  const first = await put(admin, id, { name: 'New name', settings: { session: { idle_s: 600, access_s: 120 }, password: { min_length: 20 } } });
  assert.equal(first.status, 200, first.text);
  assert.equal(first.json.name, 'New name');
  assert.deepEqual(first.json.settings.session, { access_s: 120, idle_s: 600, absolute_s: 43200 });
  const second = await put(admin, id, { settings: { session: { idle_s: null, absolute_s: 7200 } } });
  assert.deepEqual(second.json.settings.session, { access_s: 120, idle_s: 1800, absolute_s: 7200 });
  assert.equal(second.json.settings.password.min_length, 20);
  assert.equal(second.json.name, 'New name');
  const third = await put(admin, id, { settings: { session: null } });
  assert.deepEqual(third.json.settings.session, { access_s: 600, idle_s: 1800, absolute_s: 43200 });
  const short = await admin('POST', '/api/users', { body: { email: 'a@b.example', display_name: 'A', password: 'nineteen characters' } });
  assert.equal(short.status, 422);
  assert.match(short.json.errors[0].detail, /20/);

  const got = await admin('GET', `/api/tenants/${id}`);
  assert.equal((await put(admin, id, { name: 'A' }, { 'If-Match': got.headers.etag })).status, 200);
  assert.equal((await put(admin, id, { name: 'B' }, { 'If-Match': got.headers.etag })).status, 412);
});

test('settings out of range, unknown, above the ceiling or not acted upon yet are 422', async () => {
  const admin = await bearer(newTenant()), { id } = await tenantOf(admin);
  for (const [pointer, settings] of [['/settings/session/idle_s', { session: { idle_s: 299 } }], ['/settings/session/idle_s', { session: { idle_s: 86401 } }],
    ['/settings/session/access_s', { session: { access_s: 59 } }], ['/settings/session/access_s', { session: { access_s: 3601 } }],
    ['/settings/session/absolute_s', { session: { absolute_s: 3599 } }], ['/settings/session/absolute_s', { session: { absolute_s: 2592001 } }],
    ['/settings/session/idle_s', { session: { idle_s: '600' } }], ['/settings/session/what', { session: { what: 1 } }],
    ['/settings/session/what', { session: { what: null } }], ['/settings/session', { session: [] }], ['/settings/what', { what: null }],
    ['/settings', 1], ['/settings', []], ['/settings/password/min_length', { password: { min_length: 7 } }],
    ['/settings/cors/allowed_origins/1', { cors: { allowed_origins: ['https://x.example', 'https://x.example/path'] } }],
    ['/settings/cors/allowed_origins/0', { cors: { allowed_origins: ['*'] } }],
    ['/settings/rate_limits', { rate_limits: { nonsense: { per_minute: 5 } } }], ['/settings/rate_limits', { rate_limits: { login: { per_minute: 0 } } }],
    ['/settings/rate_limits', { rate_limits: { 'GET /api/nowhere': { burst: 5 } } }], ['/settings/rate_limits', { rate_limits: { read: {} } }],
    ['/settings/retention/audit_s', { retention: { audit_s: 86400 } }], ['/settings/retention/reports_s', { retention: { reports_s: 86400 } }],
    ['/settings/retention/snapshots_s', { retention: { snapshots_s: 3600 } }], ['/settings/notifications/from', { notifications: { from: 'nobody' } }], ['/settings/four_eyes/pending', { four_eyes: { pending: null } }]]) {
    const a = await put(admin, id, { settings });
    assert.equal(a.status, 422, `${JSON.stringify(settings)}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, pointer);
  }
  assert.equal((await put(admin, id, { slug: 'other' })).status, 422);
  assert.deepEqual((await tenantOf(admin)).settings.session, { access_s: 600, idle_s: 1800, absolute_s: 43200 });
});

test('second factors, other sites\' pages and rate limits are set by the tenant', async () => {
  const admin = await bearer(newTenant()), { id } = await tenantOf(admin);
  const settings = { mfa: { required_for: ['viewer'] }, cors: { allowed_origins: ['https://x.example'] },
    rate_limits: { login: { per_minute: 30, burst: 5 }, 'GET /api/users/{id}': { per_minute: 100 } } };
  const a = await put(admin, id, { settings });
  assert.equal(a.status, 200, a.text);
  await sleep(2500); // another worker may still hold the row that it has read
  const now = (await tenantOf(admin)).settings;
  for (const name of Object.keys(settings))
    assert.deepEqual(now[name], settings[name]);
});

test('sessions live as long as the settings say', async () => {
  const who = newTenant(), admin = await bearer(who), { id } = await tenantOf(admin);
  assert.equal((await put(admin, id, { settings: { session: { access_s: 60, idle_s: 300, absolute_s: 3600 } } })).status, 200);
  const about = (text, s) => {
    const left = (Date.parse(text) - Date.now()) / 1000;
    assert.ok(left > s - 20 && left < s + 5, `${text}: ${left} s, not ${s}`);
  };
  // another worker may still hold the row that it has read up to 2 s ago
  await sleep(2500);
  const fresh = (await login(who, { delivery: 'body' })).json;
  about(fresh.expires_at, 60);
  about(fresh.idle_expires_at, 300);
  about(fresh.absolute_expires_at, 3600);
  const renewed = (await call('POST', '/api/auth/refresh', { body: { refresh_token: fresh.refresh_token } })).json;
  about(renewed.expires_at, 60);
  about(renewed.idle_expires_at, 300);
  about(renewed.absolute_expires_at, 3600);
  // the one from before is shortened too
  const old = (await admin('GET', '/api/auth/me')).json.session;
  about(old.idle_expires_at, 300);
  about(old.absolute_expires_at, 3600);
});

test('what only the platform may change, and what the platform does to others', async () => {
  const who = newTenant(), admin = await bearer(who), { id } = await tenantOf(admin);
  for (const body of [{ status: 'suspended' }, { quota: { users: 5 } }]) {
    const a = await put(admin, id, body);
    assert.equal(a.status, 403, a.text);
  }
  const platform = await bearer(credentials.platform), own = await tenantOf(platform);
  assert.ok((await all(platform, '/api/tenants', 2)).some((t) => t.id === id));
  assert.equal((await put(platform, own.id, { status: 'suspended' })).status, 422);
  assert.equal((await put(platform, crypto.randomUUID(), { name: 'X' })).status, 404);

  const key = withKey((await newKey(admin, ['read:drift'])).key);
  assert.equal((await key('GET', '/api/drift/configs')).status, 200);
  const named = await put(platform, id, { name: 'By the platform', settings: { session: { idle_s: 900 } } });
  assert.equal(named.status, 200, named.text);
  assert.equal((await admin('GET', `/api/tenants/${id}`)).json.settings.session.idle_s, 900);
  const suspended = await put(platform, id, { status: 'suspended' });
  assert.equal(suspended.status, 200, suspended.text);
  assert.equal(suspended.json.status, 'suspended');
  await sleep(2500);
  assert.deepEqual(await Promise.all(Array.from({ length: 6 }, () => me(admin))), Array(6).fill(401));
  assert.equal((await key('GET', '/api/drift/configs')).status, 401);
  assert.equal((await login(who)).status, 401);
  assert.equal((await put(platform, id, { status: 'active' })).status, 200);
  await sleep(2500);
  assert.equal((await login(who)).status, 200);

  const entries = await all(await bearer(who), '/api/audit?action=tenant.update');
  assert.deepEqual(entries.map((x) => x.details.status), ['active', 'suspended']);
  assert.ok(entries.every((x) => x.acting_tenant === own.id && x.target_id === id));
  const theirs = await all(platform, `/api/audit?action=tenant.update&actor=${platform.session.user.id}`);
  assert.ok(theirs.filter((x) => x.target_id === id).length >= 3);
});

test('without update:settings a name may be changed by update:tenants, settings not', async () => {
  const admin = await bearer(newTenant()), { id } = await tenantOf(admin);
  const key = withKey((await administrativeKey(admin, ['read:tenants', 'update:tenants'])).key);
  assert.equal((await key('PUT', `/api/tenants/${id}`, { body: { name: unique('n') } })).status, 200);
  assert.equal((await key('PUT', `/api/tenants/${id}`, { body: { settings: { session: { idle_s: 900 } } } })).status, 403);
  const reader = withKey((await newKey(admin, ['read:tenants'])).key);
  assert.equal((await reader('PUT', `/api/tenants/${id}`, { body: { name: 'X' } })).status, 403);
});

test('who may not delete snapshots may not have them kept for less time, but for more', async () => {
  const admin = await bearer(newTenant()), { id } = await tenantOf(admin);
  const key = withKey((await administrativeKey(admin, ['read:tenants', 'update:tenants', 'update:settings'])).key);
  const keep = (by, days) => put(by, id, { settings: { retention: { snapshots_s: days * 86400 } } });
  const refused = await keep(key, 30);
  assert.equal(refused.status, 403, refused.text);
  assert.match(refused.json.detail, /delete:snapshots/);
  assert.equal((await keep(admin, 30)).status, 200);
  assert.deepEqual([(await keep(key, 29)).status, (await keep(key, 31)).status, (await keep(key, 31)).status, (await keep(key, 0)).status, (await keep(key, 31)).status],
    [403, 200, 200, 200, 403]);
});

test('of parallel changes of settings none is lost without a word', async () => {
  const admin = await bearer(newTenant()), { id } = await tenantOf(admin);
  const wants = [{ session: { idle_s: 700 } }, { session: { access_s: 700 } }, { session: { absolute_s: 7000 } }, { password: { min_length: 20 } }]; // none is the default
  const answers = await Promise.all(wants.map((settings) => put(admin, id, { settings })));
  const now = (await admin('GET', `/api/tenants/${id}`)).json.settings;
  answers.forEach((a, i) => {
    assert.ok(a.status === 200 || a.status === 409, a.text);
    const [[group, [[name, value]]]] = Object.entries(wants[i]).map(([g, v]) => [g, Object.entries(v)]);
    assert.equal(now[group][name] === value, a.status === 200, `${group}.${name}: ${a.status}`);
  });
  assert.ok(answers.some((a) => a.status === 200));
});
