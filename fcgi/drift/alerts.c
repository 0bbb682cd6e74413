/* routes.h: alerts: listed, shown, worked on, one or many. */
#include "core/web/etag.h"
#include "drift/engine/control.h"
#include "drift/service/alert.h"
#include "drift/service/answer.h"
#include "drift/service/assignee.h"
#include "fcgi/drift/pending.h"
#include "fcgi/drift/shown.h"
#include "fcgi/routes.h"

struct alert_out {
	struct uuid     id, config_id, report_id;
	char           *kind, *severity, *title, *status;
	int64_t         changes;
	instant         opened_at, updated_at;
	char           *acknowledged_by;
	instant         acknowledged_at;
	struct uuid     assigned_to;
	instant         resolved_at;
	char           *resolved_by, *suppressed_by;
	int64_t         untold;
	struct strings  controls;
	struct raw_json attribution;
	struct items    pending; /* struct pending_out */
	struct items    history; /* struct event_out */
};
static const struct field alert_out_fields[] = {
	FIELD(struct alert_out, id, .doc = "Number of the alert."),
	FIELD(struct alert_out, config_id, .flags = FIELD_NULLABLE,
	    .doc = "Its config; null: it is of the tenant itself, of kind security or system."),
	FIELD(struct alert_out, report_id, .flags = FIELD_NULLABLE,
	    .doc = "The newest report it stands on."),
	FIELD(struct alert_out, kind,
	    .doc = "drift, blind, suspicious_collection, flapping, anomaly, security or system; "
		   "one of "
		   "kind security is there for who has the permission read:audit."),
	FIELD(struct alert_out, severity, .doc = "That of its worst finding still open."),
	FIELD(struct alert_out, title,
	    .doc = "One line for people; values in it only with read:snapshots."),
	FIELD(struct alert_out, status, .doc = "open, acknowledged, in_progress or resolved."),
	FIELD(struct alert_out, changes,
	    .doc = "Findings in the newest report; of kind security: how often it happened."),
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
	FIELD(struct alert_out, untold, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Of a single alert: channels for which it was over before anything could be sent, "
		"and that were not told, for it was below high."),
	FIELD(struct alert_out, controls, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a single alert: controls of CIS, SCuBA and NIST that the rules of its "
		   "findings name, "
		   "or have named."),
	FIELD(struct alert_out, attribution,
	    .doc = "Who made its changes, as far as known, those that are over too: as of a "
		   "change, each actor once with what it did last; as sure as the least sure of "
		   "the changes that have one. null: nobody was asked, or the caller may not read "
		   "changes (read:drift)."),
	FIELD(struct alert_out, pending, .item = &pending_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Of a single alert that is open: acceptances of its findings, or of its config's "
		"baseline, that wait for a second person; for who may read changes (read:drift)."),
	FIELD(struct alert_out, history, .item = &event_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a single alert: what happened to it."),
	FIELD_END,
};
static const struct schema alert_out_schema = SCHEMA("Alert", struct alert_out, alert_out_fields);

static bool
alert_show(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct alert *a = row;

	(void)r, (void)p, (void)e;
	*(struct alert_out *)out = (struct alert_out) {
		.id = a->id,
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
		.suppressed_by = a->suppressed_by,
		.attribution = a->attribution,
	};
	return true;
}

/* ---- reading ---- */

struct alert_query {
	struct list_query page;
	const char       *since;
	const char       *status, *severity, *kind, *control;
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
	FIELD(struct alert_query, control, .min = 1, .max = CONTROL_MAX,
	    .doc = "Only those of whose findings one stands, or has stood, by a rule that names "
		   "this control."),
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
	const struct alert_filter f = {
		.status = q->status,
		.severity = q->severity,
		.kind = q->kind,
		.suppressed = q->suppressed,
		.control = q->control,
		.config_id = q->config_id,
		.report_id = q->report_id,
		.assigned_to = q->assigned_to,
		.oldest_first = q->since != NULL,
	};
	const struct acting *a = acting_of(r, e);

	return a != NULL && alert_page(a, &f, &p->page, e);
}

static const struct list_ops alert_list_ops = {
	fetch_alerts,
	LIST_OF(struct alert, id),
	alert_show,
};

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

/* What waits is shown to who may read changes, as there. */
static bool
show_pending(const struct acting *a, const struct uuid *alert, struct items *out, struct err *e)
{
	struct acceptance *rows;
	size_t             n;

	return !permission_has(&a->by.caller->permissions, ACTION_READ, RESOURCE_DRIFT) ||
	       (acceptances_see_alert(a, alert, &rows, &n, e) && pending_list(a, rows, n, out, e));
}

/* With its history. */
static bool
show_whole(struct request *r, const struct acting *a, const struct alert *row,
    struct alert_out *out, struct err *e)
{
	static const struct uuid none;
	const struct blob        subject = { row->id.b, sizeof(row->id.b) };
	struct finding_event    *events;
	size_t                   n;

	return alert_show(r, NULL, row, out, e) && alert_untold(a, &row->id, &out->untold, e) &&
	       alert_controls(a, &row->id, &out->controls, e) &&
	       show_pending(a, &row->id, &out->pending, e) &&
	       history_see(a, &none, subject, &events, &n, e) &&
	       events_show(r->mem, events, n, &out->history, e);
}

/* Changes are held against its version. */
static bool
answer_alert(
    struct request *r, const struct acting *a, const struct alert *row, void *answer, struct err *e)
{
	return show_whole(r, a, row, answer, e) && etag_set(r, etag_number(row->version), e);
}

bool
alert_shown(struct request *r, const struct acting *a, const struct alert *row, struct buf *out,
    struct err *e)
{
	struct alert_out one;

	return show_whole(r, a, row, &one, e) && schema_encode(out, &alert_out_schema, &one, e);
}

static bool
get_alert(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct alert         row;

	(void)body;
	return a != NULL && alert_see(a, &r->id0, &row, e) && answer_alert(r, a, &row, answer, e);
}

/* ---- working on them ---- */

static const char *const update_statuses[] = { "acknowledged", "in_progress", "resolved", NULL };

struct alert_update {
	const char *status, *note;
	struct uuid assigned_to;
	uint64_t    given;
};
#define UPDATE_FIELDS(T)                                                                           \
	FIELD(T, status, .choices = update_statuses,                                               \
	    .doc = "New status: a later one of open, acknowledged, in_progress, resolved."),       \
	    FIELD(T, note, .max = 1000,                                                            \
		.doc = "Kept in the history and the audit log, and told to the channels that "     \
		       "hear of it."),                                                             \
	    FIELD(T, assigned_to, .flags = FIELD_NULLABLE, .doc = ASSIGNEE_DOC)
static const struct field alert_update_fields[] = {
	UPDATE_FIELDS(struct alert_update),
	FIELD_END,
};
static const struct schema alert_update_schema =
    SCHEMA_GIVEN("AlertUpdate", struct alert_update, alert_update_fields, given);

struct alert_pick {
	struct uuid config_id;
	const char *status, *severity, *kind, *control;
};
static const struct field pick_fields[] = {
	FIELD(struct alert_pick, config_id, .doc = "Only of this config."),
	FIELD(
	    struct alert_pick, status, .choices = alert_statuses, .doc = "Only with this status."),
	FIELD(struct alert_pick, severity, .choices = drift_severities,
	    .doc = "Only of this severity."),
	FIELD(struct alert_pick, kind, .choices = alert_kinds, .doc = "Only of this kind."),
	FIELD(struct alert_pick, control, .min = 1, .max = CONTROL_MAX,
	    .doc = "Only those of whose findings one stands, or has stood, by a rule that names "
		   "this control."),
	FIELD_END,
};
static const struct schema pick_schema = SCHEMA("AlertFilter", struct alert_pick, pick_fields);

struct alert_bulk {
	struct strings     ids;
	struct alert_pick *filter;
	const char        *status, *note;
	struct uuid        assigned_to;
	uint64_t           given;
};
static const struct field alert_bulk_fields[] = {
	FIELD(struct alert_bulk, ids, .min = 1, .max = ALERT_IDS_MAX,
	    .doc = "Alerts; this or filter."),
	FIELD(struct alert_bulk, filter, .item = &pick_schema,
	    .doc = "Alerts, at most 1,000; this or ids. It names at least one member."),
	UPDATE_FIELDS(struct alert_bulk),
	FIELD_END,
};
static const struct schema alert_bulk_schema =
    SCHEMA_GIVEN("AlertsUpdate", struct alert_bulk, alert_bulk_fields, given);

static bool
change_alert(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct alert_update *in = body;
	const struct alert_wish    wish = {
		   .status = in->status,
		   .note = in->note,
		   .assigned_to = in->assigned_to,
		   .assigns = (in->given & schema_bit(&alert_update_schema, "assigned_to")) != 0,
	};
	const struct acting *a = acting_of(r, e);
	struct alert         row;

	return a != NULL && alert_alter(a, &r->id0, &wish, &row, e) &&
	       answer_alert(r, a, &row, answer, e);
}

static bool
filter_of(struct request *r, const struct alert_pick *p, struct alert_filter *f, struct err *e)
{
	if (uuid_is_nil(&p->config_id) && p->status == NULL && p->severity == NULL &&
	    p->kind == NULL && p->control == NULL)
		return err_fault(e, r->mem, "/filter", "must name something");
	*f = (struct alert_filter) {
		.status = p->status,
		.severity = p->severity,
		.kind = p->kind,
		.control = p->control,
		.config_id = p->config_id,
	};
	return true;
}

static bool
change_alerts(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct alert_bulk *in = body;
	const struct alert_wish  wish = {
		 .status = in->status,
		 .note = in->note,
		 .assigned_to = in->assigned_to,
		 .assigns = (in->given & schema_bit(&alert_bulk_schema, "assigned_to")) != 0,
	};
	struct alert_which   which = { .n = in->ids.n, .text = json_get(r->json, "filter") };
	const struct acting *a = acting_of(r, e);
	struct alerts_done   done;
	struct uuid         *ids;

	if (a == NULL)
		return false;
	if (wish.status == NULL && wish.note == NULL && !wish.assigns)
		return err_fault(e, r->mem, "", "names nothing to change");
	if (!bulk_ids(r, &in->ids, in->filter != NULL, &ids, e) ||
	    (in->filter != NULL && !filter_of(r, in->filter, &which.filter, e)))
		return false;
	which.ids = ids;
	if (!alerts_alter(a, &which, &wish, &done, e))
		return false;
	*(struct bulk_out *)answer =
	    (struct bulk_out) { done.matched, done.changed, done.unchanged };
	return true;
}

/* ---- by a link of a message ---- */

struct alert_answer_in {
	const char *token, *note;
};
static const struct field alert_answer_fields[] = {
	FIELD(struct alert_answer_in, token, .min = 1, .max = ANSWER_TOKEN_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SECRET, .doc = "What stands behind t= of the link."),
	FIELD(struct alert_answer_in, note, .min = 1, .max = 1000, .flags = FIELD_SEEN,
	    .doc = "In the alert's history."),
	FIELD_END,
};
static const struct schema alert_answer_in_schema =
    SCHEMA("AlertAnswer", struct alert_answer_in, alert_answer_fields);

static bool
post_answer(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct alert_answer_in *in = body;
	const struct answer_in        given = { .token = in->token, .note = in->note };
	const struct acting          *a = acting_of(r, e);
	struct alert                  row;

	return a != NULL && answer_work(a, &r->id0, &given, &row, e) &&
	       answer_alert(r, a, &row, answer, e);
}

const struct route alert_routes[] = {
	ROUTE_Q(GET, "/api/drift/alerts", alert_query, ALLOW(READ, ALERTS), RATE_READ, 200,
	    list_alerts, IN_NONE, OUT_LIST(alert_out),
	    "Lists alerts, newest first; with since, oldest first."),
	ROUTE(GET, "/api/drift/alerts/{id}", ALLOW(READ, ALERTS), RATE_READ, 200, get_alert,
	    IN_NONE, OUT_TAGGED(alert_out), "Shows an alert."),
	ROUTE(PUT, "/api/drift/alerts/{id}", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200, change_alert,
	    IN(alert_update), OUT(alert_out), "Acknowledges, assigns or resolves an alert."),
	ROUTE(POST, "/api/drift/alerts/{id}/answer", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200,
	    post_answer, IN(alert_answer_in), OUT(alert_out),
	    "Acknowledges or resolves an alert by the link of a message about it, which counts "
	    "once. 404: the link is none of ours, or has ended; 409: it was used, or the alert "
	    "does not take it any more; 403: it is of another tenant, or links are off."),
	ROUTE(PUT, "/api/drift/alerts", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200, change_alerts,
	    IN(alert_bulk), OUT(bulk_out),
	    "Acknowledges, assigns or resolves many alerts, all or nothing."),
	ROUTE_END,
};
