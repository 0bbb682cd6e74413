// Signing in at an identity provider, and the sentence for everything that can go wrong on the way.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enrol } from '../http/lib/authenticator.mjs';
import { base } from '../http/lib/env.mjs';
import { newProvider } from '../http/lib/idp.mjs';
import { all, bearer, newTenant } from '../http/lib/people.mjs';
import { clientId, startProvider } from '../http/lib/provider.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { enter, errorCodes, toAccount } from './lib/entering.mjs';

const clientSecret = 'a secret: with/odd &characters+', mine = newTenant(), theirs = newTenant();
const people = {
  owner: { email: mine.email, email_verified: true, name: 'Ada Admin', groups: [] },
  founder: { email: theirs.email, email_verified: true, name: 'Founder', groups: ['staff'] },
  stranger: { email: 'stranger@elsewhere.example', email_verified: true, name: 'Stranger', groups: [] },
};
let chromium, op, app;

before(async () => {
  chromium = await startChromium();
  op = await startProvider(people, 'corp', clientSecret);
  const admin = await bearer(mine);
  await newProvider(admin, { name: 'corp', kind: 'oidc', issuer: op.issuer, client_id: clientId, client_secret: clientSecret,
    allowed_domains: [`${mine.tenant}.example`] });
  await newProvider(admin, { name: 'work', kind: 'google', client_id: 'x', client_secret: 'y', allowed_domains: [`${mine.tenant}.example`] });
});
after(async () => {
  await chromium.close();
  await op.stop();
});

const as = (f, options) => visit(chromium, base.origin, f, options);

// Through the provider's own pages; it asks once what it may tell us.
async function signInThere(v, page, login, first = true) {
  await page.getByPlaceholder('Enter any login').fill(login);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button').first().click();
  if (first)
    await page.getByRole('button', { name: 'Continue' }).click();
}

test('a tenant\'s providers have their buttons as soon as it is known; one signs in with them', () => as(async (v, page) => {
  await v.goto('/');
  await v.sees('Sign in');
  assert.equal(await page.getByRole('link', { name: /^Sign in with/ }).count(), 0);
  await v.fill('Tenant', mine.tenant);
  await page.keyboard.press('Tab');
  await page.getByRole('link', { name: 'Sign in with corp' }).waitFor();
  await page.getByRole('link', { name: 'Sign in with Google' }).waitFor();
  await v.examine('providers');
  await v.follow('Sign in with corp');
  await signInThere(v, page, 'owner');
  await v.sees('Overview');
  await toAccount(v);
  await page.getByText(', by corp').waitFor();
  await v.press('Sign out');
  await page.getByRole('link', { name: 'Sign in with corp' }).waitFor(); // the tenant is remembered
}));

test('a deep link survives the way through the provider', () => as(async (v, page) => {
  await v.goto(`/?tenant=${mine.tenant}&return_to=/api/health`);
  await v.follow('Sign in with corp');
  await signInThere(v, page, 'owner');
  await page.waitForURL(`${base.origin}/api/health`);
}));

test('whom nobody here knows is told what to do, and the address keeps nothing of it', () => as(async (v, page) => {
  await v.goto(`/?tenant=${mine.tenant}`);
  await v.follow('Sign in with corp');
  await signInThere(v, page, 'stranger');
  await v.sees('Sign in');
  await v.alerts(/Ask your administrator to invite you/);
  await page.getByText(/^Request/).waitFor();
  assert.equal(page.url(), `${base.origin}/`);
  await v.examine('provider-refused');
}));

test('two tabs are both signed in, the later one first; a provider\'s answer that is asked for again leads on', () => as(async (v, page) => {
  const other = await v.newPage(), answers = [], places = [[page, '/api/health'], [other, '/api/health/live']];
  page.on('request', (q) => /\/callback[/?]/.test(q.url()) && answers.push(q.url()));
  for (const [p, to] of places) {
    await p.goto(`${base.origin}/?tenant=${mine.tenant}&return_to=${to}`);
    await p.getByRole('link', { name: 'Sign in with corp', exact: true }).click();
    await p.getByPlaceholder('Enter any login').waitFor();
  }
  for (const [p, to] of places.reverse()) {
    await signInThere(v, p, 'owner', p === other);
    await p.waitForURL(base.origin + to);
  }
  assert.equal(answers.length, 1);
  await page.goto(answers[0]); // as a reload does
  await page.waitForURL(`${base.origin}/api/health`);
  await v.goto('/');
  await v.sees('Overview');
  await v.press('Sign out');
  await v.sees('Sign in');
  await page.goto(answers[0], { waitUntil: 'commit' });
  await v.alerts(/./); // nobody is signed in any more
}));

