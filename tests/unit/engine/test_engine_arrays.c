/* Array modes: which elements belong together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

static void
array_modes_by_path_and_name(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"set\"}]}",
		    "{\"a\":[1,1,2],\"b\":[1,1]}", "{\"a\":[2,1],\"b\":[1]}", "-/b/1" },
		{ "{\"arrays\":[{\"names\":\"a\",\"mode\":\"set\"}]}", "{\"x\":{\"a\":[1,1]}}",
		    "{\"x\":{\"a\":[1]}}", "" },
		{ "{\"arrays\":[{\"path\":\"/**\",\"mode\":\"multiset\"}]}", "[{\"id\":1,\"v\":1}]",
		    "[{\"id\":1,\"v\":2}]", "+/0 -/0" },
		{ "{\"arrays\":[{\"path\":\"/*\",\"mode\":\"keyed\",\"keys\":[\"p\",\"q\"]}]}",
		    "{\"a\":[{\"p\":1,\"q\":1,\"v\":1},{\"p\":1,\"q\":2,\"v\":1}]}",
		    "{\"a\":[{\"p\":1,\"q\":2,\"v\":2},{\"p\":1,\"q\":1,\"v\":1}]}", "~/a/0/v" },
		{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"p\"]}]}",
		    "[{\"p\":1},{\"p\":1}]", "[{\"p\":1}]", "-/1" },
		{ "{\"arrays\":[{\"path\":\"/a/b\",\"mode\":\"multiset\"},{\"path\":\"/a/"
		  "*\",\"mode\":\"set\"}]}",
		    "{\"a\":{\"b\":[1,1],\"c\":[1,1]}}", "{\"a\":{\"b\":[1],\"c\":[1]}}",
		    "-/a/b/1" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"category\":\"other\",\"mode\":\"set\"}]}",
		    "{\"a\":[1,1]}", "{\"a\":[1]}", "-/a/1" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"category\":[\"x\",\"C\"],\"mode\":\"set\"}]}",
		    "{\"a\":[1,1]}", "{\"a\":[1]}", "" },
		/* inside an element the inner array's own mode counts */
		{ "{\"arrays\":[{\"path\":\"/*/s\",\"mode\":\"set\"}]}", "[{\"s\":[1,1]},5]",
		    "[5,{\"s\":[1]}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_changes(cases[i].how, cases[i].old, cases[i].new, cases[i].want);
}

static void
lists_keep_a_longest_common_subsequence(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		{ "[1,2,3]", "[1,2,3]", "" },
		{ "[1,2,3]", "[3,1,2]", "+/0 -/2" },
		{ "[1,2,3]", "[1,3]", "-/1" },
		{ "[]", "[1,1]", "+/0 +/1" },
		{ "[1,1]", "[]", "-/0 -/1" },
		{ "[1,2]", "[2,1]", "+/1 -/0" },
		{ "[1,2,3,4]", "[1,9,3,4]", "+/1 -/1" },
		{ "[\"a\",\"b\",\"c\",\"a\",\"b\",\"b\",\"a\"]",
		    "[\"c\",\"b\",\"a\",\"b\",\"a\",\"c\"]", NULL },
		{ "[{\"id\":1,\"v\":1},2]", "[{\"id\":1,\"v\":2},2]", "+/0 -/0" },
		{ "[{\"a\":[1,2]}]", "[{\"a\":[2,1]}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(
		    "{\"arrays\":[{\"path\":\"\",\"mode\":\"list\"}]}", cases[i].old, cases[i].new);

		if (cases[i].want == NULL)
			assert_int_equal(d->n, 5); /* the example of Myers' paper */
		else if (strcmp(listed(d), cases[i].want) != 0)
			fail_msg("%s -> %s gave %s, not %s", cases[i].old, cases[i].new, listed(d),
			    cases[i].want);
	}
}

/* Past the bound on the work a common subsequence of the unrepeated elements is kept. */
static void
large_lists_fall_back(void **state)
{
	struct buf   a, b;
	struct diff *d;
	int          n = 50000;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		buf_printf(&a, "%s%d,0", i > 0 ? "," : "[", i);
		buf_printf(&b, "%s%d,1", i > 0 ? "," : "[", i % 2 == 0 ? i : n + i);
	}
	buf_putc(&a, ']');
	buf_putc(&b, ']');
	d = compare("{\"arrays\":[{\"path\":\"\",\"mode\":\"list\"}]}", a.p, b.p);
	assert_in_range(diff_count(&d->summary), 3 * n, 3 * n + 4);
}

