/*
 * run_index.h - which configs are to be collected, and from when on: rows of the control schema, set in the tenant's
 * transaction and claimed by collectors on the database's clock.
 *
 * Every config whose source collects has one row.  A claim is a lease with a fence; who holds it beats for it
 * (run_heartbeat) at a third of RUN_LEASE_S, and ends it in the tenant's transaction that ends the run.  A row that is
 * set anew meanwhile (a changed schedule, a run that somebody asks for) stays held, and is due then when the claim ends.
 *
 * Errors: OUTBOX_FENCE_LOST (outbox.h) in e->sys: somebody else holds the claim now, or the config is gone: roll back
 * and forget it; and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_RUN_INDEX_H
#define BSX_STORE_DRIFT_RUN_INDEX_H

#include "core/store/tenant/tenant_db.h"

#define RUN_LEASE_S 60

struct run_claim {
	struct uuid config_id;
	char       *schema_name;
	uint64_t    fence;
	instant     next_due; /* when it was due */
};

/* ---- the tenant's side: inside its transaction ---- */

/* Due at that instant; 0: not by itself, only when somebody asks. */
MUST_USE bool run_index_set(struct db *db, const struct uuid *config, instant due, struct err *e);
/* Due now. */
MUST_USE bool run_index_hasten(struct db *db, const struct uuid *config, struct err *e);
/* The config is dropped, or its source collects no more. */
MUST_USE bool run_index_drop(struct db *db, const struct uuid *config, struct err *e);
/* The claim still holds, and does until the transaction ends. */
MUST_USE bool run_index_hold(struct db *db, const struct run_claim *c, struct err *e);
/* The claim ends, and the config is due at that instant (0: not by itself), unless it was set anew meanwhile. */
MUST_USE bool run_index_done(struct db *db, const struct run_claim *c, instant due, struct err *e);

/* ---- the collector's side ---- */

/*
 * Who claims, and how many may be held at most, with those that are: by one tenant (as it is seen before the claim), on
 * this host, by all; 0: any number.
 */
struct run_claimer {
	struct uuid owner; /* this process */
	const char *host;
	int64_t     per_tenant, per_host, global;
};

/*
 * Takes up to `limit` that are due, fairly: first of those tenants of whom the fewest are held, then what is due
 * longest.  rows[] is what was won: with what others
 * have kept it is never more than per_host and global, whoever claims at the same time.
 */
MUST_USE bool run_claim(struct db *control, TALLOC_CTX *mem, const struct run_claimer *who,
    size_t limit, struct run_claim **rows, size_t *n, struct err *e);
/* Holds all that `owner` has for RUN_LEASE_S more, by one statement; *held: so many.  Fewer than it thinks: run_held. */
MUST_USE bool run_heartbeat(
    struct db *control, const struct uuid *owner, uint64_t *held, struct err *e);
/* What it has. */
MUST_USE bool run_held(struct db *control, TALLOC_CTX *mem, const struct uuid *owner, size_t max,
    struct run_claim **rows, size_t *n, struct err *e);
/* Gives back all that it has, due as it was: at the end of a process, in its own name or in that of one that died. */
MUST_USE bool run_give_back(struct db *control, const struct uuid *owner, struct err *e);
/* Gives one back without a run, due in `due_ms`: its tenant is not to be had. */
MUST_USE bool run_put_off(
    struct db *control, const struct run_claim *c, int64_t due_ms, struct err *e);
/* Removes the row of a claim whose tenant is no more. */
MUST_USE bool run_forget(struct db *control, const struct run_claim *c, struct err *e);

#endif
