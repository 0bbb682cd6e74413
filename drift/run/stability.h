/*
 * stability.h - a config's flapping findings and unusual runs (unusual.h), from snapshot to snapshot.
 *
 * Planning reads and holds what flaps; writing keeps the new state and opens and ends the alerts of
 * kinds "flapping" and "anomaly".  While something flaps, every snapshot is compared and reported,
 * changed or not.  A config that no longer has a threshold loses what was kept for it, and its
 * alert ends.
 */
#ifndef BSX_DRIFT_RUN_STABILITY_H
#define BSX_DRIFT_RUN_STABILITY_H

#include "core/store/drift/trend.h"
#include "drift/alert/alerting.h"
#include "drift/run/unusual.h"

struct ingest;
struct plan;

struct stability {
	bool             known;   /* row was read; else the config has nothing of it */
	bool             run;     /* a complete snapshot, compared */
	struct trend_row row;     /* as read */
	struct flaps     flaps;   /* after this */
	struct unusual   unusual;
};

MUST_USE bool stability_plan(const struct ingest *in, struct plan *p, struct err *e);
/* In the ingest's transaction, before the alert of kind "drift". */
MUST_USE bool stability_write(struct db *db, const struct ingest *in, struct plan *p,
    const struct alert_scope *a, struct err *e);

#endif
