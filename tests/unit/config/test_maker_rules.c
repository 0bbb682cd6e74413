/* maker_rules.h: rules that ask who made a change, or when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/config/maker_rules.h"
#include "drift/engine/diff.h"
#include "tests/unit/mem.h"

#define MINE  "\"AAAAAAAA-0000-4000-8000-00000000000a\""
#define ADA   "aaaaaaaa-0000-4000-8000-00000000000a"
#define EVE   "eeeeeeee-0000-4000-8000-00000000000e"
#define FRI   "2026-11-27T"
#define WHO   "[{\"path\":\"/a\",\"severity\":\"critical\",\"actor_not_in\":[" MINE "]}]"
#define HOURS "[{\"path\":\"/a\",\"severity\":\"high\",\"outside\":\"mon-fri 08:00-18:00\"}]"

static struct rules *
compile(const char *text, enum maker_words words, struct maker_rules *out, struct err *e)
{
	struct json  *v = json_parse(mem, str_of(text), e);
	struct rules *r;

	assert_non_null(v);
	r = rules_compile(mem, v, NULL, 0, NULL, e);
	return r != NULL && maker_rules_compile(mem, r, words, out, e) ? r : NULL;
}

/* ---- what is refused ---- */

static void
what_is_wrong_is_refused_where_it_stands(void **state)
{
	static const struct {
		const char      *members;
		enum maker_words words;
		const char      *pointer; /* NULL: none */
	} cases[] = {
		{ "\"actor_not_in\":[\"x\"]", MAKERS_TOLD, NULL },
		{ "\"actor_not_in\":[]", MAKERS_TOLD, "/rules/0/actor_not_in" },
		{ "\"actor_not_in\":\"x\"", MAKERS_TOLD, "/rules/0/actor_not_in" },
		{ "\"actor_not_in\":[\"x\",1]", MAKERS_TOLD, "/rules/0/actor_not_in" },
		{ "\"actor_not_in\":[\"\"]", MAKERS_TOLD, "/rules/0/actor_not_in" },
		{ "\"actor_in\":[\"x\"]", MAKERS_TOLD, "/rules/0/actor_in" },
		{ "\"outside\":[]", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":7", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"window\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"mon-fri 08:00-18:00\"", MAKERS_TOLD, NULL },
		{ "\"outside\":\"MON-fri 08:00-18:00 Europe/Berlin\"", MAKERS_TOLD, NULL },
		{ "\"outside\":[\"fri-mon,wed 22:00-04:00\",\"sun 00:00-24:00 UTC\"]", MAKERS_TOLD,
		    NULL },
		{ "\"outside\":[\"mon 08:00-18:00\",\"mon 08:00-18:00 Atlantis/Main\"]",
		    MAKERS_TOLD, "/rules/0/outside/1" },
		{ "\"outside\":\"mon 08:00-18:00 ../../etc/passwd\"", MAKERS_TOLD,
		    "/rules/0/outside" },
		{ "\"outside\":\"mon 8:00-18:00\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"mon 08:00-18:60\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"mon 24:00-03:00\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"mon 08:00-24:01\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"mon 08:00-08:00\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"mon- 08:00-18:00\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"funday 08:00-18:00\"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"outside\":\"mon 08:00-18:00 UTC \"", MAKERS_TOLD, "/rules/0/outside" },
		{ "\"severity\":\"ignore\",\"outside\":\"mon 08:00-18:00\"", MAKERS_TOLD,
		    "/rules/0/severity" },
		/* what the source never says */
		{ "\"outside\":\"mon 08:00-18:00\"", MAKERS_NEVER, "/rules/0/outside" },
		{ "\"actor_not_in\":[\"x\"]", MAKERS_NEVER, "/rules/0/actor_not_in" },
		{ "\"actor_not_in\":[\"x\"]", MAKERS_OWN, "/rules/0/actor_not_in" },
		{ "\"outside\":\"mon 08:00-18:00\"", MAKERS_OWN, NULL },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		bool               bare = strstr(cases[i].members, "severity") != NULL;
		const char        *text = talloc_asprintf(mem, "[{\"path\":\"/a\",%s%s}]",
                    bare ? "" : "\"severity\":\"high\",", cases[i].members);
		struct maker_rules m;
		struct err         e = { 0 };
		bool               ok = compile(text, cases[i].words, &m, &e) != NULL;

		if (ok != (cases[i].pointer == NULL))
			fail_msg("%s: %s", text, ok ? "taken" : e.detail);
		if (!ok)
			assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

static void
no_more_than_64_ask(void **state)
{
	struct maker_rules m;
	struct err         e = { 0 }, too = { 0 };
	char              *text = talloc_strdup(mem, "");

	(void)state;
	for (int i = 0; i < 65; i++) {
		text = talloc_asprintf_append(text,
		    "%s{\"path\":\"/a\",\"severity\":\"high\",\"actor_not_in\":[\"x\"]}",
		    i > 0 ? "," : "[");
		if (i == 63) {
			assert_non_null(
			    compile(talloc_asprintf(mem, "%s]", text), MAKERS_TOLD, &m, &e));
			assert_int_equal(m.n, 64);
		}
	}
	assert_null(compile(talloc_asprintf(mem, "%s]", text), MAKERS_TOLD, &m, &too));
	assert_string_equal(too.faults->pointer, "/rules/64");
}

/* ---- when ---- */

static void
a_window_is_as_the_clock_on_the_wall_shows_it(void **state)
{
	static const struct {
		const char *window, *at;
		bool        in;
	} cases[] = {
		{ "mon-fri 08:00-18:00", FRI "08:00:00Z", true },
		{ "mon-fri 08:00-18:00", FRI "07:59:59Z", false },
		{ "mon-fri 08:00-18:00", FRI "17:59:59Z", true },
		{ "mon-fri 08:00-18:00", FRI "18:00:00Z", false },
		{ "mon-fri 08:00-18:00", "2026-11-28T10:00:00Z", false },
		{ "mon-thu,sat 08:00-18:00", FRI "10:00:00Z", false },
		/* summer and winter there */
		{ "mon-fri 08:00-18:00 Europe/Berlin", FRI "07:30:00Z", true },
		{ "mon-fri 08:00-18:00 Europe/Berlin", "2026-07-03T06:30:00Z", true },
		{ "mon-fri 08:00-18:00 Europe/Berlin", "2026-07-03T16:30:00Z", false },
		{ "sat 00:00-24:00 Pacific/Auckland", FRI "12:00:00Z", true },
		/* over midnight: of the day on which it begins */
		{ "fri 22:00-04:00", FRI "21:59:59Z", false },
		{ "fri 22:00-04:00", FRI "22:00:00Z", true },
		{ "fri 22:00-04:00", "2026-11-28T03:59:59Z", true },
		{ "fri 22:00-04:00", "2026-11-28T04:00:00Z", false },
		{ "fri 22:00-04:00", FRI "03:00:00Z", false },
		{ "sat-sun 00:00-24:00", "2026-11-29T23:59:59Z", true },
		{ "sun-mon 10:00-11:00", "2026-11-30T10:30:00Z", true },
		{ "fri-mon 10:00-11:00", "2026-12-01T10:30:00Z", false },
		/* before 1970 */
		{ "wed 23:00-24:00", "1969-12-31T23:30:00Z", true },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct hours w;
		char         why[HOURS_WHY_MAX];
		instant      at;

		assert_true(hours_parse(str_of(cases[i].window), &w, why));
		assert_true(time_parse(str_of(cases[i].at), &at.ms));
		if (hours_has(&w, at.ms) != cases[i].in)
			fail_msg("%s at %s", cases[i].window, cases[i].at);
	}
}

/* ---- which changes, and who ---- */

#define BY(id, time)                                                                               \
	"{\"kind\":\"user\",\"id\":" id ",\"name\":\"Ada\",\"address\":null,\"at\":\"" FRI time    \
	"Z\",\"activity\":null,\"correlation_id\":null}"
#define KEPT(how, actors, more) "{\"confidence\":\"" how "\",\"actors\":[" actors "]" more "}"
#define AT_ADA(time)            BY("\"" ADA "\"", time)
#define AT_EVE(time)            BY("\"" EVE "\"", time)

static const struct {
	const char *what, *rules, *old, *new, *kept, *became; /* severity:rule */
} rows[] = {
	{ "nobody is known yet", WHO, "{\"a\":1}", "{\"a\":2}", KEPT("pending", "", ""),
	    "medium:default" },
	{ "it will not be known", WHO, "{\"a\":1}", "{\"a\":2}", KEPT("none", "", ""),
	    "medium:default" },
	{ "whom a push names is no evidence", WHO, "{\"a\":1}", "{\"a\":2}",
	    "{\"actor\":\"" EVE "\",\"source\":\"push\"}", "medium:default" },
	{ "one of the list, in any case", WHO, "{\"a\":1}", "{\"a\":2}",
	    KEPT("exact", AT_ADA("09:00:00"), ""), "medium:default" },
	{ "another, whatever he calls himself", WHO, "{\"a\":1}", "{\"a\":2}",
	    KEPT("exact", AT_EVE("09:00:00"), ""), "critical:config:1" },
	{ "by the object alone it is known too", WHO, "{\"a\":1}", "{\"a\":2}",
	    KEPT("object", AT_EVE("09:00:00"), ""), "critical:config:1" },
	{ "one of two is another", WHO, "{\"a\":1}", "{\"a\":2}",
	    KEPT("object", AT_ADA("09:00:00") "," AT_EVE("09:00:00"), ""), "critical:config:1" },
	{ "who has no id is in no list", WHO, "{\"a\":1}", "{\"a\":2}",
	    KEPT("object", BY("null", "09:00:00"), ""), "critical:config:1" },
	{ "of further ones it is not known", WHO, "{\"a\":1}", "{\"a\":2}",
	    KEPT("object", AT_ADA("09:00:00"), ",\"more\":1"), "critical:config:1" },
	{ "another place", WHO, "{\"b\":1}", "{\"b\":2}", KEPT("exact", AT_EVE("09:00:00"), ""),
	    "medium:default" },
	{ "a place inside what is gone", WHO, "{\"b\":0,\"a\":{\"x\":1}}", "{\"b\":0}",
	    KEPT("exact", AT_EVE("09:00:00"), ""), "critical:config:1" },
	{ "in the hours", HOURS, "{\"a\":1}", "{\"a\":2}", KEPT("exact", AT_EVE("09:00:00"), ""),
	    "medium:default" },
	{ "out of hours", HOURS, "{\"a\":1}", "{\"a\":2}", KEPT("exact", AT_EVE("23:00:00"), ""),
	    "high:config:1" },
	{ "one deed of several out of hours", HOURS, "{\"a\":1}", "{\"a\":2}",
	    KEPT("object", AT_EVE("09:00:00") "," AT_ADA("23:00:00"), ""), "high:config:1" },
	{ "of further deeds it is not known when they were", HOURS, "{\"a\":1}", "{\"a\":2}",
	    KEPT("object", AT_EVE("09:00:00"), ",\"more\":1"), "high:config:1" },
	{ "both have to hold",
	    "[{\"path\":\"/a\",\"severity\":\"high\",\"actor_not_in\":[" MINE
	    "],\"outside\":\"fri 08:00-18:00\"}]",
	    "{\"a\":1}", "{\"a\":2}", KEPT("exact", AT_ADA("23:00:00"), ""), "medium:default" },
	{ "it never makes it milder",
	    "[{\"path\":\"/a\",\"severity\":\"low\",\"actor_not_in\":[" MINE
	    "]},{\"path\":\"/a\",\"severity\":\"high\"}]",
	    "{\"a\":1}", "{\"a\":2}", KEPT("exact", AT_EVE("09:00:00"), ""), "high:config:2" },
	{ "the worst of several, wherever they stand",
	    "[{\"path\":\"/a\",\"severity\":\"info\"},{\"path\":\"/**\",\"severity\":\"high\","
	    "\"actor_not_in\":[" MINE
	    "]},{\"path\":\"/a\",\"severity\":\"critical\",\"name\":\"n\","
	    "\"outside\":\"sat 08:00-18:00\"}]",
	    "{\"a\":1}", "{\"a\":2}", KEPT("exact", AT_EVE("09:00:00"), ""), "critical:config:n" },
	{ "with its other conditions",
	    "[{\"path\":\"/a\",\"to\":3,\"severity\":\"high\",\"actor_not_in\":[" MINE "]}]",
	    "{\"a\":1}", "{\"a\":2}", KEPT("exact", AT_EVE("09:00:00"), ""), "medium:default" },
};

static void
who_made_it_raises_what_a_change_is_and_nothing_else(void **state)
{
	static const uint8_t key[HASH_LEN] = { 1 };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err               e = { 0 };
		struct maker_rules       m;
		struct rules            *r = compile(rows[i].rules, MAKERS_TOLD, &m, &e);
		struct compare_spec     *spec = compare_compile(mem, NULL, NULL, 0, key, NULL, &e);
		struct diff             *d = diff_make(mem, spec, r, NULL, &e);
		struct resource          a = { STR("c"), STR("k"), NULL }, b = a;
		struct attribution       who;
		const struct maker_rule *by;
		const struct change     *c;
		const char              *was, *is;

		a.value = json_parse(mem, str_of(rows[i].old), &e);
		b.value = json_parse(mem, str_of(rows[i].new), &e);
		assert_true(diff_resource(d, &a, &b, &e));
		assert_int_equal(d->n, 1);
		c = &d->changes[0];
		attribution_read(mem, rows[i].kept, &who);
		assert_true(maker_rules_hold(&m, c->raisers, &who, NULL, &by, &e));
		was = talloc_asprintf(mem, "%s:%s", severity_name(c->severity), c->rule);
		is = by == NULL || by->says.severity <= c->severity
			 ? was
			 : talloc_asprintf(
			       mem, "%s:%s", severity_name(by->says.severity), by->says.rule);
		print_message("%s\n", rows[i].what);
		assert_string_equal(is, rows[i].became);
		/* what it may be at worst is never less than what it is */
		by = maker_rules_worst(&m, c->raisers);
		assert_true(is == was || (by != NULL && by->says.severity >= SEVERITY_HIGH));
	}
}

static void
what_is_left_out_is_not_raised(void **state)
{
	static const uint8_t key[HASH_LEN] = { 1 };
	struct err           e = { 0 };
	struct maker_rules   m;
	struct rules        *r = compile(
		   "[{\"path\":\"/a\",\"severity\":\"ignore\"},{\"path\":\"/**\",\"severity\":\"high\","
			  "\"actor_not_in\":[\"x\"]}]",
		   MAKERS_TOLD, &m, &e);
	struct compare_spec *spec = compare_compile(mem, NULL, NULL, 0, key, NULL, &e);
	struct diff         *d = diff_make(mem, spec, r, NULL, &e);
	struct resource      a = { STR("c"), STR("k"), NULL }, b = a;

	(void)state;
	a.value = json_parse(mem, STR("{\"a\":1}"), &e);
	b.value = json_parse(mem, STR("{\"a\":2}"), &e);
	assert_true(diff_resource(d, &a, &b, &e));
	assert_int_equal(d->n, 0);
	assert_int_equal(d->summary.ignored, 1);
}

static void
what_costs_too_much_may_be_the_worst(void **state)
{
	struct err               e = { 0 };
	struct maker_rules       m;
	struct attribution       who;
	const struct maker_rule *by;
	struct work              work;

	(void)state;
	assert_non_null(compile(WHO, MAKERS_TOLD, &m, &e));
	attribution_read(mem, KEPT("exact", AT_EVE("09:00:00"), ""), &who);
	work_begin(&work, WORK_TASK, NULL);
	while (work_spend(&work, WORK_RULES, 1000000, &e))
		;
	err_clear(&e);
	assert_false(maker_rules_hold(&m, 1, &who, &work, &by, &e));
	assert_int_equal(e.code, ERR_TOO_COSTLY);
	assert_int_equal(maker_rules_worst(&m, 1)->says.severity, SEVERITY_CRITICAL);
	assert_null(maker_rules_worst(&m, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_wrong_is_refused_where_it_stands),
		TEST(no_more_than_64_ask),
		TEST(a_window_is_as_the_clock_on_the_wall_shows_it),
		TEST(who_made_it_raises_what_a_change_is_and_nothing_else),
		TEST(what_is_left_out_is_not_raised),
		TEST(what_costs_too_much_may_be_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
