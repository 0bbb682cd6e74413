/*
 * unusual.h - how many changes each collection of a config has in its readings, from snapshot to snapshot, and the alert of
 * kind "anomaly" about those that have far more than usual (drift/alert/volume.h).
 *
 * The alert is open while one of them stands out by its last reading; one that comes to them is told of.  One that nobody
 * will read any more (`unread`) is none of them.
 *
 * A snapshot that changed nothing is not compared: each collection that it reads has as many changes as in the report that
 * stands, which is kept with what was counted.  Where a program that does not keep it wrote that report, and it has changes
 * of several collections, the snapshot is no reading, and the next one is compared.
 *
 * What was counted before that was for each collection, of the config's runs as a whole, is what each of them begins with,
 * and an alert that is open then ends when all of them have been read as usual.  The config's own numbers go on beside
 * them, for programs that know no others.
 *
 * Part of stability.h.
 */
#ifndef BSX_DRIFT_RUN_UNUSUAL_H
#define BSX_DRIFT_RUN_UNUSUAL_H

#include "core/store/drift/trend.h"
#include "drift/alert/alerting.h"
#include "drift/alert/volume.h"

struct ingest;
struct plan;

struct unusual {
	int64_t            counts[ANOMALY_RUNS_MAX]; /* of the config, after this run */
	size_t             counts_n;
	struct volumes     volumes; /* parallel to the plan's collections; `changes` -1: not known */
	struct volume_news news;
};

/* After p->stability.row and .run. */
MUST_USE bool unusual_plan(const struct ingest *in, struct plan *p, struct err *e);
/* What the row keeps of it. */
MUST_USE bool unusual_keep(struct plan *p, struct trend_row *row, struct err *e);
/* row->anomalous, of what it was. */
MUST_USE bool unusual_tell(
    const struct plan *p, const struct alert_scope *a, bool now, struct err *e);

#endif
