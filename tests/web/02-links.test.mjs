// What the product's mails lead to: an invitation, a forgotten password, a new address. Real mails, from a real mail server.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { base, until } from '../http/lib/env.mjs';
import { Mailbox, linkOf } from '../http/lib/mailbox.mjs';
import { bearer, login, newTenant, unique } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { enter, toAccount } from './lib/entering.mjs';

const box = new Mailbox();
let chromium, who;

before(async () => {
  await box.start();
  chromium = await startChromium();
  who = newTenant();
});
after(async () => {
  await chromium.close();
  await box.stop();
});

const as = (f, options) => visit(chromium, base.origin, f, options);
const fresh = () => crypto.randomBytes(15).toString('base64url');

async function invite() {
  const email = `${unique('new')}@${who.tenant}.example`, admin = await bearer(who);
  const made = await admin('POST', '/api/users', { body: { email, display_name: 'Nora New', roles: ['analyst'] } });
  assert.equal(made.status, 201, made.text);
  const link = linkOf(await box.wait(email, /^You are invited/), 'invite');
  return { tenant: who.tenant, email, url: link.url, token: link.token };
}

async function forget(v, person) {
  const from = box.got.length;
  await v.goto(`/?tenant=${person.tenant}`);
  await v.sees('Sign in');
  await v.follow('Forgotten your password?');
  await v.sees('Forgotten your password?');
  await v.fill('E-mail address', person.email);
  await v.press('Mail me a link');
  await v.sees('Look at your mail');
  return linkOf(await until('the mail', () => box.got.slice(from).find((m) => m.to.includes(person.email)), 15), 'reset');
}

// A secret is in nothing that stays: not in the address, not in what "back" leads to, not in what the server was asked.
async function leavesNoTrace(v, token) {
  assert.ok(!v.page.url().includes(token), v.page.url());
  assert.ok(!await v.page.evaluate((t) => document.documentElement.outerHTML.includes(t), token));
  for (const m of v.asked)
    assert.ok(!m.includes(token), m);
}

function listenTo(v) {
  v.asked = [];
  v.page.on('request', (r) => v.asked.push(`${r.url()} ${r.headers().referer ?? ''}`));
}

test('an invitation leads to a password, and that to the tenant it was for', () => as(async (v, page) => {
  const person = await invite();
  listenTo(v);
  await page.goto(person.url, { waitUntil: 'commit' });
  await v.sees('Welcome');
  await leavesNoTrace(v, person.token);
  await v.examine('invitation');
  await v.fill('New password', 'short');
  await v.press('Accept the invitation');
  await page.getByText('This must have at least 15 characters.').waitFor();
  assert.ok(await page.getByLabel('New password').evaluate((e) => e === document.activeElement));
  await v.examine('invitation-refused');
  const password = fresh();
  await v.fill('New password', password);
  await v.press('Accept the invitation');
  await v.sees('Sign in');
  await page.getByText('Your password is set.').waitFor();
  assert.equal(await page.getByLabel('Tenant').inputValue(), who.tenant);
  await enter(v, person, password);
  await v.sees('Overview');
  await toAccount(v);
  await page.getByText('Nora New').waitFor();
  await page.goto('about:blank');
  await page.goBack();
  await v.sees('Your account');
  await leavesNoTrace(v, person.token);
}));

test('a used link says so, and what to do instead', () => as(async (v, page) => {
  const person = await invite();
  for (const first of [true, false]) {
    await page.goto('about:blank');
    await page.goto(person.url, { waitUntil: 'commit' });
    await v.sees('Welcome');
    await v.fill('New password', fresh());
    await v.press('Accept the invitation');
    await v.sees(first ? 'Sign in' : 'This link does not count any more');
  }
  await page.getByText(/used before, has expired/).waitFor();
  await v.examine('link-used');
  await v.follow('Mail me a new link');
  await v.sees('Forgotten your password?');
}));

