// news.js - what somebody else has changed meanwhile, for whoever was slower: their form has it beside what was typed.
import { el } from './ui.js';
import { plain } from './drift.js';
import { m } from './texts_more.js';

const x = m.news;
const MOST = 20, LONG = 200, counters = ['updated_at', 'usage'];

const isGroup = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);

const word = (v) => {
  const text = v === undefined || v === null ? x.nothing : typeof v === 'string' ? v : JSON.stringify(v);
  return plain(text.length > LONG ? `${text.slice(0, LONG)}…` : text);
};

// The members that differ, by their place: [place, was, is].
function differing(was, now, at = '') {
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])].filter((name) => at !== '' || !counters.includes(name));
  return names.flatMap((name) => {
    const place = at + name, [a, b] = [was[name], now[name]];
    if (isGroup(a) && isGroup(b))
      return differing(a, b, `${place}.`);
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [[place, a, b]];
  });
}

const row = ([place, was, is]) => el('li', {}, el('code', {}, plain(place)), `: ${word(was)} → `, el('strong', {}, word(is)));

export function differences(was, now) {
  const all = differing(was, now);
  if (all.length === 0)
    return [el('p', {}, x.same), el('p', {}, x.again)];
  return [el('p', {}, x.now), el('ul', {}, ...all.slice(0, MOST).map(row)), all.length > MOST && el('p', { class: 'small' }, x.more(all.length - MOST)), el('p', {}, x.kept)];
}
