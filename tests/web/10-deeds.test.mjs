// What may be done about a change: each deed, what it says before, its effect by the API; and every way in which the API can refuse it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base, until } from '../http/lib/env.mjs';
import { ahead, all, bearer, newChannel, newConfig, newTenant, policy, push } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { lastOf, walkDeeds } from './lib/deeds.mjs';
import { session } from './lib/entering.mjs';

let chromium, who, admin, storageState;

before(async () => {
  chromium = await startChromium();
  who = newTenant();
  admin = await bearer(who);
  await newConfig(admin); // the first page is an overview then
  storageState = await session(chromium, base.origin, who);
});
after(() => chromium.close());

const as = (f) => visit(chromium, base.origin, f, { storageState });
const get = async (target) => (await admin('GET', target)).json;

// A config that has drifted in `more`, with its alert.
async function drifted(more = { state: 'disabled' }) {
  const config = await newConfig(admin);
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, more)]);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  return { config, alert, change: async () => (await all(admin, `/api/drift/reports/${alert.report_id}/changes`))[0] };
}

const unfold = (v, title) => v.page.locator('.change summary').filter({ hasText: title }).first().click();
const WHY = 'Planned "so" <b>today</b>';

async function quiet() {
  const config = await newConfig(admin);
  const { json: silence } = await admin('POST', '/api/drift/silences', { body: { matcher: { config: config.id }, reason: WHY, expires_at: ahead(1) } });
  return { config, silence };
}
const silencesOf = async (config, state) => (await all(admin, `/api/drift/silences?state=${state}`)).filter((s) => s.matcher.config === config.id);

async function comesAgain() {
  const config = await newConfig(admin);
  const { status, json: series, text } = await admin('POST', '/api/drift/silence-series', { body: { matcher: { config: config.id }, reason: WHY, rule: 'FREQ=WEEKLY;COUNT=4', timezone: 'Europe/Berlin', starts_at: ahead(2), duration_s: 7200 } });
  assert.equal(status, 201, text);
  return { config, series };
}
const seriesOf = async (config, state = 'active') => (await all(admin, `/api/drift/silence-series?state=${state}`)).filter((s) => s.matcher.config === config.id);
const look = async ({ page }, n) => {
  await page.getByRole('button', { name: 'Show the windows' }).click();
  await page.getByRole('heading', { name: n }).waitFor();
};

// An announced change, of a config that stands at state "enabled".
async function announced(by = admin) {
  const config = await newConfig(admin);
  await push(admin, config, [policy(1)]);
  const { category, key } = policy(1), body = { config_id: config.id, category, key, path: '/state', value: 'disabled', ticket: 'CHG-7', reason: WHY, ends_at: ahead(1) };
  const { status, json: intent, text } = await by('POST', '/api/drift/intents', { body });
  assert.equal(status, 201, text);
  return { config, intent };
}
let second = null; // another person of the tenant
async function another() {
  const email = `second@${who.tenant}.example`;
  if (second === null)
    assert.equal((await admin('POST', '/api/users', { body: { email, display_name: 'Second', password: who.password, role: 'admin' } })).status, 201);
  second ??= await bearer({ ...who, email });
  return second;
}
const intentOf = ({ intent }) => get(`/api/drift/intents/${intent.id}`);

const chooseSome = (press) => async (v, there) => {
  for (const { config } of there)
    await v.page.getByLabel(`Select: ${config.name}`).check();
  await v.press(press);
};

