/* Instants of a JWT in every way that JSON has of writing a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/numeric_date.h"
#include "tests/unit/mem.h"

static const struct json *
tree(const char *text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", e.pub, text);
	return v;
}

static void
an_instant_is_a_number_however_it_is_written(void **state)
{
	static const struct {
		const char *text;
		int64_t     want; /* -1: refused */
	} cases[] = {
		{ "1700000000", 1700000000 },
		{ "1700000000.0", 1700000000 },
		{ "1700000000.5", 1700000000 },
		{ "1700000000.999999999999999999999", 1700000000 },
		{ "1.7e9", 1700000000 },
		{ "1.7E9", 1700000000 },
		{ "1.7E+09", 1700000000 },
		{ "1.683061093e+09", 1683061093 },
		{ "17e8", 1700000000 },
		{ "1700000000e0", 1700000000 },
		{ "1700000000e-0", 1700000000 },
		{ "17000000000000e-4", 1700000000 },
		{ "17000000009999e-4", 1700000000 },
		{ "0.0000017e15", 1700000000 },
		{ "1700000000.25e1", -2 }, /* 17,000,000,002 */
		{ "0", 0 },
		{ "0.0", 0 },
		{ "0e999999999999", 0 },
		{ "0.000e99", 0 },
		{ "1e-999999999999", 0 },
		{ "0.9", 0 },
		{ "1099511627775", INT64_C(1099511627775) },
		{ "1099511627775.9", INT64_C(1099511627775) },
		{ "1099511627776", -1 },
		{ "1700000000000", -1 }, /* milliseconds */
		{ "1e12", INT64_C(1000000000000) },
		{ "1e13", -1 },
		{ "1e99", -1 },
		{ "1e999999999", -1 },
		{ "1e99999999999999999999999", -1 },
		{ "0.1e999999999999999", -1 },
		{ "9223372036854775807", -1 },
		{ "18446744073709551616", -1 },
		{ "99999999999999999999999999999999999999", -1 },
		{ "-1", -1 },
		{ "-0", -1 },
		{ "-1.7e9", -1 },
		{ "\"1700000000\"", -1 },
		{ "\"NaN\"", -1 },
		{ "\"\"", -1 },
		{ "null", -1 },
		{ "true", -1 },
		{ "[1700000000]", -1 },
		{ "{}", -1 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		int64_t got, want = cases[i].want == -2 ? INT64_C(17000000002) : cases[i].want;
		bool    ok = numeric_date(tree(cases[i].text), &got);

		if (ok != (want >= 0) || (ok && got != want))
			fail_msg("%s: %d %lld", cases[i].text, ok, (long long)got);
	}
	assert_false(numeric_date(NULL, &(int64_t) { 0 }));
}

static void
is_that(const char *text)
{
	int64_t got;

	if (!numeric_date(tree(text), &got) || got != 1712345678)
		fail_msg("%s", text);
}

static void
the_point_may_stand_anywhere(void **state)
{
	static const char digits[] = "1712345678";

	(void)state;
	for (int i = 1; i <= 30; i++) {
		is_that(talloc_asprintf(mem, "%s%0*de-%d", digits, i, 0, i));
		is_that(talloc_asprintf(mem, "0.%0*d%se%d", i, 0, digits, 10 + i));
		is_that(talloc_asprintf(mem, "0.%0*d%sE+0%d", i, 0, digits, 10 + i));
		is_that(talloc_asprintf(mem, "%s.%0*d", digits, i, 7));
	}
	for (int i = 1; i < 10; i++)
		is_that(talloc_asprintf(mem, "%.*s.%se%d", i, digits, digits + i, 10 - i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_instant_is_a_number_however_it_is_written),
		TEST(the_point_may_stand_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
