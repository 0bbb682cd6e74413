// templates.js - one config for many tenants: what it says, where it is and how far that differs, tried, applied and taken back.
import { Form, ask, button, el, every, isTouched, link, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { gather, may, plain, stateTag } from './drift.js';
import { list, number } from './language.js';
import { lines, paged } from './lists.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.templates;
const AT = 'api/drift/templates', MOST = 500, LOOK_MS = 2000;

export const page = (ctx) => (ctx.id ? templatePage(ctx) : templateList(ctx));

// What is typed as JSON; `form` says where it is none.
function parsed(form, name, text) {
  try {
    return JSON.parse(text);
  } catch (e) {
    form.refuse({ fields: { [name]: x.noJson(e.message) } });
    return undefined;
  }
}
const pretty = (value) => JSON.stringify(value, null, 2);

const saysFields = (was) => [{ name: 'name', label: x.name, maxlength: 200, value: was?.name, autocomplete: 'off' }, { name: 'description', label: x.description, maxlength: 2000, optional: true, value: was?.description },
  { name: 'config', label: x.config, hint: x.configSays, rows: 12, value: pretty(was?.config ?? { name: 'Firewall of %customer%', source: { kind: 'push' } }) },
  { name: 'variables', label: x.variables, hint: x.variablesSay, rows: 4, value: pretty(was?.variables ?? [{ name: 'customer' }]) }];

// send(body): what was typed, as the API takes it.
function saysForm({ was, submit, busy, send }) {
  const form = new Form({ fields: saysFields(was), submit, busy, tell: (problem) => tell(problem, ['name', 'description', 'config', 'variables']), send: (values) => {
    const config = parsed(form, 'config', values.config), variables = config === undefined ? undefined : parsed(form, 'variables', values.variables);
    return variables === undefined ? null : send({ ...values, config, variables });
  } });
  return form.element;
}

async function templateList({ me, go }) {
  const { items, more } = await gather(callSigned, AT, MOST);
  const make = may(me, 'create:drift') && el('details', {}, el('summary', {}, x.make), saysForm({ submit: x.make, busy: x.making,
    send: async (body) => {
      const { id } = await callSigned('POST', AT, body);
      await go(`#/templates/${id}`, x.made);
    } }));
  return { title: t.nav.templates, wide: true, parts: [el('p', {}, x.says), make, items.length > 0
    ? table(t.nav.templates, x.heads, items.map((one) => [link(`#/templates/${one.id}`, plain(one.name)), plain(one.description ?? ''), number(one.version), time(one.updated_at)]), 'records') : el('p', {}, t.none), more && el('p', { class: 'small' }, x.cut(MOST))] };
}

// ---- where it is, and what came of it --------------------------------------------------------------

const places = (paths) => el('ul', { class: 'plain' }, ...paths.map((path) => el('li', {}, el('code', {}, plain(path)))));
const useOf = (now) => (u) => [plain(u.tenant), el('div', {}, number(u.version), u.version < now && el('div', { class: 'small' }, x.older)), u.kept.length > 0 ? places(u.kept) : '',
  el('div', {}, stateTag(u.outcome, x.outcomes), u.detail && el('div', { class: 'small' }, plain(u.detail))), time(u.at)];

const shown = (value) => (value === null ? t.change.none : el('code', {}, plain(JSON.stringify(value))));
const resultOf = (names) => (r) => [plain(names.get(r.tenant_id) ?? r.tenant), el('div', {}, stateTag(r.outcome, x.outcomes), r.detail && el('div', { class: 'small' }, plain(r.detail))),
  r.changes.length > 0 ? el('details', {}, el('summary', {}, x.places(r.changes.length)), el('ul', { class: 'plain' }, ...r.changes.map((c) => el('li', {}, el('code', {}, plain(c.path) || t.change.whole), ` ${x.how[c.how] ?? c.how}: `, shown(c.was), ' → ', shown(c.now))))) : '', r.at ? time(r.at) : x.waits];
const results = (id, operation, uses) => paged({ path: `${AT}/${id}/results`, query: new URLSearchParams({ operation }), caption: x.results, heads: x.resultHeads, rowOf: resultOf(new Map(uses.map((u) => [u.tenant_id, u.tenant]))) });

// The work that was asked for last: how far it is, and what came of it in each tenant.
function workOf(template, work, found, again) {
  if (!work)
    return { parts: [] };
  const over = (now) => (now.state === 'done' ? x.done[now.kind] : x.over[now.state]);
  const bar = el('progress', { 'aria-label': x.work, max: Math.max(1, work.total), value: work.done }), words = el('p', {}), running = work.state === 'running';
  const put = (now) => {
    words.textContent = now.state === 'running' ? [x.step(now.done, now.total), now.now && plain(now.now), now.error && plain(now.error)].filter(Boolean).join('; ') : [over(now), now.error && plain(now.error)].filter(Boolean).join(' ');
    Object.assign(bar, { max: Math.max(1, now.total), value: now.done });
  };
  put(work);
  const live = () => every(LOOK_MS, async (left) => {
    const now = await callSigned('GET', `api/operations/${work.id}`);
    if (left() || isTouched())
      return null;
    put(now);
    return now.state === 'running' ? null : again(over(now) ?? now.state);
  }, () => {});
  return { live: running ? live : undefined, parts: [el('section', { class: 'notice' }, el('h2', {}, x.kinds[work.kind] ?? x.work, ', ', time(work.created_at)), running && bar, words), el('h2', {}, x.results), found] };
}

// ---- deeds -----------------------------------------------------------------------------------------

const wish = ({ tenants, first, version }) => ({ ...(lines(tenants).length > 0 ? { tenants: lines(tenants).map((tenant) => ({ tenant })) } : {}), ...(first.trim() ? { first: Number(first) } : {}), ...(version?.trim() ? { version: Number(version) } : {}) });

// Which tenants is asked once; what is to be done there by which button.
function rollout({ me, again }, template, uses) {
  const at = `${AT}/${template.id}`, faults = (problem) => tell(problem, ['tenants', 'first', 'version']);
  const fields = [{ name: 'tenants', label: x.tenants, hint: x.tenantsSay, rows: 3, optional: true }, { name: 'first', label: x.first, inputmode: 'numeric', maxlength: 5, optional: true, hint: x.firstSays },
    { name: 'version', label: x.version, inputmode: 'numeric', maxlength: 9, optional: true, hint: x.versionSays(template.version) }];
  const send = (kind, values) => callSigned('POST', `${at}/${kind}`, kind === 'undo' ? wish({ ...values, version: '' }) : wish(values)).then(({ tenants }) => again(x.asked(tenants)));
  const form = new Form({ fields, submit: x.preview, busy: x.asking, tell: faults, send: (values) => send('preview', values) });
  const values = () => Object.fromEntries(form.fields.map((f) => [f.name, f.value]));
  const which = () => (lines(values().tenants).length > 0 ? list(lines(values().tenants).map(plain)) : x.allOf);
  const asked = (kind, title, text) => button(x[kind], () => ask({ title, text: [which(), text], yes: x[kind], busy: x.asking, grave: kind === 'undo', tell: faults, send: () => proven(me, () => send(kind, values())) }));
  return [el('h2', {}, x.rollout), el('p', {}, x.rolloutSays), form.element, el('div', { class: 'row' }, asked('apply', x.applyAsk, x.applySays), uses.length > 0 && asked('undo', x.undoAsk, x.undoLost))];
}

const change = ({ again }, template) => el('details', {}, el('summary', {}, x.change), el('p', { class: 'small' }, x.changeSays), saysForm({ was: template, submit: x.save, busy: x.saving,
  send: async (body) => {
    const now = Object.fromEntries(Object.entries(body).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(template[name] ?? '')));
    await callSigned('PUT', `${AT}/${template.id}`, now, template);
    await again(x.saved);
  } }));

