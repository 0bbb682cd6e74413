// history.js - the resources of a config, and how one of them was: since when, until when, and what changed each time.
import { Form, el, newId, say, time } from './ui.js';
import { callSigned } from './api.js';
import { plain } from './drift.js';
import { failed, tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';
import { difference, leftOut } from './then.js';

const x = m.history;
const KEYS = 1000;

const MOST_TEXT = 20000;
const short = (text) => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}… ${t.change.longer(text.length)}` : text);

const valueAt = (state, { category, key }) => callSigned('GET', `api/drift/snapshots/${state.snapshot_id}?category=${encodeURIComponent(category)}&key=${encodeURIComponent(key)}`).then((s) => s.contents?.[0]?.value);

// What the server finds between it and the state before, or the whole where none was.
async function changeOf(state, before, place) {
  if (before === undefined || before.snapshot_id === null || before.gone) {
    const value = await valueAt(state, place);
    return [el('p', { class: 'small' }, before?.gone ? x.gone : x.first), el('pre', {}, short(plain(JSON.stringify(value, null, 2) ?? '')))];
  }
  const found = await callSigned('POST', 'api/drift/compare', { left: { snapshot_id: before.snapshot_id }, right: { snapshot_id: state.snapshot_id }, resource: place });
  return [found.changes.length > 0 ? el('ul', { class: 'plain' }, ...found.changes.map(difference)) : el('p', {}, x.nothing), ...leftOut(found)].filter(Boolean);
}

function stateItem(state, i, all, place) {
  const box = el('div', {}), load = async () => box.replaceChildren(...await changeOf(state, all[i + 1], place));
  const more = state.snapshot_id !== null && el('details', { ontoggle: (event) => {
    if (event.target.open && box.children.length === 0)
      load().catch(failed);
  } }, el('summary', {}, x.show), box);
  return [state.gone && el('li', {}, time(state.until), ' ', x.gone), el('li', {}, state.whole ? time(state.since) : x.before, ' – ', state.until ? time(state.until) : state.gone ? '' : x.now, more)];
}

// Of one resource, the newest state first.
async function timeline(config, place) {
  const { items, more } = await callSigned('GET', `api/drift/configs/${config.id}/history?category=${encodeURIComponent(place.category)}&key=${encodeURIComponent(place.key)}`);
  say(items.length === 0 ? x.none : x.found(items.length));
  return [el('p', {}, el('strong', {}, plain(`${place.category} ${place.key}`)), ': ', items.length === 0 ? x.none : x.found(items.length)),
    el('ol', { class: 'plain timeline' }, ...items.flatMap((state, i) => stateItem(state, i, items, place))), more && el('p', { class: 'small' }, x.before)].filter(Boolean);
}

// The keys of a collection, to be chosen from while one types.
async function keysOf(config, category, list) {
  const [newest] = (await callSigned('GET', `api/drift/configs/${config.id}/snapshots?limit=1`)).items;
  const { contents = [] } = newest === undefined ? {} : await callSigned('GET', `api/drift/snapshots/${newest.id}?category=${encodeURIComponent(category)}`);
  list.replaceChildren(...contents.map((c) => el('option', { value: c.key })));
  return contents.length;
}

export function resources(config) {
  const categories = (config.collections ?? []).map((c) => c.category), list = el('datalist', { id: newId('keys') }), box = el('div', {}), count = el('p', { class: 'small' });
  if (categories.length === 0)
    return null;
  const form = new Form({ fields: [{ name: 'category', label: x.choose, choices: Object.fromEntries(categories.map((c) => [c, plain(c)])) }, { name: 'key', label: x.find, maxlength: 512, list: list.id, autocomplete: 'off' }], submit: x.look, busy: x.looking,
    more: [list, count], tell: (problem) => tell(problem, ['category', 'key']), send: async (place) => box.replaceChildren(...await timeline(config, place)) });
  const choice = form.field('category').input, offer = () => keysOf(config, choice.value, list).then((n) => {
    count.textContent = x.keys(n, KEYS);
  }).catch(failed);
  choice.addEventListener('change', offer);
  return el('details', { class: 'looks', ontoggle: (event) => event.target.open && count.textContent === '' && offer() }, el('summary', {}, x.title), form.element, box);
}
