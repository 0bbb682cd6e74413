/*
 * completeness.h - completeness: incomplete runs in a row and silence make a config
 * blind; too much of a collection gone at once (loss.h) is held until the next
 * snapshot.
 */
#ifndef BSX_DRIFT_RUN_COMPLETENESS_H
#define BSX_DRIFT_RUN_COMPLETENESS_H

#include "core/store/drift/snapshot.h"
#include "drift/run/plan.h"

/* Counts of the state row; what is held, in the report and in p->findings->hold. */
MUST_USE bool completeness_plan(const struct ingest *in, struct plan *p, const struct held *current,
    size_t current_n, struct err *e);
/* For a snapshot that changes nothing. */
void completeness_same(struct plan *p);
/* In the ingest's transaction: opens and ends the alerts, and sets the next beat. */
MUST_USE bool completeness_write(struct db *db, const struct ingest *in, struct plan *p,
    const struct alert_scope *a, struct err *e);

#endif
