/* What users of other tools complain about: order, empties and types; ignore rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

/* ---- order, empties, types ---- */

static void
the_same_values_in_another_order_are_no_drift(void **state)
{
	(void)state;
	check_changes(NULL, "{\"a\":[\"x\",\"y\",\"z\"],\"b\":{\"c\":1,\"d\":[2,3]}}",
	    "{\"b\":{\"d\":[3,2],\"c\":1},\"a\":[\"z\",\"x\",\"y\"]}", "");
}

static void
an_empty_list_is_null_only_where_the_config_says_so(void **state)
{
	static const char how[] =
	    "{\"normalise\":[{\"how\":\"empty_is_absent\",\"path\":\"/**\"}]}";

	(void)state;
	check_changes(NULL, "{\"a\":[]}", "{\"a\":null}", "~/a");
	check_changes(NULL, "{\"a\":[]}", "{}", "-/a");
	check_changes(how, "{\"a\":[],\"b\":{\"c\":\"\"}}", "{\"a\":null}", "");
	check_changes(how, "{\"a\":[]}", "{\"a\":[1]}", "+/a");
	check_changes(how, "{\"a\":false,\"b\":0}", "{}", "-/a -/b");
}

static void
case_is_folded_only_where_the_config_says_so(void **state)
{
	(void)state;
	check_changes(NULL, "{\"a\":\"Admin\"}", "{\"a\":\"admin\"}", "~/a");
	check_changes("{\"normalise\":[{\"how\":\"casefold\",\"path\":\"/a\"}]}",
	    "{\"a\":\"Admin\",\"b\":\"X\"}", "{\"a\":\"ADMIN\",\"b\":\"x\"}", "~/b");
}

/* Where false, null and "" are one value, a switch that was turned off is not seen. */
static void
false_null_and_nothing_are_three_values(void **state)
{
	static const char *const values[] = { "false", "null", "\"\"", "0", "[]", "{}",
		"\"false\"" };

	(void)state;
	for (size_t i = 0; i < LEN(values); i++)
		for (size_t j = 0; j < LEN(values); j++) {
			check_changes(NULL, talloc_asprintf(mem, "{\"a\":%s}", values[i]),
			    talloc_asprintf(mem, "{\"a\":%s}", values[j]), i == j ? "" : "~/a");
			check_changes(
			    NULL, "{}", talloc_asprintf(mem, "{\"a\":%s}", values[j]), "+/a");
		}
	check_changes(NULL, "{\"a\":true}", "{\"a\":false}", "~/a");
}

static void
what_is_new_is_seen_like_what_is_gone(void **state)
{
	(void)state;
	check_changes(NULL, "{\"a\":1}", "{\"a\":1,\"b\":2}", "+/b");
	check_changes(NULL, "{\"l\":[1,2]}", "{\"l\":[1,2,3]}", "+/l/2");
	check_changes(NULL, "{\"l\":[1,2]}", "{\"l\":[1,3]}", "+/l/1 -/l/1");
}

static void
elements_of_inner_lists_are_matched_by_key_too(void **state)
{
	(void)state;
	check_changes(NULL,
	    "[{\"id\":1,\"l\":[{\"id\":\"a\",\"m\":[{\"name\":\"x\",\"v\":1},{\"name\":\"y\"}]}]}]",
	    "[{\"l\":[{\"m\":[{\"name\":\"y\"},{\"name\":\"x\",\"v\":2}],\"id\":\"a\"}],\"id\":1}]",
	    "~/0/l/0/m/1/v");
	/* keyed outside, in any order inside */
	check_changes(NULL, "[{\"id\":1,\"l\":[1,2,3]},{\"id\":2,\"l\":[]}]",
	    "[{\"id\":2,\"l\":[]},{\"id\":1,\"l\":[3,4,1]}]", "+/1/l/1 -/0/l/1");
}

static void
a_repeated_element_that_goes_is_seen(void **state)
{
	(void)state;
	check_changes(NULL, "[1,1,2]", "[1,2,2]", "+/1 -/1");
	check_changes(NULL, "[\"a\",\"a\"]", "[\"a\"]", "-/1");
}

