// What providers say of people in the shapes in which they say it, from the ID token and from UserInfo; one row for each, which names its document.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { Log } from '../lib/env.mjs';
import { Idp, makeKey, me, newProvider, now, outcome, signIn } from '../lib/idp.mjs';
import { bearer, newTenant } from '../lib/people.mjs';

const mine = newTenant(), domain = `${mine.tenant}.example`;
let idp, admin, log, people = 0;

before(async () => {
  idp = await new Idp().start();
  idp.userinfo = () => ({}); // there is such an endpoint from the first description on
  admin = await bearer(mine);
  log = new Log();
});
after(() => idp.stop());

const rules = (more = {}) => ({ name: 'corp', kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret, allowed_domains: [domain],
  auto_provision: true, role_map: { a: 'analyst', v: 'viewer' }, ...more });
async function withProvider(more, f) {
  const made = await newProvider(admin, rules(more)), change = (body) => admin('PUT', `/api/identity-providers/${made.id}`, { body });
  try {
    return await f(change);
  } finally {
    assert.equal((await admin('DELETE', `/api/identity-providers/${made.id}`)).status, 204);
  }
}
const person = (more = {}) => ({ sub: crypto.randomUUID(), email: `p${++people}@${domain}`, email_verified: true, name: `Person ${people}`, ...more });
// The person comes back with these claims in the token, these of UserInfo, and this beside them in the token endpoint's answer.
function come(token, userinfo, answer = {}) {
  idp.seen.userinfo = 0;
  idp.userinfo = typeof userinfo === 'function' ? userinfo : () => ({ sub: token.sub, ...userinfo });
  return signIn(idp, mine.tenant, 'corp', token, {}, answer);
}
const detailsOf = (id, action = 'session.fail') => JSON.parse(log.lines().find((l) => l['event.action'] === action && l['http.request.id'] === id)?.['bsx.details'] ?? '{}');
const rolesOf = async (answer) => { assert.equal(outcome(answer), ''); return (await me(answer)).user.roles; };

// ---- shapes -----------------------------------------------------------------------------------

const zitadel = 'urn:zitadel:iam:org:project:roles';
const shapes = [ // document, names of claims, claims, roles of a new person
  ['Okta, groups claim: a list', {}, { groups: ['a'] }, ['analyst']],
  ['PingFederate, single-valued attributes: a text', {}, { groups: 'a' }, ['analyst']],
  ['Entra, application roles: both count', {}, { groups: ['a'], roles: ['v'] }, ['analyst', 'viewer']],
  ['Authentik, scope mappings: other things between', {}, { groups: [1, null, 'v', { name: 'a' }] }, ['viewer']],
  ['Keycloak, realm roles', { roles: 'realm_access.roles' }, { realm_access: { roles: ['offline_access', 'a'] } }, ['analyst']],
  ['Keycloak, roles of a client', { roles: '/resource_access/bsx.example.org/roles' }, { resource_access: { 'bsx.example.org': { roles: ['v'] } } }, ['viewer']],
  ['Cognito, cognito:groups', { groups: 'cognito:groups' }, { 'cognito:groups': ['a'] }, ['analyst']],
  ['Auth0, namespaced claims', { roles: 'https://example.com/roles' }, { 'https://example.com/roles': ['v'] }, ['viewer']],
  ['Zitadel, project roles: an object', { roles: zitadel }, { [zitadel]: { a: { 1: 'a.example' }, v: {} } }, ['analyst']],
  ['Google Cloud Identity Platform, custom claims: a path', { groups: 'firebase.sign_in_attributes.groups' }, { firebase: { sign_in_attributes: { groups: ['a'] } } }, ['analyst']],
  ['an empty list', {}, { groups: [] }, 'no_role'],
  ['OpenID Connect Core 5.3.2: null', {}, { groups: null }, 'no_role'],
  ['another name is meant', { groups: 'teams' }, { groups: ['a'] }, 'no_role'],
];

