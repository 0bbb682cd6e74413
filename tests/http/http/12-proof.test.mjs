// The trail of a tenant as others check it: what driftd signed, the keys that the installation shows, and bsx-audit-verify.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, sql, state, until } from '../lib/env.mjs';
import { call } from '../lib/client.mjs';
import { bearer, bsxctl, newKey, newTenant } from '../lib/people.mjs';

const who = newTenant(), folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-proof.')), at = (name) => path.join(folder, name);
let admin, trail, checkpoint, size;

const verify = (...more) => {
  const run = spawnSync(path.join(build, 'bsx-audit-verify'), ['--key', at('keys'), ...more], { encoding: 'utf8' });
  return { status: run.status, text: run.stdout + run.stderr };
};

before(async () => {
  admin = await bearer(who);
  for (let i = 0; i < 3; i++)
    await newKey(admin);
  sql('UPDATE audit_heads SET looked_at = NULL');
  execFileSync(path.join(build, 'driftd'), ['-c', path.join(state, 'etc', 'blindspotx.conf'), '--once', '--max-time', '30'], { stdio: 'ignore' });
  const points = await until('a checkpoint', async () => {
    const { checkpoints } = (await admin('GET', '/api/audit/checkpoints')).json;
    return checkpoints.length > 0 && checkpoints;
  });
  ({ note: checkpoint, size } = points.at(-1));
  fs.writeFileSync(at('checkpoint'), checkpoint);
  const { keys } = (await call('GET', '/.well-known/audit-keys.json')).json;
  fs.writeFileSync(at('keys'), keys.map((k) => `${k.key}\n`).join(''));
  const export_ = await admin('GET', '/api/audit', { headers: { Accept: 'application/x-ndjson' } });
  assert.equal(export_.status, 200, export_.text);
  trail = export_.text.trimEnd().split('\n');
});
after(() => fs.rmSync(folder, { recursive: true }));

function check(lines) {
  fs.writeFileSync(at('trail'), `${lines.join('\n')}\n`);
  return verify('--checkpoint', at('checkpoint'), at('trail'));
}

test('an export fits the checkpoint that was signed of it', () => {
  const { status, text } = check(trail);
  assert.equal(status, 0, text);
  assert.match(text, /^ok/);
});

test('the admin tool writes the same bytes', () => {
  const lines = bsxctl('audit', 'export', who.tenant).trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, trail.length), trail);
  assert.match(JSON.parse(lines.at(-1)).actor_name, /^bsxctl:/);
  const { status, text } = check(lines);
  assert.equal(status, 0, text);
});

test('what was changed, taken away, turned round or cut off is found', () => {
  const seq = (line) => JSON.parse(line).seq, signed = trail.findIndex((l) => seq(l) <= size && seq(l) > 1);
  const edited = (f) => check(trail.map((l, i) => (i === signed ? JSON.stringify(f(JSON.parse(l))) : l)));
  for (const [what, run] of Object.entries({
    address: () => edited((e) => ({ ...e, address: '203.0.113.9' })),
    action: () => edited((e) => ({ ...e, action: 'user.delete' })),
    time: () => edited((e) => ({ ...e, at: '2020-01-01T00:00:00.000Z' })),
    salt: () => edited((e) => ({ ...e, salt: '00'.repeat(16) })),
    removed: () => check(trail.filter((l, i) => i !== signed)),
    turned: () => check([...trail].reverse()),
    tail: () => check(trail.filter((l) => seq(l) < size)),
  })) {
    const { status, text } = run();
    assert.equal(status, 1, `${what}: ${text}`);
  }
});

test('a checkpoint of another key, or of another tenant, is worth nothing', async () => {
  fs.writeFileSync(at('checkpoint'), checkpoint.replace(/\n(\d+)\n/, (all, n) => `\n${Number(n) - 1}\n`));
  assert.notEqual(check(trail).status, 0);
  fs.writeFileSync(at('checkpoint'), checkpoint);
  fs.writeFileSync(at('keys'), `${Buffer.alloc(32, 3).toString('base64')}\n`);
  assert.notEqual(check(trail).status, 0);
});
