/*
 * rate.h - who may ask how often: the rate classes of the contract, charged to
 * cells of the shared segment.
 *
 * The pass charges the address before it looks for a caller, then the caller
 * and its tenant.  A request with a valid API key is charged to the key, not to
 * its address; one with a bad key is charged to the address.  A caller of a
 * class with a budget per account has that budget.  A route of rate.routes has
 * cells of its own.
 *
 * A body counts as well: each further MiB of it, as it is unpacked, is charged as one request more
 * once it is known (rate_more), to all that the request was charged to.  It is taken for that; what
 * it is beyond their budgets keeps the next requests away for as long.
 *
 * A tenant's settings.rate_limits ({"read" or "GET /path": {per_minute, burst}},
 * and "tenant" for all its callers together) lower the caller's and the tenant's
 * budget; its quota's requests_per_minute and requests_burst replace the
 * installation's for the tenant.
 *
 * Without a segment (tests, tools) nothing is limited.
 */
#ifndef BSX_WEB_RATE_H
#define BSX_WEB_RATE_H

#include "core/web/route.h"

/* What a process works out once of its configuration. ERR_INTERNAL: rate.routes names a route that
 * is not there. */
MUST_USE struct rates *rates_make(TALLOC_CTX *mem, const struct conf *c, const struct keyring *k,
    const struct route *const *tables, struct err *e);

/*
 * One attempt on an account, for a handler whose body names it (sign-in, forgotten password, second
 * factor): called first thing.  `account` is any text that is the same for the same account,
 * whether it exists or not.  ERR_RATE with retry_s.
 */
MUST_USE bool rate_account(
    struct request *r, enum rate_class class, struct str account, struct err *e);

/*
 * A request of an open route that is worth one of another class, for its handler: charged to the address as
 * that too.  ERR_RATE with retry_s.
 */
MUST_USE bool rate_as(struct request *r, enum rate_class class, struct err *e);

/*
 * settings.rate_limits as somebody wants to set it (NULL or JSON null: nothing):
 * one fault for each name that is neither a class nor a route nor "tenant", and
 * for each value that is not {per_minute?, burst?} of whole numbers from 1.
 */
MUST_USE bool rate_limits_check(const struct route *const *tables, TALLOC_CTX *mem,
    const struct json *limits, struct err *e);

#endif