test('groups and roles come in every shape, from the token and from UserInfo, which is asked when the token has none', async () => {
  await withProvider({}, async (change) => {
    let rows = 0;
    for (const [document, claims, said, roles] of shapes) {
      assert.equal((await change({ claims })).status, 200, document);
      for (const [where, token, userinfo] of [['the token', said, {}], ['UserInfo', {}, said], ['both', said, said]]) {
        const a = await come(person(token), userinfo), told = where !== 'UserInfo' && !['null', 'another'].some((w) => document.includes(w));
        if (typeof roles === 'string')
          assert.equal(outcome(a), roles, `${document}, ${where}`);
        else
          assert.deepEqual(await rolesOf(a), roles, `${document}, ${where}`);
        assert.equal(idp.seen.userinfo, told ? 0 : 1, `${document}, ${where}: asked`);
        rows++;
      }
    }
    assert.equal(rows, 3 * shapes.length);
  });
});

// ---- addresses --------------------------------------------------------------------------------

const none = { email: undefined, email_verified: undefined, name: undefined }, some = `some@${domain}`;
const addresses = [ // document, of the token, of UserInfo, outcome, with assume_email_verified
  ['Authelia, default: all of it in UserInfo', none, { email: some, email_verified: true, name: 'Ada' }, '', ''],
  ['GitLab: the address in the token, the word in UserInfo', { email: some, email_verified: undefined }, { email: some, email_verified: true }, '', ''],
  ['Cognito: the word as a text', { email: some, email_verified: 'true' }, {}, '', ''],
  ['not verified', { email: some, email_verified: false }, {}, 'not_linked', 'not_linked'],
  ['not verified, by UserInfo', { email: some, email_verified: undefined }, { email: some, email_verified: false }, 'not_linked', 'not_linked'],
  ['AD FS and others: never said', { email: some, email_verified: undefined }, { email: some }, 'not_linked', ''],
  ['never said, in another domain', { email: 'some@elsewhere.example', email_verified: undefined }, {}, 'not_linked', 'not_linked'],
  ['the word is of another address', { email: some, email_verified: undefined }, { email: `other@${domain}`, email_verified: true }, 'not_linked', 'not_linked'],
  ['no address', none, {}, 'not_linked', 'not_linked'],
  ['UserInfo of somebody else', none, { sub: 'other', email: some, email_verified: true }, 'not_linked', 'not_linked'],
  ['UserInfo of nobody', none, { sub: undefined, email: some, email_verified: true }, 'not_linked', 'not_linked'],
];

test('an address is believed by the word that goes with it, wherever that stands; where it never is said, by setting', async () => {
  await withProvider({}, async (change) => {
    for (const [column, assume] of [[3, false], [4, true]]) {
      assert.equal((await change({ assume_email_verified: assume })).status, 200);
      for (const row of addresses) {
        const own = ({ email, ...rest }) => ({ ...rest, email: email?.replace('some@', `some${people}@`) });
        const token = { ...person({ groups: ['a'] }), ...row[1] };
        assert.equal(outcome(await come(own(token), own(row[2]))), row[column], `${row[0]}, assume ${assume}`);
      }
    }
  });
});

// ---- UserInfo that is not there ---------------------------------------------------------------

