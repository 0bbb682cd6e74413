/* What a comparison costs, in values held against each other: it grows with the size, not with its
 * square, whatever stands in the arrays and in whatever order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/index.h"
#include "tests/unit/engine.h"

#define COLLIDING 120 /* more than index.c tries places for one */

enum shape {
	SHUFFLED,
	REVERSED,
	ONE_MOVED,
	ALL_EQUAL,
	ALL_DIFFERENT,
	HALF_DIFFERENT,
	CHOSEN,
	SHAPES
};
static const char *const shapes[] = { "shuffled", "reversed", "one moved", "all equal",
	"all different", "half different", "chosen to collide" };

/* The i-th of n elements on either side. */
static int
number_at(enum shape shape, int i, int n, bool new)
{
	switch (new ? shape : ALL_EQUAL) {
	case SHUFFLED: /* n and the step have no common divisor */
		return (int)(((int64_t)i * 7919 + 13) % n);
	case REVERSED:
	case CHOSEN:
		return n - 1 - i;
	case ONE_MOVED:
		return (i + 1) % n;
	case ALL_DIFFERENT:
		return n + i;
	case HALF_DIFFERENT:
		return i % 2 == 0 ? i : n + i;
	case ALL_EQUAL:
	case SHAPES:
		break;
	}
	return shape == ALL_EQUAL ? 0 : i;
}

/* Texts whose hashes end in the same 16 bits: found once, used by every case. */
static const char *
chosen(int i)
{
	static char     texts[COLLIDING][16];
	static int      found;
	static uint32_t tried;

	while (found <= i) {
		char  *p = texts[found];
		size_t n = (size_t)snprintf(p, sizeof texts[0], "x%07x", tried++);

		if ((index_entry((struct str) { p, n }, JSON_STRING).hash & 0xFFFF) == 0)
			found++;
	}
	return texts[i];
}

static const struct json *
make(enum shape shape, int n, bool keyed, bool new)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		int  id = number_at(shape, i, n, new);
		char name[20];

		snprintf(name, sizeof name, "k%d", id);
		if (shape == CHOSEN && id < COLLIDING)
			snprintf(name, sizeof name, "%s", chosen(id));
		buf_printf(&b, keyed ? "%s{\"id\":\"%s\",\"v\":[true]}" : "%s\"%s\"",
		    i > 0 ? "," : "[", name);
	}
	buf_putc(&b, ']');
	return parse(b.p);
}

static uint64_t
cost_of(const char *mode, const struct json *old, const struct json *new)
{
	const char  *how = talloc_asprintf(mem, "{\"arrays\":[{\"path\":\"\",\"mode\":\"%s\"%s}]}",
	     mode, mode[0] == 'k' ? ",\"keys\":[\"id\"]" : "");
	struct err   e = { 0 };
	struct diff *d = diff_make(mem, spec_of(how, key), NULL, NULL, &e);
	struct resource a = { STR("c"), STR("k"), old }, b = { STR("c"), STR("k"), new };

	assert_true(diff_resource(d, &a, &b, &e));
	return d->compared;
}

static uint64_t
cost(const char *mode, enum shape shape, int n, bool keyed)
{
	return cost_of(mode, make(shape, n, keyed, false), make(shape, n, keyed, true));
}

static void
check_growth(const char *mode, enum shape shape, bool keyed)
{
	uint64_t small = cost(mode, shape, 1000, keyed), large = cost(mode, shape, 10000, keyed);

	print_message("# %-8s %-9s %-17s %8llu for 1,000, %8llu for 10,000: %.1f\n", mode,
	    keyed ? "with keys" : "without", shapes[shape], (unsigned long long)small,
	    (unsigned long long)large, (double)large / (double)small);
	assert_true(small > 0);
	if (large > 12 * small)
		fail_msg("%s %s", mode, shapes[shape]);
}

static void
ten_times_the_elements_cost_at_most_twelve_times_the_comparisons(void **state)
{
	static const char *const modes[] = { "auto", "set", "multiset", "list", "keyed", "paired",
		"ordered" };

	(void)state;
	for (size_t i = 0; i < LEN(modes); i++)
		for (int shape = 0; shape < SHAPES; shape++)
			for (int keyed = 0; keyed < 2; keyed++)
				check_growth(modes[i], (enum shape)shape, keyed == 1);
}

/* ---- elements that nothing identifies ---- */

