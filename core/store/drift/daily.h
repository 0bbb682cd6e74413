/*
 * daily.h - sums of a day, kept with each report, so that looking back over many
 * days reads few rows.
 *
 * A day is UTC: days since 1970-01-01.  `changes` is what the day's reports
 * counted, the same drift again in each; `findings` is what was new: seen for
 * the first time with its value, or again after it had been resolved.
 */
#ifndef BSX_STORE_DRIFT_DAILY_H
#define BSX_STORE_DRIFT_DAILY_H

#include "core/store/tenant/tenant_db.h"

#define DAILY_SEVERITY "severity"
#define DAILY_RULE     "rule"
#define DAILY_RESOURCE "resource" /* findings only */
#define DAY_MS         86400000LL

struct daily {
	const char *kind;
	int64_t     day;
	struct uuid config_id;
	struct uuid name;            /* daily_name() */
	struct blob category, label; /* category of a resource, else empty; severity, rule or key */
	int64_t     changes, findings;
};
struct uuid daily_name(const struct uuid *config, const char *category, const char *label);
/* Adds to what the day has; orders the rows as the table has them. */
MUST_USE bool daily_add(struct db *db, struct daily *rows, size_t n, struct err *e);

struct daily_filter {
	struct uuid config_id; /* nil: all */
	int64_t     from;      /* first day */
	int64_t     until;     /* last day */
	size_t      most;      /* rows of those with the most findings */
};
struct daily_severity {
	int64_t day;
	char   *severity;
	int64_t changes, findings;
};
MUST_USE bool daily_severities(struct tenant_db *t, TALLOC_CTX *mem, const struct daily_filter *f,
    struct daily_severity **rows, size_t *n, struct err *e); /* by day */
struct daily_top {
	struct uuid config_id;        /* nil: of a rule */
	char       *category, *label; /* category NULL: of a rule */
	int64_t     changes, findings;
};
/* Those with the most findings. */
MUST_USE bool daily_resources(struct tenant_db *t, TALLOC_CTX *mem, const struct daily_filter *f,
    struct daily_top **rows, size_t *n, struct err *e);
MUST_USE bool daily_rules(struct tenant_db *t, TALLOC_CTX *mem, const struct daily_filter *f,
    struct daily_top **rows, size_t *n, struct err *e);

#endif
