#include "core/store/drift/config_template.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field template_fields[] = {
	COLUMN(struct config_template, id),
	COLUMN(struct config_template, name),
	COLUMN(struct config_template, description),
	COLUMN(struct config_template, version),
	COLUMN(struct config_template, revision),
	COLUMN(struct config_template, created_at),
	COLUMN(struct config_template, updated_at),
	FIELD_END,
};
static const struct schema template_schema =
    SCHEMA("StoredConfigTemplate", struct config_template, template_fields);

#define TEMPLATE_COLUMNS "id, name, description, version, revision, created_at, updated_at"

SQL(ctemplate_insert, SQL_TENANT, &template_schema, NULL,
    "INSERT INTO config_templates (" TEMPLATE_COLUMNS ") VALUES (:id, :name, :description,"
    " :version, :revision, :created_at, :updated_at)");
SQL(ctemplate_select, SQL_TENANT, &id_in, &template_schema,
    "SELECT " TEMPLATE_COLUMNS " FROM config_templates WHERE id = :id");
struct name_in {
	const char *name;
};
static const struct field name_fields[] = {
	COLUMN(struct name_in, name),
	FIELD_END,
};
static const struct schema name_in = SCHEMA("ConfigTemplateNamed", struct name_in, name_fields);
SQL(ctemplate_select_named, SQL_TENANT, &name_in, &template_schema,
    "SELECT " TEMPLATE_COLUMNS " FROM config_templates WHERE name = :name");
SQL(ctemplate_select_list, SQL_TENANT, &page_schema, &template_schema,
    "SELECT " TEMPLATE_COLUMNS
    " FROM config_templates WHERE (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(ctemplate_update, SQL_TENANT, &template_schema, NULL,
    "UPDATE config_templates SET name = :name, description = :description, version = :version,"
    " created_at = :created_at, updated_at = :updated_at, revision = revision + 1"
    " WHERE id = :id AND revision = :revision");

bool
ctemplate_add(struct db *db, const struct config_template *t, struct err *e)
{
	return db_run(db, &ctemplate_insert, t, NULL, e);
}

bool
ctemplate_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct config_template *t, struct err *e)
{
	return db_one(db, mem, &ctemplate_select, &(struct id_in) { *id }, t, e);
}

bool
ctemplate_by_name(
    struct db *db, TALLOC_CTX *mem, const char *name, struct config_template *t, struct err *e)
{
	return db_one(db, mem, &ctemplate_select_named, &(struct name_in) { name }, t, e);
}

bool
ctemplate_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(db, mem, &ctemplate_select_list, p, e);
}

bool
ctemplate_set(struct db *db, const struct config_template *t, bool *done, struct err *e)
{
	uint64_t n = 0;

	*done = false;
	if (!db_run(db, &ctemplate_update, t, &n, e))
		return false;
	*done = n == 1;
	return true;
}

struct count_out {
	int64_t n;
};
static const struct field count_fields[] = {
	COLUMN(struct count_out, n),
	FIELD_END,
};
static const struct schema count_out =
    SCHEMA("ConfigTemplateCount", struct count_out, count_fields);

SQL(ctemplate_select_count, SQL_TENANT, NULL, &count_out,
    "SELECT COUNT(*) AS n FROM config_templates");

bool
ctemplate_count(struct db *db, int64_t *n, struct err *e)
{
	TALLOC_CTX      *tmp = talloc_new(NULL);
	struct count_out out = { 0 };
	bool             ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = db_one(db, tmp, &ctemplate_select_count, NULL, &out, e);
	*n = out.n;
	talloc_free(tmp);
	return ok;
}

SQL(ctemplate_select_hold, SQL_TENANT, &id_in, &id_in,
    "SELECT id FROM config_templates WHERE id > :id ORDER BY id LIMIT 1 FOR UPDATE");

bool
ctemplate_hold(struct db *db, struct err *e)
{
	TALLOC_CTX        *tmp = talloc_new(NULL);
	const struct id_in nil = { { { 0 } } };
	struct id_in       first;
	bool               ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = db_one(db, tmp, &ctemplate_select_hold, &nil, &first, e);
	talloc_free(tmp);
	return ok;
}

/* ---- versions ---- */

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
    SCHEMA("ConfigTemplateVersionIn", struct version_in, version_in_fields);
