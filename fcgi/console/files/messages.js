// messages.js - what to tell people. Every code of the API and of a sign-in at a provider has its sentence here.
import { el, say } from './ui.js';

const sentences = {
  // the API's
  bad_request: 'The server could not read this request. Load the page again and repeat what you did.',
  malformed_json: 'The server could not read what this page sent. Load the page again and repeat what you did.',
  unauthenticated: 'You are not signed in any more. Sign in again.',
  invalid_credentials: 'Tenant, e-mail address and password do not fit together. Check all three, or reset your password.',
  invalid_code: 'This code was not accepted. Enter the one that your app shows now; each code works once. If that fails too, check that your phone’s clock is right.',
  refresh_token_reused: 'Your session was ended because its token was used a second time, which can mean that somebody copied it. Sign in again, and change your password if you cannot explain it.',
  forbidden: 'You may not do this. Ask an administrator of your tenant for the permission.',
  csrf_failed: 'The request was refused because it did not seem to come from this site. Open the site at its usual address, load it again and repeat what you did.',
  step_up_required: 'Prove once more who you are, then repeat this.',
  mfa_enrollment_required: 'Your role needs a second factor. Set one up first.',
  address_not_allowed: 'Your tenant may not be used from the address that you come from. Come from your organisation’s network, or ask your administrator.',
  privilege_escalation: 'You cannot give a permission that you do not have yourself. Ask somebody who has it.',
  quota_exceeded: 'Your tenant has reached its limit. Remove what is not needed any more, or ask your operator for a higher one.',
  not_found: 'This does not exist, or no longer. Load the page again.',
  method_not_allowed: 'The server does not offer this. Load the page again: it may be older than the server.',
  not_acceptable: 'The server cannot answer in this form. Load the page again: it may be older than the server.',
  request_timeout: 'The request took too long to arrive. Check your connection and try again.',
  conflict: 'Somebody changed this at the same time, or it exists already. Load the page again and look at it before you repeat it.',
  in_use: 'This is still in use. Remove what uses it first.',
  last_admin: 'This is the last administrator. Make somebody else an administrator first.',
  built_in_role: 'Built-in roles cannot be changed. Make a role of your own instead.',
  precondition_failed: 'Somebody changed this meanwhile. Look at what is so now before you repeat your change.',
  payload_too_large: 'This is too large to be taken. Send less at a time.',
  uri_too_long: 'The address is too long. Open the site’s first page and begin there.',
  unsupported_media_type: 'The server does not take this kind of content. Load the page again: it may be older than the server.',
  validation_failed: 'Some of this cannot be taken as it is. Correct what is marked and send it again.',
  too_costly: 'This would cost the server too much work. Ask for less at a time.',
  rate_limited: 'Too many requests came from here. Wait a little, then try again.',
  too_many_attempts: 'There were too many failed attempts at this account. Wait, then try again, give a recovery code with the password, or reset your password.',
  headers_too_large: 'Your browser sent too many cookies or too long ones. Delete this site’s cookies and sign in again.',
  client_closed_request: 'The connection ended before there was an answer. Try again.',
  internal: 'Something failed in the server. Try again; if it stays, tell your administrator the number below.',
  busy: 'The server is busy. Try again in a few seconds.',
  unavailable: 'The server cannot reach its database at the moment. Try again in a minute.',
  // a sign-in at an identity provider
  oidc_state: 'The sign-in took too long, was begun in another browser, or its page was opened twice. Begin again.',
  access_denied: 'Your provider did not let you in, or you cancelled there. Try again, or sign in with your password.',
  oidc_failed: 'The answer of your provider could not be accepted. Try again; if it stays, tell your administrator the number below.',
  oidc_unavailable: 'Your provider could not be reached. Try again in a minute, or sign in with your password.',
  not_fresh: 'Your provider did not say that you signed in anew just now. Sign out there, then begin again; if that does not help, your administrator must let the provider send auth_time (Entra: an optional claim of the ID token).',
  not_allowed: 'This account may not sign in here: it is disabled, or it belongs to another organisation. Use another one, or ask your administrator.',
  not_linked: 'Nobody in this tenant has that account. Ask your administrator to invite you with the e-mail address that your provider has of you.',
  scope_withheld: 'Your provider was asked for less than is needed to know your roles. Begin again, and agree there to all that it asks you.',
  group_overage: 'You are in more groups than your provider tells us of, so your role is not known. Ask your administrator to have the others looked up, or to let the provider send only the groups of this application.',
  no_role: 'None of your groups has a role here. Ask your administrator to give a role to one of them.',
  // of this page itself
  network: 'The server could not be reached. Check your connection and try again.',
  not_typed: 'Type the short name exactly as it stands there.',
  not_seen: 'Look at the list first, then tick that you have.',
  outdated: 'The server has been updated since this page was loaded. Load the page again.',
  gateway: 'The web server answered, but what stands behind it did not. Try again in a minute; if it stays, tell your administrator.',
};

