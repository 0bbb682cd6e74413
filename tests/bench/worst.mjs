// worst.mjs - the costliest legal requests that we know of, route by route; and for all other routes what their schema
// allows.  A case is { name, make }; make() gives { target, body, headers, token }.
import { item, times } from './world.mjs';

const BODY = 1 << 20, SNAPSHOT = 16 << 20; // limits.body, limits.snapshot
const VALUES = 1990000;                    // and a few around them: 2,000,000 of a document
const ROOM = 2000;                         // for what stands around the filling
const json = JSON.stringify;
const wordy = (n, s = 'w') => s.repeat(Math.ceil(n / s.length)).slice(0, n);

// ---- values that are as bad as their length allows: [old, new] of about n bytes together ------------------------

export const pairs = {
  'one long name above many changes': (n) => [0, 1].map((v) => ({ [wordy(n / 8)]: Object.fromEntries(times(n * 3 / 8 / 9, (i) => [`${i}`, v])) })),
  'a long name at each of 120 levels': (n) => [0, 1].map((v) => {
    let x = Object.fromEntries(times(n / 4 / 9, (i) => [`${i}`, v]));
    for (let d = 0; d < 120; d++)
      x = { [wordy(n / 500)]: x };
    return x;
  }),
  'keyed elements with long keys': (n) => [0, 1].map((v) => ({ l: times(n / 2 / 1100, (i) => ({ id: `${i}${wordy(1000)}`, a: v, b: v, c: v, d: v })) })),
  'many tiny members': (n) => [0, 1].map((v) => Object.fromEntries(times(n / 2 / 9, (i) => [`${i}`, v]))),
  'many tiny resources': (n) => [0, 1].map((v) => times(n / 2 / 50, (i) => ({ id: `${i}`, v }))),
  'many tiny elements, all moved': (n) => [0, 1].map((v) => ({ l: times(n / 2 / 7, (i) => (v ? i * 7919 : i * 6101) % 999983) })),
  'many equal elements': (n) => [0, 1].map((v) => ({ l: times(n / 2 / 2 - v, () => 1) })),
  'one long string': (n) => [0, 1].map((v) => ({ s: `${v}${wordy(n / 2)}` })),
  'one string of what grows when folded': (n) => [0, 1].map((v) => ({ s: `${v}${wordy(n / 6, '\uFDFA')}` })),
  'numbers of 4,096 digits': (n) => [1, 2].map((v) => `{"l":[${times(n / 2 / 4097, (i) => `${v}${i % 9}${wordy(4093, '7')}`).join(',')}]}`),
  'JSON in strings': (n) => [0, 1].map((v) => ({ s: json(times(n / 2 / 4, (i) => i % 10 + v)), t: json({ a: json({ b: json({ c: v }) }) }) })),
  'a string of many parts': (n) => [0, 1].map((v) => ({ s: times(n / 2 / 6, (i) => (i * 2 + v).toString(36)).join(' ') })),
  'many levels': (n) => [0, 1].map((v) => times(n / 2 / 256, () => null).reduce((l) => (l.push(JSON.parse(`${'['.repeat(120)}${v}${']'.repeat(120)}`)), l), [])),
  'repeated member names': (n) => [0, 1].map((v) => `{${times(n / 2 / 6, () => `"a":${v}`).join(',')}}`),
};

const asText = (x) => (typeof x === 'string' ? x : json(x));

// ---- settings --------------------------------------------------------------------------------------------------

