// The audit trail over HTTP: every deed is in it, filters and pages, the export, the verification.
import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { Log, until } from '../lib/env.mjs';
import { send } from '../lib/client.mjs';
import { all, bearer, login, newTenant } from '../lib/people.mjs';

let owner, admin;

before(async () => {
  owner = newTenant();
  admin = await bearer(owner);
});

// Reading is an entry once in ten minutes: these tests are not cut in two by the next.
const early = () => until('the next ten minutes', () => Date.now() % 600000 < 585000);
beforeEach(early);
const trail = (query = '') => all(admin, `/api/audit${query && `?${query}`}`);

test('every deed on accounts has its entry, with what changed', async () => {
  const made = (await admin('POST', '/api/users', { body: { email: 'x@audit.example', display_name: 'X', password: 'a long enough password', roles: ['viewer'] } })).json;
  const who = { tenant: owner.tenant, email: 'x@audit.example', password: 'a long enough password' };
  await admin('PUT', `/api/users/${made.id}`, { body: { display_name: 'Y', roles: ['analyst'], status: 'disabled' } });
  await admin('PUT', `/api/users/${made.id}`, { body: { status: 'active' } });
  const theirs = await bearer(who);
  const [session] = (await theirs('GET', '/api/auth/sessions')).json.items;
  await admin('DELETE', `/api/auth/sessions/${session.id}`);
  await admin('POST', `/api/users/${made.id}/sessions/revoke`);
  const tenant = (await admin('GET', '/api/tenants')).json.items[0];
  await admin('PUT', `/api/tenants/${tenant.id}`, { body: { settings: { session: { idle_s: 900 } } }, id: 'settings-request' });
  await login({ ...who, password: 'wrong' });
  await admin('DELETE', `/api/users/${made.id}`);

  const about = (await trail()).filter((x) => x.target_id === made.id || x.target_id === session.id || x.target_id === tenant.id).reverse();
  assert.deepEqual(about.map((x) => `${x.action} ${x.outcome}`), ['user.create success', 'user.update success', 'user.update success',
    'session.start success', 'session.end success', 'user.sessions_revoke success', 'settings.update success', 'session.fail failure', 'user.delete success']);
  assert.deepEqual(about[1].details, { display_name: { from: 'X', to: 'Y' }, status: { from: 'active', to: 'disabled' }, roles: { from: ['viewer'], to: ['analyst'] } });
  assert.deepEqual(about[4].details, { user: made.id, by_admin: true });
  assert.deepEqual(about[6].details, { settings: { from: {}, to: { session: { idle_s: 900 } } } });
  assert.equal(about[6].request_id, 'settings-request');
  assert.deepEqual(about[8].details, { email: 'x@audit.example' });
  for (const x of about.filter((y) => y.action.startsWith('user.')))
    assert.deepEqual([x.actor_kind, x.actor_id, x.actor_name, x.address], ['user', admin.session.user.id, owner.email, '127.0.0.1']);
  assert.ok(!JSON.stringify(about).includes('a long enough password'));
});

test('a deed that fails leaves no entry', async () => {
  const before = (await trail()).length;
  const id = admin.session.user.id;
  assert.equal((await admin('DELETE', `/api/users/${id}`)).status, 409);
  assert.equal((await admin('PUT', `/api/users/${id}`, { body: { roles: ['no_such_role'] } })).status, 422);
  assert.equal((await admin('POST', '/api/users', { body: { email: owner.email, display_name: 'X', password: 'a long enough password' } })).status, 409);
  assert.equal((await trail()).length, before);
});

test('newest first, page by page, by actor, action and time', async () => {
  const whole = await trail();
  assert.deepEqual(whole.map((x) => x.seq), Array.from({ length: whole.length }, (_, i) => whole.length - i));
  assert.deepEqual(await all(admin, '/api/audit', 3), whole);
  assert.ok((await trail('action=user.update')).every((x) => x.action === 'user.update'));
  assert.equal((await trail('action=user.update')).length, whole.filter((x) => x.action === 'user.update').length);
  assert.equal((await trail(`actor=${admin.session.user.id}`)).length, whole.filter((x) => x.actor_id === admin.session.user.id).length);
  assert.equal((await trail(`actor=${encodeURIComponent('x@audit.example')}`)).length, whole.filter((x) => x.actor_name === 'x@audit.example').length);
  const middle = whole[4].at;
  const since = await trail(`since=${encodeURIComponent(middle)}`), until_ = await trail(`until=${encodeURIComponent(middle)}`);
  assert.equal(since.length + until_.length, whole.length);
  assert.ok(since.every((x) => x.at >= middle) && until_.every((x) => x.at < middle));
  assert.equal((await admin('GET', '/api/audit?since=yesterday')).status, 422);
  assert.equal((await admin('GET', '/api/audit?nothing=1')).status, 422);
  assert.equal((await admin('GET', '/api/audit?cursor=_')).status, 400);
});

