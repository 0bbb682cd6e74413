// world.mjs - what the requests of cost are about: accounts, configs with much in them, long lists.  Each thing is made
// when it is first wanted; through the API, and what would take hours there by SQL.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const TOKEN_LIFE_MS = 300000;
const state = process.env.BSX_STATE;
export const times = (n, f) => Array.from({ length: n }, (_, i) => f(i));
export const item = (key, value, category = 'c') => ({ category, key, value });

export function sql(schema, text) {
  return execFileSync('mariadb', ['--no-defaults', `--socket=${process.env.BSX_SOCKET}`, '-N', '-B', schema],
    { input: text, encoding: 'utf8', maxBuffer: 1 << 26 }).trim();
}

export class World {
  constructor(send) {
    this.send = send;
    this.known = new Map();
    this.credentials = JSON.parse(fs.readFileSync(path.join(state, 'credentials.json'), 'utf8'));
    this.credentials.viewer = { tenant: 'demo', email: 'viewer@demo.example', password: 'a long enough password' };
  }

  once(name, make) {
    if (!this.known.has(name))
      this.known.set(name, make());
    return this.known.get(name);
  }

  // Access tokens live for ten minutes.
  async token(who) {
    const had = this.known.get(`token ${who}`);
    if (had && Date.now() - had.at < TOKEN_LIFE_MS)
      return had.token;
    if (who === 'viewer')
      await this.once('viewer', () => this.api('admin', 'POST', '/api/users', { email: this.credentials.viewer.email,
        display_name: 'Viewer', password: this.credentials.viewer.password, roles: ['viewer'] }));
    const a = await this.send('POST', '/api/auth/login', { body: { ...this.credentials[who === 'admin' ? 'demo' : who], delivery: 'body' } });
    const token = JSON.parse(a.text()).access_token;
    this.known.set(`token ${who}`, { token, at: Date.now() });
    return token;
  }

  forget() {
    for (const who of ['viewer', 'admin', 'platform'])
      this.known.delete(`token ${who}`);
  }

  async api(who, method, target, body, headers) {
    const a = await this.send(method, target, { body, headers, token: await this.token(who) });
    if (a.status >= 300)
      throw new Error(`${method} ${target}: ${a.status} ${a.text().slice(0, 500)}`);
    return a.status === 204 ? null : JSON.parse(a.text());
  }

  config(more = {}) {
    return this.api('admin', 'POST', '/api/drift/configs', { name: `config ${this.count = (this.count ?? 0) + 1}`, source: { kind: 'push' }, ...more });
  }

  push(config, resources) {
    return this.api('admin', 'POST', `/api/drift/configs/${config.id}/snapshots`, { resources });
  }

  // A config with two snapshots, the second of them as f(i, 1) says.
  async drifted(n, f, more) {
    const config = await this.config(more);
    const a = await this.push(config, times(n, (i) => f(i, 0))), b = await this.push(config, times(n, (i) => f(i, 1)));
    return { config, report: b.report.id, snapshots: [a.snapshot_id, b.snapshot_id] };
  }

  small() { return this.once('small', () => this.drifted(10, (i, v) => item(`k${i}`, { v }))); }
  // As many changes as a report keeps.
  large() { return this.once('large', () => this.drifted(50000, (i, v) => item(`resource-${i}`, { state: v, name: `name of ${i}` }))); }
  // Few resources with long names over many changes.
  named() {
    const f = (i, v) => item(`k${i}`, { ['n'.repeat(20000)]: Object.fromEntries(times(3000, (j) => [`m${j}`, v])) });
    return this.once('named', () => this.drifted(1, f));
  }
  // A value that fills a page: 200 changes of 16 KiB on each side.
  wide() {
    return this.once('wide', () => this.drifted(450, (i, v) => item(`k${i}`, { v: `${v}${'\u0001'.repeat(2600)}` })));
  }
  // Many snapshots, each different.
  history() {
    return this.once('history', async () => {
      const config = await this.config();
      for (let v = 0; v < 200; v++)
        await this.push(config, times(100, (i) => item(`k${i}`, { v: (v * (i % 4)) % 3, list: times(8, (j) => ({ id: `e${j}`, v: (v + j) % 2 })) })));
      return { config };
    });
  }

  channel() {
    return this.once('channel', () => this.api('admin', 'POST', '/api/drift/channels',
      { name: 'channel', kind: 'webhook', url: 'http://127.0.0.1:9/hook' }));
  }

  // Configs whose settings are as long as a body may be.
  longConfigs() {
    return this.once('longConfigs', async () => {
      const rule = (i) => ({ name: `r${i}`, path: '/a/b', severity: 'low', reason: 'x'.repeat(480), key: times(9, (j) => `glob-${i}-${j}-${'y'.repeat(40)}`) });
      for (let n = 0; n < 200; n++)
        await this.config({ rules: times(990, rule) });
    });
  }

