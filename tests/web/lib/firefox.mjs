// firefox.mjs - Debian's Firefox ESR by WebDriver BiDi, which it speaks by itself: nothing stands between it and the test.
import fs from 'node:fs';
import path from 'node:path';
import WebSocket from 'ws';
import { Engine, Started, newFolder } from './engine.mjs';

// It asks nobody outside.
const prefs = { 'app.update.enabled': false, 'browser.shell.checkDefaultBrowser': false, 'datareporting.policy.dataSubmissionEnabled': false, 'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false, 'browser.safebrowsing.malware.enabled': false, 'browser.safebrowsing.phishing.enabled': false, 'services.settings.server': 'data:,#',
  'signon.rememberSignons': false, 'intl.accept_languages': 'en-GB' };
const literal = (value) => JSON.stringify(value);

export class Firefox extends Engine {
  #next = 0;
  #asked = new Map();

  static async start(origin) {
    const f = new Firefox();
    f.origin = origin;
    f.folder = newFolder();
    fs.writeFileSync(path.join(f.folder, 'user.js'), Object.entries(prefs).map(([name, value]) => `user_pref(${literal(name)}, ${literal(value)});\n`).join(''));
    f.program = new Started('/usr/bin/firefox-esr', ['--headless', '--no-remote', '--profile', f.folder, '--remote-debugging-port=0'], { HOME: f.folder, MOZ_CRASHREPORTER_DISABLE: '1' });
    const [, url] = await f.program.says(/BiDi listening on (ws:\S+)/);
    f.socket = new WebSocket(`${url}/session`);
    await new Promise((resolve, reject) => { f.socket.on('open', resolve); f.socket.on('error', reject); });
    f.socket.on('message', (text) => f.#hear(JSON.parse(text)));
    await f.#ask('session.new', { capabilities: {} });
    await f.#ask('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent'] });
    // the first page leaves the keys to the bar for addresses
    f.context = (await f.#ask('browsingContext.create', { type: 'tab' })).context;
    return f;
  }

  #ask(method, params) {
    const id = ++this.#next;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject, method }));
  }

  #hear({ id, method, params, result, error, message }) {
    const asked = this.#asked.get(id);
    if (method === 'log.entryAdded' && ['error', 'warn'].includes(params.level))
      this.faults.push(`${params.level}: ${params.text}`);
    if (method === 'network.beforeRequestSent' && /^http/.test(params.request.url) && !params.request.url.startsWith(this.origin))
      this.faults.push(`a request to ${params.request.url}`);
    this.#asked.delete(id);
    if (error !== undefined)
      asked?.reject(new Error(`${asked.method}: ${error}: ${message}`));
    else
      asked?.resolve(result);
  }

  show(url) { return this.#ask('browsingContext.navigate', { context: this.context, url, wait: 'interactive' }); }

  // What goes in and comes out does so as text.
  async call(text, args) {
    const { result, exceptionDetails } = await this.#ask('script.evaluate', { expression: `Promise.resolve((${text})(...${literal(args)})).then((v) => JSON.stringify(v) ?? 'null')`,
      target: { context: this.context }, awaitPromise: true });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }

  act(actions) { return this.#ask('input.performActions', { context: this.context, actions }); }
  resize(width, height) { return this.#ask('browsingContext.setViewport', { context: this.context, viewport: { width, height } }); }

  async picture(file) {
    const { data } = await this.#ask('browsingContext.captureScreenshot', { context: this.context, origin: 'document' });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async stop() {
    this.socket?.terminate();
    await this.program.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
