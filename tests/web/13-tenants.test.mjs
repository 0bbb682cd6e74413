// The platform's tenants: made before one's eyes, suspended, deleted and had back, with what they may have; and what a tenant lets another do in it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base, credentials, sql, until } from '../http/lib/env.mjs';
import { ahead, all, bearer, bsxctl, newTenant, unique } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { lastOf, walkDeeds, walkPages } from './lib/deeds.mjs';
import { enter, session } from './lib/entering.mjs';

const HOSTILE = '<img src=x onerror=alert(1)> \u202e name', SHOWN = '<img src=x onerror=alert(1)> \\u202e name';
let chromium, platform, who, admin, other;

before(async () => {
  chromium = await startChromium();
  platform = await bearer(credentials.platform);
  [who, other] = [newTenant(), newTenant()];
  admin = await bearer(who);
});
after(() => chromium.close());

const ok = (answer) => {
  assert.ok(answer.status < 300, answer.text);
  return answer.json;
};
const get = async (id) => ok(await platform('GET', `/api/tenants/${id}`));
const named = async (slug) => (await all(platform, '/api/tenants')).find((one) => one.slug === slug);

// Signed in as the platform, on the list of tenants.
const asPlatform = (f) => visit(chromium, base.origin, async (v, page) => {
  await v.goto('/?tenant=platform#/tenants');
  await enter(v, credentials.platform);
  await v.sees('Tenants');
  await f(v, page);
});

const there = async () => ({ tenant: await named(newTenant(unique('their')).tenant) });
const put = (body) => ({ tenant }) => platform('PUT', `/api/tenants/${tenant.id}`, { body });
const ofTenant = { there, at: ({ tenant }) => `#/tenants/${tenant.id}`, title: /^Tenant their-/ };
const WHY = 'Planned "so" <b>today</b>', REASON = 'Why? (stands in both audit trails)';
const asked = (press, request, said, effect, more = {}) => ({ ...ofTenant, name: press, open: (v) => v.press(press), values: { [REASON]: WHY }, press, request, said, effect, ...more });
const deeds = [
  asked('Suspend', ['PUT', '**/api/tenants/*'], 'It is suspended.', async ({ tenant }) => assert.deepEqual([(await get(tenant.id)).status, (await get(tenant.id)).status_reason], ['suspended', WHY])),
  asked('Resume', ['PUT', '**/api/tenants/*'], 'It works again.', async ({ tenant }) => assert.equal((await get(tenant.id)).status, 'active'), { begin: put({ status: 'suspended' }) }),
  asked('Delete', ['DELETE', '**/api/tenants/*'], /It is deleted: until it is erased/, async ({ tenant }) => assert.equal((await get(tenant.id)).status, 'deleting'), { open: async (v, { tenant }) => {
    await v.press('Delete');
    await v.fill(`Type ${tenant.slug} to go on`, 'something else');
    await lastOf(v, 'Delete').click();
    await v.alerts(/Type the short name exactly/);
    await v.fill(`Type ${tenant.slug} to go on`, tenant.slug);
  } }),
  asked('Have it back', ['POST', '**/api/tenants/*/undelete'], 'It is back.', async ({ tenant }) => assert.equal((await get(tenant.id)).status, 'active'), { begin: ({ tenant }) => platform('DELETE', `/api/tenants/${tenant.id}`) }),
  { ...ofTenant, name: 'quota', open: (v) => v.page.locator('summary').filter({ hasText: 'What it may have' }).click(), values: { Accounts: '7', 'Requests at once': '' }, press: 'Save', request: ['PUT', '**/api/tenants/*'],
    begin: put({ quota: { requests_per_minute: 600, requests_burst: 60 } }), said: 'It is saved.', effect: async ({ tenant }) => assert.deepEqual((await get(tenant.id)).quota, { users: 7, requests_per_minute: 600 }) },
];

test('each deed of the platform keeps what was typed whatever the API answers, and is done as soon as it can be', () => asPlatform((v) => walkDeeds(v, deeds)));

