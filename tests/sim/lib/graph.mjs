// graph.mjs - Microsoft Graph v1.0, as far as configuration is read from it: one request, one answer.
//
// The order is that of the service: who asks, what is asked for, is there room, may it, and then what stands there.
import { DENIALS, JSON_TYPE, badRequest, missing, refusal, throttled, unauthorized } from './answers.mjs';
import { deltaAnswer } from './delta.mjs';
import { KINDS, distort } from './faults.mjs';
import { pageOf, tokenOf } from './pages.mjs';
import { BadQuery, filterOf, needsEventual, orderBy, shapeOf } from './query.mjs';
import { resourceOf } from './resources.mjs';

// What is asked: { method, path (below /v1.0, no slash in front), q (URLSearchParams), headers (lower case), base (URL of /v1.0) }.
// The answer of answers.mjs; with { cut: true }, { reset: true } or { slow_ms } where the connection is to suffer.
export function graphAnswer(tenants, ask) {
  const bearer = /^Bearer (.+)$/.exec(ask.headers.authorization ?? '')?.[1], tenant = tenants.find((t) => t.tokens.has(bearer));
  if (!tenant)
    return unauthorized(new Date(), bearer === undefined ? 'Access token is empty.' : 'Invalid token.');
  tenant.counts.requests++;
  const access = tenant.tokens.get(bearer), answer = access.until <= tenant.now ? unauthorized(tenant.when) : read(tenant, access, ask);
  answer.tenant = tenant;
  tenant.counts.throttled += answer.status === 429 ? 1 : 0;
  return answer;
}

function read(tenant, access, ask) {
  const delta = ask.path.endsWith('/delta'), path = delta ? ask.path.slice(0, -'/delta'.length) : ask.path, found = resourceOf(path), { when } = tenant;
  if (!found || (delta && !found.row.delta))
    return badRequest(when, 'BadRequest', `Resource not found for the segment '${path.split('/').at(-1)}'.`);
  const { row } = found;
  tenant.counts.paths[row.path] = (tenant.counts.paths[row.path] ?? 0) + 1;
  if (ask.method !== 'GET')
    return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.', when);
  const taken = tenant.limits.take(row, ask.q, access.app.clientId, tenant.tenantId, tenant.state.users?.length ?? 0, tenant.now);
  if (taken.wait_ms > 0)
    return throttled(when, taken.retryAfter, taken.headers);
  const token = tokenOf(tenant, ask.q), faults = tenant.faults.hit(ask.path, token?.page ?? 1);
  const answer = first(faults, when, row) ?? refused(tenant, access, row) ?? contents(tenant, { ask, found, faults, token, delta });
  Object.assign(answer.headers, taken.headers);
  for (const f of faults)
    Object.assign(answer, f.kind === 'reset' ? { reset: true } : f.kind === 'cut' ? { cut: true } : f.kind === 'slow' ? { slow_ms: f.ms ?? 1000 } : {});
  return answer;
}

function first(faults, when, row) {
  const fault = faults.find((f) => KINDS[f.kind] !== null);
  return fault ? KINDS[fault.kind](fault, when, row) : null;
}

function refused(tenant, access, row) {
  if (!row.permissions.some((name) => access.roles.includes(name)))
    return DENIALS[row.family](tenant.when, row);
  // "List roleEligibilityScheduleInstances": what needs a licence says so in words of its own
  return row.licence && !tenant.licences.has(row.licence)
    ? badRequest(tenant.when, 'AadPremiumLicenseRequired', 'The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.') : null;
}

function contents(tenant, { ask, found, faults, token, delta }) {
  const { when } = tenant, stale = faults.find((f) => f.kind === 'stale'), state = stale ? stale.state : tenant.state;
  try {
    if (delta)
      return deltaAnswer(tenant, { ask, row: found.row, faults, token });
    if (found.row.single)
      return one(state[found.row.path], tenant, ask, found, faults);
    if (found.item) {
      const item = state[found.parent]?.find((o) => (o.id ?? o.tenantId ?? o.skuId) === found.id);
      return item ? one(item, tenant, ask, found, faults) : missing(when, found.id);
    }
    return list(tenant, { state, ask, found, faults, token });
  } catch (e) {
    if (e instanceof BadQuery)
      return badRequest(when, e.code, e.message);
    throw e;
  }
}

