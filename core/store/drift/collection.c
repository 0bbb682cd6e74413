#include "core/store/drift/collection.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field row_fields[] = {
	COLUMN(struct collection_row, config_id),
	COLUMN(struct collection_row, category),
	COLUMN_NULL(struct collection_row, baseline_snapshot),
	COLUMN_NULL(struct collection_row, baseline_seq),
	COLUMN(struct collection_row, baseline_late),
	COLUMN(struct collection_row, how),
	COLUMN_NULL(struct collection_row, kept_snapshot),
	COLUMN_NULL(struct collection_row, kept_seq),
	COLUMN_NULL(struct collection_row, complete_at),
	COLUMN(struct collection_row, incomplete_runs),
	COLUMN_NULL(struct collection_row, blind_since),
	COLUMN_NULL(struct collection_row, read_by),
	COLUMN_NULL(struct collection_row, read_at),
	COLUMN(struct collection_row, left_out),
	COLUMN(struct collection_row, held),
	COLUMN(struct collection_row, unsettled),
	COLUMN_NULL(struct collection_row, look_report),
	COLUMN(struct collection_row, look_due),
	COLUMN(struct collection_row, checks),
	COLUMN(struct collection_row, clean),
	FIELD_END,
};
static const struct schema row_schema =
    SCHEMA("StoredCollection", struct collection_row, row_fields);

#define COLLECTION_COLUMNS                                                                         \
	"config_id, category, baseline_snapshot, baseline_seq, baseline_late, how, kept_snapshot," \
	" kept_seq, complete_at, incomplete_runs, blind_since, read_by, read_at, left_out, held,"  \
	" unsettled, look_report, look_due, checks, clean"

SQL(collection_select, SQL_TENANT, &id_in, &row_schema,
    "SELECT " COLLECTION_COLUMNS
    " FROM config_collections WHERE config_id = :id ORDER BY category");
SQL(collection_upsert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO config_collections (" COLLECTION_COLUMNS
    ") VALUES (:config_id, :category, :baseline_snapshot, :baseline_seq, :baseline_late, :how,"
    " :kept_snapshot, :kept_seq, :complete_at, :incomplete_runs, :blind_since, :read_by,"
    " :read_at, :left_out, :held, :unsettled, :look_report, :look_due, :checks, :clean)"
    " ON DUPLICATE KEY UPDATE"
    " baseline_snapshot = VALUES(baseline_snapshot), baseline_seq = VALUES(baseline_seq),"
    " baseline_late = VALUES(baseline_late), how = VALUES(how),"
    " kept_snapshot = VALUES(kept_snapshot), kept_seq = VALUES(kept_seq),"
    " complete_at = VALUES(complete_at), incomplete_runs = VALUES(incomplete_runs),"
    " blind_since = VALUES(blind_since), read_by = VALUES(read_by), read_at = VALUES(read_at), "
    "left_out = VALUES(left_out),"
    " held = VALUES(held), unsettled = VALUES(unsettled), look_report = VALUES(look_report), "
    "look_due = VALUES(look_due), checks = VALUES(checks), clean = VALUES(clean)");

bool
collection_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct collection_row **rows, size_t *n, struct err *e)
{
	const struct id_in in = { *config };

	return db_all_packed(db, mem, &collection_select, &in, INTO(rows, n, COLLECTIONS_MAX), e);
}

void
collection_ask(
    struct trip *trip, const struct uuid *config, struct collection_row **rows, size_t *n)
{
	const struct id_in in = { *config };

	trip_all_packed(trip, &collection_select, &in, INTO(rows, n, COLLECTIONS_MAX));
}

SQL(collection_update_look, SQL_TENANT, &id_in, NULL,
    "UPDATE config_collections SET look_due = TRUE WHERE config_id = :id");

bool
collection_look_again(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return tx_later(db, &collection_update_look, &in, e);
}

static const struct field let_go_fields[] = {
	COLUMN(struct collection_row, config_id),
	COLUMN(struct collection_row, category),
	COLUMN(struct collection_row, read_at),
	FIELD_END,
};
static const struct schema let_go_in =
    SCHEMA("CollectionLetGo", struct collection_row, let_go_fields);

SQL(collection_update_let_go, SQL_TENANT, &let_go_in, NULL,
    "UPDATE config_collections SET read_at = GREATEST(COALESCE(read_at, :read_at), :read_at)"
    " WHERE config_id = :config_id AND category = :category");

bool
collection_let_go(struct db *db, const struct collection_row *rows, size_t n, struct err *e)
{
	return tx_later_many(db, &collection_update_let_go, rows, n, e);
}

bool
collection_put(struct db *db, const struct collection_row *rows, size_t n, struct err *e)
{
	return tx_later_many(db, &collection_upsert, rows, n, e);
}
