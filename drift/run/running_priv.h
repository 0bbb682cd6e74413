/*
 * running_priv.h - what the files of running.h share.
 */
#ifndef BSX_DRIFT_RUN_RUNNING_PRIV_H
#define BSX_DRIFT_RUN_RUNNING_PRIV_H

#include "drift/run/running.h"

/* When the config of a run that is over is due next: what has come meanwhile at once, after failures later. */
instant running_next(const struct running *r, instant now);

#endif
