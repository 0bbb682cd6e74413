/*
 * text_lines.h - two texts as lines, and which of them only one has.  For text_diff.c.
 */
#ifndef BSX_DRIFT_ENGINE_TEXT_LINES_H
#define BSX_DRIFT_ENGINE_TEXT_LINES_H

#include "drift/engine/text_diff.h"

struct text_line {
	struct str text; /* with its LF, if it has one */
	uint64_t   hash;
	bool       differs;
};

/* The lines from the first that differs to the last, and some that do not around them. */
struct text_side {
	struct text_line *lines;
	size_t            n;
	size_t            first; /* which line lines[0] is, from 1 */
	size_t            tail;  /* of them: how many stand behind what differs */
	size_t            more;  /* lines behind them up to there */
};

/* Of a and b, which must outlive them. */
MUST_USE bool text_lines(TALLOC_CTX *mem, const struct str text[2], struct text_side side[2],
    struct err *e);

/* Marks those that differ: the others are equal, in this order. */
MUST_USE bool text_lines_mark(
    TALLOC_CTX *mem, struct text_side side[2], uint64_t *steps, struct err *e);

#endif
