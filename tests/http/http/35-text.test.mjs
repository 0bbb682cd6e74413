// What people type and paste: other spellings of a tenant's name and of codes are the same; what nobody can see is no name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enrol } from '../lib/authenticator.mjs';
import { call, send } from '../lib/client.mjs';
import { credentials, sql } from '../lib/env.mjs';
import { Idp, newProvider, now } from '../lib/idp.mjs';
import { openapi } from '../lib/spec.mjs';
import { bearer, bsxctl, login, newConfig, newTenant, unique, withToken } from '../lib/people.mjs';

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

// ---- names and addresses -------------------------------------------------------------------------------------

// What leaves nothing to be seen, alone and together.
const unseen = { blanks: '   ', 'a tab': '\t', 'a line end': '\n', 'no-break space': '\u00A0', 'zero-width space': '\u200B', joiners: '\u200D\u200C', 'byte order mark': '\uFEFF',
  'right-to-left override': '\u202E', isolates: '\u2066\u2069', 'a soft hyphen': '\u00AD', 'Hangul filler': '\u3164', 'ideographic space': '\u3000',
  'empty Braille': '\u2800', 'variation selector': '\uFE0F', tags: '\u{E0041}', 'null note head': '\u{1D159}', 'Khitan filler': '\u{16FE4}',
  noncharacters: '\uFFFE\u{10FFFF}', all: ' \u200B\u00A0\u202E\u3164\uFEFF ' };

// Every text for people in a request, by the contract: [method, path, body, pointer].
async function textsForPeople() {
  const { document } = await openapi(), found = [];
  const at = (ref) => ref.slice(2).split('/').reduce((o, k) => o[k], document), deref = (x) => (x?.$ref ? at(x.$ref) : x);
  // what an element without an example has to have
  const texts = (s) => Object.fromEntries((s.required ?? []).filter((r) => [deref(s.properties[r]).type].flat().includes('string') &&
    !deref(s.properties[r]).enum && !deref(s.properties[r]).format).map((r) => [r, 'x']));
  const walk = (schema, value, pointer, put) => {
    const s = deref(schema);
    for (const [name, member] of Object.entries(s?.properties ?? {})) {
      const m = deref(member), here = `${pointer}/${name}`, set = (v) => put({ ...(value ?? texts(s)), [name]: v });
      if (/^(name|display_name|reason|description)$/.test(name) && !/^\/(claims|headers\/0)\/name$/.test(here) && [m.type].flat().includes('string') && !m.enum)
        found.push([here, set]);
      else if (m.properties)
        walk(m, value?.[name], here, set);
      else if (m.items && deref(m.items).properties)
        walk(m.items, value?.[name]?.[0], `${here}/0`, (v) => set([v]));
    }
  };
  const all = [];
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(item)) {
      const body = deref(op.requestBody)?.content?.['application/json'];
      found.length = 0;
      if (body)
        walk(body.schema, body.example, '', (v) => v);
      for (const [pointer, set] of found)
        all.push([method.toUpperCase(), path.replace(/\{[^}]+\}/g, '01234567-89ab-7def-8123-456789abcdef'), set, pointer]);
    }
  return all;
}

