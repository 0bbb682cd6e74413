#include "fcgi/loop.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/conf.h"
#include "core/base/log.h"
#include "core/base/memory.h"

#define MS_NS       INT64_C(1000000)
#define IDLE_MS     1000  /* an idle worker looks after its connections this often */
#define QUEUE_MS    3000  /* longest time for what is queued at a socket that ends with us */
#define SILENCE_MS  5000  /* a connection must say what it wants within this */
#define SEND_MS     30000 /* the web server must take some of the answer within this */
#define DRAIN_MS    1000  /* for the rest of a body that nobody wants */
#define SHORTAGE_MS 100   /* pause when the system is out of descriptors or memory */

/* One accepted connection with its request. */
struct conn {
	struct transport transport;
	FCGX_Request     fcgi;
	struct app      *app;
	int              fd;
	int64_t          body_end_ns; /* the body must be complete; 0: not begun */
	bool             writing;     /* the peer was still there for the first bytes */
};

static struct conn *
conn_of(struct transport *t)
{
	return (void *)((char *)t - offsetof(struct conn, transport));
}

static void
set_timeout(int fd, int option, int64_t ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	(void)setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv));
}

/* What is left of the time for the body becomes the limit of the next read. */
static bool
limit_read(struct conn *c)
{
	int64_t now = clock_ns(c->app->clock), left;

	if (c->body_end_ns == 0)
		c->body_end_ns = now + c->app->conf->body_timeout_s * 1000 * MS_NS;
	left = (c->body_end_ns - now) / MS_NS;
	if (left <= 0)
		return false;
	set_timeout(c->fd, SO_RCVTIMEO, left);
	return true;
}

/*
 * At most one record's content per call: FCGX_GetStr would go on reading until
 * n bytes are there, past any time limit.  Its first byte may need the network,
 * the others of the same record are in libfcgi's buffer.
 */
static long
conn_read(struct transport *t, void *p, size_t n)
{
	struct conn   *c = conn_of(t);
	FCGX_Stream   *in = c->fcgi.in;
	unsigned char *to = p;
	size_t         got = 0, have;
	int            ch;

	if (n == 0)
		return 0;
	if (in->rdNext == in->stop) {
		if (!in->isClosed && !limit_read(c))
			return -1;
		ch = FCGX_GetChar(in);
		if (ch < 0)
			return FCGX_GetError(in) == 0 ? 0 : -1;
		to[got++] = (unsigned char)ch;
	}
	have = (size_t)(in->stop - in->rdNext);
	if (have > n - got)
		have = n - got;
	if (have > 0)
		got += (size_t)FCGX_GetStr((char *)to + got, (int)have, in);
	return (long)got;
}

