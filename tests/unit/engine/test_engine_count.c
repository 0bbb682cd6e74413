/* How changes are counted, and what is equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

static void
changes_are_counted_as_the_contract_says(void **state)
{
	static const struct {
		const char *old, *new, *want, *first; /* first edition, where it is another */
	} cases[] = {
		{ "1", "1", "", NULL },
		{ "1", "1.0", "", NULL },
		{ "1", "1e0", "", NULL },
		{ "100", "1E2", "", NULL },
		{ "-0", "0", "", NULL },
		{ "0.50", "5e-1", "", NULL },
		{ "9007199254740993", "9007199254740992", "~", NULL },
		{ "1e400", "1e500", "~", NULL },
		{ "-1", "1", "~", NULL },
		{ "true", "1", "~", NULL },
		{ "true", "false", "~", NULL },
		{ "null", "false", "~", NULL },
		{ "null", "[]", "~", NULL },
		{ "[]", "{}", "~", NULL },
		{ "\"1\"", "1", "~", NULL },
		{ "\"a\"", "\"A\"", "~", NULL },
		{ "\"\xC3\xA9\"", "\"e\xCC\x81\"", "~", NULL },
		{ "\"\\u0041\"", "\"A\"", "", NULL },
		{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "", NULL },
		{ "{\"a\":1}", "{\"a\":2}", "~/a", NULL },
		{ "{\"a\":1}", "{}", "-/a", NULL },
		{ "{}", "{\"a\":{\"b\":1}}", "+/a", NULL },
		{ "{\"a\":null}", "{}", "-/a", NULL },
		{ "{\"a\":[]}", "{}", "-/a", NULL },
		{ "{\"a\":1}", "{\"b\":1}", "+/b -/a", NULL },
		{ "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}", "{\"a\":{\"b\":{\"c\":3,\"d\":2}}}",
		    "~/a/b/c", NULL },
		{ "{\"a/b\":1,\"c~d\":2,\"\":3}", "{\"a/b\":0,\"c~d\":0,\"\":0}",
		    "~/a~1b ~/c~0d ~/", NULL },
		{ "{\"a\":[1]}", "{\"a\":{\"0\":1}}", "~/a", NULL },
		/* multisets */
		{ "[1,2,3]", "[3,1,2]", "", NULL },
		{ "[1,1,2]", "[1,2,2]", "+/1 -/1", NULL },
		{ "[]", "[1,1]", "+/0 +/1", NULL },
		{ "[\"a\"]", "[]", "-/0", NULL },
		{ "[1,\"1\",true,null]", "[null,true,1.0,\"1\"]", "", NULL },
		{ "[1]", "[\"1\"]", "+/0 -/0", NULL },
		{ "[[1,2],[3]]", "[[3],[2,1]]", "", NULL },
		{ "[[1,2]]", "[[1,2,2]]", "+/0 -/0", NULL },
		{ "[{\"a\":1,\"b\":[1,2]}]", "[{\"b\":[2,1],\"a\":1.0}]", "", NULL },
		{ "[{\"a\":1},2]", "[2,{\"a\":2}]", "+/1 -/0", NULL },
		{ "[\"a\",\"b\",\"c\",\"d\"]", "[\"a\",\"x\",\"c\",\"d\"]", "+/1 -/1", NULL },
		/* keyed */
		{ "[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2}]",
		    "[{\"id\":2,\"v\":2},{\"id\":1,\"v\":1}]", "", NULL },
		{ "[{\"id\":\"a\",\"v\":1},{\"id\":\"b\",\"v\":2}]",
		    "[{\"id\":\"b\",\"v\":3},{\"id\":\"a\",\"v\":1}]", "~/0/v", NULL },
		{ "[{\"id\":\"a\"},{\"id\":\"b\"}]", "[{\"id\":\"b\"},{\"id\":\"c\",\"v\":1}]",
		    "+/1 -/0", NULL },
		{ "[]", "[{\"id\":\"a\"},{\"id\":\"b\"}]", "+/0 +/1", NULL },
		{ "[{\"id\":1,\"v\":1}]", "[{\"id\":1.0,\"v\":2}]", "~/0/v", NULL },
		{ "[{\"id\":1}]", "[{\"id\":\"1\"}]", "+/0 -/0", NULL },
		/* repeated on one side: the next member, or counted */
		{ "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"id\":1,\"name\":\"b\",\"v\":1}]",
		    "[{\"id\":2,\"name\":\"b\",\"v\":1},{\"id\":1,\"name\":\"a\",\"v\":1}]",
		    "~/0/id", NULL },
		{ "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":2}]",
		    "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":3}]", "~/1/v", "+/1 -/1" },
		{ "[{\"id\":1},{\"v\":2}]", "[{\"v\":2},{\"id\":2}]", "+/1 -/0", NULL },
		{ "[{\"id\":null,\"v\":1}]", "[{\"id\":null,\"v\":2}]", "~/0/v", "+/0 -/0" },
		{ "[{\"id\":1.5,\"v\":1}]", "[{\"id\":1.5,\"v\":2}]", "~/0/v", "+/0 -/0" },
		{ "[{\"id\":\"x\",\"v\":1},7]", "[{\"id\":\"x\",\"v\":2},7]", "~/0/v", "+/0 -/0" },
		/* the order of the identity members: id before name before value */
		{ "[{\"value\":1,\"name\":\"a\"}]", "[{\"value\":2,\"name\":\"a\"}]", "~/0/value",
		    NULL },
		{ "[{\"name\":\"x\",\"id\":1}]", "[{\"name\":\"x\",\"id\":2}]", "+/0 -/0", NULL },
		{ "{\"l\":[{\"id\":1,\"m\":[{\"id\":5,\"v\":1}]}]}",
		    "{\"l\":[{\"id\":1,\"m\":[{\"id\":6},{\"id\":5,\"v\":2}]}]}",
		    "+/l/0/m/0 ~/l/0/m/1/v", NULL },
		/* resources */
		{ NULL, "{\"a\":1}", "+", NULL },
		{ "{\"a\":1}", NULL, "-", NULL },
		{ NULL, NULL, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2 * LEN(cases); i++) {
		size_t       k = i / 2;
		const char  *want = cases[k].want;
		struct diff *d;

		under = i % 2 == 0 ? COMPARE_EDITION : COMPARE_EDITION_1;
		if (i % 2 == 1 && cases[k].first != NULL)
			want = cases[k].first;
		d = compare(NULL, cases[k].old, cases[k].new);
		if (strcmp(listed(d), want) != 0)
			fail_msg("edition %d: %s -> %s gave %s, not %s", under, cases[k].old,
			    cases[k].new, listed(d), want);
		assert_int_equal(diff_count(&d->summary), d->n);
		assert_int_equal(d->summary.by_severity[SEVERITY_MEDIUM], d->n);
		assert_int_equal(d->summary.score, 4 * d->n);
	}
	under = COMPARE_EDITION;
}

