/* config_template.h: what operations have to do, and bindings. */
#include "core/store/drift/config_template.h"
#include "core/store/id_list.h"

static const struct field result_fields[] = {
	COLUMN(struct ctemplate_result, id),
	COLUMN(struct ctemplate_result, operation),
	COLUMN(struct ctemplate_result, template_id),
	COLUMN(struct ctemplate_result, tenant),
	COLUMN_NULL(struct ctemplate_result, tenant_id),
	COLUMN_NULL(struct ctemplate_result, variables),
	COLUMN(struct ctemplate_result, outcome),
	COLUMN_NULL(struct ctemplate_result, detail),
	COLUMN(struct ctemplate_result, changes),
	COLUMN(struct ctemplate_result, asked_at),
	COLUMN_NULL(struct ctemplate_result, at),
	FIELD_END,
};
static const struct schema result_schema =
    SCHEMA("StoredConfigTemplateResult", struct ctemplate_result, result_fields);
#define RESULT_COLUMNS                                                                             \
	"id, operation, template_id, tenant, tenant_id, variables, outcome, detail, changes,"      \
	" asked_at, at"

static const struct field set_fields[] = {
	COLUMN(struct ctemplate_result, id),
	COLUMN_NULL(struct ctemplate_result, tenant_id),
	COLUMN(struct ctemplate_result, outcome),
	COLUMN_NULL(struct ctemplate_result, detail),
	COLUMN(struct ctemplate_result, changes),
	COLUMN_NULL(struct ctemplate_result, at),
	FIELD_END,
};
static const struct schema set_in =
    SCHEMA("ConfigTemplateResultSet", struct ctemplate_result, set_fields);

struct of_operation {
	struct uuid operation;
	const char *outcome;
	instant     now;
	bool        tried;
};
static const struct field of_fields[] = {
	COLUMN(struct of_operation, operation),
	FIELD_END,
};
static const struct field next_fields[] = {
	COLUMN(struct of_operation, operation),
	COLUMN(struct of_operation, tried),
	FIELD_END,
};
static const struct schema next_in =
    SCHEMA("ConfigTemplateResultNext", struct of_operation, next_fields);
static const struct schema of_operation =
    SCHEMA("ConfigTemplateOfOperation", struct of_operation, of_fields);
static const struct field end_fields[] = {
	COLUMN(struct of_operation, operation),
	COLUMN(struct of_operation, outcome),
	COLUMN(struct of_operation, now),
	FIELD_END,
};
static const struct schema end_in =
    SCHEMA("ConfigTemplateResultsEnd", struct of_operation, end_fields);
static const struct field sum_fields[] = {
	COLUMN(struct ctemplate_sum, outcome),
	COLUMN(struct ctemplate_sum, n),
	FIELD_END,
};
static const struct schema sum_schema =
    SCHEMA("ConfigTemplateSum", struct ctemplate_sum, sum_fields);

struct page_in {
	struct page                    page;
	struct ctemplate_result_filter f;
};
static const struct field page_fields[] = {
	PAGE_COLUMNS(struct page_in, page),
	COLUMN_AS(struct page_in, f.template_id, "template_id"),
	COLUMN_AS_NULL(struct page_in, f.operation, "operation"),
	COLUMN_AS_NULL(struct page_in, f.outcome, "outcome"),
	FIELD_END,
};
static const struct schema page_in =
    SCHEMA("ConfigTemplateResultPage", struct page_in, page_fields);

SQL(ctemplate_result_insert, SQL_TENANT, &result_schema, NULL,
    "INSERT INTO config_template_results (" RESULT_COLUMNS ") VALUES (:id, :operation,"
    " :template_id, :tenant, :tenant_id, :variables, :outcome, :detail, :changes, :asked_at, :at)");
SQL(ctemplate_result_select_next, SQL_TENANT, &next_in, &result_schema,
    "SELECT " RESULT_COLUMNS " FROM config_template_results WHERE operation = :operation"
    " AND outcome = 'waiting' AND (detail IS NOT NULL) = :tried ORDER BY id LIMIT 1");
