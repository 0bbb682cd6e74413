// Masked values are not found by guessing. Every way to bring a side, a rule or a setting of one's own is held against every kind
// of masked place: the answer to a right guess is the answer to a wrong one, byte by byte, and says what it left out.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { credentials, state, until } from '../lib/env.mjs';
import { openapi } from '../lib/spec.mjs';
import { all, bearer, newConfig, newKey, push, unique, withKey } from '../lib/people.mjs';

const SECRET = '739152', GUESSES = [SECRET, '739153'];
const item = (value, key = 'k') => ({ category: 'c', key, value });
const note = { note: 'stored', list: [1, 2] };

// ---- kinds of masked places ------------------------------------------------------------------------

const masks = (...normalise) => ({ compare: { normalise: normalise.map((n) => ({ how: 'mask', ...n })) } });
const people = (pin, more = {}) => ({ people: [{ pin, role: 'one', ...more }, { pin: 'another', role: 'two' }] });
const KINDS = {
  'a member that is always masked': { of: (v) => ({ a: { password: v } }), at: '/a/password' },
  'a member by its path': { config: masks({ path: '/pin' }), of: (v) => ({ pin: v }), at: '/pin' },
  'a member by its name': { config: masks({ names: ['*PIN'], casefold: true }), of: (v) => ({ deep: { my_pin: v } }), at: '/deep/my_pin' },
  'a member that ends like one': { of: (v) => ({ app: { 'API-Token': v } }), at: '/app/API-Token' },
  'the value beside a name': { of: (v) => ({ env: [{ name: 'DB_PASSWORD', value: v }, { name: 'OTHER', value: 'x' }] }), at: '/env/*/value' },
  'a header': { of: (v) => ({ header: `Bearer ${v}` }), at: '/header' },
  'a part of a text': { of: (v) => ({ db: `Server=db;Password=${v};Encrypt=yes` }), at: '/db' },
  'a part of a connection string': { of: (v) => ({ connectionString: `Server=db;Password=${v}` }), at: '/connectionString' },
  'a URL': { of: (v) => ({ urls: [`mysql://u:${v}@db/x`, 'http://h/'] }), at: '/urls/*' },
  'the identity of an element by its content': { of: (v) => ({ rows: [{ name: `ghp_${v}`, n: 1 }, { name: 'other', n: 2 }] }), at: '/rows/*/name' },
  'the data of a Secret': { of: (v) => ({ kind: 'Secret', data: { 'tls.crt': v } }), at: '/data/tls.crt' },
  'a number': { config: masks({ path: '/pin' }), of: (v) => ({ pin: Number(v) }), at: '/pin' },
  'a member of an element': { config: masks({ path: '/users/*/pin' }), of: (v) => ({ users: [{ id: 'a', pin: v }, { id: 'b', pin: 'x' }] }), at: '/users/*/pin' },
  'the identity of an element': { config: { compare: { ...masks({ names: ['pin'] }).compare, arrays: [{ path: '/people', mode: 'keyed', keys: ['pin'] }] } },
    of: (v) => people(v), at: '/people/*/pin' },
  'part of an identity': { config: { compare: { ...masks({ names: ['pin'] }).compare, arrays: [{ path: '/people', mode: 'keyed', keys: ['role', 'pin'] }] } },
    of: (v) => people(v), at: '/people/*/pin' },
  'an identity that is found by itself': { config: masks({ names: ['name'] }), of: (v) => ({ rows: [{ name: v, n: 1 }, { name: 'other', n: 2 }] }), at: '/rows/*/name' },
  'the only element': { config: masks({ names: ['name'] }), of: (v) => ({ rows: [{ name: v, n: 1 }] }), at: '/rows/*/name' },
  'an element of a set': { config: { compare: { ...masks({ path: '/pins/*' }).compare, arrays: [{ path: '/pins', mode: 'set' }] } },
    of: (v) => ({ pins: ['b', v, 'c'] }), at: '/pins/*' },
  'an element of a list': { config: { compare: { ...masks({ path: '/pins' }).compare, arrays: [{ path: '/pins', mode: 'list' }] } },
    of: (v) => ({ pins: ['b', v, 'c'] }), at: '/pins/*' },
  'a whole tree': { config: masks({ path: '/vault' }), of: (v) => ({ vault: { a: v, b: [v, 1, { c: v }] } }), at: '/vault/a' },
  'the whole resource': { config: masks({ path: '/**' }), of: (v) => ({ one: v }), at: '/one', whole: true },
  'a text with JSON in it': { config: { compare: { normalise: [{ how: 'embedded_json', path: '/text' }] } }, of: (v) => ({ text: JSON.stringify({ secret: v, n: 1 }) }), at: '/text/secret' },
  'a place masked since': { later: masks({ path: '/pin' }), of: (v) => ({ pin: v }), at: '/pin' },
  'a list masked since': { later: masks({ path: '/pins/*' }), of: (v) => ({ pins: [v, 'b'] }), at: '/pins/*' },
  'a text opened and masked since': { later: { compare: { normalise: [{ how: 'embedded_json', path: '/text' }, { how: 'mask', path: '/text/pin' }] } },
    of: (v) => ({ text: JSON.stringify({ pin: v, n: 1 }) }), at: '/text/pin' },
  'by a rule pack': { pack: masks({ path: '/pin' }), of: (v) => ({ pin: v }), at: '/pin' },
};

