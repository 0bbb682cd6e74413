import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Log, base, sleep, sql, state, until } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { Mailbox, linkOf } from '../lib/mailbox.mjs';
import { checkProblem } from '../lib/spec.mjs';
import { Second } from '../lib/second.mjs';
import { all, bearer, login, newKey, newTenant, unique, withKey } from '../lib/people.mjs';

const box = new Mailbox();
let who; // an administrator of a tenant of these tests' own

before(async () => {
  await box.start();
  who = newTenant(unique('pw'));
});
after(() => box.stop());

const fresh = () => crypto.randomBytes(15).toString('base64url');
const forgot = (tenant, email) => call('POST', '/api/auth/password/forgot', { body: { tenant, email } });
const reset = (token, password) => call('POST', '/api/auth/password/reset', { body: { token, new_password: password } });

async function fault(answer, pointer, text) {
  assert.equal(answer.status, 422, answer.text);
  const p = await checkProblem(answer);
  assert.equal(p.code, 'validation_failed');
  assert.deepEqual(p.errors.map((x) => x.pointer), [pointer]);
  if (text)
    assert.match(p.errors[0].detail, text);
}

const schemaOf = (slug) => sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${slug}'`);

// Nothing of these is on its way: mails of a tenant that there is not would be the platform's.  What others have left for receivers that are
// never there is theirs.
const idle = () => until('nothing left to send', () => sql(`SELECT COUNT(*) FROM bsx.outbox_index WHERE schema_name IN ('${schemaOf(who.tenant)}', '${schemaOf('platform')}')`) === '0', 15);

test('a new password must pass the rules, each refusal with its reason', async () => {
  const api = await bearer(who);
  const put = (password) => api('PUT', '/api/auth/password',
    { body: { current_password: who.password, new_password: password } });
  await fault(await put('uvKz7-pLq2rTb1'), '/new_password', /at least 15 characters/);
  await fault(await put('passwordpassword'), '/new_password', /most common/);
  await fault(await put('123456789012345'), '/new_password', /most common/);
  await fault(await put('Password2026!!!!'), '/new_password', /most common/);
  await fault(await put(`${who.tenant}${who.tenant}`), '/new_password', /names/);
  await fault(await put('BlindSpotX-2026!!'), '/new_password', /names/);
  await fault(await put('qwertyuiopasdfgh'), '/new_password', /side by side/);
  assert.equal((await login(who)).status, 200, 'it is still the old one');
});

test('a wrong current password changes nothing', async () => {
  const api = await bearer(who);
  await fault(await api('PUT', '/api/auth/password',
    { body: { current_password: 'not it at all', new_password: fresh() } }), '/current_password');
  assert.equal((await login(who)).status, 200);
});

test('the right one changes it: other sessions end, this one goes on, the owner is told', async () => {
  const api = await bearer(who), other = await bearer(who), next = fresh();
  assert.equal((await api('PUT', '/api/auth/password',
    { body: { current_password: who.password, new_password: next } })).status, 204);
  assert.equal((await other('GET', '/api/auth/me')).status, 401);
  assert.equal((await api('GET', '/api/auth/me')).status, 200);
  assert.equal((await login(who)).status, 401);
  who.password = next;
  assert.equal((await login(who)).status, 200);
  const m = await box.wait(who.email, /was changed/);
  assert.match(m.mail.text, new RegExp(who.tenant));
});

test('who is not signed in, or is an API key, changes nothing', async () => {
  const body = { current_password: 'x', new_password: fresh() };
  assert.equal((await call('PUT', '/api/auth/password', { body })).status, 401);
  assert.equal((await call('PUT', '/api/auth/me', { body: { display_name: 'x' } })).status, 401);
  const key = withKey((await newKey(await bearer(who))).key);
  assert.equal((await key('PUT', '/api/auth/password', { body })).status, 403);
});

