// servers.mjs - the examples of etc/, as they are but for paths and ports, in the real servers.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { freePort } from '../lib/ports.mjs';
import { check, children, has, root, sleep, start, stop, test, until, work, write } from './lib.mjs';

const isRoot = process.getuid() === 0;

function ask(port, target, { method = 'GET', headers = {}, body, chunked = false, agent } = {}) {
  return new Promise((resolve) => {
    const q = http.request({ host: '127.0.0.1', port, path: target, method, headers, agent }, (answer) => {
      const parts = [];
      answer.on('data', (d) => parts.push(d));
      answer.on('error', () => {});
      answer.on('close', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString() }));
    });
    q.on('error', (error) => resolve({ status: 0, error, headers: {}, body: '' }));
    if (body && !chunked)
      q.setHeader('Content-Length', Buffer.byteLength(body));
    for (let at = 0; body && at < body.length; at += 65536)
      q.write(body.slice(at, at + 65536));
    q.end();
  });
}

// The names of the headers that the responder reads, as CGI parameters with an underscore in them.
function headersRead() {
  const files = ['core/web', 'core/auth', 'fcgi'].flatMap((dir) => fs.readdirSync(path.join(root, dir), { recursive: true }).filter((f) => f.endsWith('.c')).map((f) => path.join(root, dir, f)));
  // the table of fields that may come in several lines reads none
  const text = (f) => fs.readFileSync(f, 'utf8').replace(/\*const lists\[\] = \{[^}]*\};/, '');
  const names = files.flatMap((f) => [...text(f).matchAll(/"HTTP_([A-Z_]+)=?"/g)].map((m) => m[1]));
  return [...new Set(names)].filter((n) => n.includes('_'));
}

// Every way to write it with at least one underscore.
const underscored = (param) => param.split('_').slice(1).reduce((all, part) => all.flatMap((a) => [`${a}-${part}`, `${a}_${part}`]),
  [param.split('_')[0]]).filter((n) => n.includes('_'));

// An example with the places of this installation in it.
function example(name, it, program, extra = (text) => text) {
  const text = fs.readFileSync(path.join(root, 'etc', name), 'utf8')
    .replaceAll('/run/blindspotx/fcgi.sock', it.socket)
    .replaceAll('/usr/local/sbin/blindspotx.fcgi', `${program} -c ${it.conf}`);
  return write(`${path.basename(it.dir)}-${name}`, extra(text));
}

function nginx(port, it, program, dir) {
  // nginx looks for fastcgi_params beside its configuration, where the package has it.
  fs.copyFileSync('/etc/nginx/fastcgi_params', path.join(work, dir, 'fastcgi_params'));
  const conf = write(`${dir}/nginx`, `
    pid ${work}/${dir}/pid; error_log ${work}/${dir}/error; daemon off; ${isRoot ? 'user root;' : ''}
    events { worker_connections 1024; }
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${work}/${dir}/${n};`).join(' ')}
      server { listen 127.0.0.1:${port}; include ${example('nginx.conf', it, program)}; }
    }`);
  return start('nginx', ['-c', conf]);
}

const lighttpdHead = (port, dir) => `server.port = ${port}
server.bind = "127.0.0.1"
server.document-root = "${work}/${dir}"
server.upload-dirs = ( "${work}/${dir}" )
server.errorlog = "${work}/${dir}/error"
`;

function lighttpd(port, it, program, dir) {
  const conf = write(`${dir}/lighttpd`, `${lighttpdHead(port, dir)}include "${example('lighttpd.conf', it, program)}"\n`);
  return start('lighttpd', ['-D', '-f', conf]);
}

function lighttpdStarts(port, it, program, dir) {
  const bin = (text) => text.replace(`"socket"               => "${it.socket}",`,
    `"socket" => "${it.socket}", "bin-path" => "${program} -c ${it.conf} -w 2", "max-procs" => 1,`);
  const conf = write(`${dir}/lighttpd`, `${lighttpdHead(port, dir)}include "${example('lighttpd.conf', it, program, bin)}"\n`);
  return start('lighttpd', ['-D', '-f', conf]);
}

function lighttpdCgi(port, it, program, dir) {
  const conf = write(`${dir}/lighttpd`, `${lighttpdHead(port, dir)}server.modules += ( "mod_cgi", "mod_rewrite", "mod_setenv" )
