// register.js - the register for who looks back: what was decided not to be told of, by whom, why and until when; as a table, and on paper.
import { button, el, link, notice, saveAs, say, time } from './ui.js';
import { callSigned, fileSigned } from './api.js';
import { table } from './chart.js';
import { gather, plain, stateTag, tenantOf } from './drift.js';
import { endOf } from './language.js';
import { filterForm, queryOf } from './lists.js';
import { failed } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.register;
const MOST = 2000;
const startOf = (day) => new Date(`${day}T00:00:00`).toISOString();
const ofDay = (f) => (text) => (Number.isNaN(Date.parse(`${text}T00:00:00`)) ? '' : f(text)); // whatever stands in the address

const small = (...parts) => el('div', { class: 'small' }, ...parts);
const placeOf = (e) => [e.config_id ? link(`#/configs/${e.config_id}`, plain(e.config ?? '')) : e.kind.startsWith('acceptance') ? x.gone : x.every, small([e.category, e.key, e.path, e.severity].filter((part) => part !== null).map(plain).join(' '))];

function spanOf(e) {
  if (e.kind === 'acceptance_end')
    return '';
  return [time(e.starts_at), ' – ', e.ended_at ? [x.endedBy(plain(e.ended_by ?? '')), time(e.ended_at)] : e.ends_at ? time(e.ends_at) : x.lasting];
}

const rowOf = (e) => [time(e.at), x.one[e.kind] ?? e.kind, el('div', {}, placeOf(e)), plain(e.reason), plain(e.who), el('div', {}, spanOf(e)),
  el('div', {}, stateTag(e.state, x.states), e.status && !['accepted'].includes(e.status) && small(x.became(e.status)))];

const save = (me, query) => button(x.save, () => {
  say(x.comes);
  return proven(me, () => fileSigned(`api/drift/register?${query}`, 'text/csv')).then((blob) => {
    saveAs(blob, 'register.csv');
    say(x.saved);
  }).catch(failed);
});

export async function page({ me, filter }) {
  const query = queryOf(filter, ['kind', 'since', 'until'], { since: ofDay(startOf), until: ofDay(endOf) }), { items, more } = await gather(callSigned, `api/drift/register?${query}`, MOST);
  const fields = [{ name: 'kind', label: x.kind, choices: x.kinds }, { name: 'since', label: x.since, type: 'date' }, { name: 'until', label: x.until, type: 'date' }];
  return { title: x.title, wide: true, parts: [el('p', {}, x.says), el('p', { class: 'print-only' }, x.of(plain(tenantOf(me).name)), ', ', x.at, time(new Date().toISOString())),
    el('div', { class: 'row no-print' }, save(me, query), button(x.print, () => print())), el('div', { class: 'no-print' }, filterForm({ at: '#/register', filter, fields })),
    el('p', {}, x.count(items.length)), more && notice(x.cut(items.length)), items.length > 0 ? table(x.title, x.heads, items.map(rowOf), 'records') : el('p', {}, t.none)] };
}
