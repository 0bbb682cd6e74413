/*
 * suggestion.h - which rule packs the first snapshot of a config that has none looks like.
 *
 * Every pack of the installation says by which signs its kind is known (rule_pack.h).  Its signs are
 * held against the first resources of the first snapshot that has any; those that suit are suggested,
 * what suits most first, and stay until the config names packs.  What that costs is bounded by itself:
 * where it ends, the packs that were looked at by then stand.
 */
#ifndef BSX_DRIFT_RUN_SUGGESTION_H
#define BSX_DRIFT_RUN_SUGGESTION_H

#include "drift/run/plan.h"

#define SUGGESTED_MAX       5
#define SUGGESTED_RESOURCES 200     /* looked at */
#define SUGGESTED_STEPS     5000000 /* work.h: a twentieth of a second */

/* The config has none yet: the resources of this snapshot are looked at. */
bool suggestion_is_due(const struct ingest *in);
MUST_USE bool suggestion_write(
    struct db *db, const struct ingest *in, const struct plan *p, struct err *e);

#endif