test('a forgotten password is reset by the mailed link, once, and every session ends', async () => {
  const api = await bearer(who), next = fresh();
  assert.equal((await forgot(who.tenant, who.email.toUpperCase())).status, 202);
  const m = await box.wait(who.email, /^Reset your password/);
  assert.ok(m.secure, 'over TLS');
  assert.equal(m.user, 'bsx');
  assert.equal(m.from, `blindspotx@${base.hostname}`);
  const { token, site } = linkOf(m, 'reset');
  assert.equal(site, `${base.origin}/`);
  await fault(await reset(token, 'passwordpassword'), '/new_password'); // it does not use the link up
  assert.equal((await reset(token, next)).status, 204);
  await fault(await reset(token, fresh()), '/token');
  assert.equal((await api('GET', '/api/auth/me')).status, 401);
  assert.equal((await login(who)).status, 401);
  who.password = next;
  assert.equal((await login(who)).status, 200);
});

test('twenty at once with one link: one of them', async () => {
  const from = box.got.length;
  assert.equal((await forgot(who.tenant, who.email)).status, 202);
  const m = await until('the link', () => box.got.slice(from).find((x) => /^Reset/.test(x.mail.subject)), 15);
  const { token } = linkOf(m, 'reset');
  const tries = Array.from({ length: 20 }, () => fresh());
  const answers = await Promise.all(tries.map((p) => reset(token, p)));
  const won = answers.map((a) => a.status).flatMap((s, i) => (s === 204 ? [i] : []));
  assert.equal(won.length, 1, answers.map((a) => a.status).join());
  for (const a of answers)
    assert.ok([204, 422, 503].includes(a.status), a.text);
  who.password = tries[won[0]];
  assert.equal((await login(who)).status, 200);
});

test('the mail is what a mail should be', async () => {
  const [m] = box.to(who.email).filter((x) => /^Reset/.test(x.mail.subject));
  const h = Object.fromEntries(m.mail.headers.map((x) => [x.key, x.value]));
  assert.equal(h['auto-submitted'], 'auto-generated');
  assert.match(h['message-id'], /^<[0-9a-f-]{36}@127\.0\.0\.1>$/);
  assert.ok(Math.abs(Date.parse(h.date) - Date.now()) < 120000, h.date);
  assert.match(h['content-type'], /^multipart\/alternative/);
  assert.equal(m.mail.from.name, 'BlindSpotX');
  assert.equal(m.mail.subject, `Reset your password at Tenant ${who.tenant}`);
  assert.match(m.mail.text, /works once, within one hour/);
  assert.match(m.mail.html, /<a href="http/);
  assert.ok(m.raw.split('\r\n').every((l) => l.length <= 998 && !/[\r\n]/.test(l)));
  assert.ok(!m.raw.includes(who.password));
});

test('forgot answers alike for anybody, and writes only to who is there', async () => {
  await idle();
  const n = box.got.length, seen = new Set();
  const slug = schemaOf(who.tenant);
  for (const [tenant, email] of [[who.tenant, 'nobody@example.test'], ['no-such-tenant', who.email],
    ['platform', who.email], [who.tenant, 'no address'], ['../x', 'a@b'], [who.tenant, who.email]]) {
    const a = await forgot(tenant, email);
    assert.equal(a.status, 202);
    const headers = { ...a.headers };
    for (const name of ['x-request-id', 'date'])
      delete headers[name];
    seen.add(JSON.stringify([headers, a.text]));
  }
  assert.equal(seen.size, 1, [...seen].join('\n'));
  await until('one mail', () => box.got.length > n, 15);
  await idle();
  assert.deepEqual(box.got.slice(n).map((m) => m.to), [[who.email]]);
  assert.equal(sql(`SELECT COUNT(*) FROM ${slug}.mail_tokens WHERE token_hash IS NULL`), '0');
});

test('an invitation: the link sets the password, makes the user active, and signs nobody in twice', async () => {
  const email = `ivy@${who.tenant}.example`, password = fresh();
  const made = await (await bearer(who))('POST', '/api/users', { body: { email, display_name: 'Ivy', roles: ['viewer'] } });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json.status, 'invited');
  const ivy = { tenant: who.tenant, email, password };
  const m = await box.wait(email, /^You are invited/);
  const { token } = linkOf(m, 'invite');
  assert.equal((await login(ivy)).status, 401);
  await fault(await reset(token, 'ivyivyivyivyivyivy'), '/new_password', /names/);
  assert.equal((await reset(token, password)).status, 204);
  await fault(await reset(token, fresh()), '/token');
  const a = await login(ivy);
  assert.equal(a.status, 200, a.text);
  assert.equal(a.json.user.status, 'active');
});

