// entering.mjs - what nearly every visit begins with.
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../../http/lib/env.mjs';
import { Visitor } from './browser.mjs';

export async function enter(v, person, password = person.password) {
  await v.sees('Sign in');
  await v.fill('Tenant', person.tenant);
  await v.fill('E-mail address', person.email);
  await v.fill('Password', password);
  await v.press('Sign in');
}

// The cookies of somebody who has signed in once, for visits that begin behind the sign-in.
export async function session(chromium, origin, person) {
  const v = await new Visitor(chromium, origin).start();
  await v.goto(`/?tenant=${person.tenant}`);
  await enter(v, person);
  await v.sees('Overview');
  const state = await v.context.storageState();
  await v.leave();
  return state;
}

// From wherever one is to one's own account.
export async function toAccount(v) {
  await v.follow('Your account');
  await v.sees('Your account');
}

// Every word that an error can have, from the tables that make them: the API's, and a provider's sign-in's.
export function errorCodes() {
  const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
  const api = [...read('core/base/err.h').matchAll(/X\(ERR_\w+,\s*(\d+),\s*"(\w+)"/g)].filter((m) => Number(m[1]) >= 400).map((m) => m[2]);
  const provider = [...read('core/auth/oidc/oidc_reason.h').matchAll(/X\(OIDC_\w+,\s*"\w+",\s*"(\w+)"\)/g)].map((m) => m[1]);
  return { api, provider: [...new Set(provider)] };
}

// The access cookie is there still, but its token does not hold any more: what the time does to it.
export async function runOut(v) {
  const cookies = await v.context.cookies(), access = cookies.find((c) => c.name === 'bsx_access');
  await v.context.addCookies([{ ...access, value: access.value.replace(/.{10}$/, 'AAAAAAAAAA') }]);
}
