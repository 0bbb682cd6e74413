// people.mjs - accounts, keys, configs and pushes, as the tests need them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { base, build, credentials, sql, state, until } from './env.mjs';
import { call } from './client.mjs';

export const origin = base.origin;
export const unique = (word) => `${word}-${crypto.randomBytes(5).toString('hex')}`;

// ---- sign-in ----------------------------------------------------------------------------------

export const login = (who, more = {}) => call('POST', '/api/auth/login',
  { body: { tenant: who.tenant, email: who.email, password: who.password, ...more } });

// Signed in, as a function that calls with the access token.
export async function bearer(who = credentials.demo) {
  const answer = await login(who, { delivery: 'body' });
  assert.equal(answer.status, 200, answer.text);
  return withToken(answer.json.access_token, answer.json);
}

export function withToken(token, session = null) {
  const f = (method, target, options = {}) => call(method, target,
    { ...options, headers: { Authorization: `Bearer ${token}`, ...options.headers } });
  f.token = token;
  f.session = session;
  return f;
}

export function withKey(key) {
  const f = (method, target, options = {}) => call(method, target,
    { ...options, headers: { 'X-API-Key': key, ...options.headers } });
  f.key = key;
  return f;
}

// Signed in like a browser: cookies, and what a page of ours sends along.
export async function browser(who = credentials.demo) {
  const answer = await login(who);
  assert.equal(answer.status, 200, answer.text);
  const jar = Object.fromEntries(answer.cookies.map((c) => c.split(';')[0].split(/=(.*)/s).slice(0, 2)));
  const f = (method, target, options = {}) => call(method, target, { ...options, headers: {
    Cookie: Object.entries(jar).map(([k, v]) => `${k}=${v}`).join('; '), ...options.headers } });
  f.jar = jar;
  f.csrf = answer.json.csrf_token;
  f.session = answer.json;
  f.change = (method, target, options = {}) => f(method, target, { ...options,
    headers: { 'Sec-Fetch-Site': 'same-origin', 'X-CSRF-Token': f.csrf, ...options.headers } });
  return f;
}

// ---- tenants ----------------------------------------------------------------------------------

export function bsxctl(...args) {
  return execFileSync(path.join(build, 'bsxctl'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export { sql };

// A tenant of this test's own, with an administrator.
export function newTenant(slug = unique('t')) {
  const who = { tenant: slug, email: `admin@${slug}.example`, password: crypto.randomBytes(15).toString('base64') };
  const file = path.join(state, 'run', `${slug}.password`);
  fs.writeFileSync(file, who.password, { mode: 0o600 });
  try {
    bsxctl('tenant', 'create', slug, '--name', `Tenant ${slug}`, '--admin', who.email, '--password-file', file);
  } finally {
    fs.rmSync(file);
  }
  return who;
}

// Long work that this tenant has asked for, and that nobody comes for.
export function newOperation(owner, kind = 'tenant.erase') {
  const id = crypto.randomUUID(), hex = (uuid) => `UNHEX('${uuid.replaceAll('-', '')}')`;
  sql(`INSERT INTO operations (id, owner, kind, asked_name, state, total, step, created_at, next_due)
    VALUES (${hex(id)}, ${hex(owner)}, '${kind}', 'somebody', 'running', 3, 'waits', NOW(3), NOW(3) + INTERVAL 1 DAY)`);
  return id;
}

// ---- keys, channels, configs, pushes ------------------------------------------------------------

export async function newKey(admin, scopes = ['write:snapshots'], more = {}) {
  const answer = await admin('POST', '/api/api-keys', { body: { name: unique('key'), scopes, ...more } });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

// One of the tenant's own, and with `administrative` one that may change users, roles and settings.
export const ahead = (days) => new Date(Date.now() + days * 86400000).toISOString();
export const serviceKey = (admin, scopes, more = {}) => newKey(admin, scopes, { kind: 'service', expires_at: ahead(1), ...more });
export const administrativeKey = (admin, scopes) => serviceKey(admin, scopes, { administrative: true });

export async function newChannel(admin, url, more = {}) {
  const answer = await admin('POST', '/api/drift/channels',
    { body: { name: unique('channel'), kind: 'webhook', url, ...more } });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export async function newConfig(admin, more = {}) {
  const answer = await admin('POST', '/api/drift/configs',
    { body: { name: unique('config'), source: { kind: 'push' }, rule_packs: ['entra'], ...more } });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

// A template, and one of its configs in the tenant that keeps it.
export async function newTemplate(admin, more = {}) {
  const answer = await admin('POST', '/api/drift/templates', { body: { name: unique('template'), config: { name: unique('of-it'), source: { kind: 'push' } }, ...more } });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}
// A link for an administrator of a directory that nobody asks.
export const newOnboarding = (tenant, more = {}) => ({ tenant, directory: crypto.randomUUID(), packs: ['entra'], credential: { client_id: 'c', client_secret: 's' }, ...more });

export async function newTemplated(admin, slug) {
  const t = await newTemplate(admin), asked = await admin('POST', `/api/drift/templates/${t.id}/apply`, { body: { tenants: [{ tenant: slug }] } });
  assert.equal(asked.status, 202, asked.text);
  const [use] = await until('a template is applied', () => all(admin, `/api/drift/templates/${t.id}/tenants`).then((rows) => rows.length > 0 && rows));
  return { template: t.id, config: use.config_id, operation: asked.json.operation_id };
}

export async function push(caller, config, resources, more = {}, headers = {}) {
  const body = Array.isArray(resources) ? { resources, ...more } : { ...resources, ...more };
  const answer = await caller('POST', `/api/drift/configs/${config.id}/snapshots`, { body, headers });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

// All items of a list, page by page.
export async function all(caller, target, limit = 200) {
  const items = [];
  for (let cursor = '';;) {
    const mark = target.includes('?') ? '&' : '?';
    const answer = await caller('GET', `${target}${mark}limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    assert.equal(answer.status, 200, answer.text);
    items.push(...answer.json.items);
    cursor = answer.json.next_cursor;
    if (!cursor)
      return items;
  }
}

// A conditional-access policy as Microsoft Graph gives it.
export function policy(n, more = {}) {
  const id = `c7a1e001-51b4-4c7e-8f10-${String(n).padStart(12, '0')}`;
  return { category: 'conditionalAccessPolicies', key: id, value: { id, displayName: `CA${n}`, state: 'enabled',
    modifiedDateTime: '2026-03-02T10:01:07Z',
    conditions: { users: { includeUsers: ['All'], excludeUsers: [], excludeGroups: ['g1', 'g2'] },
      applications: { includeApplications: ['All'] } },
    grantControls: { operator: 'OR', builtInControls: ['mfa'] }, ...more } };
}
