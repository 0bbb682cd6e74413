// The second factor from setting up to giving up, by codes that these tests compute themselves.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codeOf, enrol, present } from '../lib/authenticator.mjs';
import { Log, sql, state } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { checkProblem } from '../lib/spec.mjs';
import { administrativeKey, bearer, browser, login, newKey, newTenant, origin, withKey, withToken } from '../lib/people.mjs';

// ---- people -------------------------------------------------------------------------------------

const schemaOf = (who) => sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${who.tenant}'`);

async function challenge(who, more = { delivery: 'body' }) {
  const a = await login(who, more);
  assert.equal(a.status, 200, a.text);
  assert.equal(a.json.mfa_required, true);
  assert.deepEqual(a.json.methods, ['totp', 'recovery_code']);
  for (const name of ['access_token', 'refresh_token', 'csrf_token', 'user', 'permissions'])
    assert.equal(a.json[name], undefined, name);
  assert.ok(!a.cookies.some((c) => /access|refresh/.test(c)));
  return a;
}

const verify = (body, options = {}) => call('POST', '/api/auth/2fa/verify', { body, ...options });

async function refused(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal((await checkProblem(answer)).code, code);
}

// The session was begun long ago, for every worker.
async function grow(who, caller) {
  const id = (await caller('GET', '/api/auth/me')).json.session.id;
  sql(`UPDATE ${schemaOf(who)}.user_sessions SET auth_time = auth_time - INTERVAL 301 SECOND, epoch = epoch + 1
    WHERE id = UNHEX('${id.replaceAll('-', '')}')`);
  await new Promise((resolve) => setTimeout(resolve, 2200));
}

// ---- the whole way ------------------------------------------------------------------------------

test('a factor is set up, asked for at sign-in, and counts once; then it is given up', async () => {
  const who = newTenant(), api = await bearer(who), other = await bearer(who);
  const { app, codes, setup } = await enrol(api);
  assert.match(setup.secret, /^[A-Z2-7]{32}$/);
  assert.ok(setup.otpauth_uri.startsWith(`otpauth://totp/BlindSpotX%20${who.tenant}:${encodeURIComponent(who.email)}?`));
  assert.equal(new URL(setup.otpauth_uri).searchParams.get('secret'), setup.secret);
  assert.match(setup.qr_svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d+ \d+"[^<>]*>(<path [^<>]*\/>){2}<\/svg>$/);
  assert.equal(new Set(codes).size, 10);
  for (const code of codes)
    assert.match(code, /^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){4}$/);

  // this session is raised on every worker, others are over
  const seen = await Promise.all(Array.from({ length: 12 }, () => api('GET', '/api/auth/me', { headers: { Connection: 'close' }, agent: false })));
  for (const a of seen)
    assert.deepEqual([a.json.session.aal, a.json.user['2fa_enabled']], [2, true]);
  assert.equal((await other('GET', '/api/auth/me')).status, 401);

  const { mfa_token } = (await challenge(who)).json;
  await refused(await verify({ mfa_token, code: app.wrong() }), 401, 'invalid_code');
  await refused(await verify({ mfa_token, code: codeOf(app.secret, app.last) }), 401, 'invalid_code');
  await refused(await verify({ mfa_token, code: codeOf(app.secret, present() - 5) }), 401, 'invalid_code');
  const code = await app.next();
  const a = await verify({ mfa_token, code });
  assert.equal(a.status, 200, a.text);
  assert.equal(a.cookies.length, 0);
  const session = withToken(a.json.access_token, a.json);
  assert.equal((await session('GET', '/api/auth/me')).json.session.aal, 2);
  assert.equal((await call('POST', '/api/auth/refresh', { body: { refresh_token: a.json.refresh_token } })).status, 200);
  const kept = await app.next(); // a code counts where nothing else was wrong
  await refused(await verify({ mfa_token, code: kept }), 401, 'unauthenticated');
  const again = (await challenge(who)).json.mfa_token;
  await refused(await verify({ mfa_token: again, code }), 401, 'invalid_code');

  // recovery codes: once each, in any case
  const saved = await verify({ mfa_token: again, recovery_code: codes[0].toUpperCase() });
  assert.equal(saved.status, 200, saved.text);
  await refused(await verify({ mfa_token: (await challenge(who)).json.mfa_token, recovery_code: codes[0] }), 401, 'invalid_code');
  const renewed = await session('POST', '/api/auth/2fa/recovery-codes');
  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(renewed.json.recovery_codes.length, 10);
  await refused(await verify({ mfa_token: (await challenge(who)).json.mfa_token, recovery_code: codes[1] }), 401, 'invalid_code');
  assert.equal((await verify({ mfa_token: (await challenge(who)).json.mfa_token,
    recovery_code: renewed.json.recovery_codes[1] })).status, 200);

  await refused(await session('POST', '/api/auth/2fa/disable', { body: { password: 'x', code: kept } }), 401, 'invalid_credentials');
  await refused(await session('POST', '/api/auth/2fa/disable', { body: { password: who.password, code: app.wrong() } }), 401, 'invalid_code');
  await refused(await session('POST', '/api/auth/2fa/disable', { body: { code: app.wrong() } }), 422, 'validation_failed');
  const gone = await session('POST', '/api/auth/2fa/disable', { body: { password: who.password, code: kept } });
  assert.equal(gone.status, 204, gone.text);
  assert.equal((await session('GET', '/api/auth/me')).json.session.aal, 1);
  assert.equal((await api('GET', '/api/auth/me')).status, 401, 'other sessions are over');
  assert.ok((await bearer(who)).token);
  await refused(await session('POST', '/api/auth/2fa/disable', { body: { password: who.password, code: '123456' } }), 409, 'conflict');
  await refused(await session('POST', '/api/auth/2fa/recovery-codes'), 409, 'conflict');

  const actions = sql(`SELECT DISTINCT action FROM ${schemaOf(who)}.audit`).split('\n');
  for (const action of ['factor.enable', 'factor.disable', 'factor.fail', 'factor.challenge', 'factor.recovery_used', 'factor.recovery_codes'])
    assert.ok(actions.includes(action), action);
});