SQL(ctemplate_result_update, SQL_TENANT, &set_in, NULL,
    "UPDATE config_template_results SET tenant_id = :tenant_id, outcome = :outcome,"
    " detail = :detail, changes = :changes, at = :at WHERE id = :id");
SQL(ctemplate_result_update_rest, SQL_TENANT, &end_in, NULL,
    "UPDATE config_template_results SET outcome = :outcome, at = :now"
    " WHERE operation = :operation AND outcome = 'waiting'");
SQL(ctemplate_result_select_sum, SQL_TENANT, &of_operation, &sum_schema,
    "SELECT outcome, COUNT(*) AS n FROM config_template_results WHERE operation = :operation"
    " GROUP BY outcome");
SQL(ctemplate_result_select_page, SQL_TENANT, &page_in, &result_schema,
    "SELECT " RESULT_COLUMNS " FROM config_template_results WHERE template_id = :template_id"
    " AND (:operation IS NULL OR operation = :operation)"
    " AND (:outcome IS NULL OR outcome = :outcome)"
    " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");

bool
ctemplate_results_add(struct db *db, const struct ctemplate_result *rows, size_t n, struct err *e)
{
	return n == 0 || db_run_many(db, &ctemplate_result_insert, rows, n, e);
}

bool
ctemplate_result_next(struct db *db, TALLOC_CTX *mem, const struct uuid *operation, bool tried,
    struct ctemplate_result *r, struct err *e)
{
	const struct of_operation in = { .operation = *operation, .tried = tried };

	return db_one(db, mem, &ctemplate_result_select_next, &in, r, e);
}

bool
ctemplate_result_set(struct db *db, const struct ctemplate_result *r, struct err *e)
{
	return db_run(db, &ctemplate_result_update, r, NULL, e);
}

bool
ctemplate_results_end(
    struct db *db, const struct uuid *operation, const char *outcome, instant now, struct err *e)
{
	const struct of_operation in = { .operation = *operation, .outcome = outcome, .now = now };

	return db_run(db, &ctemplate_result_update_rest, &in, NULL, e);
}

bool
ctemplate_results_sum(struct db *db, TALLOC_CTX *mem, const struct uuid *operation,
    struct ctemplate_sum **rows, size_t *n, struct err *e)
{
	const struct of_operation in = { .operation = *operation };

	return db_all(
	    db, mem, &ctemplate_result_select_sum, &in, INTO(rows, n, TEMPLATE_OUTCOMES_MAX), e);
}

bool
ctemplate_result_page(struct db *db, TALLOC_CTX *mem, const struct ctemplate_result_filter *f,
    struct page *p, struct err *e)
{
	const struct page_in in = { *p, *f };

	return page_read(db, mem, &ctemplate_result_select_page, &in, p, e);
}

/* ---- bindings ---- */

static const struct field binding_fields[] = {
	COLUMN(struct ctemplate_binding, template_id),
	COLUMN(struct ctemplate_binding, owner),
	COLUMN(struct ctemplate_binding, config_id),
	COLUMN(struct ctemplate_binding, name),
	COLUMN(struct ctemplate_binding, version),
	COLUMN(struct ctemplate_binding, said),
	COLUMN(struct ctemplate_binding, applied),
	COLUMN(struct ctemplate_binding, was_version),
	COLUMN_NULL(struct ctemplate_binding, was_said),
	COLUMN_NULL(struct ctemplate_binding, was),
	COLUMN(struct ctemplate_binding, back),
	COLUMN_NULL(struct ctemplate_binding, credential),
	COLUMN(struct ctemplate_binding, operation),
	COLUMN(struct ctemplate_binding, applied_by),
	COLUMN(struct ctemplate_binding, at),
	FIELD_END,
};
static const struct schema binding_schema =
    SCHEMA("StoredConfigTemplateBinding", struct ctemplate_binding, binding_fields);
#define BINDING_COLUMNS                                                                            \
	"template_id, owner, config_id, name, version, said, applied, was_version, was_said, was," \
	" back, credential, operation, applied_by, at"

