/*
 * Rules of windows that come again: which days, by which clocks, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/civil.h"
#include "drift/config/recur.h"
#include "tests/unit/mem.h"

static int64_t
at(const char *text)
{
	int64_t ms;

	if (!time_parse(str_of(text), &ms))
		fail_msg("%s", text);
	return ms / 1000;
}

static struct zone *
zone(const char *name)
{
	struct err   e = { 0 };
	struct zone *z = zone_load(mem, ZONE_FOLDER, name, &e);

	assert_non_null(z);
	return z;
}

static struct recur
rule(const char *text)
{
	struct recur r;
	char         why[RECUR_WHY_MAX];

	if (!recur_parse(str_of(text), &r, why))
		fail_msg("%s: %s", text, why);
	return r;
}

static void
a_rule_comes_to_these_instants(void **state)
{
	static const struct {
		const char *rule, *zone, *start,
		    *at[7]; /* these; the sixth is the last that is looked at */
	} cases[] = {
		{ "FREQ=DAILY;COUNT=3", "UTC", "2026-01-30T02:00:00Z",
		    { "2026-01-30T02:00:00Z", "2026-01-31T02:00:00Z", "2026-02-01T02:00:00Z" } },
		{ "freq=daily;interval=10;until=20260121", "UTC", "2026-01-01T02:00:00Z",
		    { "2026-01-01T02:00:00Z", "2026-01-11T02:00:00Z", "2026-01-21T02:00:00Z" } },
		{ "FREQ=DAILY;UNTIL=20260102T020000Z", "UTC", "2026-01-01T02:00:00Z",
		    { "2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z" } },
		{ "FREQ=DAILY;UNTIL=20260102T015959Z", "UTC", "2026-01-01T02:00:00Z",
		    { "2026-01-01T02:00:00Z" } },
		{ "FREQ=DAILY;BYDAY=MO,WE;COUNT=3", "UTC", "2026-01-01T02:00:00Z",
		    { "2026-01-05T02:00:00Z", "2026-01-07T02:00:00Z", "2026-01-12T02:00:00Z" } },
		{ "FREQ=DAILY;BYMONTHDAY=1,-1;COUNT=3", "UTC", "2026-01-31T02:00:00Z",
		    { "2026-01-31T02:00:00Z", "2026-02-01T02:00:00Z", "2026-02-28T02:00:00Z" } },
		/* a Thursday */
		{ "FREQ=WEEKLY;COUNT=2", "UTC", "2026-01-01T02:00:00Z",
		    { "2026-01-01T02:00:00Z", "2026-01-08T02:00:00Z" } },
		{ "FREQ=WEEKLY;BYDAY=SU,TU;COUNT=3", "UTC", "2026-01-01T02:00:00Z",
		    { "2026-01-04T02:00:00Z", "2026-01-06T02:00:00Z", "2026-01-11T02:00:00Z" } },
		/* the example of RFC 5545: the week's first day makes a difference */
		{ "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "UTC",
		    "1997-08-05T09:00:00Z",
		    { "1997-08-05T09:00:00Z", "1997-08-10T09:00:00Z", "1997-08-19T09:00:00Z",
			"1997-08-24T09:00:00Z" } },
		{ "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "UTC",
		    "1997-08-05T09:00:00Z",
		    { "1997-08-05T09:00:00Z", "1997-08-17T09:00:00Z", "1997-08-19T09:00:00Z",
			"1997-08-31T09:00:00Z" } },
		/* of the same: the first Friday, the second-to-last Monday, the third-to-last day
		 */
		{ "FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "America/New_York", "1997-09-05T09:00:00-04:00",
		    { "1997-09-05T09:00:00-04:00", "1997-10-03T09:00:00-04:00",
			"1997-11-07T09:00:00-05:00" } },
		{ "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "America/New_York",
		    "1997-09-22T09:00:00-04:00",
		    { "1997-09-22T09:00:00-04:00", "1997-10-20T09:00:00-04:00",
			"1997-11-17T09:00:00-05:00", "1997-12-22T09:00:00-05:00",
			"1998-01-19T09:00:00-05:00", "1998-02-16T09:00:00-05:00" } },
		{ "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "America/New_York",
		    "1997-09-28T09:00:00-04:00",
		    { "1997-09-28T09:00:00-04:00", "1997-10-29T09:00:00-05:00",
			"1997-11-28T09:00:00-05:00" } },
		{ "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "America/New_York",
		    "1997-09-07T09:00:00-04:00",
		    { "1997-09-07T09:00:00-04:00", "1997-09-28T09:00:00-04:00",
			"1997-11-02T09:00:00-05:00", "1997-11-30T09:00:00-05:00" } },
		/* "the first Saturday that follows the first Sunday of the month" */
		{ "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=3", "UTC",
		    "1997-09-13T09:00:00Z",
		    { "1997-09-13T09:00:00Z", "1997-10-11T09:00:00Z", "1997-11-08T09:00:00Z" } },
		{ "FREQ=MONTHLY;BYDAY=5MO;COUNT=2", "UTC", "2026-01-01T02:00:00Z",
		    { "2026-03-30T02:00:00Z", "2026-06-29T02:00:00Z" } },
		/* a month without that day has no turn */
		{ "FREQ=MONTHLY;COUNT=3", "UTC", "2026-01-31T02:00:00Z",
		    { "2026-01-31T02:00:00Z", "2026-03-31T02:00:00Z", "2026-05-31T02:00:00Z" } },
		/* the time of the wall stays, as the clock is set */
		{ "FREQ=WEEKLY;BYDAY=SU;COUNT=3", "Europe/Berlin", "2026-03-22T04:00:00+01:00",
		    { "2026-03-22T03:00:00Z", "2026-03-29T02:00:00Z", "2026-04-05T02:00:00Z" } },
		/* 02:30 is skipped on 29 March: at 03:00, when the clock is set */
		{ "FREQ=DAILY;COUNT=3", "Europe/Berlin", "2026-03-28T02:30:00+01:00",
		    { "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z" } },
		/* 02:30 comes twice on 25 October: the first time */
		{ "FREQ=DAILY;COUNT=3", "Europe/Berlin", "2026-10-24T02:30:00+02:00",
		    { "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z" } },
		/* a series that begins the second time begins then */
		{ "FREQ=DAILY;COUNT=2", "Europe/Berlin", "2026-10-25T02:30:00+01:00",
		    { "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z" } },
		/* by the day of the place, not of UTC */
		{ "FREQ=WEEKLY;BYDAY=MO;COUNT=1", "Pacific/Auckland", "2026-01-04T22:00:00Z",
		    { "2026-01-04T22:00:00Z" } },
		{ "FREQ=DAILY;UNTIL=20260106", "Pacific/Auckland", "2026-01-04T22:00:00Z",
		    { "2026-01-04T22:00:00Z", "2026-01-05T22:00:00Z" } },
		{ "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30;COUNT=2", "UTC", "2026-02-01T00:00:00Z",
		    { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recur      r = rule(cases[i].rule);
		struct recur_walk w;
		int64_t           next;
		size_t            n = 0;

		recur_begin(&r, zone(cases[i].zone), at(cases[i].start), &w);
		while (recur_next(&w, &next)) {
			char is[TIME_TEXT_MAX];

			time_print(next * 1000, is);
			if (cases[i].at[n] == NULL || at(cases[i].at[n]) != next)
				fail_msg("%s, turn %zu: %s, not %s", cases[i].rule, n + 1, is,
				    cases[i].at[n] == NULL ? "none" : cases[i].at[n]);
			n++;
		}
		if (cases[i].at[n] != NULL)
			fail_msg("%s, turn %zu: none", cases[i].rule, n + 1);
	}
}

/* What each rule of a table of parts comes to is held against a second way to say the same: day by
 * day, by what RFC 5545 says of the parts, from the start. */
static void
each_rule_of_the_table_comes_to_the_days_that_its_parts_name(void **state)
{
	static const char *const days[] = { "", ";BYDAY=MO,TH", ";BYMONTHDAY=1,15,-1",
		";BYDAY=FR;BYMONTHDAY=13,-1" };
	static const char *const freqs[] = { "DAILY", "WEEKLY", "MONTHLY" };
	struct zone             *utc = zone("UTC");

	(void)state;
	for (size_t f = 0; f < 3; f++)
		for (size_t d = 0; d < 4; d++)
			for (int interval = 1; interval < 5; interval++) {
				int64_t      start = civil_days(2027, 12, 15), day = start, next;
				struct recur r;
				struct recur_walk w;
				char              text[120], why[RECUR_WHY_MAX];

				snprintf(text, sizeof(text), "FREQ=%s;INTERVAL=%d%s;UNTIL=20290101",
				    freqs[f], interval, days[d]);
				if (f == 1 && d > 1) {
					assert_false(recur_parse(str_of(text), &r, why));
					continue;
				}
				r = rule(text);
				recur_begin(&r, utc, start * 86400, &w);
				for (; day <= civil_days(2029, 1, 1); day++) {
					struct civil c = civil_of(day);
					int          wd = civil_weekday(day),
					    last = civil_month_days(c.year, c.month);
					int64_t monday = day - (wd + 6) % 7,
						first = start - (civil_weekday(start) + 6) % 7;
					int64_t unit[] = { day - start, (monday - first) / 7,
						(c.year - 2027) * 12 + c.month - 12 };
					bool is[] = { f == 0 || (f == 1 ? wd == civil_weekday(start)
									: c.day == 15),
						wd == 1 || wd == 4,
						c.day == 1 || c.day == 15 || c.day == last,
						wd == 5 && (c.day == 13 || c.day == last) };

					if (unit[f] % interval != 0 || !is[d])
						continue;
					if (!recur_next(&w, &next) || next != day * 86400)
						fail_msg("%s: %d-%02d-%02d", text, c.year, c.month,
						    c.day);
				}
				assert_false(recur_next(&w, &next));
				assert_false(w.cut);
			}
}

static void
what_goes_on_too_long_says_so(void **state)
{
	static const struct {
		const char *rule;
		bool        ends, cut;
	} cases[] = {
		{ "FREQ=DAILY", false, true },
		{ "FREQ=DAILY;COUNT=1096", true, false },
		{ "FREQ=WEEKLY;COUNT=1000", true, true },
		{ "FREQ=WEEKLY;UNTIL=20990101", true, true },
		{ "FREQ=WEEKLY;UNTIL=20990101T000000Z", true, true },
		{ "FREQ=WEEKLY;UNTIL=20281201", true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recur      r = rule(cases[i].rule);
		struct recur_walk w;
		int64_t           next;

		recur_begin(&r, zone("UTC"), at("2026-01-01T00:00:00Z"), &w);
		while (recur_next(&w, &next))
			;
		if (recur_ends(&r) != cases[i].ends || w.cut != cases[i].cut)
			fail_msg("%s", cases[i].rule);
	}
}

static void
a_rule_that_is_none_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *rule, *why;
	} cases[] = {
		{ "", "must be parts such as" },
		{ "FREQ", "FREQ must be DAILY" },
		{ "FREQ=", "FREQ must be DAILY" },
		{ "FREQ=HOURLY", "FREQ must be DAILY" },
		{ "FREQ=YEARLY;COUNT=1", "FREQ must be DAILY" },
		{ "INTERVAL=2;COUNT=1", "must have FREQ" },
		{ "RRULE:FREQ=DAILY;COUNT=1", "must be parts such as" },
		{ "FREQ=DAILY;", "must be parts such as" },
		{ "FREQ=DAILY;FREQ=DAILY", "has FREQ twice" },
		{ "FREQ=DAILY;BYHOUR=2", "must be parts such as" },
		{ "FREQ=DAILY;BYSETPOS=1", "must be parts such as" },
		{ "FREQ=DAILY;INTERVAL=0", "INTERVAL must be" },
		{ "FREQ=DAILY;INTERVAL=-1", "INTERVAL must be" },
		{ "FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL must be" },
		{ "FREQ=DAILY;COUNT=0", "COUNT must be" },
		{ "FREQ=DAILY;COUNT=1097", "COUNT must be" },
		{ "FREQ=DAILY;COUNT=1;UNTIL=20270101", "COUNT or UNTIL, not both" },
		{ "FREQ=DAILY;UNTIL=20270229", "UNTIL must be" },
		{ "FREQ=DAILY;UNTIL=20270101T000000", "UNTIL must be" },
		{ "FREQ=DAILY;UNTIL=2027-01-01", "UNTIL must be" },
		{ "FREQ=DAILY;UNTIL=20270101T240000Z", "UNTIL must be" },
		{ "FREQ=WEEKLY;BYDAY=1MO", "ordinal" },
		{ "FREQ=DAILY;BYDAY=-1MO", "ordinal" },
		{ "FREQ=MONTHLY;BYDAY=6MO", "BYDAY must be" },
		{ "FREQ=MONTHLY;BYDAY=-MO", "BYDAY must be" },
		{ "FREQ=MONTHLY;BYDAY=0MO", "BYDAY must be" },
		{ "FREQ=MONTHLY;BYDAY=MO,", "BYDAY must be" },
		{ "FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY must be" },
		{ "FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must be" },
		{ "FREQ=MONTHLY;BYMONTHDAY=", "BYMONTHDAY must be" },
		{ "FREQ=WEEKLY;BYMONTHDAY=1", "does not go with WEEKLY" },
		{ "FREQ=WEEKLY;WKST=1MO", "WKST must be" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recur r;
		char         why[RECUR_WHY_MAX] = "";

		if (recur_parse(str_of(cases[i].rule), &r, why) ||
		    strstr(why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].rule, why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rule_comes_to_these_instants),
		TEST(each_rule_of_the_table_comes_to_the_days_that_its_parts_name),
		TEST(what_goes_on_too_long_says_so),
		TEST(a_rule_that_is_none_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests_name("recur", tests, NULL, NULL);
}