const deeds = [
  { name: 'announce a change', there: async () => ({ config: await newConfig(admin) }), at: ({ config }) => `#/intents?config_id=${config.id}`, title: 'Announced changes',
    open: async ({ page }) => page.locator('summary').filter({ hasText: 'Announce a change' }).click(),
    values: { Category: 'c "so"', Key: 'k', 'Where in it': '/a', 'The value': '{"n": 9007199254740993, "t": "<b>"}', 'By whom': 'ada@example.org', Ticket: 'CHG-9', 'Why is it changed?': WHY, 'Until when?': `${ahead(2).slice(0, 10)}T12:00` },
    press: 'Announce a change', request: ['POST', '**/api/drift/intents'], said: 'It is announced.', effect: async ({ config }) => {
      const [made] = await all(admin, `/api/drift/intents?config_id=${config.id}`), { text } = await admin('GET', `/api/drift/intents/${made.id}`);
      assert.deepEqual([made.category, made.key, made.path, made.expect, made.actor, made.ticket, made.reason, made.ends_at.slice(0, 10)], ['c "so"', 'k', '/a', 'value', 'ada@example.org', 'CHG-9', WHY, ahead(2).slice(0, 10)]);
      assert.match(text, /"n":9007199254740993,"t":"<b>"/);
    } },
  { name: 'confirm what somebody else has announced', there: async () => announced(await another()), at: ({ intent }) => `#/intents/${intent.id}`, title: /^Announced change: /, press: 'Confirm',
    request: ['POST', '**/api/drift/intents/*/confirm'], said: 'You have confirmed it.', effect: async (there) => assert.equal((await intentOf(there)).confirmed_by, who.email) },
  { name: 'take an announcement back', there: announced, at: ({ intent }) => `#/intents/${intent.id}`, title: /^Announced change: /, open: (v) => v.press('Take it back'), press: 'Take it back',
    request: ['DELETE', '**/api/drift/intents/*'], said: 'It is taken back.', effect: async (there) => assert.equal((await intentOf(there)).state, 'withdrawn') },
  { name: 'acknowledge', press: 'Acknowledge', request: ['PUT', '**/api/drift/alerts/*'], said: 'You have acknowledged it.',
    effect: async ({ alert }) => assert.equal((await get(`/api/drift/alerts/${alert.id}`)).status, 'acknowledged') },
  { name: 'resolve', open: (v) => v.page.locator('summary').filter({ hasText: 'Resolve' }).click(), values: { 'What was done?': WHY }, press: 'Resolve',
    request: ['PUT', '**/api/drift/alerts/*'], said: 'You have resolved it.', effect: async ({ alert }) => assert.equal((await get(`/api/drift/alerts/${alert.id}`)).history.at(-1).note, WHY) },
  { name: 'resolve some', at: ({ config }) => `#/alerts?status=waiting&config_id=${config.id}`, title: 'Alerts', open: async (v) => {
    await v.page.getByLabel(/^Select: /).check();
    await v.press('Resolve');
    await v.page.getByText('Resolve 1 alert?').waitFor();
  }, values: { 'What was done?': WHY }, press: 'Resolve', request: ['PUT', '**/api/drift/alerts'], said: 'You have resolved 1 alert.',
  effect: async ({ alert }) => assert.equal((await get(`/api/drift/alerts/${alert.id}`)).history.at(-1).note, WHY) },
  { name: 'accept until', open: (v) => unfold(v, 'Accept this value'), values: { 'Why is this value right?': WHY, 'Until (empty: for good)': '2099-01-31' }, press: 'Accept this value',
    request: ['PUT', '**/api/drift/changes/*'], said: 'The value was accepted.', effect: async ({ change }) => {
      const { acceptance } = await get(`/api/drift/changes/${(await change()).id}`);
      assert.deepEqual([acceptance.reason, acceptance.expires_at.slice(0, 7)], [WHY, '2099-01']);
    } },
  { name: 'take back', begin: async ({ change }) => admin('PUT', `/api/drift/changes/${(await change()).id}`, { body: { status: 'accepted', reason: WHY } }),
    open: (v) => v.press('Take the acceptance back'), press: 'Take the acceptance back', request: ['PUT', '**/api/drift/changes/*'], said: 'It is drift again.',
    effect: async ({ change }) => assert.equal((await change()).status, 'detected') },
  { name: 'silence', open: (v) => unfold(v, 'Be silent about it'), values: { 'Why should it be silent?': WHY }, press: 'Be silent about it',
    request: ['POST', '**/api/drift/silences'], said: /It is silent now, until/, effect: async ({ config }, v) => {
      const mine = async () => (await all(admin, '/api/drift/silences')).find((s) => s.matcher.config === config.id);
      assert.deepEqual([(await mine()).reason, (await mine()).matcher.path, (await mine()).state], [WHY, '/state', 'active']);
      await v.press('End the silence');
      await v.page.getByText(/The silence is over/).first().waitFor();
      assert.equal((await mine()).state, 'expired');
    } },
  { name: 'what if', open: (v) => unfold(v, 'What if it were ignored?'), press: 'Replay', request: ['POST', '**/api/drift/configs/*/what-if'], said: /2 snapshots replayed/,
    effect: async (_, v) => assert.match(await v.page.getByRole('row', { name: /^Alerts opened/ }).innerText(), /Alerts opened\s+1\s+0/) },
  { name: 'add the rule', open: async (v) => {
    await unfold(v, 'What if it were ignored?');
    await v.press('Replay');
    await v.page.getByText(/2 snapshots replayed/).first().waitFor();
  }, press: 'Add this rule', request: ['PUT', '**/api/drift/configs/*'], said: /The rule is added/,
  effect: async ({ config }) => assert.deepEqual((await get(`/api/drift/configs/${config.id}`)).rules.map((r) => [r.path, r.severity]), [['/state', 'ignore']]) },
  { name: 'accept all', open: async (v) => {
    await v.press('Accept all of it');
    await v.page.getByText(/1 change \(1 critical\) becomes what is approved/).waitFor();
    await v.page.getByLabel(/^I have looked at these/).check();
  }, values: { 'Why is all of it right?': WHY }, press: 'Accept all of it', request: ['POST', '**/api/drift/reports/*/accept'], said: /All of it is accepted/,
  effect: async ({ config, alert }) => {
    const { snapshot_id: snapshot } = await get(`/api/drift/reports/${alert.report_id}`), now = await get(`/api/drift/configs/${config.id}/baseline`);
    assert.deepEqual([now.snapshot_id, now.approved], [snapshot, true]);
  } },
  { name: 'pause a channel', there: async () => ({ channel: await newChannel(admin, 'http://127.0.0.1:1/', { name: 'To pause' }) }), at: ({ channel }) => `#/channels/${channel.id}`, title: 'To pause',
    open: (v) => v.press('Pause'), press: 'Pause', request: ['PUT', '**/api/drift/channels/*'], said: 'It is paused.',
    effect: async ({ channel }) => assert.equal((await get('/api/drift/channels')).items.find((c) => c.id === channel.id).status, 'paused') },
  { name: 'end a silence', there: quiet, at: () => '#/silences', title: 'Silences', open: ({ page }, { config }) => page.getByRole('button', { name: `End now: ${config.name}` }).click(), press: 'End now',
    request: ['DELETE', '**/api/drift/silences/*'], said: 'It is over.', effect: async ({ config }) => assert.equal((await silencesOf(config, 'expired')).length, 1) },
  { name: 'end some silences', there: async () => [await quiet(), await quiet()], at: () => '#/silences', title: 'Silences', open: chooseSome('End now'), press: 'End now', request: ['DELETE', '**/api/drift/silences/*'], said: '2 are over.', effect: async (there) => {
    for (const { config } of there)
      assert.equal((await silencesOf(config, 'expired')).length, 1);
  } },
  { name: 'end some series', there: async () => [await comesAgain(), await comesAgain()], at: () => '#/series', title: 'Windows that come again', open: chooseSome('End'), press: 'End', request: ['DELETE', '**/api/drift/silence-series/*'], said: '2 series are over.',
    effect: async (there) => assert.deepEqual((await Promise.all(there.map(({ config }) => seriesOf(config, 'over')))).map((over) => over.length), [1, 1]) },
  { name: 'take some announcements back', there: async () => [await announced(), await announced()], at: () => '#/intents', title: 'Announced changes', press: 'Take it back', request: ['DELETE', '**/api/drift/intents/*'], said: '2 announcements are taken back.',
    open: async (v, there) => {
      for (const { config } of there)
        await v.page.getByRole('row').filter({ hasText: config.name }).getByRole('checkbox').check();
      await v.press('Take it back');
    }, effect: async (there) => assert.deepEqual((await Promise.all(there.map(intentOf))).map((i) => i.state), ['withdrawn', 'withdrawn']) },
  { name: 'plan windows that come again', there: comesAgain, at: () => '#/series', title: 'Windows that come again', open: async (v, { config }) => {
    await v.page.locator('summary').filter({ hasText: 'Plan windows' }).click();
    await v.page.getByLabel('Which config?').selectOption(config.name);
    await v.fill('What is being done?', WHY);
    await v.fill('The first begins', `${ahead(3).slice(0, 10)}T22:00`);
    await v.fill('Hours that each lasts', '1.5');
    await v.fill('How many', '3');
    await look(v, 'The first 3 windows');
  }, press: 'Make these windows', request: ['POST', '**/api/drift/silence-series'], said: 'The windows are planned.', effect: async ({ config }) => {
    const [made] = await seriesOf(config);
    assert.deepEqual([made.rule, made.duration_s, made.reason, made.next.length, made.starts_at.slice(0, 10)], ['FREQ=WEEKLY;COUNT=3', 5400, WHY, 3, ahead(3).slice(0, 10)]);
  } },
  { name: 'change a series', there: comesAgain, at: ({ series }) => `#/series/${series.id}`, title: /^Windows that come again: /, open: async (v) => {
    await v.fill('Rule (RFC 5545)', 'FREQ=DAILY;COUNT=2');
    await look(v, 'The first 2 windows');
  }, press: 'Save these windows', request: ['PUT', '**/api/drift/silence-series/*'], said: 'It is saved.', effect: async ({ config, series }) => {
    const [now] = await seriesOf(config);
    assert.deepEqual([now.rule, now.next.length, now.starts_at, now.reason, now.timezone], ['FREQ=DAILY;COUNT=2', 2, series.starts_at, WHY, 'Europe/Berlin']);
  } },
  { name: 'end a series', there: comesAgain, at: () => '#/series', title: 'Windows that come again', open: ({ page }, { config }) => page.getByRole('button', { name: `End: ${config.name}` }).click(), press: 'End',
    request: ['DELETE', '**/api/drift/silence-series/*'], said: 'The series is over.', effect: async ({ config }) => assert.deepEqual([(await seriesOf(config)).length, (await seriesOf(config, 'over')).length], [0, 1]) },
  { name: 'plan a window', there: quiet, at: () => '#/silences?state=scheduled', title: 'Silences', open: async ({ page }, { config }) => {
    await page.locator('summary').filter({ hasText: 'Plan a maintenance window' }).click();
    await page.getByLabel('Which config?').selectOption(config.name);
  }, values: { 'What is being done?': WHY, 'From (empty: now)': `${ahead(2).slice(0, 10)}T10:00`, 'Until when?': `${ahead(2).slice(0, 10)}T12:00` }, press: 'Plan a maintenance window',
  request: ['POST', '**/api/drift/silences'], said: 'The window is planned.', effect: async ({ config }) => {
    const [made] = await silencesOf(config, 'scheduled');
    assert.deepEqual([made.kind, made.reason, new Date(made.expires_at) - new Date(made.starts_at)], ['maintenance', WHY, 7200000]);
  } },
];