test('a name or a reason has something that can be seen, at every place that takes one', async () => {
  const texts = await textsForPeople(), operator = await bearer(credentials.platform);
  // a large body is not read for what is not there
  const golden = await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('g'), resources: [{ category: 'c', key: 'k', value: 1 }] } });
  assert.equal(golden.status, 201, golden.text);
  const config = await newConfig(admin);
  let turn = 0;
  for (const [method, template, set, pointer] of texts)
    for (const [what, text] of Object.entries(unseen)) { // each kind at one place in three; together and as blanks everywhere
      if (!/^(blanks|all)$/.test(what) && turn++ % 3 > 0)
        continue;
      const path = template.replace(/(golden-baselines\/)[^/]+/, `$1${golden.json.id}`).replace(/(configs\/)[^/]+/, `$1${config.id}`), body = set(text);
      if (body.source?.collections) // the example is of a kind that has none
        body.source = { kind: 'http', parameters: { base_url: 'https://a.example' }, collections: body.source.collections.map((c) => ({ ...c, path: '/x', key: 'id', each: c.each?.map((each) => ({ ...each, path: '/x' })) })) };
      const a = await (path.startsWith('/api/tenants') ? operator : admin)(method, path, { body });
      assert.equal(a.status, 422, `${method} ${path} ${pointer}, ${what}: ${a.text}`);
      assert.ok(a.json.errors.some((x) => x.pointer === pointer), `${method} ${path} ${pointer}, ${what}: ${a.text}`);
    }
  console.log(`# ${texts.length} texts of ${Object.keys(unseen).length} kinds`);
  assert.ok(texts.length >= 19, `${texts.length} places`);
});

test('what is written in any script, from right to left too, is a name; one from before the rule is still shown', async () => {
  for (const name of ['Ada', '\u05D0\u05D1', '\u202Bعربي\u202C', '日本', '\u{1F600}', 'a\u200Db', '.'])
    assert.equal((await admin('PUT', '/api/auth/me', { body: { display_name: name } })).json.user?.display_name ?? name, name);
  sql(`UPDATE users SET display_name = '\u200B' WHERE email = '${mine.email}'`, schema);
  assert.equal((await admin('GET', `/api/users/${admin.session.user.id}`)).json.display_name, '\u200B');
  assert.equal((await admin('PUT', `/api/users/${admin.session.user.id}`, { body: { display_name: 'Ada' } })).status, 200);
});

test('an address is refused with what is wrong about it; an account that has one from before signs in', async () => {
  const rows = [['<a@x>', /without < and >/], ['Ada <ada@typed.example>', /without < and >/], ['a@typed.example.', /must not end in a dot/],
    ['a@0x7f.1', /no IP address/], ['a@2130706433', /no IP address/], ['.a..b@x', /dots before the @/],
    ['a@[127.0.0.1]', /no IP address/], ['a@[IPv6:::1]', /no IP address/], ['a@127.0.0.1', /no IP address/], ['a@typed..example', /letters, digits, dots and hyphens/]];
  const old = { tenant: mine.tenant, email: `old@${mine.tenant}.example`, password: 'a long enough password' };
  const made = await admin('POST', '/api/users', { body: { email: old.email, display_name: 'Old', password: old.password, roles: ['viewer'] } });
  assert.equal(made.status, 201, made.text);
  for (const [email, why] of rows)
    for (const [method, path, body] of [['POST', '/api/users', { email, display_name: 'X', roles: ['viewer'] }], ['PUT', `/api/users/${made.json.id}`, { email }],
      ['PUT', '/api/auth/me', { email }]]) {
      const a = await admin(method, path, { body });
      assert.equal(a.status, 422, `${method} ${path} ${email}: ${a.text}`);
      assert.match(a.json.errors.find((x) => x.pointer === '/email')?.detail ?? '', why, `${method} ${path} ${email}`);
      if (method === 'POST')
        assert.throws(() => bsxctl('tenant', 'create', unique('t'), '--name', 'X', '--admin', email), (e) => why.test(e.stderr), email);
    }
  sql(`UPDATE users SET email = '<old@x>' WHERE email = '${old.email}'`, schema);
  // answers say what is kept, which is no address by the contract any more
  const a = await send('POST', '/api/auth/login', { body: { ...old, email: '<OLD@x>' } });
  assert.deepEqual([a.status, a.json.user?.email], [200, '<old@x>'], a.text);
});

