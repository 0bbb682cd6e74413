// spec.mjs - our OpenAPI document as the judge of every answer.
//
// Object schemas of answers are closed: a member that is not described is a fault. What was seen is noted in
// a file of the installation's state folder, because each test file runs in a process of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { state } from './env.mjs';
import { send } from './client.mjs';

// Runs beside each other that are two halves of one name the same file.
export const seenFile = process.env.BSX_SEEN || path.join(state, 'seen-answers');
let loaded = null;

export async function openapi() {
  loaded ??= load();
  return loaded;
}

async function load() {
  const answer = await send('GET', '/api/openapi.json');
  assert.equal(answer.status, 200);
  const document = answer.json;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  addFormats(ajv);
  const routes = [];
  for (const [template, item] of Object.entries(document.paths)) {
    const pattern = template.split('/').map((s) => (s.startsWith('{') ? '[^/]+' : s.replace(/[.]/g, '\\$&'))).join('/');
    routes.push({ template, item, pattern: new RegExp(`^${pattern}$`), ids: template.split('{').length - 1 });
  }
  routes.sort((a, b) => a.ids - b.ids);
  const closed = structuredClone(document);
  for (const schema of Object.values(closed.components.schemas))
    close(schema);
  ajv.addSchema({ $id: 'bsx', ...closed });
  return { document, ajv, routes, validators: new Map() };
}

function close(schema) {
  if (schema === null || typeof schema !== 'object')
    return;
  if (schema.properties && schema.additionalProperties === undefined)
    schema.additionalProperties = false;
  for (const value of Object.values(schema))
    close(value);
}

export function operation(spec, method, target) {
  const at = target.split('?')[0];
  const route = spec.routes.find((r) => r.pattern.test(at));
  const op = route?.item[(method === 'HEAD' ? 'GET' : method).toLowerCase()];
  return op ? { template: route.template, op } : null;
}

function validator(spec, schema) {
  const key = JSON.stringify(schema);
  if (!spec.validators.has(key)) {
    const rebased = JSON.parse(key.replaceAll('"#/components/', '"bsx#/components/'));
    spec.validators.set(key, spec.ajv.compile(rebased));
  }
  return spec.validators.get(key);
}

function checkBody(spec, schema, value, what) {
  const valid = validator(spec, schema);
  assert.ok(valid(value), `${what} does not fit its schema: ${spec.ajv.errorsText(valid.errors)}\n${JSON.stringify(value).slice(0, 1500)}`);
}

const problemRef = { $ref: '#/components/schemas/Problem' };

// RFC 9457, with the code that stands in the type.
export async function checkProblem(answer, what = 'the problem') {
  const spec = await openapi();
  assert.equal(answer.headers['content-type'], 'application/problem+json', what);
  const p = answer.json;
  checkBody(spec, problemRef, p, what);
  assert.equal(p.status, answer.status, what);
  assert.equal(p.type, `urn:blindspotx:problem:${p.code}`, what);
  assert.equal(p.request_id, answer.id, what);
  return p;
}

// What the console is made of is the same for everybody, and may be kept.
const isConsole = (target) => target.split('?')[0] === '/' || target.startsWith('/console/');

export function checkHeaders(answer, what, kept = false) {
  const h = answer.headers;
  assert.match(answer.id ?? '', /^[A-Za-z0-9._-]{1,63}$/, `${what}: X-Request-Id`);
  assert.match(h['cache-control'], kept ? /^no-cache$|^public, max-age=31536000, immutable$/ : /^no-store$/, `${what}: Cache-Control`);
  assert.equal(h['x-content-type-options'], 'nosniff', `${what}: X-Content-Type-Options`);
  assert.equal(h['referrer-policy'], 'no-referrer', `${what}: Referrer-Policy`);
  assert.match(h['content-security-policy'] ?? '', /^default-src 'none'/, `${what}: CSP`);
  assert.equal(h['strict-transport-security'], undefined, `${what}: HSTS over http`);
  assert.match(h['ratelimit-policy'] ?? '', /^"[^"]+";q=[1-9]\d*;w=[1-9]\d*$/, `${what}: RateLimit-Policy`);
  assert.match(h.ratelimit ?? '', /^"[^"]+";r=\d+;t=\d+$/, `${what}: RateLimit`);
}

// What answers with a page says what went wrong in one too.
const PAGE = 'text/html; charset=utf-8';
const isPage = (found, answer) => Boolean((found?.op.responses[String(answer.status)] ?? found?.op.responses.default)?.content?.[PAGE]);

export async function checkAnswer(method, target, answer) {
  const what = `${method} ${target.slice(0, 100)} -> ${answer.status}`;
  if (!answer.ours)
    return; // the web server's own
  const spec = await openapi();
  checkHeaders(answer, what, isConsole(target) && answer.status < 400);
  const found = operation(spec, method, target);
  if (answer.status >= 400) {
    if (isPage(found, answer))
      assert.equal(answer.headers['content-type'], PAGE, what);
    else if (method !== 'HEAD')
      await checkProblem(answer, what);
    if (found)
      note(`${method} ${found.template} ${answer.status}`);
    return;
  }
  assert.ok(found, `${what}: a success that no route describes`);
  const described = found.op.responses[String(answer.status)];
  assert.ok(described || answer.status === 304, `${what}: this status is not described`);
  note(`${method} ${found.template} ${answer.status}`);
  if (method === 'HEAD' || answer.status === 204 || answer.status >= 300 || !described.content) {
    assert.equal(answer.bytes.length, 0, `${what}: a body where there is none`);
    return;
  }
  const content = described.content ?? {};
  const type = answer.headers['content-type'];
  const media = content[type] ?? content[type?.split(';')[0]];
  assert.ok(media, `${what}: ${type} is not described`);
  if (type === 'application/json' && media.schema)
    checkBody(spec, media.schema, answer.json, what);
}

const noted = new Set();

function note(line) {
  if (noted.has(line))
    return;
  noted.add(line);
  fs.appendFileSync(seenFile, `${line}\n`);
}
