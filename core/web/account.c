/* pass.h: what always runs last: rollback, log line, metrics, release. */
#include <stdio.h>
#include <string.h>

#include "core/auth/sealed_refused.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/shm/metric.h"
#include "core/shm/slot.h"
#include "core/store/tx.h"
#include "core/web/pass.h"

#define USER_AGENT_MAX 400 /* bytes kept in the log */
#define CAUSE_MAX      64

/* What the request's log line says; texts that must outlive the building of it. */
struct line {
	char label[128], tenant[UUID_TEXT_MAX], user[UUID_TEXT_MAX], acted[UUID_TEXT_MAX],
	    message[160];
	int             status;
	int64_t         took_ns;
	struct db_stats db;
};

/* ---- what a handler may have left behind ---- */

static void
roll_back(struct db *db, struct db_stats *sum)
{
	struct db_stats one = db_stats(db);

	sum->count += one.count;
	sum->trips += one.trips;
	sum->ns += one.ns;
	if (tx_open(db))
		tx_rollback(db);
	db_stats_reset(db);
}

static void
release_database(struct request *r, struct db_stats *sum)
{
	if (r->app->database == NULL)
		return;
	roll_back(database_control(r->app->database), sum);
	if (r->db != NULL)
		roll_back(r->db->db, sum);
}

/* ---- counting ---- */

static const char *
base_name(const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return slash != NULL ? slash + 1 : path != NULL ? path : "-";
}

static void
count(const struct request *r, const struct line *l)
{
	struct segment *s = r->app->env->segment;
	char            status[12], place[METRIC_LABELS_MAX / 2];

	snprintf(status, sizeof(status), "%d", l->status);
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY(l->label, r->method_text, status), 1);
	metric_observe(s, METRIC_HTTP_SECONDS, METRIC_BY(l->label), l->took_ns);
	if (r->err.code != ERR_INTERNAL)
		return;
	snprintf(place, sizeof(place), "%s:%d", base_name(r->err.file), r->err.line);
	metric_add(s, METRIC_ERRORS, METRIC_BY(err_wire(r->err.code), place), 1);
}

/* ---- the one line ---- */

static enum log_level
level_of(int status)
{
	if (status >= 500)
		return LOG_LEVEL_ERROR;
	if (status == 401 || status == 403 || status == 429)
		return LOG_LEVEL_WARN;
	return LOG_LEVEL_INFO;
}

static void
print_line(const struct request *r, struct line *l)
{
	l->status = request_status(r);
	l->took_ns = clock_ns(r->app->env->clock) - r->began_ns;
	snprintf(l->label, sizeof(l->label), "%s", "-");
	route_label(r->route, l->label, sizeof(l->label));
	snprintf(l->message, sizeof(l->message), "%s -> %d", l->label, l->status);
	if (r->acted != NULL)
		uuid_print(&r->acted->id, l->acted);
	if (r->caller.kind == CALLER_NONE)
		return;
	uuid_print(&r->caller.tenant, l->tenant);
	uuid_print(&r->caller.user, l->user);
}

/* A path that holds a secret is logged as its pattern. */
static const char *
path_of(const struct request *r)
{
	bool secret = r->route != NULL && strstr(r->route->path, "{token}") != NULL;

	return secret ? r->route->path : r->raw_path;
}

static struct str
text_or_none(const char *z)
{
	return (struct str) { z != NULL && *z != '\0' ? z : NULL, z != NULL ? strlen(z) : 0 };
}

/* Faults quote what was handed in, which may be a secret: they are for whoever did it. */
static const char *
cause_of(const struct err *f, char room[static CAUSE_MAX])
{
	unsigned n = 0;

	for (const struct fault *one = f->faults; one != NULL; one = one->next)
		n++;
	if (n == 0)
		return f->detail;
	(void)snprintf(room, CAUSE_MAX, "what was handed in is refused, faults: %u", n);
	return room;
}

