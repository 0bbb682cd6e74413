// What people type and paste: other spellings of a tenant's name and of codes are the same; what nobody can see is no name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enrol } from '../lib/authenticator.mjs';
import { call } from '../lib/client.mjs';
import { sql } from '../lib/env.mjs';
import { Idp, newProvider, now } from '../lib/idp.mjs';
import { bearer, bsxctl, login, newTenant, unique, withToken } from '../lib/people.mjs';

// ---- spellings -----------------------------------------------------------------------------------------

const shifted = (text, from, by) => [...text].map((c) => (c >= '!' && c <= '~' && from.test(c) ? String.fromCodePoint(c.codePointAt(0) + by) : c)).join('');
const full = (text) => shifted(text, /./, 0xFEE0); // full-width forms
const slugs = { 'upper case': (s) => s.toUpperCase(), 'blanks around it': (s) => `  ${s} `, 'a tab and a line end': (s) => `\t${s}\n`,
  'no-break space': (s) => `\u00A0${s}\u00A0`, 'ideographic space': (s) => `${s}\u3000`, 'full-width': full, 'a soft hyphen': (s) => `${s[0]}\u00AD${s.slice(1)}`,
  'zero-width space': (s) => `${s}\u200B`, 'byte order mark': (s) => `\uFEFF${s}` };
// A code of digits; and one of letters and digits in groups.
const grouped = { 'as shown': (s) => s, 'no dashes': (s) => s.replaceAll('-', ''), 'blanks for dashes': (s) => s.replaceAll('-', ' '), 'upper case': (s) => s.toUpperCase(),
  'long dashes': (s) => s.replaceAll('-', '\u2013'), 'minus signs': (s) => s.replaceAll('-', '\u2212'), 'full-width': full, 'blanks everywhere': (s) => ` ${[...s].join(' ')}\u00A0`,
  'a line end': (s) => `${s}\n`, 'read aloud': (s) => s.replaceAll('0', 'O').replaceAll('1', 'l') };
const codes = { 'full-width': full, 'blanks inside': (s) => `${s.slice(0, 3)} ${s.slice(3)} `, 'no-break space': (s) => `${s.slice(0, 3)}\u00A0${s.slice(3)}`,
  dashed: (s) => `${s.slice(0, 3)}-${s.slice(3)}`, 'Arabic-Indic': (s) => shifted(s, /\d/, 0x0660 - 0x30), Devanagari: (s) => shifted(s, /\d/, 0x0966 - 0x30),
  mathematical: (s) => shifted(s, /\d/, 0x1D7CE - 0x30), 'zero-width': (s) => [...s].join('\u200B'), 'a tab and a line end': (s) => `\t${s}\n` };

let mine, admin, schema, idp;
before(async () => {
  mine = newTenant(unique('typed'));
  admin = await bearer(mine);
  schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${mine.tenant}'`);
  idp = await new Idp().start();
  const common = { issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret };
  await newProvider(admin, { name: 'own', kind: 'oidc', ...common });
  await newProvider(admin, { name: 'goo', kind: 'google', ...common });
});
after(() => idp.stop());

// ---- tenants ---------------------------------------------------------------------------------------------

const forgotten = () => Number(sql("SELECT COUNT(*) FROM audit WHERE action = 'password.forgot'", schema));
const credential = () => idp.sign({ iss: idp.issuer, aud: idp.clientId, azp: idp.clientId, iat: now(), exp: now() + 300, jti: unique('j'), sub: 'g-1',
  email: mine.email, email_verified: true, hd: mine.email.split('@')[1] });
