#include "drift/alert/events.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const struct event_kind event_kinds[] = {
	{ EVENT_ATTRIBUTED, SORT_NEWS, "Attributed", "attributed", NULL },
	{ EVENT_UPDATED, SORT_NEWS, "Changed", "changed", NULL },
	{ EVENT_UNACKNOWLEDGED, SORT_NEWS, "Not acknowledged", "not acknowledged", NULL },
	{ EVENT_REOPENED, SORT_NEWS, "Reopened", "reopened", NULL },
	{ EVENT_OPENED, SORT_NEWS, "Opened", "", NULL },
	{ EVENT_ACKNOWLEDGED, SORT_WORK, "Acknowledged", "acknowledged", "Acknowledged by" },
	{ EVENT_IN_PROGRESS, SORT_WORK, "In progress", "in progress", "Begun by" },
	{ EVENT_ASSIGNED, SORT_WORK, "Assigned", "assigned", "Assigned by" },
	{ EVENT_RESOLVED, SORT_END, "Resolved", "resolved", "Resolved by" },
	{ EVENT_TEST, SORT_TEST, "Test", "test", NULL },
	{ 0 },
};

void
event_print_wait(int64_t s, char out[EVENT_WAIT_MAX])
{
	static const struct {
		int64_t     s;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	size_t i = 0;

	while (units[i].s > 1 && s < 2 * units[i].s)
		i++;
	snprintf(out, EVENT_WAIT_MAX, "%" PRId64 " %s%s", s / units[i].s, units[i].name,
	    s / units[i].s == 1 ? "" : "s");
}

const struct event_kind *
event_kind_of(const char *type)
{
	const struct event_kind *other = event_kinds;

	for (const struct event_kind *k = event_kinds; k->type != NULL; k++) {
		if (strcmp(k->type, type) == 0)
			return k;
		if (strcmp(k->type, EVENT_UPDATED) == 0)
			other = k;
	}
	return other;
}

bool
event_is(const char *type, enum event_sort sort)
{
	return event_kind_of(type)->sort == sort;
}
