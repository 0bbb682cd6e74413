// alerts.js - the list of alerts: filtered in the address, searched, walked by the keyboard, worked on one or many at a time.
import { ask, button, el, isTouched, listen, newId, say } from './ui.js';
import { callSigned } from './api.js';
import { alertPage } from './alert.js';
import { alertRow, may, plain } from './drift.js';
import { Pages, chooser, keysAreOn, onKeys, step, switchKeys } from './live.js';
import { failed, tell } from './messages.js';
import { t } from './texts.js';

const x = t.alerts;
const PAGE = 50, LOOK_MS = 10000, MOST = 1000; // so many at once the API takes

export const page = (ctx) => (ctx.id ? alertPage(ctx) : alertList(ctx));

// What nobody has taken up comes first of what is not resolved; `after` says where to go on: [status, cursor].
async function request(filter, after) {
  const of = filter.get('status'), all = of === 'waiting' ? t.waiting : [of ?? ''], items = [];
  let [status, cursor] = after ?? [all[0], ''];
  for (;;) {
    const q = new URLSearchParams({ limit: PAGE });
    const asked = { status, cursor, severity: filter.get('severity'), kind: filter.get('kind'), config_id: filter.get('config_id'), suppressed: filter.get('suppressed') };
    for (const [name, value] of Object.entries(asked))
      if (value)
        q.set(name, value);
    const part = await callSigned('GET', `api/drift/alerts?${q}`);
    items.push(...part.items);
    if (!part.next_cursor)
      status = all[all.indexOf(status) + 1];
    cursor = part.next_cursor ?? '';
    if (cursor || status === undefined || items.length >= PAGE)
      return { items, next: status === undefined ? null : [status, cursor] };
  }
}

// ---- some of them at once --------------------------------------------------------------------------

// What is selected of the list, and what may be done about it; without a selection, about the row that has the focus.
class Selection {
  #ids = new Set();

