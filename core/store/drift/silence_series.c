#include "core/store/drift/silence_series.h"
#include "core/store/id_list.h"
#include "core/store/page.h"

static const struct field series_fields[] = {
	COLUMN(struct silence_series, id),
	COLUMN(struct silence_series, matcher),
	COLUMN(struct silence_series, reason),
	COLUMN(struct silence_series, owner),
	COLUMN(struct silence_series, rule),
	COLUMN(struct silence_series, timezone),
	COLUMN(struct silence_series, starts_at),
	COLUMN(struct silence_series, duration_s),
	COLUMN(struct silence_series, made_until),
	COLUMN(struct silence_series, ends_at),
	COLUMN(struct silence_series, created_at),
	COLUMN(struct silence_series, updated_at),
	COLUMN_NULL(struct silence_series, ended_at),
	COLUMN_NULL(struct silence_series, ended_by),
	FIELD_END,
};
static const struct schema series_schema =
    SCHEMA("StoredSilenceSeries", struct silence_series, series_fields);
static const struct field set_fields[] = {
	COLUMN(struct silence_series, matcher),
	COLUMN(struct silence_series, reason),
	COLUMN(struct silence_series, rule),
	COLUMN(struct silence_series, timezone),
	COLUMN(struct silence_series, starts_at),
	COLUMN(struct silence_series, duration_s),
	COLUMN(struct silence_series, made_until),
	COLUMN(struct silence_series, ends_at),
	COLUMN(struct silence_series, updated_at),
	COLUMN_NULL(struct silence_series, ended_at),
	COLUMN_NULL(struct silence_series, ended_by),
	COLUMN(struct silence_series, id),
	FIELD_END,
};
static const struct schema set_schema =
    SCHEMA("SilenceSeriesSet", struct silence_series, set_fields);

struct list_in {
	struct series_filter f;
	struct page          page;
};
static const struct field list_fields[] = {
	COLUMN_NULL(struct list_in, f.state),
	COLUMN(struct list_in, f.now),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("SilenceSeriesListIn", struct list_in, list_fields);

struct at_in {
	struct uuid id;
	instant     now;
};
static const struct field at_fields[] = {
	COLUMN(struct at_in, id),
	COLUMN(struct at_in, now),
	FIELD_END,
};
static const struct schema at_in = SCHEMA("SilenceSeriesAt", struct at_in, at_fields);
static const struct field  now_fields[] = { COLUMN(struct at_in, now), FIELD_END };
static const struct schema now_in = SCHEMA("SilenceSeriesNow", struct at_in, now_fields);

struct count_out {
	int64_t n;
};
static const struct field count_fields[] = {
	COLUMN(struct count_out, n),
	FIELD_END,
};
static const struct schema count_schema =
    SCHEMA("SilenceSeriesCount", struct count_out, count_fields);

#define SERIES_COLUMNS                                                                             \
	"id, matcher, reason, owner, rule, timezone, starts_at, duration_s, made_until, ends_at,"  \
	" created_at, updated_at, ended_at, ended_by"

SQL(series_insert, SQL_TENANT, &series_schema, NULL,
    "INSERT INTO silence_series (" SERIES_COLUMNS ") VALUES (:id, :matcher, :reason, :owner,"
    " :rule, :timezone, :starts_at, :duration_s, :made_until, :ends_at, :created_at, :updated_at,"
    " :ended_at, :ended_by)");
SQL(series_select, SQL_TENANT, &id_in, &series_schema,
    "SELECT " SERIES_COLUMNS " FROM silence_series WHERE id = :id");
SQL(series_select_held, SQL_TENANT, &id_in, &series_schema,
    "SELECT " SERIES_COLUMNS " FROM silence_series WHERE id = :id FOR UPDATE");
SQL(series_update, SQL_TENANT, &set_schema, NULL,
    "UPDATE silence_series SET matcher = :matcher, reason = :reason, rule = :rule,"
    " timezone = :timezone, starts_at = :starts_at, duration_s = :duration_s,"
    " made_until = :made_until, ends_at = :ends_at, updated_at = :updated_at,"
    " ended_at = :ended_at, ended_by = :ended_by WHERE id = :id");
SQL(series_select_list, SQL_TENANT, &list_in, &series_schema,
    "SELECT " SERIES_COLUMNS " FROM silence_series WHERE (:state IS NULL"
    " OR IF(ended_at IS NOT NULL OR ends_at <= :now, 'over', 'active') = :state)"
    " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(series_select_count, SQL_TENANT, &now_in, &count_schema,
    "SELECT COUNT(*) AS n FROM silence_series WHERE ends_at > :now AND ended_at IS NULL");
SQL(series_delete_ahead, SQL_TENANT, &at_in, NULL,
    "DELETE FROM silences WHERE series_id = :id AND starts_at > :now");

bool
series_add(struct db *db, const struct silence_series *s, struct err *e)
{
	return db_run(db, &series_insert, s, NULL, e);
}

bool
series_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct silence_series *s, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &series_select, &in, s, e);
}

bool
series_hold(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct silence_series *s, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &series_select_held, &in, s, e);
}

bool
series_set(struct db *db, const struct silence_series *s, struct err *e)
{
	return db_run(db, &series_update, s, NULL, e);
}

const char *
series_state(const struct silence_series *s, instant now)
{
	return s->ended_at.ms != 0 || s->ends_at.ms <= now.ms ? "over" : "active";
}

bool
series_list(struct tenant_db *t, TALLOC_CTX *mem, const struct series_filter *f, struct page *p,
    struct err *e)
{
	const struct list_in in = { *f, *p };

	return page_read(t->db, mem, &series_select_list, &in, p, e);
}

bool
series_count(struct db *db, TALLOC_CTX *mem, instant now, int64_t *n, struct err *e)
{
	const struct at_in in = { .now = now };
	struct count_out   out;

	if (!db_one(db, mem, &series_select_count, &in, &out, e))
		return false;
	*n = out.n;
	return true;
}

bool
series_drop_ahead(struct db *db, const struct uuid *id, instant now, struct err *e)
{
	const struct at_in in = { *id, now };

	return db_run(db, &series_delete_ahead, &in, NULL, e);
}
