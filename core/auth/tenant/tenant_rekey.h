/*
 * tenant_rekey.h - a tenant gets another data key, and all that it has sealed is sealed with it, while others go on working.
 *
 * The deed is one step: its entry in the tenant's trail, then the key.  What follows from it (core/store/archive/reseal.h) is
 * done by whoever comes first, driftd or who waits for it with bsxctl, and says nothing in the trail but what does not open.
 */
#ifndef BSX_AUTH_TENANT_TENANT_REKEY_H
#define BSX_AUTH_TENANT_TENANT_REKEY_H

#include "core/auth/audit.h"
#include "core/store/archive/reseal.h"

/* In by->t.  Where it has several keys already nothing is made.  *now: how it is then. */
MUST_USE bool tenant_rekey(const struct deed_by *by, const char *actor_name, struct data_keys *now, struct err *e);

/*
 * One turn of driftd: goes on with the pass that it has begun, or begins that of the next tenant behind *after whose newest
 * key is old enough; what is left waits for the next turn.  *ended: no tenant was left behind *after, which is nil again.
 */
struct rekey_turn {
	struct auth       *auth;
	struct uuid        after;
	struct reseal_pass pass; /* pass.tenant nil: none */
	bool (*stop)(void *arg);
	void *arg;
};
MUST_USE bool tenant_rekey_turn(struct rekey_turn *t, bool *ended, struct err *e);

#endif