// Every setting that a body may bring: nothing, none of the config's, and ones that would tell.
const RULES = (g) => [
  [{ path: '/**', to: g, severity: 'critical' }], [{ path: '/**', from: g, severity: 'low' }], [{ path: '/**', to: { match: `${g[0]}*` }, severity: 'info' }],
  [{ path: '/**', from: { contains: g.slice(0, 3) }, severity: 'ignore' }], [{ path: '/**', from: { not: [g] }, severity: 'high' }],
  [{ path: '/**', where: { '/pin': g, '/a/password': [g] }, severity: 'high' }, { path: '/**', where: { '/a/password': { match: '*' + g.slice(1) } }, severity: 'low' }],
  [{ path: '/**', to: { above: Number(g) - 1 }, severity: 'high' }, { path: '/**', from: { below: Number(g) + 1 }, severity: 'critical' }],
  [{ path: '/**', direction: 'grows', severity: 'high' }, { path: '/**', to: { match: '?masked:*' }, severity: 'critical' }],
  [{ path: `/*/[pin="${g}"]/**`, severity: 'critical' }]];
const COMPARES = () => [{}, { normalise: [], arrays: [] },
  { normalise: [{ how: 'mask', path: '/**' }] }, { normalise: [{ how: 'split', path: '/**', separator: '7' }, { how: 'casefold', path: '/**' }] },
  { normalise: [{ how: 'round', path: '/**', digits: 0 }, { how: 'embedded_json', path: '/**' }] }, { normalise: [{ how: 'ignore', path: '/note' }] },
  ...['set', 'multiset', 'list', 'auto'].map((mode) => ({ arrays: [{ path: '/*', mode }] })),
  { arrays: [{ path: '/people', mode: 'keyed', keys: ['pin'] }, { path: '/rows', mode: 'keyed', keys: ['name'] }, { path: '/users', mode: 'keyed', keys: ['pin'] }] }];
const settings = (guess) => [{}, { rule_packs: [] }, { rules: [] }, ...RULES(guess).map((rules) => ({ rules })), ...COMPARES().map((compare) => ({ compare }))];

// ---- what bodies can bring: every one is known here ---------------------------------------------------

// What may hold a value, or say how values are looked at. A body with one of them that is not named here fails the first test.
const WORDS = ['value', 'values', 'document', 'resources', 'variables', 'compare', 'normalise', 'arrays', 'rules', 'rule_packs', 'differences', 'fingerprint', 'matcher'];
const BODIES = {
  'POST /api/drift/compare': 'guessed', 'POST /api/drift/configs/{id}/what-if': 'replayed',
  'POST /api/drift/configs/{id}/snapshots': 'a push tells', 'POST /api/drift/configs/{id}/documents': 'a push tells',
  'PUT /api/drift/configs/{id}/baseline': 'binds a baseline: the next push tells', 'POST /api/drift/golden-baselines': 'stored, compared with nothing',
  'PUT /api/drift/golden-baselines/{id}': 'stored, compared with nothing', 'POST /api/drift/configs': 'a setting, compares nothing',
  'POST /api/drift/templates/{id}/preview': 'as of a config', 'POST /api/drift/templates/{id}/apply': 'as of a config: rules want read:snapshots there',
  'POST /api/drift/templates': 'a setting, compares nothing', 'PUT /api/drift/templates/{id}': 'a setting, compares nothing',
  'PUT /api/drift/configs/{id}': 'a setting, compares nothing', 'PUT /api/drift/changes': 'filters by a fingerprint, which has no value',
  'POST /api/drift/intents': 'one that is masked is refused, and matches nothing: 42-intents',
  'POST /api/drift/silences': 'matches paths and keys, no values',
  'POST /api/drift/silence-series': 'matches paths and keys, no values', 'PUT /api/drift/silence-series/{id}': 'matches paths and keys, no values',
  'POST /api/drift/channels': 'whether it is told values', 'PUT /api/drift/channels/{id}': 'whether it is told values',
};

