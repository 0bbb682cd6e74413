/*
 * value_texts.h - the values of changes as people see them, within what one report or answer may hold.
 *
 * A value is told by its JSON text up to CHANGE_VALUE_MAX bytes, and as long as there is room for it
 * among the others; else it is marked as truncated: its hash tells it from others all the same.
 */
#ifndef BSX_DRIFT_RUN_VALUE_TEXTS_H
#define BSX_DRIFT_RUN_VALUE_TEXTS_H

#include "core/base/buf.h"
#include "core/base/chunks.h"
#include "drift/alert/title.h"

/* Bytes of all values of a report: both sides of the largest push, so that only what was gathered
 * from several comes to more. */
#define REPORT_VALUES_MAX (32 << 20)

/* Lines of all texts of a report that are held against each other: a quarter of a second. */
#define REPORT_LINES_MAX 20000000

struct values {
	struct chunks room;
	uint64_t      lines; /* left of them */
	struct buf    text; /* of one */
	size_t        left;
};

/* What is shown goes with `mem`. */
void values_begin(struct values *s, TALLOC_CTX *mem, size_t max);
/* Both values of a change, and the lines by which they differ. */
MUST_USE bool values_of(struct values *s, const struct change *c, struct work *work,
    struct change_text *out, struct err *e);
/* v NULL: there is none; *text with p == NULL: none is shown. */
MUST_USE bool values_show(struct values *s, const struct json *v, struct str *text, bool *truncated,
    struct err *e);
/* What is shown no longer makes room for others. */
void values_give_back(struct values *s, const struct change_text *shown);

#endif
