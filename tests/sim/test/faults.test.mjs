import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { KINDS } from '../lib/faults.mjs';
import { reader, sim } from '../lib/asking.mjs';

after(() => sim.stop());

// fault, what comes of the list of users (7 a page, 20 of them): status, and a look at it
const ANSWERS = [
  [{ kind: 'throttled', retry_after: 10 }, 429, (a) => a.headers.get('retry-after') === '10' && a.body.error.innerError.status === '429'],
  [{ kind: 'throttled' }, 429, (a) => a.headers.get('retry-after') === null],
  [{ kind: 'throttled', retry_after: 'Wed, 21 Oct 2099 07:28:00 GMT' }, 429, (a) => a.headers.get('retry-after').startsWith('Wed')],
  [{ kind: 'denied', family: 'directory' }, 403, (a) => a.body.error.code === 'Authorization_RequestDenied'],
  [{ kind: 'denied', family: 'policies' }, 403, (a) => a.body.error.code === 'AccessDenied'],
  [{ kind: 'denied', family: 'roles' }, 403, (a) => /Missing application roles\. API required roles: User\.Read\.All/.test(a.body.error.message)],
  [{ kind: 'denied', family: 'licence' }, 403, (a) => /not licensed/.test(a.body.error.message)],
  [{ kind: 'denied', family: 'gateway' }, 403, (a) => a.headers.get('content-type') === 'text/html' && /Application-Gateway/.test(a.headers.get('server'))],
  [{ kind: 'denied', family: 'nul' }, 403, (a) => /^\0+$/.test(a.body)],
  ...[500, 502, 503, 504, 509].map((status) => [{ kind: 'unavailable', status }, status, (a) => a.body.error.code.length > 0]),
  [{ kind: 'unavailable', status: 503, retry_after: 3 }, 503, (a) => a.headers.get('retry-after') === '3'],
  [{ kind: 'throttled_as_500' }, 500, (a) => a.body.error.message === 'Rate limit reached'],
  [{ kind: 'expired_token' }, 401, (a) => a.body.error.code === 'InvalidAuthenticationToken'],
  [{ kind: 'expired_page' }, 400, (a) => a.body.error.code === 'Directory_ExpiredPageToken'],
  [{ kind: 'not_found' }, 404, (a) => a.body.error.code === 'Request_ResourceNotFound'],
  [{ kind: 'no_segment' }, 400, (a) => /segment/.test(a.body.error.message)],
  [{ kind: 'empty_page' }, 200, (a) => a.body.value.length === 0 && a.body['@odata.nextLink']],
  [{ kind: 'new_property', name: 'fresh', value: 1 }, 200, (a) => a.body.value.every((u) => u.fresh === 1)],
];

for (const [fault, status, look] of ANSWERS)
  test(`a fault ${JSON.stringify(fault)} is what the documents say, once, and then it is over`, async () => {
    const { get, fault: set, tenant } = await reader({ page: 7 });
    set({ path: 'users', times: 1, ...fault });
    const a = await get('users');
    assert.equal(a.status, status);
    assert.ok(look(a), JSON.stringify(a.body).slice(0, 300));
    const b = await get('users');
    assert.deepEqual([b.status, b.body.value.length, b.body.value[0].id], [200, 7, tenant.state.users[0].id]);
  });

test('a fault is of a path, a page, after so many, for so many, every so many', async () => {
  const { get, all, fault } = await reader({ page: 50 }), status = async (path) => (await get(path)).status;
  fault({ path: 'users', kind: 'unavailable', page: 2, times: 1 });
  assert.deepEqual((await all('users')).refused.status, 503);
  assert.equal((await all('users')).objects.length, 130);
  fault({ path: 'group*', kind: 'unavailable', after: 1, times: 2, every: 2 });
  assert.deepEqual([await status('groups'), await status('groups'), await status('groupSettings'), await status('groups'), await status('groups')], [200, 503, 200, 503, 200]);
});

test('a body that ends too early is an error to whoever reads it, chunked or not', async () => {
  const { get, fault } = await reader();
  for (const kind of ['reset', 'cut']) {
    fault({ path: 'users', kind, times: 1 });
    await assert.rejects(get('users'), /terminated|fetch failed/, kind);
    assert.equal((await get('users')).status, 200);
  }
});

test('what is slow comes late', async () => {
  const { get, fault } = await reader(), began = Date.now();
  fault({ path: 'users', kind: 'slow', ms: 150, times: 1 });
  assert.equal((await get('users')).status, 200);
  assert.ok(Date.now() - began >= 150);
});

