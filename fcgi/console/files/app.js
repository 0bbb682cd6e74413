// app.js - the beginning: what the address asks for, who is signed in, and so which view is shown.
import { button, el, link, notice, plain, show } from './ui.js';
import { callSigned, forgetSession, whoAmI } from './api.js';
import { acting, addressWithout, clean, heard, isElsewhere, loadInstead, mailedLink, place, placeIn, query, route, safePath } from './address.js';
import { forgotten, secondFactor, signIn, stepUp } from './sign_in.js';
import { choosePassword, confirmAddress } from './links.js';
import { enrol, failure, recoveryCodes } from './factor.js';
import { account, changePassword } from './account.js';
import { ahead, allowed, isOfMany, navigation, openPage, pageOf } from './pages.js';
import { t } from './texts.js';

let me = null; // who is signed in, as /api/auth/me says
let wanted = query().returnTo; // where the sign-in was to lead to
let many = null; // whether they look after more than one tenant: the answer, once it was asked for
let turn = 0; // who has gone on meanwhile is not brought back by an answer that was slow

// Where a provider shall send the browser afterwards: the same place.
const returnTo = () => wanted ?? placeIn(acting, route() && location.hash);

function askToSignIn(more = {}) {
  turn++;
  me = null;
  many = null;
  navigation(null);
  forgetSession();
  signIn({ done: enter, returnTo: returnTo(), ...more });
}

// A session has begun: on to what was wanted, by way of the second factor where one must be set up.
async function enter(session) {
  wanted = safePath(session.return_to) ?? wanted;
  if (session.mfa_enrollment_required)
    return begin(session, () => goOn());
  return goOn();
}

async function goOn(note) {
  const to = wanted;
  wanted = null;
  clean('return_to', 'error', 'request_id', 'mfa', 'sign_in');
  if (to !== null && new URL(to, location.href).href !== location.href)
    return location.assign(to);
  return home(note);
}

// ---- the second factor ---------------------------------------------------------------------------

const leave = (required) => (required ? button('Sign out', () => signOut(false), { class: 'link' }) : link('#/', 'Cancel'));

function begin(session, next) {
  const required = session.mfa_enrollment_required === true, who = `${session.user.email}, tenant ${session.tenant.slug}`;
  return enrol({
    required, leave: leave(required),
    done: (codes) => recoveryCodes({ codes, who, first: true, done: next }),
    refused: (problem) => refused(problem, session, () => begin(session, next)),
  });
}

async function renewCodes() {
  try {
    const { recovery_codes: codes } = await callSigned('POST', 'api/auth/2fa/recovery-codes');
    recoveryCodes({ codes, who: `${me.user.email}, tenant ${me.tenant.slug}`, first: false, done: leaveRoute });
  } catch (problem) {
    refused(problem, me, renewCodes);
  }
}

// What did not work: prove it again, sign in again, or look at the reason.
async function refused(problem, session, again) {
  if (problem.status === 401)
    return askToSignIn({ note: 'Your session has ended. Sign in again.' });
  if (problem.code !== 'step_up_required')
    return show('This did not work', failure(problem), el('p', {}, button('Try again', again), ' ', leave(session.mfa_enrollment_required === true)));
  // who has to enrol can prove nothing yet but by signing in
  if (session.mfa_enrollment_required) {
    await endSession(false);
    return askToSignIn({ anew: true, note: 'To set up the second factor, sign in once more: your sign-in was too long ago.' });
  }
  return stepUp({ methods: problem.methods, again, tenant: session.tenant.slug, returnTo: returnTo() });
}

// ---- signed in -----------------------------------------------------------------------------------

async function endSession(all) {
  try {
    await callSigned('POST', `api/auth/logout${all ? '?all=true' : ''}`);
  } catch (problem) {
    if (problem.status !== 401)
      throw problem;
  }
}

async function signOut(all) {
  try {
    await endSession(all);
  } catch (problem) {
    return show('You are still signed in', failure(problem), el('p', {}, button('Try again', () => signOut(all))));
  }
  const to = addressWithout('acting');
  to.hash = '';
  return loadInstead(to, all ? 'You are signed out everywhere.' : 'You are signed out.');
}

function goTo(hash, note) {
  history.replaceState(null, '', location.pathname + location.search + hash);
  return home(note);
}

const leaveRoute = (note) => goTo('#/', typeof note === 'string' ? note : undefined);

// What is of the account itself; everything else is a row of pages.js.
const views = {
  account: (note) => account({ me, note, signOut }),
  password: () => changePassword({ me, done: leaveRoute }),
  factor: () => (me.user['2fa_enabled'] ? leaveRoute('Your second factor is in force.') : begin(me, leaveRoute)),
  codes: () => (me.user['2fa_enabled'] ? renewCodes() : leaveRoute()),
};

