/*
 * user_roles.h - which roles a user is to have and until when, and who may give them, which the files of user_admin
 * share; and roles as they are shown.
 */
#ifndef BSX_AUTH_USER_USER_ROLES_H
#define BSX_AUTH_USER_USER_ROLES_H

#include "core/auth/user/user_admin.h"
#include "core/store/identity/role.h"

MUST_USE bool role_see(const struct deed_by *by, const struct uuid *id, struct role_view *out, struct err *e);
/* Newest first. */
MUST_USE bool role_page(const struct deed_by *by, struct page *p, struct err *e);

struct role_choice {
	struct assignment  all[USER_ROLES_MAX];
	const char        *names[USER_ROLES_MAX];
	size_t             n;
	struct permissions granted; /* of all of them */
	bool               same;    /* the user has them so already */
};
/*
 * Of what is wished for a user who has `was` (NULL: is made now).  What the user has already, with that end, keeps its
 * giver; the rest is given by the caller, now.  ERR_INVALID, with faults at /roles/N or /assignments/N: no such role,
 * one that comes twice, an end that is past.
 */
MUST_USE bool role_choice_make(const struct deed_by *by, const struct role_wishes *in, const struct user *was,
    struct role_choice *out, struct err *e);
/* ERR_FORBIDDEN: without assign:roles; ERR_ESCALATION: more than the caller holds. */
MUST_USE bool role_choice_may_grant(const struct deed_by *by, const struct role_choice *c, struct err *e);
MUST_USE bool role_choice_put(const struct deed_by *by, const struct uuid *user, const struct role_choice *c,
    struct err *e);

/*
 * Inside a transaction, before anything is done to another user: nobody else changes this one until the end, and
 * the caller may do all that this user may (else ERR_ESCALATION).  ERR_MISSING: no such user; ERR_FORBIDDEN: the
 * caller is a key that this user made.
 */
MUST_USE bool user_take(const struct deed_by *by, const struct uuid *id, struct user *u, struct err *e);
/* Whether the caller may, of a user that was read. */
MUST_USE bool user_may_change(const struct deed_by *by, const struct user *u, struct err *e);

/* What the trail tells of assignments: those that end, with their ends. */
struct ends_told {
	struct items from, to; /* of struct assignment */
};
extern const struct schema ends_told_schema;

#endif
