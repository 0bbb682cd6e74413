import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { reader, sim, token } from '../lib/asking.mjs';

let folder, key, pem, other;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-sim.'));
  [key, pem] = certificate('one', 30);
  [, other] = certificate('two', 30);
});
after(() => { fs.rmSync(folder, { recursive: true }); return sim.stop(); });

function certificate(name, days) {
  const file = (end) => path.join(folder, `${name}.${end}`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', String(days), '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('pem')], { stdio: 'ignore' });
  return [fs.readFileSync(file('key'), 'utf8'), fs.readFileSync(file('pem'), 'utf8')];
}

function assertion(tenant, { alg = 'PS256', claims = {}, head = {}, by = key, of = pem } = {}) {
  const now = Math.floor(Date.now() / 1000), part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg, typ: 'JWT', 'x5t#S256': crypto.createHash('sha256').update(new crypto.X509Certificate(of).raw).digest('base64url'), ...head })}.${part({ aud: `${sim.url}/${tenant.tenantId}/oauth2/v2.0/token`,
    iss: tenant.reader.clientId, sub: tenant.reader.clientId, jti: crypto.randomUUID(), nbf: now, exp: now + 300, ...claims })}`;
  const padding = alg === 'PS256' ? { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
  return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: `${text}.${crypto.sign('sha256', Buffer.from(text), { key: by, ...padding }).toString('base64url')}` };
}

test('a secret is good from when it is everywhere until it ends, and what is refused says why by its code', async () => {
  const { tenant } = await reader(), now = tenant.now, good = tenant.reader.secrets[0].secret;
  tenant.reader.secrets.push({ secret: 'late', from: now + 30000, until: Infinity }, { secret: 'over', from: 0, until: now - 1 });
  const rows = [[{ client_secret: good }, 200], [{ client_secret: 'wrong' }, 401, 7000215, 'invalid_client'], [{ client_secret: 'late' }, 401, 7000215, 'invalid_client'], [{ client_secret: 'over' }, 401, 7000222, 'invalid_client'],
    [{}, 401, 7000216, 'invalid_client'], [{ client_secret: good, client_id: crypto.randomUUID() }, 400, 700016, 'unauthorized_client'], [{ client_secret: good, client_id: '' }, 400, 900144, 'invalid_request'],
    [{ client_secret: good, scope: 'https://graph.microsoft.com/User.Read.All' }, 400, 1002012, 'invalid_scope'], [{ client_secret: good, grant_type: 'password' }, 400, 70003, 'unsupported_grant_type']];
  for (const [more, status, code, error] of rows) {
    const a = await token(tenant, more);
    assert.deepEqual([a.status, a.body.error_codes?.[0], a.body.error], [status, code, error], JSON.stringify(more));
    assert.ok(code === undefined || a.body.error_description.startsWith(`AADSTS${code}: `));
  }
  sim.ahead_ms += 31000;
  assert.equal((await token(tenant, { client_secret: 'late' })).status, 200);
  tenant.reader.enabled = false;
  assert.equal((await token(tenant)).body.error_codes[0], 7000112);
});

test('a directory that is unknown, and a name that cannot be one, are told apart', async () => {
  const { tenant } = await reader(), more = { client_secret: tenant.reader.secrets[0].secret };
  assert.equal((await token(tenant, more, tenant.domain)).status, 200);
  assert.equal((await token(tenant, more, crypto.randomUUID())).body.error_codes[0], 90002);
  assert.equal((await token(tenant, more, 'a b')).body.error_codes[0], 900023);
});

test('an assertion is held against the certificate that the app has: who signed, for whom, about whom, until when', async () => {
  const { tenant } = await reader();
  tenant.reader.certificates = [pem];
  const now = Math.floor(tenant.now / 1000), rows = [[{}, 200], [{ alg: 'RS256' }, 200], [{ claims: { aud: `${sim.url}/${tenant.tenantId}/v2.0` } }, 200], [{ of: other }, 700027], [{ head: { 'x5t#S256': undefined } }, 700027],
    [{ by: certificate('three', 30)[0] }, 700027], [{ head: { alg: 'HS256' } }, 700027], [{ claims: { iss: 'somebody' } }, 700021], [{ claims: { sub: 'somebody' } }, 700021], [{ claims: { aud: 'https://elsewhere.example' } }, 700023],
    [{ claims: { exp: now - 1 } }, 700024], [{ claims: { nbf: now + 3600 } }, 700024], [{ claims: { exp: undefined } }, 700024], [{ claims: { jti: undefined } }, 700024]];
  for (const [how, want] of rows) {
    const a = await token(tenant, assertion(tenant, how));
    assert.equal(a.body.error_codes?.[0] ?? a.status, want, JSON.stringify(how));
  }
  sim.ahead_ms += 31 * 86400000;
  assert.equal((await token(tenant, assertion(tenant, { claims: { nbf: now, exp: now + 40 * 86400 } }))).body.error_codes[0], 700027, 'the certificate is over');
});

test('an access token is good for Graph until its end, with the permissions that it was given with', async () => {
  const { tenant, get } = await reader();
  assert.equal((await get('users')).status, 200);
  tenant.reader.permissions = [];
  assert.equal((await get('users')).status, 200, 'what was consented to stands in the token');
  const poor = (await token(tenant)).body.access_token;
  assert.equal((await get('users', { authorization: `Bearer ${poor}` })).status, 403);
  sim.ahead_ms += 3600000;
  const over = await get('users');
  assert.deepEqual([over.status, over.body.error.code], [401, 'InvalidAuthenticationToken']);
  assert.equal((await get('users', { authorization: '' })).body.error.code, 'InvalidAuthenticationToken');
});
