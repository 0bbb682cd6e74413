#include "core/store/archive/restoration.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field row_fields[] = {
	COLUMN(struct restoration, schema_name),
	COLUMN(struct restoration, tenant_id),
	COLUMN(struct restoration, archive),
	COLUMN(struct restoration, state),
	COLUMN(struct restoration, at),
	COLUMN(struct restoration, drop_at),
	COLUMN(struct restoration, name),
	COLUMN(struct restoration, settings),
	FIELD_END,
};
static const struct schema row_out = SCHEMA("RestorationRow", struct restoration, row_fields);
static const struct field  begin_fields[] = {
	 COLUMN(struct restoration, schema_name),
	 COLUMN(struct restoration, tenant_id),
	 COLUMN(struct restoration, archive),
	 FIELD_END,
};
static const struct schema begin_in =
    SCHEMA("RestorationBeginIn", struct restoration, begin_fields);
static const struct field of_fields[] = {
	COLUMN(struct restoration, schema_name),
	FIELD_END,
};
static const struct schema of_in = SCHEMA("RestorationOfIn", struct restoration, of_fields);

static const struct field turn_fields[] = {
	COLUMN(struct restoration_turn, tenant_id),
	COLUMN(struct restoration_turn, was),
	COLUMN(struct restoration_turn, next),
	COLUMN(struct restoration_turn, name),
	COLUMN(struct restoration_turn, settings),
	COLUMN(struct restoration_turn, schema_version),
	FIELD_END,
};
static const struct schema turn_in =
    SCHEMA("RestorationTurnIn", struct restoration_turn, turn_fields);
static const struct field former_fields[] = {
	COLUMN(struct restoration_turn, was),
	COLUMN(struct restoration_turn, next),
	COLUMN(struct restoration_turn, grace_s),
	FIELD_END,
};
static const struct schema former_in =
    SCHEMA("RestorationFormerIn", struct restoration_turn, former_fields);
static const struct field kept_fields[] = {
	COLUMN(struct restoration_turn, was),
	COLUMN(struct restoration_turn, next),
	FIELD_END,
};
static const struct schema kept_in =
    SCHEMA("RestorationKeptIn", struct restoration_turn, kept_fields);
static const struct field due_fields[] = {
	COLUMN(struct schedule_row, kind),
	COLUMN(struct schedule_row, ref),
	COLUMN(struct schedule_row, next_due),
	FIELD_END,
};
static const struct schema due_out = SCHEMA("RestorationDue", struct schedule_row, due_fields);

#define COLUMNS                                                                                    \
	"schema_name, tenant_id, archive, state, at, drop_at, COALESCE(name, '') AS name,"         \
	" COALESCE(settings, '') AS settings"
SQL(restoration_insert, SQL_CONTROL, &begin_in, NULL,
    "INSERT INTO restores (schema_name, tenant_id, archive, state, at, drop_at"
    ") VALUES (:schema_name, :tenant_id, :archive, 'making', NOW(3),"
    " NOW(3) + INTERVAL 86400 SECOND)");
SQL(restoration_select_of, SQL_CONTROL, &id_in, &row_out,
    "SELECT " COLUMNS " FROM restores WHERE tenant_id = :id ORDER BY at LIMIT 100");
SQL(restoration_select_last, SQL_CONTROL, &id_in, &row_out,
    "SELECT " COLUMNS " FROM restores WHERE tenant_id = :id AND state = 'former'"
    " ORDER BY at DESC, schema_name LIMIT 1");
SQL(restoration_update_keep, SQL_CONTROL, &of_in, NULL,
    "UPDATE restores SET drop_at = GREATEST(drop_at, NOW(3) + INTERVAL 3600 SECOND)"
    " WHERE schema_name = :schema_name AND state = 'former'");
SQL(restoration_select_due_of, SQL_CONTROL, &of_in, &due_out,
    "SELECT kind, ref, next_due FROM restore_due WHERE schema_name = :schema_name"
    " ORDER BY kind, ref");
SQL(restoration_select_due, SQL_CONTROL, NULL, &row_out,
    "SELECT " COLUMNS " FROM restores WHERE drop_at <= NOW(3)"
    " OR (state IN ('held', 'freed') AND at < NOW(3) - INTERVAL 60 SECOND)"
    " ORDER BY drop_at LIMIT 100");
