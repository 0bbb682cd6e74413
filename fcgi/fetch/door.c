#include "fcgi/fetch/door.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/net/fetcher.h"
#include "fcgi/fetch/transfer.h"

struct transfer {
	pid_t pid; /* 0: none */
	pid_t worker;
};

struct door {
	struct fetch    *fetch;
	int              road, signals;
	bool             closed;
	unsigned         n; /* places */
	struct transfer *transfers;
};

/* Who comes next, with the end of the pair that leads to it; fd -1: nobody. */
struct comer {
	pid_t worker;
	int   fd;
};

/* ---- who comes ---- */

/* Whatever was sent is ours now: all but one is closed again. */
static void
take_descriptors(const struct cmsghdr *c, struct comer *who)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int    fd;

	for (size_t i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
		if (who->fd < 0)
			who->fd = fd;
		else
			close(fd);
	}
}

static void
take_control(struct msghdr *m, struct comer *who)
{
	struct ucred peer;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			take_descriptors(c, who);
		if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&peer, CMSG_DATA(c), sizeof(peer));
			who->worker = peer.pid;
		}
	}
}

/* False: nobody is left on the road, or somebody on it has shut it down for all. */
static bool
receive(const struct door *d, short events, struct comer *who)
{
	char         byte;
	struct iovec v = { &byte, 1 };
	union {
		struct cmsghdr head;
		char           room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t n = recvmsg(d->road, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*who = (struct comer) { .fd = -1 };
	if (n >= 0)
		take_control(&m, who);
	return n > 0 || (n < 0 && errno == EAGAIN) || (events & (POLLHUP | POLLRDHUP)) == 0;
}

/* ---- what becomes of it ---- */

static bool
is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) != 0; /* POLLHUP, POLLERR, POLLNVAL */
}

/* The place of that process number, where what it had asked before is not waited for any more; else
 * a free one. */
static struct transfer *
place_for(struct door *d, pid_t worker)
{
	struct transfer *free_place = NULL;

	for (unsigned i = 0; i < d->n; i++) {
		struct transfer *t = &d->transfers[i];

		if (t->pid == 0)
			free_place = t;
		else if (t->worker == worker)
			return kill(t->pid, SIGKILL) == 0 ? t : NULL;
	}
	return free_place;
}

static _Noreturn void
become_transfer(const struct door *d, int fd)
{
	sigset_t none;

	close(d->road);
	close(d->signals);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	transfer_run(d->fetch, fd);
}

/* Closing is all the refusal there is: the worker knows by it. */
static void
serve(struct door *d, const struct comer *who)
{
	struct transfer *t = is_gone(who->fd) ? NULL : place_for(d, who->worker);
	pid_t            pid;

	fetch_prepare(d->fetch);
	pid = t != NULL ? fork() : -1;
	if (pid == 0)
		become_transfer(d, who->fd);
	if (pid > 0)
		*t = (struct transfer) { .pid = pid, .worker = who->worker };
	close(who->fd);
}

static void
take_request(struct door *d, short events)
{
	struct comer who;

	d->closed = !receive(d, events, &who);
	if (who.fd >= 0)
		serve(d, &who);
}

static void
reap(struct door *d)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (unsigned i = 0; i < d->n; i++)
			if (d->transfers[i].pid == pid)
				d->transfers[i].pid = 0;
}

static void
take_signal(struct door *d)
{
	struct signalfd_siginfo s;

	if (read(d->signals, &s, sizeof(s)) != sizeof(s))
		return;
	d->closed = d->closed || s.ssi_signo == FETCHER_END;
	reap(d);
}

/* What is for the parent may reach the whole group, where workers finish what they ask here:
 * neither the door nor what is under way heeds it. */
static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, FETCHER_END);
	sigaddset(&set, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGIO, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	signal(FETCHER_END, SIG_DFL);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool
open_door(struct door *d, struct err *e)
{
	int       type = 0;
	socklen_t n = sizeof(type);

	if (getsockopt(d->road, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_SEQPACKET)
		return err_set(e, ERR_INTERNAL, errno, "internal error",
		    "descriptor %d is no way to a responder", d->road);
	d->signals = open_signals();
	return d->signals >= 0 ||
	       err_set(e, ERR_INTERNAL, errno, "internal error", "signalfd: %s", strerror(errno));
}

bool
door_run(const struct door_options *o, struct err *e)
{
	struct door d = { .fetch = o->fetch, .road = o->road, .n = o->transfers };

	if (!open_door(&d, e))
		return false;
	d.transfers = talloc_zero_array(o->fetch, struct transfer, d.n);
	if (d.transfers == NULL)
		return err_memory(e);
	while (!d.closed) {
		struct pollfd p[] = {
			{ .fd = d.signals, .events = POLLIN },
			{ .fd = d.road, .events = POLLIN | POLLRDHUP },
		};

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents != 0)
			take_signal(&d);
		if (p[1].revents != 0 && !d.closed)
			take_request(&d, p[1].revents);
	}
	close(d.signals);
	return true;
}
