/*
 * replay_clearing.h - which collections an alert of a replay waits for (drift/alert/clearing.h).
 */
#ifndef BSX_DRIFT_RUN_REPLAY_CLEARING_H
#define BSX_DRIFT_RUN_REPLAY_CLEARING_H

#include "drift/run/replay.h"

/* r->clearing, as the run finds it: with the collections of what was found, and which of all were read. */
MUST_USE bool replay_clearing(
    struct replay *r, const struct diff *found, const struct side *to, struct err *e);

#endif
