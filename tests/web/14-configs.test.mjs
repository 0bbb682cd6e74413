// Configs: made by a guide and tested before they count, changed after a look at what that would have done; two instants held against each other, and how one resource was.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { base, until } from '../http/lib/env.mjs';
import { all, bearer, newChannel, newConfig, newTemplate, newTemplated, newTenant, policy, push, unique } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { lastOf, walkDeeds, walkPages } from './lib/deeds.mjs';
import { enter, session } from './lib/entering.mjs';

const HOSTILE = '<img src=x onerror=alert(1)> \u202e name', SHOWN = '<img src=x onerror=alert(1)> \\u202e name';
let chromium, who, admin, storageState;

before(async () => {
  chromium = await startChromium();
  who = newTenant();
  admin = await bearer(who);
  storageState = await session(chromium, base.origin, who);
});
after(() => chromium.close());

const as = (f) => visit(chromium, base.origin, f, { storageState });
const get = async (target) => {
  const answer = await admin('GET', target);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const unfold = (v, title) => v.page.locator('summary').filter({ hasText: title }).first().click();
const now = ({ config }) => get(`/api/drift/configs/${config.id}`);
const drifted = async () => {
  const config = await newConfig(admin);
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, { state: 'disabled' })]);
  return { config };
};
const ofConfig = { there: drifted, at: ({ config }) => `#/configs/${config.id}`, title: /^config-/ };
const RULES = JSON.stringify([{ category: 'conditionalAccessPolicies', path: '/state', severity: 'ignore', reason: HOSTILE }]);

// Of a template: as it is, or applied here.
const ofTemplate = { there: async () => ({ template: await newTemplate(admin) }), at: ({ template }) => `#/templates/${template.id}`, title: /^template-/ };
const templated = async () => {
  const { template: id, config } = await newTemplated(admin, who.tenant);
  return { template: { id }, config: { id: config } };
};
const usesOf = (template) => all(admin, `/api/drift/templates/${template.id}/tenants`);

// A golden baseline with a variable, and a config that is not bound to it.
const RESOURCES = [{ category: 'c', key: 'k', value: { site: '%site%', log: true } }];
async function golden() {
  const made = await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('golden'), description: HOSTILE, resources: RESOURCES, variables: [{ name: 'site', description: HOSTILE }] } }), config = await newConfig(admin);
  assert.equal(made.status, 201, made.text);
  await push(admin, config, [{ category: 'c', key: 'k', value: { site: 'S1', log: false } }]);
  return { golden: made.json, config };
}
const ofGolden = { there: golden, at: ({ golden: g }) => `#/golden/${g.id}`, title: /^golden-/ };