static const struct field version_fields[] = {
	COLUMN(struct ctemplate_version, template_id),
	COLUMN(struct ctemplate_version, version),
	COLUMN(struct ctemplate_version, config),
	COLUMN(struct ctemplate_version, variables),
	COLUMN(struct ctemplate_version, author),
	COLUMN(struct ctemplate_version, at),
	FIELD_END,
};
static const struct schema version_schema =
    SCHEMA("StoredConfigTemplateVersion", struct ctemplate_version, version_fields);

SQL(ctemplate_version_insert, SQL_TENANT, &version_schema, NULL,
    "INSERT INTO config_template_versions (template_id, version, config, variables, author, at)"
    " VALUES (:template_id, :version, :config, :variables, :author, :at)");
SQL(ctemplate_version_select, SQL_TENANT, &version_in, &version_schema,
    "SELECT template_id, version, config, variables, author, at FROM config_template_versions"
    " WHERE template_id = :id AND version = :version");
SQL(ctemplate_version_delete_old, SQL_TENANT, &version_in, NULL,
    "DELETE FROM config_template_versions WHERE template_id = :id"
    " AND version <= :version AND version NOT IN (SELECT version FROM config_template_uses WHERE "
    "template_id = :id)");
SQL(ctemplate_delete, SQL_TENANT, &version_in, NULL,
    "DELETE FROM config_templates WHERE id = :id AND revision = :version");
