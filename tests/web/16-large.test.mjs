// Lists of a size that nobody reads to the end: the page stays small and where it was, by pointer, keyboard and to who listens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base, sql, until } from '../http/lib/env.mjs';
import { all, bearer, newConfig, newTenant, push } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { session } from './lib/entering.mjs';

const HOSTILE = '<img src=x onerror=alert(1)> \u202e "quoted" https://elsewhere.example/x', ALERTS = 5000, CHANGES = 100000, PUSHED = 60, PAGE = 50, FURTHER = 200;
const LAST = ALERTS - (ALERTS - PAGE) % FURTHER + 1; // the first of the last page
const MOST_NODES = 8000; // of a page, however much it was gone on
let chromium, who, admin, storageState, alert;

// n rows more that are like one of a table, but for these columns, which may name `seq`.
function multiply(schema, table, n, where, otherwise) {
  const columns = sql(`SELECT column_name FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name = '${table}' AND is_generated = 'NEVER' ORDER BY ordinal_position`).split('\n');
  sql(`INSERT INTO ${table} (${columns.map((c) => `\`${c}\``)}) SELECT ${columns.map((c) => otherwise[c] ?? `t.\`${c}\``)} FROM ${table} t JOIN seq_1_to_${n} WHERE ${where}`, schema);
}

before(async () => {
  chromium = await startChromium();
  who = newTenant();
  admin = await bearer(who);
  storageState = await session(chromium, base.origin, who);
  const rules = [{ path: '/**', key: 'z*', severity: 'critical', reason: 'Z.' }, { path: '/**', severity: 'low', reason: 'Low.' }], big = 'x'.repeat(2 << 20);
  const config = await newConfig(admin, { rule_packs: [], rules }), keys = Array.from({ length: PUSHED }, (_, i) => `${i < PUSHED - 3 ? 'a' : 'z'}${String(i).padStart(4, '0')}`);
  let report;
  for (const n of [1, 2])
    ({ report } = await push(admin, config, keys.map((key, i) => ({ category: 'records', key, value: { n, name: HOSTILE, ...(i === PUSHED - 1 ? { big, long: `${n}${'y'.repeat(3000)}` } : {}) } }))));
  [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`), id = (uuid) => `UNHEX('${uuid.replaceAll('-', '')}')`, other = (word) => `UNHEX(SHA2(CONCAT('${word}', seq), 256))`;
  multiply(schema, 'alerts', ALERTS - 1, `t.id = ${id(alert.id)}`, { id: 'LEFT(UNHEX(SHA2(seq, 256)), 16)', open_key: "CONCAT('made up ', seq)", title: 'CONCAT("Made up ", seq)', title_values: 'NULL' });
  multiply(schema, 'drift_changes', CHANGES - PUSHED - 1, `t.report_id = ${id(report.id)} AND t.\`key\` = 'a0000'`, { id: `LEFT(${other('change')}, 16)`, old_value: 'NULL', new_value: 'NULL', position: `${PUSHED * 2} + seq`, key: 'CONCAT("b", LPAD(seq, 6, "0"))', fingerprint: other('mark') });
});
after(() => chromium.close());

const as = (f) => visit(chromium, base.origin, f, { storageState });
const nodes = (page) => page.evaluate(() => document.querySelectorAll('*').length);
const scrolled = (page) => page.evaluate(() => Math.round(scrollY));

// As long as there are others, at most so often: how long each took until the focus was there, and how large the page became.
async function goOn(page, times) {
  const { took, most } = await page.evaluate(async (n) => {
    const found = { took: [], most: 0 }, button = () => [...document.querySelectorAll('#main p > button')].find((b) => b.textContent === 'More' && !b.hidden);
    for (let i = 0; i < n && button(); i++) {
      const from = document.activeElement, begun = performance.now();
      button().click();
      while (document.activeElement === from || document.activeElement.closest('.alert-row, .change, tr') === null) {
        if (performance.now() - begun > 20000)
          throw new Error(`after ${i} times none came: ${document.getElementById("status").textContent} ${document.activeElement.outerHTML.slice(0, 300)}`);
        await new Promise((done) => setTimeout(done));
      }
      found.took.push(performance.now() - begun);
      found.most = Math.max(found.most, document.querySelectorAll('*').length);
      await new Promise((done) => requestAnimationFrame(done));
    }
    return found;
  }, times);
  const mean = (part) => Math.round(part.reduce((a, b) => a + b, 0) / part.length);
  console.log(`# measured: ${took.length} times more, the first five ${mean(took.slice(0, 5))} ms each, the last five ${mean(took.slice(-5))} ms; at most ${most} nodes`);
  return { times: took.length, most };
}

const focused = (page) => page.evaluate(() => {
  const row = document.activeElement.closest('[aria-posinset]');
  return row && [Number(row.getAttribute('aria-posinset')), Number(row.getAttribute('aria-setsize'))];
});

