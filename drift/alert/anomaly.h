/*
 * anomaly.h - a run with far more changes than the runs before it.
 *
 * More than median + max(k * MAD, floor) of the runs before, of which there must be ANOMALY_NEEDS.
 * MAD is the median of the distances from the median; it is 0 where most runs are alike, and the
 * floor keeps one more change from being unusual there.
 *
 * Whose runs they are, and which count, says volume.h.  An unchanged one counts as well, with the changes of the report
 * that stands: without them the history of a quiet collection would consist of its noisy runs alone, and nothing would be
 * unusual.  An unusual run enters the history like any other: what lasts for half of `anomaly_runs` is the usual, and the
 * alert ends.
 *
 * Pure: no I/O, no clock.
 */
#ifndef BSX_DRIFT_ALERT_ANOMALY_H
#define BSX_DRIFT_ALERT_ANOMALY_H

#include "drift/alert/limits.h"

struct anomaly {
	int64_t changes; /* of this run */
	int64_t runs;    /* before it */
	double  median, mad, limit;
	bool    known; /* there were enough runs; else nothing is said */
	bool    over;
};
/* `counts`: of the runs before, the newest last. */
void anomaly_judge(
    const struct limits *l, const int64_t *counts, size_t n, int64_t changes, struct anomaly *out);
/* Adds a run's; the oldest goes.  `counts` has room for ANOMALY_RUNS_MAX. */
void anomaly_add(int64_t *counts, size_t *n, int64_t changes);

#endif
