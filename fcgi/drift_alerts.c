#include <string.h>

#include "core/store/alert.h"
#include "drift/alert/alerting.h"
#include "fcgi/drift.h"
#include "fcgi/routes.h"

struct alert_out {
	struct uuid  id, config_id, report_id;
	char        *kind, *severity, *title, *status;
	int64_t      changes;
	instant      opened_at, updated_at;
	char        *acknowledged_by;
	instant      acknowledged_at;
	struct uuid  assigned_to;
	instant      resolved_at;
	char        *resolved_by, *suppressed_by;
	struct items history; /* struct event_out */
};
static const struct field  alert_out_fields[] = { FIELD(struct alert_out, id,
						      .doc = "Number of the alert."),
	 FIELD(struct alert_out, config_id, .flags = FIELD_NULLABLE, .doc = "Its config."),
	 FIELD(struct alert_out, report_id, .flags = FIELD_NULLABLE,
	     .doc = "The newest report it stands on."),
	 FIELD(struct alert_out, kind,
	     .doc = "drift, blind, suspicious_collection, flapping, anomaly, security or system."),
	 FIELD(struct alert_out, severity, .doc = "The highest it has had."),
	 FIELD(struct alert_out, title, .doc = "One line for people."),
	 FIELD(struct alert_out, status, .doc = "open, acknowledged, in_progress or resolved."),
	 FIELD(struct alert_out, changes, .doc = "Findings in the newest report."),
	 FIELD(struct alert_out, opened_at, .doc = "When it was opened."),
	 FIELD(struct alert_out, updated_at, .doc = "When it last changed."),
	 FIELD(struct alert_out, acknowledged_by, .flags = FIELD_NULLABLE,
	     .doc = "Who acknowledged it."),
	 FIELD(struct alert_out, acknowledged_at, .flags = FIELD_NULLABLE, .doc = "When."),
	 FIELD(
	     struct alert_out, assigned_to, .flags = FIELD_NULLABLE, .doc = "User who works on it."),
	 FIELD(
	     struct alert_out, resolved_at, .flags = FIELD_NULLABLE, .doc = "When it was resolved."),
	 FIELD(struct alert_out, resolved_by, .flags = FIELD_NULLABLE,
	     .doc = "Who resolved it; system: the drift was gone."),
	 FIELD(struct alert_out, suppressed_by, .flags = FIELD_NULLABLE,
	     .doc = "What kept it from being sent: silence:<id>, or flapping."),
	 FIELD(struct alert_out, history, .item = &event_out_schema, .flags = FIELD_OMIT_ZERO,
	     .doc = "Of a single alert: what happened to it."),
	 FIELD_END };
static const struct schema alert_out_schema = SCHEMA("Alert", struct alert_out, alert_out_fields);

static void
alert_show(const struct alert *a, struct alert_out *out)
{
	*out = (struct alert_out) { .id = a->id,
		.config_id = a->config_id,
		.report_id = a->report_id,
		.kind = a->kind,
		.severity = a->severity,
		.title = a->title,
		.status = a->status,
		.changes = a->changes,
		.opened_at = a->opened_at,
		.updated_at = a->updated_at,
		.acknowledged_by = a->acknowledged_by,
		.acknowledged_at = a->acknowledged_at,
		.assigned_to = a->assigned_to,
		.resolved_at = a->resolved_at,
		.resolved_by = a->resolved_by,
		.suppressed_by = a->suppressed_by };
}

/* ---- reading ---- */

struct alert_query {
	int64_t     limit;
	const char *cursor, *since;
	const char *status, *severity, *kind;
	struct uuid config_id;
};
static const char *const  statuses[] = { "open", "acknowledged", "in_progress", "resolved", NULL };
static const char *const  severities[] = { "info", "low", "medium", "high", "critical", NULL };
static const char *const  kinds[] = { "drift", "blind", "suspicious_collection", "flapping",
	 "anomaly", "security", "system", NULL };
static const struct field alert_query_fields[] = {
	FIELD(struct alert_query, limit, .min = 1, .max = 200, .doc = "Most items of one answer."),
	FIELD(struct alert_query, cursor, .min = 1, .max = 200,
	    .doc = "next_cursor of the answer before."),
	FIELD(struct alert_query, since, .max = 200,
	    .doc =
		"Oldest first, those opened after this cursor; empty: from the first. The answer's "
		"next_cursor is the next since, always."),
	FIELD(struct alert_query, status, .choices = statuses, .doc = "Only with this status."),
	FIELD(struct alert_query, severity, .choices = severities, .doc = "Only of this severity."),
	FIELD(struct alert_query, kind, .choices = kinds, .doc = "Only of this kind."),
	FIELD(
	    struct alert_query, config_id, .flags = FIELD_NULLABLE, .doc = "Only of this config."),
	FIELD_END
};
static const struct schema alert_query_schema =
    SCHEMA("AlertQuery", struct alert_query, alert_query_fields);

