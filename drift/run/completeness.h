/*
 * completeness.h - completeness: collections that were not read in too many snapshots in a row, or too long, make a
 * config blind, and one that was and may not be read any more does so at once, with the permission that is missing; too much of a collection gone at once (loss.h) is held until that collection is read again.
 */
#ifndef BSX_DRIFT_RUN_COMPLETENESS_H
#define BSX_DRIFT_RUN_COMPLETENESS_H

#include "core/store/drift/snapshot.h"
#include "drift/run/plan.h"

/* What is held: in the report, in its collection, and in p->findings->hold. */
MUST_USE bool completeness_plan(const struct ingest *in, struct plan *p, const struct held *current,
    size_t current_n, struct err *e);
/* In the ingest's transaction: opens and ends the alerts, and sets the next beat. */
MUST_USE bool completeness_write(struct db *db, const struct ingest *in, struct plan *p,
    const struct alert_scope *a, struct err *e);

#endif
