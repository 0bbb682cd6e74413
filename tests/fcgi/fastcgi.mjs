// fastcgi.mjs - a FastCGI client that can do what web servers do not: stay silent, stop in the middle of a
// body, keep a connection, go away.
import net from 'node:net';

export const BEGIN = 1, ABORT = 2, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, DATA = 8, GET_VALUES = 9;

export function record(type, content = '', { id = 1, padding = 0, version = 1 } = {}) {
  const c = Buffer.from(content);
  const header = Buffer.from([version, type, id >> 8, id & 255, c.length >> 8, c.length & 255, padding, 0]);
  return Buffer.concat([header, c, Buffer.alloc(padding)]);
}

export function pair(name, value) {
  const n = Buffer.from(name), v = Buffer.from(String(value));
  const length = (b) => (b.length < 128 ? Buffer.from([b.length])
    : Buffer.from([(b.length >> 24) | 128, (b.length >> 16) & 255, (b.length >> 8) & 255, b.length & 255]));
  return Buffer.concat([length(n), length(v), n, v]);
}

export const begin = (id = 1, role = 1) => record(BEGIN, [role >> 8, role & 255, 0, 0, 0, 0, 0, 0], { id });

// The parameters of a request as the bytes of their records' content.
export const parameters = (uri, more = {}) => Buffer.concat(Object.entries({ ...defaults, REQUEST_URI: uri, ...more })
  .map(([n, v]) => pair(n, v)));

// Says these bytes and nothing else; resolves like an exchange's answer, with the records as they came.
export function say(path, ...parts) {
  return new Promise((resolve) => {
    const socket = net.connect(path), got = [];
    socket.on('data', (d) => got.push(d));
    socket.on('error', () => {});
    socket.on('close', () => resolve({ ...parse(Buffer.concat(got)), records: records(Buffer.concat(got)) }));
    socket.write(Buffer.concat(parts.map((p) => Buffer.from(p))));
  });
}

function records(bytes) {
  const out = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const n = bytes.readUInt16BE(at + 4);
    out.push({ type: bytes[at + 1], id: bytes.readUInt16BE(at + 2), content: bytes.subarray(at + 8, at + 8 + n) });
    at += 8 + n + bytes[at + 6];
  }
  return out;
}

const defaults = {
  GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1', SERVER_NAME: 'localhost', SERVER_PORT: '80',
  REMOTE_ADDR: '127.0.0.1', REQUEST_METHOD: 'GET',
};

// An open exchange: .answer resolves to {status, headers, body, ended, closed} when the peer has closed.
export function open(path, uri, { params = {}, keep = false, method = 'GET', length = null } = {}) {
  const socket = net.connect(path);
  const all = { ...defaults, REQUEST_METHOD: method, REQUEST_URI: uri, ...params };
  if (length !== null)
    Object.assign(all, { CONTENT_LENGTH: length, CONTENT_TYPE: 'application/json' });
  const names = Object.entries(all).map(([n, v]) => pair(n, v));
  const exchange = {
    socket,
    head: () => socket.write(Buffer.concat([record(BEGIN, Buffer.from([0, 1, keep ? 1 : 0, 0, 0, 0, 0, 0])),
      record(PARAMS, Buffer.concat(names)), record(PARAMS, Buffer.alloc(0))])),
    body: (text) => socket.write(record(STDIN, Buffer.from(text))),
    end: () => socket.write(record(STDIN, Buffer.alloc(0))),
  };
  exchange.answer = new Promise((resolve) => {
    const parts = [];
    socket.on('data', (d) => parts.push(d));
    socket.on('error', (error) => resolve({ error }));
    socket.on('close', () => resolve(parse(Buffer.concat(parts))));
  });
  return exchange;
}

function parse(bytes) {
  let at = 0, ended = false;
  const out = [];
  while (at + 8 <= bytes.length) {
    const type = bytes[at + 1], n = bytes.readUInt16BE(at + 4), padding = bytes[at + 6];
    if (type === STDOUT)
      out.push(bytes.subarray(at + 8, at + 8 + n));
    ended ||= type === END;
    at += 8 + n + padding;
  }
  const text = Buffer.concat(out).toString();
  const split = text.indexOf('\r\n\r\n');
  const head = split < 0 ? '' : text.slice(0, split);
  const status = Number(/^Status: (\d+)/m.exec(head)?.[1] ?? (head ? 200 : 0));
  return { status, head, body: split < 0 ? '' : text.slice(split + 4), ended };
}

// A whole request at once.
export function request(path, uri, options = {}) {
  const body = options.body ?? null;
  const x = open(path, uri, { ...options, length: body === null ? null : Buffer.byteLength(body) });
  x.head();
  if (body !== null)
    x.body(body);
  x.end();
  return x.answer;
}
