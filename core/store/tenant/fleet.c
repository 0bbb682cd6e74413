#include "core/store/tenant/fleet.h"

#include "core/store/tenant/fleet_priv.h"
#include "core/store/tx.h"

/* ---- marking ---- */

struct mark_in {
	bool    roles;
	instant at;
};
static const struct field mark_fields[] = {
	COLUMN(struct mark_in, roles),
	FIELD_END,
};
static const struct schema mark_in = SCHEMA("FleetMarkIn", struct mark_in, mark_fields);
static const struct field  seen_in_fields[] = {
	 COLUMN(struct mark_in, at),
	 FIELD_END,
};
static const struct schema seen_in = SCHEMA("FleetSeenIn", struct mark_in, seen_in_fields);

/* Two statements, so that a transaction has each of them once. */
SQL(fleet_call_mark, SQL_TENANT, &mark_in, NULL, "CALL bsx.fleet_mark(:roles)");
SQL(fleet_call_mark_roles, SQL_TENANT, &mark_in, NULL, "CALL bsx.fleet_mark(:roles)");
SQL(fleet_call_seen, SQL_TENANT, &seen_in, NULL, "CALL bsx.fleet_seen(:at)");

bool
fleet_mark(struct db *db, struct err *e)
{
	return tx_last(db, &fleet_call_mark, &(struct mark_in) { .roles = false }, e);
}

bool
fleet_mark_roles(struct db *db, struct err *e)
{
	return tx_last(db, &fleet_call_mark_roles, &(struct mark_in) { .roles = true }, e);
}

bool
fleet_seen(struct db *db, instant at, struct err *e)
{
	return tx_last(db, &fleet_call_seen, &(struct mark_in) { .at = at }, e);
}

/* ---- what is due ---- */

