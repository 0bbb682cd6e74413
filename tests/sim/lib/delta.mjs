// delta.mjs - "Use delta query to track changes in Microsoft Graph data".
//
// Pages have $skiptoken and the last one @odata.deltaLink with $deltatoken; ?$deltatoken=latest begins now. What was removed is
// { id, @removed: { reason } }. The same object may come twice. A token of directory objects is good for seven days.
import crypto from 'node:crypto';
import { JSON_TYPE, badRequest, refusal } from './answers.mjs';
import { issue, linkOf } from './pages.mjs';
import { shapeOf } from './query.mjs';

const LIVES_MS = 7 * 86400000; // "Token duration"

export function deltaAnswer(tenant, { ask, row, faults, token }) {
  const { when } = tenant, name = ask.q.get('$deltatoken') ?? ask.q.get('$deltaToken'), kinds = new Set(faults.map((f) => f.kind));
  // "Use query parameters": neither of them for users and groups
  for (const option of ['$top', '$expand', '$orderby'])
    if (ask.q.has(option))
      return badRequest(when, 'Request_UnsupportedQuery', `${option} is not supported by delta.`);
  if (kinds.has('delta_lost'))
    return badRequest(when, 'syncStateNotFound', 'Sync state generation is not found; known generations are 3 to 5, the token has 1. Start over with a full read.');
  const known = name === null || name === 'latest' ? null : tenant.tokens.get(name);
  // "Synchronization reset": 410, and in Location the request to begin again with
  if (kinds.has('delta_gone') || (name !== null && name !== 'latest' && (!known || known.until <= tenant.now)))
    return refusal(410, 'syncStateNotFound', 'The sync token is no longer valid. Start over with a full read.', when, { headers: { Location: `${ask.base}/${ask.path}?$deltatoken=` } });
  const q = token?.q ?? known?.q ?? ask.q, version = tenant.version;
  const all = token?.rest ?? (name === 'latest' ? [] : known ? changes(tenant, row, known.version) : tenant.state[row.path]);
  const shape = shapeOf(row, q, new Set()), most = Math.min(100, tenant.pageMost), here = all.slice(0, most), rest = all.slice(most);
  const body = { '@odata.context': `${ask.base}/$metadata#${row.path}`, value: here.map((o) => o['@removed'] ? o : shape(o)) };
  const plain = new URLSearchParams([...q].filter(([n]) => !/^\$(delta|skip)token$/i.test(n)));
  if (rest.length > 0)
    body['@odata.nextLink'] = linkOf(ask, plain, '$skiptoken', issue(tenant, { q: plain, page: (token?.page ?? 1) + 1, rest, version: token?.version ?? version }));
  else
    body['@odata.deltaLink'] = linkOf(ask, plain, '$deltatoken', remember(tenant, { q: plain, version: token?.version ?? version }));
  return { status: 200, headers: { 'Content-Type': JSON_TYPE }, body };
}

function remember(tenant, state) {
  const name = crypto.randomBytes(60).toString('base64url');
  tenant.tokens.set(name, { kind: 'delta', until: tenant.now + LIVES_MS, ...state });
  return name;
}

// In the order in which they happened, each as it is now.
function changes(tenant, row, since) {
  return tenant.history.slice(since).filter((h) => h.path === row.path).map((h) => {
    const now = tenant.find(h.path, h.id);
    return now ?? { id: h.id, '@removed': { reason: 'changed' } };
  });
}
