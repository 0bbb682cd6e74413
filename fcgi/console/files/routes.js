// routes.js - which alerts go where: the routes in their order, with what fits each and who is told next; and one of them.
import { ask, button, el, link, notice } from './ui.js';
import { Problem, callSigned } from './api.js';
import { table } from './chart.js';
import { gather, may, plain } from './drift.js';
import { duration, failed, tell } from './messages.js';
import { changeRoute, kinds, newRoute } from './route_form.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';
import { m } from './texts_more.js';
import { trialForm } from './trial.js';

const x = m.routes;
const MOST = 1000;

// What a route may name, by id.
async function known(me) {
  const all = (path) => gather(callSigned, path, MOST), names = ({ items }) => Object.fromEntries(items.map((one) => [one.id, plain(one.name)]));
  const [routes, channels, configs] = await Promise.all([all('api/drift/routes'), all('api/drift/channels'), may(me, 'read:drift') ? all('api/drift/configs') : { items: [] }]);
  return { routes: routes.items, channels: names(channels), configs: names(configs) };
}

export const page = (ctx) => (ctx.id ? routePage(ctx) : routeList(ctx));
const mayChange = (me) => may(me, 'manage:channels') && may(me, 'update:drift');

// ---- as it is said ---------------------------------------------------------------------------------

const channelNames = (ids, { channels }) => ids.map((id) => channels[id] ?? x.gone);

function matchOf(match, { configs }) {
  const said = Object.entries(match ?? {}).filter(([name, value]) => x.fits[name] && value !== null && value.length !== 0)
    .map(([name, value]) => x.fits[name](Array.isArray(value) ? value.map((v) => (name === 'configs' ? configs[v] ?? x.goneConfig : plain(v))) : t.severities[value] ?? value));
  return said.length === 0 ? x.every : said.join(', ');
}

const stepOf = (step, all) => x.step(duration(step.after_s), channelNames(step.channels, all)) + (step.min_severity ? x.only(step.min_severity) : '')
  + (step.repeat_s ? x.again(duration(step.repeat_s), step.repeats ?? 1) : '');

const toldOf = (r, all) => el('div', {}, r.channels.length > 0 ? channelNames(r.channels, all).join(', ') : x.nobody,
  ...(r.escalate ?? []).map((step) => el('div', { class: 'small' }, stepOf(step, all))), r.continue && el('div', { class: 'small' }, x.goesOn),
  r.group_by?.length > 0 && el('div', { class: 'small' }, x.grouped(r.group_by)), r.quiet && el('div', { class: 'small' }, x.quiet(r.quiet)));

// ---- the list --------------------------------------------------------------------------------------

const drop = ({ me, again }, r) => ask({ title: x.dropAsk(plain(r.name)), text: x.dropLost, yes: x.drop, busy: x.dropping, tell,
  send: async () => {
    await proven(me, () => callSigned('DELETE', `api/drift/routes/${r.id}`));
    await again(x.dropped);
  } });

function deedsOf(ctx, all, i) {
  const { me, again } = ctx, { routes } = all, r = routes[i];
  const swap = (to) => {
    const ids = routes.map((one) => one.id);
    [ids[i], ids[to]] = [ids[to], ids[i]];
    return proven(me, () => callSigned('PUT', 'api/drift/routes/order', { ids })).then(() => again(x.moved)).catch(failed);
  };
  return el('div', { class: 'row' }, i > 0 && button(x.up, () => swap(i - 1), { 'aria-label': x.upThis(plain(r.name)) }),
    i < routes.length - 1 && button(x.down, () => swap(i + 1), { 'aria-label': x.downThis(plain(r.name)) }));
}

async function routeList(ctx) {
  const { me } = ctx, all = await known(me), change = mayChange(me);
  const rows = all.routes.map((r, i) => [el('div', {}, `${i + 1}. `, link(`#/routes/${r.id}`, plain(r.name)), r.warning && notice(plain(r.warning))), matchOf(r.match, all), toldOf(r, all), change ? deedsOf(ctx, all, i) : '']);
  return { title: x.title, wide: true, parts: [el('p', {}, x.says), rows.length > 0 ? table(x.title, x.heads, rows, 'records') : el('p', {}, t.none),
    change && newRoute(ctx, all), may(me, 'manage:channels') && trialForm(me, all.configs, kinds)] };
}

// ---- one -------------------------------------------------------------------------------------------

async function routePage(ctx) {
  const { me, id, go } = ctx, all = await known(me), r = all.routes.find((one) => one.id === id);
  if (r === undefined)
    throw new Problem({ code: 'not_found', status: 404 });
  const leave = { me, again: (said) => go('#/routes', said) }, change = mayChange(me);
  return { title: plain(r.name), wide: true, parts: [r.warning && notice(plain(r.warning)), el('p', {}, matchOf(r.match, all)), toldOf(r, all), change && changeRoute(ctx, all, r),
    change && el('p', {}, button(x.drop, () => drop(leave, r))), el('p', { class: 'after' }, link('#/routes', x.back))] };
}
