// The administrator's pages: people, roles, keys, settings and the audit trail; each deed with its effect by the API, and who may see and do what.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { base, credentials, until } from '../http/lib/env.mjs';
import { all, bearer, newChannel, newConfig, newKey, newOnboarding, newTenant, policy, push, unique, withKey } from '../http/lib/people.mjs';
import { startChromium, visit } from './lib/browser.mjs';
import { lastOf, walkDeeds, walkPages } from './lib/deeds.mjs';
import { enter, session } from './lib/entering.mjs';

const HOSTILE = '<img src=x onerror=alert(1)> \u202e name', SHOWN = '<img src=x onerror=alert(1)> \\u202e name';
let chromium, who, admin, storageState, entered = 0;

before(async () => {
  chromium = await startChromium();
  who = newTenant();
});
after(() => chromium.close());
// Who administers must have proved who it is within five minutes; all of these together may take longer.
beforeEach(async () => {
  if (Date.now() - entered < 60000)
    return;
  entered = Date.now();
  admin = await bearer(who);
  storageState = await session(chromium, base.origin, who);
});

const as = (f) => visit(chromium, base.origin, f, { storageState });
const ok = (answer) => {
  assert.ok(answer.status < 300, answer.text);
  return answer.json;
};
const get = async (target) => ok(await admin('GET', target));
const own = () => get(`/api/tenants/${admin.session.tenant.id}`);

async function newUser(roles = ['viewer'], more = {}) {
  const email = `${unique('u')}@${who.tenant}.example`;
  return ok(await admin('POST', '/api/users', { body: { email, display_name: unique('Person'), roles, password: who.password, ...more } }));
}
const newRole = async (permissions = ['read:drift'], more = {}) => ok(await admin('POST', '/api/roles', { body: { name: unique('role'), permissions, ...more } }));
const unfold = (v, title) => v.page.locator('summary').filter({ hasText: title }).first().click();
const tick = (v, label) => v.page.getByLabel(label, { exact: true }).check();

// ---- each deed ---------------------------------------------------------------------------------------

const ofUser = { there: async () => ({ user: await newUser() }), at: ({ user }) => `#/users/${user.id}`, title: /^Person-/, request: ['PUT', '**/api/users/*'] };
const now = ({ user }) => get(`/api/users/${user.id}`);
// One that is asked before.
const asked = (press, request, said, effect, more = {}) => ({ ...ofUser, name: press, open: (v) => v.press(press), press, request, said, effect, ...more });
const ofRole = { there: async () => ({ role: await newRole(['read:drift', 'read:alerts']) }), at: ({ role }) => `#/roles/${role.id}`, title: /^role-/ };
const there = async () => ({});
const URL_1 = 'http://127.0.0.1:9/one', URL_2 = 'http://127.0.0.1:9/two';
const ofChannel = { there: async () => ({ channel: await newChannel(admin, URL_1, { name: unique('channel') }) }), at: ({ channel }) => `#/channels/${channel.id}`, title: /^channel-/ };
const channelOf = async ({ channel }) => (await all(admin, '/api/drift/channels')).find((c) => c.id === channel.id);
const ofRoute = { there: async () => {
  const channel = await newChannel(admin, URL_1, { name: unique('told') });
  return { channel, route: ok(await admin('POST', '/api/drift/routes', { body: { name: unique('route'), match: { min_severity: 'high' }, channels: [channel.id] } })) };
}, at: ({ route }) => `#/routes/${route.id}`, title: /^route-/ };
const ofLink = { there: async () => ({ link: ok(await admin('POST', '/api/drift/onboarding', { body: newOnboarding(who.tenant) })) }), press: 'Take it back', request: ['DELETE', '**/api/drift/onboarding/*'],
  effect: async ({ link }) => assert.equal((await admin('GET', `/api/drift/onboarding/${link.id}`)).status, 404) };
const routeOf = async ({ route }) => (await all(admin, '/api/drift/routes')).find((r) => r.id === route.id);
const twoKeys = async () => [await newKey(admin, ['read:drift'], { name: unique('one') }), await newKey(admin, ['read:drift'], { name: unique('two') })];
const some = (press, nameOf) => async (v, all) => {
  for (const one of all)
    await v.page.getByLabel(`Select: ${nameOf(one)}`).check();
  await v.page.getByText(`${all.length} selected`, { exact: true }).waitFor();
  await v.press(press);
};
const setting = (name, open, values, effect) => ({ name, there, at: () => '#/settings', title: 'Settings', open: async (v) => {
  await unfold(v, open);
  for (const [label, text] of Object.entries(values))
    await v.fill(label, text);
  await v.page.locator('details[open] button[type=submit]').click();
}, press: 'Save', request: ['PUT', '**/api/tenants/*'], said: 'It is saved.', effect });

