/* tenant_db.h: changes of a tenant's row, and how much it has. */
#include "core/store/tenant/database.h"

struct set_in {
	const char *name, *settings, *was;
};
static const struct field set_fields[] = {
	COLUMN(struct set_in, name),
	COLUMN(struct set_in, settings),
	COLUMN(struct set_in, was),
	FIELD_END,
};
static const struct schema set_schema = SCHEMA("TenantSetIn", struct set_in, set_fields);

struct status_in {
	struct uuid id;
	const char *status;
};
static const struct field status_fields[] = {
	COLUMN(struct status_in, id),
	COLUMN(struct status_in, status),
	FIELD_END,
};
static const struct schema status_schema =
    SCHEMA("TenantStatusIn", struct status_in, status_fields);

static const struct field usage_fields[] = {
	COLUMN(struct tenant_usage, users),
	COLUMN(struct tenant_usage, api_keys),
	COLUMN(struct tenant_usage, drift_configs),
	FIELD_END,
};
static const struct schema usage_schema =
    SCHEMA("TenantUsageRow", struct tenant_usage, usage_fields);

SQL(tenant_call_set, SQL_TENANT, &set_schema, NULL,
    "CALL bsx.tenant_settings_set(:name, :settings,"
    " :was)");
SQL(tenant_call_status, SQL_TENANT, &status_schema, NULL,
    "CALL bsx.tenant_status_set(:id,"
    " :status)");
SQL(tenant_select_usage, SQL_TENANT, NULL, &usage_schema,
    "SELECT (SELECT COUNT(*) FROM users) AS users,"
    " (SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL) AS api_keys,"
    " (SELECT COUNT(*) FROM drift_configs) AS drift_configs");

bool
tenant_set(
    struct tenant_db *t, const char *name, const char *settings, const char *was, struct err *e)
{
	const struct set_in in = { name, settings, was };

	return db_run(t->db, &tenant_call_set, &in, NULL, e);
}

bool
tenant_set_status(
    struct tenant_db *platform, const struct uuid *id, const char *status, struct err *e)
{
	const struct status_in in = { *id, status };

	return db_run(platform->db, &tenant_call_status, &in, NULL, e);
}

bool
tenant_usage_read(struct tenant_db *t, struct tenant_usage *u, struct err *e)
{
	return db_one(t->db, t->db, &tenant_select_usage, NULL, u, e);
}
