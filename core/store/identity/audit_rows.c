#include "core/store/identity/audit_rows.h"

#include "core/store/tx.h"

/* All that a program writes; the salt is made by the server. */
#define ROW_FIELDS                                                                                 \
	FIELD(struct audit_row, seq, .doc = "Number in the chain, from 1."),                       \
	    FIELD(struct audit_row, id, .doc = "Number of the entry."),                            \
	    FIELD(struct audit_row, at, .doc = "When."),                                           \
	    FIELD(struct audit_row, action, .doc = "What was done."),                              \
	    FIELD(struct audit_row, outcome, .doc = "success or failure."),                        \
	    FIELD(struct audit_row, actor_kind, .doc = "user, api_key, system or anonymous."),     \
	    FIELD(struct audit_row, actor_id, .flags = FIELD_NULLABLE, .doc = "Who."),             \
	    FIELD(struct audit_row, actor_name, .doc = "Who, by name."),                           \
	    FIELD(struct audit_row, acting_tenant, .flags = FIELD_NULLABLE,                        \
		.doc = "The actor's own tenant."),                                                 \
	    FIELD(struct audit_row, target_kind, .doc = "To what kind of thing."),                 \
	    FIELD(struct audit_row, target_id, .doc = "To which."),                                \
	    FIELD(struct audit_row, address, .doc = "From which address."),                        \
	    FIELD(struct audit_row, user_agent, .doc = "By what program."),                        \
	    FIELD(struct audit_row, request_id, .doc = "In which request."),                       \
	    FIELD(struct audit_row, details, .doc = "JSON object."),                               \
	    FIELD(struct audit_row, prev_mac, .doc = "MAC of the entry before."),                  \
	    FIELD(struct audit_row, mac, .doc = "MAC of this entry.")
static const struct field new_fields[] = {
	ROW_FIELDS,
	FIELD_END,
};
static const struct schema new_schema = SCHEMA("AuditNewRow", struct audit_row, new_fields);
static const struct field  audit_fields[] = {
	 ROW_FIELDS,
	 FIELD(struct audit_row, salt, .doc = "What its leaf is made with."),
	 FIELD_END,
};
static const struct schema audit_schema = SCHEMA("AuditRow", struct audit_row, audit_fields);

static const struct field head_fields[] = {
	FIELD(struct audit_head, seq, .doc = "Last entry."),
	FIELD(struct audit_head, mac, .doc = "Its MAC."),
	FIELD(struct audit_head, floor, .doc = "Entries up to it may be gone."),
	FIELD_END,
};
static const struct schema head_schema = SCHEMA("AuditHead", struct audit_head, head_fields);

static const struct field mark_fields[] = {
	FIELD(struct audit_mark, id, .doc = "Entry."),
	FIELD_END,
};
static const struct schema mark_schema = SCHEMA("AuditMark", struct audit_mark, mark_fields);

#define COLUMNS_WITH(details)                                                                      \
	"seq, id, at, action, outcome, actor_kind, actor_id, actor_name, acting_tenant,"           \
	" target_kind, target_id, address, user_agent, request_id, " details ", prev_mac, mac"
#define COLUMNS COLUMNS_WITH("details")

SQL(audit_select_mark, SQL_TENANT, &mark_schema, &mark_schema,
    "SELECT id FROM audit"
    " WHERE id = :id");
const struct sql *const audit_mark_sql = &audit_select_mark;

SQL(audit_insert, SQL_TENANT, &new_schema, NULL,
    "INSERT INTO audit (" COLUMNS ") VALUES (:seq, :id, :at, :action, :outcome, :actor_kind,"
    " :actor_id, :actor_name, :acting_tenant, :target_kind, :target_id, :address, :user_agent,"
    " :request_id, :details, :prev_mac, :mac)");

/* ---- the head: it moves by procedures of the control schema only ---- */

#define GUARDS_OF_ENTRIES 2 /* triggers, in the tenant's schema */
#define GUARDS_OF_HEADS   2 /* in the control schema */

struct head_in {
	bool take;
};
static const struct field head_in_fields[] = {
	COLUMN(struct head_in, take),
	FIELD_END,
};
static const struct schema head_in = SCHEMA("AuditHeadIn", struct head_in, head_in_fields);

