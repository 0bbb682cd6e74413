/*
 * whatif.h - the alerts that another spec would have sent over stored history.
 *
 * Each snapshot in order is compared anew with what it was held against (the baseline in force now,
 * or the snapshot before it), under the present spec and under the other one, and the road of
 * alerting.h is followed: a finding is told once, again with another value or when it had gone; a
 * complete snapshot without findings ends the alert.  Of the thresholds only min_severity takes
 * part.  Nothing is written.
 */
#ifndef BSX_DRIFT_RUN_WHATIF_H
#define BSX_DRIFT_RUN_WHATIF_H

#include "drift/run/spec.h"

#define WHATIF_RUNS_MAX 200 /* snapshots replayed; older ones are left out */

struct whatif_tally {
	int64_t opened, updated, resolved; /* messages, had there been a channel */
	int64_t changes;                   /* counted, of all runs together */
	int64_t findings;                  /* of them: at least min_severity */
	int64_t by_severity[SEVERITY__MAX];
};
struct whatif {
	int64_t             runs; /* snapshots replayed */
	bool                more; /* there were more in that time */
	struct whatif_tally before, after;
};

MUST_USE bool whatif_run(struct tenant_db *t, TALLOC_CTX *mem, const struct drift_config *c,
    const struct drift_spec *before, const struct drift_spec *after, instant since,
    struct whatif *out, struct err *e);

#endif
