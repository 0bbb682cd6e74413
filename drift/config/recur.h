/*
 * recur.h - a day that comes again: the part of RFC 5545's recurrence rules (section 3.3.10) that maintenance windows need.
 *
 *	"FREQ=WEEKLY;BYDAY=SU;COUNT=52"   "FREQ=MONTHLY;BYDAY=2TU;UNTIL=20271231T000000Z"   "FREQ=DAILY;INTERVAL=2;COUNT=9"
 *
 * FREQ is DAILY, WEEKLY or MONTHLY; INTERVAL, BYDAY (with an ordinal, as 1MO or -1FR, of MONTHLY only), BYMONTHDAY (not of
 * WEEKLY; -1 is the last day), WKST, and COUNT or UNTIL.  Without a day it is that of the start; a month without that day
 * has no turn.  Where BYDAY and BYMONTHDAY are both given a day must be both.  The first is the first day that fits at or
 * after the start, and COUNT counts from it, whether or not the start fits.
 *
 * The time is that of the start, by the clocks of a place.  One that a clock set forward skips has its turn at the instant
 * at which it is set; one that a clock set back repeats has its turn once, the first time.
 */
#ifndef BSX_DRIFT_CONFIG_RECUR_H
#define BSX_DRIFT_CONFIG_RECUR_H

#include "core/base/err.h"
#include "core/base/zone.h"

#define RECUR_TEXT_MAX 200
#define RECUR_DAYS     1096 /* from the start: three years; what goes on longer is made anew */

enum recur_freq { RECUR_DAILY, RECUR_WEEKLY, RECUR_MONTHLY };

struct recur {
	enum recur_freq freq;
	int64_t         interval;
	int64_t         count;              /* 0: by `until` */
	int64_t         until;              /* the last instant (Unix s); of a date alone by until_day; INT64_MAX: none */
	int64_t         until_day;          /* the last day of the place; INT64_MAX: none */
	uint64_t        monthdays;          /* bits 1..31, and 33..63: 33 is the last, 34 the one before; 0: any */
	uint16_t        weekdays[7];        /* from Sunday; bit 0: each, 1..5 that of the month, 9..13 from its end */
	bool            any_weekday;
	int             week_start;         /* 0: Sunday */
};

/* False: `why` is what is wrong with it, for people.  It may have no end: neither count nor until. */
#define RECUR_WHY_MAX 160
MUST_USE bool recur_parse(struct str text, struct recur *out, char why[static RECUR_WHY_MAX]);
bool recur_ends(const struct recur *r);

/* From the start (Unix s) on, one after the other. */
struct recur_walk {
	const struct recur *r;
	const struct zone  *z;
	int64_t             start_day, time, day; /* of the place: days, and seconds of the day */
	int64_t             start, n;
	bool                cut; /* it goes on after RECUR_DAYS */
};
void recur_begin(const struct recur *r, const struct zone *z, int64_t start, struct recur_walk *out);
/* False: there is none any more. */
bool recur_next(struct recur_walk *w, int64_t *at);

#endif
