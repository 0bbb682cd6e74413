/*
 * audit_feed.h - channels that are told the entries of the audit trail: how far each has come, and which are due.
 *
 * How far one has come stands in the tenant's schema; a row of the control schema has the same number, so that one look finds what is
 * due in all tenants: where the head of the trail is behind it.  Both are written in one transaction.  What is due is claimed
 * as messages are (outbox.h): by a lease and a fence.
 *
 * Errors: ERR_MISSING (the channel is not told the trail), OUTBOX_FENCE_LOST in e->sys: it was set anew, or somebody else has it;
 * and those of db.h.
 */
#ifndef BSX_STORE_ALERT_AUDIT_FEED_H
#define BSX_STORE_ALERT_AUDIT_FEED_H

#include "core/store/tenant/tenant_db.h"

#define AUDIT_FEEDS_MAX 8 /* channels of one tenant */

struct audit_feed {
	struct uuid channel_id;
	uint64_t    chain, seq; /* up to that entry of that chain all have arrived */
	uint64_t    lost;       /* so many were deleted by age before they could be told */
	int64_t     tries;      /* that failed since the last that arrived */
	int64_t     most;       /* entries of one message; 0: as many as there can be */
	instant     most_until; /* more are not tried before; 0: with the next that arrives */
	instant     failed_at;  /* when the first of the tries was; 0: there are none, or it is not known */
	instant     told_at;    /* when the last arrived; 0: none has */
	char       *detail;     /* why the last one failed; "" */
	instant     made_at;
};

/* In a transaction.  `seq`: of the present chain, 0 while it is told a closed one.  Told on from there, as one that has never failed. */
MUST_USE bool audit_feed_put(
    struct db *db, const struct audit_feed *f, uint64_t seq, struct err *e);
void audit_feed_anew(struct audit_feed *f);
MUST_USE bool audit_feed_drop(struct db *db, const struct uuid *channel, struct err *e);

MUST_USE bool audit_feed_by_channel(struct db *db, TALLOC_CTX *mem, const struct uuid *channel,
    struct audit_feed *out, struct err *e);
/* In a transaction, until its end: who adds one waits. */
MUST_USE bool audit_feeds_hold(
    struct db *db, TALLOC_CTX *mem, struct audit_feed **rows, size_t *n, struct err *e);
MUST_USE bool audit_feeds_all(
    struct db *db, TALLOC_CTX *mem, struct audit_feed **rows, size_t *n, struct err *e);

/*
 * Channels that are told it and not paused, held against the rows by which it is seen that they are due: what is missing there is
 * put back, due at once; *back: so many.  Outside a transaction.
 */
MUST_USE bool audit_feeds_check(struct db *control, struct tenant_db *t, TALLOC_CTX *mem, size_t *back, struct err *e);

/* ---- what is due ---- */

struct feed_claim {
	struct uuid channel_id;
	char       *schema_name;
	uint64_t    fence;
};
/* Of tenants that are active, that which waits longest first. */
MUST_USE bool feeds_due(struct db *control, TALLOC_CTX *mem, size_t limit,
    struct feed_claim **rows, size_t *n, struct err *e);
/* *won false: somebody else was first.  Raises c->fence. */
MUST_USE bool feed_take(struct db *control, const struct uuid *owner, int64_t lease_s,
    struct feed_claim *c, bool *won, struct err *e);
/* It is paused, or disabled. */
MUST_USE bool feed_put_off(struct db *control, const struct feed_claim *c, int64_t ms, struct err *e);
/* Its handling failed (core/store/claim_again.h); it is due since it is behind. */
MUST_USE bool feed_again(struct db *control, const struct feed_claim *c, struct err *e);
/* Of a tenant or a channel that is no more. */
MUST_USE bool feed_forget(struct db *control, const struct feed_claim *c, struct err *e);
/* All that somebody holds, who is dead. */
MUST_USE bool feed_release(struct db *control, const struct uuid *owner, struct err *e);

/* In a transaction of the tenant: what came of an attempt; it is due again in `ms`. */
struct feed_done {
	const struct feed_claim *claim;
	struct audit_feed        feed; /* as it is now */
	uint64_t                 seq;  /* as audit_feed_put() */
	int64_t                  ms;
	bool                     all;  /* it has had all there was */
};
MUST_USE bool feed_end(struct db *db, const struct feed_done *in, struct err *e);

#endif
