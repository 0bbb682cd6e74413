/*
 * hours.h - hours of the week at a place: "mon-fri 08:00-18:00 Europe/Berlin", as people write them.
 *
 * They are days, a time from and until, and a time zone (UTC).  Their end is not in them; what ends before it begins ends on
 * the next day: "fri 22:00-04:00".  A whole day is 00:00-24:00.  What a clock skips or repeats is as that clock shows it.
 */
#ifndef BSX_BASE_HOURS_H
#define BSX_BASE_HOURS_H

#include "core/base/zone.h"

#define HOURS_TEXT_MAX 160
#define HOURS_WHY_MAX  200

struct hours {
	unsigned     days; /* bit: 0 is Sunday */
	int64_t      from_s, until_s; /* of the day */
	const struct zone *zone; /* zone_shared() */
};

/* It allocates nothing.  False: `why` is what is wrong with it. */
MUST_USE bool hours_parse(struct str text, struct hours *out, char why[static HOURS_WHY_MAX]);
bool hours_has(const struct hours *h, int64_t at_ms);
/* When those end that have `at_ms`: of an hour that a clock shows twice, the second time. */
int64_t hours_end(const struct hours *h, int64_t at_ms);

#endif
