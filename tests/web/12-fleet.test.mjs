// Who looks after more than one tenant: all of them on the first page, the worst first, and one step into each, marked as such wherever one goes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base, until } from '../http/lib/env.mjs';
import { ahead, all, bearer, newConfig, newTenant, policy, push } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { enter, toAccount } from './lib/entering.mjs';
import { fail, failures } from './lib/failures.mjs';

let chromium, firm, worse, calm, storageState;

const party = async () => {
  const owner = newTenant(), admin = await bearer(owner);
  return { ...owner, slug: owner.tenant, name: `Tenant ${owner.tenant}`, admin, id: admin.session.tenant.id };
};
const give = async (p, roles) => {
  const a = await p.admin('POST', `/api/tenants/${p.id}/grants`, { body: { grantee_tenant: firm.slug, roles, reason: 'They look after us.', expires_at: ahead(1) } });
  assert.equal(a.status, 201, a.text);
  return a.json;
};
const back = async (p, grant) => assert.equal((await p.admin('DELETE', `/api/tenants/${p.id}/grants/${grant.id}`)).status, 204);
const drifted = async (p) => {
  const config = await newConfig(p.admin);
  await push(p.admin, config, [policy(1)]);
  await push(p.admin, config, [policy(1, { state: 'disabled' })]);
  return config;
};
const counted = (p, fits) => until(`${p.slug} in the fleet`, async () => {
  const row = (await all(firm.admin, '/api/fleet')).find((x) => x.slug === p.slug);
  return row !== undefined && fits(row) ? [row] : false;
}, 40);

before(async () => {
  chromium = await startChromium();
  [firm, worse, calm] = [await party(), await party(), await party()];
  await drifted(worse);
  await drifted(worse);
  await push(calm.admin, await newConfig(calm.admin), [policy(1)]);
  await give(worse, ['analyst']);
  await give(calm, ['viewer']);
  await counted(worse, (row) => row.alerts?.critical === 2);
  await counted(calm, (row) => row.configs?.last_snapshot_at);
  await counted(firm, (row) => row.counted_at);
});
after(() => chromium.close());

const as = (f, options) => visit(chromium, base.origin, f, { storageState, ...options });
const rows = (page) => page.locator('main tbody tr');
const mark = (page) => page.locator('#nav .there');
const hostile = (v) => { v.faults = v.faults.filter((f) => !/502|ERR_CONNECTION_RESET/.test(f)); }; // the browser's own notes

test('all tenants are the first page of whoever has more than one, the worst first, with a sentence that says it all', () => visit(chromium, base.origin, async (v, page) => {
  await v.goto(`/?tenant=${firm.slug}`);
  await enter(v, firm);
  await v.sees('Fleet');
  storageState = await v.context.storageState();
  assert.equal(await page.locator('#nav [aria-current=page]').innerText(), 'Fleet');
  await until('the rows', async () => await rows(page).count() === 3);
  const names = await rows(page).locator('th').allInnerTexts();
  assert.match(names[0], new RegExp(worse.slug));
  assert.ok(names.some((n) => n.includes(firm.slug) && n.includes('your own')));
  assert.match(await rows(page).first().innerText(), /critical\s*2[^]*2/);
  assert.match(await page.locator('main .notice').first().innerText(), /Of 3 tenants 1 has an open alert\./);
  assert.equal(await mark(page).count(), 0);
  await v.examine('fleet');
}));

test('one who has but their own begins with the overview, and has no such page', () => visit(chromium, base.origin, async (v, page) => {
  await v.goto(`/?tenant=${worse.slug}`);
  await enter(v, worse);
  await v.sees('Overview');
  assert.equal(await page.locator('#nav').getByRole('link', { name: 'Fleet' }).count(), 0);
  await v.turn('#/fleet');
  await v.sees('Your account');
}));

test('one step leads into a tenant, which is marked on every page and in the title, and another one out of it', () => as(async (v, page) => {
  await v.goto('/');
  await v.sees('Fleet');
  await v.follow(worse.name);
  await v.sees('Overview');
  assert.match(page.url(), new RegExp(`\\?acting=${worse.slug}#/overview$`));
  await page.getByRole('heading', { name: 'Configs (2)' }).waitFor();
  await v.examine('fleet-inside');
  for (const [name, title] of [['Alerts', 'Alerts'], ['Silences', 'Silences'], ['Your account', 'Your account'], ['Overview', 'Overview']]) {
    await v.follow(name);
    await v.sees(title);
    assert.match(await mark(page).innerText(), new RegExp(`You act in ${worse.name}`));
    assert.equal(await page.title(), `${title} - ${worse.name} - BlindSpotX`);
  }
  assert.equal(await page.locator('#nav').getByRole('link', { name: 'Fleet' }).count(), 0, 'what is lent is not lent on');
  await page.reload();
  await v.sees('Overview');
  assert.equal(await mark(page).count(), 1, 'a reload stays there');
  await v.follow('Leave');
  await v.sees('Fleet');
  assert.equal(await mark(page).count(), 0);
  assert.equal(await page.title(), 'Fleet - BlindSpotX');
  await page.goBack();
  await v.sees('Overview');
  assert.equal(await mark(page).count(), 1, 'so does going back');
}));

