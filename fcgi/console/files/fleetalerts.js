// fleetalerts.js - the open alerts of all tenants that somebody looks after, the worst first, and the way to each.
import { el, isTouched, link, listen, time } from './ui.js';
import { callSigned } from './api.js';
import { placeIn } from './address.js';
import { plain, statusWord, tag } from './drift.js';
import { ago } from './language.js';
import { Pages, chooser, onKeys } from './live.js';
import { recordRow, tableFrame } from './rows.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.fleetAlerts;
const PAGE = 50, LOOK_MS = 20000;

async function request(filter, cursor) {
  const q = new URLSearchParams({ limit: PAGE });
  for (const [name, value] of Object.entries({ cursor, severity: filter.get('severity') }))
    if (value)
      q.set(name, value);
  const { items, next_cursor: next } = await callSigned('GET', `api/fleet/alerts?${q}`);
  return { items, next };
}

// Titles and values are read there alone.
function kindOf(row) {
  const { acting_tenant: there, alert } = row.links, hash = `#/alerts/${row.alert_id}`, word = x.kinds(plain(row.kind));
  return alert === null ? word : link(there === null ? hash : placeIn(there, hash), word, { class: 'goes', 'aria-label': `${word}, ${plain(row.name)}` });
}

const rowOf = (me) => (row) => [tag(row.severity), el('div', {}, plain(row.name), el('div', { class: 'small' }, row.slug, row.tenant_id === me.tenant.id && `, ${x.here}`)), kindOf(row),
  el('div', {}, ago(row.opened_at), el('div', { class: 'small' }, x.counted, time(row.counted_at))), el('div', {}, statusWord(row.status), el('div', { class: 'small' }, row.taken ? x.taken : x.waits))];

export async function page({ me, filter }) {
  const asked = (after) => request(filter, after), first = await asked();
  const list = new Pages({ first, request: asked, ms: LOOK_MS, changed: x.changed, frame: () => tableFrame(x.title, x.heads), row: recordRow(x.heads, rowOf(me)) });
  list.begin();
  const live = () => {
    listen('keydown', onKeys({ j: () => list.step(1), k: () => list.step(-1) }));
    list.live(() => list.box.contains(document.activeElement) || isTouched());
  };
  return { title: x.title, wide: true, live, parts: [el('p', {}, x.says), el('div', { class: 'row' }, chooser({ at: 'fleetalerts', name: 'severity', label: x.severity, choices: t.fleet.severities, filter })), list.box, list.more] };
}
