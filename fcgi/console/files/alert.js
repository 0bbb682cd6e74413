// alert.js - one alert: what, since when, by whom; its changes; what may be done; what happened to it.
import { Form, ask, button, el, link, listen, saveAs, say, time } from './ui.js';
import { callSigned, fileSigned } from './api.js';
import { answerOf } from './answer.js';
import { firstLook, reviewed } from './baseline.js';
import { changeItem } from './change.js';
import { deedsOf, may, plain, severities, statusWord, sure, tag, tenantOf } from './drift.js';
import { number } from './language.js';
import { keysAreOn, onKeys } from './live.js';
import { failed, tell } from './messages.js';
import { Rows, listFrame } from './rows.js';
import { secondOf } from './second.js';
import { t } from './texts.js';
import { m } from './texts_more.js';
import { mayAskOf, trialOfAlert } from './trial.js';

const x = t.alert;
const PAGE = 50, AT_ONCE = 10, CHANGE = '.change';

// An alert outlives its config and its report: what is no more is null.
const orNull = (problem) => {
  if (problem.status === 404)
    return null;
  throw problem;
};

// A page of a report's changes, the worst first; `after` says where to go on: [severity, cursor]. What fits one page is asked for once.
async function changesFrom(report, after) {
  const ask = (more) => callSigned('GET', `api/drift/reports/${report}/changes?${new URLSearchParams({ limit: PAGE, ...more })}`);
  if (after === undefined) {
    const all = await ask({});
    if (!all.next_cursor)
      return { items: [...all.items].sort(byWorst), next: null };
  }
  const items = [];
  let [severity, cursor] = after ?? [severities[0], ''];
  for (;;) {
    const part = await ask({ severity, ...(cursor ? { cursor } : {}) });
    items.push(...part.items);
    if (!part.next_cursor)
      severity = severities[severities.indexOf(severity) + 1];
    cursor = part.next_cursor ?? '';
    if (severity === undefined || cursor || items.length >= PAGE)
      return { items, next: severity === undefined ? null : [severity, cursor] };
  }
}
const byWorst = (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity);

async function load(me, id) {
  const get = (path) => callSigned('GET', `api/drift/${path}`), drift = may(me, 'read:drift'), alert = await get(`alerts/${id}`);
  const part = (of, path) => (drift && of ? get(path).catch(orNull) : null);
  const [config, report, changes] = await Promise.all([part(alert.config_id, `configs/${alert.config_id}`), part(alert.report_id, `reports/${alert.report_id}`),
    drift && alert.report_id ? changesFrom(alert.report_id).catch(orNull) : null]);
  return { alert, config, report, changes };
}

function factsOf({ alert: a, config }, me) {
  const f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  return el('dl', { class: 'facts' }, fact(f.severity, tag(a.severity)), fact(f.status, statusWord(a.status)), fact(f.tenant, plain(tenantOf(me).name)),
    config && fact(f.config, link(`#/configs/${config.id}`, plain(config.name))), fact(f.opened, time(a.opened_at)),
    a.attribution && fact(f.by, sure[a.attribution.confidence] ?? '', deedsOf(a.attribution)),
    a.acknowledged_by && fact(f.taken, `${a.acknowledged_by}, `, time(a.acknowledged_at)),
    a.resolved_by && fact(f.resolved, `${a.resolved_by}, `, time(a.resolved_at)), a.suppressed_by && fact(f.quiet, a.suppressed_by));
}

// ---- what may be done about it ---------------------------------------------------------------------

// All of the report at once; what is accepted with it is named before.
async function promote({ alert: a, report }, again) {
  const baseline = await callSigned('GET', `api/drift/configs/${a.config_id}/baseline`), look = baseline.first_look && firstLook(baseline.first_look), s = report.summary;
  const counts = severities.filter((name) => s.by_severity[name] > 0).map((name) => `${number(s.by_severity[name])} ${name}`);
  ask({ title: x.promoteAsk, text: [x.promoteSays(s.created + s.modified + s.deleted + s.moved, counts), x.promoteLost], yes: x.promote, busy: x.promoting,
    fields: [{ name: 'reason', label: x.promoteReason, maxlength: 500, autofocus: true }], more: look?.parts ?? [], tell: (problem) => tell(problem, ['reason']),
    send: async ({ reason }) => {
      const { pending } = await callSigned('POST', `api/drift/reports/${report.id}/accept`, { reason, ...reviewed(look) });
      await again(pending ? m.second.waits : x.promoted);
    } });
}

