// An alert's link, from a message to what can be done about it; the list of alerts.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { enrol } from '../http/lib/authenticator.mjs';
import { base, until } from '../http/lib/env.mjs';
import { Mailbox } from '../http/lib/mailbox.mjs';
import { Receiver } from '../http/lib/receiver.mjs';
import { all, bearer, newChannel, newConfig, newTenant, policy, push } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { enter } from './lib/entering.mjs';

const HOSTILE = '<img src=x onerror=alert(1)> \u202e "quoted" https://elsewhere.example/x';
let chromium, who, admin, app, receiver, channel, link;

before(async () => {
  chromium = await startChromium();
  who = newTenant();
  admin = await bearer(who);
  receiver = await new Receiver().start();
  receiver.usual = { status: 200, body: 'ok' };
  channel = await newChannel(admin, receiver.url('/services/x'), { kind: 'slack' });
  link = (await drifted({ state: 'disabled', displayName: HOSTILE, note: 'x'.repeat(5000) })).link;
});
after(async () => {
  await chromium.close();
  await receiver.stop();
});

const as = (f, options) => visit(chromium, base.origin, f, options);
const alertOf = async (config) => (await all(admin, `/api/drift/alerts?config_id=${config.id}`))[0];

// A config that has drifted, and the link of the message that told it.
async function drifted(more) {
  const config = await newConfig(admin, { alerts: [{ channel_id: channel.id, min_severity: 'info' }] }), from = receiver.got.length;
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, more)]);
  const told = await until('the message', () => receiver.got[from]);
  const text = told.body.blocks.map((b) => b.text?.text ?? '').find((t) => t.startsWith('<http'));
  const links = [...text.matchAll(/<([^|]+)\|/g)].map(([, url]) => url.replaceAll('&amp;', '&'));
  return { config, link: links[0], answers: links.slice(1) };
}

test('the link of a message leads through the sign-in to the alert, its changes side by side', () => as(async (v, page) => {
  await v.goto(link);
  await v.sees('Sign in');
  assert.equal(await page.getByLabel('Tenant').inputValue(), who.tenant, 'the tenant stands in the link');
  await enter(v, who);
  await v.sees(/^c7a1e001.*: state "?enabled"? -> "?disabled"? and 2 more$/);
  assert.equal(await page.locator('.change').count(), 3);
  const state = page.locator('.change').filter({ hasText: '/state' });
  assert.equal(await state.locator('.was pre').innerText(), '"enabled"');
  assert.equal(await state.locator('.is pre').innerText(), '"disabled"');
  assert.match(await page.locator('.change').filter({ hasText: '/displayName' }).locator('.is').innerText(), /<img src=x onerror=alert\(1\)> \\u202e/);
  assert.equal(await page.locator('main img').count(), 0);
  await v.examine('alert');
}));

test('a whole number that no browser counts with is shown as it was written, beside the one before and in its surroundings', () => as(async (v, page) => {
  const config = await newConfig(admin), headers = { 'Content-Type': 'application/json' };
  for (const size of ['9007199254740993', '9007199254740992']) {
    const body = JSON.stringify({ resources: [policy(1, { size: 'SIZE', sizeNear: 'NEAR' })] }).replace('"SIZE"', size).replace('"NEAR"', '1234567890123456789');
    assert.equal((await admin('POST', `/api/drift/configs/${config.id}/snapshots`, { body, headers })).status, 201);
  }
  await v.goto(`/?tenant=${who.tenant}#/alerts/${(await alertOf(config)).id}`);
  await enter(v, who);
  const size = page.locator('.change').filter({ hasText: '/size' }).first();
  await size.waitFor();
  assert.deepEqual([await size.locator('.was pre').innerText(), await size.locator('.is pre').innerText()], ['9007199254740993', '9007199254740992']);
  await size.getByText('In its surroundings').click();
  await size.getByText('"sizeNear": 1234567890123456789').first().waitFor();
}));

