/*
 * element.h - equality of values as sets and hashes see it.
 *
 * Two values are equal when their element texts are: canonical text in which
 * inner arrays are sorted (`list`: as they are; `set`: without repeats).
 */
#ifndef BSX_DRIFT_ENGINE_ELEMENT_H
#define BSX_DRIFT_ENGINE_ELEMENT_H

#include "core/base/work.h"
#include "drift/engine/compare_priv.h"

/*
 * Appends it.  `arrays`: how arrays are compared, `here` the value's row in it, `name` the member
 * that holds the value; arrays NULL: all auto.  Costs what is written, at each level of arrays that
 * are sorted once more.
 */
MUST_USE bool element_text(struct buf *b, const struct json *v, const struct compare_pick *arrays,
    struct row *here, struct str name, struct work *work, struct err *e);

/* Scalars and empty containers of one type: by value.  Others: false. */
bool element_scalar_equal(const struct json *a, const struct json *b);

/* Equal as they stand, members and elements in the same order: enough for equality, not needed. */
bool element_same(const struct json *a, const struct json *b);

#endif
