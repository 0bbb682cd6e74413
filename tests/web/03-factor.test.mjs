// Setting up a second factor, because the role needs one and because one wants to; the recovery codes; being asked again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Authenticator, enrol as enrolByApi } from '../http/lib/authenticator.mjs';
import { base, renewWorkers, sql } from '../http/lib/env.mjs';
import { bearer, login, newTenant } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { enter, runOut, toAccount } from './lib/entering.mjs';

let chromium;

before(async () => { chromium = await startChromium(); });
after(() => chromium.close());

const as = (f, options) => visit(chromium, base.origin, f, options);

// A tenant whose administrators must have a second factor.
async function strictTenant() {
  const who = newTenant(), admin = await bearer(who), tenant = admin.session.tenant.id;
  const set = await admin('PUT', `/api/tenants/${tenant}`, { body: { settings: { mfa: { required_for: ['admin'] } } } });
  assert.equal(set.status, 200, set.text);
  await renewWorkers(); // none remembers the settings of before
  return who;
}

// The session that is open began long ago; the access token, which says when, is renewed.
async function makeOld(v, who) {
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`);
  sql('UPDATE user_sessions SET auth_time = auth_time - INTERVAL 1 HOUR', schema);
  await runOut(v);
}

const secretOf = async (page) => (await page.locator('code.secret').innerText()).replaceAll(' ', '');

// Enrols by what the page shows; the recovery codes.
async function enrol(v, page) {
  await v.sees('Set up a second factor');
  const app = new Authenticator(await secretOf(page));
  await v.fill('Code', await app.next());
  await v.press('Turn it on');
  await v.sees('Your recovery codes');
  return { app, codes: await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts() };
}

test('a role that needs it is led through the set-up before anything else, and on to where it was going', () => as(async (v, page) => {
  const who = await strictTenant();
  await v.goto('/?return_to=/api/health');
  await enter(v, who);
  await v.sees('Set up a second factor');
  await page.getByText('Your role needs a second factor.').waitFor();
  const drawn = await page.getByRole('img', { name: /^QR code/ }).evaluate((e) => e.complete && e.naturalWidth > 0);
  assert.ok(drawn, 'the QR code is drawn');
  const app = await page.getByRole('link', { name: 'Open the app on this device' }).getAttribute('href');
  assert.match(app, /^otpauth:\/\/totp\//);
  assert.equal(new URL(app).searchParams.get('secret'), await secretOf(page));
  await v.examine('enrolment');
  await v.fill('Code', '000000');
  await v.press('Turn it on');
  await v.alerts(/code was not accepted/);
  const { codes } = await enrol(v, page);
  assert.equal(new Set(codes).size, 10);
  await v.examine('recovery-codes');
  await v.press('Continue');
  await v.alerts(/Keep the codes first/);
  await page.getByLabel('I have kept these codes.').check();
  await v.press('Continue');
  await page.waitForURL(`${base.origin}/api/health`);
  assert.equal((await login(who)).json.mfa_required, true);
}));

test('the recovery codes can be copied, saved and printed', () => as(async (v, page) => {
  await v.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await v.goto('/#/factor');
  await enter(v, newTenant());
  const { codes } = await enrol(v, page);
  await v.press('Copy');
  await page.getByText('Copied.').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'));
  const [saved] = await Promise.all([page.waitForEvent('download'), v.press('Download')]);
  const text = fs.readFileSync(await saved.path(), 'utf8');
  for (const code of codes)
    assert.ok(text.includes(code));
  await page.evaluate(() => { window.print = () => { window.printed = true; }; });
  await v.press('Print');
  assert.ok(await page.evaluate(() => window.printed));
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false);
  assert.ok(await page.getByText(codes[9]).isVisible());
  await page.emulateMedia({ media: null });
}));

test('who wants one sets it up; new recovery codes end the old ones; old sessions prove it again first', () => as(async (v, page) => {
  const who = newTenant();
  await v.goto('/');
  await enter(v, who);
  await v.sees('Overview');
  await toAccount(v);
  await makeOld(v, who);
  await v.follow('Set up a second factor');
  await v.sees('Is it you?');
  await v.examine('step-up');
  await v.fill('Password', 'not this one');
  await v.press('Continue');
  await v.alert().waitFor();
  await v.fill('Password', who.password);
  await v.press('Continue');
  const { app, codes } = await enrol(v, page);
  await page.getByLabel('I have kept these codes.').check();
  await v.press('Continue');
  await v.sees('Overview');
  await toAccount(v);
  await makeOld(v, who);
  await v.follow('Make new recovery codes');
  await v.sees('Is it you?');
  await v.press('Use: recovery code');
  await v.fill('Recovery code', codes[3]);
  await v.press('Continue');
  await v.sees('Your recovery codes');
  const fresh = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts();
  assert.ok(fresh.length === 10 && !fresh.includes(codes[4]));
  await page.getByLabel('I have kept these codes.').check();
  await v.press('Continue');
  await v.sees('Overview');
  assert.ok(app);
}));

test('an old sign-in that must enrol is asked to sign in once more', () => as(async (v, page) => {
  const who = await strictTenant();
  await v.goto('/');
  await enter(v, who);
  await v.sees('Set up a second factor');
  await makeOld(v, who);
  await v.goto('/');
  await v.sees('Sign in');
  await page.getByText('sign in once more').waitFor();
  await enter(v, who);
  await v.sees('Set up a second factor');
  await v.press('Sign out');
  await v.sees('Sign in');
}));

test('whose account others have made wait passes with a recovery code', () => as(async (v, page) => {
  const who = newTenant(), { codes } = await enrolByApi(await bearer(who));
  for (let i = 0; i < 10; i++)
    assert.equal((await login({ ...who, password: 'wrong' })).status, 401);
  await v.goto('/');
  await enter(v, who);
  await v.alerts(/give a recovery code/);
  await v.examine('sign-in-waits');
  await v.fill('Password', who.password);
  await v.fill('Recovery code', codes[0]);
  await v.press('Sign in');
  await v.sees('Overview');
  assert.ok(page);
}));
