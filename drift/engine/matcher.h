/*
 * matcher.h - lists of globs held against texts at a price: what is looked at is spent.
 *
 * A list that is held against so much text that it would have paid is compiled to an automaton,
 * which then lives as long as the matcher; where those get too large they are all made anew.  So
 * what a list costs is the text, not the text times the list.
 *
 * Errors: ERR_TOO_COSTLY.
 */
#ifndef BSX_DRIFT_ENGINE_MATCHER_H
#define BSX_DRIFT_ENGINE_MATCHER_H

#include "core/base/work.h"
#include "drift/engine/glob.h"

struct matcher;
/* Of one kind of work.  The lists given to it must outlive it. */
MUST_USE struct matcher *matcher_make(
    TALLOC_CTX *mem, struct work *work, enum work_kind kind, struct err *e);
struct work *matcher_work(const struct matcher *m);

MUST_USE bool matcher_globs(
    struct matcher *m, const struct globs *g, struct str s, bool *yes, struct err *e);
/* One text in another. */
MUST_USE bool matcher_find(
    struct matcher *m, bool fold, struct str s, struct str what, bool *yes, struct err *e);

#endif