test('a number leads to what it counts, a deed is done there by whom it was lent to, and what is of the session stays at home', () => as(async (v, page) => {
  await v.goto('/');
  await v.sees('Fleet');
  await rows(page).first().getByRole('link', { name: 'critical 2' }).click();
  await v.sees('Alerts');
  await until('the alerts', async () => await page.locator('.alert-row').count() === 2);
  await page.locator('.alert-row a').first().click();
  await v.sees(/: state /);
  await page.getByText(worse.name).nth(1).waitFor();
  await v.press('Acknowledge');
  await page.getByText('You have acknowledged it.').waitFor();
  const taken = (await all(worse.admin, '/api/drift/alerts?status=acknowledged'))[0];
  assert.equal(taken.acknowledged_by, `tenant:${firm.slug}/${firm.email}`);
  await v.follow('Your account');
  await v.sees('Your account');
  await page.getByText('This one').waitFor();
  assert.match(await page.locator('dl').innerText(), new RegExp(`Tenant\\s+Tenant ${firm.slug}`));
}));

test('the open alerts of all tenants are one list, which leads to each and is narrowed in the address', () => as(async (v, page) => {
  await v.goto('/#/fleet');
  await v.sees('Fleet');
  await page.locator('.siblings').getByRole('link', { name: 'Alerts of the fleet' }).click();
  await v.sees('Open alerts of the fleet');
  await until('the alerts', async () => await rows(page).count() >= 2);
  const first = await rows(page).first().innerText();
  assert.match(first, new RegExp(`critical\\s+[^]*${worse.name}[^]*drift alert`));
  assert.doesNotMatch(first, /: state/, 'no title');
  await v.examine('fleet-alerts');
  await page.keyboard.press('j');
  await page.getByLabel('Severity', { exact: true }).selectOption('critical');
  await until('the critical alone', async () => /severity=critical/.test(page.url()) && await rows(page).count() === 2);
  await page.locator('main tbody a').first().click();
  await v.sees(/: state /);
  assert.match(await mark(page).innerText(), new RegExp(`You act in ${worse.name}`));
}));

test('what is lent is all that one may do there', () => as(async (v, page) => {
  await v.goto(`/?acting=${calm.slug}#/alerts`);
  await v.sees('Alerts');
  assert.equal(await page.getByRole('link', { name: 'Channels' }).count(), 0, 'a viewer of theirs');
  assert.equal(await page.getByText('Select all that are here').count(), 0);
}));

// What the address may say that leads nowhere: nothing of it is done at home instead.
for (const [what, word] of Object.entries({ 'a tenant that lends nothing': () => newTenant().tenant, 'no tenant': () => 'nobody-here', 'no name': () => '%C3%BC%20x', 'very much': () => 'a'.repeat(3000) }))
  test(`an address that acts in ${what} leads home with a sentence`, () => as(async (v, page) => {
    await v.goto(`/?acting=${word()}#/alerts`);
    await v.sees('Fleet');
    await page.getByText(/You are in your own tenant, not in [^]* You may not act in that tenant\./).waitFor();
    assert.equal(new URL(page.url()).search, '');
    assert.equal(await mark(page).count(), 0);
  }));

// Where one is when the grant is taken back, and what one does next.
const moments = {
  'on the way to the next page': (v) => v.follow('Silences'),
  'with a deed': (v) => v.press('Acknowledge'),
  'by what looks for news': (v, page) => v.sooner(page.getByRole('heading', { level: 1, name: 'Fleet', exact: true })),
};
for (const [when, next] of Object.entries(moments))
  test(`a grant that is taken back meanwhile leads home with a sentence, ${when}`, () => as(async (v, page) => {
    const lender = await party();
    const config = await drifted(lender), [alert] = await all(lender.admin, `/api/drift/alerts?config_id=${config.id}`), grant = await give(lender, ['analyst']);
    const looks = when.startsWith('by');
    if (looks)
      await page.clock.install();
    await v.goto(`/?acting=${lender.slug}#/${looks ? 'alerts' : `alerts/${alert.id}`}`);
    await v.sees(looks ? 'Alerts' : /: state /);
    assert.equal(await mark(page).count(), 1);
    await back(lender, grant);
    await next(v, page);
    await v.sees('Fleet');
    await page.getByText(`You are in your own tenant, not in ${lender.slug}. You may not act in that tenant.`).waitFor();
    assert.equal(await mark(page).count(), 0);
    assert.equal((await lender.admin('GET', `/api/drift/alerts/${alert.id}`)).json.status, 'open');
  }));

