// chart.js - charts of our own as SVG: stacked bars. The numbers stand in a table beside it, for who reads and for who listens.
import { el } from './ui.js';

const NS = 'http://www.w3.org/2000/svg';

function shape(name, attributes, ...children) {
  const e = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes))
    e.setAttribute(key, value);
  e.append(...children);
  return e;
}

const WIDTH = 600, HEIGHT = 120;

// bars: [{ label, values: { kind: n } }]; kinds from the foot up, as { kind: word }; words are no part of the drawing, which shrinks.
export function stackedBars({ bars, kinds, says }) {
  const all = Object.keys(kinds), sum = (bar) => all.reduce((n, kind) => n + bar.values[kind], 0), peak = Math.max(1, ...bars.map(sum));
  const step = WIDTH / bars.length, scale = (HEIGHT - 2) / peak, foot = HEIGHT - 1;
  const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': says, preserveAspectRatio: 'none' },
    shape('line', { x1: 0, x2: WIDTH, y1: foot + .5, y2: foot + .5, class: 'axis' }));
  bars.forEach((bar, i) => {
    let y = foot;
    const column = shape('g', {}, shape('title', {}, `${bar.label}: ${sum(bar)}`));
    for (const kind of all.filter((k) => bar.values[k] > 0)) {
      const h = Math.max(1.5, bar.values[kind] * scale);
      y -= h;
      column.append(shape('rect', { x: i * step + step * .15, y, width: step * .7, height: h, class: `bar-${kind}` }));
    }
    svg.append(column);
  });
  return el('figure', { class: 'chart' }, el('p', { class: 'small' }, String(peak)), svg,
    el('p', { class: 'small ends' }, el('span', {}, bars[0].label), el('span', {}, bars.at(-1).label)),
    el('ul', { class: 'plain legend small', 'aria-hidden': 'true' }, ...Object.entries(kinds).reverse().map(([kind, word]) => el('li', { class: `key-${kind}` }, word))));
}

// A line of numbers, the oldest first; what it is now stands beside it as text.
export function line({ points: given, says }) {
  const points = given.length > 1 ? given : [...given, ...given]; // one look is a level line
  const peak = Math.max(...points, 1e-9), step = WIDTH / Math.max(1, points.length - 1), y = (v) => HEIGHT - 2 - v / peak * (HEIGHT - 4);
  return el('figure', { class: 'chart line' }, shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': says, preserveAspectRatio: 'none' },
    shape('line', { x1: 0, x2: WIDTH, y1: HEIGHT - .5, y2: HEIGHT - .5, class: 'axis' }), shape('polyline', { points: points.map((v, i) => `${(i * step).toFixed(1)},${y(v).toFixed(1)}`).join(' '), class: 'trace' })), el('figcaption', { class: 'small' }, says));
}

export const tableRow = (heads, [first, ...rest]) => el('tr', {}, el('th', { scope: 'row' }, first), ...rest.map((c, i) => el('td', { 'data-head': heads[i + 1] }, c)));

// rows: arrays of texts or elements; the first cell names its row. kind "records": where it is narrow, each row stands by itself.
export const table = (caption, heads, rows, kind = '') => el('div', { class: `table ${kind}`, tabindex: '0', role: 'region', 'aria-label': caption },
  el('table', {}, el('thead', {}, el('tr', {}, ...heads.map((h) => el('th', { scope: 'col' }, h)))),
    el('tbody', {}, ...rows.map((cells) => tableRow(heads, cells)))));
