/*
 * element.h - equality of values as sets and hashes see it.
 *
 * Two values are equal when their element texts are: canonical text in which
 * inner arrays are sorted (`list`, `ordered`: as they are; `set`: without repeats).
 */
#ifndef BSX_DRIFT_ENGINE_ELEMENT_H
#define BSX_DRIFT_ENGINE_ELEMENT_H

#include "core/base/work.h"
#include "drift/engine/compare_priv.h"

/* By what element texts are made. */
struct element_how {
	const struct compare_pick *arrays; /* how arrays are compared; NULL: all auto */
	struct work               *work;   /* what is written, at each level of arrays that are sorted once more */
	bool                       hidden; /* masked values are all one: "[masked]" */
};

/* Appends it.  `here`: the value's row in how->arrays, `name` the member that holds the value. */
MUST_USE bool element_text(struct buf *b, const struct json *v, const struct element_how *how,
    struct row *here, struct str name, struct err *e);

/* Scalars and empty containers of one type: by value.  Others: false. */
bool element_scalar_equal(const struct json *a, const struct json *b);

/* Two strings that are one instant, however each is written (spelling.h). */
bool element_is_instant(const struct json *v);
bool element_same_instant(const struct json *a, const struct json *b);

/* Equal as they stand, members and elements in the same order: enough for equality, not needed. */
bool element_same(const struct json *a, const struct json *b);

#endif
