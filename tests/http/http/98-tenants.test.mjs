// The life of tenants over the API: made with a schema of the pool or without, once, and by the platform only; suspended,
// deleted, had back and erased.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { build, credentials, sql, state, until } from '../lib/env.mjs';
import { Mailbox, linkOf } from '../lib/mailbox.mjs';
import { call } from '../lib/client.mjs';
import { all, bearer, bsxctl, login, newTenant, unique } from '../lib/people.mjs';

const password = 'a long enough password';
const platform = await bearer(credentials.platform);
const body = (slug = unique('made'), more = {}) => ({ slug, name: `Tenant ${slug}`, admin: { email: `admin@${slug}.example`, password }, ...more });
const post = (b, headers = {}) => platform('POST', '/api/tenants', { body: b, headers });
const operation = async (id) => (await platform('GET', `/api/operations/${id}`)).json;
const ready = () => Number(sql("SELECT COUNT(*) FROM schema_pool WHERE state = 'ready'"));
const pool = (n) => bsxctl('tenant', 'work', '--pool', String(n));
const signIn = (slug) => login({ tenant: slug, email: `admin@${slug}.example`, password });

test('with a schema in the pool a tenant is there at once, and its administrator signs in', async (t) => {
  pool(3);
  const b = body(unique('made'), { settings: { session: { idle_s: 600 } }, quota: { users: 3 } }), before = ready(), began = performance.now();
  const a = await post(b), took = performance.now() - began;
  assert.equal(a.status, 201, a.text);
  assert.deepEqual([a.json.slug, a.json.status, a.json.settings.session.idle_s, a.json.quota, a.json.tenant_id],
    [b.slug, 'active', 600, { users: 3 }, a.json.id]);
  assert.equal(ready(), before - 1);
  const o = await operation(a.json.operation_id);
  assert.deepEqual([o.state, o.kind, o.done, o.total, o.now, o.error, o.tenant_id, o.asked_by],
    ['done', 'tenant.create', 4, 4, null, null, a.json.id, credentials.platform.email]);
  const admin = await bearer({ tenant: b.slug, email: b.admin.email, password });
  assert.deepEqual(admin.session.user.roles, ['admin']);
  assert.ok((await all(admin, '/api/roles')).length >= 6);
  const trail = await all(admin, '/api/audit');
  assert.ok(trail.some((x) => x.action === 'tenant.create' && x.target_id === a.json.id), JSON.stringify(trail));
  assert.ok((await all(platform, '/api/audit?action=tenant.create')).some((x) => x.target_id === a.json.id));
  assert.equal((await admin('GET', `/api/operations/${a.json.operation_id}`)).status, 404);
  assert.deepEqual(await all(admin, '/api/operations'), []);
  t.diagnostic(`${took.toFixed(0)} ms with the administrator's password hashed`);
});

test('an administrator without a password is invited, and without an administrator there is none', async (t) => {
  const b = body(), box = await new Mailbox().start();
  t.after(() => box.stop());
  delete b.admin.password;
  pool(2);
  assert.equal((await post(b)).status, 201);
  const { token, tenant } = linkOf(await box.wait(b.admin.email, /./), 'invite');
  assert.ok(token && (tenant === undefined || tenant === b.slug));
  assert.equal((await call('POST', '/api/auth/password/reset', { body: { token, new_password: password } })).status, 204);
  assert.equal((await signIn(b.slug)).status, 200);
  const none = body(unique('none'), { admin: undefined }), a = await post(none);
  assert.equal(a.status, 201, a.text);
  assert.equal(a.json.usage.users, 0);
});

test('without one it is taken, provisioning, and made by who may make schemas', async () => {
  while (ready() > 0)
    assert.equal((await post(body())).status, 201);
  const b = body(), a = await post(b);
  assert.equal(a.status, 202, a.text);
  assert.equal(a.json.status, 'provisioning');
  assert.equal((await signIn(b.slug)).status, 401);
  await until('who carries it to say what it waits for', async () => /bsxctl tenant work/.test((await operation(a.json.operation_id)).now));
  await until('its turn', async () => { pool(0); return (await operation(a.json.operation_id)).state === 'done'; }, 10, 500);
  assert.equal((await platform('GET', `/api/tenants/${a.json.id}`)).json.status, 'active');
  assert.equal((await signIn(b.slug)).status, 200);
});

