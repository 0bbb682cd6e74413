/* Deciding about findings: one, or many at once. */
#include <string.h>

#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000

/* ---- bodies ---- */

static const char *const statuses[] = { "detected", "acknowledged", "in_progress", "resolved",
	"ignored", "accepted", NULL };

struct change_update {
	const char *status, *reason;
	instant     expires_at;
	struct uuid assigned_to;
	uint64_t    given;
};
#define DECISION_FIELDS(T)                                                                         \
	FIELD(T, status, .choices = statuses,                                                      \
	    .doc = "New status of the finding with this value; detected reopens it."),             \
	    FIELD(T, reason, .min = 1, .max = REASON_MAX, .flags = FIELD_SEEN,                     \
		.doc = "Why; required to accept. Kept in the history and the audit log."),         \
	    FIELD(T, expires_at, .flags = FIELD_NULLABLE,                                          \
		.doc = "Of an acceptance: when it reopens; null: never."),                         \
	    FIELD(T, assigned_to, .flags = FIELD_NULLABLE,                                         \
		.doc = "User who works on it; null: nobody.")
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
	FIELD(struct bulk_filter, status, .choices = statuses, .doc = "Only with this status."),
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

static const struct field bulk_out_fields[] = {
	FIELD(struct bulk_out, matched, .doc = "Findings or alerts that were named, each once."),
	FIELD(struct bulk_out, changed,
	    .doc = "Of those: what was changed, and has it in its history."),
	FIELD(struct bulk_out, unchanged, .doc = "Of those: what was like that already."),
	FIELD_END,
};
const struct schema bulk_out_schema = SCHEMA("BulkResult", struct bulk_out, bulk_out_fields);

bool
bulk_ids(
    struct request *r, const struct strings *ids, bool filter, struct uuid **out, struct err *e)
{
	char *pointer;

	*out = NULL;
	if ((ids->n > 0) == filter)
		return err_fault(e, r->mem, "", "must name either ids or filter");
	if (filter)
		return true;
	*out = talloc_zero_size(r->mem, ids->n * sizeof(**out));
	if (*out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < ids->n; i++) {
		if (uuid_parse(str_of(ids->items[i]), &(*out)[i]))
			continue;
		pointer = talloc_asprintf(r->mem, "/ids/%zu", i);
		if (pointer == NULL)
			return err_memory(e);
		err_fault(e, r->mem, pointer, "must be a UUID");
	}
	return e->code == ERR_OK;
}

/* ---- the deed ---- */

static void
print_done(struct buf *b, const struct decided *done)
{
	char id[UUID_TEXT_MAX];

	buf_printf(b, ",\"matched\":%lld,\"changed\":%lld,\"changes\":[", (long long)done->matched,
	    (long long)done->changed);
	for (int64_t i = 0; i < done->changed; i++) {
		uuid_print(&done->changes[i], id);
		buf_printf(b, "%s\"%s\"", i == 0 ? "" : ",", id);
	}
	buf_putc(b, ']');
}

bool
ruling_details(TALLOC_CTX *mem, const struct ruling *d, const struct decided *done,
    const struct json *filter, const char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"status\":");
	if (d->status == NULL)
		buf_puts(&b, "null");
	else
		buf_json(&b, str_of(d->status));
	if (d->reason != NULL) {
		buf_puts(&b, ",\"reason\":");
		buf_json(&b, str_of(d->reason));
	}
	if (filter != NULL) {
		buf_puts(&b, ",\"filter\":");
		json_print(&b, filter);
	}
	if (done != NULL)
		print_done(&b, done);
	buf_putc(&b, '}');
	*out = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

struct job {
	struct request     *r;
	struct ruling       d;
	struct decide_which w;
	struct decided      done;
	const struct json  *filter; /* as it came; NULL: none */
	bool                many;
	struct audit_entry  entry;
};

/* How many it was about is known inside only, and belongs into the entry. */
static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	struct job     *x = arg;
	struct request *r = x->r;

	return decide_apply(db, r->mem, r->app->env, &x->d, &x->w, &x->done, e) &&
	       ruling_details(
		   r->mem, &x->d, x->many ? &x->done : NULL, x->filter, &x->entry.details, e);
}

static bool
deed_run(struct job *x, const char *kind, struct uuid target, struct err *e)
{
	struct request      *r = x->r;
	const struct deed_by by = request_deed_by(r);

	x->entry = (struct audit_entry) {
		.action = AUDIT_CHANGE_UPDATE, .target_kind = kind, .target_id = target
	};
	return ruling_check(r->mem, &x->d, e) && decide_find(r->db->db, r->mem, &x->w, e) &&
	       audit_deed(&by, deed_body, x, &x->entry, e);
}

/* ---- one ---- */

static bool
put_change(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct change_update *in = body;
	struct job                  x = { .r = r, .w = { .ids = &r->id0, .n = 1 } };
	struct change_row           c;

	x.d = (struct ruling) { .status = in->status,
		.reason = in->reason,
		.expires_at = in->expires_at,
		.assigned_to = in->assigned_to,
		.assigns = (in->given & schema_bit(&change_update_schema, "assigned_to")) != 0,
		.actor = r->caller.name,
		.now = { clock_ms(r->app->env->clock) } };
	return change_by_id(r->db->db, r->mem, &r->id0, &c, e) &&
	       deed_run(&x, "drift_change", r->id0, e) && change_show_one(r, view_of(r), answer, e);
}

/* ---- many ---- */

static bool
filter_of(struct request *r, const struct bulk_filter *in, struct finding_filter *f, struct err *e)
{
	struct report report;
	uint8_t      *fingerprint;

	*f = (struct finding_filter) { .report_id = in->report_id,
		.severity = in->severity,
		.category = in->category,
		.status = in->status };
	if (!report_by_id(r->db, r->mem, &in->report_id, &report, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_fault(e, r->mem, "/filter/report_id", "there is no such report");
	}
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

static bool
put_changes(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct change_bulk *in = body;
	struct bulk_out          *out = answer;
	struct job                x = { .r = r, .many = true };
	struct uuid              *ids, target = { 0 };

	if (!bulk_ids(r, &in->ids, in->filter != NULL, &ids, e))
		return false;
	x.w = (struct decide_which) { .ids = ids, .n = in->ids.n, .pointer = "/ids" };
	if (in->filter != NULL) {
		if (!filter_of(r, in->filter, &x.w.filter, e))
			return false;
		x.filter = json_get(r->json, "filter");
		target = in->filter->report_id;
	}
	x.d = (struct ruling) { .status = in->status,
		.reason = in->reason,
		.expires_at = in->expires_at,
		.assigned_to = in->assigned_to,
		.assigns = (in->given & schema_bit(&change_bulk_schema, "assigned_to")) != 0,
		.actor = r->caller.name,
		.now = { clock_ms(r->app->env->clock) } };
	if (!deed_run(&x, in->filter != NULL ? "drift_report" : "drift_change", target, e))
		return false;
	*out = (struct bulk_out) { x.done.matched, x.done.changed, x.done.unchanged };
	return true;
}

const struct route decide_routes[] = {
	ROUTE(PUT, "/api/drift/changes/{id}", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200, put_change,
	    IN(change_update), OUT(change_out),
	    "Sets the status of a finding; it follows the finding while its value stays."),
	ROUTE(PUT, "/api/drift/changes", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200, put_changes,
	    IN(change_bulk), OUT(bulk_out),
	    "Decides about the findings of many changes, all or nothing; each finding once."),
	ROUTE_END,
};
