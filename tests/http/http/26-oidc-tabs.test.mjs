// Several tabs of one browser at identity providers, and answers that come more than once: each tab ends its own
// sign-in, what is abandoned does not pile up, and what comes again leads on or nowhere, but never signs in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enrol } from '../lib/authenticator.mjs';
import { call } from '../lib/client.mjs';
import { Log } from '../lib/env.mjs';
import { addressOf, Idp, cookieOf, me, newProvider, outcome } from '../lib/idp.mjs';
import { bearer, browser, newTenant, origin } from '../lib/people.mjs';

const tenants = [newTenant(), newTenant()];
const personOf = (who) => ({ sub: 'p1', email: who.email, email_verified: true });
const admins = [];
let idp;

before(async () => {
  idp = await new Idp().start();
  for (const who of tenants) {
    const admin = await bearer(who);
    for (const name of ['corp', 'partner'])
      await newProvider(admin, { name, kind: 'oidc', issuer: idp.issuer, client_id: idp.clientId, client_secret: idp.secret, allowed_domains: [`${who.tenant}.example`] });
    admins.push(admin);
  }
});
after(() => idp.stop());

// A browser: its jar, as it keeps and sends cookies.
class Browser {
  jar = new Map();

  get header() { return [...this.jar].map(([k, v]) => `${k}=${v}`).join('; '); }
  get tabs() { return [...this.jar.keys()].filter((k) => k.startsWith('bsx_oidc')); }

  keep(answer) {
    for (const [, name, value, rest] of answer.cookies.map((c) => /^([^=]+)=([^;]*)(.*)$/.exec(c)))
      if (/Max-Age=0\b/.test(rest))
        this.jar.delete(name);
      else
        this.jar.set(name, value);
    return answer;
  }

  async get(target, headers = {}) {
    return this.keep(await call('GET', target, { headers: { ...(this.header && { Cookie: this.header }), ...headers } }));
  }

  // A tab that is at the provider now.
  async open(who = tenants[0], provider = 'corp', query = {}) {
    const a = await this.get(`/api/auth/oidc/${provider}/start?${new URLSearchParams({ tenant: who.tenant, ...query })}`);
    assert.equal(a.status, 302, a.text);
    const location = a.headers.location, state = new URL(location).searchParams.get('state');
    return { who, provider, location, state, cookie: a.cookies.find((c) => /^bsx_oidc_[0-9a-f]{12}=[^;]/.test(c)).split('=')[0], answer: a };
  }

  back(tab, query = {}, headers = {}) {
    const all = { code: idp.grant(tab.location, personOf(tab.who)), state: tab.state, ...query };
    const given = Object.entries(all).filter(([, v]) => v !== undefined);
    const address = addressOf(tab.location).replace(/oidc\/[^/]+/, `oidc/${query.provider ?? tab.provider}`);
    return this.get(`${address}?${new URLSearchParams(given)}`, headers);
  }

  clone() {
    const b = new Browser();
    b.jar = new Map(this.jar);
    return b;
  }
}

test('two tabs end their own sign-ins, in either order, at two providers and in two tenants', async () => {
  for (const [what, a, b] of [['one provider', [tenants[0], 'corp'], [tenants[0], 'corp']], ['two providers', [tenants[0], 'corp'], [tenants[0], 'partner']],
    ['two tenants', [tenants[0], 'corp'], [tenants[1], 'corp']], ['both', [tenants[0], 'corp'], [tenants[1], 'partner']]])
    for (const order of [[0, 1], [1, 0]]) {
      const person = new Browser(), tabs = [await person.open(...a, { return_to: '/first' }), await person.open(...b, { return_to: '/second' })];
      assert.equal(person.tabs.length, 2, what);
      for (const i of order) {
        const answer = await person.back(tabs[i]);
        assert.equal(outcome(answer), '', what);
        assert.equal(answer.headers.location, ['/first', '/second'][i], what);
        assert.equal((await me(answer)).tenant.slug, tabs[i].who.tenant, what);
      }
    }
});

