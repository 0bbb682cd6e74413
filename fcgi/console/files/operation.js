// operation.js - how the installation is: what is wrong and what to do about it, what waits, and what goes on now.
import { el, every, notice, say } from './ui.js';
import { callSigned, fileSigned } from './api.js';
import { line, table } from './chart.js';
import { plain } from './drift.js';
import { number } from './language.js';
import { duration, failed } from './messages.js';
import { m } from './texts_more.js';

const x = m.operation;
const LOOK_MS = 5000, KEPT = 60, SILENT_MS = 30000, WAITS_MS = 300000, MOST_ROUTES = 30;

// ---- what is counted -------------------------------------------------------------------------------

const unquote = (text) => text.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));

// Prometheus' text format: { name: [{ labels, value }] }.
export function parse(text) {
  const all = {};
  for (const row of text.split('\n')) {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(row) ?? [];
    if (name !== undefined)
      (all[name] ??= []).push({ value: Number(value), labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, k, v]) => [k, unquote(v)])) });
  }
  return all;
}

const sum = (all, name, fits = () => true) => (all[name] ?? []).filter(({ labels }) => fits(labels)).reduce((n, { value }) => n + value, 0);
const counted = {
  requests: (all) => sum(all, 'bsx_http_requests_total'), errors: (all) => sum(all, 'bsx_http_requests_total', ({ status }) => /^5/.test(status)),
  statements: (all) => sum(all, 'bsx_db_query_duration_seconds_count'), deliveries: (all) => sum(all, 'bsx_deliveries_total'),
};

async function look() {
  const [details, text] = await Promise.all([callSigned('GET', 'api/health/details'), fileSigned('metrics', 'text/plain').then((blob) => blob.text())]);
  return { details, metrics: parse(text), at: performance.now() };
}

// ---- what is wrong ---------------------------------------------------------------------------------

const seconds = (s) => duration(Math.max(1, Math.round(s)));

// [what is wrong, what to do]
function troubles({ details: d, metrics: all }) {
  const w = x.trouble, errors = sum(all, 'bsx_errors_total'), died = sum(all, 'bsx_workers_died_total'), lost = sum(all, 'bsx_log_dropped_total'), oldest = sum(all, 'bsx_outbox_oldest_seconds') * 1000;
  if (d.database === 'unavailable')
    return [w.database.unavailable];
  return [w.database[d.database], d.tenants_behind > 0 && w.behind(d.tenants_behind), d.driftd_heartbeat_age_ms < 0 && w.nobody, d.driftd_heartbeat_age_ms > SILENT_MS && w.silent(seconds(d.driftd_heartbeat_age_ms / 1000)),
    d.outbox_pending > 0 && oldest > WAITS_MS && w.waits(seconds(oldest / 1000)), d.signing_key_age_s < 0 && w.key, errors > 0 && w.errors(errors), died > 0 && w.died(died), lost > 0 && w.lines(lost)].filter(Boolean);
}

function factsOf({ details: d, metrics: all }) {
  const fact = (name, ...parts) => el('div', {}, el('dt', {}, x.parts[name]), el('dd', {}, ...parts)), count = (name) => number(sum(all, name));
  return el('dl', { class: 'facts' }, fact('version', d.version), fact('database', d.database), fact('schemas', x.schemas(d.control_schema, d.tenant_schema, d.tenants_behind, d.tenants)),
    fact('daemons', x.daemons(d.driftd_count, d.driftd_heartbeat_age_ms < 0 ? null : seconds(d.driftd_heartbeat_age_ms / 1000))), fact('outbox', x.pending(d.outbox_pending, seconds(sum(all, 'bsx_outbox_oldest_seconds')))),
    fact('key', d.signing_key_age_s < 0 ? x.none : x.age(seconds(d.signing_key_age_s))), fact('errors', count('bsx_errors_total')), fact('workers', count('bsx_workers_died_total')), fact('lines', count('bsx_log_dropped_total')), fact('series', count('bsx_metric_series_dropped_total')));
}

