/*
 * lane.h - what one channel is told of one alert: each event follows the one before.
 *
 * At most one message of a lane has a row in the index of due messages, its oldest that is pending.  Whoever writes of a lane
 * holds its row: who tells an alert by lane_list(), who records an attempt by lane_next().
 *
 * Messages from before there were lanes have none and each its own row in the index.  Where a lane is made behind them they are
 * taken into it; their rows in the index go when a sender meets them (due.h).
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_LANE_H
#define BSX_STORE_ALERT_LANE_H

#include "core/store/alert/outbox.h"

struct alert_lane {
	struct uuid id, alert_id, channel_id;
	int64_t     sent;     /* events that arrived */
	char       *severity; /* as the last of them said; NULL: none did */
	instant     told_at;  /* when that was */
	bool        below;    /* the alert fell below what the channel is told of, and it was told so */
	bool        untold;   /* the alert was over before anything was sent, and not worth it then */
	struct uuid route_id; /* by which the channel came to hear of it (drift/alert/alert_route.h); nil: the config names it */
	struct uuid group_id; /* in which it is told with others (alert_group.h); nil: alone */
};

/* A lane and one message that waits in it, in what group too; id nil: none does. */
struct lane_row {
	struct alert_lane   lane;
	struct outbox waiting; /* id, event, state, attempts and what stands behind lane_id */
};
#define LANES_MAX 4096 /* rows: the channels that an alert was ever told on, and what waits */
/* All of an alert, by lane, the oldest message first; held until the transaction ends. */
MUST_USE bool lane_list(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct lane_row **rows, size_t *n, struct err *e);
/* Adds lanes, or sets `below` and `untold` of those that are there. */
MUST_USE bool lane_put(struct db *db, const struct alert_lane *l, size_t n, struct err *e);
/* Takes what waits for the channel of the alert in no lane into this one, which is new, in its order and as it stands: as on
 * its way, for a program from before does not say whether it is.  `worst` is what it may have told.  *n: how many, the oldest
 * LANE_TAKES at most; what is beyond goes out by itself. */
#define LANE_TAKES 100
MUST_USE bool lane_take_former(struct db *db, TALLOC_CTX *mem, const struct alert_lane *l,
    const char *worst, size_t *n, struct err *e);
/* Adds messages, or puts other events into those that are there, whose attempts carry on. */
MUST_USE bool lane_post(struct db *db, const struct outbox *o, size_t n, struct err *e);

/* Marks a message as on its way; *pending false: it is over, or told by another (gather.h). */
MUST_USE bool lane_begin(struct db *db, const struct uuid *message, bool *pending, struct err *e);
/* The same of many, in one statement.  *all false: not each of them is what it was read as: they are to be marked, and read
 * again, one by one. */
struct lane_message {
	struct uuid id, wire_id;
};
MUST_USE bool lane_begin_many(struct db *db, TALLOC_CTX *mem, const struct lane_message *m, size_t n,
    bool *all, struct err *e);
/* Holds a message that was read in no lane, and sets lane_id, opens and worst as they are by now. */
MUST_USE bool lane_now(struct db *db, TALLOC_CTX *mem, struct outbox *o, struct err *e);
/* Holds a message's lane and finds what waits behind it; next->id nil: nothing. */
MUST_USE bool lane_next(struct db *db, TALLOC_CTX *mem, const struct outbox *o,
    struct outbox *next, struct err *e);
/* The same of many: of what waits its id, wait_s and group_id.  *whole false: more waits than is read at once, LANE_BEHIND for
 * each on average, and nothing is known. */
#define LANE_BEHIND 16
MUST_USE bool lane_next_many(struct db *db, TALLOC_CTX *mem, const struct outbox *o, size_t n,
    struct outbox *next, bool *whole, struct err *e);
/* What waits has taken in the one before: event, state, attempts, done_at, folded, worst, opens; it waits in no group. */
MUST_USE bool lane_take_in(struct db *db, const struct outbox *next, struct err *e);
/* Its event has arrived. */
MUST_USE bool lane_arrived(struct db *db, const struct outbox *o, instant at, struct err *e);
/* The same of many that end with it, at their done_at. */
MUST_USE bool lane_arrived_many(struct db *db, const struct outbox *o, size_t n, struct err *e);
MUST_USE bool lane_untold(struct db *db, const struct uuid *lane, struct err *e);
/* How many channels were never told of an alert that is over. */
MUST_USE bool lane_count_untold(
    struct db *db, TALLOC_CTX *mem, const struct uuid *alert, int64_t *n, struct err *e);

#endif
