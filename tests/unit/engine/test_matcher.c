/* Lists of globs on texts: the automaton finds what the globs find, and takes steps of the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/automaton.h"
#include "drift/engine/matcher.h"
#include "tests/unit/mem.h"

static uint32_t seed = 7;

static uint32_t
number(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Of few letters, so that pieces overlap, repeat and end in each other. */
static struct str
text(size_t n, const char *letters)
{
	char *p = talloc_size(mem, n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = letters[number((uint32_t)strlen(letters))];
	return (struct str) { p, n };
}

static struct globs
globs(size_t n, size_t longest, bool fold)
{
	struct globs g = { talloc_array(mem, struct glob, (unsigned)n), n };

	for (size_t i = 0; i < n; i++)
		g.items[i] =
		    glob_make(text(number((uint32_t)longest + 1), fold ? "aAb**" : "ab*"), fold);
	return g;
}

static bool
automaton_matches(struct automaton *a, struct str s)
{
	struct err e = { 0 };
	bool       yes;

	assert_true(automaton_match(a, s, NULL, WORK_RULES, &yes, &e));
	return yes;
}

static void
an_automaton_finds_what_its_globs_find(void **state)
{
	struct err e = { 0 };
	unsigned   found = 0, tried = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		bool              fold = number(2) == 1;
		struct globs      g = globs(1 + number(6), 1 + number(12), fold);
		size_t            bytes;
		struct automaton *a = automaton_make(mem, &g, &bytes, &e);

		assert_non_null(a);
		for (int i = 0; i < 20; i++) {
			struct str s = text(number(40), fold ? "abAB" : "ab");
			bool       want = globs_match(&g, s);

			if (automaton_matches(a, s) != want)
				fail_msg("round %d: %.*s", round, (int)s.n, s.p);
			found += want;
			tried++;
		}
		talloc_free(a);
	}
	assert_in_range(found, tried / 10, tried * 9 / 10);
}

static void
long_pieces_far_ahead_are_awaited(void **state)
{
	struct err        e = { 0 };
	char             *glob = talloc_zero_size(mem, 300), *s = talloc_zero_size(mem, 2000);
	struct glob       items[2];
	struct globs      g = { items, 2 };
	struct automaton *a;
	size_t            bytes;

	(void)state;
	for (size_t head = 0; head <= 250; head += 25) {
		memset(glob, 'a', 255);
		glob[head] = glob[255] = '*'; /* a^head * a^(254 - head) * */
		items[0] = glob_make((struct str) { glob, 256 }, false);
		items[1] = glob_make(STR("*b*"), false);
		a = automaton_make(mem, &g, &bytes, &e);
		memset(s, 'a', 2000);
		assert_true(automaton_matches(a, (struct str) { s, 254 }));
		assert_false(automaton_matches(a, (struct str) { s, 253 }));
		s[head] = 'x';
		assert_true(automaton_matches(a, (struct str) { s, 2000 }));
		assert_false(automaton_matches(a, (struct str) { s, 254 }));
	}
}

static uint64_t
steps_of(struct globs *g, struct str s, bool want)
{
	struct work     work;
	struct err      e = { 0 };
	struct matcher *m;
	bool            yes = !want;

	work_begin(&work, WORK_PUSH, NULL);
	m = matcher_make(mem, &work, WORK_RULES, &e);
	assert_true(matcher_globs(m, g, s, &yes, &e));
	assert_int_equal(yes, want);
	talloc_free(m);
	return work.spent;
}