test('a tenant is made: what it waits for stands there whoever looks, until it is there', () => asPlatform(async (v, page) => {
  assert.equal(sql("SELECT COUNT(*) FROM schema_pool WHERE state = 'ready'"), '0', 'no schema lies ready');
  const slug = unique('made');
  await page.locator('summary').filter({ hasText: 'Make a tenant' }).click();
  await v.fill('Short name', 'Not A Slug');
  await v.fill('Name', HOSTILE);
  await v.fill('E-mail address of its first administrator', `admin@${slug}.example`);
  await v.fill('First password (empty: an invitation is mailed)', 'a long enough password');
  await v.press('Make the tenant');
  await page.locator('.fault').filter({ hasText: /./ }).waitFor();
  await v.fill('Short name', slug);
  await v.press('Make the tenant');
  await v.sees(SHOWN);
  await page.getByRole('heading', { name: 'It is being made' }).waitFor();
  await v.examine('tenant-provisioning');
  await page.locator('.siblings').getByRole('link', { name: 'Tenants' }).click();
  await v.sees('Tenants');
  assert.match(await page.getByRole('row', { name: slug }).innerText(), /being made/);
  await v.examine('tenants');
  await page.getByRole('row', { name: slug }).getByRole('link').click();
  await page.getByRole('heading', { name: 'It is being made' }).waitFor();
  bsxctl('tenant', 'work', '--pool', '0');
  await until('it to be there', async () => { bsxctl('tenant', 'work', '--pool', '0'); return (await named(slug)).status === 'active'; }, 30, 500);
  await page.getByText('It is done.').waitFor();
  assert.ok((await bearer({ tenant: slug, email: `admin@${slug}.example`, password: 'a long enough password' })).token);
}));

test('a tenant lets another act in it until a day and takes that back, and each sees its side', async () => {
  const storageState = await session(chromium, base.origin, who), grantsOf = async (id, direction) => all(admin, `/api/tenants/${id}/grants?direction=${direction}`), own = admin.session.tenant.id;
  const unfold = (v) => v.page.locator('summary').filter({ hasText: 'Let another tenant act here' }).click();
  const give = { name: 'give', there: async () => ({}), at: () => '#/grants', title: 'Grants', open: async (v) => {
    await unfold(v);
    await v.page.getByLabel('auditor', { exact: true }).check();
  }, values: { 'Short name of the tenant': other.tenant, 'Why?': HOSTILE, 'Last day (at most 366 days ahead)': ahead(30).slice(0, 10) }, press: 'Give it', request: ['POST', '**/api/tenants/*/grants'], said: 'It is given: it counts now.', effect: async () => {
    const [one] = await grantsOf(own, 'given');
    assert.deepEqual([one.grantee_tenant, one.roles, one.reason, one.state], [other.tenant, ['auditor'], HOSTILE, 'active']);
  } };
  const take = { name: 'take back', there: async () => ({}), at: () => '#/grants', title: 'Grants', open: (v) => v.page.getByRole('button', { name: /^Take back/ }).click(), press: 'Take back', request: ['DELETE', '**/api/tenants/*/grants/*'],
    said: 'It counts no more.', effect: async () => assert.equal((await grantsOf(own, 'given'))[0].state, 'revoked') };
  await visit(chromium, base.origin, async (v, page) => {
    await walkDeeds(v, [give]);
    await v.goto('/#/grants');
    await v.sees('Grants');
    await page.getByText(SHOWN).waitFor();
    await v.examine('grants');
  }, { storageState });
  await visit(chromium, base.origin, async (v, page) => {
    await v.goto(`/?tenant=${other.tenant}#/grants?direction=received`);
    await enter(v, other);
    await v.sees('Grants');
    assert.match(await page.getByRole('row', { name: who.tenant }).innerText(), /Give up/);
    await v.goto('/#/tenants');
    await v.sees('Your account'); // it is the platform's
    // what is lent is read there, and nothing of it changed
    await v.goto(`/?acting=${who.tenant}#/users`);
    for (const name of ['Users', 'Roles', 'API keys', 'Settings', 'Sign-in', 'Grants', 'Audit']) {
      if (name !== 'Users')
        await page.locator('.siblings').getByRole('link', { name }).click();
      await v.sees(name);
      assert.equal(await page.locator('main details form, main table button, main input[type=checkbox]').count(), 0, name);
    }
  });
  await visit(chromium, base.origin, async (v) => {
    await walkDeeds(v, [take]);
    await walkPages(v, ['#/grants'], '**/api/tenants/**');
  }, { storageState });
});

