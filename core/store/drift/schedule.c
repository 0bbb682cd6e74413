#include "core/store/drift/schedule.h"
#include "core/store/claim_again.h"
#include "core/store/tx.h"

#define FARTHEST_S INT64_C(2000000000)

#define X(id, kind, by) const char id[sizeof(kind)] = kind;
SCHEDULE_KINDS(X)
#undef X

const char *
schedule_kind(struct str text)
{
#define X(id, kind, by) id,
	static const char *const kinds[] = { SCHEDULE_KINDS(X) };
#undef X

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_eqz(text, kinds[i]))
			return kinds[i];
	return NULL;
}

static const struct field schedule_fields[] = {
	COLUMN(struct schedule, kind),
	COLUMN(struct schedule, ref),
	COLUMN(struct schedule, schema_name),
	COLUMN(struct schedule, fence),
	COLUMN(struct schedule, next_due),
	FIELD_END,
};
static const struct schema schedule_schema = SCHEMA("Schedule", struct schedule, schedule_fields);

struct set_in {
	const char *kind;
	struct uuid ref;
	int64_t     due_s;
	uint64_t    fence;
};
static const struct field set_fields[] = {
	COLUMN(struct set_in, kind),
	COLUMN(struct set_in, ref),
	COLUMN(struct set_in, due_s),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("ScheduleSetIn", struct set_in, set_fields);
static const struct field  done_fields[] = {
	 COLUMN(struct set_in, kind),
	 COLUMN(struct set_in, ref),
	 COLUMN(struct set_in, fence),
	 FIELD_END,
};
static const struct schema done_in = SCHEMA("ScheduleDoneIn", struct set_in, done_fields);

SQL(schedule_call_set, SQL_TENANT, &set_in, NULL, "CALL bsx.schedule_set(:kind, :ref, :due_s)");
SQL(schedule_call_by, SQL_TENANT, &set_in, NULL, "CALL bsx.schedule_by(:kind, :ref, :due_s)");
SQL(schedule_call_done, SQL_TENANT, &done_in, NULL, "CALL bsx.schedule_done(:kind, :ref, :fence)");

bool
schedule_set(struct db *db, const char *kind, const struct uuid *ref, int64_t due_s, struct err *e)
{
	const struct set_in in = { .kind = kind, .ref = *ref, .due_s = due_s };

	return tx_later(db, &schedule_call_set, &in, e);
}

bool
schedule_recheck_at(
    struct db *db, const struct uuid *config, instant at, instant now, struct err *e)
{
	int64_t due_s = (at.ms - now.ms + 999) / 1000;

	if (due_s < 0)
		due_s = 0;
	if (due_s > FARTHEST_S)
		due_s = FARTHEST_S;
	return schedule_set(db, SCHEDULE_RECHECK, config, due_s, e);
}

bool
schedule_recheck_by(
    struct db *db, const struct config_state *s, instant at, instant now, struct err *e)
{
	if (at.ms == 0)
		return true;
	if (s->recheck_at.ms != 0 && s->recheck_at.ms < at.ms)
		at = s->recheck_at;
	return schedule_recheck_at(db, &s->config_id, at, now, e);
}

bool
schedule_by(struct db *db, const char *kind, const struct uuid *ref, int64_t due_s, struct err *e)
{
	const struct set_in in = { .kind = kind, .ref = *ref, .due_s = due_s };

	return tx_later(db, &schedule_call_by, &in, e);
}

bool
schedule_done(struct db *db, const struct schedule *s, struct err *e)
{
	const struct set_in in = { .kind = s->kind, .ref = s->ref, .fence = s->fence };

	return db_run(db, &schedule_call_done, &in, NULL, e);
}

struct due_in {
	int64_t limit;
	bool    long_ones;
};
static const struct field due_fields[] = {
	COLUMN(struct due_in, limit),
	COLUMN(struct due_in, long_ones),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("ScheduleDueIn", struct due_in, due_fields);

struct take_in {
	struct uuid     owner;
	int64_t         lease_s;
	struct schedule s;
};
#define TAKE_KEY                                                                                   \
	COLUMN_AS(struct take_in, s.schema_name, "schema_name"),                                   \
	    COLUMN_AS(struct take_in, s.kind, "kind"), COLUMN_AS(struct take_in, s.ref, "ref"),    \
	    COLUMN_AS(struct take_in, s.fence, "fence"), FIELD_END
static const struct field  take_fields[] = { COLUMN(struct take_in, owner),
	 COLUMN(struct take_in, lease_s), TAKE_KEY };
static const struct schema take_in = SCHEMA("ScheduleTakeIn", struct take_in, take_fields);
static const struct field  forget_fields[] = { TAKE_KEY };
static const struct schema forget_in = SCHEMA("ScheduleForgetIn", struct take_in, forget_fields);

SQL(schedule_select_due, SQL_CONTROL, &due_in, &schedule_schema,
    "SELECT kind, ref, schema_name, fence, next_due FROM schedules WHERE next_due <= NOW(3)"
    " AND (kind = 'digest') = :long_ones"
    " AND (lease_until IS NULL OR lease_until < NOW(3)) ORDER BY next_due LIMIT :limit");
SQL(schedule_update_take, SQL_CONTROL, &take_in, NULL,
    "UPDATE schedules SET lease_owner = :owner, lease_until = NOW(3) + INTERVAL :lease_s SECOND,"
    " fence = fence + 1 WHERE schema_name = :schema_name AND kind = :kind AND ref = :ref"
    " AND fence = :fence"
    " AND next_due <= NOW(3) AND (lease_until IS NULL OR lease_until < NOW(3))");
SQL(schedule_update_again, SQL_CONTROL, &forget_in, NULL,
    "UPDATE schedules SET " CLAIM_AGAIN_SET(
	"next_due") " WHERE schema_name = :schema_name"
		    " AND kind = :kind AND ref = :ref AND fence = :fence" CLAIM_AGAIN_HELD);
SQL(schedule_delete, SQL_CONTROL, &forget_in, NULL,
    "DELETE FROM schedules WHERE schema_name = :schema_name AND kind = :kind AND ref = :ref"
    " AND fence = :fence");

bool
schedule_due(struct db *control, TALLOC_CTX *mem, bool long_ones, size_t limit,
    struct schedule **rows, size_t *n, struct err *e)
{
	const struct due_in in = { (int64_t)limit, long_ones };

	return db_all(control, mem, &schedule_select_due, &in, INTO(rows, n, limit), e);
}

bool
schedule_take(
    struct db *control, const struct uuid *owner, struct schedule *s, bool *won, struct err *e)
{
	const struct take_in in = { *owner, SCHEDULE_LEASE_S, *s };
	uint64_t             n = 0;

	*won = false;
	if (!db_run(control, &schedule_update_take, &in, &n, e))
		return false;
	*won = n == 1;
	s->fence += *won;
	return true;
}

bool
schedule_again(struct db *control, const struct schedule *s, struct err *e)
{
	const struct take_in in = { .s = *s };

	return db_run(control, &schedule_update_again, &in, NULL, e);
}

bool
schedule_forget(struct db *control, const struct schedule *s, struct err *e)
{
	const struct take_in in = { .s = *s };

	return db_run(control, &schedule_delete, &in, NULL, e);
}

/* ---- all of a tenant ---- */

struct of_in {
	const char *schema_name;
};
static const struct field of_fields[] = {
	COLUMN(struct of_in, schema_name),
	FIELD_END,
};
static const struct schema of_in = SCHEMA("SchedulesOfIn", struct of_in, of_fields);
static const struct field  row_fields[] = {
	 COLUMN(struct schedule_row, kind),
	 COLUMN(struct schedule_row, ref),
	 COLUMN(struct schedule_row, next_due),
	 FIELD_END,
};
static const struct schema row_schema = SCHEMA("ScheduleRow", struct schedule_row, row_fields);

SQL(schedule_select_of, SQL_CONTROL, &of_in, &row_schema,
    "SELECT kind, ref, next_due FROM schedules WHERE schema_name = :schema_name"
    " ORDER BY kind, ref");

bool
schedule_all(struct db *control, TALLOC_CTX *mem, const char *schema_name,
    struct schedule_row **rows, size_t *n, struct err *e)
{
	const struct of_in in = { schema_name };

	return db_all(control, mem, &schedule_select_of, &in, INTO(rows, n, SCHEDULES_MAX), e);
}

struct put_in {
	const char         *schema_name;
	struct schedule_row row;
};
static const struct field put_fields[] = {
	COLUMN(struct put_in, schema_name),
	COLUMN_AS(struct put_in, row.kind, "kind"),
	COLUMN_AS(struct put_in, row.ref, "ref"),
	COLUMN_AS(struct put_in, row.next_due, "next_due"),
	FIELD_END,
};
static const struct schema put_in = SCHEMA("SchedulePutIn", struct put_in, put_fields);
SQL(schedule_insert, SQL_CONTROL, &put_in, NULL,
    "INSERT INTO schedules (kind, ref, schema_name, next_due) VALUES (:kind, :ref, :schema_name,"
    " :next_due)");

bool
schedules_put(struct db *control, const char *schema_name, const struct schedule_row *rows,
    size_t n, struct err *e)
{
	struct put_in *in = talloc_array(control, struct put_in, (unsigned)n + 1);
	bool           ok = in != NULL || err_memory(e);

	for (size_t i = 0; ok && i < n; i++)
		in[i] = (struct put_in) { schema_name, rows[i] };
	ok = ok && (n == 0 || db_run_many(control, &schedule_insert, in, n, e));
	talloc_free(in);
	return ok;
}
