#include "core/store/tenant/origins.h"

static const struct field origins_fields[] = {
	COLUMN(struct origins_row, settings),
	FIELD_END,
};
static const struct schema origins_schema =
    SCHEMA("OriginsRow", struct origins_row, origins_fields);
SQL(origins_select, SQL_CONTROL, NULL, &origins_schema,
    "SELECT settings FROM tenants WHERE status = 'active' AND settings LIKE '%\"allowed_origins\"%'"
    " ORDER BY id LIMIT 10000");

bool
origins_settings(
    struct database *d, TALLOC_CTX *mem, struct origins_row **rows, size_t *n, struct err *e)
{
	return db_all(
	    database_control(d), mem, &origins_select, NULL, INTO(rows, n, ORIGINS_TENANTS_MAX), e);
}
