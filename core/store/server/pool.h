/*
 * pool.h - schemas that are ready for tenants to come: made beforehand by who may make schemas (bsxctl), taken by
 * tenant_register() in the transaction that registers a tenant.
 *
 * A row that is being made says so; one whose maker is gone for POOL_STALE_S is taken up by the next.
 */
#ifndef BSX_STORE_SERVER_POOL_H
#define BSX_STORE_SERVER_POOL_H

#include "core/store/server/provision.h"

#define POOL_STALE_S 600

struct pool_count {
	int64_t ready;  /* and at this program's version */
	int64_t behind; /* ready once, of an older version: bsxctl migrate brings them up to date */
	int64_t making;
};
MUST_USE bool pool_count(struct database *d, struct pool_count *out, struct err *e);
/* Makes schemas until `target` are ready; *made: so many, also where it fails. */
MUST_USE bool pool_fill(const struct provision *p, int64_t target, int64_t *made, struct err *e);
/* Those that are behind; *n: so many were brought up to date. */
MUST_USE bool pool_migrate(const struct provision *p, int64_t *n, struct err *e);

/*
 * A registered tenant that has no schema yet is none: its row goes, and the schema that may have been begun for it is the
 * pool's to finish.  *gone false: it has one, or is none.
 */
MUST_USE bool pool_take_back(
    struct database *d, const struct uuid *tenant, bool *gone, struct err *e);

#endif
