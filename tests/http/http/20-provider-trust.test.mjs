// Whose word counts at sign-in is said by a provider's members, together: one table of them, walked.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { enrol } from '../lib/authenticator.mjs';
import { Idp, newProvider, now, outcome, signIn } from '../lib/idp.mjs';
import { administrativeKey, bearer, newTenant, sql, unique, withKey } from '../lib/people.mjs';

const who = newTenant(), domain = `${who.tenant}.example`, settings = ['read:settings', 'update:settings'];
const at = (p) => `/api/identity-providers/${p.id}`;
const small = async (admin, more = []) => withKey((await administrativeKey(admin, [...settings, ...more])).key);

// ---- the table ------------------------------------------------------------------------------------

// What a provider has to begin with: little, so that any of it can become more; or much, so that it can become less.
const id = (n) => `11111111-2222-3333-4444-00000000000${n}`;
const little = { client_id: 'ours', client_secret: null, authorized_parties: [], trust_mfa: false, mfa_acr: [], mfa_amr: ['mfa'], absent_roles: 'remove', claims: null, auto_provision: false };
const much = { ...little, authorized_parties: ['phone'], trust_mfa: true, mfa_acr: ['phr'], mfa_amr: ['mfa', 'otp'], absent_roles: 'keep', claims: { groups: 'teams' } };
const kinds = { oidc: { issuer: 'https://id.example.org', assume_email_verified: false }, entra: { issuer: null, entra_tenant_id: id(1), group_lookup: false }, google: { issuer: null } };
const more = { oidc: { assume_email_verified: true }, entra: { group_lookup: true }, google: {} };
// Who is let in by it.
const map = { a: 'viewer', b: 'viewer' }, domains = [domain, 'second.example'];
const states = {
  nobody: {},
  domains: { allowed_domains: domains },
  linked: { allowed_domains: domains, linked: true },
  emptied: { linked: true },
  mapped: { role_map: map },
  all: { allowed_domains: domains, role_map: map, linked: true },
};
const rowOf = (kind, { linked, ...state }, base) => ({ ...base, ...kinds[kind], ...base === much && more[kind], allowed_domains: [], role_map: {},
  ...state, auto_provision: base === much && !!state.role_map && !!state.allowed_domains });

// [member, of these kinds, what it is changed to, what that is]; a function: from what the provider has.
const any = Object.keys(kinds);
const changes = [
  ['name', any, () => unique('n'), 'wider'], // codes meant for the old name would come to whoever takes it
  ['client_id', any, 'evil', 'wider'],
  ['client_secret', any, 'another', 'same'],
  ['issuer', any, 'https://evil.example', 'wider'],
  ['entra_tenant_id', ['entra'], id(2), 'wider'],
  ['claims', ['oidc'], { email: 'nick' }, 'wider'],
  ['claims', any, { roles: 'mine' }, 'wider'],
  ['scopes', ['oidc'], ['groups'], 'wider'], // what is asked for is told, and what is not told may be kept
  ['authorized_parties', any, ['phone', 'evil'], 'wider'],
  ['authorized_parties', any, [], 'narrower'],
  ['assume_email_verified', ['oidc'], true, 'wider'],
  ['assume_email_verified', ['oidc'], false, 'narrower'],
  ['trust_mfa', any, true, 'wider'],
  ['trust_mfa', any, false, 'narrower'],
  ['mfa_acr', any, ['phr', 'low'], 'wider'],
  ['mfa_acr', any, [], 'narrower'],
  ['mfa_amr', any, ['pwd'], 'wider'],
  ['mfa_amr', any, ['mfa'], 'narrower'],
  ['absent_roles', any, 'keep', 'wider'], // of whom it does not speak any more
  ['absent_roles', any, 'remove', 'narrower'],
  ['own_address', any, true, 'same'],
  ['group_lookup', ['entra'], true, 'wider'],
  ['group_lookup', ['entra'], false, 'wider'], // and roles that are not told any more stay
  ['allowed_domains', any, () => [...domains, 'evil.example'], 'wider'],
  ['allowed_domains', any, (p) => p.allowed_domains.slice(1), 'narrower'],
  ['allowed_domains', any, [], (p) => p.kind === 'google' || p.auto_provision ? 'wider' : 'narrower'], // none named are all of them there
  ['auto_provision', any, true, 'wider'],
  ['auto_provision', any, false, 'narrower'],
  ['role_map', any, (p) => ({ ...p.role_map, evil: 'viewer' }), 'wider'],
  ['role_map', any, (p) => p.role_map.a ? { a: 'viewer' } : {}, 'narrower'],
  ['role_map', any, {}, 'wider'], // who has roles by it keeps them, whatever it says then
];
const valueOf = (value, p) => typeof value === 'function' ? value(p) : value;
const widens = ([, , , what], p) => valueOf(what, p) === 'wider';
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// What the caller is answered; `is`: the provider's row before.
function expected(caller, state, row, kind, is) {
  const [member, , value] = row, to = valueOf(value, is), s = states[state];
  if (member === 'auto_provision' && to && (!s.role_map || (kind !== 'entra' && !s.allowed_domains)))
    return 422;
  const gone = member === 'allowed_domains' && is.auto_provision && kind !== 'entra' && to.length === 0;
  if (gone || caller === 'admin' || !widens(row, is) || same(is[member], to))
    return gone ? 422 : 200;
  if (s.allowed_domains || s.linked || member === 'allowed_domains' && to.length > 0)
    return 403;
  const gives = s.role_map && !same(to, {}) || member === 'role_map' && !same(to, {}) || (s.role_map && member !== 'role_map');
  return gives && caller === 'settings' || member === 'auto_provision' ? 403 : 200;
}

