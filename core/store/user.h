/*
 * user.h - user accounts of one tenant, with what their roles permit.
 *
 * Ownership: strings of a struct user are talloc children of `mem`.
 * Errors: ERR_MISSING (no such user in that tenant), ERR_CONFLICT (the e-mail
 * address is taken), and those of db.h.
 */
#ifndef BSX_STORE_USER_H
#define BSX_STORE_USER_H

#include "core/store/tenant_db.h"

struct user {
	struct uuid    id;
	struct uuid    tenant_id;    /* set by the reader: the tenant whose table it is */
	char          *email;        /* NFKC, case folded */
	char          *password;     /* PHC string; NULL: none yet */
	char          *display_name;
	char          *status;       /* "active", "disabled", "invited" */
	char          *role;         /* the first of roles; NULL: none */
	struct strings roles;        /* by position */
	bool           two_factor;
	instant        last_login;   /* 0: never */
	instant        created_at;
	uint64_t       epoch;
	char          *role_names;   /* `roles` as the database gives them, LF between; NULL: none */
	char          *granted;      /* permission texts of all roles, LF between; NULL: none */
};
extern const struct schema user_schema;

MUST_USE bool user_by_email(struct tenant_db *t, TALLOC_CTX *mem, const char *email, struct user *u, struct err *e);
MUST_USE bool user_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct user *u, struct err *e);
bool          user_is_active(const struct user *u);
/* Cuts LF-separated texts; the items are children of the list. */
MUST_USE bool strings_of_lines(TALLOC_CTX *mem, const char *lines, struct strings *out, struct err *e);

/* Inserts id, email, password, display_name, status, created_at of *u. */
MUST_USE bool user_add(struct tenant_db *t, const struct user *u, struct err *e);
/* The role becomes the user's `position`th (from 0). */
MUST_USE bool user_role_add(struct tenant_db *t, const struct uuid *user, int64_t position,
    const struct uuid *role, struct err *e);
/* Replaces a hash by a newer one of the same password; nothing happens when it has changed meanwhile. */
MUST_USE bool user_rehash(struct tenant_db *t, const struct uuid *user, const char *was, const char *now, struct err *e);
MUST_USE bool user_set_last_login(struct tenant_db *t, const struct uuid *user, instant at, struct err *e);

#endif
