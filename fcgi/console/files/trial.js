// trial.js - where alerts would go by the routes as they are, and why; nothing is sent by asking.
import { Form, el, link, say } from './ui.js';
import { callSigned } from './api.js';
import { may, plain, severities, tag } from './drift.js';
import { failed, duration, tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.trial;

export const mayAskOf = (me) => ['manage:channels', 'read:alerts', 'read:drift'].every((p) => may(me, p));

// Who is told, by what, or why not.
const hitOf = (hit, routes) => el('li', {}, el('strong', {}, plain(hit.name ?? m.routes.gone)), ' ', hit.told ? x.told : x.notTold(plain(hit.why ?? '')), ', ',
  hit.route_id === null ? x.byConfig : x.by(plain(routes.get(hit.route_id) ?? '')));

const stepOf = (s) => el('li', {}, plain(s.name), ': ', !s.fits ? x.misfit(s.misfit) : s.stops ? x.stops : x.goesOn);

function trialOf(found) {
  const routes = new Map(found.routes.map((s) => [s.route_id, s.name])), each = (hits) => el('ul', {}, ...hits.map((hit) => hitOf(hit, routes)));
  return [el('h3', {}, x.routes), found.routes.length > 0 ? el('ol', {}, ...found.routes.map(stepOf)) : el('p', {}, x.noRoute), found.unrouted && el('p', {}, x.toConfig),
    el('h3', {}, x.channels), found.channels.length > 0 ? each(found.channels) : el('p', {}, x.nobody),
    ...(found.escalate ?? []).map((later) => [el('p', {}, x.later(duration(later.after_s))), each(later.channels)])].flat().filter(Boolean);
}

const headOf = (found) => el('h2', {}, tag(found.severity), ' ', found.alert_id === null ? x.imagined : link(`#/alerts/${found.alert_id}`, plain(found.title ?? found.alert_id)), ` (${found.kind})`);
const put = (box, { items }) => {
  box.replaceChildren(...(items.length === 0 ? [el('p', {}, x.none)] : items.flatMap((found) => [headOf(found), ...trialOf(found)])));
  say(x.looked(items.length));
};

// Of one alert: folded until somebody asks.
export function trialOfAlert(id) {
  const box = el('div', {}), load = async () => {
    const { items } = await callSigned('POST', 'api/drift/routes/try', { alert_id: id });
    box.replaceChildren(...items.flatMap(trialOf));
  };
  return el('details', { ontoggle: (event) => {
    if (event.target.open && box.children.length === 0)
      load().catch(failed);
  } }, el('summary', {}, x.open), box);
}

const lines = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

// Of the newest ones, or of one that is imagined.
export function trialForm(me, configs, kinds) {
  const box = el('div', {}), past = mayAskOf(me), imagined = ['severity', 'kind', 'config', 'categories', 'at'];
  const whiches = past ? x.whiches : { imagined: x.whiches.imagined };
  const form = new Form({ fields: [{ name: 'which', label: x.which, choices: whiches }, { name: 'severity', label: x.severity, choices: Object.fromEntries(severities.map((s) => [s, t.severities[s]])) },
    { name: 'kind', label: x.kind, choices: Object.fromEntries(kinds.map((k) => [k, k])) }, { name: 'config', label: x.config, optional: true, choices: { '': x.noConfig, ...configs } },
    { name: 'categories', label: x.categories, rows: 2, optional: true }, { name: 'at', label: x.at, type: 'datetime-local', optional: true }],
  submit: x.go, busy: x.going,
  send: async ({ which, severity, kind, config, categories, at }) => {
    const alert = { severity, kind, ...(config ? { config_id: config } : {}), ...(lines(categories).length > 0 ? { categories: lines(categories) } : {}), ...(at ? { at: new Date(at).toISOString() } : {}) };
    put(box, await callSigned('POST', 'api/drift/routes/try', which === 'imagined' ? { alert } : { last: Number(which) }));
  },
  tell: (problem) => tell(problem, imagined, { severity: 'alert/severity', kind: 'alert/kind', config: 'alert/config_id', categories: 'alert/categories', at: 'alert/at' }) });
  const which = form.field('which').input, offer = () => {
    for (const name of imagined)
      form.field(name).element.hidden = which.value !== 'imagined';
  };
  which.addEventListener('change', offer);
  offer();
  return el('details', {}, el('summary', {}, x.title), el('p', { class: 'small' }, x.says), form.element, box);
}
