// All versions of one file that the corpus holds, pushed in their order and read back: the history loses nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { argument } from '../lib/env.mjs';
import { bearer, newConfig, newKey, withKey } from '../lib/people.mjs';

const dir = [argument, path.join(argument, 'drift-corpus')].find((d) => fs.existsSync(path.join(d, 'MANIFEST.tsv')));
const rows = fs.readFileSync(path.join(dir, 'MANIFEST.tsv'), 'utf8').trim().split('\n').slice(1).map((l) => l.split('\t'));
const files = Map.groupBy ? Map.groupBy(rows, (r) => r[8]) : rows.reduce((m, r) => m.set(r[8], [...(m.get(r[8]) ?? []), r]), new Map());

for (const name of ['_info/GraphAppRoles.json', 'azure/built-in-roles-raw.json']) {
  const sides = (files.get(name) ?? []).flatMap(([set, n]) => ['a', 'b'].map((side) => path.join(dir, set, `${n}.${side}.json`)));
  test(`${name}: ${sides.length} versions read back equal`, async () => {
    assert.ok(sides.length > 2);
    const admin = await bearer(), key = withKey((await newKey(admin)).key);
    const config = await newConfig(admin, { rule_packs: [] });
    const ids = [];
    for (const file of sides) {
      const a = await key('POST', `/api/drift/configs/${config.id}/documents`,
        { body: fs.readFileSync(file), headers: { 'Content-Type': 'application/octet-stream' } });
      assert.equal(a.status, 201, a.text);
      ids.push(a.json.snapshot_id);
    }
    for (const [i, file] of sides.entries()) {
      const got = await admin('GET', `/api/drift/snapshots/${ids[i]}?category=document&key=`);
      assert.equal(got.status, 200, got.text);
      assert.deepEqual(got.json.contents[0].value, JSON.parse(fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '')), file);
    }
  });
}