test('a name is found in whichever normal form it and the search are written, upper and lower case alike', async () => {
  const word = 'Zoë Ångström Ǖ각 ﬃn', kept = word.normalize('NFC'), email = `${unique('sofie')}@strasse.example`;
  const made = await admin('POST', '/api/users', { body: { email, display_name: word.normalize('NFD'), password: 'a long enough password', roles: ['viewer'] } });
  assert.equal(made.json.display_name, kept, 'it is kept in NFC');
  const found = async (q) => (await admin('GET', `/api/users?${new URLSearchParams({ q })}`)).json.items.some((u) => u.id === made.json.id);
  const searches = [word, 'Zoë', 'ångström', 'ÅNGSTRÖM', 'ngström ǖ각', ...['NFC', 'NFD'].flatMap((f) => ['oë', 'Å', 'ǖ', '각'].map((s) => s.normalize(f)))];
  const through = async (what) => {
    for (const q of searches)
      assert.ok(await found(q), `${what}: ${q} ${escape(q)}`);
    assert.ok(!(await found('Zoé')), what);
  };
  await through('kept in NFC');
  sql(`UPDATE users SET display_name = '${kept.normalize('NFD')}' WHERE email = '${email}'`, schema);
  await through('kept in NFD, from before');
  for (const q of ['SOFIE', full(email), 'straße.example', `${email}\u200B`])
    assert.ok(await found(q), `of the address: ${q}`);
  assert.ok(!(await found('\u200B\u200B')), 'what is ignored finds not everybody');
});

test('an address that is stored is unchanged, whatever it is: a client may send back what it was shown', async () => {
  for (const email of ['<old@l>', 'old@typed.example.', 'old@[192.0.2.1]', `${'x'.repeat(70)}@typed.example`, 'old@2130706433', '.a..b@typed.example', 'a,b@typed.example']) {
    const made = await admin('POST', '/api/users', { body: { email: `${unique('u')}@typed.example`, display_name: 'U', password: 'a long enough password', roles: ['viewer'] } });
    const put = (body) => send('PUT', `/api/users/${made.json.id}`, { headers: { Authorization: `Bearer ${admin.token}` }, body });
    sql(`UPDATE users SET email = '${email}' WHERE id = UNHEX(REPLACE('${made.json.id}', '-', ''))`, schema);
    for (const same of [email, email.toUpperCase()]) {
      const a = await put({ email: same, display_name: unique('n') });
      assert.deepEqual([a.status, a.json.email], [200, email], `${same}: ${a.text}`);
    }
    assert.equal((await put({ email: '<new@l>' })).status, 422, 'another one is held against the rules');
  }
});

test('a name is measured as it is kept, and kept without the blanks around it, by HTTP and by bsxctl', async () => {
  const long = '\u0958'.repeat(66); // 198 bytes, and 396 in NFC
  assert.equal((await admin('PUT', '/api/auth/me', { body: { display_name: long } })).status, 422);
  for (const more of [['--display-name', long, '--name', 'X'], ['--name', long], ['--name', '\u{1D159}'], ['--display-name', '\u200B', '--name', 'X']]) {
    const slug = unique('t');
    assert.throws(() => bsxctl('tenant', 'create', slug, '--admin', `a@${slug}.example`, ...more), /at most 200 bytes|can be seen/, more.join(' '));
  }
  const slug = unique('t');
  bsxctl('tenant', 'create', slug, '--admin', `a@${slug}.example`, '--name', ' Zoe\u0308 ', '--display-name', ' A\u030A ');
  assert.equal(sql(`SELECT HEX(name) FROM bsx.tenants WHERE slug = '${slug}'`), Buffer.from('Zo\u00EB').toString('hex').toUpperCase());
  const config = await admin('POST', '/api/drift/configs', { body: { name: '  Typed\t', source: { kind: 'push' } } });
  assert.deepEqual([config.status, config.json.name], [201, 'Typed'], config.text);
  assert.equal((await admin('POST', '/api/drift/configs', { body: { name: 'Typed ', source: { kind: 'push' } } })).status, 409);
});