test('its evidence is saved as one file', () => as(async (v, page) => {
  await v.goto(link);
  await enter(v, who);
  const saved = page.waitForEvent('download');
  await v.press('Save the evidence');
  const file = await saved, text = await fs.readFile(await file.path(), 'utf8');
  assert.match(file.suggestedFilename(), /^evidence-[0-9a-f-]{36}\.ndjson$/);
  assert.match(text, /^blindspotx\.evidence\/[0-9a-f-]{36}\n\{"format":"blindspotx-evidence\/1"/);
  await page.getByText('The evidence was saved.').first().waitFor();
}));

test('its evidence is offered to none who may not read the trail', () => as(async (v, page) => {
  const viewer = { tenant: who.tenant, email: 'analyst@alerts.example', password: 'a long enough password' };
  const made = await admin('POST', '/api/users', { body: { email: viewer.email, display_name: 'Analyst', password: viewer.password, roles: ['analyst'] } });
  assert.equal(made.status, 201, made.text);
  assert.ok(!(await bearer(viewer)).session.permissions.includes('read:audit'));
  await v.goto(link);
  await enter(v, viewer);
  await v.sees(/^c7a1e001/);
  assert.equal(await page.getByRole('button', { name: 'Save the evidence' }).count(), 0);
}));

test('the link of a mail acknowledges without a sign-in and without scripts', async () => {
  const mailbox = await new Mailbox().start();
  try {
    const to = (await admin('POST', '/api/drift/channels', { body: { name: 'my mail', kind: 'email', to: who.email } })).json;
    const config = await newConfig(admin, { alerts: [{ channel_id: to.id, min_severity: 'info' }] });
    await push(admin, config, [policy(1)]);
    await push(admin, config, [policy(1, { state: 'disabled' })]);
    const { mail } = await mailbox.wait(who.email, /Critical/), url = /^Acknowledge: (\S+)$/m.exec(mail.text)[1];
    await as(async (v, page) => {
      await page.goto(url);
      await page.getByRole('heading', { name: 'Acknowledge this alert?' }).waitFor();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'as narrow as a phone');
      assert.equal((await alertOf(config)).status, 'open', 'opening it has done nothing');
      await page.getByRole('button', { name: 'Acknowledge' }).click();
      await page.getByRole('heading', { name: 'Acknowledged' }).waitFor();
      const alert = await alertOf(config);
      assert.deepEqual([alert.status, alert.acknowledged_by], ['acknowledged', who.email]);
      await page.goto(url);
      await page.getByText(/This link was used before/).waitFor();
    }, { javaScriptEnabled: false, viewport: { width: 320, height: 700 } });
  } finally {
    await mailbox.stop();
  }
});

test('a link that answers asks once more behind the sign-in, and then counts no more', () => as(async (v, page) => {
  const { config, answers: [, resolve, accept] } = await drifted({ state: 'disabled' });
  assert.match(resolve, /answer=resolve&t=/);
  await v.goto(resolve);
  await enter(v, who);
  await page.getByRole('heading', { name: 'Resolve this alert?' }).waitFor();
  assert.equal((await alertOf(config)).status, 'open', 'opening it has done nothing');
  await v.examine('alert-answer');
  await page.getByRole('region', { name: 'Resolve this alert?' }).getByRole('button', { name: 'Resolve it' }).click();
  await page.getByText('You have resolved it.').waitFor();
  const alert = await alertOf(config);
  assert.deepEqual([alert.status, alert.resolved_by], ['resolved', who.email]);
  assert.match(page.url(), new RegExp(`#/alerts/${alert.id}$`), 'what it said is in no address any more');
  await v.goto(accept);
  await page.getByRole('heading', { name: 'Accept these values until a day?' }).waitFor();
  await page.getByLabel('Why are these values right?').fill('They are.');
  await page.getByRole('button', { name: 'Accept them' }).click();
  await page.getByText('The alert is resolved already: there is nothing to accept.').waitFor();
}));

test('an alert is acknowledged and resolved there, and the API says the same', () => as(async (v, page) => {
  const { config, link: there } = await drifted({ state: 'disabled' });
  await v.goto(there);
  await enter(v, who);
  await v.press('Acknowledge');
  await page.getByText('You have acknowledged it.').waitFor();
  let alert = await alertOf(config);
  assert.deepEqual([alert.status, alert.acknowledged_by], ['acknowledged', who.email]);
  await page.getByText('Resolve', { exact: true }).first().click();
  await v.fill('What was done?', 'Set back by hand.');
  await v.press('Resolve');
  await page.getByText('You have resolved it.').waitFor();
  alert = await alertOf(config);
  assert.deepEqual([alert.status, alert.resolved_by], ['resolved', who.email]);
  await page.getByText('Set back by hand.').waitFor();
  await v.examine('alert-resolved');
}));

test('a value is accepted with a reason and an end', () => as(async (v, page) => {
  const { config, link: there } = await drifted({ state: 'enabledForReportingButNotEnforced' });
  await v.goto(there);
  await enter(v, who);
  await page.getByText('Accept this value', { exact: true }).first().click();
  await v.press('Accept this value');
  await page.getByText('Fill in: Why is this value right?').waitFor();
  await v.fill('Why is this value right?', 'A trial until then.');
  await v.fill('Until (empty: for good)', '2099-01-31');
  await v.press('Accept this value');
  await page.getByText('The value was accepted.').waitFor();
  const alert = await alertOf(config);
  const [change] = await all(admin, `/api/drift/reports/${alert.report_id}/changes`);
  assert.equal(change.status, 'accepted');
}));

