#include "fcgi/conn.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/conf/conf.h"
#include "fcgi/record.h"

#define MS_NS      INT64_C(1000000)
#define SILENCE_MS 5000  /* a connection must have said what it wants within this */
#define SEND_MS    30000 /* the web server must take some of the answer within this */
#define DRAIN_MS   1000  /* for the rest of a body that nobody wants */

/* The file in memory by which libfcgi gets its heads. */
struct conns {
	struct app *app;
	int         head; /* -1: not made, or lost with a request */
};

/* One accepted connection with its request. */
struct conn {
	struct transport transport;
	FCGX_Request     fcgi;
	struct conns    *all;
	struct app      *app;
	int              fd;
	int64_t          head_end_ns; /* the parameters must be complete */
	int64_t          body_end_ns; /* the body must be complete; 0: not begun */
	int64_t          opened_ns;   /* its parameters were complete */
	bool             writing;     /* the peer was still there for the first bytes */
	struct record    record;
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

/* ---- what the peer says ---- */

/* What is there already costs no look at the clock. */
static long
peer_read(void *peer, void *p, size_t n)
{
	struct conn *c = peer;
	ssize_t      got = recv(c->fd, p, n, MSG_DONTWAIT);
	int64_t      end = c->body_end_ns != 0 ? c->body_end_ns : c->head_end_ns, left;

	if (got >= 0 || errno != EAGAIN)
		return got;
	left = (end - clock_ns(c->app->env->clock)) / MS_NS;
	if (left <= 0)
		return -1;
	set_timeout(c->fd, SO_RCVTIMEO, left);
	return recv(c->fd, p, n, 0);
}

static bool
peer_write(void *peer, const void *p, size_t n)
{
	const struct conn *c = peer;

	return send(c->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static const struct record_ops peer_ops = { peer_read, peer_write };

/* ---- the pass's transport ---- */

static long
conn_read(struct transport *t, void *p, size_t n)
{
	struct conn *c = conn_of(t);
	int64_t      now = clock_ns(c->app->env->clock);

	if (c->body_end_ns == 0)
		c->body_end_ns = now + c->app->env->conf->body_timeout_s * 1000 * MS_NS;
	/* A peer that always has a little more there may not go on for ever either. */
	return now < c->body_end_ns ? record_body(&c->record, p, n) : -1;
}

bool
conn_is_gone(const struct conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static bool
conn_gone(struct transport *t)
{
	return conn_is_gone(conn_of(t));
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
	/* Our own close follows: libfcgi's would wait for a peer that may be in no hurry. */
	c->fcgi.keepConnection = 1;
	FCGX_Finish_r(&c->fcgi);
	if (c->fcgi.ipcFd < 0) {
		c->fd = -1; /* libfcgi closed it after an error */
		return;
	}
	if (!c->record.body_ended)
		drain(c->fd, c->app->env->clock);
}

static int
conn_free(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	return 0;
}

static void
log_refused(const struct app *app, const char *why)
{
	log_event(app->env->log, LOG_SYSTEM, LOG_LEVEL_WARN, "a FastCGI connection was refused",
	    LOGS("event.action", "fastcgi.refuse"), LOGS("event.outcome", "failure"),
	    LOGS("error.message", why));
}

struct conn *
conn_open(struct conns *all, int fd)
{
	struct app  *app = all->app;
	struct conn *c = talloc_size(all, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	talloc_set_name_const(c, "struct conn");
	memset(c, 0, offsetof(struct conn, record));
	c->transport.ops = &conn_ops;
	c->all = all;
	c->app = app;
	c->fd = fd;
	c->head_end_ns = clock_ns(app->env->clock) + SILENCE_MS * MS_NS;
	talloc_set_destructor(c, conn_free);
	set_timeout(fd, SO_SNDTIMEO, SEND_MS);
	record_open(&c->record, &peer_ops, c);
	if (record_begin(&c->record)) {
		c->opened_ns = clock_ns(app->env->clock);
		return c;
	}
	if (c->record.why != NULL)
		log_refused(app, c->record.why);
	talloc_free(c);
	return NULL;
}

static bool
open_head(struct conns *all)
{
	if (all->head < 0)
		all->head = memfd_create("FastCGI head", MFD_CLOEXEC);
	return all->head >= 0;
}

/*
 * libfcgi gets the head that was checked from a file in memory, and takes that for the
 * connection: one kept from the last request, and no socket to accept another.  Then it
 * writes to the real one.  (Not by a pipe: one that the system makes smaller than a head,
 * for an account that has many, would be waited for without end.)
 */
static bool
give_head(struct conn *c)
{
	struct conns  *all = c->all;
	size_t         n;
	const uint8_t *head = record_head(&c->record, &n);

	if (!open_head(all) || ftruncate(all->head, (off_t)n) != 0 ||
	    pwrite(all->head, head, n, 0) != (ssize_t)n || lseek(all->head, 0, SEEK_SET) != 0)
		return false;
	FCGX_InitRequest(&c->fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	c->fcgi.ipcFd = all->head;
	c->fcgi.keepConnection = 1;
	if (FCGX_Accept_r(&c->fcgi) != 0) {
		if (c->fcgi.ipcFd < 0)
			all->head = -1; /* libfcgi closed it after an error */
		return false;
	}
	c->fcgi.ipcFd = c->fd;
	return true;
}

static const enum transport_fault faults[] = {
	[RECORD_WHOLE] = TRANSPORT_WHOLE,
	[RECORD_LONG] = TRANSPORT_LONG,
	[RECORD_ODD] = TRANSPORT_ODD,
};

void
conn_serve(struct conn *c)
{
	if (give_head(c)) {
		c->transport.params = c->fcgi.envp;
		c->transport.fault = faults[c->record.fault];
		pass_run(c->app, &c->transport);
		finish(c);
	} else {
		log_event(c->app->env->log, LOG_SYSTEM, LOG_LEVEL_ERROR,
		    "a request could not be taken in", LOGS("error.message", strerror(errno)));
	}
	talloc_free(c);
}

/* ---- what is known of it before ---- */

int64_t
conn_age_ms(const struct conn *c)
{
	return (clock_ns(c->app->env->clock) - c->opened_ns) / MS_NS;
}

bool
conn_hashes(const struct conn *c)
{
	struct str method, target;

	return record_param(&c->record, "REQUEST_METHOD", &method.p, &method.n) &&
	       record_param(&c->record, "REQUEST_URI", &target.p, &target.n) &&
	       route_hashes(c->app, method, target);
}

/* ---- all of them ---- */

static int
conns_free(struct conns *all)
{
	if (all->head >= 0)
		close(all->head);
	return 0;
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

struct conns *
conns_make(struct app *app, struct err *e)
{
	struct conns *all = talloc_zero(app, struct conns);

	if (all == NULL) {
		err_memory(e);
		return NULL;
	}
	*all = (struct conns) { .app = app, .head = -1 };
	talloc_set_destructor(all, conns_free);
	if (library_start(e))
		return all;
	talloc_free(all);
	return NULL;
}