static bool
conn_gone(struct transport *t)
{
	struct pollfd p = { .fd = conn_of(t)->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/*
 * libfcgi holds the last bytes back until the request is finished, and then it
 * is too late to say that nobody took them: so look before.
 */
static bool
conn_write(struct transport *t, const void *p, size_t n)
{
	struct conn *c = conn_of(t);
	const char  *from = p;

	if (!c->writing && conn_gone(t))
		return false;
	c->writing = true;
	while (n > 0) {
		int part = n < 1 << 30 ? (int)n : 1 << 30;

		if (FCGX_PutStr(from, part, c->fcgi.out) != part)
			return false;
		from += part;
		n -= (size_t)part;
	}
	return true;
}

static const struct transport_ops conn_ops = { conn_read, conn_write, conn_gone };

/*
 * Closing with unread bytes in the queue can make the peer lose the answer (a
 * reset), so the rest of an unwanted body is taken in, but not for ever.
 */
static void
drain(int fd, const struct clock *clock)
{
	int64_t       end = clock_ns(clock) + DRAIN_MS * MS_NS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char          waste[16384];

	if (shutdown(fd, SHUT_WR) != 0)
		return;
	for (;;) {
		int64_t left = (end - clock_ns(clock)) / MS_NS;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return;
		if (recv(fd, waste, sizeof(waste), MSG_DONTWAIT) <= 0)
			return;
	}
}

static void
finish(struct conn *c)
{
	bool whole = c->fcgi.in != NULL && c->fcgi.in->isClosed != 0;

	/* Our own close follows: libfcgi's would wait for a peer that may be in no hurry. */
	c->fcgi.keepConnection = 1;
	FCGX_Finish_r(&c->fcgi);
	if (c->fcgi.ipcFd < 0)
		return; /* libfcgi closed it after an error */
	if (!whole)
		drain(c->fd, c->app->clock);
	close(c->fd);
}

/*
 * Serves the request of an accepted connection.  The descriptor is put where
 * libfcgi keeps a connection from the last request, so it reads the request from
 * there; its own accept() would read without any limit of time, and takes a
 * connection that is silent for one that died.  With no listening socket (-1)
 * it comes back instead of accepting another when this one is no good.
 */
static bool
serve(struct app *app, int fd)
{
	struct conn c = { .transport = { .ops = &conn_ops }, .app = app, .fd = fd };

	FCGX_InitRequest(&c.fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	set_timeout(fd, SO_RCVTIMEO, SILENCE_MS);
	set_timeout(fd, SO_SNDTIMEO, SEND_MS);
	c.fcgi.ipcFd = fd;
	c.fcgi.keepConnection = 1;
	if (FCGX_Accept_r(&c.fcgi) != 0)
		return false;
	c.transport.params = c.fcgi.envp;
	pass_run(app, &c.transport);
	finish(&c);
	return true;
}

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
		log_event(app->log, LOG_SYSTEM, LOG_LEVEL_ERROR, "cannot take a connection",
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

/* libfcgi reads these once; they bound what it does when a connection fails. */
static bool
library_start(struct err *e)
{
	if (setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "250", 1) != 0 ||
	    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "250", 1) != 0 || FCGX_Init() != 0)
		return err_set(e, ERR_INTERNAL, errno, "internal error", "libfcgi does not start");
	return true;
}

enum wake { WAKE_IDLE, WAKE_CONNECTION, WAKE_STOP };

static enum wake
wait_for_work(int listen_fd, int signal_fd)
{
	struct pollfd p[] = { { .fd = signal_fd, .events = POLLIN },
		{ .fd = listen_fd, .events = POLLIN } };

	if (poll(p, 2, IDLE_MS) <= 0)
		return WAKE_IDLE;
	if (p[0].revents != 0)
		return WAKE_STOP;
	return WAKE_CONNECTION;
}

/* Nobody else will answer what is queued at a socket of our own. */
static void
serve_queue(struct app *app, const struct loop *l)
{
	int64_t    end = clock_ns(app->clock) + QUEUE_MS * MS_NS;
	struct err e = { 0 };
	int        fd;

	while (clock_ns(app->clock) < end && (fd = accept_one(app, l->listener->fd, &e)) >= 0)
		(void)serve(app, fd);
}

static bool
run(struct app *app, const struct loop *l, int signal_fd, struct err *e)
{
	struct memory memory = MEMORY_NONE;
	int64_t       served = 0;

	while (l->max_requests == 0 || served < l->max_requests) {
		enum wake w = wait_for_work(l->listener->fd, signal_fd);
		int       fd;

		if (w == WAKE_STOP) {
			if (l->listener->own)
				serve_queue(app, l);
			break;
		}
		if (w == WAKE_CONNECTION) {
			fd = accept_one(app, l->listener->fd, e);
			if (e->code != ERR_OK)
				return false;
			if (fd >= 0 && serve(app, fd))
				served++;
		}
		l->tidy(app);
		if (memory_give_back(&memory) > MEMORY_HELD_MAX && l->max_requests != 0)
			break; /* what will not be given back goes with the process */
	}
	return true;
}

bool
loop_run(struct app *app, const struct loop *l, struct err *e)
{
	sigset_t set;
	int      signal_fd;
	bool     ok;

	if (!library_start(e))
		return false;
	stop_signals(&set);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return err_set(
		    e, ERR_INTERNAL, errno, "internal error", "signalfd: %s", strerror(errno));
	ok = run(app, l, signal_fd, e);
	close(signal_fd);
	return ok;
}
