/* The lines by which two texts differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/text_diff.h"
#include "tests/unit/engine.h"

#define STEPS 20000000

static uint64_t steps = STEPS;

static struct str
diffed_values(const struct json *old, const struct json *new, bool is_long)
{
	const struct text_diff_in in = { old, new, is_long, &steps, NULL };
	struct err                e = { 0 };
	struct str                out;

	assert_true(text_diff(mem, &in, &out, &e));
	assert_true(out.n <= TEXT_DIFF_MAX);
	return out;
}

static struct str
diffed(struct str old, struct str new, bool is_long)
{
	const struct json a = { .type = JSON_STRING, .text = old };
	const struct json b = { .type = JSON_STRING, .text = new };

	return diffed_values(&a, &b, is_long);
}

static void
lines_that_differ_are_told_with_what_stands_around_them(void **state)
{
	static const struct {
		const char *old, *new, *want; /* NULL: none */
	} cases[] = {
		{ "a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nX\ne\nf\ng\n",
		    "@@ -2,5 +2,5 @@\n b\n c\n-d\n+X\n e\n f" },
		{ "a\nb\n", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n b\n+c" },
		{ "a\nb\nc\n", "b\nc\n", "@@ -1,3 +1,2 @@\n-a\n b\n c" },
		{ "a\nb", "a\nc",
		    "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end\n+c\n\\ No newline at end" },
		{ "a\nb", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end\n+b" },
		{ "a\r\nb\r\n", "a\r\nb\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+b" },
		{ "", "a\nb\n", "@@ -1,0 +1,2 @@\n+a\n+b" },
		{ "one", "a\nb",
		    "@@ -1,1 +1,2 @@\n-one\n\\ No newline at end\n+a\n+b\n\\ No newline at end" },
		/* far apart: two parts; near: one */
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
		    "@@ -1,3 +1,3 @@\n-1\n+x\n 2\n 3\n@@ -7,3 +7,3 @@\n 7\n 8\n-9\n+y" },
		{ "1\n2\n3\n4\n5\n6\n", "x\n2\n3\n4\n5\ny\n",
		    "@@ -1,6 +1,6 @@\n-1\n+x\n 2\n 3\n 4\n 5\n-6\n+y" },
		/* the shortest edit, as in Myers' paper */
		{ "A\nB\nC\nA\nB\nB\nA\n", "C\nB\nA\nB\nA\nC\n",
		    "@@ -1,7 +1,6 @@\n-A\n-B\n C\n+B\n A\n B\n-B\n A\n+C" },
		/* one line each, and none that differs */
		{ "a", "b", NULL },
		{ "a\n", "b\n", NULL },
		{ "a\nb", "a\nb", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct str got = diffed(str_of(cases[i].old), str_of(cases[i].new), false);

		if (cases[i].want == NULL ? got.p != NULL : !str_eqz(got, cases[i].want))
			fail_msg("case %zu: %.*s", i, (int)got.n, got.n > 0 ? got.p : "");
	}
}

/* What one side gets from the other by a diff that was not cut: those who see it can trust it. */
static void
apply(const char *diff, struct buf *old, struct buf *new)
{
	for (const char *p = diff, *end; *p != '\0'; p = *end == '\0' ? end : end + 1) {
		end = strchrnul(p, '\n');
		if (*p == '@' || *p == '\\')
			continue;
		if (*p != '+')
			buf_printf(old, "%.*s\n", (int)(end - p - 1), p + 1);
		if (*p != '-')
			buf_printf(new, "%.*s\n", (int)(end - p - 1), p + 1);
	}
}

static void
random_lines(struct buf *b, unsigned *seed)
{
	int n = 1 + (int)((*seed = *seed * 1103515245u + 12345u) >> 16) % 12;

	for (int i = 0; i < n; i++)
		buf_printf(
		    b, "%c\n", 'a' + (int)((*seed = *seed * 1103515245u + 12345u) >> 16) % 3);
}

/* Texts so short that all of them stands in the diff where what differs is near: both come out
 * again. */
static void
a_diff_holds_both_texts_where_it_shows_all(void **state)
{
	unsigned seed = 7;
	int      whole = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct buf a, b, old, new;
		struct str got;
		unsigned   x, y, p, q;

		buf_make(&a, mem);
		buf_make(&b, mem);
		buf_make(&old, mem);
		buf_make(&new, mem);
		random_lines(&a, &seed);
		random_lines(&b, &seed);
		got = diffed(buf_str(&a), buf_str(&b), false);
		if (got.p == NULL ||
		    sscanf(str_dup(mem, got), "@@ -%u,%u +%u,%u @@", &x, &y, &p, &q) != 4 ||
		    x != 1 || 2 * y != a.n || 2 * q != b.n)
			continue;
		whole++;
		apply(str_dup(mem, got), &old, &new);
		assert_true(str_eq(buf_str(&old), buf_str(&a)));
		assert_true(str_eq(buf_str(&new), buf_str(&b)));
	}
	assert_true(whole > 1000);
}

static struct str
numbered(int n, const char *word, int every)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s %d\n", i % every == 0 ? word : "line", i);
	return buf_str(&b);
}