export const isKnown = (code) => Object.hasOwn(sentences, code);

const UNKNOWN = 'Something went wrong that this page has no word for. Try again; if it stays, tell your administrator the number below.';

export const sentence = (code) => (isKnown(code) ? sentences[code] : UNKNOWN);

export function duration(s) {
  const [n, unit] = s < 120 ? [s, 'second'] : s < 7200 ? [Math.ceil(s / 60), 'minute'] : [Math.ceil(s / 3600), 'hour'];
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}

// Codes whose sentence is not enough: the operator finds the rest in the log by the number.
export function requestNumber(id) {
  return /^[A-Za-z0-9._-]{1,63}$/.test(id ?? '') ? el('p', { class: 'small' }, 'Request ', el('code', {}, id)) : null;
}

// Where the server says which permission is missing, or what stands in the way, that is said too.
const reason = ({ status, detail }) => ([403, 409].includes(status) && detail ? detail : '');

// What failed while nobody did anything, or with a button alone; what is no answer of the API is a fault of this page.
export function failed(problem) {
  if (problem.code === undefined)
    throw problem;
  say(`${sentence(problem.code)} ${reason(problem)}`);
}

// What the server says of a member, which begins with a verb or is a sentence of its own.
const said = (detail) => (/^(is|are|must|may|can|cannot|has|have|does|do|needs|stands|comes|names|would|makes|wants|lets)\b/.test(detail) ? `This ${detail}.`
  : `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`);

// What is wrong with members that have no field here.
const others = (errors, shown) => {
  const rest = errors.filter((e) => !shown.includes(e.pointer));
  return rest.length > 0 && el('ul', {}, ...rest.map((e) => el('li', {}, el('code', {}, e.pointer), ` ${e.detail}`)));
};

// What a form tells of a failure; `fields` names the members of the body that have a field, `members` where a field's is called otherwise.
export function tell(problem, fields = [], members = {}) {
  if (problem.code === undefined)
    throw problem;
  const faults = {}, shown = [];
  for (const name of fields) {
    const pointer = `/${members[name] ?? name}`, found = problem.errors.find((e) => e.pointer === pointer || e.pointer.startsWith(`${pointer}/`));
    if (found !== undefined) {
      faults[name] = said(found.detail);
      shown.push(found.pointer);
    }
  }
  const all = problem.errors.length > 0 && shown.length === problem.errors.length;
  const wait = problem.retry > 0 && [429, 503].includes(problem.status) ? ` You can try again in ${duration(problem.retry)}.` : '';
  const number = problem.status >= 500 ? requestNumber(problem.id) : null;
  return { text: all ? '' : sentence(problem.code) + wait, fields: faults,
    more: [reason(problem) && el('p', { class: 'small' }, reason(problem)), others(problem.errors, shown), problem.news?.told(), number].flat().filter(Boolean) };
}