test('each deed keeps what was typed whatever the API answers, says what it was, and is done as soon as it can be', () => as((v) => walkDeeds(v,
  deeds.map((deed) => ({ there: drifted, at: ({ alert }) => `#/alerts/${alert.id}`, title: /: state /, ...deed })))));

test('windows that come again are looked at before they are made, and what cannot be is said where it was typed', () => as(async (v, page) => {
  const { config } = await comesAgain();
  await v.goto('/#/series');
  await v.sees('Windows that come again');
  const row = page.getByRole('row', { name: config.name });
  assert.match(await row.innerText(), /FREQ=WEEKLY;COUNT=4\s+2 hours each, by the clocks of Europe\/Berlin/);
  assert.equal(await row.locator('ol li').count(), 3);
  await page.locator('summary').filter({ hasText: 'Plan windows' }).click();
  await v.fill('What is being done?', WHY);
  await page.getByLabel('How often', { exact: true }).selectOption('by a rule of its own');
  await v.press('Show the windows');
  await page.getByText('Type the rule, or choose how often it is.').waitFor();
  for (const [label, text, says] of [['Rule (RFC 5545)', 'FREQ=YEARLY;COUNT=2', /FREQ/], ['By the clocks of', 'Nowhere', /zone/]]) {
    await v.fill(label, text);
    await v.press('Show the windows');
    await page.locator('.fault').filter({ hasText: says }).first().waitFor();
    await v.fill(label, label === 'By the clocks of' ? 'Europe/Berlin' : 'FREQ=MONTHLY;BYDAY=-1FR;COUNT=12');
  }
  await look(v, 'The first 10 windows');
  await v.examine('windows that come again');
  await v.fill('Hours that each lasts', '3');
  assert.equal(await page.getByRole('button', { name: 'Make these windows' }).count(), 0, 'what was typed since is looked at anew');
  await row.getByRole('link', { name: /^Change/ }).click();
  await v.sees(/^Windows that come again: /);
  await v.examine('a series');
}));

