// tenants.js - the tenants of the installation, for the platform: listed and made.
import { Form, el, link, time } from './ui.js';
import { callSigned } from './api.js';
import { may, plain, stateTag } from './drift.js';
import { paged } from './lists.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { tenantPage } from './tenant.js';
import { t } from './texts.js';

const x = t.tenants;

export const page = (ctx) => (ctx.id ? tenantPage(ctx) : tenantList(ctx));

const rowOf = (one) => [el('div', {}, link(`#/tenants/${one.id}`, plain(one.name)), el('div', { class: 'small' }, one.slug)),
  el('div', {}, stateTag(one.status, x.states), one.status_reason && el('div', { class: 'small' }, plain(one.status_reason))), el('div', {}, one.erase_at ? [x.erased, time(one.erase_at)] : ''), time(one.created_at)];

function make({ me, go }) {
  const form = new Form({
    fields: [{ name: 'slug', label: x.slug, hint: x.slugSays, maxlength: 63, autocomplete: 'off' }, { name: 'name', label: x.name, maxlength: 200, autocomplete: 'off' },
      { name: 'email', label: x.email, hint: x.emailSays, type: 'email', maxlength: 254, optional: true, autocomplete: 'off' },
      { name: 'password', label: t.users.password, hint: t.users.passwordSays, type: 'password', maxlength: 1024, optional: true, autocomplete: 'new-password' }],
    submit: x.make, busy: x.making,
    send: async ({ slug, name, email, password }) => {
      const body = { slug: slug.trim(), name, ...(email || password ? { admin: { email: email.trim(), ...(password ? { password } : {}) } } : {}) };
      const made = await proven(me, () => callSigned('POST', 'api/tenants', body));
      await go(`#/tenants/${made.id}`, made.status === 'active' ? x.made : x.making202);
    },
    tell: (problem) => tell(problem, ['slug', 'name', 'email', 'password'], { email: 'admin/email', password: 'admin/password' }),
  });
  return el('details', {}, el('summary', {}, x.makeTitle), form.element);
}

async function tenantList(ctx) {
  const list = await paged({ path: 'api/tenants', caption: t.nav.tenants, heads: x.heads, rowOf });
  return { title: t.nav.tenants, wide: true, parts: [may(ctx.me, 'create:tenants') && make(ctx), ...list] };
}
