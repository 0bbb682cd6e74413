/*
 * collector.h - a collecting process of driftd: claims what is due, reads many sources at once, and ends when it is told
 * to.
 *
 * It looks for what is due every driftd.poll_ms, and at once when this host's responders say that there is something new
 * (wake.h).  One loop over all connections; what a run has come to is written here or beside it (collect_run.h).  Claims
 * are held by one statement for all of them; a run whose claim is lost is dropped.  TERM, INT and HUP end it: nothing
 * more is claimed, what is being written is waited for, and the other runs go back to be begun again.  Killed at any instant
 * it loses nothing: its claims run out, or are given back in its name by the supervisor (run_give_back).
 */
#ifndef BSX_DRIFT_COLLECT_COLLECTOR_H
#define BSX_DRIFT_COLLECT_COLLECTOR_H

#include "core/base/env.h"
#include "core/base/uuid.h"

struct recalls;
struct collector_start {
	struct env  env;
	struct uuid owner;
	struct recalls *recalls; /* what is known from before (recalls.h); NULL: nothing is */
};

/* The child's whole life; its exit status.  The signals that end it, and SIGCHLD, are blocked. */
int collector_run(const struct collector_start *s);
/* All that is due now and until `until_ns` (monotonic; 0: no limit), then it ends. */
MUST_USE bool collector_once(const struct collector_start *s, int64_t until_ns, struct err *e);

#endif
