/* Which texts are equal: small, large, and chosen to collide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/index.h"
#include "tests/unit/mem.h"

/* Checks the groups of n texts of which i and i + n / 2 are equal. */
static void
check_halves(const struct index_entry *v, uint32_t n)
{
	uint32_t  *group = talloc_array(mem, uint32_t, n), groups = 0;
	bool      *seen = talloc_zero_array(mem, bool, n);
	struct err e = { 0 };

	assert_true(index_group(mem, v, n, group, &groups, &e));
	assert_int_equal(groups, n / 2);
	for (uint32_t i = 0; i < n / 2; i++) {
		assert_in_range(group[i], 0, groups - 1);
		assert_int_equal(group[i], group[i + n / 2]);
		assert_false(seen[group[i]]);
		seen[group[i]] = true;
	}
}

static void
equal_texts_have_one_group(void **state)
{
	static const uint32_t sizes[] = { 2, 8, 10, 100, 20000 };

	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		uint32_t            n = sizes[s];
		struct index_entry *v = talloc_array(mem, struct index_entry, n);

		for (uint32_t i = 0; i < n; i++)
			v[i] = index_entry(
			    str_of(talloc_asprintf(mem, "text number %u", i % (n / 2))), 0);
		check_halves(v, n);
	}
}

static void
nothing_has_no_groups(void **state)
{
	uint32_t   groups = 7;
	struct err e = { 0 };

	(void)state;
	assert_true(index_group(mem, NULL, 0, NULL, &groups, &e));
	assert_int_equal(groups, 0);
}

static void
tags_keep_equal_texts_apart(void **state)
{
	struct index_entry v[] = { index_entry(STR("1"), 1), index_entry(STR("1"), 2),
		index_entry(STR("1"), 1), index_entry(STR(""), 1),
		index_entry((struct str) { NULL, 0 }, 1) };
	uint32_t           group[5], groups;
	struct err         e = { 0 };

	(void)state;
	assert_true(index_group(mem, v, 5, group, &groups, &e));
	assert_int_equal(groups, 3);
	assert_int_equal(group[0], group[2]);
	assert_int_equal(group[3], group[4]);
}

/* Texts picked so that all want one place of the table: the sort takes over. */
static void
chosen_collisions_are_grouped_too(void **state)
{
	uint32_t            n = 2000, found = 0;
	struct index_entry *v = talloc_array(mem, struct index_entry, n);

	(void)state;
	for (unsigned i = 0; found < n / 2; i++) {
		char               text[16];
		struct index_entry x;

		snprintf(text, sizeof text, "k%u", i);
		x = index_entry(str_of(text), 0);
		if ((x.hash & 0xFFF) == 0x123)
			v[found++] = index_entry(str_of(talloc_strdup(mem, text)), 0);
	}
	memcpy(v + n / 2, v, n / 2 * sizeof *v);
	check_halves(v, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_texts_have_one_group),
		TEST(nothing_has_no_groups),
		TEST(tags_keep_equal_texts_apart),
		TEST(chosen_collisions_are_grouped_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