url.rewrite-once = ( "" => "/bsx.cgi\${url.path}\${qsa}" )
cgi.assign = ( "/bsx.cgi" => "" )
setenv.set-environment = ( "BSX_CONF" => "${it.conf}" )
${/^setenv.*?^\)/ms.exec(fs.readFileSync(path.join(root, 'etc/lighttpd.conf'), 'utf8'))[0]}
`);
  fs.copyFileSync(program, path.join(work, dir, 'bsx.cgi'));
  fs.chmodSync(path.join(work, dir, 'bsx.cgi'), 0o755);
  return start('lighttpd', ['-D', '-f', conf]);
}

function caddy(port, it, program, dir) {
  const conf = example('Caddyfile', it, program, (text) => `{\n\tadmin off\n\tauto_https off\n}\n${
    text.replace('drift.example.org', `http://127.0.0.1:${port}`)}`);
  return start('caddy', ['run', '--config', conf, '--adapter', 'caddyfile'],
    { env: { ...process.env, HOME: path.join(work, dir), XDG_DATA_HOME: path.join(work, dir) } });
}

function apacheHead(port, dir, modules) {
  const load = modules.map((m) => `LoadModule ${m}_module /usr/lib/apache2/modules/mod_${m}.so\n`).join('');
  return `ServerRoot ${work}/${dir}\nPidFile ${work}/${dir}/pid\nErrorLog ${work}/${dir}/error\nServerName localhost
DocumentRoot ${work}/${dir}\nDefaultRuntimeDir ${work}/${dir}\nMutex pthread\n${load}Listen 127.0.0.1:${port}
${isRoot ? 'User www-data\nGroup www-data\n' : ''}`;
}

function apache(port, it, program, dir) {
  const conf = write(`${dir}/apache`, `${apacheHead(port, dir, ['mpm_worker', 'authz_core', 'env', 'proxy', 'proxy_fcgi'])}
<VirtualHost *:${port}>\nInclude ${example('apache.conf', it, program)}\n</VirtualHost>\n`);
  return start('apache2', ['-f', conf, '-DFOREGROUND']);
}

function apacheFcgid(port, it, program, dir) {
  if (isRoot)
    execFileSync('chown', ['-R', 'www-data', it.dir, path.join(work, dir)]);
  const conf = write(`${dir}/apache`, `${apacheHead(port, dir, ['mpm_worker', 'authz_core', 'env', 'fcgid'])}
FcgidIPCDir ${work}/${dir}/ipc\nFcgidProcessTableFile ${work}/${dir}/table
<VirtualHost *:${port}>\nInclude ${example('apache-fcgid.conf', it, program)}\n</VirtualHost>\n`);
  return start('apache2', ['-f', conf, '-DFOREGROUND']);
}

function apacheCgid(port, it, program, dir) {
  if (isRoot)
    execFileSync('chown', ['-R', 'www-data', it.dir, path.join(work, dir)]);
  fs.copyFileSync(program, path.join(work, dir, 'bsx.cgi'));
  fs.chmodSync(path.join(work, dir, 'bsx.cgi'), 0o755);
  const conf = write(`${dir}/apache`, `${apacheHead(port, dir, ['mpm_worker', 'authz_core', 'alias', 'env', 'cgid'])}
