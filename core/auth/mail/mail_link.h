/*
 * mail_link.h - tokens that are mailed: to reset a password, accept an
 * invitation, confirm an address.
 *
 * A token is base64url(tenant tag, 4 bytes of the keyring's version, 32 random
 * bytes); the database has its HMAC, bound to the tenant.  It counts once, until
 * it expires, and not beyond what ends it (ends.h).  It stands behind the '#'
 * of the link, so that no web server and no Referer ever sees it; the tenant's name, which people sign in
 * with next, stands before it.
 */
#ifndef BSX_AUTH_MAIL_MAIL_LINK_H
#define BSX_AUTH_MAIL_MAIL_LINK_H

#include "core/auth/deed.h"
#include "core/store/identity/mail_token.h"
#include "core/store/identity/user.h"

#define LINK_RESET     "reset"
#define LINK_INVITE    "invite"
#define LINK_EMAIL     "email"
#define LINK_RESET_S   3600
#define LINK_INVITE_S  (72 * 3600)
#define LINK_EMAIL_S   (24 * 3600)
#define MAIL_TOKEN_LEN 59

struct mail_link {
	const char *purpose;
	const char *email; /* where it is mailed to */
	int64_t     life_s;
	uint64_t    change; /* of purpose email: the number of the change (user_email_epoch) */
};
/*
 * A new token for `u` as it was read; NULL without an error: the user has changed meanwhile, or the
 * change of address has ended.  The answer wipes itself when freed.
 */
MUST_USE bool mail_link_make(const struct deed_by *by, const struct user *u, const struct mail_link *in,
    const char **token, struct err *e);

/* What is opened with it; wipes itself when freed.  NULL: out of memory. */
MUST_USE const char *mail_link_url(const struct deed_by *by, const char *purpose, const char *token, struct err *e);

/*
 * The row of a token that counts still, whose tenant becomes by->t; else ERR_INVALID with a fault at
 * "/token".
 */
MUST_USE bool mail_link_find(struct deed_by *by, struct str token, struct mail_token_row *row, struct err *e);
/* That fault. */
bool mail_link_refuse(TALLOC_CTX *mem, struct err *e);

#endif
