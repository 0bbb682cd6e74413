#include "core/shm/permit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/shm/layout.h"

/*
 * The locks are on bytes far behind the segment's data, which need not exist.  A
 * count kept in memory would stay too high for ever once a holder is killed, the
 * kernel's locks do not.
 *
 * fcntl locks belong to the process, and closing ANY descriptor of the file
 * gives all of them back.  So nothing else in a process may open the segment
 * while a permit is held; segment_check() runs between requests only.
 */
#define CORES_AT    (INT64_C(1) << 40)
#define LANES_AT    (INT64_C(1) << 41) /* LANE__MAX of them, and the one of all lanes together */
#define LANE_AT(i)  (LANES_AT + (off_t)(i)*WORKERS_MAX)
#define OWNERS_AT   (INT64_C(1) << 42) /* two for each: in a lane, and waiting for that */
#define OWNER_MASK  ((UINT64_C(1) << 40) - 1)
#define OWNER_AT(o) (OWNERS_AT + 2 * (off_t)((o)&OWNER_MASK))
#define CORES_MAX   1024
#define WORKERS_MAX 4096

#define WORKERS_PER_CORE 4 /* when nobody says how many there are */

#define WAIT_MS  2000
#define PAUSE_MS 2

static const struct {
	const char *text;
	unsigned    part;
	int         retry_s;
} lanes[LANE__MAX] = {
#define X(id, words, one_in, wait_s) [id] = { words, one_in, wait_s },
	LANES(X)
#undef X
};

struct permits {
	struct segment *s;
	unsigned        cores, workers;
	pid_t           self; /* the process that the next five are of: a child has none of it */
	bool            held; /* a core, by this process */
	int             place[LANE__MAX]; /* of this process in each lane; -1: not in it */
	int             whole;            /* the same for all lanes together */
	int             owned;            /* its owner's place; -1: it has none */
	off_t           owner_at;
	size_t          scratch_n;
	uint8_t        *scratch; /* cores * scratch_n */
};

static int
permits_free(struct permits *ps)
{
	if (ps->scratch != NULL)
		munmap(ps->scratch, ps->cores * ps->scratch_n);
	return 0;
}

void
permits_resize(struct permits *ps, unsigned workers)
{
	if (workers == 0)
		workers = ps->cores * WORKERS_PER_CORE;
	ps->workers = workers > WORKERS_MAX ? WORKERS_MAX : workers;
}

