// names.mjs - names and ids that are the same in every run: an id is of what it names.
import crypto from 'node:crypto';

export const DOMAIN = 'harbour.example';

export function guid(text) {
  const hex = crypto.createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const FIRST = ['Ada', 'Ben', 'Cleo', 'Dora', 'Emil', 'Fay', 'Gus', 'Hana', 'Ivo', 'Jana', 'Karl', 'Lea', 'Mats', 'Nora', 'Otto', 'Pia', 'Quin', 'Rosa', 'Sven', 'Tara'];
const LAST = ['Amber', 'Birch', 'Cliff', 'Dale', 'Elder', 'Frost', 'Grove', 'Heath', 'Isle', 'Juniper', 'Kestrel', 'Larch', 'Marsh', 'North', 'Oak', 'Pine', 'Quarry', 'Reed', 'Stone', 'Thorn'];
export const person = (n) => `${FIRST[n % FIRST.length]} ${LAST[Math.floor(n / FIRST.length) % LAST.length]}`;
