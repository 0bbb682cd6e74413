#include "core/store/server.h"

struct server_limits {
	int64_t max_connections;
};
static const struct field server_limits_fields[] = {
	FIELD(struct server_limits, max_connections, .doc = "Most connections at once."), FIELD_END
};
static const struct schema server_limits_schema =
    SCHEMA("ServerLimits", struct server_limits, server_limits_fields);

SQL(server_limits_select, SQL_CONTROL, NULL, &server_limits_schema,
    "SELECT @@GLOBAL.max_connections AS max_connections");

bool
server_max_connections(struct db *control, TALLOC_CTX *mem, int64_t *n, struct err *e)
{
	struct server_limits l = { 0 };

	if (!db_one(control, mem, &server_limits_select, NULL, &l, e))
		return false;
	*n = l.max_connections;
	return true;
}
