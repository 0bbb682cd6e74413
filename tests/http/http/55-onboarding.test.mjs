// A customer comes by a link: its administrator consents at a simulator of Microsoft's page, the directory is asked for a token,
// and what the link is for is made and read.  What whoever has the link makes up does nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { base, build, credentials, sleep, sql, state, until } from '../lib/env.mjs';
import { ahead, all, bearer, bsxctl, newOnboarding, newOperation, newTenant, serviceKey, unique, withKey } from '../lib/people.mjs';
import { appOf } from '../../sim/lib/consent.mjs';
import { Sim } from '../../sim/lib/sim.mjs';

const at = '/api/drift/onboarding', sim = new Sim(), hex = (id) => `UNHEX('${id.replaceAll('-', '')}')`;
let platform, firm, app, template;

const small = { users: 130, policies: 8, roles: 15, apps: 6, limits: false };
const shown = () => ({ client_id: app.clientId, client_secret: app.secrets[0].secret });
const there = (c) => (method, target, options = {}) => firm.admin(method, target, { ...options, headers: { 'X-Acting-Tenant': c.slug } });
async function customer(options = {}, roles = ['operator']) {
  const slug = unique('c'), a = await platform('POST', '/api/tenants', { body: { slug, name: `Customer ${slug}` } });
  assert.ok([201, 202].includes(a.status), a.text);
  const c = { slug, id: a.json.id, t: sim.add({ tenantId: crypto.randomUUID(), ...small, ...options }) };
  if (roles.length > 0)
    await grant(c, roles);
  return c;
}
async function grant(c, roles) {
  const a = await platform('POST', `/api/tenants/${c.id}/grants`, { body: { grantee_tenant: firm.tenant, roles, reason: 'They look after us.', expires_at: ahead(1) } });
  assert.equal(a.status, 201, a.text);
  return a.json.id;
}
const hosts = () => ({ graph_url: sim.url, login_url: sim.url });
const wish = (c, more = {}) => newOnboarding(c.slug, { directory: c.t.tenantId, credential: shown(), parameters: hosts(), ...more });
async function ask(c, more = {}) {
  const a = await firm.admin('POST', at, { body: wish(c, more) });
  assert.equal(a.status, 201, a.text);
  return a.json;
}
const see = async (o) => (await firm.admin('GET', `${at}/${o.id}`)).json;
// As a browser goes: to Microsoft's page, and back with its answer.
async function follow(o) {
  const a = await fetch(o.consent_url, { redirect: 'manual' });
  assert.equal(a.status, 302, await a.text());
  return page(new URL(a.headers.get('location')).search);
}
async function page(query) {
  const a = await call('GET', `${at}/callback${query}`);
  assert.equal(a.status, 200, a.text);
  assert.match(a.headers['content-type'], /^text\/html/);
  return a.text.replaceAll(/<[^>]+>/g, ' ').replaceAll('&#39;', "'");
}
const settled = (o) => until('it is looked at', async () => { const x = await see(o); return !['checking', 'applying'].includes(x.state) && x; }, 60, 100);
const stateOf = (o) => new URL(o.consent_url).searchParams.get('state');
const forged = (o, tenant) => `?${new URLSearchParams({ state: stateOf(o), tenant, admin_consent: 'True' })}`;

before(async () => {
  await sim.start();
  platform = await bearer(credentials.platform);
  firm = newTenant();
  firm.admin = await bearer(firm);
  bsxctl('tenant', 'work', '--pool', '11');
  app = appOf('firm', [`${base.origin}${at}/callback`]);
  sim.apps.set(app.clientId, app);
  const made = await firm.admin('POST', '/api/drift/templates', { body: { name: 'entra', variables: [{ name: 'tenant_id' }],
    config: { name: 'Directory', source: { kind: 'entra', parameters: { tenant_id: '%tenant_id%', graph_url: sim.url, login_url: sim.url } } } } });
  assert.equal(made.status, 201, made.text);
  template = made.json;
});
after(() => { fs.rmSync(folder, { recursive: true, force: true }); return sim.stop(); });

