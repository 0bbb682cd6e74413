/* What a template said, what it says and what a tenant has made of it: every way in which a place
 * can differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <talloc.h>

#include "drift/template/three_way.h"

static const struct {
	const char *was, *own, *now;
	const char *merged;
	const char *changes; /* of each: + follows, = stays, and its path */
} cases[] = {
	{ "{}", "{}", "{}", "{}", "" },
	/* the tenant has left it */
	{ "{'a':1}", "{'a':1}", "{'a':2}", "{'a':2}", "+/a" },
	{ "{'a':1}", "{'a':1.0}", "{'a':2}", "{'a':2}", "+/a" }, /* the same number */
	{ "{'a':1}", "{'a':1}", "{}", "{}", "+/a" },
	{ "{}", "{}", "{'a':1}", "{'a':1}", "+/a" },
	/* the template has */
	{ "{'a':1}", "{'a':2}", "{'a':1}", "{'a':2}", "=/a" },
	{ "{'a':1}", "{}", "{'a':1}", "{}", "=/a" },
	{ "{}", "{'a':1}", "{}", "{'a':1}", "=/a" },
	/* neither */
	{ "{'a':1}", "{'a':2}", "{'a':3}", "{'a':2}", "=/a" },
	{ "{'a':1}", "{'a':2}", "{}", "{'a':2}", "=/a" },
	{ "{'a':1}", "{}", "{'a':2}", "{}", "=/a" },
	{ "{}", "{'a':1}", "{'a':2}", "{'a':1}", "=/a" },
	/* both, to the same */
	{ "{'a':1}", "{'a':2}", "{'a':2}", "{'a':2}", "" },
	{ "{'a':1}", "{}", "{}", "{}", "" },
	{ "{}", "{'a':{'b':1}}", "{'a':{'b':1}}", "{'a':{'b':1}}", "" },
	/* inside an object each place by itself; a list is one */
	{ "{'a':{'b':1,'c':1}}", "{'a':{'b':2,'c':1}}", "{'a':{'b':3,'c':3}}",
	    "{'a':{'b':2,'c':3}}", "=/a/b+/a/c" },
	{ "{'a':[1,2]}", "{'a':[1,2]}", "{'a':[2]}", "{'a':[2]}", "+/a" },
	{ "{'a':[1,2]}", "{'a':[2,1]}", "{'a':[2]}", "{'a':[2,1]}", "=/a" },
	{ "{'a':1}", "{'a':{'b':1}}", "{'a':2}", "{'a':{'b':1}}", "=/a" },
	{ "{'a':{'b':1}}", "{'a':{'b':1}}", "{'a':2}", "{'a':2}", "+/a" },
	{ "{'a':1}", "{'a':1}", "{'a':{'b':1}}", "{'a':{'b':1}}", "+/a" },
	{ "{'a/b':{'~':1}}", "{'a/b':{'~':1}}", "{'a/b':{'~':2}}", "{'a/b':{'~':2}}", "+/a~1b/~0" },
	{ "{'a':null}", "{}", "{'a':null}", "{}", "=/a" },
};

static struct json *
parse(TALLOC_CTX *mem, const char *text)
{
	struct err e = { 0 };
	char      *copy = talloc_strdup(mem, text);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return json_parse(mem, str_of(copy), &e);
}

static char *
changes(TALLOC_CTX *mem, const struct three_way *w)
{
	char *out = talloc_strdup(mem, "");

	for (size_t i = 0; i < w->n; i++)
		out = talloc_asprintf_append(
		    out, "%c%s", w->changes[i].kept ? '=' : '+', w->changes[i].path);
	return out;
}

static void
brings_them_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		TALLOC_CTX      *mem = talloc_new(NULL);
		struct three_way w = { parse(mem, cases[i].was), parse(mem, cases[i].own),
			parse(mem, cases[i].now) };
		struct err       e = { 0 };
		bool             same = false;
		size_t           followed = 0;

		assert_true(three_way(mem, &w, &e));
		assert_string_equal(changes(mem, &w), cases[i].changes);
		assert_true(json_same(mem, &w.merged, parse(mem, cases[i].merged), &same, &e));
		assert_true(same);
		for (size_t j = 0; j < w.n; j++)
			followed += !w.changes[j].kept;
		assert_int_equal(w.followed, followed);
		talloc_free(mem);
	}
}

/* Whatever the three are: where nothing was touched it is the template, and applied once more it
 * changes nothing. */
static void
is_done_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		TALLOC_CTX      *mem = talloc_new(NULL);
		struct three_way w = { parse(mem, cases[i].was), parse(mem, cases[i].own),
			parse(mem, cases[i].now) };
		struct three_way again = { w.now, &w.merged, w.now };
		struct three_way fresh = { w.was, w.was, w.now };
		struct err       e = { 0 };
		bool             same = false;

		assert_true(three_way(mem, &w, &e) && three_way(mem, &again, &e) &&
			    three_way(mem, &fresh, &e));
		assert_int_equal(again.followed, 0);
		assert_true(json_same(mem, &again.merged, &w.merged, &same, &e) && same);
		assert_true(json_same(mem, &fresh.merged, w.now, &same, &e) && same);
		talloc_free(mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brings_them_together),
		cmocka_unit_test(is_done_once),
	};

	return cmocka_run_group_tests_name("three_way", tests, NULL, NULL);
}
