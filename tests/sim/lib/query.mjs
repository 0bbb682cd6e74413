// query.mjs - the query options of OData that a reader of configuration uses: $select, $filter, $orderby, $expand.
//
// "Use query parameters to customize responses" and "Use the $filter query parameter": eq ne gt ge lt le, and or not, startswith,
// endswith, contains, `in`, any() of a collection of texts; literals are texts in '', numbers, dates, true, false, null.

export class BadQuery extends Error {
  constructor(code, message) { super(message); this.code = code; }
}

const TOKEN = /\s*(?:('(?:[^']|'')*')|([A-Za-z@_][\w@./-]*)|(-?\d[\w.:+-]*)|([(),:]))/y;

function tokens(text) {
  const list = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.trimEnd().length;) {
    const m = TOKEN.exec(text);
    if (!m)
      throw new BadQuery('BadRequest', `Invalid filter clause: There is an unterminated string literal or an unknown character in '${text}'.`);
    list.push(m[1] !== undefined ? { text: m[1].slice(1, -1).replaceAll("''", "'"), literal: true } : m[3] !== undefined ? { text: m[3], literal: true } : { text: m[2] ?? m[4] });
  }
  return list;
}

const COMPARE = { eq: (a, b) => a === b, ne: (a, b) => a !== b, gt: (a, b) => a > b, ge: (a, b) => a >= b, lt: (a, b) => a < b, le: (a, b) => a <= b };
const CALLS = { startswith: (a, b) => a.startsWith(b), endswith: (a, b) => a.endsWith(b), contains: (a, b) => a.includes(b) };
// "Directory objects", string comparison: without regard to case
const fold = (value) => typeof value === 'string' ? value.toLowerCase() : value;
const value = (object, path) => path.split('/').reduce((o, name) => o?.[name], object) ?? null;

class Parser {
  constructor(text) { this.list = tokens(text); this.i = 0; this.uses = new Set(); this.names = new Set(); }

  fail() { throw new BadQuery('BadRequest', `Invalid filter clause: Syntax error at position ${this.i}.`); }
  peek() { return this.list[this.i]; }
  next() { return this.list[this.i++] ?? this.fail(); }
  take(text) { const t = this.peek(); return t && !t.literal && t.text.toLowerCase() === text ? !!++this.i : false; }
  need(text) { if (!this.take(text)) this.fail(); }

  or() {
    let left = this.and();
    while (this.take('or')) { const a = left, b = this.and(); left = (o) => a(o) || b(o); }
    return left;
  }
  and() {
    let left = this.unary();
    while (this.take('and')) { const a = left, b = this.unary(); left = (o) => a(o) && b(o); }
    return left;
  }
  unary() {
    if (this.take('not')) { this.uses.add('not'); const a = this.unary(); return (o) => !a(o); }
    if (this.take('(')) { const a = this.or(); this.need(')'); return a; }
    return this.term();
  }
  term() {
    const name = this.next();
    if (name.literal)
      this.fail();
    const call = CALLS[name.text.toLowerCase()];
    if (call && this.take('(')) {
      const path = this.next().text;
      this.need(',');
      const with_ = fold(this.literal());
      this.need(')');
      this.uses.add(name.text.toLowerCase());
      this.names.add(path);
      return (o) => { const v = value(o, path); return typeof v === 'string' && call(fold(v), with_); };
    }
    if (name.text.endsWith('/any') && this.take('('))
      return this.any(name.text.slice(0, -4));
    this.names.add(name.text);
    if (this.take('in')) {
      this.need('(');
      const list = [fold(this.literal())];
      while (this.take(',')) list.push(fold(this.literal()));
      this.need(')');
      return (o) => list.includes(fold(value(o, name.text)));
    }
    const op = this.next().text.toLowerCase(), compare = Object.hasOwn(COMPARE, op) ? COMPARE[op] : this.fail(), right = fold(this.literal());
    if (op === 'ne') this.uses.add('ne');
    return (o) => compare(fold(value(o, name.text)), right);
  }
  any(path) {
    const variable = this.next().text;
    this.need(':');
    if (this.next().text !== variable) this.fail();
    this.need('eq');
    const right = fold(this.literal());
    this.need(')');
    this.names.add(path);
    return (o) => (value(o, path) ?? []).some((v) => fold(v) === right);
  }
  literal() {
    const t = this.next();
    if (t.literal)
      return /^-?\d+(\.\d+)?$/.test(t.text) ? Number(t.text) : t.text;
    return { true: true, false: false, null: null }[t.text] ?? (t.text === 'null' ? null : this.fail());
  }
}

// The predicate of a $filter, what of it is an advanced query, and the properties that it names.
export function filterOf(text) {
  const p = new Parser(text), test = p.or();
  if (p.i < p.list.length)
    p.fail();
  return { test, uses: p.uses, names: p.names };
}

// "Advanced query capabilities on Microsoft Entra ID objects": these need ConsistencyLevel: eventual and $count=true.
export function needsEventual(q, filter) {
  return q.has('$search') || q.get('$count') === 'true' || (q.has('$orderby') && q.has('$filter')) || ['ne', 'not', 'endswith'].some((name) => filter?.uses.has(name));
}

const list = (text) => text.split(',').map((name) => name.trim()).filter(Boolean);

// What is shown of each object: $select, else what is usual, and relations only where they are expanded.
export function shapeOf(row, q, known) {
  const expand = q.has('$expand') ? list(q.get('$expand')).map((name) => name.replace(/\(.*$/, '')) : [];
  for (const name of expand)
    if (!row.expand?.includes(name))
      throw new BadQuery('BadRequest', `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type '${row.path}'.`);
  const select = q.has('$select') ? list(q.get('$select')) : null;
  for (const name of select ?? [])
    if (known.size > 0 && !known.has(name))
      throw new BadQuery('BadRequest', `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type '${row.path}'.`);
  const names = select ?? row.usual ?? null, hidden = (row.expand ?? []).filter((name) => !expand.includes(name));
  return (object) => {
    const shown = {};
    for (const [name, v] of Object.entries(object))
      if (!hidden.includes(name) && (names === null || names.includes(name) || expand.includes(name) || name.startsWith('@odata.')))
        shown[name] = v;
    return shown;
  };
}

export function orderBy(objects, text) {
  const [path, way] = text.trim().split(/\s+/), sign = way === 'desc' ? -1 : 1;
  return [...objects].sort((a, b) => { const x = value(a, path), y = value(b, path); return x === y ? 0 : sign * (x < y ? -1 : 1); });
}
