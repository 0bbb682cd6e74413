// channels.js - where alerts are told: every channel with what came of the last attempt; of one, all attempts, and what may be done.
import { ask, button, dateTime, el, every, isTouched, link, notice, say, time } from './ui.js';
import { Problem, callSigned } from './api.js';
import { channelForms, newChannel } from './channel_form.js';
import { table } from './chart.js';
import { Chosen, eachDeed } from './chosen.js';
import { gather, may, plain, stateTag } from './drift.js';
import { ago } from './language.js';
import { failed, tell } from './messages.js';
import { proven } from './sign_in.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = t.channels;
const MOST = 1000, ASKED = 20, PAGE = 50, LOOK_MS = 2000, ROUNDS = 20;
const order = Object.keys(x.states); // who needs somebody first

export const page = (ctx) => (ctx.id ? channelPage(ctx) : channelList(ctx));

const channelsOf = () => gather(callSigned, 'api/drift/channels', MOST);
const configsOf = (me) => (may(me, 'read:drift') ? gather(callSigned, 'api/drift/configs', MOST) : { items: null });
const attemptsOf = (id, limit, cursor = '') => callSigned('GET', `api/drift/channels/${id}/deliveries?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);

// A channel that is in use arrives or not, which its newest attempt says.
function stateOf(channel, newest) {
  if (channel.status !== 'active')
    return channel.status;
  return newest === undefined ? 'untried' : ['delivered', 'accepted'].includes(newest.outcome) ? 'active' : 'failing';
}

const routesOf = async () => (await gather(callSigned, 'api/drift/routes', MOST)).items;
const leading = (channel, routes) => routes.filter((r) => r.channels.includes(channel.id) || r.escalate?.some((step) => step.channels.includes(channel.id)));
const naming = (channel, configs) => configs?.filter((c) => c.alerts.some((a) => a.channel_id === channel.id));
const whereOf = (channel) => plain(channel.url ?? channel.to ?? '');

// ---- the list --------------------------------------------------------------------------------------

function tile({ channel, newest, state }, configs, routes) {
  return el('li', {}, el('a', { class: `tile ${state}`, href: `#/channels/${channel.id}` }, el('strong', {}, plain(channel.name)), stateTag(state, x.states),
    el('span', { class: 'small' }, channel.kind, ', ', whereOf(channel)), newest && el('span', { class: 'small' }, x.last, ago(newest.at)),
    configs && el('span', { class: 'small' }, x.named(naming(channel, configs).length, leading(channel, routes).length))));
}

async function channelList(ctx) {
  const { me } = ctx, make = may(me, 'manage:channels') && newChannel(ctx);
  const [channels, configs, routes] = await Promise.all([channelsOf(), configsOf(me), routesOf()]);
  const newest = await Promise.all(channels.items.slice(0, ASKED).map((c) => attemptsOf(c.id, 1)));
  const all = channels.items.map((channel, i) => ({ channel, newest: newest[i]?.items[0], state: i < ASKED ? stateOf(channel, newest[i].items[0]) : channel.status }));
  all.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.channel.name.localeCompare(b.channel.name));
  return { title: t.nav.channels, wide: true, parts: all.length === 0 ? [el('p', {}, x.empty), make]
    : [el('p', {}, x.says), make, el('ul', { class: 'plain tiles', 'aria-label': t.nav.channels }, ...all.map((one) => tile(one, configs.items, routes))),
      channels.more && el('p', { class: 'small' }, x.cut(all.length))] };
}

// ---- one -------------------------------------------------------------------------------------------

// What leads to it: the configs that name it, and the routes, in their order.
function waysOf(channel, configs, routes) {
  const f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts)), by = naming(channel, configs), ways = leading(channel, routes);
  const each = (items) => el('ul', { class: 'plain' }, ...items.map((item) => el('li', {}, item)));
  return [by && fact(f.by, by.length > 0 ? each(by.map((c) => link(`#/configs/${c.id}`, plain(c.name)))) : ways.length > 0 ? x.nobody : x.nothing),
    fact(f.routes, ways.length > 0 ? each(ways.map((r) => link(`#/routes/${r.id}`, plain(r.name)))) : x.noRoute)];
}

