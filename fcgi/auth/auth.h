/*
 * auth.h - the answer of every sign-in: the session, as cookies or in the body.
 */
#ifndef BSX_FCGI_AUTH_AUTH_H
#define BSX_FCGI_AUTH_AUTH_H

#include "core/auth/session.h"
#include "core/web/route.h"

struct tenant_brief {
	struct uuid id;
	const char *slug, *name;
};

struct session {
	struct user         *user;
	struct tenant_brief *tenant;
	struct strings       permissions;
	const char          *csrf_token;
	instant              expires_at, idle_expires_at, absolute_expires_at;
	bool                 mfa_enrollment_required;
	const char          *return_to;
	const char          *access_token, *refresh_token; /* with in_body only */
};
extern const struct schema session_schema;

/* What a sign-in gives: the session, or what is still to be shown. */
struct sign_in {
	struct session session;
	bool           mfa_required;
	const char    *mfa_token;
	struct strings methods;
};
extern const struct schema sign_in_schema;

/* Fills the answer; without in_body the tokens go into cookies. */
MUST_USE bool auth_answer(struct request *r, const struct session_grant *g, bool in_body,
    struct session *out, struct err *e);

/* The same of a grant that may be a challenge: its token goes into a cookie too. */
MUST_USE bool auth_answer_sign_in(struct request *r, const struct session_grant *g, bool in_body,
    struct sign_in *out, struct err *e);

#define RECOVERY_MAX 160 /* bytes of a recovery code as it is typed: full-width letters have three */

/* Sets the access and refresh cookies. */
MUST_USE bool auth_put_cookies(struct request *r, const struct session_grant *g, struct err *e);

/* The cookie by which the user's browser is known again when the account is being tried by strangers. */
MUST_USE bool auth_remember_device(struct request *r, const struct session_grant *g, struct err *e);
/* The same for who is signed in, when what made this browser known has just ended with all others'. */
MUST_USE bool auth_renew_device(struct request *r, struct err *e);

#endif
