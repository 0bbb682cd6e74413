/*
 * recheck.h - what ends by the clock acts by itself: an acceptance that expires, a silence that is
 * over, a declared difference to a golden baseline that is no more.  So does a collection that a config says
 * to be retired, or not to be read: then it is due at once.
 *
 * A row of the control schema is due when the first of them ends (the state row's recheck_at).
 * Whoever claims it looks at the newest snapshot again, as it is stored, under the present spec and
 * baseline: the same plan as for a push, without a snapshot.  When that changes anything there is a
 * new report on that snapshot, and people are told; the transaction ends the claim, or sets it to
 * what ends next.
 */
#ifndef BSX_DRIFT_RUN_RECHECK_H
#define BSX_DRIFT_RUN_RECHECK_H

#include "core/store/drift/schedule.h"
#include "drift/run/plan.h"

/* What is due, for whom. */
struct recheck {
	struct drift          *d;
	struct tenant_db      *t;
	TALLOC_CTX            *mem;
	const struct schedule *claim;
	struct work           *work;
};
/* Before the transaction: a golden baseline follows its template and the time. */
MUST_USE bool recheck_renew(const struct recheck *r, struct err *e);
/* In a transaction: looks again, and sees to the claim. */
MUST_USE bool recheck_body(struct db *db, const struct recheck *r, struct err *e);

#endif