const deeds = [
  { name: 'make a golden baseline', there: golden, at: () => '#/golden', title: 'Golden baselines', open: async (v, { config }) => {
    await unfold(v, 'Make one');
    await v.fill('Name', config.name);
    await v.page.getByLabel('Of which config?').selectOption(config.name);
  }, values: { 'What it is for': HOSTILE }, press: 'Make one', request: ['POST', '**/api/drift/golden-baselines'], said: 'It is made: bind configs to it.', effect: async ({ config }) => {
    const made = (await all(admin, '/api/drift/golden-baselines')).find((g) => g.name === config.name);
    assert.deepEqual([made.description, (await get(`/api/drift/golden-baselines/${made.id}`)).resources], [HOSTILE, [{ category: 'c', key: 'k', value: { site: 'S1', log: false } }]]);
  } },
  { ...ofGolden, name: 'bind a config', open: async (v, { config }) => {
    await unfold(v, 'Bind a config');
    await v.page.getByLabel('Which config?').selectOption(config.name);
  }, values: { 'Variable site': 'S1' }, press: 'Bind a config', request: ['PUT', '**/api/drift/configs/*/baseline'], said: /^It is bound/, effect: async ({ golden: g, config }) => {
    const { golden: bound } = await get(`/api/drift/configs/${config.id}/baseline`);
    assert.deepEqual([bound.id, bound.variables, bound.other_categories], [g.id, { site: 'S1' }, 'report']);
  } },
  { ...ofGolden, name: 'rename a golden baseline', open: (v) => unfold(v, 'Change name and description'), values: { 'What it is for': 'Another "one" <b>' }, press: 'Save', request: ['PUT', '**/api/drift/golden-baselines/*'], said: 'It is saved.',
    effect: async ({ golden: g }) => assert.equal((await get(`/api/drift/golden-baselines/${g.id}`)).description, 'Another "one" <b>') },
  { ...ofGolden, name: 'delete a golden baseline', open: (v) => v.press('Delete'), press: 'Delete', request: ['DELETE', '**/api/drift/golden-baselines/*'], said: 'It is deleted.',
    effect: async ({ golden: g }) => assert.equal((await admin('GET', `/api/drift/golden-baselines/${g.id}`)).status, 404) },
  { name: 'make a template', there: async () => ({ name: unique('template') }), at: () => '#/templates', title: 'Templates', open: async (v, { name }) => {
    await unfold(v, 'Make a template');
    await v.fill('Name of the template', name);
  }, values: { 'What it is for': HOSTILE }, press: 'Make a template', request: ['POST', '**/api/drift/templates'], said: /It is made, and nowhere yet/, effect: async ({ name }) => {
    const made = (await all(admin, '/api/drift/templates')).find((one) => one.name === name);
    assert.deepEqual([made.description, (await get(`/api/drift/templates/${made.id}`)).variables], [HOSTILE, [{ name: 'customer' }]]);
  } },
  { ...ofTemplate, name: 'a new version', open: (v) => unfold(v, 'Change what it says'), values: { 'The config (JSON)': '{"name": "Another of %customer%", "source": {"kind": "push"}}', 'Variables (JSON)': '[{"name": "customer", "default": "nobody"}]' }, press: 'Save it as a new version',
    request: ['PUT', '**/api/drift/templates/*'], said: 'It is saved.', effect: async ({ template }) => {
      const is = await get(`/api/drift/templates/${template.id}`);
      assert.deepEqual([is.version, is.name, is.config.name], [2, template.name, 'Another of %customer%']);
    } },
  { ...ofTemplate, name: 'try a template', open: (v) => v.fill('Short names of the tenants', who.tenant), press: 'See what it would do', request: ['POST', '**/api/drift/templates/*/preview'], said: /^Every tenant was looked at/,
    effect: async ({ template }, v) => {
      assert.match(await v.page.getByRole('row', { name: who.tenant }).innerText(), /made/);
      assert.deepEqual(await usesOf(template), []);
    } },
  { ...ofTemplate, name: 'apply a template', open: async (v) => {
    await v.fill('Short names of the tenants', who.tenant);
    await v.press('Apply it');
  }, press: 'Apply it', request: ['POST', '**/api/drift/templates/*/apply'], said: /^Every tenant has had its turn/, effect: async ({ template }) => assert.deepEqual((await usesOf(template)).map((u) => [u.tenant, u.outcome]), [[who.tenant, 'made']]) },
  { ...ofTemplate, there: templated, name: 'take a template back', open: (v) => v.press('Take the last application back'), press: 'Take the last application back', request: ['POST', '**/api/drift/templates/*/undo'], said: /^It was taken back in every tenant/,
    effect: async ({ template, config }) => assert.deepEqual([await usesOf(template), (await admin('GET', `/api/drift/configs/${config.id}`)).status], [[], 404]) },
  { ...ofTemplate, name: 'drop a template', open: (v) => v.press('Drop the template'), press: 'Drop the template', request: ['DELETE', '**/api/drift/templates/*'], said: 'The template is dropped.',
    effect: async ({ template }) => assert.equal((await admin('GET', `/api/drift/templates/${template.id}`)).status, 404) },
  { name: 'let go of a template', there: templated, at: ({ config }) => `#/configs/${config.id}`, title: /^of-it/, open: (v) => v.press('Let go of the template'), press: 'Let go of the template', request: ['DELETE', '**/api/drift/configs/*/template'], said: 'It is a config of its own now.',
    effect: async ({ config }) => assert.equal((await admin('GET', `/api/drift/configs/${config.id}/template`)).status, 404) },
  { name: 'make one that is pushed', there: async () => ({}), at: () => '#/configs', title: 'Configs', open: (v) => unfold(v, 'Make a config'), values: { Name: HOSTILE, 'How a document is cut (JSON; empty: it is one resource)': '{"resources": "/items", "key": "/id"}' },
    press: 'Make the config', request: ['POST', '**/api/drift/configs'], said: /push the first snapshot to it/, effect: async (_, v) => {
      await v.sees(SHOWN);
      const made = (await all(admin, '/api/drift/configs')).find((c) => c.name === HOSTILE);
      assert.deepEqual([made.source.kind, made.source.selector], ['push', { resources: '/items', key: '/id' }]);
    } },
  { ...ofConfig, name: 'rename', open: (v) => unfold(v, 'How it is read, and who is told'), values: { Name: unique('config-renamed') }, press: 'Save', request: ['PUT', '**/api/drift/configs/*'], said: 'It is saved.',
    effect: async (there) => assert.match((await now(there)).name, /^config-renamed/) },
  { ...ofConfig, name: 'tell a channel', there: async () => ({ ...await drifted(), channel: await newChannel(admin, 'http://127.0.0.1:9/', { name: unique('told') }) }), open: async (v, { channel }) => {
    await unfold(v, 'How it is read, and who is told');
    await v.page.getByLabel(channel.name).check();
  }, press: 'Save', request: ['PUT', '**/api/drift/configs/*'], said: 'It is saved.', effect: async (there) => assert.deepEqual((await now(there)).alerts.map((a) => a.channel_id), [there.channel.id]) },
  { ...ofConfig, name: 'look at rules', open: (v) => unfold(v, 'Rules and thresholds'), values: { 'Its own rules (JSON; the first that fits decides)': RULES, 'In so many reports in a row': '3' }, press: 'See what it would have done', request: ['POST', '**/api/drift/configs/*/what-if'],
    said: /2 snapshots replayed/, effect: async (there, v) => {
      assert.match(await v.page.getByRole('row', { name: /^Alerts opened\s/ }).first().innerText(), /Alerts opened\s+1\s+0/);
      assert.deepEqual((await now(there)).rules, []);
    } },
  { ...ofConfig, name: 'save rules', open: async (v) => {
    await unfold(v, 'Rules and thresholds');
    await v.fill('Its own rules (JSON; the first that fits decides)', RULES);
    await v.fill('In so many reports in a row', '3');
    await v.press('See what it would have done');
    await v.page.getByText(/2 snapshots replayed/).first().waitFor();
  }, press: 'Save these rules and thresholds', request: ['PUT', '**/api/drift/configs/*'], said: 'It is saved.', effect: async (there) => {
    const { rules, thresholds } = await now(there);
    assert.deepEqual([rules[0].reason, thresholds.for_runs, thresholds.min_severity], [HOSTILE, 3, 'low']);
  } },
  { ...ofConfig, name: 'delete', open: (v) => v.press('Delete the config'), press: 'Delete the config', request: ['DELETE', '**/api/drift/configs/*'], said: 'The config is deleted.',
    effect: async ({ config }) => assert.equal((await admin('GET', `/api/drift/configs/${config.id}`)).status, 404) },
];

