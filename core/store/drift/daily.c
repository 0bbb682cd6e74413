#include "core/store/drift/daily.h"
#include "core/store/tx.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/snapshot.h"

static const struct field daily_fields[] = {
	COLUMN(struct daily, kind),
	COLUMN(struct daily, day),
	COLUMN(struct daily, config_id),
	COLUMN(struct daily, name),
	COLUMN(struct daily, category),
	COLUMN(struct daily, label),
	COLUMN(struct daily, changes),
	COLUMN(struct daily, findings),
	FIELD_END,
};
static const struct schema daily_in = SCHEMA("DailyIn", struct daily, daily_fields);

SQL(daily_upsert, SQL_TENANT, &daily_in, NULL,
    "INSERT INTO drift_daily (kind, day, config_id, name, category, label, changes, findings)"
    " VALUES (:kind, :day, :config_id, :name, :category, :label, :changes, :findings)"
    " ON DUPLICATE KEY UPDATE changes = changes + VALUES(changes),"
    " findings = findings + VALUES(findings)");

struct uuid
daily_name(const struct uuid *config, const char *category, const char *label)
{
	return held_id(config, str_of(category), str_of(label));
}

/* In the order of the table: its pages are visited once, and its rows locked in one order. */
static int
by_row(const void *a, const void *b)
{
	const struct daily *x = a, *y = b;
	int                 c = strcmp(x->kind, y->kind);

	if (c == 0 && x->day != y->day)
		c = x->day < y->day ? -1 : 1;
	if (c == 0)
		c = memcmp(x->config_id.b, y->config_id.b, sizeof(x->config_id.b));
	return c != 0 ? c : memcmp(x->name.b, y->name.b, sizeof(x->name.b));
}

bool
daily_add(struct db *db, struct daily *rows, size_t n, struct err *e)
{
	if (n > 1)
		qsort(rows, n, sizeof(rows[0]), by_row);
	return tx_later_many(db, &daily_upsert, rows, n, e);
}

#define READ_FIELDS                                                                                \
	COLUMN(struct daily_filter, from), COLUMN(struct daily_filter, until),                     \
	    COLUMN_NULL(struct daily_filter, config_id)
static const struct field days_fields[] = {
	READ_FIELDS,
	FIELD_END,
};
static const struct schema days_in = SCHEMA("DailyDaysIn", struct daily_filter, days_fields);
static const struct field  top_in_fields[] = {
	 READ_FIELDS,
	 COLUMN_AS(struct daily_filter, most, "limit"),
	 FIELD_END,
};
static const struct schema top_in = SCHEMA("DailyTopIn", struct daily_filter, top_in_fields);

static const struct field severity_fields[] = {
	COLUMN(struct daily_severity, day),
	COLUMN(struct daily_severity, severity),
	COLUMN(struct daily_severity, changes),
	COLUMN(struct daily_severity, findings),
	FIELD_END,
};
static const struct schema severity_schema =
    SCHEMA("DailySeverity", struct daily_severity, severity_fields);
static const struct field top_fields[] = {
	COLUMN(struct daily_top, config_id),
	COLUMN(struct daily_top, category),
	COLUMN(struct daily_top, label),
	COLUMN(struct daily_top, changes),
	COLUMN(struct daily_top, findings),
	FIELD_END,
};
static const struct schema top_schema = SCHEMA("DailyTop", struct daily_top, top_fields);
static const struct field  rule_fields[] = {
	 COLUMN(struct daily_top, label),
	 COLUMN(struct daily_top, changes),
	 COLUMN(struct daily_top, findings),
	 FIELD_END,
};
static const struct schema rules_schema = SCHEMA("DailyRule", struct daily_top, rule_fields);

#define SUMS                                                                                       \
	" CAST(SUM(changes) AS SIGNED) AS changes, CAST(SUM(findings) AS SIGNED) AS findings"      \
	" FROM drift_daily"
#define SINCE                                                                                      \
	" AND day >= :from AND day <= :until AND (:config_id IS NULL OR config_id = :config_id)"

SQL(daily_select_severities, SQL_TENANT, &days_in, &severity_schema,
    "SELECT day, label AS severity," SUMS " WHERE kind = 'severity'" SINCE
    " GROUP BY day, label ORDER BY day");
SQL(daily_select_resources, SQL_TENANT, &top_in, &top_schema,
    "SELECT t.config_id, d.category, d.label, t.changes, t.findings FROM (SELECT name, MAX(day)"
    " AS day, MAX(config_id) AS config_id," SUMS " WHERE kind = 'resource'" SINCE
    " GROUP BY name ORDER BY findings DESC, name LIMIT :limit) t JOIN drift_daily d"
    " ON d.kind = 'resource' AND d.day = t.day AND d.config_id = t.config_id AND d.name = t.name"
    " ORDER BY t.findings DESC, d.category, d.label");
SQL(daily_select_rules, SQL_TENANT, &top_in, &rules_schema,
    "SELECT label," SUMS " WHERE kind = 'rule'" SINCE
    " GROUP BY label ORDER BY findings DESC, changes DESC, label LIMIT :limit");

#define DAYS_ROWS_MAX 4000 /* of 366 days and the severities */

bool
daily_severities(struct tenant_db *t, TALLOC_CTX *mem, const struct daily_filter *f,
    struct daily_severity **rows, size_t *n, struct err *e)
{
	return db_all(t->db, mem, &daily_select_severities, f, INTO(rows, n, DAYS_ROWS_MAX), e);
}

bool
daily_resources(struct tenant_db *t, TALLOC_CTX *mem, const struct daily_filter *f,
    struct daily_top **rows, size_t *n, struct err *e)
{
	return db_all(t->db, mem, &daily_select_resources, f, INTO(rows, n, f->most), e);
}

bool
daily_rules(struct tenant_db *t, TALLOC_CTX *mem, const struct daily_filter *f,
    struct daily_top **rows, size_t *n, struct err *e)
{
	return db_all(t->db, mem, &daily_select_rules, f, INTO(rows, n, f->most), e);
}
