/*
 * leaves.h - the leaves of objects, as numbers that are equal for equal ones: for the files of this
 * room only.  What a leaf is: likeness.h.
 */
#ifndef BSX_DRIFT_ENGINE_LEAVES_H
#define BSX_DRIFT_ENGINE_LEAVES_H

#include "core/json/json.h"
#include "drift/engine/walk.h"

struct leaves {
	uint32_t *ids;  /* of all objects one behind another, of each in ascending order */
	uint32_t *from; /* where those of object i begin; of i = objects: the end */
	uint32_t  n_ids; /* different ones: 0 .. n_ids - 1 */
};

/* How many a value has. */
uint64_t leaves_count(const struct json *v);

/* Of `n` objects, that have `total` leaves. */
MUST_USE bool leaves_make(struct walk *w, TALLOC_CTX *mem, const struct json *const *objects,
    uint32_t n, uint32_t total, struct leaves *out);

#endif
