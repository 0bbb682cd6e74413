#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/uuid.h"

static int64_t
fixed_ms(const struct clock *c)
{
	return c->set_ms;
}

static int64_t
fixed_ns(const struct clock *c)
{
	return c->set_ms * 1000000;
}

static const struct clock_ops fixed_ops = { fixed_ms, fixed_ns };

static void
later_ones_sort_later_whatever_the_clock_does(void **state)
{
	static const int64_t steps[] = { 1, 0, 0, -1000, 5, 0, -60000, 60001 };
	struct clock         c = { &fixed_ops, 1000000000000 };
	struct uuid          last = { { 0 } };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct uuid u;

		c.set_ms += i % 1000 == 0 ? steps[i / 1000 % 8] : 0;
		u = uuid_make(&c, &rand_system);
		assert_true(memcmp(last.b, u.b, sizeof(u.b)) < 0);
		last = u;
	}
}

static void
version_variant_and_time_stand_where_the_rfc_wants_them(void **state)
{
	struct clock c = { &fixed_ops, 0x7FEDCBA98765 }; /* later than in the test above */
	struct uuid  u = uuid_make(&c, &rand_system);
	char         z[UUID_TEXT_MAX];

	(void)state;
	uuid_print(&u, z);
	assert_memory_equal(z, "7fedcba9-8765-7", 15);
	assert_int_equal(u.b[8] & 0xC0, 0x80);
	assert_int_equal(strlen(z), 36);
}

static void
text_is_read_back_in_either_case(void **state)
{
	struct uuid a, b;
	char        z[UUID_TEXT_MAX];

	(void)state;
	assert_true(uuid_parse(STR("0192F3A4-b5c6-7d8e-9FA0-B1C2D3E4F506"), &a));
	uuid_print(&a, z);
	assert_string_equal(z, "0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
	assert_true(uuid_parse(str_of(z), &b));
	assert_true(uuid_eq(&a, &b));
	assert_false(uuid_is_nil(&a));
	assert_true(uuid_parse(STR("00000000-0000-0000-0000-000000000000"), &b));
	assert_true(uuid_is_nil(&b));
}

static void
other_forms_are_refused(void **state)
{
	static const char *const rows[] = { "", "0192f3a4", "0192f3a4b5c67d8e9fa0b1c2d3e4f506",
		"{0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506}", "0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f50",
		"0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f5067", "0192f3a4-b5c6-7d8e-9fa0_b1c2d3e4f506",
		"0192f3a4-b5c6-7d8e-9fa-0b1c2d3e4f506", "g192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506",
		"0192f3a4--5c6-7d8e-9fa0-b1c2d3e4f506" };
	struct uuid              u;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(uuid_parse(str_of(rows[i]), &u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_ones_sort_later_whatever_the_clock_does),
		cmocka_unit_test(version_variant_and_time_stand_where_the_rfc_wants_them),
		cmocka_unit_test(text_is_read_back_in_either_case),
		cmocka_unit_test(other_forms_are_refused),
	};

	return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