const deeds = [
  { name: 'invite', there, at: () => '#/users', title: 'Users', values: { 'E-mail address': 'invited@people.example', Name: HOSTILE }, open: async (v) => {
    await unfold(v, 'Invite somebody');
    await tick(v, 'analyst');
    await v.fill('Until when: analyst', '2099-01-31');
  }, press: 'Invite', request: ['POST', '**/api/users'], said: /The invitation to invited@people.example is on its way/, effect: async () => {
    const [made] = await all(admin, '/api/users?q=invited@people.example');
    assert.deepEqual([made.status, made.display_name, made.assignments.map((a) => [a.role, a.until.slice(0, 7)])], ['invited', HOSTILE, [['analyst', '2099-01']]]);
  } },
  { ...ofUser, name: 'rename', open: (v) => unfold(v, 'Change name and address'), values: { Name: HOSTILE }, press: 'Save', said: 'It is saved.', effect: async (t) => assert.equal((await now(t)).display_name, HOSTILE) },
  { ...ofUser, name: 'roles', open: async (v) => {
    await unfold(v, 'Change roles');
    await tick(v, 'auditor');
    await v.press('See what changes');
    await v.page.getByText(/permissions gained, 0 lost/).waitFor();
  }, press: 'Give these roles', said: /The roles are given/, effect: async (t) => assert.deepEqual((await now(t)).roles.sort(), ['auditor', 'viewer']) },
  asked('Disable', ['PUT', '**/api/users/*'], 'The account is disabled.', async (t) => assert.equal((await now(t)).status, 'disabled')),
  asked('Enable', ['PUT', '**/api/users/*'], 'The account may sign in again.', async (t) => assert.equal((await now(t)).status, 'active'),
    { begin: ({ user }) => admin('PUT', `/api/users/${user.id}`, { body: { status: 'disabled' } }) }),
  asked('Unlock', ['POST', '**/api/users/*/unlock'], 'The failed sign-ins are forgotten.', async ({ user }) => assert.equal((await all(admin, `/api/audit?action=user.unlock&target_id=${user.id}`)).length, 1)),
  asked('End all sessions', ['POST', '**/api/users/*/sessions/revoke'], 'All sessions are ended.', async ({ caller }) => assert.equal((await caller('GET', '/api/auth/me')).status, 401), { there: async () => {
    const user = await newUser();
    return { user, caller: await bearer({ ...who, email: user.email }) };
  } }),
  asked('Delete', ['DELETE', '**/api/users/*'], 'The account is deleted.', async ({ user }) => assert.equal((await admin('GET', `/api/users/${user.id}`)).status, 404)),
  { name: 'make a role', there, at: () => '#/roles', title: 'Roles', values: { Name: 'night watch', 'What it is for': HOSTILE }, open: async (v) => {
    await unfold(v, 'Make a role');
    await tick(v, 'manage:alerts');
    await tick(v, 'read:drift');
  }, press: 'Make the role', request: ['POST', '**/api/roles'], said: /The role is made/, effect: async (_, v) => {
    await v.sees('night watch');
    const made = (await all(admin, '/api/roles')).find((r) => r.name === 'night watch');
    assert.deepEqual([made.permissions.sort(), made.description], [['manage:alerts', 'read:drift'], HOSTILE]);
  } },
  { ...ofRole, name: 'change a role', open: async (v) => {
    await v.page.getByLabel('read:alerts', { exact: true }).uncheck();
    await tick(v, 'read:audit');
    await v.press('See who gains and who loses');
    await v.page.getByText('The role gains: read:audit').waitFor();
    assert.match(await v.page.getByRole('row', { name: /^Person-/ }).innerText(), /read:audit\s+read:alerts/);
  }, there: async () => {
    const role = await newRole(['read:drift', 'read:alerts']);
    return { role, user: await newUser([role.name]) };
  }, press: 'Save the role', request: ['PUT', '**/api/roles/*'], said: /The role is saved/, effect: async ({ role }) => assert.deepEqual((await get(`/api/roles/${role.id}`)).permissions.sort(), ['read:audit', 'read:drift']) },
  { ...ofRole, name: 'delete a role', open: async (v) => {
    await v.press('Delete the role');
    await v.page.getByRole('dialog').getByText('Nobody has it.').waitFor();
  }, press: 'Delete the role', request: ['DELETE', '**/api/roles/*'], said: 'The role is deleted.', effect: async ({ role }) => assert.equal((await admin('GET', `/api/roles/${role.id}`)).status, 404) },
  { name: 'revoke a key', there: async () => ({ key: await newKey(admin, ['read:drift']) }), at: () => '#/keys', title: 'API keys', open: (v, { key }) => v.press(`Revoke: ${key.name}`), press: 'Revoke',
    request: ['DELETE', '**/api/api-keys/*'], said: /The key is revoked/, effect: async ({ key }) => assert.equal((await withKey(key.key)('GET', '/api/drift/configs')).status, 401) },
  { name: 'disable some', there: async () => [await newUser(), await newUser()], at: () => '#/users', title: 'Users', open: some('Disable', (u) => u.display_name), press: 'Disable', request: ['PUT', '**/api/users/*'], said: '2 accounts are disabled.',
    effect: async (users) => assert.deepEqual(await Promise.all(users.map(async (user) => (await now({ user })).status)), ['disabled', 'disabled']) },
  { name: 'revoke some keys', there: twoKeys, at: () => '#/keys', title: 'API keys', open: some('Revoke', (k) => k.name), press: 'Revoke', request: ['DELETE', '**/api/api-keys/*'], said: /2 keys are revoked/, effect: async (keys) => {
    for (const { key } of keys)
      assert.equal((await withKey(key)('GET', '/api/drift/configs')).status, 401);
  } },
  setting('sessions', 'How long sessions last', { 'Minutes until a session that is not used ends': '45' }, async () => assert.equal((await own()).settings.session.idle_s, 2700)),
  setting('addresses', 'From where it may be used', { 'Addresses and ranges': '127.0.0.0/8\n::1\n10.0.0.0/8' }, async () => {
    assert.deepEqual((await own()).settings.allowed_addresses, ['127.0.0.0/8', '::1/128', '10.0.0.0/8']);
    ok(await admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { settings: { allowed_addresses: null } } }));
  }),
  setting('history', 'How long history is kept', { 'Days that snapshots are kept': '30', 'Days that reports are kept': '90' }, async () => assert.deepEqual([(await own()).settings.retention.snapshots_s, (await own()).settings.retention.reports_s], [2592000, 7776000])),
  { name: 'set a provider up', there, at: () => '#/providers', title: 'Sign-in', open: async (v) => {
    await unfold(v, 'Set a provider up');
    await v.page.getByLabel('Kind', { exact: true }).selectOption('google');
  }, values: { Name: 'work', 'Client number (client ID)': 'client', 'Roles of its groups': '* => viewer' }, press: 'Set it up', request: ['POST', '**/api/identity-providers'], said: /It is set up/, effect: async () => {
    const [made] = await all(admin, '/api/identity-providers');
    assert.deepEqual([made.kind, made.client_id, made.role_map], ['google', 'client', { '*': 'viewer' }]);
  } },
  { name: 'remove a provider', there: async () => ({ provider: (await all(admin, '/api/identity-providers'))[0] }), at: ({ provider }) => `#/providers/${provider.id}`, title: 'work', open: (v) => v.press('Remove'), press: 'Remove',
    request: ['DELETE', '**/api/identity-providers/*'], said: 'It is removed.', effect: async () => assert.deepEqual(await all(admin, '/api/identity-providers'), []) },
  { name: 'make a channel', there, at: () => '#/channels', title: 'Channels', values: { Name: HOSTILE, 'E-mail address': 'soc@people.example' }, open: async (v) => {
    await unfold(v, 'Make a channel');
    await v.page.getByLabel('Kind', { exact: true }).selectOption('email');
  }, press: 'Make the channel', request: ['POST', '**/api/drift/channels'], said: /The channel is made/, effect: async (_, v) => {
    await v.sees(SHOWN);
    assert.deepEqual((await all(admin, '/api/drift/channels')).map((c) => [c.name, c.kind, c.to, c.values]), [[HOSTILE, 'email', 'soc@people.example', false]]);
  } },
  { ...ofChannel, name: 'change a channel', values: { Name: 'renamed' }, open: (v) => unfold(v, 'Change it'), press: 'Save', request: ['PUT', '**/api/drift/channels/*'], said: 'It is saved.',
    effect: async (t) => assert.deepEqual([(await channelOf(t)).name, (await channelOf(t)).url], ['renamed', URL_1]) },
  { ...ofChannel, name: 'delete a channel', open: (v) => v.press('Delete'), press: 'Delete', request: ['DELETE', '**/api/drift/channels/*'], said: 'The channel is deleted.', effect: async (t) => assert.equal(await channelOf(t), undefined) },
  { ...ofChannel, name: 'slow a channel down', values: { 'Messages a minute at most (empty: that of its kind)': '30', 'At once after a rest': '5' }, open: (v) => unfold(v, 'Change it'), press: 'Save', request: ['PUT', '**/api/drift/channels/*'], said: 'It is saved.',
    effect: async (t) => assert.deepEqual((await channelOf(t)).rate, { per_minute: 30, burst: 5 }) },
  { name: 'make a route', there, at: () => '#/routes', title: 'Routes', values: { Name: HOSTILE, 'Categories, one on each line': 'a b\nc', 'Only in these hours, one on each line': 'mon-fri 08:00-18:00 Europe/Berlin' }, open: (v) => unfold(v, 'Make a route'),
    press: 'Make the route', request: ['POST', '**/api/drift/routes'], said: /The route is made/, effect: async () => {
      const made = (await all(admin, '/api/drift/routes')).at(-1);
      assert.deepEqual([made.name, made.match, made.channels], [HOSTILE, { categories: ['a b', 'c'], hours: ['mon-fri 08:00-18:00 Europe/Berlin'] }, []]);
    } },
  { ...ofRoute, name: 'steps of a route', values: { 'Least seconds between messages in which only a number has changed (empty: 300)': '600' }, open: async (v, { channel }) => {
    await unfold(v, 'Change it');
    for (const minutes of ['10', '20', '30']) {
      await v.press('Add a step');
      await v.page.getByLabel('Minutes after the alert has opened').last().fill(minutes);
      await v.page.getByLabel(channel.name).last().check();
    }
    await v.page.getByRole('button', { name: 'Take this step out' }).nth(1).click();
    await v.page.getByLabel('Again every so many minutes (empty: once)').last().fill('5');
    await v.page.getByLabel('At most so often').last().fill('x');
    await v.press('Save');
    await v.page.locator('.fault').filter({ hasText: /./ }).waitFor();
    await v.page.getByLabel('At most so often').last().fill('2');
    await tick(v, 'they hear of the end of single findings');
  }, press: 'Save', request: ['PUT', '**/api/drift/routes/*'], said: 'It is saved.', effect: async (t) => {
    const now = await routeOf(t);
    assert.deepEqual([now.escalate.map((s) => [s.after_s, s.channels[0], s.repeat_s ?? 0, s.repeats ?? 0]), now.match, now.tell_ends, now.repeat_min_s], [[[600, t.channel.id, 0, 0], [1800, t.channel.id, 300, 2]], { min_severity: 'high' }, true, 600]);
  } },
  { name: 'make a link for a customer', there, at: () => '#/onboarding', title: 'Onboarding', open: (v) => unfold(v, 'Make a link'), values: { Directory: 'customer.example', 'Application (client) ID': 'app "1"', 'Client secret': 'not told <again>', 'Days that the link counts': '3' },
    press: 'Make the link', request: ['POST', '**/api/drift/onboarding'], said: /^Give it to an administrator of the directory of/, effect: async (_, v) => {
      const [made] = await all(admin, '/api/drift/onboarding'), link = await v.page.getByLabel('Link', { exact: true }).innerText();
      assert.deepEqual([made.tenant, made.directory, made.packs, made.state, Math.round((Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86400000)], [who.tenant, 'customer.example', ['entra'], 'waiting', 3]);
      assert.match(link, /^https:\/\/[^/]+\/customer\.example\/.*adminconsent\?/);
      assert.doesNotMatch(JSON.stringify(made) + link, /not told/);
      await v.page.getByLabel(/^I have kept it/).check();
      await v.press('Continue');
      await v.page.getByRole('row', { name: 'customer.example' }).first().waitFor();
    } },
  { ...ofLink, name: 'take a link back', at: ({ link }) => `#/onboarding/${link.id}`, title: /^Onboarding of /, open: (v) => v.press('Take it back'), said: 'The link is taken back.' },
  { ...ofLink, name: 'take some links back', at: () => '#/onboarding', title: 'Onboarding', open: async (v, { link }) => {
    await v.page.getByLabel(new RegExp(`^Select: .*${link.directory}`)).check();
    await v.press('Take it back');
  }, said: 'The link is taken back.' },
  { ...ofRoute, name: 'delete a route', open: (v) => v.press('Delete'), press: 'Delete', request: ['DELETE', '**/api/drift/routes/*'], said: 'The route is deleted.', effect: async (t) => assert.equal(await routeOf(t), undefined) },
];

