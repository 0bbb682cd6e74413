// alerts.js - the list of alerts: filtered in the address, walked by the keyboard, kept up to date.
import { button, el, every, listen, say } from './ui.js';
import { callSigned } from './api.js';
import { alertPage } from './alert.js';
import { alertRow } from './drift.js';
import { failed, sentence } from './messages.js';
import { t } from './texts.js';

const PAGE = 50, LOOK_MS = 10000;

export const page = (ctx) => (ctx.id ? alertPage(ctx) : alertList(ctx));

// ---- the list --------------------------------------------------------------------------------------

// j and k walk the list, as in a mail program; what is typed into a field is that field's.
function walk(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || !['j', 'k'].includes(event.key) || event.target.closest('input, select, textarea'))
    return;
  const links = [...document.querySelectorAll('.alerts a')], at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + (event.key === 'j' ? 1 : -1)))]?.focus();
}

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

// What nobody has taken up comes first of what is not resolved; `after` says where to go on: [status, cursor].
async function request(filter, after) {
  const of = filter.get('status'), all = of === 'waiting' ? t.waiting : [of ?? ''], items = [];
  let [status, cursor] = after ?? [all[0], ''];
  for (;;) {
    const q = new URLSearchParams({ limit: PAGE });
    const asked = { status, cursor, severity: filter.get('severity'), config_id: filter.get('config_id') };
    for (const [name, value] of Object.entries(asked))
      if (value)
        q.set(name, value);
    const part = await callSigned('GET', `api/drift/alerts?${q}`);
    items.push(...part.items);
    if (!part.next_cursor)
      status = all[all.indexOf(status) + 1];
    cursor = part.next_cursor ?? '';
    if (cursor || status === undefined || items.length >= PAGE)
      return { items, next: status === undefined ? null : [status, cursor] };
  }
}

async function alertList({ filter }) {
  const first = await request(filter);
  const list = el('ul', { class: 'plain alerts', 'aria-label': t.nav.alerts }), more = el('p', {}), empty = el('p', {}, t.none);
  const put = ({ items, next }, add) => {
    const rows = items.map(alertRow);
    if (add)
      list.append(...rows);
    else
      list.replaceChildren(...rows);
    empty.hidden = list.children.length > 0;
    more.replaceChildren(next ? button(t.more, () => request(filter, next).then((part) => {
      const at = list.children.length;
      put(part, true);
      list.children[at]?.querySelector('a').focus();
    }, (problem) => say(sentence(problem.code)))) : '');
  };
  const known = (part) => JSON.stringify(part.items);
  let shown = known(first);
  put(first);
  // What is new comes by itself, as long as somebody looks, has not gone on to older ones, and is not on a row.
  const live = () => {
    listen('keydown', walk);
    every(LOOK_MS, async (left) => {
      if (list.children.length > first.items.length + PAGE || list.contains(document.activeElement))
        return;
      const now = await request(filter);
      if (left() || known(now) === shown)
        return;
      shown = known(now);
      put(now);
      say(t.alerts.changed);
    }, failed);
  };
  return { title: t.nav.alerts, wide: true, live, parts: [
    el('div', { class: 'row' }, chooser('status', t.alerts.status, { waiting: t.alerts.waiting, ...t.statuses }, filter),
      chooser('severity', t.alerts.severity, t.severities, filter)),
    empty, list, more] };
}