test('the export has every entry on a line, oldest first, and is itself audited', async () => {
  const log = new Log();
  const answer = await admin('GET', '/api/audit', { headers: { Accept: 'application/x-ndjson' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/x-ndjson');
  assert.ok(answer.text.endsWith('\n'));
  const lines = answer.text.trimEnd().split('\n').map((l) => JSON.parse(l));
  assert.deepEqual(lines.map((x) => x.seq), lines.map((_, i) => i + 1));
  assert.deepEqual([...lines].reverse(), await trail());
  for (let i = 1; i < lines.length; i++)
    assert.equal(lines[i].prev_mac, lines[i - 1].mac);
  assert.equal(lines.at(-1).action, 'audit.export');
  const some = await admin('GET', '/api/audit?action=session.start', { headers: { Accept: 'application/x-ndjson' } });
  assert.ok(some.text.trimEnd().split('\n').every((l) => JSON.parse(l).action === 'session.start'));
  for (const query of ['limit=1', 'cursor=AAAAAAAAAAMAAAAAAAAAAA'])
    assert.equal((await admin('GET', `/api/audit?${query}`, { headers: { Accept: 'application/x-ndjson' } })).status, 422);
  const head = await send('HEAD', '/api/audit', { headers: { Accept: 'application/x-ndjson', Authorization: `Bearer ${admin.token}` } });
  assert.equal(head.status, 200);
  assert.equal(head.bytes.length, 0);
  const read = await until('reading is logged', () => log.lines().find((l) => l['event.action'] === 'audit.read'));
  assert.equal(read['event.dataset'], 'bsx.admin');
  assert.equal(read['user.name'], owner.email);
});

test('an export longer than a piece arrives whole', { timeout: 120000 }, async () => {
  const { id } = (await admin('GET', '/api/tenants')).json.items[0];
  for (let n = 0; n < 65; n++)
    await Promise.all(Array.from({ length: 10 }, (_, i) => admin('PUT', `/api/tenants/${id}`, { body: { name: `Name ${n} ${i}` } })));
  const answer = await admin('GET', '/api/audit', { headers: { Accept: 'application/x-ndjson' } });
  const seqs = answer.text.trimEnd().split('\n').map((l) => JSON.parse(l).seq);
  assert.ok(seqs.length > 600, `${seqs.length} entries`);
  assert.deepEqual(seqs, seqs.map((_, i) => i + 1));
});

test('the verification reads all entries up to the head', async () => {
  const good = await admin('GET', '/api/audit/verify');
  assert.equal(good.status, 200);
  const newest = (await admin('GET', '/api/audit?limit=1')).json.items[0];
  const { proven, kept_s, ...rest } = good.json;
  assert.deepEqual(rest, { ok: true, entries: newest.seq, head: { seq: newest.seq, mac: newest.mac }, broken_at: 0 });
  assert.ok(proven <= newest.seq && kept_s === 0);
});

test('a trail is verified in parts too, each following the one before', async () => {
  const head = (await admin('GET', '/api/audit/verify')).json.head.seq;
  const entries = [];
  for (let after = 0; after !== undefined;) {
    const part = await admin('GET', `/api/audit/verify?after=${after}&limit=300`);
    assert.deepEqual([part.status, part.json.ok], [200, true]);
    entries.push(part.json.entries);
    after = part.json.next_after;
  }
  assert.deepEqual(entries.slice(0, 2), [300, 300]);
  assert.ok(entries.reduce((a, b) => a + b) >= head);
  assert.equal((await admin('GET', '/api/audit/verify?after=99999999')).status, 404);
  for (const bad of ['limit=0', 'limit=100001', 'after=-1', 'after=x'])
    assert.equal((await admin('GET', `/api/audit/verify?${bad}`)).status, 422, bad);
});

test('who follows the trail has each entry, oldest first and without a gap; and what was done to one thing alone', async () => {
  const seen = [];
  for (let after = 0; ;) {
    const { items } = (await admin('GET', `/api/audit?order=oldest&after=${after}&limit=200`)).json;
    if (items.length === 0)
      break;
    seen.push(...items.map((x) => x.seq));
    after = seen.at(-1);
  }
  assert.deepEqual(seen, seen.map((_, i) => i + 1));
  assert.deepEqual((await all(admin, '/api/audit?order=oldest', 200)).map((x) => x.seq), seen);
  const [some] = await trail('action=user.create'), of = await trail(`target_id=${some.target_id}`);
  assert.ok(of.length > 1 && of.every((x) => x.target_id === some.target_id));
  assert.deepEqual(await trail(`target_id=${some.target_id}&target_kind=nothing`), []);
});
