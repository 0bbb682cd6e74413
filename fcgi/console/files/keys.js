// keys.js - API keys: which there are, until when, when they were used last; one is made, shown once, and revoked.
import { Form, ask, button, el, link, notice, time } from './ui.js';
import { callSigned } from './api.js';
import { choosing, eachDeed } from './chosen.js';
import { gather, may, plain } from './drift.js';
import { dayIn, endOf } from './language.js';
import { Boxes, lines, paged, queryOf } from './lists.js';
import { matrix, textsOf } from './matrix.js';
import { tell } from './messages.js';
import { shownOnce } from './once.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.keys;
const CONFIGS = 200, PEOPLE = 200, MAKES_DAYS = 90, DAY_MS = 86400000, SOON_MS = 14 * DAY_MS;

// ---- the list --------------------------------------------------------------------------------------

const small = (...parts) => el('div', { class: 'small' }, ...parts);

function endOfKey(key) {
  const left = key.expires_at === null ? Infinity : new Date(key.expires_at) - Date.now();
  return [key.expires_at === null ? x.lasting : time(key.expires_at), left <= 0 ? small(x.over) : left < SOON_MS && small(x.soon)];
}

const revoke = ({ me, again }, key) => ask({ title: x.revokeAsk(plain(key.name)), text: [x.revokeLost, key.last_used_at === null ? x.unused : [x.used, time(key.last_used_at)]], yes: x.revoke, busy: x.revoking, tell,
  send: async () => {
    await proven(me, () => callSigned('DELETE', `api/api-keys/${key.id}`));
    await again(x.revoked);
  } });

const chooser = ({ me, again }) => (list) => choosing(me, 'delete:api_keys', { list, nameOf: (key) => plain(key.name),
  deeds: [eachDeed({ text: x.revoke, title: x.revokeSome, says: x.revokeLost, yes: x.revoke, busy: x.revoking, one: (key) => proven(me, () => callSigned('DELETE', `api/api-keys/${key.id}`)), done: x.revokedSome, again })] });

// What it may be used for, and from where.
const reachOf = (key, configs) => [el('div', {}, key.scopes.map((s, i) => [i > 0 && ', ', el('code', {}, plain(s))])),
  key.config_ids.length > 0 && small(x.bound(key.config_ids.map((id) => configs.get(id) ?? x.aConfig))), key.allowed_addresses.length > 0 && small(x.from(key.allowed_addresses))];

const nameOf = (key, chosen) => (chosen ? chosen.cell(key, plain(key.name), small(el('code', {}, `${key.prefix}…`))) : el('div', {}, plain(key.name), small(el('code', {}, `${key.prefix}…`))));

const rowOf = (ctx, people, configs) => (key, chosen) => [nameOf(key, chosen),
  el('div', {}, x.kinds[key.kind] ?? key.kind, key.administrative && small(x.administrative)), el('div', {}, reachOf(key, configs)),
  el('div', {}, key.created_by && people.has(key.created_by) ? link(`#/users/${key.created_by}`, plain(people.get(key.created_by))) : x.aPerson, key.orphaned && small(x.orphaned)),
  el('div', {}, time(key.created_at)), el('div', {}, endOfKey(key)), time(key.last_used_at),
  may(ctx.me, 'delete:api_keys') ? button(x.revoke, () => revoke(ctx, key), { 'aria-label': x.revokeThis(plain(key.name)) }) : ''];

// ---- one is made -----------------------------------------------------------------------------------

// What gives power, which only an administrative key has; no key makes keys.
const POWER = ['users', 'roles', 'api_keys', 'tenants', 'settings'];
const allowedTo = (me, administrative) => me.permissions.filter((p) => {
  const [action, resource] = p.split(':');
  return p !== 'create:api_keys' && p !== 'manage:api_keys' && (administrative || action === 'read' || !POWER.includes(resource));
});

// What the key may do: a table that follows the kind of key, or configs that it pushes to and nothing else.
class Reach {
  #chosen = new Set();

  constructor(me, configs) {
    this.me = me;
    this.bound = new Boxes(x.boundTo, [...configs]);
    this.table = el('div', {});
    this.element = el('div', {}, configs.size > 0 && may(me, 'write:snapshots') ? this.bound.element : '', this.table);
    this.element.addEventListener('change', () => { this.table.hidden = this.bound.values.length > 0; });
  }

  offer(administrative) {
    this.all = allowedTo(this.me, administrative);
    this.#chosen = new Set([...this.#chosen].filter((p) => this.all.includes(p)));
    this.table.replaceChildren(matrix({ caption: x.scopes, all: this.all, chosen: this.#chosen, mine: this.me.permissions }));
  }

  get body() {
    const configs = this.bound.values;
    return configs.length > 0 ? { scopes: ['write:snapshots'], config_ids: configs } : { scopes: textsOf(this.#chosen, [], this.all) };
  }
}

function make({ me, again }, configs) {
  const reach = new Reach(me, configs);
  const form = new Form({
    fields: [{ name: 'name', label: x.name, maxlength: 200, autocomplete: 'off' }, { name: 'kind', label: x.kind, choices: x.choices },
      { name: 'until', label: x.until, hint: x.untilSays, type: 'date', optional: true, value: dayIn(new Date(Date.now() + MAKES_DAYS * DAY_MS).toISOString()) },
      { name: 'addresses', label: x.addresses, hint: x.addressesSays, rows: 2, optional: true }],
    submit: x.make, busy: x.making, more: [reach.element],
    send: async ({ name, kind, until, addresses }) => {
      const body = { name, kind: kind === 'personal' ? 'personal' : 'service', ...(kind === 'administrative' ? { administrative: true } : {}), ...reach.body, ...(until ? { expires_at: endOf(until) } : {}),
        allowed_addresses: lines(addresses) };
      const made = await proven(me, () => callSigned('POST', 'api/api-keys', body));
      shownOnce({ title: x.madeTitle, says: x.madeSays(plain(made.name)), label: x.theKey, secret: made.key, done: () => again(x.made) });
    },
    tell: (problem) => tell(problem, ['name', 'kind', 'until', 'addresses'], { until: 'expires_at', addresses: 'allowed_addresses' }),
  });
  const kind = form.field('kind').input, offer = () => reach.offer(kind.value === 'administrative');
  kind.addEventListener('change', offer);
  offer();
  return el('details', {}, el('summary', {}, x.makeTitle), el('p', { class: 'small' }, x.makeWarns), form.element);
}

export async function page(ctx) {
  const { me, filter } = ctx, namesOf = async (permission, path, most, nameOf) => new Map(may(me, permission) ? (await gather(callSigned, path, most)).items.map((one) => [one.id, nameOf(one)]) : []);
  const [people, configs] = await Promise.all([namesOf('read:users', 'api/users', PEOPLE, (u) => u.display_name), namesOf('read:drift', 'api/drift/configs', CONFIGS, (c) => plain(c.name))]);
  const keys = await paged({ path: 'api/api-keys', query: queryOf(filter, ['created_by']), caption: t.nav.keys, heads: x.heads, rowOf: rowOf(ctx, people, configs), choose: chooser(ctx) });
  return { title: t.nav.keys, wide: true, parts: [el('p', {}, x.says), filter.get('created_by') && notice([x.ofOne, link('#/keys', x.ofAll)]), may(me, 'create:api_keys') && make(ctx, configs), ...keys] };
}
