// fronts.mjs - the installation under test behind each of the four web servers of etc/, as those files are, with compression.
//
// What each of the four really does to entity tags (nginx 1.22, Apache 2.4, Caddy 2.6, lighttpd 1.4.69) is in the tests.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { freePort } from '../../lib/ports.mjs';
import { build, root, state, until } from './env.mjs';
import { send } from './client.mjs';

const isRoot = process.getuid() === 0;
const socket = /listen: \{ socket = "([^"]+)"/.exec(fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8'))[1];
const program = (name) => ['/usr/sbin', '/usr/local/sbin', '/usr/bin'].map((d) => path.join(d, name)).find((p) => fs.existsSync(p)) ?? name;
const example = (name) => fs.readFileSync(path.join(root, 'etc', name), 'utf8').replaceAll('/run/blindspotx/fcgi.sock', socket);
const loadModules = (names) => names.map((m) => `LoadModule ${m}_module /usr/lib/apache2/modules/mod_${m}.so\n`).join('');

// Each: what it is asked to compress with, its program and arguments, and its configuration.
const kinds = {
  nginx: {
    codings: ['gzip'],
    args: (dir) => ['nginx', '-c', `${dir}/conf`, '-e', `${dir}/error`],
    conf: (dir, port) => {
      fs.copyFileSync('/etc/nginx/fastcgi_params', `${dir}/fastcgi_params`);
      fs.writeFileSync(`${dir}/site`, example('nginx.conf'));
      return `pid ${dir}/pid; daemon off; worker_processes 1; ${isRoot ? 'user root;' : ''}
events { worker_connections 256; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${dir}/${n};`).join(' ')}
  gzip on; gzip_min_length 1; gzip_types *; gzip_proxied any;
  server { listen 127.0.0.1:${port}; include ${dir}/site; }
}`;
    },
  },
  apache: {
    codings: ['gzip', 'br'],
    args: (dir) => ['apache2', '-f', `${dir}/conf`, '-DFOREGROUND'],
    // Started by root it runs as another user, which may not open the trial's socket: it comes by a port.
    conf: (dir, port, relay) => `ServerRoot ${dir}
PidFile ${dir}/pid
ErrorLog ${dir}/error
ServerName localhost
DocumentRoot ${dir}
DefaultRuntimeDir ${dir}
Mutex pthread
${loadModules(['mpm_worker', 'authz_core', 'env', 'proxy', 'proxy_fcgi', 'filter', 'deflate', 'brotli'])}Listen 127.0.0.1:${port}
${isRoot ? 'User www-data\nGroup www-data\n' : ''}<VirtualHost *:${port}>
SetOutputFilter BROTLI_COMPRESS;DEFLATE
${example('apache.conf').replace(/unix:[^|]+\|fcgi:\/\/localhost\//, `fcgi://127.0.0.1:${relay}/`)}
</VirtualHost>
`,
  },
  caddy: {
    codings: ['gzip', 'zstd'],
    args: (dir) => ['caddy', 'run', '--config', `${dir}/conf`, '--adapter', 'caddyfile'],
    conf: (dir, port) => `{\n\tadmin off\n\tauto_https off\n}\n${example('Caddyfile')
      .replace('drift.example.org {', `http://127.0.0.1:${port} {\n\tencode zstd gzip {\n\t\tminimum_length 1\n\t}`)}`,
  },
  lighttpd: {
    codings: ['gzip', 'deflate', 'br', 'zstd'],
    args: (dir) => ['lighttpd', '-D', '-f', `${dir}/conf`],
    conf: (dir, port) => `server.port = ${port}
server.bind = "127.0.0.1"
server.document-root = "${dir}"
server.upload-dirs = ( "${dir}" )
server.errorlog = "${dir}/error"
server.modules += ( "mod_deflate" )
deflate.allowed-encodings = ( "gzip", "deflate", "br", "zstd" )
deflate.mimetypes = ( "application/json", "text/" )
deflate.min-compress-size = 1
${example('lighttpd.conf').replace('server.stream-response-body = 1', 'server.stream-response-body = 0')}`,
  },
};
export const names = Object.keys(kinds);
// What an Apache does that unpacks bodies itself.
kinds['apache-inflating'] = { ...kinds.apache,
  conf: (...args) => kinds.apache.conf(...args).replace('SetOutputFilter', 'SetInputFilter DEFLATE\nSetOutputFilter') };

class Front {
  constructor(name, port, relay) {
    this.name = name;
    this.port = port;
    this.codings = kinds[name].codings;
    this.dir = path.join(state, 'run', `front-${name}`);
    fs.mkdirSync(this.dir, { recursive: true });
    fs.writeFileSync(path.join(this.dir, 'conf'), kinds[name].conf(this.dir, port, relay));
    const [first, ...args] = kinds[name].args(this.dir);
    const out = fs.openSync(path.join(this.dir, 'out'), 'w');
    this.process = spawn(program(first), args, { stdio: ['ignore', out, out],
      env: { ...process.env, HOME: this.dir, XDG_DATA_HOME: this.dir } });
    fs.closeSync(out);
  }

  send(method, target, options = {}) { return send(method, target, { ...options, port: this.port }); }

  async ready() {
    await until(`an answer of ${this.name}`, () => this.send('GET', '/api/health/live').then((a) => a.status === 200, () => false))
      .catch((e) => { throw new Error(`${e.message}\n${fs.readFileSync(path.join(this.dir, 'out'), 'utf8')}`); });
  }

  async stop() {
    this.process.kill('SIGTERM');
    await until(`the end of ${this.name}`, () => this.process.exitCode !== null || this.process.signalCode !== null);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

// All four, started, and with `inflating` that Apache. Ends with stop().
export async function startFronts({ inflating = false } = {}) {
  const relay = net.createServer((a) => {
    const b = net.connect(socket);
    for (const [from, to] of [[a, b], [b, a]])
      from.on('error', () => to.destroy()).pipe(to);
  });
  await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const all = [];
  for (const name of inflating ? Object.keys(kinds) : names)
    all.push(new Front(name, await freePort(build), relay.address().port));
  await Promise.all(all.map((f) => f.ready()));
  return { all, stop: async () => { await Promise.all(all.map((f) => f.stop())); relay.close(); } };
}
