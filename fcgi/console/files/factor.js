// factor.js - setting up a second factor, and the recovery codes.
import { Form, alert, button, el, link, notice, saveAs, say, show } from './ui.js';
import { callSigned } from './api.js';
import { sentence, requestNumber, tell } from './messages.js';

// "JBSWY3DPEHPK3PXP" -> "JBSW Y3DP EHPK 3PXP": easier to type.
const grouped = (secret) => secret.match(/.{1,4}/g).join(' ');

function canCopy() {
  return navigator.clipboard !== undefined;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say('Copied.');
  } catch {
    say('The browser did not let this page copy. Select the text and copy it yourself.');
  }
}

// ---- recovery codes --------------------------------------------------------------------------------

function download(codes, who) {
  const text = `Recovery codes for BlindSpotX, ${who}. Each counts once.\n\n${codes.join('\n')}\n`;
  saveAs(new Blob([text], { type: 'text/plain' }), 'blindspotx-recovery-codes.txt');
}

// They are shown this once; `done()` goes on when somebody says that they are kept.
export function recoveryCodes({ codes, who, done, first }) {
  const kept = el('input', { type: 'checkbox', id: 'kept' });
  const trouble = el('div', {});
  const go = button('Continue', () => {
    if (kept.checked)
      return done();
    trouble.replaceChildren(alert('Keep the codes first, then tick the box: they are not shown again.'));
    return kept.focus();
  }, { class: 'primary' });
  show('Your recovery codes', notice(first ? 'Your second factor is in force.' : 'Earlier recovery codes count no more.', 'good'),
    el('p', {}, 'With one of these you get in when your app is lost. Each counts once. Keep them where you keep other important things; they are not shown again.'),
    el('ol', { class: 'codes', 'aria-label': 'Recovery codes' }, ...codes.map((c) => el('li', {}, el('code', {}, c)))),
    el('div', { class: 'row no-print' }, canCopy() && button('Copy', () => copy(codes.join('\n'))),
      button('Download', () => download(codes, who)), button('Print', () => print())),
    el('div', { class: 'no-print' }, trouble, el('p', { class: 'check' }, kept, el('label', { for: 'kept' }, 'I have kept these codes.')), go));
}

// ---- enrolment -------------------------------------------------------------------------------------

function qr(setup) {
  // As an image it cannot run anything, whatever it holds.
  return el('img', { class: 'qr', width: 220, height: 220, alt: 'QR code of the same secret',
    src: `data:image/svg+xml,${encodeURIComponent(setup.qr_svg)}` });
}

function steps(setup) {
  return el('ol', { class: 'steps' },
    el('li', {}, el('p', {}, 'Open an authenticator app on your phone and scan this code.'), qr(setup)),
    el('li', {}, el('p', {}, 'Cannot scan? ', link(setup.otpauth_uri, 'Open the app on this device'), ', or type this secret into the app:'),
      el('p', { class: 'row' }, el('code', { class: 'secret', tabindex: '0', 'aria-label': 'Secret' }, grouped(setup.secret)),
        canCopy() && button('Copy', () => copy(setup.secret), { 'aria-label': 'Copy the secret' }))),
    el('li', {}, el('p', {}, 'Enter the code that the app shows now.')));
}

// `done(codes)`: it is in force. `refused(problem)`: the setup was not given.
export async function enrol({ required, done, refused, leave }) {
  let setup;
  show('Set up a second factor', el('p', {}, 'One moment…'));
  try {
    setup = await callSigned('POST', 'api/auth/2fa/setup');
  } catch (problem) {
    return refused(problem);
  }
  const form = new Form({
    fields: [{ name: 'code', label: 'Code', autocomplete: 'one-time-code', inputmode: 'numeric', maxlength: 16 }],
    submit: 'Turn it on', busy: 'Checking…',
    send: async (values) => done((await callSigned('POST', 'api/auth/2fa/enable', { code: values.code.trim() })).recovery_codes),
    tell: (problem) => (problem.code === 'unauthenticated' ? (refused(problem), { text: '' }) : tell(problem, ['code'])),
  });
  return show('Set up a second factor', notice(required && 'Your role needs a second factor. It takes a minute, once.'), steps(setup), form.element,
    el('p', { class: 'after' }, leave));
}

export const failure = (problem) => alert(el('p', {}, sentence(problem.code)), requestNumber(problem.id));
