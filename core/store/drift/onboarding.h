/*
 * onboarding.h - links by which an administrator lets an app read a directory (drift/template/onboard.h): rows of the tenant
 * that has asked for them.
 *
 * Each step is one conditional UPDATE, so that of two answers one counts.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_ONBOARDING_H
#define BSX_STORE_DRIFT_ONBOARDING_H

#include "core/store/tenant/tenant_db.h"

#define ONBOARDING_WHY_MAX 590 /* bytes */

struct onboarding {
	struct uuid     id;
	const char     *tenant;
	struct uuid     tenant_id;
	const char     *directory;
	struct raw_json packs;
	struct blob     secret; /* sealed; empty: it is gone */
	const char     *state;  /* "waiting", "checking", "applying", "done", "failed" */
	const char     *why, *answered; /* NULL: nothing yet */
	uint64_t        tries;
	struct raw_json operations;
	const char     *asked_name;
	instant         ends_at, created_at, answered_at, finished_at; /* 0: not yet */
};
MUST_USE bool onboarding_add(struct db *db, const struct onboarding *o, struct err *e);
MUST_USE bool onboarding_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct onboarding *o, struct err *e);
/* Newest first. */
MUST_USE bool onboarding_page(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e);
/* Those whose link is open at that instant, and of these the ones whose directory is being asked. */
struct onboarding_load {
	int64_t open, checking;
};
MUST_USE bool onboarding_load_of(struct db *db, instant now, struct onboarding_load *out, struct err *e);

/*
 * Writes state, why, answered, operations and the two instants of `o`, while the state is `from`; *done false: it is not.
 * `tries` is not written but counted up.
 */
struct onboarding_step {
	const char *from;
	bool        wipe;    /* the secret is gone with it */
	bool        counts;  /* as an answer to the link */
	bool        unbegun; /* while there are no operations */
};
MUST_USE bool onboarding_move(struct db *db, const struct onboarding *o, const struct onboarding_step *s,
    bool *done, struct err *e);
/* ERR_MISSING: there is none. */
MUST_USE bool onboarding_drop(struct db *db, const struct uuid *id, struct err *e);

#endif
