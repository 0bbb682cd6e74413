/*
 * grouping.h - a group of alerts (core/store/alert/alert_group.h) that is due: what waits in it is told by one message, or goes
 * alone where it is one, and the claim ended, in one transaction; so once, by whichever daemon.  The same of what was told
 * and is still open, as the route says by then.
 */
#ifndef BSX_DRIFT_RUN_GROUPING_H
#define BSX_DRIFT_RUN_GROUPING_H

#include "drift/run/recheck.h"

MUST_USE bool grouping_due(struct db *db, const struct recheck *r, struct err *e);
MUST_USE bool grouping_repeat(struct db *db, const struct recheck *r, struct err *e);

#endif
