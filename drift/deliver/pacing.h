/*
 * pacing.h - when a message may go to its channel: no faster than the channel is told (format_rate()), over all hosts.
 *
 * A channel has a bucket of `burst` messages, which fills by `per_minute`.  Every attempt takes one, a repeat too.  What finds
 * it empty waits for its turn:
 *
 *   a kind that tells many	The first that waits is due when there is one again.  The others wait for it: it tells what
 *				waits by then, itself and the oldest GATHER_MAX, by one summary (summary.h); what comes
 *				meanwhile is among them.
 *   a kind that tells each	Each gets a turn of its own, behind those that were given.
 *
 * A receiver that says how long it wants to be left alone (post.h) is, by all messages of the channel, whether that has a rate
 * or not.
 */
#ifndef BSX_DRIFT_DELIVER_PACING_H
#define BSX_DRIFT_DELIVER_PACING_H

#include "core/store/alert/pace.h"
#include "drift/deliver/attempt.h"

struct pacing {
	bool    go;
	int64_t wait_ms; /* it may not: this message is put off for so long */
};
/* It may write: the turn is taken, or a summary is due that tells this message too. */
MUST_USE bool pacing_turn(const struct attempt *a, TALLOC_CTX *mem, struct pacing *out, struct err *e);

/* It is to be sent, and its channel has a rate. */
bool pacing_has(const struct attempt *a);

/* With the record of an attempt: what its answer says of the next. */
MUST_USE bool pacing_rest(struct db *db, const struct attempt *a, struct err *e);

/* Pure.  What of a message is known there. */
struct pacing_ask {
	struct channel_rate rate; /* per_minute > 0 */
	bool                tells_many;
	bool                waited; /* it has had its turn */
	bool                alone;  /* a summary, or a test: it is told by no other, and waits behind none */
};
#define PACING_BEHIND_MS 60000 /* behind the turn that the one before has: if it is no more by then */
/* True: it goes, and `p` is a message further.  False: *wait_ms, and `p` has its turn. */
bool pacing_step(struct pace *p, const struct pacing_ask *ask, int64_t *wait_ms);

#endif
