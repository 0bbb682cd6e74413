/*
 * user_admin.h - users as the admin tool makes them, and as those who may do so manage them.
 *
 * Nobody grants what they do not hold, nor changes a user who may do more than they (ERR_ESCALATION).  The last
 * active administrator whose role does not end stays one (ERR_LAST_ADMIN), whatever happens at the same time.  Each deed is audited in
 * its transaction, and holds for every process of this host when the call returns.
 */
#ifndef BSX_AUTH_USER_USER_ADMIN_H
#define BSX_AUTH_USER_USER_ADMIN_H

#include "core/auth/audit.h"
#include "core/store/tenant/idempotency.h"
#include "core/store/identity/user.h"

MUST_USE bool user_see(const struct deed_by *by, const struct uuid *id, struct user *out, struct err *e);
/* Newest first. */
MUST_USE bool user_page(const struct deed_by *by, const struct user_filter *f, struct page *p,
    struct err *e);

struct user_first {
	const char *tenant_slug, *tenant_name; /* of a tenant that is not there yet */
	const char *email, *display_name;
	struct str  password; /* p == NULL: not looked at */
	const char *role;     /* its name */
	const char *by;       /* who makes it; NULL: "bsxctl" */
};
/*
 * Makes an active user with a password and one role by its name, audited as
 * actor "system".  An existing e-mail is ERR_CONFLICT; a password that
 * password_rules.h refuses is ERR_INVALID with the reason in its public text.
 * In a tenant that is still "provisioning" it takes the place of whom an
 * interrupted call has made.
 */
MUST_USE bool user_add_first(const struct deed_by *by, const struct user_first *in, struct err *e);
/* The same before anything is made.  ERR_INVALID as above; *email and *password as they are stored and hashed. */
MUST_USE bool user_check_first(TALLOC_CTX *mem, int64_t password_min, const struct user_first *in,
    const char **email, struct str *password, struct err *e);

/* Roles that a user is to have, in their order. */
#define USER_ROLES_MAX 20
struct role_wish {
	const char *role;    /* its name */
	instant     ends_at; /* 0: never */
};
struct role_wishes {
	const struct role_wish *all;
	size_t                  n;
	bool                    ends; /* else names alone were given: what the user has already ends as it did */
};

struct user_new {
	const char        *email, *display_name, *password;
	struct role_wishes roles;
	const char        *idempotency_key; /* NULL: none */
	struct str         body;            /* as it came: what the key stands for */
};
/*
 * ERR_INVALID with faults; ERR_CONFLICT: the address is taken, or the key came with another body; ERR_FORBIDDEN:
 * roles without assign:roles.
 */
MUST_USE bool user_make(const struct deed_by *by, const struct user_new *in, struct user *out, struct err *e);

struct user_change {
	const char        *email, *display_name, *status; /* NULL: stays */
	struct role_wishes roles;
	bool               set_roles;
	/* Inside the transaction: may refuse what the user is now (If-Match). */
	bool (*check)(void *arg, const struct user *was, struct err *e);
	void          *check_arg;
};
/*
 * Whoever is disabled has no session left.  ERR_MISSING: no such user; ERR_INVALID also for another
 * address of the caller's own, which is profile_update's; else as above.
 */
MUST_USE bool user_alter(const struct deed_by *by, const struct uuid *id, const struct user_change *in,
    struct user *out, struct err *e);
MUST_USE bool user_erase(const struct deed_by *by, const struct uuid *id, const struct user_change *check,
    struct err *e);
/* Ends all sessions of a user.  ERR_MISSING; ERR_ESCALATION. */
MUST_USE bool user_end_sessions(const struct deed_by *by, const struct uuid *id, struct err *e);
/*
 * Forgets the failed sign-ins of a user, and the lock and the delays they have brought on.
 * ERR_MISSING; ERR_ESCALATION.
 */
MUST_USE bool user_unlock(const struct deed_by *by, const struct uuid *id, struct err *e);
/*
 * Another user loses the second factor, its recovery codes and all sessions.  ERR_MISSING;
 * ERR_ESCALATION; ERR_CONFLICT: the caller's own, for which mfa_disable asks for a proof.
 */
MUST_USE bool user_reset_factor(const struct deed_by *by, const struct uuid *id, struct err *e);
/*
 * Ends one: the caller's own, or another's with update:users and a fresh proof (ERR_STEP_UP); else
 * ERR_MISSING. ERR_ESCALATION as above.
 */
MUST_USE bool user_end_session(const struct deed_by *by, const struct uuid *session, struct err *e);

#endif
