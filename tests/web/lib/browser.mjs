// browser.mjs - Chromium without a window, and what is a fault on every page: script errors, refused loads, requests to elsewhere.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { tooSmall, tooWide } from './targets.mjs';

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost']; // nothing goes to elsewhere
const pictures = process.env.BSX_PICTURES ?? ''; // a folder: each view is drawn into it
const PATIENCE_MS = 60000, TARGET = 44;

export const widths = [320, 768, 1440];

// One browser for a test file; it ends with it.  The shell is the same engine for half of the processor's time; what it lacks is what
// only a browser for people does (to keep a page in its memory, say): `whole`.
export async function startChromium({ whole, ...options } = {}) {
  return chromium.launch({ executablePath: process.env.BSX_CHROMIUM ?? `/usr/bin/chromium${whole ? '' : '-headless-shell'}`, args, timeout: PATIENCE_MS, ...options });
}

// Chromium may ask for the icon of the page that was left when an answer of the API is shown already, which lets nothing in.
const ofAnother = (m) => /\/console\/[0-9a-f]+\/icon\.svg/.test(m.text()) && /\/api\//.test(`${m.text()} ${m.location().url}`);

// A person with a browser of their own: a context, one page, and the faults of everything that `origin` has shown.
export class Visitor {
  constructor(browser, origin, options = {}) {
    Object.assign(this, { browser, origin, options, faults: [] });
  }

