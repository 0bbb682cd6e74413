/*
 * bound_secret.h - a write-only secret goes where it was meant to go, and nowhere else.
 *
 * Whoever may change where a resource points could otherwise have a secret that they cannot read sent to a place of
 * their own.  So a change of a target (issuer, directory, URL, host) must name the secret: as it is, another, or null.
 * Every resource that keeps a secret for a target asks here.
 */
#ifndef BSX_AUTH_BOUND_SECRET_H
#define BSX_AUTH_BOUND_SECRET_H

#include <talloc.h>

#include "core/base/err.h"

/* One member that says where the secret goes; NULL: not set. */
struct secret_target {
	const char *member, *was, *now;
};

struct bound_secret {
	const char                 *member;  /* its name */
	bool                        kept;    /* there is one from before */
	bool                        named;   /* the change says what becomes of it */
	const struct secret_target *targets;
	size_t                      n;
};
/* ERR_INVALID with a fault at the secret when it would go elsewhere unnamed. */
MUST_USE bool bound_secret_check(TALLOC_CTX *mem, const struct bound_secret *s, struct err *e);

#endif
