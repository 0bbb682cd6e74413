// An answer of one provider that another brings to us in its own name (RFC 9700 section 4.4): the providers of two
// tenants may have the same name, and one of the tenants an issuer that is hostile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { sql } from '../lib/env.mjs';
import { addressOf, begin, comeBack, Idp, newProvider, outcome } from '../lib/idp.mjs';
import { bearer, newTenant } from '../lib/people.mjs';

// A row from before providers had addresses of their own.
const makeOld = (who, p) => sql(`UPDATE ${sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${who.tenant}'`)}.identity_providers
  SET own_address = 0 WHERE id = UNHEX('${p.id.replaceAll('-', '')}')`);

// The real provider and the hostile one, each of a tenant with a provider `corp`; what the hostile one was handed.
async function world(t) {
  const real = await new Idp().start(), evil = await new Idp().start(), theirs = newTenant(), ours = newTenant(), taken = [];
  t.after(() => Promise.all([real.stop(), evil.stop()]));
  evil.answer = (q, a, kind) => {
    if (kind !== 'token')
      return false;
    let text = '';
    q.on('data', (d) => { text += d; }).on('end', () => { taken.push(new URLSearchParams(text).get('code')); a.writeHead(400).end('{}'); });
    return true;
  };
  const make = (admin, issuer, more) => newProvider(admin, { name: 'corp', kind: 'oidc', issuer, client_id: real.clientId, client_secret: real.secret, ...more });
  const admin = await bearer(ours), hostile = await bearer(theirs);
  return { real, evil, ours, theirs, taken, admin, hostile, good: await make(admin, real.issuer, { allowed_domains: [`${ours.tenant}.example`] }),
    bad: await make(hostile, evil.issuer) };
}
const person = (w) => ({ sub: 'ada', email: w.ours.email, email_verified: true });

// The attacker has begun a sign-in of their own at the good provider. The victim begins at the hostile one, which sends
// the browser on to the good one with the attacker's challenge and nonce; it goes back where the good one is registered.
async function mixUp(w) {
  const mine = await begin(w.ours.tenant, 'corp'), victim = await begin(w.theirs.tenant, 'corp');
  const code = w.real.grant(mine.location, person(w));
  const lured = await call('GET', `${addressOf(mine.location)}?${new URLSearchParams({ code, state: victim.state })}`, { headers: { Cookie: victim.cookie } });
  return { lured: outcome(lured), mine };
}

for (const [good, bad] of [[false, false], [false, true], [true, false]])
  test(`a code does not reach another provider of the same name: ${good ? 'an old row' : 'a new row'}, and ${bad ? 'an old' : 'a new'} hostile one`, async (t) => {
    const w = await world(t);
    good && makeOld(w.ours, w.good);
    bad && makeOld(w.theirs, w.bad);
    assert.equal((await mixUp(w)).lured, 'oidc_state');
    assert.deepEqual(w.taken, [], 'the hostile token endpoint was given nothing');
    const flow = await begin(w.ours.tenant, 'corp');
    assert.equal(outcome(await comeBack('corp', { code: w.real.grant(flow.location, person(w)), state: flow.state }, flow.cookie)), '', 'who it is for is signed in');
  });

test('an old row takes an address of its own when it is told to, or told another issuer, and never gives it back', async (t) => {
  const w = await world(t), path = `/api/identity-providers/${w.good.id}`, get = async () => (await w.admin('GET', path)).json;
  makeOld(w.ours, w.good);
  makeOld(w.theirs, w.bad);
  assert.equal((await get()).redirect_uri, w.good.redirect_uri.replace(`/${w.good.id}`, ''));
  assert.equal((await w.admin('PUT', path, { body: { own_address: false } })).json.own_address, false);
  const put = await w.admin('PUT', path, { body: { own_address: true } });
  assert.equal(put.status, 200, put.text);
  assert.equal(put.json.redirect_uri, w.good.redirect_uri);
  assert.equal((await mixUp(w)).lured, 'oidc_state');
  assert.deepEqual(w.taken, []);
  const back = await w.admin('PUT', path, { body: { own_address: false } });
  assert.equal(back.status, 422, back.text);
  assert.equal((await get()).own_address, true);
  const moved = await w.hostile('PUT', `/api/identity-providers/${w.bad.id}`, { body: { issuer: `${w.evil.issuer}/other`, client_secret: null } });
  assert.equal(moved.json.own_address, true, moved.text);
});

test('only the address with its own number ends what a provider has begun', async (t) => {
  const w = await world(t), other = await newProvider(w.admin, { name: 'second', kind: 'oidc', issuer: w.real.issuer, client_id: w.real.clientId, client_secret: w.real.secret });
  for (const [name, number] of [['corp', w.bad.id], ['corp', other.id], ['second', w.good.id], ['corp', null], ['corp', '00000000-0000-0000-0000-000000000000']]) {
    const flow = await begin(w.ours.tenant, 'corp');
    const query = new URLSearchParams({ code: w.real.grant(flow.location, person(w)), state: flow.state });
    const a = await call('GET', `/api/auth/oidc/${name}/callback${number ? `/${number}` : ''}?${query}`, { headers: { Cookie: flow.cookie } });
    assert.equal(outcome(a), 'oidc_state', `${name} ${number}`);
  }
});
