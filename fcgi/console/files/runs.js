// runs.js - what is read when, and what came of it: late and failing configs first, then the runs.
import { el, isTouched, link, notice, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { scheduleText } from './config.js';
import { gather, plain, stateTag } from './drift.js';
import { ago } from './language.js';
import { Pages, chooser } from './live.js';
import { recordRow, tableFrame } from './rows.js';
import { runRow } from './run.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.schedule;
const PAGE = 50, LOOK_MS = 5000, MOST = 1000, LATE_MS = 60000;
const order = Object.keys(x.states);

// How a config that is read is.
function stateOf(c) {
  const run = c.collecting;
  if (run?.state === 'running')
    return 'running';
  if (c.next_run_at && new Date(c.next_run_at) < Date.now() - LATE_MS)
    return 'late';
  if (['failed', 'dead'].includes(run?.state))
    return 'failing';
  return c.schedule?.enabled ? 'ok' : 'off';
}

function verdict(read) {
  const n = (state) => read.filter(({ state: s }) => s === state).length, late = n('late'), failing = n('failing');
  return late + failing === 0 ? notice(x.allWell, 'good') : notice([late > 0 && x.late(late), failing > 0 && x.failing(failing)].filter(Boolean).join(' '), 'error');
}

const rowOf = ({ c, state }) => [link(`#/configs/${c.id}`, plain(c.name)), scheduleText(c), c.last_run ? ago(c.last_run) : t.never, c.next_run_at ? time(c.next_run_at) : '',
  el('div', {}, stateTag(state, x.states), state === 'failing' && el('div', { class: 'small' }, `${plain(c.collecting.reason ?? '')} ${plain(c.collecting.remedy ?? '')} ${x.failures(c.collecting.failures)}`))];

function schedule(configs) {
  const read = configs.filter((c) => c.source.kind !== 'push').map((c) => ({ c, state: stateOf(c) })), pushed = configs.length - read.length;
  read.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.c.name.localeCompare(b.c.name));
  return [read.length > 0 && verdict(read), el('h2', {}, x.schedule), read.length > 0 ? table(x.schedule, x.heads, read.map(rowOf), 'records') : el('p', {}, t.none), pushed > 0 && el('p', { class: 'small' }, x.pushed(pushed))].filter(Boolean);
}

async function request(filter, cursor) {
  const q = new URLSearchParams({ limit: PAGE });
  for (const [name, value] of Object.entries({ cursor, state: filter.get('state'), kind: filter.get('kind') }))
    if (value)
      q.set(name, value);
  const { items, next_cursor: next } = await callSigned('GET', `api/drift/runs?${q}`);
  return { items, next };
}

export async function page({ filter }) {
  const asked = (after) => request(filter, after), [first, configs] = await Promise.all([asked(), gather(callSigned, 'api/drift/configs', MOST)]);
  const names = new Map(configs.items.map((c) => [c.id, plain(c.name)])), above = el('div', {}, schedule(configs.items));
  const nameOf = (run) => (names.has(run.config_id) ? link(`#/configs/${run.config_id}`, names.get(run.config_id)) : run.config_id);
  const list = new Pages({ first, request: asked, ms: LOOK_MS, changed: x.changed, drawn: () => gather(callSigned, 'api/drift/configs', MOST).then(({ items }) => above.contains(document.activeElement) || above.replaceChildren(...schedule(items))).catch(() => {}),
    frame: () => tableFrame(x.runs, x.runHeads), row: recordRow(x.runHeads, (run) => [nameOf(run), ...runRow(run)]) });
  list.begin();
  const choose = (name, label, choices) => chooser({ at: 'runs', name, label, choices, filter });
  return { title: x.title, wide: true, live: () => list.live(() => list.box.contains(document.activeElement) || isTouched()), parts: [el('p', {}, x.says), above, el('h2', {}, x.runs),
    el('div', { class: 'row' }, choose('state', x.state, x.stateChoices), choose('kind', x.kind, x.kindChoices)), list.box, list.more] };
}
