#include "core/store/drift/awaited.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/report_priv.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field add_fields[] = {
	COLUMN(struct awaited, change_id),
	COLUMN(struct awaited, config_id),
	COLUMN(struct awaited, since),
	COLUMN(struct awaited, until),
	COLUMN(struct awaited, ends_at),
	FIELD_END,
};
static const struct schema add_in = SCHEMA("AwaitedAddIn", struct awaited, add_fields);
static const struct field  drop_fields[] = {
	 COLUMN(struct awaited, change_id),
	 FIELD_END,
};
static const struct schema drop_in = SCHEMA("AwaitedDropIn", struct awaited, drop_fields);

SQL(awaited_insert, SQL_TENANT, &add_in, NULL,
    "INSERT INTO drift_awaited (change_id, config_id, since, until, ends_at)"
    " VALUES (:change_id, :config_id, :since, :until, :ends_at)");
SQL(awaited_delete, SQL_TENANT, &drop_in, NULL,
    "DELETE FROM drift_awaited WHERE change_id = :change_id");

bool
awaited_add(struct db *db, const struct awaited *a, size_t n, struct err *e)
{
	return tx_later_many(db, &awaited_insert, a, n, e);
}

bool
awaited_drop(struct db *db, const struct awaited *a, size_t n, struct err *e)
{
	return tx_later_many(db, &awaited_delete, a, n, e);
}

/* ---- with their changes ---- */

#define WAIT(m)        COLUMN_AS(struct awaited_change, wait.m, #m)
#define CHANGE(m)      COLUMN_AS(struct awaited_change, change.m, #m)
#define CHANGE_NULL(m) COLUMN_AS_NULL(struct awaited_change, change.m, #m)
static const struct field list_fields[] = {
	WAIT(change_id),
	WAIT(config_id),
	WAIT(since),
	WAIT(until),
	WAIT(ends_at),
	CHANGE_NULL(id),
	CHANGE_NULL(report_id),
	CHANGE_NULL(category),
	CHANGE_NULL(key),
	CHANGE_NULL(op),
	CHANGE_NULL(path),
	CHANGE_NULL(canonical_path),
	CHANGE_NULL(old_value),
	CHANGE_NULL(new_value),
	COLUMN_AS(struct awaited_change, change.old_truncated, "old_truncated"),
	COLUMN_AS(struct awaited_change, change.new_truncated, "new_truncated"),
	CHANGE_NULL(severity),
	CHANGE_NULL(rule),
	CHANGE_NULL(reason),
	CHANGE_NULL(fingerprint),
	CHANGE_NULL(value_hash),
	CHANGE_NULL(attribution),
	FIELD_END,
};
static const struct schema list_out = SCHEMA("AwaitedChange", struct awaited_change, list_fields);

SQL(awaited_select, SQL_TENANT, &id_in, &list_out,
    "SELECT a.change_id, a.config_id, a.since, a.until, a.ends_at, c.id, c.report_id, c.category,"
    " c.`key`, c.op, c.path, c.canonical_path, c.old_value, c.new_value,"
    " IFNULL(c.old_truncated, FALSE) AS old_truncated,"
    " IFNULL(c.new_truncated, FALSE) AS new_truncated, c.severity, c.rule, c.reason,"
    " c.fingerprint, c.value_hash, IFNULL(c.attribution, f.attribution) AS attribution"
    " FROM drift_awaited a FORCE INDEX (config)"
    " LEFT JOIN drift_changes c ON c.id = a.change_id" CHANGE_FINDING
    " WHERE a.config_id = :id ORDER BY a.change_id LIMIT 1000");

bool
awaited_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct awaited_change **rows, size_t *n, struct err *e)
{
	const struct id_in in = { *config };

	return db_all(db, mem, &awaited_select, &in, INTO(rows, n, AWAITED_MAX), e);
}

/* ---- what is found ---- */

static const struct field found_fields[] = {
	COLUMN(struct attributed, attribution),
	COLUMN(struct attributed, config_id),
	COLUMN(struct attributed, fingerprint),
	COLUMN(struct attributed, value_hash),
	FIELD_END,
};
static const struct schema found_in = SCHEMA("AttributedIn", struct attributed, found_fields);

SQL(awaited_update_finding, SQL_TENANT, &found_in, NULL,
    "UPDATE drift_findings SET attribution = :attribution WHERE config_id = :config_id"
    " AND fingerprint = :fingerprint AND value_hash = :value_hash");

static const struct field change_fields[] = {
	COLUMN(struct attributed, attribution),
	COLUMN(struct attributed, change_id),
	FIELD_END,
};
static const struct schema change_in =
    SCHEMA("AttributedChangeIn", struct attributed, change_fields);

SQL(awaited_update_change, SQL_TENANT, &change_in, NULL,
    "UPDATE drift_changes SET attribution = :attribution WHERE id = :change_id");

bool
awaited_found(struct db *db, const struct attributed *a, size_t n, struct err *e)
{
	return tx_later_many(db, &awaited_update_finding, a, n, e) &&
	       tx_later_many(db, &awaited_update_change, a, n, e);
}

/* ---- what is known ---- */

static const struct field maker_fields[] = {
	COLUMN(struct finding_maker, fingerprint),
	COLUMN(struct finding_maker, value_hash),
	COLUMN(struct finding_maker, attribution),
	FIELD_END,
};
static const struct schema maker_out = SCHEMA("FindingMaker", struct finding_maker, maker_fields);

SQL(awaited_select_makers, SQL_TENANT, &id_in, &maker_out,
    "SELECT fingerprint, value_hash, attribution FROM drift_findings FORCE INDEX (ended)"
    " WHERE config_id = :id AND status IN ('detected', 'acknowledged', 'in_progress')"
    " AND NOT promoted AND attribution IS NOT NULL LIMIT 5000");

void
awaited_makers_ask(struct trip *trip, const struct uuid *config, struct finding_makers *out)
{
	const struct id_in in = { *config };

	trip_all(trip, &awaited_select_makers, &in, INTO(&out->rows, &out->n, MAKERS_MAX));
}

static int
by_value(const void *a, const void *b)
{
	const struct finding_maker *x = a, *y = b;
	int                         d = memcmp(x->fingerprint.p, y->fingerprint.p, HASH_LEN);

	return d != 0 ? d : memcmp(x->value_hash.p, y->value_hash.p, HASH_LEN);
}

void
awaited_makers_sort(struct finding_makers *l)
{
	if (l->n > 1)
		qsort(l->rows, l->n, sizeof(l->rows[0]), by_value);
}

const char *
awaited_maker(const struct finding_makers *l, const uint8_t fingerprint[static HASH_LEN],
    const uint8_t value_hash[static HASH_LEN])
{
	const struct finding_maker  key = { { fingerprint, HASH_LEN }, { value_hash, HASH_LEN },
		 NULL };
	const struct finding_maker *at =
	    l->n == 0 ? NULL : bsearch(&key, l->rows, l->n, sizeof(l->rows[0]), by_value);

	return at == NULL ? NULL : at->attribution;
}