/* In the order they are tried, edition by edition. */
static const char *const first_identity[] = { "id", "appId", "AppId", "Id", "roleTemplateId",
	"objectId", "policyDefinitionReferenceId", "name", "settingDefinitionId", "displayName",
	"value", "key" };
static const char *const identity[] = { "id", "appId", "AppId", "Id", "ID", "roleTemplateId",
	"objectId", "policyDefinitionReferenceId", "name", "Name", "settingDefinitionId",
	"displayName", "key", "Key", "uuid", "uid", "Uid", "Sid", "sid", "role", "alias",
	"clientId", "username", "login", "alert", "record", "rule", "macro", "list", "refId",
	"GroupId", "InstanceId", "Arn", "arn", "slug", "type", "context", "ip_prefix",
	"ipv6_prefix", "cidr", "CidrIp", "cidrAddress", "domain", "host", "mountPath",
	"containerPort", "authenticator", "title", "href", "value" };

static const char *
pair(const char *one, int x, const char *two, int y)
{
	return talloc_asprintf(mem, "[{\"%s\":%d,\"%s\":%d}]", one, x, two, y);
}

/* Both the members together: of those behind it in the list the first one decides. */
static void
check_identities(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check_changes(NULL, pair(names[i], 1, "v", 1), pair(names[i], 1, "v", 2), "~/0/v");
		for (size_t j = i + 1; j < n; j++) {
			const char *first = names[i], *then = names[j];
			const char *want = talloc_asprintf(mem, "~/0/%s", then);

			check_changes(NULL, pair(first, 1, then, 1), pair(first, 1, then, 2), want);
			check_changes(NULL, pair(then, 1, first, 1), pair(then, 2, first, 1), want);
			check_changes(
			    NULL, pair(first, 1, then, 1), pair(first, 2, then, 1), "+/0 -/0");
		}
	}
}

static void
auto_keys_by_the_first_identity_member(void **state)
{
	(void)state;
	check_identities(identity, LEN(identity));
	under = COMPARE_EDITION_1;
	check_identities(first_identity, LEN(first_identity));
	check_changes(NULL, pair("ID", 1, "v", 1), pair("ID", 1, "v", 2), "+/0 -/0");
	under = COMPARE_EDITION;
}

/* In all elements of both sides, a string or an integer, unique on each side. */
static void
the_first_edition_takes_only_members_that_identify_all(void **state)
{
	static const struct {
		const char *one, *two, *want; /* of the member; "v" changes too */
	} cases[] = {
		{ "\"x\"", "\"x\"", "~/0/v" },
		{ "\"x\"", "\"\\u0078\"", "~/0/v" },
		{ "7", "7", "~/0/v" },
		{ "7", "70e-1", "~/0/v" },
		{ "-0", "0", "~/0/v" },
		{ "9007199254740993", "9007199254740993", "~/0/v" },
		{ "9007199254740993", "9007199254740992", "+/0 -/0" },
		{ "1e400", "1e400", "~/0/v" },
		{ "\"\"", "\"\"", "~/0/v" },
		{ "\"7\"", "7", "+/0 -/0" },
		{ "7.5", "7.5", "+/0 -/0" },
		{ "1e-1", "1e-1", "+/0 -/0" },
		{ "null", "null", "+/0 -/0" },
		{ "true", "true", "+/0 -/0" },
		{ "[7]", "[7]", "+/0 -/0" },
		{ "{\"a\":7}", "{\"a\":7}", "+/0 -/0" },
	};

	(void)state;
	under = COMPARE_EDITION_1;
	for (size_t i = 0; i < LEN(cases); i++)
		check_changes(NULL, talloc_asprintf(mem, "[{\"id\":%s,\"v\":1}]", cases[i].one),
		    talloc_asprintf(mem, "[{\"id\":%s,\"v\":2}]", cases[i].two), cases[i].want);
	/* missing in one element of one side: the next member, which all have */
	check_changes(NULL, "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"name\":\"b\"}]",
	    "[{\"id\":1,\"name\":\"b\"},{\"id\":2,\"name\":\"a\",\"v\":1}]", "+/0/id ~/1/id");
	/* twice on the new side only */
	check_changes(
	    NULL, "[{\"id\":1,\"v\":1}]", "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":2}]", "+/1");
	/* an element that is no object */
	check_changes(NULL, "[{\"id\":1,\"v\":1}]", "[{\"id\":1,\"v\":1},null]", "+/1");
	under = COMPARE_EDITION;
}

