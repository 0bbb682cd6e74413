// Suite many: a template for very many tenants (the argument; 300), by hand: what a tenant costs, and that nothing of it is
// made twice when driftd is killed again and again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argument, child, children, credentials, sleep, until } from '../lib/env.mjs';
import { ahead, all, bearer, bsxctl, newTemplate, sql, unique } from '../lib/people.mjs';

const MANY = Number(argument || 300), slugs = Array.from({ length: MANY }, (_, i) => `many-${i}`);
const platform = await bearer(credentials.platform);

test(`a template is tried, made, changed and taken back in ${MANY} tenants`, async (t) => {
  const seconds = async (what, f) => {
    const began = performance.now(), got = await f();
    t.diagnostic(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s, ${((performance.now() - began) / MANY).toFixed(1)} ms each`);
    return got;
  };
  await seconds('tenants, with their schemas, and grants', async () => {
    for (const [i, slug] of slugs.entries()) {
      if (i % 50 === 0) // a pool has its bounds
        bsxctl('tenant', 'work', '--pool', '60');
      const a = await platform('POST', '/api/tenants', { body: { slug, name: slug } });
      assert.ok([201, 202].includes(a.status), a.text); // 202: driftd was faster with it
      await until('the tenant is there', async () => (await platform('GET', `/api/tenants/${a.json.id}`)).json.status === 'active');
      const g = await platform('POST', `/api/tenants/${a.json.id}/grants`, { body: { grantee_tenant: credentials.demo.tenant, roles: ['operator'], reason: 'They look after us.', expires_at: ahead(1) } });
      assert.equal(g.status, 201, g.text);
    }
  });
  const admin = await bearer(), config = { name: unique('c'), source: { kind: 'push' }, expect_every_s: 3600, rule_packs: ['entra'] }, template = await newTemplate(admin, { config });
  const done = async (what, body, meanwhile = async () => {}) => {
    const a = await admin('POST', `/api/drift/templates/${template.id}/${what}`, { body });
    assert.equal(a.status, 202, a.text);
    const over = async () => { const o = (await admin('GET', `/api/operations/${a.json.operation_id}`)).json; await meanwhile(o); return o.state !== 'running' && o; };
    return until(`${what} is over`, over, 600, 250);
  };
  const body = { tenants: slugs.map((tenant) => ({ tenant })) };
  assert.deepEqual((await seconds('preview', () => done('preview', body))).result, { made: MANY });
  let kills = 0;
  const kill = async (o) => {
    if (o.state !== 'running' || o.done < (kills + 1) * (MANY / 4))
      return;
    kills++;
    for (const pid of children(child('driftd')))
      process.kill(pid, 'SIGKILL');
    await sleep(100);
  };
  assert.deepEqual((await seconds('apply, with driftd killed on the way', () => done('apply', body, kill))).result, { made: MANY });
  t.diagnostic(`killed ${kills} times`);
  assert.equal((await all(admin, `/api/drift/templates/${template.id}/tenants`)).length, MANY);
  const schemas = sql("SELECT schema_name FROM tenants WHERE slug LIKE 'many-%'").split('\n');
  for (const schema of schemas)
    assert.equal(sql(`SELECT CONCAT((SELECT COUNT(*) FROM ${schema}.drift_configs), (SELECT COUNT(*) FROM ${schema}.audit WHERE action = 'template.applied'))`), '11');
  assert.equal((await admin('PUT', `/api/drift/templates/${template.id}`, { body: { config: { ...config, expect_every_s: 60 } } })).status, 200);
  assert.deepEqual((await seconds('a second version', () => done('apply', {}))).result, { changed: MANY });
  assert.deepEqual((await seconds('undo', () => done('undo', {}))).result, { changed: MANY });
});
