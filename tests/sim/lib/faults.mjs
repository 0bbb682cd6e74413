// faults.mjs - what may go wrong, switched on for a path and for so many requests.
//
// A fault is { path, kind, page?, after?, times?, every?, ... }: `path` is below /v1.0 ("token": the token endpoint), * stands for
// anything; `page` counts from 1 and is of a list that has pages; the first `after` requests are spared, then `times` are hit (all
// when it is left out), of them each `every`th.  What else a kind takes stands in KINDS.
import { DENIALS, badRequest, missing, refusal, throttled, unauthorized, unavailable } from './answers.mjs';

// Before anything is read: a function of (fault, when, row) that answers, or null where the kind acts later.
export const KINDS = {
  // "Microsoft Graph throttling guidance": { retry_after: seconds, null: none, or any text }
  throttled: (f, when) => throttled(when, f.retry_after ?? null),
  // "Resolve Microsoft Graph authorization errors": { family: of DENIALS }
  denied: (f, when, row) => DENIALS[f.family ?? row?.family ?? 'directory'](when, row),
  // "Microsoft Graph error responses and resource types", HTTP status codes: { status, retry_after }
  unavailable: (f, when) => unavailable(when, f.status ?? 503, f.retry_after ?? null),
  // "Intune service limits": a broker that throttles with 500
  throttled_as_500: (f, when) => refusal(500, 'InternalServerError', 'Rate limit reached', when),
  // "Resolve Microsoft Graph authorization errors": the token is over in the middle of a read
  expired_token: (f, when) => unauthorized(when),
  // "Paging Microsoft Graph data in your app": a page token that is over
  expired_page: (f, when) => badRequest(when, 'Directory_ExpiredPageToken', 'The specified page token value has expired and can no longer be included in your request.'),
  // "Best practices for working with Microsoft Graph", eventual consistency: what was made is not there yet
  not_found: (f, when) => missing(when, f.id ?? ''),
  // a segment that there is not: the path is wrong, nobody is blind
  no_segment: (f, when) => badRequest(when, 'BadRequest', `Resource not found for the segment '${f.segment ?? 'x'}'.`),
  // RFC 9112 section 8: a connection that ends in the middle of a body, of known length or chunked
  reset: null,
  cut: null,
  // nothing comes for `ms`, then what would have come
  slow: null,
  // "Paging Microsoft Graph data in your app": a page may contain zero results and go on
  empty_page: null,
  // a page is served twice: its link leads to itself once
  page_twice: null,
  // "Paging Microsoft Graph data in your app", retries: a page fails, and the link that its retry has leads nowhere
  poisoned_page: null,
  // an object that moves behind the page that was read: it is missing from a list that has every page
  moving: null,
  // "Best practices for working with Microsoft Graph", eventual consistency: a replica that has not heard yet; it knows what was
  // when the fault was switched on
  stale: null,
  // a list without `rows` of its objects and without any sign of it
  fewer: null,
  // "Versioning and breaking change policies for Microsoft Graph": a new property is no breaking change; { name, value }
  new_property: null,
  // the same said otherwise: arrays in another order, GUIDs in upper case
  reordered: null,
  // "Use delta query to track changes in Microsoft Graph data", synchronization reset: 410 with where to begin, or 40x syncStateNotFound
  delta_gone: null,
  delta_lost: null,
  // "AADSTS error codes": of the token endpoint, by { code }
  token_error: null,
};

export class Faults {
  constructor() { this.list = []; this.next = 1; }

  add(fault, stateOf) {
    if (!Object.hasOwn(KINDS, fault.kind))
      throw new TypeError(`there is no fault ${fault.kind}; there are ${Object.keys(KINDS).join(', ')}`);
    if (fault.kind === 'denied' && fault.family !== undefined && !Object.hasOwn(DENIALS, fault.family))
      throw new TypeError(`there is no family ${fault.family}; there are ${Object.keys(DENIALS).join(', ')}`);
    const made = { path: '*', after: 0, times: Infinity, every: 1, ...fault, id: this.next++, seen: 0, hits: 0 };
    if (fault.kind === 'stale')
      made.state = stateOf();
    made.test = globOf(made.path);
    this.list.push(made);
    return made;
  }
  remove(id) { this.list = id === undefined ? [] : this.list.filter((f) => f.id !== id); }

  // The faults that hit a request now; each is counted.
  hit(path, page) {
    return this.list.filter((f) => {
      if (!f.test.test(path) || (f.page !== undefined && f.page !== page))
        return false;
      const turn = f.seen++ - f.after;
      if (turn < 0 || turn >= f.times * f.every || turn % f.every !== 0)
        return false;
      f.hits++;
      return true;
    });
  }
  shown() { return this.list.map(({ test, state, ...f }) => ({ ...f, times: Number.isFinite(f.times) ? f.times : null })); }
}

const globOf = (text) => new RegExp(`^${text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);

// What a fault of the contents makes of the objects of a list or of a singleton.
export function distort(faults, value) {
  const each = (f) => Array.isArray(value) ? value.map(f) : f(value);
  for (const fault of faults) {
    if (fault.kind === 'fewer' && Array.isArray(value))
      value = value.slice(0, Math.max(value.length - (fault.rows ?? 1), 0));
    if (fault.kind === 'moving' && Array.isArray(value) && value.length > 1)
      value = value.slice(1);
    if (fault.kind === 'new_property')
      value = each((o) => ({ ...o, [fault.name ?? 'newInThisRelease']: fault.value ?? null }));
    if (fault.kind === 'reordered')
      value = each((o) => otherwise(o));
  }
  return value;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
function otherwise(value, top = true) {
  if (Array.isArray(value))
    return value.map((v) => otherwise(v, false)).reverse();
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).reverse().map(([name, v]) => [name, top && name === 'id' ? v : otherwise(v, false)]));
  return typeof value === 'string' && GUID.test(value) ? value.toUpperCase() : value;
}