test('an administrator who consents has the directory watched, once, and both trails say who asked for it', async () => {
  const c = await customer(), o = await ask(c), url = new URL(o.consent_url);
  assert.deepEqual([o.state, o.why, o.tenant, o.tenant_id, o.directory, o.packs, o.operation_ids], ['waiting', null, c.slug, c.id, c.t.tenantId, ['entra'], []]);
  assert.deepEqual([url.origin, url.pathname, url.searchParams.get('client_id'), url.searchParams.get('redirect_uri')], [sim.url, `/${c.t.tenantId}/adminconsent`, app.clientId, `${base.origin}${at}/callback`]);
  assert.match(await page(`?state=${stateOf(o)}`), /Open the link/, 'nothing was answered yet');
  assert.match(await follow(o), /is being checked/);
  const done = await settled(o);
  assert.deepEqual([done.state, done.why, done.operation_ids.length], ['done', null, 1], JSON.stringify(done));
  const [config] = await all(there(c), '/api/drift/configs');
  assert.deepEqual([config.name, config.source.parameters.tenant_id], ['Directory', c.t.tenantId]);
  const run = await until('the first run', async () => (await all(there(c), `/api/drift/runs?config_id=${config.id}`)).find((r) => ['done', 'failed', 'dead'].includes(r.state)), 60, 100);
  assert.equal(run.state, 'done', JSON.stringify(run));
  assert.match(await follow(o), /Done: the directory is being watched/, 'the link again says so');
  assert.equal((await all(there(c), '/api/drift/configs')).length, 1);
  const entries = (await all(firm.admin, '/api/audit')).filter((x) => x.target_id === o.id).map((x) => [x.action, x.outcome, x.actor_name]);
  assert.deepEqual(entries.toReversed(), [['onboarding.create', 'success', firm.email], ['onboarding.answer', 'success', ''], ['onboarding.done', 'success', firm.email]]);
  const schema = sql(`SELECT schema_name FROM tenants WHERE id = ${hex(c.id)}`), home = sql(`SELECT schema_name FROM tenants WHERE slug = '${firm.tenant}'`);
  assert.equal(sql("SELECT actor_name FROM audit WHERE action = 'template.applied'", schema), firm.email);
  assert.equal(sql(`SELECT secret IS NULL FROM onboardings WHERE id = ${hex(o.id)}`, home), '1', 'what the app shows is gone');
  const everything = JSON.stringify([await all(firm.admin, at), await all(firm.admin, '/api/audit'), done]);
  assert.ok(!everything.includes(app.secrets[0].secret) && !everything.includes('consent_url'));
});

test('what is made up does nothing: without consent, of another directory, of a customer who has consented, with a state that is none', async () => {
  const a = await customer(), other = await customer(), o = await ask(a), theirs = await ask(other);
  assert.match(await page(forged(o, a.t.tenantId)), /is being checked/, 'nobody has consented');
  let x = await settled(o);
  assert.deepEqual([x.state, /not known in this directory/.test(x.why)], ['waiting', true], JSON.stringify(x));
  assert.match(await page(`?state=${stateOf(o)}`), /not known in this directory/);
  await follow(theirs);
  assert.equal((await settled(theirs)).state, 'done');
  assert.match(await page(forged(o, other.t.tenantId)), /another directory than the link is for/);
  x = await see(o);
  assert.deepEqual([x.state, x.operation_ids], ['waiting', []]);
  for (const query of ['', '?state=', '?state=AAAA', `?state=${stateOf(o).slice(0, -2)}xx`, `?state=${'A'.repeat(300)}&tenant=${a.t.tenantId}&admin_consent=True`])
    assert.match(await page(query), /There is nothing here/, query);
  assert.match(await page(`?state=${stateOf(o)}&tenant=${a.t.tenantId}`), /neither that an administrator has consented/);
  assert.deepEqual(await all(there(a), '/api/drift/configs'), []);
  await follow(o); // it still counts
  assert.equal((await settled(o)).state, 'done');
});

test('a domain stands for the directory whose token it gets, and for no other', async () => {
  const c = await customer(), other = await customer(), o = await ask(c, { directory: c.t.domain });
  other.t.apps.set(app.clientId, app);
  c.t.apps.set(app.clientId, app);
  await page(forged(o, other.t.tenantId));
  const x = await settled(o);
  assert.deepEqual([x.state, /not the one in which consent was given/.test(x.why)], ['waiting', true], JSON.stringify(x));
  await follow(o);
  assert.equal((await settled(o)).state, 'done');
  const [config] = await all(there(c), '/api/drift/configs');
  assert.equal(config.source.parameters.tenant_id, c.t.tenantId);
});

