// authenticator.mjs - an authenticator app (RFC 6238) of our own, and a user who enrols with it.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { sql, until } from './env.mjs';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function unbase32(text) {
  const bits = [...text].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
}

export const present = () => Math.floor(Date.now() / 30000);

export function codeOf(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', unbase32(secret)).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

// Gives codes that were not used yet: at most three of them within half a minute.
export class Authenticator {
  constructor(secret) {
    this.secret = secret;
    this.last = present() - 2;
  }

  async next() {
    // that of the half minute before is over for whoever asks slowly at the end of this one
    const step = Math.max(this.last + 1, Date.now() % 30000 < 20000 ? present() - 1 : present());
    await until('the next code', () => step <= present() + 1, 40);
    this.last = step;
    return codeOf(this.secret, step);
  }

  // As if the codes so far had been used a minute and a half earlier.
  age({ tenant, email }) {
    sql(`UPDATE users SET last_step = last_step - 3 WHERE email = '${email}'`, sql(`SELECT schema_name FROM tenants WHERE slug = '${tenant}'`));
    this.last -= 3;
  }

  wrong() {
    const right = [-2, -1, 0, 1, 2].map((d) => codeOf(this.secret, present() + d));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((c) => !right.includes(c));
  }
}

// The caller's user has a second factor from now on.
export async function enrol(caller) {
  const setup = await caller('POST', '/api/auth/2fa/setup');
  assert.equal(setup.status, 200, setup.text);
  const app = new Authenticator(setup.json.secret);
  const enabled = await caller('POST', '/api/auth/2fa/enable', { body: { code: await app.next() } });
  assert.equal(enabled.status, 200, enabled.text);
  return { app, codes: enabled.json.recovery_codes, setup: setup.json };
}
