// providers.js - identity providers: who signs people in besides passwords, what is believed of them, and which roles their groups have.
import { Form, ask, button, el, link, notice, plain, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { gather, may } from './drift.js';
import { Boxes, lines } from './lists.js';
import { tell } from './messages.js';
import { proven, startOf } from './sign_in.js';
import { t } from './texts.js';

const x = t.providers;
const MOST = 200;

// What each kind has beside what all have.
const kinds = {
  entra: { fields: ['entra_tenant_id'], switches: ['auto_provision', 'trust_mfa', 'group_lookup'] },
  google: { fields: [], switches: ['auto_provision', 'trust_mfa'] },
  oidc: { fields: ['issuer', 'scopes'], switches: ['auto_provision', 'trust_mfa', 'assume_email_verified'] },
};
const names = ['name', 'client_id', 'client_secret', 'entra_tenant_id', 'issuer', 'scopes', 'allowed_domains', 'role_map', 'absent_roles'];

export const page = (ctx) => (ctx.id ? providerPage(ctx) : providerList(ctx));

// ---- what is typed, and what it means ----------------------------------------------------------------

const ARROW = '=>';
const mapText = (map) => Object.entries(map ?? {}).map(([group, role]) => `${group} ${ARROW} ${role}`).join('\n');
const mapOf = (text) => Object.fromEntries(text.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => {
  const at = line.lastIndexOf(ARROW);
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + ARROW.length).trim()];
}));

// How a member stands in its field, and how it is read from there; others are texts.
const forms = { allowed_domains: [(list) => list.join('\n'), lines], scopes: [(list) => list.join(' '), lines], role_map: [mapText, mapOf] };
const shown = (name, value) => (value === undefined || value === null ? '' : forms[name] ? forms[name][0](value) : value);
const read = (name, text) => (forms[name] ? forms[name][1](text) : text.trim());

function fieldsOf(kind, was, changed) {
  const own = kinds[kind].fields, value = (name) => shown(name, was[name]);
  return [{ name: 'name', label: x.name, hint: x.nameSays, maxlength: 63, value: value('name'), autocomplete: 'off' },
    own.includes('entra_tenant_id') && { name: 'entra_tenant_id', label: x.directory, maxlength: 36, value: value('entra_tenant_id'), autocomplete: 'off' },
    own.includes('issuer') && { name: 'issuer', label: x.issuer, type: 'url', maxlength: 400, value: value('issuer'), autocomplete: 'off' },
    { name: 'client_id', label: x.client, maxlength: 400, value: value('client_id'), autocomplete: 'off' },
    { name: 'client_secret', label: changed ? x.newSecret : x.secret, hint: changed ? x.secretAgain : undefined, type: 'password', maxlength: 2000, optional: true, autocomplete: 'new-password' },
    { name: 'allowed_domains', label: x.domains, hint: x.domainsSay, rows: 2, value: value('allowed_domains'), optional: true },
    { name: 'role_map', label: x.map, hint: x.mapSays, rows: 4, value: value('role_map'), optional: true },
    { name: 'absent_roles', label: x.absent, choices: x.absences, value: was.absent_roles },
    own.includes('scopes') && { name: 'scopes', label: x.scopes, maxlength: 1000, value: value('scopes'), optional: true, autocomplete: 'off' }].filter(Boolean);
}

// What differs from what was there; of one that is new, what was filled in.
function bodyOf(kind, was, values, ticked) {
  const body = {};
  for (const [name, text] of Object.entries(values))
    if (name === 'client_secret' ? text !== '' : text.trim() !== shown(name, was[name]).trim())
      body[name] = read(name, text);
  for (const name of kinds[kind].switches)
    if (ticked.includes(name) !== (was[name] ?? false))
      body[name] = ticked.includes(name);
  return body;
}

const switchesOf = (kind, was) => new Boxes(x.believed, kinds[kind].switches.map((name) => [name, x.switches[name]]), kinds[kind].switches.filter((name) => was[name]));

// ---- the list, and a new one -------------------------------------------------------------------------

const rowOf = (p) => [link(`#/providers/${p.id}`, plain(p.name)), x.kinds[p.kind] ?? p.kind, p.allowed_domains.map(plain).join(', ') || x.noDomains, Object.values(p.role_map).map((role) => plain(String(role))).join(', '), time(p.updated_at)];

