// tenant.mjs - one directory as a simulator holds it: its objects and their history, its apps, faults, limits, tokens, counts.
import { directoryOf, readerOf } from './directory.mjs';
import { Faults } from './faults.mjs';
import { guid } from './names.mjs';
import { Limits } from './throttle.mjs';

export class Tenant {
  constructor(options = {}, clock = () => Date.now()) {
    this.tenantId = options.tenantId ?? guid('harbour');
    this.domain = options.domain ?? `${this.tenantId.slice(0, 8)}.example`;
    this.clock = clock;
    this.state = options.state ?? directoryOf({ ...options, tenantId: this.tenantId });
    this.reader = readerOf(this.tenantId);
    this.apps = new Map([[this.reader.clientId, this.reader]]);
    this.decides = options.decides ?? 'accepts'; // its administrator: consent.mjs
    this.licences = new Set(options.licences ?? ['P1', 'P2']);
    this.pageMost = options.page ?? 999; // the most objects of one page, whatever $top asks
    this.faults = new Faults();
    this.limits = new Limits();
    this.limits.on = options.limits !== false;
    this.tokens = new Map(); // access tokens and page tokens, by what they are
    this.history = []; // [{ version, path, id, gone }] for delta
    this.forget();
  }

  forget() { this.counts = { requests: 0, bytes: 0, throttled: 0, tokens: 0, paths: {} }; }

  // Milliseconds of its clock. What one second is apart is told apart in dates too.
  get now() { return this.clock(); }
  get when() { return new Date(this.clock()); }
  get version() { return this.history.length; }

  copy() { return structuredClone(this.state); }

  // ---- changing it: each returns what stands there now ----

  #keyOf(o) { return o.id ?? o.tenantId ?? o.skuId; }
  #list(path) {
    const list = this.state[path];
    if (!Array.isArray(list))
      throw new RangeError(`there is no list at ${path}`);
    return list;
  }
  find(path, id) {
    return id === undefined ? this.state[path] : this.#list(path).find((o) => this.#keyOf(o) === id);
  }
  // As JSON merge patch (RFC 7396): null removes nothing here, it is a value of Graph; objects are merged.
  patch(path, id, change) {
    const at = id === undefined ? this.state[path] : this.find(path, id);
    if (at === undefined || Array.isArray(at))
      throw new RangeError(`there is no ${path} ${id ?? ''}`);
    merge(at, change);
    this.history.push({ path, id });
    return at;
  }
  add(path, object) {
    this.#list(path).push(object);
    this.history.push({ path, id: this.#keyOf(object) });
    return object;
  }
  drop(path, id) {
    const list = this.#list(path), i = list.findIndex((o) => this.#keyOf(o) === id);
    if (i < 0)
      throw new RangeError(`there is no ${path} ${id}`);
    this.history.push({ path, id, gone: list[i] });
    return list.splice(i, 1)[0];
  }
}

function merge(into, change) {
  for (const [name, value] of Object.entries(change)) {
    if (value && typeof value === 'object' && !Array.isArray(value) && into[name] && typeof into[name] === 'object' && !Array.isArray(into[name]))
      merge(into[name], value);
    else
      into[name] = value;
  }
}
