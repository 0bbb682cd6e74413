/*
 * quota.h - what the platform allows a tenant: the `quota` member of a tenant.
 *
 * The registry keeps what was said; what is not said has no limit.  A limit below what there is takes nothing away:
 * no more is made until there is room.  Requests per minute are held by core/web/rate_tenant.h.
 */
#ifndef BSX_STORE_TENANT_QUOTA_H
#define BSX_STORE_TENANT_QUOTA_H

#include "core/json/schema.h"
#include "core/store/tenant/usage.h"

struct quota {
	int64_t users, api_keys, drift_configs, storage_bytes, snapshots_per_day; /* 0: no limit */
	int64_t requests_per_minute, requests_burst;
};
extern const struct schema quota_schema;

/* What the registry says of a tenant. */
MUST_USE bool quota_of(TALLOC_CTX *mem, const struct tenant *t, struct quota *q, struct err *e);
/* The limit of one kind; 0: none. */
int64_t quota_limit(const struct quota *q, enum usage_kind k);

/*
 * What the registry shall hold after a change (RFC 7396: members named replace, null takes a limit away).  ERR_INVALID
 * with one fault per member at fault, pointers from "/quota".
 */
MUST_USE bool quota_merge(TALLOC_CTX *mem, const char *was, const struct json *change, const char **text, struct err *e);

/* There is a limit of that kind. */
MUST_USE bool quota_bounds(const struct tenant_db *t, enum usage_kind k, bool *bounds, struct err *e);

/* In the transaction that makes one.  ERR_QUOTA: the tenant's limit is met. */
MUST_USE bool quota_take(struct tenant_db *t, enum usage_kind k, struct err *e);
/*
 * After a deed that has failed: true where that was the limit and there is room after all, since something was
 * taken away, so that the deed is to be done once more; *tried says that it was.  Else *e stays.
 */
bool quota_has_room(struct tenant_db *t, enum usage_kind k, bool *tried, struct err *e);

/* Before it is worked out what a snapshot adds: ERR_QUOTA where nothing can be added any more. */
MUST_USE bool quota_ask_push(struct tenant_db *t, instant now, struct err *e);
/* The same of a snapshot that adds `bytes`: in its transaction, last. */
MUST_USE bool quota_take_push(struct tenant_db *t, instant now, int64_t bytes, struct err *e);

#endif
