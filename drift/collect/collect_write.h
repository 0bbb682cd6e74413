/*
 * collect_write.h - what a run has come to, written: by the way of every snapshot, and the run ends in its transaction.
 * For collect_run.c alone.
 */
#ifndef BSX_DRIFT_COLLECT_COLLECT_WRITE_H
#define BSX_DRIFT_COLLECT_COLLECT_WRITE_H

#include "core/base/memory.h"
#include "drift/collect/collect_run.h"

/* With r->running.t; what is left of the claim where it fails is the caller's.  `memory`: of a process that does that
 * alone, which bounds it; NULL: of one that does more. */
MUST_USE bool collect_write(struct collect_run *r, struct memory *memory, struct err *e);
/* The same in a process of its own, which ends the run whatever comes of it; below 0: there is none. */
pid_t collect_fork(struct collect_run *r);

/* collect_run.c */
MUST_USE bool collect_drive(struct collect_run *r, int64_t now_ms, struct err *e);
void          collect_fail(struct collect_run *r, const struct err *why, const char *remedy);
MUST_USE bool collect_tell(struct collect_run *r, bool last, struct err *e);

#endif
