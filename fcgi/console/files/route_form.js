// route_form.js - a route made and changed: what fits, who is told, how, and who is told next.
import { Field, Form, button, el } from './ui.js';
import { callSigned } from './api.js';
import { may } from './drift.js';
import { Boxes } from './lists.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { m } from './texts_more.js';

const x = m.routes;
const STEPS = 5, MINUTE = 60;
export const kinds = ['drift', 'blind', 'suspicious_collection', 'flapping', 'anomaly', 'security', 'system'];

const lines = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);
// What is no number goes as it was typed, for the server to say so.
const count = (text, unit = 1) => (/^\d+$/.test(text) ? Number(text) * unit : text);

// ---- who is told next ------------------------------------------------------------------------------

class Steps {
  #all = [];

  constructor(form, channels, steps) {
    Object.assign(this, { form, channels });
    this.box = el('div', {});
    this.add = button(x.addStep, () => {
      this.#put({ channels: [] });
      this.#all.at(-1).fields.after.input.focus();
    });
    this.element = el('fieldset', {}, el('legend', {}, x.steps), this.box, this.add);
    for (const step of steps)
      this.#put(step);
  }

  #put(step) {
    const n = this.#all.length, field = (name, more) => new Field({ name: `${name}${n}`, inputmode: 'numeric', maxlength: 6, ...more });
    const minutes = (s) => (s ? String(s / MINUTE) : '');
    const fields = { after: field('after', { label: x.after, value: minutes(step.after_s) }), severity: field('severity', { label: x.stepSeverity, choices: x.severities, value: step.min_severity ?? '', optional: true }),
      every: field('every', { label: x.repeatEvery, value: minutes(step.repeat_s), optional: true }), times: field('times', { label: x.repeats, value: step.repeats ? String(step.repeats) : '', optional: true }) };
    const boxes = new Boxes(x.stepChannels, this.channels, step.channels), title = el('legend', {}, x.stepTitle(n + 1)), one = { fields, boxes, title };
    one.element = el('fieldset', {}, title, ...Object.values(fields).map((f) => f.element), boxes.element, button(x.dropStep, () => this.#drop(one)));
    this.#all.push(one);
    this.form.fields.push(...Object.values(fields));
    this.box.append(one.element);
    this.add.hidden = this.#all.length >= STEPS;
  }

  #drop(one) {
    this.#all = this.#all.filter((other) => other !== one);
    this.form.fields = this.form.fields.filter((f) => !Object.values(one.fields).includes(f));
    one.element.remove();
    this.#all.forEach(({ fields, title }, i) => {
      title.textContent = x.stepTitle(i + 1);
      for (const [name, f] of Object.entries(fields))
        f.name = `${name}${i}`;
    });
    this.add.hidden = false;
    this.add.focus();
  }

  get body() {
    return this.#all.map(({ fields: f, boxes }) => ({ after_s: count(f.after.value, MINUTE), channels: boxes.values, ...(f.severity.value ? { min_severity: f.severity.value } : {}),
      ...(f.every.value ? { repeat_s: count(f.every.value, MINUTE) } : {}), ...(f.times.value ? { repeats: count(f.times.value) } : {}) }));
  }

  // The members of the body that its fields stand for.
  get members() {
    const said = { after: 'after_s', severity: 'min_severity', every: 'repeat_s', times: 'repeats' };
    return Object.fromEntries(this.#all.flatMap((_, i) => Object.entries(said).map(([name, member]) => [`${name}${i}`, `escalate/${i}/${member}`])));
  }
}

// ---- all of it -------------------------------------------------------------------------------------

const choices = { least: 'min_severity', most: 'max_severity', confidence: 'confidence' }, listed = ['categories', 'controls', 'actors', 'hours', 'outside'];
const members = { least: 'match/min_severity', most: 'match/max_severity', confidence: 'match/confidence', ...Object.fromEntries(listed.map((name) => [name, `match/${name}`])), work: 'tell_work', repeat: 'repeat_min_s',
  wait: 'group_wait_s', interval: 'group_interval_s', again_s: 'repeat_interval_s', quietFrom: 'quiet/from', quietTo: 'quiet/to', quietZone: 'quiet/timezone', quietBut: 'quiet/but_from' };
const groupTimes = ['wait', 'interval', 'again_s'];

const fieldsOf = (was, match) => [{ name: 'name', label: x.name, maxlength: 200, value: was.name, autocomplete: 'off' },
  { name: 'least', label: x.least, choices: x.severities, value: match.min_severity ?? '', optional: true }, { name: 'most', label: x.most, choices: x.atMost, value: match.max_severity ?? '', optional: true },
  ...['categories', 'controls', 'actors'].map((name) => ({ name, label: x[name], rows: 2, optional: true, value: (match[name] ?? []).join('\n') })),
  { name: 'confidence', label: x.confidence, choices: x.confidences, value: match.confidence ?? '', optional: true },
  ...['hours', 'outside'].map((name) => ({ name, label: x[name], hint: x.hoursSay, rows: 2, optional: true, value: (match[name] ?? []).join('\n') })),
  { name: 'work', label: x.work, choices: x.works, value: was.tell_work ?? '', optional: true }, { name: 'repeat', label: x.repeat, inputmode: 'numeric', maxlength: 6, optional: true, value: was.repeat_min_s ? String(was.repeat_min_s) : '' },
  ...groupTimes.map((name) => ({ name, label: x[name], inputmode: 'numeric', maxlength: 6, optional: true, value: String(was[members[name]] ?? '') })), ...quietFields(was.quiet ?? {})];
