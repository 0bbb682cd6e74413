/* Normalisers that give one spelling for many: what each takes, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

struct spelled {
	const char *in, *out;
};

/* As it is shown to people; what was stored gives itself. */
static const char *
spelled(const char *how, const char *text)
{
	struct compare_spec *spec = spec_of(how, key);
	struct resource      r = resource(spec, "c", text), again = r;
	struct str           form = canonical(&r), was = shown(r.value);
	struct err           e = { 0 };

	again.value = parse(str_dup(mem, form));
	assert_true(resource_normalise(mem, spec, &again, RESOURCE_STORED, NULL, &e));
	if (!str_eq(form, canonical(&again)))
		fail_msg("%s: %s is not its own normal form", text, form.p);
	return str_dup(mem, was);
}

/* As a member, and as the resource itself. */
static void
check(const char *normaliser, const struct spelled *rows, size_t n)
{
	const char *at =
	    talloc_asprintf(mem, "{\"normalise\":[{\"how\":\"%s\",\"path\":\"/a\"}]}", normaliser);
	const char *root =
	    talloc_asprintf(mem, "{\"normalise\":[{\"how\":\"%s\",\"path\":\"\"}]}", normaliser);

	for (size_t i = 0; i < n; i++) {
		const char *in =
		    talloc_asprintf(mem, "{\"a\":%s,\"b\":%s}", rows[i].in, rows[i].in);
		const char *got = spelled(at, in), *want;

		want = spelled(
		    "{}", talloc_asprintf(mem, "{\"a\":%s,\"b\":%s}", rows[i].out, rows[i].in));
		if (strcmp(got, want) != 0)
			fail_msg("%s: %s gave %s, not %s", normaliser, rows[i].in, got, want);
		got = spelled(root, rows[i].in);
		if (strcmp(got, spelled("{}", rows[i].out)) != 0)
			fail_msg("%s: %s alone gave %s", normaliser, rows[i].in, got);
	}
}

static void
a_value_that_is_no_array_is_a_list_of_one(void **state)
{
	static const struct spelled rows[] = {
		{ "\"a\"", "[\"a\"]" },
		{ "[\"a\"]", "[\"a\"]" },
		{ "[]", "[]" },
		{ "null", "null" },
		{ "7", "[7]" },
		{ "true", "[true]" },
		{ "false", "[false]" },
		{ "\"\"", "[\"\"]" },
		{ "{}", "[{}]" },
		{ "{\"a\":\"b\"}", "[{\"a\":\"b\"}]" },
		{ "[[\"a\"]]", "[[\"a\"]]" },
		{ "[\"a\",\"b\"]", "[\"a\",\"b\"]" },
		{ "[null]", "[null]" },
		{ "1.50", "[1.5]" },
		{ "\"[]\"", "[\"[]\"]" },
		{ "[7,\"a\"]", "[7,\"a\"]" },
	};

	(void)state;
	check("as_array", rows, LEN(rows));
}

