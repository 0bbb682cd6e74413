/*
 * attributing.h - who has made the changes of a new report (drift/attribution).
 *
 * Who knows at once is asked while the plan is made, of the first ATTRIBUTION_CHANGES_MAX changes that are new to the
 * config.  Of a source that has a log they are pending, and looked for in it by a run of their own (attributed.h), which
 * the clock asks for as soon as the report is written.  What was known before stays with its finding.
 */
#ifndef BSX_DRIFT_RUN_ATTRIBUTING_H
#define BSX_DRIFT_RUN_ATTRIBUTING_H

#include "drift/attribution/attribution.h"
#include "drift/run/plan.h"

/* Who knows at once: entries that may be about these. */
struct attribution_asker {
	bool (*entries)(void *arg, TALLOC_CTX *mem, const struct attribution_change *c, size_t n,
	    struct attribution_log *out, struct err *e);
	void *arg;
};

/* With what else is read before anything is compared: what is known of who made what stands. */
void attributing_ask(struct trip *trip, const struct ingest *in, struct plan *p);
/* The texts of p's changes say it. */
void attributing_know(struct plan *p);
/* After p's rows are made: says it in them, and in their findings. */
MUST_USE bool attributing_plan(struct plan *p, const struct ingest *in, struct err *e);
/* In the transaction of the report. */
MUST_USE bool attributing_write(
    struct db *db, const struct ingest *in, const struct plan *p, struct err *e);

#endif
