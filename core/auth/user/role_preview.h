/*
 * role_preview.h - what a change would do before it is done: who gains and who loses what.
 *
 * Nothing is written, and what is refused is said in `refused` instead of refused: the preview shows a change that
 * somebody else would have to make, too.
 */
#ifndef BSX_AUTH_USER_ROLE_PREVIEW_H
#define BSX_AUTH_USER_ROLE_PREVIEW_H

#include "core/auth/user/role_admin.h"

/* Of one user: what its permissions have more and less, in the tenant it is in. */
struct role_effect {
	struct uuid    user;
	const char    *email, *display_name; /* NULL: the caller has no read:users */
	struct strings gains, loses;
	uint64_t       personal_keys;        /* that follow */
};
extern const struct schema role_effect_schema;

struct role_preview {
	struct strings gains, loses; /* of the role itself, whoever has it */
	uint64_t       users;        /* that have it */
	const char    *refused;      /* the code with which the deed would be; NULL: it would be done */
	const char    *why;          /* the sentence */
	struct items   items;        /* of struct role_effect: a page of those who have it, newest first */
	const char    *next_cursor;  /* NULL: these were the last */
};
extern const struct schema role_preview_schema;

/* p says which page; its rows and n are those of items.  ERR_MISSING; ERR_INVALID with faults. */
MUST_USE bool role_foresee(const struct deed_by *by, const struct uuid *id, const struct role_change *in, struct page *p,
    struct role_preview *out, struct err *e);

/* The same of a user whose roles would be others. */
struct user_preview {
	struct strings     gains, loses;
	const char        *refused, *why;
	struct items       assignments; /* of struct assignment: as they would be */
	uint64_t           personal_keys;
};
extern const struct schema user_preview_schema;
MUST_USE bool user_foresee(const struct deed_by *by, const struct uuid *id, const struct user_change *in,
    struct user_preview *out, struct err *e);

#endif
