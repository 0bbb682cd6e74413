/*
 * limits.h - the thresholds of a config, as the decisions about its alerts read them.
 */
#ifndef BSX_DRIFT_ALERT_LIMITS_H
#define BSX_DRIFT_ALERT_LIMITS_H

#include "drift/engine/pattern.h"
#include "drift/engine/rules.h"

#define BLIND_AFTER        3 /* incomplete runs in a row, or beats without a complete one */
#define REPEAT_MIN_S       300 /* between events of an alert in which only a number has changed */
#define REVIEW_AFTER_DAYS  7
#define SUSPICIOUS_LEAST   5 /* removed resources of a collection */
#define SUSPICIOUS_PERCENT 50

/*
 * Nagios' defaults for services are 5 and 20; there four changes of 20 silence a check.  Here that
 * would silence a door that was opened twice, so that it takes nine changes in a row.
 */
#define FLAP_LOW  25
#define FLAP_HIGH 50

#define ANOMALY_K        5
#define ANOMALY_RUNS     20 /* runs looked back on */
#define ANOMALY_RUNS_MAX 100
#define ANOMALY_NEEDS    10 /* runs, before anything is called unusual */
#define ANOMALY_FLOOR    10 /* changes above the median, at least */

/* A number that moves by no more than this from the baseline's does not alert. */
struct tolerance {
	struct pattern path;
	struct str     category; /* n == 0: any */
	double         abs, pct; /* < 0: not given */
	const char    *text;     /* its path, as given */
};

struct limits {
	enum severity     min_severity;           /* of what alerts; never below low */
	int64_t           min_changes, min_score; /* 0: none */
	int64_t           for_runs, clear_runs;   /* from 1 */
	int64_t           deleted_runs; /* readings in which a resource must be missing; 1: believed at once */
	int64_t           max_removed_percent, blind_after;
	int64_t           review_after_days; /* that a baseline may be without approval */
	struct tolerance *tolerance;
	size_t            tolerance_n;
	bool              flapping;            /* looked at */
	int64_t           flap_low, flap_high; /* percent */
	bool              anomaly;             /* looked at */
	double            anomaly_k;
	int64_t           anomaly_runs, anomaly_floor;
};

#endif
