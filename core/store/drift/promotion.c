#include "core/store/drift/promotion.h"

#include "core/store/drift/promotion_priv.h"
#include "core/store/drift/report_priv.h"
#include "core/store/drift/schedule.h"
#include "core/store/tx.h"

static const struct field decision_fields[] = {
	COLUMN(struct promotion, config),
	COLUMN(struct promotion, number),
	COLUMN(struct promotion, owner),
	COLUMN(struct promotion, reason),
	COLUMN(struct promotion, now),
	FIELD_END,
};
static const struct schema decision_in =
    SCHEMA("PromotionDecision", struct promotion, decision_fields);
static const struct field event_fields[] = {
	COLUMN(struct promotion, report),
	COLUMN(struct promotion, event),
	COLUMN(struct promotion, number),
	COLUMN(struct promotion, owner),
	COLUMN(struct promotion, now),
	FIELD_END,
};
static const struct schema event_in = SCHEMA("PromotionEvents", struct promotion, event_fields);
static const struct field  finding_fields[] = {
	 COLUMN(struct promotion, report),
	 COLUMN(struct promotion, number),
	 COLUMN(struct promotion, now),
	 FIELD_END,
};
static const struct schema finding_in =
    SCHEMA("PromotionFindings", struct promotion, finding_fields);

SQL(promotion_insert_decision, SQL_TENANT, &decision_in, NULL,
    "INSERT INTO drift_decisions (config_id, number, owner, reason, at)"
    " VALUES (:config, :number, :owner, :reason, :now)");
/* Before the findings are written: from which status each comes. */
SQL(promotion_insert_events, SQL_TENANT, &event_in, NULL,
    "INSERT INTO drift_history (id, config_id, subject, value_hash, at, actor, from_status,"
    " to_status, note, decision) SELECT " PROMOTION_EVENT(
	":event") ","
		  " c.config_id, c.fingerprint, c.value_hash, :now, :owner, " CHANGE_STATUS ","
		  " 'accepted', '', :number FROM drift_changes c FORCE INDEX "
		  "(report)" CHANGE_FINDING " WHERE c.report_id = :report ORDER BY c.position");

/* In the order of the table: its pages are visited once.  No row gets longer: its page has room for
 * it. */
#define UPSERT(column, value, keep)                                                                \
	"INSERT INTO drift_findings (config_id, fingerprint, value_hash, status, present, runs,"   \
	" promoted, decision, created_at, updated_at" column ") SELECT c.config_id,"               \
	" c.fingerprint, c.value_hash, 'accepted', FALSE, 0, TRUE, :number, :now, :now" value      \
	" FROM drift_changes c FORCE INDEX (report) WHERE c.report_id = :report"                   \
	" ORDER BY c.config_id, c.fingerprint, c.value_hash"                                       \
	" ON DUPLICATE KEY UPDATE" keep " status = VALUES(status), present = VALUES(present),"     \
	" runs = VALUES(runs), promoted = VALUES(promoted), decision = VALUES(decision),"          \
	" reason = NULL, owner = NULL, expires_at = NULL, assigned_to = NULL,"                     \
	" updated_at = VALUES(updated_at)"
SQL(promotion_upsert_findings, SQL_TENANT, &finding_in, NULL, UPSERT("", "", ""));
/* The status before is kept first: what follows it in the statement reads what it has set. */
SQL(promotion_upsert_keeping, SQL_TENANT, &finding_in, NULL,
    UPSERT(", was", ", FIELD(c.status, " PROMOTION_WAS ")",
	" was = FIELD(drift_findings.status, " PROMOTION_WAS "),"));

/* ---- lines that wait ---- */

struct lines {
	struct uuid config_id, report_id, event;
	uint64_t    number;
	int64_t     next, limit;
};
static const struct field lines_fields[] = {
	COLUMN(struct lines, config_id),
	COLUMN(struct lines, report_id),
	COLUMN(struct lines, event),
	COLUMN(struct lines, number),
	COLUMN(struct lines, next),
	FIELD_END,
};
static const struct schema lines_row = SCHEMA("PromotionLines", struct lines, lines_fields);
static const struct field  config_fields[] = {
	 COLUMN(struct lines, config_id),
	 FIELD_END,
};
static const struct schema config_in = SCHEMA("PromotionConfig", struct lines, config_fields);
static const struct field  piece_fields[] = {
	 COLUMN(struct lines, config_id),
	 COLUMN(struct lines, report_id),
	 COLUMN(struct lines, next),
	 COLUMN(struct lines, limit),
	 FIELD_END,
};
static const struct schema piece_in = SCHEMA("PromotionPiece", struct lines, piece_fields);
static const struct field  passed_fields[] = {
	 COLUMN(struct lines, config_id),
	 COLUMN(struct lines, next),
	 FIELD_END,
};
static const struct schema passed_in = SCHEMA("PromotionPassed", struct lines, passed_fields);

