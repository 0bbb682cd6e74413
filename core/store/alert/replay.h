/*
 * replay.h - messages that go out again: what was delivered or given up, under the id that it had.
 *
 * The order of a lane (lane.h) stays: it is told again from a message on, so that the receiver ends with what is so now.  A
 * lane in which a message waits tells what is newer anyway: that is due now, and nothing older comes after it.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_REPLAY_H
#define BSX_STORE_ALERT_REPLAY_H

#include "core/store/alert/outbox.h"

/* A message, by its attempts. */
struct replay_row {
	struct uuid delivery_id; /* its first attempt among those that were looked at */
	struct uuid id, lane_id; /* nil: it is in no lane */
	struct uuid channel_id;  /* nil: of a kind that has no channels */
	char       *state;
};
/* That of an attempt; ERR_MISSING. */
MUST_USE bool replay_by_delivery(
    struct db *db, TALLOC_CTX *mem, const struct uuid *delivery, struct replay_row *row, struct err *e);

#define REPLAY_MESSAGES 200   /* at once */
#define REPLAY_LOOKED   20000 /* attempts that are looked at for them */
struct replay_range {
	struct uuid channel_id;
	struct uuid from, to;  /* of ids of attempts: to is none of them */
	bool        delivered; /* not only those that were given up */
};
struct replay_found {
	struct replay_row *rows; /* the oldest first */
	size_t             n;
	struct uuid        next; /* of the attempts, where to look on; nil: all were looked at */
};
MUST_USE bool replay_find(struct db *db, TALLOC_CTX *mem, const struct replay_range *range,
    struct replay_found *out, struct err *e);

/* In a transaction: one message that is in no lane; *n grows by 1, where it was not waiting anyway. */
MUST_USE bool replay_alone(struct db *db, const struct uuid *id, int64_t *n, struct err *e);
/* In a transaction: a lane from a message on; *n grows by the messages that go out again.  Whoever does several begins with
 * the smallest id of a lane. */
MUST_USE bool replay_lane(struct db *db, TALLOC_CTX *mem, const struct replay_row *first, int64_t *n,
    struct err *e);

/* What waits for a channel is due now: the first message of each lane, so many at most. */
#define REPLAY_DUE 1000
MUST_USE bool replay_due(struct db *db, TALLOC_CTX *mem, const struct uuid *channel, struct err *e);

#endif
