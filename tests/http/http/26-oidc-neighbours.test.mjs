// What one tenant chooses as its provider costs other tenants nothing: neither their place in what is kept of
// providers, nor the workers that ask them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { Idp, begin, comeBack, comesAgain, newProvider, outcome, patient, signIn } from '../lib/idp.mjs';
import { bearer, newTenant } from '../lib/people.mjs';

const slow = new Idp(), fine = new Idp();
before(() => Promise.all([slow.start(), fine.start()]));
after(() => Promise.all([slow.stop(), fine.stop()]));

async function house(idp, more = {}) {
  const who = newTenant(), admin = await bearer(who), domain = `${who.tenant}.example`;
  const p = await newProvider(admin, { name: 'corp', kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret,
    allowed_domains: [domain], auto_provision: true, role_map: { v: 'viewer' }, ...more });
  const person = (sub) => ({ sub, email: `${sub}@${domain}`, email_verified: true, name: 'P', groups: ['v'] });
  return { tenant: who.tenant, admin, id: p.id, person };
}

// One answer of these kinds later than it would be.
const later = (ms, ...kinds) => (q, a, kind) => {
  if (!kinds.includes(kind) || q.late)
    return false;
  q.late = true;
  setTimeout(() => slow.server.emit('request', q, a), ms);
  return true;
};
const end = (idp, h, flow, sub) => comeBack('corp', { code: flow.code ??= idp.grant(flow.location, h.person(sub)), state: flow.state }, flow.cookie);
const start = (h) => call('GET', `/api/auth/oidc/corp/start?tenant=${h.tenant}`);

test('a tenant that names issuers without end has its own given away, and another gets in', async () => {
  const greedy = await house(slow), good = await house(fine);
  assert.equal(outcome(await signIn(fine, good.tenant, 'corp', good.person('a'))), '');
  const known = fine.seen.discovery;
  for (let i = 0; i < 140; i++) {
    assert.equal((await greedy.admin('PUT', `/api/identity-providers/${greedy.id}`, { body: { issuer: `${slow.url}/i${i}`, client_secret: slow.secret } })).status, 200);
    await start(greedy);
  }
  assert.equal(outcome(await signIn(fine, good.tenant, 'corp', good.person('b'))), '');
  assert.equal(fine.seen.discovery, known, 'what is kept of it is there');
  const late = await house(fine);
  assert.equal(outcome(await signIn(fine, late.tenant, 'corp', late.person('c'))), '', 'who comes new finds a place');
});

test('while one tenant waits for its slow provider the others sign in, and its own people come again', async () => {
  slow.userinfo = (c) => ({ sub: c.sub, groups: ['v'] });
  const evil = await house(slow), good = await house(fine);
  const flows = [], goods = [];
  for (let i = 0; i < 4; i++)
    flows.push(await begin(evil.tenant, 'corp'));
  for (let i = 0; i < 6; i++)
    goods.push(await begin(good.tenant, 'corp'));
  slow.answer = later(2900, 'token', 'userinfo');
  const began = Date.now(), asked = slow.seen.token;
  const first = end(slow, evil, flows[0], 'e0');
  while (slow.seen.token === asked)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const second = end(slow, evil, flows[1], 'e1');
  for (const [i, flow] of goods.entries())
    assert.equal(outcome(await end(fine, good, flow, `g${i}`)), '');
  comesAgain(await second);
  assert.ok(Date.now() - began < 2900, 'nobody has waited for the slow one');
  assert.equal(outcome(await first), '', 'UserInfo was given what was left of 5 s');
  assert.ok(Date.now() - began < 6000, 'all together have one time');
  slow.answer = null;
  comesAgain(await end(slow, evil, flows[2], 'e2'));
});

test('twenty people who come back at once from one provider all get in', async () => {
  const office = await house(slow), flows = [];
  for (let i = 0; i < 20; i++)
    flows.push(await begin(office.tenant, 'corp'));
  slow.answer = later(150, 'token');
  const answers = await Promise.all(flows.map((f, i) => patient(() => end(slow, office, f, `p${i}`))));
  slow.answer = null;
  assert.deepEqual(answers.map(outcome), Array(20).fill(''));
});
