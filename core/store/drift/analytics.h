/*
 * analytics.h - how alerts were worked on, and what is accepted.  The sums of
 * days are in daily.h.
 */
#ifndef BSX_STORE_DRIFT_ANALYTICS_H
#define BSX_STORE_DRIFT_ANALYTICS_H

#include "core/store/tenant/tenant_db.h"

#define WORK_MAX 100000 /* alerts whose times are read: the newest */
/* From an alert's opening; -1: it did not happen. */
struct work_times {
	int64_t acknowledged_ms, resolved_ms;
};
/* Of the alerts opened since then. */
MUST_USE bool analytics_work(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    instant since, struct work_times **rows, size_t *n, struct err *e);

/* Ages of open alerts: less than an hour, a day, 7 days, 30 days; more. */
#define AGES 5
struct open_alerts {
	char   *severity;
	int64_t age; /* 0..AGES-1 */
	int64_t n;
};
MUST_USE bool analytics_open(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    instant now, struct open_alerts **rows, size_t *n, struct err *e);

/* Acceptances in force; those that a promotion made are not: their values are the baseline's. */
struct acceptances {
	int64_t total, without_end, expiring,
	    expired; /* expiring until `soon`; expired: told at the next comparison */
};
MUST_USE bool analytics_acceptances(struct tenant_db *t, const struct uuid *config, instant now,
    instant soon, struct acceptances *a, struct err *e);

/* When the first of the configs was made; 0: there is none. */
MUST_USE bool analytics_began(
    struct tenant_db *t, const struct uuid *config, instant *began, struct err *e);

#endif
