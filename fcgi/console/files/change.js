// change.js - one change: where, what it was and is, in its surroundings, who did it, and what may be done about it.
import { el, link, time } from './ui.js';
import { surroundings } from './context.js';
import { decisions } from './decide.js';
import { by, may, plain, sure, tag } from './drift.js';
import { revert } from './revert.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = t.change;
const LONG = 400;

// Of a long text its beginning; the whole comes into the page when somebody wants it.
function folded(text) {
  const box = el('pre', {});
  return el('details', { ontoggle: (event) => { box.textContent = event.target.open ? text : ''; } }, el('summary', {}, `${text.slice(0, 80)}…`), box);
}

// A value as people read JSON; a long one is folded.
function value(side, v, truncated) {
  const text = v === undefined ? '' : plain(JSON.stringify(v, null, 2));
  const body = text.length > LONG ? folded(text) : el('pre', {}, text || x.none);
  return el('div', { class: `side ${side}` }, el('span', { class: 'small' }, side === 'was' ? `− ${x.before}` : `+ ${x.after}`),
    truncated ? el('p', { class: 'small' }, x.long) : body);
}

export const sides = (c) => el('div', { class: 'sides' }, value('was', c.old_value, c.old_value_truncated), value('is', c.new_value, c.new_value_truncated));

const accepted = ({ acceptance: a }) => a && el('p', { class: 'small' }, x.acceptedBy(plain(a.owner), plain(a.reason)), a.expires_at && [x.acceptedUntil, time(a.expires_at)]);

const announced = ({ announced: a }) => a && el('p', { class: 'small' }, `${m.intents.verdicts[a.verdict] ?? a.verdict}: `, link(`#/intents/${a.intent_id}`, m.intents.see));

// What is collected may say how it is written; what is pushed does not.
const collected = (config) => config && !['push', 'self', 'canary'].includes(config.source.kind);
const open = (c) => !['resolved', 'accepted', 'ignored'].includes(c.status);

// `all`: the changes that are shown with it, of which some are in the same resource.
export function changeItem({ me, change: c, config, report, all, again }) {
  const whole = c.path === '', seen = !whole && report && may(me, 'read:snapshots');
  return el('li', { class: 'change', tabindex: '-1' }, el('p', {}, tag(c.severity), ' ', el('strong', {}, plain(`${c.resource.category} ${c.resource.key}`))),
    el('p', {}, el('code', {}, plain(c.path) || x.whole), ` ${c.op}`, c.status === 'detected' ? '' : `, ${c.status}`),
    sides(c),
    c.text_diff && el('pre', { class: 'lines' }, plain(c.text_diff)), c.reason && el('p', { class: 'small' }, `${c.reason} (${c.rule})`),
    by(c.attribution) && el('p', { class: 'small' }, `By ${by(c.attribution)}, ${sure[c.attribution.confidence]}`), accepted(c), announced(c),
    seen && surroundings(c, all, report), seen && open(c) && collected(config) && revert(c), decisions({ me, change: c, config, again }));
}
