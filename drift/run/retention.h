/*
 * retention.h - the end of a config's history: after retention_s, or by hand.
 *
 * A round is short: it follows a push, in transactions of its own.  The baseline and the newest
 * snapshot stay whatever their age.
 */
#ifndef BSX_DRIFT_RUN_RETENTION_H
#define BSX_DRIFT_RUN_RETENTION_H

#include "core/store/snapshot.h"
#include "drift/run/spec.h"

#define RETENTION_ROUND 20  /* snapshots dropped in a round */
#define RETENTION_SWEEP 100 /* contents looked at in a round, from a random one on */

/* Nothing to do: true. */
MUST_USE bool retention_round(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct drift_config *c, const struct drift_spec *spec, struct err *e);

/*
 * Drops one snapshot, inside a transaction; ERR_IN_USE when it is the baseline or the newest of
 * its config (the state row is locked and read again).
 */
MUST_USE bool retention_drop(
    struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e);

#endif
