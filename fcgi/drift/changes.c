/* routes.h: changes: shown, decided about, one or many; all of a report accepted. */
#include <string.h>

#include "drift/service/answer.h"
#include "drift/service/assignee.h"
#include "fcgi/drift/report.h"
#include "fcgi/drift/shown.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000

/* ---- bodies ---- */

struct change_update {
	const char *status, *reason;
	instant     expires_at;
	struct uuid assigned_to;
	uint64_t    given;
};
#define DECISION_FIELDS(T)                                                                         \
	FIELD(T, status, .choices = finding_statuses,                                              \
	    .doc = "New status of the finding with this value; detected reopens it."),             \
	    FIELD(T, reason, .min = 1, .max = REASON_MAX, .flags = FIELD_SEEN,                     \
		.doc = "Why; required to accept. Kept in the history and the audit log."),         \
	    FIELD(T, expires_at, .flags = FIELD_NULLABLE,                                          \
		.doc = "Of an acceptance: when it reopens; null: never."),                         \
	    FIELD(T, assigned_to, .flags = FIELD_NULLABLE, .doc = ASSIGNEE_DOC)
static const struct field change_update_fields[] = {
	DECISION_FIELDS(struct change_update),
	FIELD_END,
};
static const struct schema change_update_schema =
    SCHEMA_GIVEN("DriftChangeUpdate", struct change_update, change_update_fields, given);

struct bulk_filter {
	struct uuid report_id;
	const char *severity, *category, *status, *fingerprint;
};
static const struct field bulk_filter_fields[] = {
	FIELD(struct bulk_filter, report_id, .flags = FIELD_REQUIRED,
	    .doc = "Changes of this report."),
	FIELD(struct bulk_filter, severity, .choices = drift_severities,
	    .doc = "Only of this severity."),
	FIELD(struct bulk_filter, category, .min = 1, .max = 128, .doc = "Only of this category."),
	FIELD(struct bulk_filter, status, .choices = finding_statuses,
	    .doc = "Only with this status."),
	FIELD(struct bulk_filter, fingerprint, .min = 2 * HASH_LEN, .max = 2 * HASH_LEN,
	    .doc = "Only with this fingerprint."),
	FIELD_END,
};
static const struct schema bulk_filter_schema =
    SCHEMA("DriftChangeFilter", struct bulk_filter, bulk_filter_fields);

struct change_bulk {
	struct strings      ids;
	struct bulk_filter *filter;
	const char         *status, *reason;
	instant             expires_at;
	struct uuid         assigned_to;
	uint64_t            given;
};
static const struct field change_bulk_fields[] = {
	FIELD(struct change_bulk, ids, .min = 1, .max = LIFE_IDS_MAX,
	    .doc = "Changes; this or filter."),
	FIELD(struct change_bulk, filter, .item = &bulk_filter_schema,
	    .doc = "Changes of a report, at most 10,000; this or ids."),
	DECISION_FIELDS(struct change_bulk),
	FIELD_END,
};
static const struct schema change_bulk_schema =
    SCHEMA_GIVEN("DriftChangesUpdate", struct change_bulk, change_bulk_fields, given);

/* ---- showing one ---- */

static bool
show_whole(
    const struct acting *a, const struct change_seen *seen, struct change_out *out, struct err *e)
{
	const struct finding_row *f = &seen->finding;

	if (!change_show(a, &seen->row, out, e) ||
	    !events_show(a->by.mem, seen->events, seen->events_n, &out->history, e))
		return false;
	out->assigned_to = f->assigned_to;
	if (!pending_list(a, seen->waits, seen->waits_n, &out->pending, e))
		return false;
	if (strcmp(f->status, "accepted") != 0)
		return true;
	out->acceptance = talloc_zero(a->by.mem, struct acceptance_out);
	if (out->acceptance == NULL)
		return err_memory(e);
	*out->acceptance = (struct acceptance_out) { f->reason, f->owner, f->expires_at };
	return true;
}

static bool
answer_change(const struct acting *a, const struct uuid *id, struct change_out *out, struct err *e)
{
	struct change_seen seen;

	return change_see(a, id, &seen, e) && show_whole(a, &seen, out, e);
}

