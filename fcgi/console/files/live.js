// live.js - a list that is filtered by choices in the address, walked by the keyboard, goes on page by page and keeps itself up to date.
import { button, el, every, say } from './ui.js';
import { failed } from './messages.js';
import { t } from './texts.js';

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

// By how many links of the list the focus goes on.
export function step(box, by) {
  const links = [...box.querySelectorAll('a.goes')].filter((e) => e.checkVisibility()), row = document.activeElement.closest('li, tr'), at = links.findIndex((e) => row?.contains(e));
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

// ---- page by page ----------------------------------------------------------------------------------

// request(after): { items, next } of the first page or of the one after, next null behind the last; draw(items, more): all that is there;
// drawn(items): what is done about it then, beginning with begin().
export class Pages {
  constructor({ first, request, draw, drawn = () => {}, ms, changed }) {
    Object.assign(this, { request, draw, drawn, ms, changed, items: first.items, next: first.next, first });
    this.box = el('div', {});
    this.more = el('p', {});
  }

  begin() { this.#put(); }

  #put() {
    this.box.replaceChildren(...[this.draw(this.items, this.next !== null)].flat(Infinity).filter(Boolean));
    this.drawn(this.items);
    this.more.replaceChildren(this.next === null ? '' : button(t.more, () => this.goOn().catch(failed)));
  }

  async goOn() {
    const { items, next } = await this.request(this.next), at = this.items.length;
    this.items = [...this.items, ...items];
    this.next = next;
    this.#put();
    this.box.querySelectorAll('a.goes')[at]?.focus();
  }

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
