#include "core/base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define OPEN_FLAGS (O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DEV_LOG    "/dev/log"
#define FACILITY   3 /* daemon */
#define HEAD_MAX   128

/* ---- opening ---- */

/* A regular file to be read too, if it may be: is_cut() looks at its end. Anything else is written
 * only. */
static int
open_to_append(const char *path, int flags)
{
	struct stat st;
	bool        regular = stat(path, &st) != 0 || S_ISREG(st.st_mode);
	int         fd = regular ? open(path, O_RDWR | OPEN_FLAGS | flags, 0640) : -1;

	return fd >= 0 ? fd : open(path, O_WRONLY | OPEN_FLAGS | flags, 0640);
}

static bool
open_stderr(struct log_sink *s, struct err *e)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) != 0)
		return err_set(
		    e, ERR_INTERNAL, errno, "cannot open the log", "stderr: %s", strerror(errno));
	if (!S_ISSOCK(st.st_mode)) {
		s->fd = open_to_append("/proc/self/fd/2", 0);
		if (s->fd >= 0)
			return true;
	}
	s->fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (s->fd < 0)
		return err_set(e, ERR_INTERNAL, errno, "cannot open the log", "dup of stderr: %s",
		    strerror(errno));
	s->kind = S_ISSOCK(st.st_mode)   ? LOG_SINK_SOCKET
		  : S_ISFIFO(st.st_mode) ? LOG_SINK_SPLICE
		  : S_ISCHR(st.st_mode)  ? LOG_SINK_POLL
					 : LOG_SINK_PLAIN;
	return true;
}

static bool
open_syslog(struct log_sink *s, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = DEV_LOG };
	int                fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		err_set(
		    e, ERR_INTERNAL, errno, "cannot open the log", DEV_LOG ": %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	s->fd = fd;
	s->kind = LOG_SINK_SYSLOG;
	return true;
}

static bool
open_file(struct log_sink *s, struct err *e)
{
	s->fd = open_to_append(s->target, O_CREAT);
	if (s->fd < 0)
		return err_set(e, ERR_INTERNAL, errno, "cannot open the log", "%s: %s", s->target,
		    strerror(errno));
	return true;
}

static bool
open_target(struct log_sink *s, struct err *e)
{
	if (strcmp(s->target, "stderr") == 0)
		return open_stderr(s, e);
	if (strcmp(s->target, "syslog") == 0)
		return open_syslog(s, e);
	return open_file(s, e);
}

bool
log_sink_open(struct log_sink *s, struct err *e)
{
	struct stat st;

	s->kind = LOG_SINK_PLAIN;
	s->fd = -1;
	s->relay[0] = s->relay[1] = -1;
	s->rest_n = 0;
	s->torn = false;
	s->pid = getpid();
	if (!open_target(s, e))
		return false;
	s->file = s->kind == LOG_SINK_PLAIN && fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode);
	return true;
}

static void
close_relay(struct log_sink *s)
{
	for (int i = 0; i < 2; i++)
		if (s->relay[i] >= 0)
			close(s->relay[i]);
	s->relay[0] = s->relay[1] = -1;
}

