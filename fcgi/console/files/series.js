// series.js - maintenance windows that come again: when the next ones are, made after a look at them, changed and ended.
import { Form, ask, button, el, link, say, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { choosing, eachDeed } from './chosen.js';
import { gather, may, plain } from './drift.js';
import { number } from './language.js';
import { tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.series;
const AT = 'api/drift/silence-series', MOST = 200, CONFIGS = 1000, HOUR_S = 3600, SHOWN = 3;
const OWN = 'own'; // a rule that is typed

const placeOf = (matcher, names) => [matcher.config && (names.get(matcher.config) ?? t.silences.gone), matcher.category, matcher.key, matcher.path, matcher.severity].filter(Boolean).map(plain).join(' ');
const windowsOf = (next, most = next.length) => el('ol', { class: 'plain' }, ...next.slice(0, most).map((w) => el('li', {}, time(w.starts_at), ' – ', time(w.expires_at))));
const hours = (seconds) => String(seconds / HOUR_S);

// As a field has an instant, of the viewer's zone; typed by the minute, so that what was not touched is what it was.
const local = (text) => new Date(new Date(text).getTime() - new Date(text).getTimezoneOffset() * 60000).toISOString().slice(0, 16);

// ---- when ------------------------------------------------------------------------------------------

// A rule without a day is of the day of the first window.
const ruleOf = ({ often, count, rule }) => (often === OWN ? rule.trim() : `FREQ=${often};COUNT=${count.trim()}`);

const whenOf = (values) => ({ rule: ruleOf(values), timezone: values.zone.trim(), starts_at: new Date(values.from).toISOString(), duration_s: Math.round(Number(values.hours) * HOUR_S) });

// Its fields, with what a series says; without one, what most want.
const whenFields = (s) => [{ name: 'from', label: x.from, type: 'datetime-local', value: local(s?.starts_at ?? new Date(Date.now() + 86400000).toISOString()) },
  { name: 'hours', label: x.hours, type: 'number', min: '0.1', step: 'any', value: hours(s?.duration_s ?? 2 * HOUR_S) }, { name: 'often', label: x.often, choices: x.oftens, value: s ? OWN : 'WEEKLY' },
  { name: 'count', label: x.count, inputmode: 'numeric', maxlength: 4, value: '10', hint: x.countSays }, { name: 'rule', label: x.rule, maxlength: 200, optional: true, value: s?.rule ?? '', hint: x.ruleSays, autocomplete: 'off' },
  { name: 'zone', label: x.zone, maxlength: 64, value: s?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone, hint: x.zoneSays }];
// What is wrong with the rule is said at the field that made it.
const faults = (problem, own) => tell(problem, ['config', 'reason', 'from', 'hours', own ? 'rule' : 'count', 'zone'], { config: 'matcher/config', from: 'starts_at', hours: 'duration_s', count: 'rule', zone: 'timezone' });

// Shows what the windows would be, then offers to `keep` them; what is typed afterwards is looked at anew.
function looked({ fields, yes, busy, keep }) {
  const box = el('div', {}), isOwn = () => form.field('often').value === OWN, told = (problem) => faults(problem, isOwn());
  const form = new Form({ fields, submit: x.look, busy: x.looking, tell: told, send: async (values) => {
    box.replaceChildren();
    if (values.often === OWN && values.rule.trim() === '')
      return form.refuse({ fields: { rule: x.noRule } });
    const { next, ends_at: ends } = await callSigned('POST', `${AT}/try`, whenOf(values));
    box.replaceChildren(el('h2', {}, x.next(next.length)), windowsOf(next), el('p', {}, x.ends, time(ends)), new Form({ fields: [], submit: yes, busy, tell: told, send: () => keep(values) }).element);
    say(x.seen(next.length));
    return null;
  } });
  const which = () => {
    form.field('rule').element.hidden = !isOwn();
    form.field('count').element.hidden = isOwn();
  };
  form.field('often').input.addEventListener('change', which);
  form.element.addEventListener('input', () => box.replaceChildren());
  which();
  return el('div', {}, form.element, box);
}

function make(configs, again) {
  const choices = Object.fromEntries(configs.map((c) => [c.id, plain(c.name)]));
  return el('details', {}, el('summary', {}, x.make), el('p', { class: 'small' }, x.makeSays), looked({ yes: x.makeThem, busy: x.making,
    fields: [{ name: 'config', label: t.silences.config, choices }, { name: 'reason', label: t.silences.reason, maxlength: 1000 }, ...whenFields()],
    keep: async ({ config, reason, ...when }) => {
      await callSigned('POST', AT, { matcher: { config }, reason, ...whenOf(when) });
      await again(x.made);
    } }));
}

// ---- what there is ---------------------------------------------------------------------------------

// Only what is different from what it was is sent.
function change(s, again) {
  return looked({ yes: x.save, busy: x.saving, fields: [{ name: 'reason', label: t.silences.reason, maxlength: 1000, value: s.reason }, ...whenFields(s)],
    keep: async ({ reason, ...values }) => {
      const now = { ...whenOf(values), reason }, was = { rule: s.rule, timezone: s.timezone, duration_s: s.duration_s, reason: s.reason, starts_at: new Date(local(s.starts_at)).toISOString() };
      await callSigned('PUT', `${AT}/${s.id}`, Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== was[name])));
      await again(x.saved);
    } });
}