function deeds(all, me, again) {
  const { alert: a, report } = all, over = a.status === 'resolved';
  const set = async (status, note, said) => {
    await callSigned('PUT', `api/drift/alerts/${a.id}`, { status, ...(note ? { note } : {}) }, a);
    await again(said);
  };
  const take = () => new Form({ fields: [], submit: x.take, busy: x.taking, send: () => set('acknowledged', '', x.taken), tell }).element;
  const resolve = () => el('details', {}, el('summary', {}, x.resolve), new Form({
    fields: [{ name: 'note', label: x.note, maxlength: 1000, optional: true }], submit: x.resolve, busy: x.resolving,
    send: ({ note }) => set('resolved', note, x.resolved), tell: (problem) => tell(problem, ['note']),
  }).element);
  const mine = !over && may(me, 'update:alerts'), whole = !over && a.kind === 'drift' && report?.status === 'drifted' && may(me, 'update:drift');
  return [mine && a.status === 'open' && take(), mine && resolve(), whole && el('p', {}, button(x.promote, () => promote(all, again).catch(failed)))];
}

// One signed file for who has to show it to others.
const evidence = (a) => button(x.evidence, () => {
  say(x.evidenceComes);
  return fileSigned(`api/drift/alerts/${a.id}/evidence`, 'application/x-ndjson').then((blob) => {
    saveAs(blob, `evidence-${a.id}.ndjson`);
    say(x.evidenceSaved);
  }).catch(failed);
});
const mayProve = (me) => ['read:alerts', 'read:drift', 'read:snapshots', 'read:audit'].every((p) => may(me, p));

const happened = (e) => el('li', {}, time(e.at), ` ${plain(e.actor)}: ${e.from ? `${statusWord(e.from)} → ` : ''}${statusWord(e.to)}`, e.note ? el('p', { class: 'small' }, plain(e.note)) : '');

function changesOf({ changes, config, report }, me, again) {
  if (changes === null)
    return { parts: [] };
  const more = el('p', {}), heading = el('h2', {}), all = [], { element, holder } = listFrame(m.list.changes, 'changes');
  const rows = new Rows({ holder, size: AT_ONCE, row: (change) => changeItem({ me, change, config, report, all, again }) });
  const put = ({ items, next }) => {
    const at = all.length;
    all.push(...items);
    rows.add(items, next !== null);
    heading.textContent = x.changes(all.length, next);
    more.replaceChildren(next === null ? '' : button(t.more, () => changesFrom(report.id, next).then((part) => {
      put(part);
      say(m.list.come(part.items.length, all.length, part.next !== null));
    }).catch(failed)));
    return at > 0 && rows.focus(at, 1, CHANGE);
  };
  put(changes);
  const walk = (by) => rows.focus(Math.max(0, Math.min(all.length - 1, rows.at(document.activeElement) + by)), by, CHANGE);
  return { parts: [heading, all.length > 1 && keysAreOn() && el('p', { class: 'small keys' }, m.list.keys), element, more], live: () => listen('keydown', onKeys({ j: () => walk(1), k: () => walk(-1) })) };
}

export async function alertPage(ctx) {
  const { me, id, again } = ctx;
  const all = await load(me, id), { alert } = all, changes = changesOf(all, me, again);
  return { title: plain(alert.title), wide: true, live: changes.live, parts: [answerOf(alert, ctx), factsOf(all, me), secondOf(alert, me, again), deeds(all, me, again), changes.parts,
    alert.history?.length > 0 && [el('h2', {}, x.happened), el('ol', { class: 'plain timeline' }, ...alert.history.map(happened))],
    mayAskOf(me) && trialOfAlert(id), mayProve(me) && el('p', {}, evidence(alert), el('span', { class: 'hint' }, ` ${x.evidenceSays}`)),
    el('p', { class: 'after' }, link('#/alerts?status=open', x.back))] };
}
