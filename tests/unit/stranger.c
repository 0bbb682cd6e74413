/* stranger.h: what it answers. */
#include "tests/unit/stranger.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>

uint16_t     stranger_port;
_Atomic int *stranger_connections;
_Atomic int *stranger_slow;
_Atomic int *stranger_left;

static pid_t server;

static void
say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t put = send(fd, text, n, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		text += put;
		n -= (size_t)put;
	}
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void
say_date(int fd, int64_t from_now)
{
	time_t    t = time(NULL) + from_now;
	struct tm tm;
	char      text[200];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text),
	    "HTTP/1.1 503 Busy\r\nConnection: close\r\nRetry-After: %a, %d %b %Y %H:%M:%S "
	    "GMT\r\n\r\n",
	    &tm);
	say(fd, text);
}

static void
say_much(int fd, const char *line, int times)
{
	for (int i = 0; i < times; i++)
		say(fd, line);
}

/* Reads one request: up to the blank line and as much body as it announces (or a greeting of TLS).
 */
static void
hear(int fd, char *text, size_t max)
{
	size_t n = 0, want = 0;

	for (text[0] = '\0'; n + 1 < max;) {
		char       *end = strstr(text, "\r\n\r\n");
		const char *length = strstr(text, "Content-Length: ");
		ssize_t     got;

		if (end != NULL) {
			want = (size_t)(end - text) + 4;
			want += length != NULL ? (size_t)atol(length + 16) : 0;
			if (n >= want)
				return;
		}
		got = recv(fd, text + n, max - 1 - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
		text[n] = '\0';
		if (text[0] == 0x16)
			return;
	}
}

/* It has read the whole request, so what comes now is the end. */
static bool
hung_up(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

/* Of zeros. */
static void
say_gzip(int fd, size_t n)
{
	static unsigned char zeros[65536], packed[65536];
	z_stream             z = { 0 };
	int                  rc = deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);

	while (rc == Z_OK) {
		z.avail_in = (uInt)(n < sizeof(zeros) ? n : sizeof(zeros));
		z.next_in = zeros;
		n -= z.avail_in;
		z.next_out = packed;
		z.avail_out = sizeof(packed);
		rc = deflate(&z, n == 0 ? Z_FINISH : Z_NO_FLUSH);
		if (send(fd, packed, sizeof(packed) - z.avail_out, MSG_NOSIGNAL) < 0)
			break;
	}
	deflateEnd(&z);
}

/* What there is of it is heard; then the connection is broken off. */
static void
say_and_reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	say(fd, OK_HEAD "Content-Length: 100\r\n\r\nhello");
	usleep(50000);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

static void
answer_badly(int fd, const char *path)
{
	static char zeros[65536];

	if (strcmp(path, "/mega") == 0) {
		say(fd, OK_HEAD "Content-Length: 1048576\r\n\r\n");
		for (int i = 0; i < 16; i++)
			if (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) < 0)
				break;
	} else if (strcmp(path, "/mega-drip") == 0) {
		say(fd, OK_HEAD "Content-Length: 2000000\r\n\r\n");
		for (int i = 0; i < 16; i++)
			if (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) < 0)
				break;
		while (!hung_up(fd, 200) && send(fd, zeros, 1, MSG_NOSIGNAL) > 0)
			;
	} else if (strcmp(path, "/flow") == 0) {
		say(fd, OK_HEAD "\r\n");
		while (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0 && !hung_up(fd, 50))
			;
	} else if (strcmp(path, "/stuck") == 0) {
		say(fd, OK_HEAD "Content-Length: 1048577\r\n\r\n");
		for (int i = 0; i < 16; i++)
			if (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) < 0)
				break;
		(void)hung_up(fd, 30000);
	} else if (strcmp(path, "/gzip-mega") == 0) {
		say(fd, OK_HEAD "Content-Encoding: gzip\r\n\r\n");
		say_gzip(fd, 1 << 20);
	} else if (strcmp(path, "/gzip") == 0) {
		say(fd, OK_HEAD "Content-Encoding: gzip\r\n\r\n");
		say_gzip(fd, 1000);
	} else if (strcmp(path, "/bomb") == 0) {
		say(fd, OK_HEAD "Content-Encoding: gzip\r\n\r\n");
		say_gzip(fd, (size_t)256 << 20);
	} else if (strcmp(path, "/no-gzip") == 0) {
		say(fd, OK_HEAD "Content-Encoding: gzip\r\n\r\nhello");
	} else if (strcmp(path, "/endless") == 0) {
		say(fd, OK_HEAD "\r\n");
		while (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0)
			;
	} else if (strcmp(path, "/chunked") == 0) {
		say(fd, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\nwor");
	} else if (strcmp(path, "/reset") == 0) {
		say_and_reset(fd);
	} else if (strcmp(path, "/fields") == 0) {
		say(fd, "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\n"
			"Link: <https://a.example/?p=2>; rel=\"next\"\r\nX-Empty:\r\n"
			"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
			"2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n");
	}
}

