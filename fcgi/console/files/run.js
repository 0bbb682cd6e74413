// run.js - runs of a config: asked for, watched while they go on, cancelled; what a test has shown.
import { ask, button, el, every, isTouched, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { may, plain, stateTag } from './drift.js';
import { number } from './language.js';
import { duration, failed, tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const c = t.config;
const LOOK_MS = 1500;
const over = (run) => !['queued', 'running'].includes(run.state);

// What may be asked for; a source that is pushed to is not read.
export function deedsOfRuns({ me, config, again, busy }) {
  if (!may(me, 'execute:drift') || config.source.kind === 'push' || busy)
    return [];
  const asking = (what) => () => callSigned('POST', `api/drift/configs/${config.id}/${what}`).then(() => again(c.asked202)).catch(failed);
  return [el('div', { class: 'row' }, button(c.run, asking('run')), button(c.test, asking('try')))];
}

function cancel(run, again) {
  ask({ title: c.cancelAsk, text: c.cancelLost, yes: c.cancel, busy: c.cancelling, no: c.cancelKeep, tell,
    send: async () => {
      await callSigned('DELETE', `api/drift/runs/${run.id}`);
      await again(c.cancelled);
    } });
}

// A run that goes on: it stands here whoever began it, and when one comes back.
export function underWay({ me, run, again }) {
  const bar = el('progress', { 'aria-label': c.runTitle, max: 1 }), words = el('p', {});
  const put = ({ progress: p }) => {
    words.textContent = p ? c.progress(p) : c.waits;
    if (p && p.of > 0)
      Object.assign(bar, { max: p.of, value: p.done });
  };
  put(run);
  let last = null; // its last word, when somebody was in the middle of something
  const live = () => every(LOOK_MS, async (left) => {
    if (last !== null)
      return isTouched() ? null : again(last);
    const now = await callSigned('GET', `api/drift/runs/${run.id}`);
    if (left())
      return;
    put(now);
    if (!over(now))
      return;
    last = `${c.over[now.state]} ${plain(now.reason ?? '')}`;
    words.textContent = last;
  }, failed);
  return { live, parts: [el('section', { class: 'notice' }, el('h2', {}, c.runTitle), bar, words,
    may(me, 'execute:drift') && button(c.cancel, () => cancel(run, again)))] };
}

// What the newest test has shown, if nothing was read since.
export function tried(runs) {
  const newest = runs.find((r) => r.kind !== 'attribution');
  if (newest?.kind !== 'try' || !over(newest))
    return [];
  const rows = (newest.progress?.collections ?? []).map((x) => [plain(x.category), x.state, number(x.items), [x.why, x.remedy, x.permission].filter(Boolean).map(plain).join(' ')]);
  return [el('h2', {}, c.tryTitle), el('p', {}, `${c.over[newest.state]} ${plain(newest.reason ?? '')} ${plain(newest.remedy ?? '')}`), rows.length > 0 && table(c.tryTitle, c.tryHeads, rows)];
}

// ---- those that were ------------------------------------------------------------------------------

const r = m.runs;
const tookOf = (run) => run.started_at && run.finished_at && r.took(duration(Math.max(1, Math.round((new Date(run.finished_at) - new Date(run.started_at)) / 1000))));

export const runRow = (run) => [time(run.started_at ?? run.due_at), el('div', {}, r.kinds[run.kind] ?? run.kind, run.missed > 0 && el('div', { class: 'small' }, r.missed(run.missed))),
  el('div', {}, stateTag(run.state, r.states), el('div', { class: 'small' }, [run.reason, run.remedy].filter(Boolean).map(plain).join(' '))),
  el('div', {}, run.progress ? r.of(run.progress) : '', el('div', { class: 'small' }, tookOf(run))), plain(run.asked_by ?? '')];

export const runsOf = (runs) => runs.length > 0 && el('details', {}, el('summary', {}, `${r.title} (${number(runs.length)})`), table(r.title, r.heads, runs.map(runRow), 'records'));
