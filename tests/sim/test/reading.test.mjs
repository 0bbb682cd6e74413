import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { Sim } from '../lib/sim.mjs';
import { RESOURCES } from '../lib/resources.mjs';
import { reader, sim } from '../lib/asking.mjs';

after(() => sim.stop());

const ids = (list) => list.map((o) => o.id);

test('every path of the table is read, with the permission that is the least for it and refused without', async () => {
  const { tenant, all, get } = await reader(), role = tenant.state.directoryRoles[0].id, app = tenant.state.applications[0].id;
  const first = { directoryRoles: role, applications: app, servicePrincipals: tenant.state.servicePrincipals[1].id, domains: 'yard.example', groups: tenant.state.groups[0].id };
  for (const row of RESOURCES) {
    const path = row.path.replace('{id}', first[row.path.split('/')[0]]) + (row.filtered ? "?$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'" : '');
    for (const [permissions, status] of [[[row.permissions[0]], 200], [['Mail.Read'], 403]]) {
      tenant.tokens.forEach((t) => { if (t.roles) t.roles = permissions; });
      assert.equal((await get(path)).status, status, `${path} with ${permissions}`);
    }
    tenant.tokens.forEach((t) => { if (t.roles) t.roles = row.permissions; });
    assert.ok(row.single || (await all(path)).objects, path);
  }
});

test('the same arguments make the same directory', async () => {
  const one = (await reader({ tenantId: '11111111-1111-4111-8111-111111111111' })).tenant, other = new Sim().add({ tenantId: one.tenantId, users: 130, policies: 8, roles: 15, apps: 6 });
  assert.deepEqual(one.state, other.state);
  const whole = new Sim().add({}).state;
  assert.deepEqual([whole.users.length, whole['identity/conditionalAccess/policies'].length, whole.directoryRoles.length], [300, 80, 40]);
  for (const [path, list] of Object.entries(whole))
    if (Array.isArray(list) && list.length > 0 && list[0].id !== undefined)
      assert.equal(new Set(ids(list)).size, list.length, `ids of ${path}`);
});

test('pages are followed by their whole link, and together are the list, once', async () => {
  const { tenant, all, get } = await reader({ page: 7 });
  for (const path of ['users', 'users?$top=3&$select=id,userType', "users?$filter=userType eq 'Guest'&$select=id"]) {
    const { objects } = await all(path);
    assert.deepEqual(ids(objects), ids(tenant.state.users.filter((u) => !path.includes('Guest') || u.userType === 'Guest')), path);
  }
  const link = (await get('users?$top=5')).body['@odata.nextLink'];
  assert.match(link, /\/v1\.0\/users\?.*\$skiptoken=/);
  assert.equal((await get(`${link}x`)).body.error.code, 'Directory_ExpiredPageToken');
  sim.ahead_ms += 700000;
  assert.equal((await get(link)).body.error.code, 'Directory_ExpiredPageToken');
});

test('roles and their members have no pages, and take no $top', async () => {
  const { tenant, get } = await reader({ page: 2 });
  assert.equal((await get('directoryRoles')).body.value.length, 15);
  assert.equal((await get(`directoryRoles/${tenant.state.directoryRoles[0].id}/members`)).body.value.length, 3);
  assert.deepEqual([(await get('directoryRoles?$top=5')).status, (await get('users?$top=1000')).status], [400, 400]);
});

test('$select, what is usual without it, $expand, and names that are unknown', async () => {
  const { get } = await reader(), names = async (path) => Object.keys((await get(path)).body.value[0]);
  assert.deepEqual(await names('users?$select=id,accountEnabled'), ['id', 'accountEnabled']);
  assert.ok(!(await names('users')).includes('accountEnabled'));
  const policies = "policies/roleManagementPolicies?$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'";
  assert.ok(!(await names(policies)).includes('rules'));
  assert.ok((await names(`${policies}&$expand=rules`)).includes('rules'));
  assert.deepEqual([(await get('users?$select=nothing')).status, (await get('users?$expand=nothing')).status, (await get('policies/roleManagementPolicies')).status, (await get('nothing')).status], [400, 400, 400, 400]);
});

