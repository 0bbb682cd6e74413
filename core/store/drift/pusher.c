#include "core/store/drift/pusher.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field row_fields[] = {
	COLUMN(struct pusher_row, config_id),
	COLUMN(struct pusher_row, pusher),
	COLUMN(struct pusher_row, name),
	COLUMN(struct pusher_row, late_runs),
	COLUMN(struct pusher_row, late_by_s),
	COLUMN(struct pusher_row, refused_runs),
	COLUMN_NULL(struct pusher_row, refused_at),
	COLUMN_NULL(struct pusher_row, refused_code),
	COLUMN_NULL(struct pusher_row, refused_why),
	COLUMN(struct pusher_row, seen_at),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("StoredPusher", struct pusher_row, row_fields);
static const struct field  one_fields[] = {
	 COLUMN(struct pusher_row, config_id),
	 COLUMN(struct pusher_row, pusher),
	 FIELD_END,
};
static const struct schema one_in = SCHEMA("PusherIn", struct pusher_row, one_fields);

#define PUSHER_COLUMNS                                                                             \
	"config_id, pusher, name, late_runs, late_by_s, refused_runs, refused_at, refused_code,"   \
	" refused_why, seen_at"

SQL(pusher_select, SQL_TENANT, &id_in, &row_schema,
    "SELECT " PUSHER_COLUMNS " FROM config_pushers WHERE config_id = :id"
    " ORDER BY seen_at DESC, pusher LIMIT 100");
_Static_assert(PUSHERS_MAX == 100, "as in the statement");
SQL(pusher_select_one, SQL_TENANT, &one_in, &row_schema,
    "SELECT " PUSHER_COLUMNS
    " FROM config_pushers WHERE config_id = :config_id AND pusher = :pusher");
SQL(pusher_upsert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO config_pushers (" PUSHER_COLUMNS ") VALUES (:config_id, :pusher, :name,"
    " :late_runs, :late_by_s, :refused_runs, :refused_at, :refused_code, :refused_why, :seen_at)"
    " ON DUPLICATE KEY UPDATE name = VALUES(name), late_runs = VALUES(late_runs),"
    " late_by_s = VALUES(late_by_s), refused_runs = VALUES(refused_runs),"
    " refused_at = VALUES(refused_at), refused_code = VALUES(refused_code),"
    " refused_why = VALUES(refused_why), seen_at = VALUES(seen_at)");

void
pusher_ask(struct trip *trip, const struct uuid *config, struct pusher_row **rows, size_t *n)
{
	const struct id_in in = { *config };

	trip_all(trip, &pusher_select, &in, INTO(rows, n, PUSHERS_MAX));
}

bool
pusher_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct pusher_row **rows,
    size_t *n, struct err *e)
{
	const struct id_in in = { *config };

	return db_all(db, mem, &pusher_select, &in, INTO(rows, n, PUSHERS_MAX), e);
}

bool
pusher_of(struct db *db, TALLOC_CTX *mem, const struct uuid *config, const struct uuid *pusher,
    struct pusher_row *row, struct err *e)
{
	const struct pusher_row in = { .config_id = *config, .pusher = *pusher };

	return db_one(db, mem, &pusher_select_one, &in, row, e);
}

bool
pusher_put(struct db *db, const struct pusher_row *rows, size_t n, struct err *e)
{
	return n == 0 || tx_later_many(db, &pusher_upsert, rows, n, e);
}
