/*
 * renaming.h - which new resources of a snapshot are deleted ones under another key (drift/engine/rename.h):
 * sets renamed_from and renamed_severity of the created change, and nothing else.
 *
 * What both held is read once more: at most RENAMING_READ resources, in one round trip.  All of it has a
 * budget of its own, so that no push costs more than that for it.  Where either ends nothing of the
 * category is linked, and a note of the report says so.  Of more changes than are stored
 * (DIFF_STORED_MAX), only those that are stored as they came are linked.
 */
#ifndef BSX_DRIFT_RUN_RENAMING_H
#define BSX_DRIFT_RUN_RENAMING_H

#include "drift/run/plan.h"

#define RENAMING_READ  1000     /* stored resources that are read for it: CONTENT_BATCH */
#define RENAMING_STEPS 10000000 /* work.h: a tenth of a second */

/* A resource on one side only, and its change. */
struct lone {
	const struct held            *gone; /* either is NULL */
	const struct normal_resource *made;
	size_t                        change; /* index in p->diff->changes */
};
struct lones {
	struct lone *of; /* child of the plan, by category */
	size_t       n, room;
};

MUST_USE bool renaming_add(
    struct plan *p, struct lones *l, const struct lone *one, struct err *e);
/* When all are compared, and p->diff is as it was added to. */
MUST_USE bool renaming_make(
    const struct ingest *in, struct plan *p, struct lones *l, struct err *e);

#endif
