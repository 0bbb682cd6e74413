/*
 * masked.h - at which masked places of a comparison values have changed, and how many.
 *
 * A masked value is found by setting guesses until one is no change.  So it is told how many others
 * were set, of every change, a rule that ignores it or not.  What counts: a masked value in place
 * of another, and each element that is on one side only and known by what it has masked (counted,
 * or matched by a masked member).  The place of elements is their array.
 */
#ifndef BSX_DRIFT_ENGINE_MASKED_H
#define BSX_DRIFT_ENGINE_MASKED_H

#include "drift/engine/diff.h"

#define MASKED_PLACES_MAX 1000
#define MASKED_PATH_MAX   200 /* bytes of a path; a longer one is shortened (diff.h) */

struct masked_place {
	struct str category, key,
	    path;                 /* of the resource; a pattern that ends in "*" for elements */
	uint8_t place[HASH_LEN];  /* of category, key and path */
	uint8_t values[HASH_LEN]; /* of what was set: others give another */
	int64_t changes;
};

struct masked_places {
	struct masked_place *items; /* child of the diff */
	size_t               n;
	struct masked_place
		beyond;         /* the others: as many changes as the place of most has; 0: none */
	uint8_t last[HASH_LEN]; /* private: the place at hand of those, and its changes */
	int64_t last_changes;
};

/* Before anything is compared: places are noted. */
MUST_USE bool               diff_watch_masked(struct diff *d, struct err *e);
const struct masked_places *diff_masked(const struct diff *d); /* NULL: they were not */

#endif