static void
several_keys_identify_together(void **state)
{
	static const char how[] = "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\","
				  "\"keys\":[\"p\",\"q\"]}]}";

	(void)state;
	check_changes(how, "[{\"p\":1,\"q\":\"a\",\"v\":1},{\"p\":1,\"q\":\"b\",\"v\":1}]",
	    "[{\"q\":\"b\",\"p\":1.0,\"v\":2},{\"p\":1,\"q\":\"a\",\"v\":1}]", "~/0/v");
	/* 1 then 12 is not 11 then 2, null and false count */
	check_changes(how, "[{\"p\":1,\"q\":12}]", "[{\"p\":11,\"q\":2}]", "+/0 -/0");
	check_changes(how, "[{\"p\":null,\"q\":false,\"v\":1}]",
	    "[{\"p\":null,\"q\":false,\"v\":2}]", "~/0/v");
	check_changes(
	    how, "[{\"p\":\"1,\",\"q\":\"2\"}]", "[{\"p\":\"1\",\"q\":\",2\"}]", "+/0 -/0");
	/* without one of the keys, or with repeated ones, elements are counted in the first edition
	 */
	under = COMPARE_EDITION_1;
	check_changes(how, "[{\"p\":1,\"v\":1}]", "[{\"p\":1,\"v\":2}]", "+/0 -/0");
	check_changes(how, "[{\"p\":1,\"q\":1,\"v\":1},{\"p\":1,\"q\":1,\"v\":2}]",
	    "[{\"p\":1,\"q\":1,\"v\":2},{\"p\":1,\"q\":1,\"v\":3}]", "+/1 -/0");
	check_changes(
	    how, "[{\"p\":{},\"q\":1,\"v\":1}]", "[{\"p\":{},\"q\":1,\"v\":2}]", "+/0 -/0");
	under = COMPARE_EDITION;
}

/* Equal in canonical text: inner arrays in canonical order, a list as it is. */
static void
elements_are_equal_by_what_their_inner_arrays_mean(void **state)
{
	static const struct {
		const char *inner, *old, *new, *want;
	} cases[] = {
		{ "multiset", "[[[1,2,2]]]", "[[[2,1,2]]]", "" },
		{ "multiset", "[[[1,2,2]]]", "[[[2,1]]]", "+/0 -/0" },
		{ "set", "[[[1,2,2]]]", "[[[2,1]]]", "" },
		{ "list", "[[[1,2]]]", "[[[2,1]]]", "+/0 -/0" },
		{ "list", "[[[1,2.0]]]", "[[[1e0,2]]]", "" },
		{ "auto", "[[[{\"id\":1},{\"id\":2}]]]", "[[[{\"id\":2},{\"id\":1}]]]", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *how = talloc_asprintf(mem,
		    "{\"arrays\":[{\"path\":\"\",\"mode\":\"multiset\"},"
		    "{\"path\":\"/*/*\",\"mode\":\"%s\"}]}",
		    cases[i].inner);

		check_changes(how, cases[i].old, cases[i].new, cases[i].want);
	}
	check_changes("{\"arrays\":[{\"path\":\"\",\"mode\":\"multiset\"},"
		      "{\"path\":\"/*\",\"mode\":\"keyed\",\"keys\":[\"k\"]}]}",
	    "[[{\"k\":1,\"v\":1},{\"k\":2,\"v\":[1,2]}]]",
	    "[[{\"k\":2,\"v\":[2,1]},{\"v\":1,\"k\":1}]]", "");
	check_changes("{\"normalise\":[{\"how\":\"ignore\",\"names\":\"t\"}]}",
	    "[{\"a\":1,\"t\":1},5]", "[5,{\"a\":1,\"t\":{\"x\":2}}]", "");
}

static void
array_modes_that_do_not_fit_fall_back(void **state)
{
	(void)state;
	check_changes("{\"arrays\":[{\"path\":\"/a\",\"mode\":\"set\"}]}", "{\"a\":{\"x\":1}}",
	    "{\"a\":{\"x\":2}}", "~/a/x");
	check_changes("{\"arrays\":[{\"path\":\"/a\",\"mode\":\"list\"}]}", "{\"a\":[1]}",
	    "{\"a\":null}", "~/a");
	check_changes("{\"arrays\":[{\"path\":\"/a\",\"mode\":\"keyed\",\"keys\":[\"k\"]}]}",
	    "{\"a\":[1,{\"k\":1}]}", "{\"a\":[{\"k\":1},2]}", "+/a/1 -/a/0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(array_modes_by_path_and_name),
		TEST(lists_keep_a_longest_common_subsequence),
		TEST(large_lists_fall_back),
		TEST(auto_keys_by_the_first_identity_member),
		TEST(the_first_edition_takes_only_members_that_identify_all),
		TEST(several_keys_identify_together),
		TEST(elements_are_equal_by_what_their_inner_arrays_mean),
		TEST(array_modes_that_do_not_fit_fall_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
