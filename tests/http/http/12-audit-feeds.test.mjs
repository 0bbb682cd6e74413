// Channels that are told the audit trail: every entry at least once, in order, whatever is killed; by those who may read it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { child, children, until } from '../lib/env.mjs';
import { all, bearer, newChannel, newKey, newTenant, sql, unique, withKey } from '../lib/people.mjs';
import { Receiver, verify } from '../lib/receiver.mjs';

const hooks = await new Receiver().start();
const hex = (id) => `UNHEX('${id.replaceAll('-', '')}')`;
let owner, admin, schema;

before(async () => {
  owner = newTenant();
  admin = await bearer(owner);
  schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`);
});
after(() => hooks.stop());

const at = (path) => hooks.got.filter((d) => d.path === path && d.status < 300 && d.body?.type !== 'test');
const told = (path) => at(path).flatMap((d) => d.body.data.entries);
const entries = (where = '') => all(admin, `/api/audit?order=oldest${where}`);
const state = async (id, by = admin) => (await all(by, '/api/drift/channels')).find((c) => c.id === id);
const feed = (path, more = {}) => newChannel(admin, hooks.url(path), { kinds: ['audit'], ...more });
const deeds = async (n) => { for (let i = 0; i < n; i++) await admin('POST', '/api/drift/routes', { body: { name: unique('r'), channels: [] } }); };
const caught = (c) => until('all to have arrived', async () => { const s = await state(c.id); return s.audit.behind === 0 && s; }, 30);
const put = (c, body, by = admin) => by('PUT', `/api/drift/channels/${c.id}`, { body });
// However often they came: in the order of the first time, without a gap from `first` on.
function whole(list, first) {
  const seen = [...new Set(list.map((x) => x.seq))];
  assert.deepEqual(seen, Array.from({ length: seen.length }, (_, i) => first + i));
  return seen.length;
}

test('entries come in order, as the trail shows them, signed, from the one that says so on', async () => {
  const c = await feed('/first');
  assert.deepEqual([c.kinds, c.audit.chain, c.audit.lost, c.audit.tries], [['audit'], 1, 0, 0]);
  await deeds(3);
  await caught(c);
  const got = told('/first'), shown = await entries(`&after=${got[0].seq - 1}`);
  assert.deepEqual([got[0].action, got[0].target_id, got[0].details.audit], ['channel.create', c.id, true]);
  whole(got, got[0].seq);
  assert.deepEqual(got, shown.slice(0, got.length));
  const [d] = at('/first');
  assert.ok(verify(c.secret, d));
  assert.deepEqual([d.body.type, d.body.data.tenant.slug, d.body.data.first, d.body.data.lost], ['audit.entries', owner.tenant, got[0].seq, undefined]);
  // being told it is no reading of it: nothing tells itself on and on
  const rest = await caught(c);
  assert.equal((await state(c.id)).audit.seq, rest.audit.seq);
  const other = await newChannel(admin, hooks.url('/plain'));
  assert.deepEqual([other.kinds, other.audit], [[], undefined]);
  assert.deepEqual(at('/plain'), []);
});

test('cloudevents have the same as data; a template makes a record of each entry', async () => {
  const cloud = await feed('/cloud', { kind: 'cloudevents' });
  const hec = await newChannel(admin, hooks.url('/hec'), { kind: 'template', kinds: ['audit'], headers: [{ name: 'Authorization', value: 'Splunk 0123' }],
    template: '{"time": %entry.time_s%, "sourcetype": "bsx:audit", "event": %entry%, "text": "%entry.seq% %entry.action% %entry.details%", "none": %alert.title%}' });
  await deeds(2);
  await caught(cloud);
  await caught(hec);
  const [e] = at('/cloud');
  assert.deepEqual([e.body.type, e.body.source, e.headers['content-type'].split(';')[0]], ['blindspotx.audit.entries', `/blindspotx/tenants/${owner.tenant}`, 'application/cloudevents+json']);
  whole(at('/cloud').flatMap((d) => d.body.data.entries), e.body.data.first);
  const lines = at('/hec').flatMap((d) => d.text.trim().split('\n').map((l) => JSON.parse(l)));
  whole(lines.map((l) => l.event), lines[0].event.seq);
  for (const l of lines) {
    assert.deepEqual([l.time, l.none], [Math.floor(Date.parse(l.event.at) / 1000), null]);
    assert.equal(l.text, `${l.event.seq} ${l.event.action} ${JSON.stringify(l.event.details)}`);
  }
  assert.equal(at('/hec')[0].headers.authorization, 'Splunk 0123');
  for (const kind of [{ kind: 'slack' }, { kind: 'teams' }, { kind: 'email', url: undefined, to: 'siem@example.org' },
    { kind: 'pagerduty', secret: '0123456789abcdef0123456789abcdef' }, { kind: 'alertmanager' }]) {
    const a = await admin('POST', '/api/drift/channels', { body: { name: unique('c'), url: hooks.url('/no'), kinds: ['audit'], ...kind } });
    assert.deepEqual([a.status, a.json.errors?.[0].pointer], [422, '/kinds'], a.text);
  }
});

test('what fails comes again under the same id, then in smaller parts; a pause loses nothing; a seq is gone back to', async () => {
  const c = await feed('/again');
  await caught(c);
  hooks.refuse = '/again';
  await deeds(4);
  const failed = await until('a failure', async () => { const s = await state(c.id); return s.audit.tries > 0 && s; });
  assert.deepEqual([failed.audit.detail, failed.status], ['The receiver answered 500.', 'active']);
  assert.ok(failed.audit.behind >= 4);
  assert.equal((await put(c, { name: unique('renamed') })).status, 200);
  assert.ok((await state(c.id)).audit.tries >= failed.audit.tries, 'a name is no reason to begin anew');
  assert.equal((await put(c, { status: 'paused' })).status, 200);
  hooks.refuse = null;
  await deeds(2);
  assert.equal((await put(c, { status: 'active' })).status, 200);
  const done = await caught(c);
  assert.deepEqual([done.audit.tries, done.audit.detail], [0, '']);
  whole(told('/again'), told('/again')[0].seq);
  const ids = hooks.got.filter((d) => d.path === '/again');
  const key = (d) => `${d.body.data.first}-${d.body.data.last}`;
  for (const d of ids)
    assert.equal(d.id, ids.find((x) => key(x) === key(d)).id);

  const before = told('/again').length, first = told('/again')[0].seq;
  const replay = (body) => admin('POST', `/api/drift/channels/${c.id}/replay`, { body });
  for (const [body, pointer] of [[{ audit_after: 1e9 }, '/audit_after'], [{ audit_after: 1, state: 'all' }, '/audit_after']]) {
    const a = await replay(body);
    assert.deepEqual([a.status, a.json.errors[0].pointer], [422, pointer]);
  }
  const again = await replay({ audit_after: 0 });
  assert.equal(again.status, 202, again.text);
  await caught(c);
  const later = told('/again').slice(before);
  assert.ok(first > 1 && later[0].seq === 1 && later.length >= again.json.messages);
  whole(later, 1);
  const plain = await newChannel(admin, hooks.url('/plain'));
  assert.equal((await admin('POST', `/api/drift/channels/${plain.id}/replay`, { body: { audit_after: 0 } })).status, 409);
});

test('daemons that are killed at any instant lose no entry', async () => {
  const c = await feed('/killed'), { seq } = (await caught(c)).audit;
  for (let round = 0; round < 3; round++) {
    await deeds(3);
    const pids = round % 2 ? [child('driftd')] : children(child('driftd'));
    for (const pid of pids) {
      try { process.kill(pid, 'SIGKILL'); } catch { /* it has ended with its parent */ }
    }
    await deeds(2);
    await until('driftd', () => children(child('driftd')).length > 1);
  }
  await caught(c);
  assert.ok(whole(told('/killed'), told('/killed')[0].seq) >= 15 && told('/killed').at(-1).seq > seq);
});

test('only who may read the trail says where it is told, in what words and whether', async () => {
  const c = await feed('/guarded'), plain = await newChannel(admin, hooks.url('/plain'));
  const keeper = withKey((await newKey(admin, ['read:channels', 'manage:channels', 'read:alerts'])).key);
  const reader = withKey((await newKey(admin, ['manage:channels', 'read:audit', 'read:channels'])).key);
  const refused = { ...{ url: hooks.url('/mine') }, secret: null };
  for (const body of [refused, { status: 'paused' }, { status: 'disabled' }, { rate: { per_minute: 1, burst: 1 } }, { kinds: [] }, { secret: null }])
    assert.equal((await put(c, body, keeper)).status, 403, JSON.stringify(body));
  assert.equal((await put(plain, { kinds: ['audit'] }, keeper)).status, 403);
  assert.equal((await keeper('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'email', to: 'a@example.org', kinds: ['audit'] } })).status, 403, '403 before 422');
  assert.equal((await keeper('POST', `/api/drift/channels/${c.id}/replay`, { body: { audit_after: 0 } })).status, 403);
  assert.equal((await keeper('DELETE', `/api/drift/channels/${c.id}`)).status, 403);
  assert.equal((await put(c, { name: unique('renamed') }, keeper)).status, 200);
  const seen = await state(c.id, keeper);
  assert.deepEqual([seen.kinds, seen.audit], [['audit'], undefined]);
  assert.equal((await put(plain, { kinds: ['audit'] }, reader)).status, 200);
  await deeds(1);
  await until('the other one to be told', () => at('/plain').length > 0);
  assert.equal((await put(plain, { kinds: [] }, reader)).status, 200);
  const [off, on] = (await all(admin, '/api/audit?action=channel.update')).filter((x) => x.target_id === plain.id);
  assert.deepEqual([on.details.audit, off.details.audit], [{ from: false, to: true }, { from: true, to: false }]);
  assert.equal(sql(`SELECT COUNT(*) FROM ${schema}.audit_feeds WHERE channel_id = ${hex(plain.id)}`), '0');
  assert.equal((await reader('DELETE', `/api/drift/channels/${c.id}`)).status, 204);
  assert.equal(sql(`SELECT COUNT(*) FROM audit_feeds WHERE channel_id = ${hex(c.id)}`), '0');
});

test('eight are as many as can be told, and /metrics says how far behind they are', async () => {
  const now = (await all(admin, '/api/drift/channels')).filter((c) => c.kinds.length).length;
  for (let i = now; i < 8; i++)
    await feed('/many');
  const a = await admin('POST', '/api/drift/channels', { body: { name: unique('c'), kind: 'webhook', url: hooks.url('/many'), kinds: ['audit'] } });
  assert.equal(a.status, 409, a.text);
  const text = (await call('GET', '/metrics')).text;
  for (const name of ['bsx_audit_feed_behind', 'bsx_audit_feed_behind_entries', 'bsx_audit_feed_behind_seconds'])
    assert.match(text, new RegExp(`^${name} \\d`, 'm'));
});