const ok = (body) => ({ status: 200, headers: { 'Content-Type': JSON_TYPE, 'OData-Version': '4.0', 'Cache-Control': 'no-cache' }, body });
const contextOf = (ask, path, more) => `${ask.base}/$metadata#${path}${more}`;

function one(object, tenant, ask, { row }, faults) {
  if (!object)
    return missing(tenant.when, row.path);
  const shape = shapeOf(row, ask.q, new Set(Object.keys(object)));
  return ok({ '@odata.context': contextOf(ask, row.path, row.single ? '/$entity' : '/$entity'), ...distort(faults, shape(object)) });
}

function list(tenant, { state, ask, found, faults, token }) {
  const { row, id, parent } = found, { when } = tenant, q = token?.q ?? ask.q, path = id === undefined ? row.path : row.path.replace('{id}', id);
  if (id !== undefined && !state[parent]?.some((o) => o.id === id))
    return missing(when, id);
  let objects = state[path];
  if (objects === undefined && row.gone)
    return missing(when, row.gone); // "internalDomainFederation resource type"
  objects = seen(objects ?? [], tenant);
  if (token === undefined && ask.q.has('$skiptoken'))
    return badRequest(when, 'Directory_ExpiredPageToken', 'The specified page token value has expired and can no longer be included in your request.');
  const filter = q.has('$filter') ? filterOf(q.get('$filter')) : null;
  for (const name of row.filtered ?? [])
    if (!filter?.names.has(name))
      return badRequest(when, 'MissingParameters', `The required parameters scopeId and scopeType are missing in the $filter.`);
  const eventual = ask.headers.consistencylevel?.toLowerCase() === 'eventual';
  const wrong = optionFault(row, q, filter, eventual, token);
  if (wrong)
    return badRequest(when, ...wrong);
  // of a relation the objects are of several types: a name that one has may be asked of all
  const known = new Set(id === undefined ? objects.flatMap((o) => Object.keys(o)) : []), shape = shapeOf(row, q, known);
  if (filter)
    objects = objects.filter(filter.test);
  if (q.has('$orderby'))
    objects = orderBy(objects, q.get('$orderby'));
  const page = pageOf(tenant, { row, q, ask, objects, token, faults });
  if (page.refused)
    return page.refused;
  return ok({ '@odata.context': contextOf(ask, path, q.has('$select') ? `(${q.get('$select')})` : ''),
    ...(q.get('$count') === 'true' && eventual && !token && { '@odata.count': objects.length }), ...(page.next && { '@odata.nextLink': page.next }),
    value: distort(faults, page.objects.map(shape)) });
}

// "List directoryAudits": a record may be there minutes after what it tells of.
const seen = (objects, tenant) => objects.some((o) => o.visibleFrom !== undefined)
  ? objects.filter((o) => o.visibleFrom <= tenant.now).map(({ visibleFrom, ...o }) => o) : objects;

// "Advanced query capabilities on Microsoft Entra ID objects", and "Paging Microsoft Graph data in your app": ConsistencyLevel is
// not carried from page to page; $top is for what has pages.
function optionFault(row, q, filter, eventual, token) {
  const needs = row.advanced && needsEventual(q, filter);
  if (needs && token && !eventual)
    return ['Directory_ExpiredPageToken', 'The specified page token value has expired and can no longer be included in your request.'];
  if (needs && (!eventual || q.get('$count') !== 'true'))
    return ['Request_UnsupportedQuery', 'Unsupported or invalid query filter clause specified. It needs the header ConsistencyLevel: eventual and $count=true.'];
  if (q.has('$top') && !row.pages)
    return ['Request_UnsupportedQuery', 'Unsupported Query.'];
  return q.has('$top') && !(Number(q.get('$top')) >= 1 && Number(q.get('$top')) <= 999) ? ['Request_UnsupportedQuery', `Invalid page size specified: '${q.get('$top')}'. Must be between 1 and 999 inclusive.`] : null;
}

