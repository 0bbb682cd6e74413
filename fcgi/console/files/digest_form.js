// digest_form.js - the digest of a channel of kind email: what is asked about it, and what was said.
import { may } from './drift.js';
import { m } from './texts_more.js';

const x = m.digest;
// The fields, by the members that they stand for.
export const digestMembers = { digest_every: 'digest/every', digest_at: 'digest/at', digest_weekday: 'digest/weekday', digest_zone: 'digest/timezone', digest_empty: 'digest/empty' };

// It tells numbers of both to whoever reads there.
export const mayDigest = (me) => may(me, 'read:drift') && may(me, 'read:alerts');

// was: the digest of a channel, or what was typed before another kind was chosen.
export function digestFields(was) {
  const d = was.digest, of = (name, value) => was[name] ?? value ?? '';
  return [{ name: 'digest_every', label: x.every, hint: x.everySays, choices: x.everies, value: of('digest_every', d?.every), optional: true },
    { name: 'digest_at', label: x.at, maxlength: 5, value: of('digest_at', d?.at), optional: true, autocomplete: 'off' },
    { name: 'digest_weekday', label: x.weekday, choices: x.weekdays, value: of('digest_weekday', d?.weekday), optional: true },
    { name: 'digest_zone', label: x.zone, maxlength: 64, value: of('digest_zone', d?.timezone), optional: true, autocomplete: 'off' },
    { name: 'digest_empty', label: x.empty, choices: x.empties, value: of('digest_empty', d?.empty ? 'yes' : ''), optional: true }];
}

// null: none.
export const digestOf = (said) => (said.digest_every ? { every: said.digest_every, at: said.digest_at.trim(), ...(said.digest_weekday ? { weekday: said.digest_weekday } : {}),
  ...(said.digest_zone.trim() ? { timezone: said.digest_zone.trim() } : {}), ...(said.digest_empty ? { empty: true } : {}) } : null);

export const isSameDigest = (a, b) => ['every', 'at', 'weekday', 'timezone', 'empty'].every((name) => (a?.[name] ?? null) === (b?.[name] ?? null));
