// Our access tokens as other services see them: by the published keys, with a library that is not ours.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import * as jose from 'jose';
import { base, renewWorkers, until } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { bearer, bsxctl, newTenant, serviceKey, sql, withToken } from '../lib/people.mjs';

const issuer = base.origin;
const metadata = async () => (await call('GET', '/.well-known/openid-configuration')).json;
const keySet = async () => (await call('GET', '/.well-known/jwks.json')).json;
const verify = (token, keys, options = {}) =>
  jose.jwtVerify(token, keys, { issuer, audience: issuer, typ: 'at+jwt', algorithms: ['ES256'], ...options });

test('a service finds the keys by the issuer’s metadata and verifies a token', async () => {
  const about = await metadata();
  assert.equal(about.issuer, issuer);
  assert.equal(about.jwks_uri, `${issuer}/.well-known/jwks.json`);
  assert.deepEqual(about.id_token_signing_alg_values_supported, ['ES256']);
  const keys = jose.createRemoteJWKSet(new URL(about.jwks_uri));
  const who = await bearer();
  const { payload, protectedHeader } = await verify(who.token, keys);
  assert.equal(protectedHeader.alg, 'ES256');
  assert.equal(payload.sub, who.session.user.id);
  assert.equal(payload.tid, who.session.tenant.id);
  for (const name of Object.keys(payload))
    assert.ok(about.claims_supported.includes(name), name);
  const [head, , mac] = who.token.split('.');
  const other = Buffer.from(JSON.stringify({ ...payload, aal: 2 })).toString('base64url');
  await assert.rejects(verify(`${head}.${other}.${mac}`, keys));
  await assert.rejects(verify(who.token, keys, { audience: 'https://other.example' }));
});

test('the key set holds public halves only, each named by its RFC 7638 thumbprint', async () => {
  const { keys } = await keySet();
  assert.ok(keys.length >= 1);
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    assert.equal(key.kid, await jose.calculateJwkThumbprint(key));
    assert.equal(key.alg, 'ES256');
    assert.equal(key.use, 'sig');
    await jose.importJWK(key, 'ES256');
  }
  assert.equal(new Set(keys.map((k) => k.kid)).size, keys.length);
});

