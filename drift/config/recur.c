#include "drift/config/recur.h"

#include <stdio.h>
#include <string.h>

#include "core/base/civil.h"

#define DAY_S     86400
#define FROM_END  8  /* of a weekday's ordinals */
#define LAST_DAYS 32 /* of days of the month */

/* ---- reading ---- */

static const char *const weekdays[] = { "SU", "MO", "TU", "WE", "TH", "FR", "SA" };

static bool
weekday_of(struct str s, int *out)
{
	for (int i = 0; i < 7; i++)
		if (str_caseeqz(s, weekdays[i])) {
			*out = i;
			return true;
		}
	return false;
}

static bool
read_freq(struct str v, struct recur *out)
{
	static const char *const names[] = { "DAILY", "WEEKLY", "MONTHLY" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_caseeqz(v, names[i])) {
			out->freq = (enum recur_freq)i;
			return true;
		}
	return false;
}

static bool
read_number(struct str v, int64_t most, int64_t *out)
{
	return v.n > 0 && v.n <= 4 && v.p[0] != '-' && str_to_i64(v, out) && *out >= 1 &&
	       *out <= most;
}

static bool
read_interval(struct str v, struct recur *out)
{
	return read_number(v, RECUR_DAYS, &out->interval);
}

static bool
read_count(struct str v, struct recur *out)
{
	return read_number(v, RECUR_DAYS, &out->count);
}

static bool
digits(struct str s, size_t from, size_t n, int *out)
{
	int64_t v;

	if (!str_to_i64((struct str) { s.p + from, n }, &v) || v < 0)
		return false;
	*out = (int)v;
	return true;
}

/* A day of the place, which is in it; or an instant of UTC. */
static bool
read_until(struct str v, struct recur *out)
{
	int     year, month, day, h, m, s;
	int64_t days;

	if ((v.n != 8 && v.n != 16) || !digits(v, 0, 4, &year) || !digits(v, 4, 2, &month) ||
	    !digits(v, 6, 2, &day) || year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > civil_month_days(year, month))
		return false;
	days = civil_days(year, month, day);
	if (v.n == 8) {
		out->until_day = days;
		return true;
	}
	if ((v.p[8] != 'T' && v.p[8] != 't') || (v.p[15] != 'Z' && v.p[15] != 'z') ||
	    !digits(v, 9, 2, &h) || !digits(v, 11, 2, &m) || !digits(v, 13, 2, &s) || h > 23 ||
	    m > 59 || s > 59)
		return false;
	out->until = days * DAY_S + h * 3600 + m * 60 + s;
	return true;
}

/* "MO", "2TU", "+1MO", "-1FR" */
static bool
read_weekday(struct str one, struct recur *out)
{
	bool from_end = one.n > 2 && one.p[0] == '-',
	     sign = from_end || (one.n > 2 && one.p[0] == '+');
	int w;

	if (one.n < 2 || one.n > 4 || !weekday_of((struct str) { one.p + one.n - 2, 2 }, &w))
		return false;
	one = (struct str) { one.p + sign, one.n - 2 - sign };
	if (one.n == 0 && !sign)
		out->weekdays[w] |= 1;
	else if (one.n == 1 && one.p[0] >= '1' && one.p[0] <= '5')
		out->weekdays[w] |=
		    (uint16_t)(1U << ((one.p[0] - '0') + (from_end ? FROM_END : 0)));
	else
		return false;
	out->any_weekday = false;
	return true;
}

static bool
read_weekdays(struct str v, struct recur *out)
{
	struct str one;

	while (v.p != NULL) {
		v = str_cut(v, ',', &one);
		if (!read_weekday(one, out))
			return false;
	}
	return true;
}

static bool
read_monthdays(struct str v, struct recur *out)
{
	struct str one;
	int64_t    n;

	while (v.p != NULL) {
		v = str_cut(v, ',', &one);
		if (one.n == 0 || one.n > 3 || !str_to_i64(one, &n) || n == 0 || n < -31 || n > 31)
			return false;
		out->monthdays |= UINT64_C(1) << (n > 0 ? n : LAST_DAYS - n);
	}
	return true;
}

static bool
read_week_start(struct str v, struct recur *out)
{
	return weekday_of(v, &out->week_start);
}

