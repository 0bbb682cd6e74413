#include "core/store/alert/alert.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/id_list.h"
#include "core/store/tenant/fleet.h"
#include "core/store/trip.h"
#include "core/store/tx.h"

static const struct field alert_fields[] = {
	COLUMN(struct alert, id),
	COLUMN_NULL(struct alert, config_id),
	COLUMN_NULL(struct alert, report_id),
	COLUMN(struct alert, kind),
	COLUMN(struct alert, severity),
	COLUMN(struct alert, title),
	COLUMN_NULL(struct alert, title_values),
	COLUMN(struct alert, status),
	COLUMN(struct alert, changes),
	COLUMN(struct alert, opened_at),
	COLUMN(struct alert, updated_at),
	COLUMN_NULL(struct alert, acknowledged_by),
	COLUMN_NULL(struct alert, acknowledged_at),
	COLUMN_NULL(struct alert, assigned_to),
	COLUMN_NULL(struct alert, resolved_at),
	COLUMN_NULL(struct alert, resolved_by),
	COLUMN_NULL(struct alert, suppressed_by),
	COLUMN_NULL(struct alert, open_key),
	COLUMN(struct alert, version),
	COLUMN_NULL(struct alert, attribution),
	FIELD_END,
};
static const struct schema alert_schema = SCHEMA("StoredAlert", struct alert, alert_fields);

#define ALERT_COLUMNS                                                                              \
	"id, config_id, report_id, kind, severity, title, title_values, status, changes, "         \
	"opened_at, updated_at,"                                                                   \
	" acknowledged_by, acknowledged_at, assigned_to, resolved_at, resolved_by, suppressed_by," \
	" open_key, version, attribution"

struct key_in {
	const char *open_key;
};
static const struct field key_fields[] = {
	COLUMN(struct key_in, open_key),
	FIELD_END,
};
static const struct schema key_in = SCHEMA("AlertKey", struct key_in, key_fields);

SQL(alert_insert, SQL_TENANT, &alert_schema, NULL,
    "INSERT INTO alerts (" ALERT_COLUMNS ") VALUES (:id, :config_id, :report_id, :kind, :severity, "
    ":title, :title_values, :status, :changes,"
    " :opened_at, :updated_at, :acknowledged_by, :acknowledged_at, :assigned_to, :resolved_at,"
    " :resolved_by, :suppressed_by, :open_key, :version, :attribution)");
SQL(alert_select, SQL_TENANT, &id_in, &alert_schema,
    "SELECT " ALERT_COLUMNS " FROM alerts WHERE id = :id");
SQL(alert_select_open, SQL_TENANT, &key_in, &alert_schema,
    "SELECT " ALERT_COLUMNS " FROM alerts WHERE open_key = :open_key");

static const struct field keys_fields[] = {
	COLUMN(struct alert_keys, from),
	COLUMN(struct alert_keys, to),
	COLUMN(struct alert_keys, limit),
	FIELD_END,
};
static const struct schema keys_in = SCHEMA("AlertKeysIn", struct alert_keys, keys_fields);

SQL(alert_select_between, SQL_TENANT, &keys_in, &alert_schema,
    "SELECT " ALERT_COLUMNS " FROM alerts FORCE INDEX (open_key)"
    " WHERE open_key >= :from AND open_key < :to ORDER BY open_key LIMIT :limit");
SQL(alert_select_newest, SQL_TENANT, &id_in, &alert_schema,
    "SELECT " ALERT_COLUMNS " FROM alerts FORCE INDEX (config) WHERE config_id = :id"
    " AND kind = 'drift' ORDER BY id DESC LIMIT 1");

bool
alert_add(struct db *db, const struct alert *a, struct err *e)
{
	return tx_later(db, &alert_insert, a, e) && fleet_mark(db, e);
}

bool
alert_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct alert *a, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &alert_select, &in, a, e);
}

bool
alert_by_open_key(
    struct db *db, TALLOC_CTX *mem, const char *open_key, struct alert *a, struct err *e)
{
	const struct key_in in = { open_key };

	return db_one(db, mem, &alert_select_open, &in, a, e);
}

