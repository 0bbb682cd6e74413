/*
 * permit.h - long work leaves workers free: lanes, and password hashes one a core.
 *
 * A worker answers one request at a time, so what takes long holds up everybody
 * once every worker is at it.  A lane is a kind of long work with the share of the
 * workers that may be at it at once; all lanes together leave one worker free
 * (unless there is only one).  Who finds its lane full is refused at once, or
 * waits for it on one of the places of all lanes: a worker that waits is as good
 * as one that works.  Where somebody from outside chooses how long the work takes,
 * places are taken for an owner: one has one place, a second only from those that
 * leave half of the lane to others, and one worker at most that waits.
 * Inside its lane password
 * hashing has a permit a core as well, each with its own scratch of
 * PASSWORD_SCRATCH bytes in an anonymous shared mapping made by the parent
 * before it forks.
 *
 * Lanes and permits are fcntl byte locks on the segment file, for all processes of
 * the host that use it: the kernel frees them when the holder dies.  (Not OFD
 * locks, because forked workers share the description.)
 */
#ifndef BSX_SHM_PERMIT_H
#define BSX_SHM_PERMIT_H

#include "core/shm/segment.h"

/*
 * Lane, of how many workers one may be in it (at least one), and the Retry-After of who is refused (s).
 * With 2 workers one may hash, with 3 one, with 4 two.
 */
#define LANES(X) \
	X(LANE_PASSWORD, "password hashing", 2, 2) \
	X(LANE_PROVIDER, "requests to identity providers", 2, 2) \
	X(LANE_EXPORT, "exports", 2, 5) \
	X(LANE_PUSH, "heavy pushes", 4, 5)
enum lane {
#define X(id, text, part, retry_s) id,
	LANES(X)
#undef X
	LANE__MAX
};

struct permits; /* made once by the parent; what the process holds is in it */
struct permit {
	int    i; /* -1: none held */
	void  *scratch;
	bool (*gone)(void *who); /* nobody waits for the result any more; NULL: unknown */
	void  *who;
};

/* `workers` 0: others start processes as they need them; then it is reckoned with four a core. */
MUST_USE struct permits *permits_make(TALLOC_CTX *mem, struct segment *s, unsigned cores, size_t scratch,
    unsigned workers, struct err *e);
/* For the workers that are forked from now on. */
void permits_resize(struct permits *ps, unsigned workers);

/* At once, or ERR_BUSY with retry_s; true as well when this process is in the lane already. */
MUST_USE bool permit_enter(struct permits *ps, enum lane lane, struct err *e);
/* The same, but waits for a place in the lane for so long, as one of those who leave a worker free. */
MUST_USE bool permit_await(struct permits *ps, enum lane lane, int ms, struct err *e);
/*
 * The same for an owner, by a hash of it.  Who finds the owner's place taken waits only when nobody else of
 * that owner does; a lane of one place is the owner's for as long as it is in it.
 */
MUST_USE bool permit_await_for(struct permits *ps, enum lane lane, uint64_t owner, int ms, struct err *e);
/* How many may be in the lane at once. */
unsigned permit_places(const struct permits *ps, enum lane lane);
/* Out of all lanes: at the end of each request. */
void permit_leave(struct permits *ps);

/*
 * Enters LANE_PASSWORD and waits at most 2 s for a core; else ERR_BUSY with retry_s.  ERR_GONE: the client has
 * left meanwhile, and nothing should be hashed for it.
 */
MUST_USE bool permit_take(struct permits *ps, const struct clock *c, struct permit *p, struct err *e);
/* The core, not the lane.  Harmless when none is held. */
void permit_give(struct permits *ps, struct permit *p);

#endif