function factsOf(channel, state, configs, routes) {
  const f = x.facts, fact = (name, ...parts) => el('div', {}, el('dt', {}, name), el('dd', {}, ...parts));
  return el('dl', { class: 'facts' }, fact(f.state, stateTag(state, x.states), el('span', { class: 'small' }, ` ${x.states[state][2]}`)),
    fact(f.kind, channel.kind), fact(f.where, whereOf(channel)), fact(f.values, channel.values ? x.values : x.noValues),
    channel.rate && fact(f.rate, x.rate(channel.rate)), channel.digest && fact(m.digest.name, m.digest.said(channel.digest)), channel.former_secret_until && fact(f.former, x.former, time(channel.former_secret_until)),
    channel.audit && fact(f.audit, x.audit(channel.audit), channel.audit.detail && el('span', { class: 'small' }, ` ${plain(channel.audit.detail)}`)),
    waysOf(channel, configs, routes), fact(f.made, time(channel.created_at)));
}

const setStatus = ({ me, id, again }, status) => proven(me, () => callSigned('PUT', `api/drift/channels/${id}`, { status })).then(() => again(x.set[status]));

// From where the answer before says, until all of it is on its way.
async function replayAll(id, since) {
  const range = { state: 'failed', ...(since ? { since: new Date(`${since}T00:00:00`).toISOString() } : {}) };
  let sent = 0, from = {};
  for (let i = 0; i < ROUNDS; i++) {
    const { messages, next } = await callSigned('POST', `api/drift/channels/${id}/replay`, { ...range, ...from });
    sent += messages;
    if (next === null)
      return x.sent(sent);
    from = { from: next };
  }
  return x.sentSome(sent);
}

function deeds(ctx, channel, awaits) {
  const { me, id, again } = ctx, { status } = channel;
  if (!may(me, 'manage:channels'))
    return [];
  const asked = (title, text, yes, busy, to) => button(yes, () => ask({ title, text, yes, busy, tell, send: () => setStatus(ctx, to) }));
  const test = () => callSigned('POST', `api/drift/channels/${id}/test`).then(({ message_id: message }) => {
    awaits(message);
    say(x.tested);
  }).catch(failed);
  const allAgain = () => ask({ title: x.allAgainAsk, text: x.againSays, yes: x.again, busy: x.sending, grave: false, tell: (problem) => tell(problem, ['since']),
    fields: [{ name: 'since', label: x.since, type: 'date', optional: true }], send: async ({ since }) => again(await replayAll(id, since)) });
  return el('div', { class: 'row' }, status === 'active' && button(x.test, test), status === 'active' && asked(x.pauseAsk, x.pauseLost, x.pause, x.pausing, 'paused'),
    status !== 'active' && button(status === 'paused' ? x.resume : x.enable, () => setStatus(ctx, 'active').catch(failed)),
    status !== 'disabled' && asked(x.disableAsk, x.disableLost, x.disable, x.disabling, 'disabled'),
    status !== 'disabled' && may(me, 'read:alerts') && button(x.allAgain, allAgain));
}

// ---- what was sent ---------------------------------------------------------------------------------

function sendAgain(d, { again }) {
  ask({ title: x.againAsk, text: x.againSays, yes: x.again, busy: x.sending, grave: false, tell,
    send: async () => again(x.sent((await callSigned('POST', `api/drift/deliveries/${d.id}/replay`)).messages)) });
}

// Those that go out again one by one, or some at once; `sent` counts what each brought along.
function chooser(list, newest, { again }) {
  let sent = 0;
  return new Chosen({ list: () => list, nameOf: (d) => `${x.events[d.event] ?? plain(d.event)}, ${dateTime.format(new Date(d.at))}`, fits: (d) => newest.has(d.id) && d.state !== 'superseded',
    deeds: [eachDeed({ text: x.again, title: x.againSome, says: x.againSays, yes: x.again, busy: x.sending, again, done: () => x.sent(sent),
      one: async (d) => { sent += (await callSigned('POST', `api/drift/deliveries/${d.id}/replay`)).messages; } })] });
}

