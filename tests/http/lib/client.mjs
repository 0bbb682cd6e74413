// client.mjs - requests over node:http, and over a bare socket for what no client library sends.
//
// Every answer of call() is held against our own OpenAPI document (spec.mjs).
import http from 'node:http';
import net from 'node:net';
import { base } from './env.mjs';
import { checkAnswer } from './spec.mjs';

const prefix = `t${process.pid}-${Date.now().toString(36)}-`;
let made = 0;

export const newId = () => prefix + ++made;
// Web servers close a connection that was idle for 5 s: we let go of it before, also where this process itself
// stood still meanwhile (a program that it waited for), so that no timer of its own could run.
const IDLE_MS = 2000;
class Agent extends http.Agent {
  keepSocketAlive(socket) {
    socket.idleSince = Date.now();
    return super.keepSocketAlive(socket);
  }

  addRequest(...request) {
    for (const socket of Object.values(this.freeSockets).flat())
      if (Date.now() - socket.idleSince > IDLE_MS)
        socket.destroy();
    return super.addRequest(...request);
  }
}
export const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: IDLE_MS });

export class Answer {
  constructor(status, headers, bytes) {
    this.status = status;
    this.headers = headers;
    this.bytes = bytes;
  }

  get text() { return this.bytes.toString('utf8'); }
  get json() { return JSON.parse(this.text); }
  get id() { return this.headers['x-request-id']; }
  get cookies() { return this.headers['set-cookie'] ?? []; }
  // Our own answer, not one of the web server in front.
  get ours() { return this.id !== undefined; }
}

// One request, unchecked. options: headers, body (text, bytes, or a value to send as JSON), id, timeout, agent, port,
// localAddress (a loopback address to come from).
export function send(method, target, options = {}) {
  const headers = { 'X-Request-Id': options.id ?? newId(), ...options.headers };
  let body = options.body;
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) {
    body = JSON.stringify(body);
    headers['Content-Type'] ??= 'application/json';
  }
  if (body !== undefined && headers['Transfer-Encoding'] === undefined)
    headers['Content-Length'] ??= Buffer.byteLength(body);
  else if (body === undefined && method !== 'GET' && method !== 'HEAD')
    headers['Content-Length'] ??= 0;
  for (const name of Object.keys(headers))
    if (headers[name] === undefined || headers[name] === null)
      delete headers[name];
  return new Promise((resolve, reject) => {
    const r = http.request({ host: base.hostname, port: options.port ?? base.port, method, path: target, headers,
      agent: options.agent ?? agent, timeout: options.timeout ?? 60000,
      localAddress: options.localAddress }, (a) => {
      const parts = [];
      a.on('data', (d) => parts.push(d));
      a.on('error', reject);
      a.on('end', () => resolve(new Answer(a.statusCode, a.headers, Buffer.concat(parts))));
    });
    r.on('timeout', () => r.destroy(new Error(`no answer to ${method} ${target}`)));
    r.on('error', reject);
    r.end(body);
  });
}

// The same, and the answer must be as documented.
export async function call(method, target, options = {}) {
  const answer = await send(method, target, options);
  await checkAnswer(method, target, answer);
  return answer;
}

// Sends bytes as they are and reads until the server closes. `end`: half-close after sending.
export function raw(bytes, { timeout = 20000, end = false } = {}) {
  return new Promise((resolve, reject) => {
    const parts = [];
    const s = net.connect({ host: base.hostname, port: Number(base.port), allowHalfOpen: true });
    s.setTimeout(timeout, () => s.destroy(new Error('no answer')));
    s.on('error', (e) => (parts.length > 0 ? s.destroy() : reject(e)));
    s.on('data', (d) => parts.push(d));
    s.on('end', () => s.end());
    s.on('close', () => resolve(parse(Buffer.concat(parts))));
    s.write(bytes);
    if (end)
      s.end();
  });
}

// Sends bytes and goes away: after `wait` milliseconds, with a reset when `reset`.
export function abort(bytes, { wait = 0, reset = false } = {}) {
  return new Promise((resolve) => {
    const s = net.connect({ host: base.hostname, port: Number(base.port) });
    s.on('error', () => {});
    s.on('close', resolve);
    s.on('connect', () => s.write(bytes, () =>
      setTimeout(() => (reset ? s.resetAndDestroy() : s.destroy()), wait)));
  });
}

// Request text with "Connection: close".
export function text(method, target, headers = {}, body = '') {
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${base.host}`, 'Connection: close'];
  for (const [name, value] of Array.isArray(headers) ? headers : Object.entries(headers))
    lines.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

function dechunk(bytes) {
  const parts = [];
  for (let at = 0;;) {
    const eol = bytes.indexOf('\r\n', at);
    const n = eol < 0 ? 0 : parseInt(bytes.toString('latin1', at, eol), 16);
    if (!n)
      return Buffer.concat(parts);
    parts.push(bytes.subarray(eol + 2, eol + 2 + n));
    at = eol + 2 + n + 2;
  }
}

function parse(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0)
    return new Answer(0, {}, bytes);
  const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).toLowerCase(), value = line.slice(at + 1).trim();
    if (name === 'set-cookie')
      (headers[name] ??= []).push(value);
    else
      headers[name] = value;
  }
  const body = bytes.subarray(end + 4);
  return new Answer(Number(first.split(' ')[1]), headers,
    headers['transfer-encoding'] === 'chunked' ? dechunk(body) : body);
}
