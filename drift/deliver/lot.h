/*
 * lot.h - messages of one tenant that a sender has taken together, and what becomes of each.
 *
 * Claims -> messages, channels -> whose turn it is (pacing.h), and that its channel has room for one more (channel_slots.h) ->
 * on their way -> what has come of them, in one transaction.  What is posted (post.h) is on its way beside all else that the
 * sender does, and the answer is taken when it next listens; what is sent otherwise it waits for.  Who finds no room stays
 * in the lot for a while, and is given back then.
 *
 * A statement that fails for one of them is that one's trouble: its claim is given back (claim_again()).
 */
#ifndef BSX_DRIFT_DELIVER_LOT_H
#define BSX_DRIFT_DELIVER_LOT_H

#include "drift/deliver/attempt.h"

#define LOT_MAX 16 /* messages */

enum lot_stage {
	LOT_WAITS, /* for room */
	LOT_AWAY,  /* for an answer */
	LOT_TRIED, /* to be recorded */
	LOT_OVER,
};
struct lot_item {
	struct lot    *lot;
	struct claim   claim;
	struct attempt a;
	enum lot_stage stage;
	bool           known; /* its message and channel were read */
	int            slot;  /* -1: it has none */
	int64_t        began_ns;
	size_t         bytes; /* of its body */
};
struct lot {
	struct deliver *d;
	struct lot     *next;
	char           *schema_name;
	int64_t         since_ns;
	int64_t         answered_ns; /* since when an attempt is to be recorded; 0: none is */
	size_t          n, in[LOT_OVER + 1]; /* of each stage */
	struct lot_item items[LOT_MAX];
};

/* Takes those of `rows`, of one tenant and LOT_MAX at most, that are still there, and sends what can be sent; *won: how many. */
MUST_USE bool lot_take(struct deliver *d, struct claim *rows, size_t n, size_t *won, struct err *e);
/* Until an answer has come, or for `ms`: what has come is recorded, what had no room is looked at again. */
MUST_USE bool lots_listen(struct deliver *d, int64_t ms, struct err *e);
/* Whether there is room for another. */
bool lots_have_room(const struct deliver *d);
/* What waits for room is due again, for whoever comes. */
MUST_USE bool lots_give_back(struct deliver *d, struct err *e);

/* lot_begin.c: what waits in it is read, and goes on its way as far as it can. */
MUST_USE bool lot_begin(struct lot *l, struct err *e);
/* lot_record.c: what was tried. */
MUST_USE bool lot_record(struct lot *l, struct err *e);
void          lot_turn(struct lot_item *x, enum lot_stage to);
/* Its own trouble; false: the database is away. */
MUST_USE bool lot_failed(struct lot_item *x, const struct err *why, struct err *e);

#endif
