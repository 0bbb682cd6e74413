/*
 * lookup.h - the values that JSON Pointers lead to, in documents where they are looked up again and
 * again: a large object is put in order once, and then a member costs the logarithm of it.
 *
 * The documents must outlive it and stay as they are.  What is looked at is spent.
 */
#ifndef BSX_DRIFT_ENGINE_LOOKUP_H
#define BSX_DRIFT_ENGINE_LOOKUP_H

#include "core/json/json.h"
#include "core/base/work.h"

struct lookup;
MUST_USE struct lookup *lookup_make(
    TALLOC_CTX *mem, struct work *work, enum work_kind kind, struct err *e);

/* As json_at: *out is NULL where there is nothing. */
MUST_USE bool lookup_at(struct lookup *l, const struct json *root, struct str pointer,
    const struct json **out, struct err *e);

#endif