  async start() {
    this.context = await this.browser.newContext({ viewport: { width: 1000, height: 900 }, acceptDownloads: true, locale: 'en-GB', ...this.options });
    this.context.setDefaultTimeout(PATIENCE_MS);
    await this.context.addInitScript(() => addEventListener('securitypolicyviolation',
      (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`)));
    // What is sent is sent to the tenant whose band stands above the page, or to one's own where none does.
    await this.context.addInitScript(() => {
      const { fetch } = window;
      window.fetch = (url, init) => {
        const to = decodeURIComponent(init?.headers?.['X-Acting-Tenant'] ?? ''), band = document.querySelector('#nav .there span')?.textContent ?? '', said = /\(([^()]*)\)$/.exec(band)?.[1] ?? '';
        if (to !== said && !new URL(url, location.href).pathname.includes('/api/auth/'))
          console.error(`policy: ${init.method} ${url} acts in "${to}" under the band of "${said}"`);
        return fetch(url, init);
      };
    });
    // Heard, not held up: a route for all that is asked would cost more than it, and the browser its cache.
    const { hostname } = new URL(this.origin);
    this.context.on('request', (request) => {
      const to = new URL(request.url());
      if (to.protocol.startsWith('http') && to.hostname !== hostname && this.#isOurs(request.frame().url()))
        this.faults.push(`a request to ${request.url()}`);
    });
    this.page = await this.newPage();
    return this;
  }

  async newPage() {
    const page = await this.context.newPage();
    page.on('pageerror', (e) => this.faults.push(`script: ${e.stack}`));
    page.on('console', (m) => this.#listen(m));
    return page;
  }

  #isOurs(url) { return url.startsWith(this.origin); }

  // The browser's own note that a request was refused is no fault: the view has to say it.
  #listen(m) {
    const refused = /^Failed to load resource: the server responded with a status of (4\d\d|503)/.test(m.text());
    if (['error', 'warning'].includes(m.type()) && !refused && !ofAnother(m) && (this.#isOurs(m.location().url ?? '') || m.text().startsWith('policy:')))
      this.faults.push(`${m.type()}: ${m.text()} (${m.location().url})`);
  }

  // Not until all is loaded: the page may send the browser on before that.
  goto(target = '/') { return this.page.goto(new URL(target, this.origin).href, { waitUntil: 'commit' }); }

  // To another address of the page that is shown, which is not loaded anew for it.
  turn(target) {
    return this.page.evaluate((to) => {
      history.replaceState(null, '', to);
      dispatchEvent(new Event('hashchange'));
    }, target);
  }

  // The view with this heading, with the focus where a screen reader begins.
  async sees(title) {
    await this.page.getByRole('heading', { level: 1, name: title, exact: typeof title === 'string' }).waitFor();
    assert.match(await this.page.title(), / - BlindSpotX$/);
  }

  // The page's clock, which stands (page.clock.install), goes on until this is there: a look for news that falls into one
  // under way is left out, and comes again with the next.
  async sooner(what, ms = 21000) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      await this.page.clock.runFor(ms);
      try {
        return await what.waitFor({ timeout: 1000 });
      } catch (problem) {
        if (problem.name !== 'TimeoutError' || Date.now() >= end)
          throw problem;
      }
    }
  }

  alert() { return this.page.getByRole('alert'); }

  async alerts(pattern) {
    await this.alert().filter({ hasText: pattern }).waitFor();
  }

  fill(label, text) { return this.page.getByLabel(label, { exact: true }).fill(text); }
  press(name) { return this.page.getByRole('button', { name, exact: true }).click(); }
  follow(name) { return this.page.getByRole('link', { name, exact: true }).click(); }

  // What this does has been answered, and well: a sentence that says so may still stand there from the deed before.
  async answered(method, act) {
    const { page } = this;
    await Promise.all([page.waitForResponse((a) => a.request().method() === method && a.ok()), act()]);
  }

  // The present view in both themes, narrow in one and wide in the other: nothing for axe; at no width anything to scroll sideways,
  // and nothing that a finger would miss where it is narrow.
  async examine(name) {
    const { page } = this, size = page.viewportSize();
    for (const width of widths) {
      const colorScheme = width === widths.at(-1) ? 'dark' : 'light';
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate(tooWide);
      assert.ok(over <= 0, `${name}: ${over} px too wide at ${width}: ${over > 0 && await this.#widest()}`);
      if (width === widths[0])
        assert.deepEqual(await page.evaluate(tooSmall, TARGET), [], `${name}: too small for a finger`);
      if (width !== widths[1])
        await this.#axe(`${name}, ${width} px, ${colorScheme}`);
      await this.#picture(`${name}-${width}-${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(size);
  }

  // What reaches furthest to the right, for who reads the failure.
  #widest() {
    return this.page.evaluate(() => {
      const right = (e) => e.getBoundingClientRect().right, last = [...document.querySelectorAll('main *')].sort((a, b) => right(b) - right(a))[0];
      return `${last.parentElement.outerHTML.slice(0, 200)}`;
    });
  }

  async #axe(what) {
    const { page } = this;
    if (!await page.evaluate(() => 'axe' in window))
      await page.evaluate(axe.source);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'],
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    const told = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`);
    assert.deepEqual(told, [], `${what}: axe`);
  }

  async #picture(name) {
    if (pictures === '')
      return;
    fs.mkdirSync(pictures, { recursive: true });
    const fullPage = await this.page.evaluate(() => document.documentElement.scrollHeight < 5000);
    await this.page.screenshot({ path: path.join(pictures, `${name.replace(/[^a-z0-9]+/gi, '-')}.png`), fullPage });
  }

  // By the keyboard alone: Tab until the focus is on what has this role and name.
  async tabTo(role, name) {
    const focused = () => this.page.evaluate(() => {
      const e = document.activeElement;
      return e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent;
    });
    for (let i = 0; i < 40; i++) {
      if (await focused() === name && await this.page.getByRole(role, { name, exact: true }).evaluate((e) => e === document.activeElement))
        return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`the keyboard does not get to ${role} "${name}"`);
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }
}

// One person's visit from beginning to end; their faults are the test's.
export async function visit(browser, origin, f, options) {
  const v = await new Visitor(browser, origin, options).start();
  let failed = true;
  try {
    await f(v, v.page);
    failed = false;
  } finally {
    if (failed) {
      console.log(`# it showed: ${await v.page.innerText('body').catch(() => 'nothing')}`);
      await v.context.close();
    } else
      await v.leave();
  }
}
