/*
 * Properties of JSON Pointers, globs and path patterns, held against plain ones that try
 * everything.  Input: a pattern, a pointer, a document, parted by 0xFF.
 *   - every value of a document is found by the pointer made for it, and a pointer that finds
 *     a value is that pointer;
 *   - a walk by a pattern ends where trying every way does, alone and beside another pattern;
 *   - a glob matches what trying every way matches, with and without case, and a list of them what
 *     one of them does, however it is looked at.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "drift/engine/matcher.h"
#include "drift/engine/places.h"
#include "tests/fuzz/part.h"

#define VALUES_MAX 200
#define TEXT_MAX   400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* ---- trying every way ---- */

static bool
same_letter(char a, char b)
{
	return a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z');
}

static bool
glob_plain(bool fold, struct str g, struct str s)
{
	bool row[TEXT_MAX + 1] = { true }; /* row[j]: the glob so far matches the first j bytes */

	for (size_t i = 0; i < g.n; i++) {
		bool before = row[0];

		row[0] = before && g.p[i] == '*';
		for (size_t j = 1; j <= s.n; j++) {
			bool here = row[j];

			row[j] = g.p[i] == '*' ? here || row[j - 1]
				 : fold        ? before && same_letter(g.p[i], s.p[j - 1])
					       : before && g.p[i] == s.p[j - 1];
			before = here;
		}
	}
	return row[s.n];
}

/* Steps of the pattern from i on against names from j on; every pair is tried once. */
static bool
pattern_plain(const struct pattern *p, const struct str *names, size_t n)
{
	bool row[JSON_DEPTH_MAX + 2] = { true };

	for (uint32_t i = 0; i < p->n; i++) {
		bool any = (p->any >> i & 1) != 0, before = row[0];

		row[0] = before && any;
		for (size_t j = 1; j <= n; j++) {
			bool here = row[j];

			row[j] = any ? here || row[j - 1]
				     : before && glob_plain(false, p->steps[i].text, names[j - 1]);
			before = here;
		}
	}
	return row[n];
}

/* ---- a document ---- */

struct visit {
	TALLOC_CTX           *mem;
	const struct json    *root;
	const struct pattern *pattern;
	struct places         places;
	struct str            pointer; /* of the input */
	const struct json    *found;   /* what it leads to */
	struct str            names[JSON_DEPTH_MAX + 1];
	unsigned              values;
};

static void
check_place(
    struct visit *v, const struct json *at, size_t depth, uint64_t states, const struct row *here)
{
	struct buf b;

	buf_make(&b, v->mem);
	for (size_t i = 0; i < depth; i++)
		json_pointer_add(&b, v->names[i]);
	assert(buf_ok(&b) && json_at(v->root, buf_str(&b)) == at);
	assert((v->found == at) == str_eq(v->pointer, buf_str(&b)));
	if (v->pattern == NULL)
		return;
	assert(pattern_done(v->pattern, states) == pattern_plain(v->pattern, v->names, depth));
	assert(places_done(&v->places, here, 0) == pattern_done(v->pattern, states));
	assert(places_done(&v->places, here, 1) == pattern_done(v->pattern, states));
	assert(places_states(&v->places, here, 1) == states);
}

static void
visit(struct visit *v, const struct json *at, size_t depth, uint64_t states, struct row *here)
{
	char number[12];

	if (v->values++ > VALUES_MAX)
		return;
	check_place(v, at, depth, states, here);
	for (uint32_t i = 0; i < at->n; i++) {
		struct str  name = { number, (size_t)snprintf(number, sizeof number, "%u", i) };
		struct row *below;

		if (at->type == JSON_OBJECT)
			name = at->names[i];
		if (name.n > TEXT_MAX)
			continue;
		v->names[depth] = name;
		below = at->type == JSON_OBJECT ? places_down(&v->places, here, name)
						: places_down_index(&v->places, here, i);
		visit(v, &at->items[i], depth + 1,
		    v->pattern != NULL ? pattern_step(v->pattern, states, name) : 0, below);
	}
}

static void
check_globs(struct str g, struct str s)
{
	for (int fold = 0; fold < 2 && s.n <= TEXT_MAX; fold++) {
		struct glob made = glob_make(g, fold == 1);

		assert(glob_match(&made, s) == glob_plain(fold == 1, g, s));
	}
}

/* The parts of a text between newlines as a list of globs, on a text long enough to be worth it. */
static void
check_list(TALLOC_CTX *mem, struct str list, struct str s)
{
	struct glob     items[64];
	struct globs    g = { items, 0 };
	struct err      e = { 0 };
	struct matcher *m = matcher_make(mem, NULL, WORK_RULES, &e);
	char           *many = s.n > 0 && s.n < 100 ? talloc_size(mem, s.n * 100) : NULL;
	struct str      part, text = { many, many != NULL ? s.n * 100 : 0 };
	bool            yes;

	for (size_t i = 0; many != NULL && i < 100; i++)
		memcpy(many + i * s.n, s.p, s.n);
	while (list.p != NULL && g.n < 64) {
		list = str_cut(list, '\n', &part);
		if (part.n <= GLOB_TEXT_MAX)
			items[g.n++] = glob_make(part, s.n % 2 == 0);
	}
	for (int round = 0; round < 3 && g.n > 0; round++) { /* glob by glob, then not */
		assert(matcher_globs(m, &g, s, &yes, &e) && yes == globs_match(&g, s));
		assert(matcher_globs(m, &g, text, &yes, &e) && yes == globs_match(&g, text));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str            rest = { (const char *)data, n }, text = part_next(&rest);
	struct visit          v = { .mem = talloc_new(NULL), .pointer = part_next(&rest) };
	struct pattern        pattern;
	const struct pattern *two[] = { &pattern, &pattern };
	struct err            e = { 0 }, walking = { 0 };
	struct row           *start = NULL;
	bool                  ok;

	check_globs(text, v.pointer);
	check_list(v.mem, text, v.pointer);
	ok = pattern_compile(v.mem, text, "/path", &pattern, &e);
	assert(ok || (e.code == ERR_INVALID && e.faults != NULL));
	err_clear(&e);
	if (ok) {
		v.pattern = &pattern;
		v.places = (struct places) {
			.patterns = two, .n = 2, .kind = WORK_NORMALISE, .e = &walking
		};
		ok = places_make(v.mem, &v.places, &start);
		assert(ok);
	}
	v.root = json_parse(v.mem, rest, &e);
	if (v.root != NULL) {
		v.found = json_at(v.root, v.pointer);
		visit(&v, v.root, 0, v.pattern != NULL ? pattern_start(v.pattern) : 0, start);
	}
	talloc_free(v.mem);
	return 0;
}