SQL(ctemplate_delete_versions, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_template_versions WHERE template_id = :id");
SQL(ctemplate_delete_uses, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_template_uses WHERE template_id = :id");
SQL(ctemplate_delete_results, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_template_results WHERE template_id = :id");

bool
ctemplate_version_add(struct db *db, const struct ctemplate_version *v, struct err *e)
{
	const struct version_in old = { v->template_id, v->version - TEMPLATE_VERSIONS_KEPT };

	return db_run(db, &ctemplate_version_insert, v, NULL, e) &&
	       (v->version <= TEMPLATE_VERSIONS_KEPT ||
		   db_run(db, &ctemplate_version_delete_old, &old, NULL, e));
}

bool
ctemplate_version_of(struct db *db, TALLOC_CTX *mem, const struct uuid *id, uint64_t version,
    struct ctemplate_version *v, struct err *e)
{
	const struct version_in in = { *id, version };

	return db_one(db, mem, &ctemplate_version_select, &in, v, e);
}

bool
ctemplate_drop(struct db *db, const struct uuid *id, uint64_t revision, bool *done, struct err *e)
{
	const struct version_in in = { *id, revision };
	const struct id_in      one = { *id };
	uint64_t                n = 0;

	*done = false;
	if (!db_run(db, &ctemplate_delete, &in, &n, e))
		return false;
	*done = n == 1;
	return !*done || (tx_later(db, &ctemplate_delete_versions, &one, e) &&
			     tx_later(db, &ctemplate_delete_uses, &one, e) &&
			     tx_later(db, &ctemplate_delete_results, &one, e));
}

/* ---- where it is ---- */

static const struct field use_fields[] = {
	COLUMN(struct ctemplate_use, id),
	COLUMN(struct ctemplate_use, template_id),
	COLUMN(struct ctemplate_use, tenant_id),
	COLUMN(struct ctemplate_use, slug),
	COLUMN(struct ctemplate_use, variables),
	COLUMN(struct ctemplate_use, version),
	COLUMN(struct ctemplate_use, config_id),
	COLUMN(struct ctemplate_use, kept),
	COLUMN(struct ctemplate_use, outcome),
	COLUMN_NULL(struct ctemplate_use, detail),
	COLUMN(struct ctemplate_use, operation),
	COLUMN(struct ctemplate_use, at),
	FIELD_END,
};
static const struct schema use_schema =
    SCHEMA("StoredConfigTemplateUse", struct ctemplate_use, use_fields);
#define USE_COLUMNS                                                                                \
	"id, template_id, tenant_id, slug, variables, version, config_id, kept, outcome, detail,"  \
	" operation, at"

struct use_in {
	struct page page;
	struct uuid template_id, tenant_id;
	const char *slug;
	uint64_t    unless;
};
static const struct field use_named_fields[] = {
	COLUMN(struct use_in, template_id),
	COLUMN(struct use_in, slug),
	FIELD_END,
};
static const struct schema use_named =
    SCHEMA("ConfigTemplateUseNamed", struct use_in, use_named_fields);
static const struct field use_one_fields[] = {
	COLUMN(struct use_in, template_id),
	COLUMN(struct use_in, tenant_id),
	FIELD_END,
};
static const struct schema use_one = SCHEMA("ConfigTemplateUseOne", struct use_in, use_one_fields);
static const struct field  use_page_fields[] = {
	 PAGE_COLUMNS(struct use_in, page),
	 COLUMN(struct use_in, template_id),
	 FIELD_END,
};
static const struct schema use_page =
    SCHEMA("ConfigTemplateUsePage", struct use_in, use_page_fields);
static const struct field uses_fields[] = {
	COLUMN_AS(struct use_in, page.want, "limit"),
	COLUMN(struct use_in, template_id),
	COLUMN(struct use_in, unless),
	FIELD_END,
};
static const struct schema uses_in = SCHEMA("ConfigTemplateUsesIn", struct use_in, uses_fields);

SQL(ctemplate_use_insert, SQL_TENANT, &use_schema, NULL,
    "INSERT INTO config_template_uses (" USE_COLUMNS ") VALUES (:id, :template_id, :tenant_id,"
    " :slug, :variables, :version, :config_id, :kept, :outcome, :detail, :operation, :at)"
    " ON DUPLICATE KEY UPDATE slug = VALUE(slug), variables = VALUE(variables),"
    " version = VALUE(version), config_id = VALUE(config_id), kept = VALUE(kept),"
    " outcome = VALUE(outcome), detail = VALUE(detail), operation = VALUE(operation),"
    " at = VALUE(at)");
SQL(ctemplate_use_select, SQL_TENANT, &use_one, &use_schema,
    "SELECT " USE_COLUMNS " FROM config_template_uses"
    " WHERE template_id = :template_id AND tenant_id = :tenant_id");
SQL(ctemplate_use_select_named, SQL_TENANT, &use_named, &use_schema,
    "SELECT " USE_COLUMNS " FROM config_template_uses"
    " WHERE template_id = :template_id AND slug = :slug ORDER BY id LIMIT 1");
SQL(ctemplate_use_delete, SQL_TENANT, &use_one, NULL,
    "DELETE FROM config_template_uses WHERE template_id = :template_id AND tenant_id = :tenant_id");
SQL(ctemplate_use_select_page, SQL_TENANT, &use_page, &use_schema,
    "SELECT " USE_COLUMNS " FROM config_template_uses WHERE template_id = :template_id"
    " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(ctemplate_use_select_all, SQL_TENANT, &uses_in, &use_schema,
    "SELECT " USE_COLUMNS " FROM config_template_uses WHERE template_id = :template_id"
    " AND version <> :unless ORDER BY id LIMIT :limit");

bool
ctemplate_use_put(struct db *db, const struct ctemplate_use *u, struct err *e)
{
	return db_run(db, &ctemplate_use_insert, u, NULL, e);
}

bool
ctemplate_use_of(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id,
    const struct uuid *tenant, struct ctemplate_use *u, struct err *e)
{
	const struct use_in in = { .template_id = *template_id, .tenant_id = *tenant };

	return db_one(db, mem, &ctemplate_use_select, &in, u, e);
}

bool
ctemplate_use_named(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id,
    const char *slug, struct ctemplate_use *u, struct err *e)
{
	const struct use_in in = { .template_id = *template_id, .slug = slug };

	return db_one(db, mem, &ctemplate_use_select_named, &in, u, e);
}

bool
ctemplate_use_drop(
    struct db *db, const struct uuid *template_id, const struct uuid *tenant, struct err *e)
{
	const struct use_in in = { .template_id = *template_id, .tenant_id = *tenant };

	return db_run(db, &ctemplate_use_delete, &in, NULL, e);
}

bool
ctemplate_use_page(
    struct db *db, TALLOC_CTX *mem, const struct uuid *template_id, struct page *p, struct err *e)
{
	const struct use_in in = { .page = *p, .template_id = *template_id };

	return page_read(db, mem, &ctemplate_use_select_page, &in, p, e);
}

bool
ctemplate_uses(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id, uint64_t unless,
    size_t max, struct ctemplate_use **rows, size_t *n, struct err *e)
{
	const struct use_in in = {
		.page = { .want = max }, .template_id = *template_id, .unless = unless
	};

	return db_all(db, mem, &ctemplate_use_select_all, &in, INTO(rows, n, max), e);
}
