#include "core/shm/permit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/shm/layout.h"

/*
 * The locks are on bytes far behind the segment's data, which need not exist.
 * Those who wait hold a byte each as well: a count kept in memory would stay
 * too high for ever once a waiter is killed, the kernel's locks do not.
 *
 * fcntl locks belong to the process, and closing ANY descriptor of the file
 * gives all of them back.  So nothing else in a process may open the segment
 * while a permit is held; segment_check() runs between requests only.
 */
#define PERMITS_AT  (INT64_C(1) << 40)
#define WAITERS_AT  (INT64_C(1) << 41)
#define CORES_MAX   1024
#define WORKERS_MAX 4096

#define WAIT_MS  2000
#define PAUSE_MS 2

struct permits {
	struct segment *s;
	unsigned        cores, waiters;
	bool            held; /* by this process */
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

struct permits *
permits_make(TALLOC_CTX *mem, struct segment *s, unsigned cores, size_t scratch, unsigned workers,
    struct err *e)
{
	struct permits *ps = talloc_zero(mem, struct permits);
	void           *p;

	if (ps == NULL) {
		err_memory(e);
		return NULL;
	}
	ps->s = s;
	ps->cores = cores == 0 ? 1 : cores > CORES_MAX ? CORES_MAX : cores;
	/* One more may wait while fewer than half do: as many as half, rounded up. */
	ps->waiters = workers == 0 ? 1 : workers > WORKERS_MAX ? WORKERS_MAX : workers;
	ps->waiters = (ps->waiters + 1) / 2;
	ps->scratch_n = scratch;
	if (scratch > 0) {
		p = mmap(NULL, ps->cores * scratch, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED) {
			err_set(e, ERR_INTERNAL, errno, "internal error",
			    "permits: no %u x %zu bytes of scratch", ps->cores, scratch);
			talloc_free(ps);
			return NULL;
		}
		ps->scratch = p;
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
		*which = (int)at;
		return got;
	}
	return TAKEN;
}

static bool
busy(struct err *e, const char *why)
{
	err_set(e, ERR_BUSY, 0, "The server is busy; try again in a moment.", "permits: %s", why);
	e->retry_s = 2;
	return false;
}

static bool
unlockable(struct err *e)
{
	return err_set(
	    e, ERR_INTERNAL, errno, "internal error", "permits: fcntl: %s", strerror(errno));
}

/* The number of rounds bounds it too, should the clock stand still. */
static bool
await(struct permits *ps, const struct clock *c, int *which, struct err *e)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	int64_t               end = clock_ns(c) + WAIT_MS * INT64_C(1000000);

	for (int round = 0; round < WAIT_MS / PAUSE_MS && clock_ns(c) < end; round++) {
		nanosleep(&pause, NULL);
		switch (lock_any(ps, PERMITS_AT, ps->cores, which)) {
		case GOT:
			return true;
		case FAILED:
			return unlockable(e);
		case TAKEN:
			break;
		}
	}
	return busy(e, "none free within 2 s");
}

static bool
queue(struct permits *ps, const struct clock *c, int *which, struct err *e)
{
	int  place = -1;
	bool ok;

	switch (lock_any(ps, WAITERS_AT, ps->waiters, &place)) {
	case FAILED:
		return unlockable(e);
	case TAKEN:
		return busy(e, "half the workers wait already");
	case GOT:
		break;
	}
	ok = await(ps, c, which, e);
	(void)lock_byte(ps, WAITERS_AT + place, F_UNLCK);
	return ok;
}

bool
permit_take(struct permits *ps, const struct clock *c, struct permit *p, struct err *e)
{
	int which = -1;

	/* A process would get its own lock a second time, and share the scratch with itself. */
	assert(!ps->held);
	p->i = -1;
	p->scratch = NULL;
	switch (lock_any(ps, PERMITS_AT, ps->cores, &which)) {
	case FAILED:
		return unlockable(e);
	case TAKEN:
		if (!queue(ps, c, &which, e))
			return false;
		break;
	case GOT:
		break;
	}
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
		(void)lock_byte(ps, PERMITS_AT + p->i, F_UNLCK);
	if (p->i >= 0)
		ps->held = false;
	p->i = -1;
	p->scratch = NULL;
}
