/* How a change is named and shown: paths, fingerprints, hashes, values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

static const uint8_t other_key[HASH_LEN] = { 9 };

static void
values_are_shown_as_people_write_them(void **state)
{
	static const struct {
		const char *stored, *want;
	} cases[] = {
		{ "1e2", "100" },
		{ "443e0", "443" },
		{ "-15e-1", "-1.5" },
		{ "5e-2", "0.05" },
		{ "0e0", "0" },
		{ "1e400", "1e400" },
		{ "123e-3", "0.123" },
		{ "-1e-1", "-0.1" },
		{ "12345e-2", "123.45" },
		{ "[1e0,{\"a\":2e1,\"b\":[true,null,\"x\"]}]",
		    "[1,{\"a\":20,\"b\":[true,null,\"x\"]}]" },
		{ "1e23", "100000000000000000000000" },
		{ "1e24", "1e24" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if (!str_eqz(shown(parse(cases[i].stored)), cases[i].want))
			fail_msg("%s: %s", cases[i].stored, shown(parse(cases[i].stored)).p);
}

static void
canonical_paths_name_elements_by_what_they_are(void **state)
{
	struct diff *d = compare(NULL, "{\"l\":[{\"id\":\"a/b\",\"v\":1},{\"id\":\"c\",\"v\":1}]}",
	    "{\"l\":[{\"id\":\"c\",\"v\":1},{\"id\":\"a/b\",\"v\":2}]}");
	struct diff *moved = compare(
	    NULL, "{\"l\":[{\"id\":\"a/b\",\"v\":5}]}", "{\"l\":[{\"id\":\"a/b\",\"v\":7}]}");

	(void)state;
	assert_int_equal(d->n, 1);
	assert_true(str_eqz(d->changes[0].path, "/l/1/v"));
	assert_true(str_eqz(d->changes[0].canonical_path, "/l/[id=\"a~1b\"]/v"));
	/* neither the place nor the value changes a finding's identity; the value changes its hash
	 */
	assert_memory_equal(d->changes[0].fingerprint, moved->changes[0].fingerprint, HASH_LEN);
	assert_memory_not_equal(d->changes[0].value_hash, moved->changes[0].value_hash, HASH_LEN);
}

static void
counted_elements_are_named_by_hash_and_repeat(void **state)
{
	struct diff *d = compare(NULL, "[\"x\"]", "[\"x\",\"y\",\"y\",[2,1]]");
	struct diff *turned = compare(NULL, "[\"x\"]", "[[1,2],\"x\"]");
	struct str   y1, y2;

	(void)state;
	assert_string_equal(listed(d), "+/1 +/2 +/3");
	y1 = d->changes[0].canonical_path;
	y2 = d->changes[1].canonical_path;
	assert_int_equal(y1.n, 1 + 2 + 16 + 1);
	assert_true(
	    str_starts(y2, y1.p) && str_eqz((struct str) { y2.p + y1.n, y2.n - y1.n }, "~2"));
	assert_true(str_eq(d->changes[2].canonical_path, turned->changes[0].canonical_path));
	assert_memory_equal(d->changes[2].fingerprint, turned->changes[0].fingerprint, HASH_LEN);
	assert_memory_equal(d->changes[2].value_hash, turned->changes[0].value_hash, HASH_LEN);
	assert_memory_not_equal(d->changes[0].fingerprint, d->changes[1].fingerprint, HASH_LEN);
}

static void
fingerprints_differ_by_resource_path_op_and_key(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key), *foreign = spec_of(NULL, other_key);
	struct err           e = { 0 };
	struct diff         *d = diff_make(mem, spec, NULL, NULL, &e),
		    *f = diff_make(mem, foreign, NULL, NULL, &e);
	struct resource a = { STR("c"), STR("k"), parse("{\"p\":1,\"q\":1}") };
	struct resource b = { STR("c"), STR("k"), parse("{\"p\":2,\"r\":1}") };
	struct resource a2 = { STR("ck"), STR(""), a.value }, b2 = { STR("ck"), STR(""), b.value };

	(void)state;
	assert_true(diff_resource(d, &a, &b, &e) && diff_resource(d, &a2, &b2, &e));
	assert_true(diff_resource(f, &a, &b, &e));
	assert_int_equal(d->n, 6);
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(
			    d->changes[i].fingerprint, d->changes[j].fingerprint, HASH_LEN);
	assert_memory_not_equal(d->changes[0].fingerprint, f->changes[0].fingerprint, HASH_LEN);
	assert_memory_not_equal(d->changes[0].value_hash, f->changes[0].value_hash, HASH_LEN);
}

