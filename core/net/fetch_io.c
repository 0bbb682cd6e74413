#include "core/net/fetch_io.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/secret.h"

#define MS_NS INT64_C(1000000)

static bool
await(int fd, short events, int64_t end_ns, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t       left = (end_ns - clock_ns(&clock_system) + MS_NS - 1) / MS_NS;
	int           n = left <= 0 ? 0 : poll(&p, 1, left > INT_MAX ? -1 : (int)left);

	if (n > 0 || (n < 0 && errno == EINTR))
		return true;
	return err_set(e, ERR_UNAVAILABLE, 0, "The request timed out.",
	    "fetch: the fetch process has not answered in time, as where a name is not resolved");
}

static bool
gone(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, errno, "The request failed.",
	    "fetch: the fetch process ended before it answered");
}

static bool
again(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

bool
fetch_io_send(int fd, struct str frame, int64_t end_ns, struct err *e)
{
	while (frame.n > 0) {
		ssize_t n = send(fd, frame.p, frame.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && !again(n))
			return gone(e);
		if (n < 0 && !await(fd, POLLOUT, end_ns, e))
			return false;
		if (n > 0)
			frame = (struct str) { frame.p + n, frame.n - (size_t)n };
	}
	return true;
}

static bool
receive(int fd, void *into, size_t size, int64_t end_ns, struct err *e)
{
	char *p = into;

	while (size > 0) {
		ssize_t n = recv(fd, p, size, MSG_DONTWAIT);

		if (n <= 0 && !again(n))
			return gone(e);
		if (n < 0 && !await(fd, POLLIN, end_ns, e))
			return false;
		if (n > 0) {
			p += n;
			size -= (size_t)n;
		}
	}
	return true;
}

bool
fetch_io_receive(
    TALLOC_CTX *mem, int fd, const struct fetch_io_want *w, struct str *content, struct err *e)
{
	uint8_t head[FETCH_FRAME_HEAD];
	size_t  n;
	char   *p;

	if (!receive(fd, head, sizeof(head), w->end_ns, e) ||
	    !fetch_frame_head(head, w->kind, w->max, &n, e))
		return false;
	p = secret_alloc(mem, n + 1);
	if (p == NULL)
		return err_memory(e);
	*content = (struct str) { p, n };
	p[n] = '\0';
	return receive(fd, p, n, w->end_ns, e);
}
