// A secret that nobody can read goes where it was meant to go: every change of a resource that keeps one, member by member.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openapi } from '../lib/spec.mjs';
import { Receiver, verify } from '../lib/receiver.mjs';
import { all, bearer, newChannel, newTenant, unique } from '../lib/people.mjs';

let admin, receiver, document;
before(async () => {
  receiver = await new Receiver().start();
  admin = await bearer(newTenant());
  ({ document } = await openapi());
});
after(() => receiver.stop());

const whsec = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const provider = async () => {
  const a = await admin('POST', '/api/identity-providers', { body: { name: unique('p'), kind: 'entra', client_id: 'c', client_secret: 'hush-hush',
    issuer: 'https://login.example.us', entra_tenant_id: '11111111-2222-3333-4444-555555555555' } });
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const channelNow = async (id) => (await all(admin, '/api/drift/channels')).find((c) => c.id === id);
const providerNow = async (id) => (await admin('GET', `/api/identity-providers/${id}`)).json;

// What each change keeps a secret for: the members that say where it goes, with another value, and those that do not.
const kept = {
  'PUT /api/identity-providers/{id}': { secret: 'client_secret', other: 'hush-again', make: provider, now: providerNow,
    gone: (p) => p.has_secret === false,
    targets: { issuer: 'https://evil.example', entra_tenant_id: '99999999-2222-3333-4444-555555555555' },
    others: { name: 'renamed', client_id: 'd', allowed_domains: [], role_map: {}, auto_provision: false, trust_mfa: true,
      claims: { name: 'nickname' }, authorized_parties: ['app'], mfa_acr: ['phr'], mfa_amr: ['otp'], absent_roles: 'remove',
      assume_email_verified: false, group_lookup: true, scopes: [], own_address: true } },
  'PUT /api/drift/channels/{id}': { secret: 'secret', other: whsec, make: () => newChannel(admin, receiver.url()), now: channelNow,
    gone: (c, was) => /^whsec_/.test(c.secret) && c.secret !== was.secret,
    targets: { url: 'https://evil.example/hook' }, none: ['to', 'template', 'headers', 'ca'], // of kinds that have no such secret: 98-templates, 98-syslog
    others: { name: 'renamed', kind: 'webhook', status: 'disabled', values: true, former_secret_s: 0, rate: null, digest: null, kinds: ['audit'] } },
  'PUT /api/auth/password': 'a proof and a new password, kept for no target',
};

function secretsOf(op) {
  const name = op.requestBody?.content?.['application/json']?.schema?.$ref?.split('/').at(-1);
  const { properties } = document.components.schemas[name] ?? { properties: {} };
  return { properties, secrets: Object.keys(properties).filter((m) => properties[m].writeOnly) };
}

test('every change that takes a write-only secret is known here, with each of its members', () => {
  const found = [];
  for (const [path, item] of Object.entries(document.paths)) {
    const { properties, secrets } = secretsOf(item.put ?? {});
    if (secrets.length === 0)
      continue;
    const key = `PUT ${path}`, x = kept[key];
    found.push(key);
    assert.ok(x, `${key} keeps ${secrets}: say for which target`);
    if (typeof x === 'string')
      continue;
    assert.deepEqual(secrets, [x.secret]);
    for (const m of Object.keys(properties))
      assert.ok(m === x.secret || m in x.targets || m in x.others || x.none?.includes(m), `${key}: is ${m} a target of the secret?`);
    for (const m of Object.keys(x.targets))
      assert.ok(m in properties, `${key}: ${m}`);
  }
  assert.deepEqual(found.sort(), Object.keys(kept).sort());
});

test('no target changes under a secret that is not named; named, another one or null goes along', async () => {
  let cases = 0;
  for (const [key, x] of Object.entries(kept).filter(([, x]) => typeof x !== 'string')) {
    const path = key.split(' ')[1], { properties } = secretsOf(document.paths[path].put);
    const put = (one, body) => admin('PUT', path.replace('{id}', one.id), { body });
    for (const [member, value] of Object.entries(x.targets)) {
      const one = await x.make(), before = await x.now(one.id);
      const bare = await put(one, { [member]: value });
      assert.equal(bare.status, 422, `${key} ${member}: ${bare.text}`);
      assert.deepEqual(bare.json.errors.map((e) => e.pointer), [`/${x.secret}`]);
      assert.match(bare.json.errors[0].detail, new RegExp(`new ${member}`));
      assert.deepEqual(await x.now(one.id), before, 'nothing has changed');
      assert.equal((await put(one, { [member]: before[member] })).status, 200, 'the same value is no change');
      assert.equal((await put(one, { [member]: value, [x.secret]: x.other })).status, 200);
      const dropped = await put(one, { [member]: before[member], [x.secret]: null });
      assert.equal(dropped.status, 200, dropped.text);
      assert.ok(x.gone(dropped.json, one), `${key} ${member}: the old secret is gone`);
      cases += 4;
    }
    for (const [member, value] of Object.entries(x.others).filter(([m]) => m in properties)) {
      const a = await put(await x.make(), { [member]: member === 'name' ? unique('r') : value });
      assert.equal(a.status, 200, `${key} ${member}: ${a.text}`);
      cases++;
    }
  }
  console.log(`# ${cases} cases`);
  assert.ok(cases >= 20);
});

test('a channel that is moved with its secret signs with it, and the secret is in no answer', async () => {
  const channel = await newChannel(admin, receiver.url('/before'));
  const moved = await admin('PUT', `/api/drift/channels/${channel.id}`, { body: { url: receiver.url('/moved'), secret: channel.secret } });
  assert.equal(moved.status, 200, moved.text);
  assert.equal(moved.json.secret, undefined);
  assert.equal((await admin('POST', `/api/drift/channels/${channel.id}/test`)).status, 202);
  const d = await receiver.wait('the test', (x) => x.path === '/moved');
  assert.ok(verify(channel.secret, d));
  const bad = await admin('PUT', `/api/drift/channels/${channel.id}`, { body: { secret: 'whsec_dG9vIHNob3J0' } });
  assert.equal(bad.status, 422);
  assert.equal(bad.json.errors[0].pointer, '/secret');
});
