/* routes.h: the audit trail: pages, exports, its check. */
#include <string.h>

#include "core/auth/audit_read.h"
#include "core/auth/audit_show.h"
#include "core/auth/audit_verify.h"
#include "fcgi/routes.h"

#define EXPORT_TYPE "application/x-ndjson"

struct audit_query {
	struct list_query page;
	const char       *actor, *action, *target_kind, *target_id, *order;
	instant           since, until;
	uint64_t          after;
};
static const char *const  orders[] = { "newest", "oldest", NULL };
static const struct field audit_query_fields[] = {
	LIST_FIELDS(struct audit_query, "Most items of one answer; 50 when absent."),
	FIELD(struct audit_query, actor, .min = 1, .max = 254,
	    .doc = "Only of this user or API key: its number or its name."),
	FIELD(struct audit_query, action, .min = 1, .max = 64, .doc = "Only of this action."),
	FIELD(struct audit_query, since, .doc = "Not before."),
	FIELD(struct audit_query, until, .doc = "Before."),
	FIELD(struct audit_query, target_kind, .min = 1, .max = 32,
	    .doc = "Only what was done to things of this kind."),
	FIELD(struct audit_query, target_id, .min = 1, .max = 64,
	    .doc = "Only what was done to this one."),
	FIELD(struct audit_query, order, .choices = orders,
	    .doc = "newest, as when absent; or oldest, for who follows the trail: with after the "
		   "seq of the last entry "
		   "that came, each entry comes, in order and without a gap."),
	FIELD(struct audit_query, after, .doc = "Only the entries behind this number."),
	FIELD_END,
};
static const struct schema audit_query_schema =
    SCHEMA("AuditQuery", struct audit_query, audit_query_fields);

static struct audit_filter
filter_of(const struct audit_query *q)
{
	struct audit_filter f = {
		.action = q->action,
		.target_kind = q->target_kind,
		.target_id = q->target_id,
		.since = q->since,
		.until = q->until,
		.after = q->after,
	};

	if (q->actor != NULL && !uuid_parse(str_of(q->actor), &f.actor_id))
		f.actor_name = q->actor;
	return f;
}

/* ---- a page: the cursor is the seq, in the form of the other cursors ---- */

static uint64_t
seq_of(const struct uuid *cursor)
{
	uint64_t seq = 0;

	for (int i = 0; i < 8; i++)
		seq = seq << 8 | cursor->b[i];
	return seq;
}

static struct uuid
cursor_of(uint64_t seq)
{
	struct uuid u = { { 0 } };

	for (int i = 7; i >= 0; i--, seq >>= 8)
		u.b[i] = (uint8_t)seq;
	return u;
}

struct page_row {
	struct uuid             cursor;
	const struct audit_row *row;
};

static bool
fetch_entries(struct request *r, struct list_page *p, struct err *e)
{
	const struct deed_by      by = request_deed_by(r);
	const struct audit_query *q = r->query;
	struct audit_filter       f = filter_of(q);
	const struct audit_row   *rows;
	struct page_row          *out;

	f.oldest = q->order != NULL && strcmp(q->order, "oldest") == 0;
	if (f.oldest && seq_of(&p->page.after) > f.after)
		f.after = seq_of(&p->page.after);
	else if (!f.oldest)
		f.before = seq_of(&p->page.after);
	if (!audit_page(&by, &f, &p->page, e))
		return false;
	rows = p->page.rows;
	out = talloc_zero_array(r->mem, struct page_row, (unsigned)p->page.n + 1);
	if (out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->page.n; i++)
		out[i] = (struct page_row) { cursor_of(rows[i].seq), &rows[i] };
	p->page.rows = out;
	return true;
}

static bool
show_entry(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)p;
	return audit_show(r->mem, ((const struct page_row *)row)->row, out, e);
}
static const struct list_ops audit_list_ops = {
	fetch_entries,
	LIST_OF(struct page_row, cursor),
	show_entry,
};

/* ---- the export: one entry a line, oldest first ---- */

static bool
export_more(struct request *r, struct buf *out, struct err *e)
{
	struct deed_by by = request_deed_by(r);
	TALLOC_CTX    *tmp = talloc_new(r->mem);
	bool           ok;

	if (tmp == NULL)
		return err_memory(e);
	by.mem = tmp;
	ok = audit_export_lines(&by, r->more_arg, out, e);
	talloc_free(tmp);
	return ok;
}

static bool
export_audit(struct request *r, const struct audit_query *q, struct err *e)
{
	const struct deed_by      by = request_deed_by(r);
	const struct audit_filter f = filter_of(q);
	struct audit_export      *x = talloc_zero(r->mem, struct audit_export);

	if (x == NULL)
		return err_memory(e);
	if (q->page.cursor != NULL || q->page.limit != 0)
		return err_fault(e, r->mem, q->page.cursor != NULL ? "/cursor" : "/limit",
		    "an export is whole: use since and until");
	if (!audit_export_begin(&by, &f, x, e))
		return false;
	buf_make(&r->out, r->mem);
	r->content_type = EXPORT_TYPE;
	r->more = export_more;
	r->more_arg = x;
	return true;
}

static bool
read_audit(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct audit_query *q = r->query;
	const struct deed_by      by = request_deed_by(r);

	(void)body;
	if (request_wants_whole(r))
		return export_audit(r, q, e);
	return audit_reading(&by, "list", e) &&
	       list_answer(r, &audit_list_ops, q->page.cursor, answer, e);
}

