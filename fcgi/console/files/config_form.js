// config_form.js - a config made: where it is read, by what credential, when; it is tested before it counts.
import { Form, el } from './ui.js';
import { callSigned } from './api.js';
import { may, plain } from './drift.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { m } from './texts_more.js';

const x = m.configs;
const MINUTE = 60;

// What each way of proving who asks has; `pack` says what it does itself.
const forms = { none: [], bearer: ['token'], basic: ['user', 'password'], header: ['name', 'value'], oauth2_client_credentials: ['token_url', 'scope', 'client_id', 'client_secret'], certificate: ['token_url', 'scope', 'client_id', 'certificate', 'private_key'] };
const known = ['name', 'token_url', 'scope']; // by a pack

// ---- its fields ------------------------------------------------------------------------------------

const parameterField = (p) => ({ name: `p_${p.name}`, label: p.required || p.default ? plain(p.name) : x.mayBeEmpty(plain(p.name)), hint: plain(p.doc), optional: !p.required, value: p.default ?? '', autocomplete: 'off', ...(p.format === 'url' ? { type: 'url' } : {}), ...(p.format === 'headers' ? { rows: 2 } : {}),
  ...(p.choices?.length > 0 ? { choices: Object.fromEntries([...(p.required || p.default ? [] : ['']), ...p.choices].map((c) => [c, plain(c)])) } : {}) });

// How it may prove who asks: by the pack, or any way.
function waysOf(pack) {
  if (pack.auth === undefined || pack.auth === null)
    return Object.keys(forms);
  if (pack.auth.kind !== 'oauth2_client_credentials')
    return [pack.auth.kind];
  return (pack.auth.forms ?? ['client_secret']).map((form) => (form === 'certificate' ? 'certificate' : 'oauth2_client_credentials'));
}

function secretField(name) {
  const text = ['certificate', 'private_key'].includes(name), shown = [...known, 'user', 'client_id'].includes(name);
  return { name: `c_${name}`, label: x.secrets[name], autocomplete: 'off', ...(text ? { rows: 4 } : shown ? {} : { type: 'password', autocomplete: 'new-password' }), optional: name === 'scope', ...(text || shown ? {} : { hint: x.credentialSays }) };
}
const secretsOf = (pack, way) => forms[way].filter((name) => !pack.auth || !known.includes(name)).map(secretField);

const fieldsOf = (kind, pack, way) => [{ name: 'name', label: x.name, maxlength: 200, autocomplete: 'off' },
  ...(pack === null ? [] : [...pack.parameters.map(parameterField), ...secretsOf(pack, way)]),
  kind === 'http' && { name: 'collections', label: x.collections, hint: x.collectionsSay, rows: 6 }, kind === 'push' && { name: 'selector', label: x.selector, hint: x.selectorSays, rows: 3, optional: true },
  kind !== 'push' && { name: 'minutes', label: x.minutes, hint: x.minutesSay, inputmode: 'numeric', maxlength: 6, optional: true, value: '60' }].filter(Boolean);

// ---- what is sent ----------------------------------------------------------------------------------

// JSON that was typed, or a fault at its field.
function typed(form, name, text) {
  try {
    return JSON.parse(text);
  } catch (e) {
    form.refuse({ fields: { [name]: x.noJson(e.message) } });
    return undefined;
  }
}

function sourceOf(form, kind, pack, way, values) {
  const source = { kind }, given = (prefix) => Object.fromEntries(Object.entries(values).filter(([name, v]) => name.startsWith(prefix) && v !== '').map(([name, v]) => [name.slice(2), v]));
  if (pack !== null) {
    source.parameters = given('p_');
    for (const p of pack.parameters.filter((one) => one.format === 'headers' && source.parameters[one.name] !== undefined))
      source.parameters[p.name] = typed(form, `p_${p.name}`, source.parameters[p.name]);
    const secrets = given('c_');
    if (way !== 'none')
      source.credential = { ...(pack.auth ? {} : { kind: way === 'certificate' ? 'oauth2_client_credentials' : way }), ...secrets };
  }
  for (const name of ['collections', 'selector'])
    if (values[name])
      source[name] = typed(form, name, values[name]);
  return source;
}

