#include "core/store/alert/routing.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field routing_fields[] = {
	COLUMN(struct alert_routing, version),
	COLUMN(struct alert_routing, routes),
	FIELD_END,
};
static const struct schema routing_schema =
    SCHEMA("StoredRouting", struct alert_routing, routing_fields);
static const struct field category_fields[] = {
	COLUMN(struct routing_category, category),
	FIELD_END,
};
static const struct schema category_schema =
    SCHEMA("RoutingCategory", struct routing_category, category_fields);

struct categories_in {
	struct uuid id;
	int64_t     limit;
};
static const struct field categories_in_fields[] = {
	COLUMN(struct categories_in, id),
	COLUMN(struct categories_in, limit),
	FIELD_END,
};
static const struct schema categories_in =
    SCHEMA("RoutingCategoriesIn", struct categories_in, categories_in_fields);

SQL(routing_select, SQL_TENANT, NULL, &routing_schema,
    "SELECT version, routes FROM alert_routing WHERE id = 1");
SQL(routing_select_held, SQL_TENANT, NULL, &routing_schema,
    "SELECT version, routes FROM alert_routing WHERE id = 1 FOR UPDATE");
SQL(routing_update, SQL_TENANT, &routing_schema, NULL,
    "UPDATE alert_routing SET version = version + 1, routes = :routes WHERE id = 1"
    " AND version = :version");
SQL(routing_select_categories, SQL_TENANT, &categories_in, &category_schema,
    "SELECT DISTINCT f.category FROM (SELECT (SELECT c.category FROM drift_changes c"
    " FORCE INDEX (finding) WHERE c.config_id = a.config_id AND c.fingerprint = t.fingerprint"
    " LIMIT 1) AS category FROM alerts a JOIN alert_findings t ON t.alert_id = a.id"
    " WHERE a.id = :id LIMIT :limit) f WHERE f.category IS NOT NULL");

void
routing_ask(struct trip *trip, struct alert_routing *out, bool *found)
{
	trip_one(trip, &routing_select, NULL, out, found);
}

bool
routing_read(struct db *db, TALLOC_CTX *mem, struct alert_routing *out, struct err *e)
{
	*out = (struct alert_routing) { 0 };
	return db_one(db, mem, &routing_select, NULL, out, e) || err_take(e, ERR_MISSING);
}

bool
routing_hold(struct db *db, TALLOC_CTX *mem, struct alert_routing *out, struct err *e)
{
	*out = (struct alert_routing) { 0 };
	return db_one(db, mem, &routing_select_held, NULL, out, e) || err_take(e, ERR_MISSING);
}

bool
routing_write(struct db *db, const struct alert_routing *r, struct err *e)
{
	uint64_t n = 0;

	if (!db_run(db, &routing_update, r, &n, e))
		return false;
	return n == 1 || tx_again(e);
}

bool
routing_categories(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct routing_category **rows, size_t *n, struct err *e)
{
	const struct categories_in in = { *alert, ROUTING_FINDINGS };

	return db_all(db, mem, &routing_select_categories, &in, INTO(rows, n, ROUTING_FINDINGS), e);
}
