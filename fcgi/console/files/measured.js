// measured.js - what the programs of this host count: Prometheus' text read, what it comes to in a second, and tables of it.
import { el } from './ui.js';
import { line, table } from './chart.js';
import { plain } from './drift.js';
import { bytes, number } from './language.js';
import { m } from './texts_more.js';

const x = m.operation;
const MOST_ROWS = 30;

// ---- read ------------------------------------------------------------------------------------------

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

export const sum = (all, name, fits = () => true) => (all[name] ?? []).filter(({ labels }) => fits(labels)).reduce((n, { value }) => n + value, 0);

// ---- what goes on ----------------------------------------------------------------------------------

const seconds = (name) => ({ n: (all) => sum(all, `${name}_count`), s: (all) => sum(all, `${name}_sum`) });
// Counted: so many in a second.
const counted = {
  requests: (all) => sum(all, 'bsx_http_requests_total'), errors: (all) => sum(all, 'bsx_http_requests_total', ({ status }) => /^5/.test(status)),
  statements: (all) => sum(all, 'bsx_db_query_duration_seconds_count'), deliveries: (all) => sum(all, 'bsx_deliveries_total'),
  comparisons: (all) => sum(all, 'bsx_drift_runs_total'), asked: (all) => sum(all, 'bsx_source_requests_total'),
};
// Timed: how long one took, of those between two looks.
const timed = { answer: seconds('bsx_http_request_duration_seconds'), statement: seconds('bsx_db_query_duration_seconds'), comparison: seconds('bsx_drift_run_duration_seconds') };
// As it is at each look.
const gauged = { pending: (all) => sum(all, 'bsx_outbox_pending'), open: (all) => sum(all, 'bsx_db_connections') };

const steps = (seen, f) => seen.slice(1).map((now, i) => f(seen[i], now)).filter((v) => v >= 0); // counters that went back were begun anew: that step is left out
const rounded = (v) => number(Math.round(v * 10) / 10);

function meansOf(seen, { n, s }) {
  return steps(seen, (was, now) => (n(now.metrics) > n(was.metrics) ? (s(now.metrics) - s(was.metrics)) / (n(now.metrics) - n(was.metrics)) * 1000 : -1));
}

// seen: [{ metrics, at }], the oldest first.
export function charts(seen) {
  if (seen.length < 2)
    return [el('p', { class: 'small' }, x.waiting)];
  const rates = Object.entries(counted).map(([name, of]) => [x.perSecond[name], steps(seen, (was, now) => (of(now.metrics) - of(was.metrics)) / ((now.at - was.at) / 1000)), rounded]);
  const means = Object.entries(timed).map(([name, of]) => [x.takes[name], meansOf(seen, of), (v) => x.ms(v)]), levels = Object.entries(gauged).map(([name, of]) => [x.level[name], seen.map(({ metrics }) => of(metrics)), number]);
  return [el('div', { class: 'charts' }, ...[...rates, ...means, ...levels].filter(([, points]) => points.length > 0).map(([what, points, print]) => line({ points, says: x.is(what, print(points.at(-1)), print(Math.max(...points))) })))];
}

// ---- tables ----------------------------------------------------------------------------------------

// The values of a metric added up by a label: { key: { name: sum } }.
function by(all, label, names) {
  const rows = new Map();
  for (const [as, name, fits = () => true] of names)
    for (const { labels, value } of (all[name] ?? []).filter((one) => fits(one.labels))) {
      const row = rows.get(labels[label]) ?? rows.set(labels[label], Object.fromEntries(names.map(([one]) => [one, 0]))).get(labels[label]);
      row[as] += value;
    }
  return [...rows];
}

const most = (rows, of) => rows.sort(([, a], [, b]) => of(b) - of(a)).slice(0, MOST_ROWS);
const mean = (r) => x.ms(r.s / Math.max(1, r.n) * 1000), code = (text) => el('code', {}, plain(text ?? ''));
const status = (pattern) => (labels) => pattern.test(labels.status);

function routes(all) {
  const H = 'bsx_http_requests_total', D = 'bsx_http_request_duration_seconds';
  return most(by(all, 'route', [['all', H], ['bad', H, status(/^4/)], ['broken', H, status(/^5/)], ['s', `${D}_sum`], ['n', `${D}_count`]]), (r) => r.all).map(([route, r]) => [code(route), number(r.all), number(r.bad), number(r.broken), mean(r)]);
}
const statements = (all) => most(by(all, 'statement', [['s', 'bsx_db_query_duration_seconds_sum'], ['n', 'bsx_db_query_duration_seconds_count']]), (r) => r.s).map(([name, r]) => [code(name), number(r.n), mean(r), x.s(r.s)]);
const sources = (all) => most(by(all, 'source', [['n', 'bsx_source_requests_total'], ['ok', 'bsx_source_requests_total', ({ outcome }) => outcome === 'answered'], ['off', 'bsx_source_throttled_total'], ['bytes', 'bsx_source_bytes_total']]), (r) => r.n)
  .map(([name, r]) => [code(name), number(r.n), number(r.n - r.ok), number(r.off), bytes(r.bytes)]);
const caches = (all) => by(all, 'cache', [['hit', 'bsx_cache_hits_total'], ['miss', 'bsx_cache_misses_total']]).map(([name, r]) => [code(name), number(r.hit), number(r.miss), x.percent(r.hit / Math.max(1, r.hit + r.miss))]);
const each = (all, name, ...labels) => (all[name] ?? []).map((one) => [...labels.map((label) => plain(one.labels[label] ?? '')), number(one.value)]);

const fold = (title, heads, rows) => rows.length > 0 && el('details', {}, el('summary', {}, title), table(title, heads, rows));
export const tables = (all) => [fold(x.routes, x.routeHeads, routes(all)), fold(x.statements, x.statementHeads, statements(all)), fold(x.sources, x.sourceHeads, sources(all)), fold(x.caches, x.cacheHeads, caches(all)),
  fold(x.deliveries, x.deliveryHeads, each(all, 'bsx_deliveries_total', 'kind', 'outcome')), fold(x.signIns, x.signInHeads, each(all, 'bsx_auth_attempts_total', 'method', 'outcome')), fold(x.limited, x.classHeads, each(all, 'bsx_rate_limited_total', 'class')),
  fold(x.connections, x.kindHeads, each(all, 'bsx_db_connections', 'kind')), fold(x.parts.workers, x.diedHeads, each(all, 'bsx_workers_died_total', 'program', 'signal'))].filter(Boolean);