/* The i-th of n elements on either side, by shape. */
static void
add_unknown(struct buf *b, int shape, int i, bool new)
{
	int x = new &&i % 2 == 0 ? -1 - i : i;

	switch (shape) {
	case 0: /* half alike: one leaf of two is another */
		buf_printf(b, "{\"a\":%d,\"b\":%d}", i, x);
		break;
	case 1: /* all have the same leaves but one */
		buf_printf(b, "{\"a\":1,\"b\":1,\"c\":%d}", new ? -1 - i : i);
		break;
	case 2: /* ids that repeat */
		buf_printf(b, "{\"id\":%d,\"v\":%d}", i / 2, x);
		break;
	case 3: /* arrays of arrays */
		buf_printf(b, "[[%d],[[%d,{\"a\":%d}]]]", i, x, x);
		break;
	case 4: /* few different ones, otherwise strewn */
		buf_printf(b, "{\"a\":%d,\"b\":1}", new ? i * 7919 % 13 * 7 % 11 : i % 11);
		break;
	case 5: /* mostly the same, and some of them have become another */
		buf_printf(b, "{\"a\":1,\"b\":%d}", i < 1000 && i % 50 == 0 ? x : 0);
		break;
	default: /* a few left on one side only */
		buf_printf(b, "{\"a\":%d,\"b\":%d}", i, new &&i < 100 ? -1 : i);
	}
}

static const struct json *
unknown(int shape, int n, bool new)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		buf_putc(&b, i > 0 ? ',' : '[');
		add_unknown(&b, shape, i, new);
	}
	buf_putc(&b, ']');
	return parse(b.p);
}

static void
elements_without_identity_cost_no_more_than_their_number(void **state)
{
	static const char *const modes[] = { "auto", "paired", "ordered", "multiset", "keyed" };

	(void)state;
	for (size_t i = 0; i < LEN(modes); i++)
		for (int shape = 0; shape < 7; shape++) {
			uint64_t small = cost_of(
			    modes[i], unknown(shape, 1000, false), unknown(shape, 1000, true));
			uint64_t large = cost_of(
			    modes[i], unknown(shape, 10000, false), unknown(shape, 10000, true));

			print_message("# %-8s shape %d: %llu for 1,000, %llu for 10,000: %.1f\n",
			    modes[i], shape, (unsigned long long)small, (unsigned long long)large,
			    (double)large / (double)small);
			if (large > 12 * small)
				fail_msg("%s shape %d", modes[i], shape);
		}
}

/* ---- objects and depth ---- */

static const struct json *
members(int n, bool reversed)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s\"member%d\":%d", i > 0 ? "," : "{", reversed ? n - 1 - i : i, i);
	buf_putc(&b, '}');
	return parse(b.p);
}

static void
members_of_a_large_object_are_found_in_linear_work(void **state)
{
	uint64_t small = cost_of("auto", members(10000, false), members(10000, true));
	uint64_t large = cost_of("auto", members(100000, false), members(100000, true));

	(void)state;
	print_message("# object, reversed: %llu for 10,000 members, %llu for 100,000: %.1f\n",
	    (unsigned long long)small, (unsigned long long)large, (double)large / (double)small);
	assert_true(large <= 12 * small);
}

/* [x,[x,[x, ... leaf]]], or with keyed elements on the way. */
static const struct json *
nested(int depth, bool keyed, int leaf)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < depth; i++)
		buf_puts(&b, keyed ? "[{\"id\":1},{\"id\":2,\"l\":" : "[0,");
	buf_printf(&b, "[%d]", leaf);
	for (int i = 0; i < depth; i++)
		buf_puts(&b, keyed ? "}]" : "]");
	return parse(b.p);
}

static void
depth_costs_no_more_than_size(void **state)
{
	(void)state;
	for (int keyed = 0; keyed < 2; keyed++) {
		int      deep = keyed == 1 ? 60 : 120;
		uint64_t small =
		    cost_of("auto", nested(deep / 10, keyed, 1), nested(deep / 10, keyed, 2));
		uint64_t large = cost_of("auto", nested(deep, keyed, 1), nested(deep, keyed, 2));

		print_message("# %s: %llu for %d levels, %llu for %d: %.1f\n",
		    keyed ? "keyed" : "counted", (unsigned long long)small, deep / 10,
		    (unsigned long long)large, deep, (double)large / (double)small);
		assert_true(large <= 12 * small);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ten_times_the_elements_cost_at_most_twelve_times_the_comparisons),
		TEST(elements_without_identity_cost_no_more_than_their_number),
		TEST(members_of_a_large_object_are_found_in_linear_work),
		TEST(depth_costs_no_more_than_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
