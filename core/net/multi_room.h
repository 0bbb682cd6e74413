/*
 * multi_room.h - of those that take memory as they come: who may go on where there is not enough for all.  Pure: no
 * network, and the clock is given (monotonic ns).
 *
 * Those of one party (who is answered for by one) wait for each other first.  Where others have any, a party takes no
 * more than a part of the room, or one.  Where there is none, one goes on all the same: it has the turn.  The turn goes
 * to the party whose last one is the longest ago, and in it to the least `turn` of multi_from.  While others wait it is
 * over when ROOM_TURN_NS are and another party waits, and as soon as ROOM_SLOW_BYTES have not come for ROOM_SLOW_NS:
 * who is so slow comes behind all others of its party from then on.  It ends if these have more than a part already and
 * all together more than there is room, not counting `weight`.  Who had the turn may take MULTI_FREE more without it, so
 * that the end of a body does not wait for a whole round.
 */
#ifndef BSX_NET_MULTI_ROOM_H
#define BSX_NET_MULTI_ROOM_H

#include "core/base/buf.h"
#include "core/base/uuid.h"

/*
 * How much may be held: the bodies of the answers that are on their way, `weight` times as much as they have, for that is
 * what becomes of them when they are taken, and what `beside` counts (NULL: nothing).  Above it a body that has more than
 * MULTI_FREE waits until there is room again, or it has the turn; what is little is never held up by what is much.  While
 * something of `beside` is about to go by itself, no turn is given for ROOM_PATIENCE_NS.  So there is a little more than
 * `most`, but nothing waits for ever.  Of a compressed answer that waits libcurl keeps what it has unpacked of its last
 * read, at most 16 MiB.
 */
#define MULTI_FREE ((size_t)64 << 10)
struct multi_bound {
	size_t        most; /* bytes; 0: no bound */
	unsigned      weight;
	const size_t *beside;
	const unsigned *leaving; /* how much of that is about to go; NULL: nothing */
};
#define ROOM_PARTS       4 /* so many parts has a room */
#define ROOM_SLOW_NS     INT64_C(500000000)
#define ROOM_SLOW_BYTES  ((size_t)64 << 10)
#define ROOM_TURN_NS     INT64_C(2000000000)
#define ROOM_PATIENCE_NS INT64_C(30000000000)

struct room_party;
struct room {
	struct multi_bound  bound;
	size_t              held, waiting; /* bytes of bodies; how many wait */
	struct room_place  *first;
	struct room_party  *parties;
	struct room_place  *passing; /* has the turn; NULL: none */
	uint64_t            turns, joined, slow;
	int64_t             turn_ns, passed_ns; /* when a turn began, and when one was over, last */
	int64_t             told_ns, leaving_ns; /* the time as it was told last; how long something was leaving */
	int64_t             slow_ns;            /* from then `came` counts */
	size_t              came;
};

/* One of them; all but `of` belongs to multi_room.c. */
struct room_place {
	void              *of; /* who has it */
	struct room       *room;
	struct room_place *next, **link; /* what points to it */
	struct room_party *party;
	uint64_t           turn, number; /* of multi_from, and in the order of joining */
	uint64_t           slow;         /* how late it was found to be slow; 0: never */
	uint64_t           looked;
	size_t             held; /* as it was counted last */
	size_t             free; /* so much it may hold in any case */
	bool               waits;
	int64_t            stopped_ns, waited_ns; /* since when it waits, and how long it did before */
	int64_t            leaving_ns;            /* of the room, when it stopped */
};

/* What of a place outlives the call is the party, a child of `mem`.  False: memory. */
MUST_USE bool room_join(
    TALLOC_CTX *mem, struct room *r, struct room_place *p, const struct uuid *party, uint64_t turn);
void          room_leave(struct room_place *p, int64_t now_ns);

/* Whether it may take n bytes more to its body now; they are counted then. */
bool room_take(struct room_place *p, const struct buf *body, size_t n, int64_t now_ns);
void room_stop(struct room_place *p, int64_t now_ns);
void room_go(struct room_place *p, int64_t now_ns);
/* Again and again, so that it is known for how long something was leaving. */
void room_time(struct room *r, int64_t now_ns);
/* How long it has waited in all, but for the time that something was leaving: that is no other's doing. */
int64_t room_waited(const struct room_place *p, int64_t now_ns);

/* The first of those that wait and may go on, each once for one `look` (from 1, and more each time); NULL: none. */
struct room_place *room_next(struct room *r, uint64_t look, int64_t now_ns);
/* Takes the turn away where it is over, after what is there has been read.  Not NULL: that one has to end. */
struct room_place *room_judge(struct room *r, int64_t now_ns);

#endif
