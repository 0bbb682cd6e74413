/*
 * likeness.h - objects of two sides paired by how like each other they are: for the files of this room
 * only.
 *
 * The leaves of an object are its scalars and its empty objects and arrays, each with its path
 * (members by name, every step into an array is one and the same), as a multiset.  The likeness of
 * two objects is 2 x common leaves / (leaves of one + leaves of the other).  Pairs of at least what is
 * asked for are taken one after another: the most alike first, as exact fractions; of equal ones that
 * with the smaller of the two canonical texts (masked values as "[masked]"), then the smaller larger text.
 * So the pairs are the same when the sides are exchanged, and in whatever order objects stand.
 *
 * Bound: W = objects of the right x leaves of all of the left + the reverse.  There are pairs where W
 * is at most LIKENESS_WORK_MAX and LIKENESS_EACH_MAX x leaves of both sides; else there is none.
 * Candidates are held some at a time, whatever their number: a pass over all of them drops at least as
 * many.  As few are held as keep their buffer (16 bytes each) at a third of the documents: a leaf takes six
 * bytes of text or more ("a":1,), so one for LIKENESS_LEAVES leaves; never less than LIKENESS_LEAST,
 * whose 256 KiB small documents may take too, as with less a pass would do too little; never more than
 * LIKENESS_MOST.
 */
#ifndef BSX_DRIFT_ENGINE_LIKENESS_H
#define BSX_DRIFT_ENGINE_LIKENESS_H

#include "drift/engine/walk.h"

#define LIKENESS_PAIRED   5 /* tenths: elements of arrays are paired from here on, and ... */
#define LIKENESS_RENAMED  8 /* ... resources (rename.h) */
#define LIKENESS_WORK_MAX 5000000
#define LIKENESS_EACH_MAX 400
#define LIKENESS_LEAVES   8
#define LIKENESS_LEAST    16384
#define LIKENESS_MOST     65536

/* Objects of one side. */
struct likeness_side {
	const struct json        *array;
	const uint32_t           *at;    /* their indices in it */
	uint32_t                  n;
	const struct index_entry *texts; /* of each element of the array, from `first` on: equal for equal ones */
	uint32_t                  first;
};

struct likeness_pair {
	uint32_t a, b; /* indices in the arrays */
};

struct likeness {
	struct likeness_pair *pairs; /* in the order they were taken; child of `mem` */
	uint32_t              n;
	bool                  too_many; /* beyond the bound: none */
};

/* `at`: the place of the arrays; `least`: what is no pair below it, in tenths. */
MUST_USE bool likeness_pairs(struct walk *w, TALLOC_CTX *mem, const struct place *at,
    const struct likeness_side sides[static 2], uint32_t least, struct likeness *out);

#endif