static char *
repeat(const char *part, size_t times, const char *end)
{
	size_t n = strlen(part);
	char  *p = talloc_zero_size(mem, n * times + strlen(end) + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(p + i * n, part, n);
	memcpy(p + n * times, end, strlen(end));
	return p;
}

/* Each as bad as it can be for one of the ways to look for many texts. */
static void
what_a_list_costs_is_the_text_not_the_text_times_the_list(void **state)
{
	static const struct {
		const char *part, *end;
		size_t      times;
	} shapes[] = { { "a", "b", 250 }, { "*a", "*b", 120 }, { "*aa", "*c*", 80 },
		{ "ab", "*ba", 100 }, { "*aab", "aaa*", 60 } };

	(void)state;
	for (size_t i = 0; i < LEN(shapes); i++)
		for (int fold = 0; fold < 2; fold++) {
			struct globs few = { talloc_array(mem, struct glob, 1000), 10 }, many = few;
			struct str   s = str_of(repeat("a", 100000, ""));
			struct str   longer = str_of(repeat("a", 1000000, ""));
			uint64_t     one, ten;

			many.n = 1000;
			for (size_t j = 0; j < 1000; j++)
				few.items[j] = glob_make(
				    str_of(talloc_asprintf(mem, "*%s%zu*",
					repeat(shapes[i].part, shapes[i].times, shapes[i].end), j)),
				    fold == 1);
			one = steps_of(&many, s, false);
			ten = steps_of(&many, longer, false);
			print_message("# %s: %llu steps for 100,000 bytes, %llu for 1,000,000\n",
			    shapes[i].part, (unsigned long long)one, (unsigned long long)ten);
			assert_true(ten < 11 * one);
			/* a hundred times the globs: not even twice the steps, but to make it */
			assert_true(steps_of(&many, longer, false) <
				    2 * steps_of(&few, longer, false) + 30 * automaton_size(&many));
		}
}

/* Pieces that all end at every byte. */
static void
a_pass_that_takes_too_long_ends_within_it(void **state)
{
	struct err      e = { 0 };
	struct work     work;
	struct globs    g = { talloc_array(mem, struct glob, 250), 250 };
	struct str      s = str_of(repeat("a", 4000000, ""));
	struct matcher *m;
	bool            yes;

	(void)state;
	for (size_t i = 0; i < g.n; i++)
		g.items[i] = glob_make(
		    str_of(talloc_asprintf(mem, "*%s*b*", repeat("a", i + 1, ""))), false);
	work_begin(&work, WORK_REQUEST, NULL);
	m = matcher_make(mem, &work, WORK_RULES, &e);
	assert_false(matcher_globs(m, &g, s, &yes, &e));
	assert_int_equal(e.code, ERR_TOO_COSTLY);
	assert_in_range(work.spent, work.steps_max, work.steps_max + 2 * (uint64_t)WORK_LOOK);
}

static void
a_matcher_agrees_with_the_globs_whatever_it_has_made_of_them(void **state)
{
	struct err      e = { 0 };
	struct globs    lists[100];
	struct matcher *m = matcher_make(mem, NULL, WORK_RULES, &e);

	(void)state;
	for (size_t i = 0; i < LEN(lists); i++)
		lists[i] = globs(1 + number(60), 30, number(2) == 1);
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < LEN(lists); i++) {
			struct str s = text(number(600), "abab*");
			bool       yes;

			assert_true(matcher_globs(m, &lists[i], s, &yes, &e));
			assert_int_equal(yes, globs_match(&lists[i], s));
		}
}

static void
a_text_is_found_in_any_case(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct str  s = text(number(30), "abAB"), what = text(1 + number(5), "abAB");
		const char *at = NULL;

		for (size_t i = 0; at == NULL && i + what.n <= s.n; i++)
			at = text_same(true, s.p + i, what.p, what.n) ? s.p + i : NULL;
		assert_ptr_equal(text_find(true, s, what), at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_automaton_finds_what_its_globs_find),
		TEST(long_pieces_far_ahead_are_awaited),
		TEST(what_a_list_costs_is_the_text_not_the_text_times_the_list),
		TEST(a_pass_that_takes_too_long_ends_within_it),
		TEST(a_matcher_agrees_with_the_globs_whatever_it_has_made_of_them),
		TEST(a_text_is_found_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
