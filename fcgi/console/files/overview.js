// overview.js - is anything wrong, since when, where: every config as a tile, open alerts, drift over time.
import { Form, el, every, isTouched, link, newId, notice, say } from './ui.js';
import { callSigned } from './api.js';
import { stackedBars, table } from './chart.js';
import { alertRow, gather, may, plain, severities, stateTag, tag } from './drift.js';
import { ago, dayOf, number } from './language.js';
import { failed, tell } from './messages.js';
import { t } from './texts.js';

const o = t.overview;
const MOST = 1000, URGENT = 5, DAYS = 30, LOOK_MS = 20000, SEARCH_FROM = 13;
const order = Object.keys(t.states); // blind first

// ---- what there is ---------------------------------------------------------------------------------

async function load(me) {
  const drift = may(me, 'read:drift'), alerts = may(me, 'read:alerts');
  const [configs, figures, ...open] = await Promise.all([
    drift ? gather(callSigned, 'api/drift/configs', MOST) : null,
    drift ? callSigned('GET', `api/drift/analytics?days=${DAYS}&top=1`) : null,
    ...t.waiting.map((status) => (alerts ? callSigned('GET', `api/drift/alerts?status=${status}&limit=200`) : { items: [] })),
  ]);
  return { configs, figures, alerts: open.flatMap((page) => page.items).sort(worstFirst) };
}

const rank = (a) => severities.indexOf(a.severity);
const worstFirst = (a, b) => rank(a) - rank(b) || a.opened_at.localeCompare(b.opened_at);
const failing = (c) => ['failed', 'dead'].includes(c.collecting?.state);

// The worst alert of each config, and since when it is like that.
function worstOf(alerts) {
  const worst = new Map();
  for (const a of alerts)
    if (!worst.has(a.config_id))
      worst.set(a.config_id, a);
  return worst;
}

