/*
 * schedule.h - when a config is collected: what the API takes, and its slots.
 *
 * A slot is an instant (Unix ms) that follows from the schedule and the config's id alone, so that any number of daemons
 * agree on it.  Of an interval the slots of a config lie at a place of their own in it, by its id, so that a thousand
 * configs of one interval are not due at once; of a cron expression they are what it says, and due up to a tenth of the
 * time to the next later, at most CRON_JITTER_MS.
 */
#ifndef BSX_DRIFT_CONFIG_SCHEDULE_H
#define BSX_DRIFT_CONFIG_SCHEDULE_H

#include "core/json/schema.h"
#include "drift/config/cron.h"

#define SCHEDULE_LEAST_S  60
#define SCHEDULE_MOST_S   2678400
#define CRON_JITTER_MS    30000
#define SCHEDULE_COUNT_MAX 10000 /* nobody counts further */

struct schedule_spec {
	int64_t     interval_s; /* 0: not given */
	const char *cron, *timezone; /* NULL: not given */
	bool        enabled;
	uint64_t    given;
};
extern const struct schema schedule_spec_schema;

struct schedule_plan {
	bool         enabled;     /* false: it has no slots, as one that is not given */
	int64_t      interval_ms; /* 0: by cron */
	struct cron  cron;
	struct zone *zone;
};

/* `in` NULL: none.  Faults point into /schedule; a child of `mem`. */
MUST_USE bool schedule_compile(
    TALLOC_CTX *mem, const struct schedule_spec *in, struct schedule_plan *out, struct err *e);

/* The first slot after, and the last one at or before an instant; 0: there is none. */
instant slot_next(const struct schedule_plan *p, const struct uuid *config, instant after);
instant slot_last(const struct schedule_plan *p, const struct uuid *config, instant at);
/* When a slot is due. */
instant slot_due(const struct schedule_plan *p, const struct uuid *config, instant slot);
/* The longest time from one slot to the next, and a tenth more, since a run takes its time; 0: there are none. */
int64_t schedule_beat_s(const struct schedule_plan *p);
/* Slots after one instant and before another, up to SCHEDULE_COUNT_MAX. */
int64_t slots_between(
    const struct schedule_plan *p, const struct uuid *config, instant after, instant before);

#endif