test('the installation says how it is and what to do about it, and what goes on is drawn', () => asPlatform(async (v, page) => {
  await page.clock.install();
  await v.turn('#/operation');
  await v.sees('Operation');
  const facts = await page.locator('.facts').innerText();
  assert.match(facts, /Database\s+ok[^]*Schemas\s+control \d+, tenants \d+, all \d+[^]*Daemons\s+\d+ within a day, the last word/);
  await v.sooner(page.getByRole('img', { name: /^Requests a second: / }));
  await page.locator('summary').filter({ hasText: 'Requests by route' }).click();
  assert.match(await page.locator('main table').first().innerText(), /\/api\/auth\/me/);
  for (const name of [/^Time of one statement: .* ms, at most /, /^Connections to the database: \d+, at most \d+$/])
    await page.getByRole('img', { name }).waitFor();
  await page.locator('summary').filter({ hasText: 'Statements by what they took' }).click();
  const [name, times, mean, together] = (await page.getByRole('region', { name: 'Statements by what they took' }).locator('tbody tr').first().innerText()).split(/\t/);
  assert.ok(/^[a-z]/.test(name) && Number(times.replaceAll(',', '')) > 0 && / ms$/.test(mean) && / s$/.test(together), `${name} ${times} ${mean} ${together}`);
  await page.locator('summary').filter({ hasText: 'Caches' }).click();
  assert.match(await page.getByRole('region', { name: 'Caches' }).innerText(), /caller\t[\d,]+\t[\d,]+\t[\d.]+ %/);
  assert.match(await page.getByRole('region', { name: 'Long work' }).innerText(), /tenant\.[a-z]+\s+✓ done/);
  await v.examine('operation');
  const answer = (body) => (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) });
  const details = await (await v.context.request.get(`${base.origin}/api/health/details`)).json();
  for (const [what, more, says] of [['behind', { tenants_behind: 2 }, /2 tenants have an older schema\.[^]*bsxctl migrate/], ['no daemon', { driftd_heartbeat_age_ms: -1 }, /No daemon runs[^]*Start driftd/],
    ['silent', { driftd_heartbeat_age_ms: 200000 }, /No daemon has said that it is alive for 4 minutes/], ['database', { database: 'unavailable' }, /The database cannot be reached/], ['full', { database: 'full' }, /has no room left/]]) {
    await v.context.route('**/api/health/details', answer({ ...details, ...more }));
    await v.sooner(page.locator('main .notice.error').filter({ hasText: says }));
    await v.context.unroute('**/api/health/details');
    assert.ok(what);
  }
  await v.context.route('**/metrics', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${(await response.text()).replaceAll(/^bsx_audit_feed_behind.*$/gm, '')}bsx_audit_feed_behind 2\nbsx_audit_feed_behind_seconds 700\n` });
  });
  await v.sooner(page.locator('main .notice.error').filter({ hasText: /2 channels that are told an audit trail have not had all of it for 12 minutes/ }));
  await v.context.unroute('**/metrics');
  // What other tests have mailed waits for a server that is not there, by now perhaps too long.
  await v.context.route('**/api/health/details', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...await response.json(), outbox_pending: 0 } });
  });
  await v.sooner(page.locator('main .notice.good').filter({ hasText: 'Everything runs.' }));
}));
