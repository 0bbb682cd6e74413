/* Who did it, as a source pack says: what it must not say, and what it comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/source/rest.h"
#include "drift/source/source_pack.h"

#define LOG                                                                                        \
	"\"log\":{\"category\":\"log\",\"path\":\"/log\",\"query\":{\"from\":\"{since}\"},"        \
	"\"items\":\"/v\",\"key\":\"id\"}"
#define REST                                                                                       \
	"\"time\":\"/at\",\"targets\":[\"/t/*/id\"],\"activity\":\"/a\","                          \
	"\"actors\":[{\"kind\":\"user\",\"at\":\"/who\",\"id\":\"/id\"}]"

static const struct {
	const char *what, *attribution, *fault;
} rows[] = {
	{ "the least that it can be", "{" LOG "," REST "}", NULL },
	{ "a log is required", "{" REST "}", "/attribution/log" },
	{ "no log is read over others",
	    "{\"log\":{\"category\":\"log\",\"path\":\"/log\",\"key\":\"id\",\"over\":\"c\"}," REST
	    "}",
	    "/attribution/log/over" },
	{ "a log has a path that stays",
	    "{\"log\":{\"category\":\"log\",\"path\":\"/../log\",\"key\":\"id\"}," REST "}",
	    "/attribution/log/path" },
	{ "a bucket must be there",
	    "{\"log\":{\"category\":\"log\",\"path\":\"/"
	    "log\",\"key\":\"id\",\"bucket\":\"b\"}," REST "}",
	    "/attribution/log/bucket" },
	{ "a log knows no other blank",
	    "{\"log\":{\"category\":\"log\",\"path\":\"/log/{until}\",\"key\":\"id\"}," REST "}",
	    "/attribution/log/path" },
	{ "an unknown member", "{" LOG "," REST ",\"who\":1}", "/attribution/who" },
	{ "a window of a second", "{" LOG "," REST ",\"window_s\":1}", "/attribution/window_s" },
	{ "a pointer without a slash", "{" LOG "," REST ",\"correlation\":\"c\"}",
	    "/attribution/correlation" },
	{ "a pointer of too many steps",
	    "{" LOG "," REST ",\"correlation\":\"/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h\"}",
	    "/attribution/correlation" },
	{ "a kind of actor that there is not",
	    "{" LOG ",\"time\":\"/at\",\"targets\":[\"/t\"],\"activity\":\"/a\","
	    "\"actors\":[{\"kind\":\"ghost\",\"at\":\"/who\",\"id\":\"/id\"}]}",
	    "/attribution/actors/0/kind" },
	{ "an activity about a category that is not read",
	    "{" LOG "," REST ",\"activities\":[{\"name\":\"Do\",\"categories\":[\"c\",\"d\"]}]}",
	    "/attribution/activities/0/categories/1" },
	{ "an activity about one that is",
	    "{" LOG "," REST ",\"activities\":[{\"name\":\"Do\",\"categories\":[\"c\"]}]}", NULL },
};

static struct source_pack *
parse(TALLOC_CTX *mem, const char *parameters, const char *attribution, struct err *e)
{
	char *text = talloc_asprintf(mem,
	    "{\"name\":\"p\",\"title\":\"T\",\"parameters\":[%s],"
	    "\"hosts\":[{\"name\":\"h\",\"url\":\"https://a.example\"}],"
	    "\"collections\":[{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\"}],"
	    "\"attribution\":%s}",
	    parameters, attribution);

	assert_non_null(text);
	return source_pack_parse(mem, str_of(text), NULL, e);
}

static void
what_a_pack_says_of_who_did_it_is_refused_by_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		TALLOC_CTX         *mem = talloc_new(NULL);
		struct err          e = { 0 };
		struct source_pack *pack = parse(mem, "", rows[i].attribution, &e);

		if (rows[i].fault == NULL && pack == NULL)
			fail_msg(
			    "%s: %s", rows[i].what, e.faults != NULL ? e.faults->detail : e.detail);
		if (rows[i].fault != NULL && (pack != NULL || e.faults == NULL ||
						 strcmp(e.faults->pointer, rows[i].fault) != 0))
			fail_msg("%s: at %s", rows[i].what,
			    e.faults != NULL ? e.faults->pointer : "nowhere");
		talloc_free(mem);
	}
}

