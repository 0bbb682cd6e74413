// webkit.mjs - Debian's WebKitGTK by its WebKitWebDriver, in the small browser that comes with it, on a screen that nobody sees.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { until } from '../../http/lib/env.mjs';
import { Engine, Started, newFolder } from './engine.mjs';

const BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
// Its own buttons and tabs would not let its window be as narrow as a phone.
const NARROW = '* { min-width: 0; padding: 0; margin: 0; }\nlabel { font-size: 1px; }\n';

// WebDriver has no events here: what happens is written down in the page, from the first script on that a document is asked. What went wrong before is told by the
// view that is not there, and by the other browsers.
const watch = `(() => {
  if (window.bsxFaults)
    return;
  const faults = window.bsxFaults = [], add = (what) => faults.push(what);
  addEventListener('error', (e) => add('script: ' + e.message + ' ' + e.filename));
  addEventListener('unhandledrejection', (e) => add('script: ' + (e.reason?.stack ?? e.reason)));
  for (const level of ['error', 'warn'])
    console[level] = (...said) => add(level + ': ' + said.join(' '));
  addEventListener('securitypolicyviolation', (e) => add('policy: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));
})();`;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class WebKit extends Engine {
  static async start(origin) {
    const w = new WebKit(), port = await freePort();
    Object.assign(w, { origin, folder: newFolder(), url: `http://127.0.0.1:${port}` });
    fs.mkdirSync(path.join(w.folder, 'gtk-3.0'));
    fs.writeFileSync(path.join(w.folder, 'gtk-3.0', 'gtk.css'), NARROW);
    w.screen = new Started('/usr/bin/Xvfb', ['-displayfd', '1', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp']);
    const [, display] = await w.screen.says(/^(\d+)\n/);
    w.program = new Started('/usr/bin/WebKitWebDriver', [`--port=${port}`], { DISPLAY: `:${display}`, XDG_CONFIG_HOME: w.folder, HOME: w.folder, NO_AT_BRIDGE: '1', LANG: 'C.UTF-8' });
    await until('WebKitWebDriver', () => w.#ask('GET', '/status').catch(() => false), 20);
    const { sessionId } = await w.#ask('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: BROWSER, args: ['--automation', '--full-screen'] } } } });
    w.session = `/session/${sessionId}`;
    return w;
  }

  async #ask(method, target, body) {
    const answer = await fetch(this.url + target, { method, ...(body && { body: JSON.stringify(body) }) }), { value } = await answer.json();
    if (value?.error)
      throw new Error(`${target}: ${value.error}: ${value.message}`);
    return value;
  }

  show(url) { return this.#ask('POST', `${this.session}/url`, { url }); }

  async call(text, args) {
    const script = `${watch} const done = arguments[arguments.length - 1], faults = window.bsxFaults.splice(0);
      Promise.resolve((${text})(...JSON.parse(arguments[0]))).then((v) => done({ v: v ?? null, faults }), (e) => done({ e: String(e.stack ?? e), faults }));`;
    const { v, e, faults } = await this.#ask('POST', `${this.session}/execute/async`, { script, args: [JSON.stringify(args)] });
    this.faults.push(...faults);
    if (e !== undefined)
      throw new Error(e);
    return v;
  }

  act(actions) { return this.#ask('POST', `${this.session}/actions`, { actions }); }

  async resize(width, height) {
    await this.#ask('POST', `${this.session}/window/rect`, { width, height });
    await this.waits(`${width} px`, (w) => innerWidth === w, width);
  }

  async picture(file) {
    fs.writeFileSync(file, Buffer.from(await this.#ask('GET', `${this.session}/screenshot`), 'base64'));
  }

  async stop() {
    if (this.session)
      await this.#ask('DELETE', this.session).catch(() => {});
    await this.program?.stop();
    await this.screen.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
