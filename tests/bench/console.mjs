// console.mjs - the pages as somebody far away with a slow machine has them; the table of tests/bench/console.
import { all, bearer, newConfig, newTenant, push, policy } from '../http/lib/people.mjs';
import { base, sql, until } from '../http/lib/env.mjs';
import { startChromium } from '../web/lib/browser.mjs';
import { session } from '../web/lib/entering.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3), KIB = 1024, LATENCY_MS = 150, BYTES_S = 1.6e6 / 8, SLOWER = 4;
const LOOK_MS = 10000, LOOKS = 360, EACH = 6; // an hour of looks, at every sixth of which something is new
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const kib = (n) => (n / KIB).toFixed(1).padStart(8);
const chromium = await startChromium();

// ---- how long, how much ---------------------------------------------------------------------------

// Chromium's protocol of a page, slowed down.
async function slowed(page) {
  const cdp = await page.context().newCDPSession(page), got = { bytes: 0, requests: 0 };
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: LATENCY_MS, downloadThroughput: BYTES_S, uploadThroughput: BYTES_S });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  cdp.on('Network.requestWillBeSent', ({ request }) => { got.requests += request.url.startsWith('http') ? 1 : 0; });
  cdp.on('Network.loadingFinished', ({ encodedDataLength: n }) => { got.bytes += n; });
  return got;
}

// ready: what of the page can be used then, found between two drawings.
async function visit(context, url, ready) {
  const page = await context.newPage(), got = await slowed(page);
  await page.addInitScript((wanted) => {
    const look = () => (document.querySelector(wanted) ? (window.readyAfter = performance.now()) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  }, ready);
  await page.goto(url, { waitUntil: 'commit' });
  const ms = await (await page.waitForFunction(() => window.readyAfter, null, { timeout: 120000 })).jsonValue();
  await page.waitForLoadState('networkidle');
  await page.close();
  return { ms, ...got };
}

async function row(name, url, ready, { storageState, limit } = {}) {
  const found = { cold: [], warm: [] };
  for (let i = 0; i < ROUNDS; i++) {
    const context = await chromium.newContext({ storageState, locale: 'en-GB' });
    for (const all of [found.cold, found.warm])
      all.push(await visit(context, url, ready));
    await context.close();
  }
  for (const [cache, all] of Object.entries(found)) {
    const of = (member) => median(all.map((one) => one[member]));
    console.log(`${`${name}, ${cache === 'cold' ? 'nothing cached' : 'cached'}`.padEnd(40)} ${kib(of('bytes'))} KiB ${String(of('requests')).padStart(4)} requests ${(of('ms') / 1000).toFixed(2).padStart(6)} s${limit && cache === 'cold' ? `   (made for <= ${limit} KiB, 2 s)` : ''}`);
  }
}

// ---- an hour --------------------------------------------------------------------------------------

async function memory(cdp) {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics'), of = (name) => metrics.find((m) => m.name === name).value;
  return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') };
}

async function hour(who, storageState) {
  const schema = sql(`SELECT schema_name FROM tenants WHERE slug = '${who.tenant}'`), context = await chromium.newContext({ storageState, locale: 'en-GB' }), page = await context.newPage();
  await page.clock.install();
  await page.goto(new URL('/#/alerts', base).href, { waitUntil: 'commit' });
  await page.locator('.alert-row').first().waitFor();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  const told = (said, { heap, nodes, listeners }) => console.log(`${said.padEnd(40)} ${kib(heap)} KiB of heap, ${nodes} nodes, ${listeners} listeners`);
  const look = async () => {
    const [answer] = await Promise.all([page.waitForResponse((r) => r.url().includes('/api/drift/alerts?')), page.clock.runFor(LOOK_MS)]);
    await answer.finished();
  };
  await look();
  told('list of alerts, just opened', await memory(cdp));
  for (let i = 1; i <= LOOKS; i++) {
    const isNew = i % EACH === 0;
    if (isNew)
      sql(`UPDATE alerts SET title = 'Number ${i}', title_values = NULL`, schema);
    await look();
    if (isNew)
      await page.getByText(`Number ${i}`, { exact: true }).first().waitFor();
  }
  told(`after an hour, ${LOOKS / EACH} times with news`, await memory(cdp));
  await context.close();
}

// ---- all of it ------------------------------------------------------------------------------------

const who = newTenant(), admin = await bearer(who), storageState = await session(chromium, base.origin, who);

// An alert of so many changes.
async function alertOf(changes) {
  const config = await newConfig(admin);
  for (const state of ['enabled', 'disabled'])
    await push(admin, config, Array.from({ length: changes }, (_, i) => policy(i, { state })));
  return until('the alert', async () => (await all(admin, `/api/drift/alerts?config_id=${config.id}`))[0]);
}
console.log(`transferred at ${LATENCY_MS} ms, 1.6 Mbit/s, a processor ${SLOWER} times slower; medians of ${ROUNDS}`);
await row('sign-in', new URL('/', base).href, '#main form button[type=submit]', { limit: 60 });
for (const [changes, limit] of [[2, 100], [50]])
  await row(`alert with ${changes} changes`, new URL(`/#/alerts/${(await alertOf(changes)).id}`, base).href, '.change', { storageState, limit });
await row('list of alerts', new URL('/#/alerts?status=open', base).href, '.alert-row', { storageState });
if (process.env.BSX_BESIDE)
  await row('Alertmanager, first page', process.env.BSX_BESIDE, 'body *');
await hour(who, storageState);
await chromium.close();