test('the tabs that a browser keeps are the newest eight, and it sends no more than they need', async () => {
  const person = new Browser(), tabs = [];
  for (let i = 0; i < 20; i++) {
    tabs.push(await person.open(tenants[0], 'corp', { return_to: `/tab/${i}` }));
    assert.ok(person.tabs.length <= 8 && person.header.length < 2500, `${person.tabs.length}, ${person.header.length}`);
    assert.equal(tabs[i].answer.cookies.length, i < 8 ? 1 : 2, 'one is set, and the oldest goes');
  }
  assert.deepEqual([...person.tabs].sort(), tabs.slice(12).map((t) => t.cookie).sort());
  assert.equal(outcome(await person.back(tabs[11])), 'oidc_state', 'one that had to go');
  for (const i of [19, 12, 15]) {
    const a = await person.back(tabs[i]);
    assert.equal(outcome(a), '');
    assert.equal(a.headers.location, `/tab/${i}`);
  }
});

test('long ways to go on count by their bytes; the newest tab always has its place', async () => {
  const person = new Browser();
  const long = `/${'x'.repeat(1020)}`;
  let last;
  for (let i = 0; i < 6; i++) {
    last = await person.open(tenants[0], 'corp', { return_to: long });
    assert.equal(person.tabs.length, Math.min(i + 1, 2));
    assert.ok(person.header.length <= 4096, `${person.header.length}`);
  }
  await person.open();
  assert.ok(person.tabs.length === 3 && person.header.length <= 4096, 'a short one fits beside them');
  const a = await person.back(last);
  assert.deepEqual([outcome(a), a.headers.location], ['', long]);
  assert.ok(person.header.length < 6144, `${person.header.length} bytes with those of the session: web servers take 8 KiB of header`);
});

test('twenty tabs that a browser opens at once all end, and the next one clears up', async () => {
  const person = new Browser(), tabs = await Promise.all(Array.from({ length: 20 }, () => person.clone().open()));
  tabs.forEach((t) => person.keep(t.answer));
  assert.equal(person.tabs.length, 20);
  for (const t of tabs)
    assert.equal(outcome(await person.back(t)), '');
  assert.ok(person.header.length < 8192 - 1024, `${person.header.length} bytes beside what else a browser sends`);
  for (let left = 20, i = 0; left > 8; i++) {
    assert.ok(i < 8, 'soon');
    await person.open();
    assert.ok(person.tabs.length < left);
    left = person.tabs.length;
  }
});

test('what came before each tab had a cookie of its own still ends', async () => {
  const person = new Browser(), tab = await person.open(tenants[0], 'corp', { return_to: '/old' });
  const old = () => {
    const b = new Browser();
    b.jar.set('bsx_oidc', person.jar.get(tab.cookie));
    return b;
  };
  const refused = old(), no = await refused.back(tab, { code: undefined, error: 'access_denied' });
  assert.equal(outcome(no), 'access_denied');
  assert.deepEqual(refused.tabs, [], 'it goes by its own name');
  const second = await person.open(tenants[0], 'corp', { return_to: '/old' }), b = new Browser();
  b.jar.set('bsx_oidc', person.jar.get(second.cookie));
  const a = await b.back(second);
  assert.deepEqual([outcome(a), a.headers.location], ['', '/old']);
});

test('a refusal takes the cookie of its tab and of no other', async () => {
  const person = new Browser(), one = await person.open(), two = await person.open();
  assert.equal(outcome(await person.back(one, { code: undefined, error: 'access_denied' })), 'access_denied');
  assert.deepEqual(person.tabs, [two.cookie]);
  assert.equal(outcome(await person.back(two)), '');
});

// ---- an answer that comes again ----------------------------------------------------------------

// A browser that has signed in, and how its answer looked.
async function signedIn(query = { return_to: '/drift?x=1#y' }) {
  const person = new Browser(), tab = await person.open(tenants[0], 'corp', query);
  assert.equal(outcome(await person.back(tab)), '');
  return { person, tab };
}

const sessions = async (token) => (await call('GET', '/api/auth/sessions', { headers: { Cookie: `bsx_access=${token}` } })).json.items.length;
const over = (token) => token.replace(/.{10}$/, 'AAAAAAAAAA'); // to the responder like one that has run out
const again = '/drift?x=1#y', refused = 'oidc_state';

