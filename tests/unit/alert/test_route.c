/* alert_route.h: which alerts fit a route, and what is odd about one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/alert/alert_route.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#define CONFIG "01890a5d-ac96-774b-bcce-b302099a8057"
#define ROUTE(n, rest)                                                                             \
	"{\"id\":\"01890a5d-ac96-774b-bcce-b302099a800" n "\",\"name\":\"r" n "\"," rest           \
	"\"created_at\":\"2026-11-30T10:00:00.000Z\",\"updated_at\":\"2026-11-30T10:00:00.000Z\"}"
#define MATCH(text)   ROUTE("1", "\"match\":{" text "},")
#define CHANNELS      "\"channels\":[\"01890a5d-ac96-774b-bcce-b30209900001\"],"
#define LIST(content) "{\"routes\":[" content "]}"

static struct alert_routes
read(TALLOC_CTX *mem, const char *text)
{
	struct alert_routes out;
	struct err          e = { 0 };

	if (!routes_read(mem, text, &out, &e))
		fail_msg("%s: %s", text, e.pub);
	return out;
}

/* A high alert of kind drift, in two categories, by two of whom one has no id; Monday 2026-11-30
 * 10:00 UTC. */
static struct route_facts
facts(TALLOC_CTX *mem)
{
	static struct str  categories[] = { { "roles", 5 }, { "policies", 8 } }; /* shorter first */
	static const char *controls[] = { "CIS-1.1", "CIS-2" };
	struct attribution *makers = talloc_zero(mem, struct attribution);
	struct route_facts  f = {
		 .severity = SEVERITY_HIGH,
		 .kind = "drift",
		 .categories = categories,
		 .categories_n = LEN(categories),
		 .controls = { controls, LEN(controls) },
		 .makers = makers,
		 .at = { INT64_C(1796032800000) },
	};

	makers->confidence = CONFIDENCE_OBJECT;
	makers->n = 2;
	makers->actors = talloc_zero_array(mem, struct attribution_actor_row, 2);
	makers->actors[0].name = "someone@example.org";
	makers->actors[1].id = "AB-12";
	assert_true(uuid_parse(STR(CONFIG), &f.config_id));
	return f;
}

static const struct {
	const char *match, *misfit; /* NULL: it fits */
} fits[] = {
	{ "", NULL },
	{ "\"min_severity\":\"high\"", NULL },
	{ "\"min_severity\":\"critical\"", "min_severity" },
	{ "\"max_severity\":\"high\"", NULL },
	{ "\"max_severity\":\"medium\"", "max_severity" },
	{ "\"kinds\":[\"blind\",\"drift\"]", NULL },
	{ "\"kinds\":[\"blind\"]", "kinds" },
	{ "\"configs\":[\"" CONFIG "\"]", NULL },
	{ "\"configs\":[\"01890a5d-ac96-774b-bcce-b302099a8058\"]", "configs" },
	{ "\"categories\":[\"users\",\"policies\"]", NULL },
	{ "\"categories\":[\"Policies\",\"polic\"]", "categories" },
	{ "\"controls\":[\"CIS-2\"]", NULL },
	{ "\"controls\":[\"CIS-1\"]", "controls" },
	{ "\"actors\":[\"aB-12\"]", NULL },
	{ "\"actors\":[\"someone@example.org\"]", "actors" }, /* a name is no id */
	{ "\"confidence\":\"object\"", NULL },
	{ "\"confidence\":\"exact\"", "confidence" },
	{ "\"hours\":[\"mon-fri 08:00-18:00\"]", NULL },
	{ "\"hours\":[\"mon 11:00-11:30 Europe/Berlin\"]", NULL },
	{ "\"hours\":[\"mon 10:00-10:30 Europe/Berlin\",\"sun 00:00-24:00\"]", "hours" },
	{ "\"outside\":[\"mon-fri 08:00-18:00\"]", "outside" },
	{ "\"outside\":[\"mon-fri 18:00-08:00\"]", NULL },
	{ "\"hours\":[\"mon 00:00-24:00 Europe/Gone\"]",
	    NULL }, /* what is gone holds nothing back */
	{ "\"outside\":[\"mon 00:00-24:00 Europe/Gone\"]", NULL },
	{ "\"kinds\":[\"drift\"],\"categories\":[\"roles\"],\"min_severity\":\"critical\"",
	    "min_severity" },
};

