// Below a path, without scripts, and what a browser does when the server is away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base } from '../http/lib/env.mjs';
import { newTenant } from '../http/lib/people.mjs';
import { Second } from '../http/lib/second.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { enter, toAccount } from './lib/entering.mjs';

const there = new Second('web-test');
let chromium, who, origin;

before(async () => {
  chromium = await startChromium();
  who = newTenant();
  await there.start({ drop: ['base_path'], add: 'base_path = "/bsx";', alive: '/bsx/api/health' });
  origin = `http://127.0.0.1:${there.port}`;
});
after(async () => {
  await chromium.close();
  await there.stop();
});

test('below a path it works the same, and with or without the last slash', () => visit(chromium, origin, async (v, page) => {
  const asked = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await v.goto(`/bsx?tenant=${who.tenant}`);
  assert.equal(page.url(), `${origin}/bsx/?tenant=${who.tenant}`);
  await enter(v, who);
  await v.sees('Overview');
  await toAccount(v);
  await page.getByText('This one').waitFor();
  await v.follow('Change your password');
  await v.sees('Change your password');
  assert.equal(page.url(), `${origin}/bsx/?tenant=${who.tenant}#/password`);
  await page.reload();
  await v.sees('Change your password');
  await v.follow('Cancel');
  await v.follow('API reference');
  await page.waitForURL(`${origin}/bsx/api/docs`);
  await v.goto('/bsx/');
  await v.press('Watch this tenant');
  await v.sees('This tenant');
  await v.follow('Administration');
  for (const name of ['Users', 'Roles', 'API keys', 'Settings', 'Sign-in', 'Grants', 'Audit', 'Silences', 'Channels', 'Overview']) {
    await v.follow(name);
    await v.sees(name);
  }
  await page.getByRole('link', { name: /^This tenant/ }).click();
  await v.sees('This tenant');
  await v.press('Sign out');
  await v.sees('Sign in');
  assert.deepEqual([...new Set(asked)].filter((p) => !p.startsWith('/bsx')), []);
}));

test('without scripts it says that it needs them', () => visit(chromium, base.origin, async (v, page) => {
  await v.goto('/');
  await page.getByRole('heading', { name: 'This page needs JavaScript' }).waitFor();
  assert.equal(await page.getByText('One moment').isVisible(), false);
}, { javaScriptEnabled: false }));

test('when the server is away, or something else answers for it, it says so', () => visit(chromium, base.origin, async (v, page) => {
  await v.goto(`/?tenant=${who.tenant}`);
  await v.sees('Sign in');
  await v.context.setOffline(true);
  await enter(v, who);
  await v.alerts(/could not be reached/);
  await v.context.setOffline(false);
  await v.context.route('**/api/auth/login', (r) => r.fulfill({ status: 503, contentType: 'text/html', body: '<h1>503</h1>' }), { times: 1 });
  await v.press('Sign in');
  await v.alerts(/what stands behind it did not/);
  await v.press('Sign in');
  await v.sees('Overview');
  v.faults = v.faults.filter((f) => !/ERR_INTERNET_DISCONNECTED/.test(f)); // the browser's own note
}));
