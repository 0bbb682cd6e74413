// second.mjs - another responder on the same database, configured otherwise, behind a lighttpd of its own.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../../lib/ports.mjs';
import { build, state, until } from './env.mjs';
import { send } from './client.mjs';

const lighttpd = ['/usr/sbin/lighttpd', '/usr/local/sbin/lighttpd'].find((p) => fs.existsSync(p)) ?? 'lighttpd';

export class Second {
  constructor(name) {
    this.dir = path.join(state, 'run', name);
    this.procs = [];
    fs.mkdirSync(this.dir, { recursive: true, mode: 0o700 });
  }

  file(name) { return path.join(this.dir, name); }

  spawn(command, args, stdio = 'ignore') {
    const p = spawn(command, args, { stdio });
    this.procs.push(p);
    return p;
  }

  // drop: settings of the trial's configuration to leave out; add: lines; stderr: where the log goes.
  async start({ drop = [], add = '', stderr = fs.openSync(this.file('log'), 'a'), alive = '/api/health' } = {}) {
    this.port = await freePort(build);
    const own = ['state_dir', 'listen', ...drop].join('|');
    const conf = fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8').split('\n')
      .filter((l) => !new RegExp(`^(${own})\\b`).test(l)).join('\n');
    fs.writeFileSync(this.file('bsx.conf'), `${conf}\nstate_dir = "${this.dir}";\n` +
      `listen: { socket = "${this.file('s')}"; mode = "0600"; };\n${add}\n`, { mode: 0o600 });
    fs.writeFileSync(this.file('lighttpd.conf'), `
server.modules = ("mod_fastcgi")
server.document-root = "${this.dir}"
server.bind = "127.0.0.1"
server.port = ${this.port}
server.errorlog = "${this.file('lighttpd.log')}"
server.upload-dirs = ("${this.dir}")
server.listen-backlog = 1024
fastcgi.server = ("/" => (("socket" => "${this.file('s')}", "check-local" => "disable", "fix-root-scriptname" => "enable")))
`);
    this.spawn(path.join(build, 'blindspotx.fcgi'), ['-c', this.file('bsx.conf')], ['ignore', 'ignore', stderr]);
    fs.closeSync(stderr);
    await until('the socket of a second responder', () => fs.existsSync(this.file('s')));
    this.spawn(lighttpd, ['-D', '-f', this.file('lighttpd.conf')]);
    await until('an answer of a second responder', () => this.send('GET', alive).then((a) => a.status === 200, () => false));
    return this;
  }

  send(method, target, options = {}) {
    return send(method, target, { ...options, port: this.port });
  }

  async stop() {
    for (const p of this.procs.reverse())
      p.kill('SIGTERM');
    await until('their end', () => this.procs.every((p) => p.exitCode !== null || p.signalCode !== null), 15);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