test('each deed keeps what was typed whatever the API answers, says what it was, and is done as soon as it can be', () => as((v) => walkDeeds(v, deeds)));

test('who has configs finds each in the list, and is led through the making of one that reads: tested at once, read on its schedule only when they say so', () => as(async (v, page) => {
  await v.goto('/');
  await v.sees('Overview');
  await v.follow('Configs');
  await v.sees('Configs');
  assert.equal(await page.locator('main table tbody tr').count(), (await all(admin, '/api/drift/configs')).length);
  await unfold(v, 'Make a config');
  await page.getByLabel('Where is it read?').selectOption('entra');
  await unfold(v, 'It reads');
  await page.getByLabel('How it proves who asks').selectOption('certificate');
  await page.getByLabel('Its private key (PEM)').waitFor();
  await v.examine('config-make');
  await page.getByLabel('Where is it read?').selectOption('http');
  await page.getByLabel('Collections (JSON)').waitFor();
  await v.fill('Name', 'Firewall');
  await page.getByLabel('base_url').fill('http://127.0.0.1:9');
  await page.getByLabel('How it proves who asks').selectOption('bearer');
  await page.getByLabel('base_url').fill('http://127.0.0.1:9');
  await v.fill('Token', 'secret');
  await v.fill('Collections (JSON)', '[{"category": "rules"');
  await v.press('Make the config');
  await page.getByText(/This is no JSON/).waitFor();
  await v.fill('Collections (JSON)', '[{"category": "rules", "path": "/rules", "items": "/value", "key": "id"}]');
  await v.press('Make the config');
  await v.sees('Firewall');
  const made = (await all(admin, '/api/drift/configs')).find((c) => c.name === 'Firewall');
  assert.deepEqual([made.source.kind, made.schedule], ['http', { interval_s: 3600, enabled: false }]);
  await page.getByRole('heading', { name: 'The last test' }).waitFor();
  await v.examine('config-made');
  await v.press('Let it begin');
  await page.getByText('It is read on its schedule from now on.').waitFor();
  assert.equal((await get(`/api/drift/configs/${made.id}`)).schedule.enabled, true);
  assert.equal(await page.getByRole('button', { name: 'Let it begin' }).count(), 0);
}));

