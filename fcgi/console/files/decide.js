// decide.js - what may be done about a change: accepted, taken back, kept silent, or left out by a rule after a look at what that changes.
import { Form, ask, button, el, say, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { may, plain } from './drift.js';
import { endOf, number } from './language.js';
import { failed, tell } from './messages.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = t.change;
const DAYS = 30, WEEK_MS = 7 * 86400000;

const fold = (title, ...parts) => el('details', { class: 'deed' }, el('summary', {}, title), ...parts);
const small = (text) => el('p', { class: 'small' }, text);

// ---- accepted --------------------------------------------------------------------------------------

function accept({ change, again }) {
  const form = new Form({
    fields: [{ name: 'reason', label: x.reason, maxlength: 500, autofocus: true }, { name: 'until', label: x.until, type: 'date', optional: true }],
    submit: x.accept, busy: x.accepting,
    send: async ({ reason, until }) => {
      const { pending } = await callSigned('PUT', `api/drift/changes/${change.id}`, { status: 'accepted', reason, ...(until ? { expires_at: endOf(until) } : {}) });
      await again(pending ? m.second.waits : x.accepted);
    },
    tell: (problem) => tell(problem, ['reason']),
  });
  return fold(x.accept, small(x.acceptSays), form.element);
}

const takeBack = ({ change, again }) => el('p', {}, button(x.takeBack, () => ask({ title: x.takeBackAsk, text: x.takeBackLost, yes: x.takeBack, busy: x.takingBack, tell,
  send: async () => {
    await callSigned('PUT', `api/drift/changes/${change.id}`, { status: 'detected' });
    await again(x.takenBack);
  } })));

// Matchers are globs, and names are what the watched system calls things: where one holds a star, what is made of it would take more
// than was looked at.
const isPlain = ({ resource, path }) => ![resource.category, resource.key, path].some((name) => name.includes('*'));

// ---- kept silent -----------------------------------------------------------------------------------

function silenced(silence, put) {
  const end = () => callSigned('DELETE', `api/drift/silences/${silence.id}`).then(() => put(x.unsilenced)).catch(failed);
  put(x.silenced, time(silence.expires_at), '. ', button(x.unsilence, end));
}

function silence({ change, config }) {
  if (!isPlain(change))
    return fold(x.silence, small(x.starred));
  const box = el('p', {}), { category, key } = change.resource;
  const put = (...parts) => {
    box.replaceChildren(...parts);
    say(box.textContent);
  };
  const form = new Form({
    fields: [{ name: 'reason', label: x.silenceReason, maxlength: 500 },
      { name: 'until', label: x.silenceUntil, type: 'date', value: new Date(Date.now() + WEEK_MS).toISOString().slice(0, 10) }],
    submit: x.silence, busy: x.silencing,
    send: async ({ reason, until }) => {
      const matcher = { config: config.id, category, key, ...(change.path ? { path: change.path } : {}) };
      silenced(await callSigned('POST', 'api/drift/silences', { matcher, reason, expires_at: endOf(until) }), put);
    },
    tell: (problem) => tell(problem, ['reason', 'until'], { until: 'expires_at' }),
  });
  return fold(x.silence, small(x.silenceSays), form.element, box);
}

// ---- left out by a rule ----------------------------------------------------------------------------

// The place in all resources of the collection.
const ruleFor = ({ resource, path }) => ({ category: resource.category, path, severity: 'ignore', reason: x.ruleReason });

function addRule({ config, rule, again }) {
  let is = config; // whoever has changed them meanwhile keeps theirs
  const form = new Form({ fields: [], submit: x.rule, busy: x.adding, more: [small(x.ruleLost)], tell,
    send: async () => {
      try {
        await callSigned('PUT', `api/drift/configs/${config.id}`, { rules: [rule, ...(is.rules ?? [])] }, is);
      } catch (problem) {
        is = problem.news?.now ?? is;
        throw problem;
      }
      await again(x.added);
    } });
  return form.element;
}

function whatIf({ me, change, config, again }) {
  if (!isPlain(change))
    return fold(x.whatIf, small(x.starred));
  const box = el('div', {}), rule = ruleFor(change), rules = [rule, ...(config.rules ?? [])];
  const form = new Form({ fields: [], submit: x.tryIt, busy: x.trying, tell,
    send: async () => {
      const { runs, more, before, after } = await callSigned('POST', `api/drift/configs/${config.id}/what-if`, { rules, days: DAYS });
      box.replaceChildren(el('p', {}, x.replayed(runs, more)), table(x.whatIf, x.heads, Object.entries(x.rows).map(([name, word]) => [word, number(before[name]), number(after[name])])),
        may(me, 'update:drift') ? addRule({ config, rule, again }) : '');
      say(x.replayed(runs, more));
    } });
  return fold(x.whatIf, small(x.whatIfSays(DAYS)), el('p', {}, el('code', {}, plain(x.place(rule.category, rule.path)))), form.element, box);
}

export function decisions(ctx) {
  const { me, change, config } = ctx, open = !['resolved', 'accepted', 'ignored'].includes(change.status), drift = may(me, 'update:drift');
  return [open && drift && accept(ctx), change.status === 'accepted' && drift && takeBack(ctx), open && config && may(me, 'update:alerts') && silence(ctx),
    open && config && change.path !== '' && may(me, 'read:snapshots') && whatIf(ctx)];
}
