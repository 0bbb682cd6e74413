/*
 * mask_set.h - which values are masked in a resource, to find their clear copies where nothing around them tells
 * that they are secrets: a change holds one value and not its neighbours.
 *
 *	mask_set_note(set, spec, &normal_form, e) for each;  mask_set_apply(mem, set, spec, &cut_out, e)
 *
 * What is masked anywhere in a resource is looked for in cut-out values of that resource only.
 */
#ifndef BSX_DRIFT_ENGINE_MASK_SET_H
#define BSX_DRIFT_ENGINE_MASK_SET_H

#include "drift/engine/compare.h"
#include "drift/engine/resource.h"

struct mask_set;
MUST_USE struct mask_set *mask_set_make(TALLOC_CTX *mem, struct err *e);
/* The masks of a normal form. */
MUST_USE bool mask_set_note(struct mask_set *s, const struct compare_spec *spec,
    const struct resource *r, struct err *e);
/* Strings of r->value, a normal form, whose masks were noted become these; new nodes are owned by `mem`. */
MUST_USE bool mask_set_apply(TALLOC_CTX *mem, struct mask_set *s, const struct compare_spec *spec,
    struct resource *r, struct err *e);

#endif
