// revert.js - the request that would set a value back, for a person to look at, take along and send: it is never sent from here.
import { button, el, say } from './ui.js';
import { callSigned } from './api.js';
import { plain } from './drift.js';
import { failed } from './messages.js';
import { m } from './texts_more.js';

const x = m.revert;

const json = (v) => plain(JSON.stringify(v, null, 2));
// For a shell: the credential is whoever sends it's own.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const command = ({ method, url, content_type: type, body }) => `curl -X ${method} ${quoted(url)} -H ${quoted(`Content-Type: ${type}`)} -H "Authorization: Bearer $TOKEN" -d ${quoted(JSON.stringify(body))}`;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(x.copied);
  } catch {
    say(x.notCopied);
  }
}

function shown(found) {
  const { request: r, place, overwrites } = found;
  if (r === null)
    return [el('p', {}, found.why)];
  return [el('p', {}, x.first), el('p', {}, el('code', {}, plain(place)), ':'), el('pre', {}, json(overwrites)), el('p', {}, x.then), el('p', {}, el('code', {}, plain(`${r.method} ${r.url}`)), el('br'), el('code', {}, plain(`Content-Type: ${r.content_type}`))), el('pre', {}, json(r.body)),
    navigator.clipboard !== undefined && el('p', {}, button(x.copy, () => copy(command(r)))), el('p', { class: 'small' }, x.after)].filter(Boolean);
}

// Folded until somebody wants it.
export function revert(change) {
  const box = el('div', {}), load = async () => box.replaceChildren(...shown(await callSigned('GET', `api/drift/changes/${change.id}/revert`)));
  return el('details', { class: 'deed', ontoggle: (event) => {
    if (event.target.open && box.children.length === 0)
      load().catch(failed);
  } }, el('summary', {}, x.title), box);
}