static void
write_line(const struct request *r, const struct line *l)
{
	const struct err *f = &r->err;
	char              cause[CAUSE_MAX];
	bool              failed = f->code != ERR_OK, broken = l->status >= 500;
	bool              slow = l->took_ns / 1000000 >= r->app->env->conf->log_slow_ms;
	struct str        ua = text_or_none(r->origin.user_agent);
	struct log_field  fields[24];
	size_t            n = 0;

	if (ua.n > USER_AGENT_MAX)
		ua.n = USER_AGENT_MAX;
	fields[n++] = (struct log_field)LOGS("http.request.id", r->id);
	fields[n++] = (struct log_field)LOGSTR("trace.id", text_or_none(r->trace_id));
	fields[n++] = (struct log_field)LOGS("http.request.method", r->method_text);
	fields[n++] = (struct log_field)LOGS("url.path", path_of(r));
	fields[n++] = (struct log_field)LOGI("http.response.status_code", l->status);
	fields[n++] = (struct log_field)LOGI("event.duration", l->took_ns);
	fields[n++] =
	    (struct log_field)LOGS("event.outcome", l->status < 400 ? "success" : "failure");
	fields[n++] = (struct log_field)LOGSTR("source.ip", text_or_none(r->address));
	fields[n++] = (struct log_field)LOGSTR("user_agent.original", ua);
	fields[n++] = (struct log_field)LOGSTR("organization.id", text_or_none(l->tenant));
	fields[n++] = (struct log_field)LOGSTR("user.id", text_or_none(l->user));
	fields[n++] = (struct log_field)LOGSTR("bsx.acting.tenant", text_or_none(l->acted));
	if (failed) {
		fields[n++] = (struct log_field)LOGS("error.code", err_wire(f->code));
		fields[n++] = (struct log_field)LOGS("error.message", cause_of(f, cause));
	}
	if (failed && broken) {
		fields[n++] = (struct log_field)LOGS("log.origin.file.name", base_name(f->file));
		fields[n++] = (struct log_field)LOGI("log.origin.file.line", f->line);
	}
	if (slow) {
		fields[n++] = (struct log_field)LOGI("bsx.db.statements", (int64_t)l->db.count);
		fields[n++] = (struct log_field)LOGI("bsx.db.trips", (int64_t)l->db.trips);
		fields[n++] = (struct log_field)LOGI("bsx.db.duration", l->db.ns);
	}
	log_write(r->app->env->log, LOG_ACCESS, level_of(l->status), l->message, fields, n);
}

/* A client that is slowed down may be one that tries things out. */
static void
write_security(const struct request *r, const struct line *l)
{
	const struct rate_note *n = &r->rate;

	if (r->err.code != ERR_RATE)
		return;
	log_event(r->app->env->log, LOG_SECURITY, LOG_LEVEL_WARN, "a rate limit was reached",
	    LOGS("event.action", "rate.limit"), LOGS("event.outcome", "failure"),
	    LOGS("rule.name", n->policy != NULL ? n->policy : "-"), LOGS("http.request.id", r->id),
	    LOGS("http.request.method", r->method_text), LOGS("url.path", path_of(r)),
	    LOGSTR("source.ip", text_or_none(r->address)),
	    LOGSTR("organization.id", text_or_none(l->tenant)),
	    LOGSTR("user.id", text_or_none(l->user)));
}

/* ---- */

static void
wipe(struct str s)
{
	if (s.p != NULL)
		secret_wipe((char *)(uintptr_t)s.p, s.n);
}

static void
release(struct request *r)
{
	struct app *app = r->app;

	if (app->permits != NULL) {
		permit_give(app->permits, &r->permit);
		permit_leave(app->permits);
	}
	wipe(r->body); /* it may hold a password */
	talloc_free(r->mem);
	r->db = NULL;
	if (app->database != NULL)
		database_tidy(app->database);
	if (app->database != NULL && app->auth != NULL)
		sealed_refused_note(app->auth);
	if (app->env->segment == NULL)
		return;
	if (app->slot >= 0)
		slot_end(app->env->segment, (unsigned)app->slot);
	segment_check(app->env->segment, app->env->clock);
}

void
account(struct request *r)
{
	struct line l = { 0 };

	release_database(r, &l.db);
	refused_note(r);
	print_line(r, &l);
	count(r, &l);
	write_line(r, &l);
	write_security(r, &l);
	release(r);
}
