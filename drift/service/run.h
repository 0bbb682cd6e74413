/*
 * run.h - runs of configs whose source collects: listed, asked for, cancelled before they are over.
 */
#ifndef BSX_DRIFT_SERVICE_RUN_H
#define BSX_DRIFT_SERVICE_RUN_H

#include "core/store/drift/run.h"
#include "drift/service/acting.h"

MUST_USE bool run_see(
    const struct acting *a, const struct uuid *id, struct run *run, struct err *e);
/* What its source told of, as who asks may see it; NULL: nothing. */
MUST_USE bool run_activity(
    const struct acting *a, const struct run *run, const char **out, struct err *e);
/* Newest first. */
MUST_USE bool run_page(
    const struct acting *a, const struct run_filter *f, struct page *p, struct err *e);
/* A run of that config as soon as may be: one that waits already, or a new one.  ERR_CONFLICT: it is pushed to. */
MUST_USE bool run_start(
    const struct acting *a, const struct uuid *config, struct run *run, struct err *e);
/* The same of one that reads all, and of which nothing is kept but how that went. */
MUST_USE bool run_try(
    const struct acting *a, const struct uuid *config, struct run *run, struct err *e);
/* One that waits, or runs: it stops within seconds.  ERR_CONFLICT: it is over. */
MUST_USE bool run_cancel(const struct acting *a, const struct uuid *id, struct err *e);

#endif
