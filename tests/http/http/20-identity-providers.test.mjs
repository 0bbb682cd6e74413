import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { Log } from '../lib/env.mjs';
import { Idp, newProvider, outcome, signIn } from '../lib/idp.mjs';
import { administrativeKey, bearer, browser, newKey, newTenant, unique, withKey } from '../lib/people.mjs';

const who = newTenant();
const directory = { kind: 'entra', issuer: undefined, entra_tenant_id: '11111111-2222-3333-4444-555555555555' };
const good = (more = {}) => ({ name: unique('p'), kind: 'oidc', client_id: 'client-1', client_secret: 'hush-hush-hush',
  issuer: 'https://id.example.org', ...more });

test('a provider is made, shown, listed, changed and removed, and its secret is never read out', async () => {
  const admin = await bearer(who), body = good({ allowed_domains: ['Example.ORG'], role_map: { g1: 'viewer' }, trust_mfa: true });
  const made = await newProvider(admin, body);
  assert.equal(made.has_secret, true);
  assert.deepEqual(made.allowed_domains, ['example.org']);
  assert.deepEqual(made.role_map, { g1: 'viewer' });
  assert.match(made.redirect_uri, new RegExp(`/api/auth/oidc/${body.name}/callback/${made.id}$`));
  const one = await admin('GET', `/api/identity-providers/${made.id}`);
  assert.deepEqual(one.json, made);
  const list = await admin('GET', '/api/identity-providers');
  assert.ok(list.json.items.some((p) => p.id === made.id));
  const changed = await admin('PUT', `/api/identity-providers/${made.id}`, { body: { trust_mfa: false, client_secret: null },
    headers: { 'If-Match': one.headers.etag } });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.json.trust_mfa, false);
  assert.equal(changed.json.has_secret, false);
  assert.deepEqual(changed.json.role_map, { g1: 'viewer' }, 'what is not named stays');
  assert.equal((await admin('PUT', `/api/identity-providers/${made.id}`, { body: { trust_mfa: true }, headers: { 'If-Match': one.headers.etag } })).status, 412);
  for (const a of [one, list, changed])
    assert.doesNotMatch(a.text, /hush/);
  assert.equal((await admin('DELETE', `/api/identity-providers/${made.id}`)).status, 204);
  assert.equal((await admin('GET', `/api/identity-providers/${made.id}`)).status, 404);
  assert.equal((await admin('DELETE', `/api/identity-providers/${made.id}`)).status, 404);
});

test('what a new provider has unless it is said, what is said, and what a change leaves', async () => {
  const admin = await bearer(who), plain = await newProvider(admin, good());
  const of = (p) => Object.fromEntries(Object.keys(usual).map((k) => [k, p[k]]));
  const usual = { claims: null, authorized_parties: [], mfa_acr: [], mfa_amr: ['mfa'], absent_roles: 'keep', assume_email_verified: false, group_lookup: false, scopes: [], own_address: true };
  assert.deepEqual(of(plain), usual);
  const none = { email: null, email_verified: null, name: null, groups: null, roles: null };
  const said = { claims: { groups: 'realm_access.roles', roles: '/https:~1~1example.com~1roles', email: 'mail' }, authorized_parties: ['phone'],
    mfa_acr: ['phr', 'phrh'], mfa_amr: [], absent_roles: 'remove', assume_email_verified: true, scopes: ['groups', 'urn:x:member_of', '!#[]~'] };
  const made = await newProvider(admin, good(said)), expected = { ...usual, ...said, claims: { ...none, ...said.claims } };
  assert.deepEqual(of(made), expected);
  assert.deepEqual(await admin('PUT', `/api/identity-providers/${made.id}`, { body: { name: unique('p') } }).then((a) => of(a.json)), expected, 'what is not named stays');
  for (const [change, shown] of [[{ claims: { name: 'nickname' } }, { claims: { ...none, name: 'nickname' } }], [{ claims: {} }, { claims: null }], [{ claims: { name: null } }, { claims: null }],
    [{ mfa_amr: ['mfa', 'otp'] }], [{ absent_roles: 'keep' }], [{ assume_email_verified: false }], [{ authorized_parties: [] }], [{ mfa_acr: [] }], [{ scopes: ['groups'] }], [{ scopes: [] }]]) {
    const a = await admin('PUT', `/api/identity-providers/${made.id}`, { body: change });
    assert.equal(a.status, 200, a.text);
    Object.assign(expected, shown ?? change);
    assert.deepEqual(of(a.json), expected, JSON.stringify(change));
    assert.deepEqual((await admin('GET', `/api/identity-providers/${made.id}`)).json, a.json);
  }
  const ms = await newProvider(admin, good({ ...directory, group_lookup: true, claims: { roles: 'x.y' } }));
  assert.equal(ms.group_lookup, true);
  for (const p of [plain, made, ms])
    assert.equal((await admin('DELETE', `/api/identity-providers/${p.id}`)).status, 204);
});

