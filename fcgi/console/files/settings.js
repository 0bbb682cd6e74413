// settings.js - what the tenant has decided and what it may have: each setting with what a change of it takes away, and how much of each limit is used.
import { Form, ask, el, notice } from './ui.js';
import { callSigned } from './api.js';
import { rolesOf } from './assigned.js';
import { table } from './chart.js';
import { may, plain, tenantOf } from './drift.js';
import { bytes, number } from './language.js';
import { Boxes, lines } from './lists.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.settings;
const MINUTE = 60, HOUR = 3600, DAY = 86400;

// ---- how much is used ------------------------------------------------------------------------------

// limit: the member of the quota; used: of what there is; in: how it is said.
const measures = [
  { limit: 'users', used: 'users', in: number },
  { limit: 'api_keys', used: 'api_keys', in: number },
  { limit: 'drift_configs', used: 'drift_configs', in: number },
  { limit: 'snapshots_per_day', used: 'snapshots_today', in: number },
  { limit: 'storage_bytes', used: 'storage_bytes', in: bytes },
];

function measureOf({ limit, used, in: say }, { quota, usage }) {
  const most = quota[limit], is = usage[used], near = usage.near.includes(limit);
  const words = most === undefined ? x.unbounded(say(is)) : x.of(say(is), say(most), number(Math.round(is / most * 100)));
  return el('div', {}, el('dt', {}, x.measures[limit]), el('dd', {}, most !== undefined && el('progress', { 'aria-label': x.measures[limit], max: most, value: Math.min(is, most) }), words,
    near && el('strong', { class: 'state failing' }, ` ▲ ${is >= most ? x.full : x.near}`)));
}

// A section of whatever page shows a tenant.
export const usageOf = (tenant) => [el('h2', {}, x.usage), tenant.usage === null ? el('p', {}, x.uncounted) : el('dl', { class: 'facts' }, ...measures.map((m) => measureOf(m, tenant))),
  tenant.quota.requests_per_minute !== undefined && el('p', { class: 'small' }, x.requests(tenant.quota.requests_per_minute)), el('p', { class: 'small' }, x.quotaSays)];

// ---- the settings ----------------------------------------------------------------------------------

// A number in a unit that people count in; what is none goes as it was typed, for the server to say so.
const amount = (at, unit, words) => ({ at, words, shown: (v) => String(v / unit), read: (text) => (Number.isFinite(Number(text)) ? Math.round(Number(text) * unit) : text),
  field: { inputmode: 'decimal', maxlength: 20, optional: true } });
const several = (at, words) => ({ at, words, shown: (v) => v.join('\n'), read: lines, field: { rows: 3, optional: true } });

// Each is one form; lost: what it asks before it is done.
const groups = [
  { name: 'sessions', lost: true, rows: [amount('session/access_s', MINUTE, 'access'), amount('session/idle_s', MINUTE, 'idle'), amount('session/absolute_s', HOUR, 'absolute')] },
  { name: 'passwords', rows: [amount('password/min_length', 1, 'length')] },
  { name: 'factors', lost: true, rows: [{ at: 'mfa/required_for', words: 'required', roles: true }] },
  { name: 'addresses', lost: true, rows: [several('allowed_addresses', 'addresses')] },
  { name: 'origins', lost: true, rows: [several('cors/allowed_origins', 'origins')] },
  { name: 'history', lost: true, rows: [amount('retention/snapshots_s', DAY, 'snapshots'), amount('retention/reports_s', DAY, 'reports')] },
];

const valueAt = (settings, at) => at.split('/').reduce((value, member) => value?.[member], settings);

// { session: { idle_s: 600 } }: what is empty goes back to its default.
function put(change, at, value) {
  const [first, second] = at.split('/');
  if (second === undefined)
    change[first] = value;
  else
    change[first] = { ...change[first], [second]: value };
}

