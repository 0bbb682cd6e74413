/*
 * mask_at.h - a value that was cut out of a resource, masked as it would be there; and what is said of where it was.
 */
#ifndef BSX_DRIFT_ENGINE_MASK_AT_H
#define BSX_DRIFT_ENGINE_MASK_AT_H

#include "drift/engine/compare.h"
#include "drift/engine/resource.h"

/*
 * `r` has the value as its value; `path`, a JSON Pointer, is where in the resource it was ("": all of it).  A step
 * of digits is taken for the index of an array, up to 10,000.  The value becomes a normal form under `spec`, with what is masked
 * by its place or its content; what only a neighbour would tell is not seen.  A path that is no pointer, because it
 * was shortened, is none.  New nodes are owned by `mem`.
 */
MUST_USE bool mask_at(TALLOC_CTX *mem, const struct compare_spec *spec, struct resource *r,
    struct str path, struct work *work, struct err *e);

/*
 * Where it is, as it is called now: the same of the names on the way, of a resource under its name of now.  Of a
 * canonical path the secrets in what elements are known by are left out.
 */
MUST_USE bool mask_path(TALLOC_CTX *mem, const struct compare_spec *spec, const struct resource *r,
    struct str *path, struct work *work, struct err *e);

/* A text for people, without the secrets in it: "[masked]". */
MUST_USE bool mask_sentence(TALLOC_CTX *mem, struct str *text, struct err *e);

#endif
