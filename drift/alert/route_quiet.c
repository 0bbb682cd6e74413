#include "drift/alert/route_quiet.h"

#include <stdio.h>

#include "core/base/hours.h"

static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };
static const char *const severities[] = { "info", "low", "medium", "high", "critical", NULL };

static const struct field quiet_fields[] = {
	FIELD(struct route_quiet, from, .min = 5, .max = 5, .flags = FIELD_REQUIRED,
	    .doc = "When they begin, as \"22:00\"."),
	FIELD(struct route_quiet, to, .min = 5, .max = 5, .flags = FIELD_REQUIRED,
	    .doc = "When they end; on the next day where that is earlier."),
	FIELD(struct route_quiet, days, .max = 7, .choices = days, .flags = FIELD_OMIT_ZERO,
	    .doc = "On which they begin; every day when absent."),
	FIELD(struct route_quiet, timezone, .max = ZONE_NAME_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Name of a time zone, as Europe/Berlin; UTC when absent."),
	FIELD(struct route_quiet, but_from, .choices = severities,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "What is that severe or worse is told as at any time; critical when absent."),
	FIELD_END,
};
const struct schema route_quiet_schema =
    SCHEMA("AlertRouteQuiet", struct route_quiet, quiet_fields);

/* As hours.h reads them. */
static bool
read_hours(const struct route_quiet *q, struct hours *out, char why[static HOURS_WHY_MAX])
{
	char text[HOURS_TEXT_MAX] = "mon-sun", *at = text;
	int  n = 0;

	for (size_t i = 0; i < q->days.n && n < (int)sizeof(text) - 40; i++)
		n += snprintf(at + n, sizeof(text) - (size_t)n, "%s%.3s", i == 0 ? "" : ",",
		    q->days.items[i]);
	if (q->days.n == 0)
		n = 7;
	n += snprintf(at + n, sizeof(text) - (size_t)n, " %.5s-%.5s %s", q->from, q->to,
	    q->timezone == NULL ? "UTC" : q->timezone);
	if (n >= (int)sizeof(text)) {
		snprintf(why, HOURS_WHY_MAX, "has too long a time zone");
		return false;
	}
	return hours_parse(str_of(text), out, why);
}

bool
route_quiet_check(TALLOC_CTX *mem, const struct route_quiet *q, struct err *e)
{
	struct hours h;
	char         why[HOURS_WHY_MAX];

	return q == NULL || read_hours(q, &h, why) || err_fault(e, mem, "/quiet", "%s", why);
}

int64_t
route_quiet_end_ms(const struct route_quiet *q, instant now)
{
	struct hours h;
	char         why[HOURS_WHY_MAX];

	if (q == NULL || !read_hours(q, &h, why) || !hours_has(&h, now.ms))
		return 0;
	return hours_end(&h, now.ms);
}

enum severity
route_quiet_but_from(const struct route_quiet *q)
{
	enum severity s = SEVERITY_CRITICAL;

	if (q->but_from != NULL)
		(void)severity_parse(str_of(q->but_from), &s);
	return s;
}
