#include "core/store/tenant/operation.h"

#include "core/store/id_list.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

#define PLACE(id) ((struct sealed_place) { "operations", "input", (id) })

static const struct field row_fields[] = {
	COLUMN(struct operation, id),
	COLUMN(struct operation, owner),
	COLUMN(struct operation, kind),
	COLUMN_NULL(struct operation, tenant_id),
	COLUMN_NULL(struct operation, asked_by),
	COLUMN(struct operation, asked_name),
	COLUMN(struct operation, state),
	COLUMN(struct operation, done),
	COLUMN(struct operation, total),
	COLUMN(struct operation, step),
	COLUMN_NULL(struct operation, input),
	COLUMN(struct operation, cancel),
	COLUMN(struct operation, attempts),
	COLUMN(struct operation, created_at),
	COLUMN_NULL(struct operation, started_at),
	COLUMN_NULL(struct operation, finished_at),
	COLUMN(struct operation, next_due),
	COLUMN(struct operation, fence),
	COLUMN_NULL(struct operation, error),
	COLUMN_NULL(struct operation, result),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("OperationRow", struct operation, row_fields);
#define COLUMNS                                                                                    \
	"id, owner, kind, tenant_id, asked_by, asked_name, state, done, total, step, input,"       \
	" cancel, attempts, created_at, started_at, finished_at, next_due, fence, error, result"

/* ---- who asks ---- */

struct add_in {
	struct operation o;
	int64_t          due_s;
};
static const struct field add_fields[] = {
	COLUMN_AS(struct add_in, o.id, "id"),
	COLUMN_AS(struct add_in, o.kind, "kind"),
	COLUMN_AS_NULL(struct add_in, o.tenant_id, "tenant_id"),
	COLUMN_AS_NULL(struct add_in, o.asked_by, "asked_by"),
	COLUMN_AS(struct add_in, o.asked_name, "asked_name"),
	COLUMN_AS(struct add_in, o.total, "total"),
	COLUMN_AS(struct add_in, o.step, "step"),
	COLUMN_AS_NULL(struct add_in, o.input, "input"),
	COLUMN(struct add_in, due_s),
	FIELD_END,
};
static const struct schema add_in = SCHEMA("OperationAddIn", struct add_in, add_fields);

SQL(operation_call_add, SQL_TENANT, &add_in, NULL,
    "CALL bsx.operation_add(:id, :kind, :tenant_id, :asked_by, :asked_name, :total, :step, :input,"
    " :due_s)");
SQL(operation_call_cancel, SQL_TENANT, &id_in, NULL, "CALL bsx.operation_cancel(:id)");

bool
operation_add(struct tenant_db *t, const struct operation *o, int64_t due_s, struct err *e)
{
	const struct add_in in = { *o, due_s };

	return db_run(t->db, &operation_call_add, &in, NULL, e);
}

bool
operation_ask_end(struct tenant_db *t, const struct uuid *id, struct err *e)
{
	return db_run(t->db, &operation_call_cancel, &(struct id_in) { *id }, NULL, e);
}

bool
operation_seal(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct str plain,
    struct blob *sealed, struct err *e)
{
	return tenant_seal(t, mem, PLACE(id), plain, sealed, e);
}

bool
operation_open(struct tenant_db *t, TALLOC_CTX *mem, const struct operation *o, struct str *plain,
    struct err *e)
{
	return tenant_open(t, mem, PLACE(&o->id), o->input, plain, e);
}

/* ---- reading ---- */

struct page_in {
	struct page             page;
	struct operation_filter f;
};
static const struct field page_fields[] = {
	PAGE_COLUMNS(struct page_in, page),
	COLUMN_AS(struct page_in, f.owner, "owner"),
	COLUMN_AS(struct page_in, f.kinds, "kinds"),
	COLUMN_AS_NULL(struct page_in, f.kind, "kind"),
	COLUMN_AS_NULL(struct page_in, f.state, "state"),
	FIELD_END,
};
static const struct schema page_in = SCHEMA("OperationPageIn", struct page_in, page_fields);

SQL(operation_select_page, SQL_CONTROL, &page_in, &row_schema,
    "SELECT " COLUMNS " FROM operations WHERE owner = :owner AND (:after IS NULL OR id < :after)"
    " AND FIND_IN_SET(kind, :kinds) > 0 AND (:kind IS NULL OR kind = :kind)"
    " AND (:state IS NULL OR state = :state) ORDER BY id DESC LIMIT :limit");
SQL(operation_select, SQL_CONTROL, &id_in, &row_schema,
    "SELECT " COLUMNS " FROM operations WHERE id = :id");

bool
operation_page(struct database *d, TALLOC_CTX *mem, const struct operation_filter *f,
    struct page *p, struct err *e)
{
	struct page_in in = { *p, *f };

	return page_read(d->control, mem, &operation_select_page, &in, p, e);
}

bool
operation_by_id(
    struct database *d, TALLOC_CTX *mem, const struct uuid *id, struct operation *o, struct err *e)
{
	return db_one(d->control, mem, &operation_select, &(struct id_in) { *id }, o, e);
}

struct load_in {
	struct uuid owner;
	const char *kinds;
	struct uuid since; /* ids begin with the time */
};
static const struct field load_in_fields[] = {
	COLUMN(struct load_in, owner),
	COLUMN(struct load_in, kinds),
	COLUMN(struct load_in, since),
	FIELD_END,
};
static const struct schema load_in = SCHEMA("OperationLoadIn", struct load_in, load_in_fields);
static const struct field  load_fields[] = {
	 COLUMN(struct operation_load, running),
	 COLUMN(struct operation_load, things),
	 FIELD_END,
};
static const struct schema load_out = SCHEMA("OperationLoad", struct operation_load, load_fields);

SQL(operation_select_load, SQL_CONTROL, &load_in, &load_out,
    "SELECT (SELECT COUNT(*) FROM operations FORCE INDEX (due) WHERE state = 'running'"
    " AND owner = :owner AND kind LIKE CONCAT(:kinds, '%')) AS running,"
    " (SELECT CAST(COALESCE(SUM(total), 0) AS SIGNED) FROM operations FORCE INDEX (owner)"
    " WHERE owner = :owner AND id > :since AND kind LIKE CONCAT(:kinds, '%')) AS things");

bool
operation_load_of(struct database *d, TALLOC_CTX *mem, const struct uuid *owner, const char *kinds,
    instant since, struct operation_load *out, struct err *e)
{
	const struct load_in in = { *owner, kinds, uuid_first(since.ms) };

	return db_one(d->control, mem, &operation_select_load, &in, out, e);
}

/* ---- who carries it ---- */

struct carry_in {
	struct operation o;
	struct uuid      carrier;
	int64_t          due_ms, lease_s, days, failed;
	const char      *why;
};
static const struct field claim_fields[] = {
	COLUMN_AS(struct carry_in, o.id, "id"),
	COLUMN_AS(struct carry_in, o.fence, "fence"),
	COLUMN(struct carry_in, carrier),
	COLUMN(struct carry_in, lease_s),
	FIELD_END,
};
static const struct schema claim_in = SCHEMA("OperationClaimIn", struct carry_in, claim_fields);
static const struct field  tell_fields[] = {
	 COLUMN_AS(struct carry_in, o.id, "id"),
	 COLUMN_AS(struct carry_in, o.fence, "fence"),
	 COLUMN_AS(struct carry_in, o.done, "done"),
	 COLUMN_AS(struct carry_in, o.total, "total"),
	 COLUMN_AS(struct carry_in, o.step, "step"),
	 COLUMN(struct carry_in, lease_s),
	 FIELD_END,
};
static const struct schema tell_in = SCHEMA("OperationTellIn", struct carry_in, tell_fields);
static const struct field  end_fields[] = {
	 COLUMN_AS(struct carry_in, o.id, "id"),
	 COLUMN_AS(struct carry_in, o.fence, "fence"),
	 COLUMN_AS(struct carry_in, o.state, "state"),
	 COLUMN_AS(struct carry_in, o.done, "done"),
	 COLUMN_AS(struct carry_in, o.total, "total"),
	 COLUMN_AS(struct carry_in, o.step, "step"),
	 COLUMN_AS_NULL(struct carry_in, o.error, "error"),
	 COLUMN_AS_NULL(struct carry_in, o.result, "result"),
	 FIELD_END,
};
static const struct schema end_in = SCHEMA("OperationEndIn", struct carry_in, end_fields);
static const struct field  off_fields[] = {
	 COLUMN_AS(struct carry_in, o.id, "id"),
	 COLUMN_AS(struct carry_in, o.fence, "fence"),
	 COLUMN(struct carry_in, due_ms),
	 COLUMN(struct carry_in, failed),
	 COLUMN_NULL(struct carry_in, why),
	 FIELD_END,
};
static const struct schema off_in = SCHEMA("OperationOffIn", struct carry_in, off_fields);
static const struct field  carrier_fields[] = {
	 COLUMN(struct carry_in, carrier),
	 FIELD_END,
};
static const struct schema carrier_in =
    SCHEMA("OperationCarrierIn", struct carry_in, carrier_fields);
static const struct field days_fields[] = {
	COLUMN(struct carry_in, days),
	FIELD_END,
};
static const struct schema days_in = SCHEMA("OperationDaysIn", struct carry_in, days_fields);

#define HELD   " WHERE id = :id AND fence = :fence AND state = 'running'"
#define NOBODY "lease_owner = NULL, lease_until = NULL"

static const struct field kind_fields[] = {
	COLUMN_AS(struct carry_in, o.kind, "kind"),
	FIELD_END,
};
static const struct schema kind_in = SCHEMA("OperationKindIn", struct carry_in, kind_fields);

SQL(operation_update_hasten, SQL_CONTROL, &kind_in, NULL,
    "UPDATE operations SET next_due = NOW(3) WHERE state = 'running' AND kind = :kind"
    " AND lease_owner IS NULL AND started_at IS NOT NULL AND attempts = 0");
SQL(operation_select_due, SQL_CONTROL, &id_in, &row_schema,
    "SELECT " COLUMNS " FROM operations WHERE state = 'running' AND claim_at <= NOW(3)"
    " ORDER BY owner <= :id, owner, claim_at LIMIT 1");
SQL(operation_update_claim, SQL_CONTROL, &claim_in, NULL,
    "UPDATE operations SET lease_owner = :carrier, lease_until = NOW(3) + INTERVAL :lease_s SECOND,"
    " started_at = COALESCE(started_at, NOW(3)), fence = fence + 1" HELD " AND claim_at <= NOW(3)");
SQL(operation_update_tell, SQL_CONTROL, &tell_in, NULL,
    "UPDATE operations SET done = :done, total = :total, step = :step,"
    " lease_until = NOW(3) + INTERVAL :lease_s SECOND" HELD);
SQL(operation_update_end, SQL_CONTROL, &end_in, NULL,
    "UPDATE operations SET state = :state, done = :done, total = :total, step = :step,"
    " error = :error, result = :result, input = NULL, finished_at = NOW(3), " NOBODY HELD);
SQL(operation_update_off, SQL_CONTROL, &off_in, NULL,
    "UPDATE operations SET next_due = NOW(3) + INTERVAL :due_ms * 1000 MICROSECOND, error = :why,"
    " attempts = IF(:failed = 1, attempts + 1, 0), " NOBODY HELD);
SQL(operation_update_release, SQL_CONTROL, &carrier_in, NULL,
    "UPDATE operations SET " NOBODY " WHERE lease_owner = :carrier AND state = 'running'");
SQL(operation_delete_old, SQL_CONTROL, &days_in, NULL,
    "DELETE FROM operations WHERE state <> 'running' AND finished_at < NOW(3) - INTERVAL :days DAY"
    " LIMIT 1000");

static bool
lost(struct err *e)
{
	return err_set(e, ERR_CONFLICT, 0, "Somebody else carries this operation now.",
	    "the claim of an operation is lost");
}

static bool
held(struct database *d, const struct sql *q, const struct carry_in *in, struct err *e)
{
	uint64_t n;

	return db_run(d->control, q, in, &n, e) && (n == 1 || lost(e));
}

/* The row as it was read is taken, if nobody was faster. */
static bool
take(struct database *d, const struct uuid *carrier, struct operation *o, bool *won, struct err *e)
{
	const struct carry_in in = { .o = *o, .carrier = *carrier, .lease_s = OPERATION_LEASE_S };
	uint64_t              n;

	if (!db_run(d->control, &operation_update_claim, &in, &n, e))
		return false;
	*won = n == 1;
	o->fence += *won;
	return true;
}

bool
operation_claim(struct database *d, TALLOC_CTX *mem, const struct uuid *carrier,
    const struct uuid *after, struct operation *o, struct err *e)
{
	const struct id_in in = { *after };
	bool               won = false;

	while (!won)
		if (!db_one(d->control, mem, &operation_select_due, &in, o, e) ||
		    !take(d, carrier, o, &won, e))
			return false;
	return true;
}

bool
operation_hasten(struct database *d, const char *kind, struct err *e)
{
	struct carry_in in = { 0 };
	bool            ok;

	in.o.kind = talloc_strdup(d, kind);
	ok = in.o.kind != NULL ? db_run(d->control, &operation_update_hasten, &in, NULL, e)
			       : err_memory(e);
	talloc_free(in.o.kind);
	return ok;
}

bool
operation_claim_one(struct database *d, TALLOC_CTX *mem, const struct uuid *carrier,
    const struct uuid *id, struct operation *o, struct err *e)
{
	bool won = false;

	return operation_by_id(d, mem, id, o, e) && take(d, carrier, o, &won, e) &&
	       (won || err_set(e, ERR_MISSING, 0, "Not found.", "the operation is held, or over"));
}

bool
operation_tell(struct database *d, struct operation *o, struct err *e)
{
	const struct carry_in in = { .o = *o, .lease_s = OPERATION_LEASE_S };
	struct operation      now;
	TALLOC_CTX           *tmp = talloc_new(d);
	bool                  ok = tmp != NULL ? held(d, &operation_update_tell, &in, e) &&
                                    operation_by_id(d, tmp, &o->id, &now, e)
					       : err_memory(e);

	if (ok)
		o->cancel = now.cancel;
	talloc_free(tmp);
	return ok;
}

bool
operation_end(struct database *d, const struct operation *o, struct err *e)
{
	const struct carry_in in = { .o = *o };

	return held(d, &operation_update_end, &in, e);
}

bool
operation_put_off(
    struct database *d, const struct operation *o, int64_t due_ms, const char *why, struct err *e)
{
	const struct carry_in in = { .o = *o, .due_ms = due_ms, .failed = why != NULL, .why = why };

	return held(d, &operation_update_off, &in, e);
}

bool
operation_give_back(struct db *control, const struct uuid *carrier, struct err *e)
{
	const struct carry_in in = { .carrier = *carrier };

	return db_run(control, &operation_update_release, &in, NULL, e);
}

bool
operation_forget(struct database *d, struct err *e)
{
	const struct carry_in in = { .days = OPERATION_KEPT_DAYS };

	return db_run(d->control, &operation_delete_old, &in, NULL, e);
}
