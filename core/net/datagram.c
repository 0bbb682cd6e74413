#include "core/net/datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net/resolve.h"

#define REFUSED_MS 20 /* so long a host nearby takes to say that nobody listens */

static socklen_t
print_address(const struct addr *a, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in  *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (addr_is_ipv4(a)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a->b + 12, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, a->b, sizeof(a->b));
	return sizeof(*v6);
}

static bool
failed(int sys, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, sys,
	    sys == ECONNREFUSED ? "Nobody listens there." : "The message could not be sent.",
	    "datagram: %s", strerror(sys));
}

/* What the host there has said to it. */
static bool
check_refused(int fd, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int           sys = 0;
	socklen_t     n = sizeof(sys);

	if (poll(&p, 1, REFUSED_MS) <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &n) != 0)
		return true;
	return sys == 0 || failed(sys, e);
}

static bool
send_on(int fd, const struct sockaddr_storage *to, socklen_t n, struct str text, struct err *e)
{
	if (connect(fd, (const struct sockaddr *)to, n) != 0 ||
	    send(fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)text.n)
		return failed(errno, e);
	return check_refused(fd, e);
}

bool
datagram_send(
    TALLOC_CTX *mem, const struct guard *g, const char *url, struct str text, struct err *e)
{
	struct guard_target     t;
	struct resolved         at;
	struct sockaddr_storage to;
	socklen_t               n;
	int                     fd;
	bool                    ok;

	if (!guard_target(g, url, &t, e) || !resolve(mem, g, &t, &at, e))
		return false;
	n = print_address(&at.items[0], t.port, &to);
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(errno, e);
	ok = send_on(fd, &to, n, text, e);
	close(fd);
	return ok;
}
