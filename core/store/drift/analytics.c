#include "core/store/drift/analytics.h"

struct in {
	struct uuid config, floor;
	instant     now, soon;
	int64_t     limit;
};
static const struct field config_fields[] = {
	COLUMN_NULL(struct in, config),
	FIELD_END,
};
static const struct schema config_in = SCHEMA("AnalyticsConfigIn", struct in, config_fields);
static const struct field  work_in_fields[] = {
	 COLUMN(struct in, floor),
	 COLUMN_NULL(struct in, config),
	 COLUMN(struct in, limit),
	 FIELD_END,
};
static const struct schema work_in = SCHEMA("AnalyticsWorkIn", struct in, work_in_fields);
static const struct field  open_in_fields[] = {
	 COLUMN(struct in, now),
	 COLUMN_NULL(struct in, config),
	 FIELD_END,
};
static const struct schema open_in = SCHEMA("AnalyticsOpenIn", struct in, open_in_fields);
static const struct field  accepted_in_fields[] = {
	 COLUMN(struct in, now),
	 COLUMN(struct in, soon),
	 COLUMN_NULL(struct in, config),
	 FIELD_END,
};
static const struct schema accepted_in =
    SCHEMA("AnalyticsAcceptedIn", struct in, accepted_in_fields);

static const struct field work_fields[] = {
	COLUMN(struct work_times, acknowledged_ms),
	COLUMN(struct work_times, resolved_ms),
	FIELD_END,
};
static const struct schema work_schema = SCHEMA("WorkTimes", struct work_times, work_fields);
static const struct field  open_fields[] = {
	 COLUMN(struct open_alerts, severity),
	 COLUMN(struct open_alerts, age),
	 COLUMN(struct open_alerts, n),
	 FIELD_END,
};
static const struct schema open_schema = SCHEMA("OpenAlerts", struct open_alerts, open_fields);
static const struct field  accepted_fields[] = {
	 COLUMN(struct acceptances, total),
	 COLUMN(struct acceptances, without_end),
	 COLUMN(struct acceptances, expiring),
	 COLUMN(struct acceptances, expired),
	 FIELD_END,
};
static const struct schema accepted_schema =
    SCHEMA("Acceptances", struct acceptances, accepted_fields);
struct began {
	instant began;
};
static const struct field began_fields[] = {
	COLUMN_NULL(struct began, began),
	FIELD_END,
};
static const struct schema began_schema = SCHEMA("Began", struct began, began_fields);

#define MS_TO(column) "IFNULL(TIMESTAMPDIFF(MICROSECOND, opened_at, " #column ") DIV 1000, -1)"
#define OF_CONFIGS    " AND config_id IS NOT NULL" /* what a tenant has of its own is no drift */
#define CONFIG_IS     " AND (:config IS NULL OR config_id = :config)"

SQL(analytics_select_work, SQL_TENANT, &work_in, &work_schema,
    "SELECT " MS_TO(acknowledged_at) " AS acknowledged_ms, " MS_TO(
	resolved_at) " AS resolved_ms FROM alerts WHERE id >= :floor" OF_CONFIGS CONFIG_IS
		     " ORDER BY id DESC LIMIT :limit");
SQL(analytics_select_open, SQL_TENANT, &open_in, &open_schema,
    "SELECT severity, INTERVAL(TIMESTAMPDIFF(SECOND, opened_at, :now), 3600, 86400, 604800,"
    " 2592000)"
    " AS age, COUNT(*) AS n FROM alerts WHERE open_key IS NOT NULL" OF_CONFIGS CONFIG_IS
    " GROUP BY severity, age");
SQL(analytics_select_acceptances, SQL_TENANT, &accepted_in, &accepted_schema,
    "SELECT COUNT(*) AS total, CAST(IFNULL(SUM(expires_at IS NULL), 0) AS SIGNED) AS without_end,"
    " CAST(IFNULL(SUM(expires_at > :now AND expires_at <= :soon), 0) AS SIGNED) AS expiring,"
    " CAST(IFNULL(SUM(expires_at <= :now), 0) AS SIGNED) AS expired"
    " FROM drift_configs c STRAIGHT_JOIN drift_findings f FORCE INDEX (ended)"
    " ON f.config_id = c.id AND f.status = 'accepted' AND f.promoted = FALSE"
    " WHERE (:config IS NULL OR c.id = :config)");
SQL(analytics_select_began, SQL_TENANT, &config_in, &began_schema,
    "SELECT MIN(created_at) AS began FROM drift_configs WHERE (:config IS NULL OR id = :config)");

/* The ids of what was made since then are not below this one. */
static struct uuid
id_floor(instant since)
{
	struct uuid u = { 0 };

	for (int i = 0; i < 6; i++)
		u.b[i] = (uint8_t)(since.ms >> (40 - 8 * i));
	return u;
}

bool
analytics_work(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config, instant since,
    struct work_times **rows, size_t *n, struct err *e)
{
	const struct in in = { .config = *config, .floor = id_floor(since), .limit = WORK_MAX };

	return db_all(t->db, mem, &analytics_select_work, &in, INTO(rows, n, WORK_MAX), e);
}

bool
analytics_open(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config, instant now,
    struct open_alerts **rows, size_t *n, struct err *e)
{
	const struct in in = { .config = *config, .now = now };

	return db_all(t->db, mem, &analytics_select_open, &in, INTO(rows, n, 100), e);
}

bool
analytics_acceptances(struct tenant_db *t, const struct uuid *config, instant now, instant soon,
    struct acceptances *a, struct err *e)
{
	const struct in in = { .config = *config, .now = now, .soon = soon };

	return db_one(t->db, NULL, &analytics_select_acceptances, &in, a, e);
}

bool
analytics_began(struct tenant_db *t, const struct uuid *config, instant *began, struct err *e)
{
	const struct in in = { .config = *config };
	struct began    out;

	if (!db_one(t->db, NULL, &analytics_select_began, &in, &out, e))
		return false;
	*began = out.began;
	return true;
}
