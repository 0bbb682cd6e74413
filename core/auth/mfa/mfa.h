/*
 * mfa.h - a user's second factor: setting it up, renewing its recovery codes,
 * giving it up, and proving again who one is.
 *
 * A new secret waits until a code of it was typed; a factor that is there
 * stays in force until then.  A change of the factor ends the user's other
 * sessions, which were begun without it.  All changes are audited, and are over
 * for every process when these return.  Who does it is a caller with a session, in its own tenant.
 */
#ifndef BSX_AUTH_MFA_MFA_H
#define BSX_AUTH_MFA_MFA_H

#include "core/auth/mfa/proof.h"
#include "core/auth/session.h"

#define MFA_SETUP_S       900 /* a secret that was shown may be enabled that long */
#define STEP_UP_MAX_AGE_S 300

/* Whether the caller proved who it is not long ago, by the second factor if there is one. */
bool mfa_is_fresh(const struct caller *c, int64_t now_ms);
/* The same as a step: ERR_STEP_UP. */
MUST_USE bool mfa_ask_fresh(const struct caller *c, int64_t now_ms, struct err *e);
/*
 * By what it can be proved.  "provider": by signing in anew at the identity provider, for who has
 * neither a second factor nor a password.
 */
struct strings mfa_methods(bool two_factor, bool has_password);

/* Shown once; the strings are children of `mem` and wipe themselves. */
struct mfa_setup {
	const char *secret; /* base32 */
	const char *otpauth_uri;
	const char *qr_svg; /* of the URI */
};
MUST_USE bool mfa_setup(const struct deed_by *by, struct mfa_setup *out, struct err *e);
/* ERR_CONFLICT: nothing was set up, or too long ago; ERR_CODE, ERR_ATTEMPTS. The session is raised to two factors. */
MUST_USE bool mfa_enable(const struct deed_by *by, const char *code, struct strings *codes, struct err *e);
/*
 * By both factors: a code or a recovery code in `second`, and the password, which is NULL for who has none.
 * ERR_CONFLICT: there is no factor; ERR_CREDENTIALS, ERR_CODE, ERR_ATTEMPTS.
 */
MUST_USE bool mfa_disable(const struct deed_by *by, const char *password, const struct proof *second, struct err *e);
/* ERR_CONFLICT: there is no factor. Earlier codes do not count any more. */
MUST_USE bool mfa_renew_codes(const struct deed_by *by, struct strings *codes, struct err *e);
/* ERR_INVALID: the proof is not of the kind the user has; ERR_CODE, ERR_CREDENTIALS, ERR_ATTEMPTS. */
MUST_USE bool mfa_step_up(const struct deed_by *by, const struct proof *shown, instant *auth_time, struct err *e);

/* A text as a QR code in SVG, dark on light with its quiet zone. */
MUST_USE char *mfa_qr_svg(TALLOC_CTX *mem, const char *text, struct err *e);

#endif
