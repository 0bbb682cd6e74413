/* Resources that are gone and new under another key: which are told as one, and how severe that is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/likeness.h"
#include "drift/engine/rename.h"
#include "tests/unit/engine.h"

struct given {
	const char *compare, *rules; /* NULL: none */
	const char *gone, *made;     /* lists of values */
};

static struct resource *
resources_of(const struct compare_spec *spec, const char *list, uint32_t *n)
{
	const struct json *values = parse(list);
	struct resource   *r = talloc_zero_array(mem, struct resource, values->n + 1);
	struct err         e = { 0 };

	*n = values->n;
	for (uint32_t i = 0; i < values->n; i++) {
		r[i] = (struct resource) { STR("c"), STR("k"), &values->items[i] };
		if (!resource_normalise(mem, spec, &r[i], RESOURCE_SOURCE, NULL, &e))
			fail_msg("%s: %s", list, e.detail);
	}
	return r;
}

static bool
find(const struct given *g, struct work *work, struct renames *out, struct err *e)
{
	struct compare_spec *spec = spec_of(g->compare, key);
	struct rules        *rules = NULL;
	struct rename_sides  sides;

	if (g->rules != NULL) {
		rules = rules_compile(mem, parse(g->rules), NULL, 0, NULL, e);
		assert_non_null(rules);
	}
	sides.gone = resources_of(spec, g->gone, &sides.gone_n);
	sides.made = resources_of(spec, g->made, &sides.made_n);
	return rename_find(mem, &(struct rename_terms) { spec, rules, work }, &sides, out, e);
}

/* "0>1:high" for each pair, in the order of the first number. */
static const char *
told(const struct renames *r, bool exchanged, bool severity)
{
	struct buf b;

	buf_make(&b, mem);
	for (uint32_t at = 0; at < 1000; at++)
		for (uint32_t i = 0; i < r->n; i++) {
			uint32_t gone = exchanged ? r->of[i].made : r->of[i].gone;

			if (gone != at)
				continue;
			buf_printf(&b, "%s%u>%u", b.n > 0 ? " " : "", gone,
			    exchanged ? r->of[i].gone : r->of[i].made);
			if (severity)
				buf_printf(&b, ":%s", severity_name(r->of[i].severity));
		}
	assert_true(buf_ok(&b));
	return b.n > 0 ? b.p : "";
}

#define MFA                                                                                        \
	"[{\"path\":\"/mfa\",\"to\":false,\"severity\":\"critical\"},"                             \
	"{\"path\":\"/n\",\"severity\":\"low\"}]"

static const struct {
	const char  *what;
	struct given given;
	const char  *want;
} cases[] = {
	{ "a role assignment that moves to another person: 5 of 6",
	    { NULL, NULL, "[{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"who\":\"x\"}]",
		"[{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"who\":\"y\"}]" },
	    "0>0:medium" },
	{ "4 of 5 are 0.8", { NULL, NULL, "[[1,2,3,4,5]]", "[[1,2,3,4,6]]" }, "0>0:medium" },
	{ "8 of 10 leaves of both: 0.8", { NULL, NULL, "[[1,2,3,4]]", "[[1,2,3,4,5,6]]" },
	    "0>0:medium" },
	{ "8 of 11", { NULL, NULL, "[[1,2,3,4]]", "[[1,2,3,4,5,6,7]]" }, "" },
	{ "3 of 4", { NULL, NULL, "[[1,2,3,4]]", "[[1,2,3,5]]" }, "" },
	{ "11 of 14",
	    { NULL, NULL, "[[1,2,3,4,5,6,7,8,9,10,11,12,13,14]]",
		"[[1,2,3,4,5,6,7,8,9,10,11,22,23,24]]" },
	    "" },
	{ "nothing else than the key", { NULL, NULL, "[{\"a\":1}]", "[{\"a\":1}]" }, "0>0:info" },
	{ "values at other members are others",
	    { NULL, NULL, "[{\"a\":1,\"b\":2}]", "[{\"a\":2,\"b\":1}]" }, "" },
	{ "the order of an array is no difference",
	    { NULL, NULL, "[{\"m\":[1,2,3]}]", "[{\"m\":[3,1,2]}]" }, "0>0:info" },
	{ "scalars", { NULL, NULL, "[\"x\",1]", "[1.0,\"y\"]" }, "1>0:info" },
	{ "empty, of one type and of two", { NULL, NULL, "[{},[]]", "[[]]" }, "1>0:info" },
	{ "the worst inside",
	    { NULL, MFA,
		"[{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"n\":1,\"mfa\":"
		"true}]",
		"[{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"n\":2,\"mfa\":"
		"false}]" },
	    "0>0:critical" },
	{ "what is ignored is no leaf",
	    { "{\"normalise\":[{\"how\":\"ignore\",\"names\":[\"x*\"]}]}", NULL,
		"[{\"a\":1,\"x1\":1,\"x2\":1}]", "[{\"a\":1,\"x1\":2,\"x3\":1}]" },
	    "0>0:info" },
	{ "equal secrets",
	    { NULL, NULL, "[{\"password\":\"p\",\"a\":1,\"b\":1}]",
		"[{\"password\":\"p\",\"a\":1,\"b\":1}]" },
	    "0>0:info" },
	{ "other secrets are told by nothing",
	    { NULL, NULL, "[{\"password\":\"p\",\"a\":1,\"b\":1}]",
		"[{\"password\":\"q\",\"a\":1,\"b\":1}]" },
	    "0>0:info" },
	{ "a secret does not make up for others",
	    { NULL, NULL, "[{\"password\":\"p\",\"a\":1,\"b\":1}]",
		"[{\"password\":\"p\",\"a\":2,\"b\":1}]" },
	    "" },
	{ "the most alike first",
	    { NULL, NULL, "[[1,2,3,4,5],[1,2,3,4,6]]", "[[1,2,3,4,6],[1,2,3,4,7]]" },
	    "0>1:medium 1>0:info" },
	{ "of equal likeness the smaller text",
	    { NULL, NULL, "[[1,2,3,4,5]]", "[[1,2,3,4,8],[1,2,3,4,7]]" }, "0>1:medium" },
	{ "each is in one link", { NULL, NULL, "[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"b\":1}]" },
	    "0>0:info" },
	{ "nothing is gone", { NULL, NULL, "[]", "[{\"a\":1}]" }, "" },
};

