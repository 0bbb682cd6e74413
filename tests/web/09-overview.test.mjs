// What one sees first: whether anything is wrong, since when, where; and one config, read and approved.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base, until } from '../http/lib/env.mjs';
import { ahead, bearer, newChannel, newConfig, newTenant, policy, push } from '../http/lib/people.mjs';
import { Receiver } from '../http/lib/receiver.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { lastOf, walkPages } from './lib/deeds.mjs';
import { enter, session } from './lib/entering.mjs';

const HOSTILE = '<img src=x onerror=alert(1)> \u202e name';
let chromium, who, admin, storageState;

before(async () => {
  chromium = await startChromium();
  who = newTenant();
  admin = await bearer(who);
  storageState = await session(chromium, base.origin, who);
});
after(() => chromium.close());

const as = (f) => visit(chromium, base.origin, f, { storageState });
const get = async (target) => (await admin('GET', target)).json;

test('who has nothing yet is led to a first config, which is read before their eyes and found again after leaving', () => as(async (v, page) => {
  await v.goto('/');
  await v.sees('Overview');
  await page.getByRole('heading', { name: 'Nothing is watched yet' }).waitFor();
  await v.examine('overview-empty');
  await v.press('Watch this tenant');
  await v.sees('This tenant');
  await v.follow('Overview');
  await v.sees('Overview');
  await page.getByRole('link', { name: /This tenant/ }).click();
  await v.sees('This tenant');
  const [config] = (await get('/api/drift/configs')).items;
  await until('the config to be read', async () => (await get(`/api/drift/configs/${config.id}`)).state !== 'new', 60, 200);
  await page.getByText(/It was read the first time and became the baseline\./).waitFor();
}));

test('the overview has the blind first, then the worst, and its numbers are those of the API and lead to what they count', () => as(async (v, page) => {
  const calm = await newConfig(admin, { name: 'A calm one' }), bad = await newConfig(admin, { name: HOSTILE });
  await push(admin, calm, [policy(1)]);
  await push(admin, bad, [policy(1)]);
  await push(admin, bad, [policy(1, { state: 'disabled' })]);
  await newConfig(admin, { name: 'Never read' });
  await v.goto('/');
  await v.sees('Overview');
  const tiles = page.getByRole('list', { name: /^Configs/ }).getByRole('listitem');
  await until('the tiles', async () => await tiles.count() === 4);
  assert.match(await tiles.first().innerText(), /<img src=x onerror=alert\(1\)> \\u202e name\s*▲ drifted/);
  assert.equal(await page.locator('main img').count(), 0);
  const figures = await get('/api/drift/analytics'), { critical, total } = figures.open_alerts.by_severity;
  assert.match(await page.locator('main .notice').first().innerText(), new RegExp(`1 config has drifted.*${total} alerts? (is|are) not resolved`));
  await v.examine('overview');
  await page.getByText('The same as a table').click();
  assert.ok(await page.getByRole('row').count() >= 2);
  const worst = page.locator('.figure').first().getByRole('link').first();
  const n = Number(await worst.innerText());
  assert.ok(n > 0 && n <= total, `${n} of ${total}, ${critical} critical`);
  await worst.click();
  await v.sees('Alerts');
  assert.equal(await page.locator('.alert-row').count(), n);
}));

test('what is new comes into the overview by itself', () => as(async (v, page) => {
  await page.clock.install();
  await v.goto('/');
  await v.sees('Overview');
  const config = await newConfig(admin, { name: 'Later' });
  await push(admin, config, [policy(1)]);
  await v.sooner(page.getByRole('link', { name: /^Later/ }));
  await page.getByText('The overview has changed.').waitFor();
}));