ScriptSock ${work}/${dir}/cgid\nTraceEnable Off\nSetEnv BSX_CONF ${it.conf}\nScriptAliasMatch ^/ ${work}/${dir}/bsx.cgi
<Directory ${work}/${dir}>\nCGIPassAuth On\nRequire all granted\n</Directory>\n`);
  return start('apache2', ['-f', conf, '-DFOREGROUND']);
}

// What is refused before its body is wanted: the answer arrives however long the body is.
const refusals = [['/api/nothing', 404], ['/api/drift/configs', 401], ['/api/auth/login', 415], ['/api/auth/me', 405]];
const lengths = [0, 100_000, 3_000_000, 50_000_000];

const behindProxies = (log, header) => `workers = 2;\nlisten: { mode = "0666"; };\nlog: { target = "${log}"; };
trusted_proxies = [ "127.0.0.1", "192.0.2.0/24" ];\nforwarded_header = "${header}";`;

// Lines as two proxies of trusted_proxies send them on, the first behind a client that lies; an array is lines of their own.
const client = '203.0.113.9', lie = '198.51.100.66';
const forwarded = [`for=${client}`, `For="${client}:51234";proto=https`, `for=${lie}, for=${client}, for="192.0.2.1:80"`, `for="${lie}, for="${client}:80"`,
  [`for=${lie}`, `for=${client}`], [`for="${lie}`, `for="${client}:_x", for=192.0.2.7`], [`for=${lie}, for="`, '', `for=${client}`, 'for=192.0.2.7']];
const xForwardedFor = [`${lie}, ${client}:51234`, `${lie},"${client}:443"`];
// In two lines, which a web server has to make one: X_Forwarded_For would be one of them too to some.
const twice = [[lie, client], [`${lie}, ${lie}`, `${client}:51234`]];

