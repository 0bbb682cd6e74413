/*
 * pages - a source for the benchmark of collecting: one process that answers with JSON and keeps
 * connections, and one beside it that misbehaves, so that neither waits for the other.
 *
 * usage: pages
 *
 * Prints the ports of both on one line.  The first has /doc/BYTES, {"items":[...]} of about that
 * length and always the same, and /slow/BYTES, of which the last byte comes SLOW_S later.  The
 * second has /hang, /endless, /lying (a link to another host), /loop and /bomb.  Ends with its
 * parent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>

#define DOCS_MAX  16
#define DOC_MAX   (16 << 20)
#define HEAR_MAX  4096
#define SLOW_S    5
#define BACKLOG   1024
#define EVENTS    64
#define ITEM_ROOM 400

struct doc {
	size_t bytes, n; /* as asked for; with its head */
	char  *text;
};
struct peer {
	int               fd;
	char              heard[HEAR_MAX];
	size_t            heard_n, sent;
	const struct doc *doc;  /* NULL: nothing is owed */
	bool              slow; /* its last byte waits */
	time_t            until;
	struct peer      *next_slow;
};

static struct doc   docs[DOCS_MAX];
static struct peer *slow;
static int          epoll;

/* ---- what is good ---- */

static struct doc *
doc_make(struct doc *d, size_t bytes)
{
	size_t room = bytes + 2 * ITEM_ROOM, n = 0;
	char  *body = malloc(room);
	int    head;

	d->bytes = bytes;
	d->text = malloc(room + 200);
	if (body == NULL || d->text == NULL)
		abort();
	n += (size_t)sprintf(body, "{\"items\":[");
	for (int i = 0; i == 0 || n < bytes - 200; i++)
		n += (size_t)snprintf(body + n, room - n,
		    "%s{\"id\":\"rule-%06d\",\"name\":\"Allow what is needed %d\",\"enabled\":%s,"
		    "\"priority\":%d,\"ports\":[22,80,443],\"source\":{\"address\":\"10.%d.%d.0/"
		    "24\","
		    "\"zone\":\"inner\"},\"action\":\"accept\",\"log\":null}",
		    i > 0 ? "," : "", i, i, i % 3 == 0 ? "false" : "true", i * 10, i / 256 % 256,
		    i % 256);
	n += (size_t)snprintf(body + n, room - n, "]}");
	head = sprintf(d->text,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", n);
	memcpy(d->text + head, body, n);
	d->n = (size_t)head + n;
	free(body);
	return d;
}

static const struct doc *
doc_of(size_t bytes)
{
	for (size_t i = 0; i < DOCS_MAX; i++) {
		if (docs[i].text == NULL)
			return doc_make(&docs[i], bytes);
		if (docs[i].bytes == bytes)
			return &docs[i];
	}
	return &docs[0];
}

static void
peer_end(struct peer *p)
{
	for (struct peer **at = &slow; *at != NULL; at = &(*at)->next_slow)
		if (*at == p) {
			*at = p->next_slow;
			break;
		}
	close(p->fd);
	free(p);
}

static void
watch(struct peer *p, uint32_t for_what)
{
	struct epoll_event v = { .events = for_what, .data.ptr = p };

	epoll_ctl(epoll, EPOLL_CTL_MOD, p->fd, &v);
}

/* False: it has ended. */
static bool
peer_send(struct peer *p)
{
	size_t end = p->doc->n - (p->slow && time(NULL) < p->until);

	while (p->sent < end) {
		ssize_t put = send(p->fd, p->doc->text + p->sent, end - p->sent, MSG_NOSIGNAL);

		if (put < 0 && errno == EAGAIN) {
			watch(p, EPOLLOUT);
			return true;
		}
		if (put <= 0) {
			peer_end(p);
			return false;
		}
		p->sent += (size_t)put;
	}
	if (end == p->doc->n)
		p->doc = NULL;
	watch(p, EPOLLIN);
	return true;
}

static void
peer_owe(struct peer *p)
{
	const char *path = p->heard + strlen("GET ");
	size_t      bytes = strtoul(path + strlen("/slow/"), NULL, 10);

	p->slow = strncmp(path, "/slow/", 6) == 0;
	if (!p->slow)
		bytes = strtoul(path + strlen("/doc/"), NULL, 10);
	p->doc = doc_of(bytes < 300 ? 300 : bytes > DOC_MAX ? DOC_MAX : bytes);
	p->sent = p->heard_n = 0;
	p->until = time(NULL) + SLOW_S;
	if (p->slow) {
		p->next_slow = slow;
		slow = p;
	}
	(void)peer_send(p);
}

static void
peer_hear(struct peer *p)
{
	ssize_t got = recv(p->fd, p->heard + p->heard_n, HEAR_MAX - 1 - p->heard_n, 0);

	if (got <= 0) {
		peer_end(p);
		return;
	}
	p->heard_n += (size_t)got;
	p->heard[p->heard_n] = '\0';
	if (p->doc == NULL && strstr(p->heard, "\r\n\r\n") != NULL)
		peer_owe(p);
}

static void
peer_take(int listening)
{
	int fd;

	while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct peer       *p = calloc(1, sizeof(*p));
		struct epoll_event v = { .events = EPOLLIN, .data.ptr = p };
		int                on = 1;

		if (p == NULL)
			abort();
		p->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &v);
	}
}

