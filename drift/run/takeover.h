/*
 * takeover.h - a config goes over to the edition of comparing of now (compare.h).
 *
 * Another edition calls places and values by other names: fingerprints and value hashes.  So that nothing that
 * was told is told again, and every decision stays in force, the config's baseline and its newest snapshot, as
 * they are stored, are compared under both editions, and what is known of each finding goes from its old names
 * to its new ones, in one transaction.  A finding of now is known by those of before that lie at its place, above
 * it or below it: it is accepted or ignored when all of them are, else it is what the least advanced of them is.
 * What only the edition calls a change, because nothing was one there before, is accepted in the name of the
 * system, value by value, and said in one line of the baseline's history (GET .../baseline).
 *
 * It is done by whoever comes first, a snapshot or driftd, once.
 *
 * Errors: those of db.h, of spec_compile (ERR_UNAVAILABLE with SPEC_NOT_UNDERSTOOD), ERR_TOO_COSTLY.
 */
#ifndef BSX_DRIFT_RUN_TAKEOVER_H
#define BSX_DRIFT_RUN_TAKEOVER_H

#include "drift/config/spec.h"

struct takeover {
	struct drift     *d;
	struct tenant_db *t;
	TALLOC_CTX       *mem;
	struct work      *work;
	struct uuid       config;
};

/* Nothing for a config that is there already. */
MUST_USE bool takeover(const struct takeover *x, struct err *e);

#endif
