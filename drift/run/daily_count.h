/*
 * daily_count.h - what a report adds to the sums of its day (core/store/drift/daily.h).
 */
#ifndef BSX_DRIFT_RUN_DAILY_COUNT_H
#define BSX_DRIFT_RUN_DAILY_COUNT_H

#include "drift/run/plan.h"

/* In the ingest's transaction; nothing for a snapshot out of order or without a comparison. */
MUST_USE bool daily_count_write(struct db *db, const struct ingest *in, struct plan *p, struct err *e);

#endif