test('a filter stands in the address, and the keyboard walks the list', () => as(async (v, page) => {
  await v.goto('/#/fleet');
  await v.sees('Fleet');
  await until('the rows', async () => await rows(page).count() === 3);
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), worse.name);
  await page.getByLabel('Alert', { exact: true }).selectOption('critical');
  await until('the worse alone', async () => await rows(page).count() === 1);
  assert.match(page.url(), /#\/fleet\?severity=critical$/);
  await page.getByLabel('State').selectOption('suspended');
  await page.getByText('There is none.').waitFor();
  await page.goBack();
  await until('the list as it was', async () => await rows(page).count() === 1);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await v.sees('Overview');
}));

test('what has changed comes by itself', () => as(async (v, page) => {
  await page.clock.install();
  await v.goto('/#/fleet');
  await v.sees('Fleet');
  await drifted(calm);
  await counted(calm, (row) => row.alerts.critical === 1);
  await v.sooner(page.getByText('The list of tenants has changed.'));
  await page.getByText('Of 3 tenants 2 have an open alert.').waitFor();
}));

test('a link into another tenant offers the way from here', () => as(async (v, page) => {
  const alert = (await all(worse.admin, '/api/drift/alerts')).find((a) => a.config_id !== null); // those of the tenant itself are not lent to an analyst
  await v.goto(`/?tenant=${worse.slug}#/alerts/${alert.id}`);
  await v.sees('This is of another tenant');
  await v.examine('fleet-way');
  await v.follow(`Go to ${worse.slug} from here`);
  await v.sees(/: state /);
  assert.equal(await mark(page).count(), 1);
}));

test('the page says what is wrong with the API, and comes back', () => as(async (v, page) => {
  await v.goto('/#/fleet');
  await v.sees('Fleet');
  for (const [pattern, hash, title] of [['**/api/fleet?*', '#/fleet?status=active', 'Fleet'], ['**/api/fleet/alerts?*', '#/fleetalerts', 'Open alerts of the fleet']])
    for (const kind of Object.keys(failures).filter((k) => !['401', '409', '412'].includes(k))) {
      const mend = await fail(v, kind, { pattern, method: 'GET' });
      await v.turn(hash);
      await v.sees('This did not work');
      await v.alerts(failures[kind].says);
      await mend();
      await v.press('Try again');
      await v.sees(title);
    }
  hostile(v);
}));

// ---- one tenant and one person a document ------------------------------------------------------------

const signedIn = (page) => page.locator('#nav').getByRole('button', { name: 'Sign out' }).waitFor();
const there = (page, p) => mark(page).filter({ hasText: `You act in ${p.name} (${p.slug})` }).waitFor();
const hash = (page, to) => page.evaluate((h) => { location.hash = h; }, to);
const remember = (page) => page.evaluate(() => { window.before = true; });
const anew = (page) => until('another document', async () => await page.evaluate(() => window.before).catch(() => true) === undefined);
// Presses the button at the same instant at which the address turns to that of another document; what was sent then, and where to.
const pressAtTurn = async (page, name) => {
  await page.evaluate((text) => {
    const { fetch } = window, button = [...document.querySelectorAll('main button')].find((b) => b.textContent === text);
    addEventListener('popstate', () => {
      window.fetch = (url, init) => {
        const sent = JSON.parse(sessionStorage.getItem('sent') ?? '[]');
        sessionStorage.setItem('sent', JSON.stringify([...sent, [init.method, init.headers['X-Acting-Tenant'] ?? 'one\'s own']]));
        return fetch(url, init);
      };
      button.click();
    });
    history.forward();
  }, name);
  await anew(page);
  return JSON.parse(await page.evaluate(() => sessionStorage.getItem('sent')));
};
const whereTo = (sent) => [...new Set(sent.map(([, tenant]) => tenant))];
const acknowledgedBy = async (p) => (await all(p.admin, '/api/drift/alerts')).map((a) => a.acknowledged_by).filter(Boolean);

test('back over a sign-out into a page of another tenant, it says so before it does anything there', () => visit(chromium, base.origin, async (v, page) => {
  const lender = await party();
  await drifted(lender);
  await give(lender, ['analyst']);
  await v.goto(`/?tenant=${firm.slug}`);
  await enter(v, firm);
  await signedIn(page);
  await v.goto(`/?acting=${lender.slug}#/alerts`);
  await v.sees('Alerts');
  await hash(page, '#/silences');
  await v.sees('Silences');
  await v.press('Sign out');
  await enter(v, firm);
  await signedIn(page);
  assert.equal(await mark(page).count(), 0);
  await hash(page, '#/alerts');
  await v.sees('Alerts');
  await remember(page);
  await page.evaluate(() => { history.go(-2); });
  await there(page, lender);
  await anew(page);
  await v.sees('Alerts');
  assert.equal(await page.title(), `Alerts - ${lender.name} - BlindSpotX`);
  await page.locator('.alert-row').waitFor();
  await page.evaluate(() => { history.go(2); });
  await until('home again', async () => await mark(page).count() === 0 && new URL(page.url()).search === '');
  await signedIn(page);
  assert.deepEqual(await acknowledgedBy(lender), []);
}));

