/*
 * review.h - a baseline that nobody approves.
 *
 * The first readings are in force at once, so that nothing is unwatched; that they are right is for somebody to say.  Who
 * has not approved the baseline of a config `review_after_days` after it began is told once, by an alert of kind "system"
 * that ends with the approval.
 */
#ifndef BSX_DRIFT_RUN_REVIEW_H
#define BSX_DRIFT_RUN_REVIEW_H

#include "drift/run/plan.h"
#include "drift/run/recheck.h"

/* In the ingest's transaction: the baseline has begun. */
MUST_USE bool review_begin(
    struct db *db, const struct ingest *in, const struct plan *p, struct err *e);
/* What is due (deadline.h): the transaction that ends the claim. */
MUST_USE bool review_due(struct db *db, const struct recheck *r, struct err *e);
/* Somebody has approved it: in that transaction. */
MUST_USE bool review_over(const struct alert_scope *a, struct err *e);

#endif
