/*
 * usage.h - how much a tenant has of what its quota bounds.
 *
 * Taking is one conditional UPDATE of the kind's own row, within the transaction that makes the thing: who makes another
 * one at the same time waits, so that a limit is never exceeded.  What is taken away is not counted off at once: where a
 * limit is met, usage_recount() says how many there really are.
 */
#ifndef BSX_STORE_TENANT_USAGE_H
#define BSX_STORE_TENANT_USAGE_H

#include "core/store/tenant/tenant_db.h"

/*      id                   name of the row and of the quota's member */
#define USAGE_KINDS(X) \
	X(USAGE_USERS,       "users") \
	X(USAGE_API_KEYS,    "api_keys") \
	X(USAGE_CONFIGS,     "drift_configs") \
	X(USAGE_SNAPSHOTS,   "snapshots_per_day") \
	X(USAGE_STORAGE,     "storage_bytes")
enum usage_kind {
#define X(id, name) id,
	USAGE_KINDS(X)
#undef X
	USAGE__MAX
};
const char *usage_name(enum usage_kind k);
/* Of a limit USAGE_NEAR in a hundred are used, or more; limit 0: there is none. */
#define USAGE_NEAR 80
bool usage_near(int64_t used, int64_t limit);

/* In a transaction: one more.  limit 0: none, and nobody waits.  *taken is false where the limit is met. */
MUST_USE bool usage_take(struct db *db, enum usage_kind k, int64_t limit, bool *taken, struct err *e);

/* What one snapshot adds.  A day is UTC: days since 1970-01-01. */
struct usage_push {
	int64_t day, bytes;
	int64_t per_day, storage; /* limits; 0: none */
};
/*
 * In its transaction, last: the tenant's other pushes wait for it.  *met: the limit that is met, so that the transaction is
 * not to be committed; USAGE__MAX: none.
 */
MUST_USE bool usage_take_push(struct db *db, const struct usage_push *p, enum usage_kind *met, struct err *e);

/* Of what a snapshot adds to, read alone: `used` of the day and of the storage. */
MUST_USE bool usage_of_pushes(struct db *db, int64_t day, int64_t *snapshots, int64_t *bytes, struct err *e);

/* What is counted: of snapshots_per_day that of the day `day`. */
MUST_USE bool usage_counted(struct tenant_db *t, int64_t day, int64_t used[static USAGE__MAX], struct err *e);

/*
 * Counts what there is of users, api_keys or drift_configs, in a transaction of its own.  Nobody makes one meanwhile.
 */
MUST_USE bool usage_recount(struct tenant_db *t, enum usage_kind k, int64_t *used, struct err *e);

/*
 * Counts the bytes stored: contents and audit as they are, of changes what is shown of them; in pages, while others go on
 * adding theirs.  Nothing is done where that was `every_ms` ago, or less; stop() ends it (true: enough), and then
 * nothing is changed.
 */
#define USAGE_STORAGE_MS INT64_C(86400000) /* by itself */
#define USAGE_FREED_MS   INT64_C(20000)    /* where something was taken away */
struct usage_stop {
	bool (*stop)(void *arg);
	void *arg;
};
MUST_USE bool usage_recount_storage(struct tenant_db *t, instant now, int64_t every_ms, const struct usage_stop *s,
    struct err *e);

#endif
