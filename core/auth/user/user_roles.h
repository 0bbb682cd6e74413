/*
 * user_roles.h - roles as they are shown, and who may grant which to whom, which the files of user_admin share.
 */
#ifndef BSX_AUTH_USER_USER_ROLES_H
#define BSX_AUTH_USER_USER_ROLES_H

#include "core/auth/user/user_admin.h"
#include "core/store/identity/role.h"

MUST_USE bool role_see(const struct deed_by *by, const struct uuid *id, struct role_view *out, struct err *e);
/* Newest first. */
MUST_USE bool role_page(const struct deed_by *by, struct page *p, struct err *e);

#define USER_ROLES_MAX 20

struct role_choice {
	struct uuid        ids[USER_ROLES_MAX];
	size_t             n;
	struct permissions granted; /* of all of them */
};
/* ERR_INVALID, with faults at /roles/N: no such role, or one that comes twice. */
MUST_USE bool role_choice_make(const struct deed_by *by, struct strings names, struct role_choice *out, struct err *e);
/* ERR_FORBIDDEN: without assign:roles; ERR_ESCALATION: more than the caller holds. */
MUST_USE bool role_choice_may_grant(const struct deed_by *by, const struct role_choice *c, struct err *e);
/*
 * Inside a transaction, before anything is done to another user: nobody else changes this one until the end, and
 * the caller may do all that this user may (else ERR_ESCALATION).  ERR_MISSING: no such user; ERR_FORBIDDEN: the
 * caller is a key that this user made.
 */
MUST_USE bool user_take(const struct deed_by *by, const struct uuid *id, struct user *u, struct err *e);

#endif
