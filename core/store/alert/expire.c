#include "core/store/alert/expire.h"

#include <string.h>

#define REPORTS_AT_ONCE 8 /* whose changes one round looks at */

struct key_in {
	struct uuid id;
	instant     now;
	int64_t     limit;
};
static const struct field id_fields[] = {
	COLUMN(struct key_in, id),
	FIELD_END,
};
static const struct schema id_schema = SCHEMA("ExpireId", struct key_in, id_fields);

/* ---- reports ---- */

static const struct field report_fields[] = {
	COLUMN(struct expire, config_id),
	COLUMN(struct expire, before),
	COLUMN_NULL(struct expire, newest),
	COLUMN(struct expire, limit),
	FIELD_END,
};
static const struct schema report_in = SCHEMA("ExpireReportIn", struct expire, report_fields);
static const struct field  mark_fields[] = {
	 COLUMN(struct key_in, id),
	 COLUMN(struct key_in, now),
	 FIELD_END,
};
static const struct schema mark_in = SCHEMA("ExpireMarkIn", struct key_in, mark_fields);
static const struct field  some_fields[] = {
	 COLUMN(struct key_in, id),
	 COLUMN(struct key_in, limit),
	 FIELD_END,
};
static const struct schema some_in = SCHEMA("ExpireSomeIn", struct key_in, some_fields);
static const struct field  limit_fields[] = {
	 COLUMN(struct key_in, limit),
	 FIELD_END,
};
static const struct schema limit_in = SCHEMA("ExpireLimitIn", struct key_in, limit_fields);

SQL(expire_select_reports, SQL_TENANT, &report_in, &id_schema,
    "SELECT r.id FROM drift_reports r FORCE INDEX (finished)"
    " WHERE r.config_id = :config_id AND r.finished_at < :before AND NOT r.id <=> :newest"
    " AND NOT EXISTS (SELECT 1 FROM config_snapshots s WHERE s.report_id = r.id)"
    " AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.report_id = r.id AND a.open_key IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM drift_decision_lines l WHERE l.config_id = r.config_id"
    " AND l.report_id = r.id)"
    " ORDER BY r.finished_at LIMIT :limit");
SQL(expire_mark_report, SQL_TENANT, &mark_in, NULL,
    "INSERT IGNORE INTO dropped_reports (id, dropped_at) VALUES (:id, :now)");
SQL(expire_delete_report, SQL_TENANT, &id_schema, NULL, "DELETE FROM drift_reports WHERE id = :id");
SQL(expire_select_dropped, SQL_TENANT, &limit_in, &id_schema,
    "SELECT id FROM dropped_reports ORDER BY id LIMIT :limit");
SQL(expire_delete_changes, SQL_TENANT, &some_in, NULL,
    "DELETE FROM drift_changes WHERE report_id = :id ORDER BY position LIMIT :limit");
