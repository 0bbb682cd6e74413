/*
 * Slots: what a cron expression and an interval come to, by the clocks of a place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "drift/config/schedule.h"
#include "tests/unit/mem.h"

static instant
at(const char *text)
{
	instant t;

	if (!time_parse(str_of(text), &t.ms))
		fail_msg("%s", text);
	return t;
}

static bool
compile(const char *text, struct schedule_plan *plan, struct err *e)
{
	struct schedule_spec spec;
	const struct json   *tree = json_parse(mem, str_of(talloc_strdup(mem, text)), e);

	assert_non_null(tree);
	return schema_decode_at(mem, &schedule_spec_schema, tree, "/schedule", &spec, e) &&
	       schedule_compile(mem, &spec, plan, e);
}

static struct schedule_plan
cron(const char *text, const char *zone)
{
	struct schedule_plan p;
	struct err           e = { 0 };

	if (!compile(
		talloc_asprintf(mem, "{\"cron\":\"%s\",\"timezone\":\"%s\"}", text, zone), &p, &e))
		fail_msg("%s: %s", text, e.faults == NULL ? e.detail : e.faults->detail);
	return p;
}

/* ---- cron ---- */

static void
a_cron_expression_comes_to_these_slots(void **state)
{
	static const struct {
		const char *cron, *zone, *after, *slots[4];
	} cases[] = {
		{ "30 3 * * *", "UTC", "2026-01-01T03:29:59.999Z",
		    { "2026-01-01T03:30:00Z", "2026-01-02T03:30:00Z" } },
		{ "30 3 * * *", "UTC", "2026-01-01T03:30:00Z", { "2026-01-02T03:30:00Z" } },
		{ "*/15 * * * *", "UTC", "2026-01-01T00:44:00Z",
		    { "2026-01-01T00:45:00Z", "2026-01-01T01:00:00Z", "2026-01-01T01:15:00Z" } },
		{ "10/20 5 * * *", "UTC", "2026-01-01T00:00:00Z",
		    { "2026-01-01T05:10:00Z", "2026-01-01T05:30:00Z", "2026-01-01T05:50:00Z",
			"2026-01-02T05:10:00Z" } },
		{ "0 8-18/5,20 * * MON-fri", "UTC", "2026-11-27T18:00:00Z", /* a Friday */
		    { "2026-11-27T20:00:00Z", "2026-11-30T08:00:00Z", "2026-11-30T13:00:00Z" } },
		{ "0 0 * * 7", "UTC", "2026-11-30T00:00:00Z",
		    { "2026-12-06T00:00:00Z", "2026-12-13T00:00:00Z" } },
		{ "0 0 * * 5-7", "UTC", "2026-11-30T00:00:00Z",
		    { "2026-12-04T00:00:00Z", "2026-12-05T00:00:00Z", "2026-12-06T00:00:00Z",
			"2026-12-11T00:00:00Z" } },
		/* both days: either is enough */
		{ "0 0 13 * FRI", "UTC", "2026-11-01T00:00:00Z",
		    { "2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z" } },
		{ "0 0 1,15 * SUN", "UTC", "2026-11-30T00:00:00Z",
		    { "2026-12-01T00:00:00Z", "2026-12-06T00:00:00Z", "2026-12-13T00:00:00Z",
			"2026-12-15T00:00:00Z" } },
		/* one of them begins with *: both must hold */
		{ "0 0 */2 * MON", "UTC", "2026-11-30T00:00:00Z",
		    { "2026-12-07T00:00:00Z", "2026-12-21T00:00:00Z" } },
		{ "0 12 29 2 *", "UTC", "2026-01-01T00:00:00Z",
		    { "2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z" } },
		{ "0 12 29 2 *", "UTC", "2096-03-01T00:00:00Z", { "2104-02-29T12:00:00Z" } },
		{ "0 0 31 * *", "UTC", "2026-02-01T00:00:00Z",
		    { "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z" } },
		{ "@hourly", "UTC", "2026-12-31T23:00:00Z",
		    { "2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z" } },
		{ "@yearly", "UTC", "2026-01-01T00:00:00Z",
		    { "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z" } },
		{ "@weekly", "UTC", "2026-11-30T00:00:00Z", { "2026-12-06T00:00:00Z" } },
		{ "  0\\t9   * * * ", "UTC", "2026-01-01T00:00:00Z", { "2026-01-01T09:00:00Z" } },
		/* clocks of a place, in winter and in summer */
		{ "0 9 * * *", "Europe/Berlin", "2026-01-10T00:00:00Z",
		    { "2026-01-10T08:00:00Z" } },
		{ "0 9 * * *", "Europe/Berlin", "2026-07-10T00:00:00Z",
		    { "2026-07-10T07:00:00Z" } },
		{ "0 9 * * *", "Asia/Kolkata", "2026-07-10T00:00:00Z", { "2026-07-10T03:30:00Z" } },
		/* set forward at 2: what is skipped has its turn then, once */
		{ "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
		    { "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z" } },
		{ "0,15,30,45 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
		    { "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z" } },
		{ "30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
		    { "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z" } },
		{ "15 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", /* no hour is missing */
		    { "2026-03-29T00:15:00Z", "2026-03-29T01:15:00Z", "2026-03-29T02:15:00Z" } },
		/* set back at 3: what is repeated has its turn the first time */
		{ "30 2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z",
		    { "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z" } },
		{ "0 3 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z",
		    { "2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z" } },
		{ "15 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", /* every hour is there */
		    { "2026-10-25T00:15:00Z", "2026-10-25T01:15:00Z", "2026-10-25T02:15:00Z" } },
		{ "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
		    { "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z" } },
		/* by half an hour; at midnight; a day that was left out; far ahead, by the rule */
		{ "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z",
		    { "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z" } },
		{ "*/30 * * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z",
		    { "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z", "2026-10-03T16:30:00Z" } },
		{ "0 0 * * *", "America/Havana", "2026-03-07T12:00:00Z",
		    { "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z" } },
		{ "0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z",
		    { "2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z" } },
		{ "30 2 * * *", "Europe/Berlin", "2060-03-27T12:00:00Z",
		    { "2060-03-28T01:00:00Z", "2060-03-29T00:30:00Z" } },
	};
	const struct uuid id = { 0 };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct schedule_plan p = cron(cases[i].cron, cases[i].zone);
		instant              t = at(cases[i].after);

		for (size_t k = 0; k < 4 && cases[i].slots[k] != NULL; k++) {
			char text[TIME_TEXT_MAX];

			t = slot_next(&p, &id, t);
			time_print(t.ms, text);
			if (t.ms != at(cases[i].slots[k]).ms)
				fail_msg("%s in %s after %s: slot %zu is %s", cases[i].cron,
				    cases[i].zone, cases[i].after, k, text);
			/* looking back finds what looking ahead did */
			assert_int_equal(slot_last(&p, &id, t).ms, t.ms);
			if (k > 0)
				assert_int_equal(slot_last(&p, &id, (instant) { t.ms - 1 }).ms,
				    at(cases[i].slots[k - 1]).ms);
		}
	}
}

