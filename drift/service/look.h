/*
 * look.h - what is to be reviewed of a config's first readings (drift/run/first_look.h).
 */
#ifndef BSX_DRIFT_SERVICE_LOOK_H
#define BSX_DRIFT_SERVICE_LOOK_H

#include "drift/service/baseline.h"

/* *out NULL: nothing. */
MUST_USE bool look_see(
    const struct acting *a, const struct uuid *config, struct look_seen **out, struct err *e);

#endif