test('no body may bring a value or a rule about values but those that are tried here', async () => {
  const { document } = await openapi(), found = [];
  const words = (schema, seen = new Set()) => {
    if (schema === null || typeof schema !== 'object')
      return [];
    if (schema.$ref) {
      if (seen.has(schema.$ref))
        return [];
      seen.add(schema.$ref);
      return words(document.components.schemas[schema.$ref.split('/').at(-1)], seen);
    }
    return [...Object.keys(schema.properties ?? {}), ...Object.values(schema).flatMap((v) => words(v, seen))];
  };
  for (const [template, ways] of Object.entries(document.paths))
    for (const [method, op] of Object.entries(ways)) {
      if (!template.startsWith('/api/drift/') || !op.requestBody)
        continue;
      const content = Object.values(op.requestBody.content), free = content.some((c) => !c.schema || Object.keys(c.schema).length === 0);
      if (free || content.some((c) => words(c.schema).some((w) => WORDS.includes(w))))
        found.push(`${method.toUpperCase()} ${template}`);
    }
  assert.deepEqual(found.sort(), Object.keys(BODIES).sort());
});

// ---- guessing ---------------------------------------------------------------------------------------

// What is not the same twice though nothing is told by it: ids and instants.
const plain = (text) => text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
  .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<at>');
let cases = 0;
const wrong = [], unnamed = [];
async function same(what, ask) {
  return sameAnswers(what, await Promise.all(GUESSES.map(ask)));
}

// Where the second guess takes the place of the first.
async function sameInTurn(what, ask) {
  const answers = [];
  for (const guess of GUESSES)
    answers.push(await ask(guess));
  return sameAnswers(what, answers);
}

function sameAnswers(what, answers) {
  for (const a of answers)
    assert.equal(a.status, 200, `${what}: ${a.text}`);
  cases++;
  if (plain(answers[0].text) !== plain(answers[1].text))
    wrong.push(`${what}: ${answers[0].text.slice(0, 600)} <> ${answers[1].text.slice(0, 600)}`);
  return answers[0];
}

// A pack of this installation that masks; its folder belongs to the trial.
function installPack(kind) {
  const folder = /rules_dir = "([^"]+)"/.exec(fs.readFileSync(path.join(state, 'etc', 'blindspotx.conf'), 'utf8'))?.[1];
  if (!folder)
    return null;
  fs.writeFileSync(path.join(folder, 'masking.json'), JSON.stringify({ name: 'masking', ...kind.pack }));
  return { rule_packs: ['masking'] };
}

async function prepare(admin, key, kind) {
  const value = (v) => ({ ...(kind.whole ? {} : note), ...kind.of(v) });
  const config = await newConfig(admin, { rule_packs: [], ...kind.config, ...(kind.pack && installPack(kind)) });
  const first = await push(key, config, [item(value(SECRET))]);
  const second = await push(key, config, [item({ ...value('500000'), note: 'moved' })]);
  if (kind.later)
    assert.equal((await admin('PUT', `/api/drift/configs/${config.id}`, { body: kind.later })).status, 200);
  return { config, first, second, value };
}

// Two snapshots of a second config, whose masks are the same and whose values the guesser pushed.
async function pushedGuesses(admin, key, kind) {
  const config = await newConfig(admin, { rule_packs: [], ...kind.config, ...kind.later, ...(kind.pack && installPack(kind)) }), out = {};
  for (const note of ['stored', 'mine'])
    for (const guess of GUESSES)
      out[note + guess] = await push(key, config, [item({ ...(kind.whole ? {} : { list: [1, 2], note }), ...kind.of(guess) })]);
  return (note, guess) => ({ snapshot_id: out[note + guess].snapshot_id });
}

