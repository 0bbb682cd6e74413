// What is offered is taken: each choice of each enum of the contract in a request that succeeds, and each value of the
// configuration file that is one of several.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, credentials, state } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { Idp, newProvider, now } from '../lib/idp.mjs';
import { openapi } from '../lib/spec.mjs';
import { ahead, all, bearer, newChannel, newConfig, newKey, newTemplate, newTenant, push, unique, withKey } from '../lib/people.mjs';

const mine = newTenant(unique('choices')), item = (value) => ({ category: 'c', key: 'k', value });
let admin, operator, idp, world, issuer;

before(async () => {
  admin = await bearer(mine);
  operator = await bearer(credentials.platform);
  idp = await new Idp().start();
  issuer = { issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret };
  await newProvider(admin, { name: 'own', kind: 'oidc', ...issuer });
  await newProvider(admin, { name: 'goo', kind: 'google', ...issuer, allowed_domains: [mine.email.split('@')[1]] });
  world = await drifted();
});
after(() => idp.stop());

// A config with a finding and an alert about it.
async function drifted() {
  const config = await newConfig(admin, { rule_packs: [] }), key = withKey((await newKey(admin)).key);
  await push(key, config, [item({ a: 1 })]);
  const { report } = await push(key, config, [item({ a: 2 })]);
  const [change] = await all(admin, `/api/drift/reports/${report.id}/changes`), [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  return { config, report, change, alert };
}

async function golden() {
  const made = await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('g'), resources: [item({ a: 1 })] } });
  assert.equal(made.status, 201, made.text);
  return made.json.id;
}

// ---- a request of each operation that takes a choice -----------------------------------------------------

const body = (target, b, caller = () => admin) => ({ target, body: b, caller });
const user = async () => (await admin('POST', '/api/users', { body: { email: `${unique('u')}@choices.example`, display_name: 'U', password: 'a long enough password', roles: ['viewer'] } })).json;
const config = (more = {}) => ({ name: unique('c'), source: { kind: 'push' }, rule_packs: [], ...more });
// A source to put a choice of it into.
const collection = { category: 'c', path: '/c', key: 'id', each: [{ name: 'm', path: '/c/{/id}' }] };
const asked = (more) => ({ kind: 'http', parameters: { base_url: 'https://fw.example' }, collections: [collection], ...more });
const client = { kind: 'oauth2_client_credentials', token_url: 'https://fw.example/token', client_id: 'c', client_secret: 's' };
const proofs = { none: {}, bearer: { token: 't' }, basic: { user: 'u', password: 'p' }, header: { name: 'X-Key', value: 'v' }, oauth2_client_credentials: client };
const sourceFor = (at, choice) => (at === '/source/kind' && choice !== 'http' ? {}
  : asked(at === '/source/credential/kind' ? { credential: proofs[choice] } : at === '/source/credential/alg' ? { credential: client } : {}));
