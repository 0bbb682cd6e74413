// Deed x entry: every route that changes something, and every way to have values or the trail itself, stands in one
// table here with the entry that it leaves: exactly one when it is done, and one when it is refused.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { codeOf, enrol, present } from '../lib/authenticator.mjs';
import { call, newId } from '../lib/client.mjs';
import { credentials, sql, until } from '../lib/env.mjs';
import { Mailbox, linkOf } from '../lib/mailbox.mjs';
import { openapi } from '../lib/spec.mjs';
import { ahead, all, bearer, login, newChannel, newConfig, newKey, newOnboarding, newOperation, newTemplated, newTenant, policy, push, unique, withKey } from '../lib/people.mjs';

const password = 'a long enough password';
const box = new Mailbox();
const owner = newTenant();
const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${owner.tenant}'`);
let w;

// {target, body, headers, caller (default: the administrator), about: the id that the entry names, by: who it names}
const deed = (action, make, done = 200) => ({ action, make, done });
const none = (why, make, done = 200) => ({ why, make, done });
const elsewhere = (where) => ({ elsewhere: where });

const at = (prefix, id, rest = '') => ({ target: `${prefix}/${id}${rest}`, about: id });
const on = (kind, rest, body) => async () => ({ ...at(`/api/${kind}`, await w[kind](), rest), body });
const config = (rest, body) => async () => ({ ...at('/api/drift/configs', (await newConfig(w.admin)).id, rest), body });

