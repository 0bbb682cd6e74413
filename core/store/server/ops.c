#include "core/store/server/ops.h"

static const struct field ops_daemons_fields[] = {
	FIELD(struct ops_daemons, n, .doc = "Daemons seen within a day."),
	FIELD(struct ops_daemons, age_ms, .doc = "Since the latest heartbeat."),
	FIELD_END,
};
static const struct schema ops_daemons_schema =
    SCHEMA("OpsDaemons", struct ops_daemons, ops_daemons_fields);

static const struct field ops_outbox_fields[] = {
	FIELD(struct ops_outbox, pending, .doc = "Deliveries waiting."),
	FIELD(struct ops_outbox, oldest_ms, .doc = "Age of the oldest."),
	FIELD_END,
};
static const struct schema ops_outbox_schema =
    SCHEMA("OpsOutbox", struct ops_outbox, ops_outbox_fields);

static const struct field ops_key_fields[] = {
	FIELD(struct ops_key, age_s, .doc = "Age of the active signing key."),
	FIELD_END,
};
static const struct schema ops_key_schema = SCHEMA("OpsKey", struct ops_key, ops_key_fields);

struct ops_newest {
	int64_t newest;
};
static const struct field ops_newest_fields[] = {
	FIELD(struct ops_newest, newest, .doc = "Newest migration of this program."),
	FIELD_END,
};
static const struct schema ops_newest_schema =
    SCHEMA("OpsNewest", struct ops_newest, ops_newest_fields);

static const struct field ops_schemas_fields[] = {
	FIELD(struct ops_schemas, tenants, .doc = "Active tenants."),
	FIELD(struct ops_schemas, behind, .doc = "Those with an older schema."),
	FIELD_END,
};
static const struct schema ops_schemas_schema =
    SCHEMA("OpsSchemas", struct ops_schemas, ops_schemas_fields);

SQL(ops_daemons_select, SQL_CONTROL, NULL, &ops_daemons_schema,
    "SELECT COUNT(*) AS n,"
    " COALESCE(TIMESTAMPDIFF(MICROSECOND, MAX(heartbeat_at), NOW(3)) DIV 1000, -1) AS age_ms"
    " FROM daemons WHERE heartbeat_at > NOW(3) - INTERVAL 1 DAY");
SQL(ops_outbox_select, SQL_CONTROL, NULL, &ops_outbox_schema,
    "SELECT COUNT(*) AS pending,"
    " COALESCE(TIMESTAMPDIFF(MICROSECOND, MIN(created_at), NOW(3)) DIV 1000, 0) AS oldest_ms"
    " FROM outbox_index");
SQL(ops_key_select, SQL_CONTROL, NULL, &ops_key_schema,
    "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MAX(active_at), NOW(3)), -1) AS age_s"
    " FROM signing_keys WHERE state = 'active'");
SQL(ops_schemas_select, SQL_CONTROL, &ops_newest_schema, &ops_schemas_schema,
    "SELECT COUNT(*) AS tenants, COUNT(IF(schema_version < :newest, 1, NULL)) AS behind"
    " FROM tenants WHERE status = 'active'");

bool
ops_daemons(struct db *control, TALLOC_CTX *mem, struct ops_daemons *out, struct err *e)
{
	return db_one(control, mem, &ops_daemons_select, NULL, out, e);
}

bool
ops_outbox(struct db *control, TALLOC_CTX *mem, struct ops_outbox *out, struct err *e)
{
	return db_one(control, mem, &ops_outbox_select, NULL, out, e);
}

bool
ops_key(struct db *control, TALLOC_CTX *mem, struct ops_key *out, struct err *e)
{
	return db_one(control, mem, &ops_key_select, NULL, out, e);
}

bool
ops_schemas(
    struct db *control, TALLOC_CTX *mem, int64_t newest, struct ops_schemas *out, struct err *e)
{
	const struct ops_newest in = { newest };

	return db_one(control, mem, &ops_schemas_select, &in, out, e);
}
