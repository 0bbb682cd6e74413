/* tenant_db.h: changes of a tenant's row. */
#include "core/store/tenant/database.h"
#include "core/store/tenant/fleet.h"

static const struct field set_fields[] = {
	COLUMN(struct tenant_said, name),
	COLUMN(struct tenant_said, settings),
	COLUMN(struct tenant_said, was),
	COLUMN(struct tenant_said, pending),
	COLUMN(struct tenant_said, pending_was),
	FIELD_END,
};
static const struct schema set_schema = SCHEMA("TenantSetIn", struct tenant_said, set_fields);

static const struct field turn_fields[] = {
	COLUMN(struct tenant_turn, id),
	COLUMN(struct tenant_turn, to),
	COLUMN(struct tenant_turn, reason),
	COLUMN(struct tenant_turn, grace_s),
	COLUMN_NULL(struct tenant_turn, op),
	FIELD_END,
};
static const struct schema turn_schema = SCHEMA("TenantTurnIn", struct tenant_turn, turn_fields);

struct quota_in {
	struct uuid id;
	const char *quota, *was;
};
static const struct field quota_fields[] = {
	COLUMN(struct quota_in, id),
	COLUMN(struct quota_in, quota),
	COLUMN(struct quota_in, was),
	FIELD_END,
};
static const struct schema quota_schema = SCHEMA("TenantQuotaIn", struct quota_in, quota_fields);

SQL(tenant_call_set, SQL_TENANT, &set_schema, NULL,
    "CALL bsx.tenant_settings_change(:name, :settings, :was, :pending, :pending_was)");
SQL(tenant_call_turn, SQL_TENANT, &turn_schema, NULL,
    "CALL bsx.tenant_turn(:id, :to, :reason, :grace_s, :op)");
SQL(tenant_call_quota, SQL_TENANT, &quota_schema, NULL,
    "CALL bsx.tenant_quota_set(:id, :quota, :was)");

bool
tenant_set(struct tenant_db *t, const struct tenant_said *in, struct err *e)
{
	return db_run(t->db, &tenant_call_set, in, NULL, e) && fleet_mark_roles(t->db, e);
}

bool
tenant_turn(struct tenant_db *platform, const struct tenant_turn *in, struct err *e)
{
	struct tenant_turn x = *in;

	x.reason = in->reason != NULL ? in->reason : "";
	return db_run(platform->db, &tenant_call_turn, &x, NULL, e);
}

bool
tenant_set_quota(struct tenant_db *platform, const struct uuid *id, const char *quota,
    const char *was, struct err *e)
{
	const struct quota_in in = { *id, quota, was };

	return db_run(platform->db, &tenant_call_quota, &in, NULL, e);
}
