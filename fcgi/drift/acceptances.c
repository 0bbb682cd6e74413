/* routes.h: acceptances that wait for a second person. */
#include "drift/service/acceptance.h"
#include "fcgi/drift/pending.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000

const int pending_statuses[] = { 202, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503,
	0 };

static const struct field pending_out_fields[] = {
	FIELD(struct pending_out, id, .doc = "Number of the acceptance that waits."),
	FIELD(struct pending_out, kind,
	    .doc = "changes; report: all of one; baseline: a snapshot as the baseline."),
	FIELD(struct pending_out, status, .doc = "What is asked for: accepted or ignored."),
	FIELD(struct pending_out, severity,
	    .doc =
		"The worst that it is about; of a report or a baseline that was not held against "
		"the present baseline critical, since nobody knows."),
	FIELD(struct pending_out, reason, .doc = "Why, in their words."),
	FIELD(struct pending_out, by,
	    .doc = "Who asked: an address, or key:NAME of an API key, which is who made it."),
	FIELD(struct pending_out, at, .doc = "When."),
	FIELD(struct pending_out, until,
	    .doc =
		"It ends then by itself; sooner, once nothing of it is there with the value that "
		"was to be accepted, or the baseline is another."),
	FIELD(struct pending_out, config_id, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a report or a baseline: the config."),
	FIELD(
	    struct pending_out, report_id, .flags = FIELD_OMIT_ZERO, .doc = "Of a report: which."),
	FIELD(struct pending_out, snapshot_id, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a report or a baseline: what would be the baseline."),
	FIELD(struct pending_out, expires_at, .flags = FIELD_OMIT_ZERO,
	    .doc = "When what is accepted would reopen; absent: never."),
	FIELD(struct pending_out, findings, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of changes: how many findings were named."),
	FIELD(struct pending_out, own,
	    .doc = "The caller is who asked: it may take it back, and "
		   "somebody else confirms or declines it."),
	FIELD_END,
};
const struct schema pending_out_schema =
    SCHEMA("DriftPendingAcceptance", struct pending_out, pending_out_fields);

/* ---- showing ---- */

void
pending_show(const struct acting *a, const struct acceptance *row, struct pending_out *out)
{
	*out = (struct pending_out) {
		.id = row->id,
		.kind = row->kind,
		.status = row->status,
		.severity = row->severity,
		.reason = row->reason,
		.by = row->asked_name,
		.config_id = row->config_id,
		.report_id = row->report_id,
		.snapshot_id = row->snapshot_id,
		.expires_at = row->expires_at,
		.at = row->asked_at,
		.until = row->ends_at,
		.findings = row->findings,
		.own = acceptance_is_own(a, row),
	};
}

bool
pending_list(const struct acting *a, const struct acceptance *rows, size_t n, struct items *out,
    struct err *e)
{
	struct pending_out *list = talloc_zero_size(a->by.mem, (n + 1) * sizeof(list[0]));

	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		pending_show(a, &rows[i], &list[i]);
	*out = (struct items) { list, n };
	return true;
}

bool
pending_one(struct request *r, const struct acting *a, const struct acceptance *row,
    struct pending_out **out, struct err *e)
{
	*out = NULL;
	if (uuid_is_nil(&row->id))
		return true;
	*out = talloc_zero(a->by.mem, struct pending_out);
	if (*out == NULL)
		return err_memory(e);
	pending_show(a, row, *out);
	r->status = 202;
	return true;
}

/* ---- the list ---- */

struct pending_query {
	struct list_query page;
	struct uuid       config_id;
};
static const struct field pending_query_fields[] = {
	LIST_FIELDS(struct pending_query, "Most items of one answer."),
	FIELD(struct pending_query, config_id, .flags = FIELD_NULLABLE,
	    .doc = "Only those about this config."),
	FIELD_END,
};
static const struct schema pending_query_schema =
    SCHEMA("DriftAcceptanceQuery", struct pending_query, pending_query_fields);

static bool
fetch_pending(struct request *r, struct list_page *p, struct err *e)
{
	const struct pending_query *q = r->query;
	const struct acting        *a = acting_of(r, e);

	p->with = a;
	return a != NULL && acceptance_page(a, &q->config_id, &p->page, e);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r, (void)e;
	pending_show(p->with, row, out);
	return true;
}
static const struct list_ops pending_ops = {
	fetch_pending,
	LIST_OF(struct acceptance, id),
	show_row,
};

/* ---- deciding ---- */

struct decided_out {
	struct uuid id;
	const char *outcome;
	int64_t     changed;
};
static const struct field decided_out_fields[] = {
	FIELD(struct decided_out, id, .doc = "Number of the acceptance, which waits no more."),
	FIELD(struct decided_out, outcome, .doc = "confirmed or declined."),
	FIELD(struct decided_out, changed, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Findings that were accepted; those with another value by now are as they were."),
	FIELD_END,
};
static const struct schema decided_out_schema =
    SCHEMA("DriftAcceptanceDecided", struct decided_out, decided_out_fields);

static bool
confirm(struct request *r, const void *body, void *answer, struct err *e)
{
	struct decided_out  *out = answer;
	struct acceptance    row;
	const struct acting *a = acting_of(r, e);

	(void)body;
	if (a == NULL || !acceptance_confirm(a, &r->id0, &row, &out->changed, e))
		return false;
	out->id = row.id;
	out->outcome = "confirmed";
	return true;
}

struct decline_in {
	const char *reason;
};
static const struct field decline_in_fields[] = {
	FIELD(struct decline_in, reason, .min = 1, .max = REASON_MAX, .flags = FIELD_SEEN,
	    .doc = "Why; kept in the history and the audit log."),
	FIELD_END,
};
static const struct schema decline_in_schema =
    SCHEMA("DriftAcceptanceDecline", struct decline_in, decline_in_fields);

static bool
decline(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct decline_in *in = body;
	struct decided_out      *out = answer;
	struct acceptance        row;
	const struct acting     *a = acting_of(r, e);

	if (a == NULL || !acceptance_decline(a, &r->id0, in->reason, &row, e))
		return false;
	out->id = row.id;
	out->outcome = "declined";
	return true;
}

static bool
withdraw(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && acceptance_withdraw(a, &r->id0, e);
}

const struct route acceptance_routes[] = {
	ROUTE_LIST("/api/drift/acceptances", pending_query, ALLOW(READ, DRIFT), &pending_ops,
	    OUT_LIST(pending_out),
	    "Lists acceptances that wait for a second person, newest first."),
	ROUTE(POST, "/api/drift/acceptances/{id}/confirm", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	    confirm, IN_NONE, OUT(decided_out),
	    "Confirms what somebody else has asked to accept: it is done now. By a person who is "
	    "signed in, not by a key (403). 409 where it is another by now."),
	ROUTE(POST, "/api/drift/acceptances/{id}/decline", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	    decline, IN(decline_in), OUT(decided_out),
	    "Declines what somebody else has asked to accept: nothing of it is done. By a person "
	    "who is signed in, not by a key (403)."),
	ROUTE(DELETE_, "/api/drift/acceptances/{id}", ALLOW(UPDATE, DRIFT), RATE_WRITE, 204,
	    withdraw, IN_NONE, OUT_NONE, "Takes back what one has asked to accept oneself."),
	ROUTE_END,
};