/* Where null equals null, one element without a name matches all the others. */
static void
elements_whose_key_is_null_are_known_by_what_else_they_are(void **state)
{
	static const char how[] =
	    "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"k\"]}]}";

	(void)state;
	check_changes(NULL, "[{\"id\":null,\"v\":1,\"w\":1,\"x\":2}]",
	    "[{\"id\":null,\"v\":1,\"w\":2,\"x\":3},{\"id\":null,\"v\":1,\"w\":1,\"x\":3}]",
	    "+/0 ~/1/x");
	check_changes(NULL, "[{\"id\":null,\"v\":1,\"w\":1}]",
	    "[{\"id\":null,\"v\":2,\"w\":2},{\"id\":null,\"v\":3,\"w\":3}]", "+/0 +/1 -/0");
	check_changes(how, "[{\"k\":null,\"v\":1,\"w\":1}]",
	    "[{\"k\":null,\"v\":2,\"w\":2},{\"k\":null,\"v\":3,\"w\":3}]", "+/0 +/1 -/0");
	check_changes(how, "[{\"v\":1}]", "[{\"v\":2},{\"v\":3}]", "+/0 +/1 -/0");
}

static void
what_is_gone_is_told_with_the_value_it_had(void **state)
{
	struct diff *d =
	    compare(NULL, "{\"a\":{\"b\":[1,\"old\"]},\"c\":[{\"id\":1,\"v\":\"was\"}]}",
		"{\"c\":[{\"id\":2,\"v\":\"is\"}]}");

	(void)state;
	assert_string_equal(listed(d), "+/c/0 -/c/0 -/a");
	assert_true(str_eqz(shown(d->changes[0].new_value), "{\"id\":2,\"v\":\"is\"}"));
	assert_null(d->changes[0].old_value);
	assert_true(str_eqz(shown(d->changes[1].old_value), "{\"id\":1,\"v\":\"was\"}"));
	assert_null(d->changes[1].new_value);
	assert_true(str_eqz(shown(d->changes[2].old_value), "{\"b\":[1,\"old\"]}"));
}

/* A normal form adds nothing of its own: what went in comes out, spelled canonically. */
static void
nothing_of_our_own_is_in_what_is_compared(void **state)
{
	struct resource r = resource(spec_of(NULL, key), "c", "{\"b\":[2,{\"id\":1}],\"a\":null}");

	(void)state;
	assert_true(str_eqz(canonical(&r), "{\"a\":null,\"b\":[2e0,{\"id\":1e0}]}"));
}

/* ---- ignore rules ---- */

static const char *
ignored(const char *entry)
{
	return talloc_asprintf(mem, "{\"normalise\":[{\"how\":\"ignore\",%s}]}", entry);
}

static void
one_member_can_be_ignored_and_nothing_else_is(void **state)
{
	const char *how = ignored("\"path\":\"/a/t\"");

	(void)state;
	check_changes(how, "{\"a\":{\"t\":1,\"u\":1},\"t\":1}", "{\"a\":{\"t\":2,\"u\":2},\"t\":2}",
	    "~/a/u ~/t");
}

static void
ignoring_inside_an_element_leaves_the_array_compared(void **state)
{
	static const char old[] = "{\"l\":[{\"id\":1,\"t\":1,\"v\":1},{\"id\":2,\"t\":1,\"v\":1}]}";
	static const char new[] = "{\"l\":[{\"id\":2,\"t\":9,\"v\":1},{\"id\":1,\"t\":9,\"v\":2}]}";

	(void)state;
	check_changes(ignored("\"path\":\"/l/*/t\""), old, new, "~/l/1/v");
	check_changes(ignored("\"names\":\"t\""), old, new, "~/l/1/v");
	/* elements without a key as well */
	check_changes(ignored("\"path\":\"/l/*/t\""),
	    "{\"l\":[{\"v\":1,\"t\":1},{\"v\":2,\"t\":1}]}",
	    "{\"l\":[{\"v\":2,\"t\":3},{\"v\":3,\"t\":1}]}", "+/l/1 -/l/0");
}

static void
an_ignore_rule_can_be_for_one_category_only(void **state)
{
	struct compare_spec *spec = spec_of(ignored("\"path\":\"/t\",\"category\":\"users\""), key);
	struct resource      user = resource(spec, "Users", "{\"t\":1}");
	struct resource      group = resource(spec, "groups", "{\"t\":1}");

	(void)state;
	assert_true(str_eqz(canonical(&user), "{}"));
	assert_true(str_eqz(canonical(&group), "{\"t\":1e0}"));
}

