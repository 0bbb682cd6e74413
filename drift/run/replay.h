/*
 * replay.h - one spec's way through stored snapshots: the state that an ingest would keep in the
 * database is kept in memory, and every decision is made by the functions that an ingest uses.
 */
#ifndef BSX_DRIFT_RUN_REPLAY_H
#define BSX_DRIFT_RUN_REPLAY_H

#include "drift/alert/volume.h"
#include "drift/run/finding.h"
#include "drift/snapshot/comparison.h"
#include "drift/run/whatif.h"

struct replay {
	struct tenant_db        *t;
	const struct drift_spec *spec;
	struct uuid              config_id;
	TALLOC_CTX              *mem; /* of what stays between runs */
	struct work             *work;
	bool                     template; /* the baseline is one, which somebody wrote: it finds no masked value out */

	struct unsettled_list unsettled; /* where the baseline moves: of whom it has not (settle.h) */
	struct finding_list known; /* what an ingest would have read; rows NULL: nothing yet */
	struct told        *told; /* by the open alert, by fingerprint */
	size_t              told_n;
	struct uuid         alert; /* nil: none is open */
	bool                suppressed;
	enum severity            severity; /* of the open one */
	struct flaps        flaps;
	struct volumes      volumes; /* of collections that were read */
	int64_t             clean_runs, incomplete_runs;
	struct clearing    *clearing; /* of collections in which something was found, by category */
	size_t              clearing_n;
	instant             last_complete;                /* 0: none yet */
	bool                conditions[WHATIF_KIND__MAX]; /* which are open */

	struct whatif_tally tally;
};

/* One that nothing was there to hold against: it was read, or not. */
MUST_USE bool replay_skip(struct replay *r, const struct side *to, instant at, struct err *e);
/* One snapshot: `to` against `from`; `was`: the one before it (items NULL: none). */
MUST_USE bool replay_one(struct replay *r, const struct side *from, const struct side *was,
    const struct side *to, instant at, struct err *e);

/* Is one of that kind open now?  Counted when it begins. */
void replay_condition(struct replay *r, enum whatif_kind kind, bool now);

#endif
