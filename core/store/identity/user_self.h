/*
 * user_self.h - what users change about themselves: password, name, address.
 *
 * Each raises the user's epoch, so that other hosts read the user again.
 * *changed false: the row is not what the caller has read any more.
 */
#ifndef BSX_STORE_IDENTITY_USER_SELF_H
#define BSX_STORE_IDENTITY_USER_SELF_H

#include "core/store/tenant/tenant_db.h"

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

/* Which of a user's numbers rise: what carries an older one has ended. */
struct user_epochs {
	struct uuid user;
	bool        sign_in;              /* `epoch`: sign-ins that wait for their second factor */
	bool        reset, invite, email; /* mailed links of that purpose */
	bool        device;               /* known devices */
};
MUST_USE bool user_raise_epochs(struct tenant_db *t, const struct user_epochs *up, struct err *e);
/* The number of the user's last change of address, asked for or ended. */
MUST_USE bool user_email_epoch(
    struct tenant_db *t, const struct uuid *user, uint64_t *n, struct err *e);

#endif
