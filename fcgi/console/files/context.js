// context.js - a change in its surroundings: the resource as it was read, with what the server found in it drawn at its place.
import { el } from './ui.js';
import { callSigned } from './api.js';
import { plain } from './drift.js';
import { failed } from './messages.js';
import { t } from './texts.js';

const x = t.change;
const MOST_ROWS = 300, KEPT = 4, MOST_TEXT = 2000; // characters of one line

const step = (key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
const lines = (v) => JSON.stringify(v, null, 2).split('\n');
const isTree = (v) => v !== null && typeof v === 'object' && !JSON.isRawJSON?.(v); // no number (api.js)

// Rows of { depth, was, is, kind }: a side that is undefined has nothing there.
class Drawing {
  constructor(changes) {
    this.rows = [];
    this.at = new Map(changes.filter((c) => c.op !== 'deleted').map((c) => [c.path, c]));
    this.gone = changes.filter((c) => c.op === 'deleted');
    this.paths = changes.map((c) => c.path);
  }

  same(depth, text) { this.rows.push({ depth, was: text, is: text, kind: 'same' }); }

  // A value line by line, on one side or on both.
  put(depth, label, was, is, kind) {
    const left = was === undefined ? [] : lines(was), right = is === undefined ? [] : lines(is);
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const text = (all) => (i < all.length ? (i === 0 ? label : '') + all[i] : undefined);
      this.rows.push({ depth, was: text(left), is: text(right), kind });
    }
  }

  touches(pointer) { return this.paths.some((p) => p === pointer || p.startsWith(`${pointer}/`)); }

  lost(pointer, depth, array) {
    for (const c of this.gone.filter((g) => g.path.slice(0, g.path.lastIndexOf('/')) === pointer)) {
      const key = c.path.slice(c.path.lastIndexOf('/') + 1).replaceAll('~1', '/').replaceAll('~0', '~');
      this.put(depth, array ? '' : `${JSON.stringify(key)}: `, c.old_value ?? null, undefined, 'changed');
    }
  }

  value(v, pointer, label, depth) {
    const c = this.at.get(pointer);
    if (c !== undefined && c.op === 'moved')
      this.rows.push({ depth, was: `↕ ${x.moved(c.old_value, c.new_value)}`, is: `↕ ${x.moved(c.old_value, c.new_value)}`, kind: 'moved' });
    else if (c !== undefined)
      return this.put(depth, label, c.op === 'created' ? undefined : c.old_value, v, 'changed');
    if (!isTree(v) || !this.touches(pointer))
      return this.same(depth, label + (isTree(v) && Object.keys(v).length > 0 ? (Array.isArray(v) ? '[…]' : '{…}') : JSON.stringify(v)));
    return this.inside(v, pointer, label, depth);
  }

  // Members that are as before are folded where there are many in a row.
  inside(v, pointer, label, depth) {
    const array = Array.isArray(v), all = Object.keys(v), marked = all.map((key) => this.touches(pointer + step(key)));
    this.same(depth, label + (array ? '[' : '{'));
    let folded = 0;
    const fold = () => {
      if (folded > 0)
        this.same(depth + 1, x.folded(folded));
      folded = 0;
    };
    all.forEach((key, i) => {
      const near = marked.slice(Math.max(0, i - KEPT), i + KEPT + 1).some(Boolean);
      if (!near && all.length > 2 * KEPT)
        return void folded++;
      fold();
      return this.value(v[key], pointer + step(key), array ? '' : `${JSON.stringify(key)}: `, depth + 1);
    });
    fold();
    this.lost(pointer, depth + 1, array);
    this.same(depth, array ? ']' : '}');
  }
}

function cell(side, { depth, kind, [side]: text }) {
  const sign = kind !== 'changed' || text === undefined ? '  ' : side === 'was' ? '− ' : '+ ';
  return el('td', { class: kind === 'changed' && text !== undefined ? side : kind }, el('code', {}, text === undefined ? '' : plain(`${sign}${'  '.repeat(depth)}${text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}… ${x.longer(text.length)}` : text}`)));
}

function draw(value, changes, name) {
  const drawing = new Drawing(changes);
  drawing.value(value, '', '', 0);
  const shown = drawing.rows.slice(0, MOST_ROWS);
  return [el('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': x.contextOf(name) },
    el('table', { class: 'context' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, x.before), el('th', { scope: 'col' }, x.after))),
      el('tbody', {}, ...shown.map((row) => el('tr', { class: row.kind }, cell('was', row), cell('is', row)))))),
  shown.length < drawing.rows.length && el('p', { class: 'small' }, x.cut)];
}

// Folded until somebody wants it: only then is the resource asked for.
export function surroundings(change, all, report) {
  const { category, key } = change.resource, box = el('div', {});
  const load = async () => {
    const found = await callSigned('GET', `api/drift/snapshots/${report.snapshot_id}?category=${encodeURIComponent(category)}&key=${encodeURIComponent(key)}`);
    const value = found.contents?.[0]?.value;
    const mine = all.filter((c) => c.resource.category === category && c.resource.key === key);
    box.replaceChildren(...(value === undefined ? [el('p', {}, x.noContext)] : draw(value, mine, plain(`${category} ${key} ${change.path}`)).filter(Boolean)));
  };
  return el('details', { class: 'surroundings', ontoggle: (event) => {
    if (event.target.open && box.children.length === 0)
      load().catch(failed);
  } }, el('summary', {}, x.context), box);
}
