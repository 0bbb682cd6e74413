#include "core/store/drift/rename.h"

#include "core/store/id_list.h"

/* ---- resources ---- */

#define R(m) COLUMN(struct rename, m)
static const struct field read_fields[] = {
	R(was_id),
	R(was_category),
	R(was_key),
	FIELD_END,
};
static const struct schema read_out = SCHEMA("RenameRead", struct rename, read_fields);
static const struct field  resource_fields[] = {
	 R(was_id),
	 R(is_id),
	 R(category),
	 R(key),
	 FIELD_END,
};
static const struct schema resource_in = SCHEMA("RenameResource", struct rename, resource_fields);
static const struct field  id_fields[] = {
	 R(was_id),
	 R(is_id),
	 FIELD_END,
};
static const struct schema ids_in = SCHEMA("RenameIds", struct rename, id_fields);
static const struct field  own_fields[] = {
	 R(config_id),
	 R(was_id),
	 R(is_id),
	 FIELD_END,
};
static const struct schema own_in = SCHEMA("RenameOwn", struct rename, own_fields);
static const struct field  daily_fields[] = {
	 R(config_id),
	 R(category),
	 R(key),
	 R(was_name),
	 R(is_name),
	 FIELD_END,
};
static const struct schema daily_in = SCHEMA("RenameDaily", struct rename, daily_fields);

SQL(rename_select, SQL_TENANT, &id_in, &read_out,
    "SELECT id AS was_id, category AS was_category, `key` AS was_key FROM resources"
    " WHERE config_id = :id ORDER BY category, `key`");
SQL(rename_resource, SQL_TENANT, &resource_in, NULL,
    "UPDATE resources SET id = :is_id, category = :category, `key` = :key WHERE id = :was_id");
SQL(rename_versions, SQL_TENANT, &ids_in, NULL,
    "UPDATE resource_versions SET resource_id = :is_id WHERE resource_id = :was_id");
SQL(rename_unsettled, SQL_TENANT, &own_in, NULL,
    "UPDATE config_unsettled SET resource_id = :is_id"
    " WHERE config_id = :config_id AND resource_id = :was_id");
SQL(rename_daily, SQL_TENANT, &daily_in, NULL,
    "UPDATE drift_daily SET name = :is_name, category = :category, label = :key"
    " WHERE config_id = :config_id AND kind = 'resource' AND name = :was_name");

bool
rename_read(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct rename **rows,
    size_t *n, struct err *e)
{
	const struct id_in in = { *config };

	return db_all_packed(db, mem, &rename_select, &in, INTO(rows, n, SIZE_MAX), e);
}

bool
rename_resources(struct db *db, const struct rename *list, size_t n, struct err *e)
{
	return db_run_many(db, &rename_resource, list, n, e) &&
	       db_run_many(db, &rename_versions, list, n, e) &&
	       db_run_many(db, &rename_unsettled, list, n, e) &&
	       db_run_many(db, &rename_daily, list, n, e);
}

/* ---- collections ---- */

#define C(m) COLUMN(struct rename_collection, m)
static const struct field was_fields[] = {
	C(was),
	FIELD_END,
};
static const struct schema was_out = SCHEMA("RenameWas", struct rename_collection, was_fields);
static const struct field  collection_fields[] = {
	 C(config_id),
	 C(was),
	 C(is),
	 FIELD_END,
};
static const struct schema collection_in =
    SCHEMA("RenameCollection", struct rename_collection, collection_fields);
static const struct field json_fields[] = {
	C(config_id),
	C(was_json),
	C(is_json),
	FIELD_END,
};
static const struct schema json_in = SCHEMA("RenameJson", struct rename_collection, json_fields);

SQL(rename_select_collections, SQL_TENANT, &id_in, &was_out,
    "SELECT category AS was FROM config_collections WHERE config_id = :id ORDER BY category");
SQL(rename_collection, SQL_TENANT, &collection_in, NULL,
    "UPDATE config_collections SET category = :is WHERE config_id = :config_id AND category = "
    ":was");
SQL(rename_told, SQL_TENANT, &json_in, NULL,
    "UPDATE config_snapshots FORCE INDEX (config) SET collections = REPLACE(collections, :was_json,"
    " :is_json) WHERE config_id = :config_id");

SQL(rename_held, SQL_TENANT, &json_in, NULL,
    "UPDATE config_state SET held = REPLACE(held, :was_json, :is_json)"
    " WHERE config_id = :config_id AND held IS NOT NULL");

bool
rename_collections_read(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct rename_collection **rows, size_t *n, struct err *e)
{
	const struct id_in in = { *config };

	return db_all(db, mem, &rename_select_collections, &in, INTO(rows, n, SIZE_MAX), e);
}

bool
rename_collections(struct db *db, const struct rename_collection *list, size_t n, struct err *e)
{
	return db_run_many(db, &rename_collection, list, n, e) &&
	       db_run_many(db, &rename_told, list, n, e) &&
	       db_run_many(db, &rename_held, list, n, e);
}
