// Sign-in at a directory as Entra ID's documentation describes it: people in hundreds of groups, guests, people without an address; Graph that answers and that does not.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { Entra } from '../lib/entra.mjs';
import { Log } from '../lib/env.mjs';
import { begin, me, newProvider, outcome, signIn } from '../lib/idp.mjs';
import { bearer, newTenant, sql } from '../lib/people.mjs';

const mine = newTenant(), domain = `${mine.tenant}.example`, analysts = crypto.randomUUID();
const crowd = Array.from({ length: 500 }, () => crypto.randomUUID());
let entra, admin, log, schema, people = 0;

// At a tenant of its own, which is paused for it, while the others go on.
let silence;
async function signInBySilentGraph() {
  const who = newTenant(), directory = await new Entra().start(), one = employee({ upn: `e@${who.tenant}.example` });
  try {
    await newProvider(await bearer(who), rules({ issuer: directory.url, entra_tenant_id: directory.tid, group_lookup: true }));
    assert.equal(outcome(await signIn(directory, who.tenant, 'ms', one)), '');
    directory.graph = () => true;
    const begun = Date.now(), answer = await signIn(directory, who.tenant, 'ms', { ...one, groups: many(analysts) });
    return { answer, took: Date.now() - begun, seen: directory.seen.graph };
  } finally {
    await directory.stop();
  }
}

before(async () => {
  entra = await new Entra().start();
  admin = await bearer(mine);
  log = new Log();
  schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${mine.tenant}'`);
  silence = signInBySilentGraph();
});
after(() => entra.stop());

const rules = (more = {}) => ({ name: 'ms', kind: 'entra', issuer: entra.url, entra_tenant_id: entra.tid, client_id: entra.clientId, client_secret: entra.secret,
  auto_provision: true, role_map: { [analysts]: 'analyst', 'App.Viewer': 'viewer' }, ...more });
async function withProvider(more, f) {
  const made = await newProvider(admin, rules(more)), change = (body) => admin('PUT', `/api/identity-providers/${made.id}`, { body });
  try {
    return await f(change);
  } finally {
    Object.assign(entra, { graph: null, consented: true });
    assert.equal((await admin('DELETE', `/api/identity-providers/${made.id}`)).status, 204);
  }
}
const employee = (more = {}) => ({ oid: crypto.randomUUID(), upn: `e${++people}@${domain}`, name: `Employee ${people}`, groups: [analysts], ...more });
const many = (...more) => [...crowd, ...more];
function come(who) {
  entra.seen.graph = entra.seen.userinfo = 0;
  return signIn(entra, mine.tenant, 'ms', who);
}
const rolesOf = async (answer) => { assert.equal(outcome(answer), ''); return (await me(answer)).user.roles; };
const detailsOf = (id, action = 'session.start') => JSON.parse(log.lines().find((l) => l['event.action'] === action && l['http.request.id'] === id)?.['bsx.details'] ?? '{}');
const aged = (days) => sql(`UPDATE ${schema}.user_identities SET unasked_since = unasked_since - INTERVAL ${days} DAY`);

test('the right to read groups is asked for where they are to be asked for, and nowhere else', async () => {
  for (const [group_lookup, scope] of [[true, 'openid email profile User.Read'], [false, 'openid email profile']])
    await withProvider({ group_lookup }, async () => assert.equal(new URL((await begin(mine.tenant, 'ms')).location).searchParams.get('scope'), scope));
});

test('people who are in 500 groups sign in, and have the roles that all of them give', async () => {
  await withProvider({ group_lookup: true }, async () => {
    const one = employee({ groups: many(analysts) });
    assert.deepEqual(await rolesOf(await come(one)), ['analyst'], 'a new person');
    assert.equal(entra.seen.graph, 1);
    assert.deepEqual(await rolesOf(await come(one)), ['analyst'], 'a known one');
    assert.deepEqual(await rolesOf(await come({ ...one, roles: ['App.Viewer'] })), ['analyst', 'viewer'], 'with an application role beside it');
    assert.equal(outcome(await come({ ...one, groups: many() })), 'no_role', 'who has left the group has left it');
    assert.deepEqual(await rolesOf(await come({ ...one, groups: [analysts] })), ['analyst'], 'few groups again');
    assert.equal(entra.seen.graph, 0, 'nothing is asked that the token tells');
    assert.equal(entra.seen.userinfo, 0);
    for (const says of [{ hasgroups: true }, { 'groups:src1': 'https://graph.example/' }, { _claim_names: { groups: 'src1' } }])
      assert.deepEqual(await rolesOf(await come({ ...one, ...says, groups: undefined, roles: ['App.Viewer'] })), ['analyst', 'viewer'],
        'Graph says nothing that can be used then: what the token tells counts, and what was stays');
  });
});

