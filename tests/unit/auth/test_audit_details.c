/* What an audit entry tells beyond its columns: a struct printed by its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/audit_details.h"

/* A table with a member of each kind that is told: as it is, and left out where there is nothing.
 */
struct deed_told {
	const char               *word, *word_if;
	int64_t                   n, n_if;
	uint64_t                  version;
	bool                      yes, yes_if;
	struct uuid               id, id_if;
	struct raw_json           raw, raw_if;
	struct strings            list, list_if;
	const struct text_change *text;
	const struct list_change *lists;
	const struct json_change *json;
};
static const struct field deed_told_fields[] = {
	TOLD(struct deed_told, word),
	TOLD_IF(struct deed_told, word_if),
	TOLD(struct deed_told, n),
	TOLD_IF(struct deed_told, n_if),
	TOLD(struct deed_told, version),
	TOLD(struct deed_told, yes),
	TOLD_IF(struct deed_told, yes_if),
	TOLD(struct deed_told, id),
	TOLD_IF(struct deed_told, id_if),
	TOLD(struct deed_told, raw),
	TOLD_IF(struct deed_told, raw_if),
	TOLD(struct deed_told, list),
	TOLD_IF(struct deed_told, list_if),
	TOLD_ITEM_IF(struct deed_told, text, &text_change_schema),
	TOLD_ITEM_IF(struct deed_told, lists, &list_change_schema),
	TOLD_ITEM_IF(struct deed_told, json, &json_change_schema),
	FIELD_END,
};
static const struct schema deed_told = SCHEMA("DeedTold", struct deed_told, deed_told_fields);

#define NIL "00000000-0000-0000-0000-000000000000"

static TALLOC_CTX *mem;

static int
begin(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static const char *
told(const struct schema *s, const void *in)
{
	struct err  e = { 0 };
	const char *text = audit_details(mem, s, in, &e);

	if (text == NULL)
		fail_msg("%s", e.detail);
	return text;
}

static void
what_is_not_there_is_null_or_left_out(void **state)
{
	const struct deed_told nothing = { 0 };

	(void)state;
	assert_string_equal(told(&deed_told, &nothing),
	    "{\"word\":null,\"n\":0,\"version\":0,\"yes\":false,\"id\":\"" NIL
	    "\",\"raw\":null,\"list\":[]}");
}

static void
what_is_there_is_told_in_the_order_of_the_table(void **state)
{
	const char              *words[] = { "a", "" };
	const struct strings     two = { words, 2 }, none = { NULL, 0 };
	const struct uuid        id = { { 1, 2, 3 } };
	const struct text_change text = { NULL, "" };
	const struct list_change lists = { none, two };
	const struct json_change json = { { .text = NULL }, { .text = "{\"a\":[1.50,null]}" } };
	const struct deed_told   all = {
		  .word = "",
		  .word_if = "",
		  .n = INT64_MIN,
		  .n_if = -1,
		  .version = UINT64_MAX,
		  .yes = true,
		  .yes_if = true,
		  .id = id,
		  .id_if = id,
		  .raw = { .text = "[ 1 ]" },
		  .raw_if = { .text = "null" },
		  .list = two,
		  .list_if = two,
		  .text = &text,
		  .lists = &lists,
		  .json = &json,
	};

	(void)state;
	assert_string_equal(told(&deed_told, &all),
	    "{\"word\":\"\",\"word_if\":\"\",\"n\":-9223372036854775808,\"n_if\":-1,"
	    "\"version\":18446744073709551615,\"yes\":true,\"yes_if\":true,"
	    "\"id\":\"01020300-0000-0000-0000-000000000000\","
	    "\"id_if\":\"01020300-0000-0000-0000-000000000000\",\"raw\":[ 1 ],\"raw_if\":null,"
	    "\"list\":[\"a\",\"\"],\"list_if\":[\"a\",\"\"],\"text\":{\"from\":null,\"to\":\"\"},"
	    "\"lists\":{\"from\":[],\"to\":[\"a\",\"\"]},"
	    "\"json\":{\"from\":null,\"to\":{\"a\":[1.50,null]}}}");
}

static void
no_text_breaks_out_or_is_obeyed_where_it_is_shown(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "\"},{\"word\":\"", "\"\\\"},{\\\"word\\\":\\\"\"" },
		{ "\\", "\"\\\\\"" },
		{ "\x01\x1f\x7f\b\f\n\r\t\x1b[31m",
		    "\"\\u0001\\u001f\\u007f\\b\\f\\n\\r\\t\\u001b[31m\"" },
		{ "</script>", "\"</script>\"" },
		{ "\xC2\x85\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAE",
		    "\"\\u0085\\u2028\\u2029\\u202e\"" },
		{ "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80",
		    "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct text_change c = { cases[i].in, cases[i].in };

		assert_string_equal(told(&text_change_schema, &c),
		    talloc_asprintf(mem, "{\"from\":%s,\"to\":%s}", cases[i].out, cases[i].out));
	}
}

