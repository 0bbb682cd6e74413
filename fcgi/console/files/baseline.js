// baseline.js - what a config is compared with, and its approval, with what the first reading has to be looked at for.
import { Form, el, newId, time } from './ui.js';
import { Problem, callSigned } from './api.js';
import { may, plain, tag } from './drift.js';
import { tell } from './messages.js';
import { t } from './texts.js';

const c = t.config;

const toSee = (x) => el('li', {}, tag(x.severity), ' ', el('strong', {}, plain(`${x.category} ${x.key}`)), ' ', el('code', {}, plain(String(x.path ?? ''))), el('p', { class: 'small' }, plain(x.reason)));

// The list that has to be seen, and the box that says that it was.
export function firstLook(look) {
  const id = newId('seen'), seen = el('input', { type: 'checkbox', id });
  const list = el('details', {}, el('summary', {}, c.lookList), el('ul', { class: 'plain history' }, ...look.changes.map(toSee)), look.more > 0 && el('p', {}, c.lookMore(look.more)));
  return { seen, parts: [el('p', {}, c.look(look.critical, look.high)), list, el('div', { class: 'check' }, seen, el('label', { for: id }, c.seen))] };
}

// The member of a body that says that the list was seen; a fault when the box says that it was not.
export function reviewed(look) {
  if (look && !look.seen.checked)
    throw new Problem({ code: 'not_seen' });
  return look ? { approve: { reviewed: true } } : {};
}

function approveForm(config, baseline, again) {
  const look = baseline.first_look && firstLook(baseline.first_look);
  const form = new Form({
    fields: [], submit: c.approve, busy: c.approving, more: [...(look?.parts ?? []), el('p', { class: 'small' }, c.approveSays)],
    send: async () => {
      await callSigned('PUT', `api/drift/configs/${config.id}/baseline`, { snapshot_id: baseline.snapshot_id, ...reviewed(look) });
      await again(c.approvedNow);
    },
    tell: (problem) => tell(problem),
  });
  return form.element;
}

export function approval({ me, config, baseline, again }) {
  const head = [el('h2', {}, c.baseline), el('p', {}, c.modes[baseline.mode] ?? baseline.mode, baseline.golden && ` ${plain(baseline.golden.name)}, ${baseline.golden.version}`)];
  if (baseline.snapshot_id === null)
    return [...head, el('p', {}, c.noBaseline)];
  const open = baseline.mode === 'pinned' && !baseline.approved;
  return [...head, el('p', {}, baseline.mode === 'pinned' && (baseline.approved ? c.approved : c.unapproved), ' ', c.taken, time(baseline.collected_at), '.'),
    open && may(me, 'update:drift') && approveForm(config, baseline, again)];
}