static bool
make_scratch(struct permits *ps, size_t n, struct err *e)
{
	void *p = mmap(NULL, ps->cores * n, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return err_set(e, ERR_INTERNAL, errno, "internal error",
		    "permits: no %u x %zu bytes of scratch", ps->cores, n);
	ps->scratch_n = n;
	ps->scratch = p;
	return true;
}

struct permits *
permits_make(TALLOC_CTX *mem, struct segment *s, unsigned cores, size_t scratch, unsigned workers,
    struct err *e)
{
	struct permits *ps = talloc_zero(mem, struct permits);

	if (ps == NULL) {
		err_memory(e);
		return NULL;
	}
	ps->s = s;
	ps->cores = cores == 0 ? 1 : cores > CORES_MAX ? CORES_MAX : cores;
	permits_resize(ps, workers);
	if (scratch > 0 && !make_scratch(ps, scratch, e)) {
		talloc_free(ps);
		return NULL;
	}
	talloc_set_destructor(ps, permits_free);
	return ps;
}

enum got { GOT, TAKEN, FAILED };

static enum got
lock_byte(const struct permits *ps, off_t at, short type)
{
	const struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	for (;;) {
		if (fcntl(ps->s->fd, F_SETLK, &l) == 0)
			return GOT;
		if (errno == EAGAIN || errno == EACCES)
			return TAKEN;
		if (errno != EINTR)
			return FAILED;
	}
}

/* Starts at another one in each process, so that they do not all knock at the first. */
static enum got
lock_any(const struct permits *ps, off_t base, unsigned n, int *which)
{
	unsigned first = (unsigned)getpid() % n;

	for (unsigned i = 0; i < n; i++) {
		unsigned at = (first + i) % n;
		enum got got = lock_byte(ps, base + at, F_WRLCK);

		if (got == TAKEN)
			continue;
		if (got == GOT)
			*which = (int)at;
		return got;
	}
	return TAKEN;
}

static bool
busy(struct err *e, enum lane lane, const char *why)
{
	err_set(e, ERR_BUSY, 0, "The server is busy; try again in a moment.", "%s: %s",
	    lanes[lane].text, why);
	e->retry_s = lanes[lane].retry_s;
	return false;
}

static bool
unlockable(struct err *e)
{
	return err_set(
	    e, ERR_INTERNAL, errno, "internal error", "permits: fcntl: %s", strerror(errno));
}

/* ---- lanes ---- */

static unsigned
at_least_one(unsigned n)
{
	return n == 0 ? 1 : n;
}

static void
begin_process(struct permits *ps)
{
	if (ps->self == getpid())
		return;
	ps->self = getpid();
	ps->held = false;
	ps->whole = -1;
	ps->owned = -1;
	for (unsigned i = 0; i < LANE__MAX; i++)
		ps->place[i] = -1;
}

static void
leave(const struct permits *ps, off_t base, int *place)
{
	if (*place >= 0)
		(void)lock_byte(ps, base + *place, F_UNLCK);
	*place = -1;
}

void
permit_leave(struct permits *ps)
{
	begin_process(ps);
	for (unsigned i = 0; i < LANE__MAX; i++)
		leave(ps, LANE_AT(i), &ps->place[i]);
	leave(ps, LANE_AT(LANE__MAX), &ps->whole);
	leave(ps, ps->owner_at, &ps->owned);
}

static bool
is_in_a_lane(const struct permits *ps)
{
	for (unsigned i = 0; i < LANE__MAX; i++)
		if (ps->place[i] >= 0)
			return true;
	return false;
}

unsigned
permit_places(const struct permits *ps, enum lane lane)
{
	return at_least_one(ps->workers / lanes[lane].part);
}

/* Among all but one of the workers first; that place is kept when the lane is full. */
static enum got
lock_whole(struct permits *ps)
{
	if (ps->whole >= 0)
		return GOT;
	return lock_any(ps, LANE_AT(LANE__MAX), at_least_one(ps->workers - 1), &ps->whole);
}

static enum got
lock_place(struct permits *ps, enum lane lane)
{
	enum got got;

	begin_process(ps);
	if (ps->place[lane] >= 0)
		return GOT;
	got = lock_whole(ps);
	return got == GOT ? lock_any(ps, LANE_AT(lane), permit_places(ps, lane), &ps->place[lane])
			  : got;
}

/* Of the lane's places those that need not be an owner's first: all of them and one first leave
 * half. */
static unsigned
spare_places(const struct permits *ps, enum lane lane)
{
	unsigned n = permit_places(ps, lane);

	return n < 4 ? 0 : (n - 2) / 2;
}

/* Of the others while there are any. */
static enum got
lock_first(struct permits *ps, enum lane lane)
{
	unsigned spare = spare_places(ps, lane), n = permit_places(ps, lane);
	enum got got = lock_any(ps, LANE_AT(lane) + spare, n - spare, &ps->place[lane]);

	if (got == GOT)
		ps->place[lane] += (int)spare;
	return got == TAKEN && spare > 0 ? lock_any(ps, LANE_AT(lane), spare, &ps->place[lane])
					 : got;
}

/* The owner's own place first, which is kept when the lane is full. */
static enum got
lock_owned(struct permits *ps, enum lane lane, uint64_t owner)
{
	enum got got;

	begin_process(ps);
	if (ps->place[lane] >= 0)
		return GOT;
	ps->owner_at = OWNER_AT(owner);
	got = lock_whole(ps);
	if (got == GOT && ps->owned < 0)
		got = lock_any(ps, ps->owner_at, 1, &ps->owned);
	if (got == GOT)
		return lock_first(ps, lane);
	if (got == TAKEN && ps->whole >= 0 && spare_places(ps, lane) > 0)
		return lock_any(ps, LANE_AT(lane), spare_places(ps, lane), &ps->place[lane]);
	return got;
}

static bool
entered(struct permits *ps, enum lane lane, enum got got, struct err *e)
{
	if (got == GOT)
		return true;
	if (!is_in_a_lane(ps))
		permit_leave(ps);
	return got == FAILED ? unlockable(e) : busy(e, lane, "as many workers as may are at it");
}

bool
permit_enter(struct permits *ps, enum lane lane, struct err *e)
{
	return entered(ps, lane, lock_place(ps, lane), e);
}

static void
rest(int *ms)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };

	nanosleep(&pause, NULL);
	*ms -= PAUSE_MS;
}

