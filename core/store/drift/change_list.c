/* report.h: pages of a report's changes. */
#include <string.h>

#include "core/store/drift/report_priv.h"

/*
 * A page of changes costs the same wherever it lies and however many changes there are: each filter
 * has an index that ends in the position, and what it leaves open (a severity, a status) is a
 * handful of words, each a branch of its own that is read up to a page and no further.
 *
 * The status a row holds is exact in the newest report of a config only (finding_put).  In an older
 * one it is looked up in the finding of each change: from the findings of that status when they are
 * few, else along the report, whose length the engine bounds.
 */

#define FEW_FINDINGS 1000

struct list_in {
	struct change_filter f;
	struct uuid          config_id;
	int64_t              from; /* position */
	struct page          page;
};

/* ---- where a page begins, and whether the report is the newest ---- */

static const struct field after_fields[] = {
	COLUMN(struct list_in, page.after),
	COLUMN(struct list_in, f.report_id),
	FIELD_END,
};
static const struct schema after_in = SCHEMA("ChangeAfterIn", struct list_in, after_fields);
struct place {
	int64_t position;
};
static const struct field place_fields[] = {
	COLUMN(struct place, position),
	FIELD_END,
};
static const struct schema place_out = SCHEMA("ChangePlace", struct place, place_fields);

static const struct field report_fields[] = {
	COLUMN(struct list_in, f.report_id),
	FIELD_END,
};
static const struct schema report_in = SCHEMA("ChangeReportIn", struct list_in, report_fields);
struct standing {
	struct uuid config_id;
	bool        newest;
};
static const struct field standing_fields[] = {
	COLUMN(struct standing, config_id),
	COLUMN(struct standing, newest),
	FIELD_END,
};
static const struct schema standing_out =
    SCHEMA("ReportStanding", struct standing, standing_fields);

static const struct field few_fields[] = {
	COLUMN(struct list_in, config_id),
	COLUMN(struct list_in, f.status),
	FIELD_END,
};
static const struct schema few_in = SCHEMA("ChangeFewIn", struct list_in, few_fields);

SQL(change_select_place, SQL_TENANT, &after_in, &place_out,
    "SELECT position FROM drift_changes WHERE id = :after AND report_id = :report_id");
SQL(report_select_standing, SQL_TENANT, &report_in, &standing_out,
    "SELECT r.config_id, s.report_id <=> r.id AS newest FROM drift_reports r"
    " JOIN config_state s ON s.config_id = r.config_id WHERE r.id = :report_id");
SQL(change_select_few, SQL_TENANT, &few_in, &place_out,
    "SELECT COUNT(*) AS position FROM (SELECT 1 FROM drift_findings WHERE config_id = :config_id"
    " AND status = :status LIMIT 1001) t");

/* ---- pages ---- */

/* One range of an index, in the order of positions. */
#define RANGE(index, where)                                                                        \
	"(SELECT id, position FROM drift_changes FORCE INDEX (" index                              \
	") WHERE report_id = :report_id" where                                                     \
	" AND position >= :from ORDER BY position LIMIT :limit)"
#define PAGE(ranges)                                                                               \
	CHANGE_SELECT " FROM (" ranges ") p JOIN drift_changes c ON c.id = p.id" CHANGE_FINDING    \
		      " ORDER BY p.position LIMIT :limit"
#define OR " UNION ALL "
#define EVERY_STATUS(index, where)                                                                 \
	RANGE(index, where " AND status = 'detected'")                                             \
	OR RANGE(index, where " AND status = 'acknowledged'") OR RANGE(                            \
	    index, where " AND status = 'in_progress'") OR                                         \
	RANGE(index, where " AND status = 'resolved'") OR                                          \
	RANGE(index, where " AND status = 'ignored'") OR                                           \
	RANGE(index, where " AND status = 'accepted'")
#define EVERY_SEVERITY(index, where)                                                               \
	RANGE(index, where " AND severity = 'info'" STATUS)                                        \
	OR RANGE(index, where " AND severity = 'low'" STATUS) OR RANGE(                            \
	    index, where " AND severity = 'medium'" STATUS) OR                                     \
	RANGE(index, where " AND severity = 'high'" STATUS) OR                                     \
	RANGE(index, where " AND severity = 'critical'" STATUS)
#define CATEGORY " AND category = :category"
#define SEVERITY " AND severity = :severity"
#define STATUS   " AND status = :status"

