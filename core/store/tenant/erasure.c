#include "core/store/tenant/erasure.h"

#include "core/store/id_list.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

/* ---- its row ---- */

static const struct field row_fields[] = {
	COLUMN(struct erasure, id),
	COLUMN(struct erasure, tenant_id),
	COLUMN(struct erasure, slug),
	COLUMN(struct erasure, name),
	COLUMN(struct erasure, schema_name),
	COLUMN(struct erasure, reason),
	COLUMN(struct erasure, asked_name),
	COLUMN(struct erasure, asked_at),
	COLUMN(struct erasure, counts),
	COLUMN(struct erasure, began_at),
	COLUMN(struct erasure, keys_n),
	COLUMN_NULL(struct erasure, keys_at),
	COLUMN_NULL(struct erasure, schema_at),
	COLUMN(struct erasure, rows_n),
	COLUMN_NULL(struct erasure, receipt),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("ErasureRow", struct erasure, row_fields);
static const struct field  begin_fields[] = {
	 COLUMN(struct erasure, id),
	 COLUMN(struct erasure, tenant_id),
	 COLUMN(struct erasure, slug),
	 COLUMN(struct erasure, name),
	 COLUMN(struct erasure, schema_name),
	 COLUMN(struct erasure, reason),
	 COLUMN(struct erasure, asked_name),
	 COLUMN(struct erasure, asked_at),
	 COLUMN(struct erasure, counts),
	 FIELD_END,
};
static const struct schema begin_in = SCHEMA("ErasureBeginIn", struct erasure, begin_fields);
static const struct field  may_fields[] = {
	 COLUMN(struct erasure, id),
	 COLUMN(struct erasure, tenant_id),
	 FIELD_END,
};
static const struct schema may_in = SCHEMA("ErasureMayIn", struct erasure, may_fields);
static const struct field  sign_fields[] = {
	 COLUMN(struct erasure, id),
	 COLUMN(struct erasure, receipt),
	 FIELD_END,
};
static const struct schema sign_in = SCHEMA("ErasureSignIn", struct erasure, sign_fields);
static const struct field  destroyed_fields[] = {
	 COLUMN(struct erasure, id),
	 COLUMN(struct erasure, keys_n),
	 COLUMN(struct erasure, rows_n),
	 FIELD_END,
};
static const struct schema destroyed_in =
    SCHEMA("ErasureDestroyedIn", struct erasure, destroyed_fields);

struct is_mine {
	int64_t n;
};
static const struct field mine_fields[] = {
	COLUMN(struct is_mine, n),
	FIELD_END,
};
static const struct schema mine_schema = SCHEMA("ErasureIsMine", struct is_mine, mine_fields);

SQL(erasure_select, SQL_CONTROL, &id_in, &row_schema,
    "SELECT id, tenant_id, slug, name, schema_name, reason, asked_name, asked_at, counts, began_at,"
    " keys_n, keys_at, schema_at, rows_n, receipt FROM erasures WHERE id = :id");
SQL(erasure_update_tenant, SQL_CONTROL, &may_in, NULL,
    "UPDATE tenants SET status = 'erasing', status_at = NOW(3) WHERE id = :tenant_id"
    " AND erase_op = :id AND status = 'deleting' AND erase_at <= NOW(3)");
SQL(erasure_select_mine, SQL_CONTROL, &may_in, &mine_schema,
    "SELECT COUNT(*) AS n FROM tenants WHERE id = :tenant_id AND erase_op = :id"
    " AND status = 'erasing'");
SQL(erasure_insert, SQL_CONTROL, &begin_in, NULL,
    "INSERT INTO erasures (id, tenant_id, slug, name, schema_name, reason, asked_name, asked_at,"
    " counts, began_at) VALUES (:id, :tenant_id, :slug, :name, :schema_name, :reason, :asked_name,"
    " :asked_at, :counts, NOW(3)) ON DUPLICATE KEY UPDATE id = VALUES(id)");
SQL(erasure_update_keys, SQL_CONTROL, &destroyed_in, NULL,
    "UPDATE erasures SET keys_n = keys_n + :keys_n, rows_n = rows_n + :rows_n,"
    " keys_at = COALESCE(keys_at, NOW(3)) WHERE id = :id");
SQL(erasure_update_schema, SQL_CONTROL, &id_in, NULL,
    "UPDATE erasures SET schema_at = COALESCE(schema_at, NOW(3)) WHERE id = :id");
SQL(erasure_update_receipt, SQL_CONTROL, &sign_in, NULL,
    "UPDATE erasures SET receipt = :receipt WHERE id = :id AND receipt IS NULL");
SQL(erasure_delete_keys, SQL_CONTROL, &id_in, NULL,
    "DELETE k FROM tenant_keys k JOIN erasures e ON e.tenant_id = k.tenant_id WHERE e.id = :id");
SQL(erasure_delete_tenant, SQL_CONTROL, &id_in, NULL,
    "DELETE t FROM tenants t JOIN erasures e ON e.tenant_id = t.id"
    " WHERE e.id = :id AND t.status = 'erasing' AND t.erase_op = e.id");
SQL(erasure_delete_head, SQL_CONTROL, &id_in, NULL,
    "DELETE h FROM audit_heads h JOIN erasures e ON e.schema_name = h.schema_name WHERE e.id = "
    ":id");

SQL(erasure_delete_archives, SQL_CONTROL, &id_in, NULL,
    "DELETE a FROM archives a JOIN erasures e ON e.tenant_id = a.tenant_id WHERE e.id = :id");

/* ---- what the tables of the control schema know of a tenant: a row for each of them ---- */

#define SWEEP_ROWS 1000 /* in one transaction */
#define OF_SCHEMA                                                                                  \
	" WHERE schema_name = (SELECT schema_name FROM erasures WHERE id = :id) LIMIT 1000"
#define OF_TENANT " = (SELECT tenant_id FROM erasures WHERE id = :id) LIMIT 1000"

SQL(erasure_delete_outbox, SQL_CONTROL, &id_in, NULL, "DELETE FROM outbox_index" OF_SCHEMA);
SQL(erasure_delete_schedules, SQL_CONTROL, &id_in, NULL, "DELETE FROM schedules" OF_SCHEMA);
SQL(erasure_delete_runs, SQL_CONTROL, &id_in, NULL, "DELETE FROM run_index" OF_SCHEMA);
SQL(erasure_delete_fleet, SQL_CONTROL, &id_in, NULL, "DELETE FROM fleet" OF_SCHEMA);
SQL(erasure_delete_watches, SQL_CONTROL, &id_in, NULL, "DELETE FROM watches" OF_SCHEMA);
SQL(erasure_delete_feeds, SQL_CONTROL, &id_in, NULL, "DELETE FROM audit_feeds" OF_SCHEMA);
SQL(erasure_delete_uses, SQL_CONTROL, &id_in, NULL, "DELETE FROM golden_uses" OF_SCHEMA);
SQL(erasure_delete_pool, SQL_CONTROL, &id_in, NULL, "DELETE FROM schema_pool" OF_SCHEMA);
SQL(erasure_delete_asked, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM operations WHERE owner" OF_TENANT);
SQL(erasure_delete_given, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM grants WHERE tenant_id" OF_TENANT);
SQL(erasure_delete_held, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM grants WHERE grantee_tenant" OF_TENANT);
SQL(erasure_delete_inbox, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM audit_inbox WHERE tenant_id" OF_TENANT);

static const struct sql *const sweeps[] = {
	&erasure_delete_outbox, &erasure_delete_schedules, &erasure_delete_runs,
	&erasure_delete_fleet, &erasure_delete_watches, &erasure_delete_feeds, &erasure_delete_uses,
	&erasure_delete_pool, &erasure_delete_asked, &erasure_delete_given, &erasure_delete_held,
	&erasure_delete_inbox, /* of its own trail: what it did elsewhere goes there */
};

/* ---- ---- */

static const struct field counts_fields[] = {
	COLUMN(struct erasure_counts, tables),
	COLUMN(struct erasure_counts, bytes),
	FIELD_END,
};
static const struct schema counts_schema =
    SCHEMA("ErasureSizeRow", struct erasure_counts, counts_fields);
SQL(erasure_select_size, SQL_TENANT, NULL, &counts_schema,
    "SELECT COUNT(*) AS tables, CAST(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) AS"
    " bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()");

static const struct field had_fields[] = {
	COLUMN(struct erasure_counts, users),
	COLUMN(struct erasure_counts, api_keys),
	COLUMN(struct erasure_counts, drift_configs),
	FIELD_END,
};
static const struct schema had_schema = SCHEMA("ErasureHadRow", struct erasure_counts, had_fields);
SQL(erasure_select_had, SQL_TENANT, NULL, &had_schema,
    "SELECT (SELECT COUNT(*) FROM users) AS users,"
    " (SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL) AS api_keys,"
    " (SELECT COUNT(*) FROM drift_configs) AS drift_configs");

bool
erasure_count(struct tenant_db *t, struct erasure_counts *out, struct err *e)
{
	struct erasure_counts size;

	*out = (struct erasure_counts) { 0 };
	if (!db_one(t->db, t->db, &erasure_select_had, NULL, out, e) ||
	    !db_one(t->db, t->db, &erasure_select_size, NULL, &size, e))
		return false;
	out->tables = size.tables;
	out->bytes = size.bytes;
	return true;
}

bool
erasure_by_id(
    struct database *d, TALLOC_CTX *mem, const struct uuid *id, struct erasure *out, struct err *e)
{
	return db_one(d->control, mem, &erasure_select, &(struct id_in) { *id }, out, e);
}

bool
erasure_may_begin(
    struct database *d, const struct uuid *id, const struct uuid *tenant, bool *mine, struct err *e)
{
	const struct erasure in = { .id = *id, .tenant_id = *tenant };
	struct is_mine       is;

	if (!db_run(d->control, &erasure_update_tenant, &in, NULL, e) ||
	    !db_one(d->control, d, &erasure_select_mine, &in, &is, e))
		return false;
	*mine = is.n == 1;
	return true;
}

bool
erasure_begin(struct database *d, const struct erasure *x, struct err *e)
{
	return db_run(d->control, &erasure_insert, x, NULL, e);
}

/* ---- steps that count what they destroy ---- */

struct step {
	const struct sql *q;
	struct uuid       id;
	uint64_t          n;
	bool              keys;
};

static bool
step_body(struct db *db, void *arg, struct err *e)
{
	struct step       *s = arg;
	const struct id_in in = { s->id };

	if (!db_run(db, s->q, &in, &s->n, e))
		return false;
	const struct erasure done = {
		.id = s->id, .keys_n = s->keys ? s->n : 0, .rows_n = s->keys ? 0 : s->n
	};
	return (s->n == 0 && !s->keys) || db_run(db, &erasure_update_keys, &done, NULL, e);
}

static bool
step(struct database *d, struct step *s, struct err *e)
{
	const struct tx tx = { .name = "erasure", .body = step_body, .arg = s };

	return tx_run(d->control, &tx, e);
}

bool
erasure_shred(struct database *d, const struct uuid *id, struct err *e)
{
	return step(d, &(struct step) { &erasure_delete_keys, *id, 0, true }, e);
}

bool
erasure_schema_gone(struct database *d, const struct uuid *id, struct err *e)
{
	return db_run(d->control, &erasure_update_schema, &(struct id_in) { *id }, NULL, e);
}

bool
erasure_sweep(struct database *d, const struct uuid *id, struct err *e)
{
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		struct step s = { sweeps[i], *id, SWEEP_ROWS, false };

		while (s.n == SWEEP_ROWS)
			if (!step(d, &s, e))
				return false;
	}
	return true;
}

bool
erasure_sign(struct database *d, const struct uuid *id, const char *receipt, struct err *e)
{
	const struct erasure in = { .id = *id, .receipt = receipt };

	return db_run(d->control, &erasure_update_receipt, &in, NULL, e);
}

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	const struct id_in *in = arg;

	return db_run(db, &erasure_delete_archives, in, NULL, e) &&
	       db_run(db, &erasure_delete_tenant, in, NULL, e) &&
	       db_run(db, &erasure_delete_head, in, NULL, e);
}

bool
erasure_end(struct database *d, const struct uuid *id, struct err *e)
{
	struct id_in    in = { *id };
	const struct tx tx = { .name = "erasure", .body = end_body, .arg = &in };

	return tx_run(d->control, &tx, e);
}
