// settings_second.js - that less is to need a second person, and waits for one: who has asked, and what may be done about it.
import { Form, ask, button, el, time } from './ui.js';
import { callSigned } from './api.js';
import { may, plain } from './drift.js';
import { tell } from './messages.js';
import { proven } from './sign_in.js';
import { m } from './texts_more.js';

const x = m.settings.second;

// As it was seen: what somebody else has asked for or set meanwhile is looked at first.
async function settle({ me, again }, tenant, accept, said) {
  try {
    await proven(me, () => callSigned('PUT', `api/tenants/${tenant.id}`, { settings: { four_eyes: { accept_from: accept } } }, tenant));
  } catch (problem) {
    if (problem.status !== 412 || problem.news === undefined)
      throw problem;
    return again(x.otherwise);
  }
  return again(said);
}

// Setting it to what it is ends the wish; setting it to what was wished for confirms it.
function deedsOf(ctx, tenant, asked) {
  const is = tenant.settings.four_eyes.accept_from;
  const end = (yes, title, said) => button(yes, () => ask({ title, text: x.endSays, yes, busy: x.ending, tell, send: () => settle(ctx, tenant, is, said) }));
  if (asked.asked_by === ctx.me.user.id)
    return end(x.takeBack, x.takeBackAsk, x.takenBack);
  const confirm = new Form({ fields: [], submit: x.confirm, busy: x.confirming, tell, send: () => settle(ctx, tenant, asked.accept_from, x.confirmed) });
  return [confirm.element, end(x.decline, x.declineAsk, x.declined)];
}

export function secondOf(ctx, tenant, mayChange) {
  const asked = tenant.four_eyes_pending, word = (severity) => x.choices[severity ?? ''];
  return asked && [el('h2', {}, x.title), el('p', {}, x.asks(plain(asked.asked_name), word(tenant.settings.four_eyes.accept_from), word(asked.accept_from)), ' ', time(asked.asked_at)),
    el('p', { class: 'small' }, x.says), mayChange && may(ctx.me, 'assign:roles') && deedsOf(ctx, tenant, asked)];
}