test('each deed keeps what was typed whatever the API answers, says what it was, and is done as soon as it can be', () => as((v) => walkDeeds(v, deeds)));

test('of some that a deed is done for one by one, each says what came of it, and what was refused is tried again alone', () => as(async (v, page) => {
  const keys = [...await twoKeys(), ...await twoKeys()], sent = [], dialog = page.getByRole('dialog');
  const left = async () => (await all(admin, '/api/api-keys')).filter((k) => keys.some(({ id }) => id === k.id)).map((k) => k.name);
  await v.goto('/#/keys');
  await v.sees('API keys');
  await page.getByLabel('Select all that are here').check();
  await page.getByLabel('Select all that are here').uncheck();
  assert.equal(await page.locator('main :is(td, th) input:checked').count(), 0);
  for (const { name } of keys)
    await page.getByLabel(`Select: ${name}`).check();
  await page.getByText('4 selected', { exact: true }).waitFor();
  await v.examine('keys-selected');
  let why = { status: 409, code: 'conflict', detail: 'It is <b>held</b>.' };
  await v.context.route('**/api/api-keys/*', (route) => {
    sent.push(route.request().url().split('/').pop());
    return [keys[1].id, keys[2].id].includes(sent.at(-1)) && why !== null ? route.fulfill({ status: why.status, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: 'R', ...why }) }) : route.fallback();
  });
  await v.press('Revoke');
  await page.getByText('Revoke 4 keys?').waitFor();
  await lastOf(v, 'Revoke').click();
  await dialog.getByText('2 of 4 are done.').waitFor();
  assert.deepEqual((await dialog.locator('li').allInnerTexts()).map((text) => /^(one|two)/.exec(text)[0]).sort(), ['one', 'two']);
  assert.ok((await dialog.locator('li').first().innerText()).endsWith('It is <b>held</b>.'));
  await v.examine('keys-refused');
  assert.deepEqual([sent.length, (await left()).sort()], [4, [keys[1].name, keys[2].name].sort()]);
  // where all would fare alike, the others are not tried
  why = { status: 429, code: 'rate_limited' };
  await lastOf(v, 'Revoke').click();
  await v.alerts(/Too many requests/);
  assert.equal(sent.length, 5);
  // who goes away from it sees what is done
  await lastOf(v, 'Cancel').click();
  await page.getByText('2 of 4 are done.').waitFor();
  assert.equal(await page.getByLabel(`Select: ${keys[0].name}`).count(), 0);
  why = null;
  await some('Revoke', (k) => k.name)(v, [keys[1], keys[2]]);
  await lastOf(v, 'Revoke').click();
  await page.getByText(/2 keys are revoked/).first().waitFor();
  assert.deepEqual(await left(), []);
}));

