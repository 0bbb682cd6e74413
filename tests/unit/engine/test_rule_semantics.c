/* Rules: which one decides, what grows and shrinks, what from and to hold for, and what many of
 * them may cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/diff.h"
#include "drift/engine/matcher.h"
#include "drift/engine/rule_pack.h"
#include "tests/unit/mem.h"

static const uint8_t key[HASH_LEN] = { 1 };

/* Apostrophes stand for quotation marks. */
static struct json *
parse(const char *text)
{
	struct err   e = { 0 };
	char        *copy = talloc_strdup(mem, text);
	struct json *v;

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	v = json_parse(mem, str_of(copy), &e);
	if (v == NULL)
		fail_msg("%s: %s", text, e.pub);
	return v;
}

static struct diff *
compare(struct rules *rules, const char *old, const char *new, bool *ok)
{
	struct err           e = { 0 };
	struct compare_spec *spec = compare_compile(mem, NULL, NULL, 0, key, NULL, &e);
	struct diff         *d = diff_make(mem, spec, rules, NULL, &e);
	struct resource      a = { STR("c"), STR("k"), parse(old) }, b = a;

	b.value = parse(new);
	assert_non_null(rules);
	assert_true(resource_normalise(mem, spec, &a, RESOURCE_SOURCE, NULL, &e));
	assert_true(resource_normalise(mem, spec, &b, RESOURCE_SOURCE, NULL, &e));
	*ok = diff_resource(d, &a, &b, &e);
	assert_true(*ok || e.code == ERR_INVALID);
	return d;
}

static bool
fires(const char *rule, const char *old, const char *new)
{
	struct err   e = { 0 };
	struct json *list = parse(talloc_asprintf(mem, "[{%s,'severity':'high'}]", rule));
	struct diff *d;
	bool         ok;

	d = compare(rules_compile(mem, list, NULL, 0, NULL, &e), old, new, &ok);
	assert_true(ok);
	return d->rule_hits[0] > 0;
}

/* ---- direction ---- */

#define BOTH    3
#define GROWS   1
#define SHRINKS 2

static void
what_grows_and_what_shrinks(void **state)
{
	static const struct {
		const char *old, *new;
		int         want;
	} cases[] = {
		/* numbers, exactly, and as text of digits */
		{ "1", "2", GROWS },
		{ "2", "1.5", SHRINKS },
		{ "-1", "-2", SHRINKS },
		{ "9007199254740992", "9007199254740993", GROWS },
		{ "1e400", "1e500", GROWS },
		{ "'6'", "'14'", GROWS },
		{ "'14'", "'6'", SHRINKS },
		{ "'-3'", "'2'", GROWS },
		{ "'14'", "6", SHRINKS },
		{ "7", "'08'", GROWS },
		/* texts */
		{ "'a'", "'b'", BOTH },
		{ "''", "'b'", GROWS },
		{ "'a'", "''", SHRINKS },
		{ "'-'", "'1'", BOTH },
		{ "'1 day'", "'2 days'", BOTH },
		/* nothing is nothing */
		{ "null", "0", GROWS },
		{ "0", "null", SHRINKS },
		{ "null", "''", 0 },
		{ "[]", "null", 0 },
		{ "{}", "''", 0 },
		{ "null", "{'a':1}", GROWS },
		{ "false", "true", BOTH },
		{ "true", "null", SHRINKS },
		{ "1", "'x'", BOTH },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char *old = talloc_asprintf(mem, "{'a':%s}", cases[i].old);
		char *new = talloc_asprintf(mem, "{'a':%s}", cases[i].new);
		int got = fires("'path':'/a','direction':'grows'", old, new) * GROWS +
			  fires("'path':'/a','direction':'shrinks'", old, new) * SHRINKS;

		if (got != cases[i].want || !fires("'path':'/a','direction':'any'", old, new))
			fail_msg("%s -> %s: %d, not %d", old, new, got, cases[i].want);
	}
}

