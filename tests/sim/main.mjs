// main.mjs - the simulator by itself, for a demonstration or for a look.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Sim } from './lib/sim.mjs';

const HELP = `usage: tests/sim/run [options]

  A Microsoft Graph and its token endpoint on loopback, with a directory of nobody in them.

  --port N           of Graph and the token endpoint (one that is free)
  --control-port N   of the control (one that is free); curl http://127.0.0.1:N/help
  --users N          300        --policies N   80        --roles N   40        --apps N   30
  --page N           the most objects of one page (999)
  --no-limits        answers as much as it is asked, without the limits that the vendor publishes
  --tls-cert FILE --tls-key FILE   speaks TLS
  --ready FILE       writes there what a reader needs (url, client id, secret), as JSON, once it listens
  --help             this text

  It stays until it is ended, and forgets everything then.
`;

const number = { type: 'string' };
const { values: o } = parseArgs({ options: { port: number, 'control-port': number, users: number, policies: number, roles: number, apps: number, page: number, 'no-limits': { type: 'boolean' },
  'tls-cert': { type: 'string' }, 'tls-key': { type: 'string' }, ready: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });

function whole(name, least = 0) {
  const n = o[name] === undefined ? undefined : Number(o[name]);
  if (n !== undefined && !(Number.isInteger(n) && n >= least))
    throw new RangeError(`--${name} wants a number from ${least} on, not ${o[name]}`);
  return n;
}

if (o.help) {
  process.stdout.write(HELP);
} else {
  const tls = o['tls-cert'] ? { cert: fs.readFileSync(o['tls-cert']), key: fs.readFileSync(o['tls-key']) } : null;
  const sim = await new Sim().start({ port: whole('port') ?? 0, controlPort: whole('control-port') ?? 0, tls });
  // below these a deed finds nobody to do it to
  const tenant = sim.add({ users: whole('users', 130), policies: whole('policies', 8), roles: whole('roles', 15), apps: whole('apps', 6), page: whole('page', 1), limits: !o['no-limits'] });
  const ready = { tenant_id: tenant.tenantId, client_id: tenant.reader.clientId, client_secret: tenant.reader.secrets[0].secret, graph_url: sim.url, login_url: sim.url, control_url: sim.controlUrl };
  console.log(JSON.stringify(ready, null, 1));
  if (o.ready) {
    fs.writeFileSync(`${o.ready}.new`, `${JSON.stringify(ready)}\n`, { mode: 0o600 });
    fs.renameSync(`${o.ready}.new`, o.ready);
  }
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => sim.stop().then(() => process.exit(0)));
}
