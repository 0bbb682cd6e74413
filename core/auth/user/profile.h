/*
 * profile.h - name and address of a user, changed by their owner.
 *
 * A new address counts once the link mailed to it is used; the old one is told
 * at once.  Whether somebody has the new address already is said only then.
 */
#ifndef BSX_AUTH_USER_PROFILE_H
#define BSX_AUTH_USER_PROFILE_H

#include "core/auth/audit.h"

struct profile {
	const char *display_name; /* NULL: stays */
	const char *email;        /* NULL: stays; as typed */
};

/* ERR_INVALID with faults; ERR_STEP_UP: a new address needs one of mfa_is_fresh. */
MUST_USE bool profile_update(const struct deed_by *by, const struct profile *in, struct err *e);

/* By the token of the mailed link. ERR_INVALID at /token; ERR_CONFLICT: somebody has the address. */
MUST_USE bool email_confirm(const struct deed_by *by, const char *token, struct err *e);

#endif
