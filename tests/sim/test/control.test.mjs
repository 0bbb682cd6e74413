import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { reader, sim } from '../lib/asking.mjs';

after(() => sim.stop());

async function control(method, path, body) {
  const a = await fetch(`${sim.controlUrl}/${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
  return [a.status, await a.json()];
}

test('a directory is made, looked at, changed and broken over the control, and Graph shows it', async () => {
  const tid = crypto.randomUUID(), at = `directories/${tid}`;
  assert.equal((await control('POST', 'directories', { tenantId: tid, users: 130, policies: 8, roles: 15, apps: 6 }))[1].tenant_id, tid);
  assert.equal((await control('POST', 'directories', { tenantId: tid }))[0], 400);
  const [, one] = await control('GET', at), form = { grant_type: 'client_credentials', client_id: one.client_id, client_secret: one.client_secret, scope: 'https://graph.microsoft.com/.default' };
  const key = (await (await fetch(`${one.login_url}/${tid}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) })).json()).access_token;
  const get = async (path) => { const a = await fetch(`${one.graph_url}/v1.0/${path}`, { headers: { authorization: `Bearer ${key}` } }); return [a.status, await a.json()]; };
  const path = 'policies/authorizationPolicy';
  await control('PATCH', `${at}/objects?path=${path}`, { allowInvitesFrom: 'everyone' });
  assert.equal((await get(path))[1].allowInvitesFrom, 'everyone');
  const [, made] = await control('POST', `${at}/faults`, { path, kind: 'unavailable' });
  assert.equal((await get(path))[0], 503);
  await control('DELETE', `${at}/faults?id=${made.id}`);
  assert.equal((await get(path))[0], 200);
  const [, faulty] = await control('POST', `${at}/faults`, { path, kind: 'nonsense' });
  assert.match(faulty.error, /there is no fault nonsense/);
  await control('POST', `${at}/objects?path=identity/authenticationEventListeners`, { id: 'x' });
  assert.equal((await get('identity/authenticationEventListeners'))[1].value.length, 1);
  await control('DELETE', `${at}/objects?path=identity/authenticationEventListeners&id=x`);
  assert.equal((await get('identity/authenticationEventListeners'))[1].value.length, 0);
  await control('PATCH', at, { page: 10, licences: ['P1'], secrets: [{ secret: 'new' }] });
  assert.equal((await get('users'))[1].value.length, 10);
  const [, counted] = await control('GET', at);
  assert.deepEqual([counted.counts.requests, counted.counts.tokens, counted.counts.paths.users, counted.client_secret], [6, 1, 1, 'new']);
  await control('POST', 'clock', { advance_s: 4000 });
  assert.equal((await get('users'))[0], 401);
  for (const [method, wrong] of [['GET', 'directories/nobody'], ['PUT', 'clock'], ['GET', 'nothing']])
    assert.equal((await control(method, wrong))[0], 404, wrong);
});

test('every deed that can be done changes what its path shows, and leaves an audit record that may come late', async () => {
  const { tenant, get, all } = await reader();
  const [, changes] = await control('GET', 'changes');
  const seen = async ({ at }, id) => JSON.stringify((await get(at.replace('{id}', id) + (at.includes('roleManagementPolicies') ? "?$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'&$expand=rules" : at === 'users' ? '?$select=id,accountEnabled,userType' : ''))).body);
  for (const change of changes) {
    const before = tenant.copy();
    const [status, deed] = await control('POST', `directories/${tenant.tenantId}/changes`, { name: change.name, delay_s: 600, by: 'app' });
    assert.equal(status, 200, change.name);
    const after = await seen(change, deed.id), state = tenant.state;
    tenant.state = before;
    assert.notEqual(await seen(change, deed.id), after, change.name);
    tenant.state = state;
  }
  assert.equal((await all('auditLogs/directoryAudits')).objects.length, 0);
  sim.ahead_ms += 601000;
  const records = (await all('auditLogs/directoryAudits')).objects;
  assert.deepEqual([records.length, records[0].initiatedBy.app.appId, records[0].visibleFrom], [changes.length, null, undefined]);
});

test('by hand it says what a reader needs, and ends when it is told to', async () => {
  const run = spawn(fileURLToPath(new URL('../run', import.meta.url)), ['--users', '130', '--policies', '8', '--roles', '15', '--apps', '6']);
  let text = '';
  run.stdout.setEncoding('utf8').on('data', (part) => { text += part; });
  while (!text.includes('}'))
    await once(run.stdout, 'data');
  const ready = JSON.parse(text), a = await fetch(`${ready.control_url}/directories/${ready.tenant_id}`);
  assert.equal((await a.json()).client_secret, ready.client_secret);
  run.kill('SIGTERM');
  assert.deepEqual(await once(run, 'exit'), [0, null]);
});
