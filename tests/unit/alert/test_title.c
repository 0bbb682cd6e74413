/* title.h: one line that names the object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/alert/title.h"
#include "tests/unit/mem.h"

static const struct view all = { .values = true }, none = { 0 };

static struct str
text_of(const char *z)
{
	return z == NULL ? (struct str) { NULL, 0 } : str_of(z);
}

static char *
title(struct view v, const struct change *c, const struct change_text *t, size_t n)
{
	const struct title_in in = { c, t, n };
	struct err            e = { 0 };
	char                 *out;

	assert_true(title_print(mem, v, &in, &out, &e));
	assert_true(strlen(out) <= ALERT_TITLE_MAX);
	assert_true(str_is_utf8(str_of(out)));
	for (const char *p = out; *p != '\0'; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	return out;
}

static void
it_names_the_object_and_its_worst_change(void **state)
{
	static const struct {
		const char    *key, *path, *canonical;
		enum change_op op;
		const char    *was, *is;
		size_t         n;
		const char    *want, *without;
	} cases[] = {
		{ "sshd_config", "/PermitRootLogin", "/PermitRootLogin", CHANGE_MODIFIED, "\"no\"",
		    "\"yes\"", 3, "sshd_config: PermitRootLogin no -> yes and 2 more",
		    "sshd_config: PermitRootLogin changed and 2 more" },
		{ "p", "/grant/0/x", "/grant/[id=\"mfa\"]/x", CHANGE_MODIFIED, "1", "2.50", 1,
		    "p: grant/[id=\"mfa\"]/x 1 -> 2.50", "p: grant/[id=\"mfa\"]/x changed" },
		{ "p", "/a~1b/~0c", "/a~1b/~0c", CHANGE_MODIFIED, "true", "null", 1,
		    "p: a/b/~c true -> null", "p: a/b/~c changed" },
		{ "p", "", "", CHANGE_CREATED, NULL, "{\"a\":1}", 1, "p created", "p created" },
		{ "p", "", "", CHANGE_DELETED, "{\"a\":1}", NULL, 2, "p deleted and 1 more",
		    "p deleted and 1 more" },
		{ "p", "/users/0", "/users/[#0123456789abcdef]", CHANGE_CREATED, NULL, "\"eve\"", 1,
		    "p: users created: eve", "p: users created" },
		{ "p", "/users", "/users", CHANGE_DELETED, "[1]", NULL, 1, "p: users deleted",
		    "p: users deleted" },
		{ "p", "/a", "/a", CHANGE_MODIFIED, "\"1\"", "1", 1, "p: a \"1\" -> 1",
		    "p: a changed" },
		{ "p", "/a", "/a", CHANGE_MODIFIED, "\"\"", "\"[masked]\"", 1,
		    "p: a \"\" -> [masked]", "p: a changed" },
		{ "p", "/a", "/a", CHANGE_MODIFIED, "[]", "{\"b\":[1,2]}", 1,
		    "p: a [] -> {\"b\":[1,2]}", "p: a changed" },
		{ "", "/a", "/a", CHANGE_MODIFIED, "1", "2", 1, "things: a 1 -> 2",
		    "things: a changed" },
		{ "fw", "/rules/1", "/rules/[id=9]", CHANGE_MOVED, "3", "1", 1,
		    "fw: rules/[id=9] moved from 3 to 1", "fw: rules/[id=9] moved" },
		/* a label that is made of a value, and a path that was shortened */
		{ "p", "/k/0/x", "/k/[value=\"s3cret\"]/x", CHANGE_MODIFIED, "1", "2", 1,
		    "p: k/[value=\"s3cret\"]/x 1 -> 2", NULL },
		{ "p", "/long\xe2\x80\xa6~#0123456789abcdef", "/long\xe2\x80\xa6~#0123456789abcdef",
		    CHANGE_MODIFIED, "1", "2", 1, "p: long\xe2\x80\xa6 1 -> 2", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct change      c = { .category = STR("things"),
			     .key = str_of(cases[i].key),
			     .path = str_of(cases[i].path),
			     .canonical_path = str_of(cases[i].canonical),
			     .op = cases[i].op };
		const struct change_text t = { .old_text = text_of(cases[i].was),
			.new_text = text_of(cases[i].is) };

		assert_string_equal(title(all, &c, &t, cases[i].n), cases[i].want);
		if (cases[i].without != NULL)
			assert_string_equal(title(none, &c, &t, cases[i].n), cases[i].without);
		assert_null(strstr(title(none, &c, &t, 1), "s3cret"));
	}
}

/* Every text of it may come from outside. */
static void
whatever_it_holds_it_is_one_bounded_line(void **state)
{
	static const char *const bad[] = { "\r\n\t", "\x1b[31m", "\xe2\x80\xae", "\xe2\x80\xa8",
		"\xff\xc3", "\xed\xa0\x80", "\xf0\x9f\x94\x92", "<script>alert(1)</script>",
		"\xc2\x85", "~", "~#", "/", "//", "[#", "\"", "\\u0000" };

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		for (size_t times = 1; times < 200; times += 33) {
			char              *text = talloc_strdup(mem, "");
			struct change      c = { .category = STR("c"), .op = CHANGE_MODIFIED };
			struct change_text t;
			struct buf         b;

			for (size_t k = 0; k < times; k++)
				text = talloc_asprintf_append(text, "%zu%s", k % 7, bad[i]);
			buf_make(&b, mem);
			buf_json(&b, str_of(text));
			c.key = str_of(text);
			c.path = c.canonical_path = str_of(talloc_asprintf(mem, "/%s", text));
			t = (struct change_text) { .old_text = buf_str(&b), .new_text = STR("1") };
			assert_null(strstr(title(all, &c, &t, 1000000), "\xe2\x80\xae"));
			assert_non_null(
			    strstr(title(all, &c, &t, 1000000), " -> 1 and 999999 more"));
			(void)title(none, &c, &t, 1);
		}
	}
}

static void
long_values_are_cut_at_a_character(void **state)
{
	struct change      c = { .key = STR("k"),
		     .path = STR("/a"),
		     .canonical_path = STR("/a"),
		     .op = CHANGE_MODIFIED };
	struct change_text t = { .new_text = STR("1"), .old_truncated = true };

	(void)state;
	assert_string_equal(title(all, &c, &t, 1), "k: a \xe2\x80\xa6 -> 1");
	for (size_t n = 40; n < 80; n++) {
		char *text = talloc_strdup(mem, "\"");

		for (size_t i = 0; i < n; i++)
			text = talloc_strdup_append(text, i % 3 == 0 ? "\xf0\x9f\x94\x92" : "x");
		t = (struct change_text) { .old_text = str_of(talloc_strdup_append(text, "\"")),
			.new_text = STR("\"y\"") };
		assert_non_null(strstr(title(all, &c, &t, 1), "\xe2\x80\xa6 -> y"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_names_the_object_and_its_worst_change),
		TEST(whatever_it_holds_it_is_one_bounded_line),
		TEST(long_values_are_cut_at_a_character),
	};

	return cmocka_run_group_tests_name("titles of alerts", tests, NULL, NULL);
}
