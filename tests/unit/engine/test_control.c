/* What many rules name, together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/control.h"
#include "tests/unit/mem.h"

static void
what_many_rules_name_is_told_once_by_its_text(void **state)
{
	const char           *a_texts[] = { "NIST AC-6", "CIS 1.1" };
	const char           *b_texts[] = { "CIS 1.1", "CIS 5.2" };
	const struct strings  a = { a_texts, 2 }, b = { b_texts, 2 }, none = { NULL, 0 };
	const struct strings *of[] = { &b, &a, &none, &b, &a, &b };
	struct strings        out;
	struct err            e = { 0 };

	(void)state;
	assert_true(controls_join(mem, of, LEN(of), &out, &e));
	assert_int_equal(out.n, 3);
	assert_string_equal(out.items[0], "CIS 1.1");
	assert_string_equal(out.items[1], "CIS 5.2");
	assert_string_equal(out.items[2], "NIST AC-6");
	assert_true(controls_join(mem, of, 0, &out, &e));
	assert_int_equal(out.n, 0);
}

#define RULES   200
#define CHANGES 50000

static void
of_very_many_the_first_are_told_and_rules_are_looked_at_once_each(void **state)
{
	struct strings        *rules = talloc_zero_array(mem, struct strings, RULES);
	const struct strings **of = talloc_zero_array(mem, const struct strings *, CHANGES);
	struct strings         out;
	struct err             e = { 0 };

	(void)state;
	for (int i = 0; i < RULES; i++) {
		rules[i].items = talloc_zero_array(mem, const char *, CONTROLS_MAX);
		for (; rules[i].n < CONTROLS_MAX; rules[i].n++)
			rules[i].items[rules[i].n] =
			    talloc_asprintf(mem, "CIS %04d", i * CONTROLS_MAX + (int)rules[i].n);
	}
	for (int i = 0; i < CHANGES; i++)
		of[i] = &rules[(i * 7) % RULES];
	assert_true(controls_join(mem, of, CHANGES, &out, &e));
	assert_int_equal(out.n, CONTROLS_JOINED_MAX);
	for (int i = 0; i < CONTROLS_JOINED_MAX; i++)
		assert_string_equal(out.items[i], talloc_asprintf(mem, "CIS %04d", i));
	/* what it took is of the rules, not of the changes */
	assert_int_equal(talloc_get_size(out.items), RULES * CONTROLS_MAX * sizeof(char *));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_many_rules_name_is_told_once_by_its_text),
		TEST(of_very_many_the_first_are_told_and_rules_are_looked_at_once_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
