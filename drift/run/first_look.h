/*
 * first_look.h - what a collection enters the baseline with, judged as if each value had just been set to what it is.
 *
 * Where the rules or packs of a config change, the next complete reading of each is looked at so once more, and what it
 * finds takes the place of what was to be reviewed: what packs say that were chosen later, they say of all there is.
 *
 * The first reading never alerts; what is wrong in it from the beginning would be right for ever.  So the report lists what
 * would be high or critical, worst first, at most LOOK_MAX of it, and whoever approves the baseline says that the list was
 * seen (service/baseline.h).  The list has places and rules and no values.
 *
 *	{"critical": 2, "high": 1, "changes": [{"category": ..., "key": ..., "path": ..., "severity": ..., "rule": ...,
 *	 "reason": ...}], "more": 0}
 */
#ifndef BSX_DRIFT_RUN_FIRST_LOOK_H
#define BSX_DRIFT_RUN_FIRST_LOOK_H

#include "drift/run/plan.h"

#define LOOK_MAX 100

struct look_change {
	const char     *category, *key, *severity, *rule, *reason;
	struct raw_json path; /* JSON Pointer into the value; what would tell a value is withheld */
};
extern const struct field look_change_fields[];

/* p->report.first_look, where there is something to tell; the report has its id. */
MUST_USE bool first_look_make(const struct ingest *in, struct plan *p, struct err *e);

#endif
