// What a rule names (controls), and where inside a change it decided: told with the change, in the table, and to ask for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, bearer, newConfig, newKey, newTenant, push, withKey } from '../lib/people.mjs';

const CIS = 'CIS Kubernetes 5.1.1', NIST = 'NIST AC-6(5)', SCUBA = 'SCuBA MS.AAD.3.1v1';
const rules = [
  { path: '/**/cidr', to: '0.0.0.0/0', severity: 'critical', reason: 'Everybody may come in.', controls: [CIS, NIST] },
  { path: '/mfa', severity: 'high', controls: [NIST] },
  { path: '/note', severity: 'low' },
];

async function drifted() {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [], rules });
  const key = withKey((await newKey(admin)).key);
  await push(key, config, [{ category: 'c', key: 'k', value: { mfa: true, note: 1 } }]);
  const { report } = await push(key, config, [{ category: 'c', key: 'k', value: { mfa: false, note: 2, rules: [{ cidr: '0.0.0.0/0' }] } }]);
  const list = async (query = '') => {
    const a = await admin('GET', `/api/drift/reports/${report.id}/changes${query}`);
    assert.equal(a.status, 200, a.text);
    return a.json.items;
  };
  return { admin, config, key, report, list };
}

const ask = (control) => `?control=${encodeURIComponent(control)}`;

test('a change says what its rule names and where inside it the rule decided', async () => {
  const { admin, report, list } = await drifted();
  const by = Object.fromEntries((await list()).map((c) => [c.path, c]));
  assert.deepEqual([by['/rules'].severity, by['/rules'].rule, by['/rules'].rule_place, by['/rules'].controls],
    ['critical', 'config:1', '/0/cidr', [CIS, NIST]]);
  assert.deepEqual([by['/mfa'].rule_place, by['/mfa'].controls, by['/mfa'].judged], [undefined, [NIST], undefined]);
  assert.equal(by['/note'].controls, undefined);
  const one = await admin('GET', `/api/drift/changes/${by['/rules'].id}`);
  assert.deepEqual([one.json.controls, one.json.rule_place], [[CIS, NIST], '/0/cidr']);
  const shown = await admin('GET', `/api/drift/reports/${report.id}`);
  assert.deepEqual(shown.json.controls.toSorted?.() ?? [...shown.json.controls].sort(), [CIS, NIST]);
});

test('changes are asked for by a control', async () => {
  const { admin, list } = await drifted();
  const paths = async (query) => (await list(query)).map((c) => c.path).sort();
  assert.deepEqual(await paths(ask(NIST)), ['/mfa', '/rules']);
  assert.deepEqual(await paths(ask(CIS)), ['/rules']);
  assert.deepEqual(await paths(ask(SCUBA)), []);
  assert.deepEqual(await paths(ask('%')), []);
  assert.deepEqual(await paths(ask('NIST AC-6')), [], 'a part is another control');
  assert.deepEqual(await paths(`${ask(NIST)}&severity=high`), ['/mfa']);
  assert.deepEqual(await paths(`${ask(NIST)}&status=accepted`), []);
  const first = await admin('GET', `/api/drift/reports/${(await list())[0].report_id}/changes${ask(NIST)}&limit=1`);
  assert.equal(first.json.items.length, 1);
  assert.deepEqual(await paths(`${ask(NIST)}&limit=1&cursor=${first.json.next_cursor}`),
    ['/mfa', '/rules'].filter((p) => p !== first.json.items[0].path));
  assert.equal((await admin('GET', `/api/drift/reports/${(await list())[0].report_id}/changes?control=${'x'.repeat(65)}`)).status, 422);
});