test('without a mail server nobody is invited: a password is asked for, and nothing is made', async () => {
  const api = await bearer(who), there = new Second('no-mail'), email = `nomail@${who.tenant}.example`;
  const body = { email, display_name: 'No Mail' }, headers = { Authorization: `Bearer ${api.token}` };
  await there.start({ drop: ['\\turl = "smtp', '\\tuser = "bsx"', '\\tpassword_file = ".*smtp-password'] });
  try {
    const a = await there.send('POST', '/api/users', { body, headers });
    await fault(a, '/password', /this installation sends no invitations/);
    assert.deepEqual(await all(api, `/api/users?q=${email}`), []);
    const made = await there.send('POST', '/api/users', { body: { ...body, password: fresh() }, headers });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.json.status, 'active');
  } finally {
    await there.stop();
  }
});

test("the tenant's own least length holds for change, reset and new users", async () => {
  const mine = newTenant(unique('len')), api = await bearer(mine), password = () => crypto.randomBytes(14).toString('base64url'); // 19
  const tenant = (await api('GET', '/api/tenants')).json.items[0];
  const set = await api('PUT', `/api/tenants/${tenant.id}`, { body: { settings: { password: { min_length: 20 } } } });
  assert.equal(set.status, 200, set.text);
  await new Promise((done) => setTimeout(done, 2100)); // another worker may hold the tenant's row for 2 s
  const tooShort = /at least 20 characters/;
  await fault(await api('POST', '/api/users', { body: { email: `u@${mine.tenant}.example`, display_name: 'U', password: password() } }), '/password', tooShort);
  await fault(await api('PUT', '/api/auth/password', { body: { current_password: mine.password, new_password: password() } }), '/new_password', tooShort);
  assert.equal((await forgot(mine.tenant, mine.email)).status, 202);
  const { token } = linkOf(await box.wait(mine.email, /^Reset/), 'reset');
  await fault(await reset(token, password()), '/new_password', tooShort);
  assert.equal((await reset(token, fresh())).status, 204); // 20
});

test('a reset by the mailed link ends the delay that failed sign-ins brought on', async () => {
  const mine = newTenant(unique('shut'));
  for (let i = 0; i < 10; i++)
    assert.equal((await login({ ...mine, password: 'not the password' })).status, 401);
  assert.equal((await login(mine)).status, 429);
  assert.equal((await forgot(mine.tenant, mine.email)).status, 202);
  const { token } = linkOf(await box.wait(mine.email, /^Reset/), 'reset');
  assert.equal((await login(mine)).status, 429, 'asking for a link ends nothing');
  mine.password = fresh();
  assert.equal((await reset(token, mine.password)).status, 204);
  assert.equal((await login(mine)).status, 200);
});

test('a new address needs a proof of the last five minutes; a name does not', async () => {
  const mine = newTenant(unique('old')), api = await bearer(mine), next = `next@${mine.tenant}.example`;
  sql(`UPDATE ${schemaOf(mine.tenant)}.user_sessions SET auth_time = auth_time - INTERVAL 301 SECOND, epoch = epoch + 1`);
  await sleep(2200); // the lag of revocation.check_ms
  const a = await api('PUT', '/api/auth/me', { body: { display_name: 'Lee', email: next } });
  assert.equal(a.status, 403, a.text);
  assert.equal((await checkProblem(a)).code, 'step_up_required');
  const named = await api('PUT', '/api/auth/me', { body: { display_name: 'Lee', email: mine.email } });
  assert.equal(named.json.user.display_name, 'Lee', 'the same address is no new one');
  const proof = await api('POST', '/api/auth/step-up', { body: { password: mine.password } });
  assert.ok(proof.status < 300, proof.text);
  assert.equal((await api('PUT', '/api/auth/me', { body: { email: next } })).status, 200);
  await box.wait(next, /^Confirm/);
});