test('where an alert would go, and why, is shown for one that there is and one that is imagined; and the order is changed by hand', () => as(async (v, page) => {
  for (const { id } of await all(admin, '/api/drift/routes'))
    assert.equal((await admin('DELETE', `/api/drift/routes/${id}`)).status, 204);
  const { route, channel } = await ofRoute.there(), config = await newConfig(admin);
  await ofRoute.there();
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, { state: 'disabled' })]);
  await v.goto('/#/routes');
  await v.sees('Routes');
  await unfold(v, 'Make a route');
  await v.press('Add a step');
  await unfold(v, 'Where would an alert go, and why?');
  await v.press('Look');
  await page.getByText('1 alert looked at.').waitFor();
  assert.match(await page.locator('main').innerText(), new RegExp(`${route.name}: fits, and ends here[^]*${channel.name} is told, by ${route.name}`));
  await page.getByLabel('Which alert?').selectOption('imagined');
  await page.getByLabel('Severity', { exact: true }).selectOption('low');
  await v.press('Look');
  await page.getByText(`${route.name}: does not fit: its severity is too low`).waitFor();
  await v.examine('routes');
  const order = async () => (await all(admin, '/api/drift/routes')).map((r) => r.id), was = await order();
  await v.press(`Down: ${route.name}`);
  await page.getByText('The routes stand in another order.').waitFor();
  assert.deepEqual(await order(), [...was].reverse());
  assert.equal((await admin('PUT', '/api/drift/routes/order', { body: { ids: was } })).status, 204);
  const [alert] = await all(admin, `/api/drift/alerts?config_id=${config.id}`);
  await v.goto(`/#/alerts/${alert.id}`);
  await v.sees(/: state /);
  await unfold(v, 'Where does this go, and why?');
  await page.getByText(`${channel.name} is told, by ${route.name}`).waitFor();
}));

test('each page says what is wrong with the API, and comes back', () => as(async (v) => {
  const user = await newUser(), role = await newRole();
  await walkPages(v, ['#/users', `#/users/${user.id}`, '#/roles', `#/roles/${role.id}`, '#/keys', '#/settings', '#/providers', '#/audit', '#/onboarding'], /\/api\/(drift\/onboarding|identity-providers|users|roles|permissions|api-keys|tenants|audit)\b/);
}));

// ---- what is shown -----------------------------------------------------------------------------------

test('whatever things are called stands as text, at every width and in both themes', () => as(async (v, page) => {
  const config = await newConfig(admin, { name: HOSTILE }), role = await newRole(['read:drift', 'read:alerts'], { name: `${HOSTILE} r`, description: HOSTILE.repeat(8) });
  const user = await newUser([role.name], { display_name: HOSTILE });
  await newKey(admin, ['write:snapshots'], { name: HOSTILE, kind: 'service', expires_at: new Date(Date.now() + 86400000).toISOString(), config_ids: [config.id], allowed_addresses: ['10.0.0.0/8'] });
  ok(await admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { name: HOSTILE } }));
  for (const [hash, title, open] of [['#/users', 'Users', 'Invite somebody'], [`#/users/${user.id}`, SHOWN, 'Change roles'], ['#/roles', 'Roles', 'Make a role'], [`#/roles/${role.id}`, `${SHOWN} r`],
    ['#/keys', 'API keys', 'Make a key'], ['#/settings', 'Settings', 'From where it may be used'], ['#/audit?action=user.create', 'Audit', 'Details']]) {
    await v.goto(`/${hash}`);
    await v.sees(title);
    if (open)
      await unfold(v, open);
    assert.ok((await page.locator('main').innerText()).includes(SHOWN), `${hash}: ${await page.locator('main').innerText()}`);
    assert.equal(await page.locator('main img').count(), 0);
    await v.examine(hash);
  }
  const { link } = await ofLink.there();
  for (const [hash, title] of [['#/onboarding', 'Onboarding'], [`#/onboarding/${link.id}`, /^Onboarding of /]]) {
    await v.goto(`/${hash}`);
    await v.sees(title);
    await v.examine(hash);
  }
  await v.goto(`/#/users/${user.id}`);
  await v.sees(SHOWN);
  await v.press('Delete');
  await page.getByRole('heading', { name: `Delete ${SHOWN}?` }).waitFor();
  await v.examine('user-delete');
  ok(await admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { name: who.tenant } }));
}));

