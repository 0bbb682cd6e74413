// Signing in with a password and a second factor, being refused, leaving.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enrol } from '../http/lib/authenticator.mjs';
import { base, credentials, until } from '../http/lib/env.mjs';
import { bearer, browser as signedIn, newTenant } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { enter, runOut, toAccount } from './lib/entering.mjs';

let chromium, who, guarded, app, codes;

before(async () => {
  chromium = await startChromium();
  who = newTenant();
  guarded = newTenant();
  ({ app, codes } = await enrol(await bearer(guarded)));
});
after(() => chromium.close());

const as = (f, options) => visit(chromium, base.origin, f, options);

test('the first page asks a stranger to sign in, and is right in every theme and width', () => as(async (v, page) => {
  const answer = await v.goto();
  assert.equal(answer.status(), 200);
  await v.sees('Sign in');
  assert.equal(await page.getByLabel('Tenant').inputValue(), '');
  assert.ok(await page.getByLabel('Tenant').evaluate((e) => e === document.activeElement), 'the focus is where one begins');
  await v.examine('sign-in');
}));

test('the right words lead to who one is; the tenant is known the next time', () => as(async (v, page) => {
  await v.goto();
  await enter(v, who);
  await v.sees('Overview');
  await toAccount(v);
  assert.match(await page.locator('dl').innerText(), new RegExp(`${who.email}[^]*Tenant ${who.tenant}[^]*admin`));
  await page.getByText('This one').waitFor();
  await v.examine('account');
  await v.press('Sign out');
  await v.sees('Sign in');
  await page.getByText('You are signed out.').waitFor();
  assert.equal(await page.getByLabel('Tenant').inputValue(), who.tenant);
  await v.goto();
  await v.sees('Sign in');
  assert.equal(await page.getByLabel('Tenant').inputValue(), who.tenant);
  assert.ok(await page.getByLabel('E-mail address').evaluate((e) => e === document.activeElement));
}));

test('the tenant of a link comes before the last one', () => as(async (v, page) => {
  await v.goto(`/?tenant=${guarded.tenant}`);
  await v.sees('Sign in');
  assert.equal(await page.getByLabel('Tenant').inputValue(), guarded.tenant);
}));

test('what is wrong is said with what to do, and what was typed stays', () => as(async (v, page) => {
  await v.goto(`/?tenant=${who.tenant}`);
  await v.sees('Sign in');
  await v.press('Sign in');
  await page.getByText('Fill in: E-mail address.').waitFor();
  assert.equal(await page.getByLabel('E-mail address').getAttribute('aria-invalid'), 'true');
  assert.ok(await page.getByLabel('E-mail address').evaluate((e) => e === document.activeElement), 'the first fault has the focus');
  await enter(v, who, 'not this one');
  await v.alerts(/do not fit together/);
  assert.ok(await v.alert().evaluate((e) => e === document.activeElement), 'the sentence has the focus');
  assert.equal(await page.getByLabel('E-mail address').inputValue(), who.email);
  await v.examine('sign-in-refused');
}));

test('after too many wrong passwords it says how long to wait', () => as(async (v) => {
  const tried = newTenant();
  await v.goto(`/?tenant=${tried.tenant}`);
  await v.sees('Sign in');
  await until('the account to be closed', async () => {
    await enter(v, tried, 'wrong again');
    await v.alert().waitFor();
    return /too many failed attempts.*try again in \d+ (second|minute)/s.test(await v.alert().innerText());
  });
  await v.examine('too-many-attempts');
}));

test('a second factor is asked for; a wrong code, then the right one', () => as(async (v, page) => {
  await v.goto();
  await enter(v, guarded);
  await v.sees('Second factor');
  assert.equal(await page.getByLabel('Code', { exact: true }).getAttribute('autocomplete'), 'one-time-code');
  await v.examine('second-factor');
  await v.fill('Code', app.wrong());
  await v.press('Continue');
  await v.alerts(/code was not accepted/);
  await v.fill('Code', await app.next());
  await v.press('Continue');
  await v.sees('Overview');
}));