function newForm({ me, go }, kind) {
  const switches = switchesOf(kind, {});
  return new Form({ fields: fieldsOf(kind, {}, false), submit: x.make, busy: x.saving, more: [switches.element],
    send: async (values) => {
      const made = await proven(me, () => callSigned('POST', 'api/identity-providers', { kind, ...bodyOf(kind, {}, values, switches.values) }));
      await go(`#/providers/${made.id}`, x.made);
    },
    tell: (problem) => tell(problem, names) }).element;
}

function make(ctx) {
  const box = el('div', {}), select = el('select', { id: 'provider-kind', onchange: () => box.replaceChildren(newForm(ctx, select.value)) },
    ...Object.keys(kinds).map((kind) => el('option', { value: kind }, x.kinds[kind])));
  box.replaceChildren(newForm(ctx, select.value));
  return el('details', {}, el('summary', {}, x.makeTitle), el('p', { class: 'small' }, x.makeSays), el('div', { class: 'field' }, el('label', { for: select.id }, x.kind), select), box);
}

async function providerList(ctx) {
  const { items } = await gather(callSigned, 'api/identity-providers', MOST);
  return { title: t.nav.providers, wide: true, parts: [el('p', {}, x.says), may(ctx.me, 'update:settings') && make(ctx), items.length > 0 ? table(t.nav.providers, x.heads, items.map(rowOf), 'records') : el('p', {}, t.none)] };
}

// ---- one ---------------------------------------------------------------------------------------------

function factsOf(p) {
  const f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts)), on = kinds[p.kind].switches.filter((name) => p[name]), map = Object.entries(p.role_map);
  return el('dl', { class: 'facts' }, fact(f.kind, x.kinds[p.kind]), p.issuer && fact(f.issuer, plain(p.issuer)), p.entra_tenant_id && fact(f.directory, p.entra_tenant_id), fact(f.client, plain(p.client_id)),
    fact(f.secret, p.has_secret ? x.kept : x.none), fact(f.redirect, el('code', {}, p.redirect_uri)), fact(f.domains, p.allowed_domains.map(plain).join(', ') || x.noDomains),
    fact(f.map, map.length > 0 ? el('ul', { class: 'plain' }, ...map.map(([group, role]) => el('li', {}, `${plain(group)} ${ARROW} ${plain(String(role))}`))) : x.none),
    fact(f.believed, on.length > 0 ? el('ul', { class: 'plain' }, ...on.map((name) => el('li', {}, x.switches[name]))) : x.none), fact(f.changed, time(p.updated_at)));
}

function change({ me, again, id }, p) {
  const switches = switchesOf(p.kind, p);
  const form = new Form({ fields: fieldsOf(p.kind, p, true), submit: x.save, busy: x.saving, more: [switches.element],
    send: async (values) => {
      const body = bodyOf(p.kind, p, values, switches.values);
      if (Object.keys(body).length === 0)
        return form.refuse({ text: x.same });
      await proven(me, () => callSigned('PUT', `api/identity-providers/${id}`, body, p));
      return again(x.saved);
    },
    tell: (problem) => tell(problem, names) });
  return el('details', { class: 'deed' }, el('summary', {}, x.change), form.element);
}

const drop = ({ me, go, id }, p) => button(x.drop, () => ask({ title: x.dropAsk(plain(p.name)), text: x.dropLost, yes: x.drop, busy: x.dropping, tell,
  send: async () => {
    await proven(me, () => callSigned('DELETE', `api/identity-providers/${id}`, undefined, p));
    await go('#/providers', x.dropped);
  } }));

// The one test that shows all of it: a sign-in there. The browser comes back here, or to the sign-in with the reason.
const trial = (me, p) => [el('h2', {}, x.trial), el('p', { class: 'small' }, x.trialSays), el('p', {}, link(startOf(p, me.tenant.slug, { returnTo: new URL('.', location.href).pathname + location.hash, anew: true }), x.try, { class: 'button' }))];

async function providerPage(ctx) {
  const { me, id } = ctx, p = await callSigned('GET', `api/identity-providers/${id}`);
  if (!kinds[p.kind])
    return { title: plain(p.name), wide: true, parts: [notice(x.unknown), el('p', { class: 'after' }, link('#/providers', x.back))] };
  return { title: plain(p.name), wide: true, parts: [el('p', {}, x.register), factsOf(p), may(me, 'update:settings') && change(ctx, p), ...(me.acting_tenant ? [] : trial(me, p)),
    may(me, 'update:settings') && el('p', {}, drop(ctx, p)), el('p', { class: 'after' }, link('#/providers', x.back))] };
}