static const struct part {
	const char *name, *must;
	bool (*read)(struct str v, struct recur *out);
} parts[] = {
	{ "FREQ", "must be DAILY, WEEKLY or MONTHLY", read_freq },
	{ "INTERVAL", "must be a number from 1 to 1096", read_interval },
	{ "COUNT", "must be a number from 1 to 1096", read_count },
	{ "UNTIL", "must be a day (20271231) or an instant of UTC (20271231T235959Z)", read_until },
	{ "BYDAY", "must be days of the week (MO,TU), of MONTHLY also as 1MO or -1FR",
	    read_weekdays },
	{ "BYMONTHDAY", "must be days of the month, from 1 to 31 or from -31 to -1",
	    read_monthdays },
	{ "WKST", "must be a day of the week", read_week_start },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static bool
say(char why[static RECUR_WHY_MAX], const char *text)
{
	snprintf(why, RECUR_WHY_MAX, "%s", text);
	return false;
}

static bool
read_part(struct str one, unsigned *seen, struct recur *out, char why[static RECUR_WHY_MAX])
{
	struct str name, value = str_cut(one, '=', &name);

	for (size_t i = 0; i < PARTS; i++) {
		if (!str_caseeqz(name, parts[i].name))
			continue;
		if ((*seen & 1U << i) != 0)
			snprintf(why, RECUR_WHY_MAX, "has %s twice", parts[i].name);
		else if (value.p == NULL || !parts[i].read(value, out))
			snprintf(why, RECUR_WHY_MAX, "%s %s", parts[i].name, parts[i].must);
		else
			why[0] = 0;
		*seen |= 1U << i;
		return why[0] == 0;
	}
	return say(why,
	    "must be parts such as FREQ=WEEKLY;BYDAY=SU;COUNT=52: FREQ, INTERVAL, BYDAY, "
	    "BYMONTHDAY, WKST, and COUNT or UNTIL");
}

static bool
fit_together(const struct recur *r, unsigned seen, char why[static RECUR_WHY_MAX])
{
	if ((seen & 1) == 0)
		return say(why, "must have FREQ");
	if (r->count != 0 && (r->until != INT64_MAX || r->until_day != INT64_MAX))
		return say(why, "must have COUNT or UNTIL, not both");
	if (r->freq == RECUR_WEEKLY && r->monthdays != 0)
		return say(why, "has BYMONTHDAY, which does not go with WEEKLY");
	for (int i = 0; i < 7; i++)
		if (r->freq != RECUR_MONTHLY && r->weekdays[i] > 1)
			return say(why, "has an ordinal in BYDAY, which goes with MONTHLY only");
	return true;
}

bool
recur_parse(struct str text, struct recur *out, char why[static RECUR_WHY_MAX])
{
	struct str one;
	unsigned   seen = 0;

	*out = (struct recur) { .interval = 1,
		.until = INT64_MAX,
		.until_day = INT64_MAX,
		.any_weekday = true,
		.week_start = 1 };
	while (text.p != NULL) {
		text = str_cut(text, ';', &one);
		if (!read_part(one, &seen, out, why))
			return false;
	}
	return fit_together(out, seen, why);
}

bool
recur_ends(const struct recur *r)
{
	return r->count != 0 || r->until != INT64_MAX || r->until_day != INT64_MAX;
}

/* ---- walking ---- */

static int64_t
floor_div(int64_t v, int64_t by)
{
	return v >= 0 ? v / by : -((-v + by - 1) / by);
}

/* 1 January 1970 was a Thursday. */
static int64_t
week_of(const struct recur *r, int64_t day)
{
	return floor_div(day + 4 - r->week_start, 7);
}

static bool
is_weekday(const struct recur *r, int64_t day, const struct civil *c)
{
	unsigned at = r->weekdays[civil_weekday(day)];
	unsigned nth = (unsigned)(c->day - 1) / 7 + 1,
		 last = (unsigned)(civil_month_days(c->year, c->month) - c->day) / 7 + 1;

	return (at & 1) != 0 || (at >> nth & 1) != 0 || (at >> (FROM_END + last) & 1) != 0;
}

static bool
is_monthday(const struct recur *r, const struct civil *c)
{
	int from_end = civil_month_days(c->year, c->month) - c->day + 1;

	return (r->monthdays >> c->day & 1) != 0 ||
	       (r->monthdays >> (LAST_DAYS + from_end) & 1) != 0;
}

/* It is its turn: of a day, a week or a month that is one of them. */
static bool
is_turn(const struct recur_walk *w, const struct civil *c, const struct civil *first)
{
	switch (w->r->freq) {
	case RECUR_DAILY:
		return (w->day - w->start_day) % w->r->interval == 0;
	case RECUR_WEEKLY:
		return (week_of(w->r, w->day) - week_of(w->r, w->start_day)) % w->r->interval == 0;
	case RECUR_MONTHLY:
		return ((c->year - first->year) * 12 + c->month - first->month) % w->r->interval ==
		       0;
	}
	return false;
}

static bool
is_day(const struct recur_walk *w)
{
	const struct recur *r = w->r;
	const struct civil  c = civil_of(w->day), first = civil_of(w->start_day);

	if (!is_turn(w, &c, &first) || (!r->any_weekday && !is_weekday(r, w->day, &c)) ||
	    (r->monthdays != 0 && !is_monthday(r, &c)))
		return false;
	if (!r->any_weekday || r->monthdays != 0 || r->freq == RECUR_DAILY)
		return true;
	return r->freq == RECUR_WEEKLY ? civil_weekday(w->day) == civil_weekday(w->start_day)
				       : c.day == first.day;
}

void
recur_begin(const struct recur *r, const struct zone *z, int64_t start, struct recur_walk *out)
{
	int64_t local = start + zone_offset(z, start), day = floor_div(local, DAY_S);

	*out = (struct recur_walk) { .r = r,
		.z = z,
		.start_day = day,
		.time = local - day * DAY_S,
		.day = day,
		.start = start };
}

bool
recur_next(struct recur_walk *w, int64_t *at)
{
	for (; w->day <= w->start_day + RECUR_DAYS; w->day++) {
		if ((w->r->count != 0 && w->n == w->r->count) || w->day > w->r->until_day)
			return false;
		if (!is_day(w))
			continue;
		*at = w->day == w->start_day ? w->start
					     : zone_instant(w->z, w->day * DAY_S + w->time);
		if (*at > w->r->until)
			return false;
		w->day++;
		w->n++;
		return true;
	}
	w->cut = (w->r->count == 0 || w->n < w->r->count) && w->day <= w->r->until_day &&
		 zone_instant(w->z, w->day * DAY_S + w->time) <= w->r->until;
	return false;
}