static void
addresses_and_ranges_have_one_spelling(void **state)
{
	static const struct spelled rows[] = {
		{ "\"10.1.2.3/8\"", "\"10.0.0.0/8\"" },
		{ "\"10.0.0.1\"", "\"10.0.0.1/32\"" },
		{ "\"10.0.0.1/32\"", "\"10.0.0.1/32\"" },
		{ "\"0.0.0.0/0\"", "\"0.0.0.0/0\"" },
		{ "\"1.2.3.4/0\"", "\"0.0.0.0/0\"" },
		{ "\"2001:DB8:0:0::/32\"", "\"2001:db8::/32\"" },
		{ "\"2001:db8::1\"", "\"2001:db8::1/128\"" },
		{ "\"2001:db8:ffff::/33\"", "\"2001:db8:8000::/33\"" },
		{ "\"::\"", "\"::/128\"" },
		{ "\"::/0\"", "\"::/0\"" },
		{ "\"::ffff:10.0.0.1\"", "\"10.0.0.1/32\"" },
		{ "\"::ffff:10.1.2.3/104\"", "\"10.0.0.0/8\"" },
		{ "\"::ffff:10.1.2.3/64\"", "\"::/64\"" },
		{ "\"::FFFF:0a00:0001\"", "\"10.0.0.1/32\"" },
		{ "\"10.0.0.1/33\"", "\"10.0.0.1/33\"" },
		{ "\"10.0.0.1/08\"", "\"10.0.0.1/08\"" },
		{ "\"010.0.0.1\"", "\"010.0.0.1\"" },
		{ "\"10.0.0.1/\"", "\"10.0.0.1/\"" },
		{ "\"10.0.0.0/255.0.0.0\"", "\"10.0.0.0/255.0.0.0\"" },
		{ "\" 10.0.0.1\"", "\" 10.0.0.1\"" },
		{ "\"10.0.0.1:443\"", "\"10.0.0.1:443\"" },
		{ "\"[::1]\"", "\"[::1]\"" },
		{ "\"fe80::1%eth0\"", "\"fe80::1%eth0\"" },
		{ "\"10.0.0\"", "\"10.0.0\"" },
		{ "\"10.0.0.256\"", "\"10.0.0.256\"" },
		{ "\"::/129\"", "\"::/129\"" },
		{ "\"\"", "\"\"" },
		{ "\"10.0.0.1\\u0000\"", "\"10.0.0.1\\u0000\"" },
		{ "10", "10" },
		{ "[\"10.0.0.1\"]", "[\"10.0.0.1\"]" },
		{ "\"AzureCloud\"", "\"AzureCloud\"" },
	};

	(void)state;
	check("cidr", rows, LEN(rows));
}

static void
quantities_are_exact_numbers(void **state)
{
	static const struct spelled rows[] = {
		{ "\"1000m\"", "1" },
		{ "\"1\"", "1" },
		{ "\"1Gi\"", "1073741824" },
		{ "\"1024Mi\"", "1073741824" },
		{ "\"1048576Ki\"", "1073741824" },
		{ "\"0.5\"", "0.5" },
		{ "\"500m\"", "0.5" },
		{ "\".5\"", "0.5" },
		{ "\"1.\"", "1" },
		{ "\"+1\"", "1" },
		{ "\"-1Ki\"", "-1024" },
		{ "\"1e3\"", "1000" },
		{ "\"1E3\"", "1000" },
		{ "\"1E\"", "1000000000000000000" },
		{ "\"1Ei\"", "1152921504606846976" },
		{ "\"1.5Gi\"", "1610612736" },
		{ "\"0.1Ki\"", "102.4" },
		{ "\"1k\"", "1000" },
		{ "\"100n\"", "0.0000001" },
		{ "\"1u\"", "0.000001" },
		{ "\"1e-3\"", "0.001" },
		{ "\"0\"", "0" },
		{ "\"-0\"", "0" },
		{ "\"000\"", "0" },
		{ "\"007\"", "7" },
		{ "\"0Gi\"", "0" },
		{ "\"0.000Ki\"", "0" },
		{ "1", "1" },
		{ "1.50", "1.5" },
		{ "\"1K\"", "\"1K\"" },
		{ "\"1gi\"", "\"1gi\"" },
		{ "\"1GB\"", "\"1GB\"" },
		{ "\"1 Gi\"", "\"1 Gi\"" },
		{ "\"Gi\"", "\"Gi\"" },
		{ "\"\"", "\"\"" },
		{ "\".\"", "\".\"" },
		{ "\"-\"", "\"-\"" },
		{ "\"1.2.3\"", "\"1.2.3\"" },
		{ "\"1e\"", "\"1e\"" },
		{ "\"1e1000\"", "\"1e1000\"" },
		{ "\"1e3Gi\"", "\"1e3Gi\"" },
		{ "\"0x10\"", "\"0x10\"" },
		{ "\"1,5\"", "\"1,5\"" },
		{ "\"12345678901234567890123456789012345678901\"",
		    "\"12345678901234567890123456789012345678901\"" },
		{ "\"NaN\"", "\"NaN\"" },
		{ "\"1m \"", "\"1m \"" },
		{ "true", "true" },
	};

	(void)state;
	check("quantity", rows, LEN(rows));
}