SQL(restoration_update_held, SQL_CONTROL, &of_in, NULL,
    "UPDATE restores SET state = 'held', at = NOW(3) WHERE schema_name = :schema_name"
    " AND state = 'making'");
SQL(restoration_update_free, SQL_CONTROL, &of_in, NULL,
    "UPDATE restores SET state = 'freed' WHERE schema_name = :schema_name"
    " AND state IN ('held', 'freed')");
SQL(restoration_update_freed, SQL_CONTROL, &of_in, NULL,
    "UPDATE restores SET state = 'making', at = NOW(3) WHERE schema_name = :schema_name"
    " AND state = 'freed'");
_Static_assert(RESTORATION_MAKING_S == 86400 && RESTORATION_HELD_S == 60 &&
		   RESTORATIONS_MAX == 100 && RESTORATION_KEPT_S == 3600,
    "as in the statements");

SQL(restoration_update_tenant, SQL_CONTROL, &turn_in, NULL,
    "UPDATE tenants SET schema_name = :next, name = :name, settings = :settings,"
    " schema_version = :schema_version WHERE id = :tenant_id AND schema_name = :was"
    " AND status IN ('active', 'suspended')");
SQL(restoration_update_kept, SQL_CONTROL, &kept_in, NULL,
    "UPDATE restores r JOIN tenants t ON t.schema_name = :was SET r.name = t.name,"
    " r.settings = t.settings WHERE r.schema_name = :next");
SQL(restoration_insert_due, SQL_CONTROL, &of_in, NULL,
    "INSERT INTO restore_due (schema_name, kind, ref, next_due)"
    " SELECT schema_name, kind, ref, next_due FROM schedules WHERE schema_name = :schema_name");
SQL(restoration_update_former, SQL_CONTROL, &former_in, NULL,
    "UPDATE restores SET schema_name = :was, state = 'former', at = NOW(3),"
    " drop_at = NOW(3) + INTERVAL :grace_s SECOND WHERE schema_name = :next AND state = 'held'");

static const struct field done_fields[] = {
	COLUMN(struct restoration_turn, tenant_id),
	COLUMN(struct restoration_turn, was),
	FIELD_END,
};
static const struct schema done_in =
    SCHEMA("RestorationDoneIn", struct restoration_turn, done_fields);
SQL(restoration_select_done, SQL_CONTROL, &done_in, &of_in,
    "SELECT schema_name FROM restores WHERE schema_name = :was AND tenant_id = :tenant_id"
    " AND state = 'former'");

