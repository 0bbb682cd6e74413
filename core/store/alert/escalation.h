/*
 * escalation.h - how far a route has gone on with an alert that nobody acknowledges: a row for each of the two that began.
 *
 * What is next is a row of the control schema (core/store/drift/schedule.h) by the id of this one; when it is due, and how
 * long the alert has been open, the database's clock says.  A row stays as long as its alert, so that what was gone through
 * once is not begun again.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_ALERT_ESCALATION_H
#define BSX_STORE_ALERT_ESCALATION_H

#include "core/store/alert/outbox.h"

struct alert_escalation {
	struct uuid id, alert_id, route_id;
	int64_t     step;     /* that is next, from 0 */
	int64_t     repeats;  /* how often that was told again */
	int64_t     waited_s; /* since it began; no column */
};
#define ESCALATIONS_MAX 1000 /* of an alert: the routes that have ever begun */

/* Of an alert whose row this transaction writes. */
MUST_USE bool escalation_list(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct alert_escalation **rows, size_t *n, struct err *e);
/* Adds one, or begins one that is there anew. */
MUST_USE bool escalation_put(struct db *db, const struct alert_escalation *r, struct err *e);
/* Held until the transaction ends. */
MUST_USE bool escalation_hold(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct alert_escalation *out, struct err *e);
MUST_USE bool escalation_set(struct db *db, const struct alert_escalation *r, struct err *e);

/* The newest message that tells of an alert's findings, to whatever channel: its id, template and body; *found false: none is
 * left. */
MUST_USE bool escalation_news(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct outbox *out, bool *found, struct err *e);

#endif