static void
changes_past_the_limit_are_counted_not_stored(void **state)
{
	struct buf   a, b;
	struct diff *d;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (int i = 0; i < DIFF_STORED_MAX + 10; i++) {
		buf_printf(&a, "%s\"m%d\":1", i > 0 ? "," : "{", i);
		buf_printf(&b, "%s\"m%d\":2", i > 0 ? "," : "{", DIFF_STORED_MAX + 9 - i);
	}
	buf_putc(&a, '}');
	buf_putc(&b, '}');
	d = compare(NULL, a.p, b.p);
	assert_int_equal(d->n, DIFF_STORED_MAX);
	assert_int_equal(d->summary.modified, DIFF_STORED_MAX + 10);
}

/* By the names of the members. */
static struct diff *
compare_ranked(const char *old, const char *new)
{
	static const char    text[] = "["
				      "{\"path\":\"/low*\",\"severity\":\"low\"},"
				      "{\"path\":\"/high*\",\"severity\":\"high\"},"
				      "{\"path\":\"/list/**\",\"severity\":\"critical\"},"
				      "{\"path\":\"/dire*\",\"severity\":\"critical\"}]";
	struct compare_spec *spec = spec_of(NULL, key);
	struct err           e = { 0 };
	struct rules        *rules = rules_compile(mem, parse(text), NULL, 0, NULL, &e);
	struct diff         *d = diff_make(mem, spec, rules, NULL, &e);
	struct resource      a = resource(spec, "c", old), b = resource(spec, "c", new);

	assert_non_null(rules);
	assert_non_null(d);
	assert_true(diff_resource(d, &a, &b, &e));
	return d;
}

static size_t
stored_of(const struct diff *d, enum severity s)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->changes[i].severity == s;
	return n;
}