static bool
filter_of(struct request *r, const struct alert_query *q, struct alert_filter *f, struct err *e)
{
	const char *cursor = q->cursor;

	*f = (struct alert_filter) { .status = q->status,
		.severity = q->severity,
		.kind = q->kind,
		.config_id = q->config_id,
		.oldest_first = q->since != NULL };
	if (q->since != NULL && cursor != NULL)
		return err_fault(e, r->mem, "/since", "cannot be used together with cursor");
	if (q->since != NULL && q->since[0] != '\0')
		cursor = q->since;
	return list_cursor_read(cursor, &f->after, e);
}

static bool
list_alerts(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct alert_query *q = r->query;
	struct items             *items = answer;
	struct alert_filter       f;
	struct alert             *rows;
	struct alert_out         *out;
	size_t                    n;

	(void)body;
	if (!filter_of(r, q, &f, e) ||
	    !alert_list(r->db, r->mem, &f, list_rows(q->limit), &rows, &n, e))
		return false;
	out = talloc_zero_size(r->mem, (n + 1) * sizeof(*out));
	if (out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		alert_show(&rows[i], &out[i]);
	if (!list_answer(
		r, items, out, n, sizeof(*out), offsetof(struct alert_out, id), q->limit, e))
		return false;
	if (!f.oldest_first)
		return true;
	/* Whoever tails goes on from here even when nothing was new. */
	if (items->n > 0)
		return list_cursor_write(r, &out[items->n - 1].id, e);
	r->next_cursor = q->since[0] != '\0' ? q->since : NULL;
	return true;
}

static bool
show_with_tag(struct request *r, const struct alert *a, struct alert_out *out, struct err *e)
{
	alert_show(a, out);
	if (!history_show(r, &(struct uuid) { 0 }, (struct blob) { a->id.b, sizeof(a->id.b) },
		&out->history, e))
		return false;
	r->etag = talloc_asprintf(r->mem, "\"%llu\"", (unsigned long long)a->version);
	return r->etag != NULL ? true : err_memory(e);
}

static bool
get_alert(struct request *r, const void *body, void *answer, struct err *e)
{
	struct alert a;

	(void)body;
	return alert_by_id(r->db->db, r->mem, &r->id0, &a, e) && show_with_tag(r, &a, answer, e);
}

/* ---- changing ---- */

struct alert_update {
	const char *status, *note;
	struct uuid assigned_to;
	uint64_t    given;
};
static const char *const  update_statuses[] = { "acknowledged", "in_progress", "resolved", NULL };
static const struct field alert_update_fields[] = {
	FIELD(struct alert_update, status, .choices = update_statuses, .doc = "New status."),
	FIELD(struct alert_update, note, .max = 1000, .doc = "Kept in the audit log."),
	FIELD(struct alert_update, assigned_to, .flags = FIELD_NULLABLE,
	    .doc = "User who works on it; null: nobody."),
	FIELD_END
};
static const struct schema alert_update_schema =
    SCHEMA_GIVEN("AlertUpdate", struct alert_update, alert_update_fields, given);

struct updating {
	struct request            *r;
	const struct alert_update *in;
	struct alert               alert; /* as it becomes */
};

static bool
set_status(struct request *r, struct alert *a, const char *status, instant now, struct err *e)
{
	a->status = talloc_strdup(r->mem, status);
	if (a->acknowledged_by == NULL) {
		a->acknowledged_by = talloc_strdup(r->mem, r->caller.name);
		a->acknowledged_at = now;
	}
	if (strcmp(status, "resolved") == 0) {
		a->resolved_by = talloc_strdup(r->mem, r->caller.name);
		a->resolved_at = now;
		a->open_key = NULL;
	}
	if (a->status == NULL || a->acknowledged_by == NULL ||
	    (a->open_key == NULL && a->resolved_by == NULL))
		return err_memory(e);
	return true;
}

/* The channels of the config hear of the end, whoever ended it. */
static bool
tell_resolved(struct db *db, struct updating *u, struct err *e)
{
	struct request          *r = u->r;
	struct drift            *d = drift_of(r->app, e);
	struct drift_config      c;
	const struct drift_spec *spec;
	size_t                   sent;

	if (d == NULL)
		return false;
	if (!config_by_id(r->db, r->mem, &u->alert.config_id, &c, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	spec = spec_of(d, r->db, &c, e);
	if (spec == NULL)
		return false;
	return alerting_tell(db, r->mem,
	    &(struct alerting) { .deps = &d->deps,
		.t = r->db,
		.config_id = c.id,
		.config_name = c.name,
		.targets = spec->targets,
		.targets_n = spec->targets_n },
	    EVENT_RESOLVED, &u->alert, NULL, 0, &sent, e);
}

static bool
record_event(struct db *db, struct request *r, const struct alert *a, const char *from,
    const char *note, struct err *e)
{
	const struct life_event v = { .id = uuid_make(r->app->clock, r->app->rand),
		.subject = { a->id.b, sizeof(a->id.b) },
		.at = a->updated_at,
		.actor = r->caller.name,
		.from_status = from,
		.to_status = a->status,
		.note = note == NULL ? "" : note };

	return life_event_add(db, &v, 1, e);
}

/* Read again inside the transaction: it may be the second try. */
static bool
update_body(struct db *db, void *arg, struct err *e)
{
	struct updating *u = arg;
	struct request  *r = u->r;
	instant          now = { clock_ms(r->app->clock) };
	const char      *from;
	bool             was_open, done;

	if (!alert_by_id(db, r->mem, &r->id0, &u->alert, e))
		return false;
	was_open = u->alert.open_key != NULL;
	from = u->alert.status;
	if (u->in->status != NULL && !was_open)
		return err_set(
		    e, ERR_CONFLICT, 0, "The alert is resolved already.", "alert is resolved");
	u->alert.updated_at = now;
	if (u->in->status != NULL && !set_status(r, &u->alert, u->in->status, now, e))
		return false;
	if (u->in->given & schema_bit(&alert_update_schema, "assigned_to"))
		u->alert.assigned_to = u->in->assigned_to;
	if (!alert_set(db, &u->alert, &done, e))
		return false;
	if (!done)
		return tx_again(e);
	if ((u->in->status != NULL || u->in->note != NULL) &&
	    !record_event(db, r, &u->alert, from, u->in->note, e))
		return false;
	return !was_open || u->alert.open_key != NULL || tell_resolved(db, u, e);
}

bool
alert_resolve(struct db *db, struct request *r, const struct uuid *config,
    const struct uuid *report, const char *note, struct err *e)
{
	struct updating u = { .r = r };
	char            key[ALERT_OPEN_KEY_MAX];
	const char     *from;
	bool            done;

	alerting_open_key(config, key);
	if (!alert_by_open_key(db, r->mem, key, &u.alert, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	from = u.alert.status;
	u.alert.updated_at.ms = clock_ms(r->app->clock);
	u.alert.report_id = *report;
	u.alert.changes = 0;
	if (!set_status(r, &u.alert, "resolved", u.alert.updated_at, e) ||
	    !alert_set(db, &u.alert, &done, e))
		return false;
	if (!done)
		return tx_again(e);
	return record_event(db, r, &u.alert, from, note, e) && tell_resolved(db, &u, e);
}

static bool
details_of(struct request *r, const struct alert_update *in, const char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, r->mem);
	buf_puts(&b, "{\"status\":");
	if (in->status != NULL)
		buf_json(&b, str_of(in->status));
	else
		buf_puts(&b, "null");
	if (in->note != NULL) {
		buf_puts(&b, ",\"note\":");
		buf_json(&b, str_of(in->note));
	}
	buf_putc(&b, '}');
	*out = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
change_alert(struct request *r, const void *body, void *answer, struct err *e)
{
	struct updating    u = { .r = r, .in = body };
	struct audit_entry entry = { .action = AUDIT_ALERT_UPDATE,
		.success = true,
		.caller = &r->caller,
		.origin = &r->origin,
		.target_kind = "alert",
		.target_id = r->id0 };
	struct alert       now;

	if (!alert_by_id(r->db->db, r->mem, &r->id0, &now, e) ||
	    !show_with_tag(r, &now, answer, e) || !request_if_match(r, r->etag, e) ||
	    !details_of(r, u.in, &entry.details, e) ||
	    !audit_deed(r->db, r->mem, r->app->auth, update_body, &u, &entry, e))
		return false;
	u.alert.version++;
	return show_with_tag(r, &u.alert, answer, e);
}

const struct route alert_routes[] = { ROUTE_Q(GET, "/api/drift/alerts", alert_query,
					  ALLOW(READ, ALERTS), RATE_READ, 200, list_alerts, IN_NONE,
					  OUT_LIST(alert_out),
					  "Lists alerts, newest first; with since, oldest first."),
	ROUTE(GET, "/api/drift/alerts/{id}", ALLOW(READ, ALERTS), RATE_READ, 200, get_alert,
	    IN_NONE, OUT(alert_out), "Shows an alert."),
	ROUTE(PUT, "/api/drift/alerts/{id}", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200, change_alert,
	    IN(alert_update), OUT(alert_out), "Acknowledges, assigns or resolves an alert."),
	ROUTE_END };
