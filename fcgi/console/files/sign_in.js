// sign_in.js - password, providers, second factor, forgotten password, and the proof that some deeds ask for.
import { Form, alert, ask, button, el, link, notice, show } from './ui.js';
import { call, callSigned, urlOf } from './api.js';
import { acting, keepTenant, lastTenant, placeIn, query } from './address.js';
import { requestNumber, sentence, tell } from './messages.js';

const tenantField = (value) => ({ name: 'tenant', label: 'Tenant', value, autocomplete: 'organization', maxlength: 63,
  autofocus: value === '', hint: 'The short name of your organisation here; your invitation has it.' });
const emailField = (value) => ({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', inputmode: 'email',
  maxlength: 254, value });
const codeField = { name: 'code', label: 'Code', autocomplete: 'one-time-code', inputmode: 'numeric', maxlength: 32, autofocus: true,
  hint: 'The six digits that your authenticator app shows now.' };
const recoveryField = { name: 'recovery_code', label: 'Recovery code', autocomplete: 'off', maxlength: 64, autofocus: true,
  hint: 'One of the codes that you kept when you set up the second factor. It counts once.' };
// Where others have made the account wait.
const recoveryOption = { ...recoveryField, autofocus: false, optional: true,
  hint: 'If you have a second factor: with one of the codes that you kept you need not wait. It counts once.' };

const known = () => query().tenant || lastTenant();

// ---- providers -------------------------------------------------------------------------------------

const makers = { google: 'Google', entra: 'Microsoft' };

function label(provider, all) {
  const maker = makers[provider.kind];
  if (maker === undefined)
    return `Sign in with ${provider.name}`;
  const several = all.filter((p) => p.kind === provider.kind).length > 1;
  return `Sign in with ${maker}${several ? ` (${provider.name})` : ''}`;
}

export function startOf(provider, tenant, { returnTo, anew }) {
  const url = new URL(urlOf(`api/auth/oidc/${encodeURIComponent(provider.name)}/start`));
  url.searchParams.set('tenant', tenant);
  url.searchParams.set('return_to', returnTo);
  if (anew)
    url.searchParams.set('prompt', 'login');
  return url.href;
}

// The buttons of a tenant's providers; none when it has none, or does not say.
export async function fillProviders(box, tenant, options) {
  let items = [];
  try {
    if (tenant !== '')
      ({ items } = await call('GET', `api/auth/providers?tenant=${encodeURIComponent(tenant)}`));
  } catch {
    // signing in with a password goes on
  }
  if (box.dataset.tenant !== tenant)
    return; // another one was typed meanwhile
  const one = (p) => el('li', {}, link(startOf(p, tenant, options), label(p, items),
    { class: 'button', onclick: () => keepTenant(tenant) }));
  box.replaceChildren(...(items.length === 0 ? [] : [el('p', { class: 'or' }, options.anew ? 'Sign in once more' : 'or'),
    el('ul', { class: 'plain' }, ...items.map(one))]));
}

// ---- sign-in ---------------------------------------------------------------------------------------

// `done(session)` goes on; returnTo: where a provider shall send the browser; note: why this page is shown.
export function signIn({ done, returnTo, note = '', error = null, request = null, anew = false, focus = true }) {
  const tenant = known(), providers = el('div', { class: 'providers' });
  const form = new Form({
    fields: [tenantField(tenant), { ...emailField(''), autofocus: focus && tenant !== '' && error === null },
      { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', maxlength: 1024 }],
    submit: 'Sign in', busy: 'Signing in…',
    send: async ({ recovery_code: code = '', ...values }) => {
      const both = code.trim() === '' ? {} : { recovery_code: code.trim() };
      const session = await call('POST', 'api/auth/login',
        { ...values, ...both, tenant: values.tenant.trim(), email: values.email.trim() });
      keepTenant(values.tenant.trim());
      if (session.mfa_required)
        secondFactor({ done, returnTo, which: { mfa_token: session.mfa_token } });
      else
        done(session);
    },
    tell: (problem) => {
      if (problem.code === 'too_many_attempts')
        form.ask(recoveryOption);
      return tell(problem, ['tenant', 'email', 'password', 'recovery_code']);
    },
  });
  const input = form.field('tenant').input;
  const offer = () => {
    const slug = input.value.trim();
    if (providers.dataset.tenant === slug)
      return;
    providers.dataset.tenant = slug;
    fillProviders(providers, slug, { returnTo, anew });
  };
  input.addEventListener('change', offer);
  show('Sign in', notice(note), error !== null && alert(el('p', {}, sentence(error)), requestNumber(request)), form.element,
    el('p', { class: 'after' }, link('#/forgot', 'Forgotten your password?')), providers);
  if (error !== null)
    document.querySelector('#main [role=alert]').focus();
  offer();
}

// ---- second factor ---------------------------------------------------------------------------------

// which: the sign-in that waits, by its token or by what the address said; another tab may have one too.
export function secondFactor({ done, returnTo, which, recovery = false }) {
  const form = new Form({
    fields: [recovery ? recoveryField : codeField],
    submit: 'Continue', busy: 'Checking…',
    send: async (values) => done(await call('POST', 'api/auth/2fa/verify', { ...which, ...trimmed(values) })),
    tell: (problem) => {
      if (problem.code !== 'unauthenticated')
        return tell(problem, ['code', 'recovery_code']);
      // what waited has ended: begin anew
      signIn({ done, returnTo, note: 'That sign-in waited too long, or had too many wrong codes. Begin again.' });
      return { text: '' };
    },
  });
  const other = button(recovery ? 'Use the code of your app instead' : 'Use a recovery code instead',
    () => secondFactor({ done, returnTo, which, recovery: !recovery }), { class: 'link' });
  show('Second factor', el('p', {}, 'Show that it is you by a second thing.'), form.element, el('p', { class: 'after' }, other),
    el('p', { class: 'after small' }, 'Neither at hand? An administrator of your tenant can reset your second factor.'),
    el('p', { class: 'after' }, button('Back to sign-in', () => signIn({ done, returnTo }), { class: 'link' })));
}

const trimmed = (values) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, v.trim()]));

