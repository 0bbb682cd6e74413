/*
 * escalating.h - a step of an escalation (drift/alert/escalation.h) that is due: told, and its claim ended or set to what is
 * next, in one transaction.  Whoever takes the alert on meanwhile is not outrun: both write the alert's row by its version.
 */
#ifndef BSX_DRIFT_RUN_ESCALATING_H
#define BSX_DRIFT_RUN_ESCALATING_H

#include "drift/run/recheck.h"

MUST_USE bool escalating_due(struct db *db, const struct recheck *r, struct err *e);

#endif