static void
an_alert_fits_where_all_that_is_named_fits_and_of_a_list_one_is_enough(void **state)
{
	TALLOC_CTX              *mem = talloc_new(NULL);
	const struct route_facts f = facts(mem);
	int                      wrong = 0;

	(void)state;
	for (size_t i = 0; i < LEN(fits); i++) {
		char                text[1000];
		struct alert_routes routes;
		const char         *got;

		snprintf(text, sizeof(text), LIST(MATCH("%s")), fits[i].match);
		routes = read(mem, text);
		got = route_misfit(mem, routes.list.p, &f);
		if (strcmp(got == NULL ? "" : got, fits[i].misfit == NULL ? "" : fits[i].misfit) ==
		    0)
			continue;
		wrong++;
		fprintf(stderr, "%s: %s\n", fits[i].match, got == NULL ? "fits" : got);
	}
	assert_int_equal(wrong, 0);
	talloc_free(mem);
}

static void
of_an_alert_without_findings_nothing_is_known_of_them(void **state)
{
	static const char *const asks[] = { "\"categories\":[\"roles\"]",
		"\"controls\":[\"CIS-2\"]", "\"actors\":[\"AB-12\"]", "\"confidence\":\"object\"" };
	TALLOC_CTX              *mem = talloc_new(NULL);
	const struct route_facts f = { .severity = SEVERITY_HIGH, .kind = "blind" };

	(void)state;
	for (size_t i = 0; i < LEN(asks); i++) {
		char                text[1000];
		struct alert_routes routes;

		snprintf(text, sizeof(text), LIST(MATCH("%s")), asks[i]);
		routes = read(mem, text);
		assert_non_null(route_misfit(mem, routes.list.p, &f));
	}
	talloc_free(mem);
}

static void
whoever_was_told_by_a_route_is_told_at_any_hour(void **state)
{
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct route_facts  f = facts(mem);
	struct alert_routes routes = read(
	    mem, LIST(MATCH("\"hours\":[\"sun 00:00-24:00\"],\"outside\":[\"mon 00:00-24:00\"]")));

	(void)state;
	assert_string_equal(route_misfit(mem, routes.list.p, &f), "hours");
	f.any_time = true;
	assert_null(route_misfit(mem, routes.list.p, &f));
	talloc_free(mem);
}

/* Two routes; what is odd about the second. */
static const struct {
	const char *first, *second;
	const char *doubt; /* its beginning; NULL: nothing */
} doubts[] = {
	{ CHANNELS, CHANNELS, "No alert comes so far" },
	{ CHANNELS "\"continue\":true,", CHANNELS, NULL },
	{ CHANNELS "\"match\":{\"min_severity\":\"high\"},", CHANNELS, NULL },
	{ CHANNELS "\"match\":{\"min_severity\":\"high\"},",
	    CHANNELS "\"match\":{\"min_severity\":\"critical\",\"kinds\":[\"drift\"]},",
	    "No alert comes so far" },
	{ CHANNELS "\"match\":{\"kinds\":[\"drift\",\"blind\"]},",
	    CHANNELS "\"match\":{\"kinds\":[\"blind\"]},", "No alert comes so far" },
	{ CHANNELS "\"match\":{\"kinds\":[\"drift\"]},",
	    CHANNELS "\"match\":{\"kinds\":[\"blind\",\"drift\"]},", NULL },
	{ CHANNELS "\"match\":{\"hours\":[\"mon 00:00-24:00\"]},", CHANNELS, NULL },
	{ CHANNELS "\"match\":{\"outside\":[\"mon 00:00-24:00\"]},",
	    CHANNELS "\"match\":{\"outside\":[\"mon 00:00-24:00\",\"sun 00:00-24:00\"]},",
	    "No alert comes so far" },
	{ CHANNELS "\"match\":{\"outside\":[\"mon 00:00-24:00\",\"sun 00:00-24:00\"]},",
	    CHANNELS "\"match\":{\"outside\":[\"mon 00:00-24:00\"]},", NULL },
	{ CHANNELS "\"match\":{\"confidence\":\"object\"},",
	    CHANNELS "\"match\":{\"actors\":[\"a\"]},", "No alert comes so far" },
	{ CHANNELS "\"match\":{\"confidence\":\"exact\"},",
	    CHANNELS "\"match\":{\"actors\":[\"a\"]},", NULL },
	{ CHANNELS "\"continue\":true,",
	    CHANNELS "\"match\":{\"kinds\":[\"blind\"],\"categories\":[\"c\"]},", "No alert fits" },
	{ CHANNELS "\"continue\":true,",
	    CHANNELS "\"match\":{\"kinds\":[\"blind\",\"drift\"],\"categories\":[\"c\"]},", NULL },
	{ CHANNELS "\"continue\":true,", "", "It names no channel" },
};

