/*
 * announced.h - what was announced of the object of a change that came otherwise, as an event keeps it
 * (drift/run/announcing.h): a JSON object {intent, verdict, owner, ticket?, actor?, expect, value?}.
 */
#ifndef BSX_DRIFT_ALERT_ANNOUNCED_H
#define BSX_DRIFT_ALERT_ANNOUNCED_H

#include "drift/engine/view.h"

/* What whoever has that view gets to see of it: the value is withheld with values.  *out is NULL where kept is. */
MUST_USE bool announced_view(
    TALLOC_CTX *mem, struct view v, const char *kept, const char **out, struct err *e);
/* Behind what came: " (announced 30)".  `shown`: what announced_view() has given; NULL: nothing is said. */
void announced_words(struct buf *b, const char *shown);

#endif
