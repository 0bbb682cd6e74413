/*
 * match.h - which elements of two arrays belong together: for the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_MATCH_H
#define BSX_DRIFT_ENGINE_MATCH_H

#include "drift/engine/array.h"
#include "drift/engine/likeness.h"

/* By what an element belongs to one of the other side: its rank among the identities, or: */
enum match_by { MATCH_EQUAL = 0xfd, MATCH_LIKENESS, MATCH_NOTHING };

/* Of one element. */
struct partner {
	uint32_t with;   /* index of the other; ARRAY_ABSENT: there is none */
	uint32_t repeat; /* MATCH_LIKENESS, MATCH_NOTHING: 1 for the first with its text */
	uint8_t  by;
};

struct match {
	struct both       *both;
	struct partner    *of_a, *of_b;
	bool               one;  /* all are known by one identity, and no two of a side by the same */
	const struct keys *keys; /* that the config names: the only identity; NULL: those of the list */
	struct span        span; /* outside of it elements are equal at the same place from either end */
	uint32_t           groups; /* of the texts of the span's elements */
};

/* What a rank stands for in this match. */
struct keys match_keys(const struct match *m, uint32_t rank);

/* The ranks of the identities that an object may have. */
uint32_t match_ranks(
    const struct match *m, const struct json *object, uint8_t ranks[static IDENTITY_RANKS]);

/* Elements are identified each by itself: those of the span that have no partner yet. */
MUST_USE bool match_identities(struct walk *w, struct match *m);

/* Says that they were compared without a key in common, and why. */
MUST_USE bool match_note(
    struct walk *w, const struct place *at, const struct match *m, const struct likeness *l);

/* An element's place, and what is found there; `new`: the i-th of that side, else one of the old side
 * that has no partner.  `keys`: room for what it is known by, as long as the place. */
struct place match_place(struct walk *w, const struct place *at, const struct match *m, bool new,
    uint32_t i, struct keys *keys);
MUST_USE bool match_element(
    struct walk *w, const struct place *at, const struct match *m, bool new, uint32_t i);

/* How many of the span stand where they stood, of those that have partners. */
MUST_USE bool match_standing(struct walk *w, const struct match *m, uint32_t *stand);
/* Of equal elements, those are partners that stay where they are: as few as may be have moved. */
MUST_USE bool match_twins(struct walk *w, struct match *m);
/* What is found, in the order of the new side, and what has moved. */
MUST_USE bool walk_ordered(struct walk *w, const struct place *at, const struct match *m);

#endif
