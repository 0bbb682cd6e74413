#include "core/base/zone_rule.h"

#include <string.h>

#include "core/base/civil.h"

/* ---- reading ---- */

struct reading {
	const char *p, *end;
};

static bool
take(struct reading *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
number(struct reading *r, int most, int *out)
{
	const char *from = r->p;

	*out = 0;
	while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && *out <= most)
		*out = *out * 10 + (*r->p++ - '0');
	return r->p > from && *out <= most;
}

/* Letters, or anything between < and >. */
static bool
name(struct reading *r)
{
	const char *from = r->p;

	if (take(r, '<')) {
		while (r->p < r->end && *r->p != '>')
			r->p++;
		return take(r, '>');
	}
	while (r->p < r->end && ((*r->p | 32) >= 'a' && (*r->p | 32) <= 'z'))
		r->p++;
	return r->p - from >= 3;
}

/* [+-]h[:m[:s]] */
static bool
hours(struct reading *r, int most, int64_t *out)
{
	int  part[3] = { 0 };
	bool minus = take(r, '-');

	if (!minus)
		(void)take(r, '+');
	for (int i = 0; i < 3; i++) {
		if (i > 0 && !take(r, ':'))
			break;
		if (!number(r, i == 0 ? most : 59, &part[i]))
			return false;
	}
	*out = part[0] * 3600 + part[1] * 60 + part[2];
	*out = minus ? -*out : *out;
	return true;
}

static bool
day(struct reading *r, struct zone_day *d)
{
	bool ok;

	*d = (struct zone_day) { .time_s = 2 * 3600 };
	if (take(r, 'M')) {
		d->kind = 'M';
		ok = number(r, 12, &d->month) && d->month > 0 && take(r, '.') &&
		     number(r, 5, &d->week) && d->week > 0 && take(r, '.') && number(r, 6, &d->day);
	} else {
		d->kind = take(r, 'J') ? 'J' : '0';
		ok = number(r, 365, &d->day) && (d->kind == '0' || d->day > 0);
	}
	return ok && (!take(r, '/') || hours(r, 167, &d->time_s));
}

bool
zone_rule_parse(struct str s, struct zone_rule *out)
{
	struct reading r = { s.p, s.p + s.n };
	int64_t        west;

	*out = (struct zone_rule) { 0 };
	if (!name(&r) || !hours(&r, 24, &west))
		return false;
	out->std = (int32_t)-west;
	if (r.p == r.end)
		return true;
	out->has_dst = true;
	out->dst = out->std + 3600;
	if (!name(&r))
		return false;
	if (r.p < r.end && *r.p != ',') {
		if (!hours(&r, 24, &west))
			return false;
		out->dst = (int32_t)-west;
	}
	return take(&r, ',') && day(&r, &out->begins) && take(&r, ',') && day(&r, &out->ends) &&
	       r.p == r.end;
}

/* ---- asking ---- */

static int64_t
day_of(const struct zone_day *d, int year)
{
	int64_t first = civil_days(year, 1, 1), at;

	if (d->kind == '0')
		return first + d->day;
	if (d->kind == 'J')
		return first + d->day - 1 + (d->day >= 60 && civil_is_leap(year));
	first = civil_days(year, d->month, 1);
	at = first + (d->day - civil_weekday(first) + 7) % 7 + 7 * (d->week - 1);
	return at < first + civil_month_days(year, d->month) ? at : at - 7;
}

int64_t
zone_rule_begins(const struct zone_rule *r, int year)
{
	return day_of(&r->begins, year) * 86400 + r->begins.time_s - r->std;
}

int64_t
zone_rule_ends(const struct zone_rule *r, int year)
{
	return day_of(&r->ends, year) * 86400 + r->ends.time_s - r->dst;
}