bool
change_shown(const struct acting *a, const struct change_seen *seen, struct buf *out, struct err *e)
{
	struct change_out one = { 0 };

	return show_whole(a, seen, &one, e) && schema_encode(out, &change_out_schema, &one, e);
}

static bool
get_change(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && answer_change(a, &r->id0, answer, e);
}

/* ---- deciding ---- */

static bool
put_change(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct change_update *in = body;
	const struct ruling         ruling = {
			.status = in->status,
			.reason = in->reason,
			.expires_at = in->expires_at,
			.assigned_to = in->assigned_to,
			.assigns = (in->given & schema_bit(&change_update_schema, "assigned_to")) != 0,
	};
	const struct acting *a = acting_of(r, e);
	struct decisions     made;

	if (a == NULL || !finding_decide(a, &r->id0, &ruling, &made, e))
		return false;
	if (made.done.held_n > 0)
		r->status = 202;
	return answer_change(a, &r->id0, answer, e);
}

static bool
filter_of(struct request *r, const struct bulk_filter *in, struct finding_filter *f, struct err *e)
{
	uint8_t *fingerprint;

	*f = (struct finding_filter) {
		.report_id = in->report_id,
		.severity = in->severity,
		.category = in->category,
		.status = in->status,
	};
	if (in->fingerprint == NULL)
		return true;
	fingerprint = talloc_size(r->mem, HASH_LEN);
	if (fingerprint == NULL)
		return err_memory(e);
	if (!hex_parse(str_of(in->fingerprint), fingerprint, HASH_LEN))
		return err_fault(e, r->mem, "/filter/fingerprint", "must be 64 hexadecimal digits");
	f->fingerprint = (struct blob) { fingerprint, HASH_LEN };
	return true;
}

struct bulk_decided {
	int64_t             matched, changed, unchanged;
	struct pending_out *pending;
};
static const struct field bulk_decided_fields[] = {
	FIELD(struct bulk_decided, matched, .doc = "Findings that were named, each once."),
	FIELD(struct bulk_decided, changed,
	    .doc = "Of those: what was changed, and has it in its history."),
	FIELD(struct bulk_decided, unchanged, .doc = "Of those: what was like that already."),
	FIELD(struct bulk_decided, pending, .item = &pending_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"That some of them wait for a second person, and how many; the others are done."),
	FIELD_END,
};
static const struct schema bulk_decided_schema =
    SCHEMA("DriftChangesDecided", struct bulk_decided, bulk_decided_fields);

static bool
put_changes(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct change_bulk *in = body;
	const struct ruling       ruling = {
		      .status = in->status,
		      .reason = in->reason,
		      .expires_at = in->expires_at,
		      .assigned_to = in->assigned_to,
		      .assigns = (in->given & schema_bit(&change_bulk_schema, "assigned_to")) != 0,
	};
	struct decide_which  which = { .n = in->ids.n, .pointer = "/ids" };
	const struct json   *filter = in->filter == NULL ? NULL : json_get(r->json, "filter");
	const struct acting *a = acting_of(r, e);
	struct decisions     made;
	struct bulk_decided *out = answer;
	struct uuid         *ids;

	if (a == NULL || !bulk_ids(r, &in->ids, in->filter != NULL, &ids, e) ||
	    (in->filter != NULL && !filter_of(r, in->filter, &which.filter, e)))
		return false;
	which.ids = ids;
	if (!findings_decide(a, &ruling, &which, filter, &made, e))
		return false;
	*out = (struct bulk_decided) {
		.matched = made.done.matched,
		.changed = made.done.changed,
		.unchanged = made.done.unchanged,
	};
	return pending_one(r, a, &made.waits, &out->pending, e);
}

/* ---- by a link of a message ---- */

