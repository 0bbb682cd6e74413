#include "core/store/drift/trend.h"
#include "core/store/tx.h"

struct config_in {
	struct uuid config_id;
};
static const struct field config_fields[] = {
	COLUMN(struct config_in, config_id),
	FIELD_END,
};
static const struct schema config_in = SCHEMA("TrendIn", struct config_in, config_fields);

static const struct field trend_fields[] = {
	COLUMN(struct trend_row, config_id),
	COLUMN(struct trend_row, checks),
	COLUMN(struct trend_row, flapping),
	COLUMN(struct trend_row, anomalous),
	COLUMN(struct trend_row, counts),
	COLUMN_NULL(struct trend_row, collections),
	FIELD_END,
};
static const struct schema trend_schema = SCHEMA("StoredTrend", struct trend_row, trend_fields);

static const struct field flap_fields[] = {
	COLUMN(struct flap_row, config_id),
	COLUMN(struct flap_row, fingerprint),
	COLUMN_NULL(struct flap_row, value_hash),
	COLUMN(struct flap_row, bits),
	COLUMN(struct flap_row, checked),
	COLUMN(struct flap_row, flapping),
	COLUMN_NULL(struct flap_row, category),
	FIELD_END,
};
static const struct schema flap_schema = SCHEMA("StoredFlap", struct flap_row, flap_fields);

static const struct field key_fields[] = {
	COLUMN(struct flap_row, config_id),
	COLUMN(struct flap_row, fingerprint),
	FIELD_END,
};
static const struct schema key_in = SCHEMA("FlapKeyIn", struct flap_row, key_fields);

#define TREND_COLUMNS "config_id, checks, flapping, anomalous, counts, collections"

SQL(trend_select, SQL_TENANT, &config_in, &trend_schema,
    "SELECT " TREND_COLUMNS " FROM drift_trends WHERE config_id = :config_id");
SQL(trend_upsert, SQL_TENANT, &trend_schema, NULL,
    "INSERT INTO drift_trends (" TREND_COLUMNS
    ") VALUES (:config_id, :checks, :flapping, :anomalous, :counts, :collections)"
    " ON DUPLICATE KEY UPDATE checks = VALUES(checks), flapping = VALUES(flapping),"
    " anomalous = VALUES(anomalous), counts = VALUES(counts), collections = VALUES(collections)");
SQL(trend_delete, SQL_TENANT, &config_in, NULL,
    "DELETE FROM drift_trends"
    " WHERE config_id = :config_id");
SQL(trend_delete_flaps, SQL_TENANT, &config_in, NULL,
    "DELETE FROM drift_flaps WHERE config_id = :config_id");

SQL(flap_select, SQL_TENANT, &config_in, &flap_schema,
    "SELECT config_id, fingerprint, value_hash, bits, checked, flapping, category FROM drift_flaps"
    " WHERE config_id = :config_id ORDER BY fingerprint");
SQL(flap_upsert, SQL_TENANT, &flap_schema, NULL,
    "INSERT INTO drift_flaps (config_id, fingerprint, value_hash, bits, checked, flapping,"
    " category) VALUES (:config_id, :fingerprint, :value_hash, :bits, :checked, :flapping, "
    ":category)"
    " ON DUPLICATE KEY UPDATE value_hash = VALUES(value_hash),"
    " bits = VALUES(bits), checked = VALUES(checked), flapping = VALUES(flapping),"
    " category = VALUES(category)");
SQL(flap_delete, SQL_TENANT, &key_in, NULL,
    "DELETE FROM drift_flaps WHERE config_id = :config_id AND fingerprint = :fingerprint");

bool
trend_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct trend_row *row, struct err *e)
{
	const struct config_in in = { *config };

	if (db_one(db, mem, &trend_select, &in, row, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	*row = (struct trend_row) { .config_id = *config, .counts = talloc_strdup(mem, "[]") };
	return row->counts != NULL || err_memory(e);
}

bool
trend_set(struct db *db, const struct trend_row *row, struct err *e)
{
	return tx_later(db, &trend_upsert, row, e);
}

bool
trend_drop(struct db *db, const struct uuid *config, struct err *e)
{
	const struct config_in in = { *config };

	return tx_later(db, &trend_delete, &in, e) && tx_later(db, &trend_delete_flaps, &in, e);
}

bool
flap_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct flap_row **rows,
    size_t *n, struct err *e)
{
	const struct config_in in = { *config };

	return db_all(db, mem, &flap_select, &in, INTO(rows, n, FLAPS_MAX), e);
}

bool
flap_put(struct db *db, const struct flap_row *rows, size_t n, struct err *e)
{
	return tx_later_many(db, &flap_upsert, rows, n, e);
}

bool
flap_drop(struct db *db, const struct flap_row *rows, size_t n, struct err *e)
{
	return tx_later_many(db, &flap_delete, rows, n, e);
}