const quietFields = (q) => [...['from', 'to'].map((name) => ({ name: name === 'from' ? 'quietFrom' : 'quietTo', label: name === 'from' ? x.quietFrom : x.quietTo, maxlength: 5, optional: true, value: q[name] ?? '', autocomplete: 'off' })),
  { name: 'quietZone', label: x.quietZone, maxlength: 64, optional: true, value: q.timezone ?? '', autocomplete: 'off' }, { name: 'quietBut', label: x.quietBut, choices: x.quietButs, value: q.but_from ?? '', optional: true }];

const matched = ['min_severity', 'max_severity', 'kinds', 'configs', 'confidence', ...listed];

// A form for what `was`; `body()` is all that it says.
function formOf({ me, all, was, words, send }) {
  const match = was.match ?? {}, pairs = (of) => Object.entries(of).sort(([, a], [, b]) => a.localeCompare(b));
  const boxes = { kinds: new Boxes(x.kinds, kinds.filter((k) => k !== 'security' || may(me, 'read:audit')).map((k) => [k, k]), match.kinds), configs: new Boxes(x.configs, pairs(all.configs), match.configs),
    channels: new Boxes(x.channels, pairs(all.channels), was.channels), how: new Boxes(x.how, Object.entries(x.hows), Object.keys(x.hows).filter((name) => was[name])),
    group: new Boxes(x.groupBy, Object.entries(x.labels), was.group_by), days: new Boxes(x.quietDays, Object.entries(x.days), was.quiet?.days) };
  const shown = Object.values(boxes).filter((b) => b.all.length > 0);
  const form = new Form({ fields: fieldsOf(was, match), ...words, more: shown.map((b) => b.element), send: () => send(body(), form),
    tell: (problem) => tell(problem, form.fields.map((f) => f.name), { ...members, ...steps.members }) });
  const steps = new Steps(form, pairs(all.channels), was.escalate ?? []), value = (name) => form.field(name).value;
  form.button.before(steps.element);

  // What this page does not know of it stays.
  function matchSaid() {
    const said = Object.fromEntries(Object.entries(match).filter(([name]) => !matched.includes(name)));
    for (const [name, member] of Object.entries(choices))
      if (value(name))
        said[member] = value(name);
    for (const [name, list] of [...listed.map((one) => [one, lines(value(one))]), ['kinds', boxes.kinds.values], ['configs', boxes.configs.values]])
      if (list.length > 0)
        said[name] = list;
    return Object.keys(said).length > 0 ? said : null;
  }
  // null: there are none.
  function quietSaid() {
    const days = boxes.days.values, said = Object.fromEntries([['from', 'quietFrom'], ['to', 'quietTo'], ['timezone', 'quietZone'], ['but_from', 'quietBut']].filter(([, name]) => value(name).trim() !== '').map(([member, name]) => [member, value(name).trim()]));
    return Object.keys(said).length > 0 || days.length > 0 ? { ...said, ...(days.length > 0 ? { days } : {}) } : null;
  }
  function body() {
    const hows = Object.fromEntries(Object.keys(x.hows).map((name) => [name, boxes.how.values.includes(name)]));
    return { name: value('name'), match: matchSaid(), channels: boxes.channels.values, ...hows, tell_work: value('work') || null, repeat_min_s: value('repeat') ? count(value('repeat')) : undefined, escalate: steps.body,
      group_by: boxes.group.values, ...Object.fromEntries(groupTimes.map((name) => [members[name], value(name) ? count(value(name)) : null])), quiet: quietSaid() };
  }
  return { form, body };
}

const saved = ({ me, again }, method, path, body, said) => proven(me, () => callSigned(method, path, body)).then(() => again(said));

export function newRoute(ctx, all) {
  const { form } = formOf({ me: ctx.me, all, was: { channels: [] }, words: { submit: x.make, busy: x.saving }, send: (body) => saved(ctx, 'POST', 'api/drift/routes', body, x.made) });
  return el('details', { class: 'deed' }, el('summary', {}, x.makeTitle), form.element);
}

export function changeRoute(ctx, all, was) {
  // What is as it was is not sent: somebody else may have changed it meanwhile.
  const send = (now, form) => {
    const said = Object.fromEntries(Object.entries(now).filter(([name, v]) => JSON.stringify(v) !== JSON.stringify(first[name])));
    return Object.keys(said).length > 0 ? saved(ctx, 'PUT', `api/drift/routes/${ctx.id}`, said, x.saved) : form.refuse({ text: x.same });
  };
  const { form, body } = formOf({ me: ctx.me, all, was, words: { submit: x.save, busy: x.saving }, send }), first = body();
  return el('details', { class: 'deed' }, el('summary', {}, x.changeTitle), form.element);
}