struct answer_accept_in {
	const char *token, *reason;
	instant     expires_at;
	struct uuid report_id;
};
static const struct field answer_accept_fields[] = {
	FIELD(struct answer_accept_in, token, .min = 1, .max = ANSWER_TOKEN_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SECRET, .doc = "What stands behind t= of the link."),
	FIELD(struct answer_accept_in, reason, .min = 1, .max = REASON_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Why; kept in the history of every finding and in the audit log."),
	FIELD(struct answer_accept_in, expires_at, .flags = FIELD_REQUIRED,
	    .doc = "When they are reopened."),
	FIELD(struct answer_accept_in, report_id, .flags = FIELD_NULLABLE,
	    .doc = "The report whose changes were looked at; absent: the one that the message told "
		   "of. Where the alert has another one by now, nothing is accepted (409)."),
	FIELD_END,
};
static const struct schema answer_accept_in_schema =
    SCHEMA("AlertAccept", struct answer_accept_in, answer_accept_fields);

static bool
accept_answer(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct answer_accept_in *in = body;
	const struct answer_in given = { in->token, in->reason, in->expires_at, in->report_id };
	const struct acting   *a = acting_of(r, e);
	struct bulk_decided   *out = answer;
	struct decisions       made;

	if (a == NULL || !answer_accept(a, &r->id0, &given, &made, e))
		return false;
	*out = (struct bulk_decided) {
		.matched = made.done.matched,
		.changed = made.done.changed,
		.unchanged = made.done.unchanged,
	};
	return pending_one(r, a, &made.waits, &out->pending, e);
}

/* ---- accepting ---- */

struct accept_in {
	const char        *reason;
	struct approve_in *approve;
};
static const struct field accept_fields[] = {
	FIELD(struct accept_in, reason, .min = 1, .max = REASON_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Why; kept in the history of every finding and in the audit log."),
	FIELD(struct accept_in, approve, .item = &approve_in_schema, .flags = FIELD_NULLABLE,
	    .doc = "That what is to be reviewed was."),
	FIELD_END,
};
static const struct schema accept_in_schema =
    SCHEMA("DriftReportAccept", struct accept_in, accept_fields);

static bool
accept_report(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct accept_in      *in = body;
	const struct acceptance_wish wish = { in->reason,
		in->approve != NULL && in->approve->reviewed };
	const struct acting         *a = acting_of(r, e);
	struct report_out           *out = answer;
	struct acceptance            waits;
	struct report                report;

	return a != NULL && report_accept(a, &r->id0, &wish, &report, &waits, e) &&
	       report_show(r->mem, &report, out, e) && pending_one(r, a, &waits, &out->pending, e);
}

const struct route change_routes[] = {
	ROUTE(GET, "/api/drift/changes/{id}", ALLOW(READ, DRIFT), RATE_READ, 200, get_change,
	    IN_NONE, OUT(change_out), "Shows a change with its history."),
	{ ROUTE_Y(POST, "/api/drift/reports/{id}/accept", NULL, ALLOW(UPDATE, DRIFT), RATE_WRITE,
	      200, accept_report, IN(accept_in), OUT(report_out),
	      "Accepts all of a report: its snapshot becomes the baseline. " PENDING_DOC),
	    .statuses = pending_statuses },
	{ ROUTE_Y(POST, "/api/drift/alerts/{id}/accept", NULL, ALLOW(UPDATE, DRIFT), RATE_WRITE,
	      200, accept_answer, IN(answer_accept_in), OUT(bulk_decided),
	      "Accepts, until an instant, the values of the changes of an alert that nobody has "
	      "decided about, by the link of a message about it, which counts once; as "
	      "POST /api/drift/alerts/{id}/answer. 202: some wait for a second person "
	      "(settings.four_eyes), as `pending` says."),
	    .statuses = pending_statuses },
	{ ROUTE_Y(PUT, "/api/drift/changes/{id}", NULL, ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	      put_change, IN(change_update), OUT(change_out),
	      "Sets the status of a finding; it follows the finding while its value "
	      "stays. " PENDING_DOC),
	    .statuses = pending_statuses },
	{ ROUTE_Y(PUT, "/api/drift/changes", NULL, ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	      put_changes, IN(change_bulk), OUT(bulk_decided),
	      "Decides about the findings of many changes, all or nothing; each finding once. 202: "
	      "some wait for a second person (settings.four_eyes), as `pending` says; the others "
	      "are done."),
	    .statuses = pending_statuses },
	ROUTE_END,
};
