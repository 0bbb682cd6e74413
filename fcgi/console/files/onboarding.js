// onboarding.js - links by which an administrator elsewhere lets an app read their directory: which there are, what came of each; one is made, and taken back.
import { Form, ask, button, el, every, isTouched, link, time } from './ui.js';
import { callSigned } from './api.js';
import { choosing, eachDeed } from './chosen.js';
import { may, plain, stateTag, tenantOf } from './drift.js';
import { list } from './language.js';
import { lines, paged } from './lists.js';
import { tell } from './messages.js';
import { shownOnce } from './once.js';
import { proven } from './sign_in.js';
import { m } from './texts_more.js';

const x = m.onboarding;
const AT = 'api/drift/onboarding', LOOK_MS = 3000;
const isMoving = (o) => ['checking', 'applying'].includes(o.state), isOpen = (o) => o.state === 'waiting' || isMoving(o);
const nameOf = (o) => `${plain(o.tenant)}, ${plain(o.directory)}`;

// ---- one is made -----------------------------------------------------------------------------------

const credentials = { secret: ['client_secret'], certificate: ['certificate', 'private_key'] }; // what the app shows, by its kind
const members = { client_id: 'credential/client_id', client_secret: 'credential/client_secret', certificate: 'credential/certificate', private_key: 'credential/private_key', cloud: 'parameters/cloud' };

function make(ctx) {
  const { me, again } = ctx, secret = (name, more) => ({ name, label: x.secrets[name], optional: true, autocomplete: 'off', ...more });
  const fields = ['tenant', 'directory', 'packs', 'client_id', 'client_secret', 'certificate', 'private_key', 'cloud', 'days'];
  const form = new Form({ fields: [{ name: 'tenant', label: x.tenant, hint: x.tenantSays, maxlength: 63, value: tenantOf(me).slug, autocomplete: 'off' }, { name: 'directory', label: x.directory, hint: x.directorySays, maxlength: 253, autocomplete: 'off' },
    { name: 'packs', label: x.packs, hint: x.packsSay, rows: 1, value: 'entra' }, { name: 'client_id', label: x.clientId, hint: x.clientSays, autocomplete: 'off' }, { name: 'kind', label: x.kind, choices: x.kinds },
    secret('client_secret', { type: 'password', autocomplete: 'new-password' }), secret('certificate', { rows: 4 }), secret('private_key', { rows: 4 }), { name: 'cloud', label: x.cloud, hint: x.cloudSays, maxlength: 40, optional: true, autocomplete: 'off' },
    { name: 'days', label: x.days, inputmode: 'numeric', maxlength: 3, value: '7' }],
  submit: x.make, busy: x.making, tell: (problem) => tell(problem, fields, members),
  send: async ({ tenant, directory, packs, client_id: client, kind, cloud, days, ...secrets }) => {
    const shown = Object.fromEntries(credentials[kind].map((name) => [name, secrets[name]]));
    const body = { tenant, directory: directory.trim(), packs: lines(packs), credential: { client_id: client.trim(), ...shown }, ...(cloud.trim() ? { parameters: { cloud: cloud.trim() } } : {}), days: Number(days) || days };
    const made = await proven(me, () => callSigned('POST', AT, body));
    shownOnce({ title: x.madeTitle, says: x.madeSays(plain(made.tenant)), where: x.madeOnce, label: x.theLink, secret: made.consent_url, done: () => again(x.made) });
  } });
  const kind = form.field('kind').input, offer = () => {
    for (const [one, names] of Object.entries(credentials))
      for (const name of names)
        form.field(name).element.hidden = kind.value !== one;
  };
  kind.addEventListener('change', offer);
  offer();
  return el('details', {}, el('summary', {}, x.makeTitle), el('p', { class: 'small' }, x.makeSays), form.element);
}

// ---- one -------------------------------------------------------------------------------------------

function factsOf(o, operations) {
  const f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  return el('dl', { class: 'facts' }, fact(f.state, stateTag(o.state, x.states), el('span', { class: 'small' }, ` ${x.states[o.state]?.[2] ?? ''}`)), o.why !== null && fact(f.why, plain(o.why)), fact(f.tenant, plain(o.tenant)), fact(f.directory, plain(o.directory)),
    fact(f.packs, plain(list(o.packs))), fact(f.by, plain(o.asked_by), ', ', time(o.created_at)), fact(f.ends, time(o.expires_at)), fact(f.answered, time(o.answered_at)), o.finished_at !== null && fact(f.finished, time(o.finished_at)),
    operations.length > 0 && fact(f.templates, el('ul', { class: 'plain' }, ...operations.map((work) => el('li', {}, x.works[work.state] ?? work.state, work.error && ` ${plain(work.error)}`)))));
}

const workOf = (id) => callSigned('GET', `api/operations/${id}`).catch((problem) => {
  if ([403, 404].includes(problem.status))
    return { state: 'unseen', error: null };
  throw problem;
});
const dropOne = (o) => callSigned('DELETE', `${AT}/${o.id}`);

async function one({ me, id, again, go }) {
  const o = await callSigned('GET', `${AT}/${id}`), operations = await Promise.all(o.operation_ids.map(workOf));
  const drop = () => ask({ title: x.dropAsk(1), text: [nameOf(o), x.dropLost], yes: x.drop, busy: x.dropping, tell, send: async () => {
    await dropOne(o);
    await go('#/onboarding', x.dropped(1));
  } });
  const live = () => every(LOOK_MS, async (left) => {
    const now = await callSigned('GET', `${AT}/${id}`);
    return left() || isTouched() || JSON.stringify(now) === JSON.stringify(o) ? null : again(x.now(x.states[now.state]?.[1] ?? now.state));
  }, () => {});
  return { title: x.of(plain(o.tenant)), wide: true, live: isOpen(o) ? live : undefined, parts: [factsOf(o, operations), may(me, 'delete:drift') && el('p', {}, button(x.drop, drop)), el('p', { class: 'after' }, link('#/onboarding', x.back))] };
}

// ---- all of them -----------------------------------------------------------------------------------

const rowOf = (o, chosen) => {
  const name = [link(`#/onboarding/${o.id}`, plain(o.tenant)), el('div', { class: 'small' }, plain(o.directory))];
  return [chosen ? chosen.cell(o, ...name) : el('div', {}, ...name), el('div', {}, stateTag(o.state, x.states), o.why !== null && el('div', { class: 'small' }, plain(o.why))), plain(list(o.packs)), el('div', {}, plain(o.asked_by), el('div', { class: 'small' }, time(o.created_at))),
    el('div', {}, o.finished_at === null ? time(o.expires_at) : time(o.finished_at))];
};

export async function page(ctx) {
  if (ctx.id)
    return one(ctx);
  const { me, again } = ctx, mayMake = !me.acting_tenant && may(me, 'create:drift') && may(me, 'update:drift');
  const all = await paged({ path: AT, caption: x.title, heads: x.heads, rowOf, choose: (shown) => choosing(me, 'delete:drift', { list: shown, nameOf,
    deeds: [eachDeed({ text: x.drop, title: x.dropAsk, says: x.dropLost, yes: x.drop, busy: x.dropping, one: dropOne, done: x.dropped, again })] }) });
  return { title: x.title, wide: true, parts: [el('p', {}, x.says), mayMake && make(ctx), all] };
}
