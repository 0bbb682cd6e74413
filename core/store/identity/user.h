/*
 * user.h - user accounts of one tenant, with what their roles permit.
 *
 * Ownership: strings of a struct user are talloc children of `mem`.
 * Errors: ERR_MISSING (no such user in that tenant), ERR_CONFLICT (the e-mail
 * address is taken), and those of db.h.
 */
#ifndef BSX_STORE_IDENTITY_USER_H
#define BSX_STORE_IDENTITY_USER_H

#include "core/store/identity/apikey.h"
#include "core/store/identity/assignment.h"
#include "core/store/tenant/tenant_db.h"

struct user {
	struct uuid    id;
	struct uuid    tenant_id;    /* set by the reader: the tenant whose table it is */
	char          *email;        /* NFKC, case folded */
	char          *password;     /* PHC string; NULL: none yet */
	char          *display_name;
	char          *status;       /* "active", "disabled", "invited" */
	char          *role;         /* the first of roles; NULL: none */
	struct strings roles;        /* by position: those that count now, as everywhere here */
	struct items   assignments;  /* of struct assignment: the same with their ends and givers, but for role_id */
	instant        roles_end;    /* when the first of them ends; 0: none does */
	bool           two_factor;
	instant        last_login;   /* 0: never */
	instant        created_at;
	uint64_t       epoch;
	uint64_t       device_epoch; /* devices that became known under an older one are not known any more */
	char          *role_names;   /* `roles` as the database gives them, LF between; NULL: none */
	char          *granted;      /* permission texts of all roles, LF between; NULL: none */
	char          *assigned;     /* `assignments` as the database gives them: a line each, TAB between */
	const struct key_effects *keys; /* of a change: what became of the user's API keys; NULL: nothing */
};
extern const struct schema user_schema;
/* Columns of user_schema from users u, for statements of this family. */
#define USER_COLUMNS                                                                               \
	"SELECT u.id, u.email, u.password, u.display_name, u.status, u.`2fa_enabled`,"             \
	" u.last_login, u.created_at, u.epoch, u.device_epoch,"                                    \
	USER_ROLE_NAMES "," USER_GRANTED "," USER_ASSIGNED " FROM users u "
/* Parts of it, of users u: for whoever makes a caller of them, or lists them otherwise. */
#define USER_ROLE_NAMES                                                                            \
	" (SELECT GROUP_CONCAT(r.name ORDER BY ur.position SEPARATOR '\n')"                        \
	" FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = u.id"            \
	" AND " ROLE_COUNTS ") AS role_names"
#define USER_GRANTED                                                                               \
	" (SELECT GROUP_CONCAT(DISTINCT rp.permission SEPARATOR '\n')"                             \
	" FROM user_roles ur JOIN role_permissions rp ON rp.role_id = ur.role_id"                  \
	" WHERE ur.user_id = u.id AND " ROLE_COUNTS ") AS granted"
#define USER_MS(column)                                                                            \
	" IF(" column " IS NULL, 0, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " column ") DIV 1000)"
#define USER_ASSIGNED                                                                              \
	" (SELECT GROUP_CONCAT(CONCAT_WS('\t', r.name," USER_MS("ur.ends_at") "," USER_MS("ur.given_at") \
	", COALESCE(HEX(ur.given_by), ''), COALESCE(REPLACE(ur.given_name, '\n', ' '), ''))"       \
	" ORDER BY ur.position SEPARATOR '\n')"                                                    \
	" FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = u.id"            \
	" AND " ROLE_COUNTS ") AS assigned"
/* When the first of the roles of u ends. */
#define USER_ROLES_END                                                                             \
	" (SELECT MIN(ur.ends_at) FROM user_roles ur WHERE ur.user_id = u.id"                      \
	" AND ur.ends_at > NOW(3)) AS roles_end"
/* Reads that text: an array of struct assignment without role_id, and when the first of them ends. */
MUST_USE bool assignments_read(TALLOC_CTX *mem, const char *assigned, struct items *all, instant *first, struct err *e);
/* What a reader of such a row does to it: tenant, role, roles and assignments. */
MUST_USE bool user_complete(struct tenant_db *t, TALLOC_CTX *mem, struct user *u, struct err *e);

MUST_USE bool user_by_email(struct tenant_db *t, TALLOC_CTX *mem, const char *email, struct user *u, struct err *e);
MUST_USE bool user_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct user *u, struct err *e);
bool          user_is_active(const struct user *u);
/* The user has the role without an end. */
bool          user_has_lasting(const struct user *u, const char *role);
/* Cuts LF-separated texts; the items are children of the list. */
MUST_USE bool strings_of_lines(TALLOC_CTX *mem, const char *lines, struct strings *out, struct err *e);

/* Inserts id, email, password, display_name, status, created_at of *u. */
MUST_USE bool user_add(struct tenant_db *t, const struct user *u, struct err *e);
/* Replaces a hash by a newer one of the same password; nothing happens when it has changed meanwhile. */
MUST_USE bool user_rehash(struct tenant_db *t, const struct uuid *user, const char *was, const char *now, struct err *e);
MUST_USE bool user_set_last_login(struct tenant_db *t, const struct uuid *user, instant at, struct err *e);

/* ---- user_change.c: lists and changes ---- */

struct user_filter {
	/* Part of the address or the name, upper and lower case alike, in whichever normal form; NULL: any. */
	const char *q;
	const char *role;   /* by its name; NULL: any */
	const char *status; /* NULL: any */
};
/* Newest first. */
MUST_USE bool user_list(struct tenant_db *t, TALLOC_CTX *mem, const struct user_filter *f,
    struct page *p, struct err *e);

/*
 * Inside a transaction, first: whoever may take an administrator away waits here for the others, so that
 * two of them cannot both count the other one as the one who stays.  So does who alters the tenant itself.
 */
MUST_USE bool user_lock_admins(struct tenant_db *t, struct err *e);
/* Inside a transaction: nobody else changes the user until its end. ERR_MISSING: no such user. */
MUST_USE bool user_lock(struct tenant_db *t, const struct uuid *user, struct err *e);
/* Active users with the role admin without an end, but for this one. */
MUST_USE bool user_count_other_admins(struct tenant_db *t, const struct uuid *user, uint64_t *n, struct err *e);
/* Sets email, display_name and status of *u, and raises its epoch. */
MUST_USE bool user_set(struct tenant_db *t, const struct user *u, instant now, struct err *e);
/*
 * With its roles, sessions, recovery codes, sign-ins that wait for a code, mailed links and
 * identities at providers: everything but the audit trail.
 */
MUST_USE bool user_drop(struct tenant_db *t, const struct uuid *user, struct err *e);

#endif
