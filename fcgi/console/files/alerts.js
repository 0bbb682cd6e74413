// alerts.js - the list of alerts: filtered in the address, searched, walked by the keyboard, worked on one or many at a time.
import { ask, button, el, isTouched, listen, newId, say } from './ui.js';
import { callSigned } from './api.js';
import { alertPage } from './alert.js';
import { Chosen } from './chosen.js';
import { alertRow, may, plain } from './drift.js';
import { Pages, chooser, keysAreOn, onKeys, switchKeys } from './live.js';
import { failed, tell } from './messages.js';
import { listFrame } from './rows.js';
import { t } from './texts.js';

const x = t.alerts;
const PAGE = 50, FURTHER = 200, LOOK_MS = 10000, MOST = 1000; // so many at once the API takes

export const page = (ctx) => (ctx.id ? alertPage(ctx) : alertList(ctx));

// What nobody has taken up comes first of what is not resolved; `after` says where to go on: [status, cursor].
async function request(filter, after) {
  const of = filter.get('status'), all = of === 'waiting' ? t.waiting : [of ?? ''], limit = after ? FURTHER : PAGE, items = [];
  let [status, cursor] = after ?? [all[0], ''];
  for (;;) {
    const q = new URLSearchParams({ limit });
    const asked = { status, cursor, severity: filter.get('severity'), kind: filter.get('kind'), config_id: filter.get('config_id'), suppressed: filter.get('suppressed') };
    for (const [name, value] of Object.entries(asked))
      if (value)
        q.set(name, value);
    const part = await callSigned('GET', `api/drift/alerts?${q}`);
    items.push(...part.items);
    if (!part.next_cursor)
      status = all[all.indexOf(status) + 1];
    cursor = part.next_cursor ?? '';
    if (cursor || status === undefined || items.length >= limit)
      return { items, next: status === undefined ? null : [status, cursor] };
  }
}

// ---- some of them at once --------------------------------------------------------------------------

// What is chosen, and what may be done about it; without a choice, about the row that has the focus.
class Selection extends Chosen {
  constructor(list) {
    super({ list, nameOf: (a) => plain(a.title), deeds: [() => button(x.take, () => this.take()), () => button(x.resolve, () => this.resolve())] });
  }

  #focused() { return document.activeElement.closest('.alert-row')?.querySelector('input[type=checkbox]'); }

  toggle() {
    const box = this.#focused();
    if (box)
      box.click();
  }

  #idsOf(fits) { return this.of(fits, this.#focused()?.value).map((a) => a.id); }

  async #done(ids, body, said) {
    const at = Math.max(0, this.list().at(document.activeElement));
    let changed = 0;
    for (let i = 0; i < ids.length; i += MOST)
      changed += (await callSigned('PUT', 'api/drift/alerts', { ids: ids.slice(i, i + MOST), ...body })).changed;
    this.clear();
    await this.list().renew();
    if (!this.list().focus(at))
      document.querySelector('h1').focus();
    say(said(changed));
  }

  take() {
    const ids = this.#idsOf((a) => a.status === 'open');
    return ids.length === 0 ? say(x.noneToTake) : this.#done(ids, { status: 'acknowledged' }, x.taken).catch(failed);
  }

  resolve() {
    const ids = this.#idsOf((a) => a.status !== 'resolved');
    if (ids.length === 0)
      return say(x.noneToResolve);
    return ask({ title: x.resolveAsk(ids.length), text: x.resolveSays, yes: x.resolve, busy: x.resolving, grave: false, tell: (problem) => tell(problem, ['note']),
      fields: [{ name: 'note', label: x.note, maxlength: 1000, optional: true }],
      send: ({ note }) => this.#done(ids, { status: 'resolved', ...(note ? { note } : {}) }, x.resolved) });
  }
}

// ---- the page --------------------------------------------------------------------------------------

// What stands in its row.
const words = new WeakMap();
function wordsOf(a) {
  if (!words.has(a))
    words.set(a, alertRow(a).textContent.toLowerCase());
  return words.get(a);
}

function finder(list) {
  const id = newId('find'), input = el('input', { id, type: 'search', oninput: () => say(x.found(find())) });
  // How many of those that are here hold what is sought: they alone are shown.
  const find = () => {
    const wanted = input.value.toLowerCase();
    list().only(wanted === '' ? null : (a) => wordsOf(a).includes(wanted));
    return list().shown.length;
  };
  return { input, element: el('div', { class: 'filter' }, el('label', { for: id }, x.find), input) };
}

function keysHelp(mayWork) {
  const words = () => (keysAreOn() ? [mayWork ? x.keysWork : x.keys, x.keysOff] : [x.noKeys, x.keysOn]);
  const says = el('span', {}, words()[0]), turn = button(words()[1], () => {
    switchKeys(!keysAreOn());
    [says.textContent, turn.textContent] = words();
  }, { class: 'link' });
  return el('p', { class: 'small keys' }, says, ' ', turn);
}

// Alerts of kind security are there for who reads the trail.
const kindsFor = (me) => Object.fromEntries(Object.entries(x.kinds).filter(([kind]) => kind !== 'security' || may(me, 'read:audit')));

async function alertList({ me, filter }) {
  const first = await request(filter), mayWork = may(me, 'update:alerts');
  let list = null;
  const chosen = mayWork && new Selection(() => list), sought = finder(() => list);
  list = new Pages({ first, request: (after) => request(filter, after), ms: LOOK_MS, changed: x.changed, frame: () => listFrame(t.nav.alerts, 'alerts'),
    row: (a) => alertRow(a, chosen && chosen.boxOf(a)), drawn: (items) => chosen && chosen.keep(items) });
  list.begin();
  const keys = { j: () => list.step(1), k: () => list.step(-1), '/': () => sought.input.focus(),
    ...(mayWork && { x: () => chosen.toggle(), a: () => chosen.take(), r: () => chosen.resolve() }) };
  const live = () => {
    listen('keydown', onKeys(keys));
    list.live(() => list.box.contains(document.activeElement) || isTouched());
  };
  const choose = (name, label, choices) => chooser({ at: 'alerts', name, label, choices, filter });
  return { title: t.nav.alerts, wide: true, live, parts: [
    el('div', { class: 'row' }, choose('status', x.status, { waiting: x.waiting, ...t.statuses }), choose('severity', x.severity, t.severities), choose('kind', x.kind, kindsFor(me)),
      choose('suppressed', x.quiet, x.quiets), sought.element),
    chosen && chosen.element, list.box, list.more, keysHelp(mayWork)] };
}
