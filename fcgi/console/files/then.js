// then.js - a config at two instants, held against each other by the server.
import { Form, el, say, time } from './ui.js';
import { callSigned } from './api.js';
import { sides } from './change.js';
import { plain, severities, tag } from './drift.js';
import { tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.then;
const DAY_MS = 86400000, MOST = 200;

// As a field has it, of the viewer's zone.
const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60000).toISOString().slice(0, 16);
// The end of the minute that was typed.
const endOfMinute = (text) => new Date(new Date(text).getTime() + 59999).toISOString();

const inForce = async (id, text) => (await callSigned('GET', `api/drift/configs/${id}/snapshots?at=${encodeURIComponent(endOfMinute(text))}`)).items[0];

// A difference, as the server found it.
export const difference = (c) => el('li', { class: 'change' }, el('p', {}, tag(c.severity), ' ', el('strong', {}, plain(`${c.resource.category} ${c.resource.key}`))), el('p', {}, el('code', {}, plain(c.path) || t.change.whole), ` ${c.op}`), sides(c));

// What was left out, in words.
export const leftOut = (found) => [found.incomplete.length > 0 && el('p', {}, x.incomplete(found.incomplete.map(plain))),
  found.not_compared.length > 0 && el('p', {}, x.masked(found.not_compared.length + (found.not_compared_more ?? 0)))];

function shown(found, from, to) {
  const all = [...found.changes].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)), cut = all.slice(0, MOST), [of, against] = x.sides;
  const s = found.summary, n = s.created + s.modified + s.deleted + s.moved;
  say(n === 0 ? x.noChange : x.found(n, found.more || cut.length < all.length));
  return [el('p', {}, of, time(from.collected_at), against, time(to.collected_at), '. ', n === 0 ? x.noChange : x.found(n, found.more || cut.length < all.length)), ...leftOut(found), el('ul', { class: 'plain' }, ...cut.map(difference))];
}

export function twoInstants(config) {
  const box = el('div', {}), now = Date.now();
  const form = new Form({ fields: [{ name: 'from', label: x.from, type: 'datetime-local', value: local(now - DAY_MS) }, { name: 'until', label: x.until, type: 'datetime-local', value: local(now) }], submit: x.go, busy: x.going,
    send: async ({ from, until }) => {
      box.replaceChildren();
      const [left, right] = await Promise.all([inForce(config.id, from), inForce(config.id, until)]);
      if (left === undefined || right === undefined)
        return form.refuse({ fields: { [left === undefined ? 'from' : 'until']: x.none } });
      if (left.id === right.id)
        return form.refuse({ text: x.same });
      const found = await callSigned('POST', 'api/drift/compare', { left: { snapshot_id: left.id }, right: { snapshot_id: right.id } });
      return box.replaceChildren(...shown(found, left, right).filter(Boolean));
    },
    tell: (problem) => tell(problem) });
  return el('details', { class: 'looks' }, el('summary', {}, x.title), el('p', { class: 'small' }, x.says), form.element, box);
}
