// silences.js - silences and maintenance windows: what is quiet, why, by whom, until when; windows planned, and both ended before their time.
import { Form, ask, button, el, link, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { choosing, eachDeed } from './chosen.js';
import { gather, may, plain } from './drift.js';
import { number } from './language.js';
import { tell } from './messages.js';
import { t } from './texts.js';

const x = t.silences;
const MOST = 200, CONFIGS = 1000;

const placeOf = (m, names) => [m.config && (names.get(m.config) ?? x.gone), m.category, m.key, m.path, m.severity].filter(Boolean).map(plain).join(' ');

function end(silence, place, again) {
  ask({ title: x.endAsk(x.kinds[silence.kind]), text: [place, silence.state === 'active' ? x.endLost : x.endEarly], yes: x.end, busy: x.ending, tell,
    send: async () => {
      await callSigned('DELETE', `api/drift/silences/${silence.id}`);
      await again(x.ended);
    } });
}

const rowOf = ({ me, again }, names, chosen) => (s) => {
  const place = placeOf(s.matcher, names), mayEnd = s.state !== 'expired' && may(me, 'update:alerts');
  return [chosen ? chosen.cell(s, place) : place, el('div', {}, x.kinds[s.kind] ?? s.kind, s.covers > 0 && el('div', { class: 'small' }, x.covers(s.covers))), plain(s.reason), plain(s.owner),
    el('div', {}, time(s.starts_at), ' – ', time(s.ended_at ?? s.expires_at), s.ended_by && el('div', { class: 'small' }, x.endedBy(plain(s.ended_by)))),
    mayEnd ? button(x.end, () => end(s, place, again), { 'aria-label': x.endThis(place) }) : ''];
};

// A time of the viewer's zone, as a field has it.
const instant = (text) => new Date(text).toISOString();

function plan(configs, again) {
  const choices = Object.fromEntries(configs.map((c) => [c.id, plain(c.name)]));
  const form = new Form({
    fields: [{ name: 'config', label: x.config, choices }, { name: 'reason', label: x.reason, maxlength: 1000 },
      { name: 'from', label: x.from, type: 'datetime-local', optional: true }, { name: 'until', label: x.until, type: 'datetime-local' }],
    submit: x.plan, busy: x.planning,
    send: async ({ config, reason, from, until }) => {
      await callSigned('POST', 'api/drift/silences', { kind: 'maintenance', matcher: { config }, reason, ...(from ? { starts_at: instant(from) } : {}), expires_at: instant(until) });
      await again(x.planned);
    },
    tell: (problem) => tell(problem, ['config', 'reason', 'from', 'until'], { config: 'matcher/config', from: 'starts_at', until: 'expires_at' }),
  });
  return el('details', {}, el('summary', {}, x.plan), el('p', { class: 'small' }, x.planSays), form.element);
}

export async function page(ctx) {
  const { me, filter, again } = ctx, state = x.states[filter.get('state')] ? filter.get('state') : 'active';
  const [found, configs] = await Promise.all([gather(callSigned, `api/drift/silences?state=${state}`, MOST),
    may(me, 'read:drift') ? gather(callSigned, 'api/drift/configs', CONFIGS) : { items: [] }]);
  const names = new Map(configs.items.map((c) => [c.id, c.name]));
  const list = { items: found.items, shown: found.items, box: null };
  const chosen = choosing(me, 'update:alerts', { list: () => list, nameOf: (s) => placeOf(s.matcher, names), fits: (s) => s.state !== 'expired',
    deeds: [eachDeed({ text: x.end, title: x.endSome, says: state === 'active' ? x.endLost : x.endEarly, yes: x.end, busy: x.ending, one: (s) => callSigned('DELETE', `api/drift/silences/${s.id}`), done: x.endedSome, again })] });
  list.box = found.items.length > 0 ? table(t.nav.silences, x.heads, found.items.map(rowOf(ctx, names, chosen)), 'records') : el('p', {}, t.none);
  const choose = ([name, word]) => link(`#/silences?state=${name}`, word, { class: 'button', 'aria-current': name === state && 'true' });
  return { title: t.nav.silences, wide: true, parts: [el('p', {}, x.says),
    el('nav', { 'aria-label': x.which, class: 'row' }, ...Object.entries(x.states).map(choose)),
    chosen?.element, list.box,
    found.more && el('p', { class: 'small' }, x.cut(number(MOST))),
    configs.items.length > 0 && may(me, 'update:alerts') && plan(configs.items, again)] };
}
