// rows.js - the rows of a list that may be long: those near what is seen are in the page, the others leave their room there.
// How many there are, and which one each is, is said to who listens.
import { el, isChanged } from './ui.js';
import { table, tableRow } from './chart.js';

const NEAR_PX = 1000, FAR_PX = 3000; // of what is seen: so near rows are drawn, and so far away taken out
const USUAL_PX = 72, FEW = 60; // so few are all there: to be printed, and found by what browsers find with

// What somebody is at, or has opened or typed, stays.
const isHeld = (e) => e.contains(document.activeElement) || e.querySelector('details[open]') !== null || [...e.querySelectorAll('input, textarea')].some(isChanged);

// What rows stand in: { element, holder, counted }, counted: the table that says how many rows it has.
export function listFrame(label, kind) {
  const holder = el('ul', { class: `plain ${kind}`, 'aria-label': label });
  return { element: holder, holder };
}

export function tableFrame(caption, heads) {
  const element = table(caption, heads, [], 'records'), counted = element.querySelector('table');
  counted.querySelector('tr').setAttribute('aria-rowindex', 1);
  return { element, counted, holder: counted.querySelector('tbody') };
}

export const recordRow = (heads, cellsOf) => (item) => tableRow(heads, cellsOf(item));

// row(item): the element of one. They are drawn and taken out by so many at once.
export class Rows {
  #blocks = []; // { from, n, rows, room }: of a block one of the last two is there
  #ofRoom = new WeakMap();
  #more = false;
  #px = 0; // of so many rows that were measured
  #measured = 0;

  constructor({ holder, counted = null, row, size = 50 }) {
    Object.assign(this, { holder, counted, row, size, items: [] });
    this.near = new IntersectionObserver((seen) => this.#come(seen.filter((s) => s.isIntersecting).map((s) => this.#ofRoom.get(s.target))), { rootMargin: `${NEAR_PX}px 0px` });
  }

  // These in the place of all; `more`: there are others that nobody has asked for.
  put(items, more) {
    this.near.disconnect();
    this.holder.replaceChildren();
    this.#blocks = [];
    this.items = [];
    this.add(items, more);
  }

  // These behind the others.
  add(items, more) {
    const from = this.items.length;
    this.items = [...this.items, ...items];
    this.#more = more;
    for (let at = from; at < this.items.length; at += this.size)
      this.#leave({ from: at, n: Math.min(this.size, this.items.length - at), rows: null, room: null });
    this.#count();
    if (this.items.length <= FEW)
      this.#blocks.filter((b) => b.rows === null).forEach((b) => this.#fill(b));
    else if (this.items.length > from)
      this.element(from);
  }

  // Others come in its place.
  end() { this.near.disconnect(); }

  // The element of a row, which is drawn if it was not; undefined: there is none.
  element(i) {
    const block = this.#blocks.find((b) => i >= b.from && i < b.from + b.n);
    if (block?.rows === null) {
      this.#fill(block);
      this.#trim(block);
    }
    return block?.rows[i - block.from];
  }

  // Which row this is in; -1: in none.
  at(node) {
    const block = this.#filled().find((b) => b.rows.some((row) => row.contains(node)));
    return block === undefined ? -1 : block.from + block.rows.findIndex((row) => row.contains(node));
  }

  // The focus goes to the first row from `i` on that has one of these in it, or is one; whether there is one.
  focus(i, way, selector) {
    for (let to = i; to >= 0 && to < this.items.length; to += way) {
      const row = this.element(to), target = row.matches(selector) ? row : row.querySelector(selector);
      if (target !== null) {
        target.focus();
        return true;
      }
    }
    return false;
  }

  #filled() { return this.#blocks.filter((b) => b.rows !== null); }

  // ---- drawn, and taken out ------------------------------------------------------------------------

  #come(blocks) {
    const there = blocks.filter((b) => b?.rows === null && this.#blocks.includes(b));
    there.forEach((b) => this.#fill(b));
    if (there.length > 0)
      this.#trim();
  }

  #fill(block) {
    const { from, n, room } = block;
    block.rows = this.items.slice(from, from + n).map((item, i) => this.#numbered(this.row(item), from + i));
    block.room = null;
    this.near.unobserve(room);
    room.replaceWith(...block.rows);
  }

  // Room for a block in the place of its rows, or behind the others.
  #leave(block, height = block.n * (this.#measured > 0 ? this.#px / this.#measured : USUAL_PX)) {
    const room = el(this.counted ? 'tr' : 'li', { class: 'room', 'aria-hidden': 'true' });
    room.style.height = `${height}px`;
    if (block.rows === null) {
      this.holder.append(room);
      this.#blocks.push(block);
    } else {
      block.rows[0].before(room);
      block.rows.forEach((row) => row.remove());
    }
    Object.assign(block, { rows: null, room });
    this.#ofRoom.set(room, block);
    this.near.observe(room);
  }

  // All is measured before anything is moved; what is wanted now stays, wherever it is.
  #trim(wanted = null) {
    if (this.items.length <= FEW)
      return;
    const all = this.#filled().filter((block) => block !== wanted).map((block) => {
      const { top } = block.rows[0].getBoundingClientRect(), { bottom } = block.rows.at(-1).getBoundingClientRect();
      return { block, top, bottom };
    });
    for (const { block, top, bottom } of all) {
      if ((bottom >= -FAR_PX && top <= innerHeight + FAR_PX) || block.rows.some(isHeld))
        continue;
      this.#px += bottom - top;
      this.#measured += block.n;
      this.#leave(block, bottom - top);
    }
  }

  // ---- what is said of them ------------------------------------------------------------------------

  #numbered(row, i) {
    if (this.counted) {
      row.setAttribute('aria-rowindex', i + 2); // the first one names the columns
    } else {
      row.setAttribute('aria-posinset', i + 1);
      row.setAttribute('aria-setsize', this.#size());
    }
    return row;
  }

  #size() { return this.#more ? -1 : this.items.length; }

  #count() {
    if (this.counted)
      this.counted.setAttribute('aria-rowcount', this.#more ? -1 : this.items.length + 1);
    else
      this.#filled().forEach((b) => b.rows.forEach((row) => row.setAttribute('aria-setsize', this.#size())));
  }
}
