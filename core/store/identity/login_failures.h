/*
 * login_failures.h - failed sign-ins in the control schema.
 *
 * A source is a letter and 16 bytes: n a network (an IPv4 address or an IPv6
 * /64), d a known device, r a recovery code, a the whole account (its row is the
 * lock, and counts the locks).  What devices and codes have failed is not
 * forgotten by a pause, nor with the account's: their rows stay as long as a
 * device's cookie lives (forget_at).
 *
 * Every change is one statement that decides by itself: two hosts that try at
 * the same moment are two attempts.  Times are the database's.
 */
#ifndef BSX_STORE_IDENTITY_LOGIN_FAILURES_H
#define BSX_STORE_IDENTITY_LOGIN_FAILURES_H

#include "core/store/tenant/tenant_db.h"

#define FAILURES_FREE        9   /* in a row, without any delay */
#define FAILURES_LOCK        100 /* of one account within FAILURES_MEMORY_S */
#define FAILURES_DELAY_S     30  /* after the next one; doubled with each further */
#define FAILURES_DELAY_MAX_S 3600
#define FAILURES_MEMORY_S    86400 /* a pause of so long ends the row; also the time of the lock */

#define FAILURES_ACCOUNT_LEN 32
#define FAILURES_SOURCE_LEN  17

/* Of whom, and from where. */
struct failures_key {
	uint8_t account[FAILURES_ACCOUNT_LEN];
	uint8_t source[FAILURES_SOURCE_LEN];
};

struct failures_state {
	int64_t total;     /* of the account, from everywhere */
	int64_t locked_ms; /* the account is locked for so long; <= 0: it is not */
	int64_t mine;      /* from this source in a row */
	int64_t wait_ms;   /* from this source: so long still; <= 0: none */
	int64_t beside;    /* from the other source that was asked for */
};
/* `beside`: another source, or NULL. */
MUST_USE bool failures_read(struct database *d, TALLOC_CTX *mem, const struct failures_key *k,
    const uint8_t *beside, struct failures_state *out, struct err *e);

struct failures_count {
	int64_t     failures;
	struct uuid attempt; /* another one's: not let through, nothing was counted */
	int64_t     wait_ms; /* until the next may be made */
};
/* One more from this source, unless it has to wait. `attempt` is new. */
MUST_USE bool failures_add(struct database *d, TALLOC_CTX *mem, const struct failures_key *k,
    const struct uuid *attempt, struct failures_count *out, struct err *e);
/* The attempt was none after all. */
MUST_USE bool failures_take_back(
    struct database *d, const struct failures_key *k, const struct uuid *attempt, struct err *e);
/* The account is locked from now on, if it is not yet. */
MUST_USE bool failures_lock(
    struct database *d, const struct failures_key *k, const struct uuid *attempt, struct err *e);
/* Forgets this source's. */
MUST_USE bool failures_clear(struct database *d, const struct failures_key *k, struct err *e);
/* Forgets all of the account's, and its lock, but not what devices and codes have failed. */
MUST_USE bool failures_clear_account(
    struct database *d, const uint8_t account[static FAILURES_ACCOUNT_LEN], struct err *e);
/* Removes some that have no more meaning. */
MUST_USE bool failures_prune(struct database *d, struct err *e);

#endif
