// pages.mjs - lists in pages: "Paging Microsoft Graph data in your app".
//
// A link carries the query and an opaque $skiptoken and is followed as it is. A page goes on behind the last object of the one
// before it, whatever has come or gone meanwhile.
import crypto from 'node:crypto';
import { badRequest, unavailable } from './answers.mjs';

const LIVES_MS = 600000; // how long a token lives is not told; minutes
const USUAL = 100; // "List users", Optional query parameters: the page size where $top says none
const GONE = ['Directory_ExpiredPageToken', 'The specified page token value has expired and can no longer be included in your request.'];

// The token of a request: { page, q, after, from, kind, ... }; undefined: it has none, or none that is known.
export function tokenOf(tenant, q) {
  const name = q.get('$skiptoken') ?? q.get('$skipToken');
  const token = name === null ? undefined : tenant.tokens.get(name);
  return token?.kind === 'page' && token.until > tenant.now ? token : undefined;
}

export function issue(tenant, token) {
  const name = `RFNwdAIAAQAAAB${crypto.randomBytes(48).toString('base64url')}`;
  tenant.tokens.set(name, { kind: 'page', until: tenant.now + LIVES_MS, uses: 0, ...token });
  return name;
}

export function linkOf(ask, q, name, value) {
  const kept = [...q].filter(([n]) => n.toLowerCase() !== name.toLowerCase()).map(([n, v]) => `${n}=${encodeURIComponent(v)}`);
  return `${ask.base}/${ask.path}?${[...kept, `${name}=${encodeURIComponent(value)}`].join('&')}`;
}

// { objects, next } or { refused }.
export function pageOf(tenant, { row, q, ask, objects, token, faults }) {
  if (!row.pages)
    return { objects };
  const kinds = new Set(faults.map((f) => f.kind));
  if (token?.poisoned)
    return { refused: badRequest(tenant.when, ...GONE) };
  // A page whose first answer was lost: the retry is answered, but the link that it gives leads nowhere.
  if (kinds.has('poisoned_page') && token && token.uses++ === 0)
    return { refused: unavailable(tenant.when, 503) };
  const most = Math.min(q.has('$top') ? Number(q.get('$top')) : USUAL, tenant.pageMost), from = begin(objects, token);
  const link = (to) => linkOf(ask, q, '$skiptoken', issue(tenant, { q, page: (token?.page ?? 1) + 1, ...to }));
  if (kinds.has('empty_page'))
    return { objects: [], next: link({ after: token?.after, from: token?.from ?? 0 }) };
  const here = objects.slice(from, from + most), end = from + here.length, last = here.at(-1);
  if (kinds.has('page_twice'))
    return { objects: here, next: link({ after: token?.after, from: token?.from ?? 0 }) };
  if (end >= objects.length)
    return { objects: here };
  return { objects: here, next: link({ after: last.id ?? last.tenantId, from: end, poisoned: kinds.has('poisoned_page') && token !== undefined }) };
}

function begin(objects, token) {
  if (!token)
    return 0;
  const at = token.after === undefined ? -1 : objects.findIndex((o) => (o.id ?? o.tenantId) === token.after);
  return at >= 0 ? at + 1 : token.from;
}