test('a template says where it is and what is otherwise there, shows each version, and what was typed that is no JSON', () => as(async (v, page) => {
  const { template, config } = await templated(), was = await get(`/api/drift/templates/${template.id}`);
  const put = async (target, body) => {
    const answer = await admin('PUT', target, { body });
    assert.equal(answer.status, 200, answer.text);
  };
  await put(`/api/drift/configs/${config.id}`, { name: `${HOSTILE} t` });
  await put(`/api/drift/templates/${template.id}`, { description: HOSTILE, config: { ...was.config, name: 'of the second version' } });
  await v.goto(`/#/templates/${template.id}`);
  await v.sees(was.name);
  await page.getByText('not the newest').waitFor();
  await v.press('See what it would do');
  await page.getByText(/^Every tenant was looked at/).first().waitFor();
  const kept = page.getByRole('region', { name: 'What came of it' });
  assert.match(await kept.innerText(), /kept/);
  await kept.locator('summary').click();
  assert.match(await kept.innerText(), /\/name stays as the tenant has it/);
  assert.match(await page.getByRole('region', { name: 'Where it is' }).innerText(), /\/name/);
  await v.examine('template');
  await unfold(v, 'Change what it says');
  await v.fill('Variables (JSON)', '[');
  await v.press('Save it as a new version');
  await page.getByText(/This is no JSON/).waitFor();
  await v.goto('/#/templates');
  await v.sees('Templates');
  await v.examine('templates');
  await v.turn(`#/templates/${template.id}?version=1`);
  await until('the first version', async () => (await page.locator('main').innerText()).includes(`"name": "${was.config.name}"`));
  await v.goto(`/#/configs/${config.id}`);
  await v.sees(`${SHOWN} t`);
  const otherwise = page.getByRole('region', { name: 'Where it says otherwise' });
  assert.ok((await otherwise.innerText()).includes(SHOWN));
  assert.equal(await page.locator('main img').count(), 0);
  await v.examine('config of a template');
}));