test('what Microsoft refuses is a sentence for whoever sent the link, which counts still, however often it is said; the directory is asked twenty times', async () => {
  const c = await customer({ decides: 'declines' }), o = await ask(c);
  assert.match(await follow(o), /The administrator has declined/);
  c.t.decides = 'user';
  assert.match(await follow(o), /It takes an administrator/);
  const rows = [['access_denied', '', /declined/], ['x', 'AADSTS50011: <script>', /redirect URI.*AADSTS50011/], ['x', 'AADSTS500119: ?', /Microsoft has refused it\. \(AADSTS500119\)/], ['temporarily_unavailable', 'x', /not available/], ['"><b>', 'none', /Microsoft has refused it/]];
  for (const [error, error_description, sentence] of rows) {
    assert.match(await page(`?${new URLSearchParams({ state: stateOf(o), error, error_description })}`), sentence, error);
    assert.match((await see(o)).why, sentence);
  }
  c.t.decides = 'accepts';
  c.t.faults.add({ path: 'token', kind: 'token_error', code: 7000222, times: 1 }, () => c.t.copy());
  await follow(o);
  assert.match((await settled(o)).why, /client secret has expired.*make a new one/i);
  for (let i = 0; i < 20; i++)
    await page(`?${new URLSearchParams({ state: stateOf(o), error: 'access_denied' })}`);
  assert.equal((await see(o)).state, 'waiting');
  const home = sql(`SELECT schema_name FROM tenants WHERE slug = '${firm.tenant}'`);
  assert.equal(sql(`SELECT tries FROM onboardings WHERE id = ${hex(o.id)}`, home), '1');
  sql(`UPDATE onboardings SET tries = 19 WHERE id = ${hex(o.id)}`, home);
  c.t.apps.clear();
  await page(forged(o, c.t.tenantId));
  assert.equal((await settled(o)).state, 'failed');
  assert.match(await follow(o), /could not be set up/);
});

