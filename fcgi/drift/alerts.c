/* routes.h: alerts, listed and shown. */
#include <string.h>

#include "core/store/alert/alert.h"
#include "core/web/etag.h"
#include "fcgi/drift/drift.h"
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
static const struct field alert_out_fields[] = {
	FIELD(struct alert_out, id, .doc = "Number of the alert."),
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
	    .doc = "Who acknowledged it: an address, or key:NAME of an API key."),
	FIELD(struct alert_out, acknowledged_at, .flags = FIELD_NULLABLE, .doc = "When."),
	FIELD(
	    struct alert_out, assigned_to, .flags = FIELD_NULLABLE, .doc = "User who works on it."),
	FIELD(
	    struct alert_out, resolved_at, .flags = FIELD_NULLABLE, .doc = "When it was resolved."),
	FIELD(struct alert_out, resolved_by, .flags = FIELD_NULLABLE,
	    .doc =
		"Who resolved it: an address, key:NAME of an API key; system: the drift was gone."),
	FIELD(struct alert_out, suppressed_by, .flags = FIELD_NULLABLE,
	    .doc = "What kept it from being sent: silence:<id>, or flapping."),
	FIELD(struct alert_out, history, .item = &event_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a single alert: what happened to it."),
	FIELD_END,
};
const struct schema alert_out_schema = SCHEMA("Alert", struct alert_out, alert_out_fields);

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
	struct list_query page;
	const char       *since;
	const char       *status, *severity, *kind;
	const char       *suppressed;
	struct uuid       config_id, report_id, assigned_to;
};
static const char *const  yes_no[] = { "true", "false", NULL };
static const struct field alert_query_fields[] = {
	LIST_FIELDS(struct alert_query, "Most items of one answer."),
	FIELD(struct alert_query, since, .max = 200,
	    .doc =
		"Oldest first, those opened after this cursor; empty: from the first. The answer's "
		"next_cursor is the next since, always."),
	FIELD(
	    struct alert_query, status, .choices = alert_statuses, .doc = "Only with this status."),
	FIELD(struct alert_query, severity, .choices = drift_severities,
	    .doc = "Only of this severity."),
	FIELD(struct alert_query, kind, .choices = alert_kinds, .doc = "Only of this kind."),
	FIELD(
	    struct alert_query, config_id, .flags = FIELD_NULLABLE, .doc = "Only of this config."),
	FIELD(struct alert_query, report_id, .flags = FIELD_NULLABLE,
	    .doc = "Only those that stand on this report now."),
	FIELD(struct alert_query, assigned_to, .flags = FIELD_NULLABLE,
	    .doc = "Only those this user works on."),
	FIELD(struct alert_query, suppressed, .choices = yes_no,
	    .doc = "true: only those kept quiet; false: only the others."),
	FIELD_END,
};
static const struct schema alert_query_schema =
    SCHEMA("AlertQuery", struct alert_query, alert_query_fields);

static bool
fetch_alerts(struct request *r, struct list_page *p, struct err *e)
{
	const struct alert_query *q = r->query;
	const struct alert_filter f = { .status = q->status,
		.severity = q->severity,
		.kind = q->kind,
		.suppressed = q->suppressed,
		.config_id = q->config_id,
		.report_id = q->report_id,
		.assigned_to = q->assigned_to,
		.after = p->after,
		.oldest_first = q->since != NULL };
	struct alert             *rows;

	return alert_list(r->db, r->mem, &f, p->want, &rows, &p->n, e) && list_rows(p, rows);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r, (void)p, (void)e;
	alert_show(row, out);
	return true;
}
static const struct list_ops alert_list_ops = { fetch_alerts, LIST_OF(struct alert, id), show_row };

/* Whoever tails goes on from the last one even when nothing was new. */
static bool
list_since(struct request *r, const char *since, struct items *out, struct err *e)
{
	const struct alert_out *rows;

	if (since[0] == '\0')
		since = NULL;
	if (!list_answer(r, &alert_list_ops, since, out, e))
		return false;
	rows = out->p;
	if (out->n > 0)
		return list_cursor_write(r, &rows[out->n - 1].id, e);
	r->next_cursor = since;
	return true;
}

static bool
list_alerts(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct alert_query *q = r->query;

	(void)body;
	if (q->since == NULL)
		return list_answer(r, &alert_list_ops, q->page.cursor, answer, e);
	if (q->page.cursor != NULL)
		return err_fault(e, r->mem, "/since", "cannot be used together with cursor");
	return list_since(r, q->since, answer, e);
}

bool
alert_show_one(struct request *r, const struct alert *a, void *answer, struct err *e)
{
	struct alert_out *out = answer;

	alert_show(a, out);
	if (!history_show(r, &(struct uuid) { 0 }, (struct blob) { a->id.b, sizeof(a->id.b) },
		&out->history, e))
		return false;
	return etag_set(r, etag_number(a->version), e);
}

static bool
get_alert(struct request *r, const void *body, void *answer, struct err *e)
{
	struct alert a;

	(void)body;
	return alert_by_id(r->db->db, r->mem, &r->id0, &a, e) && alert_show_one(r, &a, answer, e);
}

const struct route alert_routes[] = {
	ROUTE_Q(GET, "/api/drift/alerts", alert_query, ALLOW(READ, ALERTS), RATE_READ, 200,
	    list_alerts, IN_NONE, OUT_LIST(alert_out),
	    "Lists alerts, newest first; with since, oldest first."),
	ROUTE(GET, "/api/drift/alerts/{id}", ALLOW(READ, ALERTS), RATE_READ, 200, get_alert,
	    IN_NONE, OUT_TAGGED(alert_out), "Shows an alert."),
	ROUTE_END,
};
