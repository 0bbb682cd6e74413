/*
 * user_self.h - what users change about themselves: password, name, address.
 *
 * Each raises the user's epoch, so that other hosts read the user again.
 * *changed false: the row is not what the caller has read any more.
 */
#ifndef BSX_STORE_USER_SELF_H
#define BSX_STORE_USER_SELF_H

#include "core/store/tenant_db.h"

struct user_password {
	struct uuid user;
	const char *password; /* PHC string */
	const char *was;      /* NULL: none */
	const char *email;    /* must still be the address */
	const char *status;   /* must still be the status; "invited" becomes "active" */
	instant     now;
};
MUST_USE bool user_set_password(
    struct tenant_db *t, const struct user_password *p, bool *changed, struct err *e);

MUST_USE bool user_set_display_name(
    struct tenant_db *t, const struct uuid *user, const char *name, instant now, struct err *e);
/* Of an active user. ERR_CONFLICT: somebody has that address. */
MUST_USE bool user_set_email(struct tenant_db *t, const struct uuid *user, const char *email,
    instant now, bool *changed, struct err *e);

/* Ends all sessions of a user but one. */
MUST_USE bool session_revoke_others(struct tenant_db *t, const struct uuid *user,
    const struct uuid *but, const char *reason, instant now, struct err *e);

#endif
