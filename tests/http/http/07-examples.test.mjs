// The examples of the interface: there is one for every body and answer, each fits its schema, and the page shows them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../lib/client.mjs';
import { openapi } from '../lib/spec.mjs';

// Every content that has a schema with members, with what it belongs to.
function contents({ document }) {
  const all = [];
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(item)) {
      const name = `${method.toUpperCase()} ${path}`;
      all.push(...Object.entries(op.requestBody?.content ?? {}).map(([type, c]) => [`${name} body`, type, c]));
      for (const [status, answer] of Object.entries(op.responses))
        all.push(...Object.entries(answer.content ?? {}).map(([type, c]) => [`${name} ${status}`, type, c]));
    }
  return all.filter(([, type, c]) => type === 'application/json' && Object.keys(c.schema ?? {}).length > 0);
}

test('every example fits its schema', async () => {
  const spec = await openapi(), all = contents(spec);
  assert.ok(all.length > 100, `${all.length} contents`);
  for (const [name, , content] of all) {
    assert.ok(content.example !== undefined, `${name}: no example`);
    const fits = spec.ajv.compile(JSON.parse(JSON.stringify(content.schema).replaceAll('"#/components/', '"bsx#/components/')));
    assert.ok(fits(content.example), `${name}: ${spec.ajv.errorsText(fits.errors)}\n${JSON.stringify(content.example)}`);
  }
});

test('an example shows no secret of an answer and nothing that only an answer has', async () => {
  for (const [name, , content] of contents(await openapi())) {
    if (name.endsWith(' body'))
      assert.ok(!('created_at' in content.example), name);
    else
      assert.ok(!/"(password|client_secret|new_password)":"/.test(JSON.stringify(content.example)), name);
  }
});

test('the page has every operation with its example, and the policy of a page of ours', async () => {
  const { document } = await openapi(), page = await call('GET', '/api/docs');
  assert.equal(page.status, 200);
  assert.doesNotMatch(page.headers['content-security-policy'], /unsafe|sha256/);
  for (const item of Object.values(document.paths))
    for (const op of Object.values(item)) {
      const at = page.text.indexOf(`<section class="entry" id="${op.operationId}">`);
      assert.ok(at > 0, op.operationId);
      assert.match(page.text.slice(at, page.text.indexOf('</section>', at)), /<summary>Example<\/summary>\s*<pre><code>curl /, op.operationId);
      assert.ok(page.text.includes(`<a href="#${op.operationId}">`), op.operationId);
    }
  for (const [, file] of page.text.matchAll(/(?:src|href)="\.\.(\/console\/[^"]+)"/g))
    assert.equal((await call('GET', file)).status, 200, file);
});
