// answers.mjs - the table of what receivers say and what is done then (tests/lib/answers.tsv), as something to be tried.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { root, sql, until } from './env.mjs';
import { all, unique } from './people.mjs';

const WAIT = 100; // seconds, where a receiver says so
const table = fs.readFileSync(path.join(root, 'tests', 'lib', 'answers.tsv'), 'utf8').split('\n').filter((l) => l && !l.startsWith('#'))
  .map((l) => l.split('\t')).flatMap(([kinds, answer, holds, done, outcome, rest, says]) => kinds.split(',').map((kind) => {
    const [from, to = from] = /^\d+(-\d+)?$/.test(answer) ? answer.split('-').map(Number) : [0];
    return { kind, answer, holds, done, outcome, rest, says: says === '-' ? '' : says, from, to };
  }));

const bodyOf = ({ holds }) => holds.startsWith('=') ? holds.slice(1) : JSON.stringify({ error: { code: holds === '-' ? 'something' : holds } });
const meets = (row, status, body) => row.from <= status && status <= row.to &&
  (row.holds === '-' || (row.holds.startsWith('=') ? body.trim() === row.holds.slice(1) : body.includes(row.holds)));

// The rows of a kind, each with an answer that meets it and none before it.
export function rowsOf(kind) {
  const rows = table.filter((r) => r.kind === kind);
  assert.ok(rows.length >= 3, `no rows of ${kind}`);
  return rows.map((row, i) => {
    if (row.from === 0)
      return row;
    const body = bodyOf(row), status = [...Array(row.to - row.from + 1).keys()].map((n) => row.from + n)
      .find((s) => !rows.slice(0, i).some((r) => meets(r, s, body)));
    assert.ok(status, `${kind} ${row.answer}: rows before it take all of it`);
    return { ...row, status, body, headers: row.rest === '-' ? {} : { 'Retry-After': String(WAIT) } };
  });
}

// For each row a channel, as `target` makes it, and a test message: its first attempt and the channel say what the table says.
export async function walk(admin, schema, rows, target) {
  const channels = [];
  const one = async (row) => {
    const made = await admin('POST', '/api/drift/channels', { body: { name: unique(row.kind), kind: row.kind, ...await target(row) } });
    assert.equal(made.status, 201, made.text);
    const tried = await admin('POST', `/api/drift/channels/${made.json.id}/test`), what = `${row.kind} ${row.answer} ${row.holds}`;
    assert.equal(tried.status, 202, `${what}: ${tried.text}`);
    const log = await until(`an attempt: ${what}`, async () => { const got = await all(admin, `/api/drift/channels/${made.json.id}/deliveries`); return got.length > 0 && got; });
    channels.push({ row, what, channel: made.json, delivery: log.at(-1) });
  };
  for (let i = 0; i < rows.length; i += 24)
    await Promise.all(rows.slice(i, i + 24).map(one));

  const now = new Map((await all(admin, '/api/drift/channels')).map((c) => [c.id, c]));
  const due = new Map(sql(`SELECT HEX(o.channel_id), UNIX_TIMESTAMP(i.next_due) - UNIX_TIMESTAMP() FROM outbox_index i JOIN ${schema}.outbox o ON o.id = i.id`).split('\n').map((l) => l.split('\t')));
  for (const { row, what, channel, delivery } of channels) {
    const { status, status_reason: reason } = now.get(channel.id), said = `${what}: ${JSON.stringify(delivery)} ${status}: ${reason}`;
    assert.equal(delivery.outcome, row.outcome, said);
    assert.equal(delivery.http_status, row.answer === 'endless' ? 200 : row.status, said);
    assert.equal(status, row.done === 'disabled' ? 'disabled' : 'active', said);
    assert.ok({ delivered: ['delivered'], again: ['pending', 'delivered', 'dead'], over: ['dead'], disabled: ['dead'] }[row.done].includes(delivery.state), said);
    if (row.done === 'again') {
      const left = Number(due.get(channel.id.replaceAll('-', '').toUpperCase()));
      assert.ok(left > (row.rest === '-' ? -3600 : WAIT - 60), `${said}: due in ${left} s`);
    }
    assert.ok((row.done === 'disabled' ? reason : delivery.detail).includes(row.says), said);
    assert.match(delivery.detail, /^[A-Z].*\.$/s, said);
    assert.ok(!/something|code/.test(delivery.detail + (reason ?? '')), `what the receiver wrote is not told: ${said}`);
  }
}