// What the browser is when the same address is asked for again, and what must come of it.
const rows = {
  'a reload': [() => ({}), again],
  'the provider\'s second answer, with another code': [(p, t) => ({ query: { code: idp.grant(t.location, personOf(t.who)) } }), again],
  'without a code': [() => ({ query: { code: undefined } }), again],
  'as an error': [() => ({ query: { code: undefined, error: 'access_denied' } }), again],
  'of another issuer': [() => ({ query: { iss: 'https://evil.example' } }), again],
  'ahead of time (prefetch)': [() => ({ headers: { 'Sec-Purpose': 'prefetch', Purpose: 'prefetch' } }), again],
  'as the provider\'s page leads there': [() => ({ headers: { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', Origin: 'null' } }), again],
  'the access token run out, the session alive': [(p) => { p.jar.set('bsx_access', over(p.jar.get('bsx_access'))); }, again],
  'the session is one by password': [async (p) => { const b = await browser(tenants[0]); p.jar.set('bsx_access', b.jar.bsx_access); p.jar.delete('bsx_refresh'); }, again],
  'no session': [(p) => { p.jar.delete('bsx_access'); p.jar.delete('bsx_refresh'); }, refused],
  'a refresh cookie alone': [(p) => { p.jar.delete('bsx_access'); }, refused],
  'a refresh cookie of another session': [async (p) => { const { person } = await signedIn(); p.jar.set('bsx_access', over(p.jar.get('bsx_access'))); p.jar.set('bsx_refresh', person.jar.get('bsx_refresh')); }, refused],
  'a session that is over': [async (p) => {
    const a = await call('POST', '/api/auth/logout', { headers: { Cookie: p.header, Origin: origin, 'X-CSRF-Token': (await p.get('/api/auth/me')).json.csrf_token } });
    assert.equal(a.status, 204);
  }, refused],
  'a session of another tenant': [async (p) => { const b = await browser(tenants[1]); p.jar.set('bsx_access', b.jar.bsx_access); p.jar.set('bsx_refresh', b.jar.bsx_refresh); }, refused],
  'a credential that is no cookie': [(p) => { const token = p.jar.get('bsx_access'); p.jar.delete('bsx_access'); p.jar.delete('bsx_refresh'); return { headers: { Authorization: `Bearer ${token}` } }; }, refused],
  'the access cookie twice': [(p) => ({ headers: { Cookie: `${p.header}; bsx_access=${p.jar.get('bsx_access')}` } }), refused],
  'a state that was never this browser\'s': [async () => ({ query: { state: (await new Browser().open()).state } }), refused],
  'a state that is none': [() => ({ query: { state: 'x' } }), refused],
  'no state': [() => ({ query: { state: undefined } }), refused],
  'the cookie gone': [(p, t) => { p.jar.delete(t.cookie); }, refused],
  'another sign-in under its name': [async (p, t) => { const other = await p.open(); p.jar.set(t.cookie, p.jar.get(other.cookie)); }, refused],
  'a sealed state under the name of another': [async (p, t) => { const other = await p.open(), value = p.jar.get(t.cookie); p.jar.set(other.cookie, value); p.jar.delete(t.cookie); return { query: { state: other.state } }; }, refused],
  'another provider in the address': [() => ({ query: { provider: 'partner' } }), refused],
};

test('what comes again leads on in a browser that is signed in there, and nowhere else; it signs nobody in', async (t) => {
  for (const [what, [change, want]] of Object.entries(rows)) {
    await t.test(what, async () => {
      const { person, tab } = await signedIn(), token = person.jar.get('bsx_access');
      const asked = await change(person, tab) ?? {}, alive = want === again ? await sessions(token) : 0;
      const log = new Log(), sent = new Map(person.jar);
      const { provider, ...query } = asked.query ?? {};
      const a = await person.back({ ...tab, provider: provider ?? tab.provider }, query, asked.headers);
      assert.equal(a.status, 302, a.text);
      assert.equal(a.cookies.some((c) => /^bsx_(access|refresh|device|mfa)/.test(c)), false, 'no cookie of a session is touched');
      if (want === again) {
        assert.equal(a.headers.location, again);
        assert.deepEqual(a.cookies, []);
        assert.equal(await sessions(token), alive, 'no session more');
        assert.ok(!log.lines().some((l) => /^session\./.test(l['event.action'])), 'nothing has happened');
      } else {
        assert.equal(outcome(a), want);
        for (const name of ['bsx_access', 'bsx_refresh'])
          assert.equal(person.jar.get(name), sent.get(name));
      }
    });
  }
  console.log(`# ${Object.keys(rows).length} rows`);
});

test('somebody else\'s answer does not replace a session, signed in or not (login CSRF)', async () => {
  const { person } = await signedIn(), theirs = new Browser(), tab = await theirs.open(tenants[1]);
  const token = person.jar.get('bsx_access');
  assert.equal(outcome(await person.back(tab)), 'oidc_state');
  assert.equal(person.jar.get('bsx_access'), token);
  // with their cookie planted under its name, as a neighbouring host may where there is no __Host-: theirs ends at most as theirs
  const planted = person.clone();
  planted.jar.set(tab.cookie, `${theirs.jar.get(tab.cookie)}; ${tab.cookie}=${theirs.jar.get(tab.cookie)}`);
  assert.equal(outcome(await planted.back(tab)), 'oidc_state', 'one that came twice is none');
});

test('ten reloads at once lead on, ten times', async () => {
  const { person, tab } = await signedIn();
  const answers = await Promise.all(Array.from({ length: 10 }, () => person.clone().back(tab)));
  assert.deepEqual(answers.map((a) => [a.headers.location, a.cookies.length]), Array(10).fill([again, 0]));
});

test('a double click that comes while the first answer is under way opens one session, and the next reload leads on', async () => {
  const person = new Browser(), tab = await person.open(tenants[0], 'corp', { return_to: '/once' });
  const answers = await Promise.all([person.clone().back(tab), person.clone().back(tab)]);
  assert.deepEqual(answers.map(outcome).sort(), ['', 'oidc_state']);
  answers.forEach((a) => person.keep(a));
  assert.equal((await person.back(tab)).headers.location, '/once');
});

// ---- the second factor -------------------------------------------------------------------------

test('two tabs that wait for a second factor each end their own sign-in, in either order', async () => {
  const apps = [];
  for (const admin of admins)
    apps.push((await enrol(admin)).app);
  const verify = async (person, body) => person.keep(await call('POST', '/api/auth/2fa/verify', { body, headers: { Cookie: person.header, 'Sec-Fetch-Site': 'same-origin' } }));
  const waiting = async (person, who, to) => {
    const a = await person.back(await person.open(who, 'corp', { return_to: to }));
    const at = new URL(a.headers.location, origin).searchParams;
    assert.equal(at.get('mfa'), '1');
    assert.match(a.cookies.find((c) => c.startsWith(`bsx_mfa_${at.get('sign_in')}=`)), /^bsx_mfa_[0-9a-f]{12}=[\w-]{54}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    return at.get('sign_in');
  };

  const person = new Browser(), one = await waiting(person, tenants[0], '/first'), two = await waiting(person, tenants[1], '/second');
  for (const [sign_in, status] of [['0123456789ab', 401], ['0123456789AB', 422], ['0123456789a', 422], ['../../../../x', 422], ['=x; bsx_mfa=', 422], [two, 401]])
    assert.equal((await verify(person, { sign_in, code: apps[0].wrong() })).status, status, sign_in);
  const a = await verify(person, { sign_in: one, code: await apps[0].next() });
  assert.equal(a.status, 200, a.text);
  assert.deepEqual([a.json.tenant.slug, a.json.return_to], [tenants[0].tenant, '/first']);
  assert.ok(!person.jar.has(`bsx_mfa_${one}`) && person.jar.has(`bsx_mfa_${two}`) && person.jar.has('bsx_mfa'), 'the other waits still');
  const b = await verify(person, { sign_in: two, code: await apps[1].next() });
  assert.deepEqual([b.json.tenant.slug, b.json.return_to], [tenants[1].tenant, '/second']);
  assert.deepEqual([...person.jar.keys()].filter((k) => k.startsWith('bsx_mfa')), []);

  // who says nothing means the latest; a page that was given the token means that one
  const other = new Browser(), first = await waiting(other, tenants[0], '/first');
  const login = await call('POST', '/api/auth/login', { body: tenants[1] });
  other.keep(login);
  const c = await verify(other, { code: await apps[1].next() });
  assert.equal(c.json.tenant.slug, tenants[1].tenant);
  assert.ok(other.jar.has(`bsx_mfa_${first}`));
  const d = await verify(other, { mfa_token: other.jar.get(`bsx_mfa_${first}`), code: await apps[0].next() });
  assert.equal(d.json.tenant.slug, tenants[0].tenant);
  assert.deepEqual([...other.jar.keys()].filter((k) => k.startsWith('bsx_mfa')), []);
  assert.ok(cookieOf(d, 'bsx_access'));
});

test('sign-ins that wait and were abandoned do not pile up either', async () => {
  const person = new Browser();
  for (let i = 0; i < 12; i++) {
    const a = await person.back(await person.open());
    assert.match(a.headers.location, /^\/\?mfa=1&sign_in=/);
    assert.ok([...person.jar.keys()].filter((k) => k.startsWith('bsx_mfa')).length <= 9 && person.header.length < 4096, person.header);
  }
});
