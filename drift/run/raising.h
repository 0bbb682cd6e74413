/*
 * raising.h - what the severity of changes rises to by who made them (maker_rules.h), as far as that is known.
 *
 * Of what becomes known after the report the newest snapshot is looked at again: then it rises, in a new report on that.
 */
#ifndef BSX_DRIFT_RUN_RAISING_H
#define BSX_DRIFT_RUN_RAISING_H

#include "drift/run/plan.h"

/* Before findings are judged: the changes of p->diff and the summaries. */
MUST_USE bool raising_apply(const struct ingest *in, struct plan *p, struct err *e);
/* May this change rise by a maker that has just become known? */
bool raising_may(const struct ingest *in, const struct change *c);
/* Has anything risen that p's report before this did not say? */
bool raising_is_new(const struct plan *p);

#endif