static void
what_is_no_schedule_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *pointer, *part;
	} bad[] = {
		{ "{}", "/schedule", "one of interval_s and cron" },
		{ "{\"enabled\":false}", "/schedule", "one of interval_s and cron" },
		{ "{\"interval_s\":600,\"cron\":\"0 0 * * *\"}", "/schedule", "one of" },
		{ "{\"interval_s\":59}", "/schedule/interval_s", "60" },
		{ "{\"interval_s\":-600}", "/schedule/interval_s", "60" },
		{ "{\"interval_s\":2678401}", "/schedule/interval_s", "2678400" },
		{ "{\"interval_s\":600,\"timezone\":\"UTC\"}", "/schedule/timezone", "cron only" },
		{ "{\"cron\":\"0 0 * *\"}", "/schedule/cron", "five fields" },
		{ "{\"cron\":\"* 0 0 * * *\"}", "/schedule/cron", "five fields" },
		{ "{\"cron\":\"@reboot\"}", "/schedule/cron", "five fields" },
		{ "{\"cron\":\"60 0 * * *\"}", "/schedule/cron", "minute" },
		{ "{\"cron\":\"0 24 * * *\"}", "/schedule/cron", "hour" },
		{ "{\"cron\":\"0 22-2 * * *\"}", "/schedule/cron", "hour" },
		{ "{\"cron\":\"*/0 * * * *\"}", "/schedule/cron", "minute" },
		{ "{\"cron\":\"*/-5 * * * *\"}", "/schedule/cron", "minute" },
		{ "{\"cron\":\"1,,2 * * * *\"}", "/schedule/cron", "minute" },
		{ "{\"cron\":\"1- * * * *\"}", "/schedule/cron", "minute" },
		{ "{\"cron\":\"0 0 0 * *\"}", "/schedule/cron", "day of the month" },
		{ "{\"cron\":\"0 0 32 * *\"}", "/schedule/cron", "day of the month" },
		{ "{\"cron\":\"0 0 1 13 *\"}", "/schedule/cron", "month" },
		{ "{\"cron\":\"0 0 1 FOO *\"}", "/schedule/cron", "month" },
		{ "{\"cron\":\"0 0 * * 8\"}", "/schedule/cron", "day of the week" },
		{ "{\"cron\":\"0 0 * * MONDAY\"}", "/schedule/cron", "day of the week" },
		{ "{\"cron\":\"0 0 30 2 *\"}", "/schedule/cron", "none of its months" },
		{ "{\"cron\":\"0 0 31 4,JUN,9,11 *\"}", "/schedule/cron", "none of its months" },
		{ "{\"cron\":\"0 0 * * *\",\"timezone\":\"Europe/Atlantis\"}", "/schedule/timezone",
		    "no such time zone" },
		{ "{\"cron\":\"0 0 * * *\",\"timezone\":\"../../../etc/passwd\"}",
		    "/schedule/timezone", "no such time zone" },
		{ "{\"cron\":\"0 0 * * *\",\"timezone\":\"/etc/localtime\"}", "/schedule/timezone",
		    "no such time zone" },
		{ "{\"cron\":\"0 0 * * *\",\"timezone\":\"Europe\"}", "/schedule/timezone",
		    "no such time zone" },
		{ "{\"every\":5}", "/schedule/every", "unknown member" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		struct schedule_plan p;
		struct err           e = { 0 };

		if (compile(bad[i].text, &p, &e) || e.faults == NULL)
			fail_msg("%s was taken", bad[i].text);
		assert_string_equal(e.faults->pointer, bad[i].pointer);
		if (strstr(e.faults->detail, bad[i].part) == NULL)
			fail_msg("%s: %s", bad[i].text, e.faults->detail);
	}
}

