// drift.js - how severities, states, people and places are shown: what the pages of drift share.
import { el, link, plain, time } from './ui.js';
import { t } from './texts.js';

export { plain };
export const severities = Object.keys(t.severities);
export const may = (me, permission) => me.permissions.includes(permission);
export const tenantOf = (me) => me.acting_tenant ?? me.tenant; // of all that is shown

export const tag = (severity) => el('span', { class: `severity ${severity}` }, t.severities[severity] ?? severity);
export const statusWord = (status) => t.statuses[status] ?? status;

// A sign and a word: colour is never alone.
export function stateTag(state, words = t.states) {
  const [sign, word, meaning] = words[state] ?? ['', state, ''];
  return el('span', { class: `state ${state}`, title: meaning }, el('span', { 'aria-hidden': 'true' }, `${sign} `), word);
}

// All items of a list, at most so many; `more` says that there are others.
export async function gather(call, path, most) {
  const items = [];
  for (let cursor = '';;) {
    const page = await call('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${Math.min(200, most)}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor || items.length >= most)
      return { items, more: Boolean(cursor) };
  }
}

// ---- who did it ------------------------------------------------------------------------------------

// Who made it, as people say it; what is withheld is left out.
const named = (who) => who.name ?? who.id;
const actorsOf = (x) => (x?.actors ?? []).filter((who) => named(who) && named(who) !== '[withheld]');

export function by(x) {
  const all = actorsOf(x), more = (x?.more ?? 0) + Math.max(0, all.length - 3);
  const names = all.slice(0, 3).map((who) => (who.kind === 'user' ? '' : `${who.kind} `) + named(who));
  return plain(names.join(', ')) + (all.length > 0 && more > 0 ? ` and ${more} more` : '');
}

export const sure = { exact: 'seen setting this value', object: 'seen changing the object', pending: 'not known yet', none: 'not known' };
export const deedsOf = (x) => el('ul', { class: 'plain' }, ...actorsOf(x).map((who) => el('li', {}, by({ actors: [who] }),
  who.address ? ` from ${plain(who.address)}` : '', who.activity ? `, ${plain(who.activity)}` : '', ', ', time(who.at))));

// ---- rows ------------------------------------------------------------------------------------------

export const alertRow = (a, before) => el('li', { class: 'alert-row' }, before, tag(a.severity), el('div', {}, link(`#/alerts/${a.id}`, plain(a.title), { class: 'goes' }),
  el('span', { class: 'small' }, statusWord(a.status), ', since ', time(a.opened_at), by(a.attribution) ? `, by ${by(a.attribution)}` : '',
    a.acknowledged_by ? `, taken by ${a.acknowledged_by}` : '')));
