#include "drift/alert/events.h"

#include <stddef.h>
#include <string.h>

const struct event_kind event_kinds[] = {
	{ EVENT_ATTRIBUTED, SORT_NEWS, "Attributed", "attributed", NULL },
	{ EVENT_UPDATED, SORT_NEWS, "Changed", "changed", NULL },
	{ EVENT_REOPENED, SORT_NEWS, "Reopened", "reopened", NULL },
	{ EVENT_OPENED, SORT_NEWS, "Opened", "", NULL },
	{ EVENT_ACKNOWLEDGED, SORT_WORK, "Acknowledged", "acknowledged", "Acknowledged by" },
	{ EVENT_IN_PROGRESS, SORT_WORK, "In progress", "in progress", "Begun by" },
	{ EVENT_ASSIGNED, SORT_WORK, "Assigned", "assigned", "Assigned by" },
	{ EVENT_RESOLVED, SORT_END, "Resolved", "resolved", "Resolved by" },
	{ EVENT_TEST, SORT_TEST, "Test", "test", NULL },
	{ 0 },
};

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
