/*
 * pace.h - how far a channel is ahead of its rate, by the database's clock: for all senders of all hosts.
 *
 * Who may send is decided by drift/deliver/pacing.h.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_PACE_H
#define BSX_STORE_ALERT_PACE_H

#include "core/store/db.h"

/* Milliseconds from `now`, when it was read; what is past is negative. */
struct pace {
	struct uuid channel_id;
	instant     now;
	int64_t     next_in_ms; /* until it has all of its burst again */
	bool        held;       /* something waits for its turn */
	int64_t     held_in_ms; /* and the last turn that was given is then */
};

/* In a deed: nobody else decides until that is over. */
MUST_USE bool pace_hold(struct db *db, TALLOC_CTX *mem, const struct uuid *channel,
    struct pace *out, struct err *e);
/* As it is from that instant on, however long it took to decide. */
MUST_USE bool pace_write(struct db *db, const struct pace *p, struct err *e);
/* The receiver wants to be left alone for so long; also of a channel that has no rate. */
MUST_USE bool pace_rest(struct db *db, const struct uuid *channel, int64_t ms, struct err *e);
/* Of one without a rate, for which the row is there as long as it rests: *ms, 0: it does not. */
MUST_USE bool pace_resting(struct db *db, TALLOC_CTX *mem, const struct uuid *channel, int64_t *ms,
    struct err *e);
/* From now on the channel is told so many a minute in place of so many: what it has had of its burst it has had, and no turn
 * that was given counts.  Nothing where it has no row. */
MUST_USE bool pace_change(
    struct db *db, const struct uuid *channel, int64_t was, int64_t per_minute, struct err *e);
/* With its channel, or where it has no rate any more. */
MUST_USE bool pace_drop(struct db *db, const struct uuid *channel, struct err *e);

#endif
