// The question to a provider is in the person's own browser, who edits it there, with oidc-provider, which answers what it is asked: nothing is gained or kept by what is then not told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from '../lib/browser.mjs';
import { Log } from '../lib/env.mjs';
import { Idp, me, newProvider, now, outcome, signIn, stage } from '../lib/idp.mjs';
import { bearer, newTenant, sql } from '../lib/people.mjs';
import { clientId, startProvider } from '../lib/provider.mjs';

const mine = newTenant(), domain = `${mine.tenant}.example`, clientSecret = 'secret';
const people = {
  bob: { email: `bob@${domain}`, email_verified: true, name: 'Bob', groups: ['staff'] },
  eve: { email: `eve@${domain}`, email_verified: true, name: 'Eve', groups: ['staff'] },
  mallory: { email: mine.email, email_verified: false, name: 'Mallory', groups: [] },
  ada: { email: mine.email, email_verified: true, name: 'Ada', groups: [] },
};
let op, idp, admin, log, schema, withProvider, withIssuer;

before(async () => {
  [op, idp] = await Promise.all([startProvider(people, 'edited', clientSecret, { config: { features: { claimsParameter: { enabled: true } } } }), new Idp().start()]);
  idp.userinfo = () => ({});
  admin = await bearer(mine);
  ({ withProvider, withIssuer } = stage(idp, admin, domain));
  schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${mine.tenant}'`);
  log = new Log();
});
after(() => Promise.all([op.stop(), idp.stop()]));

const rules = (more = {}) => ({ name: 'edited', kind: 'oidc', issuer: op.issuer, client_id: clientId, client_secret: clientSecret, allowed_domains: [domain], ...more });
async function edited(more, f) {
  const made = await newProvider(admin, rules(more));
  try {
    await f(made);
  } finally {
    assert.equal((await admin('DELETE', `/api/identity-providers/${made.id}`)).status, 204);
  }
}
const setting = (values) => (q) => { for (const [k, v] of Object.entries(values)) if (v === null) q.delete(k); else q.set(k, v); };
// The person's way through the provider's pages; the error, or the roles.
async function come(login, edit, query = {}, b = new Browser(mine.tenant, edit)) {
  const page = await b.signIn('edited', login, query), error = page.url.searchParams.get('error');
  return error ?? (await b.me()).json.user.roles;
}
const days = (n) => sql(`UPDATE ${schema}.user_identities SET unasked_since = unasked_since - INTERVAL ${n} DAY`);
const warned = (text) => log.lines().some((l) => l.message.includes(text));

test('who has left a group does not keep its role by asking the provider for less', async () => {
  await edited({ role_map: { staff: 'analyst' }, auto_provision: true }, async () => {
    assert.deepEqual(await come('bob'), ['analyst']);
    people.bob.groups = [];
    for (const scope of ['openid email', 'openid', 'openid groups'])
      assert.equal(await come('bob', setting({ scope })), 'scope_withheld', scope);
    assert.ok(log.lines().some((l) => l['event.action'] === 'session.fail' && /"reason":"scope_withheld"/.test(l['bsx.details'])));
    assert.equal(await come('bob'), 'no_role', 'asked as we ask, it is told');
    people.bob.groups = ['staff'];
    assert.deepEqual(await come('bob'), ['analyst'], 'and in it again, all is as it was');
  });
});

