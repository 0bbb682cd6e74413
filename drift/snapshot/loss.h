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
/* Of a snapshot, by category and key. */
struct places_held {
	struct place *at;
	size_t        n;
};
struct loss {
	struct str category;
	int64_t    removed, of;
};
struct losses {
	struct loss *of;
	size_t       n;
};

/* Room for n places. */
MUST_USE bool places_held_make(
    TALLOC_CTX *mem, size_t n, struct places_held *out, struct err *e);
/* Those collections that lost something; out->of is a child of `mem`. */
MUST_USE bool losses_find(TALLOC_CTX *mem, const struct places_held *was,
    const struct places_held *is, struct losses *out, struct err *e);
/* More than max_removed_percent, and SUSPICIOUS_LEAST. */
bool loss_is_suspicious(const struct limits *l, const struct loss *loss);
/* The changes that are the loss itself wait. */
void loss_hold(struct str category, const struct diff *d, enum hold_reason *holds);

#endif
