// change.js - one change: where, what it was and is, who did it, and what may be done about it.
import { Form, el } from './ui.js';
import { callSigned } from './api.js';
import { by, may, plain, sure, tag } from './drift.js';
import { tell } from './messages.js';

const LONG = 400;

// A value as people read JSON; a long one is folded.
function value(side, v, truncated) {
  const text = v === undefined ? '' : plain(JSON.stringify(v, null, 2));
  const body = text.length > LONG ? el('details', {}, el('summary', {}, `${text.slice(0, 80)}…`), el('pre', {}, text)) : el('pre', {}, text || '(none)');
  return el('div', { class: `side ${side}` }, el('span', { class: 'small' }, side === 'was' ? '− before' : '+ after'),
    truncated ? el('p', { class: 'small' }, 'Too long to be shown here.') : body);
}

function acceptForm(change, done) {
  const form = new Form({
    fields: [{ name: 'reason', label: 'Why is this value right?', maxlength: 500, autofocus: true },
      { name: 'until', label: 'Until (empty: for good)', type: 'date', optional: true }],
    submit: 'Accept this value', busy: 'Accepting…',
    send: async ({ reason, until }) => {
      await callSigned('PUT', `api/drift/changes/${change.id}`, { status: 'accepted', reason,
        ...(until ? { expires_at: new Date(`${until}T23:59:59`).toISOString() } : {}) });
      await done('The value was accepted.');
    },
    tell: (problem) => tell(problem, ['reason']),
  });
  return el('details', { class: 'accept' }, el('summary', {}, 'Accept this value'), form.element);
}

export function changeItem(me, c, done) {
  const open = !['resolved', 'accepted', 'ignored'].includes(c.status);
  return el('li', { class: 'change' }, el('p', {}, tag(c.severity), ' ', el('strong', {}, plain(`${c.resource.category} ${c.resource.key}`))),
    el('p', {}, el('code', {}, plain(c.path) || '(the whole)'), ` ${c.op}`, c.status === 'detected' ? '' : `, ${c.status}`),
    el('div', { class: 'sides' }, value('was', c.old_value, c.old_value_truncated), value('is', c.new_value, c.new_value_truncated)),
    c.text_diff && el('pre', { class: 'lines' }, plain(c.text_diff)), c.reason && el('p', { class: 'small' }, `${c.reason} (${c.rule})`),
    by(c.attribution) && el('p', { class: 'small' }, `By ${by(c.attribution)}, ${sure[c.attribution.confidence]}`),
    open && may(me, 'update:drift') && acceptForm(c, done));
}
