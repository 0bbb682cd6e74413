// mailbox.mjs - a real mail server (npm smtp-server) where the installation expects one, and the mail it took,
// read by an independent parser (npm postal-mime).
import fs from 'node:fs';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import PostalMime from 'postal-mime';
import { smtpPort, state, until } from './env.mjs';

export class Mailbox {
  constructor() {
    this.got = []; // {to, from, secure, user, raw, mail}
    this.tries = 0; // connections
    this.server = null;
  }

  // options: starttls false: the server offers none; refuse: a reply code for every recipient; answer(stage, address): one
  // for whoever connects ("greeting"), a sender ("MAIL"), a recipient ("RCPT") or the text for one ("text"), or 0.
  async start({ starttls = true, refuse = 0, answer = (stage) => (stage === 'RCPT' ? refuse : 0) } = {}) {
    const say = (stage, address, done, taken = () => done()) => {
      const responseCode = answer(stage, address);
      return responseCode ? done(Object.assign(new Error('not here'), { responseCode })) : taken();
    };
    const file = (name) => fs.readFileSync(path.join(state, 'etc', name));
    this.server = new SMTPServer({
      key: file('smtp-key.pem'), cert: file('smtp-cert.pem'),
      disabledCommands: starttls ? [] : ['STARTTLS', 'AUTH'], authOptional: !starttls, logger: false,
      onConnect: (session, done) => { this.tries++; say('greeting', '', done); },
      onMailFrom: (address, session, done) => say('MAIL', address.address, done),
      onAuth: (auth, session, done) => (auth.username === 'bsx' && auth.password === 'smtp password'
        ? done(null, { user: auth.username }) : done(new Error('no such account'))),
      onRcptTo: (address, session, done) => say('RCPT', address.address, done),
      onData: (stream, session, done) => this.#take(stream, session, (e) => (e ? done(e) : say('text', session.envelope.rcptTo[0].address, done))),
    });
    this.server.on('error', () => {});
    await new Promise((resolve) => this.server.listen(smtpPort, '127.0.0.1', resolve));
    return this;
  }

  stop() {
    const server = this.server;
    this.server = null;
    return server === null ? undefined : new Promise((resolve) => server.close(resolve));
  }

  async #take(stream, session, done) {
    const parts = [];
    for await (const d of stream)
      parts.push(d);
    const raw = Buffer.concat(parts);
    this.got.push({ to: session.envelope.rcptTo.map((r) => r.address), from: session.envelope.mailFrom.address,
      secure: session.secure, user: session.user, host: session.hostNameAppearsAs, raw: raw.toString('latin1'),
      mail: await PostalMime.parse(raw) });
    done();
  }

  to(address) { return this.got.filter((m) => m.to.includes(address)); }

  // The first mail to an address whose subject fits.
  wait(address, subject, seconds = 15) {
    return until(`a mail to ${address}`, () => this.to(address).find((m) => subject.test(m.mail.subject)), seconds);
  }
}

// The token of a mail's link; text and HTML have the same.
export function linkOf(m, purpose) {
  const find = (text) => new RegExp(`(https?://[^\\s"<>#?]*/)\\?tenant=[a-z0-9-]+#${purpose}=([A-Za-z0-9_-]+)`).exec(text);
  const a = find(m.mail.text), b = find(m.mail.html);
  if (!a || !b || a[0] !== b[0])
    throw new Error(`no link for ${purpose}, or two: ${m.mail.text}`);
  return { url: a[0], site: a[1], token: a[2] };
}
