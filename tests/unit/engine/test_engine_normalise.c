/* Normal forms: what means the same is made equal, what is ignored is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/compare_priv.h"
#include "tests/unit/engine.h"

static void
normalisers_make_equal_what_means_the_same(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		{ "\"how\":\"empty_is_absent\",\"path\":\"/*\"",
		    "{\"a\":null,\"b\":[],\"c\":{},\"d\":\"\",\"e\":0}", "{\"e\":0}", "" },
		{ "\"how\":\"empty_is_absent\",\"path\":\"/*\"", "{\"a\":{\"b\":null}}", "{}",
		    "-/a" },
		{ "\"how\":\"empty_is_absent\",\"path\":\"/**\"",
		    "{\"a\":{\"b\":null},\"c\":[null,[]]}", "{}", "" },
		{ "\"how\":\"empty_is_absent\",\"names\":\"a\"", "{\"a\":null,\"b\":null}", "{}",
		    "-/b" },
		{ "\"how\":\"ignore\",\"names\":[\"a\"],\"scalars\":true",
		    "{\"a\":1,\"b\":{\"a\":\"x\"},\"c\":[{\"a\":null}]}",
		    "{\"b\":{\"a\":true},\"c\":[{}]}", "" },
		{ "\"how\":\"ignore\",\"names\":[\"a\"],\"scalars\":true",
		    "{\"a\":{\"a\":1},\"b\":{}}", "{\"b\":{\"a\":[1]}}", "+/b/a -/a" },
		{ "\"how\":\"ignore\",\"path\":\"/a/*\",\"scalars\":true", "{\"a\":[1,[2],3]}",
		    "{\"a\":[[4]]}", "+/a/0 -/a/0" },
		{ "\"how\":\"casefold\",\"path\":\"/a\"", "{\"a\":\"/Sub/X\xC3\x84\",\"b\":\"X\"}",
		    "{\"a\":\"/sub/x\xC3\xA4\",\"b\":\"x\"}", "~/b" },
		{ "\"how\":\"nfc\",\"path\":\"/**\"", "[\"\xC3\xA9\"]", "[\"e\xCC\x81\"]", "" },
		{ "\"how\":\"split\",\"names\":[\"scope\"]", "{\"scope\":\"a b  c b\"}",
		    "{\"scope\":\" c a b\"}", "" },
		{ "\"how\":\"split\",\"names\":[\"scope\"]", "{\"scope\":\"a b\"}",
		    "{\"scope\":\"b Mail.Read a\"}", "+/scope/1" },
		{ "\"how\":\"split\",\"path\":\"/s\",\"separator\":\", \"", "{\"s\":\"a, b\"}",
		    "{\"s\":\"b, a\"}", "" },
		{ "\"how\":\"embedded_json\",\"path\":\"/p\"",
		    "{\"p\":\"{\\\"x\\\": 1, \\\"y\\\":2}\"}",
		    "{\"p\":\"{\\\"y\\\":2.0,\\\"x\\\":3}\"}", "~/p/x" },
		{ "\"how\":\"embedded_json\",\"path\":\"/p\"",
		    "{\"p\":\"\xEF\xBB\xBF{\\\"x\\\":1}\"}", "{\"p\":\"{\\\"x\\\": 1.0}\"}", "" },
		{ "\"how\":\"embedded_json\",\"path\":\"/p\"", "{\"p\":\"{no\"}",
		    "{\"p\":\"{no \"}", "~/p" },
		{ "\"how\":\"embedded_json\",\"path\":\"/p\"", "{\"p\":\"1\"}", "{\"p\":\"1.0\"}",
		    "~/p" },
		{ "\"how\":\"round\",\"path\":\"/*\"", "[1.4,2.5,-2.5,0.49,99.5,7]",
		    "[1,3,-3,0,100,7.2]", "" },
		{ "\"how\":\"round\",\"path\":\"/*\",\"digits\":2",
		    "[1.004,1.005,9.999,0.001,-0.004]", "[1.00,1.01,10,0,0]", "" },
		{ "\"how\":\"round\",\"path\":\"/*\",\"digits\":2", "[1.004]", "[1.006]",
		    "+/0 -/0" },
		{ "\"how\":\"round\",\"path\":\"/t\",\"seconds\":3600",
		    "{\"t\":\"2026-01-01T10:59:59Z\"}", "{\"t\":\"2026-01-01T12:00:00.5+02:00\"}",
		    "" },
		{ "\"how\":\"round\",\"path\":\"/t\",\"seconds\":3600", "{\"t\":\"yesterday\"}",
		    "{\"t\":\"today\"}", "~/t" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *how = talloc_asprintf(mem, "{\"normalise\":[{%s}]}", cases[i].how);

		check_changes(how, cases[i].old, cases[i].new, cases[i].want);
	}
}

/* What is not said of an edition is the same in both. */
static void
the_whole_resource_has_a_normal_form_by_each_normaliser(void **state)
{
	static const struct {
		const char *how, *text, *want, *first;
	} cases[] = {
		{ "\"ignore\"", "{\"a\":1}", "null", "{\"a\":1}" },
		{ "\"ignore\"", "\"x\"", "null", "\"x\"" },
		{ "\"ignore\"", "null", "null", NULL },
		{ "\"empty_is_absent\"", "{}", "null", "{}" },
		{ "\"empty_is_absent\"", "[]", "null", "[]" },
		{ "\"empty_is_absent\"", "\"\"", "null", "\"\"" },
		{ "\"empty_is_absent\"", "{\"a\":[]}", "{\"a\":[]}", NULL },
		{ "\"empty_is_absent\"", "0", "0", NULL },
		{ "\"mask\"", "\"x\"", "\"[masked]\"", NULL },
		{ "\"mask\"", "{\"a\":[true,null,{\"b\":2}]}",
		    "{\"a\":[\"[masked]\",null,{\"b\":\"[masked]\"}]}", NULL },
		{ "\"unmask\"", "\"Bearer abc123\"", "\"Bearer abc123\"", NULL },
		{ "\"unmask\"", "[\"Bearer abc123\",[1]]", "[\"Bearer abc123\",[1]]", NULL },
		{ "\"unmask\"", "{\"password\":\"x\"}", "{\"password\":\"[masked]\"}", NULL },
		{ "\"casefold\"", "\"Ab\"", "\"ab\"", NULL },
		{ "\"nfc\"", "\"e\xCC\x81\"", "\"\xC3\xA9\"", NULL },
		{ "\"split\"", "\"a b\"", "[\"a\",\"b\"]", NULL },
		{ "\"embedded_json\"", "\"{\\\"password\\\":\\\"x\\\"}\"",
		    "{\"password\":\"[masked]\"}", NULL },
		{ "\"round\"", "1.5", "2", NULL },
		{ "\"round\",\"seconds\":60", "\"2026-01-01T00:00:30Z\"",
		    "\"2026-01-01T00:00:00.000Z\"", NULL },
		{ "\"as_array\"", "{\"a\":\"b\"}", "[{\"a\":\"b\"}]", NULL },
		{ "\"cidr\"", "\"10.1.2.3/8\"", "\"10.0.0.0/8\"", NULL },
		{ "\"quantity\"", "\"1000m\"", "1", NULL },
		{ "\"duration\"", "\"60m\"", "\"PT1H\"", NULL },
		{ "\"eol\"", "\"a\\r\\nb\"", "\"a\\nb\"", NULL },
		{ "\"url_decoded\"", "\"%2541\"", "\"A\"", NULL },
		{ "\"boolean_text\"", "\"Yes\"", "true", NULL },
	};
	bool seen[NORMALISER__MAX] = { false };

	(void)state;
	for (under = COMPARE_EDITION_1; under <= COMPARE_EDITION; under++) {
		for (size_t i = 0; i < LEN(cases); i++) {
			struct compare_spec *spec = spec_of(
			    talloc_asprintf(
				mem, "{\"normalise\":[{\"how\":%s,\"path\":\"\"}]}", cases[i].how),
			    key);
			bool first = under == COMPARE_EDITION_1 && cases[i].first != NULL;
			struct resource r = resource(spec, "c", cases[i].text), again = r;
			struct err      e = { 0 };

			seen[spec->normalise.items[0].how] = true;
			assert_string_equal(talloc_strndup(mem, shown(r.value).p, shown(r.value).n),
			    first ? cases[i].first : cases[i].want);
			again.value = json_parse(mem, canonical(&r), &e);
			assert_true(
			    resource_normalise(mem, spec, &again, RESOURCE_STORED, NULL, &e));
			assert_true(str_eq(canonical(&r), canonical(&again)));
		}
	}
	under = COMPARE_EDITION;
	for (int how = 0; how < NORMALISER__MAX; how++)
		assert_true(seen[how]);
}

