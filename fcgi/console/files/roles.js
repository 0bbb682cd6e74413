// roles.js - what people may do: the roles of the tenant, and one made of a table of permissions.
import { Form, button, el, link, saveAs, say } from './ui.js';
import { callSigned, fileSigned } from './api.js';
import { rolesOf } from './assigned.js';
import { table } from './chart.js';
import { may, plain } from './drift.js';
import { number } from './language.js';
import { catalogue, matrix, textsOf } from './matrix.js';
import { failed, tell } from './messages.js';
import { rolePage } from './role.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.roles;

export const page = (ctx) => (ctx.id ? rolePage(ctx) : roleList(ctx));

const rowOf = (role) => [link(`#/roles/${role.id}`, plain(role.name)), plain(role.description), role.built_in ? x.builtIn : x.own, number(role.held.size),
  role.mine ? x.mine : x.beyond];

function make({ me, go }, all) {
  const chosen = new Set();
  const form = new Form({
    fields: [{ name: 'name', label: x.name, maxlength: 64, autocomplete: 'off' }, { name: 'description', label: x.description, maxlength: 500, optional: true, autocomplete: 'off' }],
    submit: x.make, busy: x.saving, more: [matrix({ caption: x.permissions, all, chosen, mine: me.permissions })],
    send: async (values) => {
      const { id } = await proven(me, () => callSigned('POST', 'api/roles', { ...values, permissions: textsOf(chosen, [], all) }));
      await go(`#/roles/${id}`, x.made);
    },
    tell: (problem) => tell(problem, ['name', 'description']),
  });
  return el('details', {}, el('summary', {}, x.makeTitle), el('p', { class: 'small' }, x.makeSays), form.element);
}

// Who has what, since when, by whom and when it was used last, as a table to be signed.
const review = () => button(x.review, () => fileSigned('api/access-review', 'text/csv').then((blob) => {
  saveAs(blob, 'access-review.csv');
  say(x.reviewed);
}).catch(failed));

async function roleList(ctx) {
  const { me } = ctx, [roles, all] = await Promise.all([rolesOf(me), catalogue(me)]);
  return { title: t.nav.roles, wide: true, parts: [el('div', { class: 'row' }, review()), may(me, 'create:roles') && make(ctx, all), table(t.nav.roles, x.heads, roles.map(rowOf), 'records')] };
}
