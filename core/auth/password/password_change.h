/*
 * password_change.h - a user's password, changed by its owner, or by who runs the installation.
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

/*
 * The way back that needs neither mail nor somebody who is signed in: for the operator, of whom by->caller knows nothing
 * and by->actor tells.  Of who is invited still it takes the place of the invitation.  ERR_MISSING: no such user;
 * ERR_CONFLICT: who is disabled has no use for a password, or the user was changed at the same time.
 */
MUST_USE bool password_put(const struct deed_by *by, const struct uuid *user, const char *new_password, struct err *e);
/* What refuses it before anything is done; new_password NULL: of whatever password. */
MUST_USE bool password_can_put(
    const struct deed_by *by, const struct uuid *user, const char *new_password, struct err *e);
/*
 * A link with which the user chooses a password, as one that was mailed: once, within an hour, or three days of an
 * invitation.  *link is the link, which is mailed to nobody and wipes itself when freed; link NULL: it is mailed
 * (ERR_CONFLICT: this installation sends no mail).  What ends by the new password ends when it is used.
 */
MUST_USE bool password_offer(const struct deed_by *by, const struct uuid *user, const char **link, struct err *e);
/* What refuses it before anything is done. */
MUST_USE bool password_can_offer(
    const struct deed_by *by, const struct uuid *user, bool mailed, struct err *e);

#endif
