/*
 * transform.h - the normalisers that make another value of a value.
 */
#ifndef BSX_DRIFT_ENGINE_TRANSFORM_H
#define BSX_DRIFT_ENGINE_TRANSFORM_H

#include "drift/engine/compare_priv.h"

/*
 * Applies one entry to *v in place; *changed is set when it is another value then.  Applying it
 * again changes nothing.  `levels`: how many containers may still be opened at the place.
 */
MUST_USE bool transform_apply(TALLOC_CTX *mem, const struct compare_entry *x, unsigned levels,
    struct json *v, bool *changed, struct work *work, struct err *e);

/*
 * Whether an entry goes with a place at all.  An element of an array is not made a list, whose own
 * element would be one when it is read again; what is to be masked stays a text, which can be.
 */
bool transform_suits(const struct compare_entry *x, bool element, bool masked);

#endif
