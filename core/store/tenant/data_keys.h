/*
 * data_keys.h - the next data key of a tenant, and the end of those before.
 *
 * The newest seals, as soon as a process has it (tenant_db_open() looks every TENANT_KEYS_MS); all of them open.  The key of
 * content addresses, value hashes and masks is the same with each.  Who destroys one has seen that nothing names it any more
 * (core/store/archive/reseal.h).
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_TENANT_DATA_KEYS_H
#define BSX_STORE_TENANT_DATA_KEYS_H

#include "core/store/tenant/tenant_db.h"

struct data_keys {
	uint64_t newest; /* 0: it has none */
	int64_t  n;
	int64_t  age_s; /* of the newest */
};
MUST_USE bool data_keys_state(struct database *d, const struct uuid *tenant, struct data_keys *out, struct err *e);
/* One more than there were, unless somebody has just made it. */
MUST_USE bool data_keys_add(struct database *d, const struct uuid *tenant, struct err *e);
/* Those of a version below are no more; *n: so many. */
MUST_USE bool data_keys_drop(struct database *d, const struct uuid *tenant, uint64_t below, uint64_t *n, struct err *e);
/* The next tenant that has several, behind that one; nil: there is none. */
MUST_USE bool data_keys_several(struct database *d, const struct uuid *after, struct uuid *tenant, struct err *e);

#endif