static void
what_is_about_all_below_leaves_the_resource_itself(void **state)
{
	(void)state;
	check_changes("{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/**\"}]}", "{\"a\":1}",
	    "{\"a\":2,\"b\":3}", "");
	check_changes("{\"normalise\":[{\"how\":\"empty_is_absent\",\"path\":\"/**\"}]}",
	    "{\"a\":[]}", "{\"a\":1,\"b\":1}", "+/a +/b");
	check_changes(
	    "{\"normalise\":[{\"how\":\"empty_is_absent\",\"path\":\"\"}]}", "{}", "[]", "");
}

static void
embedded_json_ends_at_the_depth_limit(void **state)
{
	char text[800] = "";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "[");
	strcat(text, "\"");
	for (int i = 0; i < 100; i++)
		strcat(text, "[");
	for (int i = 0; i < 100; i++)
		strcat(text, "]");
	strcat(text, "\"");
	for (int i = 0; i < 100; i++)
		strcat(text, "]");
	assert_int_equal(
	    compare("{\"normalise\":[{\"how\":\"embedded_json\",\"path\":\"/**\"}]}", text, text)
		->n,
	    0);
}

static void
ignored_places_make_no_change(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\"}]}",
		    "{\"a\":1,\"b\":{\"a\":1}}", "{\"a\":2,\"b\":{\"a\":2}}", "~/b/a" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/**/a\"}]}",
		    "{\"a\":1,\"b\":{\"a\":1},\"c\":1}", "{\"b\":{\"a\":2},\"c\":2}", "~/c" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/l/*/t\"}]}",
		    "{\"l\":[{\"id\":1,\"t\":1}]}", "{\"l\":[{\"id\":1,\"t\":2}]}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/l/*/t\"}]}",
		    "{\"l\":[{\"x\":1,\"t\":1},2]}", "{\"l\":[2,{\"x\":1,\"t\":2}]}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":[\"*Time\",\"@o.*\"],\"except\":["
		  "\"keepTime\"]}]}",
		    "{\"aTime\":1,\"keepTime\":1,\"@o.x\":1,\"x@o.\":1}",
		    "{\"aTime\":2,\"keepTime\":2,\"@o.x\":2,\"x@o.\":2}", "~/keepTime ~/x@o." },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/l/1\"}]}", "{\"l\":[1,2,3]}",
		    "{\"l\":[1,9,3]}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":\"A\",\"casefold\":true,"
		  "\"category\":\"zz*\"}]}",
		    "{\"a\":1}", "{\"a\":2}", "~/a" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":\"A\",\"casefold\":true,"
		  "\"category\":\"*\"}]}",
		    "{\"a\":1}", "{\"a\":2}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a~1b/c~0d\"}]}",
		    "{\"a/b\":{\"c~d\":1}}", "{\"a/b\":{\"c~d\":2}}", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_changes(cases[i].how, cases[i].old, cases[i].new, cases[i].want);
}