test('each of these is written to the trail, without the secret', async () => {
  const log = new Log(), admin = await bearer(who), made = await newProvider(admin, good());
  await admin('PUT', `/api/identity-providers/${made.id}`, { body: { client_secret: 'hush-hush-new' } });
  await admin('DELETE', `/api/identity-providers/${made.id}`);
  const lines = log.lines().filter((l) => l['bsx.target.id'] === made.id);
  assert.deepEqual(lines.map((l) => l['event.action']), ['identity_provider.create', 'identity_provider.update', 'identity_provider.delete']);
  assert.doesNotMatch(log.text(), /hush/);
});

test('what cannot be is refused with the member that is wrong', async () => {
  const admin = await bearer(who);
  for (const [change, pointer] of [[{ name: 'Big' }, '/name'], [{ name: 'a/b' }, '/name'], [{ name: 'password' }, '/name'],
    [{ kind: 'saml' }, '/kind'], [{ issuer: undefined }, '/issuer'], [{ issuer: 'ftp://x.example' }, '/issuer'], [{ issuer: 'https://user:pw@id.example' }, '/issuer'],
    [{ issuer: 'http://10.0.0.1' }, '/issuer'], [{ issuer: 'http://169.254.169.254/latest' }, '/issuer'], [{ issuer: 'https://id.example/?x=1' }, '/issuer'],
    [{ kind: 'entra', issuer: undefined }, '/entra_tenant_id'], [{ entra_tenant_id: '11111111-2222-3333-4444-555555555555' }, '/entra_tenant_id'],
    [{ kind: 'entra', issuer: undefined, entra_tenant_id: '9188040d-6c67-4c5b-b112-36a304b66dad' }, '/entra_tenant_id'],
    [{ allowed_domains: ['no domain'] }, '/allowed_domains'], [{ allowed_domains: ['localhost'] }, '/allowed_domains'],
    [{ auto_provision: true, role_map: { '*': 'viewer' } }, '/allowed_domains'], [{ auto_provision: true, allowed_domains: ['x.example'] }, '/role_map'],
    [{ role_map: { g: 'no-such-role' } }, '/role_map'], [{ role_map: { g: 1 } }, '/role_map'], [{ role_map: ['g'] }, '/role_map'],
    [{ claims: { groups: '/a~2' } }, '/claims/groups'], [{ claims: { groups: '/~' } }, '/claims/groups'], [{ claims: { groups: '' } }, '/claims/groups'],
    [{ claims: { phone: 'x' } }, '/claims/phone'], [{ claims: 'groups' }, '/claims'], [{ claims: { roles: 'x'.repeat(201) } }, '/claims/roles'],
    [{ authorized_parties: [''] }, '/authorized_parties'], [{ mfa_acr: ['x'.repeat(256)] }, '/mfa_acr'], [{ mfa_amr: Array(21).fill('mfa') }, '/mfa_amr'],
    [{ scopes: [''] }, '/scopes'], [{ scopes: ['a b'] }, '/scopes'], [{ scopes: ['a"'] }, '/scopes'], [{ scopes: ['a\\'] }, '/scopes'], [{ scopes: ['ä'] }, '/scopes'], [{ scopes: ['a\u007f'] }, '/scopes/0'],
    [{ scopes: ['offline_access'] }, '/scopes'], [{ scopes: ['x'.repeat(101)] }, '/scopes'], [{ scopes: Array(11).fill('x') }, '/scopes'], [{ scopes: 'groups' }, '/scopes'],
    [{ kind: 'google', issuer: undefined, scopes: ['groups'] }, '/scopes'], [{ ...directory, scopes: ['groups'] }, '/scopes'],
    [{ absent_roles: 'forget' }, '/absent_roles'], [{ group_lookup: true }, '/group_lookup'],
    [{ kind: 'google', issuer: undefined, assume_email_verified: true }, '/assume_email_verified'],
    [{ kind: 'google', issuer: undefined, claims: { email: 'upn' } }, '/claims/email'],
    [{ ...directory, assume_email_verified: true }, '/assume_email_verified'], [{ ...directory, claims: { email_verified: 'acct' } }, '/claims/email_verified'],
    [{ client_secret: '' }, '/client_secret'], [{ surprise: 1 }, '/surprise']]) {
    const a = await admin('POST', '/api/identity-providers', { body: good(change) });
    assert.equal(a.status, 422, `${JSON.stringify(change)}: ${a.text}`);
    assert.ok(a.json.errors.some((e) => e.pointer === pointer), `${JSON.stringify(change)}: ${a.text}`);
  }
});

