/*
 * pace.h - how far a channel is ahead of its rate, by the database's clock: for all senders of all hosts.
 *
 * Who may send is decided by drift/deliver/pacing.h.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_PACE_H
#define BSX_STORE_ALERT_PACE_H

#include "core/store/id_list.h"
#include "core/store/trip.h"

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
/* Those of the channels that rest now, whether they have a rate or not; `in` is of id_list_print(). */
struct pace_rest {
	struct uuid channel_id;
	int64_t     rest_ms;
};
void pace_ask_resting(
    struct trip *trip, const struct id_list_in *in, struct pace_rest **rows, size_t *n);
/* From now on the channel is told so many a minute in place of so many: what it has had of its burst it has had, and no turn
 * that was given counts.  Nothing where it has no row. */
MUST_USE bool pace_change(
    struct db *db, const struct uuid *channel, int64_t was, int64_t per_minute, struct err *e);
/* With its channel, or where it has no rate any more. */
MUST_USE bool pace_drop(struct db *db, const struct uuid *channel, struct err *e);

#endif
