// A created resource that is like a deleted one of its category: told with it, in every way out, and decided about apart.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bearer, newChannel, newConfig, newKey, push, withKey } from '../lib/people.mjs';
import { Receiver } from '../lib/receiver.mjs';

const rules = [
  { category: 'roles', path: '', op: 'created', severity: 'high' },
  { category: 'roles', path: '', op: 'deleted', severity: 'low' },
  { category: 'roles', path: '/person', op: 'modified', severity: 'critical' },
];
const assignment = (key, person, more = {}) => ({ category: 'roles', key, value: { role: 'admin', scope: '/', kind: 'direct', start: 1, end: null, person, ...more } });
const others = ['other', 'third'].map((category) => ({ category, key: 'stays', value: 1 }));
let receiver;

before(async () => { receiver = await new Receiver().start(); });
after(() => receiver.stop());

async function renamed(more = {}) {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [], rules, ...more });
  const key = withKey((await newKey(admin)).key);
  await push(key, config, [assignment('old', 'anna'), { category: 'other', key: 'x', value: { a: 1 } }, { category: 'unlike', key: 'u', value: { a: 1, b: 1 } }, ...others]);
  const next = [assignment('new', 'berta'), { category: 'third', key: 'y', value: { a: 1 } }, { category: 'unlike', key: 'v', value: { a: 1, b: 2 } }, ...others];
  const { report } = await push(key, config, next);
  const list = async (id = report.id) => {
    const a = await admin('GET', `/api/drift/reports/${id}/changes`);
    assert.equal(a.status, 200, a.text);
    return Object.fromEntries(a.json.items.map((c) => [c.resource.key, c]));
  };
  return { admin, key, config, report, list, next };
}

test('both stay a change of their own, and the created one says of what and how severe the whole is', async () => {
  const { admin, report, list } = await renamed();
  const by = await list();
  assert.deepEqual([by.new.op, by.new.severity, by.new.renamed_from, by.new.renamed_severity], ['created', 'high', 'old', 'critical']);
  assert.deepEqual([by.old.op, by.old.severity, by.old.renamed_from, by.old.renamed_severity], ['deleted', 'low', undefined, undefined]);
  assert.equal((await admin('GET', `/api/drift/changes/${by.new.id}`)).json.renamed_from, 'old');
  for (const key of ['x', 'y', 'u', 'v'])
    assert.equal(by[key].renamed_from, undefined, `${key} is not like any of its category`);
  const shown = (await admin('GET', `/api/drift/reports/${report.id}`)).json;
  assert.deepEqual([shown.renamed, shown.max_severity], [1, 'high']);
  assert.equal(shown.notes, undefined);
});

test('the table and the message have the link', async () => {
  const admin = await bearer(), channel = await newChannel(admin, receiver.url());
  const { report } = await renamed({ alerts: [{ channel_id: channel.id }] });
  const a = await admin('GET', `/api/drift/reports/${report.id}/changes`, { headers: { Accept: 'text/csv' } });
  const [head, ...rows] = a.text.trim().split('\r\n');
  assert.match(head, /,renamed_from,renamed_severity,attribution$/);
  assert.equal(rows.filter((r) => r.includes(',old,critical,')).length, 1, a.text);
  const told = (await receiver.wait('of the drift', (d) => d.body?.data?.report?.id === report.id)).body.data.changes;
  assert.deepEqual(told.filter((c) => c.renamed_from !== undefined).map((c) => [c.key, c.renamed_from, c.renamed_severity]), [['new', 'old', 'critical']]);
});

test('an acceptance or a silence of one does not cover the other', async () => {
  const { admin, key, config, list, next } = await renamed();
  const a = await admin('PUT', `/api/drift/changes/${(await list()).new.id}`, { body: { status: 'accepted', reason: 'She is new.' } });
  assert.equal(a.status, 200, a.text);
  const accepted = await push(key, config, [...next, { category: 'other', key: 'z', value: 1 }]);
  let by = await list(accepted.report.id);
  assert.equal(by.new?.status ?? 'accepted', 'accepted');
  assert.deepEqual([by.old.status, by.old.suppressed_by], ['detected', undefined]);
  const other = await renamed();
  const silence = await other.admin('POST', '/api/drift/silences', { body: { matcher: { config: other.config.id, key: 'old' }, reason: 'Work on it.',
    expires_at: new Date(Date.now() + 60000).toISOString() } });
  assert.equal(silence.status, 201, silence.text);
  const silent = await push(other.key, other.config, [...other.next, { category: 'other', key: 'z', value: 1 }]);
  by = await other.list(silent.report.id);
  assert.deepEqual([by.old.suppressed_by, by.new.suppressed_by, by.new.renamed_from], [`silence:${silence.json.id}`, undefined, 'old']);
});

test('where they are too many none is linked, and a note says so', async () => {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [], rules: [] });
  const key = withKey((await newKey(admin)).key);
  const of = (name) => Array.from({ length: 401 }, (_, i) => ({ category: 'c', key: `${name}${i}`, value: { i } }));
  await push(key, config, [...of('a'), { category: 'd', key: 'a', value: 1 }]);
  const { report } = await push(key, config, [...of('b'), { category: 'd', key: 'b', value: 1 }]);
  const shown = (await admin('GET', `/api/drift/reports/${report.id}`)).json;
  assert.deepEqual([shown.summary.created, shown.summary.deleted, shown.renamed], [402, 402, 1]);
  assert.deepEqual(shown.notes.map((n) => [n.category, n.key, n.path]), [['c', '', '']]);
  assert.match(shown.notes[0].note, /too many/);
});
