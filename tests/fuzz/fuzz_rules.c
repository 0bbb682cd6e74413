/*
 * Properties of what a drift config says about severity and comparing, however it is written.
 * Input: rules, a `compare` object, an old and a new value, parted by 0xFF.
 *   - a text that does not compile is refused with the place;
 *   - rules change no change: counted and ignored ones are together what there is without rules;
 *   - the sums of a summary agree with each other and with the changes;
 *   - the same comparison twice says the same;
 *   - one leaf that becomes another, in no array, is one change, and so it is the other way round.
 */
#include <assert.h>

#include "drift/engine/diff.h"
#include "drift/engine/rule_pack.h"
#include "tests/fuzz/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t key[HASH_LEN] = { 5 };

struct world {
	TALLOC_CTX          *mem;
	struct compare_spec *spec;
	struct rules        *rules;
	struct resource      a, b;
};

static struct diff *
compare(const struct world *w, const struct rules *rules)
{
	struct err   e = { 0 };
	struct diff *d = diff_make(w->mem, w->spec, rules, NULL, &e);
	bool         ok = d != NULL && diff_resource(d, &w->a, &w->b, &e) &&
		  diff_resource(d, NULL, &w->b, &e) && diff_resource(d, &w->a, NULL, &e);

	assert(ok);
	return d;
}

static void
check_summary(const struct diff *d)
{
	int64_t sum = 0, score = 0;

	for (size_t s = 0; s < SEVERITY__MAX; s++) {
		sum += d->summary.by_severity[s];
		score += d->summary.by_severity[s] * severity_weight((enum severity)s);
		if (d->summary.by_severity[s] > 0)
			assert(d->summary.max_severity >= (enum severity)s);
	}
	assert(sum == diff_count(&d->summary) && (size_t)sum == d->n);
	assert(score == d->summary.score);
	for (size_t i = 0; i < d->n; i++) {
		assert(d->changes[i].severity < SEVERITY__MAX);
		assert(d->changes[i].rule[0] != '\0' && d->changes[i].reason != NULL);
	}
}

static void
check(const struct world *w)
{
	const struct diff *bare = compare(w, NULL), *ruled = compare(w, w->rules);
	const struct diff *again = compare(w, w->rules);

	assert(bare->summary.ignored == 0);
	assert(diff_count(&bare->summary) == diff_count(&ruled->summary) + ruled->summary.ignored);
	check_summary(bare);
	check_summary(ruled);
	assert(again->n == ruled->n);
	for (size_t i = 0; i < ruled->n; i++) {
		const struct change *x = &ruled->changes[i], *y = &again->changes[i];

		assert(x->severity == y->severity && x->rule == y->rule);
		assert(memcmp(x->fingerprint, y->fingerprint, HASH_LEN) == 0);
		assert(memcmp(x->value_hash, y->value_hash, HASH_LEN) == 0);
	}
}

static bool
refused(const struct err *e)
{
	assert(e->code == ERR_INVALID && e->faults != NULL && e->faults->pointer[0] == '/');
	return false;
}

static bool
compile(struct world *w, const struct json *rules, const struct json *how)
{
	struct err e = { 0 };

	w->rules = rules_compile(w->mem, rules, NULL, 0, NULL, &e);
	if (w->rules == NULL)
		return refused(&e);
	w->spec = compare_compile(w->mem, how, NULL, 0, key, NULL, &e);
	return w->spec != NULL || refused(&e);
}

static bool
side(struct world *w, struct str text, struct resource *r)
{
	struct err e = { 0 };

	*r = (struct resource) { STR("c"), STR("k"), json_parse(w->mem, text, &e) };
	if (r->value == NULL)
		return false;
	return resource_normalise(w->mem, w->spec, r, RESOURCE_SOURCE, NULL, &e) || refused(&e);
}

/* A copy in which the first scalar below objects alone is another; NULL: there is none. */
static struct json *
other_leaf(TALLOC_CTX *mem, const struct json *v)
{
	struct json *out = talloc_memdup(mem, v, sizeof(*out)), *in;

	assert(out != NULL);
	if (v->type == JSON_ARRAY)
		return NULL;
	if (v->type != JSON_OBJECT) {
		out->type = v->type == JSON_TRUE ? JSON_FALSE : JSON_TRUE;
		return out;
	}
	for (uint32_t i = 0; i < v->n; i++) {
		in = other_leaf(mem, &v->items[i]);
		if (in == NULL)
			continue;
		out->items = talloc_memdup(mem, v->items, v->n * sizeof(*v->items));
		assert(out->items != NULL);
		out->items[i] = *in;
		return out;
	}
	return NULL;
}

/* Compared as nobody configured it. */
static void
check_leaf(TALLOC_CTX *mem, struct str text)
{
	struct err      e = { 0 };
	struct world    w = { .mem = mem };
	struct json    *v = json_parse(mem, text, &e), *other;
	struct resource a;

	other = v == NULL ? NULL : other_leaf(mem, v);
	if (other == NULL)
		return;
	w.spec = compare_compile(mem, json_parse(mem, STR("{}"), &e), NULL, 0, key, NULL, &e);
	assert(w.spec != NULL);
	a = (struct resource) { STR("c"), STR("k"), v };
	w.a = w.b = a;
	w.b.value = other;
	if (!resource_normalise(mem, w.spec, &w.a, RESOURCE_SOURCE, NULL, &e) ||
	    !resource_normalise(mem, w.spec, &w.b, RESOURCE_SOURCE, NULL, &e))
		return;
	for (int i = 0; i < 2; i++) {
		struct diff *d = diff_make(mem, w.spec, NULL, NULL, &e);
		bool         ok =
		    d != NULL && diff_resource(d, i == 0 ? &w.a : &w.b, i == 0 ? &w.b : &w.a, &e);

		assert(ok && diff_count(&d->summary) == 1);
	}
}

/* The same two texts as a pack. */
static void
check_pack(TALLOC_CTX *mem, struct str rules, struct str how)
{
	struct err              e = { 0 };
	struct buf              b;
	const struct rule_pack *pack;

	buf_make(&b, mem);
	buf_puts(&b, "{\"name\":\"p\",\"rules\":");
	buf_add(&b, rules.p, rules.n);
	buf_puts(&b, ",\"compare\":");
	buf_add(&b, how.p, how.n);
	buf_puts(&b, "}");
	pack = rule_pack_parse(mem, buf_str(&b), &e);
	if (pack == NULL)
		return;
	if (rules_compile(mem, NULL, &pack, 1, NULL, &e) == NULL)
		assert(e.code == ERR_INVALID);
	err_clear(&e);
	if (compare_compile(mem, NULL, &pack, 1, key, NULL, &e) == NULL)
		assert(e.code == ERR_INVALID);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world       w = { .mem = talloc_new(NULL) };
	struct str         rest = { (const char *)data, n };
	struct str         rules = part_next(&rest), how = part_next(&rest), old = part_next(&rest);
	struct err         e = { 0 };
	const struct json *r = json_parse(w.mem, rules, &e), *h;

	check_leaf(w.mem, old);
	err_clear(&e);
	h = json_parse(w.mem, how, &e);
	if (r != NULL && h != NULL) {
		check_pack(w.mem, rules, how);
		if (compile(&w, r, h) && side(&w, old, &w.a) && side(&w, rest, &w.b))
			check(&w);
	}
	talloc_free(w.mem);
	return 0;
}
