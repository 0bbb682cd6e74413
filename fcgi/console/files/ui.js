// ui.js - elements, views, forms: the one module that every view imports. Text goes in as text, never as markup.

// el('p', { class: 'hint' }, 'text', child): an attribute that is false, null or undefined is left out, onX listens.
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false)
      continue;
    if (key.startsWith('on'))
      e.addEventListener(key.slice(2), value);
    else
      e.setAttribute(key, value === true ? '' : value);
  }
  e.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return e;
}

// What would change the order of the characters around it is seen, and does nothing.
export const plain = (text) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const link = (href, text, more = {}) => el('a', { href, ...more }, text);
export const button = (text, onclick, more = {}) => el('button', { type: 'button', onclick, ...more }, text);

// In the viewer's zone and words; the exact instant is the title.
export const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
export const time = (text) => (text ? el('time', { datetime: text, title: text }, dateTime.format(new Date(text))) : 'never');

let made = 0;
export const newId = (word) => `${word}-${++made}`;

// ---- views -----------------------------------------------------------------------------------------

let leaving = []; // what ends with the present view

// Again and again while the view is shown and somebody looks; what fails is told, and tried again the next time.
export function every(ms, f, tellFailure) {
  let busy = false, left = false;
  const timer = setInterval(async () => {
    if (busy || document.hidden)
      return;
    busy = true;
    try {
      await f(() => left);
    } catch (problem) {
      if (!left)
        tellFailure(problem);
    } finally {
      busy = false;
    }
  }, ms);
  leaving.push(() => {
    left = true;
    clearInterval(timer);
  });
}

// Whether somebody has typed, ticked or been asked something that showing the view anew would lose.
export const isChanged = (e) => (e.type === 'checkbox' ? e.checked !== e.defaultChecked : e.value !== e.defaultValue);
export const isTouched = () => document.querySelector('dialog') !== null || [...document.querySelectorAll('#main :is(input, textarea)')].some(isChanged);

// What is listened to everywhere, as long as the view is shown.
export function listen(type, f) {
  addEventListener(type, f);
  leaving.push(() => removeEventListener(type, f));
}

// Puts a view in the place of the present one; a screen reader and the keyboard begin at its heading.
export function show(title, ...parts) {
  for (const end of leaving)
    end();
  leaving = [];
  const heading = el('h1', { tabindex: '-1' }, title), main = document.getElementById('main');
  main.className = '';
  main.replaceChildren(heading, ...parts.flat(Infinity).filter(Boolean));
  document.title = [title, document.body.dataset.acting, 'BlindSpotX'].filter(Boolean).join(' - ');
  say('');
  scrollTo(0, 0);
  (document.querySelector('#main [autofocus]') ?? heading).focus();
}

// What happened, without taking the focus away.
export function say(text) {
  document.getElementById('status').textContent = text;
}

// What is an element already is shown as it is.
export const notice = (text, kind = 'info') => (text instanceof Node ? text : text && el('p', { class: `notice ${kind}` }, text));
export const alert = (...parts) => el('div', { class: 'notice error', role: 'alert', tabindex: '-1' }, ...parts);