static void
what_is_told_is_bounded_whatever_the_texts_are(void **state)
{
	static const struct {
		int n, every;
	} shapes[] = { { 100, 1 }, { 3000, 1 }, { 3000, 3 }, { 3000, 50 }, { 100000, 1 },
		{ 100000, 3 }, { 300000, 9 } };

	(void)state;
	for (size_t i = 0; i < LEN(shapes); i++) {
		struct str got = diffed(numbered(shapes[i].n, "old", shapes[i].every),
		    numbered(shapes[i].n, "new", shapes[i].every), false);

		assert_non_null(memmem(got.p, got.n, "-old 0\n", 7));
		assert_non_null(memmem(got.p, got.n, "+new 0\n", 7));
		assert_non_null(memmem(got.p, got.n, " more lines", 11));
	}
}

/* Nothing of what both end with is told as gone where one side has more lines than are looked at.
 */
static void
what_follows_is_not_told_as_gone(void **state)
{
	struct buf b;
	struct str got, same = STR("head\nx\ntail 1\ntail 2\n");

	(void)state;
	buf_make(&b, mem);
	buf_puts(&b, "head\n");
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "new %d\n", i);
	buf_puts(&b, "tail 1\ntail 2\n");
	got = diffed(same, buf_str(&b), false);
	assert_non_null(memmem(got.p, got.n, "\n-x\n", 4));
	assert_null(memmem(got.p, got.n, "tail", 4));
}

static void
without_steps_all_between_is_told_as_replaced(void **state)
{
	uint64_t had = steps;

	(void)state;
	steps = 0;
	assert_true(str_eqz(diffed(STR("a\nb\nc\nd\n"), STR("a\nx\nc\ny\n"), false),
	    "@@ -1,4 +1,4 @@\n a\n-b\n-c\n-d\n+x\n+c\n+y"));
	steps = had;
}

/* Cut before a character, and shown from near what differs. */
static void
long_lines_are_shown_where_they_differ(void **state)
{
	struct buf a, b;
	struct str got;

	(void)state;
	buf_make(&a, mem);
	for (int i = 0; i < 10000; i++)
		buf_puts(&a, "é");
	buf_make(&b, mem);
	buf_add(&b, a.p, a.n);
	buf_puts(&a, "old");
	buf_puts(&b, "new");
	for (int i = 0; i < 10000; i++) {
		buf_puts(&a, "é");
		buf_puts(&b, "é");
	}
	assert_null(diffed(buf_str(&a), buf_str(&b), false).p);
	got = diffed(buf_str(&a), buf_str(&b), true);
	assert_non_null(memmem(got.p, got.n, "-…é", strlen("-…é")));
	assert_non_null(memmem(got.p, got.n, "éoldé", strlen("éoldé")));
	assert_non_null(memmem(got.p, got.n, "énewé", strlen("énewé")));
	assert_true(got.n < 3 * TEXT_DIFF_LINE);
	for (size_t i = 0; i < got.n; i++) /* only whole characters: é is C3 A9, … is E2 80 A6 */
		if ((unsigned char)got.p[i] == 0xc3)
			assert_int_equal((unsigned char)got.p[++i], 0xa9);
		else
			assert_int_not_equal((unsigned char)got.p[i], 0xa9);
}

static const struct json *
normal(const char *value, struct compare_spec *spec)
{
	struct resource r = resource(spec, "c", talloc_asprintf(mem, "{\"v\":%s}", value));

	return json_get(r.value, "v");
}

static void
nothing_that_is_masked_is_told(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);
	const struct json   *a, *b;
	struct str           got;

	(void)state;
	a = normal("\"host=a\\nServer=db;Password=hunter2secret;\\nuser=x\\n\"", spec);
	b = normal("\"host=b\\nServer=db;Password=other3secret;\\nuser=x\\n\"", spec);
	got = diffed_values(a, b, false);
	assert_non_null(got.p);
	assert_null(memmem(got.p, got.n, "hunter2", 7));
	assert_null(memmem(got.p, got.n, "other3", 6));
	assert_non_null(memmem(got.p, got.n, "[masked]", 8));
	assert_non_null(memmem(got.p, got.n, "-host=a\n+host=b\n", 16));
	spec = spec_of("{\"normalise\":[{\"path\":\"/v\",\"how\":\"mask\"}]}", key);
	assert_null(diffed_values(normal("\"a\\nb\"", spec), normal("\"a\\nc\"", spec), true).p);
	assert_null(diffed_values(NULL, normal("\"a\\nc\"", spec), true).p);
	assert_null(diffed_values(normal("7", spec), normal("\"a\\nc\"", spec), true).p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_that_differ_are_told_with_what_stands_around_them),
		TEST(a_diff_holds_both_texts_where_it_shows_all),
		TEST(what_is_told_is_bounded_whatever_the_texts_are),
		TEST(what_follows_is_not_told_as_gone),
		TEST(without_steps_all_between_is_told_as_replaced),
		TEST(long_lines_are_shown_where_they_differ),
		TEST(nothing_that_is_masked_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