static void
a_normal_form_shares_what_did_not_change(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);
	struct json         *v = parse("{\"a\":[1,{\"b\":2}],\"c\":\"d\"}");
	struct resource      r = { STR("c"), STR(""), v };
	struct err           e = { 0 };

	(void)state;
	assert_true(resource_normalise(mem, spec, &r, RESOURCE_SOURCE, NULL, &e));
	assert_ptr_equal(r.value, v);
}

static void
numbers_beyond_the_limits_are_refused(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);
	struct err           e = { 0 };
	struct resource      r = { STR("c"), STR(""), parse("{\"a\":[1e1000000001]}") };

	(void)state;
	assert_false(resource_normalise(mem, spec, &r, RESOURCE_SOURCE, NULL, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(e.faults);
}

/* What came back from the store: the normal form of a normal form's text. */
static struct resource
stored(const struct compare_spec *spec, const struct resource *r)
{
	struct err      e = { 0 };
	struct resource back = *r;

	back.value = json_parse(mem, canonical(r), &e);
	assert_non_null(back.value);
	if (!resource_normalise(mem, spec, &back, RESOURCE_STORED, NULL, &e))
		fail_msg("%s", e.detail);
	return back;
}

static void
a_normal_form_is_its_own(void **state)
{
	static const struct {
		const char *how, *text;
	} cases[] = {
		{ "{\"how\":\"ignore\",\"path\":\"/1\"}", "[1,2,3,4]" },
		{ "{\"how\":\"ignore\",\"path\":\"/1/**\"}", "[1,[2],3,4]" },
		{ "{\"how\":\"ignore\",\"path\":\"/1*\"}", "[1,2,3,4,5,6,7,8,9,10,11,12]" },
		{ "{\"how\":\"empty_is_absent\",\"path\":\"/0\"}", "[null,\"\",3]" },
		{ "{\"how\":\"empty_is_absent\",\"path\":\"/*\"},{\"how\":\"ignore\",\"path\":\"/"
		  "1\"}",
		    "[null,1,[],2,3,4]" },
		{ "{\"how\":\"empty_is_absent\",\"path\":\"/*\"},"
		  "{\"how\":\"ignore\",\"path\":\"/1/x\"}",
		    "[null,{\"x\":1},{\"x\":2,\"y\":1},{\"x\":3,\"y\":1},{\"x\":4}]" },
		{ "{\"how\":\"embedded_json\",\"path\":\"/a\"},{\"how\":\"casefold\",\"path\":\"/"
		  "a\"}",
		    "{\"a\":\"\xEF\xBC\xBB"
		    "True\xEF\xBC\xBD\"}" },
		{ "{\"how\":\"split\",\"path\":\"/a\",\"separator\":\"x\"},"
		  "{\"how\":\"casefold\",\"path\":\"/a\"}",
		    "{\"a\":\"1X2\"}" },
		{ "{\"how\":\"round\",\"path\":\"/*\",\"seconds\":60},"
		  "{\"how\":\"round\",\"path\":\"/*\",\"seconds\":90}",
		    "[\"1970-01-01T00:01:40Z\"]" },
		{ "{\"how\":\"round\",\"path\":\"/*\",\"seconds\":60},"
		  "{\"how\":\"casefold\",\"path\":\"/*\"}",
		    "[\"1970-01-01T00:01:40Z\"]" },
		{ "{\"how\":\"round\",\"path\":\"/*\",\"digits\":1},{\"how\":\"round\",\"path\":\"/"
		  "*\"}",
		    "[1.45,2.449]" },
		{ "{\"how\":\"casefold\",\"path\":\"/*\"}", "[\"\xC2\xAD\\u0000masked:A\"]" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *how = talloc_asprintf(mem, "{\"normalise\":[%s]}", cases[i].how);
		struct compare_spec *spec = spec_of(how, key);
		struct resource      once = resource(spec, "c", cases[i].text);
		struct resource      twice = stored(spec, &once);

		if (!str_eq(canonical(&once), canonical(&twice)))
			fail_msg("%s: %s, then %s", how, canonical(&once).p, canonical(&twice).p);
	}
}

/* Left out it would give its place to the next one, which would be gone at the next reading. */
static void
an_element_ignored_by_its_index_keeps_its_place(void **state)
{
	static const char    how[] = "{\"arrays\":[{\"path\":\"\",\"mode\":\"list\"}],"
				     "\"normalise\":[{\"how\":\"ignore\",\"path\":\"/1\"}]}";
	struct compare_spec *spec = spec_of(how, key);
	struct resource old = resource(spec, "c", "[1,2,3]"), new = resource(spec, "c", "[1,9]");
	struct err      e = { 0 };
	struct diff    *d = diff_make(mem, spec, NULL, NULL, &e);

	(void)state;
	old = stored(spec, &old);
	assert_true(str_eqz(canonical(&old), "[1e0,null,3e0]"));
	assert_true(diff_resource(d, &old, &new, &e));
	assert_string_equal(listed(d), "-/2");
	check_changes(how, "[1,2,3]", "[1,9,3]", "");
	check_changes(how, "[1,2,3]", "[1,2,4]", "+/2 -/2");
}

static void
normalisers_come_in_the_order_of_their_entries(void **state)
{
	(void)state;
	check_changes("{\"normalise\":[{\"how\":\"casefold\",\"path\":\"/a\"},"
		      "{\"how\":\"split\",\"names\":\"a\",\"separator\":\"x\"}]}",
	    "{\"a\":\"1X2\"}", "{\"a\":\"2x1\"}", "");
	check_changes("{\"normalise\":[{\"how\":\"split\",\"names\":\"a\",\"separator\":\"X\"},"
		      "{\"how\":\"casefold\",\"path\":\"/a\"}]}",
	    "{\"a\":\"AX\"}", "{\"a\":\"aX\"}", "+/a/0 -/a/0");
}

/* A rule made after the value was stored: inside it is what nobody has escaped. */
static void
what_a_stored_text_holds_is_outside_text_still(void **state)
{
	static const char *const hows[] = { "{\"how\":\"split\",\"path\":\"/a\"}",
		"{\"how\":\"embedded_json\",\"path\":\"/b\"}",
		"{\"how\":\"casefold\",\"path\":\"/c\"}" };
	struct err               e = { 0 };
	struct compare_spec     *before = spec_of(NULL, key);
	struct resource          secret = resource(before, "c", "{\"secret\":\"s\"}"), r, later;
	struct str               mark = json_get(secret.value, "secret")->text;
	struct buf               b;
	char                     text[500];

	(void)state;
	snprintf(text, sizeof text,
	    "{\"a\":\"x \\u0000%s\",\"b\":\"[\\\"\\\\u0000%s\\\"]\",\"c\":\"\xC2\xAD\\u0000%s\"}",
	    mark.p + 1, mark.p + 1, mark.p + 1);
	r = resource(before, "c", text);
	for (size_t i = 0; i < LEN(hows); i++) {
		struct compare_spec *after =
		    spec_of(talloc_asprintf(mem, "{\"normalise\":[%s]}", hows[i]), key);
		struct resource fresh = resource(after, "c", text);

		later = stored(after, &r);
		buf_make(&b, mem);
		resource_print(&b, later.value);
		assert_false(holds_text(buf_str(&b), "[masked]"));
		assert_true(str_eq(canonical(&fresh), canonical(&later)));
	}
	assert_int_equal(e.code, ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(normalisers_make_equal_what_means_the_same),
		TEST(the_whole_resource_has_a_normal_form_by_each_normaliser),
		TEST(what_is_about_all_below_leaves_the_resource_itself),
		TEST(embedded_json_ends_at_the_depth_limit),
		TEST(ignored_places_make_no_change),
		TEST(a_normal_form_shares_what_did_not_change),
		TEST(numbers_beyond_the_limits_are_refused),
		TEST(a_normal_form_is_its_own),
		TEST(an_element_ignored_by_its_index_keeps_its_place),
		TEST(normalisers_come_in_the_order_of_their_entries),
		TEST(what_a_stored_text_holds_is_outside_text_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
