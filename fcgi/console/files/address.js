// address.js - what the address of the page says, and where to go from here.

// A path of this origin, or null: one slash at its beginning, no backslash, nothing that a browser would leave out.
export function safePath(text) {
  if (typeof text !== 'string' || !/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(text))
    return null;
  const url = new URL(text, location.origin);
  // "/.//host" is read as "//host": another origin for who is sent there by its path
  const whole = url.pathname + url.search + url.hash;
  return url.origin === location.origin && !whole.startsWith('//') ? whole : null;
}

const mailed = /^#(invite|reset|email)=([\w-]+)$/;

// { kind: 'invite' | 'reset' | 'email', token } of a mailed link, or null.
export function mailedLink() {
  const m = mailed.exec(location.hash);
  return m && { kind: m[1], token: m[2] };
}

const places = /^#\/(\w+)(?:\/([0-9a-f-]{36}))?(?:\?([\w=&.*+%-]*))?$/;

// "#/alerts/ID?status=open" -> { name: 'alerts', id, filter }; the name is "" for the first page.
export function place() {
  const m = places.exec(location.hash);
  return { name: m?.[1] ?? '', id: m?.[2], filter: new URLSearchParams(m?.[3] ?? '') };
}
export const route = () => place().name;

const actingIn = (search) => (new URLSearchParams(search).get('acting') ?? '').slice(0, 63);

// The tenant that this document acts in, as the address named it when it was loaded; "": one's own. It stays so whatever becomes of the address, and
// all that is sent says it. Whatever it says goes to the server, which knows no such tenant where it is no name: nothing is done in one's own instead.
export const acting = actingIn(location.search);

// Whether the address has become that of another document: one step in the history is enough.
export const isElsewhere = () => actingIn(location.search) !== acting;

// A page of another tenant, or with "" of one's own: an address of its own, so that nothing of the one is shown in the other.
export const placeIn = (slug, hash = '#/') => new URL('.', location.href).pathname + (slug && `?acting=${encodeURIComponent(slug)}`) + hash;

// Which of the browser's sign-ins waits for its second factor.
const digits = /^[0-9a-f]{12}$/;

export function query() {
  const q = new URLSearchParams(location.search);
  return { tenant: q.get('tenant') ?? '', returnTo: safePath(q.get('return_to')), mfa: q.has('mfa'), waiting: digits.exec(q.get('sign_in') ?? '')?.[0], error: q.get('error'),
    request: q.get('request_id') };
}

// The present address without some of what it says.
export function addressWithout(...names) {
  const url = new URL(location.href);
  for (const name of names)
    url.searchParams.delete(name);
  return url;
}

// What was said once does not come again on a reload, and a secret stays in no history.
export function clean(...names) {
  const url = addressWithout(...names);
  if (mailed.test(url.hash))
    url.hash = '';
  history.replaceState(null, '', url);
}

// ---- what a browser keeps --------------------------------------------------------------------------

// One that keeps nothing asks each time, and says less.
function keeping(storage, name) {
  const key = `bsx.${name} ${new URL('.', location.href).pathname}`;
  return {
    get() {
      try {
        return window[storage].getItem(key) ?? '';
      } catch {
        return '';
      }
    },
    set(text) {
      try {
        window[storage].setItem(key, text);
      } catch {
        // see above
      }
    },
  };
}

const tenant = keeping('localStorage', 'tenant');
export const lastTenant = tenant.get;
export const keepTenant = tenant.set;

// ---- another document ------------------------------------------------------------------------------

const said = keeping('sessionStorage', 'said'); // of one window

// Loads `url`, of this origin, in the place of this document and of its entry in the history. `note` is what heard() gives there.
export function loadInstead(url, note = '') {
  said.set(note);
  if (url.pathname + url.search !== location.pathname + location.search)
    return location.replace(url);
  history.replaceState(null, '', url); // another fragment alone would load nothing
  return location.reload();
}

// What the document before has left to be said, once.
export function heard() {
  const note = said.get();
  if (note !== '')
    said.set('');
  return note;
}
