// fleet.js - the tenants that somebody looks after, the worst first: what is open and blind in each, and the way into it.
import { el, isTouched, link, listen, notice } from './ui.js';
import { callSigned } from './api.js';
import { placeIn } from './address.js';
import { plain, severities, stateTag, tag } from './drift.js';
import { ago, number } from './language.js';
import { Pages, chooser, onKeys } from './live.js';
import { recordRow, tableFrame } from './rows.js';
import { t } from './texts.js';

const x = t.fleet;
const PAGE = 50, LOOK_MS = 20000;

async function request(filter, cursor) {
  const q = new URLSearchParams({ limit: PAGE });
  for (const [name, value] of Object.entries({ cursor, severity: filter.get('severity'), blind: filter.get('blind'), status: filter.get('status') }))
    if (value)
      q.set(name, value);
  const { items, next_cursor: next } = await callSigned('GET', `api/fleet?${q}`);
  return { items, next };
}

// ---- a row -----------------------------------------------------------------------------------------

const openIn = (row) => severities.reduce((n, s) => n + (row.alerts?.[s] ?? 0), 0);
// Where a page of it is; null: one may not go there.
const inside = (row, me, hash) => (row.links.acting_tenant !== null ? placeIn(row.links.acting_tenant, hash) : row.tenant_id === me.tenant.id ? hash : null);

function nameOf(row, me) {
  const own = row.tenant_id === me.tenant.id, there = inside(row, me, row.links.configs ? '#/overview' : '#/alerts?status=waiting');
  const why = row.status !== 'active' ? stateTag(row.status, x.states) : own ? x.own : there === null && x.notLent;
  return el('div', {}, there === null ? plain(row.name) : link(there, plain(row.name), { class: 'goes' }), el('div', { class: 'small' }, row.slug, why && [', ', why]));
}

// Each number leads to what it counts.
function alertsOf(row, me) {
  if (row.alerts === null)
    return row.counted_at === null ? x.uncounted : x.unseen;
  const counted = severities.filter((s) => row.alerts[s] > 0), there = (s) => row.links.alerts && inside(row, me, `#/alerts?status=waiting&suppressed=false&severity=${s}`);
  return counted.length === 0 ? x.noAlerts : el('ul', { class: 'plain row counts' }, ...counted.map((s) => {
    const parts = [tag(s), ` ${number(row.alerts[s])}`], to = there(s);
    return el('li', {}, to ? el('a', { href: to }, ...parts) : parts);
  }));
}

function configsOf(row, me) {
  if (row.configs === null)
    return x.unseen;
  const { all, blind } = row.configs, to = row.links.configs && inside(row, me, '#/overview');
  return el('div', {}, number(all), blind > 0 && [', ', to ? link(to, x.blind(blind)) : x.blind(blind)]);
}

const rowOf = (me) => (row) => [nameOf(row, me), alertsOf(row, me), row.alerts?.oldest_untaken_at ? ago(row.alerts.oldest_untaken_at) : '', configsOf(row, me),
  row.configs?.last_snapshot_at ? ago(row.configs.last_snapshot_at) : row.configs && t.never, row.usage?.near.map((what) => x.near[what] ?? plain(what)).join(', ') || ''];

// ---- the page --------------------------------------------------------------------------------------

// One sentence, before anything else.
function verdict(items, more) {
  const counts = { open: items.filter((row) => openIn(row) > 0).length, blind: items.filter((row) => row.configs?.blind > 0).length,
    closed: items.filter((row) => row.status !== 'active').length };
  const parts = Object.entries(counts).filter(([, n]) => n > 0).map(([kind, n]) => x.wrong[kind](n));
  const bad = counts.open + counts.blind > 0, of = more ? x.firstOf(items.length) : x.of(items.length);
  return notice(parts.length === 0 ? x.allWell(of) : x.together(of, parts), bad ? 'error' : parts.length === 0 ? 'good' : 'info');
}

export async function page({ me, filter }) {
  const asked = (after) => request(filter, after), first = await asked();
  const list = new Pages({ first, request: asked, ms: LOOK_MS, changed: x.changed, above: (items, more) => items.length > 0 && verdict(items, more),
    frame: () => tableFrame(t.nav.fleet, x.heads), row: recordRow(x.heads, rowOf(me)) });
  list.begin();
  const live = () => {
    listen('keydown', onKeys({ j: () => list.step(1), k: () => list.step(-1) }));
    list.live(() => list.box.contains(document.activeElement) || isTouched());
  };
  const choose = (name, label, choices) => chooser({ at: 'fleet', name, label, choices, filter });
  return { title: x.title, wide: true, live, parts: [el('p', {}, x.says),
    el('div', { class: 'row' }, choose('severity', x.severity, x.severities), choose('blind', x.sight, x.sights), choose('status', x.status, x.statuses)), list.box, list.more] };
}