// ---- the walk -------------------------------------------------------------------------------------

let admin, callers;
before(async () => {
  admin = await bearer(who);
  callers = { settings: await small(admin), giver: await small(admin, ['assign:roles', 'read:drift', 'read:alerts']), admin };
});

function link(p, email = who.email) {
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`);
  sql(`INSERT INTO ${schema}.user_identities (provider_id, issuer, subject, user_id, provisioned, created_at, last_login)
    SELECT UNHEX('${p.id.replaceAll('-', '')}'), 'https://id.example.org', 's', id, 0, NOW(3), NOW(3) FROM ${schema}.users WHERE email = '${email}'`);
}

async function provider(kind, state, base) {
  const p = await newProvider(admin, { name: unique('p'), kind, ...rowOf(kind, states[state], base) });
  if (states[state].linked)
    link(p);
  return p;
}

test('every member that can be changed has its row', async () => {
  const spec = (await call('GET', '/api/openapi.json')).json;
  assert.deepEqual([...new Set(changes.map(([m]) => m))].sort(), Object.keys(spec.components.schemas.IdentityProviderChangeInput.properties).sort());
});

// Of each kind but oidc, which has them all, what is its own; what widens from little, what narrows from much; and
// everybody where the answers differ.
function* cases() {
  for (const kind of any)
    for (const base of [little, much])
      for (const state of Object.keys(states))
        yield { kind, base, state, rows: changes.filter(([m, of, , what]) => of.includes(kind) &&
          (kind === 'oidc' || of.length < any.length || m === 'auto_provision') && what !== (base === much ? 'wider' : 'narrower')) };
}
const asks = (base, state) => base === much ? ['settings'] : state === 'mapped' ? ['settings', 'giver', 'admin'] : state === 'nobody' ? ['settings', 'giver'] :
  state === 'linked' ? ['settings', 'admin'] : ['giver'];

test('one member alone, by each caller, of each provider: wider only by who holds what its people hold', async () => {
  const seen = { 200: 0, 403: 0, 422: 0 }, wrong = [];
  for (const { kind, base, state, rows } of cases()) {
    if (rows.length === 0)
      continue;
    const p = await provider(kind, state, base), rest = { name: p.name, ...rowOf(kind, states[state], base) };
    let is = p;
    for (const row of rows)
      for (const caller of asks(base, state)) {
        const body = { [row[0]]: valueOf(row[2], is) }, want = expected(caller, state, row, kind, is);
        const a = await callers[caller]('PUT', at(p), { body });
        seen[want]++;
        if (a.status !== want)
          wrong.push(`${kind} ${state} ${base === much ? 'much' : 'little'} ${caller} ${JSON.stringify(body)}: ${a.status}, not ${want} (${a.json.detail ?? ''})`);
        if (a.status === 200 && (row[0] === 'client_secret' || !same(a.json[row[0]], is[row[0]])))
          is = (await admin('PUT', at(p), { body: rest })).json;
      }
    assert.equal((await admin('DELETE', at(p))).status, 204);
  }
  assert.deepEqual(wrong, [], `${wrong.length} of ${JSON.stringify(seen)}`);
  assert.ok(seen[200] > 100 && seen[403] > 80, JSON.stringify(seen));
});

test('what is taken away first does not open the way to more: every step down, then every step up', async () => {
  const ask = callers.settings, p = await provider('oidc', 'linked', much), rest = { name: p.name, ...rowOf('oidc', states.linked, much) };
  const of = (what) => changes.filter(([, kind, , w]) => kind.includes('oidc') && valueOf(w, p) === what);
  const told = ({ updated_at: _, ...row }) => row;
  let refused = 0;
  for (const [down, , less] of [...of('narrower'), ...of('same')]) {
    await admin('PUT', at(p), { body: rest });
    const first = await ask('PUT', at(p), { body: { [down]: valueOf(less, p) } });
    assert.equal(first.status, 200, `${down}: ${first.text}`);
    for (const [up, , wide] of of('wider')) {
      const a = await ask('PUT', at(p), { body: { [up]: valueOf(wide, first.json) } });
      refused += a.status === 403;
      assert.ok(a.status === 403 || a.status === 422 || same(told(a.json), told(first.json)), `${down}, then ${up}: ${a.status} ${a.text}`);
    }
    assert.deepEqual(told((await admin('GET', at(p))).json), told(first.json));
  }
  assert.ok(refused > 100, `${refused}`);
  await admin('DELETE', at(p));
});

// ---- the same with people -------------------------------------------------------------------------

test('who may change settings only does not sign in as a linked administrator by another client of the issuer', async () => {
  const google = await new Idp().start(), mine = who, boss = admin;
  try {
    const p = await newProvider(boss, { name: 'goo', kind: 'google', issuer: google.issuer, client_id: google.clientId, client_secret: google.secret, allowed_domains: [`${mine.tenant}.example`] });
    const person = { sub: '110169484474386276334', email: mine.email, email_verified: true, hd: `${mine.tenant}.example` };
    assert.equal(outcome(await signIn(google, mine.tenant, 'goo', person)), '');
    const ask = await small(boss);
    for (const body of [{ client_id: 'evil' }, { allowed_domains: [] }, { trust_mfa: true, mfa_amr: ['pwd'] }, { authorized_parties: ['evil'] }, { client_id: 'evil' }]) {
      const a = await ask('PUT', at(p), { body });
      assert.equal(a.status, 403, `${JSON.stringify(body)}: ${a.text}`);
      assert.equal(a.json.code, 'privilege_escalation');
      assert.match(a.json.detail, new RegExp(Object.keys(body)[0]), 'the sentence names the member');
    }
    // nor by a second provider for that client, which is asked first
    const second = await ask('POST', '/api/identity-providers', { body: { name: 'goo2', kind: 'google', issuer: google.issuer, client_id: 'evil', trust_mfa: true, mfa_amr: ['pwd'] } });
    assert.equal(second.status, 201, second.text);
    const credential = await google.sign({ iss: google.issuer, aud: 'evil', iat: now(), exp: now() + 300, jti: unique('j'), amr: ['pwd'], ...person });
    const a = await call('POST', '/api/auth/google-login', { body: { tenant: mine.tenant, credential, delivery: 'body' } });
    assert.equal(a.status, 401, a.text);
    // nor by one of the same name in the place of the first: it knows nobody
    assert.equal((await ask('DELETE', at(p))).status, 204);
    const third = { name: 'goo', kind: 'google', issuer: google.issuer, client_id: google.clientId, client_secret: google.secret };
    assert.equal((await ask('POST', '/api/identity-providers', { body: { ...third, allowed_domains: [`${mine.tenant}.example`] } })).status, 403);
    assert.equal((await ask('POST', '/api/identity-providers', { body: third })).status, 201);
    assert.equal(outcome(await signIn(google, mine.tenant, 'goo', person)), 'not_linked');
  } finally {
    await google.stop();
  }
});

test('who may change settings only does not switch off the second factor that people have of their own', async () => {
  const idp = await new Idp().start(), mine = who, boss = admin;
  try {
    const p = await newProvider(boss, { name: 'corp', kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret, allowed_domains: [`${mine.tenant}.example`] });
    const person = { sub: 'ada', email: mine.email, email_verified: true, amr: ['pwd'] };
    assert.equal(outcome(await signIn(idp, mine.tenant, 'corp', person)), '');
    const ask = await small(boss);
    await enrol(boss);
    assert.equal((await ask('PUT', at(p), { body: { allowed_domains: [] } })).status, 200, 'nobody new is linked');
    assert.equal((await ask('PUT', at(p), { body: { trust_mfa: true, mfa_amr: ['pwd'] } })).status, 403);
    const a = await signIn(idp, mine.tenant, 'corp', person);
    assert.match(a.headers.location, /sign_in=/, 'asked for it still');
  } finally {
    await idp.stop();
  }
});