struct due_in {
	int64_t limit;
};
static const struct field due_in_fields[] = {
	COLUMN(struct due_in, limit),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("FleetDueIn", struct due_in, due_in_fields);
static const struct field  due_fields[] = {
	 COLUMN(struct fleet_due, tenant_id),
	 COLUMN(struct fleet_due, schema_name),
	 COLUMN(struct fleet_due, settings),
	 COLUMN(struct fleet_due, marked),
	 FIELD_END,
};
static const struct schema due_out = SCHEMA("FleetDue", struct fleet_due, due_fields);
static const struct field  take_fields[] = {
	 COLUMN(struct fleet_due, schema_name),
	 COLUMN(struct fleet_due, marked),
	 FIELD_END,
};
static const struct schema take_in = SCHEMA("FleetTakeIn", struct fleet_due, take_fields);

#define STANDS "t.status IN ('active', 'suspended', 'deleting')"
SQL(fleet_select_due, SQL_CONTROL, &due_in, &due_out,
    "SELECT t.id AS tenant_id, f.schema_name, t.settings, f.marked FROM fleet f STRAIGHT_JOIN "
    "tenants t"
    " ON t.schema_name = f.schema_name WHERE f.due_at <= NOW(3) AND " STANDS
    " ORDER BY f.due_at LIMIT :limit");
SQL(fleet_update_take, SQL_CONTROL, &take_in, NULL,
    "UPDATE fleet SET due_at = NOW(3) + INTERVAL 10 SECOND WHERE schema_name = :schema_name"
    " AND marked = :marked AND due_at <= NOW(3)");
_Static_assert(FLEET_TAKEN_S == 10, "as in the statement");

bool
fleet_due(struct database *d, TALLOC_CTX *mem, size_t limit, struct fleet_due **rows, size_t *n,
    struct err *e)
{
	const struct due_in in = { (int64_t)limit };

	return db_all(d->control, mem, &fleet_select_due, &in, INTO(rows, n, limit), e);
}

bool
fleet_take(struct database *d, const struct fleet_due *row, bool *won, struct err *e)
{
	uint64_t n = 0;

	*won = false;
	if (!db_run(d->control, &fleet_update_take, row, &n, e))
		return false;
	*won = n == 1;
	return true;
}

/* ---- counting ---- */

static const struct field counts_fields[] = {
	COLUMN(struct fleet_counts, critical),
	COLUMN(struct fleet_counts, high),
	COLUMN(struct fleet_counts, medium),
	COLUMN(struct fleet_counts, low),
	COLUMN(struct fleet_counts, info),
	COLUMN_NULL(struct fleet_counts, untaken_at),
	COLUMN(struct fleet_counts, security),
	FIELD_END,
};
static const struct schema counts_out = SCHEMA("FleetCounts", struct fleet_counts, counts_fields);
static const struct field  states_fields[] = {
	 COLUMN(struct fleet_counts, configs),
	 COLUMN(struct fleet_counts, blind),
	 COLUMN_NULL(struct fleet_counts, snapshot_at),
	 FIELD_END,
};
static const struct schema states_out = SCHEMA("FleetStates", struct fleet_counts, states_fields);

#define OF(word) "COUNT(IF(severity = '" word "' AND kind <> 'security', 1, NULL)) AS " word ", "
SQL(fleet_select_alerts, SQL_TENANT, NULL, &counts_out,
    "SELECT " OF("critical") OF("high") OF("medium") OF("low") OF(
	"info") " MIN(IF(status = 'open' AND assigned_to IS NULL AND kind <> 'security', "
		"opened_at, NULL))"
		" AS untaken_at, COUNT(IF(kind = 'security', 1, NULL)) AS security"
		" FROM alerts FORCE INDEX (open_key) WHERE open_key IS NOT NULL AND suppressed_by "
		"IS NULL");
SQL(fleet_select_states, SQL_TENANT, NULL, &states_out,
    "SELECT COUNT(*) AS configs, COUNT(IF(state = 'blind', 1, NULL)) AS blind,"
    " MAX(last_complete_at) AS snapshot_at FROM config_state");

bool
fleet_count(struct tenant_db *t, int64_t day, struct fleet_counts *out, struct err *e)
{
	struct fleet_counts states;

	if (!db_one(t->db, t->db, &fleet_select_alerts, NULL, out, e) ||
	    !db_one(t->db, t->db, &fleet_select_states, NULL, &states, e) ||
	    !usage_counted(t, day, out->used, e))
		return false;
	out->configs = states.configs;
	out->blind = states.blind;
	out->snapshot_at = states.snapshot_at;
	out->day = day;
	return true;
}

/* ---- writing ---- */

struct write_in {
	struct fleet_due    row;
	struct fleet_counts n;
	int64_t             worst;
};
static const struct field write_fields[] = {
	COLUMN_AS(struct write_in, row.schema_name, "schema_name"),
	COLUMN_AS(struct write_in, row.marked, "marked"),
	COLUMN_AS(struct write_in, n.critical, "critical"),
	COLUMN_AS(struct write_in, n.high, "high"),
	COLUMN_AS(struct write_in, n.medium, "medium"),
	COLUMN_AS(struct write_in, n.low, "low"),
	COLUMN_AS(struct write_in, n.info, "info"),
	COLUMN(struct write_in, worst),
	COLUMN_AS_NULL(struct write_in, n.untaken_at, "untaken_at"),
	COLUMN_AS(struct write_in, n.security, "security"),
	COLUMN_AS(struct write_in, n.configs, "configs"),
	COLUMN_AS(struct write_in, n.blind, "blind"),
	COLUMN_AS_NULL(struct write_in, n.snapshot_at, "snapshot_at"),
	COLUMN_AS(struct write_in, n.used[USAGE_USERS], "users"),
	COLUMN_AS(struct write_in, n.used[USAGE_API_KEYS], "api_keys"),
	COLUMN_AS(struct write_in, n.used[USAGE_SNAPSHOTS], "snapshots"),
	COLUMN_AS(struct write_in, n.day, "day"),
	COLUMN_AS(struct write_in, n.used[USAGE_STORAGE], "storage_bytes"),
	FIELD_END,
};
static const struct schema write_in = SCHEMA("FleetWriteIn", struct write_in, write_fields);
static const struct field  lends_fields[] = {
	 COLUMN(struct fleet_lends, id),
	 COLUMN(struct fleet_lends, lends),
	 FIELD_END,
};
static const struct schema lends_in = SCHEMA("FleetLendsIn", struct fleet_lends, lends_fields);

/* What was marked meanwhile is due still. */
SQL(fleet_update_counts, SQL_CONTROL, &write_in, NULL,
    "UPDATE fleet SET counted = :marked, counted_at = NOW(3), critical = :critical, high = :high,"
    " medium = :medium, low = :low, info = :info, worst = :worst, untaken_at = :untaken_at, "
    "security = :security,"
    " configs = :configs, blind = :blind, users = :users, api_keys = :api_keys,"
    " snapshots = :snapshots, day = :day, storage_bytes = :storage_bytes,"
    " snapshot_at = COALESCE(GREATEST(snapshot_at, :snapshot_at), snapshot_at, :snapshot_at),"
    " due_at = IF(marked = :marked, NOW(3) + INTERVAL 1 HOUR, due_at)"
    " WHERE schema_name = :schema_name AND counted <= :marked");
SQL(fleet_update_lends, SQL_CONTROL, &lends_in, NULL,
    "UPDATE grants SET lends = :lends WHERE id = :id");

#define WORST_BITS 15

/* As many as fit in their place: more of them are no worse. */
static int64_t
worst_of(const struct fleet_counts *n)
{
	const int64_t most = (INT64_C(1) << WORST_BITS) - 1,
		      each[] = { n->critical, n->high, n->medium, n->low };
	int64_t worst = 0;

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		worst = worst << WORST_BITS | (each[i] < most ? each[i] : most);
	return worst;
}

static bool
write_body(struct db *db, void *arg, struct err *e)
{
	const struct fleet_counted *w = arg;
	const struct write_in       in = { *w->row, *w->counts, worst_of(w->counts) };
	uint64_t                    n;

	if (!db_run(db, &fleet_update_counts, &in, &n, e))
		return false;
	return n == 0 || (tx_later_many(db, &fleet_update_lends, w->grants, w->grants_n, e) &&
			     fleet_alerts_put(db, w, e));
}

bool
fleet_write(struct database *d, const struct fleet_counted *in, struct err *e)
{
	struct fleet_counted w = *in;
	const struct tx      tx = { .name = "fleet", .body = write_body, .arg = &w };

	return tx_run(d->control, &tx, e);
}
