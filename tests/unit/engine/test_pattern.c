/* Globs and path patterns: what they match, what is refused, and what they cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/pattern.h"
#include "tests/unit/mem.h"

static void
globs_match_whole_texts(void **state)
{
	static const struct {
		const char *glob, *text;
		bool        want;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "abc", true },
		{ "abc", "abc", true },
		{ "abc", "abcd", false },
		{ "a*", "abc", true },
		{ "a*", "ba", false },
		{ "*c", "abc", true },
		{ "*b*", "abc", true },
		{ "*b*", "acc", false },
		{ "a*c", "ac", true },
		{ "a*c", "abbc", true },
		{ "a*c", "abb", false },
		{ "aa*aa", "aaa", false },
		{ "aa*aa", "aaaa", true },
		{ "a*b*c", "axbxc", true },
		{ "a*b*c", "acb", false },
		{ "*a*b*", "ba", false },
		{ "**", "x", true },
		{ "a**b", "ab", true },
		{ "*ab*ab*", "abab", true },
		{ "*ab*ab*", "aba", false },
		{ "?", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct glob g = glob_make(str_of(cases[i].glob), false);

		if (glob_match(&g, str_of(cases[i].text)) != cases[i].want)
			fail_msg("%s on %s", cases[i].glob, cases[i].text);
	}
}

static void
folded_globs_match_in_any_case(void **state)
{
	struct glob g = glob_make(STR("a*Policies*z"), true),
		    exact = glob_make(STR("Password"), true);

	(void)state;
	assert_true(glob_match(&g, STR("A/policies/Z")));
	assert_false(glob_match(&g, STR("A/policy/Z")));
	assert_true(glob_match(&exact, STR("pASSWORD")));
}

static bool
path_matches(const char *pattern, const char *path)
{
	struct err     e = { 0 };
	struct pattern p;
	struct str     rest = str_of(path), step;
	uint64_t       states;

	assert_true(pattern_compile(mem, str_of(pattern), "", &p, &e));
	states = pattern_start(&p);
	if (rest.n > 0)
		rest = str_cut(rest, '/', &step);
	while (rest.p != NULL && path[0] != '\0') {
		rest = str_cut(rest, '/', &step);
		states = pattern_step(&p, states, step);
	}
	return pattern_done(&p, states);
}

static void
patterns_match_whole_paths(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool        want;
	} cases[] = {
		{ "", "", true },
		{ "", "/a", false },
		{ "/a", "/a", true },
		{ "/a", "", false },
		{ "/a", "/a/b", false },
		{ "/*", "/a", true },
		{ "/*", "/a/b", false },
		{ "/**", "", true },
		{ "/**", "/a/b/c", true },
		{ "/a/**", "/a", true },
		{ "/a/**", "/a/b/c", true },
		{ "/a/**", "/b", false },
		{ "/**/z", "/z", true },
		{ "/**/z", "/a/b/z", true },
		{ "/**/z", "/a/z/b", false },
		{ "/a/**/b/**/c", "/a/b/b/x/c", true },
		{ "/a/**/b/**/c", "/a/c/b", false },
		{ "/**/**/a", "/a", true },
		{ "/ex*/0", "/excludeUsers/0", true },
		{ "/a/", "/a/", true },
		{ "/a/*", "/a/", true },
		{ "/{a,b}", "/a", true },
		{ "/{a,b}", "/b", true },
		{ "/{a,b}", "/c", false },
		{ "/{a,b}", "/{a,b}", false },
		{ "/**/{*mfa*,2fa}/enabled", "/x/requireMfa/enabled", false },
		{ "/**/{*Mfa*,2fa}/enabled", "/x/requireMfa/enabled", true },
		{ "/**/{*Mfa*,2fa}/enabled", "/2fa/enabled", true },
		{ "/**/{*Mfa*,2fa}/enabled", "/2fa/x/enabled", false },
		{ "/{a,}/b", "//b", true },
		{ "/{a,b~1c}", "/b~1c", false },
		{ "/{a}", "/{a}", true },
		{ "/{a", "/{a", true },
		{ "/{,}", "/", true },
		{ "/{a,**}/z", "/x/z", true },
		{ "/{a,**}/z", "/x/y/z", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if (path_matches(cases[i].pattern, cases[i].path) != cases[i].want)
			fail_msg("%s on %s", cases[i].pattern, cases[i].path);
}

static char *
repeat(const char *part, size_t times)
{
	char  *text = talloc_zero_size(mem, strlen(part) * times + 1);
	size_t n = strlen(part);

	for (size_t i = 0; i < times; i++)
		memcpy(text + i * n, part, n);
	return text;
}

static void
a_pattern_that_cannot_be_is_refused_with_its_place(void **state)
{
	const char *const wrong[] = { "a", "a/b", "/a~", "/a~2", "/~", repeat("/a", 61),
		repeat("/abcdefghijklmno", 65), talloc_asprintf(mem, "/%s", repeat("x", 257)) };
	const char *const right[] = { "", "/", "/~0~1", repeat("/a", 60), repeat("/**", 60),
		talloc_asprintf(mem, "/%s", repeat("x", 256)) };
	struct pattern    p;

	(void)state;
	for (size_t i = 0; i < LEN(wrong); i++) {
		struct err e = { 0 };

		if (pattern_compile(mem, str_of(wrong[i]), "/rules/7/path", &p, &e))
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, "/rules/7/path");
	}
	for (size_t i = 0; i < LEN(right); i++) {
		struct err e = { 0 };

		assert_true(pattern_compile(mem, str_of(right[i]), "", &p, &e));
	}
}

/* What blows up a matcher that goes back is answered here, in time, or the test never ends. */
static void
hostile_patterns_go_forwards_only(void **state)
{
	char          *many = repeat("*a", 127), *name = repeat("a", 1 << 20);
	struct glob    g = glob_make(str_of(talloc_asprintf(mem, "%sb", many)), false);
	struct glob    fold = glob_make(str_of(talloc_asprintf(mem, "%sb", many)), true);
	struct err     e = { 0 };
	struct pattern p;
	uint64_t       states;

	(void)state;
	assert_false(glob_match(&g, str_of(name)));
	assert_false(glob_match(&fold, str_of(name)));
	assert_true(pattern_compile(mem, str_of(repeat("/**/a", 30)), "", &p, &e));
	states = pattern_start(&p);
	for (int i = 0; i < 1000000; i++)
		states = pattern_step(&p, states, STR("a"));
	assert_true(pattern_done(&p, states));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(globs_match_whole_texts),
		TEST(folded_globs_match_in_any_case),
		TEST(patterns_match_whole_paths),
		TEST(a_pattern_that_cannot_be_is_refused_with_its_place),
		TEST(hostile_patterns_go_forwards_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