async function changeTenant() {
  try {
    await endSession(false);
  } catch (problem) {
    return show('You are still signed in', failure(problem), el('p', {}, button('Try again', changeTenant)));
  }
  return loadInstead(addressWithout('acting')); // the rest of the address says where to go from there
}

// A view that could not be loaded; a link into another tenant is followed by who signs in there.
function lost(problem) {
  if (problem.code === undefined)
    throw problem;
  const { tenant } = query();
  if (problem.status === 401)
    return askToSignIn({ note: 'Your session has ended. Sign in again.' });
  if (problem.status === 404 && tenant !== '' && ![me.tenant.slug, me.acting_tenant?.slug].includes(tenant))
    return show('This is of another tenant', el('p', {}, `The link leads to the tenant ${tenant}; you are signed in to ${me.tenant.slug}.`),
      me.many && el('p', {}, link(placeIn(tenant, location.hash), t.acting.enter(tenant), { class: 'button' })), el('p', {}, button(`Sign in to ${tenant}`, changeTenant)), el('p', { class: 'after' }, link('#/', 'First page')));
  return show('This did not work', failure(problem), el('p', {}, button('Try again', () => home())), el('p', { class: 'after' }, link('#/', 'First page')));
}

// What is not answered now is asked again the next time: nothing but the first page depends on it.
async function looksAfterMany(who) {
  if (!who.permissions.includes('read:alerts'))
    return false;
  many ??= callSigned('GET', 'api/fleet?limit=2').then((page) => page.items.length > 1);
  return many.catch(() => {
    many = null;
    return false;
  });
}

// Nothing is granted there any more, or was: back to one's own, with the server's reason.
function leaveTenant(problem) {
  return loadInstead(new URL('./#/', location.href), t.acting.over(plain(acting), problem.detail));
}

// Above the page, once it is known whether there is a fleet in it; a page that is not of a fleet is shown meanwhile.
// In another tenant its band stands there before anything else is done.
async function navigate(who, gone) {
  who.many = who.acting_tenant ? false : await looksAfterMany(who);
  if (!gone())
    navigation(who, () => signOut(false));
}

async function home(note) {
  const mine = ++turn, gone = () => mine !== turn;
  ahead(place());
  try {
    me = await whoAmI();
  } catch (problem) {
    if (!gone() && problem.status === 403 && acting !== '')
      return leaveTenant(problem);
    return gone() || show('This did not work', failure(problem), el('p', {}, button('Try again', () => home(note))));
  }
  if (gone())
    return null;
  if (me === null)
    return askToSignIn({ note });
  if (me.mfa_enrollment_required)
    return begin(me, () => goOn());
  const navigated = navigate(me, gone);
  if (isOfMany(route())) {
    await navigated;
    if (gone())
      return null;
  }
  const row = pageOf(route(), me), view = views[route()] ?? (row && allowed(row, me) ? null : views.account);
  if (view)
    return view(note);
  return openPage({ row, me, place: place(), note, gone, go: goTo }).catch((problem) => navigated.then(() => gone() || lost(problem)));
}

// ---- the address ---------------------------------------------------------------------------------

function openLink({ kind, token }) {
  const done = (note) => askToSignIn({ note });
  clean();
  wanted = null;
  return kind === 'email' ? confirmAddress({ token, done }) : choosePassword({ kind, token, done });
}

function start(note = '') {
  const mailed = mailedLink(), { error, request, mfa, waiting } = query();
  if (mailed !== null)
    return openLink(mailed);
  if (route() === 'forgot')
    return forgotten();
  if (error !== null) {
    clean('error', 'request_id');
    return askToSignIn({ error, request });
  }
  if (mfa) {
    clean('mfa', 'sign_in');
    return secondFactor({ done: enter, returnTo: returnTo(), which: { sign_in: waiting } });
  }
  return wanted !== null ? whoAmI().then((who) => (who === null ? askToSignIn() : enter(who)), () => home()) : home(notice(note));
}

// It may have been what one may not do there, or all of it.
addEventListener('acting-refused', () => whoAmI().catch((problem) => problem.status === 403 && leaveTenant(problem)));

// An address of another tenant is of another document, and what comes back out of the browser's own memory was of who was signed in then.
function turned() {
  if (!isElsewhere())
    return false;
  location.reload();
  return true;
}
addEventListener('popstate', turned); // the fragment may be the same
addEventListener('hashchange', () => turned() || start());
addEventListener('pageshow', (event) => event.persisted && location.reload());
start(heard());
