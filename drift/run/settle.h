/*
 * settle.h - the baseline of a config whose mode is `previous`, resource by resource.
 *
 * With each complete reading of a collection its baseline moves there, but for resources that are not settled, which keep
 * theirs (core/store/drift/unsettled.h).  The rule, for each change that a reading finds in a resource:
 *
 *	below min_severity, accepted, as announced, ignored, acknowledged, in work	settled: it moves
 *	held: suspicious_collection, tolerance, for_runs, unconfirmed, flapping, silence, announced_waiting;
 *	or too few or too little to open an alert				waiting
 *	told by an alert that is open, and nobody has seen it		told
 *
 * A resource is as its least settled change is.  One that waits is compared whole with the version it was last settled
 * at, so that its reports go on showing what waits until that is told, or over.  One that is told is compared with the
 * reading before, as any other; but its findings are what it is now against the version it was last settled at: what was
 * told stays a finding, is not told again, and is over when the value returns.  A change of it that is no such finding
 * undoes one (HOLD_RETURNED).  Seen is what somebody has acknowledged, taken up, accepted, ignored or resolved, the
 * finding or its alert.
 *
 * What was not read completely settles nothing.  A config that is pinned again keeps those baselines as its own, until
 * somebody sets one.  Beyond UNSETTLED_MAX a resource moves on as if it were settled.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_DRIFT_RUN_SETTLE_H
#define BSX_DRIFT_RUN_SETTLE_H

#include "core/store/drift/unsettled.h"
#include "drift/run/plan.h"

enum settled { SETTLED, SETTLED_TOLD, SETTLED_WAITS };

/* Of one change, with the status of its finding. */
struct settle_in {
	const struct limits *limits;
	const struct change *change;
	enum hold_reason     hold;
	const char          *status;
	bool                 waits; /* what nothing holds is too little to be told yet */
};
enum settled settle_change(const struct settle_in *in);

/* Of a place; NULL: it is settled. */
const struct unsettled *settle_find(
    const struct unsettled_list *l, struct str category, struct str key);

/* By place, one row for each: it was told when all of its rows were. */
void settle_fold(struct unsettled_list *l);

/* p->unsettled: those that there are; what was told and seen is left out of it (p->over). */
MUST_USE bool settle_read(const struct ingest *in, struct plan *p, struct err *e);
/* Does this resource keep a baseline of its own in what is compared? */
bool settle_keeps(const struct ingest *in, const struct plan *p, const struct plan_collection *c,
    const struct unsettled *u);
/* After the alerts: what has moved, and p->collections say how many have not. */
MUST_USE bool settle_write(
    struct db *db, const struct ingest *in, struct plan *p, struct err *e);

#endif
