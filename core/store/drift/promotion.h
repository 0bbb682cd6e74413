/*
 * promotion.h - the findings of a report accepted as a whole, however many: a statement for each table, none for a row.
 * Its reason and who gave it are written once, as a decision of the config; findings and history have the number of that.
 *
 * Of a report with more changes than PROMOTION_LINES_AT_ONCE the lines of history wait (drift_decision_lines, one row for a
 * config) and are written in pieces by whoever sees to SCHEDULE_LINES; until then finding_event_list() and finding_events_of()
 * make them of the report's changes.  Only the register lacks them meanwhile.
 *
 * The transaction holds the config's state row.  Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_PROMOTION_H
#define BSX_STORE_DRIFT_PROMOTION_H

#include "core/store/tenant/tenant_db.h"

#define PROMOTION_LINES_AT_ONCE 5000

struct promotion {
	struct uuid config, report;
	int64_t     changes;        /* about as many as the report has */
	uint64_t    number;         /* of the decision: the life of the config that it begins */
	struct uuid event;          /* of the lines of history: its last four bytes count them */
	const char *owner, *reason;
	instant     now;
};

/* The decision, history and findings (tx_later); the deed raises the config's life. */
MUST_USE bool promotion_write(struct db *db, TALLOC_CTX *mem, const struct promotion *p, struct err *e);
/* Of the lines that wait the next ones, at most PROMOTION_LINES_AT_ONCE; *more: there may be others. */
MUST_USE bool promotion_lines_some(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, bool *more, struct err *e);
/* All of them: before findings get other names. */
MUST_USE bool promotion_lines_all(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct err *e);

#endif