static void
keyed_elements_are_named_by_their_keys(void **state)
{
	static const struct {
		const char *how, *old, *new, *want, *first; /* first edition, where it is another */
	} cases[] = {
		{ "{}", "[{\"id\":1.0,\"v\":1}]", "[{\"id\":1,\"v\":2}]", "/[id=1]/v",
		    "/[id=1e0]/v" },
		{ "{}", "[{\"id\":120,\"v\":1}]", "[{\"id\":12e1,\"v\":2}]", "/[id=120]/v",
		    "/[id=12e1]/v" },
		{ "{}", "[{\"id\":1e300,\"v\":1}]", "[{\"id\":1.0e300,\"v\":2}]", "/[id=1e300]/v",
		    NULL },
		{ "{}", "[{\"name\":\"a\\\"~\\u000a\",\"v\":1}]",
		    "[{\"name\":\"a\\\"~\\n\",\"v\":2}]", "/[name=\"a\\\"~0\\n\"]/v", NULL },
		{ "{}", "[]", "[{\"id\":\"x\",\"v\":[1]}]", "/[id=\"x\"]", NULL },
		{ "{}", "{\"a\":[{\"id\":1,\"b\":[{\"name\":\"n\",\"v\":1}]}]}",
		    "{\"a\":[{\"id\":1,\"b\":[{\"name\":\"n\"}]}]}", "/a/[id=1]/b/[name=\"n\"]/v",
		    "/a/[id=1e0]/b/[name=\"n\"]/v" },
		{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"p\",\"q\"]}]}",
		    "[{\"q\":null,\"p\":\"x\",\"v\":1}]", "[{\"p\":\"x\",\"q\":null,\"v\":2}]",
		    "/[p=\"x\",q=null]/v", NULL },
		{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"/m/n\"]}]}",
		    "[{\"m\":{\"n\":7},\"v\":1}]", "[{\"m\":{\"n\":7},\"v\":2}]", "/[~1m~1n=7]/v",
		    "/[~1m~1n=7e0]/v" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *first = cases[i].first != NULL ? cases[i].first : cases[i].want;

		assert_string_equal(
		    named(compare(cases[i].how, cases[i].old, cases[i].new)), cases[i].want);
		under = COMPARE_EDITION_1;
		assert_string_equal(
		    named(compare(cases[i].how, cases[i].old, cases[i].new)), first);
		under = COMPARE_EDITION;
	}
}

/* The first surplus one has no number, however many equal ones stay. */
static void
repeats_are_numbered_from_the_first_surplus_one(void **state)
{
	static const char *const modes[] = { "multiset", "list" };
	const char              *element, *want;

	(void)state;
	for (size_t i = 0; i < LEN(modes); i++) {
		const char *how = talloc_asprintf(
		    mem, "{\"arrays\":[{\"path\":\"/l\",\"mode\":\"%s\"}]}", modes[i]);

		element = named(compare(how, "{\"l\":[5]}", "{\"l\":[5,7]}"));
		want = talloc_asprintf(mem, "%s %s~2 %s~3", element, element, element);
		assert_string_equal(
		    named(compare(how, "{\"l\":[7,5]}", "{\"l\":[7,5,7,7,7]}")), want);
		assert_string_equal(
		    named(compare(how, "{\"l\":[7,5,7,7,7]}", "{\"l\":[5,7]}")), want);
	}
	/* of a set only one counts */
	assert_string_equal(named(compare("{\"arrays\":[{\"path\":\"/l\",\"mode\":\"set\"}]}",
				"{\"l\":[5]}", "{\"l\":[7,5,7]}")),
	    element);
}

/* diff.h: the value hash is the same for values that compare as equal, op and path apart. */
static void
value_hashes_follow_equality(void **state)
{
	static const struct {
		const char *one, *two;
		bool        same;
	} cases[] = {
		{ "1", "1.0", true },
		{ "[1,2]", "[2,1]", true },
		{ "{\"a\":1,\"b\":2}", "{\"b\":2e0,\"a\":1}", true },
		{ "\"A\"", "\"\\u0041\"", true },
		{ "1", "\"1\"", false },
		{ "true", "1", false },
		{ "[1,1]", "[1]", false },
		{ "null", "[]", false },
		{ "1e400", "1e500", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char  *a = talloc_asprintf(mem, "{\"x\":%s}", cases[i].one);
		const char  *b = talloc_asprintf(mem, "{\"x\":%s}", cases[i].two);
		struct diff *x = compare(NULL, "{}", a), *y = compare(NULL, "{}", b);

		if ((memcmp(x->changes[0].value_hash, y->changes[0].value_hash, HASH_LEN) == 0) !=
		    cases[i].same)
			fail_msg("%s %s", cases[i].one, cases[i].two);
		assert_memory_equal(x->changes[0].fingerprint, y->changes[0].fingerprint, HASH_LEN);
	}
}

/* ---- where an element stands ---- */

#define MODE(mode, more) "{\"arrays\":[{\"path\":\"\",\"mode\":\"" mode "\"" more "}]}"
#define BY_ID            ",\"keys\":[\"id\"]"
#define RULE(id, v)      "{\"id\":" id ",\"v\":" v "}"

static const struct change *
change_at(struct diff *d, const char *path, enum change_op op)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_eqz(d->changes[i].path, path) && d->changes[i].op == op)
			return &d->changes[i];
	fail_msg("nothing at %s, but %s", path, listed(d));
	return NULL;
}

