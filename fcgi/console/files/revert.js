// revert.js - the request that would set a value back, for a person to look at, take along and send: it is never sent from here.
import { button, el, say } from './ui.js';
import { fileSigned } from './api.js';
import { plain } from './drift.js';
import { printExact, readExact } from './exact.js';
import { failed } from './messages.js';
import { m } from './texts_more.js';

const x = m.revert;

const json = (exact) => plain(printExact(exact, 2));
// For a shell: the credential is whoever sends it's own.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const command = ({ method, url, content_type: type }, body) => `curl -X ${method} ${quoted(url)} -H ${quoted(`Content-Type: ${type}`)} -H "Authorization: Bearer $TOKEN" -d ${quoted(printExact(body))}`;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(x.copied);
  } catch {
    say(x.notCopied);
  }
}

function shown(text) {
  const { request: r, place, why } = JSON.parse(text), exact = readExact(text);
  if (r === null)
    return [el('p', {}, why)];
  return [el('p', {}, x.first), el('p', {}, el('code', {}, plain(place)), ':'), el('pre', {}, json(exact.soverwrites)), el('p', {}, x.then), el('p', {}, el('code', {}, plain(`${r.method} ${r.url}`)), el('br'), el('code', {}, plain(`Content-Type: ${r.content_type}`))), el('pre', {}, json(exact.srequest.sbody)),
    navigator.clipboard !== undefined && el('p', {}, button(x.copy, () => copy(command(r, exact.srequest.sbody)))), el('p', { class: 'small' }, x.after)].filter(Boolean);
}

// Folded until somebody wants it.
export function revert(change) {
  const box = el('div', {}), load = async () => box.replaceChildren(...shown(await (await fileSigned(`api/drift/changes/${change.id}/revert`, 'application/json')).text()));
  return el('details', { class: 'deed', ontoggle: (event) => {
    if (event.target.open && box.children.length === 0)
      load().catch(failed);
  } }, el('summary', {}, x.title), box);
}