test('tokens that other parties could make of our public keys are 401', async () => {
  const { token } = await bearer();
  const header = jose.decodeProtectedHeader(token), claims = jose.decodeJwt(token);
  const jwk = (await keySet()).keys.find((k) => k.kid === header.kid);
  const pem = await jose.exportSPKI(await jose.importJWK(jwk, 'ES256', { extractable: true }));
  const { privateKey, publicKey } = await jose.generateKeyPair('ES256', { extractable: true });
  const mine = await jose.exportJWK(publicKey);
  const es = (h, c = claims) => new jose.SignJWT(c).setProtectedHeader({ ...header, ...h }).sign(privateKey);
  const hs = (key) => new jose.SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' })
    .sign(new Uint8Array(Buffer.from(key)));
  const forged = {
    'HS256 with our public key as PEM': await hs(pem),
    'HS256 with our public key as PEM without its last newline': await hs(pem.trim()),
    'HS256 with our public key as JWK': await hs(JSON.stringify(jwk)),
    'HS256 with our public point': await hs(Buffer.concat([Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')])),
    none: new jose.UnsecuredJWT(claims).encode(),
    'a foreign key under our kid': await es({}),
    'a foreign key under its own kid': await es({ kid: await jose.calculateJwkThumbprint(mine) }),
    'a key in the header': await es({ jwk: mine }),
    'a key by URL': await es({ jku: 'https://evil.example/jwks.json' }),
    'an ID token of ours': await es({ typ: 'JWT' }),
    'critical extensions': await new jose.SignJWT(claims).setProtectedHeader({ ...header, crit: ['b64'], b64: true }).sign(privateKey),
    expired: await es({}, { ...claims, exp: 1 }),
    'of another tenant': await es({}, { ...claims, tid: crypto.randomUUID() }),
  };
  for (const [what, text] of Object.entries(forged)) {
    const a = await withToken(text)('GET', '/api/auth/me');
    assert.equal(a.status, 401, `${what}: ${a.text}`);
    assert.equal(a.json.code, 'unauthenticated', what);
  }
});

test('a token of one tenant opens nothing of another, whatever the request names', async () => {
  const mine = await bearer(), theirs = await bearer(newTenant());
  const [head, , mac] = theirs.token.split('.');
  const mixed = `${head}.${mine.token.split('.')[1]}.${mac}`;
  assert.equal((await withToken(mixed)('GET', '/api/auth/me')).status, 401);
  const me = await theirs('GET', '/api/auth/me', { headers: { 'X-Tenant': mine.session.tenant.id } });
  assert.equal(me.json.tenant.id, theirs.session.tenant.id);
});

test('the next key is published long before it signs; a turn leaves tokens and sessions alone', async () => {
  await until('driftd publishes the next key', async () => sql("SELECT COUNT(*) FROM signing_keys WHERE state = 'next'") === '1', 20, 200);
  const before = await bearer();
  const old = jose.decodeProtectedHeader(before.token).kid;
  const next = sql("SELECT kid FROM signing_keys WHERE state = 'next'");
  assert.notEqual(next, old);

  // the middle of the test must not meet the hour of publication: the key gets its age
  assert.throws(() => bsxctl('keys', 'rotate'), /not published long enough/);
  sql("UPDATE signing_keys SET created_at = created_at - INTERVAL 2 HOUR WHERE state = 'next'");
  assert.match(bsxctl('keys', 'rotate'), new RegExp(`${next} signs`));

  assert.equal((await before('GET', '/api/auth/me')).status, 200);
  const keys = jose.createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  await verify(before.token, keys);
  assert.equal(sql(`SELECT TIMESTAMPDIFF(SECOND, NOW(3), retire_at) > 3600 FROM signing_keys WHERE kid = '${old}'`), '1');

  // Workers read the keys again within a minute; new ones at once.
  await renewWorkers();
  const after = await bearer();
  assert.equal(jose.decodeProtectedHeader(after.token).kid, next);
  assert.equal((await after('GET', '/api/auth/me')).status, 200);
  await verify(after.token, jose.createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)));
  const published = (await keySet()).keys.map((k) => k.kid);
  assert.ok(published.includes(old) && published.includes(next), 'the old one verifies on');
  assert.ok(published.some((k) => k !== old && k !== next), 'and there is a next one already');
  assert.equal((await before('GET', '/api/auth/me')).status, 200);
});

test('each turn is one entry in the audit log of the platform', () => {
  const schema = sql("SELECT schema_name FROM tenants WHERE slug = 'platform'");
  const [kid, retired] = sql("SELECT n.kid, o.kid FROM signing_keys n JOIN signing_keys o ON o.successor = n.kid WHERE n.state = 'active'").split('\t');
  const rows = sql(`SELECT details FROM ${schema}.audit WHERE action = 'key.rotate'`).split('\n').map((t) => JSON.parse(t));
  assert.deepEqual(rows.filter((d) => d.kid === kid), [{ kid, retired }]);
});

test('an unknown kid makes no flood of look-ups', async () => {
  const { token } = await bearer();
  const [, body, mac] = token.split('.');
  const stray = (i) => `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt',
    kid: crypto.createHash('sha256').update(String(i)).digest('base64url') })).toString('base64url')}.${body}.${mac}`;
  const reads = () => Number(sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'QUESTIONS'"));
  const from = Date.now(), before = reads();
  for (let i = 0; i < 100; i++)
    assert.equal((await withToken(stray(i))('GET', '/api/auth/me')).status, 401);
  const during = reads() - before, took = Date.now() - from;
  await new Promise((done) => { setTimeout(done, took); }); // the daemon has statements of its own, in as long as that
  const besides = reads() - before - during;
  assert.ok(during - besides < 100, `${during} statements for 100 strangers' tokens, and ${besides} in as long without them`);
});

test('no credentials are needed, and none are looked at', async () => {
  for (const target of ['/.well-known/jwks.json', '/.well-known/openid-configuration']) {
    const a = await call('GET', target, { headers: { Authorization: 'Bearer x' } });
    assert.equal(a.status, 200);
    assert.equal((await call('POST', target, { body: {} })).status, 405);
  }
});

// Nobody is told (no HUP): the workers see that the file is another one.
test('the keyring turns while everybody works', async () => {
  const mine = await bearer(newTenant());
  const made = await serviceKey(mine, ['read:users']);
  const key = () => call('GET', '/api/users', { headers: { Authorization: `Bearer ${made.key}` } });
  assert.equal((await key()).status, 200);
  const schema = sql(`SELECT schema_name FROM tenants WHERE id = UNHEX(REPLACE('${mine.session.tenant.id}', '-', ''))`);
  const pepper = () => Number(sql(`SELECT pepper FROM ${schema}.api_keys WHERE id = UNHEX(REPLACE('${made.id}', '-', ''))`));
  const old = pepper();
  assert.ok(old > 0);
  bsxctl('keys', 'add');
  const running = () => JSON.parse(bsxctl('keys', 'list', '--json')).programs;
  await until('all programs have loaded it', () => running().length >= 2 && running().every((p) => p.opens === old + 1 && p.seals === old), 40, 500);
  bsxctl('keys', 'use', String(old + 1));
  bsxctl('keys', 'rotate', '--keyring');
  for (let i = 0; i < 20; i++) {
    const other = i % 5 === 0 ? await bearer(newTenant()) : mine;
    assert.equal((await other('GET', '/api/auth/me')).status, 200);
    assert.equal((await key()).status, 200);
  }
  await until('the key is hashed by the new version', async () => (await key()).status === 200 && pepper() === old + 1, 40, 500);
  assert.equal((await key()).status, 200);
  await until('all programs seal with it', () => running().every((p) => p.seals === old + 1), 40, 500);
  const later = await bearer(newTenant());
  assert.equal((await later('GET', '/api/auth/me')).status, 200);
  assert.equal((await key()).status, 200);
});
