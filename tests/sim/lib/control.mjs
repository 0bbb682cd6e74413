// control.mjs - how a test or a person changes what the simulator has: JSON on a port of its own.
//
// The routes are the table below; /help says them.
import { CHANGES, deed } from './changes.mjs';
import { KINDS } from './faults.mjs';
import { bodyOf } from './sim.mjs';

const shown = (sim, t) => ({ tenant_id: t.tenantId, domain: t.domain, client_id: t.reader.clientId, client_secret: t.reader.secrets[0]?.secret ?? null, graph_url: sim.url, login_url: sim.url,
  permissions: t.reader.permissions, licences: [...t.licences], page: t.pageMost, limits: t.limits.on, counts: t.counts, faults: t.faults.shown() });

const ROUTES = [
  ['GET', 'help', 'this text', () => ROUTES.map(([method, path, doc]) => `${method} /${path}  ${doc}`)],
  ['GET', 'faults', 'the kinds of faults', () => Object.keys(KINDS)],
  ['GET', 'changes', 'what can be done to a directory', () => CHANGES.map(({ make, ...c }) => c)],
  ['GET', 'directories', 'all of them, with what a reader needs', (sim) => sim.tenants.map((t) => shown(sim, t))],
  ['POST', 'directories', 'makes one: {tenantId?, users?, policies?, roles?, apps?, page?, limits?, licences?}', (sim, t, body) => shown(sim, sim.add(body))],
  ['POST', 'clock', '{advance_s}', (sim, t, body) => ({ ahead_s: (sim.ahead_ms += Number(body.advance_s) * 1000) / 1000 })],
  ['GET', 'directories/{t}', 'one', (sim, t) => shown(sim, t)],
  ['PATCH', 'directories/{t}', '{permissions?, licences?, page?, limits?, secrets?: [{secret, from?, until?}], certificates?: [PEM], enabled?}', (sim, t, body) => { settle(t, body); return shown(sim, t); }],
  ['POST', 'directories/{t}/changes', '{name, by?: "user"|"app", delay_s?}: does it, with its audit record', (sim, t, body) => deed(t, body.name, body)],
  ['POST', 'directories/{t}/faults', '{path, kind, page?, after?, times?, every?, ...}', (sim, t, body) => ({ id: t.faults.add(body, () => t.copy()).id })],
  ['DELETE', 'directories/{t}/faults', 'all, or ?id=', (sim, t, body, q) => { t.faults.remove(q.has('id') ? Number(q.get('id')) : undefined); return t.faults.shown(); }],
  ['DELETE', 'directories/{t}/counts', 'counts from zero', (sim, t) => { t.forget(); return t.counts; }],
  ['GET', 'directories/{t}/objects', '?path=&id=', (sim, t, body, q) => t.find(q.get('path'), q.get('id') ?? undefined) ?? null],
  ['POST', 'directories/{t}/objects', '?path=: adds one', (sim, t, body, q) => t.add(q.get('path'), body)],
  ['PATCH', 'directories/{t}/objects', '?path=&id=: merges', (sim, t, body, q) => t.patch(q.get('path'), q.get('id') ?? undefined, body)],
  ['DELETE', 'directories/{t}/objects', '?path=&id=', (sim, t, body, q) => t.drop(q.get('path'), q.get('id'))],
];

function settle(t, { permissions, licences, page, limits, secrets, certificates, enabled, lives_s }) {
  if (licences) t.licences = new Set(licences);
  if (page !== undefined) t.pageMost = page;
  if (limits !== undefined) t.limits.on = limits;
  if (secrets) t.reader.secrets = secrets.map((s) => ({ from: 0, until: Infinity, ...s }));
  for (const [name, value] of Object.entries({ permissions, certificates, enabled, lives_s }))
    if (value !== undefined) t.reader[name] = value;
}

export async function control(sim, q, a) {
  const url = new URL(q.url, sim.controlUrl), say = (status, value) => { a.writeHead(status, { 'Content-Type': 'application/json' }); a.end(`${JSON.stringify(value, null, 1)}\n`); };
  const parts = url.pathname.split('/').filter(Boolean), tenant = parts[0] === 'directories' && parts[1] ? sim.tenant(parts[1]) : null;
  if (tenant === undefined)
    return say(404, { error: `there is no directory ${parts[1]}` });
  const path = tenant ? ['directories', '{t}', ...parts.slice(2)].join('/') : parts.join('/'), route = ROUTES.find(([method, at]) => method === q.method && at === path);
  if (!route)
    return say(404, { error: `there is no ${q.method} ${url.pathname}; GET /help says what there is` });
  const text = await bodyOf(q);
  try {
    return say(200, route[3](sim, tenant, text ? JSON.parse(text) : {}, url.searchParams));
  } catch (e) {
    return say(400, { error: e.message });
  }
}