test('a name is taken once, a kind is not changed, and there is an end to them', async () => {
  const admin = await bearer(newTenant()), first = await newProvider(admin, good({ name: 'one' }));
  assert.equal((await admin('POST', '/api/identity-providers', { body: good({ name: 'one' }) })).status, 409);
  assert.equal((await admin('PUT', `/api/identity-providers/${first.id}`, { body: { kind: 'google' } })).status, 422);
  for (let i = 1; i < 20; i++)
    await newProvider(admin, good());
  const a = await admin('POST', '/api/identity-providers', { body: good() });
  assert.equal(a.status, 403);
  assert.equal(a.json.code, 'quota_exceeded');
});

test('nobody gives by a provider what they do not hold', async () => {
  const admin = await bearer(who), { key } = await administrativeKey(admin, ['read:settings', 'update:settings', 'assign:roles', 'read:drift', 'read:alerts']);
  const small = withKey(key);
  assert.equal((await small('POST', '/api/identity-providers', { body: good({ role_map: { g: 'viewer' } }) })).status, 201);
  for (const more of [{ role_map: { g: 'admin' } }, { allowed_domains: ['example.org'] },
    { allowed_domains: ['example.org'], assume_email_verified: true }, { allowed_domains: ['example.org'], claims: { email: 'nick' } }]) {
    const a = await small('POST', '/api/identity-providers', { body: good(more) });
    assert.equal(a.status, 403, a.text);
    assert.equal(a.json.code, 'privilege_escalation');
  }
  // nor by turning to themselves one that somebody else has set up
  const strong = await newProvider(admin, good({ role_map: { g: 'admin' } }));
  assert.equal((await small('PUT', `/api/identity-providers/${strong.id}`, { body: { issuer: 'https://mine.example' } })).status, 403);
  // nor by believing more of one that is trusted for a domain
  const trusted = await newProvider(admin, good({ allowed_domains: ['example.org'] }));
  for (const body of [{ assume_email_verified: true }, { claims: { email: 'nick' } }, { claims: { email_verified: 'nice' } }])
    assert.equal((await small('PUT', `/api/identity-providers/${trusted.id}`, { body })).status, 403, JSON.stringify(body));
});

test('who may not assign roles or make users does neither by a provider', async () => {
  const admin = await bearer(who), base = ['read:settings', 'update:settings', 'read:drift', 'read:alerts'];
  const map = { '*': 'viewer' }, give = 'assign:roles', make = 'create:users', target = (p) => `/api/identity-providers/${p.id}`;
  const full = good({ kind: 'entra', issuer: 'https://login.mine.example/v2.0', entra_tenant_id: '11111111-2222-3333-4444-555555555555', role_map: map, auto_provision: true });
  const bodies = [[{ ...full, auto_provision: false }, [give]], [full, [give, make]], [good({ role_map: {} }), []]];
  let tried = 0;
  for (const scopes of [[], [give], [make], [give, make]]) {
    const call = withKey((await administrativeKey(admin, [...base, ...scopes])).key);
    for (const [body, needs] of bodies) {
      const lacks = needs.filter((n) => !scopes.includes(n)), what = `${scopes} ${JSON.stringify(body)}`;
      const a = await call('POST', '/api/identity-providers', { body: { ...body, name: unique('p') } });
      assert.equal(a.status, lacks.length > 0 ? 403 : 201, `${what}: ${a.text}`);
      if (lacks.length > 0)
        assert.ok(lacks.some((n) => a.json.detail.includes(n)), a.text);
      // the same by changing one that gives nothing, one member at a time
      const plain = await newProvider(admin, { ...body, name: unique('p'), role_map: {}, auto_provision: false });
      const map1 = await call('PUT', target(plain), { body: { role_map: body.role_map } });
      assert.equal(map1.status, needs.includes(give) && !scopes.includes(give) ? 403 : 200, `${what}: ${map1.text}`);
      const there = await newProvider(admin, { ...body, name: unique('p'), auto_provision: false });
      if (needs.includes(make)) {
        const auto = await call('PUT', target(there), { body: { auto_provision: true } });
        assert.equal(auto.status, lacks.length > 0 ? 403 : 200, `${what}: ${auto.text}`);
      }
      // where its people come from is part of what it gives
      const on = await newProvider(admin, { ...body, name: unique('p') });
      const moved = await call('PUT', target(on), { body: { issuer: 'https://other.example', client_secret: null } });
      assert.equal(moved.status, lacks.length > 0 ? 403 : 200, `${what}: ${moved.text}`);
      // and so are who else may ask for it and which claims it is told by
      for (const anew of [{ claims: { groups: 'teams' } }, { authorized_parties: ['phone'] }])
        assert.equal((await call('PUT', target(there), { body: anew })).status, needs.includes(give) && !scopes.includes(give) ? 403 : 200, `${what}: ${JSON.stringify(anew)}`);
      for (const anew of [{ name: unique('p') }, { client_id: 'another' }, { trust_mfa: true }])
        assert.equal((await call('PUT', target(on), { body: anew })).status, lacks.length > 0 ? 403 : 200, `${what}: ${JSON.stringify(anew)}`);
      // what is there stays: something else is changed, and less is given
      for (const less of [{ trust_mfa: false }, { authorized_parties: [] }, { auto_provision: false }, { auto_provision: false, role_map: {} }])
        assert.equal((await call('PUT', target(on), { body: less })).status, 200, `${what}: ${JSON.stringify(less)}`);
      for (const p of [plain, there, on, ...(a.status === 201 ? [a.json] : [])])
        assert.equal((await admin('DELETE', target(p))).status, 204);
      tried++;
    }
  }
  assert.equal(tried, 12);
});