// Entries of one document that name several tenants: no page of ours makes them, and none is to be believed.
for (const [way, [at, beside]] of Object.entries({ 'into another tenant': [() => '/?tenant=', (p) => `/?acting=${p.slug}`], 'out of it': [(p) => `/?acting=${p.slug}`, () => '/?tenant='] }))
  test(`an entry of the history that leads ${way} loads it, and until then what is shown is what is done`, () => as(async (v, page) => {
    const lender = await party(), mine = at(lender) === '/?tenant=' ? firm : lender;
    await give(lender, ['analyst']);
    const config = await drifted(mine), [alert] = await all(mine.admin, `/api/drift/alerts?config_id=${config.id}`);
    await v.goto(`${at(lender)}#/alerts/${alert.id}`);
    await v.sees(/: state /);
    await page.evaluate((to) => history.pushState(null, '', to + location.hash), beside(lender));
    await page.goBack();
    await remember(page);
    // the page may look for news at the same instant
    const sent = await pressAtTurn(page, 'Acknowledge');
    assert.deepEqual([sent.filter(([method]) => method !== 'GET').length, whereTo(sent)], [1, [mine === firm ? 'one\'s own' : lender.slug]], JSON.stringify(sent));
    await (mine === firm ? there(page, lender) : until('one\'s own', async () => await mark(page).count() === 0));
    await signedIn(page);
  }));

test('what a browser kept of a page in its memory is loaded anew', async () => {
  const keeping = await startChromium({ whole: true, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  try {
    await visit(keeping, base.origin, async (v, page) => {
      await page.addInitScript(() => addEventListener('pageshow', (e) => e.persisted && console.log('restored')));
      const restored = page.waitForEvent('console', (m) => m.text() === 'restored');
      await v.goto(`/?acting=${worse.slug}#/silences`);
      await v.sees('Silences');
      await remember(page);
      await v.goto('/api/docs'); // which tells the other documents of nobody: that alone would have ended what is kept
      await page.evaluate(() => history.back());
      await restored;
      await anew(page);
      await there(page, worse);
      await v.sees('Silences');
    }, { storageState });
  } finally {
    await keeping.close();
  }
});

// How a window comes to know that somebody else has signed in in this browser.
const others = {
  'by the other window': async (v) => {
    const page = await v.newPage();
    await page.goto(`${base.origin}/?tenant=${worse.slug}`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    for (const [label, text] of [['E-mail address', worse.email], ['Password', worse.password]])
      await page.getByLabel(label, { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await signedIn(page);
  },
  'by the next answer that says it': async (v) => {
    const other = await chromium.newContext(), page = await other.newPage();
    await others['by the other window']({ newPage: () => page });
    await v.context.addCookies(await other.cookies());
    await other.close();
    await v.page.evaluate(() => { location.hash = '#/silences'; });
  },
};
for (const [how, signIn] of Object.entries(others))
  test(`where somebody else signs in, no page of who was there before goes on, ${how}`, () => visit(chromium, base.origin, async (v, page) => {
    await v.goto(`/?tenant=${calm.slug}`);
    await enter(v, calm);
    await signedIn(page);
    await hash(page, '#/alerts');
    await v.sees('Alerts');
    await remember(page);
    await v.context.clearCookies();
    await signIn(v);
    await anew(page);
    await page.locator('#nav .who').filter({ hasText: worse.name }).waitFor();
  }));

// The last one: it ends the sessions of all before.
test('whoever signs out, or whose session ends, acts nowhere any more', () => as(async (v, page) => {
  await v.goto(`/?acting=${worse.slug}#/overview`);
  await v.sees('Overview');
  const mend = await fail(v, '401', { pattern: '**/api/drift/**' });
  await v.follow('Alerts');
  await v.sees('Sign in');
  assert.equal(await mark(page).count(), 0);
  await mend();
  await v.fill('E-mail address', firm.email);
  await v.fill('Password', firm.password);
  await v.press('Sign in');
  await v.sees('Alerts');
  assert.equal(await mark(page).count(), 1, 'the address says where to go on');
  await toAccount(v);
  await v.press('Sign out everywhere');
  await v.sees('Sign in');
  assert.equal(new URL(page.url()).search, '');
}));