test('any two instants of a config are held against each other, and of a resource it is seen how it was and what changed', () => as(async (v, page) => {
  const config = await newConfig(admin), at = (h) => new Date(Date.now() - h * 3600000).toISOString(), of = (value) => ({ category: 'records', key: 'k/1', value: { id: 'k/1', ...value } });
  await push(admin, config, [of({ a: 1, password: 'one' }), { category: 'records', key: 'other', value: { x: 1 } }], { collected_at: at(50) });
  await push(admin, config, [of({ a: 2, password: 'one' }), { category: 'records', key: 'other', value: { x: 2 } }], { collected_at: at(30) });
  await push(admin, config, [{ category: 'records', key: 'other', value: { x: 2 } }], { collected_at: at(20) });
  await push(admin, config, [of({ a: HOSTILE, password: 'two' }), { category: 'records', key: 'other', value: { x: 2 } }], { collected_at: at(10) });
  const states = await get(`/api/drift/configs/${config.id}/history?category=records&key=k%2F1`);
  assert.deepEqual(states.items.map((s) => [s.whole, s.until === null, s.gone]), [[true, true, false], [true, false, true], [true, false, false]]);
  assert.deepEqual((await get(`/api/drift/configs/${config.id}/history?category=records&key=nobody`)).items, []);
  await v.goto(`/#/configs/${config.id}`);
  await v.sees(config.name);
  await unfold(v, 'Compare any two instants');
  const local = (h) => new Date(Date.now() - h * 3600000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  await v.fill('Before: what was in force at', local(90));
  await v.press('Compare');
  await page.getByText('Nothing was read by then.').waitFor();
  await v.fill('Before: what was in force at', local(40));
  await v.fill('After: what was in force at', local(25));
  await v.press('Compare');
  await page.getByText(/2 differences/).first().waitFor();
  await v.fill('After: what was in force at', local(39));
  await v.press('Compare');
  await page.getByText('Both times the same snapshot was in force.').waitFor();
  await unfold(v, 'Resources and their history');
  await until('the keys', async () => await page.locator('datalist option').count() === 2);
  await v.fill('Key', 'k/1');
  await v.press('Show its history');
  await page.getByText('3 states known.').first().waitFor();
  const items = page.locator('.looks .timeline > li');
  assert.equal(await items.count(), 4, 'and that it was gone');
  await items.last().locator('summary').click();
  await items.last().locator('pre').waitFor();
  await items.nth(0).locator('summary').click();
  await items.nth(0).locator('pre').filter({ hasText: /onerror=alert/ }).waitFor();
  await items.nth(2).locator('summary').click();
  await items.nth(2).locator('.change').waitFor();
  assert.deepEqual([await items.nth(2).locator('.change').count(), await items.nth(2).locator('.was pre').innerText(), await items.nth(2).locator('.is pre').innerText()], [1, '1', '2']);
  assert.equal(await page.locator('main img').count(), 0);
  await v.examine('config-history');
  const [, , second] = await all(admin, `/api/drift/configs/${config.id}/snapshots`);
  assert.equal((await admin('DELETE', `/api/drift/snapshots/${second.id}?reason=Over.`)).status, 204);
  const kept = async (key) => (await get(`/api/drift/configs/${config.id}/history?category=records&key=${key}`)).items.map((s) => [s.whole, s.snapshot_id === null, s.gone]);
  assert.deepEqual([await kept('k%2F1'), await kept('other')], [[[true, false, false], [true, false, true]], [[false, true, false], [true, false, false]]]);
}));

test('a change of what is read has the exact request that would set it back, with what it overwrites; none where a mask would be written', async () => {
  const rule = (id, more) => ({ id, state: 'on', who: { groups: ['g1', 'g2'], owner: { name: 'a', note: HOSTILE } }, password: 'one', ...more });
  const steps = (...of) => of.map((id) => (id === 'b!' ? { id: 'b', log: true } : { id }));
  let value = [rule('r/1'), rule('r2'), rule('r3'), rule('r4', { steps: steps('a', 'b!') }), rule('r5', { steps: steps('a', 'b!') }), rule('r6', { steps: steps('a', 'b', 'c') }), rule('r7', { steps: steps('a', 'b', 'c') }), rule('r8', { names: { '/': 1, '~1': 2 }, size: 'BIG' })];
  let other = [{ id: 'o', state: 'on', password: 'one' }];
  const server = http.createServer((_, answer) => answer.setHeader('Content-Type', 'application/json').end(JSON.stringify({ value, other }).replace('"BIG"', '9007199254740993'))).listen(0, '127.0.0.1');
  await until('the server', () => server.listening);
  try {
    const url = `http://127.0.0.1:${server.address().port}`, collection = { category: 'rules', path: '/rules', items: '/value', key: 'id', write: { method: 'PATCH', path: '/rules/{+/id}' } };
    const secret = { category: 'secret', path: '/rules', items: '/other', key: 'id', write: { method: 'PATCH', path: '/rules/{+/password}' } };
    const config = await newConfig(admin, { rule_packs: [], source: { kind: 'http', parameters: { base_url: url }, collections: [collection, secret] } });
    const read = async () => {
      const { json: asked } = await admin('POST', `/api/drift/configs/${config.id}/run`);
      const run = await until('the run', async () => (({ json }) => ['done', 'failed', 'dead'].includes(json.state) && json)(await admin('GET', `/api/drift/runs/${asked.run_id}`)), 60, 200);
      assert.equal(run.state, 'done', JSON.stringify(run));
    };
    await read();
    value = [rule('r/1', { state: 'off', extra: 1 }), rule('r2', { who: { groups: ['g1'], owner: { name: 'b' } } }), rule('r3', { password: 'two' }),
      rule('r4', { steps: steps('n', 'a', 'b') }), rule('r5', { steps: steps('a', 'b') }), rule('r6', { steps: steps('a', 'c') }), rule('r7', { steps: steps('a', 'n') }), rule('r8', { names: { '/': 1, '~1': 3 }, size: 1 })];
    other = [{ id: 'o', state: 'off', password: 'one' }];
    await read();
    const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`), changes = await all(admin, `/api/drift/reports/${alert.report_id}/changes`);
    const of = async (key, path) => get(`/api/drift/changes/${changes.find((c) => c.resource.key === key && c.path.startsWith(path)).id}/revert`), at = (key) => `${url}/rules/${encodeURIComponent(key)}`;
    const type = 'application/merge-patch+json', request = (key, body) => ({ method: 'PATCH', url: at(key), content_type: type, body });
    assert.deepEqual(await of('r/1', '/state'), { request: request('r/1', { state: 'on' }), place: '/state', overwrites: 'off' });
    assert.deepEqual(await of('r/1', '/extra'), { request: request('r/1', { extra: null }), place: '/extra', overwrites: 1 });
    assert.deepEqual(await of('r2', '/who/owner/name'), { request: request('r2', { who: { owner: { name: 'a' } } }), place: '/who/owner/name', overwrites: 'b' });
    assert.deepEqual(await of('r2', '/who/owner/note'), { request: request('r2', { who: { owner: { note: HOSTILE } } }), place: '/who/owner/note', overwrites: null });
    const lost = await of('r2', '/who/groups');
    assert.deepEqual([lost.request.body.who.groups.sort(), lost.place, lost.overwrites], [['g1', 'g2'], '/who/groups', ['g1']]);
    const whole = (key, value, overwrites) => ({ request: request(key, { steps: value }), place: '/steps', overwrites });
    assert.deepEqual(await of('r5', '/steps'), whole('r5', steps('a', 'b!'), steps('a', 'b')));
    assert.deepEqual(await of('r6', '/steps'), whole('r6', steps('a', 'b', 'c'), steps('a', 'c')));
    for (const key of ['r4', 'r7']) { // what it was before or behind is not there as it was
      const gone = changes.find((c) => c.resource.key === key && c.op === 'deleted'), { json } = await admin('GET', `/api/drift/changes/${gone.id}/revert`);
      assert.deepEqual([json.request, /otherwise not as it was/.test(json.why)], [null, true], JSON.stringify([gone, json]));
    }
    assert.deepEqual(await of('r8', '/names'), { request: request('r8', { names: { '~1': 2 } }), place: '/names/~01', overwrites: 3 });
    const named = await of('o', '/state');
    assert.deepEqual([named.request, /masked/.test(named.why)], [null, true]);
    const masked = await of('r3', '/password');
    assert.deepEqual([masked.request, /masked/.test(masked.why)], [null, true]);
    assert.equal((await admin('PUT', `/api/drift/configs/${config.id}`, { body: { source: { kind: 'http', parameters: { base_url: url }, collections: [{ ...collection, write: { method: 'PATCH', path: '/../{/id}' } }] } } })).status, 422);
    await as(async (v, page) => {
      await v.goto(`/#/alerts/${alert.id}`);
      await page.locator('.change').first().waitFor();
      const change = page.locator('.change').filter({ hasText: '/who/owner/note' });
      await change.locator('summary').filter({ hasText: 'How to set it back' }).click();
      await change.getByText(`PATCH ${at('r2')}`).waitFor();
      assert.match(await change.innerText(), /First see that this is there still[^]*\/who\/owner\/note[^]*null[^]*"note": "<img src=x onerror=alert\(1\)> \\u202e name"/);
      const number = page.locator('.change').filter({ hasText: '/size' });
      await number.locator('summary').filter({ hasText: 'How to set it back' }).click();
      await number.getByText('"size": 9007199254740993', { exact: false }).waitFor();
      assert.equal(await page.locator('main img').count(), 0);
      await v.examine('revert');
    });
  } finally {
    server.close();
  }
});