test('what waits for its schema is taken back, and its name is free again', async () => {
  while (ready() > 0)
    assert.equal((await post(body())).status, 201);
  const b = body(), a = await post(b), count = () => sql(`SELECT COUNT(*) FROM tenants WHERE slug = '${b.slug}'`);
  assert.equal(a.status, 202, a.text);
  assert.equal((await platform('DELETE', `/api/operations/${a.json.operation_id}`)).status, 202);
  await until('its end', async () => (await operation(a.json.operation_id)).state === 'cancelled');
  assert.equal(count(), '0');
  assert.equal((await platform('DELETE', `/api/operations/${a.json.operation_id}`)).status, 409);
  // what was begun for it is the pool's
  sql("UPDATE schema_pool SET at = at - INTERVAL 1 DAY WHERE state = 'making'");
  pool(1);
  assert.deepEqual([ready(), sql("SELECT COUNT(*) FROM schema_pool WHERE state = 'making'")], [1, '0']);
  const again = await post(b);
  assert.equal(again.status, 201, again.text);
  assert.equal((await signIn(b.slug)).status, 200);
});

test('of twenty who want one name one has it, and an Idempotency-Key makes one', async () => {
  pool(2);
  const slug = unique('race'), answers = await Promise.all(Array.from({ length: 20 }, () => post(body(slug))));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, ...Array(19).fill(409)]);
  assert.equal((await signIn(slug)).status, 200);
  const b = body(), headers = { 'Idempotency-Key': unique('key') };
  const same = await Promise.all(Array.from({ length: 5 }, () => post(b, headers)));
  assert.ok(same.every((a) => a.status === 201 || a.status === 202), same.map((a) => a.text).join());
  assert.equal(new Set(same.map((a) => a.json.id)).size, 1);
  assert.equal((await post({ ...b, name: 'Another' }, headers)).status, 409);
  assert.equal(sql(`SELECT COUNT(*) FROM tenants WHERE slug = '${b.slug}'`), '1');
  assert.equal(sql("SELECT COUNT(*) FROM schema_pool WHERE state = 'taken'"), '0');
});