test('a name changes at once, an address when its mailed link is used; the old address is told', async () => {
  const api = await bearer(who), next = `new-${who.email}`;
  const a = await api('PUT', '/api/auth/me', { body: { display_name: '  Zoë <b> ', email: next } });
  assert.equal(a.status, 200, a.text);
  assert.equal(a.json.user.display_name, 'Zoë <b>');
  assert.equal(a.json.user.email, who.email, 'not yet');
  const told = await box.wait(who.email, /about to change/);
  assert.ok(told.mail.text.includes(next));
  assert.ok(!told.mail.text.includes('#email='), 'the old address gets no link');
  const { token } = linkOf(await box.wait(next, /^Confirm/), 'email');
  await fault(await reset(token, fresh()), '/token'); // it is for nothing else
  assert.equal((await call('POST', '/api/auth/email/confirm', { body: { token } })).status, 204);
  await fault(await call('POST', '/api/auth/email/confirm', { body: { token } }), '/token');
  assert.equal((await api('GET', '/api/auth/me')).json.user.email, next);
  assert.equal((await login(who)).status, 401);
  who.email = next;
  assert.equal((await login(who)).status, 200);
  await fault(await api('PUT', '/api/auth/me', { body: { email: 'a b@c' } }), '/email');
});

test('a link for a new address dies with the password', async () => {
  const api = await bearer(who), next = `late-${who.email}`, password = fresh();
  assert.equal((await api('PUT', '/api/auth/me', { body: { email: next } })).status, 200);
  const { token } = linkOf(await box.wait(next, /^Confirm/), 'email');
  assert.equal((await api('PUT', '/api/auth/password',
    { body: { current_password: who.password, new_password: password } })).status, 204);
  who.password = password;
  await fault(await call('POST', '/api/auth/email/confirm', { body: { token } }), '/token');
});

test('a token that is none is refused', async () => {
  for (const token of ['x', 'A'.repeat(59), `${'A'.repeat(58)}=`, '../../etc/passwd', 'é'.repeat(20)]) {
    await fault(await reset(token, fresh()), '/token');
    await fault(await call('POST', '/api/auth/email/confirm', { body: { token } }), '/token');
  }
});

// What driftd says of a mail that did not get away.
const failure = (log, detail) => until(`driftd: ${detail}`, () => log.lines().find((l) =>
  l['event.action'] === 'mail.deliver' && l['event.outcome'] === 'failure' && detail.test(l['bsx.detail'])), 15);
const driftLog = () => new Log(path.join(state, 'log', 'driftd.log'));

test('while the mail server is away nothing is lost: the mail comes once, later', async () => {
  await idle();
  const log = driftLog(), n = box.got.length;
  await box.stop();
  assert.equal((await forgot(who.tenant, who.email)).status, 202);
  await failure(log, /did not take the message/);
  await box.start();
  await until('the mail', () => box.got.length > n, 20);
  await sleep(1000);
  assert.equal(box.got.length, n + 1);
  linkOf(box.got[n], 'reset');
});

test('without STARTTLS nothing is said, not even to whom', async () => {
  await idle();
  const log = driftLog(), n = box.got.length, tries = box.tries;
  await box.stop();
  await box.start({ starttls: false });
  assert.equal((await forgot(who.tenant, who.email)).status, 202);
  await failure(log, /no TLS/);
  assert.ok(box.tries > tries);
  assert.equal(box.got.length, n);
  await box.stop();
  await box.start();
  await until('the mail', () => box.got.length > n, 20);
  assert.ok(box.got[n].secure);
});

test('a mailbox that the server refuses is not tried again', async () => {
  await idle();
  const log = driftLog();
  await box.stop();
  await box.start({ refuse: 550 });
  assert.equal((await forgot(who.tenant, who.email)).status, 202);
  await failure(log, /refused the message/);
  await idle();
  await box.stop();
  await box.start();
});

test('neither tokens nor passwords stand in a log or in the database', () => {
  const tokens = box.got.flatMap((m) => /#[a-z]+=([\w-]{59})/.exec(m.mail.text ?? '')?.[1] ?? []);
  assert.ok(tokens.length >= 5);
  const logs = fs.readdirSync(path.join(state, 'log')).map((f) => fs.readFileSync(path.join(state, 'log', f), 'latin1')).join();
  const rows = sql(`SELECT * FROM ${schemaOf(who.tenant)}.outbox; SELECT * FROM ${schemaOf(who.tenant)}.mail_tokens;
    SELECT * FROM ${schemaOf(who.tenant)}.audit`);
  for (const secret of [...tokens, who.password, 'smtp password'])
    assert.ok(!logs.includes(secret) && !rows.includes(secret), 'a secret');
});
