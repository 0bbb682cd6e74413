#include "core/store/drift/report_priv.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

/* ---- reports ---- */

static const struct field report_fields[] = {
	COLUMN(struct report, id),
	COLUMN(struct report, config_id),
	COLUMN(struct report, snapshot_id),
	COLUMN_NULL(struct report, baseline_id),
	COLUMN(struct report, status),
	COLUMN(struct report, created),
	COLUMN(struct report, modified),
	COLUMN(struct report, deleted),
	COLUMN(struct report, by_severity),
	COLUMN(struct report, score),
	COLUMN_NULL(struct report, max_severity),
	COLUMN(struct report, incomplete),
	COLUMN_NULL(struct report, not_alerted),
	COLUMN(struct report, started_at),
	COLUMN(struct report, finished_at),
	COLUMN(struct report, accepted),
	COLUMN_NULL(struct report, held),
	COLUMN_NULL(struct report, anomaly),
	COLUMN_NULL(struct report, suppressed),
	COLUMN(struct report, shortened),
	COLUMN(struct report, moved),
	COLUMN_NULL(struct report, notes),
	COLUMN_NULL(struct report, collections),
	COLUMN_NULL(struct report, first_look),
	COLUMN_NULL(struct report, controls),
	COLUMN(struct report, renamed),
	COLUMN(struct report, incomplete_more),
	FIELD_END,
};
static const struct schema report_schema = SCHEMA("StoredReport", struct report, report_fields);

#define REPORT_COLUMNS                                                                             \
	"id, config_id, snapshot_id, baseline_id, status, created, modified, deleted, "            \
	"by_severity,"                                                                             \
	" score, max_severity, incomplete, not_alerted, started_at, finished_at,"                  \
	" accepted, held, anomaly, suppressed, shortened, moved, notes, collections, first_look,"  \
	" controls, renamed, incomplete_more"

struct list_in {
	struct report_filter f;
	struct page          page;
};
static const struct field list_fields[] = {
	COLUMN_NULL(struct list_in, f.config_id),
	COLUMN_NULL(struct list_in, f.status),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("ReportListIn", struct list_in, list_fields);

SQL(report_insert, SQL_TENANT, &report_schema, NULL,
    "INSERT INTO drift_reports (" REPORT_COLUMNS
    ") VALUES (:id, :config_id, :snapshot_id, :baseline_id, :status, :created, :modified, :deleted,"
    " :by_severity, :score, :max_severity, :incomplete, :not_alerted, :started_at, :finished_at,"
    " :accepted, :held, :anomaly, :suppressed, :shortened, :moved, :notes, :collections,"
    " :first_look, :controls, :renamed, :incomplete_more)");
SQL(report_select, SQL_TENANT, &id_in, &report_schema,
    "SELECT " REPORT_COLUMNS " FROM drift_reports WHERE id = :id");
SQL(report_select_list, SQL_TENANT, &list_in, &report_schema,
    "SELECT " REPORT_COLUMNS " FROM drift_reports WHERE (:config_id IS NULL"
    " OR config_id = :config_id)"
    " AND (:status IS NULL OR status = :status) AND (:after IS NULL OR id < :after)"
    " ORDER BY id DESC LIMIT :limit");

int64_t
report_changes(const struct report *r)
{
	return r->created + r->modified + r->deleted + r->moved;
}

bool
report_add(struct db *db, const struct report *r, struct err *e)
{
	return tx_later(db, &report_insert, r, e);
}

bool
report_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct report *r, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &report_select, &in, r, e);
}

SQL(report_select_newest, SQL_TENANT, &id_in, &report_schema,
    "SELECT " REPORT_COLUMNS " FROM drift_reports WHERE id ="
    " (SELECT report_id FROM config_state WHERE config_id = :id)");

void
report_newest_ask(struct trip *trip, const struct uuid *config, struct report *r, bool *found)
{
	const struct id_in in = { *config };

	trip_one(trip, &report_select_newest, &in, r, found);
}

bool
report_list(struct tenant_db *t, TALLOC_CTX *mem, const struct report_filter *f, struct page *p,
    struct err *e)
{
	const struct list_in in = { *f, *p };

	return page_read(t->db, mem, &report_select_list, &in, p, e);
}

/* ---- changes ---- */

#define CHANGE_KEPT                                                                                \
	COLUMN(struct change_row, id), COLUMN(struct change_row, report_id),                       \
	    COLUMN(struct change_row, config_id), COLUMN(struct change_row, position),             \
	    COLUMN(struct change_row, category), COLUMN(struct change_row, key),                   \
	    COLUMN(struct change_row, op), COLUMN(struct change_row, path),                        \
	    COLUMN(struct change_row, canonical_path), COLUMN_NULL(struct change_row, old_value),  \
	    COLUMN_NULL(struct change_row, new_value), COLUMN(struct change_row, old_truncated),   \
	    COLUMN(struct change_row, new_truncated), COLUMN(struct change_row, severity),         \
	    COLUMN(struct change_row, rule), COLUMN(struct change_row, reason),                    \
	    COLUMN(struct change_row, fingerprint), COLUMN(struct change_row, value_hash),         \
	    COLUMN(struct change_row, status), COLUMN_NULL(struct change_row, attribution),        \
	    COLUMN(struct change_row, created_at), COLUMN_NULL(struct change_row, suppressed_by),  \
	    COLUMN_NULL(struct change_row, rule_place), COLUMN_NULL(struct change_row, judged),    \
	    COLUMN_NULL(struct change_row, controls), COLUMN_NULL(struct change_row, text_diff),   \
	    COLUMN_NULL(struct change_row, renamed_from),                                          \
	    COLUMN_NULL(struct change_row, renamed_severity)

static const struct field change_kept_fields[] = {
	CHANGE_KEPT,
	FIELD_END,
};
static const struct schema change_kept =
    SCHEMA("StoredChange", struct change_row, change_kept_fields);
static const struct field change_fields[] = {
	CHANGE_KEPT,
	COLUMN_NULL(struct change_row, announced), /* its finding's */
	FIELD_END,
};
const struct schema change_row_schema = SCHEMA("ReadChange", struct change_row, change_fields);

#define CHANGE_COLUMNS                                                                             \
	"id, report_id, config_id, position, category, `key`, op, path, canonical_path, "          \
	"old_value,"                                                                               \
	" new_value, old_truncated, new_truncated, severity, rule, reason, fingerprint, "          \
	"value_hash,"                                                                              \
	" status, attribution, created_at, suppressed_by, rule_place, judged, controls,"           \
	" text_diff, renamed_from, renamed_severity"

SQL(change_select, SQL_TENANT, &id_in, &change_row_schema,
    CHANGE_SELECT CHANGE_FROM " WHERE c.id = :id");
SQL(change_insert, SQL_TENANT, &change_kept, NULL,
    "INSERT INTO drift_changes (" CHANGE_COLUMNS
    ") VALUES (:id, :report_id, :config_id, :position, :category, :key, :op, :path,"
    " :canonical_path, :old_value, :new_value, :old_truncated, :new_truncated, :severity, :rule,"
    " :reason, :fingerprint, :value_hash, :status, :attribution, :created_at, :suppressed_by,"
    " :rule_place, :judged, :controls, :text_diff, :renamed_from, :renamed_severity)");

bool
change_add(struct db *db, const struct change_row *rows, size_t n, struct err *e)
{
	return tx_later_many(db, &change_insert, rows, n, e);
}

bool
change_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct change_row *c, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &change_select, &in, c, e);
}
