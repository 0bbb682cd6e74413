/*
 * intent_due.h - an announced change of which nothing has come is said at the end of its window: by an entry of the trail, which
 * opens an alert (drift/watch/watched.c).
 */
#ifndef BSX_DRIFT_DRIFTD_INTENT_DUE_H
#define BSX_DRIFT_DRIFTD_INTENT_DUE_H

#include "core/auth/auth.h"
#include "drift/run/deadline.h"

/* `arg` is the struct auth. */
due_fn intent_due;

#endif