/* "I added the rule and nothing happened": what was stored before it is under it too. */
static void
an_ignore_rule_added_later_clears_the_drift(void **state)
{
	struct err           e = { 0 };
	struct compare_spec *after = spec_of(ignored("\"path\":\"/l/*/t\""), key);
	struct resource      old =
	    resource(spec_of(NULL, key), "c", "{\"l\":[{\"id\":1,\"t\":1}],\"v\":1}");
	struct resource new = resource(after, "c", "{\"l\":[{\"id\":1,\"t\":2}],\"v\":1}");
	struct diff *d = diff_make(mem, after, NULL, NULL, &e);

	(void)state;
	old.value = json_parse(mem, canonical(&old), &e);
	assert_true(resource_normalise(mem, after, &old, RESOURCE_STORED, NULL, &e));
	assert_true(diff_resource(d, &old, &new, &e));
	assert_int_equal(d->n, 0);
}

static int64_t
counted(const char *rules, const char *category, const char *old, const char *new)
{
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(NULL, key);
	struct rules        *r = rules_compile(mem, parse(rules), NULL, 0, NULL, &e);
	struct diff         *d = diff_make(mem, spec, r, NULL, &e);
	struct resource      a = resource(spec, category, old), b = resource(spec, category, new);

	assert_non_null(r);
	assert_true(diff_resource(d, &a, &b, &e) && diff_resource(d, NULL, &b, &e));
	return diff_count(&d->summary);
}

/* By its key: the others in the same list are watched on. */
static void
one_element_can_be_ignored_by_its_key(void **state)
{
	static const char rule[] = "[{\"path\":\"/l/[id=\\\"x\\\"]/**\",\"severity\":\"ignore\"}]";
	static const char old[] = "{\"l\":[{\"id\":\"x\",\"v\":1},{\"id\":\"y\",\"v\":1}]}";

	(void)state;
	assert_int_equal(
	    counted(rule, "c", old, "{\"l\":[{\"id\":\"y\",\"v\":1},{\"id\":\"x\",\"v\":2}]}"), 1);
	assert_int_equal(
	    counted(rule, "c", old, "{\"l\":[{\"id\":\"y\",\"v\":2},{\"id\":\"x\",\"v\":2}]}"), 2);
}

static void
a_kind_of_resource_can_be_left_out(void **state)
{
	static const char rule[] =
	    "[{\"category\":\"noise*\",\"path\":\"/**\",\"severity\":\"ignore\"}]";

	(void)state;
	assert_int_equal(counted(rule, "noiseLogs", "{\"a\":1}", "{\"a\":2}"), 0);
	assert_int_equal(counted(rule, "policies", "{\"a\":1}", "{\"a\":2}"), 2);
}

/* A mistyped member of a rule is an error with its place, not a rule that does nothing. */
static void
a_mistyped_entry_is_refused(void **state)
{
	static const char *const texts[] = { "{\"normalize\":[]}",
		"{\"normalise\":[{\"how\":\"ignore\",\"pth\":\"/a\"}]}",
		"{\"normalise\":[{\"how\":\"ignore\",\"path\":\"a/b\"}]}",
		"{\"normalise\":[{\"how\":\"ignored\",\"path\":\"/a\"}]}",
		"{\"arrays\":[{\"path\":\"/a\",\"mode\":\"Set\"}]}" };

	(void)state;
	for (size_t i = 0; i < LEN(texts); i++) {
		struct err e = { 0 };

		assert_null(compare_compile(mem, parse(texts[i]), NULL, 0, key, NULL, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(e.faults);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_values_in_another_order_are_no_drift),
		TEST(an_empty_list_is_null_only_where_the_config_says_so),
		TEST(case_is_folded_only_where_the_config_says_so),
		TEST(false_null_and_nothing_are_three_values),
		TEST(what_is_new_is_seen_like_what_is_gone),
		TEST(elements_of_inner_lists_are_matched_by_key_too),
		TEST(a_repeated_element_that_goes_is_seen),
		TEST(elements_whose_key_is_null_are_known_by_what_else_they_are),
		TEST(what_is_gone_is_told_with_the_value_it_had),
		TEST(nothing_of_our_own_is_in_what_is_compared),
		TEST(one_member_can_be_ignored_and_nothing_else_is),
		TEST(ignoring_inside_an_element_leaves_the_array_compared),
		TEST(an_ignore_rule_can_be_for_one_category_only),
		TEST(an_ignore_rule_added_later_clears_the_drift),
		TEST(one_element_can_be_ignored_by_its_key),
		TEST(a_kind_of_resource_can_be_left_out),
		TEST(a_mistyped_entry_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
