/*
 * retention.h - the end of a config's history: by age, or by hand.
 *
 * How old it may become say the config's retention_s and the tenant's settings, of which the shorter counts (keep.h).
 * A round is short: it follows a push, in transactions of its own, and may take away more than that
 * push has added.  Where nothing is pushed driftd walks once an hour.  The baseline and the newest snapshot
 * stay whatever their age, and so does what expire.h says.
 *
 * What bounds each table of a tenant:
 *   config_snapshots, resources, resource_versions, contents, manifest_contents, drift_reports,
 *   drift_changes, drift_findings, drift_history, alerts (resolved), alert_findings, alert_controls: retention_s of
 *   the config, or the tenant's retention; without either they are kept for ever, and with the config they go (its
 *   alerts stay).
 *   outbox, deliveries: MESSAGE_KEEP_DAYS after they were made; a delivery that ends takes old ones
 * away. idempotency, mail_tokens, alert_answers, login_transactions, oidc_marks, user_sessions, masked_changes,
 * drift_daily, config_pushers, config_collections of which nothing is known: their own ends (core/store/tenant/forget.h). dropped_reports: until their changes are gone.
 *   drift_decision_lines: until they are written; their report stays until then.
 *   audit: never by age.
 *   all others hold what people have made, under the tenant's quota.
 */
#ifndef BSX_DRIFT_SNAPSHOT_RETENTION_H
#define BSX_DRIFT_SNAPSHOT_RETENTION_H

#include "core/store/drift/snapshot.h"
#include "core/store/tenant/forget.h"
#include "drift/config/spec.h"

#define RETENTION_ROUND 20  /* snapshots dropped in a round */
#define RETENTION_SWEEP 100 /* contents looked at in a round, from a random one on */

/* Everything beside snapshots is looked at with every so many'th of them, as many times as much. */
#define RETENTION_EVERY 8
#define RETENTION_ROWS  100 /* rows of each kind a snapshot, beside what the push has written */

/* The snapshot that a round follows. */
struct retention_after {
	const struct uuid       *config;
	const struct drift_spec *spec; /* of it */
	uint64_t                 seq;
	size_t                   written; /* changes */
};
/* Nothing to do: true. */
MUST_USE bool retention_round(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct retention_after *after, struct err *e);

/* All configs of a tenant of which something is to go, each until there is no more, or until it is stopped. */
MUST_USE bool retention_walk(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct forget_stop *stop, struct err *e);

/*
 * Something was taken away: where the tenant's quota bounds what it stores, driftd sweeps and counts anew within
 * RETENTION_FREED_S; once for all that is taken away until then.  Where none does, once a day will do.
 */
#define RETENTION_FREED_S 30
MUST_USE bool retention_freed(struct tenant_db *t, struct err *e);

/*
 * Contents that nothing refers to any more, after something was taken away as a whole: all of them where a tenant has
 * up to some 12,000, of more a part that is another each time.
 */
#define RETENTION_SLOTS 256
MUST_USE bool retention_sweep(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem, struct err *e);

/*
 * Drops one snapshot, inside a transaction; ERR_IN_USE when it is the baseline or the newest of
 * its config (the state row is locked and read again).
 */
MUST_USE bool retention_drop(
    struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e);

#endif
