/*
 * log_sink.h - where log lines go, without ever waiting there.
 *
 * Pipes, terminals and files on stderr are opened again through
 * /proc/self/fd/2, because O_NONBLOCK belongs to the open file description and
 * the inherited one is shared with whoever started us.  A pipe that may not be
 * opened again (its owner is another account) is fed by splice(2) out of a pipe
 * of our own, which can refuse to wait by itself.
 *
 * A file on a full disk may take half a line.  That line is lost; the next one, of
 * whatever process, begins on a line of its own, because whoever appends looks
 * whether the file ends with one (where it may be read: else only the process that
 * wrote the half knows).
 */
#ifndef BSX_BASE_LOG_SINK_H
#define BSX_BASE_LOG_SINK_H

#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/log.h"

struct log_sink {
	const char *target;  /* "stderr", "syslog" or a path */
	const char *service; /* the tag of syslog lines */
	enum { LOG_SINK_PLAIN, LOG_SINK_POLL, LOG_SINK_SPLICE, LOG_SINK_SOCKET, LOG_SINK_SYSLOG } kind;
	int    fd;       /* -1: nowhere, every line is lost */
	int    relay[2]; /* LOG_SINK_SPLICE: our own pipe; -1: not made yet */
	pid_t  pid;      /* whose relay and rest these are */
	bool   file;     /* LOG_SINK_PLAIN on a regular file, which other processes may append to as well */
	bool   torn;     /* our last line went in part into that file */
	size_t rest_n;   /* of a line that a stream took in part: what is still to write */
	char   rest[LOG_LINE_MAX];
};

MUST_USE bool log_sink_open(struct log_sink *s, struct err *e);
/* Opens the same target again; on failure the old one stays. */
MUST_USE bool log_sink_reopen(struct log_sink *s, struct err *e);
/* Before the first line of several, so that a process after a fork() goes on as itself. */
void log_sink_own(struct log_sink *s);
/* Takes a line (with its newline) whole, now, or not at all: false. */
MUST_USE bool log_sink_put(struct log_sink *s, enum log_level v, struct str line);
void          log_sink_close(struct log_sink *s);

#endif
