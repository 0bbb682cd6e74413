/*
 * cron.h - five fields that say when: minute, hour, day of the month, month, day of the week.
 *
 *	"30 3 * * 1-5"   "0,30 8-18/2 * * *"   "0 4 29 2 *"   "@daily"
 *
 * A field is * or a list of numbers and ranges, each with a step (/n); months and days of the week have their English
 * names too (JAN, SUN), and 0 and 7 are Sunday.  Where both days say something, either is enough.  @hourly, @daily,
 * @weekly, @monthly and @yearly stand for themselves.
 *
 * A time of the wall that a clock set forward skips has its turn once, at the instant at which it is set; one that a
 * clock set back repeats has its turn once, the first time.  Where every hour is meant the hours themselves count: what
 * is due in each of them is due in the repeated one too, and has no turn in one that is skipped.
 */
#ifndef BSX_DRIFT_CONFIG_CRON_H
#define BSX_DRIFT_CONFIG_CRON_H

#include "core/base/err.h"
#include "core/base/zone.h"

#define CRON_TEXT_MAX 200

struct cron {
	uint64_t minutes;
	uint32_t hours, days, months, weekdays; /* bits; days and months from 1 */
	bool     any_day, any_weekday;          /* the field begins with * */
};

/* False: `why` is what is wrong with it, for people; that no month has such a day, too. */
#define CRON_WHY_MAX 120
MUST_USE bool cron_parse(struct str text, struct cron *out, char why[static CRON_WHY_MAX]);
/* The longest time from one to the next, on clocks that are not set; before 2096, after which a leap day waits for
 * eight years. */
int64_t cron_longest_s(const struct cron *c);
/* The first instant (Unix seconds) after `after`. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after);

#endif