const end = (s, place, again) => ask({ title: x.endAsk, text: [place, x.endLost], yes: x.end, busy: x.ending, tell, send: async () => {
  await callSigned('DELETE', `${AT}/${s.id}`);
  await again(x.ended);
} });

const rowOf = ({ me, again }, names, chosen) => (s) => {
  const place = placeOf(s.matcher, names), mayChange = s.state === 'active' && may(me, 'update:alerts');
  return [chosen ? chosen.cell(s, place) : place, el('div', {}, el('code', {}, plain(s.rule)), el('div', { class: 'small' }, x.each(number(Number(hours(s.duration_s))), plain(s.timezone)))), el('div', {}, plain(s.reason), el('div', { class: 'small' }, plain(s.owner))),
    s.state === 'active' ? windowsOf(s.next, SHOWN) : el('div', {}, x.over, time(s.ended_at ?? s.ends_at), s.ended_by && el('div', { class: 'small' }, t.silences.endedBy(plain(s.ended_by)))), s.state === 'active' ? time(s.ends_at) : '',
    mayChange ? el('div', { class: 'row' }, link(`#/series/${s.id}`, x.change, { class: 'button', 'aria-label': x.changeThis(place) }), button(x.end, () => end(s, place, again), { 'aria-label': x.endThis(place) })) : ''];
};

const configsOf = async (me) => (may(me, 'read:drift') ? (await gather(callSigned, 'api/drift/configs', CONFIGS)).items : []);
const namesOf = (configs) => new Map(configs.map((c) => [c.id, c.name]));

async function one({ me, id, go }) {
  const [s, configs] = await Promise.all([callSigned('GET', `${AT}/${id}`), configsOf(me)]), place = placeOf(s.matcher, namesOf(configs));
  const back = el('p', { class: 'after' }, link('#/series', x.back));
  return { title: x.of(place), wide: true, parts: [s.state === 'active' && may(me, 'update:alerts') ? [el('p', {}, x.changeSays), change(s, (said) => go('#/series', said))] : el('p', {}, x.over, time(s.ended_at ?? s.ends_at)), back] };
}

export async function page(ctx) {
  if (ctx.id)
    return one(ctx);
  const { me, filter, again } = ctx, state = x.states[filter.get('state')] ? filter.get('state') : 'active';
  const [found, configs] = await Promise.all([gather(callSigned, `${AT}?state=${state}`, MOST), configsOf(me)]);
  const list = { items: found.items, shown: found.items, box: null }, names = namesOf(configs);
  const chosen = choosing(me, 'update:alerts', { list: () => list, nameOf: (s) => placeOf(s.matcher, names), fits: (s) => s.state === 'active',
    deeds: [eachDeed({ text: x.end, title: x.endSome, says: x.endLost, yes: x.end, busy: x.ending, one: (s) => callSigned('DELETE', `${AT}/${s.id}`), done: x.endedSome, again })] });
  list.box = found.items.length > 0 ? table(t.nav.series, x.heads, found.items.map(rowOf(ctx, names, chosen)), 'records') : el('p', {}, t.none);
  const choose = ([name, word]) => link(`#/series?state=${name}`, word, { class: 'button', 'aria-current': name === state && 'true' });
  return { title: t.nav.series, wide: true, parts: [el('p', {}, x.says), el('nav', { 'aria-label': t.silences.which, class: 'row' }, ...Object.entries(x.states).map(choose)),
    chosen?.element, list.box, found.more && el('p', { class: 'small' }, t.silences.cut(number(MOST))),
    configs.length > 0 && may(me, 'update:alerts') && make(configs, again)] };
}
