/*
 * golden.h - what the files of the golden baselines' routes share.
 */
#ifndef BSX_FCGI_DRIFT_GOLDEN_H
#define BSX_FCGI_DRIFT_GOLDEN_H

#include "drift/golden/golden.h"
#include "drift/source/push.h"
#include "fcgi/drift/drift.h"

extern const struct schema golden_create_schema, golden_update_schema;
extern const struct schema golden_resource_schema; /* of a struct push_resource */

/* A golden baseline as it is answered. */
struct golden_out {
	struct uuid  id;
	const char  *name, *description, *owner;
	bool         shared;
	uint64_t     version;
	int64_t      resource_count;
	instant      created_at, updated_at;
	struct items resources, variables, history;
};

/* With what it holds; the owner sees its versions too. */
MUST_USE bool golden_show(struct request *r, struct view v, struct golden *g, bool foreign,
    struct golden_out *out, struct err *e);
MUST_USE bool golden_tag(struct request *r, const struct golden *g, struct err *e);

/* Handlers of drift_golden_edit.c. */
handler_fn golden_make, golden_change, golden_drop_one;

#endif
