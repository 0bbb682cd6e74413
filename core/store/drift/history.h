/*
 * history.h - what leaves a config's history: a snapshot, the versions that only it
 * held, and the contents that nothing refers to any more.
 *
 * Contents are shared by all configs of a tenant.  Dropping one locks its row first and then looks
 * for what refers to it, and storing one again writes that row: whichever comes second sees the
 * other.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_HISTORY_H
#define BSX_STORE_DRIFT_HISTORY_H

#include "core/store/drift/snapshot.h"

/* A content that a snapshot out of order refers to by its manifest, or the manifest; one that a
 * template (golden.h) is kept in; or one that a config keeps until its values are masked (remask.h). */
struct manifest_ref {
	struct uuid snapshot_id;
	struct blob address;
};
MUST_USE bool history_refer(
    struct db *db, const struct manifest_ref *refs, size_t n, struct err *e);

/* Snapshots of a config collected before `before`, oldest first, without the two that are needed, nor those that a
 * collection needs, or a resource. */
struct history_expired {
	struct uuid config_id;
	instant     before;
	struct uuid baseline, newest; /* nil: none */
	int64_t     limit;
};
MUST_USE bool history_expired(struct tenant_db *t, TALLOC_CTX *mem,
    const struct history_expired *in, struct snapshot **rows, size_t *n, struct err *e);

/*
 * Drops a snapshot of a config whose state row the transaction holds, with what only it held.
 * It is neither the baseline nor the newest.  Reports and their changes stay.
 */
MUST_USE bool history_drop(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e);

/* Ends all references of a holder; its contents stay. */
MUST_USE bool history_unrefer(struct db *db, const struct uuid *holder, struct err *e);
/* Ends all references of a holder that is no snapshot, and drops the contents that nobody else
 * needs. */
MUST_USE bool history_release(
    struct db *db, TALLOC_CTX *mem, const struct uuid *holder, struct err *e);

/* Drops what nothing refers to among at most `limit` contents from this address on. */
MUST_USE bool history_sweep(
    struct db *db, TALLOC_CTX *mem, struct blob from, size_t limit, size_t *dropped, struct err *e);

/* The newest report, or one that an open alert stands on, was made of it or against it; or a collection's baseline or
 * last complete reading is in it (collection.h), or the baseline of a resource (unsettled.h). */
MUST_USE bool history_is_named(
    struct db *db, TALLOC_CTX *mem, const struct snapshot *s, bool *yes, struct err *e);

#endif
