/*
 * challenge.h - a sign-in that waits for its second factor.
 *
 * The first factor was right; what is given out is no session but a token:
 * base64url(tenant tag | transaction | secret).  It lives CHALLENGE_LIFE_S,
 * bears CHALLENGE_TRIES tries, counted in the database, and becomes one session
 * at most.  Whatever ends the user's sessions ends it too.
 */
#ifndef BSX_AUTH_MFA_CHALLENGE_H
#define BSX_AUTH_MFA_CHALLENGE_H

#include "core/auth/mfa/proof.h"
#include "core/auth/session.h"

#define CHALLENGE_LIFE_S    300
#define CHALLENGE_TRIES     10
#define CHALLENGE_TOKEN_LEN 54

struct challenge {
	const struct user   *user;
	const char          *provider; /* of the session to come: "password" or an identity provider's name */
	bool                 in_body;  /* its tokens are to be given in the body */
	const char          *return_to; /* where the sign-in was to lead to, already checked; NULL: nowhere */
	tx_fn               *body;     /* what else belongs to the deed; NULL: nothing */
	void                *arg;
	const char          *details;  /* of the audit entry: a JSON object, or NULL */
};

/* Sets grant->mfa_token and grant->tenant.  An error of `body` is handed on as it is. */
MUST_USE bool challenge_make(const struct deed_by *by, const struct challenge *c, struct session_grant *grant,
    struct err *e);
/* What is shown for it, and by whom. */
struct challenge_shown {
	struct str           token;
	struct proof         proof;
	bool                 body_only; /* by whom no cookie may be set: the sign-in must have asked for bodies */
};
/*
 * The session, by a code or a recovery code.  ERR_UNAUTHENTICATED: the token is none, or has ended;
 * ERR_CSRF: `body_only`, and it was begun with cookies; ERR_CODE, ERR_ATTEMPTS as in proof.h.
 */
MUST_USE bool challenge_answer(const struct deed_by *by, const struct challenge_shown *shown,
    struct session_grant *grant, bool *in_body, struct err *e);

#endif