const health = (seen) => {
  const wrong = troubles(seen);
  return [...(wrong.length === 0 ? [notice(x.well, 'good')] : wrong.map(([what, remedy]) => el('div', { class: 'notice error' }, el('p', {}, el('strong', {}, what)), el('p', {}, remedy)))), factsOf(seen)];
};

// ---- what goes on ----------------------------------------------------------------------------------

// Counters that went back were begun anew: that step is left out.
function rates(seen) {
  return Object.fromEntries(Object.entries(counted).map(([name, of]) => [name, seen.slice(1).map((now, i) => (of(now.metrics) - of(seen[i].metrics)) / ((now.at - seen[i].at) / 1000)).filter((v) => v >= 0)]));
}

function charts(seen) {
  const all = rates(seen), shown = Object.entries(all).filter(([, points]) => points.length > 0);
  return shown.length === 0 ? [el('p', { class: 'small' }, x.waiting)] : [el('div', { class: 'charts' }, ...shown.map(([name, points]) => line({ points, says: x.is(x.perSecond[name], number(Math.round(points.at(-1) * 10) / 10)) })))];
}

function byRoute(all) {
  const rows = new Map(), row = (labels) => rows.get(labels.route) ?? rows.set(labels.route, { n: 0, bad: 0, broken: 0 }).get(labels.route);
  for (const { labels, value } of all.bsx_http_requests_total ?? []) {
    const r = row(labels);
    r.n += value;
    r.bad += /^4/.test(labels.status) ? value : 0;
    r.broken += /^5/.test(labels.status) ? value : 0;
  }
  const mean = (route) => sum(all, 'bsx_http_request_duration_seconds_sum', (l) => l.route === route) / Math.max(1, sum(all, 'bsx_http_request_duration_seconds_count', (l) => l.route === route)) * 1000;
  return [...rows].sort(([, a], [, b]) => b.n - a.n).slice(0, MOST_ROUTES).map(([route, r]) => [el('code', {}, plain(route)), number(r.n), number(r.bad), number(r.broken), x.ms(mean(route))]);
}

const fold = (title, heads, rows) => rows.length > 0 && el('details', {}, el('summary', {}, title), table(title, heads, rows));
const tables = ({ metrics: all }) => [fold(x.routes, x.routeHeads, byRoute(all)),
  fold(x.deliveries, x.deliveryHeads, (all.bsx_deliveries_total ?? []).map(({ labels, value }) => [plain(labels.kind ?? ''), plain(labels.outcome ?? ''), number(value)])),
  fold(x.limited, x.classHeads, (all.bsx_rate_limited_total ?? []).map(({ labels, value }) => [plain(labels.class ?? ''), number(value)])),
  fold(x.connections, x.kindHeads, (all.bsx_db_connections ?? []).map(({ labels, value }) => [plain(labels.kind ?? ''), number(value)]))].filter(Boolean);

export async function page() {
  const seen = [await look()], top = el('div', {}, health(seen[0])), moving = el('div', {}, charts(seen)), below = el('div', {}, tables(seen[0]));
  const live = () => every(LOOK_MS, async (left) => {
    const now = await look(), before = JSON.stringify(troubles(seen.at(-1)));
    if (left())
      return;
    seen.push(now);
    seen.splice(0, seen.length - KEPT);
    top.replaceChildren(...health(now));
    moving.replaceChildren(...charts(seen));
    if (!below.querySelector('details[open]'))
      below.replaceChildren(...tables(now));
    const wrong = troubles(now);
    if (JSON.stringify(wrong) !== before)
      say(wrong.length === 0 ? x.well : wrong.map(([what]) => what).join(' '));
  }, failed);
  return { title: x.title, wide: true, live, parts: [el('p', {}, x.says), top, el('h2', {}, x.now), el('p', { class: 'small' }, x.nowSays), moving, below] };
}