SQL(expire_delete_dropped, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM dropped_reports WHERE id = :id");

static bool
drop_reports(struct db *db, TALLOC_CTX *mem, const struct expire *in, bool *more, struct err *e)
{
	struct key_in *rows;
	size_t         n;

	if (!db_all(db, mem, &expire_select_reports, in, INTO(&rows, &n, (size_t)in->limit), e))
		return false;
	for (size_t i = 0; i < n; i++)
		rows[i].now = in->before;
	*more |= n == (size_t)in->limit;
	return db_run_many(db, &expire_mark_report, rows, n, e) &&
	       db_run_many(db, &expire_delete_report, rows, n, e);
}

static bool
drop_changes(struct db *db, TALLOC_CTX *mem, int64_t limit, bool *more, struct err *e)
{
	const struct key_in few = { .limit = REPORTS_AT_ONCE };
	struct key_in      *rows;
	size_t              n;
	uint64_t            gone = 0;

	if (!db_all(db, mem, &expire_select_dropped, &few, INTO(&rows, &n, REPORTS_AT_ONCE), e))
		return false;
	for (size_t i = 0; i < n && limit > 0; i++) {
		rows[i].limit = limit;
		if (!db_run(db, &expire_delete_changes, &rows[i], &gone, e))
			return false;
		if ((int64_t)gone < limit && !db_run(db, &expire_delete_dropped, &rows[i], NULL, e))
			return false;
		limit -= (int64_t)gone;
	}
	*more |= limit <= 0 || n == REPORTS_AT_ONCE;
	return true;
}

/* ---- findings ---- */

struct gone {
	struct uuid config_id;
	struct blob fingerprint, value_hash;
};
static const struct field old_fields[] = {
	COLUMN(struct expire, config_id),
	COLUMN(struct expire, before),
	COLUMN(struct expire, limit),
	FIELD_END,
};
static const struct schema old_in = SCHEMA("ExpireOldIn", struct expire, old_fields);
static const struct field  gone_fields[] = {
	 COLUMN(struct gone, config_id),
	 COLUMN(struct gone, fingerprint),
	 COLUMN(struct gone, value_hash),
	 FIELD_END,
};
static const struct schema gone_schema = SCHEMA("ExpireFinding", struct gone, gone_fields);
static const struct field  told_fields[] = {
	 COLUMN(struct gone, fingerprint),
	 COLUMN(struct gone, config_id),
	 COLUMN(struct gone, value_hash),
	 FIELD_END,
};
static const struct schema told_in = SCHEMA("ExpireToldIn", struct gone, told_fields);

SQL(expire_select_findings, SQL_TENANT, &old_in, &gone_schema,
    "SELECT f.config_id, f.fingerprint, f.value_hash FROM drift_findings f FORCE INDEX (ended)"
    " WHERE f.config_id = :config_id AND f.status = 'resolved' AND f.promoted = FALSE"
    " AND f.updated_at < :before AND NOT f.present"
    " AND NOT EXISTS (SELECT 1 FROM drift_changes c WHERE c.config_id = f.config_id"
    " AND c.fingerprint = f.fingerprint AND c.value_hash = f.value_hash)"
    " ORDER BY f.updated_at LIMIT :limit");
SQL(expire_delete_findings, SQL_TENANT, &gone_schema, NULL,
    "DELETE FROM drift_findings WHERE config_id = :config_id AND fingerprint = :fingerprint"
    " AND value_hash = :value_hash");
SQL(expire_delete_told, SQL_TENANT, &told_in, NULL,
    "DELETE FROM drift_history WHERE subject = :fingerprint AND config_id = :config_id"
    " AND value_hash = :value_hash");
/* Of a finding that comes and goes for years nobody reads what the comparison said of it then. */
SQL(expire_delete_events, SQL_TENANT, &old_in, NULL,
    "DELETE FROM drift_history WHERE config_id = :config_id AND at < :before AND actor = 'system'"
    " ORDER BY at LIMIT :limit");

static bool
drop_findings(struct db *db, TALLOC_CTX *mem, const struct expire *in, bool *more, struct err *e)
{
	struct gone *rows;
	size_t       n;
	uint64_t     events;

	if (!db_all(db, mem, &expire_select_findings, in, INTO(&rows, &n, (size_t)in->limit), e) ||
	    !db_run_many(db, &expire_delete_told, rows, n, e) ||
	    !db_run_many(db, &expire_delete_findings, rows, n, e) ||
	    !db_run(db, &expire_delete_events, in, &events, e))
		return false;
	*more |= n == (size_t)in->limit || events == (uint64_t)in->limit;
	return true;
}

/* ---- alerts ---- */

SQL(expire_select_alerts, SQL_TENANT, &old_in, &id_schema,
    "SELECT id FROM alerts FORCE INDEX (resolved) WHERE config_id = :config_id"
    " AND resolved_at < :before"
    " AND open_key IS NULL ORDER BY resolved_at LIMIT :limit");
static const struct field own_fields[] = {
	COLUMN(struct expire, before),
	COLUMN(struct expire, limit),
	FIELD_END,
};
static const struct schema own_in = SCHEMA("ExpireOwnIn", struct expire, own_fields);
SQL(expire_select_own, SQL_TENANT, &own_in, &id_schema,
    "SELECT id FROM alerts FORCE INDEX (resolved) WHERE config_id IS NULL"
    " AND resolved_at < :before"
    " AND open_key IS NULL ORDER BY resolved_at LIMIT :limit");
SQL(expire_delete_alert_findings, SQL_TENANT, &some_in, NULL,
    "DELETE FROM alert_findings WHERE alert_id = :id ORDER BY fingerprint LIMIT :limit");
SQL(expire_delete_alert_events, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM drift_history WHERE subject = :id AND config_id IS NULL");
SQL(expire_delete_controls, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM alert_controls WHERE alert_id = :id");
SQL(expire_delete_lanes, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM alert_lanes WHERE alert_id = :id");
SQL(expire_delete_escalations, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM alert_escalations WHERE alert_id = :id");
SQL(expire_delete_alert, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM alerts WHERE id = :id AND open_key IS NULL");

/* Those of the config, or of none. */
static bool
drop_alerts(struct db *db, TALLOC_CTX *mem, const struct expire *in, bool *more, struct err *e)
{
	const struct sql *q =
	    uuid_is_nil(&in->config_id) ? &expire_select_own : &expire_select_alerts;
	struct key_in *rows;
	size_t         n;
	int64_t        left = in->limit;
	uint64_t       gone = 0;

	if (!db_all(db, mem, q, in, INTO(&rows, &n, (size_t)in->limit), e))
		return false;
	for (size_t i = 0; i < n && left > 0; i++, left -= (int64_t)gone) {
		rows[i].limit = left;
		if (!db_run(db, &expire_delete_alert_findings, &rows[i], &gone, e))
			return false;
		if ((int64_t)gone < left &&
		    (!db_run(db, &expire_delete_alert_events, &rows[i], NULL, e) ||
			!db_run(db, &expire_delete_lanes, &rows[i], NULL, e) ||
			!db_run(db, &expire_delete_controls, &rows[i], NULL, e) ||
			!db_run(db, &expire_delete_escalations, &rows[i], NULL, e) ||
			!db_run(db, &expire_delete_alert, &rows[i], NULL, e)))
			return false;
	}
	*more |= left <= 0 || n == (size_t)in->limit;
	return true;
}

bool
expire_config(struct db *db, TALLOC_CTX *mem, const struct expire *in, bool *more, struct err *e)
{
	*more = false;
	return drop_alerts(db, mem, in, more, e) && drop_reports(db, mem, in, more, e) &&
	       drop_changes(db, mem, in->limit, more, e) && drop_findings(db, mem, in, more, e);
}

bool
expire_own(struct db *db, TALLOC_CTX *mem, const struct expire *in, bool *more, struct err *e)
{
	*more = false;
	return drop_alerts(db, mem, in, more, e);
}

/* ---- messages ---- */

static const struct field message_fields[] = {
	COLUMN(struct key_in, id),
	COLUMN(struct key_in, limit),
	FIELD_END,
};
static const struct schema message_in = SCHEMA("ExpireMessageIn", struct key_in, message_fields);

SQL(expire_select_messages, SQL_TENANT, &message_in, &id_schema,
    "SELECT id FROM ((SELECT id FROM outbox WHERE state = 'delivered' AND id < :id ORDER BY id"
    " LIMIT "
    "100)"
    " UNION ALL (SELECT id FROM outbox WHERE state = 'dead' AND id < :id ORDER BY id LIMIT 100)"
    " UNION ALL (SELECT id FROM outbox WHERE state = 'superseded' AND id < :id ORDER BY id LIMIT "
    "100)) o"
    " LIMIT :limit");
SQL(expire_delete_attempts, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM deliveries WHERE outbox_id = :id");
SQL(expire_delete_message, SQL_TENANT, &id_schema, NULL, "DELETE FROM outbox WHERE id = :id");

bool
expire_messages(struct db *db, TALLOC_CTX *mem, instant before, int64_t limit, struct err *e)
{
	const struct key_in in = { .id = uuid_first(before.ms), .limit = limit };
	struct key_in      *rows;
	size_t              n;

	return db_all(db, mem, &expire_select_messages, &in, INTO(&rows, &n, (size_t)limit), e) &&
	       db_run_many(db, &expire_delete_attempts, rows, n, e) &&
	       db_run_many(db, &expire_delete_message, rows, n, e);
}