static void
lengths_of_time_have_one_spelling(void **state)
{
	static const struct spelled rows[] = {
		{ "\"PT60M\"", "\"PT1H\"" },
		{ "\"PT1H\"", "\"PT1H\"" },
		{ "\"01:00:00\"", "\"PT1H\"" },
		{ "\"60m\"", "\"PT1H\"" },
		{ "\"1h\"", "\"PT1H\"" },
		{ "\"3600s\"", "\"PT1H\"" },
		{ "\"PT3600S\"", "\"PT1H\"" },
		{ "\"1h0m0s\"", "\"PT1H\"" },
		{ "\"1.5h\"", "\"PT1H30M\"" },
		{ "\"1h30m\"", "\"PT1H30M\"" },
		{ "\"P1D\"", "\"PT24H\"" },
		{ "\"1d\"", "\"PT24H\"" },
		{ "\"1.00:00:00\"", "\"PT24H\"" },
		{ "\"P1W\"", "\"PT168H\"" },
		{ "\"P1DT12H\"", "\"PT36H\"" },
		{ "\"100ms\"", "\"PT0.1S\"" },
		{ "\"PT0.10S\"", "\"PT0.1S\"" },
		{ "\"00:00:00.1000000\"", "\"PT0.1S\"" },
		{ "\"1us\"", "\"PT0.000001S\"" },
		{ "\"1\xC2\xB5s\"", "\"PT0.000001S\"" },
		{ "\"1\xCE\xBCs\"", "\"PT0.000001S\"" },
		{ "\"1ns\"", "\"PT0.000000001S\"" },
		{ "\"0.000000001ns\"", "\"PT0.000000000000000001S\"" },
		{ "\"0s\"", "\"PT0S\"" },
		{ "\"-0s\"", "\"PT0S\"" },
		{ "\"PT0S\"", "\"PT0S\"" },
		{ "\"-PT60M\"", "\"-PT1H\"" },
		{ "\"-1h\"", "\"-PT1H\"" },
		{ "\"-01:00:00\"", "\"-PT1H\"" },
		{ "\"1ms1us\"", "\"PT0.001001S\"" },
		{ "\"999999999999w\"", "\"PT167999999999832H\"" },
		{ "\"1.12:00:00.5\"", "\"PT36H0.5S\"" },
		{ "\"23:59:59\"", "\"PT23H59M59S\"" },
		{ "\"1500ms\"", "\"PT1.5S\"" },
		{ "\"24:00:00\"", "\"24:00:00\"" },
		{ "\"01:00\"", "\"01:00\"" },
		{ "\"1:00:00\"", "\"1:00:00\"" },
		{ "\"01:60:00\"", "\"01:60:00\"" },
		{ "\"01:00:60\"", "\"01:00:60\"" },
		{ "\"01:00:00.\"", "\"01:00:00.\"" },
		{ "\"60\"", "\"60\"" },
		{ "\"0\"", "\"0\"" },
		{ "60", "60" },
		{ "\"1 h\"", "\"1 h\"" },
		{ "\"1H\"", "\"1H\"" },
		{ "\"pt1h\"", "\"pt1h\"" },
		{ "\"P1Y\"", "\"P1Y\"" },
		{ "\"P1M\"", "\"P1M\"" },
		{ "\"P\"", "\"P\"" },
		{ "\"PT\"", "\"PT\"" },
		{ "\"P1DT\"", "\"P1DT\"" },
		{ "\"T1H\"", "\"T1H\"" },
		{ "\"m\"", "\"m\"" },
		{ "\"1m1h\"", "\"1m1h\"" },
		{ "\"1h1h\"", "\"1h1h\"" },
		{ "\"1mo\"", "\"1mo\"" },
		{ "\"1msx\"", "\"1msx\"" },
		{ "\"-\"", "\"-\"" },
		{ "\"--1h\"", "\"--1h\"" },
		{ "\"\"", "\"\"" },
		{ "\"1.h\"", "\"1.h\"" },
		{ "\"1234567890123h\"", "\"1234567890123h\"" },
		{ "\"0.1234567891s\"", "\"0.1234567891s\"" },
		{ "\"PT1H \"", "\"PT1H \"" },
		{ "\"2026-01-01\"", "\"2026-01-01\"" },
	};

	(void)state;
	check("duration", rows, LEN(rows));
}

