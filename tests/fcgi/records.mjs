// records.mjs - what no web server says on a FastCGI connection, and what a crowd of sign-ins may hold up.
import path from 'node:path';
import { ABORT, begin, BEGIN, DATA, END, GET_VALUES, open, pair, PARAMS, parameters, record, request, say, STDIN } from './fastcgi.mjs';
import { check, children, start, test, until } from './lib.mjs';

const LIVE = '/api/health/live';
const whole = (...pairs) => [begin(), record(PARAMS, Buffer.concat(pairs)), record(PARAMS), record(STDIN)];
const live = parameters(LIVE);
const post = parameters('/api/auth/login', { REQUEST_METHOD: 'POST', CONTENT_TYPE: 'application/json', CONTENT_LENGTH: 13 });
const body = '{"unknown":1}';
const asks = (n) => record(GET_VALUES, Buffer.concat(Array(n).fill(pair('FCGI_MAX_CONNS', ''))), { id: 0 });
const split = (bytes, n) => Array.from({ length: Math.ceil(bytes.length / n) }, (_, i) => bytes.subarray(i * n, i * n + n));
const length = (n) => [128 | (n >>> 24), (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const sizes = (name, value) => Buffer.concat([Buffer.from([...length(name), ...length(value)]), Buffer.alloc(100, 'a')]);

// What is said, and the status of the answer; 0: none, the connection is closed.
const cases = [
  ['lengths that together pass 2^31', whole(sizes(0x7fffffff, 0x7fffffff)), 0],
  ['lengths that together are just 2^31', whole(sizes(0x40000000, 0x40000000)), 0],
  ['lengths that with the = and the NUL pass 2^31', whole(sizes(0x7ffffffe, 0)), 0],
  ['a name longer than memory', whole(sizes(0x7fff0000, 1)), 0],
  ['a value longer than its record', whole(sizes(10, 200)), 0],
  ['half a length', whole(Buffer.from([1, 128, 0])), 0],
  ['another version', [record(BEGIN, [0, 1, 0, 0, 0, 0, 0, 0], { version: 2 })], 0],
  ['a begin that is too short', [record(BEGIN, [0, 1, 0, 0]), record(PARAMS)], 0],
  ['parameters without a begin', [record(PARAMS, live), record(PARAMS)], 0],
  ['a body in the parameters', [begin(), record(PARAMS, live), record(STDIN, 'x')], 0],
  ['an abort in the parameters', [begin(), record(PARAMS, live), record(ABORT)], 0],
  ['records of nobody without end', Array(200).fill(record(77, 'x', { id: 0 })), 0],
  ['another role', [begin(1, 2), record(PARAMS, live), record(PARAMS)], 0],
  ['a value asked for nine times', [asks(9), ...whole(live)], 200],
  ['the same behind the parameters', [begin(), record(PARAMS, post), record(PARAMS), asks(9), record(STDIN, body), record(STDIN)], 422],
  ['the same in the middle of the body', [begin(), record(PARAMS, post), record(PARAMS), record(STDIN, body.slice(0, 5)),
    record(GET_VALUES, sizes(0x7fffffff, 0x7fffffff), { id: 0 }), record(STDIN, body.slice(5)), record(STDIN)], 422],
  ['an unknown management record', [record(77, 'x', { id: 0 }), ...whole(live)], 200],
  ['a second request on the connection', [begin(), begin(2), record(PARAMS, live), record(PARAMS, 'x', { id: 2 }), record(PARAMS),
    record(STDIN)], 200],
  ['a byte in each record, with padding', [begin(), ...split(live, 1).map((b) => record(PARAMS, b, { padding: 255 })),
    record(PARAMS), record(STDIN)], 200],
  ['data of a filter', [begin(), record(PARAMS, post), record(PARAMS), record(DATA, 'x'), record(STDIN, body), record(STDIN)], 422],
  ['no parameters at all', whole(Buffer.alloc(0)), 400],
  ['a parameter without a name', whole(pair('', 'x'), live), 400],
  ['a name with =', whole(pair('A=B', 'x'), live), 400],
  ['a name with NUL', whole(pair('A\0B', 'x'), live), 400],
  ['a value with NUL', whole(live, pair('HTTP_X', 'a\0b')), 400],
  ['a parameter that comes twice', whole(live, live), 400],
  ['a header of 40 kB', whole(live, pair('HTTP_X', 'x'.repeat(40000))), 431],
  ['headers of 500 kB', [begin(), ...split(Buffer.concat([live, pair('HTTP_X', 'x'.repeat(500000))]), 65535)
    .map((b) => record(PARAMS, b)), record(PARAMS), record(STDIN)], 431],
];

export async function records({ installation, responder, lines, stop }) {
  const it = installation();
  const r = await responder(it, '-w', '1');
  for (const [what, said, status] of cases)
    await test(`records: ${what}: ${status === 0 ? 'the connection is closed' : status}, and the worker lives`, async () => {
      const [worker] = children(r.pid);
      const answer = await say(it.socket, ...said);
      check(answer.status === status, `${answer.status} ${answer.body}`);
      const next = await request(it.socket, LIVE);
      check(next.status === 200 && children(r.pid)[0] === worker, `worker ${worker} is now ${children(r.pid)}`);
    });
  await test('records: who asks for values is told them, and a second request that there is no multiplexing', async () => {
    const values = await say(it.socket, asks(1), ...whole(live));
    const pairs = Buffer.concat(['FCGI_MAX_CONNS', 'FCGI_MAX_REQS', 'FCGI_MPXS_CONNS'].map((n, i) => pair(n, i < 2 ? 1 : 0)));
    check(values.records[0].type === 10 && values.records[0].content.equals(pairs), JSON.stringify(values.records[0]));
    const second = await say(it.socket, begin(), begin(7), record(PARAMS, live), record(PARAMS), record(STDIN));
    const refusal = second.records.find((x) => x.type === END && x.id === 7);
    check(refusal?.content[4] === 1 && second.status === 200 && second.ended, JSON.stringify(second.records));
    const role = await say(it.socket, begin(1, 2));
    check(role.records.some((x) => x.type === END && x.content[4] === 3), JSON.stringify(role.records));
  });
  await test('records: an abort in the body is accounted as a client that left', async () => {
    const before = lines(r, '/api/auth/login').length;
    await say(it.socket, begin(), record(PARAMS, post), record(PARAMS), record(STDIN, '{'), record(ABORT));
    await until('the line', () => lines(r, '/api/auth/login').length === before + 1);
    check(lines(r, '/api/auth/login').at(-1)['http.response.status_code'] === 499, 'not 499');
  });
  await test('records: the log says why a connection was refused', () => {
    const why = lines(r, 'fastcgi.refuse').map((l) => l['error.message']);
    for (const word of ['longer than all of them', 'another version', 'does not belong', 'another role', 'of no request'])
      check(why.some((w) => w.includes(word)), `${word}: ${[...new Set(why)].join('; ')}`);
  });
  await stop(r);
}

let people = 0; // each from an address of their own, to an account of their own: no budget is used up

// Others stand in the lane of password hashing, as many as may: a worker may still be on its way out of it.
async function crowd(it, build, workers, places) {
  const inside = [];
  await until(`${places} to get in`, async () => {
    const child = start(path.join(build, 'tests/fcgi/lane'), [path.join(it.dir, 'segment'), String(workers)],
      { stdio: ['pipe', 'pipe', 'pipe'] });
    await until('it to say where it is', () => child.text.includes('\n'));
    if (child.text === 'in\n')
      inside.push(child);
    return child.text === 'full\n' && inside.length >= places;
  });
  return inside;
}

export async function lanes({ build, installation, responder, lines, stop }) {
  for (const workers of [1, 2, 3, 4, 8]) {
    const it = installation();
    const r = await responder(it, '-w', String(workers));
    const places = Math.max(1, Math.floor(workers / 2));
    const ask = () => {
      const a = { answer: null };
      const text = JSON.stringify({ tenant: 'acme', email: `u${++people}@acme.test`, password: 'correct horse' });
      const params = { REMOTE_ADDR: `192.0.2.${people % 256}` };
      a.x = open(it.socket, '/api/auth/login', { method: 'POST', length: text.length, params });
      a.x.head();
      a.x.body(text);
      a.x.end();
      a.done = a.x.answer.then((v) => { a.answer = v; });
      return a;
    };
    await test(`lanes: of ${workers} workers ${places} may hash; the others answer while sign-ins wait, and these come to their turn`, async () => {
      const inside = await crowd(it, build, workers, places);
      check(inside.length === places, `${inside.length} got in`);
      const waiting = Array.from({ length: 10 }, ask);
      for (let i = 0; i < 3 * workers; i++)
        check((await request(it.socket, LIVE)).status === 200, 'live');
      inside.forEach((child) => child.stdin.end());
      await Promise.all([...waiting.map((a) => a.done), ...inside.map((child) => child.ended)]);
      // There is no database: whoever gets into the lane finds that out.
      for (const { answer } of waiting)
        check(answer.status === 503 && /"code":"(unavailable|busy)"/.test(answer.body), answer.body);
      check(waiting.some((a) => a.answer.body.includes('"unavailable"')), 'nobody came to their turn');
    });
    if (workers <= 2) // as many connections as all places together
      await test(`lanes: with ${workers} workers, who comes when all places to wait are taken is told at once that the server is busy`, async () => {
        const inside = await crowd(it, build, workers, places);
        const before = lines(r, '/api/auth/login').length;
        const asked = Array.from({ length: 256 * workers + 8 }, ask);
        await until('the first to be refused', () => asked.some((a) => a.answer !== null));
        check((await request(it.socket, LIVE)).status === 200, 'live');
        const left = asked.filter((a) => a.answer === null)[0];
        left?.x.socket.destroy();
        await Promise.all(asked.filter((a) => a !== left).map((a) => a.done));
        for (const { answer } of asked.filter((a) => a !== left))
          check(answer.status === 503 && answer.body.includes('"busy"') && /^Retry-After: \d/m.test(answer.head), answer.body);
        await until('every one to be accounted for', () => lines(r, '/api/auth/login').length === before + asked.length);
        const gone = lines(r, '/api/auth/login').filter((l) => l['http.response.status_code'] === 499).length;
        check(left === undefined || gone === 1, `${gone} left`);
        inside.forEach((child) => child.stdin.end());
        await Promise.all(inside.map((child) => child.ended));
      });
    await stop(r);
  }
}
