/*
 * access_review.h - who has what: each user and each API key of the tenant, and people of other tenants by grants, since when, until when, by whom given, when
 * last used.
 *
 * What is behind it is read:roles; what people, keys and tenants are called is for those with
 * read:users, read:api_keys and read:tenants.
 */
#ifndef BSX_AUTH_USER_ACCESS_REVIEW_H
#define BSX_AUTH_USER_ACCESS_REVIEW_H

#include "core/auth/audit.h"
#include "core/store/identity/assignment.h"
#include "core/store/page.h"

#define ACCESS_GRANT "grant"

struct access_holder {
	struct uuid    id;
	const char    *kind;               /* "user", "personal_key", "service_key", ACCESS_GRANT */
	const char    *name;               /* address, what the key is used for, the other tenant's slug; NULL: not for this caller */
	const char    *display_name;       /* of a user; NULL as well */
	const char    *status;             /* as in struct review_row */
	struct uuid    only_user;          /* of a grant: nobody else of that tenant; nil: all of its people and keys */
	struct items   assignments;        /* of a user or grant: of struct assignment */
	struct strings scopes;             /* of a key, as they were given */
	struct strings permissions;        /* what it comes to now */
	struct uuid    given_by;           /* of a key: who made it */
	const char    *given_name;
	instant        ends_at, last_used, created_at; /* 0: never */
};
extern const struct schema access_holder_schema;

/* Holders that are not of this tenant (access_lent.h), newest first. */
struct access_others {
	struct access_holder *p;
	size_t                n;
};
/* kind: NULL, all; others: NULL, they are read for this page.  Newest first: p->rows are struct access_holder. */
MUST_USE bool access_review(const struct deed_by *by, const char *kind, const struct access_others *others,
    struct page *p, struct err *e);
/* Before all of it leaves as a table: the trail is told. */
MUST_USE bool access_review_export(const struct deed_by *by, struct err *e);

#endif