// Every place that takes a tenant's name: whether it has found the tenant.
const doors = {
  'POST /api/auth/login': async (tenant) => (await login({ ...mine, tenant })).status === 200,
  'POST /api/auth/password/forgot': async (tenant) => {
    const before = forgotten();
    assert.equal((await call('POST', '/api/auth/password/forgot', { body: { tenant, email: 'nobody@typed.example' } })).status, 202);
    return forgotten() === before + 1;
  },
  'GET /api/auth/providers': async (tenant) => (await call('GET', `/api/auth/providers?${new URLSearchParams({ tenant })}`)).json.items.length === 2,
  'GET /api/auth/oidc/{provider}/start': async (tenant) =>
    (await call('GET', `/api/auth/oidc/own/start?${new URLSearchParams({ tenant })}`)).headers.location?.startsWith(idp.url) ?? false,
  'POST /api/auth/google-login': async (tenant) => {
    const heard = () => Number(sql("SELECT COUNT(*) FROM audit WHERE action LIKE 'session.%'", schema)), before = heard();
    await call('POST', '/api/auth/google-login', { body: { tenant, credential: await credential() } });
    return heard() === before + 1;
  },
  'bsxctl audit verify': async (tenant) => {
    try {
      return /good|whole|entries|ok/i.test(bsxctl('audit', 'verify', tenant));
    } catch {
      return false;
    }
  },
};

for (const [door, open] of Object.entries(doors))
  test(`a tenant's name is found however it is spelled: ${door}`, async () => {
    assert.ok(await open(mine.tenant), 'as it is');
    assert.ok(!(await open(`${mine.tenant}x`)), 'another one is another one');
    for (const [how, spell] of Object.entries(slugs))
      if (!door.startsWith('GET') || !/tab/.test(how)) // lighttpd refuses control characters in a target
        assert.ok(await open(spell(mine.tenant)), how);
  });

test('bsxctl makes a tenant under the folded name, once', () => {
  const slug = unique('made'), make = (s) => bsxctl('tenant', 'create', s, '--name', 'Made', '--admin', `admin@${slug}.example`);
  assert.match(make(` ${slug.toUpperCase()} `), new RegExp(`^tenant: ${slug}$`, 'm'));
  assert.throws(() => make(full(slug)), /exists/);
});

test('wrong passwords under other spellings of the tenant are counted together', async () => {
  const p = newTenant(unique('counted')), ways = Object.values(slugs), seen = [];
  for (let i = 0; i < 12 && seen.at(-1) !== 429; i++)
    seen.push((await login({ ...p, tenant: ways[i % ways.length](p.tenant), password: 'not it at all' })).status);
  assert.deepEqual(seen, [...Array(10).fill(401), 429]);
});

// ---- codes -------------------------------------------------------------------------------------------------

// A user with a second factor, whose codes may be used again at once.
async function person() {
  const email = `${unique('p')}@typed.example`, who = { tenant: mine.tenant, email, password: 'a long enough password' };
  const made = await admin('POST', '/api/users', { body: { ...who, tenant: undefined, display_name: 'P', roles: ['viewer'] } });
  assert.equal(made.status, 201, made.text);
  const api = await bearer(who), { app, codes: recovery } = await enrol(api);
  const again = () => sql(`UPDATE users SET last_step = 0 WHERE email = '${email}'`, schema);
  const trail = (action) => Number(sql(`SELECT COUNT(*) FROM audit WHERE action = '${action}' AND actor_name = '${email}'`, schema));
  again();
  return { who, api, app, recovery, again, trail, code: await app.next() };
}

const pending = async (p) => (await login(p.who, { delivery: 'body' })).json.mfa_token;
const disable = (p, proof) => p.api('POST', '/api/auth/2fa/disable', { body: { password: p.who.password, ...proof } });

test('a code counts in digits of any script, with blanks and dashes: sign-in and step-up', async () => {
  const p = await person();
  for (const [how, spell] of Object.entries(codes)) {
    p.again();
    if (/full|Indic/.test(how)) {
      const a = await call('POST', '/api/auth/2fa/verify', { body: { mfa_token: await pending(p), code: spell(p.code) } });
      assert.equal(a.status, 200, `${how}: ${a.text}`);
      p.again();
    }
    assert.equal((await p.api('POST', '/api/auth/step-up', { body: { code: spell(p.code) } })).status, 200, how);
    const twice = await p.api('POST', '/api/auth/step-up', { body: { code: p.code } });
    assert.deepEqual([twice.status, twice.json.code], [401, 'invalid_code'], 'once in whatever spelling');
  }
  for (const bad of [`${p.code}0`, p.code.slice(1), `${p.code.slice(0, 5)}\u00BD`, `${p.code.slice(0, 5)}\u2460\u2460`, 'abcdef', '\u200B\u200B\u200B\u200B\u200B\u200B']) {
    p.again();
    assert.equal((await p.api('POST', '/api/auth/step-up', { body: { code: bad } })).json.code, 'invalid_code', bad);
    assert.equal((await p.api('POST', '/api/auth/step-up', { body: { code: p.code } })).status, 200);
  }
});

