// golden.js - golden baselines: what each holds, which configs are bound to it and what each has otherwise; made of a snapshot, bound, changed and dropped.
import { Form, ask, button, el, link, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { gather, may, plain, stateTag } from './drift.js';
import { number } from './language.js';
import { paged } from './lists.js';
import { failed, tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.golden;
const AT = 'api/drift/golden-baselines', CONFIGS = 1000, AT_ONCE = 20, RESOURCES = 200;
const small = (...parts) => el('div', { class: 'small' }, ...parts);
const code = (text) => el('code', {}, plain(text));
const configsOf = async () => (await gather(callSigned, 'api/drift/configs', CONFIGS)).items;
const choicesOf = (configs) => Object.fromEntries(configs.map((c) => [c.id, plain(c.name)]));

// ---- what it holds ---------------------------------------------------------------------------------

const fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
const factsOf = (g) => el('dl', { class: 'facts' }, g.description && fact(x.facts.description, plain(g.description)), fact(x.facts.owner, x.owners[g.owner] ?? g.owner, g.owner === 'tenant' || !g.shared ? '' : `, ${x.shared}`),
  fact(x.facts.version, number(g.version)), fact(x.facts.changed, time(g.updated_at)));

// A value comes into the page when somebody wants it.
function resource(r) {
  const box = el('pre', {});
  return el('li', {}, el('details', { ontoggle: (event) => { box.textContent = event.target.open ? plain(JSON.stringify(r.value, null, 2)) : ''; } }, el('summary', {}, plain(`${r.category} ${r.key}`)), box));
}

const holds = (g) => [el('h2', {}, x.holds(g.resource_count)), el('ul', { class: 'plain' }, ...g.resources.slice(0, RESOURCES).map(resource)), g.resources.length > RESOURCES && el('p', { class: 'small' }, x.cut(RESOURCES)),
  g.variables.length > 0 && [el('h2', {}, x.variables), table(x.variables, x.variableHeads, g.variables.map((v) => [code(`%${v.name}%`), plain(v.description ?? ''), 'default' in v ? code(JSON.stringify(v.default)) : x.needed]), 'records')],
  g.history?.length > 0 && el('details', {}, el('summary', {}, x.versions), el('ol', { class: 'plain timeline' }, ...g.history.map((v) => el('li', {}, time(v.at), ' ', x.versionBy(v.version, plain(v.author))))))];

// ---- who is bound to it ----------------------------------------------------------------------------

const differenceOf = (d) => el('li', {}, code([d.category, d.key, d.path].filter(Boolean).join(' ')), ` ${x.ops[d.op] ?? d.op}`, 'value' in d && [' ', code(JSON.stringify(d.value))], small(plain(d.reason), ', ', plain(d.owner), d.expires_at && [x.until, time(d.expires_at)]), d.why && small(x.notApplied, plain(d.why)));
const outOf = (b) => b.not_compared.length + (b.not_compared_more ?? 0);

const boundRow = ({ config, bound: b }) => [link(`#/configs/${config.id}`, plain(config.name)), stateTag(config.state), el('div', {}, number(b.version), b.version < b.newest_version && small(b.stale ? `${x.stale} ${plain(b.stale)}` : x.older(b.newest_version))),
  el('div', {}, Object.entries(b.variables ?? {}).map(([name, value]) => el('div', {}, code(`${name} = ${JSON.stringify(value)}`)))), b.differences.length > 0 ? el('details', {}, el('summary', {}, x.differences(b.differences.length)), el('ul', { class: 'plain' }, ...b.differences.map(differenceOf))) : x.none,
  el('div', {}, outOf(b) > 0 && x.masked(outOf(b)), small(plain(b.bound_by), ', ', time(b.bound_at)))];

// Which golden one a config has is said by its baseline alone: so many are asked at once.
async function boundOf(id, configs) {
  const found = await Promise.all(configs.map(async (config) => ({ config, bound: (await callSigned('GET', `api/drift/configs/${config.id}/baseline`)).golden })));
  return found.filter(({ bound }) => bound?.id === id);
}

async function fleetOf(id, configs) {
  const candidates = configs.filter((c) => c.baseline?.mode === 'golden'), box = el('div', {}), more = el('p', {});
  let all = [], asked = 0;
  const next = async () => {
    all = [...all, ...await boundOf(id, candidates.slice(asked, asked + AT_ONCE))];
    asked += AT_ONCE;
    box.replaceChildren(all.length > 0 ? table(x.bound, x.boundHeads, all.map(boundRow), 'records') : el('p', {}, x.nobody));
    more.replaceChildren(asked < candidates.length ? button(x.further(candidates.length - asked), () => next().catch(failed)) : '');
  };
  await next();
  return [el('h2', {}, x.bound), box, more];
}

// ---- deeds -----------------------------------------------------------------------------------------

const fold = (title, says, form) => el('details', { class: 'deed' }, el('summary', {}, title), el('p', { class: 'small' }, says), form.element);

// What is typed as JSON, or as it stands: the server says what is wrong with that.
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const bind = ({ id, again }, g, configs) => fold(x.bind, x.bindSays, new Form({ fields: [{ name: 'config', label: x.config, choices: choicesOf(configs) },
  ...g.variables.map((v) => ({ name: `v_${v.name}`, label: x.variable(plain(v.name)), hint: [plain(v.description ?? ''), x.variableSays].filter(Boolean).join(' '), optional: 'default' in v, autocomplete: 'off' })), { name: 'others', label: x.others, choices: x.othersAre }],
submit: x.bind, busy: x.binding, tell: (problem) => tell(problem, ['others', ...g.variables.map((v) => `v_${v.name}`)], { others: 'golden/other_categories', ...Object.fromEntries(g.variables.map((v) => [`v_${v.name}`, `golden/variables/${v.name}`])) }),
send: async ({ config, others, ...values }) => {
  const given = Object.entries(values).filter(([, text]) => text !== '').map(([name, text]) => [name.slice(2), json(text)]);
  await callSigned('PUT', `api/drift/configs/${config}/baseline`, { golden: { id, variables: Object.fromEntries(given), other_categories: others } });
  await again(x.isBound);
} }));

const change = ({ id, again }, g) => fold(x.change, x.changeSays, new Form({ fields: [{ name: 'name', label: x.name, maxlength: 200, value: g.name, autocomplete: 'off' }, { name: 'description', label: x.description, maxlength: 2000, value: g.description ?? '', optional: true }],
  submit: x.save, busy: x.saving, tell: (problem) => tell(problem, ['name', 'description']), send: async ({ name, description }) => {
    await callSigned('PUT', `${AT}/${id}`, { ...(name !== g.name ? { name } : {}), ...(description !== (g.description ?? '') ? { description } : {}) }, g);
    await again(x.saved);
  } }));

const drop = ({ id, go }, g) => button(x.drop, () => ask({ title: x.dropAsk(plain(g.name)), text: x.dropLost, yes: x.drop, busy: x.dropping, tell, send: async () => {
  await callSigned('DELETE', `${AT}/${id}`, undefined, g);
  await go('#/golden', x.dropped);
} }));

// Of what a config was read as last.
const make = ({ go }, configs) => fold(x.make, x.makeSays, new Form({ fields: [{ name: 'name', label: x.name, maxlength: 200, autocomplete: 'off' }, { name: 'description', label: x.description, maxlength: 2000, optional: true }, { name: 'config', label: x.from, choices: choicesOf(configs) }],
  submit: x.make, busy: x.making, tell: (problem) => tell(problem, ['name', 'description', 'config'], { config: 'snapshot_id' }), send: async ({ name, description, config }) => {
    const [newest] = (await callSigned('GET', `api/drift/configs/${config}/snapshots?limit=1`)).items;
    const made = await callSigned('POST', AT, { name, ...(description ? { description } : {}), snapshot_id: newest?.id ?? null });
    await go(`#/golden/${made.id}`, x.made);
  } }));

// ---- the pages -------------------------------------------------------------------------------------

async function one(ctx) {
  const { me, id } = ctx, [g, configs] = await Promise.all([callSigned('GET', `${AT}/${id}`), configsOf()]), mine = g.history !== undefined;
  g.variables ??= []; // absent where there are none
  const pushed = configs.filter((c) => c.baseline?.mode !== 'golden');
  return { title: plain(g.name), wide: true, parts: [factsOf(g), await fleetOf(id, configs), pushed.length > 0 && may(me, 'update:drift') && may(me, 'read:snapshots') && bind(ctx, g, pushed), mine && may(me, 'update:drift') && change(ctx, g),
    mine && may(me, 'delete:drift') && el('p', {}, drop(ctx, g)), holds(g), el('p', { class: 'after' }, link('#/golden', x.back))] };
}

const rowOf = (g) => [el('div', {}, link(`#/golden/${g.id}`, plain(g.name)), small(plain(g.description ?? ''))), x.owners[g.owner] ?? g.owner, number(g.version), number(g.resource_count), time(g.updated_at)];

export async function page(ctx) {
  if (ctx.id)
    return one(ctx);
  const { me } = ctx, [list, configs] = await Promise.all([paged({ path: AT, caption: t.nav.golden, heads: x.heads, rowOf }), configsOf()]);
  return { title: t.nav.golden, wide: true, parts: [el('p', {}, x.says), configs.length > 0 && may(me, 'create:drift') && may(me, 'read:snapshots') && make(ctx, configs), list] };
}
