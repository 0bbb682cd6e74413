#include "core/store/silence.h"

static const struct field  silence_fields[] = { COLUMN(struct silence, id),
	 COLUMN(struct silence, matcher), COLUMN(struct silence, reason),
	 COLUMN(struct silence, owner), COLUMN(struct silence, starts_at),
	 COLUMN(struct silence, expires_at), COLUMN(struct silence, created_at), FIELD_END };
static const struct schema silence_schema = SCHEMA("StoredSilence", struct silence, silence_fields);

#define SILENCE_COLUMNS "id, matcher, reason, owner, starts_at, expires_at, created_at"

struct id_in {
	struct uuid id;
};
static const struct field  id_fields[] = { COLUMN(struct id_in, id), FIELD_END };
static const struct schema id_in = SCHEMA("SilenceId", struct id_in, id_fields);

struct list_in {
	struct uuid after;
	int64_t     limit;
};
static const struct field  list_fields[] = { COLUMN_NULL(struct list_in, after),
	 COLUMN_AS_NULL(struct list_in, after, "after_again"), COLUMN(struct list_in, limit),
	 FIELD_END };
static const struct schema list_in = SCHEMA("SilenceListIn", struct list_in, list_fields);

struct force_in {
	instant now;
	int64_t limit;
};
static const struct field  force_fields[] = { COLUMN(struct force_in, now),
	 COLUMN_AS(struct force_in, now, "now_again"), COLUMN(struct force_in, limit), FIELD_END };
static const struct schema force_in = SCHEMA("SilenceForceIn", struct force_in, force_fields);

SQL(silence_insert, SQL_TENANT, &silence_schema, NULL,
    "INSERT INTO silences (" SILENCE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)");
SQL(silence_select, SQL_TENANT, &id_in, &silence_schema,
    "SELECT " SILENCE_COLUMNS " FROM silences WHERE id = ?");
SQL(silence_select_list, SQL_TENANT, &list_in, &silence_schema,
    "SELECT " SILENCE_COLUMNS
    " FROM silences WHERE (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?");
SQL(silence_select_force, SQL_TENANT, &force_in, &silence_schema,
    "SELECT " SILENCE_COLUMNS " FROM silences WHERE expires_at > ? AND starts_at <= ?"
    " ORDER BY id LIMIT ?");
SQL(silence_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM silences WHERE id = ?");

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

bool
silence_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *after, size_t limit,
    struct silence **rows, size_t *n, struct err *e)
{
	const struct list_in in = { *after, (int64_t)limit };

	return db_all(t->db, mem, &silence_select_list, &in, limit, rows, n, e);
}

bool
silence_in_force(
    struct db *db, TALLOC_CTX *mem, instant now, struct silence **rows, size_t *n, struct err *e)
{
	const struct force_in in = { now, SILENCES_MAX };

	return db_all(db, mem, &silence_select_force, &in, SILENCES_MAX, rows, n, e);
}

bool
silence_drop(struct db *db, const struct uuid *id, bool *done, struct err *e)
{
	const struct id_in in = { *id };
	uint64_t           n = 0;

	*done = false;
	if (!db_run(db, &silence_delete, &in, &n, e))
		return false;
	*done = n == 1;
	return true;
}
