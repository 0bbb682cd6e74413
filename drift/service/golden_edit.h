/*
 * golden_edit.h - a golden baseline as it is to become, from what was asked: checked, and ready to be written.
 *
 * golden_content.c makes it, golden_edit.c has the deeds.
 */
#ifndef BSX_DRIFT_SERVICE_GOLDEN_EDIT_H
#define BSX_DRIFT_SERVICE_GOLDEN_EDIT_H

#include "drift/service/golden.h"

struct golden_edit {
	const struct acting      *a;
	const struct golden_wish *in;
	TALLOC_CTX   *mem;    /* of the contents: given back before the answer reads them anew */
	struct golden was, g; /* was.revision 0: it is new */
	struct golden_content content; /* what it holds now, and then what it is to hold */
	struct content        text;
	struct content_rows   rows;
	struct golden_body    body; /* of a shared one */
	struct golden_version version;
	bool                  renewed; /* the contents are others */
	struct audit_entry    entry;
	const char           *details; /* of the entry, as the transaction begins */
};

/* What was shown without values is not sent back as if it were all there is. */
MUST_USE bool golden_wish_check(const struct golden_edit *x, struct err *e);

/* From a, in, mem, was, g and content to all the rest; what the wish names takes the place of what is there. */
MUST_USE bool golden_prepare(struct golden_edit *x, struct err *e);

#endif
