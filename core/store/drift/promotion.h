/*
 * promotion.h - the findings of a report accepted as a whole, however many: a statement for each table, none for a row.
 *
 * The transaction holds the config's state row.  Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_PROMOTION_H
#define BSX_STORE_DRIFT_PROMOTION_H

#include "core/store/tenant/tenant_db.h"

struct promotion {
	struct uuid report;
	struct uuid event;          /* of the lines of history: its last four bytes count them */
	const char *owner, *reason;
	instant     now;
};

/* History and findings (tx_later). */
MUST_USE bool promotion_write(struct db *db, const struct promotion *p, struct err *e);

#endif
