// tenant.js - one tenant as the platform sees it: what it is, what it may have, and its end; the long work of making and erasing it.
import { Form, ask, button, el, every, isTouched, link, notice, time } from './ui.js';
import { Problem, callSigned } from './api.js';
import { gather, may, plain, stateTag } from './drift.js';
import { number } from './language.js';
import { tell } from './messages.js';
import { usageOf } from './settings.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';

const x = t.tenants;
const LOOK_MS = 2000, MOST = 1000;
const limits = ['users', 'api_keys', 'drift_configs', 'snapshots_per_day', 'storage_bytes', 'requests_per_minute', 'requests_burst'];

const at = (tenant) => `api/tenants/${tenant.id}`;

function factsOf(tenant) {
  const f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  return el('dl', { class: 'facts' }, fact(f.slug, tenant.slug), fact(f.status, stateTag(tenant.status, x.states), el('span', { class: 'small' }, ` ${x.states[tenant.status]?.[2] ?? ''}`)),
    tenant.status_at && fact(f.since, time(tenant.status_at)), tenant.status_reason && fact(f.why, plain(tenant.status_reason)), tenant.erase_at && fact(f.erased, time(tenant.erase_at)), fact(f.made, time(tenant.created_at)));
}

// ---- long work -------------------------------------------------------------------------------------

// It goes on whether somebody looks or not, and stands here whoever began it.
async function workOf(tenant) {
  if (tenant.operation_id)
    return callSigned('GET', `api/operations/${tenant.operation_id}`);
  if (tenant.status !== 'provisioning')
    return undefined;
  const { items } = await gather(callSigned, 'api/operations?state=running&kind=tenant.create', MOST);
  return items.find((one) => one.tenant_id === tenant.id);
}

function underWay({ me, again }, work) {
  const bar = el('progress', { 'aria-label': x.work[work.kind] ?? x.workOther, max: 1 }), words = el('p', {});
  const put = (now) => {
    words.textContent = [now.total > 0 && x.step(now.done, now.total), now.now && plain(now.now), now.error && plain(now.error)].filter(Boolean).join('; ');
    if (now.total > 0)
      Object.assign(bar, { max: now.total, value: now.done });
  };
  put(work);
  const live = () => every(LOOK_MS, async (left) => {
    const now = await callSigned('GET', `api/operations/${work.id}`);
    if (left() || isTouched())
      return null;
    put(now);
    return now.state === 'running' ? null : again(`${x.over[now.state] ?? now.state} ${plain(now.error ?? '')}`);
  }, () => {});
  const cancel = () => ask({ title: x.cancelAsk, text: x.cancelLost, yes: x.cancel, busy: x.cancelling, tell,
    send: async () => {
      await proven(me, () => callSigned('DELETE', `api/operations/${work.id}`));
      await again(x.cancelAsked);
    } });
  return { live, part: el('section', { class: 'notice' }, el('h2', {}, x.work[work.kind] ?? x.workOther), bar, words, work.kind === 'tenant.create' && button(x.cancel, cancel)) };
}

// ---- deeds -----------------------------------------------------------------------------------------

// Each asks before, names what is lost, and takes a reason.
function asking({ me, again }, tenant, [title, lost, yes, busy, done], send, more = []) {
  return button(yes, () => ask({ title: title(plain(tenant.name)), text: lost, yes, busy, fields: [...more, { name: 'reason', label: x.reason, maxlength: 500, optional: true }], tell: (problem) => tell(problem, ['reason']),
    send: async (values) => {
      await proven(me, () => send(values));
      await again(done);
    } }));
}

const because = ({ reason }) => (reason ? { reason } : {});

function deeds(ctx, tenant) {
  const { me } = ctx, set = (status) => (values) => callSigned('PUT', at(tenant), { status, ...because(values) }, tenant);
  const drop = ({ typed, ...values }) => {
    if (typed.trim() !== tenant.slug)
      throw new Problem({ code: 'not_typed' });
    return callSigned('DELETE', `${at(tenant)}?${new URLSearchParams(because(values))}`, undefined, tenant);
  };
  const own = tenant.slug === me.tenant.slug, change = may(me, 'update:tenants') && !own, end = may(me, 'delete:tenants') && !own;
  return el('div', { class: 'row' }, change && tenant.status === 'active' && asking(ctx, tenant, x.suspend, set('suspended')), change && tenant.status === 'suspended' && asking(ctx, tenant, x.resume, set('active')),
    end && ['active', 'suspended'].includes(tenant.status) && asking(ctx, tenant, x.drop, drop, [{ name: 'typed', label: x.typed(tenant.slug), maxlength: 63, autocomplete: 'off' }]),
    end && tenant.status === 'deleting' && asking(ctx, tenant, x.undrop, (values) => callSigned('POST', `${at(tenant)}/undelete`, because(values))));
}

// Only what was changed is sent; what is empty is no limit.
function quotaForm({ me, again }, tenant) {
  const shown = (name) => String(tenant.quota[name] ?? ''), read = (text) => (/^\d+$/.test(text) ? Number(text) : text);
  const form = new Form({
    fields: limits.map((name) => ({ name, label: x.limits[name], inputmode: 'numeric', maxlength: 20, optional: true, value: shown(name) })), submit: x.save, busy: x.saving,
    send: async (values) => {
      const quota = Object.fromEntries(limits.filter((name) => values[name].trim() !== shown(name)).map((name) => [name, values[name].trim() === '' ? null : read(values[name].trim())]));
      await proven(me, () => callSigned('PUT', at(tenant), { quota }, tenant));
      await again(x.saved);
    },
    tell: (problem) => tell(problem, limits, Object.fromEntries(limits.map((name) => [name, `quota/${name}`]))),
  });
  return el('details', { class: 'deed' }, el('summary', {}, x.quota), el('p', { class: 'small' }, x.quotaSays), form.element);
}

export async function tenantPage(ctx) {
  const { me, id } = ctx, tenant = await callSigned('GET', `api/tenants/${id}`), work = await workOf(tenant), watch = work?.state === 'running' && underWay(ctx, work);
  return { title: plain(tenant.name), wide: true, live: watch ? watch.live : undefined, parts: [watch && watch.part, factsOf(tenant), deeds(ctx, tenant), ...usageOf(tenant), may(me, 'update:tenants') && quotaForm(ctx, tenant),
    tenant.status === 'active' && el('p', {}, link(`#/grants?tenant=${tenant.id}`, x.grants)), el('p', { class: 'after' }, link('#/tenants', x.back))] };
}
