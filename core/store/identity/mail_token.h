/*
 * mail_token.h - the rows behind mailed links.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_IDENTITY_MAIL_TOKEN_H
#define BSX_STORE_IDENTITY_MAIL_TOKEN_H

#include "core/store/tenant/tenant_db.h"

struct mail_token_row {
	struct uuid id;
	struct uuid user_id;
	char       *purpose; /* "reset", "invite", "email" */
	char       *email;
	struct blob token_hash;
	instant     created_at;
	instant     expires_at;
	instant     used_at; /* 0: not yet */
	bool        alive;   /* nothing has ended the user's links of this purpose since it was made */
};

/*
 * Adds the row if the user still has that password (NULL: none) and status, and an "email" one if
 * it is still the user's last change, number `change` (user_end_links); *added false: not.  So no
 * link is made by what was read before something ended it.
 */
MUST_USE bool mail_token_add(struct tenant_db *t, const struct mail_token_row *row,
    const char *password, const char *status, uint64_t change, bool *added, struct err *e);
/* ERR_MISSING also when its user is gone. */
MUST_USE bool mail_token_by_hash(struct tenant_db *t, TALLOC_CTX *mem, struct blob hash,
    struct mail_token_row *row, struct err *e);
/* One of any number of parallel users gets *won; nobody when it is not alive any more. */
MUST_USE bool mail_token_use(
    struct tenant_db *t, const struct uuid *id, instant now, bool *won, struct err *e);

#endif
