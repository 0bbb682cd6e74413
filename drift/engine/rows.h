/*
 * rows.h - what stays where it is between two rows of numbers: for the files of this room only.
 *
 * That is a longest common subsequence (Myers, "An O(ND) difference algorithm", 1986) where one row
 * becomes the other by few edits, an edit being one number taken out or put in.  Else a longest run of
 * the numbers that stand once in each row.  Never quadratic: D edits cost at most D^2 / 2 comparisons
 * beside one for each number, and a trace of 4 x D^2 bytes.
 */
#ifndef BSX_DRIFT_ENGINE_ROWS_H
#define BSX_DRIFT_ENGINE_ROWS_H

#include <stdint.h>
#include <talloc.h>

#include "core/base/err.h"

struct rows {
	const uint32_t *a, *b;
	uint32_t        na, nb;
	uint32_t        groups;          /* numbers are below it */
	bool           *keep_a, *keep_b; /* result, all false before: the n-th kept of a is b's n-th kept */
	uint64_t       *compared;        /* counts */
};

MUST_USE bool rows_keep(TALLOC_CTX *tmp, struct rows *r, uint32_t edits_max, struct err *e);

#endif