test('a link that nobody made is refused the same way', () => as(async (v) => {
  for (const [kind, title, button] of [['invite', 'Welcome', 'Accept the invitation'], ['reset', 'Choose a new password', 'Set the password']]) {
    await v.page.goto('about:blank');
    await v.goto(`/#${kind}=${'A'.repeat(59)}`);
    await v.sees(title);
    await v.fill('New password', fresh());
    await v.press(button);
    await v.sees('This link does not count any more');
  }
}));

test('a forgotten password is mailed for, chosen anew and signed in with', () => as(async (v, page) => {
  listenTo(v);
  const link = await forget(v, who);
  await v.examine('mail-sent');
  await page.goto(link.url, { waitUntil: 'commit' });
  await v.sees('Choose a new password');
  await leavesNoTrace(v, link.token);
  who.password = fresh();
  await v.fill('New password', who.password);
  await v.press('Set the password');
  await page.getByText('Your password is changed. Sign in with the new one.').waitFor();
  await enter(v, who);
  await v.sees('Overview');
  await leavesNoTrace(v, link.token);
}));

test('a link that is opened in a page that is there already is taken too', () => as(async (v, page) => {
  listenTo(v);
  const person = newTenant(), link = await forget(v, person);
  await v.goto('/');
  await v.sees('Sign in');
  await page.evaluate((hash) => { location.hash = hash; }, new URL(link.url).hash);
  await v.sees('Choose a new password');
  await leavesNoTrace(v, link.token);
}));

test('the same page for a user who is not there: nothing is told', () => as(async (v) => {
  await v.goto(`/?tenant=${who.tenant}#/forgot`);
  await v.sees('Forgotten your password?');
  await v.examine('forgotten');
  await v.fill('E-mail address', 'nobody@example.org');
  await v.press('Mail me a link');
  await v.sees('Look at your mail');
}));

test('who asks for too many mails is told how long to wait', () => as(async (v) => {
  const email = `${unique('many')}@example.org`;
  await until('the limit', async () => {
    await v.page.goto('about:blank');
    await v.goto(`/?tenant=${who.tenant}#/forgot`);
    await v.sees('Forgotten your password?');
    await v.fill('E-mail address', email);
    await v.press('Mail me a link');
    return Promise.race([v.sees('Look at your mail').then(() => false), v.alert().waitFor().then(() => true)]);
  });
  await v.alerts(/Too many requests.*try again in \d+ second/s);
  await v.examine('rate-limited');
}));

test('a new address counts after a press of the button, not by being looked at', () => as(async (v, page) => {
  const admin = await bearer(who), email = `${unique('moved')}@${who.tenant}.example`;
  const asked = await admin('PUT', '/api/auth/me', { body: { email } });
  assert.equal(asked.status, 200, asked.text);
  const link = linkOf(await box.wait(email, /^Confirm your new address/), 'email');
  listenTo(v);
  for (const first of [true, false]) {
    await page.goto('about:blank');
    await page.goto(link.url, { waitUntil: 'commit' });
    await v.sees('Your new address');
    await leavesNoTrace(v, link.token);
    if (first) {
      assert.equal((await login(who)).status, 200, 'opening it changes nothing');
      await v.examine('confirm-address');
    }
    await v.press('Confirm the address');
    await v.sees(first ? 'Sign in' : 'This link does not count any more');
  }
  await v.examine('address-link-used');
  who.email = email;
  await v.follow('Go to sign-in');
  await enter(v, who);
  await v.sees('Overview');
}));

test('a password is changed by who is signed in', () => as(async (v, page) => {
  await v.goto('/#/password');
  await enter(v, who);
  await v.sees('Change your password');
  await v.examine('change-password');
  await v.fill('Present password', 'not this one');
  await v.fill('New password', fresh());
  await v.press('Change the password');
  await page.getByText('This is not your password.').waitFor();
  await v.fill('Present password', who.password);
  await v.fill('New password', 'passwordpassword');
  await v.press('Change the password');
  await page.getByText(/This is among the most common passwords/).waitFor();
  await v.fill('New password', who.password = fresh());
  await v.press('Change the password');
  await v.sees('Overview');
  await page.getByText('Your password is changed.').waitFor();
  assert.equal((await login(who)).status, 200);
}));
