/*
 * tenant_life.h - what the platform does with a tenant that is there: suspends and resumes it, deletes it with a time
 * of grace, and has it back within that.  Erasing is an operation (tenant_erase.h) that deleting asks for.
 *
 * Each is one transaction of the platform with its entry; then the tenant's own trail gets the same entry.
 */
#ifndef BSX_AUTH_TENANT_TENANT_LIFE_H
#define BSX_AUTH_TENANT_TENANT_LIFE_H

#include "core/auth/audit.h"
#include "core/store/tenant/tenant_db.h"

#define TENANT_REASON_MAX 500
#define TENANT_GRACE_MAX  (366 * 86400)

enum tenant_to {
	TENANT_RESUMED,   /* "active" again, from "suspended" */
	TENANT_SUSPENDED, /* nobody signs in or works there, nothing is collected or delivered: it waits */
	TENANT_DELETED,   /* the same, and it is erased after the grace */
	TENANT_UNDELETED, /* what it was before it was deleted */
};
struct tenant_life {
	enum tenant_to to;
	const char    *reason;          /* NULL: none is given */
	int64_t        grace_s;         /* of TENANT_DELETED */
	const char    *idempotency_key; /* of TENANT_DELETED; NULL: none */
	const char    *actor_name;      /* who does it, where there is no caller */
};
/*
 * By the platform, on whose connection by->t is; *operation: what erases it (of TENANT_DELETED; else nil).  Deleting one
 * that is deleted already brings the end forward where the grace is shorter, and is no deed otherwise.
 *
 * ERR_FORBIDDEN: a caller of another tenant; ERR_MISSING: no such tenant; ERR_INVALID with a fault: the platform itself;
 * ERR_CONFLICT: not from what it is now, or the key came with another request.
 */
MUST_USE bool tenant_live(const struct deed_by *by, const struct uuid *id, const struct tenant_life *in, struct uuid *operation,
    struct err *e);

#endif
