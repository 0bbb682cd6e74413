// What a rule names (controls), and where inside a change it decided: told with the change, in the table, and to ask for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearer, newConfig, newKey, push, withKey } from '../lib/people.mjs';

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
  return { admin, config, report, list };
}

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
  const ask = (control) => `?control=${encodeURIComponent(control)}`;
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
  assert.match(head, /,status,rule_place,judged,controls,renamed_from,renamed_severity$/);
  assert.ok(rows.some((r) => r.endsWith(`,/0/cidr,,"[""${CIS}"",""${NIST}""]",,`)), a.text);
  assert.ok(rows.some((r) => r.endsWith(',,,,,')), a.text);
});

test('what is no identifier of CIS, SCuBA or NIST is refused where it stands', async () => {
  const admin = await bearer();
  const a = await admin('POST', '/api/drift/configs', { body: { name: `controls ${Date.now()}`, source: { kind: 'push' },
    rules: [{ path: '/a', severity: 'low', controls: [CIS, 'ISO 27001 A.9'] }] } });
  assert.equal(a.status, 422, a.text);
  assert.deepEqual(a.json.errors.map((x) => x.pointer), ['/rules/0/controls/1']);
  assert.match(a.json.errors[0].detail, /CIS, SCuBA or NIST/);
});