test('what needs a second person waits on the alert until somebody else confirms or declines it, or it is taken back', () => as(async (v, page) => {
  const there = newTenant(), api = await bearer(there), other = { ...there, email: `second@${there.tenant}.example` };
  const done = (a) => { assert.ok(a.status < 300, a.text); return a.json; };
  done(await api('PUT', `/api/tenants/${api.session.tenant.id}`, { body: { settings: { four_eyes: { accept_from: 'low' } } } }));
  done(await api('POST', '/api/users', { body: { email: other.email, display_name: 'Second', password: other.password, role: 'admin' } }));
  const second = await bearer(other), config = await newConfig(api, {});
  await push(api, config, [policy(1)]);
  const { report } = await push(api, config, [policy(1, { state: 'disabled' })]);
  const [alert] = await all(api, `/api/drift/alerts?config_id=${config.id}&kind=drift`), changes = await all(api, `/api/drift/reports/${report.id}/changes`);
  const wait = () => page.getByRole('heading', { name: 'It waits for a second person' }).waitFor();
  const statuses = async () => (await Promise.all(changes.map((c) => api('GET', `/api/drift/changes/${c.id}`)))).map((a) => a.json.status).sort();
  await v.goto(`/#/alerts/${alert.id}`);
  await enter(v, there);
  await page.getByText('Accept this value', { exact: true }).first().click();
  await v.fill('Why is this value right?', HOSTILE);
  await v.press('Accept this value');
  await page.getByText('It waits for a second person: nothing of it counts before.').waitFor();
  await wait();
  await v.examine('alert-waits');
  assert.equal(await page.getByRole('button', { name: 'Confirm it' }).count(), 0, 'who asked does not confirm');
  assert.deepEqual(await statuses(), ['detected']);
  await v.press('Take it back');
  await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
  await page.getByText('It is taken back.').waitFor();
  // the other one is asked: each of the two answers
  for (const [press, says, status] of [['decline', 'It is declined', 'detected'], ['confirm', 'It is confirmed', 'accepted']]) {
    assert.equal((await second('PUT', `/api/drift/changes/${changes[0].id}`, { body: { status: 'accepted', reason: 'Meant.' } })).status, 202);
    await page.reload();
    await wait();
    await page.getByText(`Asked for by ${other.email}: Meant.`).waitFor();
    if (press === 'decline') {
      await page.getByText('Decline it', { exact: true }).first().click();
      await v.fill('Why not', 'It is not.');
      await v.press('Decline it');
    } else {
      await v.press('Confirm it');
    }
    await page.getByText(says).waitFor();
    assert.equal((await api('GET', `/api/drift/changes/${changes[0].id}`)).json.status, status);
    assert.equal(await page.getByRole('heading', { name: 'It waits for a second person' }).count(), 0);
  }
}));

test('to open a link changes nothing, however often and by whatever method programs open it', () => as(async () => {
  const { config, link: there } = await drifted({ state: 'disabled' });
  const before = await alertOf(config);
  for (const method of ['GET', 'HEAD', 'GET'])
    await fetch(there, { method });
  assert.deepEqual(await alertOf(config), before);
}));

test('a second factor stands between the link and the alert where the account has one', () => as(async (v) => {
  const guarded = newTenant(), there = await bearer(guarded);
  ({ app } = await enrol(there));
  const own = await newConfig(there);
  await push(there, own, [policy(1)]);
  await push(there, own, [policy(1, { state: 'disabled' })]);
  const [alert] = await all(there, `/api/drift/alerts?config_id=${own.id}`);
  await v.goto(`/?tenant=${guarded.tenant}#/alerts/${alert.id}`);
  await enter(v, guarded);
  await v.sees('Second factor');
  await v.fill('Code', await app.next());
  await v.press('Continue');
  await v.sees(/: state /);
}, { viewport: { width: 320, height: 700 } }));

test('who is signed in to another tenant is told so, and led to the right one', () => as(async (v) => {
  const other = newTenant();
  await v.goto(`/?tenant=${other.tenant}`);
  await enter(v, other);
  await v.sees('Overview');
  await v.goto(link);
  await v.sees('This is of another tenant');
  await v.examine('alert-of-another');
  await v.press(`Sign in to ${who.tenant}`);
  await enter(v, who);
  await v.sees(/: state /);
}));

