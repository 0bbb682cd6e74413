// role.js - one role: what it permits, and what a change of it would do to whom before it is done.
import { Form, ask, button, el, link, notice, say } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { may, plain } from './drift.js';
import { number } from './language.js';
import { catalogue, covers, expand, matrix, permissionList, textsOf } from './matrix.js';
import { failed, sentence, tell } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.roles;
const PAGE = 50;

const at = (role) => `api/roles/${role.id}`;
const listed = (permissions) => (permissions.length > 0 ? permissionList(permissions) : x.nothing);

// ---- who gains and who loses -----------------------------------------------------------------------

const rowOf = (me) => (one) => [may(me, 'read:users') ? link(`#/users/${one.user}`, plain(one.display_name ?? one.email ?? x.somebody)) : x.somebody, plain(one.email ?? ''), listed(one.gains), listed(one.loses),
  one.personal_keys > 0 ? number(one.personal_keys) : ''];

const foresee = (role, draft, cursor = '') => callSigned('POST', `${at(role)}/preview?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, draft);

// Whom it concerns, page by page.
function holders(me, role, draft, seen) {
  const rows = (items) => table(x.who(seen.users), x.effectHeads, items.map(rowOf(me)), 'records');
  const box = el('div', {}, seen.items.length > 0 ? rows(seen.items) : el('p', {}, x.nobody)), more = el('p', {});
  const put = (cursor) => more.replaceChildren(cursor ? button(t.more, () => foresee(role, draft, cursor).then((next) => {
    box.querySelector('tbody').append(...rows(next.items).querySelectorAll('tbody tr'));
    put(next.next_cursor);
  }).catch(failed)) : '');
  put(seen.next_cursor);
  return [box, more];
}

const effects = (me, role, draft, seen) => [el('p', {}, `${x.gains}: `, listed(seen.gains)), el('p', {}, `${x.loses}: `, listed(seen.loses)), el('p', {}, x.holders(seen.users)),
  ...holders(me, role, draft, seen), seen.refused && notice(`${sentence(seen.refused)} ${seen.why ?? ''}`, 'error')];

// ---- changed ---------------------------------------------------------------------------------------

// What differs from what was read; null: nothing.
function draftOf(role, { name, description }, chosen, all) {
  const permissions = textsOf(chosen, role.permissions, all), was = expand(role.permissions, all);
  const same = was.size === chosen.size && covers([...was], chosen);
  const draft = { ...(name !== role.name ? { name } : {}), ...(description !== role.description ? { description } : {}), ...(same ? {} : { permissions }) };
  return Object.keys(draft).length > 0 ? draft : null;
}

function change({ me, again }, role, all) {
  const chosen = expand(role.permissions, all), box = el('div', {}), clear = () => box.replaceChildren();
  const save = (draft) => new Form({ fields: [], submit: x.save, busy: x.saving, tell,
    send: async () => {
      await proven(me, () => callSigned('PUT', at(role), draft, role));
      await again(x.saved);
    } }).element;
  const form = new Form({
    fields: [{ name: 'name', label: x.name, maxlength: 64, value: role.name, autocomplete: 'off' },
      { name: 'description', label: x.description, maxlength: 500, value: role.description, optional: true, autocomplete: 'off' }],
    submit: x.foresee, busy: x.foreseeing, more: [matrix({ caption: x.permissions, all, chosen, mine: me.permissions, changed: clear })],
    send: async (values) => {
      clear();
      const draft = draftOf(role, values, chosen, all);
      if (draft === null)
        return say(x.same);
      const { description, ...asked } = draft, seen = await foresee(role, asked);
      box.replaceChildren(...effects(me, role, asked, seen).filter(Boolean), seen.refused ? '' : save(draft));
      return say(x.foreseen(seen.users));
    },
    tell: (problem) => tell(problem, ['name', 'description']),
  });
  form.element.addEventListener('input', clear);
  return [el('h2', {}, x.changeTitle), el('p', { class: 'small' }, x.changeSays), form.element, box];
}

function drop({ me, go }, role) {
  const asked = () => foresee(role, { delete: true }).then((seen) => ask({ title: x.dropAsk(plain(role.name)), text: [x.dropLost, seen.users > 0 ? x.dropUsed(seen.users) : x.nobody], yes: x.drop,
    busy: x.dropping, more: [seen.refused && notice(`${sentence(seen.refused)} ${seen.why ?? ''}`, 'error')].filter(Boolean), tell,
    send: async () => {
      await proven(me, () => callSigned('DELETE', at(role), undefined, role));
      await go('#/roles', x.dropped);
    } })).catch(failed);
  return el('p', {}, button(x.drop, asked));
}

export async function rolePage(ctx) {
  const { me, id } = ctx, [role, all] = await Promise.all([callSigned('GET', `api/roles/${id}`), catalogue(me)]);
  const held = expand(role.permissions, all), mine = covers(me.permissions, held), changes = !role.built_in && mine && may(me, 'update:roles');
  return { title: plain(role.name), wide: true, parts: [el('p', {}, plain(role.description)),
    notice(role.built_in ? x.isBuiltIn : mine ? '' : x.isBeyond), may(me, 'read:users') && el('p', {}, link(`#/users?${new URLSearchParams({ role: role.name })}`, x.whoHas)),
    ...(changes ? change(ctx, role, all) : [el('h2', {}, x.permissions), matrix({ caption: x.permissions, all, chosen: held, mine: me.permissions, fixed: true })]),
    !role.built_in && mine && may(me, 'delete:roles') && drop(ctx, role), el('p', { class: 'after' }, link('#/roles', x.back))] };
}
