/*
 * standing.h - what stands beside the changes that a snapshot shows: found in a collection that it has not read, or in a
 * resource since it was last seen (unsettled.h).  It is in no report; findings and alerts have it.
 *
 * Pure.  Errors: no memory.
 */
#ifndef BSX_DRIFT_RUN_STANDING_H
#define BSX_DRIFT_RUN_STANDING_H

#include "drift/engine/diff.h"
#include "drift/alert/title.h"

/* Changes, and their texts (NULL: none are at hand). */
struct standing {
	struct diff        *diff;
	struct change_text *texts;
};

/*
 * Of a resource that was told, what is found since it was last seen decides, and not what the snapshot shows.  What both
 * have leaves `since`; ended[i] is set where `seen` has a change of such a resource that `since` has not: it undoes what
 * was told, or is a part of what is told now.  `is_told` says which resources these are.
 */
struct standing_split {
	const struct diff *seen;
	bool             *ended; /* parallel to its changes */
	bool (*is_told)(const void *arg, const struct change *c);
	const void *arg;
};
MUST_USE bool standing_split(TALLOC_CTX *mem, const struct standing_split *x, struct standing *since, struct err *e);

/* `more` behind `to`: both sums together; texts become children of `mem`. */
MUST_USE bool standing_join(
    TALLOC_CTX *mem, struct standing *to, const struct standing *more, struct err *e);

/* Takes a change out of what is counted. */
void standing_uncount(struct diff_summary *s, const struct change *c);

#endif