test('a sign-in by cookies goes on by the mfa cookie, from the page itself only', async () => {
  const who = newTenant();
  const { app } = await enrol(await bearer(who));
  const first = await challenge(who, {});
  assert.equal(first.cookies.length, 1);
  assert.match(first.cookies[0], /^bsx_mfa=[\w-]{54}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
  const headers = { Cookie: first.cookies[0].split(';')[0] };
  const code = await app.next();
  await refused(await verify({ code }, { headers }), 403, 'csrf_failed');
  await refused(await verify({ code }, { headers: { ...headers, 'Sec-Fetch-Site': 'cross-site' } }), 403, 'csrf_failed');
  await refused(await verify({ code }, { headers: { ...headers, Origin: 'https://evil.example' } }), 403, 'csrf_failed');
  const a = await verify({ code }, { headers: { ...headers, Origin: origin } });
  assert.equal(a.status, 200, a.text);
  assert.deepEqual(a.cookies.map((c) => c.split('=')[0]).sort(), ['bsx_access', 'bsx_device', 'bsx_mfa', 'bsx_refresh']);
  assert.match(a.cookies.find((c) => c.startsWith('bsx_mfa')), /^bsx_mfa=; Path=\/; Max-Age=0;/);
  assert.equal(a.json.access_token, undefined);
  const cookie = a.cookies.filter((c) => !c.startsWith('bsx_mfa')).map((c) => c.split(';')[0]).join('; ');
  assert.equal((await call('GET', '/api/auth/me', { headers: { Cookie: cookie } })).json.session.aal, 2);
});

test('twenty at once with the same code: one gets in', async () => {
  const who = newTenant();
  const { app } = await enrol(await bearer(who));
  const tokens = [];
  for (let i = 0; i < 20; i++)
    tokens.push((await challenge(who)).json.mfa_token);
  const code = await app.next();
  const answers = await Promise.all(tokens.map((mfa_token) => verify({ mfa_token, code }, { headers: { Connection: 'close' }, agent: false })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, ...Array(19).fill(401)]);
  for (const a of answers.filter((x) => x.status === 401))
    assert.equal(a.json.code, 'invalid_code');
});

test('a token bears ten tries, a user thirty an hour', async () => {
  const who = newTenant();
  const { app, codes } = await enrol(await bearer(who));
  for (let i = 0; i < 3; i++) {
    const { mfa_token } = (await challenge(who)).json;
    for (let j = 0; j < 10; j++)
      await refused(await verify({ mfa_token, code: app.wrong() }), 401, 'invalid_code');
    await refused(await verify({ mfa_token, code: app.wrong() }), 401, 'unauthenticated');
  }
  const { mfa_token } = (await challenge(who)).json;
  const a = await verify({ mfa_token, code: await app.next() });
  await refused(a, 429, 'too_many_attempts');
  assert.ok(Number(a.headers['retry-after']) > 3000, a.headers['retry-after']);
  assert.equal((await verify({ mfa_token, recovery_code: codes[5] })).status, 200, 'what cannot be guessed');
});

test('bad tokens and bodies', async () => {
  for (const mfa_token of ['x', 'A'.repeat(54), 'A'.repeat(200)])
    await refused(await verify({ mfa_token, code: '123456' }), 401, 'unauthenticated');
  await refused(await verify({ code: '123456' }), 401, 'unauthenticated');
  await refused(await verify({ mfa_token: 'x' }), 422, 'validation_failed');
  await refused(await verify({ mfa_token: 'x', code: '123456', recovery_code: 'x' }), 422, 'validation_failed');
  await refused(await verify({ mfa_token: 'x', code: 123456 }), 422, 'validation_failed');
  await refused(await verify({ mfa_token: 'x', code: '1'.repeat(65) }), 422, 'validation_failed');
  const api = await bearer(newTenant());
  await refused(await api('POST', '/api/auth/2fa/enable', { body: { code: '123456' } }), 409, 'conflict');
  for (const p of ['2fa/setup', '2fa/enable', '2fa/disable', '2fa/recovery-codes', 'step-up'])
    await refused(await call('POST', `/api/auth/${p}`, { body: {} }), 401, 'unauthenticated');
});

test('an administrator takes a lost factor away, and every session with it; not its own, not of who may do more', async () => {
  const owner = newTenant(), admin = await bearer(owner), password = crypto.randomBytes(15).toString('base64');
  const make = async (name, role) => {
    const who = { tenant: owner.tenant, email: `${name}@factor.example`, password };
    const a = await admin('POST', '/api/users', { body: { email: who.email, display_name: name, password, roles: [role] } });
    assert.equal(a.status, 201, a.text);
    return { ...who, target: `/api/users/${a.json.id}/2fa/reset`, id: a.json.id };
  };
  const who = await make('lost', 'auditor'), manager = await bearer(await make('warden', 'user_manager'));
  const api = await bearer(who), { codes } = await enrol(api);
  const { mfa_token } = (await challenge(who)).json;
  await refused(await api('POST', who.target), 403, 'forbidden');
  await refused(await manager('POST', who.target), 403, 'privilege_escalation');
  await refused(await admin('POST', `/api/users/${admin.session.user.id}/2fa/reset`), 409, 'conflict');
  const key = withKey((await administrativeKey(admin, ['update:users'])).key);
  await refused(await key('POST', who.target), 403, 'privilege_escalation');
  await challenge(who);
  assert.equal((await api('GET', '/api/auth/me')).status, 200);

  assert.equal((await admin('POST', who.target)).status, 204);
  assert.equal((await api('GET', '/api/auth/me')).status, 401);
  await refused(await verify({ mfa_token, recovery_code: codes[0] }), 401, 'unauthenticated');
  const again = await bearer(who);
  assert.deepEqual([again.session.mfa_required, again.session.user['2fa_enabled']], [undefined, false]);
  const [entry] = (await admin('GET', '/api/audit?action=factor.reset')).json.items;
  assert.deepEqual([entry.target_id, entry.actor_name, entry.outcome], [who.id, owner.email, 'success']);
});

test('a browser changes its factor with the CSRF token only', async () => {
  const page = await browser(newTenant());
  await refused(await page('POST', '/api/auth/2fa/setup', { headers: { 'Sec-Fetch-Site': 'same-origin' } }), 403, 'csrf_failed');
  assert.equal((await page.change('POST', '/api/auth/2fa/setup')).status, 200);
});

// ---- step-up ------------------------------------------------------------------------------------

test('five minutes after the sign-in some routes ask for a proof; the password is one without a factor', async () => {
  const who = newTenant(), api = await bearer(who);
  await grow(who, api);
  const body = { name: 'k', scopes: ['read:drift'] };
  for (const [target, options] of [['/api/auth/2fa/setup', {}], ['/api/api-keys', { body }]]) {
    const a = await api('POST', target, options);
    await refused(a, 403, 'step_up_required');
    assert.deepEqual(a.json.methods, ['password']);
    assert.equal(a.json.max_age_s, 300);
  }
  const stepUp = (proof) => api('POST', '/api/auth/step-up', { body: proof });
  await refused(await stepUp({ password: 'not it' }), 401, 'invalid_credentials');
  await refused(await stepUp({}), 422, 'validation_failed');
  await refused(await stepUp({ code: '123456' }), 422, 'validation_failed');
  await refused(await stepUp({ code: '123456', password: who.password }), 422, 'validation_failed');
  const a = await stepUp({ password: who.password });
  assert.equal(a.status, 200, a.text);
  assert.ok(Math.abs(Date.parse(a.json.auth_time) - Date.now()) < 10000);
  assert.equal((await api('GET', '/api/auth/me')).json.session.auth_time, a.json.auth_time);
  const { app, codes } = await enrol(api);
  await grow(who, api);
  const due = await api('POST', '/api/api-keys', { body });
  await refused(due, 403, 'step_up_required');
  assert.deepEqual(due.json.methods, ['totp', 'recovery_code']);
  await refused(await api('POST', '/api/auth/2fa/recovery-codes'), 403, 'step_up_required');
  await refused(await api('POST', '/api/auth/2fa/disable', { body: { password: who.password, code: '1' } }), 403, 'step_up_required');
  await refused(await stepUp({ password: who.password }), 422, 'validation_failed');
  await refused(await stepUp({ code: app.wrong() }), 401, 'invalid_code');
  const code = await app.next();
  assert.equal((await stepUp({ code })).status, 200);
  await refused(await stepUp({ code }), 401, 'invalid_code');
  assert.equal((await api('POST', '/api/api-keys', { body })).status, 201);
  assert.equal((await stepUp({ recovery_code: codes[2] })).status, 200);
});

test('an API key neither has a factor nor steps up', async () => {
  const key = withKey((await newKey(await bearer(newTenant()), ['read:drift'])).key);
  for (const p of ['2fa/setup', '2fa/recovery-codes'])
    await refused(await key('POST', `/api/auth/${p}`), 403, 'forbidden');
  await refused(await key('POST', '/api/auth/step-up', { body: { password: 'x' } }), 403, 'forbidden');
});

// ---- who must have one --------------------------------------------------------------------------

test('who must have a factor may only set one up, look and leave; then all is open', async () => {
  const who = newTenant();
  sql(`UPDATE bsx.tenants SET settings = '{"mfa":{"required_for":["admin"]}}' WHERE slug = '${who.tenant}'`);
  const log = new Log(), api = await bearer(who);
  assert.equal(api.session.mfa_enrollment_required, true);
  const me = await api('GET', '/api/auth/me');
  assert.equal(me.json.mfa_enrollment_required, true);
  for (const [method, target, body] of [['GET', '/api/drift/configs'], ['POST', '/api/api-keys', { name: 'k', scopes: ['read:drift'] }],
    ['POST', '/api/auth/2fa/disable', { code: '1' }], ['POST', '/api/auth/2fa/recovery-codes'], ['POST', '/api/auth/step-up', { password: who.password }]])
    await refused(await api(method, target, { body }), 403, 'mfa_enrollment_required');
  const leaving = await bearer(who);
  assert.equal((await leaving('POST', '/api/auth/logout')).status, 204);
  const thief = await bearer(who);

  const { app } = await enrol(api);
  assert.equal((await api('GET', '/api/drift/configs')).status, 200);
  assert.equal((await api('GET', '/api/auth/me')).json.mfa_enrollment_required, undefined);
  assert.equal((await thief('GET', '/api/auth/me')).status, 401, 'a session of one factor is not let through by it');
  const a = await verify({ mfa_token: (await challenge(who)).json.mfa_token, code: await app.next() });
  assert.equal(a.json.mfa_enrollment_required, undefined);
  assert.equal((await withToken(a.json.access_token)('GET', '/api/drift/configs')).status, 200);

  const lines = log.lines();
  assert.ok(lines.some((l) => l['event.dataset'] === 'bsx.security' && l['event.action'] === 'factor.enable' && l['organization.name'] === who.tenant));
  assert.ok(!log.text().includes(app.secret), 'no secret in the log');
});
