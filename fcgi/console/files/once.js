// once.js - a secret that the server tells this once: shown, copied, and gone when somebody says that it is kept. It is put nowhere else.
import { alert, button, el, say, show } from './ui.js';
import { t } from './texts.js';

const x = t.once;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(x.copied);
  } catch {
    say(x.notCopied);
  }
}

export function shownOnce({ title, says, where = x.says, label, secret, done }) {
  const kept = el('input', { type: 'checkbox', id: 'kept' }), trouble = el('div', {});
  const go = button(x.go, () => {
    if (kept.checked)
      return done();
    trouble.replaceChildren(alert(x.first));
    return kept.focus();
  }, { class: 'primary' });
  show(title, el('p', {}, says), el('p', {}, where), el('p', { class: 'row' }, el('code', { class: 'secret', tabindex: '0', 'aria-label': label }, secret),
    navigator.clipboard !== undefined && button(x.copy, () => copy(secret))), trouble, el('p', { class: 'check' }, kept, el('label', { for: 'kept' }, x.kept)), go);
}
