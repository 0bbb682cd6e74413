// config.js - one config: what it watches, how it is read, what it is compared with, what was found, what happened.
import { el, notice, time } from './ui.js';
import { callSigned } from './api.js';
import { approval } from './baseline.js';
import { changing } from './config_tune.js';
import { changeItem } from './change.js';
import { table } from './chart.js';
import { alertRow, gather, may, plain, severities, stateTag } from './drift.js';
import { ago, number } from './language.js';
import { duration } from './messages.js';
import { resources } from './history.js';
import { deedsOfRuns, runsOf, tried, underWay } from './run.js';
import { boundOf } from './templates.js';
import { t } from './texts.js';
import { twoInstants } from './then.js';

const c = t.config;
const FINDINGS = 20, HISTORY = 20;

async function load(me, id) {
  const at = `api/drift/configs/${id}`, get = (path) => callSigned('GET', path);
  const [config, baseline, runs, reports, alerts] = await Promise.all([get(at), get(`${at}/baseline`), get(`api/drift/runs?config_id=${id}&limit=${HISTORY}`),
    get(`api/drift/reports?config_id=${id}&limit=${HISTORY}`), may(me, 'read:alerts') ? gather(callSigned, `api/drift/alerts?config_id=${id}&status=open`, 200) : { items: [] }]);
  const newest = reports.items[0], found = newest?.status === 'drifted' ? await get(`api/drift/reports/${newest.id}/changes?limit=${FINDINGS}`) : null;
  return { config, baseline, runs: runs.items, reports: reports.items, alerts: alerts.items, found, newest };
}

// ---- what it is ------------------------------------------------------------------------------------

export function scheduleText(config) {
  if (config.source.kind === 'push')
    return c.pushed;
  const s = config.schedule;
  if (!s)
    return c.asked;
  return !s.enabled ? c.off : s.interval_s ? c.every(duration(s.interval_s)) : c.cron(s.cron, s.timezone ?? 'UTC');
}

function factsOf(config) {
  const f = c.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  const packs = config.rule_packs.join(', ') || (config.suggested_packs?.length > 0 ? c.suggested(config.suggested_packs.join(', ')) : c.noPacks);
  return el('dl', { class: 'facts' },
    fact(f.state, stateTag(config.state), el('span', { class: 'small' }, ` ${t.states[config.state]?.[2] ?? ''}`)),
    fact(f.source, c.sources[config.source.kind] ?? plain(config.source.kind)), fact(f.packs, plain(packs)),
    fact(f.watches, c.collections(config.collections?.length ?? 0, config.unread?.length ?? 0)),
    fact(f.schedule, scheduleText(config)), fact(f.last, config.last_run ? [ago(config.last_run), ', ', time(config.last_run)] : t.never),
    config.next_run_at && fact(f.next, time(config.next_run_at)), fact(f.told, c.channels(config.alerts.length)));
}

// What is wrong with reading it, with what to do.
function troubles(config) {
  const run = config.collecting, refused = config.last_refused;
  return [['failed', 'dead'].includes(run?.state) && notice(`${c.failed(plain(run.reason ?? ''))} ${plain(run.remedy ?? '')}`, 'error'),
    refused && el('div', { class: 'notice error' }, el('p', {}, c.refused, time(refused.at), ` ${plain(refused.why)}`))];
}

const thresholdsOf = (config) => [el('h2', {}, c.thresholds), el('ul', {}, ...Object.entries(c.defaults)
  .filter(([name]) => config.thresholds[name] !== undefined && config.thresholds[name] !== null)
  .map(([name, says]) => el('li', {}, says(config.thresholds[name]))))];

function collectionsOf(config) {
  const rows = [...(config.collections ?? []).map((x) => [plain(x.category), x.blind ? [c.blind, x.blind_since ? time(x.blind_since) : ''] : x.state,
    x.complete_at ? time(x.complete_at) : t.never]), ...(config.unread ?? []).map((x) => [plain(x.category), c.unread + plain(x.reason), ''])];
  return rows.length > 0 && el('details', {}, el('summary', {}, `${c.readings} (${number(rows.length)})`), table(c.readings, c.readHeads, rows.map((r) => r.map((x) => (Array.isArray(x) ? el('span', {}, ...x) : x)))));
}

// ---- what was found --------------------------------------------------------------------------------

function findingsOf({ config, found, newest, alerts }, me, again) {
  if (found === null)
    return [el('h2', {}, c.findings(0)), el('p', {}, newest ? c.noFindings : t.none)];
  const s = newest.summary, all = s.created + s.modified + s.deleted + s.moved, items = [...found.items].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return [alerts.length > 0 && el('h2', {}, c.alerts), alerts.length > 0 && el('ul', { class: 'plain alerts' }, ...alerts.map((a) => alertRow(a))),
    el('h2', {}, c.findings(all)), found.next_cursor && el('p', { class: 'small' }, c.firstOnly(items.length)),
    el('ul', { class: 'plain' }, ...items.map((change) => changeItem({ me, change, config, report: newest, all: items, again })))];
}

// Comparisons, runs that failed and settings of the baseline, the newest first.
function historyOf({ baseline, runs, reports }) {
  const counted = (s) => s.created + s.modified + s.deleted + s.moved;
  const entries = [...reports.map((r) => ({ at: r.finished_at, text: r.status === 'drifted' ? c.drifted(counted(r.summary), r.max_severity) : c.compared[r.status] ?? r.status })),
    ...runs.filter((r) => ['failed', 'dead'].includes(r.state)).map((r) => ({ at: r.finished_at ?? r.due_at, text: c.ranWrong(plain(r.reason ?? '')) })),
    ...baseline.history.map((h) => ({ at: h.at, text: c.baselineSet(plain(h.actor), plain(h.note ?? '')) }))];
  entries.sort((a, b) => b.at.localeCompare(a.at));
  return entries.length > 0 ? [el('h2', {}, c.history), el('ol', { class: 'plain timeline' }, ...entries.slice(0, HISTORY).map((e) => el('li', {}, time(e.at), ' ', e.text)))] : [];
}

export async function configPage(ctx) {
  const { me, id, again } = ctx, [all, bound] = await Promise.all([load(me, id), boundOf(ctx)]), { config, baseline, runs, newest } = all;
  const running = runs.find((r) => ['queued', 'running'].includes(r.state)), watch = running && underWay({ me, run: running, again });
  return { title: plain(config.name), wide: true, live: watch?.live, parts: [
    ...troubles(config), factsOf(config), ...deedsOfRuns({ me, config, again, busy: Boolean(running) }), ...(watch?.parts ?? []), ...tried(runs),
    ...findingsOf(all, me, again), ...approval({ me, config, baseline, again }), ...bound, ...thresholdsOf(config), collectionsOf(config), runsOf(runs), newest && twoInstants(config), may(me, 'read:snapshots') && resources(config), ...historyOf(all), ...await changing(ctx, config)] };
}