async function front(name, tool, begin, { own = true, load = true }, t) {
  const it = t.installation('workers = 2;\nlisten: { mode = "0666"; };');
  const log = path.join(it.dir, 'log');
  const dir = `front-${path.basename(it.dir)}`;
  const port = await freePort(t.build);
  let responder, server;
  it.configure(behindProxies(log, 'Forwarded'));
  fs.mkdirSync(path.join(work, dir), { mode: 0o755 });
  const logged = (word) => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '').split('\n')
    .filter((l) => l.includes(word)).map((l) => JSON.parse(l));

  await test(`${name}: a request is answered`, async () => {
    check(has(tool), `${tool} is not installed (tools/packages.debian)`);
    if (own)
      responder = await t.responder(it);
    server = begin(port, it, t.program, dir);
    await until('an answer', async () => (await ask(port, t.LIVE)).status === 200).catch((e) => {
      const error = path.join(work, dir, 'error');
      throw new Error(`${e.message}\n${server.text}${fs.existsSync(error) ? fs.readFileSync(error, 'utf8') : ''}`);
    });
  });
  if (!server)
    return;
  await test(`${name}: paths come raw, headers and long answers whole`, async () => {
    const odd = await ask(port, '/api/a%2Fb/%2e%2e/c;d?x=1');
    check(odd.status >= 400 && odd.headers['content-type'] === 'application/problem+json', `${odd.status} ${odd.body}`);
    const id = await ask(port, '/api/auth/me', { headers: { 'X-Request-Id': 'front-without', Authorization: '' } });
    check(id.status === 401 && id.headers['x-request-id'] === 'front-without', JSON.stringify(id.headers));
    await ask(port, '/api/auth/me', { headers: { 'X-Request-Id': 'front-with', Authorization: 'Bearer a.b.c' } });
    await until('the lines', () => logged('"front-with"').length === 1 && logged('"front-without"').length === 1)
      .catch((e) => { throw new Error(`${e.message}: ${logged('front-with').map((l) => JSON.stringify(l)).join('\n')}`); });
    check(logged('"front-with"')[0]['error.message'] !== logged('"front-without"')[0]['error.message'],
      'the Authorization header did not arrive');
    const doc = await ask(port, '/api/openapi.json');
    check(doc.status === 200 && JSON.parse(doc.body).openapi.startsWith('3.1'), doc.body.slice(0, 200));
  });
  for (const [target, status] of refusals)
    await test(`${name}: ${status} at ${target} arrives with bodies of ${lengths.join(', ')} bytes`, async () => {
      for (const length of lengths) {
        const a = await ask(port, target, { method: 'POST', body: Buffer.alloc(length, 'x'), headers: { 'Content-Type': 'text/plain' } });
        // A web server may have a limit of its own.
        check(a.status === status || (length > 1 << 20 && a.status === 413), `${length} bytes: ${a.status} ${a.error ?? a.body}`);
      }
    });
  await test(`${name}: bodies with and without a length, and too long ones`, async () => {
    const body = `{"unknown":"${'a'.repeat(200000)}"}`;
    const json = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body };
    for (const chunked of [false, true]) {
      const answer = await ask(port, '/api/auth/login', { ...json, chunked });
      check(answer.status === 422, `chunked ${chunked}: ${answer.status} ${answer.error ?? answer.body.slice(0, 300)}`);
    }
    for (const mib of [2, 20]) {
      const answer = await ask(port, '/api/auth/login', { ...json, body: ' '.repeat(mib << 20) });
      check(answer.status === 413 || answer.error?.code === 'EPIPE' || answer.error?.code === 'ECONNRESET',
        `${mib} MiB: ${answer.status} ${answer.error ?? answer.body.slice(0, 300)}`);
    }
  });
  await test(`${name}: the coding of a body is told to the responder, and which it takes to the client`, async () => {
    const coded = { method: 'POST', body: Buffer.from('1f8b0800000000000003abae050043bfa6a302000000', 'hex'),
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' } };
    const a = await ask(port, '/api/auth/login', coded);
    check(a.status === 415 && a.headers['accept-encoding'] === 'identity', `${a.status} ${JSON.stringify(a.headers)} ${a.body}`);
  });
  await test(`${name}: headers with underscores are not taken for those with hyphens`, async () => {
    let n = 0;
    for (const h of underscored('X_REQUEST_ID'))
      check((await ask(port, t.LIVE, { headers: { [h]: 'planted' } })).headers['x-request-id'] !== 'planted', h);
    for (const h of underscored('X_API_KEY')) {
      const id = `front-key-${n++}`;
      await ask(port, '/api/auth/me', { headers: { 'X-Request-Id': id, [h]: 'bsx_planted' } });
      await until('the line', () => logged(`"${id}"`).length === 1);
      check(logged(`"${id}"`)[0]['error.message'] === logged('"front-without"')[0]['error.message'], `${h}: ${logged(`"${id}"`)[0]['error.message']}`);
    }
    const login = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } };
    for (const h of underscored('SEC_FETCH_SITE'))
      check((await ask(port, '/api/auth/login', { ...login, headers: { ...login.headers, [h]: 'cross-site' } })).status === 422, h);
    check((await ask(port, '/api/auth/login', { ...login, headers: { ...login.headers, 'Sec-Fetch-Site': 'cross-site' } })).status === 403, 'the real one');
  });
  let asked = 0;
  const countsAs = async (headers) => {
    const id = `front-for-${asked++}`, a = await ask(port, t.LIVE, { headers: { 'X-Request-Id': id, ...headers } });
    await until(`the line of ${JSON.stringify(headers)}`, () => logged(`"${id}"`).length === 1);
    return a.status === 200 ? logged(`"${id}"`)[0]['source.ip'] : a.status;
  };
  await test(`${name}: the client is who trusted proxies name in Forwarded, in one line or in several`, async () => {
    for (const lines of forwarded)
      for (const more of [{}, { 'X-Forwarded-For': lie }]) {
        const ip = await countsAs({ ...more, Forwarded: lines });
        check(ip === client, `${JSON.stringify(lines)}: ${ip}`);
      }
  });
  if (responder)
    await test(`${name}: so it is with X-Forwarded-For where that is configured`, async () => {
      const old = children(responder.pid);
      it.configure(behindProxies(log, 'X-Forwarded-For'));
      responder.kill('SIGHUP');
      await until('new workers', () => children(responder.pid).length === old.length && children(responder.pid).every((pid) => !old.includes(pid)));
      // Caddy trusts nobody to have told it, and writes the header anew.
      const own = name.startsWith('Caddy') ? '127.0.0.1' : client, seen = [];
      for (const line of xForwardedFor)
        check((seen[seen.length] = await countsAs({ 'X-Forwarded-For': line, Forwarded: `for=${lie}` })) === own, `${line}: ${seen.at(-1)}`);
      for (const lines of twice)
        check((seen[seen.length] = await countsAs({ 'X-Forwarded-For': lines })) === own, `${lines}: ${seen.at(-1)}`);
      console.log(`# ${seen.join(' ')}`);
    });
  await test(`${name}: what is asked by TRACE is not sent back`, async () => {
    const a = await ask(port, '/api/health/live', { method: 'TRACE', headers: { Cookie: 'bsx_access=kept-from-scripts' } });
    check(a.status >= 400 && !a.body.includes('kept-from-scripts'), `${a.status} ${a.body}`);
  });
  await test(`${name}: OPTIONS tells the methods of a resource, and of the server`, async () => {
    for (const [target, allow] of [['/api/auth/me', 'GET, HEAD, PUT, OPTIONS'], ['/api/auth/login', 'POST, OPTIONS'], ['/', 'GET, HEAD, OPTIONS']]) {
      const a = await ask(port, target, { method: 'OPTIONS' });
      check(a.status === 204 && a.headers.allow === allow && a.body === '', `${target}: ${a.status} ${a.headers.allow} ${a.body}`);
    }
    const none = await ask(port, '/api/nothing', { method: 'OPTIONS' });
    check(none.status === 404 && none.headers.allow === undefined, `${none.status} ${none.headers.allow}`);
    // Most web servers answer for themselves here; what they pass is answered by us.
    const all = await ask(port, '*', { method: 'OPTIONS' });
    check([200, 204, 400, 404].includes(all.status), `* ${all.status} ${all.body}`);
    console.log(`# OPTIONS *: ${all.status} ${all.headers.allow ?? '-'} ${all.headers['x-request-id'] ? 'by us' : `by ${all.headers.server ?? 'the web server'}`}`);
  });
  if (load && responder)
    await test(`${name}: reloads under load lose no request`, () => reloadUnderLoad(port, responder, t.LIVE));
  await stop(server);
  if (!own)
    await test(`${name}: the responder ends with its server`, () =>
      until('the end', () => !fs.readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(it.conf))));
  if (responder)
    await stop(responder);
}