test('so it does when the factor is set up', async () => {
  const email = `${unique('s')}@typed.example`, who = { tenant: mine.tenant, email, password: 'a long enough password' };
  assert.equal((await admin('POST', '/api/users', { body: { ...who, tenant: undefined, display_name: 'S', roles: ['viewer'] } })).status, 201);
  const api = await bearer(who), { Authenticator } = await import('../lib/authenticator.mjs');
  const app = new Authenticator((await api('POST', '/api/auth/2fa/setup')).json.secret);
  const a = await api('POST', '/api/auth/2fa/enable', { body: { code: full(await app.next()) } });
  assert.equal(a.status, 200, a.text);
});

test('a recovery code counts in every spelling, once: at sign-in with the password, after it, and for step-up', async () => {
  const p = await person(), all = Object.entries(grouped), few = all.filter(([how]) => /full|everywhere/.test(how));
  const places = [[few, (code) => login(p.who, { delivery: 'body', recovery_code: code })],
    [few, async (code) => call('POST', '/api/auth/2fa/verify', { body: { mfa_token: await pending(p), recovery_code: code } })],
    [all, (code) => p.api('POST', '/api/auth/step-up', { body: { recovery_code: code } })]];
  let used = 0;
  for (const [ways, place] of places) {
    p.recovery = (await p.api('POST', '/api/auth/2fa/recovery-codes')).json.recovery_codes;
    for (const [i, [how, spell]] of ways.entries()) {
      const a = await place(spell(p.recovery[i]));
      assert.equal(a.status, 200, `${how}: ${a.text}`);
      assert.equal(p.trail('factor.recovery_used'), ++used, how);
    }
    assert.equal((await place(p.recovery[0])).json.code, 'invalid_code', 'not twice');
  }
});

test('a recovery code turns the factor off as a code does, and is used up with its entry', async () => {
  const p = await person(), other = (await login(p.who, { delivery: 'body', recovery_code: p.recovery[0] })).json;
  for (const [proof, status, code] of [[{}, 422, 'validation_failed'], [{ code: p.code, recovery_code: p.recovery[1] }, 422, 'validation_failed'],
    [{ recovery_code: p.recovery[0] }, 401, 'invalid_code'], [{ recovery_code: p.recovery[1], password: undefined }, 422, 'validation_failed'],
    [{ recovery_code: p.recovery[1], password: 'not it at all' }, 401, 'invalid_credentials']]) {
    const a = await disable(p, proof);
    assert.deepEqual([a.status, a.json.code], [status, code], JSON.stringify(proof));
  }
  assert.equal(p.trail('factor.recovery_used'), 1, 'what was refused has used up nothing');
  const answers = await Promise.all([1, 1, 2].map((i) => disable(p, { recovery_code: ` ${p.recovery[i].toUpperCase()} ` })));
  assert.equal(answers.filter((a) => a.status === 204).length, 1, answers.map((a) => `${a.status} ${a.text}`).join('\n'));
  assert.equal(p.trail('factor.recovery_used'), 2);
  assert.equal(p.trail('factor.disable'), 1);
  assert.equal((await withToken(other.access_token)('GET', '/api/auth/me')).status, 401, 'other sessions have ended');
  assert.equal((await p.api('GET', '/api/auth/me')).json.user['2fa_enabled'] ?? (await p.api('GET', '/api/auth/me')).json['2fa_enabled'], false);
  assert.equal((await login(p.who, { delivery: 'body' })).status, 200, 'the password is enough now');
});