SQL(restoration_delete_outbox, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM outbox_index WHERE schema_name = :schema_name");
SQL(restoration_delete_due, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM schedules WHERE schema_name = :schema_name");
SQL(restoration_delete_runs, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM run_index WHERE schema_name = :schema_name");
SQL(restoration_delete_fleet, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM fleet WHERE schema_name = :schema_name");
SQL(restoration_delete_uses, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM golden_uses WHERE schema_name = :schema_name");
SQL(restoration_delete_feeds, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM audit_feeds WHERE schema_name = :schema_name");
SQL(restoration_delete_kept, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM restore_due WHERE schema_name = :schema_name");
SQL(restoration_delete_row, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM restores WHERE schema_name = :schema_name");
SQL(restoration_delete_head, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM audit_heads WHERE schema_name = :schema_name");

/* What would be done in a schema that is no tenant's. */
static const struct sql *const waiting[] = {
	&restoration_delete_outbox,
	&restoration_delete_due,
	&restoration_delete_runs,
	&restoration_delete_fleet,
	&restoration_delete_uses,
	&restoration_delete_feeds,
};

bool
restoration_begin(struct database *d, const struct restoration *r, struct err *e)
{
	return db_run(database_control(d), &restoration_insert, r, NULL, e);
}

bool
restorations_of(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant,
    struct restoration **list, size_t *n, struct err *e)
{
	return db_all(database_control(d), mem, &restoration_select_of, &(struct id_in) { *tenant },
	    INTO(list, n, RESTORATIONS_MAX), e);
}

bool
restorations_due(
    struct database *d, TALLOC_CTX *mem, struct restoration **list, size_t *n, struct err *e)
{
	return db_all(database_control(d), mem, &restoration_select_due, NULL,
	    INTO(list, n, RESTORATIONS_MAX), e);
}

bool
restoration_hold(struct database *d, const char *schema_name, struct err *e)
{
	const struct restoration in = { .schema_name = schema_name };
	uint64_t                 n;

	return db_run(database_control(d), &restoration_update_held, &in, &n, e) &&
	       (n == 1 || err_set(e, ERR_GONE, 0, "Somebody has begun to restore the tenant anew.",
			      "the row is gone"));
}

bool
restoration_free(struct database *d, const char *schema_name, bool *mine, struct err *e)
{
	const struct restoration in = { .schema_name = schema_name };
	uint64_t                 n = 0;
	bool ok = db_run(database_control(d), &restoration_update_free, &in, &n, e);

	*mine = n == 1;
	return ok;
}

bool
restoration_freed(struct database *d, const char *schema_name, struct err *e)
{
	const struct restoration in = { .schema_name = schema_name };

	return db_run(database_control(d), &restoration_update_freed, &in, NULL, e);
}

/* ---- back ---- */

bool
restoration_last(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant,
    struct restoration *out, struct err *e)
{
	return db_one(database_control(d), mem, &restoration_select_last,
		   &(struct id_in) { *tenant }, out, e) ||
	       (err_take(e, ERR_MISSING) &&
		   err_set(e, ERR_MISSING, 0,
		       "The tenant was not restored, or what it was before is no more.",
		       "no former schema"));
}

bool
restoration_keep(struct database *d, TALLOC_CTX *mem, const char *schema_name,
    struct schedule_row **due, size_t *n, struct err *e)
{
	const struct restoration in = { .schema_name = schema_name };
	struct db               *db = database_control(d);
	uint64_t                 kept = 0;

	return db_run(db, &restoration_update_keep, &in, &kept, e) &&
	       (kept == 1 || err_set(e, ERR_GONE, 0, "What the tenant was before is no more.",
				 "schema %s was dropped", schema_name)) &&
	       db_all(db, mem, &restoration_select_due_of, &in, INTO(due, n, SCHEDULES_MAX), e);
}

/* ---- the turn ---- */

static bool
forget_waiting(struct db *db, const struct restoration *of, struct err *e)
{
	for (size_t i = 0; i < sizeof(waiting) / sizeof(*waiting); i++)
		if (!db_run(db, waiting[i], of, NULL, e))
			return false;
	return true;
}

static bool
turn_body(struct db *db, void *arg, struct err *e)
{
	const struct restoration_turn *t = arg;
	const struct restoration       was = { .schema_name = t->was };
	uint64_t                       n;

	if (!db_run(db, &restoration_update_kept, t, NULL, e) ||
	    !db_run(db, &restoration_update_tenant, t, &n, e))
		return false;
	if (n != 1)
		return err_set(e, ERR_CONFLICT, 0,
		    "The tenant was suspended, deleted or restored meanwhile.",
		    "not in the schema %s", t->was);
	if (!db_run(db, &restoration_update_former, t, &n, e))
		return false;
	if (n != 1)
		return err_set(e, ERR_GONE, 0, "The last steps took too long: run it again.",
		    "%s is not held any more", t->next);
	return db_run(db, &restoration_insert_due, &was, NULL, e) && forget_waiting(db, &was, e) &&
	       schedules_put(db, t->next, t->due, t->due_n, e);
}

bool
restoration_turn(struct database *d, const struct restoration_turn *t, struct err *e)
{
	struct restoration_turn in = *t;
	const struct tx         tx = { .name = "restoration_turn",
			.body = turn_body,
			.arg = &in,
			.mark = &restoration_select_done,
			.mark_in = &in };
	bool                    ok = tx_run(database_control(d), &tx, e);

	tenant_forget(d);
	return ok;
}

/* ---- dropped ---- */

/* The head last: its trigger looks whether there is a tenant or a schema of that name. */
static bool
forget_body(struct db *db, void *arg, struct err *e)
{
	const struct restoration *of = arg;

	return forget_waiting(db, of, e) && db_run(db, &restoration_delete_kept, of, NULL, e) &&
	       db_run(db, &restoration_delete_row, of, NULL, e) &&
	       db_run(db, &restoration_delete_head, of, NULL, e);
}

bool
restoration_forget(struct database *d, const char *schema_name, struct err *e)
{
	struct restoration in = { .schema_name = schema_name };
	const struct tx    tx = { .name = "restoration_forget", .body = forget_body, .arg = &in };

	return tx_run(database_control(d), &tx, e);
}