test('an announced change says what is to come and what came of it, and a change says how it was announced', () => as(async (v, page) => {
  const { config, intent } = await announced(), other = policy(1);
  await admin('POST', '/api/drift/intents', { body: { config_id: config.id, category: other.category, key: other.key, path: '/displayName', expect: 'any', reason: WHY, starts_at: ahead(1), ends_at: ahead(2) } });
  await v.goto('/#/intents');
  await v.sees('Announced changes');
  const row = page.getByRole('row').filter({ hasText: '/state' }).filter({ hasText: config.name });
  assert.match(await row.innerText(), /exactly this value\s+by anybody[^]*Planned "so" <b>today<\/b>\s+CHG-7, [^]*awaited/);
  await page.locator('summary').filter({ hasText: 'Announce a change' }).click();
  await v.fill('The value', 'disabled');
  for (const label of ['Category', 'Why is it changed?'])
    await v.fill(label, 'x');
  await v.press('Announce a change');
  await page.getByText('This is no JSON.').waitFor();
  await page.getByLabel('What is to come', { exact: true }).selectOption('it is gone');
  await page.getByLabel('The value', { exact: true }).waitFor({ state: 'hidden' });
  await v.examine('announced changes');
  await page.getByLabel('State', { exact: true }).selectOption('to come');
  await until('one alone', async () => /state=scheduled/.test(page.url()) && await row.count() === 0);
  await page.getByRole('link', { name: /\/displayName$/ }).first().click();
  await page.getByText('Nothing has come yet.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Confirm', exact: true }).count(), 0, 'nobody confirms what they have announced');
  await push(admin, config, [policy(1, { state: 'disabled' })]);
  await v.goto(`/#/intents/${intent.id}`);
  await page.getByText('1 change came as announced').waitFor();
  assert.match(await page.locator('.facts').innerText(), /has come[^]*"disabled"[^]*by anybody[^]*CHG-7/);
  assert.match(await page.locator('.sides').innerText(), /"enabled"[^]*"disabled"/);
  await v.examine('announced change');
  await push(admin, config, [policy(1, { state: 'reporting' })]);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  await v.goto(`/#/alerts/${alert.id}`);
  await page.locator('.change').filter({ hasText: 'Another value was announced' }).getByRole('link', { name: 'See the announcement' }).click();
  await v.sees(/^Announced change: .*\/state$/);
}));