const byWorst = (worst) => (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || failing(b) - failing(a)
  || (worst.has(a.id) ? rank(worst.get(a.id)) : 9) - (worst.has(b.id) ? rank(worst.get(b.id)) : 9) || a.name.localeCompare(b.name);

// ---- its parts -------------------------------------------------------------------------------------

// One sentence, before anything else.
function verdict({ configs, figures }) {
  if (configs === null || figures === null)
    return null;
  const n = (state) => configs.items.filter((c) => c.state === state).length;
  const counts = { blind: n('blind'), drifted: n('drifted'), failing: configs.items.filter(failing).length, unreviewed: n('unreviewed'), new: n('new'),
    alerts: figures.open_alerts.by_severity.total };
  const parts = Object.entries(counts).filter(([, count]) => count > 0).map(([kind, count]) => o.wrong[kind](count));
  const bad = counts.blind + counts.drifted + counts.failing + counts.alerts > 0;
  return parts.length === 0 ? notice(o.allWell(configs.items.length), 'good') : notice(o.together(parts), bad ? 'error' : 'info');
}

function tile(c, worst) {
  const a = worst.get(c.id);
  const reading = c.collecting?.state === 'running' ? o.running : failing(c) ? o.failed : c.last_run ? [o.read, ago(c.last_run)] : o.unread;
  return el('li', {}, el('a', { class: `tile ${c.state}`, href: `#/configs/${c.id}` }, el('strong', {}, plain(c.name)), stateTag(c.state),
    a && el('span', { class: 'small' }, tag(a.severity), o.since, ago(a.opened_at)), el('span', { class: 'small' }, reading)));
}

// Every config, the blind first, then the worst; with many of them, by name.
function grid({ configs, alerts }) {
  const worst = worstOf(alerts), all = [...configs.items].sort(byWorst(worst));
  const tiles = all.map((c) => tile(c, worst)), parts = [el('ul', { class: 'plain tiles', 'aria-label': o.configs(all.length) }, ...tiles)];
  if (all.length >= SEARCH_FROM) {
    const id = newId('find'), input = el('input', { id, type: 'search', oninput: () => {
      const wanted = input.value.toLowerCase();
      tiles.forEach((e, i) => { e.hidden = !all[i].name.toLowerCase().includes(wanted); });
      say(wanted === '' ? '' : o.found(tiles.filter((e) => !e.hidden).length));
    } });
    parts.unshift(el('div', { class: 'find' }, el('label', { for: id }, o.search), input));
  }
  return [el('h2', {}, o.configs(all.length)), ...parts, configs.more && el('p', { class: 'small' }, o.cut(all.length))];
}

const figure = (name, n, href) => el('div', {}, el('dt', {}, name), el('dd', {}, href && n > 0 ? link(href, number(n)) : number(n)));

function openAlerts({ figures, alerts }, me) {
  if (!may(me, 'read:alerts'))
    return [];
  const counts = figures?.open_alerts, urgent = alerts.slice(0, URGENT);
  return [el('h2', {}, o.open), el('div', { class: 'two' }, counts && counts.by_severity.total > 0 && el('div', { class: 'figures' },
    el('dl', { class: 'figure', 'aria-label': o.bySeverity }, ...severities.map((s) => figure(tag(s), counts.by_severity[s], `#/alerts?status=waiting&severity=${s}`))),
    el('dl', { class: 'figure', 'aria-label': o.byAge }, ...Object.entries(o.ages).map(([age, word]) => figure(word, counts.by_age[age])))),
  urgent.length > 0 ? el('section', {}, el('h3', {}, o.worst), el('ul', { class: 'plain alerts' }, ...urgent.map((a) => alertRow(a)))) : el('p', {}, o.noAlerts))];
}

function overTime({ figures }) {
  if (figures === null)
    return [];
  const days = figures.by_day, worstDay = days.reduce((a, b) => (b.findings.total > a.findings.total ? b : a));
  const all = days.reduce((n, d) => n + d.findings.total, 0), kinds = Object.fromEntries([...severities].reverse().map((s) => [s, t.severities[s]]));
  const says = o.driftSays(all, DAYS, worstDay.findings.total, dayOf(worstDay.day));
  return [el('h2', {}, o.drift(DAYS)), el('p', {}, says),
    all > 0 && stackedBars({ says, kinds, bars: days.map((d) => ({ label: dayOf(d.day), values: d.findings })) }),
    all > 0 && el('details', {}, el('summary', {}, o.driftTable), table(o.drift(DAYS), [o.day, ...severities.map((s) => t.severities[s]), o.total],
      [...days].reverse().filter((d) => d.findings.total > 0).map((d) => [dayOf(d.day), ...severities.map((s) => number(d.findings[s])), number(d.findings.total)])))];
}

// Nothing is there yet: what to do.
function beginning(me) {
  const form = new Form({
    fields: [], submit: o.watchSelf, busy: o.watchingSelf,
    send: async () => {
      const config = await callSigned('POST', 'api/drift/configs', { name: o.selfName, source: { kind: 'self' }, schedule: { interval_s: 3600, enabled: true } });
      if (may(me, 'execute:drift'))
        await callSigned('POST', `api/drift/configs/${config.id}/run`);
      location.hash = `#/configs/${config.id}`;
    },
    tell: (problem) => tell(problem),
  });
  const [before, name, or, reference, after] = o.emptyOthers;
  return [el('h2', {}, o.emptyTitle), el('p', {}, o.empty),
    ...(may(me, 'create:drift') ? [el('p', {}, o.emptyFirst), form.element] : [el('p', {}, o.emptyAsk)]),
    el('p', {}, before, link('#/configs', name), or, link('api/docs', reference), after)];
}

// ---- the page --------------------------------------------------------------------------------------

const nothing = (found) => found.configs?.items.length === 0 && found.alerts.length === 0;
const partsOf = (found, me) => (nothing(found) ? beginning(me)
  : [verdict(found), ...(found.configs ? grid(found) : []), ...openAlerts(found, me), ...overTime(found)]);

export async function page({ me }) {
  let found = await load(me);
  const body = el('div', {}, partsOf(found, me));
  // What is new comes by itself, unless somebody is on it just now.
  const live = () => every(LOOK_MS, async (left) => {
    if (body.contains(document.activeElement) || isTouched())
      return;
    const now = await load(me);
    if (left() || JSON.stringify(now) === JSON.stringify(found))
      return;
    found = now;
    body.replaceChildren(...partsOf(found, me).flat(Infinity).filter(Boolean));
    say(o.changed);
  }, failed);
  return { title: o.title, wide: true, parts: [body], live };
}