struct advance_in {
	uint64_t    from, to;
	struct blob mac;
};
static const struct field advance_fields[] = {
	COLUMN(struct advance_in, from),
	COLUMN(struct advance_in, to),
	COLUMN(struct advance_in, mac),
	FIELD_END,
};
static const struct schema advance_in = SCHEMA("AuditAdvanceIn", struct advance_in, advance_fields);

struct guards {
	int64_t guards;
};
static const struct field guards_fields[] = {
	COLUMN(struct guards, guards),
	FIELD_END,
};
static const struct schema guards_out = SCHEMA("AuditGuards", struct guards, guards_fields);

static const struct field span_fields[] = {
	COLUMN(struct audit_span, first),
	COLUMN(struct audit_span, last),
	FIELD_END,
};
static const struct schema span_out = SCHEMA("AuditSpan", struct audit_span, span_fields);

SQL(audit_call_head, SQL_TENANT, &head_in, &head_schema, "CALL bsx.audit_head(:take)");
SQL(audit_call_advance, SQL_TENANT, &advance_in, NULL, "CALL bsx.audit_advance(:from, :to, :mac)");
SQL(audit_call_guards, SQL_TENANT, NULL, &guards_out, "CALL bsx.audit_guards()");
SQL(audit_call_head_guards, SQL_CONTROL, NULL, &guards_out, "CALL bsx.audit_guards()");
SQL(audit_select_span, SQL_TENANT, NULL, &span_out,
    "SELECT COALESCE(MIN(seq), 1) AS first, COALESCE(MAX(seq), 0) AS last FROM audit");

