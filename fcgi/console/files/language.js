// language.js - numbers, lists and times by the viewer's language and zone.
import { el } from './ui.js';

const numbers = new Intl.NumberFormat(), lists = new Intl.ListFormat('en', { type: 'conjunction' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });

export const number = (n) => numbers.format(n);
export const list = (parts) => lists.format(parts);
export const plural = (n, word) => `${number(n)} ${word}${n === 1 ? '' : 's'}`;
export const dayOf = (text) => days.format(new Date(`${text}T00:00:00Z`));

const units = [['day', 86400], ['hour', 3600], ['minute', 60]];

// "3 hours ago"; the exact instant is the title.
export function ago(text) {
  const at = new Date(text), s = (at - Date.now()) / 1000;
  if (Math.abs(s) < 60)
    return el('time', { datetime: text, title: text }, 'just now');
  const [unit, length] = units.find(([, n]) => Math.abs(s) >= n);
  return el('time', { datetime: text, title: text }, relative.format(Math.trunc(s / length), unit));
}
