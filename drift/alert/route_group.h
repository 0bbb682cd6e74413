/*
 * route_group.h - what the alerts of a route have in common that are told together, and when.
 *
 * Alerts that are alike in all that `group_by` names are a group, for each channel of the route.  The first waits group_wait_s
 * for others, what comes later until group_interval_s has gone by since the group was told; a critical one waits for nobody,
 * and neither does one that has become worse, or is worse than all that the group has told since.  What was told and is still
 * open is told again each time repeat_interval_s has gone by without anything new.
 *
 * Kinds of channels that do not tell several alerts in one message (kinds.h) are told each, at once.
 */
#ifndef BSX_DRIFT_ALERT_ROUTE_GROUP_H
#define BSX_DRIFT_ALERT_ROUTE_GROUP_H

#include "core/base/uuid.h"
#include "core/json/schema.h"

/* X(constant, its name): what alerts can have in common. */
#define GROUP_LABELS(X)                                                                            \
	X(ALL, "all")                                                                              \
	X(CONFIG, "config")                                                                        \
	X(CATEGORY, "category")                                                                    \
	X(SEVERITY, "severity")                                                                    \
	X(KIND, "kind")                                                                            \
	X(CONTROL, "control")                                                                      \
	X(ACTOR, "actor")
enum group_label {
#define X(id, name) GROUP_##id,
	GROUP_LABELS(X)
#undef X
	    GROUP_LABELS_N,
};
extern const char *const group_labels[]; /* NULL ends them */

#define GROUP_WAIT_S     30
#define GROUP_INTERVAL_S 300
#define GROUP_REPEAT_MIN 300
#define GROUP_REPEAT_MAX (30 * 86400)

struct route_group {
	struct strings by;                /* none: each is told alone */
	int64_t        wait_s, interval_s; /* 0: GROUP_WAIT_S, GROUP_INTERVAL_S */
	int64_t        repeat_s;          /* 0: nothing is told again */
};
/* As they are given, kept and answered: members of the route. */
#define ROUTE_GROUP_FIELDS(T, m, f)                                                                \
	FIELD_AS(T, m.by, "group_by", .max = GROUP_LABELS_N, .choices = group_labels,              \
	    .flags = (f),                                                                          \
	    .doc =                                                                                 \
		"Alerts that have all of this in common are told in one message "                  \
		"(drift.alerts.summary, reason group), with those that follow; all: every alert "  \
		"of the route. An alert stays in the group that it came into. Channels of kind "   \
		"pagerduty, alertmanager and template are told each alert, at once, whatever is "  \
		"said here: one alert is one incident there. Escalations wait for nobody."),       \
	    FIELD_AS(T, m.wait_s, "group_wait_s", .min = 1, .max = 3600,                           \
		.flags = (f) | FIELD_NULLABLE,                                                     \
		.doc = "So many seconds the first waits for others; 30 when absent. A critical "   \
		       "alert waits for nobody, nor does one that becomes worse."),                \
	    FIELD_AS(T, m.interval_s, "group_interval_s", .min = 10, .max = 86400,                 \
		.flags = (f) | FIELD_NULLABLE,                                                     \
		.doc = "So many seconds at least between two messages of a group, unless a worse " \
		       "alert comes; 300 when absent."),                                           \
	    FIELD_AS(T, m.repeat_s, "repeat_interval_s", .min = GROUP_REPEAT_MIN,                  \
		.max = GROUP_REPEAT_MAX, .flags = (f) | FIELD_NULLABLE,                            \
		.doc = "What is still open and not acknowledged is told again (reason repeat) "    \
		       "when a group was silent for so many seconds; never when absent.")

bool route_group_by(const struct route_group *g, enum group_label label);
int64_t route_group_wait_s(const struct route_group *g);
int64_t route_group_interval_s(const struct route_group *g);

/* What is wrong with it; faults at its members. */
MUST_USE bool route_group_check(TALLOC_CTX *mem, const struct route_group *g, struct err *e);

#endif