#define C COLUMN(struct list_in, f.category),
#define V COLUMN(struct list_in, f.severity),
#define S COLUMN(struct list_in, f.status),
#define PAGE_SQL(id, filters, text)                                                                \
	static const struct field id##_fields[] = {                                                \
		COLUMN(struct list_in, f.report_id),                                               \
		filters COLUMN(struct list_in, from),                                              \
		COLUMN_AS(struct list_in, page.want, "limit"),                                     \
		FIELD_END,                                                                         \
	};                                                                                         \
	static const struct schema id##_in = SCHEMA("ChangePageIn", struct list_in, id##_fields);  \
	SQL(id, SQL_TENANT, &id##_in, &change_row_schema, text)

PAGE_SQL(change_page, , PAGE(RANGE("report", "")));
PAGE_SQL(change_page_category, C, PAGE(RANGE("by_category", CATEGORY)));
PAGE_SQL(change_page_severity, V, PAGE(EVERY_STATUS("by_severity", SEVERITY)));
PAGE_SQL(change_page_status, S, PAGE(EVERY_SEVERITY("by_severity", "")));
PAGE_SQL(change_page_severity_status, V S, PAGE(RANGE("by_severity", SEVERITY STATUS)));
PAGE_SQL(change_page_category_severity, C V, PAGE(EVERY_STATUS("by_all", CATEGORY SEVERITY)));
PAGE_SQL(change_page_category_status, C S, PAGE(EVERY_SEVERITY("by_all", CATEGORY)));
PAGE_SQL(change_page_exact, C V S, PAGE(RANGE("by_all", CATEGORY SEVERITY STATUS)));

/* By what is asked for: category, severity, status. */
static const struct sql *const pages[2][2][2] = {
	{ { &change_page, &change_page_status },
	    { &change_page_severity, &change_page_severity_status } },
	{ { &change_page_category, &change_page_category_status },
	    { &change_page_category_severity, &change_page_exact } },
};

/* ---- pages of an older report by status ---- */

#define OLDER                                                                                      \
	" AND c.position >= :from AND (:severity IS NULL OR c.severity = :severity)"               \
	" AND (:category IS NULL OR c.category = :category) ORDER BY c.position LIMIT :limit"
#define OLDER_FIELDS                                                                               \
	COLUMN(struct list_in, f.report_id), COLUMN(struct list_in, f.status),                     \
	    COLUMN(struct list_in, from), COLUMN_NULL(struct list_in, f.severity),                 \
	    COLUMN_NULL(struct list_in, f.category), COLUMN_AS(struct list_in, page.want, "limit")

static const struct field along_fields[] = {
	OLDER_FIELDS,
	FIELD_END,
};
static const struct schema along_in = SCHEMA("ChangeAlongIn", struct list_in, along_fields);
static const struct field  found_fields[] = {
	 COLUMN(struct list_in, config_id),
	 OLDER_FIELDS,
	 FIELD_END,
};
static const struct schema found_in = SCHEMA("ChangeFoundIn", struct list_in, found_fields);

SQL(change_select_along, SQL_TENANT, &along_in, &change_row_schema,
    CHANGE_SELECT " FROM drift_changes c FORCE INDEX (report)" CHANGE_FINDING
		  " WHERE c.report_id = :report_id AND IFNULL(f.status, c.status) = :status" OLDER);
SQL(change_select_found, SQL_TENANT, &found_in, &change_row_schema,
    CHANGE_SELECT
    " FROM drift_findings f FORCE INDEX (ended) STRAIGHT_JOIN drift_changes c FORCE INDEX (finding)"
    " ON c.config_id = f.config_id AND c.fingerprint = f.fingerprint"
    " AND c.value_hash = f.value_hash"
    " WHERE f.config_id = :config_id AND f.status = :status AND c.report_id = :report_id" OLDER);

/* ---- pages by control ---- */

/* Few changes have any, and no index would know them: they are found along the report. */
static const struct field control_fields[] = {
	COLUMN(struct list_in, f.report_id),
	COLUMN(struct list_in, f.control),
	COLUMN_NULL(struct list_in, f.status),
	COLUMN(struct list_in, from),
	COLUMN_NULL(struct list_in, f.severity),
	COLUMN_NULL(struct list_in, f.category),
	COLUMN_AS(struct list_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema control_in = SCHEMA("ChangeControlIn", struct list_in, control_fields);

SQL(change_select_control, SQL_TENANT, &control_in, &change_row_schema,
    CHANGE_SELECT
    " FROM drift_changes c FORCE INDEX (report)" CHANGE_FINDING
    " WHERE c.report_id = :report_id AND JSON_CONTAINS(c.controls, JSON_QUOTE(:control))"
    " AND (:status IS NULL OR IFNULL(f.status, c.status) = :status)" OLDER);

/* Changes that no finding stands behind are of status detected: those are found along the report.
 */
static bool
choose(struct db *db, TALLOC_CTX *mem, struct list_in *in, const struct sql **q, struct err *e)
{
	struct standing s;
	struct place    few;

	if (in->f.control != NULL) {
		*q = &change_select_control;
		return true;
	}
	*q = pages[in->f.category != NULL][in->f.severity != NULL][in->f.status != NULL];
	if (in->f.status == NULL)
		return true;
	if (!db_one(db, mem, &report_select_standing, in, &s, e))
		return false;
	if (s.newest)
		return true;
	*q = &change_select_along;
	if (strcmp(in->f.status, "detected") == 0)
		return true;
	in->config_id = s.config_id;
	if (!db_one(db, mem, &change_select_few, in, &few, e))
		return false;
	if (few.position <= FEW_FINDINGS)
		*q = &change_select_found;
	return true;
}

static bool
begin(struct db *db, TALLOC_CTX *mem, struct list_in *in, struct err *e)
{
	struct place p;

	if (uuid_is_nil(&in->page.after))
		return true;
	if (!db_one(db, mem, &change_select_place, in, &p, e))
		return false;
	in->from = p.position + 1;
	return true;
}

bool
change_list(struct tenant_db *t, TALLOC_CTX *mem, const struct change_filter *f, struct page *p,
    struct err *e)
{
	struct list_in    in = { .f = *f, .page = *p };
	const struct sql *q = NULL;

	p->rows = NULL;
	p->n = 0;
	if (begin(t->db, mem, &in, e) && choose(t->db, mem, &in, &q, e))
		return page_read(t->db, mem, q, &in, p, e);
	return err_take(e, ERR_MISSING); /* no such change, or no such report: an empty page */
}
