/* Arrays whose order counts and in which elements are equal: which of them changed, came, went or
 * moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

#define ORDERED "{\"arrays\":[{\"path\":\"\",\"mode\":\"ordered\"}]}"

/* Of equal elements any may stand for any other: those do that stay where they are. */
static void
among_equal_elements_of_ordered_arrays_places_decide(void **state)
{
#define X  "{\"a\":1,\"b\":1}"
#define X2 "{\"a\":1,\"b\":2}"
#define X3 "{\"a\":1,\"b\":3}"
#define P  "{\"p\":1}"
#define Q  "{\"q\":1}"
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		/* one of them changes */
		{ "[" X "," P "," X "]", "[" X2 "," P "," X "]", "~/0/b" },
		{ "[" X "," P "," X "]", "[" X "," P "," X2 "]", "~/2/b" },
		{ "[" X "," X "," X "]", "[" X "," X2 "," X "]", "~/1/b" },
		{ "[" X "," P "," X "," Q "," X "]", "[" X2 "," P "," X "," Q "," X3 "]",
		    "~/0/b ~/4/b" },
		{ "[" X "," P "," X "," Q "," X "]", "[" X2 "," P "," X2 "," Q "," X "]",
		    "~/0/b ~/2/b" },
		/* goes, or comes */
		{ "[" X "," P "," X "]", "[" P "," X "]", "-/0" },
		{ "[" P "," X "]", "[" X "," P "," X "]", "+/0" },
		{ "[\"a\",\"b\",\"a\",\"c\",\"a\"]", "[\"a\",\"b\",\"c\",\"a\"]", "-/2" },
		{ "[" X "," P "," X "," Q "]", "[" P "," X2 "," Q "]", "~/1/b -/0" },
		/* one that is like no other: the one in its place has gone */
		{ "[" X "," P "," X "]", "[{\"c\":1}," P "," X "]", "+/0 -/0" },
		/* moves: not more than must */
		{ "[\"q\",\"x\",\"p\",\"x\"]", "[\"x\",\"q\",\"x\",\"p\"]", "^/0" },
		{ "[" X "," P "," X "," Q "," X "]", "[" X "," P "," X2 "," X "," Q "]",
		    "^/2 ~/2/b" },
	};
#undef X
#undef X2
#undef X3
#undef P
#undef Q

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_changes(ORDERED, cases[i].old, cases[i].new, cases[i].want);
}

/* ---- few different elements, many times ---- */

#define FEW_MOST 24

static uint64_t seed;

static uint32_t
chance(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* Numbers that stand for elements. */
struct few {
	int      at[FEW_MOST];
	uint32_t n;
};

static struct few
few_of(uint32_t most, uint32_t kinds)
{
	struct few f = { .n = 1 + chance(most) };

	for (uint32_t i = 0; i < f.n; i++)
		f.at[i] = (int)chance(kinds);
	return f;
}

/* Elements that are all alike, and have no identity. */
static const char *
few_text(const struct few *f)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (uint32_t i = 0; i < f->n; i++)
		buf_printf(&b, "%s{\"l\":[true,false],\"n\":%d}", i > 0 ? "," : "", f->at[i]);
	buf_putc(&b, ']');
	return b.p;
}

static int
few_take(struct few *f, uint32_t i)
{
	int was = f->at[i];

	f->n--;
	memmove(f->at + i, f->at + i + 1, (f->n - i) * sizeof f->at[0]);
	return was;
}

static void
few_put(struct few *f, uint32_t i, int what)
{
	memmove(f->at + i + 1, f->at + i, (f->n - i) * sizeof f->at[0]);
	f->at[i] = what;
	f->n++;
}

/* Which one of equal ones it was, nobody can say: that one may be told that makes the least of it.
 */
