/* view.h, and what of a message goes to a channel without values. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "drift/deliver/finished.h"
#include "drift/engine/view.h"
#include "tests/unit/mem.h"

static const struct view all = { .values = true }, none = { 0 };

static void
u0000_is_shown_and_ends_nothing(void **state)
{
	(void)state;
	assert_string_equal(view_zeros(mem, STR("/\0a\0\0b\0")), "/\\u0000a\\u0000\\u0000b\\u0000");
	assert_string_equal(view_zeros(mem, STR("/a\\b")), "/a\\b");
	assert_string_equal(view_zeros(mem, STR("")), "");
}

static void
labels_that_are_made_of_values_are_withheld_and_names_stay(void **state)
{
	(void)state;
	static const struct {
		const char *path, *shown; /* NULL: as it is */
	} cases[] = {
		{ "", NULL },
		{ "/a/0/b", NULL },
		{ "/a/[id=\"x\"]/b", NULL },
		{ "/a/[id=304]", NULL },
		{ "/a/[name=\"with ] , = ~1 \\\" in it\"]/b", NULL },
		{ "/a/[id=\"x\",name=\"y\"]", NULL },
		{ "/a/[#0123456789abcdef]", "/a/[withheld]" },
		{ "/a/[#0123456789abcdef]~2/b", "/a/[withheld]/b" },
		{ "/a/[~0123456789abcdef]/b", "/a/[withheld]/b" },
		{ "/a/[value=\"x\"]/b/[id=\"y\"]", "/a/[withheld]/b/[id=\"y\"]" },
		{ "/a/[href=\"x\"]", "/a/[withheld]" },
		{ "/a/[id=\"x\",value=\"y\"]", "/a/[withheld]" },
		{ "/a/[pin=\"1234\"]", "/a/[withheld]" },
		{ "/a/[id=\"[masked:0123456789abcdef]\"]", "/a/[withheld]" },
		{ "/a/[id=#0123456789abcdef]", "/a/[withheld]" },
		{ "/a/[id=\"cut off", "/a/[withheld]" },
		{ "/a/[id=\"x\"] and more", "/a/[withheld]" },
		{ "/a/[]", "/a/[withheld]" },
		{ "/a/[id=\"x\xe2\x80\xa6~#0123456789abcdef/b", "/a/[withheld]/b" },
		{ "/long\xe2\x80\xa6~#0123456789abcdef", "/long\xe2\x80\xa6" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < LEN(cases); i++) {
		const char *want = cases[i].shown != NULL ? cases[i].shown : cases[i].path;
		struct str  out;
		bool        hidden;

		assert_true(view_path(mem, none, str_of(cases[i].path), &out, &hidden, &e));
		assert_string_equal(out.p, want);
		assert_int_equal(out.n, strlen(want));
		assert_int_equal(hidden, cases[i].shown != NULL);
		assert_true(view_path(mem, all, str_of(cases[i].path), &out, &hidden, &e));
		assert_ptr_equal(out.p, cases[i].path);
		assert_false(hidden);
	}
}

static void
a_view_of_zeroes_shows_no_value(void **state)
{
	(void)state;
	assert_string_equal(view_value(none, STR("\"secret\"")).p, "\"[withheld]\"");
	assert_null(view_value(none, (struct str) { NULL, 0 }).p);
	assert_string_equal(view_value(all, STR("1")).p, "1");
	assert_string_equal(view_hash(none, "00ff"), "[withheld]");
	assert_string_equal(view_hash(all, "00ff"), "00ff");
}

#define BODY(change)                                                                               \
	"{\"type\":\"t\",\"data\":{\"alert\":{\"title\":\"one\"},\"changes\":[" change             \
	"],\"changes_total\":1}}"

static void
a_finished_message_without_values_keeps_only_what_is_known_to_be_none(void **state)
{
	(void)state;
	static const struct {
		const char *body, *shown; /* NULL: as it is */
	} cases[] = {
		{ "{\"type\":\"channel.test\",\"data\":{}}", NULL },
		{ "{\"type\":\"t\"}", NULL },
		{ BODY(""), NULL },
		{ BODY("{\"category\":\"c\",\"key\":\"k\",\"op\":\"modified\",\"path\":\"/a/"
		       "0\",\"severity\":\"low\","
		       "\"rule\":\"r\",\"reason\":\"\",\"old_value\":{\"a\":[1]},\"new_value\":2}"),
		    BODY("{\"category\":\"c\",\"key\":\"k\",\"op\":\"modified\",\"path\":\"/a/"
			 "0\",\"severity\":\"low\","
			 "\"rule\":\"r\",\"reason\":\"\",\"old_value\":\"[withheld]\",\"new_"
			 "value\":\"[withheld]\"}") },
		{ BODY("{\"path\":\"/a\",\"new_value_truncated\":true}"),
		    BODY("{\"path\":\"/a\",\"new_value\":\"[withheld]\"}") },
		{ BODY("{\"path\":\"/a/[#0123456789abcdef]\"}"),
		    BODY("{\"path\":\"/a/[withheld]\"}") },
		{ BODY("{\"path\":\"/a\",\"to_come\":\"secret\"}"),
		    BODY("{\"path\":\"/a\",\"to_come\":\"[withheld]\"}") },
	};
	struct err e = { 0 };
	struct str out;

	for (size_t i = 0; i < LEN(cases); i++) {
		const char *want = cases[i].shown != NULL ? cases[i].shown : cases[i].body;

		assert_true(finished_view(mem, none, str_of(cases[i].body), &out, &e));
		assert_string_equal(out.p, want);
		assert_true(finished_view(mem, all, str_of(cases[i].body), &out, &e));
		assert_ptr_equal(out.p, cases[i].body);
	}
	assert_false(finished_view(mem, none, STR("{\"data\":"), &out, &e)); /* not sent as it is */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(u0000_is_shown_and_ends_nothing),
		TEST(labels_that_are_made_of_values_are_withheld_and_names_stay),
		TEST(a_view_of_zeroes_shows_no_value),
		TEST(a_finished_message_without_values_keeps_only_what_is_known_to_be_none),
	};

	return cmocka_run_group_tests_name("views of values", tests, NULL, NULL);
}
