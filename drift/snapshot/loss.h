/*
 * loss.h - how much of each collection is gone at once.
 *
 * "At once" is against what was in force: what the next snapshot does not bring back either is
 * confirmed by it, and alerts as drift.  Pure: no I/O.
 */
#ifndef BSX_DRIFT_SNAPSHOT_LOSS_H
#define BSX_DRIFT_SNAPSHOT_LOSS_H

#include "drift/alert/hold_reason.h"
#include "drift/alert/limits.h"
#include "drift/engine/diff.h"

struct place {
	struct str category, key;
};
struct loss {
	struct str category;
	int64_t    removed, of;
};

/* Those collections that lost something; both lists by category and key.  *out is a child of `mem`.
 */
MUST_USE bool losses_find(TALLOC_CTX *mem, const struct place *was, size_t was_n,
    const struct place *is, size_t is_n, struct loss **out, size_t *n, struct err *e);
/* More than max_removed_percent, and SUSPICIOUS_LEAST. */
bool loss_is_suspicious(const struct limits *l, const struct loss *loss);
/* The changes that are the loss itself wait. */
void loss_hold(struct str category, const struct diff *d, enum hold_reason *holds);

#endif