static void
send_late(void)
{
	for (struct peer *p = slow, *next; p != NULL; p = next) {
		next = p->next_slow;
		if (p->doc == NULL || time(NULL) < p->until)
			continue;
		if (peer_send(p) && p->doc == NULL)
			for (struct peer **at = &slow; *at != NULL; at = &(*at)->next_slow)
				if (*at == p) {
					*at = p->next_slow;
					break;
				}
	}
}

static void
serve_good(int listening)
{
	struct epoll_event v = { .events = EPOLLIN }, got[EVENTS];

	epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &v);
	for (;;) {
		int n = epoll_wait(epoll, got, EVENTS, slow == NULL ? -1 : 200);

		for (int i = 0; i < n; i++) {
			struct peer *p = got[i].data.ptr;

			if (p == NULL)
				peer_take(listening);
			else if (got[i].events & EPOLLOUT)
				(void)peer_send(p);
			else
				peer_hear(p);
		}
		send_late();
	}
}

/* ---- what is bad: a process for each request ---- */

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void
say(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t put = send(fd, text, n, MSG_NOSIGNAL);

		if (put <= 0)
			_exit(0);
		text += put;
		n -= (size_t)put;
	}
}

static void
say_bomb(int fd)
{
	static unsigned char zeros[65536], packed[65536];
	z_stream             z = { 0 };

	say(fd, OK_HEAD "Content-Encoding: gzip\r\n\r\n",
	    strlen(OK_HEAD "Content-Encoding: gzip\r\n\r\n"));
	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	for (;;) {
		z.avail_in = sizeof(zeros);
		z.next_in = zeros;
		z.next_out = packed;
		z.avail_out = sizeof(packed);
		deflate(&z, Z_NO_FLUSH);
		say(fd, (char *)packed, sizeof(packed) - z.avail_out);
	}
}

static void
misbehave(int fd, const char *path, int port)
{
	static char much[65536];
	char        line[300];
	int         n;

	if (strncmp(path, "/hang", 5) == 0) {
		while (recv(fd, line, sizeof(line), 0) > 0)
			;
	} else if (strncmp(path, "/endless", 8) == 0) {
		memset(much, ' ', sizeof(much));
		n = snprintf(line, sizeof(line), OK_HEAD "\r\n{\"items\":[");
		for (say(fd, line, (size_t)n);;)
			say(fd, much, sizeof(much));
	} else if (strncmp(path, "/bomb", 5) == 0) {
		say_bomb(fd);
	} else {
		n = snprintf(line, sizeof(line),
		    OK_HEAD "\r\n{\"items\":[{\"id\":\"a\"}],\"next\":\"http://%s:%d/loop\"}",
		    strncmp(path, "/lying", 6) == 0 ? "127.0.0.2" : "127.0.0.1", port);
		say(fd, line, (size_t)n);
	}
	_exit(0);
}

static void
serve_bad(int listening, int port)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		char    text[HEAR_MAX];
		ssize_t n;
		int     fd = accept(listening, NULL, NULL);

		if (fd >= 0 && fork() == 0) {
			n = recv(fd, text, sizeof(text) - 1, 0);
			text[n > 0 ? n : 0] = '\0';
			misbehave(fd, n > 4 ? text + 4 : "/hang", port);
		}
		close(fd);
	}
}

/* ---- both ---- */

static int
listen_on(int *port, int more)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t          n = sizeof(a);
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | more, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
		perror("pages");
		exit(1);
	}
	*port = ntohs(a.sin_port);
	return fd;
}

int
main(void)
{
	int good_port, bad_port, good = listen_on(&good_port, SOCK_NONBLOCK),
				 bad = listen_on(&bad_port, 0);
	pid_t pid;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	printf("%d %d\n", good_port, bad_port);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_bad(bad, bad_port);
	}
	serve_good(good);
}
