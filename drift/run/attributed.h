/*
 * attributed.h - who made changes, found in the log of their source after the report.
 *
 * A report with such changes (attributing.h) makes its config due at once.  Whoever sees to that asks for a run of kind
 * attribution, and is due again later, each time as long after as has gone by already, until all is exact or the time is
 * over: then what is still pending is none.  So it does not matter to it whether a run fails, or who is killed.
 * The run reads the log from the earliest instant that counts, and writes what it has found with its end.
 */
#ifndef BSX_DRIFT_RUN_ATTRIBUTED_H
#define BSX_DRIFT_RUN_ATTRIBUTED_H

#include "drift/attribution/attribution.h"
#include "drift/config/spec.h"
#include "drift/run/recheck.h"
#include "drift/run/running.h"

/* In a transaction: what is due is seen to, and the claim ends or is due later. */
MUST_USE bool attributed_due(struct db *db, const struct recheck *r, struct err *e);

/* From when on the log of a config is to be read: now, where nothing waits. */
MUST_USE bool attributed_since(struct tenant_db *t, TALLOC_CTX *mem, const struct env *env,
    const struct uuid *config, instant *since, struct err *e);

/* What a run has read of the log; it ends with what is found. */
struct attributed_run {
	const struct running    *run;
	const struct drift_spec *spec;
	const struct collected  *got;
	struct work             *work;
};
MUST_USE bool attributed_end(const struct attributed_run *a, struct err *e);

#endif
