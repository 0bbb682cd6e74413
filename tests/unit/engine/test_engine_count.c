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
		const char *old, *new, *want;
	} cases[] = {
		{ "1", "1", "" },
		{ "1", "1.0", "" },
		{ "1", "1e0", "" },
		{ "100", "1E2", "" },
		{ "-0", "0", "" },
		{ "0.50", "5e-1", "" },
		{ "9007199254740993", "9007199254740992", "~" },
		{ "1e400", "1e500", "~" },
		{ "-1", "1", "~" },
		{ "true", "1", "~" },
		{ "true", "false", "~" },
		{ "null", "false", "~" },
		{ "null", "[]", "~" },
		{ "[]", "{}", "~" },
		{ "\"1\"", "1", "~" },
		{ "\"a\"", "\"A\"", "~" },
		{ "\"\xC3\xA9\"", "\"e\xCC\x81\"", "~" },
		{ "\"\\u0041\"", "\"A\"", "" },
		{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "" },
		{ "{\"a\":1}", "{\"a\":2}", "~/a" },
		{ "{\"a\":1}", "{}", "-/a" },
		{ "{}", "{\"a\":{\"b\":1}}", "+/a" },
		{ "{\"a\":null}", "{}", "-/a" },
		{ "{\"a\":[]}", "{}", "-/a" },
		{ "{\"a\":1}", "{\"b\":1}", "+/b -/a" },
		{ "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}", "{\"a\":{\"b\":{\"c\":3,\"d\":2}}}",
		    "~/a/b/c" },
		{ "{\"a/b\":1,\"c~d\":2,\"\":3}", "{\"a/b\":0,\"c~d\":0,\"\":0}",
		    "~/a~1b ~/c~0d ~/" },
		{ "{\"a\":[1]}", "{\"a\":{\"0\":1}}", "~/a" },
		/* multisets */
		{ "[1,2,3]", "[3,1,2]", "" },
		{ "[1,1,2]", "[1,2,2]", "+/1 -/1" },
		{ "[]", "[1,1]", "+/0 +/1" },
		{ "[\"a\"]", "[]", "-/0" },
		{ "[1,\"1\",true,null]", "[null,true,1.0,\"1\"]", "" },
		{ "[1]", "[\"1\"]", "+/0 -/0" },
		{ "[[1,2],[3]]", "[[3],[2,1]]", "" },
		{ "[[1,2]]", "[[1,2,2]]", "+/0 -/0" },
		{ "[{\"a\":1,\"b\":[1,2]}]", "[{\"b\":[2,1],\"a\":1.0}]", "" },
		{ "[{\"a\":1},2]", "[2,{\"a\":2}]", "+/1 -/0" },
		{ "[\"a\",\"b\",\"c\",\"d\"]", "[\"a\",\"x\",\"c\",\"d\"]", "+/1 -/1" },
		/* keyed */
		{ "[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2}]",
		    "[{\"id\":2,\"v\":2},{\"id\":1,\"v\":1}]", "" },
		{ "[{\"id\":\"a\",\"v\":1},{\"id\":\"b\",\"v\":2}]",
		    "[{\"id\":\"b\",\"v\":3},{\"id\":\"a\",\"v\":1}]", "~/0/v" },
		{ "[{\"id\":\"a\"},{\"id\":\"b\"}]", "[{\"id\":\"b\"},{\"id\":\"c\",\"v\":1}]",
		    "+/1 -/0" },
		{ "[]", "[{\"id\":\"a\"},{\"id\":\"b\"}]", "+/0 +/1" },
		{ "[{\"id\":1,\"v\":1}]", "[{\"id\":1.0,\"v\":2}]", "~/0/v" },
		{ "[{\"id\":1}]", "[{\"id\":\"1\"}]", "+/0 -/0" },
		/* repeated on one side: the next member, or counted */
		{ "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"id\":1,\"name\":\"b\",\"v\":1}]",
		    "[{\"id\":2,\"name\":\"b\",\"v\":1},{\"id\":1,\"name\":\"a\",\"v\":1}]",
		    "~/0/id" },
		{ "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":2}]",
		    "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":3}]", "+/1 -/1" },
		{ "[{\"id\":1},{\"v\":2}]", "[{\"v\":2},{\"id\":2}]", "+/1 -/0" },
		{ "[{\"id\":null,\"v\":1}]", "[{\"id\":null,\"v\":2}]", "+/0 -/0" },
		{ "[{\"id\":1.5,\"v\":1}]", "[{\"id\":1.5,\"v\":2}]", "+/0 -/0" },
		{ "[{\"id\":\"x\",\"v\":1},7]", "[{\"id\":\"x\",\"v\":2},7]", "+/0 -/0" },
		/* the order of the identity members: id before name before value */
		{ "[{\"value\":1,\"name\":\"a\"}]", "[{\"value\":2,\"name\":\"a\"}]", "~/0/value" },
		{ "[{\"name\":\"x\",\"id\":1}]", "[{\"name\":\"x\",\"id\":2}]", "+/0 -/0" },
		{ "{\"l\":[{\"id\":1,\"m\":[{\"id\":5,\"v\":1}]}]}",
		    "{\"l\":[{\"id\":1,\"m\":[{\"id\":6},{\"id\":5,\"v\":2}]}]}",
		    "+/l/0/m/0 ~/l/0/m/1/v" },
		/* resources */
		{ NULL, "{\"a\":1}", "+" },
		{ "{\"a\":1}", NULL, "-" },
		{ NULL, NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(NULL, cases[i].old, cases[i].new);

		if (strcmp(listed(d), cases[i].want) != 0)
			fail_msg("%s -> %s gave %s, not %s", cases[i].old, cases[i].new, listed(d),
			    cases[i].want);
		assert_int_equal(diff_count(&d->summary), d->n);
		assert_int_equal(d->summary.by_severity[SEVERITY_MEDIUM], d->n);
		assert_int_equal(d->summary.score, 4 * d->n);
	}
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
		TEST(large_arrays_are_not_quadratic),
		TEST(the_deepest_value_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
