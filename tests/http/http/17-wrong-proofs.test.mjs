// Passwords and codes that are shown through a session: five wrong ones in a row end it, wherever they are shown.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { enrol } from '../lib/authenticator.mjs';
import { sql } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { bearer, login, newTenant, withToken } from '../lib/people.mjs';
import { call } from '../lib/client.mjs';

const WRONG = 5, next = crypto.randomBytes(15).toString('base64');

// Each place with what is wrong there: the member, the answer until the session ends.
const places = [
  { route: 'PUT /api/auth/password', member: 'current_password', body: () => ({ current_password: 'not it at all', new_password: next }), answer: [422, 'validation_failed'] },
  { route: 'POST /api/auth/step-up', member: 'password', body: () => ({ password: 'not it at all' }), answer: [401, 'invalid_credentials'] },
  { route: 'POST /api/auth/step-up', member: 'code', factor: true, body: (p) => ({ code: p.app.wrong() }), answer: [401, 'invalid_code'] },
  { route: 'POST /api/auth/step-up', member: 'recovery_code', factor: true, body: () => ({ recovery_code: 'aaaaa-bbbbb-ccccc-ddddd-eeeee' }), answer: [401, 'invalid_code'] },
  { route: 'POST /api/auth/2fa/enable', member: 'code', setup: true, body: () => ({ code: '000000' }), answer: [401, 'invalid_code'] },
  { route: 'POST /api/auth/2fa/disable', member: 'password', factor: true, body: (p) => ({ password: 'not it at all', code: p.app.wrong() }), answer: [401, 'invalid_credentials'] },
  { route: 'POST /api/auth/2fa/disable', member: 'code', factor: true, body: (p) => ({ password: p.who.password, code: p.app.wrong() }), answer: [401, 'invalid_code'] },
  { route: 'POST /api/auth/2fa/disable', member: 'recovery_code', factor: true, body: (p) => ({ password: p.who.password, recovery_code: 'aaaaa-bbbbb-ccccc-ddddd-eeeee' }), answer: [401, 'invalid_code'] },
];

async function person({ factor, setup }) {
  const who = newTenant(), schema = sql(`SELECT schema_name FROM bsx.tenants WHERE slug = '${who.tenant}'`), api = await bearer(who);
  const p = { who, schema, api, app: factor ? (await enrol(api)).app : null };
  if (setup)
    assert.equal((await api('POST', '/api/auth/2fa/setup')).status, 200);
  p.id = (await api('GET', '/api/auth/me')).json.session.id;
  p.audit = (action, also = '') => Number(sql(`SELECT COUNT(*) FROM audit WHERE action = '${action}' ${also}`, schema));
  return p;
}

const wrong = (p, place) => p.api(...place.route.split(' '), { body: place.body(p) });
const is = (a, [status, code], what) => assert.deepEqual([a.status, a.json?.code], [status, code], `${what}: ${a.text}`);
const ended = [401, 'unauthenticated'];
const lives = async (p) => (await p.api('GET', '/api/auth/me', { headers: { Connection: 'close' }, agent: false })).status === 200;

test('every place where a session shows a password or a code stands in the table', async () => {
  const { document } = await openapi(), found = [];
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const ref = op.requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1);
      if (!/^Needs a signed-in user/.test(op.description) || !ref)
        continue;
      for (const member of Object.keys(document.components.schemas[ref].properties))
        if (/^(current_password|password|code|recovery_code)$/.test(member))
          found.push(`${method.toUpperCase()} ${template} ${member}`);
    }
  }
  assert.deepEqual(places.map((p) => `${p.route} ${p.member}`).sort(), found.sort());
});

