/*
 * array.h - the inside of comparing two arrays: for the files of this room only.
 *
 *	diff_array.c   which way an array is compared; what all ways share
 *	diff_keyed.c   all elements are matched by the same keys
 *	diff_count.c   elements are counted: set, multiset
 *	diff_list.c    their order counts, and nothing is matched (rows.h)
 *	diff_match.c   each element by what identifies it (diff_identify.c), else by likeness (likeness.h)
 *	diff_order.c   the same, and the order counts: which of equal ones stay (diff_twins.c), what has moved
 */
#ifndef BSX_DRIFT_ENGINE_ARRAY_H
#define BSX_DRIFT_ENGINE_ARRAY_H

#include "drift/engine/walk.h"

#define ARRAY_ABSENT UINT32_MAX

/* Both sides of an array; their elements' texts stand in one row, the old side's first. */
struct both {
	const struct json  *a, *b;
	struct index_entry *texts;
	struct buf          text;        /* what is not text of the documents themselves */
	uint32_t           *group;       /* of each text */
	uint32_t           *in_a, *in_b; /* keyed: where b's (a's) elements are in a (b) */
	struct once        *once;        /* former.c's */
};

/* What of both is counted: the elements first .. first + na of a, and as many as nb of b. */
struct span {
	uint32_t first, na, nb;
};

/* Elements that one side has and the other has not. */
struct surplus {
	const struct json *array;
	uint32_t           first, n; /* those looked at */
	bool               created;  /* by b; else what only a has */
};

/* The last bytes of p->text, from `before` on: they may move still, so that only their number is known ... */
struct index_entry array_entry(const struct buf *text, size_t before, uint32_t tag);
/* ... until all are there: finds those of array_entry, in their order, and hashes all. */
MUST_USE bool array_entries_done(
    const struct buf *text, struct index_entry *entries, uint32_t n, struct err *e);

bool array_of_objects(const struct json *v);

/* An element's place. */
struct place array_element(struct walk *w, const struct place *at, enum place_kind kind,
    uint32_t old_i, uint32_t new_i);

/* The texts that the elements of a span are counted by, into p->texts. */
MUST_USE bool array_texts(
    struct walk *w, const struct place *at, struct both *p, const struct span *s);

/* What is equal at the beginning, and unless the order counts at the end, needs no text. */
struct span array_trim(struct walk *w, const struct both *p, bool tail);

/* Can all elements be matched by these keys?  Then in_a and in_b are ready. */
MUST_USE bool array_try_keys(struct walk *w, struct both *p, const struct keys *keys, bool *yes);
/* By the first identity that serves; *rank: which. */
MUST_USE bool array_try_identities(
    struct walk *w, struct both *p, enum compare_edition edition, uint32_t *rank, bool *yes);
MUST_USE bool walk_keyed(
    struct walk *w, const struct place *at, struct both *p, const struct keys *keys);

/* Elements of which equal ones are taken out, or that are held against each other in their order. */
MUST_USE bool walk_counted(
    struct walk *w, const struct place *at, struct both *p, enum compare_mode mode);
/* The elements of the span, whose texts are ready, in their order. */
MUST_USE bool walk_list(
    struct walk *w, const struct place *at, const struct both *p, const struct span *s);

/* As auto, keyed, paired and ordered of the second edition. */
MUST_USE bool walk_matched(struct walk *w, const struct place *at, struct both *p,
    const struct compare_entry *entry);

#endif
