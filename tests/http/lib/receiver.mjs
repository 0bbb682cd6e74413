// receiver.mjs - a webhook receiver that checks signatures by itself and by the library of Standard Webhooks 1.0.
import crypto from 'node:crypto';
import http from 'node:http';
import { Webhook } from 'standardwebhooks';
import { until } from './env.mjs';

export class Receiver {
  constructor() {
    this.got = []; // {id, at, status, headers, body, text}
    this.plan = []; // of the next answers: a status, or {status, body, headers}
    this.usual = 200; // when there is no plan: the same
    this.refuse = null; // what comes to this path is answered 500
    this.answers = new Map(); // of a path, before all plans; a word is what happens to the connection
    this.server = http.createServer((q, a) => this.#take(q, a));
  }

  async start(port = 0) {
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    this.server.unref(); // a test that failed must not keep the process
    this.port = this.server.address().port;
    return this;
  }

  url(path = '/hook') { return `http://127.0.0.1:${this.port}${path}`; }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async #take(q, a) {
    const parts = [];
    for await (const d of q)
      parts.push(d);
    const bytes = Buffer.concat(parts);
    const next = this.answers.get(q.url) ?? (q.url === this.refuse ? 500 : this.plan.length > 0 ? this.plan.shift() : this.usual);
    const { status: step, body = '', headers = {} } = typeof next === 'number' ? { status: next } : next;
    const one = { id: q.headers['webhook-id'], at: Date.now(), status: step, path: q.url, method: q.method,
      headers: q.headers, bytes, text: bytes.toString('utf8') };
    try {
      one.body = JSON.parse(one.text);
    } catch {
      one.body = null;
    }
    this.got.push(one);
    if (typeof next === 'string')
      return this.#breaks(next, q.socket);
    a.writeHead(step, step >= 300 && step < 400 ? { Location: this.url('/elsewhere') } : headers);
    a.end(body);
  }

  #breaks(how, socket) {
    socket.on('error', () => {});
    if (how === 'reset')
      socket.resetAndDestroy();
    else if (how === 'garbage')
      socket.end(Buffer.from('\x00\xff\r\n\r\nok', 'latin1'));
    else if (how === 'short')
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok');
    else if (how === 'endless')
      socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'), Buffer.alloc(4 << 20, 'ok')]));
    else if (how !== 'silent')
      throw new Error(`how does one do ${how}?`);
  }

  // The first delivery that fits.
  wait(what, fits, seconds = 15) {
    return until(`a delivery: ${what}`, () => this.got.find(fits), seconds);
  }

  of(event) { return this.got.filter((d) => d.body?.type === event); }
}

// secret as the API shows it: "whsec_" + base64 of the key.
export function verify(secret, delivery) {
  const ours = holds(secret, delivery, 300);
  let theirs = true;
  try {
    new Webhook(secret).verify(delivery.bytes, delivery.headers);
  } catch {
    theirs = false;
  }
  if (ours !== theirs)
    throw new Error(`the library says ${theirs} of ${JSON.stringify(delivery.headers)} ${delivery.text}`);
  return ours;
}

function holds(secret, delivery, toleranceS) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const id = delivery.headers['webhook-id'], time = delivery.headers['webhook-timestamp'];
  if (!/^msg_/.test(id ?? '') || !/^\d+$/.test(time ?? ''))
    return false;
  if (Math.abs(Date.now() / 1000 - Number(time)) > toleranceS)
    return false;
  const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), delivery.bytes]);
  const want = crypto.createHmac('sha256', key).update(signed).digest();
  return (delivery.headers['webhook-signature'] ?? '').split(' ').some((part) => {
    const [version, text] = part.split(',');
    const have = Buffer.from(text ?? '', 'base64');
    return version === 'v1' && have.length === want.length && crypto.timingSafeEqual(have, want);
  });
}