struct bind_in {
	struct ctemplate_binding b;
	struct uuid              before;
};
static const struct field bind_fields[] = {
	COLUMN_AS(struct bind_in, b.template_id, "template_id"),
	COLUMN_AS(struct bind_in, b.owner, "owner"),
	COLUMN_AS(struct bind_in, b.config_id, "config_id"),
	COLUMN_AS(struct bind_in, b.name, "name"),
	COLUMN_AS(struct bind_in, b.version, "version"),
	COLUMN_AS(struct bind_in, b.said, "said"),
	COLUMN_AS(struct bind_in, b.applied, "applied"),
	COLUMN_AS(struct bind_in, b.was_version, "was_version"),
	COLUMN_AS_NULL(struct bind_in, b.was_said, "was_said"),
	COLUMN_AS_NULL(struct bind_in, b.was, "was"),
	COLUMN_AS(struct bind_in, b.back, "back"),
	COLUMN_AS_NULL(struct bind_in, b.credential, "credential"),
	COLUMN_AS(struct bind_in, b.operation, "operation"),
	COLUMN_AS(struct bind_in, b.applied_by, "applied_by"),
	COLUMN_AS(struct bind_in, b.at, "at"),
	COLUMN(struct bind_in, before),
	FIELD_END,
};
static const struct schema bind_in = SCHEMA("ConfigTemplateBindIn", struct bind_in, bind_fields);

SQL(ctemplate_binding_insert, SQL_TENANT, &binding_schema, NULL,
    "INSERT INTO config_template_bindings (" BINDING_COLUMNS ") VALUES (:template_id, :owner,"
    " :config_id, :name, :version, :said, :applied, :was_version, :was_said, :was, :back,"
    " :credential, :operation, :applied_by, :at)");
SQL(ctemplate_binding_update, SQL_TENANT, &bind_in, NULL,
    "UPDATE config_template_bindings SET owner = :owner, config_id = :config_id, name = :name,"
    " version = :version, said = :said, applied = :applied, was_version = :was_version,"
    " was_said = :was_said, was = :was, back = :back, credential = :credential, operation = "
    ":operation,"
    " applied_by = :applied_by, at = :at"
    " WHERE template_id = :template_id AND operation = :before");
SQL(ctemplate_binding_delete, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_template_bindings WHERE template_id = :id");
SQL(ctemplate_binding_select, SQL_TENANT, &id_in, &binding_schema,
    "SELECT " BINDING_COLUMNS " FROM config_template_bindings WHERE template_id = :id");
SQL(ctemplate_binding_select_config, SQL_TENANT, &id_in, &binding_schema,
    "SELECT " BINDING_COLUMNS
    " FROM config_template_bindings WHERE config_id = :id ORDER BY at LIMIT 1");

bool
ctemplate_bind(struct db *db, const struct ctemplate_binding *b, struct err *e)
{
	return db_run(db, &ctemplate_binding_insert, b, NULL, e);
}

bool
ctemplate_bind_set(struct db *db, const struct ctemplate_binding *b, const struct uuid *was,
    bool *done, struct err *e)
{
	const struct bind_in in = { *b, *was };
	uint64_t             n = 0;

	*done = false;
	if (!db_run(db, &ctemplate_binding_update, &in, &n, e))
		return false;
	*done = n == 1;
	return true;
}

bool
ctemplate_unbind(struct db *db, const struct uuid *template_id, struct err *e)
{
	return db_run(db, &ctemplate_binding_delete, &(struct id_in) { *template_id }, NULL, e);
}

bool
ctemplate_binding_of(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id,
    struct ctemplate_binding *b, struct err *e)
{
	return db_one(db, mem, &ctemplate_binding_select, &(struct id_in) { *template_id }, b, e);
}

bool
ctemplate_binding_by_config(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct ctemplate_binding *b, struct err *e)
{
	return db_one(db, mem, &ctemplate_binding_select_config, &(struct id_in) { *config }, b, e);
}