test('it is done by whoever asked, as far as they may at that time, and a link that is over or taken back does nothing', async () => {
  const none = await customer({}, []), read = await customer({}, ['viewer']), c = await customer(), gone = await customer(), aimed = await customer();
  for (const [x, sentence] of [[none, /./], [read, /create:drift/]]) {
    const a = await firm.admin('POST', at, { body: wish(x) });
    assert.deepEqual([a.status, sentence.test(a.json.detail)], [403, true], a.text);
  }
  assert.equal((await there(c)('POST', at, { body: wish(c) })).status, 403);
  // applying a template takes both, whatever the body is like
  for (const [scopes, status] of [[['create:drift'], 403], [['update:drift'], 403], [['create:drift', 'update:drift'], 422]])
    assert.equal((await withKey((await serviceKey(firm.admin, scopes)).key)('POST', at, { body: { no_such: 1 } })).status, status, scopes.join());
  const wrong = async (more, pointer) => {
    const a = await firm.admin('POST', at, { body: wish(c, more) });
    assert.deepEqual([a.status, a.json.errors?.[0]?.pointer], [422, pointer], a.text);
  };
  for (const directory of ['common', 'organizations', 'a..b', '.example', 'x/y.example', 'é.example'])
    await wrong({ directory }, '/directory');
  await wrong({ packs: ['github'] }, '/packs/0');
  await wrong({ packs: ['entra', 'entra'] }, '/packs/1');
  await wrong({ packs: ['nowhere'] }, '/packs/0');
  await wrong({ credential: { client_id: 'x' } }, '/credential/client_secret');
  await wrong({ credential: { token: 'x' } }, '/credential/token');
  await wrong({ days: 31 }, '/days');
  // a template of that name is others' to write: the app's secret goes where the pack leads, and as whoever asks says
  await wrong({ parameters: {} }, '/packs/0');
  await wrong({ parameters: { ...hosts(), graph_url: 'https://elsewhere.example' } }, '/packs/0');
  await wrong({ parameters: { tenant_id: 'x' } }, '/parameters/tenant_id');
  await wrong({ parameters: { nothing: 'x' } }, '/packs/0');

  const o = await ask(c), over = await ask(c), dropped = await ask(c), mine = await ask(gone);
  const home = sql(`SELECT schema_name FROM tenants WHERE slug = '${firm.tenant}'`);
  sql(`UPDATE onboardings SET ends_at = NOW(3) - INTERVAL 1 SECOND WHERE id = ${hex(over.id)}`, home);
  assert.equal((await see(over)).state, 'expired');
  assert.match(await follow(over), /The link is over/);
  assert.equal((await firm.admin('DELETE', `${at}/${dropped.id}`)).status, 204);
  assert.match(await follow(dropped), /There is nothing here/);
  // a template that was changed since leads nowhere else: the version of then is applied
  const moved = await firm.admin('PUT', `/api/drift/templates/${template.id}`, { body: { config: { ...template.config, name: 'Elsewhere', source: { kind: 'entra', parameters: { tenant_id: '%tenant_id%', login_url: 'https://evil.example', graph_url: 'https://evil.example' } } } } });
  assert.equal(moved.status, 200, moved.text);
  await follow(o);
  assert.equal((await settled(o)).state, 'done');
  assert.equal((await all(there(c), '/api/drift/configs'))[0].name, 'Directory');
  assert.equal((await firm.admin('PUT', `/api/drift/templates/${template.id}`, { body: { config: template.config } })).status, 200);
  // ... and where that leads is asked again: of a link from before it was asked at all, too
  const stale = await ask(aimed);
  sql(`UPDATE onboardings SET packs = REPLACE(packs, '"version":3', '"version":2') WHERE id = ${hex(stale.id)}`, home);
  await follow(stale);
  assert.match((await settled(stale)).why, /version 2, .*leads elsewhere/);
  // what is there by a later version is not set back
  const late = await ask(c);
  await firm.admin('PUT', `/api/drift/templates/${template.id}`, { body: { config: { ...template.config, name: 'Later' } } });
  const applied = await firm.admin('POST', `/api/drift/templates/${template.id}/apply`, { body: { tenants: [{ tenant: c.slug }] } });
  await until('it is there', async () => (await all(there(c), '/api/drift/configs'))[0].name === 'Later', 60, 100);
  assert.equal(applied.status, 202);
  // ... nor is anything lost where too much is asked for: it waits
  const owner = sql(`SELECT LOWER(HEX(id)) FROM tenants WHERE slug = '${firm.tenant}'`);
  const others = Array.from({ length: 10 }, () => newOperation(owner, 'template.apply'));
  await follow(late);
  await until('it waits', async () => { const x = await see(late); return x.state === 'applying' && /10 operations of templates are running/.test(x.why) && x.operation_ids.length === 0; }, 60, 100);
  sql(`DELETE FROM operations WHERE id IN (${others.map(hex).join()}); UPDATE operations SET next_due = NOW(3) WHERE kind = 'onboarding' AND state = 'running'`);
  const came = await settled(late);
  assert.deepEqual([came.state, came.why, came.operation_ids.length], ['done', null, 1], JSON.stringify(came));
  assert.equal((await all(there(c), '/api/drift/configs'))[0].name, 'Later');
  const [{ id }] = await all(platform, `/api/tenants/${gone.id}/grants`);
  assert.equal((await platform('DELETE', `/api/tenants/${gone.id}/grants/${id}`)).status, 204);
  await follow(mine);
  const x = await settled(mine);
  assert.equal(x.state, 'failed', JSON.stringify(x));
});

test('a pack without a template has one made, with what the pack says of itself', async () => {
  const solo = newTenant(), admin = await bearer(solo);
  const a = await admin('POST', at, { body: newOnboarding(solo.tenant, { directory: 'contoso.example' }) });
  assert.equal(a.status, 201, a.text);
  assert.equal(new URL(a.json.consent_url).origin, 'https://login.microsoftonline.com');
  const [t] = await all(admin, '/api/drift/templates');
  assert.equal(t.name, 'entra');
  assert.deepEqual((await admin('GET', `/api/drift/templates/${t.id}`)).json.config.source, { kind: 'entra', parameters: { tenant_id: '%tenant_id%' } });
});

// ---- customers of a table: bsxctl onboard ----