let another;
const tenant = async () => {
  if (!another) {
    const who = newTenant(unique('other'));
    another = { slug: who.tenant, channel: (await newChannel(await bearer(who), 'http://127.0.0.1:9/x')).id };
  }
  return (await all(operator, '/api/tenants')).find((t) => t.slug === another.slug);
};
const mailbox = { kind: 'email', url: undefined, to: 'a@choices.example' }, morning = { digest: { every: 'day', at: '07:00' } }; // who has a digest
const channelOf = (kind) => ({ url: 'http://127.0.0.1:9/x', ...{ pagerduty: { secret: 'k'.repeat(32) }, email: { url: undefined, to: 'a@choices.example' }, template: { template: '{}' }, syslog: { url: 'udp://127.0.0.1:9' } }[kind] });
const decide = (choice, more) => ({ ...more, ...(choice === 'accepted' ? { reason: 'Known.', expires_at: ahead(1) } : {}) });
let changed; // a route: there are fifty at most
const steps = async (at) => (at.startsWith('/quiet') ? { quiet: { from: '22:00', to: '06:00' } } : at.startsWith('/escalate') ? { escalate: [{ after_s: 60, channels: [(await newChannel(admin, 'http://127.0.0.1:9/x')).id] }] } : {});
// Of each operation: the request for a choice of a member, in which the choice is then put.
const requests = {
  'POST /api/auth/login': () => body('/api/auth/login', mine, () => call),
  'POST /api/auth/google-login': async () => body('/api/auth/google-login', { tenant: mine.tenant, credential: await idp.sign({ iss: idp.issuer, aud: idp.clientId,
    azp: idp.clientId, iat: now(), exp: now() + 300, jti: unique('j'), sub: 'g-1', email: mine.email, email_verified: true, hd: mine.email.split('@')[1] }) }, () => call),
  'POST /api/identity-providers': (at, choice) => body('/api/identity-providers', { name: unique('p').slice(0, 30), kind: 'oidc', ...issuer,
    ...(choice === 'entra' ? { issuer: undefined, entra_tenant_id: '01234567-89ab-4def-8123-456789abcdef' } : {}), ...(choice === 'google' ? { issuer: undefined } : {}) }),
  'PUT /api/identity-providers/{id}': async () => body(`/api/identity-providers/${(await newProvider(admin, { name: unique('p').slice(0, 30), kind: 'oidc', ...issuer })).id}`, {}),
  'PUT /api/users/{id}': async () => body(`/api/users/${(await user()).id}`, {}),
  'PUT /api/tenants/{id}': async (at) => body(`/api/tenants/${(await tenant()).id}`, at.includes('/security') ? { settings: { notifications: { security: [{ channel_id: another.channel }] } } } : {}, () => operator),
  // none of its own is there yet: nobody is told until there is
  'POST /api/tenants': async (at) => (await tenant(), body('/api/tenants', { slug: unique('made'), name: 'T', admin: { email: 'a@made.example', password: 'a long enough password' },
    settings: at.includes('/security') ? { notifications: { security: [{ channel_id: another.channel }] } } : {} }, () => operator)),
  'POST /api/api-keys': (at, choice) => body('/api/api-keys', { name: unique('k'), scopes: ['read:drift'], ...(choice === 'service' ? { expires_at: ahead(1) } : {}) }),
  'POST /api/drift/configs': async (at, choice) => body('/api/drift/configs', config(at.startsWith('/source') ? { source: sourceFor(at, choice) } : at.startsWith('/alerts') ? { alerts: [{ channel_id: (await newChannel(admin, 'http://127.0.0.1:9/x')).id }] } : {})),
  'PUT /api/drift/configs/{id}': async (at, choice) => {
    const c = await newConfig(admin, { rule_packs: [] });
    if (choice === 'golden')
      assert.equal((await admin('PUT', `/api/drift/configs/${c.id}/baseline`, { body: { golden: { id: await golden() } } })).status, 200);
    return body(`/api/drift/configs/${c.id}`, at.startsWith('/source') ? { source: sourceFor(at, choice) } : at.startsWith('/alerts') ? { alerts: [{ channel_id: (await newChannel(admin, 'http://127.0.0.1:9/x')).id }] } : {});
  },
  'PUT /api/drift/configs/{id}/baseline': async (at, choice) => {
    const c = await newConfig(admin, { rule_packs: [] });
    return body(`/api/drift/configs/${c.id}/baseline`, { golden: { id: await golden(), differences: at.includes('/op')
      ? [{ category: 'c', key: 'k', path: choice === 'add' ? '/b' : '/a', reason: 'So it is.', ...(choice === 'remove' ? {} : { value: 1 }) }] : undefined } });
  },
  'PUT /api/drift/changes/{id}': async (at, choice) => body(`/api/drift/changes/${world.change.id}`, decide(choice, {})),
  'PUT /api/drift/changes': async (at, choice) => (at.startsWith('/filter') ? body('/api/drift/changes', { status: 'acknowledged', filter: { report_id: (await drifted()).report.id } })
    : body('/api/drift/changes', decide(choice, { ids: [world.change.id] }))),
  'POST /api/drift/intents': (at, choice) => body('/api/drift/intents', { config_id: world.config.id, category: 'c', key: 'k', path: '/a', reason: 'x', ends_at: ahead(1), ...(choice === 'value' ? { value: 1 } : {}) }),
  'POST /api/drift/silences': (at, choice) => body('/api/drift/silences', { matcher: { config: world.config.id }, reason: 'Work on it.', expires_at: ahead(1),
    ...(choice === 'maintenance' ? { starts_at: ahead(0.5) } : {}) }),
  'POST /api/drift/silence-series': () => body('/api/drift/silence-series', { matcher: { config: world.config.id }, reason: 'Work on it.', rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 }),
  'PUT /api/drift/silence-series/{id}': async () => body(`/api/drift/silence-series/${(await admin('POST', '/api/drift/silence-series', { body: { matcher: { config: world.config.id }, reason: 'Work on it.', rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 } })).json.id}`, { matcher: { config: world.config.id } }),
  'PUT /api/drift/alerts': (at) => body('/api/drift/alerts', { status: 'acknowledged', ...(at.startsWith('/filter') ? { filter: { config_id: world.config.id } } : { ids: [world.alert.id] }) }),
  'GET /api/drift/alerts/{id}/evidence': async () => body(`/api/drift/alerts/${(await drifted()).alert.id}/evidence`),
  'PUT /api/drift/alerts/{id}': async () => body(`/api/drift/alerts/${(await drifted()).alert.id}`, {}),
  'POST /api/drift/routes': async (at) => body('/api/drift/routes', { name: unique('r'), channels: [], match: { categories: ['nowhere'] }, ...await steps(at) }),
  'POST /api/drift/routes/try': (at, choice) => body('/api/drift/routes/try', { alert: { severity: 'low' } }),
  'PUT /api/drift/routes/{id}': async (at) => body(`/api/drift/routes/${(changed ??= (await admin('POST', '/api/drift/routes', { body: { name: unique('r'), channels: [] } })).json).id}`, await steps(at)),
  'POST /api/drift/channels': (at, choice) => body('/api/drift/channels', { name: unique('ch'), ...(at.startsWith('/digest') ? { ...mailbox, ...morning } : at === '/kind' ? channelOf(choice) : { kind: 'webhook', ...channelOf('webhook') }) }),
  'PUT /api/drift/channels/{id}': async (at, choice) => body(`/api/drift/channels/${(await newChannel(admin, 'http://127.0.0.1:9/x', at === '/kind' ? { kind: choice, ...channelOf(choice) } : at.startsWith('/digest') ? mailbox : {})).id}`, at.startsWith('/digest') ? morning : {}),
  'POST /api/drift/channels/{id}/replay': async () => body(`/api/drift/channels/${(await newChannel(admin, 'http://127.0.0.1:9/x')).id}/replay`, {}),
  'GET /api/auth/oidc/{provider}/start': () => body(`/api/auth/oidc/own/start?tenant=${mine.tenant}`),
  'GET /api/users': () => body('/api/users'),
  'GET /api/tenants/{id}/grants': async () => body(`/api/tenants/${(await all(admin, '/api/tenants'))[0].id}/grants`),
  'GET /api/drift/reports': () => body('/api/drift/reports'),
  'GET /api/drift/reports/{id}/changes': () => body(`/api/drift/reports/${world.report.id}/changes`),
  'GET /api/drift/silence-series': () => body('/api/drift/silence-series'),
  'GET /api/drift/templates/{id}/results': async () => body(`/api/drift/templates/${(await newTemplate(admin)).id}/results`),
  'GET /api/drift/intents': () => body('/api/drift/intents'),
  'GET /api/drift/silences': () => body('/api/drift/silences'),
  'GET /api/drift/runs': () => body('/api/drift/runs'),
  'GET /api/audit': () => body('/api/audit'),
  'GET /api/drift/register': () => body('/api/drift/register'),
  'GET /api/access-review': () => body('/api/access-review'),
  'GET /api/operations': () => body('/api/operations'),
  'GET /api/drift/alerts': () => body('/api/drift/alerts'),
  'GET /api/fleet': () => body('/api/fleet'),
  'GET /api/fleet/alerts': () => body('/api/fleet/alerts'),
};

