/*
 * text_diff.h - the lines by which two long texts differ, in the form of a unified diff.
 *
 *	@@ -3,3 +3,3 @@
 *	 a line that both have: at most TEXT_DIFF_CONTEXT around what differs
 *	-a line of the old text
 *	+a line of the new text
 *	\ 12 more lines
 *
 * A line ends at LF; a CR before it is part of the line, so that a text whose line ends change differs in every
 * line.  "\ No newline at end" follows a last line without one.  A long line is shown from near its first difference
 * on, with "…" where it is cut, before a character.  What is masked is "[masked]".
 *
 * Bounded whatever the texts are: of each run of lines TEXT_DIFF_RUN are shown, of all TEXT_DIFF_MAX
 * bytes.  The shortest edit is looked for among TEXT_DIFF_LINES lines (Myers, An O(ND) Difference Algorithm), up to
 * TEXT_DIFF_EDITS edits and while there are steps left; beyond that all between the first and the last line that
 * differ is told as replaced.
 */
#ifndef BSX_DRIFT_ENGINE_TEXT_DIFF_H
#define BSX_DRIFT_ENGINE_TEXT_DIFF_H

#include "core/base/work.h"
#include "core/json/json.h"

#define TEXT_DIFF_MAX     6000
#define TEXT_DIFF_CONTEXT 2
#define TEXT_DIFF_RUN     20
#define TEXT_DIFF_LINE    400 /* bytes of one line */
#define TEXT_DIFF_LINES   4096
#define TEXT_DIFF_EDITS   256

struct text_diff_in {
	const struct json *old_value, *new_value; /* of a normal form; NULL: not there */
	bool               is_long; /* they are worth it though they have one line each */
	uint64_t          *steps;   /* lines that may still be held against each other, for all texts of a report */
	struct work       *work;
};

/* *out with p == NULL: they are not two texts, have one line each, or show no difference.  `mem` holds it. */
MUST_USE bool text_diff(
    TALLOC_CTX *mem, const struct text_diff_in *in, struct str *out, struct err *e);

#endif
