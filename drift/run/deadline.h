/*
 * deadline.h - what is due at an instant: silence, that is configs whose complete
 * snapshot has not come in time, what ends by the clock (recheck.h), baselines that
 * nobody approves (review.h), alerts that nobody acknowledges (escalating.h), blind ones whose maintenance window is over
 * (hushing.h), windows of a series that are to be made (series.h), alerts that are told together (grouping.h), and lines of history that wait to be
 * written (promotion.h).
 *
 * A row of the control schema is due when the last complete snapshot is older
 * than blind_after beats.  Whoever claims it opens the config's blind alert in
 * one transaction that ends the claim; a snapshot that comes meanwhile has set
 * the row anew, and the transaction is rolled back.
 */
#ifndef BSX_DRIFT_RUN_DEADLINE_H
#define BSX_DRIFT_RUN_DEADLINE_H

#include "drift/config/drift.h"
#include "core/store/drift/schedule.h"
#include "core/store/tenant/tenant_db.h"

/* What else can be due, which this room knows nothing of: sees to it, and to its claim. */
typedef bool due_fn(void *arg, struct tenant_db *t, TALLOC_CTX *mem, const struct schedule *claim,
    struct err *e);
struct due_other {
	const char *kind; /* NULL ends a list */
	due_fn     *run;
	void       *arg;
};

/* Sees to what is due, but for what takes long; *done counts claims. */
MUST_USE bool deadlines_due(struct drift *d, struct database *database,
    const struct due_other *others, const struct uuid *owner, size_t *done, struct err *e);

/* The same of what takes long and may wait: two of them, so that nothing else waits for more. */
MUST_USE bool deadlines_long(struct drift *d, struct database *database,
    const struct due_other *others, const struct uuid *owner, size_t *done, struct err *e);

#endif