/* An element on one side only, that stands elsewhere: is what was decided of it still? */
static void
where_an_element_stands_is_part_of_its_value_where_order_counts(void **state)
{
	static const struct {
		const char *how, *old, *first, *first_at, *then, *then_at;
		bool        same;
	} cases[] = {
		/* behind the one that denies, then in front of it */
		{ MODE("list", ""), "[\"d\"]", "[\"d\",\"a\"]", "+/1", "[\"a\",\"d\"]", "+/0",
		    false },
		{ MODE("ordered", ""), "[\"d\"]", "[\"d\",\"a\"]", "+/1", "[\"a\",\"d\"]", "+/0",
		    false },
		{ MODE("ordered", BY_ID), "[" RULE("1", "1") "]",
		    "[" RULE("1", "1") "," RULE("2", "1") "]", "+/1",
		    "[" RULE("2", "1") "," RULE("1", "1") "]", "+/0", false },
		/* order is no setting */
		{ MODE("multiset", ""), "[\"d\"]", "[\"d\",\"a\"]", "+/1", "[\"a\",\"d\"]", "+/0",
		    true },
		{ NULL, "[\"d\"]", "[\"d\",\"a\"]", "+/1", "[\"a\",\"d\"]", "+/0", true },
		/* what comes and goes elsewhere is none of its business */
		{ MODE("list", ""), "[\"x\",\"d\"]", "[\"x\",\"d\",\"a\"]", "+/2",
		    "[\"n\",\"x\",\"m\",\"d\",\"a\",\"z\"]", "+/4", true },
		{ MODE("ordered", ""), "[\"x\",\"d\"]", "[\"x\",\"d\",\"a\"]", "+/2",
		    "[\"n\",\"d\",\"a\",\"z\"]", "+/2", true },
		{ MODE("list", ""), "[]", "[\"a\"]", "+/0", "[\"a\",\"b\"]", "+/0", true },
		/* nor is what is set in one that has a key, though it is where it has none */
		{ MODE("ordered", BY_ID), "[" RULE("1", "1") "]",
		    "[" RULE("1", "1") "," RULE("2", "1") "]", "+/1",
		    "[" RULE("1", "7") "," RULE("2", "1") "]", "+/1", true },
		{ MODE("ordered", BY_ID), "[" RULE("1", "1") "]",
		    "[" RULE("1", "1") "," RULE("2", "1") "]", "+/1",
		    "[" RULE("\"1e0\"", "1") "," RULE("2", "1") "]", "+/1", false },
		{ MODE("list", ""), "[" RULE("1", "1") "]", "[" RULE("1", "1") ",2]", "+/1",
		    "[" RULE("1", "7") ",2]", "+/1", false },
		/* twins: which of them came, and which went */
		{ MODE("list", ""), "[\"a\",\"d\"]", "[\"a\",\"d\",\"a\"]", "+/2",
		    "[\"a\",\"a\",\"d\"]", "+/1", false },
		{ MODE("list", ""), "[\"a\",\"d\",\"a\"]", "[\"a\",\"d\"]", "-/2", "[\"d\",\"a\"]",
		    "-/0", false },
		{ MODE("multiset", ""), "[\"a\",\"d\",\"a\"]", "[\"a\",\"d\"]", "-/2",
		    "[\"d\",\"a\"]", "-/0", true },
		/* two that both have a twin's key before them */
		{ MODE("ordered", ""), "[" RULE("1", "1") "," RULE("1", "2") "]",
		    "[" RULE("1", "1") "," RULE("1", "2") "," RULE("2", "1") "]", "+/2",
		    "[" RULE("1", "1") "," RULE("2", "1") "," RULE("1", "2") "]", "+/1", false },
		/* known by its key, one that went has no other place */
		{ MODE("ordered", BY_ID), "[" RULE("1", "1") "," RULE("2", "1") "]",
		    "[" RULE("1", "1") "]", "-/1", "[" RULE("1", "3") "]", "-/1", true },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff   *d = compare(cases[i].how, cases[i].old, cases[i].first);
		struct diff   *e = compare(cases[i].how, cases[i].old, cases[i].then);
		enum change_op op = cases[i].first_at[0] == '+' ? CHANGE_CREATED : CHANGE_DELETED;
		const struct change *x = change_at(d, cases[i].first_at + 1, op);
		const struct change *y = change_at(e, cases[i].then_at + 1, op);

		if (memcmp(x->fingerprint, y->fingerprint, HASH_LEN) != 0)
			fail_msg("%zu: %s and %s have two names", i, cases[i].first, cases[i].then);
		if ((memcmp(x->value_hash, y->value_hash, HASH_LEN) == 0) != cases[i].same)
			fail_msg("%zu: %s and %s", i, cases[i].first, cases[i].then);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_are_shown_as_people_write_them),
		TEST(canonical_paths_name_elements_by_what_they_are),
		TEST(counted_elements_are_named_by_hash_and_repeat),
		TEST(fingerprints_differ_by_resource_path_op_and_key),
		TEST(keyed_elements_are_named_by_their_keys),
		TEST(repeats_are_numbered_from_the_first_surplus_one),
		TEST(value_hashes_follow_equality),
		TEST(where_an_element_stands_is_part_of_its_value_where_order_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