test('a key is made with what was ticked, shown once, and is nowhere afterwards', () => as(async (v, page) => {
  const config = await newConfig(admin);
  await v.goto('/#/keys');
  await v.sees('API keys');
  await unfold(v, 'Make a key');
  assert.equal(await page.getByLabel('create:api_keys', { exact: true }).count(), 0, 'no key makes keys');
  assert.equal(await page.getByLabel('update:users', { exact: true }).count(), 0);
  await page.getByLabel('Kind', { exact: true }).selectOption('administrative');
  await page.getByLabel('update:users', { exact: true }).waitFor();
  await page.getByLabel('Kind', { exact: true }).selectOption('service');
  await v.fill('What is it used for?', HOSTILE);
  await v.fill('Only from these addresses (empty: from everywhere)', 'nowhere');
  await v.press('Make the key');
  await page.getByText(/at least 1/).first().waitFor();
  await tick(v, 'read:drift');
  await v.press('Make the key');
  await page.locator('.fault').filter({ hasText: /address/ }).waitFor();
  await v.fill('Only from these addresses (empty: from everywhere)', '127.0.0.0/8, ::1');
  await v.press('Make the key');
  await v.sees('Your new key');
  const key = await page.getByLabel('Key', { exact: true }).innerText(), as = withKey(key);
  await v.examine('key-made');
  assert.deepEqual([(await as('GET', '/api/drift/configs')).status, (await as('GET', '/api/users')).status], [200, 403]);
  await v.press('Continue');
  await v.alerts(/tick the box/);
  await tick(v, 'I have kept it.');
  await v.press('Continue');
  await v.sees('API keys');
  const [, , secret] = /^(.{24})(.*)$/.exec(key);
  const kept = await page.evaluate(() => JSON.stringify([location.href, document.documentElement.outerHTML, history.state, { ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.ok(secret.length > 20 && !kept.includes(secret));
  await unfold(v, 'Make a key');
  await v.fill('What is it used for?', 'pushes');
  await tick(v, config.name);
  await v.press('Make the key');
  await v.sees('Your new key');
  const made = (await all(admin, '/api/api-keys')).find((k) => k.name === 'pushes');
  assert.deepEqual([made.kind, made.scopes, made.config_ids], ['service', ['write:snapshots'], [config.id]]);
}));

test('a channel of each kind is made with what it needs; a secret is shown once, also of another address, and of a wish', () => as(async (v, page) => {
  const kinds = { webhook: URL_1, slack: URL_1, teams: URL_1, pagerduty: '', cloudevents: URL_1, alertmanager: URL_1, template: URL_1, syslog: 'udp://127.0.0.1:9' };
  for (const [kind, url] of Object.entries(kinds)) {
    const name = unique(kind);
    await v.goto('/#/channels');
    await v.sees('Channels');
    await unfold(v, 'Make a channel');
    await v.fill('Name', name);
    await page.getByLabel('Kind', { exact: true }).selectOption(kind);
    if (url)
      await v.fill('Address (https://…)', url);
    if (kind === 'pagerduty')
      await v.fill('Integration key', '0123456789abcdef0123456789abcdef');
    if (kind === 'template') {
      await v.fill('Body', '{"text": "%alert.title%"}');
      await v.fill('Headers', 'Authorization: Bearer abc:def\nX-Two: 2');
      await tick(v, 'values of what changed, too: whoever reads there sees them');
      await v.examine('channel-template');
    }
    await v.press('Make the channel');
    if (['webhook', 'cloudevents'].includes(kind)) {
      await v.sees('The signing secret');
      assert.match(await page.getByLabel('Secret', { exact: true }).innerText(), /^whsec_/);
      await tick(v, 'I have kept it.');
      await v.press('Continue');
    }
    await v.sees(name);
    const made = (await all(admin, '/api/drift/channels')).find((c) => c.name === name);
    assert.deepEqual([made.kind, made.values, made.has_headers ?? false], [kind, kind === 'template', kind === 'template'], kind);
  }
  const channel = await newChannel(admin, URL_1), once = async () => {
    await v.sees('The signing secret');
    const secret = await page.getByLabel('Secret', { exact: true }).innerText();
    await tick(v, 'I have kept it.');
    await v.press('Continue');
    await v.sees(channel.name);
    return secret;
  };
  await v.goto(`/#/channels/${channel.id}`);
  await v.sees(channel.name);
  await unfold(v, 'Change it');
  await v.fill('Address (https://…)', URL_2);
  await v.press('Save');
  const second = await once();
  assert.equal((await channelOf({ channel })).url, URL_2);
  await v.press('New secret');
  await v.fill('Hours that the former one signs too (0: none)', 'some');
  await lastOf(v, 'New secret').click();
  await page.locator('.fault').filter({ hasText: /./ }).waitFor();
  await v.fill('Hours that the former one signs too (0: none)', '2');
  await lastOf(v, 'New secret').click();
  const third = await once();
  assert.equal(new Set([channel.secret, second, third]).size, 3);
  assert.ok(Date.parse((await channelOf({ channel })).former_secret_until) > Date.now());
  await newConfig(admin, { alerts: [{ channel_id: channel.id }] });
  await v.press('Delete');
  await lastOf(v, 'Delete').click();
  await v.alerts(/This is still in use.*/s);
}));

test('what is used of what is allowed has a bar, and what is nearly full a sign', () => as(async (v, page) => {
  const platform = await bearer(credentials.platform), tenant = admin.session.tenant.id, quota = (q) => platform('PUT', `/api/tenants/${tenant}`, { body: { quota: q } });
  const { usage } = await own();
  ok(await quota({ users: 1000, api_keys: usage.api_keys, storage_bytes: 1000000000 }));
  await v.goto('/#/settings');
  await v.sees('Settings');
  assert.deepEqual(await page.getByRole('progressbar').evaluateAll((bars) => bars.map((b) => b.getAttribute('aria-label'))), ['Accounts', 'API keys', 'Stored']);
  assert.match(await page.locator('.facts').first().innerText(), new RegExp(`${usage.users} of 1,000 .*${usage.api_keys} of ${usage.api_keys} \\(100 %\\) ▲ full.*Configs\\s+\\d+, no limit`, 's'));
  ok(await quota({ users: null, api_keys: null, storage_bytes: null }));
}));

test('the trail is found in the address, verified, and taken along; one that was changed is told', () => as(async (v, page) => {
  const user = await newUser();
  await v.goto('/#/audit');
  await v.sees('Audit');
  await v.fill('What (such as user.update)', 'user.create');
  await v.fill('Who (name or number)', who.email);
  await v.press('Show');
  const rows = await all(admin, `/api/audit?action=user.create&actor=${encodeURIComponent(who.email)}`);
  await until('the entries that were asked for', async () => await page.locator('tbody tr').count() === Math.min(50, rows.length));
  await page.getByRole('link', { name: user.id }).waitFor();
  assert.match(page.url(), /#\/audit\?actor=.*&action=user\.create$/);
  await v.press('Verify the trail');
  await page.locator('.notice').filter({ hasText: /entries are as written, and none is missing/ }).waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), v.press('Save these as a file')]);
  const lines = (await (await file.createReadStream()).toArray()).join('').trim().split('\n');
  assert.equal(JSON.parse(lines.at(-1)).target_id, user.id);
  await page.getByText(/The file is saved/).waitFor();
  const part = { ok: true, entries: 100000, head: { seq: 150000, mac: '' }, broken_at: 0, proven: 0, next_after: 100000 };
  await v.context.route('**/api/audit/verify?*', (route) => route.fulfill({ contentType: 'application/json',
    body: JSON.stringify(route.request().url().includes('after=0&') ? part : { ...part, ok: false, entries: 7, broken_at: 100008, next_after: undefined, detail: 'An entry was altered.' }) }));
  await v.press('Verify the trail');
  await page.getByText('Entry number 100,008 does not fit. An entry was altered.').first().waitFor();
  await v.goto('/#/audit?since=never&until=2020-01-01');
  await v.sees('Audit');
  await page.getByText('There is none.').waitFor();
  await v.follow('Roles');
  await v.sees('Roles');
  const [review] = await Promise.all([page.waitForEvent('download'), v.press('Save who has what as a file')]);
  assert.equal(review.suggestedFilename(), 'access-review.csv');
}));

// ---- who may do what ---------------------------------------------------------------------------------

test('who may do less sees less, and what is more than they hold is marked and not given', async () => {
  const user = await newUser(['user_manager']), boss = await newUser(['admin']), auditor = await newUser(['auditor']), mine = await newRole(['*:users', 'read:roles'], { name: `held ${unique('r')}` });
  await visit(chromium, base.origin, async (v, page) => {
    await v.goto(`/?tenant=${who.tenant}#/users/${boss.id}`);
    await enter(v, { ...who, email: user.email });
    await v.sees(boss.display_name);
    await page.getByText('This person may do more than you').waitFor();
    assert.equal(await page.locator('main button, main form').count(), 0);
    assert.deepEqual(await page.locator('.siblings a').allInnerTexts(), ['Users', 'Roles']);
    await v.follow('Users');
    await v.sees('Users');
    await unfold(v, 'Invite somebody');
    assert.deepEqual([await page.getByLabel('admin', { exact: true }).isDisabled(), await page.getByLabel('user_manager', { exact: true }).isDisabled()], [true, false]);
    await v.follow('Roles');
    await v.sees('Roles');
    assert.match(await page.getByRole('row', { name: /^admin/ }).innerText(), /holds more than you do/);
    await v.follow(mine.name);
    await v.sees(mine.name);
    assert.equal(await page.locator('main button, main form').count(), 0);
    await v.goto('/#/keys');
    await v.sees('Your account');
    // what the page would let through, the server does not
    await v.context.route('**/api/roles?*', async (route) => {
      const answer = await (await route.fetch()).json();
      return route.fulfill({ contentType: 'application/json', body: JSON.stringify({ ...answer, items: answer.items.map((r) => ({ ...r, permissions: [] })) }) });
    });
    await v.goto(`/#/users/${auditor.id}`);
    await v.sees(auditor.display_name);
    await v.press('Disable');
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await v.alerts(/You cannot give a permission that you do not have yourself|may do more than you/);
    assert.equal((await get(`/api/users/${auditor.id}`)).status, 'active');
  });
  await visit(chromium, base.origin, async (v, page) => {
    await v.goto(`/?tenant=${who.tenant}#/users`);
    await enter(v, { ...who, email: auditor.email });
    for (const name of ['Users', 'Roles', 'API keys', 'Settings', 'Audit']) {
      await v.sees(name);
      assert.equal(await page.locator('main details form, main table button, main input[type=checkbox]').count(), 0, name);
      if (name !== 'Audit')
        await page.locator('.siblings').getByRole('link', { name: { Users: 'Roles', Roles: 'API keys', 'API keys': 'Settings', Settings: 'Audit' }[name] }).click();
    }
  });
});

test('a role that holds more than the viewer is not changed, and only what is held can be ticked', async () => {
  const editor = await newRole(['read:*', 'update:roles', 'create:roles']), user = await newUser([editor.name]), wide = await newRole(['delete:drift']), narrow = await newRole(['read:*', 'read:drift']);
  await visit(chromium, base.origin, async (v, page) => {
    await v.goto(`/?tenant=${who.tenant}#/roles/${wide.id}`);
    await enter(v, { ...who, email: user.email });
    await v.sees(wide.name);
    await page.getByText('It holds more than you do').waitFor();
    assert.equal(await page.locator('main form').count(), 0);
    await v.goto(`/#/roles/${narrow.id}`);
    await v.sees(narrow.name);
    assert.equal(await page.getByLabel('update:drift', { exact: true }).count(), 0);
    // a wildcard stays one while all that it stands for is ticked
    const asked = page.waitForRequest('**/preview?*');
    await tick(v, 'update:roles');
    await v.press('See who gains and who loses');
    assert.deepEqual((await asked).postDataJSON(), { permissions: ['read:*', 'read:drift', 'update:roles'] });
    await v.press('Save the role');
    await page.getByText(/The role is saved/).waitFor();
    await page.getByLabel('read:audit', { exact: true }).uncheck();
    await v.press('See who gains and who loses');
    await page.getByText('The role loses: read:audit').waitFor();
    await v.answered('PUT', () => v.press('Save the role'));
    await page.getByText(/The role is saved/).first().waitFor();
  });
  const { permissions } = await get(`/api/roles/${narrow.id}`);
  assert.ok(permissions.includes('read:drift') && permissions.includes('update:roles') && !permissions.includes('read:*') && !permissions.includes('read:audit'), permissions.join());
});

test('a proof is asked for above the page, and who was slower than somebody else changes nothing', () => as(async (v, page) => {
  const user = await newUser();
  await v.context.route('**/api/users/*/unlock', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title: 'F', status: 403, code: 'step_up_required', methods: ['password'] }) }), { times: 1 });
  await v.goto(`/#/users/${user.id}`);
  await v.sees(user.display_name);
  await v.press('Unlock');
  await page.getByRole('dialog').getByRole('button', { name: 'Unlock' }).click();
  await v.fill('Password', who.password);
  await v.press('Continue');
  await page.getByText('The failed sign-ins are forgotten.').waitFor();
  ok(await admin('PUT', `/api/users/${user.id}`, { body: { display_name: 'Renamed meanwhile' } }));
  await v.press('Disable');
  await lastOf(v, 'Disable').click();
  await v.alerts(/Somebody changed this meanwhile.*display_name: .* → Renamed meanwhile/s);
  assert.equal((await get(`/api/users/${user.id}`)).status, 'active');
  await lastOf(v, 'Disable').click();
  await page.getByText('The account is disabled.').waitFor();
  const is = await get(`/api/users/${user.id}`);
  assert.deepEqual([is.status, is.display_name], ['disabled', 'Renamed meanwhile']);
  // what was typed stays, and what somebody else has changed besides stays too
  const put = (settings) => admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { settings } });
  await v.goto('/#/settings');
  await v.sees('Settings');
  await unfold(v, 'How mail is sent');
  await v.fill('Name of the sender', 'Typed Ltd');
  ok(await put({ password: { min_length: 13 }, notifications: { from_name: 'Faster Ltd' } }));
  await page.locator('details[open] button[type=submit]').click();
  await v.alerts(/settings\.password\.min_length: \d+ → 13/);
  await v.alerts(/settings\.notifications\.from_name: nothing → Faster Ltd/);
  assert.deepEqual([await page.getByLabel('Name of the sender', { exact: true }).inputValue(), (await own()).settings.notifications.from_name], ['Typed Ltd', 'Faster Ltd']);
  await v.examine('changed-meanwhile');
  await page.locator('details[open] button[type=submit]').click();
  await page.getByText('It is saved.').waitFor();
  const now = (await own()).settings;
  assert.deepEqual([now.notifications.from_name, now.password.min_length], ['Typed Ltd', 13]);
  ok(await put({ password: null, notifications: null }));
}));