const hard = 'a*a*a*a*a*a*a*b';
const rule = (more) => ({ path: '/**', severity: 'low', ...more });
export const settings = {
  'the defaults': {},
  'all normalisers everywhere': { compare: { normalise: ['casefold', 'nfc', 'embedded_json', 'split', 'empty_is_absent', 'round']
    .map((how) => ({ how, path: '/**' })) } },
  '500 entries by name': { compare: { normalise: times(490, (i) => ({ how: 'casefold', names: [`${i}*x*y`, `*${i}`], casefold: true })) } },
  '500 arrays by pattern': { compare: { arrays: times(490, (i) => ({ path: `/**/x${i}/**/*`, mode: 'set' })) } },
  'lists in order': { compare: { arrays: [{ path: '/**', mode: 'list' }] } },
  'multisets': { compare: { arrays: [{ path: '/**', mode: 'multiset' }] } },
  '900 rules with ** at both ends': { rules: times(900, (i) => rule({ path: `/**/x${i}/**/*${i}*` })) },
  '250 rules with 20 pointers each': { rules: times(250, (i) => rule({ where: Object.fromEntries(times(20, (j) => [`/p${i}_${j}`, { exists: false }])) })) },
  '40 globs on text, case folded': { rules: times(40, (i) => rule({ casefold: true, to: { match: times(5, (j) => `${wordy(190, `a${j}*`)}${i}b`) } })) },
  '900 rules that ask what a text contains': { rules: times(900, (i) => rule({ casefold: true, to: { contains: `${wordy(100, 'wwwx')}${i}` } })) },
  'globs that go back': { rules: times(400, (i) => rule({ key: [`*${hard}${i}`], path: `/**/${hard}${i}`, to: { match: `${hard}${i}` } })) },
};

// The dearest settings for a pair are found by trying; these go together.
const MATCHING = [
  ['one long name above many changes', ['the defaults', '900 rules with ** at both ends', '500 entries by name']],
  ['a long name at each of 120 levels', ['the defaults', '900 rules with ** at both ends']],
  ['keyed elements with long keys', ['the defaults']],
  ['many tiny members', Object.keys(settings)],
  ['many tiny resources', ['the defaults', 'multisets']],
  ['many tiny elements, all moved', ['the defaults', 'lists in order', 'multisets']],
  ['many equal elements', ['the defaults', 'lists in order']],
  ['one long string', ['the defaults', 'all normalisers everywhere', '40 globs on text, case folded', '900 rules that ask what a text contains', 'globs that go back']],
  ['one string of what grows when folded', ['all normalisers everywhere', '40 globs on text, case folded']],
  ['numbers of 4,096 digits', ['the defaults', 'all normalisers everywhere', 'multisets']],
  ['JSON in strings', ['all normalisers everywhere']],
  ['a string of many parts', ['all normalisers everywhere']],
  ['many levels', ['the defaults', 'all normalisers everywhere', '900 rules with ** at both ends']],
  ['repeated member names', ['the defaults']],
];
const combinations = MATCHING.flatMap(([pair, list]) => list.map((s) => [pair, s]));

function compareBody(pair, setting) {
  const rest = settings[setting], room = BODY - ROOM - json(rest).length;
  const [a, b] = pairs[pair](room).map(asText);
  return `{"left":{"value":${a}},"right":{"value":${b}}${Object.entries(rest).map(([k, v]) => `,"${k}":${json(v)}`).join('')}}`;
}