test('a config is looked at, and its baseline approved once the list was seen', () => as(async (v, page) => {
  const config = await newConfig(admin);
  await push(admin, config, [policy(2, { state: 'disabled' })]);
  const { first_look: look } = await get(`/api/drift/configs/${config.id}/baseline`);
  await v.goto(`/#/configs/${config.id}`);
  await v.sees(config.name);
  await page.getByText('nobody has approved it yet').waitFor();
  await v.examine('config');
  if (look) {
    await v.press('Approve this baseline');
    await v.alerts(/tick that you have/);
    await page.getByLabel('I have looked at these, and they are as they should be.').check();
  }
  await v.press('Approve this baseline');
  await page.getByText('The baseline is approved.').waitFor();
  assert.equal((await get(`/api/drift/configs/${config.id}/baseline`)).approved, true);
  assert.equal(await page.getByRole('button', { name: 'Approve this baseline' }).count(), 0);
}));

test('a run and a test are asked for, and what they came to is shown when they are over', () => as(async (v, page) => {
  const { items } = await get('/api/drift/configs'), config = items.find((c) => c.source.kind === 'self');
  await until('no run', async () => (await get(`/api/drift/runs?config_id=${config.id}`)).items.every((r) => !['queued', 'running'].includes(r.state)), 60, 200);
  await v.goto(`/#/configs/${config.id}`);
  await v.sees('This tenant');
  await v.press('Run now');
  await page.getByText(/^The run is (asked for|done)/).first().waitFor();
  await page.getByText(/Compared: /).first().waitFor();
  await v.press('Test');
  await page.getByRole('heading', { name: 'The last test' }).waitFor();
  await v.examine('config-tried');
}));

test('a run that goes on tells how far it is, and its end does not take away what was typed meanwhile', () => as(async (v, page) => {
  const { items } = await get('/api/drift/configs'), config = items.find((c) => c.state === 'drifted');
  const run = { id: '01a22c2b-4226-72d8-a1b6-4332a67d7f49', config_id: config.id, kind: 'manual', state: 'running', due_at: config.created_at, reason: null,
    progress: { done: 3, of: 36, requests: 12, throttled: 0, bytes: 4000, collections: [] } };
  const answer = (value) => (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify(value) });
  await v.context.route('**/api/drift/runs?*', answer({ items: [run], next_cursor: null }));
  await v.context.route(`**/api/drift/runs/${run.id}`, (route) => answer(run)(route));
  await v.goto(`/#/configs/${config.id}`);
  await page.locator('.notice').getByText('3 of 36 collections, 12 requests').waitFor();
  assert.equal(await page.getByRole('progressbar').evaluate((e) => e.value / e.max), 3 / 36);
  await v.examine('config-running');
  await v.press('Cancel the run');
  await page.getByText('What it has read so far is thrown away.').waitFor();
  await v.examine('config-cancel');
  await v.press('Let it go on');
  assert.ok(await page.getByRole('button', { name: 'Cancel the run' }).evaluate((e) => e === document.activeElement), 'the focus is where it was');
  await page.getByText('Accept this value', { exact: true }).first().click();
  await v.fill('Why is this value right?', 'It was planned.');
  Object.assign(run, { state: 'done' });
  await page.getByText('The run is done.').waitFor();
  assert.equal(await page.getByLabel('Why is this value right?').inputValue(), 'It was planned.');
  await v.context.unroute('**/api/drift/runs?*');
  await v.fill('Why is this value right?', '');
  await until('the page anew', async () => await page.getByRole('progressbar').count() === 0);
}));

