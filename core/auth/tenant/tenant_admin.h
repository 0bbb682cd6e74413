/*
 * tenant_admin.h - tenants as they are shown, and what may be changed about one: its name and settings by
 * itself, its status by the platform, which may change the others too.
 *
 * What the platform does to another tenant is in both trails.
 */
#ifndef BSX_AUTH_TENANT_TENANT_ADMIN_H
#define BSX_AUTH_TENANT_TENANT_ADMIN_H

#include "core/auth/settings.h"
#include "core/auth/user/user_admin.h"
#include "core/store/tenant/quota.h"

/* The row, read again; of the caller's tenant, or of any for the platform. ERR_MISSING. */
MUST_USE bool tenant_visible(const struct deed_by *by, const struct uuid *id, const struct tenant **t, struct err *e);
/* Newest first; for all but the platform its own is the only one. */
MUST_USE bool tenants_visible(const struct deed_by *by, struct page *p, struct err *e);
/* What the platform allows it. */
MUST_USE bool tenant_quota(TALLOC_CTX *mem, const struct tenant *t, struct quota *q, struct err *e);

/* How much a tenant has of what its quota bounds. */
struct tenant_usage {
	int64_t        users, api_keys, drift_configs, snapshots_today, storage_bytes;
	struct strings near; /* members of the quota of which USAGE_NEAR in a hundred are used, or more */
};
/* What was counted, held against what is allowed. */
MUST_USE bool tenant_usage_fill(TALLOC_CTX *mem, const struct quota *q, const int64_t used[static USAGE__MAX],
    struct tenant_usage *out, struct err *e);
/* What it has; NULL: it has no schema in which something could be counted. */
MUST_USE bool tenant_usage_of(const struct deed_by *by, const struct tenant *t, struct tenant_usage **out,
    struct err *e);

#define ALTER_TRIES 50

struct tenant_change {
	const char        *name;     /* NULL: stays */
	const struct json *settings; /* to be merged (settings_merge); NULL: stays */
	const char        *status;   /* "active" or "suspended" (tenant_life.h); NULL: stays */
	const char        *reason;   /* of the status; NULL: none is given */
	const struct json *quota;    /* to be merged (quota_merge); NULL: stays */
	bool               exact;    /* of the row as it was handed in, and of no later one */
};
/*
 * ERR_MISSING: no such tenant, or not one's own and the caller is not of the platform; ERR_FORBIDDEN: what only
 * the platform may change; ERR_CONFLICT: somebody else was faster, and `exact` or ALTER_TRIES times.  Shorter sessions hold at once, for all
 * processes of this host.
 */
MUST_USE bool tenant_alter(const struct deed_by *by, const struct tenant *t, const struct tenant_change *in,
    struct err *e);
/*
 * The admin tool takes `allowed_addresses` back; by->t is the tenant's.  On other processes of this host it
 * counts within revocation_lag, as it does on other hosts.
 */
MUST_USE bool tenant_open_to_all(const struct deed_by *by, const struct tenant *t, struct err *e);

#endif
