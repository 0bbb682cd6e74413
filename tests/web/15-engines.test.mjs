// Firefox and WebKit: from a message's link through the sign-in to the alert, the list and what asks for a confirmation, as wide as a phone, by keyboard and finger.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { base, until } from '../http/lib/env.mjs';
import { all, bearer, newConfig, newTenant, policy, push } from '../http/lib/people.mjs';
import { KEYS } from './lib/engine.mjs';
import { Firefox } from './lib/firefox.mjs';
import { tooSmall, tooWide } from './lib/targets.mjs';
import { WebKit } from './lib/webkit.mjs';

const PHONES = [320, 390], TARGET = 44;
const pictures = process.env.BSX_PICTURES ?? '';
let who, admin;

before(async () => {
  who = newTenant();
  admin = await bearer(who);
});

async function drifted() {
  const config = await newConfig(admin);
  await push(admin, config, [policy(1)]);
  await push(admin, config, [policy(1, { state: 'disabled', displayName: '<img src=x onerror=alert(1)> \u202e', note: 'x'.repeat(5000) })]);
  return (await all(admin, `/api/drift/alerts?config_id=${config.id}`))[0];
}

// As wide as two phones: nothing to scroll sideways, and nothing that a finger would miss.
async function fits(e, what) {
  for (const width of PHONES) {
    await e.resize(width, 844);
    assert.equal(await e.run(tooWide), 0, `${what} at ${width} px is too wide`);
    assert.deepEqual(await e.run(tooSmall, TARGET), [], `${what} at ${width} px`);
    if (pictures !== '')
      await e.picture(path.join(fs.mkdirSync(pictures, { recursive: true }) ?? pictures, `${e.constructor.name}-${what}-${width}.png`));
  }
}

const text = (e, wanted) => e.waits(wanted, (words) => document.body.innerText.includes(words), wanted);
const focusIsOn = (e, selector) => e.run((css) => document.activeElement.matches(css), selector);

for (const engine of [Firefox, WebKit]) {
  test(`the analyst's way in ${engine.name}`, async () => {
    const alerts = [await drifted(), await drifted()], e = await engine.start(base.origin);
    const get = async (id) => (await admin('GET', `/api/drift/alerts/${id}`)).json;
    try {
      await e.show(`${base.origin}/?tenant=${who.tenant}#/alerts/${alerts[0].id}`);
      await e.sees('Sign in');
      await fits(e, 'sign-in');
      // by the keyboard alone
      for (const [label, value] of [['E-mail address', who.email], ['Password', 'not this one']]) {
        await e.tabTo(label);
        await e.type(value);
      }
      await e.type(KEYS.enter);
      await e.waits('the refusal', () => document.querySelector('[role=alert]')?.textContent);
      await fits(e, 'sign-in refused');
      await e.run(() => document.querySelector('input[type=password]').select());
      await e.tabTo('Password');
      await e.run(() => document.activeElement.select());
      await e.type(`${who.password}${KEYS.enter}`);
      await e.sees('and 2 more');
      assert.equal(await e.run(() => document.querySelectorAll('.change').length), 3);
      assert.equal(await e.run(() => document.querySelectorAll('main img').length), 0);
      await fits(e, 'alert');

      // what asks before it does: where the focus goes, how it is left, what it does
      await e.press('button', 'Accept all of it');
      await text(e, 'Accept all of this report?');
      await fits(e, 'asked');
      await e.type(KEYS.escape);
      await e.waits('the question to be gone', () => document.querySelector('dialog') === null);
      assert.ok(await focusIsOn(e, 'button'), 'the focus is back where it was');
      await e.press('button', 'Acknowledge');
      await text(e, 'You have acknowledged it.');
      assert.equal((await get(alerts[0].id)).status, 'acknowledged');

      // the list, by its keys
      await e.run(() => { location.hash = '#/alerts?status=waiting'; });
      await e.sees('Alerts');
      await fits(e, 'alerts');
      await e.type('j');
      assert.ok(await focusIsOn(e, 'a.goes'), 'j goes to the first');
      await e.type('a');
      await until('the other to be acknowledged', async () => (await get(alerts[1].id)).status === 'acknowledged');
      await text(e, 'You have acknowledged 1 alert.');

      // what a mailed link leads to
      await e.run(() => { location.hash = `#email=${'A'.repeat(59)}`; });
      await e.sees('Your new address');
      await fits(e, 'confirmation');
      await e.tabTo('Confirm the address');
      await e.type(KEYS.enter);
      await e.sees('This link does not count any more');
      await fits(e, 'confirmation refused');
      e.noFaults();
    } finally {
      await e.stop();
    }
  });
}