const table = {
  // people and what they sign in with
  'POST /api/users': deed('user.create', () => ({ body: w.person() }), 201),
  'PUT /api/users/{id}': deed('user.update', on('users', '', { status: 'disabled' })),
  'DELETE /api/users/{id}': deed('user.delete', on('users', ''), 204),
  'POST /api/users/{id}/sessions/revoke': deed('user.sessions_revoke', on('users', '/sessions/revoke'), 204),
  'POST /api/users/{id}/unlock': deed('user.unlock', on('users', '/unlock'), 204),
  'POST /api/users/{id}/2fa/reset': deed('factor.reset', async () => ({ ...at('/api/users', (await w.enrolled()).id, '/2fa/reset') }), 204),
  'POST /api/roles/{id}/preview': none('it says what would be', on('roles', '/preview', { delete: true })),
  'POST /api/users/{id}/preview': none('it says what would be', on('users', '/preview', { roles: ['auditor'] })),
  'GET /api/access-review': none('who has what: the trail has how they came to it', () => ({})),
  'GET /api/access-review text/csv': deed('access.export', () => ({ about: '', headers: { Accept: 'text/csv' } })),
  'POST /api/roles': deed('role.create', () => ({ body: w.role() }), 201),
  'PUT /api/roles/{id}': deed('role.update', on('roles', '', { permissions: ['read:alerts'] })),
  'DELETE /api/roles/{id}': deed('role.delete', on('roles', ''), 204),
  'POST /api/api-keys': deed('api_key.create', () => ({ body: { name: unique('k'), scopes: ['read:drift'] } }), 201),
  'DELETE /api/api-keys/{id}': deed('api_key.delete', async () => at('/api/api-keys', (await newKey(w.admin)).id), 204),
  'POST /api/identity-providers': deed('identity_provider.create', () => ({ body: w.provider() }), 201),
  'PUT /api/identity-providers/{id}': deed('identity_provider.update', on('identity-providers', '', { trust_mfa: true })),
  'DELETE /api/identity-providers/{id}': deed('identity_provider.delete', on('identity-providers', ''), 204),
  'POST /api/tenants': elsewhere('98'),
  'DELETE /api/tenants/{id}': elsewhere('98'),
  'POST /api/tenants/{id}/undelete': elsewhere('98'),
  'PUT /api/tenants/{id}': deed('settings.update', () => ({ ...at('/api/tenants', w.tenantId), body: { settings: { session: { idle_s: 1700 } } } })),
  'POST /api/tenants/{id}/grants': deed('grant.create', () => w.lending(), 201),
  'DELETE /api/tenants/{id}/grants/{id2}': deed('grant.revoke', async () => {
    const { target, body } = w.lending(), a = await w.admin('POST', target, { body });
    return at(target, a.json.id);
  }, 204),
  'DELETE /api/operations/{id}': deed('operation.cancel', () => at('/api/operations', newOperation(w.tenantId)), 202),

  // oneself
  'POST /api/auth/login': deed('session.start', async () => {
    const p = await w.somebody();
    return { caller: call, by: p.id, body: { tenant: owner.tenant, email: p.email, password }, about: null };
  }),
  'POST /api/auth/2fa/verify': deed('session.start', async () => {
    const p = await w.enrolled(), a = await login({ tenant: owner.tenant, email: p.email, password }, { delivery: 'body' });
    return { caller: call, by: p.id, about: null, body: { mfa_token: a.json.mfa_token, code: await p.app.next() } };
  }),
  'POST /api/auth/2fa/setup': deed('factor.setup', () => w.own({})),
  'POST /api/auth/2fa/enable': deed('factor.enable', async () => {
    const own = await w.own({}), { secret } = (await own.caller('POST', '/api/auth/2fa/setup')).json;
    return { ...own, body: { code: codeOf(secret, present()) } };
  }),
  'POST /api/auth/2fa/recovery-codes': deed('factor.recovery_codes', async () => {
    const own = await w.own({});
    await enrol(own.caller);
    return own;
  }),
  'POST /api/auth/2fa/disable': deed('factor.disable', async () => {
    const own = await w.own({}), { app } = await enrol(own.caller);
    return { ...own, body: { password, code: await app.next() } };
  }, 204),
  'POST /api/auth/step-up': deed('session.step_up', async () => ({ ...await w.session(), body: { password } })),
  'PUT /api/auth/me': deed('profile.update', async () => ({ ...await w.own({}), body: { display_name: 'Somebody Else' } })),
  'PUT /api/auth/password': deed('password.change', async () => ({ ...await w.own({}), body: { current_password: password, new_password: `another ${password}` } }), 204),
  'POST /api/auth/password/forgot': deed('password.forgot', async () => {
    const p = await w.somebody();
    return { caller: call, body: { tenant: owner.tenant, email: p.email }, about: '', by: null };
  }, 202),
  'POST /api/auth/password/reset': deed('password.reset', async () => {
    const p = await w.somebody();
    await call('POST', '/api/auth/password/forgot', { body: { tenant: owner.tenant, email: p.email } });
    return { caller: call, about: p.id, by: null, body: { token: linkOf(await box.wait(p.email, /./), 'reset').token, new_password: `another ${password}` } };
  }, 204),
  'POST /api/auth/email/confirm': deed('email.change', async () => {
    const own = await w.own({}), email = `${unique('e')}@trail.example`;
    assert.equal((await own.caller('PUT', '/api/auth/me', { body: { email } })).status, 200);
    return { caller: call, about: own.about, by: null, body: { token: linkOf(await box.wait(email, /./), 'email').token } };
  }, 204),
  'DELETE /api/auth/sessions/{id}': deed('session.end', async () => {
    const own = await w.session();
    return { ...own, ...at('/api/auth/sessions', own.about) };
  }, 204),
  'POST /api/auth/logout': deed('session.end', () => w.session(), 204),
  'POST /api/auth/refresh': none('a session goes on; a token that comes twice is an entry (session.reuse: 08)', async () => {
    const p = await w.somebody(), a = await login({ tenant: owner.tenant, email: p.email, password }, { delivery: 'body' });
    return { caller: call, body: { refresh_token: a.json.refresh_token } };
  }),
  'POST /api/auth/google-login': elsewhere('needs Google: 23-oidc-kinds'),

  // drift work
  'POST /api/drift/configs': deed('drift_config.create', () => ({ body: { name: unique('c'), source: { kind: 'push' } } }), 201),
  'PUT /api/drift/configs/{id}': deed('drift_config.update', config('', { name: unique('c') })),
  'DELETE /api/drift/configs/{id}': deed('drift_config.delete', config(''), 204),
  'POST /api/drift/configs/{id}/run': deed('drift_run.start', async () => at('/api/drift/configs', await w.collected(), '/run'), 202),
  'POST /api/drift/configs/{id}/try': deed('drift_run.try', async () => at('/api/drift/configs', await w.collected(), '/try'), 202),
  'DELETE /api/drift/runs/{id}': deed('drift_run.cancel', async () => {
    const run = crypto.randomUUID(), config = await w.collected(); // one that nobody comes for
    sql(`INSERT INTO runs (id, config_id, kind, slot, due_at, state) VALUES (UNHEX('${hex(run)}'), UNHEX('${hex(config)}'), 'manual', NOW(3), NOW(3), 'queued')`, schema);
    return at('/api/drift/runs', run);
  }, 204),
  'PUT /api/drift/configs/{id}/baseline': deed('baseline.set', async () => {
    const d = await w.drifted();
    return { ...at('/api/drift/configs', d.config, '/baseline'), body: { snapshot_id: d.snapshot, approve: { reviewed: true } } };
  }),
  'POST /api/drift/reports/{id}/accept': deed('report.accept', async () => {
    const d = await w.drifted();
    return { target: `/api/drift/reports/${d.report}/accept`, about: d.report, body: { reason: 'It was agreed upon.', approve: { reviewed: true } } };
  }),
  'PUT /api/drift/changes/{id}': deed('change.update', async () => {
    const d = await w.drifted();
    return { ...at('/api/drift/changes', d.change), body: { status: 'accepted', reason: 'It was agreed upon.' } };
  }),
  'PUT /api/drift/changes': deed('change.update', async () => {
    const d = await w.drifted();
    return { about: '', body: { ids: [d.change], status: 'accepted', reason: 'It was agreed upon.' } };
  }),
  'GET /api/drift/alerts/{id}/evidence': deed('alert.evidence', async () => at('/api/drift/alerts', (await w.drifted()).alert, '/evidence')),
  'PUT /api/drift/alerts/{id}': deed('alert.update', async () => {
    const d = await w.drifted();
    return { ...at('/api/drift/alerts', d.alert), body: { status: 'acknowledged' } };
  }),
  'POST /api/drift/alerts/{id}/answer': deed('alert.update', async () => {
    const d = await w.told(`${unique('list')}@trail.example`);
    return { ...at('/api/drift/alerts', d.alert, '/answer'), body: { token: d.links.resolve } };
  }),
  'POST /api/drift/alerts/{id}/accept': deed('change.update', async () => {
    const d = await w.told(`${unique('list')}@trail.example`);
    return { ...at('/api/drift/alerts', d.alert, '/accept'), about: d.report, body: { token: d.links.accept, reason: 'It was agreed upon.', expires_at: ahead(2) } };
  }),
  'POST /answer': deed('alert.update', async () => {
    const p = await w.operator(), d = await w.told(p.email), page = await call('GET', `/answer?t=${d.links.acknowledge}`);
    const form = /name="form" value="([^"]*)"/.exec(page.text)[1], type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return { caller: (method, target, { body, ...more }) => call(method, target, { ...more, headers: { ...more.headers, ...type }, body: String(new URLSearchParams(body)) }),
      by: p.id, about: d.alert, body: { t: d.links.acknowledge, form } };
  }),
  'PUT /api/drift/alerts': deed('alert.update', async () => {
    const d = await w.drifted();
    return { about: '', body: { ids: [d.alert], status: 'acknowledged' } };
  }),
  'DELETE /api/drift/snapshots/{id}': deed('snapshot.delete', async () => {
    const d = await w.drifted();
    await push(w.admin, { id: d.config }, [policy(1, { state: 'enabled again' })]); // the newest stays
    return { target: `/api/drift/snapshots/${d.snapshot}?reason=Over.`, about: d.snapshot };
  }, 204),
  'POST /api/drift/golden-baselines': deed('golden_baseline.create', () => ({ body: w.golden() }), 201),
  'PUT /api/drift/golden-baselines/{id}': deed('golden_baseline.update', on('drift/golden-baselines', '', { description: 'Another.' })),
  'DELETE /api/drift/golden-baselines/{id}': deed('golden_baseline.delete', on('drift/golden-baselines', ''), 204),
  'POST /api/drift/acceptances/{id}/confirm': deed('acceptance.confirm', async () => at('/api/drift/acceptances', await w.waiting(await w.worker()), '/confirm')),
  'POST /api/drift/acceptances/{id}/decline': deed('acceptance.decline', async () => ({ ...at('/api/drift/acceptances', await w.waiting(await w.worker()), '/decline'), body: { reason: 'No.' } })),
  'DELETE /api/drift/acceptances/{id}': deed('acceptance.end', async () => at('/api/drift/acceptances', await w.waiting(w.admin)), 204),
  'POST /api/drift/onboarding': deed('onboarding.create', () => ({ body: newOnboarding(owner.tenant) }), 201),
  'DELETE /api/drift/onboarding/{id}': deed('onboarding.delete', on('drift/onboarding', ''), 204),
  'POST /api/drift/templates': deed('template.create', () => ({ body: w.template() }), 201),
  'PUT /api/drift/templates/{id}': deed('template.update', on('drift/templates', '', { description: 'Another.' })),
  'DELETE /api/drift/templates/{id}': deed('template.delete', on('drift/templates', ''), 204),
  'DELETE /api/drift/configs/{id}/template': deed('template.let_go', async () => at('/api/drift/configs', (await newTemplated(w.admin, owner.tenant)).config, '/template'), 204),
  ...Object.fromEntries(['preview', 'apply', 'undo'].map((what) => [`POST /api/drift/templates/{id}/${what}`, deed(`template.${what}`, on('drift/templates', `/${what}`, { tenants: [{ tenant: 'nowhere' }] }), 202)])),
  'POST /api/drift/intents': deed('intent.create', async () => ({ body: w.intent((await w.drifted()).config) }), 201),
  'POST /api/drift/intents/{id}/confirm': deed('intent.confirm', async () => at('/api/drift/intents', await w.announced(await w.worker()), '/confirm')),
  'DELETE /api/drift/intents/{id}': deed('intent.withdraw', async () => at('/api/drift/intents', await w.announced(w.admin)), 204),
  'POST /api/drift/silences': deed('silence.create', () => ({ body: w.silence() }), 201),
  'DELETE /api/drift/silences/{id}': deed('silence.delete', on('drift/silences', ''), 204),
  'POST /api/drift/silence-series': deed('silence_series.create', () => ({ body: w.series() }), 201),
  'POST /api/drift/silence-series/try': none('it says which windows there would be', () => ({ body: { rule: 'FREQ=DAILY;COUNT=2', duration_s: 60 } })),
  'PUT /api/drift/silence-series/{id}': deed('silence_series.update', on('drift/silence-series', '', { duration_s: 60 })),
  'DELETE /api/drift/silence-series/{id}': deed('silence_series.delete', on('drift/silence-series', ''), 204),
  'POST /api/drift/routes': deed('route.create', () => ({ body: { name: unique('r'), channels: [] } }), 201),
  'PUT /api/drift/routes/{id}': deed('route.update', on('drift/routes', '', { name: 'another' })),
  'PUT /api/drift/routes/order': deed('route.order', async () => ({ about: null, body: { ids: (await all(w.admin, '/api/drift/routes')).map((r) => r.id).reverse() } }), 204),
  'DELETE /api/drift/routes/{id}': deed('route.delete', on('drift/routes', ''), 204),
  'POST /api/drift/routes/try': none('it says where alerts would go', () => ({ body: { last: 1 } })),
  'POST /api/drift/channels': deed('channel.create', () => ({ body: { name: unique('c'), kind: 'webhook', url: w.hook() } }), 201),
  'PUT /api/drift/channels/{id}': deed('channel.update', async () => ({ ...at('/api/drift/channels', (await newChannel(w.admin, w.hook())).id), body: { url: w.hook(), secret: null } })),
  'DELETE /api/drift/channels/{id}': deed('channel.delete', async () => at('/api/drift/channels', (await newChannel(w.admin, w.hook())).id), 204),
  'POST /api/drift/channels/{id}/test': deed('channel.test', async () => at('/api/drift/channels', (await newChannel(w.admin, w.hook())).id, '/test'), 202),
  'POST /api/drift/channels/{id}/replay': deed('channel.replay', async () => at('/api/drift/channels', (await newChannel(w.admin, w.hook())).id, '/replay'), 202),
  'POST /api/drift/deliveries/{id}/replay': deed('channel.replay', async () => {
    const made = (await newChannel(w.admin, w.hook())).id;
    await w.admin('POST', `/api/drift/channels/${made}/test`);
    const [row] = await until('an attempt', () => all(w.admin, `/api/drift/channels/${made}/deliveries`).then((rows) => rows.length > 0 && rows));
    return { target: `/api/drift/deliveries/${row.id}/replay`, about: made };
  }, 202),

  // values and the trail itself: reading them is told
  'GET /api/audit': deed('audit.read', () => w.reader({ about: '' })),
  'GET /api/audit application/x-ndjson': deed('audit.export', () => ({ about: '', headers: { Accept: 'application/x-ndjson' } })),
  'GET /api/audit/verify': deed('audit.read', () => w.reader({ about: '' })),
  'GET /api/audit/checkpoints': none('roots and signatures: no entry comes out of it', () => ({})),
  'GET /api/drift/register': none('what was decided, which the trail has as it was', () => ({})),
  'GET /api/drift/register text/csv': deed('register.export', () => ({ about: '', headers: { Accept: 'text/csv' } })),
  'GET /api/drift/reports/{id}/changes': none('reports say what changed: who reads them is in the access log', async () =>
    ({ target: `/api/drift/reports/${(await w.drifted()).report}/changes` })),
  'GET /api/drift/reports/{id}/changes text/csv': deed('report.export', async () => {
    const d = await w.drifted();
    return { target: `/api/drift/reports/${d.report}/changes`, about: d.report, headers: { Accept: 'text/csv' } };
  }),
  'GET /api/drift/reports/{id}/changes application/json-patch+json': deed('report.export', async () => {
    const d = await w.drifted();
    return { target: `/api/drift/reports/${d.report}/changes`, about: d.report, headers: { Accept: 'application/json-patch+json' } };
  }),
  'POST /api/drift/compare': deed('values.compare', async () => {
    const d = await w.drifted();
    return { about: d.config, body: { left: { snapshot_id: d.baseline }, right: { snapshot_id: d.snapshot } } };
  }),
  'POST /api/drift/configs/{id}/what-if': none('what alerts history would have sent: no value comes out of it', config('/what-if', { days: 1 })),

  // collectors: what they bring is the history, which has its own record
  'POST /api/drift/configs/{id}/snapshots': none('the snapshot and its report are the record', async () =>
    ({ ...await config('/snapshots', { resources: [policy(1)] })() }), 201),
  'POST /api/drift/configs/{id}/documents': none('the snapshot and its report are the record', config('/documents', { a: 1 }), 201),
};