test('the table has what rules name', async () => {
  const { admin, report } = await drifted();
  const a = await admin('GET', `/api/drift/reports/${report.id}/changes`, { headers: { Accept: 'text/csv' } });
  const [head, ...rows] = a.text.trim().split('\r\n');
  assert.match(head, /,status,rule_place,judged,controls,renamed_from,renamed_severity,attribution$/);
  assert.ok(rows.some((r) => r.includes(`,/0/cidr,,"[""${CIS}"",""${NIST}""]",,,`)), a.text);
  assert.ok(rows.some((r) => r.includes(',,,,,')), a.text);
  const some = await admin('GET', `/api/drift/reports/${report.id}/changes${ask(CIS)}`, { headers: { Accept: 'text/csv' } });
  assert.deepEqual(some.text.trim().split('\r\n'), [head, ...rows.filter((r) => r.includes(CIS))]);
});

test('alerts are asked for by a control that the rules of their findings name or have named, and changed by it', async () => {
  const { admin, config, key } = await drifted(), other = await drifted(), of = `&config_id=${config.id}`;
  const ids = async (query, by = admin) => (await all(by, `/api/drift/alerts${query}`)).map((x) => x.id);
  const [alert] = await ids(`?config_id=${config.id}`), [theirs] = await ids(`?config_id=${other.config.id}`);
  const shown = async () => (await admin('GET', `/api/drift/alerts/${alert}`)).json.controls;
  assert.deepEqual(await shown(), [CIS, NIST]);
  for (const [query, want] of [[ask(NIST) + of, [alert]], [ask(CIS) + of, [alert]], [ask(SCUBA), []], [ask('NIST AC-6'), []], [ask('%'), []],
    [`${ask(NIST)}${of}&severity=critical`, [alert]], [`${ask(NIST)}${of}&severity=low`, []], [`${ask(NIST)}${of}&status=resolved`, []]])
    assert.deepEqual(await ids(query), want, query);
  assert.equal((await admin('GET', `/api/drift/alerts?control=${'x'.repeat(65)}`)).status, 422);

  // newest first in pages, and from the oldest on
  const both = (list) => list.filter((id) => id === alert || id === theirs);
  assert.deepEqual(both((await all(admin, `/api/drift/alerts${ask(NIST)}`, 1)).map((x) => x.id)), [theirs, alert]);
  const tail = async (since) => (await admin('GET', `/api/drift/alerts${ask(NIST)}&limit=200&since=${since}`)).json;
  const first = await tail('');
  assert.deepEqual(both(first.items.map((x) => x.id)), [alert, theirs]);
  assert.deepEqual((await tail(encodeURIComponent(first.next_cursor))).items, []);

  // of another tenant there is nothing to find
  assert.deepEqual(await ids(ask(NIST), await bearer(newTenant())), []);

  // what another finding brings comes to it, what is over stays
  await admin('PUT', `/api/drift/configs/${config.id}`, { body: { rules: [...rules, { path: '/level', severity: 'high', controls: [SCUBA] }] } });
  await push(key, config, [{ category: 'c', key: 'k', value: { mfa: true, note: 2, level: 1 } }]);
  assert.deepEqual(await shown(), [CIS, NIST, SCUBA]);
  assert.deepEqual(await ids(ask(SCUBA) + of), [alert]);

  const many = (filter) => admin('PUT', '/api/drift/alerts', { body: { filter, status: 'resolved' } });
  assert.deepEqual((await many({ control: SCUBA, config_id: config.id })).json, { matched: 1, changed: 1, unchanged: 0 });
  assert.deepEqual((await many({ control: 'CIS 9.9', config_id: other.config.id })).json, { matched: 0, changed: 0, unchanged: 0 });
  assert.deepEqual(await ids(`${ask(NIST)}${of}&status=resolved`), [alert], 'and so when it is over');
});

test('what is no identifier of CIS, SCuBA or NIST is refused where it stands', async () => {
  const admin = await bearer();
  const a = await admin('POST', '/api/drift/configs', { body: { name: `controls ${Date.now()}`, source: { kind: 'push' },
    rules: [{ path: '/a', severity: 'low', controls: [CIS, 'ISO 27001 A.9'] }] } });
  assert.equal(a.status, 422, a.text);
  assert.deepEqual(a.json.errors.map((x) => x.pointer), ['/rules/0/controls/1']);
  assert.match(a.json.errors[0].detail, /CIS, SCuBA or NIST/);
});