test('a page that comes twice, an empty one, and one whose object has moved', async () => {
  const { tenant, all, fault } = await reader({ page: 50 }), n = async () => (await all('users')).objects.length;
  fault({ path: 'users', kind: 'page_twice', page: 2, times: 1 });
  assert.equal(await n(), 180);
  tenant.faults.remove();
  fault({ path: 'users', kind: 'empty_page', page: 2, times: 1 });
  assert.equal(await n(), 130);
  tenant.faults.remove();
  fault({ path: 'users', kind: 'moving', page: 2, times: 1 });
  assert.equal(await n(), 129);
});

test('the link of a page that was asked for again leads nowhere, and the whole list read anew is whole', async () => {
  const { get, all, fault } = await reader({ page: 40 });
  fault({ path: 'users', kind: 'poisoned_page', page: 2 });
  const link = (await get('users')).body['@odata.nextLink'];
  assert.equal((await get(link)).status, 503);
  const retried = await get(link);
  assert.equal(retried.status, 200);
  assert.equal((await get(retried.body['@odata.nextLink'])).body.error.code, 'Directory_ExpiredPageToken');
  fault({ path: 'groups', kind: 'poisoned_page' });
  assert.equal((await all('groups')).objects.length, 25);
});

test('a stale replica does not know of what came after, and may be asked by turns', async () => {
  const { tenant, get, fault } = await reader(), path = 'policies/authorizationPolicy', now = async () => (await get(path)).body.allowInvitesFrom;
  fault({ path, kind: 'stale', every: 2, times: 2 });
  tenant.patch(path, undefined, { allowInvitesFrom: 'everyone' });
  assert.deepEqual([await now(), await now(), await now(), await now()], ['adminsAndGuestInviters', 'everyone', 'adminsAndGuestInviters', 'everyone']);
});

test('fewer rows come without a sign, and the same values in another order and case', async () => {
  const { tenant, all, get, fault } = await reader();
  fault({ path: 'groups', kind: 'fewer', rows: 4 });
  assert.equal((await all('groups')).objects.length, 21);
  fault({ path: 'identity/conditionalAccess/policies', kind: 'reordered' });
  const [was, is] = [tenant.state['identity/conditionalAccess/policies'][1], (await get('identity/conditionalAccess/policies')).body.value[1]];
  assert.notDeepEqual(is.conditions.users.excludeUsers, was.conditions.users.excludeUsers);
  assert.deepEqual(is.conditions.users.excludeUsers.map((u) => u.toLowerCase()).sort(), [...was.conditions.users.excludeUsers].sort());
});

test('delta tells what came, changed and went; a reset is 410 with where to begin, or 40x', async () => {
  const { tenant, get, fault } = await reader({ page: 60 }), follow = async (link) => {
    const list = [];
    for (;;) {
      const a = await get(link);
      assert.equal(a.status, 200);
      list.push(...a.body.value);
      if (a.body['@odata.deltaLink'])
        return [list, a.body['@odata.deltaLink']];
      link = a.body['@odata.nextLink'];
    }
  };
  const [all, link] = await follow('users/delta?$select=id,userType');
  assert.equal(all.length, 130);
  const [none] = await follow((await get('users/delta?$deltatoken=latest')).body['@odata.deltaLink']);
  assert.equal(none.length, 0);
  const [one, two] = tenant.state.users;
  tenant.patch('users', one.id, { userType: 'Guest' });
  tenant.drop('users', two.id);
  const [changed, next] = await follow(link);
  assert.deepEqual(changed, [{ id: one.id, userType: 'Guest' }, { id: two.id, '@removed': { reason: 'changed' } }]);
  assert.deepEqual((await follow(link))[0], changed, 'a link may be asked again');
  assert.equal((await get('users/delta?$top=5')).status, 400);
  assert.equal((await get('domains/delta')).status, 400, 'there is none');
  fault({ path: 'users/delta', kind: 'delta_gone', times: 1 });
  const gone = await get(next);
  assert.deepEqual([gone.status, /users\/delta\?\$deltatoken=$/.test(gone.headers.get('location'))], [410, true]);
  fault({ path: 'users/delta', kind: 'delta_lost', times: 1 });
  assert.deepEqual(await get(next).then((a) => [a.status, a.body.error.code]), [400, 'syncStateNotFound']);
  sim.ahead_ms += 8 * 86400000;
  tenant.tokens.forEach((t) => { if (t.roles) t.until = Infinity; });
  assert.equal((await get(next)).status, 410, 'its seven days are over');
});

test('every kind of fault that there is was switched on here', () => {
  const here = new Set([...ANSWERS.map(([f]) => f.kind), 'reset', 'cut', 'slow', 'page_twice', 'moving', 'poisoned_page', 'stale', 'fewer', 'reordered', 'delta_gone', 'delta_lost', 'token_error']);
  assert.deepEqual(Object.keys(KINDS).filter((kind) => !here.has(kind)), []);
});