test('five thousand alerts are gone through in a page that stays small: by the keyboard, the pointer, a search and a selection', () => as(async (v, page) => {
  await v.goto('/#/alerts?status=open');
  await v.sees('Alerts');
  assert.equal(await page.locator('.alert-row').count(), PAGE);
  await page.locator('.alert-row a.goes').nth(PAGE - 2).focus();
  await page.keyboard.press('j');
  assert.deepEqual(await focused(page), [PAGE, -1], 'nobody knows how many there are');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByText('200 more have come: 250 are here, and there are others.').waitFor();
  assert.deepEqual(await focused(page), [PAGE + 1, -1], 'the focus is on the first that came');
  const { times, most } = await goOn(page, ALERTS);
  assert.equal(times, Math.ceil((ALERTS - PAGE) / FURTHER) - 1);
  assert.ok(most < MOST_NODES, `${most} nodes`);
  await page.getByText('150 more have come: 5,000 are here, which is all.').waitFor();
  assert.deepEqual(await focused(page), [LAST, ALERTS]);
  assert.equal(await page.getByRole('button', { name: 'More' }).count(), 0);
  // what is far away has left its room: to go and come back is to be where one was
  await page.keyboard.press('j');
  const tall = await page.evaluate(() => document.documentElement.scrollHeight), was = await scrolled(page);
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('.alert-row').first().getByRole('link').waitFor();
  await until('the first one', () => page.evaluate(() => document.querySelector('[aria-posinset="1"]')?.checkVisibility()));
  assert.deepEqual(await focused(page), [LAST + 1, ALERTS], 'what has the focus stays');
  assert.ok(Math.abs(await page.evaluate(() => document.documentElement.scrollHeight) - tall) < tall / 100, 'as long as it was');
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await until('what is in the middle', () => page.evaluate(() => Number(document.elementFromPoint(500, 450)?.closest('[aria-posinset]')?.getAttribute('aria-posinset')) > 1000));
  assert.ok(await nodes(page) < MOST_NODES);
  await page.keyboard.press('k');
  assert.deepEqual(await focused(page), [LAST, ALERTS]);
  await until('where it was', async () => Math.abs(await scrolled(page) - was) < 900);
  // all of them are searched and selected, drawn or not
  await page.getByLabel('Find').fill('made up 4999');
  await page.getByText('1 alert of those that are here has this.').waitFor();
  assert.equal(await page.locator('.alert-row').count(), 1);
  await page.getByLabel('Find').fill('made up 1');
  await page.getByText('1,111 alerts of those that are here have this.').waitFor();
  await page.getByLabel('Select all that are here').check();
  await page.getByText('1,111 selected').waitFor();
  await page.getByLabel('Find').fill('');
  await page.getByText('5,000 alerts of those that are here have this.').waitFor();
  await v.press('Acknowledge');
  await page.getByText('You have acknowledged 1,111 alerts.').waitFor();
  assert.equal((await all(admin, '/api/drift/alerts?status=acknowledged')).length, 1111);
}));

test('of a hundred thousand changes the worst are first and the others follow in a page that stays small; what was opened stays open, and two megabytes are cut', () => as(async (v, page) => {
  await v.goto(`/#/alerts/${alert.id}`);
  await page.getByRole('heading', { name: /^Changes \(the first 5\d\)$/ }).waitFor();
  const shown = page.locator('.change');
  assert.deepEqual(await Promise.all([0, 2, 4].map(async (i) => (await shown.nth(i).locator('strong').innerText()).slice(0, 9))), ['records z', 'records z', 'records a']);
  for (const key of ['j', 'j', 'k'])
    await page.keyboard.press(key);
  assert.deepEqual(await focused(page), [1, -1]);
  const long = shown.filter({ hasText: '/long' }), folded = long.locator('.is pre');
  assert.equal(await folded.evaluate((e) => e.textContent.length), 0, 'what is folded is not in the page');
  await long.locator('.is summary').click();
  await until('the whole value', () => folded.evaluate((e) => e.textContent.length > 3000));
  await shown.filter({ hasText: `z00${PUSHED - 1}` }).first().locator('summary').filter({ hasText: 'In its surroundings' }).click();
  await page.getByText(/x… \(2,097,1\d\d characters\)/).first().waitFor();
  assert.ok(await page.evaluate(() => document.querySelector('.context').textContent.length) < 20000);
  const { times, most } = await goOn(page, 8);
  assert.equal(times, 8);
  assert.ok(most < MOST_NODES, `${most} nodes`);
  await page.getByRole('heading', { name: /^Changes \(the first 4\d\d\)$/ }).waitFor();
  assert.ok((await focused(page))[0] > 400);
  assert.equal(await page.locator('.context').count(), 1, 'what was opened stays');
  const at = (await focused(page))[0];
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.equal((await focused(page))[0], at + 2);
  await v.examine('changes-many');
  assert.equal(await page.locator('main img').count(), 0);
}));
