/*
 * volume.h - how many changes each collection's readings have had, and which of them has unusually many now.
 *
 * A reading of a collection is a complete one in a snapshot in order that was held against a baseline; its first one is
 * none where that is the baseline.  Each is judged by what was counted of its own collection before (anomaly.h): a snapshot
 * that does not read one says nothing of it, and it stays as it was.
 *
 * Counted are the changes that are kept (DIFF_STORED_MAX), but those that are accepted, and what is missing in one
 * reading only.
 *
 * Pure: no I/O, no clock.
 */
#ifndef BSX_DRIFT_ALERT_VOLUME_H
#define BSX_DRIFT_ALERT_VOLUME_H

#include "drift/alert/anomaly.h"
#include "drift/alert/flap.h"

struct volume {
	struct str category;
	int64_t   *counts; /* of its readings, the newest last: of `anomaly_runs` at most */
	size_t     n;
	bool       over;    /* by its last reading */
	bool       read;    /* in this run */
	int64_t    changes; /* of it, in this run */
};
struct volumes {
	struct volume *of; /* by category */
	size_t         n;
};
/* n of them, with nothing counted; who makes them gives each its category. */
MUST_USE bool volumes_make(
    TALLOC_CTX *mem, const struct limits *l, size_t n, struct volumes *out, struct err *e);
/* NULL: there is none. */
struct volume *volumes_find(const struct volumes *v, struct str category);

/* One more reading's; beyond `anomaly_runs` the oldest goes. */
void volume_add(struct volume *v, const struct limits *l, int64_t changes);
/* `changes` of all, from those of a comparison; `read` of it is not asked. */
void volumes_count(struct volumes *v, const struct held_changes *found);

struct volume_news {
	const struct volume *most; /* of those read the one that stands out most; NULL: none was read */
	struct anomaly       of;   /* what is said of it */
	size_t               over, began; /* how many are; of them, how many were not before */
};
/* Of those that were read, each by its own readings before, to which this one comes. */
void volumes_judge(struct volumes *v, const struct limits *l, struct volume_news *out);

#endif