static void
lines_end_in_one_way(void **state)
{
	static const struct spelled rows[] = {
		{ "\"a\\r\\nb\"", "\"a\\nb\"" },
		{ "\"a\\nb\"", "\"a\\nb\"" },
		{ "\"a\\rb\"", "\"a\\nb\"" },
		{ "\"\\r\\n\"", "\"\\n\"" },
		{ "\"\\r\"", "\"\\n\"" },
		{ "\"\\r\\r\\n\"", "\"\\n\\n\"" },
		{ "\"\\n\\r\"", "\"\\n\\n\"" },
		{ "\"a\\r\\n\"", "\"a\\n\"" },
		{ "\"\\r\\n\\r\\n\"", "\"\\n\\n\"" },
		{ "\"\"", "\"\"" },
		{ "\"a\"", "\"a\"" },
		{ "\"a b \"", "\"a b \"" },
		{ "\"\\\\r\\\\n\"", "\"\\\\r\\\\n\"" },
		{ "\"\\t\\r\\n\"", "\"\\t\\n\"" },
		{ "\"a\\u2028b\"", "\"a\xE2\x80\xA8"
				   "b\"" },
		{ "7", "7" },
		{ "[\"\\r\"]", "[\"\\r\"]" },
		{ "null", "null" },
	};

	(void)state;
	check("eol", rows, LEN(rows));
}

static void
what_is_percent_encoded_is_decoded_until_nothing_is(void **state)
{
	static const struct spelled rows[] = {
		{ "\"%41\"", "\"A\"" },
		{ "\"%7B%22a%22%3A1%7D\"", "\"{\\\"a\\\":1}\"" },
		{ "\"%7b\"", "\"{\"" },
		{ "\"a%20b\"", "\"a b\"" },
		{ "\"%C3%A4\"", "\"\xC3\xA4\"" },
		{ "\"%2541\"", "\"A\"" },
		{ "\"%252525\"", "\"%\"" },
		{ "\"%%34%31\"", "\"A\"" },
		{ "\"a+b\"", "\"a+b\"" },
		{ "\"100%\"", "\"100%\"" },
		{ "\"%4\"", "\"%4\"" },
		{ "\"%\"", "\"%\"" },
		{ "\"%zz\"", "\"%zz\"" },
		{ "\"%4g%41\"", "\"%4gA\"" },
		{ "\"%C3\"", "\"%C3\"" },
		{ "\"%C3%28\"", "\"%C3%28\"" },
		{ "\"%ED%A0%80\"", "\"%ED%A0%80\"" },
		{ "\"x%41%C3\"", "\"x%41%C3\"" },
		{ "\"% 41\"", "\"% 41\"" },
		{ "\"\"", "\"\"" },
		{ "\"plain\"", "\"plain\"" },
		{ "41", "41" },
		{ "[\"%41\"]", "[\"%41\"]" },
		{ "\"%00a\"", "\"\\u0000a\"" },
		{ "\"%25%00\"", "\"%\\u0000\"" },
	};

	(void)state;
	check("url_decoded", rows, LEN(rows));
}

