/*
 * route_quiet.h - the quiet hours of a route: what comes in them is held, and told as one digest at their end.
 *
 * What is `but_from` or worse is told as at any time, and so is who is called for (escalation.h).  What was over before the end
 * is told as fold.h says.  Kinds of channels that are told each alert (kinds.h) are told each at the end.
 */
#ifndef BSX_DRIFT_ALERT_ROUTE_QUIET_H
#define BSX_DRIFT_ALERT_ROUTE_QUIET_H

#include "core/base/clock.h"
#include "core/json/schema.h"
#include "drift/engine/rules.h"

struct route_quiet {
	const char    *from, *to; /* "22:00", "06:00": on the next day */
	struct strings days;      /* on which they begin; none: every day */
	const char    *timezone;  /* NULL: UTC */
	const char    *but_from;  /* NULL: "critical" */
};
extern const struct schema route_quiet_schema; /* as they are given, kept and answered */

/* What is wrong with them; faults at /quiet.  NULL: they are none. */
MUST_USE bool route_quiet_check(TALLOC_CTX *mem, const struct route_quiet *q, struct err *e);

/* When they end that are now; 0: they are not now, or cannot be read any more. */
int64_t route_quiet_end_ms(const struct route_quiet *q, instant now);
enum severity route_quiet_but_from(const struct route_quiet *q);

#endif
