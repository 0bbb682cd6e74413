/*
 * assignment.h - which user has which role, until when, and who gave it.
 *
 * A role counts as long as ROLE_COUNTS says, on the database's clock: whoever reads what a user may do has that
 * condition in the statement, so that one that has ended counts no more at once, whether or not its row is there.
 * Rows from before there were ends have neither an end nor a giver.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_IDENTITY_ASSIGNMENT_H
#define BSX_STORE_IDENTITY_ASSIGNMENT_H

#include "core/store/tenant/tenant_db.h"

/* Of a row of user_roles that is called ur. */
#define ROLE_COUNTS     "(ur.ends_at IS NULL OR ur.ends_at > NOW(3))"
#define ASSIGNMENTS_MAX 100 /* of one user that are read; fewer can be given */

/* As answers show it. */
struct assignment {
	const char *role;       /* its name */
	instant     ends_at;    /* 0: never */
	struct uuid given_by;   /* user or API key; nil: neither, or not known */
	const char *given_name; /* as it was called then; NULL: not known */
	instant     given_at;   /* 0: not known */
	struct uuid role_id;
	bool        is_new;     /* of a choice: given now, or with another end; no column */
};
extern const struct schema assignment_schema;

/* Those that count, in their order: *list is an array of *n, a child of `mem`. */
MUST_USE bool assignment_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user,
    struct assignment **list, size_t *n, struct err *e);
/* The user has exactly these from now on; the user's epoch is for the caller to raise. */
struct assignments {
	struct uuid              user;
	const struct assignment *p;
	size_t                   n;
};
MUST_USE bool assignments_put(struct tenant_db *t, TALLOC_CTX *mem, const struct assignments *all, struct err *e);

/* One that has ended, with whom it was. */
struct assignment_ended {
	struct uuid user_id, role_id;
	char       *email, *role, *given_name;
	instant     ends_at;
};
MUST_USE bool assignment_ended_list(struct tenant_db *t, TALLOC_CTX *mem, size_t limit,
    struct assignment_ended **list, size_t *n, struct err *e);
/* Takes its row away; *first false: somebody else has, or it was given anew. */
MUST_USE bool assignment_clear(struct tenant_db *t, const struct uuid *user, const struct uuid *role, bool *first,
    struct err *e);

/* ---- of one role ---- */

/* How many users it counts for. */
MUST_USE bool role_count_holders(struct tenant_db *t, const struct uuid *role, uint64_t *n, struct err *e);
/* What they may do has changed: their epochs, in one statement. */
MUST_USE bool role_raise_holders(struct tenant_db *t, const struct uuid *role, struct err *e);

/* A user whom it counts for, with what the user's other roles permit. */
struct role_holder {
	struct uuid id;
	char       *email, *display_name;
	char       *others; /* permissions, LF between; NULL: none */
	uint64_t    personal_keys;
};
/* Newest first. */
MUST_USE bool role_holder_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *role, struct page *p,
    struct err *e);

#endif