test('what is quiet says what, why, by whom and until when, wherever it stands', () => as(async (v, page) => {
  const { config } = await quiet(), row = page.getByRole('row', { name: config.name });
  await v.goto('/#/silences');
  await v.sees('Silences');
  assert.match(await row.innerText(), new RegExp(`Silence\\s.*${who.tenant}`, 's'));
  assert.ok((await row.innerText()).includes(WHY));
  await page.locator('summary').filter({ hasText: 'Plan a maintenance window' }).click();
  await v.fill('What is being done?', WHY);
  await v.fill('Until when?', '2020-01-01T10:00');
  await v.press('Plan a maintenance window');
  assert.match(await page.locator('.field').filter({ hasText: 'Until when?' }).locator('.fault').filter({ hasText: /./ }).innerText(), /^This /);
  await v.examine('silences');
  await v.follow('Over');
  await page.locator('[aria-current=true]').filter({ hasText: 'Over' }).waitFor();
}));

test('who was slower than somebody else is told so, and changes nothing', () => as(async (v) => {
  const { alert } = await drifted();
  await v.goto(`/#/alerts/${alert.id}`);
  await v.sees(/: state /);
  assert.equal((await admin('PUT', `/api/drift/alerts/${alert.id}`, { body: { status: 'resolved' } })).status, 200);
  await v.press('Acknowledge');
  await v.alerts(/Somebody changed this meanwhile/);
  assert.equal((await get(`/api/drift/alerts/${alert.id}`)).status, 'resolved');
}));

