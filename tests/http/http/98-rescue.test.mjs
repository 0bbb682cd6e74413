// What the operator does at the machine for people whom nobody else can help (bsxctl user), as they see it then.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { enrol } from '../lib/authenticator.mjs';
import { call } from '../lib/client.mjs';
import { build, sql, state, until } from '../lib/env.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { all, bearer, bsxctl, login, newKey, newTenant, unique, withKey } from '../lib/people.mjs';

const secret = () => crypto.randomBytes(15).toString('base64url');

// The status and all that was said.
function tool(...args) {
  try {
    return { status: 0, said: bsxctl(...args) };
  } catch (e) {
    return { status: e.status, said: e.stdout + e.stderr };
  }
}
const ctl = (...args) => tool('user', ...args);
function done(...args) {
  const x = ctl(...args);
  assert.equal(x.status, 0, `${args.join(' ')}: ${x.said}`);
  return x.said;
}
function refused(pattern, ...args) {
  const x = ctl(...args);
  assert.equal(x.status, 1, x.said);
  assert.match(x.said, pattern);
}

// Calls f with the name of a file that has the password.
function inFile(password, f) {
  const file = path.join(state, 'run', unique('password'));
  fs.writeFileSync(file, `${password}\n`, { mode: 0o600 });
  try {
    return f(file);
  } finally {
    fs.rmSync(file);
  }
}
const put = (p, password) => inFile(password, (file) => done('password', p.tenant, p.email, '--password-file', file));

const ended = (api) => until('the session has ended', async () => (await api('GET', '/api/auth/me')).status === 401);
const in_ = (p, text) => sql(text, sql(`SELECT schema_name FROM tenants WHERE slug = '${p.tenant}'`));
// Entries by who has run bsxctl, in that tenant's trail.
const deeds = (p) => in_(p, "SELECT action FROM audit WHERE actor_kind = 'system' AND actor_name LIKE 'bsxctl:_%' AND action NOT LIKE 'tenant.%' ORDER BY seq").split('\n').slice(1);
const copies = (p) => in_({ tenant: 'platform' }, `SELECT COUNT(*) FROM audit WHERE actor_name LIKE 'bsxctl:_%' AND JSON_VALUE(details, '$.tenant') = '${p.tenant}'`);

let who;
before(() => { who = newTenant(unique('rescue')); });

test('a password that the operator sets ends what was open and the waiting of failed sign-ins, and both trails have who it was', async () => {
  const api = await bearer(who), key = withKey((await newKey(api, ['read:drift'])).key);
  for (let i = 0; i < 20 && (await login({ ...who, password: 'wrong' })).status === 401; i++);
  assert.equal((await login(who)).status, 429, 'also with the right password');
  const before = deeds(who).length, next = secret();
  assert.match(ctl('password', who.tenant, who.email, '--dry-run').said, /nothing is done.*\nwould end: session refresh_token/);
  const empty = ctl('password', who.tenant, who.email, '--password-file', '/dev/null'), dry = ctl('password', who.tenant, who.email, '--password-file', '/dev/null', '--dry-run');
  assert.deepEqual(dry, empty, 'what is refused is refused by a dry run too');
  assert.doesNotMatch(dry.said, /nothing is done/);
  assert.equal((await api('GET', '/api/auth/me')).status, 200);
  const said = put(who, next);
  assert.ok(!said.includes(next));
  assert.match(said, /^ended: session refresh_token .*known_device/m);
  await ended(api);
  assert.equal((await login(who)).status, 401, 'the old one');
  who.password = next;
  assert.equal((await login(who)).status, 200);
  assert.equal((await key('GET', '/api/drift/configs')).status, 200, 'keys live, as after a reset');
  assert.deepEqual(deeds(who).slice(before), ['password.reset']);
  assert.equal(copies(who), '1');
});

test('a password that is none, of somebody who is not there, or among the arguments changes nothing', () => {
  inFile('too short', (file) => refused(/at least 15 characters/, 'password', who.tenant, who.email, '--password-file', file));
  inFile(secret(), (file) => {
    refused(/user nobody@x\.example of tenant/, 'password', who.tenant, 'nobody@x.example', '--password-file', file);
    refused(/tenant nowhere/, 'password', 'nowhere', who.email, '--password-file', file);
  });
  assert.equal(ctl('password', who.tenant, who.email, secret()).status, 2);
  assert.equal(ctl('password', who.tenant, who.email, '--link', '--mail').status, 2);
});