test('the list is filtered in the address and walked by the keyboard', () => as(async (v, page) => {
  await v.goto(`/?tenant=${who.tenant}`);
  await enter(v, who);
  await v.sees('Overview');
  await v.follow('Alerts');
  await v.sees('Alerts');
  const open = (await all(admin, '/api/drift/alerts?status=open')).length;
  assert.equal(await page.locator('.alert-row').count(), open, 'as many as the API has');
  await v.examine('alerts');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.ok(await page.locator('.alerts a').first().evaluate((e) => e === document.activeElement));
  await page.getByLabel('Severity').selectOption('low');
  await page.getByText('There is none.').waitFor();
  assert.match(page.url(), /#\/alerts\?status=open&severity=low$/);
  await page.goBack();
  await until('the list as it was', async () => await page.locator('.alert-row').count() === open);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await v.sees(/: /);
}));

test('the list is searched, selected, acknowledged and resolved by the keyboard alone', () => as(async (v, page) => {
  const own = newTenant(), there = await bearer(own), names = ['one', 'two', 'three'], keys = page.keyboard;
  for (const displayName of names) {
    const config = await newConfig(there, { name: displayName });
    await push(there, config, [policy(1)]);
    await push(there, config, [policy(1, { displayName })]);
  }
  const statuses = async () => (await all(there, '/api/drift/alerts')).map((a) => a.status).sort(), rows = page.locator('.alert-row');
  await v.goto(`/?tenant=${own.tenant}#/alerts?status=waiting`);
  await enter(v, own);
  await v.sees('Alerts');
  await keys.press('/');
  await keys.type('TWO');
  await page.getByText('1 alert of those that are here has this.').waitFor();
  assert.deepEqual(await Promise.all((await rows.all()).map((row) => row.isVisible())).then((seen) => seen.filter(Boolean).length), 1);
  await page.getByLabel('Find').fill('');
  await page.locator('h1').focus();
  await keys.press('a');
  await page.getByText('Of these none is open: there is nothing to acknowledge.').waitFor();
  for (const key of ['j', 'x', 'j', 'x'])
    await keys.press(key);
  await page.getByText('2 selected').waitFor();
  await v.examine('alerts-selected');
  await keys.press('a');
  await page.getByText('You have acknowledged 2 alerts.').waitFor();
  assert.deepEqual(await statuses(), ['acknowledged', 'acknowledged', 'open']);
  assert.ok(await page.evaluate(() => document.activeElement.closest('.alert-row')), 'one goes on where one was');
  await keys.press('r');
  await page.getByRole('dialog').getByText('Resolve 1 alert?').waitFor();
  await keys.type('ajrx');
  await keys.press('Enter');
  await page.getByText('You have resolved 1 alert.').waitFor();
  assert.equal((await all(there, '/api/drift/alerts?status=resolved')).length, 1);
  await page.getByLabel('Select all that are here').check();
  await page.getByText('2 selected').waitFor();
  await v.press('Resolve');
  await page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
  await page.getByText('You have resolved 2 alerts.').waitFor();
  await page.getByText('There is none.').waitFor();
  assert.deepEqual(await statuses(), ['resolved', 'resolved', 'resolved']);
  await v.press('Switch them off');
  await page.locator('h1').focus();
  await keys.press('/');
  assert.ok(await page.locator('h1').evaluate((e) => e === document.activeElement), 'a key that is off does nothing');
}));

test('what is new comes into the list by itself', () => as(async (v, page) => {
  await page.clock.install();
  await v.goto(`/?tenant=${who.tenant}#/alerts?status=open`);
  await enter(v, who);
  await v.sees('Alerts');
  const n = await page.locator('.alert-row').count();
  await drifted({ state: 'disabled' });
  await v.sooner(page.locator('.alert-row').nth(n));
  assert.equal(await page.locator('.alert-row').count(), n + 1);
}));

test('whoever made it stands in the list, on the alert and at its change', () => as(async (v, page) => {
  const config = (await admin('POST', '/api/drift/configs', { body: { name: 'Administration', source: { kind: 'self' } } })).json;
  const read = async () => {
    const { run_id: id } = (await admin('POST', `/api/drift/configs/${config.id}/run`)).json;
    await until('the run', async () => (await admin('GET', `/api/drift/runs/${id}`)).json.state === 'done', 40, 200);
  };
  await read();
  assert.equal((await admin('POST', '/api/users', { body: { email: 'somebody@demo.example', display_name: 'Some\u202eBody', roles: ['viewer'] } })).status, 201);
  await read();
  const { id } = await alertOf(config);
  await v.goto(link.replace(/alerts\/[^/]*$/, `alerts/${id}`));
  await enter(v, who);
  await until('the page', async () => (await page.locator('.facts').count()) > 0 && /By whom/.test(await page.locator('.facts').innerText()));
  const facts = await page.locator('.facts').innerText();
  assert.match(facts, new RegExp(`By whom\\s+seen changing the object\\s+${who.email}.*user\\.create`));
  assert.match(await page.locator('.change').first().innerText(), new RegExp(`By ${who.email}, seen changing the object`));
  await v.examine('alert by whom');
  await v.goto(link.replace(/alerts\/[^/]*$/, `alerts?config_id=${config.id}`));
  await until('the list', async () => (await page.locator('.alert-row').count()) > 0);
  assert.match(await page.locator('.alert-row').first().innerText(), new RegExp(`by ${who.email}`));
}));