const drop = ({ go }, template) => button(x.drop, () => ask({ title: x.dropAsk(plain(template.name)), text: x.dropLost, yes: x.drop, busy: x.dropping, tell, send: async () => {
  await callSigned('DELETE', `${AT}/${template.id}`);
  await go('#/templates', x.dropped);
} }));

function versionsOf(template, version) {
  const all = Array.from({ length: Math.min(50, template.version) }, (_, i) => template.version - i);
  const select = el('select', { id: 'version', onchange: () => { location.hash = `#/templates/${template.id}${Number(select.value) === template.version ? '' : `?version=${select.value}`}`; } }, ...all.map((n) => el('option', { value: String(n), selected: n === version }, x.versionOf(n))));
  return el('div', { class: 'filter' }, el('label', { for: 'version' }, x.shown), select);
}

async function templatePage(ctx) {
  const { me, id, filter, again } = ctx, get = (path) => callSigned('GET', `${AT}/${id}${path}`), asked = Number(filter.get('version')) || 0;
  const [now, newest] = await Promise.all([get(''), get('/results?limit=1')]), of = newest.items[0]?.operation_id, work = of && await callSigned('GET', `api/operations/${of}`).catch(() => null);
  // asked for behind the work: what has ended is in it
  const [old, uses] = await Promise.all([asked && asked !== now.version ? get(`?version=${asked}`) : now, gather(callSigned, `${AT}/${id}/tenants`, MOST)]), found = of && await results(id, of, uses.items);
  const done = workOf(now, work, found, again), f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  return { title: plain(now.name), wide: true, live: done.live, parts: [el('dl', { class: 'facts' }, now.description && fact(f.description, plain(now.description)), fact(f.version, number(now.version)), fact(f.by, `${plain(old.author ?? '')}, `, time(old.version_at)), fact(f.where, x.inTenants(uses.items.length))),
    ...done.parts, el('h2', {}, x.uses), uses.items.length > 0 ? table(x.uses, x.useHeads, uses.items.map(useOf(now.version)), 'records') : el('p', {}, x.nowhere), ...(may(me, 'update:drift') ? rollout(ctx, now, uses.items) : []),
    el('h2', {}, x.content), versionsOf(now, old.version), el('pre', { tabindex: '0', role: 'region', 'aria-label': x.content }, plain(pretty({ config: old.config, variables: old.variables }))), may(me, 'update:drift') && change(ctx, now), may(me, 'delete:drift') && drop(ctx, now), el('p', { class: 'after' }, link('#/templates', x.back))] };
}

// ---- on the config's page --------------------------------------------------------------------------

// Of which template it was made, and where it says otherwise; nothing where it is of none.
export async function boundOf({ me, id, again }) {
  const bound = await callSigned('GET', `api/drift/configs/${id}/template`).catch((problem) => {
    if (problem.status === 404)
      return null;
    throw problem;
  });
  if (bound === null)
    return [];
  const letGo = () => ask({ title: x.letGoAsk, text: x.letGoLost, yes: x.letGo, busy: x.lettingGo, tell, send: async () => {
    await callSigned('DELETE', `api/drift/configs/${id}/template`);
    await again(x.letGone);
  } });
  return [el('h2', {}, x.bound), el('p', {}, x.boundTo(plain(bound.name), bound.version, bound.owner ? plain(bound.owner) : x.noOwner), plain(bound.applied_by ?? ''), ', ', time(bound.applied_at), '.'),
    bound.deviations.length > 0 ? table(x.deviations, x.deviationHeads, bound.deviations.map((d) => [el('code', {}, plain(d.path)), shown(d.template), shown(d.own)]), 'records') : el('p', { class: 'small' }, x.noDeviation), may(me, 'update:drift') && el('p', {}, button(x.letGo, letGo))];
}