SQL(promotion_insert_lines, SQL_TENANT, &lines_row, NULL,
    "INSERT INTO drift_decision_lines (config_id, number, report_id, event, next)"
    " VALUES (:config_id, :number, :report_id, :event, :next)");
SQL(promotion_select_lines, SQL_TENANT, &config_in, &lines_row,
    "SELECT config_id, report_id, event, number, next FROM drift_decision_lines"
    " WHERE config_id = :config_id");
SQL(promotion_insert_piece, SQL_TENANT, &piece_in, NULL,
    "INSERT INTO drift_history (id, config_id, subject, value_hash, at, actor, from_status,"
    " to_status, note, decision) SELECT " PROMOTION_EVENT(
	"l.event") ", c.config_id,"
		   " c.fingerprint, c.value_hash, d.at, d.owner, " PROMOTION_FROM_STATUS
		   ", 'accepted', '',"
		   " l.number FROM drift_decision_lines l" PROMOTION_DECIDED
		   " STRAIGHT_JOIN drift_changes c FORCE INDEX (report) ON c.report_id = :report_id"
		   " AND c.position >= :next AND c.position < :next + :limit" PROMOTION_FINDING
		   " WHERE l.config_id = :config_id ORDER BY c.position");
SQL(promotion_update_lines, SQL_TENANT, &passed_in, NULL,
    "UPDATE drift_decision_lines SET next = :next WHERE config_id = :config_id");
SQL(promotion_delete_lines, SQL_TENANT, &config_in, NULL,
    "DELETE FROM drift_decision_lines WHERE config_id = :config_id");

/* *row as it is; *any false: nothing waits. */
static bool
read_lines(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct lines *row, bool *any,
    struct err *e)
{
	const struct lines in = { .config_id = *config };

	*any = db_one(db, mem, &promotion_select_lines, &in, row, e);
	return *any || err_take(e, ERR_MISSING);
}

static bool
write_piece(struct db *db, struct lines *l, bool *more, struct err *e)
{
	uint64_t n = 0;

	l->limit = PROMOTION_LINES_AT_ONCE;
	if (!db_run(db, &promotion_insert_piece, l, &n, e))
		return false;
	l->next += l->limit;
	*more = n > 0; /* positions may be left out, but not so many */
	return *more ? db_run(db, &promotion_update_lines, l, NULL, e)
		     : db_run(db, &promotion_delete_lines, l, NULL, e);
}

bool
promotion_lines_some(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, bool *more, struct err *e)
{
	struct lines l;

	return read_lines(db, mem, config, &l, more, e) && (!*more || write_piece(db, &l, more, e));
}

bool
promotion_lines_all(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct err *e)
{
	bool more = true;

	while (more)
		if (!promotion_lines_some(db, mem, config, &more, e))
			return false;
	return true;
}

/* ---- writing ---- */

/* *done false: its lines are to be written at once, for it has few, or those of another wait. */
static bool
write_waiting(struct db *db, TALLOC_CTX *mem, const struct promotion *p, bool *done, struct err *e)
{
	const struct lines l = { .config_id = p->config,
		.report_id = p->report,
		.event = p->event,
		.number = p->number };
	struct lines       other;
	bool               waits = true;

	*done = false;
	if (p->changes <= PROMOTION_LINES_AT_ONCE)
		return true;
	if (!read_lines(db, mem, &p->config, &other, &waits, e) || waits)
		return waits;
	*done = true;
	return tx_later(db, &promotion_insert_lines, &l, e) &&
	       tx_later(db, &promotion_upsert_keeping, p, e) &&
	       schedule_set(db, SCHEDULE_LINES, &p->config, 0, e);
}

bool
promotion_write(struct db *db, TALLOC_CTX *mem, const struct promotion *p, struct err *e)
{
	bool waits;

	return tx_later(db, &promotion_insert_decision, p, e) &&
	       write_waiting(db, mem, p, &waits, e) &&
	       (waits || (tx_later(db, &promotion_insert_events, p, e) &&
			     tx_later(db, &promotion_upsert_findings, p, e)));
}
