/*
 * channel_feed.h - channels that are told the audit trail (kinds: ["audit"]; drift/deliver/feeding.h).
 *
 * What a channel is told then is what read:audit guards.  So only who has that permission says that one is told it or no more, where
 * it leads, in which words, how fast and whether, drops it, and has entries of the past told again; what is left to anybody who
 * manages channels is its name, and whether it is told values.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_FEED_H
#define BSX_DRIFT_SERVICE_CHANNEL_FEED_H

#include "core/store/alert/audit_feed.h"
#include "drift/service/channel.h"

/* How far it has come. */
struct channel_feed {
	struct audit_feed row;
	uint64_t          behind; /* so many entries of the present chain it has not had */
};
/* Those of the tenant. */
struct channel_feeds {
	struct channel_feed *rows;
	size_t               n;
};
MUST_USE bool channel_feeds_see(const struct acting *a, struct channel_feeds *out, struct err *e);
/* NULL: it is not told the trail. */
const struct channel_feed *channel_feed_of(const struct channel_feeds *all, const struct uuid *channel);

/* ERR_FORBIDDEN without read:audit. */
MUST_USE bool channel_feed_may(const struct acting *a, struct err *e);
/* A fault at /kinds: its kind has no form for that. */
MUST_USE bool channel_feed_fits(const struct acting *a, const struct channel *c, struct err *e);

/* ---- in the transaction of a deed ---- */

/* Sets c->tells_trail. */
MUST_USE bool channel_feed_ask(struct db *db, const struct acting *a, struct channel *c, struct err *e);
/* What becomes of it: it begins behind the entries that there are, ends, or, where it is told `otherwise` than before, goes on where it
 * stopped, at once; else nothing of it changes. */
MUST_USE bool channel_feed_set(struct db *db, const struct acting *a, const struct channel *was,
    const struct channel *now, bool otherwise, struct err *e);

/*
 * Everything behind entry `after` of the present chain goes out again; *n: so many.  ERR_CONFLICT: it is not told the trail, or still a closed chain.  Faults at
 * /audit_after: it has not come so far, or they are no longer kept.
 */
MUST_USE bool channel_feed_replay(const struct acting *a, const struct uuid *channel, uint64_t after,
    int64_t *n, struct err *e);

#endif