static void
a_parameter_may_not_be_called_as_what_the_log_is_asked_from(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };

	(void)state;
	assert_null(parse(mem, "{\"name\":\"since\",\"doc\":\"\"}", "{" LOG "," REST "}", &e));
	assert_string_equal(e.faults->pointer, "/attribution/log");
	talloc_free(mem);
}

/* ---- what is read soon ---- */

static void
what_a_pack_says_of_what_is_read_soon_is_refused_by_its_place(void **state)
{
	static const struct {
		const char *what, *watch, *fault;
	} bad[] = {
		{ "the least that it can be",
		    "{\"activities\":[{\"names\":[\"Do\"],\"categories\":[\"c\"]}]}", NULL },
		{ "the beginning of a name",
		    "{\"activities\":[{\"names\":[\"Do*\"],\"categories\":[\"c\"]}]}", NULL },
		{ "it has activities", "{}", "/watch/activities" },
		{ "no member is unknown", "{\"activities\":[],\"log\":{}}", "/watch/activities" },
		{ "a category is read",
		    "{\"activities\":[{\"names\":[\"Do\"],\"categories\":[\"c\",\"d\"]}]}",
		    "/watch/activities/0/categories/1" },
		{ "a star stands at the end",
		    "{\"activities\":[{\"names\":[\"Do\",\"D*o\"],\"categories\":[\"c\"]}]}",
		    "/watch/activities/0/names/1" },
		{ "everything is no name",
		    "{\"activities\":[{\"names\":[\"*\"],\"categories\":[\"c\"]}]}",
		    "/watch/activities/0/names/0" },
		{ "nothing is none", "{\"activities\":[{\"names\":[\"\"],\"categories\":[\"c\"]}]}",
		    "/watch/activities/0/names/0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct err  e = { 0 };
		const char *more =
		    talloc_asprintf(mem, "{" LOG "," REST "},\"watch\":%s", bad[i].watch);
		struct source_pack *pack = parse(mem, "", more, &e);

		if ((bad[i].fault == NULL) != (pack != NULL) ||
		    (pack == NULL &&
			(e.faults == NULL || strcmp(e.faults->pointer, bad[i].fault) != 0)))
			fail_msg("%s: at %s", bad[i].what,
			    e.faults != NULL ? e.faults->pointer : "nowhere");
		talloc_free(mem);
	}
}

static void
an_activity_touches_what_its_name_or_the_beginning_of_it_says(void **state)
{
	static const struct {
		const char *activity;
		bool        touches;
	} names[] = { { "do", true }, { "Do", true }, { "Do it", false }, { "Undo", false },
		{ "Add member to role", true }, { "ADD MEMBER TO ROLE completed (x)", true },
		{ "Add member to rol", false }, { "", false }, { "*", false } };
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct err          e = { 0 };
	struct source_pack *pack = parse(mem, "",
	    "{" LOG "," REST "},\"watch\":{\"activities\":[{\"names\":[\"Do\",\"Add member to "
	    "role*\"],\"categories\":[\"c\"]}]}",
	    &e);

	(void)state;
	assert_non_null(pack);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		bool touched = false;

		if (source_watch_touches(pack, names[i].activity, &touched) != names[i].touches ||
		    touched != names[i].touches)
			fail_msg("\"%s\"", names[i].activity);
	}
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_pack_says_of_who_did_it_is_refused_by_its_place),
		cmocka_unit_test(a_parameter_may_not_be_called_as_what_the_log_is_asked_from),
		cmocka_unit_test(what_a_pack_says_of_what_is_read_soon_is_refused_by_its_place),
		cmocka_unit_test(an_activity_touches_what_its_name_or_the_beginning_of_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