static void
resources_are_linked_from_eight_of_ten_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct renames r;
		struct err     e = { 0 };

		if (!find(&cases[i].given, NULL, &r, &e))
			fail_msg("%s: %s", cases[i].what, e.detail);
		assert_false(r.too_many);
		if (strcmp(told(&r, false, true), cases[i].want) != 0)
			fail_msg(
			    "%s: %s, not %s", cases[i].what, told(&r, false, true), cases[i].want);
	}
}

static void
links_are_the_same_with_the_sides_exchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct given   back = cases[i].given;
		struct renames r, s;
		struct err     e = { 0 };

		back.gone = cases[i].given.made;
		back.made = cases[i].given.gone;
		assert_true(find(&cases[i].given, NULL, &r, &e) && find(&back, NULL, &s, &e));
		if (strcmp(told(&r, false, false), told(&s, true, false)) != 0)
			fail_msg("%s: %s, back %s", cases[i].what, told(&r, false, false),
			    told(&s, true, false));
	}
}

/* [{"i":0},{"i":1}, ...] */
static const char *
many(uint32_t n)
{
	struct buf b;

	buf_make(&b, mem);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(&b, "%s{\"i\":%u}", i == 0 ? "[" : ",", i);
	buf_putc(&b, ']');
	assert_true(buf_ok(&b));
	return b.p;
}

static void
beyond_the_bound_none_is_linked_and_that_is_said(void **state)
{
	struct given   g = { .gone = many(LIKENESS_EACH_MAX), .made = many(LIKENESS_EACH_MAX) };
	struct renames r;
	struct err     e = { 0 };

	(void)state;
	assert_true(find(&g, NULL, &r, &e));
	assert_int_equal(r.n, LIKENESS_EACH_MAX);
	g.gone = g.made = many(LIKENESS_EACH_MAX + 1);
	assert_true(find(&g, NULL, &r, &e));
	assert_true(r.too_many);
	assert_int_equal(r.n, 0);
}

static void
it_costs_no_more_than_its_budget(void **state)
{
	struct given   g = { .gone = many(300), .made = many(300) };
	struct work    work;
	struct renames r;
	struct err     e = { 0 };

	(void)state;
	work_begin(&work, WORK_REQUEST, NULL);
	work.steps_max = 10000;
	assert_false(find(&g, &work, &r, &e));
	assert_true(err_take(&e, ERR_TOO_COSTLY));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(resources_are_linked_from_eight_of_ten_on),
		TEST(links_are_the_same_with_the_sides_exchanged),
		TEST(beyond_the_bound_none_is_linked_and_that_is_said),
		TEST(it_costs_no_more_than_its_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
