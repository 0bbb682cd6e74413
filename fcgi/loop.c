#include "fcgi/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/conf/conf.h"
#include "fcgi/conn.h"

#define MS_NS       INT64_C(1000000)
#define IDLE_MS     1000  /* an idle worker looks after its connections this often */
#define QUEUE_MS    3000  /* longest time for what is queued at a socket that ends with us */
#define PARK_MS     10000 /* longest time for a place in the lane of password hashing */
#define LOOK_MS     5     /* who waits for one is looked after this often */
#define LATE_MS     50    /* ... and whether it has left this often */
#define LOT_MAX     256
#define SHORTAGE_MS 100 /* pause when the system is out of descriptors or memory */

/* A new connection; -1: none now, or (with e set) never again. */
static int
accept_one(struct app *app, int listen_fd, struct err *e)
{
	const struct timespec pause = { .tv_nsec = SHORTAGE_MS * MS_NS };
	int                   fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		(void)err_set(
		    e, ERR_INTERNAL, errno, "internal error", "accept: %s", strerror(errno));
		return -1;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		log_event(app->env->log, LOG_SYSTEM, LOG_LEVEL_ERROR, "cannot take a connection",
		    LOGS("error.message", strerror(errno)));
		nanosleep(&pause, NULL);
		return -1;
	default: /* another worker was faster, or the peer went away again */
		return -1;
	}
}

static void
stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGHUP);
}

void
loop_block_signals(void)
{
	sigset_t set;

	stop_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

enum wake { WAKE_IDLE, WAKE_CONNECTION, WAKE_STOP };

static enum wake
wait_for_work(int listen_fd, int signal_fd, int timeout_ms)
{
	struct pollfd p[] = { { .fd = signal_fd, .events = POLLIN },
		{ .fd = listen_fd, .events = POLLIN } };

	if (poll(p, 2, timeout_ms) <= 0)
		return WAKE_IDLE;
	if (p[0].revents != 0)
		return WAKE_STOP;
	return WAKE_CONNECTION;
}

/* ---- waiting for a lane ---- */

/*
 * Sign-ins come in crowds, and more at once than may hash.  Those that must wait are
 * put aside, oldest first, so that waiting holds no worker; those for whom there is no
 * room are served, which answers that the server is busy.
 */
struct lot {
	struct conns *all;
	struct conn  *c[LOT_MAX];
	unsigned      n;
	int64_t       look_ns; /* when all of them are to be looked at again */
};

static struct conn *
lot_take(struct lot *lot, unsigned i)
{
	struct conn *c = lot->c[i];

	lot->n--;
	memmove(&lot->c[i], &lot->c[i + 1], (lot->n - i) * sizeof(lot->c[0]));
	return c;
}

static void
serve(struct app *app, struct conn *c)
{
	conn_serve(c);
	permit_leave(app->permits); /* entered for it, should it not have come to the pass */
}

/* One whose client has left, or who has waited long enough. */
static struct conn *
lot_late(const struct app *app, struct lot *lot)
{
	int64_t now = clock_ns(app->env->clock);

	if (now < lot->look_ns)
		return NULL;
	for (unsigned i = 0; i < lot->n; i++)
		if (conn_is_gone(lot->c[i]) || conn_age_ms(lot->c[i]) >= PARK_MS)
			return lot_take(lot, i);
	lot->look_ns = now + LATE_MS * MS_NS;
	return NULL;
}

/* Who is served next: the oldest, if there is a place for it. */
static struct conn *
lot_next(struct app *app, struct lot *lot)
{
	struct conn *late = lot->n > 0 ? lot_late(app, lot) : NULL;
	struct err   full = { 0 };

	if (late != NULL || lot->n == 0 || !permit_enter(app->permits, LANE_PASSWORD, &full))
		return late;
	return lot_take(lot, 0);
}

/* ---- serving ---- */

/* Nobody else will answer what is queued at a socket of our own. */
static void
serve_queue(struct app *app, const struct loop *l, const struct lot *lot)
{
	int64_t      end = clock_ns(app->env->clock) + QUEUE_MS * MS_NS;
	struct err   e = { 0 };
	struct conn *c;
	int          fd;

	while (clock_ns(app->env->clock) < end && (fd = accept_one(app, l->listener->fd, &e)) >= 0)
		if ((c = conn_open(lot->all, fd)) != NULL)
			serve(app, c);
}

/* Takes a connection and serves it or puts it aside; how many were served. */
static int
serve_new(struct app *app, const struct loop *l, struct lot *lot, struct err *e)
{
	int          fd = accept_one(app, l->listener->fd, e);
	struct conn *c = fd >= 0 ? conn_open(lot->all, fd) : NULL;

	if (c == NULL)
		return 0;
	if (lot->n < LOT_MAX && conn_hashes(c)) {
		lot->c[lot->n++] = c;
		return 0;
	}
	serve(app, c);
	return 1;
}

static int
serve_waiting(struct app *app, struct lot *lot)
{
	struct conn *c = lot_next(app, lot);

	if (c == NULL)
		return 0;
	serve(app, c);
	return 1;
}

/* As many as there is time for: a worker that does not end in time is killed with its request. */
static void
serve_lot(struct app *app, struct lot *lot)
{
	int64_t end = clock_ns(app->env->clock) + QUEUE_MS * MS_NS;

	while (lot->n > 0 && clock_ns(app->env->clock) < end)
		serve(app, lot_take(lot, 0));
}

/* Until told to stop; what waits in the lot is not served yet. */
static bool
run(struct app *app, const struct loop *l, struct lot *lot, int signal_fd, struct err *e)
{
	static struct memory memory = MEMORY_NONE; /* the process': the app looks at it too */
	int64_t              served = 0;

	app->memory = &memory;
	while (l->max_requests == 0 || served < l->max_requests) {
		enum wake w =
		    wait_for_work(l->listener->fd, signal_fd, lot->n > 0 ? LOOK_MS : IDLE_MS);

		if (w == WAKE_STOP) {
			if (l->listener->own)
				serve_queue(app, l, lot);
			break;
		}
		served += serve_waiting(app, lot); /* first: a new one may take long */
		if (w == WAKE_CONNECTION) {
			served += serve_new(app, l, lot, e);
			served += serve_waiting(app, lot); /* or it itself, at once */
		}
		if (e->code != ERR_OK)
			return false;
		l->tidy(app);
		if (memory_give_back(&memory) > MEMORY_HELD_MAX && l->max_requests != 0)
			break; /* what will not be given back goes with the process */
	}
	return true;
}

bool
loop_run(struct app *app, const struct loop *l, struct err *e)
{
	struct lot lot = { .all = conns_make(app, e) };
	sigset_t   set;
	int        signal_fd;
	bool       ok;

	if (lot.all == NULL)
		return false;
	stop_signals(&set);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return err_set(
		    e, ERR_INTERNAL, errno, "internal error", "signalfd: %s", strerror(errno));
	ok = run(app, l, &lot, signal_fd, e);
	serve_lot(app, &lot);
	talloc_free(lot.all);
	close(signal_fd);
	return ok;
}
