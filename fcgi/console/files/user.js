// user.js - one person: what they may do and since when, and what can be done about it.
import { Form, ask, button, el, link, notice, say, time } from './ui.js';
import { callSigned } from './api.js';
import { RoleChoice, rolesOf } from './assigned.js';
import { gather, may, plain, stateTag } from './drift.js';
import { sentence, tell } from './messages.js';
import { permissionList } from './matrix.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.users;
const KEYS = 200;

const isSelf = (me, user) => me.user.id === user.id;
const at = (user) => `api/users/${user.id}`;

// ---- what there is ---------------------------------------------------------------------------------

const assignment = (a) => el('li', {}, el('strong', {}, plain(a.role)), ', ', a.until ? [x.ends, time(a.until)] : x.lasting,
  el('span', { class: 'small' }, a.since && [x.since, time(a.since)], a.given_by_name && ` ${x.by(plain(a.given_by_name))}`));

function factsOf(user) {
  const f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  const roles = user.assignments ?? [];
  return el('dl', { class: 'facts' }, fact(f.email, plain(user.email)), fact(f.status, stateTag(user.status, x.states), el('span', { class: 'small' }, ` ${x.states[user.status]?.[2] ?? ''}`)),
    fact(f.roles, roles.length > 0 ? el('ul', { class: 'plain' }, ...roles.map(assignment)) : x.none), fact(f.factor, user['2fa_enabled'] ? x.on : x.off),
    fact(f.last, time(user.last_login)), fact(f.made, time(user.created_at)));
}

// The keys that somebody has made; null: the viewer may not see them.
const keysOf = (me, user) => (may(me, 'read:api_keys') ? gather(callSigned, `api/api-keys?created_by=${user.id}`, KEYS) : null);
const namesOf = (keys) => el('ul', {}, ...keys.map((k) => el('li', {}, plain(k.name), el('span', { class: 'small' }, `, ${t.keys.kinds[k.kind] ?? k.kind}`))));

// ---- changed ---------------------------------------------------------------------------------------

function identity({ me, again }, user) {
  const own = isSelf(me, user);
  const form = new Form({
    fields: [{ name: 'display_name', label: x.name, maxlength: 200, value: user.display_name, autocomplete: 'off' },
      ...(own ? [] : [{ name: 'email', label: x.email, type: 'email', maxlength: 254, value: user.email, autocomplete: 'off' }])],
    submit: x.save, busy: x.saving,
    send: async (values) => {
      const changed = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== user[name]));
      await proven(me, () => callSigned('PUT', at(user), changed, user));
      await again(x.saved);
    },
    tell: (problem) => tell(problem, ['display_name', 'email']),
  });
  return el('details', { class: 'deed' }, el('summary', {}, x.identity), el('p', { class: 'small' }, own ? x.ownAddress : x.addressSays), form.element);
}

// What would be, in words; the button that does it stands below, unless it would be refused.
function foreseen(seen, save) {
  const line = (word, permissions) => el('p', {}, `${word}: `, permissions.length > 0 ? permissionList(permissions) : x.nothing);
  return [line(x.gains, seen.gains), line(x.loses, seen.loses), seen.personal_keys > 0 && el('p', {}, x.follow(seen.personal_keys)),
    seen.refused ? notice(`${sentence(seen.refused)} ${seen.why ?? ''}`, 'error') : save];
}

function rolesForm({ me, again }, user, roles) {
  const box = el('div', {}), choice = new RoleChoice({ roles, had: user.assignments, changed: () => box.replaceChildren() });
  const give = (assignments) => new Form({ fields: [], submit: x.give, busy: x.saving, tell,
    send: async () => {
      await proven(me, () => callSigned('PUT', at(user), { assignments }, user));
      await again(x.given);
    } }).element;
  const form = new Form({ fields: [], submit: x.foresee, busy: x.foreseeing, more: [choice.element], tell,
    send: async () => {
      const assignments = choice.wishes(), seen = await callSigned('POST', `${at(user)}/preview`, { assignments });
      box.replaceChildren(...foreseen(seen, give(assignments)).flat().filter(Boolean));
      say(x.foreseen(seen.gains.length, seen.loses.length));
    } });
  return el('details', { class: 'deed' }, el('summary', {}, x.changeRoles), el('p', { class: 'small' }, x.foreseeSays), form.element, box);
}

// ---- taken away ------------------------------------------------------------------------------------

// A deed that asks before: what is lost, and then what is said.
function asking({ me, again, user }, [title, lost, yes, busy, done], send) {
  return button(yes, () => ask({ title: title(plain(user.display_name)), text: lost, yes, busy, tell,
    send: async () => {
      await proven(me, send);
      await again(done);
    } }));
}

const lostKeys = (keys) => {
  const own = (keys?.items ?? []).filter((k) => k.kind === 'personal').map((k) => plain(k.name));
  return keys === null ? x.keysUnseen : own.length > 0 ? x.keysLost(own, keys.more) : '';
};

function deeds(ctx, user, keys) {
  const { me } = ctx, c = { ...ctx, user }, set = (status) => () => callSigned('PUT', at(user), { status }, user), post = (what) => () => callSigned('POST', `${at(user)}/${what}`);
  const away = lostKeys(keys), also = ([title, lost, ...rest]) => [title, [lost, away].filter(Boolean), ...rest], gone = { ...c, again: (said) => ctx.go('#/users', said) };
  return el('div', { class: 'row' }, may(me, 'update:users') && [
    asking(c, x.unlock, post('unlock')), asking(c, x.sessions, post('sessions/revoke')), user['2fa_enabled'] && asking(c, x.factor, post('2fa/reset')),
    user.status === 'disabled' ? asking(c, x.enable, set('active')) : asking(c, also(x.disable), set('disabled'))],
  may(me, 'delete:users') && asking(gone, also(x.drop), () => callSigned('DELETE', at(user), undefined, user)));
}

export async function userPage(ctx) {
  const { me, id } = ctx, user = await callSigned('GET', `api/users/${id}`), [roles, keys] = await Promise.all([rolesOf(me), keysOf(me, user)]);
  const beyond = roles?.some((r) => user.roles.includes(r.name) && !r.mine), mine = isSelf(me, user);
  const change = !beyond && may(me, 'update:users') ? [identity(ctx, user), roles && may(me, 'assign:roles') && rolesForm(ctx, user, roles)] : [];
  return { title: plain(user.display_name), wide: true, parts: [mine && notice([x.self, link('#/account', t.nav.account), '.']), factsOf(user), beyond && may(me, 'update:users') && notice(x.isBeyond),
    !beyond && !mine && deeds(ctx, user, keys), ...change, keys && keys.items.length > 0 && [el('h2', {}, x.keys), namesOf(keys.items)], el('p', { class: 'after' }, link('#/users', x.back))] };
}
