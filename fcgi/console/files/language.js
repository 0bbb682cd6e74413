// language.js - numbers, lists and times by the viewer's language and zone.
import { el } from './ui.js';

const numbers = new Intl.NumberFormat(), lists = new Intl.ListFormat('en', { type: 'conjunction' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });

export const number = (n) => numbers.format(n);
const units10 = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
export function bytes(n) {
  const i = Math.min(units10.length - 1, n < 1000 ? 0 : Math.floor(Math.log10(n) / 3));
  return new Intl.NumberFormat(undefined, { style: 'unit', unit: units10[i], unitDisplay: i === 0 ? 'long' : 'short', maximumFractionDigits: 1 }).format(n / 1000 ** i);
}
export const list = (parts) => lists.format(parts);
export const plural = (n, word, many = `${word}s`) => `${number(n)} ${n === 1 ? word : many}`;
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

// The end of a day of the viewer's, as the API has it; and the day of an instant, as a field has it.
export const endOf = (day) => new Date(`${day}T23:59:59`).toISOString();
export const dayIn = (text) => new Date(new Date(text).getTime() - new Date(text).getTimezoneOffset() * 60000).toISOString().slice(0, 10);