static void
lists_grow_and_shrink_by_their_elements(void **state)
{
	static const struct {
		const char *old, *new;
		int         want;
	} cases[] = {
		{ "[1]", "[1,2]", GROWS },
		{ "[1,2]", "[2]", SHRINKS },
		{ "[1,2]", "[2,1]", 0 },
		{ "[1]", "[2]", BOTH },
		{ "['a']", "['a','a']", GROWS },
		{ "null", "[1]", GROWS },
		{ "[1]", "null", SHRINKS },
		{ "null", "[]", 0 },
		{ "null", "[null]", 0 },
		{ "[{'id':1}]", "[{'id':1},{'id':2}]", GROWS },
		{ "[{'id':1},{'id':2}]", "[{'id':2}]", SHRINKS },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char *old = talloc_asprintf(mem, "{'a':%s}", cases[i].old);
		char *new = talloc_asprintf(mem, "{'a':%s}", cases[i].new);
		int got = fires("'path':'/a/*','direction':'grows'", old, new) * GROWS +
			  fires("'path':'/a/*','direction':'shrinks'", old, new) * SHRINKS;

		if (got != cases[i].want)
			fail_msg("%s -> %s: %d, not %d", old, new, got, cases[i].want);
	}
}

/* ---- from and to ---- */

static void
from_and_to_hold_for_values_of_every_type(void **state)
{
	static const struct {
		const char *predicate, *value;
		bool        want;
	} cases[] = {
		{ "null", "null", true },
		{ "null", "false", false },
		{ "null", "0", false },
		{ "true", "true", true },
		{ "true", "1", false },
		{ "true", "'true'", false },
		{ "false", "false", true },
		{ "false", "null", false },
		{ "1", "1.0", true },
		{ "1e2", "100", true },
		{ "1", "'1'", false },
		{ "9007199254740993", "9007199254740992", false },
		{ "0", "-0", true },
		{ "'a'", "'a'", true },
		{ "'a'", "'A'", false },
		{ "'a'", "['a']", false },
		{ "[1,'a',null]", "null", true },
		{ "[1,'a',null]", "'b'", false },
		{ "{'is':'on'}", "true", true },
		{ "{'is':'on'}", "1", true },
		{ "{'is':'on'}", "'1'", true },
		{ "{'is':'on'}", "'Enabled'", true },
		{ "{'is':'on'}", "'not enabled'", false },
		{ "{'is':'on'}", "10", false },
		{ "{'is':'on'}", "''", false },
		{ "{'is':'on'}", "{'a':true}", false },
		{ "{'is':'off'}", "'NONE'", true },
		{ "{'is':'off'}", "0", true },
		{ "{'is':'off'}", "null", false },
		{ "{'is':'watched'}", "'report_only'", true },
		{ "{'is':'watched'}", "'Dry Run'", true },
		{ "{'is':'watched'}", "'reports'", false },
		{ "{'is':'deny'}", "'DENY'", true },
		{ "{'is':'deny'}", "'allow'", false },
		{ "{'is':'allow'}", "'ALLOW_ALL'", true },
		{ "{'is':'anybody'}", "'*'", true },
		{ "{'is':'anybody'}", "'0.0.0.0/0'", true },
		{ "{'is':'anybody'}", "'10.0.0.0/8'", false },
		{ "{'is':'anybody'}", "'everybody and more'", false },
		{ "{'not':{'is':'deny'}}", "'allow'", true },
		{ "[{'is':'on'},'x']", "'yes'", true },
		{ "[{'match':'a*'},{'above':5}]", "'abc'", true },
		{ "[{'match':'a*'},{'above':5}]", "6", true },
		{ "[{'match':'a*'},{'above':5}]", "5", false },
		{ "{'match':['x*','*z']}", "'yz'", true },
		{ "{'match':'1'}", "1", false },
		{ "{'contains':'b'}", "'abc'", true },
		{ "{'contains':'b'}", "['b']", false },
		{ "{'exists':true}", "[]", true },
		{ "{'exists':false}", "1", false },
		{ "{'not':'a'}", "'b'", true },
		{ "{'not':{'not':'a'}}", "'a'", true },
		{ "{'not':['a','b']}", "'b'", false },
		{ "{'below':0}", "-1e-9", true },
		{ "{'below':0}", "'-1'", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char *value = talloc_asprintf(mem, "{'a':%s}", cases[i].value);
		char *to = talloc_asprintf(mem, "'path':'/a','to':%s", cases[i].predicate);
		char *from = talloc_asprintf(mem, "'path':'/a','from':%s", cases[i].predicate);

		if (fires(to, "{'a':'something else'}", value) != cases[i].want ||
		    fires(from, value, "{'a':'something else'}") != cases[i].want)
			fail_msg("%s and %s", cases[i].predicate, cases[i].value);
	}
}

static void
casefold_is_for_names_and_texts(void **state)
{
	(void)state;
	assert_true(fires(
	    "'path':'/**/MFA*','casefold':true", "{'x':{'mfaState':1}}", "{'x':{'mfaState':2}}"));
	assert_true(fires("'path':'/**/{otp,MFA*}','casefold':true", "{'x':{'mfaState':1}}",
	    "{'x':{'mfaState':2}}"));
	assert_false(
	    fires("'path':'/**/{otp,MFA*}'", "{'x':{'mfaState':1}}", "{'x':{'mfaState':2}}"));
	assert_false(fires("'path':'/**/MFA*'", "{'x':{'mfaState':1}}", "{'x':{'mfaState':2}}"));
	assert_true(fires("'path':'/A','casefold':true,'from':'ON','to':['x',{'match':'o*F'}]",
	    "{'a':'on'}", "{'a':'Off'}"));
	assert_true(fires("'path':'/a','casefold':true,'to':{'contains':'EVE'}", "{'a':'x'}",
	    "{'a':'everybody'}"));
	assert_false(
	    fires("'path':'/a','to':{'contains':'EVE'}", "{'a':'x'}", "{'a':'everybody'}"));
	assert_true(fires("'path':'/b','casefold':true,'where':{'/a':'X'}", "{'a':'x','b':1}",
	    "{'a':'x','b':2}"));
}

/* ---- which one decides ---- */

static struct rule_pack *
pack(const char *text)
{
	struct err        e = { 0 };
	struct rule_pack *p = rule_pack_parse(mem, str_of(text), &e);

	assert_non_null(p);
	return p;
}

static void
the_config_comes_first_then_its_packs_in_their_order_then_the_default(void **state)
{
	const struct rule_pack *const packs[] = {
		pack(
		    "{\"name\":\"one\",\"rules\":[{\"path\":\"/b\",\"severity\":\"low\",\"reason\":"
		    "\"B.\"},{\"path\":\"/a\",\"severity\":\"low\"}]}"),
		pack("{\"name\":\"two\",\"rules\":[{\"path\":\"/b\",\"severity\":\"critical\"},"
		     "{\"name\":\"c\",\"path\":\"/c\",\"severity\":\"info\"}]}"),
	};
	static const char *const want[] = { "config:1", "one:1", "two:c", "default" };
	struct err               e = { 0 };
	struct rules            *r = rules_compile(
		       mem, parse("[{'path':'/a','severity':'high'}]"), packs, LEN(packs), NULL, &e);
	struct diff *d;
	bool         ok;

	(void)state;
	d = compare(r, "{'a':1,'b':1,'c':1,'d':1}", "{'a':2,'b':2,'c':2,'d':2}", &ok);
	assert_int_equal(d->n, LEN(want));
	for (size_t i = 0; i < d->n; i++)
		assert_string_equal(d->changes[i].rule, want[i]);
	assert_string_equal(d->changes[1].reason, "B.");
	assert_string_equal(d->changes[3].reason, "");
	assert_int_equal(rules_count(r), 5);
	assert_string_equal(rules_name(r, 4), "two:c");
	assert_int_equal(rules_origin(r, 4)->index, 1);
	assert_true(str_eqz(rules_origin(r, 4)->pack, "two"));
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(d->rule_hits[i], i == 0 || i == 1 || i == 4);
}

/* ---- limits ---- */

static char *
many(size_t n, const char *one)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : ",", one);
	assert_true(buf_ok(&b));
	return b.p;
}

