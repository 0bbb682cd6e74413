// api.js - requests to the API with the cookie session of this browser, in the tenant that is acted in. A document is of one person and of one tenant.
import { acting } from './address.js';

// What went wrong: the members of the API's problem object, or `network` and `gateway` when none came.
export class Problem extends Error {
  constructor({ code, status = 0, detail = '', errors = [], retry = 0, request_id: id = '', methods = [] }) {
    super(`${code} ${detail}`);
    Object.assign(this, { code, status, detail, errors, retry, id, methods });
  }

  // The server's sentence on one member of the body, or undefined.
  about(pointer) { return this.errors.find((e) => e.pointer === pointer)?.detail; }
}

// Addresses are relative to the page, wherever it is installed.
export const urlOf = (path) => new URL(path.replace(/^\//, ''), new URL('.', location.href)).href;

let csrf = '';

// Who is signed in is told with what may be done in the tenant acted in; everything else of a session is done at home.
const ME = 'api/auth/me';
const isDoneThere = (method, path) => acting !== '' && (!path.startsWith('api/auth/') || (method === 'GET' && path === ME));
const actingHeader = (method, path) => (isDoneThere(method, path) ? { 'X-Acting-Tenant': encodeURIComponent(acting) } : {});

async function send(method, path, body, seen) {
  const headers = seen && tagOf(seen) ? { 'If-Match': tagOf(seen) } : {};
  if (body !== undefined)
    headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrf !== '')
    headers['X-CSRF-Token'] = csrf;
  Object.assign(headers, actingHeader(method, path));
  try {
    return await fetch(urlOf(path), { method, headers, body: typeof body === 'string' ? body : JSON.stringify(body),
      credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
  } catch {
    throw new Problem({ code: 'network' });
  }
}

const tags = new WeakMap();
// The entity tag that an answer came with: given back with a change, the change is refused if somebody was faster.
export const tagOf = (value) => tags.get(value);

// A whole number that is none of this language's stays as it was written, where the browser can keep it so: what is shown, and what is sent
// back, is what was read.
const asWritten = (_, v, { source } = {}) => (typeof v === 'number' && !Number.isSafeInteger(v) && /^-?\d+$/.test(source) ? JSON.rawJSON(source) : v);
const parse = (text) => (JSON.rawJSON && /\d{16}/.test(text) ? JSON.parse(text, asWritten) : JSON.parse(text));

async function read(answer) {
  const type = answer.headers.get('Content-Type') ?? '';
  if (answer.status === 204 || (answer.status === 202 && type === ''))
    return null;
  let value = null;
  try {
    value = /^application\/(problem\+)?json\b/.test(type) ? parse(await answer.text()) : null;
  } catch {
    throw new Problem({ code: 'network' });
  }
  if (answer.ok && value !== null) {
    tags.set(value, answer.headers.get('ETag'));
    return value;
  }
  if (value === null)
    throw new Problem({ code: 'gateway', status: answer.status });
  throw new Problem({ ...value, retry: Number(answer.headers.get('Retry-After') ?? 0) });
}

// ---- whose it is -----------------------------------------------------------------------------------

// All windows of a browser have the same cookies: whoever signs in in one of them is who asks in the others from then on. What shows one person's
// pages is loaded anew for another, and sends nothing any more meanwhile: its token is that of the session before.
const windows = new BroadcastChannel(`bsx.session ${new URL('.', location.href).pathname}`);
let whose = null; // whose session this document has had

windows.onmessage = ({ data }) => whose !== null && data !== whose && location.reload();

function isOfAnother({ tenant, user }) {
  const now = `${tenant.id} ${user.id}`;
  if (whose === null)
    windows.postMessage(now);
  whose ??= now;
  return now !== whose;
}

// ---- one request -----------------------------------------------------------------------------------

// One request; the answer's object, or null when it has none. A body that is a text is JSON as it shall be sent. `seen`: what was answered before, and is to be like that still.
export async function call(method, path, body, seen) {
  const value = await read(await send(method, path, body, seen));
  if (typeof value?.csrf_token !== 'string')
    return value;
  if (isOfAnother(value)) {
    location.reload();
    return new Promise(() => {}); // nothing goes on from here
  }
  csrf = value.csrf_token;
  return value;
}

let renewing = null;

// The refresh token is a cookie that counts once: whoever asks meanwhile waits for the same answer.
function renew() {
  renewing ??= call('POST', 'api/auth/refresh').finally(() => { renewing = null; });
  return renewing;
}

async function callRenewed(method, path, body, seen) {
  try {
    return await call(method, path, body, seen);
  } catch (problem) {
    if (problem.code !== 'unauthenticated')
      throw problem;
  }
  await renew();
  return call(method, path, body, seen);
}

// Somebody was faster: what is so now in place of `was`, { now, told() }: how it is said. Who was told may do it all the same.
async function newsOf(path, was) {
  try {
    const now = await callRenewed('GET', path.split('?')[0]), { differences } = await import('./news.js');
    return { now, told: () => {
      tags.set(was, tagOf(now));
      return differences(was, now);
    } };
  } catch {
    return undefined; // what was refused is said without it
  }
}

const begun = new Map(); // path: the answer to come

// Asks for what will be wanted in a moment: who asks for it next gets this answer.
export function begin(path) {
  const answer = callRenewed('GET', path);
  answer.catch(() => {});
  begun.set(path, answer);
}

function take(method, path) {
  const answer = method === 'GET' ? begun.get(path) : undefined;
  begun.delete(path);
  return answer;
}

// The same as the signed-in user: an access token that ended is renewed once. What is refused in a tenant that is acted in may be
// so because nothing is granted there any more: the window hears "acting-refused".
export async function callSigned(method, path, body, seen) {
  try {
    return await (take(method, path) ?? callRenewed(method, path, body, seen));
  } catch (problem) {
    if (problem.status === 403 && path !== ME && isDoneThere(method, path))
      dispatchEvent(new Event('acting-refused'));
    if (['conflict', 'precondition_failed'].includes(problem.code) && seen)
      problem.news = await newsOf(path, seen);
    throw problem;
  }
}

// What the API gives as a file of `type`, whole.
export async function fileSigned(path, type) {
  await callSigned('GET', 'api/auth/me'); // an access token that ended is renewed
  let answer;
  try {
    answer = await fetch(urlOf(path), { headers: { Accept: type, ...actingHeader('GET', path) }, credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
    if (answer.ok)
      return await answer.blob();
  } catch {
    throw new Problem({ code: 'network' });
  }
  return read(answer);
}

// Who is signed in; null: nobody.
export async function whoAmI() {
  try {
    return await callSigned('GET', 'api/auth/me');
  } catch (problem) {
    if (problem.status === 401)
      return null;
    throw problem;
  }
}

export function forgetSession() {
  csrf = '';
}