/* ---- without tzdata ---- */

static void
without_tzdata_there_is_utc_and_a_sentence(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_non_null(zone_load(mem, "/nowhere", "UTC", &e));
	assert_null(zone_load(mem, "/nowhere", "Europe/Berlin", &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.pub, "no tzdata"));
	err_clear(&e);
	assert_null(zone_load(mem, "tests/unit", "mem", &e)); /* there is such a folder */
	assert_non_null(strstr(e.pub, "no such time zone"));
}

/* ---- intervals ---- */

static void
slots_of_an_interval_lie_at_a_place_of_the_configs_own(void **state)
{
	struct schedule_plan p;
	struct err           e = { 0 };
	instant              now = at("2026-11-30T00:00:00Z");
	int                  of_minute[10] = { 0 };

	(void)state;
	assert_true(compile("{\"interval_s\":600}", &p, &e));
	for (int i = 0; i < 1000; i++) {
		struct uuid id = uuid_make(&clock_system, &rand_system);
		instant     slot = slot_next(&p, &id, now);

		assert_true(slot.ms > now.ms && slot.ms <= now.ms + 600000);
		assert_int_equal(slot_next(&p, &id, slot).ms, slot.ms + 600000);
		assert_int_equal(slot_last(&p, &id, slot).ms, slot.ms);
		assert_int_equal(
		    slot_last(&p, &id, (instant) { slot.ms - 1 }).ms, slot.ms - 600000);
		assert_int_equal(slot_due(&p, &id, slot).ms, slot.ms);
		assert_int_equal(slots_between(&p, &id, slot, (instant) { slot.ms + 6000000 }), 9);
		of_minute[(slot.ms - now.ms - 1) / 60000]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(of_minute[i], 50, 150); /* a hundred each, more or less */
	/* nobody counts for ever */
	assert_int_equal(slots_between(&p, &(struct uuid) { 0 }, at("1990-01-01T00:00:00Z"), now),
	    SCHEDULE_COUNT_MAX);
}

static void
a_cron_slot_is_due_a_little_later_and_before_the_next(void **state)
{
	static const struct {
		const char *cron;
		int64_t     most_ms;
	} cases[] = { { "* * * * *", 6000 }, { "*/5 * * * *", 30000 }, { "@daily", 30000 } };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct schedule_plan p = cron(cases[i].cron, "UTC");
		int64_t              least = INT64_MAX, most = 0;

		for (int k = 0; k < 200; k++) {
			struct uuid id = uuid_make(&clock_system, &rand_system);
			instant     slot = slot_next(&p, &id, at("2026-11-30T00:00:00Z"));
			int64_t     late = slot_due(&p, &id, slot).ms - slot.ms;

			assert_int_equal(slot_due(&p, &id, slot).ms - slot.ms, late);
			least = late < least ? late : least;
			most = late > most ? late : most;
		}
		assert_true(least >= 0 && least < cases[i].most_ms / 5);
		assert_true(most < cases[i].most_ms && most > cases[i].most_ms * 4 / 5);
	}
}