static void
more_rules_or_conditions_than_the_limits_are_refused(void **state)
{
	const char *const rule = "{'path':'','severity':'low'}";
	const struct {
		const char *text, *pointer;
	} cases[] = {
		{ talloc_asprintf(mem, "[%s]", many(RULES_MAX + 1, rule)), "/rules" },
		{ talloc_asprintf(mem, "[%s]", many(10000, rule)), "/rules" },
		{ talloc_asprintf(mem, "[{'path':'','severity':'low','to':[%s]}]", many(1001, "1")),
		    "/rules/0/to" },
		{ talloc_asprintf(mem, "[%s]",
		      many(11, talloc_asprintf(mem, "{'path':'','severity':'low','key':[%s]}",
				   many(1000, "'k'")))),
		    "/rules/10/key" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		assert_null(rules_compile(mem, parse(cases[i].text), NULL, 0, NULL, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
	assert_non_null(
	    rules_compile(mem, parse(talloc_asprintf(mem, "[%s]", many(RULES_MAX, rule))), NULL, 0,
		NULL, &(struct err) { 0 }));
}

/* Rules times places is bounded: many rules that look everywhere are held against so much and no
 * more. */
static void
a_comparison_costs_so_many_steps_and_then_it_is_an_error(void **state)
{
	struct err e = { 0 };
	char      *list = talloc_asprintf(
		 mem, "[%s]", many(RULES_MAX, "{'path':'/**/x','severity':'low','to':'no'}"));
	struct rules       *rules = rules_compile(mem, parse(list), NULL, 0, NULL, &e);
	char               *values = talloc_asprintf(mem, "[%s]", many(1000, "{'x':1}"));
	struct resource     from = { STR("c"), STR("k"), parse("{'a':null}") };
	const struct str    steps[] = { STR("a") };
	struct work         work;
	struct matcher     *matcher;
	struct rule_subject s = { CHANGE_MODIFIED, steps, 1, NULL, parse("null"), parse(values) };
	struct rule_pick    pick;
	struct rule_verdict v;

	(void)state;
	work_begin(&work, WORK_REQUEST, NULL);
	matcher = matcher_make(mem, &work, WORK_RULES, &e);
	assert_true(rules_pick(mem, rules, &from, &from, &pick, matcher, &e));
	assert_true(rules_classify(&pick, &s, &v, &e));
	assert_string_equal(v.rule, "default");
	assert_in_range(work.by[WORK_RULES], RULES_MAX * 1000, RULES_MAX * 20000);
	assert_true(work_spend(&work, WORK_READ, work.steps_max - work.spent - 1000, &e));
	assert_false(rules_classify(&pick, &s, &v, &e));
	assert_int_equal(e.code, ERR_TOO_COSTLY);
}

/* Nothing is refused: what is left has the default, and says why. */
static void
a_push_goes_on_without_the_rules_that_cost_it_too_much(void **state)
{
	struct err          e = { 0 };
	const struct json  *list = parse(talloc_asprintf(
	     mem, "[%s]", many(RULES_MAX, "{'path':'/**/x','severity':'low','to':'no'}")));
	struct rules       *rules = rules_compile(mem, list, NULL, 0, NULL, &e);
	const struct json  *values = parse(talloc_asprintf(mem, "[%s]", many(1000, "{'x':1}")));
	struct resource     from = { STR("c"), STR("k"), parse("{'a':null}") };
	const struct str    steps[] = { STR("a") };
	struct rule_subject s = { CHANGE_MODIFIED, steps, 1, NULL, parse("null"), values };
	struct rule_pick    pick;
	struct rule_verdict v = { 0 };
	struct work         work;
	struct matcher     *matcher = matcher_make(mem, &work, WORK_RULES, &e);
	unsigned            judged = 0;

	(void)state;
	work_begin(&work, WORK_PUSH, NULL);
	for (; judged < 1000 && (v.rule == NULL || strcmp(v.rule, "unjudged") != 0); judged++) {
		assert_true(rules_pick(mem, rules, &from, &from, &pick, matcher, &e));
		assert_true(rules_classify(&pick, &s, &v, &e));
	}
	assert_in_range(judged, 10, 999);
	assert_int_equal(v.severity, RULE_DEFAULT_SEVERITY);
	assert_true(v.reason[0] != '\0');
	assert_int_equal(v.index, RULE_NONE);
	for (int i = 0; i < 3; i++) {
		uint64_t before = work.spent;

		assert_true(rules_pick(mem, rules, &from, &from, &pick, matcher, &e));
		assert_true(rules_classify(&pick, &s, &v, &e));
		assert_string_equal(v.rule, "unjudged");
		assert_true(work.spent < before + 1000);
	}
	assert_true(work_spend(&work, WORK_COMPARE, 1000000, &e));
}

/* What stands near counts on its own side, from the value itself outwards. */
static void
near_is_what_the_value_stands_beside_or_in(void **state)
{
	static const char allow[] = "'path':'/**/Action/*','direction':'grows','to':'*',"
				    "'near':{'/Effect':'Allow'}";
	static const char lost[] = "'path':'/**/Action/*','direction':'shrinks',"
				   "'near':{'/Effect':'Deny'}";
	static const char kind[] = "'path':'/**/verbs/*','direction':'grows',"
				   "'near':{'/kind':'Role','/metadata/name':{'match':'a*'}}";
	static const char own[] = "'path':'/s/*','op':'deleted','near':{'/Effect':'Deny'}";
	static const char none[] = "'path':'/**/src','near':{'/off':{'exists':false}}";
	static const struct {
		const char *rule, *old, *new;
		bool        want;
	} cases[] = {
		{ allow, "{'s':[{'Sid':'a','Effect':'Allow','Action':['x']}]}",
		    "{'s':[{'Sid':'a','Effect':'Allow','Action':['x','*']}]}", true },
		{ allow, "{'s':[{'Sid':'a','Effect':'Deny','Action':['x']}]}",
		    "{'s':[{'Sid':'a','Effect':'Deny','Action':['x','*']}]}", false },
		{ allow, "{'s':[]}", "{'s':[{'Effect':'Allow','Action':['*']}]}", true },
		{ allow, "{'s':[]}", "{'s':[{'Effect':'Deny','Action':['*']}]}", false },
		{ allow, "{'t':1}",
		    "{'t':1,'s':[{'Effect':'Deny','Action':['*']},{'Effect':'Allow','Action':['*']}"
		    "]}",
		    true },
		{ allow, "{'t':1}",
		    "{'t':1,'s':[{'Effect':'Deny','Action':['*']},{'Effect':'Allow','Action':['x']}"
		    "]}",
		    false },
		{ lost, "{'Effect':'Deny','Action':['x','y']}", "{'Effect':'Deny','Action':['x']}",
		    true },
		{ lost, "{'Effect':'Allow','Action':['x','y']}",
		    "{'Effect':'Allow','Action':['x']}", false },
		{ lost, "{'Effect':'Deny','s':[{'id':1,'Effect':'Allow','Action':['x','y']}]}",
		    "{'Effect':'Deny','s':[{'id':1,'Effect':'Allow','Action':['x']}]}", false },
		{ kind,
		    "{'items':[{'id':1,'kind':'Role','metadata':{'name':'ab'},'rules':{'verbs':[]}}"
		    "]}",
		    "{'items':[{'id':1,'kind':'Role','metadata':{'name':'ab'},'rules':{'verbs':['x'"
		    "]}}]}",
		    true },
		{ kind,
		    "{'items':[{'id':1,'kind':'Role','metadata':{'name':'b'},'rules':{'verbs':[]}}]"
		    "}",
		    "{'items':[{'id':1,'kind':'Role','metadata':{'name':'b'},'rules':{'verbs':['x']"
		    "}}]}",
		    false },
		{ kind, "{'kind':'Role','metadata':{'name':'ab'},'x':{'kind':'No','verbs':[]}}",
		    "{'kind':'Role','metadata':{'name':'ab'},'x':{'kind':'No','verbs':['x']}}",
		    false },
		{ own, "{'s':[{'Effect':'Deny'},{'Effect':'Allow'}]}", "{'s':[{'Effect':'Allow'}]}",
		    true },
		{ own, "{'s':[{'Effect':'Deny'},{'Effect':'Allow'}]}", "{'s':[{'Effect':'Deny'}]}",
		    false },
		{ none, "{'r':[{'id':1,'src':'a'}]}", "{'r':[{'id':1,'src':'b'}]}", true },
		{ none, "{'r':[{'id':1,'off':1,'src':'a'}]}", "{'r':[{'id':1,'off':1,'src':'b'}]}",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (fires(cases[i].rule, cases[i].old, cases[i].new) != cases[i].want)
			fail_msg("%zu: %s: %s -> %s", i, cases[i].rule, cases[i].old, cases[i].new);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_grows_and_what_shrinks),
		TEST(lists_grow_and_shrink_by_their_elements),
		TEST(from_and_to_hold_for_values_of_every_type),
		TEST(near_is_what_the_value_stands_beside_or_in),
		TEST(casefold_is_for_names_and_texts),
		TEST(the_config_comes_first_then_its_packs_in_their_order_then_the_default),
		TEST(more_rules_or_conditions_than_the_limits_are_refused),
		TEST(a_push_goes_on_without_the_rules_that_cost_it_too_much),
		TEST(a_comparison_costs_so_many_steps_and_then_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
