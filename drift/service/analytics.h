/*
 * analytics.h - looking back: how much drifts, what, and how it was worked on.
 *
 * Days are UTC.  Members are those of the answer; a pointer that is NULL is told as null.
 */
#ifndef BSX_DRIFT_SERVICE_ANALYTICS_H
#define BSX_DRIFT_SERVICE_ANALYTICS_H

#include "core/store/drift/analytics.h"
#include "drift/service/acting.h"

struct severity_counts {
	int64_t total, info, low, medium, high, critical;
};

struct analytics_day {
	const char    *day;
	struct severity_counts *findings, *changes;
};

struct noisy_resource {
	struct uuid config_id;
	char       *category, *key;
	int64_t     findings;
};

struct noisy_rule {
	char   *rule;
	int64_t findings, changes;
};

struct analytics_times {
	int64_t alerts, mean_s, median_s;
};

struct analytics_ages {
	int64_t n[AGES];
};

struct open_now {
	struct severity_counts   *by_severity;
	struct analytics_ages *by_age;
};

struct anomaly_day {
	const char *day;
	int64_t     findings;
};

struct anomalies {
	struct raw_json median, mad, threshold;
	struct items    days;
};

struct analytics {
	int64_t             days;
	const char         *from, *until;
	struct items        by_day, noisiest_resources, noisiest_rules;
	struct analytics_times   *acknowledge, *resolve;
	struct open_now    *open_alerts;
	struct anomalies   *anomalies;
	struct acceptances *acceptances;
};

struct analytics_wish {
	int64_t     days, top; /* 0: 30 and 10 */
	struct uuid config_id; /* nil: of all */
	int64_t     until;     /* the last day, as daily.h has it; 0: that of now, which goes on */
};
/* The same for whoever looks, as of that instant. */
MUST_USE bool analytics_look(struct tenant_db *t, TALLOC_CTX *mem, instant now, const struct analytics_wish *in,
    struct analytics *out, struct err *e);
MUST_USE bool analytics_see(const struct acting *a, const struct analytics_wish *in,
    struct analytics *out, struct err *e);

#endif
