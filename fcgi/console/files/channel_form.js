// channel_form.js - a channel made, changed, given a new secret and deleted. What it signs with is shown once.
import { Form, ask, button, el, notice, plain } from './ui.js';
import { callSigned } from './api.js';
import { digestFields, digestMembers, digestOf, isSameDigest, mayDigest } from './digest_form.js';
import { may } from './drift.js';
import { Boxes } from './lists.js';
import { tell } from './messages.js';
import { shownOnce } from './once.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.channelForm;
const HOUR_S = 3600;

// What each kind has beside its name; signed: by a secret that the server makes; trail: it can be told the audit trail.
const kinds = {
  webhook: { url: true, signed: true, trail: true }, slack: { url: true }, teams: { url: true }, pagerduty: { url: 'optional', key: true }, cloudevents: { url: true, signed: true, trail: true }, email: { to: true, digest: true },
  alertmanager: { url: true }, syslog: { url: true, ca: true }, template: { url: true, template: true, trail: true },
};
const rates = { per_minute: 'rate/per_minute', burst: 'rate/burst' }, members = { ...rates, ...digestMembers }, RATE = Object.keys(rates);
// What a form tells of a failure at its own fields; at others it is said beside them.
const telling = (form) => (problem) => tell(problem, form().fields.map((f) => f.name), members);

// was: the channel that is changed, or what was typed before another kind was chosen. changed: whether it is there already.
function fieldsOf(me, kind, was, changed) {
  const of = kinds[kind] ?? {};
  return [{ name: 'name', label: x.name, maxlength: 200, value: was.name, autocomplete: 'off' },
    of.url && { name: 'url', label: x.url, hint: x.urls[kind], type: kind === 'syslog' ? 'text' : 'url', maxlength: 2048, value: was.url, optional: of.url === 'optional', autocomplete: 'off' },
    of.to && { name: 'to', label: x.to, type: 'email', maxlength: 254, value: was.to, autocomplete: 'off' },
    ...(of.digest && mayDigest(me) ? digestFields(was) : []),
    of.key && { name: 'secret', label: changed ? x.newKey : x.key, type: 'password', maxlength: 100, optional: changed, autocomplete: 'off' },
    of.template && { name: 'template', label: x.template, hint: x.templateSays, rows: 8, value: was.template },
    of.template && { name: 'headers', label: x.headers, hint: changed ? x.headersAgain : x.headersSay, rows: 3, optional: true },
    of.ca && { name: 'ca', label: x.ca, hint: x.caSays, rows: 4, optional: true, value: was.ca },
    { name: 'per_minute', label: x.perMinute, hint: x.rateSays, inputmode: 'numeric', maxlength: 5, optional: true, value: rateText(was, 'per_minute') },
    { name: 'burst', label: x.burst, inputmode: 'numeric', maxlength: 5, optional: true, value: rateText(was, 'burst') }].filter(Boolean);
}

// Of a channel that is there, or as it was typed.
const rateText = (was, member) => String(was.rate?.[member] ?? was[member] ?? '');
// null: that of its kind; what is no number goes as it was typed, for the server to say so.
const rateOf = (said) => (RATE.every((name) => said[name].trim() === '') ? null
  : Object.fromEntries(RATE.filter((name) => said[name].trim() !== '').map((name) => [name, /^\d+$/.test(said[name].trim()) ? Number(said[name]) : said[name]])));

// "Authorization: Bearer x", one on each line.
const headersOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => {
  const at = line.indexOf(':');
  return { name: line.slice(0, at < 0 ? undefined : at).trim(), value: at < 0 ? '' : line.slice(at + 1).trim() };
});

// Who may not see values sends none to anybody, nor the audit trail who may not read it.
const toldBox = (me, kind, was) => new Boxes(x.told, [may(me, 'read:snapshots') && ['values', x.values], kinds[kind]?.trail && may(me, 'read:audit') && ['audit', x.audit]].filter(Boolean),
  [was.values && 'values', ...(was.kinds ?? [])].filter(Boolean));
// What of it was offered, as it is now and as it was.
const toldOf = (box, was) => ({ values: box.all.some((b) => b.value === 'values') ? box.values.includes('values') : was.values ?? false,
  kinds: box.all.some((b) => b.value === 'audit') ? box.values.filter((v) => v === 'audit') : was.kinds ?? [] });

// A secret that came with the answer is shown, then `done`.
const after = (made, done) => (made.secret === undefined ? done() : shownOnce({ title: x.secretTitle, says: x.secretSays, label: x.secret, secret: made.secret, done }));

// ---- made ------------------------------------------------------------------------------------------

