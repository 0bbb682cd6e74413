/*
 * apply.h - a plan, written: inside the transaction that has locked the config's state row, which is
 * its last statement and its caller's.
 */
#ifndef BSX_DRIFT_RUN_APPLY_H
#define BSX_DRIFT_RUN_APPLY_H

#include "drift/run/plan.h"

/* All of it, beside the row of the snapshot that came. */
MUST_USE bool apply_plan(
    struct db *db, const struct ingest *in, struct plan *p, struct err *e);
/* What it says of alerts, and when to look again.  *deed (may be NULL): what became of the one of
 * kind "drift". */
MUST_USE bool apply_alerts(
    struct db *db, const struct ingest *in, struct plan *p, enum deed *deed, struct err *e);

#endif
