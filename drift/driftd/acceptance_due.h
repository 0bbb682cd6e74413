/*
 * acceptance_due.h - an acceptance that waits for a second person ends by itself: when nobody has decided about it in time, when
 * nothing of it is there any more with the value that was to be accepted, and when the baseline is another than it was.
 *
 * Each is looked at once a minute while it waits (SCHEDULE_ACCEPTANCE).
 */
#ifndef BSX_DRIFT_DRIFTD_ACCEPTANCE_DUE_H
#define BSX_DRIFT_DRIFTD_ACCEPTANCE_DUE_H

#include "core/auth/auth.h"
#include "drift/run/deadline.h"

/* `arg` is the struct auth. */
due_fn acceptance_due;

#endif
