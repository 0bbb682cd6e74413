// installation.mjs - the installation that is measured, of one worker: requests to it, its processes, its log.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const base = new URL(process.env.BSX_URL), state = process.env.BSX_STATE;
const TICK_MS = 10; // of /proc/PID/stat

// ---- requests -----------------------------------------------------------------------------------

const agent = new http.Agent({ keepAlive: process.env.BSX_KEEPALIVE === '1', timeout: 20000 });
let made = 0;

// One request; `body` is bytes or a value to send as JSON.
export function send(method, target, { headers = {}, body, token } = {}) {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const id = `bench-${process.pid}-${++made}`;
  const h = { 'X-Request-Id': id, ...(token && { Authorization: `Bearer ${token}` }),
    ...(bytes && { 'Content-Type': 'application/json', 'Content-Length': bytes.length }), ...headers };
  if (!bytes && method !== 'GET')
    h['Content-Length'] = 0;
  return new Promise((resolve, reject) => {
    const r = http.request({ host: base.hostname, port: base.port, method, path: target, headers: h, agent, timeout: 900000 }, (a) => {
      const parts = [];
      let n = 0;
      a.on('data', (d) => { n += d.length; if (n < 1 << 20 || a.headers['content-type'] === 'application/json') parts.push(d); });
      a.on('error', reject);
      a.on('end', () => resolve({ id, status: a.statusCode, sent: bytes?.length ?? 0, got: n, text: () => Buffer.concat(parts).toString() }));
    });
    r.on('timeout', () => r.destroy(new Error('no answer')));
    r.on('error', reject);
    r.end(bytes);
  });
}

// ---- processes ----------------------------------------------------------------------------------

export const pidOf = (service) => Number(fs.readFileSync(path.join(state, 'run', `${service}.child`), 'utf8'));
export const worker = () => Number(fs.readFileSync(`/proc/${pidOf('responder')}/task/${pidOf('responder')}/children`, 'utf8').trim().split(' ')
  .find((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'bsx-fetch\n'));
const stat = (pid) => {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
};
// CPU seconds, of itself and of those of its children that have ended.
export const ticks = (pid) => (stat(pid)[11] + stat(pid)[12]) * TICK_MS / 1000;
export const endedTicks = (pid) => (stat(pid)[13] + stat(pid)[14]) * TICK_MS / 1000;

// ---- the log ------------------------------------------------------------------------------------

const logFile = path.join(state, 'log', 'responder.log');
export const logSize = () => fs.statSync(logFile).size;

// The line of a request, which is written after its answer; null: it did not come.
export async function lineOf(id, from) {
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) {
    const fd = fs.openSync(logFile, 'r'), bytes = Buffer.alloc(logSize() - from);
    fs.readSync(fd, bytes, 0, bytes.length, from);
    fs.closeSync(fd);
    const line = bytes.toString().split('\n').find((l) => l.includes(`"${id}"`) && l.includes('bsx.access') && l.endsWith('}'));
    if (line)
      return JSON.parse(line);
  }
  return null;
}
