/*
 * sender.h - a working process of driftd: opens everything for itself after the
 * fork, does what is due (jobs.h), sleeps, and ends when it is told to.
 *
 * TERM, INT and HUP end it after the deed it is in.  A database that is away
 * is waited for.
 */
#ifndef BSX_DRIFT_DRIFTD_SENDER_H
#define BSX_DRIFT_DRIFTD_SENDER_H

#include "core/crypt/keyring.h"
#include "drift/driftd/jobs.h"

struct sender_start {
	struct env            env;
	struct channel_slots *slots;
	unsigned              self; /* from 1 */
	struct uuid           owner;
};

/* The signals that end a sender are blocked in the whole daemon and waited for. */
void sender_block_signals(void);

/* The child's whole life; its exit status. */
int sender_run(const struct sender_start *s);
/* What is due now and becomes due until `until_ns` (monotonic; 0: no limit), then ends. */
MUST_USE bool sender_once(const struct sender_start *s, int64_t until_ns, struct err *e);

#endif