// ---- the tenant it is tried in -----------------------------------------------------------------

async function world() {
  const admin = await bearer(owner);
  const make = async (target, body) => {
    const a = await admin('POST', target, { body });
    assert.equal(a.status, 201, a.text);
    return a.json;
  };
  const person = () => ({ email: `${unique('u')}@trail.example`, display_name: 'U', password, roles: ['viewer'] });
  const somebody = async () => make('/api/users', person());
  const own = async (more) => {
    const p = await somebody();
    return { caller: await bearer({ tenant: owner.tenant, email: p.email, password }), by: p.id, about: p.id, ...more };
  };
  const session = async () => {
    const o = await own({});
    return { ...o, about: (await o.caller('GET', '/api/auth/me')).json.session.id };
  };
  const hook = () => `https://hooks.example.org/${unique('h')}?token=${unique('secret')}`;
  const provider = () => ({ name: unique('p'), kind: 'oidc', client_id: 'c', client_secret: 'hush-hush-hush', issuer: 'https://id.example.org' });
  const role = () => ({ name: unique('r'), permissions: ['read:drift'] });
  const golden = () => ({ name: unique('g'), resources: [policy(1)] });
  const template = () => ({ name: unique('t'), config: { name: unique('c'), source: { kind: 'push' } } });
  const series = () => ({ matcher: { severity: 'low' }, reason: 'Work on it.', rule: 'FREQ=WEEKLY;COUNT=9', duration_s: 3600 });
  const silence = () => ({ matcher: { severity: 'low' }, reason: 'Work on it.', expires_at: ahead(1) });
  const tenantId = (await admin('GET', '/api/tenants')).json.items[0].id;
  const lending = () => ({ target: `/api/tenants/${tenantId}/grants`, body: { grantee_tenant: credentials.platform.tenant, roles: ['viewer'], reason: 'Work.', expires_at: ahead(1) } });
  const drifted = async (told) => {
    const channel = told ?? await newChannel(admin, hook());
    const c = await newConfig(admin, { alerts: [{ channel_id: channel.id, min_severity: 'low' }] });
    const first = await push(admin, c, [policy(1)]), second = await push(admin, c, [policy(1, { state: 'disabled' })]);
    const [change] = (await admin('GET', `/api/drift/reports/${second.report.id}/changes`)).json.items;
    const [alert] = (await admin('GET', `/api/drift/alerts?config_id=${c.id}`)).json.items;
    return { config: c.id, baseline: first.snapshot_id, snapshot: second.snapshot_id, report: second.report.id, change: change.id, alert: alert?.id };
  };
  await make('/api/drift/onboarding', newOnboarding(owner.tenant)); // the pack's template is made by the first
  return { admin, tenantId, lending, person, role, somebody, own, session, hook, provider, golden, silence, series, template,
    operator: () => make('/api/users', { ...person(), roles: ['operator'] }),
    users: async () => (await somebody()).id,
    roles: async () => (await make('/api/roles', role())).id,
    enrolled: async () => {
      const o = await own({});
      return { ...(await o.caller('GET', '/api/auth/me')).json.user, app: (await enrol(o.caller)).app };
    },
    'identity-providers': async () => (await make('/api/identity-providers', provider())).id,
    'drift/golden-baselines': async () => (await make('/api/drift/golden-baselines', golden())).id,
    collected: async () => (await make('/api/drift/configs', { name: unique('c'), source: { kind: 'http', parameters: { base_url: 'https://api.invalid' }, collections: [{ category: 'rules', path: '/rules', items: '/value', key: 'id' }] } })).id,
    'drift/routes': async () => (await make('/api/drift/routes', { name: unique('r'), channels: [] })).id,
    'drift/silence-series': async () => (await make('/api/drift/silence-series', series())).id,
    'drift/onboarding': async () => (await make('/api/drift/onboarding', newOnboarding(owner.tenant))).id,
    'drift/templates': async () => (await make('/api/drift/templates', template())).id,
    'drift/silences': async () => (await make('/api/drift/silences', silence())).id,
    worker: async () => {
      const p = await make('/api/users', { ...person(), roles: ['operator'] });
      return bearer({ tenant: owner.tenant, email: p.email, password });
    },
    intent: (config_id) => ({ config_id, category: 'c', key: 'k', path: '/a', expect: 'any', reason: 'It was agreed upon.', ends_at: ahead(1) }),
    announced: async (by) => {
      const a = await by('POST', '/api/drift/intents', { body: w.intent((await w.drifted()).config) });
      assert.equal(a.status, 201, a.text);
      return a.json.id;
    },
    // asked by somebody while two are needed
    waiting: async (by) => {
      const d = await w.drifted(), operator = await bearer(credentials.platform), settle = (accept_from) => operator('PUT', `/api/tenants/${tenantId}`, { body: { settings: { four_eyes: { accept_from } } } });
      await settle('low');
      const a = await by('PUT', `/api/drift/changes/${d.change}`, { body: { status: 'accepted', reason: 'It was agreed upon.' } });
      await settle(null);
      assert.equal(a.status, 202, a.text);
      return a.json.pending[0].id;
    },
    // who has read nothing yet
    reader: async (more) => {
      const p = await make('/api/users', { ...person(), roles: ['auditor'] });
      return { caller: await bearer({ tenant: owner.tenant, email: p.email, password }), by: p.id, ...more };
    },
    drifted,
    // An alert that a mail has told, with what its links say.
    told: async (to) => {
      const channel = (await admin('POST', '/api/drift/channels', { body: { name: unique('mail'), kind: 'email', to } })).json, d = await drifted(channel);
      const { mail } = await box.wait(to, /Critical/), link = (name) => new RegExp(`^${name}: .*[?&]t=(\\S+)$`, 'm').exec(mail.text)[1];
      return { ...d, links: { acknowledge: link('Acknowledge'), resolve: link('Resolve'), accept: link('Accept until a day') } };
    } };
}

