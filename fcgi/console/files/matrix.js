// matrix.js - permissions as a table of what against whom: read or chosen, with what the viewer does not hold marked.
import { el } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { tenantOf } from './drift.js';
import { t } from './texts.js';

const x = t.matrix;
const ANY = '*', ALL = 'manage';
const parts = (text) => text.split(':');

// All permissions that count in the viewer's tenant, in the order of the catalogue.
export async function catalogue(me) {
  const { items } = await callSigned('GET', 'api/permissions'), platform = tenantOf(me).slug === 'platform';
  return items.filter((p) => platform || !p.platform_only).map((p) => p.permission);
}

// What texts with wildcards stand for, of all that there are.
export function expand(texts, all) {
  const held = new Set();
  for (const [action, resource] of texts.map(parts))
    for (const one of all) {
      const [a, r] = parts(one);
      if ([ANY, ALL, a].includes(action) && [ANY, r].includes(resource))
        held.add(one);
    }
  return held;
}

// The texts of what is chosen: a wildcard stays one as long as all that it stands for is chosen.
export function textsOf(chosen, before, all) {
  const kept = before.filter((text) => [...expand([text], all)].every((p) => chosen.has(p))), held = expand(kept, all);
  const rest = [...chosen].filter((p) => !held.has(p)), whole = rest.filter((p) => parts(p)[0] === ALL), within = expand(whole, all);
  return [...kept, ...whole, ...rest.filter((p) => !within.has(p))];
}

export const covers = (mine, wanted) => [...wanted].every((p) => mine.includes(p));

// ---- the table -------------------------------------------------------------------------------------

function cell(permission, { chosen, mine, fixed }) {
  const has = chosen.has(permission), may = mine.includes(permission);
  if (fixed)
    return has ? el('span', { class: may ? 'held' : 'held beyond' }, el('span', { 'aria-hidden': 'true' }, '✓'), el('span', { class: 'unseen' }, x.has), !may && el('span', { class: 'small' }, x.beyond)) : '';
  if (!may)
    return el('span', { class: 'small' }, x.beyond);
  return el('label', { class: 'hit' }, el('input', { type: 'checkbox', checked: has, 'aria-label': permission, 'data-permission': permission }));
}

// A row of boxes: who ticks `manage` has all of the row, and not all without it.
function tied(element, chosen, onchange) {
  const boxes = [...element.querySelectorAll('input')];
  element.addEventListener('change', ({ target }) => {
    const [action, resource] = parts(target.dataset.permission), row = boxes.filter((b) => parts(b.dataset.permission)[1] === resource);
    if (action === ALL && target.checked)
      for (const b of row)
        b.checked = true;
    else if (!target.checked)
      for (const b of row.filter((one) => parts(one.dataset.permission)[0] === ALL))
        b.checked = false;
    for (const b of boxes)
      chosen[b.checked ? 'add' : 'delete'](b.dataset.permission);
    onchange?.();
  });
}

// all: the permissions that have a place; chosen: the set that is shown, and changed by who ticks; mine: those that the viewer holds.
export function matrix({ caption, all, chosen, mine, fixed = false, changed }) {
  const actions = [...new Set(all.map((p) => parts(p)[0]))], resources = [...new Set(all.map((p) => parts(p)[1]))];
  const element = table(caption, [x.head, ...actions.map((a) => x.actions[a] ?? a)],
    resources.map((r) => [x.resources[r] ?? r, ...actions.map((a) => (all.includes(`${a}:${r}`) ? cell(`${a}:${r}`, { chosen, mine, fixed }) : ''))]), 'records matrix');
  if (!fixed)
    tied(element, chosen, changed);
  return element;
}

// What is gained or lost, as a list.
export const permissionList = (permissions) => el('span', {}, permissions.map((p, i) => [i > 0 && ', ', el('code', {}, p)]));