  schema() { return this.once('schema', () => sql('bsx', "SELECT schema_name FROM tenants WHERE slug = 'demo'")); }
  // Long lists, by SQL: what they hold need not be opened.
  lists() {
    return this.once('lists', () => {
      const id = (p) => `UNHEX(CONCAT('0190${p}0000', LPAD(HEX(seq), 4, '0'), '8000', LPAD(HEX(seq), 12, '0')))`;
      sql(this.schema(), `
        INSERT INTO users (id, email, display_name, status, created_at, updated_at) SELECT ${id('01')}, CONCAT('u', seq, '@demo.example'),
          REPEAT('n', 200), 'active', NOW(3), NOW(3) FROM seq_1_to_50000;
        INSERT INTO user_roles SELECT u.id, 0, r.id FROM users u JOIN roles r ON r.name = 'viewer' WHERE u.email LIKE 'u%@demo.example';
        INSERT INTO user_sessions (id, user_id, auth_time, aal, provider, idle_end, absolute_end, address, user_agent, last_seen, created_at)
          SELECT ${id('02')}, u.id, NOW(3), 1, 'password', NOW(3) + INTERVAL 1 DAY, NOW(3) + INTERVAL 1 DAY, '127.0.0.1', REPEAT('a', 400),
          NOW(3), NOW(3) FROM seq_1_to_20000 JOIN users u ON u.email = 'admin@demo.example';
        INSERT INTO api_keys (id, name, prefix, secret_hash, scopes, allowed_addresses, created_by, created_at)
          SELECT ${id('03')}, REPEAT('n', 200), 'bsx_', REPEAT('h', 32), '["read:drift"]', '[]', NULL, NOW(3) FROM seq_1_to_20000;
        INSERT INTO silences (id, matcher, reason, owner, starts_at, expires_at, created_at)
          SELECT ${id('04')}, CONCAT('{"category":"', REPEAT('c*', 100), '"}'), REPEAT('r', 1000), 'admin@demo.example', NOW(3),
          NOW(3) + INTERVAL 1 DAY, NOW(3) FROM seq_1_to_20000;
        INSERT INTO alerts (id, kind, severity, title, status, changes, opened_at, updated_at)
          SELECT ${id('05')}, 'security', 'high', REPEAT('t', 500), 'open', 1, NOW(3), NOW(3) FROM seq_1_to_50000;`);
    });
  }

  // A trail of many entries, made as all are: each is a deed.
  audit() {
    return this.once('audit', async () => {
      const c = await this.channel();
      for (let i = 0; i < 3000; i++)
        await this.api('admin', 'PUT', `/api/drift/channels/${c.id}`, { name: `channel ${i}` });
    });
  }

  // The number in a path: of something that is there, and new when it is to be taken away.
  async idFor(method, template) {
    const at = (prefix) => template.startsWith(prefix), gone = method === 'DELETE';
    const newest = async (list) => (await this.api('admin', 'GET', `${list}?limit=1`)).items[0]?.id;

    if (at('/api/drift/configs/'))
      return gone ? (await this.large()).config.id : (await this.small()).config.id;
    if (at('/api/drift/snapshots/'))
      return gone ? (await this.drifted(20000, (i, v) => item(`gone-${i}`, { v: `${i} ${v}` }))).snapshots[1] : (await this.large()).snapshots[1];
    if (at('/api/drift/reports/'))
      return (await this.large()).report;
    if (at('/api/drift/changes/'))
      return (await this.api('admin', 'GET', `/api/drift/reports/${(await this.small()).report}/changes`)).items[0].id;
    if (at('/api/drift/channels/'))
      return (await this.channel()).id;
    if (at('/api/drift/golden-baselines/'))
      return (await this.golden()).id;
    if (gone && at('/api/users/')) // whoever else is the newest sends the other requests
      return (await this.api('admin', 'POST', '/api/users', { email: 'gone@demo.example', display_name: 'Gone',
        password: this.credentials.viewer.password, roles: ['viewer'] })).id;
    if (at('/api/drift/alerts/') || at('/api/drift/silences/') || at('/api/users/')) {
      await this.lists();
      return newest(/^\/api\/[a-z]+(\/[a-z]+)?(?=\/\{)/.exec(template)[0]);
    }
    if (at('/api/tenants/'))
      return (await this.api('platform', 'GET', '/api/tenants')).items[0].id;
    if (at('/api/identity-providers/'))
      return (await this.once('provider', () => this.api('admin', 'POST', '/api/identity-providers',
        { name: 'idp', kind: 'oidc', client_id: 'c', issuer: 'https://idp.example' }))).id;
    return await newest(/^[^{]*(?=\/\{)/.exec(template)[0]).catch(() => undefined) ?? '01900000-0000-7000-8000-000000000000';
  }

  golden() {
    return this.once('golden', () => this.api('admin', 'POST', '/api/drift/golden-baselines', { name: 'golden',
      resources: times(5000, (i) => item(`g${i}`, { v: '%name%', other: '100%' })), variables: [{ name: 'name', default: 'x' }] }));
  }
}
