/*
 * remask.h - stored values are masked as the edition of now masks them, wherever they were copied to.
 *
 * What a config's snapshots held, the values of its changes, and the messages about its alerts were stored as the
 * edition of their time masked them.  Once a config is taken over (takeover.h) all of them are gone through, a page
 * and a transaction at a time; what is masked now is masked there too, and the clear contents go when nothing
 * refers to them.  Nothing else of a stored value is changed: what a config ignores or rounds today stays as it was
 * in its history.  A walk that is cut off begins again.  What is said about values by name (of a resource, of a place
 * in it, in a title) loses the secrets in it too.
 *
 * Errors: those of db.h, of spec_compile.
 */
#ifndef BSX_DRIFT_REMASK_H
#define BSX_DRIFT_REMASK_H

#include "drift/config/spec.h"

struct remask {
	struct drift     *d;
	struct tenant_db *t;
	TALLOC_CTX       *mem; /* of one page; what is left of it may be freed when this returns */
	struct work      *work;
	struct uuid       config;
};
MUST_USE bool remask_config(const struct remask *x, struct err *e);

#endif
