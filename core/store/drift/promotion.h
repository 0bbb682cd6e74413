/*
 * promotion.h - the findings of a report accepted as a whole, however many: a statement for each table, none for a row.
 * Its reason and who gave it are written once, as a decision of the config; findings and history have the number of that.
 *
 * The transaction holds the config's state row.  Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_PROMOTION_H
#define BSX_STORE_DRIFT_PROMOTION_H

#include "core/store/tenant/tenant_db.h"

struct promotion {
	struct uuid config, report;
	uint64_t    number;         /* of the decision: the life of the config that it begins */
	struct uuid event;          /* of the lines of history: its last four bytes count them */
	const char *owner, *reason;
	instant     now;
};

/* The decision, history and findings (tx_later); the deed raises the config's life. */
MUST_USE bool promotion_write(struct db *db, const struct promotion *p, struct err *e);

#endif
