// engine.mjs - a browser that is no Chromium, by what WebDriver has in common: pages, scripts, keys, a pointer; and what is a fault on every page.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from '../../http/lib/env.mjs';

const PATIENCE_S = 20;
export const KEYS = { enter: '\uE006', tab: '\uE004', shift: '\uE008', escape: '\uE00C', space: ' ' };

// A program that goes on until it is ended, in a folder of its own; `output` is what it has said.
export class Started {
  constructor(program, args, env = {}) {
    this.output = '';
    this.child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.over = new Promise((resolve) => { this.child.on('exit', resolve); this.child.on('error', (e) => { this.output += e.message; resolve(); }); });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text) => { this.output += text; });
  }

  says(pattern) {
    return until(`${this.child.spawnfile} to say ${pattern}: ${this.output}`, () => pattern.exec(this.output), PATIENCE_S);
  }

  async stop() {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await this.over;
    clearTimeout(late);
  }
}

export const newFolder = () => fs.mkdtempSync(path.join(os.tmpdir(), 'bsx-engine.'));

// What each engine brings: show(url), call(text, args): a function's text run in the page, act(actions), resize(width, height), stop(); `faults`.
export class Engine {
  faults = [];

  run(f, ...args) { return this.call(f.toString(), args); }

  // Waits for what `f` finds in the page; between two documents there is none to ask.
  async waits(what, f, ...args) {
    let last;
    try {
      return await until(what, () => this.run(f, ...args).catch((e) => { last = e; }), PATIENCE_S, 100);
    } catch (e) {
      throw new Error(`${e.message}; it shows: ${await this.run(() => document.body.innerText).catch(() => last)}`);
    }
  }

  sees(title) {
    return this.waits(`the view ${title}`, (text) => document.querySelector('h1')?.textContent.includes(text), title);
  }

  // Types as a person does, into what has the focus.
  type(text) {
    return this.act([{ type: 'key', id: 'keyboard', actions: [...text].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]) }]);
  }

  // By Tab alone, to what has this name.
  async tabTo(name) {
    const focused = () => this.run(() => {
      const e = document.activeElement;
      return e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent;
    });
    for (let i = 0; i < 60; i++) {
      if (await focused() === name)
        return;
      await this.type(KEYS.tab);
    }
    throw new Error(`the keyboard does not get to "${name}"`);
  }

  // With the pointer, in its middle, on what has this text or selector.
  async press(selector, text = '') {
    const at = await this.waits(`${selector} ${text}`, (css, wanted) => {
      const e = [...document.querySelectorAll(css)].find((one) => one.textContent.includes(wanted) && one.checkVisibility());
      if (e === undefined)
        return null;
      e.scrollIntoView({ block: 'center' });
      const r = e.getBoundingClientRect();
      return [Math.round(r.left + r.width / 2), Math.round(r.top + r.height / 2)];
    }, selector, text);
    await this.act([{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions: [{ type: 'pointerMove', x: at[0], y: at[1], duration: 0, origin: 'viewport' },
      { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }] }]);
  }

  noFaults() { assert.deepEqual(this.faults, []); }
}
