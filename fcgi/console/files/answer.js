// answer.js - what a message's link asks to be done with an alert, once who opened it is signed in: it is asked once more, for opening a link does nothing.
import { Form, el } from './ui.js';
import { callSigned } from './api.js';
import { endOf } from './language.js';
import { may } from './drift.js';
import { tell } from './messages.js';
import { m } from './texts_more.js';

const x = m.answer;
const WEEK_MS = 7 * 86400000;

// permission: who may; path: by which it is done; fields: what is asked with it, named as the request's members.
const deeds = {
  acknowledge: { permission: 'update:alerts', path: 'answer', fields: [] },
  resolve: { permission: 'update:alerts', path: 'answer', fields: [{ name: 'note', label: x.note, maxlength: 1000, optional: true }] },
  accept: { permission: 'update:drift', path: 'accept', fields: [{ name: 'reason', label: x.reason, maxlength: 500 },
    { name: 'expires_at', label: x.until, type: 'date', value: new Date(Date.now() + WEEK_MS).toISOString().slice(0, 10) }] },
};

// Nothing where the address asks for nothing; `go` leaves the address behind, which counts once.
export function answerOf(alert, { me, filter, go }) {
  const name = filter?.get('answer'), token = filter?.get('t'), deed = Object.hasOwn(deeds, name ?? '') ? deeds[name] : null;
  if (!deed || !token)
    return null;
  if (!may(me, deed.permission))
    return el('p', {}, x.mayNot);
  const words = x[name], send = async (values) => {
    const { note, reason, expires_at: until } = values, given = { note, reason, expires_at: until && endOf(until) };
    if (deed.path === 'accept' && alert.report_id)
      given.report_id = alert.report_id; // whose changes stand on this page
    const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
    const { pending } = await callSigned('POST', `api/drift/alerts/${alert.id}/${deed.path}`, { token, ...body });
    await go(`#/alerts/${alert.id}`, deed.path === 'accept' && pending ? m.second.waits : words.done);
  };
  return el('section', { class: 'answer', 'aria-label': words.ask }, el('h2', {}, words.ask), el('p', {}, words.says),
    new Form({ fields: deed.fields, submit: words.yes, busy: words.busy, send, tell: (problem) => tell(problem, deed.fields.map((f) => f.name)) }).element);
}
