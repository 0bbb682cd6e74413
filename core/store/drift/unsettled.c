#include "core/store/drift/unsettled.h"

#include "core/store/drift/collection.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field row_fields[] = {
	COLUMN(struct unsettled, config_id),
	COLUMN(struct unsettled, resource_id),
	COLUMN(struct unsettled, seq),
	COLUMN(struct unsettled, snapshot_id),
	COLUMN(struct unsettled, told),
	FIELD_END,
};
static const struct schema row_in = SCHEMA("UnsettledIn", struct unsettled, row_fields);
static const struct field  read_fields[] = {
	 COLUMN(struct unsettled, config_id),
	 COLUMN(struct unsettled, resource_id),
	 COLUMN(struct unsettled, category),
	 COLUMN(struct unsettled, key),
	 COLUMN(struct unsettled, seq),
	 COLUMN(struct unsettled, snapshot_id),
	 COLUMN(struct unsettled, told),
	 COLUMN_NULL(struct unsettled, from_seq),
	 COLUMN_NULL(struct unsettled, address),
	 FIELD_END,
};
static const struct schema read_out = SCHEMA("Unsettled", struct unsettled, read_fields);
static const struct field  place_fields[] = {
	 COLUMN(struct unsettled, config_id),
	 COLUMN(struct unsettled, resource_id),
	 FIELD_END,
};
static const struct schema place_in = SCHEMA("UnsettledPlace", struct unsettled, place_fields);
static const struct field  category_fields[] = {
	 COLUMN(struct collection_row, config_id),
	 COLUMN(struct collection_row, category),
	 FIELD_END,
};
static const struct schema category_in =
    SCHEMA("UnsettledCollection", struct collection_row, category_fields);

SQL(unsettled_select, SQL_TENANT, &id_in, &read_out,
    "SELECT u.config_id, u.resource_id, r.category, r.`key`, u.seq, u.snapshot_id, u.told,"
    " v.from_seq, v.address FROM config_unsettled u"
    " STRAIGHT_JOIN resources r ON r.id = u.resource_id"
    " LEFT JOIN resource_versions v ON v.resource_id = u.resource_id AND v.from_seq <= u.seq"
    " AND (v.until_seq IS NULL OR v.until_seq > u.seq)"
    " WHERE u.config_id = :id ORDER BY r.category, r.`key`");
SQL(unsettled_upsert, SQL_TENANT, &row_in, NULL,
    "INSERT INTO config_unsettled (config_id, resource_id, seq, snapshot_id, told)"
    " VALUES (:config_id, :resource_id, :seq, :snapshot_id, :told)"
    " ON DUPLICATE KEY UPDATE seq = VALUES(seq), snapshot_id = VALUES(snapshot_id),"
    " told = VALUES(told)");
SQL(unsettled_delete, SQL_TENANT, &place_in, NULL,
    "DELETE FROM config_unsettled WHERE config_id = :config_id AND resource_id = :resource_id");
SQL(unsettled_delete_of, SQL_TENANT, &category_in, NULL,
    "DELETE FROM config_unsettled WHERE config_id = :config_id AND resource_id IN (SELECT r.id"
    " FROM resources r WHERE r.config_id = :config_id AND r.category = :category)");
SQL(unsettled_stir, SQL_TENANT, &id_in, NULL,
    "UPDATE config_state SET config_version = 0, life = life + 1 WHERE config_id = :id"
    " AND EXISTS (SELECT 1 FROM config_unsettled u WHERE u.config_id = :id AND u.told)");

bool
unsettled_read(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct unsettled_list *l,
    struct err *e)
{
	const struct id_in in = { *config };

	return db_all_packed(
	    db, mem, &unsettled_select, &in, INTO(&l->rows, &l->n, 2 * UNSETTLED_MAX), e);
}

bool
unsettled_put(struct db *db, const struct unsettled *rows, size_t n, struct err *e)
{
	return n == 0 || tx_later_many(db, &unsettled_upsert, rows, n, e);
}

bool
unsettled_drop(struct db *db, const struct unsettled *rows, size_t n, struct err *e)
{
	return n == 0 || tx_later_many(db, &unsettled_delete, rows, n, e);
}

bool
unsettled_seen(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return tx_later(db, &unsettled_stir, &in, e);
}

bool
unsettled_drop_collections(
    struct db *db, const struct collection_row *rows, size_t n, struct err *e)
{
	return n == 0 || tx_later_many(db, &unsettled_delete_of, rows, n, e);
}