test('that less needs a second person waits for one: who has asked takes it back, and another confirms or declines it', () => as(async (v, page) => {
  const other = ok(await admin('POST', '/api/users', { body: { email: `${unique('u')}@${who.tenant}.example`, display_name: 'The other', roles: ['admin'], password: who.password } }));
  const second = await bearer({ ...who, email: other.email }), put = (by, accept) => by('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { settings: { four_eyes: { accept_from: accept } } } });
  const state = async () => { const is = await own(); return [is.settings.four_eyes.accept_from, is.four_eyes_pending?.accept_from]; };
  const choose = async (choice) => {
    await unfold(v, 'What needs a second person');
    await page.getByLabel('Who accepts this needs a second person').selectOption(choice);
    await page.locator('details[open] button[type=submit]').click();
    await lastOf(v, 'Save').click();
  };
  const press = async (deed, said) => {
    await v.press(deed);
    if (deed !== 'Confirm this')
      await lastOf(v, deed).click();
    await page.getByText(said).first().waitFor();
  };
  await v.goto('/#/settings');
  await v.sees('Settings');
  await choose('medium');
  await page.getByText('It is saved.').waitFor();
  await choose('high');
  await page.getByText('It waits until a second administrator has confirmed it.').first().waitFor();
  assert.deepEqual(await state(), ['medium', 'high']);
  assert.equal(await page.getByRole('button', { name: 'Confirm this' }).count(), 0);
  await v.examine('settings-second');
  await press('Take this back', 'It is taken back.');
  assert.deepEqual(await state(), ['medium', undefined]);
  ok(await put(second, 'critical'));
  await v.goto('/#/users');
  await v.sees('Users');
  await v.goto('/#/settings');
  await v.sees('Settings');
  await page.getByText(`${other.email} has asked that, in place of “medium or worse”`).or(page.getByText('The other has asked that, in place of “medium or worse”')).waitFor();
  // another wish came in its place: nothing is confirmed that nobody has seen
  ok(await put(second, null));
  await press('Confirm this', 'Somebody changed this meanwhile: here is what is so now.');
  assert.equal((await state())[0], 'medium');
  await press('Decline this', 'It is declined: nothing has changed.');
  assert.deepEqual(await state(), ['medium', undefined]);
  ok(await put(second, null));
  await v.goto('/#/users');
  await v.sees('Users');
  await v.goto('/#/settings');
  await v.sees('Settings');
  await press('Confirm this', 'It is confirmed, and counts from now on.');
  assert.deepEqual(await state(), [null, undefined]);
}));

// ---- no member without a form ------------------------------------------------------------------------

// What no form has, and why.
const elsewhere = { channels: {}, channel: { '/kind': 'never changes', '/status': 'buttons of its own', '/former_secret_s': 'asked with a new secret' }, routes: { '/before': 'moved up and down in the list' },
  route: { '/before': 'moved up and down in the list' }, settings: { '/rate_limits': 'by names of routes: an expert’s, by the API' } };

const resolve = (document, schema) => (schema.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema);

// The members of a body by their places; of a list those of what is in it.
function membersOf(document, schema, at = '') {
  const s = resolve(document, schema), parts = [...(s.anyOf ?? s.oneOf ?? s.allOf ?? []), s.items].filter(Boolean);
  const inside = [...Object.entries(s.properties ?? {}).flatMap(([name, member]) => membersOf(document, member, `${at}/${name}`)), ...parts.flatMap((part) => membersOf(document, part, at))];
  return inside.length > 0 ? inside.filter((one) => one !== at || s.properties === undefined) : [at];
}
const isBranch = (one, all) => all.some((other) => other.startsWith(`${one}/`));
const placesOf = (value, at = '') => (value !== null && typeof value === 'object' && Object.keys(value).length > 0 ? Object.entries(value).flatMap(([name, v]) => placesOf(v, Array.isArray(value) ? at : `${at}/${name}`)) : [at]);

// Everything in a form is otherwise than it was.
const touch = (form) => {
  for (const e of form.querySelectorAll('input, select, textarea')) {
    if (e.type === 'checkbox')
      e.checked = !e.checked;
    else if (e.tagName === 'SELECT')
      e.value = [...e.options].map((o) => o.value).findLast((value) => value !== '' && value !== e.value) ?? e.value;
    else
      e.value = e.inputMode === '' ? `${e.value}x` : String(Number(e.value) + 61);
  }
};

test('each member that the API takes of channels, routes and settings is in a form, or has a reason', () => as(async (v, page) => {
  const document = await get('/api/openapi.json'), sent = Object.fromEntries(Object.keys(elsewhere).map((name) => [name, new Set()]));
  const schemaOf = (method, target) => document.paths[target][method].requestBody.content['application/json'].schema, inSettings = (one) => one.startsWith('/settings/');
  const takes = { channels: membersOf(document, schemaOf('post', '/api/drift/channels')), channel: membersOf(document, schemaOf('put', '/api/drift/channels/{id}')), routes: membersOf(document, schemaOf('post', '/api/drift/routes')),
    route: membersOf(document, schemaOf('put', '/api/drift/routes/{id}')), settings: membersOf(document, schemaOf('put', '/api/tenants/{id}')).filter(inSettings).map((one) => one.replace('/settings', '')) };
  let heard = null;
  const hear = (route) => {
    if (!['POST', 'PUT'].includes(route.request().method()))
      return route.fallback();
    heard?.(route.request().postDataJSON());
    return route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: 'U', status: 503, code: 'unavailable' }) });
  };
  await v.context.route(/\/api\/(drift\/(channels|routes)|tenants)\b/, hear);
  const send = async (name, form) => {
    await form.evaluate(touch);
    const body = new Promise((done) => { heard = done; });
    await form.locator('button[type=submit]').click();
    const question = page.getByRole('dialog');
    if (await Promise.race([body, question.waitFor().then(() => 'asked', () => null)]) === 'asked')
      await question.getByRole('button', { name: 'Save' }).click();
    const said = await body;
    for (const place of placesOf(name === 'settings' ? said.settings ?? {} : said))
      sent[name].add(place);
    await v.alert().first().waitFor();
    if (await question.count() > 0)
      await question.getByRole('button', { name: 'Cancel' }).click();
  };
  const view = async (hash, title) => {
    await v.goto(`/${hash}`);
    await v.sees(title);
  };
  const opened = page.locator('details[open] form').first();
  await view('#/channels', 'Channels');
  await unfold(v, 'Make a channel');
  const kinds = resolve(document, schemaOf('post', '/api/drift/channels')).properties.kind.enum;
  assert.deepEqual(await page.locator('#channel-kind option').evaluateAll((all) => all.map((o) => o.value).sort()), [...kinds].sort());
  for (const kind of kinds) {
    await page.getByLabel('Kind', { exact: true }).selectOption(kind);
    await send('channels', opened);
  }
  const more = { webhook: { url: URL_1 }, email: { to: 'a@people.example' }, pagerduty: { secret: '0123456789abcdef0123456789abcdef' }, syslog: { url: 'udp://127.0.0.1:9' }, template: { url: URL_1, template: '{}' } };
  for (const [kind, body] of Object.entries(more)) {
    const made = ok(await admin('POST', '/api/drift/channels', { body: { name: unique(kind), kind, ...body } }));
    await view(`#/channels/${made.id}`, made.name);
    await unfold(v, 'Change it');
    await send('channel', opened);
  }
  await newConfig(admin);
  await view('#/routes', 'Routes');
  await unfold(v, 'Make a route');
  await v.press('Add a step');
  await send('routes', opened);
  const { route } = await ofRoute.there();
  await view(`#/routes/${route.id}`, route.name);
  await unfold(v, 'Change it');
  await v.press('Add a step');
  await send('route', opened);
  await view('#/settings', 'Settings');
  const groups = page.locator('details.deed'), n = await groups.count();
  for (let i = 1; i < n; i++) {
    await groups.nth(i).locator('summary').click();
    await send('settings', groups.nth(i).locator('form'));
    await groups.nth(i).locator('summary').click();
  }
  for (const [name, all] of Object.entries(takes)) {
    const leaves = [...new Set(all)].filter((one) => !isBranch(one, all));
    assert.deepEqual(leaves.filter((one) => !sent[name].has(one)).sort(), Object.keys(elsewhere[name]).sort(), name);
  }
}));