test('a printed link sets a password once, mails nothing, and ends with the next one', async () => {
  const api = await bearer(who), before = sql('SELECT COUNT(*) FROM outbox_index');
  const link = () => {
    const x = JSON.parse(done('password', who.tenant, who.email, '--link', '--json'));
    assert.deepEqual([x.tenant, x.email, x.dry_run, x.ends], [who.tenant, who.email, false, []]);
    return new URL(x.link);
  };
  const first = link(), second = link(), next = secret();
  assert.equal(first.searchParams.get('tenant'), who.tenant);
  assert.equal(sql('SELECT COUNT(*) FROM outbox_index'), before);
  assert.equal((await api('GET', '/api/auth/me')).status, 200, 'nothing ends before it is used');
  const use = (url, password) => call('POST', '/api/auth/password/reset', { body: { token: url.hash.replace(/^#reset=/, ''), new_password: password } });
  assert.equal((await use(first, next)).status, 204);
  await ended(api);
  for (const url of [first, second])
    assert.equal((await use(url, secret())).status, 422);
  who.password = next;
  assert.equal((await login(who)).status, 200);
});

test('who has lost the second factor signs in without it, and nothing of before goes on', async () => {
  const api = await bearer(who), { codes } = await enrol(api);
  assert.equal((await login(who)).json.mfa_required, true);
  assert.match(done('2fa-reset', who.tenant, who.email, '--dry-run'), /would end: .*recovery_code/);
  assert.equal((await login(who)).json.mfa_required, true, 'a dry run');
  done('2fa-reset', who.tenant, who.email);
  await ended(api);
  const a = await login(who, { delivery: 'body' });
  assert.ok(a.json.access_token);
  assert.equal((await login(who, { recovery_code: codes[0] })).status, 200, 'a code is not looked at where there is no factor');
});

test('with no administrator left who can sign in there is one again: made, enabled, or given the role', async () => {
  const made = JSON.parse(done('create', who.tenant, `Second@${who.tenant}.example`, '--role', 'viewer', '--name', 'The Second', '--json'));
  const second = { tenant: who.tenant, email: made.email, password: made.password };
  assert.equal(made.email, `second@${who.tenant}.example`);
  const api = await bearer(second), my = async () => (await api('GET', '/api/auth/me')).json.user;
  assert.deepEqual([(await my()).display_name, (await my()).roles], ['The Second', ['viewer']]);
  refused(/exists/, 'create', who.tenant, second.email);
  refused(/roles.*no such role/, 'create', who.tenant, `third@${who.tenant}.example`, '--role', 'emperor');
  // the last administrator is not lost by mistake
  refused(/last active administrator/, 'roles', who.tenant, who.email, '--drop', 'admin');
  assert.match(done('roles', who.tenant, who.email, '--drop', 'admin', '--dry-run'), /would be refused: .*last active administrator/);
  // a role that ends counts for none, and what is added does not end
  in_(who, `UPDATE user_roles SET ends_at = NOW(3) + INTERVAL 1 DAY WHERE user_id = (SELECT id FROM users WHERE email = '${second.email}')`);
  assert.match(done('roles', who.tenant, second.email), /^viewer until 20/m);
  const gain = JSON.parse(done('roles', who.tenant, second.email, '--add', 'admin', '--add', 'viewer', '--dry-run', '--json'));
  assert.ok(gain.gains.includes('update:drift'));
  assert.deepEqual(gain.loses, []);
  assert.match(done('roles', who.tenant, second.email, '--add', 'admin', '--add', 'viewer'), /^admin, given by bsxctl:.+\nviewer, given by bsxctl:/m);
  await until('it counts', async () => (await my()).roles.includes('admin'));
  refused(/has no such role/, 'roles', who.tenant, who.email, '--drop', 'viewer');
  done('roles', who.tenant, who.email, '--drop', 'admin');
  // who is disabled gets no password before being enabled
  const admin = await bearer(second), [one] = (await all(admin, '/api/users')).filter((u) => u.email === who.email);
  assert.equal((await admin('PUT', `/api/users/${one.id}`, { body: { status: 'disabled' } })).status, 200);
  for (const dry of [[], ['--dry-run']]) {
    inFile(secret(), (file) => refused(/disabled/, 'password', who.tenant, who.email, '--password-file', file, ...dry));
    refused(/disabled/, 'password', who.tenant, who.email, '--link', ...dry);
  }
  refused(/disabled/, 'password', who.tenant, who.email, '--dry-run');
  done('enable', who.tenant, who.email);
  assert.equal((await login(who)).status, 200);
  const listed = done('list', who.tenant, '--json').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(listed, await all(admin, '/api/users'), 'as the API has them');
  assert.match(done('list', who.tenant), new RegExp(`^second@${who.tenant}\\.example +active +- .*admin,viewer$`, 'm'));
});

test('who signs in by a provider alone, or is invited, is given a password', async () => {
  in_(who, `UPDATE users SET password = NULL WHERE email = '${who.email}'`);
  who.password = secret();
  put(who, who.password);
  assert.equal((await login(who)).status, 200);
  const mail = `invited@${who.tenant}.example`;
  done('create', who.tenant, mail, '--mail', '--role', 'viewer');
  const link = new URL(JSON.parse(done('password', who.tenant, mail, '--link', '--json')).link), password = secret();
  assert.equal((await call('POST', '/api/auth/password/reset', { body: { token: link.hash.replace(/^#invite=/, ''), new_password: password } })).status, 204);
  assert.equal((await login({ tenant: who.tenant, email: mail, password })).status, 200);
  assert.equal(deeds(who).at(-1), 'password.forgot');
});

test('mail is tried by the configured server, and what that answers is said', async (t) => {
  const box = new Mailbox(), to = `${unique('tried')}@example.org`;
  // the mail server is of this process: it must go on while bsxctl runs
  const run = () => new Promise((resolve) => execFile(path.join(build, 'bsxctl'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), 'mail', 'test', to],
    (e, out, err) => resolve({ status: e?.code ?? 0, said: out + err })));
  const down = await run();
  assert.deepEqual([down.status, /smtp:/.test(down.said)], [1, true], down.said);
  await box.start();
  t.after(() => box.stop());
  const sent = await run();
  assert.equal(sent.status, 0, sent.said);
  assert.match(sent.said, /the mail server took it: smtp:/);
  const m = await box.wait(to, /test/);
  assert.match(m.mail.text, /bsxctl:.+ asked for this mail/);
  await box.stop();
  await box.start({ refuse: 550 });
  const refusal = await run();
  assert.deepEqual([refusal.status, /not here|550/.test(refusal.said)], [1, true], refusal.said);
});