test('a slow answer is waited for with the deed done once, and who has gone on meanwhile stays where they are', () => as(async (v, page) => {
  const { alert } = await drifted(), sent = [];
  let answer;
  const slow = new Promise((done) => { answer = done; });
  await v.context.route('**/api/drift/changes/*', async (route) => {
    sent.push(route.request().method());
    await slow;
    return route.continue();
  });
  await v.goto(`/#/alerts/${alert.id}`);
  await v.sees(/: state /);
  await unfold(v, 'Accept this value');
  await v.fill('Why is this value right?', WHY);
  await lastOf(v, 'Accept this value').click();
  await lastOf(v, 'Accepting…').click({ force: true });
  await v.follow('Overview');
  await v.sees('Overview');
  const done = page.waitForResponse('**/api/drift/changes/*');
  answer();
  await done;
  await v.sees('Overview');
  assert.deepEqual(sent, ['PUT']);
}));

test('a change stands in its surroundings, side by side, with what else differs in the resource', () => as(async (v, page) => {
  const users = { includeUsers: ['All'], excludeUsers: ['nobody', '<img src=x>'], excludeGroups: ['g2'] };
  const { alert } = await drifted({ state: 'disabled', conditions: { users, applications: { includeApplications: ['All'] } } });
  await v.goto(`/#/alerts/${alert.id}`);
  await v.sees(/^c7a1e001/);
  await unfold(v, 'In its surroundings');
  const lines = page.locator('.context').first();
  await lines.waitFor();
  const side = async (name) => (await lines.locator(`td.${name}`).allInnerTexts()).map((s) => s.trim().replace(/\s+/g, ' '));
  assert.deepEqual(await side('was'), ['− "g1"', '− "state": "enabled"']);
  assert.deepEqual(await side('is'), ['+ "nobody"', '+ "<img src=x>"', '+ "state": "disabled"']);
  assert.match(await lines.innerText(), /"includeUsers"/);
  for (const title of ['Accept this value', 'Be silent about it', 'What if it were ignored?'])
    await unfold(v, title);
  await lastOf(v, 'Replay').first().click();
  await page.getByText(/snapshots replayed/).first().waitFor();
  await v.examine('alert-deeds');
  await v.press('Accept all of it');
  await v.examine('alert-accept-all');
}));

test('a name with a star makes no silence and no rule, which would take more than was looked at', () => as(async (v) => {
  const config = await newConfig(admin), of = (value) => ['*', 'a'].map((key) => ({ category: 'records', key, value }));
  await push(admin, config, of({ on: true, 7: 1 }));
  await push(admin, config, of({ on: false, 7: 2 }));
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  await v.goto(`/#/alerts/${alert.id}`);
  await v.page.locator('.change').first().waitFor();
  const starred = v.page.locator('.change').filter({ hasText: 'records *' }), other = v.page.locator('.change').filter({ hasText: 'records a' });
  for (const title of ['Be silent about it', 'What if it were ignored?']) {
    await starred.first().locator('summary').filter({ hasText: title }).click();
    await other.first().locator('summary').filter({ hasText: title }).click();
  }
  assert.equal(await starred.first().getByText(/holds a \*/).count(), 2);
  assert.equal(await starred.first().getByRole('button', { name: /Be silent about it|Replay/ }).count(), 0);
  assert.equal(await other.first().getByRole('button', { name: /Be silent about it|Replay/ }).count(), 2);
  assert.deepEqual((await v.page.locator('.change code').allTextContents()).filter((text) => / in records$/.test(text)).map((text) => text.includes('*')), [false, false]);
}));

test('an alert whose config is no more is still shown', () => as(async (v) => {
  const { config, alert } = await drifted();
  assert.equal((await admin('DELETE', `/api/drift/configs/${config.id}`)).status, 204);
  await v.goto(`/#/alerts/${alert.id}`);
  await v.page.getByRole('heading', { name: alert.title }).waitFor();
  assert.equal(await v.page.getByRole('button', { name: 'Try again' }).count(), 0);
}));
