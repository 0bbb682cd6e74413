/* What a config says: the compare object, selectors, lists of resources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/rule_pack.h"
#include "tests/unit/engine.h"

static void
a_wrong_compare_object_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *pointer;
	} cases[] = {
		{ "[]", "/compare" },
		{ "{\"x\":1}", "/compare/x" },
		{ "{\"arrays\":{}}", "/compare/arrays" },
		{ "{\"arrays\":[{\"path\":\"/a\"}]}", "/compare/arrays/0/mode" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"bag\"}]}", "/compare/arrays/0/mode" },
		{ "{\"arrays\":[{\"mode\":\"set\"}]}", "/compare/arrays/0" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"names\":\"b\",\"mode\":\"set\"}]}",
		    "/compare/arrays/0" },
		{ "{\"arrays\":[{\"path\":\"a\",\"mode\":\"set\"}]}", "/compare/arrays/0/path" },
		{ "{\"arrays\":[{\"path\":\"/~2\",\"mode\":\"set\"}]}", "/compare/arrays/0/path" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"keyed\"}]}", "/compare/arrays/0/keys" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"set\",\"keys\":[\"x\"]}]}",
		    "/compare/arrays/0/keys" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\",\"except\":\"b\"}]}",
		    "/compare/normalise/0/except" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":[]}]}",
		    "/compare/normalise/0/names" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":[1]}]}",
		    "/compare/normalise/0/names" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\",\"category\":7}]}",
		    "/compare/normalise/0/category" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\",\"digits\":1}]}",
		    "/compare/normalise/0" },
		{ "{\"normalise\":[{\"how\":\"nfc\",\"path\":\"/a\",\"separator\":\",\"}]}",
		    "/compare/normalise/0/separator" },
		{ "{\"normalise\":[{\"how\":\"round\",\"path\":\"/"
		  "a\",\"digits\":1,\"seconds\":5}]}",
		    "/compare/normalise/0/digits" },
		{ "{\"normalise\":[{\"how\":\"vanish\",\"path\":\"/a\"}]}",
		    "/compare/normalise/0/how" },
		{ "{\"normalise\":[{\"how\":\"nfc\",\"path\":\"/a\",\"edition\":2}]}",
		    "/compare/normalise/0/edition" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		if (compare_compile(mem, parse(cases[i].text), NULL, 0, key, NULL, &e) != NULL)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(e.faults);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

static void
an_entry_of_a_pack_waits_for_its_edition(void **state)
{
	const struct rule_pack        pack = { STR("p"),
		       parse("{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\"},"
				    "{\"how\":\"ignore\",\"path\":\"/b\",\"edition\":2}]}"),
		       NULL };
	const struct rule_pack *const packs[] = { &pack };
	static const uint32_t entries[] = { [COMPARE_EDITION_1] = 1, [COMPARE_EDITION_2] = 2 };

	(void)state;
	for (unsigned i = COMPARE_EDITION_1; i <= COMPARE_EDITION; i++) {
		struct err                 e = { 0 };
		const struct compare_terms terms = { NULL, packs, 1, key, i };
		struct compare_spec       *s = compare_compile_terms(mem, &terms, NULL, &e);

		assert_non_null(s);
		assert_int_equal(compare_count(s), entries[i]);
	}
}

static void
documents_are_split_by_their_selector(void **state)
{
	struct err   e = { 0 };
	struct json *v = parse("{\"a\":{\"value\":[{\"id\":\"x\",\"v\":1},{\"id\":7}]}}");
	struct resource_selector s = { STR("/a/value"), STR("id"), STR("things") };
	struct resource         *r;
	size_t                   n;

	(void)state;
	assert_true(resource_split(mem, v, &s, &r, &n, &e));
	assert_int_equal(n, 2);
	assert_true(
	    str_eqz(r[0].category, "things") && str_eqz(r[0].key, "x") && str_eqz(r[1].key, "7"));
	assert_ptr_equal(r[1].value, json_at(v, STR("/a/value/1")));
	assert_true(resource_split(mem, v, NULL, &r, &n, &e));
	assert_true(
	    n == 1 && str_eqz(r[0].category, "document") && r[0].key.n == 0 && r[0].value == v);
	s.category = STR("");
	assert_true(resource_split(mem, v, &s, &r, &n, &e));
	assert_true(str_eqz(r[0].category, "document"));
}

static void
documents_that_do_not_fit_their_selector_are_refused(void **state)
{
	static const struct {
		const char *text, *pointer;
	} cases[] = {
		{ "{}", "" },
		{ "{\"value\":{}}", "" },
		{ "{\"value\":[{}]}", "/value/0" },
		{ "{\"value\":[{\"id\":null}]}", "/value/0" },
		{ "{\"value\":[{\"id\":1.5}]}", "/value/0" },
		{ "{\"value\":[7]}", "/value/0" },
		{ "{\"value\":[{\"id\":\"a\"},{\"id\":\"a\"}]}", "/value/1" },
		{ "{\"value\":[{\"id\":\"a\\u0000\"}]}", "/value/0" },
	};
	struct resource_selector s = { STR("/value"), STR("id"), STR("") };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err       e = { 0 };
		struct resource *r;
		size_t           n;

		if (resource_split(mem, parse(cases[i].text), &s, &r, &n, &e))
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

static void
lists_of_resources_keep_their_rules(void **state)
{
	char                  long_key[RESOURCE_KEY_MAX + 2];
	const struct resource ok[] = { { STR("a"), STR("b"), NULL }, { STR("ab"), STR(""), NULL },
		{ STR("a"), STR(""), NULL } };
	const struct resource again[] = { { STR("a"), STR("b"), NULL }, { STR("x"), STR(""), NULL },
		{ STR("a"), STR("b"), NULL } };
	const struct resource empty[] = { { STR(""), STR("b"), NULL } };
	const struct resource zero[] = { { STR("a\0b"), STR("b"), NULL } };
	const struct resource too_long[] = { { STR("a"), { long_key, sizeof long_key - 1 },
	    NULL } };
	struct err            e = { 0 };

	(void)state;
	memset(long_key, 'k', sizeof long_key);
	assert_true(resources_check(mem, ok, 3, &e));
	assert_true(resources_check(mem, NULL, 0, &e));
	assert_false(resources_check(mem, again, 3, &e));
	assert_string_equal(e.faults->pointer, "/resources/2");
	err_clear(&e);
	assert_false(resources_check(mem, empty, 1, &e));
	assert_string_equal(e.faults->pointer, "/resources/0/category");
	err_clear(&e);
	assert_false(resources_check(mem, zero, 1, &e));
	err_clear(&e);
	assert_false(resources_check(mem, too_long, 1, &e));
	assert_string_equal(e.faults->pointer, "/resources/0/key");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wrong_compare_object_is_refused_with_its_place),
		TEST(an_entry_of_a_pack_waits_for_its_edition),
		TEST(documents_are_split_by_their_selector),
		TEST(documents_that_do_not_fit_their_selector_are_refused),
		TEST(lists_of_resources_keep_their_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
