/*
 * attempts.h - failed sign-ins slow down whoever makes them.
 *
 * Counted by account (an HMAC of tenant and e-mail address, whether they exist
 * or not) and source: the network (an IPv4 address, an IPv6 /64), or a ticket.
 * Nine failures in a row cost nothing; the tenth makes its network wait 30 s,
 * each further one twice as long, at most an hour.  At 100 failures within a day
 * (NIST SP 800-63B-4 section 3.2.2) strangers wait for a day; a password reset
 * ends that.  A pause of a day, or a success, ends a network's row.
 *
 * Waiting is for strangers: others can bring it on for anybody.  Who has a ticket
 * - a known device, or a recovery code that was not used yet - passes at once
 * with the right password.  A ticket is no ticket to guess: TICKET_TRIES wrong
 * passwords, however long the pauses, and it is none any more until it is
 * renewed by a sign-in (a device) or replaced (a code).
 *
 * An attempt of a source that has failures, or of a ticket while strangers wait,
 * is counted before its password is looked at, so that trying in parallel wins
 * nothing; one that may not be made costs no hash, and nobody sleeps.
 */
#ifndef BSX_AUTH_ATTEMPTS_H
#define BSX_AUTH_ATTEMPTS_H

#include "core/auth/auth.h"
#include "core/store/identity/login_failures.h"

#define TICKET_TRIES 5

/* What passes where strangers wait. */
struct ticket {
	char    kind; /* 'd' a known device, 'r' a recovery code; '\0': none */
	uint8_t id[FAILURES_SOURCE_LEN - 1];
};

/* Who tries what. */
struct attempt_on {
	const uint8_t       *account; /* KEY_LEN bytes of attempts_account() */
	const char          *address;
	const struct ticket *ticket;  /* NULL: none */
};

struct attempts {
	struct failures_key key;
	uint8_t     network[FAILURES_SOURCE_LEN]; /* cleared as well when a ticket succeeds */
	struct uuid id;                           /* of this attempt */
	bool        counted;
	int64_t     seen;     /* failures on record before it, from this source */
	int64_t     total;    /* from everywhere */
	bool        ticket;   /* a ticket counts, not the network */
	bool        spent;    /* ... no more after this failure */
	const char *why;      /* a stranger has to wait: "network" or "account"; of a ticket, "ticket" */
	int64_t     wait_ms;  /* for so long */
	int64_t     failures; /* in a row from this source, this one included */
	int64_t     delay_s;  /* what this failure has brought on; 0: nothing */
};

/* What the account is counted under; the same for spellings that are the same address. */
MUST_USE bool attempts_account(const struct auth *a, TALLOC_CTX *mem, const char *slug,
    const char *email, uint8_t account[static KEY_LEN], struct err *e);

/* Before the password is looked at. ERR_ATTEMPTS with retry_s, and out->why: it may not be made now. */
MUST_USE bool attempts_begin(const struct auth *a, TALLOC_CTX *mem, const struct attempt_on *on,
    struct attempts *out, struct err *e);
/* What a stranger is told now; only where out->why is set. Always false. */
bool attempts_refuse(const struct attempts *x, struct err *e);
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