// Gives a file to whoever looks.
export function saveAs(blob, name) {
  const url = URL.createObjectURL(blob);
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// ---- forms -----------------------------------------------------------------------------------------

function showSecret(input) {
  const b = button('Show', () => {
    const hidden = input.type === 'password';
    input.type = hidden ? 'text' : 'password';
    b.setAttribute('aria-pressed', String(hidden));
  }, { class: 'reveal', 'aria-pressed': 'false', 'aria-label': 'Show password' });
  return b;
}

// { name, label, type, hint, value, optional, autofocus, ...attributes of the input }; with choices { value: text } it is one of these, with rows a text of
// several lines.
export class Field {
  constructor({ name, label, hint, choices, rows, value, optional = false, ...attributes }) {
    const id = newId(name);
    this.name = name;
    this.label = label;
    this.optional = optional;
    this.fault = el('p', { class: 'fault', id: `${id}-fault` });
    this.hint = hint && el('p', { class: 'hint', id: `${id}-hint` }, hint);
    const common = { id, name, required: !optional, 'aria-describedby': `${this.hint ? `${id}-hint ` : ''}${id}-fault` };
    this.input = choices ? el('select', common, ...Object.entries(choices).map(([v, text]) => el('option', { value: v, selected: v === value }, text)))
      : rows ? el('textarea', { ...common, rows, spellcheck: 'false', autocapitalize: 'none', ...attributes }, value)
        : el('input', { ...common, type: 'text', spellcheck: 'false', autocapitalize: 'none', value, ...attributes });
    const secret = attributes.type === 'password';
    this.element = el('div', { class: 'field' }, el('label', { for: id }, label), this.hint,
      secret ? el('div', { class: 'with-button' }, this.input, showSecret(this.input)) : this.input, this.fault);
  }

  get value() { return this.input.value; }

  refuse(text) {
    this.fault.textContent = text;
    this.input.setAttribute('aria-invalid', 'true');
  }

  accept() {
    this.fault.textContent = '';
    this.input.removeAttribute('aria-invalid');
  }
}

// A form that sends by `send(values)`. What that throws is told by `tell(problem)`: { text, fields: { name: text }, more }.
export class Form {
  #busy = false;

  constructor({ fields, submit, busy, send, tell, more = [] }) {
    this.fields = fields.map((f) => (f instanceof Field ? f : new Field(f)));
    this.trouble = el('div', { class: 'trouble' });
    this.button = el('button', { type: 'submit', class: 'primary' }, submit);
    this.words = { submit, busy };
    this.send = send;
    this.tell = tell;
    this.element = el('form', { method: 'post', novalidate: true, onsubmit: (event) => this.#submit(event) },
      this.trouble, ...this.fields.map((f) => f.element), ...more, this.button);
  }

  field(name) { return this.fields.find((f) => f.name === name); }

  // One more, above the button, unless it is there.
  ask(field) {
    if (this.field(field.name) !== undefined)
      return;
    const f = new Field(field);
    this.fields.push(f);
    this.button.before(f.element);
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy)
      return;
    this.trouble.replaceChildren();
    for (const f of this.fields)
      f.accept();
    const empty = this.fields.filter((f) => !f.optional && f.value === '');
    for (const f of empty)
      f.refuse(`Fill in: ${f.label}.`);
    if (empty.length > 0)
      empty[0].input.focus();
    else
      await this.#run();
  }

  async #run() {
    this.#wait(true);
    try {
      await this.send(Object.fromEntries(this.fields.map((f) => [f.name, f.value])));
    } catch (problem) {
      this.refuse(this.tell(problem));
    } finally {
      this.#wait(false);
    }
  }

  #wait(busy) {
    this.#busy = busy;
    this.button.setAttribute('aria-disabled', String(busy));
    this.button.textContent = busy ? this.words.busy : this.words.submit;
  }

  refuse({ text, fields = {}, more = [] }) {
    let first = null;
    for (const f of this.fields) {
      if (fields[f.name] === undefined)
        continue;
      f.refuse(fields[f.name]);
      first ??= f.input;
    }
    if (text) {
      const box = alert(el('p', {}, text), ...more);
      this.trouble.replaceChildren(box);
      first ??= box;
    }
    first?.focus();
    if (first?.select)
      first.select();
  }
}

// ---- asking ----------------------------------------------------------------------------------------

// Asks before a deed that takes something away, which `text` names. `send` does it; what fails is told here, and nothing is lost.
// It ends with the view that it was asked on; `closed` is told when it does, whether it was done or not.
export function ask({ title, text, yes, busy, no = 'Cancel', fields = [], more = [], send, tell, closed, grave = true }) {
  const id = newId('ask'), before = document.activeElement;
  const form = new Form({ fields, submit: yes, busy, tell, send: async (values) => {
    await send(values);
    dialog.close();
  }, more });
  form.button.classList.toggle('grave', grave);
  form.element.append(button(no, () => dialog.close()));
  const dialog = el('dialog', { 'aria-labelledby': id, onclose: () => {
    dialog.remove();
    if (before?.isConnected)
      before.focus();
    closed?.();
  } }, el('h2', { id }, title), ...[text].flat().map((p) => el('p', {}, p)), form.element);
  document.body.append(dialog);
  leaving.push(() => dialog.close());
  dialog.showModal();
}
