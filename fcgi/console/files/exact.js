// exact.js - JSON of which every number stays as it was written: 9007199254740993 and 1.0 are no numbers of this language. In what is read all
// names and texts begin with "s", and a number is a text that begins with "n".
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

export const readExact = (text) => JSON.parse(text.replace(TOKENS, (t) => (t[0] === '"' ? `"s${t.slice(1)}` : `"n${t}"`)));
export const printExact = (value, indent) => JSON.stringify(value, null, indent).replace(TOKENS, (t) => (t[1] === 'n' ? t.slice(2, -1) : `"${t.slice(2)}`));
