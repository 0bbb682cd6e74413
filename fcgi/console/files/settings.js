// settings.js - what the tenant has decided and what it may have: each setting with what a change of it takes away, and how much of each limit is used.
import { Field, Form, ask, el, notice } from './ui.js';
import { callSigned } from './api.js';
import { rolesOf } from './assigned.js';
import { table } from './chart.js';
import { gather, may, plain, tenantOf } from './drift.js';
import { bytes, number } from './language.js';
import { Boxes, lines } from './lists.js';
import { tell } from './messages.js';
import { secondOf } from './settings_second.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = t.settings, rowWords = { ...x.rows, ...m.settings.rows }, groupWords = { ...x.groups, ...m.settings.groups };
const MINUTE = 60, HOUR = 3600, DAY = 86400, CHANNELS = 1000;

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
const text = (at, words, more = {}) => ({ at, words, shown: (v) => v ?? '', read: (typed) => typed, field: { maxlength: 254, optional: true, autocomplete: 'off', ...more } });
// One of a few; what is '' is none.
const oneOf = (at, words, choices) => ({ at, words, shown: (v) => v ?? '', read: (typed) => typed, field: { choices, optional: true } });

// Each is one form; lost: what it asks before it is done; needs: what it takes besides to be allowed any of it.
const groups = [
  { name: 'sessions', lost: true, rows: [amount('session/access_s', MINUTE, 'access'), amount('session/idle_s', MINUTE, 'idle'), amount('session/absolute_s', HOUR, 'absolute')] },
  { name: 'passwords', rows: [amount('password/min_length', 1, 'length')] },
  { name: 'factors', lost: true, rows: [{ at: 'mfa/required_for', words: 'required', roles: true }] },
  { name: 'addresses', lost: true, rows: [several('allowed_addresses', 'addresses')] },
  { name: 'origins', lost: true, rows: [several('cors/allowed_origins', 'origins')] },
  { name: 'history', lost: true, rows: [amount('retention/snapshots_s', DAY, 'snapshots'), amount('retention/reports_s', DAY, 'reports'), amount('retention/audit_s', DAY, 'trail')] },
  { name: 'mail', rows: [text('notifications/from_name', 'fromName'), text('notifications/from', 'from', { type: 'email' })] },
  { name: 'links', lost: true, rows: [oneOf('alert_links', 'links', m.settings.links)] },
  { name: 'security', lost: true, needs: ['read:audit', 'read:channels'], rows: [{ at: 'notifications/security', words: 'security', channels: true }] },
  { name: 'second', lost: true, needs: ['assign:roles'], rows: [oneOf('four_eyes/accept_from', 'second', m.settings.second.choices)] },
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

// Which roles, as boxes.
function rolesControl(row, was, words, { roles }) {
  const names = [...new Set([...(roles ?? []).map((r) => r.name), ...was])], boxes = new Boxes(words.label, names.map((n) => [n, plain(n)]), was), same = JSON.stringify(boxes.values);
  return { more: boxes.element, change: (_, change) => JSON.stringify(boxes.values) !== same && (put(change, row.at, boxes.values), x.turns(words.label, was.join(', '), boxes.values.join(', '))) };
}

const levelWord = (severity) => m.settings.levels[severity] ?? severity;

// From which severity on each channel is told; one that is not shown stays as it is.
function channelsControl(row, was, words, { channels }) {
  const fields = channels.map((c, i) => ({ id: c.id, of: new Field({ name: `channel${i}`, label: plain(c.name), choices: m.settings.levels, optional: true, value: was.find((one) => one.channel_id === c.id)?.min_severity ?? '' }), name: plain(c.name) }));
  const unseen = was.filter((one) => !channels.some((c) => c.id === one.channel_id));
  const said = () => fields.filter(({ of }) => of.value !== '').map(({ id, of }) => ({ channel_id: id, min_severity: of.value }));
  const first = fields.map(({ of }) => of.value);
  return { more: el('fieldset', {}, el('legend', {}, words.label), ...(fields.length > 0 ? fields.map(({ of }) => of.element) : [el('p', {}, words.noChannels)])), change: (_, change) => {
    const turned = fields.filter(({ of }, i) => of.value !== first[i]);
    return turned.length > 0 && (put(change, row.at, [...unseen, ...said()]), turned.map(({ of, name }) => `${name}: ${levelWord(of.value)}`).join(', '));
  } };
}

// A field of a form, or more beside it; `change(values)` adds what was changed, and says it.
function control(row, settings, known) {
  const was = valueAt(settings, row.at), words = rowWords[row.words];
  if (row.roles || row.channels)
    return (row.roles ? rolesControl : channelsControl)(row, was, words, known);
  const shown = row.shown(was), word = (typed) => row.field.choices?.[typed] ?? typed.replaceAll('\n', ', ');
  return { field: { name: row.words, label: words.label, hint: words.hint, value: shown, ...row.field }, change: (values, change) => {
    const typed = values[row.words].trim(), none = row.field.choices ? word('') : x.byDefault;
    return typed !== shown && (put(change, row.at, typed === '' ? null : row.read(typed)), x.turns(words.label, word(shown), typed === '' ? none : word(typed)));
  } };
}

function formOf(ctx, tenant, group, known) {
  const { me, again } = ctx, words = groupWords[group.name], controls = group.rows.map((row) => control(row, tenant.settings, known));
  const members = Object.fromEntries(group.rows.map((row) => [row.words, `settings/${row.at}`]));
  const send = async (settings) => {
    const now = await proven(me, () => callSigned('PUT', `api/tenants/${tenant.id}`, { settings }, tenant));
    await again(settings.four_eyes && now.four_eyes_pending ? m.settings.second.waits : x.saved);
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

function factsOf({ settings }, { channels }) {
  const nameOf = (id) => plain(channels.find((c) => c.id === id)?.name ?? m.settings.unseen);
  const said = (row) => {
    const value = valueAt(settings, row.at), words = rowWords[row.words];
    if (row.field?.choices)
      return row.field.choices[value ?? ''] ?? value;
    if (Array.isArray(value))
      return value.length > 0 ? value.map((v) => (row.channels ? `${nameOf(v.channel_id)} (${levelWord(v.min_severity)})` : plain(v))).join(', ') : words.none;
    if (words.said === undefined)
      return value ? plain(value) : words.none;
    return value === 0 && words.none ? words.none : words.said(number(Number(row.shown(value))));
  };
  return el('dl', { class: 'facts' }, ...groups.flatMap((g) => g.rows).map((row) => el('div', {}, el('dt', {}, rowWords[row.words].name), el('dd', {}, said(row)))));
}

function ratesOf({ rate_limits: rates }) {
  const rows = Object.entries(rates ?? {}).map(([name, r]) => [el('code', {}, plain(name)), String(r?.per_minute ?? ''), String(r?.burst ?? '')]);
  return rows.length > 0 && [el('h2', {}, x.rates), table(x.rates, x.rateHeads, rows, 'records'), el('p', { class: 'small' }, x.ratesSay)];
}

const channelsOf = async (me) => (may(me, 'read:channels') ? (await gather(callSigned, 'api/drift/channels', CHANNELS)).items : []);

export async function page(ctx) {
  const { me } = ctx, named = may(me, 'update:tenants'), set = named && may(me, 'update:settings');
  const [tenant, channels, roles] = await Promise.all([callSigned('GET', `api/tenants/${tenantOf(me).id}`), channelsOf(me), set ? rolesOf(me) : null]);
  const offered = set ? groups.filter((group) => (group.needs ?? []).every((p) => may(me, p))) : [];
  return { title: t.nav.settings, wide: true, parts: [el('p', {}, plain(tenant.name), ' ', el('span', { class: 'small' }, `(${tenant.slug})`)),
    tenant.status_reason && notice(plain(tenant.status_reason)), secondOf(ctx, tenant, set), ...usageOf(tenant), el('h2', {}, x.title), factsOf(tenant, { channels }), ratesOf(tenant.settings),
    named && el('h2', {}, x.changeTitle), named && nameForm(ctx, tenant), ...offered.map((group) => formOf(ctx, tenant, group, { roles, channels }))] };
}
