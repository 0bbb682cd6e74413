// pages.js - the pages of who is signed in, a row each: its file is loaded when somebody goes there.
import { button, el, link, notice, say, show } from './ui.js';
import { Problem } from './api.js';
import { t } from './texts.js';

// needs: one of these permissions; in: its place in the navigation, with the address that it has there.
const pages = [
  { name: '', in: ['#/', t.nav.overview], needs: ['read:drift', 'read:alerts'], load: () => import('./overview.js') },
  { name: 'alerts', in: ['#/alerts?status=open', t.nav.alerts], needs: ['read:alerts'], load: () => import('./alerts.js') },
  { name: 'silences', in: ['#/silences', t.nav.silences], needs: ['read:alerts'], load: () => import('./silences.js') },
  { name: 'channels', in: ['#/channels', t.nav.channels], needs: ['read:channels'], load: () => import('./channels.js') },
  { name: 'configs', needs: ['read:drift'], load: () => import('./config.js') },
];

export const pageOf = (name) => pages.find((p) => p.name === name);
export const allowed = (row, me) => row.needs.some((permission) => me.permissions.includes(permission));

async function load(row) {
  try {
    return await row.load();
  } catch {
    throw new Problem({ code: navigator.onLine ? 'outdated' : 'network' });
  }
}

// A page makes { title, wide, parts, live } of { me, id, filter, again }; `live` begins what goes on while it is shown, and
// `again` shows it anew and says what was done.
export async function openPage({ row, me, place, note, gone }) {
  const again = async (said) => {
    await openPage({ row, me, place, gone });
    say(said);
  };
  const module = await load(row), made = await module.page({ me, id: place.id, filter: place.filter, again });
  if (gone())
    return;
  show(made.title, notice(note, 'good'), made.parts);
  document.getElementById('main').classList.toggle('wide', made.wide === true);
  made.live?.();
}

// Above each page of who is signed in; null: nobody is.
export function navigation(me, signOut) {
  const nav = document.getElementById('nav'), name = /^#\/(\w*)/.exec(location.hash)?.[1] ?? '';
  nav.hidden = me === null;
  document.body.classList.toggle('signed-in', me !== null);
  if (me === null)
    return nav.replaceChildren();
  const to = (row, address, text) => link(address, text, { 'aria-current': row === name && 'page' });
  return nav.replaceChildren(
    el('ul', { class: 'plain' }, ...pages.filter((p) => p.in && allowed(p, me)).map((p) => el('li', {}, to(p.name, ...p.in))),
      el('li', {}, to('account', '#/account', t.nav.account))),
    el('span', { class: 'small who' }, el('span', {}, me.user.email), ' ', el('span', {}, me.tenant.name)), button(t.nav.signOut, signOut));
}
