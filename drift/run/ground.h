/*
 * ground.h - what a new snapshot is held against: for the files that make a plan only.
 */
#ifndef BSX_DRIFT_RUN_GROUND_H
#define BSX_DRIFT_RUN_GROUND_H

#include "drift/run/plan.h"

struct ground {
	struct uuid        snapshot; /* of the baseline; nil: none */
	struct held       *base;
	size_t             base_n;
	struct held       *current; /* in force now; empty for a late snapshot */
	size_t             current_n;
	const struct json *only; /* categories that are compared, its members; NULL: all */
	bool               said; /* rendered from a template: masked values are left out of both sides */
};

/* The order of both: by category, then key. */
int  ground_cmp(const struct held *h, const struct snap_resource *r);
bool ground_same(const struct blob *address, const uint8_t *digest);
bool plan_category_complete(const struct plan *p, struct str category);

/*
 * plan_compare.c: p->diff and p->values.  What the baseline held is read a few at a time and let go
 * of when it is compared: the diff's values are only what a tolerance asks for (diff_detach).
 */
MUST_USE bool plan_compare(
    const struct ingest *in, struct plan *p, const struct ground *g, struct err *e);

#endif
