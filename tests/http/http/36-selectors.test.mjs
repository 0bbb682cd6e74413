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
      const { last_refused: refusal, ...same } = await w.config();
      assert.equal(refusal.code, 'validation_failed', `${name}, ${later}`);
      assert.deepEqual(same, before, `${name}, ${later}: nothing else has changed`);
      const next = await w.send(good);
      assert.equal(next.report.status, later ? 'clean' : 'baseline', name);
      assert.equal((await w.alerts('drift')).length, 0, name);
    }
});

const page = (n, more = {}) => ({ value: Array.from({ length: n }, (_, i) => ({ id: `p${i}`, state: 'enabled' })), ...more });
const collection = async (w, id) => (await w.admin('GET', `/api/drift/snapshots/${id}`)).json.collections;

test('a document that says that it is not all deletes nothing, and is told so', async () => {
  const graph = { resources: '/value', key: 'id', category: 'policies' };
  const link = { '@odata.nextLink': 'https://graph.example/v1.0/policies?$skiptoken=x' };
  const w = await watched(graph, { rule_packs: ['entra', 'generic'] });
  await w.send(page(4));
  const cut = await w.send(page(2, link));
  assert.equal(cut.report.status, 'incomplete');
  assert.deepEqual(cut.notes, ['The document says at /@odata.nextLink that it is not all: its collections are partial.']);
  assert.deepEqual(await collection(w, cut.snapshot_id), { policies: 'partial' });
  assert.deepEqual(await changesOf(w.admin, cut.report), []);
  assert.equal((await w.alerts('drift')).length, 0);
  const back = await w.send(page(4));
  assert.deepEqual([back.report.status, back.notes], ['clean', undefined]);
  const gone = await w.send(page(2));
  assert.deepEqual((await changesOf(w.admin, gone.report)).map((x) => x.op), ['deleted', 'deleted']);
});

test('what says that a document is not all is known by its name, its place and its value', async () => {
  const under = (name, value) => ({ meta: { [name]: value } });
  for (const [name, document, partial] of [
    ['nextLink', page(2, { nextLink: 'x' }), true], ['empty text', page(2, { nextLink: '' }), false],
    ['null', page(2, { '@odata.nextLink': null }), false], ['Kubernetes', page(2, { metadata: { continue: 'eyJ2' } }), true],
    ['Kubernetes, at the end', page(2, { metadata: { continue: '' } }), false],
    ['a page token', page(2, { nextPageToken: 't' }), true], ['AWS', page(2, { NextToken: 't' }), true],
    ['IsTruncated', page(2, { IsTruncated: true, NextMarker: 'm' }), true], ['not truncated', page(2, { IsTruncated: false }), false],
    ['truncated as a text', page(2, { IsTruncated: 'true' }), false], ['ARM', page(2, { resultTruncated: true }), true],
    ['Stripe', page(2, { has_more: true }), true], ['next, a URL', page(2, under('next', 'https://a.example/?p=2')), true],
    ['next, a path with a query', page(2, { pagination: { next: '/api/hosts?page=2' } }), true],
    ['next, a path', page(2, { next: '/home' }), false], ['next, a word', page(2, { next: 'step2' }), false],
    ['next, a number', page(2, under('next', 2)), false], ['elsewhere', page(2, { links: { nextLink: 'x' } }), false],
    ['deeper', page(2, { meta: { page: { nextLink: 'x' } } }), false],
    ['in an element', { value: [{ id: 'p0', state: 'enabled', nextLink: 'x' }, { id: 'p1', state: 'enabled' }] }, false]]) {
    const w = await watched({ resources: '/value', key: 'id' });
    const first = await w.send(document);
    assert.deepEqual(await collection(w, first.snapshot_id), { document: partial ? 'partial' : 'complete' }, name);
  }
  const w = await watched({ resources: '/data/items', key: 'id', category: '/kind' });
  const items = [{ id: 1, kind: 'a' }, { id: 2, kind: 'b' }];
  assert.deepEqual(await collection(w, (await w.send({ data: { items }, nextLink: 'x' })).snapshot_id), { a: 'partial', b: 'partial' });
  const said = await w.send({ data: { items }, nextLink: 'x' }, { a: 'complete', b: 'forbidden', c: 'complete' });
  assert.deepEqual(await collection(w, said.snapshot_id), { a: 'partial', b: 'forbidden', c: 'complete' });
});

test('a config says which of them does not mean that', async () => {
  const selector = { resources: '/value', key: 'id' };
  const w = await watched(selector, { source: { complete_despite: ['/metadata/continue', '/next'] } });
  assert.deepEqual((await w.config()).source.complete_despite, ['/metadata/continue', '/next']);
  const despite = await w.send(page(2, { metadata: { continue: 'on error' }, next: 'https://a.example' }));
  assert.deepEqual(await collection(w, despite.snapshot_id), { document: 'complete' });
  const other = await w.send(page(2, { metadata: { continue: 'on error', NextToken: 'x' } }));
  assert.deepEqual(other.notes, ['The document says at /metadata/NextToken that it is not all: its collections are partial.']);
  for (const [source, pointer] of [[{ selector, complete_despite: ['/metadata/contine'] }, '/source/complete_despite/0'],
    [{ selector, complete_despite: ['/next', 'next'] }, '/source/complete_despite/1'],
    [{ complete_despite: ['/next'] }, '/source/complete_despite'], [{ selector, complete_despite: '/next' }, '/source/complete_despite']]) {
    const a = await w.admin('POST', '/api/drift/configs', { body: { name: 'despite', source: { kind: 'push', ...source } } });
    assert.equal(a.status, 422, a.text);
    assert.deepEqual(a.json.errors.map((x) => x.pointer), [pointer]);
  }
});

test('an empty array is a collection without resources, and said; most of one gone at once is held', async () => {
  const w = await watched({ resources: '/value', key: 'id', category: 'c' });
  const first = await w.send(page(0));
  assert.deepEqual([first.report.status, first.notes], ['baseline', ['The array at "/value" is empty.']]);
  assert.deepEqual(await collection(w, first.snapshot_id), { c: 'complete' });

  const later = await watched({ resources: '/value', key: 'id', category: 'c' });
  await later.send(page(6));
  const gone = await later.send(page(0));
  assert.deepEqual(gone.notes, ['The array at "/value" is empty.']);
  assert.deepEqual(gone.report.held, [{ category: 'c', removed: 6, of: 6 }]);
  assert.equal((await later.alerts('drift')).length, 0);
  assert.equal((await later.send(page(6))).report.status, 'clean');
  assert.equal((await later.alerts('drift')).length, 0);
});

test('a text of the same instant is no change, unless the config says so, and is shown as it came', async () => {
  const at = (t) => ({ value: [{ id: 'a', t, l: [t, 'x'] }] });
  const changes = async (compare) => {
    const w = await watched({ resources: '/value', key: 'id' }, compare ? { compare } : {});
    await w.send(at('2026-01-01T00:00:00Z'));
    const next = await w.send(at('2026-01-01T01:00:00.000+01:00'));
    const shown = await w.admin('GET', `/api/drift/snapshots/${next.snapshot_id}?category=document&key=a`);
    assert.equal(shown.json.contents[0].value.t, '2026-01-01T01:00:00.000+01:00');
    return [next.report.status, next.report.summary.created + next.report.summary.modified + next.report.summary.deleted];
  };
  assert.deepEqual(await changes(), ['clean', 0]);
  assert.deepEqual(await changes({ instants: true }), ['clean', 0]);
  assert.deepEqual(await changes({ instants: false }), ['drifted', 3]);
});
