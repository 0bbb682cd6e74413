/*
 * login.h - signing in with a password.
 *
 * Unknown tenant, unknown user, wrong password, a user who is not active and a
 * tenant that is not active answer alike: one code, one text, one password
 * hash computed (against a decoy where there is none), one look-up, one audit
 * entry.  Who has a second factor gets grant->mfa_token instead of a session
 * (challenge.h), or shows a recovery code together with the password, and then
 * has a session of two factors.  What is unknown is looked up and audited in the platform's tenant,
 * so that the work is the same.  So do delays after failures (attempts.h): while
 * strangers wait, a recovery code that does not pass is answered like no code at
 * all, whether it or the password was wrong, and after the work of a password.
 */
#ifndef BSX_AUTH_PASSWORD_LOGIN_H
#define BSX_AUTH_PASSWORD_LOGIN_H

#include "core/auth/attempts.h"
#include "core/auth/device.h"
#include "core/auth/session.h"

struct login {
	const char          *tenant;   /* slug, as typed */
	const char          *email;    /* as typed */
	const char          *password; /* as typed */
	const char          *recovery_code; /* as typed; NULL: none */
	const struct device *device;   /* that asks; NULL: none known */
	bool                 in_body;  /* tokens are to be given in the body: kept for the second factor */
};

/*
 * ERR_CREDENTIALS; ERR_ATTEMPTS: not now, and no password was looked at; ERR_BUSY: too many
 * sign-ins at once.  by->t is found here.
 */
MUST_USE bool login_password(const struct deed_by *by, const struct login *in, struct session_grant *grant,
    struct err *e);

#endif
