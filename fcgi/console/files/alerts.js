// alerts.js - alerts: what is open, worst first, and one with its changes side by side; acknowledged, resolved, accepted.
import { Form, alert, button, el, link, say, show, time } from './ui.js';
import { callSigned } from './api.js';
import { sentence, tell } from './messages.js';

const PAGE = 50, LOOK_MS = 10000, LONG = 400;
const statuses = { open: 'Open', acknowledged: 'Acknowledged', in_progress: 'In progress', resolved: 'Resolved' };
const severities = ['critical', 'high', 'medium', 'low', 'info'];

const may = (me, permission) => me.permissions.includes(permission);
// What would change the order of the characters around it is seen, and does nothing.
const plain = (text) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const tag = (severity) => el('span', { class: `severity ${severity}` }, severity);
const word = (status) => statuses[status] ?? status;

// ---- the list --------------------------------------------------------------------------------------

let looking = null; // the timer of a list that is shown

export function leaveAlerts() {
  clearInterval(looking);
  looking = null;
  removeEventListener('keydown', walk);
}

// j and k walk the list, as in a mail program; what is typed into a field is that field's.
function walk(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || !['j', 'k'].includes(event.key) || event.target.closest('input, select, textarea'))
    return;
  const links = [...document.querySelectorAll('.alerts a')], at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + (event.key === 'j' ? 1 : -1)))]?.focus();
}

// Who made it, as people say it; what is withheld is left out.
const named = (who) => who.name ?? who.id;
const actorsOf = (x) => (x?.actors ?? []).filter((who) => named(who) && named(who) !== '[withheld]');
const by = (x) => {
  const all = actorsOf(x), more = (x?.more ?? 0) + Math.max(0, all.length - 3);
  return plain(all.slice(0, 3).map((who) => (who.kind === 'user' ? '' : `${who.kind} `) + named(who)).join(', ')) + (all.length > 0 && more > 0 ? ` and ${more} more` : '');
};
const sure = { exact: 'seen setting this value', object: 'seen changing the object', pending: 'not known yet', none: 'not known' };
const deedsOf = (x) => el('ul', { class: 'plain' }, ...actorsOf(x).map((who) => el('li', {}, by({ actors: [who] }),
  who.address ? ` from ${plain(who.address)}` : '', who.activity ? `, ${plain(who.activity)}` : '', ', ', time(who.at))));

const row = (a) => el('li', { class: 'alert-row' }, tag(a.severity), el('div', {}, link(`#/alerts/${a.id}`, plain(a.title)),
  el('span', { class: 'small' }, word(a.status), ', since ', time(a.opened_at), by(a.attribution) ? `, by ${by(a.attribution)}` : '', a.acknowledged_by ? `, taken by ${a.acknowledged_by}` : '')));

// The filter stands in the address, so that a link or a reload shows the same.
function chooser(name, label, choices, filter) {
  const id = `filter-${name}`, value = filter.get(name) ?? '';
  const select = el('select', { id, onchange: () => {
    const next = new URLSearchParams(filter);
    next.delete(name);
    if (select.value !== '')
      next.set(name, select.value);
    location.hash = `#/alerts${next.size > 0 ? `?${next}` : ''}`;
  } }, el('option', { value: '' }, 'all'), ...Object.entries(choices).map(([v, text]) => el('option', { value: v, selected: v === value }, text)));
  return el('div', { class: 'filter' }, el('label', { for: id }, label), select);
}

function request(filter, cursor) {
  const q = new URLSearchParams({ limit: PAGE });
  for (const name of ['status', 'severity', 'config_id'])
    if (filter.get(name))
      q.set(name, filter.get(name));
  if (cursor)
    q.set('cursor', cursor);
  return callSigned('GET', `api/drift/alerts?${q}`);
}

export async function alertList({ me, filter, refused }) {
  leaveAlerts();
  let first;
  try {
    first = await request(filter);
  } catch (problem) {
    return refused(problem);
  }
  const list = el('ul', { class: 'plain alerts', 'aria-label': 'Alerts' }), more = el('p', {});
  const empty = el('p', {}, 'There is none.');
  const put = ({ items, next_cursor: next }, add) => {
    const rows = items.map(row);
    if (add)
      list.append(...rows);
    else
      list.replaceChildren(...rows);
    empty.hidden = list.children.length > 0;
    more.replaceChildren(next ? button('More', () => request(filter, next).then((page) => {
      const at = list.children.length;
      put(page, true);
      list.children[at]?.querySelector('a').focus();
    }, (problem) => say(sentence(problem.code)))) : '');
  };
  const known = (page) => JSON.stringify(page.items);
  let shown = known(first);
  put(first);
  show('Alerts', el('div', { class: 'row' }, chooser('status', 'Status', statuses, filter),
    chooser('severity', 'Severity', Object.fromEntries(severities.map((s) => [s, s])), filter)),
  empty, list, more, el('p', { class: 'after' }, link('#/', `${me.user.email}, ${me.tenant.name}`)));
  addEventListener('keydown', walk);
  // What is new comes by itself, as long as somebody looks, has not gone on to older ones, and is not on a row.
  looking = setInterval(async () => {
    if (document.hidden || list.children.length > PAGE || list.contains(document.activeElement))
      return;
    try {
      const now = await request(filter);
      if (known(now) === shown || looking === null)
        return;
      shown = known(now);
      put(now);
      say('The list has changed.');
    } catch (problem) {
      say(sentence(problem.code));
    }
  }, LOOK_MS);
}