bool
alert_open_between(struct db *db, TALLOC_CTX *mem, const struct alert_keys *in, struct alert **rows,
    size_t *n, struct err *e)
{
	return db_all(db, mem, &alert_select_between, in, INTO(rows, n, (size_t)in->limit), e);
}

bool
alert_newest(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct alert *a,
    bool *found, struct err *e)
{
	const struct id_in in = { *config };

	*found = db_one(db, mem, &alert_select_newest, &in, a, e);
	return *found || err_take(e, ERR_MISSING);
}

struct list_in {
	struct alert_filter f;
	struct page         page;
};
#define LIST_FIELDS                                                                                \
	COLUMN_NULL(struct list_in, f.status), COLUMN_NULL(struct list_in, f.severity),            \
	    COLUMN_NULL(struct list_in, f.kind), COLUMN_NULL(struct list_in, f.config_id),         \
	    COLUMN_NULL(struct list_in, f.report_id), COLUMN_NULL(struct list_in, f.assigned_to),  \
	    COLUMN_NULL(struct list_in, f.suppressed), COLUMN_NULL(struct list_in, f.unseen),      \
	    PAGE_COLUMNS(struct list_in, page), FIELD_END

static const struct field  list_fields[] = { LIST_FIELDS };
static const struct schema list_in = SCHEMA("AlertListIn", struct list_in, list_fields);
static const struct field  named_fields[] = { COLUMN(struct list_in, f.control), LIST_FIELDS };
static const struct schema named_in = SCHEMA("AlertNamedIn", struct list_in, named_fields);

#define ALERT_FILTER                                                                               \
	" (:status IS NULL OR status = :status)"                                                   \
	" AND (:severity IS NULL OR severity = :severity)"                                         \
	" AND (:kind IS NULL OR kind = :kind)"                                                     \
	" AND (:config_id IS NULL OR config_id = :config_id)"                                      \
	" AND (:report_id IS NULL OR report_id = :report_id)"                                      \
	" AND (:assigned_to IS NULL OR assigned_to = :assigned_to)"                                \
	" AND (:suppressed IS NULL OR suppressed = :suppressed)"                                   \
	" AND (:unseen IS NULL OR kind <> :unseen)"

SQL(alert_select_list, SQL_TENANT, &list_in, &alert_schema,
    "SELECT " ALERT_COLUMNS " FROM alerts WHERE" ALERT_FILTER
    " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(alert_select_tail, SQL_TENANT, &list_in, &alert_schema,
    "SELECT " ALERT_COLUMNS " FROM alerts WHERE" ALERT_FILTER
    " AND (:after IS NULL OR id > :after) ORDER BY id LIMIT :limit");
/* Along the alerts of the control. */
#define ALERTS_NAMED                                                                               \
	"SELECT " ALERT_COLUMNS " FROM alert_controls n FORCE INDEX (control) STRAIGHT_JOIN"       \
	" alerts ON id = n.alert_id WHERE n.control = :control AND" ALERT_FILTER
SQL(alert_select_named, SQL_TENANT, &named_in, &alert_schema,
    ALERTS_NAMED " AND (:after IS NULL OR n.alert_id < :after) ORDER BY n.alert_id DESC LIMIT "
		 ":limit");
SQL(alert_select_named_tail, SQL_TENANT, &named_in, &alert_schema,
    ALERTS_NAMED " AND (:after IS NULL OR n.alert_id > :after) ORDER BY n.alert_id LIMIT :limit");

bool
alert_list(struct tenant_db *t, TALLOC_CTX *mem, const struct alert_filter *f, struct page *p,
    struct err *e)
{
	static const struct sql *const lists[2][2] = {
		{ &alert_select_list, &alert_select_tail },
		{ &alert_select_named, &alert_select_named_tail },
	};
	const struct list_in in = { *f, *p };

	return page_read(t->db, mem, lists[f->control != NULL][f->oldest_first], &in, p, e);
}