  constructor(list) {
    const all = newId('all');
    this.list = list; // () => its Pages
    this.all = el('input', { type: 'checkbox', id: all, onchange: () => this.#each(this.all.checked) });
    this.count = el('span', {});
    this.deeds = el('div', { class: 'row' }, this.count, button(x.take, () => this.take()), button(x.resolve, () => this.resolve()));
    this.element = el('div', { class: 'row', role: 'group', 'aria-label': x.selection }, el('div', { class: 'check' }, this.all, el('label', { for: all }, x.all)), this.deeds);
    this.#tell();
  }

  boxOf(a) {
    return el('label', { class: 'check hit' }, el('input', { type: 'checkbox', value: a.id, 'aria-label': x.select(plain(a.title)), checked: this.#ids.has(a.id),
      onchange: (event) => this.#set(a.id, event.target.checked) }));
  }

  // Those that are there no more are selected no more.
  keep(items) {
    const there = new Set(items.map((a) => a.id));
    this.#ids = new Set([...this.#ids].filter((id) => there.has(id)));
    this.#tell();
  }

  #boxes() { return [...this.list().box.querySelectorAll('input[type=checkbox]')].filter((e) => e.checkVisibility()); }
  #focused() { return document.activeElement.closest('.alert-row')?.querySelector('input[type=checkbox]'); }

  #set(id, on) {
    this.#ids[on ? 'add' : 'delete'](id);
    this.#tell();
  }

  #each(on) {
    for (const box of this.#boxes()) {
      box.checked = on;
      this.#ids[on ? 'add' : 'delete'](box.value);
    }
    this.#tell();
  }

  #tell() {
    this.count.textContent = x.selected(this.#ids.size);
    this.deeds.hidden = this.#ids.size === 0;
    this.element.hidden = this.list()?.items.length === 0;
    this.all.checked = this.#ids.size > 0 && this.#boxes().every((box) => box.checked);
  }

  toggle() {
    const box = this.#focused();
    if (box)
      box.click();
  }

  // Of what is selected, or has the focus: the ids of those that this is for.
  #of(fits) {
    const one = this.#focused()?.value, ids = this.#ids.size > 0 ? this.#ids : new Set(one ? [one] : []);
    return this.list().items.filter((a) => ids.has(a.id) && fits(a)).map((a) => a.id).slice(0, MOST);
  }

  async #done(body, said) {
    const at = Math.max(0, [...this.list().box.querySelectorAll('.alert-row')].indexOf(document.activeElement.closest('.alert-row')));
    const { changed } = await callSigned('PUT', 'api/drift/alerts', body);
    this.#ids.clear();
    await this.list().renew();
    const links = this.list().box.querySelectorAll('a.goes');
    (links[Math.min(at, links.length - 1)] ?? document.querySelector('h1')).focus();
    say(said(changed));
  }

  take() {
    const ids = this.#of((a) => a.status === 'open');
    return ids.length === 0 ? say(x.noneToTake) : this.#done({ ids, status: 'acknowledged' }, x.taken).catch(failed);
  }

  resolve() {
    const ids = this.#of((a) => a.status !== 'resolved');
    if (ids.length === 0)
      return say(x.noneToResolve);
    return ask({ title: x.resolveAsk(ids.length), text: x.resolveSays, yes: x.resolve, busy: x.resolving, grave: false, tell: (problem) => tell(problem, ['note']),
      fields: [{ name: 'note', label: x.note, maxlength: 1000, optional: true }],
      send: ({ note }) => this.#done({ ids, status: 'resolved', ...(note ? { note } : {}) }, x.resolved) });
  }
}

// ---- the page --------------------------------------------------------------------------------------

function finder(list) {
  const id = newId('find'), input = el('input', { id, type: 'search', oninput: () => say(x.found(find())) });
  // How many of those that are shown hold what is sought.
  const find = () => {
    const wanted = input.value.toLowerCase(), rows = [...list().box.querySelectorAll('.alert-row')];
    for (const row of rows)
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    return rows.filter((row) => !row.hidden).length;
  };
  return { input, find, element: el('div', { class: 'filter' }, el('label', { for: id }, x.find), input) };
}

function keysHelp(mayWork) {
  const words = () => (keysAreOn() ? [mayWork ? x.keysWork : x.keys, x.keysOff] : [x.noKeys, x.keysOn]);
  const says = el('span', {}, words()[0]), turn = button(words()[1], () => {
    switchKeys(!keysAreOn());
    [says.textContent, turn.textContent] = words();
  }, { class: 'link' });
  return el('p', { class: 'small keys' }, says, ' ', turn);
}

// Alerts of kind security are there for who reads the trail.
const kindsFor = (me) => Object.fromEntries(Object.entries(x.kinds).filter(([kind]) => kind !== 'security' || may(me, 'read:audit')));

async function alertList({ me, filter }) {
  const first = await request(filter), mayWork = may(me, 'update:alerts');
  let list = null;
  const chosen = mayWork && new Selection(() => list), sought = finder(() => list);
  const draw = (items) => (items.length === 0 ? el('p', {}, t.none)
    : el('ul', { class: 'plain alerts', 'aria-label': t.nav.alerts }, ...items.map((a) => alertRow(a, chosen && chosen.boxOf(a)))));
  list = new Pages({ first, request: (after) => request(filter, after), draw, ms: LOOK_MS, changed: x.changed, drawn: (items) => {
    sought.find();
    chosen && chosen.keep(items);
  } });
  list.begin();
  const keys = { j: () => step(list.box, 1), k: () => step(list.box, -1), '/': () => sought.input.focus(),
    ...(mayWork && { x: () => chosen.toggle(), a: () => chosen.take(), r: () => chosen.resolve() }) };
  const live = () => {
    listen('keydown', onKeys(keys));
    list.live(() => list.box.contains(document.activeElement) || isTouched());
  };
  const choose = (name, label, choices) => chooser({ at: 'alerts', name, label, choices, filter });
  return { title: t.nav.alerts, wide: true, live, parts: [
    el('div', { class: 'row' }, choose('status', x.status, { waiting: x.waiting, ...t.statuses }), choose('severity', x.severity, t.severities), choose('kind', x.kind, kindsFor(me)),
      choose('suppressed', x.quiet, x.quiets), sought.element),
    chosen && chosen.element, list.box, list.more, keysHelp(mayWork)] };
}