bool
permit_await(struct permits *ps, enum lane lane, int ms, struct err *e)
{
	enum got got = lock_place(ps, lane);

	while (got == TAKEN && ps->whole >= 0 && ms > 0) {
		rest(&ms);
		got = lock_place(ps, lane);
	}
	return entered(ps, lane, got, e);
}

/* On the owner's place, or as the only one who waits for that. */
static bool
may_wait(const struct permits *ps, int *waiting)
{
	return ps->whole >= 0 && (ps->owned >= 0 || *waiting >= 0 ||
				     lock_any(ps, ps->owner_at + 1, 1, waiting) == GOT);
}

bool
permit_await_for(struct permits *ps, enum lane lane, uint64_t owner, int ms, struct err *e)
{
	enum got got = lock_owned(ps, lane, owner);
	int      waiting = -1;

	while (got == TAKEN && ms > 0 && may_wait(ps, &waiting)) {
		rest(&ms);
		got = lock_owned(ps, lane, owner);
	}
	leave(ps, ps->owner_at + 1, &waiting);
	return entered(ps, lane, got, e);
}

/* ---- a core to hash on ---- */

static enum got
lock_core(const struct permits *ps, int *which)
{
	return lock_any(ps, CORES_AT, ps->cores, which);
}

static bool
is_gone(const struct permit *p)
{
	return p->gone != NULL && p->gone(p->who);
}

/* The number of rounds bounds it too, should the clock stand still. */
static enum got
await(const struct permits *ps, const struct clock *c, const struct permit *p, int *which)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	int64_t               end = clock_ns(c) + WAIT_MS * INT64_C(1000000);
	enum got              got = lock_core(ps, which);

	for (int round = 0; got == TAKEN && round < WAIT_MS / PAUSE_MS; round++) {
		if (clock_ns(c) >= end || is_gone(p))
			break;
		nanosleep(&pause, NULL);
		got = lock_core(ps, which);
	}
	return got;
}

bool
permit_take(struct permits *ps, const struct clock *c, struct permit *p, struct err *e)
{
	int      which = -1;
	enum got got;

	begin_process(ps);
	/* A process would get its own lock a second time, and share the scratch with itself. */
	assert(!ps->held);
	p->i = -1;
	p->scratch = NULL;
	if (!permit_enter(ps, LANE_PASSWORD, e))
		return false;
	got = await(ps, c, p, &which);
	if (got == FAILED)
		return unlockable(e);
	if (is_gone(p)) {
		if (got == GOT)
			(void)lock_byte(ps, CORES_AT + which, F_UNLCK);
		return err_set(
		    e, ERR_GONE, 0, "The client went away.", "before its password was hashed");
	}
	if (got == TAKEN)
		return busy(e, LANE_PASSWORD, "no core was free within 2 s");
	ps->held = true;
	p->i = which;
	p->scratch = ps->scratch == NULL ? NULL : ps->scratch + (size_t)which * ps->scratch_n;
	return true;
}

void
permit_give(struct permits *ps, struct permit *p)
{
	/* Zeroed memory is a permit never taken, and none is held then. */
	if (p->i >= 0 && ps->held)
		(void)lock_byte(ps, CORES_AT + p->i, F_UNLCK);
	if (p->i >= 0)
		ps->held = false;
	p->i = -1;
	p->scratch = NULL;
}
