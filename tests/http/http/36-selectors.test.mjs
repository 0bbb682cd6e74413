// Documents: how they are cut into resources, and what becomes of one that does not fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, bearer, newConfig, newKey, withKey } from '../lib/people.mjs';

const changesOf = (caller, report) => all(caller, `/api/drift/reports/${report.id}/changes`);
const kubectl = { resources: '/items', key: ['/metadata/namespace', '/metadata/name'], category: '/kind' };

// A config with that selector, and a key that pushes documents to it.
async function watched(selector, more = {}) {
  const admin = await bearer();
  const c = await newConfig(admin, { rule_packs: [], ...more, source: { kind: 'push', selector, ...more.source } });
  const key = withKey((await newKey(admin)).key);
  const push = (body) => key('POST', `/api/drift/configs/${c.id}/snapshots`, { body });
  const taken = async (body) => {
    const a = await push(body);
    assert.equal(a.status, 201, a.text);
    return a.json;
  };
  return { admin, c, push,
    send: (document, collections) => taken(collections ? { document, collections } : { document }),
    refused: async (document) => {
      const a = await push({ document });
      assert.equal(a.status, 422, a.text);
      return a.json.errors;
    },
    config: async () => (await admin('GET', `/api/drift/configs/${c.id}`)).json,
    alerts: (kind) => all(admin, `/api/drift/alerts?config_id=${c.id}&kind=${kind}`) };
}

const object = (kind, namespace, name, more = {}) =>
  ({ apiVersion: 'v1', kind, metadata: { ...(namespace && { namespace }), name }, ...more });
const list = (...items) => ({ apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items });

test('what kubectl get -A -o json prints is cut by kind and namespace/name', async () => {
  const { admin, send, config } = await watched(kubectl);
  const cluster = (verbs) => list(
    object('Pod', 'shop', 'web', { spec: { hostNetwork: false } }), object('Pod', 'kube-system', 'web', { spec: {} }),
    object('ClusterRole', null, 'reader', { rules: [{ verbs }] }));
  const first = await send(cluster(['get']));
  assert.equal(first.report.status, 'baseline');
  assert.deepEqual((await config()).source.selector, kubectl, 'it is shown as it was given');

  const kinds = await admin('GET', `/api/drift/snapshots/${first.snapshot_id}?category=Pod`);
  assert.deepEqual(kinds.json.contents.map((r) => r.key).sort(), ['kube-system/web', 'shop/web']);
  const { report } = await send(cluster(['get', 'delete']));
  const changes = await changesOf(admin, report);
  assert.deepEqual([...new Set(changes.map((x) => `${x.resource.category} ${x.resource.key}`))], ['ClusterRole /reader']);
});

test('a key or category that an element does not have, or that another has, is said with its place', async () => {
  const { refused } = await watched(kubectl);
  const said = async (...items) => (await refused(list(...items))).map((x) => `${x.pointer}: ${x.detail}`);
  assert.deepEqual(await said(object('Pod', 'a', 'x'), { kind: 'Pod' }, { metadata: { name: 'y' } }), [
    '/items/1: needs a string or an integer at /metadata/name', '/items/2: needs a string or an integer at /kind']);
  assert.deepEqual(await said(object('Pod', 'a', 'x'), object('Job', 'a', 'x'), object('Pod', 'a', 'x')),
    ['/items/2: has the category "Pod" and key "a/x" of /items/0']);
  assert.deepEqual(await said({ kind: 'Pod', metadata: { name: ['x'] } }),
    ['/items/0: needs a string or an integer at /metadata/name']);
});

test('what can never be a key is refused when the config is made', async () => {
  const admin = await bearer();
  for (const [selector, pointer] of [
    [{ resources: '/items', key: '' }, 'key'], [{ resources: '/items', key: [] }, 'key'],
    [{ resources: '/items', key: null }, 'key'], [{ resources: '/items', key: 7 }, 'key'],
    [{ resources: '/items', key: ['id', ''] }, 'key'], [{ resources: '/items', key: '/metadata/*' }, 'key'],
    [{ resources: '/items', key: '/**/name' }, 'key'], [{ resources: '/items', key: '/tags/-' }, 'key'],
    [{ resources: '/items', key: '/a~b' }, 'key'], [{ resources: '/items', key: ['/id', 'id'] }, 'key'],
    [{ resources: '/items', key: '/auth/password' }, 'key'], [{ resources: '/items', key: ['id', 'secret'] }, 'key'],
    [{ resources: '/items', key: 'id', category: ['kind'] }, 'category'],
    [{ resources: '/items', key: 'id', category: '/spec/password' }, 'category'],
    [{ resources: '/items', key: 'id', category: '/**' }, 'category'],
    [{ resources: '/items/*', key: 'id' }, 'resources'], [{ resources: 'items', key: 'id' }, 'resources']]) {
    const a = await admin('POST', '/api/drift/configs', { body: { name: 'never', source: { kind: 'push', selector } } });
    assert.equal(a.status, 422, `${JSON.stringify(selector)}: ${a.text}`);
    assert.deepEqual(a.json.errors.map((x) => x.pointer), [`/source/selector/${pointer}`], JSON.stringify(selector));
  }
});

// A document of another shape is said, and what was known before stays as it was.
test('a document that has no array, or a bad element, is refused at the first push and at a later one', async () => {
  const good = { value: [{ id: 'a', v: 1 }, { id: 'b', v: 1 }] };
  const wrong = { absent: [{ error: 'none' }, ''], null: [{ value: null }, ''], object: [{ value: { a: 1 } }, ''],
    scalar: [{ value: 'a' }, ''], 'no object': [[1], ''], 'a bad element': [{ value: [{ id: 'a', v: 2 }, { v: 2 }] }, '/value/1'] };
  for (const [name, [document, pointer]] of Object.entries(wrong))
    for (const later of [false, true]) {
      const w = await watched({ resources: '/value', key: 'id', category: 'c' });
      if (later)
        await w.send(good);
      const before = await w.config();
      const [fault, ...more] = await w.refused(document);
      assert.deepEqual([fault.pointer, more], [pointer, []], `${name}, ${later}`);
      assert.deepEqual(await w.config(), before, `${name}, ${later}: nothing has changed`);
      const next = await w.send(good);
      assert.equal(next.report.status, later ? 'clean' : 'baseline', name);
      assert.equal((await w.alerts('drift')).length, 0, name);
    }
});