static void
a_tree_is_told_as_it_came_with_nul_in_its_texts_and_its_numbers_as_written(void **state)
{
	static const char *const cases[] = { "{}", "[]", "null", "\"a\\u0000b\"",
		"{\"\\u0000\":{\"\":[1e400,-0,1.10,{\"b\":[],\"a\":{}}]}}", "\"\\u202e\"" };
	const struct json        nul = { .type = JSON_STRING, .text = STR("a\0b") };
	struct json_change       c = { { .tree = &nul }, { 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };

		c.to.tree = json_parse(mem, str_of(cases[i]), &e);
		assert_non_null(c.to.tree);
		assert_string_equal(told(&json_change_schema, &c),
		    talloc_asprintf(mem, "{\"from\":\"a\\u0000b\",\"to\":%s}", cases[i]));
	}
}

/* Not cut: what is told is bounded where it comes in. */
static void
long_texts_and_long_lists_are_whole(void **state)
{
	size_t                   n = 200000;
	char                    *text = talloc_zero_size(mem, n + 1);
	const char             **items = talloc_zero_array(mem, const char *, 10000);
	struct text_change       c = { "", text };
	const struct list_change lists = { { NULL, 0 }, { items, 10000 } };
	const char              *out;

	(void)state;
	memset(text, '\x01', n);
	out = told(&text_change_schema, &c);
	assert_int_equal(strlen(out), strlen("{\"from\":\"\",\"to\":\"\"}") + 6 * n);
	assert_string_equal(out + strlen(out) - 8, "\\u0001\"}");
	for (size_t i = 0; i < 10000; i++)
		items[i] = text + n - 1;
	assert_int_equal(strlen(told(&list_change_schema, &lists)),
	    strlen("{\"from\":[],\"to\":[]}") + 10000 * 9 - 1);
}

static void
a_text_that_stays_is_nothing_to_tell(void **state)
{
	struct text_change room;

	(void)state;
	assert_null(text_change(&room, "a", "a"));
	assert_null(text_change(&room, "", ""));
	assert_ptr_equal(text_change(&room, "a", "A"), &room);
	assert_string_equal(told(&text_change_schema, &room), "{\"from\":\"a\",\"to\":\"A\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_not_there_is_null_or_left_out, begin, finish),
		cmocka_unit_test_setup_teardown(
		    what_is_there_is_told_in_the_order_of_the_table, begin, finish),
		cmocka_unit_test_setup_teardown(
		    no_text_breaks_out_or_is_obeyed_where_it_is_shown, begin, finish),
		cmocka_unit_test_setup_teardown(
		    a_tree_is_told_as_it_came_with_nul_in_its_texts_and_its_numbers_as_written,
		    begin, finish),
		cmocka_unit_test_setup_teardown(long_texts_and_long_lists_are_whole, begin, finish),
		cmocka_unit_test_setup_teardown(
		    a_text_that_stays_is_nothing_to_tell, begin, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
