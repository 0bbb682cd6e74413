// chosen.js - some rows of a list at once: which are chosen, and what is done for each of them, with what came of each.
import { ask, button, el, newId } from './ui.js';
import { may, plain } from './drift.js';
import { failed, sentence, tell } from './messages.js';
import { m } from './texts_more.js';

const x = m.chosen;

// list(): { items, shown, box } of all, of those that are shown, and what their boxes stand in; null: it is not there yet. nameOf(item): what people call it;
// fits(item): whether it can be chosen; deeds: buttons for what is chosen.
export class Chosen {
  #ids = new Set();

  constructor({ list, nameOf, fits = () => true, deeds = [] }) {
    Object.assign(this, { list, nameOf, fits });
    const id = newId('all');
    this.all = el('input', { type: 'checkbox', id, onchange: () => this.#each(this.all.checked) });
    this.count = el('span', {});
    this.deeds = el('div', { class: 'row' }, this.count, ...deeds.map((deed) => deed(this)));
    this.element = el('div', { class: 'row', role: 'group', 'aria-label': x.selection }, el('div', { class: 'check' }, this.all, el('label', { for: id }, x.all)), this.deeds);
    this.tell();
  }

  get size() { return this.#ids.size; }

  boxOf(item) {
    return el('label', { class: 'check hit' }, el('input', { type: 'checkbox', value: item.id, 'aria-label': x.select(this.nameOf(item)), checked: this.#ids.has(item.id),
      onchange: (event) => this.#set(item.id, event.target.checked) }));
  }

  // The first cell of its row.
  cell(item, ...content) { return this.fits(item) ? el('div', { class: 'chooses' }, this.boxOf(item), el('div', {}, ...content)) : el('div', {}, ...content); }

  // Those that are there no more are chosen no more.
  keep(items) {
    const there = new Set(items.map((item) => item.id));
    this.#ids = new Set([...this.#ids].filter((id) => there.has(id)));
    this.tell();
  }

  clear() { this.#ids.clear(); }

  // Of what is chosen, or of this one where nothing is, those that it is for.
  of(fits, one) {
    const ids = this.#ids.size > 0 ? this.#ids : new Set(one ? [one] : []);
    return this.list().items.filter((item) => ids.has(item.id) && fits(item));
  }

  #set(id, on) {
    this.#ids[on ? 'add' : 'delete'](id);
    this.tell();
  }

  #open() { return this.list()?.shown.filter(this.fits) ?? []; }

  #each(on) {
    for (const { id } of this.#open())
      this.#ids[on ? 'add' : 'delete'](id);
    for (const box of this.list().box.querySelectorAll('label.hit input'))
      box.checked = this.#ids.has(box.value);
    this.tell();
  }

  tell() {
    const open = this.#open();
    this.count.textContent = x.selected(this.#ids.size);
    this.deeds.hidden = this.#ids.size === 0;
    this.element.hidden = open.length === 0;
    this.all.checked = this.#ids.size > 0 && open.every((item) => this.#ids.has(item.id));
  }
}

// ---- one after another -----------------------------------------------------------------------------

// None of the others would fare better now.
const endsAll = ({ status, code }) => [401, 429, 503].includes(status) || ['network', 'gateway', 'step_up_required'].includes(code);

// What was refused, of `left`, from which goes what is done.
async function doEach(left, one) {
  const refused = [];
  for (const item of [...left]) {
    try {
      await one(item);
      left.delete(item);
    } catch (problem) {
      if (problem.code === undefined)
        throw problem;
      refused.push({ item, problem });
      if (endsAll(problem))
        break;
    }
  }
  return refused;
}

// A button that does `one(item)` for each that is chosen, after it was asked. What fails stays, with the reason, and is tried again when that is pressed
// again. text: of the button; title(n), says: what is asked; yes, busy; done(n): what is said when all is done.
export const eachDeed = ({ text, title, says, yes, busy, one, done, again }) => (chosen) => button(text, () => {
  const all = chosen.of(chosen.fits), left = new Set(all), line = ({ item, problem }) => el('li', {}, `${chosen.nameOf(item)}: ${plain(([403, 409].includes(problem.status) && problem.detail) || sentence(problem.code))}`);
  let refused = [], over = false;
  const isDone = () => all.length - left.size, told = (problem) => {
    const { more, ...said } = tell(problem);
    return { ...said, more: all.length === 1 ? more : [el('p', {}, x.some(isDone(), all.length)), el('ul', {}, ...refused.map(line)), ...(problem.status >= 500 ? more : [])] };
  };
  ask({ title: title(all.length), text: says, yes, busy, tell: told, send: async () => {
    refused = await doEach(left, one);
    if (refused.length > 0)
      throw refused.at(-1).problem;
    over = true;
    await again(done(all.length));
  }, closed: () => over || isDone() === 0 || again(x.some(isDone(), all.length)).catch(failed) });
});

// The same for a list in which nobody may do any of it: nothing is chosen there.
export const choosing = (me, permission, how) => (may(me, permission) ? new Chosen(how) : null);
