/*
 * events.h - what can happen to an alert, as receivers are told of it: a row for each.
 *
 * News tells of findings; of several that wait for a channel the one that stands lowest in the table tells all of them
 * (fold.h).  Work is what somebody has done with the alert (work.h).
 */
#ifndef BSX_DRIFT_ALERT_EVENTS_H
#define BSX_DRIFT_ALERT_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_ATTRIBUTED   "drift.alert.attributed" /* it was told without, and who made its changes is known now */
#define EVENT_UPDATED      "drift.alert.updated"
#define EVENT_UNACKNOWLEDGED "drift.alert.unacknowledged" /* nobody has, for so long: a step of a route (escalation.h) */
#define EVENT_REOPENED     "drift.alert.reopened" /* somebody was at it, and it is worse than what they took on */
#define EVENT_OPENED       "drift.alert.opened"
#define EVENT_ACKNOWLEDGED "drift.alert.acknowledged"
#define EVENT_IN_PROGRESS  "drift.alert.in_progress"
#define EVENT_ASSIGNED     "drift.alert.assigned"
#define EVENT_RESOLVED     "drift.alert.resolved"
#define EVENT_TEST         "channel.test"

/* A length of time in words, "15 minutes": in the largest unit of which there are two. */
#define EVENT_WAIT_MAX 32
void event_print_wait(int64_t s, char out[EVENT_WAIT_MAX]);

enum event_sort { SORT_NEWS, SORT_WORK, SORT_END, SORT_TEST };

struct event_kind {
	const char     *type;
	enum event_sort sort;
	const char     *state;    /* as a word by itself: "Opened" */
	const char     *standing; /* behind the severity, where people read one line; "": nothing */
	const char     *by;       /* before who did it: "Acknowledged by"; NULL: nobody does */
};
extern const struct event_kind event_kinds[]; /* ended by type == NULL */

/* Of one that this version does not know, as of EVENT_UPDATED. */
const struct event_kind *event_kind_of(const char *type);
bool                     event_is(const char *type, enum event_sort sort);

#endif
