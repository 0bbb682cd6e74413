/*
 * three_way.h - what a template said, what it says, and what a tenant has made of it: brought together place by place.
 *
 * Objects are looked into; everything else, lists too, is one place.  Where the tenant has left a place as the template had
 * said it, it follows the template; where it says otherwise, it stays.
 */
#ifndef BSX_DRIFT_TEMPLATE_THREE_WAY_H
#define BSX_DRIFT_TEMPLATE_THREE_WAY_H

#include "core/json/json.h"

/* A place that differs; NULL: it is not there. */
struct place_change {
	const char        *path; /* JSON Pointer */
	bool               kept; /* the tenant's own stays; else it follows */
	const struct json *was, *now; /* the template's */
	const struct json *own;
};
struct three_way {
	const struct json *was, *own, *now; /* objects */
	/* what comes of it */
	struct json         merged;
	struct place_change *changes;
	size_t               n, followed; /* how many, and how many of them follow */
};
/* Parts of the three are shared. */
MUST_USE bool three_way(TALLOC_CTX *mem, struct three_way *w, struct err *e);

/* Equal values; NULL is absent. */
MUST_USE bool json_same(TALLOC_CTX *mem, const struct json *a, const struct json *b, bool *same, struct err *e);

#endif
