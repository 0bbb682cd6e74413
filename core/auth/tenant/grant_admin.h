/*
 * grant_admin.h - what a tenant lets people of another do in it: given, listed and ended.
 *
 * A tenant gives what its administrator holds, for as long as they hold it; the platform gives in a tenant's name.  The
 * reason, the roles and the end are in the trail of both tenants, and the administrators of the tenant that gives are
 * written to, when it is given and when it is ended.  Either of the two, or the platform, ends it at once.  What it comes
 * to for who acts by it is core/auth/grant.h.
 */
#ifndef BSX_AUTH_TENANT_GRANT_ADMIN_H
#define BSX_AUTH_TENANT_GRANT_ADMIN_H

#include "core/auth/audit.h"
#include "core/store/tenant/grant.h"

#define GRANT_ROLES_MAX  10
#define GRANT_REASON_MAX 400 /* characters */
#define GRANT_DAYS_MAX   366 /* until its end */

struct grant_new {
	const char    *grantee; /* short name or id of the tenant */
	struct uuid    user;    /* of that tenant, nobody else; nil: all of its people and keys */
	struct strings roles;   /* of the tenant that gives, by name */
	const char    *reason;
	instant        expires_at;
};
/*
 * In the tenant `giver`: the caller's own, or any for the platform.  ERR_MISSING: there is none, for this caller;
 * ERR_INVALID with faults; ERR_ESCALATION: more, or for longer, than the caller holds; ERR_CONFLICT: not active, or
 * GRANTS_MOST count already.
 */
MUST_USE bool grant_make(const struct deed_by *by, const struct uuid *giver, const struct grant_new *in,
    struct grant *out, struct err *e);
/* Given by that tenant, or to it; newest first.  ERR_MISSING as above. */
MUST_USE bool grants_visible(const struct deed_by *by, const struct uuid *tenant, bool received, struct page *p,
    struct err *e);
/* As they were called when it was given. */
MUST_USE bool grant_roles(TALLOC_CTX *mem, const struct grant *g, struct strings *out, struct err *e);
/*
 * One that the tenant gave or was given; where there is no caller by->t is that tenant's.  ERR_MISSING:
 * there is none, or as above; ERR_CONFLICT: it is over.
 */
MUST_USE bool grant_end(const struct deed_by *by, const struct uuid *tenant, const struct uuid *grant, struct err *e);

/* In a transaction of the tenant that gave it: its administrators are told by mail. */
MUST_USE bool grant_tell_made(const struct deed_by *by, const struct grant *g, struct err *e);
MUST_USE bool grant_tell_ended(const struct deed_by *by, const struct grant *g, const char *who, struct err *e);

#endif