test('without the permission, in another tenant, or by a cookie without its token, nothing is seen or changed', async () => {
  const admin = await bearer(who), made = await newProvider(admin, good());
  const reader = withKey((await newKey(admin, ['read:settings'])).key), nobody = withKey((await newKey(admin, ['read:drift'])).key);
  assert.equal((await reader('GET', '/api/identity-providers')).status, 200);
  assert.equal((await reader('DELETE', `/api/identity-providers/${made.id}`)).status, 403);
  assert.equal((await nobody('GET', '/api/identity-providers')).status, 403);
  const other = await bearer(newTenant());
  for (const method of ['GET', 'DELETE'])
    assert.equal((await other(method, `/api/identity-providers/${made.id}`)).status, 404);
  const page = await browser(who);
  assert.equal((await page('DELETE', `/api/identity-providers/${made.id}`)).status, 403);
});

test('the sign-in page learns names and kinds, of a known tenant', async () => {
  const mine = newTenant(), admin = await bearer(mine);
  await newProvider(admin, good({ name: 'corp' }));
  await newProvider(admin, good({ name: 'goo', kind: 'google', issuer: undefined }));
  const a = await call('GET', `/api/auth/providers?tenant=${mine.tenant}`);
  assert.deepEqual(a.json.items, [{ name: 'goo', kind: 'google' }, { name: 'corp', kind: 'oidc' }]);
  assert.deepEqual((await call('GET', '/api/auth/providers?tenant=no-such-tenant')).json.items, []);
  assert.equal((await call('GET', '/api/auth/providers')).status, 422);
});

test('removing a provider ends its sessions at once, and its identities are forgotten', async () => {
  const idp = await new Idp().start(), mine = newTenant(), admin = await bearer(mine);
  try {
    const body = good({ name: 'corp', issuer: idp.issuer, client_secret: idp.secret, allowed_domains: [`${mine.tenant}.example`] });
    const made = await newProvider(admin, body);
    const person = { sub: 'p1', email: mine.email, email_verified: true };
    const a = await signIn(idp, mine.tenant, 'corp', person);
    assert.equal(outcome(a), '');
    const cookie = a.cookies.find((c) => c.startsWith('bsx_access=')).split(';')[0];
    assert.equal((await call('GET', '/api/auth/me', { headers: { Cookie: cookie } })).status, 200);
    assert.equal((await admin('DELETE', `/api/identity-providers/${made.id}`)).status, 204);
    for (let i = 0; i < 8; i++)
      assert.equal((await call('GET', '/api/auth/me', { headers: { Cookie: cookie, Connection: 'close' }, agent: false })).status, 401);
    assert.equal((await admin('GET', '/api/auth/me')).status, 200, 'other sessions stay');
    await newProvider(admin, { ...body, allowed_domains: [] });
    assert.equal(outcome(await signIn(idp, mine.tenant, 'corp', person)), 'not_linked');
  } finally {
    await idp.stop();
  }
});

test('a start at a tenant or provider that is not there is 404', async () => {
  assert.equal((await call('GET', `/api/auth/oidc/nothing/start?tenant=${who.tenant}`)).status, 404);
  assert.equal((await call('GET', '/api/auth/oidc/nothing/start?tenant=no-such-tenant')).status, 404);
  assert.equal((await call('GET', '/api/auth/oidc/nothing/start')).status, 422);
});