static void
what_no_alert_reaches_is_said(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < LEN(doubts); i++) {
		TALLOC_CTX         *mem = talloc_new(NULL);
		struct err          e = { 0 };
		struct alert_routes routes;
		const char         *got, *want = doubts[i].doubt;
		char                text[2000];

		snprintf(text, sizeof(text), LIST(ROUTE("1", "%s") "," ROUTE("2", "%s")),
		    doubts[i].first, doubts[i].second);
		routes = read(mem, text);
		assert_true(route_doubt(mem, &routes, 1, &got, &e));
		if (want == NULL ? got != NULL
				 : got == NULL || strncmp(got, want, strlen(want)) != 0) {
			wrong++;
			fprintf(stderr, "%zu: %s\n", i, got == NULL ? "nothing" : got);
		}
		talloc_free(mem);
	}
	assert_int_equal(wrong, 0);
}

static void
a_list_is_the_same_when_it_is_read_again(void **state)
{
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct alert_routes routes = read(
	    mem, LIST(ROUTE("1", CHANNELS "\"continue\":true,\"tell_ends\":true,\"repeat_min_"
					  "s\":60,") "," MATCH("\"categories\":[\"a\",\"b\"],"
							       "\"hours\":[\"mon 00:00-24:00\"]")));
	struct err          e = { 0 };
	char               *once, *twice;
	struct alert_target t[ROUTE_CHANNELS_MAX];
	size_t              n = 0;

	(void)state;
	assert_true(routes_print(mem, &routes, &once, &e));
	routes = read(mem, once);
	assert_true(routes_print(mem, &routes, &twice, &e));
	assert_string_equal(once, twice);
	route_add_targets(routes.list.p, t, &n);
	assert_int_equal(n, 1);
	assert_true(t[0].tell_ends && !t[0].tell_makers && t[0].repeat_min_s == 60);
	talloc_free(mem);
}

/* 2026 in Berlin: the clocks go back on October 25th at 01:00 UTC, and forward on March 29th. */
static void
quiet_hours_end_once_whatever_the_clock_does(void **state)
{
	static const struct {
		const char *from, *to;
		int64_t     now_ms, end_ms;
	} cases[] = {
		{ "22:00", "06:00", 1792882800000, 1792904400000 },
		{ "22:00", "02:30", 1792882800000,
		    1792891800000 }, /* the second time it is shown */
		{ "22:00", "02:30", 1792890900000, 1792891800000 },
		{ "22:00", "06:00", 1774738800000, 1774756800000 },
		{ "22:00", "02:30", 1774738800000, 1774746000000 }, /* it is never shown */
		{ "10:00", "11:00", 1792882800000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct route_quiet q = {
			.from = cases[i].from, .to = cases[i].to, .timezone = "Europe/Berlin"
		};

		assert_int_equal(
		    route_quiet_end_ms(&q, (instant) { cases[i].now_ms }), cases[i].end_ms);
		if (cases[i].end_ms != 0)
			assert_int_equal(route_quiet_end_ms(&q, (instant) { cases[i].end_ms }), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_alert_fits_where_all_that_is_named_fits_and_of_a_list_one_is_enough),
		cmocka_unit_test(of_an_alert_without_findings_nothing_is_known_of_them),
		cmocka_unit_test(whoever_was_told_by_a_route_is_told_at_any_hour),
		cmocka_unit_test(what_no_alert_reaches_is_said),
		cmocka_unit_test(a_list_is_the_same_when_it_is_read_again),
		cmocka_unit_test(quiet_hours_end_once_whatever_the_clock_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
