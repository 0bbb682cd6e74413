// second.js - what waits for a second person: what is asked for, by whom, and what may be done about it.
import { Form, ask, button, el, time } from './ui.js';
import { callSigned } from './api.js';
import { may, plain, tag } from './drift.js';
import { tell } from './messages.js';
import { m } from './texts_more.js';

const x = m.second;
const at = (p) => `api/drift/acceptances/${p.id}`;

// Nothing of it counts before somebody else has confirmed it.
function deedsOf(p, again) {
  if (p.own)
    return button(x.takeBack, () => ask({ title: x.takeBackAsk, text: x.takeBackSays, yes: x.takeBack, busy: x.takingBack, tell,
      send: async () => {
        await callSigned('DELETE', at(p));
        await again(x.takenBack);
      } }));
  const confirm = new Form({ fields: [], submit: x.confirm, busy: x.confirming, tell,
    send: async () => {
      await callSigned('POST', `${at(p)}/confirm`);
      await again(x.confirmed);
    } });
  const decline = new Form({ fields: [{ name: 'reason', label: x.why, maxlength: 500 }], submit: x.decline, busy: x.declining,
    send: async ({ reason }) => {
      await callSigned('POST', `${at(p)}/decline`, { reason });
      await again(x.declined);
    },
    tell: (problem) => tell(problem, ['reason']) });
  return [confirm.element, el('details', {}, el('summary', {}, x.decline), decline.element)];
}

const waiting = (p, me, again) => el('li', {}, tag(p.severity), ' ', x.asked[p.kind](p.status, p.findings ?? 0), el('p', { class: 'small' }, x.by(plain(p.by), plain(p.reason)), ' ', time(p.at)),
  p.expires_at && el('p', { class: 'small' }, x.reopens, time(p.expires_at)), el('p', { class: 'small' }, x.ends, time(p.until)), may(me, 'update:drift') && deedsOf(p, again));

export const secondOf = ({ pending }, me, again) => pending?.length > 0 && [el('h2', {}, x.title), el('p', { class: 'small' }, x.says), el('ul', { class: 'plain' }, ...pending.map((p) => waiting(p, me, again)))];
