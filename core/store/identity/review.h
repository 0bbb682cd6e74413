/*
 * review.h - who has what in a tenant: its users and its API keys in one list, with what each was last used for.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_IDENTITY_REVIEW_H
#define BSX_STORE_IDENTITY_REVIEW_H

#include "core/store/tenant/tenant_db.h"

#define REVIEW_USER "user"

struct review_row {
	struct uuid    id;
	char          *kind;           /* REVIEW_USER, or "personal", "service" of a key */
	char          *name;           /* address, or what the key is used for */
	char          *display_name;   /* of a user; NULL of a key */
	char          *status;         /* of a user; of a key "active", or "orphaned": its maker is gone or disabled */
	char          *assigned;       /* of a user: as in struct user; NULL of a key */
	struct strings scopes;         /* of a key */
	char          *granted;        /* what the user, or the maker of the key, may do now: LF between; NULL: nothing */
	bool           administrative; /* of a key */
	struct uuid    given_by;       /* of a key: who made it; nil: nobody is known */
	char          *given_name;     /* its address now; NULL: not known */
	instant        ends_at;        /* of a key; 0: never */
	instant        last_used;      /* the last sign-in or use of a session; of a key its last use; 0: never */
	instant        created_at;
};

/* kind: users, keys ("personal", "service"), or NULL, both.  Newest first. */
MUST_USE bool review_list(struct tenant_db *t, TALLOC_CTX *mem, const char *kind, struct page *p, struct err *e);

#endif