const isWhole = (source) => [source.collections, source.selector, ...Object.values(source.parameters ?? {})].every((v, i) => (i === 0 && !('collections' in source)) || (i === 1 && !('selector' in source)) || v !== undefined);

function formOf({ me, go }, kind, pack, way, name) {
  const members = { collections: 'source/collections', selector: 'source/selector', minutes: 'schedule/interval_s' };
  const form = new Form({ fields: fieldsOf(kind, pack, way), submit: x.make, busy: x.saving,
    send: async (values) => {
      const source = sourceOf(form, kind, pack, way, values), minutes = values.minutes ?? '';
      if (!isWhole(source))
        return;
      const body = { name: values.name, source, ...(minutes !== '' ? { schedule: { interval_s: /^\d+$/.test(minutes) ? Number(minutes) * MINUTE : minutes, enabled: false } } : {}) };
      const made = await proven(me, () => callSigned('POST', 'api/drift/configs', body));
      if (kind !== 'push' && may(me, 'execute:drift'))
        await callSigned('POST', `api/drift/configs/${made.id}/try`).catch(() => {}); // it is made: the page has a button for that
      await go(`#/configs/${made.id}`, kind === 'push' ? x.madePush : x.made);
    },
    tell: (problem) => tell(problem, form.fields.map((f) => f.name), { ...members, ...Object.fromEntries(form.fields.filter((f) => /^[pc]_/.test(f.name)).map((f) => [f.name, `source/${f.name.startsWith('p_') ? 'parameters' : 'credential'}/${f.name.slice(2)}`])) }) });
  form.field('name').input.value = name;
  return form;
}

const readsOf = (pack) => pack.collections.length > 0 && el('details', {}, el('summary', {}, x.packReads(pack.collections.length)),
  el('ul', {}, ...pack.collections.map((c) => el('li', {}, el('code', {}, plain(c.category)), c.permission && x.needs(plain(c.permission))))),
  pack.documents?.length > 0 && el('p', { class: 'small' }, x.written, pack.documents.map(plain).join(', ')));

// ---- the guide -------------------------------------------------------------------------------------

export async function newConfig(ctx) {
  const { items } = await callSigned('GET', 'api/sources'), usable = items.filter((p) => !p.broken), box = el('div', {}), way = el('select', { id: 'config-way' });
  const kind = el('select', { id: 'config-kind' }, el('option', { value: 'push' }, x.push), el('option', { value: 'self' }, x.self), el('option', { value: 'canary' }, x.canary),
    ...items.map((p) => el('option', { value: p.name, disabled: Boolean(p.broken) }, p.broken ? x.brokenPack(plain(p.title)) : plain(p.title))));
  const wayField = el('div', { class: 'field', hidden: true }, el('label', { for: way.id }, x.credential), way);
  let pack = null, form = null;
  const put = () => {
    form = formOf(ctx, kind.value, pack, pack === null ? 'none' : way.value, form?.field('name').value ?? '');
    box.replaceChildren(...[pack !== null && readsOf(pack), form.element].filter(Boolean));
  };
  const choose = async () => {
    const { value } = kind, found = usable.some((p) => p.name === value) ? await callSigned('GET', `api/sources/${value}`) : null;
    if (kind.value !== value)
      return; // another one was chosen meanwhile
    pack = found;
    const ways = pack === null ? ['none'] : waysOf(pack);
    way.replaceChildren(...ways.map((one) => el('option', { value: one }, x.forms[one])));
    wayField.hidden = ways.length < 2;
    put();
  };
  const trouble = el('div', {});
  kind.addEventListener('change', () => choose().catch((problem) => trouble.replaceChildren(el('p', { class: 'fault' }, tell(problem).text))));
  way.addEventListener('change', put);
  put();
  return el('details', { class: 'deed' }, el('summary', {}, x.makeTitle), el('div', { class: 'field' }, el('label', { for: kind.id }, x.kind), kind), wayField, trouble, box);
}
