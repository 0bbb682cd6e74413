/*
 * password_change.h - a user's password, changed by its owner.
 *
 * Every change ends sessions (all, or all but the caller's), makes mailed links
 * void, and is audited in its transaction.  New passwords pass
 * password_rules.h; what is wrong is ERR_INVALID with a fault at the member.
 */
#ifndef BSX_AUTH_PASSWORD_PASSWORD_CHANGE_H
#define BSX_AUTH_PASSWORD_PASSWORD_CHANGE_H

#include "core/auth/audit.h"
#include "core/store/identity/user.h"

/* ERR_INVALID at /current_password or /new_password. */
MUST_USE bool password_change(const struct deed_by *by, const char *current, const char *new_password,
    struct err *e);

/*
 * Asks for a link to be mailed.  The same statements run whether tenant and
 * user exist or not: one queued message, one audit entry; who it is for is found
 * out when the mail is sent.  What is not there goes to the platform's tenant.
 */
MUST_USE bool password_forgot(const struct deed_by *by, const char *tenant, const char *email, struct err *e);

/* By the token of a mailed link; of an invitation too, which makes the user active. ERR_INVALID at /token. */
MUST_USE bool password_reset(const struct deed_by *by, const char *token, const char *new_password,
    struct err *e);

#endif