test('what is late or fails comes first among what is read, and each run says what came of it', () => as(async (v, page) => {
  const ago = (s) => new Date(Date.now() - s * 1000).toISOString(), as = { Firewall: { next_run_at: ago(3600), collecting: { state: 'waiting', failures: 0 } }, Failing: { collecting: { state: 'dead', reason: 'The credential is refused.', remedy: 'Give another one.', failures: 3 } } };
  await newConfig(admin, { name: 'Failing', source: { kind: 'self' }, rule_packs: [], schedule: { interval_s: 3600 } });
  await v.context.route('**/api/drift/configs?*', async (route) => {
    const answer = await route.fetch(), page = await answer.json();
    return route.fulfill({ response: answer, json: { ...page, items: page.items.map((c) => ({ ...c, ...as[c.name] })) } });
  });
  await v.goto('/#/runs');
  await v.sees('Runs');
  assert.match(await page.locator('main .notice').innerText(), /^1 config is late: [^]*The last run of 1 config failed\./);
  const rows = await page.locator('main table').first().locator('tbody tr').allInnerTexts();
  assert.match(rows[0], /Firewall[^]*every 60 minutes[^]*late/);
  assert.match(rows[1], /Failing[^]*fails[^]*The credential is refused\. Give another one\. 3 runs in a row/);
  await page.getByLabel('Kind', { exact: true }).selectOption('try');
  await until('tests alone', async () => /kind=try/.test(page.url()) && await page.locator('main table').last().locator('tbody tr').count() === 1);
  assert.match(await page.locator('main table').last().innerText(), /Firewall[^]*test/);
  await v.examine('runs');
}));