// A field of a form, or boxes beside it; `change(values)` adds what was changed, and says it.
function control(row, settings, roles) {
  const was = valueAt(settings, row.at), words = x.rows[row.words];
  if (row.roles) {
    const names = [...new Set([...(roles ?? []).map((r) => r.name), ...was])], boxes = new Boxes(words.label, names.map((n) => [n, plain(n)]), was), same = JSON.stringify(boxes.values);
    return { more: boxes.element, change: (_, change) => JSON.stringify(boxes.values) !== same && (put(change, row.at, boxes.values), x.turns(words.label, was.join(', '), boxes.values.join(', '))) };
  }
  const shown = row.shown(was);
  return { field: { name: row.words, label: words.label, hint: words.hint, value: shown, ...row.field }, change: (values, change) => {
    const typed = values[row.words].trim();
    return typed !== shown && (put(change, row.at, typed === '' ? null : row.read(typed)), x.turns(words.label, shown.replaceAll('\n', ', '), typed === '' ? x.byDefault : typed.replaceAll('\n', ', ')));
  } };
}

function formOf(ctx, tenant, group, roles) {
  const { me, again } = ctx, words = x.groups[group.name], controls = group.rows.map((row) => control(row, tenant.settings, roles));
  const members = Object.fromEntries(group.rows.map((row) => [row.words, `settings/${row.at}`]));
  const send = async (settings) => {
    await proven(me, () => callSigned('PUT', `api/tenants/${tenant.id}`, { settings }, tenant));
    await again(x.saved);
  };
  const form = new Form({ fields: controls.map((c) => c.field).filter(Boolean), submit: x.save, busy: x.saving, more: controls.map((c) => c.more).filter(Boolean),
    send: async (values) => {
      const settings = {}, said = controls.map((c) => c.change(values, settings)).filter(Boolean);
      if (said.length === 0)
        return form.refuse({ text: x.same });
      return group.lost ? ask({ title: words.ask, text: [...said, words.lost], yes: x.save, busy: x.saving, tell, send: () => send(settings) }) : send(settings);
    },
    tell: (problem) => tell(problem, Object.keys(members), members) });
  return el('details', { class: 'deed' }, el('summary', {}, words.title), el('p', { class: 'small' }, words.says), form.element);
}

function nameForm({ me, again }, tenant) {
  const form = new Form({ fields: [{ name: 'name', label: x.name, maxlength: 200, value: tenant.name, autocomplete: 'off' }], submit: x.save, busy: x.saving,
    send: async ({ name }) => {
      await proven(me, () => callSigned('PUT', `api/tenants/${tenant.id}`, { name }, tenant));
      await again(x.saved);
    },
    tell: (problem) => tell(problem, ['name']) });
  return el('details', { class: 'deed' }, el('summary', {}, x.nameTitle), el('p', { class: 'small' }, x.nameSays), form.element);
}

// ---- what is set, for everybody who may read it ----------------------------------------------------

function factsOf({ settings }) {
  const said = (row) => {
    const value = valueAt(settings, row.at), words = x.rows[row.words];
    if (Array.isArray(value))
      return value.length > 0 ? value.map(plain).join(', ') : words.none;
    return value === 0 && words.none ? words.none : words.said(number(Number(row.shown(value))));
  };
  return el('dl', { class: 'facts' }, ...groups.flatMap((g) => g.rows).map((row) => el('div', {}, el('dt', {}, x.rows[row.words].name), el('dd', {}, said(row)))));
}

function ratesOf({ rate_limits: rates }) {
  const rows = Object.entries(rates ?? {}).map(([name, r]) => [el('code', {}, plain(name)), String(r?.per_minute ?? ''), String(r?.burst ?? '')]);
  return rows.length > 0 && [el('h2', {}, x.rates), table(x.rates, x.rateHeads, rows, 'records'), el('p', { class: 'small' }, x.ratesSay)];
}

export async function page(ctx) {
  const { me } = ctx, tenant = await callSigned('GET', `api/tenants/${tenantOf(me).id}`), named = may(me, 'update:tenants'), set = named && may(me, 'update:settings');
  const roles = set ? await rolesOf(me) : null;
  return { title: t.nav.settings, wide: true, parts: [el('p', {}, plain(tenant.name), ' ', el('span', { class: 'small' }, `(${tenant.slug})`)),
    tenant.status_reason && notice(plain(tenant.status_reason)), ...usageOf(tenant), el('h2', {}, x.title), factsOf(tenant), ratesOf(tenant.settings),
    named && el('h2', {}, x.changeTitle), named && nameForm(ctx, tenant), ...(set ? groups.map((group) => formOf(ctx, tenant, group, roles)) : [])] };
}
