/*
 * role_admin.h - roles that a tenant makes for itself.
 *
 * A role is permission texts (access.h), wildcards among them.  Nobody makes, widens, narrows or deletes one that
 * permits more than they may do themselves (ERR_ESCALATION; give.h), and whoever widens one that somebody has, or that a
 * provider's role_map names, assigns by it: that needs assign:roles too (ERR_FORBIDDEN).  Built-in roles stay as they are
 * (ERR_BUILT_IN_ROLE).  What is named by its name - in a role_map, in mfa.required_for - keeps the name, and nothing that
 * anybody has is deleted (ERR_IN_USE): members would fall back to what else they have.
 *
 * A change holds for all who have the role when the call returns: on this host for every process, elsewhere within
 * revocation_lag.
 */
#ifndef BSX_AUTH_USER_ROLE_ADMIN_H
#define BSX_AUTH_USER_ROLE_ADMIN_H

#include "core/auth/user/user_roles.h"

#define ROLES_MAX            200 /* of one tenant, besides the built-in ones */
#define ROLE_NAME_MAX        64  /* bytes */
#define ROLE_DESCRIPTION_MAX 500
#define ROLE_PERMISSIONS_MAX 100

struct role_new {
	const char    *name, *description;
	struct strings permissions;
	const char    *idempotency_key; /* NULL: none */
	struct str     body;            /* as it came: what the key stands for */
};
/*
 * ERR_INVALID with faults: a name that cannot be seen or is a built-in role's in whatever letters, what is no
 * permission; ERR_CONFLICT: a role of the name (letters of either case are the same), or the key came with another
 * body; ERR_QUOTA.
 */
MUST_USE bool role_make(const struct deed_by *by, const struct role_new *in, struct role_view *out, struct err *e);

struct role_change {
	const char    *name, *description; /* NULL: stays */
	struct strings permissions;
	bool           set_permissions;
	bool           drop;               /* of a preview: it is deleted */
	/* Inside the transaction: may refuse what the role is now (If-Match). */
	bool (*check)(void *arg, const struct role_view *was, struct err *e);
	void          *check_arg;
};
MUST_USE bool role_alter(const struct deed_by *by, const struct uuid *id, const struct role_change *in,
    struct role_view *out, struct err *e);
MUST_USE bool role_drop(const struct deed_by *by, const struct uuid *id, const struct role_change *check,
    struct err *e);

#endif
