// Real pairs of configurations through the API: the number of changes is that of the independent reference.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { argument } from '../lib/env.mjs';
import { all, bearer, newConfig, newKey, unique, withKey } from '../lib/people.mjs';

const dir = [argument, path.join(argument, 'drift-corpus')].find((d) => fs.existsSync(path.join(d, 'MANIFEST.tsv')));
assert.ok(dir, `there is no MANIFEST.tsv in ${argument}`);
const [head, ...rows] = fs.readFileSync(path.join(dir, 'MANIFEST.tsv'), 'utf8').trim().split('\n').map((l) => l.split('\t'));
const pairs = rows.map((r) => Object.fromEntries(r.map((v, i) => [head[i], v]))).filter((p) => p.set === 'ca');

let admin, key;

before(async () => {
  admin = await bearer();
  key = withKey((await newKey(admin)).key);
});

async function pushFile(config, name) {
  const a = await key('POST', `/api/drift/configs/${config.id}/documents`,
    { body: fs.readFileSync(path.join(dir, name)), headers: { 'Content-Type': 'application/octet-stream' } });
  assert.equal(a.status, 201, `${name}: ${a.text}`);
  return a.json.report;
}

test(`the corpus has its pairs of the set ca`, () => assert.ok(pairs.length > 0));

for (const { set, n, keyed_minus_volatile: text } of pairs) {
  const want = Number(text);
  test(`${set}/${n}: ${want} changes${want === 0 ? ' and no alert' : ''}`, async () => {
    const config = await newConfig(admin, { name: unique(`${set}-${n}`) });
    assert.equal((await pushFile(config, `${set}/${n}.a.json`)).status, 'baseline');
    const { id } = await pushFile(config, `${set}/${n}.b.json`);
    const report = (await admin('GET', `/api/drift/reports/${id}`)).json;
    const { created, modified, deleted } = report.summary;
    assert.equal(created + modified + deleted, want);
    assert.equal((await all(admin, `/api/drift/reports/${id}/changes`)).length, want);
    const alerts = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
    if (want === 0)
      assert.deepEqual(alerts, []);
    else
      assert.equal(alerts.length, 1);
  });
}
