// pages.js - the pages of who is signed in, a row each: its file is loaded when somebody goes there.
import { button, el, link, notice, plain, say, show } from './ui.js';
import { acting, placeIn } from './address.js';
import { Problem, begin } from './api.js';
import { t } from './texts.js';

// needs: one of these permissions; and: all of these too; in: its place in the navigation, with the address that it has there. Pages of a group share one place there,
// that of the first of them, and have theirs above the page. platform: of the tenant platform alone; begins: it is the first page of whoever has no other
// that is; many: of those alone who look after more than one tenant; first: what it asks for before anything else of what has an id.
const pages = [
  { name: 'fleet', group: t.nav.fleet, in: ['#/fleet', t.nav.fleetTenants], begins: true, many: true, needs: ['read:alerts'], load: () => import('./fleet.js') },
  { name: 'fleetalerts', group: t.nav.fleet, in: ['#/fleetalerts', t.nav.fleetAlerts], many: true, needs: ['read:alerts'], load: () => import('./fleetalerts.js') },
  { name: 'overview', in: ['#/overview', t.nav.overview], begins: true, needs: ['read:drift', 'read:alerts'], load: () => import('./overview.js') },
  { name: 'alerts', in: ['#/alerts?status=open', t.nav.alerts], needs: ['read:alerts'], first: (id) => `api/drift/alerts/${id}`, load: () => import('./alerts.js') },
  { name: 'configs', group: t.nav.configs, in: ['#/configs', t.nav.configs], needs: ['read:drift'], load: () => import('./configs.js') },
  { name: 'templates', group: t.nav.configs, in: ['#/templates', t.nav.templates], needs: ['read:drift'], load: () => import('./templates.js') },
  { name: 'golden', group: t.nav.configs, in: ['#/golden', t.nav.golden], needs: ['read:drift'], load: () => import('./golden.js') },
  { name: 'intents', group: t.nav.configs, in: ['#/intents', t.nav.intents], needs: ['read:drift'], load: () => import('./intents.js') },
  { name: 'onboarding', group: t.nav.configs, in: ['#/onboarding', t.nav.onboarding], needs: ['create:drift'], and: ['read:drift'], load: () => import('./onboarding.js') },
  { name: 'silences', group: t.nav.silences, in: ['#/silences', t.nav.silences], needs: ['read:alerts'], load: () => import('./silences.js') },
  { name: 'series', group: t.nav.silences, in: ['#/series', t.nav.series], needs: ['read:alerts'], load: () => import('./series.js') },
  { name: 'channels', group: t.nav.channels, in: ['#/channels', t.nav.channels], needs: ['read:channels'], load: () => import('./channels.js') },
  { name: 'routes', group: t.nav.channels, in: ['#/routes', t.nav.routes], needs: ['read:channels'], load: () => import('./routes.js') },
  { name: 'users', group: t.nav.administration, in: ['#/users', t.nav.users], needs: ['read:users'], load: () => import('./users.js') },
  { name: 'roles', group: t.nav.administration, in: ['#/roles', t.nav.roles], needs: ['read:roles'], load: () => import('./roles.js') },
  { name: 'keys', group: t.nav.administration, in: ['#/keys', t.nav.keys], needs: ['read:api_keys'], load: () => import('./keys.js') },
  { name: 'settings', group: t.nav.administration, in: ['#/settings', t.nav.settings], needs: ['read:tenants'], load: () => import('./settings.js') },
  { name: 'providers', group: t.nav.administration, in: ['#/providers', t.nav.providers], needs: ['read:settings'], load: () => import('./providers.js') },
  { name: 'grants', group: t.nav.administration, in: ['#/grants', t.nav.grants], needs: ['read:tenants'], load: () => import('./grants.js') },
  { name: 'register', group: t.nav.administration, in: ['#/register', t.nav.register], needs: ['read:drift'], and: ['read:alerts'], load: () => import('./register.js') },
  { name: 'audit', group: t.nav.administration, in: ['#/audit', t.nav.audit], needs: ['read:audit'], load: () => import('./audit.js') },
  { name: 'runs', group: t.nav.operation, in: ['#/runs', t.nav.runs], needs: ['read:drift'], load: () => import('./runs.js') },
  { name: 'operation', group: t.nav.operation, in: ['#/operation', t.nav.installation], platform: true, needs: ['read:metrics'], load: () => import('./operation.js') },
  { name: 'tenants', group: t.nav.administration, in: ['#/tenants', t.nav.tenants], platform: true, needs: ['read:tenants'], load: () => import('./tenants.js') },
];