static void
answer(int fd, const char *request)
{
	static char line[] =
	    "0123456789012345678901234567890123456789012345678901234567890123456789\n";
	char path[64] = "";

	sscanf(request, "%*s %63s", path);
	if (strncmp(path, "/echo", 5) == 0) {
		say(fd, OK_HEAD "\r\n");
		say(fd, request);
	} else if (strcmp(path, "/slow") == 0) {
		atomic_fetch_add(stranger_slow, 1);
		atomic_fetch_add(stranger_left, hung_up(fd, 30000) ? 1 : 0);
	} else if (strcmp(path, "/late") == 0) {
		usleep(500000);
		say(fd, OK_HEAD "\r\nat last");
	} else if (strcmp(path, "/drip") == 0) {
		say(fd, OK_HEAD "\r\n");
		for (int i = 0; i < 100; i++) {
			say(fd, "x");
			usleep(100000);
		}
	} else if (strcmp(path, "/huge") == 0) {
		say(fd, OK_HEAD "\r\n");
		say_much(fd, line, 100000);
	} else if (strcmp(path, "/heads") == 0) {
		say(fd, OK_HEAD);
		say_much(fd, "X-Long: 0123456789012345678901234567890123456789\r\n", 3000);
		say(fd, "\r\nhello");
	} else if (strcmp(path, "/redirect") == 0) {
		say(fd, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /echo\r\n\r\n");
	} else if (strcmp(path, "/gone") == 0) {
		say(fd, "HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\ngone");
	} else if (strcmp(path, "/retry") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nretry-after:  120 \r\n\r\n");
	} else if (strcmp(path, "/retry-zero") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: 0\r\n\r\n");
	} else if (strcmp(path, "/retry-date") == 0) {
		say_date(fd, 90);
	} else if (strcmp(path, "/retry-past") == 0) {
		say_date(fd, -90);
	} else if (strcmp(path, "/retry-ever") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: "
			"99999999999999\r\n\r\n");
	} else if (strcmp(path, "/retry-negative") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: "
			"-1000000000000\r\n\r\n");
	} else if (strcmp(path, "/retry-huge") == 0) {
		say(fd,
		    "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: 1000000000000\r\n\r\n");
	} else if (strcmp(path, "/retry-bad") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: -5 soon\r\n\r\n");
	} else if (strcmp(path, "/interim") == 0) {
		say(fd, "HTTP/1.1 103 Early\r\nRetry-After: 5\r\n\r\n" OK_HEAD "\r\nhello");
	} else if (strcmp(path, "/short") == 0) {
		say(fd, OK_HEAD "Content-Length: 100\r\n\r\nhello");
	} else if (strcmp(path, "/rubbish") == 0) {
		say(fd, "\x16\x03\x01rubbish\r\n\r\n");
	} else {
		answer_badly(fd, path);
	}
}

static void
serve(int listening)
{
	static char request[70000];

	/* A process for each connection, so that a slow one blocks nobody; the group dies together.
	 */
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listening, NULL, NULL);

		if (fd < 0)
			continue;
		atomic_fetch_add(stranger_connections, 1);
		if (fork() == 0) {
			hear(fd, request, sizeof(request));
			answer(fd, request);
			_exit(0);
		}
		close(fd);
	}
}

int
stranger_start(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t          n = sizeof(sin);
	int                fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	/* What the environment says about proxies is nothing to us. */
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("all_proxy", "socks5://127.0.0.1:1/", 1);
	stranger_connections =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stranger_slow = stranger_connections + 1;
	stranger_left = stranger_connections + 2;
	if (bind(fd, (struct sockaddr *)&sin, n) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &n) != 0)
		return 1;
	stranger_port = ntohs(sin.sin_port);
	server = fork();
	if (server == 0) {
		setpgid(0, 0);
		serve(fd);
	}
	setpgid(server, server);
	close(fd);
	return 0;
}

int
stranger_stop(void **state)
{
	(void)state;
	kill(-server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}
