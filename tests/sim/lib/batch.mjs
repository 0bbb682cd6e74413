// batch.mjs - POST /v1.0/$batch: "Combine multiple HTTP requests using JSON batching".
//
// At most 20, ids unique without regard to case, URLs relative; the envelope is 200 also when every part has failed, parts come in
// any order (here: the last one first), what depends on a failed part is 424. Parts are counted one by one against the limits.
import { badRequest } from './answers.mjs';
import { graphAnswer } from './graph.mjs';

export function batchAnswer(tenants, ask, body) {
  const when = new Date(), wrong = batchFault(body);
  if (wrong)
    return badRequest(when, 'BadRequest', wrong);
  const done = new Map();
  for (const part of body.requests) {
    const failed = (part.dependsOn ?? []).some((id) => (done.get(id.toLowerCase())?.status ?? 424) >= 400);
    done.set(part.id.toLowerCase(), failed
      ? { id: part.id, status: 424, headers: { 'Content-Type': 'application/json' }, body: { error: { code: 'FailedDependency', message: 'A request that this one depends on has failed.' } } }
      : partAnswer(tenants, ask, part));
  }
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: { responses: [...done.values()].reverse() }, tenant: tenants.find((t) => t.tokens.has((ask.headers.authorization ?? '').slice(7))) };
}

function batchFault(body) {
  const list = body?.requests;
  if (!Array.isArray(list) || list.length === 0)
    return 'Invalid batch payload format.';
  if (list.length > 20)
    return 'Number of requests in the batch exceeds the limit of 20.';
  const ids = list.map((part) => typeof part?.id === 'string' ? part.id.toLowerCase() : undefined);
  if (ids.includes(undefined) || new Set(ids).size < ids.length)
    return 'Request Ids must be present and unique in the batch.';
  return list.every((part) => typeof part.url === 'string' && !/^[a-z]+:/i.test(part.url)) ? null : 'URLs in a batch are relative.';
}

function partAnswer(tenants, ask, part) {
  const url = new URL(part.url.replace(/^\/?/, '/'), 'http://part'), headers = { authorization: ask.headers.authorization };
  for (const [name, value] of Object.entries(part.headers ?? {}))
    headers[name.toLowerCase()] = value;
  const a = graphAnswer(tenants, { method: part.method ?? 'GET', path: decodeURI(url.pathname.slice(1)), q: url.searchParams, headers, base: ask.base });
  return { id: part.id, status: a.status, headers: { ...a.headers }, body: a.body };
}
