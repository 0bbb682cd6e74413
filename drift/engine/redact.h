/*
 * redact.h - masked values left out of a comparison of which somebody chooses a side.
 *
 * A mask says of two values whether they are equal.  Who may choose one of them finds the other by
 * guessing, whatever of the comparison he is shown: the change itself, an element that is matched
 * or not, a rule that holds, a hash, a count.  So in the normal forms of both sides all masks are
 * replaced by one and the same before anything is compared: what comes out depends on no masked
 * value (the time it takes may still depend on whether stored contents are the same).
 *
 *	struct redaction *x = redaction_make(mem, work, e);
 *	redact(x, tmp, &from, e) && redact(x, tmp, &to, e) && diff_resource(d, &from, &to, e)
 *	x->places[0 .. x->n), redaction_more(x)
 *
 * The places are named as patterns (pattern.h): "*" stands for an element of an array.
 */
#ifndef BSX_DRIFT_ENGINE_REDACT_H
#define BSX_DRIFT_ENGINE_REDACT_H

#include "drift/engine/resource.h"

#define REDACTED_SHOWN    100
#define REDACTED_PATH_MAX 1024 /* bytes of a pattern; of a longer one, its head and an ellipsis */

struct redacted_place {
	struct str category, key, path;
};

struct redaction {
	struct redacted_place    places[REDACTED_SHOWN]; /* each once, as they were met */
	size_t                   n;
	struct redaction_private *p;
};

MUST_USE struct redaction *redaction_make(TALLOC_CTX *mem, struct work *work, struct err *e);

/* Replaces r->value, a normal form, where there are masks in it; new nodes are owned by `mem`. */
MUST_USE bool redact(
    struct redaction *x, TALLOC_CTX *mem, struct resource *r, struct err *e);

/* How many places there are beside those that are named. */
size_t redaction_more(struct redaction *x);

/* Forgets the places that were met since. */
struct redaction_point {
	size_t n, beyond;
};
struct redaction_point redaction_here(const struct redaction *x);
void                   redaction_back(struct redaction *x, struct redaction_point to);

#endif
