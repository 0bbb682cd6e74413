/* report.h: pages of a report's changes. */
#include <string.h>

#include "core/store/drift/report_priv.h"

/*
 * A page of changes costs the same wherever it lies and however many changes there are: each filter
 * has an index that ends in the position.
 *
 * A status is the finding's, which no index of changes knows: a page is looked up from the findings
 * of that status when they are few, else along what the other filters leave of the report, whose
 * length the engine bounds.
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
	"SELECT c.id, c.position FROM drift_changes c FORCE INDEX (" index                         \
	") WHERE c.report_id = :report_id" where                                                   \
	" AND c.position >= :from ORDER BY c.position LIMIT :limit"
/* The same, held against the findings on the way. */
#define WALK(index, where)                                                                         \
	"SELECT c.id, c.position FROM drift_changes c FORCE INDEX (" index ")" CHANGE_FINDING      \
	" WHERE c.report_id = :report_id" where " AND c.position >= :from"                         \
	" AND " CHANGE_STATUS " = :status ORDER BY c.position LIMIT :limit"
#define PAGE(range)                                                                                \
	CHANGE_SELECT " FROM (" range ") p JOIN drift_changes c ON c.id = p.id" CHANGE_FINDING     \
		      " ORDER BY p.position LIMIT :limit"
#define CATEGORY " AND c.category = :category"
#define SEVERITY " AND c.severity = :severity"

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
	SQL(id, SQL_TENANT, &id##_in, &change_row_schema, PAGE(text))

PAGE_SQL(change_page, , RANGE("report", ""));
PAGE_SQL(change_page_category, C, RANGE("by_category", CATEGORY));
PAGE_SQL(change_page_severity, V, RANGE("by_severity", SEVERITY));
PAGE_SQL(change_page_category_severity, C V, RANGE("by_all", CATEGORY SEVERITY));
PAGE_SQL(change_walk, S, WALK("report", ""));
PAGE_SQL(change_walk_category, C S, WALK("by_category", CATEGORY));
PAGE_SQL(change_walk_severity, V S, WALK("by_severity", SEVERITY));
PAGE_SQL(change_walk_category_severity, C V S, WALK("by_all", CATEGORY SEVERITY));

/* By what is asked for: category, severity, status. */
static const struct sql *const pages[2][2][2] = {
	{ { &change_page, &change_walk }, { &change_page_severity, &change_walk_severity } },
	{ { &change_page_category, &change_walk_category },
	    { &change_page_category_severity, &change_walk_category_severity } },
};

/* ---- pages of what few findings have ---- */

#define LEFT_OF                                                                                    \
	" AND c.position >= :from AND (:severity IS NULL OR c.severity = :severity)"               \
	" AND (:category IS NULL OR c.category = :category) ORDER BY c.position LIMIT :limit"

static const struct field found_fields[] = {
	COLUMN(struct list_in, config_id),
	COLUMN(struct list_in, f.report_id),
	COLUMN(struct list_in, f.status),
	COLUMN(struct list_in, from),
	COLUMN_NULL(struct list_in, f.severity),
	COLUMN_NULL(struct list_in, f.category),
	COLUMN_AS(struct list_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema found_in = SCHEMA("ChangeFoundIn", struct list_in, found_fields);

SQL(change_select_found, SQL_TENANT, &found_in, &change_row_schema,
    CHANGE_SELECT
    " FROM drift_findings f FORCE INDEX (ended) STRAIGHT_JOIN drift_changes c FORCE INDEX (finding)"
    " ON c.config_id = f.config_id AND c.fingerprint = f.fingerprint"
    " AND c.value_hash = f.value_hash"
    " WHERE f.config_id = :config_id AND f.status = :status AND c.report_id = :report_id" LEFT_OF);

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
    " AND (:status IS NULL OR " CHANGE_STATUS " = :status)" LEFT_OF);

/*
 * Changes that no finding stands behind are found along the report: those that undo one are
 * resolved, and those of a report out of order, which is never the newest, are detected.
 */
static bool
may_be_without(const struct standing *s, const char *status)
{
	return strcmp(status, "resolved") == 0 || (!s->newest && strcmp(status, "detected") == 0);
}

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
	if (may_be_without(&s, in->f.status))
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
