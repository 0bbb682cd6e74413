#include "core/store/drift/silence.h"
#include "core/store/id_list.h"

static const struct field silence_fields[] = {
	COLUMN(struct silence, id),
	COLUMN(struct silence, kind),
	COLUMN(struct silence, matcher),
	COLUMN(struct silence, reason),
	COLUMN(struct silence, owner),
	COLUMN(struct silence, starts_at),
	COLUMN(struct silence, expires_at),
	COLUMN(struct silence, created_at),
	COLUMN_NULL(struct silence, ended_at),
	COLUMN_NULL(struct silence, ended_by),
	COLUMN_NULL(struct silence, series_id),
	FIELD_END,
};
static const struct schema silence_schema = SCHEMA("StoredSilence", struct silence, silence_fields);

#define SILENCE_COLUMNS                                                                            \
	"id, kind, matcher, reason, owner, starts_at, expires_at, created_at, ended_at, ended_by," \
	" series_id"

struct list_in {
	struct silence_filter f;
	struct page           page;
};
static const struct field list_fields[] = {
	COLUMN_NULL(struct list_in, f.kind),
	COLUMN_NULL(struct list_in, f.state),
	COLUMN(struct list_in, f.now),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("SilenceListIn", struct list_in, list_fields);

struct ahead_in {
	instant now;
	int64_t limit;
};
static const struct field ahead_fields[] = {
	COLUMN(struct ahead_in, now),
	COLUMN(struct ahead_in, limit),
	FIELD_END,
};
static const struct schema ahead_in = SCHEMA("SilenceAheadIn", struct ahead_in, ahead_fields);

struct end_in {
	instant     now;
	const char *by;
	struct uuid id;
};
static const struct field end_fields[] = {
	COLUMN(struct end_in, now),
	COLUMN(struct end_in, by),
	COLUMN(struct end_in, id),
	FIELD_END,
};
static const struct schema end_in = SCHEMA("SilenceEndIn", struct end_in, end_fields);

static const struct field cover_fields[] = {
	COLUMN(struct silence_cover, by),
	COLUMN(struct silence_cover, changes),
	FIELD_END,
};
static const struct schema cover_schema =
    SCHEMA("SilenceCover", struct silence_cover, cover_fields);

SQL(silence_insert, SQL_TENANT, &silence_schema, NULL,
    "INSERT INTO silences (" SILENCE_COLUMNS ") VALUES (:id, :kind, :matcher, :reason, :owner,"
    " :starts_at, :expires_at, :created_at, :ended_at, :ended_by, :series_id)");
SQL(silence_select, SQL_TENANT, &id_in, &silence_schema,
    "SELECT " SILENCE_COLUMNS " FROM silences WHERE id = :id");
SQL(silence_select_list, SQL_TENANT, &list_in, &silence_schema,
    "SELECT " SILENCE_COLUMNS " FROM silences WHERE (:kind IS NULL OR kind = :kind)"
    " AND (:state IS NULL OR CASE WHEN ended_at IS NOT NULL OR expires_at <= :now THEN 'expired'"
    " WHEN starts_at > :now THEN 'scheduled' ELSE 'active' END = :state)"
    " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(silence_select_ahead, SQL_TENANT, &ahead_in, &silence_schema,
    "SELECT " SILENCE_COLUMNS " FROM silences WHERE expires_at > :now AND ended_at IS NULL"
    " ORDER BY id LIMIT :limit");
SQL(silence_update_end, SQL_TENANT, &end_in, NULL,
    "UPDATE silences SET ended_at = :now, ended_by = :by"
    " WHERE id = :id AND ended_at IS NULL AND expires_at > :now");
SQL(silence_select_covers, SQL_TENANT, NULL, &cover_schema,
    "SELECT j.suppressed_by AS `by`, CAST(SUM(j.changes) AS SIGNED) AS changes"
    " FROM config_state s JOIN drift_reports r ON r.id = s.report_id,"
    " JSON_TABLE(r.suppressed, '$[*]' COLUMNS (suppressed_by VARCHAR(64) PATH '$.by',"
    " changes BIGINT PATH '$.changes')) j GROUP BY j.suppressed_by");

bool
silence_add(struct db *db, const struct silence *s, struct err *e)
{
	return db_run(db, &silence_insert, s, NULL, e);
}

bool
silence_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct silence *s, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &silence_select, &in, s, e);
}

const char *
silence_state(const struct silence *s, instant now)
{
	if (s->ended_at.ms != 0 || s->expires_at.ms <= now.ms)
		return "expired";
	return s->starts_at.ms > now.ms ? "scheduled" : "active";
}

bool
silence_list(struct tenant_db *t, TALLOC_CTX *mem, const struct silence_filter *f, struct page *p,
    struct err *e)
{
	const struct list_in in = { *f, *p };

	return page_read(t->db, mem, &silence_select_list, &in, p, e);
}

void
silence_ahead_ask(struct trip *trip, instant now, struct silence **rows, size_t *n)
{
	const struct ahead_in in = { now, SILENCES_MAX };

	trip_all(trip, &silence_select_ahead, &in, INTO(rows, n, SILENCES_MAX));
}

bool
silence_end(
    struct db *db, const struct uuid *id, instant now, const char *by, bool *done, struct err *e)
{
	const struct end_in in = { now, by, *id };
	uint64_t            n = 0;

	*done = false;
	if (!db_run(db, &silence_update_end, &in, &n, e))
		return false;
	*done = n == 1;
	return true;
}

bool
silence_covers(
    struct tenant_db *t, TALLOC_CTX *mem, struct silence_cover **rows, size_t *n, struct err *e)
{
	return db_all(t->db, mem, &silence_select_covers, NULL, INTO(rows, n, SILENCES_MAX), e);
}
