/*
 * watch.h - driftd looks at tenants: what their audit trails say since they were read last, and what is so with what is
 * theirs, becomes alerts (watched.h) on the road of all others, in one transaction that moves the mark of what was read.
 *
 * What comes in thousands, as failed sign-ins do, is counted in one alert: of one look, LOOK_ENTRIES entries and at most as
 * many alerts.  What is left is looked at at once, behind the other tenants that wait.
 */
#ifndef BSX_DRIFT_WATCH_WATCH_H
#define BSX_DRIFT_WATCH_WATCH_H

#include "core/auth/auth.h"

/* Looks at those that are due, `most` at a time; *n: so many were.  What fails in one tenant is logged, and tried again. */
MUST_USE bool watch_round(struct auth *a, size_t most, size_t *n, struct err *e);

#endif
