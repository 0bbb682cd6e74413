// config_tune.js - a config changed: how it is read and who is told; its rules and thresholds, after a look at what they would have done; deleted.
import { Form, ask, button, el, say } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { gather, may, plain, severities } from './drift.js';
import { number } from './language.js';
import { Boxes } from './lists.js';
import { failed, tell } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.tune;
const MOST = 1000, MINUTE = 60, DAYS = 30;
const count = (text, unit = 1) => (/^\d+$/.test(text.trim()) ? Number(text) * unit : text.trim());
const fold = (title, ...parts) => el('details', { class: 'deed' }, el('summary', {}, title), ...parts);
const change = ({ me, again }, config, body, said) => proven(me, () => callSigned('PUT', `api/drift/configs/${config.id}`, body, config)).then(() => again(said));

// ---- how it is read, and who is told ---------------------------------------------------------------

// What is chosen besides a channel stays as it was for it.
function alertsOf(config, chosen) {
  const had = new Map(config.alerts.map((a) => [a.channel_id, a]));
  return chosen.map((id) => had.get(id) ?? { channel_id: id });
}

function scheduleOf({ minutes, cron, zone }, on) {
  const said = { ...(minutes.trim() ? { interval_s: count(minutes, MINUTE) } : {}), ...(cron.trim() ? { cron: cron.trim() } : {}), ...(zone.trim() ? { timezone: zone.trim() } : {}) };
  return Object.keys(said).length > 0 ? { ...said, enabled: on } : null;
}

async function howForm(ctx, config) {
  const { me } = ctx, s = config.schedule ?? {}, read = config.source.kind !== 'push';
  const channels = may(me, 'read:channels') ? (await gather(callSigned, 'api/drift/channels', MOST)).items : [], was = config.alerts.map((a) => a.channel_id);
  const boxes = new Boxes(x.channels, channels.map((c) => [c.id, plain(c.name)]), was), on = new Boxes(x.on, [['on', x.enabled]], s.enabled ? ['on'] : []);
  const fields = [{ name: 'name', label: x.name, maxlength: 200, value: config.name, autocomplete: 'off' },
    read && { name: 'minutes', label: x.minutes, inputmode: 'numeric', maxlength: 6, optional: true, value: s.interval_s ? String(s.interval_s / MINUTE) : '' },
    read && { name: 'cron', label: x.cron, maxlength: 200, optional: true, value: s.cron ?? '' }, read && { name: 'zone', label: x.zone, maxlength: 64, optional: true, value: s.timezone ?? '' }].filter(Boolean);
  const form = new Form({ fields, submit: x.save, busy: x.saving, more: [read && on.element, channels.length > 0 && boxes.element].filter(Boolean),
    send: (values) => {
      const now = read ? scheduleOf(values, on.values.length > 0) : null, unseen = was.filter((id) => !channels.some((c) => c.id === id)), chosen = [...unseen, ...boxes.values], body = {};
      if (values.name !== config.name)
        body.name = values.name;
      if (read && JSON.stringify(now) !== JSON.stringify(scheduleOf(first, s.enabled ?? false)))
        body.schedule = now;
      if (JSON.stringify([...chosen].sort()) !== JSON.stringify([...was].sort()))
        body.alerts = alertsOf(config, chosen);
      return Object.keys(body).length > 0 ? change(ctx, config, body, x.saved) : form.refuse({ text: x.same });
    },
    tell: (problem) => tell(problem, ['name', 'minutes', 'cron', 'zone'], { minutes: 'schedule/interval_s', cron: 'schedule/cron', zone: 'schedule/timezone' }) });
  const first = Object.fromEntries(form.fields.map((f) => [f.name, f.value]));
  return fold(x.how, form.element);
}

// ---- rules and thresholds --------------------------------------------------------------------------

const numbers = ['min_changes', 'min_score', 'for_runs', 'clear_runs', 'max_removed_percent', 'blind_after', 'review_after_days'];

// What is not shown of the thresholds stays.
function thresholdsOf(config, values) {
  const said = Object.fromEntries(Object.entries(config.thresholds).filter(([name]) => !numbers.includes(name) && name !== 'min_severity'));
  if (values.min_severity)
    said.min_severity = values.min_severity;
  for (const name of numbers.filter((one) => values[one].trim() !== ''))
    said[name] = count(values[name]);
  return said;
}

