// deeds.mjs - deeds and pages against an API that answers with everything that it can answer.
import assert from 'node:assert/strict';
import { until } from '../../http/lib/env.mjs';
import { fail, failures } from './failures.mjs';

export const lastOf = (v, name) => v.page.getByRole('button', { name, exact: true }).last();

// The browser's own notes of what was cut or broken.
const forget = (v) => { v.faults = v.faults.filter((f) => !/502|ERR_CONNECTION_RESET/.test(f)); };

// Each keeps what was typed whatever the API answers, says what it was, and is done as soon as it can be.
// there: makes what it is done to; at, title: where; open: what leads to the form; values: what is typed; press: the deed; request: its method and
// address; said: what the page then says; effect: what the API then says.
export async function walkDeeds(v, deeds) {
  const { page } = v;
  let cases = 0;
  for (const deed of deeds) {
    const there = await deed.there();
    await deed.begin?.(there);
    await page.goto('about:blank');
    await v.goto(`/${deed.at(there)}`);
    await v.sees(deed.title);
    await deed.open?.(v, there);
    for (const [label, text] of Object.entries(deed.values ?? {}))
      await v.fill(label, text);
    for (const [kind, { says }] of Object.entries(failures)) {
      const [method, pattern] = deed.request, mend = await fail(v, kind, { method, pattern });
      await lastOf(v, deed.press).click();
      await v.alerts(says);
      for (const [label, text] of Object.entries(deed.values ?? {}))
        assert.equal(await page.getByLabel(label, { exact: true }).inputValue(), text, `${deed.name}, ${kind}`);
      await mend();
      cases++;
    }
    await lastOf(v, deed.press).click();
    await page.getByText(deed.said).first().waitFor();
    await deed.effect(there, v);
  }
  console.log(`# ${cases} cases, ${deeds.length} deeds`);
  forget(v);
}

// A page that cannot be loaded says why, and is there again as soon as it can. pattern: what it asks for.
export async function walkPages(v, pages, pattern) {
  let cases = 0;
  await v.goto('/');
  await v.sees('Overview');
  for (const hash of pages) {
    for (const kind of Object.keys(failures).filter((k) => !['401', '409', '412'].includes(k))) {
      const mend = await fail(v, kind, { pattern, method: 'GET' });
      await v.turn(hash);
      await v.sees('This did not work');
      await v.alerts(failures[kind].says);
      await mend();
      await v.press('Try again');
      await until(`${hash} after ${kind}`, async () => await v.page.locator('h1').innerText() !== 'This did not work');
      cases++;
    }
  }
  console.log(`# ${cases} cases`);
  forget(v);
}