before(async () => {
  await box.start();
  w = await world();
});
after(() => box.stop());

const hex = (id) => (id ?? '').replaceAll('-', '').toUpperCase();
function entries(request) {
  const text = sql(`SELECT action, outcome, actor_kind, COALESCE(HEX(actor_id), ''), target_id, details FROM audit WHERE request_id = '${request}' ORDER BY seq`, schema);
  return text.split('\n').filter(Boolean).map((line) => {
    const [action, outcome, actor_kind, actor_id, target_id, ...details] = line.split('\t');
    return { action, outcome, actor_kind, actor_id, target_id, details: JSON.parse(details.join('\t').replaceAll('\\\\', '\\')) };
  });
}
const methodOf = (key) => key.split(' ')[0];
const templateOf = (key) => key.split(' ')[1];

async function run(key, row) {
  const { target = templateOf(key), caller = w.admin, about, by, ...options } = await row.make();
  const id = newId(), a = await caller(methodOf(key), target, { ...options, id });
  assert.equal(a.status, row.done, `${key}: ${a.text.slice(0, 300)}`);
  return { id, answer: a, about, by: by === undefined ? w.admin.session.user.id : by };
}

// ---- the table -----------------------------------------------------------------------------------

test('every route that changes something, or can be had whole, has its entry named, or why it has none', async () => {
  const { document } = await openapi(), found = [];
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const types = Object.keys(op.responses['200']?.content ?? {});
      const key = `${method.toUpperCase()} ${template}`;
      if (method !== 'get')
        found.push(key);
      else if (types[0] === 'application/x-ndjson')
        found.push(key); // that alone: it is whole by itself
      else if (template.startsWith('/api/audit') || (types.includes('application/json') && types.length > 1))
        found.push(key, ...types.filter((t) => t !== 'application/json').map((t) => `${key} ${t.split(';')[0]}`));
    }
  }
  assert.deepEqual(found.filter((key) => !table[key]), [], 'routes that nobody has classified');
  assert.deepEqual(Object.keys(table).filter((key) => !found.includes(key)), [], 'routes that are not there any more');
});

