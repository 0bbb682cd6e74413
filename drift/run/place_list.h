/*
 * place_list.h - the changes of a comparison by where they are, to find those at, above and below a place.
 */
#ifndef BSX_DRIFT_RUN_PLACE_LIST_H
#define BSX_DRIFT_RUN_PLACE_LIST_H

#include "drift/engine/diff.h"

struct place_list;
/* Of a diff that outlives it. */
MUST_USE struct place_list *place_list_make(TALLOC_CTX *mem, const struct diff *d, struct err *e);

/*
 * Gives each change of the list whose path is that of `c`, a beginning of it, or goes on from it: on the same
 * side, the new value's or (deleted) the old one's.  One with a shortened path is at no place.
 */
typedef bool place_fn(void *arg, const struct change *at, struct err *e);
MUST_USE bool place_list_each(
    const struct place_list *l, const struct change *c, place_fn *fn, void *arg, struct err *e);

#endif
