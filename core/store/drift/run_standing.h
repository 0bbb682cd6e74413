/*
 * run_standing.h - what the runs of a config are at, as people are told: a part of what is read of a config (config.h).
 */
#ifndef BSX_STORE_DRIFT_RUN_STANDING_H
#define BSX_STORE_DRIFT_RUN_STANDING_H

#include "core/store/db.h"

struct run_standing {
	struct uuid config_id; /* nil: its source is pushed, and nothing else is said */
	struct uuid run_id;    /* the newest that was begun; nil: none yet, and what is below has no text */
	const char *state, *reason, *remedy;
	instant     started_at, finished_at;
	int64_t     failures; /* in a row that came to nothing: run.h */
	bool        held;
	instant     next_at;  /* of the schedule, or of what waits, whichever comes first; 0: not by itself */
};
/* It as a member `m` of a row: fields, columns, and what joins them to a config's row `c`. */
#define RUN_STANDING_FIELDS(row, m)                                                                \
	COLUMN_AS_NULL(row, m.config_id, "collected_id"), COLUMN_AS_NULL(row, m.run_id, "run_id"), \
	    COLUMN_AS_NULL(row, m.state, "run_state"), COLUMN_AS_NULL(row, m.reason, "reason"),    \
	    COLUMN_AS_NULL(row, m.remedy, "remedy"),                                               \
	    COLUMN_AS_NULL(row, m.started_at, "started_at"),                                       \
	    COLUMN_AS_NULL(row, m.finished_at, "finished_at"),                                     \
	    COLUMN_AS_NULL(row, m.failures, "failures"), COLUMN_AS_NULL(row, m.held, "held"),      \
	    COLUMN_AS_NULL(row, m.next_at, "next_at")
#define RUN_STANDING_COLUMNS                                                                       \
	"a.config_id AS collected_id, r.id AS run_id, r.state AS run_state, r.reason, r.remedy,"   \
	" r.started_at, r.finished_at, a.failures, a.held, COALESCE(LEAST(a.next_at, (SELECT"      \
	" MIN(q.due_at) FROM runs q WHERE q.queued_of = a.config_id)), (SELECT MIN(q.due_at) FROM" \
	" runs q WHERE q.queued_of = a.config_id), a.next_at) AS next_at"
#define RUN_STANDING_JOINS                                                                         \
	" LEFT JOIN run_state a ON a.config_id = c.id LEFT JOIN runs r ON r.id = a.last_run"

#endif
