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

// The tenant that is acted in, as the address names it; "": one's own. Whatever it says goes to the server, which knows no such
// tenant where it is no name: nothing is done in one's own instead.
export const acting = () => (new URLSearchParams(location.search).get('acting') ?? '').slice(0, 63);

// A page of another tenant, or with "" of one's own: an address of its own, so that nothing of the one is shown in the other.
export const placeIn = (slug, hash = '#/') => new URL('.', location.href).pathname + (slug && `?acting=${encodeURIComponent(slug)}`) + hash;

// Which of the browser's sign-ins waits for its second factor.
const digits = /^[0-9a-f]{12}$/;

export function query() {
  const q = new URLSearchParams(location.search);
  return { tenant: q.get('tenant') ?? '', returnTo: safePath(q.get('return_to')), mfa: q.has('mfa'), waiting: digits.exec(q.get('sign_in') ?? '')?.[0], error: q.get('error'),
    request: q.get('request_id') };
}

// What was said once does not come again on a reload, and a secret stays in no history.
export function clean(...names) {
  const q = new URLSearchParams(location.search);
  for (const name of names)
    q.delete(name);
  const text = q.toString();
  history.replaceState(null, '', location.pathname + (text && `?${text}`) + (mailed.test(location.hash) ? '' : location.hash));
}

// ---- the last tenant of this browser ------------------------------------------------------------

const key = `bsx.tenant ${new URL('.', location.href).pathname}`;

export function lastTenant() {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

export function keepTenant(slug) {
  try {
    localStorage.setItem(key, slug);
  } catch {
    // a browser that keeps nothing asks each time
  }
}