test('what these forms have said is so afterwards, and is shown', () => as(async (v, page) => {
  const channel = ok(await admin('POST', '/api/drift/channels', { body: { name: unique('mail'), kind: 'email', to: 'soc@people.example' } })), hook = await newChannel(admin, URL_1, { name: unique('hook') });
  const { route } = await ofRoute.there();
  const at = async (hash, title, open) => {
    await v.goto(`/${hash}`);
    await v.sees(title);
    await unfold(v, open);
  };
  const choose = (label, choice) => page.getByLabel(label, { exact: true }).selectOption(choice);
  const save = async () => {
    await v.answered('PUT', () => page.locator('details[open] button[type=submit]').first().click());
    await page.getByText('It is saved.').first().waitFor();
  };
  await at(`#/channels/${channel.id}`, channel.name, 'Change it');
  await choose('Digest', 'week');
  await choose('Day of a weekly digest', 'fri');
  await v.fill('When the digest is sent (such as 07:00)', '7 o’clock');
  await page.locator('details[open] button[type=submit]').click();
  await page.locator('.fault').filter({ hasText: /./ }).waitFor();
  await v.fill('When the digest is sent (such as 07:00)', '07:00');
  await v.fill('By the clocks of (such as Europe/Berlin; empty: UTC)', 'Europe/Berlin');
  await save();
  assert.deepEqual((await channelOf({ channel })).digest, { every: 'week', at: '07:00', weekday: 'fri', timezone: 'Europe/Berlin' });
  await page.getByText('every Friday at 07:00 (Europe/Berlin)').waitFor();
  await unfold(v, 'Change it');
  await choose('Digest', '');
  await save();
  assert.equal((await channelOf({ channel })).digest, undefined);
  await at(`#/channels/${hook.id}`, hook.name, 'Change it');
  await tick(v, 'the audit trail: every entry, in order');
  await save();
  assert.deepEqual((await channelOf({ channel: hook })).kinds, ['audit']);
  await at(`#/routes/${route.id}`, route.name, 'Change it');
  await tick(v, 'the config');
  await v.fill('Seconds that the first of a group waits for others (empty: 30)', '60');
  await v.fill('Quiet hours begin (such as 22:00; empty: there are none)', '22:00');
  await v.fill('Quiet hours end', '06:00');
  await tick(v, 'Saturday');
  await save();
  const now = await routeOf({ route });
  assert.deepEqual([now.group_by, now.group_wait_s, now.quiet], [['config'], 60, { from: '22:00', to: '06:00', days: ['sat'] }]);
  await v.goto('/#/routes');
  await page.getByText('quiet from 22:00 to 06:00 (UTC), Saturday').waitFor();
  for (const [group, f] of [['How long history is kept', () => v.fill('Days that audit entries are kept', '120')], ['Links in messages', () => choose('Links in messages about alerts', 'off')],
    ['Who is told of the tenant itself', () => choose(hook.name, 'high')]]) {
    await at('#/settings', 'Settings', group);
    await f();
    await page.locator('details[open] button[type=submit]').click();
    await v.answered('PUT', () => lastOf(v, 'Save').click());
    await page.getByText('It is saved.').first().waitFor();
  }
  const { settings } = await own();
  assert.deepEqual([settings.retention.audit_s, settings.alert_links, settings.notifications.security], [10368000, 'off', [{ channel_id: hook.id, min_severity: 'high' }]]);
  await page.getByText(`${hook.name} (high or worse)`).waitFor();
  ok(await admin('PUT', `/api/tenants/${admin.session.tenant.id}`, { body: { settings: { retention: null, alert_links: null, notifications: null } } }));
}));

