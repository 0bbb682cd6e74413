// sim.mjs - the simulator: Graph and the token endpoint on one port, its control on another, on loopback.
import http from 'node:http';
import https from 'node:https';
import { control } from './control.mjs';
import { batchAnswer } from './batch.mjs';
import { consentAnswer } from './consent.mjs';
import { graphAnswer } from './graph.mjs';
import { Tenant } from './tenant.mjs';
import { tokenAnswer } from './token.mjs';

const BODY_MAX = 4 << 20;

export class Sim {
  constructor() {
    this.tenants = [];
    this.apps = new Map(); // those that are registered for any directory, by client id
    this.ahead_ms = 0; // of its clock
    this.clock = () => Date.now() + this.ahead_ms;
  }

  // { port, controlPort, tls: { key, cert } }: ports that are left out are chosen by the kernel; without tls it is plain HTTP.
  async start({ port = 0, controlPort = 0, tls = null, host = '127.0.0.1' } = {}) {
    const serve = (q, a) => this.#serve(q, a).catch((e) => a.destroy(e)), options = { maxHeaderSize: 65536, keepAliveTimeout: 60000 };
    this.server = tls ? https.createServer({ ...options, ...tls }, serve) : http.createServer(options, serve);
    this.control = http.createServer((q, a) => control(this, q, a).catch((e) => a.destroy(e)));
    await Promise.all([[this.server, port], [this.control, controlPort]].map(([server, at]) => new Promise((resolve, reject) => { server.once('error', reject); server.listen(at, host, resolve); })));
    this.url = `${tls ? 'https' : 'http'}://${host}:${this.server.address().port}`;
    this.controlUrl = `http://${host}:${this.control.address().port}`;
    return this;
  }

  stop() {
    return Promise.all([this.server, this.control].map((server) => { server.closeAllConnections(); return new Promise((resolve) => server.close(resolve)); }));
  }

  add(options) {
    const tenant = new Tenant(options, this.clock);
    if (this.tenants.some((t) => t.tenantId === tenant.tenantId))
      throw new RangeError(`there is a directory ${tenant.tenantId} already`);
    this.tenants.push(tenant);
    return tenant;
  }
  tenant(id) { return this.tenants.find((t) => t.tenantId === id); }

  async #serve(q, a) {
    const text = await bodyOf(q), url = new URL(q.url, this.url), path = decodeURI(url.pathname), when = new Date(this.clock());
    const token = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path);
    if (token && q.method === 'POST')
      return send(a, tokenAnswer(this.tenants, token[1], new URLSearchParams(text), `${this.url}${url.pathname}`, when));
    const consent = /^\/([^/]+)\/adminconsent$/.exec(path);
    if (consent && q.method === 'GET')
      return send(a, consentAnswer(this, consent[1], url.searchParams));
    if (!path.startsWith('/v1.0/'))
      return send(a, { status: 404, headers: { 'Content-Type': 'text/plain' }, body: 'There is /v1.0/..., /{tenant}/adminconsent and /{tenant}/oauth2/v2.0/token here.\n' });
    const ask = { method: q.method, path: path.slice('/v1.0/'.length).replace(/\/$/, ''), q: url.searchParams, headers: q.headers, base: `${this.url}/v1.0` };
    return send(a, ask.path === '$batch' && q.method === 'POST' ? batchAnswer(this.tenants, ask, parsed(text)) : graphAnswer(this.tenants, ask));
  }
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

export async function bodyOf(q) {
  const parts = [];
  let n = 0;
  for await (const part of q) {
    if ((n += part.length) > BODY_MAX)
      throw new RangeError('the body is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function send(a, answer) {
  const body = Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  if (answer.slow_ms)
    await new Promise((resolve) => setTimeout(resolve, answer.slow_ms));
  if (answer.tenant)
    answer.tenant.counts.bytes += body.length;
  if (answer.reset || answer.cut) {
    a.writeHead(answer.status, { ...answer.headers, ...(answer.reset && { 'Content-Length': body.length }) });
    a.write(body.subarray(0, Math.floor(body.length / 2)));
    setTimeout(() => a.destroy(), 20); // what was written goes out first
    return;
  }
  a.writeHead(answer.status, { ...answer.headers, 'Content-Length': body.length });
  a.end(body);
}