// A sign-in of its own: to take all of it along, it must not be long ago.
test('the register is a page, a table to take along, and fit for paper', () => visit(chromium, base.origin, async (v, page) => {
  const { config } = await drifted(), [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`), [change] = await all(admin, `/api/drift/reports/${alert.report_id}/changes`);
  assert.equal((await admin('PUT', `/api/drift/changes/${change.id}`, { body: { status: 'accepted', reason: HOSTILE } })).status, 200);
  assert.equal((await admin('POST', '/api/drift/silences', { body: { matcher: { config: config.id }, reason: 'Work.', expires_at: new Date(Date.now() + 3600000).toISOString() } })).status, 201);
  await v.goto(`/?tenant=${who.tenant}#/register?kind=`);
  await enter(v, who);
  await v.sees('Register');
  const row = page.getByRole('row').filter({ hasText: config.name });
  assert.deepEqual([await row.count(), await page.locator('main img').count()], [2, 0]);
  assert.match(await row.first().innerText(), /value accepted[^]*conditionalAccessPolicies[^]*\/state[^]*\\u202e name[^]*for good[^]*in force/);
  await v.examine('register');
  const saved = page.waitForEvent('download');
  await v.press('Save it as a table');
  const text = await fs.readFile(await (await saved).path(), 'utf8');
  assert.match(text, /^id,kind,state,at,who,reason,/);
  assert.equal(text.match(/\r\n/g).length, 1 + (await all(admin, '/api/drift/register')).length);
  await page.getByText('The table is saved.').waitFor();
  await page.emulateMedia({ media: 'print' });
  assert.deepEqual([await page.locator('#nav').isVisible(), await page.locator('main form').isVisible(), await page.locator('.print-only').isVisible()], [false, false, true]);
  await page.emulateMedia({ media: null });
  await page.getByLabel('Kind', { exact: true }).selectOption('silence');
  await v.press('Show');
  await until('the silence alone', async () => await row.count() === 1);
}));

test('a golden baseline says what it holds, and of each config that is bound to it what that has otherwise', () => as(async (v, page) => {
  const { golden: g, config } = await golden(), other = await newConfig(admin), [read] = await all(admin, `/api/drift/configs/${config.id}/snapshots`);
  const difference = { category: 'c', key: 'k', path: '/log', op: 'replace', value: false, reason: HOSTILE };
  for (const [one, differences] of [[config, [difference]], [other, []]])
    assert.equal((await admin('PUT', `/api/drift/configs/${one.id}/baseline`, { body: { golden: { id: g.id, variables: { site: 'S1' }, differences } } })).status, 200);
  assert.ok(read);
  await push(admin, other, [{ category: 'c', key: 'k', value: { site: 'S1', log: false } }]);
  assert.equal((await admin('PUT', `/api/drift/golden-baselines/${g.id}`, { body: { resources: [{ ...RESOURCES[0], value: { ...RESOURCES[0].value, on: true } }] } })).status, 200);
  await v.goto('/#/golden');
  await v.sees('Golden baselines');
  await page.getByRole('row').filter({ hasText: g.name }).getByRole('link').click();
  await v.sees(g.name);
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  assert.match(await row(config.name).innerText(), /1\s+takes 2 with its next reading\s+site = "S1"\s+1 difference/);
  assert.match(await row(other.name).innerText(), /drifted[^]*nothing/);
  await unfold(v, '1 difference');
  assert.ok((await row(config.name).innerText()).includes(SHOWN));
  await unfold(v, 'c k');
  await page.getByText(/"site": "%site%"/).waitFor();
  await unfold(v, 'Bind a config');
  assert.equal(await page.locator('main img').count(), 0);
  await v.examine('golden');
  await v.press('Delete');
  await lastOf(v, 'Delete').click();
  await v.alerts(/This is still in use/);
}));

test('each page says what is wrong with the API, and comes back', () => as(async (v) => {
  await walkPages(v, ['#/configs', '#/golden', '#/intents', '#/runs', '#/register'], '**/api/drift/**');
}));
