// audit.js - what was done, by whom, to what: found, verified, and taken along as a file.
import { button, el, link, notice, saveAs, say, time } from './ui.js';
import { callSigned, fileSigned } from './api.js';
import { plain } from './drift.js';
import { endOf, number } from './language.js';
import { filterForm, paged, queryOf } from './lists.js';
import { failed } from './messages.js';
import { t } from './texts.js';

const x = t.audit;
const PART = 100000, TYPE = 'application/x-ndjson';
const startOf = (day) => new Date(`${day}T00:00:00`).toISOString();
const ofDay = (f) => (text) => (Number.isNaN(Date.parse(`${text}T00:00:00`)) ? '' : f(text)); // whatever stands in the address

// ---- the entries -----------------------------------------------------------------------------------

// Kinds of things that have a page here.
const pages = { user: 'users', role: 'roles', drift_config: 'configs', alert: 'alerts', channel: 'channels' };
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function targetOf(entry) {
  const kind = el('div', {}, entry.target_kind.replaceAll('_', ' '));
  if (!idPattern.test(entry.target_id))
    return [kind, el('div', { class: 'small' }, plain(entry.target_id))];
  const at = pages[entry.target_kind];
  return [kind, el('div', { class: 'small' }, at ? link(`#/${at}/${entry.target_id}`, entry.target_id) : entry.target_id)];
}

const detailsOf = ({ details }) => Object.keys(details ?? {}).length > 0 && el('details', {}, el('summary', {}, x.details), el('pre', {}, plain(JSON.stringify(details, null, 2))));

const rowOf = (entry) => [el('div', {}, time(entry.at), el('div', { class: 'small' }, `#${number(entry.seq)}`)),
  el('div', {}, plain(entry.actor_name), el('div', { class: 'small' }, x.actors[entry.actor_kind] ?? entry.actor_kind, entry.acting_tenant && x.acting)),
  el('div', {}, el('code', { class: 'word' }, plain(entry.action)), entry.outcome === 'failure' && el('div', { class: 'state failed' }, x.refused)), el('div', {}, targetOf(entry)), plain(entry.address),
  el('div', {}, detailsOf(entry))];

// ---- whether nothing was changed -------------------------------------------------------------------

// Part by part, while somebody looks.
async function verify(box, bar, words) {
  let after = 0, entries = 0;
  for (;;) {
    const part = await callSigned('GET', `api/audit/verify?after=${after}&limit=${PART}`);
    entries += part.entries;
    if (!part.ok || part.next_after === undefined)
      return { ...part, entries };
    after = part.next_after;
    if (!box.isConnected)
      return null;
    Object.assign(bar, { max: part.head.seq, value: after });
    words.textContent = x.verified(entries, part.head.seq);
  }
}

const verdict = (v) => (v.ok ? notice(`${x.whole(v.entries)} ${v.proven > 0 ? x.proven(v.proven) : x.unproven}`, 'good') : notice(x.broken(v.broken_at, plain(v.detail ?? '')), 'error'));

function verifier() {
  const box = el('div', {}), go = button(x.verify, async () => {
    const bar = el('progress', { 'aria-label': x.verifying }), words = el('p', {}, x.verifying);
    box.replaceChildren(bar, words);
    try {
      const v = await verify(box, bar, words);
      if (v === null)
        return;
      box.replaceChildren(verdict(v));
      say(v.ok ? x.fits : x.fitsNot);
    } catch (problem) {
      box.replaceChildren();
      failed(problem);
    }
  });
  return { go, box };
}

// ---- taken along -----------------------------------------------------------------------------------

// An export that breaks off says so in its last line.
const isWhole = async (blob) => !/^\{"error":.*\}\s*$/m.test((await blob.slice(-2000).text()).trimEnd().split('\n').at(-1));

const exporter = (query) => button(x.export, () => {
  say(x.exporting);
  return fileSigned(`api/audit?${query}`, TYPE).then(async (blob) => {
    saveAs(blob, 'audit.ndjson');
    say(await isWhole(blob) ? x.exported : x.exportBroken);
  }).catch(failed);
});

export async function page({ filter }) {
  const names = ['actor', 'action', 'target_kind', 'target_id', 'since', 'until'], query = queryOf(filter, names, { since: ofDay(startOf), until: ofDay(endOf) }), check = verifier();
  const entries = await paged({ path: 'api/audit', query, caption: t.nav.audit, heads: x.heads, rowOf });
  return { title: t.nav.audit, wide: true, parts: [el('p', {}, x.says), el('div', { class: 'row' }, check.go, exporter(query)), check.box,
    filterForm({ at: '#/audit', filter, fields: [{ name: 'actor', label: x.actor, maxlength: 254 }, { name: 'action', label: x.action, maxlength: 64 }, { name: 'target_kind', label: x.kind, maxlength: 32 },
      { name: 'since', label: x.since, type: 'date' }, { name: 'until', label: x.until, type: 'date' }] }),
    ...entries] };
}
