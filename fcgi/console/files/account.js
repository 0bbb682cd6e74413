// account.js - signed in: who I am, my sessions, my password; and the way to the rest.
import { Form, button, dateTime, el, link, notice, plain, say, show, time } from './ui.js';
import { callSigned } from './api.js';
import { sentence, tell } from './messages.js';

// Enough to know one's own browser by; the whole text is in the title.
const browsers = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom(e|ium)\//, 'Chrome'], [/Safari\//, 'Safari'], [/curl\//, 'curl']];
const systems = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']];

function agentName(text) {
  const of = (table) => table.find(([pattern]) => pattern.test(text))?.[1];
  const browser = of(browsers), system = of(systems);
  return browser ? browser + (system ? ` on ${system}` : '') : text.slice(0, 60) || 'Unknown program';
}

// ---- sessions --------------------------------------------------------------------------------------

function session(s, ended) {
  const name = agentName(s.user_agent ?? '');
  const end = s.current ? el('span', { class: 'tag' }, 'This one')
    : button('End', async () => {
      try {
        await callSigned('DELETE', `api/auth/sessions/${s.id}`);
      } catch (problem) {
        if (problem.code !== 'not_found') // it has ended meanwhile: that was wanted
          return say(sentence(problem.code));
      }
      return ended(name);
    }, { 'aria-label': `End the session: ${name}, begun ${dateTime.format(new Date(s.created_at))}` });
  return el('li', { class: 'session' },
    el('div', {}, el('strong', { title: s.user_agent }, name), el('span', { class: 'small' }, `${s.address}${s.provider ? `, by ${s.provider}` : ''}`),
      el('span', { class: 'small' }, 'Begun ', time(s.created_at), ', last seen ', time(s.last_seen))),
    end);
}

async function fillSessions(box, cursor = '') {
  const { items, next_cursor: next } = await callSigned('GET', `api/auth/sessions?limit=20${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
  const list = el('ul', { class: 'plain', 'aria-label': 'Sessions' }, ...items.map((s) => session(s, async (name) => {
    await fillSessions(box);
    box.querySelector('h2').focus();
    say(`The session was ended: ${name}.`);
  })));
  const more = next && el('p', {}, button('Older ones', () => fillSessions(box, next), { class: 'link' }));
  box.replaceChildren(el('h2', { tabindex: '-1' }, 'Sessions'), list, more || '');
}

// ---- the page --------------------------------------------------------------------------------------

function facts(me) {
  const row = (name, ...value) => el('div', {}, el('dt', {}, name), el('dd', {}, ...value));
  return el('dl', { class: 'facts' }, row('Name', plain(me.user.display_name) || '-'), row('E-mail address', plain(me.user.email)),
    row('Tenant', `${plain(me.tenant.name)} (${me.tenant.slug})`), row('Roles', me.user.roles.map(plain).join(', ') || 'none'),
    row('Second factor', me.user['2fa_enabled'] ? 'on' : 'off'), row('Last sign-in', time(me.user.last_login)));
}

export function account({ me, note, signOut }) {
  const sessions = el('section', {}, el('h2', {}, 'Sessions'), el('p', {}, 'One moment…'));
  const has = me.user['2fa_enabled'];
  show('Your account', notice(note, 'good'), facts(me),
    el('div', { class: 'row' }, button('Sign out everywhere', () => signOut(true))),
    el('h2', {}, 'Signing in'),
    el('ul', {}, el('li', {}, link('#/password', 'Change your password')),
      el('li', {}, has ? link('#/codes', 'Make new recovery codes') : link('#/factor', 'Set up a second factor'))),
    el('h2', {}, 'For programs'),
    el('p', {}, 'Whatever these pages do, a program can do: the ', link('api/docs', 'API reference'),
      ' lists every request with an example; ', link('api/openapi.json', 'openapi.json'), ' is the same for programs.'),
    sessions);
  fillSessions(sessions).catch((problem) => sessions.replaceChildren(el('h2', {}, 'Sessions'), el('p', {}, sentence(problem.code))));
}

export function changePassword({ me, done }) {
  const form = new Form({
    fields: [{ name: 'current_password', label: 'Present password', type: 'password', autocomplete: 'current-password', maxlength: 1024, autofocus: true },
      { name: 'new_password', label: 'New password', type: 'password', autocomplete: 'new-password', maxlength: 1024,
        hint: `At least ${me.user['2fa_enabled'] ? 8 : 15} characters. No common password, no name, no row of keys.` }],
    submit: 'Change the password', busy: 'Changing…',
    send: async (values) => {
      await callSigned('PUT', 'api/auth/password', values);
      done('Your password is changed. Your other sessions were ended.');
    },
    tell: (problem) => tell(problem, ['current_password', 'new_password']),
  });
  const name = el('input', { class: 'away', type: 'text', name: 'username', autocomplete: 'username', value: me.user.email, readonly: true, tabindex: '-1', 'aria-hidden': 'true' });
  form.element.prepend(name);
  show('Change your password', el('p', {}, 'All your other sessions end with it.'), form.element, el('p', { class: 'after' }, link('#/', 'Cancel')));
}
