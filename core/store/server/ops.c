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

static const struct field ops_feeds_fields[] = {
	FIELD(struct ops_feeds, behind, .doc = "Channels that have not had all for a minute."),
	FIELD(struct ops_feeds, entries, .doc = "Entries that the slowest has not had."),
	FIELD(struct ops_feeds, oldest_ms, .doc = "Since when the slowest has not had all."),
	FIELD_END,
};
static const struct schema ops_feeds_schema =
    SCHEMA("OpsFeeds", struct ops_feeds, ops_feeds_fields);

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

/* What another host, or a statement that ended later, has written may seem to be of the time to
 * come: it is as old as nothing. */
SQL(ops_daemons_select, SQL_CONTROL, NULL, &ops_daemons_schema,
    "SELECT COUNT(*) AS n,"
    " COALESCE(GREATEST(TIMESTAMPDIFF(MICROSECOND, MAX(heartbeat_at), NOW(3)), 0) DIV 1000, -1) AS "
    "age_ms"
    " FROM daemons WHERE heartbeat_at > NOW(3) - INTERVAL 1 DAY");
SQL(ops_outbox_select, SQL_CONTROL, NULL, &ops_outbox_schema,
    "SELECT COUNT(*) AS pending,"
    " COALESCE(GREATEST(TIMESTAMPDIFF(MICROSECOND, MIN(created_at), NOW(3)), 0) DIV 1000, 0) AS "
    "oldest_ms"
    " FROM outbox_index");
SQL(ops_feeds_select, SQL_CONTROL, NULL, &ops_feeds_schema,
    "SELECT COUNT(IF(f.behind_since < NOW(3) - INTERVAL 1 MINUTE, 1, NULL)) AS behind,"
    " COALESCE(MAX(IF(f.behind_since IS NOT NULL AND h.seq > f.seq, h.seq - f.seq, 0)), 0) AS "
    "entries,"
    " COALESCE(GREATEST(TIMESTAMPDIFF(MICROSECOND, MIN(f.behind_since), NOW(3)), 0) DIV 1000, 0) "
    "AS oldest_ms"
    " FROM audit_feeds f JOIN audit_heads h ON h.schema_name = f.schema_name"
    " JOIN tenants t ON t.schema_name = f.schema_name WHERE t.status = 'active'");
SQL(ops_key_select, SQL_CONTROL, NULL, &ops_key_schema,
    "SELECT COALESCE(GREATEST(TIMESTAMPDIFF(SECOND, MAX(active_at), NOW(3)), 0), -1) AS age_s"
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
ops_feeds(struct db *control, TALLOC_CTX *mem, struct ops_feeds *out, struct err *e)
{
	return db_one(control, mem, &ops_feeds_select, NULL, out, e);
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