test('the second factor of here is asked for after the provider, and the way goes on', () => as(async (v, page) => {
  ({ app } = await enrol(await bearer(mine)));
  await v.goto(`/?tenant=${mine.tenant}&return_to=${encodeURIComponent('/#/password')}`);
  await v.follow('Sign in with corp');
  await signInThere(v, page, 'owner');
  await v.sees('Second factor');
  assert.equal(page.url(), `${base.origin}/`);
  await v.fill('Code', app.wrong());
  await v.press('Continue');
  await v.alerts(/not accepted/);
  await v.fill('Code', await app.next());
  await v.press('Continue');
  await v.sees('Change your password');
}));

test('an administrator sets a provider up on its page, signs in by it and comes back, changes what its groups are, and removes it', () => as(async (v, page) => {
  const admin = await bearer(theirs), providers = () => all(admin, '/api/identity-providers'), unfold = (title) => page.locator('summary').filter({ hasText: title }).click();
  const hostile = '<img src=x onerror=alert(1)> \u202e group', fields = { Name: 'corp', 'Issuer (https://…)': op.issuer, 'Client number (client ID)': clientId, 'Client secret': clientSecret,
    'E-mail domains it is trusted with': `${theirs.tenant}.example`, 'Roles of its groups': `${hostile} => viewer\nstaff => admin` };
  await v.goto(`/?tenant=${theirs.tenant}#/providers`);
  await enter(v, theirs);
  await v.sees('Sign-in');
  await unfold('Set a provider up');
  await page.getByLabel('Kind', { exact: true }).selectOption('oidc');
  for (const [label, text] of Object.entries(fields))
    await v.fill(label, text);
  await v.examine('provider-new');
  await v.press('Set it up');
  await v.sees('corp');
  const [made] = await providers();
  assert.deepEqual([made.role_map, made.allowed_domains, made.has_secret, made.trust_mfa], [{ [hostile]: 'viewer', staff: 'admin' }, [`${theirs.tenant}.example`], true, false]);
  await page.getByText(made.redirect_uri).waitFor();
  assert.equal(await page.evaluate((secret) => document.documentElement.outerHTML.includes(secret), clientSecret), false);
  assert.equal(await page.locator('main img').count(), 0);
  await v.examine('provider');
  await v.follow('Sign in by it');
  await signInThere(v, page, 'founder');
  await v.sees('corp');
  await unfold('Change it');
  await v.fill('Roles of its groups', 'staff => nobody_has_it');
  await v.press('Save');
  await page.locator('.fault').filter({ hasText: /role/ }).waitFor();
  await v.fill('Roles of its groups', 'staff => admin');
  await page.getByLabel('a second factor that was asked for there counts here', { exact: true }).check();
  await v.press('Save');
  await page.getByText('It is saved.').waitFor();
  assert.deepEqual((await providers()).map((p) => [p.role_map, p.trust_mfa, p.has_secret]), [[{ staff: 'admin' }, true, true]]);
  await v.press('Remove');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await v.sees('Sign in'); // the session was begun by it
  assert.deepEqual(await providers(), []);
}));

test('every code of the source has a sentence of its own that says what to do', () => as(async (v, page) => {
  const { api, provider } = errorCodes();
  assert.ok(api.length > 25 && provider.length > 7 && provider.includes('not_linked'), 'the tables were read');
  const seen = new Map();
  await v.goto();
  await v.sees('Sign in');
  for (const code of [...api, ...provider]) {
    await v.turn(`/?error=${code}&request_id=0190a0b0-x.y_z`);
    await v.sees('Sign in');
    const text = await v.alert().locator('p').first().innerText();
    assert.ok(text.length > 20 && /\. |[.:] /.test(`${text} `), `${code}: ${text}`);
    assert.doesNotMatch(text, /has no word for/, code);
    assert.equal(seen.get(text), undefined, `${code} says the same as ${seen.get(text)}`);
    seen.set(text, code);
    await page.getByText('Request 0190a0b0-x.y_z').waitFor();
    assert.equal(page.url(), `${base.origin}/`);
  }
}));

test('what an address says is never shown as it is, nor run', () => as(async (v, page) => {
  for (const bad of ['<img src=x onerror=alert(1)>', '__proto__', 'constructor', '', 'a'.repeat(2000)]) {
    await v.goto(`/?error=${encodeURIComponent(bad)}&request_id=${encodeURIComponent(bad.slice(0, 100))}&tenant=${encodeURIComponent(bad.slice(0, 60))}`);
    await v.sees('Sign in');
    await v.alerts(/has no word for/);
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await page.getByText(/^Request/).count(), bad === '__proto__' || bad === 'constructor' ? 1 : 0);
  }
}));
