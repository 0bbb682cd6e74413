// links.js - what mailed links lead to: an invitation, a new password, a new e-mail address.
import { Form, el, link, show } from './ui.js';
import { call } from './api.js';
import { tell } from './messages.js';

const kinds = {
  invite: {
    title: 'Welcome', submit: 'Accept the invitation',
    text: 'You have been invited. Choose the password that you will sign in with.',
    done: 'Your password is set. Sign in with it now.',
    expired: ['This invitation was used before, has expired, or was replaced by a newer one. If you have a password already, sign in. If not, let yourself be mailed a new link.'],
  },
  reset: {
    title: 'Choose a new password', submit: 'Set the password',
    text: 'Once it is set, all your sessions end and you sign in with the new one.',
    done: 'Your password is changed. Sign in with the new one.',
    expired: ['This link was used before, has expired, or was replaced by a newer one. Let yourself be mailed a new one.'],
  },
};

// The link is of no use any more: what to do instead.
function expired(kind) {
  show('This link does not count any more', el('p', {}, kinds[kind].expired), el('p', {}, link('#/forgot', 'Mail me a new link', { class: 'button' })),
    el('p', { class: 'after' }, link('#/', 'Go to sign-in')));
}

// `done(note)` goes on to the sign-in.
export function choosePassword({ kind, token, done }) {
  const k = kinds[kind];
  const form = new Form({
    fields: [{ name: 'new_password', label: 'New password', type: 'password', autocomplete: 'new-password', maxlength: 1024, autofocus: true,
      hint: 'At least 15 characters (8 if you have a second factor). No common password, no name, no row of keys; a few words that do not belong together are good.' }],
    submit: k.submit, busy: 'Setting it…',
    send: async (values) => {
      await call('POST', 'api/auth/password/reset', { token, ...values });
      done(k.done);
    },
    tell: (problem) => {
      if (problem.about('/token') === undefined)
        return tell(problem, ['new_password']);
      expired(kind);
      return { text: '' };
    },
  });
  show(k.title, el('p', {}, k.text), form.element);
}

// A link that is only opened, by a mail scanner say, changes nothing: a person presses the button.
export function confirmAddress({ token, done }) {
  const form = new Form({
    fields: [],
    submit: 'Confirm the address', busy: 'Confirming…',
    send: async () => {
      await call('POST', 'api/auth/email/confirm', { token });
      done('Your new address counts from now on. Sign in with it.');
    },
    tell: (problem) => {
      if (problem.about('/token') === undefined)
        return tell(problem);
      show('This link does not count any more', el('p', {}, 'It was used before, has expired, or was replaced by a newer one. If your address did not change yet, sign in and ask for the change once more.'),
        el('p', { class: 'after' }, link('#/', 'Go to sign-in')));
      return { text: '' };
    },
  });
  show('Your new address', el('p', {}, 'Press the button to sign in with this e-mail address from now on.'), form.element);
}