SQL(alert_select_ids, SQL_TENANT, &id_list_in_schema, &alert_schema,
    "SELECT a.id, a.config_id, a.report_id, a.kind, a.severity, a.title, a.title_values, a.status, "
    "a.changes,"
    " a.opened_at, a.updated_at, a.acknowledged_by, a.acknowledged_at, a.assigned_to,"
    " a.resolved_at, a.resolved_by, a.suppressed_by, a.open_key, a.version, a.attribution"
    " FROM (SELECT DISTINCT UNHEX(REPLACE(t.id, '-', '')) AS id FROM"
    " JSON_TABLE(:ids, '$[*]' COLUMNS (id CHAR(36) PATH '$')) t) j"
    " JOIN alerts a ON a.id = j.id ORDER BY a.id DESC");

bool
alert_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids, struct alert **rows, size_t *n,
    struct err *e)
{
	struct id_list_in in;

	return id_list_print(mem, ids, &in, e) &&
	       db_all(db, mem, &alert_select_ids, &in, INTO(rows, n, ids.n), e);
}

static const struct field set_fields[] = {
	COLUMN_NULL(struct alert, report_id),
	COLUMN(struct alert, severity),
	COLUMN(struct alert, title),
	COLUMN_NULL(struct alert, title_values),
	COLUMN(struct alert, status),
	COLUMN(struct alert, changes),
	COLUMN(struct alert, updated_at),
	COLUMN_NULL(struct alert, acknowledged_by),
	COLUMN_NULL(struct alert, acknowledged_at),
	COLUMN_NULL(struct alert, assigned_to),
	COLUMN_NULL(struct alert, resolved_at),
	COLUMN_NULL(struct alert, resolved_by),
	COLUMN_NULL(struct alert, suppressed_by),
	COLUMN_NULL(struct alert, open_key),
	COLUMN_NULL(struct alert, attribution),
	COLUMN(struct alert, id),
	COLUMN(struct alert, version),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("AlertSetIn", struct alert, set_fields);

SQL(alert_update, SQL_TENANT, &set_in, NULL,
    "UPDATE alerts SET report_id = :report_id, severity = :severity, title = :title, title_values "
    "= :title_values,"
    " status = :status, changes = :changes,"
    " updated_at = :updated_at, acknowledged_by = :acknowledged_by,"
    " acknowledged_at = :acknowledged_at, assigned_to = :assigned_to, resolved_at = :resolved_at,"
    " resolved_by = :resolved_by, suppressed_by = :suppressed_by, open_key = :open_key,"
    " attribution = :attribution, version = version + 1"
    " WHERE id = :id AND version = :version");

bool
alert_set(struct db *db, const struct alert *a, bool *done, struct err *e)
{
	uint64_t n = 0;

	*done = false;
	if (!db_run(db, &alert_update, a, &n, e))
		return false;
	*done = n == 1;
	return !*done || fleet_mark(db, e);
}

bool
alert_write(struct db *db, const struct alert *a, struct err *e)
{
	return tx_later_must(db, &alert_update, a, e) && fleet_mark(db, e);
}

/* ---- findings ---- */

static const struct field told_fields[] = {
	COLUMN(struct told, alert_id),
	COLUMN(struct told, fingerprint),
	COLUMN(struct told, value_hash),
	FIELD_END,
};
static const struct schema told_schema = SCHEMA("Finding", struct told, told_fields);
static const struct field  told_key_fields[] = {
	 COLUMN(struct told, alert_id),
	 COLUMN(struct told, fingerprint),
	 FIELD_END,
};
static const struct schema told_key = SCHEMA("FindingKey", struct told, told_key_fields);

SQL(told_replace, SQL_TENANT, &told_schema, NULL,
    "REPLACE INTO alert_findings (alert_id, fingerprint, value_hash) VALUES (:alert_id,"
    " :fingerprint, :value_hash)");
SQL(told_delete, SQL_TENANT, &told_key, NULL,
    "DELETE FROM alert_findings WHERE alert_id = :alert_id AND fingerprint = :fingerprint");

SQL(told_select_open, SQL_TENANT, &key_in, &told_schema,
    "SELECT f.alert_id, f.fingerprint, f.value_hash FROM alerts a STRAIGHT_JOIN alert_findings f"
    " ON f.alert_id = a.id WHERE a.open_key = :open_key ORDER BY f.fingerprint");

SQL(told_select, SQL_TENANT, &id_in, &told_schema,
    "SELECT alert_id, fingerprint, value_hash FROM alert_findings WHERE alert_id = :id"
    " ORDER BY fingerprint");

/* ---- controls ---- */

static const struct field control_fields[] = {
	COLUMN(struct alert_control, alert_id),
	COLUMN(struct alert_control, control),
	FIELD_END,
};
static const struct schema control_schema =
    SCHEMA("AlertControl", struct alert_control, control_fields);

SQL(alert_control_insert, SQL_TENANT, &control_schema, NULL,
    "INSERT IGNORE INTO alert_controls (alert_id, control) VALUES (:alert_id, :control)");
SQL(alert_control_select, SQL_TENANT, &id_in, &control_schema,
    "SELECT alert_id, control FROM alert_controls WHERE alert_id = :id ORDER BY control");
SQL(alert_control_select_open, SQL_TENANT, &key_in, &control_schema,
    "SELECT n.alert_id, n.control FROM alerts a STRAIGHT_JOIN alert_controls n"
    " ON n.alert_id = a.id WHERE a.open_key = :open_key ORDER BY n.control");

bool
alert_control_put(struct db *db, const struct alert_control *c, size_t n, struct err *e)
{
	return tx_later_many(db, &alert_control_insert, c, n, e);
}

bool
alert_control_list(
    struct db *db, TALLOC_CTX *mem, const struct uuid *alert, struct strings *out, struct err *e)
{
	const struct id_in    in = { *alert };
	struct alert_control *rows;
	size_t                n;

	if (!db_all(db, mem, &alert_control_select, &in, INTO(&rows, &n, ALERT_CONTROLS_MAX), e))
		return false;
	*out = (struct strings) { talloc_size(mem, (n + 1) * sizeof(out->items[0])), 0 };
	if (out->items == NULL)
		return err_memory(e);
	for (; out->n < n; out->n++)
		out->items[out->n] = rows[out->n].control;
	return true;
}

/* ---- the open one ---- */

bool
alert_open_with_told(
    struct db *db, TALLOC_CTX *mem, const char *open_key, struct alert_open *out, struct err *e)
{
	const struct key_in in = { open_key };
	struct trip        *trip = trip_make(mem, db);
	bool                routed;

	trip_one(trip, &alert_select_open, &in, &out->alert, &out->found);
	trip_all(trip, &told_select_open, &in, INTO(&out->told, &out->n, FINDINGS_MAX));
	trip_all(trip, &alert_control_select_open, &in,
	    INTO(&out->controls, &out->controls_n, ALERT_CONTROLS_MAX));
	routing_ask(trip, &out->routing, &routed);
	return trip_go(trip, e);
}

bool
told_list(struct db *db, TALLOC_CTX *mem, const struct uuid *alert, struct told **rows, size_t *n,
    struct err *e)
{
	const struct id_in in = { *alert };

	return db_all(db, mem, &told_select, &in, INTO(rows, n, FINDINGS_MAX), e);
}

bool
told_put(struct db *db, const struct told *f, size_t n, struct err *e)
{
	return tx_later_many(db, &told_replace, f, n, e);
}

bool
told_drop(struct db *db, const struct told *f, size_t n, struct err *e)
{
	return tx_later_many(db, &told_delete, f, n, e);
}

static int
by_fingerprint(const void *a, const void *b)
{
	return memcmp(((const struct told *)a)->fingerprint.p,
	    ((const struct told *)b)->fingerprint.p, HASH_LEN);
}

bool
alert_has_told(const struct told *told, size_t n, struct blob fingerprint, struct blob value_hash)
{
	const struct told  key = { .fingerprint = fingerprint };
	const struct told *at =
	    n == 0 ? NULL : bsearch(&key, told, n, sizeof(told[0]), by_fingerprint);

	return at != NULL && memcmp(at->value_hash.p, value_hash.p, HASH_LEN) == 0;
}