test('what would be refused is said beforehand, and not offered', () => as(async (v, page) => {
  const role = await newRole(), lonely = newTenant(), boss = await bearer(lonely);
  await newUser([role.name]);
  await v.goto(`/#/roles/${role.id}`);
  await v.sees(role.name);
  await v.press('Delete the role');
  await page.getByRole('dialog').getByText('1 person has it: take it from them first.').waitFor();
  await lastOf(v, 'Delete the role').click();
  await v.alerts(/Users with it: 1/);
  await lastOf(v, 'Cancel').click();
  await visit(chromium, base.origin, async (w) => {
    await w.goto(`/?tenant=${lonely.tenant}#/users/${boss.session.user.id}`);
    await enter(w, lonely);
    await unfold(w, 'Change roles');
    await w.page.getByLabel('admin', { exact: true }).uncheck();
    await w.press('See what changes');
    await w.page.getByText(/This is the last administrator\..*last active administrator/).waitFor();
    assert.equal(await w.page.getByRole('button', { name: 'Give these roles' }).count(), 0);
  });
}));

test('by the keyboard alone somebody is found and given a role', () => as(async (v, page) => {
  const user = await newUser();
  await v.goto('/#/users');
  await v.sees('Users');
  await v.tabTo('searchbox', 'Address or name');
  await page.keyboard.type(user.email);
  await page.keyboard.press('Enter');
  await v.tabTo('link', user.display_name);
  await page.keyboard.press('Enter');
  await v.sees(user.display_name);
  await page.locator('summary').filter({ hasText: 'Change roles' }).focus();
  await page.keyboard.press('Enter');
  await v.tabTo('checkbox', 'analyst');
  await page.keyboard.press(' ');
  await v.tabTo('button', 'See what changes');
  await page.keyboard.press('Enter');
  await page.getByText(/permissions gained/).first().waitFor();
  await v.tabTo('button', 'Give these roles');
  await page.keyboard.press('Enter');
  await page.getByText(/The roles are given/).waitFor();
  assert.deepEqual((await get(`/api/users/${user.id}`)).roles.sort(), ['analyst', 'viewer']);
}));
