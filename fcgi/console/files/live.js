// live.js - a list that is filtered by choices in the address, walked by the keyboard, goes on page by page and keeps itself up to date.
import { button, el, every, say } from './ui.js';
import { failed } from './messages.js';
import { Rows } from './rows.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const GOES = 'a.goes';

// The filter stands in the address of its page, so that a link or a reload shows the same.
export function chooser({ at, name, label, choices, filter }) {
  const id = `filter-${name}`, value = filter.get(name) ?? '';
  const select = el('select', { id, onchange: () => {
    const next = new URLSearchParams(filter);
    next.delete(name);
    if (select.value !== '')
      next.set(name, select.value);
    location.hash = `#/${at}${next.size > 0 ? `?${next}` : ''}`;
  } }, el('option', { value: '' }, t.list.all), ...Object.entries(choices).map(([v, text]) => el('option', { value: v, selected: v === value }, text)));
  return el('div', { class: 'filter' }, el('label', { for: id }, label), select);
}

// ---- the keyboard ----------------------------------------------------------------------------------

const key = 'bsx.keys';

export function keysAreOn() {
  try {
    return localStorage.getItem(key) !== 'off';
  } catch {
    return true;
  }
}

export function switchKeys(on) {
  try {
    localStorage.setItem(key, on ? 'on' : 'off');
  } catch {
    // a browser that keeps nothing has them on each time
  }
}

// keys: { j: f, ... }: what is typed into a field, or with another key held, is not for the list; nor while something is asked.
export const onKeys = (keys) => (event) => {
  const f = keys[event.key];
  if (f === undefined || !keysAreOn() || event.ctrlKey || event.altKey || event.metaKey || event.target.closest('input:not([type=checkbox]), select, textarea, dialog'))
    return;
  event.preventDefault();
  f(event);
};

// ---- page by page ----------------------------------------------------------------------------------

// request(after): { items, next } of the first page or of the one after, next null behind the last; frame(): what its rows stand in (rows.js),
// row(item): one of them; above(items, more): what is said of all that is there; drawn(items): what is done about it then. It begins with begin().
export class Pages {
  #fits = null; // which of them are shown; null: all

  constructor({ first, request, frame, row, above = () => null, drawn = () => {}, ms, changed }) {
    Object.assign(this, { request, frame, row, above, drawn, ms, changed, items: first.items, next: first.next, first, rows: null });
    this.top = el('div', {});
    this.box = el('div', {});
    this.onward = button(t.more, () => this.goOn().catch(failed));
    this.more = el('p', {});
  }

  begin() { this.#put(); }

  get shown() { return this.#fits === null ? this.items : this.items.filter(this.#fits); }

  #put() {
    const frame = this.items.length > 0 ? this.frame() : null;
    this.rows?.end();
    this.rows = frame && new Rows({ ...frame, row: this.row });
    this.box.replaceChildren(this.top, frame === null ? el('p', {}, t.none) : frame.element);
    this.rows?.put(this.shown, this.next !== null);
    this.#drawn();
  }

  #drawn() {
    this.top.replaceChildren(...[this.above(this.items, this.next !== null)].flat().filter(Boolean));
    if (this.next === null)
      this.onward.remove();
    else if (!this.more.contains(this.onward))
      this.more.append(this.onward);
    this.drawn(this.items);
  }

  // What is there stays as it is; the focus goes to the first of what has come.
  async goOn() {
    const before = this.items, { items, next } = await this.request(this.next), at = this.rows?.items.length ?? 0;
    if (this.items !== before)
      return; // it was shown anew meanwhile, or went on
    this.items = [...before, ...items];
    this.next = next;
    if (this.rows === null) {
      this.#put();
      return;
    }
    this.rows.add(this.#fits === null ? items : items.filter(this.#fits), next !== null);
    this.#drawn();
    if (!this.rows.focus(at, 1, GOES) && next === null)
      this.rows.focus(at - 1, -1, GOES);
    say(m.list.come(items.length, this.items.length, next !== null));
  }

  // Of all that are there these alone.
  only(fits) {
    this.#fits = fits;
    this.rows?.put(this.shown, this.next !== null);
    this.drawn(this.items);
  }

  // By so many rows the focus goes on; behind the last is the button that asks for more.
  step(by) {
    const at = this.rows?.at(document.activeElement) ?? -1, last = (this.rows?.items.length ?? 0) - 1;
    if (document.activeElement === this.onward)
      this.rows?.focus(by < 0 ? last : last + 1, -1, GOES);
    else if (at === last && at >= 0 && by > 0 && this.next !== null)
      this.onward.focus();
    else
      this.rows?.focus(Math.max(0, Math.min(last, at + by)), by, GOES);
  }

  // Which row this is in.
  at(node) { return this.rows?.at(node) ?? -1; }

  // The row that is at this place now, or the last one.
  focus(i) { return this.rows?.focus(Math.min(i, this.rows.items.length - 1), -1, GOES) ?? false; }

  // The first page anew; who went on to others has them no more.
  async renew() {
    this.first = await this.request();
    Object.assign(this, this.first);
    this.#put();
  }

  // What is new comes by itself, as long as nobody has gone on to older ones, and `busy()` does not say that somebody is at it.
  live(busy) {
    every(this.ms, async (left) => {
      if (this.items.length > this.first.items.length || busy())
        return;
      const now = await this.request();
      if (left() || busy() || JSON.stringify(now) === JSON.stringify(this.first))
        return;
      this.first = now;
      Object.assign(this, now);
      this.#put();
      say(this.changed);
    }, failed);
  }
}
