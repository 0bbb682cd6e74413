#include "drift/config/cron.h"

#include <stdio.h>
#include <string.h>

#include "core/base/civil.h"

#define DAY_S 86400
#define DAYS_AHEAD                                                                                 \
	(41 * 366) /* a 29 February that is a Monday comes in 40 years, with the year 2100 among   \
		      them */

/* ---- reading ---- */

static const char *const months[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP",
	"OCT", "NOV", "DEC", NULL };
static const char *const weekdays[] = { "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL };

static const struct part {
	const char        *name;
	unsigned           least, most;
	const char *const *names; /* of `least` and up */
} parts[] = {
	{ "minute", 0, 59, NULL },
	{ "hour", 0, 23, NULL },
	{ "day of the month", 1, 31, NULL },
	{ "month", 1, 12, months },
	{ "day of the week", 0, 7, weekdays },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const struct {
	const char *name, *text;
} shorts[] = {
	{ "@hourly", "0 * * * *" },
	{ "@daily", "0 0 * * *" },
	{ "@weekly", "0 0 * * 0" },
	{ "@monthly", "0 0 1 * *" },
	{ "@yearly", "0 0 1 1 *" },
};

static bool
number(struct str s, const struct part *p, unsigned *out)
{
	int64_t v;

	for (unsigned i = 0; p->names != NULL && p->names[i] != NULL; i++)
		if (str_caseeqz(s, p->names[i])) {
			*out = p->least + i;
			return true;
		}
	if (s.n == 0 || s.n > 2 || s.p[0] == '-' || !str_to_i64(s, &v) || v < p->least ||
	    v > p->most)
		return false;
	*out = (unsigned)v;
	return true;
}

/* "*", "5", "1-5", each with "/2" or without; a number with a step goes on to the end. */
static bool
item(struct str s, const struct part *p, uint64_t *out)
{
	struct str range, first, step = str_cut(s, '/', &range), last = str_cut(range, '-', &first);
	unsigned   from = p->least, to = p->most;
	int64_t    by = 1;

	if (step.p != NULL && (step.n == 0 || step.n > 2 || step.p[0] == '-' ||
				  !str_to_i64(step, &by) || by < 1 || by > p->most))
		return false;
	if (!str_eqz(range, "*")) {
		if (!number(first, p, &from) || (last.p != NULL && !number(last, p, &to)))
			return false;
		if (last.p == NULL && step.p == NULL)
			to = from;
	}
	if (to < from)
		return false;
	for (unsigned i = from; i <= to; i += (unsigned)by)
		*out |= UINT64_C(1) << i;
	return true;
}

static bool
list(struct str s, const struct part *p, uint64_t *out)
{
	struct str one;

	*out = 0;
	while (s.p != NULL) {
		s = str_cut(s, ',', &one);
		if (!item(one, p, out))
			return false;
	}
	return true;
}

/* The next word; n == 0: there is none. */
static struct str
word(struct str *s)
{
	struct str w = { s->p, 0 };

	while (s->n > 0 && (*s->p == ' ' || *s->p == '\t'))
		*s = (struct str) { s->p + 1, s->n - 1 };
	w.p = s->p;
	while (s->n > 0 && *s->p != ' ' && *s->p != '\t') {
		*s = (struct str) { s->p + 1, s->n - 1 };
		w.n++;
	}
	return w;
}

/* A day of the month alone must be in one of the months. */
static bool
has_days(const struct cron *c)
{
	if (!c->any_weekday)
		return true;
	for (int m = 1; m <= 12; m++)
		for (int d = 1; d <= civil_month_days(2000, m); d++)
			if ((c->months >> m & 1) != 0 && (c->days >> d & 1) != 0)
				return true;
	return false;
}

bool
cron_parse(struct str text, struct cron *out, char why[static CRON_WHY_MAX])
{
	uint64_t   all[PARTS];
	struct str words[PARTS], rest = text;

	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++)
		if (str_eqz(text, shorts[i].name))
			rest = str_of(shorts[i].text);
	for (size_t i = 0; i < PARTS; i++)
		words[i] = word(&rest);
	if (words[PARTS - 1].n == 0 || word(&rest).n > 0) {
		snprintf(why, CRON_WHY_MAX,
		    "must be five fields: minute, hour, day of the month, month, day of the week");
		return false;
	}
	for (size_t i = 0; i < PARTS; i++) {
		if (list(words[i], &parts[i], &all[i]))
			continue;
		snprintf(why, CRON_WHY_MAX,
		    "its %s must be * or numbers from %u to %u, also ranges (a-b) and steps (/n)",
		    parts[i].name, parts[i].least, parts[i].most);
		return false;
	}
	*out = (struct cron) { all[0], (uint32_t)all[1], (uint32_t)all[2], (uint32_t)all[3],
		(uint32_t)(all[4] | all[4] >> 7) & 127, words[2].p[0] == '*',
		words[4].p[0] == '*' };
	if (has_days(out))
		return true;
	snprintf(why, CRON_WHY_MAX, "names days that none of its months has");
	return false;
}

/* ---- asking ---- */

#define ALL_HOURS ((UINT32_C(1) << 24) - 1)

static int64_t
floor_to(int64_t v, int64_t unit)
{
	return v - (v % unit + unit) % unit;
}

static bool
is_day(const struct cron *c, int64_t days)
{
	struct civil d = civil_of(days);
	bool         day = c->days >> d.day & 1, weekday = c->weekdays >> civil_weekday(days) & 1;

	if ((c->months >> d.month & 1) == 0)
		return false;
	return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

/* Times of the wall: each once. */
static int64_t
next_of_day(const struct cron *c, const struct zone *z, int64_t day, int64_t after)
{
	for (int64_t h = 0; h < 24; h++)
		for (int64_t m = 0; m < 60 && (c->hours >> h & 1) != 0; m++) {
			int64_t at = (c->minutes >> m & 1) == 0
					 ? INT64_MIN
					 : zone_instant(z, day * DAY_S + h * 3600 + m * 60);

			if (at > after)
				return at;
		}
	return INT64_MAX;
}

static int64_t
next_of_wall(const struct cron *c, const struct zone *z, int64_t after)
{
	int64_t first = floor_to(after + zone_offset(z, after), DAY_S) / DAY_S - 1;

	for (int64_t day = first; day < first + DAYS_AHEAD; day++) {
		int64_t at = is_day(c, day) ? next_of_day(c, z, day, after) : INT64_MAX;

		if (at != INT64_MAX)
			return at;
	}
	return INT64_MAX;
}

/* Seconds from a local minute to one that may be meant; 0: it is. */
static int64_t
wait_of(const struct cron *c, int64_t local)
{
	int64_t day = floor_to(local, DAY_S), minute = (local - floor_to(local, 3600)) / 60;

	if (!is_day(c, day / DAY_S))
		return day + DAY_S - local;
	for (int64_t m = minute; m < 60; m++)
		if ((c->minutes >> m & 1) != 0)
			return (m - minute) * 60;
	return (60 - minute) * 60;
}

/* Every hour: as time goes by, from one change of the clock to the next. */
static int64_t
next_of_hours(const struct cron *c, const struct zone *z, int64_t after)
{
	int64_t at = after + 1, end = after + (int64_t)DAYS_AHEAD * DAY_S;

	while (at < end) {
		int64_t offset = zone_offset(z, at), change = zone_next_change(z, at),
			local = floor_to(at + offset + 59, 60), wait = wait_of(c, local);

		at = local + wait - offset;
		if (at >= change)
			at = change;
		else if (wait == 0)
			return at;
	}
	return INT64_MAX;
}

int64_t
cron_next(const struct cron *c, const struct zone *z, int64_t after)
{
	return c->hours == ALL_HOURS ? next_of_hours(c, z, after) : next_of_wall(c, z, after);
}

/* ---- how far they are apart ---- */

/* Of the minutes of a day that are meant: the first, the last, and the longest time between two. */
struct span {
	int64_t first, last, longest;
};

static struct span
span_of(const struct cron *c)
{
	struct span s = { -1, 0, 0 };

	for (int64_t m = 0; m < 24 * 60; m++) {
		if ((c->hours >> m / 60 & 1) == 0 || (c->minutes >> m % 60 & 1) == 0)
			continue;
		if (s.first < 0)
			s.first = m;
		else if (m - s.last > s.longest)
			s.longest = m - s.last;
		s.last = m;
	}
	return s;
}

/* Days from one that is meant to the next, at most. */
static int64_t
days_apart(const struct cron *c)
{
	int64_t from = civil_days(2000, 1, 1), last = -1, most = 0;

	for (int64_t day = from; day < from + DAYS_AHEAD; day++) {
		if (!is_day(c, day))
			continue;
		if (last >= 0 && day - last > most)
			most = day - last;
		last = day;
	}
	return most > 0 ? most : DAYS_AHEAD;
}

int64_t
cron_longest_s(const struct cron *c)
{
	struct span s = span_of(c);
	int64_t     over_night = days_apart(c) * 24 * 60 - s.last + s.first;

	return 60 * (over_night > s.longest ? over_night : s.longest);
}
