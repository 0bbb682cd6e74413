// users.js - the people of the tenant: listed and found, and invited.
import { Form, el, link, notice, time } from './ui.js';
import { callSigned } from './api.js';
import { RoleChoice, rolesOf } from './assigned.js';
import { choosing, eachDeed } from './chosen.js';
import { may, plain, stateTag } from './drift.js';
import { filterForm, paged, queryOf } from './lists.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';
import { userPage } from './user.js';

const x = t.users;

export const page = (ctx) => (ctx.id ? userPage(ctx) : userList(ctx));

const named = (u) => [link(`#/users/${u.id}`, plain(u.display_name)), el('div', { class: 'small' }, plain(u.email))];
const rowOf = (u, chosen) => [chosen ? chosen.cell(u, ...named(u)) : el('div', {}, ...named(u)), u.roles.map(plain).join(', '), stateTag(u.status, x.states),
  u['2fa_enabled'] ? x.on : x.off, time(u.last_login)];

const wordsOf = (states) => ({ '': x.all, ...Object.fromEntries(Object.entries(states).map(([state, [, word]]) => [state, word])) });

function invite({ me, again }, roles) {
  const givable = may(me, 'assign:roles') && roles !== null, choice = new RoleChoice({ roles: givable ? roles : [] });
  const form = new Form({
    fields: [{ name: 'email', label: x.email, type: 'email', maxlength: 254, autocomplete: 'off' }, { name: 'display_name', label: x.name, maxlength: 200, autocomplete: 'off' },
      { name: 'password', label: x.password, hint: x.passwordSays, type: 'password', maxlength: 1024, autocomplete: 'new-password', optional: true }],
    submit: x.invite, busy: x.inviting, more: [givable ? choice.element : notice(x.noRoles)],
    send: async ({ email, display_name: name, password }) => {
      const assignments = choice.wishes(), body = { email: email.trim(), display_name: name, ...(password ? { password } : {}), ...(assignments.length > 0 ? { assignments } : {}) };
      const made = await proven(me, () => callSigned('POST', 'api/users', body));
      await again(made.status === 'invited' ? x.invited(plain(made.email)) : x.made(plain(made.email)));
    },
    tell: (problem) => tell(problem, ['email', 'display_name', 'password']),
  });
  return el('details', {}, el('summary', {}, x.inviteTitle), el('p', { class: 'small' }, x.inviteSays), form.element);
}

// Nobody does it to themselves.
function chooser({ me, again }) {
  const at = (u) => `api/users/${u.id}`, each = ([, says, yes, busy], title, done, send) => eachDeed({ text: yes, title, says, yes, busy, done, again, one: (u) => proven(me, () => send(u)) });
  return (list) => choosing(me, 'update:users', { list, nameOf: (u) => plain(u.display_name), fits: (u) => u.id !== me.user.id && u.status !== 'disabled',
    deeds: [each(x.disable, x.disableSome, x.disabledSome, (u) => callSigned('PUT', at(u), { status: 'disabled' })), each(x.sessions, x.sessionsSome, x.sessionsEnded, (u) => callSigned('POST', `${at(u)}/sessions/revoke`))] });
}

async function userList(ctx) {
  const { me, filter } = ctx, names = ['q', 'role', 'status'];
  const [list, roles] = await Promise.all([paged({ path: 'api/users', query: queryOf(filter, names), caption: t.nav.users, heads: x.heads, rowOf, choose: chooser(ctx) }), rolesOf(me)]);
  return { title: t.nav.users, wide: true, parts: [may(me, 'create:users') && invite(ctx, roles),
    filterForm({ at: '#/users', filter, fields: [{ name: 'q', label: x.find, type: 'search', maxlength: 254 },
      roles ? { name: 'role', label: x.role, choices: { '': x.all, ...Object.fromEntries(roles.map((r) => [r.name, plain(r.name)])) } } : { name: 'role', label: x.role, maxlength: 64 },
      { name: 'status', label: x.status, choices: wordsOf(x.states) }] }),
    ...list] };
}
