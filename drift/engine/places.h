/*
 * places.h - several path patterns walked together through a document.
 *
 * A row stands for the place at hand and holds only the patterns that may still match there or
 * below.  Where many look for a member by its own name they are found by that name; only those whose
 * step has a star are walked one by one.  So a member costs what is interested in it, not all there
 * is.  What is looked at is spent.
 */
#ifndef BSX_DRIFT_ENGINE_PLACES_H
#define BSX_DRIFT_ENGINE_PLACES_H

#include "core/base/work.h"
#include "drift/engine/pattern.h"

struct row; /* of one place; that of the place below takes the room of what was below before */

struct places {
	const struct pattern *const *patterns;
	uint32_t                     n; /* 0: rows are NULL and walking costs nothing */
	struct row                  *rows;
	struct work                 *work;
	enum work_kind               kind;
	struct err                  *e; /* walking fails by it, and the row is empty then */
};
/* Makes the rows; the rest of *p says what is walked and who spends the work.  *here: the row of the
 * document. */
MUST_USE bool places_make(TALLOC_CTX *mem, struct places *p, struct row **here);
/* One step down.  A step on an array element is its index in decimal. */
struct row *places_down(const struct places *p, struct row *here, struct str name);
/* One step down on what has several names: a pattern goes on by any of them. */
struct row *places_down_any(
    const struct places *p, struct row *here, const struct str *names, uint32_t n);
struct row *places_down_index(const struct places *p, struct row *here, uint32_t i);

/* The patterns that match here, in their order: from *i = 0 on, until it is false. */
bool     places_next(const struct places *p, const struct row *here, uint32_t *i, uint32_t *pattern);
bool     places_done(const struct places *p, const struct row *here, uint32_t pattern);
/* The states of one pattern (pattern.h); 0: it can match no more. */
uint64_t places_states(const struct places *p, const struct row *here, uint32_t pattern);

#endif
