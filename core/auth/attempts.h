/*
 * attempts.h - failed sign-ins slow down whoever makes them.
 *
 * Counted by account (an HMAC of tenant and e-mail address, whether they exist
 * or not) and source: the network (an IPv4 address, an IPv6 /64), or the known
 * device.  Nine failures in a row cost nothing; the tenth makes its source wait
 * 30 s, each further one twice as long, at most an hour.  At 100 failures within
 * a day the account takes sign-ins from known devices only, for a day (a password
 * reset ends that).  A pause of a day, or a success, ends a source's row.
 *
 * An attempt of a source that has failures is counted before its password is
 * looked at, so that trying in parallel wins nothing; one that may not be made
 * costs no hash, and nobody sleeps.
 */
#ifndef BSX_AUTH_ATTEMPTS_H
#define BSX_AUTH_ATTEMPTS_H

#include "core/auth/device.h"
#include "core/store/login_failures.h"

struct attempts {
	struct failures_key key;
	uint8_t     network[FAILURES_SOURCE_LEN]; /* cleared as well when a known device succeeds */
	struct uuid id;                           /* of this attempt */
	bool        counted;
	int64_t     seen;     /* failures on record before it, from this source */
	int64_t     total;    /* from everywhere */
	const char *why;      /* refused: "network", "device" or "account" */
	int64_t     failures; /* in a row from this source, this one included */
	int64_t     delay_s;  /* what this failure has brought on; 0: nothing */
};

/* What the account is counted under; the same for spellings that are the same address. */
MUST_USE bool attempts_account(const struct auth *a, TALLOC_CTX *mem, const char *slug,
    const char *email, uint8_t account[static KEY_LEN], struct err *e);

/* Before the password is looked at. ERR_ATTEMPTS with retry_s, and out->why: it may not be made
 * now. */
MUST_USE bool attempts_begin(const struct auth *a, TALLOC_CTX *mem,
    const uint8_t account[static KEY_LEN], const char *address, const struct device *device,
    struct attempts *out, struct err *e);
/* How it ended: one of these. */
MUST_USE bool attempts_failed(
    const struct auth *a, TALLOC_CTX *mem, struct attempts *x, struct err *e);
MUST_USE bool attempts_passed(const struct auth *a, struct attempts *x, struct err *e);
void          attempts_broken(const struct auth *a, struct attempts *x); /* by our own fault */

/*
 * One that was made through a session, whose limit is its own: a wrong password there is a failure
 * of the account and of the network that it came from, as at a sign-in.
 */
MUST_USE bool attempts_wrong(const struct auth *a, TALLOC_CTX *mem, const char *slug,
    const char *email, const char *address, struct err *e);

/* Forgets all failures of the account and its lock: a password reset, or an administrator's word.
 */
MUST_USE bool attempts_forget(
    const struct auth *a, TALLOC_CTX *mem, const char *slug, const char *email, struct err *e);

#endif