// ---- forgotten password ----------------------------------------------------------------------------

export function forgotten() {
  const tenant = known();
  const form = new Form({
    fields: [tenantField(tenant), { ...emailField(''), autofocus: tenant !== '' }],
    submit: 'Mail me a link', busy: 'Sending…',
    send: async (values) => {
      await call('POST', 'api/auth/password/forgot', trimmed(values));
      keepTenant(values.tenant.trim());
      show('Look at your mail', el('p', {}, `If the tenant ${values.tenant.trim()} has a user with that address, a link to choose a new password is on its way. It works once, within one hour.`),
        el('p', {}, 'Nothing there after a few minutes? Look among unwanted mail, check tenant and address, or ask your administrator.'),
        el('p', { class: 'after' }, link('#/', 'Back to sign-in')));
    },
    tell: (problem) => tell(problem, ['tenant', 'email']),
  });
  show('Forgotten your password?', el('p', {}, 'A link to choose a new one will be mailed to you.'), form.element,
    el('p', { class: 'after' }, link('#/', 'Back to sign-in')));
}

// ---- step-up ---------------------------------------------------------------------------------------

const proofs = {
  totp: codeField,
  recovery_code: recoveryField,
  password: { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', maxlength: 1024, autofocus: true },
};

// Asks for what `methods` of a step_up_required names; then `again()`.
export function stepUp({ methods, again, tenant, returnTo, method = methods.find((m) => proofs[m]) }) {
  if (method === undefined)
    return stepUpAtProvider({ tenant, returnTo });
  const form = new Form({
    fields: [proofs[method]],
    submit: 'Continue', busy: 'Checking…',
    send: async (values) => {
      await callSigned('POST', 'api/auth/step-up', method === 'password' ? values : trimmed(values));
      again();
    },
    tell: (problem) => tell(problem, ['code', 'recovery_code', 'password']),
  });
  const others = methods.filter((m) => proofs[m] && m !== method).map((m) => el('p', { class: 'after' },
    button(`Use: ${proofs[m].label.toLowerCase()}`, () => stepUp({ methods, again, tenant, returnTo, method: m }), { class: 'link' })));
  return show('Is it you?', el('p', {}, 'You signed in some time ago. Before this goes on, prove once more who you are.'), form.element,
    ...others, el('p', { class: 'after' }, link('#/', 'Cancel')));
}

function stepUpAtProvider({ tenant, returnTo }) {
  const box = el('div', { class: 'providers' });
  box.dataset.tenant = tenant;
  show('Is it you?', el('p', {}, 'You signed in some time ago. Sign in at your provider once more, then this goes on.'), box,
    el('p', { class: 'after' }, link('#/', 'Cancel')));
  fillProviders(box, tenant, { returnTo, anew: true });
}

// Does `send` on a page of `me`. Where that asks for a proof first, it is asked for above the page, which stays as it is, and `send` goes on.
export async function proven(me, send) {
  try {
    return await send();
  } catch (problem) {
    if (problem.code !== 'step_up_required')
      throw problem;
    await proof(me, problem);
  }
  return send();
}

function proof(me, problem) {
  const method = problem.methods.find((m) => proofs[m]);
  if (method === undefined) {
    stepUpAtProvider({ tenant: me.tenant.slug, returnTo: placeIn(acting, location.hash) });
    throw problem;
  }
  return new Promise((resolve, reject) => {
    ask({ title: 'Is it you?', text: 'You signed in some time ago. Before this goes on, prove once more who you are.', yes: 'Continue', busy: 'Checking…', grave: false,
      fields: [proofs[method]], tell: (p) => tell(p, ['code', 'recovery_code', 'password']), closed: () => reject(problem),
      send: async (values) => {
        await callSigned('POST', 'api/auth/step-up', method === 'password' ? values : trimmed(values));
        resolve();
      } });
  });
}
