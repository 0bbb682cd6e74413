/*
 * oidc.h - signing in by an identity provider: authorization code with PKCE
 * (S256), state and nonce (OpenID Connect Core, RFC 6749, 7636, 9207, 9700),
 * and by a Google ID token that the browser brings (google-login).
 *
 * Whom to ask and whom to believe comes from the tenant's row and the sealed
 * state of the browser, never from the answer.  A refusal is ERR_CREDENTIALS
 * with its reason, and an entry in the tenant's trail; anything else is a
 * failure of ours or of the way to the provider.  For a user with a second
 * factor that the provider has not vouched for, the grant is a challenge.
 *
 * A browser sends an answer more than once (a reload, the way back, a double
 * click), or late: where it shows its own sealed state for it, and is signed in to
 * that tenant meanwhile, it is sent on to where it wanted to go, and nothing else
 * happens.  A state that it does not show is refused, signed in or not: the answer
 * may be somebody else's.
 */
#ifndef BSX_AUTH_OIDC_OIDC_H
#define BSX_AUTH_OIDC_OIDC_H

#include "core/auth/oidc/oidc_reason.h"
#include "core/auth/oidc/oidc_state.h"
#include "core/auth/session_begin.h"
#include "core/store/identity/identity.h"

/* The providers that a tenant's people may sign in by, newest first; none where there is no such tenant. */
struct oidc_offer {
	struct provider  *providers;
	size_t            n;
	struct tenant_db *t; /* of the tenant; NULL: there is none */
};
MUST_USE bool oidc_offered(const struct deed_by *by, const char *tenant, struct oidc_offer *out, struct err *e);

struct oidc_begin {
	const char *tenant;    /* slug, as it came */
	const char *provider;  /* name, as it came */
	const char *return_to; /* a path that oidc_return_ok() takes */
	bool        login;     /* the person shall sign in there anew */
};

struct oidc_begun {
	const char      *location; /* where to send the browser */
	const char      *state;    /* as it stands there, and will come back */
	const char      *cookie;   /* what the browser keeps for it */
	enum oidc_reason why;
};

/* ERR_MISSING: no such tenant or provider; with why = OIDC_UNAVAILABLE: the provider cannot be asked. */
MUST_USE bool oidc_begin(const struct deed_by *by, const struct oidc_begin *in, struct oidc_begun *out,
    struct err *e);

/* What the provider's redirect brought; NULL: not there. */
struct oidc_answer {
	const char *provider; /* of the path */
	struct uuid id;       /* of the path; nil: an address from before providers had their own */
	const char *state, *code, *error, *iss;
	struct str  cookie;   /* n == 0: none */
	const struct uuid *signed_in; /* the tenant of the session that the browser has; NULL: it has none */
};

struct oidc_result {
	struct session_grant grant;
	const char          *return_to;
	bool                 again; /* no sign-in: it was ended before, or is too old, and the browser is signed in to the tenant */
	enum oidc_reason     why; /* of a refusal */
	struct tenant_db    *t;   /* of the tenant, once it is known */
};

MUST_USE bool oidc_finish(const struct deed_by *by, const struct oidc_answer *in, struct oidc_result *out,
    struct err *e);

struct oidc_credential {
	const char *tenant;     /* slug, as it came */
	const char *credential; /* the ID token */
	const char *nonce;      /* NULL: none */
	bool        in_body;    /* the tokens are to be given in the body */
};

/* ERR_CREDENTIALS with one public text, whatever is wrong; a credential is accepted once. */
MUST_USE bool oidc_google(const struct deed_by *by, const struct oidc_credential *in, struct oidc_result *out,
    struct err *e);

#endif