/* ---- verifying ---- */

struct verify_head {
	uint64_t    seq;
	const char *mac;
};
static const struct field verify_head_fields[] = {
	FIELD(struct verify_head, seq, .doc = "Number of the last entry; 0: none."),
	FIELD(struct verify_head, mac, .doc = "Its MAC, hex."),
	FIELD_END,
};
static const struct schema verify_head_schema =
    SCHEMA("AuditHead", struct verify_head, verify_head_fields);

/* So many take less than half of what a request may. */
#define VERIFY_MAX 100000
struct verify_query {
	uint64_t after;
	int64_t  limit;
};
static const struct field verify_query_fields[] = {
	FIELD(struct verify_query, after, .doc = "Only the entries behind this number."),
	FIELD(struct verify_query, limit, .min = 1, .max = VERIFY_MAX,
	    .doc = "At most so many; all when absent, which is refused (too_costly) for a long "
		   "trail."),
	FIELD_END,
};
static const struct schema verify_query_schema =
    SCHEMA("AuditVerifyQuery", struct verify_query, verify_query_fields);

static const char *const fault_words[] = {
#define X(id, text, sentence) text,
	AUDIT_FAULT_LIST(X)
#undef X
	    NULL
};
struct verify_out {
	bool                ok;
	uint64_t            entries;
	struct verify_head *head;
	uint64_t            broken_at, next_after, proven, kept_after;
	int64_t             kept_s;
	const char         *fault, *detail;
};
static const struct field verify_out_fields[] = {
	FIELD(struct verify_out, ok,
	    .doc = "Every entry that was asked for is as it was written, and none is missing."),
	FIELD(struct verify_out, entries, .doc = "How many entries were checked."),
	FIELD(struct verify_out, head, .item = &verify_head_schema, .doc = "The end of the chain."),
	FIELD(struct verify_out, broken_at, .doc = "The first entry that does not fit; 0: all do."),
	FIELD(struct verify_out, proven,
	    .doc = "The newest signed checkpoint covers the entries up to this one; 0: there is "
		   "none yet."),
	FIELD(struct verify_out, kept_after, .flags = FIELD_OMIT_ZERO,
	    .doc = "Entries up to this one were deleted by age, and are not checked: their leaves "
		   "are kept. Absent: all are there."),
	FIELD(struct verify_out, kept_s,
	    .doc = "How long entries are kept (settings.retention.audit_s); 0: for ever."),
	FIELD(struct verify_out, fault, .flags = FIELD_OMIT_ZERO, .choices = &fault_words[1],
	    .doc =
		"What does not fit: an entry was altered or is missing; the head is not where the "
		"last entry is; an entry stands beyond the ends; the floor, below which entries "
		"may be "
		"gone, was raised; the trail is not guarded against changes."),
	FIELD(struct verify_out, detail, .flags = FIELD_OMIT_ZERO, .doc = "That in a sentence."),
	FIELD(struct verify_out, next_after, .flags = FIELD_OMIT_ZERO,
	    .doc = "There are more behind this one: `after` of the next part. Absent at the end."),
	FIELD_END,
};
static const struct schema verify_out_schema =
    SCHEMA("AuditVerification", struct verify_out, verify_out_fields);

static bool
verify_audit(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct verify_query *q = r->query;
	const struct deed_by       by = request_deed_by(r);
	struct audit_part          part = { q->after, (uint64_t)q->limit };
	struct verify_out         *out = answer;
	struct audit_verdict       v;

	(void)body;
	r->work.less = "Verify it in parts: ?after=0&limit=100000, then after=next_after.";
	out->head = talloc_zero(r->mem, struct verify_head);
	if (out->head == NULL)
		return err_memory(e);
	if (!audit_reading(&by, "verify", e) || !audit_verify(&by, &part, &r->work, &v, e) ||
	    !audit_hex(r->mem, v.head.mac, &out->head->mac, e))
		return false;
	out->head->seq = v.head.seq;
	out->kept_after = v.head.floor;
	out->kept_s = v.kept_s;
	out->entries = v.entries;
	out->broken_at = v.broken;
	out->proven = v.proven;
	out->ok = v.fault == AUDIT_FITS;
	out->next_after = out->ok && v.upto < v.head.seq ? v.upto : 0;
	if (!out->ok) {
		out->fault = audit_fault_text(v.fault);
		out->detail = audit_fault_sentence(v.fault);
	}
	return true;
}

const struct route audit_routes[] = {
	ROUTE_Q(GET, "/api/audit", audit_query, ALLOW(READ, AUDIT), RATE_READ, 200, read_audit,
	    IN_NONE, OUT_LIST_OR(audit_out, EXPORT_TYPE),
	    "Lists the audit trail, newest first; with Accept: application/x-ndjson all of it, an "
	    "entry a line, oldest first. Of a trail whose oldest entries were deleted by age the "
	    "first "
	    "line and the last say so, as bsx-audit-verify(1) reads them. An export that breaks "
	    "off "
	    "ends with a line that has error."),
	ROUTE_Q(GET, "/api/audit/verify", verify_query, ALLOW(READ, AUDIT), RATE_READ, 200,
	    verify_audit, IN_NONE, OUT(verify_out),
	    "Reads the audit trail and checks that nothing in it was changed: all of it, or a "
	    "part."),
	ROUTE_END,
};