static void
texts_of_truth_are_booleans(void **state)
{
	static const struct spelled rows[] = {
		{ "\"true\"", "true" },
		{ "\"True\"", "true" },
		{ "\"TRUE\"", "true" },
		{ "\"yes\"", "true" },
		{ "\"Yes\"", "true" },
		{ "\"on\"", "true" },
		{ "\"ON\"", "true" },
		{ "\"false\"", "false" },
		{ "\"False\"", "false" },
		{ "\"no\"", "false" },
		{ "\"NO\"", "false" },
		{ "\"off\"", "false" },
		{ "\"oFF\"", "false" },
		{ "true", "true" },
		{ "false", "false" },
		{ "\"1\"", "\"1\"" },
		{ "\"0\"", "\"0\"" },
		{ "1", "1" },
		{ "\"y\"", "\"y\"" },
		{ "\"n\"", "\"n\"" },
		{ "\"t\"", "\"t\"" },
		{ "\"enabled\"", "\"enabled\"" },
		{ "\"disabled\"", "\"disabled\"" },
		{ "\" true\"", "\" true\"" },
		{ "\"true\\u0000\"", "\"true\\u0000\"" },
		{ "\"truefalse\"", "\"truefalse\"" },
		{ "\"\"", "\"\"" },
		{ "null", "null" },
		{ "[\"true\"]", "[\"true\"]" },
	};

	(void)state;
	check("boolean_text", rows, LEN(rows));
}

/* Forty digits and six times 1024: nothing is rounded. */
static void
quantities_have_no_largest_that_is_still_exact(void **state)
{
	(void)state;
	assert_string_equal(spelled("{\"normalise\":[{\"how\":\"quantity\",\"path\":\"\"}]}",
				"\"123456789012345678901234567890123456789Ei\""),
	    "142335986942043633765524427376552442737641010675071320064");
}

