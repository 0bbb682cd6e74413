/*
 * resolve.h - where a target leads to.
 *
 * A name is resolved once, and every address must pass the guard, because a name that leads to a good one and a bad one is
 * an attempt.  An address of this host itself does not pass, unless outbound.allow opens it.
 *
 * Errors: ERR_INVALID (an address that must not be connected to), ERR_UNAVAILABLE (no such name).
 */
#ifndef BSX_NET_RESOLVE_H
#define BSX_NET_RESOLVE_H

#include "core/net/guard.h"

#define RESOLVED_MAX 16

struct resolved {
	struct addr items[RESOLVED_MAX];
	size_t      n;
};

/* What it allocates on the way are children of `mem`. */
MUST_USE bool resolve(TALLOC_CTX *mem, const struct guard *g, const struct guard_target *t, struct resolved *r,
    struct err *e);

/* Of one address that somebody else has found, just before it is connected to. */
bool resolved_may(TALLOC_CTX *mem, const struct guard *g, const struct addr *a);

#endif