test('what is done has exactly one entry: what, who, to what', { timeout: 60000 }, async (t) => {
  const wrong = [];
  let n = 0;
  for (const [key, row] of Object.entries(table).filter(([, r]) => r.action)) {
    const { id, answer, about, by } = await run(key, row), got = entries(id), [one] = got;
    if (got.length !== 1 || one.action !== row.action || one.outcome !== 'success' ||
        (about !== null && one.target_id !== (about ?? answer.json.id)) || (by !== null && one.actor_id !== hex(by)) ||
        /hush-hush|token=|a long enough/.test(JSON.stringify(got)))
      wrong.push({ key, about, by, got });
    n++;
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${n} deeds, an entry each`);
  assert.ok(n > 40, `${n}`);
});

test('what writes none writes none', async (t) => {
  let n = 0;
  for (const [key, row] of Object.entries(table).filter(([, r]) => r.why)) {
    assert.deepEqual(entries((await run(key, row)).id), [], key);
    n++;
  }
  t.diagnostic(`${n} without an entry, each with its reason`);
});

// Viewers; of each 30 refusals at once are written.
async function viewers(n) {
  const list = [];
  for (let i = 0; i < n; i++) {
    const p = w.person(), made = (await w.admin('POST', '/api/users', { body: p })).json;
    list.push({ id: made.id, call: await bearer({ tenant: owner.tenant, email: p.email, password }) });
  }
  return list;
}

test('what is refused to somebody has exactly one entry: what, who, to what', { timeout: 60000 }, async (t) => {
  const { document } = await openapi(), people = await viewers(3);
  let n = 0, allowed = 0;
  for (const key of Object.keys(table)) {
    const [method, template] = key.split(' '), op = document.paths[template][method.toLowerCase()];
    const ids = [...template.matchAll(/\{[^}]+\}/g)].map(() => crypto.randomUUID());
    if (key.split(' ').length > 2 || !/Needs the permission/.test(JSON.stringify(op)))
      continue;
    const who = people[n % people.length], id = newId();
    const a = await who.call(method, template.replace(/\{[^}]+\}/, ids[0]), { id, body: ['POST', 'PUT'].includes(method) ? { no_such_member: 1 } : undefined });
    if (a.status !== 403) { // a viewer may
      allowed++;
      assert.deepEqual(entries(id), [], key);
      continue;
    }
    const [got, ...more] = await until(`an entry of ${key}`, () => { const e = entries(id); return e.length > 0 && e; });
    assert.deepEqual(more, [], key);
    assert.deepEqual({ ...got, details: undefined }, { action: 'request.refuse', outcome: 'failure', actor_kind: 'user', actor_id: hex(who.id),
      target_id: ids[0] ?? '', details: undefined }, key);
    assert.deepEqual(got.details, { route: key, code: 'forbidden', times: 1 });
    n++;
  }
  t.diagnostic(`${n} refused, an entry each; ${allowed} that a viewer may`);
  assert.ok(n > 25, `${n}`);
});

// ---- what comes often ------------------------------------------------------------------------------

// It is counted by spans of ten minutes: what follows is not cut in two.
const early = () => until('the next ten minutes', () => Date.now() % 600000 < 585000);
const counted = (where) => Number(sql(`SELECT COUNT(*) FROM audit WHERE ${where}`, schema));
const lastOf = (where) => JSON.parse(sql(`SELECT details FROM audit WHERE ${where} ORDER BY seq DESC LIMIT 1`, schema) || 'null');

test('the same refusal again is counted, and all of one actor have a bound', { timeout: 60000 }, async () => {
  await early();
  const [who] = await viewers(1), mine = `action = 'request.refuse' AND actor_id = UNHEX('${hex(who.id)}')`;
  for (let i = 0; i < 12; i++)
    assert.equal((await who.call('GET', '/api/users')).status, 403);
  await until('the tenth', () => lastOf(mine)?.times === 10);
  assert.equal(counted(mine), 2);
  for (let i = 0; i < 60; i++)
    assert.equal((await who.call('DELETE', `/api/users/${crypto.randomUUID()}`)).status, 403);
  assert.ok(counted(mine) <= 32, `${counted(mine)} entries of 72 refusals`);
});

test('a key that is none is told once by address, whatever it names, and not without a bound', { timeout: 60000 }, async () => {
  await early();
  const key = await newKey(w.admin), of = `action = 'api_key.refuse'`;
  const wrong = await w.admin('DELETE', `/api/api-keys/${key.id}`), dead = withKey(key.key);
  assert.equal(wrong.status, 204);
  for (let i = 0; i < 11; i++)
    assert.equal((await dead('GET', '/api/drift/configs')).status, 401);
  await until('an entry', () => counted(of) > 0);
  const [first] = sql(`SELECT CONCAT(outcome, ' ', actor_kind, ' ', target_kind, ' ', target_id, ' ', address) FROM audit WHERE ${of} ORDER BY seq LIMIT 1`, schema).split('\n');
  assert.equal(first, `failure anonymous api_key ${key.id} 127.0.0.1`);
  assert.equal(counted(of), 2);
  assert.equal(lastOf(of).times, 10);
  assert.ok(!sql(`SELECT details FROM audit WHERE ${of}`, schema).includes(key.key.slice(-20)));
});

test('reading again within minutes is one entry, and reading by another is another', async () => {
  await early();
  const { caller, by } = await w.reader({}), mine = `action = 'audit.read' AND actor_id = UNHEX('${hex(by)}')`;
  for (let i = 0; i < 5; i++)
    assert.equal((await caller('GET', '/api/audit?limit=1')).status, 200);
  assert.equal(counted(mine), 1);
  const other = await w.reader({});
  await other.caller('GET', '/api/audit?limit=1');
  assert.equal(counted(`action = 'audit.read' AND actor_id = UNHEX('${hex(other.by)}')`), 1);
});

test('of a channel old and new target are told without path, query or user', async () => {
  const made = await newChannel(w.admin, 'https://hooks.example.org/services/T0/B0/a-secret-path');
  const to = 'https://other.example.org:8443/x?token=another-secret';
  const a = await w.admin('PUT', `/api/drift/channels/${made.id}`, { body: { url: to, secret: null, status: 'disabled' } });
  assert.equal(a.status, 200, a.text);
  const d = lastOf(`action = 'channel.update' AND target_id = '${made.id}'`);
  assert.deepEqual([d.name, d.status, d.secret], [made.name, { from: 'active', to: 'disabled' }, 'new']);
  assert.match(d.target.from, /^https:\/\/hooks\.example\.org\/#[0-9a-f]{16}$/);
  assert.match(d.target.to, /^https:\/\/other\.example\.org:8443\/#[0-9a-f]{16}$/);
  assert.ok(!/secret-path|another-secret/.test(sql(`SELECT details FROM audit WHERE target_id = '${made.id}'`, schema)));
});

test('the trail of all this verifies', async () => {
  const a = await w.admin('GET', '/api/audit/verify');
  assert.deepEqual([a.json.ok, a.json.broken_at], [true, 0], a.text);
});