const isPlatform = (me) => me.tenant.slug === 'platform' && !me.acting_tenant;
export const allowed = (row, me) => row.needs.some((permission) => me.permissions.includes(permission)) && (row.and ?? []).every((permission) => me.permissions.includes(permission)) && (!row.platform || isPlatform(me)) && (!row.many || me.many);
export const pageOf = (name, me) => pages.find((p) => (name === '' ? p.begins && allowed(p, me) : p.name === name));

// Whether it is shown, and as what, hangs on who looks after more than one tenant.
export const isOfMany = (name) => name === '' || pages.some((p) => p.name === name && p.many);

// Begins to load a page that will be shown, or not, and what it asks for first, but in no other tenant before its band stands there; openPage() tells what fails.
export function ahead({ name, id }) {
  const row = pages.find((p) => p.name === name);
  row?.load().catch(() => {});
  if (id && row?.first && acting === '')
    begin(row.first(id));
}

async function load(row) {
  try {
    return await row.load();
  } catch {
    throw new Problem({ code: navigator.onLine ? 'outdated' : 'network' });
  }
}

// A page makes { title, wide, parts, live } of { me, id, filter, again, go }; `live` begins what goes on while it is shown, `again` shows it anew and says
// what was done, and `go` shows another one with that above it.
export async function openPage({ row, me, place, note, gone, go }) {
  const again = async (said) => {
    await openPage({ row, me, place, gone, go });
    say(said);
  };
  const module = await load(row), made = await module.page({ me, id: place.id, filter: place.filter, again, go });
  if (gone())
    return;
  show(made.title, notice(note, 'good'), made.parts);
  siblings(row, me);
  document.getElementById('main').classList.toggle('wide', made.wide === true);
  made.live?.();
}

const placed = (me) => pages.filter((p) => p.in && allowed(p, me));

// The other pages of its group, above it.
function siblings(row, me) {
  const all = row.group ? placed(me).filter((p) => p.group === row.group) : [];
  if (all.length > 1)
    document.getElementById('main').prepend(el('nav', { class: 'row siblings', 'aria-label': row.group },
      ...all.map((p) => link(...p.in, { class: 'button', 'aria-current': p === row && 'page' }))));
}

// In whose tenant all of it is, where it is not one's own, and the way back.
function mark(me) {
  const there = me?.acting_tenant;
  document.body.classList.toggle('acting', Boolean(there));
  document.body.dataset.acting = there ? plain(there.name) : '';
  return there && el('p', { class: 'there' }, el('span', {}, t.acting.where, el('strong', {}, plain(there.name)), ` (${there.slug})`), link(placeIn('', '#/fleet'), t.acting.leave, { class: 'button' }));
}

// Above each page of who is signed in; null: nobody is.
export function navigation(me, signOut) {
  const nav = document.getElementById('nav'), name = /^#\/(\w*)/.exec(location.hash)?.[1] ?? '', there = mark(me);
  nav.hidden = me === null;
  document.body.classList.toggle('signed-in', me !== null);
  if (me === null)
    return nav.replaceChildren();
  const all = placed(me), row = pageOf(name, me), to = (is, address, text) => el('li', {}, link(address, text, { 'aria-current': is && 'page' }));
  const shown = all.filter((p, i) => !p.group || all.findIndex((first) => first.group === p.group) === i);
  return nav.replaceChildren(...[there].filter(Boolean),
    el('ul', { class: 'plain' }, ...shown.map((p) => to(p === row || (p.group && p.group === row?.group), p.in[0], p.group ?? p.in[1])),
      to(name === 'account', '#/account', t.nav.account)),
    el('span', { class: 'small who' }, el('span', {}, plain(me.user.email)), ' ', el('span', {}, plain(me.tenant.name))), button(t.nav.signOut, signOut));
}