function commandLine(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function reloadUnderLoad(port, responder, target) {
  // No kept connections to the web server: it may close one in the very moment it is used again.
  const agent = new http.Agent({ keepAlive: false, maxSockets: 32 });
  const bad = [];
  let sent = 0, stopped = false;
  const line = async () => {
    while (!stopped) {
      const { status, error } = await ask(port, target, { agent });
      sent++;
      if (status !== 200 && status !== 429)
        bad.push(`${status} ${error ?? ''}`);
    }
  };
  const lines = Promise.all(Array.from({ length: 32 }, line));
  for (let i = 0; i < 3; i++) {
    const old = children(responder.pid);
    await sleep(300);
    responder.kill('SIGHUP');
    await until('new workers', () => {
      const now = children(responder.pid);
      return now.length === old.length && now.every((pid) => !old.includes(pid));
    });
  }
  stopped = true;
  await lines;
  agent.destroy();
  check(bad.length === 0, `${bad.length} of ${sent} failed: ${bad.slice(0, 3)}`);
  console.log(`# ${sent} requests`);
}

export async function webServers(t) {
  await test('etc/lighttpd.conf takes out every spelling of every header that is read', () => {
    const text = fs.readFileSync(path.join(root, 'etc/lighttpd.conf'), 'utf8').toLowerCase(), names = headersRead().flatMap(underscored);
    check(names.length > 30, `${names.length} names`);
    for (const n of names)
      check(text.includes(`"${n.toLowerCase()}" => ""`), `${n} is passed`);
    console.log(`# ${names.length} spellings of ${headersRead().length} headers`);
  });
  await front('nginx (etc/nginx.conf)', 'nginx', nginx, {}, t);
  await front('lighttpd (etc/lighttpd.conf)', 'lighttpd', lighttpd, {}, t);
  await front('lighttpd starting the responder (bin-path)', 'lighttpd', lighttpdStarts, { own: false }, t);
  await front('lighttpd with plain CGI', 'lighttpd', lighttpdCgi, { own: false }, t);
  await front('Apache mod_cgid with plain CGI', 'apache2', apacheCgid, { own: false, load: false }, t);
  await front('Caddy (etc/Caddyfile)', 'caddy', caddy, {}, t);
  await front('Apache mod_proxy_fcgi (etc/apache.conf)', 'apache2', apache, {}, t);
  await front('Apache mod_fcgid (etc/apache-fcgid.conf)', 'apache2', apacheFcgid, { own: false }, t);
}