test('where Graph is not to be asked, application roles decide and stored roles stay; nobody is refused for being in many groups', async () => {
  await withProvider({}, async (change) => {
    const one = employee(), over = { ...one, groups: many(analysts) };
    assert.deepEqual(await rolesOf(await come(one)), ['analyst']);
    const kept = await come(over);
    assert.deepEqual(await rolesOf(kept), ['analyst']);
    assert.equal(detailsOf(kept.id).roles, 'kept');
    assert.equal(entra.seen.graph, 0);
    assert.deepEqual(await rolesOf(await come({ ...over, roles: ['App.Viewer'] })), ['analyst', 'viewer']);
    assert.deepEqual(await rolesOf(await come({ ...over, groups: many() })), ['analyst', 'viewer'], 'also of somebody who has left: nobody says so');
    aged(6);
    assert.deepEqual(await rolesOf(await come({ ...over, groups: many(), roles: ['App.Viewer'] })), ['analyst', 'viewer'], 'for a week');
    aged(2);
    assert.deepEqual(await rolesOf(await come({ ...over, groups: many(), roles: ['App.Viewer'] })), ['viewer'], 'and then what is told decides');
    assert.deepEqual(await rolesOf(await come(one)), ['analyst'], 'few groups again');
    assert.deepEqual(await rolesOf(await come(employee({ groups: many(analysts), roles: ['App.Viewer'] }))), ['viewer'], 'a new person has what is told');
    assert.equal(outcome(await come(employee({ groups: many(analysts) }))), 'group_overage', 'and no account for nothing');
    await change({ absent_roles: 'remove' });
    assert.deepEqual(await rolesOf(await come({ ...over, roles: ['App.Viewer'] })), ['viewer'], 'by setting, what is not told is not had');
    assert.equal(outcome(await come(over)), 'group_overage');
  });
});

const json = (a, status, value, headers = {}) => { a.writeHead(status, { 'Content-Type': 'application/json', ...headers }); a.end(JSON.stringify(value)); return true; };
const outages = [ // what, how Graph behaves
  ['cut short', (q, a) => { a.destroy(); return true; }],
  ['HTTP 403, "Authorization_RequestDenied"', () => { entra.consented = false; return false; }],
  ['HTTP 401', (q, a) => json(a, 401, { error: { code: 'InvalidAuthenticationToken' } })],
  ['HTTP 429, "Throttling guidance"', (q, a) => json(a, 429, { error: { code: 'TooManyRequests' } }, { 'Retry-After': '10' })],
  ['HTTP 503', (q, a) => json(a, 503, {}, { 'Retry-After': '120' })],
  ['HTTP 400, "Directory_ResultSizeLimitExceeded"', (q, a) => json(a, 400, { error: { code: 'Directory_ResultSizeLimitExceeded' } })],
  ['a redirect', (q, a) => json(a, 302, {}, { Location: `${entra.url}/keys` })],
  ['HTML', (q, a) => { a.end('<html>Sign in to your network'); return true; }],
  ['a part of the list', (q, a) => json(a, 200, { value: [analysts], '@odata.nextLink': `${entra.url}/next` })],
  ['objects', (q, a) => json(a, 200, { value: [{ id: analysts }] })],
  ['one text', (q, a) => json(a, 200, { value: analysts })],
  ['too much', (q, a) => json(a, 200, { value: Array(20000).fill(analysts) })],
];

test('with Graph away everybody signs in; nobody gains by it, and nobody keeps by it for ever what they have lost', async () => {
  await withProvider({ group_lookup: true, absent_roles: 'remove' }, async () => {
    let rows = 0;
    for (const [what, graph] of outages) {
      const member = employee(), viewer = employee({ groups: many(analysts), roles: ['App.Viewer'] });
      assert.deepEqual(await rolesOf(await come(member)), ['analyst'], what);
      entra.graph = graph;
      const away = await come({ ...member, groups: many() });
      assert.deepEqual(await rolesOf(away), ['analyst'], `${what}: stays`);
      assert.deepEqual([detailsOf(away.id).unasked, detailsOf(away.id).roles], ['graph', 'kept'], what);
      assert.deepEqual(await rolesOf(await come(viewer)), ['viewer'], `${what}: the application's role counts, the group's is not gained`);
      assert.equal(outcome(await come(employee({ groups: many(analysts) }))), 'oidc_unavailable', `${what}: no account for nothing`);
      aged(6);
      assert.deepEqual(await rolesOf(await come({ ...member, groups: many() })), ['analyst'], `${what}: for a week`);
      aged(2);
      assert.equal(outcome(await come({ ...member, groups: many() })), 'oidc_unavailable', `${what}: and no longer`);
      Object.assign(entra, { graph: null, consented: true });
      assert.equal(outcome(await come({ ...member, groups: many() })), 'no_role', `${what}: Graph is back, and says that it has left`);
      assert.deepEqual(await rolesOf(await come({ ...member, groups: many(analysts) })), ['analyst'], `${what}: or that it has not`);
      entra.graph = graph;
      assert.deepEqual(await rolesOf(await come({ ...member, groups: many() })), ['analyst'], `${what}: the week begins anew`);
      Object.assign(entra, { graph: null, consented: true });
      rows++;
    }
    assert.equal(rows, outages.length);
    assert.doesNotMatch(log.text(), new RegExp([...entra.access.keys()].join('|')), 'no access token is in the log');
  });
});