test('a recovery code does instead, once', () => as(async (v) => {
  for (const good of [true, false]) {
    await v.goto();
    await enter(v, guarded);
    await v.sees('Second factor');
    await v.press('Use a recovery code instead');
    await v.fill('Recovery code', ` ${codes[0].toLowerCase()} `);
    await v.press('Continue');
    if (!good)
      await v.alerts(/not accepted/);
    else {
      await v.sees('Overview');
      await v.press('Sign out');
      await v.sees('Sign in');
    }
  }
  await v.examine('recovery-code-used');
}));

test('a page that waits for a code without a sign-in begins anew', () => as(async (v, page) => {
  await v.goto('/?mfa=1');
  await v.sees('Second factor');
  await v.fill('Code', '123456');
  await v.press('Continue');
  await v.sees('Sign in');
  await page.getByText('Begin again.').waitFor();
}));

test('with the keyboard alone one gets in, through the second factor, and out', () => as(async (v, page) => {
  await v.goto();
  await v.sees('Sign in');
  await v.tabTo('textbox', 'Tenant');
  await page.keyboard.type(guarded.tenant);
  await v.tabTo('textbox', 'E-mail address');
  await page.keyboard.type(guarded.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(guarded.password);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space'); // shows what was typed
  assert.equal(await page.getByLabel('Password', { exact: true }).getAttribute('type'), 'text');
  await v.tabTo('button', 'Sign in');
  await page.keyboard.press('Enter');
  await v.sees('Second factor');
  await page.keyboard.type(await app.next()); // the focus is in the field
  await page.keyboard.press('Enter');
  await v.sees('Overview');
  await v.tabTo('button', 'Sign out');
  await page.keyboard.press('Space');
  await v.sees('Sign in');
}));

test('a session goes on when its access token has ended; a refresh cookie that is alone opens none', () => as(async (v) => {
  await v.goto();
  await enter(v, who);
  await v.sees('Overview');
  await runOut(v);
  await v.goto();
  await v.sees('Overview');
  await v.context.clearCookies({ name: 'bsx_access' });
  await v.goto();
  await v.sees('Sign in');
}));

test('other sessions are listed and ended one by one', () => as(async (v, page) => {
  const other = await signedIn(who);
  await v.goto();
  await enter(v, who);
  await v.sees('Overview');
  await toAccount(v);
  const list = page.getByRole('list', { name: 'Sessions' });
  await list.getByText('This one').waitFor();
  const ends = list.getByRole('button', { name: /^End the session/ });
  await until('no other session', async () => {
    const n = await ends.count();
    if (n === 0)
      return true;
    await ends.first().click();
    await until('one less', async () => await ends.count() < n);
    await page.getByText(/^The session was ended/).waitFor();
    return false;
  }, 60);
  assert.equal((await other('GET', '/api/auth/me')).status, 401);
  await list.getByText('This one').waitFor();
}));

test('a session that was ended elsewhere asks to sign in again, at the next deed', () => as(async (v, page) => {
  await v.goto();
  await enter(v, who);
  await v.sees('Overview');
  await toAccount(v);
  await (await signedIn(who)).change('POST', '/api/auth/logout?all=true');
  await v.follow('Change your password');
  await enter(v, who);
  await v.sees('Change your password'); // the link survives the sign-in
  await v.follow('Cancel');
  await v.sees('Overview');
  await toAccount(v);
  await v.press('Sign out everywhere');
  await page.getByText('You are signed out everywhere.').waitFor();
}));

test('a deep link is followed after the sign-in, and never to another site', () => as(async (v, page) => {
  await v.goto('/?return_to=/api/health%3Fa%3Db');
  await enter(v, credentials.demo);
  await page.waitForURL(`${base.origin}/api/health?a=b`);
  await v.goto('/?return_to=/api/health');
  await page.waitForURL(`${base.origin}/api/health`); // signed in already
  // what is left of dot segments may begin with two slashes
  const dots = ['.', '..', '%2e', '%2E', '.%2e', '%2e%2E', 'x/..', 'x/%2e%2e', './.', 'x/y/../..'].map((d) => `/${d}//evil.example/x`);
  for (const bad of [...dots, '//evil.example/x', '/\\evil.example', 'https://evil.example/', 'evil', '/\t/evil.example', '/\n/evil.example', 'javascript:alert(1)', '']) {
    await v.goto(`/?return_to=${encodeURIComponent(bad)}`);
    await v.sees('Overview');
  }
}));