test('who may only read sees no deed', () => visit(chromium, base.origin, async (v, page) => {
  const email = `viewer@${who.tenant}.example`, { json: user } = await admin('POST', '/api/users', { body: { email, display_name: 'V', roles: ['viewer'], password: who.password } });
  assert.ok(user.id);
  const [config] = (await get('/api/drift/configs')).items;
  await v.goto(`/?tenant=${who.tenant}#/configs/${config.id}`);
  await enter(v, { ...who, email });
  await v.sees(config.name);
  assert.equal(await page.locator('main :is(button, form):not(.looks *)').count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Channels' }).count(), 0, 'what a viewer may not read');
  const { json: silence } = await admin('POST', '/api/drift/silences', { body: { matcher: { config: config.id }, reason: 'Seen', expires_at: ahead(1) } });
  await v.follow('Silences');
  await v.sees('Silences');
  await page.getByText('Seen').waitFor();
  assert.equal(await page.locator('main :is(button, form):not(.looks *)').count(), 0);
  assert.equal((await admin('DELETE', `/api/drift/silences/${silence.id}`)).status, 204);
}));

// As it is asked where the proof of the sign-in is too old.
const askProof = (v) => v.context.route('**/api/drift/channels/*', (route) => (route.request().method() === 'PUT' ? route.fulfill({ status: 403,
  contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: 'F', status: 403, code: 'step_up_required', methods: ['password'] }) })
  : route.fallback()), { times: 1 });

test('a channel is tried, says why it is switched off, is switched on, and what was given up arrives', () => as(async (v, page) => {
  const there = await new Receiver().start();
  try {
    const channel = await newChannel(admin, there.url(), { name: HOSTILE }), outcome = page.locator('main table .state').first();
    const status = async () => (await get('/api/drift/channels')).items.find((c) => c.id === channel.id).status;
    await newConfig(admin, { name: 'It tells', alerts: [{ channel_id: channel.id }] });
    assert.equal((await admin('POST', '/api/drift/routes', { body: { name: 'At night', match: { kinds: ['system'] }, channels: [channel.id] } })).status, 201);
    await v.goto('/#/channels');
    await v.sees('Channels');
    await page.getByRole('link', { name: /u202e name.*nothing sent yet.*named by 1 config and 1 route/s }).click();
    assert.match(await page.locator('.facts').innerText(), /Named by\s+It tells[^]*Routes to it\s+At night/);
    await v.press('Send a test');
    await page.getByText('The test: delivered.').waitFor();
    there.plan = [410];
    await v.press('Send a test');
    await page.getByText(/^The test: failed/).waitFor();
    assert.equal(await status(), 'disabled');
    await v.examine('channel-off');
    await v.press('Switch on');
    await page.getByText('It is in use.').waitFor();
    await v.press('Send again what was given up');
    await v.press('Send again');
    await page.getByText('1 message goes out again.').waitFor();
    await outcome.filter({ hasText: 'delivered' }).waitFor();
    assert.deepEqual([there.got.length, there.got[2].id], [3, there.got[1].id]);
    await page.getByLabel(/^Select: /).first().check();
    await v.press('Send again');
    await page.getByText('Send this one again?').waitFor();
    await lastOf(v, 'Send again').click();
    await page.getByText('1 message goes out again.').waitFor();
    await until('it once more', () => there.got.length === 4);
    assert.equal(there.got[3].id, there.got[2].id);
    await askProof(v);
    await v.press('Pause');
    await page.getByText('Nobody is told by it from now on.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await v.fill('Password', who.password);
    await v.press('Continue');
    await page.getByText('It is paused.').waitFor();
    assert.equal(await status(), 'paused');
    await v.follow('All channels');
    await v.sees('Channels');
    await v.examine('channels');
  } finally {
    await there.stop();
  }
}));

test('each page says what is wrong with the API, and comes back', () => as(async (v) => {
  const [config] = (await get('/api/drift/configs')).items, [alert] = (await get('/api/drift/alerts')).items;
  const [channel] = (await get('/api/drift/channels')).items, [route] = (await get('/api/drift/routes')).items;
  const pages = ['#/', '#/alerts?status=open', `#/alerts/${alert.id}`, `#/configs/${config.id}`, '#/silences', '#/routes', `#/routes/${route.id}`, '#/channels', `#/channels/${channel.id}`];
  await walkPages(v, pages, '**/api/drift/**');
}));