test('a Graph that does not answer costs a sign-in some seconds, and not the sign-in', async () => {
  const { answer, took, seen } = await silence;
  assert.deepEqual(await rolesOf(answer), ['analyst']);
  assert.equal(seen, 1);
  assert.ok(took >= 4000 && took < 9000, `${took} ms`);
});

// "OpenID Connect on the Microsoft identity platform", successful response: `scope` is that of the access token, and may have others that were granted before.
const answers = ['openid profile email User.Read', 'email openid profile https://graph.microsoft.com/User.Read', 'https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read', 'user.read', undefined];

test('who takes the right to read groups out of the question keeps nothing by it; what Entra grants by any of its names is granted', async () => {
  await withProvider({ group_lookup: true }, async () => {
    for (const scope of [...answers, 'openid profile email', 'https://graph.microsoft.com/User.ReadBasic.All']) {
      const one = employee(), go = (groups) => signIn(entra, mine.tenant, 'ms', { ...one, groups }, {}, { scope });
      assert.deepEqual(await rolesOf(await go([analysts])), ['analyst'], scope);
      entra.consented = answers.includes(scope);
      assert.equal(outcome(await go(many())), entra.consented ? 'no_role' : 'scope_withheld', scope);
      entra.consented = true;
    }
  });
  await withProvider({}, async () => {
    const one = employee(), go = (groups) => signIn(entra, mine.tenant, 'ms', { ...one, groups }, {}, { scope: 'https://graph.microsoft.com/User.Read' });
    assert.deepEqual(await rolesOf(await go([analysts])), ['analyst']);
    assert.deepEqual(await rolesOf(await go(many())), ['analyst'], 'openid, email and profile need not be in it');
  });
});

test('guests and people without an address come as the directory tells them', async () => {
  await withProvider({ allowed_domains: [] }, async () => {
    const home = crypto.randomUUID(), cases = [
      ['B2B: a guest has the address of home, by default', employee({ home, email: 'guest@partner.example', upn: 'guest@partner.example' }), ''],
      ['... or the directory\'s own form of it, which is an address by its form', employee({ home, upn: `guest_partner.example#EXT#@${domain}` }), ''],
      ['no email: preferred_username', employee(), ''],
      ['a preferred_username that is no address', employee({ upn: '+49 170 1234567' }), 'not_linked'],
      ['none of both', employee({ upn: undefined }), 'not_linked'],
    ];
    for (const [document, who, code] of cases)
      assert.equal(outcome(await come(who)), code, document);
    // as a member of their own directory the same person is somebody else, and does not come in
    assert.equal(outcome(await come(employee({ tid: home }))), 'oidc_failed');
  });
  await withProvider({ allowed_domains: [domain] }, async () => {
    assert.equal(outcome(await come(employee({ home: crypto.randomUUID(), email: 'guest@partner.example' }))), 'not_linked', 'of another domain than is trusted');
    const admins = employee({ home: crypto.randomUUID(), email: mine.email, upn: mine.email });
    assert.equal(outcome(await come(admins)), 'not_linked', 'with the address of a user here, which is only claimed');
    assert.equal(outcome(await come({ ...admins, xms_edov: true })), '', 'and whose domain\'s owner the directory has verified');
  });
});

test('application roles that are taken away are not sent any more: they stay for a week unless it is said otherwise', async () => {
  for (const [absent_roles, expected] of [['keep', ['viewer']], ['remove', 'no_role']])
    await withProvider({ absent_roles }, async () => {
      const one = employee({ groups: undefined, roles: ['App.Viewer'] });
      assert.deepEqual(await rolesOf(await come(one)), ['viewer']);
      const after = await come({ ...one, roles: [] });
      assert.deepEqual(outcome(after) || (await me(after)).user.roles, expected);
      aged(8);
      assert.equal(outcome(await come({ ...one, roles: [] })), 'no_role', absent_roles);
    });
});

test('no request here was an internal error', async () => {
  const errors = log.lines().filter((l) => l['http.response.status_code'] === 500 || l['error.code'] === 'internal');
  assert.deepEqual(errors, []);
});