void
log_sink_close(struct log_sink *s)
{
	close_relay(s);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

bool
log_sink_reopen(struct log_sink *s, struct err *e)
{
	struct log_sink fresh = { .target = s->target, .service = s->service };

	if (!log_sink_open(&fresh, e))
		return err_note(e, "opening the log again (the old one stays)");
	log_sink_close(s);
	*s = fresh;
	return true;
}

/* ---- writing ---- */

/*
 * Our pipe is empty, so the line lies in one page of it and moves whole or not
 * at all; what does not move is thrown away with the pipe.
 */
static ssize_t
put_splice(struct log_sink *s, struct str line)
{
	ssize_t n;

	if (s->relay[0] < 0 && pipe2(s->relay, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	n = write(s->relay[1], line.p, line.n);
	if (n == (ssize_t)line.n)
		n = splice(s->relay[0], NULL, s->fd, NULL, line.n, SPLICE_F_NONBLOCK);
	if (n != (ssize_t)line.n)
		close_relay(s);
	return n;
}

static ssize_t
put_poll(struct log_sink *s, struct str line)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return -1;
	return write(s->fd, line.p, line.n);
}

/* Bytes taken; <= 0: none. */
static ssize_t
put_some(struct log_sink *s, struct str line)
{
	switch (s->kind) {
	case LOG_SINK_SPLICE:
		return put_splice(s, line);
	case LOG_SINK_POLL:
		return put_poll(s, line);
	case LOG_SINK_SOCKET:
	case LOG_SINK_SYSLOG:
		return send(s->fd, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case LOG_SINK_PLAIN:
		return write(s->fd, line.p, line.n);
	}
	return -1;
}

/* The file ends in the middle of a line; false also when it may not be read. */
static bool
is_cut(const struct log_sink *s)
{
	struct stat st;
	char        last;

	return fstat(s->fd, &st) == 0 && st.st_size > 0 &&
	       pread(s->fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static bool
put_file(struct log_sink *s, struct str line)
{
	char         end = '\n';
	bool         cut = s->torn || is_cut(s);
	struct iovec v[2] = { { &end, 1 }, { (char *)(uintptr_t)line.p, line.n } };
	ssize_t      n = writev(s->fd, cut ? v : v + 1, cut ? 2 : 1);

	if (n > 0)
		s->torn = (size_t)n < line.n + cut && !(cut && n == 1);
	return n == (ssize_t)(line.n + cut);
}

static bool
put_line(struct log_sink *s, struct str line)
{
	ssize_t n = put_some(s, line);

	if (n <= 0)
		return false;
	s->rest_n = line.n - (size_t)n;
	memcpy(s->rest, line.p + n, s->rest_n);
	return true;
}

/* A stream that took half a line gets the other half before anything else. */
static bool
put_rest(struct log_sink *s)
{
	ssize_t n;

	if (s->rest_n == 0)
		return true;
	n = put_some(s, (struct str) { s->rest, s->rest_n });
	if (n <= 0)
		return false;
	s->rest_n -= (size_t)n;
	memmove(s->rest, s->rest + n, s->rest_n);
	return s->rest_n == 0;
}

/* The form syslog(3) writes; that function itself would wait for a full socket. */
static bool
put_syslog(struct log_sink *s, enum log_level v, struct str line)
{
	static const int severity[] = { 7, 6, 4, 3, 3 };
	char             text[HEAD_MAX + LOG_LINE_MAX];
	char             when[32];
	struct tm        tm = { 0 };
	time_t           now = time(NULL);
	struct err       e = { 0 };
	int              n;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%b %e %T", &tm);
	n = snprintf(text, HEAD_MAX, "<%d>%s %.64s[%d]: ", FACILITY << 3 | severity[v], when,
	    s->service, (int)s->pid);
	memcpy(text + n, line.p, line.n - 1); /* no newline in a datagram */
	line = (struct str) { text, (size_t)n + line.n - 1 };
	if (put_some(s, line) == (ssize_t)line.n)
		return true;
	/* the daemon was started again: its socket is another one now */
	if (errno != ECONNREFUSED && errno != ENOTCONN && errno != ECONNRESET)
		return false;
	return log_sink_reopen(s, &e) && put_some(s, line) == (ssize_t)line.n;
}

/* After a fork half a line and the relay are the parent's. */
void
log_sink_own(struct log_sink *s)
{
	pid_t pid = getpid();

	if (s->pid == pid)
		return;
	s->pid = pid;
	s->rest_n = 0;
	s->torn = false;
	close_relay(s);
}

bool
log_sink_put(struct log_sink *s, enum log_level v, struct str line)
{
	if (s->fd < 0 || line.n == 0 || line.n > LOG_LINE_MAX)
		return false;
	if (s->kind == LOG_SINK_SYSLOG)
		return put_syslog(s, v, line);
	if (s->file)
		return put_file(s, line);
	return put_rest(s) && put_line(s, line);
}