// ---- one -------------------------------------------------------------------------------------------

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

function changeItem(me, c, done) {
  const open = !['resolved', 'accepted', 'ignored'].includes(c.status);
  return el('li', { class: 'change' }, el('p', {}, tag(c.severity), ' ', el('strong', {}, plain(`${c.resource.category} ${c.resource.key}`))),
    el('p', {}, el('code', {}, plain(c.path) || '(the whole)'), ` ${c.op}`, c.status === 'detected' ? '' : `, ${c.status}`),
    el('div', { class: 'sides' }, value('was', c.old_value, c.old_value_truncated), value('is', c.new_value, c.new_value_truncated)),
    c.text_diff && el('pre', { class: 'lines' }, plain(c.text_diff)), c.reason && el('p', { class: 'small' }, `${c.reason} (${c.rule})`),
    by(c.attribution) && el('p', { class: 'small' }, `By ${by(c.attribution)}, ${sure[c.attribution.confidence]}`),
    open && may(me, 'update:drift') && acceptForm(c, done));
}

async function changesOf(me, a, done) {
  if (!a.report_id || !may(me, 'read:drift'))
    return [];
  const { items, next_cursor: next } = await callSigned('GET', `api/drift/reports/${a.report_id}/changes?limit=${PAGE}`);
  items.sort((x, y) => severities.indexOf(x.severity) - severities.indexOf(y.severity));
  return [el('h2', {}, `Changes (${next ? `the first ${items.length}` : items.length})`),
    el('ul', { class: 'plain' }, ...items.map((c) => changeItem(me, c, done)))];
}

const happened = (e) => el('li', {}, time(e.at), ` ${e.actor}: ${e.from ? `${word(e.from)} → ` : ''}${word(e.to)}`, e.note ? el('p', { class: 'small' }, plain(e.note)) : '');

// What may be done about it now; `status` is what it then has.
function deeds(me, a, done) {
  if (!may(me, 'update:alerts') || a.status === 'resolved')
    return [];
  const set = async (status, note, said) => {
    await callSigned('PUT', `api/drift/alerts/${a.id}`, { status, ...(note ? { note } : {}) });
    await done(said);
  };
  const trouble = el('div', {});
  const take = a.status === 'open' && button('Acknowledge', () => set('acknowledged', '', 'You have acknowledged it.')
    .catch((problem) => { trouble.replaceChildren(alert(el('p', {}, sentence(problem.code)))); trouble.firstChild.focus(); }), { class: 'primary' });
  const form = new Form({
    fields: [{ name: 'note', label: 'What was done?', maxlength: 1000, optional: true }],
    submit: 'Resolve', busy: 'Resolving…',
    send: ({ note }) => set('resolved', note, 'You have resolved it.'),
    tell: (problem) => tell(problem, ['note']),
  });
  return [trouble, take && el('p', {}, take), el('details', {}, el('summary', {}, 'Resolve'), form.element)];
}

export async function alertPage({ me, id, refused }) {
  leaveAlerts();
  const done = async (said) => {
    await alertPage({ me, id, refused });
    say(said);
  };
  let a, changes, config;
  try {
    a = await callSigned('GET', `api/drift/alerts/${id}`);
    changes = await changesOf(me, a, done);
    config = a.config_id && may(me, 'read:drift') ? await callSigned('GET', `api/drift/configs/${a.config_id}`) : null;
  } catch (problem) {
    return refused(problem);
  }
  const fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  show(plain(a.title), el('dl', { class: 'facts' }, fact('Severity', tag(a.severity)), fact('Status', word(a.status)), fact('Tenant', me.tenant.name),
    config && fact('Config', plain(config.name)), fact('Opened', time(a.opened_at)),
    a.attribution && fact('By whom', sure[a.attribution.confidence] ?? '', deedsOf(a.attribution)),
    a.acknowledged_by && fact('Acknowledged', `${a.acknowledged_by}, `, time(a.acknowledged_at)),
    a.resolved_by && fact('Resolved', `${a.resolved_by}, `, time(a.resolved_at)), a.suppressed_by && fact('Kept quiet by', a.suppressed_by)),
  ...deeds(me, a, done), ...changes,
  a.history?.length > 0 && [el('h2', {}, 'What happened'), el('ul', { class: 'plain history' }, ...a.history.map(happened))],
  el('p', { class: 'after' }, link('#/alerts?status=open', 'Open alerts')));
}
