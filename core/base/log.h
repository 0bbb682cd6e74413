/*
 * log.h - one JSON object per line, with ECS names, that never blocks a request.
 *
 * What the sink cannot take at once (a full pipe, a stuck reader) is dropped
 * and counted; the first line that gets through afterwards is preceded by one
 * "log lines dropped" with the count.  Every value goes through buf_json; a line
 * is at most LOG_LINE_MAX bytes so that a pipe takes it whole, a value at most
 * LOG_VALUE_MAX (longer ones are cut, what does not fit the line is left out).
 * Never a secret: callers pass none, and FIELD_SECRET members have no way here.
 *
 * Programs ignore SIGPIPE (a pipe has no MSG_NOSIGNAL).  A log may be used on
 * both sides of a fork, but not from a signal handler.
 */
#ifndef BSX_BASE_LOG_H
#define BSX_BASE_LOG_H

#include <stdatomic.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/str.h"

#define LOG_LINE_MAX  4096 /* PIPE_BUF: more would not be atomic */
#define LOG_VALUE_MAX 1024 /* bytes as encoded */

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_OFF };

/*      dataset      event.dataset */
#define LOG_DATASETS(X) \
	X(LOG_ACCESS,   "bsx.access") \
	X(LOG_AUTH,     "bsx.auth") \
	X(LOG_ADMIN,    "bsx.admin") \
	X(LOG_DRIFT,    "bsx.drift") \
	X(LOG_SECURITY, "bsx.security") \
	X(LOG_SYSTEM,   "bsx.system")
enum log_dataset {
#define X(id, dataset) id,
	LOG_DATASETS(X)
#undef X
	LOG_DATASET__MAX
};

struct log_field {
	const char *name; /* ECS name, e.g. "source.ip"; static text */
	enum { LOG_FIELD_STR, LOG_FIELD_INT } kind;
	struct str  s;    /* p == NULL: the field is left out */
	int64_t     i;
};
#define LOGS(key, z)  { (key), LOG_FIELD_STR, str_of(z), 0 }
#define LOGSTR(key, v) { (key), LOG_FIELD_STR, (v), 0 }
#define LOGI(key, v)  { (key), LOG_FIELD_INT, { NULL, 0 }, (v) }

/* "debug", "info", "warn", "error", "off"; false: none of them. */
bool log_level_parse(const char *name, enum log_level *out);

struct log;
struct log_options {
	const char          *target;  /* "stderr", "syslog", or a file's path (append, 0640) */
	const char          *service; /* service.name: "blindspotx", "driftd", "bsxctl" */
	enum log_level       levels[LOG_DATASET__MAX];
	const struct clock  *clock;
	_Atomic uint64_t    *dropped; /* shared counter of lines lost; NULL: one of its own */
};

MUST_USE struct log *log_open(TALLOC_CTX *mem, const struct log_options *o, struct err *e);
/* Opens a file target again (HUP); keeps the old one and says why when that fails. */
MUST_USE bool log_reopen(struct log *l, struct err *e);
uint64_t      log_dropped(const struct log *l);
bool          log_wants(const struct log *l, enum log_dataset d, enum log_level v);

/*
 * Writes one line.  event.kind is "event" ("alert" in LOG_SECURITY); event.category and event.type come from
 * event.action, else from the dataset (log_class.h), and a line of level error is of type "error" too.  Give
 * event.action, event.outcome etc. as fields.
 */
void log_write(struct log *l, enum log_dataset d, enum log_level v, const char *message,
    const struct log_field *fields, size_t n);
#define log_event(l, d, v, message, ...) \
	log_write((l), (d), (v), (message), (const struct log_field[]){ __VA_ARGS__ }, \
	    sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
/* A failure with its place: error.code, error.message (detail), log.origin.file.{name,line}. */
void log_err(struct log *l, enum log_dataset d, const char *message, const struct err *e);
/* The same of a deed that has an event.action; NULL: none. */
void log_failure(struct log *l, enum log_dataset d, const char *action, const char *message,
    const struct err *e);

#endif
