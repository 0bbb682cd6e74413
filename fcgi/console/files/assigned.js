// assigned.js - roles that somebody is to have, each with its end: chosen among those that the viewer may give.
import { el, newId } from './ui.js';
import { callSigned } from './api.js';
import { gather, may, plain } from './drift.js';
import { dayIn, endOf } from './language.js';
import { catalogue, covers, expand } from './matrix.js';
import { t } from './texts.js';

const x = t.users;
const MOST = 400; // more than a tenant can have

// Every role with what it stands for (`held`), and whether the viewer holds all of that (`mine`); null: they may not be read.
export async function rolesOf(me) {
  if (!may(me, 'read:roles'))
    return null;
  const [{ items }, all] = await Promise.all([gather(callSigned, 'api/roles', MOST), catalogue(me)]);
  const roles = items.map((role) => ({ ...role, held: expand(role.permissions, all) })).map((role) => ({ ...role, mine: covers(me.permissions, role.held) }));
  return roles.sort((a, b) => b.built_in - a.built_in || a.name.localeCompare(b.name));
}

// Boxes for roles; `wishes()` is what is chosen, as the API takes it. What is not touched ends when it did.
export class RoleChoice {
  constructor({ roles, had = [], changed }) {
    this.rows = roles.map((role) => this.#row(role, had.find((a) => a.role === role.name)));
    this.element = el('fieldset', { class: 'choice', onchange: changed, oninput: changed }, el('legend', {}, x.roles), el('ul', { class: 'plain' }, ...this.rows.map((r) => r.element)));
  }

  #row(role, had) {
    const id = newId('role'), was = had?.until ? dayIn(had.until) : '';
    const until = el('input', { type: 'date', id: `${id}-until`, value: was, 'aria-label': x.untilOf(plain(role.name)) });
    const end = el('div', { class: 'end', hidden: !had }, el('label', { for: `${id}-until` }, x.until), until);
    const box = el('input', { type: 'checkbox', id, checked: Boolean(had), disabled: !role.mine, 'aria-describedby': `${id}-says`, onchange: () => { end.hidden = !box.checked; } });
    const element = el('li', {}, el('div', { class: 'check' }, box, el('label', { for: id }, plain(role.name))),
      el('p', { class: 'small', id: `${id}-says` }, plain(role.description), !role.mine && ` ${x.beyond}`), end);
    return { element, wish: () => box.checked && { role: role.name, until: until.value === was ? had?.until ?? null : until.value === '' ? null : endOf(until.value) } };
  }

  wishes() { return this.rows.map((r) => r.wish()).filter(Boolean); }
}
