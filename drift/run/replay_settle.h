/*
 * replay_settle.h - settle.h in a replay: which resources keep a baseline of their own, from run to run, in memory.
 *
 * Nobody sees anything in a replay: what was told stays told until its value returns.
 */
#ifndef BSX_DRIFT_RUN_REPLAY_SETTLE_H
#define BSX_DRIFT_RUN_REPLAY_SETTLE_H

#include "drift/run/replay.h"

/* One run of a spec whose baseline moves. */
struct replay_settling {
	struct replay              *r;
	TALLOC_CTX                 *mem; /* of the run */
	const struct side          *from, *to;
	struct diff                *diff;
	const struct plan_findings *findings;
	bool                        waits;
};

/* What it is held against: `from`, with what waits as it was. */
MUST_USE bool replay_base(const struct replay_settling *s, struct side *out, struct err *e);
/* Adds what stands of what was told to s->diff; *ended is parallel to the changes that were there. */
MUST_USE bool replay_told(
    const struct replay_settling *s, const struct both_sides *how, bool **ended, struct err *e);
/* After the alert. */
MUST_USE bool replay_settle(const struct replay_settling *s, struct err *e);

#endif
