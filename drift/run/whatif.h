/*
 * whatif.h - the alerts that another spec would have sent over stored history.
 *
 * Each snapshot in order is compared anew with what it was held against (the baseline in force now,
 * or the snapshot before it), under the present spec and under the other one, and goes through what
 * an ingest goes through: finding_judge, losses, flaps, anomalies, decide.  Acceptances and what is
 * ignored are as they are now, from the first snapshot on; otherwise each side begins with nothing.
 * Silences take no part.  Nothing is written.
 */
#ifndef BSX_DRIFT_RUN_WHATIF_H
#define BSX_DRIFT_RUN_WHATIF_H

#include "drift/alert/alert_decide.h"
#include "drift/config/spec.h"

#define WHATIF_RUNS_MAX 200 /* snapshots replayed; older ones are left out */

/* Alerts beside the one about findings, that would have been opened. */
#define WHATIF_KINDS(X)                                                                            \
	X(WHATIF_BLIND, "blind")                                                                   \
	X(WHATIF_SUSPICIOUS, "suspicious_collection")                                              \
	X(WHATIF_FLAPPING, "flapping")                                                             \
	X(WHATIF_ANOMALY, "anomaly")
enum whatif_kind {
#define X(id, wire) id,
	WHATIF_KINDS(X)
#undef X
	    WHATIF_KIND__MAX
};

struct whatif_tally {
	int64_t opened, updated, resolved; /* messages, had there been a channel */
	int64_t suppressed;                /* opened, and not told at first */
	int64_t opened_by_severity[SEVERITY__MAX];
	int64_t changes;  /* counted, of all runs together */
	int64_t findings; /* of them: at least min_severity, and nothing held them */
	int64_t by_severity[SEVERITY__MAX];
	int64_t held[HOLD__MAX]; /* changes held so, of all runs; HOLD_NONE: below min_severity */
	int64_t why[WHY__MAX];   /* runs in which nothing was opened or ended for that reason */
	int64_t conditions[WHATIF_KIND__MAX];
};
struct whatif {
	int64_t             runs; /* snapshots replayed */
	bool                more; /* there were more in that time */
	bool                makers; /* rules ask who made a change, or when, which is not known here: they never hold */
	struct whatif_tally before, after;
};

struct whatif_question {
	struct tenant_db          *t;
	const struct drift_config *config;
	const struct drift_spec   *before, *after; /* as it is, and as it might be */
	instant                    since;          /* snapshots collected from then on */
	struct work               *work;
};

MUST_USE bool whatif_run(
    const struct whatif_question *in, TALLOC_CTX *mem, struct whatif *out, struct err *e);

#endif
