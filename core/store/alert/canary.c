#include "core/store/alert/canary.h"

#include "core/store/id_list.h"

struct list_in {
	struct uuid config_id;
	int64_t     limit;
};
static const struct field list_fields[] = {
	COLUMN(struct list_in, config_id),
	COLUMN(struct list_in, limit),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("CanaryListIn", struct list_in, list_fields);
static const struct field  row_fields[] = {
	 COLUMN(struct canary_row, alert_id),
	 COLUMN_NULL(struct canary_row, changed_at),
	 COLUMN(struct canary_row, detected_at),
	 COLUMN_NULL(struct canary_row, channel_id),
	 COLUMN_NULL(struct canary_row, arrived_at),
	 FIELD_END,
};
static const struct schema row_schema = SCHEMA("CanaryRow", struct canary_row, row_fields);

/* An alert's report is the newest of it: that which opened it, or that which found it over, one
 * snapshot behind. */
SQL(canary_select, SQL_TENANT, &list_in, &row_schema,
    "SELECT p.alert_id, COALESCE((SELECT MAX(r.collected_at) FROM config_snapshots r"
    " WHERE r.report_id = p.report_id AND r.collected_at <= p.detected_at),"
    " (SELECT MAX(s.collected_at) FROM config_snapshots r STRAIGHT_JOIN config_snapshots s"
    " ON s.config_id = r.config_id AND s.seq = r.seq - 1 WHERE r.report_id = p.report_id"
    " AND s.collected_at <= p.detected_at)) AS changed_at, p.detected_at, p.channel_id,"
    " (SELECT MIN(d.at + INTERVAL d.took_ms * 1000 MICROSECOND) FROM outbox o FORCE INDEX (lane)"
    " STRAIGHT_JOIN deliveries d ON d.outbox_id = o.id WHERE o.lane_id = p.lane_id"
    " AND d.outcome IN ('delivered', 'accepted')) AS arrived_at"
    " FROM (SELECT a.id AS alert_id, a.report_id, a.opened_at AS detected_at, l.channel_id,"
    " l.id AS lane_id FROM (SELECT id, report_id, opened_at FROM alerts FORCE INDEX (config)"
    " WHERE config_id = :config_id AND kind = 'drift' ORDER BY id DESC LIMIT :limit) a"
    " LEFT JOIN alert_lanes l ON l.alert_id = a.id ORDER BY a.id DESC LIMIT 2000) p"
    " ORDER BY p.alert_id DESC");
_Static_assert(CANARY_ROWS == 2000, "as in the statement");

SQL(canary_select_newest, SQL_TENANT, NULL, &id_in,
    "SELECT id FROM drift_configs WHERE JSON_VALUE(spec, '$.source.kind') = 'canary'"
    " ORDER BY id DESC LIMIT 1");

bool
canary_newest(struct tenant_db *t, TALLOC_CTX *mem, struct uuid *config, struct err *e)
{
	struct id_in found = { 0 };

	if (!db_one(t->db, mem, &canary_select_newest, NULL, &found, e) &&
	    !err_take(e, ERR_MISSING))
		return false;
	*config = found.id;
	return true;
}

bool
canary_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    struct canary_row **rows, size_t *n, struct err *e)
{
	const struct list_in in = { *config, CANARY_CHANGES };

	return db_all(t->db, mem, &canary_select, &in, INTO(rows, n, CANARY_ROWS), e);
}
