// operation.js - how the installation is: what is wrong and what to do about it, what waits, and what goes on now.
import { el, every, link, notice, say, time } from './ui.js';
import { callSigned, fileSigned } from './api.js';
import { table } from './chart.js';
import { plain, stateTag } from './drift.js';
import { number } from './language.js';
import { duration, failed } from './messages.js';
import { charts, parse, sum, tables } from './measured.js';
import { m } from './texts_more.js';

const x = m.operation;
const LOOK_MS = 5000, KEPT = 60, SILENT_MS = 30000, WAITS_MS = 300000, WORK = 20;

async function look() {
  const [details, text, work] = await Promise.all([callSigned('GET', 'api/health/details'), fileSigned('metrics', 'text/plain').then((blob) => blob.text()), callSigned('GET', `api/operations?limit=${WORK}`)]);
  return { details, metrics: parse(text), work: work.items, at: performance.now() };
}

// ---- what is wrong ---------------------------------------------------------------------------------

const seconds = (s) => duration(Math.max(1, Math.round(s)));

// [what is wrong, what to do]
function troubles({ details: d, metrics: all }) {
  const w = x.trouble, errors = sum(all, 'bsx_errors_total'), died = sum(all, 'bsx_workers_died_total'), lost = sum(all, 'bsx_log_dropped_total'), oldest = sum(all, 'bsx_outbox_oldest_seconds') * 1000;
  const behind = sum(all, 'bsx_audit_feed_behind'), late = sum(all, 'bsx_audit_feed_behind_seconds') * 1000;
  if (d.database === 'unavailable')
    return [w.database.unavailable];
  return [w.database[d.database], d.tenants_behind > 0 && w.behind(d.tenants_behind), d.driftd_heartbeat_age_ms < 0 && w.nobody, d.driftd_heartbeat_age_ms > SILENT_MS && w.silent(seconds(d.driftd_heartbeat_age_ms / 1000)),
    d.outbox_pending > 0 && oldest > WAITS_MS && w.waits(seconds(oldest / 1000)), behind > 0 && late > WAITS_MS && w.feed(behind, seconds(late / 1000)), d.signing_key_age_s < 0 && w.key, errors > 0 && w.errors(errors), died > 0 && w.died(died), lost > 0 && w.lines(lost)].filter(Boolean);
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

// ---- long work -------------------------------------------------------------------------------------

const far = (o) => (o.state === 'running' ? [o.total > 0 && x.step(o.done, o.total), o.now && plain(o.now)].filter(Boolean).join('; ') : '');
const workRow = (o) => [el('code', {}, plain(o.kind)), el('div', {}, stateTag(o.state, x.workStates), el('div', { class: 'small' }, far(o), o.error && plain(o.error))), plain(o.asked_by ?? ''), time(o.created_at), o.finished_at ? time(o.finished_at) : ''];
const workOf = ({ work }) => (work.length > 0 ? table(x.work, x.workHeads, work.map(workRow), 'records') : el('p', {}, x.noWork));

export async function page() {
  const seen = [await look()], top = el('div', {}, health(seen[0])), moving = el('div', {}, charts(seen)), below = el('div', {}, tables(seen[0].metrics)), work = el('div', {}, workOf(seen[0]));
  const live = () => every(LOOK_MS, async (left) => {
    const now = await look(), before = JSON.stringify(troubles(seen.at(-1)));
    if (left())
      return;
    seen.push(now);
    seen.splice(0, seen.length - KEPT);
    top.replaceChildren(...health(now));
    moving.replaceChildren(...charts(seen));
    if (!below.querySelector('details[open]'))
      below.replaceChildren(...tables(now.metrics));
    work.replaceChildren(workOf(now));
    const wrong = troubles(now);
    if (JSON.stringify(wrong) !== before)
      say(wrong.length === 0 ? x.well : wrong.map(([what]) => what).join(' '));
  }, failed);
  return { title: x.title, wide: true, live, parts: [el('p', {}, x.says), top, el('h2', {}, x.now), el('p', { class: 'small' }, x.nowSays), moving, below, el('h2', {}, x.work), el('p', { class: 'small' }, x.workSays), work,
    el('p', { class: 'after' }, link('#/runs', x.runs))] };
}