function rulesOf(form, text) {
  try {
    return JSON.parse(text);
  } catch (e) {
    form.refuse({ fields: { rules: m.configs.noJson(e.message) } });
    return undefined;
  }
}

function effectOf({ before, after, not_replayed: left }) {
  const rows = [...Object.entries(x.rows).map(([name, word]) => [word, number(before[name]), number(after[name])]),
    ...severities.filter((s) => before.opened_by_severity[s] || after.opened_by_severity[s]).map((s) => [x.bySeverity(t.severities[s]), number(before.opened_by_severity[s] ?? 0), number(after.opened_by_severity[s] ?? 0)])];
  return [table(x.rules, x.heads, rows), left?.length > 0 && el('p', { class: 'small' }, x.notReplayed(left.map(plain)))];
}

const tuningFields = (config) => [{ name: 'rules', label: x.rulesOwn, rows: 8, optional: true, value: JSON.stringify(config.rules ?? [], null, 2) }, { name: 'rule_packs', label: x.packs, rows: 3, optional: true, value: config.rule_packs.join('\n') },
  { name: 'min_severity', label: x.thresholds.min_severity, choices: x.severities, value: config.thresholds.min_severity ?? '', optional: true },
  ...numbers.map((name) => ({ name, label: x.thresholds[name], inputmode: 'numeric', maxlength: 7, optional: true, value: String(config.thresholds[name] ?? '') })), { name: 'days', label: x.days, inputmode: 'numeric', maxlength: 3, value: String(DAYS) }];

// What they would have done is shown first; they are saved as they were looked at.
function tuning(ctx, config) {
  const box = el('div', {}), names = ['rules', 'rule_packs', 'days', 'min_severity', ...numbers], members = Object.fromEntries(['min_severity', ...numbers].map((name) => [name, `thresholds/${name}`]));
  const form = new Form({ fields: tuningFields(config), submit: x.look, busy: x.looking, tell: (problem) => tell(problem, names, members),
    send: async (values) => {
      box.replaceChildren();
      const rules = rulesOf(form, values.rules || '[]');
      if (rules === undefined)
        return;
      const body = { rules, rule_packs: values.rule_packs.split(/\s+/).filter(Boolean), thresholds: thresholdsOf(config, values) };
      const found = await callSigned('POST', `api/drift/configs/${config.id}/what-if`, { ...body, days: count(values.days) }), said = x.looked(found.runs, found.more);
      const keep = new Form({ fields: [], submit: x.keep, busy: x.saving, tell, send: () => change(ctx, config, body, x.saved) });
      box.replaceChildren(...[el('p', {}, said), ...effectOf(found), el('p', { class: 'small' }, x.keepSays), keep.element].filter(Boolean));
      say(said);
    } });
  form.element.addEventListener('input', () => box.replaceChildren());
  return fold(x.rules, el('p', { class: 'small' }, x.rulesSay), form.element, box);
}

// ---- the end ---------------------------------------------------------------------------------------

const drop = ({ me, go }, config) => ask({ title: x.dropAsk(plain(config.name)), text: x.dropLost, yes: x.drop, busy: x.dropping, tell,
  send: async () => {
    await proven(me, () => callSigned('DELETE', `api/drift/configs/${config.id}`));
    await go('#/configs', x.dropped);
  } });

// One that is there and waits to be let go.
function begin(ctx, config) {
  const { schedule: s } = config;
  return s && !s.enabled && el('p', {}, button(x.begin, () => change(ctx, config, { schedule: { ...s, enabled: true } }, x.begun).catch(failed), { class: 'primary' }));
}

export async function changing(ctx, config) {
  const { me } = ctx, update = may(me, 'update:drift');
  return [update && el('h2', {}, x.title), update && begin(ctx, config), update && await howForm(ctx, config), update && may(me, 'read:snapshots') && tuning(ctx, config),
    may(me, 'delete:drift') && el('p', {}, button(x.drop, () => drop(ctx, config)))];
}
