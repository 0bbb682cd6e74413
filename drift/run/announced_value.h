/*
 * announced_value.h - the value that an announced change names, as its config leaves values in that place.
 *
 * The place is a pattern (pattern.h): a step that is no plain name stands for an element of an array.
 */
#ifndef BSX_DRIFT_RUN_ANNOUNCED_VALUE_H
#define BSX_DRIFT_RUN_ANNOUNCED_VALUE_H

#include "core/store/drift/intent.h"
#include "drift/engine/compare.h"
#include "drift/engine/resource.h"

struct announced_place {
	const struct compare_spec *spec;
	struct work               *work;
	struct str                 category, key, path;
};

/* *out NULL: the config ignores what is there.  It is in normal form, and may be a mask.  Faults are those of resource_normalise. */
MUST_USE bool announced_normal(TALLOC_CTX *mem, const struct announced_place *at,
    const struct json *value, enum resource_origin from, const struct json **out, struct err *e);
/* Are two values of that place, both in normal form, the same to the config?  One that is masked is the same as none. */
MUST_USE bool announced_same(TALLOC_CTX *mem, const struct announced_place *at,
    const struct json *a, const struct json *b, bool *same, struct err *e);
/* Does any part of it stand for what is masked? */
bool announced_masked(const struct json *v);

/* Opens what an intent expects, as its config leaves it now; *out NULL: nothing, or what is ignored. */
MUST_USE bool announced_open(struct tenant_db *t, TALLOC_CTX *mem, const struct intent *i,
    const struct announced_place *at, const struct json **out, struct err *e);

#endif
