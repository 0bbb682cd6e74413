/*
 * factor.h - second factors of one tenant's users: the authenticator's secret,
 * recovery codes, and sign-ins that wait for one of them.
 *
 * Whatever counts once or is counted is one conditional UPDATE, so that
 * parallel requests and other database nodes cannot both win.
 */
#ifndef BSX_STORE_IDENTITY_FACTOR_H
#define BSX_STORE_IDENTITY_FACTOR_H

#include "core/store/tenant/tenant_db.h"

/* Of a user; blobs are sealed for users:2fa_secret:ID both. */
struct factor {
	bool        enabled;
	struct blob secret;
	int64_t     last_step;   /* of the last code that counted */
	struct blob pending;     /* being set up; p == NULL: nothing is */
	instant     pending_at;
	instant     tries_since; /* begin of the hour in which tries are counted; 0: none */
};

/* ERR_MISSING: no such user. */
MUST_USE bool factor_by_user(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user,
    struct factor *f, struct err *e);
MUST_USE bool factor_set_pending(struct tenant_db *t, const struct uuid *user, struct blob sealed,
    instant now, struct err *e);
/* The pending secret becomes the factor, if it is still this one; raises the user's epoch. */
MUST_USE bool factor_enable(struct tenant_db *t, const struct uuid *user, struct blob pending, int64_t step,
    bool *enabled, struct err *e);
/* No factor, nothing pending, no sign-in that waits; raises the user's epoch. */
MUST_USE bool factor_drop(struct tenant_db *t, const struct uuid *user, bool *found, struct err *e);

/* *taken: the step is later than every one before it, of this very secret. Forgets the tries. */
MUST_USE bool factor_take_step(struct tenant_db *t, const struct uuid *user, struct blob secret,
    int64_t step, bool *taken, struct err *e);
/* Counts a try; *may: fewer than `max` were made since `hour_ago` (else nothing is counted). */
MUST_USE bool factor_count_try(struct tenant_db *t, const struct uuid *user, instant now, instant hour_ago,
    int64_t max, bool *may, struct err *e);
MUST_USE bool factor_forget_tries(struct tenant_db *t, const struct uuid *user, struct err *e);

/* ---- recovery codes ---- */

struct recovery_row {
	struct uuid user_id;
	struct blob code_hash;
	int64_t     pepper; /* the version of the keyring that it is by; 0: nobody knows */
	instant     created_at;
};
MUST_USE bool recovery_add(struct tenant_db *t, const struct recovery_row *rows, size_t n, struct err *e);
/* All of the user's. */
MUST_USE bool recovery_drop(struct tenant_db *t, const struct uuid *user, struct err *e);
MUST_USE bool recovery_take(struct tenant_db *t, const struct uuid *user, struct blob code_hash, instant now,
    bool *taken, struct err *e);
/* *there: it is the user's, and not used yet. */
MUST_USE bool recovery_is_there(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user,
    struct blob code_hash, bool *there, struct err *e);
MUST_USE bool recovery_left(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user, int64_t *left,
    struct err *e);

/* ---- sign-ins that wait for the second factor ---- */

struct login_transaction {
	struct uuid id;
	struct blob token_hash;
	struct uuid user_id;
	uint64_t    user_epoch;
	const char *provider;
	bool        in_body;
	const char *return_to; /* NULL: nowhere in particular */
	instant     created_at, expires_at;
	instant     ended_at; /* 0: it waits */
};

MUST_USE bool login_transaction_add(struct tenant_db *t, const struct login_transaction *l, struct err *e);
/* ERR_MISSING: none such. */
MUST_USE bool login_transaction_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct login_transaction *l, struct err *e);
/* Counts a try; *may: it waits still, and fewer than `max` were made. */
MUST_USE bool login_transaction_try(struct tenant_db *t, const struct uuid *id, instant now, int64_t max,
    bool *may, struct err *e);
/* *ended: false when it had ended before, or its time is over. */
MUST_USE bool login_transaction_end(struct tenant_db *t, const struct uuid *id, instant now, bool *ended,
    struct err *e);

#endif