const folder = path.join(state, 'run', unique('onboard')), asFirm = () => ['--as', firm.tenant, firm.email];
// What came of it: status, lines of --json, what was said.  `killed`: as soon as that is so.
async function onboard(table, more = [], { as = asFirm(), json = true, killed = null, mode = 0o600 } = {}) {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${unique('c')}.csv`), shows = path.join(folder, 'credential.json');
  fs.writeFileSync(file, table);
  fs.writeFileSync(shows, JSON.stringify(shown()), { mode: 0o600 });
  fs.chmodSync(shows, mode);
  const args = ['-c', path.join(state, 'etc', 'blindspotx.conf'), 'onboard', file, ...as, '--credential-file', shows,
    '--param', `graph_url=${sim.url}`, '--param', `login_url=${sim.url}`, ...json ? ['--json'] : [], ...more];
  const p = spawn(path.join(build, 'bsxctl'), args, { stdio: ['ignore', 'pipe', 'pipe'] }), said = { out: '', err: '' };
  p.stdout.on('data', (x) => { said.out += x; });
  p.stderr.on('data', (x) => { said.err += x; });
  const ends = new Promise((done) => p.on('close', done));
  while (killed !== null && p.exitCode === null && !killed())
    await sleep(1);
  if (killed !== null)
    p.kill('SIGKILL');
  const status = await ends;
  return { status, ...said, err: said.err.replaceAll(file, 'FILE'), rows: json && status !== null && said.out !== '' ? said.out.trim().split('\n').map((x) => JSON.parse(x)) : [] };
}
const newcomer = (more = {}) => { const slug = unique('n'); return { slug, name: `Customer, "${slug}"`, admin: `it@${slug}.example`, t: sim.add({ tenantId: crypto.randomUUID(), ...small }), packs: 'entra', ...more }; };
const cell = (text) => `"${text.replaceAll('"', '""')}"`;
const table = (customers, separator = ',') => ['slug', 'name', 'admin', 'directory', 'packs'].join(separator) + '\r\n' +
  customers.map((c) => [c.slug, c.name, c.admin, c.t.tenantId, c.packs].map(cell).join(separator) + '\r\n').join('');
const counts = () => ['tenants', 'grants'].map((t) => Number(sql(`SELECT COUNT(*) FROM ${t}`))).concat(Number(sql('SELECT COUNT(*) FROM onboardings', sql(`SELECT schema_name FROM tenants WHERE slug = '${firm.tenant}'`))));

test('a table of customers is looked at as a whole first: each line that is wrong is named, and nothing is made', async () => {
  const good = newcomer(), was = counts(), head = 'slug,name,admin,directory,packs', line = table([good]).split('\r\n')[1];
  const rest = `,N,a@b.example,${crypto.randomUUID()},entra`;
  const rows = [
    ['', /There is no customer/], [head, /There is no customer/], ['slug,name,admin,directory\n', /FILE:1: packs: This column is missing/],
    [`${head},colour\n`, /FILE:1: colour: There is no such column/], [`${head},slug\n`, /FILE:1: slug: This column is there twice/],
    [`${head},"\u001b[31m"\n`, /FILE:1: [^\u001b]*31m: There is no such column/], [`${head}\nA B${rest}`, /FILE:2: slug: A tenant's name in addresses/], [`${head}\napi${rest}`, /FILE:2: slug: This name is reserved/],
    [`${head}\nplatform${rest}`, /FILE:2: slug: The platform/], [`${head}\n${good.slug},N`, /FILE:2: This line has not as many fields/],
    [`${head}\n${good.slug},"N\u0007",a@b.example,${crypto.randomUUID()},entra`, /FILE:2: name: must/],
    [`${head}\n${good.slug},N,nobody,${crypto.randomUUID()},entra`, /FILE:2: admin: must/],
    [`${head}\n${good.slug},N,a@b.example,common,entra`, /FILE:2: directory: must/], [`${head}\n${good.slug},N,a@b.example,${crypto.randomUUID()},`, /FILE:2: packs: names no/],
    [`${head}\n${good.slug},N,a@b.example,${crypto.randomUUID()},nowhere|github`, /FILE:2: packs: /], [`${head}\n${good.slug},"N"x,a@b.example,c.example,entra`, /FILE:2: Behind the quote/],
    [`${head}\n${line}\n${line}`, /FILE:3: slug: Line 2 has the same/], [`${head}\n${line}\n${line.replaceAll(good.slug, `${good.slug}x`)}`, /FILE:3: directory: Line 2/],
    [`${head},templates\n${line},nothing`, /FILE:2: templates: is no template/], [`${head}\nNO${rest}\n${line}\n!${rest}`, /FILE:4: slug/],
    [`${head}\n${firm.tenant}x${rest}\n${(await customer({}, [])).slug},N,a@b.example,c.example,entra`, /FILE:3: slug: A tenant of this short name is there, has another name/],
  ];
  const made = counts();
  assert.equal(made[0], was[0] + 1);
  for (const [text, sentence] of rows) {
    const a = await onboard(text);
    assert.deepEqual([a.status, a.out, sentence.test(a.err)], [1, '', true], `${text}: ${a.err}`);
  }
  for (const [as, sentence] of [[['--as', firm.tenant, 'nobody@x.example'], /Not found|not found/i], [['--as', 'nowhere', firm.email], /nowhere/]])
    assert.match((await onboard(table([good]), [], { as })).err, sentence);
  assert.match((await onboard(table([good]), [], { mode: 0o604 })).err, /can be read by everybody/);
  assert.match((await onboard(table([good]), ['--param', 'cloud=moon'])).err, /FILE:2: packs: /);
  assert.deepEqual(counts(), made, 'nothing was made');
});

test('killed at any instant and run again it makes each tenant, grant and link once; run once more it says where each customer stands', async () => {
  const all3 = [newcomer(), newcomer(), newcomer()], file = table(all3, ';'), was = counts(), more = ['--grant', 'operator'];
  const dry = await onboard(`\ufeff${file}`, [...more, '--dry-run']);
  assert.deepEqual([dry.status, dry.rows.map((x) => x.state), counts()], [0, ['new', 'new', 'new'], was], dry.err);
  // as soon as there is one more tenant, grant or link, and then the next
  for (const [what, n] of [[0, 1], [1, 1], [2, 1], [0, 2], [1, 3]])
    await onboard(file, more, { killed: () => counts()[what] >= was[what] + n });
  let a = await onboard(file, more);
  assert.deepEqual([a.status, a.rows.map((x) => x.state)], [0, ['link', 'link', 'link']], a.err + a.out);
  assert.deepEqual([counts(), (await onboard(file, more)).rows.map((x) => x.ends_at), counts()], [was.map((n) => n + 3), a.rows.map((x) => x.ends_at), was.map((n) => n + 3)]);
  assert.match(a.rows[0].missing[0], new RegExp(`it@${all3[0].slug}.example has not signed in yet; .*--link$`));
  assert.equal(sql(`SELECT name FROM tenants WHERE slug = '${all3[0].slug}'`), all3[0].name);
  const trail = await all(firm.admin, '/api/audit');
  const entry = trail.find((x) => x.action === 'onboarding.create' && x.details.tenant === all3[0].slug);
  assert.deepEqual([entry.actor_kind, /^bsxctl:./.test(entry.actor_name), entry.actor_id, entry.details.as], ['system', true, null, firm.email], JSON.stringify(entry));
  for (const x of all3)
    assert.equal((await all(platform, '/api/audit')).filter((y) => y.action === 'tenant.create' && y.details.slug === x.slug && y.actor_name.startsWith('bsxctl:')).length, 1, x.slug);
  // the first consents by the link that was made again, the second's grant is taken back, the third's link is over
  await follow({ consent_url: a.rows[0].link });
  const id = (slug) => sql(`SELECT LOWER(HEX(id)) FROM tenants WHERE slug = '${slug}'`), home = sql(`SELECT schema_name FROM tenants WHERE slug = '${firm.tenant}'`);
  const uuid = (h) => h.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  sql(`UPDATE onboardings SET ends_at = NOW(3) - INTERVAL 1 SECOND WHERE tenant IN ('${all3[1].slug}', '${all3[2].slug}')`, home);
  const [grants] = [await all(platform, `/api/tenants/${uuid(id(all3[1].slug))}/grants`)];
  assert.equal((await platform('DELETE', `/api/tenants/${uuid(id(all3[1].slug))}/grants/${grants[0].id}`)).status, 204);
  a = await until('the first is read', async () => { const x = await onboard(file, more); return x.rows[0].state === 'watched' && x; }, 60, 300);
  assert.deepEqual([a.status, a.rows.map((x) => [x.state, x.link !== null])], [1, [['watched', false], ['blocked', false], ['link', true]]], a.out);
  assert.match(a.rows[1].missing.join(), /It takes a grant/);
  assert.equal(Number(sql(`SELECT COUNT(*) FROM onboardings WHERE tenant = '${all3[2].slug}'`, home)), 2, 'one that is over has another, once');
  // what has failed gets another where that is asked for
  sql(`UPDATE onboardings SET state = 'failed', why = 'It broke.' WHERE tenant = '${all3[2].slug}' AND ends_at > NOW(3)`, home);
  a = await onboard(file, more);
  assert.deepEqual([a.rows[2].state, a.rows[2].missing.slice(0, 2)], ['failed', ['It broke.', 'Once that is mended: --retry makes another link.']]);
  a = await onboard(file, [...more, '--retry', '--out', path.join(folder, 'links.csv')], { json: false });
  assert.deepEqual([a.status, a.out], [1, '']);
  const lines = fs.readFileSync(path.join(folder, 'links.csv'), 'utf8').split('\r\n');
  assert.match(lines[3], new RegExp(`^"?${all3[2].slug}.*adminconsent`), lines.join('\n'));
  assert.match((await onboard(file, ['--out', path.join(folder, 'links.csv')])).err, /is there already/);
});

test('it is done by what the provider\'s user may, and no more: rights, places and a second factor count as over HTTP', async () => {
  const one = newcomer(), email = `eyes@${firm.tenant}.example`, was = counts(), mailed = newcomer();
  bsxctl('user', 'create', firm.tenant, email, '--role', 'viewer');
  let a = await onboard(table([one]), [], { as: ['--as', firm.tenant, email] });
  assert.deepEqual([a.status, /create:drift and update:drift/.test(a.err)], [1, true], a.err);
  bsxctl('user', 'create', firm.tenant, `off-${email}`, '--role', 'operator');
  const off = (await all(firm.admin, '/api/users')).find((u) => u.email === `off-${email}`);
  assert.equal((await firm.admin('PUT', `/api/users/${off.id}`, { body: { status: 'disabled' } })).status, 200);
  assert.match((await onboard(table([one]), [], { as: ['--as', firm.tenant, off.email] })).err, /may not do it any more/);
  const home = `slug = '${firm.tenant}'`, settings = sql(`SELECT settings FROM tenants WHERE ${home}`), set = (x) => sql(`UPDATE tenants SET settings = '${x}' WHERE ${home}`);
  for (const [x, sentence] of [['{"allowed_addresses":["192.0.2.0/24"]}', /may not be used from your address/], ['{"mfa":{"required_for":["admin"]}}', /may not do it any more/]]) {
    set(x);
    a = await onboard(table([one]));
    assert.deepEqual([a.status, sentence.test(a.err)], [1, true], a.err);
  }
  set(settings);
  assert.deepEqual(counts(), was, 'nothing was made');
  a = await onboard(table([one]));
  assert.deepEqual([a.status, a.rows[0].state, a.rows[0].made], [1, 'blocked', true], 'nobody has granted anything');
  // a template that is named, in place of the one that has the pack's name
  const ours = await firm.admin('POST', '/api/drift/templates', { body: { name: 'Ours, too', variables: template.variables, config: { ...template.config, name: 'Ours' } } });
  assert.equal(ours.status, 201, ours.text);
  const [head, line] = table([mailed]).split('\r\n');
  a = await onboard(`templates,${head}\n"Ours, too|entra",${line}\n`);
  assert.match(a.err, /FILE:2: templates: is another template of the same pack/);
  a = await onboard(`templates,${head}\n"Ours, too",${line}\n`, ['--mail', '--grant', 'operator', '--grant-days', '1', '--days', '30']);
  assert.deepEqual([a.status, a.rows[0].state, a.rows[0].missing], [0, 'link', [`${mailed.admin} was invited by mail, and has chosen no password yet.`]], a.err);
  assert.deepEqual(JSON.parse(sql(`SELECT packs FROM onboardings WHERE tenant = '${mailed.slug}'`, sql(`SELECT schema_name FROM tenants WHERE ${home}`))).map((x) => x.template_id), [ours.json.id]);
});