// What providers answer in `scope`, asked for openid, email, profile: the document, the answer, what becomes of a person whose groups were told once and now are not.
const granted = [
  ['RFC 6749 5.1: left out, as asked for', undefined, 'kept'],
  ['null', null, 'kept'], ['no text', 7, 'kept'], ['empty', '', 'kept'],
  ['as asked for', 'openid email profile', 'kept'],
  ['RFC 6749 3.3: in any order, and more', 'offline_access profile groups email openid', 'kept'],
  ['without openid, which the ID token shows', 'email profile', 'kept'],
  ['with commas', 'openid,email,profile', 'kept'],
  ['as a list', ['openid', 'email', 'profile'], 'kept'],
  ['OAuth 2.0 Scopes for Google APIs: as URLs', 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile', 'kept'],
  ['AD FS: openid alone', 'openid', 'scope_withheld'],
  ['profile is missing', 'openid email', 'scope_withheld'],
  ['a name that only ends so', 'openid email notprofile', 'scope_withheld'],
  ['a URL that only ends so', 'openid email https://x.example/notprofile', 'scope_withheld'],
];

test('a scope that the provider says it did not grant ends the benefit of the doubt, and no legal answer is refused for itself', async () => {
  await withProvider({ auto_provision: true, role_map: { a: 'analyst' } }, async (name) => {
    let n = 0;
    for (const [document, scope, expected] of granted) {
      const one = { sub: `granted ${++n}`, email: `granted${n}@${domain}`, email_verified: true, name: 'G' };
      const go = async (groups) => { const a = await signIn(idp, mine.tenant, name, { ...one, groups }, {}, { scope }); return outcome(a) || (await me(a)).user.roles; };
      idp.userinfo = () => ({ sub: one.sub });
      assert.deepEqual(await go(['a']), ['analyst'], `${document}: what is told counts`);
      assert.deepEqual(await go(undefined), expected === 'kept' ? ['analyst'] : expected, document);
      assert.deepEqual(await go(['a']), ['analyst'], `${document}: told again`);
    }
  });
});

test('roles that were told once and are told no more end after a week, whatever was asked; those that were never told stay', async () => {
  await withProvider({ auto_provision: true, role_map: { '*': 'viewer', a: 'analyst' } }, async (name) => {
    const go = async (sub, groups) => {
      idp.userinfo = () => ({ sub });
      const a = await signIn(idp, mine.tenant, name, { sub, email: `${sub}@${domain}`, email_verified: true, name: sub, groups });
      return outcome(a) ? { roles: outcome(a) } : (await me(a)).user;
    };
    assert.deepEqual((await go('told', ['a'])).roles, ['viewer', 'analyst']);
    const never = await go('never');
    assert.deepEqual(never.roles, ['viewer']);
    assert.equal((await admin('PUT', `/api/users/${never.id}`, { body: { roles: ['analyst'] } })).status, 200);
    for (const [aged, told] of [[0, ['viewer', 'analyst']], [6, ['viewer', 'analyst']], [2, ['viewer']], [0, ['viewer']]]) {
      days(aged);
      assert.deepEqual([...(await go('told')).roles].sort(), [...told].sort(), `${aged} days on`);
      assert.deepEqual((await go('never')).roles, ['analyst', 'viewer'], 'by hand, where nothing is ever told');
    }
    const { id } = await go('told');
    assert.equal((await admin('PUT', `/api/users/${id}`, { body: { roles: ['viewer', 'analyst'] } })).status, 200);
    days(30);
    assert.deepEqual((await go('told')).roles, ['viewer', 'analyst'], 'what is given here after that is not the provider\'s');
    assert.deepEqual((await go('told', [])).roles, ['viewer'], 'until it tells');
    assert.deepEqual((await go('told', ['a'])).roles, ['viewer', 'analyst']);
    await go('told');
    days(6);
    await go('told', ['a']);
    await go('told');
    days(6);
    assert.deepEqual((await go('told')).roles, ['viewer', 'analyst'], 'the week begins anew with what is told');
  });
});

test('an address that is not verified is not made to look as if nothing were said of it', async () => {
  const claims = (v) => JSON.stringify(v), edits = [{}, { scope: 'openid', claims: claims({ id_token: { email: null } }) }, { claims: claims({ id_token: { email: null } }) },
    { scope: 'openid', claims: claims({ userinfo: { email: null } }) }, { scope: 'openid profile', claims: claims({ id_token: { email: null }, userinfo: { email: null } }) },
    { scope: 'openid email', claims: claims({ id_token: { email: null, email_verified: { value: true } } }) }];
  await edited({ assume_email_verified: true }, async () => {
    for (const edit of edits)
      assert.equal(await come('mallory', setting(edit)), 'not_linked', JSON.stringify(edit));
    assert.ok(warned('is not assumed'), 'the operator is told');
    assert.deepEqual(await come('ada'), ['admin'], 'whose address is verified comes in');
  });
});

test('an address is assumed to be verified where the provider never says it, and by no other provider', async () => {
  const rows = [ // what, description, answer's scope, comes in
    ['never said', {}, undefined, true],
    ['granted as asked', {}, 'openid email profile', true],
    ['email not granted', {}, 'openid profile', false],
    ['the description lists other claims', { claims_supported: ['sub', 'email'] }, undefined, true],
    ['the description lists it', { claims_supported: ['sub', 'email', 'email_verified'] }, undefined, false],
  ];
  let n = 0;
  for (const [what, more, scope, ok] of rows)
    await withIssuer({ discovery: (d) => ({ ...d, ...more }) }, async (name) => {
      const sub = `assumed ${++n}`, email = `assumed${n}@${domain}`;
      idp.userinfo = () => ({ sub, email });
      assert.equal(outcome(await signIn(idp, mine.tenant, name, { sub, email, name: 'A' }, {}, { scope })), ok ? '' : 'not_linked', what);
    }, admin, { assume_email_verified: true, auto_provision: true, role_map: { '*': 'viewer' } });
});

test('a sign-in anew is one that the provider says there was', async () => {
  await edited({}, async () => {
    const b = new Browser(mine.tenant);
    await come('ada', null, {}, b);
    for (const edit of [{ prompt: null, max_age: null }, { prompt: null, max_age: '86400' }, { prompt: 'none', max_age: null }]) {
      b.edit = setting(edit);
      const a = await come('ada', null, { prompt: 'login' }, b);
      assert.equal(b.forms, 0, 'nobody has proved anything');
      assert.deepEqual(a, edit.max_age ? ['admin'] : 'not_fresh', `${JSON.stringify(edit)}: the one before was just now, and fresh if that is said`);
    }
    b.edit = null;
    assert.deepEqual(await come('ada', null, { prompt: 'login' }, b), ['admin']);
    assert.ok(b.forms > 0 && Date.now() - Date.parse((await b.me()).json.session.auth_time) < 60000);
  });
  assert.ok(warned('auth_time'), 'the operator is told');
  for (const kind of ['oidc', 'entra', 'google']) {
    const more = kind === 'entra' ? { kind, issuer: idp.url, entra_tenant_id: '11111111-2222-3333-4444-555555555555' } : { kind };
    await withIssuer({ base: kind === 'entra' ? '/11111111-2222-3333-4444-555555555555/v2.0' : `/${kind}` }, async (name) => {
      const one = { sub: 'fresh', email: mine.email, email_verified: true, hd: domain, ver: '2.0', tid: '11111111-2222-3333-4444-555555555555', oid: '21111111-2222-3333-4444-555555555555', xms_edov: true };
      for (const [auth_time, code] of [[undefined, 'not_fresh'], [null, 'not_fresh'], [0, 'not_fresh'], [now() - 400, 'not_fresh'], [now(), '']])
        assert.equal(outcome(await signIn(idp, mine.tenant, name, { ...one, auth_time }, { prompt: 'login' })), code, `${kind}: ${auth_time}`);
    }, admin, { ...more, issuer: more.issuer ?? `${idp.url}/${kind}` });
  }
  assert.ok(warned('optional claim auth_time'), 'and what to switch on in Entra');
});

test('groups and roles are those of one document, the same at the first sign-in and at the second', async () => {
  const rows = [ // token, UserInfo, roles
    [{ groups: ['v'] }, { roles: ['a'] }, ['viewer']], [{ roles: ['v'] }, { groups: ['a'] }, ['viewer']],
    [{}, { groups: ['v'], roles: ['a'] }, ['viewer', 'analyst']], [{ groups: ['v'], roles: ['a'] }, {}, ['viewer', 'analyst']],
    [{ groups: null, roles: ['v'] }, { groups: ['a'], roles: ['a'] }, ['viewer']], [{ groups: 5 }, { roles: ['a'] }, ['analyst']],
  ];
  let n = 0;
  await withProvider({ auto_provision: true, role_map: { v: 'viewer', a: 'analyst' } }, async (name) => {
    for (const [token, info, roles] of rows) {
      const sub = `split ${++n}`;
      idp.userinfo = () => ({ sub, email: `split${n}@${domain}`, email_verified: true, name: 'S', ...info });
      for (const time of ['first', 'second'])
        assert.deepEqual(await me(await signIn(idp, mine.tenant, name, { sub, ...token })).then((w) => w.user.roles), roles, `${JSON.stringify([token, info])}, ${time}`);
    }
  });
});

test('groups behind a scope of their own are asked for, where the provider offers it or it is set', async () => {
  const dex = await startProvider(people, 'edited', clientSecret, { config: {
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] }, scopes: ['openid', 'email', 'profile', 'groups', 'offline_access'] } });
  const keycloak = await startProvider(people, 'edited', clientSecret, { config: {
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], 'urn:x:member_of': ['groups'] }, scopes: ['openid', 'email', 'profile', 'urn:x:member_of'] } });
  try {
    for (const [login, issuer, more, scope] of [['bob', dex.issuer, { role_map: { staff: 'analyst' } }, 'openid email profile groups'], ['ada', dex.issuer, { role_map: { '*': 'viewer' } }, 'openid email profile'],
      ['eve', keycloak.issuer, { role_map: { staff: 'analyst' }, scopes: ['urn:x:member_of', 'email'] }, 'openid email profile urn:x:member_of']])
      await edited({ issuer, auto_provision: true, ...more }, async () => {
        const b = new Browser(mine.tenant), roles = await come(login, null, {}, b);
        assert.equal(b.asked, scope);
        assert.deepEqual(roles, login === 'ada' ? ['admin'] : ['analyst'], scope);
      });
  } finally {
    await Promise.all([dex.stop(), keycloak.stop()]);
  }
});

test('no request here was an internal error', async () => {
  assert.deepEqual(log.lines().filter((l) => l['http.response.status_code'] === 500 || l['error.code'] === 'internal'), []);
});
