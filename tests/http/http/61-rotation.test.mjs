// etc/logrotate.conf as it stands, with logrotate itself: both programs go on in the new file, and no line is lost.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { alive, build, root, until } from '../lib/env.mjs';
import { newId } from '../lib/client.mjs';
import { Second } from '../lib/second.mjs';

const there = new Second('rotation-test');
let logs, daemon;

before(async () => {
  logs = there.file('logs');
  fs.mkdirSync(logs, { mode: 0o750 });
  await there.start({ add: `log: { target = "${path.join(logs, 'blindspotx.log')}"; };` });
  daemon = there.spawn(path.join(build, 'driftd'), ['-c', there.file('bsx.conf')]);
});
after(() => there.stop());

const read = (name) => fs.readFileSync(path.join(logs, name), 'utf8').trimEnd().split('\n').map((l) => JSON.parse(l));
const has = (name, fits) => fs.existsSync(path.join(logs, name)) && read(name).some(fits);
const of = (service, action) => (l) => l['service.name'] === service && l['event.action'] === action;

// The example with this test's folder, account and processes in the place of an installation's.
function rotate() {
  const { username } = os.userInfo(), group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
  const example = fs.readFileSync(path.join(root, 'etc', 'logrotate.conf'), 'utf8');
  const text = example.replaceAll('/var/log/blindspotx', logs).replace('su blindspotx blindspotx', `su ${username} ${group}`)
    .replace(/^\t\tsystemctl .*$/m, `\t\tkill -HUP ${there.procs[0].pid} ${daemon.pid}`);
  assert.match(text, /kill -HUP \d+ \d+/);
  fs.writeFileSync(there.file('rotate.conf'), text, { mode: 0o600 });
  execFileSync('/usr/sbin/logrotate', ['--force', '--state', there.file('rotate.state'), there.file('rotate.conf')]);
}

test('after a turn both programs write into the new file, every line whole', async () => {
  await until('driftd', () => has('blindspotx.log', of('driftd', 'start')));
  const asked = [];
  const ask = async () => {
    asked.push(newId());
    assert.equal((await there.send('GET', '/api/health', { id: asked.at(-1) })).status, 200);
  };
  const known = (name) => new Set(read(name).map((l) => l['http.request.id']).filter(Boolean));
  await ask();
  rotate();
  for (const service of ['blindspotx', 'driftd'])
    await until(`the reload of ${service}`, () => has('blindspotx.log', of(service, 'reload')));
  await until('a worker that writes into the new file', async () => { // one that is ending has the old one still
    await ask();
    return asked.some((id) => known('blindspotx.log').has(id));
  });
  await until('every line to be in one of the two', () => asked.every((id) => known('blindspotx.log').has(id) || known('blindspotx.log.1').has(id)));
  assert.ok(known('blindspotx.log.1').has(asked[0]));
  for (const line of [...read('blindspotx.log'), ...read('blindspotx.log.1')])
    for (const name of ['event.category', 'event.type'])
      assert.ok(Array.isArray(line[name]) && line[name].length > 0, `${name} of ${JSON.stringify(line)}`);
  assert.equal(fs.statSync(path.join(logs, 'blindspotx.log')).mode & 0o777 & ~0o640, 0, 'for its owner and group');
  assert.ok(there.procs.every((p) => alive(p.pid)));
  rotate();
  await until('the first one to be compressed', () => fs.existsSync(path.join(logs, 'blindspotx.log.2.gz')));
});
