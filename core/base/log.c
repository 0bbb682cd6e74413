#include "core/base/log.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/log_class.h"
#include "core/base/log_sink.h"

#ifndef BSX_VERSION
#define BSX_VERSION "unknown"
#endif
#define ECS_VERSION "8.11.0"
#define LINE_END    (LOG_LINE_MAX - 2) /* room for "}\n" */
#define CUT_MIN     16                 /* a value shorter than this is left out rather than cut */

struct log {
	struct log_sink     sink;
	enum log_level      levels[LOG_DATASET__MAX];
	const struct clock *clock;
	_Atomic uint64_t   *dropped; /* shared, or `own` */
	_Atomic uint64_t    own;
	uint64_t            untold; /* lines lost since the last one that got through */
	struct buf          line;   /* kept between lines, so that writing does not allocate */
};

static const char *const level_names[] = { "debug", "info", "warn", "error", "off" };

static const char *const datasets[LOG_DATASET__MAX] = {
#define X(id, dataset) [id] = dataset,
	LOG_DATASETS(X)
#undef X
};

bool
log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static int
close_log(struct log *l)
{
	log_sink_close(&l->sink);
	return 0;
}

struct log *
log_open(TALLOC_CTX *mem, const struct log_options *o, struct err *e)
{
	struct log *l = talloc_zero(mem, struct log);

	if (l == NULL) {
		err_memory(e);
		return NULL;
	}
	l->sink.fd = l->sink.relay[0] = l->sink.relay[1] = -1;
	talloc_set_destructor(l, close_log);
	memcpy(l->levels, o->levels, sizeof(l->levels));
	l->clock = o->clock;
	l->dropped = o->dropped != NULL ? o->dropped : &l->own;
	l->sink.target = talloc_strdup(l, o->target);
	l->sink.service = talloc_strdup(l, o->service);
	buf_make(&l->line, l);
	buf_add(&l->line, (const char[3 * LOG_LINE_MAX]) { 0 }, 3 * LOG_LINE_MAX);
	if (l->sink.target == NULL || l->sink.service == NULL || !buf_ok(&l->line))
		err_memory(e);
	else if (log_sink_open(&l->sink, e))
		return l;
	talloc_free(l);
	return NULL;
}

bool
log_reopen(struct log *l, struct err *e)
{
	return log_sink_reopen(&l->sink, e);
}

uint64_t
log_dropped(const struct log *l)
{
	return atomic_load_explicit(l->dropped, memory_order_relaxed);
}

bool
log_wants(const struct log *l, enum log_dataset d, enum log_level v)
{
	return v >= l->levels[d] && v < LOG_LEVEL_OFF;
}

/* ---- one line ---- */

/* Names are our own, without anything to escape. */
static void
put_name(struct buf *b, const char *name)
{
	buf_puts(b, ",\"");
	buf_puts(b, name);
	buf_puts(b, "\":");
}

/* As much of the text as fits; how much that is shows only when it is encoded. */
static void
put_text(struct buf *b, const char *name, struct str s)
{
	size_t start = b->n;
	size_t end = start + LOG_VALUE_MAX < LINE_END ? start + LOG_VALUE_MAX : LINE_END;

	for (s = str_head(s, LOG_VALUE_MAX);; s = str_head(s, s.n / 2)) {
		put_name(b, name);
		buf_json(b, s);
		if (b->n <= end)
			return;
		b->n = start;
		if (s.n < CUT_MIN)
			return;
	}
}

static void
put_number(struct buf *b, const char *name, int64_t v)
{
	size_t start = b->n;

	put_name(b, name);
	buf_i64(b, v);
	if (b->n > LINE_END)
		b->n = start;
}

static const char *
action_of(const struct log_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].name, "event.action") == 0)
			return fields[i].s.p;
	return NULL;
}

static void
put_class(struct buf *b, const struct log_class *c, bool error)
{
	static const char is_error[] = "\"error\"";

	buf_puts(b, ",\"event.category\":[");
	buf_puts(b, c->categories);
	buf_puts(b, "],\"event.type\":[");
	buf_puts(b, c->types);
	if (error && strstr(c->types, is_error) == NULL) {
		buf_putc(b, ',');
		buf_puts(b, is_error);
	}
	buf_putc(b, ']');
}

static void
build(struct log *l, enum log_dataset d, enum log_level v, const char *message,
    const struct log_field *fields, size_t n)
{
	struct buf *b = &l->line;
	char        now[TIME_TEXT_MAX];

	b->n = 0;
	time_print(clock_ms(l->clock), now);
	buf_puts(b, "{\"@timestamp\":\"");
	buf_puts(b, now);
	buf_puts(b, "\"");
	put_text(b, "log.level", str_of(level_names[v]));
	put_text(b, "message", str_of(message));
	put_text(b, "event.kind", str_of(d == LOG_SECURITY ? "alert" : "event"));
	put_class(b, log_class_of(d, action_of(fields, n)), v == LOG_LEVEL_ERROR);
	put_text(b, "event.dataset", str_of(datasets[d]));
	put_text(b, "service.name", str_of(l->sink.service));
	buf_puts(b, ",\"service.version\":\"" BSX_VERSION "\",\"ecs.version\":\"" ECS_VERSION "\"");
	put_number(b, "process.pid", l->sink.pid);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].kind == LOG_FIELD_INT)
			put_number(b, fields[i].name, fields[i].i);
		else if (fields[i].s.p != NULL)
			put_text(b, fields[i].name, fields[i].s);
	}
	buf_puts(b, "}\n");
}

static bool
tell_dropped(struct log *l)
{
	const struct log_field f[] = { LOGS("event.action", "log-lines-dropped"),
		LOGI("bsx.log.dropped", (int64_t)l->untold) };

	if (l->untold == 0)
		return true;
	build(l, LOG_SYSTEM, LOG_LEVEL_WARN, "log lines dropped", f, sizeof(f) / sizeof(f[0]));
	if (!log_sink_put(&l->sink, LOG_LEVEL_WARN, buf_str(&l->line)))
		return false;
	l->untold = 0;
	return true;
}

void
log_write(struct log *l, enum log_dataset d, enum log_level v, const char *message,
    const struct log_field *fields, size_t n)
{
	bool ok;

	if (!log_wants(l, d, v))
		return;
	log_sink_own(&l->sink);
	ok = tell_dropped(l);
	if (ok) {
		build(l, d, v, message, fields, n);
		ok = log_sink_put(&l->sink, v, buf_str(&l->line));
	}
	if (!ok) {
		l->untold++;
		atomic_fetch_add_explicit(l->dropped, 1, memory_order_relaxed);
	}
}

void
log_err(struct log *l, enum log_dataset d, const char *message, const struct err *e)
{
	log_failure(l, d, NULL, message, e);
}

void
log_failure(
    struct log *l, enum log_dataset d, const char *action, const char *message, const struct err *e)
{
	enum log_level v = err_status(e->code) >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN;

	log_event(l, d, v, message, LOGS("event.action", action),
	    LOGS("event.outcome", action != NULL ? "failure" : NULL),
	    LOGS("error.code", err_wire(e->code)), LOGS("error.message", e->detail),
	    LOGI("bsx.error.number", e->sys), LOGS("log.origin.file.name", e->file),
	    LOGI("log.origin.file.line", e->line));
}