static void
how_far_slots_are_apart_is_known(void **state)
{
	static const struct {
		const char *cron;
		int64_t     longest_s;
	} cases[] = {
		{ "* * * * *", 60 },
		{ "*/7 * * * *", 7 * 60 },
		{ "0 * * * *", 3600 },
		{ "0 9 * * *", 86400 },
		{ "0 9-17 * * *", 16 * 3600 },
		{ "0 9 * * 1-5", 3 * 86400 },
		{ "0 0 1 * *", 31 * 86400 },
		{ "0 0 29 2 *", 1461 * 86400 },
	};
	struct schedule_plan p;
	struct err           e = { 0 };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		p = cron(cases[i].cron, "UTC");
		assert_int_equal(schedule_beat_s(&p), cases[i].longest_s * 11 / 10);
	}
	assert_true(compile("{\"interval_s\":600}", &p, &e));
	assert_int_equal(schedule_beat_s(&p), 660);
	assert_true(compile("{\"interval_s\":600,\"enabled\":false}", &p, &e));
	assert_int_equal(schedule_beat_s(&p), 0);
	assert_int_equal(slot_next(&p, &(struct uuid) { 0 }, at("2026-11-30T00:00:00Z")).ms, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cron_expression_comes_to_these_slots),
		TEST(what_is_no_schedule_is_refused_with_its_place),
		TEST(without_tzdata_there_is_utc_and_a_sentence),
		TEST(slots_of_an_interval_lie_at_a_place_of_the_configs_own),
		TEST(a_cron_slot_is_due_a_little_later_and_before_the_next),
		TEST(how_far_slots_are_apart_is_known),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
