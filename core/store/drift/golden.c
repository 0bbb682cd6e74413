#include "core/store/drift/golden.h"

#include "core/store/drift/history.h"
#include "core/store/id_list.h"

static const struct field golden_fields[] = {
	COLUMN(struct golden, id),
	COLUMN(struct golden, name),
	COLUMN(struct golden, description),
	COLUMN(struct golden, shared),
	COLUMN(struct golden, version),
	COLUMN(struct golden, revision),
	COLUMN(struct golden, address),
	COLUMN(struct golden, resources),
	COLUMN(struct golden, masked),
	COLUMN(struct golden, created_at),
	COLUMN(struct golden, updated_at),
	FIELD_END,
};
static const struct schema golden_schema = SCHEMA("StoredGolden", struct golden, golden_fields);

#define GOLDEN_COLUMNS                                                                             \
	"id, name, description, shared, version, revision, address, resources, masked,"            \
	" created_at, updated_at"

/* ---- templates ---- */

SQL(golden_insert, SQL_TENANT, &golden_schema, NULL,
    "INSERT INTO golden_baselines (" GOLDEN_COLUMNS ") VALUES (:id, :name, :description, :shared,"
    " :version, :revision, :address, :resources, :masked, :created_at, :updated_at)");
SQL(golden_select, SQL_TENANT, &id_in, &golden_schema,
    "SELECT " GOLDEN_COLUMNS " FROM golden_baselines WHERE id = :id");
SQL(golden_select_lock, SQL_TENANT, &id_in, &golden_schema,
    "SELECT " GOLDEN_COLUMNS " FROM golden_baselines WHERE id = :id FOR UPDATE");

bool
golden_add(struct db *db, const struct golden *g, struct err *e)
{
	return db_run(db, &golden_insert, g, NULL, e);
}

bool
golden_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct golden *g, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &golden_select, &in, g, e);
}

bool
golden_lock(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct golden *g, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &golden_select_lock, &in, g, e);
}

SQL(golden_select_list, SQL_TENANT, &page_schema, &golden_schema,
    "SELECT " GOLDEN_COLUMNS
    " FROM golden_baselines WHERE (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");

bool
golden_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(db, mem, &golden_select_list, p, e);
}

