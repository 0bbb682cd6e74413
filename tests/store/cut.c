#include "tests/store/cut.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct cut_order {
	_Atomic int packet; /* 0: none */
	_Atomic int side, seen, done, victim;
};

/* One direction: where the next packet begins. */
struct stream {
	unsigned char head[4];
	size_t        head_n, left;
};

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un a = address_of(path);
	int                fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		_exit(1);
	return fd;
}

/* Whether the packet that begins here is the one. */
static bool
is_it(struct cut_order *o, int side)
{
	if (o->packet == 0 || o->done || o->side != side)
		return false;
	o->seen++;
	if (o->seen == o->packet && o->victim != 0)
		kill(o->victim, SIGKILL);
	o->done = o->seen == o->packet;
	return o->done != 0;
}

/* How many of the bytes still go through. */
static size_t
pass(struct cut_order *o, struct stream *s, int side, const unsigned char *b, size_t n)
{
	size_t i = 0, begin;

	while (i < n) {
		if (s->left > 0) {
			size_t take = s->left < n - i ? s->left : n - i;

			s->left -= take;
			i += take;
			continue;
		}
		begin = i;
		if (s->head_n == 0 && is_it(o, side))
			return begin;
		s->head[s->head_n++] = b[i++];
		if (s->head_n < 4)
			continue;
		s->left = s->head[0] | (size_t)s->head[1] << 8 | (size_t)s->head[2] << 16;
		s->head_n = 0;
	}
	return n;
}

static bool
carry(struct cut_order *o, struct stream *s, int side, int from, int to)
{
	unsigned char b[65536];
	ssize_t       n = read(from, b, sizeof(b));
	size_t        good;

	if (n <= 0)
		return false;
	good = pass(o, s, side, b, (size_t)n);
	return (good == 0 || write(to, b, good) == (ssize_t)good) && good == (size_t)n;
}

static void
serve(struct cut_order *o, int client, int server)
{
	struct pollfd p[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
	struct stream s[2] = { 0 };
	bool          on = true;

	while (on && poll(p, 2, -1) >= 0) {
		if (p[0].revents != 0)
			on = carry(o, &s[0], CUT_QUESTION, client, server);
		if (on && p[1].revents != 0)
			on = carry(o, &s[1], CUT_ANSWER, server, client);
	}
	close(client);
	close(server);
}

struct cutter
cutter_start(const char *path, const char *server)
{
	struct sockaddr_un a = address_of(path);
	struct cutter      c = { .path = path };
	int                fd = socket(AF_UNIX, SOCK_STREAM, 0);

	c.order =
	    mmap(NULL, sizeof(*c.order), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unlink(path);
	if (c.order == MAP_FAILED || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 10) != 0)
		abort();
	c.pid = fork();
	if (c.pid < 0)
		abort();
	if (c.pid > 0) {
		close(fd);
		return c;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (fork() == 0) { /* each connection by itself: a process may have several */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(c.order, client, connect_to(server));
			_exit(0);
		}
		close(client);
	}
}

void
cutter_arm(struct cutter *c, enum cut_side side, int packet)
{
	c->order->side = (int)side;
	c->order->seen = c->order->done = 0;
	c->order->packet = packet;
}

void
cutter_kills(struct cutter *c, pid_t pid)
{
	c->order->victim = pid;
}

bool
cutter_end(struct cutter *c)
{
	bool done = c->order->done != 0;

	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	unlink(c->path);
	munmap(c->order, sizeof(*c->order));
	return done;
}
