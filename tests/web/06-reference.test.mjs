// The API reference in a browser: contents, search, examples, on a phone too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base } from '../http/lib/env.mjs';
import { startChromium, visit } from './lib/browser.mjs';

let chromium;

before(async () => { chromium = await startChromium(); });
after(() => chromium.close());

const open = (f, options) => visit(chromium, base.origin, async (v, page) => {
  await page.goto(`${base.origin}/api/docs`);
  await page.getByRole('heading', { level: 1, name: /^BlindSpotX API/ }).waitFor();
  await f(v, page);
}, options);

const wide = { viewport: { width: 1280, height: 900 } };

test('it is right in every theme and at every width', () => open((v) => v.examine('reference'), wide));

test('the contents lead to every operation, and an example is there to be opened', () => open(async (v, page) => {
  const link = page.getByRole('navigation').getByRole('link', { name: /^post \/api\/auth\/login$/i });
  await link.click();
  assert.equal(new URL(page.url()).hash, '#post_api_auth_login');
  const entry = page.locator('#post_api_auth_login');
  await entry.getByText('Example', { exact: true }).click();
  assert.match(await entry.locator('pre').first().innerText(), /^curl -X POST "\$url\/api\/auth\/login" \\\n\s+-H 'Content-Type: application\/json' -d '\{"tenant":"demo"/);
  assert.ok(JSON.parse(await entry.locator('pre').nth(1).innerText()));
}, wide));

test('the search keeps what has all the words, says how many, and a link to what it hid shows it again', () => open(async (v, page) => {
  await page.keyboard.press('/');
  await page.keyboard.type('silence matcher');
  await page.getByText(/^\d+ of \d+ entries have these words\.$/).waitFor();
  const shown = page.locator('main .entry:visible');
  for (const text of await shown.allTextContents())
    assert.ok(/silence/i.test(text) && /matcher/i.test(text), text.slice(0, 80));
  assert.ok(await shown.count() > 0);
  assert.equal(await page.getByRole('navigation').getByRole('link', { name: /\/api\/auth\/login$/ }).isVisible(), false);
  await page.evaluate(() => { location.hash = '#post_api_auth_login'; });
  await page.locator('#post_api_auth_login').waitFor({ state: 'visible' });
  await page.getByLabel('Search').fill('qqqxyzzy');
  await page.getByText(/^0 of \d+/).waitFor();
  await page.getByLabel('Search').fill('');
  await page.locator('#post_api_auth_login').waitFor({ state: 'visible' });
}, wide));

test('on a phone the contents are folded until they are wanted', () => open(async (v, page) => {
  const link = page.getByRole('navigation').getByRole('link', { name: /^get \/api\/drift\/alerts$/i });
  assert.equal(await link.isVisible(), false);
  await page.getByText('Contents', { exact: true }).click();
  await link.click();
  assert.equal(await link.isVisible(), false);
  assert.equal(new URL(page.url()).hash, '#get_api_drift_alerts');
}, { viewport: { width: 375, height: 700 } }));

test('without scripts it is there to be read', () => open(async (v, page) => {
  assert.equal(await page.getByLabel('Search').isVisible(), false);
  await page.locator('#get_api_drift_alerts').getByText('Example', { exact: true }).click();
  assert.match(await page.locator('#get_api_drift_alerts pre').first().innerText(), /^curl "\$url\/api\/drift\/alerts"/);
}, { javaScriptEnabled: false }));
