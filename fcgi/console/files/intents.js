// intents.js - announced changes: what is to come and by whom, announced here, confirmed by a second person, taken back; and what came of each.
import { Form, ask, button, el, link, time } from './ui.js';
import { callSigned } from './api.js';
import { sides } from './change.js';
import { choosing, eachDeed } from './chosen.js';
import { gather, may, plain, stateTag } from './drift.js';
import { paged, queryOf } from './lists.js';
import { chooser } from './live.js';
import { tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.intents;
const AT = 'api/drift/intents', CONFIGS = 1000, CHANGES = 200, DAY_MS = 86400000;
const isOver = (i) => !['scheduled', 'open'].includes(i.state);
const placeOf = (i) => plain([i.category, i.key, i.path].filter(Boolean).join(' '));

// A time of the viewer's zone, as a field has it, and as the API has it.
const local = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60000).toISOString().slice(0, 16);
const instant = (text) => new Date(text).toISOString();

// ---- announced -------------------------------------------------------------------------------------

// The body, in which the value stands as it was typed: every number keeps all its digits.
function bodyOf({ config, key, path, actor, ticket, from, until, value, ...given }) {
  const asked = { config_id: config, key, path, ...given, ...(actor ? { actor } : {}), ...(ticket ? { ticket } : {}), ...(from ? { starts_at: instant(from) } : {}), ends_at: instant(until) };
  return given.expect === 'value' ? `${JSON.stringify(asked).slice(0, -1)},"value":${value}}` : JSON.stringify(asked);
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// Whoever may not see values cannot name one: what came would tell whether it is that.
function announce({ me, filter, go }, configs) {
  const { value: exactly, ...others } = x.expects, expects = may(me, 'read:snapshots') ? { value: exactly, ...others } : others;
  const fields = ['config', 'category', 'key', 'path', 'expect', 'value', 'actor', 'ticket', 'reason', 'from', 'until'];
  const form = new Form({ fields: [{ name: 'config', label: x.config, choices: Object.fromEntries(configs.map((c) => [c.id, plain(c.name)])), value: filter.get('config_id') ?? '' },
    { name: 'category', label: x.category, maxlength: 128, autocomplete: 'off' }, { name: 'key', label: x.key, hint: x.keySays, optional: true, autocomplete: 'off' }, { name: 'path', label: x.path, hint: x.pathSays, optional: true, autocomplete: 'off' },
    { name: 'expect', label: x.expect, choices: expects }, { name: 'value', label: x.value, hint: x.valueSays, rows: 2, optional: true }, { name: 'actor', label: x.actor, hint: x.actorSays, maxlength: 254, optional: true, autocomplete: 'off' },
    { name: 'ticket', label: x.ticket, maxlength: 200, optional: true, autocomplete: 'off' }, { name: 'reason', label: x.reason, maxlength: 1000 }, { name: 'from', label: x.from, type: 'datetime-local', optional: true },
    { name: 'until', label: x.until, hint: x.untilSays, type: 'datetime-local', value: local(Date.now() + DAY_MS) }],
  submit: x.announce, busy: x.announcing, tell: (problem) => tell(problem, fields, { config: 'config_id', from: 'starts_at', until: 'ends_at' }),
  send: async (values) => {
    if (values.expect === 'value' && !isJson(values.value))
      return form.refuse({ fields: { value: x.noJson } });
    const made = await callSigned('POST', AT, bodyOf(values));
    return go(`#/intents/${made.id}`, x.announced);
  } });
  const expect = form.field('expect').input, offer = () => { form.field('value').element.hidden = expect.value !== 'value'; };
  expect.addEventListener('change', offer);
  offer();
  return el('details', {}, el('summary', {}, x.announce), el('p', { class: 'small' }, x.announceSays), form.element);
}

// ---- one of them -----------------------------------------------------------------------------------

const fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
const expected = (i) => (i.value === undefined || i.expect !== 'value' ? x.expects[i.expect] ?? i.expect : el('pre', {}, plain(JSON.stringify(i.value, null, 2))));

function factsOf(i, config) {
  const f = x.facts;
  return el('dl', { class: 'facts' }, fact(f.state, stateTag(i.state, x.states)), fact(f.config, config ? link(`#/configs/${config.id}`, plain(config.name)) : x.gone), fact(f.place, el('code', {}, placeOf(i))), fact(f.expected, expected(i)),
    fact(f.actor, i.actor === null ? x.anybody : plain(i.actor)), i.ticket !== null && fact(f.ticket, plain(i.ticket)), fact(f.reason, plain(i.reason)), fact(f.owner, plain(i.owner), ', ', time(i.created_at)), fact(f.window, time(i.starts_at), ' – ', time(i.ends_at)),
    i.confirmed_by !== null && fact(f.confirmed, plain(i.confirmed_by), ', ', time(i.confirmed_at)), i.ended_by !== null && fact(f.withdrawn, plain(i.ended_by), ', ', time(i.ended_at)));
}

function deedsOf(i, { me, again }) {
  if (isOver(i) || !may(me, 'update:drift'))
    return [];
  const confirm = () => new Form({ fields: [], submit: x.confirm, busy: x.confirming, tell, more: [el('p', { class: 'small' }, x.confirmSays)], send: async () => {
    await callSigned('POST', `${AT}/${i.id}/confirm`);
    await again(x.confirmed);
  } }).element;
  const withdraw = () => ask({ title: x.withdrawAsk, text: [placeOf(i), x.withdrawLost], yes: x.withdraw, busy: x.withdrawing, tell, send: async () => {
    await callSigned('DELETE', `${AT}/${i.id}`);
    await again(x.withdrawn);
  } });
  return [i.confirmed_by === null && i.owner !== me.user.email && confirm(), el('p', {}, button(x.withdraw, withdraw))];
}

const cameItem = (c) => el('li', { class: 'change' }, el('p', {}, el('strong', {}, plain(`${c.resource.category} ${c.resource.key}`)), ' ', el('code', {}, plain(c.path) || t.change.whole), ` ${c.op}`), sides(c));

// What came as announced stands in the report that it was first filed with, as long as that is kept.
async function cameOf(i) {
  if (i.changes === 0)
    return [el('p', {}, isOver(i) ? x.nothingCame : x.nothingYet)];
  const all = i.report_id === null ? [] : (await gather(callSigned, `api/drift/reports/${i.report_id}/changes`, CHANGES).catch((problem) => {
    if (problem.status === 404)
      return { items: [] };
    throw problem;
  })).items;
  return [el('p', {}, x.came(i.changes), ' ', time(i.fulfilled_at)), el('ul', { class: 'plain' }, ...all.filter((c) => c.announced?.intent_id === i.id && c.announced.verdict === 'as_announced').map(cameItem))];
}

const configOf = (id) => callSigned('GET', `api/drift/configs/${id}`).catch((problem) => {
  if (problem.status === 404)
    return null;
  throw problem;
});

async function one(ctx) {
  const i = await callSigned('GET', `${AT}/${ctx.id}`), [config, came] = await Promise.all([configOf(i.config_id), cameOf(i)]);
  return { title: x.of(placeOf(i)), wide: true, parts: [factsOf(i, config), deedsOf(i, ctx), el('h2', {}, x.whatCame), came, el('p', { class: 'after' }, link('#/intents', x.back))] };
}

// ---- all of them -----------------------------------------------------------------------------------

const named = (i, names) => [link(`#/intents/${i.id}`, placeOf(i)), el('div', { class: 'small' }, plain(names.get(i.config_id) ?? x.gone))];
const withdrawal = ({ me, again }) => (list) => choosing(me, 'update:drift', { list, nameOf: placeOf, fits: (i) => !isOver(i),
  deeds: [eachDeed({ text: x.withdraw, title: x.withdrawSome, says: x.withdrawLost, yes: x.withdraw, busy: x.withdrawing, one: (i) => callSigned('DELETE', `${AT}/${i.id}`), done: x.withdrawnSome, again })] });

const rowOf = (names) => (i, chosen) => [chosen ? chosen.cell(i, ...named(i, names)) : el('div', {}, ...named(i, names)), el('div', {}, x.expects[i.expect] ?? i.expect, el('div', { class: 'small' }, i.actor === null ? x.anybody : x.by(plain(i.actor)))),
  el('div', {}, plain(i.reason), el('div', { class: 'small' }, plain(i.ticket ? `${i.ticket}, ${i.owner}` : i.owner))), el('div', {}, time(i.starts_at), ' – ', time(i.ends_at)),
  el('div', {}, stateTag(i.state, x.states), i.changes > 0 && el('div', { class: 'small' }, x.changes(i.changes)))];

export async function page(ctx) {
  if (ctx.id)
    return one(ctx);
  const { me, filter } = ctx, { items: configs } = await gather(callSigned, 'api/drift/configs', CONFIGS), names = new Map(configs.map((c) => [c.id, c.name]));
  const list = await paged({ path: AT, query: queryOf(filter, ['state', 'config_id']), caption: x.title, heads: x.heads, rowOf: rowOf(names), choose: withdrawal(ctx) });
  const choose = (name, label, choices) => chooser({ at: 'intents', name, label, choices, filter });
  return { title: x.title, wide: true, parts: [el('p', {}, x.says), el('div', { class: 'row' }, choose('state', x.state, Object.fromEntries(Object.entries(x.states).map(([state, [, word]]) => [state, word]))),
    choose('config_id', x.config, Object.fromEntries(configs.map((c) => [c.id, plain(c.name)])))), list, configs.length > 0 && may(me, 'update:drift') && announce(ctx, configs)] };
}