async function golden(admin, kind, where) {
  const value = kind.of('%v%'), number = typeof kind.of('1').pin === 'number';
  const made = await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('golden'), variables: [{ name: 'v' }],
    resources: [{ category: where, key: where === 'document' ? '' : 'k', value: { ...(kind.whole ? {} : { ...note, note: 'mine' }), ...(number ? { pin: '%v%' } : value) } }] } });
  assert.equal(made.status, 201, made.text);
  return (guess) => ({ golden: { id: made.json.id, variables: { v: number ? Number(guess) : guess } } });
}

test('the answer to a right guess is the answer to a wrong one, whatever brings it and whatever is masked', async () => {
  const admin = await bearer(), key = withKey((await newKey(admin)).key);
  const compare = (left, right, more) => admin('POST', '/api/drift/compare', { body: { left, right, ...more } });
  const names = (a, kind, what) => {
    if (!a.json.not_compared?.some((p) => p.path === kind.at && p.why === 'masked'))
      unnamed.push(`${what} does not name ${kind.at}: ${a.text.slice(0, 600)}`);
  };
  for (const [name, kind] of Object.entries(KINDS)) {
    // documents go by the selector of the config: without one they are the resource (document, "")
    const { config, first, second, value } = await prepare(admin, key, { ...kind });
    const alone = await newConfig(admin, { rule_packs: [], ...kind.config, ...(kind.pack && installPack(kind)) });
    const document = await push(key, alone, { document: value(SECRET) });
    if (kind.later)
      assert.equal((await admin('PUT', `/api/drift/configs/${alone.id}`, { body: kind.later })).status, 200);
    const stored = { snapshot_id: document.snapshot_id };
    const doc = (guess, mine = {}) => ({ value: { ...value(guess), ...mine } });

    const trySetting = async (more, i) => {
      const what = `${name}, setting ${i} ${JSON.stringify(more)}`, set = (guess) => settings(guess)[i];
      const a = await same(`document: ${what}`, (g) => compare(stored, doc(g), set(g)));
      const b = await same(`document with a difference: ${what}`, (g) => compare(doc(g, { note: 'mine' }), stored, set(g)));
      // an answer that left out too much could not be wrong: what is not masked differs, unless it is said to be ignored or masked
      const hidden = kind.whole || /"(ignore|mask)"/.test(JSON.stringify(more));
      if (!hidden && !more.rules && !more.compare?.normalise?.length)
        assert.ok(a.json.changes.every((c) => c.path !== '/note') && b.json.changes.some((c) => c.path === '/note' && c.new_value === 'stored'), `${what}: ${b.text}`);
      if (!/"split"/.test(JSON.stringify(more)))
        [a, b].forEach((x) => names(x, kind, what));
      if (kind.later || !more.compare) // of what was masked when it was stored no setting unmasks anything
        await same(`what-if: ${what}`, (g) => admin('POST', `/api/drift/configs/${config.id}/what-if`, { body: { days: 1, ...set(g) } }));
    };
    await Promise.all(settings('').map(trySetting));
    const theirs = await pushedGuesses(admin, key, kind), template = await golden(admin, kind, 'c');
    for (const more of [{}, { rule_packs: [] }, { compare: {} }, { compare: COMPARES().at(-1) }]) {
      const what = `${name} ${JSON.stringify(more)}`;
      await same(`a snapshot that I pushed: ${what}`, (g) => compare({ snapshot_id: first.snapshot_id }, theirs('stored', g), more));
      const other = await same(`one with a difference: ${what}`, (g) => compare(theirs('mine', g), { snapshot_id: first.snapshot_id }, more));
      if (!kind.whole)
        names(other, kind, what);
      if (kind.of('1').text === undefined) // a template has texts as they are
        names(await same(`golden: ${what}`, (g) => compare({ snapshot_id: first.snapshot_id }, template(g), more)), kind, what);
    }
    if (kind.of('1').text === undefined)
      await sameInTurn(`what-if against a template: ${name}`, async (g) => {
        const bound = await admin('PUT', `/api/drift/configs/${config.id}/baseline`, { body: template(g) });
        assert.equal(bound.status, 200, bound.text);
        return admin('POST', `/api/drift/configs/${config.id}/what-if`, { body: { days: 1 } });
      });
    const two = await compare({ snapshot_id: first.snapshot_id }, { snapshot_id: second.snapshot_id }, {});
    if (!kind.whole) {
      names(two, kind, name);
      if (two.json.changes.length !== 1 || two.json.changes[0].path !== '/note')
        wrong.push(`${name}: ${two.text}`);
    }
  }
  console.log(`# ${Object.keys(KINDS).length} kinds of masked places, ${settings('').length} settings, ${cases} cases: ${wrong.length} tell, ${unnamed.length} do not say what was left out`);
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${cases}`);
  assert.deepEqual(unnamed.slice(0, 5), [], `${unnamed.length} unnamed`);
});

// Every way by which somebody says what a config is to be held against, beside a push: each gives the resource of a template, and how it is bound.
const bound = (value, rest = {}, more = {}) => ({ template: { resources: [item(value)], ...rest }, ...more });
const variable = (kind) => (kind === KINDS['a number'] ? { pin: '%v%' } : kind.of('%v%'));
const typed = (kind, g) => (kind === KINDS['a number'] ? Number(g) : g);
const WAYS = {
  'a variable': (kind, g) => bound(variable(kind), { variables: [{ name: 'v' }] }, { variables: { v: typed(kind, g) } }),
  'the default of a variable': (kind, g) => bound(variable(kind), { variables: [{ name: 'v', default: typed(kind, g) }] }),
  'a value of the template': (kind, g) => bound(kind.of(g)),
  'a difference': (kind, g) => bound({ other: 1 }, {}, { difference: kind.of(g) }),
  'a later version of the template': (kind, g) => bound(kind.of('500000'), {}, { renewed: kind.of(g) }),
  'a template of the platform': (kind, g) => bound(kind.of(g), {}, { shared: true }),
  'a snapshot of another config': (kind, g) => bound(kind.of(g), {}, { pushed: true }),
};
const BOUND = ['a member that is always masked', 'a member by its path', 'a number', 'the identity of an element', 'an identity that is found by itself',
  'the only element', 'an element of a set', 'an element of a list', 'a whole tree', 'a place masked since'];

async function bindGuess(admin, key, kind, way, guess) {
  const says = WAYS[way](kind, guess), whole = (value) => ({ ...note, n: 1, ...value });
  const make = async () => {
    const c = await newConfig(admin, { rule_packs: [], ...kind.config });
    return { ...c, mask: async () => kind.later && assert.equal((await admin('PUT', `/api/drift/configs/${c.id}`, { body: kind.later })).status, 200) };
  };
  const config = await make(), resources = says.template.resources.map((r) => ({ ...r, value: whole(r.value) }));
  for (const text of ['first', note.note]) // the report of the first one is of no comparison, and not looked at again
    await push(key, config, [item({ ...whole(kind.of(SECRET)), note: text, n: 5 })]);
  await config.mask();
  const body = { name: unique('golden'), ...says.template, resources };
  if (says.pushed) {
    const other = await make();
    delete body.resources;
    body.snapshot_id = (await push(key, other, resources)).snapshot_id;
  }
  const maker = says.shared ? await bearer(credentials.platform) : admin, made = await maker('POST', '/api/drift/golden-baselines', { body: { ...body, ...(says.shared && { shared: true }) } });
  assert.equal(made.status, 201, made.text);
  const place = { category: 'c', key: 'k', reason: 'Tried.' }, target = `/api/drift/configs/${config.id}/baseline`;
  const differences = [...(says.difference ? [{ ...place, path: '', op: 'replace', value: whole(says.difference) }] : []), { ...place, path: '/n', op: 'replace', value: 5, expires_at: new Date(Date.now() + (says.renewed ? 6000 : 1500)).toISOString() }]; // a later version is there before it ends
  const put = await admin('PUT', target, { body: { golden: { id: made.json.id, differences, ...(says.variables && { variables: says.variables }) } } });
  assert.equal(put.status, 200, put.text);
  if (says.renewed)
    assert.equal((await maker('PUT', `/api/drift/golden-baselines/${made.json.id}`, { body: { resources: [item(whole(says.renewed))] } })).status, 200);
  return { config, target, answers: [put.text] };
}

// What is said is shown to who said it, and hashes are of one config: neither tells what is watched.
const besides = (text, guess) => plain(text).replaceAll(guess, '<guess>').replace(/(golden|config)-[0-9a-f]{10}/g, '<name>')
  .replace(/"(value_hash|fingerprint|digest|etag)":"[^"]*"/g, '').replace(/#[0-9a-f]{16}/g, '#<hash>');

test('a config bound to a guess tells of a right one what it tells of a wrong one, bound, looked at again or pushed to', async (t) => {
  const admin = await bearer(), key = withKey((await newKey(admin)).key), tells = [], counts = { pairs: 0, answers: 0 };
  const reports = (config) => all(admin, `/api/drift/reports?config_id=${config.id}`);
  const look = async (b, id) => {
    for (const target of [`/api/drift/reports/${id}`, `/api/drift/reports/${id}/changes`, b.target, `/api/drift/configs/${b.config.id}/rules`])
      b.answers.push(`${target.split('/').at(-1)}: ${(await admin('GET', target)).text}`);
    return (await all(admin, `/api/drift/reports/${id}/changes`)).map((c) => c.path).sort();
  };
  const attempt = async (name, way) => {
    const kind = KINDS[name], pair = [], what = `${way}, ${name}`;
    for (const guess of GUESSES) {
      const b = await bindGuess(admin, key, kind, way, guess);
      pair.push(b);
      if (!b.answers[0].includes(`"path":"${kind.at}","why":"masked"`))
        tells.push(`${what}: not named: ${b.answers[0]}`);
      const woken = until('the difference ends', async () => { const all = await reports(b.config); return all.length > 2 && all[0].id; }, 20, 200);
      b.later = woken.then(async (id) => {
        b.paths = [await look(b, id)];
        const pushed = await push(key, b.config, [item({ ...note, note: 'moved', n: 5, ...kind.of(SECRET) })]);
        b.paths.push(await look(b, pushed.report.id));
      });
    }
    await Promise.all(pair.map((b) => b.later));
    pair.forEach((b) => { if (JSON.stringify(b.paths) !== '[["/n"],["/n","/note"]]') tells.push(`${what}: ${JSON.stringify(b.paths)}`); });
    const [right, wrong] = pair.map((b, i) => b.answers.map((a) => besides(a, GUESSES[i])));
    counts.pairs++;
    counts.answers += right.length;
    right.forEach((a, i) => { if (a !== wrong[i]) tells.push(`${what}, answer ${i}: ${a.slice(0, 500)} <> ${wrong[i].slice(0, 500)}`); });
  };
  await Promise.all(Object.keys(WAYS).flatMap((way) => (way === 'a template of the platform' ? BOUND.slice(0, 2) : BOUND).map((name) => attempt(name, way))));
  t.diagnostic(`${Object.keys(WAYS).length} ways, ${BOUND.length} kinds of masked places: ${counts.pairs} pairs of guesses, ${counts.answers} answers each: ${tells.length} tell`);
  assert.deepEqual(tells.slice(0, 5), [], `${tells.length} tell`);
});

test('two documents of one request are compared whole, and many masked places are counted', async () => {
  const admin = await bearer(), key = withKey((await newKey(admin)).key), config = await newConfig(admin, { rule_packs: [] });
  const compare = async (left, right) => (await admin('POST', '/api/drift/compare', { body: { left, right } })).json;
  const both = await compare({ value: { password: 'a' } }, { value: { password: 'b' } });
  assert.deepEqual([both.changes.map((c) => c.path), both.not_compared], [['/password'], []]);
  const wide = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`m${i}`, { password: 'x', list: [{ secret: '1' }, { secret: '2' }] }]));
  const { snapshot_id } = await push(key, config, { document: wide });
  const many = await compare({ snapshot_id }, { value: { ...wide, m0: { password: 'y', list: [] } } });
  assert.deepEqual([many.not_compared.length, many.not_compared_more], [100, 400]);
  assert.ok(many.not_compared.some((p) => p.path === '/m0/list/*/secret'));
  const gone = await compare({ snapshot_id }, { value: { password: 'z' } });
  assert.deepEqual([gone.summary.deleted, gone.not_compared.length, gone.not_compared_more], [250, 100, 401]);
});

test('what is shown of a masked value in one place is nothing to hold against what is shown in another', async () => {
  const admin = await bearer(), key = withKey((await newKey(admin)).key), guessed = { password: SECRET, rows: [{ secret: SECRET, n: 2 }], set: [{ secret: SECRET }] };
  const spec = { rule_packs: [], compare: { arrays: [{ path: '/rows', mode: 'keyed', keys: ['secret'] }, { path: '/set', mode: 'set' }] } };
  const shown = async (config, value) => {
    const { report } = await push(key, config, [item(value)]);
    return (await all(admin, `/api/drift/reports/${report.id}/changes`)).flatMap((c) => [c.value_hash, c.fingerprint, c.canonical_path]);
  };
  const first = { password: 'x', rows: [{ secret: SECRET, n: 1 }], set: [] }, configs = [await newConfig(admin, spec), await newConfig(admin, spec)], seen = [];
  for (const config of configs) {
    await push(key, config, [item(first)]);
    seen.push(await shown(config, guessed));
    assert.equal(seen.at(-1).length, 9);
  }
  const same = seen[0].filter((x) => seen[1].includes(x));
  assert.equal(same.length, 2, `the path and fingerprint of /password: ${same}`);
  assert.ok(same.includes('/password'));
  assert.deepEqual(await shown(configs[0], { ...guessed, more: 1 }).then((x) => seen[0].filter((y) => !x.includes(y))), [], 'in its own place it stays');
  const two = await admin('POST', '/api/drift/compare', { body: { left: { value: first }, right: { value: guessed }, compare: spec.compare } });
  for (const c of two.json.changes)
    assert.ok(!seen[0].includes(c.value_hash), two.text);
});

test('more than 20 values of a masked place in a day by one key are told of once', async () => {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [] });
  const made = [await newKey(admin), await newKey(admin)], keys = made.map((k) => withKey(k.key));
  const entries = async () => (await all(admin, '/api/audit?action=masked.changes')).filter((e) => e.target_id === config.id);
  const guess = (key, n, more = {}) => push(key, config, [item({ users: [{ id: 'a', secret: `guess ${n}` }], ...more })]);
  let n = 0;
  await guess(keys[0], n);
  for (let i = 0; i < 20; i++)
    await guess(keys[0], ++n);
  for (let i = 0; i < 5; i++)
    await guess(keys[0], n, { other: i }); // the same value, something else is another
  assert.deepEqual(await entries(), []);
  for (let i = 0; i < 12; i++)
    await guess(keys[0], ++n);
  const [one, ...more] = await entries();
  assert.deepEqual(more, []);
  assert.equal(one.actor_id, made[0].id);
  assert.deepEqual([one.target_kind, one.target_id, one.details], ['drift_config', config.id,
    { changes: 21, config_id: config.id, category: 'c', key: 'k', path: '/users/[id="a"]/secret' }]);
  for (let i = 0; i < 20; i++)
    await guess(keys[1], ++n);
  assert.equal((await entries()).length, 1, 'another key has its own number');
  await guess(keys[1], ++n);
  assert.deepEqual((await entries()).map((e) => e.actor_id).sort(), made.map((k) => k.id).sort());
  const line = fs.readFileSync(path.join(state, 'log', 'responder.log'), 'utf8').split('\n').filter((l) => l.includes('"event.action":"masked.changes"') && l.includes(config.id));
  assert.equal(line.length, 2);
  assert.equal(JSON.parse(line[0])['event.dataset'], 'bsx.security');
  assert.doesNotMatch(line.join(), /guess \d/);
});

test('values that are set are counted under a golden baseline too, which does not tell of them', async () => {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [] }), made = await newKey(admin), key = withKey(made.key);
  const entries = async () => (await all(admin, '/api/audit?action=masked.changes')).filter((e) => e.target_id === config.id);
  const guess = async (n) => (await push(key, config, [item({ users: [{ id: 'a', secret: `guess ${n}` }] })])).report.status;
  await guess(0);
  const golden = await admin('POST', '/api/drift/golden-baselines', { body: { name: unique('golden'), resources: [item({ users: [{ id: 'a', secret: 'wanted' }] })] } });
  assert.equal((await admin('PUT', `/api/drift/configs/${config.id}/baseline`, { body: { golden: { id: golden.json.id } } })).status, 200);
  for (let n = 1; n <= 20; n++)
    assert.equal(await guess(n), 'clean');
  assert.deepEqual(await entries(), []);
  await guess(20);
  assert.deepEqual(await entries(), [], 'the same value again');
  await guess(21);
  assert.deepEqual((await entries()).map((e) => [e.actor_id, e.details.changes, e.details.path]), [[made.id, 21, '/users/[id="a"]/secret']]);
});
