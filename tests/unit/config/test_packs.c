/* Rule packs of a folder: stacked, named twice, in a circle, broken; their signs and controls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/str.h"
#include "drift/config/pack.h"
#include "drift/engine/control.h"
#include "tests/unit/mem.h"

static char folder[] = "/tmp/bsx-packs-XXXXXX";

/* Apostrophes stand for quotation marks. */
static char *
quoted(const char *text)
{
	char *copy = talloc_strdup(mem, text);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static void
write_pack(const char *name, const char *text)
{
	FILE *f = fopen(talloc_asprintf(mem, "%s/%s.json", folder, name), "w");

	assert_non_null(f);
	assert_true(fputs(quoted(text), f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
make_folder(void **state)
{
	mem = talloc_new(NULL);
	(void)state;
	assert_non_null(mkdtemp(folder));
	write_pack("base", "{'name':'base'}");
	write_pack("left", "{'name':'left','includes':['base']}");
	write_pack("right", "{'name':'right','includes':['base','left']}");
	write_pack("self", "{'name':'self','includes':['self']}");
	write_pack("one", "{'name':'one','includes':['base','two']}");
	write_pack("two", "{'name':'two','includes':['three']}");
	write_pack("three", "{'name':'three','includes':['two']}");
	write_pack("lonely", "{'name':'lonely','includes':['nobody']}");
	write_pack("broken", "{'name':'broken','rulez':[]}");
	write_pack("alias", "{'name':'other'}");
	return 0;
}

static int
drop_folder(void **state)
{
	static const char *const names[] = { "base", "left", "right", "self", "one", "two", "three",
		"lonely", "broken", "alias" };

	(void)state;
	for (size_t i = 0; i < LEN(names); i++)
		unlink(talloc_asprintf(mem, "%s/%s.json", folder, names[i]));
	talloc_free(mem);
	return rmdir(folder);
}

static char *
load(const struct strings *names, struct err *e)
{
	struct packs packs;
	char        *order = talloc_strdup(mem, "");

	if (!packs_load(mem, folder, names, &packs, e))
		return NULL;
	for (size_t i = 0; i < packs.n; i++)
		order = talloc_asprintf_append(
		    order, "%s%s", i > 0 ? " " : "", str_dup(mem, packs.items[i]->name));
	return order;
}

static void
a_pack_comes_before_what_it_builds_on_and_each_counts_once(void **state)
{
	static const struct {
		const char *names[3];
		size_t      n;
		const char *order;
	} cases[] = {
		{ { NULL }, 0, "" },
		{ { "base" }, 1, "base" },
		{ { "base", "base" }, 2, "base" },
		{ { "left" }, 1, "left base" },
		{ { "right" }, 1, "right left base" },
		{ { "left", "right" }, 2, "right left base" },
		{ { "base", "right", "left" }, 3, "right left base" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char    *names[3];
		struct strings list = { names, cases[i].n };
		struct err     e = { 0 };

		memcpy(names, cases[i].names, sizeof names);
		assert_string_equal(load(&list, &e), cases[i].order);
	}
}

static void
what_cannot_be_stacked_is_refused_with_the_way_there(void **state)
{
	static const struct {
		const char *name, *why;
	} cases[] = {
		{ "nobody", "this installation has no rule pack of that name" },
		{ "../etc", "this installation has no rule pack of that name" },
		{ "self", "rule packs include each other in a circle: self -> self" },
		{ "two", "rule packs include each other in a circle: two -> three -> two" },
		{ "one", "rule packs include each other in a circle: two -> three -> two" },
		{ "lonely",
		    "the rule pack lonely includes nobody, which this installation does not have" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char    *names[] = { "base", cases[i].name };
		struct strings list = { names, 2 };
		struct err     e = { 0 };

		assert_null(load(&list, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, "/rule_packs/1");
		assert_string_equal(e.faults->detail, cases[i].why);
	}
}

/* That is the installation's fault, and the log says which pack and where in it. */
static void
a_broken_pack_is_named_in_the_log(void **state)
{
	static const struct {
		const char *name, *why;
	} cases[] = {
		{ "broken", "rule pack broken: " },
		{ "broken", "/rulez" },
		{ "alias", "rule pack alias: the file calls itself by another name" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char    *names[] = { cases[i].name };
		struct strings list = { names, 1 };
		struct err     e = { 0 };

		assert_null(load(&list, &e));
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_non_null(strstr(e.detail, cases[i].why));
	}
}

static void
all_packs_of_a_folder_are_those_that_are_whole(void **state)
{
	struct packs packs;
	struct err   e = { 0 };

	(void)state;
	assert_true(packs_all(mem, folder, &packs, &e));
	assert_int_equal(packs.n, 8);
	assert_true(str_eqz(packs.items[0]->name, "base"));
	assert_true(packs_all(mem, "/nonexistent", &packs, &e));
	assert_int_equal(packs.n, 0);
}

static void
what_a_pack_says_wrong_is_told_where_it_stands(void **state)
{
	static const struct {
		const char *text, *pointer;
	} cases[] = {
		{ "{'name':'p','includes':['A b']}", "/includes/0" },
		{ "{'name':'p','includes':'q'}", "/includes" },
		{ "{'name':'p','suits':{}}", "/suits" },
		{ "{'name':'p','suits':[{}]}", "/suits/0" },
		{ "{'name':'p','suits':[{'categori':'x'}]}", "/suits/0/categori" },
		{ "{'name':'p','suits':[{'path':'a'}]}", "/suits/0/path" },
		{ "{'name':'p','suits':[{'value':1}]}", "/suits/0" },
		{ "{'name':'p','suits':[{'category':'x','value':1}]}", "/suits/0/value" },
		{ "{'name':'p','suits':[{'where':{'a':1}}]}", "/suits/0/where" },
		{ "{'name':'p','suits':[{'where':{'/a':{'is':1}}}]}", "/suits/0/where" },
		{ "{'name':'p','version':1}", "/version" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		assert_null(rule_pack_parse(mem, str_of(quoted(cases[i].text)), &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

static void
controls_are_identifiers_of_three_and_of_nothing_else(void **state)
{
	static const struct {
		const char *text;
		bool        ok;
	} cases[] = {
		{ "CIS 5.2.2.1", true },
		{ "CIS Microsoft 365 v4.0 5.2.2.1", true },
		{ "CIS Kubernetes 5.1.1", true },
		{ "CIS Controls v8 6", true },
		{ "SCuBA MS.AAD.3.1v1", true },
		{ "MS.EXO.1.1v2", true },
		{ "GWS.GMAIL.1.1v0.3", true },
		{ "NIST AC-6", true },
		{ "NIST AC-6(5)", true },
		{ "NIST SP 800-53 AC-2(1)", true },
		{ "NIST 800-53 AC-2", true },
		{ "NIST PR.AA-05", true },
		{ "NIST CSF PR.AA-05", true },
		{ "", false },
		{ "CIS", false },
		{ "CIS ", false },
		{ "CIS Kubernetes", false },
		{ "CIS  5.1", false },
		{ "CIS 5.1 ", false },
		{ "CIS 5..1", false },
		{ "CIS 5.1\n", false },
		{ "cis 5.1", false },
		{ "ISO 27001 A.9.2", false },
		{ "PCI 8.3", false },
		{ "SCuBA", false },
		{ "SCuBA AC-6", false },
		{ "MS.AAD.3.1", false },
		{ "MS.AAD.3v1", false },
		{ "NIST", false },
		{ "NIST ac-6", false },
		{ "NIST AC-6(5", false },
		{ "NIST SP 800-171 3.1.1", false },
		{ "<b>CIS 5.1</b>", false },
		{ "CIS aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 5.1",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if (control_ok(str_of(cases[i].text)) != cases[i].ok)
			fail_msg("%s", cases[i].text);
}

static void
a_rule_names_controls_each_once(void **state)
{
	static const struct {
		const char *controls, *pointer; /* NULL: taken */
	} cases[] = {
		{ "['CIS 5.2.2.1','NIST AC-6(5)']", NULL },
		{ "[]", NULL },
		{ "['CIS 5.2.2.1','x']", "/rules/0/controls/1" },
		{ "['CIS 1.1','CIS 1.1']", "/rules/0/controls/1" },
		{ "'CIS 1.1'", "/rules/0/controls" },
		{ "[1]", "/rules/0/controls/0" },
		{ "['CIS 1','CIS 2','CIS 3','CIS 4','CIS 5','CIS 6','CIS 7','CIS 8','CIS 9','CIS "
		  "10','CIS 11','CIS 12','CIS 13','CIS 14','CIS 15','CIS 16','CIS 17']",
		    "/rules/0/controls" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char *text = talloc_asprintf(
		    mem, "[{'path':'/a','severity':'low','controls':%s}]", cases[i].controls);
		struct err         e = { 0 };
		const struct json *list = json_parse(mem, str_of(quoted(text)), &e);
		struct rules      *rules = rules_compile(mem, list, NULL, 0, NULL, &e);

		if ((rules != NULL) != (cases[i].pointer == NULL))
			fail_msg("%s", cases[i].controls);
		if (rules == NULL)
			assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_comes_before_what_it_builds_on_and_each_counts_once),
		cmocka_unit_test(what_cannot_be_stacked_is_refused_with_the_way_there),
		cmocka_unit_test(a_broken_pack_is_named_in_the_log),
		cmocka_unit_test(all_packs_of_a_folder_are_those_that_are_whole),
		cmocka_unit_test(what_a_pack_says_wrong_is_told_where_it_stands),
		cmocka_unit_test(controls_are_identifiers_of_three_and_of_nothing_else),
		cmocka_unit_test(a_rule_names_controls_each_once),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
