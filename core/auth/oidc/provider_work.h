/*
 * provider_work.h - the steps of setting a provider up: what was given is taken
 * over into the row, then the row is checked as a whole.
 */
#ifndef BSX_AUTH_OIDC_PROVIDER_WORK_H
#define BSX_AUTH_OIDC_PROVIDER_WORK_H

#include "core/auth/oidc/provider.h"

struct provider_work {
	const struct provider_deed *d;
	const struct provider_body *in;
	const struct schema        *schema;
	struct provider            *p;
};

/* The body names that member. */
bool provider_given(const struct provider_work *w, const char *name);
/* Members that the body does not name stay as they are. */
MUST_USE bool provider_take(const struct provider_work *w, struct err *e);
/* ERR_INVALID with faults.  Who may have it so: provider_trust. */
MUST_USE bool provider_check(const struct provider_work *w, struct err *e);

#endif