test('filters choose as they say, and what is an advanced query needs ConsistencyLevel on every page', async () => {
  const { tenant, get, all } = await reader({ page: 4 }), eventual = { ConsistencyLevel: 'eventual' }, users = tenant.state.users;
  const rows = [["userType eq 'Guest'", (u) => u.userType === 'Guest'], ["userType eq 'guest' and accountEnabled eq true", (u) => u.userType === 'Guest' && u.accountEnabled], ["startswith(displayName,'Ada')", (u) => u.displayName.startsWith('Ada')],
    ["userType in ('Guest') or (startswith(displayName,'Ben') and accountEnabled eq true)", (u) => u.userType === 'Guest' || u.displayName.startsWith('Ben')], ['createdDateTime ge 2025-03-01T00:00:00Z', (u) => u.createdDateTime >= '2025-03-01']];
  for (const [filter, test] of rows)
    assert.deepEqual(ids((await all(`users?$select=id&$filter=${encodeURIComponent(filter)}`)).objects), ids(users.filter(test)), filter);
  const ne = "users?$count=true&$select=id&$filter=userType ne 'Guest'";
  assert.equal((await get(ne)).body.error.code, 'Request_UnsupportedQuery');
  assert.equal((await get(ne.replace('$count=true&', ''), eventual)).body.error.code, 'Request_UnsupportedQuery');
  const first = await get(ne, eventual);
  assert.equal(first.body['@odata.count'], users.filter((u) => u.userType !== 'Guest').length);
  assert.equal((await get(first.body['@odata.nextLink'])).body.error.code, 'Directory_ExpiredPageToken');
  const second = await get(first.body['@odata.nextLink'], eventual);
  assert.deepEqual([second.status, second.body['@odata.count']], [200, undefined]);
  assert.equal((await get("users?$filter=userType eq 'x")).status, 400);
});

test('a domain that is not federated has no configuration of it', async () => {
  const { get } = await reader();
  assert.deepEqual([(await get('domains/harbour.example/federationConfiguration')).status, (await get('domains/yard.example/federationConfiguration')).body.value.length], [404, 1]);
});

test('what needs a licence says so in words of its own', async () => {
  const { get } = await reader({ licences: ['P1'] }), a = await get('roleManagement/directory/roleEligibilityScheduleInstances');
  assert.deepEqual([a.status, a.body.error.code], [400, 'AadPremiumLicenseRequired']);
});

test('limits are those that are published: one a second for conditional access without a word when, units elsewhere', async () => {
  const { tenant, get } = await reader({ limits: true });
  const [one, two] = [await get('identity/conditionalAccess/policies'), await get('identity/conditionalAccess/namedLocations')];
  assert.deepEqual([one.status, two.status, two.headers.get('retry-after'), two.body.error.code], [200, 429, null, 'TooManyRequests']);
  const units = async (path) => (await get(path)).headers.get('x-ms-resource-unit');
  assert.deepEqual([await units('users'), await units('users?$select=id'), await units('subscribedSkus'), await units(`groups/${tenant.state.groups[0].id}/members`), await units("users?$top=5&$select=id")], ['2', '1', '3', '3', '1']);
  const audits = await Promise.all(Array.from({ length: 7 }, () => get('auditLogs/directoryAudits')));
  assert.deepEqual([audits.filter((a) => a.status === 200).length, Number(audits.at(-1).headers.get('retry-after')) > 0], [5, true]);
  const bucket = tenant.limits.buckets.get(`identity ${tenant.reader.clientId}`);
  bucket.perSecond = 0;
  bucket.has = 501;
  const a = await get('servicePrincipals');
  bucket.perSecond = 500;
  bucket.has = -2000;
  const b = await get('users');
  assert.equal(a.headers.get('x-ms-throttle-limit-percentage'), '0.9');
  assert.deepEqual([b.status, b.headers.get('x-ms-throttle-information'), Number(b.headers.get('retry-after')) > 0], [429, 'ResourceUnitLimitExceeded', true]);
});

test('a batch is 200 whatever its parts are, in any order, and takes twenty with ids that differ', async () => {
  const { get, fault } = await reader({ page: 5 }), batch = (requests) => get('$batch', { 'content-type': 'application/json' }, { method: 'POST', body: JSON.stringify({ requests }) });
  fault({ path: 'groups', kind: 'throttled', retry_after: 7 });
  const a = await batch([{ id: '1', method: 'GET', url: '/users?$select=id' }, { id: '2', method: 'GET', url: 'groups' }, { id: '3', method: 'GET', url: '/domains', dependsOn: ['2'] }, { id: '4', method: 'GET', url: '/nothing' },
    { id: '5', method: 'GET', url: "/users?$count=true&$filter=userType ne 'Guest'", headers: { ConsistencyLevel: 'eventual' } }]);
  const parts = Object.fromEntries(a.body.responses.map((r) => [r.id, r]));
  assert.deepEqual([a.status, ...['1', '2', '3', '4', '5'].map((id) => parts[id].status)], [200, 200, 429, 424, 400, 200]);
  assert.deepEqual([a.body.responses[0].id, parts['2'].headers['Retry-After']], ['5', '7']);
  assert.equal((await get(parts['1'].body['@odata.nextLink'])).status, 200, 'the link of a part is followed outside');
  assert.equal((await batch([{ id: 'a', method: 'GET', url: '/users' }, { id: 'A', method: 'GET', url: '/groups' }])).status, 400);
  assert.equal((await batch(Array.from({ length: 21 }, (_, i) => ({ id: String(i), method: 'GET', url: '/users' })))).status, 400);
});
