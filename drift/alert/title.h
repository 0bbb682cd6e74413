/*
 * title.h - the one line that says what a drift alert is about: the object, its worst change, and how many more.
 *
 *	sshd_config: PermitRootLogin no -> yes and 2 more
 *
 * It is made twice.  The one with values is kept sealed, as values are; the other says "changed" in their place, holds
 * nothing that a view without values withholds, and stands in the row for lists and for channels that are not told
 * values.
 *
 * Whatever the texts hold, it is one line of printable text: controls, bidi marks and line separators are escaped as in a
 * log (buf_log), long parts are cut before a character and end in "…".  Masked values are "[masked]".
 */
#ifndef BSX_DRIFT_ALERT_TITLE_H
#define BSX_DRIFT_ALERT_TITLE_H

#include "core/store/alert/alert.h"
#include "drift/engine/diff.h"
#include "drift/engine/view.h"

#define ALERT_TITLE_MAX 500 /* bytes; the column has as many characters */

/* The values of a change as people see them. */
struct change_text {
	struct str old_text, new_text;           /* p == NULL: none */
	bool       old_truncated, new_truncated; /* longer than CHANGE_VALUE_MAX */
	struct str lines; /* by which two texts differ (text_diff.h), a JSON string; p == NULL: none */
	const char *attribution; /* who made it (drift/attribution), as it is kept; NULL: nobody was asked */
	const char *announced;   /* what was announced of its object (drift/run/announcing.h), JSON; NULL: nothing, or as it came */
};

struct title_in {
	const struct change      *worst;
	const struct change_text *text; /* of it */
	size_t                    n;    /* findings, with it; from 1 */
};
/* *out is a child of `mem`, at most ALERT_TITLE_MAX bytes. */
MUST_USE bool title_print(
    TALLOC_CTX *mem, struct view v, const struct title_in *in, char **out, struct err *e);

/* Sets title, full_title and its sealed form; a->id is there. */
MUST_USE bool title_set(struct tenant_db *t, TALLOC_CTX *mem, const struct title_in *in,
    struct alert *a, struct err *e);
/* A row that was read: its full_title, which stays NULL where there is none. */
MUST_USE bool title_open(struct tenant_db *t, TALLOC_CTX *mem, struct alert *a, struct err *e);

#endif