// Every choice: [operation, "?name" or pointer, choice].
async function choices() {
  const { document } = await openapi(), found = [];
  const deref = (x) => (x?.$ref ? x.$ref.slice(2).split('/').reduce((o, k) => o[k], document) : x);
  const walk = (schema, op, at, depth = 0) => {
    const s = deref(schema);
    if (!s || depth > 8)
      return;
    for (const choice of s.enum ?? [])
      found.push([op, at, choice]);
    for (const [name, member] of Object.entries(s.properties ?? {}))
      walk(member, op, `${at}/${name}`, depth + 1);
    walk(s.items, op, `${at}/0`, depth + 1);
    for (const one of [...(s.anyOf ?? []), ...(s.oneOf ?? []), ...(s.allOf ?? [])])
      walk(one, op, at, depth + 1);
  };
  for (const [target, operations] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${target}`;
      for (const p of (op.parameters ?? []).map(deref))
        if (p.in === 'query') // of headers only Content-Encoding has choices: 29-encodings
          walk(p.schema, name, `?${p.name}`);
        else
          assert.ok(!deref(p.schema)?.enum || p.name === 'Content-Encoding', `${name}: ${p.name}`);
      for (const content of Object.values(deref(op.requestBody)?.content ?? {}))
        walk(content.schema, name, '');
    }
  return found;
}

function put(tree, at, value) {
  const steps = at.slice(1).split('/'), last = steps.pop();
  let here = tree;
  steps.forEach((s, i) => { here = here[s] ??= /^\d+$/.test([...steps, last][i + 1]) ? [] : {}; });
  here[last] = value;
  return tree;
}

test('every choice of the contract is taken', async () => {
  const offered = await choices(), refused = [];
  for (const [op, at, choice] of offered) {
    assert.ok(requests[op], `${op} ${at}: a request that takes ${choice}`);
    const q = await requests[op](at, choice), [method] = op.split(' ');
    const query = at.startsWith('?') ? `${q.target.includes('?') ? '&' : '?'}${at.slice(1)}=${choice}` : '';
    const sent = at.startsWith('?') ? undefined : put(structuredClone(q.body), at, choice);
    const a = await q.caller()(method, q.target + query, { body: sent });
    if (a.status >= 400)
      refused.push(`${op} ${at} ${choice}: ${a.status} ${a.text}`);
  }
  assert.deepEqual(refused, []);
  console.log(`# ${offered.length} choices of ${new Set(offered.map((x) => x.slice(0, 2).join(' '))).size} members`);
  assert.ok(offered.length >= 100, `${offered.length} choices`);
});