const signed = (claims, key = idp.keys[0]) => idp.sign({ iss: idp.issuer, aud: idp.clientId, ...claims }, key);
const failures = [ // what, answer of the endpoint; each has the address and the groups that would let the person in
  ['HTTP 401', (a) => { a.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }); a.end(); }],
  ['HTTP 403', (a) => { a.writeHead(403); a.end('{}'); }],
  ['HTTP 500', (a) => { a.writeHead(500); a.end(); }],
  ['a redirect', (a) => { a.writeHead(302, { Location: `${idp.url}/keys` }); a.end(); }],
  ['cut short', (a) => a.destroy()],
  ['no JSON', (a) => a.end('<html>')],
  ['no object', (a) => a.end('["a"]')],
  ['too much', (a, c) => a.end(JSON.stringify({ ...c, more: 'x'.repeat(70000) }))],
  ['members twice', (a, c) => a.end(JSON.stringify(c).replace('{', `{"sub":"${c.sub}",`))],
  ['another sub', (a, c) => a.end(JSON.stringify({ ...c, sub: `${c.sub} ` }))],
  ['signed by another key', async (a, c) => a.end(await signed(c, await makeKey('RS256', { kid: idp.keys[0].kid })))],
  ['signed for somebody else', async (a, c) => a.end(await signed({ ...c, aud: 'other' }))],
  ['signed by another issuer', async (a, c) => a.end(await signed({ ...c, iss: 'https://evil.example' }))],
  ['signed, of somebody else', async (a, c) => a.end(await signed({ ...c, sub: 'other' }))],
  ['signed, expired', async (a, c) => a.end(await signed({ ...c, exp: now() - 100 }))],
  ['not signed after all', (a, c) => a.end(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(c)).toString('base64url')}.`)],
];

test('an answer of UserInfo that cannot be used lets nobody in, takes nothing away, and is told to the operator', async () => {
  await withProvider({ assume_email_verified: true }, async () => {
    const known = person({ groups: ['a'] });
    assert.deepEqual(await rolesOf(await come(known, {})), ['analyst']);
    try {
      for (const [what, answer] of failures) {
        const full = person({ groups: ['v'] }), { sub, email } = full;
        const fails = (claims) => (q, a, kind) => kind === 'userinfo' && (answer(a, claims), true);
        idp.answer = fails(full);
        const fresh = await come({ sub, email }, {}); // the address alone would count by assumption, were UserInfo not to be asked
        assert.equal(outcome(fresh), 'not_linked', what);
        assert.equal(detailsOf(fresh.id).unasked, 'userinfo', what);
        idp.answer = fails({ ...known, groups: ['v'] });
        const again = await come({ ...known, groups: undefined }, {});
        assert.deepEqual(await rolesOf(again), ['analyst'], `${what}: roles stay, and none is gained`);
        assert.deepEqual([detailsOf(again.id, 'session.start').unasked, detailsOf(again.id, 'session.start').roles], ['userinfo', 'kept'], what);
      }
    } finally {
      idp.answer = null;
    }
    assert.ok(log.lines().some((l) => l.message === 'an identity provider was asked in vain'));
    assert.doesNotMatch(log.text(), new RegExp([...idp.access.keys()].join('|')), 'no access token is in the log');
  });
});

test('a provider of 0.6 s a request is no slow one, however much one sign-in asks', async () => {
  const slow = newTenant(), lazy = await new Idp().start(), one = { sub: 'lazy', email: slow.email, email_verified: undefined };
  try {
    lazy.userinfo = () => ({ sub: one.sub, email: one.email, email_verified: true });
    await newProvider(await bearer(slow), rules({ issuer: lazy.issuer, allowed_domains: [`${slow.tenant}.example`], auto_provision: false, role_map: {} }));
    lazy.answer = (q, a, kind) => { // 0.6 s at each of both: neither is too slow by itself
      const late = (kind === 'token' || kind === 'userinfo') && !q.late;
      if (late)
        setTimeout(() => { q.late = true; lazy.server.emit('request', q, a); }, 600);
      return late;
    };
    assert.equal(outcome(await signIn(lazy, slow.tenant, 'corp', one)), '');
    assert.deepEqual([lazy.seen.token, lazy.seen.userinfo], [2, 2], 'each was asked once, and put off once');
    assert.equal(outcome(await signIn(lazy, slow.tenant, 'corp', one)), '');
  } finally {
    await lazy.stop();
  }
});

test('an address where nobody may be asked is not asked, and one that is none is no endpoint', async () => {
  const other = await new Idp().start();
  try {
    for (const [userinfo_endpoint, unasked] of [['http://169.254.169.254/latest/meta-data', 'userinfo'], ['http://[::ffff:10.0.0.1]/', 'userinfo'],
      ['http://user:pw@127.0.0.1/', 'userinfo'], ['file:///etc/passwd', undefined], ['//127.0.0.1/u', undefined], ['', undefined], [null, undefined], [['http://127.0.0.1/'], undefined]]) {
      other.discovery = (d) => ({ ...d, userinfo_endpoint });
      other.base += '/x'; // another issuer, whose description is not known yet
      await withProvider({ issuer: other.issuer }, async () => {
        const a = await signIn(other, mine.tenant, 'corp', { sub: 'somebody' });
        assert.equal(outcome(a), 'not_linked', userinfo_endpoint);
        assert.equal(detailsOf(a.id).unasked, unasked, userinfo_endpoint);
        assert.equal(outcome(await signIn(other, mine.tenant, 'corp', person({ groups: ['a'] }))), '', 'who needs nothing of it signs in');
      });
    }
  } finally {
    await other.stop();
  }
});

test('a user who is disabled while UserInfo is asked gets no session', async () => {
  await withProvider({}, async () => {
    const one = person({ groups: ['a'] }), first = await come(one, {});
    const { user } = await me(first);
    const a = await come({ ...one, groups: undefined }, async () => {
      const put = await admin('PUT', `/api/users/${user.id}`, { body: { status: 'disabled' } });
      assert.equal(put.status, 200, put.text);
      return { sub: one.sub, groups: ['a'] };
    });
    assert.equal(outcome(a), 'not_allowed');
    assert.equal(detailsOf(a.id).reason, 'user_not_active');
  });
});

test('by a provider that is removed or changed while it is asked nobody signs in, is linked or gets an account', async () => {
  const users = async () => (await admin('GET', '/api/users?limit=200')).json.items.length;
  const changes = [['removed', 'DELETE'], ['no more trusted', 'PUT', { allowed_domains: [], auto_provision: false }], ['maps otherwise', 'PUT', { role_map: { a: 'viewer' } }], ['renamed', 'PUT', { name: 'other' }]];
  const linked = { sub: 'one more', email: `linked@${domain}` };
  assert.equal((await admin('POST', '/api/users', { body: { email: linked.email, display_name: 'Linked', password: 'long enough, and nobody knows it', roles: ['viewer'] } })).status, 201);
  for (const [what, method, body] of changes)
    for (const who of ['a known person', 'a known person with other groups', 'a new one', 'a user']) {
      const made = await newProvider(admin, rules()), one = who === 'a user' ? linked : person();
      if (who.startsWith('a known'))
        assert.equal(outcome(await come({ ...one, groups: ['a'] }, {})), '');
      const count = await users();
      const a = await come({ sub: one.sub }, async () => {
        assert.ok((await admin(method, `/api/identity-providers/${made.id}`, { body })).status < 300);
        return { sub: one.sub, email: one.email, email_verified: true, groups: who.includes('other') ? ['v'] : ['a'] };
      });
      assert.equal(outcome(a), 'oidc_state', `${what}, ${who}`);
      assert.equal(detailsOf(a.id).reason, 'state');
      assert.equal(await users(), count, `${what}, ${who}`);
      await admin('DELETE', `/api/identity-providers/${made.id}`);
    }
});

test('a role that is taken away while UserInfo is asked in vain does not stay', async () => {
  await withProvider({}, async () => {
    const one = person({ groups: ['a'] }), { user } = await me(await come(one, {}));
    const a = await come({ ...one, groups: undefined }, async () => {
      const put = await admin('PUT', `/api/users/${user.id}`, { body: { roles: ['viewer'] } });
      assert.equal(put.status, 200, put.text);
      return { sub: 'other' };
    });
    assert.deepEqual(await rolesOf(a), ['viewer']);
    assert.equal(detailsOf(a.id, 'session.start').roles, 'kept');
  });
});

test('a signed answer of UserInfo counts, and so does one that does not say from whom and for whom it is', async () => {
  await withProvider({}, async () => {
    for (const claims of [{}, { aud: ['x', idp.clientId] }, { exp: now() + 100 }, { iss: undefined, aud: undefined }]) {
      const { sub, ...rest } = person({ groups: ['v'] });
      assert.deepEqual(await rolesOf(await come({ sub }, () => signed({ sub, ...rest, ...claims }))), ['viewer'], JSON.stringify(claims));
    }
  });
});

test('the access token is used where it is one, and is that of the ID token', async () => {
  const hash = (token) => crypto.createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
  const cases = [ // what, beside the ID token, at_hash, whether UserInfo is asked
    ['OAuth 2.0: the type is compared without case', { token_type: 'bearer' }, undefined, true],
    ['RFC 9449: DPoP', { token_type: 'DPoP' }, undefined, false],
    ['no type', { token_type: undefined }, undefined, false],
    ['none at all', { access_token: undefined }, undefined, false],
    ['not a text', { access_token: 7 }, undefined, false],
    ['with a line break', { access_token: 'a\r\nX-Evil: 1' }, undefined, false],
    ['too long for a header', { access_token: 'x'.repeat(16385) }, undefined, false],
    ['OpenID Connect Core 3.1.3.6: at_hash', {}, hash, true],
    ['another at_hash', {}, () => hash('other'), false],
    ['an at_hash that is no text', {}, () => 1, false],
    ['OpenID Connect Core 5.3.2: null is as left out', {}, () => null, true],
  ];
  await withProvider({}, async () => {
    for (const [what, answer, at_hash, asked] of cases) {
      const { sub, ...rest } = person({ groups: ['a'] });
      idp.token = (c, code) => idp.sign({ ...c, at_hash: at_hash?.([...idp.access].find(([, x]) => x === code)[0]) });
      const a = await come({ sub }, rest, answer);
      assert.equal(outcome(a), asked ? '' : 'not_linked', what);
      assert.equal(idp.seen.userinfo, asked ? 1 : 0, what);
      assert.equal(detailsOf(a.id).unasked, asked ? undefined : 'userinfo', what);
    }
    idp.token = null;
  });
});

test('an access token of the greatest length is used whole', async () => {
  const token = 'x'.repeat(16384);
  await withProvider({}, async () => {
    const { sub, ...rest } = person({ groups: ['a'] });
    let sent;
    idp.bearer = (q) => { sent = q.headers.authorization; return { claims: {} }; };
    try {
      assert.deepEqual(await rolesOf(await come({ sub }, { sub, ...rest }, { access_token: token })), ['analyst']);
    } finally {
      delete idp.bearer;
    }
    assert.equal(sent, `Bearer ${token}`);
  });
});

test('nobody is asked for what decides nothing', async () => {
  await withProvider({}, async () => {
    const full = person({ groups: ['a'] }), bare = { sub: full.sub };
    await come(full, {});
    assert.equal(idp.seen.userinfo, 0, 'all is in the token');
    await come({ ...bare, groups: ['a'] }, {});
    assert.equal(idp.seen.userinfo, 0, 'address and name of an account that is known');
    await come(bare, {});
    assert.equal(idp.seen.userinfo, 1, 'its groups');
  });
  await withProvider({ auto_provision: false }, async () => {
    const ada = { sub: 'ada', email: mine.email, email_verified: true };
    assert.equal(outcome(await come(ada, {})), '');
    assert.equal(idp.seen.userinfo, 0, 'nor for groups that map to nothing of a linked user');
    assert.equal(outcome(await come({ sub: 'ada' }, {})), '');
    assert.equal(idp.seen.userinfo, 0);
  });
});

// ---- claims that are not sent -----------------------------------------------------------------

test('a claim that is not sent strips no role unless that is said; one that is sent and empty does', async () => {
  for (const [rule, absent] of [['keep', ['analyst']], ['remove', 'no_role']])
    await withProvider({ absent_roles: rule }, async () => {
      const one = person({ groups: ['a'] });
      const cases = [[{ groups: ['a'] }, ['analyst']], [{}, absent], [{ groups: ['a'] }, ['analyst']], [{ groups: null }, absent], [{ groups: '' }, absent],
        [{ groups: ['v'] }, ['viewer']], [{ groups: ['a'] }, ['analyst']], [{ groups: [] }, 'no_role'], [{}, 'no_role'], [{ groups: 'v' }, ['viewer']]];
      for (const [said, roles] of cases) {
        const a = await come({ ...one, groups: undefined, ...said }, {});
        if (typeof roles === 'string')
          assert.equal(outcome(a), roles, `${rule}: ${JSON.stringify(said)}`);
        else
          assert.deepEqual(await rolesOf(a), roles, `${rule}: ${JSON.stringify(said)}`);
      }
    });
});

test('what everybody has is not lost and not gained by a claim that is not sent', async () => {
  await withProvider({ role_map: { '*': 'viewer', a: 'analyst' } }, async (change) => {
    const one = person({ groups: ['a'] }), bare = { ...one, groups: undefined };
    assert.deepEqual(await rolesOf(await come(one, {})), ['viewer', 'analyst']);
    assert.deepEqual(await rolesOf(await come(bare, {})), ['viewer', 'analyst']);
    await change({ role_map: { '*': 'admin' } }); // no group decides any more: the map is as it is, told or not
    assert.deepEqual(await rolesOf(await come(bare, {})), ['admin']);
    await change({ role_map: { '*': 'viewer' } });
    assert.deepEqual(await rolesOf(await come(bare, {})), ['viewer']);
  });
});

test('no request here was an internal error', async () => {
  const errors = log.lines().filter((l) => l['http.response.status_code'] === 500 || l['error.code'] === 'internal');
  assert.deepEqual(errors, []);
});
