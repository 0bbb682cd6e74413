// lists.js - what lists share: what the long ones are narrowed to, and a page after the other; and several of a few that are chosen.
import { Form, button, el, newId, say } from './ui.js';
import { callSigned } from './api.js';
import { failed, tell } from './messages.js';
import { Rows, recordRow, tableFrame } from './rows.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const PAGE = 50;

// It stands in the address, so that a link or a reload shows the same. fields: as a form's, by the names of the query.
export function filterForm({ at, filter, fields }) {
  const form = new Form({ fields: fields.map((f) => ({ optional: true, value: filter.get(f.name) ?? '', ...f })), submit: t.filter, busy: t.filter, tell,
    send: (values) => {
      const next = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
      location.hash = `${at}${next.size > 0 ? `?${next}` : ''}`;
    } });
  form.element.classList.add('narrowing');
  form.element.setAttribute('role', 'search');
  return form.element;
}

// Of the address only what the list takes; `as` says what a value of the address is to the API.
export function queryOf(filter, names, as = {}) {
  const q = new URLSearchParams();
  for (const name of names) {
    const value = filter.get(name) ?? '', asked = value !== '' && as[name] ? as[name](value) : value;
    if (asked !== '')
      q.set(name, asked);
  }
  return q;
}

// The items as records, the first page at once, the others when they are asked for. choose(list): what some of them are chosen by (chosen.js), which rowOf
// gets behind the item.
export async function paged({ path, query = new URLSearchParams(), caption, heads, rowOf, choose = () => null }) {
  const box = el('div', {}), more = el('p', {}), frame = tableFrame(caption, heads), rows = new Rows({ ...frame, row: recordRow(heads, (item) => rowOf(item, chosen)) });
  const chosen = choose(() => ({ items: rows.items, shown: rows.items, box }));
  const ask = (cursor) => callSigned('GET', `${path}?${new URLSearchParams([...query, ['limit', PAGE], ...(cursor ? [['cursor', cursor]] : [])])}`);
  const next = (cursor) => ask(cursor).then((part) => {
    const at = rows.items.length;
    rows.add(part.items, Boolean(part.next_cursor));
    put(part);
    rows.focus(at, 1, 'a, button, summary, input');
    say(m.list.come(part.items.length, rows.items.length, Boolean(part.next_cursor)));
  }).catch(failed);
  const put = (part) => {
    more.replaceChildren(part.next_cursor ? button(t.more, () => next(part.next_cursor)) : '');
    chosen?.tell();
  };
  const first = await ask('');
  box.replaceChildren(first.items.length > 0 ? frame.element : el('p', {}, t.none));
  rows.put(first.items, Boolean(first.next_cursor));
  put(first);
  return [chosen?.element, box, more].filter(Boolean);
}

// ---- several values --------------------------------------------------------------------------------

export const lines = (text) => text.split(/[\s,]+/).filter(Boolean);

// entries: [value, text]; which of them are ticked.
export class Boxes {
  constructor(legend, entries, ticked = []) {
    this.all = entries.map(([value, text]) => ({ value, text, box: el('input', { type: 'checkbox', id: newId('box'), checked: ticked.includes(value) }) }));
    this.element = el('fieldset', { class: 'choice' }, el('legend', {}, legend), el('ul', { class: 'plain' }, ...this.all.map(({ box, text }) => el('li', { class: 'check' }, box, el('label', { for: box.id }, text)))));
  }

  get values() { return this.all.filter(({ box }) => box.checked).map(({ value }) => value); }
}