static void
among_equal_elements_one_edit_is_one_change(void **state)
{
	(void)state;
	seed = 20;
	for (int round = 0; round < 2000; round++) {
		struct few   old = few_of(FEW_MOST - 1, 3), new = old;
		uint32_t     at = chance(old.n);
		int          what;
		struct diff *d;

		switch (round % 4) {
		case 0: /* a leaf */
			new.at[at] = 100;
			break;
		case 1:
			(void)few_take(&new, at);
			break;
		case 2:
			few_put(&new, at, (int)chance(4));
			break;
		default:
			what = few_take(&new, at);
			few_put(&new, chance(new.n + 1), what);
		}
		d = compare(ORDERED, few_text(&old), few_text(&new));
		if (d->n > 1 || (round % 4 < 3 && d->n != 1))
			fail_msg("%s %s: %s", few_text(&old), few_text(&new), listed(d));
		if (round % 4 == 0)
			assert_string_equal(listed(d), talloc_asprintf(mem, "~/%u/n", at));
	}
}

/* The length of their longest common subsequence, by the table of all beginnings. */
static uint32_t
common(const struct few *a, const struct few *b)
{
	uint32_t length[FEW_MOST + 1][FEW_MOST + 1] = { { 0 } };

	for (uint32_t i = 0; i < a->n; i++)
		for (uint32_t j = 0; j < b->n; j++) {
			uint32_t up = length[i][j + 1], left = length[i + 1][j];

			length[i + 1][j + 1] = a->at[i] == b->at[j] ? length[i][j] + 1
					       : up > left          ? up
								    : left;
		}
	return length[a->n][b->n];
}

static uint32_t
in_both(const struct few *a, const struct few *b, int kinds)
{
	uint32_t n = 0;

	for (int kind = 0; kind < kinds; kind++) {
		uint32_t in_a = 0, in_b = 0;

		for (uint32_t i = 0; i < a->n; i++)
			in_a += a->at[i] == kind;
		for (uint32_t i = 0; i < b->n; i++)
			in_b += b->at[i] == kind;
		n += in_a < in_b ? in_a : in_b;
	}
	return n;
}

static const char *
numbers_text(const struct few *f)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (uint32_t i = 0; i < f->n; i++)
		buf_printf(&b, "%s%d", i > 0 ? "," : "", f->at[i]);
	buf_putc(&b, ']');
	return b.p;
}

/* Held against what must have moved: of what stands on both sides all but a longest common
 * subsequence. */
static void
no_more_has_moved_than_must(void **state)
{
	(void)state;
	seed = 21;
	for (int round = 0; round < 2000; round++) {
		uint32_t     kinds = 1 + chance(8);
		struct few   a = few_of(FEW_MOST, kinds), b = few_of(FEW_MOST, kinds);
		struct diff *d = compare(ORDERED, numbers_text(&a), numbers_text(&b));
		uint32_t     both = in_both(&a, &b, (int)kinds);

		assert_int_equal(d->summary.created, b.n - both);
		assert_int_equal(d->summary.deleted, a.n - both);
		if (d->summary.moved != both - common(&a, &b))
			fail_msg("%s %s: %s", numbers_text(&a), numbers_text(&b), listed(d));
	}
}

static bool
has_change(const struct diff *d, const uint8_t fingerprint[static HASH_LEN])
{
	for (size_t i = 0; i < d->n; i++)
		if (memcmp(d->changes[i].fingerprint, fingerprint, HASH_LEN) == 0)
			return true;
	return false;
}

/* So what people have decided of it holds, whichever of equal elements it turns out to be. */
static void
all_but_what_has_moved_is_found_under_the_names_it_has_where_order_does_not_count(void **state)
{
	(void)state;
	seed = 22;
	for (int round = 0; round < 2000; round++) {
		struct few   a = few_of(FEW_MOST, 5), b = few_of(FEW_MOST, 9);
		struct diff *plain = compare(NULL, few_text(&a), few_text(&b));
		struct diff *d = compare(ORDERED, few_text(&a), few_text(&b));

		assert_int_equal(d->n - (size_t)d->summary.moved, plain->n);
		for (size_t i = 0; i < plain->n; i++)
			if (!has_change(d, plain->changes[i].fingerprint))
				fail_msg("%s %s: %s", few_text(&a), few_text(&b), listed(d));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(among_equal_elements_of_ordered_arrays_places_decide),
		TEST(among_equal_elements_one_edit_is_one_change),
		TEST(no_more_has_moved_than_must),
		TEST(
		    all_but_what_has_moved_is_found_under_the_names_it_has_where_order_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
