/*
 * alerting.h - from the changes of a report to an alert and its messages, in the
 * transaction of the report.
 *
 * A config has one open alert of kind "drift".  What becomes of it is decided by
 * decide.h and carried out here; why something is not told is put into the report
 * (explain.h).  Its severity does not fall while it is open, so that who was told
 * of it is told of its end.
 */
#ifndef BSX_DRIFT_ALERT_ALERTING_H
#define BSX_DRIFT_ALERT_ALERTING_H

#include "core/store/alert/alert.h"
#include "core/store/drift/report.h"
#include "drift/alert/alert_decide.h"
#include "core/base/env.h"

#define EVENT_OPENED   "drift.alert.opened"
#define EVENT_UPDATED  "drift.alert.updated"
#define EVENT_RESOLVED "drift.alert.resolved"
#define EVENT_TEST     "channel.test"

/* A channel to tell of alerts from a severity on. */
struct alert_target {
	struct uuid   channel_id;
	enum severity min_severity;
};

/* The values of a change as people see them. */
struct change_text {
	struct str old_text, new_text;           /* p == NULL: none */
	bool       old_truncated, new_truncated; /* longer than CHANGE_VALUE_MAX */
};

struct alerting {
	const struct env   *env;
	struct tenant_db          *t;
	struct uuid                config_id;
	const char                *config_name;
	const struct limits       *limits;
	const struct alert_target *targets;
	size_t                     targets_n;
	const struct change       *changes; /* of the report, in its order */
	const struct change_text  *texts;   /* parallel */
	const enum hold_reason    *holds;   /* parallel */
	const int64_t             *runs;    /* parallel: reports in a row that had it */
	size_t                     n;
	const bool                *tolerated; /* parallel to limits->tolerance: it held something */
	const struct flaps        *flaps;     /* NULL: not looked at */
	struct report             *report;    /* gets not_alerted */
	bool                       complete, in_order;
	bool                       again;   /* between two snapshots: see decide.h */
	const char                *silence; /* that covers a finding: suppressed_by; NULL: none */
	int64_t                    clean_runs;      /* before this report; gets those after it */
	int64_t                    incomplete_runs; /* with this report */
	bool                       go_on; /* out: the next snapshot counts, changed or not */
	enum deed                  deed;  /* out: what became of the drift alert */
};

/* Inside the transaction, before the report is written.  Texts are children of `mem`. */
MUST_USE bool alerting_apply(struct db *db, TALLOC_CTX *mem, struct alerting *a, struct err *e);

/* Tells the targets of an event of an alert; *sent is how many channels. */
MUST_USE bool alerting_tell(struct db *db, TALLOC_CTX *mem, const struct alerting *a,
    const char *event, const struct alert *alert, const size_t *order, size_t order_n, size_t *sent,
    struct err *e);

/* One line of the alert's history, by "system"; its new status is alert->status. */
MUST_USE bool alerting_event(struct db *db, const struct alerting *a, const struct alert *alert,
    const char *from, const char *note, struct err *e);

/* "drift:" and the config's id; ALERT_OPEN_KEY_MAX bytes with the NUL. */
#define ALERT_OPEN_KEY_MAX 48
void alerting_open_key(const struct uuid *config, char out[static ALERT_OPEN_KEY_MAX]);

#endif
