/*
 * plan_sides.h - what a new snapshot is held against, the baseline's side, and what is in force, its
 * own: for the files that make a plan only.
 */
#ifndef BSX_DRIFT_RUN_PLAN_SIDES_H
#define BSX_DRIFT_RUN_PLAN_SIDES_H

#include "drift/run/plan.h"

struct plan_sides {
	struct uuid        baseline; /* its snapshot; nil: none */
	struct held       *base;     /* what that held */
	size_t             base_n;
	struct held       *current; /* in force now; empty for a late snapshot */
	size_t             current_n;
	const struct json *only; /* categories that are compared, its members; NULL: all */
	bool               said; /* rendered from a template: masked values are left out of both sides */
};

/* The order of both: by category, then key. */
int  plan_place_cmp(const struct held *h, const struct normal_resource *r);
bool plan_same_content(const struct blob *address, const uint8_t *digest);
bool plan_category_complete(const struct plan *p, struct str category);

/*
 * plan_compare.c: p->diff and p->values.  What the baseline held is read a few at a time and let go
 * of when it is compared: the diff's values are only what a tolerance asks for (diff_detach).
 */
MUST_USE bool plan_compare(
    const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e);

#endif