// As long as a push may be; and with no more values than a document may have, each of which is at least two bytes.
function largestPush(pair) {
  for (let n = SNAPSHOT * 2; ; n *= 0.9) {
    const [a, b] = pairs[pair](n).map(asText);
    if (Math.max(Buffer.byteLength(a), Buffer.byteLength(b)) < SNAPSHOT - ROOM && (b.match(/[,[{]/g) ?? []).length < VALUES)
      return [a, b];
  }
}

// ---- routes ----------------------------------------------------------------------------------------------------

const body = (name, make) => ({ name, make });
const page = 'limit=200';

// Each makes a list of cases; `at(more)` is the target with its number filled in and a query.
const special = {
  'POST /api/drift/compare': (w) => [
    ...combinations.map(([p, s]) => body(`${p}; ${s}`, async () => ({ body: compareBody(p, s) }))),
    body('two snapshots, 50,000 changes', async () => {
      const [a, b] = (await w.large()).snapshots;
      return { body: { left: { snapshot_id: a }, right: { snapshot_id: b } } };
    }),
    body('two snapshots with a long name above many changes', async () => {
      const [a, b] = (await w.named()).snapshots;
      return { body: { left: { snapshot_id: a }, right: { snapshot_id: b } } };
    }),
    body('a template whose variable is long', async () => {
      const g = await w.once('growing', () => w.api('admin', 'POST', '/api/drift/golden-baselines', { name: 'growing',
        resources: times(9000, (i) => item(`g${i}`, times(12, () => '%v%'))), variables: [{ name: 'v' }] }));
      return { body: { left: { golden: { id: g.id, variables: { v: wordy(140) } } }, right: { value: {} } } };
    }),
  ],
  'POST /api/drift/configs/{id}/what-if': (w) => ['the defaults', '900 rules with ** at both ends', '250 rules with 20 pointers each', '500 arrays by pattern', 'globs that go back']
    .map((s) => body(`200 snapshots; ${s}`, async () => ({ id: (await w.history()).config.id, body: { days: 366, ...settings[s] } }))),
  'POST /api/drift/configs/{id}/snapshots': (w) => [
    body('60,000 resources, the first', async () => ({ id: (await w.once('pushed', () => w.config())).id,
      body: { resources: times(60000, (i) => item(`resource-${i}`, { state: 0, name: `name of ${i}`, text: wordy(90) })) } })),
    body('60,000 resources, all changed', async () => ({ id: (await w.once('pushed', () => w.config())).id,
      body: { resources: times(60000, (i) => item(`resource-${i}`, { state: 1, name: `name of ${i}`, text: wordy(90) })) } })),
    body('60,000 resources, all changed again', async () => ({ id: (await w.once('pushed', () => w.config())).id,
      body: { resources: times(60000, (i) => item(`resource-${i}`, { state: 2, name: `name of ${i}`, text: wordy(90) })) } })),
    body('50,000 tiny resources, the first', async () => ({ id: (await w.once('tiny', () => w.config())).id,
      body: { resources: times(50000, (i) => item(`r${i}`, { v: 0 })) } })),
    body('50,000 tiny resources, all changed', async () => ({ id: (await w.once('tiny', () => w.config())).id,
      body: { resources: times(50000, (i) => item(`r${i}`, { v: 1 })) } })),
    ...combinations.filter(([p, s]) => !p.includes('parts')).map(([p, s]) => body(`${p}; ${s}`, async () => {
      const config = await w.config(settings[s]), [a, b] = largestPush(p);
      const one = (x) => Buffer.from(`{"resources":[{"category":"c","key":"k","value":${x}}]}`);
      await w.send('POST', `/api/drift/configs/${config.id}/snapshots`, { body: one(a), token: await w.token('admin') });
      return { id: config.id, body: one(b) };
    })),
  ],
  'POST /api/drift/configs/{id}/documents': (w) => [
    body('60,000 resources by a selector, all changed', async () => {
      const config = await w.config({ source: { kind: 'push', selector: { resources: '/items', key: 'id', category: 'c' } } });
      const doc = (v) => ({ items: times(60000, (i) => ({ id: `resource-${i}`, v, text: wordy(90) })) });
      await w.send('POST', `/api/drift/configs/${config.id}/documents`, { body: doc(0), token: await w.token('admin') });
      return { id: config.id, body: doc(1) };
    }),
    body('many tiny members', async () => {
      const config = await w.config(), [a, b] = pairs['many tiny members'](SNAPSHOT * 1.9);
      await w.send('POST', `/api/drift/configs/${config.id}/documents`, { body: a, token: await w.token('admin') });
      return { id: config.id, body: b };
    }),
  ],
  'GET /api/drift/reports/{id}/changes': (w) => [['large', '50,000 changes'], ['named', '3,000 changes below a long name'], ['wide', 'long values']]
    .flatMap(([which, name]) => [['a page', undefined], ['a patch', 'application/json-patch+json'], ['a table', 'text/csv']]
      .map(([how, accept]) => body(`${how} of ${name}`, async () => ({ id: (await w[which]()).report, query: accept ? '' : page, headers: accept && { Accept: accept } })))),
  'GET /api/drift/configs': (w) => [body('200 configs of 1 MiB', async () => { await w.longConfigs(); return { query: page }; })],
  'GET /api/drift/snapshots/{id}': (w) => [
    body('50,000 keys of a category', async () => ({ query: 'category=c' })),
    body('one value of 16 MiB', async () => {
      const c = await w.once('longValue', async () => w.push(await w.config(), [item('k', { s: wordy(15 << 20) })]));
      return { id: c.snapshot_id, query: 'category=c&key=k' };
    }),
  ],
  'GET /api/audit': (w) => [
    body('all of it', async () => { await w.audit(); return { headers: { Accept: 'application/x-ndjson' }, token: 'admin' }; }),
    body('an actor and action that are not there', async () => { await w.audit(); return { query: `${page}&actor=nobody&action=nothing`, token: 'admin' }; }),
  ],
  'GET /api/audit/verify': (w) => [body('3,000 entries', async () => { await w.audit(); return { token: 'admin' }; })],
  'GET /api/users': (w) => [body('a text that nobody has, among 50,000', async () => { await w.lists(); return { query: `${page}&q=${encodeURIComponent('%_'.repeat(127))}`, token: 'admin' }; }),
    body('a page of a role', async () => { await w.lists(); return { query: `${page}&role=viewer&status=active&q=u`, token: 'admin' }; })],
  'GET /api/drift/analytics': (w) => [body('after all of the others', async () => { await w.large(); await w.history(); return { query: '' }; })],
  'GET /api/drift/configs/{id}/rules': (w) => [body('990 rules', async () => ({ id: (await w.once('ruled', () => w.config({ rules: times(990, (i) => rule({ reason: wordy(450), name: `n${i}` })) }))).id }))],
  'PUT /api/drift/changes': (w) => [body('10,000 changes by a filter', async () => {
    const d = await w.drifted(9900, (i, v) => item(`b${i}`, { v }));
    return { body: { filter: { report_id: d.report }, status: 'acknowledged', reason: wordy(1000) }, token: 'admin' };
  })],
  'POST /api/drift/reports/{id}/accept': (w) => [body('50,000 changes', async () =>
    ({ id: (await w.drifted(50000, (i, v) => item(`a${i}`, { v }))).report, body: { reason: 'so be it' }, token: 'admin' }))],
  'PUT /api/drift/configs/{id}/baseline': (w) => [body('a snapshot of 50,000', async () => {
    const l = await w.large();
    return { id: l.config.id, body: { snapshot_id: l.snapshots[1], reason: 'so be it' }, token: 'admin' };
  })],
  'GET /api/drift/configs/{id}/baseline': (w) => [body('of 50,000', async () => ({ id: (await w.large()).config.id }))],
  'POST /api/drift/golden-baselines': (w) => [
    body('9,000 resources with references', async () => ({ body: { name: `g${Math.random()}`, resources: times(9000, (i) => item(`g${i}`, times(12, () => '%v%'))), variables: [{ name: 'v', default: wordy(140) }] }, token: 'admin' })),
    body('of a snapshot of 50,000', async () => ({ body: { name: `g${Math.random()}`, snapshot_id: (await w.large()).snapshots[1] }, token: 'admin' })),
    body('1,000 variables in one string', async () => ({ body: { name: `g${Math.random()}`, resources: [item('g', times(900, () => times(120, (i) => `%v${i}%`).join('')))],
      variables: times(1000, (i) => ({ name: `v${i}`, default: wordy(100) })) }, token: 'admin' })),
  ],
  'PUT /api/drift/golden-baselines/{id}': (w) => [body('9,000 resources with references', async () => ({ body: { resources: times(9000, (i) => item(`g${i}`, times(12, () => '%v%'))), variables: [{ name: 'v', default: wordy(140) }] }, token: 'admin' }))],
  'POST /api/drift/configs': (w) => Object.entries(settings).map(([name, s]) =>
    body(name, async () => ({ body: { name: `made ${Math.random()}`, source: { kind: 'push' }, ...s }, token: 'admin' }))),
  'PUT /api/drift/configs/{id}': (w) => Object.entries(settings).map(([name, s]) =>
    body(`of 50,000 changes: ${name}`, async () => ({ id: (await w.large()).config.id, body: s, token: 'admin' }))),
};

// ---- what any route may get --------------------------------------------------------------------------------------

async function targetOf(r, w, id, query) {
  let target = r.template;
  for (const name of target.match(/\{[^}]*\}/g) ?? [])
    target = target.replace(name, name === '{id}' ? id ?? await w.idFor(r.method, r.template) : name === '{provider}' ? 'idp' : 'x');
  return query ? `${target}?${query}` : target;
}

// Who asks: the least that is allowed to, which the caller finds out by trying.
const with_ = (r, w, c) => ({ name: c.name, make: async () => {
  const m = await c.make();
  return { ...m, target: await targetOf(r, w, m.id, m.query), token: await w.token(m.token ?? (r.template.startsWith('/api/tenants') ? 'platform' : 'viewer')) };
} });

function ofSchema(s, doc, room) {
  if (s.$ref)
    return ofSchema(s.$ref.split('/').slice(1).reduce((x, k) => x[k], doc), doc, room);
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (s.enum)
    return s.enum.at(-1);
  if (type === 'object' && s.properties)
    return Object.fromEntries(Object.entries(s.properties).map(([k, v]) => [k, ofSchema(v, doc, room / 8)]));
  if (type === 'array')
    return times(Math.min(s.maxItems ?? 1000, 100000, Math.max(1, room / 40)), () => ofSchema(s.items ?? {}, doc, 20));
  if (type === 'integer' || type === 'number')
    return s.maximum ?? 1;
  if (type === 'boolean')
    return true;
  if (type === 'string')
    return s.format === 'uuid' ? '01900000-0000-7000-8000-000000000000' : s.format === 'date-time' ? '2027-01-01T00:00:00Z'
      : s.format === 'email' ? 'somebody@demo.example' : wordy(Math.min(s.maxLength ?? 1000, room), '\u00e9');
  return Object.fromEntries(times(room / 12, (i) => [`k${i}`, i]));
}

const hostile = {
  '1 MiB of members that nobody knows': () => `{${times(BODY / 10 - 10, (i) => `"${i.toString(36)}":${i % 10}`).join(',')}}`,
  '1 MiB of levels': () => `{"a":${times(BODY / 250, () => `${'['.repeat(120)}${']'.repeat(120)}`).reduce((a, b) => (a ? `${a},${b}` : `[${b}`), '')}]}`,
  '1 MiB of escapes in one name': () => `{"${wordy(BODY - 20, '\\u0061')}":1}`.replace(/\\u?0?0?6?":1}$/, '":1}'),
  '1 MiB of numbers': () => `{"a":[${times(BODY / 4100, () => wordy(4090, '7')).join(',')}]}`,
};

export function queriesFor(r, w) {
  const cases = [...(r.op.requestBody ? [] : special[r.route]?.(w) ?? [])];
  if (r.op.requestBody)
    return [];
  const named = (r.op.parameters ?? []).filter((p) => p.in === 'query');
  const pick = (p) => (p.name === 'limit' ? 200 : p.schema?.enum ? p.schema.enum[0] : null);
  const q = named.filter((p) => p.required || p.name === 'limit').map((p) => `${p.name}=${pick(p) ?? 'x'}`).join('&');
  cases.push(body('a full page', async () => { if (r.method === 'GET' && !r.template.includes('{')) await w.lists(); return { query: q }; }));
  cases.push(body('64 parameters, long headers', async () => ({ query: times(64, (i) => `p${i}=${wordy(40)}`).join('&'),
    headers: { Cookie: times(60, (i) => `bsx_access${i}=${wordy(100)}`).join('; '), 'If-None-Match': times(200, (i) => `"${i}${wordy(30)}"`).join(', '), Accept: wordy(7000, 'a/b,') } })));
  return cases.map((c) => with_(r, w, c));
}

export function bodiesFor(r, w, doc) {
  if (!r.op.requestBody)
    return [];
  const schema = Object.values(r.op.requestBody.content)[0].schema ?? {};
  const cases = [...(special[r.route]?.(w) ?? []),
    body('the largest that its schema allows', async () => ({ body: json(ofSchema(schema, doc, BODY / 2)) })),
    ...Object.entries(hostile).map(([name, make]) => body(name, async () => ({ body: make() })))];
  return cases.map((c) => with_(r, w, c));
}
