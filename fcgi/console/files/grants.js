// grants.js - what the tenant lets people of other tenants do in it, and what it may do in others: given until a day, and taken back.
import { Form, ask, button, el, link, time } from './ui.js';
import { callSigned } from './api.js';
import { rolesOf } from './assigned.js';
import { may, plain, stateTag, tenantOf } from './drift.js';
import { endOf } from './language.js';
import { Boxes, paged } from './lists.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.grants;
const ofAnother = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const nameOf = (grant, given) => plain(given ? grant.grantee_name ?? grant.grantee_tenant ?? x.gone : grant.tenant ?? x.gone);

function takeBack({ me, again }, grant, given, tenant) {
  ask({ title: (given ? x.takeAsk : x.giveUpAsk)(nameOf(grant, given)), text: given ? x.takeLost : x.giveUpLost, yes: given ? x.take : x.giveUp, busy: x.taking, tell,
    send: async () => {
      await proven(me, () => callSigned('DELETE', `api/tenants/${tenant}/grants/${grant.id}`));
      await again(x.taken);
    } });
}

const rowOf = (ctx, given, tenant) => (grant) => [el('div', {}, nameOf(grant, given), el('div', { class: 'small' }, grant.grantee_user ? x.onePerson : x.everybody)), grant.roles.map(plain).join(', '),
  el('div', {}, plain(grant.reason), el('div', { class: 'small' }, x.by(plain(grant.given_by)))), el('div', {}, stateTag(grant.state, x.states), el('div', { class: 'small' }, time(grant.revoked_at ?? grant.expires_at))),
  time(grant.used_at), grant.state === 'active' && may(ctx.me, 'manage:tenants') ? button(given ? x.take : x.giveUp, () => takeBack(ctx, grant, given, tenant), { 'aria-label': `${given ? x.take : x.giveUp}: ${nameOf(grant, given)}` }) : ''];

function give({ me, again }, tenant, roles) {
  const boxes = new Boxes(x.roles, roles.filter((r) => r.mine).map((r) => [r.name, plain(r.name)]));
  const form = new Form({
    fields: [{ name: 'grantee_tenant', label: x.tenant, maxlength: 63, autocomplete: 'off' }, { name: 'grantee_user', label: x.user, maxlength: 36, optional: true, autocomplete: 'off' },
      { name: 'reason', label: x.reason, maxlength: 500 }, { name: 'until', label: x.until, type: 'date' }],
    submit: x.give, busy: x.giving, more: [boxes.element],
    send: async ({ grantee_tenant: to, grantee_user: user, reason, until }) => {
      const body = { grantee_tenant: to.trim(), ...(user.trim() ? { grantee_user: user.trim() } : {}), roles: boxes.values, reason, expires_at: endOf(until) };
      await proven(me, () => callSigned('POST', `api/tenants/${tenant}/grants`, body));
      await again(x.given);
    },
    tell: (problem) => tell(problem, ['grantee_tenant', 'grantee_user', 'reason', 'until'], { until: 'expires_at' }),
  });
  return el('details', {}, el('summary', {}, x.giveTitle), el('p', { class: 'small' }, x.giveSays), form.element);
}

export async function page(ctx) {
  const { me, filter } = ctx, own = tenantOf(me).id, asked = filter.get('tenant') ?? '', tenant = ofAnother.test(asked) ? asked : own;
  const given = filter.get('direction') !== 'received', choose = (word, more) => link(`#/grants${more || tenant !== own ? `?${new URLSearchParams({ ...(tenant !== own ? { tenant } : {}), ...more })}` : ''}`, word,
    { class: 'button', 'aria-current': (more !== undefined) !== given && 'true' });
  const [list, roles] = await Promise.all([paged({ path: `api/tenants/${tenant}/grants`, query: new URLSearchParams({ direction: given ? 'given' : 'received' }), caption: t.nav.grants, heads: given ? x.heads : x.headsReceived,
    rowOf: rowOf(ctx, given, tenant) }), given && tenant === own && may(me, 'manage:tenants') ? rolesOf(me) : null]);
  return { title: t.nav.grants, wide: true, parts: [el('p', {}, tenant === own ? x.says : x.saysOther), el('nav', { class: 'row', 'aria-label': x.which }, choose(x.gave), choose(x.received, { direction: 'received' })),
    roles && give(ctx, tenant, roles), ...list] };
}