bool
audit_head_take(struct tenant_db *t, TALLOC_CTX *mem, struct audit_head *h, struct err *e)
{
	const struct head_in in = { .take = true };

	if (db_one(t->db, mem, &audit_call_head, &in, h, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	return err_set(e, ERR_INTERNAL, 0, "The audit trail has lost its head: see bsxctl doctor.",
	    "%s has no row in audit_heads", t->tenant->schema_name);
}

bool
audit_head_read(struct tenant_db *t, TALLOC_CTX *mem, struct audit_head *h, struct err *e)
{
	const struct head_in in = { .take = false };

	return db_one(t->db, mem, &audit_call_head, &in, h, e);
}

bool
audit_head_move(
    struct tenant_db *t, uint64_t seq, const uint8_t mac[static AUDIT_MAC_LEN], struct err *e)
{
	const struct advance_in in = { seq, seq + 1, { mac, AUDIT_MAC_LEN } };

	return tx_later_call(t->db, &audit_call_advance, &in, e);
}

bool
audit_guarded(struct tenant_db *t, bool *guarded, struct err *e)
{
	struct guards g;

	if (!db_one(t->db, t->db, &audit_call_guards, NULL, &g, e))
		return false;
	*guarded = g.guards == GUARDS_OF_ENTRIES + GUARDS_OF_HEADS;
	return true;
}

bool
audit_heads_guarded(struct db *control, bool *guarded, struct err *e)
{
	struct guards g;

	if (!db_one(control, control, &audit_call_head_guards, NULL, &g, e))
		return false;
	*guarded = g.guards == GUARDS_OF_HEADS;
	return true;
}

bool
audit_span(struct tenant_db *t, struct audit_span *s, struct err *e)
{
	return db_one(t->db, t->db, &audit_select_span, NULL, s, e);
}

/* ---- entries ---- */

bool
audit_row_add(struct tenant_db *t, const struct audit_row *r, struct err *e)
{
	return tx_later(t->db, &audit_insert, r, e);
}

struct rows_after_in {
	uint64_t    after;
	struct page page;
};
static const struct field rows_after_fields[] = {
	COLUMN(struct rows_after_in, after),
	COLUMN_AS(struct rows_after_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema rows_after_schema =
    SCHEMA("RowsAfterIn", struct rows_after_in, rows_after_fields);

SQL(audit_select_after, SQL_TENANT, &rows_after_schema, &audit_schema,
    "SELECT " COLUMNS ", salt FROM audit WHERE seq > :after ORDER BY seq LIMIT :limit");

bool
audit_rows_after(
    struct tenant_db *t, TALLOC_CTX *mem, uint64_t after, struct page *p, struct err *e)
{
	const struct rows_after_in in = { after, *p };

	return page_read(t->db, mem, &audit_select_after, &in, p, e);
}

/* ---- reading by filter ---- */

struct list_in {
	struct audit_filter f;
	struct page         page;
};
static const struct field list_fields[] = {
	COLUMN_NULL(struct list_in, f.actor_id),
	COLUMN_NULL(struct list_in, f.actor_name),
	COLUMN_NULL(struct list_in, f.action),
	COLUMN_NULL(struct list_in, f.target_kind),
	COLUMN_NULL(struct list_in, f.target_id),
	COLUMN_NULL(struct list_in, f.since),
	COLUMN_NULL(struct list_in, f.until),
	COLUMN(struct list_in, f.before),
	COLUMN(struct list_in, f.after),
	COLUMN_AS(struct list_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema list_schema = SCHEMA("AuditListIn", struct list_in, list_fields);

#define FILTER                                                                                     \
	"SELECT " COLUMNS ", salt FROM audit WHERE (:actor_id IS NULL OR actor_id = :actor_id)"    \
	" AND (:actor_name IS NULL OR actor_name = :actor_name)"                                   \
	" AND (:action IS NULL OR action = :action)"                                               \
	" AND (:target_kind IS NULL OR target_kind = :target_kind)"                                \
	" AND (:target_id IS NULL OR target_id = :target_id)"                                      \
	" AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)"                \
	" AND seq > :after AND (:before = 0 OR seq < :before)"
SQL(audit_select_list, SQL_TENANT, &list_schema, &audit_schema,
    FILTER " ORDER BY seq DESC LIMIT :limit");
SQL(audit_select_export, SQL_TENANT, &list_schema, &audit_schema,
    FILTER " ORDER BY seq LIMIT :limit");

bool
audit_rows_list(struct tenant_db *t, TALLOC_CTX *mem, const struct audit_filter *f, struct page *p,
    struct err *e)
{
	const struct list_in in = { *f, *p };

	return page_read(t->db, mem, &audit_select_list, &in, p, e);
}

bool
audit_rows_export(struct tenant_db *t, TALLOC_CTX *mem, const struct audit_filter *f,
    struct page *p, struct err *e)
{
	const struct list_in in = { *f, *p };

	return page_read(t->db, mem, &audit_select_export, &in, p, e);
}

/* ---- of some targets ---- */

struct targets_in {
	const char *ids; /* JSON array */
	instant     since;
	int64_t     bytes;
	struct page page;
};
static const struct field targets_fields[] = {
	COLUMN(struct targets_in, ids),
	COLUMN(struct targets_in, since),
	COLUMN(struct targets_in, bytes),
	COLUMN_AS(struct targets_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema targets_in = SCHEMA("AuditTargetsIn", struct targets_in, targets_fields);

/* Their lengths first: no details are sorted, and none is sent that is not wanted. */
SQL(audit_select_targets, SQL_TENANT, &targets_in, &audit_schema,
    "SELECT " COLUMNS_WITH(
	"IF(p.newer < :bytes, details, '') AS details") ", salt FROM (SELECT s.seq AS at_seq, "
							"SUM(s.n) OVER (ORDER BY s.seq DESC) - s.n"
							" AS newer FROM (SELECT k.seq, "
							"LENGTH(k.details) AS n"
							" FROM JSON_TABLE(:ids, '$[*]' COLUMNS (k "
							"VARCHAR(64) PATH '$')) j"
							" STRAIGHT_JOIN audit k FORCE INDEX "
							"(target) ON k.target_id = j.k AND k.at >= "
							":since"
							" ORDER BY k.seq DESC LIMIT :limit) s) p"
							" STRAIGHT_JOIN audit ON seq = p.at_seq "
							"ORDER BY seq DESC");

bool
audit_rows_of(struct tenant_db *t, TALLOC_CTX *mem, const struct strings *target_ids, instant since,
    struct page *p, struct err *e)
{
	struct targets_in in = { .since = since, .bytes = AUDIT_TARGETS_BYTES, .page = *p };
	struct buf        b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < target_ids->n; i++) {
		buf_puts(&b, i == 0 ? "" : ",");
		buf_json(&b, str_of(target_ids->items[i]));
	}
	buf_putc(&b, ']');
	in.ids = buf_text(&b, e);
	return in.ids != NULL && page_read(t->db, mem, &audit_select_targets, &in, p, e);
}