test('names and members that cannot be are refused, and nothing is made', async () => {
  const count = () => sql('SELECT COUNT(*) FROM tenants'), before = count();
  const wrong = [['/slug', { slug: 'UPPER' }], ['/slug', { slug: '..' }], ['/slug', { slug: 'a' }], ['/slug', { slug: '-a' }], ['/slug', { slug: 'a-' }],
    ['/slug', { slug: 'a'.repeat(64) }], ['/slug', { slug: 'm\u00fcnchen' }], ['/slug', { slug: 'a\u0000b' }], ['/slug', { slug: 'a/b' }], ['/slug', { slug: 'api' }],
    ['/slug', { slug: 'system' }], ['/slug', { slug: 'a_b' }], ['/name', { name: '' }], ['/name', { name: '\u200b' }], ['/name', { name: 'a\u0007b' }],
    ['/name', { name: 'x'.repeat(201) }], ['/admin/email', { admin: { email: 'nobody', password } }], ['/admin/password', { admin: { email: 'a@b.example', password: 'short' } }],
    ['/settings/session/idle_s', { settings: { session: { idle_s: 1 } } }], ['/settings/cors/allowed_origins/0', { settings: { cors: { allowed_origins: ['*'] } } }],
    ['/quota/users', { quota: { users: 0 } }], ['/status', { status: 'active' }]];
  for (const [pointer, more] of wrong) {
    const a = await post(body(unique('bad'), more));
    assert.equal(a.status, 422, `${JSON.stringify(more)}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer === pointer), `${pointer}: ${a.text}`);
  }
  assert.equal((await post(body('platform'))).status, 409);
  const admin = await bearer(newTenant());
  assert.equal((await admin('POST', '/api/tenants', { body: body() })).status, 403);
  assert.equal(count(), String(Number(before) + 1)); // that of the line above
});

// ---- suspended, deleted, had back, erased ------------------------------------------------------------

const there = async (id) => (await platform('GET', `/api/tenants/${id}`)).json;
const remove = (id, query = '', headers = {}) => platform('DELETE', `/api/tenants/${id}${query}`, { headers });
const undelete = (id, b = {}) => platform('POST', `/api/tenants/${id}/undelete`, { body: b });

test('a deleted tenant is shut, its name is taken, and it is had back as it was', async () => {
  const who = newTenant(), admin = await bearer(who), { id } = admin.session.tenant;
  assert.equal((await platform('PUT', `/api/tenants/${id}`, { body: { status: 'suspended', reason: '\u200b' } })).status, 422);
  assert.equal((await platform('PUT', `/api/tenants/${id}`, { body: { reason: 'Of what?' } })).status, 422);
  assert.equal((await platform('PUT', `/api/tenants/${id}`, { body: { status: 'suspended', reason: 'Unpaid' } })).status, 200);
  let t = await there(id);
  assert.deepEqual([t.status, t.status_reason, t.erase_at, t.operation_id], ['suspended', 'Unpaid', null, undefined]);
  assert.equal((await remove(id, '?reason=Gone', { 'If-Match': (await admin('GET', `/api/tenants/${id}`)).headers.etag ?? '"1"' })).status, 412);
  const a = await remove(id, '?reason=Gone', { 'If-Match': (await platform('GET', `/api/tenants/${id}`)).headers.etag });
  assert.equal(a.status, 202, a.text);
  assert.deepEqual([a.json.status, a.json.status_reason], ['deleting', 'Gone']);
  assert.ok(Math.abs(Date.parse(a.json.erase_at) - Date.now() - 604800e3) < 60e3, a.text);
  assert.equal((await login(who)).status, 401);
  assert.equal((await admin('GET', '/api/auth/me')).status, 401);
  assert.equal((await post(body(who.tenant))).status, 409);
  t = (await all(platform, '/api/tenants')).find((x) => x.id === id);
  assert.deepEqual([t.status, t.erase_at, t.operation_id], ['deleting', a.json.erase_at, a.json.operation_id]);
  const o = await operation(a.json.operation_id);
  assert.deepEqual([o.state, o.kind, o.tenant_id, o.asked_by], ['running', 'tenant.erase', id, credentials.platform.email]);
  // a second time is no deed; what is to be had back is not what is suspended
  assert.equal((await remove(id)).json.operation_id, a.json.operation_id);
  assert.equal((await platform('PUT', `/api/tenants/${id}`, { body: { status: 'active' } })).status, 409);
  const back = await undelete(id, { reason: 'Paid' });
  assert.equal(back.status, 200, back.text);
  assert.deepEqual([back.json.status, back.json.status_reason, back.json.erase_at], ['suspended', 'Paid', null]);
  assert.equal((await undelete(id)).status, 409);
  await until('its operation to end', async () => (await operation(a.json.operation_id)).state === 'cancelled');
  // the end of the operation is the same, by another way
  const again = (await remove(id)).json.operation_id;
  assert.equal((await platform('DELETE', `/api/operations/${again}`)).status, 202);
  assert.equal((await there(id)).status, 'suspended');
  assert.equal((await platform('PUT', `/api/tenants/${id}`, { body: { status: 'active' } })).status, 200);
  const trail = (await all(await bearer(who), '/api/audit')).filter((x) => /^tenant\.(update|delete|undelete)$/.test(x.action) && x.actor_name === credentials.platform.email);
  assert.deepEqual(trail.map((x) => [x.action, x.details.reason]), [['tenant.update', undefined], ['tenant.undelete', undefined], ['tenant.delete', undefined],
    ['tenant.undelete', 'Paid'], ['tenant.delete', 'Gone'], ['tenant.update', 'Unpaid']]);
  const theirs = (await all(platform, '/api/audit', 200)).filter((x) => x.target_id === id);
  assert.deepEqual(theirs.slice(0, 6).map((x) => x.action), trail.map((x) => x.action));
});

test('with an Idempotency-Key a tenant is deleted once, whatever became of it meanwhile', async () => {
  const { id } = (await bearer(newTenant())).session.tenant, headers = { 'Idempotency-Key': unique('key') };
  const first = await remove(id, '', headers), answers = await Promise.all(Array.from({ length: 4 }, () => remove(id, '', headers)));
  assert.ok([first, ...answers].every((a) => a.status === 202 && a.json.operation_id === first.json.operation_id), answers.map((a) => a.text).join());
  assert.equal((await remove(id, '?now=true', headers)).status, 409);
  assert.equal((await undelete(id)).status, 200);
  const late = await remove(id, '', headers);
  assert.deepEqual([late.status, late.json.status], [202, 'active'], late.text);
  assert.equal((await there(id)).status, 'active');
});

test('who is not the platform deletes nothing, and the platform not itself', async () => {
  const admin = await bearer(newTenant()), { id } = admin.session.tenant, other = await bearer(newTenant());
  for (const [who, status] of [[admin, 403], [other, 404]]) {
    assert.equal((await who('DELETE', `/api/tenants/${id}`)).status, status);
    assert.equal((await who('POST', `/api/tenants/${id}/undelete`, { body: {} })).status, status);
  }
  assert.equal((await there(id)).status, 'active');
  assert.equal((await remove(platform.session.tenant.id, '?now=true')).status, 422);
  assert.equal((await remove(crypto.randomUUID())).status, 404);
  assert.equal((await remove(id, '?now=perhaps')).status, 422);
});

test('without grace its keys go at once, the rest with who may drop schemas, and the receipt is checked with the public key', async () => {
  const who = newTenant(), admin = await bearer(who), { id } = admin.session.tenant, hex = id.replaceAll('-', '');
  const a = await remove(id, '?now=true&reason=Asked%20for');
  assert.equal(a.status, 202, a.text);
  await until('its keys to be destroyed', () => sql(`SELECT COUNT(*) FROM tenant_keys WHERE tenant_id = UNHEX('${hex}')`) === '0');
  assert.equal((await undelete(id)).status, 409);
  await until('its end', async () => { pool(0); return (await operation(a.json.operation_id)).state === 'done'; }, 20, 500);
  assert.equal((await platform('GET', `/api/tenants/${id}`)).status, 404);
  const o = await operation(a.json.operation_id), [entry] = await all(platform, '/api/audit?action=tenant.erase');
  assert.deepEqual([entry.target_id, entry.details.slug, entry.actor_name, entry.details.receipt], [id, who.tenant, credentials.platform.email, o.result.receipt]);
  assert.match(o.result.receipt, /^had \{"users":1,/m);
  const keys = (await call('GET', '/.well-known/audit-keys.json')).json.keys.map((k) => k.key ?? k.public_key ?? k);
  const file = path.join(state, 'receipt'), verify = (key) => spawnSync(path.join(build, 'bsx-audit-verify'), ['--key', key, '--receipt', file], { encoding: 'utf8' });
  writeFileSync(file, o.result.receipt);
  assert.deepEqual([verify(keys[0]).stdout, verify(keys[0]).status], ['ok: the receipt is as it was signed\n', 0]);
  assert.match(verify(Buffer.alloc(32, 7).toString('base64')).stdout, /^WRONG other_key/);
  writeFileSync(file, o.result.receipt.replace('keys 1', 'keys 2'));
  assert.match(verify(keys[0]).stdout, /^WRONG forged/);
  // its name is free
  pool(1);
  assert.equal((await post(body(who.tenant))).status, 201);
});
