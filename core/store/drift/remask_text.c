/* remask.h: what is said about a config's values in titles and reports. */
#include "core/store/drift/remask.h"

#define AT(m) COLUMN(struct remask_at, m)
static const struct field at_fields[] = {
	AT(config_id),
	AT(id),
	AT(limit),
	FIELD_END,
};
static const struct schema at_in = SCHEMA("RemaskTextAt", struct remask_at, at_fields);

/* ---- alerts ---- */

static const struct field alert_fields[] = {
	COLUMN(struct remask_alert, id),
	COLUMN(struct remask_alert, title),
	FIELD_END,
};
static const struct schema alert_schema = SCHEMA("RemaskAlert", struct remask_alert, alert_fields);

SQL(remask_select_alerts, SQL_TENANT, &at_in, &alert_schema,
    "SELECT id, title FROM alerts FORCE INDEX (config) WHERE config_id = :config_id AND id > :id"
    " ORDER BY id LIMIT :limit");
SQL(remask_update_alert, SQL_TENANT, &alert_schema, NULL,
    "UPDATE alerts SET title = :title WHERE id = :id");

bool
remask_alerts(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_alert **rows, size_t *n, struct err *e)
{
	return db_all(db, mem, &remask_select_alerts, at, INTO(rows, n, (size_t)at->limit), e);
}

bool
remask_alerts_set(struct db *db, const struct remask_alert *rows, size_t n, struct err *e)
{
	return db_run_many(db, &remask_update_alert, rows, n, e);
}

/* ---- reports ---- */

static const struct field report_fields[] = {
	COLUMN(struct remask_report, id),
	COLUMN(struct remask_report, incomplete),
	COLUMN_NULL(struct remask_report, held),
	COLUMN_NULL(struct remask_report, notes),
	COLUMN_NULL(struct remask_report, collections),
	COLUMN_NULL(struct remask_report, first_look),
	FIELD_END,
};
static const struct schema report_schema =
    SCHEMA("RemaskReport", struct remask_report, report_fields);

SQL(remask_select_reports, SQL_TENANT, &at_in, &report_schema,
    "SELECT id, incomplete, held, notes, collections, first_look FROM drift_reports"
    " FORCE INDEX (config) WHERE config_id = :config_id AND id > :id ORDER BY id LIMIT :limit");
SQL(remask_update_report, SQL_TENANT, &report_schema, NULL,
    "UPDATE drift_reports SET incomplete = :incomplete, held = :held, notes = :notes,"
    " collections = :collections, first_look = :first_look WHERE id = :id");

bool
remask_reports(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_report **rows, size_t *n, struct err *e)
{
	return db_all(db, mem, &remask_select_reports, at, INTO(rows, n, (size_t)at->limit), e);
}

bool
remask_reports_set(struct db *db, const struct remask_report *rows, size_t n, struct err *e)
{
	return db_run_many(db, &remask_update_report, rows, n, e);
}
