/* What a config says: the compare object; lists of resources. */
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
		{ "{\"normalise\":[{\"how\":\"nfc\",\"path\":\"/a\",\"scalars\":true}]}",
		    "/compare/normalise/0/scalars" },
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
		const struct compare_terms terms = { NULL, packs, 1, key, i, false, false };
		struct compare_spec       *s = compare_compile_terms(mem, &terms, NULL, &e);

		assert_non_null(s);
		assert_int_equal(compare_count(s), entries[i]);
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
	assert_string_equal(
	    e.faults->detail, "has the category \"a\" and key \"b\" of /resources/0");
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
		TEST(lists_of_resources_keep_their_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