static const struct field set_fields[] = {
	COLUMN(struct golden, name),
	COLUMN(struct golden, description),
	COLUMN(struct golden, shared),
	COLUMN(struct golden, version),
	COLUMN(struct golden, address),
	COLUMN(struct golden, resources),
	COLUMN(struct golden, masked),
	COLUMN(struct golden, updated_at),
	COLUMN(struct golden, id),
	COLUMN(struct golden, revision),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("GoldenSetIn", struct golden, set_fields);

SQL(golden_update, SQL_TENANT, &set_in, NULL,
    "UPDATE golden_baselines SET name = :name, description = :description, shared = :shared,"
    " version = :version, address = :address,"
    " resources = :resources, masked = :masked, updated_at = :updated_at, revision = revision + 1"
    " WHERE id = :id AND revision = :revision");

bool
golden_set(struct db *db, const struct golden *g, bool *done, struct err *e)
{
	uint64_t n = 0;

	*done = false;
	if (!db_run(db, &golden_update, g, &n, e))
		return false;
	*done = n == 1;
	return true;
}

SQL(golden_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM golden_baselines WHERE id = :id");
SQL(golden_delete_versions, SQL_TENANT, &id_in, NULL,
    "DELETE FROM golden_versions WHERE golden_id = :id");

bool
golden_drop(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct err *e)
{
	const struct id_in in = { *id };

	return db_run(db, &golden_delete, &in, NULL, e) &&
	       db_run(db, &golden_delete_versions, &in, NULL, e) && history_release(db, mem, id, e);
}

/* ---- versions ---- */

static const struct field version_fields[] = {
	COLUMN(struct golden_version, golden_id),
	COLUMN(struct golden_version, version),
	COLUMN(struct golden_version, address),
	COLUMN(struct golden_version, author),
	COLUMN(struct golden_version, at),
	FIELD_END,
};
static const struct schema version_schema =
    SCHEMA("GoldenVersion", struct golden_version, version_fields);

#define VERSION_COLUMNS "golden_id, version, address, author, at"

struct version_in {
	struct uuid id;
	uint64_t    version;
};
static const struct field version_in_fields[] = {
	COLUMN(struct version_in, id),
	COLUMN(struct version_in, version),
	FIELD_END,
};
static const struct schema version_in =
    SCHEMA("GoldenVersionIn", struct version_in, version_in_fields);

SQL(golden_version_insert, SQL_TENANT, &version_schema, NULL,
    "INSERT INTO golden_versions (" VERSION_COLUMNS ") VALUES (:golden_id, :version, :address,"
    " :author, :at)");
SQL(golden_version_select, SQL_TENANT, &version_in, &version_schema,
    "SELECT " VERSION_COLUMNS " FROM golden_versions WHERE golden_id = :id AND version = :version");
SQL(golden_version_list, SQL_TENANT, &id_in, &version_schema,
    "SELECT " VERSION_COLUMNS
    " FROM golden_versions WHERE golden_id = :id ORDER BY version DESC LIMIT 200");

bool
golden_version_add(struct db *db, const struct golden_version *v, struct err *e)
{
	const struct manifest_ref ref = { v->golden_id, v->address };

	return db_run(db, &golden_version_insert, v, NULL, e) && history_refer(db, &ref, 1, e);
}

bool
golden_version_of(struct db *db, TALLOC_CTX *mem, const struct uuid *id, uint64_t version,
    struct golden_version *v, struct err *e)
{
	const struct version_in in = { *id, version };

	return db_one(db, mem, &golden_version_select, &in, v, e);
}

bool
golden_versions(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct golden_version **rows,
    size_t *n, struct err *e)
{
	const struct id_in in = { *id };

	return db_all(db, mem, &golden_version_list, &in, INTO(rows, n, GOLDEN_VERSIONS_SHOWN), e);
}

/* ---- bindings ---- */

static const struct field binding_fields[] = {
	COLUMN(struct golden_binding, config_id),
	COLUMN(struct golden_binding, golden_id),
	COLUMN(struct golden_binding, shared),
	COLUMN(struct golden_binding, golden_version),
	COLUMN(struct golden_binding, config_version),
	COLUMN(struct golden_binding, snapshot_id),
	COLUMN(struct golden_binding, body),
	COLUMN_NULL(struct golden_binding, recheck_at),
	COLUMN_NULL(struct golden_binding, stale_version),
	COLUMN_NULL(struct golden_binding, stale_why),
	COLUMN(struct golden_binding, bound_by),
	COLUMN(struct golden_binding, bound_at),
	FIELD_END,
};
static const struct schema binding_schema =
    SCHEMA("GoldenBinding", struct golden_binding, binding_fields);

#define BINDING_COLUMNS                                                                            \
	"config_id, golden_id, shared, golden_version, config_version, snapshot_id, body,"         \
	" recheck_at, stale_version, stale_why, bound_by, bound_at"

SQL(golden_binding_insert, SQL_TENANT, &binding_schema, NULL,
    "REPLACE INTO golden_bindings (" BINDING_COLUMNS
    ") VALUES (:config_id, :golden_id, :shared, :golden_version, :config_version, :snapshot_id,"
    " :body, :recheck_at, :stale_version, :stale_why, :bound_by, :bound_at)");
SQL(golden_binding_select, SQL_TENANT, &id_in, &binding_schema,
    "SELECT " BINDING_COLUMNS " FROM golden_bindings WHERE config_id = :id");
SQL(golden_binding_delete, SQL_TENANT, &id_in, NULL,
    "DELETE FROM golden_bindings WHERE config_id = :id");

bool
golden_binding_put(struct db *db, const struct golden_binding *b, struct err *e)
{
	return db_run(db, &golden_binding_insert, b, NULL, e);
}

bool
golden_binding_of(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct golden_binding *b, struct err *e)
{
	const struct id_in in = { *config };

	return db_one(db, mem, &golden_binding_select, &in, b, e);
}

bool
golden_binding_drop(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return db_run(db, &golden_binding_delete, &in, NULL, e);
}

struct count_out {
	int64_t n;
};
static const struct field count_fields[] = {
	COLUMN(struct count_out, n),
	FIELD_END,
};
static const struct schema count_out = SCHEMA("GoldenCount", struct count_out, count_fields);

SQL(golden_count_bound, SQL_TENANT, &id_in, &count_out,
    "SELECT COUNT(*) AS n FROM golden_bindings WHERE golden_id = :id");

bool
golden_bound(struct db *db, const struct uuid *golden, int64_t *n, struct err *e)
{
	const struct id_in in = { *golden };
	struct count_out   out;
	TALLOC_CTX        *tmp = talloc_new(NULL);
	bool               ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = db_one(db, tmp, &golden_count_bound, &in, &out, e);
	*n = ok ? out.n : 0;
	talloc_free(tmp);
	return ok;
}
