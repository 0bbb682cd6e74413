/*
 * route_step.h - the steps of a route: who is told of an alert that nobody acknowledges (escalation.h).
 *
 * A step is due so long after the alert has opened, and told again as often as it says; it is over before the next begins.
 */
#ifndef BSX_DRIFT_ALERT_ROUTE_STEP_H
#define BSX_DRIFT_ALERT_ROUTE_STEP_H

#include "core/json/schema.h"

#define ROUTE_STEPS_MAX        5
#define ROUTE_STEP_LEAST_S     60
#define ROUTE_STEP_MOST_S      (7 * 86400)
#define ROUTE_STEP_REPEATS_MAX 24
#define ROUTE_STEP_CHANNELS    10

struct route_step {
	int64_t        after_s;
	struct strings channels;
	const char    *min_severity; /* NULL: any */
	int64_t        repeat_s, repeats; /* 0: not told again */
};
extern const struct schema route_step_schema; /* as it is given, kept and answered */

/* What is wrong with a route's; faults at /escalate/...  Ids are written as the program writes them. */
MUST_USE bool route_steps_check(TALLOC_CTX *mem, const struct items *steps, struct err *e);
/* Ids are ids; each stands in its list then as it is written. */
MUST_USE bool route_check_ids(
    TALLOC_CTX *mem, struct strings ids, const char *member, struct err *e);

#endif
