/*
 * Properties of what reads cron expressions and files of time zones: whatever they are, the time
 * that is next comes after the one before, shows on the wall of that place what the expression
 * means, and none between them does; and what is refused is told.
 *
 * Input: 8 bytes of an instant, an expression, and behind 0xFF the file; without one it is UTC.
 */
#include <assert.h>
#include <string.h>

#include "core/base/civil.h"
#include "drift/config/cron.h"
#include "tests/fuzz/part.h"

#define TIMES  6
#define LATEST INT64_C(7258118400) /* 2200 */
#define EIGHT  INT64_C(3976214400) /* 2096, from which a leap day is eight years away */
#define DAY_S  86400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int64_t
floor_to(int64_t v, int64_t unit)
{
	return v - (v % unit + unit) % unit;
}

/* Told in another way than cron.c does. */
static bool
is_meant(const struct cron *c, int64_t local)
{
	int64_t      day = floor_to(local, DAY_S) / DAY_S;
	struct civil d = civil_of(day);
	bool         of_month = (c->days & UINT32_C(1) << d.day) != 0,
	     of_week = (c->weekdays & 1U << civil_weekday(day)) != 0;

	if (local % 60 != 0 || (c->minutes >> (local - day * DAY_S) / 60 % 60 & 1) == 0 ||
	    (c->hours >> (local - day * DAY_S) / 3600 & 1) == 0 || (c->months >> d.month & 1) == 0)
		return false;
	if (c->any_day)
		return of_month && of_week;
	return c->any_weekday ? of_month && of_week : of_month || of_week;
}

/* What a clock set forward skips comes at the instant at which it is set. */
static bool
is_set(const struct zone *z, int64_t at)
{
	return zone_offset(z, at) > zone_offset(z, at - 1);
}

static void
check_zone(const struct zone *z, int64_t at)
{
	int64_t change = zone_next_change(z, at);

	assert(change > at);
	assert(change == INT64_MAX || zone_offset(z, change) != zone_offset(z, at));
	assert(change == INT64_MAX || zone_offset(z, change - 1) == zone_offset(z, at));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct str   rest = { (const char *)data + 8, n - 8 }, text;
	struct err   e = { 0 };
	struct cron  c;
	struct zone *z;
	char         why[CRON_WHY_MAX] = "";
	int64_t      at;

	if (n < 8) {
		talloc_free(mem);
		return 0;
	}
	memcpy(&at, data, 8);
	at = (int64_t)((uint64_t)at % LATEST);
	text = part_next(&rest);
	z = rest.n == 0 ? zone_load(mem, "/", "UTC", &e) : zone_parse(mem, rest, &e);
	assert(z != NULL || e.code != ERR_OK);
	if (z != NULL)
		check_zone(z, at);
	if (!cron_parse(text, &c, why))
		assert(*why != '\0');
	else if (z != NULL) {
		assert(cron_longest_s(&c) >= 60);
		for (int i = 0; i < TIMES && at < LATEST; i++) {
			int64_t next = cron_next(&c, z, at);

			assert(next > at);
			if (next == INT64_MAX)
				break;
			assert(is_meant(&c, next + zone_offset(z, next)) || is_set(z, next));
			if (rest.n == 0 && next < EIGHT)
				assert(next - at <= cron_longest_s(&c));
			at = next;
		}
	}
	talloc_free(mem);
	return 0;
}