static void
normalisers_of_one_place_work_together(void **state)
{
	static const struct {
		const char *how, *in, *out;
	} cases[] = {
		{ "{\"how\":\"url_decoded\",\"path\":\"/a\"},"
		  "{\"how\":\"embedded_json\",\"path\":\"/a\"}",
		    "{\"a\":\"%7B%22b%22%3A%201.0%7D\"}", "{\"a\":{\"b\":1}}" },
		{ "{\"how\":\"as_array\",\"names\":\"a\"},"
		  "{\"how\":\"casefold\",\"path\":\"/a/*\"}",
		    "{\"a\":\"S3:Get\"}", "{\"a\":[\"s3:get\"]}" },
		{ "{\"how\":\"as_array\",\"path\":\"/**\"}", "{\"a\":{\"b\":[1,{\"c\":2}]}}",
		    "[{\"a\":[{\"b\":[1,{\"c\":[2]}]}]}]" },
		{ "{\"how\":\"quantity\",\"path\":\"/*\"},"
		  "{\"how\":\"round\",\"path\":\"/*\"}",
		    "{\"a\":\"1500m\",\"b\":\"x\"}", "{\"a\":2,\"b\":\"x\"}" },
		{ "{\"how\":\"duration\",\"names\":\"*\"},"
		  "{\"how\":\"casefold\",\"names\":\"*\"}",
		    "{\"a\":\"PT60M\"}", "{\"a\":\"pt1h\"}" },
		{ "{\"how\":\"boolean_text\",\"path\":\"/**\"},"
		  "{\"how\":\"quantity\",\"path\":\"/**\"}",
		    "{\"password\":\"12345\",\"a\":[\"on\",\"7\"]}",
		    "{\"password\":\"[masked]\",\"a\":[true,7]}" },
		{ "{\"how\":\"as_array\",\"path\":\"/**\"}", "{\"password\":\"12345\"}",
		    "[{\"password\":[\"[masked]\"]}]" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(
		    spelled(
			talloc_asprintf(mem, "{\"normalise\":[%s]}", cases[i].how), cases[i].in),
		    cases[i].out);
}

/* ---- instants: equal in comparisons, as they came everywhere else ---- */

#define T0 "2026-01-01T00:00:00Z"

static void
texts_of_one_instant_are_equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool        equal;
	} cases[] = {
		{ T0, "2026-01-01T01:00:00.000+01:00", true },
		{ T0, "2025-12-31T23:59:00-00:01", true },
		{ T0, "2026-01-01T00:00:00.0Z", true },
		{ T0, "2026-01-01T00:00:00+00:00", true },
		{ T0, "2026-01-01T00:00:00-00:00", true },
		{ T0, "2026-01-01t00:00:00z", true },
		{ T0, "2026-01-01T23:00:00+23:00", true },
		{ "2026-01-01T00:00:00.1200Z", "2026-01-01T02:00:00.12+02:00", true },
		{ "1960-02-29T00:00:00.500Z", "1960-02-28T23:00:00.5-01:00", true },
		{ "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.1234567+00:00", true },
		{ "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.1234568Z", false },
		{ "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456788Z", false },
		{ T0, "2026-01-01T00:00:01Z", false },
		{ T0, "2026-01-01T00:00:00.001Z", false },
		{ T0, "2026-01-01T00:00:00", false },
		{ T0, "2026-01-01 00:00:00Z", false },
		{ T0, "2026-01-01T00:00Z", false },
		{ T0, "2026-01-01", false },
		{ T0, "2026-01-01T00:00:00.Z", false },
		{ T0, "2026-01-01T00:00:00.0000000000Z", false },
		{ T0, "2026-01-01T00:00:00+0000", false },
		{ T0, " 2026-01-01T00:00:00Z", false },
		{ T0, "2025-12-31T23:59:60Z", false },
		{ "2026-13-01T00:00:00Z", "2026-13-01T00:00:00.0Z", false },
		{ "2026-02-29T00:00:00Z", "2026-02-29T00:00:00.0Z", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *a =
		    talloc_asprintf(mem, "{\"t\":\"%s\",\"l\":[\"%s\",7]}", cases[i].a, cases[i].a);
		const char *b =
		    talloc_asprintf(mem, "{\"t\":\"%s\",\"l\":[7,\"%s\"]}", cases[i].b, cases[i].b);
		struct diff *
		    d = compare("{\"instants\":true}", a, b),
		   *list = compare(
		       "{\"instants\":true,\"arrays\":[{\"path\":\"/l\",\"mode\":\"set\"}]}", b, a);

		if ((d->n == 0) != cases[i].equal || (list->n == 0) != cases[i].equal)
			fail_msg("%s, %s: %zu, %zu", cases[i].a, cases[i].b, d->n, list->n);
	}
}

static void
a_text_in_quotes_is_no_instant(void **state)
{
	(void)state;
	check_changes("{\"instants\":true}", "[\"" T0 "\"]", "[\"\\\"" T0 "\\\"\"]", "+/0 -/0");
}

static void
an_instant_stays_as_it_came_and_is_a_text_where_that_is_said(void **state)
{
	const char *a = "{\"t\":\"2026-01-01T01:00:00+01:00\"}", *b = "{\"t\":\"" T0 "\"}";

	(void)state;
	assert_string_equal(spelled("{\"instants\":true}", a), a);
	check_changes("{\"instants\":true}", a, b, "");
	check_changes("{\"instants\":false}", a, b, "~/t");
	check_changes(NULL, a, b, "~/t");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_value_that_is_no_array_is_a_list_of_one),
		TEST(addresses_and_ranges_have_one_spelling),
		TEST(quantities_are_exact_numbers),
		TEST(lengths_of_time_have_one_spelling),
		TEST(lines_end_in_one_way),
		TEST(what_is_percent_encoded_is_decoded_until_nothing_is),
		TEST(texts_of_truth_are_booleans),
		TEST(quantities_have_no_largest_that_is_still_exact),
		TEST(normalisers_of_one_place_work_together),
		TEST(texts_of_one_instant_are_equal),
		TEST(a_text_in_quotes_is_no_instant),
		TEST(an_instant_stays_as_it_came_and_is_a_text_where_that_is_said),
	};

	return cmocka_run_group_tests_name("spelling", tests, NULL, NULL);
}