// The things of a path: '/api/drift/alerts' of '/api/drift/alerts/{id}'.
const things = (op) => op.split(' ')[1].replace(/\/\{id\}.*$/, '');

test('what a list can be asked for is what a filter of the same things takes, and what they are set to is of it', async () => {
  const sets = new Map();
  for (const [op, at, choice] of await choices())
    sets.set(`${op} ${at}`, [...(sets.get(`${op} ${at}`) ?? []), choice]);
  let pairs = 0;
  for (const [asked, known] of sets)
    for (const [taken, set] of sets) {
      const [, , name] = asked.split(' '), [method, , at] = taken.split(' ');
      if (!name.startsWith('?') || method === 'GET' || things(asked) !== things(taken) || at.split('/').at(-1) !== name.slice(1))
        continue;
      if (at.startsWith('/filter/'))
        assert.deepEqual([...set].sort(), [...known].sort(), `${asked} and ${taken}`);
      else
        assert.deepEqual(set.filter((x) => x !== null && !known.includes(x)), [], `${asked} and ${taken}`);
      pairs++;
    }
  console.log(`# ${pairs} pairs`);
  assert.ok(pairs >= 7, `${pairs} pairs`);
});

// ---- the configuration file --------------------------------------------------------------------------------

test('every choice of the configuration is taken by bsxctl config check, and what is none is refused', () => {
  const example = execFileSync(path.join(build, 'bsxctl'), ['config', 'example'], { encoding: 'utf8' });
  const base = fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8'), file = path.join(state, 'run', 'choices.conf');
  const groups = [], found = [];
  let offered = null;
  for (const line of example.split('\n')) {
    const m = /^\s*# (?:.*\()?\(?string: ("[^;]*);/.exec(line), key = /^\s*#?(\w+) = /.exec(line), open = /^\s*(\w+): \{/.exec(line);
    if (m)
      offered = [...m[1].matchAll(/"([^"]*)"/g)].map((x) => x[1]);
    else if (open)
      groups.push(open[1]);
    else if (/^\s*\};/.test(line))
      groups.pop();
    else if (key && offered) {
      found.push([[...groups, key[1]], offered]);
      offered = null;
    }
  }
  const check = (keys, value) => {
    const text = keys.reduceRight((inner, k, i) => (i === keys.length - 1 ? `${k} = "${value}";` : `${k}: { ${inner} };`), '');
    // of a group that is there already, the member goes into it
    const at = keys.length > 1 ? new RegExp(`^(\\s*${keys[0]}\\s*:\\s*\\{)`, 'm') : null;
    const without = base.replace(new RegExp(`^\\s*${keys.at(-1)}\\s*=.*$`, 'm'), '');
    fs.writeFileSync(file, at?.test(without) ? without.replace(at, `$1 ${keys.at(-1)} = "${value}"; `) : `${without}\n${text}\n`, { mode: 0o600 });
    try {
      execFileSync(path.join(build, 'bsxctl'), ['-c', file, 'config', 'check'], { stdio: 'pipe' });
      return '';
    } catch (e) {
      return `${e.stderr}${e.stdout}`;
    }
  };
  for (const [keys, values] of found) {
    for (const value of values)
      assert.equal(check(keys, value), '', `${keys.join('.')} = "${value}"`);
    assert.match(check(keys, 'no such choice'), new RegExp(keys.at(-1)), keys.join('.'));
  }
  const names = found.map(([keys]) => keys.join('.'));
  for (const name of ['forwarded_header', 'db.isolation', 'log.level', 'smtp.starttls'])
    assert.ok(names.includes(name), `${name} of ${names}`);
  console.log(`# ${found.reduce((n, [, v]) => n + v.length, 0)} values of ${found.length} keys`);
});
