// Last: what all the tests before have seen, held against what the OpenAPI document promises.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { openapi, seenFile } from '../lib/spec.mjs';

test('every route has given each success that it documents', async () => {
  const { document } = await openapi();
  const seen = new Set(fs.readFileSync(seenFile, 'utf8').split('\n').filter(Boolean));
  const missing = [];
  for (const [template, item] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(item))
      for (const status of Object.keys(op.responses))
        if (/^[23]\d\d$/.test(status) && !seen.has(`${method.toUpperCase()} ${template} ${status}`))
          missing.push(`${method.toUpperCase()} ${template} ${status}`);
  assert.deepEqual(missing, []);
});

test('every route that needs a caller has refused one, and every body one that does not fit', async () => {
  const { document } = await openapi();
  const seen = new Set(fs.readFileSync(seenFile, 'utf8').split('\n').filter(Boolean));
  const missing = [];
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const key = `${method.toUpperCase()} ${template}`;
      const open = op.security.length === 0 || op.security.some((s) => Object.keys(s).length === 0);
      if (!open && !seen.has(`${key} 401`))
        missing.push(`${key} 401`);
    }
  }
  assert.deepEqual(missing, []);
});
