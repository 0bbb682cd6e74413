/*
 * mail_token.h - the rows behind mailed links.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_MAIL_TOKEN_H
#define BSX_STORE_MAIL_TOKEN_H

#include "core/store/tenant_db.h"

struct mail_token_row {
	struct uuid id;
	struct uuid user_id;
	char       *purpose; /* "reset", "invite", "email" */
	char       *email;
	struct blob token_hash;
	instant     created_at;
	instant     expires_at;
	instant     used_at; /* 0: not yet */
};

/*
 * Adds the row if the user still has that password (NULL: none) and status; *added false: not.
 * So no link is made by what was read before a password changed.
 */
MUST_USE bool mail_token_add(struct tenant_db *t, const struct mail_token_row *row,
    const char *password, const char *status, bool *added, struct err *e);
MUST_USE bool mail_token_by_hash(struct tenant_db *t, TALLOC_CTX *mem, struct blob hash,
    struct mail_token_row *row, struct err *e);
/* One of any number of parallel users gets *won. */
MUST_USE bool mail_token_use(
    struct tenant_db *t, const struct uuid *id, instant now, bool *won, struct err *e);
/* Makes all of a user's void. */
MUST_USE bool mail_token_void(
    struct tenant_db *t, const struct uuid *user, instant now, struct err *e);
/* Removes at most 1,000 that ended before `before`. */
MUST_USE bool mail_token_tidy(struct tenant_db *t, instant before, struct err *e);

#endif
