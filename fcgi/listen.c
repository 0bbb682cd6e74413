#include "fcgi/listen.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/str.h"

#define BACKLOG          4096 /* the kernel cuts it to net.core.somaxconn */
#define LISTEN_FDS_START 3    /* sd_listen_fds(3) */

static bool
fail(struct err *e, const char *where, const char *what)
{
	return err_set(
	    e, ERR_INTERNAL, errno, "cannot listen", "%s: %s: %s", where, what, strerror(errno));
}

static bool
is_listening(int fd)
{
	int       on = 0;
	socklen_t n = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on != 0;
}

static bool
take(struct listener *l, int fd, const char *where, struct err *e)
{
	const int on = 1;
	int       flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return fail(e, where, "non-blocking");
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return fail(e, where, "close on exec");
	/* Connections inherit it; a unix socket has none and says so. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	l->fd = fd;
	return true;
}

/* How many sockets systemd passed to this very process. */
static int64_t
listen_fds(void)
{
	struct str pid = str_of(getenv("LISTEN_PID"));
	struct str fds = str_of(getenv("LISTEN_FDS"));
	int64_t    p = 0, n = 0;

	if (!str_to_i64(pid, &p) || p != getpid() || !str_to_i64(fds, &n))
		n = 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return n;
}

bool
listen_inherited(struct listener *l, struct err *e)
{
	int64_t n = listen_fds();

	*l = (struct listener) { .fd = -1 };
	if (is_listening(STDIN_FILENO))
		return take(l, STDIN_FILENO, "descriptor 0", e);
	if (n == 0)
		return true;
	if (n != 1 || !is_listening(LISTEN_FDS_START))
		return err_set(e, ERR_INTERNAL, 0, "cannot listen",
		    "LISTEN_FDS: one listening socket is expected, %lld were passed", (long long)n);
	return take(l, LISTEN_FDS_START, "LISTEN_FDS", e);
}

/* A socket file that nobody listens on is what a killed process left. */
static bool
remove_dead(const struct sockaddr_un *sa, struct err *e)
{
	struct stat st;
	int         fd, alive;

	if (lstat(sa->sun_path, &st) != 0)
		return errno == ENOENT ? true : fail(e, sa->sun_path, "stat");
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INTERNAL, 0, "cannot listen", "%s exists and is no socket",
		    sa->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(e, sa->sun_path, "socket");
	alive = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno == EAGAIN;
	close(fd);
	if (alive)
		return err_set(e, ERR_INTERNAL, EADDRINUSE, "cannot listen",
		    "%s: another process listens there", sa->sun_path);
	if (unlink(sa->sun_path) != 0 && errno != ENOENT)
		return fail(e, sa->sun_path, "unlink");
	return true;
}

static bool
bind_unix(struct listener *l, int fd, const struct sockaddr_un *sa, mode_t mode, struct err *e)
{
	/* The umask, not a later chmod: the socket is never more open than asked for. */
	mode_t      before = umask(0777 & ~mode);
	bool        ok = bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0;
	struct stat st;

	umask(before);
	if (!ok)
		return fail(e, sa->sun_path, "bind");
	if (stat(sa->sun_path, &st) != 0)
		return fail(e, sa->sun_path, "stat");
	memcpy(l->path, sa->sun_path, sizeof(l->path));
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return true;
}

static bool
make_unix(struct listener *l, const char *path, mode_t mode, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int                fd;

	static_assert(sizeof(sa.sun_path) == LISTEN_NAME_MAX, "room for any unix path");
	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, ERR_INTERNAL, ENAMETOOLONG, "cannot listen",
		    "%s: longer than %zu bytes", path, sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (!remove_dead(&sa, e))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(e, path, "socket");
	if (bind_unix(l, fd, &sa, mode, e)) {
		if (listen(fd, BACKLOG) == 0 && take(l, fd, path, e))
			return true;
		(void)fail(e, path, "listen");
		listen_unlink(l);
	}
	close(fd);
	return false;
}

/* Cuts "HOST:PORT" or "[HOST]:PORT" in two. */
static bool
split_host(const char *where, char *host, size_t n, const char **port, struct err *e)
{
	const char *colon = strrchr(where, ':');
	struct str  h;

	if (colon == NULL || colon == where || colon[1] == '\0')
		goto bad;
	h = (struct str) { where, (size_t)(colon - where) };
	if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = (struct str) { h.p + 1, h.n - 2 };
	if (h.n >= n)
		goto bad;
	memcpy(host, h.p, h.n);
	host[h.n] = '\0';
	*port = colon + 1;
	return true;
bad:
	return err_set(
	    e, ERR_INTERNAL, 0, "cannot listen", "'%s' is neither a path nor HOST:PORT", where);
}

static bool
make_tcp(struct listener *l, const char *where, struct err *e)
{
	const struct addrinfo want = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo      *ai = NULL;
	const int             on = 1;
	char                  host[LISTEN_NAME_MAX];
	const char           *port = NULL;
	int                   fd, rc;

	if (!split_host(where, host, sizeof(host), &port, e))
		return false;
	rc = getaddrinfo(host, port, &want, &ai);
	if (rc != 0)
		return err_set(
		    e, ERR_INTERNAL, 0, "cannot listen", "%s: %s", where, gai_strerror(rc));
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		rc = bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 ? listen(fd, BACKLOG) : -1;
	}
	freeaddrinfo(ai);
	if (fd >= 0 && rc == 0 && take(l, fd, where, e))
		return true;
	(void)fail(e, where, "bind");
	if (fd >= 0)
		close(fd);
	return false;
}

bool
listen_make(struct listener *l, const char *where, mode_t mode, struct err *e)
{
	*l = (struct listener) { .fd = -1, .own = true };
	return strchr(where, '/') != NULL ? make_unix(l, where, mode, e) : make_tcp(l, where, e);
}

static bool
is_local(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in  *v4 = (const void *)ss;
	const struct sockaddr_in6 *v6 = (const void *)ss;

	if (ss->ss_family == AF_INET)
		return (ntohl(v4->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
	if (ss->ss_family != AF_INET6)
		return ss->ss_family == AF_UNIX;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) &&
		   v6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}

bool
listen_check(const struct listener *l, bool allowed, struct err *e)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t               n = sizeof(ss);
	char                    host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";

	if (getsockname(l->fd, (struct sockaddr *)&ss, &n) != 0)
		return fail(e, "the socket", "its address");
	if (allowed || is_local(&ss))
		return true;
	(void)getnameinfo((const struct sockaddr *)&ss, n, host, sizeof(host), port, sizeof(port),
	    NI_NUMERICHOST | NI_NUMERICSERV);
	return err_set(e, ERR_INTERNAL, 0, "cannot listen",
	    "%s port %s can be reached from other machines, and FastCGI has no password: use a "
	    "unix "
	    "socket or a loopback address, or set listen.remote = true behind a firewall",
	    host, port);
}

void
listen_unlink(struct listener *l)
{
	struct stat st;

	if (l->path[0] != '\0' && lstat(l->path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		(void)unlink(l->path);
	l->path[0] = '\0';
}