for (const place of places) {
  test(`${WRONG} wrong ones in a row end the session: ${place.route} ${place.member}`, async () => {
    const p = await person(place), other = place.factor ? null : await bearer(p.who);
    for (let i = 1; i < WRONG; i++)
      is(await wrong(p, place), place.answer, `the ${i}th`);
    assert.ok(await lives(p), 'one may still be wrong');
    is(await wrong(p, place), ended, 'the last');
    assert.equal(p.audit('session.end', `AND details LIKE '%wrong_proofs%' AND target_id = '${p.id}'`), 1);
    assert.equal(p.audit('factor.fail'), WRONG);
    for (let i = 0; i < 8; i++)
      assert.equal(await lives(p), false, 'on every worker');
    is(await wrong(p, place), ended, 'after that');
    is(await call('POST', '/api/auth/refresh', { body: { refresh_token: p.api.session.refresh_token } }), ended, 'it is not renewed');
    assert.equal(p.audit('factor.fail'), WRONG);
    if (other)
      assert.equal((await other('GET', '/api/auth/me')).status, 200, 'that session only');
  });
}

test('a right one begins the count anew; a refresh does not', async () => {
  const place = places[1], p = await person(place), right = () => p.api('POST', '/api/auth/step-up', { body: { password: p.who.password } });
  for (let round = 0; round < 2; round++) {
    for (let i = 1; i < WRONG; i++)
      is(await wrong(p, place), place.answer);
    assert.equal((await right()).status, 200, `round ${round}`);
  }
  for (let i = 1; i < WRONG; i++)
    is(await wrong(p, place), place.answer);
  const renewed = await call('POST', '/api/auth/refresh', { body: { refresh_token: p.api.session.refresh_token } });
  p.api = withToken(renewed.json.access_token, renewed.json);
  is(await wrong(p, place), ended, 'the session is the same');
});

test('a password that was changed in between begins the count anew too', async () => {
  const [place] = places, p = await person(place);
  for (let i = 1; i < WRONG; i++)
    is(await wrong(p, place), place.answer);
  assert.equal((await p.api('PUT', '/api/auth/password', { body: { current_password: p.who.password, new_password: next } })).status, 204);
  is(await wrong(p, place), place.answer);
});

test('twenty at once are not looked at more often than five one by one, and the session ends once', async () => {
  const place = places[1], p = await person(place);
  const answers = await Promise.all(Array.from({ length: 20 }, () => p.api('POST', '/api/auth/step-up', { body: place.body(p), headers: { Connection: 'close' }, agent: false })));
  for (const a of answers)
    assert.ok(a.status === 401 || a.status === 503, a.text); // busy: not looked at
  for (let i = 0; i < WRONG && await lives(p); i++)
    await wrong(p, place);
  assert.equal(await lives(p), false);
  assert.equal(p.audit('factor.fail', "AND details LIKE '%wrong_password%'"), WRONG);
  assert.equal(p.audit('session.end', "AND details LIKE '%wrong_proofs%'"), 1);
});

test('one whose program ended in the middle of the last try is ended by the next', async () => {
  const place = places[1], p = await person(place);
  sql(`UPDATE user_sessions SET wrong_proofs = ${WRONG} WHERE id = UNHEX('${p.id.replaceAll('-', '')}')`, p.schema);
  is(await p.api('POST', '/api/auth/step-up', { body: { password: p.who.password } }), ended, 'also a right one comes too late');
  assert.equal(await lives(p), false);
  assert.equal(p.audit('session.end', "AND details LIKE '%wrong_proofs%'"), 1);
});

test('wrong passwords through a session are failures of the account, as at a sign-in', async () => {
  const place = places[1], p = await person(place), rest = [await bearer(p.who), await bearer(p.who)];
  for (let i = 0; i < WRONG; i++)
    await wrong(p, place);
  assert.equal((await login({ ...p.who, password: 'not it either' })).status, 401, 'the sixth');
  p.api = rest[0];
  for (let i = 1; i < WRONG; i++)
    await wrong(p, place);
  is(await login(p.who), [429, 'too_many_attempts'], 'ten of one network make it wait');
  assert.equal((await rest[1]('GET', '/api/auth/me')).status, 200, 'who is signed in works on');
});
