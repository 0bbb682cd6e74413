#include "core/base/hours.h"

#include <stdio.h>

#include "core/base/civil.h"

#define DAY_S 86400

static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

static bool
day_of(struct str s, unsigned *out)
{
	for (unsigned i = 0; i < 7; i++)
		if (str_caseeqz(s, days[i])) {
			*out = i;
			return true;
		}
	return false;
}

/* "mon-fri,sun" */
static bool
parse_days(struct str s, unsigned *out)
{
	struct str part, first, last;
	unsigned   from, until;

	*out = 0;
	while (s.p != NULL) {
		s = str_cut(s, ',', &part);
		last = str_cut(part, '-', &first);
		if (!day_of(first, &from) || (last.p != NULL && !day_of(last, &until)))
			return false;
		for (unsigned d = from; last.p != NULL && d != until; d = (d + 1) % 7)
			*out |= 1u << d;
		*out |= 1u << (last.p != NULL ? until : from);
	}
	return true;
}

static bool
digits_of(struct str s, int64_t most, int64_t *out)
{
	if (s.n != 2 || s.p[0] < '0' || s.p[0] > '9' || s.p[1] < '0' || s.p[1] > '9')
		return false;
	*out = (s.p[0] - '0') * 10 + (s.p[1] - '0');
	return *out <= most;
}

/* "08:30", to "24:00" */
static bool
parse_time(struct str s, int64_t *out)
{
	struct str hour, minute = str_cut(s, ':', &hour);
	int64_t    h, m;

	if (minute.p == NULL || !digits_of(hour, 24, &h) || !digits_of(minute, 59, &m) ||
	    (h == 24 && m > 0))
		return false;
	*out = h * 3600 + m * 60;
	return true;
}

static bool
parse_zone(struct str name, const struct zone **out, char why[static HOURS_WHY_MAX])
{
	struct err e = { 0 };

	*out = zone_shared(name.p == NULL ? STR("UTC") : name, &e);
	if (*out == NULL)
		snprintf(why, HOURS_WHY_MAX, "%s",
		    e.code == ERR_INVALID ? e.pub : "There is no such time zone.");
	return *out != NULL;
}

bool
hours_parse(struct str text, struct hours *out, char why[static HOURS_WHY_MAX])
{
	struct str of, times, zone, from, until;

	*out = (struct hours) { 0 };
	times = str_cut(text, ' ', &of);
	zone = times.p == NULL ? times : str_cut(times, ' ', &times);
	until = times.p == NULL ? times : str_cut(times, '-', &from);
	if (until.p == NULL || !parse_days(of, &out->days) || !parse_time(from, &out->from_s) ||
	    !parse_time(until, &out->until_s) || out->from_s == DAY_S) {
		snprintf(why, HOURS_WHY_MAX,
		    "must be days, a time from and until and a time zone, such as "
		    "\"mon-fri 08:00-18:00 Europe/Berlin\"");
		return false;
	}
	if (out->from_s == out->until_s) {
		snprintf(why, HOURS_WHY_MAX, "ends when it begins; a whole day is 00:00-24:00");
		return false;
	}
	return parse_zone(zone, &out->zone, why);
}

static bool
has_day(const struct hours *w, int64_t day)
{
	return (w->days >> (unsigned)civil_weekday(day) & 1) != 0;
}

bool
hours_has(const struct hours *w, int64_t at_ms)
{
	int64_t utc = at_ms / 1000 - (at_ms % 1000 < 0), wall = utc + zone_offset(w->zone, utc);
	int64_t of = (wall % DAY_S + DAY_S) % DAY_S, day = (wall - of) / DAY_S;

	if (w->from_s < w->until_s)
		return has_day(w, day) && of >= w->from_s && of < w->until_s;
	return (has_day(w, day) && of >= w->from_s) || (has_day(w, day - 1) && of < w->until_s);
}

#define TURNED_BACK_S 10800 /* a clock is by no more */

int64_t
hours_end(const struct hours *w, int64_t at_ms)
{
	int64_t utc = at_ms / 1000 - (at_ms % 1000 < 0), wall = utc + zone_offset(w->zone, utc);
	int64_t of = (wall % DAY_S + DAY_S) % DAY_S, local = wall - of + w->until_s, end, change;

	if (w->from_s >= w->until_s && of >= w->from_s)
		local += DAY_S;
	end = zone_instant(w->zone, local);
	if (end <= utc) /* it is shown the second time already */
		return (local - zone_offset(w->zone, utc)) * 1000;
	change = zone_next_change(w->zone, end - 1);
	if (change < end + TURNED_BACK_S && hours_has(w, change * 1000))
		end = local - zone_offset(w->zone, change);
	return end * 1000;
}