/* Found in this order: low, medium, high, critical and counted elements of a list, medium. */
static void
of_too_many_changes_the_worst_are_stored(void **state)
{
	static const struct {
		const char *name;
		int         n;
	} parts[] = { { "low", 30000 }, { "other", 19990 }, { "high", 25000 }, { "dire", 5 },
		{ "later", 3 } };
	struct buf   a, b;
	struct diff *d;
	bool         named = false;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (size_t k = 0; k < LEN(parts); k++)
		for (int i = 0; i < parts[k].n; i++) {
			buf_printf(
			    &a, "%s\"%s%d\":1", k + (size_t)i > 0 ? "," : "{", parts[k].name, i);
			buf_printf(
			    &b, "%s\"%s%d\":2", k + (size_t)i > 0 ? "," : "{", parts[k].name, i);
		}
	buf_puts(&a, ",\"list\":[\"a\",\"b\"]}");
	buf_puts(&b, ",\"list\":[\"b\",\"c\"]}");
	d = compare_ranked(a.p, b.p);
	assert_int_equal(d->n, DIFF_STORED_MAX);
	assert_int_equal(diff_count(&d->summary), 75000);
	assert_int_equal(d->summary.by_severity[SEVERITY_LOW], 30000);
	assert_int_equal(d->summary.by_severity[SEVERITY_MEDIUM], 19993);
	assert_int_equal(stored_of(d, SEVERITY_CRITICAL), 7);
	assert_int_equal(stored_of(d, SEVERITY_HIGH), 25000);
	assert_int_equal(stored_of(d, SEVERITY_MEDIUM), 19993);
	assert_int_equal(stored_of(d, SEVERITY_LOW), 5000);
	assert_int_equal(d->replaced_n, 25000);
	for (size_t i = 0; i < d->n; i++)
		named = named || memmem(d->changes[i].canonical_path.p,
				     d->changes[i].canonical_path.n, "/list/[#", 8) != NULL;
	assert_true(named);
}

/* Each that comes is worse than all that are stored: every place is taken four times. */
static void
what_gives_way_is_found_in_one_pass_for_each_severity(void **state)
{
	static const char *const names[] = { "low", "other", "high", "dire" };
	struct buf               a, b;
	struct diff             *d;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (int i = 0; i < 4 * DIFF_STORED_MAX; i++) {
		const char *name = names[i / DIFF_STORED_MAX];

		buf_printf(&a, "%s\"%s%d\":1", i > 0 ? "," : "{", name, i);
		buf_printf(&b, "%s\"%s%d\":2", i > 0 ? "," : "{", name, i);
	}
	buf_putc(&a, '}');
	buf_putc(&b, '}');
	d = compare_ranked(a.p, b.p);
	assert_int_equal(d->n, DIFF_STORED_MAX);
	assert_int_equal(diff_count(&d->summary), 4 * DIFF_STORED_MAX);
	assert_int_equal(stored_of(d, SEVERITY_CRITICAL), DIFF_STORED_MAX);
}

/* Texts whose hashes were chosen, or not: the work stays in proportion (a quadratic one would take
 * minutes). */
static void
large_arrays_are_not_quadratic(void **state)
{
	struct buf   a, b;
	struct diff *d;
	int          n = 200000;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		buf_printf(&a, "%s%d", i > 0 ? "," : "[", i);
		buf_printf(&b, "%s%d", i > 0 ? "," : "[", n - i);
	}
	buf_putc(&a, ']');
	buf_putc(&b, ']');
	d = compare(NULL, a.p, b.p);
	assert_string_equal(listed(d), "+/0 -/0");
}

static void
the_deepest_value_is_compared(void **state)
{
	char old[400], new[400];

	(void)state;
	memset(old, '[', 128);
	old[128] = '1';
	memset(old + 129, ']', 128);
	old[257] = '\0';
	memcpy(new, old, sizeof new);
	new[128] = '2';
	assert_int_equal(
	    compare("{\"arrays\":[{\"path\":\"/**/x\",\"mode\":\"set\"}]}", old, new)->n, 2);
	memset(old, 0, sizeof old);
	memset(new, 0, sizeof new);
	for (int i = 0; i < 60; i++) {
		strcat(old, "{\"\":");
		strcat(new, "{\"\":");
	}
	strcat(old, "1");
	strcat(new, "2");
	for (int i = 0; i < 60; i++) {
		strcat(old, "}");
		strcat(new, "}");
	}
	assert_int_equal(compare(NULL, old, new)->changes[0].path.n, 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_are_counted_as_the_contract_says),
		TEST(changes_past_the_limit_are_counted_not_stored),
		TEST(of_too_many_changes_the_worst_are_stored),
		TEST(what_gives_way_is_found_in_one_pass_for_each_severity),
		TEST(large_arrays_are_not_quadratic),
		TEST(the_deepest_value_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