function newForm({ me, go }, kind, typed) {
  const told = toldBox(me, kind, {});
  const form = new Form({ fields: fieldsOf(me, kind, typed, false), submit: x.make, busy: x.saving, more: [told.all.length > 0 && told.element].filter(Boolean),
    send: async ({ headers, ...said }) => {
      const given = Object.fromEntries(Object.entries(said).filter(([name, value]) => value !== '' && members[name] === undefined)), rate = rateOf(said), digest = digestOf(said);
      const now = toldOf(told, {}), body = { kind, ...given, ...(rate ? { rate } : {}), ...(digest ? { digest } : {}), ...(headers ? { headers: headersOf(headers) } : {}),
        ...(now.values ? { values: true } : {}), ...(now.kinds.length > 0 ? { kinds: now.kinds } : {}) };
      const made = await proven(me, () => callSigned('POST', 'api/drift/channels', body));
      after(made, () => go(`#/channels/${made.id}`, x.made));
    },
    tell: telling(() => form) });
  return form;
}

export function newChannel(ctx) {
  const box = el('div', {}), select = el('select', { id: 'channel-kind' }, ...Object.keys(kinds).map((kind) => el('option', { value: kind }, x.kinds[kind])));
  let form = null;
  const offer = () => {
    const typed = Object.fromEntries((form?.fields ?? []).filter((f) => f.name !== 'secret' && f.name !== 'headers').map((f) => [f.name, f.value]));
    form = newForm(ctx, select.value, typed);
    box.replaceChildren(form.element);
  };
  select.addEventListener('change', offer);
  offer();
  return el('details', { class: 'deed' }, el('summary', {}, x.makeTitle), el('div', { class: 'field' }, el('label', { for: select.id }, x.kind), select), box);
}

// ---- changed ---------------------------------------------------------------------------------------

// Of another address: what signs, or lets in there, is another too.
function changesOf(channel, said, told) {
  const of = kinds[channel.kind] ?? {}, body = {};
  for (const name of ['name', 'url', 'to', 'template'])
    if (said[name] !== undefined && said[name] !== (channel[name] ?? ''))
      body[name] = said[name];
  if (said.secret)
    body.secret = said.secret;
  if (said.ca !== undefined && said.ca !== (channel.ca ?? ''))
    body.ca = said.ca || null;
  if (body.url !== undefined && of.signed)
    body.secret = null;
  if (said.headers || (body.url !== undefined && channel.has_headers))
    body.headers = headersOf(said.headers);
  if (told.values !== channel.values)
    body.values = told.values;
  if (told.kinds.length !== channel.kinds.length)
    body.kinds = told.kinds;
  if (RATE.some((name) => said[name].trim() !== rateText(channel, name)))
    body.rate = rateOf(said);
  if (said.digest_every !== undefined && !isSameDigest(digestOf(said), channel.digest))
    body.digest = digestOf(said);
  return body;
}

function change({ me, again, id }, channel) {
  const told = toldBox(me, channel.kind, channel), signed = kinds[channel.kind]?.signed;
  const form = new Form({ fields: fieldsOf(me, channel.kind, channel, true), submit: x.save, busy: x.saving, more: [told.all.length > 0 && told.element].filter(Boolean),
    send: async (said) => {
      const body = changesOf(channel, said, toldOf(told, channel));
      if (Object.keys(body).length === 0)
        return form.refuse({ text: x.same });
      const made = await proven(me, () => callSigned('PUT', `api/drift/channels/${id}`, body));
      return after(made, () => again(x.saved));
    },
    tell: telling(() => form) });
  return el('details', { class: 'deed' }, el('summary', {}, x.change), signed && el('p', { class: 'small' }, x.moves), form.element);
}

const renew = ({ me, again, id }) => ask({ title: x.renewAsk, text: x.renewLost, yes: x.renew, busy: x.saving, fields: [{ name: 'hours', label: x.hours, inputmode: 'numeric', value: '24', maxlength: 3 }],
  send: async ({ hours }) => {
    const made = await proven(me, () => callSigned('PUT', `api/drift/channels/${id}`, { secret: null, former_secret_s: /^\d+$/.test(hours) ? Number(hours) * HOUR_S : hours }));
    after(made, () => again(x.renewed));
  },
  tell: (problem) => tell(problem, ['hours'], { hours: 'former_secret_s' }) });

const drop = ({ me, go, id }, channel) => ask({ title: x.dropAsk(plain(channel.name)), text: x.dropLost, yes: x.drop, busy: x.dropping, tell,
  send: async () => {
    await proven(me, () => callSigned('DELETE', `api/drift/channels/${id}`));
    await go('#/channels', x.dropped);
  } });

// What stands below a channel for who may manage it.
export const channelForms = (ctx, channel) => [kinds[channel.kind] ? change(ctx, channel) : notice(x.unknown),
  el('div', { class: 'row' }, kinds[channel.kind]?.signed && button(x.renew, () => renew(ctx)), button(x.drop, () => drop(ctx, channel)))];
