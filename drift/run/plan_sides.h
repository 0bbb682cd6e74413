/*
 * plan_sides.h - what a new snapshot is held against, the baseline's side; what is in force, its own; and the last
 * complete readings of the collections that it has not read: for the files that make a plan only.
 *
 * What is found in the last readings is no change of this snapshot: its report does not have it.  It goes on being there
 * for findings and alerts, so that what was not read neither ends nor begins.
 */
#ifndef BSX_DRIFT_RUN_PLAN_SIDES_H
#define BSX_DRIFT_RUN_PLAN_SIDES_H

#include "drift/run/plan.h"

struct plan_sides {
	struct uuid        baseline; /* its snapshot; nil: none */
	struct held       *base;     /* what that held, or what each collection's held */
	size_t             base_n;
	struct held       *current; /* in force now; empty for a late snapshot */
	size_t             current_n;
	struct held       *now;  /* also for a late one, where collections have numbers */
	size_t             now_n;
	struct held       *past; /* in force at some of those numbers, and no more */
	size_t             past_n;
	struct held       *last; /* of the collections that are carried, by category and key */
	size_t             last_n;
	const struct json *only; /* categories that are compared, its members; NULL: all */
	bool               said; /* rendered from a template: masked values are left out of both sides */
};

/* All of it; p->collections are there. */
MUST_USE bool plan_sides_make(
    const struct ingest *in, struct plan *p, struct plan_sides *sides, struct err *e);
/* Is it compared by its last complete reading? */
bool plan_is_carried(const struct plan *p, const struct plan_collection *c);

/* The order of both: by category, then key. */
int  plan_place_cmp(const struct held *h, const struct normal_resource *r);
bool plan_same_content(const struct blob *address, const uint8_t *digest);

/*
 * plan_compare.c: p->diff, p->seen and p->values.  What the baseline held is read a few at a time and let go
 * of when it is compared: the diff's values are only what a tolerance asks for (diff_detach).
 */
MUST_USE bool plan_compare(
    const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e);

#endif
