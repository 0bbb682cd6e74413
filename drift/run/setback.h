/*
 * setback.h - a collector whose clock was set back.
 *
 * Its pushes say that they were collected before its last one, and so they are history: nothing is watched any more.  Who
 * hands in the past on purpose does that too, but not with a clock that runs: there each push came by another time after it
 * was collected.  So SETBACK_RUNS pushes in a row of the credential that pushed the newest snapshot, each collected by the
 * same time (within PUSH_AHEAD_MS) before it came, are a clock that was set back.  The answer says so from then on, and an
 * alert once, until a push of it is the newest again.
 */
#ifndef BSX_DRIFT_RUN_SETBACK_H
#define BSX_DRIFT_RUN_SETBACK_H

#include "drift/run/plan.h"

#define SETBACK_RUNS 3

void setback_plan(const struct ingest *in, struct plan *p);
/* By how many seconds its clock is behind; 0: it is not. */
int64_t setback_of(const struct plan *p);
/* In the ingest's transaction: opens and ends the alert. */
MUST_USE bool setback_write(const struct plan *p, const struct alert_scope *a, struct err *e);

#endif