// Of a message that was tried several times, the newest attempt has what becomes of it.
function logOf(items, ctx, channel) {
  const newestOf = new Map(items.toReversed().map((d) => [d.message_id, d.id])), newests = new Set(newestOf.values()), list = { items, shown: items, box: null };
  const mayAgain = channel.status !== 'disabled' && may(ctx.me, 'manage:channels') && may(ctx.me, 'read:alerts'), chosen = mayAgain && chooser(list, newests, ctx);
  list.box = table(x.log, x.heads, items.map((d) => {
    const newest = newests.has(d.id), what = x.events[d.event] ?? plain(d.event);
    return [chosen ? chosen.cell(d, time(d.at)) : time(d.at), d.alert_id && may(ctx.me, 'read:alerts') ? link(`#/alerts/${d.alert_id}`, what) : what,
      el('div', {}, stateTag(d.outcome, x.outcomes), el('div', { class: 'small' }, x.attempt(d.attempt, d.took_ms), d.http_status ? x.http(d.http_status) : '')),
      el('div', {}, plain(d.detail), newest && x.next[d.state] && el('div', { class: 'small' }, x.next[d.state])),
      newest && mayAgain && d.state !== 'superseded' ? button(x.again, () => sendAgain(d, ctx), { 'aria-label': x.againThis(what, d.at) }) : ''];
  }), 'records');
  return [chosen && chosen.element, list.box].filter(Boolean);
}

async function channelPage(ctx) {
  const { me, id, again } = ctx;
  const [channels, configs, routes, first] = await Promise.all([channelsOf(), configsOf(me), routesOf(), attemptsOf(id, PAGE)]), channel = channels.items.find((c) => c.id === id);
  if (channel === undefined)
    throw new Problem({ code: 'not_found', status: 404 });
  const state = stateOf(channel, first.items[0]), box = el('div', {}), more = el('p', {});
  let items = [], shown = JSON.stringify(first.items), awaited = null;
  const put = (part, before = []) => {
    items = [...before, ...part.items];
    box.replaceChildren(...(items.length > 0 ? logOf(items, ctx, channel) : [el('p', {}, x.noLog)]));
    more.replaceChildren(part.next_cursor ? button(t.more, () => attemptsOf(id, PAGE, part.next_cursor).then((next) => {
      put(next, items);
      box.querySelector('.table').focus();
    }).catch(failed)) : '');
  };
  put(first);
  // What comes of it comes by itself, but not under somebody's hands.
  const live = () => every(LOOK_MS, async (left) => {
    const now = await attemptsOf(id, PAGE), is = JSON.stringify(now.items), over = now.items.find((d) => d.message_id === awaited);
    if (is === shown || items.length > PAGE || isTouched() || box.contains(document.activeElement))
      return;
    const fresh = (await channelsOf()).items.find((c) => c.id === id), said = over ? x.testOver(x.outcomes[over.outcome]?.[1] ?? over.outcome, plain(over.detail)) : x.changed;
    if (left())
      return;
    [shown, awaited] = [is, over ? null : awaited];
    if (JSON.stringify(fresh) !== JSON.stringify(channel) || stateOf(channel, now.items[0]) !== state)
      return again(said);
    put(now);
    say(said);
  }, failed);
  const why = channel.status_reason && notice(x.why[channel.status](plain(channel.status_reason)), channel.status === 'disabled' ? 'error' : 'info');
  return { title: plain(channel.name), wide: true, live, parts: [why, factsOf(channel, state, configs.items, routes), deeds(ctx, channel, (message) => { awaited = message; }), ...(may(me, 'manage:channels') ? channelForms(ctx, channel) : []),
    el('h2', {}, x.log), box, more, el('p', { class: 'after' }, link('#/channels', x.back))] };
}
